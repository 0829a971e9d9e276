//! What happened: events of CAEP 1.0 and SSF 1.0.

use serde::Deserialize;
use serde_json::{Map, Value};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// CAEP `device-compliance-change`: what the transmitter thinks of a device's compliance is
    /// not what it was.
    DeviceCompliance {
        /// Now.
        compliant: bool,
        /// Before.
        was_compliant: bool,
        /// When, by whom and why.
        context: Context,
    },
    /// CAEP `session-revoked`: the transmitter ended the sessions of the subject.
    SessionRevoked {
        /// When, by whom and why.
        context: Context,
    },
    /// SSF `verification`: a test of the stream, which is the token's subject.
    Verification {
        /// What the receiver gave when it asked for the test; absent when it did not ask.
        state: Option<String>,
    },
    /// An event that is not read here. It is acknowledged, and nothing follows from it.
    Other {
        /// Its type.
        uri: String,
    },
}

/// When, by whom and why, as far as the transmitter says (CAEP 1.0 §2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// When it happened, unix milliseconds.
    pub at_ms: Option<u64>,
    /// Who brought it about.
    pub initiator: Option<Initiator>,
    /// Why, for officers: in English where there is that, at most 300 characters.
    pub reason: Option<String>,
}

/// Who brought an event about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    /// An administrator.
    Admin,
    /// The person.
    User,
    /// A rule.
    Policy,
    /// A system or platform.
    System,
}

impl Event {
    /// Reads one member of `events`; `None` when it does not conform to its type's definition.
    pub(super) fn read(uri: &str, payload: &Value) -> Option<Self> {
        let payload = payload.as_object()?;
        match uri {
            DEVICE_COMPLIANCE_CHANGE => Some(Self::DeviceCompliance {
                compliant: status(payload, "current_status")?,
                was_compliant: status(payload, "previous_status")?,
                context: Context::read(payload)?,
            }),
            SESSION_REVOKED => Some(Self::SessionRevoked {
                context: Context::read(payload)?,
            }),
            VERIFICATION => match payload.get("state") {
                None => Some(Self::Verification { state: None }),
                Some(state) => {
                    let state = state
                        .as_str()
                        .filter(|state| state.len() <= LONGEST_STATE)?;
                    let state = Some(state.to_owned());
                    Some(Self::Verification { state })
                }
            },
            other => (other.len() <= LONGEST_URI).then(|| Self::Other {
                uri: other.to_owned(),
            }),
        }
    }
}

impl Context {
    fn read(payload: &Map<String, Value>) -> Option<Self> {
        let at_ms = payload.get("event_timestamp").map(at_ms);
        let initiator = payload.get("initiating_entity");
        let initiator = initiator.map(|who| Initiator::deserialize(who).ok());
        let reason = payload.get("reason_admin").map(reason);
        // Each may be missing; none may be something else.
        let all = [
            at_ms.map(|at| at.is_some()),
            initiator.map(|who| who.is_some()),
        ];
        if all.contains(&Some(false)) {
            return None;
        }
        Some(Self {
            at_ms: at_ms.flatten(),
            initiator: initiator.flatten(),
            reason: reason.flatten(),
        })
    }
}

/// CAEP 1.0, device compliance change.
const DEVICE_COMPLIANCE_CHANGE: &str =
    "https://schemas.openid.net/secevent/caep/event-type/device-compliance-change";

/// CAEP 1.0, session revoked.
const SESSION_REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";

/// SSF 1.0, verification.
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

const LONGEST_STATE: usize = 1024;
const LONGEST_URI: usize = 512;
const LONGEST_REASON: usize = 300;

fn status(payload: &Map<String, Value>, name: &str) -> Option<bool> {
    match payload.get(name)?.as_str()? {
        "compliant" => Some(true),
        "not-compliant" => Some(false),
        _ => None,
    }
}

/// Seconds since 1970 by the final text of CAEP; the examples of its drafts have milliseconds, and
/// so have transmitters that were written by them. As seconds those would lie after the year 5000.
fn at_ms(value: &Value) -> Option<u64> {
    const MILLISECONDS: u64 = 100_000_000_000;
    let number = super::verify::whole(value)?;
    if number >= MILLISECONDS {
        Some(number)
    } else {
        number.checked_mul(1000)
    }
}

/// An object of texts by language; the drafts have a plain text.
fn reason(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text,
        Value::Object(texts) => {
            let english = texts.get("en").or_else(|| texts.values().next());
            english?.as_str()?
        }
        _ => return None,
    };
    let shown = text.chars().filter(|character| !character.is_control());
    let shown: String = shown.take(LONGEST_REASON).collect();
    (!shown.is_empty()).then_some(shown)
}
