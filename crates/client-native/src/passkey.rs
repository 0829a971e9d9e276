//! A software passkey: WebAuthn Level 3 registration (attestation `none`) and assertion, ES256.
//!
//! It proves possession of a file, not presence of a person: servers accept it only in programs
//! that say so.

use ciborium::Value;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use wardline_model::B64;

use crate::NativeError;
use crate::home::{StoredPasskey, new_key, random, read_key};

/// Flags of authenticator data (§6.1): user present, user verified, attested data included.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// Answers creation options: the new passkey, and the `RegistrationResponseJSON`.
pub fn register(
    creation: &serde_json::Value,
    origin: &str,
) -> Result<(StoredPasskey, serde_json::Value), NativeError> {
    let options = creation.get("publicKey").unwrap_or(creation);
    let challenge = text(options, "/challenge")?;
    let rp_id = text(options, "/rp/id")?;
    let user_handle =
        B64::decode(text(options, "/user/id")?).ok_or(NativeError::Passkey("the user's handle"))?;
    let key = new_key();
    let mut id = [0; 32];
    random(&mut id);

    let mut data = authenticator_data(rp_id, PRESENT | VERIFIED | ATTESTED);
    data.extend_from_slice(&[0; 16]);
    data.extend_from_slice(&32_u16.to_be_bytes());
    data.extend_from_slice(&id);
    data.extend_from_slice(&cbor(&cose_key(&key)));
    let attestation = cbor(&Value::Map(vec![
        (Value::from("fmt"), Value::from("none")),
        (Value::from("attStmt"), Value::Map(Vec::new())),
        (Value::from("authData"), Value::Bytes(data)),
    ]));
    let id = B64::from(id);
    let response = json!({
        "id": id,
        "rawId": id,
        "type": "public-key",
        "response": {
            "clientDataJSON": B64(client_data("webauthn.create", challenge, origin)),
            "attestationObject": B64(attestation),
            "transports": ["internal"],
        },
        "extensions": {},
        "clientExtensionResults": {},
    });
    let stored = StoredPasskey {
        id,
        key: B64::from(key.to_bytes().as_slice()),
        rp_id: rp_id.to_owned(),
        user_handle,
    };
    Ok((stored, response))
}

/// Answers request options: the `AuthenticationResponseJSON`.
pub fn assert(
    passkey: &StoredPasskey,
    request: &serde_json::Value,
    origin: &str,
) -> Result<serde_json::Value, NativeError> {
    let options = request.get("publicKey").unwrap_or(request);
    let challenge = text(options, "/challenge")?;
    let key = read_key(&passkey.key).ok_or(NativeError::Passkey("the stored key"))?;
    let data = authenticator_data(&passkey.rp_id, PRESENT | VERIFIED);
    let client = client_data("webauthn.get", challenge, origin);
    let mut signed = data.clone();
    signed.extend_from_slice(&Sha256::digest(&client));
    let signature: DerSignature = key.sign(&signed);
    Ok(json!({
        "id": passkey.id,
        "rawId": passkey.id,
        "type": "public-key",
        "response": {
            "clientDataJSON": B64(client),
            "authenticatorData": B64(data),
            "signature": B64::from(signature.as_bytes()),
            "userHandle": passkey.user_handle,
        },
        "extensions": {},
        "clientExtensionResults": {},
    }))
}

fn text<'a>(options: &'a serde_json::Value, pointer: &str) -> Result<&'a str, NativeError> {
    options
        .pointer(pointer)
        .and_then(serde_json::Value::as_str)
        .ok_or(NativeError::Passkey("a member is missing"))
}

/// RP id hash, flags, signature counter (zero: not counted).
fn authenticator_data(rp_id: &str, flags: u8) -> Vec<u8> {
    let mut data = Sha256::digest(rp_id).to_vec();
    data.push(flags);
    data.extend_from_slice(&[0; 4]);
    data
}

fn client_data(kind: &str, challenge: &str, origin: &str) -> Vec<u8> {
    json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false })
        .to_string()
        .into_bytes()
}

/// The public key as COSE (RFC 9053 §7.1.1): EC2, ES256, P-256.
fn cose_key(key: &SigningKey) -> Value {
    let point = key.verifying_key().to_encoded_point(false);
    let coordinate =
        |bytes: Option<&p256::FieldBytes>| Value::Bytes(bytes.map_or_else(Vec::new, |b| b.to_vec()));
    Value::Map(vec![
        (Value::from(1), Value::from(2)),
        (Value::from(3), Value::from(-7)),
        (Value::from(-1), Value::from(1)),
        (Value::from(-2), coordinate(point.x())),
        (Value::from(-3), coordinate(point.y())),
    ])
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to a Vec has no way to fail.
    ciborium::into_writer(value, &mut bytes).map(|()| bytes).unwrap_or_default()
}
