//! Which rules a kind of client can meet at all, and which rules of a program nothing meets.
//!
//! A rule names the provenances that it accepts; a client can bring a fact with some provenances
//! only. A phone in a browser claims, or has a device manager that speaks for it; what is attested
//! comes from an authenticator that attests itself, or from a native shell with Android Key
//! Attestation. `docs/mobile.md` has this as a table, and a test keeps the two alike.

use serde::Serialize;
use wardline_model::wire::posture::{FactName, Provenance};
use wardline_model::wire::programs::{Attestation, Check, Ownership, Program, Rule, Unknown};

use crate::fleet::Fleet;
use crate::terms::Terms;
use crate::words::facts_of;

/// A kind of client, by what speaks for the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Client {
    /// A phone or tablet with the app in its browser, and nothing else.
    BrowserPhone,
    /// The same, and a device manager (MDM) speaks for it.
    BrowserPhoneWithManager,
    /// A phone or tablet with a native shell around the app, without a device manager.
    NativeShell,
    /// A desktop or laptop on which our agent runs, without a device manager.
    WorkstationWithAgent,
}

/// Whether a client can meet a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    /// It can, or the rule is not for its platforms.
    Yes,
    /// It cannot, and why, in a sentence for a person.
    No(String),
}

/// A rule that nothing in the fleet can meet, and so either bars every device or decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Warning {
    /// The rule's id.
    pub rule: String,
    /// Whether it bars every device once its grace is over (`unknown = "count"`); otherwise it
    /// decides nothing.
    pub bars: bool,
    /// The kinds of client that could meet it.
    pub could: Vec<Client>,
    /// What it comes to, in a sentence or two for a person.
    pub text: String,
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::BrowserPhone,
        Self::BrowserPhoneWithManager,
        Self::NativeShell,
        Self::WorkstationWithAgent,
    ];

    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BrowserPhone => "browser_phone",
            Self::BrowserPhoneWithManager => "browser_phone_with_manager",
            Self::NativeShell => "native_shell",
            Self::WorkstationWithAgent => "workstation_with_agent",
        }
    }

    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BrowserPhone => "a phone in its browser",
            Self::BrowserPhoneWithManager => "a phone in its browser with a device manager",
            Self::NativeShell => "a phone with a native shell",
            Self::WorkstationWithAgent => "a workstation with the agent",
        }
    }

    /// The platforms on which it runs, as in the fact `platform`.
    pub const fn platforms(self) -> &'static [&'static str] {
        match self {
            Self::BrowserPhone | Self::BrowserPhoneWithManager | Self::NativeShell => {
                &["android", "ios", "ipados", "chromeos"]
            }
            Self::WorkstationWithAgent => &["linux", "windows", "macos"],
        }
    }

    /// The clients that a program takes, by its platforms.
    pub fn of(terms: &Terms) -> Vec<Self> {
        let taken = |client: &Self| {
            terms.platforms.is_empty() || names_one_of(&terms.platforms, client.platforms())
        };
        Self::ALL.into_iter().filter(taken).collect()
    }
}

impl Met {
    /// Whether it can.
    pub const fn is_yes(&self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// Whether a kind of client can meet a rule, on the best of its platforms.
pub fn can_be_met(rule: &Rule, client: Client) -> Met {
    let concerned = rule.platforms.is_empty() || names_one_of(&rule.platforms, client.platforms());
    if !concerned || matches!(rule.check, Check::Seen { .. }) {
        return Met::Yes;
    }
    let brings = provenances(&rule.check, client, &rule.platforms);
    if brings
        .iter()
        .any(|provenance| rule.accept.contains(provenance))
    {
        return Met::Yes;
    }
    Met::No(match brings {
        [] => absent(&rule.check, client).to_owned(),
        known => format!(
            "There it is only {}, and the rule accepts {}.",
            listed(known),
            listed(&rule.accept)
        ),
    })
}

/// The rules of a program that nothing can meet: by what is known of its devices, or, as long as it
/// has none, by what its clients could bring.
pub fn warnings(terms: &Terms, fleet: &Fleet) -> Vec<Warning> {
    let devices = fleet.count(&terms.slug);
    let clients = Client::of(terms);
    let warn = |rule: &Rule| {
        let name = deciding(&rule.check)?;
        let could: Vec<Client> = clients
            .iter()
            .copied()
            .filter(|client| can_be_met(rule, *client).is_yes())
            .collect();
        let told = fleet.facts.iter().any(|known| {
            known.program == terms.slug
                && known.name == name
                && known.devices > 0
                && rule.accept.contains(&known.provenance)
        });
        let unheard = devices > 0 && !told && !only_others(rule, terms, fleet);
        if could.is_empty() || unheard {
            Some(warning(rule, devices, could))
        } else {
            None
        }
    };
    terms.rules.iter().filter_map(warn).collect()
}

/// What is to be said of the list of revoked attestation keys, which was fetched then (unix
/// milliseconds; absent without one), where the program counts what hardware proves: because it asks
/// for it, or because hardware did prove something of its devices that a rule accepts.
pub fn unrevoked(
    terms: &Terms,
    fleet: &Fleet,
    fetched_at: Option<u64>,
    now_ms: u64,
) -> Option<String> {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let asks = terms.enrolment.attestation != Attestation::None;
    let counts = terms.rules.iter().any(|rule| {
        rule.accept.contains(&Provenance::Attested)
            && fleet.facts.iter().any(|known| {
                known.program == terms.slug
                    && known.devices > 0
                    && known.provenance == Provenance::Attested
                    && facts_of(&rule.check).contains(&known.name)
            })
    });
    if !asks && !counts {
        return None;
    }
    let most = terms.enrolment.revocations_days;
    let refused = most.map_or(
        "",
        |_| " Until there is a new one, nothing that a phone's hardware proves is taken.",
    );
    match fetched_at {
        None => Some(format!(
            "What hardware proves counts here, and the hospital has no list of revoked attestation \
             keys: a key that leaked vouches like any other.{refused} [feeds] attestation_status \
             says where the list is."
        )),
        Some(at) => {
            let days = now_ms.saturating_sub(at) / DAY;
            let late = days > u64::from(most.unwrap_or(LIST_DAYS));
            late.then(|| {
                format!(
                    "What hardware proves counts here, and the hospital's list of revoked \
                     attestation keys is {days} days old: keys that leaked since vouch like any \
                     other.{refused}"
                )
            })
        }
    }
}

/// After how many days the list of revoked attestation keys is called old. Google adds to it whenever
/// a key is found to have leaked.
const LIST_DAYS: u32 = 7;

/// Whether the rule is for platforms of which the program's devices have none.
fn only_others(rule: &Rule, terms: &Terms, fleet: &Fleet) -> bool {
    !rule.platforms.is_empty()
        && !fleet.of(&terms.slug).any(|group| {
            group
                .platform
                .as_ref()
                .is_none_or(|platform| rule.platforms.contains(platform))
        })
}

fn warning(rule: &Rule, devices: u64, could: Vec<Client>) -> Warning {
    let bars = rule.unknown == Unknown::Count;
    let whose = if devices == 0 {
        "No kind of client can meet it".to_owned()
    } else {
        format!(
            "Of the program's {devices} devices none has told it in a way that the rule accepts"
        )
    };
    let so = if bars {
        format!(
            "what is not known counts, so every device is quarantined after {} days",
            rule.grace_days
        )
    } else {
        "what is not known does not count, so the rule decides nothing".to_owned()
    };
    let titles: Vec<&str> = could.iter().map(|client| client.title()).collect();
    let who = if titles.is_empty() {
        String::new()
    } else {
        format!(" It could be met by {}.", titles.join(", "))
    };
    Warning {
        rule: rule.id.clone(),
        bars,
        text: format!("{whose}; {so}.{who}"),
        could,
    }
}

/// Whether a fact is kept of a program's devices. Where people accept a privacy notice on devices of
/// their own, nothing is but what the program's rules read, and what system and model it is: that is
/// what the notice says. Of other devices everything that is told is kept.
pub fn is_kept(program: &Program, name: FactName) -> bool {
    let what_it_is = matches!(
        name,
        FactName::Platform
            | FactName::OsVersion
            | FactName::PatchLevel
            | FactName::Model
            | FactName::Manufacturer
            // Proven once, at enrolment: what is dropped then can never be told again.
            | FactName::KeyHardware
            | FactName::Authenticator
    );
    let promised = program.ownership == Ownership::Personal && program.enrolment.privacy_notice;
    !promised
        || what_it_is
        || program
            .rules
            .iter()
            .any(|rule| facts_of(&rule.check).contains(&name))
}

/// The fact that decides a check: the first of those that it reads; none for what is no fact.
pub fn deciding(check: &Check) -> Option<FactName> {
    facts_of(check).first().copied()
}

/// With which provenances a client can bring what a check needs.
fn provenances(check: &Check, client: Client, platforms: &[String]) -> &'static [Provenance] {
    use Provenance::{Agent, Attested, Claimed, Managed};
    // Android Key Attestation (source.android.com) is the only proof of a phone's own that we read.
    let android = platforms.is_empty() || platforms.iter().any(|name| name == "android");
    match (check, client) {
        // WebAuthn attestation is the authenticator's, so it is the same wherever the browser runs.
        (
            Check::Authenticator,
            Client::BrowserPhone | Client::BrowserPhoneWithManager | Client::NativeShell,
        ) => &[Attested],
        (Check::OsFloor { .. } | Check::Patched, Client::BrowserPhoneWithManager) => {
            &[Claimed, Managed]
        }
        (Check::OsFloor { .. } | Check::Patched, Client::NativeShell) if android => {
            &[Claimed, Attested]
        }
        (Check::VerifiedBoot | Check::KeyInHardware { .. }, Client::NativeShell) if android => {
            &[Attested]
        }
        (
            Check::StorageEncrypted
            | Check::ScreenLock { .. }
            | Check::VerifiedBoot
            | Check::NotRooted
            | Check::UpdatesInstalled
            | Check::Managed
            | Check::ManagerCompliant,
            Client::BrowserPhoneWithManager,
        ) => &[Managed],
        (Check::OsFloor { .. } | Check::Patched, Client::BrowserPhone | Client::NativeShell)
        | (
            Check::ScreenLock { .. } | Check::StorageEncrypted | Check::NotRooted,
            Client::NativeShell,
        ) => &[Claimed],
        (
            Check::OsFloor { .. }
            | Check::Patched
            | Check::StorageEncrypted
            | Check::ScreenLock { .. }
            | Check::SecureBoot
            | Check::Tpm
            | Check::Firewall
            | Check::UpdatesInstalled,
            Client::WorkstationWithAgent,
        ) => &[Agent],
        _ => &[],
    }
}

/// Why a client can bring nothing for a check.
const fn absent(check: &Check, client: Client) -> &'static str {
    match (check, client) {
        (
            Check::Managed | Check::ManagerCompliant,
            Client::BrowserPhone | Client::NativeShell | Client::WorkstationWithAgent,
        ) => "No device manager speaks for it.",
        (Check::SecureBoot | Check::Tpm | Check::Firewall, _) => {
            "That is a matter of desktops and laptops."
        }
        (Check::UpdatesInstalled, _) => "No phone lets an app see which updates wait.",
        (Check::KeyInHardware { .. }, Client::BrowserPhone | Client::BrowserPhoneWithManager) => {
            "A browser keeps the device key from the page, and proves to nobody where it lives."
        }
        (Check::KeyInHardware { .. }, Client::NativeShell) => {
            "Only Android attests a key's hardware in a way that is verified here."
        }
        (Check::KeyInHardware { .. }, Client::WorkstationWithAgent) => {
            "The agent's device key is not attested by the computer's TPM."
        }
        (Check::VerifiedBoot, Client::NativeShell) => {
            "Only Android attests how it was started; Apple's systems have no such statement."
        }
        (Check::Authenticator, _) => "The agent's passkey is in software and attests nothing.",
        (Check::VerifiedBoot | Check::NotRooted, Client::WorkstationWithAgent) => {
            "That is a matter of phones."
        }
        _ => "A browser cannot see it.",
    }
}

fn names_one_of(names: &[String], platforms: &[&str]) -> bool {
    names.iter().any(|name| platforms.contains(&name.as_str()))
}

/// Provenances in words.
pub(crate) fn listed(provenances: &[Provenance]) -> String {
    let names: Vec<&str> = provenances.iter().map(|p| p.as_str()).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fleet::Known;
    use crate::fleet::tests::one;

    fn baseline(slug: &str) -> Terms {
        Terms::baseline()
            .into_iter()
            .find(|terms| terms.slug == slug)
            .unwrap()
    }

    /// Every check once, as a rule that accepts everybody's word.
    fn every_check() -> Vec<Rule> {
        use Provenance::{Agent, Attested, Claimed, Managed};
        let checks = [
            Check::OsFloor {
                floors: BTreeMap::new(),
            },
            Check::Patched,
            Check::UpdatesInstalled,
            Check::StorageEncrypted,
            Check::ScreenLock { max_seconds: None },
            Check::VerifiedBoot,
            Check::NotRooted,
            Check::KeyInHardware { strongbox: false },
            Check::Authenticator,
            Check::Managed,
            Check::ManagerCompliant,
            Check::SecureBoot,
            Check::Tpm,
            Check::Firewall,
            Check::Seen { days: 30 },
        ];
        checks
            .map(|check| Rule {
                id: check.as_str().to_owned(),
                check,
                accept: vec![Claimed, Agent, Managed, Attested],
                platforms: Vec::new(),
                max_age_days: None,
                grace_days: 0,
                unknown: Unknown::Allow,
            })
            .to_vec()
    }

    /// The table of `docs/mobile.md`: for each check the strongest word that each client has.
    fn table() -> String {
        let cell = |rule: &Rule, client: Client| {
            if matches!(rule.check, Check::Seen { .. }) {
                return "yes".to_owned();
            }
            match provenances(&rule.check, client, &[]) {
                [] => "no".to_owned(),
                all => all
                    .iter()
                    .map(|p| p.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            }
        };
        let mut lines = vec![
            "| rule | phone in its browser | … with a device manager | … with a native shell | workstation with the agent |"
                .to_owned(),
            "|---|---|---|---|---|".to_owned(),
        ];
        lines.extend(every_check().iter().map(|rule| {
            let cells: Vec<String> = Client::ALL.map(|client| cell(rule, client)).to_vec();
            format!("| `{}` | {} |", rule.id, cells.join(" | "))
        }));
        lines.join("\n")
    }

    #[test]
    fn the_page_on_phones_says_what_the_code_does() {
        let page = include_str!("../../../docs/mobile.md");
        let table = table();
        assert!(page.contains(&table), "docs/mobile.md needs:\n{table}");
    }

    #[test]
    fn a_browser_meets_claims_and_a_manager_meets_more() {
        let issued = baseline("issued");
        let unmet = |client| -> Vec<&str> {
            let all = issued.rules.iter();
            all.filter(|rule| !can_be_met(rule, client).is_yes())
                .map(|rule| rule.id.as_str())
                .collect()
        };
        assert_eq!(
            unmet(Client::BrowserPhone),
            [
                "managed",
                "manager_compliant",
                "storage_encrypted",
                "os_supported",
                "patched",
                "verified_boot",
                "not_rooted"
            ]
        );
        assert!(unmet(Client::BrowserPhoneWithManager).is_empty());
        assert!(!unmet(Client::NativeShell).contains(&"verified_boot"));
        assert!(unmet(Client::NativeShell).contains(&"managed"));
    }

    #[test]
    fn what_a_client_lacks_is_said() {
        let rules = every_check();
        let of = |name: &str| rules.iter().find(|rule| rule.id == name).unwrap();
        let Met::No(reason) = can_be_met(of("key_in_hardware"), Client::BrowserPhone) else {
            panic!("a browser cannot prove it");
        };
        assert!(reason.contains("proves to nobody"), "{reason}");
        let mut strict = of("patched").clone();
        strict.accept = vec![Provenance::Managed, Provenance::Attested];
        let Met::No(reason) = can_be_met(&strict, Client::BrowserPhone) else {
            panic!("a claim is not accepted");
        };
        assert_eq!(
            reason,
            "There it is only claimed, and the rule accepts managed or attested."
        );
        strict.platforms = vec!["ios".to_owned()];
        assert!(!can_be_met(&strict, Client::NativeShell).is_yes());
        strict.platforms = vec!["linux".to_owned()];
        assert!(can_be_met(&strict, Client::NativeShell).is_yes());
    }

    #[test]
    fn rules_that_no_device_meets_are_told_with_what_follows() {
        let byod = baseline("byod");
        assert_eq!(warnings(&byod, &Fleet::default()), []);
        let known = |name, provenance| Known {
            program: "byod".to_owned(),
            name,
            provenance,
            devices: 1,
        };
        let fleet = Fleet {
            devices: vec![one("byod", "16", "Pixel 9")],
            facts: vec![known(FactName::OsVersion, Provenance::Claimed)],
        };
        let told: Vec<_> = warnings(&byod, &fleet)
            .into_iter()
            .map(|warning| (warning.rule, warning.bars))
            .collect();
        assert_eq!(
            told,
            [
                ("verified_boot".to_owned(), false),
                ("not_rooted".to_owned(), false)
            ]
        );
        let mut strict = byod.into_inner();
        strict.rules[3].unknown = Unknown::Count;
        let strict = Terms::new(strict).unwrap();
        let told = warnings(&strict, &fleet);
        assert!(told[1].bars);
        assert!(
            told[1].text.contains("quarantined after 0 days"),
            "{told:?}"
        );
        assert_eq!(told[1].could, [Client::BrowserPhoneWithManager]);
    }

    #[test]
    fn a_rule_that_no_client_can_meet_is_told_before_there_is_a_device() {
        let mut program = baseline("workstation").into_inner();
        let mut rule = program.rules[0].clone();
        rule.id = "hardware".to_owned();
        rule.check = Check::KeyInHardware { strongbox: false };
        rule.accept = vec![Provenance::Attested];
        program.rules.push(rule);
        let told = warnings(&Terms::new(program).unwrap(), &Fleet::default());
        assert_eq!(told.len(), 1);
        assert!(told[0].could.is_empty() && told[0].bars);
    }

    #[test]
    fn a_list_of_revoked_keys_that_is_missing_or_old_is_told_where_hardware_counts() {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        let now = 100 * DAY;
        let none = Fleet::default();
        // Nothing is asked for, and nothing was proven: no list is needed.
        assert_eq!(unrevoked(&baseline("byod"), &none, None, now), None);
        let mut proven = Fleet::default();
        proven.facts.push(Known {
            program: "byod".to_owned(),
            name: FactName::BootloaderLocked,
            provenance: Provenance::Attested,
            devices: 1,
        });
        let told = |terms: &Terms, fleet: &Fleet, at| unrevoked(terms, fleet, at, now);
        let missing = told(&baseline("byod"), &proven, None).unwrap();
        assert!(missing.contains("has no list"), "{missing}");
        assert_eq!(told(&baseline("issued"), &proven, None), None);
        let old = told(&baseline("byod"), &proven, Some(now - 8 * DAY)).unwrap();
        assert!(old.contains("8 days old"), "{old}");
        assert_eq!(told(&baseline("byod"), &proven, Some(now - 7 * DAY)), None);

        let mut program = baseline("issued").into_inner();
        program.enrolment.attestation = Attestation::Key;
        program.enrolment.revocations_days = Some(2);
        let strict = Terms::new(program).unwrap();
        for at in [None, Some(now - 3 * DAY)] {
            let told = told(&strict, &none, at).unwrap();
            assert!(told.contains("Until there is a new one"), "{told}");
        }
        assert_eq!(told(&strict, &none, Some(now - 2 * DAY)), None);
    }

    #[test]
    fn a_rule_for_other_platforms_is_no_matter_of_this_fleet() {
        let byod = baseline("byod");
        let mut phone = one("byod", "26.1", "iPhone 17");
        phone.platform = Some("ios".to_owned());
        let fleet = Fleet {
            devices: vec![phone],
            facts: vec![
                Known {
                    program: "byod".to_owned(),
                    name: FactName::OsVersion,
                    provenance: Provenance::Claimed,
                    devices: 1,
                },
                Known {
                    program: "byod".to_owned(),
                    name: FactName::Rooted,
                    provenance: Provenance::Managed,
                    devices: 1,
                },
            ],
        };
        assert_eq!(warnings(&byod, &fleet), []);
    }
}
