//! Documents of a chart: notes with their sensitivity labels.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use thiserror::Error;
use wardline_model::PatientId;

use crate::date::unix_ms;
use crate::resource::{Resource, list, words};

/// What of a DocumentReference (R4 §8.2) a list of notes shows. No text of the note is in it.
///
/// It has no `Debug`: a title is what somebody wrote about a patient.
#[derive(Clone)]
pub struct Document {
    /// Its logical id.
    pub id: String,
    /// Whose.
    pub patient: PatientId,
    /// What kind of note, in the record's words: `Progress note`.
    pub kind: String,
    /// What it is called, where that says more than the kind.
    pub title: Option<String>,
    /// Who wrote it, as the record has it.
    pub author: Option<String>,
    /// When it was written, unix milliseconds.
    pub at_ms: Option<u64>,
    /// Codes of `meta.security` and `securityLabel`: confidentiality and sensitivity
    /// (HL7 v3 Confidentiality, ActCode; DS4P).
    pub labels: BTreeSet<String>,
}

/// Why the text of a document is not to be had. Nothing of the document is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// It has no content within the record.
    #[error("the document's content is kept elsewhere")]
    Elsewhere,
    /// It is no plain text.
    #[error("the document is not plain text")]
    NotText,
    /// It is not encoded as FHIR says.
    #[error("the document's content is damaged")]
    Damaged,
}

impl Document {
    /// Reads what a list shows; `None` for any other resource, for a document of no patient, and
    /// for one that was entered in error or has a later one.
    pub fn of(resource: &Resource) -> Option<Self> {
        if resource.resource_type() != "DocumentReference"
            || matches!(resource.status(), Some("entered-in-error" | "superseded"))
            || resource.text("docStatus") == Some("entered-in-error")
        {
            return None;
        }
        let kind = resource.get("type").and_then(words).unwrap_or("Document");
        let title = resource
            .text("description")
            .or_else(|| attachment(resource)?.get("title")?.as_str());
        Some(Self {
            id: resource.id().to_owned(),
            patient: resource.patient()?,
            kind: kind.to_owned(),
            title: title.filter(|title| *title != kind).map(str::to_owned),
            author: list(resource.get("author"))
                .find_map(|author| author.get("display")?.as_str())
                .map(str::to_owned),
            at_ms: resource.text("date").and_then(unix_ms),
            labels: labels(resource),
        })
    }
}

/// Security labels of a resource: the codes of `meta.security`, and of a document's
/// `securityLabel`, in capitals.
///
/// Nothing that cannot be read is taken for ordinary: a label without a code, and a code that is not
/// known, come with `R` (restricted). A code of a family that the law protects (substance use,
/// psychiatry, HIV; HL7 v3 ActCode, InformationSensitivityPolicy) comes with the family's own.
pub fn labels(resource: &Resource) -> BTreeSet<String> {
    let of_meta = resource.get("meta").and_then(|meta| meta.get("security"));
    let of_document =
        list(resource.get("securityLabel")).flat_map(|concept| list(concept.get("coding")));
    let uncoded = list(resource.get("securityLabel"))
        .filter(|concept| list(concept.get("coding")).next().is_none())
        .map(|_| None);
    let codes = list(of_meta)
        .chain(of_document)
        .map(|label| label.get("code").and_then(Value::as_str));
    let mut labels = BTreeSet::new();
    for code in codes.chain(uncoded) {
        let code = code.map(|code| code.trim().to_ascii_uppercase());
        let Some(code) = code.filter(|code| !code.is_empty()) else {
            labels.insert(RESTRICTED.to_owned());
            continue;
        };
        let family = FAMILIES
            .iter()
            .find(|(_, codes)| codes.contains(&code.as_str()));
        if let Some((family, _)) = family {
            labels.insert((*family).to_owned());
        } else if !is_normal(&code) && !KNOWN.contains(&code.as_str()) {
            labels.insert(RESTRICTED.to_owned());
        }
        labels.insert(code);
    }
    labels
}

/// Whether a label asks for nothing: normal, moderate, low and unrestricted (HL7 v3
/// Confidentiality).
pub fn is_normal(label: &str) -> bool {
    matches!(label, "N" | "M" | "L" | "U")
}

/// Whether no label asks for anything.
pub fn is_ordinary(labels: &BTreeSet<String>) -> bool {
    labels.iter().all(|label| is_normal(label))
}

/// HL7 v3 Confidentiality "restricted".
const RESTRICTED: &str = "R";
/// Labels that policies know by themselves.
const KNOWN: [&str; 8] = ["R", "V", "PSY", "ETH", "SUD", "HIV", "CEL", "EMP"];
/// Codes of HL7 v3 ActCode that are a kind of another one.
const FAMILIES: [(&str, &[&str]); 3] = [
    (
        "ETH",
        &["ETHUD", "OPIOIDUD", "SUD", "42CFRPART2", "ALC", "DRGIS"],
    ),
    ("PSY", &["PSYTHPN", "MH", "BH", "COGN", "DVD", "EMOTDIS"]),
    ("HIV", &["HIVAIDS", "STD"]),
];

/// The text of a document.
///
/// # Errors
/// [`TextError`] when it has none that can be shown as text.
pub fn text(resource: &Resource) -> Result<String, TextError> {
    let attachment = attachment(resource).ok_or(TextError::Elsewhere)?;
    let kind = attachment.get("contentType").and_then(Value::as_str);
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("text/plain")) {
        return Err(TextError::NotText);
    }
    let data = attachment.get("data").and_then(Value::as_str);
    let data = data.ok_or(TextError::Elsewhere)?;
    // FHIR's base64Binary may have white space in it.
    let packed: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(packed).map_err(|_| TextError::Damaged)?;
    String::from_utf8(bytes).map_err(|_| TextError::Damaged)
}

fn attachment(resource: &Resource) -> Option<&Value> {
    list(resource.get("content")).find_map(|content| content.get("attachment"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn consult() -> Value {
        json!({
            "resourceType": "DocumentReference",
            "id": "consult",
            "meta": {"security": [{"code": "R"}]},
            "status": "current",
            "type": {"text": "Psychiatry consult"},
            "subject": {"reference": "Patient/p1"},
            "date": "2026-03-02T12:00:00Z",
            "author": [{"display": "Iris Novak"}],
            "securityLabel": [{"coding": [{"code": "PSY"}]}],
            "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": "SGVh\nciBtZQ=="}}],
        })
    }

    fn resource(json: Value) -> Resource {
        Resource::new(json).unwrap()
    }

    #[test]
    fn a_note_is_listed_with_the_labels_of_both_places() {
        let document = Document::of(&resource(consult())).unwrap();
        assert_eq!(document.kind, "Psychiatry consult");
        assert_eq!(document.title, None);
        assert_eq!(document.author.as_deref(), Some("Iris Novak"));
        assert_eq!(document.at_ms, Some(1_772_452_800_000));
        assert_eq!(
            document.labels,
            BTreeSet::from(["PSY".to_owned(), "R".to_owned()])
        );
        assert_eq!(text(&resource(consult())).unwrap(), "Hear me");
    }

    #[test]
    fn what_was_entered_in_error_and_what_is_no_document_is_not_listed() {
        let mut wrong = consult();
        wrong["status"] = json!("entered-in-error");
        assert!(Document::of(&resource(wrong)).is_none());
        let patient = json!({"resourceType": "Patient", "id": "p1"});
        assert!(Document::of(&resource(patient)).is_none());
    }

    #[test]
    fn a_label_that_nobody_knows_restricts_and_a_kind_counts_as_its_family() {
        let of = |label: Value| {
            let mut document = consult();
            document["meta"] = json!({});
            document["securityLabel"] = json!([label]);
            labels(&resource(document))
        };
        let set = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        let coded = |code: &str| json!({"coding": [{"code": code}]});
        assert_eq!(of(coded("ethud")), set(&["ETH", "ETHUD"]));
        assert_eq!(of(coded("PSYTHPN")), set(&["PSY", "PSYTHPN"]));
        assert_eq!(of(coded("SDV")), set(&["R", "SDV"]));
        assert_eq!(of(json!({"text": "Psychiatry"})), set(&["R"]));
        assert_eq!(of(json!({"coding": [{"display": "HIV"}]})), set(&["R"]));
        assert!(is_ordinary(&of(coded("N"))));
        assert!(!is_ordinary(&of(coded("PSY"))));
    }

    #[test]
    fn what_is_not_text_within_the_record_is_said_and_not_guessed() {
        for (attachment, error) in [
            (
                json!({"contentType": "application/pdf", "data": "AAAA"}),
                TextError::NotText,
            ),
            (
                json!({"contentType": "text/plain", "url": "Binary/1"}),
                TextError::Elsewhere,
            ),
            (
                json!({"contentType": "text/plain", "data": "%%%"}),
                TextError::Damaged,
            ),
            (
                json!({"contentType": "text/plain", "data": "//8="}),
                TextError::Damaged,
            ),
        ] {
            let mut document = consult();
            document["content"] = json!([{ "attachment": attachment }]);
            assert_eq!(text(&resource(document)).unwrap_err(), error);
        }
    }
}
