//! [`Appender`]: the growing right edge of the tree.

use super::frontier::{fold_right, perfect_root};
use super::read::{TileError, read_tile};
use super::tile::{Level, TileId};
use super::{EMPTY_ROOT, leaf_hash};
use crate::hash::Hash;

/// A tile to be stored, replacing what was stored at its level and index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileWrite {
    /// Which tile.
    pub id: TileId,
    /// Its whole contents.
    pub bytes: Vec<u8>,
}

/// What must be remembered of a tree to append to it: the partial tile of each level.
///
/// Appending is pure: it changes this value and says which tiles to store. The caller stores them
/// with the new checkpoint in one transaction; when that fails it drops this value and takes the
/// stored state again with [`Appender::restore`].
#[derive(Debug, Clone, Default)]
pub struct Appender {
    size: u64,
    /// The commitments of the partial entry bundle.
    entries: Vec<Hash>,
    /// The hashes of the partial tile of each level, level 0 first.
    edge: Vec<Vec<Hash>>,
}

impl Appender {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a tree of `size` leaves from its stored tiles.
    ///
    /// The caller compares [`Appender::root`] with the signed checkpoint before it appends.
    ///
    /// # Errors
    /// When a tile of the right edge is missing or malformed.
    pub fn restore(
        size: u64,
        mut read: impl FnMut(TileId) -> Option<Vec<u8>>,
    ) -> Result<Self, TileError> {
        let mut partial = |level: Level| {
            let hashes = size.checked_shr(level.shift()).unwrap_or(0);
            match TileId::in_tree(level, hashes / u64::from(TileId::FULL), size) {
                Some(tile) => read_tile(tile, &mut read),
                None => Ok(Vec::new()),
            }
        };
        let entries = partial(Level::Entries)?;
        let mut edge = Vec::new();
        loop {
            let level = Level::Hashes(level_number(edge.len()));
            if size.checked_shr(level.shift()).unwrap_or(0) == 0 {
                break;
            }
            edge.push(partial(level)?);
        }
        Ok(Self {
            size,
            entries,
            edge,
        })
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves (RFC 6962 §2.1).
    pub fn root(&self) -> Hash {
        // High levels hold the leaves furthest left. Within a tile, each bit set in the number of
        // hashes is a perfect subtree.
        let subtrees: Vec<Hash> = self
            .edge
            .iter()
            .rev()
            .flat_map(|tile| {
                let mut rest = tile.as_slice();
                (0..TileId::HEIGHT).rev().filter_map(move |bit| {
                    let (subtree, after) = rest.split_at_checked(1 << bit)?;
                    rest = after;
                    Some(perfect_root(subtree))
                })
            })
            .collect();
        fold_right(subtrees.into_iter()).unwrap_or(EMPTY_ROOT)
    }

    /// Appends commitments and returns the tiles that changed: full ones as they fill up, then the
    /// partial one of each level that grew. Without commitments, nothing changes.
    pub fn append(&mut self, commitments: &[Hash]) -> Vec<TileWrite> {
        let before = self.size;
        let mut writes = Vec::new();
        for commitment in commitments {
            self.push(*commitment, &mut writes);
        }
        writes.extend(self.partial_tiles().filter(|write| {
            // A level grew when its number of hashes did.
            let shift = write.id.level().shift();
            self.size >> shift != before >> shift
        }));
        writes
    }

    /// Appends one commitment; adds the tiles that it fills up to `full`.
    pub(crate) fn push(&mut self, commitment: Hash, full: &mut Vec<TileWrite>) {
        self.entries.push(commitment);
        if self.entries.len() == usize::from(TileId::FULL) {
            full.extend(self.write(Level::Entries, &self.entries));
            self.entries.clear();
        }
        let mut hash = leaf_hash(&commitment.0);
        for depth in 0.. {
            if depth == self.edge.len() {
                self.edge.push(Vec::new());
            }
            self.edge[depth].push(hash);
            if self.edge[depth].len() < usize::from(TileId::FULL) {
                break;
            }
            let tile = std::mem::take(&mut self.edge[depth]);
            full.extend(self.write(Level::Hashes(level_number(depth)), &tile));
            hash = perfect_root(&tile);
        }
        self.size += 1;
    }

    /// The partial tile of each level that has one, the entry bundle first.
    pub(crate) fn partial_tiles(&self) -> impl Iterator<Item = TileWrite> {
        let hashes = self
            .edge
            .iter()
            .enumerate()
            .filter_map(|(depth, tile)| self.write(Level::Hashes(level_number(depth)), tile));
        self.write(Level::Entries, &self.entries)
            .into_iter()
            .chain(hashes)
    }

    /// The tile of this level at the right edge, where `self.size` is the index of a leaf below it
    /// or the first one after it; `None` without hashes.
    fn write(&self, level: Level, hashes: &[Hash]) -> Option<TileWrite> {
        let index = self
            .size
            .checked_shr(level.shift() + TileId::HEIGHT)
            .unwrap_or(0);
        let id = TileId::new(level, index, u16::try_from(hashes.len()).ok()?)?;
        Some(TileWrite {
            id,
            bytes: TileId::format_contents(level, hashes),
        })
    }
}

/// The depth of a stack of tiles as a level; a tree of 2^64 leaves has 9.
fn level_number(depth: usize) -> u8 {
    u8::try_from(depth).unwrap_or(u8::MAX)
}
