//! The messages of the public data set: all are read as messages, and those of types that are taken tell
//! what they tell.

use std::fs;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use wardline_hl7::{Charset, Header, Message, event};

#[test]
fn conformance_public_messages() {
    let mut read = 0;
    let mut told = 0;
    for entry in fs::read_dir(data().join("hl7v2")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "hl7") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let header = Header::of_bytes(&bytes).unwrap_or_else(|| panic!("{name}: no header"));
        let set = Charset::of(&header.charset, header.separators.repetition).unwrap();
        let set = set.unwrap_or(Charset::UTF_8);
        let text = set
            .decode(&bytes, b'\\')
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let message = Message::parse(&text, set).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(message.segments().count() > 1, "{name}");
        read += 1;
        if event::is_taken(&header).is_ok() {
            match event::read(&message, &header, Tz::UTC) {
                Ok(_) => told += 1,
                // Templates with words where numbers belong; what is wrong is said with its place.
                Err(fault) => assert!(fault.place.is_some(), "{name}: {}", fault.words),
            }
        }
    }
    assert!(read >= 60, "{read} messages");
    assert!(told >= 15, "{told} of them told something");
}

fn data() -> PathBuf {
    std::env::var_os("WARDLINE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    )
}
