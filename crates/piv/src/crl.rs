//! Revocation lists, read once and kept.

use std::fmt;

use thiserror::Error;
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{self, Decode as _, SliceReader, Tag, Tagged as _};
use x509_cert::time::Time;

use crate::element;

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
}

/// A complete and direct revocation list (RFC 5280 §5). That it is its issuer's is verified when a
/// card is held against it.
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
