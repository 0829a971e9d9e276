//! How well a session is proven, in the terms of others.

use wardline_policy::PasskeyKind;

/// The session's authenticator assurance level now: a fresh smart card lifts it to 3 (NIST
/// SP 800-63B-4 §2.3), since it is hardware that keeps its key, beside a passkey.
pub(crate) const fn aal(signed_in: u8, card: bool) -> u8 {
    if card { 3 } else { signed_in }
}

/// The session's authentication context class (OpenID EAP ACR Values 1.0 §2): every passkey is
/// phishing-resistant; a card, or a passkey in the device's own hardware, is hardware-protected
/// besides.
pub(crate) const fn acr(passkey: PasskeyKind, card: bool) -> &'static str {
    match passkey {
        PasskeyKind::Platform => PHRH,
        _ if card => PHRH,
        PasskeyKind::Synced | PasskeyKind::Software => PHR,
    }
}

/// Whether what was proven then is fresh now.
pub(crate) const fn is_fresh(proven_at: Option<u64>, fresh_ms: u64, now_ms: u64) -> bool {
    match proven_at {
        Some(at) => now_ms.saturating_sub(at) <= fresh_ms,
        None => false,
    }
}

/// Phishing-resistant.
pub(crate) const PHR: &str = "phr";
/// Phishing-resistant and hardware-protected.
pub(crate) const PHRH: &str = "phrh";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_protects_what_the_passkey_does_not() {
        for (passkey, alone) in [
            (PasskeyKind::Platform, PHRH),
            (PasskeyKind::Synced, PHR),
            (PasskeyKind::Software, PHR),
        ] {
            assert_eq!(acr(passkey, false), alone);
            assert_eq!(acr(passkey, true), PHRH);
        }
        assert_eq!((aal(2, false), aal(2, true)), (2, 3));
    }

    #[test]
    fn what_is_fresh_is_so_to_the_millisecond() {
        assert!(is_fresh(Some(1000), 500, 1500) && !is_fresh(Some(1000), 500, 1501));
        assert!(!is_fresh(None, 500, 0));
    }
}
