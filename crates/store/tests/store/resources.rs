//! Clinical resources and settings.

use wardline_model::PatientId;
use wardline_store::{NewResource, Term};

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
        };
        let lab = NewResource {
            kind: "Observation",
            id: "p1",
            patient: Some(&patient),
            body: br#"{"id":"lab"}"#,
            terms: Vec::new(),
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
