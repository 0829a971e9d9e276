//! What streams of security events tell (Shared Signals, CAEP): whom they may speak of, and once.

use serde_json::{Value, json};
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::posture::FactName;
use wardline_model::wire::sessions::SessionList;

use crate::support::managed::{HOUR, Managed, SERIAL, colleague, import, phone_of};
use crate::support::transmitter::{AUDIENCE, COMPLIANCE, REVOKED, Transmitter, push, signed};
use crate::support::{Engine, story};

const ISSUER: &str = "https://idp.example/123456789/";

fn compliant() -> Value {
    json!({
        "id": "manager_compliant",
        "check": { "kind": "manager_compliant" },
        "accept": ["managed"],
        "grace_days": 0,
        "unknown": "allow",
    })
}

fn compliance(now: bool, at_ms: u64) -> Value {
    let status = |compliant| {
        if compliant {
            "compliant"
        } else {
            "not-compliant"
        }
    };
    json!({
        "current_status": status(now), "previous_status": status(!now),
        "event_timestamp": at_ms / 1000,
    })
}

fn opaque(id: &str) -> Value {
    json!({ "format": "opaque", "id": id })
}

fn email(name: &str) -> Value {
    json!({ "format": "email", "email": format!("{name}@hospital.example") })
}

story!(a_device_that_a_stream_calls_not_compliant_is_shut_out_at_once);
async fn a_device_that_a_stream_calls_not_compliant_is_shut_out_at_once(engine: Engine) {
    let idp = Transmitter::new(ISSUER, "one");
    let mut ward = Managed::with(engine, |config| idp.configure(config)).await;
    ward.demand(&[compliant()]).await;
    let mut wire = ward.hospital.device();
    let clock = ward.hospital.clock.clone();
    let at = clock.now_ms() - HOUR;
    let of = |now| idp.claims(&clock, &opaque(SERIAL), COMPLIANCE, &compliance(now, at));

    let falls = idp.sign(&of(false));
    let taken = push(&mut wire, &falls).await.expect(202);
    assert!(taken.body.is_empty());
    ward.is_fact(FactName::ManagerCompliant, false).await;
    let fact = ward.fact(FactName::ManagerCompliant).await.unwrap();
    assert_eq!(fact.evidence, format!("security event of {ISSUER}"));
    assert_eq!(fact.observed_at, at / 1000 * 1000);
    assert_eq!(ward.state().await, DeviceState::Quarantined);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
    ward.officer.get("/v1/me").await.expect(200);

    // Another event of the same moment; the first comes again, as a retry or somebody's replay.
    push(&mut wire, &idp.sign(&of(true))).await.expect(202);
    assert_eq!(ward.state().await, DeviceState::Active);
    push(&mut wire, &falls).await.expect(202);
    ward.is_fact(FactName::ManagerCompliant, true).await;
    assert_eq!(ward.state().await, DeviceState::Active);
    let told = ward.hospital.events("signal.received").await;
    let again: Vec<bool> = told
        .iter()
        .map(|event| event.detail.contains_key("again"))
        .collect();
    assert_eq!(again, [false, false, true]);
}

#[tokio::test]
async fn what_a_stream_said_is_not_taken_back_by_a_managers_silence() {
    let idp = Transmitter::new(ISSUER, "one");
    let mut ward = Managed::with(Engine::Sqlite, |config| idp.configure(config)).await;
    ward.demand(&[compliant()]).await;
    let clock = ward.hospital.clock.clone();
    let event = compliance(false, clock.now_ms() - 3 * HOUR);
    let claims = idp.claims(&clock, &opaque(SERIAL), COMPLIANCE, &event);
    let mut wire = ward.hospital.device();
    push(&mut wire, &idp.sign(&claims)).await.expect(202);

    // An export that says nothing of compliance.
    let export = |columns: &str, values: &str, at: String| {
        format!("serial,platform,last_sync{columns}\n{SERIAL},android,{at}{values}\n")
    };
    let csv = export(",encrypted", ",yes", ward.hours_ago(1));
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    ward.is_fact(FactName::ManagerCompliant, false).await;
    assert_eq!(ward.state().await, DeviceState::Quarantined);
    // An old one, that knows less.
    let csv = export("", "", ward.hours_ago(2));
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    ward.is_fact(FactName::StorageEncrypted, true).await;
    // A new one takes back what the same manager said.
    let csv = export("", "", ward.hours_ago(0));
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    assert_eq!(ward.fact(FactName::StorageEncrypted).await, None);
    let csv = export(",compliant", ",yes", ward.hours_ago(0));
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    assert_eq!(ward.state().await, DeviceState::Active);
}

story!(a_revoked_session_ends_where_its_person_is_meant_and_nowhere_else);
async fn a_revoked_session_ends_where_its_person_is_meant_and_nowhere_else(engine: Engine) {
    let idp = Transmitter::new(ISSUER, "one");
    let mut ward = Managed::with(engine, |config| idp.configure(config)).await;
    let user = colleague(&ward.hospital, &ward.officer, "nurse").await;
    let mut nurse = phone_of(&ward.hospital, &mut ward.officer, user).await;
    let mut wire = ward.hospital.device();
    let clock = ward.hospital.clock.clone();
    let token = |subject: Value| {
        let claims = idp.claims(&clock, &subject, REVOKED, &json!({}));
        idp.sign(&claims)
    };
    let both = |user: &str, device: &str| {
        token(json!({ "format": "complex", "user": email(user), "device": opaque(device) }))
    };

    // Nobody is meant: on a device that is not here, somebody else on the phone, a stranger.
    for token in [
        both("first.officer", "R58M123ABZ"),
        both("amara.osei", SERIAL),
        token(email("nobody")),
        token(opaque("R58M123ABZ")),
    ] {
        push(&mut wire, &token).await.expect(202);
    }
    for device in [&mut ward.officer, &mut ward.phone, &mut nurse] {
        device.get("/v1/me").await.expect(200);
    }
    let there = both("first.officer", SERIAL);
    push(&mut wire, &there).await.expect(202);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
    ward.officer.get("/v1/me").await.expect(200);

    // The same again, after a new sign-in.
    ward.phone.sign_in().await;
    push(&mut wire, &there).await.expect(202);
    ward.phone.get("/v1/me").await.expect(200);
    let sessions: SessionList = ward.officer.get("/v1/sessions").await.expect(200).json();
    assert_eq!(sessions.sessions.len(), 2);

    // The device alone, and the person alone.
    push(&mut wire, &token(opaque(SERIAL))).await.expect(202);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
    ward.officer.get("/v1/me").await.expect(200);
    ward.phone.sign_in().await;
    let everywhere = token(email("first.officer"));
    push(&mut wire, &everywhere).await.expect(202);
    for device in [&mut ward.officer, &mut ward.phone] {
        device.get("/v1/me").await.refused(401, "session-ended");
    }
    nurse.get("/v1/me").await.expect(200);
    ward.officer.sign_in().await;
    assert_eq!(ward.state().await, DeviceState::Active);
}

/// Claims with one of them changed, or without it.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

story!(a_token_that_is_not_what_it_must_be_is_refused_and_changes_nothing);
async fn a_token_that_is_not_what_it_must_be_is_refused_and_changes_nothing(engine: Engine) {
    let idp = Transmitter::new(ISSUER, "one");
    let other = Transmitter::new(ISSUER, "one");
    let mut ward = Managed::with(engine, |config| idp.configure(config)).await;
    ward.demand(&[compliant()]).await;
    let clock = ward.hospital.clock.clone();
    let event = compliance(false, clock.now_ms());
    let claims = idp.claims(&clock, &opaque(SERIAL), COMPLIANCE, &event);
    let good = idp.sign(&claims);
    let seconds = clock.now_ms() / 1000;
    let day = 24 * 60 * 60;
    let claimed = |name: &str, value: Value| idp.sign(&with(&claims, name, value));
    let headed =
        |name: &str, value: Value| signed(&idp.key, &with(&idp.header(), name, value), &claims);
    let none = json!({ "typ": "secevent+jwt", "alg": "none" });
    let unsigned = signed(&idp.key, &none, &claims);
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    let wrong_event = json!({ COMPLIANCE: { "current_status": "perhaps" } });
    let refused = [
        (
            claimed("iss", json!("https://evil.example/")),
            "invalid_issuer",
        ),
        (claimed("iss", Value::Null), "invalid_issuer"),
        (
            claimed("aud", json!("https://other.example")),
            "invalid_audience",
        ),
        (claimed("aud", json!([])), "invalid_audience"),
        (other.sign(&claims), "authentication_failed"),
        (
            format!("{}AA", &good[..good.len() - 2]),
            "authentication_failed",
        ),
        (unsigned, "invalid_key"),
        (headed("kid", json!("two")), "invalid_key"),
        (headed("alg", json!("HS256")), "invalid_key"),
        (headed("typ", json!("jwt")), "invalid_request"),
        (headed("typ", Value::Null), "invalid_request"),
        (headed("crit", json!(["b64"])), "invalid_request"),
        (claimed("iat", json!(seconds - 8 * day)), "invalid_request"),
        (claimed("iat", json!(seconds + 600)), "invalid_request"),
        (claimed("iat", Value::Null), "invalid_request"),
        (claimed("jti", Value::Null), "invalid_request"),
        (claimed("exp", json!(seconds + day)), "invalid_request"),
        (claimed("sub", json!(SERIAL)), "invalid_request"),
        (
            claimed("sub_id", json!({ "format": "opaque" })),
            "invalid_request",
        ),
        (claimed("events", json!({})), "invalid_request"),
        (claimed("events", wrong_event), "invalid_request"),
        ("no token".to_owned(), "invalid_request"),
        (String::new(), "invalid_request"),
        ("a".repeat(70_000), "invalid_request"),
    ];
    let mut wire = ward.hospital.device();
    for (token, code) in refused {
        let answer = push(&mut wire, &token).await.expect(400);
        assert_eq!(answer.headers["content-type"], "application/json");
        let body: Value = answer.json();
        assert_eq!(body["err"], code, "{body} {token}");
        assert!(body["description"].is_string());
    }
    for kind in ["application/json", "application/jwt", "text/plain"] {
        let body = Some((kind, good.as_bytes().to_vec()));
        let answer = wire.raw("POST", "/v1/signals", None, None, body).await;
        answer.refused(415, "unsupported-media-type");
    }
    assert_eq!(ward.fact(FactName::ManagerCompliant).await, None);
    ward.phone.get("/v1/me").await.expect(200);
    assert!(ward.hospital.events("signal.received").await.is_empty());

    // It was only for those that nothing came of it.
    push(&mut wire, &good).await.expect(202);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
}

#[tokio::test]
async fn nobodys_tokens_are_taken_where_no_transmitter_is_configured() {
    let idp = Transmitter::new(ISSUER, "one");
    let mut ward = Managed::open(Engine::Sqlite).await;
    let clock = ward.hospital.clock.clone();
    let claims = idp.claims(&clock, &email("first.officer"), REVOKED, &json!({}));
    let mut wire = ward.hospital.device();
    let refused = push(&mut wire, &idp.sign(&claims)).await.expect(400);
    assert_eq!(refused.json::<Value>()["err"], "invalid_issuer");
    ward.officer.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn a_transmitter_that_changes_its_key_is_believed_without_a_restart() {
    let mut idp = Transmitter::new(ISSUER, "one");
    let mut ward = Managed::with(Engine::Sqlite, |config| idp.configure(config)).await;
    let clock = ward.hospital.clock.clone();
    let mut wire = ward.hospital.device();
    let claims = idp.claims(&clock, &email("first.officer"), REVOKED, &json!({}));
    let before = idp.sign(&claims);
    idp.rotate();
    // Tokens with keys that nobody knows do not keep the disk busy.
    let refused = push(&mut wire, &idp.sign(&claims)).await.expect(400);
    assert_eq!(refused.json::<Value>()["err"], "authentication_failed");
    clock.advance(10_000);
    push(&mut wire, &idp.sign(&claims)).await.expect(202);
    ward.officer
        .get("/v1/me")
        .await
        .refused(401, "session-ended");
    push(&mut wire, &before).await.expect(400);

    // A file that cannot be read leaves the keys that are known.
    idp.spoil();
    clock.advance(10_000);
    push(&mut wire, &before).await.expect(400);
    push(&mut wire, &idp.sign(&claims)).await.expect(202);
}

#[tokio::test]
async fn of_two_transmitters_each_speaks_for_itself() {
    let idp = Transmitter::new(ISSUER, "one");
    let other = Transmitter::new("https://other.example/", "two");
    let mut orders = Vec::new();
    for reversed in [false, true] {
        let mut ward = Managed::with(Engine::Sqlite, |config| {
            idp.configure(config);
            other.configure(config);
            if reversed {
                config.signals.reverse();
            }
        })
        .await;
        let clock = ward.hospital.clock.clone();
        let claims = other.claims(&clock, &email("first.officer"), REVOKED, &json!({}));
        let mut wire = ward.hospital.device();
        let mut errs = Vec::new();
        for token in [
            // The one in the other's name, for another hospital, or with a signature that is not its.
            idp.sign(&claims),
            other.sign(&with(&claims, "aud", json!("https://else.example"))),
            signed(&idp.key, &other.header(), &claims),
        ] {
            let refused = push(&mut wire, &token).await.expect(400);
            errs.push(refused.json::<Value>()["err"].clone());
        }
        orders.push(errs);
        ward.officer.get("/v1/me").await.expect(200);
        assert_eq!(claims["aud"], AUDIENCE);
        push(&mut wire, &other.sign(&claims)).await.expect(202);
        let ended = ward.officer.get("/v1/me").await;
        ended.refused(401, "session-ended");
    }
    for errs in orders {
        assert_eq!(
            errs,
            [
                "invalid_issuer",
                "invalid_audience",
                "authentication_failed"
            ]
        );
    }
}
