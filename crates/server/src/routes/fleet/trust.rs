//! `GET /v1/trust`: which devices may be trusted now.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use wardline_model::UserId;
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
    let mut facts = app.facts().await?;
    let devices = facts.all_devices().await?;
    let owners: Vec<UserId> = devices.iter().map(|device| device.user_id).collect();
    let people = facts.people(&owners).await?;
    drop(facts);
    let active: HashSet<UserId> = people
        .into_iter()
        .filter(|person| person.active)
        .map(|person| person.user_id)
        .collect();
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
                    person_active: active.contains(&device.user_id),
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
