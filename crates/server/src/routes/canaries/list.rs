//! `GET /v1/canaries`: which charts are canaries.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::looks::CanaryList;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::canaries;
use crate::problem::Refusal;

/// Those that are ones, those that were, and the wards that one can be put on.
#[utoipa::path(
    get, path = "/v1/canaries", tag = "patients",
    responses((status = 200, body = CanaryList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<CanaryList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::CanaryList, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let all = facts.canaries().await?;
    let looks = facts.looks_at_canaries().await?;
    let mut canaries = Vec::with_capacity(all.len());
    for canary in &all {
        canaries.push(super::info(&mut facts, canary, &looks).await?);
    }
    let wards = canaries::wards(&mut facts).await?;
    drop(facts);
    permit.record().await?;
    Ok(Json(CanaryList { canaries, wards }))
}
