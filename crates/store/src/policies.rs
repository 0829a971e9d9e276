//! Versions of the policies, and the questions that were put to them.

use wardline_model::UserId;
use zeroize::Zeroizing;

use crate::StoreError;
use crate::dialect::AdvisoryLock;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

row! {
    /// A version of the policies, without its texts.
    pub struct PolicyVersion {
        /// Its number, from 1.
        pub version: u64,
        /// The version that was in force when it was drafted.
        pub base: u64,
        /// The engine's hash of its texts.
        pub hash: String,
        /// What is changed, in its author's words.
        pub summary: String,
        /// Who drafted it; absent for the console.
        pub author: Option<UserId>,
        /// When, unix milliseconds.
        pub created_at: u64,
        /// From when on it holds once it is approved, unix milliseconds; absent for at once.
        pub effective_at: Option<u64>,
        /// Who approved it.
        pub approved_by: Option<UserId>,
        /// When, unix milliseconds.
        pub approved_at: Option<u64>,
        /// Who took it back.
        pub withdrawn_by: Option<UserId>,
        /// When, unix milliseconds.
        pub withdrawn_at: Option<u64>,
    }
}

/// A draft to be written.
#[derive(Debug, Clone)]
pub struct NewPolicyVersion {
    /// The version in force, which it is drafted from.
    pub base: u64,
    /// The texts, JSON.
    pub files: String,
    /// The engine's hash of them.
    pub hash: String,
    /// What is changed.
    pub summary: String,
    /// Who drafted it; absent for the console.
    pub author: Option<UserId>,
    /// From when on it is to hold, unix milliseconds; absent for at once.
    pub effective_at: Option<u64>,
}

row! {
    /// Some questions with their answers, as they are kept.
    pub struct DecisionBatch {
        /// Random.
        pub batch_id: Vec<u8>,
        /// The first question's time, unix milliseconds.
        pub from_ms: u64,
        /// The last one's.
        pub until_ms: u64,
        /// How many there are.
        pub count: u32,
        /// How many before them were not kept.
        pub dropped: u32,
        body_sealed: Vec<u8>,
    }
}

macro_rules! select_versions {
    ($rest:literal) => {
        concat!(
            "SELECT version, base, hash, summary, author, created_at, effective_at, approved_by,
                 approved_at, withdrawn_by, withdrawn_at
             FROM policies ",
            $rest
        )
    };
}

impl Tx {
    /// Writes a draft; gives its number.
    pub async fn create_policy_version(
        &mut self,
        new: &NewPolicyVersion,
        now_ms: u64,
    ) -> Result<u64, StoreError> {
        let last: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT version FROM policies ORDER BY version DESC LIMIT 1"
        )?;
        let version = last.map_or(0, |(last,)| last.unsigned_abs()) + 1;
        let made = execute!(
            self,
            "INSERT INTO policies (version, base, files, hash, summary, author, created_at,
                 effective_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            version,
            new.base,
            new.files,
            new.hash,
            new.summary,
            new.author,
            now_ms,
            new.effective_at
        )?;
        // Another node took the number between the two.
        if made == 1 {
            Ok(version)
        } else {
            Err(StoreError::Busy)
        }
    }

    /// All versions, the newest first.
    pub async fn policy_versions(&mut self) -> Result<Vec<PolicyVersion>, StoreError> {
        fetch_all!(
            self,
            PolicyVersion,
            select_versions!("ORDER BY version DESC")
        )
    }

    /// Looks a version up.
    pub async fn policy_version(
        &mut self,
        version: u64,
    ) -> Result<Option<PolicyVersion>, StoreError> {
        fetch_optional!(
            self,
            PolicyVersion,
            select_versions!("WHERE version = $1"),
            version
        )
    }

    /// The version that holds at a time; `None` for those that ship with the program. Of two that
    /// begin at the same time it is the later one.
    pub async fn policy_in_force(
        &mut self,
        now_ms: u64,
    ) -> Result<Option<PolicyVersion>, StoreError> {
        fetch_optional!(
            self,
            PolicyVersion,
            select_versions!(
                "WHERE approved_at IS NOT NULL AND withdrawn_at IS NULL AND effective_at <= $1
                 ORDER BY effective_at DESC, version DESC LIMIT 1"
            ),
            now_ms
        )
    }

    /// The first of the approved versions that wait for their date. A version that comes into force
    /// before it would be undone at that date.
    pub async fn policy_waiting(
        &mut self,
        now_ms: u64,
    ) -> Result<Option<PolicyVersion>, StoreError> {
        fetch_optional!(
            self,
            PolicyVersion,
            select_versions!(
                "WHERE approved_at IS NOT NULL AND withdrawn_at IS NULL AND effective_at > $1
                 ORDER BY effective_at, version LIMIT 1"
            ),
            now_ms
        )
    }

    /// Makes approvals wait for each other until this transaction ends, so that none is judged by what
    /// another one changes; on SQLite they always do.
    pub async fn lock_policies(&mut self) -> Result<(), StoreError> {
        self.lock_whole(AdvisoryLock::Policies).await
    }

    /// The texts of a version, JSON.
    pub async fn policy_files(&mut self, version: u64) -> Result<Option<String>, StoreError> {
        let files: Option<(String,)> = fetch_optional!(
            self,
            (String,),
            "SELECT files FROM policies WHERE version = $1",
            version
        )?;
        Ok(files.map(|(files,)| files))
    }

    /// Approves a draft, from when on it holds: at its date, or now where that is over. False where
    /// it is no draft any more, and always for its author. `by` is absent for the console.
    pub async fn approve_policy_version(
        &mut self,
        version: u64,
        by: Option<UserId>,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let approved = execute!(
            self,
            "UPDATE policies SET approved_by = $2, approved_at = $3,
                 effective_at = CASE WHEN effective_at > $3 THEN effective_at ELSE $3 END
             WHERE version = $1 AND approved_at IS NULL AND withdrawn_at IS NULL
                 AND (author IS NULL OR author <> $2)",
            version,
            by,
            now_ms
        )?;
        Ok(approved == 1)
    }

    /// Takes back every version that waits for its date.
    pub async fn withdraw_waiting_policies(&mut self, now_ms: u64) -> Result<u64, StoreError> {
        execute!(
            self,
            "UPDATE policies SET withdrawn_at = $1
             WHERE approved_at IS NOT NULL AND withdrawn_at IS NULL AND effective_at > $1",
            now_ms
        )
    }

    /// Takes a version back that does not hold yet; false where it does, or was taken back.
    pub async fn withdraw_policy_version(
        &mut self,
        version: u64,
        by: UserId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let withdrawn = execute!(
            self,
            "UPDATE policies SET withdrawn_by = $2, withdrawn_at = $3
             WHERE version = $1 AND withdrawn_at IS NULL
                 AND (approved_at IS NULL OR effective_at > $3)",
            version,
            by,
            now_ms
        )?;
        Ok(withdrawn == 1)
    }

    /// Keeps questions with their answers. `span` is the time of the first and of the last one.
    pub async fn put_decisions(
        &mut self,
        batch_id: [u8; 16],
        span: (u64, u64),
        count: u32,
        dropped: u32,
        body: &[u8],
    ) -> Result<(), StoreError> {
        let sealed = self.seal("decisions.body", &batch_id, body)?;
        execute!(
            self,
            "INSERT INTO decisions (batch_id, from_ms, until_ms, count, dropped, body_sealed)
             VALUES ($1, $2, $3, $4, $5, $6)",
            batch_id.to_vec(),
            span.0,
            span.1,
            count,
            dropped,
            sealed
        )?;
        Ok(())
    }

    /// The next batches that reach beyond a time, the oldest first; `after` is the last one seen.
    pub async fn decisions_since(
        &mut self,
        since_ms: u64,
        after: Option<&DecisionBatch>,
        limit: u32,
    ) -> Result<Vec<DecisionBatch>, StoreError> {
        // A batch is of some seconds; of an hour, should the database have been away.
        let first = since_ms.saturating_sub(LONGEST_BATCH_MS);
        let (from, id) = after.map_or((first, Vec::new()), |last| {
            (last.from_ms, last.batch_id.clone())
        });
        fetch_all!(
            self,
            DecisionBatch,
            "SELECT batch_id, from_ms, until_ms, count, dropped, body_sealed FROM decisions
             WHERE until_ms >= $1 AND from_ms >= $2 AND (from_ms > $2 OR batch_id > $3)
             ORDER BY from_ms, batch_id LIMIT $4",
            since_ms,
            from,
            id,
            limit
        )
    }

    /// What is in a batch.
    pub fn open_decisions(&self, batch: &DecisionBatch) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        self.open("decisions.body", &batch.batch_id, &batch.body_sealed)
    }

    /// Forgets what was kept before a time; gives how many batches.
    pub async fn forget_decisions(&mut self, before_ms: u64) -> Result<u64, StoreError> {
        execute!(self, "DELETE FROM decisions WHERE until_ms < $1", before_ms)
    }
}

/// How far apart the first and the last question of a batch may be, milliseconds.
const LONGEST_BATCH_MS: u64 = 60 * 60 * 1000;
