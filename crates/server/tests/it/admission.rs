//! A device counts for others once the log has its endorsement: who adds people waits for that, and
//! a server that stops keeps nobody waiting.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use wardline_audit::Event;
use wardline_client::ClientError;
use wardline_client_native::{Enrolment, NativeClient};
use wardline_model::UserId;
use wardline_model::endorsement::Duty;
use wardline_store::Store;

use crate::support::{Device, Engine, Hospital, story};

/// Longer than any test.
const AN_HOUR: u64 = 3_600_000;

/// A hospital whose log stands still until the test moves it, and two people: Amara's device is
/// in the log, Ben's was endorsed since.
struct Ward {
    hospital: Hospital,
    store: Store,
    amara: NativeClient,
    ben: UserId,
    _homes: tempfile::TempDir,
}

impl Ward {
    async fn open(engine: Engine) -> Self {
        let hospital = Box::pin(Hospital::demo(engine)).await;
        let homes = tempfile::tempdir().unwrap();
        let mut officer = hospital.officer().await;
        let mut amara = workstation(&hospital, &mut officer, homes.path(), "amara.osei").await;
        let (store, _) = hospital.seize();
        // The server's own last step may come first.
        while !step(&hospital, &store).await {}
        let ben = workstation(&hospital, &mut officer, homes.path(), "tomas.herrera").await;
        amara.sync().await.unwrap();
        Self {
            ben: ben.status().user.unwrap().id,
            hospital,
            store,
            amara,
            _homes: homes,
        }
    }
}

/// Enrols someone of the demo, confirmed by the officer, with key packages at the server.
async fn workstation(
    hospital: &Hospital,
    officer: &mut Device,
    homes: &Path,
    user: &str,
) -> NativeClient {
    let people = &hospital.ready.as_ref().unwrap().people;
    let person = people.iter().find(|person| person.user == user).unwrap();
    let enrolment = Enrolment {
        server: Some(&hospital.url),
        code: person.enroll_code.as_ref().unwrap(),
        name: "Workstation",
        ..Enrolment::default()
    };
    let enrolled = NativeClient::enroll(&homes.join(user), &enrolment).await;
    let mut client = enrolled.unwrap();
    let id = client.status().device_id.unwrap();
    officer.confirm(id, Duty::None).await.expect(200);
    client.sign_in().await.unwrap();
    client.sync().await.unwrap();
    client
}

/// Sequences in the server's place, and keeps it from doing so for an hour.
async fn step(hospital: &Hospital, store: &Store) -> bool {
    let then = hospital.clock.now_ms() + AN_HOUR;
    store.sequence_once(then, "the test").await.unwrap().leader
}

/// How often, since the log stands still, someone asked for devices of which one was not known.
async fn asked_in_vain(hospital: &Hospital, store: &Store) -> usize {
    let mut facts = store.read().await.unwrap();
    let tails = facts.log_tails().await.unwrap();
    let node = &hospital.config.server.node;
    let tail = tails.into_iter().find(|tail| tail.node.as_str() == node);
    let tail = tail.unwrap();
    let events = facts.events_of(&tail.node, tail.seq, 1_000).await.unwrap();
    let vain = |event: &Event| {
        let count = |name| event.detail.get(name).and_then(Value::as_u64).unwrap();
        event.action == "credential.read" && count("answered") < count("devices")
    };
    events
        .iter()
        .map(|event| Event::parse(&event.opening.payload).unwrap())
        .filter(vain)
        .count()
}

story!(a_device_that_was_endorsed_a_moment_ago_is_waited_for);
async fn a_device_that_was_endorsed_a_moment_ago_is_waited_for(engine: Engine) {
    let Ward {
        hospital,
        store,
        mut amara,
        ben,
        _homes,
    } = Box::pin(Ward::open(engine)).await;
    let people = [ben];
    let (group, ()) = tokio::join!(amara.start(&people, None, None), async {
        while asked_in_vain(&hospital, &store).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(step(&hospital, &store).await);
    });
    let group = group.unwrap();
    let conversations = amara.conversations().unwrap();
    let made = conversations.iter().find(|made| made.id == group).unwrap();
    assert!(made.members.iter().any(|member| member.user.id == ben));
}

#[tokio::test]
async fn a_device_that_does_not_come_into_the_log_is_refused_after_a_while() {
    let mut ward = Box::pin(Ward::open(Engine::Sqlite)).await;
    let refused = ward.amara.start(&[ward.ben], None, None).await;
    assert!(matches!(refused, Err(ClientError::NotAdmitted(_))));
    let asked = asked_in_vain(&ward.hospital, &ward.store).await;
    assert!(
        (7..10).contains(&asked),
        "first, and after each wait: {asked}"
    );
    assert!(ward.amara.conversations().unwrap().is_empty());
    // Later it is as if nothing had been.
    assert!(step(&ward.hospital, &ward.store).await);
    ward.amara.start(&[ward.ben], None, None).await.unwrap();
}

story!(a_server_that_stops_leaves_the_log_to_the_next_at_once);
async fn a_server_that_stops_leaves_the_log_to_the_next_at_once(engine: Engine) {
    let mut hospital = Hospital::new(engine).await;
    hospital.officer().await;
    hospital.running.take().unwrap().shutdown().await;
    let (store, _) = hospital.seize();
    let now = hospital.clock.now_ms();
    let step = store.sequence_once(now, "the next").await.unwrap();
    assert!(step.leader);
    assert_eq!(step.from, step.to, "nothing was left to do");
}
