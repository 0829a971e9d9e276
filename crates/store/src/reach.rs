//! How people can be reached now, as whoever is about to write to them may know.

use wardline_model::UserId;

use crate::StoreError;
use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, execute, fetch_all, fetch_optional, on_engine, row};
use crate::store::Tx;

row! {
    struct Quiet {
        user_id: UserId,
    }
}

row! {
    /// How a person can be reached.
    pub struct Reach {
        /// The person.
        pub user_id: UserId,
        /// Whether the roster has them at work now.
        pub on_shift: bool,
        /// Whether a device of theirs has a real-time socket.
        pub is_open: bool,
        /// Until when they are not to be disturbed, unix milliseconds.
        pub quiet_until: Option<u64>,
        /// When a wake-up reached a device of theirs last that can still be rung, unix milliseconds.
        pub receipt_at: Option<u64>,
        /// When a device of theirs was heard of last, unix milliseconds, to the minute.
        pub last_seen_at: Option<u64>,
    }
}

macro_rules! select_reach {
    ($where:literal) => {
        concat!(
            "SELECT u.user_id,
                 CAST(CASE WHEN EXISTS (SELECT 1 FROM shifts s WHERE s.user_id = u.user_id
                     AND s.from_ms <= $1 AND s.until_ms > $1) THEN 1 ELSE 0 END AS BIGINT)
                     AS on_shift,
                 CAST(CASE WHEN EXISTS (SELECT 1 FROM open_sockets o
                     JOIN devices d ON d.device_id = o.device_id
                     WHERE d.user_id = u.user_id AND d.state IN ('active', 'grace')
                         AND o.until_ms > $1) THEN 1 ELSE 0 END AS BIGINT) AS is_open,
                 (SELECT q.until_ms FROM quiet_people q
                     WHERE q.user_id = u.user_id AND q.until_ms > $1) AS quiet_until,
                 (SELECT MAX(p.last_receipt_at) FROM push_subscriptions p
                     JOIN devices d ON d.device_id = p.device_id
                     WHERE d.user_id = u.user_id AND d.state IN ('active', 'grace')
                         AND p.gone_at IS NULL) AS receipt_at,
                 (SELECT MAX(d.last_seen_at) FROM devices d WHERE d.user_id = u.user_id)
                     AS last_seen_at
             FROM users u ",
            $where
        )
    };
}

impl Tx {
    /// How a person can be reached; `None` for somebody unknown, or who may not use the system.
    pub async fn reach(&mut self, user: UserId, now_ms: u64) -> Result<Option<Reach>, StoreError> {
        fetch_optional!(
            self,
            Reach,
            select_reach!("WHERE u.user_id = $2 AND u.active = 1"),
            now_ms,
            user
        )
    }

    /// How those can be reached whom the roster has at work now in the department of a person, with
    /// the same role as shown; the person is left out.
    pub async fn reach_of_colleagues(
        &mut self,
        user: UserId,
        now_ms: u64,
    ) -> Result<Vec<Reach>, StoreError> {
        fetch_all!(
            self,
            Reach,
            select_reach!(
                "JOIN users one ON one.user_id = $2 AND one.department = u.department
                     AND one.role_title = u.role_title
                 WHERE u.user_id <> $2 AND u.active = 1 AND EXISTS (
                     SELECT 1 FROM shifts s WHERE s.user_id = u.user_id
                         AND s.from_ms <= $1 AND s.until_ms > $1)
                 ORDER BY u.name, u.user_id"
            ),
            now_ms,
            user
        )
    }

    /// Until when a person is not to be disturbed, unix milliseconds; `None` when that is over.
    pub async fn quiet_until(
        &mut self,
        user: UserId,
        now_ms: u64,
    ) -> Result<Option<u64>, StoreError> {
        let until: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT until_ms FROM quiet_people WHERE user_id = $1 AND until_ms > $2",
            user,
            now_ms
        )?;
        Ok(until.map(|(until,)| until.unsigned_abs()))
    }

    /// Those of these people who are not to be disturbed now.
    pub async fn quiet_among(
        &mut self,
        users: &[UserId],
        now_ms: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        let mut found = Vec::new();
        for ids in users.chunks(MAX_IN) {
            let sql = format!(
                "SELECT user_id FROM quiet_people WHERE until_ms > $1 AND user_id IN ({})",
                placeholders(2, ids.len())
            );
            let rows: Vec<Quiet> = on_engine!(self, |Db, conn| {
                let query =
                    sqlx::query_as::<Db, Quiet>(sqlx::AssertSqlSafe(sql)).bind(now_ms.raw());
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            found.extend(rows.into_iter().map(|row| row.user_id));
        }
        Ok(found)
    }

    /// Notes until when a person is not to be disturbed, unix milliseconds; `None` for not at all.
    pub async fn set_quiet(
        &mut self,
        user: UserId,
        until_ms: Option<u64>,
    ) -> Result<(), StoreError> {
        match until_ms {
            Some(until_ms) => execute!(
                self,
                "INSERT INTO quiet_people (user_id, until_ms) VALUES ($1, $2)
                 ON CONFLICT (user_id) DO UPDATE SET until_ms = excluded.until_ms",
                user,
                until_ms
            )?,
            None => execute!(self, "DELETE FROM quiet_people WHERE user_id = $1", user)?,
        };
        Ok(())
    }
}
