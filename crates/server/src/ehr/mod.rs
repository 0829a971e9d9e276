//! The hospital's record system: what a chart shows is copied from it, and patients are found there.
//!
//! A copy is made when somebody who may opens a chart, and lies sealed in the built-in store with its age.
//! Everything that leaves goes through [`crate::views`], as what the hospital has by itself does. While the
//! record system is slow or away the copy is shown with its age, until its time is over; then it goes.
//!
//! - `client`: SMART Backend Services over HTTP. `key`: what signs. `breaker`: when it is left alone.
//! - `copy`: a patient's record, out of the record system into the store.
//! - [`check`]: what works, step by step, for an operator.

mod breaker;
pub mod check;
mod client;
mod copy;
pub(crate) mod key;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::watch;
use wardline_audit::Salt;
use wardline_bus::Hint;
use wardline_fhir::index;
use wardline_fhir::{Resource, foreign};
use wardline_model::PatientId;
use wardline_model::wire::chart::{ChartSource, SourceState};
use wardline_store::Tx;

use self::client::Client;
use self::copy::{FORGOTTEN, Landed};
use self::key::ClientKey;
pub use self::key::KeyError;
use crate::app::App;
use crate::canaries;
use crate::charts;
use crate::config;
use crate::gate::patiently;
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::rim::{Clock, random};

/// `[ehr]` cannot work: the key of the configuration, and why.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct EhrConfigError(String);

/// The record system, where the hospital has one.
#[derive(Debug)]
pub(crate) struct Ehr {
    client: Option<Client>,
    /// Records that are being copied.
    flights: Mutex<HashMap<PatientId, Flight>>,
}

/// What becomes of a copy that is being made.
type Flight = watch::Receiver<Option<Landed>>;

impl Ehr {
    /// Reads keys and CA; the record system is not asked for anything yet.
    pub(crate) fn open(config: &config::Ehr, clock: &Clock) -> Result<Self, EhrConfigError> {
        let client = config.is_on().then(|| Client::new(config, clock));
        Ok(Self {
            client: client.transpose().map_err(EhrConfigError)?,
            flights: Mutex::default(),
        })
    }

    /// Whether there is one.
    pub(crate) const fn is_on(&self) -> bool {
        self.client.is_some()
    }
}

/// The public keys, as the record system is to know them (RFC 7517 §5).
///
/// # Errors
/// When a file holds none.
pub fn public_keys(config: &config::Ehr) -> Result<Value, KeyError> {
    let keys = config.key_files.iter();
    let keys: Result<Vec<Value>, KeyError> = keys
        .map(|path| Ok(ClientKey::read(path)?.jwk().clone()))
        .collect();
    Ok(json!({ "keys": keys? }))
}

/// Makes a private key in a new file.
///
/// # Errors
/// When there is such a file already, or it cannot be written.
pub fn make_key(path: &std::path::Path) -> Result<(), KeyError> {
    key::make(path)
}

/// Sees to it that a patient's copy is as fresh as it can be within the time that somebody waits; what is to
/// be said of it. It is for who may open the chart, and nobody else.
///
/// # Errors
/// [`Refusal::RecordSystemAway`] where there is no copy that may be shown.
pub(crate) async fn fresh(app: &App, patient: &PatientId) -> Result<Option<ChartSource>, Refusal> {
    if !app.ehr.is_on() {
        return Ok(None);
    }
    let config = &app.config.ehr;
    let age = |at: u64| app.clock.now_ms().saturating_sub(at);
    let now_ms = app.clock.now_ms();
    if canaries::is_one(&mut app.look().await?, patient).await? {
        // The record system does not know them. A chart that said so would say what it is.
        return Ok(Some(ChartSource {
            state: SourceState::Current,
            // As of whoever opened it last, which stays for as long as a copy is fresh.
            as_of: Some(now_ms - now_ms % (config.fresh_seconds.max(1) * 1000)),
            left_out: 0,
            cut: false,
        }));
    }
    let before = app.look().await?.ehr_copy(patient).await?;
    let usable = before
        .as_ref()
        .and_then(|copy| copy.complete_at)
        .filter(|at| age(*at) < config.keep_minutes * 60_000);
    let said = |state, copy: Option<&wardline_store::EhrCopy>| ChartSource {
        state,
        as_of: copy.and_then(|copy| copy.complete_at),
        left_out: copy.map_or(0, |copy| copy.left_out),
        cut: copy.is_some_and(|copy| copy.is_cut),
    };
    if usable.is_some_and(|at| age(at) < config.fresh_seconds * 1000) {
        return Ok(Some(said(SourceState::Current, before.as_ref())));
    }
    let mut flight = board(app, patient);
    let wait = if usable.is_some() {
        Duration::from_millis(config.wait_ms)
    } else {
        Duration::from_secs(config.timeout_seconds)
    };
    let landed = match tokio::time::timeout(wait, flight.wait_for(Option::is_some)).await {
        Ok(Ok(landed)) => *landed,
        // It ended without a word.
        Ok(Err(_)) => Some(Landed::Failed),
        Err(_) => None,
    };
    match landed {
        Some(Landed::Complete) => {
            let now = app.look().await?.ehr_copy(patient).await?;
            Ok(Some(said(SourceState::Current, now.as_ref())))
        }
        Some(Landed::Unknown) => Ok(Some(said(SourceState::Unknown, None))),
        Some(Landed::Merged) => Ok(Some(said(SourceState::Merged, None))),
        Some(Landed::Failed) if usable.is_some() => {
            Ok(Some(said(SourceState::Away, before.as_ref())))
        }
        None if usable.is_some() => Ok(Some(said(SourceState::Loading, before.as_ref()))),
        Some(Landed::Failed) | None => Err(Refusal::RecordSystemAway),
    }
}

/// Begins to copy a record, or joins those who wait for it.
fn board(app: &App, patient: &PatientId) -> Flight {
    let flights = &app.ehr.flights;
    let mut all = flights.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(flight) = all.get(patient) {
        return flight.clone();
    }
    let (landing, flight) = watch::channel(None);
    all.insert(patient.clone(), flight.clone());
    drop(all);
    let done = Done {
        app: app.clone(),
        patient: patient.clone(),
        landing: Arc::new(landing),
    };
    tokio::spawn(async move {
        let Some(client) = &done.app.ehr.client else {
            return;
        };
        let copying = Box::pin(copy::copy(&done.app, client, &done.patient));
        let landed = match tokio::time::timeout(LONGEST_COPY, copying).await {
            Ok(Ok(landed)) => landed,
            Ok(Err(error)) => {
                tracing::warn!(%error, "a record was not copied from the record system");
                Landed::Failed
            }
            Err(_) => {
                tracing::warn!("a record was not copied from the record system: it takes too long");
                Landed::Failed
            }
        };
        metrics::counter!("wardline_ehr_copies_total", "outcome" => name(landed)).increment(1);
        done.landing.send_replace(Some(landed));
    });
    flight
}

/// Takes a flight off the board however it ends.
struct Done {
    app: App,
    patient: PatientId,
    landing: Arc<watch::Sender<Option<Landed>>>,
}

impl Drop for Done {
    fn drop(&mut self) {
        let flights = &self.app.ehr.flights;
        let mut all = flights.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.patient);
    }
}

const fn name(landed: Landed) -> &'static str {
    match landed {
        Landed::Complete => "complete",
        Landed::Unknown => "unknown",
        Landed::Merged => "merged",
        Landed::Failed => "failed",
    }
}

/// Looks for patients at the record system whom the local directory does not know, and enters them into it;
/// how many there are. It is for who may search for patients, and nobody else. `None` where it does not
/// answer in time.
pub(crate) async fn find(app: &App, typed: &str) -> Result<Option<u64>, Refusal> {
    let config = &app.config.ehr;
    let Some(client) = &app.ehr.client else {
        return Ok(Some(0));
    };
    let Some(mut with) = foreign::asked(typed, &config.number_system) else {
        return Ok(Some(0));
    };
    with.push(("_count", MOST_FOUND.to_string()));
    let searching = client.search_by_post("Patient", &with);
    let found = match tokio::time::timeout(LONGEST_SEARCH, searching).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            tracing::warn!(%error, "patients were not looked for at the record system");
            return Ok(None);
        }
        Err(_) => return Ok(None),
    };
    let patients: Vec<Resource> = found
        .into_iter()
        .filter(|patient| !foreign::is_merged(patient))
        .take(MOST_FOUND)
        .filter_map(|patient| foreign::take_patient(patient, client.base()).ok())
        .collect();
    let now_ms = app.clock.now_ms();
    patiently!(app, |tx| {
        let mut entered = 0;
        for patient in &patients {
            entered += u64::from(enter(tx, patient, &config.number_system, now_ms).await?);
        }
        Ok(Some(entered))
    })
}

/// Enters a patient of the record system into the directory, unless they are somebody who is there.
async fn enter(
    tx: &mut Tx,
    patient: &Resource,
    system: &str,
    now_ms: u64,
) -> Result<bool, Refusal> {
    let Some(there) = patient.patient() else {
        return Ok(false);
    };
    if tx.ehr_patient(&there).await?.is_some() {
        return Ok(false);
    }
    let number = foreign::number(patient, system).and_then(index::identifier_query);
    if let Some(token) = number {
        let same = tx.search_exact("Patient", token.kind.name(), &token.value, 1);
        if !same.await?.is_empty() {
            // Their own entry is what the search shows; that is for whoever opens it to match.
            return Ok(false);
        }
    }
    // Under an id that this hospital gave somebody by itself it would be their record.
    let put = charts::put_copies(tx, std::slice::from_ref(patient), now_ms).await?;
    if put.kept == 0 {
        return Ok(false);
    }
    Ok(tx.note_ehr_patient(&there, &there, now_ms).await?)
}

/// Takes copies away whose time is over, until told to stop. Where there is no record system any more, all
/// that is left of it goes in time.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        match sweep(&app).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::warn!(%error, "old copies of the record system did not go"),
        }
        if let Some(client) = &app.ehr.client {
            let is_away = u8::from(client.is_left_alone());
            metrics::gauge!("wardline_ehr_left_alone").set(f64::from(is_away));
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => {}
            () = stopped(&mut stop) => return,
        }
        if *stop.borrow() {
            return;
        }
    }
}

async fn sweep(app: &App) -> Result<usize, Refusal> {
    let now_ms = app.clock.now_ms();
    let before_ms = now_ms.saturating_sub(app.config.ehr.keep_minutes * 60_000);
    let mut facts = app.look().await?;
    let old = facts.old_copies(before_ms, SWEPT_AT_ONCE).await?;
    drop(facts);
    for patient in &old {
        patiently!(app, |tx| {
            if tx.expire_copy(patient, before_ms, now_ms).await? {
                let mut event = app.gate.house_event(FORGOTTEN, "ehr.copy", now_ms);
                event.reasons = vec!["its time was over".to_owned()];
                let name = "patient".to_owned();
                event.detail.insert(name, patient.to_string().into());
                tx.audit(&event, Salt(random())).await?;
            }
            Ok(())
        })?;
    }
    if !old.is_empty() {
        app.bus.publish(Hint::Audit);
    }
    Ok(old.len())
}

/// Somebody waits for it with a half-typed name.
const LONGEST_SEARCH: Duration = Duration::from_secs(3);
/// Whoever opened the chart has long been answered.
const LONGEST_COPY: Duration = Duration::from_mins(2);
const MOST_FOUND: usize = 20;
const SWEEP: Duration = Duration::from_secs(30);
const SWEPT_AT_ONCE: u32 = 50;
