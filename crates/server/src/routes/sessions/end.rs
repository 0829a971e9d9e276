//! `DELETE /v1/sessions/{id}`: sign out, here or elsewhere.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::SessionId;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// Ends one session. Its sockets close.
#[utoipa::path(
    delete, path = "/v1/sessions/{id}", tag = "sessions", params(("id" = SessionId, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, Refusal> {
    let now_ms = caller.asker().now_ms;
    let session = app.facts().await?.principal_of_session(id, now_ms).await?;
    let owner = session.ok_or(Refusal::NotFound)?.user_id;
    let resource = Resource::Session {
        id: Some(id),
        owner,
    };
    let permit = app
        .decide(caller.asker(), Action::SessionEnd, resource)
        .await?;
    let reason = if owner == caller.user() {
        "signed out"
    } else {
        "ended by an officer"
    };
    change!(permit.kind(ENDED), |tx, note| {
        // Ended before is as good: the request may be a repetition.
        let ended = tx.end_session(id, owner, reason, now_ms).await?;
        note.put("ended", u64::from(ended)).put("reason", reason);
        Ok(())
    })?;
    app.bus.publish(Hint::SessionEnded { session: id });
    Ok(StatusCode::NO_CONTENT)
}

const ENDED: Kind = Kind::named("session.ended");
