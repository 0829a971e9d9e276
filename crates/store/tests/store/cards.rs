//! Smart cards, and answers that wait for their device.

use wardline_model::{CardId, ChallengeId};
use wardline_store::{CardAnswer, CardSaid};

use crate::sessions::session;
use crate::support::{MINUTE, NOW, admit, store_test, unique};

fn said(key: u8) -> CardSaid {
    CardSaid {
        username: Some("Anna".to_owned()),
        key_sha256: [key; 32],
        issuer: "CN=Card Office".to_owned(),
        serial: "1000".to_owned(),
        not_after: NOW + 1000 * MINUTE,
    }
}

store_test! {
    async fn a_card_is_of_one_person_by_its_key(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let ids = [unique(), unique()].map(CardId::from_bytes);
        let mut tx = store.write().await.unwrap();
        assert!(tx.create_card(ids[0], anna.user, "Mine", &said(1), NOW).await.unwrap());
        assert!(!tx.create_card(ids[1], bo.user, "Mine too", &said(1), NOW).await.unwrap());
        assert!(tx.create_card(ids[1], anna.user, "Other", &said(2), NOW + 1).await.unwrap());
        let cards = tx.cards_of(anna.user).await.unwrap();
        assert_eq!(cards.iter().map(|card| card.card_id).collect::<Vec<_>>(), [ids[1], ids[0]]);
        let renewed = CardSaid { serial: "1001".to_owned(), ..said(1) };
        tx.use_card(ids[0], &renewed, NOW + 2).await.unwrap();
        let card = tx.card_by_key(&[1; 32]).await.unwrap().unwrap();
        assert_eq!((card.serial.as_str(), card.last_used_at), ("1001", Some(NOW + 2)));
        assert!(!tx.rename_card(ids[0], bo.user, "x").await.unwrap());
        assert!(tx.rename_card(ids[0], anna.user, "Renamed").await.unwrap());
        assert_eq!(tx.card(ids[0]).await.unwrap().unwrap().name, "Renamed");

        let new = session(anna, [1; 32]);
        tx.create_session(&new, NOW).await.unwrap();
        assert!(tx.note_card(new.session_id, NOW + 3).await.unwrap());
        let principal = tx.principal(&[1; 32], NOW + 3).await.unwrap().unwrap();
        assert_eq!((principal.card_at, principal.verified_at), (Some(NOW + 3), NOW + 3));
        assert_eq!(tx.sessions_of(anna.user, NOW).await.unwrap()[0].card_at, Some(NOW + 3));
        assert!(!tx.remove_card(ids[0], bo.user).await.unwrap());
        assert!(tx.remove_card(ids[0], anna.user).await.unwrap());
        assert!(tx.card(ids[0]).await.unwrap().is_none());
        assert_eq!(tx.principal(&[1; 32], NOW).await.unwrap().unwrap().card_at, None);
        tx.end_sessions_of(anna.user, "everywhere", NOW).await.unwrap();
        assert!(!tx.note_card(new.session_id, NOW + 4).await.unwrap());
    }
}

store_test! {
    async fn an_answer_is_taken_once_and_in_time(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let new = session(anna, [1; 32]);
        let mut tx = store.write().await.unwrap();
        tx.create_session(&new, NOW).await.unwrap();
        let answer = || CardAnswer {
            challenge_id: ChallengeId::from_bytes(unique()),
            answer_hash: [9; 32],
            device_id: anna.device,
            session_id: new.session_id,
            said: said(1),
            expires_at: NOW + MINUTE,
        };
        let (one, late) = (answer(), answer());
        for answer in [&one, &late] {
            tx.create_card_answer(answer, NOW).await.unwrap();
        }
        let taken = tx.take_card_answer(one.challenge_id, NOW + MINUTE - 1).await.unwrap();
        assert_eq!(taken.as_ref(), Some(&one));
        assert!(tx.take_card_answer(one.challenge_id, NOW).await.unwrap().is_none());
        assert!(tx.take_card_answer(late.challenge_id, NOW + MINUTE).await.unwrap().is_none());
        assert!(tx.take_card_answer(late.challenge_id, NOW).await.unwrap().is_none());
        // Those that have ended go when another comes.
        let (old, next) = (answer(), answer());
        tx.create_card_answer(&old, NOW).await.unwrap();
        tx.create_card_answer(&next, NOW + MINUTE).await.unwrap();
        assert!(tx.take_card_answer(old.challenge_id, NOW).await.unwrap().is_none());
    }
}
