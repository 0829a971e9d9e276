//! `GET /v1/keeper/turns`: what devices signed about who is on call when.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::schedules::TurnOrders;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// Signed turns of a week ago and later. The record keeper verifies each one; what was signed for a
/// swap is among them once that is agreed.
#[utoipa::path(
    get, path = "/v1/keeper/turns", tag = "people",
    responses((status = 200, body = TurnOrders), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<TurnOrders>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::KeeperTurns, Resource::Hospital)
        .await?;
    let after_ms = permit.now_ms().saturating_sub(WEEK_MS);
    let orders = app.facts().await?.turn_orders(after_ms).await?;
    let orders = orders.into_iter().map(|(signed, _)| signed).collect();
    permit.record().await?;
    Ok(Json(TurnOrders { orders }))
}

const WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1000;
