//! `GET /v1/patients/{id}/team`: who cares for a patient.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::PatientId;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::teams::CareTeam;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::charts;
use crate::extract::Id;
use crate::problem::Refusal;
use crate::routes::teams;
use crate::shape;

/// The care team's people, to write to all of them. Whoever may see who the patient is may.
#[utoipa::path(
    get, path = "/v1/patients/{id}/team", tag = "patients", params(("id" = PatientId, Path)),
    responses(
        (status = 200, body = CareTeam), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PatientId>,
) -> Result<Json<CareTeam>, Refusal> {
    let mut facts = app.facts().await?;
    let id = charts::current(&mut facts, id).await?;
    let resource =
        super::resource(&app, &mut facts, caller.user(), &id, caller.asker().now_ms).await?;
    let permit = app
        .decide(caller.asker(), Action::PatientRead, resource)
        .await?
        .kind(SEEN);
    let ids = facts.care_team(&id).await?;
    let people: Vec<PersonBrief> = facts
        .people(&ids)
        .await?
        .into_iter()
        .filter(|person| person.active)
        .map(shape::brief)
        .collect();
    let unreachable = teams::unreachable(&mut facts, &people).await?;
    drop(facts);
    let mut note = permit.note();
    note.put("people", people.len());
    permit.record_with(note).await?;
    Ok(Json(CareTeam {
        people,
        unreachable,
    }))
}

const SEEN: Kind = Kind::named("care_team.seen");
