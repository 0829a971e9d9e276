//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! A target takes every input apart as a reader would, answers whether it was accepted, and then
//! insists that writing it again gives the same bytes: two spellings of one thing are a finding,
//! and that is the only panic.

use crate::checkpoint::Checkpoint;
use crate::event::Event;
use crate::export::Verifier;
use crate::note::{LogKey, SignedNote};
use crate::tree::{TileId, parse_bundle};

/// Checkpoints, signed notes and keys.
///
/// # Panics
/// When something accepted has a second spelling: a finding.
pub fn checkpoint(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let note = text.parse::<SignedNote>();
    if let Ok(note) = &note {
        assert_eq!(note.to_string(), text, "a second spelling of a note");
    }
    let key = text.parse::<LogKey>();
    if let Ok(key) = &key {
        assert_eq!(key.to_string(), text, "a second spelling of a key");
    }
    if let Ok(checkpoint) = Checkpoint::parse_unverified(text) {
        let signed = checkpoint.to_string();
        assert!(
            text.starts_with(&signed),
            "a second spelling of a checkpoint"
        );
    }
    note.is_ok() || key.is_ok()
}

/// An export, split at newlines and handed to the verifier until it refuses.
pub fn export(bytes: &[u8]) -> bool {
    let Some(lines) = bytes.strip_suffix(b"\n") else {
        return false;
    };
    let mut verifier = Verifier::new(None);
    let refused = lines
        .split(|byte| *byte == b'\n')
        .any(|line| verifier.line(line).is_err());
    // Whether enough lines were there is for the verifier to say.
    !refused && verifier.finish().is_ok()
}

/// Paths and contents of tiles.
///
/// # Panics
/// When a path that is accepted has a second spelling: a finding.
pub fn tile(bytes: &[u8]) -> bool {
    let bundle = parse_bundle(bytes).is_some();
    let path = std::str::from_utf8(bytes).unwrap_or_default();
    path.parse::<TileId>().is_ok_and(|tile| {
        assert_eq!(tile.to_string(), path, "a second spelling of a tile's path");
        drop(tile.parse_contents(bytes));
        true
    }) || bundle
}

/// Events.
///
/// # Panics
/// When an event that is accepted has a second spelling: a finding.
pub fn event(bytes: &[u8]) -> bool {
    Event::parse(bytes).is_ok_and(|event| {
        let again = event.canonical();
        assert!(
            again.is_ok_and(|again| again == bytes),
            "a second spelling of an event"
        );
        true
    })
}
