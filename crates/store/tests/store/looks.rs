//! Looks at charts that somebody should look at, and canaries.

use wardline_model::{CanaryId, LookId, PatientId, UserId};
use wardline_store::{LookPage, NewCanary, NewLook, NewResource, Term};

use crate::support::{HOUR, NOW, admit, store_test};

const PAGE: LookPage<'_> = LookPage {
    show: "waiting",
    canaries: false,
    a_day: 2,
    since_ms: 0,
    after: None,
    limit: 10,
};

fn look(n: u8, user: UserId, patient: &str, rank: u64) -> NewLook {
    NewLook {
        look_id: LookId::from_bytes([n; 16]),
        user_id: user,
        patient: patient.parse().unwrap(),
        canary_id: None,
        rank,
        said: vec![n].into(),
    }
}

fn canary(n: u8, patient: &PatientId, by: UserId) -> NewCanary {
    NewCanary {
        canary_id: CanaryId::from_bytes([n; 16]),
        patient: patient.clone(),
        said: b"Helen Zabriskie".to_vec().into(),
        made: true,
        made_by: by,
    }
}

store_test! {
    async fn a_record_is_a_canary_until_that_is_retired(db) {
        let store = db.store();
        let ada = admit(&store, "ada").await.user;
        let (one, other): (PatientId, PatientId) = ("p-1".parse().unwrap(), "p-2".parse().unwrap());
        let new = canary(1, &one, ada);
        let mut tx = store.write().await.unwrap();
        assert_eq!(tx.canary_of(&one).await.unwrap(), None);
        tx.create_canary(&new, NOW).await.unwrap();
        assert_eq!(tx.canary_of(&one).await.unwrap(), Some(new.canary_id));
        assert_eq!(tx.canary_of(&other).await.unwrap(), None);
        let at = NewLook { canary_id: Some(new.canary_id), ..look(1, ada, "p-1", 1_000) };
        tx.note_look(&at, NOW + 1).await.unwrap();
        let looks = tx.looks_at_canaries().await.unwrap();
        assert_eq!((looks.len(), looks[0].looks, looks[0].looked_at), (1, 1, NOW + 1));
        assert!(tx.retire_canary(new.canary_id, ada, NOW + 2).await.unwrap());
        assert!(!tx.retire_canary(new.canary_id, ada, NOW + 3).await.unwrap());
        assert_eq!(tx.canary_of(&one).await.unwrap(), None);
        tx.create_canary(&canary(2, &one, ada), NOW + 4).await.unwrap();
        let all = tx.canaries().await.unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].canary_id, CanaryId::from_bytes([2; 16]), "those that are ones first");
        assert_eq!(&**all[1].said, b"Helen Zabriskie");
        assert_eq!(all[1].retired_by, Some(ada));
        let found = tx.canary(new.canary_id).await.unwrap().unwrap();
        assert_eq!((found.made, found.made_at, found.retired_at), (true, NOW, Some(NOW + 2)));
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn what_is_done_with_one_chart_in_half_a_day_is_one_look(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await.user, admit(&store, "ben").await.user);
        let mut tx = store.write().await.unwrap();
        let begun = tx.note_look(&look(1, ada, "p-1", 30), NOW).await.unwrap();
        assert!(begun.is_new);
        let again = tx.note_look(&look(2, ada, "p-1", 20), NOW + HOUR).await.unwrap();
        assert_eq!((again.look_id, again.is_new), (begun.look_id, false));
        let found = tx.look_at_chart(begun.look_id).await.unwrap().unwrap();
        assert_eq!((found.times, found.rank, found.last_at), (2, 30, NOW + HOUR));
        assert_eq!(&**found.said, &[2]);
        // Another person's is another, and so is what comes later.
        assert!(tx.note_look(&look(3, ben, "p-1", 20), NOW).await.unwrap().is_new);
        assert!(tx.note_look(&look(4, ada, "p-1", 20), NOW + 12 * HOUR).await.unwrap().is_new);
        // Once the last word is said of it, what follows is another one.
        assert!(tx.review_look(begun.look_id, "asked", b"Called", ben, NOW).await.unwrap());
        let id = LookId::from_bytes([3; 16]);
        assert!(!tx.review_look(id, "fine", b"", ben, NOW).await.unwrap(), "their own");
        assert!(tx.review_look(id, "fine", b"", ada, NOW).await.unwrap());
        assert!(!tx.review_look(id, "asked", b"no", ada, NOW).await.unwrap(), "the last word");
        assert!(tx.note_look(&look(5, ben, "p-1", 20), NOW + HOUR).await.unwrap().is_new);
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn so_many_looks_of_a_day_are_listed_and_those_at_canaries_besides(db) {
        let store = db.store();
        let ada = admit(&store, "ada").await.user;
        let ben = admit(&store, "ben").await.user;
        let trap: PatientId = "p-9".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        for (n, rank) in [(1, 10), (2, 40), (3, 30), (4, 20)] {
            let of = format!("p-{n}");
            tx.note_look(&look(n, ada, &of, rank), NOW + u64::from(n)).await.unwrap();
        }
        tx.create_canary(&canary(1, &trap, ben), NOW).await.unwrap();
        let at = NewLook {
            canary_id: Some(CanaryId::from_bytes([1; 16])),
            ..look(9, ada, "p-9", 1_000)
        };
        tx.note_look(&at, NOW + 9).await.unwrap();
        let ids = |looks: &[wardline_store::StoredLook]| -> Vec<u8> {
            looks.iter().map(|it| it.look_id.as_bytes()[0]).collect()
        };
        let listed = tx.looks(&PAGE).await.unwrap();
        assert_eq!(ids(&listed), [9, 2, 3]);
        assert_eq!(tx.looks_waiting(2, 0).await.unwrap(), 3);
        assert_eq!(tx.looks_waiting(0, 0).await.unwrap(), 1);
        let only = tx.looks(&LookPage { canaries: true, ..PAGE }).await.unwrap();
        assert_eq!(ids(&only), [9]);
        let next = Some((listed[1].rank, listed[1].look_id));
        let rest = tx.looks(&LookPage { after: next, ..PAGE }).await.unwrap();
        assert_eq!(ids(&rest), [3]);
        let first = tx.looks(&LookPage { limit: 1, ..PAGE }).await.unwrap();
        assert_eq!(ids(&first), [9]);
        // What was said of one makes room for none: the day had its share.
        let before = tx.looks_mark().await.unwrap();
        let id = LookId::from_bytes([2; 16]);
        assert!(tx.review_look(id, "followed_up", b"Spoke", ben, NOW).await.unwrap());
        assert_ne!(tx.looks_mark().await.unwrap(), before);
        assert_eq!(ids(&tx.looks(&PAGE).await.unwrap()), [9, 3]);
        let done = tx.looks(&LookPage { show: "done", ..PAGE }).await.unwrap();
        assert_eq!(ids(&done), [2]);
        assert_eq!(done[0].note.as_ref().map(|it| it.to_vec()), Some(b"Spoke".to_vec()));
        // A later day has its own.
        let later = NOW + 24 * HOUR;
        tx.note_look(&look(5, ada, "p-5", 15), later).await.unwrap();
        assert_eq!(ids(&tx.looks(&PAGE).await.unwrap()), [9, 3, 5]);
        let since = LookPage { since_ms: later, ..PAGE };
        assert_eq!(ids(&tx.looks(&since).await.unwrap()), [5]);
        // Forgotten is what nobody said anything of, but for canaries.
        assert_eq!(tx.forget_looks(later).await.unwrap(), 3);
        assert_eq!(ids(&tx.looks(&PAGE).await.unwrap()), [9, 5]);
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn a_record_that_is_removed_is_found_by_nothing(db) {
        let store = db.store();
        let (gone, stays): (PatientId, PatientId) = ("p-1".parse().unwrap(), "p-2".parse().unwrap());
        let patient = |id: &'static str, of| NewResource {
            kind: "Patient",
            id,
            patient: Some(of),
            body: b"{}",
            terms: vec![Term::Name("Josephine"), Term::Exact { field: "identifier", value: id }],
            within: vec![("code", "x")],
        };
        let mut tx = store.write().await.unwrap();
        let both = [patient("p-1", &gone), patient("p-2", &stays)];
        tx.put_resources(&both, NOW).await.unwrap();
        assert_eq!(tx.search_by_name("Patient", "josephine", 9).await.unwrap().len(), 2);
        tx.remove_record(&gone).await.unwrap();
        assert!(tx.resource("Patient", "p-1").await.unwrap().is_none());
        assert!(tx.resource("Patient", "p-2").await.unwrap().is_some());
        assert_eq!(tx.search_by_name("Patient", "josephine", 9).await.unwrap().len(), 1);
        assert!(tx.search_exact("Patient", "identifier", "p-1", 9).await.unwrap().is_empty());
        // Its number is free again.
        tx.put_resources(&both[..1], NOW).await.unwrap();
        assert_eq!(tx.search_exact("Patient", "identifier", "p-1", 9).await.unwrap().len(), 1);
        tx.commit().await.unwrap();
    }
}
