//! Endorsements: one device vouches that another belongs to a person and holds given keys.
//!
//! The server issues certificates, so a certificate alone admits no one: members and the record
//! keeper accept a device only with an endorsement whose chain ends at the pinned genesis and
//! whose every link stands in the audit log.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{B64, DeviceId, UserId};

/// The first bytes of what an endorser signs (domain separation from MLS and every other use).
pub const ENDORSEMENT_CONTEXT: &[u8] = b"wardline endorsement v1\0";

/// The longest chain of endorsements that members accept and the server makes. A phone that was
/// confirmed on the one before it, and so on from an officer's, adds a link for each.
pub const MAX_CHAIN: usize = 32;

/// The two public keys of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceKeys {
    /// RFC 7638 SHA-256 thumbprint of the P-256 key that proves each request.
    pub jkt: [u8; 32],
    /// The Ed25519 key with which the device signs in MLS groups.
    pub mls_key: [u8; 32],
}

/// What an endorsed device may do beyond its person's own business. Only a device that endorses
/// can give a duty on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Nothing more.
    #[default]
    None,
    /// Endorses other people's devices: an enrolling officer's.
    Endorses,
    /// Keeps the records: a member of every conversation.
    KeepsRecords,
    /// Nothing more, and less: it is a program's, which every member is to see.
    Bot,
    /// Says who is on call when: a scheduler's. Whoever endorses may do that, too.
    Schedules,
}

/// A statement by `endorser`: this device, with these keys, is this person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Endorsement {
    /// Format version, 1.
    pub v: u8,
    /// Always [`Endorsement::TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Whose device it is.
    pub user_id: UserId,
    /// The endorsed device.
    pub device_id: DeviceId,
    /// The device's Ed25519 public key, 32 bytes.
    pub mls_key: B64,
    /// The thumbprint of the device's P-256 key, 32 bytes.
    pub jkt: B64,
    /// What the endorsed device may do beyond.
    pub duty: Duty,
    /// The device that signs; the same as `device_id` in the genesis only.
    pub endorser: DeviceId,
    /// When it was signed, unix milliseconds.
    pub issued_at: u64,
}

/// A signed endorsement as it travels and stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedEndorsement {
    /// What was signed.
    pub endorsement: Endorsement,
    /// Ed25519 over [`Endorsement::signed_bytes`] by the endorser's MLS key, 64 bytes.
    pub signature: B64,
}

/// An endorsement that cannot be what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidEndorsement {
    /// A version or type that this build does not know, or a time that no clock has.
    #[error("this is not an endorsement of a known version")]
    Unknown,
    /// A key of a wrong length.
    #[error("a key in the endorsement has the wrong length")]
    KeyLength,
}

impl Endorsement {
    /// The `type` member of every endorsement.
    pub const TYPE: &'static str = "wardline.endorsement";

    /// States that `device_id`, with `keys`, is `user_id`'s.
    pub fn new(
        user_id: UserId,
        device_id: DeviceId,
        keys: &DeviceKeys,
        duty: Duty,
        endorser: DeviceId,
        issued_at: u64,
    ) -> Self {
        Self {
            v: 1,
            kind: Self::TYPE.to_owned(),
            user_id,
            device_id,
            mls_key: keys.mls_key.into(),
            jkt: keys.jkt.into(),
            duty,
            endorser,
            issued_at,
        }
    }

    /// The keys, when the statement is of a known version and well formed.
    pub fn keys(&self) -> Result<DeviceKeys, InvalidEndorsement> {
        // Canonical JSON counts in doubles: beyond this, two times would have the same signed bytes.
        if self.v != 1 || self.kind != Self::TYPE || self.issued_at >= 1 << 53 {
            return Err(InvalidEndorsement::Unknown);
        }
        match (self.jkt.array(), self.mls_key.array()) {
            (Some(jkt), Some(mls_key)) => Ok(DeviceKeys { jkt, mls_key }),
            _ => Err(InvalidEndorsement::KeyLength),
        }
    }

    /// Canonical JSON (RFC 8785).
    pub fn canonical(&self) -> Vec<u8> {
        // Strings, integers and booleans only: canonicalisation has no error for them. Integers are
        // exact below 2^53, which `keys` demands.
        serde_json_canonicalizer::to_vec(self).unwrap_or_default()
    }

    /// The bytes that are signed: [`ENDORSEMENT_CONTEXT`] and the canonical statement.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = ENDORSEMENT_CONTEXT.to_vec();
        bytes.extend_from_slice(&self.canonical());
        bytes
    }

    /// SHA-256 of the canonical statement; for the genesis this is the pin.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.canonical()).into()
    }

    /// Whether it has the form of a genesis: a device that vouches for itself and may for others.
    pub fn is_genesis(&self) -> bool {
        self.endorser == self.device_id && self.duty == Duty::Endorses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_bytes_are_canonical_json_behind_the_context() {
        let keys = DeviceKeys {
            jkt: [1; 32],
            mls_key: [2; 32],
        };
        let statement = Endorsement::new(
            UserId::from_bytes([3; 16]),
            DeviceId::from_bytes([4; 16]),
            &keys,
            Duty::None,
            DeviceId::from_bytes([5; 16]),
            1_700_000_000_000,
        );
        let signed = statement.signed_bytes();
        let text = String::from_utf8(signed[ENDORSEMENT_CONTEXT.len()..].to_vec()).unwrap();
        assert!(text.starts_with("{\"device_id\":\"04040404-"));
        assert!(text.ends_with(",\"v\":1}"));
        assert_eq!(
            serde_json::from_str::<Endorsement>(&text).unwrap(),
            statement
        );
        assert!(!statement.is_genesis());
    }

    #[test]
    fn a_time_that_canonical_json_cannot_tell_from_another_is_refused() {
        let keys = DeviceKeys {
            jkt: [1; 32],
            mls_key: [2; 32],
        };
        let at = |issued_at| {
            let (user, device) = (UserId::from_bytes([3; 16]), DeviceId::from_bytes([4; 16]));
            Endorsement::new(user, device, &keys, Duty::None, device, issued_at)
        };
        let (one, other) = (at(1 << 53), at((1 << 53) + 1));
        assert_eq!(one.signed_bytes(), other.signed_bytes());
        assert_eq!(one.keys(), Err(InvalidEndorsement::Unknown));
        assert_eq!(other.keys(), Err(InvalidEndorsement::Unknown));
        assert_eq!(at((1 << 53) - 1).keys(), Ok(keys));
    }
}
