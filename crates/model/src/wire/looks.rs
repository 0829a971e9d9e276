//! Looks at charts that a privacy officer should look at, and canaries: synthetic charts whose touch
//! is such a look.

use super::enroll::PersonBrief;
use super::wire;
use crate::{CanaryId, LookId, PatientId};

/// `POST /v1/canaries`. Names and numbers of charts reach no log line: it has no `Debug`.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CanaryMake {
    /// A chart is made up.
    New(CanaryNew),
    /// A record that is there becomes one. Whoever has a care team, or is spoken about, is no canary.
    Existing(CanaryExisting),
}

/// Whose chart is made up.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CanaryNew {
    /// The first name.
    pub given: String,
    /// The surname.
    pub family: String,
    /// `female` or `male`.
    pub sex: CanarySex,
    /// A medical record number that the hospital gives to nobody.
    pub mrn: String,
    /// A ward, as the records call it.
    pub ward: String,
}

wire! {
    /// What a chart that is made up says.
    pub enum CanarySex {
        /// A woman's.
        Female,
        /// A man's.
        Male,
    }
}

/// Which record becomes a canary.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CanaryExisting {
    /// Its medical record number.
    pub mrn: String,
}

/// A canary.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CanaryInfo {
    /// Which.
    pub id: CanaryId,
    /// The record.
    pub patient_id: PatientId,
    /// The name that stands in it.
    pub name: String,
    /// Its medical record number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mrn: Option<String>,
    /// The ward that it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ward: Option<String>,
    /// Whether the chart was made up here; else it was there before.
    pub made: bool,
    /// By whom it is one.
    pub made_by: PersonBrief,
    /// Since when, unix milliseconds.
    pub made_at: u64,
    /// When it was retired, unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<u64>,
    /// How many looks there were at it.
    pub looks: u64,
    /// When the last one was, unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<u64>,
}

/// `GET /v1/canaries`.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CanaryList {
    /// Those that are ones first, the newest first.
    pub canaries: Vec<CanaryInfo>,
    /// Wards that have patients now, to put one on.
    pub wards: Vec<String>,
}

/// A look at a chart that somebody should look at.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LookInfo {
    /// Which.
    pub id: LookId,
    /// Whose look.
    pub user: PersonBrief,
    /// Whose record.
    pub patient_id: PatientId,
    /// The patient's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<String>,
    /// The patient's medical record number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_mrn: Option<String>,
    /// Whether the chart is, or was, a canary.
    pub canary: bool,
    /// When it began, unix milliseconds.
    pub at: u64,
    /// When something of it was opened last, unix milliseconds.
    pub last_at: u64,
    /// How often something of it was opened, or asked for.
    pub times: u64,
    /// How likely it is snooping, 0 to 100, as far as the model tells.
    pub percent: u8,
    /// Why the person may look, where something explains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained: Option<String>,
    /// What speaks for snooping, the strongest first.
    pub signs: Vec<LookSign>,
    /// What was done, each once.
    pub ways: Vec<LookWay>,
    /// What a privacy officer said of it.
    pub outcome: LookOutcome,
    /// Their note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<PersonBrief>,
    /// When, unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<u64>,
}

wire! {
    /// One thing that speaks for snooping.
    pub struct LookSign {
        /// The word that programs know it by, such as `same_surname`.
        pub name: String,
        /// A sentence.
        pub sentence: String,
    }
}

wire! {
    /// What was done with a chart.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum LookWay {
        /// Something of it was opened.
        Opened,
        /// The glass was broken.
        BrokeTheGlass,
        /// It was asked for, and refused.
        Refused,
    }
}

wire! {
    /// What a privacy officer said of a look.
    pub enum LookOutcome {
        /// Nothing yet.
        Waiting,
        /// There is nothing to it.
        Fine,
        /// The person was asked, and has not answered for it yet.
        Asked,
        /// It was followed up.
        FollowedUp,
    }
}

/// `GET /v1/looks`.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LookList {
    /// Looks at canaries first, then by how much they look like snooping.
    pub looks: Vec<LookInfo>,
    /// How many wait, in all.
    pub waiting: u64,
    /// Where to go on, as `after`; absent where this is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<LookId>,
    /// So many looks of a day are listed at most, beside those at canaries.
    pub a_day: u32,
}

/// `POST /v1/looks/{id}/review`.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LookReview {
    /// `fine`, `asked` or `followed_up`.
    pub outcome: LookOutcome,
    /// What there is to say; not needed where it is fine.
    #[serde(default)]
    pub note: String,
}
