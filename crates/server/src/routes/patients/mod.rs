//! Patients: the minimum necessary. One file for each operation.

pub(crate) mod break_glass;
pub(crate) mod chart;
pub(crate) mod chart_entry;
pub(crate) mod explanation;
pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod team;

use std::collections::BTreeSet;

use wardline_audit::event::Kind;
use wardline_model::{PatientId, UserId};
use wardline_policy::{Action, Because, Glass, Resource};
use wardline_store::Tx;

use crate::app::App;
use crate::charts;
use crate::explain::{self, Explanation};
use crate::gate::{Note, Permit, change};
use crate::problem::Refusal;
use crate::rim::random;

/// A patient as the policies see it, for this person.
pub(crate) async fn resource(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    id: &PatientId,
    now_ms: u64,
) -> Result<Resource, Refusal> {
    let known = explain::gather(app, tx, user, id, now_ms).await?;
    explained(tx, user, id, known, now_ms).await
}

/// The same with what was gathered of the person and the patient.
pub(crate) async fn explained(
    tx: &mut Tx,
    user: UserId,
    id: &PatientId,
    known: Explanation,
    now_ms: u64,
) -> Result<Resource, Refusal> {
    let care_team = known.care_team;
    let labels: BTreeSet<String> = charts::labels(tx, id).await?;
    let glass = if care_team {
        None
    } else {
        glass(tx, user, id, now_ms).await?
    };
    Ok(Resource::Patient {
        id: id.clone(),
        care_team,
        conversation: known.conversation,
        glass,
        explained: known.because(),
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

/// The same without what passes: a broken glass, and what is concluded, such as the ward of a shift. What
/// outlasts them must not rest on them: a conversation about the patient would be a reason to look for as long as
/// it exists.
pub(crate) fn lasting(mut resource: Resource) -> Resource {
    if let Resource::Patient {
        glass, explained, ..
    } = &mut resource
    {
        *glass = None;
        *explained = explained.filter(|because| because.strength() > 1);
    }
    resource
}

/// On what grounds somebody looks, for the log: what is written down of care team and conversation, the glass, or
/// what else explains it.
pub(crate) const fn basis(
    care_team: bool,
    conversation: bool,
    glass: Option<Glass>,
    explained: Option<Because>,
) -> &'static str {
    match (care_team, glass, conversation, explained) {
        (true, ..) => "care_team",
        (false, Some(_), ..) => "break_the_glass",
        (false, None, true, _) => "conversation",
        (false, None, false, Some(because)) => because.as_str(),
        (false, None, false, None) => "none",
    }
}

/// Records that something of a patient was read, and on what grounds. What is read under a grant is
/// noted with it, for whoever reviews it.
pub(crate) async fn record(permit: Permit, action: Action, read: &Resource) -> Result<(), Refusal> {
    let (care_team, conversation, glass, explained) = match read {
        Resource::Patient {
            care_team,
            conversation,
            glass,
            explained,
            ..
        }
        | Resource::Document {
            care_team,
            conversation,
            glass,
            explained,
            ..
        } => (*care_team, *conversation, *glass, *explained),
        _ => return permit.record().await,
    };
    let Some(glass) = glass else {
        let mut note = permit.note();
        note.put("basis", basis(care_team, conversation, None, explained));
        if let Some(because) = explained {
            note.put("reason", because.as_str());
        }
        return permit.record_with(note).await;
    };
    let now_ms = permit.now_ms();
    let what = format!("{action} {}", read.name());
    change!(permit.kind(READ), |tx, note| {
        on_grounds(note, glass);
        if let Some(because) = explained {
            note.put("reason", because.as_str());
        }
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

#[cfg(test)]
mod tests {
    use wardline_model::GlassId;
    use wardline_policy::Purpose;

    use super::*;

    #[test]
    fn nothing_that_lasts_rests_on_a_shift_or_a_broken_glass() {
        let of = |explained| Resource::Patient {
            id: "p1".parse().unwrap(),
            care_team: false,
            conversation: false,
            glass: Some(Glass {
                id: GlassId::from_bytes([1; 16]),
                purpose: Purpose::Treatment,
            }),
            explained,
            labels: BTreeSet::new(),
        };
        for because in Because::ALL {
            let Resource::Patient {
                glass, explained, ..
            } = lasting(of(Some(*because)))
            else {
                panic!("no patient")
            };
            assert_eq!(glass, None);
            assert_eq!(explained.is_some(), because.strength() > 1, "{because}");
        }
    }

    #[test]
    fn the_log_says_what_decided() {
        let glass = Glass {
            id: GlassId::from_bytes([1; 16]),
            purpose: Purpose::Treatment,
        };
        let ward = Some(Because::Ward);
        assert_eq!(basis(true, true, None, ward), "care_team");
        assert_eq!(basis(false, true, Some(glass), ward), "break_the_glass");
        assert_eq!(basis(false, true, None, ward), "conversation");
        assert_eq!(basis(false, false, None, ward), "ward");
    }
}
