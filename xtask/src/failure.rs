//! The one error of this program: what stopped a stage, in words that say what to do next.

use std::io;
use std::path::{Path, PathBuf};

/// Why a stage stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file or folder could not be read or written.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// What was touched.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program could not be started at all.
    #[error("cannot start `{program}`: {source}. {hint}")]
    Missing {
        /// The program's name.
        program: String,
        /// What the system said.
        source: io::Error,
        /// Where it comes from.
        hint: &'static str,
    },
    /// A program ran and failed; its own output stands above.
    #[error("`{command}` failed ({status}); its output stands above")]
    Command {
        /// The command line as a person would type it.
        command: String,
        /// Exit code or signal.
        status: std::process::ExitStatus,
    },
    /// A test runner ended well without running a test, which is a mistake in the set-up.
    #[error("`{command}` ran no test")]
    NoTests {
        /// The command line as a person would type it.
        command: String,
    },
    /// Rules of the house are broken: one line each.
    #[error("{} broken:\n  {}", count(.0.len()), .0.join("\n  "))]
    Rules(Vec<String>),
    /// Something is not as this program needs it.
    #[error("{0}")]
    Unfit(String),
}

impl Failure {
    /// For `map_err` on file operations.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}

fn count(rules: usize) -> String {
    if rules == 1 {
        "1 rule".to_owned()
    } else {
        format!("{rules} rules")
    }
}
