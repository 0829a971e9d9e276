//! The JSON bodies of the HTTP API and of the real-time socket.
//!
//! One module for each resource. Times are unix milliseconds, bytes base64url without padding.

pub mod access;
pub mod attachments;
pub mod cards;
pub mod chart;
pub mod critical;
pub mod devices;
pub mod directory;
pub mod enroll;
pub mod escalations;
pub mod factors;
pub mod fleet;
pub mod forward;
pub mod glass;
pub mod groups;
pub mod hl7;
pub mod hospital;
pub mod integrations;
pub mod keys;
pub mod looks;
pub mod messages;
pub mod notes;
pub mod policies;
pub mod posture;
pub mod problem;
pub mod programs;
pub mod push;
pub mod quiet;
pub mod records;
pub mod recoveries;
pub mod risk;
pub mod schedules;
pub mod sessions;
pub mod socket;
pub mod teams;

macro_rules! wire {
    ($(#[$meta:meta])* pub struct $($rest:tt)*) => {
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        $(#[$meta])*
        pub struct $($rest)*
    };
    ($(#[$meta:meta])* pub enum $($rest:tt)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        $(#[$meta])*
        pub enum $($rest)*
    };
}
pub(crate) use wire;
