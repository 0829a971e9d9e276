//! How often phones ring, counted by unit and hour, and how STAT is used. Counts alone: what rang, and
//! for whom, is nowhere in it.
//!
//! A unit is a department as it stands with the people. Wake-ups are counted, once for a person whose
//! devices ring together; sounds of an open app are not.

use wardline_model::wire::messages::Priority;
use wardline_model::{DeviceId, EscalationId, UserId};

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_one, fetch_optional, row};
use crate::store::Tx;

row! {
    /// How often phones of a unit rang in an hour.
    pub struct RingCount {
        /// The unit.
        pub unit: String,
        /// The beginning of the hour, unix milliseconds.
        pub hour_ms: u64,
        /// How urgent it was.
        pub priority: Priority,
        /// How often.
        pub rings: u64,
        /// How many of them were answered within a minute …
        pub answered_1: u64,
        /// … within five …
        pub answered_5: u64,
        /// … within fifteen …
        pub answered_15: u64,
        /// … or at all.
        pub answered: u64,
    }
}

row! {
    /// How STAT was used.
    pub struct StatCount {
        /// The unit of those who sent.
        pub unit: String,
        /// How many different people did.
        pub senders: u64,
        /// How many were sent.
        pub sent: u64,
        /// How many of them a member of the conversation acknowledged.
        pub acknowledged: u64,
        /// How many somebody who answered did not think to need STAT.
        pub unneeded: u64,
    }
}

row! {
    /// A unit.
    pub struct Unit {
        /// Its name.
        pub unit: String,
        /// How many people with a device are in it.
        pub people: u64,
    }
}

row! {
    /// A shift of somebody in a unit.
    pub struct UnitShift {
        /// The unit.
        pub unit: String,
        /// Who, for counting alone.
        pub user_id: UserId,
        /// Its beginning, unix milliseconds.
        pub from_ms: u64,
        /// Its end, unix milliseconds.
        pub until_ms: u64,
    }
}

row! {
    struct Rung {
        user_id: UserId,
        unit: String,
    }
}

row! {
    struct OpenRing {
        unit: String,
        priority: Priority,
        at: u64,
    }
}

impl Tx {
    /// Counts a ring of a device, unless another device of its person rang for the same.
    pub async fn count_ring(
        &mut self,
        device: DeviceId,
        priority: Priority,
        at_ms: u64,
    ) -> Result<(), StoreError> {
        let rung = fetch_optional!(
            self,
            Rung,
            "SELECT u.user_id, u.department AS unit FROM devices d
                 JOIN users u ON u.user_id = d.user_id
             WHERE d.device_id = $1 AND NOT EXISTS (SELECT 1 FROM open_rings o
                 WHERE o.user_id = u.user_id AND o.at > $2 AND o.priority >= $3)",
            device,
            at_ms.saturating_sub(TOGETHER_MS),
            priority
        )?;
        let Some(Rung { user_id, unit }) = rung else {
            return Ok(());
        };
        execute!(
            self,
            "INSERT INTO ring_counts (unit, hour_ms, priority, rings, answered_1, answered_5,
                 answered_15, answered)
             VALUES ($1, $2, $3, 1, 0, 0, 0, 0)
             ON CONFLICT (unit, hour_ms, priority) DO UPDATE SET rings = ring_counts.rings + 1",
            unit,
            at_ms - at_ms % HOUR_MS,
            priority
        )?;
        execute!(
            self,
            "INSERT INTO open_rings (user_id, unit, priority, at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id) DO UPDATE SET unit = excluded.unit,
                 priority = excluded.priority, at = excluded.at",
            user_id,
            unit,
            priority,
            at_ms
        )?;
        Ok(())
    }

    /// A person has read or acknowledged something: their last ring is answered.
    pub async fn answer_ring(&mut self, user: UserId, now_ms: u64) -> Result<(), StoreError> {
        let open = fetch_optional!(
            self,
            OpenRing,
            "DELETE FROM open_rings WHERE user_id = $1 RETURNING unit, priority, at",
            user
        )?;
        let Some(OpenRing { unit, priority, at }) = open else {
            return Ok(());
        };
        let minutes = now_ms.saturating_sub(at) / MINUTE_MS;
        execute!(
            self,
            "UPDATE ring_counts SET answered = answered + 1, answered_1 = answered_1 + $4,
                 answered_5 = answered_5 + $5, answered_15 = answered_15 + $6
             WHERE unit = $1 AND hour_ms = $2 AND priority = $3",
            unit,
            at - at % HOUR_MS,
            priority,
            minutes < 1,
            minutes < 5,
            minutes < 15
        )?;
        Ok(())
    }

    /// What was counted in a stretch of time, unix milliseconds.
    pub async fn ring_counts(
        &mut self,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<Vec<RingCount>, StoreError> {
        fetch_all!(
            self,
            RingCount,
            "SELECT unit, hour_ms, priority, rings, answered_1, answered_5, answered_15, answered
             FROM ring_counts WHERE hour_ms >= $1 AND hour_ms < $2
             ORDER BY unit, hour_ms, priority",
            from_ms,
            until_ms
        )
    }

    /// The units, each with how many people could be rung there.
    pub async fn units(&mut self) -> Result<Vec<Unit>, StoreError> {
        fetch_all!(
            self,
            Unit,
            "SELECT u.department AS unit, COUNT(*) AS people FROM users u
             WHERE u.active = 1 AND EXISTS (SELECT 1 FROM devices d
                 WHERE d.user_id = u.user_id AND d.state IN ('active', 'grace'))
             GROUP BY u.department ORDER BY u.department"
        )
    }

    /// Shifts that meet a stretch of time, with their units.
    pub async fn unit_shifts(
        &mut self,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<Vec<UnitShift>, StoreError> {
        fetch_all!(
            self,
            UnitShift,
            "SELECT u.department AS unit, s.user_id, s.from_ms, s.until_ms
             FROM shifts s JOIN users u ON u.user_id = s.user_id
             WHERE s.until_ms > $1 AND s.from_ms < $2 ORDER BY u.department, s.from_ms, s.user_id",
            from_ms,
            until_ms
        )
    }

    /// How each unit used STAT in a stretch of time, unix milliseconds.
    pub async fn stat_counts(
        &mut self,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<Vec<StatCount>, StoreError> {
        fetch_all!(
            self,
            StatCount,
            "SELECT u.department AS unit, COUNT(DISTINCT e.sender) AS senders, COUNT(*) AS sent,
                 COUNT(CASE WHEN EXISTS (SELECT 1 FROM stat_acknowledgements a
                     WHERE a.group_id = e.group_id AND a.seq = e.seq AND a.user_id <> e.sender)
                     THEN 1 END) AS acknowledged,
                 COUNT(CASE WHEN EXISTS (SELECT 1 FROM stat_marks m WHERE m.group_id = e.group_id
                     AND m.seq = e.seq) THEN 1 END) AS unneeded
             FROM escalations e JOIN users u ON u.user_id = e.sender
             WHERE e.line = 0 AND e.started_at >= $1 AND e.started_at < $2
             GROUP BY u.department ORDER BY u.department",
            from_ms,
            until_ms
        )
    }

    /// How a person used STAT since a time, unix milliseconds.
    pub async fn own_stat_count(
        &mut self,
        user: UserId,
        from_ms: u64,
    ) -> Result<StatCount, StoreError> {
        fetch_one!(
            self,
            StatCount,
            "SELECT '' AS unit, COUNT(DISTINCT e.sender) AS senders, COUNT(*) AS sent,
                 COUNT(CASE WHEN EXISTS (SELECT 1 FROM stat_acknowledgements a
                     WHERE a.group_id = e.group_id AND a.seq = e.seq AND a.user_id <> e.sender)
                     THEN 1 END) AS acknowledged,
                 COUNT(CASE WHEN EXISTS (SELECT 1 FROM stat_marks m WHERE m.group_id = e.group_id
                     AND m.seq = e.seq) THEN 1 END) AS unneeded
             FROM escalations e
             WHERE e.line = 0 AND e.sender = $1 AND e.started_at >= $2",
            user,
            from_ms
        )
    }

    /// Counts that somebody did not think that a message needed STAT; false where that is counted.
    /// `mark` tells people apart and names none.
    pub async fn put_stat_mark(
        &mut self,
        id: EscalationId,
        mark: &[u8; 32],
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let added = execute!(
            self,
            "INSERT INTO stat_marks (group_id, seq, mark, marked_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            id.group,
            id.seq,
            mark,
            now_ms
        )?;
        Ok(added == 1)
    }

    /// Whether a person has acknowledged a STAT message.
    pub async fn has_acknowledged(
        &mut self,
        id: EscalationId,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let one: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT at FROM stat_acknowledgements
             WHERE group_id = $1 AND seq = $2 AND user_id = $3",
            id.group,
            id.seq,
            user
        )?;
        Ok(one.is_some())
    }

    /// Forgets what was counted before a time, unix milliseconds.
    pub async fn forget_rings(&mut self, before_ms: u64) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM ring_counts WHERE hour_ms < $1",
            "DELETE FROM open_rings WHERE at < $1",
            "DELETE FROM stat_marks WHERE marked_at < $1",
        ] {
            execute!(self, sql, before_ms)?;
        }
        Ok(())
    }
}

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
/// Devices of one person that ring within this time ring for the same.
const TOGETHER_MS: u64 = 30_000;
