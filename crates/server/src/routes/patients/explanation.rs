//! `GET /v1/patients/{id}/explanation`: why the person who asks may look at a record, before they do.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::PatientId;
use wardline_model::wire::access::{AccessExplanation, AccessOpens};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::charts;
use crate::explain;
use crate::extract::Id;
use crate::problem::Refusal;

/// What explains that the person looks, and what opening the record takes. Whoever may look for patients may
/// ask; nothing of a record is told, and of a patient whom nobody knows the same as of one whom nothing leads to.
#[utoipa::path(
    get, path = "/v1/patients/{id}/explanation", tag = "patients", params(("id" = PatientId, Path)),
    responses(
        (status = 200, body = AccessExplanation), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PatientId>,
) -> Result<Json<AccessExplanation>, Refusal> {
    let asker = caller.asker();
    let permit = app
        .decide(asker, Action::PatientSearch, Resource::Hospital)
        .await?
        .kind(EXPLAINED);
    let now_ms = permit.now_ms();
    let mut facts = app.facts().await?;
    let id = charts::current(&mut facts, id).await?;
    let known = explain::gather(&app, &mut facts, caller.user(), &id, now_ms).await?;
    let resource = super::explained(&mut facts, caller.user(), &id, known, now_ms).await?;
    drop(facts);
    let opens = match app.judge(asker, Action::ChartRead, resource.clone()) {
        Ok(()) => AccessOpens::AtOnce,
        Err(Refusal::StepUp { .. }) => AccessOpens::Proof,
        Err(_) => match app.judge(asker, Action::GlassBreak, resource) {
            Ok(()) | Err(Refusal::StepUp { .. }) => AccessOpens::Purpose,
            Err(_) => AccessOpens::Not,
        },
    };
    let mut note = permit.note();
    note.put("patient", id.as_str());
    if let Some(because) = known.because() {
        note.put("reason", because.as_str());
    }
    permit.record_with(note).await?;
    Ok(Json(AccessExplanation {
        reason: known.told(),
        opens,
        minutes: (opens == AccessOpens::Purpose).then_some(app.config.glass.minutes),
    }))
}

const EXPLAINED: Kind = Kind::named("access.explained");
