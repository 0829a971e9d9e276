//! Server nonces for DPoP proofs (RFC 9449 §8), bound to this process and to a time window.
//!
//! A nonce is a window's number and an HMAC over it by a key that only this process has. So a
//! proof made for another node or for the process before a restart is refused, and the replay
//! cache of this process is complete.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Makes and checks nonces.
pub(crate) struct Nonces {
    key: hmac::Key,
}

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonces")
    }
}

impl Nonces {
    /// From 32 random bytes of this process.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
        }
    }

    /// The nonce to hand out now.
    pub(crate) fn current(&self, now_ms: u64) -> String {
        self.of_window(now_ms / WINDOW_MS)
    }

    /// Whether the nonce is of this window or the one before.
    pub(crate) fn accepts(&self, nonce: &str, now_ms: u64) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(nonce) else {
            return false;
        };
        let Some((window, tag)) = bytes.split_first_chunk::<8>() else {
            return false;
        };
        let age = (now_ms / WINDOW_MS).checked_sub(u64::from_be_bytes(*window));
        if !matches!(age, Some(0 | 1)) {
            return false;
        }
        // The tag is an HMAC cut to 128 bits; compared without a hint about where it differs.
        let expected = hmac::sign(&self.key, window);
        aws_lc_rs::constant_time::verify_slices_are_equal(tag, &expected.as_ref()[..16]).is_ok()
    }

    fn of_window(&self, window: u64) -> String {
        let window = window.to_be_bytes();
        let tag = hmac::sign(&self.key, &window);
        let mut bytes = window.to_vec();
        bytes.extend_from_slice(&tag.as_ref()[..16]);
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// How long a nonce is handed out; it is accepted for one window longer.
const WINDOW_MS: u64 = 5 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_lives_two_windows_in_one_process() {
        let (mine, other) = (Nonces::new(&[1; 32]), Nonces::new(&[2; 32]));
        let nonce = mine.current(10 * WINDOW_MS);
        assert!(mine.accepts(&nonce, 10 * WINDOW_MS));
        assert!(mine.accepts(&nonce, 12 * WINDOW_MS - 1));
        assert!(!mine.accepts(&nonce, 12 * WINDOW_MS));
        assert!(!mine.accepts(&nonce, 9 * WINDOW_MS), "from the future");
        assert!(!other.accepts(&nonce, 10 * WINDOW_MS), "of another process");
        assert!(!mine.accepts("", 0) && !mine.accepts("AAAA", 0) && !mine.accepts("*", 0));
    }
}
