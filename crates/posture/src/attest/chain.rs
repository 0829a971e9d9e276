//! Path validation by RFC 5280 §6, as far as chains of attestations need it: there are no policies
//! and no name constraints in them, so what would ask for either is refused as unknown.

use der::oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_KEY_USAGE,
    ID_CE_SUBJECT_KEY_IDENTIFIER,
};
use der::oid::{AssociatedOid, ObjectIdentifier};
use der::referenced::OwnedToRef as _;
use der::{Decode, Encode, Reader as _, SliceReader};
use x509_cert_03::Version;
use x509_cert_03::certificate::{CertificateInner, Raw, TbsCertificateInner};
use x509_cert_03::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert_03::spki::SubjectPublicKeyInfoRef;

use super::description::KEY_DESCRIPTION;
use super::memo;
use super::roots::{self, Roots};
use super::signature::{self, Refused, Strength};
use super::{MAX_CERTIFICATE, Rejected};

/// The longest serial number (RFC 5280 §4.1.2.2), in octets without the sign's.
const MAX_SERIAL: usize = 20;

/// How many certificates, from the leaf up, a phone has for itself.
const OWN: usize = 2;

/// What a remotely provisioned phone's certificate says of its provisioning (CBOR). It proves
/// nothing of the key, so it is not read; its presence, even as critical, is no harm.
const PROVISIONING_INFO: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.1.30");

/// Extensions that may be critical. What identifies a key is for finding issuers, which are given.
const UNDERSTOOD: [ObjectIdentifier; 6] = [
    ID_CE_BASIC_CONSTRAINTS,
    ID_CE_KEY_USAGE,
    ID_CE_SUBJECT_KEY_IDENTIFIER,
    ID_CE_AUTHORITY_KEY_IDENTIFIER,
    KEY_DESCRIPTION,
    PROVISIONING_INFO,
];

/// Where a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// In a root that vouches for hardware.
    Trusted,
    /// In Android's public software root.
    Software,
}

/// A certificate of a chain, read and not yet believed.
#[derive(Debug)]
pub(crate) struct Link<'a> {
    /// Counted from the leaf, which is 1.
    number: usize,
    certificate: CertificateInner<Raw>,
    /// All of it, as it came.
    bytes: &'a [u8],
    /// What is signed, as it came.
    signed: &'a [u8],
    public_key: Vec<u8>,
}

impl<'a> Link<'a> {
    /// Reads a certificate.
    pub(crate) fn read(bytes: &'a [u8], number: usize) -> Result<Self, Rejected> {
        if bytes.len() > MAX_CERTIFICATE {
            return Err(Rejected::Size {
                certificate: number,
            });
        }
        let malformed = || Rejected::Malformed {
            certificate: number,
        };
        let certificate = CertificateInner::<Raw>::from_der(bytes).map_err(|_| malformed())?;
        // The reader is strict but for fields that say what is said by leaving them out. What is
        // written as it was read is DER.
        if certificate.to_der().map_err(|_| malformed())? != bytes {
            return Err(malformed());
        }
        let tbs = certificate.tbs_certificate();
        let serial = tbs.serial_number().as_bytes();
        // RFC 5280 §4.1.2.2 wants a positive number. Zero is harmless; what is negative cannot
        // stand on a status list.
        if serial.first().is_none_or(|first| *first >= 0x80)
            || serial.len() > MAX_SERIAL + usize::from(serial[0] == 0)
        {
            return Err(malformed());
        }
        // RFC 5280 §4.1.1.2: the algorithm stands in two places, and only one of them is signed.
        // §4.1.2.9: extensions need version 3.
        if tbs.signature() != certificate.signature_algorithm()
            || (tbs.extensions().is_some() && tbs.version() != Version::V3)
        {
            return Err(malformed());
        }
        refuse_extensions(tbs, number)?;
        let public_key = tbs
            .subject_public_key_info()
            .to_der()
            .map_err(|_| malformed())?;
        Ok(Self {
            signed: signed(bytes).map_err(|_| malformed())?,
            number,
            certificate,
            bytes,
            public_key,
        })
    }

    /// Counted from the leaf, which is 1.
    pub(crate) const fn number(&self) -> usize {
        self.number
    }

    /// SubjectPublicKeyInfo, DER.
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Serial number, big-endian.
    pub(crate) fn serial(&self) -> &[u8] {
        self.tbs().serial_number().as_bytes()
    }

    /// The value of the key description's extension.
    pub(crate) fn description(&self) -> Option<&[u8]> {
        self.tbs()
            .extensions()?
            .iter()
            .find(|extension| extension.extn_id == KEY_DESCRIPTION)
            .map(|extension| extension.extn_value.as_bytes())
    }

    fn tbs(&self) -> &TbsCertificateInner<Raw> {
        self.certificate.tbs_certificate()
    }

    fn is_self_issued(&self) -> bool {
        self.tbs().subject() == self.tbs().issuer()
    }

    /// Whether it may sign certificates, with so many intermediates below it. Only issuers are
    /// asked: phones in use write the leaf's key usage with bits that DER leaves out.
    fn may_issue(&self, intermediates: usize) -> Result<(), Rejected> {
        let certificate = self.number;
        let malformed = |_| Rejected::Malformed { certificate };
        let constraints: Option<BasicConstraints> = extension(self.tbs()).map_err(malformed)?;
        let Some(constraints) = constraints.filter(|it| it.ca) else {
            return Err(Rejected::NotCa { certificate });
        };
        let usage: Option<KeyUsage> = extension(self.tbs()).map_err(malformed)?;
        if usage.is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(Rejected::KeyUsage { certificate });
        }
        if constraints
            .path_len_constraint
            .is_some_and(|most| intermediates > usize::from(most))
        {
            return Err(Rejected::PathLength { certificate });
        }
        Ok(())
    }

    fn is_valid_at(&self, at_ms: u64) -> Result<(), Rejected> {
        let certificate = self.number;
        let validity = self.tbs().validity();
        // Both ends belong to it, to the second (RFC 5280 §4.1.2.5).
        let at = at_ms / 1000;
        if at < validity.not_before.to_unix_duration().as_secs() {
            return Err(Rejected::NotYetValid { certificate });
        }
        if at > validity.not_after.to_unix_duration().as_secs() {
            return Err(Rejected::Expired { certificate });
        }
        Ok(())
    }

    fn is_signed_by(
        &self,
        key: &SubjectPublicKeyInfoRef<'_>,
        strength: Strength,
    ) -> Result<(), Rejected> {
        let certificate = self.number;
        let signature = self
            .certificate
            .signature()
            .as_bytes()
            .ok_or(Rejected::Malformed { certificate })?;
        let algorithm = self.certificate.signature_algorithm();
        signature::verify(key, algorithm, self.signed, signature, strength).map_err(|refused| {
            match refused {
                Refused::Algorithm => Rejected::Algorithm { certificate },
                Refused::Signature => Rejected::Signature { certificate },
            }
        })
    }

    /// The same of a certificate and its issuer's.
    fn is_issued_by(&self, issuer: &Link<'_>, strength: Strength) -> Result<(), Rejected> {
        let verify = || self.is_signed_by(&key_of(issuer), strength);
        // The leaf and the authority in the phone are of one phone. Below the software root, whose
        // key is published, everybody can make as many right signatures as they like.
        if self.number <= OWN || strength == Strength::Any {
            return verify();
        }
        memo::once(&issuer.public_key, self.bytes, verify)
    }
}

/// Validates a chain, leaf first. What costs nothing comes first, and no signature is looked at
/// unless the chain could end well.
pub(crate) fn validate(links: &[Link<'_>], roots: &Roots, at_ms: u64) -> Result<Anchor, Rejected> {
    let mut intermediates = 0;
    for pair in links.windows(2) {
        let [subject, issuer] = pair else { continue };
        if subject.tbs().issuer() != issuer.tbs().subject() {
            return Err(Rejected::Order {
                certificate: subject.number,
            });
        }
        // RFC 5280 §6.1.4 (l): a CA's certificate for itself does not count.
        if subject.number > 1 && !subject.is_self_issued() {
            intermediates += 1;
        }
        issuer.may_issue(intermediates)?;
    }
    let last = links.last().ok_or(Rejected::Empty)?;
    let (anchor, self_signed) = anchor(last, roots)?;
    let strength = match anchor {
        Anchor::Trusted => Strength::Full,
        Anchor::Software => Strength::Any,
    };
    // From the root down, so that nothing is believed before what it rests on.
    if self_signed {
        last.is_issued_by(last, strength)?;
    }
    for pair in links.windows(2).rev() {
        let [subject, issuer] = pair else { continue };
        subject.is_issued_by(issuer, strength)?;
    }
    // A root is trusted as a key (RFC 5280 §6.1.1 (d)): the dates of whichever of its certificates
    // a phone carries say nothing.
    let dated = if self_signed {
        &links[..links.len() - 1]
    } else {
        links
    };
    dated
        .iter()
        .rev()
        .try_for_each(|link| link.is_valid_at(at_ms))?;
    Ok(anchor)
}

/// Where the chain ends, and whether its last certificate is the root's own. One that leaves the
/// root out has been verified with the root's key.
fn anchor(last: &Link<'_>, roots: &Roots) -> Result<(Anchor, bool), Rejected> {
    // The public root is looked for first: whoever names it as trusted makes it no more so.
    if last.is_self_issued() {
        if roots::software().any(|key| key == last.public_key) {
            return Ok((Anchor::Software, true));
        }
        if roots.keys().any(|key| key == last.public_key) {
            return Ok((Anchor::Trusted, true));
        }
    }
    let signed = |key: &[u8], strength| {
        SubjectPublicKeyInfoRef::from_der(key)
            .is_ok_and(|key| last.is_signed_by(&key, strength).is_ok())
    };
    if roots::software().any(|key| signed(key, Strength::Any)) {
        return Ok((Anchor::Software, false));
    }
    if roots.keys().any(|key| signed(key, Strength::Full)) {
        return Ok((Anchor::Trusted, false));
    }
    Err(Rejected::UntrustedRoot)
}

fn key_of<'a>(link: &'a Link<'_>) -> SubjectPublicKeyInfoRef<'a> {
    link.tbs().subject_public_key_info().owned_to_ref()
}

/// The part of a certificate that is signed, as it came.
fn signed(certificate: &[u8]) -> der::Result<&[u8]> {
    let mut reader = SliceReader::new(certificate)?;
    der::Header::decode(&mut reader)?;
    reader.tlv_bytes()
}

fn refuse_extensions(tbs: &TbsCertificateInner<Raw>, number: usize) -> Result<(), Rejected> {
    let extensions = tbs.extensions().map_or(&[][..], Vec::as_slice);
    for (index, extension) in extensions.iter().enumerate() {
        let oid = extension.extn_id;
        if extensions[..index].iter().any(|other| other.extn_id == oid) {
            return Err(Rejected::DuplicateExtension {
                certificate: number,
                oid: oid.to_string(),
            });
        }
        if extension.critical && !UNDERSTOOD.contains(&oid) {
            return Err(Rejected::CriticalExtension {
                certificate: number,
                oid: oid.to_string(),
            });
        }
    }
    Ok(())
}

/// An extension, read and written back, so that there is one spelling of what it says.
fn extension<T>(tbs: &TbsCertificateInner<Raw>) -> der::Result<Option<T>>
where
    T: for<'d> Decode<'d, Error = der::Error> + Encode + AssociatedOid,
{
    let extensions = tbs.extensions().map_or(&[][..], Vec::as_slice);
    let Some(found) = extensions
        .iter()
        .find(|extension| extension.extn_id == T::OID)
    else {
        return Ok(None);
    };
    let bytes = found.extn_value.as_bytes();
    let value = T::from_der(bytes)?;
    if value.to_der()? == bytes {
        Ok(Some(value))
    } else {
        Err(der::ErrorKind::Noncanonical {
            tag: der::Tag::Sequence,
        }
        .into())
    }
}
