//! Signatures of authorities that were found right. A fleet's phones share them: below Google's roots
//! stand a few dozen authorities, and two of three slow verifications of a chain are theirs.
//!
//! Whether a signature is right follows from the key and the certificate alone, so what is remembered
//! changes no verdict, whenever and by whomever it was asked: it is looked up by a hash of all that
//! went in. Dates, order, constraints and revocation are judged each time.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};

/// How many are remembered: many times those of all makers.
const MOST: usize = 1024;

type Hash = [u8; 32];

static RIGHT: Mutex<Memo> = Mutex::new(Memo {
    hashes: BTreeSet::new(),
    oldest_first: VecDeque::new(),
});

struct Memo {
    hashes: BTreeSet<Hash>,
    oldest_first: VecDeque<Hash>,
}

/// Whether the key's signature of the certificate is right: as it was found before, or as `verify`
/// finds. What is wrong is not remembered.
///
/// # Errors
/// Those of `verify`.
pub(super) fn once<E>(
    key: &[u8],
    certificate: &[u8],
    verify: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let hash = hash(key, certificate);
    if lock().hashes.contains(&hash) {
        return Ok(());
    }
    verify()?;
    let mut memo = lock();
    if memo.hashes.insert(hash) {
        memo.oldest_first.push_back(hash);
        if memo.oldest_first.len() > MOST
            && let Some(oldest) = memo.oldest_first.pop_front()
        {
            memo.hashes.remove(&oldest);
        }
    }
    Ok(())
}

fn hash(key: &[u8], certificate: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    // With its length in front, so that no other key and certificate read alike together.
    context.update(&(key.len() as u64).to_be_bytes());
    context.update(key);
    context.update(certificate);
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

fn lock() -> MutexGuard<'static, Memo> {
    // A panic between two changes can leave at most a hash that is never forgotten.
    RIGHT.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_right_is_not_verified_again_and_what_was_wrong_is() {
        let (key, certificate) = (b"a key of this test", b"a certificate");
        assert_eq!(once(key, certificate, || Err("wrong")), Err("wrong"));
        assert_eq!(once::<&str>(key, certificate, || Ok(())), Ok(()));
        assert_eq!(once(key, certificate, || Err("asked again")), Ok(()));
        assert_eq!(once(key, b"another", || Err("wrong")), Err("wrong"));
        assert_eq!(
            once(b"a key of this tes", b"ta certificate", || Err("wrong")),
            Err("wrong")
        );
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let certificate = |nth: usize| nth.to_be_bytes();
        for nth in 0..=MOST {
            assert_eq!(once::<&str>(b"many", &certificate(nth), || Ok(())), Ok(()));
        }
        assert_eq!(
            once(b"many", &certificate(MOST), || Err("asked again")),
            Ok(())
        );
        assert_eq!(
            once(b"many", &certificate(0), || Err("forgotten")),
            Err("forgotten")
        );
        let memo = lock();
        assert!(memo.hashes.len() <= MOST && memo.hashes.len() == memo.oldest_first.len());
    }
}
