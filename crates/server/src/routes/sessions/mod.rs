//! Sign-in and sessions. One file for each operation.

pub(crate) mod challenge;
pub(crate) mod create;
pub(crate) mod end;
pub(crate) mod end_all;
pub(crate) mod list;
pub(crate) mod step_up;
pub(crate) mod step_up_card;
pub(crate) mod step_up_challenge;
pub(crate) mod step_up_code;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wardline_audit::event::Kind;
use wardline_model::wire::sessions::SignIn;
use wardline_model::{DeviceId, SessionId};
use wardline_policy::Scope;
use wardline_store::{Challenge, Device, Tx};

use crate::app::{App, Peer};
use crate::gate::{Asker, Note};
use crate::problem::Refusal;
use crate::proof::Proof;

/// The enrolled device of a proof, as the one who asks, with its owner.
pub(crate) async fn device_of(
    app: &App,
    proof: &Proof,
    peer: Peer,
) -> Result<(Device, Asker), Refusal> {
    let mut facts = app.facts().await?;
    let device = facts
        .device_by_key(&proof.jkt())
        .await?
        .ok_or(Refusal::WrongDevice)?;
    let owner = facts
        .person(device.user_id)
        .await?
        .ok_or(Refusal::WrongDevice)?;
    let roles = facts.roles_of(device.user_id).await?;
    let asker = Asker::device(app, peer, &device, &owner, roles)?;
    Ok((device, asker))
}

/// A step-up under way: what the challenge of one keeps until the passkey has answered it.
#[derive(Serialize, Deserialize)]
struct StepUp {
    /// What the proof is given for.
    scopes: BTreeSet<Scope>,
    /// The WebAuthn authentication.
    passkey: Value,
}

/// Takes the challenge that is answered: one of this device, which was asked for in this session for
/// a step-up, or without a session for a sign-in. It is gone whatever comes of it: a caller commits
/// where it is none, too.
async fn take_challenge(
    tx: &mut Tx,
    note: &mut Note,
    answer: &SignIn,
    device: DeviceId,
    session: Option<SessionId>,
    now_ms: u64,
) -> Result<Option<Challenge>, Refusal> {
    note.put("challenge", answer.challenge_id.to_string());
    let purpose = match session {
        Some(_) => STEP_UP,
        None => SIGN_IN,
    };
    let taken = tx.take_challenge(answer.challenge_id, now_ms).await?;
    let taken = taken.filter(|taken| {
        taken.purpose == purpose && taken.device_id == device && taken.session_id == session
    });
    if taken.is_none() {
        note.refused("challenge_over");
    }
    Ok(taken)
}

/// Verifies the passkey's answer to an authentication that was begun. Its challenge was taken, so a
/// wrong answer is the inner error, which commits.
async fn verify_passkey(
    app: &App,
    tx: &mut Tx,
    note: &mut Note,
    device: DeviceId,
    credential: &Value,
    begun: &[u8],
) -> Result<Result<(), Refusal>, Refusal> {
    let passkey = tx.passkey(device).await?.ok_or(Refusal::PasskeyRefused)?;
    match app
        .passkeys
        .finish_authentication(credential.clone(), begun, &passkey)
    {
        Ok(None) => Ok(Ok(())),
        Ok(Some(changed)) => {
            tx.set_passkey(device, &changed).await?;
            Ok(Ok(()))
        }
        Err(refusal) => {
            note.refused("passkey_refused");
            Ok(Err(refusal))
        }
    }
}

/// The purpose of a challenge that a sign-in answers.
const SIGN_IN: &str = "sign-in";
/// The purpose of a challenge that a step-up answers.
const STEP_UP: &str = "step-up";
/// How long a passkey's challenge can be answered.
const LIFETIME_MS: u64 = 5 * 60 * 1000;
const CHALLENGED: Kind = Kind::named("session.challenged");
