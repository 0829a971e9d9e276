//! One event shown to one person, with the proof that it was logged.

use wardline_audit::tree::Tiles;
use wardline_audit::{Disclosure, DisclosureError};

use crate::sample::{Sample, event, salt, signer};

#[test]
fn a_disclosed_event_is_believed_and_a_changed_one_is_not() {
    let sample = Sample::new(700, 0);
    let mut tiles = Tiles::new(700, |id| sample.tiles.read(id));
    let disclosure = Disclosure {
        payload: event("north", 600),
        salt: salt(600),
        index: 600,
        path: tiles.inclusion(600, 700).unwrap(),
        checkpoint: sample.note.clone(),
    };
    let json = serde_json::to_string(&disclosure).unwrap();
    let read: Disclosure = serde_json::from_str(&json).unwrap();
    let (event, checkpoint) = read.verify(sample.signer.public()).unwrap();
    assert_eq!(
        (event.resource.as_str(), checkpoint.size),
        ("group/600", 700)
    );

    let changed = |change: &dyn Fn(&mut Disclosure)| {
        let mut disclosure = disclosure.clone();
        change(&mut disclosure);
        disclosure.verify(sample.signer.public()).map(drop)
    };
    assert!(matches!(
        changed(&|d| d.payload.at += 1),
        Err(DisclosureError::Proof(_))
    ));
    assert!(matches!(
        changed(&|d| d.salt.0[0] ^= 1),
        Err(DisclosureError::Proof(_))
    ));
    assert!(matches!(
        changed(&|d| d.index += 1),
        Err(DisclosureError::Proof(_))
    ));
    assert!(matches!(
        changed(&|d| {
            d.path.pop();
        }),
        Err(DisclosureError::Proof(_))
    ));
    assert!(matches!(
        changed(&|d| d.payload.action.clear()),
        Err(DisclosureError::Event(_))
    ));
    assert!(matches!(
        disclosure.verify(signer(2).public()),
        Err(DisclosureError::Checkpoint(_))
    ));
}
