//! `GET /v1/trust`: which devices may be trusted now.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::devices::TrustFeed;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource, trust};

use crate::app::App;
use crate::caller::Caller;
use crate::fleet;
use crate::problem::Refusal;

/// Devices in use, each until when that holds without a further look. What is not among them is
/// not trusted. A gateway asks again on each hint that devices changed, and within the time given.
#[utoipa::path(
    get, path = "/v1/trust", tag = "devices",
    responses((status = 200, body = TrustFeed), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<TrustFeed>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::TrustRead, Resource::Hospital)
        .await?;
    let at = permit.now_ms();
    let devices = app.facts().await?.all_devices().await?;
    let entries = devices
        .iter()
        .filter_map(|device| {
            let assessment = fleet::before(device);
            trust::entry(
                &trust::Standing {
                    device_id: device.device_id,
                    user_id: device.user_id,
                    jkt: device.jkt,
                    program: &device.program,
                    state: device.state,
                    deadline: assessment.and_then(|assessment| assessment.deadline),
                },
                at,
            )
        })
        .collect();
    permit.record().await?;
    Ok(Json(TrustFeed { at, entries }))
}
