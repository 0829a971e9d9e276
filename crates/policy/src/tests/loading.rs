//! Texts that load, and texts that do not, with the place that is wrong.

use std::collections::BTreeSet;

use super::people::{ada_asks, engine};
use crate::{Action, Decision, Engine, LoadError, Source, baseline};

#[test]
fn the_baseline_has_nothing_odd_in_it() {
    assert_eq!(engine().warnings(), []);
}

#[test]
fn the_schema_declares_exactly_our_actions_each_on_its_kind_of_thing() {
    let schema = engine().schema();
    let groups: BTreeSet<_> = schema.action_groups().collect();
    let declared: BTreeSet<&str> = schema
        .actions()
        .filter(|uid| !groups.contains(uid))
        .map(|uid| uid.id().unescaped())
        .collect();
    let ours: BTreeSet<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(declared, ours);
    for uid in schema.actions().filter(|uid| !groups.contains(uid)) {
        let action: Action = uid.id().unescaped().parse().unwrap();
        let kinds: Vec<_> = schema.resources_for_action(uid).unwrap().collect();
        assert_eq!(kinds.len(), 1, "{action}");
        assert_eq!(
            kinds[0].basename(),
            action.resource_kind().as_str(),
            "{action}"
        );
    }
}

#[test]
fn the_code_and_the_schema_agree_on_what_is_public() {
    let schema = engine().schema();
    let actions = schema.action_entities().unwrap();
    let uid = |id: &str| format!("Wardline::Action::\"{id}\"").parse().unwrap();
    for action in Action::ALL {
        let within = |group| actions.is_ancestor_of(&uid(group), &uid(action.as_str()));
        assert_eq!(within("public"), action.is_public(), "{action}");
        assert_eq!(within("authenticated"), !action.is_public(), "{action}");
    }
}

#[test]
fn names_of_actions_are_stable_both_ways() {
    for action in Action::ALL {
        assert_eq!(action.as_str().parse::<Action>(), Ok(*action));
    }
    let unknown = "chart.burn".parse::<Action>().unwrap_err();
    assert_eq!(unknown.to_string(), "`chart.burn` is not a known action");
}

#[test]
fn the_hash_changes_with_any_letter_and_with_the_order() {
    let again = Engine::baseline().unwrap();
    assert_eq!(engine().hash(), again.hash());
    assert_eq!(again.hash().len(), 64);
    let mut swapped = baseline::POLICIES.to_vec();
    swapped.swap(0, 1);
    let swapped = Engine::from_texts(baseline::SCHEMA, &swapped).unwrap();
    assert_ne!(swapped.hash(), again.hash());
    let schema = format!("{} ", baseline::SCHEMA.text);
    let schema = Source {
        text: &schema,
        ..baseline::SCHEMA
    };
    let spaced = Engine::from_texts(schema, baseline::POLICIES).unwrap();
    assert_ne!(spaced.hash(), again.hash());
}

#[test]
fn a_hospital_adds_a_rule_of_its_own_in_a_file_of_its_own() {
    let night = r#"
        @id("no_night_invites")
        @reason("not_at_night")
        @advice("Invite people while the office is open.")
        forbid (principal, action == Wardline::Action::"invite.create", resource)
        unless { context.on_shift };
    "#;
    let mut policies = baseline::POLICIES.to_vec();
    policies.push(Source {
        name: "ours.cedar",
        text: night,
    });
    let engine = Engine::from_texts(baseline::SCHEMA, &policies).unwrap();
    let mut question = super::people::with_roles(&["enrolling_officer"], Action::InviteCreate);
    assert_eq!(engine.decide(&question).decision, Decision::Allow);
    question.context.on_shift = false;
    let decided = engine.decide(&question);
    assert_eq!(decided.policies, ["ours.no_night_invites"]);
}

#[test]
fn without_policies_nobody_may_do_anything() {
    let engine = Engine::from_texts(baseline::SCHEMA, &[]).unwrap();
    for action in Action::ALL {
        let Decision::Deny { code, advice } = engine.decide(&ada_asks(*action)).decision else {
            panic!("{action} is allowed by no policy at all");
        };
        assert_eq!(code, "missing_permission");
        assert!(
            advice[0].starts_with("The hospital's policies let nobody "),
            "{advice:?}"
        );
    }
}

#[test]
fn a_policy_that_cannot_be_evaluated_closes_the_door() {
    // Validates, since the types fit; fails to evaluate, since the person entity of another
    // device's owner is not among the facts.
    let reaching = r#"
        @id("reaching")
        @reason("reaching")
        @advice("Never shown.")
        forbid (principal is Wardline::Person, action == Wardline::Action::"me.read", resource)
        when { context has device && !context.device.owner.active };
    "#;
    let mut policies = baseline::POLICIES.to_vec();
    policies.push(Source {
        name: "reaching.cedar",
        text: reaching,
    });
    let engine = Engine::from_texts(baseline::SCHEMA, &policies).unwrap();
    let mut question = ada_asks(Action::MeRead);
    assert_eq!(
        engine.decide(&question).decision,
        Decision::Allow,
        "her own facts are there"
    );
    question.device.as_mut().unwrap().owner = super::people::BEN;
    let Decision::Deny { code, .. } = engine.decide(&question).decision else {
        panic!()
    };
    assert_eq!(code, "policy_error");
}

#[test]
fn a_misspelt_attribute_is_refused_with_its_place() {
    let text = "@id(\"a\")\n@who(\"anyone\")\npermit (principal is Wardline::Person,\n  \
                action == Wardline::Action::\"me.read\", resource)\nwhen { principal.actve };\n";
    let error = refused(text);
    assert_eq!(error.problems.len(), 1, "{error}");
    let problem = &error.problems[0];
    assert_eq!(
        (problem.file.as_str(), problem.line, problem.column),
        ("test.cedar", 5, 8)
    );
    assert!(problem.message.contains("actve"), "{error}");
    assert!(error.to_string().starts_with("test.cedar:5:8: "), "{error}");
}

#[test]
fn a_misspelt_role_program_or_action_is_refused() {
    for (condition, misspelt) in [
        (
            "principal.roles.contains(Wardline::Role::\"nurze\")",
            "nurze",
        ),
        (
            "context has device && context.device.program == Wardline::Program::\"byid\"",
            "byid",
        ),
        ("action == Wardline::Action::\"me.reed\"", "me.reed"),
    ] {
        let text = format!(
            "@id(\"a\")\n@who(\"anyone\")\npermit (principal is Wardline::Person, action == \
             Wardline::Action::\"me.read\", resource)\nwhen {{ {condition} }};"
        );
        let error = refused(&text);
        assert_eq!(error.problems[0].line, 4, "{error}");
        assert!(error.to_string().contains(misspelt), "{error}");
    }
}

#[test]
fn a_text_that_does_not_parse_is_refused_with_its_place() {
    let error = refused("@id(\"a\")\npermit (principal action, resource);\n");
    let problem = &error.problems[0];
    assert_eq!((problem.line, problem.column), (2, 19), "{error}");
}

#[test]
fn columns_count_characters_not_bytes() {
    let error = refused("@id(\"ä\") permit (principal action, resource);");
    assert_eq!(
        (error.problems[0].line, error.problems[0].column),
        (1, 28),
        "{error}"
    );
}

#[test]
fn every_wrong_file_is_named_at_once() {
    let policies = [
        Source {
            name: "one.cedar",
            text: "permit (principal",
        },
        Source {
            name: "two.cedar",
            text: "\n permit (principal, action, resource);",
        },
    ];
    let error = Engine::from_texts(baseline::SCHEMA, &policies).unwrap_err();
    assert_eq!(error.problems[0].file, "one.cedar");
    let second = error.problems.last().unwrap();
    assert_eq!(
        (second.file.as_str(), second.line, second.column),
        ("two.cedar", 2, 2),
        "{error}"
    );
}

#[test]
fn a_broken_schema_is_refused_with_its_place() {
    let schema = Source {
        name: "s.cedarschema",
        text: "namespace Wardline {\n  entity ;\n}",
    };
    let error = Engine::from_texts(schema, &[]).unwrap_err();
    assert_eq!(
        (error.problems[0].file.as_str(), error.problems[0].line),
        ("s.cedarschema", 2)
    );
}

#[test]
fn a_schema_without_one_of_our_actions_is_refused_by_its_name() {
    let text = baseline::SCHEMA
        .text
        .replace("action \"log.read\"", "action \"log.reed\"");
    let schema = Source {
        text: &text,
        ..baseline::SCHEMA
    };
    let error = Engine::from_texts(schema, &[]).unwrap_err();
    assert!(
        error.to_string().contains("`log.read` is not declared"),
        "{error}"
    );
}

#[test]
fn annotations_that_answers_are_made_from_are_required() {
    let rest = "(principal, action, resource);";
    for (text, wanted) in [
        (format!("permit {rest}"), "@id"),
        (format!("@id(\"a\") permit {rest}"), "@who"),
        (format!("@id(\"a\") @who(\" \") permit {rest}"), "@who"),
        (
            format!("@id(\"a\") @advice(\"x\") forbid {rest}"),
            "@reason",
        ),
        (
            format!("@id(\"a\") @reason(\"x\") forbid {rest}"),
            "@advice",
        ),
        (
            format!("@id(\"a\") @who(\"x\") @reason(\"x\") permit {rest}"),
            "belongs to a forbid",
        ),
        (
            format!("@id(\"a\") @stepup(\"x\") permit {rest}"),
            "`@stepup` is not an annotation",
        ),
        (
            format!("@id(\"a\") @reason(\"x\") @advice(\"x\") @step_up(\"sms\") forbid {rest}"),
            "`sms` is not a known proof (known: user_verification, one_time_code, smart_card)",
        ),
        (
            format!("@id(\"a\") @who(\"x\") permit {rest} @id(\"a\") @who(\"x\") permit {rest}"),
            "`test.a` is used twice",
        ),
        (
            "@id(\"a\") @who(\"x\") permit (principal == ?principal, action, resource);".to_owned(),
            "templates are not supported",
        ),
    ] {
        let error = refused(&text);
        assert!(error.to_string().contains(wanted), "{text}\n{error}");
    }
}

fn refused(text: &str) -> LoadError {
    Engine::from_texts(
        baseline::SCHEMA,
        &[Source {
            name: "test.cedar",
            text,
        }],
    )
    .unwrap_err()
}
