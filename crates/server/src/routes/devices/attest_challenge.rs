//! `POST /v1/device/attestation/challenge`: an enrolled device wants its hardware to vouch for it again.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use wardline_audit::event::Kind;
use wardline_model::wire::devices::AttestationChallenge;
use wardline_model::wire::problem::Problem;
use wardline_model::{B64, ChallengeId};
use wardline_policy::{Action, Resource};
use wardline_store::Challenge;

use crate::app::{App, Peer};
use crate::gate::change;
use crate::problem::Refusal;
use crate::proof::Proof;
use crate::rim::random;
use crate::routes::devices::attest::PURPOSE;
use crate::routes::sessions::device_of;

/// A challenge for this device's hardware; it lives for a quarter of an hour and works once. It needs
/// no session: a device that is quarantined shows by its answer that it was mended.
#[utoipa::path(
    post, path = "/v1/device/attestation/challenge", tag = "devices",
    responses(
        (status = 200, body = AttestationChallenge),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    proof: Proof,
    parts: Parts,
) -> Result<Json<AttestationChallenge>, Refusal> {
    let (device, asker) = device_of(&app, &proof, Peer::of(&parts)).await?;
    let permit = app
        .decide(&asker, Action::DeviceReport, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let (id, said): (_, [u8; 32]) = (ChallengeId::from_random(random()), random());
    let expires_at = now_ms + LIFETIME_MS;
    change!(permit.kind(CHALLENGED), |tx, note| {
        let challenge = Challenge {
            challenge_id: id,
            purpose: PURPOSE.to_owned(),
            device_id: device.device_id,
            session_id: None,
            state: said.to_vec().into(),
            expires_at,
        };
        tx.create_challenge(&challenge, now_ms).await?;
        note.put("device", device.device_id.to_string())
            .put("challenge", id.to_string());
        Ok(())
    })?;
    Ok(Json(AttestationChallenge {
        challenge_id: id,
        challenge: B64::from(said),
        expires_at,
    }))
}

/// Long enough for a phone's hardware, and for whoever carries a chain from one program to another.
const LIFETIME_MS: u64 = 15 * 60 * 1000;
const CHALLENGED: Kind = Kind::named("device.attestation_asked");
