//! `GET /v1/patients/{id}/chart/{kind}/{entry}`: one entry of a chart, to which somebody refers.

use axum::Json;
use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::http::request::Parts;
use serde::Deserialize;
use wardline_audit::event::Kind;
use wardline_fhir::Resource as Entry;
use wardline_fhir::chart::{Single, is_meant, single};
use wardline_fhir::document::Document;
use wardline_model::PatientId;
use wardline_model::wire::chart::{ChartEntry, ChartEntryState, ChartWithheld};
use wardline_model::wire::notes::NoteReadable;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::{Stored, Tx};

use crate::app::{App, Peer};
use crate::caller::Caller;
use crate::charts;
use crate::extract::{Id, Params};
use crate::problem::Refusal;
use crate::risk;
use crate::routes::notes;
use crate::views::{Closed, Look, Seen, Views};

/// How an entry is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shape {
    /// By itself.
    #[default]
    Value,
    /// With the values before.
    Trend,
}

/// How it is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// By itself when absent.
    #[serde(default)]
    #[param(inline)]
    view: Shape,
}

/// One entry of a record as it is now, as far as the person may see it: what is withheld says what opens it, and
/// what is not there any more says so. A note is shown as in the list of notes.
#[utoipa::path(
    get, path = "/v1/patients/{id}/chart/{kind}/{entry}", tag = "patients",
    params(("id" = PatientId, Path), ("kind" = String, Path), ("entry" = String, Path), Asked),
    responses(
        (status = 200, body = ChartEntry), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    peer: Peer,
    Id(id): Id<PatientId>,
    Which { kind, id: entry }: Which,
    Params(asked): Params<Asked>,
) -> Result<Json<ChartEntry>, Refusal> {
    let now_ms = caller.asker().now_ms;
    let mut facts = app.facts().await?;
    let id = charts::current(&mut facts, id).await?;
    let resource = super::resource(&app, &mut facts, caller.user(), &id, now_ms).await?;
    let permit = app
        .decide(caller.asker(), Action::ChartRead, resource.clone())
        .await?;
    let mut views = Views::new(&app, &caller);
    views.admit(resource.clone());
    let patient = facts.stored("Patient", id.as_str()).await?;
    let stored = facts.stored(kind, &entry).await?;
    let besides = besides(&mut facts, &id, kind, asked.view).await?;
    drop(facts);

    let mut answer = ChartEntry {
        read_at: now_ms,
        patient_id: id.clone(),
        patient_name: None,
        state: ChartEntryState::Gone,
        changed_at: None,
        series: Vec::new(),
        medication: None,
        report: None,
        note: None,
        item: None,
        withheld: None,
    };
    if let Some(patient) = patient
        && app.may(caller.asker(), Action::PatientRead, resource.clone())
    {
        answer.patient_name = charts::parse(&patient.body)?.display_name();
        views.hand_out_named("Patient", id.as_str(), Some(id.clone()));
    }
    let body = stored
        .as_ref()
        .map(|it| charts::parse(&it.body))
        .transpose()?;
    // Of another record it is not even said that it is there.
    let own = body.filter(|body| body.patient().as_ref() == Some(&id));
    match (stored, own) {
        (Some(stored), Some(body)) if kind == NOTE => {
            note(
                &app,
                &caller,
                &resource,
                &mut views,
                &mut answer,
                &stored,
                &body,
            );
        }
        (Some(stored), Some(_)) => match views.show(&stored)? {
            Ok(shown) if is_meant(&shown.entry) => {
                let besides = seen(&mut views, &besides)?;
                fill(&mut views, &mut answer, &shown.entry, &besides, &id);
                answer.changed_at = Some(stored.stored_at);
            }
            Ok(_) => {}
            Err(Seen::Not(closed)) => withhold(&mut answer, kind, closed),
            Err(_) => withhold(&mut answer, kind, Closed::default()),
        },
        _ => {}
    }
    let look = Look {
        interaction: if asked.view == Shape::Trend {
            "operation"
        } else {
            "read"
        },
        kind,
        by: &[],
        withheld: usize::from(answer.state == ChartEntryState::Withheld),
        action: Action::ChartRead,
        peer,
    };
    views.record(permit, READ, look).await?;
    risk::opened(&app, &caller, &id).await?;
    Ok(Json(answer))
}

/// What else of the record is needed to show it.
async fn besides(
    tx: &mut Tx,
    id: &PatientId,
    kind: &str,
    view: Shape,
) -> Result<Vec<Stored>, Refusal> {
    let besides = match (kind, view) {
        ("Observation", Shape::Trend) => "Observation",
        ("MedicationRequest", _) => "MedicationAdministration",
        _ => return Ok(Vec::new()),
    };
    Ok(tx.record_of(id, &[besides], MOST).await?)
}

/// What of it the person sees.
fn seen(views: &mut Views<'_>, all: &[Stored]) -> Result<Vec<Entry>, Refusal> {
    let mut seen = Vec::with_capacity(all.len());
    for stored in all {
        seen.extend(views.show(stored)?.ok().map(|shown| shown.entry));
    }
    Ok(seen)
}

fn fill(
    views: &mut Views<'_>,
    answer: &mut ChartEntry,
    entry: &Entry,
    besides: &[Entry],
    id: &PatientId,
) {
    let Single {
        series,
        medication,
        report,
        item,
    } = single(entry, besides);
    views.hand_out(entry);
    for point in series.iter().flat_map(|series| &series.points) {
        views.hand_out_named("Observation", &point.id, Some(id.clone()));
    }
    answer.state = ChartEntryState::Shown;
    answer.series = series;
    answer.medication = medication;
    answer.report = report;
    answer.item = item;
}

/// A note is decided by its own rules, and read where notes are read: what is shown here is that it is there.
fn note(
    app: &App,
    caller: &Caller,
    patient: &Resource,
    views: &mut Views<'_>,
    answer: &mut ChartEntry,
    stored: &Stored,
    body: &Entry,
) {
    let Some(document) = Document::of(body).filter(|_| is_meant(body)) else {
        return;
    };
    if !app.may(caller.asker(), Action::NoteList, patient.clone()) {
        return withhold(answer, NOTE, Closed::default());
    }
    let info = notes::info(app, caller, document, patient);
    if info.readable == NoteReadable::No {
        let closed = Closed {
            advice: info.why.into_iter().collect(),
            ..Closed::default()
        };
        return withhold(answer, NOTE, closed);
    }
    views.hand_out(body);
    answer.state = ChartEntryState::Shown;
    answer.changed_at = Some(stored.stored_at);
    answer.note = Some(info);
}

fn withhold(answer: &mut ChartEntry, kind: &str, closed: Closed) {
    answer.state = ChartEntryState::Withheld;
    answer.withheld = Some(ChartWithheld {
        kind: kind.to_owned(),
        count: 1,
        reason: closed.reason,
        why: (!closed.advice.is_empty()).then(|| closed.advice.join(" ")),
        methods: closed.methods,
        scopes: closed.scopes,
    });
}

/// The `{kind}` and the `{entry}` of the path: a type that a chart shows, and an id of FHIR's form.
pub(crate) struct Which {
    kind: &'static str,
    id: String,
}

impl FromRequestParts<App> for Which {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::InvalidParameter("entry"))?;
        let of = |wanted: &str| {
            let mut all = params.iter();
            all.find_map(|(name, text)| (name == wanted).then_some(text))
        };
        let kind = of("kind").and_then(|kind| KINDS.into_iter().find(|known| *known == kind));
        // FHIR's logical ids have the form of patients' (R4 §2.24.0.1).
        let id = of("entry").filter(|id| id.parse::<PatientId>().is_ok());
        Ok(Self {
            kind: kind.ok_or(Refusal::InvalidParameter("kind"))?,
            id: id.ok_or(Refusal::InvalidParameter("entry"))?.to_owned(),
        })
    }
}

/// Types of which somebody may refer to an entry.
const KINDS: [&str; 6] = [
    "Condition",
    "DiagnosticReport",
    NOTE,
    "MedicationRequest",
    "Observation",
    "Procedure",
];
const NOTE: &str = "DocumentReference";
/// Other entries of a record that are read, those stored last first.
const MOST: u32 = 4000;
const READ: Kind = Kind::named("record.read");
