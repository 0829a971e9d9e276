//! Conversations: MLS groups as the delivery service knows them. One file for each operation.

pub(crate) mod commit;
pub(crate) mod create;
pub(crate) mod forward;
pub(crate) mod info;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod receipt;
pub(crate) mod send;

use wardline_delivery as delivery;
use wardline_model::{DeviceId, GroupId};
use wardline_policy::{RECORD_KEEPER, Resource};
use wardline_store::{CommitError, Group, GroupMember, Leaf, Tx};

use crate::caller::Caller;
use crate::problem::Refusal;
use crate::routes::groups::send::Target;

/// A conversation, and what the one who asks has to do with it.
#[derive(Debug)]
pub(crate) struct Standing {
    /// The conversation.
    pub(crate) group: Group,
    /// The device's own membership.
    pub(crate) device: Option<GroupMember>,
    /// Whether any device of the person is in it.
    member: bool,
}

impl Standing {
    /// Looks it up; a conversation that does not exist is not found.
    pub(crate) async fn of(tx: &mut Tx, id: GroupId, caller: &Caller) -> Result<Self, Refusal> {
        let group = tx.group(id).await?.ok_or(Refusal::NotFound)?;
        let device = tx.membership(id, caller.device()).await?;
        let member = device.is_some()
            || tx
                .members(id)
                .await?
                .iter()
                .any(|member| member.user_id == caller.user());
        Ok(Self {
            group,
            device,
            member,
        })
    }

    /// As the target of a message.
    pub(crate) fn target(&self, caller: &Caller) -> Target {
        Target {
            group: self.group.group_id,
            kind: self.group.kind,
            role: self.group.role.clone(),
            member: self.member,
            author: self.group.created_by == caller.user(),
            removal_pending: self.group.removal_pending,
        }
    }

    /// For the policies.
    pub(crate) fn resource(&self) -> Resource {
        Resource::Group {
            id: self.group.group_id,
            kind: self.group.kind,
            member: self.member,
            removal_pending: self.group.removal_pending,
            role: self.group.role.as_ref().map(ToString::to_string),
            urgent: false,
        }
    }
}

/// Every device in a group's public state.
fn leaves(tracked: &delivery::Tracked) -> Result<Vec<Leaf>, Refusal> {
    let members = tracked.members().map_err(mls_refused)?;
    Ok(members
        .into_iter()
        .map(|member| Leaf {
            device_id: member.device,
            user_id: member.user,
            leaf_index: member.leaf,
        })
        .collect())
}

/// Only devices in use may be added: a certificate outlives a revocation.
async fn check_in_use(
    tx: &mut Tx,
    joined: impl Iterator<Item = delivery::Member>,
) -> Result<(), Refusal> {
    let joined: Vec<delivery::Member> = joined.collect();
    let ids: Vec<DeviceId> = joined.iter().map(|member| member.device).collect();
    // Nobody takes them out of use between this look and the commit.
    tx.lock_devices(&ids).await?;
    let devices = tx.devices(&ids).await?;
    let in_use = joined.iter().all(|member| {
        devices.iter().any(|device| {
            device.device_id == member.device
                && device.user_id == member.user
                && device.state.is_in_use()
        })
    });
    if in_use {
        Ok(())
    } else {
        Err(Refusal::MlsRefused(
            "a device to be added is not in use".to_owned(),
        ))
    }
}

/// Nobody takes the record keeper out of a conversation, unless its device is out of use: what was
/// said stays on record (45 CFR 164.316(b)(2)(i)).
async fn check_keeper_stays(tx: &mut Tx, left: &[delivery::Member]) -> Result<(), Refusal> {
    if left.is_empty() {
        return Ok(());
    }
    let keepers = tx.people_with_role(RECORD_KEEPER).await?;
    let ids: Vec<DeviceId> = left
        .iter()
        .filter(|member| keepers.contains(&member.user))
        .map(|member| member.device)
        .collect();
    let devices = tx.devices(&ids).await?;
    if devices.iter().any(|d| d.state.is_in_use()) {
        return Err(Refusal::MlsRefused(
            "the record keeper stays in the conversation".to_owned(),
        ));
    }
    Ok(())
}

/// The delivery rules' refusals as problems.
pub(crate) fn mls_refused(refusal: delivery::Refusal) -> Refusal {
    match refusal {
        delivery::Refusal::EpochConflict { current } => Refusal::EpochConflict { epoch: current },
        delivery::Refusal::State => Refusal::internal(refusal),
        other => Refusal::MlsRefused(other.to_string()),
    }
}

/// The store's refusals of commits as problems.
pub(crate) fn commit_error(error: CommitError) -> Refusal {
    match error {
        CommitError::UnknownGroup => Refusal::NotFound,
        CommitError::EpochConflict { current } => Refusal::EpochConflict { epoch: current },
        CommitError::Store(error) => error.into(),
    }
}
