//! `POST /v1/teams` and `PUT /v1/teams/{id}`: define a code team or a broadcast list.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::TeamId;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::teams::{TeamEdit, TeamInfo};
use wardline_policy::{Action, Resource};
use wardline_store::Team;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;

/// Makes a team.
#[utoipa::path(
    post, path = "/v1/teams", tag = "people", request_body = TeamEdit,
    responses(
        (status = 201, body = TeamInfo), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(edit): Body<TeamEdit>,
) -> Result<(StatusCode, Json<TeamInfo>), Refusal> {
    let id = TeamId::from_random(random());
    let info = put(&app, &caller, id, true, edit).await?;
    Ok((StatusCode::CREATED, Json(info)))
}

/// Changes a team, whole. Conversations that it has begun stay as they are.
#[utoipa::path(
    put, path = "/v1/teams/{id}", tag = "people", request_body = TeamEdit,
    params(("id" = TeamId, Path)),
    responses(
        (status = 200, body = TeamInfo), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TeamId>,
    Body(edit): Body<TeamEdit>,
) -> Result<Json<TeamInfo>, Refusal> {
    Ok(Json(put(&app, &caller, id, false, edit).await?))
}

async fn put(
    app: &App,
    caller: &Caller,
    id: TeamId,
    is_new: bool,
    edit: TeamEdit,
) -> Result<TeamInfo, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::TeamManage, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let team = Team {
        team_id: id,
        kind: edit.kind,
        title: edit.title.trim().to_owned(),
    };
    check(&team, &edit)?;
    change!(permit.kind(DEFINED), |tx, note| {
        note.put("team", id.to_string())
            .put("title", team.title.as_str())
            .put("people", edit.people.len())
            .put("roles", edit.roles.len());
        if !is_new && tx.team(id).await?.is_none() {
            return Err(Refusal::NotFound);
        }
        let active = tx.people(&edit.people).await?;
        let active = active.iter().filter(|person| person.active).count();
        let mut asked = edit.people.clone();
        asked.sort_unstable();
        asked.dedup();
        if active != asked.len() {
            return Err(Refusal::NotFound);
        }
        for role in &edit.roles {
            tx.oncall_role(role, now_ms)
                .await?
                .ok_or(Refusal::NotFound)?;
        }
        // Looked at first, since a statement that fails ends a transaction on PostgreSQL.
        let folded = |title: &str| title.to_lowercase();
        let taken = tx
            .teams()
            .await?
            .iter()
            .any(|other| other.team_id != id && folded(&other.title) == folded(&team.title));
        if taken {
            return Err(wrong("title", "a name that no other team has"));
        }
        tx.put_team(&team, &edit.people, &edit.roles).await?;
        let may = |kind| app.may(caller.asker(), super::calling(kind), Resource::Hospital);
        let infos = super::infos(tx, Some(id), now_ms, may).await?;
        infos.into_iter().next().ok_or(Refusal::NotFound)
    })
}

fn check(team: &Team, edit: &TeamEdit) -> Result<(), Refusal> {
    if team.title.is_empty() || team.title.chars().count() > LONGEST_TITLE {
        return Err(wrong("title", "1 to 80 characters"));
    }
    if edit.people.len() > MOST_PEOPLE {
        return Err(wrong("people", "at most 500 people"));
    }
    if edit.roles.len() > MOST_ROLES {
        return Err(wrong("roles", "at most 50 roles"));
    }
    if edit.people.is_empty() && edit.roles.is_empty() {
        return Err(wrong("people", "at least one person or one role"));
    }
    Ok(())
}

fn wrong(field: &str, expected: &str) -> Refusal {
    Refusal::InvalidBody {
        field: field.to_owned(),
        expected: expected.to_owned(),
    }
}

const DEFINED: Kind = Kind::named("team.defined");
const LONGEST_TITLE: usize = 80;
const MOST_PEOPLE: usize = 500;
const MOST_ROLES: usize = 50;
