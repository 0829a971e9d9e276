//! One-time codes (OATH), as factors beside the passkey.
//!
//! - [`oath`]: [`Generator`] and [`Progress`]: whether a code is right (RFC 4226, RFC 6238), with
//!   drift, replay and resynchronisation.
//! - [`backoff`]: how long wrong codes make the next one wait.
//! - [`seeds`]: [`Seed`], a generator with its serial number, read from [`pskc`] (RFC 6030) or CSV.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! Pure: no clock, no randomness, no disk.

pub mod backoff;
pub mod fuzz;
pub mod oath;
pub mod pskc;
pub mod seeds;

pub use oath::{Checked, Generator, Hash, Moving, OathError, Progress};
pub use seeds::{Seed, SeedError};
