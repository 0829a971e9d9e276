//! What a workstation is refused, and the exit codes that say so.

use std::fs;

use serde_json::json;

use crate::support::{Demo, Person, Run, copy, wardline};

#[test]
fn a_code_works_once_and_a_wrong_one_not_at_all() {
    let demo = Demo::start();
    let [first, second] = demo.users();
    let ada = demo.enroll(&first);
    let enroll = |name: &str, code: &str| {
        let person = Person {
            home: demo.beside(name),
            user: String::new(),
        };
        person.client(["enroll", "--server", demo.url(), "--code", code])
    };
    let used = demo.of(&first, "enroll_code");
    assert!(
        enroll("thief", &used).json(3)["type"]
            .as_str()
            .unwrap()
            .starts_with("urn:wardline:")
    );

    let mut guessed = demo.of(&second, "enroll_code");
    let last = guessed.pop().unwrap();
    guessed.push(if last == 'Z' { 'Y' } else { 'Z' });
    enroll("guesser", &guessed).json(3);
    // One wrong guess does not shut out the person whose code it is.
    demo.enroll(&second);

    // An enrolled home is not enrolled over, and still works.
    let again = ada
        .client(["enroll", "--server", demo.url(), "--code", &used])
        .json(3);
    assert!(
        again["error"].as_str().unwrap().contains("--home"),
        "{again}"
    );
    ada.client(["whoami"]).json(0);
}

#[test]
fn a_link_with_another_hospitals_pins_is_refused() {
    let demo = Demo::start();
    let other = Demo::start();
    let [first, second] = demo.users();
    let pins = |link: &str| link.split_once("&ca=").unwrap().1.to_owned();
    let link = demo.of(&first, "enroll_url");
    let forged = link.replace(&pins(&link), &pins(&other.of(&first, "enroll_url")));
    let ada = Person {
        home: demo.beside("ada"),
        user: first.clone(),
    };
    let refused = ada.client(["enroll", "--code", &forged]).json(4);
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .contains("not the hospital"),
        "{refused}"
    );
    // The code was not spent on it, and the address in the link is enough.
    ada.client(["enroll", "--code", &link]).json(0);

    let ben = Person {
        home: demo.beside("ben"),
        user: second.clone(),
    };
    let foreign_ca = other.ready["ca"].as_str().unwrap();
    let link = demo.of(&second, "enroll_url");
    let args = [
        "enroll",
        "--server",
        demo.https(),
        "--ca",
        foreign_ca,
        "--code",
        &link,
    ];
    let refused = ben.client(args).json(2);
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .contains("the invitation names"),
        "{refused}"
    );
    let code = demo.of(&second, "enroll_code");
    let args = [
        "enroll",
        "--server",
        demo.https(),
        "--ca",
        foreign_ca,
        "--code",
        &code,
    ];
    let refused = ben.client(args).json(5);
    assert!(
        refused["error"].as_str().unwrap().contains("certificate"),
        "{refused}"
    );
}

#[test]
fn a_stolen_store_without_its_keys_opens_nothing() {
    let demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    let text = "Lab value nobody else may read";
    ada.client(["send", "--to", &second, text]).json(0);
    assert_eq!(ben.inbox().len(), 1);

    // The store of one home with the keys of another: another device key.
    let thief = Person {
        home: demo.beside("thief"),
        user: second.clone(),
    };
    copy(&ada.home, &thief.home);
    fs::copy(ben.home.join("store.redb"), thief.home.join("store.redb")).unwrap();
    assert_eq!(thief.client(["inbox"]).code, 3);
    // An empty home.
    let nobody = Person {
        home: demo.beside("nobody"),
        user: second.clone(),
    };
    assert_eq!(nobody.client(["inbox"]).code, 3);
    assert!(!nobody.home.exists());
    // Nothing of the text lies readable in the homes of either end.
    for person in [&ada, &ben] {
        for entry in fs::read_dir(&person.home).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            assert!(
                !bytes
                    .windows(text.len())
                    .any(|window| window == text.as_bytes())
            );
        }
    }
}

#[test]
fn a_device_that_was_taken_out_of_use_is_out() {
    let demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    ada.client(["send", "--to", &second, "still here"]).json(0);
    let device = ben.client(["whoami"]).json(0)["device_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/devices/{device}/revoke");

    let denied = ada.post(&path, &json!({})).json(3);
    assert_eq!(denied["status"], 403, "{denied}");
    assert_eq!(ben.post(&path, &json!({})).code, 0);
    assert_eq!(ben.client(["inbox"]).code, 3);
    let nobody = ada.client(["send", "--to", &second, "gone"]).json(3);
    assert!(
        nobody["error"]
            .as_str()
            .unwrap()
            .contains("no device in use"),
        "{nobody}"
    );
}

#[test]
fn exit_codes_say_who_has_to_act() {
    let mut demo = Demo::start();
    let [first, _] = demo.users();
    let ada = demo.enroll(&first);

    for args in [
        &["client"][..],
        &["client", "--home", "x", "send", "no recipient"],
        &["nonsense"],
    ] {
        assert_eq!(Run::of(wardline().args(args)).code, 2, "{args:?}");
    }
    assert_eq!(ada.client(["get", "v1/me"]).code, 2);
    let elsewhere = Person {
        home: demo.beside("elsewhere"),
        user: String::new(),
    };
    let plain = [
        "enroll",
        "--server",
        "http://hospital.example",
        "--code",
        "ABCD-12345-67890",
    ];
    let refused = elsewhere.client(plain).json(2);
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .contains("this machine only"),
        "{refused}"
    );

    ada.client(["send", "--to", "nobody.at.all", "Hello"])
        .json(3);
    let missing = ada.client(["get", "/v1/patients/no-such-patient"]);
    assert!(
        missing.json(3)["type"]
            .as_str()
            .unwrap()
            .starts_with("urn:wardline:problem:")
    );
    // Without --json the problem document is printed all the same, since a body was asked for.
    let missing = Run::of(
        wardline()
            .arg("client")
            .arg("--home")
            .arg(&ada.home)
            .args(["get", "/v1/patients/no-such-patient"]),
    );
    assert!(missing.json(3)["title"].is_string());
    assert!(missing.stderr.starts_with("wardline: "), "{missing:?}");

    assert!(demo.stop().success());
    let away = ada.client(["whoami"]).json(5);
    assert!(
        away["error"]
            .as_str()
            .unwrap()
            .contains("cannot be reached"),
        "{away}"
    );
}
