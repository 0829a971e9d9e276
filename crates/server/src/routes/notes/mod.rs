//! Notes of a patient's chart, with their sensitivity labels. One file for each operation.

pub(crate) mod list;
pub(crate) mod read;

use std::collections::BTreeSet;

use wardline_fhir::document::{self, Document};
use wardline_model::wire::notes::{NoteInfo, NoteLabel, NoteReadable};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// A note as the policies see it: whoever may not read the patient's record may not read it
/// either, so the patient's labels are its own.
fn resource(document: &Document, of: &Resource) -> Resource {
    let (care_team, conversation, glass, explained, patients) = match of {
        Resource::Patient {
            care_team,
            conversation,
            glass,
            explained,
            labels,
            ..
        } => (
            *care_team,
            *conversation,
            *glass,
            *explained,
            labels.clone(),
        ),
        _ => (false, false, None, None, BTreeSet::new()),
    };
    Resource::Document {
        id: document.id.clone(),
        patient: document.patient.clone(),
        care_team,
        conversation,
        glass,
        explained,
        labels: document.labels.union(&patients).cloned().collect(),
    }
}

/// What a list shows of a note to this person.
pub(crate) fn info(app: &App, caller: &Caller, document: Document, of: &Resource) -> NoteInfo {
    let resource = resource(&document, of);
    let all = match &resource {
        Resource::Document { labels, .. } => labels.clone(),
        _ => BTreeSet::new(),
    };
    let (readable, why) = match app.judge(caller.asker(), Action::NoteRead, resource) {
        Ok(()) => (NoteReadable::Yes, None),
        Err(Refusal::StepUp { advice, .. }) => (NoteReadable::Ask, Some(advice.join(" "))),
        Err(Refusal::Denied { advice, .. }) => (NoteReadable::No, Some(advice.join(" "))),
        Err(_) => (NoteReadable::No, None),
    };
    if readable == NoteReadable::No {
        // What kind of note it is would say what it must not: HIV, substance use.
        return NoteInfo {
            id: document.id,
            title: CLOSED.to_owned(),
            kind: CLOSED.to_owned(),
            author: None,
            at: None,
            labels: Vec::new(),
            readable,
            why,
        };
    }
    let sensitive = !document::is_ordinary(&all);
    let title = document.title.as_ref().filter(|_| !sensitive);
    NoteInfo {
        title: title.unwrap_or(&document.kind).clone(),
        labels: labels(&all),
        readable,
        why,
        id: document.id,
        kind: document.kind,
        author: document.author.filter(|_| !sensitive),
        at: document.at_ms,
    }
}

/// The labels that say why a note is not like others.
fn labels(all: &BTreeSet<String>) -> Vec<NoteLabel> {
    let named = |code: &String| {
        let name = NAMES.iter().find(|(known, _)| known == code);
        NoteLabel {
            code: code.clone(),
            name: name.map_or(code.as_str(), |(_, name)| name).to_owned(),
        }
    };
    let labels = all.iter().filter(|label| !document::is_normal(label));
    labels.map(named).collect()
}

/// All that is said of a note that stays closed.
const CLOSED: &str = "Note";

/// Codes of HL7 v3 Confidentiality and ActCode (sensitivity) in words.
const NAMES: [(&str, &str); 8] = [
    ("R", "Restricted"),
    ("V", "Very restricted"),
    ("PSY", "Psychiatry"),
    ("ETH", "Substance use (42 CFR Part 2)"),
    ("SUD", "Substance use (42 CFR Part 2)"),
    ("HIV", "HIV"),
    ("CEL", "VIP"),
    ("EMP", "Employee"),
];
