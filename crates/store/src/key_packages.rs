//! MLS key packages (RFC 9420 §10): used once each, but for the last resort (§16.6).

use wardline_model::{DeviceId, UserId};

use crate::StoreError;
use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, execute, fetch_one, on_engine, row};
use crate::store::Tx;

row! {
    /// A key package that was claimed.
    pub struct ClaimedPackage {
        /// The person.
        pub user_id: UserId,
        /// The device.
        pub device_id: DeviceId,
        /// The key package, an `MLSMessage`.
        pub package: Vec<u8>,
        /// Whether it is the device's last resort, which stays.
        pub last_resort: bool,
    }
}

row! {
    struct Candidate {
        package_ref: Vec<u8>,
        user_id: UserId,
        device_id: DeviceId,
        package: Vec<u8>,
        last_resort: bool,
    }
}

/// A key package to be kept.
#[derive(Debug, Clone)]
pub struct NewKeyPackage {
    /// Its KeyPackageRef (RFC 9420 §5.2), or any hash of it.
    pub package_ref: Vec<u8>,
    /// The MLS ciphersuite's number.
    pub ciphersuite: u16,
    /// Whether it may be claimed again and again; it replaces the last resort before.
    pub last_resort: bool,
    /// The key package, an `MLSMessage`.
    pub package: Vec<u8>,
}

impl Tx {
    /// Keeps a device's key packages; those that are there already stay as they are, unless a
    /// last-resort package comes, which replaces them all.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the device is unknown.
    pub async fn put_key_packages(
        &mut self,
        device: DeviceId,
        packages: &[NewKeyPackage],
        now_ms: u64,
    ) -> Result<(), StoreError> {
        for last in packages.iter().filter(|package| package.last_resort) {
            execute!(
                self,
                "DELETE FROM key_packages WHERE device_id = $1 AND ciphersuite = $2",
                device,
                last.ciphersuite
            )?;
        }
        for package in packages {
            execute!(
                self,
                "INSERT INTO key_packages (package_ref, device_id, ciphersuite, last_resort,
                     package, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                package.package_ref,
                device,
                package.ciphersuite,
                package.last_resort,
                package.package,
                now_ms
            )?;
        }
        Ok(())
    }

    /// How many single-use packages of a device are left, and whether it has a last resort.
    pub async fn count_key_packages(
        &mut self,
        device: DeviceId,
    ) -> Result<(u64, bool), StoreError> {
        let (single, last): (i64, i64) = fetch_one!(
            self,
            (i64, i64),
            "SELECT CAST(COALESCE(SUM(1 - last_resort), 0) AS BIGINT) AS single,
                 CAST(COALESCE(SUM(last_resort), 0) AS BIGINT) AS last
             FROM key_packages WHERE device_id = $1",
            device
        )?;
        Ok((single.unsigned_abs(), last > 0))
    }

    /// Claims one key package for each active device of these people, or for those named among
    /// them: the oldest single-use one, which is gone then, else the last resort. Devices without
    /// any are left out.
    pub async fn claim_key_packages(
        &mut self,
        users: &[UserId],
        only: Option<&[DeviceId]>,
        ciphersuite: u16,
    ) -> Result<Vec<ClaimedPackage>, StoreError> {
        let mut claimed = Vec::new();
        for users in users.chunks(MAX_IN) {
            // Two claims at once would both see the same oldest package.
            self.lock_devices_of(users).await?;
            let sql = format!(
                "SELECT package_ref, user_id, device_id, package, last_resort FROM (
                     SELECT k.package_ref, d.user_id, k.device_id, k.package, k.last_resort,
                         ROW_NUMBER() OVER (PARTITION BY k.device_id
                             ORDER BY k.last_resort, k.created_at, k.package_ref) AS place
                     FROM key_packages k JOIN devices d ON d.device_id = k.device_id
                     WHERE k.ciphersuite = $1 AND d.state IN ('active', 'grace') AND d.user_id IN ({})
                 ) AS ranked WHERE place = 1 ORDER BY user_id, device_id",
                placeholders(2, users.len())
            );
            let found: Vec<Candidate> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, Candidate>(sqlx::AssertSqlSafe(sql));
                let query = query.bind(ciphersuite.raw());
                bind_all!(query, users, |q, user| q.bind(user.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            let wanted =
                |candidate: &Candidate| only.is_none_or(|only| only.contains(&candidate.device_id));
            for candidate in found.into_iter().filter(wanted) {
                if !candidate.last_resort {
                    let gone = execute!(
                        self,
                        "DELETE FROM key_packages WHERE package_ref = $1",
                        candidate.package_ref
                    )?;
                    if gone != 1 {
                        return Err(StoreError::Busy);
                    }
                }
                claimed.push(ClaimedPackage {
                    user_id: candidate.user_id,
                    device_id: candidate.device_id,
                    package: candidate.package,
                    last_resort: candidate.last_resort,
                });
            }
        }
        Ok(claimed)
    }
}
