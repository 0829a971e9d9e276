//! `POST /v1/devices/{id}/revoke`: take a device out of use.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::DeviceId;
use wardline_model::wire::devices::DeviceInfo;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::programs::Wipe;
use wardline_policy::{Action, Resource};
use wardline_signals::graph::Action as Ask;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::fleet::{self, Rulebook, managers};
use crate::gate::change;
use crate::problem::Refusal;
use crate::shape;

/// Takes a device out of use for good. In one transaction its sessions end, its share of the
/// local-store key is destroyed, its key packages go, its certificates are revoked, and its removal
/// is proposed in each of its conversations, which take no message until a member commits it. When
/// it is heard of again it is told to erase what Wardline keeps on it.
#[utoipa::path(
    post, path = "/v1/devices/{id}/revoke", tag = "devices", params(("id" = DeviceId, Path)),
    responses((status = 200, body = DeviceInfo), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<DeviceId>,
) -> Result<Json<DeviceInfo>, Refusal> {
    end(&app, &caller, id, DeviceState::Retired, false)
        .await
        .map(Json)
}

/// Takes a device out of use, as retired or as lost; `bulk` where it is one of a list.
pub(super) async fn end(
    app: &App,
    caller: &Caller,
    id: DeviceId,
    state: DeviceState,
    bulk: bool,
) -> Result<DeviceInfo, Refusal> {
    let device = super::known(app, id).await?;
    let owner = device.user_id;
    let resource = Resource::Device {
        id,
        owner,
        state: device.state,
        own_approval: false,
        bulk,
    };
    let permit = app
        .decide(caller.asker(), Action::DeviceRevoke, resource)
        .await?;
    let now_ms = permit.now_ms();
    let lost = state == DeviceState::Lost;
    let reason = match (lost, owner == caller.user()) {
        (false, true) => "by its owner",
        (false, false) => "by an officer",
        (true, true) => "reported lost by its owner",
        (true, false) => "reported lost to an officer",
    };
    let kind = if lost { LOST } else { REVOKED };
    let (info, reached) = change!(permit.kind(kind), |tx, note| {
        // Out of use before is as good: the request may be a repetition.
        let ended = tx.end_device(id, state, reason, now_ms).await?;
        let changed = ended || (lost && tx.mark_lost(id, reason).await?);
        let reached = if ended {
            fleet::propose_removals(app, tx, &[id], now_ms).await?
        } else {
            Vec::new()
        };
        note.put("reason", reason)
            .put("changed", changed)
            .put("user", owner.to_string())
            .put("removals_proposed", reached.len());
        let device = tx.device(id).await?.ok_or(Refusal::NotFound)?;
        let person = tx.person(owner).await?.ok_or(Refusal::NotFound)?;
        let behind = tx.vouched(&[id]).await?.remove(&id).unwrap_or_default();
        let facts = tx.facts_of(id).await?;
        let current = id == caller.device();
        let info = shape::device(device, shape::brief(person), behind, &facts, current);
        let rules = Rulebook::load(app, tx).await?;
        if lost && changed && rules.terms(&info.program)?.limits.wipe == Wipe::Device {
            managers::order(tx, &[id], Ask::Wipe, now_ms).await?;
        }
        Ok((info, reached))
    })?;
    app.bus.publish(Hint::DeviceChanged { device: id });
    for (group, seq) in reached {
        app.bus.publish(Hint::Reached { group, seq });
    }
    Ok(info)
}

pub(crate) const REVOKED: Kind = Kind::named("device.revoked");
pub(crate) const LOST: Kind = Kind::named("device.lost");
