//! The local store: a map of names to values, every value sealed with AES-256-GCM.
//!
//! The key needs two halves: what the passkey gives (WebAuthn PRF) and the server's share for this
//! device. A phone that is stolen while offline has neither. Values stay in memory while the store
//! is open; changes are collected and leave as one durable transaction ([`Vault::changes`]).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use aes_gcm::aead::{Aead as _, AeadInPlace as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use wardline_model::B64;
use zeroize::{Zeroize, Zeroizing};

use crate::error::ClientError;
use crate::platform::Change;

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// What the ring is sealed as.
const RING: &str = "keyring";

/// A 256-bit key that seals values.
#[derive(Clone)]
pub struct StoreKey(Zeroizing<[u8; 32]>);

impl StoreKey {
    /// The store's key from its two halves (HKDF-SHA-256, RFC 5869).
    pub fn derive(prf: &[u8], share: &[u8], purpose: &str) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        // 32 bytes are within HKDF's bound of 255 blocks: `expand` has no way to fail.
        let _ = Hkdf::<Sha256>::new(Some(share), prf).expand(purpose.as_bytes(), key.as_mut());
        Self(key)
    }

    /// Seals a value under its name.
    pub fn seal(&self, name: &str, value: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        seal_with(&self.cipher(), name, value, nonce)
    }

    /// Opens a value that was sealed under this name.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, ClientError> {
        let (nonce, ciphertext) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(ClientError::Unsealing)?;
        self.cipher()
            .decrypt(
                &Nonce::from(*nonce),
                Payload {
                    msg: ciphertext,
                    aad: name.as_bytes(),
                },
            )
            .map_err(|_| ClientError::Unsealing)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&(*self.0).into())
    }
}

/// Nonce, ciphertext, tag: in one buffer, since the state of a large group is megabytes.
fn seal_with(cipher: &Aes256Gcm, name: &str, value: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(NONCE_BYTES + value.len() + TAG_BYTES);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(value);
    let text = &mut sealed[NONCE_BYTES..];
    match cipher.encrypt_in_place_detached(&Nonce::from(nonce), name.as_bytes(), text) {
        Ok(tag) => sealed.extend_from_slice(&tag),
        // AES-GCM refuses only plaintexts above 64 GiB; nothing readable is left then either.
        Err(_) => sealed.clear(),
    }
    sealed
}

/// The open store.
pub struct Vault {
    key: StoreKey,
    values: BTreeMap<String, Vec<u8>>,
    dirty: BTreeSet<String>,
    ring: Option<Keyring>,
    #[cfg(test)]
    reads: std::sync::atomic::AtomicU64,
}

impl Vault {
    /// Opens a store from what the platform kept. A value that does not open means another key.
    pub fn open(key: StoreKey, sealed: &BTreeMap<String, Vec<u8>>) -> Result<Self, ClientError> {
        let mut values = BTreeMap::new();
        for (name, value) in sealed {
            values.insert(name.clone(), key.open(name, value)?);
        }
        Ok(Self {
            key,
            values,
            dirty: BTreeSet::new(),
            ring: None,
            #[cfg(test)]
            reads: std::sync::atomic::AtomicU64::new(0),
        })
    }

    /// From now on values whose names begin so, and that have a class, lie under data keys as well, see
    /// [`Keyring`]. `sealed` is the ring as the platform kept it. Values whose key was destroyed are gone; those from before there was a
    /// ring are put under one.
    ///
    /// # Errors
    /// When the ring, or a value under one of its keys, does not open.
    pub fn keep_ring(
        &mut self,
        sealed: Option<&[u8]>,
        prefix: &str,
        class: fn(&str, &[u8]) -> Option<String>,
    ) -> Result<(), ClientError> {
        const BAD: ClientError = ClientError::Unsealing;
        if self.ring.is_some() {
            return Ok(());
        }
        let keys: BTreeMap<String, B64> = match sealed {
            Some(sealed) => {
                let plain = Zeroizing::new(self.key.open(RING, sealed)?);
                serde_json::from_slice(&plain).map_err(|_| BAD)?
            }
            None => BTreeMap::new(),
        };
        let mut ring = Keyring {
            keys: BTreeMap::new(),
            classes: BTreeMap::new(),
            keyless: BTreeSet::new(),
            class,
            dirty: sealed.is_none(),
        };
        for (name, key) in keys {
            let key = Zeroizing::new(key.array().ok_or(BAD)?);
            ring.keys.insert(name, StoreKey(key));
        }
        // No others: the values of MLS are bytes that may begin in any way.
        let names: Vec<String> = self
            .range(prefix)
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in names {
            let Some(value) = self.values.get(&name) else {
                continue;
            };
            let Some((of, inner)) = Keyring::split(value) else {
                if let Some(of) = class(&name, value) {
                    ring.classify(name.clone(), of);
                    ring.dirty = true;
                    self.dirty.insert(name);
                }
                continue;
            };
            let of = of.to_owned();
            match ring.keys.get(&of) {
                Some(key) => {
                    let plain = key.open(&name, inner)?;
                    self.values.insert(name.clone(), plain);
                    ring.classes.insert(name, of);
                }
                // Without any ring it was not destroyed, but is out of reach.
                None if sealed.is_none() => return Err(BAD),
                None => self.delete(&name),
            }
        }
        self.ring = Some(ring);
        Ok(())
    }

    /// Classes of values that lie under a data key, with the names of those values.
    pub fn classes(&self) -> BTreeMap<String, Vec<String>> {
        let mut classes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, of) in self.ring.iter().flat_map(|ring| &ring.classes) {
            classes.entry(of.clone()).or_default().push(name.clone());
        }
        classes
    }

    /// Destroys a class's data key and removes what lies under it; durable with the next
    /// transaction, the key first.
    pub fn shred(&mut self, class: &str) {
        let names = self.classes().remove(class).unwrap_or_default();
        for name in &names {
            self.delete(name);
        }
        if let Some(ring) = &mut self.ring {
            ring.keyless.remove(class);
            ring.dirty |= ring.keys.remove(class).is_some();
        }
    }

    /// The ring, sealed, where it has changed; to be kept before the values are.
    pub fn ring_changes<const N: usize>(
        &mut self,
        mut random: impl FnMut() -> [u8; N],
    ) -> Option<Vec<u8>> {
        let ring = self.ring.as_mut()?;
        while let Some(of) = ring.keyless.pop_first() {
            let mut key = Zeroizing::new([0; 32]);
            key.copy_from_slice(random().get(..32)?);
            ring.keys.insert(of, StoreKey(key));
            ring.dirty = true;
        }
        if !ring.dirty {
            return None;
        }
        let keys: BTreeMap<&str, B64> = ring
            .keys
            .iter()
            .map(|(name, key)| (name.as_str(), B64::from(key.0.as_slice())))
            .collect();
        let plain = Zeroizing::new(serde_json::to_vec(&keys).unwrap_or_default());
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(random().get(..NONCE_BYTES)?);
        Some(self.key.seal(RING, &plain, nonce))
    }

    /// The ring is durable.
    pub fn settle_ring(&mut self) {
        if let Some(ring) = &mut self.ring {
            ring.dirty = false;
        }
    }

    /// A value as bytes.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// A value as JSON.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.count();
        serde_json::from_slice(self.values.get(name)?).ok()
    }

    /// How many values were read, one by one or in a range.
    #[cfg(test)]
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(std::sync::atomic::Ordering::Relaxed)
    }

    #[cfg(test)]
    fn count(&self) {
        self.reads
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "only tests count")]
    const fn count(&self) {}

    /// Every name with this beginning, in order, with its value.
    pub fn range<'a>(
        &'a self,
        prefix: &str,
    ) -> impl DoubleEndedIterator<Item = (&'a str, &'a [u8])> + use<'a> {
        // No name has this character, which stands behind all of them.
        let end = format!("{prefix}\u{10FFFF}");
        self.values
            .range(prefix.to_owned()..end)
            .inspect(|_| self.count())
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Those with this beginning that stand behind a name.
    pub fn range_after<'a>(
        &'a self,
        prefix: &str,
        name: &str,
    ) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        // Nothing is before the beginning itself.
        let after = name.max(prefix).to_owned();
        let end = format!("{prefix}\u{10FFFF}").max(after.clone());
        self.values
            .range((Bound::Excluded(after), Bound::Included(end)))
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Puts bytes; durable with the next transaction.
    pub fn put_bytes(&mut self, name: String, value: Vec<u8>) {
        self.dirty.insert(name.clone());
        if let Some(ring) = &mut self.ring
            && let Some(of) = (ring.class)(&name, &value)
        {
            ring.classify(name.clone(), of);
        }
        if let Some(mut old) = self.values.insert(name, value) {
            old.zeroize();
        }
    }

    /// Puts a value as JSON; durable with the next transaction.
    pub fn put<T: Serialize>(&mut self, name: String, value: &T) {
        // Our own records have string keys only, so that JSON has no way to fail.
        self.put_bytes(name, serde_json::to_vec(value).unwrap_or_default());
    }

    /// Removes a value; durable with the next transaction.
    pub fn delete(&mut self, name: &str) {
        if let Some(mut old) = self.values.remove(name) {
            old.zeroize();
            self.dirty.insert(name.to_owned());
            if let Some(ring) = &mut self.ring {
                ring.classes.remove(name);
            }
        }
    }

    /// What has changed since the last [`Vault::settle`], sealed, to be written as one transaction.
    pub fn changes(&self, mut nonce: impl FnMut() -> [u8; NONCE_BYTES]) -> Vec<Change> {
        let cipher = self.key.cipher();
        self.dirty
            .iter()
            .map(|name| {
                let seal = |value: &Vec<u8>| {
                    let under = self.ring.as_ref().and_then(|ring| ring.of(name));
                    let Some((of, key)) = under else {
                        return seal_with(&cipher, name, value, nonce());
                    };
                    let inner = key.seal(name, value, nonce());
                    seal_with(&cipher, name, &Keyring::join(of, &inner), nonce())
                };
                let sealed = self.values.get(name).map(seal);
                (name.clone(), sealed)
            })
            .collect()
    }

    /// The changes are durable.
    pub fn settle(&mut self) {
        self.dirty.clear();
    }
}

/// Data keys under which classes of values lie, inside the store's seal: whoever destroys one has
/// destroyed all that lies under it, wherever copies of the sealed store may be. The ring is sealed
/// under the store's key and kept apart from the values, where it can be overwritten.
struct Keyring {
    keys: BTreeMap<String, StoreKey>,
    /// The class of each value that has one.
    classes: BTreeMap<String, String>,
    /// Classes that have no key yet. A record keeper has every message of the hospital, so that each
    /// flush looking at all of them would cost the more the longer it runs.
    keyless: BTreeSet<String>,
    class: fn(&str, &[u8]) -> Option<String>,
    dirty: bool,
}

impl Keyring {
    fn classify(&mut self, name: String, of: String) {
        if !self.keys.contains_key(&of) {
            self.keyless.insert(of.clone());
        }
        self.classes.insert(name, of);
    }

    fn of(&self, name: &str) -> Option<(&str, &StoreKey)> {
        let of = self.classes.get(name)?;
        Some((of, self.keys.get(of)?))
    }

    /// A value under a data key, with its class in front. No other value begins with a zero.
    fn join(of: &str, inner: &[u8]) -> Vec<u8> {
        let mut joined = Vec::with_capacity(of.len() + inner.len() + 2);
        // A class is a conversation and a period, far below 256 bytes.
        joined.extend_from_slice(&[0, u8::try_from(of.len()).unwrap_or_default()]);
        joined.extend_from_slice(of.as_bytes());
        joined.extend_from_slice(inner);
        joined
    }

    fn split(value: &[u8]) -> Option<(&str, &[u8])> {
        let ([0, length], rest) = value.split_first_chunk::<2>()? else {
            return None;
        };
        let (of, inner) = rest.split_at_checked(usize::from(*length))?;
        Some((std::str::from_utf8(of).ok()?, inner))
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        for value in self.values.values_mut() {
            value.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_store_opens_with_both_halves_only() {
        let key = StoreKey::derive(b"passkey", b"share", "store");
        let sealed = BTreeMap::from([("a".to_owned(), key.seal("a", b"K 6.8", [1; 12]))]);
        assert!(!sealed["a"].windows(5).any(|w| w == b"K 6.8"));
        let vault = Vault::open(key, &sealed).unwrap();
        assert_eq!(vault.bytes("a"), Some(b"K 6.8".as_slice()));
        for wrong in [
            StoreKey::derive(b"passkey", b"other", "store"),
            StoreKey::derive(b"other", b"share", "store"),
            StoreKey::derive(b"passkey", b"share", "offline"),
        ] {
            assert!(Vault::open(wrong, &sealed).is_err());
        }
    }

    #[test]
    fn a_value_moved_to_another_name_does_not_open() {
        let key = StoreKey::derive(b"p", b"s", "store");
        assert!(key.open("b", &key.seal("a", b"x", [1; 12])).is_err());
    }

    fn class(name: &str, _: &[u8]) -> Option<String> {
        name.strip_prefix("t/").map(str::to_owned)
    }

    #[test]
    fn whose_key_is_destroyed_is_gone_from_every_copy_of_the_store() {
        let key = || StoreKey::derive(b"p", b"s", "store");
        let mut vault = Vault::open(key(), &BTreeMap::new()).unwrap();
        vault.keep_ring(None, "t/", class).unwrap();
        vault.put_bytes("m/state".to_owned(), vec![0, 0, 7]);
        for name in ["t/old", "t/new", "g/other"] {
            vault.put(name.to_owned(), &name);
        }
        let mut n = 0;
        let mut random = || {
            n += 1;
            [n; 32]
        };
        let before = vault.ring_changes(&mut random).unwrap();
        vault.settle_ring();
        let copy: BTreeMap<String, Vec<u8>> = vault
            .changes(|| [9; 12])
            .into_iter()
            .map(|(name, value)| (name, value.unwrap()))
            .collect();
        vault.settle();

        let mut again = Vault::open(key(), &copy).unwrap();
        again.keep_ring(Some(&before), "t/", class).unwrap();
        assert_eq!(again.get::<String>("t/old").as_deref(), Some("t/old"));

        vault.shred("old");
        let after = vault.ring_changes(&mut random).unwrap();
        let mut later = Vault::open(key(), &copy).unwrap();
        later.keep_ring(Some(&after), "t/", class).unwrap();
        assert_eq!(later.bytes("t/old"), None);
        assert_eq!(later.get::<String>("t/new").as_deref(), Some("t/new"));
        assert_eq!(later.get::<String>("g/other").as_deref(), Some("g/other"));
        assert_eq!(
            later.bytes("m/state"),
            Some([0, 0, 7].as_slice()),
            "it only looks so"
        );
        // Nobody who has both the copy and the store's key reads it without the data key.
        let outer = key().open("t/old", &copy["t/old"]).unwrap();
        assert!(!outer.windows(5).any(|w| w == b"t/old"));
    }

    #[test]
    fn a_store_from_before_there_was_a_ring_comes_under_it() {
        let key = || StoreKey::derive(b"p", b"s", "store");
        let plain = BTreeMap::from([("t/a".to_owned(), key().seal("t/a", b"\"x\"", [1; 12]))]);
        let mut vault = Vault::open(key(), &plain).unwrap();
        vault.keep_ring(None, "t/", class).unwrap();
        assert!(vault.ring_changes(|| [3; 32]).is_some());
        let changes = vault.changes(|| [2; 12]);
        assert_eq!(changes.len(), 1);
        assert_eq!(vault.classes()["a"], ["t/a"]);
    }

    proptest! {
        #[test]
        fn opening_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(StoreKey::derive(b"p", b"s", "store").open("a", &bytes).is_err());
        }
    }
}
