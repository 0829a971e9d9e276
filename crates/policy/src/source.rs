//! Policy texts, and what is wrong with them by file, line and column.

use std::fmt;

use miette::Diagnostic;
use thiserror::Error;

/// A named text: a file of policies or the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// The file's name. Its part before the first dot begins the ids of its policies.
    pub name: &'a str,
    /// What is written in it.
    pub text: &'a str,
}

impl Source<'_> {
    /// The part of the name that begins policy ids: `devices` of `devices.cedar`.
    pub(crate) fn stem(&self) -> &str {
        self.name.split('.').next().unwrap_or(self.name)
    }

    /// A problem at a byte offset of the text.
    pub(crate) fn problem_at(&self, offset: usize, message: String) -> Problem {
        let (line, column) = position(self.text, offset);
        Problem {
            file: self.name.to_owned(),
            line,
            column,
            message,
        }
    }

    /// A problem where a diagnostic of Cedar points, or at the start when it points nowhere.
    pub(crate) fn problem_from(&self, found: &dyn Diagnostic) -> Problem {
        let offset = found
            .labels()
            .and_then(|mut labels| labels.next())
            .map_or(0, |l| l.offset());
        let message = match found.help() {
            Some(help) => format!("{found} ({help})"),
            None => found.to_string(),
        };
        self.problem_at(offset, message)
    }
}

/// One thing that is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what would mend it where that is known.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.message
        )
    }
}

/// Policies that are not loaded, with everything that is wrong with them in order of the texts.
/// The engine in use stays in use; mend the texts and load again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct LoadError {
    /// Never empty.
    pub problems: Vec<Problem>,
}

/// Line and column, both from 1, of a byte offset. Offsets past the end mean the end.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before: Vec<char> = text
        .char_indices()
        .take_while(|(at, _)| *at < offset)
        .map(|(_, c)| c)
        .collect();
    let line = before.iter().filter(|c| **c == '\n').count() + 1;
    let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
    (line, column)
}
