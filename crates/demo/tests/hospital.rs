//! The hospital as its users need it: the same each time, complete, and of one piece.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proptest::prelude::*;
use wardline_demo::{Chart, Hospital, Readiness};
use wardline_fhir::resource::collection;
use wardline_fhir::{Limits, Resource, banner, import};

/// 2026-03-02T14:25:00Z.
const NOW: u64 = 1_772_461_500_000;
const HOUR: u64 = 3_600_000;

fn json(seed: u64, now_ms: u64) -> String {
    serde_json::to_string(&Hospital::generate(seed, now_ms)).unwrap()
}

#[test]
fn the_same_seed_makes_the_same_hospital_and_another_does_not() {
    assert_eq!(json(7, NOW), json(7, NOW));
    assert_ne!(json(7, NOW), json(8, NOW));
}

#[test]
fn people_and_patients_stay_themselves_when_the_demo_starts_again_later() {
    let ids = |now| {
        let hospital = Hospital::generate(7, now);
        let patients: Vec<String> = hospital
            .patients
            .iter()
            .map(|c| c.resources[0].json().to_string())
            .collect();
        let staff: Vec<_> = hospital
            .staff
            .iter()
            .map(|p| (p.id, p.username.clone()))
            .collect();
        (patients, staff)
    };
    assert_eq!(ids(NOW), ids(NOW + 40 * HOUR));
}

#[test]
fn every_resource_goes_through_the_importer_and_every_reference_is_kept() {
    for seed in [0, 1, 42, u64::MAX] {
        let hospital = Hospital::generate(seed, NOW);
        let bundle = collection(hospital.resources()).to_string();
        let imported = import(bundle.as_bytes(), Limits::default()).unwrap();
        assert_eq!(imported.errors, [], "seed {seed}");
        assert_eq!(imported.unresolved, [], "seed {seed}");
        let generated: Vec<Resource> = hospital.resources().cloned().collect();
        assert_eq!(imported.resources, generated, "seed {seed}: ids are unique");
    }
}

#[test]
fn it_is_large_enough_and_has_the_unready_cases() {
    let hospital = Hospital::generate(1, NOW);
    assert_eq!(hospital.facilities.len(), 2);
    assert!(hospital.staff.len() >= 36);
    assert!(hospital.patients.len() >= 44);
    let sites: BTreeSet<_> = hospital.staff.iter().map(|p| p.facility).collect();
    assert_eq!(sites.len(), 2);
    for readiness in [
        Readiness::Onboarding,
        Readiness::OutdatedPhone,
        Readiness::OffShift,
    ] {
        assert!(
            hospital.staff.iter().any(|p| p.readiness == readiness),
            "{readiness:?}"
        );
    }
    for role in [
        "nurse",
        "charge_nurse",
        "physician",
        "pharmacist",
        "therapist",
        "enrolling_officer",
        "security_officer",
        "privacy_officer",
        "operator",
        "auditor",
    ] {
        let ready =
            |p: &&wardline_demo::StaffMember| p.has_role(role) && p.readiness == Readiness::Ready;
        assert!(hospital.staff.iter().any(|p| ready(&p)), "{role}");
    }
    let usernames: HashSet<_> = hospital.staff.iter().map(|p| &p.username).collect();
    assert_eq!(usernames.len(), hospital.staff.len());
    assert!(hospital.staff_member("amara.osei").is_some());
    assert!(hospital.staff_member("tomas.herrera").is_some());
    let departments: HashSet<_> = hospital.departments.iter().map(|d| &d.name).collect();
    assert!(
        hospital
            .staff
            .iter()
            .all(|p| departments.contains(&p.department))
    );
}

#[test]
fn every_patient_has_a_banner_an_encounter_in_a_bed_and_a_care_team() {
    let hospital = Hospital::generate(3, NOW);
    assert_eq!(hospital.care_teams.len(), hospital.patients.len());
    let (mut mrns, mut beds) = (HashSet::new(), HashSet::new());
    for (chart, team) in hospital.patients.iter().zip(&hospital.care_teams) {
        assert_eq!(chart.patient_id, team.patient_id);
        assert!(team.members.len() >= 3, "{team:?}");
        assert!(
            team.members
                .iter()
                .all(|name| hospital.staff_member(name).is_some())
        );
        assert_eq!(
            team.members.iter().collect::<HashSet<_>>().len(),
            team.members.len()
        );

        let of_type = |name: &str| chart.of_type(name).cloned().collect::<Vec<_>>();
        let [encounter] = &of_type("Encounter")[..] else {
            panic!("one encounter")
        };
        let banner = banner(
            &chart.resources[0],
            &of_type("AllergyIntolerance"),
            Some(encounter),
            &of_type("Condition"),
            NOW,
        )
        .unwrap();
        assert!(banner.age.unwrap() >= 18);
        assert!(!banner.allergies.is_empty(), "asked, if only for none");
        assert!(banner.code_status.is_some());
        let mrn = banner.mrn.unwrap();
        assert!(mrn.starts_with("SB-") && mrns.insert(mrn));
        let location = banner.location.unwrap();
        assert!(
            location.contains(", Bed ") && beds.insert(location.clone()),
            "{location}"
        );
    }
}

#[test]
fn a_chart_hangs_together() {
    for seed in 0..6 {
        let hospital = Hospital::generate(seed, NOW);
        for chart in &hospital.patients {
            let place = format!("seed {seed}, {}", chart.scenario);
            for (resource_type, least) in [
                ("Condition", 2),
                ("Observation", 40),
                ("DiagnosticReport", 6),
                ("MedicationRequest", 2),
                ("CarePlan", 1),
                ("AllergyIntolerance", 1),
            ] {
                assert!(
                    chart.of_type(resource_type).count() >= least,
                    "{place}: {resource_type}"
                );
            }
            times_are_in_the_stay(chart, &place);
            nobody_gets_what_they_are_allergic_to(chart, &place);
            long_standing_problems_show(chart, &place);
        }
        for (scenario, loinc, wanted) in [
            ("hyperkalemia", "2823-3", "HH"),
            ("sepsis", "2524-7", "HH"),
            ("febrile-neutropenia", "751-8", "LL"),
            ("warfarin-bleed", "6301-6", "HH"),
            ("nstemi", "89579-7", "HH"),
        ] {
            for chart in hospital.patients.iter().filter(|c| c.scenario == scenario) {
                assert_eq!(
                    latest_interpretation(chart, loinc),
                    wanted,
                    "seed {seed}: {scenario}"
                );
            }
        }
        let courses = |chart: &Chart| {
            let mut times: BTreeMap<String, usize> = BTreeMap::new();
            for observation in chart.of_type("Observation") {
                *times
                    .entry(observation.title().unwrap().to_owned())
                    .or_default() += 1;
            }
            times
        };
        assert!(
            hospital
                .patients
                .iter()
                .all(|c| courses(c)["Potassium"] >= 3)
        );
    }
}

fn times_are_in_the_stay(chart: &Chart, place: &str) {
    let encounter = chart.of_type("Encounter").next().unwrap();
    let admitted = encounter.when().unwrap().to_owned();
    for observation in chart.of_type("Observation") {
        let when = observation.when().unwrap();
        assert!(
            when >= admitted.as_str(),
            "{place}: {when} before {admitted}"
        );
        assert!(
            when <= "2026-03-02T14:25:00Z",
            "{place}: {when} is in the future"
        );
    }
}

fn nobody_gets_what_they_are_allergic_to(chart: &Chart, place: &str) {
    let titles = |name| {
        chart
            .of_type(name)
            .map(|r| r.title().unwrap().to_lowercase())
            .collect::<Vec<_>>()
    };
    let (allergies, medicines) = (titles("AllergyIntolerance"), titles("MedicationRequest"));
    for (allergy, medicine) in [("penicillin", "piperacillin"), ("aspirin", "aspirin")] {
        let both = allergies.iter().any(|a| a.contains(allergy))
            && medicines.iter().any(|m| m.contains(medicine));
        assert!(!both, "{place}: {medicine} in spite of {allergy}");
    }
    let distinct: HashSet<_> = medicines.iter().collect();
    assert_eq!(distinct.len(), medicines.len(), "{place}: ordered twice");
}

fn long_standing_problems_show(chart: &Chart, place: &str) {
    let admitted = chart
        .of_type("Encounter")
        .next()
        .unwrap()
        .when()
        .unwrap()
        .to_owned();
    for (problem, loinc, least) in [
        ("Chronic kidney disease stage 3", "2160-0", 1.4),
        ("Chronic kidney disease stage 4", "2160-0", 3.0),
        ("Type 2 diabetes mellitus", "2345-7", 140.0),
    ] {
        for condition in chart
            .of_type("Condition")
            .filter(|c| c.title() == Some(problem))
        {
            assert!(
                condition.when().unwrap() < admitted.as_str(),
                "{place}: {problem} is new"
            );
            assert!(
                chart.latest(loinc).unwrap() >= least,
                "{place}: {problem} does not show"
            );
        }
    }
}

fn latest_interpretation(chart: &Chart, loinc: &str) -> String {
    chart
        .of_type("Observation")
        .filter(|o| o.has_code("http://loinc.org", loinc))
        .max_by_key(|o| o.when())
        .and_then(Resource::interpretation)
        .unwrap()
        .to_owned()
}

#[test]
fn conversations_are_between_colleagues_about_patients_and_in_order() {
    let hospital = Hospital::generate(5, NOW);
    assert_eq!(hospital.conversations.len(), 10);
    let charts: HashSet<_> = hospital.patients.iter().map(|c| &c.patient_id).collect();
    let mut stat = 0;
    for script in &hospital.conversations {
        assert!(script.participants.len() >= 2, "{}", script.key);
        for name in &script.participants {
            let person = hospital.staff_member(name).unwrap();
            assert_eq!(person.readiness, Readiness::Ready, "{}: {name}", script.key);
        }
        assert!(script.patient_id.iter().all(|id| charts.contains(id)));
        assert!(
            script.messages.is_sorted_by_key(|line| line.at_ms),
            "{}",
            script.key
        );
        assert!(
            script
                .messages
                .iter()
                .all(|line| line.at_ms <= NOW && script.participants.contains(&line.from))
        );
        stat += script
            .messages
            .iter()
            .filter(|line| line.priority == wardline_model::wire::messages::Priority::Stat)
            .count();
    }
    assert!(stat >= 3);
}

#[test]
fn what_is_said_is_what_the_chart_shows() {
    let hospital = Hospital::generate(5, NOW);
    let script = hospital
        .conversations
        .iter()
        .find(|s| s.key == "critical-potassium")
        .unwrap();
    let chart = hospital
        .patients
        .iter()
        .find(|c| Some(&c.patient_id) == script.patient_id.as_ref())
        .unwrap();
    let potassium = chart.latest("2823-3").unwrap();
    assert!(
        script.messages[0]
            .text
            .contains(&format!("potassium of {potassium:.1}"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn the_roster_covers_now_whatever_the_hour(seed in any::<u64>(), minutes in 0_u64..60 * 24 * 14) {
        let now = NOW + minutes * 60_000;
        let hospital = Hospital::generate(seed, now);
        for person in &hospital.staff {
            let ready = person.readiness == Readiness::Ready;
            if person.readiness == Readiness::OffShift {
                prop_assert!(!person.on_shift(now) && !person.on_shift(now + 3 * HOUR), "{}", person.username);
            }
            if ready {
                prop_assert!(person.on_shift(now) && person.on_shift(now + 3 * HOUR), "{}", person.username);
            }
            prop_assert!(person.shifts.is_sorted_by(|a, b| a.to_ms <= b.from_ms));
            prop_assert!(person.shifts.iter().any(|s| s.from_ms > now + 24 * HOUR));
            prop_assert!(person.shifts.iter().any(|s| s.to_ms < now - 24 * HOUR));
        }
    }

    #[test]
    fn an_on_call_role_has_one_holder_at_every_moment(seed in any::<u64>(), minutes in 0_u64..60 * 24 * 14) {
        let now = NOW + minutes * 60_000;
        let hospital = Hospital::generate(seed, now);
        prop_assert!(hospital.on_call.len() >= 8);
        for role in &hospital.on_call {
            for quarter in 0..14 * 24 * 4 {
                let at = now - 7 * 24 * HOUR + quarter * (HOUR / 4);
                let holders = role.turns.iter().filter(|t| (t.from_ms..t.to_ms).contains(&at)).count();
                prop_assert_eq!(holders, 1, "{} at {}", role.slug, at);
            }
            let holder = hospital.staff_member(role.holder(now).unwrap()).unwrap();
            prop_assert_eq!(holder.readiness, Readiness::Ready);
            prop_assert_eq!(&holder.department, &role.department);
        }
    }

    #[test]
    fn no_seed_and_no_moment_panics(seed in any::<u64>(), now in any::<u64>()) {
        let hospital = Hospital::generate(seed, now);
        prop_assert!(hospital.patients.len() >= 44);
    }

    #[test]
    fn the_beginning_of_time_is_no_problem(now in 0_u64..30 * 24 * HOUR) {
        prop_assert!(!Hospital::generate(1, now).on_call[0].turns.is_empty());
    }
}
