//! What the model of snooping keeps.

use wardline_store::{NewResource, Term};

use crate::support::{NOW, admit, store_test};

store_test! {
    async fn what_is_known_of_a_person_is_kept(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await.user, admit(&store, "ben").await.user);
        let mut tx = store.write().await.unwrap();
        assert!(tx.access_state_of(ada).await.unwrap().is_none());
        tx.put_access_state_of(ada, b"one", NOW).await.unwrap();
        tx.put_access_state_of(ada, b"two", NOW).await.unwrap();
        assert_eq!(&**tx.access_state_of(ada).await.unwrap().unwrap(), b"two");
        assert!(tx.access_state_of(ben).await.unwrap().is_none());
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn where_staff_live_and_their_own_records_can_be_compared(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await.user, admit(&store, "ben").await.user);
        let mut tx = store.write().await.unwrap();
        tx.put_staff_marks(ada, Some("00042"), Some("SB-104711")).await.unwrap();
        tx.put_staff_marks(ben, None, None).await.unwrap();
        let marks = tx.staff_marks(ada).await.unwrap().unwrap();
        assert_eq!(marks.lives_in(tx.staff_area(" 00042")), Some(true));
        assert_eq!(marks.lives_in(tx.staff_area("00043")), Some(false));
        assert!(marks.is_number(tx.staff_number("sb-104711")));
        assert!(!marks.is_number(tx.staff_number("SB-104712")));
        let nothing = tx.staff_marks(ben).await.unwrap().unwrap();
        assert_eq!(nothing.lives_in(tx.staff_area("00042")), None);
        let number = tx.staff_number("SB-104711");
        assert_eq!(tx.staff_with(number).await.unwrap(), Some(ada));
        // What is known is replaced, not added to.
        tx.put_staff_marks(ada, Some("00043"), None).await.unwrap();
        assert_eq!(tx.staff_with(number).await.unwrap(), None);
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn how_many_patients_have_a_name_or_an_area_is_counted(db) {
        let store = db.store();
        let mut tx = store.write().await.unwrap();
        let patient = |id, name, area| NewResource {
            kind: "Patient",
            id,
            patient: None,
            body: b"{}",
            terms: vec![Term::Name(name), Term::Exact { field: "area", value: area }],
            within: vec![],
        };
        let all = [
            patient("1", "josephine quigley", "00042"),
            patient("2", "nora quigley", "00042"),
            patient("3", "nora abbott", "00043"),
        ];
        tx.put_resources(&all, NOW).await.unwrap();
        assert_eq!(tx.count_by_name("Patient", "quigley").await.unwrap(), 2);
        assert_eq!(tx.count_by_name("Patient", "nobody").await.unwrap(), 0);
        assert_eq!(tx.count_by_name("Patient", "").await.unwrap(), 0);
        assert_eq!(tx.count_exact("Patient", "area", "00042").await.unwrap(), 2);
        assert_eq!(tx.count_exact("Patient", "area", "00044").await.unwrap(), 0);
        tx.commit().await.unwrap();
    }
}
