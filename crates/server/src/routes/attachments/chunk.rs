//! `GET /v1/attachments/{id}/chunks/{n}`: fetch a chunk.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::AttachmentId;
use wardline_model::wire::attachments::AttachmentChunk;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use super::{ChunkPath, standing};
use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// One chunk, as it was handed in.
#[utoipa::path(
    get, path = "/v1/attachments/{id}/chunks/{n}", tag = "attachments",
    params(("id" = AttachmentId, Path), ("n" = u32, Path, description = "From 0")),
    responses(
        (status = 200, body = AttachmentChunk),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    path: ChunkPath,
) -> Result<Json<AttachmentChunk>, Refusal> {
    let (_, resource) = standing(&app, &caller, path.id).await?;
    let permit = app
        .decide(caller.asker(), Action::AttachmentRead, resource)
        .await?
        .kind(READ);
    let mut facts = app.look().await?;
    let body = facts.attachment_chunk(path.id, path.n).await?;
    drop(facts);
    let mut note = permit.note();
    note.put("chunk", path.n).put("found", body.is_some());
    permit.record_with(note).await?;
    let body = body.ok_or(Refusal::NotFound)?.into();
    Ok(Json(AttachmentChunk { body }))
}

const READ: Kind = Kind::named("attachment.read");
