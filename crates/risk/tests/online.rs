//! The model as a server runs it: states that are kept, bounded, and taught by what follows.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use wardline_risk::{
    Duty, Hospital, House, Key, Login, Outcome, PersonState, Place, Premises, Reason, Roster,
    Shift, StateError, Weights,
};

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
const PREMISES: &str =
    r#"{"facilities":[{"id":"F1","egress":[{"cidr":"192.0.2.0/28","kind":"wifi"}]}]}"#;
const NURSES: i64 = 20;

/// A ward: what the hospital has shown, and each nurse.
struct Ward {
    house: House,
    nurses: Vec<PersonState>,
    roster: Roster,
    premises: Premises,
}

impl Ward {
    /// Twenty nurses who worked the night for thirty days, and looked at the plan from home before.
    fn after_a_month() -> Self {
        let night = |day: i64| Shift {
            from_ms: day * DAY_MS + 21 * HOUR_MS,
            until_ms: day * DAY_MS + 31 * HOUR_MS,
            on_site: true,
        };
        let turns = (0..400)
            .flat_map(|day| (0..NURSES).map(move |nurse| (format!("n{nurse}"), night(day))));
        let mut ward = Self {
            house: House::default(),
            nurses: (0..NURSES).map(|_| PersonState::default()).collect(),
            roster: Roster::new(turns),
            premises: Premises::from_json(PREMISES).unwrap(),
        };
        for day in 0..30 {
            for nurse in 0..NURSES {
                ward.goes(nurse, &home(nurse, day), Outcome::Passed);
                ward.goes(nurse, &ward_at(nurse, day), Outcome::Passed);
            }
        }
        ward
    }

    fn hospital(&self) -> Hospital<'_> {
        Hospital {
            roster: &self.roster,
            premises: &self.premises,
        }
    }

    fn weigh(&self, nurse: i64, login: &Login) -> Weights {
        let nurse = &self.nurses[usize::try_from(nurse).unwrap()];
        self.house.weigh(nurse, self.hospital(), login)
    }

    /// Weighs and learns.
    fn goes(&mut self, nurse: i64, login: &Login, outcome: Outcome) -> f64 {
        let weights = self.weigh(nurse, login);
        let hospital = Hospital {
            roster: &self.roster,
            premises: &self.premises,
        };
        let nurse = &mut self.nurses[usize::try_from(nurse).unwrap()];
        self.house.learn(nurse, hospital, login, &weights, outcome);
        weights.score()
    }
}

fn login(nurse: i64, at_ms: i64, address: &str, device: &str) -> Login {
    Login {
        at_ms,
        user: format!("n{nurse}"),
        address: Some(address.parse().unwrap()),
        country: "US".to_owned(),
        city: "Town".to_owned(),
        network: "64512".to_owned(),
        agent: "Mozilla/5.0 (iPhone)".to_owned(),
        browser: "Mobile Safari 18.2".to_owned(),
        system: "iOS 18.2".to_owned(),
        device_kind: "mobile".to_owned(),
        device: device.to_owned(),
        successful: true,
        ..Login::default()
    }
}

fn ward_at(nurse: i64, day: i64) -> Login {
    let at_ms = day * DAY_MS + 21 * HOUR_MS + nurse * 1000;
    login(nurse, at_ms, "192.0.2.3", &format!("d{nurse}"))
}

fn home(nurse: i64, day: i64) -> Login {
    let at_ms = day * DAY_MS + 15 * HOUR_MS + nurse * 1000;
    let address = format!("198.51.100.{nurse}");
    login(nurse, at_ms, &address, &format!("d{nurse}"))
}

fn stranger(nurse: i64, at_ms: i64) -> Login {
    Login {
        country: "FR".to_owned(),
        city: "Paris".to_owned(),
        network: "3215".to_owned(),
        agent: "curl/8.5.0".to_owned(),
        browser: String::new(),
        system: "Linux".to_owned(),
        device_kind: "desktop".to_owned(),
        ..login(nurse, at_ms, "203.0.113.9", "")
    }
}

/// Numbers without order, the same in each run.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    }
}

#[test]
fn a_person_stays_below_four_kilobytes_after_five_thousand_chaotic_or_hostile_sign_ins() {
    for (seed, outcomes) in [
        (1, [Outcome::Passed; 4]),
        (2, [Outcome::Confirmed; 4]),
        (
            3,
            [
                Outcome::Passed,
                Outcome::Confirmed,
                Outcome::Failed,
                Outcome::Denied,
            ],
        ),
    ] {
        let mut ward = Ward::after_a_month();
        let mut number = numbers(seed);
        let mut largest = 0;
        for n in 0..5_000_u64 {
            let any = |number: u64| "x".repeat(300) + &number.to_string();
            let login = Login {
                // Within the next month, out of order, and now and then at any time at all.
                at_ms: match number(100) {
                    0 => i64::try_from(number(1 << 30) << 30).unwrap() - (1 << 59),
                    _ => 31 * DAY_MS + i64::try_from(number(1 << 31)).unwrap(),
                },
                user: "n0".to_owned(),
                address: Some(
                    std::net::Ipv4Addr::from_bits(u32::try_from(number(1 << 31)).unwrap()).into(),
                ),
                country: any(number(200)),
                city: any(number(5_000)),
                network: any(number(60_000)),
                agent: any(n),
                browser: any(number(1_000)),
                system: any(number(1_000)),
                device_kind: any(number(5)),
                device: any(n),
                address_is_bad: number(2) == 0,
                role: any(number(40)),
                area: wardline_risk::Area::new(41.3, -81.7, 20_000.0),
                claimed: wardline_risk::Area::new(48.9, 2.4, 20.0),
                successful: true,
                ..Login::default()
            };
            let outcome = outcomes[usize::try_from(number(4)).unwrap()];
            let score = ward.goes(0, &login, outcome);
            assert!(score.is_finite());
            if n % 16 == 0 {
                largest = largest.max(ward.nurses[0].to_bytes().unwrap().len());
            }
        }
        assert!(largest < 4_000, "{largest}");
        assert!(largest > 2_000, "{largest}");
    }
}

#[test]
fn the_hospital_has_a_bound_and_who_only_fails_is_nobody() {
    let mut ward = Ward::after_a_month();
    let before = ward.house.to_bytes().unwrap().len();
    let mut nobody = PersonState::default();
    let hospital = Hospital {
        roster: &ward.roster,
        premises: &ward.premises,
    };
    for n in 0..20_000_u32 {
        let address = std::net::Ipv4Addr::from_bits(0x5000_0000 + n);
        let login = Login {
            user: format!("guess{n}"),
            address: Some(address.into()),
            agent: format!("agent {n}"),
            ..stranger(0, 31 * DAY_MS + i64::from(n))
        };
        let weights = ward.house.weigh(&nobody, hospital, &login);
        ward.house
            .learn(&mut nobody, hospital, &login, &weights, Outcome::Failed);
    }
    assert!(nobody.is_new() && nobody == PersonState::default());
    let sprayed = ward.house.to_bytes().unwrap().len();
    assert!(sprayed < before + 200_000, "{before} {sprayed}");

    // And where as many are let in, each with devices and agents of their own.
    for n in 0..35_000 {
        let mut person = PersonState::default();
        let login = Login {
            user: format!("somebody{n}"),
            agent: format!("agent {n}"),
            network: n.to_string(),
            device: format!("device {n}"),
            ..stranger(0, 32 * DAY_MS + i64::from(n))
        };
        let weights = ward.house.weigh(&person, hospital, &login);
        ward.house
            .learn(&mut person, hospital, &login, &weights, Outcome::Confirmed);
    }
    let crowded = ward.house.to_bytes().unwrap();
    assert!(crowded.len() < 3_000_000, "{}", crowded.len());
    assert_eq!(House::from_bytes(&crowded).unwrap(), ward.house);
}

#[test]
fn states_come_back_from_their_bytes_and_weigh_the_same() {
    let mut ward = Ward::after_a_month();
    ward.goes(0, &stranger(0, 31 * DAY_MS), Outcome::Failed);
    let before = ward.weigh(0, &stranger(0, 31 * DAY_MS + HOUR_MS));
    let person = ward.nurses[0].to_bytes().unwrap();
    let house = ward.house.to_bytes().unwrap();
    ward.nurses[0] = PersonState::from_bytes(&person).unwrap();
    ward.house = House::from_bytes(&house).unwrap();
    assert_eq!(ward.weigh(0, &stranger(0, 31 * DAY_MS + HOUR_MS)), before);
}

#[test]
fn a_state_of_another_version_or_a_damaged_one_is_refused() {
    let ward = Ward::after_a_month();
    let person = ward.nurses[0].to_bytes().unwrap();
    let mut newer = person.clone();
    newer[0] = 9;
    assert_eq!(PersonState::from_bytes(&newer), Err(StateError::Version(9)));
    assert_eq!(House::from_bytes(&newer), Err(StateError::Version(9)));
    let malformed = |bytes: &[u8]| {
        assert_eq!(PersonState::from_bytes(bytes), Err(StateError::Malformed));
    };
    malformed(&[]);
    malformed(&person[..person.len() - 1]);
    malformed(&[person.as_slice(), &[0]].concat());
    // Whatever bytes are changed, there is a state that weighs, or none.
    for at in 1..person.len() {
        let mut torn = person.clone();
        torn[at] ^= 0xff;
        if let Ok(state) = PersonState::from_bytes(&torn) {
            let weights = ward.house.weigh(&state, ward.hospital(), &home(0, 31));
            assert!(!weights.score().is_nan(), "{at}");
        }
    }
}

#[test]
fn whoever_looks_like_an_attacker_does_not_become_usual_by_coming_again_until_it_is_confirmed() {
    let mut ward = Ward::after_a_month();
    let first = ward.weigh(0, &stranger(0, 31 * DAY_MS)).score();
    assert!(first > 6.0, "{first}");
    for n in 0..500 {
        let at_ms = 31 * DAY_MS + n * 3 * HOUR_MS;
        let score = ward.goes(0, &stranger(0, at_ms), Outcome::Passed);
        assert!(score > 6.0, "{n}: {score}");
    }
    // Nor does the person become unusual by it.
    let own = ward.weigh(0, &ward_at(0, 94)).score();
    assert!(own < 0.0, "{own}");
    for n in 0..20 {
        let at_ms = 95 * DAY_MS + n * 12 * HOUR_MS;
        ward.goes(0, &stranger(0, at_ms), Outcome::Confirmed);
    }
    let confirmed = ward.weigh(0, &stranger(0, 106 * DAY_MS)).score();
    assert!(confirmed < first - 4.0, "{first} {confirmed}");
}

#[test]
fn this_was_me_is_learned_at_once_and_no_second_time() {
    let mut ward = Ward::after_a_month();
    let strange = stranger(0, 31 * DAY_MS);
    ward.goes(0, &strange, Outcome::Passed);
    let suspect = ward.weigh(0, &stranger(0, 32 * DAY_MS)).score();
    ward.goes(0, &strange, Outcome::Confirmed);
    let once = ward.weigh(0, &stranger(0, 32 * DAY_MS)).score();
    assert!(once < suspect, "{once} {suspect}");
    ward.goes(0, &strange, Outcome::Confirmed);
    let twice = ward.weigh(0, &stranger(0, 32 * DAY_MS)).score();
    assert!((once - twice).abs() < 0.01, "{once} {twice}");
}

#[test]
fn this_was_not_me_takes_back_what_was_learned_and_warns_of_the_next() {
    let mut ward = Ward::after_a_month();
    let next = stranger(0, 31 * DAY_MS + 2 * HOUR_MS);
    let before = (ward.weigh(0, &next), ward.weigh(0, &home(0, 32)));
    let strange = stranger(0, 31 * DAY_MS);
    // Somebody was taken in at first.
    ward.goes(0, &strange, Outcome::Confirmed);
    assert!(ward.weigh(0, &next).score() < before.0.score());
    ward.goes(0, &strange, Outcome::Denied);
    let after = ward.weigh(0, &next);
    assert!(
        after.unusual > before.0.unusual - 0.2,
        "{before:?} {after:?}"
    );
    assert!(after.company > 1.0 && after.reasons().contains(&Reason::Company));
    let home = ward.weigh(0, &home(0, 32)).unusual;
    assert!((home - before.1.unusual).abs() < 0.3, "{home} {before:?}");
    // However often somebody comes and is denied, what the person is used to stays.
    for n in 0..200 {
        let imitated = Login {
            network: "3215".to_owned(),
            ..login(0, 33 * DAY_MS + n * 1000, "203.0.113.77", "")
        };
        ward.goes(0, &imitated, Outcome::Passed);
        ward.goes(0, &imitated, Outcome::Denied);
    }
    let usual = ward.weigh(0, &ward_at(0, 34)).unusual;
    assert!(usual < -3.0, "{usual}");
    // What was never learned takes nothing back.
    let known = ward.nurses[0].clone();
    ward.goes(0, &ward_at(0, 33), Outcome::Denied);
    let own = ward.weigh(0, &ward_at(0, 34)).unusual;
    ward.nurses[0] = known;
    assert!((own - ward.weigh(0, &ward_at(0, 34)).unusual).abs() < 1e-9);
}

#[test]
fn what_is_not_shown_again_fades_within_months() {
    let mut ward = Ward::after_a_month();
    // A sign-in from elsewhere, once, long ago, is none that the person was seen at.
    let away = |day| login(0, day * DAY_MS + 15 * HOUR_MS, "203.0.113.77", "d0");
    let new = ward.weigh(0, &away(31)).score();
    ward.goes(0, &away(31), Outcome::Confirmed);
    let known = ward.weigh(0, &away(32)).score();
    for day in 32..331 {
        ward.goes(0, &ward_at(0, day), Outcome::Passed);
    }
    let forgotten = ward.weigh(0, &away(331)).score();
    assert!(
        known < new && known < forgotten,
        "{new} {known} {forgotten}"
    );
}

#[test]
fn an_unusual_sign_in_has_reasons_in_plain_words_and_a_usual_one_has_none() {
    let ward = Ward::after_a_month();
    let usual = ward.weigh(0, &ward_at(0, 31));
    assert_eq!(usual.reasons(), []);
    assert_eq!(
        (usual.place(), usual.duty(), usual.key()),
        (Place::House, Duty::OnSite, Key::Own)
    );
    let strange = ward.weigh(0, &stranger(0, 31 * DAY_MS + 12 * HOUR_MS));
    let reasons = strange.reasons();
    assert!(reasons.contains(&Reason::NewCountry) && reasons.contains(&Reason::MissingKey));
    assert_eq!(strange.sentences().len(), 3);
    assert!(
        strange
            .sentences()
            .iter()
            .all(|sentence| sentence.len() < 80)
    );
    let unlocated = Login {
        country: String::new(),
        city: String::new(),
        network: String::new(),
        ..stranger(0, 31 * DAY_MS + 12 * HOUR_MS)
    };
    let reasons = ward.weigh(0, &unlocated).reasons();
    assert!(reasons.contains(&Reason::NewNetwork) && !reasons.contains(&Reason::NewCountry));
    let borrowed = Login {
        device: "d7".to_owned(),
        ..ward_at(0, 31)
    };
    assert_eq!(ward.weigh(0, &borrowed).reasons()[0], Reason::OthersKey);
}

#[test]
fn risk_follows_probability_and_a_threshold_tells_whom_it_asks() {
    let mut ward = Ward::after_a_month();
    let strange = stranger(0, 31 * DAY_MS);
    let all = [
        home(0, 31),
        ward_at(0, 31),
        login(0, 31 * DAY_MS, "203.0.113.7", "d0"),
        strange,
    ];
    let all = all.map(|login| ward.weigh(0, &login));
    assert!(all.is_sorted_by(|a, b| a.score() < b.score()), "{all:?}");
    assert!(all.is_sorted_by(|a, b| a.probability() < b.probability()));
    assert!(all.is_sorted_by(|a, b| a.risk() <= b.risk()));
    assert!(
        all.iter()
            .all(|it| (0.0..=1.0).contains(&it.probability()) && it.risk() <= 100)
    );

    assert_eq!(House::default().share_asked(0), None);
    assert_eq!(ward.house.share_asked(0), Some(1.0));
    assert!(ward.house.share_asked(60) < Some(0.05));
    let shares: Vec<_> = (0..=101)
        .map(|at| ward.house.share_asked(at).unwrap())
        .collect();
    assert!(shares.is_sorted_by(|a, b| a >= b));
    for n in 0..2_000 {
        ward.goes(0, &stranger(0, 31 * DAY_MS + n), Outcome::Confirmed);
    }
    assert!(ward.house.share_asked(1) > shares.get(1).copied());
    // Denied, they were none.
    for n in 0..2_000 {
        ward.goes(0, &stranger(0, 31 * DAY_MS + n), Outcome::Denied);
    }
    let denied = ward.house.share_asked(1).unwrap();
    for n in 0..2_000 {
        ward.goes(0, &stranger(0, 31 * DAY_MS + n), Outcome::Denied);
    }
    assert_eq!(ward.house.share_asked(1), Some(denied), "once is enough");
}
