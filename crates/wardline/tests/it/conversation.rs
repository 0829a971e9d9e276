//! Two people at workstations talk about a patient.

use std::collections::HashSet;

use serde_json::Value;

use crate::support::{Demo, Follower, Person, Run};

#[test]
fn two_people_write_to_each_other_about_a_patient() {
    let demo = Demo::start();
    let [first, second] = demo.users();
    let ada = demo.enroll(&first);
    // The second one by the whole link, over TLS under the demo's own CA.
    let ben = Person {
        home: demo.beside("ben"),
        user: second,
    };
    let link = demo.of(&ben.user, "enroll_url");
    let ca = demo.ready["ca"].as_str().unwrap();
    ben.client([
        "enroll",
        "--server",
        demo.https(),
        "--ca",
        ca,
        "--code",
        &link,
    ])
    .json(0);
    let me = ben.client(["whoami"]).json(0);
    assert_eq!(
        (&me["user"], &me["on_shift"]),
        (&ben.user.as_str().into(), &true.into())
    );

    let patient = ada.a_patient();
    let text = "Potassium 6.8, please look at her ECG now";
    let sent = ada
        .client([
            "send",
            "--to",
            &ben.user,
            "--patient",
            &patient,
            "--stat",
            text,
        ])
        .json(0);
    let inbox = ben.inbox();
    let [message] = inbox.as_slice() else {
        panic!("{inbox:?}")
    };
    for member in ["id", "group", "seq"] {
        assert_eq!(message[member], sent[member], "{member}");
    }
    assert_eq!(message["from"], ada.user);
    assert_eq!(message["text"], text);
    assert_eq!(message["patient"], patient);
    assert_eq!(message["priority"], "stat");
    assert_eq!(message["state"], "delivered");
    assert!(message["sent_at"].as_u64().is_some());

    let acknowledged = ben.client(["ack", sent["id"].as_str().unwrap()]).json(0);
    assert_eq!(acknowledged["state"], "acknowledged");
    assert_eq!(ben.inbox()[0]["state"], "acknowledged");

    let group = sent["group"].as_str().unwrap();
    let answer = ben.client(["send", "--group", group, "On my way"]).json(0);
    assert!(answer["seq"].as_u64() > sent["seq"].as_u64());
    let inbox = ada.inbox();
    assert_eq!(inbox.len(), 1);
    assert_eq!(
        (&inbox[0]["text"], &inbox[0]["patient"]),
        (&"On my way".into(), &patient.into())
    );

    // What one recalls is nothing but a trace with the other.
    let slip = ben.client(["send", "--group", group, "Wrong bed"]).json(0);
    let id = slip["id"].as_str().unwrap();
    ada.client(["react", id, "👍"]).json(0);
    ben.client(["edit", id, "Bed 4"]).json(0);
    let inbox = ada.inbox();
    assert_eq!(inbox[1]["text"], "Bed 4");
    assert_eq!(inbox[1]["reactions"][0]["emoji"], "👍");
    assert_eq!(inbox[1]["recalled"], false);
    ben.client(["recall", id]).json(0);
    let inbox = ada.inbox();
    assert_eq!(inbox[1]["text"], "");
    assert_eq!(inbox[1]["recalled"], true);

    // Another patient, another conversation; the same patient, the same one.
    let again = ada
        .client(["send", "--to", &ben.user, "No patient"])
        .json(0);
    assert_ne!(again["group"], sent["group"]);
    let again = ada.client([
        "send",
        "--to",
        &ben.user,
        "--patient",
        message["patient"].as_str().unwrap(),
        "More",
    ]);
    assert_eq!(again.json(0)["group"], sent["group"]);
    let groups = ada.client(["groups"]).json(0);
    assert_eq!(groups["groups"].as_array().unwrap().len(), 2);
}

#[test]
fn whoever_follows_sees_each_message_once_as_it_comes() {
    let mut demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    ada.client(["send", "--to", &ben.user, "before"]).json(0);

    let follower = Follower::start(&mut ben.command(["inbox", "--follow"]));
    assert_eq!(follower.next()["text"], "before");
    let sent = ada.client(["send", "--to", &ben.user, "during"]).json(0);
    let message = follower.next();
    assert_eq!(
        (&message["text"], &message["id"]),
        (&"during".into(), &sent["id"])
    );

    // The home is in use meanwhile, and says so.
    let busy = ben.client(["inbox"]).json(5);
    assert!(
        busy["error"]
            .as_str()
            .unwrap()
            .contains("another process uses it"),
        "{busy}"
    );

    // A server that comes back is followed again.
    demo.kill();
    demo.start_again();
    ada.client(["send", "--to", &ben.user, "after"]).json(0);
    assert_eq!(follower.next()["text"], "after");
    assert!(follower.stop().success());
}

#[test]
fn a_role_reaches_whoever_holds_it_now() {
    let demo = Demo::start();
    let people: HashSet<String> = demo.ready["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|person| person["user"].as_str().unwrap().to_owned())
        .collect();
    let [first, second, _] = demo.users();
    let ada = demo.enroll(&first);
    let roles = ada.client(["get", "/v1/roles"]).json(0);
    let holder = |role: &Value| {
        role["holder"]["username"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let role = roles["roles"]
        .as_array()
        .unwrap()
        .iter()
        .find(|role| people.contains(&holder(role)) && holder(role) != first)
        .unwrap_or_else(|| panic!("{second}: {roles}"));
    let ben = demo.enroll(&holder(role));
    let slug = role["slug"].as_str().unwrap();
    ada.client(["send", "--role", slug, "Bed 4 needs you"])
        .json(0);
    assert_eq!(ben.inbox()[0]["text"], "Bed 4 needs you");

    let unknown: Run = ada.client(["send", "--role", "no-such-role", "Hello"]);
    assert!([2, 3].contains(&unknown.code), "{unknown:?}");
}
