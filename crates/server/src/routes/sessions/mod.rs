//! Sign-in and sessions. One file for each operation.

pub(crate) mod challenge;
pub(crate) mod create;
pub(crate) mod end;
pub(crate) mod end_all;
pub(crate) mod list;
pub(crate) mod step_up;
pub(crate) mod step_up_card;
pub(crate) mod step_up_code;

use serde_json::Value;
use wardline_model::ChallengeId;
use wardline_store::{Device, Tx};

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

/// Takes a challenge of the device and verifies the passkey's answer to it. The challenge is gone
/// whatever comes of it, so a wrong answer is the inner error, which commits.
async fn verify_passkey(
    app: &App,
    tx: &mut Tx,
    note: &mut Note,
    device: &Device,
    challenge: ChallengeId,
    credential: &Value,
    now_ms: u64,
) -> Result<Result<(), Refusal>, Refusal> {
    note.put("challenge", challenge.to_string());
    let taken = tx.take_challenge(challenge, now_ms).await?;
    let taken = taken.filter(|taken| {
        // One that a card is presented with is for nothing else.
        taken.device_id == device.device_id && taken.session_id.is_none()
    });
    let Some(taken) = taken else {
        note.refused("challenge_over");
        return Ok(Err(Refusal::ChallengeOver));
    };
    let passkey = tx
        .passkey(device.device_id)
        .await?
        .ok_or(Refusal::PasskeyRefused)?;
    match app
        .passkeys
        .finish_authentication(credential.clone(), &taken.state, &passkey)
    {
        Ok(None) => Ok(Ok(())),
        Ok(Some(changed)) => {
            tx.set_passkey(device.device_id, &changed).await?;
            Ok(Ok(()))
        }
        Err(refusal) => {
            note.refused("passkey_refused");
            Ok(Err(refusal))
        }
    }
}
