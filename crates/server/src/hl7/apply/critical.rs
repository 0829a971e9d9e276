//! Critical results and alarms: which role is told of which, and when.
//!
//! Whatever has to be told is a row before the message counts as applied. [`Flood`] says when a role is paged:
//! then the rows become a call, which waits for a bot. The server cannot tell anybody by itself, since it
//! holds no key to a conversation.
//!
//! A result is told of once for each value that it had, and once more when it is not critical after all; an
//! alarm once for each priority until it is over. Results are told by patient, so that each can be read
//! back; a flood of alarms is told as one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_fhir::Resource;
use wardline_hl7::event::{
    Alarm, AlarmPriority, Coded, Event, Location, Measured, Observation, Phase, Results,
};
use wardline_hl7::flood::{Flood, Page, Terms, Urgency};
use wardline_model::wire::critical::{CriticalFinding, CriticalKind};
use wardline_model::{CriticalId, PatientId, RoleSlug};
use wardline_store::{NewSignal, Tx};

use super::{Ids, Plan, stays};
use crate::app::App;
use crate::gate::patiently;
use crate::hl7::worker::as_f64;
use crate::problem::Refusal;
use crate::rim::random;

/// What a call tells; sealed at rest.
#[derive(Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) patient: Option<PatientId>,
    pub(crate) findings: Vec<CriticalFinding>,
    pub(crate) others: u64,
}

/// By the role's results or alarms, and what is told together.
type Pages = Flood<String, String>;

/// Something that is to be told.
struct Signal {
    role: RoleSlug,
    target: String,
    subject: String,
    thing: String,
    patient: Option<PatientId>,
    finding: CriticalFinding,
}

/// Where a patient is.
#[derive(Default)]
struct Whereabouts {
    ward: Option<String>,
    words: Option<String>,
}

/// Says which roles of the configuration nobody can have. A server that does not start over it would tell nobody
/// of anything.
pub(in crate::hl7) async fn check(app: &App, now_ms: u64) -> Result<(), Refusal> {
    let mut facts = app.facts().await?;
    for role in app.config.hl7.critical_role_slugs() {
        if facts.oncall_role(&role, now_ms).await?.is_none() {
            tracing::error!(%role, "there is no such on-call role to tell of critical results; see [hl7]");
        }
    }
    Ok(())
}

/// Gathers what an event has to tell, and calls where it is time; gives how many calls wait by it.
pub(super) async fn tell(
    app: &App,
    tx: &mut Tx,
    event: &Event,
    plan: &Plan,
    now_ms: u64,
) -> Result<u64, Refusal> {
    if !app.config.hl7.tells_of_critical() {
        return Ok(0);
    }
    match event {
        Event::Results(results) => of_results(app, tx, results, plan, now_ms).await,
        Event::Alarm(alarm) => of_alarm(app, tx, alarm, plan.patients.first(), now_ms).await,
        Event::Admission(_) | Event::Merge(_) | Event::Orders(_) => Ok(0),
    }
}

async fn of_results(
    app: &App,
    tx: &mut Tx,
    results: &Results,
    plan: &Plan,
    now_ms: u64,
) -> Result<u64, Refusal> {
    let Some(patient) = plan.patients.first() else {
        return Ok(0);
    };
    let ids = Ids(app);
    let mut signals = Vec::new();
    let mut over = Vec::new();
    let mut about: Option<(Whereabouts, Option<String>)> = None;
    for fresh in &plan.results {
        let report = &results.reports[fresh.report];
        let observation = &report.observations[fresh.observation];
        let thing = ids.of("critical result", &[&fresh.id]);
        let kind = if observation.is_critical() {
            let value = value(observation).unwrap_or_default();
            let unit = unit(observation.unit.as_ref()).unwrap_or_default();
            let said = ids.of("critical value", &[&thing, &value, &unit]);
            if !tx.say_critical(&thing, &said, now_ms).await? {
                count("repeated");
                continue;
            }
            // Another value of what nobody was told of yet takes its place.
            over.extend(tx.withdraw_gathered(&thing).await?);
            CriticalKind::Result
        } else if !fresh.is_first && tx.unsay_critical(&thing).await? {
            let gathered = tx.withdraw_gathered(&thing).await?;
            if !gathered.is_empty() {
                over.extend(gathered);
                count("withdrawn");
                continue;
            }
            CriticalKind::Corrected
        } else {
            continue;
        };
        if about.is_none() {
            let place = results
                .visit
                .as_ref()
                .and_then(|visit| visit.place.as_ref());
            about = Some((
                whereabouts(tx, place, Some(patient)).await?,
                record(tx, patient).await?,
            ));
        }
        let Some((place, record)) = &about else {
            continue;
        };
        let Some(role) = app.config.hl7.critical_role_at(place.ward.as_deref()) else {
            continue;
        };
        let at = observation.at.or(report.taken_at);
        signals.push(Signal {
            target: format!("{RESULTS} {role}"),
            role,
            subject: ids.of("critical report", &[&fresh.report_id]),
            thing,
            patient: Some(patient.clone()),
            finding: CriticalFinding {
                kind,
                what: name(&observation.code),
                value: value(observation),
                unit: unit(observation.unit.as_ref()),
                flag: observation
                    .flags
                    .iter()
                    .find(|flag| flag.is_critical())
                    .map(|flag| flag.code().to_owned()),
                range: observation.range.as_deref().map(short),
                at: at.map(|at| at.date_time()),
                place: place.words.clone(),
                record: record.clone(),
                observation: Some(fresh.id.clone()),
            },
        });
    }
    gather(app, tx, &signals, &over, Urgency::Critical, now_ms).await
}

async fn of_alarm(
    app: &App,
    tx: &mut Tx,
    alarm: &Alarm,
    patient: Option<&PatientId>,
    now_ms: u64,
) -> Result<u64, Refusal> {
    let ids = Ids(app);
    let thing = ids.of("critical alarm", &[&alarm.id]);
    if alarm.phase == Phase::End {
        tx.unsay_critical(&thing).await?;
        let over = tx.withdraw_gathered(&thing).await?;
        if !over.is_empty() {
            count("withdrawn");
        }
        return gather(app, tx, &[], &over, Urgency::Alarm, now_ms).await;
    }
    let (kind, urgency, priority) = match alarm.priority {
        AlarmPriority::High => (CriticalKind::HighAlarm, Urgency::HighAlarm, "high"),
        AlarmPriority::Medium => (CriticalKind::Alarm, Urgency::Alarm, "medium"),
        AlarmPriority::Low | AlarmPriority::None => return Ok(0),
    };
    // One that goes on, or became less urgent, is known already; one that became more urgent is not.
    let goes_on = alarm.phase == Phase::Continue
        && alarm.priority != AlarmPriority::High
        && tx.critical_said(&thing).await?.is_some();
    let said = ids.of("critical priority", &[&thing, priority]);
    if goes_on || !tx.say_critical(&thing, &said, now_ms).await? {
        count("repeated");
        return Ok(0);
    }
    let over = tx.withdraw_gathered(&thing).await?;
    let place = whereabouts(tx, alarm.place.as_ref(), patient).await?;
    let Some(role) = app.config.hl7.critical_role_at(place.ward.as_deref()) else {
        return Ok(0);
    };
    let whom = patient.map(PatientId::as_str);
    let whom = whom.or(place.words.as_deref()).or(alarm.device.as_deref());
    let (value, unit) = match &alarm.measured {
        Some((measured, coded)) => (words(measured), unit(coded.as_ref())),
        None => (None, None),
    };
    let what = match &alarm.source {
        Some(source) => format!("{}, {}", name(&alarm.event), name(source)),
        None => name(&alarm.event),
    };
    let signal = Signal {
        target: format!("{ALARMS} {role}"),
        role,
        subject: ids.of("critical bed", &[whom.unwrap_or(&alarm.id)]),
        thing,
        patient: patient.cloned(),
        finding: CriticalFinding {
            kind,
            what: short(&what),
            value,
            unit,
            flag: None,
            range: None,
            at: alarm.at.map(|at| at.date_time()),
            place: place.words.or_else(|| alarm.device.as_deref().map(short)),
            record: match patient {
                Some(patient) => record(tx, patient).await?,
                None => None,
            },
            observation: None,
        },
    };
    gather(app, tx, &[signal], &over, urgency, now_ms).await
}

/// Keeps what is to be told, forgets what is over, and calls where it is time.
async fn gather(
    app: &App,
    tx: &mut Tx,
    signals: &[Signal],
    over: &[(String, String)],
    urgency: Urgency,
    now_ms: u64,
) -> Result<u64, Refusal> {
    if signals.is_empty() && over.is_empty() {
        return Ok(0);
    }
    let mut subjects = BTreeSet::new();
    for signal in signals {
        let told = Told {
            patient: signal.patient.clone(),
            findings: vec![signal.finding.clone()],
            others: 0,
        };
        let new = NewSignal {
            call_id: CriticalId::from_random(random()),
            role: &signal.role,
            target: &signal.target,
            subject: &signal.subject,
            thing: &signal.thing,
            body: &serde_json::to_vec(&told).map_err(Refusal::internal)?,
        };
        tx.gather_critical(&new, now_ms).await?;
        count("gathered");
        subjects.insert((signal.target.clone(), signal.subject.clone()));
    }
    let mut pages = load(tx, now_ms).await?;
    for (target, subject) in over {
        if tx.count_gathered(target, subject).await? == 0 {
            pages.over(target, subject);
        }
    }
    let mut calls = 0;
    // What was gathered for long enough comes first; and what is over long ago is forgotten by it.
    for page in pages.due(now_ms) {
        calls += call(app, tx, &page, now_ms).await?;
    }
    // What one message says of one thing is one signal: nothing of it waits for the rest.
    for (target, subject) in &subjects {
        if let Some(page) = pages.observe(target, subject, urgency, now_ms) {
            calls += call(app, tx, &page, now_ms).await?;
        }
    }
    keep(tx, &pages).await?;
    Ok(calls)
}

/// Calls for what was gathered for long enough.
pub(in crate::hl7) async fn due(app: &App, now_ms: u64) -> Result<(), Refusal> {
    if !app.look().await?.is_anything_gathered().await? {
        return Ok(());
    }
    let kept = app.look().await?.critical_flood().await?;
    let is_due = match kept.as_deref().and_then(read) {
        Some(pages) => pages.next_due().is_some_and(|at| at <= now_ms),
        None => true,
    };
    if !is_due {
        return Ok(());
    }
    let calls = patiently!(app, |tx| {
        tx.lock_hl7().await?;
        let mut pages = load(tx, now_ms).await?;
        let mut calls = 0;
        for page in pages.due(now_ms) {
            calls += call(app, tx, &page, now_ms).await?;
        }
        keep(tx, &pages).await?;
        Ok(calls)
    })?;
    if calls > 0 {
        app.bus.publish(Hint::Audit);
        app.bus.publish(Hint::CriticalCalls);
    }
    Ok(())
}

/// Makes calls of what a page is about: one for each patient with results, one for all alarms.
async fn call(
    app: &App,
    tx: &mut Tx,
    page: &Page<String, String>,
    now_ms: u64,
) -> Result<u64, Refusal> {
    let target = &page.target;
    let mut subjects: Vec<String> = page.about.iter().map(|(it, _)| it.clone()).collect();
    if page.others > 0 {
        let all = tx.gathered_subjects().await?.into_iter();
        subjects = all
            .filter(|(of, _)| of == target)
            .map(|(_, subject)| subject)
            .collect();
    }
    let by_patient = target.starts_with(RESULTS);
    let mut calls: BTreeMap<Option<String>, Call> = BTreeMap::new();
    for subject in subjects {
        let signals = tx.count_gathered(target, &subject).await?;
        for (nth, row) in (0_u64..).zip(tx.gathered(target, &subject, MOST).await?) {
            let told: Told =
                serde_json::from_slice(row.body.expose()).map_err(Refusal::internal)?;
            let patient = told.patient.as_ref().map(|id| id.as_str().to_owned());
            let call = calls
                .entry(patient.filter(|_| by_patient))
                .or_insert_with(|| Call {
                    id: row.call_id,
                    role: row.role.clone(),
                    subjects: Vec::new(),
                    patients: Vec::new(),
                    findings: Vec::new(),
                    signals: 0,
                });
            if nth == 0 {
                call.subjects.push(subject.clone());
                call.signals += signals;
            }
            if !call.patients.contains(&told.patient) {
                call.patients.push(told.patient);
            }
            call.findings.extend(told.findings);
        }
    }
    let made = u64::try_from(calls.len()).unwrap_or(u64::MAX);
    for call in calls.into_values() {
        put(app, tx, target, call, now_ms).await?;
    }
    Ok(made)
}

/// A call in the making.
struct Call {
    id: CriticalId,
    role: RoleSlug,
    subjects: Vec<String>,
    patients: Vec<Option<PatientId>>,
    findings: Vec<CriticalFinding>,
    signals: u64,
}

async fn put(app: &App, tx: &mut Tx, target: &str, call: Call, now_ms: u64) -> Result<(), Refusal> {
    let mut findings = call.findings;
    findings.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    let shown = u64::try_from(findings.len()).unwrap_or(u64::MAX);
    let patient = match call.patients.as_slice() {
        [only] => only.clone(),
        _ => None,
    };
    if patient.is_some() {
        // The conversation says whom it is about.
        for finding in &mut findings {
            finding.record = None;
        }
    }
    let told = Told {
        patient,
        findings,
        others: call.signals.saturating_sub(shown),
    };
    for subject in &call.subjects {
        tx.drop_gathered(target, subject, call.id).await?;
    }
    let body = serde_json::to_vec(&told).map_err(Refusal::internal)?;
    tx.call_critical(call.id, &body, call.signals, now_ms)
        .await?;
    let mut event = app.gate.house_event(CALLED, "critical.call", now_ms);
    event
        .detail
        .insert("call".to_owned(), call.id.to_string().into());
    event
        .detail
        .insert("role".to_owned(), call.role.as_str().into());
    event
        .detail
        .insert("signals".to_owned(), call.signals.into());
    let patients: Vec<&str> = call
        .patients
        .iter()
        .flatten()
        .map(PatientId::as_str)
        .collect();
    event.detail.insert("patients".to_owned(), patients.into());
    tx.audit(&event, Salt(random())).await?;
    metrics::counter!("wardline_critical_calls_total", "outcome" => "called").increment(1);
    Ok(())
}

/// Notes which calls wait for too long, forgets old ones, and counts what waits.
pub(in crate::hl7) async fn tidy(
    app: &App,
    posted_before_ms: u64,
    now_ms: u64,
) -> Result<(), Refusal> {
    let late_before = now_ms.saturating_sub(LATE_MS);
    let standing = app.look().await?.critical_standing(late_before).await?;
    metrics::gauge!("wardline_critical_calls_waiting").set(as_f64(standing.waiting));
    metrics::gauge!("wardline_critical_calls_late").set(as_f64(standing.late));
    let said_before = now_ms.saturating_sub(SAID_MS);
    let late = patiently!(app, |tx| {
        tx.forget_critical(posted_before_ms, said_before, FORGET_AT_ONCE)
            .await?;
        let late = tx.note_late_critical(late_before, now_ms).await?;
        for (id, role) in &late {
            let mut event = app.gate.house_event(LATE, "critical.call", now_ms);
            event
                .detail
                .insert("call".to_owned(), id.to_string().into());
            event.detail.insert("role".to_owned(), role.as_str().into());
            tx.audit(&event, Salt(random())).await?;
        }
        Ok(late)
    })?;
    for (call, role) in &late {
        tracing::error!(%call, %role, "nobody was told of a critical result or alarm: no bot took it");
        metrics::counter!("wardline_critical_calls_total", "outcome" => "late").increment(1);
    }
    if !late.is_empty() {
        app.bus.publish(Hint::Audit);
    }
    Ok(())
}

async fn load(tx: &mut Tx, now_ms: u64) -> Result<Pages, Refusal> {
    let Some(kept) = tx.critical_flood().await? else {
        return Ok(Flood::new(Terms::default()));
    };
    if let Some(pages) = read(&kept) {
        return Ok(pages);
    }
    tracing::error!("how much roles were paged could not be read; it is counted anew");
    let mut pages = Flood::new(Terms::default());
    for (target, subject) in tx.gathered_subjects().await? {
        pages.put(&target, &subject, Urgency::Critical, now_ms);
    }
    Ok(pages)
}

fn read(kept: &str) -> Option<Pages> {
    serde_json::from_str(kept).ok()
}

async fn keep(tx: &mut Tx, pages: &Pages) -> Result<(), Refusal> {
    let kept = serde_json::to_string(pages).map_err(Refusal::internal)?;
    tx.keep_critical_flood(&kept).await?;
    Ok(())
}

async fn whereabouts(
    tx: &mut Tx,
    said: Option<&Location>,
    patient: Option<&PatientId>,
) -> Result<Whereabouts, Refusal> {
    if let Some(place) = said {
        let parts = [&place.ward, &place.room, &place.bed];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        return Ok(Whereabouts {
            ward: place.ward.clone(),
            words: (!parts.is_empty()).then(|| short(&parts.join(" "))),
        });
    }
    let Some(patient) = patient else {
        return Ok(Whereabouts::default());
    };
    let Some(stay) = stays::current_stay(tx, patient).await? else {
        return Ok(Whereabouts::default());
    };
    let places = stay.get("location").and_then(|it| it.as_array().cloned());
    let mut found = Whereabouts::default();
    let mut parts = Vec::new();
    for place in places.unwrap_or_default() {
        if let Some(name) = place["location"]["display"].as_str() {
            if place["physicalType"]["coding"][0]["code"].as_str() == Some("wa") {
                found.ward = Some(name.to_owned());
            }
            parts.push(name.to_owned());
        }
    }
    found.words = (!parts.is_empty()).then(|| short(&parts.join(" ")));
    Ok(found)
}

/// The patient's record number.
async fn record(tx: &mut Tx, patient: &PatientId) -> Result<Option<String>, Refusal> {
    let Some(body) = tx.resource("Patient", patient.as_str()).await? else {
        return Ok(None);
    };
    let patient = Resource::from_slice(body.expose()).map_err(Refusal::internal)?;
    Ok(patient.mrn().map(short))
}

fn name(coded: &Coded) -> String {
    let words = coded.words.as_deref().or(coded.code.as_deref());
    short(words.unwrap_or_default())
}

fn unit(unit: Option<&Coded>) -> Option<String> {
    let unit = unit?;
    let words = unit.code.as_deref().or(unit.words.as_deref());
    words.map(short)
}

fn value(observation: &Observation) -> Option<String> {
    observation.value.as_ref().and_then(words)
}

fn words(measured: &Measured) -> Option<String> {
    Some(match measured {
        Measured::Number { comparator, number } => {
            format!("{}{number}", comparator.unwrap_or_default())
        }
        Measured::Pair {
            first,
            separator,
            second,
        } => format!("{first}{separator}{second}"),
        Measured::Code(codes) => {
            let names: Vec<String> = codes.iter().map(name).collect();
            short(&names.join(", "))
        }
        Measured::Time(at) => at.date_time(),
        Measured::Words(words) => short(words.trim()),
        Measured::Document => return None,
    })
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn count(outcome: &'static str) {
    metrics::counter!("wardline_critical_signals_total", "outcome" => outcome).increment(1);
}

/// After so long without a bot it is somebody's business: they were not told.
pub(crate) const LATE_MS: u64 = 60_000;
const RESULTS: &str = "results";
const ALARMS: &str = "alarms";
/// What one call names at most; the rest is counted.
const MOST: u32 = 40;
const LONGEST: usize = 200;
const FORGET_AT_ONCE: u32 = 10_000;
/// For how long a result counts as the one that was told of.
const SAID_MS: u64 = 90 * 24 * 60 * 60 * 1000;
const CALLED: Kind = Kind::named("critical.called");
const LATE: Kind = Kind::named("critical.late");
