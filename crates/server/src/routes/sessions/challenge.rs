//! `POST /v1/sessions/challenge`: a device wants to sign in.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use wardline_model::ChallengeId;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::{Challenge, ChallengeRequest};
use wardline_policy::{Action, Resource};
use wardline_store::Challenge as StoredChallenge;

use crate::app::{App, Peer};
use crate::extract::Body;
use crate::fleet;
use crate::gate::change;
use crate::problem::Refusal;
use crate::proof::Proof;
use crate::rim::random;
use crate::routes::sessions::{CHALLENGED, LIFETIME_MS, SIGN_IN, device_of};

/// A WebAuthn challenge for this device's passkey; it lives five minutes and works once, for a sign-in.
#[utoipa::path(
    post, path = "/v1/sessions/challenge", tag = "sessions", request_body = ChallengeRequest,
    responses(
        (status = 200, body = Challenge),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    proof: Proof,
    parts: Parts,
    Body(request): Body<ChallengeRequest>,
) -> Result<Json<Challenge>, Refusal> {
    let (device, asker) = device_of(&app, &proof, Peer::of(&parts)).await?;
    if device.device_id != request.device_id {
        return Err(Refusal::WrongDevice);
    }
    let (device, asker) = if device.state == DeviceState::Quarantined {
        // That it is heard of may be all that it lacked.
        let mut tx = app.gate.machinery().write().await?;
        tx.touch_device(device.device_id, app.clock.now_ms())
            .await?;
        tx.commit().await?;
        fleet::assess_now(&app, device.device_id).await?;
        device_of(&app, &proof, Peer::of(&parts)).await?
    } else {
        (device, asker)
    };
    let permit = app
        .decide(&asker, Action::SessionChallenge, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let id = ChallengeId::from_random(random());
    let options = change!(permit.kind(CHALLENGED), |tx, note| {
        let passkey = tx
            .passkey(device.device_id)
            .await?
            .ok_or(Refusal::PasskeyRefused)?;
        let ceremony = app.passkeys.begin_authentication(&passkey)?;
        let challenge = StoredChallenge {
            challenge_id: id,
            purpose: SIGN_IN.to_owned(),
            device_id: device.device_id,
            session_id: None,
            state: ceremony.state.into(),
            expires_at: now_ms + LIFETIME_MS,
        };
        tx.create_challenge(&challenge, now_ms).await?;
        note.put("challenge", id.to_string());
        Ok(ceremony.options)
    })?;
    Ok(Json(Challenge {
        challenge_id: id,
        request: options,
    }))
}
