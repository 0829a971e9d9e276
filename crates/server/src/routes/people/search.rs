//! `GET /v1/people?q=`: find a colleague.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::wire::directory::{PeopleList, PersonHit};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Params;
use crate::problem::Refusal;

/// What was typed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// The beginning of a name or sign-in name; everyone when empty.
    #[serde(default)]
    q: String,
}

/// Active people whose name, or sign-in name, begins so; at most 50.
#[utoipa::path(
    get, path = "/v1/people", tag = "people", params(Search),
    responses((status = 200, body = PeopleList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(search): Params<Search>,
) -> Result<Json<PeopleList>, Refusal> {
    if search.q.len() > 200 {
        return Err(Refusal::InvalidParameter("q"));
    }
    let permit = app
        .decide(caller.asker(), Action::PeopleSearch, Resource::Hospital)
        .await?;
    let found = app
        .facts()
        .await?
        .search_people(&search.q, permit.now_ms(), 50)
        .await?;
    let mut note = permit.note();
    note.put("found", found.len());
    permit.record_with(note).await?;
    let people = found
        .into_iter()
        .map(|person| PersonHit {
            user: PersonBrief {
                id: person.user_id,
                username: person.username,
                name: person.name,
                role: person.role_title,
                department: person.department,
            },
            facility: person.facility,
            on_shift: person.on_shift,
            reachable: person.reachable,
            keeps_records: person.keeps_records,
            bot: person.is_bot,
        })
        .collect();
    Ok(Json(PeopleList { people }))
}
