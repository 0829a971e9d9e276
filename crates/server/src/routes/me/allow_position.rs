//! `PUT /v1/me/position-consent`: a person lets this device claim a position.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::gate::change;
use crate::problem::Refusal;

/// From now on the position that this device claims at a sign-in is weighed, and forgotten.
#[utoipa::path(
    put, path = "/v1/me/position-consent", tag = "people",
    responses((status = 204), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(State(app): State<App>, caller: Caller) -> Result<StatusCode, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PositionConsent, Resource::Hospital)
        .await?;
    let (id, now_ms) = (caller.device(), permit.now_ms());
    change!(permit.kind(ALLOWED), |tx, note| {
        let changed = tx.allow_position(id, now_ms).await?;
        note.put("device", id.to_string()).put("changed", changed);
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const ALLOWED: Kind = Kind::named("position.allowed");
