//! Waking the devices of people who do not have the app open, by Web Push.
//!
//! Whoever takes a message only hands in that there is one ([`Push::reached`]). A task of this node then
//! looks which devices it is for ([`run`]): those that nobody has open are asked for, in the database,
//! and whichever node is first sends what is due. A device that is open has ten seconds to say that the
//! message was delivered, for a phone in a pocket looks open long after it fell asleep.
//!
//! What is taken while a node cannot look is looked at again, and what none looked at, because one stopped
//! or more came than it could keep, is found in the database once a minute: the channel is a hint, too.
//!
//! A message need not ring at once ([`when`]): then it waits in the database, for any node. Owners whose
//! devices have to be mended are rung in the same way ([`owners`]).
//!
//! A wake-up is a hint and never the message: it says nothing, it may come late or not at all, and
//! subscriptions die silently. So each has an id, which the device's service worker gives back; by
//! those receipts people see whom they would reach.

mod endpoint;
mod post;
mod vapid;
pub(crate) mod when;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::push::{PushInfo, PushState};
use wardline_model::{DeviceId, GroupId, UserId};
use wardline_store::{ClaimedPush, HeldRing, Lasts, PushStanding, Store, StoreError};

use self::endpoint::Allowed;
use self::post::{Outcome, WakeId, post};
use self::vapid::Vapid;
use self::when::Now;
use crate::app::App;
use crate::config;
use crate::fleet::owners;
use crate::gate::patiently;
use crate::listen::stopped;
use crate::outgoing::{self, FetchError};
use crate::problem::Refusal;
use crate::rim::random;

pub(crate) use self::post::keys;

/// Why nothing can be pushed.
#[derive(Debug, Error)]
pub enum PushError {
    /// The server's key for push services cannot be made or used.
    #[error("the key for push services cannot be used")]
    Key,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No client for requests.
    #[error("{0}")]
    Client(String),
}

impl From<FetchError> for PushError {
    fn from(error: FetchError) -> Self {
        Self::Client(error.to_string())
    }
}

/// What sends wake-ups, and where news for it are handed in.
#[derive(Debug)]
pub(crate) struct Push {
    vapid: Vapid,
    client: reqwest::Client,
    allowed: Allowed,
    config: config::Push,
    news: mpsc::Sender<News>,
}

/// Where news come out.
pub(crate) type Queue = mpsc::Receiver<News>;

/// For the task that wakes devices.
#[derive(Debug, Clone, Copy)]
pub(crate) enum News {
    /// Somebody wrote.
    Message(Message),
    /// A wake-up was asked for.
    Due,
}

/// A message that was taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    /// The conversation.
    pub(crate) group: GroupId,
    /// Its place there.
    pub(crate) seq: u64,
    /// How urgent it is.
    pub(crate) priority: Priority,
    /// Who wrote it.
    pub(crate) sender: UserId,
}

impl Push {
    /// With the hospital's key. `app_url` is where people open the app.
    pub(crate) async fn open(
        store: &Store,
        config: &config::Push,
        app_url: &str,
    ) -> Result<(Self, Queue), PushError> {
        let contact = Some(config.contact.as_str()).filter(|contact| !contact.is_empty());
        let contact = contact.or_else(|| Some(app_url).filter(|url| url.starts_with("https:")));
        let allowed = Allowed::new(&config.allowed_hosts);
        let (news, queue) = mpsc::channel(LONGEST_QUEUE);
        let push = Self {
            vapid: Vapid::open(store, contact.map(str::to_owned)).await?,
            client: outgoing::public_client(PATIENCE, allowed.hosts())?,
            allowed,
            config: config.clone(),
            news,
        };
        Ok((push, queue))
    }

    /// A message was taken. Never waits; where more come in than can be looked at, some wake people a
    /// minute later.
    pub(crate) fn reached(&self, message: Message) {
        if self.news.try_send(News::Message(message)).is_err() {
            metrics::counter!("wardline_pushes_total", "outcome" => "missed").increment(1);
        }
    }

    /// A wake-up was asked for: it is sent now, and else within the second.
    pub(crate) fn due(&self) {
        // A full queue is looked at anyway.
        let _ = self.news.try_send(News::Due);
    }

    /// The host of a URL, with its port where that is not the usual one; `None` where it cannot be a
    /// push service's.
    pub(crate) fn host(&self, endpoint: &str) -> Option<String> {
        let url = self.allowed.endpoint(endpoint)?;
        let host = url.host_str()?;
        Some(match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }

    /// Whether a wake-up that arrived then (unix milliseconds) still tells that a device rings.
    pub(crate) const fn is_recent(&self, receipt_at: u64, now_ms: u64) -> bool {
        now_ms < receipt_at.saturating_add(self.config.reachable_hours * HOUR_MS)
    }

    /// How it stands with a device, as the app is told.
    pub(crate) fn info(&self, standing: Option<&PushStanding>, now_ms: u64) -> PushInfo {
        PushInfo {
            public_key: self.vapid.public().clone(),
            state: standing.map_or(PushState::Off, |standing| self.state(standing, now_ms)),
            last_sent_at: standing.and_then(|standing| standing.last_sent_at),
            last_receipt_at: standing.and_then(|standing| standing.last_receipt_at),
        }
    }

    fn state(&self, standing: &PushStanding, now_ms: u64) -> PushState {
        let rang = standing.last_receipt_at;
        if standing.gone_at.is_some() {
            PushState::Gone
        } else if standing.failed_since.is_some() {
            PushState::Failing
        } else if rang.is_some_and(|at| self.is_recent(at, now_ms)) {
            PushState::Rings
        } else if standing.last_sent_at.is_some() {
            PushState::Unheard
        } else {
            PushState::Untested
        }
    }

    pub(crate) const fn together_ms(&self) -> u64 {
        self.config.together_seconds * 1000
    }

    /// How long push services are to keep what they cannot deliver.
    const fn lasts(&self) -> Lasts {
        Lasts {
            urgent_ms: self.config.urgent_ttl_seconds * 1000,
            routine_ms: self.config.routine_ttl_seconds * 1000,
        }
    }
}

/// What is kept of the id of a wake-up: 256 random bits need no salt and no slow hash.
pub(crate) fn receipt_hash(id: &[u8]) -> [u8; 32] {
    Sha256::digest(id).into()
}

/// Wakes devices, and says which have a socket here, until told to stop.
pub(crate) async fn run(app: App, mut queue: Queue, mut stop: watch::Receiver<bool>) {
    let mut waker = Waker {
        app: app.clone(),
        fresh: Messages::default(),
        doubtful: VecDeque::new(),
        posts: JoinSet::new(),
        free: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        hosts: HashMap::new(),
        swept_at: None,
        looked_at: None,
        forgot_at: None,
    };
    let mut open = OpenHere::new(&app);
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let mut came = false;
        tokio::select! {
            news = queue.recv() => match news {
                Some(news) => came = waker.fresh.take(news),
                None => break,
            },
            _ = tick.tick() => {
                if let Err(error) = open.tell().await {
                    tracing::warn!(%error, "which devices are open was not noted");
                }
            }
            () = stopped(&mut stop) => break,
        }
        // What comes in a burst is looked at together.
        if came {
            tokio::time::sleep(BURST).await;
        }
        while let Ok(news) = queue.try_recv() {
            waker.fresh.take(news);
        }
        if let Err(error) = waker.round().await {
            tracing::warn!(%error, "devices were not woken yet");
        }
    }
    // What came last is asked for, so that another node sends it.
    while let Ok(news) = queue.try_recv() {
        waker.fresh.take(news);
    }
    let last = tokio::time::timeout(LAST, waker.notice()).await;
    if !matches!(last, Ok(Ok(()))) {
        tracing::warn!("what came last is left for another node to find");
    }
    // What is cut off here is due again after a while, for any node.
    let done = async { while waker.posts.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(BURST, done).await;
    if let Err(error) = open.forget().await {
        tracing::warn!(%error, "which devices are open was not taken back");
    }
}

/// Messages since the last look: of each person in each conversation the newest place and the highest
/// priority.
#[derive(Debug, Default)]
struct Messages(BTreeMap<(GroupId, UserId), (u64, Priority)>);

impl Messages {
    /// Whether it was a message.
    fn take(&mut self, news: News) -> bool {
        let News::Message(message) = news else {
            return false;
        };
        let key = (message.group, message.sender);
        if self.0.len() >= LONGEST_QUEUE && !self.0.contains_key(&key) {
            metrics::counter!("wardline_pushes_total", "outcome" => "missed").increment(1);
            return true;
        }
        let (seq, priority) = self.0.entry(key).or_default();
        *seq = message.seq.max(*seq);
        *priority = message.priority.max(*priority);
        true
    }
}

/// Devices that looked open when a message came, and may be asleep.
#[derive(Debug)]
struct Doubtful {
    /// When their people have to have it, unix milliseconds.
    at: u64,
    message: Message,
    devices: Vec<(DeviceId, UserId)>,
}

/// What a look found.
#[derive(Debug, Default)]
struct Found {
    /// Devices to be rung.
    asleep: Vec<(DeviceId, Priority)>,
    /// What does not ring yet, by person.
    held: Vec<(UserId, HeldRing, bool)>,
    /// Devices to be looked at again.
    doubtful: Vec<Doubtful>,
}

#[derive(Debug)]
struct Waker {
    app: App,
    /// What was not looked at yet; it stays until what it asks for is in the database.
    fresh: Messages,
    /// By time.
    doubtful: VecDeque<Doubtful>,
    posts: JoinSet<()>,
    free: Arc<Semaphore>,
    /// Requests under way to each push service.
    hosts: HashMap<String, Arc<Semaphore>>,
    /// When what no node noticed was looked for last, unix milliseconds.
    swept_at: Option<u64>,
    /// When it was looked last who is back on duty, unix milliseconds.
    looked_at: Option<u64>,
    /// When old counts were forgotten last, unix milliseconds.
    forgot_at: Option<u64>,
}

impl Waker {
    async fn round(&mut self) -> Result<(), Refusal> {
        while self.posts.try_join_next().is_some() {}
        let noticed = self.notice().await;
        // What is due goes out, whatever became of what is new.
        let rung = self.ring_held().await;
        let told = owners::ring(&self.app).await;
        let sent = self.send().await;
        let forgot = self.forget().await;
        noticed.and(rung).and(told).and(sent).and(forgot)
    }

    /// Makes wake-ups, or what waits, of messages that came; what fails here is taken up by the next
    /// round, for asking twice asks once.
    async fn notice(&mut self) -> Result<(), Refusal> {
        let now_ms = self.app.clock.now_ms();
        let mut found = self.look(now_ms).await?;
        let over = self.look_again(&mut found, now_ms).await?;
        let swept = self.sweep(&mut found, now_ms).await?;
        // In one order everywhere, so that no two nodes wait for each other in turn.
        found.asleep.sort_unstable();
        found
            .held
            .sort_unstable_by_key(|(user, held, _)| (*user, held.group_id, held.priority));
        self.ask(&found, now_ms).await?;
        self.fresh = Messages::default();
        self.doubtful.drain(..over);
        self.doubtful.extend(found.doubtful);
        if swept {
            self.swept_at = Some(now_ms);
        }
        Ok(())
    }

    /// Devices that messages are for and nobody has open.
    async fn look(&self, now_ms: u64) -> Result<Found, Refusal> {
        let mut found = Found::default();
        if self.fresh.0.is_empty() {
            return Ok(found);
        }
        let mut facts = self.app.look().await?;
        if !facts.has_push_subscriptions().await? {
            return Ok(found);
        }
        for (&(group, sender), &(seq, priority)) in &self.fresh.0 {
            let mut looks_open = Vec::new();
            let mut held = BTreeSet::new();
            for target in facts.push_targets(group, sender, now_ms).await? {
                let (device, user) = (target.device_id, target.user_id);
                let (manner, choice) = (target.manner(), target.choice());
                let now = Now::with(&self.app, Some(&manner), choice.as_ref(), now_ms);
                let later = when::later(now.ring(priority, now_ms));
                if let Some((at_ms, for_duty)) = later {
                    if held.insert(user) {
                        let waits = when::held(group, priority, seq, now_ms, at_ms);
                        found.held.push((user, waits, for_duty));
                    }
                } else if target.is_open || self.app.hub.is_open(device) {
                    looks_open.push((device, user));
                } else {
                    found.asleep.push((device, priority));
                }
            }
            if !looks_open.is_empty() {
                found.doubtful.push(Doubtful {
                    at: now_ms + GRACE_MS,
                    message: Message {
                        group,
                        seq,
                        priority,
                        sender,
                    },
                    devices: looks_open,
                });
            }
        }
        Ok(found)
    }

    /// Devices that looked open, and whose people still have not got the message; gives how many of the
    /// doubtful were looked at.
    async fn look_again(&self, found: &mut Found, now_ms: u64) -> Result<usize, Refusal> {
        let beyond = self.doubtful.len().saturating_sub(MOST_DOUBTFUL);
        let due = self.doubtful.iter().take_while(|one| one.at <= now_ms);
        let over = due.count().max(beyond);
        if over == 0 {
            return Ok(0);
        }
        let mut facts = self.app.look().await?;
        for doubtful in self.doubtful.iter().take(over) {
            let Message {
                group,
                seq,
                priority,
                ..
            } = doubtful.message;
            let receipts = facts.receipts_of(&[group]).await?;
            let have: BTreeSet<UserId> = receipts
                .into_values()
                .flatten()
                // A workstation that nobody sits at has it, too: a STAT message is for a person.
                .filter(|receipt| match priority {
                    Priority::Stat => receipt.named.iter().any(|named| named.seq == seq),
                    Priority::Routine | Priority::Urgent => receipt.delivered >= seq,
                })
                .map(|receipt| receipt.user_id)
                .collect();
            let without = doubtful.devices.iter();
            let without = without.filter(|(_, user)| !have.contains(user));
            found
                .asleep
                .extend(without.map(|(device, _)| (*device, priority)));
        }
        Ok(over)
    }

    /// Messages of the last minutes that no wake-up told of, whichever node took them and whatever
    /// became of it; false where it is not time yet to look for them.
    async fn sweep(&self, found: &mut Found, now_ms: u64) -> Result<bool, Refusal> {
        if self.swept_at.is_some_and(|at| now_ms < at + SWEEP_MS) {
            return Ok(false);
        }
        let mut facts = self.app.look().await?;
        let (from_ms, until_ms) = (
            now_ms.saturating_sub(SWEPT_MS),
            now_ms.saturating_sub(GRACE_MS + SLACK_MS),
        );
        for unheard in facts.unheard(from_ms, until_ms).await? {
            let (user, priority, sent_at) = (unheard.user_id, unheard.priority, unheard.sent_at);
            let now = Now::of(&mut facts, &self.app, user, now_ms).await?;
            match when::later(now.ring(priority, sent_at)) {
                Some((at_ms, for_duty)) => {
                    let (group, seq) = (unheard.group_id, unheard.seq);
                    let waits = when::held(group, priority, seq, sent_at, at_ms);
                    found.held.push((user, waits, for_duty));
                }
                None => found.asleep.push((unheard.device_id, priority)),
            }
        }
        Ok(true)
    }

    async fn ask(&self, found: &Found, now_ms: u64) -> Result<(), Refusal> {
        let together_ms = self.app.push.together_ms();
        for asleep in found.asleep.chunks(MOST_AT_ONCE) {
            patiently!(self.app, |tx| {
                for (device, priority) in asleep {
                    tx.ask_push(*device, *priority, together_ms, now_ms).await?;
                }
                Ok(())
            })?;
        }
        for held in found.held.chunks(MOST_AT_ONCE) {
            patiently!(self.app, |tx| {
                for (user, waits, for_duty) in held {
                    tx.hold_ring(*user, waits, *for_duty).await?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Judges anew what waits and whose time has come, and what waited for people who are on duty now.
    async fn ring_held(&mut self) -> Result<(), Refusal> {
        let app = &self.app;
        let now_ms = app.clock.now_ms();
        let mut facts = app.look().await?;
        let mut people = facts.people_with_due_rings(now_ms, MOST_AT_ONCE).await?;
        if self.looked_at.is_none_or(|at| now_ms >= at + DUTY_MS) {
            people.extend(facts.people_back_on_duty(now_ms, MOST_AT_ONCE).await?);
            self.looked_at = Some(now_ms);
        }
        drop(facts);
        people.sort_unstable();
        people.dedup();
        for user in people {
            patiently!(app, |tx| { when::rejudge(tx, app, user, now_ms).await })?;
        }
        Ok(())
    }

    /// Forgets old counts, once an hour.
    async fn forget(&mut self) -> Result<(), Refusal> {
        let now_ms = self.app.clock.now_ms();
        if self.forgot_at.is_some_and(|at| now_ms < at + HOUR_MS) {
            return Ok(());
        }
        let keep_ms = self.app.config.quiet.keep_days * 24 * HOUR_MS;
        let before_ms = now_ms.saturating_sub(keep_ms);
        patiently!(self.app, |tx| { Ok(tx.forget_rings(before_ms).await?) })?;
        self.forgot_at = Some(now_ms);
        Ok(())
    }

    /// Takes what is due and sends it, each by itself: a push service that is slow holds up its own
    /// wake-ups and no others.
    async fn send(&mut self) -> Result<(), Refusal> {
        let app = &self.app;
        let (lease_ms, lasts) = (app.push.together_ms(), app.push.lasts());
        let most = self.free.available_permits();
        if most == 0 {
            return Ok(());
        }
        let due = app
            .look()
            .await?
            .due_pushes(app.clock.now_ms(), MOST_OF_HOST, MOST_AT_ONCE)
            .await?;
        if self.hosts.len() > MOST_AT_ONCE {
            self.hosts
                .retain(|_, host| host.available_permits() < MOST_OF_HOST);
        }
        for due in due {
            let host = self.hosts.entry(due.host);
            let host = host.or_insert_with(|| Arc::new(Semaphore::new(MOST_OF_HOST)));
            let Ok(of_host) = Arc::clone(host).try_acquire_owned() else {
                continue;
            };
            let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() else {
                return Ok(());
            };
            let (id, now_ms): (WakeId, u64) = (random(), app.clock.now_ms());
            let (device, hash) = (due.device_id, receipt_hash(&id));
            let claimed = patiently!(app, |tx| {
                Ok(tx
                    .claim_push(device, &hash, lasts, lease_ms, now_ms)
                    .await?)
            })?;
            let Some(wake) = claimed else { continue };
            let app = app.clone();
            self.posts.spawn(async move {
                let outcome = post(&app.push, &wake, &id, now_ms).await;
                if let Err(error) = settle(&app, &wake, outcome).await {
                    tracing::warn!(%error, "what became of a wake-up was not noted");
                }
                drop((permit, of_host));
            });
        }
        Ok(())
    }
}

/// Notes what became of a wake-up. That a subscription is gone is for the log: from then on nobody
/// reaches the phone.
async fn settle(app: &App, wake: &ClaimedPush, outcome: Outcome) -> Result<(), Refusal> {
    let now_ms = app.clock.now_ms();
    let name = match outcome {
        Outcome::Taken => "taken",
        Outcome::Gone => "gone",
        Outcome::Refused { .. } => "refused",
    };
    metrics::counter!("wardline_pushes_total", "outcome" => name).increment(1);
    match outcome {
        Outcome::Taken => patiently!(app, |tx| {
            tx.push_sent(wake).await?;
            Ok(tx
                .count_ring(wake.device_id, wake.priority, wake.sent_at)
                .await?)
        }),
        Outcome::Refused { retry_after } => {
            let again_at = again_at(wake, retry_after, now_ms);
            patiently!(app, |tx| { Ok(tx.push_failed(wake, again_at).await?) })
        }
        Outcome::Gone => {
            let mut event = app.gate.house_event(GONE, "push.send", now_ms);
            let device = wake.device_id.to_string();
            event.detail.insert("device".to_owned(), device.into());
            let was_there = patiently!(app, |tx| {
                let was_there = tx.push_gone(wake, now_ms).await?;
                if was_there {
                    tx.audit(&event, Salt(random())).await?;
                }
                Ok(was_there)
            })?;
            if was_there {
                app.bus.publish(Hint::Audit);
            }
            Ok(())
        }
    }
}

/// When to try again, unix milliseconds: as long from now as it has failed already, so that waits
/// double, and not before the push service wants it. `None` once a wake-up would tell of nothing new.
fn again_at(wake: &ClaimedPush, retry_after: Option<Duration>, now_ms: u64) -> Option<u64> {
    let failing_ms = wake
        .failed_since
        .map_or(0, |since| now_ms.saturating_sub(since));
    let wanted = retry_after.map_or(0, |after| {
        u64::try_from(after.as_millis()).unwrap_or(HOUR_MS)
    });
    let wait_ms = failing_ms
        .clamp(FIRST_WAIT_MS, LONGEST_WAIT_MS)
        .max(wanted.min(HOUR_MS));
    (failing_ms < GIVE_UP_MS).then(|| now_ms + wait_ms)
}

/// Which devices have a socket here, as this node tells the others.
#[derive(Debug)]
struct OpenHere {
    app: App,
    told: BTreeSet<DeviceId>,
    /// When it was told last that they still have it, unix milliseconds; `None` before the first time.
    kept_at: Option<u64>,
}

impl OpenHere {
    fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            told: BTreeSet::new(),
            kept_at: None,
        }
    }

    fn node(&self) -> &str {
        &self.app.config.server.node
    }

    /// Tells what changed, and now and then that the rest is as it was.
    async fn tell(&mut self) -> Result<(), Refusal> {
        let now_ms = self.app.clock.now_ms();
        if self.kept_at.is_none() {
            // What the process before this one said.
            self.forget().await?;
            self.kept_at = Some(now_ms);
        }
        let open = self.app.hub.devices();
        let opened: Vec<DeviceId> = open
            .difference(&self.told)
            .copied()
            .take(MOST_TOLD)
            .collect();
        let closed: Vec<DeviceId> = self
            .told
            .difference(&open)
            .copied()
            .take(MOST_TOLD)
            .collect();
        let is_due = self.kept_at.is_none_or(|at| now_ms >= at + KEEP_MS);
        let keeps = is_due && !self.told.is_empty();
        if opened.is_empty() && closed.is_empty() && !keeps {
            return Ok(());
        }
        let (node, until_ms) = (self.node(), now_ms + KEPT_MS);
        patiently!(self.app, |tx| {
            if keeps {
                tx.keep_open_sockets(node, until_ms).await?;
                // A margin for clocks: a node that comes back says again what it has.
                tx.forget_lost_sockets(now_ms.saturating_sub(KEPT_MS))
                    .await?;
            }
            tx.note_closed_sockets(node, &closed).await?;
            tx.note_open_sockets(node, &opened, until_ms, now_ms)
                .await?;
            Ok(())
        })?;
        for device in &closed {
            self.told.remove(device);
        }
        self.told.extend(opened);
        if keeps {
            self.kept_at = Some(now_ms);
        }
        Ok(())
    }

    async fn forget(&self) -> Result<(), Refusal> {
        let node = self.node();
        patiently!(self.app, |tx| { Ok(tx.forget_open_sockets(node).await?) })
    }
}

const GONE: Kind = Kind::named("push.gone");
const HOUR_MS: u64 = 60 * 60 * 1000;
/// For one request. A lease is longer (`together_seconds`).
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked for what is due and which devices are open.
const EVERY: Duration = Duration::from_secs(1);
const BURST: Duration = Duration::from_millis(25);
/// What a device that is open has to say that a message was delivered, milliseconds.
pub(crate) const GRACE_MS: u64 = 10_000;
/// Messages that are waited for so; beyond, the oldest are looked at early.
const MOST_DOUBTFUL: usize = 10_000;
/// How often it is looked for messages that no wake-up told of, how far back, and how much later than
/// others, milliseconds.
const SWEEP_MS: u64 = 60_000;
const SWEPT_MS: u64 = 10 * SWEEP_MS;
const SLACK_MS: u64 = 5_000;
/// How often it is looked for people who are on duty again, milliseconds.
const DUTY_MS: u64 = 10_000;
/// Requests under way to push services, and to one of them.
const MOST_AT_ONCE: usize = 64;
const MOST_OF_HOST: usize = 16;
/// For what came as the node is stopped.
const LAST: Duration = Duration::from_secs(1);
/// Devices of which one transaction tells that they were opened, or closed.
const MOST_TOLD: usize = 512;
const LONGEST_QUEUE: usize = 8192;
const FIRST_WAIT_MS: u64 = 5000;
const LONGEST_WAIT_MS: u64 = 15 * 60 * 1000;
const GIVE_UP_MS: u64 = 24 * HOUR_MS;
/// How often a node says that its sockets are still open, and how long that counts, milliseconds.
const KEEP_MS: u64 = 30_000;
const KEPT_MS: u64 = 3 * KEEP_MS;
