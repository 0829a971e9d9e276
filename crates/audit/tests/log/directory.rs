//! A data directory verifies, and whatever is changed in it is found at the first bad index.

use wardline_audit::chain::Head;
use wardline_audit::tree::{Level, TileError, TileId};
use wardline_audit::verify::{Failure, What, tiles};
use wardline_audit::{Checkpoint, Hash, Opening};

use crate::sample::{Sample, event, salt, signer};

fn refused(sample: &Sample) -> Failure {
    sample.verify().unwrap_err()
}

/// Rewrites what an event says, with its commitment and every link after it, as an intruder with
/// write access to the database would.
fn rewrite_tail(sample: &mut Sample, at: usize) {
    let node = sample.tail[at].node.clone();
    let opening = Opening::new(salt(1), &event(node.as_str(), 77_777)).unwrap();
    let row = &mut sample.tail[at];
    row.commitment = opening.commitment();
    row.opening = Some(opening);
    let rows = sample
        .logged
        .iter_mut()
        .chain(&mut sample.tail)
        .filter(|row| row.node == node);
    let mut link = wardline_audit::chain::START;
    for row in rows {
        link = wardline_audit::chain::next(&link, &row.commitment);
        row.link = link;
    }
}

#[test]
fn an_untouched_directory_verifies() {
    for (logged, tail) in [(0, 0), (0, 4), (1, 0), (256, 3), (700, 20)] {
        let sample = Sample::new(logged, tail);
        let report = sample.verify().unwrap();
        assert_eq!(
            (report.size, report.opened, report.sealed),
            (logged, logged, 0)
        );
        assert_eq!(report.tail, tail);
        assert_eq!(report.key, sample.signer.public().fingerprint());
        let public = tiles(&sample.note, sample.signer.public(), |id| {
            sample.tiles.read(id)
        });
        assert_eq!(public.unwrap().sealed, logged);
    }
}

#[test]
fn a_directory_without_its_data_keys_verifies_sealed() {
    let mut sample = Sample::new(300, 5);
    for row in sample.logged.iter_mut().chain(&mut sample.tail) {
        row.opening = None;
    }
    let report = sample.verify().unwrap();
    assert_eq!((report.opened, report.sealed, report.tail), (0, 300, 5));
}

#[test]
fn another_key_or_a_changed_checkpoint_is_refused() {
    let mut sample = Sample::new(3, 1);
    sample.signer = signer(2);
    assert!(matches!(refused(&sample).what, What::Checkpoint(_)));
    let mut sample = Sample::new(3, 1);
    sample.note = sample.note.replacen("\n3\n", "\n2\n", 1);
    assert!(matches!(refused(&sample).what, What::Checkpoint(_)));
}

#[test]
fn a_changed_event_is_found_at_its_index() {
    for at in [0, 255, 256, 400, 599] {
        let mut sample = Sample::new(600, 5);
        sample.logged[at].opening.as_mut().unwrap().payload[20] ^= 1;
        let index = u64::try_from(at).ok();
        let expected = Failure {
            first_bad_index: index,
            what: What::Commitment,
        };
        assert_eq!(refused(&sample), expected);

        // With its commitment and links made to match.
        let mut sample = Sample::new(600, 5);
        let node = sample.logged[at].node.clone();
        let opening = Opening::new(salt(1), &event(node.as_str(), 77_777)).unwrap();
        sample.logged[at].commitment = opening.commitment();
        sample.logged[at].opening = Some(opening);
        assert_eq!(refused(&sample), expected);
    }
}

#[test]
fn an_event_under_another_nodes_name_is_found() {
    let mut sample = Sample::new(10, 0);
    sample.logged[4].node = "north".parse().unwrap();
    assert_eq!(
        refused(&sample),
        Failure {
            first_bad_index: Some(4),
            what: What::Event
        }
    );
}

#[test]
fn removed_swapped_and_added_events_are_found() {
    let mut sample = Sample::new(600, 0);
    sample.logged.remove(300);
    assert_eq!(refused(&sample).first_bad_index, Some(300));
    let mut sample = Sample::new(600, 0);
    sample.logged.swap(10, 20);
    assert_eq!(refused(&sample).first_bad_index, Some(10));
    let mut sample = Sample::new(600, 0);
    sample.logged.pop();
    assert_eq!(
        refused(&sample),
        Failure {
            first_bad_index: Some(599),
            what: What::Size
        }
    );
    let mut sample = Sample::new(600, 0);
    sample.logged.push(sample.logged[0].clone());
    assert_eq!(
        refused(&sample),
        Failure {
            first_bad_index: Some(600),
            what: What::Size
        }
    );
    // A hole in the stored indexes.
    let sample = Sample::new(5, 0);
    let rows = [0, 1, 3, 4].map(|n: u64| (n, sample.logged[usize::try_from(n).unwrap()].clone()));
    let found = wardline_audit::verify::directory(
        &sample.note,
        sample.signer.public(),
        &sample.heads,
        rows,
        [],
        |id| sample.tiles.read(id),
    );
    assert_eq!(
        found,
        Err(Failure {
            first_bad_index: Some(2),
            what: What::MissingRow
        })
    );
}

#[test]
fn every_changed_or_missing_tile_is_found_at_its_first_leaf() {
    let sample = Sample::new(700, 0);
    for id in sample.tiles.0.keys() {
        let mut changed = sample.clone();
        let bytes = changed.tiles.0.get_mut(id).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 0x80;
        let leaf = match id.level() {
            Level::Entries | Level::Hashes(0) => id.index() * 256 + u64::from(id.width()) - 1,
            Level::Hashes(_) => (u64::from(id.width()) - 1) * 256,
        };
        assert_eq!(refused(&changed).first_bad_index, Some(leaf), "{id}");
        let public = tiles(&changed.note, changed.signer.public(), |id| {
            changed.tiles.read(id)
        });
        assert_eq!(public.unwrap_err().first_bad_index, Some(leaf), "{id}");

        let mut missing = sample.clone();
        missing.tiles.0.remove(id);
        let first = id.index() * 256;
        let what = What::Tile(TileError::Missing(*id));
        assert_eq!(
            refused(&missing),
            Failure {
                first_bad_index: Some(first),
                what
            }
        );
    }
    assert_eq!(sample.tiles.0.len(), 7);
}

#[test]
fn a_log_rewritten_from_end_to_end_misses_the_signed_root() {
    let mut sample = Sample::new(300, 0);
    let other = {
        let mut other = Sample::new(300, 0);
        let opening = Opening::new(salt(1), &event("north", 77_777)).unwrap();
        other.logged[100].commitment = opening.commitment();
        other.logged[100].opening = Some(opening);
        other
    };
    let mut tree = wardline_audit::tree::Appender::new();
    let commitments: Vec<_> = other.logged.iter().map(|row| row.commitment).collect();
    sample.tiles.put(tree.append(&commitments));
    let found = tiles(&sample.note, sample.signer.public(), |id| {
        sample.tiles.read(id)
    });
    assert_eq!(
        found,
        Err(Failure {
            first_bad_index: None,
            what: What::Root
        })
    );
    assert_ne!(
        Checkpoint::verify(&sample.note, sample.signer.public())
            .unwrap()
            .root,
        tree.root()
    );
}

#[test]
fn the_tail_is_fixed_by_the_signed_heads() {
    let tail_of = |sample: &Sample, node: &str| {
        sample
            .tail
            .iter()
            .rposition(|row| row.node.as_str() == node)
            .unwrap()
    };
    // What an event says.
    let mut sample = Sample::new(300, 10);
    sample.tail[4].opening.as_mut().unwrap().payload[20] ^= 1;
    assert_eq!(
        refused(&sample),
        Failure {
            first_bad_index: Some(304),
            what: What::Commitment
        }
    );
    // Its commitment alone.
    let mut sample = Sample::new(300, 10);
    sample.tail[4].opening = None;
    sample.tail[4].commitment = Hash([1; 32]);
    assert!(matches!(
        refused(&sample),
        Failure {
            first_bad_index: Some(304),
            what: What::Chain { .. }
        }
    ));
    // The event, its commitment and every later link.
    let mut sample = Sample::new(300, 10);
    rewrite_tail(&mut sample, 4);
    assert!(matches!(refused(&sample).what, What::Chain { .. }));
    // The first event of the tail, as if it had never been.
    let mut sample = Sample::new(300, 10);
    sample.tail.remove(0);
    assert!(matches!(refused(&sample).what, What::Chain { .. }));
    // The last one.
    let mut sample = Sample::new(300, 10);
    let last = tail_of(&sample, "south");
    sample.tail.remove(last);
    assert!(matches!(refused(&sample).what, What::TailCut { .. }));
    // The last one, with the head that signs it.
    let mut sample = Sample::new(300, 10);
    let last = tail_of(&sample, "south");
    sample.tail.remove(last);
    sample
        .heads
        .retain(|signed| signed.head.node.as_str() != "south");
    assert!(matches!(
        refused(&sample).what,
        What::TailUnsigned { signed: 0, .. }
    ));
    // An event put behind the signed ones.
    let mut sample = Sample::new(300, 10);
    let mut more = Sample::new(300, 11);
    sample.tail.push(more.tail.pop().unwrap());
    let found = refused(&sample);
    assert!(matches!(
        found,
        Failure {
            first_bad_index: Some(310),
            what: What::TailUnsigned { .. }
        }
    ));
}

#[test]
fn a_head_that_the_key_did_not_sign_is_refused() {
    let mut sample = Sample::new(10, 3);
    sample.heads[0].head.seq += 1;
    assert!(matches!(refused(&sample).what, What::Head { .. }));
    // Two histories under one signature.
    let mut sample = Sample::new(10, 3);
    let head = Head {
        head: Hash([1; 32]),
        ..sample.heads[0].head.clone()
    };
    sample.heads.push(head.sign(&sample.signer).unwrap());
    assert!(matches!(refused(&sample).what, What::Chain { .. }));
}

#[test]
fn earlier_heads_are_held_against_the_chain_too() {
    let mut sample = Sample::new(10, 3);
    let row = sample.logged[5].clone();
    let head = Head {
        node: row.node.clone(),
        seq: row.seq,
        head: row.link,
    };
    sample
        .heads
        .push(head.clone().sign(&sample.signer).unwrap());
    assert!(sample.verify().is_ok());
    sample.heads.pop();
    let wrong = Head {
        head: Hash([1; 32]),
        ..head
    };
    sample.heads.push(wrong.sign(&sample.signer).unwrap());
    assert_eq!(refused(&sample).first_bad_index, Some(5));
}

#[test]
fn a_stored_tile_of_a_later_size_still_verifies() {
    // The log grew between the reading of the checkpoint and of the tiles.
    let mut sample = Sample::new(250, 0);
    sample.tiles = Sample::new(256, 0).tiles;
    let full = TileId::new(Level::Hashes(0), 0, TileId::FULL).unwrap();
    assert!(sample.tiles.read(full).is_some());
    assert_eq!(sample.verify().unwrap().size, 250);
}
