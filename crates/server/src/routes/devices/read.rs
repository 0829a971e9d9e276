//! `GET /v1/devices/{id}`: everything that is known of a device.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::DeviceId;
use wardline_model::wire::devices::{CertificateInfo, DeviceDetail, DeviceView};
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::ca;
use crate::caller::Caller;
use crate::extract::Id;
use crate::fleet::{Rulebook, managers, notice};
use crate::gate::change;
use crate::problem::Refusal;
use crate::shape;

/// What is known of a device, who says so, what its program's rules make of it, and who looked at
/// it. That someone else than its owner looks is noted for the owner.
#[utoipa::path(
    get, path = "/v1/devices/{id}", tag = "devices", params(("id" = DeviceId, Path)),
    responses((status = 200, body = DeviceDetail), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<DeviceId>,
) -> Result<Json<DeviceDetail>, Refusal> {
    let device = super::known(&app, id).await?;
    let owner = device.user_id;
    let permit = app
        .decide(
            caller.asker(),
            Action::DeviceRead,
            super::resource(&device, false),
        )
        .await?;
    let now_ms = permit.now_ms();
    let detail = change!(permit.kind(READ), |tx, note| {
        if owner != caller.user() {
            tx.note_view(id, caller.user(), now_ms).await?;
        }
        note.put("user", owner.to_string());
        let device = tx.device(id).await?.ok_or(Refusal::NotFound)?;
        let person = tx.person(owner).await?.ok_or(Refusal::NotFound)?;
        let facts = tx.facts_of(id).await?;
        let views = tx.views_of(id).await?;
        let orders = tx.orders_of(id).await?;
        let rules = Rulebook::load(&app, tx).await?;
        let assessment = rules.look(&mut rules.judge(), &device, &facts, now_ms)?;
        let behind = super::vouched(tx, std::slice::from_ref(&device)).await?;
        let behind = behind.get(&id).copied().unwrap_or_default();
        let certificate = match device.device_cert.as_deref().map(ca::summary) {
            Some(summary) => {
                let (serial, not_after) = summary.map_err(Refusal::internal)?;
                Some(CertificateInfo { serial, not_after })
            }
            None => None,
        };
        let notice = notice::of(rules.terms(&device.program)?);
        Ok(DeviceDetail {
            certificate,
            assessment,
            notice_changed: device
                .notice_hash
                .is_some_and(|hash| notice.hash.array() != Some(hash)),
            notice,
            notice_accepted_at: device.notice_accepted_at,
            position_consent_at: device.position_consent_at,
            ended_at: device.revoked_at,
            ended_reason: device.revoked_reason.clone(),
            wiped_at: device.wiped_at,
            asked: orders.into_iter().map(managers::shown).collect(),
            views: views
                .into_iter()
                .map(|view| DeviceView {
                    name: view.name,
                    role: view.role_title,
                    last_at: view.last_at,
                    times: view.times,
                })
                .collect(),
            device: shape::device(
                device,
                shape::brief(person),
                behind,
                &facts,
                id == caller.device(),
            ),
            facts,
        })
    })?;
    Ok(Json(detail))
}

const READ: Kind = Kind::named("device.read");
