//! The array that a message is in the format.

use ciborium::Value;
use wardline_model::{MessageId, UserId};

use super::{
    BURN, CHOOSE_ONE, Expiry, FORWARDED, Forwarded, MENTIONS, MULTI_PART, NULL_PART, ORIGIN,
    SINGLE_PART, cbor,
};

/// A message of the format, as ours are.
pub(super) struct Envelope<'a> {
    pub(super) id: MessageId,
    pub(super) replaces: Option<MessageId>,
    pub(super) in_reply_to: Option<MessageId>,
    pub(super) mentions: &'a [UserId],
    pub(super) disposition: u8,
    /// Type and content of the part; none for the empty part.
    pub(super) body: Option<(&'static str, Vec<u8>)>,
    /// What the body is the text of, where there is anything.
    pub(super) other: Option<(&'static str, Vec<u8>)>,
    pub(super) forwarded: Option<&'a Forwarded>,
    pub(super) expires: Option<Expiry>,
}

impl Envelope<'_> {
    pub(super) fn new(
        id: MessageId,
        disposition: u8,
        body: Option<(&'static str, Vec<u8>)>,
    ) -> Self {
        Self {
            id,
            replaces: None,
            in_reply_to: None,
            mentions: &[],
            disposition,
            body,
            other: None,
            forwarded: None,
            expires: None,
        }
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let optional =
            |id: Option<MessageId>| id.map_or(Value::Null, |id| Value::Bytes(id.to_vec()));
        let head = || vec![Value::from(self.disposition), Value::from("en")];
        let single = |kind: &str, content: Vec<u8>| {
            let mut part = head();
            part.extend([
                Value::from(SINGLE_PART),
                Value::from(kind),
                Value::Bytes(content),
            ]);
            part
        };
        let part = match (self.body, self.other) {
            (None, _) => {
                let mut part = head();
                part.push(Value::from(NULL_PART));
                part
            }
            (Some((kind, content)), None) => single(kind, content),
            (Some((kind, content)), Some((other, whole))) => {
                let mut part = head();
                part.extend([
                    Value::from(MULTI_PART),
                    Value::from(CHOOSE_ONE),
                    Value::Array(vec![
                        Value::Array(single(other, whole)),
                        Value::Array(single(kind, content)),
                    ]),
                ]);
                part
            }
        };
        let people = self.mentions.iter().map(|user| Value::Bytes(user.to_vec()));
        let mut extensions = Vec::new();
        if !self.mentions.is_empty() {
            extensions.push((Value::from(MENTIONS), Value::Array(people.collect())));
        }
        if let Some(Forwarded {
            from,
            name,
            sent_at,
            origin,
        }) = self.forwarded
        {
            let first = vec![
                Value::Bytes(from.to_vec()),
                Value::from(name.as_str()),
                Value::from(*sent_at),
            ];
            extensions.push((Value::from(FORWARDED), Value::Array(first)));
            if let Some(origin) = origin {
                extensions.push((Value::from(ORIGIN), Value::Bytes(origin.to_vec())));
            }
        }
        let expires = match self.expires {
            Some(Expiry::After(seconds)) => {
                // Relative to when the hospital took it.
                Value::Array(vec![Value::from(true), Value::from(seconds)])
            }
            Some(Expiry::Read) => {
                extensions.push((Value::from(BURN), Value::from(true)));
                Value::Null
            }
            None => Value::Null,
        };
        cbor(&Value::Array(vec![
            Value::Bytes(self.id.to_vec()),
            optional(self.replaces),
            Value::Bytes(Vec::new()),
            expires,
            optional(self.in_reply_to),
            Value::Map(extensions),
            Value::Array(part),
        ]))
    }
}
