//! What the screen shows, ready to be drawn.

use serde::{Deserialize, Serialize};
use wardline_model::wire::attachments::AttachmentUse;
use wardline_model::wire::directory::PatientBanner;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::problem::Problem;
use wardline_model::{
    AttachmentId, B64, DeviceId, GroupId, MessageId, PatientId, RoleSlug, TeamId, UserId,
};

use crate::attachments::AttachmentKind;
use crate::content::{Expiry, Form, Forwarded, Reference};
use crate::own::Draft;

/// Where the device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusStage {
    /// Not enrolled.
    New,
    /// The code was taken; the passkey is next.
    Enrolling,
    /// Waits for confirmation.
    Pending,
    /// Enrolled; the store is closed.
    Locked,
    /// The store is open.
    Open,
    /// Taken out of use, and what it kept is erased.
    Wiped,
}

/// `status`.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Where the device stands.
    pub stage: StatusStage,
    /// The hospital's name.
    pub hospital: Option<String>,
    /// Whose device it is.
    pub user: Option<PersonBrief>,
    /// The device.
    pub device_id: Option<DeviceId>,
    /// The confirmation string, while pending.
    pub confirmation: Option<String>,
    /// The passkey to ask for.
    pub credential_id: Option<String>,
    /// Whether there is a session; without one the app works offline.
    pub online: bool,
    /// Whether the store can only be opened with the hospital in reach.
    pub online_required: bool,
    /// Milliseconds without use after which the app locks.
    pub lock_ms: Option<u64>,
    /// Whether it claims a position at sign-in.
    pub position: bool,
    /// What it may do with attachments, as the hospital said last.
    pub attachments: Option<AttachmentUse>,
    /// The number to call when a STAT message reaches nobody.
    pub call: Option<String>,
}

/// How far a message came. Delivered is not read is not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Waits on this device.
    Sending,
    /// Refused; the person decides.
    Failed,
    /// Durable at the hospital.
    Sent,
    /// On a device of everyone whom it was for.
    Delivered,
    /// Read by everyone whom it was for.
    Read,
    /// Acknowledged by someone it was for.
    Acknowledged,
}

/// What happened in a conversation, beside messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Someone was added.
    PersonAdded,
    /// Someone was removed.
    PersonRemoved,
    /// A person's new device joined.
    DeviceAdded,
    /// A person's device was removed.
    DeviceRemoved,
    /// This device joined; what came before is not on it.
    Joined,
    /// Messages could not be read on this device; the sender was not told.
    Gap,
    /// The record keeper handed over what this device had missed.
    HandedOver,
    /// Somebody tried to change what is not theirs; it was left out.
    LeftOut,
    /// Retention ended messages that were here.
    Removed,
}

/// A text that a message had before it was edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The text.
    pub text: String,
    /// Since when, unix milliseconds.
    pub at: u64,
}

/// The same reaction of people to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReactionView {
    /// One emoji, or another single character.
    pub emoji: String,
    /// Who reacted so, by name.
    pub people: Vec<String>,
    /// Whether this person did.
    pub mine: bool,
}

/// What is done to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It gets another text.
    Edit,
    /// It is taken back.
    Recall,
    /// A reaction comes or goes.
    Reaction,
}

/// A change by this person that is not durable at the hospital yet.
#[derive(Debug, Clone, Serialize)]
pub struct WaitingChange {
    /// Its id, by which it is retried or discarded.
    pub id: MessageId,
    /// What it is.
    pub kind: ChangeKind,
    /// Why the hospital refused it.
    pub problem: Option<Problem>,
}

/// A file that a message carries, without what opens it.
#[derive(Debug, Clone, Serialize)]
pub struct AttachmentView {
    /// Which one.
    pub id: AttachmentId,
    /// What it is.
    pub kind: AttachmentKind,
    /// Its MIME type.
    pub mime: String,
    /// What its sender calls it.
    pub name: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Pixels across and down.
    pub pixels: Option<(u32, u32)>,
    /// How long it plays.
    pub seconds: Option<u32>,
    /// A small JPEG of it.
    pub thumbnail: Option<B64>,
    /// How many chunks it has.
    pub chunks: u32,
    /// How many of them are on this device, or at the hospital while it is uploaded.
    pub done: u32,
    /// Whether it is still to be uploaded from here.
    pub uploading: bool,
}

/// A message, or a notice, in a conversation.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// The message's id.
    pub id: MessageId,
    /// Its conversation.
    pub group: GroupId,
    /// Its place; absent until it is durable.
    pub seq: Option<u64>,
    /// Who wrote it; absent for a notice.
    pub from: Option<PersonBrief>,
    /// Whether this person wrote it.
    pub mine: bool,
    /// The text.
    pub text: String,
    /// How urgent it is.
    pub priority: Priority,
    /// When it was taken, or written, unix milliseconds.
    pub sent_at: u64,
    /// How far it came.
    pub state: MessageState,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Set for a notice.
    pub notice: Option<Notice>,
    /// The notice in words.
    pub notice_text: Option<String>,
    /// The place of its newest version; what is acknowledged or read up to there is this version.
    pub newest_seq: Option<u64>,
    /// When it was edited last, unix milliseconds.
    pub edited_at: Option<u64>,
    /// The versions before, oldest first.
    pub earlier: Vec<Version>,
    /// Whether an edit was left out because it came too late.
    pub late_edit: bool,
    /// Whether its author recalled it; then there is no text.
    pub recalled: bool,
    /// When, unix milliseconds.
    pub recalled_at: Option<u64>,
    /// Of this person's own recalled message: who had read it before, by name.
    pub recalled_after: Vec<String>,
    /// Reactions, those that came first first.
    pub reactions: Vec<ReactionView>,
    /// Whom the text names with an `@`.
    pub mentions: Vec<PersonBrief>,
    /// Whether it names this person.
    pub mentions_me: bool,
    /// The form that the text is of.
    pub form: Option<Form>,
    /// Where it comes from, when it was forwarded.
    pub forwarded: Option<Forwarded>,
    /// The file that it carries; then the text is what its sender says of it, or nothing.
    pub attachment: Option<AttachmentView>,
    /// The entry of a chart that it leads to; then the text is what its sender says of it, or nothing.
    pub reference: Option<Reference>,
    /// When it goes by itself.
    pub expires: Option<Expiry>,
    /// That time where it is known, unix milliseconds.
    pub expires_at: Option<u64>,
    /// Whether it went; then there is no text.
    pub expired: bool,
    /// This person's changes of it that are on their way, or were refused.
    pub waiting: Vec<WaitingChange>,
}

/// How far a message came with one person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reached {
    /// Who.
    pub person: PersonBrief,
    /// How far.
    pub state: MessageState,
    /// By when it was on a device of theirs, unix milliseconds; absent where this device does not know.
    pub delivered_at: Option<u64>,
    /// By when they had read it.
    pub read_at: Option<u64>,
    /// By when they had acknowledged it; of a STAT message, exactly when.
    pub acknowledged_at: Option<u64>,
}

/// A member of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberView {
    /// The person.
    pub user: PersonBrief,
    /// Whether every device of theirs was verified up to the genesis.
    pub verified: bool,
    /// How many devices of theirs are in it.
    pub devices: usize,
    /// Whether it is a program, by the endorsement of a device of its.
    pub bot: bool,
}

/// The newest message of a conversation.
#[derive(Debug, Clone, Serialize)]
pub struct LastMessage {
    /// What it carries.
    pub attachment: Option<AttachmentKind>,
    /// Whether it leads to an entry of a chart.
    pub reference: bool,
    /// The text.
    pub text: String,
    /// Whether it goes once it is read; then there is no text.
    pub burns: bool,
    /// Whether its author recalled it; then there is no text.
    pub recalled: bool,
    /// Whether it went by itself; then there is no text.
    pub expired: bool,
    /// Who wrote it.
    pub from: String,
    /// When.
    pub sent_at: u64,
    /// Whether this person wrote it.
    pub mine: bool,
    /// How far it came.
    pub state: MessageState,
}

/// A conversation in the list.
#[derive(Debug, Clone, Serialize)]
pub struct Conversation {
    /// The conversation.
    pub id: GroupId,
    /// What it is.
    pub kind: GroupKind,
    /// As shown: the other person, the role, or the names.
    pub title: String,
    /// The people in it, this person included.
    pub members: Vec<MemberView>,
    /// The record keepers in it, verified as such.
    pub keepers: Vec<MemberView>,
    /// The patient it is about.
    pub patient: Option<PatientBanner>,
    /// The patient's id, where there is one.
    pub patient_id: Option<PatientId>,
    /// The role it is for.
    pub role: Option<RoleSlug>,
    /// The role's title.
    pub role_title: Option<String>,
    /// Whether it follows who has the role: its id says that it is the role's.
    pub follows: bool,
    /// The code team or list that it is for.
    pub team: Option<TeamId>,
    /// Its name.
    pub team_title: Option<String>,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// How many messages are unread.
    pub unread: u64,
    /// The most urgent among them.
    pub priority_unread: Option<Priority>,
    /// How many of them name this person.
    pub mentions_unread: u64,
    /// The newest message.
    pub last: Option<LastMessage>,
    /// Whether a removal waits for a commit.
    pub removal_pending: bool,
    /// People who came while this device was away, so that it saw nobody let them in. Nothing is
    /// sent until this person has looked ([`crate::Client::accept_members`]).
    pub strangers: Vec<PersonBrief>,
    /// Whether it stands above the others on this device.
    pub pinned: bool,
    /// Whether it is put away on this device; something unread brings it back.
    pub archived: bool,
    /// Whether its routine messages make no noise on this device.
    pub muted: bool,
    /// Whether this person marked it as unread.
    pub marked_unread: bool,
    /// What this person has begun to write.
    pub draft: Option<Draft>,
    /// When something last happened, unix milliseconds.
    pub at: u64,
}

/// A device that waits to be confirmed, with the string to compare.
#[derive(Debug, Clone, Serialize)]
pub struct PendingDevice {
    /// The device.
    pub device: wardline_model::wire::devices::DeviceInfo,
    /// What the new device shows as well.
    pub confirmation: String,
}

/// A STAT message that has not reached the hospital.
#[derive(Debug, Clone, Serialize)]
pub struct Unsent {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub group: GroupId,
    /// When it was written, unix milliseconds.
    pub written_at: u64,
    /// Whether it waited for too long to leave by itself.
    pub late: bool,
    /// Why the hospital refused it.
    pub problem: Option<Problem>,
}

/// A message that is durable on this device and on its way.
#[derive(Debug, Clone, Serialize)]
pub struct Queued {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub group: GroupId,
    /// Its place, once it is durable at the hospital.
    pub seq: Option<u64>,
}
