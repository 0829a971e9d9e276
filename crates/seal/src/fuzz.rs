//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use crate::{KeyFile, Keyring, Sealer};

/// A key file.
///
/// # Panics
/// When an accepted key file is not the same after it was written.
pub fn key_file(bytes: &[u8]) -> bool {
    KeyFile::parse(bytes).is_ok_and(|file| {
        let written = file.to_json();
        let again = KeyFile::parse(&written).map(|again| again.to_json());
        assert_eq!(again.ok().as_deref(), Some(&*written));
        true
    })
}

/// A keyring, opened with a key file.
///
/// # Panics
/// When an accepted keyring is not the same after it was written, or cannot grow.
pub fn keyring(bytes: &[u8], file: &KeyFile) -> bool {
    let Ok(mut ring) = Keyring::parse(bytes) else {
        return false;
    };
    assert_eq!(Keyring::parse(&ring.to_json()).ok().as_ref(), Some(&ring));
    let Ok(before) = ring.open(file) else {
        return false;
    };
    let sealed = before.sealer.seal("purpose", b"place", b"value");
    // Keys that open go on to open what they sealed, whatever comes after.
    if ring.rotate(file, [5; 32]).is_ok()
        && let (Ok(after), Ok(sealed)) = (ring.open(file), sealed)
    {
        let opened = after.sealer.open("purpose", b"place", &sealed);
        assert!(
            opened.is_ok_and(|value| *value == b"value"),
            "a key was lost"
        );
        assert_ne!(after.sealer.active_key(), before.sealer.active_key());
    }
    true
}

/// A sealed value; gives what it opens to.
///
/// # Panics
/// When it opens in another place or for another purpose too, or names no key.
pub fn sealed(bytes: &[u8], sealer: &Sealer) -> Option<Vec<u8>> {
    let key = Sealer::key_of(bytes);
    let value = sealer.open("purpose", b"place", bytes).ok()?;
    assert!(key.is_some());
    assert_eq!(value.len() + Sealer::OVERHEAD, bytes.len());
    assert!(sealer.open("purpose", b"elsewhere", bytes).is_err());
    assert!(sealer.open("other", b"place", bytes).is_err());
    Some(value.to_vec())
}
