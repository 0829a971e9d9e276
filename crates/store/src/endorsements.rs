//! Endorsements: which device vouches for which, and where in the log it says so.

use std::collections::HashMap;

use wardline_audit::event::NodeName;
use wardline_model::endorsement::{Duty, MAX_CHAIN, SignedEndorsement};
use wardline_model::{DeviceId, UserId};

use crate::StoreError;
use crate::audit::EventRef;
use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, execute, fetch_optional, on_engine, row};
use crate::store::Tx;

/// An endorsement, and the event that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEndorsement {
    /// What was signed, and the signature.
    pub signed: SignedEndorsement,
    /// The event `device.endorsed`.
    pub event: EventRef,
}

row! {
    struct Raw {
        signed_json: String,
        event_node: NodeName,
        event_seq: u64,
    }
}

row! {
    struct VouchedFor {
        device_id: DeviceId,
        duty: Duty,
        endorser: DeviceId,
    }
}

/// What stands behind a device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vouched {
    /// What it may do beyond its person's own business.
    pub duty: Duty,
    /// The device that vouched for it; `None` while nobody has.
    pub endorser: Option<DeviceId>,
}

impl Tx {
    /// Writes the endorsement of a device, once; `event` is what [`Tx::audit`] gave for it in the
    /// same transaction.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the device is endorsed already, or when a genesis exists and
    /// this is another one.
    pub async fn put_endorsement(
        &mut self,
        signed: &SignedEndorsement,
        event: &EventRef,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let statement = &signed.endorsement;
        let json = serde_json::to_string(signed)
            .map_err(|_| StoreError::Corrupt("an endorsement to be stored"))?;
        execute!(
            self,
            "INSERT INTO endorsements (device_id, endorser, duty, genesis, signed_json,
                 event_node, event_seq, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            statement.device_id,
            statement.endorser,
            statement.duty,
            statement.is_genesis().then_some(1_i64),
            json,
            event.node,
            event.seq,
            now_ms
        )?;
        Ok(())
    }

    /// The endorsement of a device.
    pub async fn endorsement(
        &mut self,
        device: DeviceId,
    ) -> Result<Option<StoredEndorsement>, StoreError> {
        let raw = fetch_optional!(
            self,
            Raw,
            "SELECT signed_json, event_node, event_seq FROM endorsements WHERE device_id = $1",
            device
        )?;
        raw.map(Raw::parse).transpose()
    }

    /// What stands behind devices; those without an endorsement are left out.
    pub async fn vouched(
        &mut self,
        ids: &[DeviceId],
    ) -> Result<HashMap<DeviceId, Vouched>, StoreError> {
        let mut vouched = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(MAX_IN) {
            let sql = format!(
                "SELECT device_id, duty, endorser FROM endorsements WHERE device_id IN ({})",
                placeholders(1, ids.len())
            );
            let found: Vec<VouchedFor> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, VouchedFor>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            vouched.extend(found.into_iter().map(|row| {
                let behind = Vouched {
                    duty: row.duty,
                    endorser: Some(row.endorser),
                };
                (row.device_id, behind)
            }));
        }
        Ok(vouched)
    }

    /// Whether somebody else with a role works here and ever had a device that vouches for other
    /// people's: whoever could confirm what one officer invites. That it is out of use counts for
    /// nothing, since an officer could have seen to that to be alone.
    pub async fn another_endorses(&mut self, role: &str, than: UserId) -> Result<bool, StoreError> {
        let found: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT e.created_at FROM user_roles r JOIN users u ON u.user_id = r.user_id
                 JOIN devices d ON d.user_id = r.user_id
                 JOIN endorsements e ON e.device_id = d.device_id
             WHERE r.role = $1 AND r.user_id <> $2 AND u.active = 1 AND e.duty = $3 LIMIT 1",
            role,
            than,
            Duty::Endorses
        )?;
        Ok(found.is_some())
    }

    /// The endorsement from which every chain begins; `None` before the first officer.
    pub async fn genesis(&mut self) -> Result<Option<StoredEndorsement>, StoreError> {
        let raw = fetch_optional!(
            self,
            Raw,
            "SELECT signed_json, event_node, event_seq FROM endorsements WHERE genesis = 1"
        )?;
        raw.map(Raw::parse).transpose()
    }

    /// The chain from a device's own endorsement to the genesis; empty when it has none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the chain is broken or longer than [`MAX_CHAIN`].
    pub async fn endorsement_chain(
        &mut self,
        device: DeviceId,
    ) -> Result<Vec<StoredEndorsement>, StoreError> {
        let mut chain: Vec<StoredEndorsement> = Vec::new();
        let mut next = device;
        loop {
            let Some(link) = self.endorsement(next).await? else {
                let whole = chain.is_empty();
                return if whole {
                    Ok(chain)
                } else {
                    Err(StoreError::Corrupt("endorsements"))
                };
            };
            let genesis = link.signed.endorsement.is_genesis();
            next = link.signed.endorsement.endorser;
            chain.push(link);
            if genesis {
                return Ok(chain);
            }
            if chain.len() >= MAX_CHAIN {
                return Err(StoreError::Corrupt("endorsements"));
            }
        }
    }
}

impl Raw {
    fn parse(self) -> Result<StoredEndorsement, StoreError> {
        let signed = serde_json::from_str(&self.signed_json)
            .map_err(|_| StoreError::Corrupt("endorsements.signed_json"))?;
        Ok(StoredEndorsement {
            signed,
            event: EventRef {
                node: self.event_node,
                seq: self.event_seq,
            },
        })
    }
}
