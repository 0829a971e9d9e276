//! Calls to the hospital's pagers or telephony, for STAT messages: a web app cannot ring through a
//! phone's silence.
//!
//! A call is entered in the transaction that alerts its person ([`enter`]), due at once. A task of each
//! node makes what is due ([`run`]): one node takes a call, posts it, and settles it; what was not taken
//! is tried again with growing waits, over restarts, for as long as the configuration says and the page
//! waits. So a call is made at least once, and the pager system tells a repetition by its id.
//!
//! What is said is a constant: no type here can hold a message's text. A number is sealed at rest and
//! stands in the posted body alone, in no log, event, error or answer.

pub(crate) mod numbers;
mod post;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::{CallId, EscalationId, UserId};
use wardline_store::{Alerted, ClaimedCall, NewCall, StoredEscalation, Tx};

use crate::app::App;
use crate::config;
use crate::gate::patiently;
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::rim::random;
use crate::webhook::{Hook, HookError, Outcome, Secret};

/// The pager system, where there is one.
#[derive(Debug)]
pub(crate) struct Pager {
    hook: Option<Hook>,
    news: Notify,
}

impl Pager {
    /// By the configuration, whose files are read once.
    pub(crate) fn open(config: &config::Pager) -> Result<Self, HookError> {
        let hook = if config.is_on() {
            let secret = Secret::read(&config.secret_file)?;
            Some(Hook::new(config.url.clone(), secret, &config.ca)?)
        } else {
            None
        };
        Ok(Self {
            hook,
            news: Notify::new(),
        })
    }

    /// Whether there is one.
    pub(crate) const fn is_on(&self) -> bool {
        self.hook.is_some()
    }

    /// A call was entered: it is made now, and else within the second.
    pub(crate) fn due(&self) {
        self.news.notify_one();
    }
}

/// Enters the call that goes with an alert, where one does.
pub(crate) async fn enter(
    tx: &mut Tx,
    app: &App,
    user: UserId,
    alert: Alerted,
    now_ms: u64,
) -> Result<(), Refusal> {
    if app.config.pager.calls_at(alert.attempt) {
        let call = NewCall {
            call_id: CallId::from_random(random()),
            user_id: user,
            alert: Some(alert),
        };
        tx.put_pager_call(&call, now_ms).await?;
    }
    Ok(())
}

/// Makes calls that are due, until told to stop.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    if !app.pager.is_on() {
        return;
    }
    let mut posts = JoinSet::new();
    let free = Arc::new(Semaphore::new(MOST_AT_ONCE));
    loop {
        while posts.try_join_next().is_some() {}
        if let Err(error) = round(&app, &mut posts, &free).await {
            tracing::warn!(%error, "calls to pagers were not made");
        }
        tokio::select! {
            () = app.pager.news.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
            () = stopped(&mut stop) => break,
        }
    }
    // What is cut off here is due again after a while, for any node.
    let done = async { while posts.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(EVERY, done).await;
}

/// Takes what is due, and makes each call by itself: one that hangs holds up no other.
async fn round(app: &App, posts: &mut JoinSet<()>, free: &Arc<Semaphore>) -> Result<(), Refusal> {
    let most = free.available_permits();
    if most == 0 {
        return Ok(());
    }
    let due = app
        .look()
        .await?
        .due_pager_calls(app.clock.now_ms(), most)
        .await?;
    for id in due {
        let Ok(permit) = Arc::clone(free).try_acquire_owned() else {
            return Ok(());
        };
        let now_ms = app.clock.now_ms();
        let claimed = patiently!(app, |tx| {
            Ok(tx.claim_pager_call(id, LEASE_MS, now_ms).await?)
        })?;
        let Some(call) = claimed else { continue };
        let app = app.clone();
        posts.spawn(async move {
            let outcome = match &app.pager.hook {
                Some(hook) => post::post(hook, &call, now_ms).await,
                None => Outcome::Refused { for_good: false },
            };
            if let Err(error) = settle(&app, &call, outcome).await {
                tracing::warn!(%error, "what became of a call to a pager was not noted");
            }
            drop(permit);
        });
    }
    Ok(())
}

/// Notes what became of a call. That it failed is an event of its page, the first time and when it is
/// given up, and those whom the page concerns see it.
async fn settle(app: &App, call: &ClaimedCall, outcome: Outcome) -> Result<(), Refusal> {
    let now_ms = app.clock.now_ms();
    let name = match outcome {
        Outcome::Taken => "taken",
        Outcome::Refused { .. } => "refused",
    };
    metrics::counter!("wardline_pager_calls_total", "outcome" => name).increment(1);
    let again_at = match outcome {
        Outcome::Taken => None,
        Outcome::Refused { for_good } => again_at(app, call, for_good, now_ms),
    };
    let kind = match outcome {
        Outcome::Taken => Some(TAKEN),
        Outcome::Refused { .. } if again_at.is_none() => Some(GIVEN_UP),
        Outcome::Refused { .. } if call.tries == 1 => Some(FAILED),
        Outcome::Refused { .. } => None,
    };
    let event = kind.map(|kind| {
        let mut event = app.gate.house_event(kind, "pager.call", now_ms);
        if let Some(id) = call.escalation {
            event.resource = format!("escalation/{id}");
        }
        let detail = &mut event.detail;
        detail.insert("call".to_owned(), call.call_id.to_string().into());
        detail.insert("user".to_owned(), call.user_id.to_string().into());
        detail.insert("tries".to_owned(), call.tries.into());
        event
    });
    let pages: Vec<EscalationId> = patiently!(app, |tx| {
        match outcome {
            Outcome::Taken => tx.pager_call_taken(call, now_ms).await?,
            Outcome::Refused { .. } => tx.pager_call_failed(call, again_at, now_ms).await?,
        }
        let Some(event) = &event else {
            return Ok(Vec::new());
        };
        tx.audit(event, Salt(random())).await?;
        // A call may count for several roles of one message.
        let stored = match call.escalation {
            Some(id) => tx.escalations_of_message(id.group, id.seq).await?,
            None => Vec::new(),
        };
        Ok(stored.iter().map(StoredEscalation::id).collect())
    })?;
    if event.is_some() {
        app.bus.publish(Hint::Audit);
        for id in pages {
            app.hub.page_to_tell_again(id);
            app.bus.publish(Hint::Escalation {
                group: id.group,
                seq: id.seq,
                line: id.line,
            });
        }
    }
    Ok(())
}

/// When to try again, unix milliseconds: waits double from a second up to a minute. `None` once the time
/// for it is over, or the pager system would never take it.
fn again_at(app: &App, call: &ClaimedCall, for_good: bool, now_ms: u64) -> Option<u64> {
    let wait_ms = (FIRST_WAIT_MS << call.tries.saturating_sub(1).min(6)).min(LONGEST_WAIT_MS);
    let until_ms = call.created_at + app.config.pager.try_minutes * 60_000;
    (!for_good && now_ms + wait_ms < until_ms).then_some(now_ms + wait_ms)
}

const TAKEN: Kind = Kind::named("pager.called");
const FAILED: Kind = Kind::named("pager.failed");
const GIVEN_UP: Kind = Kind::named("pager.given_up");
/// After which another node makes a call that this one did not settle; longer than a request may take.
const LEASE_MS: u64 = 20_000;
const EVERY: Duration = Duration::from_secs(1);
const MOST_AT_ONCE: usize = 16;
const FIRST_WAIT_MS: u64 = 1000;
const LONGEST_WAIT_MS: u64 = 60_000;
