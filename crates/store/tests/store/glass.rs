//! Who broke the glass, what they read, and what came of it.

use wardline_model::{GlassId, PatientId};
use wardline_store::NewGlass;

use crate::support::{HOUR, MINUTE, NOW, admit, store_test};

store_test! {
    async fn a_broken_glass_holds_for_its_person_and_patient_and_time(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await, admit(&store, "ben").await);
        let patient: PatientId = "p-1".parse().unwrap();
        let other: PatientId = "p-2".parse().unwrap();
        let id = GlassId::from_bytes([1; 16]);
        let new = NewGlass {
            grant_id: id,
            user_id: ada.user,
            patient: patient.clone(),
            purpose: "BTG".into(),
            reason: b"She fell".to_vec().into(),
            until_ms: NOW + HOUR,
        };
        let mut tx = store.write().await.unwrap();
        tx.create_glass(&new, NOW).await.unwrap();
        let held = Some((id, "BTG".to_owned()));
        assert_eq!(tx.glass_in_force(ada.user, &patient, NOW).await.unwrap(), held);
        let last = NOW + HOUR - 1;
        assert_eq!(tx.glass_in_force(ada.user, &patient, last).await.unwrap(), held);
        assert_eq!(tx.glass_in_force(ada.user, &patient, NOW + HOUR).await.unwrap(), None);
        assert_eq!(tx.glass_in_force(ada.user, &other, NOW).await.unwrap(), None);
        assert_eq!(tx.glass_in_force(ben.user, &patient, NOW).await.unwrap(), None);
        // What was given last counts.
        let newer = NewGlass {
            grant_id: GlassId::from_bytes([2; 16]),
            purpose: "ETREAT".into(),
            ..new.clone()
        };
        tx.create_glass(&newer, NOW + MINUTE).await.unwrap();
        let held = tx.glass_in_force(ada.user, &patient, NOW + MINUTE).await.unwrap();
        assert_eq!(held, Some((newer.grant_id, "ETREAT".to_owned())));
        assert!(tx.end_glass(newer.grant_id, ada.user, NOW + MINUTE).await.unwrap());
        assert!(!tx.end_glass(newer.grant_id, ada.user, NOW + MINUTE).await.unwrap());
        assert!(!tx.end_glass(id, ada.user, NOW + HOUR).await.unwrap(), "it is over");
        let held = tx.glass_in_force(ada.user, &patient, NOW + MINUTE).await.unwrap();
        assert_eq!(held, Some((id, "BTG".to_owned())));
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn a_grant_is_reviewed_once_and_by_somebody_else(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await, admit(&store, "ben").await);
        let id = GlassId::from_bytes([1; 16]);
        let new = NewGlass {
            grant_id: id,
            user_id: ada.user,
            patient: "p-1".parse().unwrap(),
            purpose: "BTG".into(),
            reason: b"She fell".to_vec().into(),
            until_ms: NOW + HOUR,
        };
        let mut tx = store.write().await.unwrap();
        tx.create_glass(&new, NOW).await.unwrap();
        tx.note_glass_look(id, [1; 16], "note.list patient/p-1", NOW).await.unwrap();
        tx.note_glass_look(id, [2; 16], "note.read patient/p-1/note/n", NOW + 1).await.unwrap();
        let looks = tx.glass_looks(id).await.unwrap();
        let what: Vec<&str> = looks.iter().map(|look| look.what.as_str()).collect();
        assert_eq!(what, ["note.list patient/p-1", "note.read patient/p-1/note/n"]);
        assert_eq!(tx.glass_waiting().await.unwrap(), 1);
        assert_eq!(tx.glass_to_review().await.unwrap().len(), 1);
        assert!(!tx.review_glass(id, "justified", b"mine", ada.user, NOW).await.unwrap());
        assert!(tx.review_glass(id, "justified", b"Seen", ben.user, NOW).await.unwrap());
        assert!(!tx.review_glass(id, "not_justified", b"No", ben.user, NOW).await.unwrap());
        assert_eq!(tx.glass_waiting().await.unwrap(), 0);
        assert!(tx.glass_to_review().await.unwrap().is_empty());
        let reviewed = tx.glass_reviewed().await.unwrap().remove(0);
        assert_eq!(reviewed.outcome.as_deref(), Some("justified"));
        assert_eq!(reviewed.note.unwrap().as_slice(), b"Seen");
        assert_eq!(reviewed.reason.as_slice(), b"She fell");
        assert_eq!(reviewed.patient.as_str(), "p-1");
        assert_eq!(tx.glass_of(ada.user).await.unwrap().len(), 1);
        assert!(tx.glass_of(ben.user).await.unwrap().is_empty());
        assert!(tx.glass(GlassId::from_bytes([9; 16])).await.unwrap().is_none());
        tx.commit().await.unwrap();
    }
}
