//! Reports and observations as FHIR R4.

use serde_json::{Number, Value, json};
use wardline_fhir::Resource;
use wardline_fhir::chart::PRECISION;
use wardline_hl7::event::{Clinician, Coded, Measured, Observation, Report};
use wardline_model::PatientId;

use super::patients;
use crate::app::App;

/// A clinician as a Reference: by their number, whoever's entry of the directory that is, and as people read it.
pub(super) fn clinician(app: &App, clinician: &Clinician) -> Value {
    let mut made = json!({});
    if let Some(name) = &clinician.name {
        made["display"] = name.as_str().into();
    }
    if let Some(id) = &clinician.id {
        let mut identifier = json!({ "value": id.value });
        if let Some(system) = patients::system_of(app, id) {
            identifier["system"] = system.into();
        }
        made["identifier"] = identifier;
    }
    made
}

/// A code with its words.
pub(super) fn concept(coded: &Coded) -> Value {
    let mut made = json!({});
    if let Some(code) = &coded.code {
        let mut coding = json!({ "code": code });
        if let Some(system) = coded.uri() {
            coding["system"] = system.into();
        }
        if let Some(words) = &coded.words {
            coding["display"] = words.as_str().into();
        }
        made["coding"] = json!([coding]);
    }
    if let Some(words) = coded.words.as_ref().or(coded.code.as_ref()) {
        made["text"] = words.as_str().into();
    }
    made
}

/// A result.
pub(super) fn observation(
    id: &str,
    patient: &PatientId,
    report: &Report,
    observation: &Observation,
) -> Value {
    let mut made = json!({
        "resourceType": "Observation", "id": id, "status": observation.status.code(),
        "code": concept(&observation.code),
        "subject": { "reference": format!("Patient/{}", patient.as_str()) },
    });
    let is_of_lab = report
        .section
        .as_deref()
        .is_none_or(|section| section != "RAD");
    if is_of_lab {
        made["category"] = json!([{ "coding": [{ "system": CATEGORY, "code": "laboratory" }] }]);
    }
    if let Some(at) = observation.at.or(report.taken_at) {
        made["effectiveDateTime"] = at.date_time().into();
    }
    if let Some(at) = report.issued_at.and_then(|at| at.instant()) {
        made["issued"] = at.into();
    }
    match &observation.value {
        Some(Measured::Number { comparator, number }) => {
            made["valueQuantity"] = quantity(number, *comparator, observation.unit.as_ref());
        }
        Some(Measured::Pair {
            first,
            separator,
            second,
        }) => {
            let unit = observation.unit.as_ref();
            match separator.as_str() {
                "-" => {
                    made["valueRange"] = json!({
                        "low": quantity(first, None, unit), "high": quantity(second, None, unit),
                    });
                }
                ":" | "/" => {
                    made["valueRatio"] = json!({
                        "numerator": quantity(first, None, None),
                        "denominator": quantity(second, None, None),
                    });
                }
                _ => made["valueString"] = format!("{first}{separator}{second}").into(),
            }
        }
        Some(Measured::Code(codes)) => {
            let codings: Vec<Value> = codes
                .iter()
                .filter_map(|code| concept(code)["coding"].as_array().cloned())
                .flatten()
                .collect();
            let words: Vec<&str> = codes
                .iter()
                .filter_map(|code| code.words.as_deref().or(code.code.as_deref()))
                .collect();
            let mut value = json!({ "text": words.join(", ") });
            if !codings.is_empty() {
                value["coding"] = codings.into();
            }
            made["valueCodeableConcept"] = value;
        }
        Some(Measured::Time(at)) => made["valueDateTime"] = at.date_time().into(),
        Some(Measured::Words(words)) if !words.trim().is_empty() => {
            made["valueString"] = words.as_str().into();
        }
        Some(Measured::Document) => {
            made["dataAbsentReason"] = json!({ "text": "A document; see the sending system" });
        }
        Some(Measured::Words(_)) | None => {
            made["dataAbsentReason"] =
                json!({ "coding": [{ "system": ABSENT, "code": "unknown" }] });
        }
    }
    if let Some(range) = observation.range.as_ref().filter(|range| !range.is_empty()) {
        made["referenceRange"] = json!([range_of(range, observation.unit.as_ref())]);
    }
    if !observation.flags.is_empty() {
        let flags = observation
            .flags
            .iter()
            .map(|flag| json!({ "coding": [{ "system": INTERPRETATION, "code": flag.code() }] }));
        made["interpretation"] = flags.collect();
    }
    if !observation.notes.is_empty() {
        made["note"] = observation
            .notes
            .iter()
            .map(|note| json!({ "text": note }))
            .collect();
    }
    made
}

/// A report over its results; members that an earlier message brought stay.
pub(super) fn report(
    id: &str,
    patient: &PatientId,
    report: &Report,
    members: &[String],
    before: Option<&Resource>,
) -> Value {
    let mut results: Vec<Value> = before
        .and_then(|before| before.get("result")?.as_array().cloned())
        .unwrap_or_default();
    for member in members {
        let reference = json!({ "reference": format!("Observation/{member}") });
        if !results.contains(&reference) {
            results.push(reference);
        }
    }
    let mut made = json!({
        "resourceType": "DiagnosticReport", "id": id, "status": report.status.code(),
        "code": concept(&report.service),
        "subject": { "reference": format!("Patient/{}", patient.as_str()) },
    });
    if !results.is_empty() {
        made["result"] = results.into();
    }
    if let Some(section) = &report.section {
        made["category"] = json!([{ "coding": [{ "system": SECTION, "code": section }] }]);
    }
    if let Some(at) = report.taken_at {
        made["effectiveDateTime"] = at.date_time().into();
    }
    if let Some(at) = report.issued_at.and_then(|at| at.instant()) {
        made["issued"] = at.into();
    }
    let numbers = [("PLAC", &report.placer), ("FILL", &report.filler)];
    let identifiers: Vec<Value> = numbers
        .iter()
        .filter_map(|(kind, number)| {
            Some(json!({
                "type": { "coding": [{ "system": IDENTIFIER_TYPE, "code": kind }] },
                "value": number.as_ref()?,
            }))
        })
        .collect();
    if !identifiers.is_empty() {
        made["identifier"] = identifiers.into();
    }
    if !report.notes.is_empty() {
        made["conclusion"] = report.notes.join("\n").into();
    }
    made
}

fn quantity(number: &str, comparator: Option<&str>, unit: Option<&Coded>) -> Value {
    let mut made = json!({});
    // A number beyond what a double tells apart is rounded as every reader of JSON rounds it.
    let value = number.parse::<f64>().ok().and_then(|value| {
        let whole = number.parse::<i64>().ok().map(Number::from);
        whole.or_else(|| Number::from_f64(value))
    });
    if let Some(value) = value {
        let decimals = |text: &str| text.split_once('.').map_or(0, |(_, behind)| behind.len());
        let told = decimals(number);
        // How exactly it was measured (R4 §2.24.0.1, decimal) would be lost: 6.80 is 6.8 as a number.
        if told > decimals(&value.to_string()) {
            made["_value"] = json!({ "extension": [{ "url": PRECISION, "valueInteger": told }] });
        }
        made["value"] = Value::Number(value);
    }
    if let Some(comparator) = comparator {
        made["comparator"] = comparator.into();
    }
    if let Some(unit) = unit {
        if let Some(words) = unit.code.as_ref().or(unit.words.as_ref()) {
            made["unit"] = words.as_str().into();
        }
        if let (Some("UCUM"), Some(code)) = (unit.system.as_deref(), &unit.code) {
            made["system"] = "http://unitsofmeasure.org".into();
            made["code"] = code.as_str().into();
        }
    }
    made
}

/// `3.5-5.1` is a range of numbers; anything else is words.
fn range_of(text: &str, unit: Option<&Coded>) -> Value {
    let number = |text: &str| {
        let text = text.trim();
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        (is_number && text.parse::<f64>().is_ok()).then(|| text.to_owned())
    };
    let mut made = json!({ "text": text });
    if let Some((low, high)) = text.split_once('-')
        && let (Some(low), Some(high)) = (number(low), number(high))
    {
        made["low"] = quantity(&low, None, unit);
        made["high"] = quantity(&high, None, unit);
    } else if let Some(high) = text.strip_prefix('<').and_then(number) {
        made["high"] = quantity(&high, None, unit);
    } else if let Some(low) = text.strip_prefix('>').and_then(number) {
        made["low"] = quantity(&low, None, unit);
    }
    made
}

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const INTERPRETATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
const ABSENT: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";
const SECTION: &str = "http://terminology.hl7.org/CodeSystem/v2-0074";
const IDENTIFIER_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_how_exactly_it_was_measured() {
        let made = quantity("6.80", None, None);
        assert_eq!(made["value"], json!(6.8));
        assert_eq!(made["_value"]["extension"][0]["valueInteger"], json!(2));
        for as_it_is in ["6.8", "5.0", "140", "0.05"] {
            assert!(
                quantity(as_it_is, None, None).get("_value").is_none(),
                "{as_it_is}"
            );
        }
    }
}
