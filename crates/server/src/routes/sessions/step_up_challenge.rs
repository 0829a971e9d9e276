//! `POST /v1/sessions/step-up/challenge`: somebody is going to prove again that it is them.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde_json::json;
use wardline_model::ChallengeId;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::{Challenge, StepUpRequest};
use wardline_policy::{Action, Resource, Scope};
use wardline_store::Challenge as StoredChallenge;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;
use crate::routes::sessions::{CHALLENGED, LIFETIME_MS, STEP_UP, StepUp};

/// A WebAuthn challenge for this device's passkey; it lives five minutes and works once, for a step-up
/// of this session. What the proof is given for is settled here, before the person gives it.
#[utoipa::path(
    post, path = "/v1/sessions/step-up/challenge", tag = "sessions", request_body = StepUpRequest,
    responses(
        (status = 200, body = Challenge), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<StepUpRequest>,
) -> Result<Json<Challenge>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::SessionChallenge, Resource::Hospital)
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
    let id = ChallengeId::from_random(random());
    let options = change!(permit.kind(CHALLENGED), |tx, note| {
        let passkey = tx
            .passkey(caller.device())
            .await?
            .ok_or(Refusal::PasskeyRefused)?;
        let ceremony = app.passkeys.begin_authentication(&passkey)?;
        let begun = StepUp {
            scopes: scopes.clone(),
            passkey: serde_json::from_slice(&ceremony.state).map_err(Refusal::internal)?,
        };
        let challenge = StoredChallenge {
            challenge_id: id,
            purpose: STEP_UP.to_owned(),
            device_id: caller.device(),
            session_id: Some(caller.session()),
            state: serde_json::to_vec(&begun)
                .map_err(Refusal::internal)?
                .into(),
            expires_at: now_ms + LIFETIME_MS,
        };
        tx.create_challenge(&challenge, now_ms).await?;
        note.put("challenge", id.to_string());
        if !scopes.is_empty() {
            note.put("scopes", json!(scopes));
        }
        Ok(ceremony.options)
    })?;
    Ok(Json(Challenge {
        challenge_id: id,
        request: options,
    }))
}
