//! The client core on a workstation: the platform behind `wardline client`, the demo's officer and
//! tests that need a second person.
//!
//! - [`home`]: the home directory: device key, software passkey, sealed store.
//! - [`passkey`]: a software passkey (WebAuthn), accepted only where the program says so.
//! - [`client`]: [`NativeClient`]: enrol, sign in, and the core's calls.
//! - [`follow`]: the real-time socket.
//! - [`http`]: the way to the server.
//!
//! A secret in the home directory stands in for the passkey's PRF. It protects the store in a copy
//! that lacks the secret, and, by the server's share, a directory that was copied from a device
//! that was revoked since; not against someone who can read the directory of a device in use.

pub mod client;
pub mod clock;
pub mod follow;
pub mod home;
pub mod http;
pub mod passkey;
pub mod platform;

pub use client::{Enrolment, NativeClient};
pub use platform::Workstation;

use thiserror::Error;
use wardline_client::ClientError;

/// What can go wrong on a workstation.
#[derive(Debug, Error)]
pub enum NativeError {
    /// The core.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The home directory.
    #[error("the client's home directory {path} cannot be used: {what}")]
    Home {
        /// Which directory.
        path: String,
        /// Why.
        what: String,
    },
    /// The home directory has no enrolled device.
    #[error("no device is enrolled in this home directory; run `wardline client enroll` first")]
    NotEnrolled,
    /// The `--ca` file.
    #[error("the CA file holds no PEM certificate")]
    Ca,
    /// The server's address.
    #[error("{0}")]
    Server(&'static str),
    /// The passkey ceremony.
    #[error("the server's passkey options cannot be answered: {0}")]
    Passkey(&'static str),
}

impl NativeError {
    /// Whether nothing answered.
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::Client(ClientError::Offline))
    }
}
