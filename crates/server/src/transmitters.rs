//! Whose security events are taken. Transmitters change their keys, so their files are read again
//! when a token is not signed with a key that is known, and each minute in which one comes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use wardline_signals::set::{Keys, SetError, Signal, Transmitter, Window};

use crate::config;

/// A transmitter's file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct TransmitterError {
    /// The file with the keys.
    file: PathBuf,
    /// Why it cannot be used.
    why: String,
}

/// The configured transmitters with the keys that they had when their files were read last.
#[derive(Debug)]
pub(crate) struct Transmitters {
    configured: Vec<config::Signals>,
    last: Mutex<Read>,
}

#[derive(Debug, Clone)]
struct Read {
    transmitters: Arc<[Transmitter]>,
    at_ms: u64,
}

impl Transmitters {
    /// Reads the files of those in a configuration.
    pub(crate) fn open(
        configured: &[config::Signals],
        now_ms: u64,
    ) -> Result<Self, TransmitterError> {
        let transmitters = read(configured)?;
        Ok(Self {
            configured: configured.to_vec(),
            last: Mutex::new(Read {
                transmitters,
                at_ms: now_ms,
            }),
        })
    }

    /// The signal, if one of them issued it.
    pub(crate) fn verify(&self, token: &[u8], now_ms: u64) -> Result<Signal, SetError> {
        // A key that was taken out of its file is not believed for long.
        self.read_after(OLD_MS, now_ms);
        let known = self.known();
        match verify(&known, token, now_ms) {
            Err(SetError::Key | SetError::Signature) => {
                self.read_after(PAUSE_MS, now_ms);
                verify(&self.known(), token, now_ms)
            }
            verdict => verdict,
        }
    }

    fn known(&self) -> Arc<[Transmitter]> {
        // The value is replaced whole, so a poisoned lock holds no half state.
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&last.transmitters)
    }

    /// Reads the files where that was not done for so long: strangers' tokens must not keep the disk
    /// busy. What cannot be read changes nothing.
    fn read_after(&self, pause_ms: u64, now_ms: u64) {
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if now_ms.abs_diff(last.at_ms) < pause_ms {
                return;
            }
            last.at_ms = now_ms;
        }
        match read(&self.configured) {
            Ok(transmitters) => {
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                last.transmitters = transmitters;
            }
            Err(error) => {
                tracing::warn!(%error, "keys of security events were not read; those before hold");
            }
        }
    }
}

fn read(configured: &[config::Signals]) -> Result<Arc<[Transmitter]>, TransmitterError> {
    let of = |signals: &config::Signals| {
        let fault = |why: String| TransmitterError {
            file: signals.jwks.clone(),
            why,
        };
        let bytes = std::fs::read(&signals.jwks).map_err(|error| fault(error.to_string()))?;
        let keys = Keys::from_jwks(&bytes).map_err(|error| fault(error.to_string()))?;
        Ok(Transmitter {
            issuer: signals.issuer.clone(),
            audience: signals.audience.clone(),
            keys,
            window: Window::default(),
        })
    };
    configured.iter().map(of).collect()
}

fn verify(among: &[Transmitter], token: &[u8], now_ms: u64) -> Result<Signal, SetError> {
    let mut refused = SetError::Issuer;
    for (tried, transmitter) in among.iter().enumerate() {
        match transmitter.verify(token, now_ms) {
            Ok(signal) => return Ok(signal),
            Err(error) if tried == 0 || knows(error) > knows(refused) => refused = error,
            Err(_) => {}
        }
    }
    Err(refused)
}

/// How much a refusal tells of a token: of several transmitters, the one whose token it is finds
/// the most in order.
const fn knows(error: SetError) -> u8 {
    match error {
        SetError::Key => 0,
        SetError::Signature => 1,
        SetError::Issuer => 2,
        _ => 3,
    }
}

/// Between two readings of the files for tokens with unknown keys.
const PAUSE_MS: u64 = 10_000;
/// Between two readings at most, while tokens come.
const OLD_MS: u64 = 60_000;
