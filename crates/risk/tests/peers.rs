//! Whom somebody leans on of whom little was seen: the people of their role, before everybody.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use wardline_risk::{
    Hospital, House, Login, Outcome, Pattern, PersonState, Premises, Roster, Shift,
};

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
const PREMISES: &str =
    r#"{"facilities":[{"id":"F1","egress":[{"cidr":"192.0.2.0/28","kind":"wifi"}]}]}"#;

/// Nurses who sign in on the ward, with phones of their own, and never from home; clerks who work
/// from home, each with a computer that has a key.
struct Hall {
    house: House,
    roster: Roster,
    premises: Premises,
}

impl Hall {
    fn after_two_months(with_roles: bool) -> Self {
        let shift = |day: i64| Shift {
            from_ms: day * DAY_MS + 7 * HOUR_MS,
            until_ms: day * DAY_MS + 15 * HOUR_MS,
            on_site: true,
        };
        let people = ["nurse", "clerk"].iter();
        let people = people.flat_map(|role| (0..41).map(move |n| format!("{role}{n}")));
        let turns = people.flat_map(|user| (0..100).map(move |day| (user.clone(), shift(day))));
        let mut hall = Self {
            house: House::default(),
            roster: Roster::new(turns),
            premises: Premises::from_json(PREMISES).unwrap(),
        };
        // One of each is new.
        for n in (0..41).filter(|n| *n != 11) {
            let (mut nurse, mut clerk) = (PersonState::default(), PersonState::default());
            for day in 0..60 {
                hall.learns(&mut nurse, &on_ward(with_roles, n, day));
                hall.learns(&mut clerk, &from_home("clerk", with_roles, n, day));
            }
        }
        hall
    }

    fn hospital(&self) -> Hospital<'_> {
        Hospital {
            roster: &self.roster,
            premises: &self.premises,
        }
    }

    fn learns(&mut self, person: &mut PersonState, login: &Login) {
        let hospital = Hospital {
            roster: &self.roster,
            premises: &self.premises,
        };
        let weights = self.house.weigh(person, hospital, login);
        self.house
            .learn(person, hospital, login, &weights, Outcome::Confirmed);
    }

    /// Of somebody new.
    fn score(&self, login: &Login) -> f64 {
        self.house
            .weigh(&PersonState::default(), self.hospital(), login)
            .score()
    }
}

fn login(role: &str, with_roles: bool, n: i64, at_ms: i64, address: &str) -> Login {
    Login {
        at_ms,
        user: format!("{role}{n}"),
        role: if with_roles {
            role.to_owned()
        } else {
            String::new()
        },
        address: Some(address.parse().unwrap()),
        country: "US".to_owned(),
        city: "Town".to_owned(),
        network: "64512".to_owned(),
        successful: true,
        ..Login::default()
    }
}

fn on_ward(with_roles: bool, n: i64, day: i64) -> Login {
    Login {
        device_kind: "mobile".to_owned(),
        device: format!("phone{n}"),
        ..login(
            "nurse",
            with_roles,
            n,
            day * DAY_MS + 7 * HOUR_MS,
            "192.0.2.3",
        )
    }
}

fn from_home(role: &str, with_roles: bool, n: i64, day: i64) -> Login {
    Login {
        device_kind: "desktop".to_owned(),
        device: format!("computer{n}"),
        ..login(
            role,
            with_roles,
            n,
            day * DAY_MS + 21 * HOUR_MS,
            "198.51.100.7",
        )
    }
}

#[test]
fn a_new_nurse_from_home_is_more_unusual_than_a_new_clerk_from_there() {
    let hall = Hall::after_two_months(true);
    let nurse = hall.score(&from_home("nurse", true, 11, 61));
    let clerk = hall.score(&from_home("clerk", true, 11, 61));
    assert!(nurse > clerk + 1.0, "{nurse} {clerk}");
    // Whoever has shown it themselves leans on nobody.
    let mut known = PersonState::default();
    let mut taught = Hall::after_two_months(true);
    for day in 61..90 {
        taught.learns(&mut known, &from_home("nurse", true, 11, day));
    }
    let next = from_home("nurse", true, 11, 91);
    let usual = taught.house.weigh(&known, taught.hospital(), &next).score();
    assert!(usual < clerk, "{usual} {clerk}");
}

#[test]
fn without_roles_nothing_changes() {
    let (with, without) = (Hall::after_two_months(true), Hall::after_two_months(false));
    let nurse = without.score(&from_home("nurse", false, 11, 61));
    let clerk = without.score(&from_home("clerk", false, 11, 61));
    assert!((nurse - clerk).abs() < 1e-9, "{nurse} {clerk}");
    // A hospital that knows roles weighs whoever has none as before, and a role that nobody has.
    let unnamed = with.score(&from_home("nurse", false, 11, 61));
    assert!((unnamed - nurse).abs() < 0.3, "{unnamed} {nurse}");
    let mut other = from_home("nurse", false, 11, 61);
    other.role = "chaplain".to_owned();
    assert!((with.score(&other) - unnamed).abs() < 1e-12);
}

#[test]
fn any_number_of_roles_has_a_bound_and_takes_nothing_from_those_that_many_have() {
    let mut hall = Hall::after_two_months(true);
    let before = hall.score(&from_home("nurse", true, 11, 61));
    let clerk_before = hall.score(&from_home("clerk", true, 11, 61));
    assert!(before > clerk_before + 0.1, "{before} {clerk_before}");
    let size = hall.house.to_bytes().unwrap().len();
    for n in 0..2_000 {
        let mut stranger = from_home("guest", true, n, 61);
        stranger.role = format!("role {n}");
        stranger.device.clear();
        hall.learns(&mut PersonState::default(), &stranger);
    }
    let crowded = hall.house.to_bytes().unwrap();
    assert!(crowded.len() < size + 120_000, "{size} {}", crowded.len());
    assert_eq!(House::from_bytes(&crowded).unwrap(), hall.house);
    let after = hall.score(&from_home("nurse", true, 11, 61));
    let clerk = hall.score(&from_home("clerk", true, 11, 61));
    assert!(
        after > clerk + (before - clerk_before) / 2.0,
        "{before} {after} {clerk}"
    );
}

#[test]
fn what_was_denied_is_taken_back_from_the_peers_too() {
    let mut hall = Hall::after_two_months(true);
    let sign_in = from_home("nurse", true, 11, 61);
    let next = from_home("nurse", true, 10, 61);
    let before = hall.score(&next);
    for n in 0..40 {
        let mut person = PersonState::default();
        let sign_in = Login {
            at_ms: sign_in.at_ms + n,
            ..sign_in.clone()
        };
        hall.learns(&mut person, &sign_in);
        let hospital = Hospital {
            roster: &hall.roster,
            premises: &hall.premises,
        };
        let weights = hall.house.weigh(&person, hospital, &sign_in);
        hall.house
            .learn(&mut person, hospital, &sign_in, &weights, Outcome::Denied);
    }
    let after = hall.score(&next);
    assert!((before - after).abs() < 0.1, "{before} {after}");
}

#[test]
fn how_turns_lie_is_told_by_those_that_are_near() {
    let turns = |user: &str, days: std::ops::Range<i64>, hour: i64, on_site| {
        let user = user.to_owned();
        days.map(move |day| {
            let from_ms = day * DAY_MS + hour * HOUR_MS;
            let shift = Shift {
                from_ms,
                until_ms: from_ms + 9 * HOUR_MS,
                on_site,
            };
            (user.clone(), shift)
        })
        .collect::<Vec<_>>()
    };
    let roster = Roster::new(
        [
            turns("night", 0..200, 21, true),
            turns("day", 0..200, 9, true),
            turns("early", 0..200, 5, true),
            turns("home", 0..200, 9, false),
            turns("changing", 0..30, 5, true),
            turns("changing", 30..60, 21, true),
            turns("changing", 60..200, 21, true),
        ]
        .concat(),
    );
    let pattern = |user, day: i64| roster.pattern(user, day * DAY_MS);
    assert_eq!(pattern("night", 90), Pattern::Third);
    assert_eq!(pattern("day", 90), Pattern::Second);
    assert_eq!(pattern("early", 90), Pattern::First);
    assert_eq!(pattern("home", 90), Pattern::OnCall);
    assert_eq!(pattern("nobody", 90), Pattern::Unplanned);
    assert_eq!(pattern("night", 900), Pattern::Unplanned, "long gone");
    assert_eq!(pattern("changing", 60), Pattern::Changing);
    assert_eq!(pattern("changing", 150), Pattern::Third, "what was is past");
}
