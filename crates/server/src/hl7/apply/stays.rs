//! ADT: a person's record and their stay.

use serde_json::{Map, Value, json};
use wardline_fhir::Resource;
use wardline_hl7::event::{Admission, Location, Trigger, Visit};
use wardline_model::PatientId;
use wardline_store::Tx;

use super::patients::{self, object};
use super::{Ids, Plan, Unfit, resources};
use crate::app::App;
use crate::problem::Refusal;

/// Plans what an admission does.
pub(super) async fn plan(
    app: &App,
    tx: &mut Tx,
    admission: &Admission,
    at: u64,
    plan: &mut Plan,
) -> Result<Result<(), Unfit>, Refusal> {
    let id = match patients::plan(app, tx, &admission.patient, at, plan).await? {
        Ok(id) => id,
        Err(unfit) => return Ok(Err(unfit)),
    };
    let Some(visit) = admission
        .visit
        .as_ref()
        .filter(|_| admission.trigger.is_about_a_stay())
    else {
        return Ok(Ok(()));
    };
    let number = visit.number.as_ref().or(admission.patient.account.as_ref());
    let current = current_stay(tx, &id).await?;
    let stay_id = match (number, &current) {
        (Some(number), _) => Ids(app).of("stay", &[id.as_str(), number]),
        // Without a number it can only be the stay that goes on.
        (None, Some(current)) => current.id().to_owned(),
        (None, None) => Ids(app).of("stay", &[id.as_str(), "without a number", &at.to_string()]),
    };
    let known = tx.resource("Encounter", &stay_id).await?;
    let known = known
        .map(|body| Resource::from_slice(body.expose()))
        .transpose()
        .map_err(Refusal::internal)?;
    if known.is_none()
        && matches!(
            admission.trigger,
            Trigger::CancelAdmit | Trigger::CancelTransfer | Trigger::CancelDischarge
        )
    {
        return Ok(Err(Unfit::at(
            "PV1-19",
            "there is no such stay to take a step back of",
        )));
    }
    if known.is_none() && admission.trigger == Trigger::Update {
        // News of a person who is not here: no stay is made of it.
        return Ok(Ok(()));
    }
    if !plan.is_news(tx, format!("stay {stay_id}"), at).await? {
        return Ok(Ok(()));
    }
    let mut json = known.map_or_else(
        || {
            object(json!({
                "resourceType": "Encounter", "id": stay_id, "status": "in-progress",
                "class": {}, "subject": { "reference": format!("Patient/{}", id.as_str()) },
            }))
        },
        |known| object(known.into_json()),
    );
    bring_up(app, &mut json, admission, visit);
    match Resource::new(Value::Object(json)) {
        Ok(stay) => plan.resources.push(stay),
        Err(_) => return Ok(Err(Unfit::new("the stay cannot be written as FHIR"))),
    }
    Ok(Ok(()))
}

/// The stay that goes on now.
pub(super) async fn current_stay(tx: &mut Tx, id: &PatientId) -> Result<Option<Resource>, Refusal> {
    for body in tx.resources_of(id, "Encounter", MAX_STAYS).await? {
        let stay = Resource::from_slice(body.expose()).map_err(Refusal::internal)?;
        if stay.status() == Some("in-progress") {
            return Ok(Some(stay));
        }
    }
    Ok(None)
}

fn bring_up(app: &App, json: &mut Map<String, Value>, admission: &Admission, visit: &Visit) {
    let before = json
        .get("status")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let status = match admission.trigger {
        Trigger::PreAdmit => "planned",
        Trigger::Discharge => "finished",
        Trigger::CancelAdmit => "cancelled",
        Trigger::Admit
        | Trigger::Register
        | Trigger::Transfer
        | Trigger::ToInpatient
        | Trigger::ToOutpatient
        | Trigger::CancelTransfer
        | Trigger::CancelDischarge => "in-progress",
        Trigger::Update | Trigger::AddPerson | Trigger::UpdatePerson => before,
    }
    .to_owned();
    json.insert("status".to_owned(), status.clone().into());
    json.insert(
        "class".to_owned(),
        json!({ "system": ACT_CODE, "code": visit.class.code() }),
    );
    if let Some(number) = &visit.number {
        json.insert("identifier".to_owned(), json!([{ "value": number }]));
    }
    // Of those whom the message names, the record has these; of the others it keeps what it has.
    for (code, clinicians) in [
        ("ATND", &visit.attending),
        ("CON", &visit.consulting),
        ("ADM", &visit.admitting),
    ] {
        if clinicians.is_empty() {
            continue;
        }
        let participants = json.entry("participant").or_insert_with(|| json!([]));
        let Some(participants) = participants.as_array_mut() else {
            continue;
        };
        participants.retain(|it| it["type"][0]["coding"][0]["code"].as_str() != Some(code));
        participants.extend(clinicians.iter().map(|clinician| {
            json!({
                "type": [{ "coding": [{ "system": PARTICIPATION, "code": code }] }],
                "individual": resources::clinician(app, clinician),
            })
        }));
    }
    let mut period = json.get("period").cloned().map(object).unwrap_or_default();
    let started = visit.admitted_at.or_else(|| {
        matches!(admission.trigger, Trigger::Admit | Trigger::Register)
            .then_some(admission.at)
            .flatten()
    });
    if let Some(at) = started {
        period.insert("start".to_owned(), at.date_time().into());
    }
    match admission.trigger {
        Trigger::Discharge => {
            if let Some(at) = visit.discharged_at.or(admission.at) {
                period.insert("end".to_owned(), at.date_time().into());
            }
        }
        Trigger::CancelDischarge => drop(period.remove("end")),
        _ => {}
    }
    if !period.is_empty() {
        json.insert("period".to_owned(), period.into());
    }
    // Where a transfer did not take place, PV1-3 says where the patient is after all; senders that leave
    // it empty say where they were.
    let place = match admission.trigger {
        Trigger::CancelTransfer => visit.place.as_ref().or(visit.prior.as_ref()),
        _ => visit.place.as_ref(),
    };
    if let Some(place) = place {
        let is_there = status == "in-progress" || status == "planned";
        json.insert("location".to_owned(), locations(place, is_there));
        if let Some(facility) = &place.facility {
            json.insert("serviceProvider".to_owned(), json!({ "display": facility }));
        }
    } else if status == "finished" {
        json.remove("location");
    }
}

fn locations(place: &Location, is_there: bool) -> Value {
    let parts = [("wa", &place.ward), ("ro", &place.room), ("bd", &place.bed)];
    let status = if is_there { "active" } else { "completed" };
    let mut made: Vec<Value> = Vec::new();
    for (kind, name) in parts {
        if let Some(name) = name {
            made.push(json!({
                "location": { "display": name }, "status": status,
                "physicalType": { "coding": [{ "system": PHYSICAL, "code": kind }] },
            }));
        }
    }
    made.into()
}

const MAX_STAYS: u32 = 200;
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const PHYSICAL: &str = "http://terminology.hl7.org/CodeSystem/location-physical-type";
