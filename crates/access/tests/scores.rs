//! How much an access looks like snooping.

use std::sync::LazyLock;

use proptest::prelude::*;
use wardline_access::{Alike, Explained, House, Look, Near, PersonState, Reason, Sign, Ties, Via};
use wardline_risk::Duty;

const MINUTE_MS: i64 = 60 * 1000;
const BEGIN_MS: i64 = 1_778_000_000_000;

fn usual(at: i64, patient: u64) -> Look {
    Look {
        at_ms: BEGIN_MS + at * 40 * MINUTE_MS,
        patient,
        peers: 1,
        department: 1,
        ward: 1,
        is_here: true,
        via: Via::Worklist,
        duty: Duty::OnSite,
        explained: Explained {
            reason: Some(Reason::CareTeam),
            is_treated: true,
        },
        ties: Ties {
            surname: Some(Alike {
                same: false,
                share: 0.01,
            }),
            area: Some(Alike {
                same: false,
                share: 0.02,
            }),
            ..Ties::default()
        },
    }
}

/// Without a reason, found by a search.
fn unexplained(at: i64, patient: u64) -> Look {
    let mut look = usual(at, patient);
    look.explained.reason = None;
    look.via = Via::Search;
    look
}

/// A hospital and a person who have worked for some weeks: one look in ten has no explanation, and
/// one is explained by the ward.
fn at_work() -> (House, PersonState) {
    let (mut house, mut person) = (House::default(), PersonState::default());
    for (at, patient) in (0_i64..800).zip(100_u64..) {
        let mut look = match at % 10 {
            0 => unexplained(at, patient),
            _ => usual(at, patient),
        };
        if at % 10 == 5 {
            look.explained.reason = Some(Reason::Ward);
        }
        let weighed = house.weigh(&person, &look);
        house.learn(&mut person, &look, &weighed);
    }
    (house, person)
}

fn score(look: &Look) -> f64 {
    static LEARNED: LazyLock<(House, PersonState)> = LazyLock::new(at_work);
    let (house, person) = &*LEARNED;
    house.weigh(person, look).score
}

/// They have the same, which so many patients have.
const fn shared(share: f64) -> Alike {
    Alike { same: true, share }
}

/// What makes a look another one.
type Changed = fn(&mut Look);

#[test]
fn what_is_explained_looks_less_like_snooping() {
    let mut concluded = usual(900, 1);
    concluded.explained.reason = Some(Reason::Ward);
    let scores = [usual(900, 1), concluded, unexplained(900, 1)].map(|look| score(&look));
    assert!(scores.is_sorted(), "{scores:?}");
    assert!(scores[0] < 0.0 && scores[2] > scores[0] + 2.0, "{scores:?}");
}

#[test]
fn each_motive_is_told_in_words() {
    let (house, person) = at_work();
    let signs = |change: Changed| {
        let mut look = unexplained(900, 1);
        change(&mut look);
        house.weigh(&person, &look).signs
    };
    let cases: [(Sign, Changed); 8] = [
        (Sign::SameSurname, |it| {
            it.ties.surname = Some(shared(0.001));
        }),
        (Sign::SameArea, |it| it.ties.area = Some(shared(0.001))),
        (Sign::WorksHere, |it| {
            it.ties.works_here = true;
            it.ties.near = Some(Near::Ward);
        }),
        (Sign::IsPublic, |it| it.ties.is_public = true),
        (Sign::OwnChart, |it| it.ties.own = true),
        (Sign::OtherFacility, |it| it.is_here = false),
        (Sign::OffShift, |it| it.duty = Duty::Off),
        (Sign::OtherDepartment, |it| it.department = 2),
    ];
    for (sign, change) in cases {
        let found = signs(change);
        assert!(found.contains(&sign), "{sign:?}: {found:?}");
        assert!(found.contains(&Sign::Unexplained), "{sign:?}: {found:?}");
        assert!(sign.sentence().ends_with('.'));
    }
}

#[test]
fn whoever_opens_chart_after_chart_all_over_the_house_is_noticed() {
    let (mut house, mut person) = at_work();
    let (mut highest, mut is_told) = (f64::MIN, false);
    for patient in 1..30 {
        let mut look = unexplained(900, patient);
        look.at_ms += i64::try_from(patient).unwrap() * MINUTE_MS;
        look.ward = patient % 7;
        let weighed = house.weigh(&person, &look);
        house.learn(&mut person, &look, &weighed);
        highest = highest.max(weighed.score);
        is_told |= weighed.signs.contains(&Sign::Many);
    }
    assert!(is_told);
    assert!(highest > score(&unexplained(900, 1)) + 2.0, "{highest}");
}

#[test]
fn whose_role_opens_such_charts_all_day_is_not_noticed_for_it() {
    let mut look = unexplained(900, 1);
    look.department = 2;
    let ours = score(&look);
    look.peers = 2;
    let (mut house, _) = at_work();
    let mut other = PersonState::default();
    for (at, patient) in (0_i64..400).zip(9_000_u64..) {
        let look = Look {
            peers: 2,
            department: 2,
            ..unexplained(at, patient)
        };
        let weighed = house.weigh(&other, &look);
        house.learn(&mut other, &look, &weighed);
    }
    assert!(house.weigh(&other, &look).score < ours);
    // Nor is somebody new of that role, whom nobody knows.
    let newcomer = PersonState::default();
    assert!(house.weigh(&newcomer, &look).score < ours);
}

#[test]
fn states_have_a_bound_and_come_back_from_their_bytes() {
    let (mut house, mut person) = at_work();
    for patient in 0..3_000 {
        let mut look = unexplained(900, patient);
        (look.ward, look.department, look.peers) = (patient, patient, patient);
        let weighed = house.weigh(&person, &look);
        house.learn(&mut person, &look, &weighed);
    }
    let bytes = person.to_bytes().unwrap();
    assert!(bytes.len() < 4_000, "{}", bytes.len());
    assert_eq!(PersonState::from_bytes(&bytes).unwrap(), person);
    assert_eq!(
        House::from_bytes(&house.to_bytes().unwrap()).unwrap(),
        house
    );
    assert!(PersonState::from_bytes(&bytes[1..]).is_err());
}

fn any_look() -> impl Strategy<Value = Look> {
    let reason = prop::option::of(prop::sample::select(Reason::ALL.to_vec()));
    let via = prop::sample::select(vec![
        Via::Worklist,
        Via::Search,
        Via::Conversation,
        Via::Unknown,
    ]);
    let duty = prop::sample::select(Duty::ALL.to_vec());
    let share = || prop::option::of((any::<bool>(), 0.0_f64..=1.0));
    let flags = any::<[bool; 5]>();
    let marks = (any::<i64>(), 0_u64..9, 0_u64..5, 0_u64..5);
    (reason, via, duty, share(), share(), flags, marks).prop_map(
        |(reason, via, duty, surname, area, flags, (at_ms, patient, department, peers))| {
            let [is_here, is_treated, own, works_here, is_public] = flags;
            let alike = |it: Option<(bool, f64)>| it.map(|(same, share)| Alike { same, share });
            Look {
                at_ms,
                patient,
                peers,
                department,
                ward: department * 3,
                is_here,
                via,
                duty,
                explained: Explained { reason, is_treated },
                ties: Ties {
                    surname: alike(surname),
                    area: alike(area),
                    own,
                    works_here,
                    near: works_here.then_some(Near::Facility),
                    is_public,
                },
            }
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_looked_at_has_a_score_and_the_same_one_each_time(
        looks in prop::collection::vec(any_look(), 1..40),
    ) {
        let run = || {
            let (mut house, mut person) = (House::default(), PersonState::default());
            let mut scores = Vec::new();
            for look in &looks {
                let weighed = house.weigh(&person, look);
                assert!(weighed.score.is_finite(), "{look:?}");
                assert!((0.0..=1.0).contains(&weighed.probability));
                house.learn(&mut person, look, &weighed);
                scores.push(weighed.score.to_bits());
            }
            (scores, house.to_bytes().unwrap(), person)
        };
        prop_assert_eq!(run(), run());
    }

    #[test]
    fn a_rarer_surname_in_common_weighs_more(one in 0.0002_f64..0.4, times in 1.1_f64..3.0) {
        let with = |share| {
            let mut look = unexplained(900, 1);
            look.ties.surname = Some(shared(share));
            score(&look)
        };
        let none = score(&unexplained(900, 1));
        prop_assert!(with(one / times) > with(one));
        prop_assert!(with(one) > none - 1e-9, "{} {none}", with(one));
    }
}
