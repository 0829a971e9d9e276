//! `POST /v1/sessions`: sign in with the passkey.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::{SignIn, SignedIn};
use wardline_model::{B64, SessionId};
use wardline_policy::{Action, Resource};
use wardline_risk::Outcome;
use wardline_store::NewSession;

use crate::app::{App, Peer};
use crate::caller::token_hash;
use crate::extract::Body;
use crate::fleet::Rulebook;
use crate::gate::change;
use crate::problem::Refusal;
use crate::proof::Proof;
use crate::rim::random;
use crate::risk::{self, Seen};
use crate::routes::sessions::{device_of, take_challenge, verify_passkey};
use crate::shape;

/// Begins a session that is bound to the device key, and hands out the server's share of the key
/// of the device's local store.
#[utoipa::path(
    post, path = "/v1/sessions", tag = "sessions", request_body = SignIn,
    responses(
        (status = 201, body = SignedIn),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 410, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    proof: Proof,
    parts: Parts,
    Body(request): Body<SignIn>,
) -> Result<(StatusCode, Json<SignedIn>), Refusal> {
    let (device, asker) = device_of(&app, &proof, Peer::of(&parts)).await?;
    let permit = app
        .decide(&asker, Action::SessionCreate, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let limits = *app.gate.limits();
    let mut facts = app.facts().await?;
    let rules = Rulebook::load(&app, &mut facts).await?;
    drop(facts);
    let program = rules.terms(&device.program)?.limits.clone();
    let offline_hours = program.offline_hours.min(app.config.sessions.offline_hours);
    let seen = Seen::of(
        &parts,
        device.user_id,
        device.device_id,
        device.platform,
        now_ms,
    );
    let claimed = risk::claimed(&app, &device, request.position);
    // 256 random bits; only their hash is stored.
    let token = B64::from(random::<32>()).encode();
    let session = NewSession {
        session_id: SessionId::from_random(random()),
        token_hash: token_hash(&token),
        user_id: device.user_id,
        device_id: device.device_id,
        // A passkey with user verification, bound to a device key: AAL2 (SP 800-63B-4 §2.2).
        aal: 2,
        idle_ms: limits.idle_ms,
        expires_at: now_ms + limits.absolute_ms,
    };
    let signed_in = change!(permit.kind(STARTED), |tx, note| {
        let id = device.device_id;
        let taken = take_challenge(tx, note, &request, id, None, now_ms).await?;
        let Some(taken) = taken else {
            return Ok(Err(Refusal::ChallengeOver));
        };
        let credential = &request.credential;
        let verified = verify_passkey(&app, tx, note, id, credential, &taken.state).await?;
        if let Err(refusal) = verified {
            return Ok(Err(refusal));
        }
        tx.create_session(&session, now_ms).await?;
        tx.touch_device(device.device_id, now_ms).await?;
        let share = tx
            .share(device.device_id)
            .await?
            .ok_or(Refusal::DeviceState)?;
        let person = tx.person(device.user_id).await?.ok_or(Refusal::NotFound)?;
        note.put("session", session.session_id.to_string())
            .put("aal", session.aal);
        let session_id = session.session_id;
        let is_called = risk::weigh(&app, tx, note, session_id, &seen, claimed).await?;
        let signed_in = SignedIn {
            token: token.clone(),
            session_id,
            expires_at: session.expires_at,
            idle_ms: session.idle_ms,
            user: shape::brief(person),
            device_id: device.device_id,
            share: B64::from(share.as_slice()),
            offline_window_ms: offline_hours * 60 * 60 * 1000,
            lock_ms: Some(program.lock_seconds * 1000),
            server_time: now_ms,
        };
        Ok(Ok((signed_in, is_called)))
    })?;
    let outcome = if signed_in.is_ok() {
        Outcome::Passed
    } else {
        Outcome::Failed
    };
    risk::learn(&app, &seen, claimed, outcome).await;
    let (signed_in, is_called) = signed_in?;
    if is_called {
        risk::tell_officers(&app);
    }
    Ok((StatusCode::CREATED, Json(signed_in)))
}

const STARTED: Kind = Kind::named("session.started");
