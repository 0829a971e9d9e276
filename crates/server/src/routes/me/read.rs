//! `GET /v1/me`: who the server thinks you are.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::attachments::AttachmentUse;
use wardline_model::wire::directory::{Asks, Me};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::PositionUse;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;
use crate::risk;
use crate::routes::attachments::keeps_files;

/// The person, device and session that ask.
#[utoipa::path(
    get, path = "/v1/me", tag = "people",
    responses((status = 200, body = Me), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(State(app): State<App>, caller: Caller) -> Result<Json<Me>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::MeRead, Resource::Hospital)
        .await?;
    permit.record().await?;
    let trusted = app.judge(caller.asker(), Action::SessionTrust, Resource::Hospital);
    let asks = match trusted {
        Ok(()) => None,
        Err(Refusal::StepUp {
            methods,
            scopes,
            advice,
        }) => Some(Asks {
            methods: methods.iter().map(ToString::to_string).collect(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            advice,
        }),
        Err(Refusal::Denied { advice, .. }) => Some(Asks {
            methods: Vec::new(),
            scopes: Vec::new(),
            advice,
        }),
        Err(other) => return Err(other),
    };
    let mut facts = app.facts().await?;
    let device = facts.device(caller.device()).await?;
    let now_ms = caller.asker().now_ms;
    let files = keeps_files(&app, &mut facts, &caller).await?;
    let quiet_until = facts.quiet_until(caller.user(), now_ms).await?;
    drop(facts);
    Ok(Json(Me {
        user: caller.brief(),
        roles: caller.principal().roles().map(str::to_owned).collect(),
        device_id: caller.device(),
        session_id: caller.session(),
        on_shift: caller.asker().on_shift,
        hospital: app.config.hospital.name.clone(),
        aal: caller.asker().session.as_ref().map_or(0, |one| one.aal),
        acr: caller.acr().to_owned(),
        asks,
        position: device.map_or_else(PositionUse::default, |device| {
            risk::position_use(&app, &device)
        }),
        quiet_until,
        attachments: Some(AttachmentUse {
            allowed: files,
            max_bytes: app.config.attachments.max_bytes,
        }),
        call: Some(app.config.escalation.call.clone()).filter(|call| !call.is_empty()),
    }))
}
