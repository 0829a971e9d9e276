//! The hospital's keys in its data directory.
//!
//! ```text
//! DIR/keys/kek.json             the key-encryption keys, 0600; keep a copy apart from backups
//! DIR/keys/keyring.json         the data keys, wrapped
//! DIR/keys/NAME.sealed          private keys, sealed under the data keys
//! DIR/keys/device-ca.pem        certificates and public keys, for everyone
//! DIR/keys/tls-ca.pem
//! DIR/keys/log.vkey
//! ```
//!
//! [`create`] makes them once; [`HospitalKeys::open`] never makes any, so that a wrong path cannot
//! start a second hospital.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use rcgen::KeyPair;
use sha2::{Digest, Sha256};
use thiserror::Error;
use wardline_audit::{LogKey, LogSigner};
use wardline_delivery::DeliveryKey;
use wardline_seal::{BlindIndex, KeyError, KeyFile, Keyring, SealError, Sealer};
use zeroize::{Zeroize, Zeroizing};

use crate::ca::{Authority, CaError};
use crate::rim::random;

/// Everything that the server signs, seals and issues with.
pub struct HospitalKeys {
    /// Seals stored values.
    pub sealer: Sealer,
    /// Makes blind tokens and keyed hashes.
    pub index: BlindIndex,
    /// Signs checkpoints and chain heads.
    pub log: LogSigner,
    /// Proposes removals in every group.
    pub delivery: DeliveryKey,
    /// Issues device certificates.
    pub device_ca: Authority,
    /// Issues the HTTPS certificate.
    pub tls_ca: Authority,
}

impl std::fmt::Debug for HospitalKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HospitalKeys")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

/// Why keys could not be made or opened.
#[derive(Debug, Error)]
pub enum KeysError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The directory holds keys already.
    #[error("{0} holds keys already; choose another directory")]
    Exists(PathBuf),
    /// The key file or the keyring is wrong.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A sealed key does not open.
    #[error("{name}: {source}")]
    Seal {
        /// Which key.
        name: &'static str,
        /// Why.
        source: SealError,
    },
    /// A key or certificate file does not hold what it should.
    #[error("{0} does not hold what it should")]
    Content(&'static str),
    /// A certificate authority could not be made or read.
    #[error(transparent)]
    Ca(#[from] CaError),
}

/// Where keys lie under a data directory.
pub fn directory(data: &Path) -> PathBuf {
    data.join("keys")
}

/// Whether a data directory has keys.
pub fn exist(data: &Path) -> bool {
    directory(data).join(KEK).exists()
}

/// Makes the keys of a new hospital.
///
/// # Errors
/// When there are keys already, or a file cannot be written. The key file is written last, so a
/// crash in between leaves a directory that does not count as having keys.
pub fn create(data: &Path, hospital: &str, rp_id: &str, now_ms: u64) -> Result<(), KeysError> {
    let dir = directory(data);
    if exist(data) {
        return Err(KeysError::Exists(dir));
    }
    fs::create_dir_all(&dir).map_err(at(&dir))?;
    restrict_directory(&dir)?;

    let file = KeyFile::new("kek-1", random());
    let keyring = Keyring::create(&file, random(), random())?;
    let sealer = keyring.open(&file)?.sealer;
    write(&dir.join(KEYRING), &keyring.to_json())?;

    let suffix: [u8; 4] = random();
    let origin = format!("{rp_id}/log/{:08x}", u32::from_be_bytes(suffix));
    let log = SigningKey::from_bytes(&random());
    let public = LogKey::new(&origin, log.verifying_key())
        .map_err(|_| KeysError::Content("the relying party id"))?;
    seal(&dir, &sealer, LOG, &Zeroizing::new(log.to_bytes())[..])?;
    write(&dir.join(LOG_PUBLIC), format!("{public}\n").as_bytes())?;

    let mut delivery: [u8; 32] = random();
    seal(&dir, &sealer, DELIVERY, &delivery)?;
    delivery.zeroize();

    for (name, subject) in [(DEVICE_CA, "Device CA"), (TLS_CA, "TLS CA")] {
        let (authority, key) = Authority::create(&format!("{hospital} {subject}"), now_ms)?;
        seal(&dir, &sealer, name, &key)?;
        write(
            &dir.join(name).with_extension("pem"),
            authority.pem().as_bytes(),
        )?;
    }
    write(&dir.join(KEK), &file.to_json())
}

impl HospitalKeys {
    /// Opens the keys of a data directory.
    ///
    /// # Errors
    /// When a file is missing, altered, or sealed under another key file.
    pub fn open(data: &Path) -> Result<Self, KeysError> {
        let dir = directory(data);
        let file = KeyFile::parse(&Zeroizing::new(read(&dir.join(KEK))?))?;
        let opened = Keyring::parse(&read(&dir.join(KEYRING))?)?.open(&file)?;
        let sealer = opened.sealer;

        let vkey = log_key(data)?;
        let log = SigningKey::from_bytes(&*secret(&dir, &sealer, LOG)?);
        if log.verifying_key() != *vkey.verifying_key() {
            return Err(KeysError::Content(LOG_PUBLIC));
        }
        let log = LogSigner::new(vkey.name(), log).map_err(|_| KeysError::Content(LOG_PUBLIC))?;

        let authority = |name| {
            let key = unseal(&dir, &sealer, name)?;
            let key = KeyPair::try_from(key.as_slice()).map_err(CaError::from)?;
            let pem = read(&dir.join(name).with_extension("pem"))?;
            let pem = String::from_utf8(pem).map_err(|_| KeysError::Content(name))?;
            Ok::<_, KeysError>(Authority::open(&pem, key)?)
        };
        Ok(Self {
            log,
            delivery: DeliveryKey::from_bytes(&*secret(&dir, &sealer, DELIVERY)?),
            device_ca: authority(DEVICE_CA)?,
            tls_ca: authority(TLS_CA)?,
            index: opened.index,
            sealer,
        })
    }

    /// SHA-256 of the TLS CA's certificate, DER: what the enrolment link pins.
    pub fn tls_ca_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.tls_ca.der()).into()
    }
}

/// The audit log's public key, which lies beside the others for everyone to read.
///
/// # Errors
/// When there is none.
pub fn log_key(data: &Path) -> Result<LogKey, KeysError> {
    String::from_utf8(read(&directory(data).join(LOG_PUBLIC))?)
        .ok()
        .and_then(|text| text.trim_end().parse().ok())
        .ok_or(KeysError::Content(LOG_PUBLIC))
}

/// The TLS CA's certificate in PEM form, for clients.
pub fn tls_ca_path(data: &Path) -> PathBuf {
    directory(data).join(TLS_CA).with_extension("pem")
}

/// Writes a file of mode 0600 whole or not at all: under another name first, then renamed.
fn write(path: &Path, bytes: &[u8]) -> Result<(), KeysError> {
    let partial = path.with_extension("partial");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&partial)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&partial, path))
        .map_err(at(path))
}

fn restrict_directory(dir: &Path) -> Result<(), KeysError> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(dir, mode).map_err(at(dir))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, KeysError> {
    fs::read(path).map_err(at(path))
}

fn seal(dir: &Path, sealer: &Sealer, name: &'static str, key: &[u8]) -> Result<(), KeysError> {
    let sealed = sealer
        .seal(PURPOSE, name.as_bytes(), key)
        .map_err(|source| KeysError::Seal { name, source })?;
    write(&dir.join(name).with_extension("sealed"), &sealed)
}

fn unseal(
    dir: &Path,
    sealer: &Sealer,
    name: &'static str,
) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let sealed = read(&dir.join(name).with_extension("sealed"))?;
    sealer
        .open(PURPOSE, name.as_bytes(), &sealed)
        .map_err(|source| KeysError::Seal { name, source })
}

fn secret(
    dir: &Path,
    sealer: &Sealer,
    name: &'static str,
) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let bytes = unseal(dir, sealer, name)?;
    let array = bytes
        .as_slice()
        .try_into()
        .map_err(|_| KeysError::Content(name))?;
    Ok(Zeroizing::new(array))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> KeysError + use<> {
    let path = path.to_owned();
    |source| KeysError::File { path, source }
}

const PURPOSE: &str = "hospital key";
const KEK: &str = "kek.json";
const KEYRING: &str = "keyring.json";
const LOG: &str = "log";
const LOG_PUBLIC: &str = "log.vkey";
const DELIVERY: &str = "delivery";
const DEVICE_CA: &str = "device-ca";
const TLS_CA: &str = "tls-ca";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_open_where_they_were_made_and_lie_sealed() {
        let data =
            std::env::temp_dir().join(format!("wardline-keys-{:x}", u64::from_be_bytes(random())));
        create(&data, "Test Hospital", "localhost", 1_790_000_000_000).unwrap();
        let keys = HospitalKeys::open(&data).unwrap();
        assert!(keys.log.public().name().starts_with("localhost/log/"));
        assert!(matches!(
            create(&data, "Again", "localhost", 0),
            Err(KeysError::Exists(_))
        ));
        #[cfg(unix)]
        for entry in fs::read_dir(directory(&data)).unwrap() {
            let entry = entry.unwrap();
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&entry.metadata().unwrap().permissions());
            assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
        }
        let sealed = fs::read(directory(&data).join("log.sealed")).unwrap();
        let mut altered = sealed.clone();
        altered[20] ^= 1;
        fs::write(directory(&data).join("log.sealed"), altered).unwrap();
        assert!(matches!(
            HospitalKeys::open(&data),
            Err(KeysError::Seal { name: "log", .. })
        ));
        fs::remove_dir_all(&data).unwrap();
    }
}
