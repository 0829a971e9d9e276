//! `GET /v1/patients/{id}`: the banner above a conversation.

use axum::Json;
use axum::extract::State;
use wardline_model::PatientId;
use wardline_model::wire::directory::PatientBanner;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::charts;
use crate::extract::Id;
use crate::problem::Refusal;
use crate::risk;

/// Who the patient is, and what must not be forgotten.
#[utoipa::path(
    get, path = "/v1/patients/{id}", tag = "patients", params(("id" = PatientId, Path)),
    responses(
        (status = 200, body = PatientBanner),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PatientId>,
) -> Result<Json<PatientBanner>, Refusal> {
    let mut facts = app.facts().await?;
    let id = charts::current(&mut facts, id).await?;
    let resource =
        super::resource(&app, &mut facts, caller.user(), &id, caller.asker().now_ms).await?;
    let permit = app
        .decide(caller.asker(), Action::PatientRead, resource.clone())
        .await?;
    let patient = charts::patient(&mut facts, &id, permit.now_ms()).await?;
    drop(facts);
    super::record(permit, Action::PatientRead, &resource).await?;
    risk::opened(&app, &caller, &id).await?;
    patient.map(Json).ok_or(Refusal::NotFound)
}
