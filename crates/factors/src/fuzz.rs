//! The decoders as plain functions over bytes, for tests and fuzzers: none of them may panic.

use zeroize::Zeroizing;

use crate::pskc::{self, Unlock};
use crate::seeds;
use crate::{Generator, Progress};

/// A list of seeds as CSV; whether it was read.
pub fn csv(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| seeds::read_csv(text).is_ok())
}

/// A list of seeds as PSKC, under the key of RFC 6030 §6.1; whether it was read.
pub fn pskc(bytes: &[u8]) -> bool {
    const KEY: [u8; 16] = [
        0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90,
        0x12,
    ];
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let unlock = Unlock::Key(Zeroizing::new(KEY.to_vec()));
    pskc::read(text, &Unlock::Plain, NOW).is_ok() | pskc::read(text, &unlock, NOW).is_ok()
}

/// A code that somebody typed; whether it was looked at.
pub fn code(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|code| {
        let progress = Progress::default();
        Generator::APP.check(&[7; 20], progress, code, NOW).is_ok()
    })
}

/// In January 2026, unix seconds.
const NOW: u64 = 1_767_600_000;
