//! A hospital for tests, and the devices that speak to it over real HTTP.

pub(crate) mod device;
pub(crate) mod graph;
pub(crate) mod lists;
pub(crate) mod logs;
pub(crate) mod maker;
pub(crate) mod managed;
pub(crate) mod openssl;
pub(crate) mod pagers;
pub(crate) mod passkey;
pub(crate) mod phone;
pub(crate) mod receiver;
pub(crate) mod record_system;
pub(crate) mod smartcards;
pub(crate) mod socket;
pub(crate) mod transmitter;
pub(crate) mod ward;

use std::time::Duration;

use tempfile::TempDir;
use wardline_audit::Event;

use crate::postgres::{self, Database};
use wardline_model::UserId;
use wardline_model::endorsement::Duty;
use wardline_model::wire::enroll::Invite;
use wardline_model::wire::recoveries::{Recovered, RecoveryInfo};
use wardline_server::demo::{self, DemoOptions, Ready};
use wardline_server::init::{FirstOfficer, init};
use wardline_server::keys::HospitalKeys;
use wardline_server::rim::Clock;
use wardline_server::{Config, Running, Server};
use wardline_store::{NodeKeys, Store, StoreConfig};

use self::managed::{colleague_called, phone_of};

pub(crate) use device::{Answer, Device, Proof};
pub(crate) use phone::Phone;

/// Runs a story on both engines, as `NAME::sqlite` and `NAME::postgres`.
macro_rules! story {
    ($name:ident) => {
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name($crate::support::Engine::Sqlite).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$name($crate::support::Engine::Postgres).await;
            }
        }
    };
}
pub(crate) use story;

/// Asks again and again until there is an answer. The bound only ends a test that hangs; no test
/// passes or fails by how long something takes.
///
/// # Panics
/// When nothing came within a minute.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(Duration::from_mins(1), asking).await;
    found.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// The database below a hospital.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// A new, empty database, where it is not a file of the data directory.
    fn database(self) -> Option<Database> {
        (self == Self::Postgres).then(|| postgres::Server::shared().database("template0"))
    }
}

/// A database as the configuration names it.
fn url_of(database: Option<&Database>) -> String {
    database.map_or_else(|| "sqlite".to_owned(), Database::url)
}

/// A server on a new data directory.
pub(crate) struct Hospital {
    pub(crate) running: Option<Running>,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) first_code: String,
    pub(crate) first_link: String,
    /// The code of the record keeper's device, in the demo.
    pub(crate) keeper_code: Option<String>,
    /// The demo's people, where it is one.
    pub(crate) ready: Option<Ready>,
    pub(crate) url: String,
    _database: Option<Database>,
    _dir: TempDir,
}

impl Hospital {
    /// Initialises and starts one.
    pub(crate) async fn new(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    /// The same, with another configuration.
    pub(crate) async fn with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        let database = engine.database();
        config.store.url = url_of(database.as_ref());
        config.data.dir = dir.path().join("data");
        "127.0.0.1:0".clone_into(&mut config.server.http);
        config.server.https = String::new();
        change(&mut config);
        let clock = Clock::default();
        let officer = FirstOfficer {
            username: "first.officer".into(),
            name: "First Officer".into(),
        };
        let made = Box::pin(init(&config, &officer, &clock)).await.unwrap();
        let running = Server::start(config.clone(), clock.clone());
        let running = Box::pin(running).await.unwrap();
        let url = running.http_url.clone().unwrap();
        Self {
            running: Some(running),
            config,
            clock,
            first_code: made.typed_code,
            first_link: made.link,
            keeper_code: None,
            ready: None,
            url,
            _database: database,
            _dir: dir,
        }
    }

    /// Every event of the hospital's log of this kind.
    pub(crate) async fn events(&self, kind: &str) -> Vec<Event> {
        let (store, _) = self.seize();
        let node = self.config.server.node.parse().unwrap();
        let mut facts = store.read().await.unwrap();
        let events = facts.events_of(&node, 1, 10_000).await.unwrap();
        events
            .iter()
            .map(|event| Event::parse(&event.opening.payload).unwrap())
            .filter(|event| event.kind.as_str() == kind)
            .collect()
    }

    /// The demo hospital, with its people and patients.
    pub(crate) async fn demo(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        let database = engine.database();
        config.store.url = url_of(database.as_ref());
        config.data.dir = dir.path().join("data");
        let clock = Clock::default();
        let options = DemoOptions {
            data: config.data.dir.clone(),
            http: ([127, 0, 0, 1], 0).into(),
            https: ([127, 0, 0, 1], 0).into(),
            seed: 7,
            proxies: Vec::new(),
        };
        let running = demo::run_on(&options, &config.store.url, clock.clone());
        let demo = Box::pin(running).await.unwrap();
        let ready = demo.ready().await.unwrap();
        Self {
            url: ready.url.clone(),
            first_code: demo.officer.code.unwrap(),
            first_link: String::new(),
            keeper_code: demo.keeper,
            ready: Some(ready),
            running: Some(demo.server),
            config,
            clock,
            _database: database,
            _dir: dir,
        }
    }

    /// The demo starts again over its data, at the same address.
    pub(crate) async fn restart_demo(&mut self) {
        let running = self.running.take().unwrap();
        let options = DemoOptions {
            data: self.config.data.dir.clone(),
            http: running.http_addr.unwrap(),
            https: ([127, 0, 0, 1], 0).into(),
            seed: 7,
            proxies: Vec::new(),
        };
        running.shutdown().await;
        let running = demo::run_on(&options, &self.config.store.url, self.clock.clone());
        let demo = Box::pin(running).await.unwrap();
        self.ready = Some(demo.ready().await.unwrap());
        self.running = Some(demo.server);
    }

    /// A phone of someone of the demo: enrolled by the code that `ready` has, confirmed by the
    /// officer, signed in.
    pub(crate) async fn phone_of(&self, officer: &mut Device, user: &str) -> Phone {
        let people = &self.ready.as_ref().unwrap().people;
        let person = people.iter().find(|person| person.user == user).unwrap();
        let mut device = self.device();
        device.enroll(person.enroll_code.as_ref().unwrap()).await;
        officer.endorse(&device, Duty::None).await.expect(200);
        device.sign_in().await;
        Phone::new(device).await
    }

    /// Stops the server and starts it again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.running.take().unwrap().shutdown().await;
        let running = Server::start(self.config.clone(), self.clock.clone());
        let running = Box::pin(running).await.unwrap();
        self.url = running.http_url.clone().unwrap();
        self.running = Some(running);
    }

    /// Opens the hospital's database as someone does who holds the server with all its keys.
    pub(crate) fn seize(&self) -> (Store, HospitalKeys) {
        let keys = HospitalKeys::open(&self.config.data.dir).unwrap();
        let url = match self.config.store.url.as_str() {
            "sqlite" => {
                let file = self.config.data.dir.join("wardline.db");
                format!("sqlite:{}", file.display())
            }
            url => url.to_owned(),
        };
        let node = NodeKeys {
            node: "seized".parse().unwrap(),
            log: keys.log.clone(),
        };
        let store = Store::open(
            &StoreConfig::new(url),
            keys.sealer.clone(),
            keys.index.clone(),
            node,
        );
        (store.unwrap(), keys)
    }

    /// A device that is not enrolled.
    pub(crate) fn device(&self) -> Device {
        Device::new(&self.url, self.clock.clone())
    }

    /// The first officer's device: enrolled by the console's code, admitted as the genesis,
    /// signed in.
    pub(crate) async fn officer(&self) -> Device {
        let mut device = self.device();
        device.enroll(&self.first_code).await;
        device.endorse_itself().await.expect(200);
        device.sign_in().await;
        device
    }

    /// Another device of the officer: invited, enrolled, confirmed by `by`, signed in.
    pub(crate) async fn another_device(&self, by: &mut Device) -> Device {
        let mut device = self.device();
        let invite = self.invite(by).await;
        device.enroll(&invite.code).await;
        by.endorse(&device, Duty::None).await.expect(200);
        device.sign_in().await;
        device
    }

    /// Invites the officer to enrol one more device.
    pub(crate) async fn invite(&self, by: &mut Device) -> Invite {
        let user = by.user();
        self.invite_person(by, user).await
    }

    /// Invites a person to enrol one more device; who has none left is let in again by two officers.
    pub(crate) async fn invite_person(&self, by: &mut Device, user: UserId) -> Invite {
        let body = serde_json::json!({ "user_id": user, "program": "demo" });
        let answer = by.post("/v1/invites", &body).await;
        if answer.status == 403 {
            return Box::pin(self.recover(by, user)).await;
        }
        answer.expect(201).json()
    }

    async fn recover(&self, by: &mut Device, user: UserId) -> Invite {
        let second = colleague_called(self, by, "second.officer", "security_officer").await;
        let mut second = phone_of(self, by, second).await;
        let body = serde_json::json!({ "user_id": user, "program": "demo", "reason": "In person" });
        by.step_up_for(&["recovery"]).await;
        let asked = by.post("/v1/recoveries", &body).await.expect(201);
        let path = format!("/v1/recoveries/{}/approve", asked.json::<RecoveryInfo>().id);
        second.step_up_for(&["recovery"]).await;
        let agreed = second.post(&path, &serde_json::json!({})).await.expect(200);
        agreed.json::<Recovered>().invite
    }
}
