//! A manager's export as CSV (RFC 4180): a line of column names, then a line for each device.
//!
//! `docs/signals.md` has the columns. A file is taken whole or refused whole: a column that means
//! nothing here, two columns for the same, a value that cannot be, a row that is too short, a
//! device twice. The last two would put facts on the wrong device, and a column that is passed over
//! would be a rule that nobody notices is not looked at.

use crate::columns::{Rows, SCHEMA};
use crate::managed::ManagedDevice;
use crate::refusal::{Limits, Refusals, Refused};
use crate::table;

/// Reads an export. `source` becomes [`ManagedDevice::source`]; `now_ms` is the time of the import,
/// unix milliseconds, which no device was heard of after.
///
/// # Errors
/// Every reason to refuse the file, up to [`Limits::reasons`].
pub fn import(
    bytes: &[u8],
    source: &str,
    now_ms: u64,
    limits: Limits,
) -> Result<Vec<ManagedDevice>, Refused> {
    let mut rows = Rows::new(source, now_ms);
    let refusals = Refusals::new(limits.reasons);
    let refusals = table::csv(
        bytes,
        &SCHEMA,
        limits,
        refusals,
        |place, cells, refusals| {
            rows.add(place, cells, refusals);
        },
    )?;
    rows.finish(refusals)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::refusal::{Place, Problem};
    use wardline_model::wire::posture::{FactName, FactValue, Told};

    const NOW: u64 = 1_780_000_000_000;

    const EXPORT: &str = "\
Serial,Owner,Device Name,Platform,OS version,patch_level,model,encrypted,screen_lock,compliant,rooted,last_sync
R58M123ABC,okafor@hospital.example,Ward 7 phone,Android,16,2026-05-01,Pixel 9,yes,true,compliant,no,2026-05-20T08:00:00Z

\"C02XG2JHJG5H\",,\"Mac, front desk\",macos,26.1,,,TRUE,,noncompliant,unknown,2026-05-20 08:00:00
";

    fn read(text: &str) -> Result<Vec<ManagedDevice>, Refused> {
        import(text.as_bytes(), "jamf", NOW, Limits::default())
    }

    fn reasons(text: &str) -> Vec<(Place, Problem)> {
        let refused = read(text).unwrap_err();
        let reasons = refused.reasons.into_iter();
        reasons
            .map(|reason| (reason.place, reason.problem))
            .collect()
    }

    fn told(device: &ManagedDevice, name: FactName) -> Option<&FactValue> {
        let told = device.facts.iter().find(|told: &&Told| told.name == name);
        told.map(|told| &told.value)
    }

    #[test]
    fn an_export_becomes_devices_with_facts() {
        let devices = read(EXPORT).unwrap();
        let [phone, mac] = &devices[..] else {
            panic!("{devices:?}");
        };
        assert_eq!(phone.source, "jamf");
        assert_eq!(phone.serial.as_deref(), Some("R58M123ABC"));
        assert_eq!(phone.manager_id, "R58M123ABC");
        assert_eq!(phone.owner.as_deref(), Some("okafor@hospital.example"));
        assert_eq!(phone.name, "Ward 7 phone");
        assert_eq!(phone.observed_at, 1_779_264_000_000);
        let facts: Vec<String> = phone
            .facts
            .iter()
            .map(|told| format!("{}={:?}", told.name.as_str(), told.value))
            .collect();
        assert_eq!(
            facts,
            [
                r#"platform=Text("android")"#,
                r#"os_version=Text("16")"#,
                r#"patch_level=Text("2026-05-01")"#,
                r#"model=Text("Pixel 9")"#,
                "storage_encrypted=Truth(true)",
                "screen_lock=Truth(true)",
                "manager_compliant=Truth(true)",
                "rooted=Truth(false)",
                "managed=Truth(true)",
                r#"serial=Text("R58M123ABC")"#,
            ]
        );
        assert_eq!(mac.name, "Mac, front desk");
        assert_eq!(mac.owner, None);
        assert_eq!(
            told(mac, FactName::ManagerCompliant),
            Some(&FactValue::Truth(false))
        );
        // Nothing is said of these: an empty value and `unknown` are no facts.
        for name in [FactName::Rooted, FactName::ScreenLock, FactName::Model] {
            assert_eq!(told(mac, name), None);
        }
    }

    #[test]
    fn every_reason_is_told_with_its_line_and_nothing_is_taken() {
        let text = "\
serial,platform,last_sync,encrypted,screen_lock_seconds
A1,android,2026-05-20T08:00:00Z,yes,300
A2,symbian,2026-05-20T08:00:00Z,perhaps,-5
A3,android,2026-05-20T08:00:00Z

A4,android,yesterday,,
A1,android,2026-05-20T08:00:00Z,no,
0,,2030-01-01T00:00:00Z,,
";
        let (column, expected) = ("serial", 5);
        let value = |column, expected| Problem::Value { column, expected };
        assert_eq!(
            reasons(text),
            [
                (
                    Place::Line(3),
                    value(
                        "platform",
                        "android, ios, ipados, macos, windows, linux or chromeos"
                    )
                ),
                (
                    Place::Line(3),
                    value(
                        "encrypted",
                        "true, false or unknown (yes, no, 1 and 0 are read too)"
                    )
                ),
                (
                    Place::Line(3),
                    value(
                        "screen_lock_seconds",
                        "a whole number of at most 1000000000"
                    )
                ),
                (Place::Line(4), Problem::Ragged { expected, found: 3 }),
                (
                    Place::Line(6),
                    value(
                        "last_sync",
                        "a time as 2026-05-04T13:37:00Z; one without an offset, as 2026-05-04 \
                         13:37:00, is UTC"
                    )
                ),
                (
                    Place::Line(7),
                    Problem::Repeated {
                        column,
                        earlier: Place::Line(2)
                    }
                ),
                (
                    Place::Line(8),
                    Problem::Missing {
                        column,
                        expected: "a serial number that no other device has, or else a manager_id"
                    }
                ),
                (
                    Place::Line(8),
                    value("last_sync", "a time that is not in the future")
                ),
                (
                    Place::Line(8),
                    Problem::Missing {
                        column: "platform",
                        expected: "what runs on it"
                    }
                ),
            ]
        );
    }

    #[test]
    fn columns_are_known_and_there_once() {
        let text = "Serial,serial number,platform,colour\n";
        assert_eq!(
            reasons(text),
            [
                (Place::Line(1), Problem::ColumnTwice { name: "serial" }),
                (
                    Place::Line(1),
                    Problem::UnknownColumn {
                        name: "colour".to_owned(),
                        hint: ""
                    }
                ),
                (Place::Line(1), Problem::NoColumn { name: "last_sync" }),
            ]
        );
        let semicolons = read("serial;platform;last_sync\nA1;android;2026-05-20T08:00:00Z\n");
        let semicolons = semicolons.unwrap_err().to_string();
        assert!(semicolons.contains("divided by commas"), "{semicolons}");
    }

    #[test]
    fn a_refusal_repeats_no_value() {
        let text = "serial,platform,last_sync,owner\nA1,Zq7secret,Zq7secret,Zq7\tsecret\n";
        let refused = read(text).unwrap_err();
        assert_eq!(refused.reasons.len(), 3);
        assert!(!format!("{refused} {refused:?}").contains("Zq7"));
    }

    #[test]
    fn a_file_that_is_too_large_or_no_text_is_refused_at_once() {
        let limits = Limits {
            bytes: EXPORT.len(),
            rows: 2,
            reasons: 1,
        };
        let with = |text: &[u8], limits| import(text, "jamf", NOW, limits);
        assert_eq!(with(EXPORT.as_bytes(), limits).unwrap().len(), 2);
        let fewer_bytes = Limits {
            bytes: EXPORT.len() - 1,
            ..limits
        };
        let refused = with(EXPORT.as_bytes(), fewer_bytes).unwrap_err();
        let limit = EXPORT.len() - 1;
        assert_eq!(refused.reasons[0].problem, Problem::TooLarge { limit });
        let refused = with(EXPORT.as_bytes(), Limits { rows: 1, ..limits }).unwrap_err();
        assert_eq!(refused.reasons[0].problem, Problem::TooMany { limit: 1 });
        let refused = with(b"serial,platform,last_sync\nM\xfcller", limits).unwrap_err();
        assert_eq!(refused.reasons[0].place, Place::Line(2));
        assert_eq!(refused.reasons[0].problem, Problem::Encoding);
        for empty in ["", "serial,platform,last_sync\n"] {
            assert!(reasons(empty).contains(&(Place::File, Problem::Empty)));
        }
    }

    #[test]
    fn reasons_beyond_the_limit_are_counted() {
        let mut text = "serial,platform,last_sync\n".to_owned();
        for number in 0..50 {
            writeln!(text, "A{number},symbian,2026-05-20T08:00:00Z").unwrap();
        }
        let refused = read(&text).unwrap_err();
        assert_eq!((refused.reasons.len(), refused.more), (20, 30));
        assert!(refused.to_string().ends_with("; and 30 more"));
    }

    #[test]
    fn what_excel_writes_is_read() {
        let text = "\u{feff}serial,platform,last_sync\r\nA1,ios,2026-05-20 08:00:00\r\n";
        assert_eq!(read(text).unwrap().len(), 1);
        let mut text = text.to_owned();
        text.push_str("\"A\r\n2\",ios,2026-05-20 08:00:00\r\n\r\nA3,ios,\r\n");
        let places: Vec<Place> = reasons(&text).into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, [Place::Line(3), Place::Line(6)]);
    }

    #[test]
    fn a_quote_that_is_left_open_swallows_no_device() {
        let text = "\
serial,platform,last_sync,name
A1,ios,2026-05-20T08:00:00Z,\"Ward
A2,ios,2026-05-20T08:00:00Z,Ward 8
";
        assert_eq!(reasons(text).len(), 1);
    }
}
