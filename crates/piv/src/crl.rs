//! Revocation lists, read once and kept.

use std::fmt;

use rustls_pki_types::TrustAnchor;
use thiserror::Error;
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_cert::der::asn1::{AnyRef, BitStringRef};
use x509_cert::der::{self, Decode as _, Reader as _, SliceReader, Tag, Tagged as _};
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use crate::{element, key};

/// The largest list that is read, in bytes.
pub const MAX_CRL: usize = 32 * 1024 * 1024;

/// Why bytes are no revocation list that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CrlError {
    /// It is larger than [`MAX_CRL`].
    #[error("the revocation list is too large")]
    Size,
    /// It is no list of version 2 that says when the next one comes.
    #[error("the revocation list is malformed")]
    Malformed,
    /// It lists what changed since another one.
    #[error("the revocation list is a delta")]
    Delta,
    /// It is for other certificates than its issuer's, or for some reasons only, or has a critical
    /// extension that is not known.
    #[error("the revocation list is of a kind that is not read")]
    Unsupported,
    /// It is another authority's, or not signed by the one that it names.
    #[error("the revocation list is not its authority's")]
    Signer,
}

/// An authority as who signs its lists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signer {
    /// Its name, as contents of the SEQUENCE.
    pub(crate) name: Vec<u8>,
    /// Its SubjectPublicKeyInfo, DER.
    pub(crate) key: Vec<u8>,
}

impl Signer {
    pub(crate) fn of(issuer: &TrustAnchor<'_>) -> Self {
        Self {
            name: issuer.subject.to_vec(),
            key: webpki::spki_for_anchor(issuer).to_vec(),
        }
    }
}

/// A complete and direct revocation list (RFC 5280 §5). That it is its issuer's, and that the issuer
/// may sign lists, is verified whenever a card is held against it.
pub struct Crl {
    list: CertRevocationList<'static>,
    this_update_ms: u64,
    next_update_ms: u64,
}

impl Crl {
    /// Reads a list in DER.
    ///
    /// # Errors
    /// When it is none, or of a kind that is not read.
    pub fn read(der: &[u8]) -> Result<Self, CrlError> {
        if der.len() > MAX_CRL {
            return Err(CrlError::Size);
        }
        let list = OwnedCertRevocationList::from_der(der).map_err(|error| refused(&error))?;
        let (this_update, next_update) = updates(der).map_err(|_| CrlError::Malformed)?;
        let ms = |time: Time| time.to_unix_duration().as_secs().saturating_mul(1000);
        Ok(Self {
            list: list.into(),
            this_update_ms: ms(this_update),
            next_update_ms: ms(next_update),
        })
    }

    /// Reads a list in DER that an authority has signed, so that no other takes its place.
    ///
    /// # Errors
    /// When it is none, or of a kind that is not read, or this authority has not signed it.
    pub fn read_of(signer: &Signer, der: &[u8]) -> Result<Self, CrlError> {
        let crl = Self::read(der)?;
        if crl.list.issuer() == signer.name && is_signed(der, &signer.key).unwrap_or(false) {
            Ok(crl)
        } else {
            Err(CrlError::Signer)
        }
    }

    /// When it was made, in unix milliseconds. Of two lists of one authority the later one counts.
    pub const fn this_update_ms(&self) -> u64 {
        self.this_update_ms
    }

    /// When the next one comes at the latest, in unix milliseconds. From then on this one is stale.
    pub const fn next_update_ms(&self) -> u64 {
        self.next_update_ms
    }

    /// For webpki.
    pub(crate) const fn list(&self) -> &CertRevocationList<'static> {
        &self.list
    }

    /// Whether it is the whole list of the authority with this name (contents of the SEQUENCE).
    pub(crate) fn is_all_of(&self, issuer: &[u8]) -> bool {
        self.list.issuer() == issuer && self.list.issuing_distribution_point().is_none()
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl")
            .field("this_update_ms", &self.this_update_ms)
            .field("next_update_ms", &self.next_update_ms)
            .finish_non_exhaustive()
    }
}

const fn refused(error: &webpki::Error) -> CrlError {
    use webpki::Error;
    match error {
        Error::UnsupportedDeltaCrl => CrlError::Delta,
        Error::UnsupportedIndirectCrl
        | Error::UnsupportedCrlIssuingDistributionPoint
        | Error::UnsupportedRevocationReasonsPartitioning
        | Error::UnsupportedCriticalExtension => CrlError::Unsupported,
        _ => CrlError::Malformed,
    }
}

/// Whether a list is signed with the key of a SubjectPublicKeyInfo (DER). That the algorithm within
/// is the one beside the signature (RFC 5280 §5.1.1.2), webpki has seen to.
fn is_signed(list: &[u8], key: &[u8]) -> der::Result<bool> {
    let mut reader = SliceReader::new(element::contents(list)?)?;
    let signed = reader.tlv_bytes()?;
    let algorithm = AlgorithmIdentifierOwned::decode(&mut reader)?;
    let signature = BitStringRef::decode(&mut reader)?;
    Ok(signature
        .as_bytes()
        .is_some_and(|signature| key::verify(key, &algorithm, signed, signature).is_ok()))
}

/// thisUpdate and nextUpdate (RFC 5280 §5.1), which webpki keeps to itself.
fn updates(list: &[u8]) -> der::Result<(Time, Time)> {
    // Only the head is read: the rest may be of many megabytes.
    let mut reader = SliceReader::new(element::contents(element::contents(list)?)?)?;
    // Version, algorithm and issuer come first.
    for tag in [Tag::Integer, Tag::Sequence, Tag::Sequence] {
        AnyRef::decode(&mut reader)?.tag().assert_eq(tag)?;
    }
    Ok((Time::decode(&mut reader)?, Time::decode(&mut reader)?))
}
