//! Signed notes (C2SP signed-note): a text and the Ed25519 signatures under it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{SIGNATURE_LENGTH, Signature, Signer as _, SigningKey, VerifyingKey};
use thiserror::Error;

use crate::hash::Hash;

/// The longest note that is read, in bytes.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;

/// A public key with its name: the log's identity, as pinned by devices and auditors.
///
/// Its text is a vkey, `name+hash+base64(0x01 ‖ key)`.
#[derive(Clone, PartialEq, Eq)]
pub struct LogKey {
    name: String,
    key: VerifyingKey,
}

impl LogKey {
    /// Names a public key.
    ///
    /// # Errors
    /// When the name is empty or holds white space, control characters or `+`, or when the key is
    /// of small order, under which anyone can sign.
    pub fn new(name: &str, key: VerifyingKey) -> Result<Self, InvalidLogKey> {
        if !is_name(name) || key.is_weak() {
            return Err(InvalidLogKey);
        }
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }

    /// The name; for a log it is also its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.key
    }

    /// The key id in signature lines: the first 4 bytes of
    /// `SHA-256(name ‖ "\n" ‖ 0x01 ‖ key)`.
    pub fn id(&self) -> [u8; 4] {
        let hash = Hash::of(&[
            self.name.as_bytes(),
            b"\n",
            &[ALG_ED25519],
            self.key.as_bytes(),
        ]);
        let [a, b, c, d, ..] = hash.0;
        [a, b, c, d]
    }

    /// SHA-256 of the 32 bytes of the key: what people compare, and what confirmation strings
    /// cover.
    pub fn fingerprint(&self) -> Hash {
        Hash::of(&[self.key.as_bytes()])
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ALG_ED25519];
        key.extend_from_slice(self.key.as_bytes());
        write!(
            f,
            "{}+{}+{}",
            self.name,
            hex::encode(self.id()),
            STANDARD.encode(key)
        )
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey({self})")
    }
}

impl FromStr for LogKey {
    type Err = InvalidLogKey;

    fn from_str(text: &str) -> Result<Self, InvalidLogKey> {
        let mut parts = text.splitn(3, '+');
        let name = parts.next().ok_or(InvalidLogKey)?;
        let encoded = parts.nth(1).ok_or(InvalidLogKey)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| InvalidLogKey)?;
        let key = match bytes.split_first() {
            Some((&ALG_ED25519, key)) => key.try_into().map_err(|_| InvalidLogKey)?,
            _ => return Err(InvalidLogKey),
        };
        let key = Self::new(
            name,
            VerifyingKey::from_bytes(key).map_err(|_| InvalidLogKey)?,
        )?;
        // The key id and every other character is checked by writing the text again.
        if key.to_string() == text {
            Ok(key)
        } else {
            Err(InvalidLogKey)
        }
    }
}

/// A text or a key that cannot be a log's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a valid log key (name+hash+key, Ed25519)")]
pub struct InvalidLogKey;

/// A private key with its name. The bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct LogSigner {
    public: LogKey,
    key: SigningKey,
}

impl LogSigner {
    /// Names a private key.
    ///
    /// # Errors
    /// When the name is not one, see [`LogKey::new`].
    pub fn new(name: &str, key: SigningKey) -> Result<Self, InvalidLogKey> {
        Ok(Self {
            public: LogKey::new(name, key.verifying_key())?,
            key,
        })
    }

    /// The public half.
    pub fn public(&self) -> &LogKey {
        &self.public
    }

    /// Signs bytes as they are; whoever calls this separates domains.
    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> [u8; SIGNATURE_LENGTH] {
        self.key.sign(bytes).to_bytes()
    }

    /// Makes a note of a text that ends in a newline.
    pub(crate) fn sign_text(&self, text: String) -> SignedNote {
        let signature = self.sign_bytes(text.as_bytes()).to_vec();
        let line = SignatureLine {
            name: self.public.name.clone(),
            id: self.public.id(),
            signature,
        };
        SignedNote {
            text,
            signatures: vec![line],
        }
    }
}

/// Shows the public half only.
impl fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogSigner")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// A note, read but not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<SignatureLine>,
}

/// One line under a note. Its bytes mean something only to whoever knows the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// The signer's name.
    pub name: String,
    /// The signer's key id.
    pub id: [u8; 4],
    /// The signature; 64 bytes for Ed25519, other lengths for other kinds of keys.
    pub signature: Vec<u8>,
}

impl SignedNote {
    /// The signatures, the log's and those of witnesses.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// The text, which ends in a newline, once this key's signature over it is verified
    /// (RFC 8032, strictly: no malleable or small-order signature passes). Signatures by other
    /// keys are left alone, as the specification asks.
    ///
    /// # Errors
    /// When there is no signature by this key, more than one, or a wrong one.
    pub fn verify(&self, key: &LogKey) -> Result<&str, NoteError> {
        let mut ours = self.by(key);
        let (Some(line), None) = (ours.next(), ours.next()) else {
            return Err(NoteError::Unsigned);
        };
        let signature =
            Signature::from_slice(&line.signature).map_err(|_| NoteError::WrongSignature)?;
        key.key
            .verify_strict(self.text.as_bytes(), &signature)
            .map_err(|_| NoteError::WrongSignature)?;
        Ok(&self.text)
    }

    /// The same note without the signatures of others.
    pub fn only(&self, key: &LogKey) -> Self {
        Self {
            text: self.text.clone(),
            signatures: self.by(key).cloned().collect(),
        }
    }

    pub(crate) fn unverified_text(&self) -> &str {
        &self.text
    }

    fn by(&self, key: &LogKey) -> impl Iterator<Item = &SignatureLine> {
        let id = key.id();
        self.signatures
            .iter()
            .filter(move |line| line.name == key.name && line.id == id)
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let mut bytes = line.id.to_vec();
            bytes.extend_from_slice(&line.signature);
            writeln!(f, "{DASH}{} {}", line.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

impl FromStr for SignedNote {
    type Err = NoteError;

    /// Reads a note in exactly the form that is written.
    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES || note.chars().any(|c| c != '\n' && c.is_control()) {
            return Err(NoteError::Malformed);
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        let signatures = lines
            .split('\n')
            .map(parse_line)
            .collect::<Option<_>>()
            .ok_or(NoteError::Malformed)?;
        Ok(Self {
            text: format!("{text}\n"),
            signatures,
        })
    }
}

/// Why a note is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Not a text, an empty line and signature lines.
    #[error("not a signed note")]
    Malformed,
    /// Not exactly one signature by the expected key.
    #[error("the note is not signed by the expected key")]
    Unsigned,
    /// A signature in the expected key's name that is not its own.
    #[error("the note's signature is wrong")]
    WrongSignature,
}

fn parse_line(line: &str) -> Option<SignatureLine> {
    let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (id, signature) = bytes.split_first_chunk()?;
    if !is_name(name) || signature.is_empty() {
        return None;
    }
    Some(SignatureLine {
        name: name.to_owned(),
        id: *id,
        signature: signature.to_vec(),
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|c| c == '+' || c.is_whitespace() || c.is_control())
}

/// The signature type of Ed25519 in keys and key ids (C2SP signed-note).
const ALG_ED25519: u8 = 1;
const DASH: &str = "\u{2014} ";

#[cfg(test)]
mod tests {
    use super::*;

    /// The example key and note of the reference implementation's documentation (Go,
    /// `golang.org/x/mod/sumdb/note`).
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = concat!(
        "If you think cryptography is the answer to your problem,\n",
        "then you don't know what your problem is.\n",
        "\n",
        "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg",
        "KvqfqdngotpRZb6KE6RyyBwJnAM=\n",
    );

    #[test]
    fn the_reference_implementations_note_verifies() {
        let key: LogKey = VKEY.parse().unwrap();
        let note: SignedNote = NOTE.parse().unwrap();
        assert_eq!(key.name(), "PeterNeumann");
        assert!(
            note.verify(&key)
                .unwrap()
                .ends_with("what your problem is.\n")
        );
        assert_eq!(note.to_string(), NOTE);
    }

    #[test]
    fn a_cosigned_note_verifies_for_each_signer() {
        let log = LogSigner::new("example.org/log", SigningKey::from_bytes(&[1; 32])).unwrap();
        let witness = LogSigner::new("witness", SigningKey::from_bytes(&[2; 32])).unwrap();
        let mut note = log.sign_text("text\n".into());
        note.signatures
            .extend(witness.sign_text("text\n".into()).signatures);
        let read: SignedNote = note.to_string().parse().unwrap();
        assert_eq!(read.verify(log.public()), Ok("text\n"));
        assert_eq!(read.verify(witness.public()), Ok("text\n"));
        assert_eq!(read.only(log.public()).signatures().len(), 1);
        let stranger = LogSigner::new("witness", SigningKey::from_bytes(&[3; 32])).unwrap();
        assert_eq!(read.verify(stranger.public()), Err(NoteError::Unsigned));
        note.signatures.push(note.signatures[0].clone());
        assert_eq!(note.verify(log.public()), Err(NoteError::Unsigned));
    }

    #[test]
    fn malformed_notes_and_keys_are_refused() {
        for note in [
            "",
            "\n\n",
            "text\n",
            "text\n\n",
            "text\n\n\n",
            "text\n\n— a x08go/ZJ",
            "text\n\n- a x08go/ZJ\n",
            "text\n\n— a+b x08go/ZJ\n",
            "text\n\n— a x08gow==\n",
            "text\n\n— a  x08go/ZJ\n",
            "te\rxt\n\n— a x08go/ZJ\n",
        ] {
            assert_eq!(
                note.parse::<SignedNote>(),
                Err(NoteError::Malformed),
                "{note:?}"
            );
        }
        for key in [
            "",
            "PeterNeumann",
            "PeterNeumann+c74f20a3",
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumenn+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a3+AhpcAQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ] {
            assert_eq!(key.parse::<LogKey>(), Err(InvalidLogKey), "{key:?}");
        }
        // The neutral element: a signature under it proves nothing.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let neutral = VerifyingKey::from_bytes(&neutral).unwrap();
        assert_eq!(LogKey::new("weak", neutral), Err(InvalidLogKey));
    }

    #[test]
    fn a_signer_does_not_show_its_key() {
        let signer = LogSigner::new("a", SigningKey::from_bytes(&[0x5a; 32])).unwrap();
        let shown = format!("{signer:?}");
        assert!(
            !shown.contains("5a5a") && !shown.contains("90, 90"),
            "{shown}"
        );
    }
}
