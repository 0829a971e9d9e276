//! [`Disclosure`]: one event, proven to stand in the log.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::commitment::{Salt, commitment};
use crate::event::{Event, EventError};
use crate::hash::Hash;
use crate::note::LogKey;
use crate::tree::{self, ProofError};

/// Everything that someone with the log's key needs to believe that an event was logged, such as
/// the event that carries a device's endorsement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// The event.
    pub payload: Event,
    /// The salt of its commitment.
    pub salt: Salt,
    /// The position of its leaf.
    pub index: u64,
    /// The inclusion path to the checkpoint's root, leaf's sibling first.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

impl Disclosure {
    /// The event and the checkpoint that covers it, once signature and proof are verified.
    ///
    /// # Errors
    /// Names the part that fails.
    pub fn verify(&self, key: &LogKey) -> Result<(&Event, Checkpoint), DisclosureError> {
        let checkpoint = Checkpoint::verify(&self.checkpoint, key)?;
        let leaf = tree::leaf_hash(&commitment(&self.salt, &self.payload.canonical()?).0);
        tree::verify_inclusion(
            &leaf,
            self.index,
            checkpoint.size,
            &self.path,
            &checkpoint.root,
        )?;
        Ok((&self.payload, checkpoint))
    }
}

/// Why a disclosed event is not to be believed.
#[derive(Debug, Error)]
pub enum DisclosureError {
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The event itself.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The inclusion path.
    #[error(transparent)]
    Proof(#[from] ProofError),
}
