//! What remains of each threat under a program's terms.
//!
//! The threats are those that NIST SP 800-124r2 and the example programs of SP 1800-21 and SP
//! 1800-22 are about, as far as they concern messages on a device. What is graded are the terms: a
//! rule that is changed changes the grade. That every message is encrypted from device to device,
//! that a device's store is sealed, and that a revoked device leaves its conversations at once holds
//! in every program; it is why no threat begins at the top.
//!
//! A rule is **firm** when nothing gets round it: it takes nobody's mere claim, it gives at most 30
//! days of grace, and what is not known counts, or somebody whose word it accepts must speak for the
//! device on account of another rule.

use serde::Serialize;
use wardline_model::wire::posture::Provenance;
use wardline_model::wire::programs::{Approval, Attestation, Check, Rule, Unknown, Wipe};

use super::cost::Hardware;
use crate::reach::listed;
use crate::terms::Terms;

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Threat {
    /// A phone is lost while it is unlocked.
    LostUnlocked,
    /// A phone is stolen and kept away from networks.
    StolenOffline,
    /// The system is outdated, with vulnerabilities that are known to be exploited.
    OutdatedSystem,
    /// The phone is rooted, or malicious software is on it.
    Malware,
    /// Somebody uses a copy of a credential on another device.
    ClonedCredential,
    /// The wrong person uses a device that several people share.
    WrongPerson,
    /// Somebody listens or changes things on the network.
    Interception,
    /// Somebody who left still reads.
    LeaverKeepsAccess,
}

/// What remains of a threat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Little.
    Low,
    /// Something that a hospital should decide on.
    Moderate,
    /// Most of it.
    High,
}

/// A part of the terms that addresses a threat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Measure {
    /// Where it stands: `rules.patched`, `limits.lock_seconds`.
    pub term: String,
    /// What it says, for a person.
    pub text: String,
    /// Whose word it rests on; empty for what the app or the hospital does itself.
    pub accept: Vec<Provenance>,
    /// Whether nothing gets round it.
    pub firm: bool,
}

/// What remains of one threat under a program's terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Risk {
    /// The threat.
    pub threat: Threat,
    /// How much of it remains.
    pub level: Level,
    /// Why, and what remains, in sentences for a person.
    pub reason: String,
    /// The parts of the terms that address it.
    pub measures: Vec<Measure>,
}

impl Threat {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::LostUnlocked,
        Self::StolenOffline,
        Self::OutdatedSystem,
        Self::Malware,
        Self::ClonedCredential,
        Self::WrongPerson,
        Self::Interception,
        Self::LeaverKeepsAccess,
    ];

    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::LostUnlocked => "Lost while unlocked",
            Self::StolenOffline => "Stolen, kept offline",
            Self::OutdatedSystem => "Outdated system with known exploited vulnerabilities",
            Self::Malware => "Malware or rooted",
            Self::ClonedCredential => "Credential cloned to another device",
            Self::WrongPerson => "Wrong person at the device",
            Self::Interception => "Interception on the network",
            Self::LeaverKeepsAccess => "A leaver keeps access",
        }
    }

    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LostUnlocked => "lost_unlocked",
            Self::StolenOffline => "stolen_offline",
            Self::OutdatedSystem => "outdated_system",
            Self::Malware => "malware",
            Self::ClonedCredential => "cloned_credential",
            Self::WrongPerson => "wrong_person",
            Self::Interception => "interception",
            Self::LeaverKeepsAccess => "leaver_keeps_access",
        }
    }
}

impl Level {
    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
        }
    }

    const fn worse(self) -> Self {
        match self {
            Self::Low => Self::Moderate,
            Self::Moderate | Self::High => Self::High,
        }
    }
}

/// What remains of every threat under these terms.
pub fn risks(terms: &Terms) -> Vec<Risk> {
    let view = View { terms };
    Threat::ALL.map(|threat| view.risk(threat)).to_vec()
}

/// How well something is seen to by rules, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    None,
    Soft,
    Firm,
}

/// The terms, as they are asked here.
struct View<'a> {
    terms: &'a Terms,
}

impl View<'_> {
    fn risk(&self, threat: Threat) -> Risk {
        let (level, reason, measures) = match threat {
            Threat::LostUnlocked => self.lost_unlocked(),
            Threat::StolenOffline => self.stolen_offline(),
            Threat::OutdatedSystem => self.outdated_system(),
            Threat::Malware => self.malware(),
            Threat::ClonedCredential => self.cloned_credential(),
            Threat::WrongPerson => self.wrong_person(),
            Threat::Interception => self.interception(),
            Threat::LeaverKeepsAccess => self.leaver_keeps_access(),
        };
        Risk {
            threat,
            level,
            reason,
            measures,
        }
    }

    fn lost_unlocked(&self) -> (Level, String, Vec<Measure>) {
        let seconds = self.locks_after();
        let level = level_of_lock(seconds);
        let reason = format!(
            "After {seconds} seconds without use it opens again only with its PIN, biometric or \
             passkey. Until then a finder reads what is there. {}",
            self.revocation()
        );
        let mut measures = vec![self.lock(), self.offline(), self.wipe()];
        measures.extend(self.rules(is_screen_lock));
        (level, reason, measures)
    }

    fn stolen_offline(&self) -> (Level, String, Vec<Measure>) {
        let hours = self.terms.limits.offline_hours;
        let encrypted = self.hold(is_encryption);
        let level = match (hours, encrypted) {
            (0, _) | (1..=24, Hold::Firm) => Level::Low,
            (25.., Hold::None) if self.terms.limits.attachments => Level::High,
            _ => Level::Moderate,
        };
        let window = if hours == 0 {
            "The store opens only with the hospital's share of its key, which the device never \
             keeps. What is sealed on it stays shut."
                .to_owned()
        } else {
            format!(
                "For {hours} hours the store opens without the hospital, with the passkey and its \
                 PIN or biometric. Whoever has both reads what is there until the window ends."
            )
        };
        let below = match encrypted {
            Hold::Firm => "The system's own encryption is vouched for.",
            Hold::Soft => {
                "A rule asks for the system's own encryption, and does not count where nobody tells."
            }
            Hold::None => "Nothing asks whether the system encrypts its storage.",
        };
        let mut measures = vec![self.offline(), self.attachments()];
        measures.extend(self.rules(is_encryption));
        (level, format!("{window} {below}"), measures)
    }

    fn outdated_system(&self) -> (Level, String, Vec<Measure>) {
        let patched = self.hold(is_patched);
        let floor = self.hold(is_floor);
        let slow = self
            .terms
            .rules
            .iter()
            .filter(|rule| is_patched(&rule.check))
            .map(|rule| rule.grace_days)
            .min()
            .filter(|days| *days > 14);
        let (level, reason) = match (patched, floor, slow) {
            (Hold::Firm, _, None) => (
                Level::Low,
                "Patches are judged by public feeds, on the word of somebody other than the \
                 device, within the grace of the rule. What remains is the time until a fix is \
                 published."
                    .to_owned(),
            ),
            (Hold::Firm, _, Some(days)) => (
                Level::Moderate,
                format!(
                    "Patches are judged by public feeds, and a device may go on without them for \
                     {days} days."
                ),
            ),
            (Hold::Soft, _, _) => (
                Level::Moderate,
                "Patches are judged by public feeds, as far as the device itself tells its \
                 version. One that tells a newer version, or none, is not found out."
                    .to_owned(),
            ),
            (Hold::None, Hold::Firm, _) => (
                Level::Moderate,
                "Only a lowest version is asked for; what is exploited in newer ones stays."
                    .to_owned(),
            ),
            (Hold::None, Hold::Soft | Hold::None, _) => (
                Level::High,
                "Nothing asks whether the system is maintained and patched, beyond what the device \
                 tells of its version."
                    .to_owned(),
            ),
        };
        let concerned = |check: &Check| is_patched(check) || is_floor(check);
        (level, reason, self.rules(concerned))
    }

    fn malware(&self) -> (Level, String, Vec<Measure>) {
        let (boot, root) = (self.hold(is_boot), self.hold(is_root));
        let (level, reason) = match (boot, root) {
            (Hold::Firm, Hold::Firm) => (
                Level::Low,
                "How the device was started is proven or vouched for, and a manager looks for signs \
                 of a broken system. An exploit that leaves neither trace reads what its user reads.",
            ),
            (Hold::Firm, _) | (_, Hold::Firm) => (
                Level::Moderate,
                "One of two things is vouched for: how the device was started, or that its \
                 protection is whole. What gets round that one reads what its user reads.",
            ),
            (Hold::Soft, _) | (_, Hold::Soft) => (
                Level::High,
                "Rules ask for it, and do not count where nobody tells; a phone in its browser tells \
                 nothing. A broken system reads what its user reads.",
            ),
            (Hold::None, Hold::None) => (
                Level::High,
                "Nothing asks for it. A broken system reads what its user reads.",
            ),
        };
        let concerned = |check: &Check| is_boot(check) || is_root(check);
        let elsewhere = self.boot_elsewhere();
        (level, format!("{reason}{elsewhere}"), self.rules(concerned))
    }

    /// What is said where the start of the device is looked at on some platforms only.
    fn boot_elsewhere(&self) -> String {
        let rules = self.terms.rules.iter();
        let mut platforms = Vec::new();
        for rule in rules.filter(|rule| is_boot(&rule.check)) {
            if rule.platforms.is_empty() {
                return String::new();
            }
            platforms.extend(rule.platforms.iter().map(String::as_str));
        }
        if platforms.is_empty() {
            return String::new();
        }
        format!(
            " How it was started is looked at on {} only.",
            platforms.join(" and ")
        )
    }

    fn cloned_credential(&self) -> (Level, String, Vec<Measure>) {
        let enrolment = &self.terms.enrolment;
        let by_rule = self.hold(is_key) == Hold::Firm;
        let attested = enrolment.attestation != Attestation::None;
        let (level, reason) = if attested || by_rule {
            (
                Level::Low,
                "Hardware proves at enrolment that the key or the passkey cannot leave it. What \
                 remains is a flaw of that hardware.",
            )
        } else {
            (
                Level::Moderate,
                "A copied passkey opens nothing elsewhere, since every request is signed by the \
                 device's own key, which a browser does not hand out. Nothing proves that the key \
                 is in hardware: whoever breaks the system copies it.",
            )
        };
        let mut measures = vec![Measure {
            term: "enrolment.attestation".to_owned(),
            text: match enrolment.attestation {
                Attestation::None => "hardware proves nothing at enrolment",
                Attestation::Key => "the device key is attested",
                Attestation::Authenticator => "the authenticator is attested",
                Attestation::Either => "the device key or the authenticator is attested",
            }
            .to_owned(),
            accept: if attested {
                vec![Provenance::Attested]
            } else {
                Vec::new()
            },
            firm: attested,
        }];
        measures.push(Measure {
            term: "enrolment.approval".to_owned(),
            text: match enrolment.approval {
                Approval::Officer => "an officer confirms each device",
                Approval::OwnDevice => {
                    "an officer or the person's other device confirms each device"
                }
            }
            .to_owned(),
            accept: Vec::new(),
            firm: true,
        });
        measures.extend(self.rules(is_key));
        (level, reason.to_owned(), measures)
    }

    fn wrong_person(&self) -> (Level, String, Vec<Measure>) {
        // A screen lock that everybody on the ward opens does not tell people apart.
        let seconds = self.terms.limits.lock_seconds;
        let limits = &self.terms.limits;
        let several = matches!(
            Hardware::of(self.terms),
            Hardware::Ward | Hardware::Workstation
        );
        if !several {
            return (
                Level::Low,
                "The device is one person's, and the app opens with that person's passkey."
                    .to_owned(),
                vec![self.lock()],
            );
        }
        let keeps = limits.attachments || limits.offline_hours > 0;
        let level = match level_of_lock(seconds) {
            Level::Low if keeps => Level::Moderate,
            level => level,
        };
        let left = if keeps {
            "What it keeps of the one before is sealed under that person's passkey."
        } else {
            "It keeps nothing of the one before."
        };
        let reason = format!(
            "Several people use it. For {seconds} seconds after its user left, the next one acts \
             under their name. {left}"
        );
        let mut measures = vec![self.lock(), self.offline(), self.attachments()];
        measures.extend(self.rules(is_screen_lock));
        (level, reason, measures)
    }

    fn interception(&self) -> (Level, String, Vec<Measure>) {
        let managed = self.hold(is_managed);
        let patched = self.hold(is_patched);
        let (level, reason) = match (managed, patched) {
            (Hold::Firm, _) => (
                Level::Low,
                "Messages are encrypted from device to device, and connections by TLS; a manager \
                 decides which authorities the device trusts. What remains is who wrote to whom, \
                 and when, for whoever sees the traffic.",
            ),
            (_, Hold::Firm | Hold::Soft) => (
                Level::Low,
                "Messages are encrypted from device to device, and connections by TLS. What remains \
                 is the first load of the app on a device that trusts an authority it should not.",
            ),
            (_, Hold::None) => (
                Level::Moderate,
                "Messages are encrypted from device to device, and connections by TLS, in a system \
                 of which nothing asks whether it is maintained.",
            ),
        };
        let concerned = |check: &Check| is_managed(check) || is_patched(check);
        (level, reason.to_owned(), self.rules(concerned))
    }

    fn leaver_keeps_access(&self) -> (Level, String, Vec<Measure>) {
        let limits = &self.terms.limits;
        let hours = limits.offline_hours;
        let wiped = limits.wipe == Wipe::Device && self.hold(is_managed) == Hold::Firm;
        let seen = self.hold(is_seen) == Hold::Firm;
        let level = match (hours, wiped) {
            (0, _) | (1..=24, true) => Level::Low,
            (1..=24, false) | (25.., true) => Level::Moderate,
            (25.., false) => Level::High,
        };
        let level = if seen { level } else { level.worse() };
        let wipe = if wiped {
            " A manager wipes the device, once it connects."
        } else if limits.wipe == Wipe::App {
            " The app wipes its own store, once it is opened with a connection; copies by hand or \
             screenshots stay with them."
        } else {
            " A wipe of the device needs a manager, which no rule makes sure of."
        };
        let silent = if seen {
            ""
        } else {
            " A device that is never heard of again is not found."
        };
        let reason = format!("{}{wipe}{silent}", self.revocation());
        let mut measures = vec![self.offline(), self.wipe()];
        let concerned = |check: &Check| is_seen(check) || is_managed(check);
        measures.extend(self.rules(concerned));
        (level, reason, measures)
    }

    /// What a revocation does and leaves.
    fn revocation(&self) -> String {
        match self.terms.limits.offline_hours {
            0 => "Once it is revoked it opens nothing any more.".to_owned(),
            hours => format!(
                "Once it is revoked it gets nothing new; kept away from networks it opens what it \
                 has for up to {hours} hours."
            ),
        }
    }

    /// After how many seconds without use nobody gets on without proving who they are.
    fn locks_after(&self) -> u64 {
        let by_rule = self.terms.rules.iter().filter_map(|rule| match rule.check {
            Check::ScreenLock {
                max_seconds: Some(seconds),
            } if self.is_firm(rule) => Some(seconds),
            _ => None,
        });
        by_rule.fold(self.terms.limits.lock_seconds, u64::min)
    }

    fn lock(&self) -> Measure {
        let seconds = self.terms.limits.lock_seconds;
        own(
            "limits.lock_seconds",
            format!("the app locks after {seconds} seconds"),
        )
    }

    fn offline(&self) -> Measure {
        let text = match self.terms.limits.offline_hours {
            0 => "the store never opens without the hospital".to_owned(),
            hours => format!("the store opens for {hours} hours without the hospital"),
        };
        own("limits.offline_hours", text)
    }

    fn attachments(&self) -> Measure {
        let text = if self.terms.limits.attachments {
            "files may be kept, sealed"
        } else {
            "no files are kept"
        };
        own("limits.attachments", text.to_owned())
    }

    fn wipe(&self) -> Measure {
        let text = match self.terms.limits.wipe {
            Wipe::App => "a wipe takes what the app keeps",
            Wipe::Device => "a wipe takes everything, by the device manager",
        };
        own("limits.wipe", text.to_owned())
    }

    fn rules(&self, concerned: impl Fn(&Check) -> bool) -> Vec<Measure> {
        let measure = |rule: &Rule| {
            let mut text = rule.check.as_str().replace('_', " ");
            if !rule.accept.is_empty() {
                text = format!("{text}, on the word of {}", listed(&rule.accept));
            }
            if !rule.platforms.is_empty() {
                text = format!("{text}, on {}", rule.platforms.join(", "));
            }
            if !rule.accept.is_empty() && rule.unknown == Unknown::Allow {
                text = format!("{text}; what is not known does not count");
            }
            Measure {
                term: format!("rules.{}", rule.id),
                text,
                accept: rule.accept.clone(),
                firm: self.is_firm(rule),
            }
        };
        let rules = self.terms.rules.iter();
        rules
            .filter(|rule| concerned(&rule.check))
            .map(measure)
            .collect()
    }

    fn hold(&self, concerned: impl Fn(&Check) -> bool) -> Hold {
        let rules = self.terms.rules.iter();
        rules
            .filter(|rule| concerned(&rule.check))
            .map(|rule| {
                if self.is_firm(rule) {
                    Hold::Firm
                } else {
                    Hold::Soft
                }
            })
            .max()
            .unwrap_or(Hold::None)
    }

    fn is_firm(&self, rule: &Rule) -> bool {
        let told = matches!(rule.check, Check::Seen { .. })
            || rule.unknown == Unknown::Count
            || self.terms.rules.iter().any(|other| vouches(other, rule));
        told && !rule.accept.contains(&Provenance::Claimed) && rule.grace_days <= 30
    }
}

/// Whether a rule makes sure that somebody speaks for the device whose word another rule accepts.
fn vouches(rule: &Rule, other: &Rule) -> bool {
    let everywhere = rule.platforms.is_empty()
        || (!other.platforms.is_empty()
            && other.platforms.iter().all(|p| rule.platforms.contains(p)));
    rule.unknown == Unknown::Count
        && !rule.accept.is_empty()
        && rule.accept.iter().all(|p| other.accept.contains(p))
        && everywhere
}

const fn level_of_lock(seconds: u64) -> Level {
    match seconds {
        0..=60 => Level::Low,
        61..=300 => Level::Moderate,
        _ => Level::High,
    }
}

/// Something that the app or the hospital does itself.
fn own(term: &str, text: String) -> Measure {
    Measure {
        term: term.to_owned(),
        text,
        accept: Vec::new(),
        firm: true,
    }
}

const fn is_screen_lock(check: &Check) -> bool {
    matches!(check, Check::ScreenLock { .. })
}

const fn is_encryption(check: &Check) -> bool {
    matches!(check, Check::StorageEncrypted)
}

const fn is_patched(check: &Check) -> bool {
    matches!(check, Check::Patched | Check::UpdatesInstalled)
}

const fn is_floor(check: &Check) -> bool {
    matches!(check, Check::OsFloor { .. })
}

const fn is_boot(check: &Check) -> bool {
    matches!(check, Check::VerifiedBoot | Check::SecureBoot)
}

const fn is_root(check: &Check) -> bool {
    matches!(check, Check::NotRooted)
}

const fn is_key(check: &Check) -> bool {
    matches!(check, Check::KeyInHardware { .. } | Check::Authenticator)
}

const fn is_managed(check: &Check) -> bool {
    matches!(check, Check::Managed)
}

const fn is_seen(check: &Check) -> bool {
    matches!(check, Check::Seen { .. })
}
