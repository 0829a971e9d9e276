//! What another FHIR server answers, believed in nothing: pages of a search, and each entry only where it is
//! of the type that was asked for and of the patient that was meant.
//!
//! An entry that is taken is rewritten on the way: references to the server become relative, those to the
//! patient there become the patient here, HTML is left behind. JSON nests at most 128 deep, which
//! `serde_json` sees to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value, json};
use thiserror::Error;
use wardline_model::PatientId;

use crate::check::Fault;
use crate::date::day_of;
use crate::resource::{Reference, Resource, list, words};

/// One page of a search, not yet believed.
pub struct Page {
    /// The entries that were found, without the server's remarks about the search.
    pub entries: Vec<Value>,
    /// What the server put beside them because it was asked to (`_include`).
    pub included: Vec<Value>,
    /// Where the next page is, as the server says.
    pub next: Option<String>,
}

/// It is full of PHI.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// Why an answer is no page of a search. Nothing of it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PageError {
    /// Not JSON, or nested too deep.
    #[error("the answer is no JSON, or nests too deep")]
    NotJson,
    /// JSON, but not the result of a search.
    #[error("the answer is no result of a search")]
    NotASearch,
    /// More entries than anybody asked for.
    #[error("the answer has more entries than were asked for")]
    TooMany,
}

/// Reads a page of a search (R4 §3.1.1.1.5 on).
///
/// # Errors
/// [`PageError`].
pub fn page(bytes: &[u8], most: usize) -> Result<Page, PageError> {
    let Ok(Value::Object(mut bundle)) = serde_json::from_slice::<Value>(bytes) else {
        return Err(PageError::NotJson);
    };
    let is = |name: &str, value: &str| bundle.get(name).and_then(Value::as_str) == Some(value);
    if !is("resourceType", "Bundle") || !is("type", "searchset") {
        return Err(PageError::NotASearch);
    }
    let next = list(bundle.get("link"))
        .find(|link| link["relation"] == "next")
        .and_then(|link| link["url"].as_str())
        .map(str::to_owned);
    let found = match bundle.remove("entry") {
        None => Vec::new(),
        Some(Value::Array(found)) => found,
        Some(_) => return Err(PageError::NotASearch),
    };
    if found.len() > most {
        return Err(PageError::TooMany);
    }
    let mut entries = Vec::with_capacity(found.len());
    let mut included = Vec::new();
    for mut entry in found {
        let beside = match entry["search"]["mode"].as_str() {
            // Remarks about the search are no part of the record.
            Some("outcome") => continue,
            Some("include") => true,
            _ => false,
        };
        let to = if beside { &mut included } else { &mut entries };
        to.push(
            entry
                .get_mut("resource")
                .map(Value::take)
                .unwrap_or_default(),
        );
    }
    Ok(Page {
        entries,
        included,
        next,
    })
}

/// What Medications are, by their references: the concepts by which orders and doses name them.
#[derive(Clone, Default)]
pub struct Medications(BTreeMap<String, Value>);

impl Medications {
    /// Adds those among what a server put beside what it found.
    pub fn add(&mut self, included: Vec<Value>) {
        for mut medication in included {
            if medication["resourceType"] != "Medication" {
                continue;
            }
            let Some(reference) = medication["id"]
                .as_str()
                .map(|id| format!("Medication/{id}"))
            else {
                continue;
            };
            let code = medication.get_mut("code").map(Value::take);
            if let Some(code) = code.filter(|code| words(code).is_some()) {
                self.0.insert(reference, code);
            }
        }
    }

    /// Has an order or a dose that only refers to what is given say it itself: nobody could read it else.
    /// By what the Medication is, beside it or within; else by what the reference is called.
    pub fn name(&self, entry: &mut Value, base: &str) {
        let Some(reference) = entry.get("medicationReference") else {
            return;
        };
        if entry.get("medicationCodeableConcept").is_some() {
            return;
        }
        let to = reference["reference"].as_str().unwrap_or_default();
        let to = to
            .strip_prefix(base)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(to);
        let within = || {
            let id = to.strip_prefix('#')?;
            let it = list(entry.get("contained")).find(|it| it["id"] == id)?;
            it.get("code").filter(|code| words(code).is_some()).cloned()
        };
        let called = || Some(json!({ "text": reference["display"].as_str()? }));
        let concept = self.0.get(to).cloned().or_else(within).or_else(called);
        if let (Some(concept), Value::Object(members)) = (concept, entry) {
            // R4 has one or the other (`medication[x]`).
            members.remove("medicationReference");
            members.insert("medicationCodeableConcept".to_owned(), concept);
        }
    }
}

/// A server whose entries are taken, and whose.
#[derive(Clone, Copy)]
pub struct Whose<'a> {
    /// The server's address, without a slash at its end.
    pub base: &'a str,
    /// The patient's id there.
    pub there: &'a PatientId,
    /// The patient's id here.
    pub here: &'a PatientId,
    /// Labels of the patient's whole record there, which each entry gets.
    pub labels: &'a [Value],
}

/// Why an entry is not taken. Nothing of it is repeated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotTaken {
    /// It is not of the type that was asked for.
    #[error("it is of another type than was asked for")]
    OtherType,
    /// It is about somebody else, or about nobody.
    #[error("it is not about the patient whose record was asked for")]
    OtherPatient,
    /// It is not what FHIR says that it must be.
    #[error("{0}")]
    Flawed(#[from] Fault),
}

/// Takes an entry of a patient's record.
///
/// # Errors
/// [`NotTaken`]; the others of its page are not touched by it.
pub fn take(mut entry: Value, kind: &str, whose: Whose<'_>) -> Result<Resource, NotTaken> {
    if entry["resourceType"] != kind {
        return Err(NotTaken::OtherType);
    }
    relative(&mut entry, whose.base);
    if kind == "Patient" {
        if entry["id"] != whose.there.as_str() {
            return Err(NotTaken::OtherPatient);
        }
        entry["id"] = whose.here.as_str().into();
    } else if !is_about(&entry, whose.there) {
        return Err(NotTaken::OtherPatient);
    }
    let from = format!("Patient/{}", whose.there);
    let to = format!("Patient/{}", whose.here);
    references(&mut entry, &mut |reference| {
        let (it, version) = match reference.split_once("/_history/") {
            Some((it, _)) => (it, true),
            None => (reference.as_str(), false),
        };
        if it == from {
            Some(to.clone())
        } else {
            version.then(|| it.to_owned())
        }
    });
    label(&mut entry, whose.labels);
    let resource = finished(entry)?;
    // What is not seen to be this patient's by the reader that policies rely on is nobody's.
    match resource.patient() {
        Some(patient) if patient == *whose.here => Ok(resource),
        _ => Err(NotTaken::OtherPatient),
    }
}

/// Takes a Patient that was searched for, under its own id.
///
/// # Errors
/// [`NotTaken`].
pub fn take_patient(mut entry: Value, base: &str) -> Result<Resource, NotTaken> {
    if entry["resourceType"] != "Patient" {
        return Err(NotTaken::OtherType);
    }
    relative(&mut entry, base);
    let resource = finished(entry)?;
    if resource.patient().is_none() {
        return Err(NotTaken::OtherPatient);
    }
    Ok(resource)
}

/// Whether a server says that a Patient's record became part of another.
pub fn is_merged(patient: &Value) -> bool {
    list(patient.get("link")).any(|link| link["type"] == "replaced-by")
}

/// The labels of a Patient's whole record.
pub fn labels(patient: &Value) -> Vec<Value> {
    let labels = list(patient.get("meta").and_then(|meta| meta.get("security")));
    labels.filter(|label| label.is_object()).cloned().collect()
}

/// Whether two Patients are the same person by their record number in this system: exactly the same
/// number, and no other day of birth.
pub fn is_same(known: &Resource, found: &Resource, system: &str, number: &str) -> bool {
    let has = list(found.get("identifier")).any(|identifier| {
        let of = |name: &str| identifier.get(name).and_then(Value::as_str);
        of("value") == Some(number)
            && (system.is_empty() || of("system") == Some(system))
            && of("use") != Some("old")
    });
    let born = |patient: &Resource| patient.text("birthDate").and_then(day_of);
    has && match (born(known), born(found)) {
        (Some(known), Some(found)) => known == found,
        _ => true,
    }
}

/// The record number of a Patient in this system; that of the type `MR` where no system is named.
pub fn number<'a>(patient: &'a Resource, system: &str) -> Option<&'a str> {
    if system.is_empty() {
        return patient.mrn();
    }
    list(patient.get("identifier"))
        .filter(|identifier| identifier["system"] == system && identifier["use"] != "old")
        .find_map(|identifier| identifier["value"].as_str())
}

/// Each of `subject`, `patient` and `beneficiary` that is there names this patient and nobody else, and
/// one is there.
fn is_about(entry: &Value, patient: &PatientId) -> bool {
    let mut any = false;
    for element in ["subject", "patient", "beneficiary"] {
        let Some(whose) = entry.get(element) else {
            continue;
        };
        let Some(reference) = whose.get("reference").and_then(Value::as_str) else {
            return false;
        };
        // An absolute one leads to another server, where the same id is another person's.
        let names = Reference::parse(reference)
            .is_some_and(|it| it.resource_type == "Patient" && it.id == patient.as_str());
        if !names || !reference.starts_with("Patient/") {
            return false;
        }
        any = true;
    }
    any
}

/// References to the server itself, as it would write them within.
fn relative(entry: &mut Value, base: &str) {
    references(entry, &mut |reference| {
        let rest = reference.strip_prefix(base)?.strip_prefix('/')?;
        Some(rest.to_owned())
    });
}

/// Every `reference` in a resource, with another in its place where there is one.
fn references(value: &mut Value, change: &mut impl FnMut(&String) -> Option<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(reference) if name == "reference" => {
                        if let Some(other) = change(reference) {
                            *reference = other;
                        }
                    }
                    other => references(other, change),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                references(item, change);
            }
        }
        _ => {}
    }
}

/// Adds labels that are not there.
fn label(entry: &mut Value, labels: &[Value]) {
    let Some(members) = entry.as_object_mut().filter(|_| !labels.is_empty()) else {
        return;
    };
    let meta = members.entry("meta").or_insert_with(|| json!({}));
    if !meta.is_object() {
        *meta = json!({});
    }
    let mut all: Vec<Value> = list(meta.get("security")).cloned().collect();
    for label in labels {
        if !all.contains(label) {
            all.push(label.clone());
        }
    }
    meta["security"] = all.into();
}

/// Without what is not kept of a copy, checked.
fn finished(mut entry: Value) -> Result<Resource, Fault> {
    if let Value::Object(members) = &mut entry {
        without_narrative(members);
        if let Some(Value::Array(contained)) = members.get_mut("contained") {
            for inner in contained.iter_mut().filter_map(Value::as_object_mut) {
                without_narrative(inner);
            }
        }
        // Where a record leads to another one is for this hospital's own merges to say: whoever opens
        // a chart is shown the one that it leads to.
        if members
            .get("resourceType")
            .is_some_and(|it| it == "Patient")
        {
            members.remove("link");
        }
    }
    Resource::new(entry)
}

/// Narratives are HTML that somebody else wrote; no part of this system shows them.
fn without_narrative(members: &mut Map<String, Value>) {
    members.remove("text");
    members.remove("_text");
}

/// What is searched with: types, and parameters that narrow them, such as
/// `Observation?category=laboratory,vital-signs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The type.
    pub kind: String,
    /// Names and values.
    pub with: Vec<(String, String)>,
}

impl Query {
    /// Reads one as an operator writes it; `None` where it is of no type that is known here, or names
    /// what is for the server to say.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('?').unwrap_or((text, ""));
        if kind == "Patient" || !KINDS.contains(&kind) {
            return None;
        }
        let mut with = Vec::new();
        for pair in rest.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=')?;
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:,|/".contains(c);
            let whose = [
                "patient",
                "subject",
                "_count",
                "_lastUpdated",
                "_include",
                "_revinclude",
            ];
            let fits = !name.is_empty()
                && !value.is_empty()
                && (name.to_owned() + value).chars().all(plain);
            if !fits || whose.contains(&name) || name.contains('.') {
                return None;
            }
            with.push((name.to_owned(), value.to_owned()));
        }
        Some(Self {
            kind: kind.to_owned(),
            with,
        })
    }
}

/// The types that may be copied: those of the chart, and notes.
pub const KINDS: [&str; 12] = [
    "Patient",
    "AllergyIntolerance",
    "CarePlan",
    "Condition",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "Flag",
    "MedicationAdministration",
    "MedicationRequest",
    "Observation",
    "Procedure",
];

/// What somebody typed into the patient search, as another server is asked it: by a number where it is
/// one word with a digit in it, else by names. `None` where it is too little to ask anybody.
pub fn asked(typed: &str, system: &str) -> Option<Vec<(&'static str, String)>> {
    let words: Vec<&str> = typed.split_whitespace().collect();
    match words.as_slice() {
        [number] if number.contains(|c: char| c.is_ascii_digit()) => {
            // A bar or a comma would be read as more than one value.
            let plain = |c: char| c.is_alphanumeric() || "-./_".contains(c);
            let fits = number.len() <= 64 && number.chars().all(plain);
            let value = if system.is_empty() {
                (*number).to_owned()
            } else {
                format!("{system}|{number}")
            };
            fits.then(|| vec![("identifier", value)])
        }
        _ => {
            let names: BTreeSet<String> = words
                .iter()
                .map(|word| {
                    word.chars()
                        .filter(|c| c.is_alphabetic() || "'-".contains(*c))
                        .collect()
                })
                .filter(|word: &String| !word.is_empty())
                .collect();
            let letters: usize = names.iter().map(|name| name.chars().count()).sum();
            let fits = letters >= FEWEST_LETTERS && names.len() <= MOST_NAMES;
            fits.then(|| names.into_iter().map(|name| ("name", name)).collect())
        }
    }
}

const FEWEST_LETTERS: usize = 3;
const MOST_NAMES: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://ehr.example/fhir";

    fn id(text: &str) -> PatientId {
        text.parse().unwrap()
    }

    fn taken(entry: Value, kind: &str) -> Result<Resource, NotTaken> {
        let whose = Whose {
            base: BASE,
            there: &id("e1"),
            here: &id("p1"),
            labels: &[],
        };
        take(entry, kind, whose)
    }

    fn potassium(subject: &str) -> Value {
        json!({"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "K"},
            "subject": {"reference": subject}})
    }

    #[test]
    fn an_entry_of_somebody_else_is_not_taken() {
        for subject in [
            "Patient/e2",
            // The id here is another person's there.
            "Patient/p1",
            "https://elsewhere.example/fhir/Patient/e1",
            "https://ehr.example/fhir.evil/Patient/e1",
            "Group/e1",
            "#e1",
            "Patient?identifier=1",
            "",
        ] {
            let entry = potassium(subject);
            assert_eq!(
                taken(entry, "Observation"),
                Err(NotTaken::OtherPatient),
                "{subject}"
            );
        }
        let mut both = potassium("Patient/e1");
        both["patient"] = json!({"reference": "Patient/e2"});
        assert_eq!(taken(both, "Observation"), Err(NotTaken::OtherPatient));
        let mut nobody = potassium("Patient/e1");
        nobody.as_object_mut().unwrap().remove("subject");
        assert_eq!(taken(nobody, "Observation"), Err(NotTaken::OtherPatient));
        let other = json!({"resourceType": "Patient", "id": "e2"});
        assert_eq!(taken(other, "Patient"), Err(NotTaken::OtherPatient));
    }

    #[test]
    fn an_entry_of_another_type_is_not_taken() {
        assert_eq!(
            taken(potassium("Patient/e1"), "Condition"),
            Err(NotTaken::OtherType)
        );
        assert_eq!(taken(json!(7), "Condition"), Err(NotTaken::OtherType));
        assert_eq!(taken(Value::Null, "Condition"), Err(NotTaken::OtherType));
    }

    #[test]
    fn the_patient_there_becomes_the_patient_here() {
        for subject in [
            "Patient/e1",
            "Patient/e1/_history/3",
            "https://ehr.example/fhir/Patient/e1",
        ] {
            let mut entry = potassium(subject);
            entry["encounter"] = json!({"reference": format!("{BASE}/Encounter/n1")});
            let resource = taken(entry, "Observation").unwrap();
            assert_eq!(resource.patient(), Some(id("p1")), "{subject}");
            let json = resource.json();
            assert_eq!(json["subject"]["reference"], "Patient/p1");
            assert_eq!(json["encounter"]["reference"], "Encounter/n1");
        }
        let patient = json!({"resourceType": "Patient", "id": "e1",
            "link": [{"type": "replaced-by", "other": {"reference": "Patient/e9"}}]});
        assert!(is_merged(&patient));
        let patient = taken(patient, "Patient").unwrap();
        assert_eq!((patient.id(), patient.get("link")), ("p1", None));
    }

    #[test]
    fn narrative_stays_behind_and_the_record_s_labels_come_along() {
        let vip =
            json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "CEL"});
        let patient = json!({"resourceType": "Patient", "id": "e1", "meta": {"security": [vip]}});
        let labels = labels(&patient);
        let mut entry = potassium("Patient/e1");
        entry["text"] = json!({"status": "generated", "div": "<div><script>x</script></div>"});
        entry["contained"] = json!([{"resourceType": "Device", "text": {"div": "<b>"}}]);
        let whose = Whose {
            base: BASE,
            there: &id("e1"),
            here: &id("p1"),
            labels: &labels,
        };
        let json = take(entry, "Observation", whose).unwrap().json();
        assert!(!json.to_string().contains('<'), "{json}");
        assert_eq!(json["meta"]["security"][0]["code"], "CEL");
    }

    #[test]
    fn wrong_types_are_named_by_their_place() {
        let mut entry = potassium("Patient/e1");
        entry["valueQuantity"] = json!({"value": "6.8"});
        let error = taken(entry, "Observation").unwrap_err().to_string();
        assert!(
            error.starts_with("Observation.valueQuantity.value"),
            "{error}"
        );
        assert!(!error.contains("6.8"), "{error}");
    }

    #[test]
    fn an_order_says_what_is_given() {
        let order = |reference: Value| {
            json!({"resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order",
                "subject": {"reference": "Patient/e1"}, "medicationReference": reference,
                "contained": [{"resourceType": "Medication", "id": "in", "code": {"text": "Within"}}]})
        };
        let mut known = Medications::default();
        known.add(vec![
            json!({"resourceType": "Medication", "id": "d1", "code": {"text": "Digoxin 0.25 mg"}}),
            json!({"resourceType": "Medication", "id": "d2", "code": {}}),
            json!({"resourceType": "Patient", "id": "e2"}),
            json!(7),
        ]);
        for (reference, name) in [
            (
                json!({"reference": "Medication/d1"}),
                Some("Digoxin 0.25 mg"),
            ),
            (
                json!({"reference": "https://ehr.example/fhir/Medication/d1"}),
                Some("Digoxin 0.25 mg"),
            ),
            (json!({"reference": "#in"}), Some("Within")),
            (
                json!({"reference": "Medication/d2", "display": "Called"}),
                Some("Called"),
            ),
            (json!({"reference": "Medication/d3"}), None),
        ] {
            let mut entry = order(reference);
            known.name(&mut entry, BASE);
            let resource = taken(entry, "MedicationRequest").unwrap();
            assert_eq!(resource.title(), name);
            assert_eq!(
                resource.get("medicationReference").is_some(),
                name.is_none()
            );
        }
    }

    #[test]
    fn a_page_is_read_and_nothing_else() {
        let bytes = |json: Value| json.to_string().into_bytes();
        let good = json!({"resourceType": "Bundle", "type": "searchset",
            "link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": "y"}],
            "entry": [{"resource": potassium("Patient/e1")},
                {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}]});
        let read = page(&bytes(good.clone()), 2).unwrap();
        assert_eq!((read.entries.len(), read.next.as_deref()), (1, Some("y")));
        assert_eq!(page(&bytes(good), 1).unwrap_err(), PageError::TooMany);
        let empty = json!({"resourceType": "Bundle", "type": "searchset", "total": 0});
        assert!(page(&bytes(empty), 0).unwrap().entries.is_empty());
        for not in [
            json!({"resourceType": "Bundle", "type": "history"}),
            json!({"resourceType": "OperationOutcome"}),
            json!({"resourceType": "Bundle", "type": "searchset", "entry": {}}),
        ] {
            assert_eq!(page(&bytes(not), 9).unwrap_err(), PageError::NotASearch);
        }
        let deep = "[".repeat(100_000);
        for not in [&b""[..], b"<html>", deep.as_bytes(), b"[]"] {
            assert_eq!(page(not, 9).unwrap_err(), PageError::NotJson);
        }
    }

    #[test]
    fn the_same_number_and_no_other_birthday_is_the_same_person() {
        let of = |system: &str, value: &str, born: &str| {
            let json = json!({"resourceType": "Patient", "id": "x", "birthDate": born, "identifier":
                [{"system": system, "value": value, "type": {"coding": [{"code": "MR"}]}}]});
            Resource::new(json).unwrap()
        };
        let known = of("urn:mrn", "10042", "1971-02-03");
        assert_eq!(number(&known, "urn:mrn"), Some("10042"));
        assert_eq!(number(&known, ""), Some("10042"));
        assert_eq!(number(&known, "urn:other"), None);
        let same = |found: &Resource| is_same(&known, found, "urn:mrn", "10042");
        assert!(same(&of("urn:mrn", "10042", "1971-02-03")));
        assert!(!same(&of("urn:mrn", "10042", "1982-05-06")));
        assert!(!same(&of("urn:ssn", "10042", "1971-02-03")));
        assert!(!same(&of("urn:mrn", "100421", "1971-02-03")));
    }

    #[test]
    fn what_is_typed_is_asked_by_number_or_by_names() {
        let asked = |typed: &str| asked(typed, "urn:mrn");
        assert_eq!(
            asked("10042"),
            Some(vec![("identifier", "urn:mrn|10042".to_owned())])
        );
        let names = asked("Quigley, Nora").unwrap();
        assert_eq!(
            names,
            [("name", "Nora".to_owned()), ("name", "Quigley".to_owned())]
        );
        for little in ["", "  ", "q", "ab", "1|2", "1,2", "* % &"] {
            assert_eq!(asked(little), None, "{little}");
        }
    }

    #[test]
    fn a_query_names_a_type_and_narrows_it() {
        let query = Query::parse("Observation?category=laboratory,vital-signs").unwrap();
        assert_eq!(query.kind, "Observation");
        assert_eq!(query.with[0].1, "laboratory,vital-signs");
        assert!(Query::parse("Condition").is_some());
        for wrong in [
            "",
            "Patient",
            "Person",
            "Observation?patient=1",
            "Observation?_count=1",
            "Observation?category",
            "Observation?category=a&b",
            "Observation?x=a#b",
            "../x",
        ] {
            assert_eq!(Query::parse(wrong), None, "{wrong}");
        }
    }
}
