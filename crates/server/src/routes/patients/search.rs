//! `GET /v1/patients?q=`: find a patient by name or MRN.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::wire::directory::PatientList;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::charts;
use crate::extract::Params;
use crate::problem::Refusal;

/// What was typed. It is never logged.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// The beginnings of names, two letters at least, or a whole MRN.
    #[serde(default)]
    q: String,
}

/// Patients by name, at most 20; none for less than two letters.
#[utoipa::path(
    get, path = "/v1/patients", tag = "patients", params(Search),
    responses((status = 200, body = PatientList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(search): Params<Search>,
) -> Result<Json<PatientList>, Refusal> {
    if search.q.len() > 200 {
        return Err(Refusal::InvalidParameter("q"));
    }
    let permit = app
        .decide(caller.asker(), Action::PatientSearch, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let patients = charts::search(&mut facts, &search.q, 20, permit.now_ms()).await?;
    drop(facts);
    let mut note = permit.note();
    // Who was shown, by identifier: an accounting of disclosures can be made from it
    // (45 CFR 164.528).
    let shown: Vec<String> = patients
        .iter()
        .map(|patient| patient.id.to_string())
        .collect();
    note.put("patients", shown);
    permit.record_with(note).await?;
    Ok(Json(PatientList { patients }))
}
