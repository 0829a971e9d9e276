//! Who can do what.

use wardline_model::wire::enroll::DeviceState;
use wardline_model::{DeviceId, UserId};

use super::people::{ADA, BEN, NOW, edited, engine, person, with_rule};
use crate::who::who_can;
use crate::{
    Ability, Action, Answer, Decision, DeviceFacts, Engine, Limits, PasskeyKind, Program, Proof,
    Resource, Subject,
};

pub(super) fn subject(id: UserId, roles: &[&str]) -> Subject {
    Subject {
        person: person(id, roles),
        device: Some(phone(id, 1)),
    }
}

fn phone(owner: UserId, number: u8) -> DeviceFacts {
    DeviceFacts {
        id: DeviceId::from_bytes([number; 16]),
        owner,
        program: Program::Byod,
        state: DeviceState::Active,
        endorsed: true,
        passkey: PasskeyKind::Platform,
    }
}

fn asked(engine: &Engine, action: Action, subjects: &[Subject]) -> Vec<Ability> {
    who_can(engine, action, subjects, NOW, Limits::default())
}

fn best(engine: &Engine, action: Action, subject: Subject) -> Answer {
    asked(engine, action, &[subject])[0]
        .best()
        .decision
        .answer()
}

#[test]
fn each_person_has_an_answer_with_the_policies_that_give_it() {
    let subjects = [subject(ADA, &["nurse"]), subject(BEN, &["auditor"])];
    let people = asked(engine(), Action::AuditRead, &subjects);
    assert_eq!(people.len(), 2);
    let (ada, ben) = (&people[0], &people[1]);
    assert_eq!((ada.user, ben.user), (ADA, BEN));
    assert_eq!(
        ada.own.decision,
        Decision::Deny {
            code: "missing_permission".to_owned(),
            advice: vec![
                "Only an auditor, a privacy officer or a security officer can read the audit trail."
                    .to_owned()
            ],
        }
    );
    assert_eq!(ben.own.decision, Decision::Allow);
    assert_eq!(ben.own.policies, ["officers.audit"]);
    assert_eq!(ben.others, None, "the audit log is nobody's");
}

#[test]
fn what_is_ones_own_and_what_is_somebody_elses_are_two_answers() {
    let officer = subject(ADA, &["security_officer"]);
    let nurse = subject(BEN, &["nurse"]);
    let both = |action, subject: &Subject| {
        let ability = asked(engine(), action, std::slice::from_ref(subject)).remove(0);
        let others = ability.others.clone().unwrap();
        let best = ability.best().decision.answer();
        (
            ability.own.decision.answer(),
            others.decision.answer(),
            best,
        )
    };
    let (allow, deny) = (Answer::Allow, Answer::Deny);
    let ask = Answer::StepUp;
    assert_eq!(both(Action::PolicyApprove, &officer), (deny, ask, ask));
    assert_eq!(both(Action::DeviceRevoke, &officer), (allow, ask, allow));
    assert_eq!(both(Action::DeviceRevoke, &nurse), (allow, deny, allow));
    assert_eq!(both(Action::ShareRead, &nurse), (allow, deny, allow));
    assert_eq!(both(Action::KeyPackageUpload, &nurse), (allow, deny, allow));
    assert_eq!(both(Action::PolicyApprove, &nurse), (deny, deny, deny));
}

#[test]
fn the_best_device_of_a_person_speaks_for_them() {
    let lost = Subject {
        device: Some(DeviceFacts {
            state: DeviceState::Lost,
            ..phone(ADA, 1)
        }),
        ..subject(ADA, &["nurse"])
    };
    let none = Subject {
        device: None,
        ..lost.clone()
    };
    let good = Subject {
        device: Some(phone(ADA, 2)),
        ..lost.clone()
    };
    let all = [none.clone(), lost.clone(), good, lost.clone()];
    let people = asked(engine(), Action::MessageSend, &all);
    assert_eq!(people.len(), 1);
    assert_eq!(people[0].own.decision, Decision::Allow);
    assert_eq!(best(engine(), Action::MessageSend, lost), Answer::Deny);
    let without = asked(engine(), Action::MessageSend, &[none]).remove(0);
    let advice = without.own.decision.advice();
    assert!(
        advice[0].starts_with("This device is not enrolled."),
        "{advice:?}"
    );
}

#[test]
fn a_proof_that_a_draft_asks_for_is_told_with_its_advice() {
    let draft = with_rule(
        "@id(\"code\") @reason(\"code\") @step_up(\"one_time_code\") @advice(\"Type a code.\") \
         forbid (principal, action == Wardline::Action::\"chart.read\", resource) unless \
         { context has session && context.session has code_age_ms };",
    );
    let draft = draft.engine().unwrap();
    let ability = asked(&draft, Action::ChartRead, &[subject(ADA, &["nurse"])]).remove(0);
    assert_eq!(
        ability.own.decision,
        Decision::StepUp {
            methods: [Proof::OneTimeCode].into(),
            scopes: [].into(),
            advice: vec!["Type a code.".to_owned()],
        }
    );
    assert_eq!(ability.own.policies, ["ours.code"]);
}

#[test]
fn every_action_can_be_done_by_somebody_at_its_best() {
    // Whoever can do nothing here was asked about under circumstances that do not speak for them.
    let everyone: Vec<Subject> = [
        &["nurse"][..],
        &["security_officer"],
        &["enrolling_officer"],
        &["auditor"],
        &["privacy_officer"],
        &["record_keeper"],
        &["transporter"],
    ]
    .iter()
    .zip(1..)
    .map(|(roles, n)| subject(UserId::from_bytes([n; 16]), roles))
    .collect();
    // What only a bot can do is no matter of people.
    let of_bots = [Action::CriticalCallTake];
    for action in Action::ALL
        .iter()
        .filter(|action| !of_bots.contains(action))
    {
        let people = asked(engine(), *action, &everyone);
        assert!(
            people
                .iter()
                .any(|one| !matches!(one.best().decision, Decision::Deny { .. })),
            "{action}: {people:?}"
        );
    }
}

#[test]
fn the_record_keeper_is_asked_about_its_own_conversations() {
    let keeper = subject(ADA, &["record_keeper"]);
    assert_eq!(
        best(engine(), Action::GroupCreate, keeper.clone()),
        Answer::Allow
    );
    assert_eq!(
        best(engine(), Action::MessageSendStat, keeper),
        Answer::Deny
    );
}

#[test]
fn a_draft_that_takes_a_role_away_takes_it_from_its_people() {
    let draft = edited(
        "officers.cedar",
        "    Wardline::Role::\"auditor\", Wardline::Role::\"privacy_officer\",\n    \
         Wardline::Role::\"security_officer\"\n",
        "    Wardline::Role::\"auditor\"\n",
    );
    let draft = draft.engine().unwrap();
    let officer = || subject(ADA, &["privacy_officer"]);
    assert_eq!(best(engine(), Action::AuditRead, officer()), Answer::Allow);
    assert_eq!(best(&draft, Action::AuditRead, officer()), Answer::Deny);
}

#[test]
fn names_of_resources_are_those_of_the_audit_log() {
    let names: Vec<String> = crate::ResourceKind::ALL
        .iter()
        .map(|kind| super::people::her_own(*kind).name())
        .collect();
    let id = |byte: u8| UserId::from_bytes([byte; 16]).to_string();
    assert_eq!(
        names,
        [
            "hospital".to_owned(),
            format!("group/{}", id(0x61)),
            format!("escalation/{}.7", id(0x61)),
            format!("attachment/{}", id(0x62)),
            format!("device/{}", id(0xA7)),
            format!("session/{}", id(0xA3)),
            format!("user/{}/factors", id(0xA1)),
            format!("user/{}/invite", id(0xB1)),
            format!("user/{}/recovery", id(0xB1)),
            "patient/cfda32ac-8382-4a7c-92a2-1b072b2a70de".to_owned(),
            "patient/cfda32ac-8382-4a7c-92a2-1b072b2a70de/note/psychiatry-consult".to_owned(),
            "patient/cfda32ac-8382-4a7c-92a2-1b072b2a70de/Patient/entry".to_owned(),
            format!("device/{}/key-packages", id(0xA2)),
            format!("device/{}/share", id(0xA2)),
            format!("glass/{}", id(0x91)),
            format!("look/{}", id(0x92)),
            format!("group/{}/forward/{}", id(0x61), id(0x62)),
            "log".to_owned(),
            "policy/7".to_owned(),
            "records".to_owned(),
        ]
    );
    assert_eq!(
        Resource::KeyPackages { device: None }.name(),
        "key-packages"
    );
    let all = Resource::Session {
        id: None,
        owner: ADA,
    };
    assert_eq!(all.name(), format!("user/{}/sessions", id(0xA1)));
}
