//! Looks at charts that a privacy officer should look at. One file for each operation.

pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod review;

use wardline_model::LookId;
use wardline_model::wire::looks::{LookInfo, LookOutcome, LookSign};
use wardline_policy::Resource;
use wardline_store::{StoredLook, Tx};

use crate::app::App;
use crate::canaries;
use crate::charts;
use crate::problem::Refusal;
use crate::shape;
use crate::snooping::Said;

/// A look with what the policies ask of it.
async fn looked_up(app: &App, id: LookId) -> Result<(StoredLook, Resource), Refusal> {
    let look = app.facts().await?.look_at_chart(id).await?;
    let look = look.ok_or(Refusal::NotFound)?;
    let resource = Resource::Look {
        id,
        person: look.user_id,
    };
    Ok((look, resource))
}

/// A look as answers show it; `whole` is with what the officer wrote.
async fn info(
    tx: &mut Tx,
    look: StoredLook,
    whole: bool,
    now_ms: u64,
) -> Result<LookInfo, Refusal> {
    let said: Said = serde_json::from_slice(&look.said).map_err(Refusal::internal)?;
    let user = tx.person(look.user_id).await?.ok_or(Refusal::NotFound)?;
    let by = match look.reviewed_by {
        Some(id) => tx.person(id).await?.map(shape::brief),
        None => None,
    };
    let (name, mrn) = named(tx, &look, &said, now_ms).await?;
    let outcome = match look.outcome.as_deref() {
        None => LookOutcome::Waiting,
        Some("fine") => LookOutcome::Fine,
        Some("asked") => LookOutcome::Asked,
        Some(_) => LookOutcome::FollowedUp,
    };
    let mut signs = Vec::with_capacity(said.signs.len());
    for sign in &said.signs {
        let name = serde_json::to_value(sign).map_err(Refusal::internal)?;
        signs.push(LookSign {
            name: name.as_str().unwrap_or_default().to_owned(),
            sentence: sign.sentence().to_owned(),
        });
    }
    let note = look.note.as_ref().filter(|note| whole && !note.is_empty());
    Ok(LookInfo {
        id: look.look_id,
        user: shape::brief(user),
        patient_name: name,
        patient_mrn: mrn,
        canary: look.canary_id.is_some(),
        at: look.at,
        last_at: look.last_at,
        times: look.times,
        percent: said.percent,
        explained: said.sentence().map(str::to_owned),
        signs,
        ways: said.ways.iter().copied().collect(),
        patient_id: said.patient,
        outcome,
        note: note.map(|note| String::from_utf8_lossy(note).into_owned()),
        reviewed_by: by,
        reviewed_at: look.reviewed_at,
    })
}

/// Who the patient is; of a canary that is gone, what it was called.
async fn named(
    tx: &mut Tx,
    look: &StoredLook,
    said: &Said,
    now_ms: u64,
) -> Result<(Option<String>, Option<String>), Refusal> {
    if let Some(id) = look.canary_id
        && let Some(canary) = tx.canary(id).await?
    {
        let canary: canaries::Said =
            serde_json::from_slice(&canary.said).map_err(Refusal::internal)?;
        return Ok((Some(canary.name), canary.mrn));
    }
    let patient = charts::named(tx, &said.patient, now_ms).await?;
    let mrn = patient.as_ref().and_then(|patient| patient.mrn.clone());
    Ok((patient.map(|patient| patient.name), mrn))
}
