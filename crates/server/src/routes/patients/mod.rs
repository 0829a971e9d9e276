//! Patients: the minimum necessary. One file for each operation.

pub(crate) mod break_glass;
pub(crate) mod chart;
pub(crate) mod chart_entry;
pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod team;

use std::collections::BTreeSet;

use wardline_audit::event::Kind;
use wardline_model::{PatientId, UserId};
use wardline_policy::{Action, Glass, Resource};
use wardline_store::Tx;

use crate::charts;
use crate::gate::{Note, Permit, change};
use crate::problem::Refusal;
use crate::rim::random;

/// A patient as the policies see it, for this person.
pub(crate) async fn resource(
    tx: &mut Tx,
    user: UserId,
    id: &PatientId,
    now_ms: u64,
) -> Result<Resource, Refusal> {
    let care_team = tx.cares_for(user, id).await?;
    let mut conversation = false;
    for group in tx.groups_about(id).await? {
        let members = tx.members(group.group_id).await?;
        conversation |= members.iter().any(|member| member.user_id == user);
    }
    let labels: BTreeSet<String> = charts::labels(tx, id).await?;
    let glass = if care_team {
        None
    } else {
        glass(tx, user, id, now_ms).await?
    };
    Ok(Resource::Patient {
        id: id.clone(),
        care_team,
        conversation,
        glass,
        labels,
    })
}

/// The grant by which a person may read a record that is not theirs to read.
async fn glass(
    tx: &mut Tx,
    user: UserId,
    id: &PatientId,
    now_ms: u64,
) -> Result<Option<Glass>, Refusal> {
    let Some((id, purpose)) = tx.glass_in_force(user, id, now_ms).await? else {
        return Ok(None);
    };
    let purpose = purpose.parse().map_err(Refusal::internal)?;
    Ok(Some(Glass { id, purpose }))
}

/// The same as if the person had not broken the glass. What outlasts the grant must not rest on it: a
/// conversation about the patient would be a reason to look for as long as it exists.
pub(crate) fn without_glass(mut resource: Resource) -> Resource {
    if let Resource::Patient { glass, .. } = &mut resource {
        *glass = None;
    }
    resource
}

/// Records that something of a patient was read, and on what grounds. What is read under a grant is
/// noted with it, for whoever reviews it.
pub(crate) async fn record(permit: Permit, action: Action, read: &Resource) -> Result<(), Refusal> {
    let (care_team, glass) = match read {
        Resource::Patient {
            care_team, glass, ..
        }
        | Resource::Document {
            care_team, glass, ..
        } => (*care_team, *glass),
        _ => return permit.record().await,
    };
    let Some(glass) = glass else {
        let mut note = permit.note();
        note.put(
            "basis",
            if care_team {
                "care_team"
            } else {
                "conversation"
            },
        );
        return permit.record_with(note).await;
    };
    let now_ms = permit.now_ms();
    let what = format!("{action} {}", read.name());
    change!(permit.kind(READ), |tx, note| {
        on_grounds(note, glass);
        tx.note_glass_look(glass.id, random(), &what, now_ms)
            .await?;
        Ok(())
    })
}

fn on_grounds(note: &mut Note, glass: Glass) {
    note.put("basis", "break_the_glass")
        .put("glass", glass.id.to_string())
        .put("purpose", glass.purpose.as_str());
}

const READ: Kind = Kind::named("glass.used");
