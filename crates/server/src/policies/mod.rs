//! The policies in force: those that ship with the program, or the version that was approved last.
//!
//! Every node looks once a second whether another version has come into force, by its date or
//! because somebody approved it. A version that this release cannot load keeps the server from
//! starting; while it runs, what is in force stays.

pub mod console;
pub(crate) mod record;
pub(crate) mod replay;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{oneshot, watch};
use wardline_audit::event::Kind;
use wardline_audit::{Hash, Salt};
use wardline_bus::Hint;
use wardline_policy::{DeviceFacts, Engine, LoadError, PolicyTexts, Problem, Subject};
use wardline_store::{StoreError, Tx};

use crate::app::App;
use crate::gate;
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::rim::random;

/// Policies with their number and hash.
#[derive(Debug)]
pub(crate) struct InForce {
    /// 0 for those that ship with the program.
    pub(crate) version: u64,
    /// What answers.
    pub(crate) engine: Engine,
    /// [`Engine::hash`], as events have it.
    pub(crate) hash: Option<Hash>,
}

/// What is in force, and can be another the next moment.
#[derive(Debug)]
pub(crate) struct Policies {
    held: RwLock<Arc<InForce>>,
    refreshing: tokio::sync::Mutex<()>,
}

/// Why policies cannot come into force.
#[derive(Debug, Error)]
pub enum PoliciesError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored version is damaged.
    #[error("version {0} cannot be read")]
    Damaged(u64),
    /// A stored version does not fit this release.
    #[error(
        "version {version} does not fit this release; `wardline policy use-baseline` goes back to \
         the policies that ship with it:\n{error}"
    )]
    Load {
        /// Which version.
        version: u64,
        /// What is wrong with it.
        error: LoadError,
    },
    /// Those that ship with the program.
    #[error("the baseline: {0}")]
    Baseline(LoadError),
}

impl Policies {
    /// What holds at this time.
    pub(crate) async fn load(tx: &mut Tx, now_ms: u64) -> Result<Self, PoliciesError> {
        let version = tx.policy_in_force(now_ms).await?;
        let version = version.map_or(0, |version| version.version);
        let in_force = InForce::load(tx, version).await?;
        Ok(Self {
            held: RwLock::new(Arc::new(in_force)),
            refreshing: tokio::sync::Mutex::new(()),
        })
    }

    /// What answers now.
    pub(crate) fn get(&self) -> Arc<InForce> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another version into the place of this one, unless somebody did meanwhile.
    fn replace(&self, before: u64, in_force: InForce) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.version == before {
            *held = Arc::new(in_force);
        }
    }
}

impl InForce {
    async fn load(tx: &mut Tx, version: u64) -> Result<Self, PoliciesError> {
        let engine = if version == 0 {
            Engine::baseline().map_err(PoliciesError::Baseline)?
        } else {
            let texts = texts_of(tx, version)
                .await?
                .ok_or(PoliciesError::Damaged(version))?;
            engine_of(texts.under_this_schema())
                .await
                .map_err(|error| PoliciesError::Load { version, error })?
        };
        Ok(Self {
            version,
            hash: engine.hash().parse().ok(),
            engine,
        })
    }
}

/// The engine that answers by these texts. Reading and checking is deep recursion over what somebody
/// wrote, so it has a stack of its own.
pub(crate) async fn engine_of(texts: PolicyTexts) -> Result<Engine, LoadError> {
    let (done, result) = oneshot::channel();
    let thread = std::thread::Builder::new().stack_size(STACK);
    let work = move || {
        // Nobody waits any more when the request is gone.
        let _ = done.send(texts.engine());
    };
    match thread.spawn(work) {
        Ok(_) => result.await.unwrap_or_else(|_| Err(unread())),
        Err(_) => Err(unread()),
    }
}

fn unread() -> LoadError {
    LoadError {
        problems: vec![Problem {
            file: String::new(),
            line: 1,
            column: 1,
            message: "the policies could not be read; try again".to_owned(),
        }],
    }
}

/// The texts of a version; `None` where there is none.
pub(crate) async fn texts_of(
    tx: &mut Tx,
    version: u64,
) -> Result<Option<PolicyTexts>, PoliciesError> {
    if version == 0 {
        return Ok(Some(PolicyTexts::baseline()));
    }
    let Some(files) = tx.policy_files(version).await? else {
        return Ok(None);
    };
    serde_json::from_str(&files)
        .map(Some)
        .map_err(|_| PoliciesError::Damaged(version))
}

/// Puts into force what has to be, if it is not.
pub(crate) async fn refresh(app: &App) -> Result<(), PoliciesError> {
    // One after the other, so that each coming into force is recorded once.
    let _one = app.gate.policies().refreshing.lock().await;
    let now_ms = app.clock.now_ms();
    let mut tx = app.gate.machinery().look().await?;
    let version = tx.policy_in_force(now_ms).await?;
    let version = version.map_or(0, |version| version.version);
    let before = app.gate.policies().get();
    if before.version == version {
        return Ok(());
    }
    let in_force = InForce::load(&mut tx, version).await?;
    drop(tx);
    let mut event = app.gate.house_event(IN_FORCE, "policy.refresh", now_ms);
    event.policy = in_force.hash;
    event.detail.insert("version".to_owned(), version.into());
    event
        .detail
        .insert("before".to_owned(), before.version.into());
    // Recorded first: nothing is in force of which the log does not know.
    app.gate.machinery().record(&event, Salt(random())).await?;
    app.bus.publish(Hint::Audit);
    app.gate.policies().replace(before.version, in_force);
    Ok(())
}

/// Follows what is in force, until told to stop.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopped(&mut stop) => return,
        }
        if let Err(error) = refresh(&app).await {
            tracing::error!(%error, "the policies in force stay as they were");
        }
    }
}

/// Everyone who works here, each with every device in use, as the policies see them.
pub(crate) async fn subjects(tx: &mut Tx) -> Result<Vec<Subject>, Refusal> {
    let mut devices = std::collections::HashMap::<_, Vec<DeviceFacts>>::new();
    for device in tx.all_devices().await? {
        if device.state.is_in_use() {
            let facts = gate::device_facts(&device)?;
            devices.entry(device.user_id).or_default().push(facts);
        }
    }
    let bots = tx.bots().await?.into_iter();
    let bots: std::collections::HashMap<_, _> = bots
        .filter(|bot| bot.disabled_at.is_none())
        .filter_map(|bot| Some((bot.user_id, gate::bot_facts(&bot.scope)?)))
        .collect();
    let mut subjects = Vec::new();
    for (person, roles) in tx.everyone().await? {
        let roles = roles.split(',').filter(|role| !role.is_empty());
        let roles = roles.map(str::to_owned).collect();
        let id = person.user_id;
        let person = wardline_policy::Person {
            bot: bots.get(&id).cloned(),
            ..gate::person_of(&person, roles)
        };
        let owned = devices.remove(&id).unwrap_or_default();
        let owned = owned.into_iter().map(Some);
        // Whoever has no device is somebody all the same.
        let none = (owned.len() == 0).then_some(None);
        subjects.extend(owned.chain(none).map(|device| Subject {
            person: person.clone(),
            device,
        }));
    }
    Ok(subjects)
}

/// More than any policies need that [`PolicyTexts::edited`] takes.
const STACK: usize = 64 << 20;
const EVERY: Duration = Duration::from_secs(1);
const IN_FORCE: Kind = Kind::named("policy.in_force");
