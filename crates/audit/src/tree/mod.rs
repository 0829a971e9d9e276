//! The Merkle tree of RFC 6962 §2.1 (RFC 9162 §2.1), its proofs and its tiles.
//!
//! - [`Frontier`] computes a root from a stream of leaves.
//! - [`Appender`] appends commitments and says which tiles to write.
//! - [`Tiles`] reads roots and makes proofs out of stored tiles.
//! - [`verify_inclusion`] and [`verify_consistency`] check proofs; they need nothing stored.

mod append;
mod frontier;
mod range;
mod read;
mod tile;

use thiserror::Error;

use crate::hash::Hash;

pub use append::{Appender, TileWrite};
pub use frontier::Frontier;
pub(crate) use read::read_tile;
pub use read::{TileError, Tiles, tiles_for_consistency, tiles_for_inclusion};
pub use tile::{InvalidTilePath, Level, TileId, parse_bundle};

/// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1).
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// The hash of a leaf: `SHA-256(0x00 ‖ entry)` (RFC 6962 §2.1). Wardline's entry is a commitment.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of(&[&[0], entry])
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)` (RFC 6962 §2.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&[1], &left.0, &right.0])
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The positions asked for do not exist in a tree of that size.
    #[error("the proof is for positions outside the tree")]
    Range,
    /// The proof has too few or too many hashes for its positions.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    Mismatch,
}

/// Checks that the leaf at `index` belongs to the tree of `size` leaves under `root`
/// (RFC 9162 §2.1.3.2). `leaf` is the leaf's hash, see [`leaf_hash`].
///
/// # Errors
/// See [`ProofError`].
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // A last node without a right sibling stands for itself on the levels above.
            while node.is_multiple_of(2) && node != 0 {
                node /= 2;
                last /= 2;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node /= 2;
        last /= 2;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash == *root {
        Ok(())
    } else {
        Err(ProofError::Mismatch)
    }
}

/// Checks that the tree of `new_size` leaves under `new_root` begins with the tree of `old_size`
/// leaves under `old_root` (RFC 9162 §2.1.4.2).
///
/// # Errors
/// See [`ProofError`]. Every tree begins with the empty one, so a proof from size 0 to a larger
/// size would say nothing and is refused as [`ProofError::Range`].
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    old_root: &Hash,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if old_size == new_size {
        return match (path.is_empty(), old_root == new_root) {
            (false, _) => Err(ProofError::Length),
            (true, false) => Err(ProofError::Mismatch),
            (true, true) => Ok(()),
        };
    }
    if old_size == 0 || old_size > new_size {
        return Err(ProofError::Range);
    }
    let (mut node, mut last) = (old_size - 1, new_size - 1);
    while node % 2 == 1 {
        node /= 2;
        last /= 2;
    }
    // An old tree that is perfect is itself the first node of the path.
    let (first, rest) = if old_size.is_power_of_two() {
        (old_root, path)
    } else {
        path.split_first().ok_or(ProofError::Length)?
    };
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node % 2 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while node.is_multiple_of(2) && node != 0 {
                node /= 2;
                last /= 2;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        node /= 2;
        last /= 2;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if old == *old_root && new == *new_root {
        Ok(())
    } else {
        Err(ProofError::Mismatch)
    }
}
