//! Critical results and alarms on their way to a role, by a bot. One file for each operation.

pub(crate) mod list;
pub(crate) mod posted;

use wardline_fhir::Resource;
use wardline_model::{DeviceId, PatientId, RoleSlug};
use wardline_policy::BotFacts;
use wardline_store::Tx;

use crate::caller::Caller;
use crate::charts;
use crate::hl7::Told;
use crate::problem::Refusal;

/// What the bot that asks may do.
fn bot(caller: &Caller) -> Result<&BotFacts, Refusal> {
    let person = caller.asker().person.as_ref();
    person
        .and_then(|person| person.bot.as_ref())
        .ok_or(Refusal::NotFound)
}

/// Whom a call is about, by the record that they have now.
async fn patient_of(tx: &mut Tx, told: &Told) -> Result<Option<PatientId>, Refusal> {
    let Some(id) = &told.patient else {
        return Ok(None);
    };
    let Some(body) = tx.resource("Patient", id.as_str()).await? else {
        return Ok(Some(id.clone()));
    };
    let record = Resource::from_slice(body.expose()).map_err(Refusal::internal)?;
    match charts::surviving(tx, record).await? {
        Some(record) => Ok(Some(record.id().parse().map_err(Refusal::internal)?)),
        None => Ok(Some(id.clone())),
    }
}

/// Whether a device has a call to post to a role about a patient: then its bot may begin that conversation,
/// though a program opens no chart.
pub(crate) async fn is_handed(
    tx: &mut Tx,
    device: DeviceId,
    role: &RoleSlug,
    patient: &PatientId,
    now_ms: u64,
) -> Result<bool, Refusal> {
    for row in tx.critical_handed_to(device, now_ms).await? {
        let told: Told = serde_json::from_slice(row.body.expose()).map_err(Refusal::internal)?;
        if row.role == *role && patient_of(tx, &told).await?.as_ref() == Some(patient) {
            return Ok(true);
        }
    }
    Ok(false)
}
