//! RFC 9457 problem details.

use serde::{Deserialize, Serialize};

/// What went wrong, and what to do next. Served as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Stable: `urn:wardline:problem:NAME`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short sentence, the same for every occurrence of the type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do next, for the person who reads it. Never patient data or secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Extension members (for example `methods` of a step-up, or `epoch` of a conflict).
    #[serde(flatten, default)]
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

impl Problem {
    /// The part of `type` before the name.
    pub const PREFIX: &'static str = "urn:wardline:problem:";

    /// The name of the problem, the last part of its type.
    pub fn name(&self) -> &str {
        self.kind.strip_prefix(Self::PREFIX).unwrap_or(&self.kind)
    }
}
