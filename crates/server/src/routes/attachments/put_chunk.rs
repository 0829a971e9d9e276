//! `PUT /v1/attachments/{id}/chunks/{n}`: hand in a chunk.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::AttachmentId;
use wardline_model::wire::attachments::{AttachmentChunk, chunk_bytes};
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;
use wardline_store::ChunkPut;

use super::{ChunkPath, standing};
use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;

/// Takes one chunk. The same again changes nothing; another one in its place is refused.
#[utoipa::path(
    put, path = "/v1/attachments/{id}/chunks/{n}", tag = "attachments",
    params(("id" = AttachmentId, Path), ("n" = u32, Path, description = "From 0")),
    request_body = AttachmentChunk,
    responses(
        (status = 204), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    path: ChunkPath,
    Body(chunk): Body<AttachmentChunk>,
) -> Result<StatusCode, Refusal> {
    let (attachment, resource) = standing(&app, &caller, path.id).await?;
    let permit = app
        .decide(caller.asker(), Action::AttachmentUpload, resource)
        .await?;
    let wanted = chunk_bytes(attachment.bytes, path.n);
    change!(permit.kind(STORED), |tx, note| {
        note.put("chunk", path.n);
        let body = chunk.body.as_ref();
        let wanted = wanted.ok_or(Refusal::InvalidParameter("n"))?;
        if u64::try_from(body.len()) != Ok(wanted) {
            return Err(Refusal::InvalidBody {
                field: "body".to_owned(),
                expected: format!("{wanted} bytes"),
            });
        }
        match tx.put_attachment_chunk(path.id, path.n, body).await? {
            Some(ChunkPut::Stored | ChunkPut::Same) => Ok(()),
            Some(ChunkPut::Other) => Err(Refusal::IdempotencyMismatch),
            None => Err(Refusal::NotFound),
        }
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const STORED: Kind = Kind::named("attachment.chunk_stored");
