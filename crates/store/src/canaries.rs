//! Synthetic charts that nobody has a reason to open.

use wardline_model::{CanaryId, PatientId, UserId};
use wardline_seal::Token;
use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

row! {
    struct RawCanary {
        canary_id: CanaryId,
        said_sealed: Vec<u8>,
        made: u64,
        made_by: UserId,
        made_at: u64,
        retired_at: Option<u64>,
        retired_by: Option<UserId>,
    }
}

row! {
    /// How often a canary was looked at.
    pub struct CanaryLooks {
        /// Which.
        pub canary_id: CanaryId,
        /// How many looks there were.
        pub looks: u64,
        /// When the last one was, unix milliseconds.
        pub looked_at: u64,
    }
}

/// A canary. What it says names a record, so it has no `Debug`.
#[derive(Clone)]
pub struct Canary {
    /// Which.
    pub canary_id: CanaryId,
    /// Whose record it is, and what that says.
    pub said: Zeroizing<Vec<u8>>,
    /// Whether the record was made to be one.
    pub made: bool,
    /// By whom it is one.
    pub made_by: UserId,
    /// Since when, unix milliseconds.
    pub made_at: u64,
    /// When it was retired, unix milliseconds.
    pub retired_at: Option<u64>,
    /// By whom.
    pub retired_by: Option<UserId>,
}

/// A canary to be written.
#[derive(Clone)]
pub struct NewCanary {
    /// Which.
    pub canary_id: CanaryId,
    /// Whose record it is.
    pub patient: PatientId,
    /// What is to be known of it; stored sealed.
    pub said: Zeroizing<Vec<u8>>,
    /// Whether the record was made to be one.
    pub made: bool,
    /// By whom it is one.
    pub made_by: UserId,
}

macro_rules! select_canaries {
    ($rest:literal) => {
        concat!(
            "SELECT canary_id, said_sealed, made, made_by, made_at, retired_at, retired_by
             FROM canaries ",
            $rest
        )
    };
}

impl Tx {
    /// Writes a canary.
    pub async fn create_canary(&mut self, new: &NewCanary, now_ms: u64) -> Result<(), StoreError> {
        let token = self.canary_token(&new.patient);
        let said = self.seal(SAID, new.canary_id.as_bytes(), &new.said)?;
        execute!(
            self,
            "INSERT INTO canaries (canary_id, canary_token, said_sealed, made, made_by, made_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            new.canary_id,
            token,
            said,
            u64::from(new.made),
            new.made_by,
            now_ms
        )?;
        Ok(())
    }

    /// The canary that a record is now.
    pub async fn canary_of(&mut self, patient: &PatientId) -> Result<Option<CanaryId>, StoreError> {
        let token = self.canary_token(patient);
        let found: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT canary_id FROM canaries WHERE canary_token = $1 AND retired_at IS NULL
             ORDER BY made_at DESC LIMIT 1",
            token
        )?;
        found
            .map(|(id,)| CanaryId::from_slice(&id).ok_or(StoreError::Corrupt("canaries.canary_id")))
            .transpose()
    }

    /// Looks a canary up.
    pub async fn canary(&mut self, id: CanaryId) -> Result<Option<Canary>, StoreError> {
        let raw = fetch_optional!(
            self,
            RawCanary,
            select_canaries!("WHERE canary_id = $1"),
            id
        )?;
        raw.map(|raw| self.open_canary(&raw)).transpose()
    }

    /// All that there are and were: those that are ones first, the newest first; 500 at most.
    pub async fn canaries(&mut self) -> Result<Vec<Canary>, StoreError> {
        let raw = fetch_all!(
            self,
            RawCanary,
            select_canaries!(
                "ORDER BY CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END, made_at DESC, canary_id
                 LIMIT 500"
            )
        )?;
        raw.iter().map(|raw| self.open_canary(raw)).collect()
    }

    /// How often each was looked at; those that were not are left out.
    pub async fn looks_at_canaries(&mut self) -> Result<Vec<CanaryLooks>, StoreError> {
        fetch_all!(
            self,
            CanaryLooks,
            "SELECT canary_id, COUNT(*) AS looks, MAX(last_at) AS looked_at FROM looks
             WHERE canary_id IS NOT NULL GROUP BY canary_id"
        )
    }

    /// Lets a canary be none any more; false where it is none.
    pub async fn retire_canary(
        &mut self,
        id: CanaryId,
        by: UserId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let retired = execute!(
            self,
            "UPDATE canaries SET retired_at = $3, retired_by = $2
             WHERE canary_id = $1 AND retired_at IS NULL",
            id,
            by,
            now_ms
        )?;
        Ok(retired == 1)
    }

    /// Of no other use: it is not the token by which the record is found.
    fn canary_token(&self, patient: &PatientId) -> Token {
        self.shared
            .index
            .token("canary", patient.as_str().as_bytes())
    }

    fn open_canary(&self, raw: &RawCanary) -> Result<Canary, StoreError> {
        Ok(Canary {
            said: self.open(SAID, raw.canary_id.as_bytes(), &raw.said_sealed)?,
            canary_id: raw.canary_id,
            made: raw.made != 0,
            made_by: raw.made_by,
            made_at: raw.made_at,
            retired_at: raw.retired_at,
            retired_by: raw.retired_by,
        })
    }
}

const SAID: &str = "canaries.said";
