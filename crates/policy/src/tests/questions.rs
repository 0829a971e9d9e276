//! Questions made at random.

use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::groups::GroupKind;
use wardline_model::{
    AttachmentId, DeviceId, EscalationId, FacilityId, GlassId, GroupId, LookId, SessionId, UserId,
};

use super::people::{HOUR, MINUTE};
use crate::{
    Action, BOT, Because, BotFacts, Circumstances, DeviceFacts, Glass, Limits, Network,
    PasskeyKind, Person, Place, Program, Purpose, Question, Resource, ResourceKind, Scope,
    SessionFacts,
};

const ROLES: [&str; 12] = [
    "nurse",
    "charge_nurse",
    "physician",
    "pharmacist",
    "transporter",
    "security_officer",
    "privacy_officer",
    "enrolling_officer",
    "operator",
    "auditor",
    "record_keeper",
    "a role of the hospital's own",
];

/// Few people and devices, so that they often coincide.
fn user() -> impl Strategy<Value = UserId> {
    (0..3_u8).prop_map(|n| UserId::from_bytes([n; 16]))
}

fn device_id() -> impl Strategy<Value = DeviceId> {
    (0..3_u8).prop_map(|n| DeviceId::from_bytes([n; 16]))
}

fn device_state() -> impl Strategy<Value = DeviceState> {
    prop_oneof![
        4 => Just(DeviceState::Active),
        1 => Just(DeviceState::Pending),
        2 => Just(DeviceState::Grace),
        1 => Just(DeviceState::Quarantined),
        1 => Just(DeviceState::Lost),
        1 => Just(DeviceState::Wiped),
        1 => Just(DeviceState::Retired),
    ]
}

fn mostly() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.8)
}

/// The conversations and roles that bots may be let into.
fn place() -> impl Strategy<Value = [u8; 16]> {
    (0..3_u8).prop_map(|n| [n; 16])
}

prop_compose! {
    fn a_bot()(
        reads in any::<bool>(),
        urgent in any::<bool>(),
        stat in any::<bool>(),
        anywhere in any::<bool>(),
        groups in btree_set(place().prop_map(GroupId::from_bytes), 0..3),
        roles in btree_set(select(&["stroke", "cardiology"][..]), 0..2),
        care_teams in any::<bool>(),
        results in any::<bool>(),
    ) -> BotFacts {
        let roles = roles.into_iter().map(str::to_owned).collect();
        BotFacts { reads, urgent, stat, anywhere, groups, roles, care_teams, results }
    }
}

prop_compose! {
    fn a_person()(
        id in user(),
        roles in btree_set(select(&ROLES[..]), 0..4),
        departments in btree_set("[a-z]{1,8}", 0..3),
        facility in option::of(any::<[u8; 16]>().prop_map(FacilityId::from_bytes)),
        active in mostly(),
        onboarded in mostly(),
        bot in option::weighted(0.1, option::weighted(0.8, a_bot())),
    ) -> Person {
        let roles = roles.into_iter().chain(bot.is_some().then_some(BOT));
        let roles = roles.map(str::to_owned).collect();
        let bot = bot.flatten();
        Person { id, roles, departments, facility, active, onboarded, bot }
    }
}

prop_compose! {
    fn a_device()(
        id in device_id(),
        owner in user(),
        program in select(Program::ALL),
        state in device_state(),
        endorsed in mostly(),
        passkey in select(PasskeyKind::ALL),
    ) -> DeviceFacts {
        DeviceFacts { id, owner, program, state, endorsed, passkey }
    }
}

fn age() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..10 * MINUTE, 2 => 0..2 * HOUR, 1 => 0..48 * HOUR, 1 => any::<u64>()]
}

prop_compose! {
    fn a_session()(
        id in any::<[u8; 16]>().prop_map(SessionId::from_bytes),
        aal in 1..=3_u8,
        proof_age_ms in age(),
        idle_ms in age(),
        age_ms in age(),
        network in select(Network::ALL),
        code_age_ms in option::of(age()),
        card_age_ms in option::of(age()),
        codes in 0..3_u32,
        place in select(Place::ALL),
        scopes in btree_map(select(Scope::ALL), age(), 0..3),
    ) -> SessionFacts {
        SessionFacts {
            id, aal, proof_age_ms, idle_ms, age_ms, network, code_age_ms, card_age_ms, place,
            codes, scopes,
        }
    }
}

fn broken() -> impl Strategy<Value = Option<Glass>> {
    let glass = (any::<[u8; 16]>(), select(Purpose::ALL)).prop_map(|(id, purpose)| Glass {
        id: GlassId::from_bytes(id),
        purpose,
    });
    option::weighted(0.3, glass)
}

fn because() -> impl Strategy<Value = Option<Because>> {
    option::weighted(0.3, select(Because::ALL))
}

fn a_resource(kind: ResourceKind) -> BoxedStrategy<Resource> {
    match kind {
        ResourceKind::Hospital => Just(Resource::Hospital).boxed(),
        ResourceKind::Log => Just(Resource::Log).boxed(),
        ResourceKind::Group => {
            let kinds = [
                GroupKind::Direct,
                GroupKind::Group,
                GroupKind::Role,
                GroupKind::Team,
                GroupKind::Keeper,
            ];
            (
                prop_oneof![place(), any::<[u8; 16]>()],
                select(kinds.to_vec()),
                any::<bool>(),
                any::<bool>(),
                option::of(select(&["stroke", "cardiology"][..])),
                any::<bool>(),
            )
                .prop_map(|(id, kind, member, removal_pending, role, urgent)| {
                    let id = GroupId::from_bytes(id);
                    Resource::Group {
                        id,
                        kind,
                        member,
                        removal_pending,
                        role: role.map(str::to_owned),
                        urgent,
                    }
                })
                .boxed()
        }
        ResourceKind::Escalation => (any::<[u8; 16]>(), any::<u32>(), any::<[bool; 2]>())
            .prop_map(|(group, seq, [asked, sent])| {
                let group = GroupId::from_bytes(group);
                let seq = seq.into();
                Resource::Escalation {
                    id: EscalationId {
                        group,
                        seq,
                        line: 0,
                    },
                    asked,
                    sent,
                }
            })
            .boxed(),
        ResourceKind::Attachment => (
            any::<[u8; 16]>(),
            user(),
            any::<bool>(),
            any::<bool>(),
            any::<u32>(),
        )
            .prop_map(|(id, sender, member, files, bytes)| Resource::Attachment {
                id: AttachmentId::from_bytes(id),
                sender,
                member,
                files,
                bytes: bytes.into(),
            })
            .boxed(),
        ResourceKind::Device => (
            device_id(),
            user(),
            device_state(),
            any::<bool>(),
            any::<bool>(),
        )
            .prop_map(|(id, owner, state, own_approval, bulk)| Resource::Device {
                id,
                owner,
                state,
                own_approval,
                bulk,
            })
            .boxed(),
        ResourceKind::Factors => user().prop_map(|owner| Resource::Factors { owner }).boxed(),
        ResourceKind::Session => (option::of(any::<[u8; 16]>()), user())
            .prop_map(|(id, owner)| Resource::Session {
                id: id.map(SessionId::from_bytes),
                owner,
            })
            .boxed(),
        ResourceKind::Invite => (
            user(),
            select(Program::ALL),
            any::<bool>(),
            prop::bool::weighted(0.2),
        )
            .prop_map(
                |(person, program, self_service, recovers)| Resource::Invite {
                    person,
                    program,
                    self_service,
                    recovers,
                },
            )
            .boxed(),
        ResourceKind::Recovery => (user(), user())
            .prop_map(|(person, asked_by)| Resource::Recovery { person, asked_by })
            .boxed(),
        ResourceKind::Patient => (
            "[A-Za-z0-9.-]{1,64}",
            any::<bool>(),
            any::<bool>(),
            broken(),
            because(),
            btree_set(select(vec!["N", "R", "V", "PSY", "HIV", "ETH"]), 0..3),
        )
            .prop_map(
                |(id, care_team, conversation, glass, explained, labels)| Resource::Patient {
                    id: id.parse().unwrap(),
                    care_team,
                    conversation,
                    glass,
                    explained,
                    labels: labels.into_iter().map(str::to_owned).collect(),
                },
            )
            .boxed(),
        ResourceKind::Document => (
            "[A-Za-z0-9.-]{1,64}",
            any::<bool>(),
            any::<bool>(),
            broken(),
            because(),
            btree_set(
                select(vec!["N", "R", "V", "PSY", "HIV", "ETH", "CEL", "EMP"]),
                0..3,
            ),
        )
            .prop_map(|(id, care_team, conversation, glass, explained, labels)| {
                Resource::Document {
                    patient: id.parse().unwrap(),
                    id,
                    care_team,
                    conversation,
                    glass,
                    explained,
                    labels: labels.into_iter().map(str::to_owned).collect(),
                }
            })
            .boxed(),
        ResourceKind::Entry => (
            ("[A-Za-z0-9.-]{1,64}", any::<bool>()),
            select(&["Patient", "Observation", "Location", "Flag"][..]),
            btree_set(select(&["laboratory", "vital-signs"][..]), 0..2),
            any::<[bool; 2]>(),
            broken(),
            because(),
            btree_set(
                select(vec!["N", "R", "V", "PSY", "HIV", "ETH", "CEL", "PSYTHPN"]),
                0..3,
            ),
        )
            .prop_map(
                |(
                    (id, of_somebody),
                    kind,
                    categories,
                    [care_team, conversation],
                    glass,
                    explained,
                    labels,
                )| {
                    Resource::Entry {
                        kind: kind.to_owned(),
                        patient: of_somebody.then(|| id.parse().unwrap()),
                        id,
                        categories: categories.into_iter().map(str::to_owned).collect(),
                        care_team,
                        conversation,
                        glass,
                        explained,
                        labels: labels.into_iter().map(str::to_owned).collect(),
                    }
                },
            )
            .boxed(),
        ResourceKind::KeyPackages => option::of(device_id())
            .prop_map(|device| Resource::KeyPackages { device })
            .boxed(),
        ResourceKind::Glass => (any::<[u8; 16]>(), user())
            .prop_map(|(id, person)| Resource::Glass {
                id: GlassId::from_bytes(id),
                person,
            })
            .boxed(),
        ResourceKind::Look => (any::<[u8; 16]>(), user())
            .prop_map(|(id, person)| Resource::Look {
                id: LookId::from_bytes(id),
                person,
            })
            .boxed(),
        ResourceKind::Forward => any::<[bool; 4]>()
            .prop_map(
                |[from_member, to_member, outside, another_patient]| Resource::Forward {
                    from: GroupId::from_bytes([1; 16]),
                    to: GroupId::from_bytes([2; 16]),
                    from_member,
                    to_member,
                    outside,
                    another_patient,
                },
            )
            .boxed(),
        ResourceKind::Policy => (0..9_u64, user())
            .prop_map(|(version, author)| Resource::Policy { version, author })
            .boxed(),
        ResourceKind::Records => any::<bool>()
            .prop_map(|custodian| Resource::Records { custodian })
            .boxed(),
        ResourceKind::Share => device_id()
            .prop_map(|device| Resource::Share { device })
            .boxed(),
    }
}

prop_compose! {
    fn circumstances()(
        now_ms in 0..4_000_000_000_000_u64,
        on_premises in any::<bool>(),
        on_shift in any::<bool>(),
        on_call in any::<bool>(),
        risk in prop_oneof![3 => 0..60_u8, 1 => 0..=100_u8],
    ) -> Circumstances {
        Circumstances { now_ms, on_premises, on_shift, on_call, risk, limits: Limits::default() }
    }
}

/// In a box: with all that it is made of on the stack, a test would use most of it.
pub(super) fn a_question() -> BoxedStrategy<Question> {
    (
        option::weighted(0.9, a_person()),
        option::weighted(0.9, a_device()),
        select(Action::ALL),
    )
        .prop_flat_map(|(principal, device, action)| {
            let resource = a_resource(action.resource_kind());
            let session = option::weighted(0.9, a_session());
            (
                Just(principal),
                Just(device),
                Just(action),
                resource,
                session,
                circumstances(),
            )
        })
        .prop_map(
            |(principal, device, action, resource, session, context)| Question {
                principal,
                device,
                session,
                action,
                resource,
                context,
            },
        )
        .boxed()
}

/// Sets right what the random device got wrong most often, so that permits are reached too.
pub(super) fn in_good_standing(mut question: Question) -> Question {
    if let Some(person) = &mut question.principal {
        person.active = true;
        person.onboarded = true;
        if let Some(device) = &mut question.device {
            device.owner = person.id;
            device.state = DeviceState::Active;
            device.endorsed = true;
            device.passkey = PasskeyKind::Platform;
        }
    }
    if let Some(session) = &mut question.session {
        session.idle_ms %= HOUR;
        session.age_ms %= 24 * HOUR;
        for age in session.scopes.values_mut() {
            *age %= 2 * MINUTE;
        }
    }
    question
}
