//! `GET /v1/hl7/dead-letters`: what could not be applied, and why.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::wire::hl7::{DeadLetterInfo, DeadLetterList};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::DeadLetter;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Params;
use crate::hl7::About;
use crate::problem::Refusal;

/// Which ones.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Behind {
    /// Those behind this one; from the beginning where absent.
    after: Option<u64>,
}

/// Messages of feeds that could not be applied, the oldest first, a hundred at most. Nothing of what they
/// say of patients is told.
#[utoipa::path(
    get, path = "/v1/hl7/dead-letters", tag = "integrations", params(Behind),
    responses(
        (status = 200, body = DeadLetterList), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(behind): Params<Behind>,
) -> Result<Json<DeadLetterList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::IntegrationRead, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let letters = facts
        .dead_letters(behind.after.unwrap_or(0), AT_ONCE)
        .await?;
    let counts = facts.hl7_counts().await?;
    drop(facts);
    permit.record().await?;
    let is_full = letters.len() >= usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
    let next = letters.last().filter(|_| is_full).map(|letter| letter.seq);
    let letters = letters.into_iter().map(info);
    Ok(Json(DeadLetterList {
        letters: letters.collect::<Result<_, _>>()?,
        dead: counts.dead,
        waiting: counts.waiting,
        next,
    }))
}

fn info(letter: DeadLetter) -> Result<DeadLetterInfo, Refusal> {
    let about: About = serde_json::from_slice(&letter.about).map_err(Refusal::internal)?;
    Ok(DeadLetterInfo {
        id: letter.seq,
        kind: letter.kind,
        application: about.application,
        facility: about.facility,
        control_id: about.control_id,
        received_at: letter.received_at,
        reason: letter.reason,
        place: letter.place,
        decided_at: letter.decided_at,
    })
}

const AT_ONCE: u32 = 100;
