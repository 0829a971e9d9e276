//! The home directory of a native client: its keys in one file, its sealed store in another.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use hkdf::Hkdf;
use p256::ecdsa::SigningKey;
use p256::pkcs8::{EncodePublicKey as _, LineEnding};
use redb::{Database, Durability, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use wardline_client::client::PRF_SALTS;
use wardline_client::platform::Change;
use wardline_client::profile::KEYRING;
use wardline_model::B64;
use zeroize::Zeroizing;

use crate::NativeError;

const KEYS: &str = "keys.json";
const ENTRIES: TableDefinition<&str, &[u8]> = TableDefinition::new("entries");

/// What the directory keeps beside the store. Readable by its owner only.
#[derive(Clone, Serialize, Deserialize)]
struct Keys {
    /// The P-256 device key's scalar.
    device_key: B64,
    /// Stands in for the passkey's PRF.
    secret: B64,
    /// The server's address, once enrolled.
    server: Option<String>,
    /// The CA to trust for it, PEM.
    ca: Option<String>,
    /// The software passkey.
    passkey: Option<StoredPasskey>,
}

/// A software passkey.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredPasskey {
    /// The credential id.
    pub id: B64,
    /// The P-256 scalar.
    pub key: B64,
    /// The relying party.
    pub rp_id: String,
    /// The user handle.
    pub user_handle: B64,
}

/// An open home directory. One process at a time. `Debug` shows its path only.
pub struct Home {
    path: PathBuf,
    keys: Mutex<Keys>,
    database: Database,
}

impl Home {
    /// Whether a directory has a home's keys. They are made last, so one whose making was cut short
    /// has none, opens no more, and was never used.
    pub fn has_keys(path: &Path) -> bool {
        path.join(KEYS).exists()
    }

    /// Opens a directory, making it and its keys where there are none.
    pub fn open(path: &Path) -> Result<Self, NativeError> {
        let failed = |what: String| NativeError::Home {
            path: path.display().to_string(),
            what,
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| failed(error.to_string()))?;
        // First, because redb locks the file as long as it is open: two processes must not both make
        // keys.
        let store = path.join("store.redb");
        fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&store)
            .map_err(|error| failed(error.to_string()))?;
        let database = Database::create(&store).map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => {
                failed("another process uses it now; let that one finish first".to_owned())
            }
            other => failed(other.to_string()),
        })?;
        let file = path.join(KEYS);
        let keys = if file.exists() {
            let text = fs::read(&file).map_err(|error| failed(error.to_string()))?;
            serde_json::from_slice(&text).map_err(|_| failed("keys.json is damaged".to_owned()))?
        } else {
            let mut secret = [0; 32];
            random(&mut secret);
            let keys = Keys {
                device_key: B64::from(new_key().to_bytes().as_slice()),
                secret: secret.into(),
                server: None,
                ca: None,
                passkey: None,
            };
            write_private(&file, &keys).map_err(|error| failed(error.to_string()))?;
            keys
        };
        Ok(Self {
            path: path.to_owned(),
            keys: Mutex::new(keys),
            database,
        })
    }

    /// The device key.
    pub fn device_key(&self) -> Result<SigningKey, NativeError> {
        read_key(&self.keys().device_key).ok_or_else(|| self.failed("keys.json is damaged"))
    }

    /// The device's public key: a SubjectPublicKeyInfo (RFC 5480) in PEM.
    pub fn public_key_pem(&self) -> Result<String, NativeError> {
        self.device_key()?
            .verifying_key()
            .to_public_key_pem(LineEnding::LF)
            .map_err(|_| self.failed("keys.json is damaged"))
    }

    /// Begins anew: another device key and another secret, no passkey. The server's address stays.
    pub fn begin_anew(&self) -> Result<(), NativeError> {
        let mut secret = [0; 32];
        random(&mut secret);
        self.change(|keys| {
            keys.device_key = B64::from(new_key().to_bytes().as_slice());
            keys.secret = secret.into();
            keys.passkey = None;
        })
    }

    /// The two values that stand in for the passkey's PRF outputs: HKDF-SHA256 (RFC 5869) of the
    /// directory's secret under the salts that a passkey would be given.
    ///
    /// # Errors
    /// When the secret is damaged.
    pub fn prf(&self) -> Result<[Zeroizing<Vec<u8>>; 2], NativeError> {
        let secret = Zeroizing::new(self.keys().secret.0);
        if secret.len() != 32 {
            return Err(self.failed("keys.json is damaged"));
        }
        let derive = |salt: &[u8; 32]| {
            let mut output = Zeroizing::new(vec![0; 32]);
            // 32 bytes are within what HKDF-SHA256 gives (255 times 32).
            Hkdf::<Sha256>::new(Some(salt), &secret)
                .expand(b"wardline native prf v1", &mut output)
                .map(|()| output)
                .map_err(|_| self.failed("keys.json is damaged"))
        };
        Ok([derive(PRF_SALTS.0)?, derive(PRF_SALTS.1)?])
    }

    /// The server's address and CA, once enrolled.
    pub fn server(&self) -> Option<(String, Option<String>)> {
        let keys = self.keys();
        keys.server.map(|server| (server, keys.ca))
    }

    /// The software passkey.
    pub fn passkey(&self) -> Option<StoredPasskey> {
        self.keys().passkey
    }

    /// Keeps the server's address and CA.
    pub fn set_server(&self, server: &str, ca: Option<&str>) -> Result<(), NativeError> {
        self.change(|keys| {
            keys.server = Some(server.to_owned());
            keys.ca = ca.map(str::to_owned);
        })
    }

    /// Keeps the software passkey.
    pub fn set_passkey(&self, passkey: StoredPasskey) -> Result<(), NativeError> {
        self.change(|keys| keys.passkey = Some(passkey))
    }

    /// Everything in the store.
    pub fn entries(&self) -> Result<Vec<(String, Vec<u8>)>, NativeError> {
        let read = || -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
            let transaction = self.database.begin_read()?;
            let table = match transaction.open_table(ENTRIES) {
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                other => other?,
            };
            let mut entries = Vec::new();
            for entry in table.iter()? {
                let (name, value) = entry?;
                entries.push((name.value().to_owned(), value.value().to_vec()));
            }
            Ok(entries)
        };
        let mut entries = read().map_err(|error| self.failed(&error.to_string()))?;
        match fs::read(self.path.join(KEYRING)) {
            Ok(ring) => entries.push((KEYRING.to_owned(), ring)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(self.failed(&error.to_string())),
        }
        Ok(entries)
    }

    /// Writes all changes durably, or none.
    pub fn commit(&self, mut changes: Vec<Change>) -> Result<(), NativeError> {
        if let Some(at) = changes.iter().position(|(name, _)| name == KEYRING) {
            let (_, ring) = changes.swap_remove(at);
            replace_ring(&self.path, ring.as_deref())
                .map_err(|error| self.failed(&error.to_string()))?;
            if changes.is_empty() {
                return Ok(());
            }
        }
        let write = || -> Result<(), redb::Error> {
            let mut transaction = self.database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            {
                let mut table = transaction.open_table(ENTRIES)?;
                for (name, value) in changes {
                    match value {
                        Some(value) => table.insert(name.as_str(), value.as_slice())?,
                        None => table.remove(name.as_str())?,
                    };
                }
            }
            transaction.commit()?;
            Ok(())
        };
        write().map_err(|error| self.failed(&error.to_string()))
    }

    fn keys(&self) -> Keys {
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn change(&self, edit: impl FnOnce(&mut Keys)) -> Result<(), NativeError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        edit(&mut keys);
        write_private(&self.path.join(KEYS), &*keys)
            .map_err(|error| self.failed(&error.to_string()))
    }

    fn failed(&self, what: &str) -> NativeError {
        NativeError::Home {
            path: self.path.display().to_string(),
            what: what.to_owned(),
        }
    }
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Home")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Puts a ring in the place of the one before, whose bytes are overwritten where they lay. A crash
/// leaves the one or the other whole.
fn replace_ring(path: &Path, ring: Option<&[u8]>) -> std::io::Result<()> {
    let file = path.join(KEYRING);
    let before = match fs::OpenOptions::new().read(true).write(true).open(&file) {
        Ok(before) => Some(before),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    match ring {
        Some(ring) => {
            let next = path.join("keyring.new");
            let mut out = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&next)?;
            out.write_all(ring)?;
            out.sync_all()?;
            fs::rename(&next, &file)?;
        }
        None if before.is_some() => fs::remove_file(&file)?,
        None => {}
    }
    fs::File::open(path)?.sync_all()?;
    if let Some(mut before) = before {
        let length = usize::try_from(before.metadata()?.len()).unwrap_or_default();
        before.write_all(&vec![0; length])?;
        before.sync_all()?;
    }
    Ok(())
}

/// Fills the buffer from the system's random source.
///
/// # Panics
/// When the system has no randomness: nothing safe can be done then.
#[expect(
    clippy::expect_used,
    reason = "without randomness every key would be known"
)]
pub fn random(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the system's random source answers");
}

/// A fresh P-256 key.
pub fn new_key() -> SigningKey {
    loop {
        let mut scalar = Zeroizing::new([0; 32]);
        random(scalar.as_mut());
        // Zero and values above the group's order are refused: about one in 2^32.
        if let Ok(key) = SigningKey::from_slice(scalar.as_ref()) {
            return key;
        }
    }
}

/// A key from its scalar.
pub fn read_key(scalar: &B64) -> Option<SigningKey> {
    SigningKey::from_slice(&scalar.0).ok()
}

/// Replaces a file in one step; nobody else may read it.
fn write_private(path: &Path, value: &impl Serialize) -> std::io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    // The rename itself is durable once the directory is.
    path.parent()
        .map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_the_owner_can_read_a_home_and_only_one_process_opens_it() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("home");
        assert!(!Home::has_keys(&path));
        let home = Home::open(&path).unwrap();
        assert!(Home::has_keys(&path));
        home.commit(vec![
            ("a".to_owned(), Some(vec![1])),
            ("b".to_owned(), None),
        ])
        .unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        for entry in fs::read_dir(&path).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(
                entry.metadata().unwrap().permissions().mode() & 0o077,
                0,
                "{entry:?}"
            );
        }
        let second = Home::open(&path).unwrap_err();
        assert!(
            second.to_string().contains("another process uses it"),
            "{second}"
        );
        let (key, prf) = (home.device_key().unwrap(), home.prf().unwrap());
        drop(home);

        let again = Home::open(&path).unwrap();
        assert_eq!(again.entries().unwrap(), vec![("a".to_owned(), vec![1])]);
        assert_eq!(again.device_key().unwrap(), key);
        assert_eq!(again.prf().unwrap(), prf);
        assert_ne!(prf[0], prf[1]);
    }

    #[test]
    fn a_damaged_key_file_is_named_and_not_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        drop(Home::open(scratch.path()).unwrap());
        fs::write(scratch.path().join("keys.json"), b"{").unwrap();
        let error = Home::open(scratch.path()).unwrap_err();
        assert!(
            error.to_string().contains("keys.json is damaged"),
            "{error}"
        );
        assert_eq!(fs::read(scratch.path().join("keys.json")).unwrap(), b"{");
    }
}
