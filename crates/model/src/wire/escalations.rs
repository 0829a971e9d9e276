//! STAT messages that wait for an answer. Nothing in them is content: who, whom, since when.

use super::enroll::PersonBrief;
use super::integrations::CallState;
use super::wire;
use crate::{EscalationId, GroupId};

wire! {
    /// How a STAT message stands.
    pub enum EscalationState {
        /// Nobody has taken it yet.
        Waiting,
        /// Somebody took it.
        Acknowledged,
        /// Nobody did, within the time there was.
        Unanswered,
        /// The sender took it back.
        Withdrawn,
    }
}
wire! {
    /// A person who was alerted, or answered.
    pub struct EscalationPerson {
        /// The person.
        pub person: PersonBrief,
        /// What they are to the message: `recipients`, or the name of a level of the chain.
        pub level: String,
        /// How often they were alerted.
        pub attempts: u32,
        /// When first, unix milliseconds.
        pub first_at: u64,
        /// When last, unix milliseconds.
        pub last_at: u64,
        /// When a device of theirs had the message, unix milliseconds.
        pub delivered_at: Option<u64>,
        /// When they looked at it, unix milliseconds.
        pub read_at: Option<u64>,
        /// When they said that they cannot take it, unix milliseconds.
        pub declined_at: Option<u64>,
        /// How the last call of their pager or telephone stands; absent where none was to be made.
        #[serde(default)]
        pub call: Option<CallState>,
        /// When a call of it last failed, unix milliseconds.
        #[serde(default)]
        pub call_failed_at: Option<u64>,
    }
}
wire! {
    /// A STAT message as those see it whom it concerns.
    pub struct EscalationInfo {
        /// Which one.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        pub id: EscalationId,
        /// The conversation.
        pub group: GroupId,
        /// The message's place in its log.
        pub seq: u64,
        /// Which of the message's pages. One to a code team has one for each role and one for the
        /// people whom the team names, and each ends by itself.
        #[serde(default)]
        pub line: u32,
        /// Who sent it.
        pub sender: PersonBrief,
        /// Whom it was for.
        pub recipients: Vec<PersonBrief>,
        /// The role that it is for, as shown; absent where it is for people.
        pub role: Option<String>,
        /// The code team that was called, as shown.
        #[serde(default)]
        pub team: Option<String>,
        /// The departments concerned, as shown.
        pub departments: Vec<String>,
        /// When it was sent, unix milliseconds.
        pub started_at: u64,
        /// How it stands.
        pub state: EscalationState,
        /// When it was over, unix milliseconds.
        pub ended_at: Option<u64>,
        /// Who took it.
        pub acknowledged_by: Option<PersonBrief>,
        /// Whether the person who reads this is asked to answer.
        pub asked: bool,
        /// Whether they are to be told that nobody answered: they sent it, or are the last of the chain.
        pub failed: bool,
        /// When it goes on by itself if nobody answers, unix milliseconds; absent once it is over.
        pub next_at: Option<u64>,
        /// Who is asked then: the name of a level of the chain, or `quiet` for those who are not to be
        /// disturbed; absent where nobody is left, and it ends.
        pub next_level: Option<String>,
        /// Since when those are asked, too, who are not to be disturbed, unix milliseconds.
        pub roused_at: Option<u64>,
        /// Who was to be asked and is not to be disturbed.
        pub quiet: Vec<PersonBrief>,
        /// Who was to be asked and has no device in use.
        pub unreachable: Vec<PersonBrief>,
        /// The number to call when nobody answered, where the hospital has one.
        pub call: Option<String>,
        /// Who was asked, in the order in which they were.
        pub people: Vec<EscalationPerson>,
        /// What happened, in sentences.
        pub told: Vec<String>,
    }
}
wire! {
    /// `GET /v1/escalations`.
    pub struct EscalationList {
        /// The newest first.
        pub escalations: Vec<EscalationInfo>,
    }
}
