//! Signed turns: who has an on-call role for a time, by the word of a device and not of the server.
//!
//! The record keeper lets people into a role's conversations by these alone. A device with the duty
//! to schedule says who has a role for a time; whoever has a turn by that says who has it instead.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{B64, DeviceId, RoleSlug, UserId};

/// The first bytes of what is signed (domain separation from endorsements, MLS and every other use).
pub const TURNS_CONTEXT: &[u8] = b"wardline turns v1\0";

/// The most turns in one statement.
pub const MAX_TURNS: usize = 1000;

/// Somebody's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedTurn {
    /// Who has it.
    pub user_id: UserId,
    /// Its beginning, unix milliseconds.
    pub from: u64,
    /// Its end, unix milliseconds; not part of it.
    pub until: u64,
}

/// A statement: these, and nobody else, have the role between two times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TurnOrder {
    /// Format version, 1.
    pub v: u8,
    /// Always [`TurnOrder::TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The role.
    pub role: RoleSlug,
    /// The beginning of the time that it is about, unix milliseconds.
    pub from: u64,
    /// Its end, unix milliseconds; not part of it.
    pub until: u64,
    /// The turns of that time. Of those that overlap the one that began last counts.
    pub turns: Vec<SignedTurn>,
    /// The device that signs.
    pub signer: DeviceId,
    /// When it was signed, unix milliseconds. Of two statements the later one counts.
    pub issued_at: u64,
}

/// Signed turns as they travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedTurns {
    /// What was signed.
    pub order: TurnOrder,
    /// Ed25519 over [`TurnOrder::signed_bytes`] by the signer's MLS key, 64 bytes.
    pub signature: B64,
}

impl TurnOrder {
    /// The `type` member of every statement.
    pub const TYPE: &'static str = "wardline.turns";

    /// Whether it is of a known version and says something that can be: every turn ends after it
    /// begins and meets the time, and no time is beyond what canonical JSON tells apart.
    pub fn is_sound(&self) -> bool {
        let ordered = |from: u64, until: u64| from < until && until < 1 << 53;
        self.v == 1
            && self.kind == Self::TYPE
            && self.issued_at < 1 << 53
            && ordered(self.from, self.until)
            && self.turns.len() <= MAX_TURNS
            && self.turns.iter().all(|turn| {
                ordered(turn.from, turn.until) && turn.from < self.until && self.from < turn.until
            })
    }

    /// SHA-256 of what is signed.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.signed_bytes()).into()
    }

    /// The bytes that are signed: [`TURNS_CONTEXT`] and canonical JSON (RFC 8785).
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = TURNS_CONTEXT.to_vec();
        // Strings and integers only: canonicalisation has no error for them.
        bytes.extend_from_slice(&serde_json_canonicalizer::to_vec(self).unwrap_or_default());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> TurnOrder {
        TurnOrder {
            v: 1,
            kind: TurnOrder::TYPE.to_owned(),
            role: "cardiology-on-call".parse().unwrap(),
            from: 100,
            until: 200,
            turns: vec![SignedTurn {
                user_id: UserId::from_bytes([3; 16]),
                from: 50,
                until: 150,
            }],
            signer: DeviceId::from_bytes([4; 16]),
            issued_at: 90,
        }
    }

    #[test]
    fn the_signed_bytes_are_canonical_json_behind_the_context() {
        let bytes = order().signed_bytes();
        let text = std::str::from_utf8(&bytes[TURNS_CONTEXT.len()..]).unwrap();
        assert!(
            text.starts_with("{\"from\":100,\"issued_at\":90,"),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<TurnOrder>(text).unwrap(), order());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(order().is_sound());
        let wrong: [fn(&mut TurnOrder); 7] = [
            |o| o.v = 2,
            |o| o.kind = "wardline.endorsement".to_owned(),
            |o| o.until = o.from,
            |o| o.until = 1 << 53,
            |o| o.issued_at = 1 << 53,
            |o| o.turns[0].until = o.turns[0].from,
            |o| {
                o.turns[0] = SignedTurn {
                    from: 200,
                    until: 300,
                    ..o.turns[0]
                }
            },
        ];
        for spoil in wrong {
            let mut order = order();
            spoil(&mut order);
            assert!(!order.is_sound(), "{order:?}");
        }
    }
}
