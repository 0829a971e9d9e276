//! `GET /v1/sessions`: where the person is signed in.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::{SessionInfo, SessionList};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::assurance;
use crate::caller::Caller;
use crate::problem::Refusal;

/// The person's live sessions, newest first.
#[utoipa::path(
    get, path = "/v1/sessions", tag = "sessions",
    responses((status = 200, body = SessionList), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<SessionList>, Refusal> {
    let resource = Resource::Session {
        id: None,
        owner: caller.user(),
    };
    let permit = app
        .decide(caller.asker(), Action::SessionList, resource)
        .await?;
    let sessions = app
        .facts()
        .await?
        .sessions_of(caller.user(), permit.now_ms())
        .await?;
    let fresh_ms = app.gate.limits().fresh_ms;
    let sessions = sessions
        .into_iter()
        .map(|session| {
            let card = assurance::is_fresh(session.card_at, fresh_ms, permit.now_ms());
            let passkey = session.passkey_kind.parse().map_err(Refusal::internal)?;
            Ok(SessionInfo {
                session_id: session.session_id,
                device_id: session.device_id,
                device_name: session.device_name,
                created_at: session.created_at,
                last_used_at: session.last_used_at,
                expires_at: session.expires_at,
                aal: assurance::aal(u8::try_from(session.aal).unwrap_or(0), card),
                acr: assurance::acr(passkey, card).to_owned(),
                current: session.session_id == caller.session(),
            })
        })
        .collect::<Result<_, Refusal>>()?;
    permit.record().await?;
    Ok(Json(SessionList { sessions }))
}
