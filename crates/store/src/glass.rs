//! Who broke the glass of which patient's record, why, what they read, and what came of it.

use wardline_model::{GlassId, PatientId, UserId};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_one, fetch_optional, row};
use crate::store::Tx;
use crate::text;

row! {
    struct RawGrant {
        grant_id: GlassId,
        user_id: UserId,
        patient_sealed: Vec<u8>,
        purpose: String,
        reason_sealed: Vec<u8>,
        at: u64,
        until_ms: u64,
        ended_at: Option<u64>,
        ended_by: Option<UserId>,
        outcome: Option<String>,
        note_sealed: Option<Vec<u8>>,
        reviewed_by: Option<UserId>,
        reviewed_at: Option<u64>,
    }
}

row! {
    struct RawLook {
        look_id: Vec<u8>,
        at: u64,
        what_sealed: Vec<u8>,
    }
}

row! {
    struct InForce {
        grant_id: GlassId,
        purpose: String,
    }
}

/// That somebody broke the glass. Its reason and note are words of people about a patient, so it has
/// no `Debug`.
#[derive(Clone)]
pub struct GlassGrant {
    /// The grant.
    pub grant_id: GlassId,
    /// Who.
    pub user_id: UserId,
    /// Whose record.
    pub patient: PatientId,
    /// A code of HL7 v3 PurposeOfUse.
    pub purpose: String,
    /// Why, in the person's own words.
    pub reason: Zeroizing<Vec<u8>>,
    /// When, unix milliseconds.
    pub at: u64,
    /// When it ends by itself, unix milliseconds.
    pub until_ms: u64,
    /// When it was ended before that, unix milliseconds.
    pub ended_at: Option<u64>,
    /// By whom.
    pub ended_by: Option<UserId>,
    /// `justified` or `not_justified`; absent while nobody has reviewed it.
    pub outcome: Option<String>,
    /// What the reviewer wrote.
    pub note: Option<Zeroizing<Vec<u8>>>,
    /// The reviewer.
    pub reviewed_by: Option<UserId>,
    /// When, unix milliseconds.
    pub reviewed_at: Option<u64>,
}

/// A grant to be written.
#[derive(Clone)]
pub struct NewGlass {
    /// The grant.
    pub grant_id: GlassId,
    /// Who.
    pub user_id: UserId,
    /// Whose record.
    pub patient: PatientId,
    /// A code of HL7 v3 PurposeOfUse.
    pub purpose: String,
    /// Why; stored sealed.
    pub reason: Zeroizing<Vec<u8>>,
    /// When it ends by itself, unix milliseconds.
    pub until_ms: u64,
}

/// Something that was read under a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlassLook {
    /// When, unix milliseconds.
    pub at: u64,
    /// What was done to what, such as `note.read patient/1/note/2`.
    pub what: String,
}

macro_rules! select_grants {
    ($rest:literal) => {
        concat!(
            "SELECT grant_id, user_id, patient_sealed, purpose, reason_sealed, at, until_ms, ended_at,
                 ended_by, outcome, note_sealed, reviewed_by, reviewed_at
             FROM glass_grants ",
            $rest
        )
    };
}

impl Tx {
    /// Writes a grant.
    pub async fn create_glass(&mut self, new: &NewGlass, now_ms: u64) -> Result<(), StoreError> {
        let row = new.grant_id.as_bytes();
        let token = self.patient_token(&new.patient);
        let patient = self.seal(PATIENT, row, new.patient.as_str().as_bytes())?;
        let reason = self.seal(REASON, row, &new.reason)?;
        execute!(
            self,
            "INSERT INTO glass_grants (grant_id, user_id, patient_token, patient_sealed, purpose,
                 reason_sealed, at, until_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            new.grant_id,
            new.user_id,
            token,
            patient,
            new.purpose,
            reason,
            now_ms,
            new.until_ms
        )?;
        Ok(())
    }

    /// Under which grant, and for what, a person may read a patient's record at a time; the one that
    /// was given last.
    pub async fn glass_in_force(
        &mut self,
        user: UserId,
        patient: &PatientId,
        now_ms: u64,
    ) -> Result<Option<(GlassId, String)>, StoreError> {
        let patient = self.patient_token(patient);
        let found = fetch_optional!(
            self,
            InForce,
            "SELECT grant_id, purpose FROM glass_grants
             WHERE user_id = $1 AND patient_token = $2 AND until_ms > $3 AND ended_at IS NULL
             ORDER BY at DESC, grant_id LIMIT 1",
            user,
            patient,
            now_ms
        )?;
        Ok(found.map(|grant| (grant.grant_id, grant.purpose)))
    }

    /// The patients whose records are open to a person at a time because they broke the glass.
    pub async fn patients_under_glass(
        &mut self,
        user: UserId,
        now_ms: u64,
    ) -> Result<Vec<PatientId>, StoreError> {
        let grants = self.glass_of(user).await?;
        let open = grants
            .into_iter()
            .filter(|grant| grant.until_ms > now_ms && grant.ended_at.is_none());
        Ok(open.map(|grant| grant.patient).collect())
    }

    /// Looks a grant up.
    pub async fn glass(&mut self, id: GlassId) -> Result<Option<GlassGrant>, StoreError> {
        let raw = fetch_optional!(self, RawGrant, select_grants!("WHERE grant_id = $1"), id)?;
        raw.map(|raw| self.open_grant(raw)).transpose()
    }

    /// A person's newest grants.
    pub async fn glass_of(&mut self, user: UserId) -> Result<Vec<GlassGrant>, StoreError> {
        let raw = fetch_all!(
            self,
            RawGrant,
            select_grants!("WHERE user_id = $1 ORDER BY at DESC, grant_id LIMIT 50"),
            user
        )?;
        raw.into_iter().map(|raw| self.open_grant(raw)).collect()
    }

    /// Grants for their reviewers: those that nobody reviewed, the oldest first.
    pub async fn glass_to_review(&mut self) -> Result<Vec<GlassGrant>, StoreError> {
        let raw = fetch_all!(
            self,
            RawGrant,
            select_grants!("WHERE outcome IS NULL ORDER BY at, grant_id LIMIT 100")
        )?;
        raw.into_iter().map(|raw| self.open_grant(raw)).collect()
    }

    /// Grants that were reviewed, the newest first.
    pub async fn glass_reviewed(&mut self) -> Result<Vec<GlassGrant>, StoreError> {
        let raw = fetch_all!(
            self,
            RawGrant,
            select_grants!("WHERE outcome IS NOT NULL ORDER BY at DESC, grant_id LIMIT 100")
        )?;
        raw.into_iter().map(|raw| self.open_grant(raw)).collect()
    }

    /// How many grants nobody reviewed.
    pub async fn glass_waiting(&mut self) -> Result<u64, StoreError> {
        let (waiting,) = fetch_one!(
            self,
            (i64,),
            "SELECT COUNT(*) FROM glass_grants WHERE outcome IS NULL"
        )?;
        Ok(waiting.unsigned_abs())
    }

    /// Ends a grant before its time; false where it is over.
    pub async fn end_glass(
        &mut self,
        id: GlassId,
        by: UserId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let ended = execute!(
            self,
            "UPDATE glass_grants SET ended_at = $3, ended_by = $2
             WHERE grant_id = $1 AND ended_at IS NULL AND until_ms > $3",
            id,
            by,
            now_ms
        )?;
        Ok(ended == 1)
    }

    /// Notes what a reviewer says of a grant; false where one has, or it is their own.
    pub async fn review_glass(
        &mut self,
        id: GlassId,
        outcome: &str,
        note: &[u8],
        by: UserId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let note = self.seal(NOTE, id.as_bytes(), note)?;
        let reviewed = execute!(
            self,
            "UPDATE glass_grants
             SET outcome = $2, note_sealed = $3, reviewed_by = $4, reviewed_at = $5
             WHERE grant_id = $1 AND outcome IS NULL AND user_id <> $4",
            id,
            outcome,
            note,
            by,
            now_ms
        )?;
        Ok(reviewed == 1)
    }

    /// Notes that something was read under a grant.
    pub async fn note_glass_look(
        &mut self,
        id: GlassId,
        look: [u8; 16],
        what: &str,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let what = self.seal(LOOK, &look, what.as_bytes())?;
        execute!(
            self,
            "INSERT INTO glass_looks (look_id, grant_id, at, what_sealed) VALUES ($1, $2, $3, $4)",
            look.as_slice(),
            id,
            now_ms,
            what
        )?;
        Ok(())
    }

    /// What was read under a grant, the oldest first.
    pub async fn glass_looks(&mut self, id: GlassId) -> Result<Vec<GlassLook>, StoreError> {
        let raw = fetch_all!(
            self,
            RawLook,
            "SELECT look_id, at, what_sealed FROM glass_looks WHERE grant_id = $1
             ORDER BY at, look_id LIMIT 500",
            id
        )?;
        let open = |look: RawLook| {
            let what = self.open(LOOK, &look.look_id, &look.what_sealed)?;
            let what = String::from_utf8(what.to_vec());
            Ok(GlassLook {
                at: look.at,
                what: what.map_err(|_| StoreError::Corrupt("glass_looks.what"))?,
            })
        };
        raw.into_iter().map(open).collect()
    }

    fn open_grant(&self, raw: RawGrant) -> Result<GlassGrant, StoreError> {
        let row = raw.grant_id.as_bytes();
        let note = raw.note_sealed.as_ref();
        Ok(GlassGrant {
            patient: text::patient_id(&self.open(PATIENT, row, &raw.patient_sealed)?)?,
            reason: self.open(REASON, row, &raw.reason_sealed)?,
            note: note.map(|note| self.open(NOTE, row, note)).transpose()?,
            grant_id: raw.grant_id,
            user_id: raw.user_id,
            purpose: raw.purpose,
            at: raw.at,
            until_ms: raw.until_ms,
            ended_at: raw.ended_at,
            ended_by: raw.ended_by,
            outcome: raw.outcome,
            reviewed_by: raw.reviewed_by,
            reviewed_at: raw.reviewed_at,
        })
    }
}

const PATIENT: &str = "glass_grants.patient";
const REASON: &str = "glass_grants.reason";
const NOTE: &str = "glass_grants.note";
const LOOK: &str = "glass_looks.what";
