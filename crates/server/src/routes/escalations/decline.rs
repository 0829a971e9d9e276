//! `POST /v1/escalations/{id}/decline`: cannot take it.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_escalation::Input;
use wardline_model::EscalationId;
use wardline_model::wire::escalations::EscalationInfo;
use wardline_model::wire::problem::Problem;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::problem::Refusal;

/// Says that one cannot take a STAT message. When nobody is left who is asked, the next ones are
/// asked at once.
#[utoipa::path(
    post, path = "/v1/escalations/{id}/decline", tag = "conversations",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = EscalationInfo), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<EscalationId>,
) -> Result<Json<EscalationInfo>, Refusal> {
    let user = caller.user();
    let input = |at| Input::Declined { user, at };
    super::answer(&app, &caller, id, DECLINED, input).await
}

const DECLINED: Kind = Kind::named("escalation.declined");
