//! `GET /v1/policies`: which versions there are.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::policies::PolicyVersions;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// All versions of the policies, and which is in force.
#[utoipa::path(
    get, path = "/v1/policies", tag = "policies",
    responses((status = 200, body = PolicyVersions), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<PolicyVersions>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PolicyRead, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let (active, versions) = super::versions(&mut facts, permit.now_ms()).await?;
    drop(facts);
    permit.record().await?;
    Ok(Json(PolicyVersions { active, versions }))
}
