//! Policies from the command line: shown, checked, and tried over what a hospital decided.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Demo, Run, until, wardline};

fn policy(args: &[&str]) -> Run {
    Run::of(wardline().args(["--json", "policy"]).args(args))
}

#[test]
fn a_draft_is_checked_by_place_and_tried_over_what_was_decided() {
    let demo = Demo::start();
    let amara = demo.enroll("amara.osei");
    amara.a_patient();
    let data = demo.data();
    let data = data.to_str().unwrap();
    let folder = demo.beside("draft");
    let draft = folder.to_str().unwrap();
    let shown = policy(&["show", "--data", data, "--out", draft]).json(0);
    assert_eq!(shown["version"], 0);
    let same = policy(&["check", draft]).json(0);
    assert_eq!(same["hash"], shown["hash"]);

    let file = folder.join("ours.cedar");
    let rule = |action: &str| {
        format!(
            "@id(\"no_search\") @reason(\"no_search\") @advice(\"Ask the ward.\")\nforbid \
             (principal, action == Wardline::Action::\"{action}\", resource);\n"
        )
    };
    fs::write(&file, rule("patient.serach")).unwrap();
    let wrong = policy(&["check", draft]).json(3);
    assert_eq!(wrong["problems"][0]["file"], "ours.cedar");
    assert!(
        wrong["problems"][0]["line"]
            .as_u64()
            .is_some_and(|line| line > 0)
    );

    fs::write(&file, rule("patient.search")).unwrap();
    // Decisions are written behind the requests.
    until("the search is kept", || refused(&file, data) > 0);
    let baseline = policy(&["use-baseline", "--data", data]).json(0);
    assert_eq!(baseline["version"], 1);
    let since = policy(&["replay", draft, "--data", data, "--since", "yesterday"]);
    assert_eq!(since.code, 2, "{since:?}");
}

/// How many searches a single file of policies would have refused.
fn refused(file: &Path, data: &str) -> u64 {
    let file = file.to_str().unwrap();
    let report = policy(&["replay", file, "--data", data, "--since", "1d"]).json(0);
    let changes = report["changes"].as_array().unwrap();
    let searches = changes.iter().filter(|change| {
        change["action"] == "patient.search" && change["was"] == "allow" && change["now"] == "deny"
    });
    searches
        .filter_map(|change| Value::as_u64(&change["count"]))
        .sum()
}
