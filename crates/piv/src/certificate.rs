//! One certificate, read and not yet believed.

use x509_cert::certificate::TbsCertificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::referenced::OwnedToRef as _;
use x509_cert::der::{Decode, Encode as _};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::key;
use crate::refused::Refused;

/// The largest certificate that is read, in bytes. A card's PIV Authentication certificate has
/// 1856 at most (NIST SP 800-73-5 Part 1, Appendix A).
pub const MAX_CERTIFICATE: usize = 16 * 1024;

/// A certificate, read and not yet believed.
#[derive(Debug)]
pub(crate) struct Certificate {
    inner: x509_cert::Certificate,
    /// Counted from the card's own, which is 1.
    number: usize,
}

impl Certificate {
    /// Reads a certificate.
    pub(crate) fn read(der: &[u8], number: usize) -> Result<Self, Refused> {
        if der.len() > MAX_CERTIFICATE {
            return Err(Refused::Size {
                certificate: number,
            });
        }
        let inner = x509_cert::Certificate::from_der(der).map_err(|_| Refused::Malformed {
            certificate: number,
        })?;
        Ok(Self { inner, number })
    }

    /// Refuses what is no card's by itself, whoever issued it: its key, and what it is for.
    pub(crate) fn check_card(&self, ekus: &[ObjectIdentifier]) -> Result<(), Refused> {
        if !key::is_for_cards(&self.key()) {
            return Err(Refused::WeakKey {
                certificate: self.number,
            });
        }
        // RFC 5280 §4.1.2.2: a serial number is positive.
        let serial = self.tbs().serial_number.as_bytes();
        if serial.first().is_none_or(|first| *first >= 0x80) {
            return Err(self.malformed());
        }
        let constraints: Option<BasicConstraints> = self.extension()?;
        let usage: Option<KeyUsage> = self.extension()?;
        if constraints.is_some_and(|constraints| constraints.ca)
            || usage.is_some_and(|usage| usage.key_cert_sign())
        {
            return Err(Refused::Authority);
        }
        // RFC 5280 takes a certificate without the extension for anything. The profiles of cards
        // demand it, so one that lacks it is mis-issued.
        if !usage.is_some_and(|usage| usage.digital_signature()) {
            return Err(Refused::KeyUsage);
        }
        // anyExtendedKeyUsage does not count: RFC 5280 §4.2.1.12 leaves that to the application.
        let has: Option<ExtendedKeyUsage> = self.extension()?;
        let has = has.map(|usages| usages.0).unwrap_or_default();
        if ekus.iter().any(|eku| !has.contains(eku)) {
            return Err(Refused::ExtendedKeyUsage);
        }
        Ok(())
    }

    /// Refuses an issuer that is no authority, or whose keys are not for certificates
    /// (RFC 5280 §6.1.4 (k) and (n)). webpki asks neither of anchors, and goes by basicConstraints
    /// alone.
    pub(crate) fn check_issuer(&self) -> Result<(), Refused> {
        let constraints: Option<BasicConstraints> = self.extension()?;
        let usage: Option<KeyUsage> = self.extension()?;
        if !constraints.is_some_and(|constraints| constraints.ca)
            || usage.is_some_and(|usage| !usage.key_cert_sign())
        {
            return Err(Refused::IssuerNotAuthority);
        }
        Ok(())
    }

    /// What is signed.
    pub(crate) const fn tbs(&self) -> &TbsCertificate {
        &self.inner.tbs_certificate
    }

    /// The certificate's key.
    pub(crate) fn key(&self) -> SubjectPublicKeyInfoRef<'_> {
        self.tbs().subject_public_key_info.owned_to_ref()
    }

    /// SubjectPublicKeyInfo, DER.
    pub(crate) fn key_der(&self) -> Result<Vec<u8>, Refused> {
        self.tbs()
            .subject_public_key_info
            .to_der()
            .map_err(|_| self.malformed())
    }

    /// When it begins and ends to be valid, in unix milliseconds. Both ends belong to it, to the
    /// second (RFC 5280 §4.1.2.5).
    pub(crate) fn validity_ms(&self) -> (u64, u64) {
        let validity = &self.tbs().validity;
        let ms =
            |time: x509_cert::time::Time| time.to_unix_duration().as_secs().saturating_mul(1000);
        (ms(validity.not_before), ms(validity.not_after))
    }

    /// An extension, which must not stand there twice (RFC 5280 §4.2).
    pub(crate) fn extension<T>(&self) -> Result<Option<T>, Refused>
    where
        T: AssociatedOid + for<'d> Decode<'d>,
    {
        let extensions = self.tbs().extensions.as_deref().unwrap_or_default();
        let mut found = extensions.iter().filter(|it| it.extn_id == T::OID);
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(extension), None) => T::from_der(extension.extn_value.as_bytes())
                .map(Some)
                .map_err(|_| self.malformed()),
            (Some(_), Some(_)) => Err(self.malformed()),
        }
    }

    /// That this one cannot be read.
    pub(crate) const fn malformed(&self) -> Refused {
        Refused::Malformed {
            certificate: self.number,
        }
    }

    /// Counted from the card's own, which is 1.
    pub(crate) const fn number(&self) -> usize {
        self.number
    }
}
