//! The NDJSON export: a file that an auditor verifies with a public key and nothing else.
//!
//! Each line is canonical JSON (RFC 8785) and ends in one newline:
//!
//! 1. `{"format":"wardline-audit-export","key":VKEY,"origin":…,"size":N,"v":1}`
//! 2. N lines, one a leaf, in order. Opened:
//!    `{"index":I,"leaf":HEX,"payload":{…},"salt":B64URL}`. Disclosed by commitment only:
//!    `{"commitment":HEX,"index":I,"leaf":HEX}`.
//! 3. `{"checkpoint":NOTE}`, signed by the log and by nobody else.
//!
//! A verifier writes each line again from what it understood and compares bytes, so there is no
//! spelling, white space or order that it would overlook. The first line is held against the
//! signed checkpoint, the leaves against its root, and witnesses' signatures are left out, since
//! a bit of theirs could flip without the log's key noticing. `leaf` is the RFC 6962 leaf hash: it
//! adds nothing to the proof, but it tells *which* line is damaged where the root could only tell
//! that one is.

use std::io::{self, BufRead, Read as _, Write};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::commitment::{Opening, Salt};
use crate::event::{Event, EventError, MAX_EVENT_BYTES};
use crate::hash::Hash;
use crate::note::{LogKey, NoteError, SignedNote};
use crate::tree::{Frontier, leaf_hash};
use crate::verify::{Failure, Report, What};

/// The longest line that is read, in bytes, without its newline.
pub const MAX_LINE_BYTES: usize = MAX_EVENT_BYTES + 1024;

/// A leaf as an export shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf {
    /// With its event.
    Open(Opening),
    /// By its commitment only.
    Sealed(Hash),
}

impl Leaf {
    /// The Merkle entry.
    pub fn commitment(&self) -> Hash {
        match self {
            Self::Open(opening) => opening.commitment(),
            Self::Sealed(commitment) => *commitment,
        }
    }
}

/// Writes an export, leaf by leaf, and refuses to finish one that would not verify.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    checkpoint: Checkpoint,
    note: SignedNote,
    tree: Frontier,
}

impl<W: Write> Writer<W> {
    /// Begins the export of the log that this signed checkpoint covers.
    ///
    /// # Errors
    /// When the checkpoint is not the key's, or writing fails.
    pub fn begin(mut out: W, note: &str, key: &LogKey) -> Result<Self, ExportError> {
        let checkpoint = Checkpoint::verify(note, key)?;
        let note = note
            .parse::<SignedNote>()
            .map_err(CheckpointError::from)?
            .only(key);
        let header = Header {
            format: FORMAT.to_owned(),
            key: key.to_string(),
            origin: checkpoint.origin.clone(),
            size: checkpoint.size,
            v: 1,
        };
        write_line(&mut out, &to_canonical(&header)?)?;
        Ok(Self {
            out,
            checkpoint,
            note,
            tree: Frontier::default(),
        })
    }

    /// Writes the next leaf.
    ///
    /// # Errors
    /// When the payload is not an event's canonical form, there are more leaves than the
    /// checkpoint covers, or writing fails.
    pub fn leaf(&mut self, leaf: &Leaf) -> Result<(), ExportError> {
        let index = self.tree.size();
        if index >= self.checkpoint.size {
            return Err(ExportError::Leaves);
        }
        let hash = leaf_hash(&leaf.commitment().0);
        let mut line = LeafLine {
            commitment: None,
            index,
            leaf: hash,
            payload: None,
            salt: None,
        };
        match leaf {
            Leaf::Open(opening) => {
                line.payload = Some(opening.event()?);
                line.salt = Some(opening.salt);
            }
            Leaf::Sealed(commitment) => line.commitment = Some(*commitment),
        }
        write_line(&mut self.out, &to_canonical(&line)?)?;
        self.tree.push(hash);
        Ok(())
    }

    /// Writes the last line, flushes, and hands the writer back.
    ///
    /// # Errors
    /// [`ExportError::Leaves`] when the leaves are not those that the checkpoint covers.
    pub fn finish(mut self) -> Result<W, ExportError> {
        if self.tree.size() != self.checkpoint.size || self.tree.root() != self.checkpoint.root {
            return Err(ExportError::Leaves);
        }
        let last = CheckpointLine {
            checkpoint: self.note.to_string(),
        };
        write_line(&mut self.out, &to_canonical(&last)?)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Why an export cannot be written.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The checkpoint is not the log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A payload is not an event.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The leaves handed in are not those that the checkpoint covers.
    #[error("the leaves are not those of the checkpoint; verify the data directory")]
    Leaves,
    /// The writer.
    #[error("the export cannot be written")]
    Io(#[from] io::Error),
}

/// Verifies an export as it is read, in memory that grows with the logarithm of its size.
///
/// Without a pinned key the export is held against the key that it carries: that proves that
/// nothing was damaged, not who wrote it. Compare [`Report::key`] then.
///
/// # Errors
/// [`VerifyError::Failure`] names the first bad index; [`VerifyError::Io`] is the reader's.
pub fn verify<R: BufRead>(mut reader: R, pinned: Option<&LogKey>) -> Result<Report, VerifyError> {
    let mut verifier = Verifier::new(pinned.cloned());
    let mut line = Vec::new();
    loop {
        line.clear();
        // One more for the newline, and one to notice that it is too long.
        let limit = MAX_LINE_BYTES as u64 + 2;
        if reader.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(verifier.finish()?);
        }
        match line.strip_suffix(b"\n") {
            Some(line) => verifier.line(line)?,
            None => {
                return Err(verifier
                    .fail(What::Line("has no newline or is too long"))
                    .into());
            }
        }
    }
}

/// Why an export was not found good.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// It was read, and it is bad.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// It could not be read.
    #[error("the export cannot be read")]
    Io(#[from] io::Error),
}

/// The verifier of an export, line by line; [`verify`] drives it over a reader.
#[derive(Debug)]
pub struct Verifier {
    pinned: Option<LogKey>,
    expect: Expect,
    tree: Frontier,
    opened: u64,
}

/// Which line comes next.
#[derive(Debug)]
enum Expect {
    Header,
    Leaves { key: LogKey, size: u64 },
    Nothing { key: LogKey, checkpoint: Checkpoint },
}

impl Verifier {
    /// Begins; `pinned` is the key that the export has to carry, where the auditor knows it.
    pub fn new(pinned: Option<LogKey>) -> Self {
        Self {
            pinned,
            expect: Expect::Header,
            tree: Frontier::default(),
            opened: 0,
        }
    }

    /// Takes the next line, without its newline.
    ///
    /// # Errors
    /// What is wrong with it. The verifier is of no use afterwards.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        if line.len() > MAX_LINE_BYTES {
            return Err(self.fail(What::Line("is too long")));
        }
        let taken = match &self.expect {
            Expect::Header => self.header(line),
            Expect::Leaves { size, .. } if self.tree.size() < *size => self.leaf(line),
            Expect::Leaves { key, .. } => self.checkpoint(line, key.clone()),
            Expect::Nothing { .. } => Err(What::Line("follows the last line")),
        };
        taken.map_err(|what| self.fail(what))
    }

    /// Ends the export.
    ///
    /// # Errors
    /// When lines are missing.
    pub fn finish(self) -> Result<Report, Failure> {
        match &self.expect {
            Expect::Nothing { key, checkpoint } => Ok(Report {
                size: checkpoint.size,
                root: checkpoint.root,
                opened: self.opened,
                sealed: checkpoint.size - self.opened,
                tail: 0,
                key: key.fingerprint(),
            }),
            Expect::Header | Expect::Leaves { .. } => Err(self.fail(What::Line("is missing"))),
        }
    }

    fn header(&mut self, line: &[u8]) -> Result<(), What> {
        let header: Header = from_canonical(line)?;
        if header.format != FORMAT || header.v != 1 {
            return Err(What::Line("is not the first line of an export, version 1"));
        }
        let key: LogKey = header
            .key
            .parse()
            .map_err(|_| What::Line("carries no valid key"))?;
        if self.pinned.as_ref().is_some_and(|pinned| *pinned != key) {
            return Err(What::Key);
        }
        if header.origin != key.name() {
            return Err(What::Line("names an origin that is not its key's"));
        }
        self.expect = Expect::Leaves {
            key,
            size: header.size,
        };
        Ok(())
    }

    fn leaf(&mut self, line: &[u8]) -> Result<(), What> {
        let line: LeafLine = from_canonical(line)?;
        if line.index != self.tree.size() {
            return Err(What::Line("is not the leaf that comes next"));
        }
        let commitment = match (line.commitment, line.payload, line.salt) {
            (Some(commitment), None, None) => commitment,
            (None, Some(event), Some(salt)) => {
                let opening = Opening::new(salt, &event).map_err(|_| What::Event)?;
                self.opened += 1;
                opening.commitment()
            }
            _ => return Err(What::Line("is neither an opened nor a sealed leaf")),
        };
        if leaf_hash(&commitment.0) != line.leaf {
            return Err(What::Commitment);
        }
        self.tree.push(line.leaf);
        Ok(())
    }

    fn checkpoint(&mut self, line: &[u8], key: LogKey) -> Result<(), What> {
        let line: CheckpointLine = from_canonical(line)?;
        let checkpoint = Checkpoint::verify(&line.checkpoint, &key)?;
        let note: SignedNote = line.checkpoint.parse().map_err(CheckpointError::from)?;
        if note.signatures().len() != 1 {
            return Err(What::Checkpoint(NoteError::Unsigned.into()));
        }
        if checkpoint.size != self.tree.size() {
            return Err(What::Size);
        }
        if checkpoint.root != self.tree.root() {
            return Err(What::Root);
        }
        self.expect = Expect::Nothing { key, checkpoint };
        Ok(())
    }

    /// A failure at the line that comes next: at a leaf if it is one.
    fn fail(&self, what: What) -> Failure {
        let next = self.tree.size();
        let at_leaf = matches!(&self.expect, Expect::Leaves { size, .. } if next < *size);
        Failure {
            first_bad_index: at_leaf.then_some(next),
            what,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    key: String,
    origin: String,
    size: u64,
    v: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeafLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commitment: Option<Hash>,
    index: u64,
    leaf: Hash,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<Event>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<Salt>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointLine {
    checkpoint: String,
}

/// Reads a line in its canonical form, and in no other.
fn from_canonical<T: Serialize + for<'de> Deserialize<'de>>(line: &[u8]) -> Result<T, What> {
    let value: T = serde_json::from_slice(line)
        .map_err(|_| What::Line("is not the JSON of the line that comes next"))?;
    match serde_json_canonicalizer::to_vec(&value) {
        Ok(canonical) if canonical == line => Ok(value),
        _ => Err(What::Line("is not in canonical form (RFC 8785)")),
    }
}

fn to_canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, EventError> {
    serde_json_canonicalizer::to_vec(value).map_err(EventError::Json)
}

fn write_line(out: &mut impl Write, line: &[u8]) -> io::Result<()> {
    out.write_all(line)?;
    out.write_all(b"\n")
}

const FORMAT: &str = "wardline-audit-export";
