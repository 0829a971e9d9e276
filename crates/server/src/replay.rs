//! The replay cache for DPoP proofs (RFC 9449 §11.1).

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

/// Remembers each proof for as long as it could be accepted again.
#[derive(Debug, Default)]
pub(crate) struct ReplayCache {
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    number: u64,
    current: HashSet<[u8; 16]>,
    before: HashSet<[u8; 16]>,
}

/// Why a proof is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotFresh {
    /// It was seen before.
    Seen,
    /// Too many proofs at once to remember them all; refusing is the safe answer.
    Full,
}

impl ReplayCache {
    /// Takes note of a proof.
    ///
    /// # Errors
    /// When it was seen before, or when there is no room to remember it.
    pub(crate) fn note(&self, jkt: &[u8; 32], jti: &str, now_ms: u64) -> Result<(), NotFresh> {
        let digest = Sha256::new().chain_update(jkt).chain_update(jti).finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        let mut seen = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let number = now_ms / GENERATION_MS;
        if number > seen.number {
            let old = std::mem::take(&mut seen.current);
            seen.before = if number == seen.number + 1 {
                old
            } else {
                HashSet::new()
            };
            seen.number = number;
        }
        if seen.before.contains(&id) || seen.current.contains(&id) {
            return Err(NotFresh::Seen);
        }
        if seen.current.len() >= MAX_PER_GENERATION {
            return Err(NotFresh::Full);
        }
        seen.current.insert(id);
        Ok(())
    }
}

/// A proof is accepted from 60 s before to 60 s after its `iat`: two minutes in all, so two
/// generations of this length always cover it.
pub(crate) const GENERATION_MS: u64 = 2 * 60 * 1000;
/// About 60 MB at most for both generations.
const MAX_PER_GENERATION: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_counts_once_per_key_until_it_is_too_old_anyway() {
        let cache = ReplayCache::default();
        let (mine, other) = ([1; 32], [2; 32]);
        cache.note(&mine, "a", GENERATION_MS - 1).unwrap();
        assert_eq!(
            cache.note(&mine, "a", GENERATION_MS - 1),
            Err(NotFresh::Seen)
        );
        assert_eq!(
            cache.note(&mine, "a", 2 * GENERATION_MS - 1),
            Err(NotFresh::Seen)
        );
        cache.note(&other, "a", GENERATION_MS).unwrap();
        cache.note(&mine, "b", GENERATION_MS).unwrap();
        cache.note(&mine, "a", 2 * GENERATION_MS).unwrap();
    }
}
