//! What the stories share: an empty hospital on either engine, people with devices, events.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use ed25519_dalek::SigningKey;
use serde_json::Map;
use wardline_audit::event::{Actor, Kind, Outcome, V1};
use wardline_audit::{Event, LogSigner, Salt};
use wardline_model::wire::enroll::Platform;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::{DeviceId, FacilityId, GroupId, MessageId, UserId};
use wardline_seal::{KeyFile, Keyring, Opened};
use wardline_store::{
    Append, Lasts, Leaf, NewCommit, NewDevice, NewGroup, NewPerson, NodeKeys, Store, StoreConfig,
};

use crate::postgres::{Database, Server};

/// Monday, 5 January 2026, 08:00 UTC.
pub(crate) const NOW: u64 = 1_767_600_000_000;
pub(crate) const MINUTE: u64 = 60_000;
pub(crate) const HOUR: u64 = 60 * MINUTE;
/// How long push services keep what they cannot deliver.
pub(crate) const LASTS: Lasts = Lasts {
    urgent_ms: 5 * MINUTE,
    routine_ms: 12 * HOUR,
};

/// Runs a story on both engines, as `NAME::sqlite` and `NAME::postgres`.
macro_rules! store_test {
    ($(#[$meta:meta])* async fn $name:ident($db:ident) $body:block) => {
        async fn $name($db: &$crate::support::Db) $body

        mod $name {
            use $crate::support::{Db, run};

            $(#[$meta])*
            #[test]
            fn sqlite() {
                run(&Db::sqlite(), |db| Box::pin(super::$name(db)));
            }

            $(#[$meta])*
            #[test]
            fn postgres() {
                run(&Db::postgres(), |db| Box::pin(super::$name(db)));
            }
        }
    };
}
pub(crate) use store_test;

/// A migrated, empty database of one test.
pub(crate) struct Db {
    pub(crate) config: StoreConfig,
    /// The folder of the SQLite file.
    pub(crate) dir: Option<tempfile::TempDir>,
    _database: Option<Database>,
}

impl Db {
    pub(crate) fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig::new(format!("sqlite:{}", dir.path().join("w.db").display()));
        runtime().block_on(async {
            let store = Store::create(&config, keys().sealer, keys().index, node("node-1"));
            store.await.unwrap().close().await;
        });
        Self {
            config,
            dir: Some(dir),
            _database: None,
        }
    }

    pub(crate) fn postgres() -> Self {
        static TEMPLATE: OnceLock<()> = OnceLock::new();
        const NAME: &str = "wardline_template";
        let server = Server::shared();
        let template = format!("{NAME}_{}", std::process::id());
        TEMPLATE.get_or_init(|| {
            server.create(&template, "template0");
            runtime().block_on(async {
                let config = StoreConfig::new(server.url_of(&template));
                let store = Store::create(&config, keys().sealer, keys().index, node("node-1"));
                store.await.unwrap().close().await;
            });
        });
        let database = server.database(&template);
        Self {
            config: StoreConfig::new(database.url()),
            dir: None,
            _database: Some(database),
        }
    }

    /// The database of another process, which takes it away in the end.
    pub(crate) fn of_another(url: &str) -> Self {
        Self {
            config: StoreConfig::new(url),
            dir: None,
            _database: None,
        }
    }

    /// The database as node-1 sees it.
    pub(crate) fn store(&self) -> Store {
        self.store_as("node-1")
    }

    pub(crate) fn store_as(&self, name: &str) -> Store {
        Store::open(&self.config, keys().sealer, keys().index, node(name)).unwrap()
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.dir.is_some()
    }
}

pub(crate) fn run(
    db: &Db,
    story: impl for<'d> FnOnce(&'d Db) -> Pin<Box<dyn Future<Output = ()> + 'd>>,
) {
    runtime().block_on(story(db));
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// The hospital's keys: the same in each test, so that templates can be shared.
pub(crate) fn keys() -> Opened {
    static KEYS: OnceLock<Opened> = OnceLock::new();
    KEYS.get_or_init(|| {
        let file = KeyFile::new("test", [1; 32]);
        Keyring::create(&file, [2; 32], [3; 32])
            .unwrap()
            .open(&file)
            .unwrap()
    })
    .clone()
}

pub(crate) fn node(name: &str) -> NodeKeys {
    let log = LogSigner::new("log.hospital.example", SigningKey::from_bytes(&[4; 32])).unwrap();
    NodeKeys {
        node: name.parse().unwrap(),
        log,
    }
}

/// 16 bytes that no other call of this process gave.
pub(crate) fn unique() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    // Spread, as random ids are.
    bytes[..8].reverse();
    bytes
}

pub(crate) fn salt() -> Salt {
    let mut salt = [7; 32];
    salt[..16].copy_from_slice(&unique());
    Salt(salt)
}

pub(crate) fn event(store: &Store, kind: &str) -> Event {
    Event {
        v: V1,
        at: NOW,
        node: store.node().clone(),
        kind: kind.parse::<Kind>().unwrap(),
        actor: Actor::default(),
        action: "message.send".into(),
        resource: "group/1".into(),
        outcome: Outcome::Allow,
        reasons: vec!["member".into()],
        policy: None,
        detail: Map::new(),
    }
}

/// A person with one active device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
}

pub(crate) fn new_person(username: &str, name: &str) -> NewPerson {
    NewPerson {
        user_id: UserId::from_bytes(unique()),
        username: username.into(),
        name: name.into(),
        role_title: "Physician".into(),
        department: "Cardiology".into(),
        facility_id: FacilityId::from_bytes([9; 16]),
        active: true,
        onboarded: true,
        roles: vec!["clinician".into()],
    }
}

pub(crate) fn new_device(user: UserId) -> NewDevice {
    let mut jkt = [5; 32];
    jkt[..16].copy_from_slice(&unique());
    NewDevice {
        device_id: DeviceId::from_bytes(unique()),
        user_id: user,
        name: "Phone".into(),
        platform: Platform::Browser,
        program: "byod".into(),
        serial: None,
        notice_hash: None,
        jkt,
        device_jwk: "{}".into(),
        mls_key: [6; 32],
        binding: "a.b.c".into(),
        passkey_kind: "platform".into(),
    }
}

/// Adds a person, and a device that is active at once.
pub(crate) async fn admit(store: &Store, username: &str) -> Member {
    let mut tx = store.write().await.unwrap();
    tx.put_facility(FacilityId::from_bytes([9; 16]), "North")
        .await
        .unwrap();
    let person = new_person(username, &format!("{username} Example"));
    tx.put_person(&person, NOW).await.unwrap();
    let device = new_device(person.user_id);
    tx.create_device(&device, b"passkey", &[8; 32], NOW)
        .await
        .unwrap();
    assert!(
        tx.activate_device(device.device_id, b"cert", b"mls cert", NOW)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    Member {
        user: person.user_id,
        device: device.device_id,
    }
}

pub(crate) fn leaves(members: &[Member]) -> Vec<Leaf> {
    members
        .iter()
        .zip(0..)
        .map(|(m, leaf_index)| Leaf {
            device_id: m.device,
            user_id: m.user,
            leaf_index,
        })
        .collect()
}

pub(crate) fn new_group(members: &[Member]) -> NewGroup {
    NewGroup {
        group_id: GroupId::from_bytes(unique()),
        kind: GroupKind::Group,
        role: None,
        purpose: None,
        team_id: None,
        patient_id: None,
        ciphersuite: 0x004e,
        public_state: b"state 0".to_vec(),
        group_info: b"info 0".to_vec(),
        created_by: members[0].user,
        leaves: leaves(members),
    }
}

/// Registers a group of these members, at epoch 0.
pub(crate) async fn found(store: &Store, members: &[Member]) -> GroupId {
    let group = new_group(members);
    let mut tx = store.write().await.unwrap();
    tx.create_group(&group, NOW).await.unwrap();
    tx.commit().await.unwrap();
    group.group_id
}

pub(crate) fn commit(group: GroupId, epoch: u64, by: Member, after: &[Member]) -> NewCommit {
    NewCommit {
        group_id: group,
        epoch,
        sender_device: by.device,
        sender_user: by.user,
        commit: format!("commit of {epoch}").into_bytes(),
        leaves: leaves(after),
        welcome: None,
        public_state: format!("state {}", epoch + 1).into_bytes(),
        group_info: format!("info {}", epoch + 1).into_bytes(),
    }
}

pub(crate) fn message(store: &Store, group: GroupId, by: Member, epoch: u64) -> Append {
    Append {
        group,
        message_id: MessageId::from_bytes(unique()),
        sender_device: by.device,
        sender_user: by.user,
        epoch,
        priority: Priority::Routine,
        body: b"ciphertext".to_vec(),
        now_ms: NOW,
        event: event(store, "message.appended"),
        salt: salt(),
    }
}
