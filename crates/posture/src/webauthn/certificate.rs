//! Certificates of statements: read for what the formats require of them, and their path to a root
//! validated by webpki.

use std::time::Duration;

use der::Decode;
use der::asn1::OctetString;
use der::oid::{AssociatedOid, ObjectIdentifier};
use rustls_pki_types::{CertificateDer, UnixTime};
use uuid::Uuid;
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};
use x509_cert_03::Version;
use x509_cert_03::certificate::{CertificateInner, Raw, TbsCertificateInner};
use x509_cert_03::ext::pkix::BasicConstraints;
use x509_cert_03::spki::SubjectPublicKeyInfoOwned;

use super::trust::Anchor;
use super::unproven::{NO_ROOT, NOT_CA};
use super::{Ceremony, MAX_CERTIFICATES, Trust, Unproven};
use crate::attest::MAX_CERTIFICATE;

/// `id-fido-gen-ce-aaguid` (§8.2.1): the model that a certificate is for.
const AAGUID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.45724.1.1.4");

/// A certificate, read and not yet believed.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    der: &'a CertificateDer<'a>,
    parsed: CertificateInner<Raw>,
}

impl<'a> Certificate<'a> {
    /// Reads a certificate.
    pub(super) fn read(der: &'a CertificateDer<'a>) -> Result<Self, Unproven> {
        if der.len() > MAX_CERTIFICATE {
            return Err(Unproven::Size);
        }
        let parsed = CertificateInner::<Raw>::from_der(der)
            .map_err(|_| Unproven::Malformed("a certificate"))?;
        let extensions = parsed.tbs_certificate().extensions();
        let extensions = extensions.map_or(&[][..], Vec::as_slice);
        for (index, extension) in extensions.iter().enumerate() {
            let same = |other: &x509_cert_03::ext::Extension| other.extn_id == extension.extn_id;
            if extensions[..index].iter().any(same) {
                return Err(Unproven::Malformed("a certificate has an extension twice"));
            }
        }
        Ok(Self { der, parsed })
    }

    pub(super) fn tbs(&self) -> &TbsCertificateInner<Raw> {
        self.parsed.tbs_certificate()
    }

    pub(super) fn key(&self) -> &SubjectPublicKeyInfoOwned {
        self.tbs().subject_public_key_info()
    }

    pub(super) fn end_entity(&self) -> Result<EndEntityCert<'_>, Unproven> {
        EndEntityCert::try_from(self.der).map_err(unproven)
    }

    /// The subject, or the issuer where that is empty.
    pub(super) fn name(&self) -> String {
        let tbs = self.tbs();
        if tbs.subject().is_empty() {
            tbs.issuer().to_string()
        } else {
            tbs.subject().to_string()
        }
    }

    /// An extension and whether it is critical.
    pub(super) fn extension<T>(&self) -> Result<Option<(bool, T)>, Unproven>
    where
        T: for<'d> Decode<'d, Error = der::Error> + AssociatedOid,
    {
        self.tbs()
            .get_extension::<T>()
            .map_err(|_| Unproven::Malformed("an extension of the attestation certificate"))
    }

    /// The bytes of an extension.
    pub(super) fn extension_bytes(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        let extensions = self.tbs().extensions()?;
        let found = extensions.iter().find(|it| it.extn_id == oid)?;
        Some(found.extn_value.as_bytes())
    }

    /// §8.2.1 and §8.3.1 alike: version 3, and said to be no authority.
    pub(super) fn require_end_entity(&self) -> Result<(), Unproven> {
        if self.tbs().version() != Version::V3 {
            return Err(Unproven::Certificate("its version is not 3"));
        }
        match self.extension::<BasicConstraints>()? {
            Some((_, constraints)) if !constraints.ca => Ok(()),
            _ => Err(Unproven::Certificate(
                "it does not say that it is no authority",
            )),
        }
    }

    /// The model that it is for, where it says so (§8.2.1); it must be this one.
    pub(super) fn require_model(&self, aaguid: Uuid) -> Result<Option<Uuid>, Unproven> {
        // Critical it must not be (§8.2.1); webpki refuses what is critical and unknown to it.
        let Some(bytes) = self.extension_bytes(AAGUID) else {
            return Ok(None);
        };
        let model = OctetString::from_der(bytes).ok();
        let model = model.and_then(|octets| Uuid::from_slice(octets.as_bytes()).ok());
        match model {
            Some(model) if model == aaguid => Ok(Some(model)),
            Some(_) => Err(Unproven::OtherModel),
            None => Err(Unproven::Certificate("its model is no AAGUID")),
        }
    }

    fn is_valid_at(&self, at: UnixTime) -> Result<(), Unproven> {
        let validity = self.tbs().validity();
        if at.as_secs() < validity.not_before.to_unix_duration().as_secs() {
            return Err(Unproven::NotYetValid);
        }
        if at.as_secs() > validity.not_after.to_unix_duration().as_secs() {
            return Err(Unproven::Expired);
        }
        Ok(())
    }
}

/// The `x5c` of a statement as DER, leaf first.
pub(super) fn certificates(
    ceremony: &Ceremony<'_>,
) -> Result<Vec<CertificateDer<'static>>, Unproven> {
    let certificates = ceremony.object.certificates()?;
    if certificates.is_empty() {
        return Err(Unproven::Malformed("x5c"));
    }
    if certificates.len() > MAX_CERTIFICATES {
        return Err(Unproven::Size);
    }
    Ok(certificates
        .into_iter()
        .map(|der| CertificateDer::from(der.to_vec()))
        .collect())
}

/// The certificates of a statement.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    certificates: &'a [CertificateDer<'static>],
    leaf: Certificate<'a>,
}

impl<'a> Chain<'a> {
    /// Reads the certificates, leaf first.
    pub(super) fn read(certificates: &'a [CertificateDer<'static>]) -> Result<Self, Unproven> {
        let read = certificates
            .iter()
            .map(Certificate::read)
            .collect::<Result<Vec<_>, _>>()?;
        for (index, pair) in read.windows(2).enumerate() {
            let [subject, issuer] = pair else { continue };
            // A name that comes again would let paths be searched for a long time; no chain has
            // one.
            let again = |earlier: &Certificate| earlier.tbs().subject() == issuer.tbs().subject();
            if subject.tbs().issuer() != issuer.tbs().subject() || read[..=index].iter().any(again)
            {
                return Err(Unproven::Order);
            }
        }
        let leaf = read.into_iter().next().ok_or(Unproven::Malformed("x5c"))?;
        Ok(Self { certificates, leaf })
    }

    pub(super) const fn leaf(&self) -> &Certificate<'a> {
        &self.leaf
    }

    /// Validates the path to a root that is trusted for the model. A root is trusted as it is
    /// named (RFC 5280 §6.1.1 (d)): its own dates say nothing. Answers whose trust it was.
    pub(super) fn validate<'t>(
        &self,
        trust: &'t Trust,
        aaguid: Uuid,
        at_ms: u64,
    ) -> Result<Vec<&'t Anchor>, Unproven> {
        let at = UnixTime::since_unix_epoch(Duration::from_millis(at_ms));
        let named = trust.anchors_for(aaguid);
        // §7.1 step 24: it may itself be an acceptable certificate.
        let own = |anchor: &&&Anchor| anchor.certificate == *self.leaf.der;
        let own: Vec<_> = named.iter().filter(own).copied().collect();
        if !own.is_empty() {
            self.leaf.is_valid_at(at)?;
            return Ok(own);
        }
        let anchors = named
            .iter()
            .map(|anchor| webpki::anchor_from_trusted_cert(&anchor.certificate))
            .collect::<Result<Vec<_>, _>>()
            .map_err(unproven)?;
        let end_entity = self.leaf.end_entity()?;
        let path = end_entity
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &anchors,
                &self.certificates[1..],
                at,
                AnyUsage,
                None,
                None,
            )
            .map_err(unproven)?;
        let vouching = anchors
            .iter()
            .zip(&named)
            .filter(|(anchor, _)| *anchor == path.anchor());
        Ok(vouching.map(|(_, anchor)| *anchor).collect())
    }
}

/// The formats say which usage they want of the leaf, and nothing about issuers.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it maps errors, which come by value"
)]
fn unproven(error: webpki::Error) -> Unproven {
    use webpki::Error;
    match error {
        Error::CertExpired { .. } => Unproven::Expired,
        Error::CertNotValidYet { .. } => Unproven::NotYetValid,
        Error::UnknownIssuer => Unproven::Untrusted(NO_ROOT),
        Error::EndEntityUsedAsCa => Unproven::Untrusted(NOT_CA),
        Error::CaUsedAsEndEntity => Unproven::Certificate("it is an authority's"),
        Error::PathLenConstraintViolated => {
            Unproven::Untrusted("one allows fewer intermediates than come after it")
        }
        Error::UnsupportedCriticalExtension => {
            Unproven::Untrusted("one has an unknown critical extension")
        }
        Error::InvalidSignatureForPublicKey
        | Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            Unproven::Untrusted("a signature is wrong, or of a kind that is not accepted")
        }
        Error::NameConstraintViolation => {
            Unproven::Untrusted("one has a name that its issuer may not give")
        }
        _ => Unproven::Malformed("a certificate"),
    }
}
