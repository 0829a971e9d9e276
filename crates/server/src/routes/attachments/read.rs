//! `GET /v1/attachments/{id}`: which chunks are there.

use axum::Json;
use axum::extract::State;
use wardline_model::AttachmentId;
use wardline_model::wire::attachments::AttachmentInfo;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use super::{info, standing};
use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::problem::Refusal;

/// How far an upload has come, so that it goes on where it broke off.
#[utoipa::path(
    get, path = "/v1/attachments/{id}", tag = "attachments",
    params(("id" = AttachmentId, Path)),
    responses(
        (status = 200, body = AttachmentInfo),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<AttachmentId>,
) -> Result<Json<AttachmentInfo>, Refusal> {
    let (attachment, resource) = standing(&app, &caller, id).await?;
    let permit = app
        .decide(caller.asker(), Action::AttachmentRead, resource)
        .await?;
    permit.record().await?;
    let mut facts = app.facts().await?;
    Ok(Json(info(&mut facts, &attachment).await?))
}
