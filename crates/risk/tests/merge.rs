//! Several nodes that learn one hospital side by side, and hear of each other.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use proptest::prelude::*;
use wardline_risk::{
    Access, Hospital, House, Key, Login, Openings, Outcome, PersonState, Premises, Roster,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const PREMISES: &str =
    r#"{"facilities":[{"id":"F1","egress":[{"cidr":"192.0.2.0/28","kind":"wifi"}]}]}"#;

/// What one node sees: a person, a day, a variant of where and with what.
type Seen = (u8, u8, u8);

struct Hall {
    roster: Roster,
    premises: Premises,
    people: Vec<PersonState>,
}

impl Hall {
    fn new() -> Self {
        Self {
            roster: Roster::default(),
            premises: Premises::from_json(PREMISES).unwrap(),
            people: (0..8).map(|_| PersonState::default()).collect(),
        }
    }

    fn goes(&mut self, house: &mut House, (person, day, variant): Seen) {
        let login = login((person, day, variant));
        let hospital = Hospital {
            roster: &self.roster,
            premises: &self.premises,
        };
        let person = &mut self.people[usize::from(person % 8)];
        let weights = house.weigh(person, hospital, &login);
        let outcome =
            [Outcome::Passed, Outcome::Confirmed, Outcome::Failed][usize::from(variant % 3)];
        house.learn(person, hospital, &login, &weights, outcome);
        let access = Access {
            at_ms: login.at_ms,
            user: login.user.clone(),
            role: login.role.clone(),
            patient: Some(variant.to_string()),
        };
        let mut openings = Openings::default();
        house.open(&mut openings, hospital, &access);
        let later = Access {
            at_ms: login.at_ms + DAY_MS,
            ..access
        };
        house.open(&mut openings, hospital, &later);
    }

    fn score(&self, house: &House, seen: Seen) -> f64 {
        let hospital = Hospital {
            roster: &self.roster,
            premises: &self.premises,
        };
        house
            .weigh(&PersonState::default(), hospital, &login(seen))
            .score()
    }
}

fn login((person, day, variant): Seen) -> Login {
    let in_house = variant.is_multiple_of(2);
    let address = if in_house {
        format!("192.0.2.{}", variant % 14)
    } else {
        format!("198.51.{variant}.{person}")
    };
    Login {
        at_ms: i64::from(day) * DAY_MS + i64::from(person) * 1_000 + i64::from(variant),
        user: format!("n{person}"),
        role: ["nurse", "clerk"][usize::from(person % 2)].to_owned(),
        address: Some(address.parse().unwrap()),
        country: "US".to_owned(),
        city: format!("Town {}", variant % 3),
        network: (64_512 + u32::from(variant % 5)).to_string(),
        agent: format!("Agent {}", variant % 4),
        device_kind: ["mobile", "desktop"][usize::from(variant % 2)].to_owned(),
        device: if variant < 128 {
            format!("d{}", variant % 6)
        } else {
            String::new()
        },
        successful: true,
        ..Login::default()
    }
}

/// Nodes that each saw something.
fn nodes(seen: &[Vec<Seen>]) -> (Hall, Vec<House>) {
    let mut hall = Hall::new();
    let names = ["a", "b", "c"];
    let houses = seen.iter().zip(names).map(|(seen, name)| {
        let mut house = House::begun(name, 1);
        for seen in seen {
            hall.goes(&mut house, *seen);
        }
        house
    });
    let houses = houses.collect();
    (hall, houses)
}

/// One who has heard these, in this order.
fn hearing(houses: &[&House]) -> House {
    let mut hearer = House::begun("hearer", 1);
    for house in houses {
        hearer.hear(house);
    }
    hearer
}

fn any_seen() -> impl Strategy<Value = Vec<Vec<Seen>>> {
    let seen = prop::collection::vec((0..8_u8, 0..200_u8, any::<u8>()), 0..40);
    prop::collection::vec(seen, 3)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn it_does_not_matter_who_hears_whom_in_which_order_how_often_and_over_whom(seen in any_seen()) {
        let (_, houses) = nodes(&seen);
        let [a, b, c] = [&houses[0], &houses[1], &houses[2]];
        let all = hearing(&[a, b, c]);
        for order in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
            prop_assert_eq!(&hearing(&order), &all);
        }
        prop_assert_eq!(&hearing(&[a, b, a, c, c, b, a]), &all);
        // Over another, who heard them first.
        let mut middle = b.clone();
        middle.hear(c);
        prop_assert_eq!(&hearing(&[a, &middle]), &all);
        prop_assert_eq!(&hearing(&[&middle, a, c]), &all);
        // Of oneself nobody hears anything new.
        let mut own = a.clone();
        own.hear(a);
        prop_assert_eq!(&own, a);
    }

    #[test]
    fn whoever_heard_one_node_alone_weighs_as_that_node_does_and_stores_nothing_of_it(
        seen in any_seen(),
    ) {
        let (hall, houses) = nodes(&seen);
        let hearer = hearing(&[&houses[0]]);
        for variant in [0, 1, 2, 77] {
            let seen = (1, 201, variant);
            let (heard, own) = (hall.score(&hearer, seen), hall.score(&houses[0], seen));
            prop_assert!((heard - own).abs() < 1e-6, "{heard} {own}");
        }
        prop_assert_eq!(hearer.to_bytes().unwrap(), hearing(&[]).to_bytes().unwrap());
    }
}

#[test]
fn what_one_node_learned_counts_at_every_other_and_once_only() {
    let usual: Vec<Seen> = (0..100).map(|day| (day % 8, day, 132)).collect();
    let (hall, houses) = nodes(&[usual, Vec::new(), Vec::new()]);
    let mut other = houses[1].clone();
    // From a ward's workstation, without a key, as everybody does there.
    let sign_in = (3, 101, 132);
    let before = hall.score(&other, sign_in);
    other.hear(&houses[0]);
    let after = hall.score(&other, sign_in);
    assert!(after + 1.0 < before, "{before} {after}");
    assert!((after - hall.score(&houses[0], sign_in)).abs() < 1e-6);
    // By bytes, as a store hands them on, and again.
    let bytes = houses[0].to_bytes().unwrap();
    other.hear(&House::from_bytes(&bytes).unwrap());
    assert!((hall.score(&other, sign_in) - after).abs() < 1e-12);
}

#[test]
fn a_node_hears_the_latest_and_goes_on_learning_its_own() {
    let mut hall = Hall::new();
    let (mut a, mut b) = (House::begun("a", 1), House::begun("b", 1));
    for day in 0..50 {
        hall.goes(&mut a, (day % 8, day, 0));
    }
    let early = a.clone();
    for day in 50..100 {
        hall.goes(&mut a, (day % 8, day, 6));
    }
    b.hear(&a);
    let latest = b.clone();
    b.hear(&early);
    assert_eq!(
        b, latest,
        "what is older than what was heard is nothing new"
    );
    // What b learns counts with it at once, and its bytes are its own alone.
    let sign_in = (3, 101, 138);
    let before = hall.score(&b, sign_in);
    for day in 100..110 {
        hall.goes(&mut b, (day % 8, day, 138));
    }
    assert!(hall.score(&b, sign_in) < before);
    a.hear(&b);
    assert!((hall.score(&a, sign_in) - hall.score(&b, sign_in)).abs() < 1e-6);
    // A node that lost everything begins anew, and the others forget what it had.
    let begun = House::begun("a", 2);
    b.hear(&begun);
    let own = House::from_bytes(&b.to_bytes().unwrap()).unwrap();
    assert!((hall.score(&b, sign_in) - hall.score(&own, sign_in)).abs() < 1e-6);
}

#[test]
fn a_device_that_three_people_use_at_three_nodes_is_a_wards() {
    let mut hall = Hall::new();
    let mut houses = ["a", "b", "c"].map(|name| House::begun(name, 1));
    for (house, person) in houses.iter_mut().zip([0, 2, 4]) {
        // Confirmed, with the same device.
        for day in 0..3 {
            hall.goes(house, (person, day, 4));
        }
    }
    let key = |house: &House| {
        let hospital = Hospital {
            roster: &hall.roster,
            premises: &hall.premises,
        };
        let newcomer = PersonState::default();
        house.weigh(&newcomer, hospital, &login((7, 4, 4))).key()
    };
    assert_eq!(key(&houses[0]), Key::Others);
    let [a, b, c] = &houses;
    assert_eq!(key(&hearing(&[a, b, c])), Key::Shared);
}

#[test]
fn three_crowded_nodes_have_a_bound_together_too() {
    let (roster, premises) = (Roster::default(), Premises::default());
    let hospital = Hospital {
        roster: &roster,
        premises: &premises,
    };
    let mut hearer = House::begun("hearer", 1);
    for name in ["a", "b", "c"] {
        let mut house = House::begun(name, 1);
        for n in 0..12_000 {
            let mut person = PersonState::default();
            let login = Login {
                at_ms: n,
                user: format!("{name}{n}"),
                role: format!("{name}{n}"),
                agent: format!("{name} {n}"),
                network: format!("{name} {n}"),
                device: format!("{name} {n}"),
                successful: true,
                ..Login::default()
            };
            let weights = house.weigh(&person, hospital, &login);
            house.learn(&mut person, hospital, &login, &weights, Outcome::Confirmed);
        }
        hearer.hear(&house);
        assert!(house.to_bytes().unwrap().len() < 3_000_000);
    }
    assert_eq!(hearer, hearer.clone());
    let mut other = House::begun("other", 1);
    other.hear(&hearer);
    let seen = |house: &House| house.weigh(&PersonState::default(), hospital, &Login::default());
    assert_eq!(seen(&other), seen(&hearer));
}
