//! The hub: looks where hints point, and pushes what the store has there to this process's sockets.
//!
//! For each conversation that a socket here follows, the hub keeps how far its entries and receipts
//! were pushed; for each STAT page that waits, its revision; for each socket, what it was told of its
//! inbox and conversations. A hint says where something may have moved. The hub then looks there and
//! pushes what is beyond those places, once for all sockets, so a hundred hints in a burst cost one
//! look, and a hint that is wrong, doubled or forged pushes nothing.
//!
//! Hints of other nodes may be lost or never sent, so where nodes share a database the hub also
//! looks everywhere now and then ([`pace`]). That is cheap while nothing happens: every change of
//! the database records an audit event, so where no node's chain of events grew nothing changed.
//!
//! A socket that does not keep up is closed; its client connects again and catches up.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior};
use wardline_bus::{Heard, Hint};
use wardline_escalation::Page;
use wardline_model::wire::escalations::EscalationState;
use wardline_model::wire::messages::{EntryKind, Receipt};
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{DeviceId, EscalationId, GroupId, SessionId, UserId};
use wardline_policy::RECORD_KEEPER;
use wardline_store::{
    EscalationMark, EventRef, GroupMark, LookMark, Principal, RecordsMark, RiskMark, SessionMark,
};

use crate::app::App;
use crate::escalations::state_of;
use crate::gate::bot_facts;
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::risk;
use crate::routes::records::{self, InForce};
use crate::snooping;

/// For a socket's task.
#[derive(Debug, Clone)]
pub(crate) enum Push {
    /// Send this text.
    Frame(Utf8Bytes),
    /// The device's conversations may be others now: load them anew.
    Follow,
    /// Trust changed: judge again.
    Judge,
}

/// All sockets of this process.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    sockets: HashMap<u64, Socket>,
    groups: HashMap<GroupId, Followed>,
    /// Each STAT page that was pushed and waits for an answer, or was over lately.
    pages: HashMap<EscalationId, PushedPage>,
    /// When all pages were looked at last, unix milliseconds; 0 before the first time.
    pages_at: u64,
    /// How orders about records stood when those concerned were told last.
    records: Option<RecordsMark>,
    /// How unusual sessions stood when security officers were told last.
    risk: RiskMark,
    /// How looks at charts stood when privacy officers were told last.
    looks: LookMark,
}

#[derive(Debug, Clone, Copy)]
struct PushedPage {
    revision: u64,
    /// When it was over, unix milliseconds.
    ended_at: Option<u64>,
}

#[derive(Debug)]
struct Socket {
    session: SessionId,
    user: UserId,
    device: DeviceId,
    /// Whether it is the record keeper's, which looks after devices.
    keeper: bool,
    push: mpsc::Sender<Push>,
    groups: HashSet<GroupId>,
    /// The place of the device's inbox that the client was told of.
    inbox: u64,
    /// A [`Push::Follow`] is on its way. One is enough, however many hints come.
    following: bool,
    /// A [`Push::Judge`] is on its way.
    judging: bool,
    /// A bot's scope, by which it was judged last.
    bot_scope: Option<String>,
}

#[derive(Debug)]
struct Followed {
    /// The place up to which entries were pushed.
    pushed: u64,
    /// Receipts as they were pushed, or as they were when the first socket came to follow.
    receipts: HashMap<UserId, Receipt>,
    sockets: HashSet<u64>,
}

/// A socket's place in the hub; dropping it leaves.
#[derive(Debug)]
pub(crate) struct Seat {
    app: App,
    id: u64,
}

impl Hub {
    /// Joins, and is to follow its conversations next. The receiver ends when the socket did not
    /// keep up. `inbox` is the newest place of the device's inbox, which the client reads itself.
    pub(crate) fn join(
        app: &App,
        principal: &Principal,
        inbox: u64,
    ) -> (Seat, mpsc::Receiver<Push>) {
        let (push, pushes) = mpsc::channel(BACKLOG);
        let mut inner = app.hub.lock();
        inner.next += 1;
        let id = inner.next;
        let socket = Socket {
            session: principal.session_id,
            user: principal.user_id,
            device: principal.device_id,
            keeper: principal.roles().any(|role| role == RECORD_KEEPER),
            push,
            groups: HashSet::new(),
            inbox,
            following: true,
            judging: false,
            bot_scope: principal.bot_scope.clone(),
        };
        inner.sockets.insert(id, socket);
        metrics::gauge!("wardline_sockets").set(count(inner.sockets.len()));
        drop(inner);
        (
            Seat {
                app: app.clone(),
                id,
            },
            pushes,
        )
    }

    /// Those of these conversations that no socket here follows.
    pub(crate) fn not_followed(&self, groups: &[GroupMark]) -> Vec<GroupId> {
        let inner = self.lock();
        groups
            .iter()
            .map(|mark| mark.group_id)
            .filter(|group| !inner.groups.contains_key(group))
            .collect()
    }

    /// Whether a device has a socket here.
    pub(crate) fn is_open(&self, device: DeviceId) -> bool {
        let inner = self.lock();
        inner.sockets.values().any(|socket| socket.device == device)
    }

    /// The devices that have a socket here.
    pub(crate) fn devices(&self) -> BTreeSet<DeviceId> {
        let inner = self.lock();
        inner.sockets.values().map(|socket| socket.device).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is whole when the lock is released, so a poisoned lock holds no half state.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to where a conversation was pushed; `None` when nobody here follows it.
    fn pushed(&self, group: GroupId) -> Option<u64> {
        self.lock()
            .groups
            .get(&group)
            .map(|followed| followed.pushed)
    }

    fn followed(&self) -> Vec<GroupId> {
        self.lock().groups.keys().copied().collect()
    }

    /// Pushes frames to everyone who follows a conversation, and notes the place. `moved` when its
    /// members are others now.
    fn push_entries(&self, group: GroupId, up_to: u64, frames: &[Utf8Bytes], moved: bool) {
        let mut inner = self.lock();
        let Some(followed) = inner.groups.get_mut(&group) else {
            return;
        };
        followed.pushed = followed.pushed.max(up_to);
        let ids: Vec<u64> = followed.sockets.iter().copied().collect();
        for id in ids {
            for frame in frames {
                inner.push(id, Push::Frame(frame.clone()));
            }
            if moved {
                inner.follow_anew(id);
            }
        }
    }

    /// Pushes the receipts that moved.
    fn push_receipts(&self, group: GroupId, receipts: Vec<Receipt>) {
        let mut inner = self.lock();
        let Some(followed) = inner.groups.get_mut(&group) else {
            return;
        };
        let mut frames = Vec::new();
        for receipt in receipts {
            if followed.receipts.get(&receipt.user_id) != Some(&receipt) {
                followed.receipts.insert(receipt.user_id, receipt.clone());
                frames.extend(frame(&ServerFrame::Receipt { group, receipt }));
            }
        }
        let ids: Vec<u64> = followed.sockets.iter().copied().collect();
        for id in ids {
            for frame in &frames {
                inner.push(id, Push::Frame(frame.clone()));
            }
        }
    }

    /// Those of these conversations whose entries, and whose receipts, are not all pushed.
    fn behind(&self, marks: &[GroupMark]) -> (BTreeMap<GroupId, u64>, BTreeSet<GroupId>) {
        let inner = self.lock();
        let (mut entries, mut receipts) = (BTreeMap::new(), BTreeSet::new());
        for mark in marks {
            let Some(followed) = inner.groups.get(&mark.group_id) else {
                continue;
            };
            if mark.last_seq > followed.pushed {
                entries.insert(mark.group_id, mark.last_seq);
            }
            let named = |r: &Receipt| r.named.iter().map(|named| named.version).sum::<u64>();
            let places = |r: &Receipt| r.delivered + r.read + r.acknowledged + named(r);
            if mark.receipts != followed.receipts.values().map(places).sum::<u64>() {
                receipts.insert(mark.group_id);
            }
        }
        (entries, receipts)
    }

    /// Tells those whom a page concerns how it stands, unless they were told: as a frame says it to each.
    fn push_page(
        &self,
        id: EscalationId,
        page: PushedPage,
        people: &[UserId],
        now_ms: u64,
        told: impl Fn(UserId) -> ServerFrame,
    ) {
        let mut inner = self.lock();
        let since = inner.pages_since(now_ms);
        let is_old = |ended_at: Option<u64>| ended_at.is_some_and(|at| at < since);
        let known = inner.pages.get(&id).map(|pushed| pushed.revision);
        // One that was over long ago, and of which nothing is known any more, was told then.
        if known.map_or(is_old(page.ended_at), |pushed| pushed >= page.revision) {
            return;
        }
        inner.pages.retain(|_, pushed| !is_old(pushed.ended_at));
        inner.pages.insert(id, page);
        let sockets = inner.sockets.iter();
        let concerned: Vec<(u64, UserId)> = sockets
            .filter(|(_, socket)| people.contains(&socket.user))
            .map(|(socket, of)| (*socket, of.user))
            .collect();
        for (socket, user) in concerned {
            if let Some(frame) = frame(&told(user)) {
                inner.push(socket, Push::Frame(frame));
            }
        }
    }

    /// See [`Inner::pages_since`].
    fn pages_since(&self, now_ms: u64) -> u64 {
        self.lock().pages_since(now_ms)
    }

    /// The pages of which not all is pushed: those that moved on, began, or are over by now. `marks`
    /// are of those that wait, and of those that were over since [`Inner::pages_since`].
    fn pages_behind(&self, marks: &[EscalationMark]) -> BTreeSet<EscalationId> {
        let inner = self.lock();
        let found: HashSet<EscalationId> = marks.iter().map(EscalationMark::id).collect();
        let is_behind = |mark: &&EscalationMark| {
            let pushed = inner.pages.get(&mark.id()).map_or(0, |page| page.revision);
            pushed < mark.revision
        };
        let moved = marks.iter().filter(is_behind).map(EscalationMark::id);
        // Over, and longer than marks reach back.
        let open = inner
            .pages
            .iter()
            .filter(|(_, page)| page.ended_at.is_none());
        let over = open.map(|(id, _)| *id).filter(|id| !found.contains(id));
        moved.chain(over).collect()
    }

    /// All pages were looked at, as of a time.
    fn looked_at_pages(&self, now_ms: u64) {
        self.lock().pages_at = now_ms;
    }

    /// A page of which there is something new beside its own state: those whom it concerns look again.
    pub(crate) fn page_to_tell_again(&self, id: EscalationId) {
        let mut inner = self.lock();
        if let Some(page) = inner.pages.get_mut(&id) {
            page.revision = 0;
        }
    }

    /// A page that is not kept any more.
    fn forget_page(&self, id: EscalationId) {
        self.lock().pages.remove(&id);
    }

    fn sessions_where(&self, is: impl Fn(&Socket) -> bool) -> BTreeSet<SessionId> {
        let inner = self.lock();
        let sockets = inner.sockets.values().filter(|socket| is(socket));
        sockets.map(|socket| socket.session).collect()
    }

    /// Tells the sockets of sessions what has changed for them.
    fn compare(&self, asked: &BTreeSet<SessionId>, found: &HashMap<SessionId, SessionMark>) {
        let mut inner = self.lock();
        let concerned = inner
            .sockets
            .iter()
            .filter(|(_, socket)| asked.contains(&socket.session))
            .map(|(id, socket)| (*id, found.get(&socket.session)));
        let concerned: Vec<(u64, Option<&SessionMark>)> = concerned.collect();
        for (id, mark) in concerned {
            inner.compare(id, mark);
        }
    }

    /// Tells every socket the same.
    pub(crate) fn tell_all(&self, told: &ServerFrame) {
        self.tell_each(told, |inner| inner.sockets.keys().copied().collect());
    }

    /// Tells the sockets that follow a conversation.
    pub(crate) fn tell(&self, group: GroupId, told: &ServerFrame) {
        self.tell_each(told, |inner| {
            let followed = inner.groups.get(&group).into_iter();
            followed.flat_map(|one| &one.sockets).copied().collect()
        });
    }

    /// Tells the record keepers' sockets that devices came or went, or statements were handed in.
    fn tell_keepers(&self, told: &ServerFrame) {
        self.tell_where(told, |socket| socket.keeper);
    }

    fn tell_where(&self, told: &ServerFrame, concerns: impl Fn(&Socket) -> bool) {
        self.tell_each(told, |inner| {
            let concerned = inner.sockets.iter().filter(|(_, socket)| concerns(socket));
            concerned.map(|(id, _)| *id).collect()
        });
    }

    fn tell_each(&self, told: &ServerFrame, whom: impl FnOnce(&Inner) -> Vec<u64>) {
        let Some(frame) = frame(told) else {
            return;
        };
        let mut inner = self.lock();
        for id in whom(&inner) {
            inner.push(id, Push::Frame(frame.clone()));
        }
    }
}

impl Inner {
    /// Since when pages have to be looked at that are over, unix milliseconds: since well before the
    /// last look, so that one that began and ended in between is told, too. Those before are forgotten.
    fn pages_since(&self, now_ms: u64) -> u64 {
        let last = match self.pages_at {
            0 => now_ms,
            at => at.min(now_ms),
        };
        last.saturating_sub(ENDED_MS)
    }

    /// A socket that does not keep up loses its sender, upon which its task closes it.
    fn push(&mut self, id: u64, push: Push) {
        if self
            .sockets
            .get(&id)
            .is_some_and(|socket| socket.push.try_send(push).is_err())
        {
            self.remove(id);
        }
    }

    fn follow_anew(&mut self, id: u64) {
        if let Some(socket) = self.sockets.get_mut(&id)
            && !std::mem::replace(&mut socket.following, true)
        {
            self.push(id, Push::Follow);
        }
    }

    fn compare(&mut self, id: u64, mark: Option<&SessionMark>) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        let ended = mark.is_none_or(|mark| mark.ended);
        let scope = mark.and_then(|mark| mark.bot_scope.as_ref());
        let changed = scope != socket.bot_scope.as_ref();
        if changed {
            socket.bot_scope = scope.cloned();
        }
        // Before what is pushed from here on: it may not be for them any more.
        if (ended || changed) && !std::mem::replace(&mut socket.judging, true) {
            self.push(id, Push::Judge);
            if ended {
                return;
            }
        }
        let (Some(mark), Some(socket)) = (mark, self.sockets.get_mut(&id)) else {
            return;
        };
        let news = mark.inbox > socket.inbox;
        socket.inbox = socket.inbox.max(mark.inbox);
        if news || mark.groups != socket.groups.len() as u64 {
            self.follow_anew(id);
        }
        if news && let Some(frame) = frame(&ServerFrame::Inbox) {
            self.push(id, Push::Frame(frame));
        }
    }

    fn remove(&mut self, id: u64) {
        let Some(socket) = self.sockets.remove(&id) else {
            return;
        };
        for group in socket.groups {
            self.unfollow(id, group);
        }
    }

    fn unfollow(&mut self, id: u64, group: GroupId) {
        if let Some(followed) = self.groups.get_mut(&group) {
            followed.sockets.remove(&id);
            if followed.sockets.is_empty() {
                self.groups.remove(&group);
            }
        }
    }
}

impl Seat {
    /// Follows exactly these conversations from now on, each from the place that it has here, or
    /// from its newest one. `receipts` are those of conversations that nobody followed. Gives the
    /// conversations that this socket did not follow before.
    pub(crate) fn follow(
        &self,
        groups: &[GroupMark],
        mut receipts: HashMap<GroupId, Vec<Receipt>>,
    ) -> HashSet<GroupId> {
        let mut inner = self.app.hub.lock();
        let Some(socket) = inner.sockets.get_mut(&self.id) else {
            return HashSet::new();
        };
        let now: HashSet<GroupId> = groups.iter().map(|mark| mark.group_id).collect();
        let before = std::mem::replace(&mut socket.groups, now.clone());
        for group in before.difference(&now) {
            inner.unfollow(self.id, *group);
        }
        for mark in groups {
            let group = mark.group_id;
            let known = receipts.remove(&group).unwrap_or_default();
            inner
                .groups
                .entry(group)
                .or_insert_with(|| Followed {
                    pushed: mark.last_seq,
                    receipts: known.into_iter().map(|r| (r.user_id, r)).collect(),
                    sockets: HashSet::new(),
                })
                .sockets
                .insert(self.id);
        }
        now.difference(&before).copied().collect()
    }

    /// The socket is about to load its conversations; what is heard from now on is for the next
    /// time.
    pub(crate) fn loads(&self) {
        if let Some(socket) = self.app.hub.lock().sockets.get_mut(&self.id) {
            socket.following = false;
        }
    }

    /// The socket is about to be judged; what is heard from now on is for the next time.
    pub(crate) fn judges(&self) {
        if let Some(socket) = self.app.hub.lock().sockets.get_mut(&self.id) {
            socket.judging = false;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.app.hub.lock();
        inner.remove(self.id);
        metrics::gauge!("wardline_sockets").set(count(inner.sockets.len()));
    }
}

/// Looks and pushes, until told to stop.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut hints = app.bus.subscribe();
    let mut every = pace(&app);
    let mut poll = interval(every);
    let mut seen = Vec::new();
    let mut failed = false;
    loop {
        let mut round = Round::default();
        let mut ends = None;
        tokio::select! {
            heard = hints.next() => match heard {
                Some(heard) => round.take(&app, heard),
                None => return,
            },
            _ = poll.tick(), if app.shares_its_store || failed => match chain_ends(&app).await {
                Ok(now) if now == seen => {}
                Ok(now) => {
                    round.everywhere = true;
                    ends = Some(now);
                }
                Err(error) => tracing::warn!(%error, "news were not looked for"),
            },
            () = stopped(&mut stop) => return,
        }
        for heard in std::iter::from_fn(|| hints.ready()).take(MOST_HEARD) {
            round.take(&app, heard);
        }
        match round.look(&app).await {
            Ok(()) => {
                if let Some(ends) = ends {
                    seen = ends;
                    failed = false;
                }
            }
            // What the hints were about is found by the next look at everything.
            Err(error) => {
                tracing::warn!(%error, "news were not pushed");
                seen = Vec::new();
                failed = true;
            }
        }
        let now = pace(&app);
        if now != every {
            every = now;
            poll = interval(every);
        }
    }
}

/// How often to look everywhere: as configured while hints come from the other nodes, and often
/// where they do not.
fn pace(app: &App) -> Duration {
    let configured = Duration::from_millis(app.config.bus.poll_ms);
    if app.bus.is_carried() {
        configured
    } else {
        configured.min(ALONE)
    }
}

fn interval(every: Duration) -> Interval {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

async fn chain_ends(app: &App) -> Result<Vec<EventRef>, Refusal> {
    Ok(app.facts().await?.chain_ends().await?)
}

/// Where to look, as hints say.
#[derive(Debug, Default)]
struct Round {
    everywhere: bool,
    entries: BTreeMap<GroupId, u64>,
    receipts: BTreeSet<GroupId>,
    pages: BTreeSet<EscalationId>,
    sessions: BTreeSet<SessionId>,
    records: bool,
    risk: bool,
    looks: bool,
    critical: bool,
}

impl Round {
    fn take(&mut self, app: &App, heard: Heard) {
        let hint = match heard {
            Heard::Hint(hint) => hint,
            Heard::Missed => {
                self.everywhere = true;
                return;
            }
        };
        match hint {
            Hint::Reached { group, seq } => {
                let place = self.entries.entry(group).or_default();
                *place = seq.max(*place);
            }
            Hint::Receipt { group } => {
                self.receipts.insert(group);
            }
            Hint::Escalation { group, seq, line } => {
                self.pages.insert(EscalationId { group, seq, line });
            }
            Hint::Inbox { device } | Hint::DeviceChanged { device } => {
                if matches!(hint, Hint::DeviceChanged { .. }) {
                    app.hub.tell_keepers(&ServerFrame::Devices);
                }
                let sessions = app.hub.sessions_where(|socket| socket.device == device);
                self.sessions.extend(sessions);
            }
            Hint::Members { group } => self.sessions.extend(
                app.hub
                    .sessions_where(|socket| socket.groups.contains(&group)),
            ),
            Hint::SessionEnded { session } => self
                .sessions
                .extend(app.hub.sessions_where(|socket| socket.session == session)),
            Hint::Statements => {
                app.hub.tell_keepers(&ServerFrame::Statements);
                self.records = true;
            }
            Hint::Records => self.records = true,
            Hint::Risk => self.risk = true,
            Hint::Looks => self.looks = true,
            Hint::CriticalCalls => self.critical = true,
            Hint::Audit | Hint::Roles => {}
        }
    }

    async fn look(mut self, app: &App) -> Result<(), Refusal> {
        let now_ms = app.clock.now_ms();
        if self.everywhere {
            let followed = app.hub.followed();
            let marks = app.facts().await?.group_marks(&followed).await?;
            let (entries, receipts) = app.hub.behind(&marks);
            self.entries.extend(entries);
            self.receipts.extend(receipts);
            let since = app.hub.pages_since(now_ms);
            let marks = app.facts().await?.escalation_marks(since).await?;
            self.pages.extend(app.hub.pages_behind(&marks));
            self.sessions = app.hub.sessions_where(|_| true);
        } else {
            self.receipts
                .retain(|group| app.hub.pushed(*group).is_some());
        }
        // Who may hear no more comes first.
        if !self.sessions.is_empty() {
            let asked: Vec<SessionId> = self.sessions.iter().copied().collect();
            let found = app.facts().await?.session_marks(&asked).await?;
            let found = found.into_iter().map(|mark| (mark.session_id, mark));
            app.hub.compare(&self.sessions, &found.collect());
        }
        for id in self.pages {
            tell_of_page(app, id, now_ms).await?;
        }
        if self.everywhere {
            app.hub.looked_at_pages(now_ms);
        }
        if self.everywhere || self.records {
            tell_of_records(app).await?;
        }
        if self.everywhere || self.risk {
            tell_of_risk(app).await?;
        }
        if self.everywhere || self.looks {
            tell_of_looks(app).await?;
        }
        if self.everywhere || self.critical {
            tell_of_critical(app).await?;
        }
        for (group, seq) in self.entries {
            deliver(app, group, seq).await?;
        }
        if !self.receipts.is_empty() {
            let groups: Vec<GroupId> = self.receipts.into_iter().collect();
            let receipts = app.facts().await?.receipts_of(&groups).await?;
            for (group, receipts) in receipts {
                app.hub.push_receipts(group, receipts);
            }
        }
        Ok(())
    }
}

/// Pushes how a STAT page stands.
async fn tell_of_page(app: &App, id: EscalationId, now_ms: u64) -> Result<(), Refusal> {
    let mut facts = app.facts().await?;
    let Some(stored) = facts.escalation(id).await? else {
        app.hub.forget_page(id);
        return Ok(());
    };
    // One that has not begun is told of when it has.
    let Some(state) = stored.state else {
        return Ok(());
    };
    let people = facts.people_of_escalation(id).await?;
    drop(facts);
    if stored.lost_at.is_some() {
        let pushed = PushedPage {
            revision: stored.revision,
            ended_at: stored.ended_at,
        };
        let told = |_| ServerFrame::Escalation {
            id,
            state: EscalationState::Unanswered,
            attempt: None,
        };
        app.hub.push_page(id, pushed, &people, now_ms, told);
        return Ok(());
    }
    match Page::decode(&state) {
        Ok(page) => {
            let pushed = PushedPage {
                revision: page.revision(),
                ended_at: page.end().map(|end| end.at()),
            };
            let told = |user| {
                let attempts = page.asked().get(&user).map_or(0, |asked| asked.attempts);
                ServerFrame::Escalation {
                    id,
                    state: state_of(&page),
                    attempt: page.concerns(user).then_some(attempts),
                }
            };
            app.hub.push_page(id, pushed, &people, now_ms, told);
        }
        // Trying again would not mend it, and the other news must not wait for it.
        Err(error) => tracing::error!(%error, %id, "a page was not pushed"),
    }
    Ok(())
}

/// Tells those who may order or agree that orders about records stand otherwise, unless they were told.
async fn tell_of_records(app: &App) -> Result<(), Refusal> {
    let mut facts = app.facts().await?;
    let mark = facts.records_mark().await?;
    if app.hub.lock().records == Some(mark) {
        return Ok(());
    }
    let mut people = facts.people_with_role(records::OFFICER).await?;
    people.extend(InForce::read(&mut facts).await?.custodians);
    drop(facts);
    app.hub.lock().records = Some(mark);
    let concerns = |socket: &Socket| people.contains(&socket.user);
    app.hub.tell_where(&ServerFrame::Records, concerns);
    Ok(())
}

/// Tells security officers that other sessions wait for them, unless they were told.
async fn tell_of_risk(app: &App) -> Result<(), Refusal> {
    let mut facts = app.facts().await?;
    let mark = facts.risk_mark(app.gate.limits().risk_deny.into()).await?;
    if app.hub.lock().risk == mark {
        return Ok(());
    }
    let officers = facts.people_with_role(risk::OFFICER).await?;
    drop(facts);
    app.hub.lock().risk = mark;
    let concerns = |socket: &Socket| officers.contains(&socket.user);
    app.hub.tell_where(&ServerFrame::Risk, concerns);
    Ok(())
}

/// Tells privacy officers that other looks at charts wait for them, unless they were told.
async fn tell_of_looks(app: &App) -> Result<(), Refusal> {
    let mut facts = app.facts().await?;
    let mark = facts.looks_mark().await?;
    if app.hub.lock().looks == mark {
        return Ok(());
    }
    let officers = facts.people_with_role(snooping::OFFICER).await?;
    drop(facts);
    app.hub.lock().looks = mark;
    let concerns = |socket: &Socket| officers.contains(&socket.user);
    app.hub.tell_where(&ServerFrame::Looks, concerns);
    Ok(())
}

/// Tells bots that critical results or alarms wait for them, for as long as any do.
async fn tell_of_critical(app: &App) -> Result<(), Refusal> {
    let mut facts = app.facts().await?;
    if facts.critical_standing(0).await?.waiting == 0 {
        return Ok(());
    }
    let bots = facts.bots().await?.into_iter();
    drop(facts);
    let tells = |scope: &str| bot_facts(scope).is_some_and(|bot| bot.results);
    let bots: Vec<UserId> = bots
        .filter(|bot| bot.disabled_at.is_none() && tells(&bot.scope))
        .map(|bot| bot.user_id)
        .collect();
    let concerns = |socket: &Socket| bots.contains(&socket.user);
    app.hub.tell_where(&ServerFrame::CriticalCalls, concerns);
    Ok(())
}

/// Pushes the entries after the place that was pushed last.
async fn deliver(app: &App, group: GroupId, seq: u64) -> Result<(), Refusal> {
    while let Some(pushed) = app.hub.pushed(group).filter(|pushed| *pushed < seq) {
        let new = u32::try_from(seq - pushed).unwrap_or(PAGE).min(PAGE);
        let entries = app.look().await?.entries_after(group, pushed, new).await?;
        let Some(last) = entries.last().map(|entry| entry.seq) else {
            return Ok(());
        };
        let moved = entries.iter().any(|entry| entry.kind == EntryKind::Commit);
        let frames: Vec<Utf8Bytes> = entries
            .into_iter()
            .filter_map(|entry| frame(&ServerFrame::Entry { group, entry }))
            .collect();
        app.hub.push_entries(group, last, &frames, moved);
    }
    Ok(())
}

/// A frame's text.
pub(crate) fn frame(frame: &ServerFrame) -> Option<Utf8Bytes> {
    serde_json::to_string(frame)
        .inspect_err(|error| tracing::error!(%error, "a frame has no text"))
        .ok()
        .map(Utf8Bytes::from)
}

fn count(sockets: usize) -> f64 {
    u32::try_from(sockets).map_or(f64::INFINITY, f64::from)
}

/// How long a page is remembered once it is over, milliseconds: longer than hints are late and clocks are
/// apart.
const ENDED_MS: u64 = 5 * 60 * 1000;
const BACKLOG: usize = 1024;
const PAGE: u32 = 256;
/// The most hints of one round, so that a flood of them cannot keep it from looking.
const MOST_HEARD: usize = 4096;
/// The longest time between two looks where nothing carries hints.
const ALONE: Duration = Duration::from_millis(500);
