//! `DELETE /v1/attachments/{id}`: take an attachment back.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_model::{AttachmentId, GroupId};
use wardline_policy::{Action, RECORD_KEEPER};

use super::looked_up;
use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Id, Params};
use crate::gate::change;
use crate::problem::Refusal;

/// Which conversation.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Of {
    /// Of a record keeper: the conversation whose message it destroyed.
    group: Option<GroupId>,
}

/// Takes an attachment of the person who asks back: nobody gets it any more. Where a record keeper keeps the
/// conversation its chunks stay, as ciphertext, until the keeper asks for their end; elsewhere they are
/// deleted at once. The keeper asks when it destroys the message, and then it ends whoever took it back or
/// not. What others have fetched is theirs to drop, which their apps do with the message.
#[utoipa::path(
    delete, path = "/v1/attachments/{id}", tag = "attachments",
    params(("id" = AttachmentId, Path), Of),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<AttachmentId>,
    Params(Of { group }): Params<Of>,
) -> Result<StatusCode, Refusal> {
    let by_keeper = caller.principal().roles().any(|role| role == RECORD_KEEPER);
    let (attachment, resource) = looked_up(&app, &caller, id, by_keeper).await?;
    let permit = app
        .decide(caller.asker(), Action::AttachmentDelete, resource)
        .await?;
    let now_ms = permit.now_ms();
    change!(permit.kind(DELETED), |tx, note| {
        note.put("group", attachment.group_id.to_string());
        let kept = !by_keeper && tx.withdraw_attachment(id, now_ms).await?;
        if kept {
            note.put("kept", true);
            return Ok(());
        }
        let deleted = if by_keeper {
            match group {
                Some(group) => tx.shred_attachment(id, group, now_ms).await?,
                None => false,
            }
        } else {
            tx.end_attachment(id, now_ms).await?
        };
        if deleted {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        }
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const DELETED: Kind = Kind::named("attachment.deleted");
