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
use zeroize::{Zeroize, Zeroizing};

use crate::error::ClientError;
use crate::platform::Change;

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

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
        })
    }

    /// A value as bytes.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// A value as JSON.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(self.values.get(name)?).ok()
    }

    /// Every name with this beginning, in order, with its value.
    pub fn range<'a>(
        &'a self,
        prefix: &str,
    ) -> impl DoubleEndedIterator<Item = (&'a str, &'a [u8])> + use<'a> {
        // No name has this character, which stands behind all of them.
        let end = format!("{prefix}\u{10FFFF}");
        self.values
            .range(prefix.to_owned()..end)
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
        }
    }

    /// What has changed since the last [`Vault::settle`], sealed, to be written as one transaction.
    pub fn changes(&self, mut nonce: impl FnMut() -> [u8; NONCE_BYTES]) -> Vec<Change> {
        let cipher = self.key.cipher();
        self.dirty
            .iter()
            .map(|name| {
                let sealed = self
                    .values
                    .get(name)
                    .map(|value| seal_with(&cipher, name, value, nonce()));
                (name.clone(), sealed)
            })
            .collect()
    }

    /// The changes are durable.
    pub fn settle(&mut self) {
        self.dirty.clear();
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

    proptest! {
        #[test]
        fn opening_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(StoreKey::derive(b"p", b"s", "store").open("a", &bytes).is_err());
        }
    }
}
