//! Device programs that a hospital changed, devices that it registered, public lists of patches.

use wardline_model::{DeviceId, UserId};

use crate::StoreError;
use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, execute, fetch_all, fetch_optional, on_engine, row};
use crate::store::Tx;

row! {
    /// The terms of a program, as a hospital changed them.
    pub struct StoredProgram {
        /// Which.
        pub slug: String,
        /// How often it was changed.
        pub version: u64,
        /// A `Program`, JSON.
        pub terms: String,
        /// When, unix milliseconds.
        pub changed_at: u64,
        /// By whom; absent for the console.
        pub changed_by: Option<UserId>,
    }
}

row! {
    /// A device that the hospital bought, by the maker's serial number.
    pub struct RegisteredDevice {
        /// The maker's serial number.
        pub serial: String,
        /// The program that it is for.
        pub program: String,
        /// The name under which the model is sold.
        pub model: String,
        /// What an officer noted.
        pub note: String,
        /// For whom it is, where that is known.
        pub user_id: Option<UserId>,
        /// When it was registered, unix milliseconds.
        pub registered_at: u64,
        /// By whom.
        pub registered_by: Option<UserId>,
    }
}

row! {
    /// A file of a public list, as it was fetched.
    pub struct FeedFile {
        /// Its path among the feeds.
        pub file: String,
        /// SHA-256 of its bytes.
        pub sha256: [u8; 32],
        /// Its bytes.
        pub bytes: Vec<u8>,
        /// When, unix milliseconds.
        pub fetched_at: u64,
    }
}

row! {
    /// What a device manager calls one of its devices.
    pub struct ManagedLink {
        /// Which manager.
        pub source: String,
        /// Its name for the device.
        pub manager_id: String,
        /// The maker's serial number.
        pub serial: Option<String>,
        /// Whom it has as the owner.
        pub owner: Option<String>,
        /// What it shows as the device's name.
        pub name: String,
        /// The enrolled device, once one was found.
        pub device_id: Option<DeviceId>,
        /// When the manager last heard of it, unix milliseconds.
        pub observed_at: u64,
    }
}

row! {
    /// What a device manager is to be asked for.
    pub struct ManagerOrder {
        /// The device.
        pub device_id: DeviceId,
        /// What for, by the name in the log.
        pub action: String,
        /// Which manager.
        pub source: String,
        /// Its name for the device.
        pub manager_id: String,
        /// When it was ordered, unix milliseconds.
        pub ordered_at: u64,
        /// How often it was tried in vain.
        pub tries: u32,
        /// When it was tried last, unix milliseconds.
        pub tried_at: Option<u64>,
        /// Why that was in vain, in a sentence.
        pub problem: Option<String>,
        /// When the manager took it, or it was given up, unix milliseconds; absent while it waits.
        pub done_at: Option<u64>,
        /// How it ended, by the name in the log; absent while that is not known.
        pub outcome: Option<String>,
    }
}

row! {
    /// How reading a device manager went.
    #[derive(Default)]
    pub struct ManagerPull {
        /// When the last pull that has ended had begun, unix milliseconds.
        pub tried_at: Option<u64>,
        /// When the manager answered last, unix milliseconds.
        pub pulled_at: Option<u64>,
        /// Why not later, in a sentence.
        pub problem: Option<String>,
    }
}

macro_rules! order_columns {
    () => {
        "device_id, action, source, manager_id, ordered_at, tries, tried_at, problem, done_at, \
         outcome"
    };
}

impl Tx {
    /// The programs that were changed.
    pub async fn programs(&mut self) -> Result<Vec<StoredProgram>, StoreError> {
        fetch_all!(
            self,
            StoredProgram,
            "SELECT slug, version, terms, changed_at, changed_by FROM programs ORDER BY slug"
        )
    }

    /// Changes a program. False when it is not in the version that the change was made from, which
    /// is 0 for one that was never changed.
    pub async fn put_program(
        &mut self,
        slug: &str,
        terms: &str,
        from_version: u64,
        by: Option<UserId>,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let changed = if from_version == 0 {
            execute!(
                self,
                "INSERT INTO programs (slug, version, terms, changed_at, changed_by)
                 VALUES ($1, 1, $2, $3, $4) ON CONFLICT DO NOTHING",
                slug,
                terms,
                now_ms,
                by
            )?
        } else {
            execute!(
                self,
                "UPDATE programs SET version = version + 1, terms = $2, changed_at = $3,
                     changed_by = $4
                 WHERE slug = $1 AND version = $5",
                slug,
                terms,
                now_ms,
                by,
                from_version
            )?
        };
        Ok(changed == 1)
    }

    /// Registers a device, or changes what was registered under its serial number.
    pub async fn register_device(&mut self, device: &RegisteredDevice) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO registered_devices (serial, program, model, note, user_id,
                 registered_at, registered_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (serial) DO UPDATE SET program = excluded.program,
                 model = excluded.model, note = excluded.note, user_id = excluded.user_id,
                 registered_at = excluded.registered_at, registered_by = excluded.registered_by",
            device.serial,
            device.program,
            device.model,
            device.note,
            device.user_id,
            device.registered_at,
            device.registered_by
        )?;
        Ok(())
    }

    /// Looks a registered device up.
    pub async fn registered_device(
        &mut self,
        serial: &str,
    ) -> Result<Option<RegisteredDevice>, StoreError> {
        fetch_optional!(
            self,
            RegisteredDevice,
            "SELECT serial, program, model, note, user_id, registered_at, registered_by
             FROM registered_devices WHERE serial = $1",
            serial
        )
    }

    /// Registered devices of which no enrolled one is in use or waits.
    pub async fn registered_devices(&mut self) -> Result<Vec<RegisteredDevice>, StoreError> {
        fetch_all!(
            self,
            RegisteredDevice,
            "SELECT r.serial, r.program, r.model, r.note, r.user_id, r.registered_at,
                 r.registered_by
             FROM registered_devices r
             WHERE NOT EXISTS (SELECT 1 FROM devices d WHERE d.serial = r.serial
                 AND d.state IN ('pending', 'active', 'grace', 'quarantined'))
             ORDER BY r.serial"
        )
    }

    /// Puts a public list in the place of the one before: all of its files at once.
    pub async fn put_feeds(&mut self, files: &[FeedFile]) -> Result<(), StoreError> {
        execute!(self, "DELETE FROM feed_files")?;
        for file in files {
            execute!(
                self,
                "INSERT INTO feed_files (file, sha256, bytes, fetched_at) VALUES ($1, $2, $3, $4)",
                file.file,
                file.sha256,
                file.bytes,
                file.fetched_at
            )?;
        }
        Ok(())
    }

    /// The public lists.
    pub async fn feeds(&mut self) -> Result<Vec<FeedFile>, StoreError> {
        fetch_all!(
            self,
            FeedFile,
            "SELECT file, sha256, bytes, fetched_at FROM feed_files ORDER BY file"
        )
    }

    /// When the public lists were fetched, unix milliseconds; `None` without any. Cheap: it tells
    /// a node whether the lists that it holds are still those of the hospital.
    pub async fn feeds_fetched_at(&mut self) -> Result<Option<u64>, StoreError> {
        let newest = fetch_optional!(
            self,
            (i64,),
            "SELECT fetched_at FROM feed_files ORDER BY fetched_at DESC LIMIT 1"
        )?;
        Ok(newest.map(|(at,)| at.unsigned_abs()))
    }

    /// Remembers a security event; false when it was taken before.
    pub async fn take_signal(
        &mut self,
        issuer: &str,
        jti: &str,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let written = execute!(
            self,
            "INSERT INTO signal_ids (issuer, jti, received_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            issuer,
            jti,
            now_ms
        )?;
        Ok(written == 1)
    }

    /// Forgets security events that are too old to be taken again anyway.
    pub async fn forget_signals(&mut self, before_ms: u64) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM signal_ids WHERE received_at < $1",
            before_ms
        )?;
        Ok(())
    }

    /// Writes what a manager says of one of its devices, and to which enrolled device it belongs.
    pub async fn put_managed(&mut self, link: &ManagedLink, now_ms: u64) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO managed_devices (source, manager_id, serial, owner, name, device_id,
                 observed_at, received_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (source, manager_id) DO UPDATE SET serial = excluded.serial,
                 owner = excluded.owner, name = excluded.name, device_id = excluded.device_id,
                 observed_at = excluded.observed_at, received_at = excluded.received_at",
            link.source,
            link.manager_id,
            link.serial,
            link.owner,
            link.name,
            link.device_id,
            link.observed_at,
            now_ms
        )?;
        Ok(())
    }

    /// Notes that the manager of these devices is to be asked for something. One that no manager of
    /// that name knows by the serial number that it is tied to is passed over, and so is one of which
    /// the same waits already.
    pub async fn order(
        &mut self,
        devices: &[DeviceId],
        source: &str,
        action: &str,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        for ids in devices.chunks(MAX_IN) {
            // Of a device that the manager has twice, what it told last counts.
            let sql = format!(
                "INSERT INTO manager_orders (device_id, action, source, manager_id, ordered_at,
                     next_at)
                 SELECT m.device_id, $1, m.source, m.manager_id, $2, $2 FROM managed_devices m
                 JOIN devices d ON d.device_id = m.device_id
                 WHERE m.source = $3 AND d.serial IS NOT NULL AND m.device_id IN ({})
                     AND NOT EXISTS (SELECT 1 FROM managed_devices n
                         WHERE n.device_id = m.device_id AND n.source = m.source
                             AND (n.observed_at, n.manager_id) > (m.observed_at, m.manager_id))
                 ON CONFLICT (device_id, action) DO UPDATE SET manager_id = excluded.manager_id,
                     source = excluded.source, ordered_at = excluded.ordered_at, tries = 0,
                     tried_at = NULL, problem = NULL, next_at = excluded.next_at, look_at = NULL,
                     done_at = NULL, outcome = NULL
                 WHERE manager_orders.done_at IS NOT NULL",
                placeholders(4, ids.len())
            );
            on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql))
                    .bind(action)
                    .bind(now_ms.raw())
                    .bind(source);
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .execute(conn)
                    .await
                    .map(drop)
            })?;
        }
        Ok(())
    }

    /// Takes the order to a manager that was due first, a wipe before everything else, and keeps it
    /// from others until a time: of two nodes one gets it.
    pub async fn take_order(
        &mut self,
        source: &str,
        due_ms: u64,
        until_ms: u64,
    ) -> Result<Option<ManagerOrder>, StoreError> {
        fetch_optional!(
            self,
            ManagerOrder,
            concat!(
                "UPDATE manager_orders SET next_at = $3
                 WHERE done_at IS NULL AND next_at <= $2 AND (device_id, action) IN (
                     SELECT device_id, action FROM manager_orders
                     WHERE source = $1 AND done_at IS NULL AND next_at <= $2
                     ORDER BY CASE action WHEN 'wipe' THEN 0 ELSE 1 END, next_at, device_id,
                         action
                     LIMIT 1)
                 RETURNING ",
                order_columns!()
            ),
            source,
            due_ms,
            until_ms
        )
    }

    /// Notes that an order was tried in vain, and when it is tried again.
    pub async fn put_off_order(
        &mut self,
        order: &ManagerOrder,
        problem: &str,
        now_ms: u64,
        next_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE manager_orders SET tries = tries + 1, problem = $4, tried_at = $5, next_at = $6
             WHERE device_id = $1 AND action = $2 AND ordered_at = $3 AND done_at IS NULL",
            order.device_id,
            order.action,
            order.ordered_at,
            problem,
            now_ms,
            next_ms
        )?;
        Ok(())
    }

    /// Notes that an order was given, and when to look how it ended.
    pub async fn order_was_given(
        &mut self,
        order: &ManagerOrder,
        now_ms: u64,
        look_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE manager_orders SET problem = NULL, tried_at = $4, done_at = $4, look_at = $5
             WHERE device_id = $1 AND action = $2 AND ordered_at = $3 AND done_at IS NULL",
            order.device_id,
            order.action,
            order.ordered_at,
            now_ms,
            look_ms
        )?;
        Ok(())
    }

    /// Notes that an order is not tried any more, and what that is called in the log.
    pub async fn give_up_order(
        &mut self,
        order: &ManagerOrder,
        outcome: &str,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE manager_orders SET problem = NULL, tried_at = $4, done_at = $4, outcome = $5
             WHERE device_id = $1 AND action = $2 AND ordered_at = $3 AND done_at IS NULL",
            order.device_id,
            order.action,
            order.ordered_at,
            now_ms,
            outcome
        )?;
        Ok(())
    }

    /// Writes an order that a manager took at once, and when to look how it ended. It takes the place
    /// of what the device was to do of the same kind, whether that waited or was given: a manager
    /// tells of each kind how the last one ended.
    pub async fn put_given_order(
        &mut self,
        order: &ManagerOrder,
        look_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO manager_orders (device_id, action, source, manager_id, ordered_at, tries,
                 tried_at, problem, next_at, look_at, done_at, outcome)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $5, $9, $10, $11)
             ON CONFLICT (device_id, action) DO UPDATE SET source = excluded.source,
                 manager_id = excluded.manager_id, ordered_at = excluded.ordered_at,
                 tries = excluded.tries, tried_at = excluded.tried_at, problem = excluded.problem,
                 next_at = excluded.next_at, look_at = excluded.look_at,
                 done_at = excluded.done_at, outcome = excluded.outcome",
            order.device_id,
            order.action,
            order.source,
            order.manager_id,
            order.ordered_at,
            order.tries,
            order.tried_at,
            order.problem,
            look_ms,
            order.done_at,
            order.outcome
        )?;
        Ok(())
    }

    /// What a device's manager was asked for: the last of each kind, the newest first.
    pub async fn orders_of(&mut self, device: DeviceId) -> Result<Vec<ManagerOrder>, StoreError> {
        fetch_all!(
            self,
            ManagerOrder,
            concat!(
                "SELECT ",
                order_columns!(),
                " FROM manager_orders WHERE device_id = $1 ORDER BY ordered_at DESC, action"
            ),
            device
        )
    }

    /// The orders that wait, the oldest first.
    pub async fn waiting_orders(&mut self) -> Result<Vec<ManagerOrder>, StoreError> {
        fetch_all!(
            self,
            ManagerOrder,
            concat!(
                "SELECT ",
                order_columns!(),
                " FROM manager_orders WHERE done_at IS NULL ORDER BY ordered_at, device_id, action"
            )
        )
    }

    /// Takes orders that a manager was given and of which it is due to look how they ended, and keeps
    /// them from others until a time.
    pub async fn take_given_orders(
        &mut self,
        source: &str,
        due_ms: u64,
        until_ms: u64,
        most: u32,
    ) -> Result<Vec<ManagerOrder>, StoreError> {
        fetch_all!(
            self,
            ManagerOrder,
            concat!(
                "UPDATE manager_orders SET look_at = $3
                 WHERE look_at <= $2 AND (device_id, action) IN (
                     SELECT device_id, action FROM manager_orders
                     WHERE source = $1 AND look_at <= $2
                     ORDER BY look_at, device_id, action LIMIT $4)
                 RETURNING ",
                order_columns!()
            ),
            source,
            due_ms,
            until_ms,
            most
        )
    }

    /// Notes when to look again how an order ended, or that nobody will look any more.
    pub async fn look_again(
        &mut self,
        order: &ManagerOrder,
        look_ms: Option<u64>,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE manager_orders SET look_at = $4
             WHERE device_id = $1 AND action = $2 AND ordered_at = $3 AND look_at IS NOT NULL",
            order.device_id,
            order.action,
            order.ordered_at,
            look_ms
        )?;
        Ok(())
    }

    /// Notes how an order ended, by the name in the log; false when somebody else had noted that, or
    /// it was ordered anew.
    pub async fn end_order(
        &mut self,
        order: &ManagerOrder,
        outcome: &str,
    ) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE manager_orders SET look_at = NULL, outcome = $4
             WHERE device_id = $1 AND action = $2 AND ordered_at = $3 AND look_at IS NOT NULL",
            order.device_id,
            order.action,
            order.ordered_at,
            outcome
        )?;
        Ok(changed == 1)
    }

    /// Takes the reading of a manager, or of another source of the hospital's, where that is due, and
    /// keeps it from others until a time: of two nodes one gets it. `now_ms` is its name for [`Tx::hold_pull`] and [`Tx::finish_pull`].
    pub async fn take_pull(
        &mut self,
        source: &str,
        now_ms: u64,
        until_ms: u64,
    ) -> Result<bool, StoreError> {
        let taken = execute!(
            self,
            "INSERT INTO manager_pulls (source, due_at, taken_at) VALUES ($1, $3, $2)
             ON CONFLICT (source) DO UPDATE SET due_at = excluded.due_at,
                 taken_at = excluded.taken_at
             WHERE manager_pulls.due_at <= excluded.taken_at",
            source,
            now_ms,
            until_ms
        )?;
        Ok(taken == 1)
    }

    /// Keeps a pull that was taken at a time from others for longer; false when another one has it
    /// by now.
    pub async fn hold_pull(
        &mut self,
        source: &str,
        taken_ms: u64,
        until_ms: u64,
    ) -> Result<bool, StoreError> {
        let held = execute!(
            self,
            "UPDATE manager_pulls SET due_at = $3 WHERE source = $1 AND taken_at = $2",
            source,
            taken_ms,
            until_ms
        )?;
        Ok(held == 1)
    }

    /// Notes how a pull went that was taken at a time, and when the next one is due; nothing when
    /// another node has it by now. Without a time at which the manager answered, the one before stays.
    pub async fn finish_pull(
        &mut self,
        source: &str,
        taken_ms: u64,
        pulled_at: Option<u64>,
        problem: Option<&str>,
        due_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE manager_pulls SET due_at = $5, tried_at = taken_at,
                 pulled_at = COALESCE($3, pulled_at), problem = $4
             WHERE source = $1 AND taken_at = $2",
            source,
            taken_ms,
            pulled_at,
            problem,
            due_ms
        )?;
        Ok(())
    }

    /// How reading a manager went; `None` where nobody ever began.
    pub async fn manager_pull(&mut self, source: &str) -> Result<Option<ManagerPull>, StoreError> {
        fetch_optional!(
            self,
            ManagerPull,
            "SELECT tried_at, pulled_at, problem FROM manager_pulls WHERE source = $1",
            source
        )
    }

    /// What a manager calls a device.
    pub async fn managed_as(
        &mut self,
        source: &str,
        device: DeviceId,
    ) -> Result<Option<ManagedLink>, StoreError> {
        fetch_optional!(
            self,
            ManagedLink,
            "SELECT source, manager_id, serial, owner, name, device_id, observed_at
             FROM managed_devices WHERE source = $1 AND device_id = $2
             ORDER BY observed_at DESC LIMIT 1",
            source,
            device
        )
    }

    /// Forgets a device that its manager knows no longer.
    pub async fn forget_managed(
        &mut self,
        source: &str,
        manager_id: &str,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM managed_devices WHERE source = $1 AND manager_id = $2",
            source,
            manager_id
        )?;
        Ok(())
    }

    /// What managers call their devices.
    pub async fn managed(&mut self) -> Result<Vec<ManagedLink>, StoreError> {
        fetch_all!(
            self,
            ManagedLink,
            "SELECT source, manager_id, serial, owner, name, device_id, observed_at
             FROM managed_devices ORDER BY source, manager_id"
        )
    }
}
