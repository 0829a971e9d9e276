//! Messages, the log of a conversation, the inbox, receipts.

use super::wire;
use crate::{B64, DeviceId, GroupId, MessageId, UserId};

wire! {
    /// How urgent a message is.
    #[derive(PartialOrd, Ord, Default)]
    pub enum Priority {
        /// Can wait for a natural break.
        #[default]
        Routine,
        /// Soon.
        Urgent,
        /// At once; escalates.
        Stat,
    }
}
wire! {
    /// `POST /v1/groups/{id}/messages`.
    pub struct MessageSend {
        /// Chosen by the sender; also the idempotency key and the MLS authenticated data.
        pub id: MessageId,
        /// The ciphertext, an `MLSMessage` with a PrivateMessage.
        pub message: B64,
        /// How urgent it is.
        pub priority: Priority,
    }
}
wire! {
    /// The message is durable.
    pub struct MessageAccepted {
        /// Its place in the conversation's log.
        pub seq: u64,
        /// When the server took it, unix milliseconds.
        pub sent_at: u64,
    }
}
wire! {
    /// What an entry of a conversation's log is.
    pub enum EntryKind {
        /// Application data.
        Message,
        /// A commit: the epoch moves.
        Commit,
        /// A proposal of the delivery service: a removal is pending.
        Proposal,
    }
}
wire! {
    /// One entry of a conversation's log.
    pub struct Entry {
        /// Its place, from 1.
        pub seq: u64,
        /// What it is.
        pub kind: EntryKind,
        /// The message's id.
        pub id: Option<MessageId>,
        /// The device that sent it; absent for the delivery service.
        pub sender_device: Option<DeviceId>,
        /// The person whose device sent it.
        pub sender: Option<UserId>,
        /// The epoch it was made in.
        pub epoch: u64,
        /// How urgent it is.
        pub priority: Priority,
        /// When the server took it, unix milliseconds.
        pub sent_at: u64,
        /// The `MLSMessage`.
        pub body: B64,
    }
}
wire! {
    /// `GET /v1/groups/{id}/log?after=&limit=`.
    pub struct EntryList {
        /// In order.
        pub entries: Vec<Entry>,
        /// The newest sequence number.
        pub last_seq: u64,
    }
}
wire! {
    /// A Welcome for this device.
    pub struct InboxItem {
        /// Its place in the device's inbox.
        pub n: u64,
        /// The conversation.
        pub group_id: GroupId,
        /// The commit that added the device; its log starts after it.
        pub seq: u64,
        /// The Welcome, an `MLSMessage`.
        pub welcome: B64,
    }
}
wire! {
    /// `GET /v1/inbox?after=`.
    pub struct Inbox {
        /// In order.
        pub items: Vec<InboxItem>,
    }
}
wire! {
    /// How far a message came with one person. Delivered is not read is not acknowledged.
    pub enum ReceiptState {
        /// A device of the person holds it.
        Delivered,
        /// The person had it on the screen.
        Read,
        /// The person said so, by a tap.
        Acknowledged,
    }
}
wire! {
    /// `POST /v1/groups/{id}/receipts`.
    pub struct ReceiptPost {
        /// Which state.
        pub state: ReceiptState,
        /// Up to and including this place. Of an acknowledgement of a STAT message: the place of the
        /// version that was on the screen.
        pub up_to: u64,
        /// The place of the one message that is acknowledged; what is at `up_to` where it is left out.
        /// A STAT message is acknowledged by its own place alone, never by a later one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub of: Option<u64>,
    }
}
wire! {
    /// How far one person has come in one conversation.
    pub struct Receipt {
        /// The person.
        pub user_id: UserId,
        /// Highest place held by a device.
        pub delivered: u64,
        /// Highest place read.
        pub read: u64,
        /// Highest place acknowledged, STAT messages not counted.
        pub acknowledged: u64,
        /// When the person came as far as `delivered`, unix milliseconds; absent where nobody noted it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub delivered_at: Option<u64>,
        /// As far as `read`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub read_at: Option<u64>,
        /// As far as `acknowledged`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub acknowledged_at: Option<u64>,
        /// The STAT messages that were acknowledged, each for itself, as long as the hospital keeps
        /// what became of them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub named: Vec<Acknowledgement>,
    }
}
wire! {
    /// A person's acknowledgement of one STAT message.
    pub struct Acknowledgement {
        /// The message's place.
        pub seq: u64,
        /// The place of the version that was on the screen; the message's own until it was edited.
        pub version: u64,
        /// When, unix milliseconds.
        pub at: u64,
    }
}
