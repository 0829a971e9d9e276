//! Orders about records through the real binary: two officers at workstations, the demo's record keeper.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Demo, Person, Run, until, wardline};

#[test]
fn two_officers_hold_records_and_end_the_hold_through_the_hospital() {
    let demo = Demo::start();
    let margaret = demo.enroll("margaret.sloane");
    let jonas = demo.enroll("jonas.brandt");
    let viktor = demo.enroll("viktor.lindgren");
    let says_what_is_in_force = || !list(&margaret)["in_force"].is_null();
    until(
        "the record keeper said what is in force",
        says_what_is_in_force,
    );
    let in_force = list(&margaret)["in_force"].clone();
    assert_eq!(in_force["statement"]["needed"], 2);

    let hold = json!({
        "type": "hold", "case": "2026-17", "reason": "Notice of claim", "scope": {},
    });
    let order = hand_in(&margaret, &hold);
    let hash = order["hash"].as_str().unwrap();
    // Not oneself, and not somebody who is no officer.
    let own = agree(&margaret, hash);
    assert_ne!(own.code, 0, "{own:?}");
    assert_ne!(agree(&viktor, hash).code, 0);
    agree(&jonas, hash).json(0);
    let state = || {
        let list = list(&jonas);
        let orders = list["orders"].as_array().unwrap();
        let order = orders.iter().find(|order| order["hash"] == hash).unwrap();
        order["state"].as_str().unwrap().to_owned()
    };
    until("the hold is in force", || state() == "held");
    // Nobody agrees to what is settled.
    assert_ne!(agree(&jonas, hash).code, 0);

    let end = json!({ "type": "end_hold", "hold": hash, "reason": "Settled" });
    let end = hand_in(&jonas, &end);
    agree(&margaret, end["hash"].as_str().unwrap()).json(0);
    until("the hold is over", || state() == "ended");

    // What the record keeper signed verifies with its key, and changed it does not.
    let device = in_force["device_id"].as_str().unwrap();
    let asked = json!({ "device_ids": [device] });
    let found = margaret.post("/v1/credentials", &asked).json(0);
    let key = find(&found, "mls_key").unwrap();
    let verify = |told: &Value| {
        let file = demo.beside("told.json");
        fs::write(&file, told.to_string()).unwrap();
        let mut command = wardline();
        command.args(["--json", "records", "verify"]).arg(&file);
        Run::of(command.args(["--key", &key]))
    };
    assert_eq!(verify(&in_force).code, 0);
    let mut changed = in_force;
    changed["statement"]["needed"] = json!(1);
    assert_eq!(verify(&changed).code, 4);
    demo.verify().json(0);
}

#[test]
fn a_custodian_gets_a_share_through_the_hospital() {
    let demo = Demo::start();
    let custodians = ["clara.whitfield", "viktor.lindgren", "dmitri.sokolov"];
    let people: Vec<Person> = custodians.iter().map(|user| demo.enroll(user)).collect();
    let named = || people[0].client(["statement", "list"]).code == 0;
    until("the record keeper named its custodians", named);
    for person in &people {
        let keyed = person.client(["statement", "custodian-key", "--hand-in"]);
        assert_eq!(keyed.code, 0, "{keyed:?}");
    }
    for person in &people {
        let taken = || person.client(["statement", "take-share"]).code == 0;
        until("the share", taken);
    }
    let margaret = demo.enroll("margaret.sloane");
    let export = json!({
        "type": "export", "case": "2026-18", "reason": "Court order", "scope": {},
    });
    let order = hand_in(&margaret, &export);
    let hash = order["hash"].as_str().unwrap();
    agree(&people[0], hash).json(0);
    agree(&people[1], hash).json(0);
    let exported = || {
        let list = list(&margaret);
        let orders = list["orders"].as_array().unwrap();
        orders.iter().any(|order| {
            order["hash"] == hash && order["outcome"]["statement"]["came"]["type"] == "exported"
        })
    };
    until("the export", exported);
    demo.verify().json(0);
}

/// Signs and hands in.
fn hand_in(person: &Person, statement: &Value) -> Value {
    let file = person.home.with_extension("statement.json");
    fs::write(&file, statement.to_string()).unwrap();
    let file = file.display().to_string();
    person
        .client(["statement", "sign", &file, "--hand-in"])
        .json(0)
}

fn agree(person: &Person, hash: &str) -> Run {
    person.client([
        "statement",
        "agree",
        "--order",
        hash,
        "--reason",
        "Seen it",
        "--hand-in",
    ])
}

fn list(person: &Person) -> Value {
    person.client(["statement", "list"]).json(0)
}

/// The first member of this name, however deep.
fn find(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(members) => members
            .get(name)
            .and_then(|found| found.as_str().map(str::to_owned))
            .or_else(|| members.values().find_map(|value| find(value, name))),
        Value::Array(values) => values.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}
