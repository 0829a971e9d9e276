//! How unusual sessions were, and what rules asked in them.

use wardline_model::{RoleSlug, SessionId};
use wardline_store::{NewRiskEvent, RiskAsked, StoreError, Tx};

use crate::sessions::session;
use crate::support::{HOUR, Member, NOW, admit, store_test};

async fn weighed(tx: &mut Tx, of: Member, token: u8, risk: u32) -> Result<SessionId, StoreError> {
    let new = session(of, [token; 32]);
    tx.create_session(&new, NOW).await?;
    weigh(tx, of, new.session_id, risk).await?;
    Ok(new.session_id)
}

async fn weigh(tx: &mut Tx, of: Member, session: SessionId, risk: u32) -> Result<(), StoreError> {
    let event = NewRiskEvent {
        session_id: session,
        user_id: of.user,
        device_id: of.device,
        at: NOW,
        risk,
        base: risk,
        reasons: "[\"new_network\"]".to_owned(),
        seen: b"seen".to_vec().into(),
    };
    tx.create_risk_event(&event).await
}

store_test! {
    async fn what_is_done_in_a_session_raises_it_and_opens_its_answer_again(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let mut tx = store.write().await.unwrap();
        let id = weighed(&mut tx, anna, 1, 70).await.unwrap();
        assert_eq!(tx.risk_event(id).await.unwrap().unwrap().base, 70);
        assert!(tx.confirm_risk_event(id, NOW + 1).await.unwrap());
        let confirmed = tx.risk_event(id).await.unwrap().unwrap();
        assert_eq!((confirmed.base, confirmed.risk), (0, 70), "from here on it begins anew");
        assert!(tx.raise_risk_event(id, 95, "[\"opens_many\"]", NOW + 2).await.unwrap());
        let raised = tx.risk_event(id).await.unwrap().unwrap();
        assert_eq!((raised.risk, raised.base, raised.at), (95, 0, NOW + 2));
        assert_eq!((raised.confirmed_at, raised.reasons.as_str()), (None, "[\"opens_many\"]"));
        assert_eq!(tx.risk_waiting(90).await.unwrap(), 1);
        let later = weighed(&mut tx, bo, 2, 70).await.unwrap();
        tx.raise_risk_event(later, 80, "[]", NOW + 9).await.unwrap();
        let listed = tx.risk_events(60, 90).await.unwrap();
        let listed: Vec<SessionId> = listed.iter().map(|event| event.session_id).collect();
        assert_eq!(listed, [id, later], "who waits comes first");
        let mark = tx.risk_mark(90).await.unwrap();
        assert!(tx.answer_risk_event(id, true, bo.user, NOW + 3).await.unwrap());
        assert_eq!(tx.risk_waiting(90).await.unwrap(), 0);
        assert_ne!(tx.risk_mark(90).await.unwrap(), mark);
        // It was the person, and does even more.
        assert!(tx.raise_risk_event(id, 97, "[]", NOW + 4).await.unwrap());
        assert!(tx.answer_risk_event(id, false, bo.user, NOW + 5).await.unwrap());
        assert!(!tx.raise_risk_event(id, 99, "[]", NOW + 6).await.unwrap(), "it is over");
        let report = tx.weighed_since(NOW).await.unwrap();
        let it = report.iter().find(|one| one.user_id == anna.user).unwrap();
        assert_eq!((it.proven_at, it.was_me), (Some(NOW + 1), Some(0)));
    }
}

store_test! {
    async fn what_was_asked_outlives_that_a_session_is_weighed_anew(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let mut tx = store.write().await.unwrap();
        let id = weighed(&mut tx, anna, 1, 70).await.unwrap();
        let nothing = RiskAsked { asked_at: None, refused_at: None, asked_by: "[]".to_owned() };
        assert_eq!(tx.risk_asked(id).await.unwrap(), Some(nothing));
        let asked = RiskAsked {
            asked_at: Some(NOW),
            refused_at: Some(NOW + 1),
            asked_by: "[\"risk.raised\"]".to_owned(),
        };
        tx.note_risk_asked(id, &asked).await.unwrap();
        weigh(&mut tx, anna, id, 80).await.unwrap();
        assert_eq!(tx.risk_asked(id).await.unwrap(), Some(asked));
        let report = tx.weighed_since(NOW).await.unwrap();
        assert_eq!(report[0].asked_at, Some(NOW));
        let other = weighed(&mut tx, anna, 2, 3).await.unwrap();
        assert_ne!(other, id);
        let counts = tx.risk_asked_since(NOW).await.unwrap();
        let mut counts: Vec<_> = counts.iter().map(|of| (of.asked_by.as_str(), of.sessions)).collect();
        counts.sort_unstable();
        assert_eq!(counts, [("[\"risk.raised\"]", 1), ("[]", 1)]);
        assert!(tx.risk_asked_since(NOW + 1).await.unwrap().is_empty());
        assert_eq!(tx.risk_asked(SessionId::from_bytes([9; 16])).await.unwrap(), None);
    }
}

store_test! {
    async fn turns_on_call_are_told_from_shifts(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let role: RoleSlug = "cardiology".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        tx.put_shift(anna.user, NOW - 12 * HOUR, NOW - 4 * HOUR).await.unwrap();
        tx.put_oncall_role(&role, "Cardiology", "Medicine").await.unwrap();
        tx.put_oncall_turn(&role, anna.user, NOW - HOUR, NOW + 8 * HOUR).await.unwrap();
        let new = session(anna, [1; 32]);
        tx.create_session(&new, NOW).await.unwrap();
        let turns = tx.shifts_around(anna.user, NOW).await.unwrap();
        let turns: Vec<_> = turns.iter().map(|turn| (turn.from_ms, turn.on_site)).collect();
        assert_eq!(turns, [(NOW - 12 * HOUR, true), (NOW - HOUR, false)]);
        assert_eq!(tx.turns_since(NOW).await.unwrap().len(), 1);
        assert_eq!(tx.roster_ends_at().await.unwrap(), NOW - 4 * HOUR);
        let at = tx.principal(&[1; 32], NOW).await.unwrap().unwrap();
        assert!(at.on_call && !at.on_shift);
        let over = tx.principal(&[1; 32], NOW + 8 * HOUR).await.unwrap().unwrap();
        assert!(!over.on_call);
        // Somebody takes over in the middle of the turn.
        tx.put_oncall_turn(&role, bo.user, NOW + HOUR, NOW + 2 * HOUR).await.unwrap();
        let relieved = tx.principal(&[1; 32], NOW + HOUR).await.unwrap().unwrap();
        assert!(!relieved.on_call);
        let again = tx.principal(&[1; 32], NOW + 2 * HOUR).await.unwrap().unwrap();
        assert!(again.on_call);
    }
}

store_test! {
    async fn who_has_fewer_factors_than_a_role_needs_is_found(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let said = wardline_store::CardSaid {
            username: None,
            key_sha256: [7; 32],
            issuer: "CN=Cards".to_owned(),
            serial: "01".to_owned(),
            not_after: NOW + HOUR,
        };
        let mut tx = store.write().await.unwrap();
        let card = wardline_model::CardId::from_bytes([7; 16]);
        assert!(tx.create_card(card, anna.user, "Badge", &said, NOW).await.unwrap());
        let mut short = async |needed, at| -> Vec<_> {
            let people = tx.people_short_of_factors("clinician", needed, at).await.unwrap();
            people.into_iter().map(|one| (one.user_id, one.has)).collect()
        };
        assert_eq!(short(1, NOW).await, [(bo.user, 0)]);
        assert_eq!(short(2, NOW).await.len(), 2);
        assert_eq!(short(1, NOW + HOUR).await.len(), 2, "the card has expired");
        assert!(short(0, NOW).await.is_empty());
    }
}
