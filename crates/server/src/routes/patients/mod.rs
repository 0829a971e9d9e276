//! Patients: the minimum necessary. One file for each operation.

pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod team;

use std::collections::BTreeSet;

use wardline_model::{PatientId, UserId};
use wardline_policy::Resource;
use wardline_store::Tx;

use crate::charts;
use crate::problem::Refusal;

/// A patient as the policies see it, for this person.
pub(crate) async fn resource(
    tx: &mut Tx,
    user: UserId,
    id: &PatientId,
) -> Result<Resource, Refusal> {
    let care_team = tx.cares_for(user, id).await?;
    let mut conversation = false;
    for group in tx.groups_about(id).await? {
        let members = tx.members(group.group_id).await?;
        conversation |= members.iter().any(|member| member.user_id == user);
    }
    let labels: BTreeSet<String> = charts::labels(tx, id).await?;
    Ok(Resource::Patient {
        id: id.clone(),
        care_team,
        conversation,
        labels,
    })
}
