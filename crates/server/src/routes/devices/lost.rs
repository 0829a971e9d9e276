//! `POST /v1/devices/{id}/lost`: a phone is gone.

use axum::Json;
use axum::extract::State;
use wardline_model::DeviceId;
use wardline_model::wire::devices::DeviceInfo;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::problem::Problem;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::problem::Refusal;
use crate::routes::devices::revoke::end;

/// Reports a device lost: everything that taking it out of use does, and it is known as lost, so
/// that whoever finds it is told so. Its owner does this from any other device, or calls a security
/// officer. Where the program's wipe takes the whole device, its manager is asked for that.
#[utoipa::path(
    post, path = "/v1/devices/{id}/lost", tag = "devices", params(("id" = DeviceId, Path)),
    responses((status = 200, body = DeviceInfo), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<DeviceId>,
) -> Result<Json<DeviceInfo>, Refusal> {
    end(&app, &caller, id, DeviceState::Lost, false)
        .await
        .map(Json)
}
