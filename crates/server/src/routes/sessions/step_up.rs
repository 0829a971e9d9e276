//! `POST /v1/sessions/step-up`: prove again that it is you, in the same session.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde_json::json;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::{SignIn, SteppedUp};
use wardline_policy::{Action, Resource, Scope};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::sessions::verify_passkey;

/// Makes the session's proof fresh.
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
    let scopes: BTreeSet<Scope> = request
        .scopes
        .iter()
        .map(|scope| scope.parse())
        .collect::<Result<_, _>>()
        .map_err(|_| Refusal::InvalidBody {
            field: "scopes".to_owned(),
            expected: "the `scopes` of the problem that asked for the step-up".to_owned(),
        })?;
    let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    change!(permit.kind(VERIFIED), |tx, note| {
        let device = tx
            .device(caller.device())
            .await?
            .ok_or(Refusal::WrongDevice)?;
        let (challenge, credential) = (request.challenge_id, &request.credential);
        let verified =
            verify_passkey(&app, tx, note, &device, challenge, credential, now_ms).await?;
        if let Err(refusal) = verified {
            return Ok(Err(refusal));
        }
        if !tx.verify_session(caller.session(), now_ms).await? {
            return Err(Refusal::SessionEnded("it was ended"));
        }
        tx.note_scopes(caller.session(), &names, now_ms).await?;
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
