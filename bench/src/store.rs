//! Durable appends a second at the store's interface, audit event included.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use serde_json::{Map, json};
use wardline_audit::event::{Actor, Kind, Outcome as Decided, V1};
use wardline_audit::{Event, LogSigner, Salt};
use wardline_model::wire::enroll::Platform;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::{DeviceId, FacilityId, GroupId, MessageId, SessionId, UserId};
use wardline_seal::{KeyFile, Keyring};
use wardline_store::{Append, Leaf, NewDevice, NewGroup, NewPerson, NodeKeys, Store, StoreConfig};

use crate::bench::{Bench, Outcome, SENDERS};
use crate::clock;
use crate::disk::{BODY, spread};
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, ms, rate};

const NOW: u64 = 1_767_600_000_000;

/// Appends with concurrent senders, beside commits of plain rows on the same disk.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let disk = bench.disk()?;
    let (appends, took) = bench.runtime()?.block_on(appends(bench))?;
    let rows = "rows/s";
    Ok(Section {
        title: "Store: durable appends with their audit events",
        rows: vec![
            Row::new(
                format!("`Store::append`, {SENDERS} concurrent senders"),
                Figure::new(appends, rows),
                "SQLite, 100 rows a commit",
                Figure::new(disk.hundred, rows),
            )
            .target(Target::AtLeast(0.25)),
            Row::new(
                "the same",
                Figure::new(appends, rows),
                "SQLite, 1 row a commit",
                Figure::new(disk.single, rows),
            ),
            Row::new(
                "answer of `Store::append`, p99",
                Figure::new(ms(took.percentile(99)), "ms"),
                "p50",
                Figure::new(ms(took.median()), "ms"),
            ),
        ],
        notes: vec![format!(
            "SQLite with WAL and `synchronous=FULL` on both sides; bodies of {BODY} bytes. An append \
             writes two rows, the message and its sealed audit event, and moves the head of the \
             conversation and of the audit chain. The sequencer runs meanwhile, as in a server."
        )],
    })
}

async fn appends(bench: &Bench) -> Outcome<(f64, Sample)> {
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let file = KeyFile::new("bench", [1; 32]);
    let keys = Keyring::create(&file, [2; 32], [3; 32])?.open(&file)?;
    let node = NodeKeys {
        node: "bench-1".parse()?,
        log: LogSigner::new("bench.example", SigningKey::from_bytes(&[4; 32]))?,
    };
    let url = format!("sqlite:{}", dir.path().join("wardline.db").display());
    let store = Store::create(&StoreConfig::new(&url), keys.sealer, keys.index, node).await?;
    let sender = Sender::prepare(&store).await?;
    let next = Arc::new(AtomicU64::new(1));
    let time = bench.span(Duration::from_secs(8));
    let start = clock::now();
    let tasks: Vec<_> = (0..SENDERS)
        .map(|n| {
            let (store, next, sender) = (store.clone(), Arc::clone(&next), sender.clone());
            tokio::spawn(async move {
                let group = sender.groups[n % sender.groups.len()];
                let mut took = Vec::new();
                while start.elapsed() < time {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let sent = clock::now();
                    store.append(sender.message(&store, group, n)).await?;
                    took.push(sent.elapsed());
                }
                Outcome::Ok(took)
            })
        })
        .collect();
    let sequencer = tokio::spawn({
        let store = store.clone();
        async move {
            loop {
                while store.sequence_once(NOW, "bench").await?.more {}
                tokio::time::sleep(Duration::from_millis(250)).await;
                if start.elapsed() > time {
                    return Outcome::Ok(());
                }
            }
        }
    });
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await??);
    }
    let elapsed = start.elapsed();
    sequencer.await??;
    store.close().await;
    Ok((rate(took.len(), elapsed), Sample::new(took)))
}

/// Who appends, and where to.
#[derive(Debug, Clone)]
struct Sender {
    user: UserId,
    device: DeviceId,
    groups: Arc<[GroupId]>,
}

impl Sender {
    /// A person with a device, and a conversation for every two senders.
    async fn prepare(store: &Store) -> Outcome<Self> {
        let (user, device) = (UserId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
        let facility = FacilityId::from_bytes([3; 16]);
        let mut tx = store.write().await?;
        tx.put_facility(facility, "Bench").await?;
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
        tx.put_person(&person, NOW).await?;
        let new = NewDevice {
            device_id: device,
            user_id: user,
            name: "Bench".into(),
            platform: Platform::Native,
            program: "demo".into(),
            serial: None,
            notice_hash: None,
            jkt: [4; 32],
            device_jwk: "{}".into(),
            mls_key: [5; 32],
            binding: String::new(),
            passkey_kind: "software".into(),
        };
        tx.create_device(&new, b"", &[6; 32], NOW).await?;
        let mut groups = Vec::new();
        for n in 0..SENDERS.div_ceil(2) {
            let group = NewGroup {
                group_id: GroupId::from_bytes(spread(u64::try_from(n)?)),
                kind: GroupKind::Direct,
                role: None,
                purpose: None,
                team_id: None,
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
            tx.create_group(&group, NOW).await?;
            groups.push(group.group_id);
        }
        tx.commit().await?;
        Ok(Self {
            user,
            device,
            groups: groups.into(),
        })
    }

    fn message(&self, store: &Store, group: GroupId, n: u64) -> Append {
        let id = MessageId::from_bytes(spread(n));
        let mut salt = [0; 32];
        salt[..16].copy_from_slice(&spread(n));
        Append {
            group,
            message_id: id,
            sender_device: self.device,
            sender_user: self.user,
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
                    user: Some(self.user),
                    device: Some(self.device),
                    session: Some(SessionId::from_bytes([8; 16])),
                },
                action: "message.send".into(),
                resource: format!("group/{group}"),
                outcome: Decided::Allow,
                reasons: vec!["a member may send".into()],
                policy: None,
                detail: Map::from_iter([
                    ("message".into(), json!(id.to_string())),
                    ("size".into(), json!(BODY)),
                ]),
            },
            salt: Salt(salt),
        }
    }
}
