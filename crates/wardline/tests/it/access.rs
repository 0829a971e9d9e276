//! Why the charts of a log were opened, asked from the command line.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::support::{Run, wardline};
use flate2::Compression;
use flate2::write::GzEncoder;

const LOG: &str = "index,timestamp,user_id,patient_id,patient_department,facility,via,label\n";

/// Two weeks of a nurse on the ward, and one look at a namesake's chart elsewhere.
fn log() -> String {
    let work = (1..=14).fold(LOG.to_owned(), |log, day| {
        let by = format!("2026-04-{day:02}T09:00:00.000Z,n,p{day},ICU,F1");
        let index = 100 + 2 * day;
        log + &format!(
            "{index},{by},worklist,legit\n{},{by},search,legit\n",
            index + 1
        )
    });
    work + "200,2026-04-20T23:30:00Z,n,q,Surgery,F2,search,snoop_family\nnonsense\n"
}

const PEOPLE: &str = "user_id,first_name,last_name,area,role,department,facility\n\
    n,Ada,Calman,N15,nurse,ICU,F1\n";

fn patients() -> String {
    let header = "patient_id,last_name,area,is_employee,is_vip\nq,CALMAN,N15,False,False\n";
    let others = (1..=14).map(|day| format!("p{day},Garson,K{day},False,False\n"));
    header.to_owned() + &others.collect::<String>()
}

fn relations() -> String {
    let header = "patient_id,user_id,department,from,to,basis\nx,,,2026-04-01T00:00Z,,order\n";
    let days = (1..=13).map(|day| {
        format!("p{day},n,,2026-04-{day:02}T00:00Z,2026-04-{day:02}T23:59Z,care_team\n")
    });
    header.to_owned() + &days.collect::<String>()
}

const ROSTER: &str = "user_id,role,department,facility,shift_start,shift_end,kind\n\
    n,nurse,ICU,F1,2026-04-14T06:00Z,2026-04-14T18:00Z,on_site\n";

fn replay(dir: &Path) -> Run {
    let mut command = wardline();
    command
        .args(["--json", "access", "replay"])
        .arg(dir)
        .arg("--scores")
        .arg(dir.join("scores.csv"));
    Run::of(&mut command)
}

fn scores(dir: &Path) -> Vec<(u64, f64)> {
    let written = fs::read_to_string(dir.join("scores.csv")).unwrap();
    let mut lines = written.lines();
    assert_eq!(lines.next(), Some("index,score"));
    let line = |line: &str| {
        let (index, score) = line.split_once(',').unwrap();
        (index.parse().unwrap(), score.parse().unwrap())
    };
    lines.map(line).collect()
}

fn pack(dir: &Path, name: &str, text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    fs::write(dir.join(format!("{name}.gz")), &packed).unwrap();
    packed
}

#[test]
fn work_is_explained_and_a_look_at_a_namesake_elsewhere_stands_out_packed_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("chart_access.csv"), log()).unwrap();
    fs::write(dir.join("people.csv"), format!("\u{feff}{PEOPLE}")).unwrap();
    fs::write(dir.join("patients.csv"), patients()).unwrap();
    fs::write(dir.join("relations.csv"), relations()).unwrap();
    fs::write(dir.join("roster.csv"), ROSTER).unwrap();

    let run = replay(dir);
    let report = run.json(0);
    assert_eq!(
        (&report["accesses"], &report["malformed"]),
        (&29.into(), &1.into())
    );
    assert_eq!(report["explained"]["legitimate"], 1.0);
    assert_eq!(report["explained"]["snooping"], 0.0);
    // The last day of work is on no care team: the ward of the shift explains it.
    assert_eq!(report["reasons"]["care_team"], 26);
    assert_eq!(report["reasons"]["ward"], 2);
    assert_eq!(report["auc"], 1.0);
    assert_eq!(report["tpr_at_fpr"]["0.001"], 1.0);
    assert_eq!(report["labels"]["snoop_family"]["accesses"], 1);
    assert!(report["decision_us"]["p99"].as_f64() > Some(0.0));
    let highest = &report["highest"][0];
    assert_eq!(
        (&highest["index"], &highest["reason"]),
        (&200.into(), &().into())
    );
    let signs = highest["signs"].to_string();
    assert!(signs.contains("same surname"), "{signs}");
    // The row of relations that is nobody's.
    assert!(
        run.stderr.contains("relations.csv: 1 rows"),
        "{}",
        run.stderr
    );
    let found = scores(dir);
    assert_eq!(found.len(), 29);
    let (index, score) = found[28];
    assert_eq!(index, 200);
    assert!(found[..28].iter().all(|(_, other)| *other < score));

    // Packed it is the same, and without labels there are no figures.
    for (name, text) in [
        ("chart_access.csv", log()),
        ("people.csv", PEOPLE.to_owned()),
        ("patients.csv", patients()),
        ("relations.csv", relations()),
        ("roster.csv", ROSTER.to_owned()),
    ] {
        fs::remove_file(dir.join(name)).unwrap();
        pack(dir, name, &text);
    }
    replay(dir).json(0);
    assert_eq!(scores(dir), found);
    let blind = log().replace(",label\n", "\n").replace(",legit\n", "\n");
    pack(
        dir,
        "chart_access.csv",
        &blind.replace(",snoop_family\n", "\n"),
    );
    let report = replay(dir).json(0);
    assert_eq!(
        (&report["auc"], &report["explained"]["legitimate"]),
        (&().into(), &().into())
    );
    assert!(report["tpr_at_fpr"]["0.001"].is_null(), "{report}");
    assert_eq!(scores(dir), found);
}

#[test]
fn a_log_alone_is_weighed_and_files_that_say_nothing_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(
        dir.join("chart_access.csv"),
        "patient_id,user_id,timestamp,extra\np,n,2026-04-01T09:00Z,\"\np,n,2026-04-01 09:00,x\n\
         p,,2026-04-01T09:00Z,x\np,n,soon,x\nq,n,2026-04-01T08:00Z,x\n",
    )
    .unwrap();
    fs::write(dir.join("people.csv"), "name\nAda\n").unwrap();
    let run = replay(dir);
    let report = run.json(0);
    assert_eq!(
        (&report["accesses"], &report["malformed"]),
        (&2.into(), &3.into())
    );
    assert_eq!(report["out_of_order"], 1);
    assert_eq!(report["explained"]["all"], 0.0);
    for said in [
        "people.csv: the column `user_id`",
        "roster.csv is not there",
        "sort the log",
    ] {
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }
    // Without an index, rows are counted from zero.
    let indices: Vec<u64> = scores(dir).into_iter().map(|(index, _)| index).collect();
    assert_eq!(indices, [1, 4]);
}

#[test]
fn an_access_log_that_is_cut_off_is_weighed_up_to_there() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let whole = pack(dir, "chart_access.csv", &log());
    fs::write(dir.join("chart_access.csv.gz"), &whole[..whole.len() - 20]).unwrap();
    let cut = replay(dir);
    let report = cut.json(0);
    assert_eq!(report["broke_off"], true);
    assert!(cut.stderr.contains("cut off or damaged"), "{}", cut.stderr);
    assert_eq!(
        report["accesses"].as_u64().unwrap(),
        scores(dir).len() as u64
    );
}

#[test]
fn an_access_log_that_cannot_be_read_is_named_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let refused = replay(dir).json(2);
    assert!(
        refused.to_string().contains("there is no chart_access.csv"),
        "{refused}"
    );
    fs::write(dir.join("chart_access.csv"), "a,b\n1,2\n").unwrap();
    let refused = replay(dir).json(2);
    assert!(refused.to_string().contains("timestamp"), "{refused}");
    fs::write(
        dir.join("chart_access.csv"),
        log().replace("2026-0", "soon-"),
    )
    .unwrap();
    let refused = replay(dir).json(2);
    assert!(
        refused.to_string().contains("none of its 30 rows"),
        "{refused}"
    );
    assert!(!dir.join("scores.csv").exists());

    // No file that is read is ever written over.
    fs::write(dir.join("chart_access.csv"), log()).unwrap();
    fs::write(dir.join("people.csv"), PEOPLE).unwrap();
    for name in ["chart_access.csv", "people.csv"] {
        let mut command = wardline();
        command.args(["--json", "access", "replay"]).arg(dir);
        command.arg("--scores").arg(dir.join(name));
        let refused = Run::of(&mut command).json(2);
        assert!(refused.to_string().contains("would be lost"), "{refused}");
    }
    assert_eq!(fs::read_to_string(dir.join("people.csv")).unwrap(), PEOPLE);
}
