//! The agent on this very machine.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use wardline_client_native::clock::now_ms;
use wardline_client_native::home::Home;
use wardline_model::wire::devices::REPORT_TYPE;

use crate::support::{Demo, Person, Run, wardline};

/// The value of a fact in a printed document.
fn fact<'d>(document: &'d Value, name: &str) -> Option<&'d Value> {
    let facts = document["facts"].as_array().unwrap();
    let fact = facts.iter().find(|fact| fact["name"] == name);
    fact.map(|fact| &fact["value"])
}

fn agent(args: &[&str]) -> Run {
    Run::of(wardline().args(["--json", "agent"]).args(args))
}

#[test]
fn what_can_be_known_of_this_machine_is_told_and_the_rest_has_a_reason() {
    let told = agent(&["--print"]).json(0);
    assert_eq!(fact(&told, "platform").unwrap(), "linux");
    let uname = Command::new("uname").arg("-r").output().unwrap();
    let release = String::from_utf8(uname.stdout).unwrap();
    assert_eq!(fact(&told, "kernel").unwrap(), release.trim());
    let os = fs::read_to_string("/etc/os-release").unwrap();
    let said = |name: &str| {
        let line = os.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    if let (Some(id), Some(version)) = (said("ID="), said("VERSION_ID=")) {
        let told = fact(&told, "os_version").unwrap().as_str().unwrap();
        let (name, number) = told.split_once(' ').unwrap();
        assert_eq!(number, version);
        assert!(["debian", "ubuntu", "fedora"].iter().all(|it| id != *it) || name == id);
    }

    let mut names = BTreeSet::new();
    for fact in told["facts"].as_array().unwrap() {
        names.insert(fact["name"].as_str().unwrap());
        assert!(
            !fact["value"].is_null() && !fact["value"].is_object(),
            "{fact}"
        );
    }
    for unknown in told["unknown"].as_array().unwrap() {
        let new = names.insert(unknown["name"].as_str().unwrap());
        assert!(new, "known or not, and not both: {unknown}");
        assert!(unknown["reason"].as_str().unwrap().len() > 10, "{unknown}");
    }
    assert_eq!(names.len(), 14, "{names:?}");
}

#[test]
fn a_person_reads_the_same() {
    let run = Run::of(wardline().args(["agent", "--print"]));
    assert_eq!(run.code, 0);
    assert!(
        run.stdout.starts_with("platform             linux\n"),
        "{run:?}"
    );
}

#[test]
fn it_wants_a_home_that_is_enrolled() {
    let scratch = tempfile::tempdir().unwrap();
    let home = scratch.path().join("nobody");
    let home = home.to_str().unwrap();
    assert_eq!(agent(&[]).code, 2);
    assert_eq!(agent(&["--home", home, "--every", "never"]).code, 2);
    assert_eq!(agent(&["--home", home, "--once", "--every", "1h"]).code, 2);
    agent(&["--home", home, "--once"]).json(3);
    agent(&["--home", home]).json(3);
    assert!(!scratch.path().join("nobody").exists());
}

#[test]
fn a_hospital_that_is_away_is_told_as_such() {
    let mut demo = Demo::start();
    let [first] = demo.users();
    let ada = demo.enroll(&first);
    assert!(demo.stop().success());
    let home = ada.home.to_str().unwrap();
    let away = agent(&["--home", home, "--once"]).json(5);
    let error = away["error"].as_str().unwrap();
    assert!(error.contains("cannot be reached"), "{away}");
}

#[test]
fn what_the_agent_measured_is_known_at_the_hospital_as_measured() {
    let demo = Demo::start();
    let [first] = demo.users();
    let ada = demo.enroll(&first);
    let home = ada.home.to_str().unwrap();
    let told = agent(&["--home", home, "--once"]).json(0);
    let standing = told["assessment"]["standing"].as_str().unwrap();
    assert!(
        ["compliant", "grace", "quarantined"].contains(&standing),
        "{told}"
    );

    let known = ada
        .client(["get", &format!("/v1/devices/{}", device(&ada))])
        .json(0);
    let known = known["facts"].as_array().unwrap();
    for fact in told["facts"].as_array().unwrap() {
        let of = |known: &&Value| known["name"] == fact["name"] && known["provenance"] == "agent";
        let kept = known.iter().find(of);
        let kept = kept.unwrap_or_else(|| panic!("{fact} is not kept: {known:?}"));
        assert_eq!(kept["value"], fact["value"]);
    }
    // The person's own commands use the same home between two reports.
    ada.client(["whoami"]).json(0);
}

#[test]
fn a_person_reads_the_hospitals_verdict() {
    let demo = Demo::start();
    let [first] = demo.users();
    let ada = demo.enroll(&first);
    let run = Run::of(
        wardline()
            .args(["agent", "--once", "--home"])
            .arg(&ada.home),
    );
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stdout.contains("kernel") && run.stdout.contains("The hospital"),
        "{run:?}"
    );
}

#[test]
fn a_report_counts_for_the_device_that_signed_it_just_now_and_for_no_other() {
    let demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    let hospital = ada.client(["get", "/v1/hospital"]).json(0);
    let origin = hospital["log_origin"].as_str().unwrap();
    let claims = |aud: &str, of: &Person, ago: u64| {
        json!({
            "aud": aud,
            "device_id": device(of),
            "iat": now_ms() / 1000 - ago,
            "facts": [{ "name": "kernel", "value": "6.0" }],
        })
    };
    let post = |report: String| ada.post("/v1/device/report", &json!({ "report": report }));

    post(signed(&key(&ada), &claims(origin, &ada, 0))).json(0);
    for (what, report) in [
        ("another key", signed(&key(&ben), &claims(origin, &ada, 0))),
        (
            "another device's whole report",
            signed(&key(&ben), &claims(origin, &ben, 0)),
        ),
        (
            "about another device",
            signed(&key(&ada), &claims(origin, &ben, 0)),
        ),
        (
            "for another hospital",
            signed(&key(&ada), &claims("elsewhere", &ada, 0)),
        ),
        (
            "of an hour ago",
            signed(&key(&ada), &claims(origin, &ada, 3_600)),
        ),
    ] {
        let refused = post(report);
        assert_eq!(refused.code, 3, "{what}: {refused:?}");
        let problem = refused.json(3);
        assert!(
            problem["type"]
                .as_str()
                .unwrap()
                .ends_with("report-refused"),
            "{what}: {problem}"
        );
    }
    let mut altered = signed(&key(&ada), &claims(origin, &ada, 0)).into_bytes();
    let last = altered.len() - 10;
    altered[last] = if altered[last] == b'A' { b'B' } else { b'A' };
    assert_eq!(post(String::from_utf8(altered).unwrap()).code, 3);
}

fn device(person: &Person) -> String {
    let device = person.client(["whoami"]).json(0)["device_id"].clone();
    device.as_str().unwrap().to_owned()
}

fn key(person: &Person) -> SigningKey {
    Home::open(&person.home).unwrap().device_key().unwrap()
}

/// A report as a device signs it: a compact JWS with the key in its header.
fn signed(key: &SigningKey, claims: &Value) -> String {
    let point = key.verifying_key().to_encoded_point(false);
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let header = json!({
        "typ": REPORT_TYPE,
        "alg": "ES256",
        "jwk": { "kty": "EC", "crv": "P-256", "x": part(point.x().unwrap()), "y": part(point.y().unwrap()) },
    });
    let input = format!(
        "{}.{}",
        part(header.to_string().as_bytes()),
        part(claims.to_string().as_bytes())
    );
    let signature: Signature = key.sign(input.as_bytes());
    format!("{input}.{}", part(&signature.to_bytes()))
}
