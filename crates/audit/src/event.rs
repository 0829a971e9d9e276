//! [`Event`]: one thing that happened, in the only bytes that stand for it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;
use wardline_model::{DeviceId, SessionId, UserId};

use crate::hash::Hash;

/// The longest canonical form of an event, in bytes.
pub const MAX_EVENT_BYTES: usize = 64 * 1024;

/// The largest integer that every JSON reader keeps exact (RFC 7493 §2.2).
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// One event, version 1. It carries no patient data beyond identifiers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Always 1.
    pub v: V1,
    /// When it happened, unix milliseconds of the node's clock.
    pub at: u64,
    /// The node that wrote it; each node has its own hash chain.
    pub node: NodeName,
    /// What kind of thing happened, such as `message.appended`.
    pub kind: Kind,
    /// On whose behalf.
    pub actor: Actor,
    /// The action that was asked of the policy, such as `message.send`.
    pub action: String,
    /// What it was done to, such as `group/6f0c…`; an identifier, never a name.
    pub resource: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, most decisive first: texts or stable names from the policy.
    pub reasons: Vec<String>,
    /// The hash of the policy set that decided; absent where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Hash>,
    /// What else belongs to this kind of event.
    pub detail: Map<String, Value>,
}

impl Event {
    /// The canonical bytes (RFC 8785): what is committed to, stored and exported.
    ///
    /// # Errors
    /// When a text is empty where it must not be, too long or holds control characters, when a
    /// number is beyond [`MAX_SAFE_INTEGER`], when `detail` nests deeper than 16, or when the
    /// whole is longer than [`MAX_EVENT_BYTES`].
    pub fn canonical(&self) -> Result<Vec<u8>, EventError> {
        self.check()?;
        let bytes = serde_json_canonicalizer::to_vec(self).map_err(EventError::Json)?;
        if bytes.len() > MAX_EVENT_BYTES {
            return Err(EventError::TooLong);
        }
        Ok(bytes)
    }

    /// Reads an event from its canonical bytes, and from no other bytes.
    ///
    /// # Errors
    /// Unknown or missing fields, wrong types, the limits of [`Event::canonical`], and
    /// [`EventError::NotCanonical`] for every other spelling of the same JSON.
    pub fn parse(bytes: &[u8]) -> Result<Self, EventError> {
        if bytes.len() > MAX_EVENT_BYTES {
            return Err(EventError::TooLong);
        }
        let event: Self = serde_json::from_slice(bytes).map_err(EventError::Json)?;
        if event.canonical()? != bytes {
            return Err(EventError::NotCanonical);
        }
        Ok(event)
    }

    fn check(&self) -> Result<(), EventError> {
        if self.at > MAX_SAFE_INTEGER {
            return Err(EventError::Number);
        }
        check_text("action", &self.action)?;
        check_text("resource", &self.resource)?;
        if self.reasons.len() > MAX_REASONS {
            return Err(EventError::Text("reasons"));
        }
        for reason in &self.reasons {
            check_text("reasons", reason)?;
        }
        self.detail
            .values()
            .try_for_each(|value| check_value(value, MAX_DETAIL_DEPTH))
    }
}

/// Why bytes are not an event, or an event has no bytes.
#[derive(Debug, Error)]
pub enum EventError {
    /// Not JSON, or not the fields of an event.
    #[error("not an event")]
    Json(#[source] serde_json::Error),
    /// The JSON of an event, but not its canonical form (RFC 8785).
    #[error("the event is not in canonical form (RFC 8785)")]
    NotCanonical,
    /// The named field is empty, too long or holds control characters.
    #[error("the event's {0} is empty, too long or holds control characters")]
    Text(&'static str),
    /// A number that not every JSON reader keeps exact.
    #[error("the event holds a number beyond 2^53 - 1")]
    Number,
    /// `detail` nests too deep.
    #[error("the event's detail nests deeper than {MAX_DETAIL_DEPTH}")]
    Depth,
    /// Longer than [`MAX_EVENT_BYTES`].
    #[error("the event is longer than {MAX_EVENT_BYTES} bytes")]
    TooLong,
}

/// The version field: always the number 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct V1;

impl Serialize for V1 {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u8(1)
    }
}

impl<'de> Deserialize<'de> for V1 {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match u64::deserialize(d)? {
            1 => Ok(Self),
            other => Err(serde::de::Error::custom(format_args!(
                "unknown version {other}"
            ))),
        }
    }
}

/// On whose behalf something happened; all absent for the hospital's own machinery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The device that proved itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The session in which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

/// How a decision or a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The policy allowed it.
    Allow,
    /// The policy asked for more proof first.
    StepUp,
    /// The policy, or a check before it, refused.
    Deny,
    /// A change was made that needed no decision of its own.
    Done,
}

/// The kind of an event: lower-case words joined by dots, such as `message.appended`.
///
/// Names are stable: officers search for them and exports are mapped by them. New kinds are added
/// where they arise, by [`Kind::named`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(Cow<'static, str>);

impl Kind {
    /// A kind known when the program is built: `const MINE: Kind = Kind::named("device.endorsed");`
    ///
    /// # Panics
    /// When the name is not made as a kind must be; in a constant that is a build error.
    pub const fn named(name: &'static str) -> Self {
        assert!(
            is_kind(name.as_bytes()),
            "a kind is lower-case words joined by dots"
        );
        Self(Cow::Borrowed(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Kind {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        if is_kind(name.as_bytes()) {
            Ok(Self(Cow::Owned(name.to_owned())))
        } else {
            Err(InvalidName {
                what: "kind of event",
            })
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({})", self.0)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The name of a server node: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NodeName(String);

impl NodeName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        let fits = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if fits {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidName { what: "node name" })
        }
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeName({})", self.0)
    }
}

impl<'de> Deserialize<'de> for NodeName {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A text that is not a name of the wanted sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a valid {what}")]
pub struct InvalidName {
    /// What was expected, for example `node name`.
    pub what: &'static str,
}

/// `word(.word)+`, a word being `[a-z][a-z0-9_]*`, 64 bytes at most.
const fn is_kind(name: &[u8]) -> bool {
    if name.len() > 64 {
        return false;
    }
    let mut dots = 0;
    let mut word_start = true;
    let mut i = 0;
    while i < name.len() {
        match name[i] {
            b'a'..=b'z' => word_start = false,
            b'0'..=b'9' | b'_' if !word_start => {}
            b'.' if !word_start => {
                dots += 1;
                word_start = true;
            }
            _ => return false,
        }
        i += 1;
    }
    dots > 0 && !word_start
}

fn check_text(field: &'static str, text: &str) -> Result<(), EventError> {
    if text.is_empty() || text.len() > MAX_TEXT_BYTES || text.chars().any(char::is_control) {
        return Err(EventError::Text(field));
    }
    Ok(())
}

fn check_value(value: &Value, depth: usize) -> Result<(), EventError> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(EventError::Depth);
    };
    match value {
        Value::Number(number) => {
            // Canonical JSON writes every number as a double: past 2^53 two integers would share
            // one spelling, and a whole double would be read back as an integer out of range.
            #[expect(clippy::cast_precision_loss, reason = "2^53 - 1 is exact as a double")]
            let safe = number
                .as_f64()
                .is_some_and(|n| n.abs() <= MAX_SAFE_INTEGER as f64);
            if safe {
                Ok(())
            } else {
                Err(EventError::Number)
            }
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_value(item, below)),
        Value::Object(fields) => fields
            .values()
            .try_for_each(|item| check_value(item, below)),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

const MAX_TEXT_BYTES: usize = 512;
const MAX_REASONS: usize = 64;
const MAX_DETAIL_DEPTH: usize = 16;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Event {
        Event {
            v: V1,
            at: 1_767_225_600_000,
            node: "node-1".parse().unwrap(),
            kind: Kind::named("message.appended"),
            actor: Actor {
                user: Some(UserId::from_bytes([0x11; 16])),
                device: Some(DeviceId::from_bytes([0x22; 16])),
                session: None,
            },
            action: "message.send".into(),
            resource: "group/1".into(),
            outcome: Outcome::StepUp,
            reasons: vec!["factor too old".into()],
            policy: Some(Hash([0xaa; 32])),
            detail: Map::from_iter([("seq".into(), json!(42)), ("score".into(), json!(0.25))]),
        }
    }

    #[test]
    fn an_event_has_the_documented_bytes() {
        let expected = concat!(
            r#"{"action":"message.send","actor":{"device":"22222222-2222-2222-2222-222222222222","#,
            r#""user":"11111111-1111-1111-1111-111111111111"},"at":1767225600000,"#,
            r#""detail":{"score":0.25,"seq":42},"kind":"message.appended","node":"node-1","#,
            r#""outcome":"step_up","policy":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"#,
            r#"aaaaaaaaaaaaaaaa","reasons":["factor too old"],"resource":"group/1","v":1}"#,
        );
        let bytes = event().canonical().unwrap();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        assert_eq!(Event::parse(&bytes).unwrap(), event());
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let text = String::from_utf8(event().canonical().unwrap()).unwrap();
        let refused = |text: &str| Event::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(
            refused(&format!("{text} ")),
            EventError::NotCanonical
        ));
        assert!(matches!(
            refused(&text.replacen(':', ": ", 1)),
            EventError::NotCanonical
        ));
        assert!(matches!(
            refused(&text.replace("\"seq\":42", "\"seq\":42.0")),
            EventError::NotCanonical
        ));
        assert!(matches!(
            refused(&text.replace("\"v\":1", "\"v\":2")),
            EventError::Json(_)
        ));
        assert!(matches!(
            refused(&text.replace("\"v\":1", "\"v\":1,\"w\":1")),
            EventError::Json(_)
        ));
        assert!(matches!(
            refused(&text.replace("\"user\":", "\"session\":null,\"user\":")),
            EventError::NotCanonical
        ));
        let twice = text.replace("\"seq\":42", "\"seq\":41,\"seq\":42");
        assert!(matches!(refused(&twice), EventError::NotCanonical));
    }

    #[test]
    fn limits_hold() {
        let with = |change: &dyn Fn(&mut Event)| {
            let mut event = event();
            change(&mut event);
            event.canonical()
        };
        assert!(matches!(
            with(&|e| e.action.clear()),
            Err(EventError::Text("action"))
        ));
        assert!(matches!(
            with(&|e| e.resource = "a\nb".into()),
            Err(EventError::Text("resource"))
        ));
        assert!(matches!(with(&|e| e.at = 1 << 53), Err(EventError::Number)));
        for number in [json!(1_u64 << 53), json!(-(1_i64 << 60)), json!(1e300)] {
            let put = |e: &mut Event| drop(e.detail.insert("n".into(), number.clone()));
            assert!(matches!(with(&put), Err(EventError::Number)));
        }
        let mut deep = json!(1);
        for _ in 0..16 {
            deep = json!([deep]);
        }
        let put = |e: &mut Event| drop(e.detail.insert("deep".into(), deep.clone()));
        assert!(matches!(with(&put), Err(EventError::Depth)));
        let long = "x".repeat(MAX_EVENT_BYTES);
        let put = |e: &mut Event| drop(e.detail.insert("long".into(), json!(long)));
        assert!(matches!(with(&put), Err(EventError::TooLong)));
    }

    #[test]
    fn kinds_are_dotted_lower_case_words() {
        for good in ["message.appended", "device.endorsed", "a.b_2.c"] {
            assert_eq!(good.parse::<Kind>().unwrap().as_str(), good);
        }
        for bad in [
            "", "message", ".a", "a.", "a..b", "A.b", "a.1", "a b.c", "a.é",
        ] {
            assert!(bad.parse::<Kind>().is_err(), "{bad:?}");
        }
        assert!(format!("a.{}", "b".repeat(64)).parse::<Kind>().is_err());
    }
}
