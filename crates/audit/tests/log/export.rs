//! Exports verify by themselves, and nothing in them can change unnoticed.

use std::io;

use wardline_audit::export::{ExportError, Leaf, VerifyError, Writer, verify};
use wardline_audit::verify::{Failure, What};
use wardline_audit::{Checkpoint, Hash};

use crate::sample::{Sample, event, salt, signer};

/// Every fourth leaf is sealed.
fn leaves(sample: &Sample) -> Vec<Leaf> {
    let open = sample
        .logged
        .iter()
        .map(|row| Leaf::Open(row.opening.clone().unwrap()));
    (0..)
        .zip(open)
        .map(|(n, leaf)| {
            if n % 4 == 1 {
                Leaf::Sealed(leaf.commitment())
            } else {
                leaf
            }
        })
        .collect()
}

fn export(sample: &Sample, leaves: &[Leaf]) -> Result<Vec<u8>, ExportError> {
    let mut writer = Writer::begin(Vec::new(), &sample.note, sample.signer.public())?;
    leaves.iter().try_for_each(|leaf| writer.leaf(leaf))?;
    writer.finish()
}

fn failure(bytes: &[u8]) -> Failure {
    match verify(bytes, None) {
        Err(VerifyError::Failure(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_export_verifies_with_and_without_a_pinned_key() {
    let sample = Sample::new(9, 0);
    let bytes = export(&sample, &leaves(&sample)).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert_eq!(text.lines().count(), 11);
    assert!(
        text.lines()
            .nth(2)
            .unwrap()
            .starts_with(r#"{"commitment":"#),
        "{text}"
    );
    let report = verify(bytes.as_slice(), Some(sample.signer.public())).unwrap();
    assert_eq!(
        (report.size, report.opened, report.sealed, report.tail),
        (9, 7, 2, 0)
    );
    assert_eq!(report.key, sample.signer.public().fingerprint());
    assert_eq!(verify(bytes.as_slice(), None).unwrap(), report);
}

#[test]
fn an_export_of_another_key_is_refused_where_the_key_is_pinned() {
    let sample = Sample::new(2, 0);
    let bytes = export(&sample, &leaves(&sample)).unwrap();
    let refused = verify(bytes.as_slice(), Some(signer(2).public()));
    assert!(matches!(
        refused,
        Err(VerifyError::Failure(Failure {
            first_bad_index: None,
            what: What::Key
        }))
    ));
}

#[test]
fn an_empty_log_can_be_exported() {
    let sample = Sample::new(0, 0);
    let bytes = export(&sample, &[]).unwrap();
    assert_eq!(verify(bytes.as_slice(), None).unwrap().size, 0);
}

#[test]
fn every_flipped_bit_is_refused_and_a_leafs_is_located() {
    let sample = Sample::new(5, 0);
    let bytes = export(&sample, &leaves(&sample)).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let line = bytes[..bit / 8].split(|byte| *byte == b'\n').count() - 1;
        for key in [None, Some(sample.signer.public())] {
            match verify(flipped.as_slice(), key) {
                Err(VerifyError::Failure(Failure {
                    first_bad_index, ..
                })) => {
                    if (1..=5).contains(&line) {
                        let leaf = u64::try_from(line - 1).unwrap();
                        assert_eq!(first_bad_index, Some(leaf), "bit {bit}");
                    }
                }
                other => panic!("bit {bit}: {other:?}"),
            }
        }
    }
}

#[test]
fn every_cut_and_every_added_byte_is_refused() {
    let sample = Sample::new(3, 0);
    let bytes = export(&sample, &leaves(&sample)).unwrap();
    for at in 0..bytes.len() {
        assert!(verify(&bytes[..at], None).is_err(), "cut at {at}");
        let mut without = bytes.clone();
        without.remove(at);
        assert!(
            verify(without.as_slice(), None).is_err(),
            "without byte {at}"
        );
    }
    for at in 0..=bytes.len() {
        for byte in [b' ', b'\n', b'\r', b'0', 0] {
            let mut more = bytes.clone();
            more.insert(at, byte);
            assert!(
                verify(more.as_slice(), None).is_err(),
                "byte {byte} at {at}"
            );
        }
    }
}

#[test]
fn other_spellings_of_the_same_json_are_refused() {
    let sample = Sample::new(3, 0);
    let text = String::from_utf8(export(&sample, &leaves(&sample)).unwrap()).unwrap();
    let key_order = text
        .replacen(r#"{"index":0,"leaf""#, r#"{"leaf""#, 1)
        .replacen(r#","payload""#, r#","index":0,"payload""#, 1);
    let escape = text.replacen('Ä', "\\u00c4", 1);
    let number = text.replacen(r#""seq":0"#, r#""seq":0.0"#, 1);
    for spelled in [key_order, escape, number] {
        assert_ne!(spelled, text);
        assert_eq!(
            failure(spelled.as_bytes()).first_bad_index,
            Some(0),
            "{spelled}"
        );
    }
    let crlf = text.replace('\n', "\r\n");
    assert!(verify(crlf.as_bytes(), None).is_err());
}

#[test]
fn lines_that_are_swapped_dropped_or_repeated_are_located() {
    let sample = Sample::new(6, 0);
    let text = String::from_utf8(export(&sample, &leaves(&sample)).unwrap()).unwrap();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let edited = |edit: &dyn Fn(&mut Vec<&str>)| {
        let mut lines = lines.clone();
        edit(&mut lines);
        failure(lines.concat().as_bytes())
    };
    assert_eq!(edited(&|l| l.swap(3, 4)).first_bad_index, Some(2));
    assert_eq!(
        edited(&|l| {
            l.remove(4);
        })
        .first_bad_index,
        Some(3)
    );
    assert_eq!(edited(&|l| l.insert(4, l[3])).first_bad_index, Some(3));
    assert_eq!(
        edited(&|l| {
            l.remove(6);
        })
        .first_bad_index,
        Some(5)
    );
    assert_eq!(
        edited(&|l| {
            l.pop();
        })
        .what,
        What::Line("is missing")
    );
    assert_eq!(
        edited(&|l| l.push(l[7])).what,
        What::Line("follows the last line")
    );
}

#[test]
fn an_event_changed_with_its_hash_still_misses_the_signed_root() {
    let sample = Sample::new(4, 0);
    let mut leaves = leaves(&sample);
    leaves[2] = Leaf::Open(wardline_audit::Opening::new(salt(2), &event("north", 99)).unwrap());
    // The writer itself refuses; what a forger would write is the export of a log of their own
    // that ends in the real checkpoint.
    assert!(matches!(export(&sample, &leaves), Err(ExportError::Leaves)));
    let mut forged = Sample::new(4, 0);
    let mut tree = wardline_audit::tree::Appender::new();
    tree.append(&leaves.iter().map(Leaf::commitment).collect::<Vec<_>>());
    forged.note = Checkpoint::sign(4, tree.root(), &forged.signer);
    let text = String::from_utf8(export(&forged, &leaves).unwrap()).unwrap();
    let (body, _) = text.trim_end().rsplit_once('\n').unwrap();
    let real = serde_json::json!({ "checkpoint": sample.note });
    let spliced = format!("{body}\n{real}\n");
    assert_eq!(
        failure(spliced.as_bytes()),
        Failure {
            first_bad_index: None,
            what: What::Root
        }
    );
}

#[test]
fn a_witnesss_signature_is_left_out_of_exports_and_refused_in_them() {
    let mut sample = Sample::new(1, 0);
    let witness =
        wardline_audit::LogSigner::new("witness", wardline_audit::SigningKey::from_bytes(&[9; 32]))
            .unwrap();
    let other = Checkpoint::sign(1, Hash([1; 32]), &witness);
    let alone = sample.note.clone();
    sample.note += other.lines().last().unwrap();
    sample.note += "\n";
    let cosigned = sample.note.clone();
    let text = String::from_utf8(export(&sample, &leaves(&sample)).unwrap()).unwrap();
    assert!(verify(text.as_bytes(), None).is_ok());
    let json = |note: &str| serde_json::json!(note).to_string();
    let with = text.replace(&json(&alone), &json(&cosigned));
    assert_ne!(with, text);
    assert!(matches!(failure(with.as_bytes()).what, What::Checkpoint(_)));
}

#[test]
fn a_line_without_end_is_not_read_into_memory() {
    struct Endless(u64);
    impl io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += u64::try_from(buffer.len()).unwrap();
            assert!(self.0 < 1_000_000, "the verifier keeps reading");
            buffer.fill(b' ');
            Ok(buffer.len())
        }
    }
    let refused = verify(io::BufReader::new(Endless(0)), None);
    assert!(matches!(refused, Err(VerifyError::Failure(_))));
}
