//! [`Frontier`]: a root from a stream of leaves in logarithmic memory.

use super::{EMPTY_ROOT, node_hash};
use crate::hash::Hash;

/// The roots of the perfect subtrees along the right edge of a growing tree.
#[derive(Debug, Clone, Default)]
pub struct Frontier {
    size: u64,
    /// Largest subtree first; one for each bit that is set in `size`.
    perfect: Vec<Hash>,
}

impl Frontier {
    /// Adds a leaf by its hash, see [`super::leaf_hash`].
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one-bit of the size is a subtree that the new leaf completes into a
        // larger one, as a carry ripples through a binary counter.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.perfect.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.perfect.push(hash);
        self.size += 1;
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves so far (RFC 6962 §2.1).
    pub fn root(&self) -> Hash {
        fold_right(self.perfect.iter().copied()).unwrap_or(EMPTY_ROOT)
    }
}

/// Joins the roots of adjacent subtrees, largest first, into one: the rightmost pair first.
pub(super) fn fold_right(subtrees: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    subtrees
        .rev()
        .reduce(|right, left| node_hash(&left, &right))
}

/// The root of a perfect subtree over `hashes`, whose number is a power of two.
pub(super) fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for hash in hashes {
        frontier.push(*hash);
    }
    frontier.root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::leaf_hash;

    /// The eight leaves and the roots of their prefixes that the Certificate Transparency
    /// project has published as test vectors for RFC 6962.
    const LEAVES: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn the_published_roots_are_reached() {
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root(), EMPTY_ROOT);
        for (leaf, root) in LEAVES.iter().zip(ROOTS) {
            frontier.push(leaf_hash(&hex::decode(leaf).unwrap()));
            assert_eq!(frontier.root().to_string(), root);
        }
        assert_eq!(frontier.size(), 8);
    }
}
