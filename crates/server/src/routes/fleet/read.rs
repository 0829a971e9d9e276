//! `GET /v1/fleet`: who is invited, what waits to be handed out, and what managers say.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::fleet::{FleetInfo, Invited, Registered};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::fleet::managers;
use crate::problem::Refusal;
use crate::shape;

/// Invitations that are open, registered devices that are not enrolled, and how far device managers are followed.
#[utoipa::path(
    get, path = "/v1/fleet", tag = "devices",
    responses((status = 200, body = FleetInfo), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<FleetInfo>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::DeviceListAll, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let pull = facts.manager_pull(managers::INTUNE).await?;
    let registered = facts.registered_devices().await?;
    let links = facts.managed().await?;
    let orders = facts.waiting_orders().await?;
    let mut invited = Vec::new();
    for open in facts.open_invites(permit.now_ms()).await? {
        let Some(person) = facts.person(open.user_id).await? else {
            continue;
        };
        invited.push(Invited {
            invite_id: open.invite_id,
            user: shape::brief(person),
            program: open.program,
            serial: open.serial,
            created_at: open.created_at,
            expires_at: open.expires_at,
            begun_at: open.consumed_at,
        });
    }
    drop(facts);
    permit.record().await?;
    Ok(Json(FleetInfo {
        invited,
        registered: registered
            .into_iter()
            .map(|device| Registered {
                serial: device.serial,
                program: device.program,
                model: device.model,
                note: device.note,
                registered_at: device.registered_at,
            })
            .collect(),
        managers: app.managers.info(pull, &links, &orders),
    }))
}
