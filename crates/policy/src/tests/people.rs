//! Who appears in the tests, and the everyday question that each test changes.

use std::sync::OnceLock;

use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::groups::GroupKind;
use wardline_model::{
    AttachmentId, DeviceId, EscalationId, GlassId, GroupId, LookId, SessionId, UserId,
};

use crate::{
    Action, Circumstances, Decision, DeviceFacts, Engine, Network, PasskeyKind, Person, Place,
    PolicyFile, PolicyTexts, Program, Question, Resource, ResourceKind, Scope, SessionFacts,
};

pub(super) const MINUTE: u64 = 60_000;
pub(super) const HOUR: u64 = 60 * MINUTE;
/// 2026-01-01 00:00 UTC.
pub(super) const NOW: u64 = 1_767_225_600_000;

/// Nurse Ada, and the phone in her pocket.
pub(super) const ADA: UserId = UserId::from_bytes([0xA1; 16]);
pub(super) const ADAS_PHONE: DeviceId = DeviceId::from_bytes([0xA2; 16]);
pub(super) const ADAS_SESSION: SessionId = SessionId::from_bytes([0xA3; 16]);
/// Physician Ben.
pub(super) const BEN: UserId = UserId::from_bytes([0xB1; 16]);
pub(super) const BENS_PHONE: DeviceId = DeviceId::from_bytes([0xB2; 16]);

pub(super) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::baseline().unwrap())
}

/// Ada on shift on the ward, on her own confirmed phone, an hour into her session.
pub(super) fn ada_asks(action: Action) -> Question {
    Question {
        principal: Some(person(ADA, &["nurse"])),
        device: Some(DeviceFacts {
            id: ADAS_PHONE,
            owner: ADA,
            program: Program::Byod,
            state: DeviceState::Active,
            endorsed: true,
            passkey: PasskeyKind::Platform,
        }),
        session: Some(SessionFacts {
            id: ADAS_SESSION,
            aal: 2,
            proof_age_ms: MINUTE,
            idle_ms: MINUTE,
            age_ms: HOUR,
            network: Network::Premises,
            code_age_ms: None,
            card_age_ms: None,
            place: Place::House,
            codes: 1,
            scopes: Scope::ALL.iter().map(|scope| (*scope, MINUTE)).collect(),
        }),
        action,
        resource: her_own(action.resource_kind()),
        context: Circumstances {
            on_premises: true,
            on_shift: true,
            ..Circumstances::at(NOW)
        },
    }
}

/// The same question by someone with other roles, still on Ada's phone and session.
pub(super) fn with_roles(roles: &[&str], action: Action) -> Question {
    Question {
        principal: Some(person(ADA, roles)),
        ..ada_asks(action)
    }
}

pub(super) fn person(id: UserId, roles: &[&str]) -> Person {
    Person {
        id,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        departments: ["cardiology".to_owned()].into(),
        facility: None,
        active: true,
        onboarded: true,
        bot: None,
    }
}

/// What Ada has a hand in: her conversation, her patient, her session, her other, pending tablet.
pub(super) fn her_own(kind: ResourceKind) -> Resource {
    match kind {
        ResourceKind::Hospital => Resource::Hospital,
        ResourceKind::Log => Resource::Log,
        ResourceKind::Group => group(true, false),
        ResourceKind::Escalation => escalation(true),
        ResourceKind::Attachment => attachment(ADA, true),
        ResourceKind::Device => Resource::Device {
            id: DeviceId::from_bytes([0xA7; 16]),
            owner: ADA,
            state: DeviceState::Pending,
            own_approval: true,
            bulk: false,
        },
        ResourceKind::Session => Resource::Session {
            id: Some(ADAS_SESSION),
            owner: ADA,
        },
        ResourceKind::Factors => Resource::Factors { owner: ADA },
        ResourceKind::Invite => Resource::Invite {
            person: BEN,
            program: Program::Byod,
            self_service: true,
            recovers: false,
        },
        ResourceKind::Recovery => Resource::Recovery {
            person: BEN,
            asked_by: ADA,
        },
        ResourceKind::Patient => patient(true, true, &["N"]),
        ResourceKind::Document => document(true, true, &["N"]),
        ResourceKind::Entry => entry("Patient", true, &["N"]),
        ResourceKind::KeyPackages => Resource::KeyPackages {
            device: Some(ADAS_PHONE),
        },
        ResourceKind::Share => Resource::Share { device: ADAS_PHONE },
        ResourceKind::Glass => glass(ADA),
        ResourceKind::Look => look(ADA),
        ResourceKind::Forward => forward(true, true, true),
        ResourceKind::Policy => Resource::Policy {
            version: 7,
            author: ADA,
        },
        ResourceKind::Records => Resource::Records { custodian: true },
    }
}

/// What belongs to Ben and his conversations.
pub(super) fn someone_elses(kind: ResourceKind) -> Resource {
    match kind {
        ResourceKind::Group => group(false, false),
        ResourceKind::Escalation => escalation(false),
        ResourceKind::Attachment => attachment(BEN, false),
        ResourceKind::Device => Resource::Device {
            id: BENS_PHONE,
            owner: BEN,
            state: DeviceState::Pending,
            own_approval: true,
            bulk: false,
        },
        ResourceKind::Session => Resource::Session {
            id: None,
            owner: BEN,
        },
        ResourceKind::Factors => Resource::Factors { owner: BEN },
        ResourceKind::Recovery => Resource::Recovery {
            person: BEN,
            asked_by: BEN,
        },
        ResourceKind::Patient => patient(false, false, &["N"]),
        ResourceKind::Document => document(false, false, &["N"]),
        ResourceKind::Entry => entry("Patient", false, &["N"]),
        ResourceKind::KeyPackages => Resource::KeyPackages {
            device: Some(BENS_PHONE),
        },
        ResourceKind::Share => Resource::Share { device: BENS_PHONE },
        ResourceKind::Glass => glass(BEN),
        ResourceKind::Look => look(BEN),
        ResourceKind::Forward => forward(false, true, true),
        ResourceKind::Policy => Resource::Policy {
            version: 7,
            author: BEN,
        },
        ResourceKind::Records => Resource::Records { custodian: false },
        ResourceKind::Hospital | ResourceKind::Log | ResourceKind::Invite => her_own(kind),
    }
}

fn escalation(asked: bool) -> Resource {
    let group = GroupId::from_bytes([0x61; 16]);
    Resource::Escalation {
        id: EscalationId {
            group,
            seq: 7,
            line: 0,
        },
        asked,
        sent: asked,
    }
}

pub(super) fn attachment(sender: UserId, member: bool) -> Resource {
    Resource::Attachment {
        id: AttachmentId::from_bytes([0x62; 16]),
        sender,
        member,
        files: true,
        bytes: 40_000,
    }
}

pub(super) fn group(member: bool, removal_pending: bool) -> Resource {
    let id = GroupId::from_bytes([0x61; 16]);
    Resource::Group {
        id,
        kind: GroupKind::Team,
        member,
        removal_pending,
        role: None,
        urgent: false,
    }
}

fn glass(person: UserId) -> Resource {
    Resource::Glass {
        id: GlassId::from_bytes([0x91; 16]),
        person,
    }
}

fn look(person: UserId) -> Resource {
    Resource::Look {
        id: LookId::from_bytes([0x92; 16]),
        person,
    }
}

pub(super) fn forward(member: bool, outside: bool, another_patient: bool) -> Resource {
    Resource::Forward {
        from: GroupId::from_bytes([0x61; 16]),
        to: GroupId::from_bytes([0x62; 16]),
        from_member: member,
        to_member: true,
        outside,
        another_patient,
    }
}

pub(super) fn patient(care_team: bool, conversation: bool, labels: &[&str]) -> Resource {
    Resource::Patient {
        id: "cfda32ac-8382-4a7c-92a2-1b072b2a70de".parse().unwrap(),
        care_team,
        conversation,
        glass: None,
        explained: None,
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
    }
}

/// The baseline with one passage of one file written otherwise.
pub(super) fn edited(file: &str, passage: &str, otherwise: &str) -> PolicyTexts {
    let mut files = PolicyTexts::baseline().files().to_vec();
    let file = files.iter_mut().find(|other| other.name == file).unwrap();
    assert_eq!(file.text.matches(passage).count(), 1, "{passage}");
    file.text = file.text.replace(passage, otherwise);
    PolicyTexts::edited(files).unwrap()
}

/// The baseline with one more file.
pub(super) fn with_rule(text: &str) -> PolicyTexts {
    let mut files = PolicyTexts::baseline().files().to_vec();
    files.push(PolicyFile {
        name: "ours.cedar".to_owned(),
        text: text.to_owned(),
    });
    PolicyTexts::edited(files).unwrap()
}

pub(super) fn document(care_team: bool, conversation: bool, labels: &[&str]) -> Resource {
    Resource::Document {
        id: "psychiatry-consult".to_owned(),
        patient: "cfda32ac-8382-4a7c-92a2-1b072b2a70de".parse().unwrap(),
        care_team,
        conversation,
        glass: None,
        explained: None,
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
    }
}

/// An entry of a record, of a patient whose care team she is on or not.
pub(super) fn entry(kind: &str, care_team: bool, labels: &[&str]) -> Resource {
    Resource::Entry {
        kind: kind.to_owned(),
        id: "entry".to_owned(),
        patient: Some("cfda32ac-8382-4a7c-92a2-1b072b2a70de".parse().unwrap()),
        categories: std::collections::BTreeSet::new(),
        care_team,
        conversation: false,
        glass: None,
        explained: None,
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
    }
}

/// The answer in one word: `allow`, `step_up` or the code of the refusal.
pub(super) fn answer(question: &Question) -> String {
    match engine().decide(question).decision {
        Decision::Allow => "allow".to_owned(),
        Decision::StepUp { .. } => "step_up".to_owned(),
        Decision::Deny { code, .. } => code,
    }
}

/// The change that each test makes to a question.
pub(super) fn changed(mut question: Question, change: impl FnOnce(&mut Question)) -> Question {
    change(&mut question);
    question
}

pub(super) fn session(question: &mut Question) -> &mut SessionFacts {
    question.session.as_mut().unwrap()
}

pub(super) fn device(question: &mut Question) -> &mut DeviceFacts {
    question.device.as_mut().unwrap()
}

pub(super) fn asker(question: &mut Question) -> &mut Person {
    question.principal.as_mut().unwrap()
}
