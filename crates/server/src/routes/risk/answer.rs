//! `POST /v1/risk/{id}/answer`: "this was me", or "this was not me".

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::SessionId;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::risk::RiskAnswer;
use wardline_policy::{Action, Resource};
use wardline_risk::Outcome;
use wardline_store::RiskEvent;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::risk;

/// Says whose a sign-in was, once. Yes clears the session; it counts in a session that is not unusual
/// itself, and of one's own on another device. No ends it. Either is learned.
#[utoipa::path(
    post, path = "/v1/risk/{id}/answer", tag = "sessions", request_body = RiskAnswer,
    params(("id" = SessionId, Path)),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SessionId>,
    Body(request): Body<RiskAnswer>,
) -> Result<StatusCode, Refusal> {
    let event = app.facts().await?.risk_event(id).await?;
    let event = event.ok_or(Refusal::NotFound)?;
    let owner = event.user_id;
    let resource = Resource::Session {
        id: Some(id),
        owner,
    };
    let permit = app
        .decide(caller.asker(), Action::RiskAnswer, resource)
        .await?;
    let now_ms = permit.now_ms();
    let was_me = request.was_me;
    let kind = if was_me { CLEARED } else { DISOWNED };
    let seen = change!(permit.kind(kind), |tx, note| {
        if was_me {
            vouches(&app, &caller, &event)?;
        }
        if !tx
            .answer_risk_event(id, was_me, caller.user(), now_ms)
            .await?
        {
            return Err(Refusal::ChangedMeanwhile);
        }
        note.put("user", owner.to_string());
        if was_me {
            risk::clear(tx, id, owner, now_ms).await?;
        } else {
            let ended = tx
                .end_session(id, owner, "it was not the person", now_ms)
                .await?;
            note.put("ended", u64::from(ended));
        }
        risk::seen_of(tx, id).await
    })?;
    if let Some(seen) = seen {
        let outcome = if was_me {
            Outcome::Confirmed
        } else {
            Outcome::Denied
        };
        risk::learn(&app, &seen, None, outcome).await;
    }
    risk::tell_officers(&app);
    if !was_me {
        app.bus.publish(Hint::SessionEnded { session: id });
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the session at hand is good enough to say that another one is. Whoever holds a device can
/// open as many sessions on it as they like, and an officer's that looks taken over would clear, and
/// teach as usual, whatever came with it.
fn vouches(app: &App, caller: &Caller, event: &RiskEvent) -> Result<(), Refusal> {
    let own = event.user_id == caller.user();
    let doubtful = caller.asker().risk >= app.gate.limits().risk_step_up;
    let (code, advice) = match (own, doubtful) {
        (true, _) if doubtful || event.device_id == caller.device() => (
            "same_device",
            "Say so on another device of yours, or call the security officer.",
        ),
        (false, true) => (
            "doubtful_session",
            "Your own session looks unusual. Ask another security officer to clear both, or say so \
             from a device and a place where you are known.",
        ),
        _ => return Ok(()),
    };
    Err(Refusal::Denied {
        code: code.to_owned(),
        advice: vec![advice.to_owned()],
    })
}

const CLEARED: Kind = Kind::named("risk.cleared");
const DISOWNED: Kind = Kind::named("risk.disowned");
