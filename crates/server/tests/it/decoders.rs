//! No input makes a decoder panic, or is answered with what it said.

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use serde_json::{Value, json};
use wardline_fuzz::{Campaign, corpus};
use wardline_model::B64;
use wardline_model::wire::enroll::BINDING_TYPE;
use wardline_server::fuzz;

use crate::support::passkey::Passkey;

/// A token by a key of the test, of what a corpus file has as `header` and `claims`.
fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    let parts: Value = serde_json::from_slice(bytes).ok()?;
    let part = |name: &str| Some(B64(serde_json::to_vec(parts.get(name)?).ok()?).encode());
    let input = format!("{}.{}", part("header")?, part("claims")?);
    let key = SigningKey::from_slice(&[3; 32]).unwrap();
    let signature: p256::ecdsa::Signature = key.sign(input.as_bytes());
    let signature = B64::from(signature.to_bytes().as_slice()).encode();
    Some(format!("{input}.{signature}").into_bytes())
}

/// The key in the headers of the corpus.
fn jwk() -> Value {
    let key = SigningKey::from_slice(&[3; 32]).unwrap();
    let point = key.verifying_key().to_encoded_point(false);
    let coordinate = |bytes: Option<&p256::FieldBytes>| B64::from(bytes.unwrap().as_slice());
    json!({
        "kty": "EC", "crv": "P-256",
        "x": coordinate(point.x()), "y": coordinate(point.y()),
    })
}

fn proof_parts() -> Vec<u8> {
    json!({
        "header": { "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk() },
        "claims": fuzz::claims("jti-1"),
    })
    .to_string()
    .into_bytes()
}

fn binding_parts() -> Vec<u8> {
    json!({
        "header": { "typ": BINDING_TYPE, "alg": "ES256", "jwk": jwk() },
        "claims": {
            "aud": "hospital.example/log/0a1b",
            "device_id": "0c9d8e7f-6a5b-4c3d-8e2f-1a0b9c8d7e6f",
            "user_id": "3f2b9a5e-6c1d-4e8f-9a0b-1c2d3e4f5061",
            "mls_key": B64::from([1; 32]),
            "iat": 1_790_000_000,
        },
    })
    .to_string()
    .into_bytes()
}

fn with_secret(campaign: Campaign) -> Campaign {
    campaign.words([fuzz::SECRET, "\"", "\\u0000", "{", "[", "1e999"])
}

#[test]
fn no_body_is_repeated_in_its_refusal() {
    with_secret(corpus!("body")).cases(10_000).run(fuzz::body);
}

#[test]
fn a_proof_counts_once_and_a_refused_one_leaves_nothing() {
    with_secret(corpus!("proof"))
        .seeds(signed(&proof_parts()))
        .cases(3000)
        .run(fuzz::proof);
}

#[test]
fn a_proof_with_a_good_signature_is_judged_by_its_claims() {
    with_secret(corpus!("proof-parts"))
        .seeds([proof_parts()])
        .cases(3000)
        .run(|parts| signed(parts).is_some_and(|token| fuzz::proof(&token)));
}

#[test]
fn a_binding_is_no_proof() {
    with_secret(corpus!("binding"))
        .seeds(signed(&binding_parts()))
        .cases(3000)
        .run(fuzz::binding);
    with_secret(corpus!("binding-parts"))
        .seeds([binding_parts()])
        .cases(3000)
        .run(|parts| signed(parts).is_some_and(|token| fuzz::binding(&token)));
}

#[test]
fn a_list_of_numbers_is_taken_or_refused_without_a_number_in_the_reason() {
    corpus!("numbers")
        .words([fuzz::SECRET, ",", "\n", "\"", "\u{feff}", "user,number"])
        .cases(10_000)
        .run(fuzz::numbers);
}

#[test]
fn a_configuration_works_or_is_refused_with_its_line() {
    corpus!("config")
        .seeds([wardline_server::config::DEFAULTS.as_bytes().to_vec()])
        .words([
            "[", "]", "\"", "'''", "\u{2028}", "\r", "0x", "inf", "{", ".",
        ])
        .cases(12_000)
        .run(fuzz::config);
}

#[test]
fn a_passkey_ceremony_ends_well_or_is_refused() {
    let (seed, target) =
        fuzz::registration(|options| Passkey::new("http://localhost:8080").register(options));
    with_secret(corpus!("registration"))
        .seeds([seed])
        .cases(3000)
        .run(target);

    let (seed, target) = fuzz::authentication(
        |options| {
            let mut passkey = Passkey::new("http://localhost:8080");
            let credential = passkey.register(options);
            (passkey, credential)
        },
        |mut passkey, options| passkey.authenticate(options),
    );
    with_secret(corpus!("authentication"))
        .seeds([seed])
        .cases(3000)
        .run(target);
}
