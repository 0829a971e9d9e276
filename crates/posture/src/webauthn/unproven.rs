//! Why an attestation proves nothing.

use thiserror::Error;
use uuid::Uuid;

use crate::attest::Rejected;

/// Why an attestation proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unproven {
    /// The format is `none`: the client withheld the attestation, or there is none.
    #[error("the authenticator gave no attestation")]
    None,
    /// Self attestation (§6.5.4): the passkey vouches for itself.
    #[error("the passkey vouches for itself, and nobody for its authenticator")]
    SelfAttested,
    /// A format that is not known or not supported, such as `android-safetynet`.
    #[error("the attestation has a format that is not supported")]
    Format,
    /// More bytes or certificates than any real attestation has.
    #[error("the attestation is larger than any real one")]
    Size,
    /// Object, authenticator data or statement cannot be read.
    #[error("the attestation cannot be read: {0}")]
    Malformed(&'static str),
    /// Signed in a way that is not accepted.
    #[error("the attestation is signed with an algorithm that is not accepted")]
    Algorithm,
    /// The statement's signature does not verify.
    #[error("the signature of the attestation is wrong")]
    Signature,
    /// The statement is about another ceremony.
    #[error("the attestation was made for another challenge or other authenticator data")]
    Ceremony,
    /// The statement is about another key.
    #[error("the attestation is about another key than the passkey's")]
    Key,
    /// The certificate is not of the kind that the format requires.
    #[error("the attestation certificate is not what its format requires: {0}")]
    Certificate(&'static str),
    /// The certificate is for another model than the authenticator says to be (§8.2.1).
    #[error("the attestation certificate is for another model of authenticator")]
    OtherModel,
    /// The model is not on the list.
    #[error("authenticators of the model {aaguid} are not on the list")]
    Model {
        /// The model.
        aaguid: Uuid,
    },
    /// The certificates are mixed, repeated or out of order.
    #[error("the certificates of the attestation are mixed or out of order")]
    Order,
    /// The chain does not end in a root that is trusted for this model, or a link of it is wrong.
    #[error("the certificates of the attestation are not trusted: {0}")]
    Untrusted(&'static str),
    /// A certificate has expired.
    #[error("a certificate of the attestation has expired")]
    Expired,
    /// A certificate is not yet valid.
    #[error("a certificate of the attestation is not yet valid")]
    NotYetValid,
    /// The chain of an Android phone's key is not to be believed.
    #[error("the phone's key attestation is rejected: {0}")]
    Android(Rejected),
}

impl Unproven {
    /// The reason in one word that stays the same, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SelfAttested => "self",
            Self::Format => "format",
            Self::Size => "size",
            Self::Malformed(_) => "malformed",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Ceremony => "ceremony",
            Self::Key => "key",
            Self::Certificate(_) => "certificate",
            Self::OtherModel => "other-model",
            Self::Model { .. } => "model",
            Self::Order => "order",
            Self::Untrusted(_) => "untrusted",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Android(rejected) => rejected.code(),
        }
    }
}

impl From<Rejected> for Unproven {
    /// What every chain has in common is named alike, whoever read it.
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Text | Rejected::Length | Rejected::Size { .. } => Self::Size,
            Rejected::Malformed { .. } => Self::Malformed("a certificate"),
            Rejected::Order { .. } => Self::Order,
            Rejected::Expired { .. } => Self::Expired,
            Rejected::NotYetValid { .. } => Self::NotYetValid,
            Rejected::NotCa { .. } => Self::Untrusted(NOT_CA),
            Rejected::UntrustedRoot => Self::Untrusted(NO_ROOT),
            Rejected::Challenge => Self::Ceremony,
            other => Self::Android(other),
        }
    }
}

/// The chain's end.
pub(super) const NO_ROOT: &str = "they end in no root that is trusted for this model";

/// RFC 5280 §6.1.4 (k).
pub(super) const NOT_CA: &str = "one that signs another is no certificate authority";
