//! [`KeyFile`] and [`Keyring`]: the two halves of the envelope.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wardline_model::B64;
use zeroize::{Zeroize, Zeroizing};

use crate::index::BlindIndex;
use crate::sealer::{SealError, Sealer};

/// Why keys could not be read or used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// Not the JSON of a key file or keyring of a known version.
    #[error("not a {what} of a known version")]
    Format {
        /// `key file` or `keyring`.
        what: &'static str,
    },
    /// The keyring is wrapped by a key that the key file does not hold.
    #[error("the key file does not hold key-encryption key \"{0}\"")]
    MissingKek(String),
    /// The key file already holds a key of that name.
    #[error("the key file already holds a key named \"{0}\"")]
    Exists(String),
    /// A wrapped key was altered, or the key-encryption key is another one of the same name.
    #[error("a data key could not be unwrapped")]
    Unwrap(#[source] SealError),
}

/// Key-encryption keys by name, one of them active. The file must be of mode 0600 and lie apart
/// from the data and its backups; the rim reads and writes it.
///
/// Keys are wiped on drop, and `Debug` shows names only.
pub struct KeyFile {
    active: String,
    keys: BTreeMap<String, Zeroizing<[u8; 32]>>,
}

impl KeyFile {
    /// A key file with one key of 32 random bytes.
    pub fn new(name: &str, key: [u8; 32]) -> Self {
        let keys = BTreeMap::from([(name.to_owned(), Zeroizing::new(key))]);
        Self {
            active: name.to_owned(),
            keys,
        }
    }

    /// Reads the JSON of a key file.
    ///
    /// # Errors
    /// [`KeyError::Format`]; the text is never quoted.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let bad = || KeyError::Format { what: "key file" };
        let file: KeyFileJson = serde_json::from_slice(json).map_err(|_| bad())?;
        let mut keys = BTreeMap::new();
        for (name, key) in &file.keys {
            keys.insert(name.clone(), Zeroizing::new(key.array().ok_or_else(bad)?));
        }
        let active = file.active.clone();
        if file.wardline_keys != 1 || !keys.contains_key(&active) {
            return Err(bad());
        }
        Ok(Self { active, keys })
    }

    /// The JSON to be written, mode 0600.
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let file = KeyFileJson {
            wardline_keys: 1,
            active: self.active.clone(),
            keys: self
                .keys
                .iter()
                .map(|(name, key)| (name.clone(), B64::from(**key)))
                .collect(),
        };
        // Texts and one integer: serialisation has no error for them.
        Zeroizing::new(serde_json::to_vec_pretty(&file).unwrap_or_default())
    }

    /// Adds a key of 32 random bytes and makes it the active one; the old ones stay, for keyrings
    /// that are not yet [`Keyring::rewrap`]ped.
    ///
    /// # Errors
    /// [`KeyError::Exists`] when the name is taken.
    pub fn rotate(&mut self, name: &str, key: [u8; 32]) -> Result<(), KeyError> {
        if self.keys.contains_key(name) {
            return Err(KeyError::Exists(name.to_owned()));
        }
        self.keys.insert(name.to_owned(), Zeroizing::new(key));
        name.clone_into(&mut self.active);
        Ok(())
    }

    /// The name of the key that wraps.
    pub fn active(&self) -> &str {
        &self.active
    }

    fn sealer(&self, name: &str) -> Result<Sealer, KeyError> {
        let key = self
            .keys
            .get(name)
            .ok_or_else(|| KeyError::MissingKek(name.to_owned()))?;
        Ok(Sealer::new(0, HashMap::from([(0, key.clone())])))
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile")
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// Data keys, wrapped by a key-encryption key. Not secret by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyring {
    #[serde(rename = "wardline_keyring")]
    version: u8,
    active: u32,
    data_keys: BTreeMap<u32, Wrapped>,
    index_key: Wrapped,
}

/// What a keyring and its key file open into.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Seals and opens values.
    pub sealer: Sealer,
    /// Makes blind tokens.
    pub index: BlindIndex,
}

impl Keyring {
    /// A keyring with a first data key and the key of the blind index, 32 random bytes each.
    ///
    /// # Errors
    /// [`KeyError::Unwrap`] when the system gives no randomness for the nonce.
    pub fn create(
        file: &KeyFile,
        data_key: [u8; 32],
        index_key: [u8; 32],
    ) -> Result<Self, KeyError> {
        Ok(Self {
            version: 1,
            active: 1,
            data_keys: BTreeMap::from([(1, Wrapped::wrap(file, "data 1", data_key)?)]),
            index_key: Wrapped::wrap(file, "index", index_key)?,
        })
    }

    /// Reads the JSON of a keyring.
    ///
    /// # Errors
    /// [`KeyError::Format`].
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let bad = || KeyError::Format { what: "keyring" };
        let ring: Self = serde_json::from_slice(json).map_err(|_| bad())?;
        if ring.version != 1 || !ring.data_keys.contains_key(&ring.active) {
            return Err(bad());
        }
        Ok(ring)
    }

    /// The JSON to be written.
    pub fn to_json(&self) -> Vec<u8> {
        // Texts and integers: serialisation has no error for them.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// Adds a data key of 32 random bytes that seals from now on; the old ones still open.
    ///
    /// # Errors
    /// As [`Keyring::create`].
    pub fn rotate(&mut self, file: &KeyFile, data_key: [u8; 32]) -> Result<(), KeyError> {
        let id = self
            .data_keys
            .keys()
            .max()
            .map_or(1, |last| last.saturating_add(1));
        self.data_keys
            .insert(id, Wrapped::wrap(file, &format!("data {id}"), data_key)?);
        self.active = id;
        Ok(())
    }

    /// Wraps every key anew under the key file's active key; no stored value changes.
    ///
    /// # Errors
    /// When a key cannot be unwrapped, and then nothing is changed.
    pub fn rewrap(&mut self, file: &KeyFile) -> Result<(), KeyError> {
        let mut data_keys = BTreeMap::new();
        for (id, wrapped) in &self.data_keys {
            let label = format!("data {id}");
            data_keys.insert(
                *id,
                Wrapped::wrap(file, &label, *wrapped.unwrap(file, &label)?)?,
            );
        }
        let index = self.index_key.unwrap(file, "index")?;
        self.index_key = Wrapped::wrap(file, "index", *index)?;
        self.data_keys = data_keys;
        Ok(())
    }

    /// Unwraps the keys.
    ///
    /// # Errors
    /// When the key file is not the one that wrapped them.
    pub fn open(&self, file: &KeyFile) -> Result<Opened, KeyError> {
        let mut keys = HashMap::new();
        for (id, wrapped) in &self.data_keys {
            keys.insert(*id, wrapped.unwrap(file, &format!("data {id}"))?);
        }
        let index = self.index_key.unwrap(file, "index")?;
        Ok(Opened {
            sealer: Sealer::new(self.active, keys),
            index: BlindIndex::new(&index),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFileJson {
    wardline_keys: u8,
    active: String,
    keys: BTreeMap<String, B64>,
}

impl Drop for KeyFileJson {
    fn drop(&mut self) {
        for key in self.keys.values_mut() {
            key.0.zeroize();
        }
    }
}

/// A key sealed under the key-encryption key `kek`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    kek: String,
    key: B64,
}

impl Wrapped {
    fn wrap(file: &KeyFile, label: &str, key: [u8; 32]) -> Result<Self, KeyError> {
        let key = Zeroizing::new(key);
        let sealer = file.sealer(&file.active)?;
        let sealed = sealer
            .seal(PURPOSE, label.as_bytes(), &*key)
            .map_err(KeyError::Unwrap)?;
        Ok(Self {
            kek: file.active.clone(),
            key: sealed.into(),
        })
    }

    fn unwrap(&self, file: &KeyFile, label: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let sealer = file.sealer(&self.kek)?;
        let plain = sealer
            .open(PURPOSE, label.as_bytes(), self.key.as_ref())
            .map_err(KeyError::Unwrap)?;
        let key = plain
            .as_slice()
            .try_into()
            .map_err(|_| KeyError::Unwrap(SealError::Format))?;
        Ok(Zeroizing::new(key))
    }
}

const PURPOSE: &str = "key wrap";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyring_opens_with_its_key_file_only() {
        let file = KeyFile::new("2026-01", [9; 32]);
        let file = KeyFile::parse(&file.to_json()).unwrap();
        let ring = Keyring::create(&file, [1; 32], [2; 32]).unwrap();
        let ring = Keyring::parse(&ring.to_json()).unwrap();
        let opened = ring.open(&file).unwrap();
        let sealed = opened.sealer.seal("p", b"a", b"text").unwrap();
        assert_eq!(
            *ring
                .open(&file)
                .unwrap()
                .sealer
                .open("p", b"a", &sealed)
                .unwrap(),
            b"text"
        );
        assert_eq!(
            opened.index.token("mrn", b"1"),
            ring.open(&file).unwrap().index.token("mrn", b"1")
        );
        let stranger = KeyFile::new("2026-01", [8; 32]);
        assert!(matches!(ring.open(&stranger), Err(KeyError::Unwrap(_))));
        let nameless = KeyFile::new("other", [9; 32]);
        assert!(
            matches!(ring.open(&nameless), Err(KeyError::MissingKek(name)) if name == "2026-01")
        );
    }

    #[test]
    fn keys_rotate_without_losing_what_was_sealed() {
        let mut file = KeyFile::new("a", [9; 32]);
        let mut ring = Keyring::create(&file, [1; 32], [2; 32]).unwrap();
        let before = ring.open(&file).unwrap();
        let sealed = before.sealer.seal("p", b"a", b"text").unwrap();
        ring.rotate(&file, [3; 32]).unwrap();
        file.rotate("b", [10; 32]).unwrap();
        assert!(matches!(
            file.rotate("b", [11; 32]),
            Err(KeyError::Exists(_))
        ));
        ring.rewrap(&file).unwrap();
        let only_new = KeyFile::new("b", [10; 32]);
        let after = ring.open(&only_new).unwrap();
        assert_eq!(*after.sealer.open("p", b"a", &sealed).unwrap(), b"text");
        assert_eq!(after.sealer.active_key(), 2);
        assert_eq!(before.index.token("k", b"v"), after.index.token("k", b"v"));
    }

    #[test]
    fn a_wrapped_key_cannot_be_passed_off_as_another() {
        let file = KeyFile::new("a", [9; 32]);
        let mut ring = Keyring::create(&file, [1; 32], [2; 32]).unwrap();
        std::mem::swap(&mut ring.index_key, ring.data_keys.get_mut(&1).unwrap());
        assert!(matches!(
            ring.open(&file),
            Err(KeyError::Unwrap(SealError::Tampered))
        ));
    }

    #[test]
    fn secrets_are_not_shown() {
        let file = KeyFile::new("a", [0xab; 32]);
        let ring = Keyring::create(&file, [1; 32], [2; 32]).unwrap();
        let opened = ring.open(&file).unwrap();
        let shown = format!("{file:?} {ring:?} {opened:?}");
        assert!(!shown.contains("171") && !shown.contains("q6ur"), "{shown}");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "{}",
            r#"{"wardline_keys":2,"active":"a","keys":{"a":"AAAA"}}"#,
            r#"{"wardline_keys":1,"active":"b","keys":{"a":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}"#,
        ] {
            assert!(KeyFile::parse(text.as_bytes()).is_err(), "{text}");
            assert!(Keyring::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
