//! What holds whatever is asked.

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::people::{HOUR, engine};
use super::questions::{a_question, in_good_standing};
use crate::{Action, Decision, Proof, Resource};

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
    fn nothing_of_a_record_is_seen_without_a_reason_to_look(question in a_question()) {
        let question = in_good_standing(question);
        if let Resource::Entry {
            patient: Some(_), care_team: false, conversation: false, glass: None, explained: None, ..
        } = question.resource
        {
            let decided = engine().decide(&question);
            prop_assert!(matches!(decided.decision, Decision::Deny { .. }), "{:?}", decided);
        }
    }

    #[test]
    fn no_attachment_is_read_from_outside_its_conversation(question in a_question()) {
        let question = in_good_standing(question);
        if let Resource::Attachment { member: false, .. } = question.resource
            && question.action != Action::AttachmentDelete
        {
            let decided = engine().decide(&question);
            prop_assert!(matches!(decided.decision, Decision::Deny { .. }), "{:?}", decided);
        }
    }

    #[test]
    fn a_proof_that_is_asked_for_opens_the_door(question in a_question()) {
        let mut question = in_good_standing(question);
        if let Decision::StepUp { methods, scopes, advice } = engine().decide(&question).decision {
            prop_assert!(!methods.is_empty() && !advice.is_empty());
            let session = question.session.as_mut().unwrap();
            session.scopes.extend(scopes.into_iter().map(|scope| (scope, 0)));
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

    // Beyond 2^53 numbers have no JSON of their own there (RFC 8785 §3.2.2.3); here they do.
    #[test]
    fn a_digest_is_of_the_canonical_json_of_rfc_8785(mut question in a_question()) {
        if let Some(session) = &mut question.session {
            let ages = [&mut session.proof_age_ms, &mut session.idle_ms, &mut session.age_ms];
            let more = [&mut session.code_age_ms, &mut session.card_age_ms];
            let ages = ages.into_iter().chain(more.into_iter().flatten());
            ages.chain(session.scopes.values_mut()).for_each(|age| *age %= 1 << 53);
        }
        let canonical = serde_json_canonicalizer::to_vec(&question).unwrap();
        prop_assert_eq!(question.digest(), hex::encode(Sha256::digest(&canonical)));
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
