//! `GET /v1/patients/{id}/chart`: the chart for one screen, in one answer.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_fhir::chart::{KINDS, chart};
use wardline_fhir::{Resource as Entry, view};
use wardline_model::PatientId;
use wardline_model::wire::chart::{ChartWithheld, PatientChart};
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::{App, Peer};
use crate::caller::Caller;
use crate::charts;
use crate::ehr;
use crate::explain;
use crate::extract::Id;
use crate::problem::Refusal;
use crate::risk;
use crate::shape;
use crate::views::{Closed, Look, Seen, Views};

/// What the person may see of a patient's record: who it is, precautions, problems, results with their
/// earlier values, vital signs, medications, reports, stays. What they do not see is counted by type,
/// with what opens it.
#[utoipa::path(
    get, path = "/v1/patients/{id}/chart", tag = "patients", params(("id" = PatientId, Path)),
    responses(
        (status = 200, body = PatientChart), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 503, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    peer: Peer,
    Id(id): Id<PatientId>,
) -> Result<Json<PatientChart>, Refusal> {
    let now_ms = caller.asker().now_ms;
    let mut facts = app.facts().await?;
    let id = charts::current(&mut facts, id).await?;
    let mut known = explain::gather(&app, &mut facts, caller.user(), &id, now_ms).await?;
    let mut resource = super::explained(&mut facts, caller.user(), &id, known, now_ms).await?;
    let mut permit = app
        .decide(caller.asker(), Action::ChartRead, resource.clone())
        .await?;
    let mut source = None;
    if app.ehr.is_on() {
        // The record system is asked for nobody's sake but of who may see it, and nothing is kept waiting
        // by it.
        drop(facts);
        source = match ehr::fresh(&app, &id).await {
            Ok(source) => source,
            Err(refusal) => {
                permit.record().await?;
                return Err(refusal);
            }
        };
        facts = app.facts().await?;
        // What came may say that the record is more sensitive than was known.
        // And it may say who has to do with the patient.
        known = explain::gather(&app, &mut facts, caller.user(), &id, now_ms).await?;
        let now = super::explained(&mut facts, caller.user(), &id, known, now_ms).await?;
        if now != resource {
            resource = now;
            permit = app
                .decide(caller.asker(), Action::ChartRead, resource.clone())
                .await?;
        }
    }
    let mut views = Views::new(&app, &caller);
    views.admit(resource.clone());
    let record = facts.record_of(&id, &KINDS, MOST).await?;
    let team = facts.care_team(&id).await?;
    let team = facts.people(&team).await?;
    drop(facts);

    let cut = record.len() >= usize::try_from(MOST).unwrap_or(usize::MAX);
    let mut entries: Vec<Entry> = Vec::with_capacity(record.len());
    let mut patient = None;
    let mut in_part = false;
    let mut withheld: BTreeMap<(String, Closed), usize> = BTreeMap::new();
    for stored in &record {
        match views.show(stored)? {
            Ok(shown) => {
                in_part |= shown.in_part;
                if shown.entry.resource_type() == "Patient" {
                    patient = Some(shown.entry);
                } else {
                    entries.push(shown.entry);
                }
            }
            Err(Seen::Not(closed)) => {
                let entry = charts::parse(&stored.body)?;
                if entry.resource_type() == "Patient" {
                    // Whoever may see whose conversation it is sees who that is.
                    let may = app.may(caller.asker(), Action::PatientRead, resource.clone());
                    let who = view::glance(&entry, stored.version, stored.stored_at);
                    let who = who.filter(|_| may).map(Entry::new).transpose();
                    patient = who.map_err(Refusal::internal)?;
                }
                let kind = entry.resource_type().to_owned();
                *withheld.entry((kind, closed)).or_default() += 1;
            }
            Err(_) => {}
        }
    }
    let Some(patient) = patient else {
        permit.record().await?;
        return Err(Refusal::NotFound);
    };
    let mut answer = chart(&patient, &entries, now_ms).map_err(Refusal::internal)?;
    let active = team.into_iter().filter(|person| person.active);
    answer.care_team = active.map(shape::brief).collect();
    answer.because = known.told();
    answer.in_part = in_part;
    answer.cut = cut || source.as_ref().is_some_and(|source| source.cut);
    answer.source = source;
    let besides: usize = withheld.values().sum();
    answer.withheld = withheld
        .into_iter()
        .map(|((kind, closed), count)| ChartWithheld {
            kind,
            count,
            reason: closed.reason,
            why: (!closed.advice.is_empty()).then(|| closed.advice.join(" ")),
            methods: closed.methods,
            scopes: closed.scopes,
        })
        .collect();
    views.hand_out(&patient);
    for (kind, shown) in shown(&answer) {
        views.hand_out_named(kind, shown, Some(id.clone()));
    }
    // Of these all that stand are in the banner.
    for entry in &entries {
        let in_banner = entry.resource_type() == "AllergyIntolerance" && entry.is_active();
        if in_banner || wardline_fhir::banner::is_code_status(entry) {
            views.hand_out(entry);
        }
    }
    let look = Look {
        interaction: "operation",
        kind: "Patient",
        by: &[],
        withheld: besides,
        action: Action::ChartRead,
        peer,
    };
    views.record(permit, OPENED, look).await?;
    risk::opened(&app, &caller, &id).await?;
    Ok(Json(answer))
}

/// The entries that a chart shows, by type and id.
fn shown(chart: &PatientChart) -> Vec<(&'static str, &str)> {
    let mut all: Vec<(&'static str, &str)> = Vec::new();
    all.extend(chart.precautions.iter().map(|it| ("Flag", it.id.as_str())));
    all.extend(
        chart
            .problems
            .iter()
            .map(|it| ("Condition", it.id.as_str())),
    );
    let series = chart.labs.iter().chain(&chart.vitals);
    let points = series.flat_map(|series| &series.points);
    all.extend(points.map(|it| ("Observation", it.id.as_str())));
    let orders = chart.medications.iter();
    all.extend(orders.map(|it| ("MedicationRequest", it.id.as_str())));
    all.extend(
        chart
            .reports
            .iter()
            .map(|it| ("DiagnosticReport", it.id.as_str())),
    );
    all.extend(
        chart
            .procedures
            .iter()
            .map(|it| ("Procedure", it.id.as_str())),
    );
    all.extend(chart.plans.iter().map(|it| ("CarePlan", it.id.as_str())));
    all.extend(
        chart
            .encounters
            .iter()
            .map(|it| ("Encounter", it.id.as_str())),
    );
    all
}

/// Entries of a record that are read, those stored last first.
const MOST: u32 = 4000;
const OPENED: Kind = Kind::named("chart.opened");
