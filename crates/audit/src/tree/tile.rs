//! Tiles: names, paths and contents (C2SP tlog-tiles).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::hash::Hash;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// An entry bundle: the entries themselves.
    Entries,
    /// The hashes `8 × level` levels above the leaves.
    Hashes(u8),
}

impl Level {
    /// The number by which storage keeps it: -1 for entries, else the level.
    pub const fn number(self) -> i64 {
        match self {
            Self::Entries => -1,
            Self::Hashes(level) => level as i64,
        }
    }

    /// The level of a number that [`Level::number`] gave; `None` for others.
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            -1 => Some(Self::Entries),
            0..=MAX_LEVEL => u8::try_from(number).ok().map(Self::Hashes),
            _ => None,
        }
    }

    /// How many bits to drop from a leaf's index to count hashes of this level.
    pub(super) const fn shift(self) -> u32 {
        match self {
            Self::Entries => 0,
            Self::Hashes(level) => TileId::HEIGHT * level as u32,
        }
    }
}

/// The name of a tile: level, position, and how many of its 256 places are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: Level,
    index: u64,
    width: u16,
}

impl TileId {
    /// How many levels of the tree one tile spans.
    pub const HEIGHT: u32 = 8;
    /// The width of a full tile.
    pub const FULL: u16 = 1 << Self::HEIGHT;

    /// Names a tile; `None` when the width is not 1 to 256 or the level beyond 63.
    pub fn new(level: Level, index: u64, width: u16) -> Option<Self> {
        let level_fits = Level::from_number(level.number()) == Some(level);
        (level_fits && (1..=Self::FULL).contains(&width)).then_some(Self {
            level,
            index,
            width,
        })
    }

    /// The tile at this position as a tree of `size` leaves has it: full, partial, or `None`
    /// where the tree does not reach.
    pub fn in_tree(level: Level, index: u64, size: u64) -> Option<Self> {
        let hashes = size.checked_shr(level.shift()).unwrap_or(0);
        let before = index.checked_mul(u64::from(Self::FULL))?;
        let width = hashes.checked_sub(before)?.min(u64::from(Self::FULL));
        Self::new(level, index, u16::try_from(width).ok()?)
    }

    /// What the tile holds.
    pub const fn level(self) -> Level {
        self.level
    }

    /// The tile's position on its level, from 0.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many places are filled, 1 to 256.
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether all 256 places are filled; such a tile never changes.
    pub const fn is_full(self) -> bool {
        self.width == Self::FULL
    }

    /// The full tile at the same position.
    pub const fn full(self) -> Self {
        Self {
            width: Self::FULL,
            ..self
        }
    }

    /// The hashes of a hash tile or the commitments of an entry bundle; `None` when the bytes are
    /// not exactly what a tile of this name holds.
    pub fn parse_contents(self, bytes: &[u8]) -> Option<Vec<Hash>> {
        let hashes = match self.level {
            Level::Entries => parse_bundle(bytes)?,
            Level::Hashes(_) => {
                let (hashes, rest) = bytes.as_chunks::<{ Hash::LEN }>();
                if !rest.is_empty() {
                    return None;
                }
                hashes.iter().copied().map(Hash).collect()
            }
        };
        (hashes.len() == usize::from(self.width)).then_some(hashes)
    }

    /// The contents of a tile that holds these hashes or commitments.
    pub(super) fn format_contents(level: Level, hashes: &[Hash]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(hashes.len() * (Hash::LEN + ENTRY_PREFIX.len()));
        for hash in hashes {
            if level == Level::Entries {
                bytes.extend_from_slice(&ENTRY_PREFIX);
            }
            bytes.extend_from_slice(&hash.0);
        }
        bytes
    }
}

/// Reads an entry bundle of commitments: each an entry of 32 bytes after its length as a
/// big-endian `uint16`. `None` for anything else.
pub fn parse_bundle(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (entries, rest) = bytes.as_chunks::<{ Hash::LEN + ENTRY_PREFIX.len() }>();
    if !rest.is_empty() {
        return None;
    }
    entries
        .iter()
        .map(|entry| entry.strip_prefix(&ENTRY_PREFIX).and_then(Hash::from_slice))
        .collect()
}

/// The path below the log's prefix, such as `tile/0/x001/067` or `tile/entries/000.p/5`.
impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Level::Entries => f.write_str("tile/entries")?,
            Level::Hashes(level) => write!(f, "tile/{level}")?,
        }
        let digits = self.index.to_string();
        let groups = digits.len().div_ceil(3);
        let padded = format!("{digits:0>width$}", width = groups * 3);
        for group in 0..groups {
            let more = if group + 1 < groups { "x" } else { "" };
            write!(f, "/{more}{}", &padded[group * 3..group * 3 + 3])?;
        }
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

/// A path that names no tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the path of a tile")]
pub struct InvalidTilePath;

impl FromStr for TileId {
    type Err = InvalidTilePath;

    /// Reads a path in exactly the form that is written; there is no second spelling.
    fn from_str(path: &str) -> Result<Self, InvalidTilePath> {
        let tile = parse_path(path).ok_or(InvalidTilePath)?;
        // Leading zeros, needless groups and plus signs all end here.
        if tile.to_string() == path {
            Ok(tile)
        } else {
            Err(InvalidTilePath)
        }
    }
}

fn parse_path(path: &str) -> Option<TileId> {
    let (level, position) = path.strip_prefix("tile/")?.split_once('/')?;
    let level = match level {
        "entries" => Level::Entries,
        number => Level::from_number(number.parse().ok()?)?,
    };
    let (position, width) = match position.split_once(".p/") {
        Some((position, width)) => (position, width.parse().ok()?),
        None => (position, TileId::FULL),
    };
    let mut index = 0_u64;
    for group in position.split('/') {
        let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        index = index.checked_mul(1000)?.checked_add(digits)?;
    }
    TileId::new(level, index, width)
}

const MAX_LEVEL: i64 = 63;
/// The length of a commitment as a big-endian `uint16`.
const ENTRY_PREFIX: [u8; 2] = [0, 32];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        for (level, index, width, path) in [
            (Level::Hashes(0), 1_067, 256, "tile/0/x001/067"),
            (Level::Hashes(0), 1_067, 5, "tile/0/x001/067.p/5"),
            (Level::Hashes(1), 0, 256, "tile/1/000"),
            (Level::Hashes(63), 999, 255, "tile/63/999.p/255"),
            (Level::Hashes(5), 1_234_067, 1, "tile/5/x001/x234/067.p/1"),
            (Level::Entries, 1_234_067, 256, "tile/entries/x001/x234/067"),
            (
                Level::Hashes(0),
                u64::MAX,
                256,
                "tile/0/x018/x446/x744/x073/x709/x551/615",
            ),
        ] {
            let tile = TileId::new(level, index, width).unwrap();
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse(), Ok(tile));
        }
    }

    #[test]
    fn other_paths_name_no_tile() {
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/1",
            "tile/00/001",
            "tile/64/001",
            "tile/-1/001",
            "tile/+1/001",
            "tile/0/0001",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/x001/x002",
            "tile/0/+01",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/05",
            "tile/0/001.p/",
            "tile/0/001/",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/data/001",
            "/tile/0/001",
            "tile/0/001 ",
        ] {
            assert_eq!(path.parse::<TileId>(), Err(InvalidTilePath), "{path:?}");
        }
    }

    #[test]
    fn a_tree_has_full_tiles_and_one_partial_tile_a_level() {
        let width = |level, index, size| TileId::in_tree(level, index, size).map(TileId::width);
        assert_eq!(width(Level::Hashes(0), 0, 0), None);
        assert_eq!(width(Level::Hashes(0), 0, 256), Some(256));
        assert_eq!(width(Level::Hashes(0), 1, 256), None);
        assert_eq!(width(Level::Entries, 273, 70_000), Some(112));
        assert_eq!(width(Level::Hashes(1), 1, 70_000), Some(17));
        assert_eq!(width(Level::Hashes(2), 0, 70_000), Some(1));
        assert_eq!(width(Level::Hashes(63), 0, u64::MAX), None);
    }

    #[test]
    fn a_bundle_of_anything_but_commitments_is_refused() {
        let bundle = TileId::format_contents(Level::Entries, &[Hash([1; 32]), Hash([2; 32])]);
        assert_eq!(bundle.len(), 68);
        assert_eq!(
            parse_bundle(&bundle),
            Some(vec![Hash([1; 32]), Hash([2; 32])])
        );
        assert_eq!(parse_bundle(&bundle[..67]), None);
        assert_eq!(parse_bundle(&[0; 34]), None);
    }
}
