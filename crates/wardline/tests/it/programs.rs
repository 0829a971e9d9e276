//! Device programs, compared and exported from the command line.

use std::fs;

use serde_json::Value;

use crate::support::{Run, wardline};

fn programs(args: &[&str]) -> Run {
    Run::of(wardline().arg("programs").args(args))
}

fn json(args: &[&str]) -> Value {
    Run::of(wardline().args(["--json", "programs"]).args(args)).json(0)
}

#[test]
fn programs_are_compared_for_a_number_of_people() {
    let few = json(&["compare", "--staff", "100"]);
    let many = json(&["compare", "--staff", "1000", "--with", "shared,workstation"]);
    let slugs = |comparison: &Value| -> Vec<String> {
        let all = comparison["programs"].as_array().unwrap();
        all.iter()
            .map(|p| p["slug"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(slugs(&few), ["byod", "issued"]);
    assert_eq!(slugs(&many), ["byod", "issued", "shared", "workstation"]);
    let total = |comparison: &Value| comparison["programs"][1]["total"]["range"]["likely"].as_f64();
    assert!(total(&few).unwrap() * 5.0 < total(&many).unwrap());
    let person = programs(&["compare", "--staff", "100"]);
    assert_eq!(person.code, 0, "{person:?}");
    assert!(person.stdout.contains("A leaver keeps access"));
}

#[test]
fn a_hospital_compares_its_own_programs_with_its_own_numbers() {
    let scratch = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = scratch.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for slug in ["byod", "issued"] {
        let shown = json(&["show", slug]);
        let mut program = shown["program"].clone();
        program["limits"]["lock_seconds"] = 60.into();
        let text = toml(&program);
        file(&format!("{slug}.toml"), &text);
    }
    let assumptions = file(
        "assumptions.json",
        r#"{"stipend":{"unit":"USD per person and month","low":10,"likely":10,"high":10,
            "source":"our works agreement","date":"2026-01-01"}}"#,
    );
    let fleet = file(
        "fleet.json",
        r#"{"devices":[{"program":"byod","platform":"ios","os_version":"26.1","model":"iPhone 17",
            "encryption":"claimed","devices":400}]}"#,
    );
    let folder = scratch.path().to_str().unwrap();
    let own = json(&[
        "compare",
        "--programs",
        folder,
        "--assumptions",
        &assumptions,
        "--fleet",
        &fleet,
    ]);
    let byod = &own["programs"][0];
    let stipend = &byod["items"][0];
    assert_eq!(
        stipend["cost"]["high"].as_f64(),
        Some(180_000.0),
        "{stipend}"
    );
    let configurations = &byod["quantities"][3];
    assert_eq!(configurations["range"]["likely"].as_f64(), Some(1.0));
    assert_eq!(byod["spread"]["encryption"][0]["devices"], 400);
    let lost = |comparison: &Value| comparison["programs"][0]["risks"][0]["level"].clone();
    assert_eq!(lost(&own), "low", "the app locks after a minute");
    assert_eq!(lost(&json(&["compare"])), "moderate");
}

/// A program as a file, through the shapes that JSON and TOML share.
fn toml(program: &Value) -> String {
    fn without_null(value: &Value) -> Value {
        match value {
            Value::Object(object) => object
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), without_null(value)))
                .collect(),
            Value::Array(array) => array.iter().map(without_null).collect(),
            other => other.clone(),
        }
    }
    toml::to_string(&without_null(program)).unwrap()
}

#[test]
fn a_comparison_is_a_spreadsheet_too() {
    let run = programs(&["compare", "--csv"]);
    assert_eq!(run.code, 0, "{run:?}");
    let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert!(records.iter().any(|r| &r[0] == "issued" && &r[1] == "cost"));
    let both = Run::of(wardline().args(["--json", "programs", "compare", "--csv"]));
    assert_eq!(both.code, 2, "{both:?}");
}

#[test]
fn a_program_is_shown_with_what_each_client_can_meet() {
    let listed = json(&["list"]);
    assert_eq!(listed["programs"].as_array().unwrap().len(), 5);
    let shown = json(&["show", "byod"]);
    let rule = &shown["reach"][2];
    assert_eq!(rule["rule"], "verified_boot");
    assert_eq!(rule["clients"][0]["client"], "browser_phone");
    assert_eq!(rule["clients"][0]["met"], false);
    assert_eq!(rule["clients"][1]["met"], true);
    let person = programs(&["show", "byod"]);
    assert!(
        person
            .stdout
            .contains("not by a phone in its browser: A browser cannot see it."),
        "{person:?}"
    );
    let missing = programs(&["show", "vip"]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.stderr.contains("there is no program vip"),
        "{missing:?}"
    );
}

#[test]
fn a_profile_is_written_for_a_manager() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("issued.mobileconfig");
    let run = programs(&[
        "export",
        "issued",
        "--format",
        "mobileconfig",
        "--url",
        "https://wardline.example.org",
        "--hospital",
        "St. Mary's & <Co>",
        "--out",
        file.to_str().unwrap(),
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    let profile = plist::Value::from_file(&file).unwrap();
    let organization = &profile.as_dictionary().unwrap()["PayloadOrganization"];
    assert_eq!(organization.as_string(), Some("St. Mary's & <Co>"));
}

#[test]
fn extras_for_a_qr_code_are_printed_as_they_are() {
    let run = programs(&[
        "export",
        "shared",
        "--format",
        "qr",
        "--url",
        "https://wardline.example.org",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    let extras: Value = serde_json::from_str(&run.stdout).unwrap();
    let bundle = &extras["android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE"];
    assert_eq!(bundle["wardline_program"], "shared");
}

#[test]
fn what_cannot_be_exported_says_why() {
    let export = |slug: &str, format: &str, more: &[&str]| {
        let url = ["--url", "https://wardline.example.org"];
        let run = Run::of(
            wardline()
                .args(["programs", "export", slug, "--format", format])
                .args(url)
                .args(more),
        );
        (run.code, run.stderr)
    };
    let (code, told) = export("byod", "mobileconfig", &[]);
    assert_eq!(code, 3, "{told}");
    assert!(told.contains("their owner's"), "{told}");
    let (code, told) = export("issued", "android", &["--ca", "ca.pem"]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("the EMM installs authorities"), "{told}");
    let (code, told) = export("issued", "mobileconfig", &["--ca", "/nowhere/ca.pem"]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("/nowhere/ca.pem"), "{told}");
    let (code, told) = export("issued", "qr", &["--code", "nonsense"]);
    assert_eq!(code, 2, "{told}");
    let run = programs(&[
        "export",
        "issued",
        "--format",
        "qr",
        "--url",
        "http://10.0.0.1",
    ]);
    assert_eq!(run.code, 2, "{run:?}");
}
