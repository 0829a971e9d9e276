//! Pages of history, which the record keeper hands over.

use serde::{Deserialize, Serialize};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, MessageId, UserId};

use super::envelope::Envelope;
use super::{Change, Expiry, Form, Forwarded, HISTORY, Reference, SESSION, cbor};
use crate::attachments::Attachment;

/// Bytes of a mention in a page: a person's id, as CBOR.
const MENTION: usize = 20;

/// A page of a conversation's history.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The message's id.
    pub id: MessageId,
    /// The page.
    pub page: Page,
}

/// Messages of a conversation that a device missed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The conversation.
    pub group: GroupId,
    /// The place of the commit by which the device joined, or joined anew.
    pub joined_seq: u64,
    /// What follows.
    pub end: PageEnd,
    /// The messages, oldest first.
    pub messages: Vec<Kept>,
    /// With [`PageEnd::Removed`]: what ended as well, though the server says that it was sent at another
    /// time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<MessageId>,
    /// With [`PageEnd::Removed`]: what has not ended, though the server says that it was sent then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spared: Vec<MessageId>,
}

/// What follows a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PageEnd {
    /// Another page.
    More,
    /// Nothing.
    Last {
        /// How many messages the pages held together.
        handed: u64,
        /// Whether the record keeper was in the conversation all the time.
        whole: bool,
    },
    /// History, after the hospital's waiting time.
    Waits {
        /// How long about.
        hours: u64,
    },
    /// No messages: retention ended those that were sent between two times (unix milliseconds), and
    /// nothing holds them.
    Removed {
        /// From when.
        from: u64,
        /// Until when.
        until: u64,
    },
}

/// A message as the record keeper has it, or a change of one: an entry of the conversation's log,
/// which the device takes as it takes those that reach it itself.
///
/// A page without changes has the bytes that it had before there were any, so that a device reads
/// the pages of an older keeper, and an older device those of a newer one that hold none of what it
/// does not know: changes, forms, mentions, expiries, where something was forwarded from, attachments,
/// references to charts.
/// One that holds any is not read by an older device, rather than read without it: what was recalled
/// would be shown as if it had been empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Its id.
    pub id: MessageId,
    /// Its place in the conversation's log.
    pub seq: u64,
    /// Who wrote it.
    pub from: PersonBrief,
    /// The text.
    pub text: String,
    /// How urgent it was.
    pub priority: Priority,
    /// When it was taken, unix milliseconds.
    pub sent_at: u64,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Whom the text names; of a recall, who had read the message by then, of which an older device
    /// makes nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// What is done to an earlier message; then the text is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The form that the text is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// Where it comes from, when it was forwarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Forwarded>,
    /// The file that it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
    /// The entry of a chart that it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// When it goes by itself; what is due already is handed over without its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
}

impl Kept {
    /// How many bytes it holds beside those that every message has, about.
    pub fn text_len(&self) -> usize {
        let form = if self.form.is_some() { 2 } else { 1 };
        let change = self.change.as_ref().map_or(0, |change| change.text().len());
        let edited = match &self.change {
            Some(Change::Edit { mentions, .. }) => mentions.len(),
            _ => 0,
        };
        let file = self.attachment.as_ref().map_or(0, Attachment::encoded_len);
        let reference = self.reference.as_ref();
        let reference = reference.map_or(0, Reference::encoded_len);
        form * self.text.len()
            + change
            + file
            + reference
            + MENTION * (self.mentions.len() + edited)
    }
}

impl History {
    /// Encodes the content.
    pub fn encode(&self) -> Vec<u8> {
        Envelope::new(self.id, SESSION, Some((HISTORY, cbor(&self.page)))).encode()
    }
}
