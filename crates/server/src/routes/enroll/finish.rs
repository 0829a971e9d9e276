//! `POST /v1/enroll/finish`: the new device hands in its keys and its passkey.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use ed25519_dalek::VerifyingKey;
use wardline_audit::event::Kind;
use wardline_model::B64;
use wardline_model::wire::enroll::{
    BINDING_TYPE, BindingClaims, DeviceState, EnrollFinish, EnrollFinished,
};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::programs::{Attestation, Program};
use wardline_policy::{Action, Resource};
use wardline_store::{Device, Enrollment, NewDevice};

use crate::app::{App, Peer};
use crate::extract::Body;
use crate::fleet::proven::Proven;
use crate::fleet::{self, Rulebook, notice};
use crate::gate::{Asker, change};
use crate::jws;
use crate::passkeys::Vouchers;
use crate::problem::Refusal;
use crate::proof::Proof;
use crate::rim::random;

/// Registers keys and passkey. The device is pending until it is endorsed. Repeated by the same
/// key it gives the same answer.
#[utoipa::path(
    post, path = "/v1/enroll/finish", tag = "enrolment", request_body = EnrollFinish,
    responses(
        (status = 200, body = EnrollFinished),
        (status = 401, body = Problem), (status = 410, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    proof: Proof,
    parts: Parts,
    Body(request): Body<EnrollFinish>,
) -> Result<Json<EnrollFinished>, Refusal> {
    let asker = Asker::anyone(&app, Peer::of(&parts));
    let permit = app
        .decide(&asker, Action::EnrollFinish, Resource::Hospital)
        .await?
        .kind(FINISHED);
    let now_ms = permit.now_ms();

    let mut facts = app.facts().await?;
    let enrollment = facts
        .enrollment(request.enrollment_id)
        .await?
        .filter(|enrollment| enrollment.jkt == proof.jkt())
        .ok_or(Refusal::EnrollmentOver)?;
    let existing = facts.device(enrollment.device_id).await?;
    let state = facts
        .enrollment_state(enrollment.enrollment_id)
        .await?
        .unwrap_or_default();
    let rules = Rulebook::load(&app, &mut facts).await?;
    let trust = app.feeds.trust(&mut facts).await?;
    let invite = facts
        .invite(enrollment.invite_id)
        .await?
        .ok_or(Refusal::EnrollmentOver)?;
    drop(facts);

    let mls_key = binding(&app, &enrollment, &request.binding, now_ms)?;
    if let Some(device) = existing {
        return repeat(&app, &device, &mls_key).await;
    }
    let terms = rules.terms(&enrollment.program)?;
    let notice_hash = accepted(terms, request.accepted_notice.as_ref())?;
    let vouchers = Vouchers {
        trust: &trust,
        at_ms: now_ms,
    };
    let mut proven = proven(terms, &enrollment, &request, &proof, vouchers)?;
    // Where either will do, and the key has attested itself, the authenticator need not.
    let otherwise = terms.enrolment.attestation == Attestation::Either && !proven.facts.is_empty();
    let registered = app.passkeys.finish_registration(
        request.credential,
        &state,
        enrollment.platform,
        &super::demand(terms),
        otherwise,
        vouchers,
    )?;
    if let Some(authenticator) = &registered.authenticator {
        if authenticator.phone.is_some() {
            fleet::proven::is_list_new(terms, vouchers)?;
        }
        proven.add(fleet::proven::by_authenticator(authenticator, now_ms));
    }
    let Proven {
        facts,
        serials,
        certifier,
    } = proven;
    let facts = fleet::kept(terms, facts);
    let new = NewDevice {
        device_id: enrollment.device_id,
        user_id: enrollment.user_id,
        name: enrollment.device_name.clone(),
        platform: enrollment.platform,
        program: enrollment.program.clone(),
        serial: invite.serial.clone(),
        notice_hash,
        jkt: proof.jkt(),
        device_jwk: proof.key().jwk(),
        mls_key,
        binding: request.binding,
        passkey_kind: registered.kind.as_str().to_owned(),
    };
    let share: [u8; 32] = random();
    change!(permit, |tx, note| {
        if !tx
            .finish_enrollment(enrollment.enrollment_id, now_ms)
            .await?
        {
            return Err(Refusal::EnrollmentOver);
        }
        match tx
            .create_device(&new, &registered.passkey, &share, now_ms)
            .await
        {
            Err(error) if error.is_conflict() => return Err(Refusal::DeviceState),
            other => other?,
        }
        tx.put_facts(new.device_id, &facts, now_ms).await?;
        // They are of use only as long as something rests on them.
        if !facts.is_empty() {
            tx.put_attested_serials(new.device_id, &serials).await?;
            if let Some(certifier) = &certifier {
                tx.set_certifier(new.device_id, certifier).await?;
            }
        }
        note.put("attested", facts.len())
            .put("notice", notice_hash.map(|hash| B64::from(hash).encode()))
            .put("enrollment", enrollment.enrollment_id.to_string())
            .put("device", new.device_id.to_string())
            .put("user", new.user_id.to_string())
            .put("passkey", new.passkey_kind.as_str())
            .put("jkt", B64::from(new.jkt).encode())
            .put("mls_key", B64::from(new.mls_key).encode());
        Ok(())
    })?;
    Ok(Json(EnrollFinished {
        device_id: enrollment.device_id,
        state: DeviceState::Pending,
        share: share.into(),
    }))
}

/// The hash of the program's privacy notice as it is now, once the person accepted that one.
fn accepted(program: &Program, hash: Option<&B64>) -> Result<Option<[u8; 32]>, Refusal> {
    if !program.enrolment.privacy_notice {
        return Ok(None);
    }
    let current = notice::of(program).hash;
    if hash == Some(&current) {
        Ok(current.array())
    } else {
        Err(Refusal::NoticeRequired)
    }
}

/// What hardware proves of the new device, as far as its program asks for it or the device tells it
/// unasked.
fn proven(
    program: &Program,
    enrollment: &Enrollment,
    request: &EnrollFinish,
    proof: &Proof,
    vouchers: Vouchers<'_>,
) -> Result<Proven, Refusal> {
    let proven = match (&request.attestation, &enrollment.challenge) {
        (Some(chain), Some(challenge)) => {
            fleet::proven::is_list_new(program, vouchers)?;
            fleet::proven::by_key(chain, challenge, proof.key(), vouchers)
                .map_err(|error| Refusal::AttestationRefused(error.to_string()))?
        }
        _ => Proven::default(),
    };
    let missing = proven.facts.is_empty() && program.enrolment.attestation == Attestation::Key;
    if missing {
        return Err(Refusal::AttestationRefused(
            "an attestation of the device key is missing".to_owned(),
        ));
    }
    Ok(proven)
}

/// The answer got lost: the same key asks again with the same MLS key.
async fn repeat(
    app: &App,
    device: &Device,
    mls_key: &[u8; 32],
) -> Result<Json<EnrollFinished>, Refusal> {
    if device.mls_key != *mls_key || device.state.is_out() {
        return Err(Refusal::EnrollmentOver);
    }
    let share = app.facts().await?.share(device.device_id).await?;
    let share = share.ok_or(Refusal::EnrollmentOver)?;
    Ok(Json(EnrollFinished {
        device_id: device.device_id,
        state: device.state,
        share: B64::from(share.as_slice()),
    }))
}

/// The MLS key that the device key binds to this enrolment.
fn binding(
    app: &App,
    enrollment: &Enrollment,
    token: &str,
    now_ms: u64,
) -> Result<[u8; 32], Refusal> {
    let jws::Verified { key, claims } =
        jws::verify::<BindingClaims>(token, BINDING_TYPE).map_err(Refusal::BindingRefused)?;
    if key.thumbprint() != enrollment.jkt {
        return Err(Refusal::BindingRefused("it is signed by another key"));
    }
    if claims.aud != app.keys.log.public().name() {
        return Err(Refusal::BindingRefused("it is for another hospital"));
    }
    if claims.device_id != enrollment.device_id || claims.user_id != enrollment.user_id {
        return Err(Refusal::BindingRefused("it is for another enrolment"));
    }
    if now_ms.abs_diff(claims.iat.saturating_mul(1000)) > MAX_AGE_MS {
        return Err(Refusal::BindingRefused(
            "its time is too far from the server's",
        ));
    }
    let mls_key: [u8; 32] = claims
        .mls_key
        .array()
        .ok_or(Refusal::BindingRefused("the MLS key has a wrong length"))?;
    match VerifyingKey::from_bytes(&mls_key) {
        Ok(key) if !key.is_weak() => Ok(mls_key),
        _ => Err(Refusal::BindingRefused("the MLS key is not an Ed25519 key")),
    }
}

const MAX_AGE_MS: u64 = 15 * 60 * 1000;
const FINISHED: Kind = Kind::named("enrollment.finished");
