//! Bots: programs that take part in conversations, within what an officer registered.

use std::collections::BTreeSet;

use wardline_model::GroupId;

use super::people::{
    ADA, ada_asks, answer, asker, changed, device, engine, group, person, session, with_rule,
};
use crate::question::BotFacts;
use crate::{Action, Decision, PasskeyKind, Program, Question, Resource};

fn facts() -> BotFacts {
    BotFacts {
        reads: true,
        urgent: true,
        stat: true,
        anywhere: true,
        groups: BTreeSet::new(),
        roles: BTreeSet::new(),
        care_teams: true,
        results: true,
    }
}

/// The lab's bot, whose account holds further roles that must not help it.
fn bot_asks(action: Action, bot: Option<BotFacts>) -> Question {
    changed(ada_asks(action), |q| {
        *asker(q) = person(
            ADA,
            &["bot", "physician", "security_officer", "enrolling_officer"],
        );
        asker(q).bot = bot;
        device(q).passkey = PasskeyKind::Software;
        device(q).program = Program::Workstation;
    })
}

fn answered(action: Action, bot: BotFacts) -> String {
    answer(&bot_asks(action, Some(bot)))
}

#[test]
fn a_bot_takes_part_in_conversations_and_does_nothing_else() {
    for action in Action::ALL.iter().filter(|action| !action.is_public()) {
        let found = answered(*action, facts());
        let expected = if action.is_open_to_bots() {
            "allow"
        } else {
            "people_only"
        };
        assert_eq!(found, expected, "{action}");
    }
    for action in [
        Action::PolicyApprove,
        Action::RecoveryApprove,
        Action::DeviceEndorse,
        Action::EscalationAnswer,
        Action::ChartRead,
        Action::IntegrationManage,
    ] {
        assert!(!action.is_open_to_bots(), "{action} is for people");
    }
}

#[test]
fn no_policy_gives_a_bot_what_is_for_people() {
    let text = "@id(\"all\") @who(\"anybody\") permit (principal, action, resource);";
    let draft = with_rule(text).engine().unwrap();
    for action in [
        Action::PolicyApprove,
        Action::DeviceEndorse,
        Action::EscalationAnswer,
    ] {
        let decided = draft.decide(&bot_asks(action, Some(facts())));
        assert!(
            matches!(decided.decision, Decision::Deny { .. }),
            "{action}"
        );
    }
}

#[test]
fn a_bot_that_is_not_registered_any_more_can_do_nothing() {
    for action in Action::ALL.iter().filter(|action| !action.is_public()) {
        let answer = answer(&bot_asks(*action, None));
        let expected = if action.is_open_to_bots() {
            "bot_not_registered"
        } else {
            "people_only"
        };
        assert_eq!(answer, expected, "{action}");
    }
}

#[test]
fn a_bot_writes_where_it_may_and_nowhere_else() {
    let nowhere = BotFacts {
        anywhere: false,
        ..facts()
    };
    for action in [
        Action::MessageSend,
        Action::MessageSendStat,
        Action::GroupCreate,
    ] {
        assert_eq!(answered(action, nowhere.clone()), "bot_place");
        let here = BotFacts {
            groups: [GroupId::from_bytes([0x61; 16])].into(),
            ..nowhere.clone()
        };
        assert_eq!(answered(action, here), "allow");
        let elsewhere = BotFacts {
            groups: [GroupId::from_bytes([0x62; 16])].into(),
            ..nowhere.clone()
        };
        assert_eq!(answered(action, elsewhere), "bot_place");
        let to_role = BotFacts {
            roles: ["cardiology-on-call".to_owned()].into(),
            ..nowhere.clone()
        };
        for (role, expected) in [
            (Some("cardiology-on-call"), "allow"),
            (Some("stroke"), "bot_place"),
            (None, "bot_place"),
        ] {
            let question = changed(bot_asks(action, Some(to_role.clone())), |q| {
                if let Resource::Group { role: of, .. } = &mut q.resource {
                    *of = role.map(str::to_owned);
                }
            });
            assert_eq!(answer(&question), expected, "{action} to {role:?}");
        }
    }
    // Where people did not let it in, no scope does.
    let outside = changed(bot_asks(Action::MessageSend, Some(facts())), |q| {
        q.resource = group(false, false);
    });
    assert_eq!(answer(&outside), "missing_permission");
}

#[test]
fn a_bot_is_as_urgent_as_it_may_be() {
    let urgent = |bot: BotFacts| {
        changed(bot_asks(Action::MessageSend, Some(bot)), |q| {
            if let Resource::Group { urgent, .. } = &mut q.resource {
                *urgent = true;
            }
        })
    };
    let calm = BotFacts {
        urgent: false,
        stat: false,
        ..facts()
    };
    assert_eq!(answered(Action::MessageSend, calm.clone()), "allow");
    assert_eq!(answer(&urgent(calm.clone())), "bot_priority");
    assert_eq!(answered(Action::MessageSendStat, calm), "bot_priority");
    assert_eq!(answer(&urgent(facts())), "allow");
    let up_to_urgent = BotFacts {
        stat: false,
        ..facts()
    };
    assert_eq!(answer(&urgent(up_to_urgent.clone())), "allow");
    assert_eq!(
        answered(Action::MessageSendStat, up_to_urgent),
        "bot_priority"
    );
}

#[test]
fn a_bot_that_does_not_read_opens_no_socket() {
    let mute = BotFacts {
        reads: false,
        ..facts()
    };
    assert_eq!(answered(Action::SocketOpen, mute.clone()), "bot_reads");
    assert_eq!(answered(Action::MessageSend, mute), "allow");
    // Being one by scope alone is enough to be one.
    let question = changed(bot_asks(Action::PolicyApprove, Some(facts())), |q| {
        asker(q).roles = ["security_officer".to_owned()].into();
    });
    assert_eq!(answer(&question), "people_only");
    assert!(engine().conforms(&bot_asks(Action::MessageSend, Some(facts()))));
}

#[test]
fn a_bot_brings_care_teams_where_an_officer_lets_it_and_else_whatever_the_policies_say_not() {
    let apart = BotFacts {
        care_teams: false,
        ..facts()
    };
    let action = Action::CareTeamManage;
    assert_eq!(answered(action, apart.clone()), "bot_care_teams");
    assert_eq!(answered(Action::MessageSend, apart.clone()), "allow");
    let text = "@id(\"all\") @who(\"anybody\") permit (principal, action, resource);";
    let draft = with_rule(text).engine().unwrap();
    let decided = draft.decide(&bot_asks(action, Some(apart)));
    assert!(matches!(decided.decision, Decision::Deny { .. }));
    // Nobody stands beside it who could confirm.
    let old = changed(bot_asks(action, Some(facts())), |q| {
        session(q).proof_age_ms = 3 * 60 * 60 * 1000;
    });
    assert_eq!(answer(&old), "allow");
    assert!(engine().conforms(&old));
}

#[test]
fn a_bot_takes_critical_results_where_an_officer_lets_it_and_else_whatever_the_policies_say_not() {
    let apart = BotFacts {
        results: false,
        ..facts()
    };
    let action = Action::CriticalCallTake;
    assert_eq!(answered(action, apart.clone()), "bot_results");
    assert_eq!(answered(Action::MessageSendStat, apart.clone()), "allow");
    let text = "@id(\"all\") @who(\"anybody\") permit (principal, action, resource);";
    let draft = with_rule(text).engine().unwrap();
    let decided = draft.decide(&bot_asks(action, Some(apart)));
    assert!(matches!(decided.decision, Decision::Deny { .. }));
    // What a chart has beyond that is for people.
    assert_eq!(answered(Action::PatientRead, facts()), "people_only");
}
