//! `GET /v1/recoveries`: who lost every device, and what was decided.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::recoveries::RecoveryList;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// The newest hundred recoveries.
#[utoipa::path(
    get, path = "/v1/recoveries", tag = "devices",
    responses((status = 200, body = RecoveryList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<RecoveryList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::RecoveryList, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let recoveries = facts.recoveries().await?;
    let recoveries = super::infos(&mut facts, recoveries, permit.now_ms()).await?;
    drop(facts);
    permit.record().await?;
    Ok(Json(RecoveryList { recoveries }))
}
