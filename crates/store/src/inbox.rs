//! Welcomes that wait for a device.

use wardline_model::wire::messages::InboxItem;
use wardline_model::{B64, DeviceId, GroupId};

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

row! {
    struct Raw {
        n: u64,
        group_id: GroupId,
        seq: u64,
        welcome: Vec<u8>,
    }
}

impl Tx {
    /// A device's welcomes after a place, in order.
    pub async fn inbox_after(
        &mut self,
        device: DeviceId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<InboxItem>, StoreError> {
        let rows: Vec<Raw> = fetch_all!(
            self,
            Raw,
            "SELECT i.n, i.group_id, i.seq, w.welcome
             FROM inbox i JOIN welcomes w ON w.group_id = i.group_id AND w.seq = i.seq
             WHERE i.device_id = $1 AND i.n > $2 ORDER BY i.n LIMIT $3",
            device,
            after,
            limit
        )?;
        Ok(rows
            .into_iter()
            .map(|raw| InboxItem {
                n: raw.n,
                group_id: raw.group_id,
                seq: raw.seq,
                welcome: B64(raw.welcome),
            })
            .collect())
    }

    /// Keeps the Welcome of a commit once and points each device's inbox to it.
    pub(crate) async fn put_welcome(
        &mut self,
        group: GroupId,
        seq: u64,
        welcome: &[u8],
        devices: &[DeviceId],
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO welcomes (group_id, seq, welcome) VALUES ($1, $2, $3)",
            group,
            seq,
            welcome
        )?;
        // In one order everywhere, so that two commits never wait for each other.
        let mut devices = devices.to_vec();
        devices.sort_unstable();
        for device in devices {
            let n: Option<(i64,)> = fetch_optional!(
                self,
                (i64,),
                "UPDATE devices SET inbox_last = inbox_last + 1 WHERE device_id = $1
                 RETURNING inbox_last",
                device
            )?;
            let (n,) =
                n.ok_or_else(|| StoreError::Conflict("inbox of an unknown device".into()))?;
            execute!(
                self,
                "INSERT INTO inbox (device_id, n, group_id, seq, created_at)
                 VALUES ($1, $2, $3, $4, $5)",
                device,
                n,
                group,
                seq,
                now_ms
            )?;
        }
        Ok(())
    }
}
