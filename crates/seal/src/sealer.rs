//! [`Sealer`]: authenticated encryption of stored values.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, rand};
use thiserror::Error;
use zeroize::Zeroizing;

/// Why a value could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// Too short, or of a version that this build does not know.
    #[error("not a sealed value of a known version")]
    Format,
    /// Sealed under a data key that the keyring does not hold.
    #[error("sealed under data key {0}, which the keyring does not hold")]
    UnknownKey(u32),
    /// Altered, or sealed for another purpose or place.
    #[error("the sealed value was altered or belongs elsewhere")]
    Tampered,
    /// The system gave no random nonce, or the value is longer than the cipher allows.
    #[error("the value could not be sealed")]
    Failed,
}

/// Seals values with AES-256-GCM (NIST SP 800-38D), each purpose under a key of its own that is
/// derived from the data key (HKDF-SHA-256, RFC 5869).
///
/// A sealed value is `version(1) ‖ data key id(4) ‖ nonce(12) ‖ ciphertext ‖ tag(16)`. Purpose and
/// place (`aad`) are authenticated and not stored: a value moved to another row or column does
/// not open. Nonces are random, so a data key is good for 2^32 values of a purpose
/// (SP 800-38D §8.3); rotate before.
#[derive(Clone)]
pub struct Sealer {
    inner: Arc<Inner>,
}

impl Sealer {
    /// Version byte of the format, the first of every sealed value.
    pub const VERSION: u8 = 1;
    /// Bytes that sealing adds to a value.
    pub const OVERHEAD: usize = HEADER + AES_256_GCM_TAG;

    /// A sealer over data keys by id; `active` seals, all of them open.
    pub(crate) fn new(active: u32, keys: HashMap<u32, Zeroizing<[u8; 32]>>) -> Self {
        let roots = keys
            .into_iter()
            .map(|(id, key)| (id, hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(&*key)))
            .collect();
        Self {
            inner: Arc::new(Inner {
                active,
                roots,
                derived: RwLock::new(HashMap::new()),
            }),
        }
    }

    /// Seals a value for a purpose, bound to its place (`aad`: table, row and column, say).
    ///
    /// # Errors
    /// [`SealError::Failed`] when the system gives no randomness.
    pub fn seal(&self, purpose: &str, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let id = self.inner.active;
        let key = self.inner.key(id, purpose)?;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| SealError::Failed)?;
        let mut out = Vec::with_capacity(plain.len() + Self::OVERHEAD);
        out.push(Self::VERSION);
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let tag = key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                &mut out[HEADER..],
            )
            .map_err(|_| SealError::Failed)?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Opens what [`Sealer::seal`] made for the same purpose and place.
    ///
    /// # Errors
    /// See [`SealError`]; every alteration is [`SealError::Tampered`].
    pub fn open(
        &self,
        purpose: &str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if sealed.len() < Self::OVERHEAD || sealed[0] != Self::VERSION {
            return Err(SealError::Format);
        }
        let (id, nonce, body) = (&sealed[1..5], &sealed[5..HEADER], &sealed[HEADER..]);
        let id = u32::from_be_bytes(id.try_into().map_err(|_| SealError::Format)?);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Format)?;
        let key = self.inner.key(id, purpose)?;
        let mut plain = Zeroizing::new(body.to_vec());
        let len = key
            .open_in_place(nonce, Aad::from(aad), &mut plain)
            .map_err(|_| SealError::Tampered)?
            .len();
        plain.truncate(len);
        Ok(plain)
    }

    /// The data key that seals now; a value under another one is due for re-sealing.
    pub fn active_key(&self) -> u32 {
        self.inner.active
    }

    /// The data key a value was sealed under; `None` when it is no sealed value.
    pub fn key_of(sealed: &[u8]) -> Option<u32> {
        let id = sealed.get(1..5)?;
        (sealed.len() >= Self::OVERHEAD && sealed[0] == Self::VERSION)
            .then(|| id.try_into().ok().map(u32::from_be_bytes))?
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer(active key {})", self.inner.active)
    }
}

struct Inner {
    active: u32,
    roots: HashMap<u32, hkdf::Prk>,
    /// Keys by data key and purpose, derived on first use. Purposes are the program's own words,
    /// so there are few.
    derived: RwLock<HashMap<u32, HashMap<String, Arc<LessSafeKey>>>>,
}

impl Inner {
    fn key(&self, id: u32, purpose: &str) -> Result<Arc<LessSafeKey>, SealError> {
        // A poisoned lock still holds a whole map: inserting is the last step of each change.
        let derived = self.derived.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = derived.get(&id).and_then(|keys| keys.get(purpose)) {
            return Ok(Arc::clone(key));
        }
        drop(derived);
        let root = self.roots.get(&id).ok_or(SealError::UnknownKey(id))?;
        let info = [purpose.as_bytes()];
        let okm = root
            .expand(&info, &AES_256_GCM)
            .map_err(|_| SealError::Failed)?;
        let key = Arc::new(LessSafeKey::new(UnboundKey::from(okm)));
        let mut derived = self.derived.write().unwrap_or_else(PoisonError::into_inner);
        derived
            .entry(id)
            .or_default()
            .insert(purpose.to_owned(), Arc::clone(&key));
        Ok(key)
    }
}

const HEADER: usize = 1 + 4 + NONCE_LEN;
const AES_256_GCM_TAG: usize = 16;
const SALT: &[u8] = b"wardline seal v1";

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(active: u32) -> Sealer {
        let keys = [(1, Zeroizing::new([1; 32])), (2, Zeroizing::new([2; 32]))];
        Sealer::new(active, keys.into_iter().collect())
    }

    #[test]
    fn a_value_opens_only_in_its_place() {
        let sealer = sealer(1);
        let sealed = sealer.seal("patient", b"row 1", b"K 6.8 mmol/L").unwrap();
        assert_eq!(sealed.len(), 12 + Sealer::OVERHEAD);
        assert!(!sealed.windows(6).any(|w| w == b"mmol/L"));
        assert_eq!(
            *sealer.open("patient", b"row 1", &sealed).unwrap(),
            b"K 6.8 mmol/L"
        );
        assert_eq!(
            sealer.open("patient", b"row 2", &sealed),
            Err(SealError::Tampered)
        );
        assert_eq!(
            sealer.open("title", b"row 1", &sealed),
            Err(SealError::Tampered)
        );
        let again = sealer.seal("patient", b"row 1", b"K 6.8 mmol/L").unwrap();
        assert_ne!(sealed, again);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let sealer = sealer(1);
        let sealed = sealer.seal("p", b"", b"abc").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer.open("p", b"", &bad).is_err(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(
                sealer.open("p", b"", &sealed[..len]).is_err(),
                "length {len}"
            );
        }
    }

    #[test]
    fn old_keys_open_and_the_new_one_seals() {
        let old = sealer(1).seal("p", b"", b"abc").unwrap();
        let new = sealer(2);
        assert_eq!(*new.open("p", b"", &old).unwrap(), b"abc");
        assert_eq!(Sealer::key_of(&old), Some(1));
        assert_eq!(
            Sealer::key_of(&new.seal("p", b"", b"abc").unwrap()),
            Some(2)
        );
        let mut unknown = old;
        unknown[4] = 9;
        assert_eq!(new.open("p", b"", &unknown), Err(SealError::UnknownKey(9)));
    }
}
