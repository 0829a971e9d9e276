//! A signal is taken from its transmitter, for this hospital, whole and in time; or not at all.

use serde_json::{Value, json};
use wardline_signals::fuzz::NOW_MS;
use wardline_signals::set::{
    Context, ErrorCode, Event, Identifier, Initiator, Keys, KeysError, SetError, Signal, Subject,
    Transmitter, Window,
};

use crate::signer::{AUDIENCE, ISSUER, Signer, claims, header, transmitter};

const COMPLIANCE: &str =
    "https://schemas.openid.net/secevent/caep/event-type/device-compliance-change";
const REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

fn set_up() -> (Signer, Transmitter) {
    let signer = Signer::es256();
    let transmitter = transmitter(&[signer.jwk("one")]);
    (signer, transmitter)
}

/// The claims with one of them changed; `null` takes it away.
fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    match value {
        Value::Null => drop(members.remove(name)),
        value => drop(members.insert(name.to_owned(), value)),
    }
    claims
}

#[test]
fn a_change_of_compliance_is_read() {
    let (signer, transmitter) = set_up();
    let token = signer.sign(&header("ES256", "one"), &claims());
    let signal = transmitter.verify(token.as_bytes(), NOW_MS).unwrap();
    assert_eq!(
        signal,
        Signal {
            jti: "24c63fb56e5a2d77a6b512616ca9fa24".to_owned(),
            issuer: ISSUER.to_owned(),
            issued_at: NOW_MS,
            subject: Subject::Complex {
                user: Some(Identifier::Email("okafor@hospital.example".to_owned())),
                device: Some(Identifier::IssSub {
                    iss: ISSUER.to_owned(),
                    sub: "e9297990-14d2-42ec-a4a9-4036db86509a".to_owned(),
                }),
                others: vec!["tenant".to_owned()],
            },
            events: vec![Event::DeviceCompliance {
                compliant: false,
                was_compliant: true,
                context: Context {
                    at_ms: Some(NOW_MS - 60_000),
                    initiator: Some(Initiator::Policy),
                    reason: Some("Zq7secretXv".to_owned()),
                },
            }],
        }
    );
}

#[test]
fn every_algorithm_of_the_list_is_verified() {
    for (alg, signer) in [
        ("ES256", Signer::es256()),
        ("EdDSA", Signer::ed_dsa()),
        ("RS256", Signer::rsa()),
        ("PS256", Signer::rsa()),
    ] {
        let transmitter = transmitter(&[Signer::es256().jwk("other"), signer.jwk("one")]);
        let token = signer.sign(&header(alg, "one"), &claims());
        let outcome = transmitter.verify(token.as_bytes(), NOW_MS);
        assert!(outcome.is_ok(), "{alg}: {outcome:?}");
        // The same claims under another person's key.
        let forged = Signer::es256().sign(&header("ES256", "other"), &claims());
        let outcome = transmitter.verify(forged.as_bytes(), NOW_MS);
        assert_eq!(outcome, Err(SetError::Signature), "{alg}");
    }
}

#[test]
fn the_token_does_not_choose_how_it_is_verified() {
    let (signer, transmitter) = set_up();
    let refused = |header: Value| {
        let token = signer.sign(&header, &claims());
        transmitter.verify(token.as_bytes(), NOW_MS).unwrap_err()
    };
    for alg in ["none", "NONE", "HS256", "ES384", "RS512", "", "es256"] {
        assert_eq!(refused(header(alg, "one")), SetError::Algorithm, "{alg}");
    }
    // An algorithm of the list, but not the key's.
    assert_eq!(refused(header("RS256", "one")), SetError::Key);
    assert_eq!(refused(header("ES256", "two")), SetError::Key);
    let typ = |typ: Value| json!({"alg": "ES256", "kid": "one", "typ": typ});
    for other in [json!("JWT"), json!("jwt"), json!("at+jwt"), Value::Null] {
        assert_eq!(refused(typ(other)), SetError::Type);
    }
    let mut critical = header("ES256", "one");
    critical["crit"] = json!(["b64"]);
    assert_eq!(refused(critical), SetError::Critical);
    // A key that the token brings along.
    let stranger = Signer::es256();
    let mut own = header("ES256", "one");
    own["jwk"] = stranger.jwk("one");
    let token = stranger.sign(&own, &claims());
    let outcome = transmitter.verify(token.as_bytes(), NOW_MS);
    assert_eq!(outcome, Err(SetError::Signature));
    // RFC 7515 §4.1.9.
    let long = signer.sign(&typ(json!("application/SecEvent+JWT")), &claims());
    assert!(transmitter.verify(long.as_bytes(), NOW_MS).is_ok());
}

#[test]
fn a_token_without_a_signature_says_nothing() {
    let (signer, transmitter) = set_up();
    let token = signer.sign(&header("ES256", "one"), &claims());
    let (message, _) = token.rsplit_once('.').unwrap();
    let unsigned = format!("{message}.");
    let outcome = transmitter.verify(unsigned.as_bytes(), NOW_MS);
    assert_eq!(outcome, Err(SetError::Signature));
    for other in ["", ".", "..", "a.b.c", "{}", message] {
        let outcome = transmitter.verify(other.as_bytes(), NOW_MS);
        assert_eq!(
            outcome.unwrap_err().code(),
            ErrorCode::InvalidRequest,
            "{other}"
        );
    }
    let long = "a".repeat((64 << 10) + 1);
    let outcome = transmitter.verify(long.as_bytes(), NOW_MS);
    assert_eq!(outcome, Err(SetError::TooLong));
}

#[test]
fn a_token_without_a_key_id_needs_a_set_with_one_key() {
    let signer = Signer::es256();
    let header = json!({"typ": "secevent+jwt", "alg": "ES256"});
    let token = signer.sign(&header, &claims());
    let single = transmitter(&[signer.jwk("one"), Signer::ed_dsa().jwk("two")]);
    assert!(single.verify(token.as_bytes(), NOW_MS).is_ok());
    let several = transmitter(&[signer.jwk("one"), Signer::es256().jwk("two")]);
    let outcome = several.verify(token.as_bytes(), NOW_MS);
    assert_eq!(outcome, Err(SetError::Key));
}

#[test]
fn refusals_have_the_codes_of_rfc_8935() {
    let (signer, transmitter) = set_up();
    let refused = |claims: Value| {
        let token = signer.sign(&header("ES256", "one"), &claims);
        transmitter.verify(token.as_bytes(), NOW_MS).unwrap_err()
    };
    let now = NOW_MS / 1000;
    for (claims, code) in [
        (
            with("iss", json!("https://other.example")),
            ErrorCode::InvalidIssuer,
        ),
        (with("iss", Value::Null), ErrorCode::InvalidIssuer),
        (
            with("aud", json!("https://other.example")),
            ErrorCode::InvalidAudience,
        ),
        (with("aud", json!([])), ErrorCode::InvalidAudience),
        (
            with("aud", json!([AUDIENCE, 1])),
            ErrorCode::InvalidAudience,
        ),
        (with("aud", Value::Null), ErrorCode::InvalidAudience),
        (with("jti", Value::Null), ErrorCode::InvalidRequest),
        (with("jti", json!("")), ErrorCode::InvalidRequest),
        (with("jti", json!(7)), ErrorCode::InvalidRequest),
        (with("iat", Value::Null), ErrorCode::InvalidRequest),
        (with("iat", json!("1780000000")), ErrorCode::InvalidRequest),
        (with("iat", json!(-1)), ErrorCode::InvalidRequest),
        (with("iat", json!(u64::MAX)), ErrorCode::InvalidRequest),
        (with("sub", json!("okafor")), ErrorCode::InvalidRequest),
        (with("exp", json!(now + 60)), ErrorCode::InvalidRequest),
        (with("sub_id", Value::Null), ErrorCode::InvalidRequest),
        (with("events", Value::Null), ErrorCode::InvalidRequest),
        (with("events", json!({})), ErrorCode::InvalidRequest),
        (with("events", json!([{}])), ErrorCode::InvalidRequest),
        (
            with("events", json!({COMPLIANCE: {}})),
            ErrorCode::InvalidRequest,
        ),
        (
            with(
                "events",
                json!({COMPLIANCE: {"current_status": "compliant"}}),
            ),
            ErrorCode::InvalidRequest,
        ),
        (
            with(
                "events",
                json!({COMPLIANCE: {"current_status": "fine",
                "previous_status": "compliant"}}),
            ),
            ErrorCode::InvalidRequest,
        ),
        (
            with("events", json!({REVOKED: 1})),
            ErrorCode::InvalidRequest,
        ),
        (
            with("events", json!({REVOKED: {"event_timestamp": "now"}})),
            ErrorCode::InvalidRequest,
        ),
        (
            with("events", json!({REVOKED: {"initiating_entity": "cat"}})),
            ErrorCode::InvalidRequest,
        ),
    ] {
        assert_eq!(refused(claims.clone()).code(), code, "{claims}");
    }
    let body = serde_json::to_value(SetError::Signature.body()).unwrap();
    assert_eq!(
        body,
        json!({"err": "authentication_failed", "description": "the signature is wrong"})
    );
    assert_eq!(SetError::Key.code(), ErrorCode::InvalidKey);
}

#[test]
fn a_token_is_taken_in_its_time_only() {
    let (signer, mut transmitter) = set_up();
    transmitter.window = Window {
        past_ms: 60_000,
        ahead_ms: 5_000,
    };
    let token = signer.sign(&header("ES256", "one"), &claims());
    let at = |now: u64| transmitter.verify(token.as_bytes(), now);
    assert!(at(NOW_MS - 5_000).is_ok());
    assert!(at(NOW_MS + 60_000).is_ok());
    assert!(matches!(at(NOW_MS - 5_001), Err(SetError::Claim("iat", _))));
    assert!(matches!(
        at(NOW_MS + 60_001),
        Err(SetError::Claim("iat", _))
    ));
    // Whoever forgets a token after this long is not shown it again.
    let memory = transmitter.window.memory_ms();
    assert!(at(NOW_MS - 5_000 + memory + 1).is_err());
}

#[test]
fn an_audience_of_several_and_a_time_with_a_fraction_are_read() {
    let (signer, transmitter) = set_up();
    let mut claims = with("aud", json!(["https://other.example", AUDIENCE]));
    #[expect(clippy::cast_precision_loss, reason = "it is far below 2⁵³")]
    let seconds = NOW_MS as f64 / 1000.0 - 0.25;
    claims["iat"] = json!(seconds);
    let token = signer.sign(&header("ES256", "one"), &claims);
    let signal = transmitter.verify(token.as_bytes(), NOW_MS).unwrap();
    assert_eq!(signal.issued_at, NOW_MS - 1000);
}

#[test]
fn subjects_of_every_format_are_read() {
    let (signer, transmitter) = set_up();
    let read = |subject: Value| {
        let token = signer.sign(&header("ES256", "one"), &with("sub_id", subject));
        let signal = transmitter.verify(token.as_bytes(), NOW_MS);
        signal.map(|signal| signal.subject)
    };
    let simple = |identifier| Ok(Subject::Simple(identifier));
    assert_eq!(
        read(json!({"format": "email", "email": "a@b.example"})),
        simple(Identifier::Email("a@b.example".to_owned()))
    );
    assert_eq!(
        read(json!({"format": "opaque", "id": "R58M123ABC"})),
        simple(Identifier::Opaque("R58M123ABC".to_owned()))
    );
    assert_eq!(
        read(json!({"format": "iss_sub", "iss": "i", "sub": "s"})),
        simple(Identifier::IssSub {
            iss: "i".to_owned(),
            sub: "s".to_owned()
        })
    );
    assert_eq!(
        read(json!({"format": "phone_number", "phone_number": "+12065550100"})),
        simple(Identifier::Other("phone_number".to_owned()))
    );
    for bad in [
        json!("okafor"),
        json!({}),
        json!({"format": "email"}),
        json!({"format": "email", "email": ""}),
        json!({"format": "email", "email": ["a@b.example"]}),
        json!({"format": "opaque", "id": "a\u{0}"}),
        json!({"format": "iss_sub", "iss": "i"}),
        json!({"format": "complex"}),
        json!({"format": "complex", "user": "okafor"}),
        json!({"format": "complex", "user": {"format": "complex"}}),
        json!({"format": "complex", "session": {"format": "opaque"}}),
    ] {
        let refused = read(bad.clone()).unwrap_err();
        assert!(matches!(refused, SetError::Claim("sub_id", _)), "{bad}");
    }
}

#[test]
fn other_events_are_told_apart() {
    let (signer, transmitter) = set_up();
    let read = |events: Value| {
        let token = signer.sign(&header("ES256", "one"), &with("events", events));
        transmitter.verify(token.as_bytes(), NOW_MS).unwrap().events
    };
    // Drafts of CAEP have milliseconds and a plain reason.
    let revoked = json!({REVOKED: {"event_timestamp": 1_779_999_000_123_u64,
        "initiating_entity": "admin", "reason_admin": "Lost\u{7}"}});
    assert_eq!(
        read(revoked),
        [Event::SessionRevoked {
            context: Context {
                at_ms: Some(1_779_999_000_123),
                initiator: Some(Initiator::Admin),
                reason: Some("Lost".to_owned()),
            }
        }]
    );
    let state = Some("VGhpcw==".to_owned());
    assert_eq!(
        read(json!({VERIFICATION: {"state": "VGhpcw=="}})),
        [Event::Verification { state }]
    );
    assert_eq!(
        read(json!({VERIFICATION: {}})),
        [Event::Verification { state: None }]
    );
    let uri = "https://schemas.openid.net/secevent/risc/event-type/account-disabled";
    assert_eq!(
        read(json!({uri: {"reason": "hijacking"}})),
        [Event::Other {
            uri: uri.to_owned()
        }]
    );
}

#[test]
fn a_key_set_holds_public_keys_for_signatures() {
    let read = |keys: Value| Keys::from_jwks(json!({ "keys": keys }).to_string().as_bytes());
    let good = Signer::es256().jwk("one");
    let changed = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        key
    };
    assert!(read(json!([good])).is_ok());
    // Others are passed over.
    let others = json!([{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, {"kid": "x"}, good]);
    assert!(read(others).is_ok());
    for (key, why) in [
        (changed("d", json!("AA")), KeysError::Private),
        (json!({"kty": "oct", "k": "c2VjcmV0"}), KeysError::Private),
        (changed("use", json!("enc")), KeysError::None),
        (changed("alg", json!("ES384")), KeysError::None),
        (changed("alg", json!("EdDSA")), KeysError::None),
        (changed("crv", json!("P-384")), KeysError::None),
        (changed("x", json!("AA")), KeysError::None),
        // RSA with 1024 bits.
        (
            json!({"kty": "RSA", "n": "_".repeat(170) + "8", "e": "AQAB"}),
            KeysError::None,
        ),
    ] {
        assert_eq!(read(json!([key])).unwrap_err(), why, "{key}");
    }
    assert_eq!(read(json!([])).unwrap_err(), KeysError::None);
    assert_eq!(read(json!(7)).unwrap_err(), KeysError::Malformed);
    assert_eq!(Keys::from_jwks(b"").unwrap_err(), KeysError::Malformed);
}
