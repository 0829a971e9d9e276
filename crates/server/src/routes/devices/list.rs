//! `GET /v1/devices`: one's own devices; for officers, the fleet. Page by page where that is wanted.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::wire::devices::DeviceList;
use wardline_model::wire::enroll::{DeviceState, PersonBrief};
use wardline_model::wire::problem::Problem;
use wardline_model::{DeviceId, UserId};
use wardline_policy::{Action, Resource};
use wardline_store::{Device, Tx};

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
    /// How many at most, 1 to 500; without it, as many as there are.
    limit: Option<u32>,
    /// The `next` of the page before; without it, from the newest on.
    // A text, so that one that is no cursor is refused by the parameter's name.
    after: Option<String>,
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

impl Which {
    /// How many devices make a page.
    fn page(&self) -> Result<usize, Refusal> {
        match self.limit {
            Some(limit @ 1..=MAX_PAGE) => Ok(limit as usize),
            Some(_) => Err(Refusal::InvalidParameter("limit")),
            None => Ok(usize::MAX),
        }
    }

    /// The last device of the page before.
    fn after(&self) -> Result<Option<DeviceId>, Refusal> {
        let after = self.after.as_deref().map(str::parse::<DeviceId>);
        after
            .transpose()
            .map_err(|_| Refusal::InvalidParameter("after"))
    }
}

/// Devices, newest first. Pending ones come with the binding of their keys, for those who confirm.
#[utoipa::path(
    get, path = "/v1/devices", tag = "devices", params(Which),
    responses(
        (status = 200, body = DeviceList),
        (status = 400, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(which): Params<Which>,
) -> Result<Json<DeviceList>, Refusal> {
    let (page, after) = (which.page()?, which.after()?);
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
    let mut devices = if all {
        // One more than fit says whether others follow.
        fleet(&mut facts, which.state, after, page.saturating_add(1)).await?
    } else {
        own(&mut facts, caller.user(), which.state, after).await?
    };
    let next = (devices.len() > page).then(|| devices[page - 1].device_id);
    devices.truncate(page);
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
    let ids: Vec<DeviceId> = devices.iter().map(|device| device.device_id).collect();
    let mut known = facts.facts_of_devices(&ids).await?;
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
    Ok(Json(DeviceList { devices, next }))
}

/// Everyone's devices behind one of them, as many as are wanted.
async fn fleet(
    facts: &mut Tx,
    state: Option<DeviceState>,
    after: Option<DeviceId>,
    limit: usize,
) -> Result<Vec<Device>, Refusal> {
    let after = match after {
        Some(id) => Some(facts.device(id).await?.ok_or(UNKNOWN)?),
        None => None,
    };
    Ok(facts.devices_after(state, after.as_ref(), limit).await?)
}

/// A person's devices behind one of them. Nobody has so many that the database would have to page
/// them.
async fn own(
    facts: &mut Tx,
    person: UserId,
    state: Option<DeviceState>,
    after: Option<DeviceId>,
) -> Result<Vec<Device>, Refusal> {
    let mut devices = facts.devices_of(person).await?;
    if let Some(id) = after {
        let place = devices.iter().position(|device| device.device_id == id);
        devices.drain(..=place.ok_or(UNKNOWN)?);
    }
    devices.retain(|device| state.is_none_or(|state| device.state == state));
    Ok(devices)
}

/// The most devices of a page.
const MAX_PAGE: u32 = 500;
/// The page is to begin behind a device that is not among those that are listed.
const UNKNOWN: Refusal = Refusal::InvalidParameter("after");
