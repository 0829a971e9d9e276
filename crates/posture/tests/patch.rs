//! What the feeds say of devices, with small feeds.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use proptest::prelude::*;
use serde_json::{Value, json};
use time::Date;
use time::format_description::well_known::Iso8601;
use wardline_posture::attest::PatchLevel;
use wardline_posture::patch::{
    BULLETINS, FeedError, Feeds, Finding, Installed, KEV, Listed, Platform, Verdict,
};

const IOS: &str = r#"---
title: iOS
permalink: /ios
releases:
  - releaseCycle: "26"
    releaseDate: 2026-01-10
    eoas: false
    eol: false # not announced
    latest: "26.3.1"
    latestReleaseDate: 2026-06-10
    link: null
  - releaseCycle: "18"
    releaseDate: 2025-01-10
    eol: true
    latest: 18.7
    latestReleaseDate: 2026-01-05
---
Text with --- and : in it.
"#;

const ANDROID: &str = r#"---
permalink: /android
releases:
  - releaseCycle: "16"
    apiVersion: "36"
    codename: Baklava
    releaseDate: 2025-06-10
    eol: false
  - releaseCycle: "12.1"
    apiVersion: "32"
    releaseDate: 2022-03-07
    eol: 2026-06-14
  - releaseCycle: "12"
    apiVersion: "31"
    releaseDate: 2021-10-04
    eol: 2025-03-03
---
"#;

const WINDOWS: &str = r#"---
permalink: /windows
releases:
  - releaseCycle: "11-25h2-e"
    releaseLabel: "11 25H2 (E)"
    releaseDate: 2025-09-30
    eol: 2028-10-10
    latest: 10.0.26200
  - releaseCycle: "11-25h2-w"
    releaseLabel: "11 25H2 (W)"
    releaseDate: 2025-09-30
    eol: 2027-10-12
    latest: 10.0.26200
  - releaseCycle: "11-24h2-w"
    releaseDate: 2024-10-01
    eol: 2026-10-13
    latest: 10.0.26100
  - releaseCycle: "10-22h2"
    releaseDate: 2022-10-18
    eol: 2025-10-14
    eoes: 2028-10-10
    latest: 10.0.19045
  - releaseCycle: "10-21h2-e-lts"
    lts: true
    releaseDate: 2021-11-16
    eol: 2027-01-12
    latest: 10.0.19044
  - releaseCycle: "10-21h2-w"
    releaseDate: 2021-11-16
    eol: 2023-06-13
    latest: 10.0.19044
---
"#;

const PIXEL: &str = r#"---
permalink: /pixel
releases:
  - releaseCycle: "9"
    releaseLabel: "Pixel 9"
    releaseDate: 2024-08-22
    eol: 2031-08-31
  - releaseCycle: "4a"
    releaseLabel: "Pixel 4a"
    releaseDate: 2020-08-20
    eol: 2027-01-01
  - releaseCycle: "4"
    releaseLabel: "Pixel 4"
    releaseDate: 2019-10-24
    eol: 2022-10-05
---
"#;

const DEBIAN: &str = r#"---
permalink: /debian
releases:
  - releaseCycle: "12"
    codename: Bookworm
    releaseDate: 2023-06-10
    eol: 2026-06-10
    latest: "12.11"
    latestReleaseDate: 2026-06-01
---
"#;

fn day(text: &str) -> Date {
    Date::parse(text, &Iso8601::DATE).unwrap()
}

fn entry(cve: &str, vendor: &str, product: &str, added: &str, due: &str) -> Value {
    json!({
        "cveID": cve, "vendorProject": vendor, "product": product, "vulnerabilityName": product,
        "dateAdded": added, "shortDescription": "", "requiredAction": "", "dueDate": due,
    })
}

fn catalogue(released: &str, entries: &[Value]) -> String {
    let catalogue = json!({
        "catalogVersion": "1", "dateReleased": format!("{released}T10:00:00.5Z"),
        "count": entries.len(), "vulnerabilities": entries,
    });
    catalogue.to_string()
}

/// The products with a catalogue.
fn with(catalogue: &str) -> Result<Feeds, FeedError> {
    let products = [
        ("ios", IOS),
        ("android", ANDROID),
        ("windows", WINDOWS),
        ("pixel", PIXEL),
        ("debian", DEBIAN),
    ];
    let products = products.map(|(id, text)| (format!("endoflife/products/{id}.md"), text));
    let rest = [
        (KEV.to_owned(), catalogue),
        ("endoflife/LICENSE".to_owned(), "not a feed"),
    ];
    Feeds::parse(products.into_iter().chain(rest))
}

fn feeds(entries: &[Value]) -> Feeds {
    with(&catalogue("2026-06-12", entries)).unwrap()
}

fn check(feeds: &Feeds, platform: Platform, os_version: &str, at: &str) -> Finding {
    let installed = Installed {
        platform,
        os_version,
        patch_level: None,
        model: None,
    };
    feeds.verdict(&installed, day(at))
}

fn android(feeds: &Feeds, level: u64, model: Option<&str>, at: &str) -> Finding {
    let installed = Installed {
        platform: Platform::Android,
        os_version: "16",
        patch_level: PatchLevel::from_number(level),
        model,
    };
    feeds.verdict(&installed, day(at))
}

fn codes(finding: &Finding) -> Vec<&'static str> {
    finding
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect()
}

#[test]
fn a_version_behind_has_two_weeks_from_the_fix() {
    let feeds = feeds(&[]);
    for (version, at, verdict) in [
        ("26.3.1", "2026-06-20", Verdict::Current),
        ("iOS 26.3.1", "2026-06-20", Verdict::Current),
        ("26.3", "2026-06-10", Verdict::Grace),
        ("26.3", "2026-06-24", Verdict::Grace),
        ("26.3", "2026-06-25", Verdict::Outdated),
        ("26", "2026-06-24", Verdict::Grace),
        ("18.7", "2026-06-24", Verdict::Unsupported),
        ("27.0", "2026-06-24", Verdict::Outdated),
        ("banana", "2026-06-24", Verdict::Outdated),
    ] {
        let finding = check(&feeds, Platform::Ios, version, at);
        assert_eq!(finding.verdict, verdict, "{version} on {at}: {finding:?}");
    }
    let ahead = check(&feeds, Platform::Ios, "26.4", "2026-06-20");
    assert_eq!(
        (ahead.verdict, codes(&ahead)),
        (Verdict::Current, vec!["ahead"])
    );
    let unknown = check(&feeds, Platform::Ios, "27", "2026-06-20");
    assert_eq!(codes(&unknown), ["os-unknown"]);
}

#[test]
fn an_exploited_vulnerability_ends_grace_when_it_is_due() {
    let feeds = feeds(&[
        entry("CVE-2026-0002", "Apple", "iOS", "2026-06-11", "2026-06-18"),
        entry(
            "CVE-2026-0001",
            "Apple",
            "Multiple Products",
            "2026-06-10",
            "2026-06-20",
        ),
        entry(
            "CVE-2026-0003",
            "Apple",
            "macOS",
            "2026-06-11",
            "2026-06-12",
        ),
        entry("CVE-2026-0004", "Apple", "iOS", "2026-06-30", "2026-07-01"),
        entry(
            "CVE-2026-0005",
            "Apple",
            "iOS and iPadOS",
            "2026-02-01",
            "2026-02-15",
        ),
        entry("CVE-2025-0006", "Apple", "iOS", "2026-01-10", "2026-01-31"),
    ]);
    let open = check(&feeds, Platform::Ios, "26.3", "2026-06-18");
    assert_eq!(open.verdict, Verdict::Grace);
    assert_eq!(open.known_exploited, ["CVE-2026-0002", "CVE-2026-0001"]);
    assert_eq!(codes(&open), ["behind", "kev"]);
    let due = check(&feeds, Platform::Ios, "26.3", "2026-06-19");
    assert_eq!(due.verdict, Verdict::Outdated);
    // What is the newest has the fix of an entry of its own day.
    let newest = check(&feeds, Platform::Ios, "26.3.1", "2026-06-10");
    assert_eq!(
        (newest.verdict, newest.known_exploited),
        (Verdict::Current, vec![])
    );
    // Where versions lie between, an entry from before the newest may be open; one of the very day
    // of the first version is not.
    let older = check(&feeds, Platform::Ios, "26.1", "2026-06-11");
    assert_eq!(older.verdict, Verdict::Outdated);
    assert_eq!(
        older.known_exploited,
        ["CVE-2026-0005", "CVE-2026-0002", "CVE-2026-0001"]
    );
    // The list of products ends on the tenth: the fix of a later entry is not in it.
    let later = check(&feeds, Platform::Ios, "26.3.1", "2026-06-18");
    assert_eq!(later.known_exploited, ["CVE-2026-0002"]);
    assert_eq!(
        (later.verdict, codes(&later)),
        (Verdict::Grace, vec!["kev"])
    );
}

#[test]
fn an_android_phone_goes_by_its_patch_level() {
    let exploited = [
        entry(
            "CVE-2026-0001",
            "Android",
            "Framework",
            "2026-06-02",
            "2026-06-09",
        ),
        entry(
            "CVE-2026-0002",
            "Android",
            "Pixel",
            "2026-06-03",
            "2026-06-05",
        ),
        entry(
            "CVE-2026-0003",
            "Samsung",
            "Mobile Devices",
            "2026-06-03",
            "2026-06-05",
        ),
        entry(
            "CVE-2026-0004",
            "Google",
            "Chromium V8",
            "2026-06-03",
            "2026-06-05",
        ),
        entry(
            "CVE-2026-0005",
            "Android",
            "Kernel",
            "2026-05-20",
            "2026-05-22",
        ),
    ];
    let none = feeds(&[]);
    for (level, at, verdict) in [
        (202_606, "2026-06-30", Verdict::Current),
        (202_605, "2026-06-15", Verdict::Grace),
        (20_260_505, "2026-06-15", Verdict::Grace),
        (202_605, "2026-06-16", Verdict::Outdated),
        (202_512, "2026-06-15", Verdict::Outdated),
        (202_607, "2026-06-30", Verdict::Current),
    ] {
        let finding = android(&none, level, None, at);
        assert_eq!(finding.verdict, verdict, "{level} on {at}: {finding:?}");
        assert_eq!(finding.latest.as_deref(), Some("2026-06"));
    }
    let feeds = feeds(&exploited);
    let phone = android(&feeds, 202_605, None, "2026-06-09");
    assert_eq!(phone.verdict, Verdict::Grace);
    assert_eq!(phone.known_exploited, ["CVE-2026-0001"]);
    let late = android(&feeds, 202_605, None, "2026-06-10");
    assert_eq!(late.verdict, Verdict::Outdated);
    let pixel = android(&feeds, 202_605, Some("Pixel 9"), "2026-06-05");
    assert_eq!(pixel.known_exploited, ["CVE-2026-0002", "CVE-2026-0001"]);
    let samsung = android(&feeds, 202_605, Some("Samsung Galaxy S99"), "2026-06-05");
    assert_eq!(samsung.known_exploited, ["CVE-2026-0003", "CVE-2026-0001"]);
    assert_eq!(codes(&samsung), ["model-unknown", "behind", "kev"]);
    let silent = check(&feeds, Platform::Android, "16", "2026-06-05");
    assert_eq!(silent.verdict, Verdict::Outdated);
    assert_eq!(codes(&silent), ["patch-level-unknown", "kev"]);
}

#[test]
fn a_patch_level_of_the_future_says_nothing() {
    let table = "level,published\n2026-05-05,2026-05-04\n2026-06-05,2026-06-02\n";
    let listed = with_bulletins(table, &[]);
    for feeds in [feeds(&[]), listed] {
        for (level, at, is_told) in [
            (202_606, "2026-06-30", true),
            // Phones may have the next one before it is published.
            (202_607, "2026-06-01", true),
            (202_701, "2026-12-31", true),
            (202_608, "2026-06-30", false),
            (202_702, "2026-12-31", false),
            (203_001, "2026-06-30", false),
        ] {
            let finding = android(&feeds, level, None, at);
            let told = finding
                .reasons
                .iter()
                .all(|reason| reason.code.as_str() != "patch-level-unknown");
            assert_eq!(told, is_told, "{level} on {at}: {finding:?}");
            if !is_told {
                assert_eq!(finding.verdict, Verdict::Outdated, "{level} on {at}");
                let reason = finding.reasons[0].text.as_str();
                assert!(reason.contains("of the future"), "{reason}");
            }
        }
    }
    // Of Windows as well.
    let windows = Installed {
        platform: Platform::Windows,
        os_version: "11-25h2-e",
        patch_level: PatchLevel::from_number(203_001),
        model: None,
    };
    let finding = feeds(&[]).verdict(&windows, day("2026-06-10"));
    assert_eq!(finding.verdict, Verdict::Outdated);
    assert_eq!(codes(&finding), ["patch-level-unknown"]);
}

#[test]
fn reasons_name_the_system() {
    let feeds = feeds(&[]);
    for (platform, version, told) in [
        (
            Platform::Android,
            "12",
            "security support for Android 12 is over",
        ),
        (
            Platform::Android,
            "Android 12",
            "security support for Android 12 is over",
        ),
        (
            Platform::Android,
            "API 31",
            "security support for Android API 31 is over",
        ),
        (
            Platform::Ios,
            "18.6",
            "security support for iOS 18.6 is over",
        ),
        (
            Platform::Ios,
            "26.3",
            "iOS 26.3 is installed; 26.3.1 is of 2026-06-10",
        ),
        (Platform::Ios, "iOS 99", "do not know \"iOS 99\""),
        (Platform::Ios, "99", "do not know iOS \"99\""),
        (Platform::MacOs, "Tahoe", "macOS \"Tahoe\""),
        (Platform::Linux, "debian 1", "do not know \"debian 1\""),
        (Platform::Linux, "1.0", "Linux \"1.0\""),
    ] {
        let finding = check(&feeds, platform, version, "2026-06-14");
        let texts: Vec<&str> = finding.reasons.iter().map(|it| it.text.as_str()).collect();
        assert!(texts.iter().any(|text| text.contains(told)), "{texts:?}");
    }
}

#[test]
fn android_versions_are_found_by_number_name_and_api_level() {
    let feeds = feeds(&[]);
    let until =
        |version: &str| check(&feeds, Platform::Android, version, "2026-06-14").supported_until;
    for version in ["12.1", "API 32", "sdk32", "Android 12.1"] {
        assert_eq!(until(version), Some(day("2026-06-14")), "{version}");
    }
    assert_eq!(until("12"), Some(day("2025-03-03")));
    assert_eq!(until("baklava"), None);
    let last = check(&feeds, Platform::Android, "12.1", "2026-06-14");
    assert_eq!(
        last.verdict,
        Verdict::Outdated,
        "its last day, without a level"
    );
    let past = check(&feeds, Platform::Android, "12.1", "2026-06-15");
    assert_eq!(past.verdict, Verdict::Unsupported);
}

#[test]
fn a_model_past_its_support_is_unsupported() {
    let feeds = feeds(&[]);
    for name in ["Pixel 4", "Google Pixel 4", "pixel-4", "PIXEL4"] {
        let old = android(&feeds, 202_606, Some(name), "2026-06-20");
        assert_eq!(old.verdict, Verdict::Unsupported, "{name}");
        assert_eq!(codes(&old), ["model-eol"]);
        assert_eq!(old.supported_until, Some(day("2022-10-05")));
    }
    for name in ["Pixel 4a", "Pixel 9"] {
        let good = android(&feeds, 202_606, Some(name), "2026-06-20");
        assert_eq!(good.verdict, Verdict::Current, "{name}");
    }
    for name in ["4", "Pixel", "Pixel 44", "Google"] {
        let other = android(&feeds, 202_606, Some(name), "2026-06-20");
        assert_eq!(codes(&other), ["model-unknown"], "{name}");
    }
}

#[test]
fn windows_is_found_by_build_and_by_name() {
    let feeds = feeds(&[]);
    for (version, at, verdict, until) in [
        (
            "10.0.26200.4946",
            "2026-06-20",
            Verdict::Current,
            Some("2027-10-12"),
        ),
        (
            "11 25H2",
            "2026-06-20",
            Verdict::Current,
            Some("2027-10-12"),
        ),
        (
            "Windows 11 25H2 Enterprise",
            "2026-06-20",
            Verdict::Current,
            Some("2028-10-10"),
        ),
        (
            "11-25h2-e",
            "2026-06-20",
            Verdict::Current,
            Some("2028-10-10"),
        ),
        ("11", "2026-06-20", Verdict::Outdated, None),
        ("10", "2026-06-20", Verdict::Unsupported, Some("2025-10-14")),
        (
            "10 22H2",
            "2026-06-20",
            Verdict::Unsupported,
            Some("2025-10-14"),
        ),
        (
            "10.0.19045",
            "2026-06-20",
            Verdict::Unsupported,
            Some("2025-10-14"),
        ),
        (
            "10.0.19044",
            "2026-06-20",
            Verdict::Unsupported,
            Some("2023-06-13"),
        ),
        (
            "10 21H2 LTSC",
            "2026-06-20",
            Verdict::Current,
            Some("2027-01-12"),
        ),
        ("10.0.1", "2026-06-20", Verdict::Outdated, None),
        ("()", "2026-06-20", Verdict::Outdated, None),
    ] {
        let finding = check(&feeds, Platform::Windows, version, at);
        assert_eq!(finding.verdict, verdict, "{version}: {finding:?}");
        assert_eq!(finding.supported_until, until.map(day), "{version}");
    }
}

#[test]
fn windows_patches_come_on_the_second_tuesday() {
    // Of June 2026 that is the 9th.
    let exploited = entry(
        "CVE-2026-0001",
        "Microsoft",
        "Win32k",
        "2026-06-09",
        "2026-06-30",
    );
    let feeds = feeds(&[exploited]);
    let windows = |month: u64, at: &str| {
        let installed = Installed {
            platform: Platform::Windows,
            os_version: "11-25h2-e",
            patch_level: PatchLevel::from_number(month),
            model: None,
        };
        feeds.verdict(&installed, day(at))
    };
    assert_eq!(windows(202_605, "2026-06-08").verdict, Verdict::Current);
    let due = windows(202_605, "2026-06-09");
    assert_eq!(due.verdict, Verdict::Grace);
    assert_eq!(due.known_exploited, ["CVE-2026-0001"]);
    assert_eq!(windows(202_605, "2026-06-24").verdict, Verdict::Outdated);
    assert_eq!(windows(202_606, "2026-06-30").verdict, Verdict::Current);
    // Without the level, all since the release may be open.
    let silent = check(&feeds, Platform::Windows, "11-25h2-e", "2026-07-01");
    assert_eq!(silent.verdict, Verdict::Outdated);
}

#[test]
fn linux_is_known_by_its_distribution_or_not_at_all() {
    let feeds = feeds(&[]);
    for version in ["debian 12.11", "Debian 12.11"] {
        let finding = check(&feeds, Platform::Linux, version, "2026-06-05");
        assert_eq!(finding.verdict, Verdict::Current, "{version}");
    }
    let bookworm = check(&feeds, Platform::Linux, "debian bookworm", "2026-06-05");
    assert_eq!(bookworm.verdict, Verdict::Grace);
    let past = check(&feeds, Platform::Linux, "debian 12.11", "2026-06-11");
    assert_eq!(past.verdict, Verdict::Unsupported);
    for version in ["ubuntu 24.04", "6.12", "debian", "debian 13"] {
        let finding = check(&feeds, Platform::Linux, version, "2026-06-05");
        assert_eq!(finding.verdict, Verdict::Outdated, "{version}");
        assert_eq!(codes(&finding), ["os-unknown"], "{version}");
    }
}

#[test]
fn old_feeds_make_nothing_current() {
    let feeds = feeds(&[]);
    // The newest publication is of the tenth, the catalogue of the twelfth.
    let fresh = check(&feeds, Platform::Ios, "26.3.1", "2026-07-25");
    assert_eq!((fresh.verdict, codes(&fresh)), (Verdict::Current, vec![]));
    let stale = check(&feeds, Platform::Ios, "26.3.1", "2026-07-26");
    assert_eq!(
        (stale.verdict, codes(&stale)),
        (Verdict::Grace, vec!["feed-stale"])
    );
    let both = check(&feeds, Platform::Ios, "26.3.1", "2026-07-28");
    assert_eq!(codes(&both), ["feed-stale", "feed-stale"]);
    let old = with(&catalogue("2025-06-12", &[])).unwrap();
    let told = check(&old, Platform::Ios, "26.3.1", "2026-06-20");
    assert_eq!(
        (told.verdict, codes(&told)),
        (Verdict::Current, vec!["feed-stale"])
    );
    // A later issue is read in its place.
    let later = with(&catalogue("2026-06-19", &[])).unwrap();
    let told = check(&later, Platform::Ios, "26.3.1", "2026-06-20");
    assert_eq!(codes(&told), [""; 0]);
}

/// The products and an empty catalogue with a list of bulletins.
fn with_bulletins(table: &str, entries: &[Value]) -> Feeds {
    let catalogue = catalogue("2026-06-12", entries);
    let files = [
        ("endoflife/products/android.md", ANDROID),
        ("endoflife/products/ios.md", IOS),
        ("endoflife/products/debian.md", DEBIAN),
        (KEV, catalogue.as_str()),
        (BULLETINS, table),
    ];
    Feeds::parse(files).unwrap()
}

#[test]
fn a_phone_goes_by_the_bulletins_that_there_were() {
    // None in May, and June's came late.
    let table = "level,published\n2026-04-05,2026-04-06\n2026-06-01,2026-06-08\n\
        2026-06-05,2026-06-08\n";
    let feeds = with_bulletins(table, &[]);
    for (level, at, verdict) in [
        (202_604, "2026-06-07", Verdict::Current),
        (202_604, "2026-06-08", Verdict::Grace),
        (202_604, "2026-06-22", Verdict::Grace),
        (202_604, "2026-06-23", Verdict::Outdated),
        (202_605, "2026-06-23", Verdict::Outdated),
        (202_603, "2026-06-07", Verdict::Outdated),
        (20_260_601, "2026-07-20", Verdict::Current),
        (202_607, "2026-07-20", Verdict::Current),
    ] {
        let finding = android(&feeds, level, None, at);
        assert_eq!(finding.verdict, verdict, "{level} on {at}: {finding:?}");
    }
    let behind = android(&feeds, 202_604, None, "2026-06-10");
    assert_eq!(behind.latest.as_deref(), Some("2026-06"));
    assert!(
        behind.reasons[0]
            .text
            .contains("was published on 2026-06-08")
    );
    let listed = Listed {
        lacks: true,
        term: Some(day("2026-06-22")),
    };
    assert_eq!((behind.is_stale, behind.listed), (false, listed));
    assert_eq!(android(&feeds, 202_603, None, "2026-04-05").latest, None);
    // What is exploited since counts from the bulletin that lacks, and not without one.
    let exploited = entry(
        "CVE-2026-0001",
        "Android",
        "Framework",
        "2026-06-09",
        "2026-06-11",
    );
    let feeds = with_bulletins(table, &[exploited]);
    let late = android(&feeds, 202_604, None, "2026-06-12");
    assert_eq!(late.known_exploited, ["CVE-2026-0001"]);
    assert_eq!(late.listed.term, Some(day("2026-06-11")));
    let newest = android(&feeds, 202_606, None, "2026-06-12");
    assert_eq!((newest.verdict, codes(&newest)), (Verdict::Current, vec![]));
}

#[test]
fn without_bulletins_the_calendar_is_assumed_and_said_to_be() {
    let none = feeds(&[]);
    let behind = android(&none, 202_605, None, "2026-06-20");
    let text = &behind.reasons[0].text;
    assert!(text.contains("is assumed, by the calendar alone"), "{text}");
    assert_eq!(behind.listed, Listed::default());
}

#[test]
fn of_stale_lists_only_what_stands_in_them_is_listed() {
    let exploited = entry("CVE-2026-0001", "Apple", "iOS", "2026-06-12", "2026-06-30");
    let feeds = feeds(&[exploited]);
    let at = "2026-08-01";
    let behind = check(&feeds, Platform::Ios, "26.3", at);
    assert!(behind.is_stale);
    let listed = |term: &str| Listed {
        lacks: true,
        term: Some(day(term)),
    };
    assert_eq!(behind.listed, listed("2026-06-24"));
    // Nobody knows whether these have what was exploited.
    for version in ["26.3.1", "26.4"] {
        let newest = check(&feeds, Platform::Ios, version, at);
        assert_eq!(newest.known_exploited, ["CVE-2026-0001"], "{version}");
        assert!(newest.is_stale);
        assert_eq!(newest.listed, Listed::default(), "{version}");
    }
    let assumed = android(&feeds, 202_605, None, at);
    assert!(assumed.is_stale);
    assert_eq!(assumed.listed, Listed::default());

    let table = "level,published\n2026-06-05,2026-06-01\n";
    let old = with_bulletins(table, &[]);
    let lacking = android(&old, 202_605, None, at);
    assert_eq!(lacking.listed, listed("2026-06-15"));
    // The list of products is stale before that of bulletins, which has its own measure.
    for (at, times) in [("2026-08-15", 1), ("2026-08-16", 2)] {
        let newest = android(&old, 202_606, None, at);
        assert_eq!(newest.verdict, Verdict::Grace, "{at}");
        assert_eq!(codes(&newest)[..times], ["feed-stale"; 2][..times], "{at}");
        let bulletins = newest
            .reasons
            .iter()
            .filter(|it| it.text.contains("bulletins"));
        assert_eq!(bulletins.count(), times - 1, "{at}");
    }
}

#[test]
fn feeds_are_read_whole_or_refused_with_the_place() {
    let good = catalogue("2026-06-12", &[]);
    let refused = |ios: &str, catalogue: &str| {
        let files = [("endoflife/products/ios.md", ios), (KEV, catalogue)];
        Feeds::parse(files).unwrap_err().to_string()
    };
    for (wrong, with, named) in [
        ("2026-06-10", "2026-06-31", "line 10"),
        ("eol: false", "eol: soon", "line 8"),
        ("eol: true", "eol: [1]", "line 14"),
        ("releaseDate: 2025-01-10", "releaseDate: yes", "line 13"),
        ("releaseDate: 2025-01-10", "other: 1", "releaseDate"),
        ("permalink: /ios", "permalink: /", "permalink"),
        ("permalink: /ios", "title: x", "title"),
        ("---\ntitle", "title", "line 1"),
        ("\n---\nText", "\nText", "line 1"),
        ("link: null", "link: \"", "line"),
    ] {
        let text = IOS.replacen(wrong, with, 1);
        assert_ne!(text, IOS);
        let reason = refused(&text, &good);
        assert!(
            reason.starts_with("endoflife/products/ios.md: "),
            "{reason}"
        );
        assert!(reason.contains(named), "{with}: {reason}");
        assert!(!reason.contains('\n'), "{reason}");
    }
    let entry = |cve, added| entry(cve, "Apple", "iOS", added, "2026-06-20");
    for (catalogue, named) in [
        (String::new(), "line 1"),
        ("{}".to_owned(), "dateReleased"),
        (good.replace("\"count\":0", "\"count\":1"), "count"),
        (good.replace("T10", " "), "dateReleased"),
        (
            catalogue("2026-06-12", &[entry("CVE-1", "2026-06-01")]),
            "CVE-1",
        ),
        (
            catalogue("2026-06-12", &[entry("CVE-2026-0001", "June")]),
            "June",
        ),
    ] {
        let reason = refused(IOS, &catalogue);
        assert!(reason.starts_with(KEV), "{reason}");
        assert!(reason.contains(named), "{reason}");
    }
    let torn = [
        ("endoflife/products/ios.md", IOS),
        (KEV, good.as_str()),
        (BULLETINS, "level,published\n2026-06-05,2026-0"),
    ];
    let torn = Feeds::parse(torn).unwrap_err().to_string();
    assert!(
        torn.starts_with("android/bulletins.csv: line 2: published"),
        "{torn}"
    );
    let twice = [
        ("endoflife/products/a.md", IOS),
        ("endoflife/products/b.md", IOS),
    ];
    let twice = Feeds::parse(twice).unwrap_err();
    assert!(matches!(twice, FeedError::Twice { .. }));
    let alone = Feeds::parse([("endoflife/products/ios.md", IOS)]).unwrap_err();
    assert_eq!(alone, FeedError::Missing(KEV.to_owned()));
    let elsewhere = [("endoflife/products/old/ios.md", IOS), (KEV, good.as_str())];
    assert!(matches!(
        Feeds::parse(elsewhere).unwrap_err(),
        FeedError::Missing(_)
    ));
}

proptest! {
    #[test]
    fn time_never_makes_a_device_better(
        version in prop::sample::select(vec!["26", "26.1", "26.3", "26.3.1", "26.4", "18.7"]),
        days in 0..400_i64,
    ) {
        let feeds = feeds(&[entry("CVE-2026-0001", "Apple", "iOS", "2026-06-11", "2026-06-18")]);
        let at = day("2026-06-10") + time::Duration::days(days);
        let on = |at: Date| check(&feeds, Platform::Ios, version, &at.to_string()).verdict;
        prop_assert!(on(at) <= on(at + time::Duration::DAY));
    }

    #[test]
    fn any_version_model_and_day_has_a_verdict(
        version in ".{0,20}|(Windows )?1[01] ?[a-z0-9 .-]{0,12}",
        model in ".{0,20}",
        day in -100_000..100_000_i64,
        level in proptest::option::of(100_000..999_999_u64),
    ) {
        let feeds = feeds(&[entry("CVE-2026-0001", "Linux", "Kernel", "2026-06-11", "2026-06-18")]);
        let at = Date::MIN.saturating_add(time::Duration::days(3_000_000 + day));
        for platform in [Platform::Android, Platform::Ios, Platform::MacOs, Platform::Windows, Platform::Linux] {
            let installed = Installed {
                platform,
                os_version: &version,
                patch_level: level.and_then(PatchLevel::from_number),
                model: Some(&model),
            };
            let finding = feeds.verdict(&installed, at);
            prop_assert!(finding.verdict == Verdict::Current || !finding.reasons.is_empty());
        }
    }
}
