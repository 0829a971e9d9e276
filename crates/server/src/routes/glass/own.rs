//! `GET /v1/glass/own`: where a person broke the glass themselves, and what came of it.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::glass::{GlassList, GlassOutcome};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// One's own newest fifty, with what was said of them.
#[utoipa::path(
    get, path = "/v1/glass/own", tag = "patients",
    responses((status = 200, body = GlassList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<GlassList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::GlassListOwn, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let grants = facts.glass_of(caller.user()).await?;
    let grants = super::infos(&mut facts, grants, true, permit.now_ms()).await?;
    drop(facts);
    permit.record().await?;
    let waits = |outcome: GlassOutcome| outcome == GlassOutcome::Waiting;
    let waiting = grants.iter().filter(|grant| waits(grant.outcome)).count();
    Ok(Json(GlassList {
        waiting: waiting as u64,
        grants,
    }))
}
