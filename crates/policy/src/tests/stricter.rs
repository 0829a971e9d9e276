//! What is stricter never opens more: a device, a risk, a rule.

use std::sync::OnceLock;

use cedar_policy::Effect;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wardline_model::UserId;
use wardline_model::wire::enroll::DeviceState;

use super::people::{MINUTE, engine, with_rule};
use super::questions::{a_question, in_good_standing};
use crate::{
    Decision, DeviceFacts, Engine, PasskeyKind, Place, PolicyTexts, Question, Resource, Scope,
    rules,
};

/// Whether one answer opens nothing that the other keeps closed: a step-up asks for no proof less,
/// a refusal stays one.
fn at_least_as_strict(one: &Decision, other: &Decision) -> bool {
    match (one, other) {
        (Decision::Deny { .. }, _) | (_, Decision::Allow) => true,
        (Decision::StepUp { methods: one, .. }, Decision::StepUp { methods: other, .. }) => {
            one.is_superset(other)
        }
        _ => false,
    }
}

/// The baseline without one policy: its id, what it did, the engine.
struct Without {
    id: String,
    effect: Effect,
    engine: Engine,
}

fn without_one() -> &'static [Without] {
    static ENGINES: OnceLock<Vec<Without>> = OnceLock::new();
    ENGINES.get_or_init(|| on_a_stack_of_its_own(make_without_one))
}

/// Cedar reads by recursion, and proptest has used much of the stack of a test.
fn on_a_stack_of_its_own<T: Send + 'static>(make: fn() -> T) -> T {
    let thread = std::thread::Builder::new().stack_size(32 << 20);
    thread.spawn(make).unwrap().join().unwrap()
}

fn make_without_one() -> Vec<Without> {
    let baseline = PolicyTexts::baseline();
    let sources = baseline.policies();
    let (rules, problems) = rules::read(&sources);
    assert_eq!(problems, []);
    let without = |rule: &rules::Rule| {
        let mut files = baseline.files().to_vec();
        files[rule.source + 1]
            .text
            .replace_range(rule.place.clone(), "");
        Without {
            id: rule.policy.id().to_string(),
            effect: rule.policy.effect(),
            engine: PolicyTexts::edited(files).unwrap().engine().unwrap(),
        }
    };
    rules.iter().map(without).collect()
}

/// The baseline with one forbid more.
fn with_one_more() -> &'static [Engine] {
    static ENGINES: OnceLock<Vec<Engine>> = OnceLock::new();
    ENGINES.get_or_init(|| on_a_stack_of_its_own(make_with_one_more))
}

fn make_with_one_more() -> Vec<Engine> {
    let conditions = [
        "",
        "when { context.on_shift }",
        "unless { context has session && context.session.aal >= 3 }",
        "when { context.risk > 20 }",
    ];
    let proofs = [
        "",
        "@step_up(\"user_verification\")",
        "@step_up(\"one_time_code\")",
    ];
    let mut engines = Vec::new();
    for group in ["public", "authenticated", "sensitive", "member"] {
        for (condition, proof) in conditions.into_iter().zip(proofs.into_iter().cycle()) {
            let rule = format!(
                "@id(\"more\") @reason(\"more\") @advice(\"No.\") {proof} forbid (principal, \
                     action in Wardline::Action::\"{group}\", resource) {condition};"
            );
            engines.push(with_rule(&rule).engine().unwrap());
        }
    }
    engines
}

/// Something about a device that speaks against it.
fn flaw() -> impl Strategy<Value = fn(&mut DeviceFacts)> {
    let flaws: [fn(&mut DeviceFacts); 8] = [
        |device| device.endorsed = false,
        |device| device.passkey = PasskeyKind::Software,
        |device| device.owner = UserId::from_bytes([0xEE; 16]),
        |device| device.state = DeviceState::Pending,
        |device| device.state = DeviceState::Quarantined,
        |device| device.state = DeviceState::Lost,
        |device| device.state = DeviceState::Wiped,
        |device| device.state = DeviceState::Retired,
    ];
    select(flaws.to_vec())
}

/// Questions of people whose device gives no offence, and of all others.
fn any_question() -> BoxedStrategy<Question> {
    prop_oneof![a_question(), a_question().prop_map(in_good_standing)].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn a_worse_device_never_has_a_weaker_answer(question in any_question(), flaw in flaw()) {
        let mut worse = question.clone();
        if let Some(device) = &mut worse.device
            // What has one flaw is not made worse by another: nobody vouched for what is pending.
            && device.state.is_in_use()
            && device.endorsed
        {
            flaw(device);
        }
        let (before, after) = (engine().decide(&question), engine().decide(&worse));
        prop_assert!(at_least_as_strict(&after.decision, &before.decision), "{:?} {:?}", before, after);
    }

    #[test]
    fn a_higher_risk_never_has_a_weaker_answer(question in any_question(), more in 0..=100_u8) {
        let mut risky = question.clone();
        risky.context.risk = question.context.risk.saturating_add(more).min(100);
        let (before, after) = (engine().decide(&question), engine().decide(&risky));
        prop_assert!(at_least_as_strict(&after.decision, &before.decision), "{:?} {:?}", before, after);
    }

    #[test]
    fn an_older_proof_never_has_a_weaker_answer(question in any_question(), older in any::<u32>()) {
        let mut later = question.clone();
        if let Some(session) = &mut later.session {
            for age in [&mut session.proof_age_ms, &mut session.idle_ms, &mut session.age_ms] {
                *age = age.saturating_add(older.into());
            }
            session.code_age_ms = session.code_age_ms.map(|age| age.saturating_add(older.into()));
        }
        let (before, after) = (engine().decide(&question), engine().decide(&later));
        prop_assert!(at_least_as_strict(&after.decision, &before.decision), "{:?} {:?}", before, after);
    }

    #[test]
    fn a_permit_less_opens_nothing_and_a_forbid_less_closes_nothing(
        question in any_question(),
        which in any::<Index>(),
    ) {
        let without = which.get(without_one());
        let whole = engine().decide(&question).decision;
        let less = without.engine.decide(&question).decision;
        let (stricter, other) = match without.effect {
            Effect::Permit => (&less, &whole),
            Effect::Forbid => (&whole, &less),
        };
        prop_assert!(at_least_as_strict(stricter, other), "{}: {:?} {:?}", without.id, whole, less);
    }

    #[test]
    fn a_forbid_more_opens_nothing(question in any_question(), which in any::<Index>()) {
        let whole = engine().decide(&question).decision;
        let more = which.get(with_one_more()).decide(&question).decision;
        prop_assert!(at_least_as_strict(&more, &whole), "{:?} {:?}", whole, more);
    }
}

#[test]
fn every_policy_of_the_baseline_bears_on_some_question() {
    // Guards the property above against questions that no policy bears on.
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let mut unseen: Vec<&Without> = without_one().iter().collect();
    for _ in 0..60_000 {
        let mut question = any_question().new_tree(&mut runner).unwrap().current();
        // Where nothing else stands in the way, what permits is met, too.
        if let Some(session) = &mut question.session
            && session.aal > 2
        {
            session.proof_age_ms %= MINUTE;
            session.place = Place::House;
            session.scopes = Scope::ALL.iter().map(|scope| (*scope, 0)).collect();
            question.context.risk = 0;
            if let Resource::Device { state, .. } = &mut question.resource {
                *state = DeviceState::Pending;
            }
        }
        let whole = engine().decide(&question);
        unseen.retain(|one| !whole.policies.contains(&one.id));
        if unseen.is_empty() {
            return;
        }
    }
    let ids: Vec<_> = unseen.iter().map(|one| &one.id).collect();
    panic!("no question met {ids:?}");
}
