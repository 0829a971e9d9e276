//! How a verb fails: a sentence for a person, an exit code for a program.

use std::process::ExitCode;

use wardline_client::ClientError;
use wardline_client_native::NativeError;
use wardline_model::wire::problem::Problem;

use crate::output::Output;

/// A verb's failure. In one place, so that every verb keeps to the same exit codes.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
    problem: Option<Box<Problem>>,
}

impl Failure {
    /// 2: the command line or a file it names is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            message: message.into(),
            problem: None,
        }
    }

    /// 3: refused or rejected.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self {
            code: 3,
            message: message.into(),
            problem: None,
        }
    }

    /// 4: something does not verify.
    pub(crate) fn unverified(message: impl Into<String>) -> Self {
        Self {
            code: 4,
            message: message.into(),
            problem: None,
        }
    }

    /// 5: not available now.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self {
            code: 5,
            message: message.into(),
            problem: None,
        }
    }

    /// Tells the person (stderr) or the program (stdout), and gives the exit code.
    pub(crate) fn report(&self, out: &Output) -> ExitCode {
        match &self.problem {
            Some(problem) => out.failure(problem, &self.message),
            None => out.failure(
                &serde_json::json!({ "error": self.message, "exit": self.code }),
                &self.message,
            ),
        }
        ExitCode::from(self.code)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Problem(problem) => {
                let code = if problem.status >= 500 { 5 } else { 3 };
                Self {
                    code,
                    message,
                    problem: Some(problem),
                }
            }
            ClientError::Offline | ClientError::Storage => Self::unavailable(message),
            ClientError::NotAdmitted(_) | ClientError::Untrusted(_) | ClientError::Unsealing => {
                Self::unverified(message)
            }
            ClientError::Invalid(_) => Self::usage(message),
            _ => Self::refused(message),
        }
    }
}

impl From<NativeError> for Failure {
    fn from(error: NativeError) -> Self {
        match error {
            NativeError::Client(error) => error.into(),
            other => Self::usage(other.to_string()),
        }
    }
}
