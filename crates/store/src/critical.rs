//! Critical results and alarms that a role is to be told of: gathered, then waiting for a bot, handed to one,
//! posted.
//!
//! Whoever gathers and calls holds [`Tx::lock_hl7`]. A call is handed to one device for a while
//! ([`Tx::hand_critical`]); a device that does not come to post it leaves it to others.

use wardline_model::{CriticalId, DeviceId, GroupId, Phi, RoleSlug};

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_one, fetch_optional, row};
use crate::store::Tx;

/// A result or an alarm that is to be told.
#[derive(Clone)]
pub struct NewSignal<'a> {
    /// Names it, and the call that it may become.
    pub call_id: CriticalId,
    /// Who is told.
    pub role: &'a RoleSlug,
    /// Whose pages are counted together.
    pub target: &'a str,
    /// What is told together, keyed.
    pub subject: &'a str,
    /// The result or alarm, keyed.
    pub thing: &'a str,
    /// What is told.
    pub body: &'a [u8],
}

/// One that is gathered.
#[derive(Clone)]
pub struct GatheredRow {
    /// Its name.
    pub call_id: CriticalId,
    /// Who is told.
    pub role: RoleSlug,
    /// What is told.
    pub body: Phi<Vec<u8>>,
}

/// One that waits for a bot, or is handed to one.
#[derive(Clone)]
pub struct CriticalRow {
    /// Its name.
    pub call_id: CriticalId,
    /// Who is told.
    pub role: RoleSlug,
    /// What is told.
    pub body: Phi<Vec<u8>>,
    /// Since when it waits, unix milliseconds.
    pub due_at: u64,
}

/// What became of the word that one was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It is noted now.
    Now,
    /// It was noted before.
    Before,
}

row! {
    /// How the calls do.
    pub struct CriticalStanding {
        /// That wait for a bot, or are handed to one.
        pub waiting: u64,
        /// Of those, the ones that are due since before a time.
        pub late: u64,
        /// Since when the oldest is due, unix milliseconds.
        pub oldest_at: Option<u64>,
    }
}

row! {
    struct RawGathered {
        call_id: CriticalId,
        role: RoleSlug,
        body_sealed: Vec<u8>,
    }
}

row! {
    struct RawWaiting {
        call_id: CriticalId,
        role: RoleSlug,
        body_sealed: Vec<u8>,
        due_at: u64,
    }
}

row! {
    struct Said {
        said: String,
    }
}

row! {
    struct Subject {
        target: String,
        subject: String,
    }
}

row! {
    struct State {
        state: String,
    }
}

row! {
    struct Late {
        call_id: CriticalId,
        role: RoleSlug,
    }
}

row! {
    struct Role {
        role: RoleSlug,
    }
}

row! {
    struct At {
        at: Option<u64>,
    }
}

row! {
    struct Number {
        number: u64,
    }
}

impl Tx {
    /// Notes what is said of a result or alarm; false where the same was said before.
    pub async fn say_critical(
        &mut self,
        thing: &str,
        said: &str,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let noted = execute!(
            self,
            "INSERT INTO critical_said (thing, said, at) VALUES ($1, $2, $3)
             ON CONFLICT (thing) DO UPDATE SET said = excluded.said, at = excluded.at
                 WHERE critical_said.said <> excluded.said",
            thing,
            said,
            now_ms
        )?;
        Ok(noted == 1)
    }

    /// What was said last of a result or alarm.
    pub async fn critical_said(&mut self, thing: &str) -> Result<Option<String>, StoreError> {
        let row = fetch_optional!(
            self,
            Said,
            "SELECT said FROM critical_said WHERE thing = $1",
            thing
        )?;
        Ok(row.map(|row| row.said))
    }

    /// A result or alarm is over: whatever comes of it next is told again. False where nothing was said.
    pub async fn unsay_critical(&mut self, thing: &str) -> Result<bool, StoreError> {
        let gone = execute!(self, "DELETE FROM critical_said WHERE thing = $1", thing)?;
        Ok(gone == 1)
    }

    /// Gathers a result or alarm.
    pub async fn gather_critical(
        &mut self,
        signal: &NewSignal<'_>,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let sealed = self.seal(BODY, signal.call_id.as_bytes(), signal.body)?;
        execute!(
            self,
            "INSERT INTO critical_calls (call_id, role, target, subject, thing, body_sealed, signals,
                 state, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, 1, 'gathering', $7)",
            signal.call_id,
            signal.role,
            signal.target,
            signal.subject,
            signal.thing,
            sealed,
            now_ms
        )?;
        Ok(())
    }

    /// Withdraws a result or alarm that nobody was told of; gives the targets and subjects that it was
    /// gathered under.
    pub async fn withdraw_gathered(
        &mut self,
        thing: &str,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let rows = fetch_all!(
            self,
            Subject,
            "DELETE FROM critical_calls WHERE thing = $1 AND state = 'gathering'
             RETURNING target, subject",
            thing
        )?;
        let rows = rows.into_iter();
        Ok(rows.map(|row| (row.target, row.subject)).collect())
    }

    /// How many are gathered about a subject.
    pub async fn count_gathered(&mut self, target: &str, subject: &str) -> Result<u64, StoreError> {
        let row: Number = fetch_one!(
            self,
            Number,
            "SELECT COUNT(*) AS number FROM critical_calls
             WHERE target = $1 AND subject = $2 AND state = 'gathering'",
            target,
            subject
        )?;
        Ok(row.number)
    }

    /// Targets and subjects of which something is gathered.
    pub async fn gathered_subjects(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = fetch_all!(
            self,
            Subject,
            "SELECT DISTINCT target, subject FROM critical_calls WHERE state = 'gathering'
             ORDER BY target, subject"
        )?;
        let rows = rows.into_iter();
        Ok(rows.map(|row| (row.target, row.subject)).collect())
    }

    /// What is gathered about a subject, the newest first.
    pub async fn gathered(
        &mut self,
        target: &str,
        subject: &str,
        limit: u32,
    ) -> Result<Vec<GatheredRow>, StoreError> {
        let rows = fetch_all!(
            self,
            RawGathered,
            "SELECT call_id, role, body_sealed FROM critical_calls
             WHERE target = $1 AND subject = $2 AND state = 'gathering'
             ORDER BY created_at DESC, call_id LIMIT $3",
            target,
            subject,
            limit
        )?;
        rows.into_iter()
            .map(|raw| {
                let body = self.open(BODY, raw.call_id.as_bytes(), &raw.body_sealed)?;
                Ok(GatheredRow {
                    call_id: raw.call_id,
                    role: raw.role,
                    body: Phi::new(body.to_vec()),
                })
            })
            .collect()
    }

    /// What was gathered about a subject is told by another row from now on.
    pub async fn drop_gathered(
        &mut self,
        target: &str,
        subject: &str,
        but: CriticalId,
    ) -> Result<u64, StoreError> {
        execute!(
            self,
            "DELETE FROM critical_calls WHERE target = $1 AND subject = $2
                 AND state = 'gathering' AND call_id <> $3",
            target,
            subject,
            but
        )
    }

    /// One that was gathered waits for a bot from now on, for as many as are told by it.
    pub async fn call_critical(
        &mut self,
        id: CriticalId,
        body: &[u8],
        signals: u64,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let sealed = self.seal(BODY, id.as_bytes(), body)?;
        execute!(
            self,
            "UPDATE critical_calls SET state = 'waiting', thing = NULL, body_sealed = $2,
                 signals = $3, due_at = $4
             WHERE call_id = $1 AND state = 'gathering'",
            id,
            sealed,
            signals,
            now_ms
        )?;
        Ok(())
    }

    /// Whether anything is gathered that nobody was called for yet.
    pub async fn is_anything_gathered(&mut self) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT signals FROM critical_calls WHERE state = 'gathering' LIMIT 1"
        )?;
        Ok(row.is_some())
    }

    /// Those of a role, or of any, that a device may be handed, the longest due first: that nobody has, that it has itself, or
    /// that another one had for long enough.
    pub async fn critical_for(
        &mut self,
        device: DeviceId,
        role: Option<&str>,
        limit: u32,
        now_ms: u64,
    ) -> Result<Vec<CriticalRow>, StoreError> {
        let role = role.unwrap_or_default();
        let rows = fetch_all!(
            self,
            RawWaiting,
            "SELECT call_id, role, body_sealed, due_at FROM critical_calls
             WHERE state IN ('waiting', 'handed')
                 AND (state = 'waiting' OR handed_to = $1 OR handed_until <= $2)
                 AND ($4 = '' OR role = $4)
             ORDER BY due_at, call_id LIMIT $3",
            device,
            now_ms,
            limit,
            role
        )?;
        self.open_critical(rows)
    }

    /// Those that a device has now.
    pub async fn critical_handed_to(
        &mut self,
        device: DeviceId,
        now_ms: u64,
    ) -> Result<Vec<CriticalRow>, StoreError> {
        let rows = fetch_all!(
            self,
            RawWaiting,
            "SELECT call_id, role, body_sealed, due_at FROM critical_calls
             WHERE state = 'handed' AND handed_to = $1 AND handed_until > $2
             ORDER BY due_at, call_id",
            device,
            now_ms
        )?;
        self.open_critical(rows)
    }

    fn open_critical(&self, rows: Vec<RawWaiting>) -> Result<Vec<CriticalRow>, StoreError> {
        rows.into_iter()
            .map(|raw| {
                let body = self.open(BODY, raw.call_id.as_bytes(), &raw.body_sealed)?;
                Ok(CriticalRow {
                    call_id: raw.call_id,
                    role: raw.role,
                    body: Phi::new(body.to_vec()),
                    due_at: raw.due_at,
                })
            })
            .collect()
    }

    /// Hands one to a device until a time; false where another one has it, or it was posted.
    pub async fn hand_critical(
        &mut self,
        id: CriticalId,
        device: DeviceId,
        until_ms: u64,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let handed = execute!(
            self,
            "UPDATE critical_calls SET state = 'handed', handed_to = $2, handed_until = $3
             WHERE call_id = $1 AND state IN ('waiting', 'handed')
                 AND (state = 'waiting' OR handed_to = $2 OR handed_until <= $4)",
            id,
            device,
            until_ms,
            now_ms
        )?;
        Ok(handed == 1)
    }

    /// One that waits, or is handed to somebody.
    pub async fn critical_call(
        &mut self,
        id: CriticalId,
    ) -> Result<Option<CriticalRow>, StoreError> {
        let row = fetch_optional!(
            self,
            RawWaiting,
            "SELECT call_id, role, body_sealed, due_at FROM critical_calls
             WHERE call_id = $1 AND state IN ('waiting', 'handed')",
            id
        )?;
        let found = self.open_critical(row.into_iter().collect())?;
        Ok(found.into_iter().next())
    }

    /// Notes by which message one was posted; what it says goes. `None` where there is no such.
    pub async fn critical_posted(
        &mut self,
        id: CriticalId,
        group: GroupId,
        seq: u64,
        now_ms: u64,
    ) -> Result<Option<Posted>, StoreError> {
        let posted = execute!(
            self,
            "UPDATE critical_calls SET state = 'posted', body_sealed = NULL, group_id = $2,
                 seq = $3, ended_at = $4
             WHERE call_id = $1 AND state IN ('waiting', 'handed')",
            id,
            group,
            seq,
            now_ms
        )?;
        if posted == 1 {
            return Ok(Some(Posted::Now));
        }
        let row = fetch_optional!(
            self,
            State,
            "SELECT state FROM critical_calls WHERE call_id = $1 AND state = 'posted'",
            id
        )?;
        Ok(row.map(|_| Posted::Before))
    }

    /// How the calls do; late are those that are due since before a time.
    pub async fn critical_standing(
        &mut self,
        before_ms: u64,
    ) -> Result<CriticalStanding, StoreError> {
        fetch_one!(
            self,
            CriticalStanding,
            "SELECT COUNT(*) AS waiting, COUNT(CASE WHEN due_at <= $1 THEN 1 END) AS late,
                 MIN(due_at) AS oldest_at
             FROM critical_calls WHERE state IN ('waiting', 'handed')",
            before_ms
        )
    }

    /// When one was posted last, unix milliseconds.
    pub async fn critical_posted_at(&mut self) -> Result<Option<u64>, StoreError> {
        let row: At = fetch_one!(
            self,
            At,
            "SELECT MAX(ended_at) AS at FROM critical_calls WHERE state = 'posted'"
        )?;
        Ok(row.at)
    }

    /// Roles that are due to be told since before a time.
    pub async fn late_critical_roles(
        &mut self,
        before_ms: u64,
    ) -> Result<Vec<RoleSlug>, StoreError> {
        let rows = fetch_all!(
            self,
            Role,
            "SELECT DISTINCT role FROM critical_calls
             WHERE state IN ('waiting', 'handed') AND due_at <= $1 ORDER BY role",
            before_ms
        )?;
        Ok(rows.into_iter().map(|row| row.role).collect())
    }

    /// Notes which ones are due since before a time, each once.
    pub async fn note_late_critical(
        &mut self,
        before_ms: u64,
        now_ms: u64,
    ) -> Result<Vec<(CriticalId, RoleSlug)>, StoreError> {
        let rows = fetch_all!(
            self,
            Late,
            "UPDATE critical_calls SET late_at = $2
             WHERE state IN ('waiting', 'handed') AND due_at <= $1 AND late_at IS NULL
             RETURNING call_id, role",
            before_ms,
            now_ms
        )?;
        Ok(rows
            .into_iter()
            .map(|row| (row.call_id, row.role))
            .collect())
    }

    /// Forgets calls that were posted, and what was said, before a time, some at once; gives how many.
    pub async fn forget_critical(
        &mut self,
        posted_before_ms: u64,
        said_before_ms: u64,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let calls = execute!(
            self,
            "DELETE FROM critical_calls WHERE call_id IN
                 (SELECT call_id FROM critical_calls WHERE state = 'posted' AND ended_at < $1
                      LIMIT $2)",
            posted_before_ms,
            limit
        )?;
        let said = execute!(
            self,
            "DELETE FROM critical_said WHERE thing IN
                 (SELECT thing FROM critical_said WHERE at < $1 LIMIT $2)",
            said_before_ms,
            limit
        )?;
        Ok(calls + said)
    }

    /// How much each role was paged, as it was kept last.
    pub async fn critical_flood(&mut self) -> Result<Option<String>, StoreError> {
        let row = fetch_optional!(
            self,
            State,
            "SELECT state FROM critical_flood WHERE name = 1"
        )?;
        Ok(row.map(|row| row.state))
    }

    /// Keeps how much each role was paged.
    pub async fn keep_critical_flood(&mut self, state: &str) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO critical_flood (name, state) VALUES (1, $1)
             ON CONFLICT (name) DO UPDATE SET state = excluded.state",
            state
        )?;
        Ok(())
    }
}

const BODY: &str = "critical_calls.body";
