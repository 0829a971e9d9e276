//! What a verb prints: one JSON document, or lines for a person.

use serde::Serialize;

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a program reads.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Prints the result.
    pub(crate) fn result(self, value: &impl Serialize, person: impl FnOnce() -> String) {
        if self.json {
            print(&serde_json::to_string(value).unwrap_or_default());
        } else {
            print(&person());
        }
    }

    /// Tells a person something on the way to the result; a program's stdout stays clean.
    #[expect(
        clippy::print_stderr,
        reason = "stdout belongs to the program that reads it"
    )]
    pub(crate) fn note(self, text: &str) {
        if self.json {
            eprintln!("{text}");
        } else {
            print(text);
        }
    }

    /// Prints a failure: for a program on stdout, for a person on stderr.
    #[expect(
        clippy::print_stderr,
        reason = "this is the binary's only way to tell a person"
    )]
    pub(crate) fn failure(self, value: &impl Serialize, message: &str) {
        if self.json {
            print(&serde_json::to_string(value).unwrap_or_default());
        } else {
            eprintln!("wardline: {message}");
        }
    }
}

/// Prints a line as it is. Nobody reading any more is no error of ours.
pub(crate) fn print(text: &str) {
    use std::io::Write as _;
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}
