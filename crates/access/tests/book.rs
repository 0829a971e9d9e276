//! What a hospital's files say of an access.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use wardline_access::{Access, Book, Look, Near, Reason, Ties, Via};
use wardline_risk::Duty;
use wardline_risk::parts::moment;

const PEOPLE: &str = "user_id,first_name,last_name,area,role,department,facility\n\
    a,Ada,O'Neil,N1,nurse,ICU,F1\n\
    b,Ben,Garson,N2,clerk,ICU,F1\n\
    c,Cay,Garson,N2,clerk,Surgery,F2\n\
    d,Dan,Alson,N3,nurse,ICU,F1\n\
    e,Dan,Alson,N3,clerk,ICU,F2\n";

const PATIENTS: &str = "patient_id,first_name,last_name,area,is_employee,is_vip\n\
    own,ADA,ONEIL,N1,True,False\n\
    colleague,Ben,Garson,N2,True,False\n\
    elsewhere,Cay,Garson,N2,True,False\n\
    one_of_two,Dan,Alson,N3,True,False\n\
    mayor,Eva,Garson,N1,0,1\n";

const RELATIONS: &str = "patient_id,user_id,department,from,to,basis\n\
    mayor,b,,2026-05-01T00:00Z,2026-05-09T00:00Z,order\n\
    mayor,,Surgery,2026-05-01T00:00Z,,encounter\n\
    mayor,,,2026-05-01T00:00Z,,encounter\n\
    mayor,b,,2026-05-01T00:00Z,,rumour\n\
    mayor,b,,yesterday,,order\n";

/// Ada works on her own ward by day, and once in surgery.
const ROSTER: &str = "user_id,shift_start,shift_end,kind,department,facility\n\
    a,2026-05-04T06:00Z,2026-05-04T14:00Z,on_site,,\n\
    a,2026-05-05T06:00Z,2026-05-05T14:00Z,on_site,Surgery,F1\n\
    a,2026-05-06T14:00Z,2026-05-06T06:00Z,on_site,ICU,F1\n\
    b,2026-05-04T06:00Z,2026-05-30T14:00Z,on_site,,\n";

fn book() -> Book {
    let mut book = Book::default();
    assert_eq!(book.read_people(PEOPLE.as_bytes()).unwrap(), 0);
    assert_eq!(book.read_patients(PATIENTS.as_bytes()).unwrap(), 0);
    assert_eq!(book.read_relations(RELATIONS.as_bytes()).unwrap(), 3);
    assert_eq!(book.read_shifts(ROSTER.as_bytes()).unwrap(), 1);
    let (roster, malformed) = wardline_risk::replay::roster(ROSTER.as_bytes()).unwrap();
    assert_eq!(malformed, 1);
    book.plan(roster);
    book
}

fn look(at: &str, user: &str, patient: &str, department: &str) -> Look {
    book().look(&Access {
        at_ms: moment(at).unwrap(),
        user,
        patient,
        department,
        facility: "F1",
        via: Via::Search,
    })
}

fn reason(at: &str, user: &str, patient: &str, department: &str) -> Option<Reason> {
    look(at, user, patient, department).explained.reason
}

#[test]
fn a_shift_is_where_the_roster_says_else_where_the_person_belongs() {
    let monday = "2026-05-04T09:00Z";
    let tuesday = "2026-05-05T09:00Z";
    assert_eq!(reason(monday, "a", "colleague", "ICU"), Some(Reason::Ward));
    assert_eq!(reason(monday, "a", "colleague", "Surgery"), None);
    assert_eq!(
        reason(tuesday, "a", "colleague", "Surgery"),
        Some(Reason::Ward)
    );
    assert_eq!(reason(tuesday, "a", "colleague", "ICU"), None);
    // She comes early and leaves late, and is at home at night.
    for (at, expected) in [
        ("2026-05-04T04:31Z", Some(Reason::Ward)),
        ("2026-05-04T04:29Z", None),
        ("2026-05-04T17:59Z", Some(Reason::Ward)),
        ("2026-05-04T18:01Z", None),
    ] {
        assert_eq!(reason(at, "a", "colleague", "ICU"), expected, "{at}");
    }
    assert_eq!(look(monday, "a", "colleague", "ICU").duty, Duty::OnSite);
    assert_eq!(look(monday, "c", "colleague", "ICU").duty, Duty::Unknown);
}

#[test]
fn relations_explain_by_person_by_department_and_by_hand_over() {
    let at = "2026-05-05T09:00Z";
    assert_eq!(reason(at, "b", "mayor", "ICU"), Some(Reason::Order));
    // Ada floats in surgery, which has the mayor; elsewhere she has to do with none of it.
    assert_eq!(
        reason(at, "a", "mayor", "ICU"),
        Some(Reason::DepartmentEncounter)
    );
    let before = "2026-05-04T09:00Z";
    assert_eq!(
        reason(before, "a", "mayor", "Surgery"),
        Some(Reason::Colleague)
    );
    assert_eq!(reason(at, "c", "mayor", "ICU"), None, "in another facility");
    let later = "2026-05-20T09:00Z";
    assert_eq!(reason(later, "b", "mayor", "Surgery"), Some(Reason::Before));
    assert_eq!(reason("2026-04-01T09:00Z", "b", "mayor", "Surgery"), None);
    assert!(look(later, "a", "mayor", "ICU").explained.is_treated);
    assert!(!look(later, "a", "own", "ICU").explained.is_treated);
}

#[test]
fn ties_are_found_by_names_as_people_write_them() {
    let at = "2026-05-05T09:00Z";
    let ties = |user, patient| look(at, user, patient, "ICU").ties;
    let own = ties("a", "own");
    assert!(own.own && own.surname.unwrap().same && own.area.unwrap().same);
    assert!((own.surname.unwrap().share - 0.2).abs() < 1e-9);
    assert!(!ties("b", "own").own);
    let namesake = ties("b", "mayor");
    assert!(namesake.is_public && !namesake.works_here && !namesake.own);
    assert!((namesake.surname.unwrap().share - 0.6).abs() < 1e-9);
    assert!(namesake.surname.unwrap().same && !namesake.area.unwrap().same);
    assert_eq!(ties("a", "colleague").near, Some(Near::Ward));
    assert_eq!(ties("c", "colleague").near, Some(Near::Elsewhere));
    assert_eq!(ties("a", "elsewhere").near, Some(Near::Elsewhere));
    // Two people are called so.
    assert_eq!(ties("a", "one_of_two").near, None);
    assert!(ties("a", "one_of_two").works_here);
    // Whoever stands in no file has nothing in common with anybody.
    let nobody = ties("nobody", "own");
    assert!(nobody.surname.is_none() && nobody.area.is_none() && !nobody.own);
    assert_eq!(ties("a", "unheard_of"), Ties::default());
    assert_eq!(reason(at, "nobody", "mayor", "ICU"), None);
    // A facility that stands in no file is another one.
    let far = book().look(&Access {
        at_ms: moment(at).unwrap(),
        user: "a",
        patient: "mayor",
        department: "Surgery",
        facility: "F9",
        via: Via::Conversation,
    });
    assert!(!far.is_here);
    assert_eq!(far.explained.reason, None);
}
