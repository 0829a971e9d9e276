//! Two nodes of one hospital on one PostgreSQL.

use wardline_model::wire::messages::EntryKind;
use wardline_model::wire::socket::ServerFrame;
use wardline_server::Server;

use crate::support::socket::Socket;
use crate::support::{Engine, Hospital, Proof};

#[tokio::test]
async fn two_nodes_deliver_to_each_others_clients() {
    let hospital = Hospital::demo(Engine::Postgres).await;
    let mut officer = hospital.officer().await;
    let people = &hospital.ready.as_ref().unwrap().people;
    let names: Vec<&str> = people
        .iter()
        .filter(|person| person.role.contains("urse"))
        .map(|person| person.user.as_str())
        .collect();
    let mut amara = hospital.phone_of(&mut officer, names[0]).await;
    let mut ben = hospital.phone_of(&mut officer, names[1]).await;

    let mut config = hospital.config.clone();
    config.server.node = "node-2".to_owned();
    config.server.http = "127.0.0.1:0".to_owned();
    config.server.https = String::new();
    let second = Server::start(config, hospital.clock.clone()).await.unwrap();
    // Ben's phone is at the second node: his session goes on there, but a proof for the first
    // node is worth nothing at it, and neither is the first one's nonce.
    ben.device.url = second.http_url.clone().unwrap();
    let answer = ben
        .device
        .with_proof("GET", "/v1/me", &Proof::default(), None)
        .await;
    answer.refused(401, "use-dpop-nonce");
    ben.device.get("/v1/me").await.expect(200);

    let group = amara.start(&[ben.user()]).await;
    ben.join().await;
    let mut socket = Socket::open(&mut ben.device).await;
    amara.say(group, "Bed 4 is septic").await.expect(201);
    match socket.next_news().await.unwrap() {
        ServerFrame::Entry { group: of, entry } => {
            assert_eq!((of, entry.seq, entry.kind), (group, 2, EntryKind::Message));
        }
        other => panic!("{other:?}"),
    }
    ben.say(group, "Antibiotics are in").await.expect(201);
    assert_eq!(amara.catch_up(group, 2).await, ["Antibiotics are in"]);
    second.shutdown().await;
}
