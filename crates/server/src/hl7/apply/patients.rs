//! Who a message is about: records found by their numbers, made and brought up to date.

use serde_json::{Map, Value, json};
use wardline_fhir::Resource;
use wardline_fhir::index::TokenKind;
use wardline_hl7::event::{Identifier, Name, Patient, Sex, Update};
use wardline_model::PatientId;
use wardline_store::Tx;

use super::{Ids, Plan, Unfit};
use crate::app::App;
use crate::canaries;
use crate::charts;
use crate::problem::Refusal;

/// The `system` of an identifier in the record: what the hospital says of the authority's name, else the
/// authority's own.
pub(super) fn system_of(app: &App, identifier: &Identifier) -> Option<String> {
    let authorities = &app.config.hl7.authorities;
    let name = identifier.namespace.as_deref().unwrap_or_default();
    let said = authorities.get(name).cloned();
    match (&identifier.universal, said) {
        (None, Some(said)) => Some(said),
        _ => identifier.system(),
    }
}

/// The record with these numbers; a merged one's is the one that it became part of. Numbers of different
/// records are nobody's.
pub(super) async fn find(
    app: &App,
    tx: &mut Tx,
    identifiers: &[Identifier],
) -> Result<Result<Option<(PatientId, Resource)>, Unfit>, Refusal> {
    let mut found: Option<(PatientId, Resource)> = None;
    for identifier in wardline_hl7::event::record_numbers(identifiers) {
        let system = system_of(app, identifier);
        let number = identifier.value.trim().to_uppercase();
        let value = system.map_or_else(|| number.clone(), |system| format!("{system}|{number}"));
        let bodies = tx
            .search_exact("Patient", TokenKind::Identifier.name(), &value, 8)
            .await?;
        for body in &bodies {
            let record = Resource::from_slice(body.expose()).map_err(Refusal::internal)?;
            let Some(record) = charts::surviving(tx, record).await? else {
                continue;
            };
            let id: PatientId = record.id().parse().map_err(Refusal::internal)?;
            // A feed brings nobody's record: it would write over it, or make it part of somebody's.
            if canaries::is_one(tx, &id).await? {
                let why = "this number is kept free; ask the privacy office before it is given to anybody";
                return Ok(Err(Unfit::at("PID-3", why)));
            }
            match &found {
                Some((known, _)) if *known != id => {
                    let why = "these numbers are of different records; merge them first";
                    return Ok(Err(Unfit::at("PID-3", why)));
                }
                Some(_) => {}
                None => found = Some((id, record)),
            }
        }
    }
    Ok(Ok(found))
}

/// Finds or makes the record of a patient and brings it up to date, where this is news.
pub(super) async fn plan(
    app: &App,
    tx: &mut Tx,
    patient: &Patient,
    at: u64,
    plan: &mut Plan,
) -> Result<Result<PatientId, Unfit>, Refusal> {
    let found = match find(app, tx, &patient.identifiers).await? {
        Ok(found) => found,
        Err(unfit) => return Ok(Err(unfit)),
    };
    let (id, mut json, is_new) = if let Some((id, record)) = found {
        (id, object(record.into_json()), false)
    } else {
        let numbers = wardline_hl7::event::record_numbers(&patient.identifiers);
        let Some(number) = numbers.first() else {
            return Ok(Err(Unfit::at("PID-3", "the patient has no number")));
        };
        let system = system_of(app, number).unwrap_or_default();
        let id = Ids(app).of("patient", &[&system, &number.value.trim().to_uppercase()]);
        let id: PatientId = id.parse().map_err(Refusal::internal)?;
        let json = json!({ "resourceType": "Patient", "id": id.as_str(), "active": true });
        (id, object(json), true)
    };
    plan.patients.push(id.clone());
    let is_news = plan
        .is_news(tx, format!("person {}", id.as_str()), at)
        .await?;
    if is_news || is_new {
        bring_up(app, &mut json, patient);
        let record = Resource::new(Value::Object(json));
        match record {
            Ok(record) => plan.resources.push(record),
            Err(_) => return Ok(Err(Unfit::new("the patient cannot be written as FHIR"))),
        }
    }
    Ok(Ok(id))
}

fn bring_up(app: &App, json: &mut Map<String, Value>, patient: &Patient) {
    add_identifiers(app, json, &patient.identifiers, None);
    match &patient.names {
        Update::Keep => {}
        Update::Clear => drop(json.remove("name")),
        Update::Set(names) => {
            json.insert("name".to_owned(), names.iter().map(name).collect());
        }
    }
    match &patient.birth_date {
        Update::Keep => {}
        Update::Clear => drop(json.remove("birthDate")),
        Update::Set(date) => drop(json.insert("birthDate".to_owned(), date.clone().into())),
    }
    match patient.sex {
        Update::Keep => {}
        Update::Clear => drop(json.remove("gender")),
        Update::Set(sex) => {
            let code = match sex {
                Sex::Male => "male",
                Sex::Female => "female",
                Sex::Other => "other",
                Sex::Unknown => "unknown",
            };
            json.insert("gender".to_owned(), code.into());
        }
    }
    match &patient.death {
        Update::Keep => {}
        Update::Clear => {
            json.remove("deceasedDateTime");
            json.remove("deceasedBoolean");
        }
        Update::Set(at) => {
            json.remove("deceasedDateTime");
            json.remove("deceasedBoolean");
            match at {
                Some(at) => json.insert("deceasedDateTime".to_owned(), at.date_time().into()),
                None => json.insert("deceasedBoolean".to_owned(), true.into()),
            };
        }
    }
}

/// Adds numbers that the record does not have yet.
pub(super) fn add_identifiers(
    app: &App,
    json: &mut Map<String, Value>,
    identifiers: &[Identifier],
    of_use: Option<&str>,
) {
    let list = json
        .entry("identifier")
        .or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(list) = list else { return };
    for identifier in identifiers {
        let system = system_of(app, identifier);
        let is_known = list.iter().any(|known| {
            let same = |a: Option<&str>, b: &str| {
                a.is_some_and(|a| a.trim().eq_ignore_ascii_case(b.trim()))
            };
            same(known["value"].as_str(), &identifier.value)
                && known["system"].as_str() == system.as_deref()
        });
        if is_known {
            continue;
        }
        let mut made = json!({ "value": identifier.value });
        if let Some(system) = system {
            made["system"] = system.into();
        }
        if let Some(of_use) = of_use {
            made["use"] = of_use.into();
        }
        let is_code = |kind: &&String| kind.bytes().all(|b| b.is_ascii_alphanumeric());
        if let Some(kind) = identifier.kind.as_ref().filter(is_code) {
            made["type"] = json!({ "coding": [{ "system": IDENTIFIER_TYPE, "code": kind }] });
        }
        list.push(made);
    }
}

fn name(name: &Name) -> Value {
    let of_use = match name.kind.as_deref() {
        Some("L") | None => "official",
        Some("M") => "maiden",
        Some("N" | "P") => "nickname",
        Some("S" | "A") => "anonymous",
        Some("BAD" | "I") => "old",
        Some(_) => "usual",
    };
    let mut made = json!({ "use": of_use });
    if let Some(family) = &name.family {
        made["family"] = family.as_str().into();
    }
    if !name.given.is_empty() {
        made["given"] = name.given.clone().into();
    }
    if let Some(prefix) = &name.prefix {
        made["prefix"] = json!([prefix]);
    }
    if let Some(suffix) = &name.suffix {
        made["suffix"] = json!([suffix]);
    }
    made
}

pub(super) fn object(json: Value) -> Map<String, Value> {
    match json {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

const IDENTIFIER_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
