//! The fleet: devices of people who are not among those that a visitor plays, one for each way in
//! which a device can stand, and the public lists by which they are judged.
//!
//! Nobody holds these devices, so nothing can be done with them but to look at them and take them
//! out of use. The lists are made up around the moment of generation, and say so; real lists are
//! never older than the demo that reads them.

use serde::Serialize;
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};
use wardline_model::wire::posture::{Fact, FactName, FactValue, Provenance};

use crate::{Readiness, StaffMember};

/// One device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FleetDevice {
    /// Whose it is: a user name.
    pub owner: String,
    /// What the person calls it.
    pub name: String,
    /// The slug of its program.
    pub program: &'static str,
    /// The maker's serial number, where the hospital bought it.
    pub serial: Option<String>,
    /// Whether it is a workstation.
    pub native: bool,
    /// What happened to it, other than what its program's rules say.
    pub fate: Fate,
    /// How many hours ago it was enrolled.
    pub enrolled_hours_ago: u64,
    /// How many hours ago it was heard of.
    pub seen_hours_ago: u64,
    /// What is known of it.
    pub facts: Vec<Fact>,
}

/// What happened to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// In use, as far as its program's rules let it.
    Used,
    /// Waits for an officer.
    Pending,
    /// Reported lost.
    Lost,
    /// Reported lost, and wiped when it was heard of.
    Wiped,
    /// Handed in.
    Retired,
}

/// A device that was bought and not handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bought {
    /// The maker's serial number.
    pub serial: String,
    /// The program that it is for.
    pub program: &'static str,
    /// The model.
    pub model: &'static str,
    /// What an officer noted.
    pub note: &'static str,
}

/// Facts by one source at one time.
struct Told {
    provenance: Provenance,
    at_ms: u64,
    evidence: &'static str,
}

impl Told {
    fn facts(&self, told: Vec<(FactName, FactValue)>) -> Vec<Fact> {
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

/// The devices, for people of the hospital at a moment.
pub(crate) fn devices(staff: &[StaffMember], now_ms: u64) -> Vec<FleetDevice> {
    let of = |readiness| {
        staff
            .iter()
            .filter(move |person| person.readiness == readiness)
            .map(|person| person.username.clone())
    };
    // Whoever is Ready enrols a device in the demo; these do not.
    let mut outdated = of(Readiness::OutdatedPhone).cycle();
    let mut away = of(Readiness::OffShift).cycle();
    let mut new = of(Readiness::Onboarding).cycle();
    let next = |which: &mut dyn Iterator<Item = String>| which.next().unwrap_or_default();

    let at = |hours: u64| now_ms.saturating_sub(hours * HOUR);
    let intune = |hours| Told {
        provenance: Provenance::Managed,
        at_ms: at(hours),
        evidence: "Microsoft Intune",
    };
    let agent = |hours| Told {
        provenance: Provenance::Agent,
        at_ms: at(hours),
        evidence: "measured on the device, signed with its key",
    };
    let browser = |hours| Told {
        provenance: Provenance::Claimed,
        at_ms: at(hours),
        evidence: "said by the device's browser",
    };
    let attested = |hours| Told {
        provenance: Provenance::Attested,
        at_ms: at(hours),
        evidence: "Android Key Attestation, not revoked",
    };
    let managed_phone = |platform: &str, version: &str, model: &str| {
        vec![
            (FactName::Platform, platform.into()),
            (FactName::OsVersion, version.into()),
            (FactName::Model, model.into()),
            (FactName::Managed, true.into()),
            (FactName::ManagerCompliant, true.into()),
            (FactName::StorageEncrypted, true.into()),
            (FactName::Rooted, false.into()),
        ]
    };
    let with = |mut told: Vec<(FactName, FactValue)>, name: FactName, value: FactValue| {
        told.retain(|(known, _)| *known != name);
        told.push((name, value));
        told
    };
    let level = month(now_ms, 0);
    let old_level = month(now_ms, 5);
    let android = |model: &str, level: &str| {
        with(
            managed_phone("android", "16", model),
            FactName::PatchLevel,
            level.into(),
        )
    };
    let workstation = |pending: u64, restart: bool| {
        vec![
            (FactName::Platform, "linux".into()),
            (FactName::OsVersion, "debian 13".into()),
            (FactName::Kernel, "6.12.48+deb13-amd64".into()),
            (FactName::StorageEncrypted, true.into()),
            (FactName::ScreenLock, true.into()),
            (FactName::ScreenLockSeconds, 300_u64.into()),
            (FactName::SecureBoot, true.into()),
            (FactName::Tpm, true.into()),
            (FactName::Firewall, true.into()),
            (FactName::PendingUpdates, pending.into()),
            (FactName::RestartPending, restart.into()),
        ]
    };
    let device = |owner: String, name: &str, program: &'static str, facts: Vec<Fact>| FleetDevice {
        owner,
        name: name.to_owned(),
        program,
        serial: None,
        native: false,
        fate: Fate::Used,
        enrolled_hours_ago: 60 * 24,
        seen_hours_ago: 2,
        facts,
    };
    let issued = |serial: &str, device: FleetDevice| FleetDevice {
        serial: Some(serial.to_owned()),
        ..device
    };

    vec![
        // Current.
        issued(
            "F2LX7Q0K14",
            device(
                next(&mut away),
                "iPhone 16",
                "issued",
                intune(3).facts(managed_phone("ios", "26.1", "iPhone 16")),
            ),
        ),
        issued(
            "R5CX21M8QTP",
            device(
                next(&mut new),
                "Galaxy A54",
                "issued",
                intune(5).facts(android("Galaxy A54 5G", &level)),
            ),
        ),
        FleetDevice {
            native: true,
            ..device(
                next(&mut away),
                "Pharmacy desk 2",
                "workstation",
                agent(1).facts(workstation(0, false)),
            )
        },
        device(
            next(&mut new),
            "Pixel 9",
            "byod",
            attested(30).facts(vec![
                (FactName::Platform, "android".into()),
                (FactName::OsVersion, "16".into()),
                (FactName::PatchLevel, level.as_str().into()),
                (FactName::KeyHardware, "strongbox".into()),
                (FactName::BootloaderLocked, true.into()),
                (FactName::VerifiedBoot, "verified".into()),
            ]),
        ),
        issued(
            "DMPW8S20JF",
            device(
                next(&mut away),
                "Ward 3 tablet",
                "shared",
                intune(2).facts(with(
                    with(
                        managed_phone("ipados", "26.1", "iPad Air (M2)"),
                        FactName::ScreenLock,
                        true.into(),
                    ),
                    FactName::ScreenLockSeconds,
                    60_u64.into(),
                )),
            ),
        ),
        // In grace.
        issued(
            "C39ZQ1H7LK",
            device(
                next(&mut away),
                "iPhone 15",
                "issued",
                intune(4).facts(managed_phone("ios", "26.0.1", "iPhone 15")),
            ),
        ),
        FleetDevice {
            native: true,
            ..device(
                next(&mut outdated),
                "Surgery desk 5",
                "workstation",
                agent(2).facts(workstation(3, true)),
            )
        },
        FleetDevice {
            seen_hours_ago: 20 * 24,
            ..issued(
                "DMQK4T81RB",
                device(
                    next(&mut away),
                    "Ward 5 cart",
                    "shared",
                    intune(26).facts(managed_phone("ipados", "26.1", "iPad (10th generation)")),
                ),
            )
        },
        // Outdated.
        issued(
            "28041FDH200A1X",
            device(
                next(&mut outdated),
                "Pixel 7a",
                "issued",
                intune(6).facts(android("Pixel 7a", &old_level)),
            ),
        ),
        // No longer maintained.
        device(
            next(&mut outdated),
            "Galaxy S10",
            "byod",
            browser(9).facts(vec![
                (FactName::Platform, "android".into()),
                (FactName::OsVersion, "12".into()),
                (FactName::Model, "Galaxy S10".into()),
            ]),
        ),
        // An unlocked bootloader.
        device(
            next(&mut away),
            "OnePlus 8T",
            "byod",
            attested(11).facts(vec![
                (FactName::Platform, "android".into()),
                (FactName::OsVersion, "16".into()),
                (FactName::PatchLevel, level.as_str().into()),
                (FactName::KeyHardware, "hardware".into()),
                (FactName::BootloaderLocked, false.into()),
                (FactName::VerifiedBoot, "unverified".into()),
            ]),
        ),
        // Waiting, lost, wiped, handed in.
        FleetDevice {
            fate: Fate::Pending,
            enrolled_hours_ago: 1,
            seen_hours_ago: 1,
            ..device(
                next(&mut new),
                "iPhone 14",
                "byod",
                browser(1).facts(vec![(FactName::Platform, "ios".into())]),
            )
        },
        FleetDevice {
            fate: Fate::Lost,
            seen_hours_ago: 31,
            ..issued(
                "R5CX11K2AAB",
                device(
                    next(&mut away),
                    "Galaxy A54, left in a taxi",
                    "issued",
                    intune(33).facts(android("Galaxy A54 5G", &level)),
                ),
            )
        },
        FleetDevice {
            fate: Fate::Wiped,
            seen_hours_ago: 8 * 24,
            ..device(
                next(&mut outdated),
                "Pixel 6",
                "byod",
                browser(9 * 24).facts(vec![(FactName::Platform, "android".into())]),
            )
        },
        FleetDevice {
            fate: Fate::Retired,
            seen_hours_ago: 40 * 24,
            ..issued(
                "F17RT0AAKX",
                device(
                    next(&mut away),
                    "iPhone 11",
                    "issued",
                    intune(40 * 24).facts(managed_phone("ios", "18.7", "iPhone 11")),
                ),
            )
        },
    ]
}

/// Devices that wait in a cupboard.
pub(crate) fn bought() -> Vec<Bought> {
    [
        (
            "R5CX21M9AAC",
            "issued",
            "Galaxy A54 5G",
            "Alder Street, cupboard 2",
        ),
        (
            "R5CX21M9AAD",
            "issued",
            "Galaxy A54 5G",
            "Alder Street, cupboard 2",
        ),
        ("DMPW8S20QQ", "shared", "iPad Air (M2)", "for ward 7"),
    ]
    .into_iter()
    .map(|(serial, program, model, note)| Bought {
        serial: serial.to_owned(),
        program,
        model,
        note,
    })
    .collect()
}

/// The lists of patches as files by their paths, made up around a moment.
pub(crate) fn lists(now_ms: u64) -> Vec<(String, String)> {
    let today = date(now_ms);
    let ago = |days: i64| today.saturating_sub(Duration::days(days));
    let product = |name: &str, releases: &str| {
        let title = "made up for the demo hospital";
        (
            format!("endoflife/products/{name}.md"),
            format!("---\ntitle: {name}, {title}\npermalink: /{name}\nreleases:\n{releases}---\n"),
        )
    };
    let release = |cycle: &str,
                   published: Date,
                   eol: Option<Date>,
                   latest: Option<(&str, Date)>| {
        let eol = eol.map_or_else(|| "false".to_owned(), |eol| eol.to_string());
        let latest = latest.map_or_else(String::new, |(version, of)| {
            format!("    latest: \"{version}\"\n    latestReleaseDate: {of}\n")
        });
        format!(
            "-   releaseCycle: \"{cycle}\"\n    releaseDate: {published}\n    eol: {eol}\n{latest}"
        )
    };
    let apple = [
        release("26", ago(70), None, Some(("26.1", ago(5)))),
        release("18", ago(430), None, Some(("18.7.2", ago(5)))),
    ]
    .concat();
    vec![
        product(
            "android",
            &[
                release("16", ago(500), None, None),
                release("15", ago(780), None, None),
                release("12", ago(1800), Some(ago(240)), None),
            ]
            .concat(),
        ),
        product("ios", &apple),
        product("ipados", &apple),
        product(
            "debian",
            &[
                release("13", ago(470), None, Some(("13.2", ago(14)))),
                release("12", ago(1260), Some(ago(-200)), Some(("12.12", ago(80)))),
            ]
            .concat(),
        ),
        (
            "kev/known_exploited_vulnerabilities.json".to_owned(),
            exploited(today),
        ),
    ]
}

/// The catalogue of exploited vulnerabilities around a day: one that the newest iOS mended, whose
/// day is near, and one of Android whose day is over.
fn exploited(today: Date) -> String {
    let ago = |days: i64| today.saturating_sub(Duration::days(days));
    let year = today.year();
    let entry = |number: u32, vendor: &str, product: &str, added: i64, due: i64| {
        json!({
            // No such numbers are ever given out.
            "cveID": format!("CVE-{year}-{number}"),
            "vendorProject": vendor,
            "product": product,
            "vulnerabilityName": format!("{vendor} {product} Vulnerability, made up"),
            "dateAdded": ago(added).to_string(),
            "shortDescription": "Made up for the demo hospital.",
            "requiredAction": "Install the vendor's update.",
            "dueDate": ago(due).to_string(),
        })
    };
    json!({
        "title": "made up for the demo hospital",
        "catalogVersion": "demo",
        "dateReleased": format!("{}T00:00:00Z", ago(1)),
        "count": 2,
        "vulnerabilities": [
            entry(9_999_001, "Apple", "Multiple Products", 5, -3),
            entry(9_999_002, "Android", "Framework", 40, 19),
        ],
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
fn month(now_ms: u64, ago: u8) -> String {
    let mut first = date(now_ms).replace_day(1).unwrap_or(Date::MIN);
    for _ in 0..ago {
        first = first.saturating_sub(Duration::days(1));
        first = first.replace_day(1).unwrap_or(first);
    }
    format!("{:04}-{:02}", first.year(), u8::from(first.month()))
}

const HOUR: u64 = 60 * 60 * 1000;
