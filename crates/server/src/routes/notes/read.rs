//! `GET /v1/patients/{id}/notes/{note}`: read a note.

use axum::Json;
use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::http::request::Parts;
use wardline_fhir::document::{self, Document, TextError};
use wardline_model::PatientId;
use wardline_model::wire::notes::{NoteInfo, NoteText};
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::charts;
use crate::extract::Id;
use crate::problem::Refusal;
use crate::risk;
use crate::routes::patients;

/// A note with its text. A sensitive one asks for a proof that is given for such notes.
#[utoipa::path(
    get, path = "/v1/patients/{id}/notes/{note}", tag = "patients",
    params(("id" = PatientId, Path), ("note" = String, Path)),
    responses(
        (status = 200, body = NoteText), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PatientId>,
    NoteId(note): NoteId,
) -> Result<Json<NoteText>, Refusal> {
    let mut facts = app.facts().await?;
    let patient =
        patients::resource(&app, &mut facts, caller.user(), &id, caller.asker().now_ms).await?;
    let found = charts::document(&mut facts, &note).await?;
    drop(facts);
    let found = found.and_then(|body| Some((Document::of(&body)?, body)));
    // Of another patient's note it is not even said that there is one.
    let Some((document, body)) = found.filter(|(document, _)| document.patient == id) else {
        let permit = app
            .decide(caller.asker(), Action::NoteList, patient)
            .await?;
        permit.record().await?;
        return Err(Refusal::NotFound);
    };
    let resource = super::resource(&document, &patient);
    let permit = app
        .decide(caller.asker(), Action::NoteRead, resource.clone())
        .await?;
    patients::record(permit, Action::NoteRead, &resource).await?;
    risk::opened(&app, &caller, &id).await?;
    let text = document::text(&body);
    let why_no_text = text.as_ref().err().map(|error| {
        let sentence = match error {
            TextError::Elsewhere => "This note is kept in another system. Open it there.",
            TextError::NotText => "This note is not plain text. Open it on a workstation.",
            TextError::Damaged => "This note is damaged. Tell the health records office.",
        };
        sentence.to_owned()
    });
    let title = document.title.clone();
    let author = document.author.clone();
    let listed = super::info(&app, &caller, document, &patient);
    Ok(Json(NoteText {
        info: NoteInfo {
            title: title.unwrap_or_else(|| listed.kind.clone()),
            author,
            ..listed
        },
        text: text.ok(),
        why_no_text,
    }))
}

/// The `{note}` of the path.
pub(crate) struct NoteId(String);

impl FromRequestParts<App> for NoteId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::InvalidParameter("note"))?;
        let note = params.iter().find(|(name, _)| *name == "note");
        note.map(|(_, text)| Self(text.to_owned()))
            .filter(|Self(text)| text.len() <= LONGEST_ID)
            .ok_or(Refusal::InvalidParameter("note"))
    }
}

/// FHIR's longest logical id (R4 §2.24.0.1).
const LONGEST_ID: usize = 64;
