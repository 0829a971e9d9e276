//! Envelope encryption of stored fields and blobs, key files, blind indexes.
//!
//! - [`KeyFile`]: the key-encryption keys, kept apart from the data (a file of mode 0600).
//! - [`Keyring`]: the data keys, wrapped by a key-encryption key; may lie beside the data.
//! - [`Sealer`]: seals and opens values, each for a purpose and bound to its place.
//! - [`BlindIndex`]: keyed tokens by which sealed values are found again.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! A stolen database, backup or `Keyring` without the `KeyFile` opens nothing
//! (45 CFR 164.312(a)(2)(iv)). This crate reads no file and no clock; key material is handed in.
//! The one exception to "randomness is a parameter" is the nonce of each sealed value, which
//! comes from aws-lc-rs' system generator, because a repeated nonce would break the cipher.

pub mod fuzz;
mod index;
mod keys;
mod sealer;

pub use index::{BlindIndex, Token};
pub use keys::{KeyError, KeyFile, Keyring, Opened};
pub use sealer::{SealError, Sealer};
