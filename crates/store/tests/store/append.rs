//! The group commit.

use std::collections::BTreeSet;

use wardline_audit::event::Kind;
use wardline_model::wire::messages::{Entry, EntryKind};
use wardline_model::{GroupId, MessageId};
use wardline_store::{AppendError, StoreError};

use crate::support::{NOW, admit, commit, event, found, message, salt, store_test};

store_test! {
    async fn a_repeated_message_gets_the_first_answer(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna, bo]).await;
        let first = message(&store, group, anna, 0);
        let taken = store.append(first.clone()).await.unwrap();
        assert_eq!((taken.seq, taken.sent_at, taken.duplicate), (1, NOW, false));
        let mut again = first.clone();
        again.now_ms = NOW + 9;
        again.salt = salt();
        let repeated = store.append(again.clone()).await.unwrap();
        assert_eq!((repeated.seq, repeated.sent_at, repeated.duplicate), (1, NOW, true));
        // After the group has moved on, and after a restart, too.
        let mut tx = store.write().await.unwrap();
        tx.apply_commit(&commit(group, 0, anna, &[anna, bo]), NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store.append(again.clone()).await.unwrap().duplicate);
        store.close().await;
        let store = db.store();
        assert!(store.append(again).await.unwrap().duplicate);
        let mut foreign = message(&store, group, bo, 1);
        foreign.message_id = first.message_id;
        assert!(matches!(store.append(foreign).await, Err(AppendError::IdTaken)));
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.entries_after(group, 0, 10).await.unwrap().len(), 2);
        let entry = tx.entry_of_message(group, first.message_id).await.unwrap().unwrap();
        assert_eq!((entry.seq, entry.sender_device), (1, Some(anna.device)));
        assert_eq!(tx.chain_heads().await.unwrap()[0].head.seq, 1, "a repetition is no event");
    }
}

store_test! {
    async fn a_message_for_the_wrong_group_epoch_or_sender_changes_nothing(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna]).await;
        let unknown = message(&store, GroupId::from_bytes([0; 16]), anna, 0);
        assert!(matches!(store.append(unknown).await, Err(AppendError::UnknownGroup)));
        let outsider = message(&store, group, bo, 0);
        assert!(matches!(store.append(outsider).await, Err(AppendError::NotMember)));
        let early = message(&store, group, anna, 1);
        let early = store.append(early).await;
        assert!(matches!(early, Err(AppendError::EpochConflict { current: 0 })));
        let mut foreign = message(&store, group, anna, 0);
        foreign.event.node = "node-9".parse().unwrap();
        let foreign = store.append(foreign).await;
        assert!(matches!(foreign, Err(AppendError::Store(StoreError::ForeignEvent))));
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.group(group).await.unwrap().unwrap().last_seq, 0);
        assert!(tx.chain_heads().await.unwrap().iter().all(|head| head.head.seq == 0));
    }
}

store_test! {
    async fn what_a_commit_changes_is_true_for_the_next_message(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna, bo]).await;
        assert_eq!(store.append(message(&store, group, bo, 0)).await.unwrap().seq, 1);
        let mut tx = store.write().await.unwrap();
        let proposal = tx.propose_removal(group, 0, b"remove bo", b"state", NOW).await.unwrap();
        assert_eq!((proposal.seq, proposal.kind), (2, EntryKind::Proposal));
        tx.commit().await.unwrap();
        let pending = store.append(message(&store, group, anna, 0)).await;
        assert!(matches!(pending, Err(AppendError::CommitRequired)));
        let mut tx = store.write().await.unwrap();
        tx.apply_commit(&commit(group, 0, anna, &[anna]), NOW).await.unwrap();
        tx.commit().await.unwrap();
        let late = store.append(message(&store, group, anna, 0)).await;
        assert!(matches!(late, Err(AppendError::EpochConflict { current: 1 })));
        let removed = store.append(message(&store, group, bo, 1)).await;
        assert!(matches!(removed, Err(AppendError::NotMember)));
        assert_eq!(store.append(message(&store, group, anna, 1)).await.unwrap().seq, 4);
        // A commit that is taken back leaves the head as it was.
        let mut tx = store.write().await.unwrap();
        tx.apply_commit(&commit(group, 1, anna, &[anna, bo]), NOW).await.unwrap();
        drop(tx);
        assert_eq!(store.append(message(&store, group, anna, 1)).await.unwrap().seq, 5);
    }
}

store_test! {
    async fn many_senders_at_once_make_one_log_without_gaps(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let groups = [found(&store, &[anna]).await, found(&store, &[anna]).await];
        let senders = (0..32).map(|n| {
            let store = store.clone();
            let group = groups[n % 2];
            tokio::spawn(async move {
                let mut places = Vec::new();
                for turn in 0..8 {
                    if turn == 3 {
                        // A neighbour's mistake harms nobody.
                        let wrong = message(&store, group, anna, 7);
                        assert!(store.append(wrong).await.is_err());
                    }
                    if turn % 2 == 0 {
                        store.record(&event(&store, "chart.read"), salt()).await.unwrap();
                    }
                    let new = message(&store, group, anna, 0);
                    let taken = store.append(new.clone()).await.unwrap();
                    places.push(taken.seq);
                    if turn == 5 {
                        // Nor does a repetition.
                        let again = store.append(new).await.unwrap();
                        assert_eq!((again.seq, again.duplicate), (taken.seq, true));
                    }
                }
                assert!(places.is_sorted());
                (group, places)
            })
        });
        let mut seen: [BTreeSet<u64>; 2] = Default::default();
        for sender in senders.collect::<Vec<_>>() {
            let (group, places) = sender.await.unwrap();
            for place in places {
                assert!(seen[usize::from(group == groups[1])].insert(place));
            }
        }
        let mut tx = store.read().await.unwrap();
        for (group, seen) in groups.into_iter().zip(seen) {
            assert!(seen.into_iter().eq(1..=128));
            assert_eq!(tx.entries_after(group, 0, 1000).await.unwrap().len(), 128);
            assert_eq!(tx.group(group).await.unwrap().unwrap().last_seq, 128);
        }
        assert_eq!(tx.chain_heads().await.unwrap()[0].head.seq, 2 * 128 + 32 * 4);
        drop(tx);
        while store.sequence_once(NOW, "me").await.unwrap().more {}
        let report = store.verify_log(store.log_key()).await.unwrap();
        assert_eq!((report.size, report.opened), (2 * 128 + 32 * 4, 2 * 128 + 32 * 4));
    }
}

store_test! {
    async fn the_same_message_twice_in_one_batch_is_taken_once(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let group = found(&store, &[anna]).await;
        let one = message(&store, group, anna, 0);
        let twins = (0..16).map(|_| {
            let (store, mut twin) = (store.clone(), one.clone());
            twin.salt = salt();
            tokio::spawn(async move { store.append(twin).await.unwrap() })
        });
        let mut first = 0;
        for twin in twins.collect::<Vec<_>>() {
            let accepted = twin.await.unwrap();
            assert_eq!(accepted.seq, 1);
            first += u32::from(!accepted.duplicate);
        }
        assert_eq!(first, 1);
    }
}

store_test! {
    async fn writers_of_both_kinds_share_one_chain(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let group = found(&store, &[anna]).await;
        let tasks = (0..16).map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..6 {
                    if n % 2 == 0 {
                        store.append(message(&store, group, anna, 0)).await.unwrap();
                    } else {
                        let event = event(&store, "setting.changed");
                        store
                            .retrying(move |tx| {
                                let event = event.clone();
                                Box::pin(async move {
                                    tx.put_setting("name", b"value").await?;
                                    tx.audit(&event, salt()).await
                                })
                            })
                            .await
                            .unwrap();
                    }
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        while store.sequence_once(NOW, "me").await.unwrap().more {}
        assert_eq!(store.verify_log(store.log_key()).await.unwrap().opened, 96);
    }
}

store_test! {
    async fn an_event_that_cannot_be_recorded_fails_alone(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let group = found(&store, &[anna]).await;
        let mut bad = message(&store, group, anna, 0);
        bad.event.action = String::new();
        bad.event.kind = Kind::named("message.appended");
        let (bad, good) = tokio::join!(
            store.append(bad),
            store.append(message(&store, group, anna, 0)),
        );
        assert!(matches!(bad, Err(AppendError::Store(StoreError::Event(_)))));
        assert_eq!(good.unwrap().seq, 1);
        let mut tx = store.read().await.unwrap();
        let none = tx.entry_of_message(group, MessageId::from_bytes([0; 16])).await.unwrap();
        assert!(none.is_none());
    }
}

store_test! {
    async fn a_page_of_the_log_is_bounded_by_its_bytes(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let group = found(&store, &[anna]).await;
        for _ in 0..6 {
            let mut large = message(&store, group, anna, 0);
            large.body = vec![7; 1024 * 1024];
            store.append(large).await.unwrap();
        }
        let mut huge = message(&store, group, anna, 0);
        huge.body = vec![7; 5 * 1024 * 1024];
        store.append(huge).await.unwrap();
        let mut tx = store.read().await.unwrap();
        let places = |page: Vec<Entry>| page.iter().map(|entry| entry.seq).collect::<Vec<_>>();
        assert_eq!(places(tx.entries_after(group, 0, 500).await.unwrap()), [1, 2, 3, 4]);
        assert_eq!(places(tx.entries_after(group, 4, 500).await.unwrap()), [5, 6]);
        assert_eq!(places(tx.entries_after(group, 4, 1).await.unwrap()), [5]);
        assert_eq!(places(tx.entries_after(group, 6, 500).await.unwrap()), [7], "never stuck");
        assert!(tx.entries_after(group, 7, 500).await.unwrap().is_empty());
    }
}
