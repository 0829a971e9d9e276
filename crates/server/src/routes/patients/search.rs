//! `POST /v1/patients/search`: find a patient by name or MRN. What is searched for is patient data,
//! so it travels in the body: URLs end up in logs and histories.

use axum::Json;
use axum::extract::State;
use wardline_model::PatientId;
use wardline_model::wire::directory::{PatientList, PatientSearch};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::charts;
use crate::ehr;
use crate::extract::Body;
use crate::problem::Refusal;
use crate::risk;

/// Patients by name, at most 20, one's own first; nothing typed gives one's own list. Where nobody is known
/// here, the hospital's record system is asked.
#[utoipa::path(
    post, path = "/v1/patients/search", tag = "patients", request_body = PatientSearch,
    responses((status = 200, body = PatientList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(search): Body<PatientSearch>,
) -> Result<Json<PatientList>, Refusal> {
    if search.q.len() > 200 {
        return Err(Refusal::InvalidParameter("q"));
    }
    let permit = app
        .decide(caller.asker(), Action::PatientSearch, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let (asker, user) = (caller.asker(), caller.user());
    let found = charts::search(&app, asker, &mut facts, user, &search.q, 20);
    let mut patients = Box::pin(found).await?;
    drop(facts);
    let mut note = permit.note();
    let mut record_system_away = false;
    if patients.is_empty() && !search.q.trim().is_empty() && app.ehr.is_on() {
        // Whom nobody has heard of here, the hospital's record system may know.
        match ehr::find(&app, &search.q).await? {
            Some(0) => {}
            Some(_) => {
                let mut facts = app.facts().await?;
                let found = charts::search(&app, asker, &mut facts, user, &search.q, 20);
                patients = Box::pin(found).await?;
            }
            None => record_system_away = true,
        }
        note.put("record_system", !record_system_away);
    }
    // Who was shown, by identifier: an accounting of disclosures can be made from it
    // (45 CFR 164.528).
    let shown: Vec<String> = patients
        .iter()
        .map(|patient| patient.id.to_string())
        .collect();
    note.put("patients", shown);
    permit.record_with(note).await?;
    // With nothing typed it is one's own list, which everybody looks at all day.
    if !search.q.trim().is_empty() {
        let shown: Vec<PatientId> = patients.iter().map(|patient| patient.id.clone()).collect();
        risk::searched(&app, &caller, &shown).await?;
    }
    Ok(Json(PatientList {
        patients,
        record_system_away,
    }))
}
