//! What the hospital chooses, as the configuration file spells it.

use std::str::FromStr as _;

use serde::Deserialize;
use thiserror::Error;
use x509_cert::der::asn1::ObjectIdentifier;

use crate::mapping::{self, MAX_VALUE};

/// id-fpki-common-authentication: the PIV Authentication certificate of a federal PIV card
/// (X.509 Certificate Policy for the U.S. Federal PKI Common Policy Framework, §1.2).
pub const COMMON_AUTHENTICATION: &str = "2.16.840.1.101.3.2.1.3.13";

/// id-kp-clientAuth (RFC 5280 §4.2.1.12).
pub const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// Microsoft's smart card logon.
pub const SMART_CARD_LOGON: &str = "1.3.6.1.4.1.311.20.2.2";

/// How cards are taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Certificate policies that count, as OIDs. A path has to assert one of them from top to
    /// bottom.
    pub policies: Vec<String>,
    /// Whether cards are taken whatever their policies are; only with no `policies`.
    pub any_policy: bool,
    /// Extended key usages that a card must have, all of them, as OIDs.
    pub ekus: Vec<String>,
    /// What is asked of revocation.
    pub revocation: Revocation,
    /// Whether cards may be mapped by e-mail address. Many authorities certify an address because
    /// somebody answered a mail, so it is off unless asked for.
    pub weak_mapping: bool,
    /// How a card becomes a person: tried in order, the first that matches counts.
    pub mapping: Vec<Rule>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            policies: vec![COMMON_AUTHENTICATION.to_owned()],
            any_policy: false,
            ekus: vec![CLIENT_AUTH.to_owned()],
            revocation: Revocation::default(),
            weak_mapping: false,
            mapping: Vec::new(),
        }
    }
}

/// What is asked of revocation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Revocation {
    /// Which certificates of a path must be known not to be revoked.
    pub depth: Depth,
    /// Whether a card counts while nothing is known, or nothing fresh. What is known to be revoked,
    /// by a stale list too, is refused in any case; so is an answer that is forged.
    pub accept_unknown: bool,
    /// How far the clocks of responders and authorities may be ahead, in seconds.
    pub skew_seconds: u32,
    /// How long an OCSP answer counts that does not say when the next one comes, in minutes.
    pub ocsp_max_age_minutes: u32,
    /// The hash in questions to responders. Many know SHA-1 only (RFC 5019 §2.1.1), and nothing
    /// rests on it: answers are believed by their signature.
    pub ocsp_hash: OcspHash,
}

impl Default for Revocation {
    fn default() -> Self {
        Self {
            depth: Depth::Chain,
            accept_unknown: false,
            skew_seconds: 300,
            ocsp_max_age_minutes: 60,
            ocsp_hash: OcspHash::Sha1,
        }
    }
}

/// Which certificates must be known not to be revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// The card's.
    Card,
    /// The card's and those of the authorities between it and the anchor.
    Chain,
}

/// The hash that names a certificate in OCSP (RFC 6960 §4.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OcspHash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// How a card becomes a person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// The user principal name in subjectAltName (otherName 1.3.6.1.4.1.311.20.2.3).
    Upn {
        /// The domain that is required; any without it.
        #[serde(default)]
        domain: Option<String>,
        /// Whether the domain is left out of the username; only together with `domain`.
        #[serde(default)]
        strip: bool,
    },
    /// The e-mail address in subjectAltName (rfc822Name). Needs [`Config::weak_mapping`].
    Email {
        /// The domain that is required; any without it.
        #[serde(default)]
        domain: Option<String>,
        /// Whether the domain is left out of the username; only together with `domain`.
        #[serde(default)]
        strip: bool,
    },
    /// The FASC-N in subjectAltName (otherName 2.16.840.1.101.3.6.6), an identifier.
    FascN {},
    /// The card's UUID in subjectAltName (a URI `urn:uuid:`), an identifier.
    CardUuid {},
    /// An attribute of the subject.
    Subject {
        /// Which.
        attribute: Attribute,
        /// An end that is required, in this spelling; none without it.
        #[serde(default)]
        suffix: Option<String>,
        /// Whether that end is left out; only together with `suffix`.
        #[serde(default)]
        strip: bool,
        /// What the value is; an identifier unless it says otherwise.
        #[serde(default)]
        gives: Gives,
    },
    /// One key and whose it is.
    Bound {
        /// SHA-256 of its SubjectPublicKeyInfo, as 64 hexadecimal digits.
        sha256: String,
        /// The username.
        username: String,
    },
    /// SHA-256 of the SubjectPublicKeyInfo as an identifier, for keys that are bound to people
    /// elsewhere. It matches every card.
    Key {},
}

/// An attribute of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// serialNumber (2.5.4.5).
    SerialNumber,
    /// UID (0.9.2342.19200300.100.1.1, RFC 4519 §2.39).
    Uid,
    /// employeeNumber (2.16.840.1.113730.3.1.3, RFC 2798 §2.5).
    EmployeeNumber,
}

/// What a mapped value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// Something that the directory resolves to a person.
    #[default]
    Identifier,
    /// A username.
    Username,
}

/// Why a configuration is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Something that is no OID.
    #[error("{0} is not an object identifier")]
    Oid(String),
    /// No certificate policy is named, and that any will do is not said either.
    #[error("name the certificate policies that count, or say any_policy = true")]
    NoPolicies,
    /// Policies are named, and any will do.
    #[error("any_policy = true contradicts the policies that are named")]
    AnyPolicy,
    /// No extended key usage is asked for, so a certificate of any purpose would do.
    #[error("name the extended key usages that a card must have")]
    NoEkus,
    /// A rule maps by e-mail address and is not allowed to.
    #[error("mapping rule {0} goes by e-mail address, which weak_mapping = true allows")]
    WeakMapping(usize),
    /// A rule strips what it does not require, requires nothing, or binds no key. Counted from 1.
    #[error("mapping rule {0} is not complete")]
    Rule(usize),
    /// Without a rule no card is anybody's.
    #[error("there is no mapping rule")]
    NoMapping,
    /// Nothing is trusted.
    #[error("there is no trust anchor")]
    NoAnchor,
    /// An anchor is no authority's certificate with an acceptable key. Counted from 1.
    #[error("trust anchor {0} is not an authority's X.509 certificate with an acceptable key")]
    Anchor(usize),
    /// An intermediate is no authority's certificate with an acceptable key. Counted from 1.
    #[error("intermediate {0} is not an authority's X.509 certificate with an acceptable key")]
    Intermediate(usize),
}

impl Config {
    /// The policies, read; empty when any will do.
    pub(crate) fn read_policies(&self) -> Result<Vec<ObjectIdentifier>, ConfigError> {
        match (self.policies.is_empty(), self.any_policy) {
            (true, false) => Err(ConfigError::NoPolicies),
            (false, true) => Err(ConfigError::AnyPolicy),
            _ => oids(&self.policies),
        }
    }

    /// The extended key usages, read.
    pub(crate) fn read_ekus(&self) -> Result<Vec<ObjectIdentifier>, ConfigError> {
        if self.ekus.is_empty() {
            return Err(ConfigError::NoEkus);
        }
        oids(&self.ekus)
    }

    /// Whether the rules mean something.
    pub(crate) fn check_mapping(&self) -> Result<(), ConfigError> {
        if self.mapping.is_empty() {
            return Err(ConfigError::NoMapping);
        }
        for (rule, number) in self.mapping.iter().zip(1..) {
            if matches!(rule, Rule::Email { .. }) && !self.weak_mapping {
                return Err(ConfigError::WeakMapping(number));
            }
            if !rule.is_complete() {
                return Err(ConfigError::Rule(number));
            }
        }
        Ok(())
    }
}

impl Rule {
    fn is_complete(&self) -> bool {
        match self {
            Self::Upn { domain, strip } | Self::Email { domain, strip } => domain
                .as_ref()
                .map_or(!strip, |domain| !domain.contains('@') && is_value(domain)),
            Self::Subject { suffix, strip, .. } => {
                suffix.as_ref().map_or(!strip, |suffix| is_value(suffix))
            }
            Self::Bound { sha256, username } => {
                let mut digest = [0; 32];
                hex::decode_to_slice(sha256, &mut digest).is_ok() && is_value(username)
            }
            Self::FascN {} | Self::CardUuid {} | Self::Key {} => true,
        }
    }
}

fn is_value(text: &str) -> bool {
    text.len() <= MAX_VALUE && mapping::is_harmless(text)
}

fn oids(texts: &[String]) -> Result<Vec<ObjectIdentifier>, ConfigError> {
    texts
        .iter()
        .map(|text| ObjectIdentifier::from_str(text).map_err(|_| ConfigError::Oid(text.clone())))
        .collect()
}
