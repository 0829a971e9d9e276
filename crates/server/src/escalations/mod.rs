//! STAT messages end in a human acknowledgement or in a named failure.
//!
//! The append of a STAT message begins a row; here it becomes a page, which
//! [`wardline_escalation::Page`] leads to its end. Every node looks when the next page is due. A page,
//! the alerts that go out, and their events are written in one transaction guarded by the page's
//! revision, so of two nodes that look at once one pages and the other has done nothing. What goes out
//! to people is what the store has: the hub pushes it to their sockets, on every node.
//!
//! A page that cannot be read is no silent end either ([`give_up`]): it ends as unanswered, and those who are
//! told when nobody answers are told.

pub(crate) mod roster;
#[cfg(test)]
mod simulation;
pub(crate) mod told;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::sync::watch;
use wardline_audit::event::Kind;
use wardline_audit::{Event, Salt};
use wardline_bus::{Heard, Hint, Subscription};
use wardline_escalation::{End, Input, Output, Page, Refused, UnreadablePage};
use wardline_model::wire::escalations::EscalationState;
use wardline_model::wire::messages::Priority;
use wardline_model::{DeviceId, EscalationId, UserId};
use wardline_store::{Alerted, AlertedDevice, StoreError, StoredEscalation, Tx};

use crate::app::App;
use crate::gate::patiently;
use crate::listen::stopped;
use crate::pager;
use crate::problem::Refusal;
use crate::push;
use crate::rim::random;

/// Looks at pages that are due, until told to stop.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut hints = app.bus.subscribe();
    let mut forgotten_at = 0;
    let mut foreign = Foreign::default();
    loop {
        let wait = match look(&app, &mut foreign).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(%error, "STAT messages were not looked at");
                EVERY
            }
        };
        let now_ms = app.clock.now_ms();
        if now_ms.abs_diff(forgotten_at) >= HOUR_MS {
            forgotten_at = now_ms;
            if let Err(error) = forget(&app, now_ms).await {
                tracing::error!(%error, "old pages were not forgotten");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = moved(&mut hints) => {}
            () = stopped(&mut stop) => return,
        }
    }
}

/// Pages of a later program, by their revision and since when this node finds them due, unix milliseconds.
type Foreign = HashMap<EscalationId, (u64, u64)>;

/// Steps every page that is due; gives how long there is nothing to do.
async fn look(app: &App, foreign: &mut Foreign) -> Result<Duration, Refusal> {
    let now_ms = app.clock.now_ms();
    let skew_ms = app.config.escalation.terms().skew_ms();
    let mut facts = app.look().await?;
    let due = facts.escalations_due(now_ms, skew_ms, MOST).await?;
    drop(facts);
    let mut failed = false;
    for stored in due {
        let id = stored.id();
        let stepped = match step(app, id).await {
            Ok(None) => continue,
            Ok(Some(unreadable)) => {
                tracing::error!(error = %unreadable, %id, "a page cannot be read");
                let seen = foreign.entry(id).or_insert((stored.revision, now_ms));
                if seen.0 != stored.revision {
                    *seen = (stored.revision, now_ms);
                }
                if is_lost(&unreadable, seen.1, now_ms) {
                    give_up(app, &stored).await
                } else {
                    put_off(app, &stored).await
                }
            }
            Err(error) => Err(error),
        };
        failed = true;
        if let Err(error) = stepped {
            tracing::error!(%error, %id, "a page was not stepped");
            // One that cannot be stepped keeps none of the others from their turn.
            put_off(app, &stored).await?;
        }
    }
    foreign.retain(|_, (_, since_ms)| now_ms.saturating_sub(*since_ms) <= 2 * FOREIGN_MS);
    if failed {
        return Ok(EVERY);
    }
    let next = app.look().await?.next_escalation_at().await?;
    let wait = next.map_or(EVERY, |next| {
        Duration::from_millis(next.saturating_sub(app.clock.now_ms()))
    });
    Ok(wait.clamp(SOONEST, EVERY))
}

/// Whether nobody will read it any more. One in the form of a later program is that program's to go on
/// with, as while nodes are brought up to date one by one; unless none has for a while.
fn is_lost(unreadable: &UnreadablePage, since_ms: u64, now_ms: u64) -> bool {
    match unreadable {
        UnreadablePage::Malformed(_) => true,
        UnreadablePage::Form(_) => now_ms.saturating_sub(since_ms) >= FOREIGN_MS,
    }
}

/// Ends a page that cannot be followed any more, as one that nobody answered: whoever is told then is told.
async fn give_up(app: &App, stored: &StoredEscalation) -> Result<(), Refusal> {
    let id = stored.id();
    let over = patiently!(app, |tx| {
        let now_ms = app.clock.now_ms();
        if !tx.close_escalation(id, stored.revision, now_ms).await? {
            return Ok(false);
        }
        let mut tell = BTreeSet::from([stored.sender]);
        match roster::chain(tx, app, stored, now_ms).await {
            Ok(chain) => tell.extend(chain.last(stored.sender)),
            // The conversation is gone, and with it whom it was for.
            Err(Refusal::NotFound) => {}
            Err(other) => return Err(other),
        }
        tell.extend(roster::owner(tx, stored.sender).await?);
        let mut rung = BTreeSet::new();
        for user in &tell {
            tx.put_escalation_person(id, *user).await?;
            rung.extend(tx.push_devices_of(*user).await?);
        }
        tx.end_pager_calls(id, now_ms).await?;
        ring(tx, &rung, app.push.together_ms(), now_ms).await?;
        let unanswered = Output::NobodyAnswered { tell };
        let mut ended = app.gate.house_event(ENDED, "escalation.step", now_ms);
        ended.resource = format!("escalation/{id}");
        ended.detail.insert("how".to_owned(), "unreadable".into());
        let events = [event_of(app, id, &unanswered, now_ms), ended];
        let salted = events.iter().map(|event| (event, Salt(random())));
        tx.audit_all(salted).await?;
        Ok(true)
    })?;
    if over {
        publish(app, id);
    }
    Ok(())
}

/// Looks at a page again only after a while.
async fn put_off(app: &App, stored: &StoredEscalation) -> Result<(), Refusal> {
    let again_ms = app.clock.now_ms() + PUT_OFF_MS;
    patiently!(app, |tx| {
        tx.put_off_escalation(stored.id(), stored.revision, again_ms)
            .await?;
        Ok(())
    })
}

/// Lets time pass for a page, and tells it who is on duty now. Gives why it cannot be read, where it cannot.
async fn step(app: &App, id: EscalationId) -> Result<Option<UnreadablePage>, Refusal> {
    let moved = patiently!(app, |tx| {
        let now_ms = app.clock.now_ms();
        let Some(stored) = tx.escalation(id).await? else {
            return Ok(Ok(false));
        };
        let mut open = match Open::read(tx, app, &stored, now_ms).await? {
            Ok(open) => open,
            Err(Lost::GivenUp) => return Ok(Ok(false)),
            Err(Lost::Unreadable(unreadable)) => return Ok(Err(unreadable)),
        };
        if open.page.is_due(now_ms) {
            let chain = roster::chain(tx, app, &stored, now_ms).await?;
            if chain != *open.page.chain() {
                open.house(Input::RosterChanged { chain, at: now_ms });
            }
            open.house(Input::Tick { now: now_ms });
        }
        Ok(Ok(open.write(tx, app, now_ms).await?))
    })?;
    match moved {
        Ok(true) => publish(app, id),
        Ok(false) => {}
        Err(unreadable) => return Ok(Some(unreadable)),
    }
    Ok(None)
}

/// Somebody wants not to be disturbed, or no more: tells the pages that concern them, within the same
/// transaction. Gives those that moved.
pub(crate) async fn quiet_changed(
    tx: &mut Tx,
    app: &App,
    user: UserId,
    now_ms: u64,
) -> Result<Vec<EscalationId>, Refusal> {
    let mut moved = Vec::new();
    for stored in tx.open_escalations_with(user).await? {
        let Ok(mut open) = Open::read(tx, app, &stored, now_ms).await? else {
            continue;
        };
        let chain = roster::chain(tx, app, &stored, now_ms).await?;
        if chain != *open.page.chain() {
            open.house(Input::RosterChanged { chain, at: now_ms });
        }
        if open.write(tx, app, now_ms).await? {
            moved.push(stored.id());
        }
    }
    Ok(moved)
}

/// Tells sockets, here and at other nodes, where to look.
pub(crate) fn publish(app: &App, id: EscalationId) {
    app.push.due();
    app.pager.due();
    app.bus.publish(Hint::Audit);
    app.bus.publish(Hint::Escalation {
        group: id.group,
        seq: id.seq,
        line: id.line,
    });
}

/// A page within a transaction, with what is to go out when it is written.
#[derive(Debug)]
pub(crate) struct Open {
    id: EscalationId,
    /// The revision that was read.
    before: u64,
    pub(crate) page: Page,
    /// Whom it concerns as it was read: they are entered.
    entered: BTreeSet<UserId>,
    out: Vec<Output>,
}

/// Why a page is not to be had.
#[derive(Debug)]
pub(crate) enum Lost {
    /// It cannot be read, and whoever looks at pages that are due is about to end it.
    Unreadable(UnreadablePage),
    /// It ended so.
    GivenUp,
}

impl Open {
    /// Reads a page; one that has not begun begins. The inner error is of one that is nobody's to answer any
    /// more.
    pub(crate) async fn read(
        tx: &mut Tx,
        app: &App,
        stored: &StoredEscalation,
        now_ms: u64,
    ) -> Result<Result<Self, Lost>, Refusal> {
        if stored.lost_at.is_some() {
            return Ok(Err(Lost::GivenUp));
        }
        let (page, entered, out) = if let Some(state) = &stored.state {
            let page = match Page::decode(state) {
                Ok(page) => page,
                Err(unreadable) => return Ok(Err(Lost::Unreadable(unreadable))),
            };
            let entered = concerned(&page);
            (page, entered, Vec::new())
        } else {
            let chain = roster::chain(tx, app, stored, now_ms).await?;
            let terms = app.config.escalation.terms();
            let (page, out) = Page::start(terms, stored.sender, chain, stored.started_at, now_ms);
            (page, BTreeSet::new(), out)
        };
        Ok(Ok(Self {
            id: stored.id(),
            before: stored.revision,
            page,
            entered,
            out,
        }))
    }

    /// What a person says.
    ///
    /// # Errors
    /// When it does not count; nothing changed then.
    pub(crate) fn hear(&mut self, input: Input) -> Result<(), Refused> {
        self.out.extend(self.page.step(input)?);
        Ok(())
    }

    /// What the house says: time, and the roster.
    fn house(&mut self, input: Input) {
        // Invariant: only answers of people are refused.
        self.out.extend(self.page.step(input).unwrap_or_default());
    }

    /// Writes the page and all that goes out. False where there was nothing to write; an error, upon
    /// which the transaction is tried again, where somebody else wrote it meanwhile.
    pub(crate) async fn write(self, tx: &mut Tx, app: &App, now_ms: u64) -> Result<bool, Refusal> {
        let Self {
            id,
            before,
            page,
            entered,
            out,
        } = self;
        if page.revision() == before {
            return Ok(false);
        }
        let state = page.encode().map_err(Refusal::internal)?;
        let wake = page.next_wake_at().map(|next| (page.seen(), next));
        let written = tx
            .put_escalation(id, before, page.revision(), &state, wake, now_ms)
            .await?;
        if !written {
            return Err(StoreError::Busy.into());
        }
        let mut people = concerned(&page);
        let mut rung = BTreeSet::new();
        let mut events = Vec::with_capacity(out.len());
        for mut output in out {
            if let Output::Alert { user, attempt } = &output {
                if page.end().is_some() {
                    // It was answered in the same moment: nobody need be alerted any more.
                    continue;
                }
                tx.put_escalation_alert(id, *user, *attempt, now_ms).await?;
                let alert = Alerted {
                    page: id,
                    attempt: *attempt,
                    apart_ms: page.terms().re_alert_ms(),
                };
                pager::enter(tx, app, *user, alert, now_ms).await?;
                rung.extend(silent(tx, app, *user, &alert, &page, now_ms).await?);
            }
            if let Output::NobodyAnswered { tell } = &mut output {
                // A program that sent it hears so, and does not go and look.
                tell.extend(roster::owner(tx, page.sender()).await?);
                people.extend(tell.iter());
                // The sender may have put the phone away, sure that somebody comes.
                for user in &*tell {
                    rung.extend(tx.push_devices_of(*user).await?);
                }
            }
            events.push(event_of(app, id, &output, now_ms));
        }
        for user in people.difference(&entered) {
            tx.put_escalation_person(id, *user).await?;
        }
        if page.end().is_some() {
            tx.end_pager_calls(id, now_ms).await?;
        }
        // Half an interval: what is out still must not swallow the next alert.
        let together_ms = page.terms().re_alert_ms() / 2;
        ring(tx, &rung, together_ms, now_ms).await?;
        // Last, since every append of this node waits for whoever has written an event.
        if !events.is_empty() {
            let salted = events.iter().map(|event| (event, Salt(random())));
            tx.audit_all(salted).await?;
        }
        Ok(true)
    }
}

/// The devices of somebody who is alerted, but for those that the message itself rings: as it was taken they
/// were in the conversation, and the wake-up for it went to them, or they look open and are rung soon
/// unless its person has it. That is so in its first moments alone: whoever takes a role later, or is
/// roused, hears nothing of it otherwise.
async fn silent(
    tx: &mut Tx,
    app: &App,
    user: UserId,
    alert: &Alerted,
    page: &Page,
    now_ms: u64,
) -> Result<Vec<DeviceId>, Refusal> {
    let (id, taken_ms) = (alert.page, page.started_at());
    let is_fresh = alert.attempt == 1 && now_ms < taken_ms.saturating_add(push::GRACE_MS);
    let devices = tx.alerted_devices(user, id.group, id.seq, taken_ms, now_ms);
    let devices = devices.await?.into_iter();
    let rings_by_itself = |device: &AlertedDevice| {
        let is_open = || device.is_open || app.hub.is_open(device.device_id);
        is_fresh && device.has_message && (device.is_rung || is_open())
    };
    Ok(devices
        .filter(|device| !rings_by_itself(device))
        .map(|device| device.device_id)
        .collect())
}

/// Asks for wake-ups, in one order everywhere.
async fn ring(
    tx: &mut Tx,
    devices: &BTreeSet<DeviceId>,
    together_ms: u64,
    now_ms: u64,
) -> Result<(), Refusal> {
    for device in devices {
        tx.ask_push(*device, Priority::Stat, together_ms, now_ms)
            .await?;
    }
    Ok(())
}

/// Whom a page concerns so far: the sender, whoever was asked, and whoever was passed over and may
/// answer all the same.
fn concerned(page: &Page) -> BTreeSet<UserId> {
    let levels = page.chain().levels.iter().take(page.level() + 1);
    let on_them = levels.flat_map(|level| &level.users).copied();
    let asked = page.asked().keys().copied();
    on_them.chain(asked).chain([page.sender()]).collect()
}

/// How a page stands.
pub(crate) fn state_of(page: &Page) -> EscalationState {
    match page.end() {
        None => EscalationState::Waiting,
        Some(End::Acknowledged { .. }) => EscalationState::Acknowledged,
        Some(End::Unanswered { .. }) => EscalationState::Unanswered,
        Some(End::Withdrawn { .. }) => EscalationState::Withdrawn,
    }
}

/// What the audit log is to say of an output.
fn event_of(app: &App, id: EscalationId, output: &Output, now_ms: u64) -> Event {
    let kind = match output {
        Output::Alert { .. } => ALERTED,
        Output::Escalate { .. } => ESCALATED,
        Output::Rouse { .. } => ROUSED,
        Output::NobodyAnswered { .. } => UNANSWERED,
        Output::Ended(_) => ENDED,
    };
    let mut event = app.gate.house_event(kind, "escalation.step", now_ms);
    event.resource = format!("escalation/{id}");
    let detail = &mut event.detail;
    let names = |users: &BTreeSet<UserId>| -> Vec<String> {
        users.iter().map(ToString::to_string).collect()
    };
    match output {
        Output::Alert { user, attempt } => {
            detail.insert("user".to_owned(), user.to_string().into());
            detail.insert("attempt".to_owned(), (*attempt).into());
        }
        Output::Escalate { level, users } => {
            detail.insert("level".to_owned(), (*level).into());
            detail.insert("users".to_owned(), names(users).into());
        }
        Output::Rouse { users } => {
            detail.insert("users".to_owned(), names(users).into());
        }
        Output::NobodyAnswered { tell } => {
            detail.insert("told".to_owned(), names(tell).into());
        }
        Output::Ended(end) => {
            let how = match end {
                End::Acknowledged { by, .. } => {
                    detail.insert("by".to_owned(), by.to_string().into());
                    "acknowledged"
                }
                End::Unanswered { .. } => "unanswered",
                End::Withdrawn { .. } => "withdrawn",
            };
            detail.insert("how".to_owned(), how.into());
        }
    }
    event
}

/// Returns when a page may have moved, or begun.
async fn moved(hints: &mut Subscription) {
    loop {
        match hints.next().await {
            Some(Heard::Hint(Hint::Escalation { .. }) | Heard::Missed) => return,
            Some(Heard::Hint(_)) => {}
            // The bus is gone; the clock goes on.
            None => std::future::pending().await,
        }
    }
}

async fn forget(app: &App, now_ms: u64) -> Result<(), StoreError> {
    let keep_ms = app.config.escalation.keep_days * 24 * HOUR_MS;
    let mut tx = app.gate.machinery().write().await?;
    tx.forget_escalations(now_ms.saturating_sub(keep_ms))
        .await?;
    tx.forget_pager_calls(now_ms.saturating_sub(keep_ms))
        .await?;
    tx.commit().await
}

/// How many pages are looked at in one go.
const MOST: u32 = 64;
/// The longest time between two looks, so that a page of another node whose hint was lost waits no
/// longer.
const EVERY: Duration = Duration::from_secs(1);
/// The shortest: a page whose clock ran ahead of this one must not keep a core busy.
const SOONEST: Duration = Duration::from_millis(20);
/// How long a page that could not be stepped waits.
const PUT_OFF_MS: u64 = 5000;
/// How long a page of a later program may wait for that program.
const FOREIGN_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * 60 * 1000;
const ALERTED: Kind = Kind::named("escalation.alerted");
const ESCALATED: Kind = Kind::named("escalation.escalated");
const ROUSED: Kind = Kind::named("escalation.roused");
const UNANSWERED: Kind = Kind::named("escalation.unanswered");
const ENDED: Kind = Kind::named("escalation.ended");
