//! What is inside a message: the MIMI content format (draft-ietf-mimi-content, CBOR).
//!
//! A message is an array of salt, replaced message, topic, expiry, the message it answers,
//! extensions, and one nested part; ours carry one text part (`text/plain`). The salt is the
//! message's id, which also stands in MLS's authenticated data, so that the server cannot give a
//! message another id.

use ciborium::Value;
use wardline_model::MessageId;

use crate::error::ClientError;

/// MIMI disposition `render` (shown to the person).
const RENDER: u8 = 1;
/// MIMI cardinality `single part`.
const SINGLE_PART: u8 = 1;
/// Longest text of one message, bytes.
pub const MAX_TEXT: usize = 16 * 1024;

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

impl Text {
    /// Encodes the content.
    pub fn encode(&self) -> Vec<u8> {
        let reply = self
            .in_reply_to
            .map_or(Value::Null, |id| Value::Bytes(id.to_vec()));
        let part = Value::Array(vec![
            Value::from(RENDER),
            Value::from("en"),
            Value::from(SINGLE_PART),
            Value::from("text/plain;charset=utf-8"),
            Value::Bytes(self.text.clone().into_bytes()),
        ]);
        let content = Value::Array(vec![
            Value::Bytes(self.id.to_vec()),
            Value::Null,
            Value::Bytes(Vec::new()),
            Value::Null,
            reply,
            Value::Map(Vec::new()),
            part,
        ]);
        let mut bytes = Vec::new();
        // Writing to a Vec has no way to fail.
        ciborium::into_writer(&content, &mut bytes)
            .map(|()| bytes)
            .unwrap_or_default()
    }

    /// Decodes content that a member sent.
    pub fn decode(bytes: &[u8]) -> Result<Self, ClientError> {
        const BAD: ClientError = ClientError::Mls("a message of an unknown form");
        if bytes.len() > 4 * MAX_TEXT {
            return Err(BAD);
        }
        let mut rest = bytes;
        let value: Value = ciborium::from_reader(&mut rest).map_err(|_| BAD)?;
        if !rest.is_empty() {
            return Err(BAD);
        }
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
        if !kind.as_text().is_some_and(|k| k.starts_with("text/plain")) {
            return Err(BAD);
        }
        let text = content
            .as_bytes()
            .and_then(|b| String::from_utf8(b.clone()).ok())
            .ok_or(BAD)?;
        Ok(Self {
            id,
            in_reply_to,
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_what_is_read(text in "\\PC{0,200}", id: [u8; 16], reply: Option<[u8; 16]>) {
            let message = Text {
                id: MessageId::from_bytes(id),
                in_reply_to: reply.map(MessageId::from_bytes),
                text,
            };
            prop_assert_eq!(Text::decode(&message.encode()).unwrap(), message);
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Text::decode(&bytes);
        }
    }
}
