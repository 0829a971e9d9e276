//! `POST /v1/groups/{id}/attachments`: begin an upload.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::GroupId;
use wardline_model::wire::attachments::{AttachmentCreate, AttachmentInfo, chunks_of, file_bytes};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::NewAttachment;

use super::{info, keeps_files};
use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;

/// Begins an upload of a file that was sealed on the device. The same again gives how far it is.
#[utoipa::path(
    post, path = "/v1/groups/{id}/attachments", tag = "attachments",
    params(("id" = GroupId, Path)), request_body = AttachmentCreate,
    responses(
        (status = 201, body = AttachmentInfo), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(group): Id<GroupId>,
    Body(wanted): Body<AttachmentCreate>,
) -> Result<(StatusCode, Json<AttachmentInfo>), Refusal> {
    let chunks = chunks_of(wanted.bytes).ok_or_else(|| Refusal::InvalidBody {
        field: "bytes".to_owned(),
        expected: "the length of a sealed file".to_owned(),
    })?;
    let new = NewAttachment {
        attachment_id: wanted.id,
        group_id: group,
        user_id: caller.user(),
        device_id: caller.device(),
        bytes: wanted.bytes,
        chunks,
    };
    let bytes = file_bytes(wanted.bytes);
    let mut facts = app.facts().await?;
    facts.group(group).await?.ok_or(Refusal::NotFound)?;
    let resource = Resource::Attachment {
        id: wanted.id,
        sender: caller.user(),
        member: facts.membership(group, caller.device()).await?.is_some(),
        files: keeps_files(&app, &mut facts, &caller).await?,
        bytes,
    };
    drop(facts);
    let permit = app
        .decide(caller.asker(), Action::AttachmentUpload, resource)
        .await?;
    let now_ms = permit.now_ms();
    let limits = &app.config.attachments;
    let begun = change!(permit.kind(BEGUN), |tx, note| {
        note.put("group", group.to_string()).put("bytes", bytes);
        if bytes > limits.max_bytes {
            let limit = usize::try_from(limits.max_bytes).unwrap_or(usize::MAX);
            return Err(Refusal::PayloadTooLarge { limit });
        }
        if tx.attachment(wanted.id).await?.is_none() {
            // Two that begin at once may both count as the day's last: by one file it is no matter.
            let since = now_ms.saturating_sub(DAY_MS);
            let today = tx.attachment_bytes_since(new.user_id, since).await?;
            if today.saturating_add(new.bytes) > limits.person_day_bytes {
                return Err(Refusal::AttachmentQuota);
            }
        }
        tx.create_attachment(&new, now_ms).await?;
        let there = tx.attachment(wanted.id).await?.ok_or(Refusal::NotFound)?;
        let is_same = there.ended_at.is_none()
            && (there.group_id, there.device_id, there.bytes)
                == (new.group_id, new.device_id, new.bytes);
        if !is_same {
            return Err(Refusal::IdempotencyMismatch);
        }
        info(tx, &there).await
    })?;
    Ok((StatusCode::CREATED, Json(begun)))
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const BEGUN: Kind = Kind::named("attachment.begun");
