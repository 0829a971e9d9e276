//! `GET /v1/devices`: one's own devices; for officers, the fleet.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::wire::devices::DeviceList;
use wardline_model::wire::enroll::{DeviceState, PersonBrief};
use wardline_model::wire::problem::Problem;
use wardline_model::{DeviceId, UserId};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Params;
use crate::problem::Refusal;
use crate::shape;

/// Which devices.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Only those in this state.
    state: Option<DeviceState>,
    /// `own`, or `all`, which is for officers; without it, all where that is allowed.
    scope: Option<Scope>,
}

/// Whose devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// The person's own.
    Own,
    /// Everyone's.
    All,
}

/// Devices, newest first. Pending ones come with the binding of their keys, for those who confirm.
#[utoipa::path(
    get, path = "/v1/devices", tag = "devices", params(Which),
    responses((status = 200, body = DeviceList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(which): Params<Which>,
) -> Result<Json<DeviceList>, Refusal> {
    let all = match which.scope {
        Some(scope) => scope == Scope::All,
        None => app.may(caller.asker(), Action::DeviceListAll, Resource::Hospital),
    };
    let action = if all {
        Action::DeviceListAll
    } else {
        Action::DeviceListOwn
    };
    let permit = app
        .decide(caller.asker(), action, Resource::Hospital)
        .await?;

    let mut facts = app.facts().await?;
    let mut devices = match (all, which.state) {
        (true, Some(state)) => facts.devices_in(state).await?,
        (true, None) => facts.all_devices().await?,
        (false, _) => facts.devices_of(caller.user()).await?,
    };
    devices.retain(|device| which.state.is_none_or(|state| device.state == state));
    let mut owners: Vec<UserId> = devices.iter().map(|device| device.user_id).collect();
    owners.sort_unstable();
    owners.dedup();
    let people: HashMap<UserId, PersonBrief> = facts
        .people(&owners)
        .await?
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    let vouched = super::vouched(&mut facts, &devices).await?;
    let mut known = if all {
        facts.fleet_facts().await?
    } else {
        let ids: Vec<DeviceId> = devices.iter().map(|device| device.device_id).collect();
        facts.facts_of_devices(&ids).await?
    };
    drop(facts);
    permit.record().await?;
    let devices = devices
        .into_iter()
        .filter_map(|device| {
            let owner = people.get(&device.user_id)?.clone();
            let current = device.device_id == caller.device();
            let behind = vouched.get(&device.device_id).copied();
            let facts = known.remove(&device.device_id).unwrap_or_default();
            let behind = behind.unwrap_or_default();
            Some(shape::device(device, owner, behind, &facts, current))
        })
        .collect();
    Ok(Json(DeviceList { devices }))
}
