//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use crate::fleet::Fleet;
use crate::planner::{Assumptions, compare};
use crate::provision::{Site, apple};
use crate::terms::Terms;

/// A hospital's assumptions, as TOML or as JSON, and what the planner makes of them.
///
/// # Panics
/// When a range of the comparison is out of order, or is no number.
pub fn assumptions(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let read = Assumptions::from_toml(text)
        .ok()
        .or_else(|| Assumptions::from_json(text).ok());
    let Some(assumptions) = read else {
        return false;
    };
    let comparison = compare(&assumptions, &Terms::baseline(), &Fleet::default());
    for plan in &comparison.programs {
        for item in &plan.items {
            let cost = item.cost;
            assert!(cost.low <= cost.likely && cost.likely <= cost.high);
        }
        assert!(plan.total.mean.is_finite());
    }
    true
}

/// A fleet as JSON, side by side in the programs that ship.
///
/// # Panics
/// When more devices are spread out than there are.
pub fn fleet(bytes: &[u8]) -> bool {
    let Ok(fleet) = Fleet::from_json(bytes) else {
        return false;
    };
    let comparison = compare(&Assumptions::baseline(), &Terms::baseline(), &fleet);
    for plan in &comparison.programs {
        let spread: u64 = plan.spread.encryption.iter().map(|p| p.devices).sum();
        assert_eq!(spread, fleet.count(&plan.slug));
    }
    comparison.to_csv().is_ok()
}

/// A file of a hospital's own authorities, and the profile that carries them.
///
/// # Panics
/// When a profile with them is not one.
pub fn authorities(bytes: &[u8]) -> bool {
    let site = Site::new("Hospital", "https://wardline.example.org");
    let Some(site) = site.ok().and_then(|site| site.with_authorities(bytes).ok()) else {
        return false;
    };
    for terms in Terms::baseline() {
        if let Ok(profile) = apple(&site, &terms) {
            assert!(plist::Value::from_reader_xml(profile.as_slice()).is_ok());
        }
    }
    true
}

/// A hospital's name and address, as they are typed.
///
/// # Panics
/// When a profile for them is not one, or names another hospital.
pub fn site(hospital: &str, url: &str) -> bool {
    let Ok(site) = Site::new(hospital, url) else {
        return false;
    };
    for terms in Terms::baseline() {
        if let Ok(profile) = apple(&site, &terms) {
            let profile = plist::Value::from_reader_xml(profile.as_slice());
            let named = profile.as_ref().ok().and_then(|profile| {
                let profile = profile.as_dictionary()?;
                profile.get("PayloadOrganization")?.as_string()
            });
            assert_eq!(named, Some(site.hospital()));
        }
    }
    true
}
