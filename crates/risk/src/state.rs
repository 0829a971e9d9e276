//! States as bytes, a version before them.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A state that cannot be read. Nothing is lost but what was learned: one begins with a new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// It was written by a program that writes otherwise.
    #[error("the state has version {0}, which this program does not read")]
    Version(u8),
    /// It is no state.
    #[error("the state is damaged")]
    Malformed,
}

/// A state as bytes of a version.
///
/// # Errors
/// [`StateError::Malformed`] where it has no bytes.
pub fn to_bytes(version: u8, state: &impl Serialize) -> Result<Vec<u8>, StateError> {
    postcard::to_extend(state, vec![version]).map_err(|_| StateError::Malformed)
}

/// A state of bytes of a version.
///
/// # Errors
/// [`StateError`].
pub fn from_bytes<T: DeserializeOwned>(version: u8, bytes: &[u8]) -> Result<T, StateError> {
    match bytes.split_first() {
        Some((said, rest)) if *said == version => match postcard::take_from_bytes(rest) {
            Ok((state, [])) => Ok(state),
            _ => Err(StateError::Malformed),
        },
        Some((said, _)) => Err(StateError::Version(*said)),
        None => Err(StateError::Malformed),
    }
}
