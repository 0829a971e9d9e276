//! Files of any content: what is written is read, and one fault takes nothing in.

use proptest::prelude::*;
use wardline_signals::fuzz::NOW_MS;
use wardline_signals::managed::serial_key;
use wardline_signals::refusal::{Limits, Place};
use wardline_signals::{csv, json};

/// Text that can stand in a file: commas, quotes and every script, but no control characters.
fn text() -> impl Strategy<Value = String> {
    "[ ,;\"'=a-z\u{e9}\u{6c34}\u{1f489}]{0,40}"
}

/// Rows of serial, owner, name and truth; no serial twice.
fn rows() -> impl Strategy<Value = Vec<[String; 4]>> {
    let row = ("[A-Z1-9]{6,12}", text(), text(), any::<Option<bool>>());
    prop::collection::vec(row, 1..20).prop_map(|rows| {
        let mut rows: Vec<[String; 4]> = rows
            .into_iter()
            .map(|(serial, owner, name, truth)| {
                let truth = truth.map_or_else(String::new, |truth| truth.to_string());
                [serial, owner, name, truth]
            })
            .collect();
        rows.sort();
        rows.dedup_by(|a, b| a[0] == b[0]);
        rows
    })
}

const HEADER: [&str; 6] = [
    "serial",
    "owner",
    "name",
    "encrypted",
    "platform",
    "last_sync",
];
const LAST_SYNC: &str = "2026-05-20T08:00:00Z";

fn written(rows: &[[String; 4]]) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).unwrap();
    for [serial, owner, name, truth] in rows {
        let row = [serial, owner, name, truth, "linux", LAST_SYNC];
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

proptest! {
    #[test]
    fn what_is_written_is_read(rows in rows()) {
        let devices = csv::import(&written(&rows), "file", NOW_MS, Limits::default()).unwrap();
        prop_assert_eq!(devices.len(), rows.len());
        for (device, [serial, owner, name, _]) in devices.iter().zip(&rows) {
            prop_assert_eq!(device.serial.as_deref(), Some(serial.as_str()));
            prop_assert_eq!(device.owner.as_deref().unwrap_or_default(), owner.trim());
            let name = match name.trim() {
                "" => serial,
                name => name,
            };
            prop_assert_eq!(&device.name, name);
        }
        let objects: Vec<serde_json::Value> = rows
            .iter()
            .map(|[serial, owner, name, truth]| serde_json::json!({
                "serial": serial, "owner": owner, "name": name, "encrypted": truth,
                "platform": "linux", "last_sync": LAST_SYNC,
            }))
            .collect();
        let text = serde_json::to_vec(&objects).unwrap();
        let mut same = json::import(&text, "file", NOW_MS, Limits::default()).unwrap();
        let sort = |devices: &mut [wardline_signals::managed::ManagedDevice]| {
            for device in devices {
                device.facts.sort_by_key(|told| told.name);
            }
        };
        let mut devices = devices;
        sort(&mut devices);
        sort(&mut same);
        prop_assert_eq!(devices, same);
    }

    #[test]
    fn one_fault_takes_nothing_in(rows in rows(), at in any::<prop::sample::Index>(), fault in 0..4) {
        let mut rows = rows;
        let at = at.index(rows.len());
        match fault {
            0 => rows[at][3] = "perhaps".to_owned(),
            1 => rows[at][1] = "a\u{7}b".to_owned(),
            2 => rows[at][0] = "0".to_owned(),
            _ => {
                let twice = rows[at].clone();
                rows.insert(at + 1, twice);
            }
        }
        let refused = csv::import(&written(&rows), "file", NOW_MS, Limits::default()).unwrap_err();
        prop_assert_eq!(refused.reasons.len(), 1);
        let line = at + if fault == 3 { 3 } else { 2 };
        prop_assert_eq!(refused.reasons[0].place, Place::Line(u64::try_from(line).unwrap()));
    }

    #[test]
    fn a_serial_number_has_one_key(serial in "[ A-Za-z0-9]{0,20}") {
        let key = serial_key(&serial);
        prop_assert_eq!(&serial_key(&key), &key);
        prop_assert_eq!(&serial_key(&serial.to_lowercase()), &key);
    }
}
