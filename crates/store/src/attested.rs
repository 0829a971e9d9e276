//! The certificates by which hardware vouched for devices, so that what is revoked later is found.

use wardline_model::DeviceId;

use crate::StoreError;
use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, execute, fetch_all, on_engine, row};
use crate::store::Tx;

row! {
    /// A certificate by which hardware vouched for a device.
    pub struct AttestedSerial {
        /// The device.
        pub device_id: DeviceId,
        /// The certificate's serial number, as the list of revoked attestation keys writes it.
        pub serial: String,
    }
}

impl Tx {
    /// Notes by which certificates hardware vouched for a device.
    pub async fn put_attested_serials(
        &mut self,
        device: DeviceId,
        serials: &[String],
    ) -> Result<(), StoreError> {
        for serial in serials {
            execute!(
                self,
                "INSERT INTO attested_serials (device_id, serial) VALUES ($1, $2)
                 ON CONFLICT DO NOTHING",
                device,
                serial
            )?;
        }
        Ok(())
    }

    /// Notes by which certificates alone hardware vouches for a device from now on. Those that vouched
    /// before are forgotten.
    pub async fn renew_attested(
        &mut self,
        device: DeviceId,
        serials: &[String],
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM attested_serials WHERE device_id = $1",
            device
        )?;
        self.put_attested_serials(device, serials).await
    }

    /// Notes which key of its hardware certified a device's key.
    pub async fn set_certifier(
        &mut self,
        device: DeviceId,
        certifier: &[u8; 32],
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE devices SET certifier = $2 WHERE device_id = $1",
            device,
            certifier
        )?;
        Ok(())
    }

    /// Notes that the word of the hardware that vouched for a device was taken back, and why.
    pub async fn disown(
        &mut self,
        device: DeviceId,
        why: &str,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE devices SET disowned_at = $2, disowned_why = $3 WHERE device_id = $1",
            device,
            now_ms,
            why
        )?;
        Ok(())
    }

    /// The certificates by which hardware vouched for devices that are not out of use, by device.
    pub async fn attested_serials(&mut self) -> Result<Vec<AttestedSerial>, StoreError> {
        fetch_all!(
            self,
            AttestedSerial,
            "SELECT s.device_id, s.serial
             FROM attested_serials s JOIN devices d ON d.device_id = s.device_id
             WHERE d.state IN ('pending', 'active', 'grace', 'quarantined')
             ORDER BY s.device_id, s.serial"
        )
    }

    /// Forgets what hardware said of devices, and who vouched for it: it is not believed any more.
    pub async fn forget_attested(&mut self, devices: &[DeviceId]) -> Result<(), StoreError> {
        for ids in devices.chunks(MAX_IN) {
            let listed = placeholders(1, ids.len());
            for sql in [
                format!(
                    "DELETE FROM device_facts
                     WHERE provenance = 'attested' AND device_id IN ({listed})"
                ),
                format!("DELETE FROM attested_serials WHERE device_id IN ({listed})"),
            ] {
                on_engine!(self, |Db, conn| {
                    let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql));
                    bind_all!(query, ids, |q, id| q.bind(id.raw()))
                        .execute(conn)
                        .await
                        .map(drop)
                })?;
            }
        }
        Ok(())
    }
}
