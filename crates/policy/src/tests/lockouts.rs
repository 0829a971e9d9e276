//! Drafts that would leave nobody who could undo them.

use wardline_model::UserId;
use wardline_model::wire::enroll::DeviceState;

use super::abilities::subject;
use super::people::{ADA, BEN, NOW, edited, engine, with_rule};
use crate::lockout::{LockedOut, check};
use crate::{Engine, Limits, PolicyTexts, Subject};

const CLEO: UserId = UserId::from_bytes([0xC1; 16]);

/// Two security officers, and a nurse.
fn staff() -> Vec<Subject> {
    vec![
        subject(ADA, &["security_officer"]),
        subject(BEN, &["security_officer"]),
        subject(CLEO, &["nurse"]),
    ]
}

fn checked(draft: &PolicyTexts, staff: &[Subject]) -> Result<(), LockedOut> {
    check_engine(&draft.engine().unwrap(), staff)
}

fn check_engine(draft: &Engine, staff: &[Subject]) -> Result<(), LockedOut> {
    check(draft, staff, NOW, Limits::default())
}

fn closing(action: &str, further: &str) -> PolicyTexts {
    with_rule(&format!(
        "@id(\"closed\") @reason(\"closed\") @advice(\"No.\") {further} \
         forbid (principal, action == Wardline::Action::\"{action}\", resource);"
    ))
}

#[test]
fn the_baseline_leaves_two_officers_who_could_change_it() {
    assert_eq!(check_engine(engine(), &staff()), Ok(()));
}

#[test]
fn one_officer_alone_could_never_have_a_draft_approved() {
    let one = [
        subject(ADA, &["security_officer"]),
        subject(CLEO, &["nurse"]),
    ];
    assert_eq!(
        check_engine(engine(), &one),
        Err(LockedOut::Draft { remain: 1 })
    );
    // Two devices do not make two officers.
    let twice = [one[0].clone(), one[0].clone()];
    assert_eq!(
        check_engine(engine(), &twice),
        Err(LockedOut::Draft { remain: 1 })
    );
}

#[test]
fn an_officer_without_a_phone_in_use_does_not_count() {
    let mut staff = staff();
    staff[1].device.as_mut().unwrap().state = DeviceState::Quarantined;
    assert_eq!(
        check_engine(engine(), &staff),
        Err(LockedOut::Draft { remain: 1 })
    );
    staff[1].device = None;
    assert_eq!(
        check_engine(engine(), &staff),
        Err(LockedOut::Draft { remain: 1 })
    );
    staff.push(subject(BEN, &["security_officer"]));
    assert_eq!(check_engine(engine(), &staff), Ok(()));
}

#[test]
fn a_draft_after_which_nobody_could_approve_is_refused_with_the_reason() {
    let refused = checked(&closing("policy.approve", ""), &staff()).unwrap_err();
    assert_eq!(refused, LockedOut::Approve { remain: 0 });
    assert_eq!(
        refused.to_string(),
        "Nobody could approve a policy any more: two security officers have to remain who can."
    );
}

#[test]
fn each_thing_that_officers_need_is_looked_at() {
    for (action, expected) in [
        ("session.challenge", LockedOut::SignIn),
        ("session.create", LockedOut::SignIn),
        ("policy.read", LockedOut::Read),
        ("device.revoke", LockedOut::Revoke),
        ("policy.draft", LockedOut::Draft { remain: 0 }),
        ("policy.approve", LockedOut::Approve { remain: 0 }),
    ] {
        let refused = checked(&closing(action, ""), &staff());
        assert_eq!(refused, Err(expected), "{action}");
        let sentence = expected.to_string();
        assert!(sentence.ends_with('.'), "{sentence}");
    }
}

#[test]
fn drafting_and_approving_may_be_for_different_people() {
    let draft = with_rule(
        "@id(\"apart\") @reason(\"apart\") @advice(\"Ask a security officer who is no auditor.\") \
         forbid (principal is Wardline::Person, action == Wardline::Action::\"policy.draft\", \
         resource) when { principal.roles.contains(Wardline::Role::\"auditor\") };\n\
         @id(\"apart_too\") @reason(\"apart\") @advice(\"Ask an auditor.\") \
         forbid (principal is Wardline::Person, action == Wardline::Action::\"policy.approve\", \
         resource) unless { principal.roles.contains(Wardline::Role::\"auditor\") };",
    );
    let mut staff = staff();
    assert_eq!(
        checked(&draft, &staff),
        Err(LockedOut::Approve { remain: 0 })
    );
    staff.push(subject(
        UserId::from_bytes([0xD1; 16]),
        &["security_officer", "auditor"],
    ));
    assert_eq!(
        checked(&draft, &staff),
        Err(LockedOut::Approve { remain: 1 })
    );
    staff.push(subject(
        UserId::from_bytes([0xE1; 16]),
        &["security_officer", "auditor"],
    ));
    assert_eq!(checked(&draft, &staff), Ok(()));
}

#[test]
fn a_proof_that_can_be_given_locks_nobody_out_and_one_that_never_helps_does() {
    let once = with_rule(
        "@id(\"code\") @reason(\"code\") @step_up(\"one_time_code\") @advice(\"Type a code.\") \
         forbid (principal, action == Wardline::Action::\"policy.approve\", resource) unless \
         { context has session && context.session has code_age_ms };",
    );
    assert_eq!(checked(&once, &staff()), Ok(()));
    let again_and_again = closing("policy.approve", "@step_up(\"one_time_code\")");
    assert_eq!(
        checked(&again_and_again, &staff()),
        Err(LockedOut::Approve { remain: 0 })
    );
}

#[test]
fn a_code_is_no_way_out_where_nobody_may_type_one() {
    let draft = with_rule(
        "@id(\"code\") @reason(\"code\") @step_up(\"one_time_code\") @advice(\"Type a code.\") \
         forbid (principal, action == Wardline::Action::\"policy.approve\", resource) unless \
         { context has session && context.session has code_age_ms };\n\
         @id(\"no_codes\") @reason(\"closed\") @advice(\"No.\") \
         forbid (principal, action == Wardline::Action::\"factor.use\", resource);",
    );
    assert_eq!(
        checked(&draft, &staff()),
        Err(LockedOut::Approve { remain: 0 })
    );
}

#[test]
fn a_draft_that_lets_its_author_approve_it_is_refused() {
    let draft = edited(
        "officers.cedar",
        "when { resource.author == principal };",
        "when { false };",
    );
    assert_eq!(checked(&draft, &staff()), Err(LockedOut::Alone));
}

#[test]
fn a_draft_that_closes_charts_locks_no_officer_out() {
    assert_eq!(checked(&closing("chart.read", ""), &staff()), Ok(()));
}
