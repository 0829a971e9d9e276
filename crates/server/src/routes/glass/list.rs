//! `GET /v1/glass`: who broke the glass, for those who review it.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::glass::GlassList;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// Those that wait for a review, the oldest first, and then the newest that were reviewed; of either a
/// hundred at most, without what people wrote.
#[utoipa::path(
    get, path = "/v1/glass", tag = "patients",
    responses((status = 200, body = GlassList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<GlassList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::GlassList, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let mut grants = facts.glass_to_review().await?;
    grants.extend(facts.glass_reviewed().await?);
    let grants = super::infos(&mut facts, grants, false, permit.now_ms()).await?;
    let waiting = facts.glass_waiting().await?;
    drop(facts);
    let mut note = permit.note();
    let mut shown: Vec<String> = grants.iter().map(|g| g.patient_id.to_string()).collect();
    shown.sort_unstable();
    shown.dedup();
    note.put("patients", shown);
    permit.record_with(note).await?;
    Ok(Json(GlassList { grants, waiting }))
}
