//! `POST /v1/hl7/dead-letters/{id}/dismiss`: give a message up.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::hl7::DeadLetterDismissal;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;

/// Gives a message up that could not be applied, with a reason for the log; what it said goes.
#[utoipa::path(
    post, path = "/v1/hl7/dead-letters/{id}/dismiss", tag = "integrations",
    params(("id" = u64, Path)), request_body = DeadLetterDismissal,
    responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<u64>,
    Body(dismissal): Body<DeadLetterDismissal>,
) -> Result<StatusCode, Refusal> {
    let reason = dismissal.reason.trim().to_owned();
    if reason.is_empty() || reason.len() > LONGEST {
        return Err(Refusal::InvalidParameter("reason"));
    }
    let permit = app
        .decide(
            caller.asker(),
            Action::IntegrationManage,
            Resource::Hospital,
        )
        .await?;
    let now_ms = permit.now_ms();
    change!(permit.kind(DISMISSED), |tx, note| {
        note.put("letter", id).put("reason", reason.as_str());
        if !tx.dismiss_letter(id, now_ms).await? {
            return Err(Refusal::NotFound);
        }
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const LONGEST: usize = 500;
const DISMISSED: Kind = Kind::named("hl7.dismissed");
