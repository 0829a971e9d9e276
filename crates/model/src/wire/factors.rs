//! Factors beside the passkey: generators of one-time codes.

use super::enroll::PersonBrief;
use super::wire;
use crate::{FactorId, UserId};

wire! {
    /// What moves a generator on.
    pub enum FactorKind {
        /// The time (RFC 6238).
        Totp,
        /// A press of its button (RFC 4226).
        Hotp,
    }
}
wire! {
    /// `GET /v1/factors`.
    pub struct FactorList {
        /// The person's, the newest first.
        pub factors: Vec<FactorInfo>,
        /// How many factors that count the person's roles need: generators and smart cards.
        pub needed: u32,
        /// How many smart cards the person has that have not expired (`GET /v1/cards`).
        pub cards: u32,
    }
}
wire! {
    /// `GET /v1/factors/missing`, for officers.
    pub struct FactorsMissing {
        /// People who have fewer factors than their roles need, by name; five hundred at most.
        pub people: Vec<FactorsMissingOf>,
        /// How many they are in all.
        pub total: u64,
    }
}
wire! {
    /// Somebody who has fewer factors than their roles need.
    pub struct FactorsMissingOf {
        /// Who.
        pub user: PersonBrief,
        /// How many factors that count their roles need: generators and smart cards.
        pub needed: u32,
        /// How many they have.
        pub has: u32,
    }
}
wire! {
    /// A generator of codes of a person.
    pub struct FactorInfo {
        /// The generator.
        pub factor_id: FactorId,
        /// What moves it on.
        pub kind: FactorKind,
        /// What its person calls it.
        pub name: String,
        /// The number on its back; absent for an app.
        pub serial: Option<String>,
        /// When it was begun or handed out, unix milliseconds.
        pub created_at: u64,
        /// When its first code proved that its person has it, unix milliseconds; until then it opens
        /// nothing.
        pub confirmed_at: Option<u64>,
        /// When a code of it was right last, unix milliseconds.
        pub last_used_at: Option<u64>,
    }
}
wire! {
    /// `POST /v1/factors`: an authenticator app is to make codes; `PUT /v1/factors/{id}`: another name.
    pub struct NewFactor {
        /// What its person calls it, 1 to 40 characters.
        pub name: String,
    }
}
wire! {
    /// A generator that waits for its first code. Its secret is told once.
    pub struct FactorBegun {
        /// The generator.
        pub factor_id: FactorId,
        /// For the app's camera: an `otpauth` URI.
        pub uri: String,
        /// For typing: the secret, Base32.
        pub secret: String,
    }
}
wire! {
    /// `POST /v1/factors/{id}/confirm`: its first code; `POST /v1/sessions/step-up/code`: a code of any
    /// generator of the person.
    pub struct FactorCode {
        /// The code as it is shown; gaps do not count.
        pub code: String,
    }
}
wire! {
    /// `POST /v1/factors/{id}/resync`: two codes, one right after the other.
    pub struct FactorResync {
        /// The first.
        pub first: String,
        /// The next one.
        pub second: String,
    }
}
wire! {
    /// How a list of token cards is written.
    pub enum TokenFormat {
        /// A table (RFC 4180).
        Csv,
        /// A Portable Symmetric Key Container (RFC 6030).
        Pskc,
    }
}
wire! {
    /// `POST /v1/tokens/import`.
    pub struct TokenImport {
        /// How the list is written.
        pub format: TokenFormat,
        /// The list.
        pub text: String,
        /// The pre-shared key of a container, hexadecimal.
        #[serde(default)]
        pub key: Option<String>,
        /// The passphrase of a container.
        #[serde(default)]
        pub passphrase: Option<String>,
    }
}
wire! {
    /// What became of a list of token cards.
    pub struct TokensImported {
        /// Cards that are new.
        pub taken: u64,
        /// Cards that were known, and are left as they are.
        pub known: u64,
    }
}
wire! {
    /// `GET /v1/tokens`.
    pub struct TokenList {
        /// Cards that the hospital has, by number.
        pub tokens: Vec<TokenInfo>,
    }
}
wire! {
    /// A token card of the hospital.
    pub struct TokenInfo {
        /// The number on its back.
        pub serial: String,
        /// Who made it; may be empty.
        pub maker: String,
        /// What it is called; may be empty.
        pub model: String,
        /// What moves it on.
        pub kind: FactorKind,
        /// Who has it; absent while nobody does.
        pub user: Option<PersonBrief>,
    }
}
wire! {
    /// `POST /v1/tokens/assign`.
    pub struct TokenAssign {
        /// The number on its back.
        pub serial: String,
        /// Who gets it; absent to take it back.
        #[serde(default)]
        pub user_id: Option<UserId>,
    }
}
