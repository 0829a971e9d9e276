//! No input makes a decoder panic or accept a second spelling of anything.

use wardline_audit::export::{Leaf, Writer};
use wardline_audit::fuzz;
use wardline_fuzz::corpus;

use crate::sample::{Sample, event};

#[test]
fn a_note_a_key_and_a_checkpoint_have_one_spelling() {
    let sample = Sample::new(4, 0);
    corpus!("checkpoint")
        .seeds([
            sample.note.clone().into_bytes(),
            sample.signer.public().to_string().into_bytes(),
        ])
        .words(["\n", "\u{2014} ", "+", "\u{a0}", "00"])
        .cases(20_000)
        .run(fuzz::checkpoint);
}

#[test]
fn an_altered_export_is_refused() {
    let sample = Sample::new(4, 0);
    let mut writer = Writer::begin(Vec::new(), &sample.note, sample.signer.public()).unwrap();
    for row in &sample.logged {
        let leaf = match row.seq {
            2 => Leaf::Sealed(row.commitment),
            _ => Leaf::Open(row.opening.clone().unwrap()),
        };
        writer.leaf(&leaf).unwrap();
    }
    let export = writer.finish().unwrap();
    corpus!("export")
        .seeds([export.clone()])
        .words(["\n", " ", "\\u0041", "{}", "-0", "1e0"])
        .cases(6000)
        .run(|bytes| {
            let taken = fuzz::export(bytes);
            assert!(!taken || bytes == export, "an altered export was accepted");
            taken
        });
}

#[test]
fn tiles_and_their_paths_have_one_spelling() {
    let tiles = Sample::new(4, 0).tiles.0.into_iter();
    corpus!("tile")
        .seeds(
            tiles
                .filter(|(id, _)| id.to_string().contains("entries"))
                .map(|(_, bytes)| bytes),
        )
        .seeds([
            b"tile/0/x001/067.p/5".to_vec(),
            b"tile/entries/x123/x456/789".to_vec(),
        ])
        .words(["x000/", ".p/", "/", "256", "0", "-1"])
        .cases(20_000)
        .run(fuzz::tile);
}

#[test]
fn an_event_has_one_spelling() {
    corpus!("event")
        .seeds([
            event("north", 5).canonical().unwrap(),
            event("south", 6).canonical().unwrap(),
        ])
        .words([" ", "\\u0041", "-0", "1.0", "9007199254740993", "\u{7f}"])
        .cases(20_000)
        .run(fuzz::event);
}
