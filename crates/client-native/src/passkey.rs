//! A software passkey: WebAuthn Level 3 registration (attestation `none`) and assertion, ES256.
//!
//! It proves possession of a file, not presence of a person: servers accept it only in programs
//! that say so.

use ciborium::Value;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::Url;
use wardline_model::B64;

use crate::NativeError;
use crate::home::{StoredPasskey, new_key, random, read_key};

/// Answers creation options: the new passkey, and the `RegistrationResponseJSON`.
pub fn register(
    creation: &serde_json::Value,
    origin: &str,
) -> Result<(StoredPasskey, serde_json::Value), NativeError> {
    let options = creation.get("publicKey").unwrap_or(creation);
    let challenge = text(options, "/challenge")?;
    let rp_id = text(options, "/rp/id")?;
    check_scope(rp_id, origin)?;
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
    check_scope(&passkey.rp_id, origin)?;
    if options
        .get("rpId")
        .is_some_and(|asked| *asked != passkey.rp_id)
    {
        return Err(NativeError::Passkey(
            "it is asked for by another relying party",
        ));
    }
    let allowed = options
        .get("allowCredentials")
        .and_then(serde_json::Value::as_array);
    let wanted = |credential: &serde_json::Value| credential["id"] == passkey.id.encode();
    if allowed.is_some_and(|list| !list.is_empty() && !list.iter().any(wanted)) {
        return Err(NativeError::Passkey("another passkey is asked for"));
    }
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
        "clientExtensionResults": {},
    }))
}

/// The relying party is the origin's host or above it (§5.1.3 step 8). Public suffixes are not
/// looked up: a home directory speaks to the one server that it was enrolled at.
fn check_scope(rp_id: &str, origin: &str) -> Result<(), NativeError> {
    let url = Url::parse(origin).ok();
    let host = url.as_ref().and_then(Url::domain).unwrap_or_default();
    let below = host
        .strip_suffix(rp_id)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if below && !rp_id.is_empty() {
        Ok(())
    } else {
        Err(NativeError::Passkey(
            "the server is not of the relying party that it names",
        ))
    }
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
    let coordinate = |bytes: Option<&p256::FieldBytes>| {
        Value::Bytes(bytes.map_or_else(Vec::new, |b| b.to_vec()))
    };
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
    ciborium::into_writer(value, &mut bytes)
        .map(|()| bytes)
        .unwrap_or_default()
}

/// Flags of authenticator data (§6.1): user present, user verified, attested data included. Not
/// eligible for backup: nothing synchronises it.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

#[cfg(test)]
mod tests {
    use webauthn_rs::prelude::{Passkey, Uuid};
    use webauthn_rs::{Webauthn, WebauthnBuilder};

    use super::*;

    const ORIGIN: &str = "http://localhost:8080";

    fn relying_party() -> Webauthn {
        let origin = Url::parse(ORIGIN).unwrap();
        WebauthnBuilder::new("localhost", &origin)
            .unwrap()
            .build()
            .unwrap()
    }

    fn registered(webauthn: &Webauthn) -> (StoredPasskey, Passkey) {
        let (creation, state) = webauthn
            .start_passkey_registration(Uuid::nil(), "ada", "Ada", None)
            .unwrap();
        let creation = serde_json::to_value(&creation).unwrap();
        let (stored, response) = register(&creation, ORIGIN).unwrap();
        let response = serde_json::from_value(response).unwrap();
        (
            stored,
            webauthn
                .finish_passkey_registration(&response, &state)
                .unwrap(),
        )
    }

    #[test]
    fn a_relying_party_takes_registration_and_assertions() {
        let webauthn = relying_party();
        let (stored, passkey) = registered(&webauthn);
        for _ in 0..2 {
            let (request, state) = webauthn
                .start_passkey_authentication(std::slice::from_ref(&passkey))
                .unwrap();
            let request = serde_json::to_value(&request).unwrap();
            let response = assert(&stored, &request, ORIGIN).unwrap();
            let response = serde_json::from_value(response).unwrap();
            let result = webauthn
                .finish_passkey_authentication(&response, &state)
                .unwrap();
            assert!(result.user_verified());
        }
    }

    #[test]
    fn an_assertion_for_another_origin_or_by_another_key_is_refused() {
        let webauthn = relying_party();
        let (stored, passkey) = registered(&webauthn);
        let (other, _) = registered(&webauthn);
        let (request, state) = webauthn.start_passkey_authentication(&[passkey]).unwrap();
        let request = serde_json::to_value(&request).unwrap();
        let finish = |response: serde_json::Value| {
            let response = serde_json::from_value(response).unwrap();
            webauthn.finish_passkey_authentication(&response, &state)
        };
        finish(assert(&stored, &request, "http://localhost:9999").unwrap()).unwrap_err();
        let stolen = StoredPasskey {
            key: other.key.clone(),
            ..stored.clone()
        };
        finish(assert(&stolen, &request, ORIGIN).unwrap()).unwrap_err();
        // The passkey itself declines what is not for it.
        assert!(assert(&other, &request, ORIGIN).is_err());
        assert!(assert(&stored, &request, "https://evil.example").is_err());
        assert!(assert(&stored, &request, "https://notlocalhost").is_err());
        finish(assert(&stored, &request, ORIGIN).unwrap()).unwrap();
    }
}
