//! Whom an event is about: subject identifiers (RFC 9493) and SSF's complex subjects.

use serde_json::{Map, Value};

/// Whom an event is about, as the token's `sub_id` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One identifier. Whether it names a person, a device or a session follows from the event and
    /// from what was agreed with the transmitter.
    Simple(Identifier),
    /// Several that together mean one subject (SSF 1.0, complex subjects): an event of a person
    /// *and* a device is about that person on that device, and not about either everywhere.
    Complex {
        /// The person.
        user: Option<Identifier>,
        /// The device.
        device: Option<Identifier>,
        /// The names of further members, such as `session` or `tenant`. They narrow the subject:
        /// who cannot tell what they mean knows less than the whole.
        others: Vec<String>,
    },
}

/// An identifier of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// An account, by who names it and how (RFC 9493 §3.2.4).
    IssSub {
        /// Who.
        iss: String,
        /// How.
        sub: String,
    },
    /// An e-mail address (§3.2.2).
    Email(String),
    /// An id without further meaning (§3.2.5): a serial number or a manager's id, where that was
    /// agreed.
    Opaque(String),
    /// A format that is not read here; its name.
    Other(String),
}

impl Subject {
    /// Reads a `sub_id`; `None` when it is not well formed.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        if format(members)? != "complex" {
            return Identifier::read(value).map(Self::Simple);
        }
        let (mut user, mut device, mut others) = (None, None, Vec::new());
        for (name, value) in members.iter().filter(|(name, _)| *name != "format") {
            match name.as_str() {
                "user" => user = Some(Identifier::read(value)?),
                "device" => device = Some(Identifier::read(value)?),
                other => {
                    Identifier::read(value)?;
                    others.push(short(other)?.to_owned());
                }
            }
        }
        let empty = user.is_none() && device.is_none() && others.is_empty();
        (!empty && others.len() <= MOST).then_some(Self::Complex {
            user,
            device,
            others,
        })
    }
}

impl Identifier {
    fn read(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        let text = |name: &str| {
            members
                .get(name)?
                .as_str()
                .and_then(short)
                .map(str::to_owned)
        };
        Some(match format(members)? {
            "iss_sub" => Self::IssSub {
                iss: text("iss")?,
                sub: text("sub")?,
            },
            "email" => Self::Email(text("email")?),
            "opaque" => Self::Opaque(text("id")?),
            // Within a complex subject there are simple ones only.
            "complex" => return None,
            other => Self::Other(other.to_owned()),
        })
    }
}

fn format(members: &Map<String, Value>) -> Option<&str> {
    members.get("format")?.as_str().and_then(short)
}

/// Text that can be an identifier.
fn short(text: &str) -> Option<&str> {
    let good = (1..=LONGEST).contains(&text.len()) && !text.chars().any(char::is_control);
    good.then_some(text)
}

/// Bytes of an identifier.
const LONGEST: usize = 512;

/// Further members of a complex subject; SSF names five.
const MOST: usize = 16;
