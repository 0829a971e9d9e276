//! Devices and public lists, made up: the same ones in every run, dated around a moment.

use serde_json::json;
use time::{Date, Duration, OffsetDateTime};
use wardline_model::wire::posture::{Fact, FactName, FactValue, Provenance};
use wardline_posture::patch::{BULLETINS, FeedError, Feeds, KEV, PRODUCTS};

/// How many devices a large hospital has.
pub(crate) const DEVICES: usize = 10_000;
/// What is known of each.
pub(crate) const FACTS: usize = 8;
/// Entries of the made-up catalogue; CISA's has about as many.
pub(crate) const EXPLOITED: usize = 1_500;
/// A day, in milliseconds.
pub(crate) const DAY: u64 = 24 * 60 * 60 * 1000;

/// What is known of a device.
#[derive(Debug)]
pub(crate) struct Made {
    /// The slug of its program.
    pub(crate) program: &'static str,
    /// What is known of it.
    pub(crate) facts: Vec<Fact>,
}

/// Who says things, and when that was.
struct Source {
    provenance: Provenance,
    evidence: &'static str,
    at_ms: u64,
}

impl Source {
    fn tells(&self, told: [(FactName, FactValue); FACTS]) -> Vec<Fact> {
        told.into_iter()
            .map(|(name, value)| Fact {
                name,
                value,
                provenance: self.provenance,
                observed_at: self.at_ms,
                evidence: self.evidence.to_owned(),
            })
            .collect()
    }
}

/// One of the fleet by its number: phones, tablets and desks of all programs, most of them well
/// kept, some behind, a few on systems that nobody maintains.
pub(crate) fn device(number: usize, now_ms: u64) -> Made {
    let at_ms = told_at(number, now_ms);
    let kept = |well: &'static str, behind: &'static str, old: &'static str| match number % 100 {
        0..=79 => well,
        80..=95 => behind,
        _ => old,
    };
    let agent = Source {
        provenance: Provenance::Agent,
        evidence: "measured on the device, signed with its key",
        at_ms,
    };
    let (program, facts) = match number % 8 {
        0..=2 => {
            let ios = kept("26.1", "26.0.1", "17.7");
            ("issued", iphone(ios, number).by_manager(at_ms))
        }
        3 | 4 => {
            let months = [0, 0, 1, 1, 2, 5][number % 6];
            let phone = android(kept("16", "15", "12"), &month(now_ms, months), number);
            ("issued", phone.by_manager(at_ms))
        }
        5 => {
            let attested = Source {
                provenance: Provenance::Attested,
                evidence: "Android Key Attestation, not revoked",
                at_ms,
            };
            let locked = !number.is_multiple_of(50);
            let told = [
                (FactName::Platform, "android".into()),
                (FactName::OsVersion, kept("16", "15", "12").into()),
                (FactName::PatchLevel, month(now_ms, 1).into()),
                (FactName::Model, pick(&PIXELS, number).into()),
                (FactName::Manufacturer, "Google".into()),
                (FactName::KeyHardware, "hardware".into()),
                (FactName::BootloaderLocked, locked.into()),
                (FactName::VerifiedBoot, "verified".into()),
            ];
            ("byod", attested.tells(told))
        }
        6 => {
            let told = [
                (FactName::Platform, "linux".into()),
                (
                    FactName::OsVersion,
                    kept("debian 13", "debian 12", "debian 11").into(),
                ),
                (FactName::StorageEncrypted, true.into()),
                (FactName::ScreenLock, true.into()),
                (FactName::ScreenLockSeconds, 300_u64.into()),
                (FactName::SecureBoot, true.into()),
                (FactName::Firewall, true.into()),
                (
                    FactName::PendingUpdates,
                    u64::from(number % 100 > 95).into(),
                ),
            ];
            ("workstation", agent.tells(told))
        }
        _ => {
            let told = Phone {
                platform: "ipados",
                version: kept("26.1", "26.0.1", "17.7").to_owned(),
                more: (FactName::ScreenLock, true.into()),
                model: pick(&IPADS, number),
            };
            ("shared", told.by_manager(at_ms))
        }
    };
    Made { program, facts }
}

/// A phone of the program `issued` that meets all its rules by the demo's own lists.
pub(crate) fn well_kept(number: usize, now_ms: u64) -> Made {
    let at_ms = told_at(number, now_ms);
    let phone = if number.is_multiple_of(2) {
        iphone("26.1", number)
    } else {
        android("16", &month(now_ms, 0), number)
    };
    Made {
        program: "issued",
        facts: phone.by_manager(at_ms),
    }
}

/// What a device manager knows of a phone or a tablet.
struct Phone {
    platform: &'static str,
    version: String,
    /// One more thing.
    more: (FactName, FactValue),
    model: &'static str,
}

impl Phone {
    fn by_manager(self, at_ms: u64) -> Vec<Fact> {
        let manager = Source {
            provenance: Provenance::Managed,
            evidence: "Microsoft Intune",
            at_ms,
        };
        manager.tells([
            (FactName::Platform, self.platform.into()),
            (FactName::OsVersion, self.version.into()),
            self.more,
            (FactName::Model, self.model.into()),
            (FactName::Managed, true.into()),
            (FactName::ManagerCompliant, true.into()),
            (FactName::StorageEncrypted, true.into()),
            (FactName::Rooted, false.into()),
        ])
    }
}

fn iphone(version: &str, number: usize) -> Phone {
    Phone {
        platform: "ios",
        version: version.to_owned(),
        more: (FactName::Manufacturer, "Apple".into()),
        model: pick(&IPHONES, number),
    }
}

fn android(version: &str, level: &str, number: usize) -> Phone {
    Phone {
        platform: "android",
        version: version.to_owned(),
        more: (FactName::PatchLevel, level.into()),
        model: pick(&ANDROIDS, number),
    }
}

/// Models change more slowly than everything else that depends on the number.
fn pick(models: &[&'static str], number: usize) -> &'static str {
    models[number / 100 % models.len()]
}

/// Within the last day.
fn told_at(number: usize, now_ms: u64) -> u64 {
    let minutes = u64::try_from(number % 1_400).unwrap_or_default();
    now_ms.saturating_sub(minutes * 60_000)
}

/// Public lists with a catalogue as long as the real one.
///
/// # Errors
/// When what is made up here is no list.
pub(crate) fn feeds(now_ms: u64) -> Result<Feeds, FeedError> {
    Feeds::parse(lists(now_ms, 0, false))
}

/// The same as files by their paths: of issues with another number their hash is another. Apple's
/// systems have a newer version since yesterday, if that is wanted.
pub(crate) fn lists(now_ms: u64, issue: usize, newer: bool) -> Vec<(String, String)> {
    let today = date(now_ms);
    let ago = |days: i64| today.saturating_sub(Duration::days(days));
    let product = |name: &str, releases: &[Release<'_>]| {
        let text = releases
            .iter()
            .map(|(cycle, since, eol, latest)| {
                let eol = eol.map_or_else(|| "false".to_owned(), |days| ago(days).to_string());
                let latest = latest.map_or_else(String::new, |(version, days)| {
                    let day = ago(days);
                    format!("    latest: \"{version}\"\n    latestReleaseDate: {day}\n")
                });
                let since = ago(*since);
                format!(
                    "-   releaseCycle: \"{cycle}\"\n    releaseDate: {since}\n    eol: {eol}\n\
                     {latest}"
                )
            })
            .collect::<Vec<String>>()
            .concat();
        (
            format!("{PRODUCTS}/{name}.md"),
            format!("---\npermalink: /{name}\nreleases:\n{text}---\n"),
        )
    };
    let latest = if newer { ("26.2", 1) } else { ("26.1", 5) };
    let apple: [Release<'_>; 3] = [
        ("26", 70, None, Some(latest)),
        ("18", 430, None, Some(("18.7.2", 5))),
        ("17", 800, Some(60), Some(("17.7.2", 300))),
    ];
    let catalogue = catalogue(&ago, issue);
    vec![
        product(
            "android",
            &[
                ("16", 500, None, None),
                ("15", 780, None, None),
                ("14", 1_100, None, None),
                ("12", 1_800, Some(240), None),
            ],
        ),
        product("ios", &apple),
        product("ipados", &apple),
        product(
            "debian",
            &[
                ("13", 470, None, Some(("13.2", 14))),
                ("12", 1_260, Some(-200), Some(("12.12", 80))),
                ("11", 1_900, Some(90), Some(("11.11", 400))),
            ],
        ),
        (KEV.to_owned(), catalogue),
    ]
}

/// Android's bulletins as a file: that of this month, and, if that is wanted, the next since yesterday.
pub(crate) fn bulletins(now_ms: u64, newer: bool) -> (String, String) {
    let today = date(now_ms);
    let ago = |days: i64| today.saturating_sub(Duration::days(days));
    let first = today.replace_day(1).unwrap_or(Date::MIN);
    let next = first.saturating_add(Duration::days(31));
    let next = next.replace_day(1).unwrap_or(Date::MAX);
    let newest = if newer {
        format!("{next},{}\n", ago(1))
    } else {
        String::new()
    };
    let table = format!("level,published\n{first},{}\n{newest}", ago(20));
    (BULLETINS.to_owned(), table)
}

/// Its name, how many days ago it came and went out of support, and its newest version.
type Release<'a> = (&'a str, i64, Option<i64>, Option<(&'a str, i64)>);

/// A catalogue of exploited vulnerabilities: most of servers and applications, some of phones.
fn catalogue(ago: &impl Fn(i64) -> Date, issue: usize) -> String {
    let of = [
        ("Microsoft", "Windows"),
        ("Cisco", "IOS XE"),
        ("Apple", "Multiple Products"),
        ("Adobe", "ColdFusion"),
        ("Android", "Framework"),
        ("Fortinet", "FortiOS"),
        ("Linux", "Kernel"),
        ("Ivanti", "Endpoint Manager Mobile"),
    ];
    let entries: Vec<_> = (0_i64..)
        .zip(of.iter().cycle())
        .take(EXPLOITED)
        .map(|(number, (vendor, product))| {
            // The newest entry is a month old: nobody is behind by the catalogue alone.
            let added = 30 + number;
            json!({
                "cveID": format!("CVE-2025-{:05}", 10_000 + number),
                "vendorProject": vendor,
                "product": product,
                "vulnerabilityName": format!("{vendor} {product} Use-After-Free Vulnerability"),
                "dateAdded": ago(added).to_string(),
                "shortDescription": format!(
                    "{vendor} {product} contains a use-after-free vulnerability that could allow \
                     for privilege escalation."
                ),
                "requiredAction": "Apply mitigations per vendor instructions.",
                "dueDate": ago(added - 21).to_string(),
            })
        })
        .collect();
    json!({
        "title": "made up",
        "catalogVersion": format!("made up {issue}"),
        "dateReleased": format!("{}T00:00:00Z", ago(1)),
        "count": entries.len(),
        "vulnerabilities": entries,
    })
    .to_string()
}

fn date(now_ms: u64) -> Date {
    let seconds = i64::try_from(now_ms / 1000).unwrap_or_default();
    OffsetDateTime::from_unix_timestamp(seconds)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .date()
}

/// The month so many months ago, `YYYY-MM`.
fn month(now_ms: u64, ago: usize) -> String {
    let mut first = date(now_ms).replace_day(1).unwrap_or(Date::MIN);
    for _ in 0..ago {
        first = first.saturating_sub(Duration::days(1));
        first = first.replace_day(1).unwrap_or(first);
    }
    format!("{:04}-{:02}", first.year(), u8::from(first.month()))
}

const IPHONES: [&str; 5] = [
    "iPhone 14",
    "iPhone 15",
    "iPhone 16",
    "iPhone 17",
    "iPhone SE (3rd generation)",
];
const IPADS: [&str; 3] = [
    "iPad (10th generation)",
    "iPad Air (M2)",
    "iPad mini (A17 Pro)",
];
const PIXELS: [&str; 3] = ["Pixel 7a", "Pixel 9", "Pixel 10"];
const ANDROIDS: [&str; 5] = [
    "Pixel 7a",
    "Pixel 9",
    "Galaxy A54 5G",
    "Galaxy XCover7",
    "TC58",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 September 2026, noon.
    const NOW: u64 = 1_788_264_000_000;

    #[test]
    fn every_device_has_as_many_facts_each_of_its_own_name() {
        for number in 0..800 {
            for made in [device(number, NOW), well_kept(number, NOW)] {
                let names: std::collections::BTreeSet<_> =
                    made.facts.iter().map(|fact| fact.name.as_str()).collect();
                assert_eq!(names.len(), FACTS, "{number}");
                assert!(made.facts.iter().all(|fact| fact.name.takes(&fact.value)));
            }
        }
    }

    #[test]
    fn months_go_back_over_the_turn_of_a_year() {
        assert_eq!(month(NOW, 0), "2026-09");
        assert_eq!(month(NOW, 9), "2025-12");
    }

    #[test]
    fn the_lists_can_be_read() {
        assert!(feeds(NOW).is_ok());
        for newer in [false, true] {
            let all = lists(NOW, 1, newer).into_iter();
            assert!(Feeds::parse(all.chain([bulletins(NOW, newer)])).is_ok());
        }
        let (_, table) = bulletins(NOW, true);
        assert!(table.ends_with("2026-10-01,2026-08-31\n"), "{table}");
    }
}
