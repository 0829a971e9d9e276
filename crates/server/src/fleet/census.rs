//! The devices in use, counted, as the planner and the warnings look at them.

use std::collections::BTreeMap;

use wardline_model::wire::posture::{Fact, FactName, FactValue, Provenance};
use wardline_programs::assess::strongest;
use wardline_programs::fleet::{Encryption, Fleet, Group, KeyLevel, Known};
use wardline_store::Device;

/// Counts devices, each with what is known of it.
pub(crate) fn of(everyone: &[(Device, Vec<Fact>)]) -> Fleet {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: BTreeMap<(&str, FactName, Provenance), u64> = BTreeMap::new();
    for (device, facts) in everyone {
        for fact in facts {
            let key = (device.program.as_str(), fact.name, fact.provenance);
            *known.entry(key).or_default() += 1;
        }
        let group = group(device, facts);
        let alike = |other: &&mut Group| {
            Group {
                devices: 1,
                ..(**other).clone()
            } == group
        };
        match groups.iter_mut().find(alike) {
            Some(other) => other.devices += 1,
            None => groups.push(group),
        }
    }
    let facts = known
        .into_iter()
        .map(|((program, name, provenance), devices)| Known {
            program: program.to_owned(),
            name,
            provenance,
            devices,
        })
        .collect();
    Fleet {
        devices: groups,
        facts,
    }
}

fn group(device: &Device, facts: &[Fact]) -> Group {
    let text = |name| match &strongest(facts, name)?.value {
        FactValue::Text(text) => Some(text.clone()),
        FactValue::Truth(_) | FactValue::Number(_) => None,
    };
    let encrypted = strongest(facts, FactName::StorageEncrypted);
    let encryption = match encrypted.map(|fact| (&fact.value, fact.provenance)) {
        None => Encryption::Unknown,
        Some((FactValue::Truth(true), Provenance::Attested)) => Encryption::Attested,
        Some((FactValue::Truth(true), Provenance::Managed)) => Encryption::Managed,
        Some((FactValue::Truth(true), Provenance::Agent)) => Encryption::Measured,
        Some((FactValue::Truth(true), Provenance::Claimed)) => Encryption::Claimed,
        Some(_) => Encryption::Off,
    };
    let key = match text(FactName::KeyHardware).as_deref() {
        Some("strongbox") => KeyLevel::Strongbox,
        Some("hardware") => KeyLevel::Hardware,
        Some(_) => KeyLevel::Software,
        None => KeyLevel::Unknown,
    };
    Group {
        program: device.program.clone(),
        platform: text(FactName::Platform),
        os_version: text(FactName::OsVersion),
        model: text(FactName::Model),
        encryption,
        key,
        standing: super::before(device).map(|assessment| assessment.standing),
        devices: 1,
    }
}
