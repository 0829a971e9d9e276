//! One-time enrolment codes and confirmation strings, in Crockford base32: no letter that is
//! mistaken for a digit, read aloud and typed without regard to case.

use std::fmt;

use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroize;

use crate::endorsement::DeviceKeys;
use crate::{DeviceId, UserId};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of the public handle, on which attempts are counted.
pub const HANDLE_CHARS: usize = 4;
/// Secret characters of the form that is typed: 50 bits.
pub const TYPED_SECRET_CHARS: usize = 10;
/// Secret characters of the form in the link: 130 bits.
pub const LINK_SECRET_CHARS: usize = 26;

/// A text that is no enrolment code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an enrolment code; check it against the invitation, letter by letter")]
pub struct InvalidCode;

/// An enrolment code: a public handle and a secret, typed (50 bits) or from a link (130 bits).
///
/// `Debug` never shows the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrollCode {
    handle: String,
    secret: String,
}

impl EnrollCode {
    /// Makes a code from random bytes, one byte for each character (only 5 bits of each count).
    pub fn from_random(handle: [u8; HANDLE_CHARS], secret: &[u8]) -> Self {
        Self {
            handle: encode_random(&handle),
            secret: encode_random(secret),
        }
    }

    /// Makes a code of a given handle, for the second form of the same invitation.
    pub fn with_handle(handle: &str, secret: &[u8]) -> Self {
        Self {
            handle: handle.to_owned(),
            secret: encode_random(secret),
        }
    }

    /// Reads a code as a person typed it: case, dashes and spaces do not matter, and `O`, `I` and
    /// `L` are taken for `0`, `1` and `1`.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let mut folded = String::with_capacity(HANDLE_CHARS + LINK_SECRET_CHARS);
        for c in text.chars() {
            let upper = match c.to_ascii_uppercase() {
                '-' | ' ' => continue,
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if !upper.is_ascii() || !ALPHABET.contains(&(upper as u8)) {
                return Err(InvalidCode);
            }
            if folded.len() == HANDLE_CHARS + LINK_SECRET_CHARS {
                return Err(InvalidCode);
            }
            folded.push(upper);
        }
        let secret_chars = folded.len().checked_sub(HANDLE_CHARS).ok_or(InvalidCode)?;
        if secret_chars != TYPED_SECRET_CHARS && secret_chars != LINK_SECRET_CHARS {
            return Err(InvalidCode);
        }
        let secret = folded.split_off(HANDLE_CHARS);
        Ok(Self {
            handle: folded,
            secret,
        })
    }

    /// The public part, by which the invitation is found.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// The secret part, which is only ever stored as a keyed hash.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The code as it is written: without dashes in a link, in groups of four or five when typed.
    pub fn written(&self) -> String {
        if self.secret.len() == TYPED_SECRET_CHARS {
            let (first, second) = self.secret.split_at(TYPED_SECRET_CHARS / 2);
            format!("{}-{first}-{second}", self.handle)
        } else {
            format!("{}{}", self.handle, self.secret)
        }
    }
}

impl fmt::Debug for EnrollCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnrollCode({}-…)", self.handle)
    }
}

impl Drop for EnrollCode {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// The trust anchors that a device holds about its hospital.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pins {
    /// The audit log's Ed25519 public key.
    pub log_key: [u8; 32],
    /// SHA-256 of the genesis endorsement's canonical bytes; zeroes before there is one.
    pub genesis: [u8; 32],
}

/// The confirmation string that the new device and the confirming device both show: 60 bits over
/// who, which device, both its keys and the pins, as `XXXX-XXXX-XXXX`.
///
/// Because the pins are covered, a device that was enrolled by a typed code (and so learned the
/// pins from the server) is found out when that server lied.
pub fn confirmation_string(
    user: UserId,
    device: DeviceId,
    keys: &DeviceKeys,
    pins: &Pins,
) -> String {
    let digest = Sha256::new()
        .chain_update(b"wardline sas v1\0")
        .chain_update(user.as_bytes())
        .chain_update(device.as_bytes())
        .chain_update(keys.jkt)
        .chain_update(keys.mls_key)
        .chain_update(Sha256::digest(pins.log_key))
        .chain_update(pins.genesis)
        .finalize();
    let mut bits = 0_u128;
    for byte in &digest[..8] {
        bits = (bits << 8) | u128::from(*byte);
    }
    let mut text = String::with_capacity(14);
    for position in 0..12_u32 {
        if position > 0 && position % 4 == 0 {
            text.push('-');
        }
        let index = (bits >> (59 - 5 * position)) & 31;
        // The mask keeps the index below the alphabet's 32 characters.
        text.push(char::from(ALPHABET[usize::try_from(index).unwrap_or(0)]));
    }
    text
}

fn encode_random(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|b| char::from(ALPHABET[usize::from(b & 31)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_as_a_tired_person_types_it() {
        let code = EnrollCode::from_random([0, 1, 2, 3], &[1, 0, 17, 18, 19, 20, 21, 22, 23, 24]);
        assert_eq!(code.written(), "0123-10HJK-MNPQR");
        assert_eq!(EnrollCode::parse(" o123 lOhjk mnpqr ").unwrap(), code);
        assert_eq!(format!("{code:?}"), "EnrollCode(0123-…)");
        assert!(EnrollCode::parse("0123").is_err());
        assert!(EnrollCode::parse("").is_err());
        assert!(EnrollCode::parse("0123-10HJK-MNPQU").is_err());
    }

    #[test]
    fn the_confirmation_string_changes_with_every_part() {
        let keys = DeviceKeys {
            jkt: [1; 32],
            mls_key: [2; 32],
        };
        let pins = Pins {
            log_key: [3; 32],
            genesis: [4; 32],
        };
        let (user, device) = (UserId::from_bytes([5; 16]), DeviceId::from_bytes([6; 16]));
        let shown = confirmation_string(user, device, &keys, &pins);
        assert_eq!(shown.len(), 14);
        let others = [
            confirmation_string(UserId::from_bytes([9; 16]), device, &keys, &pins),
            confirmation_string(user, DeviceId::from_bytes([9; 16]), &keys, &pins),
            confirmation_string(
                user,
                device,
                &DeviceKeys {
                    jkt: [9; 32],
                    ..keys
                },
                &pins,
            ),
            confirmation_string(
                user,
                device,
                &DeviceKeys {
                    mls_key: [9; 32],
                    ..keys
                },
                &pins,
            ),
            confirmation_string(
                user,
                device,
                &keys,
                &Pins {
                    log_key: [9; 32],
                    ..pins
                },
            ),
            confirmation_string(
                user,
                device,
                &keys,
                &Pins {
                    genesis: [9; 32],
                    ..pins
                },
            ),
        ];
        assert!(others.iter().all(|other| *other != shown));
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_stable(text in "\\PC{0,60}") {
            if let Ok(code) = EnrollCode::parse(&text) {
                prop_assert_eq!(EnrollCode::parse(&code.written()).unwrap(), code);
            }
        }
    }
}
