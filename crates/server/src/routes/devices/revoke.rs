//! `POST /v1/devices/{id}/revoke`: a phone is lost; take it out of use.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_delivery::Tracked;
use wardline_model::wire::devices::DeviceInfo;
use wardline_model::wire::problem::Problem;
use wardline_model::{DeviceId, GroupId};
use wardline_policy::{Action, Resource};
use wardline_store::Tx;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::groups::commit_error;
use crate::shape;

/// Revokes a device for good. In one transaction its sessions end, its share of the local-store
/// key is destroyed, its key packages go, and its removal is proposed in each of its
/// conversations, which take no message until a member commits it.
#[utoipa::path(
    post, path = "/v1/devices/{id}/revoke", tag = "devices", params(("id" = DeviceId, Path)),
    responses((status = 200, body = DeviceInfo), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<DeviceId>,
) -> Result<Json<DeviceInfo>, Refusal> {
    let device = app
        .facts()
        .await?
        .device(id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let owner = device.user_id;
    let resource = Resource::Device {
        id,
        owner,
        state: device.state,
    };
    let permit = app
        .decide(caller.asker(), Action::DeviceRevoke, resource)
        .await?;
    let now_ms = permit.now_ms();
    let reason = if owner == caller.user() {
        "by its owner"
    } else {
        "by an officer"
    };
    let (info, proposals) = change!(permit.kind(REVOKED), |tx, note| {
        // Revoked before is as good: the request may be a repetition.
        let changed = tx.revoke_device(id, reason, now_ms).await?;
        let proposals = if changed {
            propose_removals(&app, tx, id, now_ms).await?
        } else {
            Vec::new()
        };
        note.put("reason", reason)
            .put("changed", changed)
            .put("user", owner.to_string())
            .put("removals_proposed", proposals.len());
        let device = tx.device(id).await?.ok_or(Refusal::NotFound)?;
        let person = tx.person(owner).await?.ok_or(Refusal::NotFound)?;
        let behind = tx.vouched(&[id]).await?.remove(&id).unwrap_or_default();
        let info = shape::device(device, shape::brief(person), behind, id == caller.device());
        Ok((info, proposals))
    })?;
    app.bus.publish(Hint::DeviceChanged { device: id });
    for (group, seq) in proposals {
        app.bus.publish(Hint::Reached { group, seq });
    }
    Ok(Json(info))
}

/// Puts a Remove proposal by the delivery service (RFC 9420 §12.1.8) into each of the device's
/// conversations; gives the newest place of each log.
async fn propose_removals(
    app: &App,
    tx: &mut Tx,
    device: DeviceId,
    now_ms: u64,
) -> Result<Vec<(GroupId, u64)>, Refusal> {
    let mut reached = Vec::new();
    for group in tx.groups_of_device(device).await? {
        tx.group_for_update(group).await?;
        let Some(state) = tx.group_state(group).await? else {
            continue;
        };
        let mut tracked = Tracked::from_bytes(&state.public_state).map_err(Refusal::internal)?;
        let proposals = tracked
            .propose_removals(&[device], &app.keys.delivery)
            .map_err(Refusal::internal)?;
        let public_state = tracked.to_bytes();
        for proposal in proposals {
            let entry = tx
                .propose_removal(group, state.epoch, &proposal, &public_state, now_ms)
                .await
                .map_err(commit_error)?;
            reached.push((group, entry.seq));
        }
    }
    Ok(reached)
}

const REVOKED: Kind = Kind::named("device.revoked");
