//! No input makes a decoder panic or accept a second spelling of anything.

use proptest::prelude::*;
use wardline_audit::export::{Leaf, Writer};
use wardline_audit::fuzz;

use crate::sample::{Sample, event};

fn all(bytes: &[u8]) {
    fuzz::checkpoint(bytes);
    fuzz::export_line(bytes);
    fuzz::tile_path(bytes);
    fuzz::event(bytes);
}

/// Valid inputs of every decoder.
fn valid() -> Vec<Vec<u8>> {
    let sample = Sample::new(4, 0);
    let mut writer = Writer::begin(Vec::new(), &sample.note, sample.signer.public()).unwrap();
    for row in &sample.logged {
        let leaf = match row.seq {
            2 => Leaf::Sealed(row.commitment),
            _ => Leaf::Open(row.opening.clone().unwrap()),
        };
        writer.leaf(&leaf).unwrap();
    }
    let mut inputs = vec![
        writer.finish().unwrap(),
        sample.note.clone().into_bytes(),
        sample.signer.public().to_string().into_bytes(),
        event("north", 5).canonical().unwrap(),
        b"tile/0/x001/067.p/5".to_vec(),
        b"tile/entries/x123/x456/789".to_vec(),
    ];
    inputs.extend(sample.tiles.0.into_values());
    inputs
}

#[test]
fn valid_inputs_pass_through_the_fuzz_targets() {
    for input in valid() {
        all(&input);
    }
}

proptest! {
    #[test]
    fn random_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        all(&bytes);
    }

    #[test]
    fn random_text_is_survived(text in "[ -~\n\u{2014}]{0,200}") {
        all(text.as_bytes());
    }

    #[test]
    fn mutated_valid_inputs_are_survived(
        pick in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let inputs = valid();
        let mut bytes = inputs[pick.index(inputs.len())].clone();
        for (at, byte, edit) in edits {
            let at = at.index(bytes.len() + 1);
            match edit {
                0 => bytes.insert(at, byte),
                1 => bytes.truncate(at),
                2 if at < bytes.len() => drop(bytes.remove(at)),
                _ if at < bytes.len() => bytes[at] ^= byte,
                _ => {}
            }
        }
        all(&bytes);
    }
}
