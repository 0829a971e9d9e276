//! `GET /v1/patients/{id}/notes?after=`: which notes a chart has.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::PatientId;
use wardline_model::wire::notes::{NoteInfo, NoteList};
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::charts;
use crate::extract::{Id, Params};
use crate::problem::Refusal;
use crate::risk;
use crate::routes::patients;

/// Which part of the list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// The `next` of the part before; without it, the newest.
    after: Option<String>,
}

/// The patient's notes, the newest first, 50 at a time. Of a sensitive one it says that it is there,
/// what kind it is and what opens it.
#[utoipa::path(
    get, path = "/v1/patients/{id}/notes", tag = "patients",
    params(("id" = PatientId, Path), Part),
    responses(
        (status = 200, body = NoteList), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PatientId>,
    Params(part): Params<Part>,
) -> Result<Json<NoteList>, Refusal> {
    let mut facts = app.facts().await?;
    let patient =
        patients::resource(&app, &mut facts, caller.user(), &id, caller.asker().now_ms).await?;
    let permit = app
        .decide(caller.asker(), Action::NoteList, patient.clone())
        .await?;
    let documents = charts::documents(&mut facts, &id).await?;
    drop(facts);
    patients::record(permit, Action::NoteList, &patient).await?;
    risk::opened(&app, &caller, &id).await?;
    let seen = match part.after {
        Some(after) => documents
            .iter()
            .position(|document| document.id == after)
            .map(|last| last + 1)
            .ok_or(Refusal::InvalidParameter("after"))?,
        None => 0,
    };
    let are_older = documents.len() > seen + AT_ONCE;
    let notes: Vec<NoteInfo> = documents
        .into_iter()
        .skip(seen)
        .take(AT_ONCE)
        .map(|document| super::info(&app, &caller, document, &patient))
        .collect();
    let last = notes.last().filter(|_| are_older);
    Ok(Json(NoteList {
        next: last.map(|note| note.id.clone()),
        notes,
    }))
}

const AT_ONCE: usize = 50;
