//! Groups, commits, inboxes, receipts, key packages.

use std::collections::{BTreeMap, HashSet};

use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::{EntryKind, ReceiptState};
use wardline_model::{GroupId, PatientId};
use wardline_store::{CommitError, NewGroup, NewKeyPackage};

use crate::support::{Member, NOW, admit, commit, found, message, new_group, store_test};

store_test! {
    async fn of_two_commits_in_one_epoch_the_first_wins(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna]).await;
        let mut tx = store.write().await.unwrap();
        assert!(tx.group_for_update(group).await.unwrap().is_some());
        let mut first = commit(group, 0, anna, &[anna, bo]);
        first.welcome = Some((b"welcome".to_vec(), vec![bo.device]));
        let entry = tx.apply_commit(&first, NOW).await.unwrap();
        assert_eq!((entry.seq, entry.epoch, entry.kind), (1, 0, EntryKind::Commit));
        tx.commit().await.unwrap();
        let mut tx = store.write().await.unwrap();
        let second = tx.apply_commit(&commit(group, 0, anna, &[anna]), NOW).await;
        assert!(matches!(second, Err(CommitError::EpochConflict { current: 1 })));
        let nowhere = commit(GroupId::from_bytes([0; 16]), 0, anna, &[anna]);
        let nowhere = tx.apply_commit(&nowhere, NOW).await;
        assert!(matches!(nowhere, Err(CommitError::UnknownGroup)));
        drop(tx);
        let mut tx = store.read().await.unwrap();
        let state = tx.group_state(group).await.unwrap().unwrap();
        assert_eq!((state.epoch, state.last_seq, &*state.group_info), (1, 1, &b"info 1"[..]));
        let log = tx.entries_after(group, 0, 10).await.unwrap();
        assert_eq!(log, [entry]);
        let inbox = tx.inbox_after(bo.device, 0, 10).await.unwrap();
        assert_eq!(inbox.len(), 1);
        assert_eq!((inbox[0].n, inbox[0].group_id, inbox[0].seq), (1, group, 1));
        assert_eq!(inbox[0].welcome.0, b"welcome");
        assert!(tx.inbox_after(bo.device, 1, 10).await.unwrap().is_empty());
        assert!(tx.inbox_after(anna.device, 0, 10).await.unwrap().is_empty());
    }
}

store_test! {
    async fn members_come_go_and_move_with_commits(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let cy = admit(&store, "cy").await;
        let group = found(&store, &[anna]).await;
        let mut tx = store.write().await.unwrap();
        tx.apply_commit(&commit(group, 0, anna, &[anna, bo]), NOW).await.unwrap();
        assert_eq!(tx.membership(group, bo.device).await.unwrap().unwrap().joined_seq, 1);
        // Bo leaves and Cy takes the free leaf in one commit.
        tx.apply_commit(&commit(group, 1, anna, &[anna, cy]), NOW).await.unwrap();
        assert!(tx.membership(group, bo.device).await.unwrap().is_none());
        let cys = tx.membership(group, cy.device).await.unwrap().unwrap();
        assert_eq!((cys.leaf_index, cys.joined_seq), (1, 2));
        // Anna and Cy swap leaves, as after external commits: who stays keeps the place of joining.
        tx.apply_commit(&commit(group, 2, anna, &[cy, anna]), NOW).await.unwrap();
        let members = tx.members(group).await.unwrap();
        let facts: Vec<_> = members.iter().map(|m| (m.device_id, m.joined_seq)).collect();
        assert_eq!(facts, [(cy.device, 2), (anna.device, 0)]);
        let both = tx.groups_of_devices(&[cy.device, bo.device]).await.unwrap();
        assert_eq!(both, BTreeMap::from([(group, vec![cy.device])]));
        assert_eq!(tx.count_groups().await.unwrap(), 1);
    }
}

store_test! {
    async fn a_list_shows_conversations_with_members_and_receipts(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let patient: PatientId = "pat-1".parse().unwrap();
        let about = NewGroup {
            kind: GroupKind::Team,
            patient_id: Some(patient.clone()),
            ..new_group(&[anna, bo])
        };
        let mut tx = store.write().await.unwrap();
        tx.create_group(&about, NOW).await.unwrap();
        assert!(tx.group(GroupId::from_bytes([0; 16])).await.unwrap().is_none());
        tx.commit().await.unwrap();
        let quiet = found(&store, &[bo]).await;
        let mut new = message(&store, about.group_id, anna, 0);
        new.now_ms = NOW + 5;
        store.append(new).await.unwrap();
        let mut tx = store.write().await.unwrap();
        tx.advance_receipt(about.group_id, bo.user, ReceiptState::Read, 1, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let list = tx.groups_of(bo.user).await.unwrap();
        let ids: Vec<_> = list.iter().map(|l| l.group.group_id).collect();
        assert_eq!(ids, [about.group_id, quiet]);
        assert_eq!(list[0].group.patient_id, Some(patient.clone()));
        assert_eq!(list[0].group.last_message_at, Some(NOW + 5));
        assert_eq!((list[0].members.len(), list[0].receipts.len()), (2, 1));
        assert_eq!((list[1].members.len(), list[1].receipts.len()), (1, 0));
        assert_eq!(tx.groups_of(anna.user).await.unwrap().len(), 1);
        assert_eq!(tx.groups_about(&patient).await.unwrap()[0].group_id, about.group_id);
    }
}

store_test! {
    async fn a_receipt_only_moves_forward(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let group = found(&store, &[anna]).await;
        for _ in 0..3 {
            store.append(message(&store, group, anna, 0)).await.unwrap();
        }
        let mut tx = store.write().await.unwrap();
        let mut now = NOW;
        let mut advance = async |state, up_to| {
            now += 1;
            let moved = tx.advance_receipt(group, anna.user, state, up_to, now).await.unwrap();
            moved.map(|r| (r.delivered, r.read, r.acknowledged))
        };
        assert_eq!(advance(ReceiptState::Read, 0).await, None);
        assert_eq!(advance(ReceiptState::Delivered, 2).await, Some((2, 0, 0)));
        assert_eq!(advance(ReceiptState::Delivered, 1).await, None);
        assert_eq!(advance(ReceiptState::Acknowledged, 1).await, Some((2, 0, 1)), "it says nothing of what was read before");
        assert_eq!(advance(ReceiptState::Read, 99).await, Some((3, 3, 1)));
        let receipts = tx.receipts(group).await.unwrap();
        assert_eq!(receipts.len(), 1);
        let times = [receipts[0].delivered_at, receipts[0].read_at, receipts[0].acknowledged_at];
        assert_eq!(times, [NOW + 5, NOW + 5, NOW + 4].map(Some), "each by its own last step");
    }
}

fn package(n: u8, last_resort: bool) -> NewKeyPackage {
    NewKeyPackage {
        package_ref: vec![n],
        ciphersuite: 0x4e,
        last_resort,
        package: vec![n; 3],
    }
}

store_test! {
    async fn a_key_package_is_claimed_once_but_the_last_resort_stays(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let mut tx = store.write().await.unwrap();
        let packages = [package(1, true), package(2, false), package(3, false)];
        tx.put_key_packages(anna.device, &packages, NOW).await.unwrap();
        assert_eq!(tx.count_key_packages(anna.device).await.unwrap(), (2, true));
        // A new last resort replaces all that came before it.
        let packages = [package(4, true), package(5, false), package(6, false)];
        tx.put_key_packages(anna.device, &packages, NOW).await.unwrap();
        tx.put_key_packages(anna.device, &[package(5, false)], NOW).await.unwrap();
        assert_eq!(tx.count_key_packages(anna.device).await.unwrap(), (2, true));
        assert_eq!(tx.count_key_packages(bo.device).await.unwrap(), (0, false));
        let mut claimed = Vec::new();
        for _ in 0..4 {
            let found = tx.claim_key_packages(&[anna.user, bo.user], None, 0x4e).await.unwrap();
            assert_eq!(found.len(), 1, "Bo has none");
            claimed.push((found[0].package[0], found[0].last_resort));
        }
        assert_eq!(claimed, [(5, false), (6, false), (4, true), (4, true)]);
        assert!(tx.claim_key_packages(&[anna.user], None, 1).await.unwrap().is_empty());
        let only = [bo.device];
        let none = tx.claim_key_packages(&[anna.user], Some(&only), 0x4e).await.unwrap();
        assert!(none.is_empty(), "only devices that were named");
        let only = [anna.device];
        let one = tx.claim_key_packages(&[anna.user], Some(&only), 0x4e).await.unwrap();
        assert_eq!(one.len(), 1);
        let in_use = tx.active_devices_of(&[anna.user, bo.user]).await.unwrap();
        assert_eq!(in_use.len(), 2);
        assert!(in_use.contains(&(anna.user, anna.device)));

    }
}

store_test! {
    async fn claims_at_the_same_time_never_get_the_same_package(db) {
        let store = db.store();
        let anna: Member = admit(&store, "anna").await;
        let mut tx = store.write().await.unwrap();
        let packages: Vec<_> = (0..20).map(|n| package(n, false)).collect();
        tx.put_key_packages(anna.device, &packages, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let claims = (0..20).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .retrying(move |tx| {
                        Box::pin(async move { tx.claim_key_packages(&[anna.user], None, 0x4e).await })
                    })
                    .await
                    .unwrap()[0]
                    .package[0]
            })
        });
        let mut seen = HashSet::new();
        for claim in claims.collect::<Vec<_>>() {
            assert!(seen.insert(claim.await.unwrap()));
        }
        assert_eq!(seen.len(), 20);
    }
}
