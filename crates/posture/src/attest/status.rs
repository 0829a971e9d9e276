//! Google's list of attestation keys that are not to be believed any more.
//!
//! Source: "Certificate revocation status list" (developer.android.com) and
//! <https://android.googleapis.com/attestation/status>.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use thiserror::Error;

/// Whether an entry of the list is for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// For good.
    Revoked,
    /// Until further notice.
    Suspended,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Revoked => "REVOKED",
            Self::Suspended => "SUSPENDED",
        })
    }
}

/// An entry of the list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Whether for good.
    pub status: Status,
    /// Such as `KEY_COMPROMISE`; the list may leave it out.
    #[serde(default = "unspecified")]
    pub reason: String,
}

/// Why a status list is not taken. A list that is not understood must not read as an empty one.
#[derive(Debug, Error)]
pub enum StatusListError {
    /// It is not JSON of such a list.
    #[error("the status list cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A key is no serial number.
    #[error("the status list names {0:?}, which is no serial number in hexadecimal digits")]
    Serial(String),
}

/// Entries by serial number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusList {
    entries: HashMap<String, Entry>,
}

impl StatusList {
    /// Reads the list as Google publishes it: JSON, `entries` by serial number in lower-case
    /// hexadecimal digits without leading zeros. Many serial numbers have decimal digits only; they
    /// are hexadecimal none the less, since the factories write them so into the certificates.
    ///
    /// # Errors
    /// When it is not such a list.
    pub fn from_json(bytes: &[u8]) -> Result<Self, StatusListError> {
        let file: File = serde_json::from_slice(bytes)?;
        let mut entries = HashMap::with_capacity(file.entries.len());
        for (serial, entry) in file.entries {
            if serial.is_empty() || !serial.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(StatusListError::Serial(serial));
            }
            entries.insert(normal(&serial), entry);
        }
        Ok(Self { entries })
    }

    /// The entry of a certificate by its serial number, big-endian.
    pub fn of(&self, serial: &[u8]) -> Option<&Entry> {
        self.entries.get(&normal(&hex::encode(serial)))
    }
}

#[derive(Deserialize)]
struct File {
    entries: HashMap<String, Entry>,
}

/// One spelling of a number. Leading zeros and capitals come from lists that people edited.
fn normal(hexadecimal: &str) -> String {
    hexadecimal.trim_start_matches('0').to_ascii_lowercase()
}

fn unspecified() -> String {
    "UNSPECIFIED".to_owned()
}
