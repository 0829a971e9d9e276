//! What a file says, and why one is refused: every reason with its place, so that one look is
//! enough to mend it.

use std::fmt;

use thiserror::Error;

/// How much a file may hold, and how many reasons are listed when it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Turns or shifts in it, those of recurring events counted each.
    pub slots: usize,
    /// Events that recur.
    pub rules: usize,
    /// Reasons in [`Refused::reasons`].
    pub reasons: usize,
}

impl Default for Limits {
    /// 4 MiB, 20 000 turns, 500 recurring events and 20 reasons.
    fn default() -> Self {
        Self {
            bytes: 4 << 20,
            slots: 20_000,
            rules: 500,
            reasons: 20,
        }
    }
}

/// A file as it was read: well-formed, and nothing more is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Turns of on-call roles.
    Turns(Vec<ReadTurn>),
    /// Shifts of people.
    Shifts(Vec<ReadShift>),
}

/// A turn as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadTurn {
    /// Where it stands.
    pub line: u64,
    /// The role: its slug, or in a calendar perhaps its title.
    pub role: String,
    /// The role's title, where the file says it.
    pub title: Option<String>,
    /// The role's department, where the file says it.
    pub department: Option<String>,
    /// Its beginning, unix milliseconds.
    pub from_ms: u64,
    /// Its end, unix milliseconds; later than the beginning.
    pub until_ms: u64,
    /// Who has it: sign-in names of which the first that is known counts. At least one.
    pub people: Vec<String>,
}

/// A shift as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadShift {
    /// Where it stands.
    pub line: u64,
    /// The sign-in name.
    pub person: String,
    /// Its beginning, unix milliseconds.
    pub from_ms: u64,
    /// Its end, unix milliseconds; later than the beginning.
    pub until_ms: u64,
}

/// A file that is refused. Nothing of it counts.
///
/// No value of the file is repeated here, since it may be the wrong file; names of columns are.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The line, from 1; of what stands over several, the first. `None` is the file as a whole.
    pub line: Option<u64>,
    /// What is wrong, in words that follow the place: `line 4: …`.
    pub problem: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.problem),
            None => write!(f, "the file: {}", self.problem),
        }
    }
}

/// Reasons as they are collected.
#[derive(Debug)]
pub(crate) struct Refusals {
    most: usize,
    reasons: Vec<Reason>,
    more: usize,
}

impl Refusals {
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            most,
            reasons: Vec::new(),
            more: 0,
        }
    }

    /// One reason that ends the reading.
    pub(crate) fn refuse(line: Option<u64>, problem: impl Into<String>) -> Refused {
        Refused {
            reasons: vec![Reason {
                line,
                problem: problem.into(),
            }],
            more: 0,
        }
    }

    pub(crate) fn add(&mut self, line: u64, problem: impl Into<String>) {
        // A refusal has a reason, whatever the limit is.
        if self.reasons.len() < self.most.max(1) {
            self.reasons.push(Reason {
                line: Some(line),
                problem: problem.into(),
            });
        } else {
            self.more += 1;
        }
    }

    /// The value when nothing was wrong.
    pub(crate) fn unless_any<T>(self, value: T) -> Result<T, Refused> {
        if self.reasons.is_empty() {
            return Ok(value);
        }
        Err(Refused {
            reasons: self.reasons,
            more: self.more,
        })
    }
}

/// The text of a file that is no longer than it may be.
pub(crate) fn text(bytes: &[u8], limits: Limits) -> Result<&str, Refused> {
    if bytes.len() > limits.bytes {
        let problem = format!("it is larger than {} bytes; split it", limits.bytes);
        return Err(Refusals::refuse(None, problem));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        let problem = "it is not UTF-8; export it anew as UTF-8";
        Refusals::refuse(u64::try_from(line).ok(), problem)
    })?;
    // Excel begins its files with a byte order mark.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

pub(crate) fn too_many(limits: Limits) -> Refused {
    let problem = format!("it has more than {} entries; split it", limits.slots);
    Refusals::refuse(None, problem)
}
