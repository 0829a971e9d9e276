//! What is inside a message: the MIMI content format (draft-ietf-mimi-content, CBOR).
//!
//! A message is an array of salt, replaced message, topic, expiry, the message it answers,
//! extensions, and one nested part; ours carry one part each: text (`text/plain`), or a page of
//! history from the record keeper. The salt is the message's id, which also stands in MLS's
//! authenticated data, so that the server cannot give a message another id.

use ciborium::Value;
use serde::{Deserialize, Serialize};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, MessageId};

use crate::error::ClientError;

/// MIMI disposition `render` (shown to the person).
const RENDER: u8 = 1;
/// MIMI disposition `session` (control of the conversation, not shown).
const SESSION: u8 = 4;
/// MIMI cardinality `single part`.
const SINGLE_PART: u8 = 1;
const TEXT: &str = "text/plain;charset=utf-8";
const HISTORY: &str = "application/vnd.wardline.history+cbor";
/// Longest text of one message, bytes.
pub const MAX_TEXT: usize = 16 * 1024;
/// Largest content of any kind, bytes.
const MAX_CONTENT: usize = 1024 * 1024;
/// How deep CBOR may nest; ours is four deep at most.
const MAX_DEPTH: usize = 16;
const BAD: ClientError = ClientError::Mls("a message of an unknown form");

/// What a message carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// What a person wrote.
    Text(Text),
    /// What the record keeper hands over.
    History(History),
}

/// A text message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The message's id.
    pub id: MessageId,
    /// The message that it answers.
    pub in_reply_to: Option<MessageId>,
    /// What the person wrote.
    pub text: String,
}

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
}

/// A message as the record keeper has it.
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
}

impl Text {
    /// Encodes the content.
    pub fn encode(&self) -> Vec<u8> {
        let bytes = self.text.clone().into_bytes();
        encode(self.id, self.in_reply_to, RENDER, TEXT, bytes)
    }
}

impl History {
    /// Encodes the content.
    pub fn encode(&self) -> Vec<u8> {
        encode(self.id, None, SESSION, HISTORY, cbor(&self.page))
    }
}

impl Content {
    /// Decodes content that a member sent.
    ///
    /// # Errors
    /// When it is larger than any message, not of the format, or of an unknown type.
    pub fn decode(bytes: &[u8]) -> Result<Self, ClientError> {
        if bytes.len() > MAX_CONTENT {
            return Err(BAD);
        }
        let value: Value = read(bytes)?;
        let fields = value.as_array().ok_or(BAD)?;
        let [salt, _replaces, _topic, _expires, reply, _extensions, part] = fields.as_slice()
        else {
            return Err(BAD);
        };
        let id = salt
            .as_bytes()
            .and_then(|b| MessageId::from_slice(b))
            .ok_or(BAD)?;
        let in_reply_to = reply.as_bytes().and_then(|b| MessageId::from_slice(b));
        let part = part.as_array().ok_or(BAD)?;
        let [_, _, _, kind, content] = part.as_slice() else {
            return Err(BAD);
        };
        let (kind, content) = (
            kind.as_text().ok_or(BAD)?,
            content.as_bytes().ok_or(BAD)?.as_slice(),
        );
        if kind == HISTORY {
            let page = read(content)?;
            return Ok(Self::History(History { id, page }));
        }
        if !kind.starts_with("text/plain") || content.len() > MAX_TEXT {
            return Err(BAD);
        }
        let text = String::from_utf8(content.to_vec()).map_err(|_| BAD)?;
        Ok(Self::Text(Text {
            id,
            in_reply_to,
            text,
        }))
    }

    /// Encodes the content.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.encode(),
            Self::History(history) => history.encode(),
        }
    }

    /// The id under which it was made.
    pub fn id(&self) -> MessageId {
        match self {
            Self::Text(text) => text.id,
            Self::History(history) => history.id,
        }
    }
}

fn encode(
    id: MessageId,
    in_reply_to: Option<MessageId>,
    disposition: u8,
    kind: &str,
    content: Vec<u8>,
) -> Vec<u8> {
    let reply = in_reply_to.map_or(Value::Null, |id| Value::Bytes(id.to_vec()));
    let part = Value::Array(vec![
        Value::from(disposition),
        Value::from("en"),
        Value::from(SINGLE_PART),
        Value::from(kind),
        Value::Bytes(content),
    ]);
    cbor(&Value::Array(vec![
        Value::Bytes(id.to_vec()),
        Value::Null,
        Value::Bytes(Vec::new()),
        Value::Null,
        reply,
        Value::Map(Vec::new()),
        part,
    ]))
}

fn cbor(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to a Vec has no way to fail.
    ciborium::into_writer(value, &mut bytes)
        .map(|()| bytes)
        .unwrap_or_default()
}

/// One CBOR item, and nothing behind it.
fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, ClientError> {
    let mut rest = bytes;
    let value =
        ciborium::de::from_reader_with_recursion_limit(&mut rest, MAX_DEPTH).map_err(|_| BAD)?;
    if rest.is_empty() { Ok(value) } else { Err(BAD) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wardline_model::UserId;

    use super::*;

    fn kept() -> impl Strategy<Value = Kept> {
        let priority = prop_oneof![
            Just(Priority::Routine),
            Just(Priority::Urgent),
            Just(Priority::Stat)
        ];
        (any::<[u8; 16]>(), any::<u32>(), "\\PC{0,80}", priority).prop_map(
            |(id, seq, text, priority)| Kept {
                id: MessageId::from_bytes(id),
                seq: seq.into(),
                from: PersonBrief {
                    id: UserId::from_bytes(id),
                    username: "amara".to_owned(),
                    name: "Amara Eze".to_owned(),
                    role: "Nurse".to_owned(),
                    department: "Cardiology".to_owned(),
                },
                text,
                priority,
                sent_at: 1_790_000_000_000,
                reply_to: (seq % 2 == 0).then(|| MessageId::from_bytes(id)),
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_written_is_what_is_read(text in "\\PC{0,200}", id: [u8; 16], reply: Option<[u8; 16]>) {
            let message = Text {
                id: MessageId::from_bytes(id),
                in_reply_to: reply.map(MessageId::from_bytes),
                text,
            };
            let read = Content::decode(&message.encode()).unwrap();
            prop_assert_eq!(read, Content::Text(message));
        }

        #[test]
        fn history_arrives_as_it_was_kept(messages in proptest::collection::vec(kept(), 0..5), id: [u8; 16], whole: bool) {
            let history = History {
                id: MessageId::from_bytes(id),
                page: Page {
                    group: GroupId::from_bytes(id),
                    joined_seq: 7,
                    end: PageEnd::Last { handed: 5, whole },
                    messages,
                },
            };
            let bytes = history.encode();
            prop_assert_eq!(Content::decode(&bytes).unwrap(), Content::History(history));
            prop_assert!(Content::decode(&bytes[..bytes.len() - 1]).is_err());
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Content::decode(&bytes);
        }
    }
}
