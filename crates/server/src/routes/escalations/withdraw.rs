//! `POST /v1/escalations/{id}/withdraw`: take a STAT message of one's own back.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_escalation::Input;
use wardline_model::EscalationId;
use wardline_model::wire::escalations::EscalationInfo;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::problem::Refusal;

/// Says that a STAT message of one's own needs no answer any more, as when it was recalled. It is over
/// for everybody then, and whoever was asked is told by whom.
#[utoipa::path(
    post, path = "/v1/escalations/{id}/withdraw", tag = "conversations",
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
    let input = |at| Input::Withdrawn { at };
    let action = Action::EscalationWithdraw;
    super::tell(&app, &caller, id, action, WITHDRAWN, input).await
}

const WITHDRAWN: Kind = Kind::named("escalation.withdrawn");
