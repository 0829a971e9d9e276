//! Critical results and alarms, as a bot takes them to the role that is to be told.

use super::wire;
use crate::{CriticalId, GroupId, PatientId, RoleSlug};

wire! {
    /// What a call tells.
    pub enum CriticalKind {
        /// A critical result.
        Result,
        /// A result that was told as critical and is not any more.
        Corrected,
        /// A device's alarm of high priority.
        HighAlarm,
        /// One of medium priority.
        Alarm,
    }
}
wire! {
    /// One result or alarm.
    pub struct CriticalFinding {
        /// What it is.
        pub kind: CriticalKind,
        /// What was measured, or which alarm.
        pub what: String,
        /// The value, where there is one.
        pub value: Option<String>,
        /// Its unit.
        pub unit: Option<String>,
        /// `HH`, `LL` or `AA`.
        pub flag: Option<String>,
        /// The reference range.
        pub range: Option<String>,
        /// When it was taken, as FHIR has times.
        pub at: Option<String>,
        /// Ward, room and bed.
        pub place: Option<String>,
        /// The patient's record number, where the call is about several patients.
        pub record: Option<String>,
        /// The result in the record.
        pub observation: Option<String>,
    }
}
wire! {
    /// What a role is to be told.
    pub struct CriticalCall {
        /// Names it, however often it is handed out.
        pub id: CriticalId,
        /// Who is told.
        pub role: RoleSlug,
        /// About whom; absent where it is about several patients, or about nobody's device.
        pub patient: Option<PatientId>,
        /// The newest first.
        pub findings: Vec<CriticalFinding>,
        /// How many more there are.
        pub others: u64,
        /// Since when it waits, unix milliseconds.
        pub since: u64,
    }
}
wire! {
    /// `GET /v1/critical-calls`.
    pub struct CriticalCalls {
        /// Those that this device is to post now, the oldest first.
        pub calls: Vec<CriticalCall>,
        /// Whether the bot reads answers, and so can hear a value read back.
        pub reads: bool,
    }
}
wire! {
    /// `POST /v1/critical-calls/{id}/posted`.
    pub struct CriticalPosted {
        /// The conversation.
        pub group: GroupId,
        /// The STAT message's place.
        pub seq: u64,
    }
}
