//! What an approver is shown.

use super::people::edited;
use crate::{ChangeKind, Decision, Part, PolicyChange, PolicyFile, PolicyTexts, Sign};

const OURS: &str = "\
// Ours.

@id(\"first\")
@who(\"anyone\")
permit (principal, action == Wardline::Action::\"me.read\", resource);

// Between.
@id(\"second\")
@reason(\"closed\")
@advice(\"Come back tomorrow.\")
forbid (principal, action == Wardline::Action::\"me.read\", resource)
when { context.risk > 50 };
";

fn ours(text: &str) -> PolicyTexts {
    PolicyTexts::edited(vec![PolicyFile {
        name: "ours.cedar".to_owned(),
        text: text.to_owned(),
    }])
    .unwrap()
}

fn changes(before: &str, after: &str) -> Vec<PolicyChange> {
    ours(after).changes_since(&ours(before)).unwrap()
}

fn brief(changes: &[PolicyChange]) -> Vec<(&str, Part, ChangeKind)> {
    let brief = changes.iter().map(|c| (c.id.as_str(), c.part, c.kind));
    brief.collect()
}

#[test]
fn nothing_changes_between_a_set_and_itself_nor_with_empty_lines() {
    assert_eq!(changes(OURS, OURS), []);
    assert_eq!(changes(OURS, &OURS.replace("\n\n", "\n  \n\n")), []);
}

#[test]
fn one_word_in_one_policy_is_one_change_with_the_text_before_and_after() {
    let before = PolicyTexts::baseline();
    let after = edited(
        "officers.cedar",
        "contains(Wardline::Role::\"security_officer\") };\n\n@id(\"fresh",
        "contains(Wardline::Role::\"operator\") };\n\n@id(\"fresh",
    );
    let changes = after.changes_since(&before).unwrap();
    assert_eq!(
        brief(&changes),
        [(
            "officers.change_programs",
            Part::Policy,
            ChangeKind::Changed
        )]
    );
    let change = &changes[0];
    assert_eq!(change.file, "officers.cedar");
    let text = change.before.as_deref().unwrap();
    assert!(
        text.starts_with("@id(\"change_programs\")\n@who("),
        "{text}"
    );
    assert!(text.ends_with("\"security_officer\") };"), "{text}");
    let text = change.after.as_deref().unwrap();
    assert!(text.ends_with("\"operator\") };"), "{text}");
    let lines: Vec<_> = change
        .lines
        .iter()
        .map(|line| format!("{}{}", line.sign, line.text))
        .collect();
    assert_eq!(lines[0], " @id(\"change_programs\")");
    assert_eq!(
        lines[lines.len() - 2..],
        [
            "-when { principal.roles.contains(Wardline::Role::\"security_officer\") };",
            "+when { principal.roles.contains(Wardline::Role::\"operator\") };",
        ]
    );
}

#[test]
fn a_policy_that_comes_and_one_that_goes_are_named() {
    let second = OURS.find("@id(\"second\")").unwrap();
    let added = changes(&OURS[..second], OURS);
    assert_eq!(
        brief(&added),
        [("ours.second", Part::Policy, ChangeKind::Added)]
    );
    assert_eq!(added[0].before, None);
    assert!(added[0].lines.iter().all(|line| line.sign == Sign::Added));
    let removed = changes(OURS, &OURS[..second]);
    assert_eq!(
        brief(&removed),
        [("ours.second", Part::Policy, ChangeKind::Removed)]
    );
    assert_eq!(removed[0].after, None);
    assert!(
        removed[0]
            .lines
            .iter()
            .all(|line| line.sign == Sign::Removed)
    );
}

#[test]
fn another_id_is_another_policy() {
    assert_eq!(
        brief(&changes(OURS, &OURS.replace("second", "third"))),
        [
            ("ours.third", Part::Policy, ChangeKind::Added),
            ("ours.second", Part::Policy, ChangeKind::Removed),
        ]
    );
}

#[test]
fn another_order_is_a_change_of_the_file_since_another_reason_comes_first() {
    let policy = |id: &str| {
        format!(
            "@id(\"{id}\") @reason(\"{id}\") @advice(\"No.\") forbid (principal, action, resource);\n"
        )
    };
    let (one, two) = (policy("one"), policy("two"));
    let (before, after) = (format!("{one}{two}"), format!("{two}{one}"));
    let changes = changes(&before, &after);
    assert_eq!(
        brief(&changes),
        [("ours.cedar", Part::Order, ChangeKind::Changed)]
    );
    assert_eq!(changes[0].before.as_deref(), Some("ours.one\nours.two\n"));
    assert_eq!(changes[0].after.as_deref(), Some("ours.two\nours.one\n"));
    let first = |text: &str| {
        let decided = ours(text)
            .engine()
            .unwrap()
            .decide(&super::people::ada_asks(crate::Action::MeRead));
        match decided.decision {
            Decision::Deny { code, .. } => code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        (first(&before), first(&after)),
        ("one".to_owned(), "two".to_owned())
    );
}

#[test]
fn a_policy_that_comes_in_between_changes_no_order() {
    let between = "@id(\"new\") @who(\"anyone\") permit (principal, action, resource);\n";
    let after = OURS.replace("// Between.", &format!("{between}// Between."));
    assert_eq!(
        brief(&changes(OURS, &after)),
        [("ours.new", Part::Policy, ChangeKind::Added)]
    );
}

#[test]
fn a_comment_that_says_something_else_is_shown() {
    let changes = changes(OURS, &OURS.replace("// Between.", "// Nobody minds."));
    assert_eq!(
        brief(&changes),
        [("ours.cedar", Part::Comments, ChangeKind::Changed)]
    );
    let after = changes[0].after.as_deref();
    assert_eq!(after, Some("// Ours.\n// Nobody minds.\n"));
}

#[test]
fn a_file_that_comes_brings_its_policies_and_one_that_goes_takes_them() {
    let none = PolicyTexts::edited(Vec::new()).unwrap();
    let kinds = |changes: Vec<PolicyChange>| {
        let kinds = changes.iter().map(|change| (change.part, change.kind));
        kinds.collect::<Vec<_>>()
    };
    let (policy, comments) = (Part::Policy, Part::Comments);
    for (before, after, kind) in [
        (&none, &ours(OURS), ChangeKind::Added),
        (&ours(OURS), &none, ChangeKind::Removed),
    ] {
        assert_eq!(
            kinds(after.changes_since(before).unwrap()),
            [(policy, kind), (policy, kind), (comments, kind)]
        );
    }
}

#[test]
fn a_policy_is_not_taken_for_its_copy_in_a_comment() {
    let policy = "@id(\"a\") @who(\"anyone\") permit (principal, action, resource);";
    let other = "@id(\"b\") @who(\"anyone\") permit (principal, action, resource);";
    let before = format!("// {policy}\n{other}\n// {other}\n{policy}\n");
    let changed = changes(&before, &before.replace(&format!("\n{policy}"), "\n"));
    assert_eq!(
        brief(&changed),
        [("ours.a", Part::Policy, ChangeKind::Removed)]
    );
    let swapped = format!("// {policy}\n{policy}\n// {other}\n{other}\n");
    assert_eq!(
        brief(&changes(&before, &swapped)),
        [("ours.cedar", Part::Order, ChangeKind::Changed)]
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let error = ours("permit (").changes_since(&ours(OURS)).unwrap_err();
    assert_eq!(error.problems[0].file, "ours.cedar");
}
