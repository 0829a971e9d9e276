//! Policies that an officer wrote: loaded, or refused with the place; never a panic.

use wardline_fuzz::corpus;
use wardline_policy::{baseline, fuzz};

const WORDS: [&str; 18] = [
    "@id(\"x\")",
    "@who(\"x\")",
    "@reason(\"x\")",
    "@advice(\"x\")",
    "@step_up(\"user_verification\")",
    "permit",
    "forbid",
    "when { ",
    "unless { ",
    "principal",
    "context.device",
    "?principal",
    " has ",
    " like \"*\"",
    " in ",
    "((((((((((((((((",
    "if true then ",
    "\u{2028}é",
];

#[test]
fn policies_are_loaded_or_refused_with_their_place() {
    let seeds = baseline::POLICIES
        .iter()
        .filter(|source| source.text.len() < 2000)
        .map(|source| source.text.as_bytes().to_vec());
    corpus!("policies")
        .seeds(seeds)
        .words(WORDS)
        .cases(1200)
        .run(fuzz::policies);
}

#[test]
fn a_schema_is_loaded_or_refused_with_its_place() {
    corpus!("schema")
        .seeds([baseline::SCHEMA.text.as_bytes().to_vec()])
        .words([
            "entity ",
            "action ",
            "type ",
            "appliesTo {",
            "Set<",
            "?:",
            "__cedar::",
        ])
        .cases(600)
        .run(fuzz::schema);
}

#[test]
fn edited_files_are_a_set_or_refused_and_their_changes_are_told_whole() {
    corpus!("edited")
        .words(WORDS)
        .words(["//", "\\n", "\\r", ".cedar", "wardline.cedarschema"])
        .cases(900)
        .run(fuzz::edited);
}
