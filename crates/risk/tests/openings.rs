//! What is opened after a sign-in: an admission round raises nothing, copying a hospital's records
//! does.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use proptest::prelude::*;
use wardline_risk::{
    Access, Hospital, House, Opened, Openings, Premises, Reason, Roster, Shift, StateError,
};

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A hospital in which everybody has the shift from seven to nineteen.
struct Ward {
    house: House,
    roster: Roster,
    premises: Premises,
}

impl Ward {
    fn new() -> Self {
        let shift = |day: i64| Shift {
            from_ms: day * DAY_MS + 7 * HOUR_MS,
            until_ms: day * DAY_MS + 19 * HOUR_MS,
            on_site: true,
        };
        let turns =
            (0..100).flat_map(|day| ["a", "b", "c"].map(|user| (user.to_owned(), shift(day))));
        Self {
            house: House::default(),
            roster: Roster::new(turns),
            premises: Premises::default(),
        }
    }

    fn open(&mut self, state: &mut Openings, user: &str, at_ms: i64, patient: i64) -> Opened {
        let access = Access {
            at_ms,
            user: user.to_owned(),
            role: if user == "b" { "coder" } else { "nurse" }.to_owned(),
            patient: Some(format!("patient {patient}")),
        };
        let hospital = Hospital {
            roster: &self.roster,
            premises: &self.premises,
        };
        self.house.open(state, hospital, &access)
    }

    /// So many patients from a moment on, evenly over an hour.
    fn hour(&mut self, state: &mut Openings, user: &str, from_ms: i64, patients: i64) -> Opened {
        let mut last = None;
        for patient in 0..patients {
            let at_ms = from_ms + patient * HOUR_MS / patients;
            // Other patients each hour.
            last = Some(self.open(state, user, at_ms, from_ms / HOUR_MS * 100_000 + patient));
        }
        last.unwrap()
    }
}

fn at(day: i64, hour: i64) -> i64 {
    day * DAY_MS + hour * HOUR_MS
}

#[test]
fn an_admission_round_raises_nothing_and_copying_records_does() {
    let mut ward = Ward::new();
    let mut nurse = Openings::default();
    for day in 0..30 {
        for hour in 8..16 {
            ward.hour(&mut nurse, "a", at(day, hour), 4);
        }
    }
    for (hour, patients) in [(8, 15), (10, 25), (12, 20)] {
        let opened = ward.hour(&mut nurse, "a", at(30, hour), patients);
        assert!(opened.score.abs() < 1e-12, "{opened:?}");
        assert_eq!((opened.raises(30), opened.reason()), (30, None));
    }
    let taken = ward.hour(&mut nurse, "a", at(31, 9), 200);
    assert!(taken.score > 3.0, "{taken:?}");
    assert!((taken.patients_of_hour - 200.0).abs() < 30.0, "{taken:?}");
    assert_eq!(taken.records_of_hour, 200);
    assert_eq!(taken.reason(), Some(Reason::OpensMany));
    assert!(taken.raises(30) > 60 && taken.raises(100) == 100);
    assert!(Reason::OpensMany.sentence().len() < 60);
}

#[test]
fn off_duty_a_third_as_many_are_enough() {
    let mut ward = Ward::new();
    let on_duty = ward.hour(&mut Openings::default(), "a", at(2, 9), 25);
    let off_duty = ward.hour(&mut Openings::default(), "a", at(2, 2), 25);
    assert!(on_duty.score.abs() < 1e-12, "{on_duty:?}");
    assert!(off_duty.reason().is_some(), "{off_duty:?}");
}

#[test]
fn who_copies_slowly_all_day_is_found_by_the_turn() {
    let mut ward = Ward::new();
    let mut nurse = Openings::default();
    let mut last = None;
    for hour in 7..19 {
        last = Some(ward.hour(&mut nurse, "a", at(3, hour), 29));
    }
    let last = last.unwrap();
    assert!(last.patients_of_hour < 40.0, "{last:?}");
    assert!(
        last.patients_of_turn > 250.0 && last.reason().is_some(),
        "{last:?}"
    );
    // The next day is another turn.
    let next = ward.hour(&mut nurse, "a", at(4, 9), 10);
    assert!(
        next.score.abs() < 1e-12 && next.patients_of_turn < 12.0,
        "{next:?}"
    );
}

#[test]
fn whoever_opens_many_by_profession_becomes_usual_and_an_attack_does_not() {
    let mut ward = Ward::new();
    let mut nurse = Openings::default();
    for day in 0..60 {
        for hour in 8..16 {
            ward.hour(&mut nurse, "c", at(day, hour), 4);
        }
    }
    // A coder of bills: more each week.
    let mut coder = Openings::default();
    for day in 0..60 {
        for hour in 8..16 {
            ward.hour(&mut coder, "b", at(day, hour), 20 + day);
        }
    }
    let usual = ward.hour(&mut coder, "b", at(60, 9), 80);
    assert!(usual.score.abs() < 1e-12, "{usual:?}");
    // Whoever comes every night for all there is stays an attacker.
    let mut victim = Openings::default();
    let scores = (0..30).map(|day| ward.hour(&mut victim, "a", at(day, 9), 400).score);
    let scores: Vec<f64> = scores.collect();
    assert!(scores.iter().all(|score| *score > 6.0), "{scores:?}");
    let (first, last) = (scores[0], scores[29]);
    assert!(last > first - 0.3, "{scores:?}");
}

#[test]
fn what_is_asked_for_becomes_no_habit_by_coming_again() {
    let mut ward = Ward::new();
    let mut nurse = Openings::default();
    for day in 0..20 {
        for hour in 8..16 {
            ward.hour(&mut nurse, "a", at(day, hour), 4);
        }
    }
    let scores = (20..60).map(|day| ward.hour(&mut nurse, "a", at(day, 9), 50).score);
    let scores: Vec<f64> = scores.collect();
    assert!(scores.iter().all(|score| *score > 1.0), "{scores:?}");
    assert!(scores[39] > scores[0] - 0.5, "{scores:?}");
}

#[test]
fn a_clock_that_leapt_and_was_set_back_gathers_nothing() {
    let mut ward = Ward::new();
    let mut nurse = Openings::default();
    ward.open(&mut nurse, "a", at(9_000, 9), 1);
    for hour in 8..16 {
        let opened = ward.hour(&mut nurse, "a", at(2, hour), 10);
        assert!(opened.records_of_hour <= 20, "{opened:?}");
        assert!(opened.score.abs() < 1e-12, "{opened:?}");
    }
}

#[test]
fn what_a_second_factor_confirmed_is_asked_for_once() {
    let mut ward = Ward::new();
    let mut nurse = Openings::default();
    let many = ward.hour(&mut nurse, "a", at(2, 9), 90);
    assert!(many.reason().is_some(), "{many:?}");
    nurse.confirm(at(2, 9) + 59 * MINUTE_MS);
    let next = ward.open(&mut nurse, "a", at(2, 9) + 59 * MINUTE_MS, -1);
    assert!(next.score.abs() < 1e-12, "{next:?}");
    let more = ward.hour(&mut nurse, "a", at(2, 10), 300);
    assert!(more.reason().is_some(), "it is no licence: {more:?}");
    let tomorrow = ward.hour(&mut nurse, "a", at(3, 9), 90);
    assert!(
        tomorrow.reason().is_some(),
        "nor one for ever: {tomorrow:?}"
    );
}

#[test]
fn a_state_is_small_whatever_is_opened_and_a_damaged_one_is_refused() {
    let mut ward = Ward::new();
    let mut state = Openings::default();
    for n in 0..20_000_i64 {
        let at_ms = n.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed()) >> 20;
        let opened = ward.open(&mut state, "a", if n % 3 == 0 { at_ms } else { n * 999 }, n);
        assert!((0.0..=Opened::MOST).contains(&opened.score), "{opened:?}");
    }
    let bytes = state.to_bytes().unwrap();
    assert!(bytes.len() < 700, "{}", bytes.len());
    assert_eq!(Openings::from_bytes(&bytes).unwrap(), state);
    let mut newer = bytes.clone();
    newer[0] = 9;
    assert_eq!(Openings::from_bytes(&newer), Err(StateError::Version(9)));
    assert_eq!(Openings::from_bytes(&[]), Err(StateError::Malformed));
    for at in 1..bytes.len() {
        let mut torn = bytes.clone();
        torn[at] ^= 0xff;
        if let Ok(mut state) = Openings::from_bytes(&torn) {
            let opened = ward.open(&mut state, "a", 10 * DAY_MS, 1);
            assert!((0.0..=Opened::MOST).contains(&opened.score), "{at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn each_further_patient_weighs_no_less_within_the_hour_and_off_duty_no_less_than_on(
        steps in prop::collection::vec((0..MINUTE_MS / 8, 0..2_000_i64), 1..300),
        habit in 0..60_i64,
    ) {
        let mut ward = Ward::new();
        let mut habits = Openings::default();
        for day in 0..i64::from(habit > 0) * 10 {
            ward.hour(&mut habits, "a", at(day, 9), habit);
        }
        let mut on = (ward.house.clone(), habits.clone());
        let mut off = (ward.house.clone(), habits);
        let (mut since, mut before) = (0, 0.0);
        for (step, patient) in steps {
            since += step;
            let mut open = |state: &mut (House, Openings), hour| {
                std::mem::swap(&mut ward.house, &mut state.0);
                let opened = ward.open(&mut state.1, "a", at(20, hour) + since, patient);
                std::mem::swap(&mut ward.house, &mut state.0);
                opened
            };
            let (opened, at_night) = (open(&mut on, 9), open(&mut off, 2));
            prop_assert!((0.0..=Opened::MOST).contains(&opened.score));
            // Less than an hour in all: nothing has left the window.
            prop_assert!(opened.score >= before, "{opened:?} {before}");
            prop_assert!(at_night.score >= opened.score, "{at_night:?} {opened:?}");
            prop_assert!(opened.raises(50) >= 50);
            before = opened.score;
        }
    }
}
