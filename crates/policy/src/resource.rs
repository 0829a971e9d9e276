//! [`Resource`]: what an action is done to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::groups::GroupKind;
use wardline_model::{
    AttachmentId, DeviceId, EscalationId, GlassId, GroupId, LookId, PatientId, SessionId, UserId,
};

use crate::named::named;
use crate::question::Program;

/// What the action is done to, with the attributes that policies may look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Resource {
    /// The hospital as a whole: collections, and everything about the asker.
    Hospital,
    /// A conversation.
    Group {
        /// The conversation.
        id: GroupId,
        /// What it is.
        kind: GroupKind,
        /// Whether the person who asks is a member (on any device); true when they create it.
        member: bool,
        /// Whether a Remove proposal waits for its commit.
        removal_pending: bool,
        /// The on-call role that it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
        /// Whether what is about to be sent is urgent; STAT is an action of its own.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        urgent: bool,
    },
    /// A STAT message that waits for an answer.
    Escalation {
        /// Which one.
        id: EscalationId,
        /// Whether the person who asks is asked to answer it.
        asked: bool,
        /// Whether they sent it.
        sent: bool,
    },
    /// An attachment of a message: ciphertext for the devices of a conversation.
    Attachment {
        /// Which one.
        id: AttachmentId,
        /// Who uploads it; whoever asks, as long as nobody has.
        sender: UserId,
        /// Whether the device that asks is in its conversation.
        member: bool,
        /// Whether the program of the device that asks lets files be kept on it.
        files: bool,
        /// How long the file is.
        bytes: u64,
    },
    /// A device that something is done to, as opposed to the one that asks.
    Device {
        /// The device.
        id: DeviceId,
        /// Whose it is.
        owner: UserId,
        /// Where it stands.
        state: DeviceState,
        /// Whether its program lets its person confirm it on another device of theirs, and the one
        /// that asks is such a device.
        own_approval: bool,
        /// Whether it is one of a list that the same is done with.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        bulk: bool,
    },
    /// One session of a person, or all of them.
    Session {
        /// The session; absent when all of the owner's are meant.
        id: Option<SessionId>,
        /// Whose.
        owner: UserId,
    },
    /// A person's factors beside the passkey: generators of one-time codes, smart cards.
    Factors {
        /// Whose.
        owner: UserId,
    },
    /// An invitation to be made.
    Invite {
        /// Who is invited.
        person: UserId,
        /// The program of the device to come.
        program: Program,
        /// Whether people begin enrolments in that program by themselves.
        self_service: bool,
        /// Whether the person had devices and none of them is in use any more, so that nobody but
        /// officers says that it is them.
        recovers: bool,
    },
    /// Giving a person who lost every device a new one.
    Recovery {
        /// The person.
        person: UserId,
        /// The officer who asked for it; the one who asks, as long as nobody has.
        asked_by: UserId,
    },
    /// A patient's record.
    Patient {
        /// The patient.
        id: PatientId,
        /// Whether the person who asks is on the care team.
        care_team: bool,
        /// Whether the person who asks is in a conversation about the patient.
        conversation: bool,
        /// That the person who asks broke the glass, as long as it holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        glass: Option<Glass>,
        /// What explains that the person who asks looks, where something does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        explained: Option<Because>,
        /// HL7 v3 confidentiality (`N`, `R`, `V`) and sensitivity (`PSY`, `HIV`, `ETH`, `CEL`,
        /// `EMP`) codes.
        labels: BTreeSet<String>,
    },
    /// A document of a patient's record.
    Document {
        /// Its logical id.
        id: String,
        /// The patient.
        patient: PatientId,
        /// Whether the person who asks is on the care team.
        care_team: bool,
        /// Whether the person who asks is in a conversation about the patient.
        conversation: bool,
        /// That the person who asks broke the glass, as long as it holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        glass: Option<Glass>,
        /// What explains that the person who asks looks, where something does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        explained: Option<Because>,
        /// Its own labels and those of the patient, as in [`Resource::Patient`].
        labels: BTreeSet<String>,
    },
    /// An entry of a record: a FHIR resource.
    Entry {
        /// Its FHIR type, such as `Observation`.
        kind: String,
        /// Its logical id.
        id: String,
        /// Whose record it is of; absent for what is the hospital's, such as a place.
        patient: Option<PatientId>,
        /// Its categories, such as `laboratory`.
        categories: BTreeSet<String>,
        /// Whether the person who asks is on the care team.
        care_team: bool,
        /// Whether the person who asks is in a conversation about the patient.
        conversation: bool,
        /// That the person who asks broke the glass, as long as it holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        glass: Option<Glass>,
        /// What explains that the person who asks looks, where something does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        explained: Option<Because>,
        /// Its own labels and those of the patient, as in [`Resource::Patient`].
        labels: BTreeSet<String>,
    },
    /// Key packages.
    KeyPackages {
        /// Whose, when they are handed in or counted; absent when those of people are claimed.
        device: Option<DeviceId>,
    },
    /// The server's share of the key of a device's local store.
    Share {
        /// The device.
        device: DeviceId,
    },
    /// That somebody broke the glass.
    Glass {
        /// The grant.
        id: GlassId,
        /// Who broke it.
        person: UserId,
    },
    /// A look at a chart that somebody should look at.
    Look {
        /// Which.
        id: LookId,
        /// Whose.
        person: UserId,
    },
    /// A message on its way from one conversation into another.
    Forward {
        /// Where it comes from.
        from: GroupId,
        /// Where it goes to.
        to: GroupId,
        /// Whether the person who asks is a member of the first …
        from_member: bool,
        /// … and of the second.
        to_member: bool,
        /// Whether the first is about a patient, and somebody in the second is not on the care team.
        outside: bool,
        /// Whether the second is about another patient.
        another_patient: bool,
    },
    /// The audit log.
    Log,
    /// A version of the policies that somebody wrote.
    Policy {
        /// Its number.
        version: u64,
        /// Who wrote it.
        author: UserId,
    },
    /// What the record keeper does about records.
    Records {
        /// Whether the record keeper said that the person who asks is a custodian.
        custodian: bool,
    },
}

/// That a person broke the glass of a patient's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Glass {
    /// The grant.
    pub id: GlassId,
    /// What for.
    pub purpose: Purpose,
}

named! {
    /// What the glass is broken for: codes of HL7 v3 PurposeOfUse.
    pub enum Purpose ("purpose") {
        /// Emergency treatment: the patient needs it now and cannot be asked.
        Emergency = "ETREAT",
        /// Immediately needed care, before somebody could add the person to the team.
        Immediate = "BTG",
        /// Treatment: called in, covering or consulting.
        Treatment = "TREAT",
        /// Coordination of care: taking a patient over, or handing one over.
        Coordination = "COC",
    }
}

named! {
    /// What explains that somebody looks at a record: the strongest that was found. `docs/access.md` says what
    /// each takes.
    pub enum Because ("reason to look") {
        /// On the care team.
        CareTeam = "care_team",
        /// Asked for advice.
        Consult = "consult",
        /// In a conversation about the patient.
        Conversation = "conversation",
        /// Gave an order, or carries it out.
        Order = "order",
        /// The patient is with them.
        Encounter = "encounter",
        /// Their department is on the care team.
        DepartmentCareTeam = "department_care_team",
        /// Their department was asked for advice.
        DepartmentConsult = "department_consult",
        /// Their department is in a conversation about the patient.
        DepartmentConversation = "department_conversation",
        /// Their department has an order.
        DepartmentOrder = "department_order",
        /// The patient is with their department.
        DepartmentEncounter = "department_encounter",
        /// They come from a conversation about the patient.
        FromConversation = "from_conversation",
        /// The patient is on the ward of their shift.
        Ward = "ward",
        /// They had a reason of their own until some days ago.
        Before = "before",
        /// Somebody of their ward treats the patient, and they are on shift.
        Colleague = "colleague",
        /// Their department had a reason until a few days ago.
        DepartmentBefore = "department_before",
        /// The patient is on their list of work.
        Worklist = "worklist",
    }
}

impl Because {
    /// How strong it is: 3 where somebody wrote down that the person has to do with the patient now, 2 where
    /// their department has, 1 where that is concluded.
    pub const fn strength(self) -> u8 {
        match self {
            Self::CareTeam | Self::Consult | Self::Conversation | Self::Order | Self::Encounter => {
                3
            }
            Self::DepartmentCareTeam
            | Self::DepartmentConsult
            | Self::DepartmentConversation
            | Self::DepartmentOrder
            | Self::DepartmentEncounter => 2,
            Self::FromConversation
            | Self::Ward
            | Self::Before
            | Self::Colleague
            | Self::DepartmentBefore
            | Self::Worklist => 1,
        }
    }
}

impl Resource {
    /// Its kind.
    pub const fn kind(&self) -> ResourceKind {
        match self {
            Self::Hospital => ResourceKind::Hospital,
            Self::Group { .. } => ResourceKind::Group,
            Self::Escalation { .. } => ResourceKind::Escalation,
            Self::Attachment { .. } => ResourceKind::Attachment,
            Self::Device { .. } => ResourceKind::Device,
            Self::Session { .. } => ResourceKind::Session,
            Self::Factors { .. } => ResourceKind::Factors,
            Self::Invite { .. } => ResourceKind::Invite,
            Self::Recovery { .. } => ResourceKind::Recovery,
            Self::Patient { .. } => ResourceKind::Patient,
            Self::Document { .. } => ResourceKind::Document,
            Self::Entry { .. } => ResourceKind::Entry,
            Self::KeyPackages { .. } => ResourceKind::KeyPackages,
            Self::Share { .. } => ResourceKind::Share,
            Self::Glass { .. } => ResourceKind::Glass,
            Self::Look { .. } => ResourceKind::Look,
            Self::Forward { .. } => ResourceKind::Forward,
            Self::Log => ResourceKind::Log,
            Self::Policy { .. } => ResourceKind::Policy,
            Self::Records { .. } => ResourceKind::Records,
        }
    }

    /// Its name in the audit log: kinds and ids, nothing else.
    pub fn name(&self) -> String {
        match self {
            Self::Hospital => "hospital".to_owned(),
            Self::Group { id, .. } => format!("group/{id}"),
            Self::Escalation { id, .. } => format!("escalation/{id}"),
            Self::Attachment { id, .. } => format!("attachment/{id}"),
            Self::Device { id, .. } => format!("device/{id}"),
            Self::Session { id: Some(id), .. } => format!("session/{id}"),
            Self::Session { id: None, owner } => format!("user/{owner}/sessions"),
            Self::Factors { owner } => format!("user/{owner}/factors"),
            Self::Invite { person, .. } => format!("user/{person}/invite"),
            Self::Recovery { person, .. } => format!("user/{person}/recovery"),
            Self::Patient { id, .. } => format!("patient/{id}"),
            Self::Document { id, patient, .. } => format!("patient/{patient}/note/{id}"),
            Self::Entry {
                kind,
                id,
                patient: Some(patient),
                ..
            } => format!("patient/{patient}/{kind}/{id}"),
            Self::Entry { kind, id, .. } => format!("{kind}/{id}"),
            Self::KeyPackages {
                device: Some(device),
            } => format!("device/{device}/key-packages"),
            Self::KeyPackages { device: None } => "key-packages".to_owned(),
            Self::Share { device } => format!("device/{device}/share"),
            Self::Glass { id, .. } => format!("glass/{id}"),
            Self::Look { id, .. } => format!("look/{id}"),
            Self::Forward { from, to, .. } => format!("group/{from}/forward/{to}"),
            Self::Log => "log".to_owned(),
            Self::Policy { version, .. } => format!("policy/{version}"),
            Self::Records { .. } => "records".to_owned(),
        }
    }
}

named! {
    /// The kinds of [`Resource`], by the names of their Cedar entity types.
    pub enum ResourceKind ("kind of resource") {
        /// The hospital as a whole.
        Hospital = "Hospital",
        /// A conversation.
        Group = "Group",
        /// A STAT message that waits for an answer.
        Escalation = "Escalation",
        /// An attachment of a message.
        Attachment = "Attachment",
        /// A device.
        Device = "Device",
        /// Sessions of a person.
        Session = "Session",
        /// A person's factors beside the passkey.
        Factors = "Factors",
        /// An invitation.
        Invite = "Invite",
        /// Giving a person who lost every device a new one.
        Recovery = "Recovery",
        /// A patient's record.
        Patient = "Patient",
        /// A document of a patient's record.
        Document = "Document",
        /// An entry of a record.
        Entry = "Entry",
        /// Key packages.
        KeyPackages = "KeyPackages",
        /// A share of a local-store key.
        Share = "Share",
        /// That somebody broke the glass.
        Glass = "Glass",
        /// A look at a chart that somebody should look at.
        Look = "Look",
        /// A message on its way from one conversation into another.
        Forward = "Forward",
        /// The audit log.
        Log = "Log",
        /// A version of the policies.
        Policy = "Policy",
        /// What the record keeper does about records.
        Records = "Records",
    }
}
