//! `GET /v1/roles`: who is on call.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use wardline_model::UserId;
use wardline_model::wire::directory::{OnCallRole, RoleList};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;
use crate::shape;

/// The on-call roles and who holds them now, by title.
#[utoipa::path(
    get, path = "/v1/roles", tag = "people",
    responses((status = 200, body = RoleList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<RoleList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::RoleList, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let roles = facts.oncall(permit.now_ms()).await?;
    let holders: Vec<UserId> = roles.iter().filter_map(|role| role.holder).collect();
    let people: HashMap<UserId, PersonBrief> = facts
        .people(&holders)
        .await?
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    drop(facts);
    permit.record().await?;
    let roles = roles
        .into_iter()
        .map(|role| OnCallRole {
            holder: role.holder.and_then(|id| people.get(&id).cloned()),
            slug: role.slug,
            title: role.title,
            department: role.department,
            until: role.until_ms,
        })
        .collect();
    Ok(Json(RoleList { roles }))
}
