//! Authenticators made up, at the relying party.

use serde_json::{Value, json};
use uuid::Uuid;
use wardline_model::wire::enroll::Platform;
use wardline_model::{B64, UserId};
use wardline_posture::made::authenticator::{
    FIXED, Passkey, attestation, certified, tpm_attestation,
};
use wardline_posture::made::{self, AT, Authority};
use wardline_posture::webauthn::{Format, Trust};

use super::{Demand, trust};
use crate::config;
use crate::passkeys::{Ceremony, Passkeys, Registered, Vouchers};
use crate::problem::Refusal;

const MODEL: Uuid = Uuid::from_bytes([7; 16]);
const ORIGIN: &str = "https://hospital.example";

/// A maker that the hospital trusts, and one of its attestation keys.
struct Fixture {
    issuers: Vec<Authority>,
    trust: Trust,
    passkeys: Passkeys,
}

impl Fixture {
    fn new() -> Self {
        let root = Authority::self_signed(made::authority("Maker"), made::key().unwrap()).unwrap();
        let trust = Trust::new()
            .with_roots(root.pem().as_bytes(), &[MODEL])
            .unwrap();
        let origins = [ORIGIN.parse().unwrap()];
        Self {
            issuers: vec![root],
            trust,
            passkeys: Passkeys::new("hospital.example", "Hospital", &origins).unwrap(),
        }
    }

    fn begin(&self, demand: &Demand) -> Ceremony {
        let user = UserId::from_bytes([1; 16]);
        self.passkeys
            .begin_registration(user, "a.okafor", "Amara Okafor", demand)
            .unwrap()
    }

    /// A registration from its beginning, answered by an authenticator.
    fn register(
        &self,
        demand: &Demand,
        answer: impl FnOnce(&Passkey) -> Vec<u8>,
    ) -> Result<Registered, Refusal> {
        let ceremony = self.begin(demand);
        let client_data = client_data(&ceremony.options["publicKey"]["challenge"]);
        self.finish(demand, &ceremony, &client_data, answer)
    }

    fn finish(
        &self,
        demand: &Demand,
        ceremony: &Ceremony,
        client_data: &[u8],
        answer: impl FnOnce(&Passkey) -> Vec<u8>,
    ) -> Result<Registered, Refusal> {
        let passkey = Passkey::new("hospital.example", MODEL, client_data).unwrap();
        let credential = json!({
            "id": "", "rawId": "", "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": B64(client_data.to_vec()),
                "attestationObject": B64(answer(&passkey)),
            },
        });
        let vouchers = Vouchers {
            trust: &self.trust,
            at_ms: AT,
        };
        let state = &ceremony.state;
        self.passkeys.finish_registration(
            credential,
            state,
            Platform::Browser,
            demand,
            false,
            vouchers,
        )
    }

    fn packed(&self, passkey: &Passkey) -> Vec<u8> {
        let key = made::key().unwrap();
        let leaf = attestation(Some(MODEL)).unwrap();
        let chain = certified(&leaf, &key, &self.issuers).unwrap();
        passkey.packed(&key, &chain).unwrap()
    }

    fn tpm(&self, passkey: &Passkey, attributes: u32) -> Vec<u8> {
        let key = made::key().unwrap();
        let leaf = tpm_attestation().unwrap();
        let chain = certified(&leaf, &key, &self.issuers).unwrap();
        passkey.tpm(attributes, &key, &chain).unwrap()
    }
}

fn client_data(challenge: &Value) -> Vec<u8> {
    json!({ "type": "webauthn.create", "challenge": challenge, "origin": ORIGIN })
        .to_string()
        .into_bytes()
}

fn demanded() -> Demand {
    Demand {
        attestation: true,
        authenticators: vec![MODEL],
    }
}

fn reason(outcome: Result<Registered, Refusal>) -> String {
    let problem = outcome.unwrap_err().problem();
    assert_eq!(problem.status, 422);
    problem.extensions["reason"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_demanded_is_asked_of_the_browser() {
    let fixture = Fixture::new();
    let asked = |demand: &Demand| fixture.begin(demand).options["publicKey"]["attestation"].clone();
    assert_eq!(asked(&Demand::none()), "none");
    assert_eq!(asked(&demanded()), "direct");
    let listed = Demand {
        attestation: false,
        authenticators: vec![MODEL],
    };
    assert_eq!(asked(&listed), "direct", "a list is a demand");
}

#[test]
fn an_attested_passkey_is_stored_as_any_other() {
    let fixture = Fixture::new();
    let attested = fixture
        .register(&demanded(), |passkey| fixture.packed(passkey))
        .unwrap();
    let authenticator = attested.authenticator.unwrap();
    assert_eq!(authenticator.aaguid, MODEL);
    assert_eq!(authenticator.format, Format::Packed);
    assert!(authenticator.chain_subject.contains("CN=Batch 7"));
    let plain = fixture
        .register(&Demand::none(), |passkey| {
            passkey.object("none", vec![]).unwrap()
        })
        .unwrap();
    assert_eq!(plain.authenticator, None);
    let form = |passkey: &[u8]| {
        let mut passkey: Value = serde_json::from_slice(passkey).unwrap();
        passkey["cred"]["cred_id"] = Value::Null;
        passkey["cred"]["cred"] = Value::Null;
        passkey
    };
    assert_eq!(form(&attested.passkey), form(&plain.passkey));
}

#[test]
fn a_tpm_is_an_authenticator_if_it_keeps_its_keys() {
    let fixture = Fixture::new();
    let kept = fixture
        .register(&demanded(), |passkey| fixture.tpm(passkey, FIXED))
        .unwrap();
    assert_eq!(kept.authenticator.unwrap().format, Format::Tpm);
    let movable = fixture.register(&demanded(), |passkey| fixture.tpm(passkey, 0x0004_0000));
    assert_eq!(reason(movable), "unbound");
}

#[test]
fn an_unmet_demand_says_why() {
    let fixture = Fixture::new();
    let none = fixture.register(&demanded(), |passkey| {
        passkey.object("none", vec![]).unwrap()
    });
    assert_eq!(reason(none), "none");
    let own = fixture.register(&demanded(), |passkey| passkey.self_attested().unwrap());
    assert_eq!(reason(own), "self");
    let elsewhere = Fixture::new();
    let stranger = fixture.register(&demanded(), |passkey| elsewhere.packed(passkey));
    assert_eq!(reason(stranger), "untrusted");
    let unlisted = Demand {
        attestation: true,
        authenticators: vec![Uuid::from_bytes([8; 16])],
    };
    let unlisted = fixture.register(&unlisted, |passkey| fixture.packed(passkey));
    assert_eq!(reason(unlisted), "model");
    let unreadable = fixture.register(&demanded(), |_| b"no CBOR".to_vec());
    assert_eq!(reason(unreadable), "malformed");
}

#[test]
fn a_statement_does_not_stand_for_the_rest_of_the_ceremony() {
    let fixture = Fixture::new();
    let ceremony = fixture.begin(&demanded());
    let other = client_data(&json!("b3RoZXI"));
    let outcome = fixture.finish(&demanded(), &ceremony, &other, |passkey| {
        fixture.packed(passkey)
    });
    assert_eq!(outcome.unwrap_err().name(), "passkey-refused");
    let unverified = fixture.register(&demanded(), |passkey| {
        let mut passkey = Passkey {
            key: made::key().unwrap(),
            data: passkey.data.clone(),
            client_data_hash: passkey.client_data_hash,
        };
        passkey.data[32] &= !0x04;
        fixture.packed(&passkey)
    });
    assert_eq!(unverified.unwrap_err().name(), "passkey-refused");
}

#[test]
fn a_file_of_roots_that_cannot_be_used_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maker.pem");
    let config = config::Attestation {
        authenticators: vec![config::Maker {
            roots: path.clone(),
            aaguids: vec![MODEL],
        }],
        ..config::Attestation::default()
    };
    let told = |config: &config::Attestation| trust(config).unwrap_err().to_string();
    assert!(told(&config).contains("maker.pem"));
    std::fs::write(&path, "no certificate").unwrap();
    assert!(
        told(&config).contains("holds no certificate"),
        "{}",
        told(&config)
    );
    std::fs::write(&path, Fixture::new().issuers[0].pem()).unwrap();
    assert!(trust(&config).is_ok());
    let revoked = config::Attestation {
        android_status: path,
        ..config::Attestation::default()
    };
    assert!(told(&revoked).contains("status list"));
    assert_eq!(
        trust(&config::Attestation::default()).unwrap(),
        Trust::new()
    );
}
