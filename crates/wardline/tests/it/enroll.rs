//! A workstation whose program asks for proof of its key, and for its person's consent: `client
//! prepare`, then `client enroll`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use p256::PublicKey;
use p256::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wardline_client_native::NativeClient;
use wardline_client_native::client::Enrolment;
use wardline_model::B64;
use wardline_model::endorsement::Duty;
use wardline_posture::made::{self, Authority, Description};
use wardline_server::demo::{self, DemoOptions, Ready};
use wardline_server::rim::Clock;

use crate::support::{Follower, PATIENCE, Person, Run, STEP, wardline};

/// The demo's people, served by a hospital that trusts a maker of phones. It ends with the test.
struct Hospital {
    url: String,
    people: Ready,
    maker: Vec<Authority>,
    officer: NativeClient,
    runtime: Runtime,
    /// Before the folder that it works in: fields go in this order.
    _server: Follower,
    scratch: TempDir,
}

impl Hospital {
    /// One whose demo program has these terms of enrolment.
    fn demanding(enrolment: &Value) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let options = DemoOptions {
            data: scratch.path().join("data"),
            http: ([127, 0, 0, 1], 0).into(),
            https: ([127, 0, 0, 1], 0).into(),
            seed: 1,
            proxies: Vec::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (people, officer_code) = runtime.block_on(async {
            let made = demo::run_on(&options, "sqlite", Clock::default()).await;
            let made = made.unwrap();
            let people = made.ready().await.unwrap();
            let code = made.officer.code.clone().unwrap();
            made.server.shutdown().await;
            (people, code)
        });
        let maker = new_maker();
        let roots = scratch.path().join("roots.pem");
        fs::write(&roots, maker[0].pem()).unwrap();
        let config = scratch.path().join("wardline.toml");
        let text = format!(
            "[server]\nhttp = \"127.0.0.1:0\"\nhttps = \"\"\n[data]\ndir = \"{}\"\n\
             [attestation]\nandroid_roots = \"{}\"\n",
            options.data.display(),
            roots.display()
        );
        fs::write(&config, text).unwrap();
        let mut serve = wardline();
        serve
            .args(["--json", "serve", "--config"])
            .arg(&config)
            .stderr(Stdio::null());
        let server = Follower::start(&mut serve);
        let url = server.next()["url"].as_str().unwrap().to_owned();
        let officer = runtime.block_on(async {
            let mut officer = enroll(&url, &scratch.path().join("officer"), &officer_code).await;
            sign_in(&mut officer).await;
            let mut others = people.people.iter();
            let person = others.find(|p| p.role == "Security officer").unwrap();
            let code = person.enroll_code.clone().unwrap();
            let mut security = enroll(&url, &scratch.path().join("security"), &code).await;
            let id = security.status().device_id.unwrap();
            officer.confirm_device(id, Duty::None).await.unwrap();
            sign_in(&mut security).await;
            demand(&mut security, enrolment).await;
            officer
        });
        Self {
            url,
            people,
            maker,
            officer,
            runtime,
            _server: server,
            scratch,
        }
    }

    /// Someone with a code and without a workstation.
    fn newcomer(&self) -> Newcomer {
        let person = &self.people.people[0];
        Newcomer {
            person: Person {
                home: self.scratch.path().join("home"),
                user: person.user.clone(),
            },
            url: self.url.clone(),
            code: person.enroll_code.clone().unwrap(),
        }
    }

    /// A file with a chain for a key (SubjectPublicKeyInfo, DER) over a challenge.
    fn chain(&self, maker: &[Authority], key: &[u8], challenge: &[u8]) -> String {
        let mut leaf = made::attested(&Description::new(challenge)).unwrap();
        leaf.not_after += LASTING;
        let chain = made::chain_of(key, maker, &leaf).unwrap();
        let file = self.scratch.path().join("chain.pem");
        fs::write(&file, made::pem(&chain).unwrap()).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// Runs `enroll` while the officer confirms whom it is for, and gives what it printed.
    fn admits(&mut self, newcomer: &Newcomer, more: &[&str]) -> Value {
        let mut enroll = newcomer.command("enroll", more);
        let enrolling = Follower::start(enroll.stderr(Stdio::null()));
        let officer = &mut self.officer;
        self.runtime.block_on(async {
            for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
                let waiting = officer.pending_devices().await.unwrap();
                let mut waiting = waiting.iter().map(|pending| &pending.device);
                if let Some(device) = waiting.find(|d| d.user.username == newcomer.person.user) {
                    officer.confirm_device(device.id, Duty::None).await.unwrap();
                    return;
                }
                tokio::time::sleep(STEP).await;
            }
            panic!("nobody asked to be confirmed");
        });
        enrolling.next()
    }
}

/// Someone who enrols a workstation.
struct Newcomer {
    person: Person,
    url: String,
    code: String,
}

impl Newcomer {
    fn command(&self, verb: &str, more: &[&str]) -> Command {
        let invited = [verb, "--server", &self.url, "--code", &self.code];
        self.person.command([&invited[..], more].concat())
    }

    fn run(&self, verb: &str, more: &[&str]) -> Run {
        Run::of(&mut self.command(verb, more))
    }

    /// The challenge and the key that `prepare` prints, the key in DER.
    fn prepare(&self) -> (Vec<u8>, Vec<u8>) {
        let prepared = self.run("prepare", &[]).json(0);
        let text = |name: &str| {
            prepared[name]
                .as_str()
                .unwrap_or_else(|| panic!("{prepared}"))
        };
        let challenge = B64::decode(text("challenge")).unwrap();
        let key = PublicKey::from_public_key_pem(text("public_key")).unwrap();
        (challenge.0, key.to_public_key_der().unwrap().into_vec())
    }

    /// The hospital refuses to enrol, and says this.
    #[track_caller]
    fn is_refused(&self, more: &[&str], why: &str) {
        let problem = self.run("enroll", more).json(3);
        assert_eq!(problem["type"], "urn:wardline:problem:attestation-refused");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(why), "{detail}");
    }

    /// What its owner sees of the workstation.
    fn device(&self, enrolled: &Value) -> Value {
        let path = format!("/v1/devices/{}", enrolled["device_id"].as_str().unwrap());
        self.person.client(["get", &path]).json(0)
    }
}

/// A root, and an authority below it that certifies phones.
fn new_maker() -> Vec<Authority> {
    let mut root = made::authority("Root");
    root.not_after += LASTING;
    let mut phones = made::authority("Phones");
    phones.not_after += LASTING;
    let root = Authority::self_signed(root, made::key().unwrap()).unwrap();
    let phones = Authority::signed_by(phones, made::key().unwrap(), &root).unwrap();
    vec![root, phones]
}

async fn enroll(url: &str, home: &Path, code: &str) -> NativeClient {
    let enrolment = Enrolment {
        server: Some(url),
        code,
        name: "Desk",
        ..Enrolment::default()
    };
    NativeClient::enroll(home, &enrolment).await.unwrap()
}

async fn sign_in(client: &mut NativeClient) {
    client.wait_until_active(PATIENCE).await.unwrap();
    client.sign_in().await.unwrap();
}

/// Changes the demo program's terms of enrolment.
async fn demand(security: &mut NativeClient, enrolment: &Value) {
    let list = security.raw("GET", "/v1/programs", None).await.unwrap();
    let list: Value = serde_json::from_slice(&list).unwrap();
    let mut programs = list["programs"].as_array().unwrap().iter();
    let program = programs.find(|p| p["terms"]["slug"] == "demo").unwrap();
    let mut terms = program["terms"].clone();
    for (name, value) in enrolment.as_object().unwrap() {
        terms["enrolment"][name] = value.clone();
    }
    // What is made up has the patches of its day, which the rules would not have.
    terms["rules"] = json!([]);
    let body = json!({ "version": 0, "terms": terms }).to_string();
    let path = "/v1/programs/demo";
    let body = Some(body.into_bytes());
    security.raw("PUT", path, body).await.unwrap();
}

/// Added to the year that made-up certificates are good for: the hospital has today's clock.
const LASTING: time::Duration = time::Duration::days(100 * 365);

#[test]
fn a_workstation_gets_in_by_an_attestation_of_its_own_key_over_its_own_challenge() {
    let mut hospital = Hospital::demanding(&json!({ "attestation": "key" }));
    let ada = hospital.newcomer();
    let (challenge, key) = ada.prepare();
    assert_eq!(ada.prepare(), (challenge.clone(), key.clone()), "again");

    ada.is_refused(&[], "missing");
    let maker = &hospital.maker;
    let other = hospital.chain(maker, &key, b"another challenge");
    ada.is_refused(&["--attestation", &other], "challenge");
    let stranger = p256::SecretKey::from_slice(&[7; 32]).unwrap().public_key();
    let stranger = stranger.to_public_key_der().unwrap();
    let other = hospital.chain(maker, stranger.as_bytes(), &challenge);
    ada.is_refused(&["--attestation", &other], "another key");
    let other = hospital.chain(&new_maker(), &key, &challenge);
    ada.is_refused(&["--attestation", &other], "root");
    let nowhere = ada.run("enroll", &["--attestation", "/nowhere/chain.pem"]);
    let nowhere = nowhere.json(2)["error"].clone();
    assert!(nowhere.as_str().unwrap().contains("/nowhere/chain.pem"));

    let good = hospital.chain(maker, &key, &challenge);
    let enrolled = hospital.admits(&ada, &["--attestation", &good]);
    assert_eq!(enrolled["user"], ada.person.user, "{enrolled}");
    let device = ada.device(&enrolled);
    let facts = device["facts"].as_array().unwrap();
    let fact = facts.iter().find(|fact| fact["name"] == "key_hardware");
    let fact = fact.unwrap();
    assert_eq!(fact["value"], "hardware");
    assert_eq!(fact["provenance"], "attested");
}

#[test]
fn an_enrolled_workstation_has_its_key_attested_again_without_signing_in() {
    let mut hospital = Hospital::demanding(&json!({ "attestation": "key" }));
    let ada = hospital.newcomer();
    let (challenge, key) = ada.prepare();
    let chain = hospital.chain(&hospital.maker, &key, &challenge);
    let enrolled = hospital.admits(&ada, &["--attestation", &chain]);
    let proven = |device: &Value| {
        let facts = device["facts"].as_array().unwrap();
        let fact = facts.iter().find(|fact| fact["name"] == "key_hardware");
        fact.unwrap()["observed_at"].as_u64().unwrap()
    };
    let first = proven(&ada.device(&enrolled));

    let asked = ada.person.client(["attest"]).json(0);
    let text = |name: &str| asked[name].as_str().unwrap().to_owned();
    let own = PublicKey::from_public_key_pem(&text("public_key")).unwrap();
    assert_eq!(own.to_public_key_der().unwrap().as_bytes(), key, "{asked}");
    let challenge = B64::decode(&text("challenge")).unwrap();
    let chain = hospital.chain(&hospital.maker, &key, &challenge.0);
    let id = text("challenge_id");
    let answer = ["attest", "--challenge", &id, "--attestation", &chain];
    let stands = ada.person.client(answer).json(0);
    assert_eq!(stands["assessment"]["standing"], "compliant", "{stands}");
    assert!(proven(&ada.device(&enrolled)) > first);

    // It is an answer once.
    let problem = ada.person.client(answer).json(3);
    assert_eq!(problem["type"], "urn:wardline:problem:attestation-over");
    // Neither half is of use alone.
    let half = ada.person.client(["attest", "--challenge", &id]);
    assert_eq!(half.code, 2, "{half:?}");
}

#[test]
fn a_workstation_gets_in_once_its_person_accepts_what_is_kept_of_it() {
    let terms = json!({ "attestation": "key", "privacy_notice": true });
    let mut hospital = Hospital::demanding(&terms);
    let ada = hospital.newcomer();
    let (challenge, key) = ada.prepare();
    let chain = hospital.chain(&hospital.maker, &key, &challenge);
    let attested = ["--attestation", chain.as_str()];
    let told = ada.run("enroll", &attested).json(3)["error"].clone();
    let told = told.as_str().unwrap();
    assert!(told.contains("Never collected:"), "{told}");
    assert!(told.contains("--accept-notice"), "{told}");
    // Consent is no proof.
    ada.is_refused(&["--accept-notice"], "missing");
    let enrolled = hospital.admits(&ada, &[&attested[..], &["--accept-notice"]].concat());
    let device = ada.device(&enrolled);
    assert!(device["notice_accepted_at"].is_u64(), "{device}");
}
