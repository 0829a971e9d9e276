//! Conversations that were played before the demo opened, as those find them who then enrol.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use wardline_demo::{Hospital, Script};

use crate::support::{Demo, Person, until};

#[test]
fn whoever_enrols_finds_the_conversations_that_were_played() {
    let scripts = scripts();
    let demo = Demo::with_conversations();
    let potassium = scripts
        .iter()
        .find(|script| script.key == "critical-potassium")
        .unwrap();
    let [nurse, doctor, _] = potassium.participants.as_slice() else {
        panic!("{potassium:?}")
    };

    let nurse = demo.enroll(nurse);
    finds_what_was_written(&nurse, &scripts);
    // Nobody else has a phone yet, and still the conversations have names.
    let groups = nurse.client(["groups"]).json(0);
    for group in groups["groups"].as_array().unwrap() {
        assert_ne!(group["title"], "Only you", "{group}");
        assert_eq!(group["removal_pending"], false, "{group}");
    }

    // What is written now waits for those who come later.
    let about = &potassium.messages[1].text;
    let inbox = nurse.inbox();
    let there = inbox.iter().find(|m| m["text"] == *about).unwrap();
    let group = there["group"].as_str().unwrap();
    let late = "Potassium 5.4 now";
    nurse.client(["send", "--group", group, late]).json(0);
    let doctor = demo.enroll(doctor);
    until("what was written before", || {
        doctor.inbox().iter().any(|message| message["text"] == late)
    });
    demo.verify().json(0);
}

#[test]
fn a_play_that_was_cut_short_goes_on_and_says_nothing_twice() {
    let scripts = scripts();
    let demo = Demo::with_conversations_killed_when(|data| entries(&data.join("cast")) >= 12);
    assert!(!demo.data().join("cast").exists());
    assert!(!demo.data().join("cast-leaving").exists());
    let people = demo.ready["people"].as_array().unwrap();
    for script in &scripts {
        for user in &script.participants {
            let person = people
                .iter()
                .find(|person| person["user"] == *user)
                .unwrap();
            assert!(person["enroll_code"].is_string(), "{person}");
        }
    }
    let first = &scripts[0].participants[0];
    finds_what_was_written(&demo.enroll(first), &scripts);
    demo.verify().json(0);
}

#[test]
fn a_hospital_in_which_someone_has_a_phone_is_left_as_it_is() {
    let mut demo = Demo::start();
    let user = scripts()[0].participants[0].clone();
    let nurse = demo.enroll(&user);
    assert!(demo.stop().success());
    demo.start_again_with_conversations();
    assert_eq!(nurse.client(["groups"]).json(0), json!({ "groups": [] }));
}

/// What others wrote to a person comes with the record keeper's hand-over: all of it, in order.
#[track_caller]
fn finds_what_was_written(person: &Person, scripts: &[Script]) {
    let mut lines: Vec<_> = scripts
        .iter()
        .filter(|script| script.participants.contains(&person.user))
        .flat_map(|script| script.messages.iter().map(move |line| (script, line)))
        .filter(|(_, line)| line.from != person.user)
        .collect();
    lines.sort_by_key(|(_, line)| line.at_ms);
    let mut inbox = Vec::new();
    until("all that was written", || {
        inbox = person.inbox();
        inbox.len() >= lines.len()
    });
    assert_eq!(inbox.len(), lines.len(), "{inbox:?}");
    for (message, (script, line)) in inbox.iter().zip(lines) {
        assert_eq!(message["text"], line.text);
        assert_eq!(message["from"], line.from);
        assert_eq!(message["priority"], json!(line.priority));
        assert_eq!(message["patient"], json!(script.patient_id));
    }
}

/// The scripts of the demo that starts now.
#[expect(
    clippy::disallowed_methods,
    reason = "the process under test takes the time of the system, too"
)]
fn scripts() -> Vec<Script> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Hospital::generate(1, u64::try_from(now.as_millis()).unwrap()).conversations
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}
