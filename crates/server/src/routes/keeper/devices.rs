//! `POST /v1/keeper/devices`: which devices the members of kept conversations use.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::devices::{MemberDevice, MemberDevices, MemberDevicesRequest};
use wardline_model::wire::keys::MAX_PEOPLE;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::problem::Refusal;

/// Active devices of people. The record keeper verifies each one before it adds it anywhere.
#[utoipa::path(
    post, path = "/v1/keeper/devices", tag = "devices", request_body = MemberDevicesRequest,
    responses((status = 200, body = MemberDevices), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<MemberDevicesRequest>,
) -> Result<Json<MemberDevices>, Refusal> {
    if request.user_ids.len() > MAX_PEOPLE {
        return Err(Refusal::InvalidBody {
            field: "user_ids".to_owned(),
            expected: format!("at most {MAX_PEOPLE} people"),
        });
    }
    let permit = app
        .decide(caller.asker(), Action::KeeperDevices, Resource::Hospital)
        .await?;
    let found = app
        .facts()
        .await?
        .active_devices_of(&request.user_ids)
        .await?;
    let mut note = permit.note();
    note.put("people", request.user_ids.len())
        .put("devices", found.len());
    permit.record_with(note).await?;
    let devices = found
        .into_iter()
        .map(|(user_id, device_id)| MemberDevice { user_id, device_id })
        .collect();
    Ok(Json(MemberDevices { devices }))
}
