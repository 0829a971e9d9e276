//! What a draft would have made of last month.

use proptest::prelude::*;

use super::people::{
    ADA, BEN, HOUR, MINUTE, NOW, ada_asks, changed, edited, engine, person, session, with_roles,
    with_rule,
};
use super::questions::a_question;
use crate::replay::{MOST_EXAMPLES, Report};
use crate::{Action, Answer, Decision, Engine, Question, Recorded, Replay};

/// Questions as the baseline decided them.
fn recorded(questions: impl IntoIterator<Item = Question>) -> Vec<Recorded> {
    let decided = |question: Question| Recorded {
        decided: engine().decide(&question).decision,
        question,
    };
    questions.into_iter().map(decided).collect()
}

fn replayed(draft: &Engine, decisions: &[Recorded]) -> Report {
    let mut replay = Replay::new(draft);
    for decision in decisions {
        replay.feed(decision);
    }
    replay.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn the_baseline_over_decisions_of_the_baseline_changes_nothing(
        questions in prop::collection::vec(a_question(), 60)
    ) {
        let report = replayed(engine(), &recorded(questions));
        prop_assert_eq!((report.decisions, report.same), (60, 60));
        prop_assert!(report.changes.is_empty(), "{:?}", report.changes);
    }

    #[test]
    fn every_decision_is_the_same_or_belongs_to_one_change(
        questions in prop::collection::vec(a_question(), 60)
    ) {
        let nothing = Engine::from_texts(crate::baseline::SCHEMA, &[]).unwrap();
        let decisions = recorded(questions);
        let report = replayed(&nothing, &decisions);
        let changed: u64 = report.changes.iter().map(|change| change.count).sum();
        prop_assert_eq!(report.same + changed, 60);
        let denied = decisions.iter().filter(|d| d.decided.answer() == Answer::Deny).count();
        prop_assert_eq!(report.same, denied as u64);
    }
}

#[test]
fn a_stricter_rule_shows_whom_it_would_have_asked_and_how_often() {
    let draft = edited(
        "charts.cedar",
        "when { resource.labels.containsAny([\"R\", \"V\"]) }",
        "when { true }",
    );
    let reads = |user, at| {
        changed(ada_asks(Action::ChartRead), |q| {
            q.principal = Some(person(user, &["physician"]));
            q.device.as_mut().unwrap().owner = user;
            q.context.now_ms = at;
            session(q).proof_age_ms = HOUR;
        })
    };
    let mut questions: Vec<_> = (0..6).map(|n| reads(ADA, NOW + n)).collect();
    questions.push(reads(BEN, NOW - 1));
    questions.push(changed(reads(BEN, NOW), |q| {
        session(q).proof_age_ms = MINUTE;
    }));
    questions.push(ada_asks(Action::MessageSend));
    let report = replayed(&draft.engine().unwrap(), &recorded(questions));
    assert_eq!((report.decisions, report.same), (9, 2));
    assert_eq!((report.from, report.to), (Some(NOW - 1), Some(NOW + 5)));
    assert_eq!(report.changes.len(), 1);
    let change = &report.changes[0];
    assert_eq!(change.action, Action::ChartRead);
    assert_eq!((change.was, change.now), (Answer::Allow, Answer::StepUp));
    assert_eq!((change.count, change.people), (7, 2));
    assert_eq!(change.policies, ["charts.restricted"]);
    assert_eq!(
        change.advice,
        ["This record is restricted. Confirm with your fingerprint, face or PIN that it is you."]
    );
    assert_eq!(change.examples.len(), MOST_EXAMPLES);
    let example = &change.examples[0];
    assert_eq!((example.at, example.user), (NOW, Some(ADA)));
    assert_eq!(
        example.resource,
        "patient/cfda32ac-8382-4a7c-92a2-1b072b2a70de"
    );
}

#[test]
fn a_wider_permit_shows_what_it_would_have_opened_the_most_frequent_first() {
    let draft = with_rule(
        "@id(\"open\") @who(\"anyone\") permit (principal is Wardline::Person, action in \
         [Wardline::Action::\"audit.read\", Wardline::Action::\"admin.overview\"], resource);",
    );
    let questions = [
        ada_asks(Action::AdminOverview),
        ada_asks(Action::AuditRead),
        ada_asks(Action::AuditRead),
        with_roles(&["auditor"], Action::AuditRead),
    ];
    let report = replayed(&draft.engine().unwrap(), &recorded(questions));
    assert_eq!(report.same, 1);
    let counts: Vec<_> = report.changes.iter().map(|c| (c.action, c.count)).collect();
    assert_eq!(counts, [(Action::AuditRead, 2), (Action::AdminOverview, 1)]);
    for change in &report.changes {
        assert_eq!((change.was, change.now), (Answer::Deny, Answer::Allow));
        assert_eq!(change.policies, ["ours.open"]);
        assert!(change.advice.is_empty());
    }
}

#[test]
fn a_condition_may_look_at_the_action_and_its_groups_as_a_scope_does() {
    let draft = with_rule(
        "@id(\"shut\") @reason(\"shut\") @advice(\"Shut.\") forbid (principal is Wardline::Person, \
         action in [Wardline::Action::\"chart.read\", Wardline::Action::\"message.send\"], resource) \
         when { action in Wardline::Action::\"sensitive\" };",
    );
    let engine = draft.engine().unwrap();
    let code = |action| match engine.decide(&ada_asks(action)).decision {
        Decision::Deny { code, .. } => Some(code),
        _ => None,
    };
    assert_eq!(code(Action::ChartRead).as_deref(), Some("shut"));
    assert_eq!(code(Action::MessageSend), None);
}

#[test]
fn a_code_instead_of_a_fingerprint_is_a_change_and_another_reason_is_none() {
    let draft = edited(
        "risk.cedar",
        "@id(\"raised\")\n@reason(\"risk_raised\")\n@step_up(\"user_verification\")",
        "@id(\"raised\")\n@reason(\"risk_raised\")\n@step_up(\"user_verification, one_time_code\")",
    );
    let unusual = changed(ada_asks(Action::ChartRead), |q| {
        q.context.risk = 60;
        session(q).proof_age_ms = HOUR;
    });
    let report = replayed(&draft.engine().unwrap(), &recorded([unusual]));
    assert_eq!(report.changes.len(), 1);
    let change = &report.changes[0];
    assert_eq!((change.was, change.now), (Answer::StepUp, Answer::StepUp));

    let renamed = edited(
        "charts.cedar",
        "@reason(\"no_basis\")",
        "@reason(\"not_assigned\")",
    );
    let stranger = changed(ada_asks(Action::ChartRead), |q| {
        q.resource = super::people::patient(false, false, &["N"]);
    });
    let report = replayed(&renamed.engine().unwrap(), &recorded([stranger]));
    assert_eq!((report.same, report.changes.len()), (1, 0));
}

#[test]
fn a_proof_that_is_asked_for_something_else_is_a_change() {
    let draft = edited(
        "charts.cedar",
        "@scope(\"sensitive_notes\")",
        "@scope(\"policies\")",
    );
    let psychiatry = changed(ada_asks(Action::NoteRead), |q| {
        q.resource = super::people::document(true, false, &["PSY"]);
        session(q).scopes.clear();
    });
    let decisions = recorded([psychiatry]);
    assert_eq!(decisions[0].decided.answer(), Answer::StepUp);
    let report = replayed(&draft.engine().unwrap(), &decisions);
    assert_eq!((report.same, report.changes.len()), (0, 1));
}

#[test]
fn who_is_unknown_is_an_example_and_no_person() {
    let draft = with_rule(
        "@id(\"closed\") @reason(\"closed\") @advice(\"Come back later.\") \
         forbid (principal, action == Wardline::Action::\"hospital.read\", resource);",
    );
    let nobody = Question {
        principal: None,
        device: None,
        session: None,
        ..ada_asks(Action::HospitalRead)
    };
    let report = replayed(&draft.engine().unwrap(), &recorded([nobody]));
    let change = &report.changes[0];
    assert_eq!((change.count, change.people), (1, 0));
    assert_eq!(change.examples[0].user, None);
    assert_eq!(change.examples[0].resource, "hospital");
}

#[test]
fn nothing_recorded_is_a_report_without_times() {
    let report = replayed(engine(), &[]);
    assert_eq!((report.from, report.to, report.decisions), (None, None, 0));
}

#[test]
fn what_was_recorded_before_there_were_codes_and_places_is_read_and_judged() {
    let old = r#"{
        "question": {
            "principal": {"id": "a1a1a1a1-a1a1-a1a1-a1a1-a1a1a1a1a1a1", "roles": ["nurse"],
                "departments": ["cardiology"], "facility": null, "active": true, "onboarded": true},
            "device": {"id": "a2a2a2a2-a2a2-a2a2-a2a2-a2a2a2a2a2a2",
                "owner": "a1a1a1a1-a1a1-a1a1-a1a1-a1a1a1a1a1a1", "program": "byod",
                "state": "active", "endorsed": true, "passkey": "platform"},
            "session": {"id": "a3a3a3a3-a3a3-a3a3-a3a3-a3a3a3a3a3a3", "aal": 2,
                "proof_age_ms": 60000, "idle_ms": 60000, "age_ms": 3600000, "network": "premises"},
            "action": "patient.search",
            "resource": {"type": "hospital"},
            "context": {"now_ms": 1767225600000, "on_premises": true, "on_shift": true, "risk": 80,
                "limits": {"idle_ms": 3600000, "absolute_ms": 86400000, "fresh_ms": 300000,
                    "risk_step_up": 60, "risk_deny": 90}}
        },
        "decided": {"decision": "allow"}
    }"#;
    let old: Recorded = serde_json::from_str(old).unwrap();
    assert_eq!(old.decided, Decision::Allow);
    assert_eq!(replayed(engine(), &[old]).same, 1);
}
