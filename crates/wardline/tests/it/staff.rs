//! Where people who work here live, from the command line.

use std::fs;

use crate::support::{Demo, Run, wardline};

#[test]
fn staff_are_imported_and_what_cannot_be_is_said_without_a_word_of_it() {
    let demo = Demo::start();
    let data = demo.data();
    let file = demo.beside("staff.csv");
    let rows = "username,area,mrn\namara.osei,00042,SB-1\nno.body,00042,SB-2\n,00042,SB-3\n";
    fs::write(&file, rows).unwrap();
    let import = || {
        let mut command = wardline();
        let command = command.args(["--json", "import", "staff"]).arg(&file);
        Run::of(command.arg("--data").arg(&data))
    };
    let report = import().json(0);
    assert_eq!(
        (&report["people"], &report["unknown"], &report["malformed"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert!(!report.to_string().contains("00042"));
    // Nobody that is known, and no file of people.
    fs::write(&file, "username,area\nno.body,00042\n").unwrap();
    assert_eq!(import().code, 3);
    fs::write(&file, "name,area\nx,00042\n").unwrap();
    assert_eq!(import().code, 2);
}
