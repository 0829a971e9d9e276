//! `GET /v1/patients/{id}/notes`: which notes a chart has.

use axum::Json;
use axum::extract::State;
use wardline_model::PatientId;
use wardline_model::wire::notes::NoteList;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::charts;
use crate::extract::Id;
use crate::problem::Refusal;
use crate::risk;
use crate::routes::patients;

/// The patient's notes, the newest first. Of a sensitive one it says that it is there, what kind it
/// is and what opens it.
#[utoipa::path(
    get, path = "/v1/patients/{id}/notes", tag = "patients", params(("id" = PatientId, Path)),
    responses(
        (status = 200, body = NoteList),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PatientId>,
) -> Result<Json<NoteList>, Refusal> {
    let mut facts = app.facts().await?;
    let patient = patients::resource(&mut facts, caller.user(), &id).await?;
    let permit = app
        .decide(caller.asker(), Action::NoteList, patient.clone())
        .await?;
    let mut documents = charts::documents(&mut facts, &id).await?;
    drop(facts);
    permit.record().await?;
    risk::opened(&app, &caller, &id).await?;
    documents.sort_by_key(|document| std::cmp::Reverse(document.at_ms));
    let notes = documents
        .into_iter()
        .map(|document| super::info(&app, &caller, document, &patient))
        .collect();
    Ok(Json(NoteList { notes }))
}
