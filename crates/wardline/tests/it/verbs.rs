//! The verbs around a hospital: configuration, init, serve, import, and a demo that starts again.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Demo, Follower, Person, Run, wardline};

#[test]
fn a_wrong_configuration_is_told_with_line_and_mend() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("wardline.toml");
    let check = || {
        Run::of(
            wardline()
                .args(["--json", "config", "check", "--config"])
                .arg(&file),
        )
    };
    fs::write(&file, "[server]\nhttp = \"127.0.0.1:0\"\nhtpps = \"\"\n").unwrap();
    let wrong = check().json(2);
    let error = wrong["error"].as_str().unwrap();
    assert!(
        error.contains("line 3") && error.contains("https"),
        "{error}"
    );

    let defaults = Run::of(wardline().args(["config", "defaults"]));
    fs::write(&file, &defaults.stdout).unwrap();
    assert_eq!(check().json(0)["ok"], true);
    assert_eq!(
        Run::of(wardline().args(["serve", "--config", "no-such-file"])).code,
        2
    );
}

#[test]
fn a_hospital_is_made_once_served_and_holds_its_officer_to_the_program() {
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().join("data");
    let file = scratch.path().join("wardline.toml");
    let config = format!(
        "[server]\nhttp = \"127.0.0.1:0\"\nhttps = \"127.0.0.1:0\"\n[data]\ndir = {:?}\n",
        data.to_str().unwrap()
    );
    fs::write(&file, config).unwrap();
    let with_config = |verb: &str| {
        let mut command = wardline();
        command
            .arg("--json")
            .arg(verb)
            .arg("--config")
            .arg(&file)
            .stderr(Stdio::null());
        command
    };
    assert_ne!(
        Run::of(&mut with_config("serve")).code,
        0,
        "nothing is served before init"
    );
    let made = Run::of(&mut with_config("init")).json(0);
    assert_ne!(
        Run::of(&mut with_config("init")).code,
        0,
        "a hospital is never made over"
    );
    assert_eq!(
        Run::of(&mut with_config("migrate")).json(0)["migrated"],
        true
    );

    let server = Follower::start(&mut with_config("serve"));
    let ready: Value = server.next();
    let (url, code) = (
        ready["url"].as_str().unwrap(),
        made["code"].as_str().unwrap(),
    );
    let officer = Person {
        home: scratch.path().join("officer"),
        user: "officer".to_owned(),
    };
    // The code is good, and the device becomes the genesis; but a passkey in software is for
    // programs that allow it, and the hospital's own devices are not among them.
    let refused = officer
        .client(["enroll", "--server", url, "--code", code])
        .json(3);
    assert_eq!(refused["reason"], "passkey_not_accepted", "{refused}");
    let hospital = Run::of(wardline().args(["--json", "audit", "verify", url]));
    assert_eq!(hospital.json(0)["ok"], true);
    assert!(server.stop().success());

    let key = scratch.path().join("log.vkey");
    fs::write(&key, made["log_key"].as_str().unwrap()).unwrap();
    let mut verify = wardline();
    verify
        .args(["--json", "audit", "verify"])
        .arg(&data)
        .arg("--key")
        .arg(&key);
    assert_eq!(Run::of(&mut verify).json(0)["key"], "pinned");
}

#[test]
fn a_demo_believes_no_proxy_whose_network_is_none() {
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().join("data");
    let mut demo = wardline();
    demo.args(["demo", "--proxy", "10.0.0.1/8", "--data"])
        .arg(&data);
    let run = Run::of(&mut demo);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("bits beyond"), "{run:?}");
    assert!(!data.exists());
}

#[test]
fn a_demo_that_starts_again_has_new_codes_for_those_without_a_device_only() {
    let mut demo = Demo::start();
    assert!(demo.url().starts_with("http://localhost:"));
    assert!(demo.https().starts_with("https://localhost:"));
    let [first, second] = demo.users();
    let ada = demo.enroll(&first);
    let (link, code) = (
        demo.of(&second, "enroll_url"),
        demo.of(&second, "enroll_code"),
    );
    assert!(link.contains("&log=") && link.contains("&gen="), "{link}");

    assert!(demo.stop().success());
    demo.start_again();
    ada.client(["whoami"]).json(0);
    let people = demo.ready["people"].as_array().unwrap();
    let person = people
        .iter()
        .find(|person| person["user"] == first)
        .unwrap();
    assert!(
        person["enroll_url"].is_null() && person["enroll_code"].is_null(),
        "{person}"
    );
    assert_ne!(demo.of(&second, "enroll_code"), code);
    let late = Person {
        home: demo.beside("late"),
        user: second.clone(),
    };
    late.client(["enroll", "--server", demo.url(), "--code", &code])
        .json(3);
    demo.enroll(&second);
}

#[test]
fn patients_are_imported_from_a_bundle_and_found_by_their_name() {
    let demo = Demo::start();
    let [first, _] = demo.users();
    let ada = demo.enroll(&first);
    let bundle = json!({
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{ "resource": {
            "resourceType": "Patient",
            "id": "imported-1",
            "name": [{ "family": "Quillfeather", "given": ["Odette"] }],
            "birthDate": "1951-04-02",
            "gender": "female",
        }}],
    });
    let folder = demo.beside("bundles");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("one.json"), bundle.to_string()).unwrap();
    let mut import = wardline();
    import
        .args(["--json", "import", "fhir"])
        .arg(&folder)
        .arg("--data")
        .arg(demo.data());
    let report = Run::of(&mut import).json(0);
    assert_eq!(
        (&report["patients"], &report["resources"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    let found = ada
        .post("/v1/patients/search", &json!({ "q": "quillf" }))
        .json(0);
    assert_eq!(found["patients"][0]["id"], "imported-1", "{found}");

    fs::write(folder.join("one.json"), "{}").unwrap();
    assert_eq!(Run::of(&mut import).code, 3);
    demo.verify().json(0);
}
