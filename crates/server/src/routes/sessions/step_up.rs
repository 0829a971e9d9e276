//! `POST /v1/sessions/step-up`: prove again that it is you, in the same session.

use axum::Json;
use axum::extract::State;
use serde_json::json;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::{SignIn, SteppedUp};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::risk;
use crate::routes::sessions::{StepUp, take_challenge, verify_passkey};

/// Makes the session's proof fresh, and notes what its challenge was asked for.
#[utoipa::path(
    post, path = "/v1/sessions/step-up", tag = "sessions", request_body = SignIn,
    responses(
        (status = 200, body = SteppedUp),
        (status = 401, body = Problem), (status = 410, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<SignIn>,
) -> Result<Json<SteppedUp>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::SessionCreate, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let (device, session) = (caller.device(), caller.session());
    change!(permit.kind(VERIFIED), |tx, note| {
        let taken = take_challenge(tx, note, &request, device, Some(session), now_ms).await?;
        let Some(taken) = taken else {
            return Ok(Err(Refusal::ChallengeOver));
        };
        let step_up: StepUp = serde_json::from_slice(&taken.state).map_err(Refusal::internal)?;
        let scopes = step_up.scopes;
        let begun = serde_json::to_vec(&step_up.passkey).map_err(Refusal::internal)?;
        let credential = &request.credential;
        let verified = verify_passkey(&app, tx, note, device, credential, &begun).await?;
        if let Err(refusal) = verified {
            return Ok(Err(refusal));
        }
        if !tx.verify_session(session, now_ms).await? {
            return Err(Refusal::SessionEnded("it was ended"));
        }
        let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        risk::note_answered(&app, tx, &caller).await?;
        tx.note_scopes(session, &names, now_ms).await?;
        if !scopes.is_empty() {
            note.put("scopes", json!(scopes));
        }
        Ok(Ok(()))
    })??;
    Ok(Json(SteppedUp {
        verified_at: now_ms,
    }))
}

const VERIFIED: Kind = Kind::named("session.verified");
