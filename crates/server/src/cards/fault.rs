//! Why a card is not taken, as its person reads it.

use thiserror::Error;
use wardline_piv::{OcspError, Refused};

/// Why a card is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum CardFault {
    /// The hospital takes no cards.
    #[error("no cards are taken")]
    NoneTaken,
    /// The page that asks for the card is not the hospital's app.
    #[error("the page is not the hospital's")]
    Origin,
    /// The card itself.
    #[error(transparent)]
    Card(#[from] Refused),
    /// By its name, or because somebody has added it, it is another person's.
    #[error("it is another person's")]
    OtherPerson,
    /// Nobody has added it.
    #[error("it was not added")]
    NotAdded,
    /// The person has added it before.
    #[error("it was added before")]
    Added,
    /// The person has as many cards as one may have.
    #[error("the person has too many")]
    TooMany,
}

impl CardFault {
    /// The stable short name.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::NoneTaken => "none-taken",
            Self::Origin => "origin",
            Self::Card(refused) => refused.name(),
            Self::OtherPerson => "other-person",
            Self::NotAdded => "not-added",
            Self::Added => "added",
            Self::TooMany => "too-many",
        }
    }

    /// What the person can do.
    pub(crate) const fn advice(&self) -> &'static str {
        match self {
            Self::NoneTaken => "This hospital takes no smart cards.",
            Self::Origin => {
                "Open the app at the hospital's own address, then present the card there."
            }
            Self::Card(refused) => of_card(refused),
            Self::OtherPerson => "This is somebody else's card. Use your own.",
            Self::NotAdded => "Add this card to your account first, then use it.",
            Self::Added => "This card is on your account already.",
            Self::TooMany => {
                "You have as many cards as one may have. Take one away that you do not use any more."
            }
        }
    }
}

const fn of_card(refused: &Refused) -> &'static str {
    match refused {
        Refused::Empty => {
            "No card was presented. Put it into the reader, choose its certificate and type its PIN."
        }
        Refused::Expired => "This card has expired. Ask the card office.",
        Refused::NotYetValid => {
            "This card is not valid yet. Ask the card office from when on it is."
        }
        Refused::IssuerExpired | Refused::IssuerNotYetValid => {
            "The office that issued this card is not valid now. Tell the card office."
        }
        Refused::Revoked | Refused::Ocsp(OcspError::Revoked) => {
            "This card has been blocked. Ask the card office."
        }
        Refused::UnknownIssuer => {
            "This card is not of an office that this hospital trusts. Use your hospital's card."
        }
        Refused::RevocationUnknown
        | Refused::CrlStale
        | Refused::CrlSignature
        | Refused::Ocsp(_) => {
            "It cannot be found out now whether this card is blocked. Try again in a moment; if it \
             stays, tell the service desk."
        }
        Refused::NoMapping | Refused::Ambiguous(_) | Refused::Value(_) => {
            "This card does not say clearly whose it is. Ask the card office."
        }
        Refused::WeakKey { .. } => {
            "This card's key is too weak. Ask the card office for a new one."
        }
        Refused::TooLong
        | Refused::Size { .. }
        | Refused::Malformed { .. }
        | Refused::Authority
        | Refused::KeyUsage
        | Refused::ExtendedKeyUsage
        | Refused::IssuerNotAuthority
        | Refused::PathLength
        | Refused::NameConstraint
        | Refused::CriticalExtension
        | Refused::Signature
        | Refused::Algorithm
        | Refused::Invalid
        | Refused::Complex
        | Refused::NoPolicy { .. }
        | Refused::Policy { .. } => {
            "This certificate is not one to sign in with here. Where the browser offers several, \
             choose the card's other one; else ask the card office."
        }
    }
}
