//! Clinical resources and settings.

use wardline_model::PatientId;
use wardline_store::{Find, NewResource, Term};

use crate::support::{NOW, store_test};

store_test! {
    async fn a_patient_is_found_by_name_and_by_record_number(db) {
        let store = db.store();
        let patient: PatientId = "p1".parse().unwrap();
        let resource = NewResource {
            kind: "Patient",
            id: "p1",
            patient: Some(&patient),
            body: br#"{"id":"p1"}"#,
            terms: vec![
                Term::Name("Josephine Baker"),
                Term::Exact { field: "identifier", value: "MRN-004711" },
            ],
            within: Vec::new(),
        };
        let lab = NewResource {
            kind: "Observation",
            id: "p1",
            patient: Some(&patient),
            body: br#"{"id":"lab"}"#,
            terms: Vec::new(),
            within: Vec::new(),
        };
        let mut tx = store.write().await.unwrap();
        tx.put_resources(&[resource.clone(), lab], NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        for typed in ["jos", "BAKER", "jo ba", "josephine"] {
            let found = tx.search_by_name("Patient", typed, 10).await.unwrap();
            assert_eq!(found.len(), 1, "{typed}");
            assert_eq!(found[0].expose(), br#"{"id":"p1"}"#);
        }
        for typed in ["", "j", "osephine", "josephine smith"] {
            assert!(tx.search_by_name("Patient", typed, 10).await.unwrap().is_empty(), "{typed}");
        }
        let by_number = tx.search_exact("Patient", "identifier", "mrn-004711", 10).await.unwrap();
        assert_eq!(by_number.len(), 1);
        assert!(tx.search_exact("Patient", "identifier", "MRN-0047", 10).await.unwrap().is_empty());
        let lab = tx.resource("Observation", "p1").await.unwrap().unwrap();
        assert_eq!(lab.expose(), br#"{"id":"lab"}"#);
        assert_eq!(tx.resources_of(&patient, "Observation", 10).await.unwrap().len(), 1);
        assert_eq!(tx.count_resources("Patient").await.unwrap(), 1);
        assert_eq!(tx.resources_in("Patient", 10).await.unwrap().len(), 1);
        assert!(tx.resource("Patient", "p2").await.unwrap().is_none());
        drop(tx);
        let mut tx = store.write().await.unwrap();
        let renamed = NewResource { terms: vec![Term::Name("Freda McDonald")], ..resource };
        tx.put_resources(&[renamed], NOW + 1).await.unwrap();
        assert!(tx.search_by_name("Patient", "jos", 10).await.unwrap().is_empty());
        assert_eq!(tx.search_by_name("Patient", "fre", 10).await.unwrap().len(), 1);
        assert_eq!(tx.count_resources("Patient").await.unwrap(), 1);
    }
}

store_test! {
    async fn all_that_a_patient_has_of_a_type_is_read_some_at_a_time(db) {
        let store = db.store();
        let patient: PatientId = "p1".parse().unwrap();
        let other: PatientId = "p2".parse().unwrap();
        let ids: Vec<String> = (0..5).map(|number| format!("n{number}")).collect();
        let note = |id, patient, kind| NewResource {
            kind,
            id,
            patient: Some(patient),
            body: b"{}",
            terms: Vec::new(),
            within: Vec::new(),
        };
        let mut new: Vec<NewResource<'_>> =
            ids.iter().map(|id| note(id, &patient, "DocumentReference")).collect();
        new.push(note("n9", &other, "DocumentReference"));
        new.push(note("n9", &patient, "Observation"));
        let mut tx = store.write().await.unwrap();
        tx.put_resources(&new, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let mut parts = Vec::new();
        let mut place = None;
        loop {
            let part = tx.resources_after(&patient, "DocumentReference", place, 2).await.unwrap();
            parts.push(part.0.len());
            place = part.1;
            if place.is_none() {
                break;
            }
        }
        assert_eq!(parts, [2, 2, 1]);
        let (all, next) =
            tx.resources_after(&patient, "DocumentReference", None, 6).await.unwrap();
        assert_eq!((all.len(), next.is_none()), (5, true));
    }
}

store_test! {
    async fn a_setting_is_written_once_or_replaced(db) {
        let store = db.store();
        let mut tx = store.write().await.unwrap();
        assert!(tx.setting("ds-key").await.unwrap().is_none());
        assert!(tx.put_setting_once("ds-key", b"first").await.unwrap());
        assert!(!tx.put_setting_once("ds-key", b"second").await.unwrap());
        assert_eq!(**tx.setting("ds-key").await.unwrap().unwrap(), *b"first");
        tx.put_setting("ds-key", b"third").await.unwrap();
        assert_eq!(**tx.setting("ds-key").await.unwrap().unwrap(), *b"third");
    }
}

/// A laboratory value of a patient with what it is found by.
fn lab<'a>(
    id: &'a str,
    patient: &'a PatientId,
    body: &'a [u8],
    within: &[(&'a str, &'a str)],
) -> NewResource<'a> {
    NewResource {
        kind: "Observation",
        id,
        patient: Some(patient),
        body,
        terms: Vec::new(),
        within: within.to_vec(),
    }
}

fn asked(terms: &[&[(&'static str, &str)]]) -> Vec<Vec<(&'static str, String)>> {
    let group = |group: &&[(&'static str, &str)]| {
        group
            .iter()
            .map(|(field, value)| (*field, (*value).to_owned()))
            .collect()
    };
    terms.iter().map(group).collect()
}

store_test! {
    async fn a_record_is_searched_by_its_own_terms_and_nobody_elses(db) {
        let store = db.store();
        let (p1, p2): (PatientId, PatientId) = ("p1".parse().unwrap(), "p2".parse().unwrap());
        let mut tx = store.write().await.unwrap();
        let final_k = [("code", "2823-3"), ("status", "final")];
        let new = [
            lab("a", &p1, b"a", &final_k),
            lab("b", &p1, b"b", &[("code", "2160-0"), ("status", "final")]),
            lab("c", &p2, b"c", &final_k),
        ];
        tx.put_resources(&new, NOW).await.unwrap();
        let everywhere = NewResource {
            kind: "Location",
            id: "l",
            patient: None,
            body: b"l",
            terms: Vec::new(),
            within: vec![("name", "4 East")],
        };
        tx.put_resources(&[everywhere], NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let find = |patient, kind| Find { kind, patient, ids: None, terms: &[], after: None, limit: 10 };
        let of = find(Some(&p1), "Observation");
        for (terms, expected) in [
            (asked(&[]), 2),
            (asked(&[&[("code", "2823-3")]]), 1),
            (asked(&[&[("code", "2823-3"), ("code", "2160-0")], &[("status", "FINAL")]]), 2),
            (asked(&[&[("code", "2823-3")], &[("status", "amended")]]), 0),
            (asked(&[&[("status", "2823-3")]]), 0),
        ] {
            let found = tx.find(&Find { terms: &terms, ..of }).await.unwrap();
            assert_eq!(found.len(), expected);
            assert_eq!(tx.count_found(&Find { terms: &terms, ..of }).await.unwrap(), expected as u64);
        }
        let named = tx.find(&Find { ids: Some(&["b", "c"]), ..of }).await.unwrap();
        assert_eq!(named.len(), 1);
        assert_eq!(named[0].body.expose(), b"b");
        // A place after another, each once.
        let first = tx.find(&Find { limit: 1, ..of }).await.unwrap();
        let second = tx.find(&Find { after: Some(first[0].place), ..of }).await.unwrap();
        assert_eq!(second.len(), 1);
        assert_ne!(first[0].body.expose(), second[0].body.expose());
        let place = asked(&[&[("name", "4 east")]]);
        let found = tx.find(&Find { terms: &place, ..find(None, "Location") }).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(tx.record_of(&p1, &["Observation", "Location"], 10).await.unwrap().len(), 2);
    }
}

store_test! {
    async fn what_is_stored_again_has_a_new_version_only_if_it_differs(db) {
        let store = db.store();
        let patient: PatientId = "p1".parse().unwrap();
        let other: PatientId = "p2".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        let code = [("code", "2823-3")];
        tx.put_resources(&[lab("a", &patient, b"6.8", &code)], NOW).await.unwrap();
        tx.put_resources(&[lab("a", &patient, b"6.8", &code)], NOW + 1).await.unwrap();
        let stored = tx.stored("Observation", "a").await.unwrap().unwrap();
        assert_eq!((stored.version, stored.stored_at), (1, NOW));
        // It was somebody else's all the time.
        tx.put_resources(&[lab("a", &other, b"6.9", &code)], NOW + 2).await.unwrap();
        let stored = tx.stored("Observation", "a").await.unwrap().unwrap();
        assert_eq!((stored.version, stored.stored_at), (2, NOW + 2));
        let terms = asked(&[&code]);
        for (patient, expected) in [(&patient, 0), (&other, 1)] {
            let find = Find {
                kind: "Observation", patient: Some(patient), ids: None, terms: &terms, after: None, limit: 10,
            };
            assert_eq!(tx.find(&find).await.unwrap().len(), expected);
        }
        assert!(tx.resources_to_index(10).await.unwrap().is_empty());
        assert!(tx.stored("Observation", "b").await.unwrap().is_none());
    }
}
