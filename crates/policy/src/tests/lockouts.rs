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
        "Nobody could approve a policy any more: two security officers have to remain who can, \
         on shift and off, on the premises and off, now and later."
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

/// A rule that closes an action but for what is said.
fn but_for(action: &str, exception: &str) -> PolicyTexts {
    with_rule(&format!(
        "@id(\"closed\") @reason(\"closed\") @advice(\"No.\") \
         forbid (principal is Wardline::Person, action == Wardline::Action::\"{action}\", resource) \
         {exception};"
    ))
}

const NEEDED: [(&str, LockedOut); 6] = [
    ("session.challenge", LockedOut::SignIn),
    ("session.create", LockedOut::SignIn),
    ("policy.read", LockedOut::Read),
    ("device.revoke", LockedOut::Revoke),
    ("policy.draft", LockedOut::Draft { remain: 0 }),
    ("policy.approve", LockedOut::Approve { remain: 0 }),
];

#[test]
fn officers_need_be_on_no_roster_and_a_hospital_need_not_have_told_its_networks() {
    for exception in [
        "unless { context.on_shift }",
        "unless { context.on_premises }",
        "unless { context.on_shift || context.on_premises }",
        "when { context.on_shift }",
        "when { context.on_shift != context.on_premises }",
        "unless { context has session && context.session.network == Wardline::Network::\"premises\" }",
        "unless { context has session && context.session.place == Wardline::Place::\"house\" }",
    ] {
        let refused = checked(&but_for("policy.draft", exception), &staff());
        assert_eq!(refused, Err(LockedOut::Draft { remain: 0 }), "{exception}");
    }
    for (action, expected) in NEEDED {
        let refused = checked(&but_for(action, "unless { context.on_shift }"), &staff());
        assert_eq!(refused, Err(expected), "{action}");
    }
}

#[test]
fn two_who_can_from_anywhere_are_enough_for_the_others_to_be_bound_to_the_house() {
    let draft = but_for(
        "policy.approve",
        "unless { context.on_premises || principal.roles.contains(Wardline::Role::\"auditor\") }",
    );
    let mut staff = staff();
    assert_eq!(
        checked(&draft, &staff),
        Err(LockedOut::Approve { remain: 0 })
    );
    for (id, remain) in [(0xD1, Some(1)), (0xE1, None)] {
        let both = &["security_officer", "auditor"];
        staff.push(subject(UserId::from_bytes([id; 16]), both));
        let expected = remain.map_or(Ok(()), |remain| Err(LockedOut::Approve { remain }));
        assert_eq!(checked(&draft, &staff), expected);
    }
}

#[test]
fn a_rule_that_closes_at_a_later_date_is_found_however_it_is_written() {
    let then = NOW + 90 * 24 * 3_600_000;
    for exception in [
        format!("when {{ context.now_ms >= {then} }}"),
        format!("when {{ context.now_ms > {then} }}"),
        format!("when {{ {then} < context.now_ms }}"),
        format!("unless {{ context.now_ms <= {then} }}"),
        format!("when {{ context.now_ms == {then} }}"),
        format!("when {{ [5, {then}].contains(context.now_ms) }}"),
        // For an hour, in three months.
        format!(
            "when {{ context.now_ms > {then} && context.now_ms < {} }}",
            then + 3_600_000
        ),
    ] {
        let refused = checked(&but_for("policy.approve", &exception), &staff());
        assert_eq!(
            refused,
            Err(LockedOut::Approve { remain: 0 }),
            "{exception}"
        );
    }
    for (action, expected) in NEEDED {
        let closes = format!("when {{ context.now_ms >= {then} }}");
        let refused = checked(&but_for(action, &closes), &staff());
        assert_eq!(refused, Err(expected), "{action}");
    }
    // What is over by the time, and what closes something else, locks nobody out.
    let past = format!("when {{ context.now_ms < {NOW} }}");
    assert_eq!(checked(&but_for("policy.draft", &past), &staff()), Ok(()));
    let charts = format!("when {{ context.now_ms + 1 >= {then} }}");
    assert_eq!(checked(&but_for("chart.read", &charts), &staff()), Ok(()));
}

#[test]
fn a_rule_about_officers_that_reckons_with_the_time_is_not_taken() {
    let reckons = "when { context.now_ms - 1767225600000 > 7776000000 }";
    for (action, _) in NEEDED {
        let refused = checked(&but_for(action, reckons), &staff());
        assert_eq!(refused, Err(LockedOut::Clock), "{action}");
    }
    let sentence = LockedOut::Clock.to_string();
    assert!(sentence.contains("context.now_ms"), "{sentence}");
    // Nor one with more dates than can be gone through.
    let many: Vec<String> = (1..=13).map(|n| (NOW + n * 1000).to_string()).collect();
    let many = format!("when {{ [{}].contains(context.now_ms) }}", many.join(", "));
    let refused = checked(&but_for("policy.draft", &many), &staff());
    assert_eq!(refused, Err(LockedOut::Clock));
}

#[test]
fn whoever_could_approve_alone_off_shift_could_approve_alone() {
    let draft = edited(
        "officers.cedar",
        "when { resource.author == principal };",
        "when { resource.author == principal && context.on_shift };",
    );
    assert_eq!(checked(&draft, &staff()), Err(LockedOut::Alone));
}
