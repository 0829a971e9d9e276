//! What can go wrong in the client, told so that a person knows what to do.

use thiserror::Error;
use wardline_credential::NotAdmitted;
use wardline_model::wire::problem::Problem;

use crate::platform::PlatformError;

/// Why a call failed. Nothing that was typed is lost.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The server refused.
    #[error("{}", .0.detail.as_deref().unwrap_or(&.0.title))]
    Problem(Box<Problem>),
    /// The server cannot be reached.
    #[error("no connection to the hospital; it will be tried again")]
    Offline,
    /// The store is locked.
    #[error("locked; unlock with your passkey first")]
    Locked,
    /// The dead-spot window is over, or the clock was turned back.
    #[error("this phone was offline for too long; connect to the hospital to unlock")]
    OfflineWindowClosed,
    /// The device is not enrolled, or is at another stage.
    #[error("this device is not enrolled yet")]
    NotEnrolled,
    /// A device that may not be let in.
    #[error("a device could not be verified: {0}")]
    NotAdmitted(#[from] NotAdmitted),
    /// The server's answer cannot be what it says.
    #[error("the server's answer is not valid: {0}")]
    Untrusted(&'static str),
    /// The local store refused to write.
    #[error("the phone's storage refused to write; free some space and try again")]
    Storage,
    /// The local store cannot be opened with this key, or was changed.
    #[error("the local store does not open with this passkey")]
    Unsealing,
    /// The device key refused to sign.
    #[error("this device's key is not available")]
    Key,
    /// MLS state is missing or refused an operation.
    #[error("the conversation's keys are out of step: {0}")]
    Mls(&'static str),
    /// The call's parameters are wrong.
    #[error("{0}")]
    Invalid(&'static str),
    /// Someone has no device that a message could be encrypted to.
    #[error("{0} has no device in use yet and cannot receive messages")]
    Unreachable(String),
}

impl ClientError {
    /// A stable name for programs.
    pub fn code(&self) -> &str {
        match self {
            Self::Problem(problem) => problem.name(),
            Self::Offline => "offline",
            Self::Locked => "locked",
            Self::OfflineWindowClosed => "offline-window-closed",
            Self::NotEnrolled => "not-enrolled",
            Self::NotAdmitted(_) => "not-admitted",
            Self::Untrusted(_) => "untrusted",
            Self::Storage => "storage",
            Self::Unsealing => "unsealing",
            Self::Key => "device-key",
            Self::Mls(_) => "mls",
            Self::Invalid(_) => "invalid",
            Self::Unreachable(_) => "unreachable",
        }
    }

    /// Whether the same may succeed later without anyone doing anything else.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Offline | Self::Locked | Self::Storage => true,
            Self::Problem(problem) => matches!(problem.status, 401 | 429 | 500..),
            _ => false,
        }
    }

    /// Whether the server refused with this problem.
    pub fn is_problem(&self, name: &str) -> bool {
        matches!(self, Self::Problem(problem) if problem.name() == name)
    }
}

impl From<PlatformError> for ClientError {
    fn from(error: PlatformError) -> Self {
        match error {
            PlatformError::Offline => Self::Offline,
            PlatformError::Key => Self::Key,
            PlatformError::Storage => Self::Storage,
        }
    }
}
