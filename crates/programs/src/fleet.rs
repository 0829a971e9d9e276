//! What is known of the devices in use, counted: the planner and the warnings look at it, and at
//! nothing that leads to a person.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wardline_model::wire::posture::{FactName, Provenance, Standing};

/// The devices in use, counted. An empty fleet is one of which nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// Devices that are alike; each device is in one group.
    #[serde(default)]
    pub devices: Vec<Group>,
    /// Of how many devices a fact is known, and from whom.
    #[serde(default)]
    pub facts: Vec<Known>,
}

/// Devices of one program that are alike in all of this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The program's slug.
    pub program: String,
    /// As in the fact `platform`; absent where it is not known.
    #[serde(default)]
    pub platform: Option<String>,
    /// The system's version as it shows it; absent where it is not known.
    #[serde(default)]
    pub os_version: Option<String>,
    /// The name under which the model is sold; absent where it is not known.
    #[serde(default)]
    pub model: Option<String>,
    /// What is known of its encryption.
    #[serde(default)]
    pub encryption: Encryption,
    /// Where its device key lives.
    #[serde(default)]
    pub key: KeyLevel,
    /// How it stands by its program's rules; absent where it was not judged.
    #[serde(default)]
    pub standing: Option<Standing>,
    /// How many devices.
    pub devices: u64,
}

/// How well it is known that everything at rest is encrypted, best first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Hardware signed it.
    Attested,
    /// A device manager says so.
    Managed,
    /// Our agent measured it.
    Measured,
    /// The device says so.
    Claimed,
    /// Somebody says that it is not.
    Off,
    /// Nobody says anything.
    #[default]
    Unknown,
}

/// Where a device key lives, best first (the fact `key_hardware`).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum KeyLevel {
    /// In a secure element of its own.
    Strongbox,
    /// In hardware of the main chip.
    Hardware,
    /// In software.
    Software,
    /// Nobody attested it.
    #[default]
    Unknown,
}

/// Of how many devices of a program a fact is known from somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The program's slug.
    pub program: String,
    /// Which fact.
    pub name: FactName,
    /// Who says it.
    pub provenance: Provenance,
    /// Of how many devices.
    pub devices: u64,
}

/// A file is no fleet.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FleetError {
    /// It is not of the form.
    #[error("{0}")]
    Malformed(String),
    /// It counts more than there can be.
    #[error("it counts more than {MOST} devices")]
    Count,
}

/// More devices than any hospital has; sums stay exact.
const MOST: u64 = 10_000_000;

impl Encryption {
    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attested => "attested",
            Self::Managed => "managed",
            Self::Measured => "measured",
            Self::Claimed => "claimed",
            Self::Off => "off",
            Self::Unknown => "unknown",
        }
    }
}

impl KeyLevel {
    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strongbox => "strongbox",
            Self::Hardware => "hardware",
            Self::Software => "software",
            Self::Unknown => "unknown",
        }
    }
}

impl Fleet {
    /// Reads a fleet as JSON.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn from_json(bytes: &[u8]) -> Result<Self, FleetError> {
        let fleet: Self = serde_json::from_slice(bytes)
            .map_err(|error| FleetError::Malformed(error.to_string()))?;
        fleet.checked()
    }

    /// The groups of a program.
    pub fn of<'a>(&'a self, program: &'a str) -> impl Iterator<Item = &'a Group> {
        self.devices
            .iter()
            .filter(move |group| group.program == program && group.devices > 0)
    }

    /// How many devices a program has.
    pub fn count(&self, program: &str) -> u64 {
        self.of(program).map(|group| group.devices).sum()
    }

    /// In how many combinations of platform, main version of the system and model the devices of a
    /// program come. What is not known of a device is one more value, so this counts too few rather
    /// than too many.
    pub fn configurations(&self, program: &str) -> u64 {
        let all: BTreeSet<_> = self
            .of(program)
            .map(|group| {
                (
                    group.platform.as_deref(),
                    group.os_version.as_deref().map(main_version),
                    group.model.as_deref(),
                )
            })
            .collect();
        u64::try_from(all.len()).unwrap_or(MOST)
    }

    fn checked(self) -> Result<Self, FleetError> {
        let devices = self.devices.iter().try_fold(0_u64, |sum, group| {
            sum.checked_add(group.devices).filter(|sum| *sum <= MOST)
        });
        let known = self.facts.iter().all(|known| known.devices <= MOST);
        if devices.is_none() || !known {
            return Err(FleetError::Count);
        }
        Ok(self)
    }
}

/// What comes before the first full stop: `26` of `26.6.1`. Support is tested by main versions.
fn main_version(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A device of a program.
    pub(crate) fn one(program: &str, os_version: &str, model: &str) -> Group {
        Group {
            program: program.to_owned(),
            platform: Some("android".to_owned()),
            os_version: Some(os_version.to_owned()),
            model: Some(model.to_owned()),
            encryption: Encryption::Managed,
            key: KeyLevel::Hardware,
            standing: Some(Standing::Compliant),
            devices: 1,
        }
    }

    #[test]
    fn configurations_are_counted_by_model_and_main_version() {
        let fleet = Fleet {
            devices: vec![
                one("byod", "16", "Pixel 9"),
                one("byod", "16.1", "Pixel 9"),
                one("byod", "15", "Pixel 9"),
                one("byod", "16", "Galaxy S25"),
                one("issued", "16", "Fairphone 6"),
            ],
            facts: Vec::new(),
        };
        assert_eq!(fleet.configurations("byod"), 3);
        assert_eq!(fleet.configurations("issued"), 1);
        assert_eq!(fleet.configurations("shared"), 0);
        assert_eq!(fleet.count("byod"), 4);
    }

    #[test]
    fn a_file_that_counts_too_many_is_refused() {
        let with = |devices: u64| {
            let group = Group {
                devices,
                ..one("byod", "16", "Pixel 9")
            };
            let fleet = Fleet {
                devices: vec![group.clone(), group],
                facts: Vec::new(),
            };
            Fleet::from_json(&serde_json::to_vec(&fleet).unwrap())
        };
        assert!(with(7).is_ok());
        assert_eq!(with(MOST), Err(FleetError::Count));
        assert_eq!(with(u64::MAX), Err(FleetError::Count));
        assert!(matches!(
            Fleet::from_json(br#"{"devices":[],"people":3}"#),
            Err(FleetError::Malformed(_))
        ));
    }
}
