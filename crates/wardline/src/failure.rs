//! How a verb fails: a sentence for a person, a document and an exit code for a program.

use std::process::ExitCode;

use serde_json::{Value, json};
use wardline_client::ClientError;
use wardline_client_native::NativeError;
use wardline_model::wire::problem::Problem;

use crate::output::{Output, print};

/// A verb's failure. In one place, so that every verb keeps to the same exit codes.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
    /// Instead of the message, for a program.
    document: Option<Value>,
    /// Whether the document is printed even if a person reads.
    always: bool,
}

impl Failure {
    /// 2: the command line or a file it names is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(2, message.into())
    }

    /// 3: refused or rejected.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(3, message.into())
    }

    /// 4: something does not verify.
    pub(crate) fn unverified(message: impl Into<String>) -> Self {
        Self::new(4, message.into())
    }

    /// 5: not available now.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(5, message.into())
    }

    /// With a document of its own for programs.
    pub(crate) fn with_document(self, document: Value) -> Self {
        Self {
            document: Some(document),
            ..self
        }
    }

    /// With its document printed whether a person or a program reads.
    pub(crate) fn documented(self) -> Self {
        Self {
            always: true,
            ..self
        }
    }

    /// With the reason why nothing answered, where that is what failed.
    pub(crate) fn because(self, trouble: Option<String>) -> Self {
        match trouble {
            Some(trouble) if self.code == 5 && self.document.is_none() => {
                Self::from(NativeError::Unreachable(trouble))
            }
            _ => self,
        }
    }

    /// Tells the person (stderr) or the program (stdout), and gives the exit code.
    pub(crate) fn report(&self, out: Output) -> ExitCode {
        let general = || json!({ "error": self.message, "exit": self.code });
        let document = self.document.clone().unwrap_or_else(general);
        out.failure(&document, &self.message);
        if self.always && self.document.is_some() && !out.is_json() {
            print(&document.to_string());
        }
        ExitCode::from(self.code)
    }

    fn new(code: u8, message: String) -> Self {
        Self {
            code,
            message,
            document: None,
            always: false,
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        // Too many requests and a server in trouble pass; anything else is a decision.
        let code = if problem.status >= 500 || problem.status == 429 {
            5
        } else {
            3
        };
        Self {
            message: problem
                .detail
                .clone()
                .unwrap_or_else(|| problem.title.clone()),
            // What a step-up asks for stands in the document, so a person gets it too.
            always: problem.name() == "step-up-required",
            document: serde_json::to_value(&problem).ok(),
            code,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Problem(problem) => (*problem).into(),
            ClientError::Offline | ClientError::Storage => Self::unavailable(message),
            ClientError::NotAdmitted(_) | ClientError::Untrusted(_) | ClientError::Unsealing => {
                Self::unverified(message)
            }
            ClientError::Invalid(_) => Self::usage(message),
            ClientError::Locked
            | ClientError::OfflineWindowClosed
            | ClientError::NotEnrolled
            | ClientError::Key
            | ClientError::Mls(_)
            | ClientError::Unreachable(_) => Self::refused(message),
        }
    }
}

impl From<NativeError> for Failure {
    fn from(error: NativeError) -> Self {
        match error {
            NativeError::Client(error) => error.into(),
            NativeError::Unreachable(_) | NativeError::Unconfirmed | NativeError::Home { .. } => {
                Self::unavailable(error.to_string())
            }
            NativeError::NotEnrolled
            | NativeError::Enrolled
            | NativeError::Rejected
            | NativeError::Passkey(_) => Self::refused(error.to_string()),
            NativeError::Notice(_) => {
                Self::refused(format!("{error}\nAccept it with --accept-notice."))
            }
            NativeError::Ca | NativeError::Server(_) => Self::usage(error.to_string()),
        }
    }
}
