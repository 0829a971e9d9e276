//! What a person keeps of a conversation for themselves, sealed on this device and nowhere else:
//! whether it is pinned, archived, muted or marked as unread, and what they have begun to write.

use serde::{Deserialize, Serialize};
use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, MessageId};

use crate::client::Client;
use crate::content::MAX_TEXT;
use crate::conversation;
use crate::error::ClientError;
use crate::platform::{Event, Platform};
use crate::vault::Vault;

/// The vault's names.
const OWN: &str = "own/";

/// A conversation as its person has it on this device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Own {
    pub(crate) pinned: bool,
    pub(crate) archived: bool,
    pub(crate) muted: bool,
    pub(crate) marked_unread: bool,
    pub(crate) draft: Option<Draft>,
}

/// What was begun to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The text.
    pub text: String,
    /// How urgent it is to be.
    #[serde(default)]
    pub priority: Priority,
    /// The message that it answers.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
}

/// What is to be different; what is left out stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Marks {
    /// Above the others.
    pub pinned: Option<bool>,
    /// Below the others, until somebody writes.
    pub archived: Option<bool>,
    /// Routine messages make no noise.
    pub muted: Option<bool>,
    /// As if something in it had not been read; the others hear nothing of it.
    pub unread: Option<bool>,
}

impl<P: Platform> Client<P> {
    /// Puts a conversation where its person wants it, on this device.
    ///
    /// # Errors
    /// When there is no such conversation, or the store does not write.
    pub async fn mark(&mut self, group: GroupId, marks: Marks) -> Result<(), ClientError> {
        self.change_own(group, |own| {
            own.pinned = marks.pinned.unwrap_or(own.pinned);
            own.archived = marks.archived.unwrap_or(own.archived);
            own.muted = marks.muted.unwrap_or(own.muted);
            own.marked_unread = marks.unread.unwrap_or(own.marked_unread);
        })
        .await
    }

    /// Keeps what was begun to be written, over a restart and while the store is locked; an empty
    /// text is no draft.
    ///
    /// # Errors
    /// When there is no such conversation, the text is longer than a message, or the store does not
    /// write.
    pub async fn keep_draft(&mut self, group: GroupId, draft: Draft) -> Result<(), ClientError> {
        if draft.text.len() > MAX_TEXT {
            return Err(ClientError::Invalid("the text is too long for one message"));
        }
        let draft = (!draft.text.trim().is_empty()).then_some(draft);
        self.change_own(group, |own| own.draft = draft).await
    }

    async fn change_own(
        &mut self,
        group: GroupId,
        change: impl FnOnce(&mut Own),
    ) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        if conversation::record(vault, group).is_none() {
            return Err(ClientError::Invalid(
                "there is no such conversation on this device",
            ));
        }
        let before = own(vault, group);
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return Ok(());
        }
        vault.put(name(group), &after);
        self.flush().await?;
        self.platform.emit(Event::Conversations);
        Ok(())
    }
}

/// What its person keeps of a conversation.
pub(crate) fn own(vault: &Vault, group: GroupId) -> Own {
    vault.get(&name(group)).unwrap_or_default()
}

/// A conversation is on the screen: it is no longer marked as unread.
pub(crate) fn forget_unread_mark(vault: &mut Vault, group: GroupId) -> bool {
    let mut own = own(vault, group);
    let was = std::mem::take(&mut own.marked_unread);
    if was {
        vault.put(name(group), &own);
    }
    was
}

fn name(group: GroupId) -> String {
    format!("{OWN}{group}")
}
