//! A manager's export as JSON: an array with an object for each device, whose members are the
//! columns of [`csv`](crate::csv). A truth or a number may be one of JSON, `null` says nothing, and
//! versions are texts: `26.10` as a number would be `26.1`.

use crate::columns::{Rows, SCHEMA};
use crate::managed::ManagedDevice;
use crate::refusal::{Limits, Refusals, Refused};
use crate::table;

/// Reads an export, as [`csv::import`](crate::csv::import) does.
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
    let refusals = table::json(
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
    use super::*;
    use crate::refusal::{Place, Problem};
    use wardline_model::wire::posture::{FactName, FactValue};

    const NOW: u64 = 1_780_000_000_000;

    fn read(text: &str) -> Result<Vec<ManagedDevice>, Refused> {
        import(text.as_bytes(), "kandji", NOW, Limits::default())
    }

    fn reasons(text: &str) -> Vec<(Place, Problem)> {
        let refused = read(text).unwrap_err();
        let reasons = refused.reasons.into_iter();
        reasons
            .map(|reason| (reason.place, reason.problem))
            .collect()
    }

    #[test]
    fn an_array_of_objects_is_read_as_csv_is() {
        let json = r#"[
            {"serial": "A1", "platform": "ipados", "os_version": "26.10", "encrypted": true,
             "screen_lock_seconds": 300, "owner": null, "last_sync": "2026-05-20T08:00:00Z"}
        ]"#;
        let csv = "\
serial,platform,os_version,encrypted,screen_lock_seconds,owner,last_sync
A1,ipados,26.10,true,300,,2026-05-20T08:00:00Z
";
        let csv = crate::csv::import(csv.as_bytes(), "kandji", NOW, Limits::default()).unwrap();
        let json = read(json).unwrap();
        let told = |name: FactName| json[0].facts.iter().find(|told| told.name == name);
        assert_eq!(
            told(FactName::OsVersion).unwrap().value,
            FactValue::from("26.10")
        );
        let sorted = |mut devices: Vec<ManagedDevice>| {
            devices[0].facts.sort_by_key(|told| told.name);
            devices
        };
        assert_eq!(sorted(json), sorted(csv));
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused() {
        let json = r#"[{"serial": 1234, "platform": "ios", "os_version": 26.1, "encrypted": 1,
            "pending_updates": -1, "rooted": [], "last_sync": 1779264000}]"#;
        let columns: Vec<_> = reasons(json)
            .into_iter()
            .filter_map(|(place, problem)| match problem {
                Problem::Value { column, .. } if place == Place::Entry(1) => Some(column),
                _ => None,
            })
            .collect();
        let wrong = [
            "serial",
            "last_sync",
            "os_version",
            "encrypted",
            "pending_updates",
            "rooted",
        ];
        assert_eq!(columns, wrong);
    }

    #[test]
    fn a_member_that_is_there_twice_is_refused() {
        let json = r#"[{"serial": "A1", "platform": "ios", "last_sync": "2026-05-20T08:00:00Z",
            "rooted": true, "rooted": false}]"#;
        assert_eq!(
            reasons(json),
            [(Place::Entry(1), Problem::ColumnTwice { name: "rooted" })]
        );
    }

    #[test]
    fn other_documents_are_refused_with_their_place() {
        assert_eq!(reasons("[\n{]")[0].0, Place::Line(2));
        for shape in ["{}", "[[]]", "[1]", "null"] {
            assert_eq!(reasons(shape), [(Place::File, Problem::Shape)], "{shape}");
        }
        assert_eq!(reasons("[]"), [(Place::File, Problem::Empty)]);
        let reasons = reasons(r#"[{"colour": "red"}]"#);
        assert!(matches!(reasons[0].1, Problem::UnknownColumn { .. }));
        assert!(matches!(reasons[1].1, Problem::Missing { .. }));
    }
}
