//! What of a resource leaves: whole, or in part for those who need no more of it (45 CFR 164.514(d)(2)).
//!
//! Who gets which is for policies. Narratives stay behind in either case: they are HTML that somebody
//! else wrote, and everything that is read here stands in the elements.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::document;
use crate::resource::{Resource, codings, list};

/// Everything by which policies tell a resource from another of its type: its security labels, and
/// those that follow from what it states. Sensitive is also what nobody labelled.
pub fn labels(resource: &Resource) -> BTreeSet<String> {
    let mut labels = document::labels(resource);
    labels.extend(implied(resource).into_iter().map(str::to_owned));
    labels
}

/// The categories of a resource: `laboratory`, `vital-signs`.
pub fn categories(resource: &Resource) -> BTreeSet<String> {
    let category = resource.get("category");
    let concepts = list(category).chain(category.filter(|value| value.is_object()));
    let codes = concepts.flat_map(codings).filter_map(|coding| coding.code);
    codes.map(str::to_owned).collect()
}

/// A resource as stored, for whoever may read all of it.
pub fn whole(resource: &Resource, version: u64, stored_ms: u64) -> Value {
    let json = resource.json();
    let mut json = match json {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    json.remove("text");
    if let Some(contained) = json.get_mut("contained").and_then(Value::as_array_mut) {
        for inner in contained.iter_mut().filter_map(Value::as_object_mut) {
            inner.remove("text");
        }
    }
    put_meta(&mut json, version, stored_ms);
    for code in implied(resource) {
        tag(&mut json, "security", ACT_CODE, code);
    }
    Value::Object(json)
}

/// Of a resource who, where and what to be careful of; `None` for types that say nothing of it.
pub fn glance(resource: &Resource, version: u64, stored_ms: u64) -> Option<Value> {
    let (_, elements) = GLANCE
        .iter()
        .find(|(kind, _)| *kind == resource.resource_type())?;
    let mut json = Map::new();
    json.insert("resourceType".to_owned(), resource.resource_type().into());
    json.insert("id".to_owned(), resource.id().into());
    // Labels say what the rest is about.
    json.insert("meta".to_owned(), json!({}));
    for element in *elements {
        if let Some(value) = resource.get(element) {
            json.insert((*element).to_owned(), value.clone());
        }
    }
    if resource.resource_type() == "Patient" {
        let numbers: Vec<Value> = list(resource.get("identifier"))
            .filter(|identifier| {
                let kind = identifier.get("type");
                kind.is_some_and(|kind| codings(kind).any(|it| it.code == Some("MR")))
            })
            .cloned()
            .collect();
        json.insert("identifier".to_owned(), numbers.into());
    }
    put_meta(&mut json, version, stored_ms);
    tag(&mut json, "tag", OBSERVATION_VALUE, "SUBSETTED");
    tag(&mut json, "security", OBSERVATION_VALUE, "REDACTED");
    // What says why a required element is missing is left out, and then there is no part of it.
    let json = Value::Object(json);
    Resource::new(json.clone()).is_ok().then_some(json)
}

/// A Provenance with those of its targets only that are given with it; `None` where none is.
pub fn provenance(
    resource: &Resource,
    given: &BTreeSet<String>,
    version: u64,
    stored_ms: u64,
) -> Option<Value> {
    let mut json = whole(resource, version, stored_ms);
    let all = list(resource.get("target")).count();
    let targets: Vec<Value> = list(resource.get("target"))
        .filter(|target| {
            crate::Reference::of(target)
                .is_some_and(|it| given.contains(&format!("{}/{}", it.resource_type, it.id)))
        })
        .cloned()
        .collect();
    if targets.is_empty() {
        return None;
    }
    let is_part = targets.len() < all;
    json["target"] = targets.into();
    if let (true, Some(map)) = (is_part, json.as_object_mut()) {
        // What it was made from says what the rest is.
        map.remove("entity");
        tag(map, "tag", OBSERVATION_VALUE, "SUBSETTED");
        tag(map, "security", OBSERVATION_VALUE, "REDACTED");
    }
    Some(json)
}

/// A moment as a FHIR `instant`.
pub fn instant(ms: u64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000);
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}

/// Adds a code to a list of `meta`.
pub(crate) fn tag(json: &mut Map<String, Value>, name: &str, system: &str, code: &str) {
    let meta = json.entry("meta").or_insert_with(|| json!({}));
    if !meta.is_object() {
        *meta = json!({});
    }
    let codes = &mut meta[name];
    if !codes.is_array() {
        *codes = json!([]);
    }
    if let Some(codes) = codes.as_array_mut()
        && !codes
            .iter()
            .any(|it| it["system"] == system && it["code"] == code)
    {
        codes.push(json!({"system": system, "code": code}));
    }
}

fn put_meta(json: &mut Map<String, Value>, version: u64, stored_ms: u64) {
    let meta = json.entry("meta").or_insert_with(|| json!({}));
    if !meta.is_object() {
        *meta = json!({});
    }
    meta["versionId"] = version.to_string().into();
    meta["lastUpdated"] = instant(stored_ms).into();
}

/// Sensitivity that follows from codes (HL7 DS4P, sensitive conditions): substance use, psychiatry, HIV.
fn implied(resource: &Resource) -> BTreeSet<&'static str> {
    const TYPES: [&str; 7] = [
        "Condition",
        "Observation",
        "MedicationRequest",
        "DiagnosticReport",
        "Procedure",
        "CarePlan",
        "ServiceRequest",
    ];
    let mut labels = BTreeSet::new();
    let reasons = ["reasonCode", "reason"];
    let reasons = reasons.iter().flat_map(|name| list(resource.get(name)));
    let own = TYPES
        .contains(&resource.resource_type())
        .then(|| resource.concept())
        .flatten();
    for coding in own.into_iter().chain(reasons).flat_map(codings) {
        let (Some(system), Some(code)) = (coding.system, coding.code) else {
            continue;
        };
        if system.starts_with("http://hl7.org/fhir/sid/icd-10") {
            labels.extend(of_icd(code));
        } else {
            let known = SENSITIVE.iter().filter(|(of, ..)| *of == system);
            let known = known.filter(|(_, _, codes)| codes.contains(&code));
            labels.extend(known.map(|(_, label, _)| *label));
        }
    }
    labels
}

/// ICD-10 by its chapters: F10 to F19 (without tobacco) substance use, F20 to F69 psychiatry, B20 to
/// B24 and Z21 HIV.
fn of_icd(code: &str) -> Option<&'static str> {
    let code = code.to_ascii_uppercase();
    let number: u32 = code.get(1..3)?.parse().ok()?;
    match (code.get(..1)?, number) {
        ("F", 10..=16 | 18 | 19) => Some("ETH"),
        ("F", 20..=69) => Some("PSY"),
        ("B", 20..=24) | ("Z", 21) | ("R", 75) => Some("HIV"),
        _ => None,
    }
}

/// Codes of other systems, the common ones; a hospital labels the rest itself (`meta.security`).
const SENSITIVE: [(&str, &str, &[&str]); 7] = [
    (
        "http://snomed.info/sct",
        "HIV",
        &["86406008", "62479008", "165816005", "111880001"],
    ),
    (
        "http://snomed.info/sct",
        "ETH",
        &[
            "7200002",
            "15167005",
            "66214007",
            "191816009",
            "191819002",
            "5602001",
            "6525002",
            "75544000",
            "361055000",
        ],
    ),
    (
        "http://snomed.info/sct",
        "PSY",
        &[
            "35489007",
            "370143000",
            "36923009",
            "58214004",
            "13746004",
            "47505003",
            "191736004",
            "197480006",
            "69322001",
            "72366004",
            "17226007",
            "82313006",
        ],
    ),
    (
        "http://loinc.org",
        "HIV",
        &[
            "5221-7", "20447-9", "25836-8", "25835-0", "29893-5", "56888-1", "75622-1", "68961-2",
        ],
    ),
    (
        "http://loinc.org",
        "ETH",
        &[
            "3390-2", "3397-7", "3426-4", "3879-4", "8220-6", "72109-2", "82667-7",
        ],
    ),
    (
        "http://loinc.org",
        "PSY",
        &["44249-1", "44261-6", "69737-5", "70274-6"],
    ),
    (
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "ETH",
        &["6813", "1819", "7243", "3554"],
    ),
];

/// Of each type who and where the patient is, and what to be careful of.
const GLANCE: [(&str, &[&str]); 5] = [
    (
        "Patient",
        &[
            "active",
            "name",
            "gender",
            "birthDate",
            "deceasedBoolean",
            "deceasedDateTime",
        ],
    ),
    ("Encounter", &["status", "class", "subject", "location"]),
    (
        "AllergyIntolerance",
        &[
            "clinicalStatus",
            "verificationStatus",
            "criticality",
            "code",
            "patient",
        ],
    ),
    ("Flag", &["status", "category", "code", "subject", "period"]),
    (
        "Location",
        &[
            "status",
            "name",
            "alias",
            "type",
            "physicalType",
            "partOf",
            "identifier",
        ],
    ),
];

/// HL7 v3 ObservationValue: what was done to a resource.
pub(crate) const OBSERVATION_VALUE: &str =
    "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
/// HL7 v3 ActCode: sensitivity.
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(json: Value) -> Resource {
        Resource::new(json).unwrap()
    }

    #[test]
    fn who_sees_a_part_sees_who_and_where_and_nothing_else() {
        let stay = resource(
            json!({"resourceType": "Encounter", "id": "e1", "status": "in-progress",
            "class": {"code": "IMP"}, "meta": {"security": [{"code": "PSY"}]},
            "text": {"status": "generated", "div": "<div>Bipolar</div>"},
            "subject": {"reference": "Patient/p1", "display": "Nora"},
            "reasonCode": [{"text": "Bipolar disorder"}],
            "location": [{"location": {"display": "4 East"}}]}),
        );
        let seen = glance(&stay, 3, 0).unwrap();
        assert!(!seen.to_string().contains("Bipolar") && !seen.to_string().contains("PSY"));
        assert_eq!(seen["location"][0]["location"]["display"], "4 East");
        assert_eq!(seen["meta"]["tag"][0]["code"], "SUBSETTED");
        assert_eq!(seen["meta"]["security"][0]["code"], "REDACTED");
        let patient = resource(json!({"resourceType": "Patient", "id": "p1",
            "identifier": [{"value": "1", "type": {"coding": [{"code": "MR"}]}}, {"value": "2"}],
            "address": [{"city": "Port Alder"}], "telecom": [{"value": "555"}]}));
        let seen = glance(&patient, 1, 0).unwrap();
        assert_eq!(seen["identifier"].as_array().unwrap().len(), 1);
        assert!(seen.get("address").is_none() && seen.get("telecom").is_none());
        let lab = resource(
            json!({"resourceType": "Observation", "id": "o", "status": "final", "code": {}}),
        );
        assert_eq!(glance(&lab, 1, 0), None);
    }

    #[test]
    fn narrative_stays_behind_and_the_version_is_told() {
        let patient = resource(json!({"resourceType": "Patient", "id": "p1",
            "text": {"div": "<script>"}, "contained": [{"resourceType": "X", "text": {"div": "<b>"}}]}));
        let seen = whole(&patient, 7, 1_772_452_800_123);
        assert!(!seen.to_string().contains('<'));
        assert_eq!(seen["meta"]["versionId"], "7");
        assert_eq!(seen["meta"]["lastUpdated"], "2026-03-02T12:00:00.123Z");
    }

    #[test]
    fn what_nobody_labelled_is_labelled_by_what_it_states() {
        let of = |system: &str, code: &str| {
            let condition = resource(json!({"resourceType": "Condition", "id": "c",
                "subject": {"reference": "Patient/p1"},
                "code": {"coding": [{"system": system, "code": code}]}}));
            labels(&condition).into_iter().collect::<Vec<_>>()
        };
        let icd = "http://hl7.org/fhir/sid/icd-10-cm";
        assert_eq!(of(icd, "F31.9"), ["PSY"]);
        assert_eq!(of(icd, "f11.20"), ["ETH"]);
        assert_eq!(of(icd, "B20"), ["HIV"]);
        for ordinary in ["F17.210", "I10", "F", "", "Fé1", "F05"] {
            assert!(of(icd, ordinary).is_empty(), "{ordinary}");
        }
        assert_eq!(of("http://snomed.info/sct", "86406008"), ["HIV"]);
    }

    #[test]
    fn a_provenance_names_nothing_that_is_not_given() {
        let made = resource(json!({"resourceType": "Provenance", "id": "v",
            "target": [{"reference": "Observation/a"}, {"reference": "Observation/b"}],
            "entity": [{"what": {"reference": "Observation/b"}}]}));
        let given = BTreeSet::from(["Observation/a".to_owned()]);
        let seen = provenance(&made, &given, 1, 0).unwrap();
        assert!(!seen.to_string().contains("Observation/b"));
        assert_eq!(provenance(&made, &BTreeSet::new(), 1, 0), None);
    }
}
