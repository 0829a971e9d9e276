//! The real-time socket: tickets, pushes, sending, and its end when trust ends.

use serde_json::json;
use wardline_model::wire::messages::EntryKind;
use wardline_model::wire::socket::{ClientFrame, ServerFrame, SocketTicket};

use crate::support::socket::Socket;
use crate::support::{Engine, Hospital, Phone, story};

async fn pair(engine: Engine) -> (Hospital, Phone, Phone) {
    let hospital = Box::pin(Hospital::demo(engine)).await;
    let mut officer = hospital.officer().await;
    let people = &hospital.ready.as_ref().unwrap().people;
    let names: Vec<&str> = people
        .iter()
        .filter(|person| person.role.contains("urse"))
        .map(|person| person.user.as_str())
        .collect();
    let amara = hospital.phone_of(&mut officer, names[0]).await;
    let ben = hospital.phone_of(&mut officer, names[1]).await;
    (hospital, amara, ben)
}

story!(messages_sent_on_one_socket_arrive_on_the_other_in_order);
async fn messages_sent_on_one_socket_arrive_on_the_other_in_order(engine: Engine) {
    let (_hospital, mut amara, mut ben) = pair(engine).await;
    let mut bens = Socket::open(&mut ben.device).await;
    let group = amara.start(&[ben.user()]).await;
    assert_eq!(bens.next_news().await, Some(ServerFrame::Inbox));
    ben.join().await;
    let mut amaras = Socket::open(&mut amara.device).await;
    for reference in 1..=20 {
        let message = amara.write(group, &format!("message {reference}"));
        amaras
            .send(&ClientFrame::Send {
                reference,
                group,
                message,
            })
            .await;
    }
    let mut sent = 0;
    let mut own = 0;
    while sent < 20 || own < 20 {
        match amaras.next_news().await.unwrap() {
            ServerFrame::Sent { reference, seq, .. } => {
                sent += 1;
                assert_eq!((reference, seq), (sent, sent + 1));
            }
            ServerFrame::Entry { .. } => own += 1,
            other => panic!("{other:?}"),
        }
    }
    for seq in 2..=21 {
        match bens.next_news().await.unwrap() {
            ServerFrame::Entry { group: of, entry } => {
                assert_eq!(
                    (of, entry.seq, entry.kind),
                    (group, seq, EntryKind::Message)
                );
            }
            other => panic!("{other:?}"),
        }
    }
    // A receipt travels the other way.
    let path = format!("/v1/groups/{group}/receipts");
    ben.device
        .post(&path, &json!({ "state": "acknowledged", "up_to": 21 }))
        .await
        .expect(204);
    match amaras.next_news().await.unwrap() {
        ServerFrame::Receipt { group: of, receipt } => {
            assert_eq!((of, receipt.acknowledged), (group, 21));
        }
        other => panic!("{other:?}"),
    }
}

story!(a_refused_message_is_answered_and_the_socket_goes_on);
async fn a_refused_message_is_answered_and_the_socket_goes_on(engine: Engine) {
    let (_hospital, mut amara, mut ben) = pair(engine).await;
    let group = amara.start(&[ben.user()]).await;
    let mut bens = Socket::open(&mut ben.device).await;
    bens.send_text("not JSON").await;
    match bens.next_news().await.unwrap() {
        ServerFrame::Problem { problem, .. } => assert_eq!(problem.name(), "invalid-body"),
        other => panic!("{other:?}"),
    }
    let message = amara.write(group, "from another device");
    let strangers = wardline_model::GroupId::from_bytes([1; 16]);
    bens.send(&ClientFrame::Send {
        reference: 5,
        group: strangers,
        message,
    })
    .await;
    match bens.next_news().await.unwrap() {
        ServerFrame::Problem { reference, problem } => {
            assert_eq!((reference, problem.name()), (5, "not-found"));
        }
        other => panic!("{other:?}"),
    }
}

story!(a_ticket_opens_one_socket_once_and_soon);
async fn a_ticket_opens_one_socket_once_and_soon(engine: Engine) {
    let (hospital, mut amara, _ben) = pair(engine).await;
    let ticket = |answer: crate::support::Answer| answer.json::<SocketTicket>().ticket;
    let first = ticket(
        amara
            .device
            .request("POST", "/v1/socket-tickets", None)
            .await,
    );
    let mut socket = Socket::with_ticket(&hospital.url, &first).await;
    assert_eq!(socket.next().await, Some(ServerFrame::Ready));
    let mut again = Socket::with_ticket(&hospital.url, &first).await;
    assert!(matches!(
        again.next().await,
        Some(ServerFrame::Ended { .. })
    ));
    assert_eq!(again.next().await, None);
    let mut guessed = Socket::with_ticket(&hospital.url, &"A".repeat(43)).await;
    assert!(matches!(
        guessed.next().await,
        Some(ServerFrame::Ended { .. })
    ));
    let late = ticket(
        amara
            .device
            .request("POST", "/v1/socket-tickets", None)
            .await,
    );
    hospital.clock.advance(30_000);
    let mut socket = Socket::with_ticket(&hospital.url, &late).await;
    assert!(matches!(
        socket.next().await,
        Some(ServerFrame::Ended { .. })
    ));
}

story!(a_socket_ends_with_its_session_and_with_its_device);
async fn a_socket_ends_with_its_session_and_with_its_device(engine: Engine) {
    let (_hospital, mut amara, mut ben) = pair(engine).await;
    let mut socket = Socket::open(&mut amara.device).await;
    amara.device.delete("/v1/sessions").await.expect(204);
    match socket.next_news().await.unwrap() {
        ServerFrame::Ended { problem } => assert_eq!(problem.name(), "session-ended"),
        other => panic!("{other:?}"),
    }
    assert_eq!(socket.next().await, None);

    let mut socket = Socket::open(&mut ben.device).await;
    let path = format!("/v1/devices/{}/revoke", ben.device.id());
    ben.device.request("POST", &path, None).await.expect(200);
    assert!(matches!(
        socket.next_news().await,
        Some(ServerFrame::Ended { .. })
    ));
    assert_eq!(socket.next().await, None);
}
