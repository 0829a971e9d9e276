//! The test vectors of Web Authentication Level 3 (§16) at a relying party: each registration, and
//! the sign-in with what was stored.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;
use wardline_model::B64;
use wardline_posture::attest::Roots;
use wardline_posture::made::{self, AT};
use wardline_posture::webauthn::Trust;
use wardline_server::conformance::Party;

/// What becomes of a vector: without a demand, and with a demand for the vector's model.
fn expected(title: &str) -> (Result<(), &'static str>, Result<(), &'static str>) {
    const REFUSED: Result<(), &str> = Err("passkey-refused");
    match title {
        // The app is not used in frames.
        _ if title.contains("crossOrigin") || title.contains("topOrigin") => (REFUSED, REFUSED),
        // Algorithms that are not asked for.
        _ if ["ES512", "Ed25519", "Ed448"]
            .iter()
            .any(|it| title.contains(it)) =>
        {
            (REFUSED, REFUSED)
        }
        // webauthn-rs knows RSA keys of 2048 bits alone.
        _ if title.contains("RS256") => (REFUSED, REFUSED),
        _ if title.contains("Packed") || title.contains("Apple") => (Ok(()), Ok(())),
        // webauthn-rs takes no statement of a TPM, and no list of a phone that is empty; the keys
        // of these vectors are not bound to either.
        _ if title.contains("TPM") || title.contains("Android") => {
            (REFUSED, Err("authenticator-refused: unbound"))
        }
        // It does not sign its model, so it is on no list.
        _ if title.contains("U2F") => (Ok(()), Err("authenticator-refused: untrusted")),
        _ if title.contains("Self") => (Ok(()), Err("authenticator-refused: self")),
        _ => (Ok(()), Err("authenticator-refused: none")),
    }
}

#[test]
fn conformance_webauthn_ceremonies() {
    let vectors = fs::read(data().join("webauthn/vectors.json")).unwrap();
    let vectors: Vec<Value> = serde_json::from_slice(&vectors).unwrap();
    let root = &vectors[0]["registration"]["attestation_ca_cert"];
    let root = hex::decode(root.as_str().unwrap()).unwrap();
    let root = made::pem(&[root]).unwrap();
    let mut signed_in = 0;
    for vector in &vectors {
        let part = |part: &str, name: &str| -> Option<Vec<u8>> {
            Some(hex::decode(vector[part][name].as_str()?).unwrap())
        };
        let Some(object) = part("registration", "attestationObject") else {
            continue;
        };
        let title = vector["title"].as_str().unwrap();
        let create = |name| part("registration", name).unwrap();
        let get = |name| part("authentication", name).unwrap();
        let model = Uuid::from_slice(&create("aaguid")).unwrap();
        let trust = Trust::new()
            .with_roots(root.as_bytes(), &[model])
            .unwrap()
            .with_android_roots(Roots::from_file(root.as_bytes()).unwrap())
            .with_android_models(&[model]);
        let mut party = Party::new("example.org", "https://example.org", trust).unwrap();
        let id = B64(create("credential_id"));
        let registration = json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": B64(create("clientDataJSON")),
                "attestationObject": B64(object),
            },
        });
        let assertion = json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": B64(get("clientDataJSON")),
                "authenticatorData": B64(get("authenticatorData")),
                "signature": B64(get("signature")),
            },
        });
        let challenge = create("challenge");
        let register = |party: &Party, demand: Option<&[Uuid]>| {
            party.register(&challenge, registration.clone(), demand, AT)
        };

        // Authenticator data of 37 bytes and more has its flags at 32.
        let verified = |data: &[u8]| data[32] & 0x04 != 0;
        let object = wardline_posture::webauthn::Object::read(&create("attestationObject"));
        let registered_verified = verified(object.unwrap().data());
        let signed_verified = verified(&get("authenticatorData"));
        if !registered_verified {
            let refused = register(&party, None).unwrap_err();
            assert_eq!(refused, "passkey-refused", "{title}: unverified user");
        }
        party.verifies_users = false;
        let (free, demanded) = expected(title);
        for (demand, expected) in [(None, free), (Some(&[model][..]), demanded)] {
            let told = register(&party, demand);
            let outcome = told.as_ref().map(|_| ()).map_err(String::as_str);
            assert_eq!(outcome, expected, "{title}, demand {demand:?}");
            let Ok(passkey) = told else { continue };
            let signed = party.authenticate(&passkey, &get("challenge"), assertion.clone());
            // Whoever was verified once is verified always.
            if registered_verified && !signed_verified {
                assert_eq!(signed, Err("passkey-refused".to_owned()), "{title}");
            } else {
                assert_eq!(signed, Ok(()), "{title}");
                signed_in += 1;
            }
            party.verifies_users = true;
            let strict = party.authenticate(&passkey, &get("challenge"), assertion.clone());
            assert_eq!(strict.is_ok(), signed_verified, "{title}");
            party.verifies_users = false;
        }
    }
    assert!(signed_in > 0);
}

fn data() -> PathBuf {
    std::env::var_os("WARDLINE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    )
}
