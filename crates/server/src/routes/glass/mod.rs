//! Who broke the glass, and what privacy officers say of it. One file for each operation.
//!
//! Breaking it is at the patient, in `routes::patients::break_glass`.

pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod own;
pub(crate) mod read;
pub(crate) mod review;

use wardline_model::GlassId;
use wardline_model::wire::glass::{GlassInfo, GlassOutcome};
use wardline_policy::Resource;
use wardline_store::{GlassGrant, Tx};
use zeroize::Zeroizing;

use crate::app::App;
use crate::charts;
use crate::problem::Refusal;
use crate::shape;

/// What a person writes: there is something, and it is no longer than one reads.
pub(crate) fn words(typed: &str, field: &str) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let typed = typed.trim();
    if typed.is_empty() || typed.chars().count() > LONGEST {
        return Err(Refusal::InvalidBody {
            field: field.to_owned(),
            expected: format!("1 to {LONGEST} characters"),
        });
    }
    Ok(typed.as_bytes().to_vec().into())
}

/// A grant with what the policies ask of it.
async fn looked_up(app: &App, id: GlassId) -> Result<(GlassGrant, Resource), Refusal> {
    let grant = app.facts().await?.glass(id).await?;
    let grant = grant.ok_or(Refusal::NotFound)?;
    let resource = Resource::Glass {
        id,
        person: grant.user_id,
    };
    Ok((grant, resource))
}

/// A grant as answers show it; `whole` is with what people wrote.
pub(crate) async fn info(
    tx: &mut Tx,
    grant: GlassGrant,
    whole: bool,
    now_ms: u64,
) -> Result<GlassInfo, Refusal> {
    let user = tx.person(grant.user_id).await?.ok_or(Refusal::NotFound)?;
    let reviewer = match grant.reviewed_by {
        Some(id) => tx.person(id).await?.map(shape::brief),
        None => None,
    };
    let patient = charts::named(tx, &grant.patient, now_ms).await?;
    let outcome = match grant.outcome.as_deref() {
        Some("justified") => GlassOutcome::Justified,
        Some(_) => GlassOutcome::NotJustified,
        None => GlassOutcome::Waiting,
    };
    let text = |words: &Zeroizing<Vec<u8>>| String::from_utf8_lossy(words).into_owned();
    Ok(GlassInfo {
        id: grant.grant_id,
        user: shape::brief(user),
        patient_id: grant.patient.clone(),
        patient_mrn: patient.as_ref().and_then(|patient| patient.mrn.clone()),
        patient_name: patient.map(|patient| patient.name),
        purpose: grant.purpose,
        reason: whole.then(|| text(&grant.reason)),
        at: grant.at,
        until: grant.until_ms,
        open: grant.ended_at.is_none() && now_ms < grant.until_ms,
        ended_at: grant.ended_at,
        outcome,
        due_at: grant.at + REVIEWED_WITHIN_MS,
        reviewed_by: reviewer,
        reviewed_at: grant.reviewed_at,
        note: grant.note.as_ref().filter(|_| whole).map(text),
    })
}

/// The same for several.
async fn infos(
    tx: &mut Tx,
    grants: Vec<GlassGrant>,
    whole: bool,
    now_ms: u64,
) -> Result<Vec<GlassInfo>, Refusal> {
    let mut infos = Vec::with_capacity(grants.len());
    for grant in grants {
        infos.push(info(tx, grant, whole, now_ms).await?);
    }
    Ok(infos)
}

const LONGEST: usize = 500;
/// A review is due within a day.
const REVIEWED_WITHIN_MS: u64 = 24 * 60 * 60 * 1000;
