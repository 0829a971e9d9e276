//! The synthetic access log among the public data: nearly all work is explained, and snooping is found
//! far more often than by a plain rule.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use flate2::read::GzDecoder;
use wardline_access::replay::{self, Report};
use wardline_access::{Book, Reason};

/// What a plain rule finds of the snooping of this log, at one false alert per thousand legitimate
/// accesses, as the log's README has it.
const RULE: f64 = 0.20;

fn unpacked(name: &str) -> Vec<u8> {
    let data = std::env::var_os("WARDLINE_DATA").unwrap();
    let folder = PathBuf::from(data).join("hospital-log");
    let mut bytes = Vec::new();
    let file = File::open(folder.join(name)).unwrap();
    GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

fn book() -> Book {
    let mut book = Book::default();
    let people = book.read_people(unpacked("people.csv.gz").as_slice());
    let patients = book.read_patients(unpacked("patients.csv.gz").as_slice());
    let relations = book.read_relations(unpacked("relations.csv.gz").as_slice());
    let roster = unpacked("roster.csv.gz");
    let shifts = book.read_shifts(roster.as_slice());
    for left_out in [people, patients, relations, shifts] {
        assert_eq!(left_out.unwrap(), 0);
    }
    book.plan(wardline_risk::replay::roster(roster.as_slice()).unwrap().0);
    book
}

fn run(log: &[u8], book: &Book) -> Report {
    let report = replay::run(log, book, &mut || Duration::ZERO, &mut |_| Ok(())).unwrap();
    assert_eq!((report.malformed, report.broke_off), (0, false));
    report
}

/// The rows for which something holds, below the header.
fn part(log: &str, mut keep: impl FnMut(usize, &str) -> bool) -> Vec<u8> {
    let lines = log.lines().enumerate();
    let kept = lines.filter(|(number, line)| *number == 0 || keep(*number, line));
    let lines: Vec<&str> = kept.map(|(_, line)| line).collect();
    lines.join("\n").into_bytes()
}

#[test]
fn nearly_all_work_of_the_synthetic_log_is_explained_and_snooping_is_found_beyond_a_plain_rule() {
    let book = book();
    let log = unpacked("chart_access.csv.gz");
    let whole = run(&log, &book);
    // What stands in docs/access.md, with --nocapture.
    println!("{}", serde_json::to_string_pretty(&whole).unwrap());
    let found = whole.worth.tpr_at_fpr.thousandth.unwrap();
    let explained = whole.explained;
    let told = format!(
        "{:?} {:?} {:?}",
        whole.worth, whole.explained, whole.reasons
    );
    assert!(found >= 2.0 * RULE, "{told}");
    assert!(whole.worth.auc > Some(0.975), "{told}");
    assert!(explained.legitimate >= Some(0.94), "{told}");
    // What explains work explains little else.
    assert!(explained.snooping < Some(0.3), "{told}");
    assert!(whole.reasons[Reason::CareTeam.name()] > 0);

    // It is no matter of the months that are looked at, nor of the house: in each half, begun with
    // nothing learned, and in each facility alone.
    let log = String::from_utf8(log).unwrap();
    let half = log.lines().count() / 2;
    let parts = [
        part(&log, |number, _| number <= half),
        part(&log, |number, _| number > half),
        part(&log, |_, line| line.contains(",F1,")),
        part(&log, |_, line| line.contains(",F2,")),
    ];
    for log in parts {
        let report = run(&log, &book);
        let told = format!("{:?} {:?}", report.worth, report.explained);
        println!("{told}");
        assert!(report.worth.auc > Some(0.97), "{told}");
        assert!(report.worth.tpr_at_fpr.thousandth > Some(0.35), "{told}");
        assert!(report.explained.legitimate > Some(0.93), "{told}");
    }

    // Labels are for measuring alone.
    let blind: Vec<String> = log
        .lines()
        .map(|line| line.rsplit_once(',').unwrap().0.to_owned())
        .collect();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let scores = |log: &str, to: &mut Vec<u64>| {
        let mut take = |found: &replay::Found| {
            to.push(found.score.to_bits());
            Ok(())
        };
        replay::run(log.as_bytes(), &book, &mut || Duration::ZERO, &mut take).unwrap()
    };
    scores(&log, &mut with);
    let report = scores(&blind.join("\n"), &mut without);
    assert_eq!(with, without);
    assert_eq!(
        (report.worth.auc, report.explained.legitimate),
        (None, None)
    );
    assert!(report.labels.is_empty());
}
