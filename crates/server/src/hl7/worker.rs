//! Applies what waits: in the order of arrival, a few at a time in one transaction each, by one node at a
//! time.
//!
//! A message is read from the record first and written afterwards, so one that cannot be applied leaves
//! nothing behind; it is set aside with the reason, and those behind it go on. A failure that is not the
//! message's fault takes the whole transaction back, and it is tried again, at ever longer intervals: while the
//! database is away for as long as that lasts, and otherwise a few times, after which the message that failed is set
//! aside like others. So neither is anything lost nor does one message hold up a feed for good.

use std::time::Duration;

use tokio::sync::watch;
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_hl7::{Charset, Header, Message, Place, event};
use wardline_store::{Tx, WaitingMessage};

use super::apply::{self, Applied, Unfit, critical};
use crate::app::App;
use crate::gate::patiently;
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::rim::random;

/// Applies, until told to stop.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    if let Err(error) = critical::check(&app, app.clock.now_ms()).await {
        tracing::warn!(%error, "the roles that are told of critical results were not looked up");
    }
    let mut swept_at = 0;
    let mut trouble = Trouble::default();
    loop {
        let now_ms = app.clock.now_ms();
        let done = if trouble.waits(now_ms) {
            0
        } else {
            match step(&app, trouble.at_once()).await {
                Ok(done) => {
                    trouble.passed(done);
                    done
                }
                Err(error) => {
                    failed(&app, &mut trouble, &error, now_ms).await;
                    0
                }
            }
        };
        if let Err(error) = critical::due(&app, now_ms).await {
            tracing::error!(%error, "what was gathered of critical results and alarms was not called");
        }
        if now_ms.saturating_sub(swept_at) > SWEEP_MS {
            swept_at = now_ms;
            if let Err(error) = tidy(&app, now_ms).await {
                tracing::warn!(%error, "old messages of feeds were not forgotten");
            }
        }
        if *stop.borrow() {
            return;
        }
        if done > 0 {
            continue;
        }
        tokio::select! {
            () = app.feed.news.notified() => {}
            () = tokio::time::sleep(EVERY) => {}
            () = stopped(&mut stop) => return,
        }
    }
}

/// What went wrong lately that no message is known to be at fault for.
#[derive(Debug, Default)]
struct Trouble {
    /// How many more messages are applied one by one, to find the one that fails.
    alone: usize,
    /// The message that failed alone, and how often.
    suspect: Option<(u64, u32)>,
    /// How often in a row anything failed.
    failures: u32,
    /// When it is tried again.
    again_at: u64,
}

impl Trouble {
    const fn waits(&self, now_ms: u64) -> bool {
        now_ms < self.again_at
    }

    const fn at_once(&self) -> u32 {
        if self.alone > 0 { 1 } else { AT_ONCE }
    }

    fn passed(&mut self, done: usize) {
        if done > 0 {
            self.suspect = None;
        }
        self.failures = 0;
        self.again_at = 0;
        self.alone = self.alone.saturating_sub(done.max(1));
    }

    /// Notes a failure; `first` waits before all others, where the database could tell. Gives the message that is to
    /// be set aside.
    fn failed(&mut self, first: Option<u64>, now_ms: u64) -> Option<u64> {
        self.failures = self.failures.saturating_add(1);
        let wait = 1_000 << self.failures.min(6).saturating_sub(1);
        self.again_at = now_ms + wait;
        let was_alone = self.alone > 0;
        self.alone = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        // Several that were tried together do not tell which of them it was.
        let seq = first.filter(|_| was_alone)?;
        let tries = match self.suspect {
            Some((of, tries)) if of == seq => tries + 1,
            _ => 1,
        };
        self.suspect = Some((seq, tries));
        (tries >= TRIES).then_some(seq)
    }
}

/// Tells whoever runs the server, and sets a message aside that failed too often while all else worked.
async fn failed(app: &App, trouble: &mut Trouble, error: &Refusal, now_ms: u64) {
    super::intake::count("failed");
    let first = first_waiting(app).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the database does not answer; messages of feeds wait");
        None
    });
    let given_up = trouble.failed(first, now_ms);
    tracing::error!(
        %error, letter = first, failures = trouble.failures,
        "messages of feeds were not applied; trying again"
    );
    let Some(seq) = given_up else { return };
    match set_aside(app, seq, now_ms).await {
        Ok(()) => {
            *trouble = Trouble::default();
            tracing::error!(
                letter = seq,
                "set aside: it was tried often and failed each time"
            );
        }
        Err(error) => tracing::error!(%error, letter = seq, "it could not be set aside either"),
    }
}

/// Which message waits before all others. That the database answers, and lets somebody write, is found out by it.
async fn first_waiting(app: &App) -> Result<Option<u64>, Refusal> {
    patiently!(app, |tx| {
        tx.lock_hl7().await?;
        Ok(tx.first_waiting_message().await?)
    })
}

async fn set_aside(app: &App, seq: u64, now_ms: u64) -> Result<(), Refusal> {
    let mut aside = app.gate.house_event(SET_ASIDE, "hl7.apply", now_ms);
    aside.reasons = vec![GIVEN_UP.to_owned()];
    aside.detail.insert("letter".to_owned(), seq.into());
    patiently!(app, |tx| {
        tx.lock_hl7().await?;
        tx.message_dead(seq, GIVEN_UP, None, now_ms).await?;
        tx.audit(&aside, Salt(random())).await?;
        Ok(())
    })?;
    super::intake::count("set_aside");
    app.bus.publish(Hint::Audit);
    Ok(())
}

/// Applies what waits, so many at most; gives how many.
async fn step(app: &App, at_once: u32) -> Result<usize, Refusal> {
    let now_ms = app.clock.now_ms();
    // Most of the time nothing waits, and nobody is to be kept from writing for it.
    if !app.look().await?.any_message_waits().await? {
        return Ok(0);
    }
    let (done, calls) = patiently!(app, |tx| {
        tx.lock_hl7().await?;
        let waiting = tx.waiting_messages(at_once).await?;
        let mut calls = 0;
        for message in &waiting {
            calls += one(app, tx, message, now_ms).await?;
        }
        Ok((waiting.len(), calls))
    })?;
    if done > 0 {
        app.bus.publish(Hint::Audit);
    }
    if calls > 0 {
        app.bus.publish(Hint::CriticalCalls);
    }
    Ok(done)
}

/// Applies a message or sets it aside; gives how many calls wait for a bot by it.
async fn one(
    app: &App,
    tx: &mut Tx,
    waiting: &WaitingMessage,
    now_ms: u64,
) -> Result<u64, Refusal> {
    let (kind, outcome) = match read(app, waiting) {
        Ok((kind, event)) => (kind, apply::apply(app, tx, &event, waiting, now_ms).await?),
        Err(unfit) => ("other".to_owned(), Err(unfit)),
    };
    let mut applied = app.gate.house_event(APPLIED, "hl7.apply", now_ms);
    applied.detail.insert("type".to_owned(), kind.into());
    applied
        .detail
        .insert("letter".to_owned(), waiting.seq.into());
    let mut called = 0;
    match outcome {
        Ok(Applied {
            patients,
            is_old,
            calls,
        }) => {
            called = calls;
            let patients: Vec<String> = patients.iter().map(ToString::to_string).collect();
            applied
                .detail
                .insert("patients".to_owned(), patients.into());
            if is_old {
                applied.detail.insert("older".to_owned(), true.into());
            }
            tx.message_applied(waiting.seq, now_ms).await?;
            super::intake::count("applied");
        }
        Err(Unfit { why, place }) => {
            applied.kind = SET_ASIDE;
            applied.reasons = vec![why.clone()];
            tx.message_dead(waiting.seq, &why, place.as_deref(), now_ms)
                .await?;
            super::intake::count("set_aside");
        }
    }
    tx.audit(&applied, Salt(random())).await?;
    Ok(called)
}

fn read(app: &App, waiting: &WaitingMessage) -> Result<(String, event::Event), Unfit> {
    let wrong = || Unfit::new("the kept message cannot be read");
    let text = std::str::from_utf8(waiting.body.expose()).map_err(|_| wrong())?;
    let header = Header::of_bytes(text.as_bytes()).ok_or_else(wrong)?;
    let set = Charset::of(&header.charset, header.separators.repetition);
    let set = set
        .ok()
        .flatten()
        .unwrap_or_else(|| app.config.hl7.usual_charset());
    let message = Message::parse(text, set).map_err(|_| wrong())?;
    let event = event::read(&message, &header, app.config.hl7.zone()).map_err(|fault| Unfit {
        why: fault.words,
        place: fault
            .place
            .map(|place: Place| format!("{}-{}", place.segment, place.field)),
    })?;
    Ok((header.kind(), event))
}

/// Forgets what was applied long ago, and counts what waits.
async fn tidy(app: &App, now_ms: u64) -> Result<(), Refusal> {
    let before = now_ms.saturating_sub(app.config.hl7.remember_days * DAY_MS);
    patiently!(app, |tx| {
        tx.forget_messages(before, FORGET_AT_ONCE).await?;
        Ok(())
    })?;
    let counts = app.look().await?.hl7_counts().await?;
    metrics::gauge!("wardline_hl7_waiting").set(as_f64(counts.waiting));
    metrics::gauge!("wardline_hl7_dead_letters").set(as_f64(counts.dead));
    critical::tidy(app, before, now_ms).await
}

pub(super) fn as_f64(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Messages of one transaction: others who write wait for it.
const AT_ONCE: u32 = 16;
/// How often a message is tried that fails while the database works: for about two minutes.
const TRIES: u32 = 8;
const GIVEN_UP: &str =
    "it failed each time for a reason that is in the server's log; mend that and try it again";
const EVERY: Duration = Duration::from_secs(1);
const SWEEP_MS: u64 = 10_000;
const FORGET_AT_ONCE: u32 = 10_000;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const APPLIED: Kind = Kind::named("hl7.applied");
const SET_ASIDE: Kind = Kind::named("hl7.set_aside");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_fails_alone_is_given_up_after_some_tries_and_never_at_once() {
        let mut trouble = Trouble::default();
        assert_eq!((trouble.at_once(), trouble.waits(0)), (AT_ONCE, false));
        let mut now = 0;
        assert_eq!(trouble.failed(Some(7), now), None, "one of several");
        assert_eq!(trouble.at_once(), 1);
        for nth in 1..=TRIES {
            assert!(trouble.waits(now));
            now = trouble.again_at;
            let given_up = trouble.failed(Some(7), now);
            assert_eq!(given_up.is_some(), nth == TRIES, "{nth}");
        }
        assert!((60_000..300_000).contains(&now), "{now}");
    }

    #[test]
    fn while_the_database_is_away_nothing_is_given_up() {
        let mut trouble = Trouble::default();
        for nth in 0..1000 {
            assert_eq!(trouble.failed(None, nth), None);
            assert!(trouble.again_at <= nth + 32_000);
        }
        trouble.passed(1);
        assert!(!trouble.waits(0));
    }

    #[test]
    fn what_passes_between_makes_another_message_suspect_anew() {
        let mut trouble = Trouble::default();
        trouble.failed(Some(7), 0);
        for _ in 0..20 {
            assert_eq!(trouble.failed(Some(8), 0), None);
            trouble.passed(1);
            trouble.alone = 5;
        }
    }
}
