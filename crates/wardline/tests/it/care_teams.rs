//! Care teams from the command line.

use std::fs;

use crate::support::{Demo, Run, wardline};

fn import(args: &[&str]) -> Run {
    Run::of(
        wardline()
            .args(["--json", "care-teams", "import"])
            .args(args),
    )
}

#[test]
fn care_teams_are_tried_then_imported_and_wrong_ones_are_told_by_line() {
    let demo = Demo::start();
    let data = demo.data();
    let data = data.to_str().unwrap();
    let file = demo.beside("teams.csv");
    let path = file.to_str().unwrap();
    let header = "patient_id,username\n";
    fs::write(
        &file,
        format!("{header}new-1,amara.osei\nnew-1,rahul.menon\n"),
    )
    .unwrap();
    let tried = import(&[path, "--data", data, "--dry-run"]).json(0);
    assert_eq!(
        (&tried["applied"], &tried["added"]),
        (&false.into(), &2.into())
    );
    assert_eq!(tried["findings"][0]["kind"], "unknown_patient");
    let done = import(&[path, "--data", data]).json(0);
    assert_eq!(
        (&done["applied"], &done["changed"]),
        (&true.into(), &1.into())
    );
    let again = import(&[path, "--data", data]).json(0);
    assert_eq!((&again["added"], &again["removed"]), (&0.into(), &0.into()));

    // Who is not named any more is off it; nobody left is said by an empty name.
    fs::write(&file, format!("{header}new-1,rahul.menon\n")).unwrap();
    let fewer = import(&[path, "--data", data]).json(0);
    assert_eq!((&fewer["added"], &fewer["removed"]), (&0.into(), &1.into()));
    assert_eq!(fewer["changes"][0]["kind"], "removed");
    fs::write(&file, format!("{header}new-1,\n")).unwrap();
    assert_eq!(import(&[path, "--data", data]).json(0)["removed"], 1);

    fs::write(
        &file,
        format!("{header}new-1,amara.osei\nnew-2,nobody.here\n"),
    )
    .unwrap();
    let stopped = import(&[path, "--data", data]).json(3);
    assert_eq!(stopped["stopped"], true);
    assert_eq!(stopped["findings"][0]["line"], 3);
    fs::write(&file, format!("{header}Jane Doe,amara.osei\n")).unwrap();
    let refused = import(&[path, "--data", data]);
    assert_eq!(refused.code, 3, "{refused:?}");
    let said = format!("{refused:?}");
    assert!(
        said.contains("line 2: patient_id is") && !said.contains("Jane"),
        "{said}"
    );
    // Nothing of either was imported.
    fs::write(&file, format!("{header}new-1,\n")).unwrap();
    assert_eq!(import(&[path, "--data", data]).json(0)["changed"], 0);
    let usage = import(&[path]);
    assert_eq!(usage.code, 2, "{usage:?}");
}
