//! Patients out of the sealed store: search terms in, banners out.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use wardline_fhir::document::{self, Document};
use wardline_fhir::index::{self, TokenKind};
use wardline_fhir::ties::{self, TieKind};
use wardline_fhir::{Resource, banner, search, view};
use wardline_model::wire::directory::PatientBanner;
use wardline_model::{PatientId, UserId};
use wardline_policy::Action;
use wardline_store::{
    Body, Bond, CopiesPut, FOREVER, NewClinician, NewResource, NewTie, StoreError, Term, Tx,
};

use crate::app::App;
use crate::explain;
use crate::gate::{Asker, patiently};
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::routes::patients;

/// A resource on its way into the store, with what it is to be found by.
pub(crate) struct Entry {
    kind: String,
    id: String,
    patient: Option<PatientId>,
    body: Vec<u8>,
    name: Option<String>,
    exact: Vec<(&'static str, String)>,
    within: Vec<(&'static str, String)>,
}

impl Entry {
    /// Reads what is needed of a checked resource.
    pub(crate) fn new(resource: &Resource) -> Self {
        let json: Value = resource.json();
        // In the whole hospital patients are looked for, by number and birthday, and what else has a
        // number; everything else is looked for within a record.
        let is_patient = resource.resource_type() == "Patient";
        // A record that became part of another is found by nothing; that one is.
        let is_found = replaced_by(resource).is_none();
        let exact = index::tokens(resource)
            .into_iter()
            .filter(|token| match token.kind {
                TokenKind::Identifier => is_found,
                TokenKind::BirthDate => is_patient && is_found,
                _ => false,
            })
            .map(|token| (token.kind.name(), token.value));
        let area = (is_found && is_patient).then(|| area(resource)).flatten();
        let exact: Vec<(&'static str, String)> = area
            .map(|area| (AREA, area))
            .into_iter()
            .chain(exact)
            .collect();
        let mut within = search::terms(resource);
        if !document::is_ordinary(&view::labels(resource)) {
            within.push((LABELLED, LABELLED.to_owned()));
        }
        let name = (is_found && is_patient)
            .then(|| resource.display_name().map(|name| index::fold(&name)))
            .flatten();
        Self {
            kind: resource.resource_type().to_owned(),
            id: resource.id().to_owned(),
            patient: resource.patient(),
            body: json.to_string().into_bytes(),
            name,
            exact,
            within,
        }
    }

    fn as_new(&self) -> NewResource<'_> {
        let exact = self
            .exact
            .iter()
            .map(|(field, value)| Term::Exact { field, value });
        NewResource {
            kind: &self.kind,
            id: &self.id,
            patient: self.patient.as_ref(),
            body: &self.body,
            terms: self
                .name
                .iter()
                .map(|name| Term::Name(name))
                .chain(exact)
                .collect(),
            within: self
                .within
                .iter()
                .map(|(field, value)| (*field, value.as_str()))
                .collect(),
        }
    }
}

/// Writes resources with their search terms.
pub(crate) async fn put(
    tx: &mut Tx,
    resources: &[Resource],
    now_ms: u64,
) -> Result<(), StoreError> {
    let entries: Vec<Entry> = resources.iter().map(Entry::new).collect();
    let new: Vec<NewResource<'_>> = entries.iter().map(Entry::as_new).collect();
    tx.put_resources(&new, now_ms).await?;
    for resource in resources {
        put_ties(tx, resource).await?;
    }
    Ok(())
}

/// Writes what an entry says of who has to do with the patient, and of how records name people here.
async fn put_ties(tx: &mut Tx, resource: &Resource) -> Result<(), StoreError> {
    put_some_ties(tx, resource, |_| true).await
}

async fn put_some_ties(
    tx: &mut Tx,
    resource: &Resource,
    means: fn(&str) -> bool,
) -> Result<(), StoreError> {
    let (kind, id) = (resource.resource_type(), resource.id());
    if kind == "Practitioner" {
        let (account, names) = ties::account(resource).unwrap_or_default();
        let (account, names) = (account.as_str(), names.as_slice());
        return tx.put_clinician(&NewClinician { id, account, names }).await;
    }
    let (true, Some(patient)) = (ties::SOURCES.contains(&kind), resource.patient()) else {
        return Ok(());
    };
    let ties = ties::of(resource);
    let ties: Vec<NewTie<'_>> = ties
        .iter()
        .filter(|tie| means(&tie.name))
        .map(|tie| NewTie {
            bond: match tie.kind {
                TieKind::Consult => Bond::Consult,
                TieKind::Order => Bond::Order,
                TieKind::Encounter => Bond::Encounter,
                TieKind::Ward => Bond::Ward,
            },
            name: &tie.name,
            from_ms: tie.from_ms,
            until_ms: tie.until_ms.unwrap_or(FOREVER),
        })
        .collect();
    tx.put_ties(kind, id, &patient, &ties).await
}

/// Writes copies of another record system's resources; what the hospital has by itself stays.
pub(crate) async fn put_copies(
    tx: &mut Tx,
    resources: &[Resource],
    now_ms: u64,
) -> Result<CopiesPut, StoreError> {
    let entries: Vec<Entry> = resources.iter().map(Entry::new).collect();
    let mut all = CopiesPut::default();
    for (entry, resource) in entries.iter().zip(resources) {
        let put = tx.put_copies(&[entry.as_new()], now_ms).await?;
        // Another system's directory numbers its people as it likes: its names for them mean nobody here.
        if put.kept > 0 && resource.resource_type() != "Practitioner" {
            put_some_ties(tx, resource, |name| !name.starts_with("Practitioner/")).await?;
        }
        all.kept += put.kept;
        all.own += put.own;
    }
    Ok(all)
}

/// Brings the index of what an earlier release stored up to this one's, some resources at a time.
pub(crate) async fn index(app: App, mut stop: watch::Receiver<bool>) {
    loop {
        let done = index_some(&app).await;
        let wait = match done {
            Ok(0) => return,
            Ok(_) => Duration::from_millis(5),
            Err(error) => {
                tracing::warn!(%error, "records are not indexed; trying again");
                Duration::from_secs(10)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stopped(&mut stop) => return,
        }
    }
}

async fn index_some(app: &App) -> Result<usize, Refusal> {
    patiently!(app, |tx| {
        let bodies = tx.resources_to_index(AT_ONCE).await?;
        for (_, body) in &bodies {
            let resource = parse(body)?;
            // What was stored meanwhile has its own ties.
            if tx
                .index_resources(&[Entry::new(&resource).as_new()])
                .await?
                == 1
            {
                put_ties(tx, &resource).await?;
            }
        }
        Ok(bodies.len())
    })
}

/// Patients whose name begins with each typed word, or whose identifier was typed: those of whom the person is
/// on the care team first, then those whose record something else opens to them at once, such as the ward of
/// their shift, then by name. Nothing typed gives the first two alone.
pub(crate) async fn search(
    app: &App,
    asker: &Asker,
    tx: &mut Tx,
    user: UserId,
    typed: &str,
    limit: u32,
) -> Result<Vec<PatientBanner>, Refusal> {
    let now_ms = asker.now_ms;
    let own = tx.patients_of(user).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let ties = explain::patients(app, tx, user, false, now_ms).await?;
    if typed.trim().is_empty() {
        let mut banners = Vec::with_capacity(own.len());
        for id in &own {
            banners.extend(patient(tx, id, now_ms).await?);
        }
        banners.sort_by(|a, b| a.name.cmp(&b.name));
        banners.truncate(most);
        let mut more = Vec::new();
        for id in ties.iter().filter(|id| !own.contains(id)) {
            if banners.len() + more.len() >= most {
                break;
            }
            let resource = patients::resource(app, tx, user, id, now_ms).await?;
            if app.may(asker, Action::PatientRead, resource) {
                more.extend(patient(tx, id, now_ms).await?);
            }
        }
        more.sort_by(|a, b| a.name.cmp(&b.name));
        banners.extend(more);
        return Ok(banners);
    }
    let mut found = tx
        .search_by_name("Patient", &index::fold(typed), limit)
        .await?;
    if let Some(token) = index::identifier_query(typed) {
        found.extend(
            tx.search_exact("Patient", token.kind.name(), &token.value, limit)
                .await?,
        );
    }
    let mut banners: Vec<PatientBanner> = Vec::with_capacity(found.len());
    for body in &found {
        let patient = parse(body)?;
        if !banners
            .iter()
            .any(|known| known.id.as_str() == patient.id())
        {
            banners.push(banner_of(tx, &patient, now_ms).await?);
        }
    }
    banners.sort_by_cached_key(|banner| {
        let (is_own, is_tied) = (own.contains(&banner.id), ties.contains(&banner.id));
        (!is_own, !is_tied, banner.name.clone())
    });
    banners.truncate(most);
    Ok(banners)
}

/// The banner of a patient; `None` when there is no such patient.
pub(crate) async fn patient(
    tx: &mut Tx,
    id: &PatientId,
    now_ms: u64,
) -> Result<Option<PatientBanner>, Refusal> {
    let Some(body) = tx.resource("Patient", id.as_str()).await? else {
        return Ok(None);
    };
    let patient = parse(&body)?;
    match surviving(tx, patient).await? {
        Some(patient) => Ok(Some(banner_of(tx, &patient, now_ms).await?)),
        None => Ok(None),
    }
}

/// The record that a patient's became part of, or the record itself; `None` where that one is gone.
pub(crate) async fn surviving(
    tx: &mut Tx,
    mut patient: Resource,
) -> Result<Option<Resource>, Refusal> {
    // Merged records of merged records; one that leads back to itself ends somewhere, too.
    for _ in 0..MAX_MERGES {
        let Some(next) = replaced_by(&patient) else {
            return Ok(Some(patient));
        };
        let Some(body) = tx.resource("Patient", &next).await? else {
            return Ok(None);
        };
        patient = parse(&body)?;
    }
    Ok(None)
}

/// Whose record an id leads to: that of a merged one is the one it became part of. It is to be found before it
/// is decided who may look: the care team and the labels are that one's.
pub(crate) async fn current(tx: &mut Tx, id: PatientId) -> Result<PatientId, Refusal> {
    let Some(body) = tx.resource("Patient", id.as_str()).await? else {
        return Ok(id);
    };
    match surviving(tx, parse(&body)?).await? {
        Some(record) => record.id().parse().map_err(Refusal::internal),
        None => Ok(id),
    }
}

/// The area of a patient's address: its postal code.
pub(crate) fn area(patient: &Resource) -> Option<String> {
    let addresses = patient.get("address")?.as_array()?;
    let codes = addresses.iter().filter_map(|it| it["postalCode"].as_str());
    let mut codes = codes.map(str::trim).filter(|code| !code.is_empty());
    codes.next().map(index::fold)
}

/// The id of the patient that a record became part of (R4 `Patient.link`).
fn replaced_by(patient: &Resource) -> Option<String> {
    if patient.resource_type() != "Patient" {
        return None;
    }
    let links = patient.get("link")?.as_array()?;
    let link = links
        .iter()
        .find(|link| link["type"].as_str() == Some("replaced-by"))?;
    let reference = link["other"]["reference"].as_str()?;
    reference.strip_prefix("Patient/").map(str::to_owned)
}

/// Who a patient is, without what is in the record: for those who review who looked at it.
pub(crate) async fn named(
    tx: &mut Tx,
    id: &PatientId,
    now_ms: u64,
) -> Result<Option<PatientBanner>, Refusal> {
    let body = tx.resource("Patient", id.as_str()).await?;
    body.map(|body| banner(&parse(&body)?, &[], None, &[], now_ms).map_err(Refusal::internal))
        .transpose()
}

/// The security labels of a patient's record.
pub(crate) async fn labels(
    tx: &mut Tx,
    id: &PatientId,
) -> Result<std::collections::BTreeSet<String>, Refusal> {
    let Some(body) = tx.resource("Patient", id.as_str()).await? else {
        return Ok(std::collections::BTreeSet::new());
    };
    Ok(document::labels(&parse(&body)?))
}

/// All notes of a patient, the newest first, and last those of which nobody knows when they were
/// written. When that was stands sealed in each, so all are opened, some at a time.
pub(crate) async fn documents(tx: &mut Tx, id: &PatientId) -> Result<Vec<Document>, Refusal> {
    let mut documents = Vec::new();
    let mut place = None;
    loop {
        let (bodies, next) = tx
            .resources_after(id, "DocumentReference", place, AT_ONCE)
            .await?;
        for body in &bodies {
            documents.extend(Document::of(&parse(body)?));
        }
        if next.is_none() {
            break;
        }
        place = next;
    }
    documents.sort_by(|a, b| b.at_ms.cmp(&a.at_ms).then_with(|| a.id.cmp(&b.id)));
    Ok(documents)
}

/// A note by its id, whoever it is about.
pub(crate) async fn document(tx: &mut Tx, id: &str) -> Result<Option<Resource>, Refusal> {
    let body = tx.resource("DocumentReference", id).await?;
    body.as_ref().map(parse).transpose()
}

async fn banner_of(tx: &mut Tx, patient: &Resource, now_ms: u64) -> Result<PatientBanner, Refusal> {
    let id: PatientId = patient.id().parse().map_err(Refusal::internal)?;
    let allergies = several(tx, &id, "AllergyIntolerance").await?;
    let encounters = several(tx, &id, "Encounter").await?;
    let conditions = several(tx, &id, "Condition").await?;
    // The stay that goes on now says where the patient is.
    let stay = encounters
        .iter()
        .find(|encounter| encounter.status() == Some("in-progress"));
    banner(patient, &allergies, stay, &conditions, now_ms).map_err(Refusal::internal)
}

async fn several(tx: &mut Tx, id: &PatientId, kind: &str) -> Result<Vec<Resource>, Refusal> {
    tx.resources_of(id, kind, MAX_OF_A_KIND)
        .await?
        .iter()
        .map(parse)
        .collect()
}

pub(crate) fn parse(body: &Body) -> Result<Resource, Refusal> {
    Resource::from_slice(body.expose()).map_err(Refusal::internal)
}

/// The field of patients by which those of an area are counted.
pub(crate) const AREA: &str = "area";
/// The field, and the value, by which what is sensitive is counted within a record.
pub(crate) const LABELLED: &str = "labelled";
const MAX_OF_A_KIND: u32 = 200;
/// Merges that are followed from one record to the next.
const MAX_MERGES: usize = 16;
/// Notes that are opened at once.
const AT_ONCE: u32 = 100;
