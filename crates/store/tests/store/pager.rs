//! Calls to the pager system.

use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::teams::TeamKind;
use wardline_model::{CallId, EscalationId, GroupId, RoleSlug, TeamId};
use wardline_store::{Alerted, NewCall, NewGroup, Team};

use crate::support::{HOUR, MINUTE, NOW, admit, message, new_group, store_test};

fn call(user: wardline_model::UserId, id: u8, alert: Option<u32>) -> NewCall {
    NewCall {
        call_id: CallId::from_bytes([id; 16]),
        user_id: user,
        alert: alert.map(|attempt| alerted(PAGE, attempt)),
    }
}

fn alerted(page: EscalationId, attempt: u32) -> Alerted {
    Alerted {
        page,
        attempt,
        apart_ms: MINUTE,
    }
}

const PAGE: EscalationId = EscalationId {
    group: GroupId::from_bytes([7; 16]),
    seq: 3,
    line: 0,
};

store_test! {
    async fn a_call_is_made_once_for_an_alert_and_again_until_it_is_taken(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await.user;
        let mut tx = store.write().await.unwrap();
        assert!(!tx.put_pager_call(&call(anna, 1, Some(1)), NOW).await.unwrap(), "no number");
        tx.set_pager_number(anna, Some(b"5550".as_slice()), NOW).await.unwrap();
        tx.set_pager_number(anna, Some(b"5551".as_slice()), NOW).await.unwrap();
        assert_eq!(tx.people_with_pager_number().await.unwrap(), [anna]);
        assert!(tx.put_pager_call(&call(anna, 1, Some(1)), NOW).await.unwrap());
        assert!(!tx.put_pager_call(&call(anna, 2, Some(1)), NOW).await.unwrap(), "the same alert");
        let id = CallId::from_bytes([1; 16]);
        assert_eq!(tx.due_pager_calls(NOW, 10).await.unwrap(), [id]);
        let first = tx.claim_pager_call(id, MINUTE, NOW).await.unwrap().unwrap();
        assert_eq!((&first.number[..], first.tries, first.escalation), (&b"5551"[..], 1, Some(PAGE)));
        assert!(tx.claim_pager_call(id, MINUTE, NOW + 1).await.unwrap().is_none(), "another node");
        tx.pager_call_failed(&first, Some(NOW + 10), NOW + 2).await.unwrap();
        let waiting = tx.pager_calls_of(PAGE).await.unwrap();
        assert_eq!((waiting[0].state.as_str(), waiting[0].failed_at), ("waiting", Some(NOW + 2)));
        let second = tx.claim_pager_call(id, MINUTE, NOW + 10).await.unwrap().unwrap();
        // What a node says of an earlier try changes nothing any more.
        tx.pager_call_failed(&first, None, NOW + 11).await.unwrap();
        tx.pager_call_taken(&second, NOW + 12).await.unwrap();
        let taken = tx.pager_calls_of(PAGE).await.unwrap();
        assert_eq!((taken[0].state.as_str(), taken[0].tries), ("taken", 2));
        assert!(tx.due_pager_calls(NOW + HOUR, 10).await.unwrap().is_empty());
        let standing = tx.pager_standing(NOW).await.unwrap();
        assert_eq!((standing.numbers, standing.waiting, standing.given_up), (1, 0, 0));
        assert_eq!((standing.taken_at, standing.failed_at), (Some(NOW + 12), Some(NOW + 2)));
        tx.forget_pager_calls(NOW + HOUR).await.unwrap();
        assert!(tx.pager_calls_of(PAGE).await.unwrap().is_empty());
    }
}

store_test! {
    async fn a_call_is_given_up_or_needless_and_tests_are_told_apart(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await.user, admit(&store, "bo").await.user);
        let mut tx = store.write().await.unwrap();
        for user in [anna, bo] {
            tx.set_pager_number(user, Some(b"1".as_slice()), NOW).await.unwrap();
        }
        assert_eq!(tx.last_pager_test().await.unwrap(), None);
        assert!(tx.put_pager_call(&call(anna, 1, None), NOW).await.unwrap());
        assert!(tx.put_pager_call(&call(anna, 2, None), NOW + 1).await.unwrap());
        assert_eq!(tx.last_pager_test().await.unwrap(), Some(NOW + 1));
        let test = CallId::from_bytes([1; 16]);
        let test = tx.claim_pager_call(test, MINUTE, NOW + 1).await.unwrap().unwrap();
        assert_eq!(test.escalation, None);
        tx.pager_call_failed(&test, None, NOW + 2).await.unwrap();
        assert_eq!(tx.pager_standing(NOW).await.unwrap().given_up, 1);

        assert!(tx.put_pager_call(&call(anna, 3, Some(1)), NOW).await.unwrap());
        assert!(tx.put_pager_call(&call(bo, 4, Some(1)), NOW).await.unwrap());
        // Whose number is gone is not called.
        tx.set_pager_number(bo, None, NOW).await.unwrap();
        let gone = CallId::from_bytes([4; 16]);
        assert!(tx.claim_pager_call(gone, MINUTE, NOW + 3).await.unwrap().is_none());
        tx.end_pager_calls(PAGE, NOW + 4).await.unwrap();
        let calls = tx.pager_calls_of(PAGE).await.unwrap();
        assert!(calls.iter().all(|call| call.state == "needless"), "{calls:?}");
    }
}

store_test! {
    async fn whoever_has_two_roles_of_a_team_is_called_once_for_both(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let mut tx = store.write().await.unwrap();
        let roles: [RoleSlug; 2] = ["fellow".parse().unwrap(), "lab".parse().unwrap()];
        for role in &roles {
            tx.put_oncall_role(role, "Somebody", "Cardiology").await.unwrap();
        }
        let team = Team {
            team_id: TeamId::from_bytes([1; 16]),
            kind: TeamKind::Code,
            title: "STEMI".to_owned(),
        };
        tx.put_team(&team, &[], &roles).await.unwrap();
        let group = NewGroup {
            kind: GroupKind::Code,
            team_id: Some(team.team_id),
            ..new_group(&[anna, bo])
        };
        tx.create_group(&group, NOW).await.unwrap();
        tx.set_pager_number(bo.user, Some(b"1".as_slice()), NOW).await.unwrap();
        tx.commit().await.unwrap();
        let group = group.group_id;
        let mut stat = message(&store, group, anna, 0);
        stat.priority = Priority::Stat;
        store.append(stat).await.unwrap();

        let page = |line| EscalationId { group, seq: 1, line };
        let mut tx = store.write().await.unwrap();
        let mut next = 0;
        let mut alert = async |tx: &mut wardline_store::Tx, line, attempt, at| {
            next += 1;
            tx.put_escalation_alert(page(line), bo.user, attempt, at).await.unwrap();
            let call = NewCall {
                call_id: CallId::from_bytes([next; 16]),
                user_id: bo.user,
                alert: Some(alerted(page(line), attempt)),
            };
            tx.put_pager_call(&call, at).await.unwrap()
        };
        assert!(alert(&mut tx, 0, 1, NOW).await);
        assert!(!alert(&mut tx, 1, 1, NOW + 1).await, "it rings already");
        // After the interval it rings again, for whichever alert comes first.
        assert!(alert(&mut tx, 1, 2, NOW + MINUTE).await);
        assert!(!alert(&mut tx, 0, 2, NOW + MINUTE + 1).await);
        // Both pages tell how it went.
        for line in 0..2 {
            assert_eq!(tx.pager_calls_of(page(line)).await.unwrap().len(), 2);
        }

        // One role is over, and the other one still waits for the same person.
        let state = async |tx: &mut wardline_store::Tx| -> Vec<String> {
            let calls = tx.pager_calls_of(page(0)).await.unwrap();
            calls.into_iter().map(|call| call.state).collect()
        };
        let wake = Some((NOW, NOW + HOUR));
        assert!(tx.put_escalation(page(1), 0, 1, "{}", wake, NOW).await.unwrap());
        assert!(tx.put_escalation(page(0), 0, 1, "{}", None, NOW + 2).await.unwrap());
        tx.end_pager_calls(page(0), NOW + 2).await.unwrap();
        assert_eq!(state(&mut tx).await, ["waiting", "waiting"]);
        assert!(tx.put_escalation(page(1), 1, 2, "{}", None, NOW + 3).await.unwrap());
        tx.end_pager_calls(page(1), NOW + 3).await.unwrap();
        assert_eq!(state(&mut tx).await, ["needless", "needless"]);
    }
}
