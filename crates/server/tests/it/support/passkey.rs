//! A passkey in software (WebAuthn Level 3 §6): attestation `none`, or that of a made-up maker.

use ciborium::Value as Cbor;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use wardline_model::B64;

use super::maker::Maker;

/// One credential at one relying party.
pub(crate) struct Passkey {
    key: SigningKey,
    id: [u8; 32],
    counter: u32,
    pub(crate) origin: String,
    /// Whether it verifies its user; real ones do.
    pub(crate) verifies_user: bool,
}

impl Passkey {
    pub(crate) fn new(origin: &str) -> Self {
        Self {
            key: super::device::new_key(),
            id: wardline_server::rim::random(),
            counter: 0,
            origin: origin.to_owned(),
            verifies_user: true,
        }
    }

    /// WebAuthn §7.1: answers creation options, and attests nothing.
    pub(crate) fn register(&mut self, creation: &Value) -> Value {
        self.created(creation, Uuid::nil(), "none", |_| Cbor::Map(vec![]))
    }

    /// The same, in an authenticator of a model whose maker vouches for it.
    pub(crate) fn register_attested(&self, creation: &Value, maker: &Maker, model: Uuid) -> Value {
        assert_eq!(creation["publicKey"]["attestation"], "direct");
        self.created(creation, model, "packed", |signed| {
            maker.packed(model, signed)
        })
    }

    /// `attest` makes the statement of what authenticators sign: their data and the hash of the
    /// client data.
    fn created(
        &self,
        creation: &Value,
        model: Uuid,
        format: &str,
        attest: impl FnOnce(&[u8]) -> Cbor,
    ) -> Value {
        let options = &creation["publicKey"];
        assert_eq!(
            options["authenticatorSelection"]["userVerification"],
            "required"
        );
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        let client = self.client_data("webauthn.create", &options["challenge"]);
        let mut data = self.authenticator_data(options["rp"]["id"].as_str().unwrap(), 0x40);
        data.extend_from_slice(model.as_bytes());
        data.extend_from_slice(&32_u16.to_be_bytes());
        data.extend_from_slice(&self.id);
        let point = self.key.verifying_key().to_encoded_point(false);
        let cose = Cbor::Map(vec![
            (1.into(), 2.into()),
            (3.into(), (-7).into()),
            ((-1).into(), 1.into()),
            ((-2).into(), Cbor::Bytes(point.x().unwrap().to_vec())),
            ((-3).into(), Cbor::Bytes(point.y().unwrap().to_vec())),
        ]);
        ciborium::into_writer(&cose, &mut data).unwrap();
        let mut signed = data.clone();
        signed.extend_from_slice(&Sha256::digest(&client));
        let statement = attest(&signed);
        let object = Cbor::Map(vec![
            (Cbor::Text("fmt".into()), Cbor::Text(format.into())),
            (Cbor::Text("attStmt".into()), statement),
            (Cbor::Text("authData".into()), Cbor::Bytes(data)),
        ]);
        let mut attestation = Vec::new();
        ciborium::into_writer(&object, &mut attestation).unwrap();
        json!({
            "id": B64::from(self.id), "rawId": B64::from(self.id), "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": B64(client),
                "attestationObject": B64(attestation),
                "transports": ["internal"],
            },
        })
    }

    /// WebAuthn §7.2: answers request options.
    pub(crate) fn authenticate(&mut self, request: &Value) -> Value {
        let options = &request["publicKey"];
        assert_eq!(options["userVerification"], "required");
        let client = self.client_data("webauthn.get", &options["challenge"]);
        self.counter += 1;
        let data = self.authenticator_data(options["rpId"].as_str().unwrap(), 0);
        let mut signed = data.clone();
        signed.extend_from_slice(&Sha256::digest(&client));
        let signature: Signature = self.key.sign(&signed);
        json!({
            "id": B64::from(self.id), "rawId": B64::from(self.id), "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": B64(client),
                "authenticatorData": B64(data),
                "signature": B64(signature.to_der().as_bytes().to_vec()),
                "userHandle": null,
            },
        })
    }

    fn client_data(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let origin = &self.origin;
        json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn authenticator_data(&self, rp_id: &str, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(rp_id).to_vec();
        let verified = if self.verifies_user { 0x04 } else { 0 };
        data.push(0x01 | verified | flags);
        data.extend_from_slice(&self.counter.to_be_bytes());
        data
    }
}
