//! Trees, tiles and proofs against the definitions of RFC 6962 §2.1, written out naively.

use proptest::prelude::*;
use wardline_audit::Hash;
use wardline_audit::tree::{
    Appender, EMPTY_ROOT, Frontier, Level, ProofError, TileError, TileId, Tiles, leaf_hash,
    node_hash, tiles_for_consistency, tiles_for_inclusion, verify_consistency, verify_inclusion,
};

use crate::sample::Stored;

/// MTH(D[n]) of RFC 6962 §2.1, word by word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(largest_power_below(leaves.len()));
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH(m, D[n]) of RFC 6962 §2.1.1.
fn naive_path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let k = largest_power_below(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = if m < k {
        (naive_path(m, left), right)
    } else {
        (naive_path(m - k, right), left)
    };
    path.push(naive_root(sibling));
    path
}

/// SUBPROOF(m, D[n], b) of RFC 6962 §2.1.2.
fn naive_subproof(m: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if known {
            Vec::new()
        } else {
            vec![naive_root(leaves)]
        };
    }
    let k = largest_power_below(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = if m <= k {
        (naive_subproof(m, left, known), right)
    } else {
        (naive_subproof(m - k, right, false), left)
    };
    path.push(naive_root(sibling));
    path
}

fn largest_power_below(n: usize) -> usize {
    n.next_power_of_two() / 2
}

fn commitments(n: u64) -> Vec<Hash> {
    (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn leaves(commitments: &[Hash]) -> Vec<Hash> {
    commitments
        .iter()
        .map(|commitment| leaf_hash(&commitment.0))
        .collect()
}

fn store(commitments: &[Hash]) -> (Appender, Stored) {
    let mut tree = Appender::new();
    let mut stored = Stored::default();
    stored.put(tree.append(commitments));
    (tree, stored)
}

fn flip(hash: &mut Hash, bit: usize) {
    hash.0[bit / 8 % 32] ^= 1 << (bit % 8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn tiles_hold_the_naive_trees_hashes(batches in prop::collection::vec(0_u64..300, 0..6)) {
        let all = commitments(batches.iter().sum());
        let mut tree = Appender::new();
        let mut stored = Stored::default();
        let mut rest = all.as_slice();
        for batch in batches {
            let (now, later) = rest.split_at(usize::try_from(batch).unwrap());
            // Each batch is appended by a process that starts from the stored tiles.
            let size = tree.size();
            prop_assert_eq!(Appender::restore(size, |id| stored.read(id)).unwrap().root(), tree.root());
            tree = Appender::restore(size, |id| stored.read(id)).unwrap();
            stored.put(tree.append(now));
            rest = later;
        }
        let hashes = leaves(&all);
        prop_assert_eq!(tree.root(), naive_root(&hashes));
        let mut expected = 0;
        for (level, below) in [(Level::Hashes(0), 1), (Level::Hashes(1), 256), (Level::Hashes(2), 65_536)] {
            let level_hashes: Vec<_> = hashes.chunks_exact(below).map(naive_root).collect();
            for (index, tile) in (0..).zip(level_hashes.chunks(256)) {
                let id = TileId::new(level, index, u16::try_from(tile.len()).unwrap()).unwrap();
                prop_assert_eq!(id.parse_contents(&stored.read(id).unwrap()).unwrap(), tile);
                prop_assert_eq!(TileId::in_tree(level, index, tree.size()), Some(id));
                expected += 1;
            }
        }
        for (index, bundle) in (0..).zip(all.chunks(256)) {
            let id = TileId::new(Level::Entries, index, u16::try_from(bundle.len()).unwrap()).unwrap();
            prop_assert_eq!(id.parse_contents(&stored.read(id).unwrap()).unwrap(), bundle);
            expected += 1;
        }
        prop_assert_eq!(stored.0.len(), expected);
        let mut frontier = Frontier::default();
        for hash in &hashes {
            frontier.push(*hash);
        }
        prop_assert_eq!(frontier.root(), tree.root());
    }

    #[test]
    fn inclusion_is_proven_and_any_flipped_bit_is_refused(
        size in 1_u64..1200, at in any::<prop::sample::Index>(),
        of in any::<prop::sample::Index>(), bit in 0_usize..256,
    ) {
        let all = commitments(size);
        let (_, stored) = store(&all);
        let hashes = leaves(&all);
        // The proof is for an earlier size as often as not.
        let old = of.index(hashes.len()) + 1;
        let position = at.index(old);
        let (index, n) = (u64::try_from(position).unwrap(), u64::try_from(old).unwrap());
        let root = naive_root(&hashes[..old]);
        let leaf = hashes[position];
        let mut tiles = Tiles::new(size, |id| stored.read(id));
        let path = tiles.inclusion(index, n).unwrap();
        prop_assert_eq!(&path, &naive_path(position, &hashes[..old]));
        prop_assert_eq!(tiles.root(n), Ok(root));
        prop_assert_eq!(tiles.commitment(index), Ok(all[position]));
        prop_assert_eq!(verify_inclusion(&leaf, index, n, &path, &root), Ok(()));

        let mut wrong = leaf;
        flip(&mut wrong, bit);
        prop_assert_eq!(verify_inclusion(&wrong, index, n, &path, &root), Err(ProofError::Mismatch));
        let mut wrong = root;
        flip(&mut wrong, bit);
        prop_assert_eq!(verify_inclusion(&leaf, index, n, &path, &wrong), Err(ProofError::Mismatch));
        for step in 0..path.len() {
            let mut wrong = path.clone();
            flip(&mut wrong[step], bit);
            prop_assert_eq!(verify_inclusion(&leaf, index, n, &wrong, &root), Err(ProofError::Mismatch));
        }
        for other in (0..n).filter(|other| *other != index) {
            prop_assert!(verify_inclusion(&leaf, other, n, &path, &root).is_err());
        }
        let mut long = path.clone();
        long.push(root);
        prop_assert_eq!(verify_inclusion(&leaf, index, n, &long, &root), Err(ProofError::Length));
        if let Some((_, short)) = path.split_last() {
            prop_assert!(verify_inclusion(&leaf, index, n, short, &root).is_err());
        }
        prop_assert_eq!(verify_inclusion(&leaf, n, n, &path, &root), Err(ProofError::Range));
    }

    #[test]
    fn consistency_is_proven_and_any_flipped_bit_is_refused(
        size in 1_u64..1200, from in any::<prop::sample::Index>(), bit in 0_usize..256,
    ) {
        let all = commitments(size);
        let (_, stored) = store(&all);
        let hashes = leaves(&all);
        let old = from.index(hashes.len()) + 1;
        let m = u64::try_from(old).unwrap();
        let (first, second) = (naive_root(&hashes[..old]), naive_root(&hashes));
        let path = Tiles::new(size, |id| stored.read(id)).consistency(m, size).unwrap();
        prop_assert_eq!(&path, &naive_subproof(old, &hashes, true));
        prop_assert_eq!(verify_consistency(m, size, &first, &second, &path), Ok(()));

        let mut wrong = first;
        flip(&mut wrong, bit);
        prop_assert!(verify_consistency(m, size, &wrong, &second, &path).is_err());
        let mut wrong = second;
        flip(&mut wrong, bit);
        prop_assert!(verify_consistency(m, size, &first, &wrong, &path).is_err());
        for step in 0..path.len() {
            let mut wrong = path.clone();
            flip(&mut wrong[step], bit);
            prop_assert_eq!(
                verify_consistency(m, size, &first, &second, &wrong),
                Err(ProofError::Mismatch)
            );
        }
        let mut long = path.clone();
        long.push(second);
        prop_assert!(verify_consistency(m, size, &first, &second, &long).is_err());
        if let Some((_, short)) = path.split_last() {
            prop_assert!(verify_consistency(m, size, &first, &second, short).is_err());
        }
        prop_assert_eq!(verify_consistency(0, size, &EMPTY_ROOT, &second, &path), Err(ProofError::Range));
    }

    #[test]
    fn the_tiles_named_beforehand_are_enough(
        size in 1_u64..200_000, at in any::<prop::sample::Index>(),
    ) {
        // Contents do not matter here: only which tiles are asked for.
        let mut asked = std::collections::BTreeSet::new();
        let mut read = |id: TileId| {
            asked.insert(id);
            Some([9; 32].repeat(id.width().into()))
        };
        let index = u64::try_from(at.index(usize::try_from(size).unwrap())).unwrap();
        Tiles::new(size, &mut read).inclusion(index, size).unwrap();
        prop_assert_eq!(&asked, &tiles_for_inclusion(index, size));
        let mut asked = std::collections::BTreeSet::new();
        let mut read = |id: TileId| {
            asked.insert(id);
            Some([9; 32].repeat(id.width().into()))
        };
        Tiles::new(size, &mut read).consistency(index + 1, size).unwrap();
        prop_assert_eq!(&asked, &tiles_for_consistency(index + 1, size));
    }
}

#[test]
fn a_log_of_three_levels_has_the_naive_root() {
    let all = commitments(66_000);
    let (tree, stored) = store(&all);
    assert_eq!(tree.root(), naive_root(&leaves(&all)));
    assert_eq!(
        Tiles::new(66_000, |id| stored.read(id)).root(66_000),
        Ok(tree.root())
    );
    let top = TileId::in_tree(Level::Hashes(2), 0, 66_000).unwrap();
    assert_eq!(
        stored.read(top).unwrap(),
        naive_root(&leaves(&all)[..65_536]).0
    );
    let restored = Appender::restore(66_000, |id| stored.read(id)).unwrap();
    assert_eq!(restored.root(), tree.root());
}

#[test]
fn a_partial_tile_that_is_gone_is_taken_from_the_full_one() {
    let all = commitments(256);
    let (_, stored) = store(&all);
    let mut earlier = Tiles::new(100, |id| stored.read(id));
    assert_eq!(earlier.root(100), Ok(naive_root(&leaves(&all)[..100])));
}

#[test]
fn missing_and_malformed_tiles_are_named() {
    let all = commitments(300);
    let (_, mut stored) = store(&all);
    let id = TileId::in_tree(Level::Hashes(0), 1, 300).unwrap();
    stored.0.get_mut(&id).unwrap().pop();
    assert_eq!(
        Tiles::new(300, |id| stored.read(id)).root(300),
        Err(TileError::Malformed(id))
    );
    stored.0.remove(&id);
    assert_eq!(
        Tiles::new(300, |id| stored.read(id)).root(300),
        Err(TileError::Missing(id))
    );
    assert_eq!(
        Appender::restore(300, |id| stored.read(id)).unwrap_err(),
        TileError::Missing(id)
    );
    let mut tiles = Tiles::new(300, |id| stored.read(id));
    assert_eq!(tiles.root(301), Err(TileError::Range));
    assert_eq!(tiles.inclusion(300, 300), Err(TileError::Range));
    assert_eq!(tiles.consistency(0, 300), Err(TileError::Range));
    assert_eq!(tiles.root(0), Ok(EMPTY_ROOT));
}

#[test]
fn appending_nothing_writes_nothing() {
    let (mut tree, _) = store(&commitments(300));
    assert_eq!(tree.append(&[]), []);
}
