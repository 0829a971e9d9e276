//! Attachments of messages: opaque chunks for the devices of one conversation. One file for each
//! operation.
//!
//! The server sees who uploads how much into which conversation, and nothing of what it is.

pub(crate) mod chunk;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod put_chunk;
pub(crate) mod read;

use wardline_model::AttachmentId;
use wardline_model::wire::attachments::{AttachmentInfo, file_bytes};
use wardline_policy::Resource;
use wardline_store::{Attachment, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Numbered;
use crate::fleet::Rulebook;
use crate::problem::Refusal;

/// A chunk of an attachment, as the path names it.
pub(crate) type ChunkPath = Numbered<AttachmentId>;

/// An attachment that was not deleted, and what the one who asks has to do with it.
async fn standing(
    app: &App,
    caller: &Caller,
    id: AttachmentId,
) -> Result<(Attachment, Resource), Refusal> {
    looked_up(app, caller, id, false).await
}

/// The same, or also one that was taken back.
async fn looked_up(
    app: &App,
    caller: &Caller,
    id: AttachmentId,
    or_withdrawn: bool,
) -> Result<(Attachment, Resource), Refusal> {
    let mut facts = app.facts().await?;
    let attachment = facts.attachment(id).await?;
    let attachment = attachment
        .filter(|attachment| or_withdrawn || attachment.ended_at.is_none())
        .ok_or(Refusal::NotFound)?;
    let member = facts
        .membership(attachment.group_id, caller.device())
        .await?
        .is_some();
    let resource = Resource::Attachment {
        id,
        sender: attachment.user_id,
        member,
        files: keeps_files(app, &mut facts, caller).await?,
        bytes: file_bytes(attachment.bytes),
    };
    Ok((attachment, resource))
}

/// Whether the program of the device that asks lets files be kept on it.
pub(crate) async fn keeps_files(app: &App, tx: &mut Tx, caller: &Caller) -> Result<bool, Refusal> {
    let rules = Rulebook::load(app, tx).await?;
    Ok(rules.terms(&caller.principal().program)?.limits.attachments)
}

/// How far an upload has come.
async fn info(tx: &mut Tx, attachment: &Attachment) -> Result<AttachmentInfo, Refusal> {
    let there = tx.attachment_chunks(attachment.attachment_id).await?;
    Ok(AttachmentInfo {
        id: attachment.attachment_id,
        group: attachment.group_id,
        sender: attachment.user_id,
        bytes: attachment.bytes,
        chunks: attachment.chunks,
        missing: (0..attachment.chunks)
            .filter(|n| there.binary_search(n).is_err())
            .collect(),
    })
}
