//! What nodes tell each other.

use serde::{Deserialize, Serialize};
use wardline_model::{DeviceId, GroupId, SessionId};

/// Something changed; whoever cares reads it from the store.
///
/// Ids and places only. A hint of another node is worth no more than a guess: whoever acts on one
/// looks into the store and believes what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "h", rename_all = "snake_case", deny_unknown_fields)]
pub enum Hint {
    /// A conversation has entries up to a place.
    Reached {
        /// Which conversation.
        group: GroupId,
        /// The newest place.
        seq: u64,
    },
    /// Something waits in a device's inbox, so it may be in new conversations.
    Inbox {
        /// Whose inbox.
        device: DeviceId,
    },
    /// Devices joined or left a conversation.
    Members {
        /// Which conversation.
        group: GroupId,
    },
    /// Someone received, read or acknowledged.
    Receipt {
        /// Which conversation.
        group: GroupId,
    },
    /// A STAT message waits for an answer, or its page goes on.
    Escalation {
        /// The conversation.
        group: GroupId,
        /// The message's place in its log.
        seq: u64,
        /// Which of its pages.
        line: u32,
    },
    /// A session ended.
    SessionEnded {
        /// Which session.
        session: SessionId,
    },
    /// A device was taken out of use, or its standing changed otherwise.
    DeviceChanged {
        /// Which device.
        device: DeviceId,
    },
    /// Who is on call, a schedule or a swap changed.
    Roles,
    /// Something was handed in for the record keeper.
    Statements,
    /// The record keeper took what was handed in, or told what it did.
    Records,
    /// A session became so unusual that a security officer has to look, or one was answered for.
    Risk,
    /// Somebody looked at a chart so that a privacy officer should look, or one has.
    Looks,
    /// A critical result or alarm waits for a bot.
    CriticalCalls,
    /// Audit events wait for the sequencer.
    Audit,
}

/// What a subscriber hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// One hint.
    Hint(Hint),
    /// Some hints may have been lost, because this subscriber was slow or another node was out of
    /// reach: read everything anew.
    Missed,
}
