//! The demo's record keeper, a process of its own.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Demo, PATIENCE, Person};

#[test]
fn the_record_keeper_commits_a_removal_that_no_phone_is_there_for() {
    let demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    let sent = ada.client(["send", "--to", &second, "Before"]).json(0);
    let group = sent["group"].as_str().unwrap().to_owned();
    ben.inbox();
    until(|| members(&ada, &group).iter().any(|m| m == "record-keeper"));

    // It dies, and the demo starts it again.
    let keepers = keepers_of(&demo);
    assert_eq!(keepers.len(), 1, "{keepers:?}");
    let killed = Command::new("kill")
        .args(["-KILL", &keepers[0]])
        .status()
        .unwrap();
    assert!(killed.success());
    until(|| matches!(keepers_of(&demo).as_slice(), [pid] if *pid != keepers[0]));

    let device = ben.client(["whoami"]).json(0)["device_id"].clone();
    let path = format!("/v1/devices/{}/revoke", device.as_str().unwrap());
    ben.post(&path, &json!({})).json(0);
    // Only reading, so that this workstation does not commit it.
    until(|| !members(&ada, &group).contains(&second));
    assert_eq!(summary(&ada, &group)["removal_pending"], false);
    ada.client(["send", "--group", &group, "After"]).json(0);
}

#[test]
fn the_record_keeper_ends_with_the_demo_that_started_it() {
    let mut demo = Demo::start();
    assert_eq!(keepers_of(&demo).len(), 1);
    demo.kill();
    until(|| keepers_of(&demo).is_empty());
    demo.start_again();
    until(|| keepers_of(&demo).len() == 1);
    assert!(demo.stop().success());
    assert!(keepers_of(&demo).is_empty(), "nothing is left behind");
}

fn summary(person: &Person, group: &str) -> Value {
    let list = person.client(["get", "/v1/groups"]).json(0);
    let groups = list["groups"].as_array().unwrap();
    groups.iter().find(|g| g["id"] == group).unwrap().clone()
}

/// Sign-in names of those in a conversation, as the hospital lists them.
fn members(person: &Person, group: &str) -> Vec<String> {
    let summary = summary(person, group);
    let members = summary["members"].as_array().unwrap();
    let name = |member: &Value| member["user"]["username"].as_str().unwrap().to_owned();
    members.iter().map(name).collect()
}

/// Process ids of the keepers over a demo's data.
fn keepers_of(demo: &Demo) -> Vec<String> {
    let home = demo.data().join("keeper").display().to_string();
    let arguments = |pid: &str| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|pid| {
            let line = arguments(pid);
            let has = |wanted: &str| line.split(|b| *b == 0).any(|a| a == wanted.as_bytes());
            has("keeper") && has(&home)
        })
        .collect()
}

/// Looks until it is so; how long that takes decides nothing but when to give up.
#[expect(
    clippy::disallowed_methods,
    reason = "a test of a process from outside gives up after a while"
)]
fn until(mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "it never came");
        thread::sleep(Duration::from_millis(50));
    }
}
