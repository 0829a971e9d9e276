//! Looks at charts that a privacy officer should look at.

use wardline_model::{CanaryId, LookId, PatientId, UserId};
use wardline_seal::Token;
use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_one, fetch_optional, row};
use crate::store::Tx;

row! {
    struct RawLook {
        look_id: LookId,
        user_id: UserId,
        canary_id: Option<CanaryId>,
        at: u64,
        last_at: u64,
        times: u64,
        rank: u64,
        said_sealed: Vec<u8>,
        outcome: Option<String>,
        note_sealed: Option<Vec<u8>>,
        reviewed_by: Option<UserId>,
        reviewed_at: Option<u64>,
    }
}

/// A look as it is stored. What is said of it is of a patient, so it has no `Debug`.
#[derive(Clone)]
pub struct StoredLook {
    /// Which.
    pub look_id: LookId,
    /// Whose look.
    pub user_id: UserId,
    /// The canary that it was at.
    pub canary_id: Option<CanaryId>,
    /// When it began, unix milliseconds.
    pub at: u64,
    /// When it went on last, unix milliseconds.
    pub last_at: u64,
    /// How often something was opened in it.
    pub times: u64,
    /// Higher comes first.
    pub rank: u64,
    /// Whose chart, and what speaks for it.
    pub said: Zeroizing<Vec<u8>>,
    /// What was said of it; absent while nobody has.
    pub outcome: Option<String>,
    /// The officer's note.
    pub note: Option<Zeroizing<Vec<u8>>>,
    /// The officer.
    pub reviewed_by: Option<UserId>,
    /// When, unix milliseconds.
    pub reviewed_at: Option<u64>,
}

/// A look to be written, or one that goes on.
#[derive(Clone)]
pub struct NewLook {
    /// What it is called if it is a new one.
    pub look_id: LookId,
    /// Whose look.
    pub user_id: UserId,
    /// Whose chart.
    pub patient: PatientId,
    /// The canary that it is at.
    pub canary_id: Option<CanaryId>,
    /// Higher comes first.
    pub rank: u64,
    /// What is to be known of it; stored sealed.
    pub said: Zeroizing<Vec<u8>>,
}

/// What became of a look that was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotedLook {
    /// Which it is.
    pub look_id: LookId,
    /// Whether it began with this.
    pub is_new: bool,
}

/// Which looks are listed.
#[derive(Debug, Clone, Copy)]
pub struct LookPage<'a> {
    /// `waiting`, `asked` or `done`.
    pub show: &'a str,
    /// Only those at canaries.
    pub canaries: bool,
    /// So many of a day, beside those at canaries.
    pub a_day: u32,
    /// Only those that began since, unix milliseconds.
    pub since_ms: u64,
    /// What comes after this one.
    pub after: Option<(u64, LookId)>,
    /// How many at most.
    pub limit: u32,
}

/// How looks stand that wait for an officer: another mark, another list.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct LookMark((i64, i64, i64));

macro_rules! select_looks {
    ($($rest:tt)*) => {
        concat!(
            "SELECT look_id, user_id, canary_id, at, last_at, times, rank, said_sealed, outcome,
                 note_sealed, reviewed_by, reviewed_at ",
            $($rest)*
        )
    };
}

/// Looks that are listed: those at canaries, and of each day those that come first.
macro_rules! listed {
    ($($rest:tt)*) => {
        concat!(
            "FROM (SELECT l.*, ROW_NUMBER() OVER (
                     PARTITION BY day, CASE WHEN canary_id IS NULL THEN 0 ELSE 1 END
                     ORDER BY rank DESC, look_id) AS place
                   FROM looks l WHERE at >= $1) l
             WHERE (canary_id IS NOT NULL OR place <= $2) ",
            $($rest)*
        )
    };
}

impl Tx {
    /// The look of a person at a chart that goes on now and of which nothing was said, or was asked for
    /// an answer only.
    pub async fn look_under_way(
        &mut self,
        user: UserId,
        patient: &PatientId,
        now_ms: u64,
    ) -> Result<Option<StoredLook>, StoreError> {
        let token = self.look_token(patient);
        let raw = fetch_optional!(
            self,
            RawLook,
            select_looks!(
                "FROM looks WHERE user_id = $1 AND look_token = $2 AND at > $3
                     AND (outcome IS NULL OR outcome = 'asked')
                 ORDER BY at DESC, look_id LIMIT 1"
            ),
            user,
            token,
            now_ms.saturating_sub(LOOK_MS)
        )?;
        raw.map(|raw| self.open_look(raw)).transpose()
    }

    /// Writes a look, or that the one under way goes on: what is said of it is said anew, and it comes
    /// as far to the front as it ever did.
    pub async fn note_look(&mut self, new: &NewLook, now_ms: u64) -> Result<NotedLook, StoreError> {
        let token = self.look_token(&new.patient);
        if let Some(known) = self
            .look_under_way(new.user_id, &new.patient, now_ms)
            .await?
        {
            let said = self.seal(SAID, known.look_id.as_bytes(), &new.said)?;
            execute!(
                self,
                "UPDATE looks SET last_at = $2, times = times + 1, rank = $3, said_sealed = $4,
                     canary_id = COALESCE(canary_id, $5)
                 WHERE look_id = $1",
                known.look_id,
                now_ms,
                known.rank.max(new.rank),
                said,
                new.canary_id
            )?;
            return Ok(NotedLook {
                look_id: known.look_id,
                is_new: false,
            });
        }
        let said = self.seal(SAID, new.look_id.as_bytes(), &new.said)?;
        execute!(
            self,
            "INSERT INTO looks (look_id, user_id, look_token, canary_id, day, at, last_at, times,
                 rank, said_sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $6, 1, $7, $8)",
            new.look_id,
            new.user_id,
            token,
            new.canary_id,
            now_ms / DAY_MS,
            now_ms,
            new.rank,
            said
        )?;
        Ok(NotedLook {
            look_id: new.look_id,
            is_new: true,
        })
    }

    /// Looks that are listed, those first that come first.
    pub async fn looks(&mut self, page: &LookPage<'_>) -> Result<Vec<StoredLook>, StoreError> {
        let (rank, id) = page
            .after
            .map_or((u64::MAX >> 1, Vec::new()), |(rank, id)| {
                (rank, id.to_vec())
            });
        let raw = fetch_all!(
            self,
            RawLook,
            select_looks!(listed!(
                "AND CASE WHEN outcome IS NULL THEN 'waiting' WHEN outcome = 'asked' THEN 'asked'
                         ELSE 'done' END = $3
                     AND ($4 = 0 OR canary_id IS NOT NULL)
                     AND (rank < $5 OR (rank = $5 AND look_id > $6))
                 ORDER BY rank DESC, look_id LIMIT $7"
            )),
            page.since_ms,
            page.a_day,
            page.show,
            u64::from(page.canaries),
            rank,
            id,
            page.limit
        )?;
        raw.into_iter().map(|raw| self.open_look(raw)).collect()
    }

    /// How many are listed of which nobody has said anything.
    pub async fn looks_waiting(&mut self, a_day: u32, since_ms: u64) -> Result<u64, StoreError> {
        let (waiting,): (i64,) = fetch_one!(
            self,
            (i64,),
            concat!("SELECT COUNT(*) ", listed!("AND outcome IS NULL")),
            since_ms,
            a_day
        )?;
        Ok(waiting.unsigned_abs())
    }

    /// How they stand, for comparison.
    pub async fn looks_mark(&mut self) -> Result<LookMark, StoreError> {
        let mark: (i64, i64, i64) = fetch_one!(
            self,
            (i64, i64, i64),
            "SELECT COUNT(*), COALESCE(MAX(at), 0), COALESCE(MAX(reviewed_at), 0) FROM looks"
        )?;
        Ok(LookMark(mark))
    }

    /// Looks one up, whether it is listed or not.
    pub async fn look_at_chart(&mut self, id: LookId) -> Result<Option<StoredLook>, StoreError> {
        let raw = fetch_optional!(
            self,
            RawLook,
            select_looks!("FROM looks WHERE look_id = $1"),
            id
        )?;
        raw.map(|raw| self.open_look(raw)).transpose()
    }

    /// Notes what an officer says of a look; false where the last word was said, or it is their own.
    /// That the person was asked is not the last word.
    pub async fn review_look(
        &mut self,
        id: LookId,
        outcome: &str,
        note: &[u8],
        by: UserId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let note = self.seal(NOTE, id.as_bytes(), note)?;
        let reviewed = execute!(
            self,
            "UPDATE looks SET outcome = $2, note_sealed = $3, reviewed_by = $4, reviewed_at = $5
             WHERE look_id = $1 AND (outcome IS NULL OR outcome = 'asked') AND user_id <> $4",
            id,
            outcome,
            note,
            by,
            now_ms
        )?;
        Ok(reviewed == 1)
    }

    /// Forgets looks that began before a time and of which nobody said anything, but for those at
    /// canaries; gives how many.
    pub async fn forget_looks(&mut self, before_ms: u64) -> Result<u64, StoreError> {
        execute!(
            self,
            "DELETE FROM looks WHERE at < $1 AND outcome IS NULL AND canary_id IS NULL",
            before_ms
        )
    }

    fn look_token(&self, patient: &PatientId) -> Token {
        self.shared.index.token("look", patient.as_str().as_bytes())
    }

    fn open_look(&self, raw: RawLook) -> Result<StoredLook, StoreError> {
        let row = raw.look_id.as_bytes();
        let note = raw.note_sealed.as_ref();
        Ok(StoredLook {
            said: self.open(SAID, row, &raw.said_sealed)?,
            note: note.map(|note| self.open(NOTE, row, note)).transpose()?,
            look_id: raw.look_id,
            user_id: raw.user_id,
            canary_id: raw.canary_id,
            at: raw.at,
            last_at: raw.last_at,
            times: raw.times,
            rank: raw.rank,
            outcome: raw.outcome,
            reviewed_by: raw.reviewed_by,
            reviewed_at: raw.reviewed_at,
        })
    }
}

const SAID: &str = "looks.said";
const NOTE: &str = "looks.note";
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// A look is what somebody does with one chart in half a day.
const LOOK_MS: u64 = DAY_MS / 2;
