//! Positions that devices claim: never believed where that would help.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use proptest::prelude::*;
use wardline_risk::{
    Area, Claimed, Hospital, House, Login, Outcome, PersonState, Premises, Reason, Roster, Weights,
};

const HOUR_MS: i64 = 60 * 60 * 1000;
const PREMISES: &str = r#"{"facilities":[{"id":"F1","lat":41.2,"lon":-83.4,"radius_m":450,
    "egress":[{"cidr":"192.0.2.0/28","kind":"wifi"}]}]}"#;

fn area(latitude: f64, longitude: f64) -> Area {
    Area::new(latitude, longitude, 50.0).unwrap()
}

fn ward() -> Area {
    area(41.2, -83.4)
}

/// What a sign-in weighs of somebody who was on the ward and at home for a month.
fn weigh(login: &Login) -> Weights {
    let (roster, premises) = (Roster::default(), Premises::from_json(PREMISES).unwrap());
    let hospital = Hospital {
        roster: &roster,
        premises: &premises,
    };
    let (mut house, mut person) = (House::default(), PersonState::default());
    for hour in 0..60 {
        let address = ["192.0.2.3", "198.51.100.7"][usize::try_from(hour % 2).unwrap()];
        let usual = Login {
            at_ms: hour * 12 * HOUR_MS,
            ..from(address, None, None)
        };
        let weights = house.weigh(&person, hospital, &usual);
        house.learn(&mut person, hospital, &usual, &weights, Outcome::Passed);
    }
    house.weigh(&person, hospital, login)
}

fn from(address: &str, located: Option<Area>, claimed: Option<Area>) -> Login {
    Login {
        at_ms: 800 * HOUR_MS,
        user: "n".to_owned(),
        address: Some(address.parse().unwrap()),
        device: "phone".to_owned(),
        area: located,
        claimed,
        successful: true,
        ..Login::default()
    }
}

#[test]
fn whoever_claims_to_be_on_the_ward_is_no_less_unusual_for_it() {
    let strange = weigh(&from("203.0.113.9", None, None));
    let claimed = weigh(&from("203.0.113.9", None, Some(ward())));
    assert!((claimed.score() - strange.score()).abs() < 1e-12);
    assert_eq!(claimed.place(), strange.place());
    assert_eq!(
        (strange.claimed(), claimed.claimed()),
        (None, Some(Claimed::OnPremises))
    );
    let paris = Some(area(48.857, 2.352));
    let contradicted = weigh(&from("203.0.113.9", paris, Some(ward())));
    assert!(contradicted.claim > 1.0 && contradicted.score() > strange.score() + 1.0);
    assert!(contradicted.reasons().contains(&Reason::Contradicted));
    // A carrier's addresses are wherever the carrier is.
    let behind_carrier = Login {
        address_is_shared: true,
        ..from("203.0.113.9", paris, Some(ward()))
    };
    assert!(weigh(&behind_carrier).claim.abs() < 1e-12);
}

#[test]
fn whoever_is_on_the_hospitals_network_and_claims_to_be_elsewhere_is_more_unusual() {
    let at = |claimed| weigh(&from("192.0.2.3", None, claimed));
    let usual = at(None);
    assert!((at(Some(ward())).score() - usual.score()).abs() < 1e-12);
    // In the car park, and at home over the hospital's tunnel.
    assert!(at(Some(area(41.21, -83.4))).claim.abs() < 1e-12);
    let elsewhere = at(Some(area(48.857, 2.352)));
    assert!(elsewhere.score() > usual.score() + 1.0);
    assert_eq!(elsewhere.claimed(), Some(Claimed::Elsewhere));
    assert!(elsewhere.reasons().contains(&Reason::Contradicted));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn no_claim_makes_anything_less_unusual_and_a_farther_one_none_less_than_a_nearer(
        in_house in any::<bool>(),
        located in prop::option::of((-80.0..80.0_f64, -179.0..179.0_f64)),
        shared in any::<bool>(),
        (latitude, longitude) in (-89.0..89.0_f64, -179.0..179.0_f64),
        part in 0.0..1.0_f64,
    ) {
        let address = if in_house { "192.0.2.3" } else { "203.0.113.9" };
        let located = located.and_then(|(latitude, longitude)| Area::new(latitude, longitude, 1e4));
        let plain = Login {
            address_is_shared: shared,
            ..from(address, located, None)
        };
        let with = |claimed| weigh(&Login { claimed, ..plain.clone() });
        let without = weigh(&plain);
        let far = with(Area::new(latitude, longitude, 50.0));
        prop_assert!(far.score() >= without.score());
        prop_assert!(far.risk() >= without.risk() && far.claim <= 2.0);
        prop_assert_eq!(far.place(), without.place());
        // Towards the ward, along the meridian.
        if in_house {
            let north = |part: f64| with(Area::new(41.2 + 40.0 * part, -83.4, 50.0)).claim;
            prop_assert!(north(part) <= north(1.0));
            prop_assert!(north(part * 0.5) <= north(part));
        }
    }
}
