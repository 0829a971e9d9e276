//! Linux: what its files and programs tell.
//!
//! One module for each thing that is asked, a pure function over text beneath each, so that what a
//! distribution writes can be tried without it.

pub(crate) mod firewall;
pub(crate) mod firmware;
pub(crate) mod kernel;
pub(crate) mod release;
pub(crate) mod screen;
pub(crate) mod storage;
pub(crate) mod updates;

use wardline_model::wire::posture::FactName;

use crate::found::known;
use crate::system::System;
use crate::{Collected, Scope};

/// Measures a Linux machine.
pub(crate) fn collect(system: &impl System, now_ms: u64, scope: Scope, into: &mut Collected) {
    into.take(FactName::Platform, known("linux"));
    into.take(FactName::OsVersion, release::os_version(system));
    into.take(FactName::Model, firmware::model(system));
    into.take(FactName::Manufacturer, firmware::manufacturer(system));
    into.take(FactName::Serial, firmware::serial(system));
    into.take(FactName::StorageEncrypted, storage::encrypted(system));
    let (lock, seconds) = screen::lock(system);
    into.take(FactName::ScreenLock, lock);
    into.take(FactName::ScreenLockSeconds, seconds);
    into.take(FactName::SecureBoot, firmware::secure_boot(system));
    into.take(FactName::Tpm, firmware::tpm(system));
    into.take(FactName::Firewall, firewall::refuses(system));
    if scope == Scope::All {
        into.take(FactName::PendingUpdates, updates::pending(system, now_ms));
    }
    into.take(FactName::RestartPending, kernel::restart_pending(system));
    into.take(FactName::Kernel, kernel::running(system));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MEASURED;
    use crate::system::tests::Made;

    #[test]
    fn each_fact_is_known_or_has_a_reason() {
        let mut bare = Collected::default();
        collect(&Made::default(), 0, Scope::All, &mut bare);
        assert_eq!(bare.facts.len() + bare.unknown.len(), MEASURED.len());
        assert!(bare.unknown.iter().all(|remark| remark.reason.len() > 10));
        let facts: Vec<_> = bare.facts.iter().map(|told| told.name).collect();
        assert_eq!(facts, [FactName::Platform], "nothing is known of nothing");
    }
}
