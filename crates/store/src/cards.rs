//! Smart cards that people added, and answers that wait for their devices.

use serde::{Deserialize, Serialize};
use wardline_model::{CardId, ChallengeId, DeviceId, SessionId, UserId};

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

row! {
    /// A smart card of a person.
    pub struct Card {
        /// The card.
        pub card_id: CardId,
        /// Whose it is.
        pub user_id: UserId,
        /// SHA-256 of the SubjectPublicKeyInfo, by which it is known.
        pub key_sha256: [u8; 32],
        /// What its person calls it.
        pub name: String,
        /// Who issued its certificate, as text.
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

/// What a card said of itself when it was presented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardSaid {
    /// The person's username, in the spelling of the card, where the mapping gives one.
    pub username: Option<String>,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub key_sha256: [u8; 32],
    /// Who issued its certificate, as text.
    pub issuer: String,
    /// The certificate's serial number, hexadecimal.
    pub serial: String,
    /// When the certificate expires, unix milliseconds.
    pub not_after: u64,
}

/// A card that was presented, until the device that asked for the challenge hands the answer in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardAnswer {
    /// The challenge.
    pub challenge_id: ChallengeId,
    /// SHA-256 of the answer; the answer itself is never stored.
    pub answer_hash: [u8; 32],
    /// The device that asked.
    pub device_id: DeviceId,
    /// The session that asked.
    pub session_id: SessionId,
    /// What the card said; stored sealed.
    pub said: CardSaid,
    /// When it ends, unix milliseconds.
    pub expires_at: u64,
}

row! {
    struct RawAnswer {
        answer_hash: [u8; 32],
        device_id: DeviceId,
        session_id: SessionId,
        said_sealed: Vec<u8>,
        expires_at: u64,
    }
}

macro_rules! select_cards {
    ($where:literal) => {
        concat!(
            "SELECT card_id, user_id, key_sha256, name, issuer, serial, not_after, created_at,
                 last_used_at
             FROM cards ",
            $where
        )
    };
}

impl Tx {
    /// Binds a card to a person; false where its key is bound, to whomever.
    pub async fn create_card(
        &mut self,
        id: CardId,
        user: UserId,
        name: &str,
        said: &CardSaid,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let made = execute!(
            self,
            "INSERT INTO cards (card_id, user_id, key_sha256, name, issuer, serial, not_after,
                 created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (key_sha256) DO NOTHING",
            id,
            user,
            said.key_sha256,
            name,
            said.issuer,
            said.serial,
            said.not_after,
            now_ms
        )?;
        Ok(made == 1)
    }

    /// A person's cards, the newest first.
    pub async fn cards_of(&mut self, user: UserId) -> Result<Vec<Card>, StoreError> {
        fetch_all!(
            self,
            Card,
            select_cards!("WHERE user_id = $1 ORDER BY created_at DESC, card_id"),
            user
        )
    }

    /// Looks a card up.
    pub async fn card(&mut self, id: CardId) -> Result<Option<Card>, StoreError> {
        fetch_optional!(self, Card, select_cards!("WHERE card_id = $1"), id)
    }

    /// Looks a card up by the SHA-256 of its key.
    pub async fn card_by_key(&mut self, key_sha256: &[u8; 32]) -> Result<Option<Card>, StoreError> {
        fetch_optional!(
            self,
            Card,
            select_cards!("WHERE key_sha256 = $1"),
            key_sha256
        )
    }

    /// Notes that a card was used, and what its certificate says now: a renewed one may have the same
    /// key.
    pub async fn use_card(
        &mut self,
        id: CardId,
        said: &CardSaid,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE cards SET issuer = $2, serial = $3, not_after = $4, last_used_at = $5
             WHERE card_id = $1",
            id,
            said.issuer,
            said.serial,
            said.not_after,
            now_ms
        )?;
        Ok(())
    }

    /// Gives a card another name; false where the person has no such one.
    pub async fn rename_card(
        &mut self,
        id: CardId,
        user: UserId,
        name: &str,
    ) -> Result<bool, StoreError> {
        let renamed = execute!(
            self,
            "UPDATE cards SET name = $3 WHERE card_id = $1 AND user_id = $2",
            id,
            user,
            name
        )?;
        Ok(renamed == 1)
    }

    /// Forgets a card of a person; false where they have no such one. What it proved in their sessions
    /// counts no more.
    pub async fn remove_card(&mut self, id: CardId, user: UserId) -> Result<bool, StoreError> {
        let removed = execute!(
            self,
            "DELETE FROM cards WHERE card_id = $1 AND user_id = $2",
            id,
            user
        )?;
        if removed == 1 {
            execute!(
                self,
                "UPDATE sessions SET card_at = NULL WHERE user_id = $1 AND card_at IS NOT NULL",
                user
            )?;
        }
        Ok(removed == 1)
    }

    /// Writes an answer, and forgets those that have ended.
    pub async fn create_card_answer(
        &mut self,
        new: &CardAnswer,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let said =
            serde_json::to_vec(&new.said).map_err(|_| StoreError::Corrupt("what a card said"))?;
        let sealed = self.seal("card_answers.said", new.challenge_id.as_bytes(), &said)?;
        execute!(
            self,
            "DELETE FROM card_answers WHERE expires_at <= $1",
            now_ms
        )?;
        execute!(
            self,
            "INSERT INTO card_answers (challenge_id, answer_hash, device_id, session_id,
                 said_sealed, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            new.challenge_id,
            new.answer_hash,
            new.device_id,
            new.session_id,
            sealed,
            new.expires_at
        )?;
        Ok(())
    }

    /// Takes the answer of a challenge: it is gone, whatever comes of it. `None` when it was taken, has
    /// ended or never was.
    pub async fn take_card_answer(
        &mut self,
        challenge: ChallengeId,
        now_ms: u64,
    ) -> Result<Option<CardAnswer>, StoreError> {
        let raw = fetch_optional!(
            self,
            RawAnswer,
            "DELETE FROM card_answers WHERE challenge_id = $1
             RETURNING answer_hash, device_id, session_id, said_sealed, expires_at",
            challenge
        )?;
        let Some(raw) = raw.filter(|raw| raw.expires_at > now_ms) else {
            return Ok(None);
        };
        let said = self.open("card_answers.said", challenge.as_bytes(), &raw.said_sealed)?;
        Ok(Some(CardAnswer {
            challenge_id: challenge,
            answer_hash: raw.answer_hash,
            device_id: raw.device_id,
            session_id: raw.session_id,
            said: serde_json::from_slice(&said)
                .map_err(|_| StoreError::Corrupt("what a card said"))?,
            expires_at: raw.expires_at,
        }))
    }
}
