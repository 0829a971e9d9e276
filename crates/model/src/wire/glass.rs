//! Breaking the glass: a chart for a while, for a reason that a privacy officer reviews.

use super::enroll::PersonBrief;
use super::wire;
use crate::{GlassId, PatientId};

/// `POST /v1/patients/{id}/break-the-glass`. What a person writes of a patient reaches no log line:
/// it has no `Debug`.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GlassRequest {
    /// A code of HL7 v3 PurposeOfUse: `ETREAT` emergency treatment, `BTG` immediately needed care,
    /// `TREAT` treatment, `COC` coordination of care.
    pub purpose: String,
    /// Why, in the person's own words.
    pub reason: String,
}

/// That somebody broke the glass.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GlassInfo {
    /// The grant.
    pub id: GlassId,
    /// Who.
    pub user: PersonBrief,
    /// Whose record.
    pub patient_id: PatientId,
    /// The patient's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<String>,
    /// The patient's medical record number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_mrn: Option<String>,
    /// A code of HL7 v3 PurposeOfUse.
    pub purpose: String,
    /// Why, in the person's own words; left out of a reviewer's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When, unix milliseconds.
    pub at: u64,
    /// Until when the chart is open, unix milliseconds.
    pub until: u64,
    /// Whether it is open now.
    pub open: bool,
    /// When it was shut before its time, unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<u64>,
    /// What came of the review.
    pub outcome: GlassOutcome,
    /// When the review is due, unix milliseconds.
    pub due_at: u64,
    /// Who reviewed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<PersonBrief>,
    /// When, unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_at: Option<u64>,
    /// What the reviewer wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

wire! {
    /// What came of a review.
    pub enum GlassOutcome {
        /// Nobody has reviewed it.
        Waiting,
        /// There was a reason to look.
        Justified,
        /// There was none.
        NotJustified,
    }
}

/// `GET /v1/glass`, and `GET /v1/glass/own`.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GlassList {
    /// For reviewers those that wait, the oldest first, and then those that were reviewed, the newest
    /// first; of one's own the newest first.
    pub grants: Vec<GlassInfo>,
    /// How many wait for a review.
    pub waiting: u64,
}

/// `GET /v1/glass/{id}`.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GlassDetail {
    /// The grant.
    pub glass: GlassInfo,
    /// What was read under it, the oldest first, 500 at most.
    pub looks: Vec<GlassLook>,
}

wire! {
    /// Something that was read.
    pub struct GlassLook {
        /// When, unix milliseconds.
        pub at: u64,
        /// The action, such as `note.read`.
        pub action: String,
        /// Which note, where it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub note: Option<String>,
    }
}

/// `POST /v1/glass/{id}/review`.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GlassReview {
    /// Whether there was a reason to look.
    pub justified: bool,
    /// What the reviewer has to say to the person and to the record.
    pub note: String,
}
