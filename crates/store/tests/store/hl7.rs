//! Messages of feeds: kept once, in order, and set aside.

use wardline_store::{Arrival, Arrived, Hl7Counts, Store};

use crate::support::{HOUR, NOW, event, salt, store_test};

async fn arrive(store: &Store, id: &str, body: &str) -> Arrived {
    let event = event(store, "hl7.received");
    let arrival = Arrival {
        identity: id.as_bytes(),
        content: body.as_bytes(),
        kind: "ADT^A01",
        about: b"{}",
        body: body.as_bytes(),
        now_ms: NOW,
        event: &event,
        salt: salt(),
    };
    store.arrive(&arrival).await.unwrap()
}

store_test! {
    async fn a_message_is_kept_once_and_another_under_its_id_is_not(db) {
        let store = db.store();
        assert_eq!(arrive(&store, "a", "one").await, Arrived::Kept);
        assert_eq!(arrive(&store, "a", "one").await, Arrived::Repeated);
        assert_eq!(arrive(&store, "a", "two").await, Arrived::Reused);
        // Of those that come together, too.
        let (first, second, third) = tokio::join!(
            arrive(&store, "b", "x"),
            arrive(&store, "b", "x"),
            arrive(&store, "b", "x"),
        );
        let outcomes = [first, second, third];
        let kept = outcomes.iter().filter(|it| **it == Arrived::Kept).count();
        assert_eq!((kept, outcomes.contains(&Arrived::Reused)), (1, false));
        let mut tx = store.read().await.unwrap();
        let waiting = tx.waiting_messages(10).await.unwrap();
        let bodies: Vec<&[u8]> = waiting.iter().map(|it| it.body.expose().as_slice()).collect();
        assert_eq!(bodies, [b"one".as_slice(), b"x"]);
        assert!(tx.any_message_waits().await.unwrap());
        drop(tx);
        store.sequence_once(NOW, "me").await.unwrap();
        assert!(store.verify_log(store.log_key()).await.unwrap().opened >= 2);
    }
}

store_test! {
    async fn many_messages_keep_their_order(db) {
        let store = db.store();
        let ids: Vec<String> = (0..40).map(|n| format!("m{n:02}")).collect();
        // Two at a time, as a sender has them under way that does not wait for each answer.
        for pair in ids.chunks(2) {
            let (first, second) = tokio::join!(
                arrive(&store, &pair[0], &pair[0]),
                arrive(&store, &pair[1], &pair[1]),
            );
            assert_eq!((first, second), (Arrived::Kept, Arrived::Kept));
        }
        let mut tx = store.read().await.unwrap();
        let waiting = tx.waiting_messages(1000).await.unwrap();
        let seqs: Vec<u64> = waiting.iter().map(|it| it.seq).collect();
        assert_eq!(seqs, (1..=40).collect::<Vec<u64>>());
        let bodies = waiting.iter().map(|it| String::from_utf8(it.body.expose().clone()).unwrap());
        assert_eq!(bodies.collect::<Vec<_>>(), ids);
    }
}

store_test! {
    async fn what_cannot_be_applied_is_set_aside_tried_again_and_given_up(db) {
        let store = db.store();
        for id in ["a", "b", "c"] {
            arrive(&store, id, id).await;
        }
        let mut tx = store.write().await.unwrap();
        tx.lock_hl7().await.unwrap();
        tx.message_applied(1, NOW).await.unwrap();
        tx.message_dead(2, "no record", Some("PID-3"), NOW).await.unwrap();
        tx.message_dead(3, "no record", None, NOW).await.unwrap();
        assert_eq!(tx.hl7_counts().await.unwrap(), Hl7Counts { waiting: 0, dead: 2 });
        let letters = tx.dead_letters(0, 10).await.unwrap();
        assert_eq!((letters.len(), letters[0].seq, letters[0].place.as_deref()), (2, 2, Some("PID-3")));
        assert_eq!(tx.dead_letters(2, 10).await.unwrap().len(), 1);
        assert!(tx.replay_letter(2).await.unwrap() && !tx.replay_letter(2).await.unwrap());
        assert!(!tx.replay_letter(1).await.unwrap(), "it was applied");
        assert!(tx.dismiss_letter(3, NOW).await.unwrap() && !tx.dismiss_letter(3, NOW).await.unwrap());
        let waiting = tx.waiting_messages(10).await.unwrap();
        assert_eq!((waiting.len(), waiting[0].body.expose().as_slice()), (1, b"b".as_slice()));
        tx.commit().await.unwrap();
        assert_eq!(arrive(&store, "a", "a").await, Arrived::Repeated);
        let mut tx = store.write().await.unwrap();
        assert_eq!(tx.forget_messages(NOW, 10).await.unwrap(), 0);
        assert_eq!(tx.forget_messages(NOW + HOUR, 10).await.unwrap(), 2, "not the one that waits");
        tx.commit().await.unwrap();
        assert_eq!(arrive(&store, "a", "a").await, Arrived::Kept, "its id is free again");
    }
}

store_test! {
    async fn only_the_newest_news_counts(db) {
        let store = db.store();
        let mut tx = store.write().await.unwrap();
        assert_eq!(tx.newest_news("person 1").await.unwrap(), None);
        tx.note_news("person 1", 5).await.unwrap();
        tx.note_news("person 1", 3).await.unwrap();
        assert_eq!(tx.newest_news("person 1").await.unwrap(), Some(5));
        tx.note_news("person 1", 7).await.unwrap();
        assert_eq!(tx.newest_news("person 1").await.unwrap(), Some(7));
        assert_eq!(tx.newest_news("person 2").await.unwrap(), None);
    }
}
