//! [`PolicyTexts`]: a whole set of policies as the files that an officer edits and a store keeps.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::baseline;
use crate::engine::{self, Engine};
use crate::source::{LoadError, Problem, Source};

/// How many files a set has at most, the schema included.
pub const MOST_FILES: usize = 40;

/// How long names and texts of a set are at most, all together, in bytes.
pub const MOST_BYTES: usize = 256 * 1024;

/// How deep brackets may stand in each other. Cedar reads and checks by recursion: what is deeper, or
/// longer, than anybody writes by hand could use up the stack.
pub const MOST_NESTED: usize = 48;

/// The longest policy, in bytes, from one semicolon to the next.
pub const LONGEST_POLICY: usize = 8 * 1024;

/// A file of policies, or the schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// Its name, such as `officers.cedar`.
    pub name: String,
    /// What is written in it.
    pub text: String,
}

impl PolicyFile {
    /// The file as the engine reads it.
    pub fn source(&self) -> Source<'_> {
        Source {
            name: &self.name,
            text: &self.text,
        }
    }
}

impl From<Source<'_>> for PolicyFile {
    fn from(source: Source<'_>) -> Self {
        Self {
            name: source.name.to_owned(),
            text: source.text.to_owned(),
        }
    }
}

/// A set of policies: the schema first, then the files of the baseline in the baseline's order,
/// then further files by name. So the same files have the same hash in whatever order they came.
///
/// What is deserialized may carry another schema than this release's: a version that an earlier
/// release stored keeps the hash that records name. [`Self::edited`] takes this release's only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<PolicyFile>", into = "Vec<PolicyFile>")]
pub struct PolicyTexts {
    /// Never empty: the schema is the first.
    files: Vec<PolicyFile>,
}

impl PolicyTexts {
    /// The policies that ship with Wardline.
    pub fn baseline() -> Self {
        let files = std::iter::once(&baseline::SCHEMA).chain(baseline::POLICIES);
        Self {
            files: files.map(|source| PolicyFile::from(*source)).collect(),
        }
    }

    /// Files as an officer edited them, in any order. The schema may be left out; it is the
    /// product's and cannot be edited. Whether the policies make sense is said by
    /// [`Self::engine`].
    ///
    /// # Errors
    /// The first thing that keeps the files from being a set.
    pub fn edited(files: Vec<PolicyFile>) -> Result<Self, TextsError> {
        let texts = Self::of(files)?;
        if texts.files[0].text != baseline::SCHEMA.text {
            return Err(TextsError::SchemaChanged);
        }
        Ok(texts)
    }

    /// The same policies under the schema of this release: what a server runs after an upgrade.
    pub fn under_this_schema(mut self) -> Self {
        baseline::SCHEMA.text.clone_into(&mut self.files[0].text);
        self
    }

    /// All files, the schema first.
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// The schema.
    pub fn schema(&self) -> Source<'_> {
        self.files[0].source()
    }

    /// The policies, in order.
    pub fn policies(&self) -> Vec<Source<'_>> {
        self.files[1..].iter().map(PolicyFile::source).collect()
    }

    /// [`Engine::hash`] of these texts, whether or not they load.
    pub fn hash(&self) -> String {
        engine::hash(self.schema(), &self.policies())
    }

    /// The engine that answers by these texts.
    ///
    /// # Errors
    /// As [`Engine::from_texts`].
    pub fn engine(&self) -> Result<Engine, LoadError> {
        Engine::from_texts(self.schema(), &self.policies())
    }

    /// Any schema, and files in order.
    fn of(mut files: Vec<PolicyFile>) -> Result<Self, TextsError> {
        if !files.iter().any(is_schema) {
            files.push(baseline::SCHEMA.into());
        }
        if files.len() > MOST_FILES {
            return Err(TextsError::TooMany);
        }
        let bytes: usize = files.iter().map(|f| f.name.len() + f.text.len()).sum();
        if bytes > MOST_BYTES {
            return Err(TextsError::TooLong);
        }
        for file in &files {
            if !is_schema(file) && !is_name(&file.name) {
                return Err(TextsError::Name(file.name.clone()));
            }
            if let Some(offset) = file.text.find(misleads) {
                let message = "this character cannot be seen; delete it".to_owned();
                let problem = file.source().problem_at(offset, message);
                return Err(TextsError::Unseen(problem));
            }
            if let Some((offset, message)) = involved(&file.text) {
                let problem = file.source().problem_at(offset, message);
                return Err(TextsError::Involved(problem));
            }
        }
        files.sort_by(|one, other| place(&one.name).cmp(&place(&other.name)));
        if let Some(pair) = files.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(TextsError::Twice(pair[0].name.clone()));
        }
        Ok(Self { files })
    }
}

impl TryFrom<Vec<PolicyFile>> for PolicyTexts {
    type Error = TextsError;

    fn try_from(files: Vec<PolicyFile>) -> Result<Self, TextsError> {
        Self::of(files)
    }
}

impl From<PolicyTexts> for Vec<PolicyFile> {
    fn from(texts: PolicyTexts) -> Self {
        texts.files
    }
}

/// Files that are no set of policies.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextsError {
    /// The schema is not this release's.
    #[error("{} comes with Wardline and cannot be changed", baseline::SCHEMA.name)]
    SchemaChanged,
    /// More than [`MOST_FILES`].
    #[error("there are more than {} files; put some together", MOST_FILES)]
    TooMany,
    /// More than [`MOST_BYTES`].
    #[error("the files are longer than {} KiB together", MOST_BYTES / 1024)]
    TooLong,
    /// A name that no file of policies can have.
    #[error("`{0}` is no name of a file: small letters, digits and `_`, then `.cedar`")]
    Name(String),
    /// A name that two files have.
    #[error("two files are called `{0}`")]
    Twice(String),
    /// A character that hides or turns around what stands beside it, so that whoever approves the
    /// text would read another than the engine does (CVE-2021-42574).
    #[error("{0}")]
    Unseen(Problem),
    /// Deeper than [`MOST_NESTED`], or longer than [`LONGEST_POLICY`].
    #[error("{0}")]
    Involved(Problem),
}

impl TextsError {
    /// The error as a problem of a file, to stand beside those of [`LoadError`].
    pub fn problem(&self) -> Problem {
        let file = match self {
            Self::Unseen(problem) | Self::Involved(problem) => return problem.clone(),
            Self::SchemaChanged => baseline::SCHEMA.name,
            Self::Name(name) | Self::Twice(name) => name,
            Self::TooMany | Self::TooLong => "",
        };
        Problem {
            file: file.to_owned(),
            line: 1,
            column: 1,
            message: self.to_string(),
        }
    }
}

/// Where a text becomes too involved, and how. Comments and white space count for nothing, and words between quotes
/// for their length alone.
fn involved(text: &str) -> Option<(usize, String)> {
    let (mut depth, mut start, mut length) = (0_usize, 0, 0_usize);
    let mut within = Within::Policy;
    let mut before = 0;
    for (at, byte) in text.bytes().enumerate() {
        within = match (within, byte) {
            (Within::Comment, b'\n') | (Within::Words, b'"') => Within::Policy,
            (Within::Words, b'\\') => Within::Escape,
            (Within::Escape, _) | (Within::Policy, b'"') => Within::Words,
            (Within::Policy, b'/') if before == b'/' => Within::Comment,
            (same, _) => same,
        };
        before = byte;
        length += usize::from(within != Within::Comment && !byte.is_ascii_whitespace());
        if within == Within::Policy {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b';' => (start, length) = (at, 0),
                _ => {}
            }
        }
        if depth > MOST_NESTED {
            let message = format!("there are more than {MOST_NESTED} brackets in each other");
            return Some((at, message));
        }
        if length > LONGEST_POLICY {
            let message = format!("a policy is longer than {} KiB", LONGEST_POLICY / 1024);
            return Some((start, message));
        }
    }
    None
}

/// What a byte stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Policy,
    Comment,
    Words,
    Escape,
}

fn is_schema(file: &PolicyFile) -> bool {
    file.name == baseline::SCHEMA.name
}

/// `[a-z0-9_]+\.cedar`: nothing that a file system, a path or a policy's id could trip over.
fn is_name(name: &str) -> bool {
    name.strip_suffix(".cedar").is_some_and(|stem| {
        !stem.is_empty()
            && stem
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// A rank and a name.
pub(crate) type Place<'a> = (usize, &'a str);

/// Where a file stands: the schema, the baseline's files in its order, others by name.
pub(crate) fn place(name: &str) -> Place<'_> {
    let mut known = std::iter::once(&baseline::SCHEMA).chain(baseline::POLICIES);
    let at = known.position(|source| source.name == name);
    (at.unwrap_or(usize::MAX), name)
}

/// Control characters but for those of lines and columns, zero-width characters, and those that
/// turn the direction of writing (Unicode Technical Report 36).
fn misleads(c: char) -> bool {
    let hides = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    hides || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}
