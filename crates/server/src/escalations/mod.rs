//! STAT messages end in a human acknowledgement or in a named failure.
//!
//! The append of a STAT message begins a row; here it becomes a page, which
//! [`wardline_escalation::Page`] leads to its end. Every node looks when the next page is due. A page,
//! the alerts that go out, and their events are written in one transaction guarded by the page's
//! revision, so of two nodes that look at once one pages and the other has done nothing. What goes out
//! to people is what the store has: the hub pushes it to their sockets, on every node.

pub(crate) mod roster;
pub(crate) mod told;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use wardline_audit::event::Kind;
use wardline_audit::{Event, Salt};
use wardline_bus::{Heard, Hint, Subscription};
use wardline_escalation::{End, Input, Output, Page, Refused};
use wardline_model::wire::escalations::EscalationState;
use wardline_model::wire::messages::Priority;
use wardline_model::{EscalationId, UserId};
use wardline_store::{StoreError, StoredEscalation, Tx};

use crate::app::App;
use crate::gate::patiently;
use crate::listen::stopped;
use crate::pager;
use crate::problem::Refusal;
use crate::rim::random;

/// Looks at pages that are due, until told to stop.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut hints = app.bus.subscribe();
    let mut forgotten_at = 0;
    loop {
        let wait = match look(&app).await {
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

/// Steps every page that is due; gives how long there is nothing to do.
async fn look(app: &App) -> Result<Duration, Refusal> {
    let now_ms = app.clock.now_ms();
    let skew_ms = app.config.escalation.terms().skew_ms();
    let mut facts = app.look().await?;
    let due = facts.escalations_due(now_ms, skew_ms, MOST).await?;
    drop(facts);
    let mut failed = false;
    for stored in due {
        let id = stored.id();
        if let Err(error) = step(app, id).await {
            tracing::error!(%error, %id, "a page was not stepped");
            failed = true;
            // One that cannot be stepped keeps none of the others from their turn.
            put_off(app, &stored).await?;
        }
    }
    if failed {
        return Ok(EVERY);
    }
    let next = app.look().await?.next_escalation_at().await?;
    let wait = next.map_or(EVERY, |next| {
        Duration::from_millis(next.saturating_sub(app.clock.now_ms()))
    });
    Ok(wait.clamp(SOONEST, EVERY))
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

/// Lets time pass for a page, and tells it who is on duty now.
async fn step(app: &App, id: EscalationId) -> Result<(), Refusal> {
    let moved = patiently!(app, |tx| {
        let now_ms = app.clock.now_ms();
        let Some(stored) = tx.escalation(id).await? else {
            return Ok(false);
        };
        let mut open = Open::read(tx, app, &stored, now_ms).await?;
        if open.page.is_due(now_ms) {
            let chain = roster::chain(tx, app, &stored, now_ms).await?;
            if chain != *open.page.chain() {
                open.house(Input::RosterChanged { chain, at: now_ms });
            }
            open.house(Input::Tick { now: now_ms });
        }
        open.write(tx, app, now_ms).await
    })?;
    if moved {
        publish(app, id);
    }
    Ok(())
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
        let mut open = Open::read(tx, app, &stored, now_ms).await?;
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

impl Open {
    /// Reads a page; one that has not begun begins.
    pub(crate) async fn read(
        tx: &mut Tx,
        app: &App,
        stored: &StoredEscalation,
        now_ms: u64,
    ) -> Result<Self, Refusal> {
        let (page, entered, out) = if let Some(state) = &stored.state {
            let page = Page::decode(state).map_err(Refusal::internal)?;
            let entered = concerned(&page);
            (page, entered, Vec::new())
        } else {
            let chain = roster::chain(tx, app, stored, now_ms).await?;
            let terms = app.config.escalation.terms();
            let (page, out) = Page::start(terms, stored.sender, chain, stored.started_at, now_ms);
            (page, BTreeSet::new(), out)
        };
        Ok(Self {
            id: stored.id(),
            before: stored.revision,
            page,
            entered,
            out,
        })
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
        for output in out {
            if let Output::Alert { user, attempt } = &output {
                if page.end().is_some() {
                    // It was answered in the same moment: nobody need be alerted any more.
                    continue;
                }
                tx.put_escalation_alert(id, *user, *attempt, now_ms).await?;
                pager::enter(tx, app, id, *user, *attempt, now_ms).await?;
                // The message itself has rung for its recipients.
                let is_first = page.asked().get(user).is_some_and(|asked| asked.level == 0);
                if !is_first || *attempt > 1 {
                    rung.extend(tx.push_devices_of(*user).await?);
                }
            }
            if let Output::NobodyAnswered { tell } = &output {
                people.extend(tell);
                // The sender may have put the phone away, sure that somebody comes.
                for user in tell {
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
        for device in rung {
            tx.ask_push(device, Priority::Stat, together_ms, now_ms)
                .await?;
        }
        // Last, since every append of this node waits for whoever has written an event.
        if !events.is_empty() {
            let salted = events.iter().map(|event| (event, Salt(random())));
            tx.audit_all(salted).await?;
        }
        Ok(true)
    }
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
const HOUR_MS: u64 = 60 * 60 * 1000;
const ALERTED: Kind = Kind::named("escalation.alerted");
const ESCALATED: Kind = Kind::named("escalation.escalated");
const ROUSED: Kind = Kind::named("escalation.roused");
const UNANSWERED: Kind = Kind::named("escalation.unanswered");
const ENDED: Kind = Kind::named("escalation.ended");
