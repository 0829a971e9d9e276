//! `kill -9` in the middle of a load: what was acknowledged is there, once.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use wardline_model::{DeviceId, GroupId, MessageId, UserId};

use crate::support::{Db, Member, NOW, admit, found, message, runtime};

/// Set for the process that is going to be killed: the URL, the group and its member.
const CHILD: &str = "WARDLINE_CRASH_CHILD";

#[test]
fn what_was_acknowledged_survives_kill_nine_sqlite() {
    story(
        "crash::what_was_acknowledged_survives_kill_nine_sqlite",
        Db::sqlite,
    );
}

#[test]
fn what_was_acknowledged_survives_kill_nine_postgres() {
    story(
        "crash::what_was_acknowledged_survives_kill_nine_postgres",
        Db::postgres,
    );
}

fn story(name: &str, make: fn() -> Db) {
    #[expect(
        clippy::disallowed_methods,
        reason = "how the killed process knows that it is it"
    )]
    if let Ok(order) = std::env::var(CHILD) {
        return send_until_killed(&order);
    }
    let db = make();
    let (anna, group) = runtime().block_on(async {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let group = found(&store, &[anna]).await;
        store.close().await;
        (anna, group)
    });
    let mut acknowledged: Vec<(u64, MessageId)> = Vec::new();
    for round in 0..3_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(
                CHILD,
                format!(
                    "{} {group} {} {} {round}",
                    db.config.url, anna.user, anna.device
                ),
            )
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        // A line is printed after the answer came; so what was read was acknowledged.
        while let Some(Ok(line)) = lines.next() {
            let Some((seq, id)) = line.strip_prefix("took ").and_then(|l| l.split_once(' ')) else {
                continue;
            };
            acknowledged.push((seq.parse().unwrap(), id.parse().unwrap()));
            seen += 1;
            if seen == 150 + 40 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(seen >= 150, "the child sent only {seen}");
        runtime().block_on(async {
            let store = db.store();
            let mut tx = store.read().await.unwrap();
            let stored = tx.entries_after(group, 0, 1_000_000).await.unwrap();
            assert!(
                stored.iter().map(|e| e.seq).eq(1..=stored.len() as u64),
                "no gap"
            );
            for (seq, id) in &acknowledged {
                let entry = &stored[usize::try_from(*seq).unwrap() - 1];
                assert_eq!(entry.id, Some(*id), "place {seq}");
            }
            let events = tx.chain_heads().await.unwrap()[0].head.seq;
            assert_eq!(events, stored.len() as u64, "as many events as messages");
            drop(tx);
            while store
                .sequence_once(NOW + round * 10_000, "me")
                .await
                .unwrap()
                .more
            {}
            let report = store.verify_log(store.log_key()).await.unwrap();
            assert_eq!(report.opened, events);
            store.close().await;
        });
    }
}

#[expect(
    clippy::print_stdout,
    reason = "how the parent hears what was acknowledged"
)]
fn send_until_killed(order: &str) {
    let parts: Vec<&str> = order.split(' ').collect();
    let db = Db::of_another(parts[0]);
    let group: GroupId = parts[1].parse().unwrap();
    let anna = Member {
        user: parts[2].parse::<UserId>().unwrap(),
        device: parts[3].parse::<DeviceId>().unwrap(),
    };
    let round: u8 = parts[4].parse().unwrap();
    runtime().block_on(async {
        let store = db.store();
        for sender in 0..16_u8 {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0_u32.. {
                    let mut new = message(&store, group, anna, 0);
                    let mut id = [round + 1; 16];
                    id[1] = sender;
                    id[2..6].copy_from_slice(&n.to_be_bytes());
                    new.message_id = MessageId::from_bytes(id);
                    let message_id = new.message_id;
                    let taken = store.append(new).await.unwrap();
                    println!("took {} {message_id}", taken.seq);
                }
            });
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
    });
}
