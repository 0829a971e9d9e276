//! The synthetic hospital log among the public data: every kind of attacker that its simulator knows
//! is found more often than by the baseline.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use flate2::read::GzDecoder;
use wardline_risk::replay::{self, Score};
use wardline_risk::{Hospital, Premises};

/// What Freeman et al. reach on this log at one false alarm in a hundred, by kind of attacker, as
/// the log's README has it, and what is asked for here: more, and of those who imitate the person a
/// quarter of what the baseline misses, of insiders a tenth.
const ASKED: [(&str, f64); 5] = [
    ("naive", 0.780),
    ("vpn", 0.704),
    ("targeted", 0.334),
    ("very_targeted", 0.258),
    ("insider", 0.138),
];
/// Two weeks after the first sign-in of the log.
const MEASURED_FROM: &str = "2026-01-19T05:36:35.968Z";
/// The half of the log on which probabilities were not fitted.
const HELD_OUT_FROM: &str = "2026-04-13T10:49:44.871Z";

fn folder() -> PathBuf {
    let data = std::env::var_os("WARDLINE_DATA").unwrap();
    PathBuf::from(data).join("hospital-log")
}

fn unpacked(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = File::open(folder().join(name)).unwrap();
    GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn every_kind_of_attacker_of_the_synthetic_log_is_found_more_often_than_by_the_baseline() {
    let (roster, malformed) = replay::roster(unpacked("roster.csv.gz").as_slice()).unwrap();
    assert_eq!(malformed, 0);
    let (people, malformed) = replay::people(unpacked("people.csv.gz").as_slice()).unwrap();
    assert_eq!(malformed, 0);
    let premises = fs::read_to_string(folder().join("premises.json")).unwrap();
    let premises = Premises::from_json(&premises).unwrap();
    let log = unpacked("logins.csv.gz");
    let hospital = Hospital {
        roster: &roster,
        premises: &premises,
    };
    let mut scores: HashMap<u64, Score> = HashMap::new();
    let report = replay::run(
        log.as_slice(),
        hospital,
        &people,
        &mut || Duration::ZERO,
        &mut |it| {
            scores.insert(it.index, it);
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(report.malformed, 0);
    let (ours, theirs) = (report.worth.tpr_at_fpr, report.freeman.tpr_at_fpr);
    assert!(ours.hundredth > theirs.hundredth && ours.thousandth > theirs.thousandth);
    // The baseline is what the log's own evaluation makes of it.
    let is = |value: Option<f64>, expected: f64| (value.unwrap() - expected).abs() < 0.01;
    assert!(
        is(theirs.hundredth, 0.36) && is(theirs.thousandth, 0.21),
        "{theirs:?}"
    );
    assert!(is(report.freeman.auc, 0.826) && report.worth.auc > Some(0.93));

    // Whoever works at night is not asked more often for it, and probabilities come true.
    assert!(report.asked.ratio < Some(1.2), "{:?}", report.asked);
    assert!(report.calibration_error < Some(0.02), "{report:?}");

    let mut reader = csv::Reader::from_reader(log.as_slice());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|it| it == name).unwrap();
    let (index, at, user) = (
        column("index"),
        column("Login Timestamp"),
        column("User ID"),
    );
    let (let_in, takeover) = (column("Login Successful"), column("Is Account Takeover"));
    let attacker = column("Attacker");
    let mut welcomed = HashSet::new();
    let mut legitimate = Vec::new();
    let mut held_out: Vec<(f64, f64)> = Vec::new();
    let mut by_person: HashMap<String, Vec<f64>> = HashMap::new();
    let mut attacks: HashMap<String, Vec<f64>> = HashMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        if &row[let_in] != "True" || welcomed.insert(row[user].to_owned()) {
            continue;
        }
        if &row[at] < MEASURED_FROM {
            continue;
        }
        let Score {
            score, probability, ..
        } = scores[&row[index].parse::<u64>().unwrap()];
        let is_takeover = &row[takeover] == "True";
        if &row[at] >= HELD_OUT_FROM {
            held_out.push((probability, f64::from(u8::from(is_takeover))));
        }
        if is_takeover {
            attacks
                .entry(row[attacker].to_owned())
                .or_default()
                .push(score);
        } else {
            legitimate.push(score);
            by_person
                .entry(row[user].to_owned())
                .or_default()
                .push(score);
        }
    }
    legitimate.sort_by(|a, b| b.total_cmp(a));
    let limit = legitimate[legitimate.len() / 100];
    for (kind, asked) in ASKED {
        let scores = &attacks[kind];
        let found = scores.iter().filter(|score| **score > limit).count();
        let share = f64::from(u32::try_from(found).unwrap())
            / f64::from(u32::try_from(scores.len()).unwrap());
        assert!(
            share > asked,
            "{kind}: {share:.3}, asked for more than {asked}"
        );
    }

    // Where they were not fitted, too: in parts of equally many sign-ins.
    held_out.sort_by(|a, b| a.0.total_cmp(&b.0));
    let apart = held_out.chunks(held_out.len().div_ceil(50)).map(|part| {
        let apart = part
            .iter()
            .map(|(probability, takeover)| probability - takeover);
        apart.sum::<f64>().abs()
    });
    let error = apart.sum::<f64>() / f64::from(u32::try_from(held_out.len()).unwrap());
    assert!(error < 0.02, "{error}");
    // As far as may be told of one in a hundred and forty, whoever is likely an attacker is one.
    let likely: Vec<_> = held_out
        .iter()
        .filter(|(probability, _)| *probability > 0.5)
        .collect();
    let (says, is) = likely
        .iter()
        .fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    assert!((says / is - 1.0_f64).abs() < 0.15, "{says} {is}");

    // To find all but one in two hundred of those who know the person's city and browser, the median
    // person is asked in two sign-ins of 39.
    let mut targeted = attacks["targeted"].clone();
    targeted.sort_by(|a, b| b.total_cmp(a));
    let limit = targeted[(targeted.len() * 199).div_ceil(200) - 1];
    let persons = by_person.values().filter(|scores| scores.len() >= 10);
    let mut asked: Vec<f64> = persons
        .map(|scores| {
            let asked = scores.iter().filter(|score| **score >= limit).count();
            f64::from(u32::try_from(asked).unwrap())
                / f64::from(u32::try_from(scores.len()).unwrap())
        })
        .collect();
    asked.sort_by(f64::total_cmp);
    let median = asked[asked.len() / 2];
    assert!(median <= 2.0 / 39.0, "{median}");
}
