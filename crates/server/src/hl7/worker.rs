//! Applies what waits: in the order of arrival, a few at a time in one transaction each, by one node at a
//! time.
//!
//! A message is read from the record first and written afterwards, so one that cannot be applied leaves
//! nothing behind; it is set aside with the reason, and those behind it go on. A database that fails takes
//! the whole transaction back, and it is tried again later.

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
    loop {
        let done = match step(&app).await {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "messages of feeds were not applied");
                0
            }
        };
        let now_ms = app.clock.now_ms();
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

/// Applies what waits, some at most; gives how many.
async fn step(app: &App) -> Result<usize, Refusal> {
    let now_ms = app.clock.now_ms();
    // Most of the time nothing waits, and nobody is to be kept from writing for it.
    if !app.look().await?.any_message_waits().await? {
        return Ok(0);
    }
    let (done, calls) = patiently!(app, |tx| {
        tx.lock_hl7().await?;
        let waiting = tx.waiting_messages(AT_ONCE).await?;
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
const EVERY: Duration = Duration::from_secs(1);
const SWEEP_MS: u64 = 10_000;
const FORGET_AT_ONCE: u32 = 10_000;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const APPLIED: Kind = Kind::named("hl7.applied");
const SET_ASIDE: Kind = Kind::named("hl7.set_aside");
