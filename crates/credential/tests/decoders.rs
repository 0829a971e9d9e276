//! Nothing that is altered is believed, and no input makes a decoder panic.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519, PublicKeyData, SanType, SignatureAlgorithm, SigningKey as _,
};
use serde_json::{Map, json};
use wardline_audit::event::{Actor, Kind, Outcome, V1};
use wardline_audit::tree::{Appender, TileId, Tiles};
use wardline_audit::{Checkpoint, Event, LogSigner, Opening, Salt};
use wardline_credential::chain::{DETAIL, ENDORSED};
use wardline_credential::x509::{DEVICE_URN, USER_URN, mls_credential};
use wardline_credential::{DeviceCa, Verifier, fuzz};
use wardline_fuzz::corpus;
use wardline_model::code::Pins;
use wardline_model::endorsement::{DeviceKeys, Duty, Endorsement, SignedEndorsement};
use wardline_model::wire::devices::{DeviceCredential, LoggedEndorsement};
use wardline_model::wire::enroll::{Certificates, PersonBrief};
use wardline_model::{DeviceId, UserId};
use x509_cert::der::{Decode as _, Encode as _};

const NOW: u64 = 1_790_000_000_000;
const DEVICE: DeviceId = DeviceId::from_bytes([2; 16]);

struct PublicKey([u8; 32]);

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

/// A hospital's device CA, and a device of person 1.
struct Issued {
    issuer: CertifiedIssuer<'static, KeyPair>,
    ca: DeviceCa,
    certificate: Vec<u8>,
    key: SigningKey,
}

impl Issued {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let ca = DeviceCa::from_der(issuer.der()).unwrap();

        let names = [
            format!("{USER_URN}{}", UserId::from_bytes([1; 16])),
            format!("{DEVICE_URN}{DEVICE}"),
        ];
        let mut params = CertificateParams::default();
        params.subject_alt_names = names
            .map(|name| SanType::URI(Ia5String::try_from(name).unwrap()))
            .to_vec();
        let key = SigningKey::from_bytes(&[5; 32]);
        let public = PublicKey(key.verifying_key().to_bytes());
        let certificate = params.signed_by(&public, &issuer).unwrap().der().to_vec();
        Self {
            issuer,
            ca,
            certificate,
            key,
        }
    }
}

#[test]
fn an_altered_certificate_is_not_believed() {
    let issued = Issued::new();
    let real = issued.ca.verify(&issued.certificate, NOW).unwrap();
    corpus!("certificate")
        .seeds([issued.certificate.clone()])
        .cases(8000)
        .run(|der| match fuzz::certificate(der, &issued.ca, NOW) {
            Some(certificate) => {
                assert_eq!(certificate, real);
                true
            }
            None => false,
        });
}

#[test]
fn a_certificate_that_the_ca_signed_is_read_or_refused_whatever_it_says() {
    let issued = Issued::new();
    let whole = x509_cert::Certificate::from_der(&issued.certificate).unwrap();
    let signed = whole.tbs_certificate.to_der().unwrap();
    let algorithm = whole.signature_algorithm.to_der().unwrap();
    let sign = |tbs: &[u8]| {
        let signature = issued.issuer.key().sign(tbs).unwrap();
        let mut bits = vec![0x03, u8::try_from(signature.len() + 1).unwrap(), 0];
        bits.extend_from_slice(&signature);
        let content = [tbs, &algorithm, &bits].concat();
        let length = u16::try_from(content.len()).ok()?.to_be_bytes();
        Some([&[0x30, 0x82], length.as_slice(), &content].concat())
    };
    corpus!("tbs-certificate")
        .seeds([signed])
        .words(["urn:wardline:user:", "urn:wardline:device:"])
        .cases(8000)
        .run(|tbs| {
            sign(tbs).is_some_and(|der| {
                fuzz::authority(&der);
                fuzz::certificate(&der, &issued.ca, NOW).is_some()
            })
        });
}

#[test]
fn a_credential_has_one_spelling() {
    let issued = Issued::new();
    let key = issued.key.verifying_key().to_bytes();
    corpus!("credential")
        .seeds([mls_credential(&issued.certificate)])
        .cases(12_000)
        .run(|bytes| fuzz::credential(bytes, &issued.ca, &key, NOW));
}

#[test]
fn a_device_ca_is_read_or_refused() {
    let issued = Issued::new();
    corpus!("authority")
        .seeds([issued.issuer.der().to_vec()])
        .cases(12_000)
        .run(fuzz::authority);
}

#[test]
fn what_a_server_says_of_a_device_is_believed_unaltered_or_not_at_all() {
    let issued = Issued::new();
    let (verifier, said) = said(&issued);
    let real = verifier.admit(DEVICE, &said, NOW).unwrap();
    corpus!("admission")
        .seeds([serde_json::to_vec(&said).unwrap()])
        .cases(12_000)
        .run(
            |bytes| match fuzz::admission(bytes, &verifier, DEVICE, NOW) {
                Some(admitted) => {
                    assert_eq!(admitted, real);
                    true
                }
                None => false,
            },
        );
}

#[test]
fn any_certificate_of_the_ca_is_that_of_the_device_it_names_and_of_no_other() {
    let issued = Issued::new();
    let (verifier, _) = said(&issued);
    let (user, key) = (
        UserId::from_bytes([1; 16]),
        issued.key.verifying_key().to_bytes(),
    );
    let is_of = |certificate: &[u8], device, user, key, at_ms| {
        verifier.is_of(&mls_credential(certificate), device, user, key, at_ms)
    };
    for at_ms in [None, Some(NOW)] {
        let own = &issued.certificate;
        assert!(is_of(own, DEVICE, user, &key, at_ms));
        let other = DeviceId::from_bytes([3; 16]);
        assert!(!is_of(own, other, user, &key, at_ms), "another device's");
        let other = UserId::from_bytes([9; 16]);
        assert!(!is_of(own, DEVICE, other, &key, at_ms), "another person's");
        assert!(!is_of(own, DEVICE, user, &[5; 32], at_ms), "another key's");
        let stranger = Issued::new();
        assert!(
            !is_of(&stranger.certificate, DEVICE, user, &key, at_ms),
            "another hospital's"
        );
        assert!(
            !verifier.is_of(own, DEVICE, user, &key, at_ms),
            "no credential at all"
        );
    }
    // One that has run out is still the device's, and lets nobody in.
    let end = wardline_credential::x509::summary(&issued.certificate)
        .unwrap()
        .not_after_ms;
    assert!(is_of(&issued.certificate, DEVICE, user, &key, None));
    assert!(!is_of(
        &issued.certificate,
        DEVICE,
        user,
        &key,
        Some(end + 1000)
    ));
}

/// The officer's device is the genesis; it vouched for the device.
fn said(issued: &Issued) -> (Verifier, DeviceCredential) {
    let officer = (
        SigningKey::from_bytes(&[6; 32]),
        DeviceId::from_bytes([3; 16]),
    );
    let endorse = |user: u8, device: DeviceId, key: &SigningKey, duty: Duty| {
        let keys = DeviceKeys {
            jkt: [8; 32],
            mls_key: key.verifying_key().to_bytes(),
        };
        let user = UserId::from_bytes([user; 16]);
        let endorsement = Endorsement::new(user, device, &keys, duty, officer.1, NOW);
        let signature = officer.0.sign(&endorsement.signed_bytes());
        SignedEndorsement {
            endorsement,
            signature: signature.to_bytes().into(),
        }
    };
    let genesis = endorse(9, officer.1, &officer.0, Duty::Endorses);
    let member = endorse(1, DEVICE, &issued.key, Duty::None);
    let pin = genesis.endorsement.hash();

    let log = LogSigner::new("hospital.example/log", SigningKey::from_bytes(&[7; 32])).unwrap();
    let events: Vec<Event> = [&genesis, &member]
        .map(|signed| Event {
            v: V1,
            at: NOW,
            node: "north".parse().unwrap(),
            kind: Kind::named(ENDORSED),
            actor: Actor::default(),
            action: "device.endorse".into(),
            resource: "device/1".into(),
            outcome: Outcome::Allow,
            reasons: Vec::new(),
            policy: None,
            detail: Map::from_iter([(DETAIL.to_owned(), json!(signed))]),
        })
        .to_vec();
    let salt = Salt([4; 32]);
    let commitments: Vec<_> = events
        .iter()
        .map(|event| Opening::new(salt, event).unwrap().commitment())
        .collect();
    let mut tree = Appender::new();
    let tiles: BTreeMap<TileId, Vec<u8>> = tree
        .append(&commitments)
        .into_iter()
        .map(|write| (write.id, write.bytes))
        .collect();
    let checkpoint = Checkpoint::sign(tree.size(), tree.root(), &log);
    let mut reader = Tiles::new(tree.size(), |id| tiles.get(&id).cloned());
    let mut link = |index: usize, signed: SignedEndorsement| LoggedEndorsement {
        signed,
        event: events[index].canonical().unwrap().into(),
        salt: salt.0.into(),
        index: index as u64,
        path: reader
            .inclusion(index as u64, 2)
            .unwrap()
            .into_iter()
            .map(|hash| hash.0.into())
            .collect(),
        checkpoint: checkpoint.clone(),
    };
    let chain = vec![link(1, member), link(0, genesis)];
    let said = DeviceCredential {
        device_id: DEVICE,
        user: PersonBrief {
            id: UserId::from_bytes([1; 16]),
            username: "a.okafor".into(),
            name: "Amara Okafor".into(),
            role: "Physician".into(),
            department: "Cardiology".into(),
        },
        certificates: Certificates {
            device: Vec::new().into(),
            mls: issued.certificate.clone().into(),
            ca: issued.issuer.der().to_vec().into(),
        },
        chain,
        revoked: false,
    };
    let pins = Pins {
        log_key: log.public().verifying_key().to_bytes(),
        genesis: pin,
    };
    let verifier = Verifier::new("hospital.example/log", &pins, issued.ca.clone()).unwrap();
    (verifier, said)
}
