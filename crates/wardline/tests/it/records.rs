//! Orders about records, and their end, through the real binary: two officers at workstations, a record keeper.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::past::Past;
use crate::support::{Demo, Follower, Person, Run, launch, persist, until, wardline};

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
    assert_eq!(verify(&demo, &margaret, &in_force).code, 0);
    let mut changed = in_force;
    changed["statement"]["needed"] = json!(1);
    assert_eq!(verify(&demo, &margaret, &changed).code, 4);
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

#[test]
fn what_retention_ended_is_held_as_long_as_officers_say_and_then_destroyed_on_record() {
    // A week and a month, and some days.
    let past = Past::days_ago(45);
    let mut demo = Demo::made_in(&past);
    let users = [
        "margaret.sloane",
        "jonas.brandt",
        "amara.osei",
        "tomas.herrera",
    ];
    let [margaret, jonas, amara, tomas] = users.map(|user| demo.enroll_then(&past, user));
    let mut sends = amara.command(["send", "--to", "tomas.herrera", "Potassium 6.8"]);
    let sent = past.run(&mut sends).json(0);
    let group = sent["group"].as_str().unwrap();
    let read = past.run(&mut tomas.command(["inbox"])).json(0);
    assert_eq!(read["messages"][0]["text"], "Potassium 6.8");
    let hold = json!({
        "type": "hold", "case": "2026-17", "reason": "Notice of claim",
        "scope": { "groups": [group] },
    });
    let order = past.run(&mut hand_in_command(&margaret, &hold)).json(0);
    let hash = order["hash"].as_str().unwrap();
    past.run(&mut agree_command(&jonas, hash)).json(0);
    // It does one thing after the other, so it has the message, too.
    let held = || {
        let list = past.run(&mut list_command(&jonas)).json(0);
        list["orders"][0]["state"] == "held"
    };
    until("the hold is in force", held);
    assert!(demo.stop().success());

    // Today, as a hospital runs it, and keeps messages for a month.
    let _served = serve(&demo);
    let terms = demo.beside("records.toml");
    let officers = [&margaret, &jonas].map(|officer| {
        let list = list(officer);
        let mut named = list["officers"].as_array().unwrap().iter();
        let own = named.find(|one| one["username"] == officer.user.as_str());
        own.unwrap()["id"].as_str().unwrap().to_owned()
    });
    let text = format!("officers = {officers:?}\n[retention]\ndays = 30\n");
    fs::write(&terms, text).unwrap();
    let home = demo.data().join("keeper");
    let mut keeps = wardline();
    keeps
        .args(["--json", "keeper", "--home"])
        .arg(&home)
        .arg("--records")
        .arg(&terms)
        .stderr(Stdio::null());
    let _keeper = Follower::start(&mut keeps);
    // It says so after it looked for what is over.
    let says_a_month = || {
        let list = list(&margaret);
        list["in_force"]["statement"]["days"][0] == json!(["direct", 30])
    };
    until("a month is in force", says_a_month);
    assert_eq!(list(&margaret)["destroyed_count"], 0, "held");
    let inbox = tomas.inbox();
    assert_eq!(inbox.len(), 1, "{inbox:?}");

    let end = json!({ "type": "end_hold", "hold": hash, "reason": "Settled" });
    let end = hand_in(&jonas, &end);
    agree(&margaret, end["hash"].as_str().unwrap()).json(0);
    until("the end", || list(&margaret)["destroyed_count"] == 1);
    let destroyed = list(&margaret)["destroyed"][0].clone();
    let statement = &destroyed["statement"];
    assert_eq!(statement["type"], "destruction");
    assert_eq!(statement["group"], group);
    assert_eq!(statement["count"], 1);
    assert_eq!(statement["rule"], "direct: 30 days");

    // The record lies on the keeper's host as well, and verifies as nothing but what it is.
    let signed = fs::read_dir(home.join("statements/out/signed")).unwrap();
    let signed = signed.map(|file| {
        let text = fs::read(file.unwrap().path()).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()
    });
    let records: Vec<Value> = signed
        .filter(|signed| signed["statement"]["type"] == "destruction")
        .collect();
    assert_eq!(records, std::slice::from_ref(&destroyed));
    assert_eq!(verify(&demo, &margaret, &destroyed).code, 0);
    let mut changed = destroyed;
    changed["statement"]["count"] = json!(2);
    assert_eq!(verify(&demo, &margaret, &changed).code, 4);

    // Those who had the message have it no more, and go on.
    until("the copy is gone", || tomas.inbox().is_empty());
    amara
        .client(["send", "--group", group, "Potassium 4.1"])
        .json(0);
    let texts: Vec<Value> = tomas.inbox().iter().map(|m| m["text"].clone()).collect();
    assert_eq!(texts, ["Potassium 4.1"]);
    assert_eq!(list(&margaret)["destroyed_count"], 1);
    demo.verify().json(0);
}

#[test]
fn custodians_read_what_a_hold_covers_though_it_went_from_every_device() {
    // As long ago as retention keeps messages, and some days.
    let past = Past::days_ago(45);
    let mut demo = Demo::made_in(&past);
    let users = [
        "margaret.sloane",
        "jonas.brandt",
        "amara.osei",
        "tomas.herrera",
    ];
    let [margaret, jonas, amara, tomas] = users.map(|user| demo.enroll_then(&past, user));
    let custodians = ["clara.whitfield", "viktor.lindgren", "dmitri.sokolov"];
    let custodians = custodians.map(|user| demo.enroll_then(&past, user));
    let mut names = custodians[0].command(["statement", "list"]);
    let named = || past.run(&mut names).code == 0;
    until("the record keeper named its custodians", named);
    for person in &custodians {
        let mut keyed = person.command(["statement", "custodian-key", "--hand-in"]);
        let keyed = past.run(&mut keyed);
        assert_eq!(keyed.code, 0, "{keyed:?}");
    }
    for person in &custodians {
        let mut takes = person.command(["statement", "take-share"]);
        until("the share", || past.run(&mut takes).code == 0);
    }

    // One message goes by itself, the other one once it is read.
    let (code, secret) = ("Door code 4711", "She asked for nobody to know");
    let mut sends = amara.command(["send", "--to", "tomas.herrera", "--expires", "3600", code]);
    let sent = past.run(&mut sends).json(0);
    let group = sent["group"].as_str().unwrap();
    let mut sends = amara.command(["send", "--group", group, "--expires", "read", secret]);
    past.run(&mut sends).json(0);
    let read = past.run(&mut tomas.command(["inbox"])).json(0);
    assert_eq!(read["messages"][0]["text"], code);
    assert_eq!(read["messages"][1]["text"], secret);
    let hold = json!({
        "type": "hold", "case": "2026-17", "reason": "Notice of claim",
        "scope": { "groups": [group] },
    });
    let order = past.run(&mut hand_in_command(&margaret, &hold)).json(0);
    let hash = order["hash"].as_str().unwrap();
    past.run(&mut agree_command(&jonas, hash)).json(0);
    let held = || {
        let list = past.run(&mut list_command(&jonas)).json(0);
        list["orders"][0]["state"] == "held"
    };
    until("the hold is in force", held);
    assert!(demo.stop().success());

    // Today both are gone from the devices of everybody, held or not.
    let _served = serve(&demo);
    for person in [&amara, &tomas] {
        let texts = || {
            let messages = person.client(["search", "--group", group]).json(0);
            messages["hits"].as_array().unwrap().len()
        };
        assert_eq!(texts(), 0, "{}", person.user);
    }
    let inbox = tomas.inbox();
    assert_eq!(inbox.len(), 2, "their traces");
    for message in &inbox {
        let (text, expired) = (&message["text"], &message["expired"]);
        assert_eq!((text, expired), (&json!(""), &json!(true)));
    }
    // The record keeper keeps messages for a month from now on, and destroys nothing that is held.
    let terms = demo.beside("records.toml");
    let listed = list(&margaret);
    let ids = |of: &str, user: fn(&Value) -> &Value| {
        let all = listed[of].as_array().unwrap().iter();
        all.map(|one| user(one)["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let officers = ids("officers", |one| one);
    let people = ids("custodians", |one| &one["user"]);
    let text = format!(
        "officers = {officers:?}\n[retention]\ndays = 30\n[custodians]\nneeded = 2\npeople = {people:?}\n"
    );
    fs::write(&terms, text).unwrap();
    let home = demo.data().join("keeper");
    let mut keeps = wardline();
    keeps
        .args(["--json", "keeper", "--home"])
        .arg(&home)
        .arg("--records")
        .arg(&terms)
        .stderr(Stdio::null());
    let _keeper = Follower::start(&mut keeps);
    let says_a_month =
        || list(&margaret)["in_force"]["statement"]["days"][0] == json!(["direct", 30]);
    until("a month is in force", says_a_month);
    assert_eq!(list(&margaret)["destroyed_count"], 0, "held");

    // Two custodians agree, and what was said stands in the export.
    let export = json!({
        "type": "export", "case": "2026-17", "reason": "Court order",
        "scope": { "groups": [group] },
    });
    let order = hand_in(&margaret, &export);
    let export = order["hash"].as_str().unwrap();
    let exports = || {
        let folders = fs::read_dir(home.join("statements/out")).unwrap();
        let folders = folders.map(|folder| folder.unwrap().path());
        let is_export = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("export-")
        };
        folders.filter(is_export).collect::<Vec<_>>()
    };
    agree(&custodians[0], export).json(0);
    assert!(exports().is_empty(), "one alone reads nothing");
    agree(&custodians[1], export).json(0);
    let exported = || {
        let list = list(&margaret);
        let mut orders = list["orders"].as_array().unwrap().iter();
        let order = orders.find(|order| order["hash"] == export).unwrap();
        order["outcome"]["statement"]["came"]["type"] == "exported"
    };
    until("the export", exported);
    let [folder] = &exports()[..] else {
        panic!("{:?}", exports())
    };
    let said = fs::read_to_string(folder.join(format!("{group}.ndjson"))).unwrap();
    let lines = said.lines().map(|line| serde_json::from_str(line).unwrap());
    let said: Vec<Value> = lines.map(|line: Value| line["text"].clone()).collect();
    assert_eq!(said, [code, secret]);

    // It was the hold that kept it.
    let end = json!({ "type": "end_hold", "hold": hash, "reason": "Settled" });
    let end = hand_in(&jonas, &end);
    agree(&margaret, end["hash"].as_str().unwrap()).json(0);
    until("the end", || list(&margaret)["destroyed_count"] == 1);
    assert_eq!(list(&margaret)["destroyed"][0]["statement"]["count"], 2);
    demo.verify().json(0);
}

/// `wardline serve` over a demo's data, at its address.
fn serve(demo: &Demo) -> Served {
    let port = demo.url().rsplit(':').next().unwrap();
    let config = demo.beside("wardline.toml");
    let text = format!(
        "[server]\nhttp = \"127.0.0.1:{port}\"\nhttps = \"\"\n[data]\ndir = \"{}\"\n",
        demo.data().display()
    );
    fs::write(&config, text).unwrap();
    let log = config.with_extension("log");
    let mut serve = wardline();
    serve.args(["--json", "serve", "--config"]).arg(&config);
    Served(persist(|| launch(&mut serve, &log), &log).0)
}

/// It ends with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_key_may_begin_with_a_hyphen() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("told.json");
    fs::write(&file, "{}").unwrap();
    // As one of 64 does.
    let key = format!("-{}", "A".repeat(42));
    let run = Run::of(
        wardline()
            .args(["records", "verify"])
            .arg(&file)
            .args(["--key", &key]),
    );
    assert_ne!(run.code, 0);
    assert!(!run.stderr.contains("argument"), "{run:?}");
}

/// `records verify` with the key of the device that signed, as a person's workstation knows it.
fn verify(demo: &Demo, person: &Person, told: &Value) -> Run {
    let asked = json!({ "device_ids": [told["device_id"]] });
    let found = person.post("/v1/credentials", &asked).json(0);
    let key = find(&found, "mls_key").unwrap();
    let file = demo.beside("told.json");
    fs::write(&file, told.to_string()).unwrap();
    let mut command = wardline();
    command.args(["--json", "records", "verify"]).arg(&file);
    Run::of(command.args(["--key", &key]))
}

/// Signs and hands in.
fn hand_in(person: &Person, statement: &Value) -> Value {
    Run::of(&mut hand_in_command(person, statement)).json(0)
}

fn hand_in_command(person: &Person, statement: &Value) -> Command {
    let file = person.home.with_extension("statement.json");
    fs::write(&file, statement.to_string()).unwrap();
    let file = file.display().to_string();
    person.command(["statement", "sign", &file, "--hand-in"])
}

fn agree(person: &Person, hash: &str) -> Run {
    Run::of(&mut agree_command(person, hash))
}

fn agree_command(person: &Person, hash: &str) -> Command {
    person.command([
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
    Run::of(&mut list_command(person)).json(0)
}

fn list_command(person: &Person) -> Command {
    person.command(["statement", "list"])
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
