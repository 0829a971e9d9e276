//! `GET /v1/teams`: the code teams and broadcast lists.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::teams::TeamList;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// Every team with who is in it, and who holds its roles now.
#[utoipa::path(
    get, path = "/v1/teams", tag = "people",
    responses((status = 200, body = TeamList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<TeamList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::TeamList, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let may = |kind| app.may(caller.asker(), super::calling(kind), Resource::Hospital);
    let teams = super::infos(&mut facts, None, permit.now_ms(), may).await?;
    drop(facts);
    permit.record().await?;
    Ok(Json(TeamList { teams }))
}
