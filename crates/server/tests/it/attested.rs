//! What is proven of a device: to the hospital by its hardware, to everyone by its certificates.

use serde_json::{Value, json};
use uuid::Uuid;
use wardline_model::B64;
use wardline_model::endorsement::Duty;
use wardline_model::wire::devices::DeviceDetail;
use wardline_model::wire::enroll::{Certificates, DeviceState, EnrollStarted};
use wardline_model::wire::posture::{FactName, FactValue, Provenance};
use wardline_server::config;

use crate::fleet::{change, detail, encrypted, state_of};
use crate::support::maker::Maker;
use crate::support::openssl::Verifier;
use crate::support::{Answer, Device, Engine, Hospital, story};

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
