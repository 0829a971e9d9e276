//! How devices stand by their programs' rules, as their owners would live through it.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use proptest::prelude::*;
use wardline_model::wire::posture::{
    Assessment, Fact, FactName, FactValue, Outcome, Provenance, Standing,
};
use wardline_model::wire::programs::{Attestation, Check, Program, Rule, Unknown};
use wardline_posture::patch::Feeds;
use wardline_programs::assess::{Disowned, Told};
use wardline_programs::{Device, Judge, Terms, assess};

/// 1 September 2026, noon.
const NOW: u64 = 1_788_264_000_000;
const DAY: u64 = 24 * 60 * 60 * 1000;

fn baseline(slug: &str) -> Program {
    let mut all = Terms::baseline().into_iter();
    let terms = all.find(|terms| terms.slug == slug).unwrap();
    terms.into_inner()
}

/// The issued program with one rule.
fn only(check: Check, accept: &[Provenance], grace_days: u32, unknown: Unknown) -> Terms {
    let mut program = baseline("issued");
    program.rules = vec![Rule {
        id: "rule".to_owned(),
        check,
        accept: accept.to_vec(),
        platforms: Vec::new(),
        max_age_days: Some(30),
        grace_days,
        unknown,
    }];
    Terms::new(program).unwrap()
}

fn fact(name: FactName, value: impl Into<FactValue>, provenance: Provenance, at: u64) -> Fact {
    Fact {
        name,
        value: value.into(),
        provenance,
        observed_at: at,
        evidence: "a test".to_owned(),
    }
}

fn look(terms: &Terms, facts: &[Fact], before: Option<&Assessment>, now: u64) -> Assessment {
    look_by(terms, facts, before, None, now)
}

fn look_by(
    terms: &Terms,
    facts: &[Fact],
    before: Option<&Assessment>,
    feeds: Option<&Feeds>,
    now: u64,
) -> Assessment {
    let device = Device {
        facts,
        enrolled_at: NOW - 100 * DAY,
        seen_at: Some(now),
        before,
        told: None,
        disowned: None,
    };
    assess(terms, &device, &mut Judge::new(feeds), now)
}

fn feeds() -> Feeds {
    let android = "---\npermalink: /android\nreleases:\n\
        -   releaseCycle: \"16\"\n    releaseDate: 2025-06-10\n    eol: false\n\
        -   releaseCycle: \"12\"\n    releaseDate: 2021-10-04\n    eol: 2025-03-31\n---\n";
    let ios = "---\npermalink: /ios\nreleases:\n\
        -   releaseCycle: \"26\"\n    releaseDate: 2025-09-15\n    eol: false\n    \
        latest: \"26.6\"\n    latestReleaseDate: 2026-08-25\n---\n";
    let kev = r#"{"title":"k","catalogVersion":"2026.08.31","dateReleased":"2026-08-31T00:00:00Z","count":0,"vulnerabilities":[]}"#;
    Feeds::parse([
        ("endoflife/products/android.md", android),
        ("endoflife/products/ios.md", ios),
        ("kev/known_exploited_vulnerabilities.json", kev),
    ])
    .unwrap()
}

#[test]
fn the_word_of_whom_a_rule_accepts_counts_and_no_other() {
    let terms = only(
        Check::StorageEncrypted,
        &[Provenance::Managed],
        7,
        Unknown::Count,
    );
    let claimed = [fact(
        FactName::StorageEncrypted,
        true,
        Provenance::Claimed,
        NOW,
    )];
    let stands = look(&terms, &claimed, None, NOW);
    assert_eq!(stands.standing, Standing::Grace);
    assert_eq!(stands.findings[0].outcome, Outcome::Unknown);
    assert_eq!(
        stands.findings[0].reason,
        "Only the device itself tells of encryption of what is stored; the program takes the word \
         of a device manager."
    );
    let managed = [fact(
        FactName::StorageEncrypted,
        true,
        Provenance::Managed,
        NOW,
    )];
    assert_eq!(
        look(&terms, &managed, None, NOW).standing,
        Standing::Compliant
    );
}

#[test]
fn what_speaks_against_a_device_is_believed_of_anyone_who_could_know() {
    let terms = only(
        Check::StorageEncrypted,
        &[Provenance::Attested, Provenance::Managed],
        0,
        Unknown::Allow,
    );
    let attested = fact(
        FactName::StorageEncrypted,
        true,
        Provenance::Attested,
        NOW - DAY,
    );
    let agent = fact(FactName::StorageEncrypted, false, Provenance::Agent, NOW);
    let claim = fact(FactName::StorageEncrypted, false, Provenance::Claimed, NOW);
    let stands = |facts: &[Fact]| look(&terms, facts, None, NOW).standing;
    assert_eq!(
        stands(&[attested.clone(), agent.clone()]),
        Standing::Quarantined
    );
    // A browser that says less than hardware proved is a browser out of habit.
    assert_eq!(stands(&[attested.clone(), claim]), Standing::Compliant);
    // What was so before is mended.
    let before = Fact {
        observed_at: NOW - 2 * DAY,
        ..agent
    };
    assert_eq!(stands(&[attested, before]), Standing::Compliant);
}

#[test]
fn a_fact_that_is_too_old_is_no_longer_one() {
    let terms = only(Check::Managed, &[Provenance::Managed], 7, Unknown::Count);
    let facts = [fact(
        FactName::Managed,
        true,
        Provenance::Managed,
        NOW - 31 * DAY,
    )];
    let stands = look(&terms, &facts, None, NOW);
    assert_eq!(stands.standing, Standing::Grace);
    assert_eq!(
        stands.findings[0].reason,
        "What is known of device management is too old to count."
    );
}

#[test]
fn what_nobody_tells_of_any_device_shuts_nobody_out() {
    let terms = only(Check::Managed, &[Provenance::Managed], 0, Unknown::Count);
    let stands = |told: &Told| {
        let device = Device {
            facts: &[],
            enrolled_at: NOW,
            seen_at: None,
            before: None,
            told: Some(told),
            disowned: None,
        };
        assess(&terms, &device, &mut Judge::new(None), NOW)
    };
    // No device manager is connected: whoever could connect it must still get in.
    let without = stands(&Told::new());
    assert_eq!(without.standing, Standing::Compliant);
    assert!(
        without.findings[0]
            .reason
            .ends_with("so it does not count.")
    );
    let claims = stands(&Told::from([(FactName::Managed, Provenance::Claimed)]));
    assert_eq!(claims.standing, Standing::Compliant);
    // It manages one, so it could manage this one.
    let with = stands(&Told::from([(FactName::Managed, Provenance::Managed)]));
    assert_eq!(with.standing, Standing::Quarantined);
}

#[test]
fn grace_runs_from_the_first_look_and_ends_in_quarantine_and_mending_ends_both() {
    let terms = only(Check::Firewall, &[Provenance::Agent], 7, Unknown::Allow);
    let off = |at| [fact(FactName::Firewall, false, Provenance::Agent, at)];
    let first = look(&terms, &off(NOW), None, NOW);
    assert_eq!(first.standing, Standing::Grace);
    assert_eq!(first.deadline, Some(NOW + 7 * DAY));
    // Looked at again and again, with newer words: the time does not begin anew.
    let later = look(&terms, &off(NOW + 3 * DAY), Some(&first), NOW + 3 * DAY);
    assert_eq!(later.deadline, first.deadline);
    let over = look(&terms, &off(NOW + 3 * DAY), Some(&later), NOW + 7 * DAY);
    assert_eq!(over.standing, Standing::Quarantined);
    assert!(over.findings[0].step.is_some());
    let on = [fact(
        FactName::Firewall,
        true,
        Provenance::Agent,
        NOW + 8 * DAY,
    )];
    let mended = look(&terms, &on, Some(&over), NOW + 8 * DAY);
    assert_eq!(mended.standing, Standing::Compliant);
    assert_eq!(mended.findings[0].since, None);
    // Broken again after as many days as there are of grace, all of it is there again.
    let again = look(&terms, &off(NOW + 15 * DAY), Some(&mended), NOW + 15 * DAY);
    assert_eq!(again.deadline, Some(NOW + 22 * DAY));
}

#[test]
fn a_deadline_that_was_seen_to_pass_has_passed_for_a_clock_that_is_behind() {
    for grace in [0, 7] {
        let accept = [Provenance::Managed];
        let terms = only(Check::StorageEncrypted, &accept, grace, Unknown::Count);
        let plain = [fact(
            FactName::StorageEncrypted,
            false,
            Provenance::Managed,
            NOW,
        )];
        let first = look(&terms, &plain, None, NOW);
        let end = NOW + u64::from(grace) * DAY;
        let ahead = look(&terms, &plain, Some(&first), end);
        assert_eq!(ahead.standing, Standing::Quarantined);
        let behind = look(&terms, &plain, Some(&ahead), end - 1);
        assert_eq!(behind.standing, Standing::Quarantined, "{grace} days");
        // A hospital that gives more time gives it to this device, too.
        let longer = only(Check::StorageEncrypted, &accept, grace + 1, Unknown::Count);
        let behind = look(&longer, &plain, Some(&ahead), end - 1);
        assert_eq!(behind.standing, Standing::Grace);
    }
}

#[test]
fn mending_for_a_moment_does_not_begin_grace_anew_and_mending_in_time_does() {
    let terms = only(Check::Firewall, &[Provenance::Agent], 7, Unknown::Allow);
    let told = |on: bool, at| [fact(FactName::Firewall, on, Provenance::Agent, at)];
    let after = |steps: &[(bool, u64)]| {
        let mut stands = None;
        for (on, at) in steps {
            stands = Some(look(&terms, &told(*on, *at), stands.as_ref(), *at));
        }
        stands.unwrap()
    };
    // Six days off, an hour on, off again: a day is left, and the hour that came back.
    let hour = DAY / 24;
    let (on, off) = (NOW + 6 * DAY, NOW + 6 * DAY + hour);
    let flaps = [(false, NOW), (true, on), (false, off)];
    assert_eq!(after(&flaps).deadline, Some(off + DAY + hour));
    let more = [
        flaps.as_slice(),
        &[(true, off + DAY), (false, off + DAY + 1)],
    ]
    .concat();
    assert_eq!(after(&more).deadline, Some(off + DAY + hour + 2));
    // Nobody telling of it in between neither gives grace back faster nor forgets what was used.
    let silent = look(&terms, &[], Some(&after(&flaps[..2])), on + hour / 2);
    let broken = look(&terms, &told(false, off), Some(&silent), off);
    assert_eq!(broken.deadline, Some(off + DAY + hour));
    // Two days off, five on, week after week: the whole grace each time.
    let week = |n: u64| NOW + n * 7 * DAY;
    let diligent: Vec<(bool, u64)> = (0..4)
        .flat_map(|n| [(false, week(n)), (true, week(n) + 2 * DAY)])
        .chain([(false, week(4))])
        .collect();
    assert_eq!(after(&diligent).deadline, Some(week(4) + 7 * DAY));
}

#[test]
fn who_installs_updates_week_by_week_is_never_late() {
    let terms = only(
        Check::UpdatesInstalled,
        &[Provenance::Agent],
        14,
        Unknown::Allow,
    );
    let pending = |count: u64, at| [fact(FactName::PendingUpdates, count, Provenance::Agent, at)];
    let mut stands = None;
    for week in 0..10 {
        let monday = NOW + week * 7 * DAY;
        let due = look(&terms, &pending(3, monday), stands.as_ref(), monday);
        assert_eq!(due.deadline, Some(monday + 14 * DAY), "week {week}");
        let sunday = monday + 6 * DAY;
        stands = Some(look(&terms, &pending(0, sunday), Some(&due), sunday));
    }
}

#[test]
fn an_unlocked_bootloader_shuts_a_phone_out_at_once_and_says_how_to_mend_it() {
    let terms = Terms::new(baseline("byod")).unwrap();
    let facts = [
        fact(FactName::Platform, "android", Provenance::Attested, NOW),
        fact(FactName::BootloaderLocked, false, Provenance::Attested, NOW),
        fact(
            FactName::VerifiedBoot,
            "unverified",
            Provenance::Attested,
            NOW,
        ),
    ];
    let stands = look(&terms, &facts, None, NOW);
    assert_eq!(stands.standing, Standing::Quarantined);
    let worst = &stands.findings[0];
    assert_eq!(worst.rule, "verified_boot");
    assert_eq!(
        worst.reason,
        "The bootloader is unlocked, so any system could have been started."
    );
    assert!(worst.step.as_ref().unwrap().contains("lock the bootloader"));
}

#[test]
fn a_phone_in_a_browser_meets_the_terms_for_own_phones() {
    let terms = Terms::new(baseline("byod")).unwrap();
    let facts = [
        fact(FactName::Platform, "android", Provenance::Claimed, NOW),
        fact(FactName::OsVersion, "16", Provenance::Claimed, NOW),
        fact(FactName::Model, "Pixel 9", Provenance::Claimed, NOW),
    ];
    let feeds = feeds();
    let stands = look_by(&terms, &facts, None, Some(&feeds), NOW);
    assert_eq!(stands.standing, Standing::Compliant, "{stands:#?}");
    // A browser does not tell the patch level; that is said, and not held against the phone.
    let patched = stands
        .findings
        .iter()
        .find(|f| f.rule == "patched")
        .unwrap();
    assert_eq!(patched.outcome, Outcome::Unknown);
    assert!(patched.reason.contains("patch level"), "{}", patched.reason);
}

#[test]
fn a_system_that_is_no_longer_maintained_is_told_so() {
    let terms = Terms::new(baseline("byod")).unwrap();
    let facts = [
        fact(FactName::Platform, "android", Provenance::Claimed, NOW),
        fact(FactName::OsVersion, "12", Provenance::Claimed, NOW),
    ];
    let feeds = feeds();
    let stands = look_by(&terms, &facts, None, Some(&feeds), NOW);
    assert_eq!(stands.standing, Standing::Quarantined);
    let patched = stands
        .findings
        .iter()
        .find(|f| f.rule == "patched")
        .unwrap();
    assert!(
        patched
            .reason
            .contains("ecurity support for Android 12 is over since 2025-03-31"),
        "{}",
        patched.reason
    );
}

#[test]
fn patches_have_the_terms_of_the_feeds() {
    let terms = only(Check::Patched, &[Provenance::Managed], 14, Unknown::Allow);
    let iphone = |version: &str| {
        [
            fact(FactName::Platform, "ios", Provenance::Managed, NOW),
            fact(FactName::OsVersion, version, Provenance::Managed, NOW),
        ]
    };
    let feeds = feeds();
    let current = look_by(&terms, &iphone("26.6"), None, Some(&feeds), NOW);
    assert_eq!(current.standing, Standing::Compliant);
    let behind = look_by(&terms, &iphone("26.5"), None, Some(&feeds), NOW);
    assert_eq!(behind.standing, Standing::Grace);
    // Fourteen days from 25 August, that day's end included: 9 September.
    let deadline = behind.deadline.unwrap();
    assert_eq!((deadline - NOW) / DAY, 7);
    assert!(behind.findings[0].reason.contains("26.6"));
    let late = look_by(
        &terms,
        &iphone("26.5"),
        Some(&behind),
        Some(&feeds),
        deadline,
    );
    assert_eq!(late.standing, Standing::Quarantined);
    // Shorter terms are the program's to set.
    let strict = only(Check::Patched, &[Provenance::Managed], 3, Unknown::Allow);
    let strict = look_by(&strict, &iphone("26.5"), None, Some(&feeds), NOW);
    assert_eq!(strict.standing, Standing::Quarantined);
}

#[test]
fn a_distribution_that_is_maintained_is_patched_by_its_own_lists() {
    let terms = only(Check::Patched, &[Provenance::Agent], 14, Unknown::Count);
    let desk = |version: &str| {
        [
            fact(FactName::Platform, "linux", Provenance::Agent, NOW),
            fact(FactName::OsVersion, version, Provenance::Agent, NOW),
        ]
    };
    let debian = "---\npermalink: /debian\nreleases:\n\
        -   releaseCycle: \"13\"\n    releaseDate: 2025-08-09\n    eol: 2028-08-09\n    \
        latest: \"13.4\"\n    latestReleaseDate: 2026-05-02\n\
        -   releaseCycle: \"11\"\n    releaseDate: 2021-08-14\n    eol: 2024-08-14\n---\n";
    // A kernel's vulnerability says nothing of a kernel that the distribution mends under the same
    // version.
    let kev = r#"{"title":"k","catalogVersion":"1","dateReleased":"2026-08-31T00:00:00Z","count":1,
        "vulnerabilities":[{"cveID":"CVE-2026-0001","vendorProject":"Linux","product":"Kernel",
        "vulnerabilityName":"n","dateAdded":"2026-02-01","shortDescription":"d",
        "requiredAction":"a","dueDate":"2026-02-22","knownRansomwareCampaignUse":"Unknown",
        "notes":"","cwes":[]}]}"#;
    let feeds = Feeds::parse([
        ("endoflife/products/debian.md", debian),
        ("kev/known_exploited_vulnerabilities.json", kev),
    ])
    .unwrap();
    let stands = look_by(&terms, &desk("debian 13"), None, Some(&feeds), NOW);
    assert_eq!(stands.findings[0].outcome, Outcome::Met, "{stands:#?}");
    let stands = look_by(&terms, &desk("debian 11"), None, Some(&feeds), NOW);
    assert_eq!(stands.standing, Standing::Quarantined);
}

#[test]
fn old_feeds_are_said_and_never_held_against_a_device() {
    let terms = only(Check::Patched, &[Provenance::Managed], 14, Unknown::Count);
    let facts = [
        fact(
            FactName::Platform,
            "ios",
            Provenance::Managed,
            NOW + 100 * DAY,
        ),
        fact(
            FactName::OsVersion,
            "26.6",
            Provenance::Managed,
            NOW + 100 * DAY,
        ),
    ];
    let feeds = feeds();
    let stands = look_by(&terms, &facts, None, Some(&feeds), NOW + 100 * DAY);
    assert_eq!(stands.findings[0].outcome, Outcome::Unknown);
    assert!(
        stands.findings[0].reason.contains("days old"),
        "{}",
        stands.findings[0].reason
    );
    assert_eq!(stands.standing, Standing::Compliant);
    // Neither is that there are none yet.
    let without = look_by(&terms, &facts, None, None, NOW + 100 * DAY);
    assert_eq!(without.findings[0].outcome, Outcome::Unknown);
    assert_eq!(without.standing, Standing::Compliant);
}

#[test]
fn of_old_feeds_what_stands_in_them_counts_and_what_the_calendar_assumes_does_not() {
    let terms = only(Check::Patched, &[Provenance::Managed], 14, Unknown::Count);
    let feeds = feeds();
    let old = NOW + 60 * DAY;
    let on = |platform: &str, version: &str, level: &str, at: u64| {
        let told = |name, value: &str| fact(name, value, Provenance::Managed, at);
        [
            told(FactName::Platform, platform),
            told(FactName::OsVersion, version),
            told(FactName::PatchLevel, level),
        ]
    };
    let stands = |facts: &[Fact], before: Option<&Assessment>, at: u64| {
        look_by(&terms, facts, before, Some(&feeds), at)
    };
    let behind = stands(&on("ios", "26.5", "", old), None, old);
    assert_eq!(behind.standing, Standing::Quarantined);
    assert!(behind.findings[0].reason.contains("26.6 is of 2026-08-25"));
    // What the lists have at their newest is as good as can be told.
    for version in ["26.6", "26.7"] {
        let mended = stands(&on("ios", version, "", old), Some(&behind), old);
        assert_eq!(mended.findings[0].outcome, Outcome::Unknown, "{version}");
        assert_eq!(mended.standing, Standing::Compliant, "{version}");
    }

    let august = on("android", "16", "2026-08", old);
    let assumed = stands(&august, None, old);
    assert_eq!(assumed.standing, Standing::Compliant);
    let reason = &assumed.findings[0].reason;
    assert!(
        reason.starts_with("The hospital's lists are too old"),
        "{reason}"
    );
    // What was found before the lists were old stays, until the phone has what it lacked.
    let found = stands(&on("android", "16", "2026-08", NOW), None, NOW);
    assert_eq!(found.standing, Standing::Grace);
    let late = stands(&august, Some(&found), old);
    assert_eq!(late.standing, Standing::Quarantined);
    assert_eq!(late.findings[0].deadline, found.findings[0].deadline);
    let patched = stands(&on("android", "16", "2026-09", old), Some(&late), old);
    assert_eq!(patched.standing, Standing::Compliant);
    // Not to tell the level is the phone's own matter.
    let silent = stands(&august[..2], None, old);
    assert_eq!(silent.standing, Standing::Grace);
}

#[test]
fn a_phone_in_a_drawer_is_missed_after_its_days_and_shut_out_after_its_grace() {
    let mut program = baseline("issued");
    program.rules.retain(|rule| rule.id == "seen");
    let terms = Terms::new(program).unwrap();
    let stands = |days: u64| {
        let device = Device {
            facts: &[],
            enrolled_at: NOW - 100 * DAY,
            seen_at: Some(NOW - days * DAY),
            before: None,
            told: None,
            disowned: None,
        };
        assess(&terms, &device, &mut Judge::new(None), NOW)
    };
    assert_eq!(stands(29).standing, Standing::Compliant);
    assert_eq!(stands(31).standing, Standing::Grace);
    assert_eq!(stands(31).deadline, Some(NOW + 13 * DAY));
    assert_eq!(stands(45).standing, Standing::Quarantined);
}

#[test]
fn a_rule_for_one_platform_leaves_the_others_alone() {
    let terms = Terms::new(baseline("byod")).unwrap();
    let facts = [fact(FactName::Platform, "ios", Provenance::Claimed, NOW)];
    let stands = look(&terms, &facts, None, NOW);
    assert!(stands.findings.iter().all(|f| f.rule != "verified_boot"));
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let names = [
        FactName::StorageEncrypted,
        FactName::Managed,
        FactName::Rooted,
        FactName::BootloaderLocked,
    ];
    let provenances = [
        Provenance::Claimed,
        Provenance::Agent,
        Provenance::Managed,
        Provenance::Attested,
    ];
    let one = (
        prop::sample::select(names.to_vec()),
        any::<bool>(),
        prop::sample::select(provenances.to_vec()),
        0..60 * DAY,
    );
    prop::collection::vec(one, 0..12).prop_map(|all| {
        all.into_iter()
            .map(|(name, value, provenance, age)| fact(name, value, provenance, NOW - age))
            .collect()
    })
}

proptest! {
    /// A claim alone never makes an issued phone better.
    #[test]
    fn claims_make_no_managed_phone_better(facts in facts()) {
        let terms = Terms::new(baseline("issued")).unwrap();
        let proven: Vec<Fact> = facts
            .iter()
            .filter(|fact| fact.provenance > Provenance::Claimed)
            .cloned()
            .collect();
        let with = look(&terms, &facts, None, NOW);
        let without = look(&terms, &proven, None, NOW);
        prop_assert!(with.standing >= without.standing);
    }

    /// The device stands as its worst finding does, and what counts against it says what to do.
    #[test]
    fn a_device_stands_as_its_worst_finding(facts in facts()) {
        for terms in Terms::baseline() {
            let stands = look(&terms, &facts, None, NOW);
            let worst = stands.findings.iter().map(|f| f.standing).max();
            prop_assert_eq!(worst.unwrap_or(Standing::Compliant), stands.standing);
            for finding in &stands.findings {
                let counts = finding.standing > Standing::Compliant;
                prop_assert_eq!(counts, finding.step.is_some());
                prop_assert_eq!(counts, finding.deadline.is_some());
                prop_assert!(finding.reason.ends_with('.'), "{}", finding.reason);
            }
        }
    }

    /// Looking again at once changes nothing.
    #[test]
    fn a_second_look_sees_the_same(facts in facts()) {
        for terms in Terms::baseline() {
            let first = look(&terms, &facts, None, NOW);
            prop_assert_eq!(&look(&terms, &facts, Some(&first), NOW), &first);
        }
    }
}

#[test]
fn a_device_of_another_platform_does_not_belong_into_its_program() {
    let mut program = baseline("issued");
    program.platforms = vec!["ios".to_owned(), "ipados".to_owned()];
    program.rules.clear();
    let terms = Terms::new(program).unwrap();
    let on = |platform: &str, provenance| [fact(FactName::Platform, platform, provenance, NOW)];
    let known = on("android", Provenance::Managed);
    let first = look(&terms, &known, None, NOW);
    assert_eq!(first.standing, Standing::Quarantined);
    assert_eq!(
        first.findings[0].reason,
        "The program takes iOS, iPadOS, and this device runs Android."
    );
    assert!(first.findings[0].step.is_some());
    let later = look(&terms, &known, Some(&first), NOW + DAY);
    assert_eq!(
        later.findings[0].since,
        Some(NOW),
        "it counts from when it was found"
    );

    // A browser may be wrong about itself.
    let claimed = look(&terms, &on("macos", Provenance::Claimed), None, NOW);
    assert_eq!(claimed.standing, Standing::Compliant);
    assert_eq!(claimed.findings[0].outcome, Outcome::Unknown);
    let fits = look(
        &terms,
        &on("ipados", Provenance::Managed),
        Some(&first),
        NOW,
    );
    assert!(fits.findings.is_empty());
    let anything = Terms::new(baseline("issued")).unwrap();
    let no_matter = look(&anything, &known, None, NOW);
    assert!(
        no_matter
            .findings
            .iter()
            .all(|finding| finding.rule != "platform")
    );
}

const EVERYBODY: [Provenance; 4] = [
    Provenance::Claimed,
    Provenance::Agent,
    Provenance::Managed,
    Provenance::Attested,
];

fn floor(version: &str) -> Check {
    Check::OsFloor {
        floors: [("android".to_owned(), version.to_owned())].into(),
    }
}

fn android(version: &str, provenance: Provenance, at: u64) -> Vec<Fact> {
    vec![
        fact(FactName::Platform, "android", provenance, at),
        fact(FactName::OsVersion, version, provenance, at),
    ]
}

#[test]
fn an_update_counts_although_hardware_proved_the_version_before_it() {
    let mut program = baseline("byod");
    program.rules.retain(|rule| rule.id == "os_supported");
    program.rules[0].check = floor("14");
    let own = Terms::new(program).unwrap();
    let proven = android("13", Provenance::Attested, NOW - 100 * DAY);
    let before = look(&own, &proven, None, NOW);
    assert_eq!(before.standing, Standing::Grace);
    assert_eq!(
        before.findings[0].step.as_deref(),
        Some(
            "Settings → System → Software updates: install the update and restart. Then have the app \
             prove the device's hardware again: what it proved is from before the update."
        )
    );
    for (told, provenance) in [("16", Provenance::Claimed), ("16.1.2", Provenance::Managed)] {
        let mut facts = proven.clone();
        facts.extend(android(told, provenance, NOW));
        let updated = look(&own, &facts, Some(&before), NOW + DAY);
        assert_eq!(updated.standing, Standing::Compliant, "{provenance:?}");
        assert_eq!(updated.findings[0].provenance, Some(provenance));
    }

    // What was so before hardware proved it, or is no later version, lifts nothing.
    for (told, at) in [
        ("16", NOW - 101 * DAY),
        ("13", NOW),
        ("12", NOW),
        ("?", NOW),
    ] {
        let mut facts = proven.clone();
        facts.extend(android(told, Provenance::Claimed, at));
        let stands = look(&own, &facts, None, NOW);
        assert_eq!(stands.standing, Standing::Grace, "{told}");
    }
    // A browser that shows an old version out of habit takes nothing away.
    let mut facts = android("16", Provenance::Attested, NOW - DAY);
    facts.extend(android("10", Provenance::Claimed, NOW));
    assert_eq!(look(&own, &facts, None, NOW).standing, Standing::Compliant);

    // Where nobody else's word is taken, hardware proves it again.
    let strict = only(floor("14"), &[Provenance::Attested], 7, Unknown::Allow);
    let mut facts = android("13", Provenance::Attested, NOW - DAY);
    facts.extend(android("16", Provenance::Managed, NOW));
    facts.extend(android("16", Provenance::Claimed, NOW));
    assert_eq!(look(&strict, &facts, None, NOW).standing, Standing::Grace);
    let again = android("16", Provenance::Attested, NOW);
    assert_eq!(
        look(&strict, &again, None, NOW).standing,
        Standing::Compliant
    );
}

#[test]
fn a_later_patch_level_counts_where_whoever_tells_it_is_believed() {
    let feeds = feeds();
    let phone = |accept: &[Provenance], told: Provenance| {
        let terms = only(Check::Patched, accept, 0, Unknown::Allow);
        let mut facts = android("16", Provenance::Attested, NOW - 20 * DAY);
        let level = |level: &str, by, at| fact(FactName::PatchLevel, level, by, at);
        facts.push(level("2026-03", Provenance::Attested, NOW - 20 * DAY));
        facts.push(level("2026-09-05", told, NOW));
        look_by(&terms, &facts, None, Some(&feeds), NOW).standing
    };
    let managed = Provenance::Managed;
    assert_eq!(phone(&EVERYBODY, managed), Standing::Compliant);
    assert_eq!(
        phone(&[managed, Provenance::Attested], managed),
        Standing::Compliant
    );
    for (accept, told) in [
        (&[Provenance::Attested][..], managed),
        (&[managed, Provenance::Attested], Provenance::Claimed),
    ] {
        assert_eq!(phone(accept, told), Standing::Quarantined);
    }
}

#[test]
fn what_hardware_proved_of_the_start_is_proven_again_in_time() {
    for slug in ["byod", "issued", "shared"] {
        let mut program = baseline(slug);
        program.rules.retain(|rule| rule.id == "verified_boot");
        let terms = Terms::new(program.clone()).unwrap();
        let mut facts = android("16", Provenance::Attested, NOW);
        facts.push(fact(
            FactName::BootloaderLocked,
            true,
            Provenance::Attested,
            NOW,
        ));
        facts.push(fact(
            FactName::VerifiedBoot,
            "verified",
            Provenance::Attested,
            NOW,
        ));
        let outcome = |at| look(&terms, &facts, None, at).findings[0].clone();
        assert_eq!(outcome(NOW + 30 * DAY).outcome, Outcome::Met, "{slug}");
        let old = outcome(NOW + 31 * DAY);
        assert_eq!(
            (old.outcome, old.standing),
            (Outcome::Unknown, Standing::Compliant)
        );
        assert_eq!(
            old.reason,
            "What the device's hardware proved of verified boot is too old to count; it has to prove \
             it again."
        );

        // Where that counts, the owner is told what helps.
        program.rules[0].unknown = Unknown::Count;
        let terms = Terms::new(program).unwrap();
        let old = look(&terms, &facts, None, NOW + 31 * DAY).findings[0].clone();
        assert_eq!(old.standing, Standing::Quarantined, "{slug}");
        let step = old.step.unwrap();
        assert!(step.starts_with("Have the app prove"), "{step}");
    }
}

#[test]
fn a_device_whose_voucher_is_revoked_is_shut_out_where_a_voucher_is_asked_for() {
    let stands = |attestation, facts: &[Fact], disowned| {
        let mut program = baseline("byod");
        program.enrolment.attestation = attestation;
        let device = Device {
            facts,
            enrolled_at: NOW - 100 * DAY,
            seen_at: Some(NOW),
            before: None,
            told: None,
            disowned,
        };
        let terms = Terms::new(program).unwrap();
        assess(&terms, &device, &mut Judge::new(None), NOW)
    };
    let taken_back = Some(Disowned {
        at: NOW - DAY,
        why: "REVOKED (KEY_COMPROMISE)",
    });
    let found = stands(Attestation::Key, &[], taken_back);
    assert_eq!(found.standing, Standing::Quarantined);
    let finding = &found.findings[0];
    assert_eq!(finding.since, Some(NOW - DAY));
    assert!(finding.step.is_some());
    assert!(
        finding
            .reason
            .ends_with("list of revoked keys: REVOKED (KEY_COMPROMISE)."),
        "{}",
        finding.reason
    );
    // Who came in before a voucher was asked for has lost none.
    let key = |by| fact(FactName::KeyHardware, "hardware", by, NOW);
    let passkey = fact(
        FactName::Authenticator,
        "a model",
        Provenance::Attested,
        NOW,
    );
    let attested = key(Provenance::Attested);
    for (attestation, facts, disowned) in [
        (Attestation::Key, vec![], None),
        (Attestation::None, vec![], taken_back),
        (Attestation::Key, vec![attested.clone()], taken_back),
        (Attestation::Either, vec![attested.clone()], taken_back),
        (Attestation::Either, vec![passkey.clone()], taken_back),
        (
            Attestation::Authenticator,
            vec![passkey.clone()],
            taken_back,
        ),
    ] {
        let stands = stands(attestation, &facts, disowned);
        assert_eq!(stands.standing, Standing::Compliant, "{attestation:?}");
    }
    for (attestation, facts) in [
        (Attestation::Key, vec![key(Provenance::Managed), passkey]),
        (Attestation::Authenticator, vec![attested]),
        (Attestation::Either, vec![]),
    ] {
        let stands = stands(attestation, &facts, taken_back);
        assert_eq!(stands.standing, Standing::Quarantined, "{attestation:?}");
    }
}

/// What everybody might tell of a phone's version and patches, newer and older.
fn told() -> impl Strategy<Value = Vec<Fact>> {
    let one = (
        any::<bool>(),
        0_u64..8,
        prop::sample::select(EVERYBODY.to_vec()),
        0..60 * DAY,
    );
    prop::collection::vec(one, 0..8).prop_map(|all| {
        let mut facts: Vec<Fact> = Vec::new();
        for (version, value, provenance, age) in all {
            let (name, value) = if version {
                (FactName::OsVersion, (10 + value).to_string())
            } else {
                (FactName::PatchLevel, format!("2026-{:02}", 2 + value))
            };
            // Of each name and provenance one is known.
            if !facts
                .iter()
                .any(|f| (f.name, f.provenance) == (name, provenance))
            {
                facts.push(fact(name, value, provenance, NOW - age));
            }
        }
        facts.push(fact(
            FactName::Platform,
            "android",
            Provenance::Managed,
            NOW,
        ));
        facts
    })
}

proptest! {
    /// However new, what a rule does not accept lifts nothing.
    #[test]
    fn no_word_that_is_not_accepted_makes_a_device_better(
        facts in told(),
        accept in prop::sample::subsequence(EVERYBODY.to_vec(), 1..=4),
    ) {
        let feeds = feeds();
        for check in [floor("14"), Check::Patched] {
            let terms = only(check, &accept, 7, Unknown::Count);
            let accepted: Vec<Fact> = facts
                .iter()
                .filter(|fact| fact.name == FactName::Platform || accept.contains(&fact.provenance))
                .cloned()
                .collect();
            let with = look_by(&terms, &facts, None, Some(&feeds), NOW);
            let without = look_by(&terms, &accepted, None, Some(&feeds), NOW);
            prop_assert!(with.standing >= without.standing);
        }
    }

    /// Who is lifted over the strongest word is so by a newer one that is accepted and would be enough
    /// alone.
    #[test]
    fn only_a_newer_word_that_is_enough_alone_lifts_a_device(
        facts in told(),
        accept in prop::sample::subsequence(EVERYBODY.to_vec(), 1..=4),
    ) {
        let terms = only(floor("14"), &accept, 7, Unknown::Count);
        let stands = look(&terms, &facts, None, NOW);
        let strongest = facts
            .iter()
            .filter(|fact| fact.name == FactName::OsVersion && accept.contains(&fact.provenance))
            .filter(|fact| NOW - fact.observed_at <= 30 * DAY)
            .max_by_key(|fact| fact.provenance);
        if let (Outcome::Met, Some(strongest)) = (stands.findings[0].outcome, strongest) {
            let by = stands.findings[0].provenance.unwrap();
            prop_assert!(accept.contains(&by));
            let decided = facts
                .iter()
                .find(|fact| fact.name == FactName::OsVersion && fact.provenance == by)
                .unwrap();
            prop_assert!(by == strongest.provenance || decided.observed_at > strongest.observed_at);
            let platform = fact(FactName::Platform, "android", Provenance::Managed, NOW);
            let alone = [platform, decided.clone()];
            let alone = look(&terms, &alone, None, NOW);
            prop_assert_eq!(alone.standing, Standing::Compliant);
        }
    }
}
