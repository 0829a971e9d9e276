//! The hash chain of each node: what fixes an event before a checkpoint covers it.
//!
//! A node numbers its events from 1. Link `n` is `SHA-256("wardline chain v1\0" ‖ link n-1 ‖
//! commitment n)`, and link 0 is 32 zero bytes. With every batch of events the node stores a
//! signed head of its chain in the same transaction, so that no stored event is ever without a
//! signature that fixes it.

use ed25519_dalek::{SIGNATURE_LENGTH, Signature};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use wardline_model::B64;

use crate::event::{MAX_SAFE_INTEGER, NodeName};
use crate::hash::Hash;
use crate::note::{LogKey, LogSigner};

/// Link 0: the head of a chain without events.
pub const START: Hash = Hash([0; Hash::LEN]);

/// The link after `previous`: `SHA-256("wardline chain v1\0" ‖ previous ‖ commitment)`.
pub fn next(previous: &Hash, commitment: &Hash) -> Hash {
    Hash::of(&[b"wardline chain v1\0", &previous.0, &commitment.0])
}

/// The head of one node's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Whose chain.
    pub node: NodeName,
    /// The number of its last event; 0 for none.
    pub seq: u64,
    /// The link of that event.
    pub head: Hash,
}

impl Head {
    /// Signs the head: Ed25519 over `"wardline chain head v1\0" ‖ canonical {head, node, seq}`.
    ///
    /// # Errors
    /// When `seq` is beyond [`MAX_SAFE_INTEGER`].
    pub fn sign(self, signer: &LogSigner) -> Result<SignedHead, HeadError> {
        let signature = B64::from(signer.sign_bytes(&self.signed_bytes()?));
        Ok(SignedHead {
            head: self,
            signature,
        })
    }

    fn signed_bytes(&self) -> Result<Vec<u8>, HeadError> {
        if self.seq > MAX_SAFE_INTEGER {
            return Err(HeadError::Number);
        }
        let mut bytes = b"wardline chain head v1\0".to_vec();
        serde_json_canonicalizer::to_writer(self, &mut bytes).map_err(|_| HeadError::Number)?;
        Ok(bytes)
    }
}

/// A head with its signature, not verified yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// What is signed.
    pub head: Head,
    /// The Ed25519 signature, 64 bytes.
    pub signature: B64,
}

impl SignedHead {
    /// The head, once its signature by the log's key is verified (RFC 8032, strictly).
    ///
    /// # Errors
    /// When the signature is not this key's over this head.
    pub fn verify(&self, key: &LogKey) -> Result<&Head, HeadError> {
        let signature: [u8; SIGNATURE_LENGTH] =
            self.signature.array().ok_or(HeadError::WrongSignature)?;
        key.verifying_key()
            .verify_strict(
                &self.head.signed_bytes()?,
                &Signature::from_bytes(&signature),
            )
            .map_err(|_| HeadError::WrongSignature)?;
        Ok(&self.head)
    }
}

/// Why a head cannot be signed or relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HeadError {
    /// The number of the event is beyond what JSON keeps exact.
    #[error("the chain is longer than 2^53 - 1")]
    Number,
    /// The signature is not the key's.
    #[error("the chain head's signature is wrong")]
    WrongSignature,
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;

    #[test]
    fn a_link_is_the_hash_of_label_link_and_commitment() {
        // printf 'wardline chain v1\0' plus 32 bytes 0 plus 32 bytes 1, by coreutils' sha256sum.
        assert_eq!(
            next(&START, &Hash([1; 32])).to_string(),
            "d54a6488630343494997948a4d93e83ad04b1f83877bde0d9879603740a784cf"
        );
    }

    #[test]
    fn a_head_holds_for_its_node_number_and_link_only() {
        let signer = LogSigner::new("log", SigningKey::from_bytes(&[1; 32])).unwrap();
        let head = Head {
            node: "a".parse().unwrap(),
            seq: 3,
            head: Hash([9; 32]),
        };
        let signed = head.clone().sign(&signer).unwrap();
        assert_eq!(signed.verify(signer.public()), Ok(&head));

        let wrong = |change: &dyn Fn(&mut SignedHead)| {
            let mut signed = signed.clone();
            change(&mut signed);
            signed.verify(signer.public()) == Err(HeadError::WrongSignature)
        };
        assert!(wrong(&|s| s.head.node = "b".parse().unwrap()));
        assert!(wrong(&|s| s.head.seq = 4));
        assert!(wrong(&|s| s.head.head = Hash([8; 32])));
        assert!(wrong(&|s| s.signature.0[0] ^= 1));
        assert!(wrong(&|s| {
            s.signature.0.pop();
        }));
        let other = LogSigner::new("log", SigningKey::from_bytes(&[2; 32])).unwrap();
        assert_eq!(
            signed.verify(other.public()),
            Err(HeadError::WrongSignature)
        );
    }
}
