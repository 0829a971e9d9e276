//! What device managers say of devices, put where it belongs; and what is asked of them.
//!
//! A manager knows a device by its own id and, mostly, by the maker's serial number. The enrolled
//! device with that number is the one that its words are about ([`take`]). Microsoft Intune is asked
//! on a schedule ([`pull`]), by one node for the hospital; other managers' words come as files or as
//! security events.
//!
//! What follows from a change of devices is written as an order in its transaction ([`order`]) and
//! given afterwards ([`deliver`]): tried until Intune takes it, or says that it can never be done,
//! or a month is over. Where the process ends between that answer and the note of it, the same is
//! asked for once more, which for a wipe is better than never. What an officer asks for is given at
//! once ([`ask`]). Of both it is looked then how they ended.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use wardline_audit::event::{Kind, Outcome};
use wardline_audit::{Event, Salt};
use wardline_model::DeviceId;
use wardline_model::wire::devices::AskedOfManager;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::fleet::ManagersInfo;
use wardline_model::wire::posture::{Fact, FactName, Provenance};
use wardline_model::wire::programs::Wipe;
use wardline_signals::graph::{Action, ActionResult, Ending};
use wardline_signals::managed::{ManagedDevice, serial_key};
use wardline_store::{Device, ManagedLink, ManagerOrder, ManagerPull, Tx};
use zeroize::Zeroizing;

use crate::app::App;
use crate::config;
use crate::fleet::turn::{self, Turn};
use crate::fleet::{self, Moved, Rulebook};
use crate::gate::patiently;
use crate::intune::{Intune, IntuneConfig, IntuneError, Pulled};
use crate::problem::Refusal;
use crate::rim::{Clock, random};

pub(crate) use wardline_signals::graph::SOURCE as INTUNE;

/// Intune, where the hospital has it.
#[derive(Debug, Default)]
pub(crate) struct Managers {
    intune: Option<Intune>,
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
        })
    }

    /// What an officer sees of it: how reading Intune went, and the orders that wait.
    pub(crate) fn info(
        &self,
        pull: Option<ManagerPull>,
        links: &[ManagedLink],
        waiting: &[ManagerOrder],
    ) -> ManagersInfo {
        let pull = pull.filter(|_| self.intune.is_some()).unwrap_or_default();
        let tried = waiting.iter().filter(|order| order.problem.is_some());
        let tried = tried.max_by_key(|order| order.tried_at);
        ManagersInfo {
            intune: self.intune.is_some(),
            tried_at: pull.tried_at,
            pulled_at: pull.pulled_at,
            problem: pull.problem,
            known: links.len() as u64,
            unmatched: links.iter().filter(|link| link.device_id.is_none()).count() as u64,
            waiting: waiting.len() as u64,
            waiting_since: waiting.iter().map(|order| order.ordered_at).min(),
            waiting_problem: tried.and_then(|order| order.problem.clone()),
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
    let enrolled = enrolled(tx, devices).await?;
    let rules = Rulebook::load(app, tx).await?;
    // In one order everywhere, so that no two transactions wait for each other in turn.
    let mut devices: Vec<&ManagedDevice> = devices.iter().collect();
    devices.sort_unstable_by_key(|managed| (&managed.source, &managed.manager_id));
    let mut taken = Taken::default();
    let mut told: Vec<DeviceId> = Vec::new();
    for managed in devices {
        let serial = managed.serial.as_deref().map(serial_key);
        let device = serial.and_then(|serial| enrolled.get(&serial));
        let link = link(managed, device.map(|device| device.device_id));
        tx.put_managed(&link, now_ms).await?;
        let Some(device) = device else {
            taken.unmatched += 1;
            continue;
        };
        taken.matched += 1;
        put_facts(tx, &rules, device, managed, now_ms).await?;
        told.push(device.device_id);
    }
    // One that its manager has twice is looked at once.
    told.sort_unstable();
    told.dedup();
    (_, taken.moved) = fleet::assess_some(app, tx, &told, now_ms).await?;
    Ok(taken)
}

/// The enrolled devices that are meant, by their serial numbers, all of them locked.
async fn enrolled(
    tx: &mut Tx,
    managed: &[ManagedDevice],
) -> Result<HashMap<String, Device>, Refusal> {
    let serials = managed.iter().filter_map(|one| one.serial.as_deref());
    let meant: HashSet<String> = serials.map(serial_key).collect();
    let key = |device: &Device| {
        let serial = device.serial.as_deref().filter(|_| !device.state.is_out());
        serial.map(serial_key).filter(|key| meant.contains(key))
    };
    let mut found: HashMap<String, DeviceId> = HashMap::new();
    for device in tx.all_devices().await? {
        if let Some(key) = key(&device) {
            // The newest first: a phone that was enrolled anew is the one that is in use.
            found.entry(key).or_insert(device.device_id);
        }
    }
    let ids: Vec<DeviceId> = found.into_values().collect();
    tx.lock_devices(&ids).await?;
    // As they are now that nobody else changes them: one may have gone out of use, or got another
    // number, just before.
    let devices = tx.devices(&ids).await?.into_iter();
    Ok(devices
        .filter_map(|device| Some((key(&device)?, device)))
        .collect())
}

/// Writes what a manager says of a device, and forgets what it said before and says no longer.
async fn put_facts(
    tx: &mut Tx,
    rules: &Rulebook,
    device: &Device,
    managed: &ManagedDevice,
    now_ms: u64,
) -> Result<(), Refusal> {
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
    let facts = fleet::kept(rules.terms(&device.program)?, facts);
    let names: Vec<FactName> = facts.iter().map(|fact| fact.name).collect();
    let (id, at) = (device.device_id, managed.observed_at);
    tx.keep_facts(id, Provenance::Managed, evidence, &names, at)
        .await?;
    tx.put_facts(id, &facts, now_ms).await?;
    Ok(())
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

/// Asks Intune for all devices where that is due and no other node is at it.
pub(crate) async fn pull(app: &App) {
    let Some(intune) = &app.managers.intune else {
        return;
    };
    if let Err(error) = pull_due(app, intune).await {
        tracing::error!(%error, "Microsoft Intune waits to be read");
    }
}

async fn pull_due(app: &App, intune: &Intune) -> Result<(), Refusal> {
    let now_ms = app.clock.now_ms();
    let turn = patiently!(app, |tx| { Turn::take(tx, INTUNE, now_ms).await })?;
    let Some(turn) = turn else { return Ok(()) };
    let Some(problem) = turn.during(app, read(app, intune)).await? else {
        return Ok(());
    };
    if let Some(problem) = &problem {
        tracing::warn!(%problem, "Microsoft Intune was not read");
    }
    let every_ms = app.config.intune.every_minutes * MINUTE_MS;
    let (pulled_at, wait_ms) = match problem {
        None => (Some(app.clock.now_ms()), every_ms),
        Some(_) => (None, every_ms.min(turn::AGAIN_MS)),
    };
    let due_ms = turn.taken_ms() + wait_ms;
    turn.finish(app, pulled_at, problem.as_deref(), due_ms)
        .await
}

/// Reads Intune; gives what stood in the way, in a sentence.
async fn read(app: &App, intune: &Intune) -> Option<String> {
    match intune.pull().await {
        Ok(pulled) => {
            let taken = taken(app, &pulled).await;
            taken.unwrap_or_else(|refusal| Some(refusal.to_string()))
        }
        Err(error) => Some(error.to_string()),
    }
}

/// Takes all that Intune has. What is not among it is not managed by it any more, unless the answer
/// lacks more than can be believed: then nothing is forgotten, and what is given says why.
async fn taken(app: &App, pulled: &Pulled) -> Result<Option<String>, Refusal> {
    let now_ms = app.clock.now_ms();
    let before = intunes(app).await?.len();
    let (mut matched, mut unmatched) = (0, 0);
    for some in pulled.devices.chunks(CHUNK) {
        let taken = patiently!(app, |tx| { take(app, tx, some, now_ms).await })?;
        matched += taken.matched;
        unmatched += taken.unmatched;
        taken.moved.publish(app);
    }
    let wipes = wipe_lost(app, &pulled.devices, now_ms).await?;
    // One that is there and cannot be read is not gone.
    let read = pulled.devices.iter().map(|device| &device.manager_id);
    let unread = pulled.left_out.iter().map(|left| &left.manager_id);
    let there: HashSet<&String> = read.chain(unread.clone().flatten()).collect();
    let mut gone = intunes(app).await?;
    gone.retain(|link| !there.contains(&link.manager_id));
    let nameless = unread.filter(|id| id.is_none()).count();
    let most = app.config.intune.forget_percent;
    let doubt = doubt(gone.len(), before, nameless, most);
    let kept = if doubt.is_some() { gone.len() } else { 0 };
    if doubt.is_some() {
        gone.clear();
    }
    for link in &gone {
        patiently!(app, |tx| { forget(app, tx, link, now_ms).await })?.publish(app);
    }
    let mut event = app.gate.house_event(PULLED, "fleet.manage", now_ms);
    event.detail = Map::from_iter([
        ("source".to_owned(), Value::from(INTUNE)),
        ("matched".to_owned(), Value::from(matched)),
        ("unmatched".to_owned(), Value::from(unmatched)),
        ("gone".to_owned(), Value::from(gone.len())),
        ("kept".to_owned(), Value::from(kept)),
        ("left_out".to_owned(), Value::from(pulled.left_out.len())),
        ("wipes_ordered".to_owned(), Value::from(wipes)),
    ]);
    let store = app.gate.machinery();
    store.record(&event, Salt(random())).await?;
    Ok(doubt)
}

/// What Intune calls its devices, as far as it is known.
async fn intunes(app: &App) -> Result<Vec<ManagedLink>, Refusal> {
    let mut links = app.facts().await?.managed().await?;
    links.retain(|link| link.source == INTUNE);
    Ok(links)
}

/// Why devices that an answer lacks are not taken for gone, for an officer; `None` where they are.
/// An answer that is cut short looks like devices that were taken out of Intune, and forgetting them
/// would shut out whoever's program asks for a manager.
fn doubt(missing: usize, before: usize, nameless: usize, most_percent: u64) -> Option<String> {
    if missing == 0 {
        return None;
    }
    if nameless > 0 {
        // Any of them may be one that seems to be missing.
        return Some(format!(
            "Microsoft Intune's answer has devices without a readable id: {nameless}. So none is \
             forgotten of those that it lacks: {missing}. The next answer in which every device \
             has its id settles that."
        ));
    }
    let is_much = missing as u64 * 100 > before as u64 * most_percent;
    (before > FEW && is_much).then(|| {
        format!(
            "Microsoft Intune's answer lacks {missing} of the {before} devices that it told of \
             before. None of them is forgotten. Look in Intune whether they are there; if they were \
             really taken out, set forget_percent in [intune] to 100 until that is read."
        )
    })
}

/// Orders the wipe that a lost device's program demands, where Intune did not know the device when it
/// was lost; gives how many. Once: a device that was ordered to be wiped is not ordered again.
async fn wipe_lost(app: &App, managed: &[ManagedDevice], now_ms: u64) -> Result<usize, Refusal> {
    let mut told: HashMap<String, &ManagedDevice> = HashMap::new();
    for one in managed {
        let Some(serial) = one.serial.as_deref().map(serial_key) else {
            continue;
        };
        // Of a device that the manager has twice, what it told last counts.
        let newest = told.entry(serial).or_insert(one);
        if (one.observed_at, &one.manager_id) > (newest.observed_at, &newest.manager_id) {
            *newest = one;
        }
    }
    patiently!(app, |tx| {
        let rules = Rulebook::load(app, tx).await?;
        let mut lost: HashMap<DeviceId, &ManagedDevice> = HashMap::new();
        let devices = tx.all_devices().await?;
        for (serial, device) in last_with(&devices) {
            if is_wiped_whole(&rules, device)?
                && let Some(one) = told.get(&serial).copied()
            {
                lost.insert(device.device_id, one);
            }
        }
        let ids: Vec<DeviceId> = lost.keys().copied().collect();
        tx.lock_devices(&ids).await?;
        let mut links = Vec::new();
        // As they are now that nobody else changes them: one may have said meanwhile that what was
        // kept on it is gone.
        for device in tx.devices(&ids).await? {
            let id = device.device_id;
            let orders = tx.orders_of(id).await?;
            let is_ordered = orders
                .iter()
                .any(|order| order.action == Action::Wipe.as_str());
            if !is_ordered
                && is_wiped_whole(&rules, &device)?
                && let Some(one) = lost.get(&id).copied()
            {
                links.push((id, link(one, Some(id))));
            }
        }
        // In one order everywhere, so that no two transactions wait for each other in turn.
        links.sort_unstable_by(|(_, one), (_, other)| one.manager_id.cmp(&other.manager_id));
        for (_, link) in &links {
            tx.put_managed(link, now_ms).await?;
        }
        let wiped: Vec<DeviceId> = links.iter().map(|(id, _)| *id).collect();
        order(tx, &wiped, Action::Wipe, now_ms).await?;
        Ok(wiped.len())
    })
}

/// The device that has each serial number: the one in use, else the one that was enrolled last.
fn last_with(newest_first: &[Device]) -> HashMap<String, &Device> {
    let mut last: HashMap<String, &Device> = HashMap::new();
    let (out, used): (Vec<&Device>, Vec<&Device>) = newest_first
        .iter()
        .partition(|device| device.state.is_out());
    for device in used.into_iter().chain(out) {
        if let Some(serial) = device.serial.as_deref() {
            last.entry(serial_key(serial)).or_insert(device);
        }
    }
    last
}

/// Whether a device is lost, and its program then wants all of it wiped.
fn is_wiped_whole(rules: &Rulebook, device: &Device) -> Result<bool, Refusal> {
    Ok(device.state == DeviceState::Lost
        && rules.terms(&device.program)?.limits.wipe == Wipe::Device)
}

/// What a manager calls a device, and which enrolled one that is.
fn link(managed: &ManagedDevice, device_id: Option<DeviceId>) -> ManagedLink {
    ManagedLink {
        source: managed.source.clone(),
        manager_id: managed.manager_id.clone(),
        serial: managed.serial.clone(),
        owner: managed.owner.clone(),
        name: managed.name.clone(),
        device_id,
        observed_at: managed.observed_at,
    }
}

/// Forgets a device that Intune has no longer, and what it said of it.
async fn forget(app: &App, tx: &mut Tx, link: &ManagedLink, now_ms: u64) -> Result<Moved, Refusal> {
    if let Some(id) = link.device_id {
        tx.lock_devices(&[id]).await?;
    }
    tx.forget_managed(INTUNE, &link.manager_id).await?;
    let Some(id) = link.device_id else {
        return Ok(Moved::default());
    };
    // Enrolled there anew, it has another name by which the same is told.
    if tx.managed_as(INTUNE, id).await?.is_some() {
        return Ok(Moved::default());
    }
    tx.keep_facts(id, Provenance::Managed, EVIDENCE, &[], now_ms)
        .await?;
    let (_, moved) = fleet::assess(app, tx, id, now_ms).await?;
    Ok(moved)
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

/// Gives managers the orders that are due, and looks how those ended that were given.
pub(crate) async fn deliver(app: &App) {
    let Some(intune) = &app.managers.intune else {
        return;
    };
    if let Err(error) = give(app, intune).await {
        tracing::error!(%error, "orders to device managers wait");
    }
    if let Err(error) = look(app, intune).await {
        tracing::warn!(%error, "how orders to device managers ended was not looked for");
    }
}

async fn give(app: &App, intune: &Intune) -> Result<(), Refusal> {
    // What is put off meanwhile is not due again within this round.
    let due_ms = app.clock.now_ms();
    loop {
        let until_ms = app.clock.now_ms() + HELD_MS;
        let taken = patiently!(app, |tx| {
            Ok(tx.take_order(INTUNE, due_ms, until_ms).await?)
        })?;
        let Some(order) = taken else {
            return Ok(());
        };
        let Some(action) = action_of(&order) else {
            continue;
        };
        let problem = intune.act(&order.manager_id, action).await.err();
        let event = asked(app, order.device_id, action, problem.as_ref());
        let Some(problem) = problem else {
            was_given(app, &order, &event).await?;
            continue;
        };
        if problem.is_final() || event.at >= order.ordered_at.saturating_add(PATIENCE_MS) {
            give_up(app, &order, &event).await?;
            continue;
        }
        put_off(app, &order, event, &problem).await?;
        if problem.is_for_all() {
            return Ok(());
        }
    }
}

/// Notes that an order was given, and records that: both or neither.
async fn was_given(app: &App, order: &ManagerOrder, event: &Event) -> Result<(), Refusal> {
    patiently!(app, |tx| {
        tx.order_was_given(order, event.at, event.at + LOOK_MS)
            .await?;
        tx.audit(event, Salt(random())).await?;
        Ok(())
    })
}

/// Notes that an order never will be given, and records that: both or neither.
async fn give_up(app: &App, order: &ManagerOrder, event: &Event) -> Result<(), Refusal> {
    patiently!(app, |tx| {
        tx.give_up_order(order, REFUSED, event.at).await?;
        tx.audit(event, Salt(random())).await?;
        Ok(())
    })
}

/// Notes that an order is tried again. Only the first failure is recorded: a month has many.
async fn put_off(
    app: &App,
    order: &ManagerOrder,
    mut event: Event,
    problem: &IntuneError,
) -> Result<(), Refusal> {
    let problem = problem.to_string();
    let wait_ms = (AGAIN_MS << order.tries.min(DOUBLINGS)).min(LONGEST_MS);
    let next_ms = event.at + wait_ms;
    event.detail.insert("waits".to_owned(), true.into());
    patiently!(app, |tx| {
        tx.put_off_order(order, &problem, event.at, next_ms).await?;
        if order.tries == 0 {
            tx.audit(&event, Salt(random())).await?;
        }
        Ok(())
    })
}

/// Looks how orders ended that were given some time ago.
async fn look(app: &App, intune: &Intune) -> Result<(), Refusal> {
    let now_ms = app.clock.now_ms();
    let until_ms = now_ms + LOOK_MS;
    let given = patiently!(app, |tx| {
        Ok(tx
            .take_given_orders(INTUNE, now_ms, until_ms, MOST_LOOKS)
            .await?)
    })?;
    for order in given {
        let Some(action) = action_of(&order) else {
            continue;
        };
        let ended = match intune.results(&order.manager_id).await {
            Ok(results) => ending(&order, action, &results).map(|ending| {
                let outcome = if ending == Ending::Done {
                    Outcome::Allow
                } else {
                    Outcome::Deny
                };
                (ending.as_str(), outcome)
            }),
            // Whether that is what a wipe left, or somebody's deletion, nobody will ever say.
            Err(IntuneError::UnknownDevice) => Some(("gone", Outcome::Allow)),
            Err(error) => {
                tracing::warn!(%error, "Microsoft Intune does not say how an order ended");
                if error.is_for_all() {
                    return Ok(());
                }
                None
            }
        };
        let mut event = asked(app, order.device_id, action, None);
        let Some((word, outcome)) = ended else {
            let look_ms = next_look(&order, event.at);
            patiently!(app, |tx| {
                tx.look_again(&order, look_ms).await?;
                Ok(())
            })?;
            continue;
        };
        event.outcome = outcome;
        event.detail.insert("outcome".to_owned(), word.into());
        patiently!(app, |tx| {
            if tx.end_order(&order, word).await? {
                tx.audit(&event, Salt(random())).await?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// How an order ended. What Intune began with before it was ordered is about an earlier one.
fn ending(order: &ManagerOrder, action: Action, results: &[ActionResult]) -> Option<Ending> {
    let since = order.ordered_at.saturating_sub(SKEW_MS);
    let its_own = results
        .iter()
        .filter(|result| result.action == action && result.began_at >= since);
    its_own.max_by_key(|result| result.began_at)?.ending
}

/// When to look next: the longer it takes the more seldom, and not for ever.
fn next_look(order: &ManagerOrder, now_ms: u64) -> Option<u64> {
    let given_at = order.done_at.unwrap_or(order.ordered_at);
    let age_ms = now_ms.saturating_sub(given_at);
    let next_ms = now_ms + (age_ms / 4).clamp(LOOK_MS, SELDOM_MS);
    (next_ms <= given_at.saturating_add(PATIENCE_MS)).then_some(next_ms)
}

/// What an order asks for; `None` for one of a newer release, which is left to its nodes.
fn action_of(order: &ManagerOrder) -> Option<Action> {
    let named = |action: &Action| action.as_str() == order.action;
    Action::ALL.into_iter().find(named)
}

/// Asks a device's manager for something at once, and records what came of it. What the manager took
/// is followed to its end as an order is.
///
/// # Errors
/// [`Refusal::NotManaged`] when no manager that can be asked knows the device.
pub(crate) async fn ask(app: &App, id: DeviceId, action: Action) -> Result<(), Refusal> {
    let intune = app.managers.intune.as_ref().ok_or(Refusal::NotManaged)?;
    let link = app.facts().await?.managed_as(INTUNE, id).await?;
    let link = link.ok_or(Refusal::NotManaged)?;
    // Before it is asked: what Intune begins with from here on is about this.
    let ordered_at = app.clock.now_ms();
    let problem = intune.act(&link.manager_id, action).await.err();
    let event = asked(app, id, action, problem.as_ref());
    if let Some(problem) = problem {
        let store = app.gate.machinery();
        store.record(&event, Salt(random())).await?;
        return Err(Refusal::ManagerRefused(problem.to_string()));
    }
    let order = ManagerOrder {
        device_id: id,
        action: action.as_str().to_owned(),
        source: link.source,
        manager_id: link.manager_id,
        ordered_at,
        tries: 0,
        tried_at: Some(event.at),
        problem: None,
        done_at: Some(event.at),
        outcome: None,
    };
    patiently!(app, |tx| {
        tx.put_given_order(&order, event.at + LOOK_MS).await?;
        tx.audit(&event, Salt(random())).await?;
        Ok(())
    })
}

/// An order as people see it.
pub(crate) fn shown(order: ManagerOrder) -> AskedOfManager {
    let is_refused = order.outcome.as_deref() == Some(REFUSED);
    AskedOfManager {
        action: order.action,
        at: order.ordered_at,
        taken_at: order.done_at.filter(|_| !is_refused),
        outcome: order.outcome,
    }
}

/// That a device's manager was asked for something, and what it said to that.
fn asked(app: &App, id: DeviceId, action: Action, problem: Option<&IntuneError>) -> Event {
    let now_ms = app.clock.now_ms();
    let mut event = app.gate.house_event(ASKED, "device.manage", now_ms);
    event.resource = format!("device/{id}");
    event.detail = Map::from_iter([
        ("source".to_owned(), Value::from(INTUNE)),
        ("asked".to_owned(), Value::from(action.as_str())),
    ]);
    if let Some(problem) = problem {
        event.outcome = Outcome::Deny;
        let problem = problem.to_string();
        event.detail.insert("problem".to_owned(), problem.into());
    }
    event
}

const MINUTE_MS: u64 = 60_000;
/// Of so few devices all may be taken out of Intune between two pulls.
const FEW: usize = 10;
/// How many devices of a manager are taken in one transaction.
const CHUNK: usize = 100;
/// For how long an order is kept from others while it is given: longer than Intune is waited for.
/// After a crash it waits as long.
const HELD_MS: u64 = 10 * MINUTE_MS;
/// After what time an order that could not be given is tried again; twice as long each time.
const AGAIN_MS: u64 = MINUTE_MS;
/// How often it is doubled, and the longest that comes of it.
const DOUBLINGS: u32 = 6;
const LONGEST_MS: u64 = 60 * MINUTE_MS;
/// For how long an order is tried, and for how long it is looked how it ended.
const PATIENCE_MS: u64 = 30 * 24 * 60 * MINUTE_MS;
/// How long it is not looked how an order ended; of an old one, at most.
const LOOK_MS: u64 = 10 * MINUTE_MS;
const SELDOM_MS: u64 = 6 * 60 * MINUTE_MS;
/// Of how many orders it is looked in one round.
const MOST_LOOKS: u32 = 100;
/// By how much Intune's clock may be behind this one.
const SKEW_MS: u64 = 5 * MINUTE_MS;
/// What stands as the evidence of Intune's facts.
const EVIDENCE: &str = "Microsoft Intune";
/// How an order ended that its manager never took.
const REFUSED: &str = "refused";
const PULLED: Kind = Kind::named("fleet.pulled");
const ASKED: Kind = Kind::named("device.asked");
