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

impl Entry {
    /// Status and reason, as `REVOKED (KEY_COMPROMISE)`. The list is somebody else's text, so it is
    /// cut where no reason is that long, and holds nothing but what is printed.
    pub fn told(&self) -> String {
        let reason = self.reason.chars().filter(|it| !it.is_control());
        let reason: String = reason.take(LONGEST_REASON).collect();
        format!("{} ({reason})", self.status)
    }
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
    fetched_at: Option<u64>,
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
        Ok(Self {
            entries,
            fetched_at: None,
        })
    }

    /// The same list, with when it was fetched, unix milliseconds. The list itself has no date.
    #[must_use]
    pub const fn fetched(mut self, at_ms: u64) -> Self {
        self.fetched_at = Some(at_ms);
        self
    }

    /// When it was fetched, unix milliseconds, where that is known.
    pub const fn fetched_at(&self) -> Option<u64> {
        self.fetched_at
    }

    /// The entry of a certificate by its serial number, big-endian.
    pub fn of(&self, serial: &[u8]) -> Option<&Entry> {
        self.named(&name(serial))
    }

    /// The entry of a certificate by its serial number as the list writes it.
    pub fn named(&self, serial: &str) -> Option<&Entry> {
        self.entries.get(&normal(serial))
    }
}

/// A serial number, big-endian, as the list writes it.
pub(super) fn name(serial: &[u8]) -> String {
    normal(&hex::encode(serial))
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

/// The most characters of a reason that are told. Google's have some twenty.
const LONGEST_REASON: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> StatusList {
        StatusList::from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_key_is_found_however_its_number_is_spelled() {
        let list = list(
            r#"{"entries": {
                "2c8cdddfd5e03bfc": {"status": "REVOKED", "reason": "KEY_COMPROMISE"},
                "00ABCDE": {"status": "SUSPENDED"}
            }}"#,
        );
        let serial = [0x2c, 0x8c, 0xdd, 0xdf, 0xd5, 0xe0, 0x3b, 0xfc];
        assert_eq!(name(&serial), "2c8cdddfd5e03bfc");
        // A number whose highest bit is set begins with a zero octet in DER.
        assert_eq!(name(&[0, 0x0a, 0xbc, 0xde]), "abcde");
        let revoked = list.of(&serial).unwrap();
        assert_eq!(revoked.told(), "REVOKED (KEY_COMPROMISE)");
        let suspended = list.named("abcde").unwrap();
        assert_eq!(suspended.told(), "SUSPENDED (UNSPECIFIED)");
        assert_eq!(list.named(&name(&[0x0a, 0xbc, 0xde])), Some(suspended));
        assert_eq!(list.of(&[0x2c]), None);
    }

    #[test]
    fn a_list_that_is_not_understood_is_no_empty_list() {
        for wrong in [
            "",
            "{}",
            "[]",
            r#"{"entries": {"12": {"status": "REVOKED""#,
            r#"{"entries": {"12": {"status": "FINE"}}}"#,
            r#"{"entries": {"12": {}}}"#,
            r#"{"entries": {"": {"status": "REVOKED"}}}"#,
            r#"{"entries": {"12 ": {"status": "REVOKED"}}}"#,
            r#"{"entries": {"-12": {"status": "REVOKED"}}}"#,
        ] {
            assert!(StatusList::from_json(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert_eq!(list(r#"{"entries": {}}"#), StatusList::default());
    }

    #[test]
    fn a_reason_is_told_in_one_short_line() {
        let entry = Entry {
            status: Status::Revoked,
            reason: format!("A\nB{}", "x".repeat(1_000)),
        };
        let told = entry.told();
        assert!(told.starts_with("REVOKED (ABx"), "{told}");
        assert_eq!(told.len(), "REVOKED ()".len() + LONGEST_REASON);
    }
}
