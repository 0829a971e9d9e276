//! Devices: pending until endorsed, in use or quarantined by their program's rules, and out of use
//! for good.

use wardline_model::wire::enroll::{DeviceState, Platform};
use wardline_model::{DeviceId, UserId};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, execute, fetch_all, fetch_optional, on_engine, row};
use crate::store::Tx;

row! {
    /// A device.
    pub struct Device {
        /// The device.
        pub device_id: DeviceId,
        /// Whose it is.
        pub user_id: UserId,
        /// What the person calls it.
        pub name: String,
        /// What runs on it.
        pub platform: Platform,
        /// The slug of its program, such as `byod`.
        pub program: String,
        /// Where it stands.
        pub state: DeviceState,
        /// The maker's serial number, where the hospital registered it.
        pub serial: Option<String>,
        /// What its program's rules made of it: an `Assessment`, JSON.
        pub assessment: Option<String>,
        /// Thumbprint of its P-256 key (RFC 7638).
        pub jkt: [u8; 32],
        /// Its P-256 public key, a JWK.
        pub device_jwk: String,
        /// Its Ed25519 MLS public key.
        pub mls_key: [u8; 32],
        /// The compact JWS by which the first key binds the second.
        pub binding: String,
        /// `platform`, `synced` or `software`.
        pub passkey_kind: String,
        /// Certificate of the P-256 key, DER; once active.
        pub device_cert: Option<Vec<u8>>,
        /// Certificate of the MLS key, DER; once active.
        pub mls_cert: Option<Vec<u8>>,
        /// Enrolment, unix milliseconds.
        pub created_at: u64,
        /// Endorsement, unix milliseconds.
        pub activated_at: Option<u64>,
        /// When it went out of use, unix milliseconds.
        pub revoked_at: Option<u64>,
        /// Why it went out of use.
        pub revoked_reason: Option<String>,
        /// When it said that what was kept on it is gone, unix milliseconds.
        pub wiped_at: Option<u64>,
        /// When its person accepted the privacy notice on it, unix milliseconds.
        pub notice_accepted_at: Option<u64>,
        /// The hash of that notice.
        pub notice_hash: Option<[u8; 32]>,
        /// Since when its person lets it claim a position at sign-in, unix milliseconds.
        pub position_consent_at: Option<u64>,
        /// When the word of the hardware that vouched for it was taken back last, unix milliseconds;
        /// whether it was vouched for again, its facts say.
        pub disowned_at: Option<u64>,
        /// Why, as the list of revoked attestation keys says.
        pub disowned_why: Option<String>,
        /// The key of its hardware that certified the P-256 key, where one did: SHA-256 of its
        /// SubjectPublicKeyInfo.
        pub certifier: Option<[u8; 32]>,
        /// Last request, unix milliseconds, to the minute.
        pub last_seen_at: Option<u64>,
    }
}

row! {
    struct Former {
        device_id: DeviceId,
        serial: Vec<u8>,
    }
}

row! {
    struct MovedRow {
        device_id: DeviceId,
    }
}

row! {
    struct Owned {
        user_id: UserId,
        device_id: DeviceId,
    }
}

/// A device to be written, pending.
#[derive(Debug, Clone)]
pub struct NewDevice {
    /// The device.
    pub device_id: DeviceId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the person calls it.
    pub name: String,
    /// What runs on it.
    pub platform: Platform,
    /// The slug of its program, such as `byod`.
    pub program: String,
    /// The maker's serial number, where the hospital registered it.
    pub serial: Option<String>,
    /// The hash of the privacy notice that its person accepted on it.
    pub notice_hash: Option<[u8; 32]>,
    /// Thumbprint of its P-256 key.
    pub jkt: [u8; 32],
    /// Its P-256 public key, a JWK.
    pub device_jwk: String,
    /// Its Ed25519 MLS public key.
    pub mls_key: [u8; 32],
    /// The compact JWS by which the first key binds the second.
    pub binding: String,
    /// `platform`, `synced` or `software`.
    pub passkey_kind: String,
}

macro_rules! select_devices {
    ($where:literal) => {
        concat!(
            "SELECT device_id, user_id, name, platform, program, state, serial,
                 (SELECT a.assessment FROM device_assessments a
                  WHERE a.device_id = devices.device_id) AS assessment,
                 jkt, device_jwk, mls_key, binding, passkey_kind, device_cert, mls_cert,
                 created_at, activated_at, revoked_at, revoked_reason, wiped_at,
                 notice_accepted_at, notice_hash, position_consent_at, disowned_at, disowned_why,
                 certifier, last_seen_at
             FROM devices ",
            $where
        )
    };
}

impl Tx {
    /// Writes a pending device with its passkey (WebAuthn credential, JSON) and the server's share
    /// of its local-store key, both sealed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key belongs to a device already.
    pub async fn create_device(
        &mut self,
        new: &NewDevice,
        passkey: &[u8],
        share: &[u8; 32],
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let passkey = self.seal("devices.passkey", new.device_id.as_bytes(), passkey)?;
        let share = self.seal("devices.share", new.device_id.as_bytes(), share)?;
        execute!(
            self,
            "INSERT INTO devices (device_id, user_id, name, platform, program, state, jkt,
                 device_jwk, mls_key, binding, passkey_kind, passkey_sealed, share_sealed,
                 inbox_last, created_at, serial, notice_accepted_at, notice_hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15, $16,
                 $17)",
            new.device_id,
            new.user_id,
            new.name,
            new.platform,
            new.program,
            DeviceState::Pending,
            new.jkt,
            new.device_jwk,
            new.mls_key,
            new.binding,
            new.passkey_kind,
            passkey,
            share,
            now_ms,
            new.serial,
            new.notice_hash.map(|_| now_ms),
            new.notice_hash
        )?;
        Ok(())
    }

    /// Looks a device up.
    pub async fn device(&mut self, id: DeviceId) -> Result<Option<Device>, StoreError> {
        fetch_optional!(self, Device, select_devices!("WHERE device_id = $1"), id)
    }

    /// Looks a device up by the thumbprint of its P-256 key.
    pub async fn device_by_key(&mut self, jkt: &[u8; 32]) -> Result<Option<Device>, StoreError> {
        fetch_optional!(self, Device, select_devices!("WHERE jkt = $1"), jkt)
    }

    /// A person's devices, newest first, revoked ones included.
    pub async fn devices_of(&mut self, user: UserId) -> Result<Vec<Device>, StoreError> {
        fetch_all!(
            self,
            Device,
            select_devices!("WHERE user_id = $1 ORDER BY created_at DESC, device_id"),
            user
        )
    }

    /// All devices in a state, newest first.
    pub async fn devices_in(&mut self, state: DeviceState) -> Result<Vec<Device>, StoreError> {
        fetch_all!(
            self,
            Device,
            select_devices!("WHERE state = $1 ORDER BY created_at DESC, device_id"),
            state
        )
    }

    /// Devices that come after one, or from the newest on, newest first and at most `limit`; all, or
    /// those in a state. A device keeps its place for good, so a page never shifts, and newcomers
    /// stand before the pages that were read.
    pub async fn devices_after(
        &mut self,
        state: Option<DeviceState>,
        after: Option<&Device>,
        limit: usize,
    ) -> Result<Vec<Device>, StoreError> {
        let (created_at, id) = after.map_or((u64::MAX, DeviceId::from_bytes([0; 16])), |after| {
            (after.created_at, after.device_id)
        });
        match state {
            Some(state) => fetch_all!(
                self,
                Device,
                select_devices!(
                    "WHERE created_at <= $1 AND (created_at < $1 OR device_id > $2) AND state = $4
                     ORDER BY created_at DESC, device_id LIMIT $3"
                ),
                created_at,
                id,
                limit,
                state
            ),
            None => fetch_all!(
                self,
                Device,
                select_devices!(
                    "WHERE created_at <= $1 AND (created_at < $1 OR device_id > $2)
                     ORDER BY created_at DESC, device_id LIMIT $3"
                ),
                created_at,
                id,
                limit
            ),
        }
    }

    /// All devices, newest first.
    pub async fn all_devices(&mut self) -> Result<Vec<Device>, StoreError> {
        fetch_all!(
            self,
            Device,
            select_devices!("ORDER BY created_at DESC, device_id")
        )
    }

    /// Looks several devices up at once; unknown ones are left out.
    pub async fn devices(&mut self, ids: &[DeviceId]) -> Result<Vec<Device>, StoreError> {
        let mut devices = Vec::with_capacity(ids.len());
        for ids in ids.chunks(MAX_IN) {
            let sql = format!(
                select_devices!("WHERE device_id IN ({})"),
                placeholders(1, ids.len())
            );
            let found: Vec<Device> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, Device>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            devices.extend(found);
        }
        Ok(devices)
    }

    /// Devices in use of several people, each with its person.
    pub async fn active_devices_of(
        &mut self,
        users: &[UserId],
    ) -> Result<Vec<(UserId, DeviceId)>, StoreError> {
        let mut devices = Vec::new();
        for users in users.chunks(MAX_IN) {
            let sql = format!(
                "SELECT user_id, device_id FROM devices
                 WHERE state IN ('active', 'grace') AND user_id IN ({})
                 ORDER BY user_id, device_id",
                placeholders(1, users.len())
            );
            let found: Vec<Owned> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, Owned>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, users, |q, user| q.bind(user.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            devices.extend(found.into_iter().map(|row| (row.user_id, row.device_id)));
        }
        Ok(devices)
    }

    /// The device's passkey (WebAuthn credential, JSON).
    pub async fn passkey(
        &mut self,
        id: DeviceId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT passkey_sealed FROM devices WHERE device_id = $1",
            id
        )?;
        sealed
            .map(|(sealed,)| self.open("devices.passkey", id.as_bytes(), &sealed))
            .transpose()
    }

    /// Replaces the passkey after a sign-in moved its counter.
    pub async fn set_passkey(&mut self, id: DeviceId, passkey: &[u8]) -> Result<bool, StoreError> {
        let sealed = self.seal("devices.passkey", id.as_bytes(), passkey)?;
        let changed = execute!(
            self,
            "UPDATE devices SET passkey_sealed = $2 WHERE device_id = $1",
            id,
            sealed
        )?;
        Ok(changed == 1)
    }

    /// The server's share of the device's local-store key; withheld (`None`) while it is
    /// quarantined, and gone once it is out of use.
    pub async fn share(&mut self, id: DeviceId) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT share_sealed FROM devices
             WHERE device_id = $1 AND state IN ('pending', 'active', 'grace')",
            id
        )?;
        sealed
            .map(|(sealed,)| self.open("devices.share", id.as_bytes(), &sealed))
            .transpose()
    }

    /// Notes that its person lets a device claim a position at sign-in from now on (unix
    /// milliseconds). False where they did before: then it is since then.
    pub async fn allow_position(&mut self, id: DeviceId, now_ms: u64) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE devices SET position_consent_at = $2
             WHERE device_id = $1 AND position_consent_at IS NULL",
            id,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// Notes that a device is to claim no position. False where it was not to before.
    pub async fn forbid_position(&mut self, id: DeviceId) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE devices SET position_consent_at = NULL
             WHERE device_id = $1 AND position_consent_at IS NOT NULL",
            id
        )?;
        Ok(changed == 1)
    }

    /// Makes a pending device active with its certificates (DER); false when it is not pending.
    pub async fn activate_device(
        &mut self,
        id: DeviceId,
        device_cert: &[u8],
        mls_cert: &[u8],
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE devices SET state = 'active', device_cert = $2, mls_cert = $3,
                 activated_at = $4
             WHERE device_id = $1 AND state = 'pending'",
            id,
            device_cert,
            mls_cert,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// Gives a device other certificates (DER) for its keys.
    pub async fn renew_device(
        &mut self,
        id: DeviceId,
        device_cert: &[u8],
        mls_cert: &[u8],
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE devices SET device_cert = $2, mls_cert = $3 WHERE device_id = $1",
            id,
            device_cert,
            mls_cert
        )?;
        Ok(())
    }

    /// Notes a certificate that was renewed before its end (unix milliseconds), by its serial
    /// number.
    pub async fn put_former_certificate(
        &mut self,
        serial: &[u8],
        device: DeviceId,
        not_after: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO former_certificates (serial, device_id, not_after) VALUES ($1, $2, $3)",
            serial,
            device,
            not_after
        )?;
        Ok(())
    }

    /// Renewed certificates that have not run out yet at a time (unix milliseconds): serial numbers
    /// by device.
    pub async fn former_certificates(
        &mut self,
        now_ms: u64,
    ) -> Result<Vec<(DeviceId, Vec<u8>)>, StoreError> {
        let former: Vec<Former> = fetch_all!(
            self,
            Former,
            "SELECT device_id, serial FROM former_certificates WHERE not_after >= $1
             ORDER BY device_id, serial",
            now_ms
        )?;
        Ok(former
            .into_iter()
            .map(|former| (former.device_id, former.serial))
            .collect())
    }

    /// Takes a device out of use for good, as lost or retired: its share is destroyed, its sessions
    /// end, its key packages and its push subscription go. False when it is unknown or was out of
    /// use before.
    pub async fn end_device(
        &mut self,
        id: DeviceId,
        state: DeviceState,
        reason: &str,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        // An empty share does not open, so not even a flipped state could hand it out again.
        let changed = execute!(
            self,
            "UPDATE devices SET state = $5, revoked_at = $2, revoked_reason = $3,
                 share_sealed = $4
             WHERE device_id = $1 AND state NOT IN ('lost', 'wiped', 'retired')",
            id,
            now_ms,
            reason,
            [0_u8; 0],
            state
        )?;
        if changed == 0 {
            return Ok(false);
        }
        self.shut_out(&[id], "device revoked", now_ms).await?;
        execute!(
            self,
            "DELETE FROM push_subscriptions WHERE device_id = $1",
            id
        )?;
        Ok(true)
    }

    /// Reports a retired device lost after all; false when it is not retired.
    pub async fn mark_lost(&mut self, id: DeviceId, reason: &str) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE devices SET state = 'lost', revoked_reason = $2
             WHERE device_id = $1 AND state = 'retired'",
            id,
            reason
        )?;
        Ok(changed == 1)
    }

    /// Notes that a device out of use said that what was kept on it is gone; false when it is not
    /// out of use, or said so before.
    pub async fn mark_wiped(&mut self, id: DeviceId, now_ms: u64) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE devices SET state = 'wiped', wiped_at = $2
             WHERE device_id = $1 AND state IN ('lost', 'retired')",
            id,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// Moves devices between the states that their programs' rules decide: in use, in grace,
    /// quarantined. One that is quarantined loses its sessions and key packages, and is rung no more.
    /// Gives those that were in the state that they are moved from.
    pub async fn move_devices(
        &mut self,
        devices: &[DeviceId],
        from: DeviceState,
        to: DeviceState,
        now_ms: u64,
    ) -> Result<Vec<DeviceId>, StoreError> {
        let mut moved = Vec::with_capacity(devices.len());
        for ids in devices.chunks(MAX_IN) {
            let sql = format!(
                "UPDATE devices SET state = $1
                 WHERE state = $2 AND state NOT IN ('lost', 'wiped', 'retired')
                     AND device_id IN ({}) RETURNING device_id",
                placeholders(3, ids.len())
            );
            let rows: Vec<MovedRow> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, MovedRow>(sqlx::AssertSqlSafe(sql))
                    .bind(to.raw())
                    .bind(from.raw());
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            moved.extend(rows.into_iter().map(|row| row.device_id));
        }
        if to == DeviceState::Quarantined {
            self.shut_out(&moved, "device quarantined", now_ms).await?;
        }
        Ok(moved)
    }

    /// Ends what devices could go on with. What rings a device stays while it may come back: its person is told by
    /// it what to mend.
    async fn shut_out(
        &mut self,
        devices: &[DeviceId],
        reason: &str,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        for ids in devices.chunks(MAX_IN) {
            let packages = format!(
                "DELETE FROM key_packages WHERE device_id IN ({})",
                placeholders(1, ids.len())
            );
            let sessions = format!(
                "UPDATE sessions SET ended_at = $1, end_reason = $2
                 WHERE ended_at IS NULL AND device_id IN ({})",
                placeholders(3, ids.len())
            );
            on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(packages));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .execute(&mut *conn)
                    .await?;
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sessions))
                    .bind(now_ms.raw())
                    .bind(reason);
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .execute(conn)
                    .await?;
            });
        }
        Ok(())
    }

    /// The device in use, or waiting, that is tied to a serial number.
    pub async fn device_of_serial(&mut self, key: &str) -> Result<Option<Device>, StoreError> {
        fetch_optional!(
            self,
            Device,
            select_devices!(
                "WHERE serial = $1 AND state IN ('pending', 'active', 'grace', 'quarantined')
                 ORDER BY created_at DESC LIMIT 1"
            ),
            key
        )
    }

    /// The devices in use, or waiting, that are tied to a serial number, or that a manager,
    /// whichever it is, calls so.
    pub async fn devices_named(
        &mut self,
        serial: &str,
        manager_id: &str,
    ) -> Result<Vec<Device>, StoreError> {
        fetch_all!(
            self,
            Device,
            select_devices!(
                "WHERE state IN ('pending', 'active', 'grace', 'quarantined')
                 AND (serial = $1 OR device_id IN
                      (SELECT device_id FROM managed_devices WHERE manager_id = $2))
                 ORDER BY created_at DESC, device_id"
            ),
            serial,
            manager_id
        )
    }

    /// Ties a device to the maker's serial number, by which its manager knows it, in the form in
    /// which numbers are compared. What a manager said of it by another number is forgotten.
    pub async fn set_serial(
        &mut self,
        id: DeviceId,
        serial: Option<&str>,
    ) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE devices SET serial = $2
             WHERE device_id = $1 AND serial IS DISTINCT FROM $2",
            id,
            serial
        )?;
        if changed == 1 {
            execute!(
                self,
                "UPDATE managed_devices SET device_id = NULL WHERE device_id = $1",
                id
            )?;
            execute!(
                self,
                "DELETE FROM device_facts WHERE device_id = $1 AND provenance = 'managed'",
                id
            )?;
        }
        Ok(changed == 1)
    }

    /// Notes that a device was heard of, at most once a minute.
    pub async fn touch_device(&mut self, id: DeviceId, now_ms: u64) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE devices SET last_seen_at = $2
             WHERE device_id = $1 AND (last_seen_at IS NULL OR last_seen_at <= $3)",
            id,
            now_ms,
            now_ms.saturating_sub(60_000)
        )?;
        Ok(())
    }
}
