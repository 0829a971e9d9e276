//! Messages of HL7 feeds that could not be applied.

use super::wire;

wire! {
    /// A message that could not be applied. Nothing of what it says of a patient is in it.
    pub struct DeadLetterInfo {
        /// Names it; letters are in the order in which they came.
        pub id: u64,
        /// MSH-9, such as `ORU^R01`.
        pub kind: String,
        /// Who sent it: MSH-3.
        pub application: String,
        /// MSH-4
        pub facility: String,
        /// Under which control id: MSH-10.
        pub control_id: String,
        /// When it came, unix milliseconds.
        pub received_at: u64,
        /// Why it could not be applied.
        pub reason: String,
        /// Where in it, such as `PID-3`.
        pub place: Option<String>,
        /// When that was found, unix milliseconds.
        pub decided_at: u64,
    }
}
wire! {
    /// `GET /v1/hl7/dead-letters`.
    pub struct DeadLetterList {
        /// The oldest first, at most a hundred.
        pub letters: Vec<DeadLetterInfo>,
        /// How many there are.
        pub dead: u64,
        /// How many messages wait to be applied.
        pub waiting: u64,
        /// Go on behind this one, where there are more.
        pub next: Option<u64>,
    }
}
wire! {
    /// `POST /v1/hl7/dead-letters/{id}/dismiss`.
    pub struct DeadLetterDismissal {
        /// Why it needs no applying any more. Nothing about a patient belongs here.
        pub reason: String,
    }
}
