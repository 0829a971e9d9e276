//! `DELETE /v1/sessions`: sign out everywhere.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::gate::change;
use crate::problem::Refusal;

/// Ends all sessions of the person, this one included. Their sockets close.
#[utoipa::path(
    delete, path = "/v1/sessions", tag = "sessions",
    responses((status = 204), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(State(app): State<App>, caller: Caller) -> Result<StatusCode, Refusal> {
    let resource = Resource::Session {
        id: None,
        owner: caller.user(),
    };
    let permit = app
        .decide(caller.asker(), Action::SessionEndAll, resource)
        .await?;
    let now_ms = permit.now_ms();
    let sessions = change!(permit.kind(ENDED), |tx, note| {
        let sessions = tx.sessions_of(caller.user(), now_ms).await?;
        let ended = tx
            .end_sessions_of(caller.user(), "signed out everywhere", now_ms)
            .await?;
        note.put("ended", ended)
            .put("reason", "signed out everywhere");
        Ok(sessions)
    })?;
    for session in sessions {
        app.bus.publish(Hint::SessionEnded {
            session: session.session_id,
        });
    }
    Ok(StatusCode::NO_CONTENT)
}

const ENDED: Kind = Kind::named("session.ended_all");
