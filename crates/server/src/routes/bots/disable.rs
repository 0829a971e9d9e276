//! `POST /v1/bots/{id}/disable`: take a bot out of use.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::integrations::BotInfo;
use wardline_model::wire::problem::Problem;
use wardline_model::{DeviceId, UserId};
use wardline_policy::{Action, Resource};

use super::infos;
use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::fleet;
use crate::gate::change;
use crate::problem::Refusal;

/// Takes a bot out of use for good: in one transaction its account is closed, its sessions end, its
/// devices are revoked, and their removal is proposed in each of its conversations, which take no
/// message until a member commits it.
#[utoipa::path(
    post, path = "/v1/bots/{id}/disable", tag = "integrations", params(("id" = UserId, Path)),
    responses(
        (status = 200, body = BotInfo), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
) -> Result<Json<BotInfo>, Refusal> {
    let permit = app
        .decide(
            caller.asker(),
            Action::IntegrationManage,
            Resource::Hospital,
        )
        .await?;
    let now_ms = permit.now_ms();
    let (bot, ended, reached) = change!(permit.kind(DISABLED), |tx, note| {
        if tx.bot(id).await?.is_none() {
            return Err(Refusal::NotFound);
        }
        // Disabled before is as good: the request may be a repetition.
        let changed = tx.disable_bot(id, caller.user(), now_ms).await?;
        tx.cancel_invites(id, now_ms).await?;
        let mut ended: Vec<DeviceId> = Vec::new();
        for device in tx.devices_of(id).await? {
            let (device, state) = (device.device_id, DeviceState::Retired);
            if tx.end_device(device, state, REASON, now_ms).await? {
                ended.push(device);
            }
        }
        let reached = fleet::propose_removals(&app, tx, &ended, now_ms).await?;
        note.put("bot", id.to_string())
            .put("changed", changed)
            .put("devices", ended.len())
            .put("removals_proposed", reached.len());
        let found = tx.bot(id).await?;
        let bot = infos(tx, found.into_iter().collect()).await?.pop();
        Ok((bot.ok_or(Refusal::NotFound)?, ended, reached))
    })?;
    for device in ended {
        app.bus.publish(Hint::DeviceChanged { device });
    }
    for (group, seq) in reached {
        app.bus.publish(Hint::Reached { group, seq });
    }
    Ok(Json(bot))
}

const DISABLED: Kind = Kind::named("bot.disabled");
const REASON: &str = "its bot was disabled";
