//! How well a device is patched, asked from the command line.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Run, wardline};

const IOS: &str = r#"---
title: Apple iOS
permalink: /ios
releases:
  - releaseCycle: "26"
    releaseDate: 2025-09-15
    eol: 2027-09-15
    latest: "26.6.1"
    latestReleaseDate: 2026-08-17
---

> A system for phones.
"#;

/// A folder of feeds.
struct Feeds {
    scratch: TempDir,
}

impl Feeds {
    fn new() -> Self {
        let feeds = Self {
            scratch: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(feeds.file("endoflife/products")).unwrap();
        fs::create_dir_all(feeds.file("kev")).unwrap();
        fs::write(feeds.file("endoflife/products/ios.md"), IOS).unwrap();
        let entry = json!({
            "cveID": "CVE-2026-0001",
            "vendorProject": "Apple",
            "product": "iOS and iPadOS",
            "vulnerabilityName": "Apple iOS and iPadOS Vulnerability",
            "dateAdded": "2026-08-17",
            "shortDescription": "Apple iOS and iPadOS contain a vulnerability.",
            "requiredAction": "Update.",
            "dueDate": "2026-08-25",
            "later": "than this program",
        });
        feeds.catalogue(&json!({
            "catalogVersion": "2026.08.18",
            "dateReleased": "2026-08-18T12:00:00.000Z",
            "count": 1,
            "vulnerabilities": [entry],
        }));
        feeds
    }

    fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn catalogue(&self, catalogue: &Value) {
        let file = self.file("kev/known_exploited_vulnerabilities.json");
        fs::write(file, catalogue.to_string()).unwrap();
    }

    fn check(&self, version: &str, more: &[&str]) -> Run {
        let mut command = wardline();
        command
            .args(["--json", "patch", "check", "--feeds"])
            .arg(self.scratch.path())
            .args(["--platform", "ios", "--os-version", version])
            .args(more);
        Run::of(&mut command)
    }

    /// The reason of a run that could not be done.
    #[track_caller]
    fn fails(&self) -> String {
        let told = self.check("26.6", &["--at", "2026-08-20"]).json(2);
        assert_eq!(told["exit"], 2);
        told["error"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_phone_is_told_as_the_feeds_say() {
    let feeds = Feeds::new();
    let current = json!({
        "verdict": "current",
        "supported_until": "2027-09-15",
        "latest": "26.6.1",
        "known_exploited": [],
        "reasons": [],
    });
    let at = ["--at", "2026-08-20"];
    assert_eq!(feeds.check("26.6.1", &at).json(0), current);
    let grace = feeds.check("26.6", &at).json(0);
    assert_eq!(grace["verdict"], "grace");
    assert_eq!(grace["known_exploited"], json!(["CVE-2026-0001"]));
    let reasons: Vec<_> = grace["reasons"].as_array().unwrap().iter().collect();
    assert!(reasons[0].as_str().unwrap().starts_with("behind: "));
    assert!(reasons[1].as_str().unwrap().starts_with("kev: "));
    for (at, verdict) in [("2026-08-26", "outdated"), ("2027-09-16", "unsupported")] {
        assert_eq!(
            feeds.check("26.6", &["--at", at]).json(0)["verdict"],
            verdict
        );
    }
    // Without a day it is today's, and these feeds are old by now.
    assert_ne!(feeds.check("26.6", &[]).json(0)["verdict"], "current");
}

#[test]
fn a_person_reads_sentences() {
    let feeds = Feeds::new();
    let mut command = wardline();
    command
        .args([
            "patch",
            "check",
            "--platform",
            "ios",
            "--os-version",
            "26.6.1",
        ])
        .args(["--at", "2026-08-20", "--feeds"])
        .arg(feeds.scratch.path());
    let run = Run::of(&mut command);
    assert_eq!(run.code, 0);
    assert_eq!(
        run.stdout,
        "current\nSupported until: 2027-09-15\nLatest: 26.6.1\n"
    );
}

#[test]
fn feeds_that_cannot_be_used_are_named() {
    let feeds = Feeds::new();
    let product = feeds.file("endoflife/products/ios.md");
    fs::write(&product, IOS.replace("2026-08-17", "2026-08-32")).unwrap();
    let reason = feeds.fails();
    assert!(reason.contains("ios.md: "), "{reason}");
    assert!(reason.contains("line 9"), "{reason}");
    fs::write(&product, "nothing").unwrap();
    assert!(feeds.fails().contains("line 1"));
    fs::remove_file(&product).unwrap();
    assert!(
        feeds
            .fails()
            .contains("endoflife/products/*.md: it is missing")
    );
    let feeds = Feeds::new();
    feeds.catalogue(&json!({"vulnerabilities": []}));
    assert!(feeds.fails().contains("dateReleased"));
    fs::remove_dir_all(feeds.file("kev")).unwrap();
    assert!(
        feeds
            .fails()
            .contains("known_exploited_vulnerabilities.json")
    );
    fs::remove_dir_all(feeds.file("endoflife")).unwrap();
    assert!(feeds.fails().contains("endoflife"));
}

#[test]
fn an_argument_that_cannot_be_used_is_no_verdict() {
    let feeds = Feeds::new();
    for wrong in [
        ["--at", "yesterday"],
        ["--at", "2026-02-30"],
        ["--patch-level", "2026-13"],
        ["--patch-level", "2026"],
        ["--patch-level", "2026-W1"],
    ] {
        assert_eq!(feeds.check("26.6", &wrong).code, 2, "{wrong:?}");
    }
    assert_eq!(feeds.check("", &[]).code, 2);
    let level = ["--at", "2026-08-20", "--patch-level", "2026-08-05"];
    assert_eq!(feeds.check("26.6", &level).code, 0);
}
