//! What holds whatever is asked.

use proptest::collection::btree_set;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::groups::GroupKind;
use wardline_model::{DeviceId, FacilityId, GroupId, SessionId, UserId};

use super::people::{HOUR, MINUTE, engine};
use crate::{
    Action, Circumstances, Decision, DeviceFacts, Limits, Network, PasskeyKind, Person, Place,
    Program, Proof, Question, Resource, ResourceKind, SessionFacts,
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

prop_compose! {
    fn a_person()(
        id in user(),
        roles in btree_set(select(&ROLES[..]), 0..4),
        departments in btree_set("[a-z]{1,8}", 0..3),
        facility in option::of(any::<[u8; 16]>().prop_map(FacilityId::from_bytes)),
        active in mostly(),
        onboarded in mostly(),
    ) -> Person {
        let roles = roles.into_iter().map(str::to_owned).collect();
        Person { id, roles, departments, facility, active, onboarded }
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
    ) -> SessionFacts {
        SessionFacts {
            id, aal, proof_age_ms, idle_ms, age_ms, network, code_age_ms, card_age_ms, place, codes,
        }
    }
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
                any::<[u8; 16]>(),
                select(kinds.to_vec()),
                any::<bool>(),
                any::<bool>(),
            )
                .prop_map(|(id, kind, member, removal_pending)| {
                    let id = GroupId::from_bytes(id);
                    Resource::Group {
                        id,
                        kind,
                        member,
                        removal_pending,
                    }
                })
                .boxed()
        }
        ResourceKind::Device => (device_id(), user(), device_state(), any::<bool>())
            .prop_map(|(id, owner, state, own_approval)| Resource::Device {
                id,
                owner,
                state,
                own_approval,
            })
            .boxed(),
        ResourceKind::Factors => user().prop_map(|owner| Resource::Factors { owner }).boxed(),
        ResourceKind::Session => (option::of(any::<[u8; 16]>()), user())
            .prop_map(|(id, owner)| Resource::Session {
                id: id.map(SessionId::from_bytes),
                owner,
            })
            .boxed(),
        ResourceKind::Invite => (user(), select(Program::ALL), any::<bool>())
            .prop_map(|(person, program, self_service)| Resource::Invite {
                person,
                program,
                self_service,
            })
            .boxed(),
        ResourceKind::Patient => (
            "[A-Za-z0-9.-]{1,64}",
            any::<bool>(),
            any::<bool>(),
            btree_set(select(vec!["N", "R", "V", "PSY", "HIV", "ETH"]), 0..3),
        )
            .prop_map(|(id, care_team, conversation, labels)| Resource::Patient {
                id: id.parse().unwrap(),
                care_team,
                conversation,
                labels: labels.into_iter().map(str::to_owned).collect(),
            })
            .boxed(),
        ResourceKind::KeyPackages => option::of(device_id())
            .prop_map(|device| Resource::KeyPackages { device })
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
        risk in prop_oneof![3 => 0..60_u8, 1 => 0..=100_u8],
    ) -> Circumstances {
        Circumstances { now_ms, on_premises, on_shift, risk, limits: Limits::default() }
    }
}

fn a_question() -> impl Strategy<Value = Question> {
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
}

/// Sets right what the random device got wrong most often, so that permits are reached too.
fn in_good_standing(mut question: Question) -> Question {
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
    }
    question
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn nobody_inactive_or_unknown_gets_past_the_public_door(question in a_question()) {
        let active = question.principal.as_ref().is_some_and(|person| person.active);
        if !active && !question.action.is_public() {
            let decided = engine().decide(&question);
            prop_assert!(matches!(decided.decision, Decision::Deny { .. }), "{:?}", decided);
        }
    }

    #[test]
    fn nothing_is_done_without_a_live_session_on_an_own_active_endorsed_device(
        question in a_question()
    ) {
        let good_device = question.device.as_ref().is_some_and(|device| {
            device.state.is_in_use()
                && device.endorsed
                && question.principal.as_ref().is_some_and(|person| person.id == device.owner)
        });
        let live_session = question.session.as_ref().is_some_and(|session| {
            session.idle_ms < HOUR && session.age_ms < 24 * HOUR
        });
        let in_order = good_device && live_session;
        if !in_order && !question.action.is_public() {
            let decided = engine().decide(&question);
            prop_assert!(matches!(decided.decision, Decision::Deny { .. }), "{:?}", decided);
        }
    }

    #[test]
    fn nobody_writes_to_or_reads_a_conversation_from_outside(question in a_question()) {
        let question = in_good_standing(question);
        if let Resource::Group { member: false, .. } = question.resource
            && question.action != Action::GroupCreate
        {
            let decided = engine().decide(&question);
            prop_assert!(matches!(decided.decision, Decision::Deny { .. }), "{:?}", decided);
        }
    }

    #[test]
    fn a_proof_that_is_asked_for_opens_the_door(question in a_question()) {
        let mut question = in_good_standing(question);
        if let Decision::StepUp { methods, advice } = engine().decide(&question).decision {
            prop_assert!(!methods.is_empty() && !advice.is_empty());
            let session = question.session.as_mut().unwrap();
            // Each proof does what it is for, and nothing that was not asked for.
            for method in methods {
                match method {
                    Proof::UserVerification => {
                        session.proof_age_ms = 0;
                        session.aal = 2;
                    }
                    Proof::OneTimeCode => session.code_age_ms = Some(0),
                    Proof::SmartCard => session.card_age_ms = Some(0),
                }
            }
            prop_assert_eq!(engine().decide(&question).decision, Decision::Allow);
        }
    }

    #[test]
    fn every_question_fits_the_schema_and_every_policy_can_be_evaluated(
        question in a_question()
    ) {
        // A hospital's own role is the one thing that the schema need not know.
        let mut known = question.clone();
        if let Some(person) = &mut known.principal {
            person.roles.remove("a role of the hospital's own");
        }
        prop_assert!(engine().conforms(&known));
        prop_assert_eq!(engine().decide(&known), engine().decide(&question));
        let decided = engine().decide(&question);
        if let Decision::Deny { code, advice } = &decided.decision {
            prop_assert_ne!(code, crate::engine::POLICY_ERROR);
            prop_assert!(advice.iter().all(|sentence| sentence.ends_with('.')));
            prop_assert!(!advice.is_empty());
        }
    }

    #[test]
    fn the_same_question_has_the_same_answer(question in a_question()) {
        prop_assert_eq!(engine().decide(&question), engine().decide(&question));
        prop_assert_eq!(question.digest(), question.clone().digest());
    }
}

#[test]
fn the_random_questions_reach_every_kind_of_answer() {
    // Guards the properties above against a generator that only ever makes refusals.
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::{Config, TestRunner};
    // A fixed seed: this must not fail by bad luck.
    let rng = proptest::test_runner::TestRng::deterministic_rng(
        proptest::test_runner::RngAlgorithm::ChaCha,
    );
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut allowed, mut stepped, mut denied) = (0, 0, 0);
    for _ in 0..2000 {
        let question = in_good_standing(a_question().new_tree(&mut runner).unwrap().current());
        match engine().decide(&question).decision {
            Decision::Allow => allowed += 1,
            Decision::StepUp { .. } => stepped += 1,
            Decision::Deny { .. } => denied += 1,
        }
    }
    assert!(
        allowed > 300 && stepped > 20 && denied > 300,
        "{allowed} {stepped} {denied}"
    );
}
