//! `DELETE /v1/me/position-consent`: a person takes back that this device claims a position.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::gate::change;
use crate::problem::Refusal;

/// From now on no position that this device claims counts for anything.
#[utoipa::path(
    delete, path = "/v1/me/position-consent", tag = "people",
    responses((status = 204), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(State(app): State<App>, caller: Caller) -> Result<StatusCode, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PositionConsent, Resource::Hospital)
        .await?;
    let id = caller.device();
    change!(permit.kind(FORBIDDEN), |tx, note| {
        let changed = tx.forbid_position(id).await?;
        note.put("device", id.to_string()).put("changed", changed);
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const FORBIDDEN: Kind = Kind::named("position.forbidden");
