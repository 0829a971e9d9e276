//! `GET /v1/groups/{id}/info`: for a device that lost its state.

use axum::Json;
use axum::extract::State;
use wardline_model::GroupId;
use wardline_model::wire::groups::GroupInfoAnswer;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::problem::Refusal;
use crate::routes::groups::Standing;

/// The GroupInfo of the current epoch, for an external commit (RFC 9420 §12.4.3.2).
#[utoipa::path(
    get, path = "/v1/groups/{id}/info", tag = "conversations", params(("id" = GroupId, Path)),
    responses(
        (status = 200, body = GroupInfoAnswer),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GroupId>,
) -> Result<Json<GroupInfoAnswer>, Refusal> {
    let mut facts = app.facts().await?;
    let standing = Standing::of(&mut facts, id, &caller).await?;
    let permit = app
        .decide(caller.asker(), Action::GroupRead, standing.resource())
        .await?;
    let state = facts.group_state(id).await?.ok_or(Refusal::NotFound)?;
    drop(facts);
    permit.record().await?;
    Ok(Json(GroupInfoAnswer {
        group_info: state.group_info.into(),
        epoch: state.epoch,
        last_seq: state.last_seq,
    }))
}
