//! [`Checkpoint`]: the signed size and root of the log (C2SP tlog-checkpoint).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::event::MAX_SAFE_INTEGER;
use crate::hash::Hash;
use crate::note::{LogKey, LogSigner, NoteError, SignedNote};
use crate::tree::EMPTY_ROOT;

/// What the log stands for at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: always the name of the key that signs it.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root over them (RFC 6962 §2.1).
    pub root: Hash,
    /// Further lines; Wardline writes none and reads past them, as the specification asks.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// The checkpoint of a tree, signed by the log: the text served at `/log/checkpoint`.
    pub fn sign(size: u64, root: Hash, signer: &LogSigner) -> String {
        let origin = signer.public().name().to_owned();
        let checkpoint = Self {
            origin,
            size,
            root,
            extensions: Vec::new(),
        };
        signer.sign_text(checkpoint.to_string()).to_string()
    }

    /// Reads a signed checkpoint of this log, and believes it.
    ///
    /// # Errors
    /// When it is not signed by the key, names another origin or is not in its one form.
    /// Signatures by others (witnesses) are tolerated and not checked.
    pub fn verify(note: &str, key: &LogKey) -> Result<Self, CheckpointError> {
        let note: SignedNote = note.parse()?;
        let checkpoint = Self::parse_text(note.verify(key)?)?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::Origin);
        }
        Ok(checkpoint)
    }

    /// Reads a signed checkpoint without checking any signature: for display, and to learn which
    /// key to ask for.
    ///
    /// # Errors
    /// When it is not in its one form.
    pub fn parse_unverified(note: &str) -> Result<Self, CheckpointError> {
        Self::parse_text(note.parse::<SignedNote>()?.unverified_text())
    }

    fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        let checkpoint = parse_lines(text).ok_or(CheckpointError::Malformed)?;
        let possible = checkpoint.size <= MAX_SAFE_INTEGER
            && (checkpoint.size != 0 || checkpoint.root == EMPTY_ROOT);
        // Leading zeros and the like are caught by writing the text again.
        if possible && checkpoint.to_string() == text {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Malformed)
        }
    }
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}\n{}\n{}",
            self.origin,
            self.size,
            STANDARD.encode(self.root.0)
        )?;
        self.extensions
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Why a text is not a checkpoint to rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The signed note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not origin, size and root.
    #[error("not a checkpoint")]
    Malformed,
    /// Signed by the right key, for another log.
    #[error("the checkpoint names another origin than its key")]
    Origin,
}

fn parse_lines(text: &str) -> Option<Checkpoint> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let origin = lines.next().filter(|line| !line.is_empty())?.to_owned();
    let size = lines.next()?.parse().ok()?;
    let root = Hash::from_slice(&STANDARD.decode(lines.next()?).ok()?)?;
    let extensions: Vec<_> = lines.map(str::to_owned).collect();
    if extensions.iter().any(String::is_empty) {
        return None;
    }
    Some(Checkpoint {
        origin,
        size,
        root,
        extensions,
    })
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;

    fn signer(name: &str) -> LogSigner {
        LogSigner::new(name, SigningKey::from_bytes(&[1; 32])).unwrap()
    }

    #[test]
    fn a_signed_checkpoint_is_read_back() {
        let log = signer("hospital.example/log");
        let note = Checkpoint::sign(7, Hash([5; 32]), &log);
        assert!(note.starts_with("hospital.example/log\n7\nBQUFBQUF"));
        let checkpoint = Checkpoint::verify(&note, log.public()).unwrap();
        assert_eq!((checkpoint.size, checkpoint.root), (7, Hash([5; 32])));
        assert_eq!(Checkpoint::parse_unverified(&note), Ok(checkpoint));
    }

    #[test]
    fn any_flipped_bit_is_refused() {
        let log = signer("hospital.example/log");
        let note = Checkpoint::sign(7, Hash([5; 32]), &log).into_bytes();
        for bit in 0..note.len() * 8 {
            let mut bytes = note.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let accepted = String::from_utf8(bytes)
                .is_ok_and(|text| Checkpoint::verify(&text, log.public()).is_ok());
            assert!(!accepted, "bit {bit}");
        }
    }

    #[test]
    fn only_the_one_form_of_a_log_with_that_name_is_read() {
        let log = signer("log");
        let root = STANDARD.encode([5; 32]);
        let read =
            |text: String| Checkpoint::verify(&log.sign_text(text).to_string(), log.public());
        assert!(read(format!("log\n7\n{root}\n")).is_ok());
        assert_eq!(
            read(format!("log\n7\n{root}\nmore\n")).unwrap().extensions,
            ["more"]
        );
        assert_eq!(
            read(format!("other\n7\n{root}\n")),
            Err(CheckpointError::Origin)
        );
        for text in [
            format!("log\n07\n{root}\n"),
            format!("log\n+7\n{root}\n"),
            format!("log\n-7\n{root}\n"),
            format!("log\n7 \n{root}\n"),
            format!("log\n9007199254740992\n{root}\n"),
            format!("log\n0\n{root}\n"),
            format!("\n7\n{root}\n"),
            format!("log\n7\n{}\n", STANDARD.encode([5; 31])),
            "log\n7\n".into(),
            "log\n".into(),
        ] {
            assert_eq!(
                read(text.clone()),
                Err(CheckpointError::Malformed),
                "{text:?}"
            );
        }
    }
}
