//! What a message does to the record.
//!
//! Everything is read and made first, as a list of resources; only a list that is whole is written. So a
//! message that cannot be applied changes nothing.
//!
//! Messages come late and out of order. What is news of the same thing (a person, a stay, a result, an
//! order) has a time, and what is older than the newest that was applied changes nothing any more.

pub(super) mod critical;
mod merge;
mod patients;
mod resources;
mod results;
mod stays;

use wardline_fhir::Resource;
use wardline_hl7::event::{Event, Patient};
use wardline_hl7::time::Stamp;
use wardline_model::PatientId;
use wardline_store::{Tx, WaitingMessage};

use crate::app::App;
use crate::charts;
use crate::problem::Refusal;

/// What was done.
#[derive(Debug)]
pub(super) struct Applied {
    /// Whose records were touched, for the log.
    pub(super) patients: Vec<PatientId>,
    /// Newer news was applied before, so some or all of it changed nothing.
    pub(super) is_old: bool,
    /// How many calls wait for a bot by it.
    pub(super) calls: u64,
}

/// Why a message cannot be applied, in a sentence that holds nothing of it.
#[derive(Debug)]
pub(super) struct Unfit {
    pub(super) why: String,
    pub(super) place: Option<String>,
}

impl Unfit {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            place: None,
        }
    }

    fn at(place: &str, why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            place: Some(place.to_owned()),
        }
    }
}

/// What is to be written.
#[derive(Default)]
struct Plan {
    resources: Vec<Resource>,
    news: Vec<(String, u64)>,
    patients: Vec<PatientId>,
    is_old: bool,
    /// Results that are news, for those who are told of critical ones.
    results: Vec<FreshResult>,
}

/// A result that is news.
struct FreshResult {
    /// The observation's id in the record, and its report's.
    id: String,
    report_id: String,
    /// Where it stands in the message.
    report: usize,
    observation: usize,
    /// Nothing was known of it before.
    is_first: bool,
}

/// How news stands to what was applied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum News {
    First,
    Again,
    Old,
}

impl Plan {
    /// Whether news of something is at least as new as what was applied; notes it, if so.
    async fn is_news(&mut self, tx: &mut Tx, subject: String, at: u64) -> Result<bool, Refusal> {
        Ok(self.news(tx, subject, at).await? != News::Old)
    }

    async fn news(&mut self, tx: &mut Tx, subject: String, at: u64) -> Result<News, Refusal> {
        let newest = tx.newest_news(&subject).await?;
        if newest.is_some_and(|newest| newest > at) {
            self.is_old = true;
            return Ok(News::Old);
        }
        self.news.push((subject, at));
        Ok(newest.map_or(News::First, |_| News::Again))
    }
}

/// Ids of what feeds bring: keyed, so that no number of a hospital stands in one.
struct Ids<'a>(&'a App);

impl Ids<'_> {
    fn of(&self, kind: &str, parts: &[&str]) -> String {
        let text = parts.join("\0");
        hex::encode(
            &self
                .0
                .keys
                .index
                .hash(&format!("hl7 {kind}"), text.as_bytes())[..16],
        )
    }
}

/// Applies an event, or says why that cannot be.
pub(super) async fn apply(
    app: &App,
    tx: &mut Tx,
    event: &Event,
    waiting: &WaitingMessage,
    now_ms: u64,
) -> Result<Result<Applied, Unfit>, Refusal> {
    let mut plan = Plan::default();
    let at = |stamp: Option<Stamp>| stamp.map_or(waiting.received_at, |stamp| stamp.unix_ms());
    let made = match event {
        Event::Admission(admission) => {
            stays::plan(app, tx, admission, at(admission.at), &mut plan).await?
        }
        Event::Merge(merge) => return merge::apply(app, tx, merge, at(merge.at), now_ms).await,
        Event::Results(results) => {
            results::plan(app, tx, results, at(results.at), &mut plan).await?
        }
        Event::Orders(orders) => {
            results::plan_orders(app, tx, orders, at(orders.at), &mut plan).await?
        }
        // An alarm is for those who answer it; nothing of it is kept in the record.
        Event::Alarm(alarm) => {
            if let Some(patient) = &alarm.patient {
                match known(app, tx, patient).await? {
                    Ok((id, _)) => plan.patients.push(id),
                    Err(unfit) => return Ok(Err(unfit)),
                }
            }
            Ok(())
        }
    };
    if let Err(unfit) = made {
        return Ok(Err(unfit));
    }
    charts::put(tx, &plan.resources, now_ms).await?;
    for (subject, at) in &plan.news {
        tx.note_news(subject, *at).await?;
    }
    let calls = critical::tell(app, tx, event, &plan, now_ms).await?;
    Ok(Ok(Applied {
        patients: plan.patients,
        is_old: plan.is_old,
        calls,
    }))
}

/// The record that a message is about, which has to be there, and has to be the same person's.
async fn known(
    app: &App,
    tx: &mut Tx,
    patient: &Patient,
) -> Result<Result<(PatientId, Resource), Unfit>, Refusal> {
    let found = match patients::find(app, tx, &patient.identifiers).await? {
        Ok(Some(found)) => found,
        Ok(None) => {
            let why = "no record has this number; replay it once the patient is admitted";
            return Ok(Err(Unfit::at("PID-3", why)));
        }
        Err(unfit) => return Ok(Err(unfit)),
    };
    let said = patient.birth_date.value();
    let recorded = found.1.text("birthDate");
    if let (Some(said), Some(recorded)) = (said, recorded)
        && !(said.starts_with(recorded) || recorded.starts_with(said.as_str()))
    {
        let why = "the date of birth is not the one of the record with this number";
        return Ok(Err(Unfit::at("PID-7", why)));
    }
    Ok(Ok(found))
}
