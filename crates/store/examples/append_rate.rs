//! How many durable appends a second, audit event included, against what the disk allows.
//!
//! `cargo run -p wardline-store --example append_rate [SENDERS] [SECONDS] [URL]`
//!
//! In one run, on one disk: single-row commits, commits of 100 rows, and [`Store::append`] with
//! concurrent senders. Without a URL it makes a SQLite file in the current directory's `target/`
//! (not in `/tmp`, which may be memory) and removes it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring program: it reads the clock, prints, and ends when something is wrong"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use serde_json::{Map, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use wardline_audit::event::{Actor, Kind, Outcome, V1};
use wardline_audit::{Event, LogSigner, Salt};
use wardline_model::wire::enroll::Platform;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::{DeviceId, FacilityId, GroupId, MessageId, SessionId, UserId};
use wardline_seal::{KeyFile, Keyring};
use wardline_store::{Append, Leaf, NewDevice, NewGroup, NewPerson, NodeKeys, Store, StoreConfig};

/// A short message as MLS encrypts it with the hybrid suite's AES-256-GCM.
const BODY: usize = 400;
const NOW: u64 = 1_767_600_000_000;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let senders: usize = args.first().map_or(32, |n| n.parse().unwrap());
    let seconds = Duration::from_secs(args.get(1).map_or(5, |n| n.parse().unwrap()));
    let dir = tempfile::tempdir_in("target").unwrap();
    let profile = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    println!(
        "profile {profile}, {senders} senders, {} s each, bodies of {BODY} bytes",
        seconds.as_secs()
    );

    let single = commits(&dir.path().join("single.db"), 1, seconds).await;
    println!("single-row commits  {single:>9.0} rows/s");
    let hundred = commits(&dir.path().join("hundred.db"), 100, seconds).await;
    println!("100-row commits     {hundred:>9.0} rows/s");
    let url = args.get(2).cloned();
    let url = url.unwrap_or_else(|| format!("sqlite:{}", dir.path().join("w.db").display()));
    let (rate, p50, p99) = appends(&url, senders, seconds).await;
    println!(
        "store.append        {rate:>9.0} appends/s (entry and audit event), p50 {p50:.2} ms, p99 {p99:.2} ms"
    );
    println!(
        "ratio to 100-row    {:>9.2}   ratio to single-row {:.2}",
        rate / hundred,
        rate / single
    );
}

/// Rows a second of a plain table on this disk, `rows` to a commit.
async fn commits(path: &std::path::Path, rows: usize, time: Duration) -> f64 {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(8192)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "2000")
        .disable_statement_logging();
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("CREATE TABLE t (id BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT")
        .execute(&mut conn)
        .await
        .unwrap();
    let body = vec![7_u8; BODY];
    let values: Vec<String> = (0..rows)
        .map(|n| format!("(${},${})", 2 * n + 1, 2 * n + 2))
        .collect();
    let sql: Arc<str> = format!("INSERT INTO t (id, body) VALUES {}", values.join(",")).into();
    let start = Instant::now();
    let mut written = 0_u32;
    while start.elapsed() < time {
        // One statement is one transaction: the fastest way to write so many rows durably.
        let mut query = sqlx::query(sqlx::AssertSqlSafe(Arc::clone(&sql)));
        for _ in 0..rows {
            written += 1;
            query = query
                .bind(spread(u64::from(written)).to_vec())
                .bind(body.as_slice());
        }
        query.execute(&mut conn).await.unwrap();
    }
    f64::from(written) / start.elapsed().as_secs_f64()
}

/// 16 bytes, spread like random ids, so that indexes are filled as in life.
fn spread(n: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id[8..].copy_from_slice(&n.to_be_bytes());
    id
}

async fn appends(url: &str, senders: usize, time: Duration) -> (f64, f64, f64) {
    let file = KeyFile::new("bench", [1; 32]);
    let keys = Keyring::create(&file, [2; 32], [3; 32])
        .unwrap()
        .open(&file)
        .unwrap();
    let node = NodeKeys {
        node: "bench-1".parse().unwrap(),
        log: LogSigner::new("bench.example", SigningKey::from_bytes(&[4; 32])).unwrap(),
    };
    let store = Store::create(&StoreConfig::new(url), keys.sealer, keys.index, node)
        .await
        .unwrap();
    let (user, device, groups) = prepare(&store, senders).await;
    let next = Arc::new(AtomicU64::new(1));
    let start = Instant::now();
    let tasks: Vec<_> = (0..senders)
        .map(|sender| {
            let (store, next, group) = (
                store.clone(),
                Arc::clone(&next),
                groups[sender % groups.len()],
            );
            tokio::spawn(async move {
                let mut took = Vec::new();
                while start.elapsed() < time {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let sent = Instant::now();
                    store
                        .append(message(&store, group, user, device, n))
                        .await
                        .unwrap();
                    took.push(sent.elapsed());
                }
                took
            })
        })
        .collect();
    // The sequencer runs meanwhile, as in a server.
    let sequencer = tokio::spawn({
        let store = store.clone();
        async move {
            loop {
                while store.sequence_once(NOW, "bench").await.unwrap().more {}
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        }
    });
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let elapsed = start.elapsed().as_secs_f64();
    sequencer.abort();
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    let rate = f64::from(u32::try_from(took.len()).unwrap()) / elapsed;
    let answer = (rate, at(50), at(99));
    store.close().await;
    answer
}

async fn prepare(store: &Store, senders: usize) -> (UserId, DeviceId, Vec<GroupId>) {
    let (user, device) = (UserId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
    let facility = FacilityId::from_bytes([3; 16]);
    let mut tx = store.write().await.unwrap();
    tx.put_facility(facility, "Bench").await.unwrap();
    let person = NewPerson {
        user_id: user,
        username: "bench".into(),
        name: "Bench".into(),
        role_title: "Bench".into(),
        department: "Bench".into(),
        facility_id: facility,
        active: true,
        onboarded: true,
        roles: vec![],
    };
    tx.put_person(&person, NOW).await.unwrap();
    let new = NewDevice {
        device_id: device,
        user_id: user,
        name: "Bench".into(),
        platform: Platform::Native,
        program: "demo".into(),
        jkt: [4; 32],
        device_jwk: "{}".into(),
        mls_key: [5; 32],
        binding: String::new(),
        passkey_kind: "software".into(),
    };
    tx.create_device(&new, b"", &[6; 32], NOW).await.unwrap();
    let mut groups = Vec::new();
    for n in 0..senders.div_ceil(2) {
        let mut id = [7; 16];
        id[..8].copy_from_slice(&u64::try_from(n).unwrap().to_be_bytes());
        let group = NewGroup {
            group_id: GroupId::from_bytes(id),
            kind: GroupKind::Direct,
            role: None,
            patient_id: None,
            ciphersuite: 0x4e,
            public_state: vec![],
            group_info: vec![],
            created_by: user,
            leaves: vec![Leaf {
                device_id: device,
                user_id: user,
                leaf_index: 0,
            }],
        };
        tx.create_group(&group, NOW).await.unwrap();
        groups.push(group.group_id);
    }
    tx.commit().await.unwrap();
    (user, device, groups)
}

fn message(store: &Store, group: GroupId, user: UserId, device: DeviceId, n: u64) -> Append {
    let id = spread(n);
    let mut salt = [0; 32];
    salt[..16].copy_from_slice(&id);
    Append {
        group,
        message_id: MessageId::from_bytes(id),
        sender_device: device,
        sender_user: user,
        epoch: 0,
        priority: Priority::Routine,
        body: vec![7; BODY],
        now_ms: NOW,
        event: Event {
            v: V1,
            at: NOW,
            node: store.node().clone(),
            kind: Kind::named("message.appended"),
            actor: Actor {
                user: Some(user),
                device: Some(device),
                session: Some(SessionId::from_bytes([8; 16])),
            },
            action: "message.send".into(),
            resource: format!("group/{group}"),
            outcome: Outcome::Allow,
            reasons: vec!["a member may send".into()],
            policy: None,
            detail: Map::from_iter([
                (
                    "message".into(),
                    json!(MessageId::from_bytes(id).to_string()),
                ),
                ("size".into(), json!(BODY)),
            ]),
        },
        salt: Salt(salt),
    }
}
