//! Hints between nodes over a real NATS server: lost, found, forged, refused.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod server;

use std::fs;
use std::time::Duration;

use futures::StreamExt as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use wardline_bus::{Bus, Heard, Hint, NatsConfig, NatsError, SignIn, Subscription};
use wardline_model::{DeviceId, GroupId};

use crate::server::NatsServer;

fn config(server: &NatsServer, node: &str) -> NatsConfig {
    NatsConfig {
        url: server.url(),
        subject: "wardline.hints".to_owned(),
        node: node.to_owned(),
        sign_in: SignIn::None,
        ca: None,
    }
}

fn reached(seq: u64) -> Hint {
    Hint::Reached {
        group: GroupId::from_bytes([1; 16]),
        seq,
    }
}

async fn heard(subscription: &mut Subscription) -> Heard {
    let next = tokio::time::timeout(Duration::from_secs(30), subscription.next());
    next.await.expect("news within half a minute").unwrap()
}

/// The next hint, whatever else is heard before.
async fn next_hint(subscription: &mut Subscription) -> Hint {
    loop {
        if let Heard::Hint(hint) = heard(subscription).await {
            return hint;
        }
    }
}

async fn until_carried(bus: &Bus) {
    for _ in 0..3000 {
        if bus.is_carried() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("NATS does not carry hints");
}

#[tokio::test]
async fn each_node_hears_the_others_and_itself_once() {
    let server = NatsServer::start();
    let one = Bus::nats(&config(&server, "one")).await.unwrap();
    let two = Bus::nats(&config(&server, "two")).await.unwrap();
    until_carried(&one).await;
    until_carried(&two).await;
    let (mut at_one, mut at_two) = (one.subscribe(), two.subscribe());
    for seq in 1..=100 {
        one.publish(reached(seq));
    }
    two.publish(Hint::Audit);
    for seq in 1..=100 {
        assert_eq!(
            next_hint(&mut at_two).await,
            if seq == 1 {
                Hint::Audit
            } else {
                reached(seq - 1)
            }
        );
    }
    assert_eq!(next_hint(&mut at_two).await, reached(100));
    // A node hears its own at once, in order, and NATS does not bring them a second time.
    for seq in 1..=100 {
        assert_eq!(next_hint(&mut at_one).await, reached(seq));
    }
    assert_eq!(next_hint(&mut at_one).await, Hint::Audit);
    two.publish(reached(101));
    assert_eq!(next_hint(&mut at_one).await, reached(101));
}

#[tokio::test]
async fn a_node_runs_on_without_nats_and_says_what_was_missed_when_it_is_back() {
    let mut server = NatsServer::stopped("");
    let one = Bus::nats(&config(&server, "one")).await.unwrap();
    let two = Bus::nats(&config(&server, "two")).await.unwrap();
    let (mut at_one, mut at_two) = (one.subscribe(), two.subscribe());
    // More than any queue holds, and nobody waits.
    for seq in 1..=20_000 {
        one.publish(reached(seq));
    }
    assert_eq!(
        heard(&mut at_one).await,
        Heard::Missed,
        "it was slow itself"
    );
    let mut at_one = one.subscribe();
    for again in 0..2 {
        assert!(!one.is_carried());
        server.start_again();
        until_carried(&one).await;
        until_carried(&two).await;
        assert_eq!(heard(&mut at_two).await, Heard::Missed);
        assert_eq!(heard(&mut at_one).await, Heard::Missed);
        one.publish(reached(again));
        assert_eq!(next_hint(&mut at_two).await, reached(again));
        assert_eq!(next_hint(&mut at_one).await, reached(again));
        server.kill();
        // Both hear that they are on their own now.
        while heard(&mut at_two).await != Heard::Missed {}
        while heard(&mut at_one).await != Heard::Missed {}
        assert!(!two.is_carried());
        one.publish(reached(1000 + again));
        assert_eq!(next_hint(&mut at_one).await, reached(1000 + again));
    }
}

#[tokio::test]
async fn what_no_node_writes_is_ignored() {
    let server = NatsServer::start();
    let bus = Bus::nats(&config(&server, "one")).await.unwrap();
    until_carried(&bus).await;
    let mut hints = bus.subscribe();
    let stranger = async_nats::connect(server.url()).await.unwrap();
    let reached_7 = r#"{"h":"reached","group":"01010101-0101-0101-0101-010101010101","seq":7}"#;
    let forged = [
        b"\xff\x00 not JSON".to_vec(),
        Vec::new(),
        b"{}".to_vec(),
        b"[[[[[[[[".to_vec(),
        // A hint of a kind that does not exist, one with more in it, one beside a good one.
        br#"{"from":"x","missed":false,"hints":[{"h":"drop_tables"}]}"#.to_vec(),
        br#"{"from":"x","missed":false,"hints":[{"h":"inbox","device":"02020202-0202-0202-0202-020202020202","text":"hello"}]}"#.to_vec(),
        format!(r#"{{"from":"x","missed":false,"hints":[{reached_7},{{"h":"receipt"}}]}}"#).into(),
        // More than any node sends.
        format!(
            r#"{{"from":"x","missed":false,"hints":[{}{reached_7}]}}"#,
            format!("{reached_7},").repeat(300)
        )
        .into(),
        vec![b' '; 100_000],
    ];
    for payload in forged {
        stranger
            .publish("wardline.hints", payload.into())
            .await
            .unwrap();
    }
    // One that a node could have written is heard: it is a guess, and whoever hears it looks.
    let guess = br#"{"from":"x","missed":false,"hints":[{"h":"audit"}]}"#;
    stranger
        .publish("wardline.hints", guess.to_vec().into())
        .await
        .unwrap();
    stranger.flush().await.unwrap();
    assert_eq!(next_hint(&mut hints).await, Hint::Audit);
    assert_eq!(hints.ready(), None);
}

#[tokio::test]
async fn only_ids_travel() {
    let server = NatsServer::start();
    let bus = Bus::nats(&config(&server, "one")).await.unwrap();
    until_carried(&bus).await;
    let listener = async_nats::connect(server.url()).await.unwrap();
    let mut wire = listener.subscribe(">").await.unwrap();
    listener.flush().await.unwrap();
    // The subscription stands once the listener's own message came round.
    listener.publish("probe", "".into()).await.unwrap();
    assert_eq!(wire.next().await.unwrap().subject.as_str(), "probe");
    bus.publish(Hint::Inbox {
        device: DeviceId::from_bytes([2; 16]),
    });
    let message = wire.next().await.unwrap();
    assert_eq!(message.subject.as_str(), "wardline.hints");
    assert_eq!(
        std::str::from_utf8(&message.payload).unwrap(),
        r#"{"from":"one","missed":false,"hints":[{"h":"inbox","device":"02020202-0202-0202-0202-020202020202"}]}"#
    );
}

#[tokio::test]
async fn nodes_sign_in_by_password_or_token_and_are_refused_without() {
    let by_password = "authorization { user: wardline, password: secret }";
    let by_token = "authorization { token: secret }";
    let password = SignIn::Password {
        user: "wardline".to_owned(),
        password: "secret".to_owned(),
    };
    let token = SignIn::Token("secret".to_owned());
    for (settings, sign_in) in [(by_password, password), (by_token, token)] {
        let server = NatsServer::with(settings);
        let good = NatsConfig {
            sign_in,
            ..config(&server, "one")
        };
        assert!(!format!("{good:?}").contains("secret"));
        let (good, bad) = (
            Bus::nats(&good).await.unwrap(),
            Bus::nats(&config(&server, "two")).await.unwrap(),
        );
        until_carried(&good).await;
        assert!(!bad.is_carried());
    }
    let server = NatsServer::start();
    let missing = NatsConfig {
        sign_in: SignIn::Credentials("/nowhere/wardline.creds".into()),
        ..config(&server, "one")
    };
    let error = Bus::nats(&missing).await.unwrap_err();
    assert!(
        error.to_string().contains("/nowhere/wardline.creds"),
        "{error}"
    );
}

#[tokio::test]
async fn tls_is_insisted_on_and_the_ca_is_the_one_that_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let ca = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(path(name), issuer.pem()).unwrap();
        issuer
    };
    let (good, _other) = (ca("ca.pem"), ca("other.pem"));
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &good).unwrap();
    fs::write(path("cert.pem"), certificate.pem()).unwrap();
    fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    let server = NatsServer::with(&format!(
        "tls {{ cert_file: {:?}, key_file: {:?} }}",
        path("cert.pem"),
        path("key.pem"),
    ));
    let url = server.url().replace("nats://127.0.0.1", "tls://localhost");
    let with_ca = |ca: &str| NatsConfig {
        url: url.clone(),
        ca: Some(path(ca)),
        ..config(&server, ca)
    };
    let trusted = Bus::nats(&with_ca("ca.pem")).await.unwrap();
    let untrusted = Bus::nats(&with_ca("other.pem")).await.unwrap();
    until_carried(&trusted).await;
    assert!(!untrusted.is_carried());
    // A server that offers no TLS gets nothing from a node that insists on it.
    let plain = NatsServer::start();
    let insisting = NatsConfig {
        url: plain.url().replace("nats://127.0.0.1", "tls://localhost"),
        ..with_ca("ca.pem")
    };
    let insisting = Bus::nats(&insisting).await.unwrap();
    let meanwhile = Bus::nats(&config(&plain, "plain")).await.unwrap();
    until_carried(&meanwhile).await;
    assert!(!insisting.is_carried());
    for (file, text) in [("empty.pem", ""), ("missing.pem", "-")] {
        if text.is_empty() {
            fs::write(path(file), text).unwrap();
        }
        let refused = Bus::nats(&with_ca(file)).await;
        assert!(matches!(refused, Err(NatsError::File { .. })));
    }
}
