//! When messages ring for people: what they chose, how they stand, and what waits.
//!
//! When something rings is for `wardline_roster` to say; here is what it is asked about. What waits is
//! judged anew when its time has come, when its person is on duty, and when they change their mind.

use wardline_model::wire::messages::Priority;
use wardline_model::{DeviceId, GroupId, UserId};

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

row! {
    /// What a person chose.
    pub struct QuietChoice {
        /// `hospital`, `at_once`, `every` or `breaks`.
        pub batch: String,
        /// For `every`.
        pub minutes: u16,
        /// For `breaks`: minutes since midnight, with commas.
        pub breaks: String,
        /// For `breaks`: the time zone's name.
        pub zone: String,
        /// `nothing`, `routine` or `urgent`; `None` for what the hospital says.
        pub off_duty: Option<String>,
    }
}

row! {
    /// How a person stands at a moment.
    pub struct Manner {
        /// Until when they are not to be disturbed, unix milliseconds.
        pub quiet_until: Option<u64>,
        /// Whether a shift or a turn of theirs is now.
        pub on_duty: bool,
        /// Whether one is within two weeks of now: whoever has none is in no roster.
        pub in_roster: bool,
        /// When their next shift begins, unix milliseconds.
        pub next_shift: Option<u64>,
        /// When their next turn begins, unix milliseconds.
        pub next_turn: Option<u64>,
    }
}

impl Manner {
    /// When their next shift or turn begins, unix milliseconds.
    pub fn next_duty(&self) -> Option<u64> {
        self.next_shift.into_iter().chain(self.next_turn).min()
    }
}

row! {
    /// Messages of a conversation that do not ring yet.
    pub struct HeldRing {
        /// The conversation.
        pub group_id: GroupId,
        /// How urgent they are.
        pub priority: Priority,
        /// The place of the newest.
        pub seq: u64,
        /// Since when the first waits, unix milliseconds.
        pub held_at: u64,
        /// When they are judged anew, unix milliseconds.
        pub due_at: Option<u64>,
        /// Whether a device of the person has the newest.
        pub is_delivered: bool,
    }
}

/// The columns of a [`Manner`] for a person's column: now is `$1`, the end of the time in which whoever is
/// in a roster has something `$2`, its beginning `$3`.
macro_rules! manner_columns {
    ($user:literal) => {
        concat!(
            "(SELECT q.until_ms FROM quiet_people q WHERE q.user_id = ",
            $user,
            " AND q.until_ms > $1) AS quiet_until,
             CAST(CASE WHEN EXISTS (SELECT 1 FROM shifts s WHERE s.user_id = ",
            $user,
            " AND s.from_ms <= $1 AND s.until_ms > $1)
                 OR EXISTS (SELECT 1 FROM oncall_turns t WHERE t.user_id = ",
            $user,
            " AND t.from_ms <= $1 AND t.until_ms > $1)
                 THEN 1 ELSE 0 END AS BIGINT) AS on_duty,
             CAST(CASE WHEN EXISTS (SELECT 1 FROM shifts s WHERE s.user_id = ",
            $user,
            " AND s.from_ms <= $2 AND s.until_ms > $3)
                 OR EXISTS (SELECT 1 FROM oncall_turns t WHERE t.user_id = ",
            $user,
            " AND t.from_ms <= $2 AND t.until_ms > $3)
                 THEN 1 ELSE 0 END AS BIGINT) AS in_roster,
             (SELECT MIN(s.from_ms) FROM shifts s WHERE s.user_id = ",
            $user,
            " AND s.from_ms > $1) AS next_shift,
             (SELECT MIN(t.from_ms) FROM oncall_turns t WHERE t.user_id = ",
            $user,
            " AND t.from_ms > $1) AS next_turn"
        )
    };
}

pub(crate) use manner_columns;

row! {
    struct Person {
        user_id: UserId,
    }
}

row! {
    struct Asleep {
        device_id: DeviceId,
        is_open: bool,
    }
}

impl Tx {
    /// What a person chose; `None` where they chose nothing.
    pub async fn quiet_choice(&mut self, user: UserId) -> Result<Option<QuietChoice>, StoreError> {
        fetch_optional!(
            self,
            QuietChoice,
            "SELECT batch, minutes, breaks, zone, off_duty FROM quiet_choices WHERE user_id = $1",
            user
        )
    }

    /// Notes what a person chose.
    pub async fn put_quiet_choice(
        &mut self,
        user: UserId,
        choice: &QuietChoice,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO quiet_choices (user_id, batch, minutes, breaks, zone, off_duty, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (user_id) DO UPDATE SET batch = excluded.batch,
                 minutes = excluded.minutes, breaks = excluded.breaks, zone = excluded.zone,
                 off_duty = excluded.off_duty, changed_at = excluded.changed_at",
            user,
            choice.batch,
            choice.minutes,
            choice.breaks,
            choice.zone,
            choice.off_duty,
            now_ms
        )?;
        Ok(())
    }

    /// How a person stands now; `None` for somebody unknown.
    pub async fn manner(
        &mut self,
        user: UserId,
        now_ms: u64,
    ) -> Result<Option<Manner>, StoreError> {
        fetch_optional!(
            self,
            Manner,
            concat!(
                "SELECT ",
                manner_columns!("u.user_id"),
                " FROM users u WHERE u.user_id = $4"
            ),
            now_ms,
            now_ms.saturating_add(ROSTER_MS),
            now_ms.saturating_sub(ROSTER_MS),
            user
        )
    }

    /// Has a message wait: it is judged anew at `due_ms`, or once its person is on duty.
    pub async fn hold_ring(
        &mut self,
        user: UserId,
        held: &HeldRing,
        for_duty: bool,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO held_rings (user_id, group_id, priority, seq, held_at, due_at, for_duty)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (user_id, group_id, priority) DO UPDATE SET
                 seq = CASE WHEN excluded.seq > held_rings.seq THEN excluded.seq
                     ELSE held_rings.seq END,
                 held_at = CASE WHEN excluded.held_at < held_rings.held_at THEN excluded.held_at
                     ELSE held_rings.held_at END,
                 due_at = CASE WHEN held_rings.due_at IS NULL
                         OR excluded.due_at < held_rings.due_at THEN excluded.due_at
                     ELSE held_rings.due_at END,
                 for_duty = excluded.for_duty",
            user,
            held.group_id,
            held.priority,
            held.seq,
            held.held_at,
            held.due_at,
            for_duty
        )?;
        Ok(())
    }

    /// People for whom something waits that is to be judged anew, because its time has come.
    pub async fn people_with_due_rings(
        &mut self,
        now_ms: u64,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let people: Vec<Person> = fetch_all!(
            self,
            Person,
            "SELECT DISTINCT user_id FROM held_rings WHERE due_at <= $1 ORDER BY user_id LIMIT $2",
            now_ms,
            limit
        )?;
        Ok(people.into_iter().map(|row| row.user_id).collect())
    }

    /// People who are on duty now, and for whom something waits until they are.
    pub async fn people_back_on_duty(
        &mut self,
        now_ms: u64,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let people: Vec<Person> = fetch_all!(
            self,
            Person,
            "SELECT DISTINCT h.user_id FROM held_rings h WHERE h.for_duty = 1
                 AND (EXISTS (SELECT 1 FROM shifts s WHERE s.user_id = h.user_id
                         AND s.from_ms <= $1 AND s.until_ms > $1)
                     OR EXISTS (SELECT 1 FROM oncall_turns t WHERE t.user_id = h.user_id
                         AND t.from_ms <= $1 AND t.until_ms > $1))
             ORDER BY h.user_id LIMIT $2",
            now_ms,
            limit
        )?;
        Ok(people.into_iter().map(|row| row.user_id).collect())
    }

    /// What waits for a person, but for what they have read; that is let go, like conversations that
    /// they have left.
    pub async fn held_rings(&mut self, user: UserId) -> Result<Vec<HeldRing>, StoreError> {
        execute!(
            self,
            "DELETE FROM held_rings WHERE user_id = $1
                 AND (EXISTS (SELECT 1 FROM receipts r WHERE r.group_id = held_rings.group_id
                         AND r.user_id = $1 AND r.read >= held_rings.seq)
                     OR NOT EXISTS (SELECT 1 FROM group_devices m
                         WHERE m.group_id = held_rings.group_id AND m.user_id = $1))",
            user
        )?;
        self.waiting_rings(user).await
    }

    /// The same without letting go of anything: for reading.
    pub async fn waiting_rings(&mut self, user: UserId) -> Result<Vec<HeldRing>, StoreError> {
        fetch_all!(
            self,
            HeldRing,
            "SELECT h.group_id, h.priority, h.seq, h.held_at, h.due_at,
                 CAST(CASE WHEN r.delivered >= h.seq THEN 1 ELSE 0 END AS BIGINT) AS is_delivered
             FROM held_rings h LEFT JOIN receipts r ON r.group_id = h.group_id
                 AND r.user_id = h.user_id
             WHERE h.user_id = $1 AND COALESCE(r.read, 0) < h.seq
             ORDER BY h.group_id, h.priority",
            user
        )
    }

    /// Puts off when something that waits is judged anew.
    pub async fn put_off_ring(
        &mut self,
        user: UserId,
        held: &HeldRing,
        due_ms: Option<u64>,
        for_duty: bool,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE held_rings SET due_at = $4, for_duty = $5
             WHERE user_id = $1 AND group_id = $2 AND priority = $3",
            user,
            held.group_id,
            held.priority,
            due_ms,
            for_duty
        )?;
        Ok(())
    }

    /// Something waits no more.
    pub async fn release_ring(&mut self, user: UserId, held: &HeldRing) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM held_rings WHERE user_id = $1 AND group_id = $2 AND priority = $3",
            user,
            held.group_id,
            held.priority
        )?;
        Ok(())
    }

    /// A person's devices that can be rung, each with whether it has a real-time socket.
    pub async fn push_devices_and_sockets(
        &mut self,
        user: UserId,
        now_ms: u64,
    ) -> Result<Vec<(DeviceId, bool)>, StoreError> {
        let devices: Vec<Asleep> = fetch_all!(
            self,
            Asleep,
            "SELECT p.device_id, CAST(CASE WHEN EXISTS (SELECT 1 FROM open_sockets o
                     WHERE o.device_id = p.device_id AND o.until_ms > $2)
                     THEN 1 ELSE 0 END AS BIGINT) AS is_open
             FROM push_subscriptions p JOIN devices d ON d.device_id = p.device_id
             WHERE d.user_id = $1 AND d.state IN ('active', 'grace') AND p.gone_at IS NULL
             ORDER BY p.device_id",
            user,
            now_ms
        )?;
        Ok(devices
            .into_iter()
            .map(|row| (row.device_id, row.is_open))
            .collect())
    }
}

/// Whoever has neither shift nor turn so far around now is in no roster.
pub(crate) const ROSTER_MS: u64 = 14 * 24 * 60 * 60 * 1000;
