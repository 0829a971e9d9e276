//! Wake-ups by Web Push: where devices are rung, what waits to be sent, and whether it arrived.
//!
//! A wake-up is asked for ([`Tx::ask_push`]), becomes due, is taken by one node
//! ([`Tx::claim_push`]) and settled by it ([`Tx::push_sent`], [`Tx::push_failed`],
//! [`Tx::push_gone`]). A node that dies in between leaves it due again a while later. Of each device
//! one wake-up is under way at most, until its receipt came or a while has passed: what is asked for
//! meanwhile is told by the same ringing.

use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::{EntryKind, Priority};
use wardline_model::{DeviceId, GroupId, UserId};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::quiet::{Manner, QuietChoice, ROSTER_MS, manner_columns};
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

/// Where a device is rung.
#[derive(Clone)]
pub struct NewPushSubscription {
    /// The device.
    pub device_id: DeviceId,
    /// The push service's URL for it (RFC 8030 §2). Whoever has it may ring the device.
    pub endpoint: Zeroizing<Vec<u8>>,
    /// The push service's host, with its port where that is not the usual one.
    pub host: String,
    /// The device's public key and its authentication secret (RFC 8291 §3.2), one after the other.
    pub keys: Zeroizing<Vec<u8>>,
}

/// Endpoint and keys do not show.
impl std::fmt::Debug for NewPushSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPushSubscription")
            .field("device_id", &self.device_id)
            .finish_non_exhaustive()
    }
}

row! {
    /// How a device's subscription does.
    pub struct PushStanding {
        /// When it began, unix milliseconds.
        pub created_at: u64,
        /// When a wake-up was sent last, unix milliseconds.
        pub last_sent_at: Option<u64>,
        /// When one arrived last, unix milliseconds.
        pub last_receipt_at: Option<u64>,
        /// Since when the push service takes none, unix milliseconds.
        pub failed_since: Option<u64>,
        /// When the push service said that it knows the subscription no more, unix milliseconds.
        pub gone_at: Option<u64>,
    }
}

row! {
    /// A device that a message is for, and that can be rung.
    pub struct PushTarget {
        /// The device.
        pub device_id: DeviceId,
        /// Whose it is.
        pub user_id: UserId,
        /// Whether it has a real-time socket, at any node.
        pub is_open: bool,
        quiet_until: Option<u64>,
        on_duty: bool,
        in_roster: bool,
        next_shift: Option<u64>,
        next_turn: Option<u64>,
        batch: Option<String>,
        minutes: Option<u16>,
        breaks: Option<String>,
        zone: Option<String>,
        off_duty: Option<String>,
    }
}

impl PushTarget {
    /// How its person stands.
    pub const fn manner(&self) -> Manner {
        Manner {
            quiet_until: self.quiet_until,
            on_duty: self.on_duty,
            in_roster: self.in_roster,
            next_shift: self.next_shift,
            next_turn: self.next_turn,
        }
    }

    /// What its person chose of when messages ring; `None` where they chose nothing.
    pub fn choice(&self) -> Option<QuietChoice> {
        Some(QuietChoice {
            batch: self.batch.clone()?,
            minutes: self.minutes.unwrap_or_default(),
            breaks: self.breaks.clone().unwrap_or_default(),
            zone: self.zone.clone().unwrap_or_default(),
            off_duty: self.off_duty.clone(),
        })
    }
}

row! {
    /// A message that no wake-up has told a device of.
    pub struct Unheard {
        /// The device.
        pub device_id: DeviceId,
        /// Whose it is.
        pub user_id: UserId,
        /// The conversation.
        pub group_id: GroupId,
        /// The message's place there.
        pub seq: u64,
        /// How urgent it is.
        pub priority: Priority,
        /// When it was taken, unix milliseconds.
        pub sent_at: u64,
    }
}

row! {
    /// A device of somebody who is alerted for a STAT message.
    pub struct AlertedDevice {
        /// The device.
        pub device_id: DeviceId,
        /// Whether it has a real-time socket, at any node.
        pub is_open: bool,
        /// Whether it was in the conversation before the message, so that the message rings it by itself.
        pub has_message: bool,
        /// Whether a wake-up for a STAT message was sent to it since the message was taken.
        pub is_rung: bool,
    }
}

row! {
    /// A device whose wake-up is due.
    pub struct DuePush {
        /// The device.
        pub device_id: DeviceId,
        /// Its push service; empty where that is not known yet.
        pub host: String,
    }
}

/// How long a push service is to keep a wake-up that it cannot deliver, milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Lasts {
    /// One for an urgent or a STAT message.
    pub urgent_ms: u64,
    /// One for routine messages.
    pub routine_ms: u64,
}

/// A wake-up that is this node's to send.
#[derive(Clone)]
pub struct ClaimedPush {
    /// The device.
    pub device_id: DeviceId,
    /// See [`NewPushSubscription::endpoint`].
    pub endpoint: Zeroizing<Vec<u8>>,
    /// See [`NewPushSubscription::keys`].
    pub keys: Zeroizing<Vec<u8>>,
    /// How urgent what it is for is.
    pub priority: Priority,
    /// How urgently it is to be delivered: it takes the place of one that may not have been delivered yet,
    /// and must not be less than that.
    pub urgency: Priority,
    /// How long it is to be kept, milliseconds: no shorter than those whose place it takes.
    pub keep_ms: u64,
    /// How many were asked for when it was taken.
    pub wanted: u64,
    /// Since when the push service takes none, unix milliseconds.
    pub failed_since: Option<u64>,
    /// When it was taken, unix milliseconds: by it the node names it as it settles it.
    pub sent_at: u64,
}

/// Endpoint and keys do not show.
impl std::fmt::Debug for ClaimedPush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClaimedPush")
            .field("device_id", &self.device_id)
            .field("priority", &self.priority)
            .field("sent_at", &self.sent_at)
            .finish_non_exhaustive()
    }
}

row! {
    struct Sealed {
        endpoint_sealed: Vec<u8>,
        keys_sealed: Vec<u8>,
    }
}

row! {
    struct Taken {
        endpoint_sealed: Vec<u8>,
        keys_sealed: Vec<u8>,
        due_priority: Priority,
        sent_priority: Priority,
        keep_until: u64,
        wanted: u64,
        failed_since: Option<u64>,
    }
}

row! {
    struct Named {
        device_id: DeviceId,
    }
}

impl Tx {
    /// Has a device rung there from now on. False where it was before: then all that is known of the
    /// subscription stays.
    pub async fn put_push_subscription(
        &mut self,
        new: &NewPushSubscription,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let id = new.device_id;
        let before = fetch_optional!(
            self,
            Sealed,
            "SELECT endpoint_sealed, keys_sealed FROM push_subscriptions
             WHERE device_id = $1 AND gone_at IS NULL",
            id
        )?;
        if let Some(before) = before
            && self.open(ENDPOINT, id.as_bytes(), &before.endpoint_sealed)? == new.endpoint
            && self.open(KEYS, id.as_bytes(), &before.keys_sealed)? == new.keys
        {
            execute!(
                self,
                "UPDATE push_subscriptions SET host = $2 WHERE device_id = $1 AND host IS NULL",
                id,
                new.host
            )?;
            return Ok(false);
        }
        let endpoint = self.seal(ENDPOINT, id.as_bytes(), &new.endpoint)?;
        let keys = self.seal(KEYS, id.as_bytes(), &new.keys)?;
        execute!(
            self,
            "DELETE FROM push_subscriptions WHERE device_id = $1",
            id
        )?;
        execute!(
            self,
            "INSERT INTO push_subscriptions (device_id, endpoint_sealed, keys_sealed, created_at,
                 wanted, due_priority, sent_priority, host)
             VALUES ($1, $2, $3, $4, 0, 0, 0, $5)",
            id,
            endpoint,
            keys,
            now_ms,
            new.host
        )?;
        Ok(true)
    }

    /// Has a device rung no more; false where it was not.
    pub async fn remove_push_subscription(&mut self, id: DeviceId) -> Result<bool, StoreError> {
        let removed = execute!(
            self,
            "DELETE FROM push_subscriptions WHERE device_id = $1",
            id
        )?;
        Ok(removed == 1)
    }

    /// How a device's subscription does.
    pub async fn push_standing(
        &mut self,
        id: DeviceId,
    ) -> Result<Option<PushStanding>, StoreError> {
        fetch_optional!(
            self,
            PushStanding,
            "SELECT created_at, last_sent_at, last_receipt_at, failed_since, gone_at
             FROM push_subscriptions WHERE device_id = $1",
            id
        )
    }

    /// Whether any device can be rung: mostly a cheap answer before others are asked for.
    pub async fn has_push_subscriptions(&mut self) -> Result<bool, StoreError> {
        let one = fetch_optional!(
            self,
            Named,
            "SELECT device_id FROM push_subscriptions WHERE gone_at IS NULL LIMIT 1"
        )?;
        Ok(one.is_some())
    }

    /// Devices in a conversation that can be rung, but for those of the person who wrote.
    pub async fn push_targets(
        &mut self,
        group: GroupId,
        sender: UserId,
        now_ms: u64,
    ) -> Result<Vec<PushTarget>, StoreError> {
        fetch_all!(
            self,
            PushTarget,
            concat!(
                "SELECT p.device_id, d.user_id,
                     CAST(CASE WHEN EXISTS (SELECT 1 FROM open_sockets o
                         WHERE o.device_id = p.device_id AND o.until_ms > $1)
                         THEN 1 ELSE 0 END AS BIGINT) AS is_open,
                     c.batch, c.minutes, c.breaks, c.zone, c.off_duty, ",
                manner_columns!("d.user_id"),
                " FROM group_devices m JOIN push_subscriptions p ON p.device_id = m.device_id
                     JOIN devices d ON d.device_id = m.device_id
                     LEFT JOIN quiet_choices c ON c.user_id = d.user_id
                 WHERE m.group_id = $4 AND d.user_id <> $5 AND d.state IN ('active', 'grace')
                     AND p.gone_at IS NULL
                 ORDER BY p.device_id"
            ),
            now_ms,
            now_ms.saturating_add(ROSTER_MS),
            now_ms.saturating_sub(ROSTER_MS),
            group,
            sender
        )
    }

    /// Messages taken in a stretch of time (unix milliseconds) that devices were not told of: their
    /// people have not got them, and no wake-up was sent, is due or waits since. Of each conversation
    /// the newest few are looked at, for a wake-up tells of all.
    pub async fn unheard(
        &mut self,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<Vec<Unheard>, StoreError> {
        fetch_all!(
            self,
            Unheard,
            "SELECT p.device_id, d.user_id, m.group_id, MAX(e.seq) AS seq,
                 MAX(e.priority) AS priority, MIN(e.sent_at) AS sent_at
             FROM push_subscriptions p JOIN devices d ON d.device_id = p.device_id
                 JOIN group_devices m ON m.device_id = p.device_id
                 JOIN groups g ON g.group_id = m.group_id
                 JOIN entries e ON e.group_id = g.group_id AND e.seq > g.last_seq - 16
                 LEFT JOIN receipts r ON r.group_id = m.group_id AND r.user_id = d.user_id
             WHERE p.gone_at IS NULL AND p.due_at IS NULL AND d.state IN ('active', 'grace')
                 AND g.last_message_at > $1 AND g.kind <> $4
                 AND e.kind = $5 AND e.sent_at > $1 AND e.sent_at <= $2
                 AND e.seq > m.joined_seq AND e.sent_at >= p.created_at
                 AND e.sender_user <> d.user_id
                 AND (p.last_sent_at IS NULL OR p.last_sent_at < e.sent_at)
                 AND (e.priority = $3 OR COALESCE(r.delivered, 0) < e.seq)
                 AND NOT EXISTS (SELECT 1 FROM stat_acknowledgements a WHERE a.group_id = e.group_id
                     AND a.seq = e.seq AND a.user_id = d.user_id)
                 AND NOT EXISTS (SELECT 1 FROM held_rings h WHERE h.user_id = d.user_id
                     AND h.group_id = m.group_id AND h.seq >= e.seq)
             GROUP BY p.device_id, d.user_id, m.group_id
             ORDER BY p.device_id, m.group_id",
            from_ms,
            until_ms,
            Priority::Stat,
            GroupKind::Keeper,
            EntryKind::Message
        )
    }

    /// A person's devices that can be rung.
    pub async fn push_devices_of(&mut self, user: UserId) -> Result<Vec<DeviceId>, StoreError> {
        let devices: Vec<Named> = fetch_all!(
            self,
            Named,
            "SELECT p.device_id FROM push_subscriptions p
                 JOIN devices d ON d.device_id = p.device_id
             WHERE d.user_id = $1 AND d.state IN ('active', 'grace') AND p.gone_at IS NULL
             ORDER BY p.device_id",
            user
        )?;
        Ok(devices.into_iter().map(|row| row.device_id).collect())
    }

    /// The devices that can be rung of a person who is alerted for a STAT message, which was taken at a place
    /// and a time (unix milliseconds).
    pub async fn alerted_devices(
        &mut self,
        user: UserId,
        group: GroupId,
        seq: u64,
        taken_ms: u64,
        now_ms: u64,
    ) -> Result<Vec<AlertedDevice>, StoreError> {
        fetch_all!(
            self,
            AlertedDevice,
            "SELECT p.device_id,
                 CAST(CASE WHEN EXISTS (SELECT 1 FROM open_sockets o
                     WHERE o.device_id = p.device_id AND o.until_ms > $5)
                     THEN 1 ELSE 0 END AS BIGINT) AS is_open,
                 CAST(CASE WHEN EXISTS (SELECT 1 FROM group_devices m
                     WHERE m.group_id = $2 AND m.device_id = p.device_id AND m.joined_seq < $3)
                     THEN 1 ELSE 0 END AS BIGINT) AS has_message,
                 CAST(CASE WHEN p.last_sent_at >= $4 AND p.sent_priority = $6
                     THEN 1 ELSE 0 END AS BIGINT) AS is_rung
             FROM push_subscriptions p JOIN devices d ON d.device_id = p.device_id
             WHERE d.user_id = $1 AND d.state IN ('active', 'grace') AND p.gone_at IS NULL
             ORDER BY p.device_id",
            user,
            group,
            seq,
            taken_ms,
            now_ms,
            Priority::Stat
        )
    }

    /// Asks for a wake-up of a device; false where it cannot be rung. It is due at once, but for two
    /// cases: as long as one is out that is as urgent, which tells of this too, it waits for that one's
    /// receipt or for `together_ms` after it; and as long as the push service takes none it waits for
    /// the next try, unless it is for a STAT message and none of those was tried yet.
    pub async fn ask_push(
        &mut self,
        id: DeviceId,
        priority: Priority,
        together_ms: u64,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let asked = execute!(
            self,
            "UPDATE push_subscriptions SET wanted = wanted + 1,
                 due_priority = CASE WHEN due_at IS NULL OR due_priority < $2 THEN $2
                     ELSE due_priority END,
                 due_at = CASE
                     WHEN failed_since IS NOT NULL AND ($2 < $5 OR sent_priority >= $5)
                         THEN COALESCE(due_at, $3)
                     WHEN receipt_hash IS NOT NULL AND sent_priority >= $2
                         AND last_sent_at + $4 > $3 THEN COALESCE(due_at, last_sent_at + $4)
                     ELSE $3 END
             WHERE device_id = $1 AND gone_at IS NULL",
            id,
            priority,
            now_ms,
            together_ms,
            Priority::Stat
        )?;
        Ok(asked == 1)
    }

    /// Asks for a wake-up that somebody looks out for: it does not wait for one that is out.
    pub async fn ask_test_push(&mut self, id: DeviceId, now_ms: u64) -> Result<bool, StoreError> {
        let asked = execute!(
            self,
            "UPDATE push_subscriptions SET wanted = wanted + 1, due_priority = $2,
                 due_at = CASE WHEN failed_since IS NOT NULL THEN COALESCE(due_at, $3) ELSE $3 END
             WHERE device_id = $1 AND gone_at IS NULL",
            id,
            Priority::Stat,
            now_ms
        )?;
        Ok(asked == 1)
    }

    /// Devices whose wake-up is due, the most urgent first and of these the longest due; of each push
    /// service `of_each` at most, so that others come, too.
    pub async fn due_pushes(
        &mut self,
        now_ms: u64,
        of_each: usize,
        limit: usize,
    ) -> Result<Vec<DuePush>, StoreError> {
        fetch_all!(
            self,
            DuePush,
            "SELECT device_id, host FROM (
                 SELECT device_id, COALESCE(host, '') AS host, due_priority, due_at,
                     ROW_NUMBER() OVER (PARTITION BY COALESCE(host, '')
                         ORDER BY due_priority DESC, due_at, device_id) AS place
                 FROM push_subscriptions WHERE due_at <= $1) AS due
             WHERE place <= $2 ORDER BY due_priority DESC, due_at, device_id LIMIT $3",
            now_ms,
            of_each,
            limit
        )
    }

    /// Takes a wake-up that is due, for one node to send; `None` when another one did. It is due again
    /// after `lease_ms`, for the case that this node does not come to settle it. `receipt` is the
    /// SHA-256 of the id that it carries.
    ///
    /// A push service has one wake-up for a device at most, the newest: so as long as no receipt tells that
    /// the one before was delivered, this one is as urgent as that was, and is kept for as long.
    pub async fn claim_push(
        &mut self,
        id: DeviceId,
        receipt: &[u8; 32],
        lasts: Lasts,
        lease_ms: u64,
        now_ms: u64,
    ) -> Result<Option<ClaimedPush>, StoreError> {
        let taken = fetch_optional!(
            self,
            Taken,
            "UPDATE push_subscriptions SET due_at = $2 + $3, last_sent_at = $2, receipt_hash = $4,
                 sent_priority = CASE WHEN receipt_hash IS NOT NULL AND high_until > $2
                     AND sent_priority > due_priority THEN sent_priority ELSE due_priority END,
                 high_until = CASE WHEN due_priority >= $5 THEN $6
                     WHEN receipt_hash IS NOT NULL THEN high_until END,
                 keep_until = CASE
                     WHEN receipt_hash IS NOT NULL AND due_priority >= $5 AND keep_until > $6
                         THEN keep_until
                     WHEN due_priority >= $5 THEN $6
                     WHEN receipt_hash IS NOT NULL AND keep_until > $7 THEN keep_until
                     ELSE $7 END
             WHERE device_id = $1 AND due_at <= $2 AND gone_at IS NULL
             RETURNING endpoint_sealed, keys_sealed, due_priority, sent_priority, keep_until, wanted,
                 failed_since",
            id,
            now_ms,
            lease_ms,
            receipt,
            Priority::Urgent,
            now_ms.saturating_add(lasts.urgent_ms),
            now_ms.saturating_add(lasts.routine_ms)
        )?;
        let Some(taken) = taken else {
            return Ok(None);
        };
        Ok(Some(ClaimedPush {
            device_id: id,
            endpoint: self.open(ENDPOINT, id.as_bytes(), &taken.endpoint_sealed)?,
            keys: self.open(KEYS, id.as_bytes(), &taken.keys_sealed)?,
            priority: taken.due_priority,
            urgency: taken.sent_priority,
            keep_ms: taken.keep_until.saturating_sub(now_ms),
            wanted: taken.wanted,
            failed_since: taken.failed_since,
            sent_at: now_ms,
        }))
    }

    /// The push service took a wake-up. What was asked for meanwhile stays due.
    pub async fn push_sent(&mut self, push: &ClaimedPush) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE push_subscriptions SET failed_since = NULL,
                 due_at = CASE WHEN wanted = $3 THEN NULL ELSE due_at END
             WHERE device_id = $1 AND last_sent_at = $2",
            push.device_id,
            push.sent_at,
            push.wanted
        )?;
        Ok(())
    }

    /// The push service did not take a wake-up, which is tried again at a time (unix milliseconds), or
    /// given up. What is more urgent and was asked for meanwhile stays due.
    pub async fn push_failed(
        &mut self,
        push: &ClaimedPush,
        again_at: Option<u64>,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE push_subscriptions SET failed_since = COALESCE(failed_since, $2),
                 due_at = CASE WHEN due_at IS NOT NULL AND due_priority > sent_priority
                     THEN due_at ELSE $3 END
             WHERE device_id = $1 AND last_sent_at = $2",
            push.device_id,
            push.sent_at,
            again_at
        )?;
        Ok(())
    }

    /// The push service knows the subscription no more; false where another one took its place.
    pub async fn push_gone(&mut self, push: &ClaimedPush, now_ms: u64) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE push_subscriptions SET gone_at = $3, due_at = NULL, receipt_hash = NULL
             WHERE device_id = $1 AND last_sent_at = $2 AND gone_at IS NULL",
            push.device_id,
            push.sent_at,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// Whether a wake-up with this receipt is out: a cheap answer to what is none.
    pub async fn expects_push_receipt(&mut self, receipt: &[u8; 32]) -> Result<bool, StoreError> {
        let one = fetch_optional!(
            self,
            Named,
            "SELECT device_id FROM push_subscriptions WHERE receipt_hash = $1 AND gone_at IS NULL",
            receipt
        )?;
        Ok(one.is_some())
    }

    /// Takes the receipt of a wake-up, once, by the SHA-256 of the id that it carried: the device that
    /// it rang. What waited for it has been told by it, unless it is more urgent.
    pub async fn take_push_receipt(
        &mut self,
        receipt: &[u8; 32],
        now_ms: u64,
    ) -> Result<Option<DeviceId>, StoreError> {
        let rung = fetch_optional!(
            self,
            Named,
            "UPDATE push_subscriptions SET last_receipt_at = $2, receipt_hash = NULL,
                 due_at = CASE WHEN due_priority > sent_priority THEN due_at END,
                 failed_since = NULL
             WHERE receipt_hash = $1 AND gone_at IS NULL RETURNING device_id",
            receipt,
            now_ms
        )?;
        Ok(rung.map(|row| row.device_id))
    }

    /// Notes that a node has these devices' sockets until a time (unix milliseconds), or until it says
    /// otherwise. Whoever opened the app needs no wake-up that was put off; but a phone connects by
    /// itself, too, so one for a STAT message stays.
    pub async fn note_open_sockets(
        &mut self,
        node: &str,
        devices: &[DeviceId],
        until_ms: u64,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        for id in devices {
            execute!(
                self,
                "INSERT INTO open_sockets (device_id, node, until_ms) VALUES ($1, $2, $3)
                 ON CONFLICT (device_id, node) DO UPDATE SET until_ms = excluded.until_ms",
                id,
                node,
                until_ms
            )?;
            execute!(
                self,
                "UPDATE push_subscriptions SET due_at = NULL
                 WHERE device_id = $1 AND due_at > $2 AND due_priority < $3",
                id,
                now_ms,
                Priority::Stat
            )?;
        }
        Ok(())
    }

    /// Notes that a node has no socket of these devices any more.
    pub async fn note_closed_sockets(
        &mut self,
        node: &str,
        devices: &[DeviceId],
    ) -> Result<(), StoreError> {
        for id in devices {
            execute!(
                self,
                "DELETE FROM open_sockets WHERE device_id = $1 AND node = $2",
                id,
                node
            )?;
        }
        Ok(())
    }

    /// Notes that a node goes on having its sockets until a time, unix milliseconds.
    pub async fn keep_open_sockets(&mut self, node: &str, until_ms: u64) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE open_sockets SET until_ms = $2 WHERE node = $1",
            node,
            until_ms
        )?;
        Ok(())
    }

    /// Forgets what nodes said of their sockets that did not keep it up until a time (unix
    /// milliseconds): they are gone.
    pub async fn forget_lost_sockets(&mut self, until_ms: u64) -> Result<u64, StoreError> {
        execute!(
            self,
            "DELETE FROM open_sockets WHERE until_ms < $1",
            until_ms
        )
    }

    /// Forgets what a node said of its sockets: it has none, as when it starts or stops.
    pub async fn forget_open_sockets(&mut self, node: &str) -> Result<(), StoreError> {
        execute!(self, "DELETE FROM open_sockets WHERE node = $1", node)?;
        Ok(())
    }
}

const ENDPOINT: &str = "push_subscriptions.endpoint";
const KEYS: &str = "push_subscriptions.keys";
