//! Copies a patient's record out of the record system into the built-in store: all of it, or what has
//! changed since the last time.
//!
//! Everything is read before anything is written, so a record system that fails half way leaves the copy as
//! it was. What it no longer has goes when all of it was read. Entries that are about somebody else, or are
//! not what FHIR says, are left out and counted; the event has the numbers.

use futures::future::try_join_all;
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_fhir::foreign::{self, Medications, NotTaken, Query, Whose};
use wardline_fhir::{Resource, view};
use wardline_model::PatientId;
use wardline_store::{CopyDone, EhrCopy, StoreError};

use super::client::{Client, EhrError, Searched};
use crate::app::App;
use crate::charts;
use crate::gate::patiently;
use crate::problem::Refusal;
use crate::rim::random;

/// What became of copying a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landed {
    /// The copy is complete.
    Complete,
    /// The record system does not know the patient.
    Unknown,
    /// It has merged the patient's record into another.
    Merged,
    /// It was not read.
    Failed,
}

/// Why a record was not copied.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
    /// The record system.
    #[error(transparent)]
    Ehr(#[from] EhrError),
    /// This server.
    #[error(transparent)]
    Own(#[from] Refusal),
}

impl From<StoreError> for CopyError {
    fn from(error: StoreError) -> Self {
        Self::Own(error.into())
    }
}

/// Copies a record.
pub(super) async fn copy(
    app: &App,
    client: &Client,
    here: &PatientId,
) -> Result<Landed, CopyError> {
    let as_of_ms = app.clock.now_ms();
    let mut facts = app.facts().await?;
    let known = facts.ehr_copy(here).await?;
    let local = facts.resource("Patient", here.as_str()).await?;
    let is_own = local.is_some() && !facts.is_copy("Patient", here.as_str()).await?;
    drop(facts);
    let there = match &known {
        Some(copy) => copy.there.clone(),
        None => match &local {
            Some(local) => match identify(app, client, &charts::parse(local)?).await? {
                Some(there) => there,
                None => return Ok(Landed::Unknown),
            },
            None => return Ok(Landed::Unknown),
        },
    };
    let patient = match client.read("Patient", there.as_str()).await {
        Err(EhrError::NotFound) => {
            forget(app, here, "unknown", as_of_ms).await?;
            return Ok(Landed::Unknown);
        }
        other => other?,
    };
    if patient["id"] != there.as_str() {
        return Err(EhrError::OtherRecord.into());
    }
    if foreign::is_merged(&patient) {
        forget(app, here, "merged", as_of_ms).await?;
        return Ok(Landed::Merged);
    }
    // Numbers are corrected: whom they were matched with once may be somebody else.
    if let Some(local) = local.as_ref().filter(|_| is_own) {
        let local = charts::parse(local)?;
        let system = &app.config.ehr.number_system;
        let found = Resource::new(patient.clone()).map_err(|_| EhrError::OtherRecord)?;
        if foreign::number(&local, system)
            .is_some_and(|number| !foreign::is_same(&local, &found, system, number))
        {
            forget(app, here, "other", as_of_ms).await?;
            return Ok(Landed::Unknown);
        }
    }
    let since = known.as_ref().and_then(|copy| since(app, copy, as_of_ms));
    let (found, is_whole) = match read(app, client, &there, since).await {
        // Not every server can be asked for what has changed.
        Err(EhrError::Refused(_) | EhrError::NotFound) if since.is_some() => {
            (read(app, client, &there, None).await?, true)
        }
        other => (other?, since.is_none()),
    };
    let labels = foreign::labels(&patient);
    let whose = Whose {
        base: client.base(),
        there: &there,
        here,
        labels: &labels,
    };
    let mut record = Record::default();
    let who = foreign::take(patient, "Patient", whose).map_err(|_| EhrError::OtherRecord)?;
    record.taken.push(who);
    for (kind, found) in found {
        record.is_cut |= found.is_cut;
        let mut medications = Medications::default();
        medications.add(found.included);
        for mut entry in found.entries {
            medications.name(&mut entry, client.base());
            match foreign::take(entry, &kind, whose) {
                Ok(resource) => record.taken.push(resource),
                Err(NotTaken::OtherPatient) => record.of_others += 1,
                Err(NotTaken::OtherType) => record.of_other_types += 1,
                Err(NotTaken::Flawed(fault)) => {
                    // Places, and no values.
                    tracing::warn!(%fault, "an entry of the record system is not what FHIR says");
                    record.flawed += 1;
                }
            }
        }
    }
    if record.of_others > 0 {
        tracing::error!(
            count = record.of_others,
            "the record system gives entries of other patients than was asked for; they are left out"
        );
    }
    keep(app, here, &there, &record, is_whole, as_of_ms).await
}

/// What was read of a record.
#[derive(Default)]
struct Record {
    taken: Vec<Resource>,
    of_others: u64,
    of_other_types: u64,
    flawed: u64,
    is_cut: bool,
}

/// Under which id the record system has a patient of this hospital: the one Patient there with the same
/// record number and no other day of birth.
async fn identify(
    app: &App,
    client: &Client,
    local: &Resource,
) -> Result<Option<PatientId>, EhrError> {
    let system = &app.config.ehr.number_system;
    let Some(number) = foreign::number(local, system) else {
        return Ok(None);
    };
    let value = if system.is_empty() {
        number.to_owned()
    } else {
        format!("{system}|{number}")
    };
    let with = [("identifier", value), ("_count", "10".to_owned())];
    let found = client.search_by_post("Patient", &with).await?;
    let mut same = found
        .into_iter()
        .filter(|patient| !foreign::is_merged(patient))
        .filter_map(|patient| foreign::take_patient(patient, client.base()).ok())
        .filter(|patient| foreign::is_same(local, patient, system, number))
        .filter_map(|patient| patient.patient());
    // Of two nobody knows which.
    let first = same.next();
    Ok(first.filter(|first| same.all(|other| other == *first)))
}

/// Since when changes are enough; `None` where all of it is to be read.
fn since(app: &App, copy: &EhrCopy, now_ms: u64) -> Option<u64> {
    let whole_ms = app.config.ehr.whole_minutes * 60_000;
    let is_recent = copy
        .whole_at
        .is_some_and(|at| now_ms.saturating_sub(at) < whole_ms);
    // Clocks differ, and what is written takes a while to be found.
    let at = copy.complete_at.filter(|_| is_recent)?;
    Some(at.saturating_sub(OVERLAP_MS))
}

/// Searches for all of a record, by the types that were found.
async fn read(
    app: &App,
    client: &Client,
    there: &PatientId,
    since: Option<u64>,
) -> Result<Vec<(String, Searched)>, EhrError> {
    let most = app.config.ehr.max_entries;
    let searches = app
        .config
        .ehr
        .queries()
        .into_iter()
        .map(|query| async move {
            let Query { kind, mut with } = query;
            with.push(("patient".to_owned(), there.as_str().to_owned()));
            with.push(("_count".to_owned(), PAGE.to_owned()));
            if let Some(since) = since {
                let at = view::instant(since);
                with.push(("_lastUpdated".to_owned(), format!("ge{at}")));
            }
            if NAMED_ELSEWHERE.contains(&kind.as_str()) {
                let mut beside = with.clone();
                beside.push(("_include".to_owned(), format!("{kind}:medication")));
                match client.search(&kind, &beside, most).await {
                    // Not every server can be asked for what is referred to.
                    Err(EhrError::Refused(_) | EhrError::Forbidden) => {}
                    other => return Ok((kind, other?)),
                }
            }
            let found = client.search(&kind, &with, most).await?;
            Ok((kind, found))
        });
    try_join_all(searches).await
}

/// Writes what was read, some at a time: others who write wait for it. The copy is as old as it was until
/// the last of it is there.
async fn keep(
    app: &App,
    here: &PatientId,
    there: &PatientId,
    record: &Record,
    is_whole: bool,
    as_of_ms: u64,
) -> Result<Landed, CopyError> {
    let now_ms = app.clock.now_ms();
    let is_noted = patiently!(app, |tx| {
        Ok(tx.note_ehr_patient(here, there, now_ms).await?)
    })?;
    if !is_noted {
        return Ok(Landed::Unknown);
    }
    let mut own = 0;
    for some in record.taken.chunks(AT_ONCE) {
        let put = patiently!(app, |tx| {
            Ok(charts::put_copies(tx, some, now_ms).await?)
        })?;
        own += put.own;
    }
    let keep: Vec<(&str, &str)> = record
        .taken
        .iter()
        .map(|resource| (resource.resource_type(), resource.id()))
        .collect();
    let done = CopyDone {
        as_of_ms,
        is_whole,
        left_out: record.of_others + record.of_other_types + record.flawed,
        is_cut: record.is_cut,
    };
    patiently!(app, |tx| {
        // Of what was not read to its end nobody knows what is gone.
        let gone = if is_whole && !record.is_cut {
            tx.drop_copies(here, &keep).await?
        } else {
            0
        };
        tx.ehr_complete(here, done).await?;
        let mut event = app.gate.house_event(COPIED, "ehr.copy", now_ms);
        let detail = &mut event.detail;
        detail.insert("patient".to_owned(), here.to_string().into());
        detail.insert("entries".to_owned(), record.taken.len().into());
        detail.insert("whole".to_owned(), is_whole.into());
        for (name, count) in [
            ("gone", gone),
            ("own", own),
            ("of_others", record.of_others),
            ("of_other_types", record.of_other_types),
            ("flawed", record.flawed),
        ] {
            if count > 0 {
                detail.insert(name.to_owned(), count.into());
            }
        }
        tx.audit(&event, Salt(random())).await?;
        Ok(())
    })?;
    app.bus.publish(Hint::Audit);
    Ok(Landed::Complete)
}

/// Takes away what was copied of a patient whom the record system does not know any more.
async fn forget(app: &App, here: &PatientId, why: &str, now_ms: u64) -> Result<(), Refusal> {
    let is_known = app.look().await?.ehr_copy(here).await?.is_some();
    if !is_known {
        return Ok(());
    }
    patiently!(app, |tx| {
        let gone = tx.forget_ehr_patient(here).await?;
        let mut event = app.gate.house_event(FORGOTTEN, "ehr.copy", now_ms);
        event.reasons = vec![why.to_owned()];
        let detail = &mut event.detail;
        detail.insert("patient".to_owned(), here.to_string().into());
        detail.insert("gone".to_owned(), gone.into());
        tx.audit(&event, Salt(random())).await?;
        Ok(())
    })?;
    app.bus.publish(Hint::Audit);
    Ok(())
}

pub(super) const FORGOTTEN: Kind = Kind::named("ehr.forgotten");
const COPIED: Kind = Kind::named("ehr.copied");
/// Entries of a page; a server may give fewer.
const PAGE: &str = "200";
const OVERLAP_MS: u64 = 5 * 60 * 1000;
const AT_ONCE: usize = 100;
/// Types whose entries may refer to what they are of.
const NAMED_ELSEWHERE: [&str; 2] = ["MedicationAdministration", "MedicationRequest"];
