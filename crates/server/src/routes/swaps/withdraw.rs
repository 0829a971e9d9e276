//! `POST /v1/swaps/{id}/withdraw`: take a swap back.

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

/// Takes it back, while nobody has answered.
#[utoipa::path(
    post, path = "/v1/swaps/{id}/withdraw", tag = "people",
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
        state: "withdrawn",
        kind: Kind::named("swap.withdrawn"),
        by: |swap| swap.asked_by,
        others: ("not_yours", "Only the person who asked can take it back."),
    };
    super::end(&app, &caller, id, ending).await
}
