//! `POST /v1/swaps/{id}/decline`: say no to a turn that one is asked about.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::SwapId;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::schedules::SwapInfo;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::problem::Refusal;
use crate::routes::swaps::Ending;

/// Says no; the turn stays as it is.
#[utoipa::path(
    post, path = "/v1/swaps/{id}/decline", tag = "people",
    params(("id" = SwapId, Path)),
    responses(
        (status = 200, body = SwapInfo),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SwapId>,
) -> Result<Json<SwapInfo>, Refusal> {
    let ending = Ending {
        state: "declined",
        kind: Kind::named("swap.declined"),
        by: |swap| swap.asked_of,
        others: ("not_asked", "Only the person who is asked can say no."),
    };
    super::end(&app, &caller, id, ending).await
}
