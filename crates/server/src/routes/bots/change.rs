//! `PUT /v1/bots/{id}`: what a bot may do.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::UserId;
use wardline_model::wire::integrations::{BotChange, BotInfo};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use super::{checked, infos};
use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;

/// Changes where a bot in use may write and what. It holds from its next request on.
#[utoipa::path(
    put, path = "/v1/bots/{id}", tag = "integrations", params(("id" = UserId, Path)),
    request_body = BotChange,
    responses(
        (status = 200, body = BotInfo), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
    Body(request): Body<BotChange>,
) -> Result<Json<BotInfo>, Refusal> {
    let permit = app
        .decide(
            caller.asker(),
            Action::IntegrationManage,
            Resource::Hospital,
        )
        .await?;
    let scope = checked(&request.scope, request.per_minute)?;
    let noted = serde_json::to_value(&request.scope).map_err(Refusal::internal)?;
    let (bot, devices) = change!(permit.kind(CHANGED), |tx, note| {
        note.put("bot", id.to_string())
            .put("per_minute", request.per_minute)
            .put("scope", noted.clone());
        if !tx.set_bot_scope(id, &scope, request.per_minute).await? {
            return Err(Refusal::NotFound);
        }
        let found = tx.bot(id).await?;
        let bot = infos(tx, found.into_iter().collect()).await?.pop();
        Ok((bot.ok_or(Refusal::NotFound)?, tx.devices_of(id).await?))
    })?;
    // Its sockets are judged again.
    for device in devices {
        app.bus.publish(Hint::DeviceChanged {
            device: device.device_id,
        });
    }
    Ok(Json(bot))
}

const CHANGED: Kind = Kind::named("bot.changed");
