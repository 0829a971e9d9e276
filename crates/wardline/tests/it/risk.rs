//! How unusual the sign-ins of a log are, asked from the command line.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::support::{Run, wardline};
use flate2::Compression;
use flate2::write::GzEncoder;

const LOG: &str = "index,Login Timestamp,User ID,IP Address,Country,City,ASN,User Agent String,\
    Device Type,Login Successful,Is Account Takeover,Device ID\n";

/// A month of one nurse's nights, and somebody else's noon.
fn log() -> String {
    let nights = (1..=30).fold(LOG.to_owned(), |log, day| {
        let index = day + 100;
        let night = format!("{index},2026-04-{day:02}T21:00:00Z,n,192.0.2.3,US,Town,64512,");
        log + &night + "phone,mobile,True,False,d\n"
    });
    nights
        + "200,2026-05-01T12:00:00Z,n,203.0.113.9,FR,Paris,3215,curl,desktop,True,True,\nnonsense\n"
}

fn replay(dir: &Path, log: &str) -> Run {
    let mut command = wardline();
    command
        .args(["--json", "risk", "replay"])
        .arg(dir.join(log))
        .arg("--scores")
        .arg(dir.join("scores.csv"));
    Run::of(&mut command)
}

#[test]
fn a_log_is_weighed_row_by_row_packed_or_not_with_or_without_what_the_hospital_knows() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("logins.csv"), log()).unwrap();
    let file = fs::File::create(dir.join("logins.csv.gz")).unwrap();
    let mut packed = GzEncoder::new(file, Compression::default());
    packed.write_all(log().as_bytes()).unwrap();
    packed.finish().unwrap();

    let report = replay(dir, "logins.csv").json(0);
    assert_eq!(report["logins"], 31);
    assert_eq!(report["malformed"], 1);
    assert_eq!(report["auc"], 1.0);
    assert_eq!(report["tpr_at_fpr"]["0.01"], 1.0);
    assert!(report["freeman"]["auc"].is_number());
    assert!(report["decision_us"]["p99"].as_f64() > Some(0.0));
    let scores = fs::read_to_string(dir.join("scores.csv")).unwrap();
    let lines: Vec<&str> = scores.lines().collect();
    assert_eq!((lines[0], lines.len()), ("index,score", 32));
    assert!(lines[1].starts_with("101,") && lines[31].starts_with("200,"));
    replay(dir, "logins.csv.gz").json(0);
    assert_eq!(fs::read_to_string(dir.join("scores.csv")).unwrap(), scores);

    // With a roster and the hospital's addresses the same nights weigh something else.
    fs::write(
        dir.join("premises.json"),
        r#"{"facilities":[{"id":"F","egress":[{"cidr":"192.0.2.0/24"}]}]}"#,
    )
    .unwrap();
    let header = "user_id,shift_start,shift_end,kind\nn,never,never,on_site\n".to_owned();
    let roster = (1..=30).fold(header, |roster, day| {
        let next = day + 1;
        roster + &format!("n,2026-04-{day:02}T20:30Z,2026-04-{next:02}T06:00Z,on_site\n")
    });
    fs::write(dir.join("roster.csv"), roster).unwrap();
    let known = replay(dir, "logins.csv");
    known.json(0);
    // The one that begins never, and the one that ends on 31 April.
    assert!(known.stderr.contains("2 rows"), "{}", known.stderr);
    let by_roster = fs::read_to_string(dir.join("scores.csv")).unwrap();
    assert_eq!(by_roster.lines().count(), 32);
    assert_ne!(by_roster, scores);
    fs::remove_file(dir.join("roster.csv")).unwrap();
    replay(dir, "logins.csv").json(0);
    let by_premises = fs::read_to_string(dir.join("scores.csv")).unwrap();
    assert!(by_premises != by_roster && by_premises != scores);
}

#[test]
fn a_packed_log_that_is_cut_off_or_damaged_is_weighed_up_to_there() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(log().as_bytes()).unwrap();
    let whole = packed.finish().unwrap();
    let lines = || {
        fs::read_to_string(dir.join("scores.csv"))
            .unwrap()
            .lines()
            .count() as u64
    };

    // Its end is lost on the way.
    fs::write(dir.join("logins.csv.gz"), &whole[..whole.len() - 20]).unwrap();
    let cut = replay(dir, "logins.csv.gz");
    let report = cut.json(0);
    assert_eq!(report["broke_off"], true);
    assert!(cut.stderr.contains("cut off or damaged"), "{}", cut.stderr);
    let logins = report["logins"].as_u64().unwrap();
    assert!((20..=31).contains(&logins), "{report}");
    assert!(report["malformed"].as_u64() >= Some(1), "{report}");
    assert_eq!(lines(), logins + 1);

    // Something else stands behind it.
    let mut long = whole.clone();
    long.extend_from_slice(b"what a transfer left behind it");
    fs::write(dir.join("logins.csv.gz"), long).unwrap();
    let report = replay(dir, "logins.csv.gz").json(0);
    assert_eq!(
        (&report["logins"], &report["broke_off"]),
        (&31.into(), &true.into())
    );
    assert_eq!(lines(), 32);

    // Nothing of it can be read at all.
    fs::write(dir.join("logins.csv.gz"), &whole[..8]).unwrap();
    replay(dir, "logins.csv.gz").json(2);
    fs::write(dir.join("logins.csv.gz"), whole).unwrap();
    assert_eq!(replay(dir, "logins.csv.gz").json(0)["broke_off"], false);
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("logins.csv"), "a,b\n1,2\n").unwrap();
    let refused = replay(dir, "logins.csv").json(2);
    assert!(refused.to_string().contains("Login Timestamp"), "{refused}");
    replay(dir, "nothing.csv").json(2);
    let torn = log().replace("2026-0", "soon-").replace("nonsense\n", "");
    fs::write(dir.join("logins.csv"), torn).unwrap();
    let refused = replay(dir, "logins.csv").json(2);
    assert!(
        refused.to_string().contains("none of its 31 rows"),
        "{refused}"
    );
    fs::write(dir.join("logins.csv"), log()).unwrap();
    fs::write(
        dir.join("premises.json"),
        r#"{"facilities":[{"id":"F","egress":[{"cidr":"x"}]}]}"#,
    )
    .unwrap();
    let refused = replay(dir, "logins.csv").json(2);
    assert!(refused.to_string().contains("premises.json"), "{refused}");
    assert!(!dir.join("scores.csv").exists());

    // The log is never written over.
    fs::remove_file(dir.join("premises.json")).unwrap();
    fs::write(dir.join("scores.csv"), log()).unwrap();
    let refused = replay(dir, "scores.csv").json(2);
    assert!(refused.to_string().contains("the log itself"), "{refused}");
    assert_eq!(fs::read_to_string(dir.join("scores.csv")).unwrap(), log());
}
