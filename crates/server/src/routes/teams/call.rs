//! `POST /v1/teams/{id}/call`: who is in a team at this moment, to write to them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::teams::TeamCall;
use wardline_model::{TeamId, UserId};
use wardline_policy::Resource;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::problem::Refusal;

/// Resolves a team: its people, and whoever holds its roles now. What is written to them is not here:
/// the device that asks starts the conversation.
#[utoipa::path(
    post, path = "/v1/teams/{id}/call", tag = "people", params(("id" = TeamId, Path)),
    responses(
        (status = 200, body = TeamCall), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TeamId>,
) -> Result<Json<TeamCall>, Refusal> {
    let mut facts = app.facts().await?;
    let team = facts.team(id).await?.ok_or(Refusal::NotFound)?;
    let action = super::calling(team.kind);
    let permit = app
        .decide(caller.asker(), action, Resource::Hospital)
        .await?
        .kind(CALLED);
    let infos = super::infos(&mut facts, Some(id), permit.now_ms(), |_| true).await?;
    let team = infos.into_iter().next().ok_or(Refusal::NotFound)?;
    let unheld: Vec<String> = team
        .roles
        .iter()
        .filter(|role| role.holder.is_none())
        .map(|role| role.title.clone())
        .collect();
    let holders = team.roles.into_iter().filter_map(|role| role.holder);
    let people: BTreeMap<UserId, PersonBrief> = team
        .people
        .into_iter()
        .chain(holders)
        .filter(|person| person.id != caller.user())
        .map(|person| (person.id, person))
        .collect();
    let mut people: Vec<PersonBrief> = people.into_values().collect();
    people.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let unreachable = super::unreachable(&mut facts, &people).await?;
    drop(facts);
    let mut note = permit.note();
    note.put("team", id.to_string())
        .put("title", team.title)
        .put("people", people.len())
        .put("unreachable", unreachable.len());
    permit.record_with(note).await?;
    Ok(Json(TeamCall {
        people,
        unreachable,
        unheld,
    }))
}

const CALLED: Kind = Kind::named("team.called");
