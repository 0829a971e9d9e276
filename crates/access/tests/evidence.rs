//! What explains an access, and what does not.

use proptest::prelude::*;
use wardline_access::{Asker, Basis, Party, Reason, Relation, Ward, explain};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const NOW_MS: i64 = 1_778_000_000_000;

const ICU: Ward<u8> = ward(1, 1);
const ICU_ELSEWHERE: Ward<u8> = ward(1, 2);
const SURGERY: Ward<u8> = ward(2, 1);

const fn ward(department: u8, facility: u8) -> Ward<u8> {
    Ward {
        department: Some(department),
        facility: Some(facility),
    }
}

/// Somebody of intensive care, at home, about a patient of surgery.
fn asker() -> Asker<u8> {
    Asker {
        who: 7,
        at_ms: NOW_MS,
        home: ICU,
        shift: None,
        patient_is_at: SURGERY,
        from_conversation: false,
        from_worklist: false,
    }
}

fn of(basis: Basis, of: Party<u8>, from_days: i64, until_days: i64) -> Relation<u8> {
    Relation {
        basis,
        of,
        from_ms: NOW_MS + from_days * DAY_MS,
        until_ms: NOW_MS + until_days * DAY_MS,
    }
}

/// Person 8 is of the same ward; nobody else is known.
fn reason(asker: &Asker<u8>, relations: &[Relation<u8>]) -> Option<Reason> {
    let ward_of = |who: u8| (who == 8).then_some(ICU);
    explain(asker, relations.iter().copied(), ward_of).reason
}

#[test]
fn a_relation_of_ones_own_explains_while_it_lasts_and_some_days_on() {
    let mine = |from, until| [of(Basis::Consult, Party::Person(7), from, until)];
    assert_eq!(reason(&asker(), &mine(-1, 1)), Some(Reason::Consult));
    assert_eq!(reason(&asker(), &mine(-9, -5)), Some(Reason::Before));
    assert_eq!(reason(&asker(), &mine(-90, -50)), None, "long ago");
    assert_eq!(reason(&asker(), &mine(1, 2)), None, "nobody knew it yet");
    let others = [of(Basis::Consult, Party::Person(9), -1, 1)];
    assert_eq!(reason(&asker(), &others), None, "it is somebody else's");
}

#[test]
fn a_departments_relation_explains_in_the_facility_where_the_patient_is() {
    let ours = [of(Basis::Encounter, Party::Department(1), -1, 1)];
    assert_eq!(reason(&asker(), &ours), Some(Reason::DepartmentEncounter));
    let elsewhere = Asker {
        home: ICU_ELSEWHERE,
        ..asker()
    };
    assert_eq!(reason(&elsewhere, &ours), None);
    let floats = Asker {
        shift: Some(ICU),
        home: ward(3, 1),
        ..asker()
    };
    assert_eq!(reason(&floats, &ours), Some(Reason::DepartmentEncounter));
}

#[test]
fn the_ward_of_a_shift_explains_and_the_ward_of_somebody_at_home_does_not() {
    let on_their_ward = Asker {
        patient_is_at: ICU,
        ..asker()
    };
    assert_eq!(reason(&on_their_ward, &[]), None);
    let on_shift = Asker {
        shift: Some(ICU),
        ..on_their_ward
    };
    assert_eq!(reason(&on_shift, &[]), Some(Reason::Ward));
    let elsewhere = Asker {
        shift: Some(ICU_ELSEWHERE),
        ..on_their_ward
    };
    assert_eq!(reason(&elsewhere, &[]), None);
}

#[test]
fn a_hand_over_explains_on_shift_alone() {
    let colleagues = [of(Basis::CareTeam, Party::Person(8), -1, 1)];
    let on_shift = Asker {
        shift: Some(ICU),
        ..asker()
    };
    assert_eq!(reason(&asker(), &colleagues), None);
    assert_eq!(reason(&on_shift, &colleagues), Some(Reason::Colleague));
    let lately = [of(Basis::Order, Party::Department(1), -9, -2)];
    assert_eq!(reason(&asker(), &lately), None);
    assert_eq!(reason(&on_shift, &lately), Some(Reason::DepartmentBefore));
    let long_ago = [of(Basis::Order, Party::Department(1), -9, -5)];
    assert_eq!(reason(&on_shift, &long_ago), None);
}

#[test]
fn a_conversation_that_nobody_wrote_down_explains_in_the_facility_of_the_patient() {
    let talks = Asker {
        from_conversation: true,
        ..asker()
    };
    assert_eq!(reason(&talks, &[]), Some(Reason::FromConversation));
    let elsewhere = Asker {
        home: ICU_ELSEWHERE,
        ..talks
    };
    assert_eq!(reason(&elsewhere, &[]), None);
    let floats = Asker {
        shift: Some(ICU),
        ..elsewhere
    };
    assert_eq!(reason(&floats, &[]), Some(Reason::FromConversation));
}

#[test]
fn a_list_of_work_explains_on_shift_of_patients_whom_somebody_treats() {
    let others = [of(Basis::Encounter, Party::Department(2), -1, 1)];
    let listed = Asker {
        from_worklist: true,
        ..asker()
    };
    assert_eq!(reason(&listed, &others), None, "off shift");
    let on_shift = Asker {
        shift: Some(ICU),
        ..listed
    };
    assert_eq!(reason(&on_shift, &others), Some(Reason::Worklist));
    assert_eq!(reason(&on_shift, &[]), None, "nobody treats them");
    let elsewhere = Asker {
        shift: Some(ICU_ELSEWHERE),
        ..listed
    };
    assert_eq!(reason(&elsewhere, &others), None);
}

#[test]
fn departments_that_are_not_known_are_not_the_same() {
    let nowhere = Asker {
        home: Ward::default(),
        shift: Some(Ward::default()),
        patient_is_at: Ward::default(),
        ..asker()
    };
    assert_eq!(reason(&nowhere, &[]), None);
}

fn relation() -> impl Strategy<Value = Relation<u8>> {
    let basis = prop::sample::select(vec![
        Basis::CareTeam,
        Basis::Consult,
        Basis::Conversation,
        Basis::Order,
        Basis::Encounter,
    ]);
    let party = prop_oneof![
        (5_u8..10).prop_map(Party::Person),
        (1_u8..4).prop_map(Party::Department)
    ];
    (basis, party, -40_i64..10, -40_i64..10)
        .prop_map(|(basis, party, from, until)| of(basis, party, from, until))
}

fn anybody() -> impl Strategy<Value = Asker<u8>> {
    let ward = || (1_u8..4, 1_u8..3).prop_map(|(department, facility)| ward(department, facility));
    let ways = any::<(bool, bool)>();
    (ward(), prop::option::of(ward()), ward(), ways).prop_map(
        |(home, shift, patient_is_at, (from_conversation, from_worklist))| Asker {
            home,
            shift,
            patient_is_at,
            from_conversation,
            from_worklist,
            ..asker()
        },
    )
}

proptest! {
    #[test]
    fn whoever_has_a_relation_is_never_asked(
        asker in anybody(),
        others in prop::collection::vec(relation(), 0..8),
        since in -40_i64..=0,
        until in 0_i64..10,
    ) {
        let mut relations = others;
        relations.push(of(Basis::CareTeam, Party::Person(asker.who), since, until));
        prop_assert_eq!(reason(&asker, &relations), Some(Reason::CareTeam));
    }

    #[test]
    fn more_evidence_never_explains_less_and_its_order_does_not_matter(
        asker in anybody(),
        relations in prop::collection::vec(relation(), 0..8),
        more in relation(),
    ) {
        let before = reason(&asker, &relations);
        let mut turned = relations.clone();
        turned.reverse();
        prop_assert_eq!(reason(&asker, &turned), before);
        turned.push(more);
        let after = reason(&asker, &turned);
        // The stronger stands first.
        prop_assert!(before.is_none() || after.is_some_and(|after| Some(after) <= before));
    }

    #[test]
    fn what_nobody_knew_at_the_time_changes_nothing(
        asker in anybody(),
        relations in prop::collection::vec(relation(), 0..8),
        basis in prop::sample::select(vec![Basis::CareTeam, Basis::Order]),
    ) {
        let before = reason(&asker, &relations);
        let mut later = relations;
        later.push(of(basis, Party::Person(asker.who), 1, 9));
        prop_assert_eq!(reason(&asker, &later), before);
    }
}

#[test]
fn every_reason_is_a_sentence_of_its_own() {
    let mut sentences: Vec<&str> = Reason::ALL.iter().map(|it| it.sentence()).collect();
    assert!(sentences.iter().all(|it| it.ends_with('.')));
    sentences.sort_unstable();
    sentences.dedup();
    assert_eq!(sentences.len(), Reason::ALL.len());
    assert!(Reason::ALL.is_sorted());
    let words = serde_json::to_value(Reason::ALL).unwrap_or_default();
    let names: Vec<&str> = Reason::ALL.iter().map(|it| it.name()).collect();
    assert_eq!(words, serde_json::json!(names));
}
