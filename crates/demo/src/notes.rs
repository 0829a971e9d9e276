//! Notes of charts: an ordinary one for everyone, and for some one that is nobody else's business.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// HL7 v3 Confidentiality "restricted".
const RESTRICTED: (&str, &str, &str) = ("v3-Confidentiality", "R", "restricted");
const PSYCHIATRY: (&str, &str, &str) = (
    "v3-ActCode",
    "PSY",
    "psychiatry disorder information sensitivity",
);
const SUBSTANCE_USE: (&str, &str, &str) = (
    "v3-ActCode",
    "ETH",
    "substance abuse information sensitivity",
);
const HIV: (&str, &str, &str) = ("v3-ActCode", "HIV", "HIV/AIDS information sensitivity");
const EMPLOYEE: (&str, &str, &str) = ("v3-ActCode", "EMP", "employee information sensitivity");
const PUBLIC_EYE: (&str, &str, &str) = ("v3-ActCode", "CEL", "celebrity information sensitivity");

/// A note as it is written; who and when is the chart's.
pub(crate) struct Note {
    /// Names it among the patient's resources.
    pub(crate) key: &'static str,
    /// LOINC code of its kind.
    loinc: &'static str,
    kind: &'static str,
    title: &'static str,
    /// Who wrote it, where it was not the attending physician.
    pub(crate) author: Option<&'static str>,
    labels: &'static [(&'static str, &'static str, &'static str)],
    text: &'static str,
    /// Minutes after admission.
    pub(crate) after: u64,
}

/// The notes of a chart.
pub(crate) fn of(scenario: &str) -> impl Iterator<Item = &'static Note> {
    std::iter::once(&ADMISSION).chain(
        SENSITIVE
            .iter()
            .filter(move |(key, _)| *key == scenario)
            .map(|(_, note)| note),
    )
}

impl Note {
    /// The FHIR elements that do not depend on the patient.
    pub(crate) fn body(&self, terminology: &str, plan: &str) -> Value {
        let labels: Vec<Value> = self
            .labels
            .iter()
            .map(|(system, code, words)| {
                json!({"coding": [{"system": format!("{terminology}/{system}"), "code": code, "display": words}]})
            })
            .collect();
        let text = self.text.replace("{plan}", plan);
        let mut body = json!({
            "status": "current",
            "docStatus": "final",
            "type": {
                "coding": [{"system": "http://loinc.org", "code": self.loinc, "display": self.kind}],
                "text": self.kind,
            },
            "description": self.title,
            "content": [{"attachment": {
                "contentType": "text/plain; charset=utf-8",
                "data": STANDARD.encode(text),
            }}],
        });
        if !labels.is_empty() {
            body["securityLabel"] = json!(labels);
        }
        body
    }
}

const ADMISSION: Note = Note {
    key: "admission",
    loinc: "34117-2",
    kind: "History and physical note",
    title: "Admission note",
    author: None,
    labels: &[],
    text: "Seen on arrival with the nurse in charge. History taken from the patient and from the \
        earlier record; medicines and allergies compared with the pharmacy's list.\n\n\
        Plan: {plan}. Reviewed daily on the morning round; call for new fever, pain or confusion.",
    after: 90,
};

const SENSITIVE: &[(&str, Note)] = &[
    (
        "heart-failure",
        Note {
            key: "psychiatry",
            loinc: "34788-0",
            kind: "Psychiatry consult note",
            title: "Low mood and early waking, third week",
            author: Some("Iris Novak"),
            labels: &[PSYCHIATRY, RESTRICTED],
            text: "Asked to see because of low mood and early waking. Talks openly when alone; has \
                not told the family. No thoughts of self-harm today, asked directly.\n\n\
                Impression: depressive episode, moderate. Sertraline 50 mg in the morning is safe \
                beside the heart medicines; sodium in three days.\n\n\
                Please do not discuss at the bedside while visitors are there.",
            after: 26 * 60,
        },
    ),
    (
        "stroke-rehabilitation",
        Note {
            key: "psychiatry",
            loinc: "34788-0",
            kind: "Psychiatry consult note",
            title: "Mood after stroke",
            author: Some("Iris Novak"),
            labels: &[PSYCHIATRY, RESTRICTED],
            text: "Tearful several times a day, laughs and cries without reason. Explained that \
                this is part of the stroke and passes.\n\n\
                Continue sertraline. Weekly visits; the therapist may stop a session when it is \
                too much.",
            after: 50 * 60,
        },
    ),
    (
        "cirrhosis",
        Note {
            key: "substance-use",
            loinc: "68556-0",
            kind: "Substance use counselling note",
            title: "First talk, wants to stop",
            author: Some("Alcohol and drug service"),
            labels: &[SUBSTANCE_USE, RESTRICTED],
            text: "Drinks daily since a divorce four years ago, last drink on the morning of \
                admission. Wants to stop and has said so to nobody else here.\n\n\
                Withdrawal score every four hours, thiamine before glucose. Place in the day \
                clinic asked for. 42 CFR Part 2: not to be passed on without written consent.",
            after: 20 * 60,
        },
    ),
    (
        "pneumonia",
        Note {
            key: "hiv",
            loinc: "34111-5",
            kind: "Infectious disease consult note",
            title: "HIV test with consent",
            author: Some("Infectious diseases"),
            labels: &[HIV, RESTRICTED],
            text: "Test offered because of the course of the pneumonia, consent in writing. \
                Fourth-generation test negative.\n\nResult given in person, alone.",
            after: 30 * 60,
        },
    ),
    (
        "atrial-fibrillation",
        Note {
            key: "employee",
            loinc: "34109-9",
            kind: "Note",
            title: "Colleague of this hospital",
            author: None,
            labels: &[EMPLOYEE],
            text: "Works in this hospital's kitchen. Asks that colleagues do not hear of the stay; \
                sick note goes to the staff office without a diagnosis.",
            after: 4 * 60,
        },
    ),
    (
        "nstemi",
        Note {
            key: "public-eye",
            loinc: "34109-9",
            kind: "Note",
            title: "Enquiries from the press",
            author: None,
            labels: &[PUBLIC_EYE],
            text: "Known from the local council. Enquiries by telephone are answered by the press \
                office alone; nothing is confirmed, not even the stay.",
            after: 3 * 60,
        },
    ),
];
