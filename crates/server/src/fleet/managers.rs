//! What device managers say of devices, put where it belongs; and what is asked of them.
//!
//! A manager knows a device by its own id and, mostly, by the maker's serial number. The enrolled
//! device with that number is the one that its words are about ([`take`]). Microsoft Intune is asked
//! on a schedule ([`pull`]); other managers' words come as files or as security events.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use wardline_audit::Salt;
use wardline_audit::event::{Kind, Outcome};
use wardline_model::DeviceId;
use wardline_model::wire::fleet::ManagersInfo;
use wardline_model::wire::posture::{Fact, FactName, Provenance};
use wardline_signals::graph::Action;
use wardline_signals::managed::{ManagedDevice, serial_key};
use wardline_store::{ManagedLink, Tx};
use zeroize::Zeroizing;

use crate::app::App;
use crate::config;
use crate::fleet::{self, Moved, Rulebook};
use crate::intune::{Intune, IntuneConfig, IntuneError};
use crate::problem::Refusal;
use crate::rim::{Clock, random};

pub(crate) use wardline_signals::graph::SOURCE as INTUNE;

/// Intune, where the hospital has it, and how the last pull went.
#[derive(Debug, Default)]
pub(crate) struct Managers {
    intune: Option<Intune>,
    last: Mutex<Last>,
}

/// How the last pull went.
#[derive(Debug, Default, Clone)]
pub(crate) struct Last {
    at: Option<u64>,
    tried: Option<u64>,
    problem: Option<String>,
}

/// Intune cannot be asked with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum ManagersError {
    /// The file with the secret cannot be read.
    #[error("client_secret_file: {0}")]
    Secret(std::io::Error),
    /// An address or a name cannot be used.
    #[error("{0}")]
    Intune(#[from] IntuneError),
}

impl Managers {
    /// What the configuration names.
    pub(crate) fn open(config: &config::Intune, clock: &Clock) -> Result<Self, ManagersError> {
        if config.tenant.is_empty() {
            return Ok(Self::default());
        }
        let secret = std::fs::read_to_string(&config.client_secret_file)
            .map(Zeroizing::new)
            .map_err(ManagersError::Secret)?;
        let secret = Zeroizing::new(secret.trim().to_owned());
        let tenant = config.tenant.clone();
        let mut reached = IntuneConfig::new(tenant, config.client_id.clone(), secret);
        if !config.graph.is_empty() {
            reached.graph.clone_from(&config.graph);
        }
        if !config.login.is_empty() {
            reached.login.clone_from(&config.login);
        }
        Ok(Self {
            intune: Some(Intune::new(reached, clock.clone())?),
            last: Mutex::default(),
        })
    }

    /// How the last pull went.
    pub(crate) fn last(&self) -> Last {
        // The value is replaced whole, so a poisoned lock holds no half state.
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, change: impl FnOnce(&mut Last)) {
        change(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What an officer sees of it.
    pub(crate) fn info(&self, last: Last, links: &[ManagedLink]) -> ManagersInfo {
        ManagersInfo {
            intune: self.intune.is_some(),
            pulled_at: last.at,
            problem: last.problem,
            known: links.len() as u64,
            unmatched: links.iter().filter(|link| link.device_id.is_none()).count() as u64,
        }
    }
}

/// What became of a manager's words.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Devices that they were about.
    pub(crate) matched: usize,
    /// Devices of the manager that are not enrolled, or whose serial number nobody tied.
    pub(crate) unmatched: usize,
    /// Devices that moved by it.
    pub(crate) moved: Moved,
}

/// Takes what a manager says of devices, and looks at each that it is about. What it said before
/// of a device and says no longer is no longer known.
pub(crate) async fn take(
    app: &App,
    tx: &mut Tx,
    devices: &[ManagedDevice],
    now_ms: u64,
) -> Result<Taken, Refusal> {
    let rules = Rulebook::load(app, tx).await?;
    let mut judge = rules.judge();
    let mut enrolled: HashMap<String, DeviceId> = HashMap::new();
    for device in tx.all_devices().await? {
        if let (Some(serial), false) = (&device.serial, device.state.is_out()) {
            // The newest first: a phone that was enrolled anew is the one that is in use.
            enrolled
                .entry(serial_key(serial))
                .or_insert(device.device_id);
        }
    }
    let mut taken = Taken::default();
    for managed in devices {
        let serial = managed.serial.as_deref().map(serial_key);
        let found = serial.and_then(|serial| enrolled.get(&serial).copied());
        let link = ManagedLink {
            source: managed.source.clone(),
            manager_id: managed.manager_id.clone(),
            serial: managed.serial.clone(),
            owner: managed.owner.clone(),
            name: managed.name.clone(),
            device_id: found,
            observed_at: managed.observed_at,
        };
        tx.put_managed(&link, now_ms).await?;
        let Some(id) = found else {
            taken.unmatched += 1;
            continue;
        };
        taken.matched += 1;
        let evidence = match managed.source.as_str() {
            INTUNE => EVIDENCE,
            other => other,
        };
        let facts: Vec<Fact> = managed
            .facts
            .iter()
            .map(|told| Fact {
                name: told.name,
                value: told.value.clone(),
                provenance: Provenance::Managed,
                observed_at: managed.observed_at.min(now_ms),
                evidence: evidence.to_owned(),
            })
            .collect();
        let device = tx.device(id).await?.ok_or(Refusal::NotFound)?;
        let facts = fleet::kept(rules.terms(&device.program)?, facts);
        let names: Vec<FactName> = facts.iter().map(|fact| fact.name).collect();
        tx.keep_facts(
            id,
            Provenance::Managed,
            evidence,
            &names,
            managed.observed_at,
        )
        .await?;
        tx.put_facts(id, &facts, now_ms).await?;
        let (_, moved) = fleet::assess(app, tx, &rules, &mut judge, &device, now_ms).await?;
        taken.moved.add(moved);
    }
    Ok(taken)
}

/// Follows a device to another serial number: what managers call the device with that number is
/// known from here on.
pub(crate) async fn tie(
    tx: &mut Tx,
    id: DeviceId,
    serial: Option<&str>,
    now_ms: u64,
) -> Result<(), Refusal> {
    let Some(key) = serial else { return Ok(()) };
    for mut link in tx.managed().await? {
        if link.serial.as_deref().map(serial_key).as_deref() == Some(key) {
            link.device_id = Some(id);
            tx.put_managed(&link, now_ms).await?;
        }
    }
    Ok(())
}

/// Asks Intune for all devices where that is due.
pub(crate) async fn pull(app: &App) {
    let Some(intune) = &app.managers.intune else {
        return;
    };
    let now_ms = app.clock.now_ms();
    let every = app.config.intune.every_minutes * 60_000;
    let last = app.managers.last();
    if last.tried.is_some_and(|tried| now_ms < tried + every) {
        return;
    }
    app.managers.note(|last| last.tried = Some(now_ms));
    let problem = match intune.pull().await {
        Ok(pulled) => taken(app, &pulled.devices, pulled.left_out.len())
            .await
            .err()
            .map(|refusal| refusal.to_string()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(problem) = &problem {
        tracing::warn!(%problem, "Microsoft Intune was not read");
    }
    app.managers.note(|last| {
        if problem.is_none() {
            last.at = Some(app.clock.now_ms());
        }
        last.problem = problem;
    });
}

/// Takes all that Intune has. What is not among it is not managed by it any more.
async fn taken(app: &App, devices: &[ManagedDevice], left_out: usize) -> Result<(), Refusal> {
    let now_ms = app.clock.now_ms();
    let (mut matched, mut unmatched) = (0, 0);
    for some in devices.chunks(CHUNK) {
        let mut tx = app.gate.machinery().write().await?;
        let taken = take(app, &mut tx, some, now_ms).await?;
        tx.commit().await?;
        matched += taken.matched;
        unmatched += taken.unmatched;
        taken.moved.publish(app);
    }
    let mut gone = app.facts().await?.managed().await?;
    gone.retain(|link| {
        link.source == INTUNE && !devices.iter().any(|d| d.manager_id == link.manager_id)
    });
    for link in &gone {
        let mut tx = app.gate.machinery().write().await?;
        tx.forget_managed(INTUNE, &link.manager_id).await?;
        let mut moved = Moved::default();
        if let Some(id) = link.device_id {
            let nothing = [];
            tx.keep_facts(id, Provenance::Managed, EVIDENCE, &nothing, now_ms)
                .await?;
            let rules = Rulebook::load(app, &mut tx).await?;
            let device = tx.device(id).await?.ok_or(Refusal::NotFound)?;
            let mut judge = rules.judge();
            (_, moved) = fleet::assess(app, &mut tx, &rules, &mut judge, &device, now_ms).await?;
        }
        tx.commit().await?;
        moved.publish(app);
    }
    let mut tx = app.gate.machinery().write().await?;
    let mut event = app.gate.house_event(PULLED, "fleet.manage", now_ms);
    event.detail = Map::from_iter([
        ("source".to_owned(), Value::from(INTUNE)),
        ("matched".to_owned(), Value::from(matched)),
        ("unmatched".to_owned(), Value::from(unmatched)),
        ("gone".to_owned(), Value::from(gone.len())),
        ("left_out".to_owned(), Value::from(left_out)),
    ]);
    tx.audit(&event, Salt(random())).await?;
    tx.commit().await?;
    Ok(())
}

/// Notes, in a change of devices, that their manager is to be asked for something: it will be,
/// whatever happens to this process.
pub(crate) async fn order(
    tx: &mut Tx,
    devices: &[DeviceId],
    action: Action,
    now_ms: u64,
) -> Result<(), Refusal> {
    tx.order(devices, INTUNE, action.as_str(), now_ms).await?;
    Ok(())
}

/// Gives managers the orders that wait. One that cannot be given now is tried again.
pub(crate) async fn deliver(app: &App) {
    if let Err(error) = deliver_all(app).await {
        tracing::error!(%error, "orders to device managers wait");
    }
}

async fn deliver_all(app: &App) -> Result<(), Refusal> {
    let Some(intune) = &app.managers.intune else {
        return Ok(());
    };
    let now_ms = app.clock.now_ms();
    let since = now_ms.saturating_sub(AGAIN_MS);
    let mut tx = app.gate.machinery().write().await?;
    let orders = tx.take_orders(since, now_ms).await?;
    tx.commit().await?;
    for order in orders {
        let named = |action: &Action| action.as_str() == order.action;
        let Some(action) = Action::ALL.into_iter().find(named) else {
            continue;
        };
        let answer = intune.act(&order.manager_id, action).await;
        let passing = matches!(
            answer,
            Err(IntuneError::Unreachable(_) | IntuneError::Throttled { .. })
        );
        if passing && now_ms < order.ordered_at.saturating_add(PATIENCE_MS) {
            continue;
        }
        record(app, order.device_id, action, &answer).await?;
        let mut tx = app.gate.machinery().write().await?;
        tx.finish_order(order.device_id, &order.action, now_ms)
            .await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Asks a device's manager for something at once, and records what came of it.
///
/// # Errors
/// [`Refusal::NotManaged`] when no manager that can be asked knows the device.
pub(crate) async fn ask(app: &App, id: DeviceId, action: Action) -> Result<(), Refusal> {
    let intune = app.managers.intune.as_ref().ok_or(Refusal::NotManaged)?;
    let link = app.facts().await?.managed_as(INTUNE, id).await?;
    let link = link.ok_or(Refusal::NotManaged)?;
    let answer = intune.act(&link.manager_id, action).await;
    record(app, id, action, &answer).await?;
    answer
        .map(drop)
        .map_err(|error| Refusal::ManagerRefused(error.to_string()))
}

async fn record<T>(
    app: &App,
    id: DeviceId,
    action: Action,
    answer: &Result<T, IntuneError>,
) -> Result<(), Refusal> {
    let mut event = app
        .gate
        .house_event(ASKED, "device.manage", app.clock.now_ms());
    event.resource = format!("device/{id}");
    event.detail = Map::from_iter([
        ("source".to_owned(), Value::from(INTUNE)),
        ("asked".to_owned(), Value::from(action.as_str())),
    ]);
    if let Err(error) = answer {
        event.outcome = Outcome::Deny;
        event
            .detail
            .insert("problem".to_owned(), error.to_string().into());
    }
    let store = app.gate.machinery();
    store.record(&event, Salt(random())).await?;
    Ok(())
}

/// How many devices of a manager are taken in one transaction.
const CHUNK: usize = 100;
/// After what time an order that could not be given is tried again.
const AGAIN_MS: u64 = 60_000;
/// For how long an order is tried.
const PATIENCE_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// What stands as the evidence of Intune's facts.
const EVIDENCE: &str = "Microsoft Intune";
const PULLED: Kind = Kind::named("fleet.pulled");
const ASKED: Kind = Kind::named("device.asked");
