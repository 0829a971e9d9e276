//! Commitments: what stands in the public log instead of the event.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wardline_model::B64;

use crate::event::{Event, EventError};
use crate::hash::Hash;

/// `SHA-256("wardline audit v1\0" ‖ salt ‖ payload)`: the Merkle entry of an event, where
/// `canonical` is [`Event::canonical`].
///
/// It hides the event from whoever lacks the salt and binds whoever has it.
pub fn commitment(salt: &Salt, canonical: &[u8]) -> Hash {
    Hash::of(&[b"wardline audit v1\0", &salt.0, canonical])
}

/// 32 random bytes, fresh for every event; base64url without padding in JSON.
///
/// Destroying the salt makes the event's commitment meaningless, while the log still verifies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

impl Salt {
    /// Reads a salt from storage; `None` when it is not 32 bytes long.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// Tells no bytes: with them and the public log, an event could be found by guessing.
impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        B64::from(self.0).serialize(s)
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let bytes = B64::deserialize(d)?;
        Self::from_slice(bytes.as_ref())
            .ok_or_else(|| serde::de::Error::custom("a salt is 32 bytes long"))
    }
}

/// What opens a commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The salt that was drawn for this event.
    pub salt: Salt,
    /// The event's canonical bytes.
    pub payload: Vec<u8>,
}

impl Opening {
    /// Seals an event under a salt.
    ///
    /// # Errors
    /// When the event has no canonical form, see [`Event::canonical`].
    pub fn new(salt: Salt, event: &Event) -> Result<Self, EventError> {
        Ok(Self {
            salt,
            payload: event.canonical()?,
        })
    }

    /// The commitment that this opens.
    pub fn commitment(&self) -> Hash {
        commitment(&self.salt, &self.payload)
    }

    /// The event inside, strictly read.
    ///
    /// # Errors
    /// When the payload is not the canonical form of an event.
    pub fn event(&self) -> Result<Event, EventError> {
        Event::parse(&self.payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commitment_is_the_hash_of_label_salt_and_payload() {
        // printf 'wardline audit v1\0' plus 32 bytes 0x01 plus '{}', by coreutils' sha256sum.
        assert_eq!(
            commitment(&Salt([1; 32]), b"{}").to_string(),
            "4376b9888aeae89e5cc7a7973c2a3407d965e2619faf7333091f068dd218dbf6"
        );
    }

    #[test]
    fn a_salt_is_not_shown() {
        assert_eq!(format!("{:?}", Salt([7; 32])), "Salt(…)");
    }
}
