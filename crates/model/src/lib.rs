//! Ids and shared vocabulary of Wardline: what every other crate may name.
//!
//! - [`ids`]: one newtype per kind of id.
//! - [`bytes`]: bytes that travel as base64url.
//! - [`phi`]: [`Phi`], which keeps patient data out of logs, errors, URLs and pushes.
//! - [`code`]: one-time enrolment codes and confirmation strings (Crockford base32).
//! - [`lines`]: on which line of a text its rows are.
//! - [`endorsement`]: the statement by which one device vouches for another.
//! - [`turns`]: the statement by which a device says who is on call.
//! - [`purpose`]: what a conversation is for, bound to its id.
//! - [`statement`]: what is ordered, agreed to and done about records, signed.
//! - [`wire`]: the JSON bodies of the HTTP API and the real-time socket.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! This crate does no I/O and knows no clock: times are unix milliseconds handed in.

pub mod bytes;
pub mod code;
pub mod endorsement;
pub mod fuzz;
pub mod ids;
pub mod lines;
pub mod phi;
pub mod purpose;
pub mod statement;
pub mod turns;
pub mod wire;

pub use bytes::B64;
pub use ids::{
    AttachmentId, CallId, CanaryId, CardId, ChallengeId, CriticalId, DeviceId, EnrollmentId,
    EscalationId, FacilityId, FactorId, GlassId, GroupId, InviteId, LookId, MessageId, PatientId,
    RecoveryId, RoleSlug, SessionId, SwapId, TeamId, UserId,
};
pub use phi::Phi;
