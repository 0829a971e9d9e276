//! `DELETE /v1/push`: this device is rung no more.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::gate::change;
use crate::problem::Refusal;

/// Forgets the subscription of the device that asks.
#[utoipa::path(
    delete, path = "/v1/push", tag = "push",
    responses((status = 204), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(State(app): State<App>, caller: Caller) -> Result<StatusCode, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PushManage, Resource::Hospital)
        .await?;
    let id = caller.device();
    change!(permit.kind(UNSUBSCRIBED), |tx, note| {
        let changed = tx.remove_push_subscription(id).await?;
        note.put("device", id.to_string()).put("changed", changed);
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const UNSUBSCRIBED: Kind = Kind::named("push.unsubscribed");
