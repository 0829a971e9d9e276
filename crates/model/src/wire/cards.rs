//! Smart cards: a factor beside the passkey, presented on a listener of its own.

use super::wire;
use crate::{B64, CardId, ChallengeId};

wire! {
    /// `GET /v1/cards`.
    pub struct CardList {
        /// The person's, the newest first.
        pub cards: Vec<CardInfo>,
        /// Where cards are presented; absent where the hospital takes none.
        pub url: Option<String>,
    }
}
wire! {
    /// A smart card of a person.
    pub struct CardInfo {
        /// The card.
        pub id: CardId,
        /// What its person calls it.
        pub name: String,
        /// Who issued its certificate (RFC 4514).
        pub issuer: String,
        /// The certificate's serial number, hexadecimal.
        pub serial: String,
        /// When the certificate expires, unix milliseconds.
        pub not_after: u64,
        /// When it was added, unix milliseconds.
        pub created_at: u64,
        /// When it was used last, unix milliseconds.
        pub last_used_at: Option<u64>,
    }
}
wire! {
    /// `POST /v1/cards/challenge`. The id is the body (`text/plain`) of a POST to the address, over TLS
    /// with the card.
    pub struct CardChallenge {
        /// To be presented with the card, once.
        pub challenge_id: ChallengeId,
        /// Where.
        pub url: String,
        /// Until when, unix milliseconds.
        pub expires_at: u64,
    }
}
wire! {
    /// What the listener for cards answers to a challenge that a card was presented with.
    pub struct CardAnswer {
        /// To be handed in by the device that asked for the challenge, within a minute and once.
        pub answer: B64,
    }
}
wire! {
    /// `POST /v1/cards`: the card of this answer is the person's.
    pub struct NewCard {
        /// Which challenge was presented.
        pub challenge_id: ChallengeId,
        /// What the listener for cards answered.
        pub answer: B64,
        /// What its person calls it, 1 to 40 characters.
        pub name: String,
    }
}
wire! {
    /// `PUT /v1/cards/{id}`: another name.
    pub struct CardName {
        /// What its person calls it, 1 to 40 characters.
        pub name: String,
    }
}
wire! {
    /// `POST /v1/sessions/step-up/card`.
    pub struct CardProof {
        /// Which challenge was presented.
        pub challenge_id: ChallengeId,
        /// What the listener for cards answered.
        pub answer: B64,
    }
}
