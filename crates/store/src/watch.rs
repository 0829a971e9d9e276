//! What a node watches for its sockets, asked for many of them at once.
//!
//! A node learns by hints where to look, and by looking now and then what hints did not bring.
//! These are the looks: cheap enough for every half second, and each gives what is, so that nobody
//! has to believe a hint.

use wardline_model::{DeviceId, GroupId, SessionId};

use crate::StoreError;
use crate::audit::EventRef;
use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, fetch_all, on_engine, row};
use crate::store::Tx;

row! {
    /// How far a conversation has come.
    pub struct GroupMark {
        /// The conversation.
        pub group_id: GroupId,
        /// The newest place of its log.
        pub last_seq: u64,
        /// The sum of all its receipts' places. Receipts only move forward, so it is another sum
        /// when any of them moved.
        pub receipts: u64,
    }
}

row! {
    /// What a socket depends on.
    pub struct SessionMark {
        /// The socket's session.
        pub session_id: SessionId,
        /// The newest place of the device's inbox.
        pub inbox: u64,
        /// How many conversations the device is in.
        pub groups: u64,
        /// Whether the session was ended, or its person or device taken out of use.
        pub ended: bool,
        /// Where its person, if that is a bot, may write and what, JSON.
        pub bot_scope: Option<String>,
    }
}

macro_rules! select_marks {
    () => {
        "SELECT g.group_id, g.last_seq, CAST(COALESCE((
             SELECT SUM(r.delivered + r.read + r.acknowledged) FROM receipts r
             WHERE r.group_id = g.group_id), 0) AS BIGINT) AS receipts
         FROM groups g WHERE g.group_id IN "
    };
}

impl Tx {
    /// The end of each node's chain of events. Every change of the database records one, so where
    /// these did not move, nothing did.
    pub async fn chain_ends(&mut self) -> Result<Vec<EventRef>, StoreError> {
        fetch_all!(
            self,
            EventRef,
            "SELECT node, seq FROM audit_heads ORDER BY node"
        )
    }

    /// How far these conversations have come; unknown ones are left out.
    pub async fn group_marks(&mut self, groups: &[GroupId]) -> Result<Vec<GroupMark>, StoreError> {
        let mut marks = Vec::with_capacity(groups.len());
        for ids in groups.chunks(MAX_IN) {
            let sql = format!(concat!(select_marks!(), "({})"), placeholders(1, ids.len()));
            let found: Vec<GroupMark> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, GroupMark>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            marks.extend(found);
        }
        Ok(marks)
    }

    /// How far a device's conversations have come.
    pub async fn group_marks_of(&mut self, device: DeviceId) -> Result<Vec<GroupMark>, StoreError> {
        fetch_all!(
            self,
            GroupMark,
            concat!(
                select_marks!(),
                "(SELECT m.group_id FROM group_devices m WHERE m.device_id = $1)"
            ),
            device
        )
    }

    /// What sockets of these sessions depend on; unknown sessions are left out.
    pub async fn session_marks(
        &mut self,
        sessions: &[SessionId],
    ) -> Result<Vec<SessionMark>, StoreError> {
        let mut marks = Vec::with_capacity(sessions.len());
        for ids in sessions.chunks(MAX_IN) {
            let sql = format!(
                "SELECT s.session_id, d.inbox_last AS inbox,
                     (SELECT COUNT(*) FROM group_devices m WHERE m.device_id = s.device_id)
                         AS groups,
                     CAST(CASE WHEN s.ended_at IS NULL AND d.state IN ('active', 'grace') AND u.active = 1
                         THEN 0 ELSE 1 END AS BIGINT) AS ended,
                     (SELECT b.scope FROM bots b WHERE b.user_id = s.user_id
                         AND b.disabled_at IS NULL) AS bot_scope
                 FROM sessions s JOIN devices d ON d.device_id = s.device_id
                     JOIN users u ON u.user_id = s.user_id
                 WHERE s.session_id IN ({})",
                placeholders(1, ids.len())
            );
            let found: Vec<SessionMark> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, SessionMark>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            marks.extend(found);
        }
        Ok(marks)
    }
}
