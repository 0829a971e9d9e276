//! Two nodes of one hospital on one PostgreSQL, by polling and by NATS.

use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};
use wardline_model::statement::{SignedStatement, Statement};
use wardline_model::wire::messages::EntryKind;
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{B64, DeviceId, GroupId};
use wardline_server::{Config, Running, Server};

use crate::fleet::{ask_to_sign_in, change, encrypted};
use crate::nats::NatsServer;
use crate::support::socket::Socket;
use crate::support::{Engine, Hospital, Phone, Proof};

/// Longer than any test: what arrives nevertheless was not found by polling.
const AN_HOUR: u64 = 3_600_000;

/// A hospital of two nodes. Amara's phone and the security officer's are at the first one, Ben's at
/// the second.
struct Nodes {
    hospital: Hospital,
    viktor: Box<Phone>,
    second: Running,
    amara: Phone,
    ben: Phone,
}

impl Nodes {
    async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let mut hospital = Box::pin(Hospital::demo(Engine::Postgres)).await;
        "127.0.0.1:0".clone_into(&mut hospital.config.server.http);
        hospital.config.server.https = String::new();
        change(&mut hospital.config);
        Box::pin(hospital.restart()).await;
        let mut officer = hospital.officer().await;
        let people = &hospital.ready.as_ref().unwrap().people;
        let names: Vec<&str> = people
            .iter()
            .filter(|person| person.role.contains("urse"))
            .map(|person| person.user.as_str())
            .collect();
        let amara = hospital.phone_of(&mut officer, names[0]).await;
        let mut ben = hospital.phone_of(&mut officer, names[1]).await;
        let viktor = hospital.phone_of(&mut officer, "viktor.lindgren").await;
        let mut config = hospital.config.clone();
        "node-2".clone_into(&mut config.server.node);
        let second = Box::pin(Server::start(config, hospital.clock.clone()));
        let second = second.await.unwrap();
        // Ben's session goes on at the second node.
        ben.device.url = second.http_url.clone().unwrap();
        Self {
            hospital,
            viktor: Box::new(viktor),
            second,
            amara,
            ben,
        }
    }

    /// Both on a NATS server, and deaf and blind without it for as long as it is there.
    async fn over(nats: &NatsServer) -> Self {
        let nodes = Self::start(|config| {
            config.bus.nats = nats.url();
            config.bus.poll_ms = AN_HOUR;
        })
        .await;
        nodes.until_carried().await;
        nodes
    }

    async fn until_carried(&self) {
        let first = self.hospital.running.as_ref().unwrap();
        for _ in 0..3000 {
            if first.hints_are_carried() && self.second.hints_are_carried() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("NATS does not carry hints");
    }

    /// A conversation of both.
    async fn talk(&mut self) -> GroupId {
        let group = self.amara.start(&[self.ben.user()]).await;
        self.ben.join().await;
        group
    }

    /// Ben's socket at the second node, and what it is told at first taken off.
    async fn bens_socket(&mut self) -> Socket {
        let mut socket = Socket::open(&mut self.ben.device).await;
        let first = socket.next().await;
        assert!(matches!(first, Some(ServerFrame::Reached { .. })));
        socket
    }

    async fn stop(self) {
        self.second.shutdown().await;
    }
}

/// The very next frame is this message; but for that of a turn on call, which ends by the clock.
async fn expect_message(socket: &mut Socket, group: GroupId, seq: u64) {
    let mut next = socket.next().await.unwrap();
    while matches!(next, ServerFrame::Roles) {
        next = socket.next().await.unwrap();
    }
    match next {
        ServerFrame::Entry { group: of, entry } => {
            assert_eq!(
                (of, entry.seq, entry.kind),
                (group, seq, EntryKind::Message)
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_nodes_find_each_others_news_by_polling() {
    let mut nodes = Nodes::start(|_| {}).await;
    // A proof for the first node is worth nothing at the second, and neither is its nonce.
    let ben = &mut nodes.ben.device;
    let answer = ben
        .with_proof("GET", "/v1/me", &Proof::default(), None)
        .await;
    answer.refused(401, "use-dpop-nonce");
    ben.get("/v1/me").await.expect(200);

    // Ben's socket follows nothing yet: it hears that there is a new conversation.
    let mut bens = Socket::open(ben).await;
    let mut amaras = Socket::open(&mut nodes.amara.device).await;
    let group = nodes.talk().await;
    assert_eq!(bens.next_news().await, Some(ServerFrame::Inbox));
    nodes.amara.say(group, "Bed 4 is septic").await.expect(201);
    match bens.next_news().await.unwrap() {
        ServerFrame::Entry { entry, .. } => assert_eq!(entry.seq, 2),
        other => panic!("{other:?}"),
    }
    // Answers and receipts travel the other way.
    let path = format!("/v1/groups/{group}/receipts");
    nodes
        .ben
        .device
        .post(&path, &json!({ "state": "acknowledged", "up_to": 2 }))
        .await
        .expect(204);
    nodes.ben.say(group, "Antibiotics are in").await.expect(201);
    let (mut acknowledged, mut answered) = (false, false);
    while !acknowledged || !answered {
        match amaras.next_news().await.unwrap() {
            ServerFrame::Receipt { receipt, .. } if receipt.user_id == nodes.ben.user() => {
                assert_eq!(receipt.acknowledged, 2);
                acknowledged = true;
            }
            ServerFrame::Entry { entry, .. } => answered = entry.seq == 3,
            _ => {}
        }
    }
    assert_eq!(nodes.amara.catch_up(group, 2).await, ["Antibiotics are in"]);
    Box::pin(nodes.stop()).await;
}

#[tokio::test]
async fn who_may_agree_to_orders_about_records_is_told_by_the_node_that_has_their_socket() {
    let mut nodes = Nodes::start(|_| {}).await;
    let group = nodes.talk().await;
    let mut bens = nodes.bens_socket().await;
    let ben = nodes.ben.user();
    // Ben is a custodian from now on. No hint comes of it; what happens next makes the second node look.
    let signed = SignedStatement {
        v: 1,
        statement: Statement::InForce {
            days: Vec::new(),
            officers: Vec::new(),
            custodians: vec![ben],
            needed: 2,
            export_key: None,
        },
        user_id: ben,
        device_id: DeviceId::from_bytes([7; 16]),
        issued_at: nodes.hospital.clock.now_ms(),
        signature: B64(vec![7; 64]),
    };
    let (store, _) = nodes.hospital.seize();
    let mut tx = store.write().await.unwrap();
    assert!(
        tx.put_record_result(&signed, "in_force", None)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    nodes.amara.say(group, "Bed 4 is septic").await.expect(201);
    while bens.next().await.unwrap() != ServerFrame::Records {}
    Box::pin(nodes.stop()).await;
}

/// Whoever loses trust at the first node loses the socket at the second.
async fn trust_ends_everywhere(mut nodes: Nodes) {
    let second = nodes.ben.device.url.clone();
    let mut bens = Socket::open(&mut nodes.ben.device).await;
    let first = nodes.hospital.url.clone();
    nodes.ben.device.url.clone_from(&first);
    nodes.ben.device.delete("/v1/sessions").await.expect(204);
    match bens.next_news().await.unwrap() {
        ServerFrame::Ended { problem } => assert_eq!(problem.name(), "session-ended"),
        other => panic!("{other:?}"),
    }
    assert_eq!(bens.next().await, None);
    nodes.ben.device.url.clone_from(&second);
    let refused = nodes.ben.device.get("/v1/me").await;
    refused.refused(401, "session-ended");

    // Rules that are changed at the first node shut Ben's phone out at the second.
    // His passkey is for the first node's address; his session is for both.
    nodes.ben.device.url.clone_from(&first);
    nodes.ben.device.sign_in().await;
    nodes.ben.device.url.clone_from(&second);
    let off = json!([{ "name": "storage_encrypted", "value": false }]);
    nodes.ben.device.report(&off).await.expect(200);
    let mut bens = Socket::open(&mut nodes.ben.device).await;
    let mut rule = encrypted(0);
    rule["accept"] = json!(["claimed"]);
    let officer = &mut nodes.viktor.device;
    let body = change(officer, 0, &[rule]).await;
    let changed = officer.request("PUT", "/v1/programs/demo", Some(&body));
    changed.await.expect(200);
    assert!(matches!(
        bens.next_news().await,
        Some(ServerFrame::Ended { .. })
    ));
    assert_eq!(bens.next().await, None);
    let refused = nodes.ben.device.get("/v1/me").await;
    refused.refused(401, "session-ended");
    let refused = ask_to_sign_in(&mut nodes.ben.device).await;
    let refused = refused.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "device_quarantined");

    // Amara's phone is lost while it is at the second node.
    nodes.amara.device.url.clone_from(&second);
    let mut amaras = Socket::open(&mut nodes.amara.device).await;
    nodes.amara.device.url.clone_from(&first);
    let path = format!("/v1/devices/{}/revoke", nodes.amara.device.id());
    let revoked = nodes.amara.device.request("POST", &path, None).await;
    revoked.expect(200);
    assert!(matches!(
        amaras.next_news().await,
        Some(ServerFrame::Ended { .. })
    ));
    assert_eq!(amaras.next().await, None);
    nodes.amara.device.url.clone_from(&second);
    let refused = nodes.amara.device.get("/v1/me").await;
    refused.refused(401, "session-ended");
    Box::pin(nodes.stop()).await;
}

#[tokio::test]
async fn trust_that_ends_on_one_node_ends_on_the_other_by_polling() {
    Box::pin(trust_ends_everywhere(Nodes::start(|_| {}).await)).await;
}

#[tokio::test]
async fn trust_that_ends_on_one_node_ends_on_the_other_by_nats() {
    let nats = NatsServer::start();
    let nodes = Box::pin(Nodes::over(&nats)).await;
    Box::pin(trust_ends_everywhere(nodes)).await;
}

#[tokio::test]
async fn nats_carries_news_at_once_and_polling_finds_them_while_it_is_away() {
    let mut nats = NatsServer::start();
    let mut nodes = Box::pin(Nodes::over(&nats)).await;
    let group = nodes.talk().await;
    let mut socket = nodes.bens_socket().await;
    // The first message of each row may be found by the look that follows a new connection. Those
    // that come after it has arrived are brought by NATS, or by nothing.
    let mut seq = 1;
    for _ in 0..3 {
        seq += 1;
        nodes.amara.say(group, "by NATS").await.expect(201);
        expect_message(&mut socket, group, seq).await;
    }
    nats.kill();
    for _ in 0..3 {
        seq += 1;
        nodes.amara.say(group, "by polling").await.expect(201);
        expect_message(&mut socket, group, seq).await;
    }
    nats.start_again();
    nodes.until_carried().await;
    for _ in 0..3 {
        seq += 1;
        nodes.amara.say(group, "by NATS again").await.expect(201);
        expect_message(&mut socket, group, seq).await;
    }
    Box::pin(nodes.stop()).await;
}

#[tokio::test]
async fn what_strangers_write_to_the_subject_reaches_nobody() {
    let nats = NatsServer::start();
    let mut nodes = Box::pin(Nodes::over(&nats)).await;
    let group = nodes.talk().await;
    let mut socket = nodes.bens_socket().await;
    nodes.amara.say(group, "before").await.expect(201);
    expect_message(&mut socket, group, 2).await;

    let me: Value = nodes.ben.device.get("/v1/me").await.expect(200).json();
    let device = nodes.ben.device.id();
    let stranger = async_nats::connect(nats.url()).await.unwrap();
    let mut echo = stranger.subscribe("wardline.hints").await.unwrap();
    let hints = json!([
        // Nothing of this is so.
        { "h": "receipt", "group": group },
        { "h": "reached", "group": group, "seq": u64::MAX },
        { "h": "reached", "group": GroupId::from_bytes([9; 16]), "seq": 1 },
        { "h": "inbox", "device": device },
        { "h": "members", "group": group },
        { "h": "session_ended", "session": me["session_id"] },
        { "h": "device_changed", "device": device },
        { "h": "audit" },
    ]);
    let told = json!({
        "user_id": nodes.ben.user(), "delivered": 2, "read": 2, "acknowledged": 2,
    });
    let parcels = [
        json!({ "from": "x", "missed": true, "hints": hints }),
        json!({ "from": "x", "missed": false, "hints": [
            { "h": "receipt", "group": group, "receipt": told },
        ] }),
        json!("not a parcel"),
        json!({ "from": "x", "missed": true, "hints": [] }),
    ];
    // A flood of them, which closes no socket either.
    for _ in 0..500 {
        for parcel in &parcels {
            let payload = parcel.to_string().into();
            stranger.publish("wardline.hints", payload).await.unwrap();
        }
    }
    stranger
        .publish("wardline.hints", "the last".into())
        .await
        .unwrap();
    // Once the last one has come back NATS has handed out all of them, before what follows.
    while echo.next().await.unwrap().payload != "the last" {}
    nodes.amara.say(group, "after").await.expect(201);
    expect_message(&mut socket, group, 3).await;
    nodes.amara.say(group, "and on").await.expect(201);
    expect_message(&mut socket, group, 4).await;
    Box::pin(nodes.stop()).await;
}
