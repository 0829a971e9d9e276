//! What the rules of a program make of the facts that are known of a device.
//!
//! **Whose word counts.** A rule names the provenances that it accepts. The strongest fact of these
//! that is new enough speaks for the device; of a version or a patch level, which updates move on
//! while nobody proves them again, a newer and higher one that the rule accepts speaks instead of an
//! older one. So nobody's word lifts a device that could not speak for it alone: what a rule does
//! not accept never does. Against it speaks any newer fact, of whatever
//! provenance, except a mere claim where something stronger was accepted: a device that says of
//! itself that it is worse than its manager thinks is believed, a browser that shows an old version
//! out of habit is not.
//!
//! **Time.** A rule that is not met counts from when it was first found so. The device is in grace
//! for the rule's days, and quarantined afterwards. Grace that was used comes back at the pace at
//! which it was used, once the rule is met: nobody stays in grace for good by mending for a minute,
//! and who mends in time has all of it the next time. Patches have terms of their own: those of the
//! feeds, with the rule's days in place of the usual ones. Of a Linux distribution the feeds only say
//! whether it is maintained. That they are old, or that there are none, is said and never held against
//! a device: of old feeds only what stands in an entry counts, and what was found by them before they
//! were old. What was found wrong stays so until somebody tells that it was mended.
//!
//! **What is taken back.** Where the terms ask hardware to vouch for a device when it comes in, a
//! voucher whose key is found revoked later quarantines it, whatever the rules say of what is not
//! known, until it is vouched for again.
//!
//! **What nobody tells.** A rule that counts what is not known waits until somebody whom it accepts
//! tells it of at least one device of the program: a hospital that has not connected its device
//! manager yet must not shut out every phone, and with it whoever could connect it.

use std::collections::{BTreeSet, HashMap};

use time::{Date, OffsetDateTime};
use wardline_model::wire::posture::{
    Assessment, Fact, FactName, FactValue, Finding, Mended, Outcome, Provenance, Standing,
};
use wardline_model::wire::programs::{Attestation, Check, Rule, Unknown};
use wardline_posture::attest::PatchLevel;
use wardline_posture::patch::{self, Code, Feeds, Installed, Version};

use crate::Terms;
use crate::reach::deciding;
use crate::words;

/// A device as the rules see it. Times are unix milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Device<'a> {
    /// What is known of it: at most one fact for each name and provenance.
    pub facts: &'a [Fact],
    /// When it was enrolled.
    pub enrolled_at: u64,
    /// When it was last heard of.
    pub seen_at: Option<u64>,
    /// How it stood before, which says since when a rule counts against it.
    pub before: Option<&'a Assessment>,
    /// What is known of any device of its program, and from whom; absent where that is not looked
    /// at.
    pub told: Option<&'a Told>,
    /// When and why the word of the hardware that vouched for it was taken back.
    pub disowned: Option<Disowned<'a>>,
}

/// That the word of a device's hardware was taken back: a key that vouched for it is revoked.
#[derive(Debug, Clone, Copy)]
pub struct Disowned<'a> {
    /// When it was found, unix milliseconds.
    pub at: u64,
    /// As the list of revoked keys says, such as `REVOKED (KEY_COMPROMISE)`.
    pub why: &'a str,
}

/// What is known of any device of a program, and from whom.
pub type Told = BTreeSet<(FactName, Provenance)>;

/// The feeds, with what they said of each system today. A fleet has few systems and many devices.
#[derive(Debug)]
pub struct Judge<'f> {
    feeds: Option<&'f Feeds>,
    known: HashMap<System, patch::Finding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct System {
    platform: String,
    version: String,
    level: Option<String>,
    model: Option<String>,
    day: Date,
    grace_days: u32,
}

impl<'f> Judge<'f> {
    /// A judge by these feeds; without any, nothing is known of patches.
    pub fn new(feeds: Option<&'f Feeds>) -> Self {
        Self {
            feeds,
            known: HashMap::new(),
        }
    }

    fn verdict(&mut self, system: System) -> Option<&patch::Finding> {
        let feeds = self.feeds?;
        let platform = family(&system.platform)?;
        let entry = self.known.entry(system);
        let finding = entry.or_insert_with_key(|system| {
            let installed = Installed {
                platform,
                os_version: &system.version,
                patch_level: system.level.as_deref().and_then(PatchLevel::from_text),
                model: match system.model.as_deref() {
                    // The feeds tell iPadOS from iOS by the model.
                    None if system.platform == "ipados" => Some("iPad"),
                    model => model,
                },
            };
            feeds.verdict_within(&installed, system.day, i64::from(system.grace_days))
        });
        Some(finding)
    }
}

/// How a device stands by its program's rules.
pub fn assess(
    terms: &Terms,
    device: &Device<'_>,
    judge: &mut Judge<'_>,
    now_ms: u64,
) -> Assessment {
    let platform = strongest(device.facts, FactName::Platform).and_then(text);
    let mut findings: Vec<Finding> = terms
        .rules
        .iter()
        .filter(|rule| concerns(rule, platform))
        .map(|rule| {
            Case {
                rule,
                device,
                platform,
                now_ms,
            }
            .finding(judge)
        })
        .collect();
    findings.extend(other_platform(terms, device, now_ms));
    findings.extend(disowned(terms, device));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.standing));
    let standing = findings.first().map_or(Standing::Compliant, |f| f.standing);
    let deadline = match standing {
        Standing::Grace => findings.iter().filter_map(|f| f.deadline).min(),
        Standing::Compliant | Standing::Quarantined => None,
    };
    Assessment {
        standing,
        deadline,
        findings,
    }
}

/// What is found of a device whose platform its program does not take. There is no grace: it never
/// belonged there. What a browser says of itself is often wrong (an iPad that asks for desktop pages
/// calls itself a Mac), so that alone is said and not held against it.
fn other_platform(terms: &Terms, device: &Device<'_>, now_ms: u64) -> Option<Finding> {
    let fact = strongest(device.facts, FactName::Platform)?;
    let shown = text(fact)?;
    if terms.platforms.is_empty() || terms.platforms.iter().any(|name| name == shown) {
        return None;
    }
    let known = fact.provenance > Provenance::Claimed;
    let before = device.before.map_or(&[][..], |before| &before.findings);
    let since = before
        .iter()
        .find(|finding| finding.rule == PLATFORM)
        .and_then(|finding| finding.since)
        .unwrap_or(now_ms);
    Some(Finding {
        rule: PLATFORM.to_owned(),
        outcome: if known {
            Outcome::Unmet
        } else {
            Outcome::Unknown
        },
        standing: if known {
            Standing::Quarantined
        } else {
            Standing::Compliant
        },
        reason: words::other_platform(shown, &terms.platforms),
        step: known.then(|| words::ANOTHER_PROGRAM.to_owned()),
        since: known.then_some(since),
        deadline: known.then_some(since),
        provenance: Some(fact.provenance),
        observed_at: Some(fact.observed_at),
        mended: None,
    })
}

/// The finding about a program's platforms, which no rule of a program may be called.
pub(crate) const PLATFORM: &str = "platform";

/// What is found of a device whose hardware's word was taken back, where its program lets devices in
/// by that word alone. There is no grace: who has a leaked key can have made up all that it proved.
fn disowned(terms: &Terms, device: &Device<'_>) -> Option<Finding> {
    let disowned = device.disowned?;
    let vouched = |name| {
        let mut facts = device.facts.iter();
        facts.any(|fact| fact.name == name && fact.provenance == Provenance::Attested)
    };
    let (key, passkey) = (FactName::KeyHardware, FactName::Authenticator);
    let still = match terms.enrolment.attestation {
        Attestation::None => true,
        Attestation::Key => vouched(key),
        Attestation::Authenticator => vouched(passkey),
        Attestation::Either => vouched(key) || vouched(passkey),
    };
    if still {
        return None;
    }
    Some(Finding {
        rule: DISOWNED.to_owned(),
        outcome: Outcome::Unmet,
        standing: Standing::Quarantined,
        reason: words::disowned(disowned.why),
        step: Some(words::VOUCH_AGAIN.to_owned()),
        since: Some(disowned.at),
        deadline: Some(disowned.at),
        provenance: None,
        observed_at: Some(disowned.at),
        mended: None,
    })
}

/// The finding about a voucher that was revoked; no rule's id has a hyphen.
const DISOWNED: &str = "attestation-revoked";

/// The fact of a name with the strongest provenance.
pub fn strongest(facts: &[Fact], name: FactName) -> Option<&Fact> {
    facts
        .iter()
        .filter(|fact| fact.name == name)
        .max_by_key(|fact| fact.provenance)
}

fn concerns(rule: &Rule, platform: Option<&str>) -> bool {
    let listed = |names: &[String]| platform.is_some_and(|p| names.iter().any(|name| name == p));
    let by_check = match &rule.check {
        Check::OsFloor { floors } => platform.is_none_or(|p| floors.contains_key(p)),
        _ => true,
    };
    by_check && (rule.platforms.is_empty() || listed(&rule.platforms))
}

/// One rule about one device.
struct Case<'a> {
    rule: &'a Rule,
    device: &'a Device<'a>,
    platform: Option<&'a str>,
    now_ms: u64,
}

/// What a rule came to, before time is counted.
struct Ruling<'a> {
    outcome: Outcome,
    reason: String,
    by: Option<&'a Fact>,
    /// From when on it quarantines, where that does not follow from the rule's days of grace.
    deadline: Option<u64>,
    /// Whether it is not known because of the hospital's lists, which is no fault of the device.
    excused: bool,
}

impl<'a> Case<'a> {
    fn finding(&self, judge: &mut Judge<'_>) -> Finding {
        let ruling = match &self.rule.check {
            Check::Patched => self.patched(judge),
            Check::Seen { days } => self.seen(*days),
            check => self.all(words::facts_of(check)),
        };
        self.counted(ruling)
    }

    /// Counts the time of what is not met.
    fn counted(&self, ruling: Ruling<'a>) -> Finding {
        let before = self.before();
        // What was found wrong is not mended by nobody telling of it any more.
        let still = ruling.outcome == Outcome::Unknown
            && !ruling.excused
            && before.is_some_and(|b| b.outcome == Outcome::Unmet && b.since.is_some());
        let ruling = match before {
            Some(before) if still => Ruling {
                outcome: Outcome::Unmet,
                reason: before.reason.clone(),
                by: None,
                deadline: before.deadline,
                excused: false,
            },
            _ => ruling,
        };
        let counts = match ruling.outcome {
            Outcome::Met => false,
            Outcome::Unmet => true,
            Outcome::Unknown => {
                self.rule.unknown == Unknown::Count && !ruling.excused && self.is_ever_told()
            }
        };
        let mut reason = ruling.reason.clone();
        let waits = self.rule.unknown == Unknown::Count && !ruling.excused && !counts;
        if ruling.outcome == Outcome::Unknown && waits {
            reason.push_str(words::NEVER_TOLD);
        }
        let mended = before
            .and_then(|b| match b.since {
                Some(since) => Some(Mended {
                    since,
                    at: self.now_ms,
                }),
                None => b.mended,
            })
            .filter(|mended| self.owed(*mended) > 0);
        let since = counts.then(|| {
            let again = || self.now_ms - mended.map_or(0, |mended| self.owed(mended));
            before.and_then(|b| b.since).unwrap_or_else(again)
        });
        let deadline = since.map(|since| {
            let own = since.saturating_add(u64::from(self.rule.grace_days) * DAY);
            ruling.deadline.unwrap_or(own)
        });
        // Another look may have begun later and been done before, or by a clock that goes ahead: a
        // deadline that it saw pass has passed. Where the clock alone decides whether the rule is met
        // (facts that grow old, devices that are not heard of) the clock of each look holds.
        let passed = before.is_some_and(|before| {
            before.standing == Standing::Quarantined && before.deadline == deadline
        });
        let standing = match deadline {
            None => Standing::Compliant,
            Some(deadline) if self.now_ms < deadline && !passed => Standing::Grace,
            Some(_) => Standing::Quarantined,
        };
        Finding {
            rule: self.rule.id.clone(),
            outcome: ruling.outcome,
            standing,
            reason,
            step: counts.then(|| self.step(&ruling)),
            since,
            deadline,
            provenance: ruling.by.map(|fact| fact.provenance),
            observed_at: ruling.by.map(|fact| fact.observed_at),
            mended: mended.filter(|_| !counts),
        }
    }

    /// What the owner does. What hardware proved stays as it was until it proves it again, so an
    /// update alone mends nothing that rests on that.
    fn step(&self, ruling: &Ruling<'_>) -> String {
        let check = &self.rule.check;
        if ruling.outcome == Outcome::Unknown && self.is_hardwares_word_old() {
            return words::PROVE_AGAIN.to_owned();
        }
        let mut step = words::step(check, ruling.outcome, self.platform);
        let by_hardware = ruling.by.map(|fact| fact.provenance) == Some(Provenance::Attested);
        if by_hardware && matches!(check, Check::OsFloor { .. } | Check::Patched) {
            step.push_str(words::THEN_PROVE);
        }
        step
    }

    /// Whether hardware proved what decides the rule, and did so too long ago.
    fn is_hardwares_word_old(&self) -> bool {
        let accepts = self.rule.accept.contains(&Provenance::Attested);
        let told = deciding(&self.rule.check).and_then(|name| strongest(self.device.facts, name));
        accepts
            && told
                .is_some_and(|fact| fact.provenance == Provenance::Attested && !self.is_new(fact))
    }

    /// The grace that was used before a rule was mended, less what has come back since. Every update
    /// that is published has grace of its own: who installs them week by week is never late.
    fn owed(&self, mended: Mended) -> u64 {
        if matches!(self.rule.check, Check::UpdatesInstalled | Check::Patched) {
            return 0;
        }
        let grace = u64::from(self.rule.grace_days) * DAY;
        let used = mended.at.saturating_sub(mended.since).min(grace);
        used.saturating_sub(self.now_ms.saturating_sub(mended.at))
            .min(self.now_ms)
    }

    /// What the rule came to when the device was looked at last.
    fn before(&self) -> Option<&'a Finding> {
        let before = self.device.before?;
        before.findings.iter().find(|f| f.rule == self.rule.id)
    }

    /// Whether anybody whom the rule accepts tells of any device of the program what it looks at.
    fn is_ever_told(&self) -> bool {
        let (Some(told), Some(name)) = (self.device.told, deciding(&self.rule.check)) else {
            return true;
        };
        let accept = &self.rule.accept;
        accept.iter().any(|by| told.contains(&(name, *by)))
    }

    /// What the facts of one name decide.
    fn truth(&self, name: FactName) -> Ruling<'a> {
        let speaks_for = self.accepted(name);
        let worse = |fact: &&Fact| {
            fact.name == name
                && words::is_met(&self.rule.check, fact, self.platform) == Some(false)
                && speaks_for.is_none_or(|accepted| {
                    fact.observed_at > accepted.observed_at
                        && (fact.provenance > Provenance::Claimed
                            || accepted.provenance == Provenance::Claimed)
                })
        };
        let against = self
            .device
            .facts
            .iter()
            .filter(worse)
            .max_by_key(|fact| fact.observed_at);
        match against.or(speaks_for) {
            None => self.unknown(Some(name)),
            Some(fact) => {
                let (outcome, reason) = match words::is_met(&self.rule.check, fact, self.platform) {
                    Some(true) => (Outcome::Met, words::met(&self.rule.check, fact)),
                    Some(false) => (
                        Outcome::Unmet,
                        words::unmet(&self.rule.check, fact, self.platform),
                    ),
                    None => (Outcome::Unknown, words::unreadable(fact)),
                };
                Ruling {
                    outcome,
                    reason,
                    by: Some(fact),
                    deadline: None,
                    excused: false,
                }
            }
        }
    }

    /// A rule over one or more facts: what speaks against it first, then what is known; unknown
    /// only where the first of them is.
    fn all(&self, names: &[FactName]) -> Ruling<'a> {
        let mut rulings: Vec<Ruling<'a>> = names.iter().map(|name| self.truth(*name)).collect();
        let unmet = rulings.iter().position(|r| r.outcome == Outcome::Unmet);
        if rulings.is_empty() {
            return self.unknown(None);
        }
        rulings.swap_remove(unmet.unwrap_or(0))
    }

    /// The strongest fact whose provenance the rule accepts and that is new enough; of what updates
    /// move on, a weaker one that is newer and higher.
    fn accepted(&self, name: FactName) -> Option<&'a Fact> {
        let mut all: Vec<&Fact> = self
            .device
            .facts
            .iter()
            .filter(|fact| fact.name == name && self.rule.accept.contains(&fact.provenance))
            .filter(|fact| self.is_new(fact))
            .collect();
        all.sort_by_key(|fact| std::cmp::Reverse(fact.provenance));
        all.into_iter().reduce(|best, weaker| {
            if weaker.observed_at > best.observed_at && is_higher(weaker, best) {
                weaker
            } else {
                best
            }
        })
    }

    fn is_new(&self, fact: &Fact) -> bool {
        self.rule.max_age_days.is_none_or(|days| {
            self.now_ms.saturating_sub(fact.observed_at) <= u64::from(days) * DAY
        })
    }

    /// Nothing decides: why not.
    fn unknown(&self, name: Option<FactName>) -> Ruling<'a> {
        let told = name.and_then(|name| strongest(self.device.facts, name));
        let old = told.filter(|fact| self.rule.accept.contains(&fact.provenance));
        Ruling {
            outcome: Outcome::Unknown,
            reason: words::unknown(&self.rule.check, &self.rule.accept, told, old.is_some()),
            by: None,
            deadline: None,
            excused: false,
        }
    }

    fn seen(&self, days: u32) -> Ruling<'a> {
        let seen = self.device.seen_at.unwrap_or(self.device.enrolled_at);
        let last = seen.saturating_add(u64::from(days) * DAY);
        let silent = self.now_ms.saturating_sub(seen) / DAY;
        let unmet = self.now_ms > last;
        Ruling {
            outcome: if unmet { Outcome::Unmet } else { Outcome::Met },
            reason: words::seen(silent, days),
            by: None,
            deadline: unmet.then(|| last.saturating_add(u64::from(self.rule.grace_days) * DAY)),
            excused: false,
        }
    }

    fn patched(&self, judge: &mut Judge<'_>) -> Ruling<'a> {
        let Some(version) = self.accepted(FactName::OsVersion) else {
            return self.unknown(Some(FactName::OsVersion));
        };
        let (Some(platform), Some(shown), Some(today)) =
            (self.platform, text(version), day(self.now_ms))
        else {
            return self.unknown(None);
        };
        let level = self.accepted(FactName::PatchLevel).and_then(text);
        let model = strongest(self.device.facts, FactName::Model).and_then(text);
        let system = System {
            platform: platform.to_owned(),
            version: shown.to_owned(),
            level: level.map(str::to_owned),
            model: model.map(str::to_owned),
            day: today,
            grace_days: self.rule.grace_days,
        };
        let Some(finding) = judge.verdict(system) else {
            return Ruling {
                outcome: Outcome::Unknown,
                reason: words::no_feeds(platform).to_owned(),
                by: Some(version),
                deadline: None,
                // Lists that went away mend nothing that was found by them.
                excused: family(platform).is_some()
                    && self.before().is_none_or(|b| b.outcome != Outcome::Unmet),
            };
        };
        let has = |codes: &[Code]| finding.reasons.iter().any(|r| codes.contains(&r.code));
        let in_the_dark = has(&[Code::OsUnknown, Code::PatchLevelUnknown]);
        let late = |last: Option<Date>| last.and_then(end_of);
        // A distribution mends the version that it has, so neither its number nor the catalogue says
        // whether it is mended; its own lists do, which `updates_installed` looks at.
        let by_own_lists = platform == "linux" && !has(&[Code::OsUnknown]);
        // Without its level nobody could say of an Android phone whether it is patched, by any list.
        let excused = finding.is_stale
            && !finding.listed.lacks
            && !(platform == "android" && has(&[Code::PatchLevelUnknown]));
        // What the same lists found before they were old, by the day that it ends on.
        let found = || {
            let term = late(finding.term)?;
            let before = self.before()?;
            (before.outcome == Outcome::Unmet && before.deadline == Some(term)).then_some(term)
        };
        let (outcome, deadline) = match finding.verdict {
            patch::Verdict::Unsupported => {
                let grace = u64::from(self.rule.grace_days) * DAY;
                let over = late(finding.supported_until);
                (Outcome::Unmet, over.map(|over| over.saturating_add(grace)))
            }
            _ if by_own_lists => (Outcome::Met, None),
            _ if finding.is_stale && finding.listed.lacks => {
                (Outcome::Unmet, late(finding.listed.term))
            }
            _ if excused => match found() {
                Some(term) => (Outcome::Unmet, Some(term)),
                None => (Outcome::Unknown, None),
            },
            _ if has(&[Code::Behind]) || (has(&[Code::Kev]) && !in_the_dark) => {
                (Outcome::Unmet, late(finding.term))
            }
            patch::Verdict::Current => (Outcome::Met, None),
            // What the feeds do not know.
            patch::Verdict::Grace | patch::Verdict::Outdated => (Outcome::Unknown, None),
        };
        let excused = excused && outcome == Outcome::Unknown;
        Ruling {
            outcome,
            reason: if by_own_lists && outcome == Outcome::Met {
                words::maintained(shown)
            } else if excused {
                words::too_old(shown, finding)
            } else {
                words::patched(shown, finding)
            },
            by: Some(version),
            deadline,
            excused,
        }
    }
}

/// The text of a fact, where it is one.
pub(crate) fn text(fact: &Fact) -> Option<&str> {
    match &fact.value {
        FactValue::Text(text) => Some(text),
        FactValue::Truth(_) | FactValue::Number(_) => None,
    }
}

fn family(platform: &str) -> Option<patch::Platform> {
    Some(match platform {
        "android" => patch::Platform::Android,
        "ios" | "ipados" => patch::Platform::Ios,
        "macos" => patch::Platform::MacOs,
        "windows" => patch::Platform::Windows,
        "linux" => patch::Platform::Linux,
        _ => return None,
    })
}

/// Whether a fact tells a later version of the same system, or a later level of patches, than
/// another. What cannot be compared is not.
fn is_higher(fact: &Fact, than: &Fact) -> bool {
    let (Some(shown), Some(other)) = (text(fact), text(than)) else {
        return false;
    };
    match fact.name {
        FactName::OsVersion => {
            let (system, version) = numbered(shown);
            let (other_system, other) = numbered(other);
            system.eq_ignore_ascii_case(other_system)
                && matches!((version, other), (Some(it), Some(other)) if it > other)
        }
        FactName::PatchLevel => {
            let levels = (PatchLevel::from_text(shown), PatchLevel::from_text(other));
            matches!(levels, (Some(it), Some(other)) if it > other)
        }
        _ => false,
    }
}

/// The name of a system before its number, and the number: `debian 13`.
fn numbered(shown: &str) -> (&str, Option<Version>) {
    let start = shown.find(|c: char| c.is_ascii_digit());
    let (system, number) = shown.split_at(start.unwrap_or(shown.len()));
    let end = number.find(|c: char| !(c.is_ascii_digit() || c == '.'));
    let number = &number[..end.unwrap_or(number.len())];
    (system.trim(), Version::parse(number.trim_end_matches('.')))
}

/// Whether a version as a system shows it is at least a floor; `None` where it cannot be read.
pub(crate) fn at_least(shown: &str, floor: &str) -> Option<bool> {
    let number = shown
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .find(|part| part.bytes().any(|byte| byte.is_ascii_digit()))?;
    Some(Version::parse(number.trim_matches('.'))? >= Version::parse(floor)?)
}

fn day(ms: u64) -> Option<Date> {
    let seconds = i64::try_from(ms / 1000).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .map(OffsetDateTime::date)
}

/// The end of a day (UTC), unix milliseconds.
fn end_of(day: Date) -> Option<u64> {
    let next = day.next_day()?.midnight().assume_utc().unix_timestamp();
    u64::try_from(next).ok().map(|seconds| seconds * 1000)
}

const DAY: u64 = 24 * 60 * 60 * 1000;
