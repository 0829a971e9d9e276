//! `GET /v1/push`: whether this device is rung.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::push::PushInfo;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// The server's key to subscribe with, and how it stands with the device that asks.
#[utoipa::path(
    get, path = "/v1/push", tag = "push",
    responses((status = 200, body = PushInfo), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<PushInfo>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PushManage, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let standing = app.look().await?.push_standing(caller.device()).await?;
    permit.record().await?;
    Ok(Json(app.push.info(standing.as_ref(), now_ms)))
}
