//! The audit log: chain, sequencer, proofs, verification.

use sqlx::Executor as _;
use wardline_audit::tree::{Level, TileId};
use wardline_audit::{Checkpoint, LogSigner};
use wardline_store::{LEASE_MS, Store, StoreError, VerifyError};

use crate::support::{Db, NOW, event, salt, store_test};

async fn record(store: &Store, count: u32) {
    for _ in 0..count {
        store
            .record(&event(store, "chart.read"), salt())
            .await
            .unwrap();
    }
}

/// Does to the database what no program of ours would.
async fn tamper(db: &Db, sql: &'static str) {
    if db.is_sqlite() {
        let pool = sqlx::SqlitePool::connect(&db.config.url).await.unwrap();
        pool.execute(sql).await.unwrap();
        pool.close().await;
    } else {
        let pool = sqlx::PgPool::connect(&db.config.url).await.unwrap();
        pool.execute(sql).await.unwrap();
        pool.close().await;
    }
}

store_test! {
    async fn an_event_is_proven_to_stand_in_the_log(db) {
        let store = db.store();
        let empty = store.sequence_once(NOW, "me").await.unwrap();
        assert_eq!((empty.from, empty.to, empty.leader), (0, 0, true));
        assert_eq!(store.verify_log(store.log_key()).await.unwrap().size, 0);
        record(&store, 300).await;
        let mut tx = store.write().await.unwrap();
        let mut special = event(&store, "device.endorsed");
        special.resource = "device/1".into();
        let reference = tx.audit(&special, salt()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store.read().await.unwrap().disclosure(&reference).await.unwrap().is_none());
        let step = store.sequence_once(NOW + 1, "me").await.unwrap();
        assert_eq!((step.from, step.to, step.more), (0, 301, false));
        record(&store, 5).await;
        store.sequence_once(NOW + 2, "me").await.unwrap();
        record(&store, 2).await;
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.log_index(&reference).await.unwrap(), Some(300));
        let disclosure = tx.disclosure(&reference).await.unwrap().unwrap();
        let (proven, checkpoint) = disclosure.verify(store.log_key()).unwrap();
        assert_eq!((proven, checkpoint.size), (&special, 306));
        let events = tx.logged_events(299, 4).await.unwrap();
        assert_eq!(events.iter().map(|e| e.index.unwrap()).collect::<Vec<_>>(), [299, 300, 301, 302]);
        assert_eq!(events[1].event, reference);
        assert!(tx.logged_events(306, 4).await.unwrap().is_empty());
        let old = TileId::new(Level::Hashes(0), 1, 45).unwrap();
        assert_eq!(tx.tile(old).await.unwrap().unwrap().len(), 45 * 32);
        let beyond = TileId::new(Level::Hashes(0), 1, 51).unwrap();
        assert!(tx.tile(beyond).await.unwrap().is_none());
        assert_eq!(tx.log_tails().await.unwrap()[0].seq, 307);
        drop(tx);
        let report = store.verify_log(store.log_key()).await.unwrap();
        assert_eq!((report.size, report.opened, report.tail), (306, 306, 2));
    }
}

store_test! {
    async fn the_log_grows_on_after_a_restart(db) {
        let store = db.store();
        record(&store, 10).await;
        store.sequence_once(NOW, "me").await.unwrap();
        let before = store.read().await.unwrap().checkpoint().await.unwrap().unwrap();
        store.close().await;
        let store = db.store();
        record(&store, 700).await;
        let step = store.sequence_once(NOW + LEASE_MS, "other").await.unwrap();
        assert_eq!((step.from, step.to, step.leader), (10, 710, true));
        let after = store.read().await.unwrap().checkpoint().await.unwrap().unwrap();
        let before = Checkpoint::verify(&before, store.log_key()).unwrap();
        let after = Checkpoint::verify(&after, store.log_key()).unwrap();
        assert_eq!((before.size, after.size), (10, 710));
        assert_eq!(store.verify_log(store.log_key()).await.unwrap().size, 710);
    }
}

store_test! {
    async fn two_nodes_write_one_log_and_one_of_them_sequences(db) {
        let (one, two) = (db.store_as("node-1"), db.store_as("node-2"));
        for round in 0..4 {
            record(&one, 3).await;
            record(&two, 2).await;
            let now = NOW + round;
            let leader = one.sequence_once(now, "one").await.unwrap();
            assert!(leader.leader);
            let follower = two.sequence_once(now, "two").await.unwrap();
            assert!(!follower.leader);
        }
        record(&two, 1).await;
        // The leader dies; the lease runs out.
        let taken = two.sequence_once(NOW + 3 + LEASE_MS, "two").await.unwrap();
        assert_eq!((taken.from, taken.to, taken.leader), (20, 21, true));
        assert!(!one.sequence_once(NOW + 4 + LEASE_MS, "one").await.unwrap().leader);
        let report = two.verify_log(two.log_key()).await.unwrap();
        assert_eq!((report.size, report.tail), (21, 0));
        let mut tx = one.read().await.unwrap();
        let mut nodes = Vec::new();
        let mut index = 0;
        loop {
            let events = tx.logged_events(index, 100).await.unwrap();
            if events.is_empty() {
                break;
            }
            for event in events {
                assert_eq!(event.index, Some(index));
                assert_eq!(tx.log_index(&event.event).await.unwrap(), Some(index));
                nodes.push(event.event.node.to_string());
                index += 1;
            }
        }
        assert_eq!(nodes.iter().filter(|n| *n == "node-1").count(), 12);
        assert_eq!(nodes.len(), 21);
    }
}

store_test! {
    async fn a_lease_that_is_given_back_is_taken_at_once_and_by_nobody_else_before(db) {
        let (one, two) = (db.store_as("node-1"), db.store_as("node-2"));
        record(&one, 3).await;
        assert!(one.sequence_once(NOW, "one").await.unwrap().leader);
        record(&two, 2).await;
        two.give_back_lease("two").await.unwrap();
        assert!(
            !two.sequence_once(NOW, "two").await.unwrap().leader,
            "only its holder gives it back"
        );
        one.give_back_lease("one").await.unwrap();
        let taken = two.sequence_once(NOW, "two").await.unwrap();
        assert_eq!((taken.from, taken.to, taken.leader), (3, 5, true));
        // Late, as when a process that was slow to end is no longer the holder.
        one.give_back_lease("one").await.unwrap();
        assert!(!one.sequence_once(NOW, "one").await.unwrap().leader);
        let report = two.verify_log(two.log_key()).await.unwrap();
        assert_eq!((report.size, report.tail), (5, 0));
        // The holder itself may go on, too.
        two.give_back_lease("two").await.unwrap();
        record(&two, 1).await;
        assert_eq!(two.sequence_once(NOW, "two").await.unwrap().to, 6);
    }
}

store_test! {
    async fn sequencers_at_the_same_time_make_no_fork(db) {
        let (one, two) = (db.store_as("node-1"), db.store_as("node-2"));
        record(&one, 20).await;
        for round in 0..10 {
            let at = NOW + round * LEASE_MS * 2;
            let (a, b) = tokio::join!(
                one.sequence_once(at, "one"),
                two.sequence_once(at, "two"),
            );
            for step in [a, b] {
                assert!(step.as_ref().err().is_none_or(StoreError::is_busy), "{step:?}");
            }
            record(&two, 3).await;
        }
        one.sequence_once(NOW + 100 * LEASE_MS, "one").await.unwrap();
        assert_eq!(one.verify_log(one.log_key()).await.unwrap().size, 50);
    }
}

store_test! {
    async fn a_change_of_a_stored_event_is_found_out(db) {
        let store = db.store();
        record(&store, 5).await;
        store.sequence_once(NOW, "me").await.unwrap();
        record(&store, 3).await;
        let stranger = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
        let stranger = LogSigner::new("log.hospital.example", stranger).unwrap();
        let foreign = store.verify_log(stranger.public()).await.unwrap_err();
        assert!(matches!(foreign, VerifyError::Failure(_)), "{foreign}");
        tamper(db, "UPDATE audit_events SET salt = commitment WHERE seq = 7").await;
        let failure = store.verify_log(store.log_key()).await.unwrap_err();
        assert!(matches!(&failure, VerifyError::Failure(f) if f.first_bad_index == Some(6)), "{failure}");
        tamper(db, "DELETE FROM audit_events WHERE seq >= 7").await;
        let failure = store.verify_log(store.log_key()).await.unwrap_err();
        assert!(matches!(&failure, VerifyError::Failure(_)), "{failure}");
        tamper(db, "UPDATE audit_events SET payload_sealed = salt WHERE seq = 2").await;
        let failure = store.verify_log(store.log_key()).await.unwrap_err();
        assert!(matches!(failure, VerifyError::Payload { index: 1 }), "{failure}");
    }
}

store_test! {
    async fn nothing_is_signed_on_top_of_altered_tiles(db) {
        let store = db.store();
        record(&store, 5).await;
        store.sequence_once(NOW, "me").await.unwrap();
        store.close().await;
        tamper(db, "UPDATE log_tiles SET bytes = (SELECT t.bytes FROM log_tiles t WHERE t.level = -1) WHERE level = 0").await;
        let store = db.store();
        record(&store, 1).await;
        assert!(store.sequence_once(NOW, "me").await.is_err());
        assert!(store.verify_log(store.log_key()).await.is_err());
    }
}
