//! `DELETE /v1/teams/{id}`: take a team away.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::TeamId;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// Takes it away. The conversations that it has begun stay with the people in them.
#[utoipa::path(
    delete, path = "/v1/teams/{id}", tag = "people", params(("id" = TeamId, Path)),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TeamId>,
) -> Result<StatusCode, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::TeamManage, Resource::Hospital)
        .await?;
    change!(permit.kind(REMOVED), |tx, note| {
        note.put("team", id.to_string());
        if !tx.remove_team(id).await? {
            return Err(Refusal::NotFound);
        }
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const REMOVED: Kind = Kind::named("team.removed");
