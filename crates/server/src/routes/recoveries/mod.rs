//! Recovery of people who lost every device (NIST SP 800-63B-4 §4.2). One file for each operation.
//!
//! What comes of it is an invitation like any other: the new device has keys of its own, is
//! confirmed like any other, and the record keeper hands it the history that its rules allow. Nothing
//! that a lost device kept is opened by it.

pub(crate) mod approve;
pub(crate) mod ask;
pub(crate) mod list;
pub(crate) mod withdraw;

use std::collections::HashMap;

use wardline_model::UserId;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::recoveries::{RecoveryInfo, RecoveryState};
use wardline_store::{Recovery, Tx};

use crate::problem::Refusal;
use crate::shape;

/// Recoveries as answers show them.
async fn infos(
    tx: &mut Tx,
    recoveries: Vec<Recovery>,
    now_ms: u64,
) -> Result<Vec<RecoveryInfo>, Refusal> {
    let mut ids: Vec<UserId> = recoveries
        .iter()
        .flat_map(|r| [Some(r.user_id), Some(r.asked_by), r.decided_by])
        .flatten()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let people = tx.people(&ids).await?;
    let people: HashMap<UserId, PersonBrief> = people
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    recoveries
        .into_iter()
        .map(|recovery| info(recovery, &people, now_ms))
        .collect()
}

fn info(
    recovery: Recovery,
    people: &HashMap<UserId, PersonBrief>,
    now_ms: u64,
) -> Result<RecoveryInfo, Refusal> {
    let person = |id: UserId| people.get(&id).cloned().ok_or(Refusal::NotFound);
    let state = match recovery.state.as_str() {
        "waiting" if now_ms < recovery.expires_at => RecoveryState::Waiting,
        "approved" => RecoveryState::Approved,
        "withdrawn" => RecoveryState::Withdrawn,
        _ => RecoveryState::Expired,
    };
    Ok(RecoveryInfo {
        id: recovery.recovery_id,
        user: person(recovery.user_id)?,
        program: recovery.program,
        reason: recovery.reason,
        asked_by: person(recovery.asked_by)?,
        asked_at: recovery.asked_at,
        expires_at: recovery.expires_at,
        state,
        decided_by: recovery.decided_by.map(person).transpose()?,
        decided_at: recovery.decided_at,
    })
}
