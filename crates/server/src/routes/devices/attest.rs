//! `POST /v1/device/attestation`: the hardware of an enrolled device vouches for it again.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use wardline_audit::event::Kind;
use wardline_model::wire::devices::AttestRequest;
use wardline_model::wire::posture::{Assessment, Fact, FactName, Provenance};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::{Device, Tx};

use super::report::is_another_platform;
use crate::app::{App, Peer};
use crate::extract::Body;
use crate::fleet::proven::{self, Proven};
use crate::fleet::{self, Rulebook};
use crate::gate::change;
use crate::passkeys::Vouchers;
use crate::problem::Refusal;
use crate::proof::Proof;
use crate::routes::sessions::device_of;

/// What the device's hardware proves now, in place of what it proved before: an update that was
/// installed, a system that was started anew, a key whose maker's own was replaced. The attested key is
/// the one that the device was enrolled with, or is certified by the key that certified that one, so
/// nobody vouches for another's device; and the challenge is the hospital's, so nothing old is shown
/// again. The answer is how the device stands by it.
#[utoipa::path(
    post, path = "/v1/device/attestation", tag = "devices", request_body = AttestRequest,
    responses(
        (status = 200, body = Assessment),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 410, body = Problem), (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    proof: Proof,
    parts: Parts,
    Body(request): Body<AttestRequest>,
) -> Result<Json<Assessment>, Refusal> {
    let (device, asker) = device_of(&app, &proof, Peer::of(&parts)).await?;
    let permit = app
        .decide(&asker, Action::DeviceReport, Resource::Hospital)
        .await?;
    let (id, now_ms) = (device.device_id, permit.now_ms());
    let (assessment, moved) = change!(permit.kind(ATTESTED), |tx, note| {
        note.put("device", id.to_string())
            .put("challenge", request.challenge_id.to_string());
        // Gone whatever comes of it, so that nobody tries chain after chain against it.
        let taken = tx.take_challenge(request.challenge_id, now_ms).await?;
        let taken = taken.filter(|taken| taken.purpose == PURPOSE && taken.device_id == id);
        let challenge = taken.and_then(|taken| <[u8; 32]>::try_from(taken.state.as_slice()).ok());
        let Some(challenge) = challenge else {
            note.refused("challenge_over");
            return Ok(Err(Refusal::AttestationOver));
        };
        tx.lock_devices(&[id]).await?;
        let rules = Rulebook::load(&app, tx).await?;
        let terms = rules.terms(&device.program)?;
        let trust = app.feeds.trust(tx).await?;
        let vouchers = Vouchers {
            trust: &trust,
            at_ms: now_ms,
        };
        if let Err(refusal) = proven::is_list_new(terms, vouchers) {
            note.refused("list_old");
            return Ok(Err(refusal));
        }
        let chain = &request.attestation;
        let certifier = device.certifier.as_ref();
        let proven = match proven::again(chain, &challenge, proof.key(), certifier, vouchers) {
            Ok(proven) => proven,
            Err(error) => {
                note.refused("attestation_refused");
                return Ok(Err(Refusal::AttestationRefused(error.to_string())));
            }
        };
        let Proven { facts, serials, .. } = proven;
        let known = tx.facts_of(id).await?;
        if is_another_platform(&known, &facts) {
            note.refused("another_platform");
            return Ok(Err(Refusal::AttestationRefused(
                "it is another platform than before".to_owned(),
            )));
        }
        let facts = fleet::kept(terms, facts);
        put(tx, &device, &known, &facts, &serials, now_ms).await?;
        tx.touch_device(id, now_ms).await?;
        let (assessment, moved) = fleet::assess(&app, tx, id, now_ms).await?;
        note.put("attested", facts.len());
        Ok(Ok((assessment.ok_or(Refusal::DeviceState)?, moved)))
    })??;
    moved.publish(&app);
    Ok(Json(assessment))
}

/// Puts what is proven now in the place of what was before. What the passkey's authenticator proved at
/// enrolment, and who vouched for that, is another matter and stays.
async fn put(
    tx: &mut Tx,
    device: &Device,
    known: &[Fact],
    facts: &[Fact],
    serials: &[String],
    now_ms: u64,
) -> Result<(), Refusal> {
    let id = device.device_id;
    let mut names: Vec<FactName> = facts.iter().map(|fact| fact.name).collect();
    names.push(FactName::Authenticator);
    let attested = known
        .iter()
        .filter(|fact| fact.provenance == Provenance::Attested);
    let mut by_passkey = false;
    for fact in attested {
        by_passkey |= fact.name == FactName::Authenticator;
        tx.keep_facts(id, fact.provenance, &fact.evidence, &names, now_ms)
            .await?;
    }
    tx.put_facts(id, facts, now_ms).await?;
    if by_passkey {
        tx.put_attested_serials(id, serials).await?;
    } else {
        tx.renew_attested(id, serials).await?;
    }
    Ok(())
}

/// The purpose of a challenge that a device's hardware answers.
pub(super) const PURPOSE: &str = "attestation";
const ATTESTED: Kind = Kind::named("device.attested");
