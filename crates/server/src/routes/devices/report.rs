//! `POST /v1/device/report`: a device tells what it knows of itself.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use sha2::{Digest, Sha256};
use wardline_audit::event::Kind;
use wardline_model::B64;
use wardline_model::wire::devices::{REPORT_TYPE, ReportClaims, ReportRequest};
use wardline_model::wire::enroll::Platform;
use wardline_model::wire::posture::{Assessment, Fact, FactName, FactValue, PLATFORMS, Provenance};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_programs::assess::strongest;

use crate::app::{App, Peer};
use crate::extract::Body;
use crate::fleet::{self, Rulebook};
use crate::gate::change;
use crate::jws;
use crate::problem::Refusal;
use crate::proof::Proof;
use crate::routes::sessions::device_of;

/// What a device tells of itself, signed with its key. It needs no session, since it is how a
/// quarantined device shows that it was mended, and how a workstation's agent reports with nobody
/// signed in. From the native client it is measured (`agent`), from a browser merely said
/// (`claimed`).
#[utoipa::path(
    post, path = "/v1/device/report", tag = "devices", request_body = ReportRequest,
    responses(
        (status = 200, body = Assessment),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    proof: Proof,
    parts: Parts,
    Body(request): Body<ReportRequest>,
) -> Result<Json<Assessment>, Refusal> {
    let (device, asker) = device_of(&app, &proof, Peer::of(&parts)).await?;
    let permit = app
        .decide(&asker, Action::DeviceReport, Resource::Hospital)
        .await?
        .kind(REPORTED);
    let (id, now_ms) = (device.device_id, permit.now_ms());
    let jws::Verified { key, claims } = jws::verify::<ReportClaims>(&request.report, REPORT_TYPE)
        .map_err(Refusal::ReportRefused)?;
    if key.thumbprint() != device.jkt {
        return Err(Refusal::ReportRefused("it is signed by another key"));
    }
    if claims.aud != app.keys.log.public().name() || claims.device_id != id {
        return Err(Refusal::ReportRefused(
            "it is about another device, or for another hospital",
        ));
    }
    let measured_at = claims.iat.saturating_mul(1000);
    if now_ms.abs_diff(measured_at) > MAX_AGE_MS {
        return Err(Refusal::ReportRefused(
            "its time is too far from the server's",
        ));
    }
    let (provenance, evidence) = match device.platform {
        Platform::Native => (
            Provenance::Agent,
            "measured on the device, signed with its key",
        ),
        Platform::Browser => (Provenance::Claimed, "said by the device's browser"),
    };
    let facts = told(claims, provenance, evidence, measured_at.min(now_ms))?;
    let (assessment, moved) = change!(permit, |tx, note| {
        tx.lock_devices(&[id]).await?;
        let rules = Rulebook::load(&app, tx).await?;
        let known = tx.facts_of(id).await?;
        if is_another_platform(&known, &facts) {
            return Err(Refusal::ReportRefused(
                "it is another platform than before; enrol the device anew",
            ));
        }
        let facts = fleet::kept(rules.terms(&device.program)?, facts.clone());
        if provenance == Provenance::Agent {
            // What the agent tells no longer is no longer known. A browser that tells less than
            // before has forgotten nothing that counts against the device.
            let names: Vec<FactName> = facts.iter().map(|fact| fact.name).collect();
            tx.keep_facts(id, provenance, evidence, &names, measured_at)
                .await?;
        }
        let written = tx.put_facts(id, &facts, now_ms).await?;
        tx.touch_device(id, now_ms).await?;
        let (assessment, moved) = fleet::assess(&app, tx, id, now_ms).await?;
        let hash: [u8; 32] = Sha256::digest(&request.report).into();
        note.put("device", id.to_string())
            .put("provenance", provenance.as_str())
            .put("facts", written)
            .put("report_sha256", B64::from(hash).encode());
        Ok((assessment.ok_or(Refusal::DeviceState)?, moved))
    })?;
    moved.publish(&app);
    Ok(Json(assessment))
}

/// What was told as facts, where each has the kind of value that its name has. Only hardware can
/// say where a key lives, and only a manager that it manages.
fn told(
    claims: ReportClaims,
    provenance: Provenance,
    evidence: &str,
    observed_at: u64,
) -> Result<Vec<Fact>, Refusal> {
    if claims.facts.len() > MAX_FACTS {
        return Err(Refusal::ReportRefused("it holds more than 64 facts"));
    }
    let mut facts: Vec<Fact> = Vec::with_capacity(claims.facts.len());
    for told in claims.facts {
        let unknown_platform = told.name == FactName::Platform
            && !matches!(&told.value, FactValue::Text(text) if PLATFORMS.contains(&text.as_str()));
        if unknown_platform {
            return Err(Refusal::ReportRefused("there is no such platform"));
        }
        if !told.name.takes(&told.value) {
            return Err(Refusal::ReportRefused(
                "a value is of another kind than its name",
            ));
        }
        if let FactValue::Text(text) = &told.value
            && (text.is_empty() || text.chars().count() > 120 || text.chars().any(char::is_control))
        {
            return Err(Refusal::ReportRefused("a text is empty or too long"));
        }
        if facts.iter().any(|fact| fact.name == told.name) {
            return Err(Refusal::ReportRefused("it tells something twice"));
        }
        let for_others = matches!(
            told.name,
            FactName::KeyHardware
                | FactName::Managed
                | FactName::ManagerCompliant
                | FactName::Authenticator
        );
        if for_others {
            return Err(Refusal::ReportRefused(
                "it tells what only hardware or a manager can",
            ));
        }
        facts.push(Fact {
            name: told.name,
            value: told.value,
            provenance,
            observed_at,
            evidence: evidence.to_owned(),
        });
    }
    Ok(facts)
}

/// Whether a device says that it is something else than it was: by another platform it would
/// choose which rules concern it.
pub(super) fn is_another_platform(known: &[Fact], told: &[Fact]) -> bool {
    let platform = |facts: &[Fact]| strongest(facts, FactName::Platform).map(|f| f.value.clone());
    match (platform(known), platform(told)) {
        (Some(before), Some(now)) => before != now,
        _ => false,
    }
}

const MAX_AGE_MS: u64 = 15 * 60 * 1000;
const MAX_FACTS: usize = 64;
const REPORTED: Kind = Kind::named("device.reported");
