//! Conversations: heads, members, commits, receipts.
//!
//! A group's head is its epoch, the newest place of its log and whether a removal is pending. It
//! moves here, by commits and proposals, and in `append.rs`, by messages; nowhere else.

use std::collections::{BTreeMap, HashMap, HashSet};

use thiserror::Error;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::{
    Acknowledgement, Entry, EntryKind, Priority, Receipt, ReceiptState,
};
use wardline_model::{B64, DeviceId, GroupId, PatientId, RoleSlug, TeamId, UserId};

use crate::dialect::placeholders;
use crate::people::MAX_IN;
use crate::rows::{
    Bind as _, bind_all, execute, fetch_all, fetch_one, fetch_optional, on_engine, row,
};
use crate::store::Tx;
use crate::{StoreError, text};

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The conversation.
    pub group_id: GroupId,
    /// What it is.
    pub kind: GroupKind,
    /// The role it is for.
    pub role: Option<RoleSlug>,
    /// The random bytes behind its id, for a role's conversation.
    pub purpose: Option<Vec<u8>>,
    /// The code team or list that it is for.
    pub team_id: Option<TeamId>,
    /// The patient it is about; stored sealed.
    pub patient_id: Option<PatientId>,
    /// The MLS ciphersuite's number.
    pub ciphersuite: u16,
    /// The current epoch.
    pub epoch: u64,
    /// The newest place of its log; 0 for none.
    pub last_seq: u64,
    /// Whether a removal waits for a commit; no message is taken meanwhile.
    pub removal_pending: bool,
    /// When the newest message was taken, unix milliseconds.
    pub last_message_at: Option<u64>,
    /// Who made it.
    pub created_by: UserId,
    /// When, unix milliseconds.
    pub created_at: u64,
}

row! {
    struct RawGroup {
        group_id: GroupId,
        kind: GroupKind,
        role: Option<RoleSlug>,
        purpose: Option<Vec<u8>>,
        team_id: Option<TeamId>,
        patient_sealed: Option<Vec<u8>>,
        ciphersuite: u16,
        epoch: u64,
        last_seq: u64,
        removal_pending: bool,
        last_message_at: Option<u64>,
        created_by: UserId,
        created_at: u64,
    }
}

row! {
    /// A device in a conversation.
    pub struct GroupMember {
        /// The device.
        pub device_id: DeviceId,
        /// Its person.
        pub user_id: UserId,
        /// Its leaf in the ratchet tree (RFC 9420 §7).
        pub leaf_index: u32,
        /// The commit that added it; its log starts after that place.
        pub joined_seq: u64,
    }
}

row! {
    struct DeviceIn {
        group_id: GroupId,
        device_id: DeviceId,
    }
}

row! {
    struct MemberOf {
        group_id: GroupId,
        device_id: DeviceId,
        user_id: UserId,
        leaf_index: u32,
        joined_seq: u64,
    }
}

row! {
    struct ReceiptOf {
        group_id: GroupId,
        user_id: UserId,
        delivered: u64,
        read: u64,
        acknowledged: u64,
        delivered_at: Option<u64>,
        read_at: Option<u64>,
        acknowledged_at: Option<u64>,
    }
}

row! {
    struct NamedOf {
        group_id: GroupId,
        user_id: UserId,
        seq: u64,
        version: u64,
        at: u64,
    }
}

row! {
    /// What the delivery service knows of a group's MLS state.
    pub struct GroupState {
        /// The epoch of both.
        pub epoch: u64,
        /// The newest place of the log.
        pub last_seq: u64,
        /// The delivery service's own view of the group, serialised.
        pub public_state: Vec<u8>,
        /// GroupInfo with the ratchet tree, an `MLSMessage`.
        pub group_info: Vec<u8>,
    }
}

/// A conversation as the list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupListing {
    /// The conversation.
    pub group: Group,
    /// Every device in it.
    pub members: Vec<GroupMember>,
    /// How far each person has received and read.
    pub receipts: Vec<Receipt>,
}

/// A device's leaf after a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// The device.
    pub device_id: DeviceId,
    /// Its person.
    pub user_id: UserId,
    /// Its leaf in the ratchet tree.
    pub leaf_index: u32,
}

/// A conversation to be registered, at its epoch 0.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// The conversation.
    pub group_id: GroupId,
    /// What it is.
    pub kind: GroupKind,
    /// The role it is for.
    pub role: Option<RoleSlug>,
    /// The random bytes behind its id, for a role's conversation.
    pub purpose: Option<Vec<u8>>,
    /// The code team or list that it is for.
    pub team_id: Option<TeamId>,
    /// The patient it is about.
    pub patient_id: Option<PatientId>,
    /// The MLS ciphersuite's number.
    pub ciphersuite: u16,
    /// The delivery service's own view of the group.
    pub public_state: Vec<u8>,
    /// GroupInfo of epoch 0.
    pub group_info: Vec<u8>,
    /// Who makes it.
    pub created_by: UserId,
    /// The one who is in it at epoch 0.
    pub leaves: Vec<Leaf>,
}

/// A commit to be taken.
#[derive(Debug, Clone)]
pub struct NewCommit {
    /// The conversation.
    pub group_id: GroupId,
    /// The epoch that it was made in; the group must still be there.
    pub epoch: u64,
    /// The device that made it.
    pub sender_device: DeviceId,
    /// Its person.
    pub sender_user: UserId,
    /// The commit, an `MLSMessage`.
    pub commit: Vec<u8>,
    /// Everyone in the group after it.
    pub leaves: Vec<Leaf>,
    /// The Welcome, and the devices that it is for.
    pub welcome: Option<(Vec<u8>, Vec<DeviceId>)>,
    /// The delivery service's own view of the group after it.
    pub public_state: Vec<u8>,
    /// GroupInfo after it.
    pub group_info: Vec<u8>,
}

/// Why a change of a group was not taken; nothing was changed then.
#[derive(Debug, Error)]
pub enum CommitError {
    /// There is no such conversation.
    #[error("there is no such conversation")]
    UnknownGroup,
    /// Another commit came first: catch up and make it again.
    #[error("the conversation is at epoch {current}")]
    EpochConflict {
        /// The current epoch.
        current: u64,
    },
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

macro_rules! select_groups {
    ($where:literal) => {
        concat!(
            "SELECT g.group_id, g.kind, g.role, g.purpose, g.team_id, g.patient_sealed,
                 g.ciphersuite, g.epoch,
                 g.last_seq, g.removal_pending, g.last_message_at, g.created_by, g.created_at
             FROM groups g ",
            $where
        )
    };
}

impl Tx {
    /// Registers a conversation.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is taken.
    pub async fn create_group(&mut self, new: &NewGroup, now_ms: u64) -> Result<(), StoreError> {
        let token = new
            .patient_id
            .as_ref()
            .map(|patient| self.patient_token(patient));
        let sealed = match &new.patient_id {
            Some(patient) => {
                let plain = patient.as_str().as_bytes();
                Some(self.seal("groups.patient", new.group_id.as_bytes(), plain)?)
            }
            None => None,
        };
        execute!(
            self,
            "INSERT INTO groups (group_id, kind, role, patient_token, patient_sealed, ciphersuite,
                 epoch, last_seq, removal_pending, created_by, created_at, purpose, team_id)
             VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, $7, $8, $9, $10)",
            new.group_id,
            new.kind,
            new.role,
            token,
            sealed,
            new.ciphersuite,
            new.created_by,
            now_ms,
            new.purpose,
            new.team_id
        )?;
        execute!(
            self,
            "INSERT INTO group_states (group_id, public_state, group_info) VALUES ($1, $2, $3)",
            new.group_id,
            new.public_state,
            new.group_info
        )?;
        self.set_leaves(new.group_id, &new.leaves, 0).await?;
        self.forget_group(new.group_id);
        Ok(())
    }

    /// Takes a commit: the epoch moves by one, the log gets an entry, members and states change,
    /// Welcomes go out, a pending removal is done with. Gives the entry as it stands in the log.
    pub async fn apply_commit(
        &mut self,
        new: &NewCommit,
        now_ms: u64,
    ) -> Result<Entry, CommitError> {
        // Compare and swap: of two commits in one epoch the first wins.
        let seq: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "UPDATE groups SET epoch = epoch + 1, last_seq = last_seq + 1, removal_pending = 0
             WHERE group_id = $1 AND epoch = $2 RETURNING last_seq",
            new.group_id,
            new.epoch
        )?;
        let Some((seq,)) = seq else {
            return Err(self.epoch_conflict(new.group_id).await?);
        };
        self.forget_group(new.group_id);
        let entry = Entry {
            seq: seq.unsigned_abs(),
            kind: EntryKind::Commit,
            id: None,
            sender_device: Some(new.sender_device),
            sender: Some(new.sender_user),
            epoch: new.epoch,
            priority: Priority::Routine,
            sent_at: now_ms,
            body: B64(new.commit.clone()),
        };
        self.put_entry(new.group_id, &entry).await?;
        execute!(
            self,
            "UPDATE group_states SET public_state = $2, group_info = $3 WHERE group_id = $1",
            new.group_id,
            new.public_state,
            new.group_info
        )?;
        self.set_leaves(new.group_id, &new.leaves, entry.seq)
            .await?;
        if let Some((welcome, devices)) = &new.welcome {
            self.put_welcome(new.group_id, entry.seq, welcome, devices, now_ms)
                .await?;
        }
        Ok(entry)
    }

    /// Enters a removal that the delivery service proposes: from now on until the next commit, no
    /// message is taken. `public_state` has the proposal in it. Gives the entry.
    pub async fn propose_removal(
        &mut self,
        group: GroupId,
        epoch: u64,
        proposal: &[u8],
        public_state: &[u8],
        now_ms: u64,
    ) -> Result<Entry, CommitError> {
        let seq: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "UPDATE groups SET last_seq = last_seq + 1, removal_pending = 1
             WHERE group_id = $1 AND epoch = $2 RETURNING last_seq",
            group,
            epoch
        )?;
        let Some((seq,)) = seq else {
            return Err(self.epoch_conflict(group).await?);
        };
        self.forget_group(group);
        let entry = Entry {
            seq: seq.unsigned_abs(),
            kind: EntryKind::Proposal,
            id: None,
            sender_device: None,
            sender: None,
            epoch,
            priority: Priority::Routine,
            sent_at: now_ms,
            body: B64(proposal.to_vec()),
        };
        self.put_entry(group, &entry).await?;
        execute!(
            self,
            "UPDATE group_states SET public_state = $2 WHERE group_id = $1",
            group,
            public_state
        )?;
        Ok(entry)
    }

    /// Looks a conversation up.
    pub async fn group(&mut self, id: GroupId) -> Result<Option<Group>, StoreError> {
        let raw = fetch_optional!(self, RawGroup, select_groups!("WHERE g.group_id = $1"), id)?;
        raw.map(|raw| self.open_group(raw)).transpose()
    }

    /// The same, and nobody else changes the group until this transaction ends. To be called
    /// before a commit is judged by the group's state.
    pub async fn group_for_update(&mut self, id: GroupId) -> Result<Option<Group>, StoreError> {
        self.lock_group(id).await?;
        self.group(id).await
    }

    /// A group's MLS state.
    pub async fn group_state(&mut self, id: GroupId) -> Result<Option<GroupState>, StoreError> {
        fetch_optional!(
            self,
            GroupState,
            "SELECT g.epoch, g.last_seq, s.public_state, s.group_info
             FROM groups g JOIN group_states s ON s.group_id = g.group_id WHERE g.group_id = $1",
            id
        )
    }

    /// The devices in a group, by leaf.
    pub async fn members(&mut self, group: GroupId) -> Result<Vec<GroupMember>, StoreError> {
        fetch_all!(
            self,
            GroupMember,
            "SELECT device_id, user_id, leaf_index, joined_seq FROM group_devices
             WHERE group_id = $1 ORDER BY leaf_index",
            group
        )
    }

    /// A device's membership; `None` when it is not in the group.
    pub async fn membership(
        &mut self,
        group: GroupId,
        device: DeviceId,
    ) -> Result<Option<GroupMember>, StoreError> {
        fetch_optional!(
            self,
            GroupMember,
            "SELECT device_id, user_id, leaf_index, joined_seq FROM group_devices
             WHERE group_id = $1 AND device_id = $2",
            group,
            device
        )
    }

    /// The groups that devices are in, each with those in it: from them they are to be removed when
    /// they go bad.
    pub async fn groups_of_devices(
        &mut self,
        devices: &[DeviceId],
    ) -> Result<BTreeMap<GroupId, Vec<DeviceId>>, StoreError> {
        let mut groups: BTreeMap<GroupId, Vec<DeviceId>> = BTreeMap::new();
        for ids in devices.chunks(MAX_IN) {
            let sql = format!(
                "SELECT group_id, device_id FROM group_devices WHERE device_id IN ({})",
                placeholders(1, ids.len())
            );
            let rows: Vec<DeviceIn> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, DeviceIn>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            for row in rows {
                groups.entry(row.group_id).or_default().push(row.device_id);
            }
        }
        Ok(groups)
    }

    /// A person's conversations with members and receipts, newest activity first; three queries
    /// for every 256 of them.
    pub async fn groups_of(&mut self, user: UserId) -> Result<Vec<GroupListing>, StoreError> {
        let groups: Vec<RawGroup> = fetch_all!(
            self,
            RawGroup,
            select_groups!(
                "WHERE g.group_id IN (SELECT m.group_id FROM group_devices m WHERE m.user_id = $1)
                 ORDER BY COALESCE(g.last_message_at, g.created_at) DESC, g.group_id"
            ),
            user
        )?;
        let ids: Vec<GroupId> = groups.iter().map(|group| group.group_id).collect();
        let mut members: HashMap<GroupId, Vec<GroupMember>> = HashMap::new();
        let mut receipts = self.receipts_of(&ids).await?;
        for ids in ids.chunks(MAX_IN) {
            let sql = format!(
                "SELECT group_id, device_id, user_id, leaf_index, joined_seq FROM group_devices
                 WHERE group_id IN ({}) ORDER BY group_id, leaf_index",
                placeholders(1, ids.len())
            );
            let rows: Vec<MemberOf> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, MemberOf>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            for row in rows {
                members.entry(row.group_id).or_default().push(GroupMember {
                    device_id: row.device_id,
                    user_id: row.user_id,
                    leaf_index: row.leaf_index,
                    joined_seq: row.joined_seq,
                });
            }
        }
        groups
            .into_iter()
            .map(|raw| {
                let group = self.open_group(raw)?;
                let members = members.remove(&group.group_id).unwrap_or_default();
                let receipts = receipts.remove(&group.group_id).unwrap_or_default();
                Ok(GroupListing {
                    group,
                    members,
                    receipts,
                })
            })
            .collect()
    }

    /// The conversations about one patient are about another from now on: their records were merged.
    pub async fn rebind_groups(
        &mut self,
        from: &PatientId,
        to: &PatientId,
    ) -> Result<(), StoreError> {
        for group in self.groups_about(from).await? {
            let id = group.group_id;
            let token = self.patient_token(to);
            let sealed = self.seal("groups.patient", id.as_bytes(), to.as_str().as_bytes())?;
            execute!(
                self,
                "UPDATE groups SET patient_token = $2, patient_sealed = $3 WHERE group_id = $1",
                id,
                token,
                sealed
            )?;
        }
        Ok(())
    }

    /// The conversations about a patient.
    pub async fn groups_about(&mut self, patient: &PatientId) -> Result<Vec<Group>, StoreError> {
        let patient = self.patient_token(patient);
        let rows: Vec<RawGroup> = fetch_all!(
            self,
            RawGroup,
            select_groups!("WHERE g.patient_token = $1 ORDER BY g.created_at, g.group_id"),
            patient
        )?;
        rows.into_iter().map(|raw| self.open_group(raw)).collect()
    }

    /// Since when there is a conversation about a patient that a person is in, unix milliseconds; `None` where
    /// they are in none.
    pub async fn talks_about_since(
        &mut self,
        user: UserId,
        patient: &PatientId,
    ) -> Result<Option<u64>, StoreError> {
        let patient = self.patient_token(patient);
        let (since,): (Option<i64>,) = fetch_one!(
            self,
            (Option<i64>,),
            "SELECT MIN(g.created_at) AS n FROM groups g
             JOIN group_devices m ON m.group_id = g.group_id
             WHERE g.patient_token = $1 AND m.user_id = $2",
            patient,
            user
        )?;
        Ok(since.map(i64::unsigned_abs))
    }

    /// The patients about whom a person is in a conversation.
    pub async fn patients_talked_about(
        &mut self,
        user: UserId,
    ) -> Result<Vec<PatientId>, StoreError> {
        let rows: Vec<RawGroup> = fetch_all!(
            self,
            RawGroup,
            select_groups!(
                "WHERE g.patient_token IS NOT NULL AND g.group_id IN
                     (SELECT m.group_id FROM group_devices m WHERE m.user_id = $1)
                 ORDER BY g.group_id"
            ),
            user
        )?;
        let mut patients = Vec::with_capacity(rows.len());
        for raw in rows {
            patients.extend(self.open_group(raw)?.patient_id);
        }
        Ok(patients)
    }

    /// How far each person has come in a conversation.
    pub async fn receipts(&mut self, group: GroupId) -> Result<Vec<Receipt>, StoreError> {
        let mut receipts = self.receipts_of(&[group]).await?;
        Ok(receipts.remove(&group).unwrap_or_default())
    }

    /// The same for many conversations; those without receipts are left out.
    pub async fn receipts_of(
        &mut self,
        groups: &[GroupId],
    ) -> Result<HashMap<GroupId, Vec<Receipt>>, StoreError> {
        let mut receipts: HashMap<GroupId, Vec<Receipt>> = HashMap::new();
        for ids in groups.chunks(MAX_IN) {
            let sql = format!(
                "SELECT group_id, user_id, delivered, read, acknowledged,
                     delivered_at, read_at, acknowledged_at FROM receipts
                 WHERE group_id IN ({}) ORDER BY group_id, user_id",
                placeholders(1, ids.len())
            );
            let rows: Vec<ReceiptOf> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, ReceiptOf>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            for row in rows {
                receipts.entry(row.group_id).or_default().push(row.into());
            }
            self.name_acknowledged(ids, &mut receipts).await?;
        }
        Ok(receipts)
    }

    /// Adds which STAT messages of these conversations were acknowledged by whom.
    async fn name_acknowledged(
        &mut self,
        groups: &[GroupId],
        receipts: &mut HashMap<GroupId, Vec<Receipt>>,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT group_id, user_id, seq, version, at FROM stat_acknowledgements
             WHERE group_id IN ({}) ORDER BY group_id, seq, user_id",
            placeholders(1, groups.len())
        );
        let rows: Vec<NamedOf> = on_engine!(self, |Db, conn| {
            let query = sqlx::query_as::<Db, NamedOf>(sqlx::AssertSqlSafe(sql));
            bind_all!(query, groups, |q, id| q.bind(id.raw()))
                .fetch_all(conn)
                .await
        })?;
        for row in rows {
            let of = receipts.entry(row.group_id).or_default();
            // Whoever acknowledges has come as far: a receipt is written with each.
            if let Some(receipt) = of.iter_mut().find(|r| r.user_id == row.user_id) {
                receipt.named.push(Acknowledgement {
                    seq: row.seq,
                    version: row.version,
                    at: row.at,
                });
            }
        }
        Ok(())
    }

    /// Moves a person's receipt forward, up to the newest place at most; never back. What was read or
    /// acknowledged has been delivered; of an acknowledgement it does not follow that all before it was
    /// read. `None` when nothing moved. What moves is noted with its time. STAT messages are acknowledged
    /// by [`Tx::acknowledge_stat`].
    pub async fn advance_receipt(
        &mut self,
        group: GroupId,
        user: UserId,
        state: ReceiptState,
        up_to: u64,
        now_ms: u64,
    ) -> Result<Option<Receipt>, StoreError> {
        let last: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT last_seq FROM groups WHERE group_id = $1",
            group
        )?;
        let Some((last,)) = last else { return Ok(None) };
        let place = up_to.min(last.unsigned_abs());
        let (delivered, read, acknowledged) = match state {
            ReceiptState::Delivered => (place, 0, 0),
            ReceiptState::Read => (place, place, 0),
            ReceiptState::Acknowledged => (place, 0, place),
        };
        if place == 0 {
            return Ok(None);
        }
        let at = |place: u64| (place > 0).then_some(now_ms);
        let moved: Option<ReceiptOf> = fetch_optional!(
            self,
            ReceiptOf,
            "INSERT INTO receipts (group_id, user_id, delivered, read, acknowledged,
                 delivered_at, read_at, acknowledged_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (group_id, user_id) DO UPDATE SET
                 delivered_at = CASE WHEN excluded.delivered > receipts.delivered
                     THEN excluded.delivered_at ELSE receipts.delivered_at END,
                 read_at = CASE WHEN excluded.read > receipts.read
                     THEN excluded.read_at ELSE receipts.read_at END,
                 acknowledged_at = CASE WHEN excluded.acknowledged > receipts.acknowledged
                     THEN excluded.acknowledged_at ELSE receipts.acknowledged_at END,
                 delivered = CASE WHEN excluded.delivered > receipts.delivered
                     THEN excluded.delivered ELSE receipts.delivered END,
                 read = CASE WHEN excluded.read > receipts.read
                     THEN excluded.read ELSE receipts.read END,
                 acknowledged = CASE WHEN excluded.acknowledged > receipts.acknowledged
                     THEN excluded.acknowledged ELSE receipts.acknowledged END
             WHERE excluded.delivered > receipts.delivered OR excluded.read > receipts.read
                 OR excluded.acknowledged > receipts.acknowledged
             RETURNING group_id, user_id, delivered, read, acknowledged,
                 delivered_at, read_at, acknowledged_at",
            group,
            user,
            delivered,
            read,
            acknowledged,
            now_ms,
            at(read),
            at(acknowledged)
        )?;
        Ok(moved.map(Receipt::from))
    }

    /// How many conversations there are.
    pub async fn count_groups(&mut self) -> Result<u64, StoreError> {
        let (count,): (i64,) = fetch_one!(self, (i64,), "SELECT COUNT(*) AS n FROM groups")?;
        Ok(count.unsigned_abs())
    }

    /// Makes the members exactly `leaves`. Who stays keeps the place of joining.
    async fn set_leaves(
        &mut self,
        group: GroupId,
        leaves: &[Leaf],
        seq: u64,
    ) -> Result<(), StoreError> {
        let before: BTreeMap<DeviceId, GroupMember> = self
            .members(group)
            .await?
            .into_iter()
            .map(|m| (m.device_id, m))
            .collect();
        let kept: HashSet<DeviceId> = leaves
            .iter()
            .filter(|leaf| {
                before
                    .get(&leaf.device_id)
                    .is_some_and(|m| m.leaf_index == leaf.leaf_index)
            })
            .map(|leaf| leaf.device_id)
            .collect();
        // First all that go or move, so that a leaf is free before another device takes it.
        for device in before.keys().filter(|device| !kept.contains(device)) {
            execute!(
                self,
                "DELETE FROM group_devices WHERE group_id = $1 AND device_id = $2",
                group,
                device
            )?;
        }
        for leaf in leaves.iter().filter(|leaf| !kept.contains(&leaf.device_id)) {
            let joined = before.get(&leaf.device_id).map_or(seq, |m| m.joined_seq);
            execute!(
                self,
                "INSERT INTO group_devices (group_id, device_id, user_id, leaf_index, joined_seq)
                 VALUES ($1, $2, $3, $4, $5)",
                group,
                leaf.device_id,
                leaf.user_id,
                leaf.leaf_index,
                joined
            )?;
        }
        Ok(())
    }

    /// Drops what the group commit knows of a group, under the same lock.
    fn forget_group(&mut self, group: GroupId) {
        if let Some(cache) = &mut self.writer {
            cache.groups.remove(&group);
        }
    }

    async fn epoch_conflict(&mut self, group: GroupId) -> Result<CommitError, StoreError> {
        let current: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT epoch FROM groups WHERE group_id = $1",
            group
        )?;
        Ok(match current {
            Some((current,)) => CommitError::EpochConflict {
                current: current.unsigned_abs(),
            },
            None => CommitError::UnknownGroup,
        })
    }

    fn open_group(&self, raw: RawGroup) -> Result<Group, StoreError> {
        let patient_id = match &raw.patient_sealed {
            Some(sealed) => Some(text::patient_id(&self.open(
                "groups.patient",
                raw.group_id.as_bytes(),
                sealed,
            )?)?),
            None => None,
        };
        Ok(Group {
            group_id: raw.group_id,
            kind: raw.kind,
            role: raw.role,
            purpose: raw.purpose,
            team_id: raw.team_id,
            patient_id,
            ciphersuite: raw.ciphersuite,
            epoch: raw.epoch,
            last_seq: raw.last_seq,
            removal_pending: raw.removal_pending,
            last_message_at: raw.last_message_at,
            created_by: raw.created_by,
            created_at: raw.created_at,
        })
    }
}

impl From<ReceiptOf> for Receipt {
    fn from(row: ReceiptOf) -> Self {
        Self {
            user_id: row.user_id,
            delivered: row.delivered,
            read: row.read,
            acknowledged: row.acknowledged,
            delivered_at: row.delivered_at,
            read_at: row.read_at,
            acknowledged_at: row.acknowledged_at,
            named: Vec::new(),
        }
    }
}
