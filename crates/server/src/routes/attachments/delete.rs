//! `DELETE /v1/attachments/{id}`: take an attachment back.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::AttachmentId;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use super::standing;
use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// Deletes the chunks of an attachment of the person who asks. What others have fetched is theirs to
/// drop, which their apps do with the message.
#[utoipa::path(
    delete, path = "/v1/attachments/{id}", tag = "attachments",
    params(("id" = AttachmentId, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<AttachmentId>,
) -> Result<StatusCode, Refusal> {
    let (attachment, resource) = standing(&app, &caller, id).await?;
    let permit = app
        .decide(caller.asker(), Action::AttachmentDelete, resource)
        .await?;
    let now_ms = permit.now_ms();
    change!(permit.kind(DELETED), |tx, note| {
        note.put("group", attachment.group_id.to_string());
        if tx.end_attachment(id, now_ms).await? {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        }
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const DELETED: Kind = Kind::named("attachment.deleted");
