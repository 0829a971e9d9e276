//! The client core on a workstation: the platform behind `wardline client`, the demo's officer and
//! tests that need a second person.
//!
//! - [`home`]: the home directory: device key, software passkey, sealed store.
//! - [`passkey`]: a software passkey (WebAuthn), accepted only where the program says so.
//! - [`client`]: [`NativeClient`]: enrol, sign in, and the core's calls.
//! - [`follow`]: the real-time socket.
//! - [`http`]: the way to the server.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! A secret in the home directory stands in for the passkey's PRF. It protects the store in a copy
//! that lacks the secret, and, by the server's share, a directory that was copied from a device
//! that was revoked since; not against someone who can read the directory of a device in use.

pub mod client;
pub mod clock;
pub mod follow;
pub mod fuzz;
pub mod home;
pub mod http;
pub mod passkey;
pub mod platform;

pub use client::{Enrolment, NativeClient, Prepared};
pub use platform::Workstation;

use thiserror::Error;
use wardline_client::ClientError;
use wardline_model::wire::enroll::PrivacyNotice;

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
    /// The server's address, or the invitation that names it.
    #[error("{0}")]
    Server(&'static str),
    /// Nothing answered.
    #[error("the hospital's server cannot be reached: {0}")]
    Unreachable(String),
    /// The device waits for someone to compare the string.
    #[error("the device still waits to be confirmed; run the command again afterwards")]
    Unconfirmed,
    /// Whoever was to confirm the device refused it.
    #[error("the device was refused; ask for a new invitation")]
    Rejected,
    /// The home has a device already.
    #[error("a device is enrolled in this home directory; choose another with --home")]
    Enrolled,
    /// The person has to accept what the hospital keeps of the device first.
    #[error(
        "read what the hospital keeps of this device, and accept it:\n{}\nNever collected:\n{}\n{}",
        .0.kept.join("\n"), .0.never.join("\n"), .0.wipe
    )]
    Notice(Box<PrivacyNotice>),
    /// The passkey ceremony.
    #[error("the server's passkey options cannot be answered: {0}")]
    Passkey(&'static str),
}

impl NativeError {
    /// Whether it is over once the network is back or the person signed in again.
    pub fn is_passing(&self) -> bool {
        self.is_offline() || matches!(self, Self::Client(error) if error.is_transient())
    }

    /// Whether nothing answered.
    pub fn is_offline(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Client(ClientError::Offline)
        )
    }
}
