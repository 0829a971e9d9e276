//! What is inside a message: the MIMI content format (draft-ietf-mimi-content, CBOR).
//!
//! A message is an array of salt, replaced message, topic, expiry, the message it answers,
//! extensions, and one nested part. Ours carry one part each, or the format's empty part: text
//! (`text/plain`), what is done to an earlier message ([`Change`]), or a page of history from the
//! record keeper; a [`Form`], an [`Attachment`] or a [`Reference`] comes with a text as the other of two
//! parts to choose from. The salt is the message's id, which also stands in MLS's authenticated data, so
//! that the server cannot give a message another id.
//!
//! | | replaces | answers | disposition | part |
//! |---|---|---|---|---|
//! | text | | the message, if any | render | text |
//! | edit | the message | | render | text |
//! | recall | the message | | render | empty |
//! | reaction | | the message | reaction | one emoji |
//! | its end | the reaction | the message | reaction | empty |
//!
//! Who may change what is not of the format: members judge it, in [`crate::changes`].

mod character;
mod envelope;
mod history;
mod reference;

use ciborium::Value;
use serde::{Deserialize, Serialize};
use wardline_model::{GroupId, MessageId, UserId};

pub use self::character::{MAX_REACTION, is_single_character};
use self::envelope::Envelope;
pub use self::history::{History, Kept, Page, PageEnd};
pub use self::reference::Reference;
use crate::attachments::Attachment;
use crate::error::ClientError;

/// MIMI disposition `render` (shown to the person).
const RENDER: u8 = 1;
/// MIMI disposition `reaction` (drawn at the message that it answers).
const REACTION: u8 = 2;
/// MIMI disposition `session` (control of the conversation, not shown).
const SESSION: u8 = 7;
/// MIMI cardinality `nullpart`.
const NULL_PART: u8 = 0;
/// MIMI cardinality `single part`.
const SINGLE_PART: u8 = 1;
/// MIMI cardinality `multipart`.
const MULTI_PART: u8 = 3;
/// MIMI part semantics `choose one`.
const CHOOSE_ONE: u8 = 0;
const TEXT: &str = "text/plain;charset=utf-8";
const HISTORY: &str = "application/vnd.wardline.history+cbor";
const FILE: &str = "application/vnd.wardline.attachment+cbor";
const FORM: &str = "application/vnd.wardline.form+cbor";
/// An array of a reference and what its sender says of it.
const REFERENCE: &str = "application/vnd.wardline.chart-reference+cbor";
/// What clients show that know no references.
const OF_CHART: &str =
    "From the patient's chart. Update Wardline to see it here, or open the chart.";
/// The extension of a message that goes once it is read; the format's own expiry is a time.
const BURN: &str = "vnd.wardline.burn";
/// The extension with the people whom a text names, as an array of their ids' bytes.
const MENTIONS: &str = "vnd.wardline.mentions";
/// The extension of a message that was forwarded, as an array of who wrote it (id and name) and when.
const FORWARDED: &str = "vnd.wardline.forwarded";
/// The extension with the conversation about a patient that a forwarded message came out of first: its
/// id's bytes. Apart from the other, so that clients of before read that one as they did.
const ORIGIN: &str = "vnd.wardline.origin";
/// Longest name of a writer, bytes.
const MAX_NAME: usize = 200;
/// Longest text of one message, bytes.
pub const MAX_TEXT: usize = 16 * 1024;
/// Most people whom one text names; the format allows an extension 4 KiB.
pub const MAX_MENTIONS: usize = 64;
/// Largest content of any kind, bytes.
const MAX_CONTENT: usize = 1024 * 1024;
/// How deep CBOR may nest; ours is eight deep at most.
const MAX_DEPTH: usize = 16;
const BAD: ClientError = ClientError::Mls("a message of an unknown form");

/// What a message carries.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every content is a text, and one is in hand at a time"
)]
pub enum Content {
    /// What a person wrote.
    Text(Text),
    /// What a person does to an earlier message.
    Change {
        /// The id under which it was made.
        id: MessageId,
        /// What is done.
        change: Change,
    },
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
    /// Whom it names with an `@`.
    pub mentions: Vec<UserId>,
    /// The form that the text is of; the text is what [`Form::text`] makes of it.
    pub form: Option<Form>,
    /// Where it comes from, when it was forwarded.
    pub forwarded: Option<Forwarded>,
    /// The file that it carries; then the text is what its sender says of it, or nothing.
    pub attachment: Option<Attachment>,
    /// The entry of a chart that it leads to; then the text is what its sender says of it, or nothing.
    pub reference: Option<Reference>,
    /// When it goes by itself.
    pub expires: Option<Expiry>,
}

/// Who wrote a forwarded message, and when, as whoever forwarded it says: in the conversation that it
/// came from others could check that, where it is shown nobody can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forwarded {
    /// Who wrote it.
    pub from: UserId,
    /// Their name; they need not be in the conversation.
    pub name: String,
    /// When the hospital took it, unix milliseconds.
    pub sent_at: u64,
    /// The conversation about a patient that it came out of first: the hospital is asked about that one
    /// each time it goes on. Absent where it came out of none, or was forwarded by a client of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<GroupId>,
}

/// A file with what its sender says of it, as the part of a message.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePart {
    file: Attachment,
    caption: String,
}

/// When a message goes from people's devices by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// So many seconds after the hospital took it.
    After(u32),
    /// Once its reader has read it.
    Read,
}

/// A message in the parts that a hand-over or a call for help has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Which form.
    pub kind: FormKind,
    /// What was filled in, in the order of [`FormKind::labels`]; empty where nothing was.
    pub fields: [String; 4],
}

/// A form that wards use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormKind {
    /// Situation, background, assessment, recommendation: a call for somebody's attention.
    Sbar,
    /// I-PASS, a hand-over. Its last part, the synthesis, is the receiver's: their reply.
    Ipass,
}

/// What a person does to an earlier message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Gives it another text.
    Edit {
        /// The message, always the first version.
        of: MessageId,
        /// The new text.
        text: String,
        /// Whom the new text names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<UserId>,
    },
    /// Takes it back.
    Recall {
        /// The message, always the first version.
        of: MessageId,
    },
    /// Reacts to it.
    React {
        /// The message.
        to: MessageId,
        /// One emoji, or another single character.
        emoji: String,
    },
    /// Takes a reaction back.
    Unreact {
        /// The message.
        to: MessageId,
        /// The message that carried the reaction.
        reaction: MessageId,
    },
}

impl FormKind {
    /// What its fields are called.
    pub const fn labels(self) -> [&'static str; 4] {
        match self {
            Self::Sbar => ["Situation", "Background", "Assessment", "Recommendation"],
            Self::Ipass => [
                "Illness severity",
                "Patient summary",
                "Action list",
                "Situation awareness and contingencies",
            ],
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Sbar => "SBAR",
            Self::Ipass => "I-PASS",
        }
    }
}

impl Form {
    /// The form as a text, for notifications, searches and clients that know no forms. Receivers
    /// make it themselves, so that nobody is shown another text than the form's.
    pub fn text(&self) -> String {
        let mut text = self.kind.title().to_owned();
        for (label, field) in self.kind.labels().into_iter().zip(&self.fields) {
            let field = field.trim();
            if !field.is_empty() {
                for part in ["\n", label, ": ", field] {
                    text.push_str(part);
                }
            }
        }
        text
    }

    /// Whether nothing was filled in.
    pub fn is_empty(&self) -> bool {
        self.fields.iter().all(|field| field.trim().is_empty())
    }
}

impl Change {
    /// The message that is changed.
    pub fn target(&self) -> MessageId {
        match self {
            Self::Edit { of, .. } | Self::Recall { of } => *of,
            Self::React { to, .. } | Self::Unreact { to, .. } => *to,
        }
    }

    /// The text or emoji that it brings; empty for one that takes something away.
    pub fn text(&self) -> &str {
        match self {
            Self::Edit { text, .. } => text,
            Self::React { emoji, .. } => emoji,
            Self::Recall { .. } | Self::Unreact { .. } => "",
        }
    }

    /// Encodes the content under an id.
    pub fn encode(&self, id: MessageId) -> Vec<u8> {
        match self {
            Self::Edit { of, text, mentions } => Envelope {
                replaces: Some(*of),
                mentions,
                ..Envelope::new(id, RENDER, Some((TEXT, text.clone().into_bytes())))
            },
            Self::Recall { of } => Envelope {
                replaces: Some(*of),
                ..Envelope::new(id, RENDER, None)
            },
            Self::React { to, emoji } => Envelope {
                in_reply_to: Some(*to),
                ..Envelope::new(id, REACTION, Some((TEXT, emoji.clone().into_bytes())))
            },
            Self::Unreact { to, reaction } => Envelope {
                replaces: Some(*reaction),
                in_reply_to: Some(*to),
                ..Envelope::new(id, REACTION, None)
            },
        }
        .encode()
    }
}

impl Text {
    /// Encodes the content.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = self.text.as_str();
        let told;
        let mut other = None;
        if let Some(file) = &self.attachment {
            let part = FilePart {
                file: file.clone(),
                caption: self.text.clone(),
            };
            other = Some((FILE, cbor(&part)));
            if text.is_empty() {
                // For clients that know no attachments.
                text = file.kind.label();
            }
        } else if let Some(form) = &self.form {
            other = Some((FORM, cbor(form)));
        } else if let Some(reference) = &self.reference {
            other = Some((REFERENCE, cbor(&(reference, text))));
            told = [text, if text.is_empty() { "" } else { "\n" }, OF_CHART].concat();
            text = &told;
        }
        Envelope {
            in_reply_to: self.in_reply_to,
            mentions: &self.mentions,
            other,
            forwarded: self.forwarded.as_ref(),
            expires: self.expires,
            ..Envelope::new(self.id, RENDER, Some((TEXT, text.as_bytes().to_vec())))
        }
        .encode()
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
        let [salt, replaces, _topic, expires, reply, extensions, part] = fields.as_slice() else {
            return Err(BAD);
        };
        let id = message_id(salt).ok_or(BAD)?;
        let in_reply_to = message_id(reply);
        // What replaces something that has no id must not be taken for something new.
        let replaces = match replaces {
            Value::Null => None,
            of => Some(message_id(of).ok_or(BAD)?),
        };
        let part = part.as_array().ok_or(BAD)?;
        let [disposition, _language, cardinality, body @ ..] = part.as_slice() else {
            return Err(BAD);
        };
        let is_reaction = *disposition == Value::from(REACTION);
        let body = match body {
            [] if *cardinality == Value::from(NULL_PART) => None,
            [kind, content] if *cardinality == Value::from(SINGLE_PART) => {
                Some(single(kind, content).ok_or(BAD)?)
            }
            [_semantics, parts] if *cardinality == Value::from(MULTI_PART) => {
                Some(chosen(parts).ok_or(BAD)?)
            }
            _ => return Err(BAD),
        };
        let mentions = mentioned(extensions);
        let expires = expiry(expires, extensions);
        let change = match (is_reaction, replaces, body) {
            (false, None, Some((HISTORY, content))) => {
                let page = read(content)?;
                return Ok(Self::History(History { id, page }));
            }
            (false, None, Some((FILE, content))) => {
                let FilePart { file, caption } = read(content)?;
                if !file.is_valid() || caption.len() > MAX_TEXT {
                    return Err(BAD);
                }
                return Ok(Self::Text(Text {
                    id,
                    in_reply_to,
                    text: caption,
                    mentions,
                    form: None,
                    forwarded: None,
                    attachment: Some(file),
                    reference: None,
                    expires,
                }));
            }
            (false, None, Some((REFERENCE, content))) => {
                let (reference, text): (Reference, String) = read(content)?;
                if text.len() > MAX_TEXT {
                    return Err(BAD);
                }
                return Ok(Self::Text(Text {
                    id,
                    in_reply_to,
                    text,
                    mentions,
                    form: None,
                    forwarded: forwarded(extensions),
                    attachment: None,
                    reference: Some(reference),
                    expires,
                }));
            }
            (false, None, Some((FORM, content))) => {
                let form: Form = read(content)?;
                let text = form.text();
                if form.is_empty() || text.len() > MAX_TEXT {
                    return Err(BAD);
                }
                return Ok(Self::Text(Text {
                    id,
                    in_reply_to,
                    text,
                    mentions,
                    form: Some(form),
                    forwarded: forwarded(extensions),
                    attachment: None,
                    reference: None,
                    expires,
                }));
            }
            (false, None, Some((kind, content))) => {
                let text = text(kind, content, MAX_TEXT)?;
                return Ok(Self::Text(Text {
                    id,
                    in_reply_to,
                    text,
                    mentions,
                    form: None,
                    forwarded: forwarded(extensions),
                    attachment: None,
                    reference: None,
                    expires,
                }));
            }
            (false, Some(of), Some((kind, content))) => {
                let text = text(kind, content, MAX_TEXT)?;
                if text.trim().is_empty() {
                    // It would be a recall that does not say so.
                    return Err(BAD);
                }
                Change::Edit { of, text, mentions }
            }
            (false, Some(of), None) => Change::Recall { of },
            (true, None, Some((kind, content))) => {
                let emoji = text(kind, content, MAX_REACTION)?;
                if !is_single_character(&emoji) {
                    return Err(BAD);
                }
                let to = in_reply_to.ok_or(BAD)?;
                Change::React { to, emoji }
            }
            (true, Some(reaction), None) => {
                let to = in_reply_to.ok_or(BAD)?;
                Change::Unreact { to, reaction }
            }
            (true, Some(_), Some(_)) | (_, None, None) => return Err(BAD),
        };
        Ok(Self::Change { id, change })
    }

    /// Encodes the content.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.encode(),
            Self::Change { id, change } => change.encode(*id),
            Self::History(history) => history.encode(),
        }
    }

    /// The id under which it was made.
    pub fn id(&self) -> MessageId {
        match self {
            Self::Text(text) => text.id,
            Self::Change { id, .. } => *id,
            Self::History(history) => history.id,
        }
    }
}

fn message_id(value: &Value) -> Option<MessageId> {
    MessageId::from_slice(value.as_bytes()?)
}

fn text(kind: &str, content: &[u8], at_most: usize) -> Result<String, ClientError> {
    if !kind.starts_with("text/plain") || content.len() > at_most {
        return Err(BAD);
    }
    String::from_utf8(content.to_vec()).map_err(|_| BAD)
}

/// Type and content of a single part.
fn single<'v>(kind: &'v Value, content: &'v Value) -> Option<(&'v str, &'v [u8])> {
    Some((kind.as_text()?, content.as_bytes()?.as_slice()))
}

/// The one of several parts that this client shows: a file, a form or a reference, else a text.
fn chosen(parts: &Value) -> Option<(&str, &[u8])> {
    let parts = parts.as_array()?;
    let mut singles = parts.iter().filter_map(single_part);
    // What is of a later version is shown by its text.
    let form = singles.find(|(kind, content)| match *kind {
        FORM => read::<Form>(content).is_ok(),
        FILE => read::<FilePart>(content).is_ok(),
        REFERENCE => read::<(Reference, String)>(content).is_ok(),
        _ => false,
    });
    let mut singles = parts.iter().filter_map(single_part);
    form.or_else(|| singles.find(|(kind, _)| kind.starts_with("text/plain")))
}

fn single_part(part: &Value) -> Option<(&str, &[u8])> {
    let [_, _, cardinality, kind, content] = part.as_array()?.as_slice() else {
        return None;
    };
    let is_single = *cardinality == Value::from(SINGLE_PART);
    is_single.then(|| single(kind, content)).flatten()
}

/// The people whom the extensions name; what is none of ours is passed over.
fn mentioned(extensions: &Value) -> Vec<UserId> {
    extension(extensions, MENTIONS)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|person| UserId::from_slice(person.as_bytes()?))
        .take(MAX_MENTIONS)
        .collect()
}

/// Where a message comes from; what is none of ours is passed over.
fn forwarded(extensions: &Value) -> Option<Forwarded> {
    let parts = extension(extensions, FORWARDED)?.as_array()?;
    let [from, name, sent_at] = parts.as_slice() else {
        return None;
    };
    let name = name.as_text().filter(|name| {
        name.len() <= MAX_NAME && !name.trim().is_empty() && !name.chars().any(char::is_control)
    })?;
    Some(Forwarded {
        from: UserId::from_slice(from.as_bytes()?)?,
        name: name.to_owned(),
        sent_at: u64::try_from(sent_at.as_integer()?).ok()?,
        origin: extension(extensions, ORIGIN)
            .and_then(|origin| GroupId::from_slice(origin.as_bytes()?)),
    })
}

/// When the message goes; a time that is none of ours is passed over.
fn expiry(expires: &Value, extensions: &Value) -> Option<Expiry> {
    if extension(extensions, BURN) == Some(&Value::Bool(true)) {
        return Some(Expiry::Read);
    }
    let [Value::Bool(true), Value::Integer(seconds)] = expires.as_array()?.as_slice() else {
        return None;
    };
    u32::try_from(*seconds).ok().map(Expiry::After)
}

fn extension<'v>(extensions: &'v Value, wanted: &str) -> Option<&'v Value> {
    let mut all = extensions.as_map()?.iter();
    all.find_map(|(name, value)| (name.as_text() == Some(wanted)).then_some(value))
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
    use wardline_model::wire::enroll::PersonBrief;
    use wardline_model::wire::messages::Priority;

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
                mentions: Vec::new(),
                change: None,
                form: None,
                forwarded: None,
                attachment: None,
                reference: None,
                expires: None,
            },
        )
    }

    fn change() -> impl Strategy<Value = Change> {
        let emoji = prop_oneof![Just("👍"), Just("👩🏽‍⚕️"), Just("🇸🇪"), Just("1️⃣"), Just("é")];
        (
            any::<[u8; 16]>(),
            any::<[u8; 16]>(),
            "\\PC{0,80}",
            emoji,
            0..4,
        )
            .prop_map(|(to, other, text, emoji, which)| {
                let (of, to) = (MessageId::from_bytes(to), MessageId::from_bytes(to));
                match which {
                    0 => Change::Edit {
                        of,
                        text: format!("K {text}"),
                        mentions: vec![UserId::from_bytes(other)],
                    },
                    1 => Change::Recall { of },
                    2 => Change::React {
                        to,
                        emoji: emoji.to_owned(),
                    },
                    _ => Change::Unreact {
                        to,
                        reaction: MessageId::from_bytes(other),
                    },
                }
            })
    }

    /// What a keeper of before there were changes wrote.
    #[derive(Serialize)]
    struct Before {
        id: MessageId,
        seq: u64,
        from: PersonBrief,
        text: String,
        priority: Priority,
        sent_at: u64,
        reply_to: Option<MessageId>,
    }

    #[test]
    fn a_page_without_changes_is_the_same_for_older_and_newer_devices() {
        let from = PersonBrief {
            id: UserId::from_bytes([1; 16]),
            username: "amara".to_owned(),
            name: "Amara Eze".to_owned(),
            role: "Nurse".to_owned(),
            department: "Cardiology".to_owned(),
        };
        let (id, text) = (MessageId::from_bytes([1; 16]), "K 6.8".to_owned());
        let before = Before {
            id,
            seq: 3,
            from: from.clone(),
            text: text.clone(),
            priority: Priority::Stat,
            sent_at: 1_790_000_000_000,
            reply_to: None,
        };
        let now = Kept {
            id,
            seq: 3,
            from,
            text,
            priority: Priority::Stat,
            sent_at: 1_790_000_000_000,
            reply_to: None,
            mentions: Vec::new(),
            change: None,
            form: None,
            forwarded: None,
            attachment: None,
            reference: None,
            expires: None,
        };
        assert_eq!(cbor(&before), cbor(&now));
        assert_eq!(read::<Kept>(&cbor(&before)).unwrap(), now);
    }

    fn sbar(fields: [&str; 4]) -> Form {
        Form {
            kind: FormKind::Sbar,
            fields: fields.map(str::to_owned),
        }
    }

    fn of_form(form: Form, text: &str) -> Text {
        Text {
            id: MessageId::from_bytes([1; 16]),
            in_reply_to: None,
            text: text.to_owned(),
            mentions: Vec::new(),
            form: Some(form),
            forwarded: None,
            attachment: None,
            reference: None,
            expires: None,
        }
    }

    #[test]
    fn a_form_is_shown_as_what_it_says_and_not_as_a_text_beside_it_says() {
        let form = sbar(["K 6.8", "", "Tented T waves", "Calcium now?"]);
        let text = "SBAR\nSituation: K 6.8\nAssessment: Tented T waves\n\
                    Recommendation: Calcium now?";
        let sent = of_form(form.clone(), "All is well");
        let read = Content::decode(&sent.encode()).unwrap();
        assert_eq!(read, Content::Text(of_form(form, text)));
    }

    #[test]
    fn a_form_with_nothing_in_it_or_too_much_is_refused() {
        let long = "x".repeat(MAX_TEXT);
        for fields in [["", " ", "", ""], [long.as_str(), "", "", ""]] {
            let bytes = of_form(sbar(fields), "").encode();
            assert!(Content::decode(&bytes).is_err());
        }
    }

    fn of_file(file: Attachment, caption: &str) -> Text {
        Text {
            id: MessageId::from_bytes([1; 16]),
            in_reply_to: None,
            text: caption.to_owned(),
            mentions: Vec::new(),
            form: None,
            forwarded: None,
            attachment: Some(file),
            reference: None,
            expires: Some(Expiry::Read),
        }
    }

    #[test]
    fn a_file_is_read_with_what_was_said_of_it_and_with_nothing() {
        for caption in ["Wound, day 3", ""] {
            let sent = of_file(crate::attachments::tests::photo(), caption);
            let bytes = sent.encode();
            assert_eq!(Content::decode(&bytes).unwrap(), Content::Text(sent));
            // Who knows no attachments shows the text beside it.
            let shown = if caption.is_empty() { "Photo" } else { caption };
            assert!(bytes.windows(shown.len()).any(|w| w == shown.as_bytes()));
        }
    }

    #[test]
    fn a_reference_names_its_entry_and_older_clients_say_where_to_look() {
        let reference = Reference::try_from("p1/Observation/k1/value".to_owned()).unwrap();
        for said in ["Rising since noon", ""] {
            let sent = Text {
                form: None,
                reference: Some(reference.clone()),
                ..of_form(sbar(["a", "", "", ""]), said)
            };
            let bytes = sent.encode();
            assert_eq!(Content::decode(&bytes).unwrap(), Content::Text(sent));
            let shown = [said, OF_CHART].join(if said.is_empty() { "" } else { "\n" });
            assert!(bytes.windows(shown.len()).any(|w| w == shown.as_bytes()));
        }
    }

    #[test]
    fn a_reference_to_no_entry_is_shown_by_its_text() {
        let bytes = Envelope {
            other: Some((REFERENCE, cbor(&("p1/Observation/../value", "K")))),
            ..Envelope::new(
                MessageId::from_bytes([1; 16]),
                RENDER,
                Some((TEXT, b"K".to_vec())),
            )
        }
        .encode();
        let Content::Text(read) = Content::decode(&bytes).unwrap() else {
            panic!("no text");
        };
        assert_eq!((read.text.as_str(), read.reference), ("K", None));
    }

    #[test]
    fn a_file_that_is_not_what_it_says_is_refused() {
        let good = crate::attachments::tests::photo();
        let page = Attachment {
            mime: "text/html".to_owned(),
            ..good.clone()
        };
        let path = Attachment {
            name: "../../etc/passwd".to_owned(),
            ..good.clone()
        };
        let turned = Attachment {
            name: "exe.\u{202E}gpj".to_owned(),
            ..good.clone()
        };
        let endless = Attachment {
            bytes: u64::MAX,
            ..good.clone()
        };
        let empty = Attachment {
            bytes: 0,
            ..good.clone()
        };
        let big = Attachment {
            thumbnail: Some(vec![0; 20_000].into()),
            ..good.clone()
        };
        let keyless = Attachment {
            key: vec![1; 16].into(),
            ..good
        };
        for file in [page, path, turned, endless, empty, big, keyless] {
            assert!(Content::decode(&of_file(file, "").encode()).is_err());
        }
    }

    #[test]
    fn a_writer_whose_name_could_not_be_shown_is_left_out_and_the_text_stays() {
        let long = "x".repeat(MAX_NAME + 1);
        for name in ["", " ", "Ben\nOde", long.as_str()] {
            let sent = Text {
                form: None,
                forwarded: Some(Forwarded {
                    from: UserId::from_bytes([2; 16]),
                    name: name.to_owned(),
                    sent_at: 1,
                    origin: None,
                }),
                ..of_form(sbar(["a", "", "", ""]), "K 6.8")
            };
            let Content::Text(read) = Content::decode(&sent.encode()).unwrap() else {
                panic!("no text");
            };
            assert_eq!((read.text.as_str(), read.forwarded), ("K 6.8", None));
        }
    }

    /// An array of three, and nothing beside it, is what clients sent before there were origins.
    #[test]
    fn what_was_forwarded_without_an_origin_stays_readable() {
        let from = UserId::from_bytes([2; 16]);
        let forwarded = |origin| Forwarded {
            from,
            name: "Ben Ode".to_owned(),
            sent_at: 1,
            origin,
        };
        let first = Value::Array(vec![
            Value::Bytes(from.to_vec()),
            Value::from("Ben Ode"),
            Value::from(1),
        ]);
        let read = |more: Option<Value>| {
            let mut all = vec![(Value::from(FORWARDED), first.clone())];
            all.extend(more.map(|origin| (Value::from(ORIGIN), origin)));
            super::forwarded(&Value::Map(all))
        };
        assert_eq!(read(None), Some(forwarded(None)));
        let origin = GroupId::from_bytes([7; 16]);
        let known = Some(forwarded(Some(origin)));
        assert_eq!(read(Some(Value::Bytes(origin.to_vec()))), known);
        let odd = read(Some(Value::Bytes(vec![7; 15])));
        assert_eq!(odd, Some(forwarded(None)));
        // So it does in what a record keeper, or a device, wrote down before.
        let kept = serde_json::json!({ "from": from, "name": "Ben Ode", "sent_at": 1 });
        assert_eq!(
            serde_json::from_value::<Forwarded>(kept).unwrap(),
            forwarded(None)
        );
    }

    #[test]
    fn an_edit_to_nothing_is_no_recall() {
        let edit = Change::Edit {
            of: MessageId::from_bytes([1; 16]),
            text: " \n".to_owned(),
            mentions: Vec::new(),
        };
        assert!(Content::decode(&edit.encode(MessageId::from_bytes([2; 16]))).is_err());
    }

    proptest! {
        #[test]
        fn what_was_written_is_what_is_read(text in "\\PC{0,200}", id: [u8; 16], reply: Option<[u8; 16]>, mentions in proptest::collection::vec(any::<[u8; 16]>(), 0..4), expires in prop_oneof![0_u32..3, any::<u32>()], forwarded: Option<([u8; 16], u64, Option<[u8; 16]>)>) {
            let message = Text {
                id: MessageId::from_bytes(id),
                in_reply_to: reply.map(MessageId::from_bytes),
                text,
                mentions: mentions.into_iter().map(UserId::from_bytes).collect(),
                form: None,
                forwarded: forwarded.map(|(from, sent_at, origin)| Forwarded {
                    from: UserId::from_bytes(from),
                    name: "Ben Ode".to_owned(),
                    sent_at,
                    origin: origin.map(GroupId::from_bytes),
                }),
                attachment: None,
                reference: None,
                expires: match expires {
                    0 => None,
                    1 => Some(Expiry::Read),
                    seconds => Some(Expiry::After(seconds)),
                },
            };
            let read = Content::decode(&message.encode()).unwrap();
            prop_assert_eq!(read, Content::Text(message));
        }

        #[test]
        fn what_was_changed_is_what_is_read(id: [u8; 16], change in change()) {
            let id = MessageId::from_bytes(id);
            let read = Content::decode(&change.encode(id)).unwrap();
            prop_assert_eq!(read, Content::Change { id, change });
        }

        #[test]
        fn history_arrives_as_it_was_kept(mut messages in proptest::collection::vec(kept(), 0..5), change in proptest::option::of(change()), id: [u8; 16], whole: bool) {
            if let Some(last) = messages.last_mut() {
                last.change = change;
            }
            let history = History {
                id: MessageId::from_bytes(id),
                page: Page {
                    also: Vec::new(),
                    spared: Vec::new(),
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
