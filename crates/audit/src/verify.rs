//! Verification of a whole log: the public tiles, or a data directory with its tail.

use std::collections::BTreeMap;

use serde::Serialize;
use thiserror::Error;

use crate::chain::{self, HeadError, SignedHead};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::commitment::Opening;
use crate::event::NodeName;
use crate::hash::Hash;
use crate::note::LogKey;
use crate::tree::{Appender, Level, TileError, TileId, TileWrite, Tiles, leaf_hash};

/// What was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Leaves covered by the checkpoint.
    pub size: u64,
    /// The root that the checkpoint signs.
    pub root: Hash,
    /// Leaves whose event was opened and matches its commitment.
    pub opened: u64,
    /// Leaves of which only the commitment was at hand.
    pub sealed: u64,
    /// Events that no checkpoint covers yet, all fixed by signed chain heads.
    pub tail: u64,
    /// The fingerprint of the key that it was verified by, see [`LogKey::fingerprint`].
    pub key: Hash,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{what}", match first_bad_index {
    Some(index) => format!("index {index}: "),
    None => String::new(),
})]
pub struct Failure {
    /// The lowest index of a leaf that is known to be wrong or missing; events of the tail count
    /// on from the size of the log, in the order in which they were handed in. `None` where no
    /// leaf can be singled out: a checkpoint that is not the key's, or leaves that agree with one
    /// another and with the tiles but not with the signed root.
    pub first_bad_index: Option<u64>,
    /// What is wrong there.
    pub what: What,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum What {
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Signed by another key than the pinned one.
    #[error("it is another log: its key is not the pinned one")]
    Key,
    /// A line of an export.
    #[error("the line {0}")]
    Line(&'static str),
    /// A payload that is not the canonical form of an event, or of another node than its row says.
    #[error("the payload is not the event that was written")]
    Event,
    /// Salt and payload do not open the commitment, or the commitment is not the logged one.
    #[error("the event is not the one that the log commits to")]
    Commitment,
    /// An event is missing: the next one has a later index.
    #[error("an event is missing from the log")]
    MissingRow,
    /// More or fewer events than the checkpoint covers.
    #[error("the number of events is not the one that the checkpoint covers")]
    Size,
    /// A stored tile is missing or malformed.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// A stored tile does not hold the hashes of the tiles below it.
    #[error("{0} does not hold the hashes of the leaves below it")]
    TileContents(TileId),
    /// The leaves do not lead to the root that was signed.
    #[error("the leaves do not lead to the signed root")]
    Root,
    /// The numbers of a node's events have a gap, a repetition or a wrong link.
    #[error("the chain of node {node} breaks at event {seq}")]
    Chain {
        /// The node.
        node: NodeName,
        /// The number of the event that does not follow.
        seq: u64,
    },
    /// A chain head is not signed by the log's key.
    #[error("node {node}, event {seq}: {source}")]
    Head {
        /// The node.
        node: NodeName,
        /// The number that the head claims.
        seq: u64,
        /// What is wrong with it.
        source: HeadError,
    },
    /// A node's last events are gone: a signed head reaches further than its events.
    #[error("node {node} signed {signed} events, {found} are left")]
    TailCut {
        /// The node.
        node: NodeName,
        /// The highest number in a signed head.
        signed: u64,
        /// The highest number found.
        found: u64,
    },
    /// A node's last events are not fixed by any signed head.
    #[error("node {node} has {found} events, but signed only {signed}")]
    TailUnsigned {
        /// The node.
        node: NodeName,
        /// The highest number in a signed head; 0 without one.
        signed: u64,
        /// The highest number found.
        found: u64,
    },
}

/// Verifies the public form of the log, as served under `/log/`: checkpoint, hash tiles and entry
/// bundles. Events stay sealed.
///
/// # Errors
/// The first thing that is wrong.
pub fn tiles(
    note: &str,
    key: &LogKey,
    mut read: impl FnMut(TileId) -> Option<Vec<u8>>,
) -> Result<Report, Failure> {
    let checkpoint = Checkpoint::verify(note, key).map_err(nowhere)?;
    let size = checkpoint.size;
    let mut walk = Walk::new(checkpoint);
    for index in 0..size {
        let commitment = walk.logged(index, &mut read)?;
        walk.step(commitment, &mut read)?;
    }
    let checkpoint = walk.finish(&mut read)?;
    Ok(Report {
        size,
        root: checkpoint.root,
        opened: 0,
        sealed: size,
        tail: 0,
        key: key.fingerprint(),
    })
}

/// An event as a data directory stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The node that wrote it.
    pub node: NodeName,
    /// Its number in the node's chain, from 1.
    pub seq: u64,
    /// Its commitment.
    pub commitment: Hash,
    /// Its link in the node's chain, see [`chain::next`].
    pub link: Hash,
    /// Salt and payload, where they can be read.
    pub opening: Option<Opening>,
}

/// Verifies a data directory, row by row.
///
/// In this order: the signed heads and the checkpoint go into [`Directory::new`], the logged
/// events in log order into [`Directory::logged`], the tail in order of (node, number) into
/// [`Directory::tail`], then [`Directory::finish`]. [`directory`] does so from iterators.
///
/// It checks that each opened event is the one that its commitment commits to, that commitments,
/// bundles, tiles and the signed root agree, that every node's events are numbered and linked
/// without a gap across log and tail, and that a signed head fixes each node's last event.
#[derive(Debug)]
pub struct Directory<R> {
    walk: Walk,
    read: R,
    key: Hash,
    chains: BTreeMap<NodeName, Chain>,
    opened: u64,
    tail: u64,
}

/// What is known of one node's chain.
#[derive(Debug)]
struct Chain {
    /// Signed links by number, not reached yet.
    heads: BTreeMap<u64, Hash>,
    /// The highest signed number.
    signed: u64,
    /// The number and link of the last event seen.
    seq: u64,
    link: Hash,
    /// Where that event stands.
    index: u64,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            heads: BTreeMap::new(),
            signed: 0,
            seq: 0,
            link: chain::START,
            index: 0,
        }
    }
}

impl<R: FnMut(TileId) -> Option<Vec<u8>>> Directory<R> {
    /// Begins with the latest checkpoint, the log's key, the stored heads (at least the latest of
    /// each node) and a closure that reads tiles.
    ///
    /// # Errors
    /// When the checkpoint or a head is not signed by the key.
    pub fn new<'a>(
        note: &str,
        key: &LogKey,
        heads: impl IntoIterator<Item = &'a SignedHead>,
        read: R,
    ) -> Result<Self, Failure> {
        let checkpoint = Checkpoint::verify(note, key).map_err(nowhere)?;
        let mut chains: BTreeMap<NodeName, Chain> = BTreeMap::new();
        for signed in heads {
            let (node, seq) = (&signed.head.node, signed.head.seq);
            let head = signed.verify(key).map_err(|source| {
                nowhere(What::Head {
                    node: node.clone(),
                    seq,
                    source,
                })
            })?;
            let chain = chains.entry(node.clone()).or_default();
            chain.signed = chain.signed.max(seq);
            let earlier = chain.heads.insert(seq, head.head);
            // Two signed heads for one event: the key signed two histories.
            let start = seq == 0 && head.head != chain::START;
            if start || earlier.is_some_and(|earlier| earlier != head.head) {
                return Err(nowhere(What::Chain {
                    node: node.clone(),
                    seq,
                }));
            }
        }
        let walk = Walk::new(checkpoint);
        Ok(Self {
            walk,
            read,
            key: key.fingerprint(),
            chains,
            opened: 0,
            tail: 0,
        })
    }

    /// Takes the logged event at `index`; they come in order, from 0.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn logged(&mut self, index: u64, row: &Row) -> Result<(), Failure> {
        let expected = self.walk.next();
        let fail = |what| Failure {
            first_bad_index: Some(expected),
            what,
        };
        if expected >= self.walk.checkpoint.size {
            return Err(fail(What::Size));
        }
        if index != expected {
            return Err(fail(What::MissingRow));
        }
        self.walk.step(row.commitment, &mut self.read)?;
        self.opened += u64::from(check_opening(row).map_err(fail)?);
        self.link(row, index).map_err(fail)
    }

    /// Takes an event that the log does not hold yet; each node's come in order of their numbers.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn tail(&mut self, row: &Row) -> Result<(), Failure> {
        self.require_all_logged()?;
        let index = self.walk.next() + self.tail;
        let fail = |what| Failure {
            first_bad_index: Some(index),
            what,
        };
        check_opening(row).map_err(fail)?;
        self.link(row, index).map_err(fail)?;
        self.tail += 1;
        Ok(())
    }

    /// Ends: the root, and the last event of each chain.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn finish(mut self) -> Result<Report, Failure> {
        self.require_all_logged()?;
        let size = self.walk.next();
        let checkpoint = self.walk.finish(&mut self.read)?;
        for (node, chain) in self.chains {
            let (signed, found) = (chain.signed, chain.seq);
            if signed > found {
                let what = What::TailCut {
                    node,
                    signed,
                    found,
                };
                return Err(Failure {
                    first_bad_index: Some(size + self.tail),
                    what,
                });
            }
            if signed < found {
                let what = What::TailUnsigned {
                    node,
                    signed,
                    found,
                };
                return Err(Failure {
                    first_bad_index: Some(chain.index),
                    what,
                });
            }
        }
        Ok(Report {
            size,
            root: checkpoint.root,
            opened: self.opened,
            sealed: size - self.opened,
            tail: self.tail,
            key: self.key,
        })
    }

    fn require_all_logged(&self) -> Result<(), Failure> {
        if self.walk.next() < self.walk.checkpoint.size {
            return Err(Failure {
                first_bad_index: Some(self.walk.next()),
                what: What::Size,
            });
        }
        Ok(())
    }

    /// The event must follow the node's last one, lead to the stored link and to the signed one.
    fn link(&mut self, row: &Row, index: u64) -> Result<(), What> {
        let chain = self.chains.entry(row.node.clone()).or_default();
        let link = chain::next(&chain.link, &row.commitment);
        let signed = chain.heads.remove(&row.seq);
        let follows = row.seq == chain.seq + 1
            && row.link == link
            && signed.is_none_or(|signed| signed == link);
        if !follows {
            return Err(What::Chain {
                node: row.node.clone(),
                seq: row.seq,
            });
        }
        (chain.seq, chain.link, chain.index) = (row.seq, link, index);
        Ok(())
    }
}

/// Verifies a data directory from iterators: the logged events with their index, then the tail.
///
/// # Errors
/// The first thing that is wrong.
pub fn directory<'a>(
    note: &str,
    key: &LogKey,
    heads: impl IntoIterator<Item = &'a SignedHead>,
    logged: impl IntoIterator<Item = (u64, Row)>,
    tail: impl IntoIterator<Item = Row>,
    read: impl FnMut(TileId) -> Option<Vec<u8>>,
) -> Result<Report, Failure> {
    let mut directory = Directory::new(note, key, heads, read)?;
    for (index, row) in logged {
        directory.logged(index, &row)?;
    }
    for row in tail {
        directory.tail(&row)?;
    }
    directory.finish()
}

/// Grows the tree again from its commitments and holds every stored tile against it.
#[derive(Debug)]
struct Walk {
    checkpoint: Checkpoint,
    tree: Appender,
    full: Vec<TileWrite>,
    /// The stored commitments and leaf hashes around the next index.
    bundle: Vec<Hash>,
    leaves: Vec<Hash>,
}

impl Walk {
    fn new(checkpoint: Checkpoint) -> Self {
        let tree = Appender::new();
        Self {
            checkpoint,
            tree,
            full: Vec::new(),
            bundle: Vec::new(),
            leaves: Vec::new(),
        }
    }

    /// The index that comes next.
    fn next(&self) -> u64 {
        self.tree.size()
    }

    /// The commitment that the entry bundle holds at the next index.
    fn logged(
        &mut self,
        index: u64,
        read: &mut impl FnMut(TileId) -> Option<Vec<u8>>,
    ) -> Result<Hash, Failure> {
        self.load(read)?;
        self.bundle.get(place(index)).copied().ok_or(Failure {
            first_bad_index: Some(index),
            what: What::Size,
        })
    }

    fn step(
        &mut self,
        commitment: Hash,
        read: &mut impl FnMut(TileId) -> Option<Vec<u8>>,
    ) -> Result<(), Failure> {
        let index = self.next();
        self.load(read)?;
        let logged = self.bundle.get(place(index)) == Some(&commitment)
            && self.leaves.get(place(index)) == Some(&leaf_hash(&commitment.0));
        if !logged {
            return Err(Failure {
                first_bad_index: Some(index),
                what: What::Commitment,
            });
        }
        self.tree.push(commitment, &mut self.full);
        for tile in std::mem::take(&mut self.full) {
            check_tile(&tile, read)?;
        }
        Ok(())
    }

    fn finish(
        self,
        read: &mut impl FnMut(TileId) -> Option<Vec<u8>>,
    ) -> Result<Checkpoint, Failure> {
        for tile in self.tree.partial_tiles() {
            check_tile(&tile, read)?;
        }
        if self.tree.root() != self.checkpoint.root {
            return Err(nowhere(What::Root));
        }
        Ok(self.checkpoint)
    }

    /// Reads bundle and leaf hashes when the next index is the first of a tile.
    fn load(&mut self, read: &mut impl FnMut(TileId) -> Option<Vec<u8>>) -> Result<(), Failure> {
        let index = self.next();
        if place(index) != 0 {
            return Ok(());
        }
        let mut tiles = Tiles::new(self.checkpoint.size, read);
        let mut stored = |level| {
            tiles
                .tile(level, index / u64::from(TileId::FULL))
                .map(<[Hash]>::to_vec)
                .map_err(|error| Failure {
                    first_bad_index: Some(index),
                    what: What::Tile(error),
                })
        };
        self.bundle = stored(Level::Entries)?;
        self.leaves = stored(Level::Hashes(0))?;
        Ok(())
    }
}

/// Holds a tile above the leaves against what is stored; leaves are checked one by one before.
fn check_tile(
    tile: &TileWrite,
    read: &mut impl FnMut(TileId) -> Option<Vec<u8>>,
) -> Result<(), Failure> {
    let Level::Hashes(level @ 1..) = tile.id.level() else {
        return Ok(());
    };
    let leaves = |hashes: u64| {
        hashes
            .checked_shl(TileId::HEIGHT * u32::from(level))
            .unwrap_or(0)
    };
    let first = tile.id.index() * u64::from(TileId::FULL);
    let fail = |hash, what| Failure {
        first_bad_index: Some(leaves(first + hash)),
        what,
    };
    let stored = crate::tree::read_tile(tile.id, read).map_err(|error| fail(0, error.into()))?;
    let expected = tile.id.parse_contents(&tile.bytes).unwrap_or_default();
    match stored
        .iter()
        .zip(&expected)
        .zip(0..)
        .find(|((stored, expected), _)| stored != expected)
    {
        Some((_, hash)) => Err(fail(hash, What::TileContents(tile.id))),
        None => Ok(()),
    }
}

/// Whether the row could be opened, once its opening is found good.
fn check_opening(row: &Row) -> Result<bool, What> {
    let Some(opening) = &row.opening else {
        return Ok(false);
    };
    if opening.commitment() != row.commitment {
        return Err(What::Commitment);
    }
    match opening.event() {
        Ok(event) if event.node == row.node => Ok(true),
        _ => Err(What::Event),
    }
}

fn nowhere(what: impl Into<What>) -> Failure {
    Failure {
        first_bad_index: None,
        what: what.into(),
    }
}

/// The place of a leaf in its tile.
fn place(index: u64) -> usize {
    usize::try_from(index % u64::from(TileId::FULL)).unwrap_or(usize::MAX)
}
