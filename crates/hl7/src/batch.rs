//! Batches: `FHS`, `BHS` … `BTS`, `FTS` around messages, in one frame or file (§2.10.3).

use thiserror::Error;

use crate::message::trimmed;

/// Why bytes are no batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BatchError {
    /// Something other than an envelope stands before the first message.
    #[error("line {line} stands in no message")]
    Stray {
        /// Counted from 1.
        line: usize,
    },
    /// BTS-1 counts other messages than there are: something got lost.
    #[error("the trailer counts {said} messages, there are {found}")]
    Count {
        /// By the trailer.
        said: usize,
        /// In the batch.
        found: usize,
    },
}

/// Whether bytes begin as a batch does.
pub fn is_batch(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let begin = bytes
        .iter()
        .position(|b| !b.is_ascii_whitespace())
        .unwrap_or(0);
    bytes[begin..].starts_with(b"FHS") || bytes[begin..].starts_with(b"BHS")
}

/// Cuts a text into its messages: a batch into each of them, anything else into itself.
///
/// # Errors
/// See [`BatchError`].
pub fn messages(text: &str) -> Result<Vec<&str>, BatchError> {
    let text = trimmed(text);
    if !is_batch(text.as_bytes()) {
        return Ok(vec![text]);
    }
    let mut messages = Vec::new();
    let mut begun: Option<usize> = None;
    let mut in_batch = 0;
    let mut at = 0;
    for (index, line) in text.split_inclusive(['\r', '\n']).enumerate() {
        let begin = at;
        at += line.len();
        let bare = line.trim_end_matches(['\r', '\n']);
        if bare.trim().is_empty() {
            continue;
        }
        let name = bare.get(..3).unwrap_or_default();
        let is_envelope = matches!(name, "FHS" | "BHS" | "BTS" | "FTS");
        if (is_envelope || name == "MSH")
            && let Some(from) = begun.take()
        {
            messages.push(&text[from..begin]);
            in_batch += 1;
        }
        match name {
            "MSH" => begun = Some(begin),
            "BHS" => in_batch = 0,
            "BTS" => {
                let field = bare.chars().nth(3).unwrap_or('|');
                let said = bare
                    .split(field)
                    .nth(1)
                    .and_then(|said| said.trim().parse().ok());
                if let Some(said) = said
                    && said != in_batch
                {
                    return Err(BatchError::Count {
                        said,
                        found: in_batch,
                    });
                }
            }
            _ if is_envelope || begun.is_some() => {}
            _ => return Err(BatchError::Stray { line: index + 1 }),
        }
    }
    if let Some(from) = begun {
        messages.push(&text[from..]);
    }
    Ok(messages)
}
