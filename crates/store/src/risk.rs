//! What the model of risk knows of people, and how unusual their sign-ins were.

use wardline_model::{DeviceId, SessionId, UserId};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_one, fetch_optional, row};
use crate::store::Tx;

row! {
    /// How unusual a sign-in was.
    pub struct RiskEvent {
        /// The session that began with it.
        pub session_id: SessionId,
        /// Whose.
        pub user_id: UserId,
        /// On which device.
        pub device_id: DeviceId,
        /// The device's name.
        pub device_name: String,
        /// When it was weighed last, unix milliseconds.
        pub at: u64,
        /// 0 to 100.
        pub risk: u32,
        /// What is opened raises it from here: as it was weighed, or 0 from a proof on.
        pub base: u32,
        /// The names of what was unusual, a JSON array.
        pub reasons: String,
        /// When a second factor confirmed it, unix milliseconds.
        pub confirmed_at: Option<u64>,
        /// What its person or an officer said: 1 where it was the person.
        pub was_me: Option<u32>,
        /// When they said so, unix milliseconds.
        pub answered_at: Option<u64>,
    }
}

row! {
    /// A sign-in, as far as it is told whom the thresholds ask.
    pub struct WeighedSignIn {
        /// Whose.
        pub user_id: UserId,
        /// Their role, as shown.
        pub role: String,
        /// Where they work.
        pub facility: String,
        /// When, unix milliseconds.
        pub at: u64,
        /// When a rule about risk asked for more first, unix milliseconds.
        pub asked_at: Option<u64>,
        /// When one refused, unix milliseconds.
        pub refused_at: Option<u64>,
        /// When it was first proven, or said, that it was the person, unix milliseconds.
        pub proven_at: Option<u64>,
        /// What its person or an officer said: 1 where it was the person.
        pub was_me: Option<u32>,
    }
}

row! {
    /// Somebody's planned turn.
    pub struct Turn {
        /// Whose.
        pub user_id: UserId,
        /// Its begin, unix milliseconds.
        pub from_ms: u64,
        /// Its end, unix milliseconds.
        pub until_ms: u64,
        /// Whether it is a shift in the house; else one on call.
        pub on_site: bool,
    }
}

row! {
    /// A planned turn.
    pub struct PlannedShift {
        /// Its begin, unix milliseconds.
        pub from_ms: u64,
        /// Its end, unix milliseconds.
        pub until_ms: u64,
        /// Whether it is a shift in the house; else one on call.
        pub on_site: bool,
    }
}

row! {
    /// What a rule about risk asked in a session.
    pub struct RiskAsked {
        /// When one asked for more first, unix milliseconds.
        pub asked_at: Option<u64>,
        /// When one refused, unix milliseconds.
        pub refused_at: Option<u64>,
        /// The names of the rules, a JSON array.
        pub asked_by: String,
    }
}

row! {
    /// In how many sessions the same rules asked.
    pub struct RiskAskedCount {
        /// Their names, a JSON array.
        pub asked_by: String,
        /// How many.
        pub sessions: u64,
    }
}

/// How unusual sessions stand that wait for an officer: another mark, another list.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct RiskMark((i64, i64));

/// A sign-in that was weighed.
#[derive(Debug, Clone)]
pub struct NewRiskEvent {
    /// The session that begins with it.
    pub session_id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// On which device.
    pub device_id: DeviceId,
    /// When, unix milliseconds.
    pub at: u64,
    /// 0 to 100.
    pub risk: u32,
    /// See [`RiskEvent::base`].
    pub base: u32,
    /// The names of what is unusual, a JSON array.
    pub reasons: String,
    /// What was seen of it; stored sealed.
    pub seen: Zeroizing<Vec<u8>>,
}

macro_rules! select_events {
    ($where:literal) => {
        concat!(
            "SELECT e.session_id, e.user_id, e.device_id, d.name AS device_name, e.at, e.risk,
                 e.base, e.reasons, e.confirmed_at, e.was_me, e.answered_at
             FROM risk_events e JOIN devices d ON d.device_id = e.device_id ",
            $where
        )
    };
}

impl Tx {
    /// What the model knows of a person.
    pub async fn risk_of(
        &mut self,
        user: UserId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT state_sealed FROM risk_people WHERE user_id = $1",
            user
        )?;
        sealed
            .map(|(sealed,)| self.open("risk_people.state", user.as_bytes(), &sealed))
            .transpose()
    }

    /// Writes what the model knows of a person.
    pub async fn put_risk_of(
        &mut self,
        user: UserId,
        state: &[u8],
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let sealed = self.seal("risk_people.state", user.as_bytes(), state)?;
        execute!(
            self,
            "INSERT INTO risk_people (user_id, state_sealed, seen_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET
                 state_sealed = excluded.state_sealed, seen_at = excluded.seen_at",
            user,
            sealed,
            now_ms
        )?;
        Ok(())
    }

    /// A person's shifts and turns on call from two months before to a week after a moment, and their
    /// first shift ever: from it on the plan has them, however long their leave.
    pub async fn shifts_around(
        &mut self,
        user: UserId,
        at_ms: u64,
    ) -> Result<Vec<PlannedShift>, StoreError> {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        fetch_all!(
            self,
            PlannedShift,
            "SELECT from_ms, until_ms, CAST(1 AS BIGINT) AS on_site FROM shifts
             WHERE user_id = $1 AND ((from_ms >= $2 AND from_ms <= $3)
                 OR from_ms = (SELECT MIN(f.from_ms) FROM shifts f WHERE f.user_id = $1))
             UNION ALL
             SELECT from_ms, until_ms, CAST(0 AS BIGINT) AS on_site FROM oncall_turns
             WHERE user_id = $1 AND from_ms >= $2 AND from_ms <= $3
             ORDER BY from_ms, on_site",
            user,
            at_ms.saturating_sub(60 * DAY_MS),
            at_ms.saturating_add(7 * DAY_MS)
        )
    }

    /// The end of the last shift of all, unix milliseconds; 0 where nobody has one.
    pub async fn roster_ends_at(&mut self) -> Result<u64, StoreError> {
        let (end,): (i64,) = fetch_one!(
            self,
            (i64,),
            "SELECT COALESCE(MAX(until_ms), 0) FROM shifts"
        )?;
        Ok(end.unsigned_abs())
    }

    /// Writes how unusual a sign-in is. What was answered about it before is open again; what was asked
    /// stays.
    pub async fn create_risk_event(&mut self, new: &NewRiskEvent) -> Result<(), StoreError> {
        let sealed = self.seal("risk_events.seen", new.session_id.as_bytes(), &new.seen)?;
        execute!(
            self,
            "INSERT INTO risk_events (session_id, user_id, device_id, at, risk, base, reasons,
                 seen_sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (session_id) DO UPDATE SET at = excluded.at, risk = excluded.risk,
                 base = excluded.base, reasons = excluded.reasons, seen_sealed = excluded.seen_sealed,
                 confirmed_at = NULL, was_me = NULL, answered_at = NULL, answered_by = NULL",
            new.session_id,
            new.user_id,
            new.device_id,
            new.at,
            new.risk,
            new.base,
            new.reasons,
            sealed
        )?;
        Ok(())
    }

    /// Notes that a session became more unusual by what is done in it, and why: the names of all that is
    /// unusual, a JSON array. Whatever was proven or said before was said of less, so it is open again.
    /// False where it was not weighed, or is ended because it was not the person.
    pub async fn raise_risk_event(
        &mut self,
        session: SessionId,
        risk: u32,
        reasons: &str,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let raised = execute!(
            self,
            "UPDATE risk_events SET at = $4, risk = $2, reasons = $3, confirmed_at = NULL,
                 was_me = NULL, answered_at = NULL, answered_by = NULL
             WHERE session_id = $1 AND (was_me IS NULL OR was_me = 1)",
            session,
            risk,
            reasons,
            now_ms
        )?;
        Ok(raised == 1)
    }

    /// What rules about risk asked in a session; `None` where it was not weighed.
    pub async fn risk_asked(
        &mut self,
        session: SessionId,
    ) -> Result<Option<RiskAsked>, StoreError> {
        fetch_optional!(
            self,
            RiskAsked,
            "SELECT asked_at, refused_at, asked_by FROM risk_events WHERE session_id = $1",
            session
        )
    }

    /// Notes what rules about risk asked in a session.
    pub async fn note_risk_asked(
        &mut self,
        session: SessionId,
        asked: &RiskAsked,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE risk_events SET asked_at = $2, refused_at = $3, asked_by = $4
             WHERE session_id = $1",
            session,
            asked.asked_at,
            asked.refused_at,
            asked.asked_by
        )?;
        Ok(())
    }

    /// How many sessions at least so unusual nobody has cleared or disowned.
    pub async fn risk_waiting(&mut self, least: u32) -> Result<u64, StoreError> {
        let (waiting,): (i64,) = fetch_one!(
            self,
            (i64,),
            "SELECT COUNT(*) FROM risk_events
             WHERE risk >= $1 AND confirmed_at IS NULL AND was_me IS NULL",
            least
        )?;
        Ok(waiting.unsigned_abs())
    }

    /// How they stand, for comparison.
    pub async fn risk_mark(&mut self, least: u32) -> Result<RiskMark, StoreError> {
        let mark: (i64, i64) = fetch_one!(
            self,
            (i64, i64),
            "SELECT COUNT(*), COALESCE(MAX(at), 0) FROM risk_events
             WHERE risk >= $1 AND confirmed_at IS NULL AND was_me IS NULL",
            least
        )?;
        Ok(RiskMark(mark))
    }

    /// What was seen of a session when it was weighed last.
    pub async fn seen_of(
        &mut self,
        session: SessionId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT seen_sealed FROM risk_events WHERE session_id = $1",
            session
        )?;
        sealed
            .map(|(sealed,)| self.open("risk_events.seen", session.as_bytes(), &sealed))
            .transpose()
    }

    /// How unusual a session was.
    pub async fn risk_event(
        &mut self,
        session: SessionId,
    ) -> Result<Option<RiskEvent>, StoreError> {
        fetch_optional!(
            self,
            RiskEvent,
            select_events!("WHERE e.session_id = $1"),
            session
        )
    }

    /// What the model knows of what a person opens.
    pub async fn openings_of(
        &mut self,
        user: UserId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT state_sealed FROM risk_openings WHERE user_id = $1",
            user
        )?;
        sealed
            .map(|(sealed,)| self.open("risk_openings.state", user.as_bytes(), &sealed))
            .transpose()
    }

    /// Writes what the model knows of what a person opens.
    pub async fn put_openings_of(
        &mut self,
        user: UserId,
        state: &[u8],
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let sealed = self.seal("risk_openings.state", user.as_bytes(), state)?;
        execute!(
            self,
            "INSERT INTO risk_openings (user_id, state_sealed, seen_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET
                 state_sealed = excluded.state_sealed, seen_at = excluded.seen_at",
            user,
            sealed,
            now_ms
        )?;
        Ok(())
    }

    /// Everyone's sign-ins since a time.
    pub async fn weighed_since(&mut self, since_ms: u64) -> Result<Vec<WeighedSignIn>, StoreError> {
        fetch_all!(
            self,
            WeighedSignIn,
            "SELECT e.user_id, u.role_title AS role, f.name AS facility, e.at,
                 e.asked_at, e.refused_at, e.proven_at, e.was_me
             FROM risk_events e JOIN users u ON u.user_id = e.user_id
                 JOIN facilities f ON f.facility_id = u.facility_id
             WHERE e.at >= $1",
            since_ms
        )
    }

    /// What rules about risk asked in sessions since a time: each list of their names, and how often it is.
    pub async fn risk_asked_since(
        &mut self,
        since_ms: u64,
    ) -> Result<Vec<RiskAskedCount>, StoreError> {
        fetch_all!(
            self,
            RiskAskedCount,
            "SELECT asked_by, COUNT(*) AS sessions FROM risk_events WHERE at >= $1
             GROUP BY asked_by ORDER BY asked_by",
            since_ms
        )
    }

    /// Everyone's shifts and turns on call that end after a time.
    pub async fn turns_since(&mut self, since_ms: u64) -> Result<Vec<Turn>, StoreError> {
        fetch_all!(
            self,
            Turn,
            "SELECT user_id, from_ms, until_ms, CAST(1 AS BIGINT) AS on_site FROM shifts
             WHERE until_ms >= $1
             UNION ALL
             SELECT user_id, from_ms, until_ms, CAST(0 AS BIGINT) AS on_site FROM oncall_turns
             WHERE until_ms >= $1",
            since_ms
        )
    }

    /// Forgets how unusual sign-ins before a time were; gives how many.
    pub async fn forget_risk_events(&mut self, before_ms: u64) -> Result<u64, StoreError> {
        execute!(self, "DELETE FROM risk_events WHERE at < $1", before_ms)
    }

    /// A person's sign-ins, the newest first, fifty at most.
    pub async fn risk_events_of(&mut self, user: UserId) -> Result<Vec<RiskEvent>, StoreError> {
        fetch_all!(
            self,
            RiskEvent,
            select_events!("WHERE e.user_id = $1 ORDER BY e.at DESC, e.session_id LIMIT 50"),
            user
        )
    }

    /// Everyone's sign-ins that were at least so unusual, two hundred at most: those at `deny` or above of
    /// which nobody has said whose they are, then the others, each the newest first.
    pub async fn risk_events(
        &mut self,
        least: u32,
        deny: u32,
    ) -> Result<Vec<RiskEvent>, StoreError> {
        fetch_all!(
            self,
            RiskEvent,
            select_events!(
                "WHERE e.risk >= $1
                 ORDER BY CASE WHEN e.risk >= $2 AND e.confirmed_at IS NULL AND e.was_me IS NULL
                     THEN 0 ELSE 1 END, e.at DESC, e.session_id LIMIT 200"
            ),
            least,
            deny
        )
    }

    /// Notes that a second factor confirmed a session; false where it was confirmed before, or was
    /// not weighed.
    pub async fn confirm_risk_event(
        &mut self,
        session: SessionId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE risk_events SET confirmed_at = $2, base = 0, proven_at = COALESCE(proven_at, $2)
             WHERE session_id = $1 AND confirmed_at IS NULL AND was_me IS NULL",
            session,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// Notes what somebody says of a session; false where somebody has said it before.
    pub async fn answer_risk_event(
        &mut self,
        session: SessionId,
        was_me: bool,
        by: UserId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE risk_events SET was_me = $2, answered_at = $3, answered_by = $4,
                 base = CASE WHEN $2 = 1 THEN 0 ELSE base END,
                 proven_at = CASE WHEN $2 = 1 THEN COALESCE(proven_at, $3) ELSE proven_at END
             WHERE session_id = $1 AND was_me IS NULL",
            session,
            u64::from(was_me),
            now_ms,
            by
        )?;
        Ok(changed == 1)
    }
}
