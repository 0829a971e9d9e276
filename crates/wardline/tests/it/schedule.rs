//! On-call schedules from the command line.

use std::fs;

use crate::support::{Demo, Run, wardline};

fn import(args: &[&str]) -> Run {
    Run::of(wardline().args(["--json", "schedule", "import"]).args(args))
}

#[test]
fn a_schedule_is_tried_then_imported_and_a_wrong_one_is_told_by_line() {
    let demo = Demo::start();
    let data = demo.data();
    let data = data.to_str().unwrap();
    let file = demo.beside("nights.csv");
    let path = file.to_str().unwrap();
    let header = "role,title,department,from,until,username\n";
    let row = "night-team,Night team,Cardiology,2030-01-01T20:00Z,2030-01-02T08:00Z";
    fs::write(&file, format!("{header}{row},amara.osei\n")).unwrap();
    let tried = import(&[path, "--data", data, "--dry-run"]).json(0);
    assert_eq!(tried["applied"], false);
    assert_eq!(tried["added"], 1);
    assert_eq!(tried["findings"][0]["kind"], "new_role");
    let done = import(&[path, "--data", data]).json(0);
    assert_eq!(done["applied"], true);
    let again = import(&[path, "--data", data]).json(0);
    assert_eq!(
        (&again["added"], &again["findings"]),
        (&0.into(), &serde_json::json!([]))
    );

    fs::write(&file, format!("{header}{row},nobody.here\n")).unwrap();
    let stopped = import(&[path, "--data", data]).json(3);
    assert_eq!(stopped["stopped"], true);
    assert_eq!(stopped["findings"][0]["line"], 2);
    fs::write(&file, format!("{header}a,b\n")).unwrap();
    let refused = import(&[path, "--data", data]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(format!("{refused:?}").contains("line 2: there are 2 values for 6 columns"));
    let usage = import(&["nights.txt", "--data", data]);
    assert_eq!(usage.code, 2, "{usage:?}");
}
