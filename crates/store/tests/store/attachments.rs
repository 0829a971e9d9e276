//! Attachments, in chunks.

use wardline_model::AttachmentId;
use wardline_store::{ChunkPut, NewAttachment, NewPerson, Store};

use crate::support::{Member, NOW, admit, found, new_person, store_test};

const ID: AttachmentId = AttachmentId::from_bytes([0xa7; 16]);

/// Anna begins one of two chunks in a conversation with Bo.
async fn begun(store: &Store) -> (Member, NewAttachment) {
    let (anna, bo) = (admit(store, "anna").await, admit(store, "bo").await);
    let new = NewAttachment {
        attachment_id: ID,
        group_id: found(store, &[anna, bo]).await,
        user_id: anna.user,
        device_id: anna.device,
        bytes: 300_000,
        chunks: 2,
    };
    let mut tx = store.write().await.unwrap();
    assert!(tx.create_attachment(&new, NOW).await.unwrap());
    tx.commit().await.unwrap();
    (anna, new)
}

store_test! {
    async fn an_upload_that_broke_off_goes_on_and_no_chunk_is_replaced(db) {
        let store = db.store();
        let (_, new) = begun(&store).await;
        let mut tx = store.write().await.unwrap();
        assert!(!tx.create_attachment(&new, NOW + 5).await.unwrap());
        let put = tx.put_attachment_chunk(ID, 1, b"second").await.unwrap();
        assert_eq!(put, Some(ChunkPut::Stored));
        tx.commit().await.unwrap();
        store.close().await;
        let store = db.store();
        let mut tx = store.write().await.unwrap();
        let found = tx.attachment(ID).await.unwrap().unwrap();
        assert_eq!((found.stored, found.chunks, found.bytes), (1, 2, 300_000));
        assert_eq!((found.created_at, found.ended_at), (NOW, None));
        assert_eq!(tx.attachment_chunks(ID).await.unwrap(), [1]);
        let again = tx.put_attachment_chunk(ID, 1, b"second").await.unwrap();
        assert_eq!(again, Some(ChunkPut::Same));
        let other = tx.put_attachment_chunk(ID, 1, b"Second").await.unwrap();
        assert_eq!(other, Some(ChunkPut::Other));
        tx.put_attachment_chunk(ID, 0, b"first").await.unwrap();
        assert_eq!(tx.attachment_chunk(ID, 1).await.unwrap().unwrap(), b"second");
        assert_eq!(tx.attachment_chunk(ID, 2).await.unwrap(), None);
        assert_eq!(tx.attachment(ID).await.unwrap().unwrap().stored, 2);
        let nobody = AttachmentId::from_bytes([1; 16]);
        assert_eq!(tx.attachment(nobody).await.unwrap(), None);
        assert_eq!(tx.put_attachment_chunk(nobody, 0, b"x").await.unwrap(), None);
    }
}

store_test! {
    async fn what_is_taken_back_is_kept_where_a_record_keeper_is(db) {
        let store = db.store();
        let (_, new) = begun(&store).await;
        let keeper = admit(&store, "keeper").await;
        let other = AttachmentId::from_bytes([0xa8; 16]);
        let mut tx = store.write().await.unwrap();
        let person = NewPerson {
            user_id: keeper.user,
            roles: vec!["record_keeper".to_owned()],
            ..new_person("keeper", "Record keeper")
        };
        tx.put_person(&person, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let anna = Member { user: new.user_id, device: new.device_id };
        let kept = NewAttachment {
            attachment_id: other,
            group_id: found(&store, &[anna, keeper]).await,
            ..new
        };
        let mut tx = store.write().await.unwrap();
        assert!(tx.create_attachment(&kept, NOW).await.unwrap());
        tx.put_attachment_chunk(other, 0, b"first").await.unwrap();
        assert!(!tx.withdraw_attachment(other, NOW + 1).await.unwrap(), "it is not whole");
        for id in [ID, other] {
            for n in 0..2 {
                tx.put_attachment_chunk(id, n, b"first").await.unwrap();
            }
        }
        assert!(!tx.withdraw_attachment(ID, NOW + 1).await.unwrap(), "nobody keeps it");
        assert!(tx.withdraw_attachment(other, NOW + 1).await.unwrap());
        assert!(!tx.withdraw_attachment(other, NOW + 2).await.unwrap());
        assert!(!tx.end_attachment(other, NOW + 2).await.unwrap());
        assert_eq!(tx.attachment(other).await.unwrap().unwrap().ended_at, Some(NOW + 1));
        assert_eq!(tx.attachment_chunks(other).await.unwrap(), [0, 1]);
        assert_eq!(tx.forget_attachments(NOW + 9).await.unwrap(), 0);
        assert!(!tx.shred_attachment(other, new.group_id, NOW + 3).await.unwrap(), "of another one");
        assert!(tx.shred_attachment(other, kept.group_id, NOW + 3).await.unwrap());
        assert!(!tx.shred_attachment(other, kept.group_id, NOW + 3).await.unwrap());
        assert!(tx.attachment_chunks(other).await.unwrap().is_empty());
        assert_eq!(tx.forget_attachments(NOW + 9).await.unwrap(), 1);
        assert_eq!(tx.attachment_chunks(ID).await.unwrap(), [0, 1]);
        // What nobody took back ends as well, and then nobody gets it.
        assert!(tx.shred_attachment(ID, new.group_id, NOW + 4).await.unwrap());
        assert_eq!(tx.attachment(ID).await.unwrap().unwrap().ended_at, Some(NOW + 4));
        assert!(tx.attachment_chunks(ID).await.unwrap().is_empty());
        assert!(!tx.shred_attachment(ID, new.group_id, NOW + 5).await.unwrap());
    }
}

store_test! {
    async fn what_is_deleted_is_gone_at_once_and_still_counts_for_the_day(db) {
        let store = db.store();
        let (anna, _) = begun(&store).await;
        let mut tx = store.write().await.unwrap();
        tx.put_attachment_chunk(ID, 0, b"first").await.unwrap();
        assert!(tx.end_attachment(ID, NOW + 5).await.unwrap());
        assert!(!tx.end_attachment(ID, NOW + 6).await.unwrap());
        assert_eq!(tx.attachment_chunk(ID, 0).await.unwrap(), None);
        assert_eq!(tx.put_attachment_chunk(ID, 0, b"first").await.unwrap(), None);
        assert_eq!(tx.attachment(ID).await.unwrap().unwrap().ended_at, Some(NOW + 5));
        assert_eq!(tx.attachment_bytes_since(anna.user, NOW).await.unwrap(), 300_000);
        assert_eq!(tx.attachment_bytes_since(anna.user, NOW + 1).await.unwrap(), 0);
        assert_eq!(tx.forget_attachments(NOW).await.unwrap(), 0);
        assert_eq!(tx.forget_attachments(NOW + 1).await.unwrap(), 1);
        assert_eq!(tx.attachment(ID).await.unwrap(), None);
    }
}

store_test! {
    async fn uploads_that_nobody_finished_are_found_and_finished_ones_are_not(db) {
        let store = db.store();
        let (_, new) = begun(&store).await;
        let whole = NewAttachment { attachment_id: AttachmentId::from_bytes([2; 16]), chunks: 1, ..new };
        let mut tx = store.write().await.unwrap();
        tx.create_attachment(&whole, NOW).await.unwrap();
        tx.put_attachment_chunk(whole.attachment_id, 0, b"all").await.unwrap();
        assert!(tx.unfinished_attachments(NOW, 9).await.unwrap().is_empty());
        let late = tx.unfinished_attachments(NOW + 1, 9).await.unwrap();
        assert_eq!(late.len(), 1);
        assert_eq!(late[0].attachment_id, ID);
        assert!(!tx.drop_unfinished_attachment(whole.attachment_id).await.unwrap());
        tx.put_attachment_chunk(ID, 0, b"first").await.unwrap();
        assert!(tx.drop_unfinished_attachment(ID).await.unwrap());
        assert!(!tx.drop_unfinished_attachment(ID).await.unwrap());
        assert_eq!(tx.attachment(ID).await.unwrap(), None);
        assert_eq!(tx.attachment_chunk(ID, 0).await.unwrap(), None);
        let begun_anew = NewAttachment { attachment_id: ID, chunks: 2, ..whole };
        assert!(tx.create_attachment(&begun_anew, NOW + 2).await.unwrap());
        assert!(tx.unfinished_attachments(NOW + 1, 9).await.unwrap().is_empty());
        assert_eq!(tx.forget_attachments(NOW + 9).await.unwrap(), 0, "what is whole stays");
    }
}
