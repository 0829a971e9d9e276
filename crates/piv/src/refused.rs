//! Why a card is not taken.

use thiserror::Error;

use crate::mapping::Kind;
use crate::ocsp::OcspError;

/// Why a card is not taken. Certificates are counted from the card's own, which is 1.
///
/// [`Refused::name`] is stable and for logs and rules; the text is for people and may change.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// No certificate was presented.
    #[error("no certificate was presented")]
    Empty,
    /// More than [`crate::MAX_CHAIN`] certificates were presented.
    #[error("the chain is too long")]
    TooLong,
    /// One is larger than [`crate::MAX_CERTIFICATE`].
    #[error("certificate {certificate} is too large")]
    Size {
        /// Which.
        certificate: usize,
    },
    /// One cannot be read.
    #[error("certificate {certificate} is malformed")]
    Malformed {
        /// Which.
        certificate: usize,
    },
    /// A key is too short, of another kind, or has an exponent that cards must not have
    /// (NIST SP 800-78-5 §3.1).
    #[error("the key of certificate {certificate} is not accepted")]
    WeakKey {
        /// Which.
        certificate: usize,
    },
    /// The card's certificate is an authority's.
    #[error("an authority's certificate was presented as a card's")]
    Authority,
    /// Its keyUsage lacks digitalSignature, or is left out.
    #[error("the card's certificate is not for signatures")]
    KeyUsage,
    /// An extended key usage is missing, in the card's certificate or in one above it that limits
    /// those.
    #[error("the card's certificate may not be used to sign in")]
    ExtendedKeyUsage,
    /// The card is not valid yet.
    #[error("the card is not valid yet")]
    NotYetValid,
    /// The card has expired.
    #[error("the card has expired")]
    Expired,
    /// An authority above the card is not valid yet.
    #[error("an authority above the card is not valid yet")]
    IssuerNotYetValid,
    /// An authority above the card has expired.
    #[error("an authority above the card has expired")]
    IssuerExpired,
    /// No path leads to an anchor.
    #[error("no trusted authority issued the card")]
    UnknownIssuer,
    /// One that issued is no authority.
    #[error("a certificate above the card is not an authority's")]
    IssuerNotAuthority,
    /// There are more authorities below one than it allows.
    #[error("an authority allows fewer authorities below it")]
    PathLength,
    /// A name that an authority above it may not give.
    #[error("the card has a name that an authority above it may not give")]
    NameConstraint,
    /// An extension is critical and not known.
    #[error("a certificate has a critical extension that is not known")]
    CriticalExtension,
    /// A signature is wrong.
    #[error("a signature in the chain is wrong")]
    Signature,
    /// A signature is of a kind that is not accepted, such as SHA-1.
    #[error("a signature in the chain is of a kind that is not accepted")]
    Algorithm,
    /// The chain does not hold together in another way.
    #[error("the chain does not hold together")]
    Invalid,
    /// Looking for a path was given up.
    #[error("the chain is too involved")]
    Complex,
    /// One asserts no policy at all.
    #[error("certificate {certificate} of the path asserts no policy")]
    NoPolicy {
        /// Which of the path that was found, the card being 1.
        certificate: usize,
    },
    /// No accepted policy holds from the top down to this one.
    #[error("certificate {certificate} of the path asserts no policy that is accepted")]
    Policy {
        /// Which of the path that was found, the card being 1.
        certificate: usize,
    },
    /// The card or an authority above it is revoked.
    #[error("the card is revoked")]
    Revoked,
    /// Whether it is revoked is not known, and has to be.
    #[error("it is not known whether the card is revoked")]
    RevocationUnknown,
    /// The list that would tell is out of date.
    #[error("the revocation list is out of date")]
    CrlStale,
    /// The list that would tell is not signed by the authority it names, or in a way that is not
    /// accepted.
    #[error("the revocation list is not its authority's")]
    CrlSignature,
    /// The OCSP response tells nothing that counts.
    #[error(transparent)]
    Ocsp(#[from] OcspError),
    /// No rule maps the card to anybody.
    #[error("the card is nobody's by the rules")]
    NoMapping,
    /// A rule finds more than one value.
    #[error("the card has more than one {0}")]
    Ambiguous(Kind),
    /// A value is too long, has characters that do not belong there, or is of the wrong form.
    #[error("the card's {0} is not acceptable")]
    Value(Kind),
}

impl Refused {
    /// The stable short name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too-long",
            Self::Size { .. } => "size",
            Self::Malformed { .. } => "malformed",
            Self::WeakKey { .. } => "weak-key",
            Self::Authority => "authority",
            Self::KeyUsage => "key-usage",
            Self::ExtendedKeyUsage => "extended-key-usage",
            Self::NotYetValid => "not-yet-valid",
            Self::Expired => "expired",
            Self::IssuerNotYetValid => "issuer-not-yet-valid",
            Self::IssuerExpired => "issuer-expired",
            Self::UnknownIssuer => "unknown-issuer",
            Self::IssuerNotAuthority => "issuer-not-authority",
            Self::PathLength => "path-length",
            Self::NameConstraint => "name-constraint",
            Self::CriticalExtension => "critical-extension",
            Self::Signature => "signature",
            Self::Algorithm => "algorithm",
            Self::Invalid => "invalid",
            Self::Complex => "complex",
            Self::NoPolicy { .. } => "no-policy",
            Self::Policy { .. } => "policy",
            Self::Revoked => "revoked",
            Self::RevocationUnknown => "revocation-unknown",
            Self::CrlStale => "crl-stale",
            Self::CrlSignature => "crl-signature",
            Self::Ocsp(error) => error.name(),
            Self::NoMapping => "no-mapping",
            Self::Ambiguous(_) => "ambiguous",
            Self::Value(_) => "value",
        }
    }
}
