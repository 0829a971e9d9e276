//! `kill -9` under load: what was acknowledged is there, once, in order.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::support::{Demo, Person, until};

/// How often a server is killed.
fn rounds() -> u64 {
    if std::env::var_os("WARDLINE_SOAK").is_some() {
        50
    } else {
        5
    }
}

#[test]
fn every_acknowledged_message_survives_kill_9_exactly_once() {
    let mut demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    let load = Load::new(ada, ben);
    let acknowledged = load.during(|| {
        for round in 0..rounds() {
            load.go_on(round);
            demo.kill();
            demo.start_again();
        }
        load.go_on(0);
    });
    load.assert_kept(&acknowledged);
    demo.verify().json(0);
    assert!(demo.stop().success());
    demo.verify().json(0);
}

#[test]
fn every_acknowledged_message_survives_kill_9_on_postgresql() {
    let mut cluster = Cluster::start(1);
    let [ada, ben] = cluster.enroll([0, 0]);
    let load = Load::new(ada, ben);
    let acknowledged = load.during(|| {
        for round in 0..rounds() {
            load.go_on(round);
            cluster.kill(0);
            cluster.start_again(0);
        }
        load.go_on(0);
    });
    load.assert_kept(&acknowledged);
    cluster.until_sequenced();
    assert!(cluster.stop(0).success());
    let stopped = cluster.verify().json(0);
    assert_eq!(stopped["tail"], 0, "the log has all of it");
}

#[test]
fn one_node_of_two_is_killed_and_the_other_goes_on() {
    let mut cluster = Cluster::start(2);
    // Each is at one node: Ada at the first, Ben at the second.
    let [ada, ben] = cluster.enroll([0, 1]);
    let load = Load::new(ada, ben);
    let acknowledged = load.during(|| {
        for round in 0..rounds() {
            load.go_on(round);
            let (victim, survivor) = if round % 2 == 0 { (0, 1) } else { (1, 0) };
            cluster.kill(victim);
            let mut more = [0, 0];
            more[survivor] = 2;
            load.until_more(more);
            cluster.start_again(victim);
        }
        load.go_on(0);
        // Ada's node is gone for good. Ben's takes what he writes as before.
        cluster.kill(0);
        load.until_more([0, 5]);
    });
    // Ada's workstation finds the other node, and what waits there goes out.
    cluster.move_to(&load.ada, 1);
    load.assert_kept(&acknowledged);
    cluster.until_sequenced();
    assert!(cluster.stop(1).success());
    let stopped = cluster.verify().json(0);
    assert_eq!(
        stopped["tail"], 0,
        "the survivor sequenced what the other had recorded"
    );
}

/// Two people who write into one conversation as fast as they can.
struct Load {
    ada: Person,
    ben: Person,
    group: String,
    /// How much of each was acknowledged.
    counts: [AtomicUsize; 2],
    over: AtomicBool,
}

impl Load {
    fn new(ada: Person, ben: Person) -> Self {
        let sent = ada.client(["send", "--to", &ben.user, "first"]).json(0);
        Self {
            ada,
            ben,
            group: sent["group"].as_str().unwrap().to_owned(),
            counts: Default::default(),
            over: AtomicBool::new(false),
        }
    }

    /// Both write while something happens. Gives what the hospital took of each.
    fn during(&self, happening: impl FnOnce()) -> [Vec<Value>; 2] {
        thread::scope(|scope| {
            let writers = [0, 1].map(|who| scope.spawn(move || self.write(who)));
            // Should it fail, the writers end nevertheless, and the test with them.
            let over = Over(&self.over);
            happening();
            drop(over);
            writers.map(|writer| writer.join().unwrap())
        })
    }

    /// Sends one message after another.
    fn write(&self, who: usize) -> Vec<Value> {
        let person = [&self.ada, &self.ben][who];
        let mut acknowledged = Vec::new();
        let mut number = 0;
        while !self.over.load(Ordering::Relaxed) {
            number += 1;
            let text = format!("{} {number}", person.user);
            let run = person.client(["send", "--group", &self.group, &text]);
            match run.code {
                0 => acknowledged.push(run.json(0)),
                // The server is down, or went down in the middle.
                5 => {}
                _ => panic!("{run:?}"),
            }
            self.counts[who].store(acknowledged.len(), Ordering::Relaxed);
        }
        acknowledged
    }

    /// Waits until the hospital took more of both, and then up to a moment in the midst of the
    /// next, another one in each round.
    fn go_on(&self, round: u64) {
        self.until_more([1, 1]);
        thread::sleep(Duration::from_millis(70 * (round % 5)));
    }

    /// Waits until the hospital took so many more of each.
    fn until_more(&self, more: [usize; 2]) {
        let now = || [0, 1].map(|who| self.counts[who].load(Ordering::Relaxed));
        let before = now();
        until("more is acknowledged", || {
            let now = now();
            (0..2).all(|who| now[who] >= before[who] + more[who])
        });
    }

    /// Everything that was acknowledged is there, once, in order, for the one who reads.
    fn assert_kept(&self, acknowledged: &[Vec<Value>; 2]) {
        // What is still in an outbox goes out with the next look.
        for person in [&self.ada, &self.ben] {
            person.inbox();
        }
        for (reader, written) in [(&self.ben, &acknowledged[0]), (&self.ada, &acknowledged[1])] {
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
    }
}

/// Ends the load, also when the test fails meanwhile.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
