//! Conversations: MLS groups as the delivery service knows them.

use super::directory::PatientBanner;
use super::enroll::PersonBrief;
use super::messages::Receipt;
use super::wire;
use crate::{B64, DeviceId, GroupId, PatientId, RoleSlug, TeamId, UserId};

wire! {
    /// What a conversation is.
    pub enum GroupKind {
        /// Two people.
        Direct,
        /// Several people.
        Group,
        /// A role and those who write to it.
        Role,
        /// A patient's care team.
        Team,
        /// A code team: everybody whom it called.
        Code,
        /// A message to a broadcast list: whoever made it writes, and nobody else.
        Broadcast,
        /// A device and the record keeper, which hands it history. Not shown as a conversation.
        Keeper,
    }
}
wire! {
    /// `POST /v1/groups`: register a new MLS group, with its first commit.
    pub struct GroupCreate {
        /// The conversation; its bytes are the MLS group id.
        pub group_id: GroupId,
        /// What it is.
        pub kind: GroupKind,
        /// The role it is for, where it is for one.
        pub role: Option<RoleSlug>,
        /// The patient it is about; sealed at rest.
        pub patient_id: Option<PatientId>,
        /// The 16 random bytes from which, with the role, the id of a role's conversation is made: by
        /// them the record keeper sees that it is one.
        #[serde(default)]
        pub purpose: Option<B64>,
        /// The code team or list that it is for, where it is for one.
        #[serde(default)]
        pub team: Option<TeamId>,
        /// GroupInfo of epoch 0 with the ratchet tree, an `MLSMessage`.
        pub group_info: B64,
        /// The commit that adds the members.
        pub first_commit: Option<CommitUpload>,
    }
}
wire! {
    /// `POST /v1/groups/{id}/commits`.
    pub struct CommitUpload {
        /// The commit, an `MLSMessage` with a PublicMessage.
        pub commit: B64,
        /// The Welcome for those added, an `MLSMessage`.
        pub welcome: Option<B64>,
        /// GroupInfo of the epoch that the commit makes, with the ratchet tree.
        pub group_info: B64,
    }
}
wire! {
    /// The commit was taken.
    pub struct CommitAccepted {
        /// Its place in the conversation's log.
        pub seq: u64,
        /// The new epoch.
        pub epoch: u64,
    }
}
wire! {
    /// A member of a conversation: a person, on devices.
    pub struct Member {
        /// The person.
        pub user: PersonBrief,
        /// Their devices in the group.
        pub devices: Vec<DeviceId>,
    }
}
wire! {
    /// One conversation, as the list shows it.
    pub struct GroupSummary {
        /// The conversation.
        pub id: GroupId,
        /// What it is.
        pub kind: GroupKind,
        /// The role it is for.
        pub role: Option<RoleSlug>,
        /// The role's title, as shown.
        pub role_title: Option<String>,
        /// The random bytes behind the id of a role's conversation.
        #[serde(default)]
        pub purpose: Option<B64>,
        /// The code team or list that it is for.
        #[serde(default)]
        pub team: Option<TeamId>,
        /// The name of that, as shown; absent once it is gone.
        #[serde(default)]
        pub team_title: Option<String>,
        /// Who made it.
        #[serde(default)]
        pub created_by: Option<UserId>,
        /// The patient it is about: the banner where the policy lets this person see it.
        pub patient: Option<PatientBanner>,
        /// The patient's id where there is one.
        pub patient_id: Option<PatientId>,
        /// Everyone in it.
        pub members: Vec<Member>,
        /// The current epoch.
        pub epoch: u64,
        /// The newest sequence number.
        pub last_seq: u64,
        /// When the newest message was taken, unix milliseconds.
        pub last_message_at: Option<u64>,
        /// Whether a removal waits for a commit.
        pub removal_pending: bool,
        /// How far each person has received and read.
        pub receipts: Vec<Receipt>,
    }
}
wire! {
    /// `GET /v1/groups`.
    pub struct GroupList {
        /// Newest activity first.
        pub groups: Vec<GroupSummary>,
        /// The record keepers in use, of whom each conversation has one as a member. Their devices'
        /// endorsements must say so.
        pub record_keepers: Vec<UserId>,
    }
}
wire! {
    /// `GET /v1/groups/{id}/info`: for joining by external commit (RFC 9420 §12.4.3.2).
    pub struct GroupInfoAnswer {
        /// GroupInfo with the ratchet tree, an `MLSMessage`.
        pub group_info: B64,
        /// The current epoch.
        pub epoch: u64,
        /// The newest sequence number.
        pub last_seq: u64,
    }
}
