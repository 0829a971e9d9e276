//! A patient's chart for one screen, and single entries of it.

use super::access::AccessReason;
use super::directory::PatientBanner;
use super::enroll::PersonBrief;
use super::notes::NoteInfo;
use super::wire;
use crate::PatientId;

wire! {
    /// `GET /v1/patients/{id}/chart`: what the person may see of a record, in one answer. The notes have
    /// a list of their own.
    pub struct PatientChart {
        /// Who it is, where, and what must not be forgotten.
        pub banner: PatientBanner,
        /// Why the person may look, where something explains it; absent under a broken glass alone.
        pub because: Option<AccessReason>,
        /// The care team.
        pub care_team: Vec<PersonBrief>,
        /// Precautions in force, such as isolation or a risk of falls.
        pub precautions: Vec<ChartItem>,
        /// Problems that stand, the latest first.
        pub problems: Vec<ChartItem>,
        /// Results of the laboratory, by what was measured; what was measured last first.
        pub labs: Vec<ChartSeries>,
        /// Vital signs, likewise.
        pub vitals: Vec<ChartSeries>,
        /// Medications: those in force, then those on hold, then the others.
        pub medications: Vec<ChartMedication>,
        /// Reports of imaging, pathology and the like, the latest first.
        pub reports: Vec<ChartReport>,
        /// Procedures, the latest first.
        pub procedures: Vec<ChartItem>,
        /// Care plans that stand, with what is to be done.
        pub plans: Vec<ChartPlan>,
        /// Stays and visits, the latest first.
        pub encounters: Vec<ChartEncounter>,
        /// What is in the record besides and is not shown: by type, with what opens it.
        pub withheld: Vec<ChartWithheld>,
        /// The person's role sees a part of the record only: who, where and what to be careful of.
        pub in_part: bool,
        /// The record is longer than what was read of it; the rest is found by searching.
        pub cut: bool,
        /// Where the hospital has another record system: how this stands to what is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub source: Option<ChartSource>,
    }
}
wire! {
    /// How a chart stands to the record system that it is copied from.
    pub enum SourceState {
        /// It is as fresh as the hospital wants it.
        Current,
        /// It is older; what is newer is being fetched and was not here in time.
        Loading,
        /// It is older, and the record system does not answer.
        Away,
        /// The record system does not know this patient: this is what the hospital has besides.
        Unknown,
        /// The record system has merged this record into another.
        Merged,
    }
}
wire! {
    /// Where a chart is copied from, and as of when.
    pub struct ChartSource {
        /// How it stands.
        pub state: SourceState,
        /// As of when the copy is complete, unix milliseconds; absent where there is none.
        pub as_of: Option<u64>,
        /// How many entries of the record system cannot be read here.
        pub left_out: u64,
        /// The record there is longer than what is copied of it.
        pub cut: bool,
    }
}
wire! {
    /// Something that stands in a record.
    pub struct ChartItem {
        /// Its logical id.
        pub id: String,
        /// What it is.
        pub name: String,
        /// Since when, or when, unix milliseconds.
        pub at: Option<u64>,
        /// Its FHIR status.
        pub status: Option<String>,
    }
}
wire! {
    /// What was measured again and again.
    pub struct ChartSeries {
        /// Its code: LOINC, where it has one.
        pub code: String,
        /// What is measured.
        pub name: String,
        /// The unit of all values; absent where there is none, or they differ.
        pub unit: Option<String>,
        /// The reference range of the latest value: from …
        pub low: Option<f64>,
        /// … to.
        pub high: Option<f64>,
        /// The latest first, at most 12.
        pub points: Vec<ChartPoint>,
    }
}
wire! {
    /// One value.
    pub struct ChartPoint {
        /// The logical id of its Observation.
        pub id: String,
        /// When, unix milliseconds.
        pub at: Option<u64>,
        /// The number; absent where it is none.
        pub value: Option<f64>,
        /// As it is to be read, without its unit: `6.8`, `positive`.
        pub text: String,
        /// HL7 v3 ObservationInterpretation: `L`, `H`, `LL` and `HH` for critical values, `A`.
        pub flag: Option<String>,
        /// Its FHIR status: `final`, `preliminary`, `corrected`.
        pub status: String,
    }
}
wire! {
    /// How a medication stands.
    pub enum MedicationState {
        /// In force.
        Active,
        /// On hold.
        Held,
        /// Given up, completed or not known.
        Ended,
    }
}
wire! {
    /// A medication.
    pub struct ChartMedication {
        /// The logical id of its MedicationRequest.
        pub id: String,
        /// What.
        pub name: String,
        /// How it is to be taken, in the record's words.
        pub dose: Option<String>,
        /// How it stands.
        pub state: MedicationState,
        /// Since when it is ordered, unix milliseconds.
        pub since: Option<u64>,
        /// When it was given last, unix milliseconds; absent where nothing tells.
        pub last_given: Option<u64>,
    }
}
wire! {
    /// A report.
    pub struct ChartReport {
        /// The logical id of its DiagnosticReport.
        pub id: String,
        /// What was examined.
        pub name: String,
        /// When, unix milliseconds.
        pub at: Option<u64>,
        /// Its FHIR status.
        pub status: String,
        /// What it comes to.
        pub conclusion: Option<String>,
        /// The section that made it (HL7 v2 table 0074), such as `RAD`.
        pub section: Option<String>,
    }
}
wire! {
    /// A care plan.
    pub struct ChartPlan {
        /// Its logical id.
        pub id: String,
        /// What for.
        pub name: String,
        /// What is to be done.
        pub activities: Vec<String>,
    }
}
wire! {
    /// A stay or a visit.
    pub struct ChartEncounter {
        /// Its logical id.
        pub id: String,
        /// What it was; absent for those who see a part only.
        pub name: Option<String>,
        /// Its FHIR status.
        pub status: String,
        /// When it began, unix milliseconds.
        pub from: Option<u64>,
        /// When it ended, unix milliseconds.
        pub to: Option<u64>,
        /// Where.
        pub location: Option<String>,
    }
}
wire! {
    /// That there is more.
    pub struct ChartWithheld {
        /// Of which FHIR type.
        pub kind: String,
        /// How many.
        pub count: usize,
        /// The policy's stable code for it, where one refuses it: `no_basis`, `very_restricted`.
        pub reason: Option<String>,
        /// What to prove or do to see it, a sentence; absent where the person's role does not see it.
        pub why: Option<String>,
        /// What to prove to see it; empty where no proof opens it.
        pub methods: Vec<String>,
        /// What a proof has to be given for (`POST /v1/sessions/step-up/challenge`); empty where none
        /// opens it.
        pub scopes: Vec<String>,
    }
}
wire! {
    /// `GET /v1/patients/{id}/chart/{kind}/{entry}`: one entry as it is now, as far as the person may see it.
    pub struct ChartEntry {
        /// When it was read, unix milliseconds.
        pub read_at: u64,
        /// Whose record it is in: of one that became part of another, that one.
        pub patient_id: PatientId,
        /// Who that is; absent for those who may not see whose it is.
        pub patient_name: Option<String>,
        /// What became of it.
        pub state: ChartEntryState,
        /// When it was stored as it is, unix milliseconds: what is later than a message changed since.
        pub changed_at: Option<u64>,
        /// What was measured: the one value, or how it went. A measurement of several parts is a series each.
        pub series: Vec<ChartSeries>,
        /// A medication.
        pub medication: Option<ChartMedication>,
        /// A report.
        pub report: Option<ChartReport>,
        /// A note, as the list of notes shows it; it is opened by itself.
        pub note: Option<NoteInfo>,
        /// Whatever else stands in a record.
        pub item: Option<ChartItem>,
        /// Where it is withheld: what opens it.
        pub withheld: Option<ChartWithheld>,
    }
}
wire! {
    /// What became of an entry that somebody refers to.
    pub enum ChartEntryState {
        /// It is shown.
        Shown,
        /// It is there, and this person does not see it.
        Withheld,
        /// It is not in this record, or was entered in error.
        Gone,
    }
}
