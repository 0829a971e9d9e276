//! Why a chain is not believed.

use thiserror::Error;

use super::status::Status;
use super::{MAX_CERTIFICATE, MAX_CERTIFICATES, MAX_TEXT};

/// The first reason not to believe a chain. Certificates are counted from the leaf, which is 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejected {
    /// The text is no PEM.
    #[error("the chain is no PEM text of certificates")]
    Pem,
    /// Larger than [`MAX_TEXT`]; whatever it is, no chain takes so much.
    #[error("the text has more than {MAX_TEXT} bytes, which no chain of certificates has")]
    Text,
    /// There is no certificate.
    #[error("the chain holds no certificate")]
    Empty,
    /// More than [`MAX_CERTIFICATES`].
    #[error("the chain has more than {MAX_CERTIFICATES} certificates")]
    Length,
    /// Larger than [`MAX_CERTIFICATE`].
    #[error("certificate {certificate} has more than {MAX_CERTIFICATE} bytes")]
    Size {
        /// Which.
        certificate: usize,
    },
    /// Not the DER of an X.509 certificate (RFC 5280 §4.1), or bytes follow it.
    #[error("certificate {certificate} is not the DER of an X.509 certificate")]
    Malformed {
        /// Which.
        certificate: usize,
    },
    /// The same extension twice (RFC 5280 §4.2).
    #[error("certificate {certificate} has the extension {oid} twice")]
    DuplicateExtension {
        /// Which.
        certificate: usize,
        /// The extension, in dotted notation.
        oid: String,
    },
    /// A critical extension that is not understood (RFC 5280 §4.2).
    #[error("certificate {certificate} has the unknown critical extension {oid}")]
    CriticalExtension {
        /// Which.
        certificate: usize,
        /// The extension, in dotted notation.
        oid: String,
    },
    /// The next certificate is another issuer's (RFC 5280 §6.1.3 (a)(4)): mixed or out of order.
    #[error(
        "certificate {certificate} names another issuer than the certificate after it: the chain \
         is mixed or out of order"
    )]
    Order {
        /// Which.
        certificate: usize,
    },
    /// It signs another certificate and is no CA (RFC 5280 §6.1.4 (k)).
    #[error("certificate {certificate} signs another one and is no certificate authority")]
    NotCa {
        /// Which.
        certificate: usize,
    },
    /// It signs another certificate and its key may not (RFC 5280 §6.1.4 (n)).
    #[error("certificate {certificate} signs another one, which its key usage does not allow")]
    KeyUsage {
        /// Which.
        certificate: usize,
    },
    /// More intermediates follow than it allows (RFC 5280 §6.1.4 (l) and (m)).
    #[error("certificate {certificate} allows fewer intermediates than come after it")]
    PathLength {
        /// Which.
        certificate: usize,
    },
    /// Signed in a way that no real chain is, or by a key of such a kind or size.
    #[error(
        "certificate {certificate} is signed with an algorithm or key size that is not accepted"
    )]
    Algorithm {
        /// Which.
        certificate: usize,
    },
    /// The signature does not verify.
    #[error("the signature of certificate {certificate} is wrong")]
    Signature {
        /// Which.
        certificate: usize,
    },
    /// The last certificate is neither a trusted root nor signed by one.
    #[error("the chain ends in no trusted root")]
    UntrustedRoot,
    /// The time is before the certificate's first.
    #[error("certificate {certificate} is not yet valid at this time")]
    NotYetValid {
        /// Which.
        certificate: usize,
    },
    /// The time is after the certificate's last.
    #[error("certificate {certificate} has expired at this time")]
    Expired {
        /// Which.
        certificate: usize,
    },
    /// On the list of revoked keys.
    #[error("certificate {certificate} is on the status list as {status}, reason {reason}")]
    Revoked {
        /// Which.
        certificate: usize,
        /// Whether for good.
        status: Status,
        /// As the list says, such as `KEY_COMPROMISE`.
        reason: String,
    },
    /// The leaf carries no key description.
    #[error("the first certificate carries no key description")]
    NoDescription,
    /// A certificate above the leaf carries a key description, so that the leaf is nothing but a
    /// signature by an attested key.
    #[error("certificate {certificate} carries a key description, and only the first one may")]
    SecondDescription {
        /// Which.
        certificate: usize,
    },
    /// The key description cannot be read.
    #[error("the key description cannot be read")]
    Description,
    /// Made for another challenge.
    #[error("the key was attested for another challenge")]
    Challenge,
    /// It claims hardware, and its root's private key is public.
    #[error("the chain claims hardware and ends in Android's public software root")]
    SoftwareRoot,
}

impl Rejected {
    /// The reason in one word that stays the same, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Pem => "pem",
            Self::Text => "text",
            Self::Empty => "empty",
            Self::Length => "length",
            Self::Size { .. } => "size",
            Self::Malformed { .. } => "malformed",
            Self::DuplicateExtension { .. } => "duplicate-extension",
            Self::CriticalExtension { .. } => "critical-extension",
            Self::Order { .. } => "order",
            Self::NotCa { .. } => "not-ca",
            Self::KeyUsage { .. } => "key-usage",
            Self::PathLength { .. } => "path-length",
            Self::Algorithm { .. } => "algorithm",
            Self::Signature { .. } => "signature",
            Self::UntrustedRoot => "untrusted-root",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::Expired { .. } => "expired",
            Self::Revoked { .. } => "revoked",
            Self::NoDescription => "no-description",
            Self::SecondDescription { .. } => "second-description",
            Self::Description => "description",
            Self::Challenge => "challenge",
            Self::SoftwareRoot => "software-root",
        }
    }

    /// The code and the sentence, as `challenge: the key was attested for another challenge`.
    pub fn reason(&self) -> String {
        format!("{}: {self}", self.code())
    }
}
