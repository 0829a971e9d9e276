//! The agent: what a workstation is found to be.
//!
//! [`collect`] asks a [`System`] and answers with facts in the vocabulary that all who tell of
//! devices share ([`wardline_model::wire::posture`]). The agent only reads: it changes no setting,
//! fetches nothing, and waits for no program longer than [`system::PATIENCE`].
//!
//! - [`system`]: the one way to files and programs, and [`Here`], this machine.
//! - [`schedule`]: when to measure and when to report, as a function of times.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! What is not known is left out with a reason; a guess is never told as a fact. A fact that
//! speaks against the workstation has a note that says what was found, for the person before it.
//!
//! | system | what is measured |
//! |---|---|
//! | Linux | everything that [`MEASURED`] names |
//! | macOS, Windows | the platform and the version; nothing else yet, and it says so |

pub mod fuzz;
pub mod schedule;
pub mod system;

mod elsewhere;
mod found;
mod linux;

use serde::Serialize;
use wardline_model::wire::posture::{FactName, FactValue, Told};

pub use crate::system::{Here, System};

use crate::found::Found;

/// What the agent looks for.
pub const MEASURED: [FactName; 14] = [
    FactName::Platform,
    FactName::OsVersion,
    FactName::Model,
    FactName::Manufacturer,
    FactName::Serial,
    FactName::StorageEncrypted,
    FactName::ScreenLock,
    FactName::ScreenLockSeconds,
    FactName::SecureBoot,
    FactName::Tpm,
    FactName::Firewall,
    FactName::PendingUpdates,
    FactName::RestartPending,
    FactName::Kernel,
];

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// All but what takes a package manager's seconds: the updates that wait.
    Quick,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Collected {
    /// What is known, in the order of the names.
    pub facts: Vec<Told>,
    /// What is not known, and why.
    pub unknown: Vec<Remark>,
    /// What lies behind facts that are known, where that helps: which disk is not encrypted.
    pub notes: Vec<Remark>,
}

/// A sentence about a fact, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// What about.
    pub name: FactName,
    /// The sentence.
    pub reason: String,
}

/// Measures a machine. `now_ms` is the time, unix milliseconds: lists of updates that are older
/// than a week by it tell nothing.
pub fn collect(system: &impl System, now_ms: u64, scope: Scope) -> Collected {
    let mut collected = Collected::default();
    match std::env::consts::OS {
        "macos" => elsewhere::macos(system, &mut collected),
        "windows" => elsewhere::windows(system, &mut collected),
        _ => linux::collect(system, now_ms, scope, &mut collected),
    }
    collected.facts.sort_by_key(|told| told.name);
    collected.unknown.sort_by_key(|remark| remark.name);
    collected.notes.sort_by_key(|remark| remark.name);
    collected
}

impl Collected {
    /// The value of a fact.
    pub fn value(&self, name: FactName) -> Option<&FactValue> {
        let told = self.facts.iter().find(|told| told.name == name);
        told.map(|told| &told.value)
    }

    /// What was found now, and of what was not looked at now, what was found before.
    #[must_use]
    pub fn over(mut self, before: &Self) -> Self {
        let looked: Vec<FactName> = {
            let known = self.facts.iter().map(|told| told.name);
            known
                .chain(self.unknown.iter().map(|remark| remark.name))
                .collect()
        };
        let left = |name: &FactName| !looked.contains(name);
        let remarks = |remarks: &[Remark]| -> Vec<Remark> {
            let left = remarks.iter().filter(|remark| left(&remark.name));
            left.cloned().collect()
        };
        let facts = before.facts.iter().filter(|told| left(&told.name));
        self.facts.extend(facts.cloned());
        self.unknown.extend(remarks(&before.unknown));
        self.notes.extend(remarks(&before.notes));
        self.facts.sort_by_key(|told| told.name);
        self.unknown.sort_by_key(|remark| remark.name);
        self.notes.sort_by_key(|remark| remark.name);
        self
    }

    /// Takes up one answer. A text that a hospital would refuse is not known.
    fn take<T: Into<FactValue>>(&mut self, name: FactName, found: Found<T>) {
        let unknown = |reason: String| Remark { name, reason };
        match found {
            Ok(known) => {
                let value = known.value.into();
                if let FactValue::Text(text) = &value
                    && !is_name(text)
                {
                    let reason = "what the system tells is no name".to_owned();
                    self.unknown.push(unknown(reason));
                    return;
                }
                self.facts.push(Told { name, value });
                if let Some(note) = known.note {
                    self.notes.push(unknown(note));
                }
            }
            Err(why) => self.unknown.push(unknown(why.0)),
        }
    }
}

/// Whether a hospital takes a text as the value of a fact.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control)
}

/// Characters of a text, see [`FactValue::Text`].
const LONGEST: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::{Unknown, known};

    #[test]
    fn what_was_not_looked_at_stands_as_it_was() {
        let mut before = Collected::default();
        before.take(FactName::PendingUpdates, known(3));
        before.take(FactName::Firewall, known(true));
        before.take(
            FactName::Tpm,
            Err::<_, _>(Unknown("hidden".to_owned())) as Found<bool>,
        );
        let mut now = Collected::default();
        now.take(
            FactName::Firewall,
            Err::<_, _>(Unknown("denied".to_owned())) as Found<bool>,
        );
        let now = now.over(&before);
        assert_eq!(now.value(FactName::PendingUpdates), Some(&3.into()));
        assert_eq!(
            now.value(FactName::Firewall),
            None,
            "what was so is not so for ever"
        );
        let unknown: Vec<_> = now.unknown.iter().map(|remark| remark.name).collect();
        assert_eq!(unknown, [FactName::Tpm, FactName::Firewall]);
    }

    #[test]
    fn a_text_that_is_no_name_is_not_told() {
        let mut collected = Collected::default();
        collected.take(FactName::Model, known("x".repeat(121)));
        collected.take(FactName::Serial, known("a\u{1b}[2J".to_owned()));
        collected.take(FactName::Kernel, known(String::new()));
        assert!(collected.facts.is_empty());
        assert_eq!(collected.unknown.len(), 3);
    }
}
