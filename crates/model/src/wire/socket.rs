//! Frames of the real-time socket, JSON texts.

use serde::{Deserialize, Serialize};

use super::escalations::EscalationState;
use super::messages::{Entry, MessageSend, Receipt};
use super::problem::Problem;
use crate::{EscalationId, GroupId};

/// `POST /v1/socket-tickets`: opens one socket, once, within 30 seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SocketTicket {
    /// Sent in the first frame, never in the URL.
    pub ticket: String,
}

/// From a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientFrame {
    /// The first frame.
    Ticket {
        /// From [`SocketTicket`].
        ticket: String,
    },
    /// Send a message; the same as `POST /v1/groups/{id}/messages`.
    Send {
        /// Comes back in the answer.
        #[serde(rename = "ref")]
        reference: u64,
        /// Which conversation.
        group: GroupId,
        /// The message.
        #[serde(flatten)]
        message: MessageSend,
    },
}

/// From the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The ticket was good; hints follow.
    Ready,
    /// A new entry in a conversation of this person.
    Entry {
        /// Which conversation.
        group: GroupId,
        /// The entry.
        entry: Entry,
    },
    /// The conversation has entries up to this place; fetch what is missing.
    Reached {
        /// Which conversation.
        group: GroupId,
        /// The newest place.
        seq: u64,
    },
    /// Something waits in the device's inbox.
    Inbox,
    /// Devices came into use or went out of it; for the record keeper.
    Devices,
    /// Statements about records were handed in; for the record keeper.
    Statements,
    /// What is ordered, held or destroyed of records changed; for those who may order or agree. Ask anew.
    Records,
    /// Sessions wait for a security officer, or do not any more; for security officers. Ask anew.
    Risk,
    /// Looks at charts wait for a privacy officer, or do not any more; for privacy officers. Ask anew.
    Looks,
    /// Critical results or alarms wait for a bot that tells of them; for such bots. Ask.
    CriticalCalls,
    /// Another person is on call, or the schedules changed: ask anew.
    Roles,
    /// The care team that a conversation is with changed: see who is on it, and let in who is missing.
    CareTeam {
        /// Which conversation.
        group: GroupId,
    },
    /// Someone received, read or acknowledged.
    Receipt {
        /// Which conversation.
        group: GroupId,
        /// How far the person has come.
        receipt: Receipt,
    },
    /// A STAT message that concerns this person goes on, or is over: that somebody waits, and no
    /// content. `GET /v1/escalations` has the rest.
    Escalation {
        /// Which one.
        id: EscalationId,
        /// How it stands.
        state: EscalationState,
        /// How often this person was alerted: whenever it is more than before, alert them. Absent for
        /// those who are not asked.
        attempt: Option<u32>,
    },
    /// The sent message is durable.
    Sent {
        /// From the request.
        #[serde(rename = "ref")]
        reference: u64,
        /// Its place.
        seq: u64,
        /// When, unix milliseconds.
        sent_at: u64,
    },
    /// A sent message was refused.
    Problem {
        /// From the request.
        #[serde(rename = "ref")]
        reference: u64,
        /// Why, and what to do.
        problem: Problem,
    },
    /// The session ended; the socket closes.
    Ended {
        /// Why.
        problem: Problem,
    },
}
