//! Keys are read as they were written, and nothing that was altered opens.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use wardline_fuzz::corpus;
use wardline_seal::{KeyFile, Keyring, fuzz};

fn file() -> KeyFile {
    let mut file = KeyFile::new("2026-01", [9; 32]);
    file.rotate("2026-02", [8; 32]).unwrap();
    file
}

#[test]
fn a_key_file_is_read_as_it_is_written() {
    corpus!("key-file")
        .seeds([
            file().to_json().to_vec(),
            KeyFile::new("a", [1; 32]).to_json().to_vec(),
        ])
        .cases(32_000)
        .run(fuzz::key_file);
}

#[test]
fn a_keyring_opens_unaltered_only() {
    let file = file();
    let mut ring = Keyring::create(&file, [1; 32], [2; 32]).unwrap();
    let one = ring.to_json();
    ring.rotate(&file, [3; 32]).unwrap();
    corpus!("keyring")
        .seeds([one, ring.to_json()])
        .words(["4294967295", "4294967294", "\"1\"", "\"2\""])
        .cases(20_000)
        .run(|bytes| fuzz::keyring(bytes, &file));
}

#[test]
fn no_sealed_value_opens_after_it_was_altered() {
    let file = file();
    let ring = Keyring::create(&file, [1; 32], [2; 32]).unwrap();
    let sealer = ring.open(&file).unwrap().sealer;
    let sealed = sealer
        .seal("purpose", b"place", b"Potassium 6.8 mmol/L")
        .unwrap();
    corpus!("sealed")
        .seeds([sealed.clone()])
        .cases(32_000)
        .run(|bytes| {
            let opened = fuzz::sealed(bytes, &sealer);
            assert_eq!(opened.is_some(), bytes == sealed);
            opened.is_some_and(|value| value == b"Potassium 6.8 mmol/L")
        });
}
