//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! A target never panics on any input. It takes every input apart as a reader would and, where one
//! is accepted, insists that writing it again gives the same bytes: two spellings of one thing are
//! a finding, and that is the only panic.

use crate::checkpoint::Checkpoint;
use crate::event::Event;
use crate::export::Verifier;
use crate::note::{LogKey, SignedNote};
use crate::tree::{TileId, parse_bundle};

/// Checkpoints, signed notes and keys.
///
/// # Panics
/// When something accepted has a second spelling: a finding.
pub fn checkpoint(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(note) = text.parse::<SignedNote>() {
        assert_eq!(note.to_string(), text, "a second spelling of a note");
    }
    if let Ok(key) = text.parse::<LogKey>() {
        assert_eq!(key.to_string(), text, "a second spelling of a key");
    }
    if let Ok(checkpoint) = Checkpoint::parse_unverified(text) {
        let signed = checkpoint.to_string();
        assert!(
            text.starts_with(&signed),
            "a second spelling of a checkpoint"
        );
    }
}

/// Lines of an export: the input is split at newlines and handed to the verifier until it refuses.
pub fn export_line(bytes: &[u8]) {
    let mut verifier = Verifier::new(None);
    let refused = bytes
        .split(|byte| *byte == b'\n')
        .any(|line| verifier.line(line).is_err());
    if !refused {
        // Whether enough lines were there is for the verifier to say; it must only say it.
        drop(verifier.finish());
    }
}

/// Paths and contents of tiles.
///
/// # Panics
/// When a path that is accepted has a second spelling: a finding.
pub fn tile_path(bytes: &[u8]) {
    drop(parse_bundle(bytes));
    let Ok(path) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(tile) = path.parse::<TileId>() {
        assert_eq!(tile.to_string(), path, "a second spelling of a tile's path");
        drop(tile.parse_contents(bytes));
    }
}

/// Events.
///
/// # Panics
/// When an event that is accepted has a second spelling: a finding.
pub fn event(bytes: &[u8]) {
    if let Ok(event) = Event::parse(bytes) {
        let again = event.canonical();
        assert!(
            again.is_ok_and(|again| again == bytes),
            "a second spelling of an event"
        );
    }
}
