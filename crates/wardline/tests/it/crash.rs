//! `kill -9` under load: what was acknowledged is there, once, in order.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Demo, Person};

#[test]
fn every_acknowledged_message_survives_kill_9_exactly_once() {
    let rounds = if std::env::var_os("WARDLINE_SOAK").is_some() {
        50
    } else {
        5
    };
    let mut demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    let sent = ada.client(["send", "--to", &second, "first"]).json(0);
    let group = sent["group"].as_str().unwrap().to_owned();

    let over = AtomicBool::new(false);
    let acknowledged = thread::scope(|scope| {
        let writers = [&ada, &ben].map(|person| scope.spawn(|| write_until(person, &group, &over)));
        for round in 0..rounds {
            thread::sleep(Duration::from_millis(300 + 70 * (round % 5)));
            demo.kill();
            demo.start_again();
        }
        thread::sleep(Duration::from_millis(500));
        over.store(true, Ordering::Relaxed);
        writers.map(|writer| writer.join().unwrap())
    });

    // What is still in an outbox goes out with the next look.
    for person in [&ada, &ben] {
        person.inbox();
    }
    let rounds = usize::try_from(rounds).unwrap();
    for (reader, written) in [(&ben, &acknowledged[0]), (&ada, &acknowledged[1])] {
        assert!(
            written.len() > rounds,
            "the load was real: {}",
            written.len()
        );
        let inbox = reader.inbox();
        let ids: Vec<&str> = inbox
            .iter()
            .map(|message| message["id"].as_str().unwrap())
            .collect();
        let unique: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len(), "no message is there twice");
        let texts: HashSet<&str> = inbox.iter().map(|m| m["text"].as_str().unwrap()).collect();
        assert_eq!(
            texts.len(),
            ids.len(),
            "nothing was sent twice under two ids"
        );
        for sent in written {
            let found = inbox.iter().find(|message| message["id"] == sent["id"]);
            let found = found.unwrap_or_else(|| panic!("{sent} was acknowledged and is lost"));
            assert_eq!(found["seq"], sent["seq"]);
        }
        let places: Vec<u64> = inbox
            .iter()
            .filter_map(|message| message["seq"].as_u64())
            .collect();
        assert!(places.is_sorted(), "in order");
    }
    demo.verify().json(0);
    assert!(demo.stop().success());
    demo.verify().json(0);
}

/// Sends one message after another; gives back what the hospital took.
fn write_until(person: &Person, group: &str, over: &AtomicBool) -> Vec<Value> {
    let mut acknowledged = Vec::new();
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        number += 1;
        let text = format!("{} {number}", person.user);
        let run = person.client(["send", "--group", group, &text]);
        match run.code {
            0 => acknowledged.push(run.json(0)),
            // The hospital is down, or went down in the middle.
            5 => {}
            _ => panic!("{run:?}"),
        }
    }
    acknowledged
}
