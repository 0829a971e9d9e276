//! `GET /v1/me/stat-use`: how the person uses STAT.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::quiet::OwnStatUse;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// The person's own STAT messages of four weeks: how many, and how many of them somebody who acknowledged
/// did not think to need STAT. Of a few that is not told, since it would name who said so.
#[utoipa::path(
    get, path = "/v1/me/stat-use", tag = "people",
    responses((status = 200, body = OwnStatUse), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<OwnStatUse>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::MeRead, Resource::Hospital)
        .await?;
    let from_ms = permit.now_ms().saturating_sub(DAYS * DAY_MS);
    let mut facts = app.facts().await?;
    let count = facts.own_stat_count(caller.user(), from_ms).await?;
    drop(facts);
    permit.record().await?;
    Ok(Json(OwnStatUse {
        days: DAYS,
        sent: count.sent,
        acknowledged: count.acknowledged,
        unneeded: (count.sent >= FEWEST).then_some(count.unneeded),
    }))
}

const DAYS: u64 = 28;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const FEWEST: u64 = 3;
