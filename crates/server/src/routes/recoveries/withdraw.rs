//! `DELETE /v1/recoveries/{id}`: take a recovery back.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::RecoveryId;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// Takes a recovery back that waits.
#[utoipa::path(
    delete, path = "/v1/recoveries/{id}", tag = "devices", params(("id" = RecoveryId, Path)),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RecoveryId>,
) -> Result<StatusCode, Refusal> {
    let recovery = app.facts().await?.recovery(id).await?;
    let recovery = recovery.ok_or(Refusal::NotFound)?;
    let resource = Resource::Recovery {
        person: recovery.user_id,
        asked_by: recovery.asked_by,
    };
    let permit = app
        .decide(caller.asker(), Action::RecoveryWithdraw, resource)
        .await?;
    let now_ms = permit.now_ms();
    change!(permit.kind(WITHDRAWN), |tx, note| {
        note.put("recovery", id.to_string())
            .put("user", recovery.user_id.to_string());
        if !tx
            .decide_recovery(id, "withdrawn", caller.user(), now_ms)
            .await?
        {
            return Err(Refusal::ChangedMeanwhile);
        }
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const WITHDRAWN: Kind = Kind::named("recovery.withdrawn");
