//! Who can do what: each person is asked about, under circumstances that speak for them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::groups::GroupKind;
use wardline_model::{
    AttachmentId, DeviceId, EscalationId, GlassId, GroupId, LookId, PatientId, SessionId, UserId,
};

use crate::action::Action;
use crate::engine::{Decided, Decision, Engine};
use crate::question::{
    Circumstances, DeviceFacts, Limits, Network, Person, Place, Program, Question, Scope,
    SessionFacts,
};
use crate::resource::{Resource, ResourceKind};

/// A person with a device of theirs. Whoever has several devices is a subject with each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The person.
    pub person: Person,
    /// The device; absent for somebody who has none in use, and so has no session either.
    pub device: Option<DeviceFacts>,
}

/// What a person can do, with the device that serves them best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ability {
    /// The person.
    pub user: UserId,
    /// The answer about what is theirs or assigned to them.
    pub own: Decided,
    /// The answer about somebody else's; absent where nothing of the kind belongs to anybody.
    pub others: Option<Decided>,
}

impl Ability {
    /// The more favourable answer.
    pub fn best(&self) -> &Decided {
        match &self.others {
            Some(others) if rank(&others.decision) < rank(&self.own.decision) => others,
            _ => &self.own,
        }
    }
}

/// What each person can do of one action, in the order in which they first stand among the
/// subjects.
///
/// Assumed is what speaks for them: a session of AAL2 whose passkey was used this very moment, no
/// one-time code yet but a generator of them, on shift, on the premises, no risk, and the most
/// favourable thing that the action can be about. Public actions are asked for without a session.
pub fn who_can(
    engine: &Engine,
    action: Action,
    subjects: &[Subject],
    now_ms: u64,
    limits: Limits,
) -> Vec<Ability> {
    let mut people: Vec<Ability> = Vec::new();
    let mut places: BTreeMap<UserId, usize> = BTreeMap::new();
    for subject in subjects {
        let asking = Asking {
            engine,
            subject,
            code: false,
            scopes: false,
            setting: Setting {
                now_ms,
                on_shift: true,
                on_premises: true,
            },
            limits,
        };
        let ability = Ability {
            user: subject.person.id,
            own: asking.about(action, Whose::Own),
            others: is_owned(action.resource_kind()).then(|| asking.about(action, Whose::Others)),
        };
        match places.entry(ability.user) {
            Entry::Occupied(place) => people[*place.get()].take_better(ability),
            Entry::Vacant(place) => {
                place.insert(people.len());
                people.push(ability);
            }
        }
    }
    people
}

impl Ability {
    fn take_better(&mut self, other: Self) {
        if rank(&other.own.decision) < rank(&self.own.decision) {
            self.own = other.own;
        }
        if let (Some(known), Some(other)) = (&mut self.others, other.others)
            && rank(&other.decision) < rank(&known.decision)
        {
            *known = other;
        }
    }
}

/// Whose thing is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Own,
    Others,
}

/// Questions about one subject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) subject: &'a Subject,
    /// Whether a one-time code was typed this very moment.
    pub(crate) code: bool,
    /// Whether the passkey was used this very moment for each function that asks for that.
    pub(crate) scopes: bool,
    pub(crate) setting: Setting,
    pub(crate) limits: Limits,
}

/// When and from where somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) now_ms: u64,
    pub(crate) on_shift: bool,
    pub(crate) on_premises: bool,
}

impl Asking<'_> {
    /// The most favourable answer.
    pub(crate) fn about(&self, action: Action, whose: Whose) -> Decided {
        let mut best: Option<Decided> = None;
        for resource in self.resources(action.resource_kind(), whose) {
            let decided = self.engine.decide(&self.question(action, resource));
            if best
                .as_ref()
                .is_none_or(|best| rank(&decided.decision) < rank(&best.decision))
            {
                best = Some(decided);
            }
        }
        // Invariant: there is a resource of every kind.
        #[expect(clippy::expect_used, reason = "no list of resources is empty")]
        best.expect("a resource of each kind")
    }

    fn question(&self, action: Action, resource: Resource) -> Question {
        let Subject { person, device } = self.subject;
        let Setting {
            now_ms,
            on_shift,
            on_premises,
        } = self.setting;
        // Off the premises it is a place where the person was seen before.
        let (network, place) = if on_premises {
            (Network::Premises, Place::House)
        } else {
            (Network::Remote, Place::Known)
        };
        let session = SessionFacts {
            id: SessionId::from_bytes(SOMETHING),
            aal: 2,
            proof_age_ms: 0,
            idle_ms: 0,
            age_ms: 0,
            network,
            code_age_ms: self.code.then_some(0),
            card_age_ms: None,
            place,
            codes: 1,
            scopes: Scope::ALL
                .iter()
                .filter(|_| self.scopes)
                .map(|scope| (*scope, 0))
                .collect(),
        };
        Question {
            principal: Some(person.clone()),
            device: device.clone(),
            session: (device.is_some() && !action.is_public()).then_some(session),
            action,
            resource,
            context: Circumstances {
                on_premises,
                on_shift,
                limits: self.limits,
                ..Circumstances::at(now_ms)
            },
        }
    }

    /// What could be asked about; never empty.
    fn resources(&self, kind: ResourceKind, whose: Whose) -> Vec<Resource> {
        let owner = match whose {
            Whose::Own => self.subject.person.id,
            Whose::Others => SOMEBODY,
        };
        // Theirs is the device that asks; whoever has none owns none.
        let device = match (&self.subject.device, whose) {
            (Some(device), Whose::Own) => device.id,
            _ => ANOTHER_DEVICE,
        };
        match kind {
            ResourceKind::Hospital => vec![Resource::Hospital],
            ResourceKind::Log => vec![Resource::Log],
            // The record keeper's conversations are for it alone.
            ResourceKind::Group => [GroupKind::Team, GroupKind::Keeper]
                .map(|kind| Resource::Group {
                    id: GroupId::from_bytes(SOMETHING),
                    kind,
                    member: true,
                    removal_pending: false,
                    role: None,
                    urgent: false,
                })
                .into(),
            ResourceKind::Escalation => vec![Resource::Escalation {
                id: EscalationId {
                    group: GroupId::from_bytes(SOMETHING),
                    seq: 1,
                    line: 0,
                },
                asked: true,
                sent: true,
            }],
            ResourceKind::Attachment => vec![Resource::Attachment {
                id: AttachmentId::from_bytes(SOMETHING),
                sender: owner,
                member: true,
                files: true,
                bytes: 1,
            }],
            // One waits to be confirmed, one is in use; nobody confirms the device at hand.
            ResourceKind::Device => [DeviceState::Active, DeviceState::Pending]
                .map(|state| Resource::Device {
                    id: ANOTHER_DEVICE,
                    owner,
                    state,
                    own_approval: true,
                    bulk: false,
                })
                .into(),
            ResourceKind::Session => vec![Resource::Session { id: None, owner }],
            ResourceKind::Factors => vec![Resource::Factors { owner }],
            ResourceKind::Invite => Program::ALL
                .iter()
                .map(|program| Resource::Invite {
                    person: owner,
                    program: *program,
                    self_service: true,
                    recovers: false,
                })
                .collect(),
            ResourceKind::Recovery => vec![Resource::Recovery {
                person: SOMEBODY,
                asked_by: owner,
            }],
            // One of theirs, and one of whom they could break the glass.
            ResourceKind::Patient => [true, false]
                .map(|care_team| Resource::Patient {
                    id: assigned(),
                    care_team,
                    conversation: care_team,
                    glass: None,
                    explained: None,
                    labels: BTreeSet::from(["N".to_owned()]),
                })
                .into(),
            ResourceKind::Document => vec![Resource::Document {
                id: "note".to_owned(),
                patient: assigned(),
                care_team: true,
                conversation: true,
                glass: None,
                explained: None,
                labels: BTreeSet::from(["N".to_owned()]),
            }],
            // What is seen whole, and what may be seen in part.
            ResourceKind::Entry => ["Observation", "Patient"]
                .map(|kind| Resource::Entry {
                    kind: kind.to_owned(),
                    id: "entry".to_owned(),
                    patient: Some(assigned()),
                    categories: BTreeSet::new(),
                    care_team: true,
                    conversation: true,
                    glass: None,
                    explained: None,
                    labels: BTreeSet::from(["N".to_owned()]),
                })
                .into(),
            ResourceKind::Glass => vec![Resource::Glass {
                id: GlassId::from_bytes(SOMETHING),
                person: owner,
            }],
            ResourceKind::Look => vec![Resource::Look {
                id: LookId::from_bytes(SOMETHING),
                person: owner,
            }],
            ResourceKind::Forward => vec![Resource::Forward {
                from: GroupId::from_bytes(SOMETHING),
                to: GroupId::from_bytes(SOMETHING),
                from_member: true,
                to_member: true,
                outside: false,
                another_patient: false,
            }],
            ResourceKind::KeyPackages => [None, Some(device)]
                .map(|device| Resource::KeyPackages { device })
                .into(),
            ResourceKind::Share => vec![Resource::Share { device }],
            ResourceKind::Records => vec![Resource::Records { custodian: true }],
            ResourceKind::Policy => vec![Resource::Policy {
                version: 1,
                author: owner,
            }],
        }
    }
}

/// A patient whom the person cares for.
fn assigned() -> PatientId {
    // Invariant: the text is a FHIR id.
    #[expect(clippy::expect_used, reason = "the id is a literal")]
    "assigned".parse().expect("a patient's id")
}

/// Whether things of a kind belong to somebody.
const fn is_owned(kind: ResourceKind) -> bool {
    match kind {
        ResourceKind::Attachment
        | ResourceKind::Device
        | ResourceKind::Session
        | ResourceKind::Factors
        | ResourceKind::Invite
        | ResourceKind::Recovery
        | ResourceKind::KeyPackages
        | ResourceKind::Share
        | ResourceKind::Glass
        | ResourceKind::Look
        | ResourceKind::Policy => true,
        ResourceKind::Hospital
        | ResourceKind::Group
        | ResourceKind::Escalation
        | ResourceKind::Patient
        | ResourceKind::Document
        | ResourceKind::Entry
        | ResourceKind::Forward
        | ResourceKind::Records
        | ResourceKind::Log => false,
    }
}

/// The lower, the more favourable.
fn rank(decision: &Decision) -> usize {
    match decision {
        Decision::Allow => 0,
        Decision::StepUp { methods, .. } => methods.len(),
        Decision::Deny { .. } => usize::MAX,
    }
}

/// An id that nothing real has: every bit is set, which no UUID of a version is (RFC 9562 §5.10).
const SOMETHING: [u8; 16] = [0xff; 16];
const SOMEBODY: UserId = UserId::from_bytes(SOMETHING);
const ANOTHER_DEVICE: DeviceId = DeviceId::from_bytes(SOMETHING);
