//! The person that a card names.

use std::fmt;

use uuid::Uuid;
use x509_cert::der::asn1::{
    Ia5StringRef, ObjectIdentifier, OctetStringRef, PrintableStringRef, Utf8StringRef,
};
use x509_cert::der::{Any, Tag, Tagged as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::{GeneralName, OtherName};

use crate::certificate::Certificate;
use crate::config::{Attribute, Gives, Rule};
use crate::refused::Refused;

/// The longest value that is mapped, in bytes: that of an address (RFC 5321 §4.5.3.1.3).
pub const MAX_VALUE: usize = 254;

/// Whose a card is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// A username, in the spelling of the card.
    Username(String),
    /// Something that the directory resolves to a person.
    Identifier {
        /// What it is.
        kind: Kind,
        /// Its value: text as on the card, bytes in lower-case hexadecimal digits, a UUID with
        /// hyphens.
        value: String,
    },
}

/// What a card is mapped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The user principal name.
    Upn,
    /// An e-mail address.
    Email,
    /// The Federal Agency Smart Credential Number (FIPS 201-3 §4.2.2), 25 bytes.
    FascN,
    /// The UUID of the card (NIST SP 800-73-5 Part 1 §3.4.1).
    CardUuid,
    /// serialNumber of the subject.
    SerialNumber,
    /// UID of the subject.
    Uid,
    /// employeeNumber of the subject.
    EmployeeNumber,
    /// SHA-256 of the SubjectPublicKeyInfo.
    Key,
}

impl Kind {
    /// The stable short name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upn => "upn",
            Self::Email => "email",
            Self::FascN => "fasc-n",
            Self::CardUuid => "card-uuid",
            Self::SerialNumber => "serial-number",
            Self::Uid => "uid",
            Self::EmployeeNumber => "employee-number",
            Self::Key => "key",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Tries the rules in order.
pub(crate) fn map(
    rules: &[Rule],
    card: &Certificate,
    key_sha256: &[u8; 32],
) -> Result<Mapped, Refused> {
    let names: Option<SubjectAltName> = card.extension()?;
    let names = Names {
        alternative: names.map(|names| names.0).unwrap_or_default(),
        card,
        key: hex::encode(key_sha256),
    };
    for rule in rules {
        if let Some(mapped) = names.by(rule)? {
            return Ok(mapped);
        }
    }
    Err(Refused::NoMapping)
}

/// Whether a text has no characters that hide, reorder or end something where it is shown.
pub(crate) fn is_harmless(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.chars().any(|it| {
            it.is_control()
                || matches!(it, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                    | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
        })
}

/// What a card says of its holder.
struct Names<'a> {
    alternative: Vec<GeneralName>,
    card: &'a Certificate,
    /// SHA-256 of the key, in hexadecimal digits.
    key: String,
}

impl Names<'_> {
    /// What a rule makes of the card; `None` when it does not match.
    fn by(&self, rule: &Rule) -> Result<Option<Mapped>, Refused> {
        let identifier = |kind, value| Mapped::Identifier { kind, value };
        Ok(match rule {
            Rule::Upn { domain, strip } => {
                // A person has one principal name. With several, which one is meant depends on who
                // reads them, so no rule picks one.
                let upn = only(Kind::Upn, self.upns()?)?;
                address(Kind::Upn, upn, domain.as_deref(), *strip)?.map(Mapped::Username)
            }
            Rule::Email { domain, strip } => {
                let mut matching = Vec::new();
                for email in self.emails()? {
                    let name = address(Kind::Email, Some(email), domain.as_deref(), *strip)?;
                    matching.extend(name);
                }
                only(Kind::Email, matching)?.map(Mapped::Username)
            }
            Rule::FascN {} => {
                only(Kind::FascN, self.fasc_ns()?)?.map(|value| identifier(Kind::FascN, value))
            }
            Rule::CardUuid {} => only(Kind::CardUuid, self.card_uuids()?)?
                .map(|value| identifier(Kind::CardUuid, value)),
            Rule::Subject {
                attribute,
                suffix,
                strip,
                gives,
            } => {
                let kind = attribute.kind();
                let mut matching = Vec::new();
                for value in self.attributes(*attribute)? {
                    let suffix = suffix.as_deref().unwrap_or_default();
                    match value.strip_suffix(suffix) {
                        Some("") | None => {}
                        Some(rest) if *strip => matching.push(rest.to_owned()),
                        Some(_) => matching.push(value),
                    }
                }
                only(kind, matching)?.map(|value| match gives {
                    Gives::Username => Mapped::Username(value),
                    Gives::Identifier => identifier(kind, value),
                })
            }
            Rule::Bound { sha256, username } => self
                .key
                .eq_ignore_ascii_case(sha256)
                .then(|| Mapped::Username(username.clone())),
            Rule::Key {} => Some(identifier(Kind::Key, self.key.clone())),
        })
    }

    fn upns(&self) -> Result<Vec<String>, Refused> {
        self.others(UPN)
            .map(|name| {
                let text = Utf8StringRef::try_from(&name.value).map_err(|_| refused(Kind::Upn))?;
                checked(Kind::Upn, text.as_str())
            })
            .collect()
    }

    fn emails(&self) -> Result<Vec<String>, Refused> {
        self.alternative
            .iter()
            .filter_map(|name| match name {
                GeneralName::Rfc822Name(email) => Some(checked(Kind::Email, email.as_str())),
                _ => None,
            })
            .collect()
    }

    fn fasc_ns(&self) -> Result<Vec<String>, Refused> {
        self.others(FASC_N)
            .map(|name| {
                let bytes = name.value.decode_as::<OctetStringRef<'_>>();
                let bytes = bytes.map_err(|_| refused(Kind::FascN))?;
                if bytes.as_bytes().len() == FASC_N_BYTES {
                    Ok(hex::encode(bytes.as_bytes()))
                } else {
                    Err(refused(Kind::FascN))
                }
            })
            .collect()
    }

    fn card_uuids(&self) -> Result<Vec<String>, Refused> {
        self.alternative
            .iter()
            .filter_map(|name| match name {
                GeneralName::UniformResourceIdentifier(uri) => uuid_of(uri.as_str()),
                _ => None,
            })
            .collect()
    }

    fn attributes(&self, attribute: Attribute) -> Result<Vec<String>, Refused> {
        let kind = attribute.kind();
        let subject = &self.card.tbs().subject;
        subject
            .0
            .iter()
            .flat_map(|names| names.0.iter())
            .filter(|it| it.oid == attribute.oid())
            .map(|it| checked(kind, text(&it.value).ok_or(refused(kind))?))
            .collect()
    }

    fn others(&self, oid: ObjectIdentifier) -> impl Iterator<Item = &OtherName> {
        self.alternative.iter().filter_map(move |name| match name {
            GeneralName::OtherName(name) if name.type_id == oid => Some(name),
            _ => None,
        })
    }
}

impl Attribute {
    const fn kind(self) -> Kind {
        match self {
            Self::SerialNumber => Kind::SerialNumber,
            Self::Uid => Kind::Uid,
            Self::EmployeeNumber => Kind::EmployeeNumber,
        }
    }

    const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::SerialNumber => ObjectIdentifier::new_unwrap("2.5.4.5"),
            Self::Uid => ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1"),
            Self::EmployeeNumber => ObjectIdentifier::new_unwrap("2.16.840.1.113730.3.1.3"),
        }
    }
}

/// The only value; `None` without any. Said twice it is one still.
fn only(kind: Kind, mut values: Vec<String>) -> Result<Option<String>, Refused> {
    values.dedup();
    let first = values.pop();
    if values.is_empty() {
        Ok(first)
    } else {
        Err(Refused::Ambiguous(kind))
    }
}

/// A name with a domain, without it if that is to go; `None` when the domain is another.
fn address(
    kind: Kind,
    value: Option<String>,
    domain: Option<&str>,
    strip: bool,
) -> Result<Option<String>, Refused> {
    let Some(value) = value else { return Ok(None) };
    let (name, of) = match value.split_once('@') {
        Some((name, of)) if !name.is_empty() && !of.is_empty() && !of.contains('@') => (name, of),
        _ => return Err(refused(kind)),
    };
    if domain.is_some_and(|domain| !domain.eq_ignore_ascii_case(of)) {
        return Ok(None);
    }
    Ok(Some(if strip { name.to_owned() } else { value }))
}

fn checked(kind: Kind, text: &str) -> Result<String, Refused> {
    if text.len() <= MAX_VALUE && is_harmless(text) {
        Ok(text.to_owned())
    } else {
        Err(refused(kind))
    }
}

const fn refused(kind: Kind) -> Refused {
    Refused::Value(kind)
}

/// The UUID of a URI (RFC 9562 §4); `None` for a URI of something else.
fn uuid_of(uri: &str) -> Option<Result<String, Refused>> {
    let (scheme, rest) = uri.split_at_checked(URN_UUID.len())?;
    if !scheme.eq_ignore_ascii_case(URN_UUID) {
        return None;
    }
    let read = Uuid::try_parse(rest).ok().map(|uuid| uuid.to_string());
    Some(
        read.filter(|uuid| uuid.eq_ignore_ascii_case(rest))
            .ok_or(refused(Kind::CardUuid)),
    )
}

/// A text of the kinds that are used in names today (RFC 5280 §4.1.2.4).
fn text(value: &Any) -> Option<&str> {
    match value.tag() {
        Tag::Utf8String => Utf8StringRef::try_from(value).ok().map(|it| it.as_str()),
        Tag::PrintableString => PrintableStringRef::try_from(value)
            .ok()
            .map(|it| it.as_str()),
        Tag::Ia5String => Ia5StringRef::try_from(value).ok().map(|it| it.as_str()),
        _ => None,
    }
}

/// User principal name (Microsoft).
const UPN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");
/// pivFASC-N (FIPS 201-3 §4.2.2).
const FASC_N: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.6.6");
const FASC_N_BYTES: usize = 25;
const URN_UUID: &str = "urn:uuid:";
