//! What is proven of a device: to the hospital by its hardware, to everyone by its certificates.

use std::path::PathBuf;

use serde_json::{Value, json};
use uuid::Uuid;
use wardline_model::B64;
use wardline_model::endorsement::Duty;
use wardline_model::wire::devices::DeviceDetail;
use wardline_model::wire::enroll::{Certificates, DeviceState, EnrollStarted};
use wardline_model::wire::posture::{Assessment, FactName, FactValue, Provenance, Standing};
use wardline_model::wire::programs::ProgramList;
use wardline_posture::made;
use wardline_server::config;

use crate::fleet::{change, detail, encrypted, state_of};
use crate::support::lists;
use crate::support::maker::Maker;
use crate::support::openssl::Verifier;
use crate::support::{Answer, Device, Engine, Hospital, Proof, story};

/// The model that the demo's program takes, and another one of the same maker.
const LISTED: Uuid = Uuid::from_bytes([7; 16]);
const UNLISTED: Uuid = Uuid::from_bytes([8; 16]);

const HOUR: u64 = 60 * 60 * 1000;

/// A hospital that trusts one maker, for both of its models and for its phones.
struct Ward {
    hospital: Hospital,
    officer: Device,
    maker: Maker,
}

impl Ward {
    /// Its demo program demands this attestation, and takes authenticators of one model.
    async fn demanding(engine: Engine, attestation: &str) -> Self {
        let maker = Maker::new();
        let hospital = Hospital::with(engine, |config| {
            config.attestation.authenticators = vec![config::Maker {
                roots: maker.root(),
                aaguids: vec![LISTED, UNLISTED],
            }];
            config.attestation.android_roots = maker.root();
        })
        .await;
        let mut officer = hospital.officer().await;
        let mut body = change(&mut officer, 0, &[]).await;
        body["terms"]["enrolment"]["attestation"] = json!(attestation);
        body["terms"]["enrolment"]["authenticators"] = json!([LISTED]);
        officer
            .request("PUT", "/v1/programs/demo", Some(&body))
            .await
            .expect(200);
        Self {
            hospital,
            officer,
            maker,
        }
    }

    /// A new phone of the officer that presented its code.
    async fn started(&mut self) -> (Device, EnrollStarted) {
        let invite = self.hospital.invite(&mut self.officer).await;
        let mut phone = self.hospital.device();
        let started: EnrollStarted = phone.start(&invite.code).await.expect(200).json();
        phone.enrollment = Some(started.enrollment_id);
        phone.id = Some(started.device_id);
        phone.person = Some(started.user.id);
        (phone, started)
    }

    /// What a phone's authenticator of a model answers, and its maker vouches for.
    fn vouched(&self, phone: &Device, creation: &Value, model: Uuid) -> Value {
        phone
            .passkey
            .register_attested(creation, &self.maker, model)
    }

    /// Confirms a phone, which then signs in with the passkey that it registered.
    async fn let_in(&mut self, phone: &mut Device) -> DeviceDetail {
        self.officer.endorse(phone, Duty::None).await.expect(200);
        phone.sign_in().await;
        detail(&mut self.officer, phone).await
    }
}

/// Hands in a passkey, and what attests the device key where something does.
async fn finish(
    phone: &mut Device,
    started: &EnrollStarted,
    credential: &Value,
    chain: Option<&[B64]>,
) -> Answer {
    let binding = phone.binding(started).await;
    let body = json!({
        "enrollment_id": started.enrollment_id,
        "binding": binding,
        "credential": credential,
        "attestation": chain,
    });
    phone.post("/v1/enroll/finish", &body).await
}

/// The authenticator is refused for this reason.
#[track_caller]
fn refused(answer: &Answer, reason: &str) {
    let problem = answer.refused(422, "authenticator-refused");
    assert_eq!(problem.extensions["reason"], reason, "{problem:?}");
}

/// What the device's hardware has proven under a name.
fn attested(device: &DeviceDetail, name: FactName) -> Option<FactValue> {
    let fact = device.facts.iter().find(|fact| fact.name == name)?;
    assert_eq!(fact.provenance, Provenance::Attested);
    Some(fact.value.clone())
}

story!(an_authenticator_of_a_listed_model_is_taken_and_known_as_what_it_is);
async fn an_authenticator_of_a_listed_model_is_taken_and_known_as_what_it_is(engine: Engine) {
    let mut ward = Ward::demanding(engine, "authenticator").await;
    let (mut phone, started) = ward.started().await;
    let answer = ward.vouched(&phone, &started.creation, LISTED);
    finish(&mut phone, &started, &answer, None)
        .await
        .expect(200);
    let device = ward.let_in(&mut phone).await;
    assert_eq!(device.device.state, DeviceState::Active);
    assert_eq!(
        attested(&device, FactName::Authenticator),
        Some(LISTED.to_string().into())
    );
    let evidence = &device.facts[0].evidence;
    assert!(
        evidence.contains("packed") && evidence.contains("Batch 7"),
        "{evidence}"
    );
}

#[tokio::test]
async fn an_authenticator_that_does_not_prove_what_is_demanded_is_refused_with_the_reason() {
    let mut ward = Ward::demanding(Engine::Sqlite, "authenticator").await;
    let (mut phone, started) = ward.started().await;
    let options = &started.creation;

    let silent = phone.passkey.register(options);
    refused(&finish(&mut phone, &started, &silent, None).await, "none");
    let unlisted = ward.vouched(&phone, options, UNLISTED);
    refused(
        &finish(&mut phone, &started, &unlisted, None).await,
        "model",
    );
    let stranger = phone
        .passkey
        .register_attested(options, &Maker::new(), LISTED);
    refused(
        &finish(&mut phone, &started, &stranger, None).await,
        "untrusted",
    );

    // What was attested for another challenge is no answer to this one, neither as it is nor under
    // the client data of this one.
    let mut other = started.creation.clone();
    other["publicKey"]["challenge"] = json!(B64::from([9; 32]));
    let stale = ward.vouched(&phone, &other, LISTED);
    finish(&mut phone, &started, &stale, None)
        .await
        .refused(401, "passkey-refused");
    let good = ward.vouched(&phone, options, LISTED);
    let mut mixed = good.clone();
    mixed["response"]["attestationObject"] = stale["response"]["attestationObject"].clone();
    refused(
        &finish(&mut phone, &started, &mixed, None).await,
        "signature",
    );

    // The key's attestation does not stand in for the authenticator's.
    let challenge = started.attestation_challenge.as_ref().unwrap();
    let chain = ward.maker.key_of(&phone, challenge.as_ref());
    refused(
        &finish(&mut phone, &started, &silent, Some(&chain)).await,
        "none",
    );

    // None of that spent the code.
    finish(&mut phone, &started, &good, None).await.expect(200);
}

#[tokio::test]
async fn where_either_will_do_one_of_both_has_to_be_proven() {
    let mut ward = Ward::demanding(Engine::Sqlite, "either").await;

    let (mut phone, started) = ward.started().await;
    let silent = phone.passkey.register(&started.creation);
    refused(&finish(&mut phone, &started, &silent, None).await, "none");
    // A proof that fails is no lack of one: nobody gets in by sending rubbish beside it.
    let stale = ward.maker.key_of(&phone, &[9; 32]);
    finish(&mut phone, &started, &silent, Some(&stale))
        .await
        .refused(422, "attestation-refused");
    let challenge = started.attestation_challenge.as_ref().unwrap();
    let chain = ward.maker.key_of(&phone, challenge.as_ref());
    finish(&mut phone, &started, &silent, Some(&chain))
        .await
        .expect(200);
    let device = ward.let_in(&mut phone).await;
    assert_eq!(
        attested(&device, FactName::KeyHardware),
        Some("hardware".into())
    );
    assert_eq!(attested(&device, FactName::Authenticator), None);

    let (mut phone, started) = ward.started().await;
    let options = &started.creation;
    let unlisted = ward.vouched(&phone, options, UNLISTED);
    refused(
        &finish(&mut phone, &started, &unlisted, None).await,
        "model",
    );
    let listed = ward.vouched(&phone, options, LISTED);
    finish(&mut phone, &started, &listed, None)
        .await
        .expect(200);
    let device = ward.let_in(&mut phone).await;
    assert_eq!(attested(&device, FactName::KeyHardware), None);
    assert_eq!(
        attested(&device, FactName::Authenticator),
        Some(LISTED.to_string().into())
    );

    // Both are noted; and beside an attested key an authenticator that nobody knows does no harm.
    for (model, noted) in [(LISTED, Some(LISTED.to_string().into())), (UNLISTED, None)] {
        let (mut phone, started) = ward.started().await;
        let challenge = started.attestation_challenge.as_ref().unwrap();
        let chain = ward.maker.key_of(&phone, challenge.as_ref());
        let vouched = ward.vouched(&phone, &started.creation, model);
        finish(&mut phone, &started, &vouched, Some(&chain))
            .await
            .expect(200);
        let device = ward.let_in(&mut phone).await;
        assert_eq!(
            attested(&device, FactName::KeyHardware),
            Some("hardware".into())
        );
        assert_eq!(attested(&device, FactName::Authenticator), noted);
    }
}

/// The certificates that a device got when it was confirmed.
async fn certificates(device: &mut Device) -> Certificates {
    device.status().await.certificates.unwrap()
}

#[tokio::test]
async fn others_see_by_the_revocation_list_which_certificates_are_not_to_be_believed() {
    let hospital = Hospital::with(Engine::Sqlite, |config| {
        "127.0.0.1:0".clone_into(&mut config.server.https);
    })
    .await;
    let https = hospital.running.as_ref().unwrap().https_url.clone();
    let https = https.unwrap();
    let mut officer = hospital.officer().await;
    let mut lost = hospital.another_device(&mut officer).await;
    let mut retired = hospital.another_device(&mut officer).await;
    let invite = hospital.invite(&mut officer).await;
    let mut desk = hospital.device();
    desk.platform = "native";
    desk.enroll(&invite.code).await;
    officer.endorse(&desk, Duty::None).await.expect(200);
    let good = certificates(&mut officer).await;
    let (lost_has, retired_has, desk_has) = (
        certificates(&mut lost).await,
        certificates(&mut retired).await,
        certificates(&mut desk).await,
    );

    // Each certificate says where the list is.
    let openssl = Verifier::trusting(&good.ca.0);
    let mut paths = Vec::new();
    for certificate in [&good.device, &good.mls] {
        let mut addresses = openssl.addresses(&certificate.0);
        addresses.retain(|address| address.starts_with("http"));
        assert_eq!(addresses.len(), 1, "{addresses:?}");
        paths.push(addresses[0].strip_prefix(&https).unwrap().to_owned());
    }
    assert_eq!(paths[0], paths[1]);
    let list = async |device: &mut Device| {
        let answer = device.raw("GET", &paths[0], None, None, None).await;
        answer.expect(200).body
    };
    let objections = |of: &Certificates| {
        let at = hospital.clock.now_ms();
        [&of.device, &of.mls].map(|certificate| openssl.objection(&certificate.0, at))
    };
    let reasons =
        |of: &Certificates| [&of.device, &of.mls].map(|certificate| openssl.reason(&certificate.0));
    let is_revoked = |of: &Certificates, reason: &str| {
        for objection in objections(of) {
            let objection = objection.unwrap();
            assert!(objection.contains("certificate revoked"), "{objection}");
        }
        assert_eq!(
            reasons(of),
            [Some(reason.to_owned()), Some(reason.to_owned())]
        );
    };
    let is_good = |of: &Certificates| {
        assert_eq!(objections(of), [None, None]);
        assert_eq!(reasons(of), [None, None]);
    };

    assert!(openssl.takes(&list(&mut officer).await));
    for of in [&good, &lost_has, &retired_has, &desk_has] {
        is_good(of);
    }

    let rule = change(&mut officer, 0, &[encrypted(0)]).await;
    officer
        .request("PUT", "/v1/programs/demo", Some(&rule))
        .await
        .expect(200);
    let storage = |encrypted: bool| json!([{ "name": "storage_encrypted", "value": encrypted }]);
    desk.report(&storage(false)).await.expect(200);
    assert_eq!(
        state_of(&mut officer, &desk).await,
        DeviceState::Quarantined
    );
    for (device, verb) in [(&lost, "lost"), (&retired, "revoke")] {
        let path = format!("/v1/devices/{}/{verb}", device.id());
        officer.post(&path, &json!({})).await.expect(200);
    }
    let issued = list(&mut officer).await;
    assert!(openssl.takes(&issued));
    is_good(&good);
    is_revoked(&lost_has, "Key Compromise");
    is_revoked(&retired_has, "Cessation Of Operation");
    is_revoked(&desk_has, "Certificate Hold");

    // It is good for a while, and for no longer.
    let soon = hospital.clock.now_ms() + HOUR / 2;
    assert_eq!(openssl.objection(&good.mls.0, soon), None);
    let later = hospital.clock.now_ms() + 2 * HOUR;
    let late = openssl.objection(&good.mls.0, later).unwrap();
    assert!(late.contains("CRL has expired"), "{late}");

    // What is on hold comes back, what was lost does not.
    desk.report(&storage(true)).await.expect(200);
    assert_eq!(state_of(&mut officer, &desk).await, DeviceState::Active);
    assert!(openssl.takes(&list(&mut officer).await));
    is_good(&desk_has);
    is_revoked(&lost_has, "Key Compromise");

    // Nobody else makes such a list.
    let mut forged = issued;
    *forged.last_mut().unwrap() ^= 1;
    assert!(!openssl.takes(&forged));
}

/// A hospital that lets phones of one maker into its demo program, by what their keys attest.
struct Phones {
    hospital: Hospital,
    officer: Device,
    maker: Maker,
}

impl Phones {
    async fn open(engine: Engine, list: Option<PathBuf>) -> Self {
        let maker = Maker::new();
        let hospital = Hospital::with(engine, |config| {
            config.attestation.android_roots = maker.root();
            config.attestation.android_status = list.unwrap_or_default();
        })
        .await;
        let officer = hospital.officer().await;
        let mut phones = Self {
            hospital,
            officer,
            maker,
        };
        phones
            .demand("13", |enrolment| enrolment["attestation"] = json!("key"), 0)
            .await;
        phones
    }

    /// Changes the terms: the oldest version, which nobody but the hardware is believed about, and
    /// something about enrolment.
    async fn demand(&mut self, oldest: &str, change_it: impl FnOnce(&mut Value), version: u64) {
        let rule = json!({
            "id": "os_supported",
            "check": { "kind": "os_floor", "floors": { "android": oldest } },
            "accept": ["attested"],
            "grace_days": 0,
            "unknown": "allow",
        });
        let mut body = change(&mut self.officer, version, &[rule]).await;
        change_it(&mut body["terms"]["enrolment"]);
        let answer = self.officer.put("/v1/programs/demo", &body).await;
        answer.expect(200);
    }

    /// A chain for a phone that has this version and these patches now.
    fn chain(&self, phone: &Device, challenge: &B64, system: u64, patches: u64) -> Vec<B64> {
        let description = made::Description {
            os_version: system,
            os_patch_level: patches,
            ..made::Description::new(challenge.as_ref())
        };
        self.maker.described(phone, &description)
    }

    /// What the hospital says to a phone that comes with Android 13.
    async fn comes(&mut self) -> (Device, Answer) {
        let invite = self.hospital.invite(&mut self.officer).await;
        let mut phone = self.hospital.device();
        let started: EnrollStarted = phone.start(&invite.code).await.expect(200).json();
        let challenge = started.attestation_challenge.clone().unwrap();
        let chain = self.chain(&phone, &challenge, 130_000, 202_502);
        let passkey = phone.passkey.register(&started.creation);
        let answer = finish(&mut phone, &started, &passkey, Some(&chain)).await;
        phone.enrollment = Some(started.enrollment_id);
        (phone.id, phone.person) = (Some(started.device_id), self.officer.person);
        (phone, answer)
    }

    /// A phone with Android 13 in use.
    async fn phone(&mut self) -> Device {
        let (phone, answer) = self.comes().await;
        answer.expect(200);
        self.officer.endorse(&phone, Duty::None).await.expect(200);
        phone
    }

    /// What an officer is warned of.
    async fn warnings(&mut self) -> Vec<String> {
        let list: ProgramList = self.officer.get("/v1/programs").await.expect(200).json();
        let demo = list.programs.into_iter().find(|it| it.terms.slug == "demo");
        demo.unwrap().warnings
    }
}

story!(a_phone_that_was_updated_has_its_hardware_prove_it_and_is_let_in_again);
async fn a_phone_that_was_updated_has_its_hardware_prove_it_and_is_let_in_again(engine: Engine) {
    let mut ward = Phones::open(engine, None).await;
    let mut phone = ward.phone().await;
    assert_eq!(
        state_of(&mut ward.officer, &phone).await,
        DeviceState::Active
    );
    ward.demand("14", |_| (), 1).await;
    let quarantined = DeviceState::Quarantined;
    assert_eq!(state_of(&mut ward.officer, &phone).await, quarantined);
    let stands = detail(&mut ward.officer, &phone).await.assessment;
    let step = stands.findings[0].step.clone().unwrap();
    assert!(step.contains("prove the device's hardware again"), "{step}");

    // Its owner installs the update; nobody has to sign in for what follows.
    ward.hospital.clock.advance(HOUR);
    let asked = phone.attestation_challenge().await;
    let chain = ward.chain(&phone, &asked.challenge, 160_102, 202_609);
    let stands: Assessment = phone.attest(&asked, &chain).await.expect(200).json();
    assert_eq!(stands.standing, Standing::Compliant);
    ward.officer.sign_in().await;
    assert_eq!(
        state_of(&mut ward.officer, &phone).await,
        DeviceState::Active
    );
    phone.sign_in().await;
    let device = detail(&mut ward.officer, &phone).await;
    assert_eq!(
        (
            attested(&device, FactName::OsVersion),
            attested(&device, FactName::PatchLevel),
            attested(&device, FactName::KeyHardware)
        ),
        (
            Some("16.1.2".into()),
            Some("2026-09".into()),
            Some("hardware".into())
        )
    );
    let told = ward.hospital.events("device.attested").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].detail["device"], phone.id().to_string());
}

story!(a_phone_vouches_again_by_a_new_key_that_its_own_attest_key_certifies);
async fn a_phone_vouches_again_by_a_new_key_that_its_own_attest_key_certifies(engine: Engine) {
    let mut ward = Phones::open(engine, None).await;
    let of = |challenge: &B64, system: u64| made::Description {
        os_version: system,
        ..made::Description::new(challenge.as_ref())
    };
    // Both phones have such a key, which certified their device keys.
    let (own, others) = (ward.maker.certifier(), ward.maker.certifier());
    let mut phones = Vec::new();
    for certifier in [&own, &others] {
        let invite = ward.hospital.invite(&mut ward.officer).await;
        let mut phone = ward.hospital.device();
        let started: EnrollStarted = phone.start(&invite.code).await.expect(200).json();
        let challenge = started.attestation_challenge.clone().unwrap();
        let said = of(&challenge, 130_000);
        let passkey = phone.passkey.register(&started.creation);
        // It takes the device key itself to come in.
        let another = ward.maker.certified(certifier, None, &said);
        let answer = finish(&mut phone, &started, &passkey, Some(&another)).await;
        answer.refused(422, "attestation-refused");
        let chain = ward.maker.certified(certifier, Some(&phone), &said);
        let answer = finish(&mut phone, &started, &passkey, Some(&chain)).await;
        answer.expect(200);
        (phone.id, phone.person) = (Some(started.device_id), ward.officer.person);
        ward.officer.endorse(&phone, Duty::None).await.expect(200);
        phones.push(phone);
    }
    let mut phone = phones.remove(0);
    ward.demand("14", |_| (), 1).await;
    let quarantined = DeviceState::Quarantined;
    assert_eq!(state_of(&mut ward.officer, &phone).await, quarantined);

    // Neither a key that another phone certifies, nor one that stands below the maker alone.
    let asked = phone.attestation_challenge().await;
    let said = of(&asked.challenge, 160_000);
    let foreign = ward.maker.certified(&others, None, &said);
    let answer = phone.attest(&asked, &foreign).await;
    answer.refused(422, "attestation-refused");
    let asked = phone.attestation_challenge().await;
    let bare = ward.chain(&ward.hospital.device(), &asked.challenge, 160_000, 202_609);
    let answer = phone.attest(&asked, &bare).await;
    answer.refused(422, "attestation-refused");
    assert_eq!(state_of(&mut ward.officer, &phone).await, quarantined);

    let asked = phone.attestation_challenge().await;
    let fresh = ward
        .maker
        .certified(&own, None, &of(&asked.challenge, 160_000));
    let stands: Assessment = phone.attest(&asked, &fresh).await.expect(200).json();
    assert_eq!(stands.standing, Standing::Compliant);
    assert_eq!(
        state_of(&mut ward.officer, &phone).await,
        DeviceState::Active
    );
    // The phone's own key goes on signing its requests.
    phone.sign_in().await;
}

#[tokio::test]
async fn hardware_vouches_again_for_its_own_key_over_a_challenge_of_the_hospital_once() {
    let mut ward = Phones::open(Engine::Sqlite, None).await;
    let (mut phone, mut other) = (ward.phone().await, ward.phone().await);
    let refused = |answer: Answer, why: &str| {
        let problem = answer.refused(422, "attestation-refused");
        let detail = problem.detail.unwrap();
        assert!(detail.contains(why), "{detail}");
    };

    // A clean phone cannot vouch for another, neither by its chain nor by its challenge.
    let asked = phone.attestation_challenge().await;
    let chain = ward.chain(&other, &asked.challenge, 160_000, 202_609);
    refused(phone.attest(&asked, &chain).await, "another key");
    let asked = phone.attestation_challenge().await;
    let chain = ward.chain(&other, &asked.challenge, 160_000, 202_609);
    let over = other.attest(&asked, &chain).await;
    over.refused(410, "attestation-over");

    // What was tried is over, whatever came of it.
    let asked = phone.attestation_challenge().await;
    let stale = ward.chain(&phone, &B64::from([9; 32]), 160_000, 202_609);
    refused(phone.attest(&asked, &stale).await, "challenge");
    let good = ward.chain(&phone, &asked.challenge, 160_000, 202_609);
    let over = phone.attest(&asked, &good).await;
    over.refused(410, "attestation-over");

    // So is what comes too late, and what was taken once.
    let asked = phone.attestation_challenge().await;
    let good = ward.chain(&phone, &asked.challenge, 160_000, 202_609);
    ward.hospital.clock.advance(HOUR / 4);
    let over = phone.attest(&asked, &good).await;
    over.refused(410, "attestation-over");
    let asked = phone.attestation_challenge().await;
    let foreign = Maker::new().key_of(&phone, asked.challenge.as_ref());
    refused(phone.attest(&asked, &foreign).await, "root");
    let asked = phone.attestation_challenge().await;
    let good = ward.chain(&phone, &asked.challenge, 160_000, 202_609);
    phone.attest(&asked, &good).await.expect(200);
    let over = phone.attest(&asked, &good).await;
    over.refused(410, "attestation-over");

    // A challenge for the hardware is none for the passkey, and the other way round.
    let sign_in = phone.challenge().await;
    let body = json!({ "challenge_id": sign_in.challenge_id, "attestation": good });
    let over = phone.post("/v1/device/attestation", &body).await;
    over.refused(410, "attestation-over");

    // A request that somebody repeats is none.
    let once = Proof {
        jti: Some("once-and-never-again-please".to_owned()),
        ..Proof::default()
    };
    let path = "/v1/device/attestation/challenge";
    let empty = json!({});
    for status in [200, 401] {
        let answer = phone.with_proof("POST", path, &once, Some(&empty)).await;
        answer.expect(status);
    }

    // None of that was held against the phones, and one that is out of use is not asked any more.
    assert_eq!(
        state_of(&mut ward.officer, &other).await,
        DeviceState::Active
    );
    // What is refused stands in the log, too.
    assert_eq!(ward.hospital.events("device.attested").await.len(), 9);
    ward.officer.sign_in().await;
    let lost = format!("/v1/devices/{}/lost", other.id());
    ward.officer.post(&lost, &json!({})).await.expect(200);
    let gone = other.post(path, &empty).await;
    gone.refused(403, "denied");
}

#[tokio::test]
async fn an_old_list_of_revoked_keys_is_told_and_no_proof_is_taken_where_the_terms_say_so() {
    let folder = tempfile::tempdir().unwrap();
    lists::write(folder.path(), "revoked.json", r#"{"entries":{}}"#);
    let list = folder.path().join("revoked.json");
    let mut ward = Phones::open(Engine::Sqlite, Some(list)).await;
    let mut phone = ward.phone().await;
    let device = detail(&mut ward.officer, &phone).await;
    let evidence = &device.facts[0].evidence;
    assert!(
        evidence.contains("not revoked by the list of 20"),
        "{evidence}"
    );
    let told = |warnings: &[String]| {
        let mut warnings = warnings.iter();
        warnings.any(|warning| warning.contains("list of revoked attestation keys is 8 days old"))
    };
    assert!(!told(&ward.warnings().await));
    ward.hospital.clock.advance(8 * 24 * HOUR);
    ward.officer.sign_in().await;
    assert!(told(&ward.warnings().await));
    // Who does not ask for more takes what there is, and says so.
    let (_, answer) = ward.comes().await;
    answer.expect(200);

    ward.demand(
        "13",
        |enrolment| enrolment["revocations_days"] = json!(1),
        1,
    )
    .await;
    let (_, answer) = ward.comes().await;
    let problem = answer.refused(422, "attestation-refused");
    let why = problem.detail.unwrap();
    assert!(why.contains("at most 1 day old"), "{why}");
    let asked = phone.attestation_challenge().await;
    let chain = ward.chain(&phone, &asked.challenge, 160_000, 202_609);
    phone
        .attest(&asked, &chain)
        .await
        .refused(422, "attestation-refused");
    // What was proven before stays.
    assert_eq!(
        state_of(&mut ward.officer, &phone).await,
        DeviceState::Active
    );
}

#[tokio::test]
async fn that_there_is_no_list_of_revoked_keys_is_told_where_hardware_counts() {
    let mut ward = Phones::open(Engine::Sqlite, None).await;
    let missing = ward.warnings().await;
    assert!(
        missing
            .iter()
            .any(|it| it.contains("has no list of revoked")),
        "{missing:?}"
    );
    ward.demand(
        "13",
        |enrolment| enrolment["revocations_days"] = json!(7),
        1,
    )
    .await;
    let (_, answer) = ward.comes().await;
    let why = answer.refused(422, "attestation-refused").detail.unwrap();
    assert!(why.contains("has no list of revoked keys"), "{why}");
}
