//! Owners who are to be rung because a device of theirs has to be mended, each so often at most.
//!
//! What is wanted is written with the change that it follows from, and sent by whichever node is first;
//! when it rings for whom is not for this module to say.

use wardline_model::wire::messages::Priority;
use wardline_model::{DeviceId, UserId};

use crate::StoreError;
use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, execute, fetch_all, on_engine, row};
use crate::store::Tx;

row! {
    /// An owner who is to be rung.
    pub struct OwnerNotice {
        /// Whom.
        pub user_id: UserId,
        /// How urgent it is.
        pub priority: Priority,
        /// Since when it waits, unix milliseconds.
        pub wanted_at: u64,
        /// When it was to be judged, by which it is named where that changes.
        pub due_at: u64,
    }
}

row! {
    struct Named {
        device_id: DeviceId,
    }
}

/// Somebody who has a device that can be rung, one that is shut out by its rules among them.
macro_rules! has_bell {
    ($user:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM push_subscriptions p JOIN devices o ON o.device_id = p.device_id
                 WHERE o.user_id = ",
            $user,
            " AND o.state IN ('active', 'grace', 'quarantined') AND p.gone_at IS NULL)"
        )
    };
}

impl Tx {
    /// Has the owners of devices rung, but for those who have nothing that rings: now, or `apart_ms`
    /// after they were rung last.
    pub async fn want_notices(
        &mut self,
        devices: &[DeviceId],
        priority: Priority,
        apart_ms: u64,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        for ids in devices.chunks(MAX_IN) {
            let sql = format!(
                "INSERT INTO owner_notices (user_id, priority, wanted_at, due_at)
                 SELECT DISTINCT d.user_id, CAST($1 AS BIGINT), CAST($2 AS BIGINT),
                     CAST($2 AS BIGINT)
                 FROM devices d WHERE d.device_id IN ({}) AND {}
                 ORDER BY d.user_id
                 ON CONFLICT (user_id) DO UPDATE SET
                     priority = CASE WHEN owner_notices.due_at IS NULL
                             OR owner_notices.priority < excluded.priority
                         THEN excluded.priority ELSE owner_notices.priority END,
                     wanted_at = CASE WHEN owner_notices.due_at IS NULL THEN excluded.wanted_at
                         ELSE owner_notices.wanted_at END,
                     due_at = CASE WHEN owner_notices.told_at + $3 > excluded.due_at
                         THEN owner_notices.told_at + $3 ELSE excluded.due_at END",
                placeholders(4, ids.len()),
                has_bell!("d.user_id")
            );
            on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql))
                    .bind(priority.raw())
                    .bind(now_ms.raw())
                    .bind(apart_ms.raw());
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .execute(conn)
                    .await
                    .map(|done| done.rows_affected())
            })?;
        }
        Ok(())
    }

    /// Of these devices those whose owners have something that rings, were not rung after a time and
    /// are not about to be.
    pub async fn owners_untold(
        &mut self,
        devices: &[DeviceId],
        priority: Priority,
        told_before_ms: u64,
    ) -> Result<Vec<DeviceId>, StoreError> {
        let mut untold = Vec::new();
        for ids in devices.chunks(MAX_IN) {
            let sql = format!(
                "SELECT d.device_id FROM devices d WHERE d.device_id IN ({}) AND {}
                     AND NOT EXISTS (SELECT 1 FROM owner_notices n WHERE n.user_id = d.user_id
                         AND (n.told_at > $1 OR (n.due_at IS NOT NULL AND n.priority >= $2)))
                 ORDER BY d.device_id",
                placeholders(3, ids.len()),
                has_bell!("d.user_id")
            );
            let found: Vec<Named> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, Named>(sqlx::AssertSqlSafe(sql))
                    .bind(told_before_ms.raw())
                    .bind(priority.raw());
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            untold.extend(found.into_iter().map(|row| row.device_id));
        }
        Ok(untold)
    }

    /// Owners for whom it is to be judged whether they are rung now, the longest due first.
    pub async fn due_notices(
        &mut self,
        now_ms: u64,
        limit: usize,
    ) -> Result<Vec<OwnerNotice>, StoreError> {
        fetch_all!(
            self,
            OwnerNotice,
            "SELECT user_id, priority, wanted_at, due_at FROM owner_notices
             WHERE due_at <= $1 ORDER BY due_at, user_id LIMIT $2",
            now_ms,
            limit
        )
    }

    /// Takes a notice that rings now; false when another node did, or it is wanted anew.
    pub async fn take_notice(
        &mut self,
        notice: &OwnerNotice,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let taken = execute!(
            self,
            "UPDATE owner_notices SET due_at = NULL, told_at = $3
             WHERE user_id = $1 AND due_at = $2",
            notice.user_id,
            notice.due_at,
            now_ms
        )?;
        Ok(taken == 1)
    }

    /// Has a notice judged later, or, without a time (unix milliseconds), not at all: there is nothing
    /// to ring for any more.
    pub async fn put_off_notice(
        &mut self,
        notice: &OwnerNotice,
        due_ms: Option<u64>,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE owner_notices SET due_at = $3 WHERE user_id = $1 AND due_at = $2",
            notice.user_id,
            notice.due_at,
            due_ms
        )?;
        Ok(())
    }

    /// A person's devices that can be rung because one has to be mended: one that is shut out by its
    /// rules among them, for its person is the one who mends it.
    pub async fn bells_of_owner(&mut self, user: UserId) -> Result<Vec<DeviceId>, StoreError> {
        let devices: Vec<Named> = fetch_all!(
            self,
            Named,
            "SELECT p.device_id FROM push_subscriptions p
                 JOIN devices d ON d.device_id = p.device_id
             WHERE d.user_id = $1 AND d.state IN ('active', 'grace', 'quarantined')
                 AND p.gone_at IS NULL
             ORDER BY p.device_id",
            user
        )?;
        Ok(devices.into_iter().map(|row| row.device_id).collect())
    }
}
