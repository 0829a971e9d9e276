//! Copies of another record system's records: what they replace, how old they are, and when they go.

use wardline_model::PatientId;
use wardline_store::{CopiesPut, CopyDone, NewResource, Term, Tx};

use crate::support::{MINUTE, NOW, admit, new_group, store_test};

fn id(text: &str) -> PatientId {
    text.parse().unwrap()
}

fn resource<'a>(
    kind: &'a str,
    id: &'a str,
    patient: &'a PatientId,
    body: &'a [u8],
) -> NewResource<'a> {
    NewResource {
        kind,
        id,
        patient: Some(patient),
        body,
        terms: vec![Term::Exact {
            field: "identifier",
            value: id,
        }],
        within: vec![("code", "k")],
    }
}

fn done(as_of_ms: u64, is_whole: bool, left_out: u64) -> CopyDone {
    CopyDone {
        as_of_ms,
        is_whole,
        left_out,
        is_cut: false,
    }
}

async fn ids(tx: &mut Tx, patient: &PatientId, kind: &str) -> Vec<Vec<u8>> {
    let found = tx.resources_of(patient, kind, 50).await.unwrap();
    let mut bodies: Vec<Vec<u8>> = found.iter().map(|body| body.expose().clone()).collect();
    bodies.sort();
    bodies
}

store_test! {
    async fn a_copy_never_replaces_what_the_hospital_has_by_itself(db) {
        let store = db.store();
        let nora = id("p1");
        let mut tx = store.write().await.unwrap();
        tx.put_resources(&[resource("Observation", "o1", &nora, b"own")], NOW).await.unwrap();
        let put = tx
            .put_copies(
                &[
                    resource("Observation", "o1", &nora, b"copy"),
                    resource("Observation", "o2", &nora, b"copy"),
                ],
                NOW,
            )
            .await
            .unwrap();
        assert_eq!(put, CopiesPut { kept: 1, own: 1 });
        let again = [resource("Observation", "o2", &nora, b"newer")];
        assert_eq!(tx.put_copies(&again, NOW + 1).await.unwrap().kept, 1);
        assert_eq!(ids(&mut tx, &nora, "Observation").await, [b"newer".to_vec(), b"own".to_vec()]);
        assert_eq!(tx.stored("Observation", "o2").await.unwrap().unwrap().version, 2);
        // Only copies go, with what they are found by.
        assert_eq!(tx.drop_copies(&nora, &[]).await.unwrap(), 1);
        assert_eq!(ids(&mut tx, &nora, "Observation").await, [b"own".to_vec()]);
        let found = tx.search_exact("Observation", "identifier", "o2", 9).await.unwrap();
        assert!(found.is_empty());
    }
}

store_test! {
    async fn what_the_other_system_no_longer_has_goes(db) {
        let store = db.store();
        let (nora, otto) = (id("p1"), id("p2"));
        let mut tx = store.write().await.unwrap();
        let copies = [
            resource("Patient", "p1", &nora, b"nora"),
            resource("Observation", "o1", &nora, b"o1"),
            resource("Observation", "o2", &nora, b"o2"),
            // The same id as another type.
            resource("Condition", "o2", &nora, b"c2"),
            resource("Observation", "o3", &otto, b"o3"),
        ];
        tx.put_copies(&copies, NOW).await.unwrap();
        let keep = [("Patient", "p1"), ("Observation", "o1"), ("Condition", "o2")];
        assert_eq!(tx.drop_copies(&nora, &keep).await.unwrap(), 1);
        assert_eq!(ids(&mut tx, &nora, "Observation").await, [b"o1".to_vec()]);
        assert_eq!(ids(&mut tx, &nora, "Condition").await.len(), 1);
        assert_eq!(ids(&mut tx, &otto, "Observation").await.len(), 1);
    }
}

store_test! {
    async fn how_old_a_copy_is_and_what_is_missing_of_it_is_known(db) {
        let store = db.store();
        let (nora, there) = (id("p1"), id("e1"));
        let mut tx = store.write().await.unwrap();
        assert!(tx.ehr_copy(&nora).await.unwrap().is_none());
        assert!(tx.note_ehr_patient(&nora, &there, NOW).await.unwrap());
        let copy = tx.ehr_copy(&nora).await.unwrap().unwrap();
        assert_eq!((copy.there.as_str(), copy.complete_at), ("e1", None));
        assert_eq!(tx.ehr_patient(&there).await.unwrap(), Some(nora.clone()));
        assert!(!tx.note_ehr_patient(&id("p2"), &there, NOW).await.unwrap(), "somebody else's");
        tx.ehr_complete(&nora, done(NOW, true, 2)).await.unwrap();
        tx.ehr_complete(&nora, done(NOW + MINUTE, false, 0)).await.unwrap();
        let copy = tx.ehr_copy(&nora).await.unwrap().unwrap();
        assert_eq!((copy.complete_at, copy.whole_at), (Some(NOW + MINUTE), Some(NOW)));
        assert_eq!(copy.left_out, 2, "changes alone do not tell");
        tx.ehr_complete(&nora, done(NOW, true, 0)).await.unwrap();
        let copy = tx.ehr_copy(&nora).await.unwrap().unwrap();
        assert_eq!(copy.complete_at, Some(NOW + MINUTE), "one that came late");
        tx.ehr_complete(&nora, done(NOW + 2 * MINUTE, true, 0)).await.unwrap();
        assert_eq!(tx.ehr_copy(&nora).await.unwrap().unwrap().left_out, 0);
        // Under another id it is another record.
        assert!(tx.note_ehr_patient(&nora, &id("e2"), NOW).await.unwrap());
        let copy = tx.ehr_copy(&nora).await.unwrap().unwrap();
        assert_eq!((copy.there.as_str(), copy.complete_at, copy.whole_at), ("e2", None, None));
        assert_eq!(tx.ehr_patient(&there).await.unwrap(), None);
    }
}

store_test! {
    async fn a_copy_whose_time_is_over_goes_and_who_is_cared_for_stays(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let (cared, talked, nobody) = (id("p1"), id("p2"), id("p3"));
        let mut tx = store.write().await.unwrap();
        for patient in [&cared, &talked, &nobody] {
            let copies = [
                resource("Patient", patient.as_str(), patient, b"who"),
                resource("Observation", patient.as_str(), patient, b"what"),
            ];
            tx.put_copies(&copies, NOW).await.unwrap();
            tx.note_ehr_patient(patient, patient, NOW).await.unwrap();
            tx.ehr_complete(patient, done(NOW, true, 0)).await.unwrap();
        }
        tx.put_care_team(&cared, anna.user).await.unwrap();
        let mut about = new_group(&[anna]);
        about.patient_id = Some(talked.clone());
        tx.create_group(&about, NOW).await.unwrap();
        assert!(tx.old_copies(NOW, 9).await.unwrap().is_empty());
        let later = NOW + MINUTE;
        let old = tx.old_copies(later, 9).await.unwrap();
        assert_eq!(old.len(), 3);
        for patient in &old {
            assert!(tx.expire_copy(patient, later, later).await.unwrap());
            assert!(!tx.expire_copy(patient, later, later).await.unwrap(), "once");
            assert!(ids(&mut tx, patient, "Observation").await.is_empty());
        }
        assert!(tx.old_copies(later, 9).await.unwrap().is_empty());
        for (patient, stays) in [(&cared, true), (&talked, true), (&nobody, false)] {
            assert_eq!(ids(&mut tx, patient, "Patient").await.len(), usize::from(stays));
            let copy = tx.ehr_copy(patient).await.unwrap();
            assert_eq!(copy.map(|copy| copy.complete_at), stays.then_some(None));
        }
        tx.put_copies(&[resource("Observation", "o1", &cared, b"o1")], later).await.unwrap();
        assert_eq!(tx.forget_ehr_patient(&cared).await.unwrap(), 1);
        assert_eq!(ids(&mut tx, &cared, "Patient").await.len(), 1);
        assert!(tx.ehr_copy(&cared).await.unwrap().is_none());
    }
}

store_test! {
    async fn what_the_hospital_writes_over_a_copy_is_its_own_and_keeps_the_patient(db) {
        let store = db.store();
        let (nora, ola) = (id("p1"), id("p2"));
        let mut tx = store.write().await.unwrap();
        for patient in [&nora, &ola] {
            let who = [resource("Patient", patient.as_str(), patient, b"who")];
            tx.put_copies(&who, NOW).await.unwrap();
            tx.note_ehr_patient(patient, patient, NOW).await.unwrap();
            tx.ehr_complete(patient, done(NOW, true, 0)).await.unwrap();
        }
        assert!(tx.is_copy("Patient", "p1").await.unwrap());
        // An admission says of one who they are, the same or anew; of the other a laboratory has a result.
        tx.put_resources(&[resource("Patient", "p1", &nora, b"who")], NOW).await.unwrap();
        assert!(!tx.is_copy("Patient", "p1").await.unwrap());
        tx.put_resources(&[resource("Observation", "o1", &ola, b"own")], NOW).await.unwrap();
        let later = NOW + MINUTE;
        for patient in [&nora, &ola] {
            assert!(tx.expire_copy(patient, later, later).await.unwrap());
            assert_eq!(ids(&mut tx, patient, "Patient").await, [b"who".to_vec()]);
        }
        assert_eq!(ids(&mut tx, &ola, "Observation").await, [b"own".to_vec()]);
        // Nor does a later copy replace it.
        let copy = [resource("Patient", "p1", &nora, b"other")];
        assert_eq!(tx.put_copies(&copy, NOW).await.unwrap().own, 1);
        assert_eq!(ids(&mut tx, &nora, "Patient").await, [b"who".to_vec()]);
    }
}
