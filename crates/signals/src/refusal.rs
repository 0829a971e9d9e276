//! Why a file is refused: every reason with its place, so that one look is enough to mend it.

use std::fmt;

use thiserror::Error;

/// How much a file may hold, and how many reasons are listed when it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Devices in it.
    pub rows: usize,
    /// Reasons in [`Refused::reasons`].
    pub reasons: usize,
}

impl Default for Limits {
    /// 8 MiB, 50 000 devices and 20 reasons.
    fn default() -> Self {
        Self {
            bytes: 8 << 20,
            rows: 50_000,
            reasons: 20,
        }
    }
}

/// A file that is refused. Nothing of it counts.
///
/// No value of the file is repeated here, since some are about people; names of columns are.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Refused {
    /// The first reasons, in the order of the file; at least one.
    pub reasons: Vec<Reason>,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, reason) in self.reasons.iter().enumerate() {
            let between = if number == 0 { "" } else { "; " };
            write!(f, "{between}{reason}")?;
        }
        if self.more > 0 {
            write!(f, "; and {} more", self.more)?;
        }
        Ok(())
    }
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {problem}")]
pub struct Reason {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A line of CSV, from 1; of a row over several lines, the first.
    Line(u64),
    /// An entry of a JSON array, from 1.
    Entry(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the file"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Entry(entry) => write!(f, "entry {entry}"),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// More bytes than [`Limits::bytes`].
    #[error("is larger than {limit} bytes; split it")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// More devices than [`Limits::rows`].
    #[error("has more than {limit} devices; split it")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// There is no device in it.
    #[error("has no devices")]
    Empty,
    /// Text in some other encoding.
    #[error("is not UTF-8; export it anew as \"CSV UTF-8\"")]
    Encoding,
    /// Not JSON.
    #[error("is not JSON (column {column})")]
    Syntax {
        /// The column in the line, from 1; 0 at a line's end.
        column: usize,
    },
    /// JSON, but of another shape.
    #[error("is not an array of objects")]
    Shape,
    /// A column that must be there.
    #[error("the column {name} is missing")]
    NoColumn {
        /// Its name.
        name: &'static str,
    },
    /// A column that means nothing here.
    #[error("no column has the name {name:?}{hint}")]
    UnknownColumn {
        /// As it is written, cut to 40 characters.
        name: String,
        /// What is likely meant; begins with `;` or is empty.
        hint: &'static str,
    },
    /// Two columns for the same.
    #[error("two columns are the {name}")]
    ColumnTwice {
        /// Its name.
        name: &'static str,
    },
    /// A row with more or fewer values than there are columns.
    #[error("has {found} values for {expected} columns")]
    Ragged {
        /// The columns.
        expected: usize,
        /// The values.
        found: usize,
    },
    /// A value that must be there.
    #[error("{column} is missing: {expected}")]
    Missing {
        /// The column.
        column: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    /// A value that cannot be.
    #[error("{column} must be {expected}")]
    Value {
        /// The column.
        column: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    /// The same device twice.
    #[error("{column} is that of {earlier}")]
    Repeated {
        /// The column.
        column: &'static str,
        /// Where it was first.
        earlier: Place,
    },
}

/// Collects reasons while a file is read.
#[derive(Debug)]
pub(crate) struct Refusals {
    reasons: Vec<Reason>,
    more: usize,
    limit: usize,
}

impl Refusals {
    /// None yet; of all that come, so many are kept.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            reasons: Vec::new(),
            more: 0,
            limit,
        }
    }

    /// One more.
    pub(crate) fn add(&mut self, place: Place, problem: Problem) {
        // A refusal without a reason helps nobody.
        if self.reasons.len() < self.limit.max(1) {
            self.reasons.push(Reason { place, problem });
        } else {
            self.more += 1;
        }
    }

    /// What was read, if nothing was wrong.
    pub(crate) fn or<T>(self, read: T) -> Result<T, Refused> {
        if self.reasons.is_empty() {
            return Ok(read);
        }
        Err(Refused {
            reasons: self.reasons,
            more: self.more,
        })
    }

    /// Itself, if nothing was wrong so far.
    pub(crate) fn or_go_on(self) -> Result<Self, Refused> {
        let limit = self.limit;
        self.or(Self::new(limit))
    }

    /// Refuses at once, for one reason.
    pub(crate) fn refuse(place: Place, problem: Problem) -> Refused {
        Refused {
            reasons: vec![Reason { place, problem }],
            more: 0,
        }
    }
}
