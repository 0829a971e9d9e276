//! What a node watches for its sockets.

use wardline_model::wire::messages::ReceiptState;
use wardline_model::{GroupId, SessionId};
use wardline_store::{GroupMark, NewSession, SessionMark};

use crate::support::{
    HOUR, Member, NOW, admit, commit, event, found, message, salt, store_test, unique,
};

fn session(of: Member) -> NewSession {
    let mut token_hash = [1; 32];
    token_hash[..16].copy_from_slice(&unique());
    NewSession {
        session_id: SessionId::from_bytes(unique()),
        token_hash,
        user_id: of.user,
        device_id: of.device,
        aal: 2,
        idle_ms: HOUR,
        expires_at: NOW + HOUR,
    }
}

store_test! {
    async fn marks_of_conversations_move_with_entries_and_receipts(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let (group, quiet) = (found(&store, &[anna, bo]).await, found(&store, &[bo]).await);
        let mark = |last_seq, receipts| GroupMark { group_id: group, last_seq, receipts };
        let asked = [group, quiet, GroupId::from_bytes([0; 16])];
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.group_marks(&asked).await.unwrap().len(), 2);
        assert_eq!(tx.group_marks_of(anna.device).await.unwrap(), [mark(0, 0)]);
        drop(tx);
        for _ in 0..3 {
            store.append(message(&store, group, anna, 0)).await.unwrap();
        }
        let mut tx = store.write().await.unwrap();
        tx.advance_receipt(group, anna.user, ReceiptState::Acknowledged, 1, NOW).await.unwrap();
        tx.advance_receipt(group, bo.user, ReceiptState::Read, 2, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.group_marks(&[group]).await.unwrap(), [mark(3, 2 + 4)]);
        assert_eq!(tx.group_marks_of(anna.device).await.unwrap(), [mark(3, 6)]);
        let receipts = tx.receipts_of(&asked).await.unwrap();
        assert_eq!((receipts.len(), receipts[&group].len()), (1, 2));
        assert_eq!(tx.group_marks(&[]).await.unwrap(), []);
    }
}

store_test! {
    async fn marks_of_sessions_tell_what_their_sockets_depend_on(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let (annas, bos) = (session(anna), session(bo));
        let (a, b) = (annas.session_id, bos.session_id);
        let mut tx = store.write().await.unwrap();
        tx.create_session(&annas, NOW).await.unwrap();
        tx.create_session(&bos, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let group = found(&store, &[anna]).await;
        let mut tx = store.write().await.unwrap();
        let mut add = commit(group, 0, anna, &[anna, bo]);
        add.welcome = Some((b"welcome".to_vec(), vec![bo.device]));
        tx.apply_commit(&add, NOW).await.unwrap();
        tx.end_session(a, anna.user, "signed out", NOW).await.unwrap();
        let mark = |session_id, inbox, groups, ended| SessionMark {
            session_id,
            inbox,
            groups,
            ended,
            bot_scope: None,
        };
        let mut marks = tx.session_marks(&[a, b, SessionId::from_bytes([0; 16])]).await.unwrap();
        marks.sort_by_key(|mark| mark.inbox);
        assert_eq!(marks, [mark(a, 0, 1, true), mark(b, 1, 1, false)]);
        tx.end_device(bo.device, wardline_model::wire::enroll::DeviceState::Lost, "lost", NOW).await.unwrap();
        assert!(tx.session_marks(&[b]).await.unwrap()[0].ended);
    }
}

store_test! {
    async fn chains_grow_with_every_event_of_every_node_and_else_stand_still(db) {
        let store = db.store();
        store.record(&event(&store, "chart.read"), salt()).await.unwrap();
        let ends = store.read().await.unwrap().chain_ends().await.unwrap();
        assert_eq!((ends.len(), ends[0].seq), (1, 1));
        let again = store.read().await.unwrap().chain_ends().await.unwrap();
        assert_eq!(again, ends);
        let second = db.store_as("node-2");
        second.record(&event(&second, "chart.read"), salt()).await.unwrap();
        let both = store.read().await.unwrap().chain_ends().await.unwrap();
        assert_eq!(both.iter().map(|end| end.seq).collect::<Vec<_>>(), [1, 1]);
        assert_ne!(both, ends);
    }
}
