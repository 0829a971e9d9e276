//! [`Tiles`]: roots and proofs out of stored tiles.

use std::collections::BTreeSet;

use thiserror::Error;

use super::EMPTY_ROOT;
use super::frontier::{fold_right, perfect_root};
use super::range::{self, Node, Range};
use super::tile::{Level, TileId};
use crate::hash::Hash;

/// Why stored tiles give no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TileError {
    /// The tile is not stored.
    #[error("{0} is missing")]
    Missing(TileId),
    /// The tile's bytes are not what its name says.
    #[error("{0} is malformed")]
    Malformed(TileId),
    /// The question is about leaves that the tree does not have.
    #[error("the tree does not reach that far")]
    Range,
}

/// The stored tiles of a tree of `size` leaves, read through a closure that knows where they are.
///
/// The closure is asked for a tile by the width that it has in this tree and, where that is gone
/// because the tree grew meanwhile, once more as a full tile. The last tile of each level is
/// remembered, so that a walk over the log reads each tile once.
#[derive(Debug)]
pub struct Tiles<R> {
    size: u64,
    read: R,
    recent: Vec<(TileId, Vec<Hash>)>,
}

impl<R: FnMut(TileId) -> Option<Vec<u8>>> Tiles<R> {
    /// Tiles of a tree of `size` leaves.
    pub fn new(size: u64, read: R) -> Self {
        Self {
            size,
            read,
            recent: Vec::new(),
        }
    }

    /// The root of the tree's first `size` leaves.
    ///
    /// # Errors
    /// See [`TileError`]; this and the others do not check tiles against a root.
    pub fn root(&mut self, size: u64) -> Result<Hash, TileError> {
        if size > self.size {
            return Err(TileError::Range);
        }
        if size == 0 {
            return Ok(EMPTY_ROOT);
        }
        self.range(Range {
            start: 0,
            end: size,
        })
    }

    /// The commitment at `index`, from its entry bundle.
    ///
    /// # Errors
    /// See [`TileError`].
    pub fn commitment(&mut self, index: u64) -> Result<Hash, TileError> {
        if index >= self.size {
            return Err(TileError::Range);
        }
        let (tile, offset) = locate(index);
        let hashes = self.tile(Level::Entries, tile)?;
        hashes.get(offset).copied().ok_or(TileError::Range)
    }

    /// The inclusion path of the leaf at `index` in the tree's first `size` leaves
    /// (RFC 9162 §2.1.3.1), for [`super::verify_inclusion`].
    ///
    /// # Errors
    /// See [`TileError`].
    pub fn inclusion(&mut self, index: u64, size: u64) -> Result<Vec<Hash>, TileError> {
        if size > self.size || index >= size {
            return Err(TileError::Range);
        }
        range::inclusion(index, size)
            .into_iter()
            .map(|range| self.range(range))
            .collect()
    }

    /// The consistency path from the tree's first `old` leaves to its first `new` ones
    /// (RFC 9162 §2.1.4.1), for [`super::verify_consistency`].
    ///
    /// # Errors
    /// See [`TileError`]; `old` is at least 1.
    pub fn consistency(&mut self, old: u64, new: u64) -> Result<Vec<Hash>, TileError> {
        if new > self.size || old > new || old == 0 {
            return Err(TileError::Range);
        }
        range::consistency(old, new)
            .into_iter()
            .map(|range| self.range(range))
            .collect()
    }

    fn range(&mut self, range: Range) -> Result<Hash, TileError> {
        let subtrees = range
            .nodes()
            .map(|node| self.node(node))
            .collect::<Result<Vec<_>, _>>()?;
        fold_right(subtrees.into_iter()).ok_or(TileError::Range)
    }

    fn node(&mut self, node: Node) -> Result<Hash, TileError> {
        let (level, index, offset, count) = place(node);
        let hashes = self.tile(level, index)?;
        let below = hashes.get(offset..offset + count).ok_or(TileError::Range)?;
        Ok(perfect_root(below))
    }

    pub(crate) fn tile(&mut self, level: Level, index: u64) -> Result<&[Hash], TileError> {
        let wanted = TileId::in_tree(level, index, self.size).ok_or(TileError::Range)?;
        let slot = match self
            .recent
            .iter()
            .position(|(tile, _)| tile.level() == level)
        {
            Some(slot) if self.recent[slot].0 == wanted => slot,
            Some(slot) => {
                self.recent[slot] = (wanted, read_tile(wanted, &mut self.read)?);
                slot
            }
            None => {
                self.recent
                    .push((wanted, read_tile(wanted, &mut self.read)?));
                self.recent.len() - 1
            }
        };
        Ok(&self.recent[slot].1)
    }
}

/// The tiles that [`Tiles::inclusion`] reads in a tree of `size` leaves: for a caller who has to
/// fetch them first. Empty when `index` is not in the tree.
pub fn tiles_for_inclusion(index: u64, size: u64) -> BTreeSet<TileId> {
    if index >= size {
        return BTreeSet::new();
    }
    tiles_for(&range::inclusion(index, size), size)
}

/// The tiles that [`Tiles::consistency`] reads in a tree of `new` leaves. Empty unless
/// `0 < old <= new`.
pub fn tiles_for_consistency(old: u64, new: u64) -> BTreeSet<TileId> {
    if old == 0 || old > new {
        return BTreeSet::new();
    }
    tiles_for(&range::consistency(old, new), new)
}

fn tiles_for(ranges: &[Range], size: u64) -> BTreeSet<TileId> {
    let nodes = ranges.iter().flat_map(|range| range.nodes());
    nodes
        .filter_map(|node| {
            let (level, index, ..) = place(node);
            TileId::in_tree(level, index, size)
        })
        .collect()
}

/// Reads a tile by its own width or, failing that, from the full tile at its place.
pub(crate) fn read_tile(
    tile: TileId,
    read: &mut impl FnMut(TileId) -> Option<Vec<u8>>,
) -> Result<Vec<Hash>, TileError> {
    if let Some(bytes) = read(tile) {
        return tile
            .parse_contents(&bytes)
            .ok_or(TileError::Malformed(tile));
    }
    if tile.is_full() {
        return Err(TileError::Missing(tile));
    }
    let bytes = read(tile.full()).ok_or(TileError::Missing(tile))?;
    let mut hashes = tile
        .full()
        .parse_contents(&bytes)
        .ok_or(TileError::Malformed(tile.full()))?;
    hashes.truncate(tile.width().into());
    Ok(hashes)
}

/// Where a node's value comes from: level and index of the tile, then the first hash in it and
/// how many there are below the node.
fn place(node: Node) -> (Level, u64, usize, usize) {
    let rest = node.height % TileId::HEIGHT;
    // Heights are below 64, so levels are below 8.
    let level = Level::Hashes(u8::try_from(node.height / TileId::HEIGHT).unwrap_or(u8::MAX));
    let (tile, offset) = locate(node.index << rest);
    (level, tile, offset, 1 << rest)
}

/// The tile and the place in it of the `index`th hash of a level.
fn locate(index: u64) -> (u64, usize) {
    let full = u64::from(TileId::FULL);
    (
        index / full,
        usize::try_from(index % full).unwrap_or(usize::MAX),
    )
}
