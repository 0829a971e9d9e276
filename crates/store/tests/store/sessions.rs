//! Challenges, sessions, tickets.

use wardline_model::{ChallengeId, SessionId};
use wardline_store::{Challenge, NewSession, TOUCH_MS};

use crate::support::{HOUR, MINUTE, Member, NOW, admit, store_test, unique};

pub(crate) fn session(of: Member, token_hash: [u8; 32]) -> NewSession {
    NewSession {
        session_id: SessionId::from_bytes(unique()),
        token_hash,
        user_id: of.user,
        device_id: of.device,
        aal: 2,
        idle_ms: HOUR,
        expires_at: NOW + 12 * HOUR,
    }
}

store_test! {
    async fn a_token_tells_all_that_a_decision_needs(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let mut tx = store.write().await.unwrap();
        tx.put_shift(anna.user, NOW, NOW + 8 * HOUR).await.unwrap();
        let new = session(anna, [1; 32]);
        tx.create_session(&new, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let principal = tx.principal(&[1; 32], NOW).await.unwrap().unwrap();
        assert_eq!((principal.user_id, principal.device_id), (anna.user, anna.device));
        assert_eq!(principal.roles().collect::<Vec<_>>(), ["clinician"]);
        assert!(principal.on_shift && principal.active && principal.is_live(NOW));
        let off = tx.principal_of_session(new.session_id, NOW + 9 * HOUR).await.unwrap().unwrap();
        assert!(!off.on_shift);
        assert!(tx.principal(&[2; 32], NOW).await.unwrap().is_none());
    }
}

store_test! {
    async fn a_session_ends_by_idleness_by_age_and_by_hand(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let new = session(anna, [1; 32]);
        let id = new.session_id;
        let mut tx = store.write().await.unwrap();
        tx.create_session(&new, NOW).await.unwrap();
        let at = tx.principal(&[1; 32], NOW).await.unwrap().unwrap();
        assert!(at.is_live(NOW + HOUR - 1) && !at.is_live(NOW + HOUR));
        assert!(!at.is_due_for_touch(NOW + TOUCH_MS - 1) && at.is_due_for_touch(NOW + TOUCH_MS));
        tx.touch_session(id, NOW + TOUCH_MS - 1).await.unwrap();
        assert_eq!(tx.principal(&[1; 32], NOW).await.unwrap().unwrap().last_used_at, NOW);
        for minute in 1..=12 * 60 {
            if minute % 30 == 0 {
                tx.touch_session(id, NOW + minute * MINUTE).await.unwrap();
            }
        }
        let old = tx.principal(&[1; 32], NOW).await.unwrap().unwrap();
        assert!(old.is_live(NOW + 12 * HOUR - 1) && !old.is_live(NOW + 12 * HOUR));
        assert_eq!(tx.sessions_of(anna.user, NOW).await.unwrap().len(), 1);
        assert!(tx.sessions_of(anna.user, NOW + 12 * HOUR).await.unwrap().is_empty());
        assert!(tx.verify_session(id, NOW + 5).await.unwrap());
        assert!(tx.end_session(id, anna.user, "sign-out", NOW).await.unwrap());
        assert!(!tx.end_session(id, anna.user, "sign-out", NOW).await.unwrap());
        assert!(!tx.verify_session(id, NOW).await.unwrap());
        assert!(!tx.principal(&[1; 32], NOW).await.unwrap().unwrap().is_live(NOW));
    }
}

store_test! {
    async fn signing_out_everywhere_ends_all_sessions_of_the_person_only(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let mut tx = store.write().await.unwrap();
        let others = session(bo, [3; 32]);
        tx.create_session(&session(anna, [1; 32]), NOW).await.unwrap();
        tx.create_session(&session(anna, [2; 32]), NOW).await.unwrap();
        tx.create_session(&others, NOW).await.unwrap();
        assert!(!tx.end_session(others.session_id, anna.user, "not hers", NOW).await.unwrap());
        assert_eq!(tx.end_sessions_of(anna.user, "everywhere", NOW).await.unwrap(), 2);
        assert!(tx.sessions_of(anna.user, NOW).await.unwrap().is_empty());
        assert_eq!(tx.sessions_of(bo.user, NOW).await.unwrap().len(), 1);
    }
}

store_test! {
    async fn a_challenge_is_taken_once_and_in_time(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let challenge = |expires_at| Challenge {
            challenge_id: ChallengeId::from_bytes(unique()),
            purpose: "sign-in".into(),
            device_id: anna.device,
            session_id: None,
            state: b"webauthn".to_vec().into(),
            expires_at,
        };
        let (good, late) = (challenge(NOW + MINUTE), challenge(NOW + 1));
        let mut tx = store.write().await.unwrap();
        tx.create_challenge(&good, NOW).await.unwrap();
        tx.create_challenge(&late, NOW).await.unwrap();
        assert_eq!(tx.take_challenge(late.challenge_id, NOW + 1).await.unwrap(), None);
        assert_eq!(tx.take_challenge(good.challenge_id, NOW).await.unwrap(), Some(good.clone()));
        assert_eq!(tx.take_challenge(good.challenge_id, NOW).await.unwrap(), None);
    }
}

store_test! {
    async fn a_ticket_opens_one_socket_in_time(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let new = session(anna, [1; 32]);
        let mut tx = store.write().await.unwrap();
        tx.create_session(&new, NOW).await.unwrap();
        tx.create_ticket(&[5; 32], new.session_id, NOW + 30_000, NOW).await.unwrap();
        tx.create_ticket(&[6; 32], new.session_id, NOW + 30_000, NOW).await.unwrap();
        assert_eq!(tx.take_ticket(&[5; 32], NOW).await.unwrap(), Some(new.session_id));
        assert_eq!(tx.take_ticket(&[5; 32], NOW).await.unwrap(), None);
        assert_eq!(tx.take_ticket(&[6; 32], NOW + 30_000).await.unwrap(), None);
    }
}
