//! What ties people to patients: by names of the record, by wards, and by care teams that ended.

use wardline_model::{PatientId, UserId};
use wardline_store::{Bond, CareTeamChange, FOREVER, NewClinician, NewTie, Tx};

use crate::support::{HOUR, NOW, admit, store_test};

const DAY: u64 = 24 * HOUR;

fn patient(id: &str) -> PatientId {
    id.parse().unwrap()
}

fn tie(bond: Bond, name: &str, until_ms: u64) -> NewTie<'_> {
    NewTie {
        bond,
        name,
        from_ms: NOW - 3 * DAY,
        until_ms,
    }
}

async fn told(tx: &mut Tx, id: &str, since_ms: u64) -> Vec<(Bond, UserId, u64)> {
    let ties = tx.ties_of(&patient(id), since_ms, NOW).await.unwrap();
    let mut told: Vec<_> = ties
        .iter()
        .map(|tie| (tie.bond, tie.user_id, tie.until_ms))
        .collect();
    told.sort_unstable();
    told
}

store_test! {
    async fn whoever_the_record_names_is_tied_whichever_came_first(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await, admit(&store, "ben").await);
        let mut tx = store.write().await.unwrap();
        let ties = [
            tie(Bond::Encounter, "Practitioner/A", FOREVER),
            tie(Bond::Order, "urn:staff|77", NOW + DAY),
            tie(Bond::Ward, "4 East\n", FOREVER),
        ];
        tx.put_ties("Encounter", "e1", &patient("p1"), &ties).await.unwrap();
        assert!(told(&mut tx, "p1", NOW).await.is_empty());
        let username = tx.person(ada.user).await.unwrap().unwrap().username.to_uppercase();
        let names = ["practitioner/a".to_owned(), "urn:staff|77".to_owned()];
        let known = NewClinician { id: "A", account: &username, names: &names };
        tx.put_clinician(&known).await.unwrap();
        let both = [(Bond::Order, ada.user, NOW + DAY), (Bond::Encounter, ada.user, FOREVER)];
        assert_eq!(told(&mut tx, "p1", NOW).await, both);
        assert!(told(&mut tx, "p2", NOW).await.is_empty());
        assert_eq!(tx.patients_tied_to(ada.user, NOW, NOW).await.unwrap(), [patient("p1")]);
        assert!(tx.patients_tied_to(ben.user, NOW, NOW).await.unwrap().is_empty());

        // What is said anew is all that is said; a name that somebody has no more is nobody's.
        let ended = [tie(Bond::Encounter, "Practitioner/A", NOW - DAY)];
        tx.put_ties("Encounter", "e1", &patient("p1"), &ended).await.unwrap();
        assert!(told(&mut tx, "p1", NOW).await.is_empty());
        assert_eq!(told(&mut tx, "p1", NOW - 2 * DAY).await, [(Bond::Encounter, ada.user, NOW - DAY)]);
        assert!(tx.patients_tied_to(ada.user, NOW, NOW).await.unwrap().is_empty());
        let lately = tx.patients_tied_to(ada.user, NOW - 2 * DAY, NOW).await.unwrap();
        assert_eq!(lately, [patient("p1")]);
        tx.put_clinician(&NewClinician { names: &[], ..known }).await.unwrap();
        assert!(told(&mut tx, "p1", NOW - 2 * DAY).await.is_empty());

        // A record that becomes part of another takes its ties along.
        tx.put_clinician(&known).await.unwrap();
        tx.put_ties("Encounter", "e1", &patient("p2"), &ended).await.unwrap();
        assert!(told(&mut tx, "p1", NOW - 2 * DAY).await.is_empty());
        assert_eq!(told(&mut tx, "p2", NOW - 2 * DAY).await.len(), 1);
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn a_tie_that_begins_later_ties_nobody_yet(db) {
        let store = db.store();
        let ada = admit(&store, "ada").await;
        let mut tx = store.write().await.unwrap();
        let username = tx.person(ada.user).await.unwrap().unwrap().username;
        let names = ["Practitioner/a".to_owned()];
        tx.put_clinician(&NewClinician { id: "a", account: &username, names: &names }).await.unwrap();
        let later = NewTie { from_ms: NOW + 1, ..tie(Bond::Order, "Practitioner/a", FOREVER) };
        let ward = NewTie { from_ms: NOW + 1, ..tie(Bond::Ward, "4 East\n", FOREVER) };
        tx.put_ties("ServiceRequest", "o", &patient("p1"), &[later, ward]).await.unwrap();
        assert!(told(&mut tx, "p1", NOW).await.is_empty());
        assert!(tx.patients_tied_to(ada.user, NOW, NOW).await.unwrap().is_empty());
        let wards = ["4 East\n".to_owned()];
        assert_eq!(tx.on_ward_since(&patient("p1"), &wards, NOW).await.unwrap(), None);
        assert_eq!(tx.on_ward_since(&patient("p1"), &wards, NOW + 1).await.unwrap(), Some(NOW + 1));
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn a_patient_is_found_on_the_ward_of_its_site_and_no_other(db) {
        let store = db.store();
        let mut tx = store.write().await.unwrap();
        let ties = [
            tie(Bond::Ward, "4 East\n", FOREVER),
            tie(Bond::Ward, "4 East\nMain", FOREVER),
        ];
        tx.put_ties("Encounter", "e1", &patient("p1"), &ties).await.unwrap();
        let gone = [tie(Bond::Ward, "4 East\n", NOW)];
        tx.put_ties("Encounter", "e2", &patient("p2"), &gone).await.unwrap();
        for (ward, found) in [("4 east\n", true), ("4 EAST\nMAIN", true), ("4 East\nHarbour", false), ("4\n", false)] {
            let wards = [ward.to_owned(), "nowhere\n".to_owned()];
            let since = tx.on_ward_since(&patient("p1"), &wards, NOW).await.unwrap();
            assert_eq!(since, found.then_some(NOW - 3 * DAY), "{ward:?}");
            assert_eq!(tx.on_ward_since(&patient("p2"), &wards, NOW).await.unwrap(), None);
            let there = tx.patients_on(&wards, NOW).await.unwrap();
            assert_eq!(there.len(), usize::from(found), "{ward:?}");
        }
        assert_eq!(tx.on_ward_since(&patient("p1"), &[], NOW).await.unwrap(), None);
        assert!(tx.patients_on(&[], NOW).await.unwrap().is_empty());
        // A ward of somebody's name is no tie to them, nor the other way round.
        assert!(told(&mut tx, "p1", NOW).await.is_empty());
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn whoever_comes_off_a_care_team_was_on_it_for_some_weeks(db) {
        let store = db.store();
        let ada = admit(&store, "ada").await;
        let change = |id: &str, joins: bool| CareTeamChange {
            patient: patient(id),
            added: if joins { vec![ada.user] } else { Vec::new() },
            removed: if joins { Vec::new() } else { vec![ada.user] },
        };
        let mut tx = store.write().await.unwrap();
        tx.change_care_team(&change("p1", true), NOW - 9 * DAY).await.unwrap();
        let on = tx.ties_of(&patient("p1"), NOW, NOW).await.unwrap();
        assert_eq!((on.len(), on[0].bond, on[0].from_ms, on[0].until_ms), (1, Bond::CareTeam, NOW - 9 * DAY, FOREVER));
        tx.change_care_team(&change("p1", false), NOW - DAY).await.unwrap();
        assert!(told(&mut tx, "p1", NOW).await.is_empty());
        let off = tx.ties_of(&patient("p1"), NOW - 2 * DAY, NOW).await.unwrap();
        assert_eq!((off[0].from_ms, off[0].until_ms), (NOW - 9 * DAY, NOW - DAY));
        let lately = tx.patients_tied_to(ada.user, NOW - 2 * DAY, NOW).await.unwrap();
        assert_eq!(lately, [patient("p1")]);

        // Of a merged record it is the other's.
        tx.move_ended_ties(&patient("p1"), &patient("p2")).await.unwrap();
        assert!(told(&mut tx, "p1", NOW - 2 * DAY).await.is_empty());
        assert_eq!(told(&mut tx, "p2", NOW - 2 * DAY).await, [(Bond::CareTeam, ada.user, NOW - DAY)]);
        let lately = tx.patients_tied_to(ada.user, NOW - 2 * DAY, NOW).await.unwrap();
        assert_eq!(lately, [patient("p2")]);
        // Since when people were put there by hand, nobody knows.
        tx.put_care_team(&patient("p3"), ada.user).await.unwrap();
        assert_eq!(tx.ties_of(&patient("p3"), NOW, NOW).await.unwrap()[0].from_ms, 0);
        // What ended long ago is forgotten.
        tx.change_care_team(&change("p3", false), NOW + 40 * DAY).await.unwrap();
        assert!(told(&mut tx, "p2", 0).await.is_empty());
        tx.commit().await.unwrap();
    }
}
