//! Ids: one newtype per kind, so that a device can never be passed where a person is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a valid {kind}")]
pub struct InvalidId {
    /// What was expected, for example `device id`.
    pub kind: &'static str,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = Uuid))]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps 16 bytes; they come from the rim's random source or from storage.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Makes a version 4 (random) UUID from 16 random bytes (RFC 9562 §5.4).
            pub const fn from_random(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }

            /// Reads an id from storage; `None` when it is not 16 bytes long.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }

            /// The 16 bytes of the id.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The 16 bytes of the id, owned, as storage binds them.
            pub fn to_vec(&self) -> Vec<u8> {
                self.0.as_bytes().to_vec()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId { kind: $kind })
            }
        }
    };
}

uuid_id!(
    /// A generator of one-time codes.
    FactorId, "factor id"
);
uuid_id!(
    /// A recovery of a person who lost every device.
    RecoveryId, "recovery id"
);
uuid_id!(
    /// That somebody broke the glass of a patient's record.
    GlassId, "glass id"
);
uuid_id!(
    /// A synthetic chart that nobody has a reason to open.
    CanaryId, "canary id"
);
uuid_id!(
    /// A look at a chart that somebody should look at.
    LookId, "look id"
);
uuid_id!(
    /// A wish that somebody takes over a turn.
    SwapId, "swap id"
);
uuid_id!(
    /// A call to the hospital's pager system.
    CallId, "call id"
);
uuid_id!(
    /// A critical result or alarm, or several, that a role is to be told of.
    CriticalId, "critical call id"
);
uuid_id!(
    /// A code team or a broadcast list.
    TeamId, "team id"
);
uuid_id!(
    /// A smart card that somebody added.
    CardId, "card id"
);
uuid_id!(
    /// A person who works here.
    UserId, "user id"
);
uuid_id!(
    /// One enrolled phone, browser or workstation of one person.
    DeviceId, "device id"
);
uuid_id!(
    /// One conversation; its 16 bytes are the MLS group id (RFC 9420 §8.1).
    GroupId, "group id"
);
uuid_id!(
    /// One sign-in on one device.
    SessionId, "session id"
);
uuid_id!(
    /// One invitation of one person to enrol one device.
    InviteId, "invite id"
);
uuid_id!(
    /// One enrolment under way.
    EnrollmentId, "enrollment id"
);
uuid_id!(
    /// One WebAuthn challenge handed out.
    ChallengeId, "challenge id"
);
uuid_id!(
    /// One message, chosen by the sender; also its idempotency key and MLS authenticated data.
    MessageId, "message id"
);
uuid_id!(
    /// One attachment of a message, chosen by the device that uploads it.
    AttachmentId, "attachment id"
);
uuid_id!(
    /// One site of the provider.
    FacilityId, "facility id"
);

/// One page of a STAT message that waits for an answer: its conversation, its place there, and which of
/// the message's pages, written `CONVERSATION.PLACE`, for those after the first `CONVERSATION.PLACE.LINE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EscalationId {
    /// The conversation.
    pub group: GroupId,
    /// The message's place in its log.
    pub seq: u64,
    /// Which of the message's pages. One to a code team has one for each role, all others have only 0.
    pub line: u32,
}

impl fmt::Display for EscalationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.group, self.seq)?;
        if self.line > 0 {
            write!(f, ".{}", self.line)?;
        }
        Ok(())
    }
}

impl FromStr for EscalationId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId {
            kind: "escalation id",
        };
        let Some((group, seq)) = text.split_once('.') else {
            return Err(invalid);
        };
        let (seq, line) = seq.split_once('.').unwrap_or((seq, "0"));
        let (Ok(group), Ok(seq), Ok(line)) = (group.parse(), seq.parse(), line.parse()) else {
            return Err(invalid);
        };
        let id = Self { group, seq, line };
        // One text for each, so that it can be compared.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(invalid)
        }
    }
}

impl Serialize for EscalationId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EscalationId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $extra:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let fits = !text.is_empty()
                    && text.len() <= $max
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || $extra.contains(&b));
                if fits { Ok(Self(text.to_owned())) } else { Err(InvalidId { kind: $kind }) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

text_id!(
    /// A FHIR R4 logical id of a Patient (`[A-Za-z0-9\-\.]{1,64}`, FHIR R4 datatype `id`).
    PatientId, "patient id", 64, b"-."
);
text_id!(
    /// A role that people take in turns, such as `cardiology-on-call`.
    RoleSlug, "role", 64, b"-_"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text_and_json() {
        let id = UserId::from_random([7; 16]);
        assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<UserId>(&json).unwrap(), id);
        assert!("not-an-id".parse::<UserId>().is_err());
    }

    #[test]
    fn an_escalation_has_one_text() {
        let id = EscalationId {
            group: GroupId::from_random([0xAB; 16]),
            seq: 42,
            line: 0,
        };
        assert_eq!(id.to_string().parse(), Ok(id));
        let second = EscalationId { line: 2, ..id };
        assert_eq!(second.to_string(), format!("{id}.2"));
        assert_eq!(second.to_string().parse(), Ok(second));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<EscalationId>(&json).unwrap(), id);
        for bad in [
            "",
            ".",
            "1.2",
            &format!("{}.", id.group),
            &format!("{}.042", id.group),
            &format!("{id}.0"),
            &format!("{id}.02"),
            &format!("{id}.1.1"),
        ] {
            assert!(bad.parse::<EscalationId>().is_err(), "{bad}");
        }
        let shouted = id.to_string().to_uppercase();
        assert!(shouted.parse::<EscalationId>().is_err());
    }

    #[test]
    fn a_patient_id_follows_the_fhir_alphabet() {
        assert!(
            "cfda32ac-8382-4a7c-92a2-1b072b2a70de"
                .parse::<PatientId>()
                .is_ok()
        );
        assert!("../../etc".parse::<PatientId>().is_err());
        assert!(serde_json::from_str::<PatientId>("\"a b\"").is_err());
        assert!("a".repeat(65).parse::<PatientId>().is_err());
    }
}
