//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use wardline_model::wire::posture::FactName;

use crate::graph::{ActionResult, Fault, GRAPH, Graph, Token};
use crate::managed::{ManagedDevice, serial_key};
use crate::prereg;
use crate::refusal::{Limits, Problem, Refused};
use crate::set::{Keys, Signal, Transmitter};

/// When everything of the corpus is read, unix milliseconds.
pub const NOW_MS: u64 = 1_780_000_000_000;

/// A word that seeds hold where a secret or a person's name would be; no refusal may hold it.
pub const SECRET: &str = "Zq7secretXv";

/// An export as CSV.
///
/// # Panics
/// When a device is taken that breaks a promise of [`ManagedDevice`], or a refusal is empty or
/// repeats a value.
pub fn csv(bytes: &[u8]) -> bool {
    import(crate::csv::import(bytes, "file", NOW_MS, SMALL))
}

/// An export as JSON.
///
/// # Panics
/// As [`csv`].
pub fn json(bytes: &[u8]) -> bool {
    import(crate::json::import(bytes, "file", NOW_MS, SMALL))
}

/// A file of devices to be registered.
///
/// # Panics
/// When two devices with one serial number are taken, or a refusal is empty or repeats a value.
pub fn registrations(bytes: &[u8]) -> bool {
    match prereg::read(bytes, &["issued", "shared"], SMALL) {
        Ok(registrations) => {
            let serials = registrations.iter().map(|one| serial_key(&one.serial));
            assert_unique(serials.collect());
            true
        }
        Err(refused) => refusal(&refused),
    }
}

/// An answer of Graph or of the identity platform: a page of devices, what became of a device's
/// actions, a token or an error.
///
/// # Panics
/// When the next page is elsewhere, a device breaks a promise, or a token or a message shows.
pub fn graph(bytes: &[u8], graph: &Graph) -> bool {
    let fault = Fault::read(bytes);
    if let Some(fault) = &fault {
        assert!(fault.to_string().len() <= 200);
    }
    let token = Token::read(bytes);
    assert!(!format!("{token:?}").contains(SECRET));
    let page = graph.page(bytes, NOW_MS);
    if let Ok(page) = &page {
        if let Some(next) = &page.next {
            assert!(next.as_str().starts_with(&format!("{GRAPH}/")), "{next}");
        }
        page.devices.iter().for_each(device);
    }
    let results = ActionResult::read(bytes, MANAGED);
    let other = ActionResult::read(bytes, "another");
    assert!(results.is_err() || other.is_err(), "it is about one device");
    fault.is_some() || token.is_ok() || page.is_ok() || results.is_ok()
}

/// A key set.
pub fn keys(bytes: &[u8]) -> bool {
    Keys::from_jwks(bytes).is_ok()
}

/// A security event token, verified.
///
/// # Panics
/// When a token is taken that is not the transmitter's, or a refusal repeats what it says.
pub fn set(bytes: &[u8], transmitter: &Transmitter) -> Option<Signal> {
    match transmitter.verify(bytes, NOW_MS) {
        Ok(signal) => {
            assert_eq!(signal.issuer, transmitter.issuer);
            assert!(!signal.events.is_empty() && !signal.jti.is_empty());
            Some(signal)
        }
        Err(error) => {
            let body = error.body();
            assert!(!body.description.contains(SECRET));
            None
        }
    }
}

/// The device that the seeds of results are about.
const MANAGED: &str = "705c034c-034c-705c-4c03-5c704c035c70";

/// Few reasons, so that the counting of the others is met too.
const SMALL: Limits = Limits {
    bytes: 1 << 20,
    rows: 50,
    reasons: 3,
};

fn import(outcome: Result<Vec<ManagedDevice>, Refused>) -> bool {
    match outcome {
        Ok(devices) => {
            assert!(!devices.is_empty() && devices.len() <= SMALL.rows);
            devices.iter().for_each(device);
            assert_unique(devices.iter().map(|one| one.manager_id.clone()).collect());
            let serials = devices.iter().filter_map(|one| one.serial.as_deref());
            assert_unique(serials.map(serial_key).collect());
            for one in &devices {
                assert!(one.facts.iter().any(|told| told.name == FactName::Platform));
            }
            true
        }
        Err(refused) => refusal(&refused),
    }
}

fn device(device: &ManagedDevice) {
    assert!(!device.manager_id.is_empty() && !device.name.is_empty());
    assert!(device.observed_at <= NOW_MS + 300_000);
    let mut names: Vec<FactName> = device.facts.iter().map(|told| told.name).collect();
    let told = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), told, "a fact is told twice");
    for told in &device.facts {
        assert!(told.name.takes(&told.value), "{told:?}");
    }
}

fn assert_unique(mut keys: Vec<String>) {
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all, "a device is there twice");
}

fn refusal(refused: &Refused) -> bool {
    assert!((1..=SMALL.reasons).contains(&refused.reasons.len()));
    assert!(refused.more == 0 || refused.reasons.len() == SMALL.reasons);
    for reason in &refused.reasons {
        // A file without a line of names has values where the names should be.
        let named = matches!(reason.problem, Problem::UnknownColumn { .. });
        assert!(named || !reason.to_string().contains(SECRET));
    }
    false
}
