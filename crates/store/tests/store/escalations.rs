//! STAT messages that wait for an answer.

use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::{Acknowledgement, Priority, ReceiptState};
use wardline_model::wire::teams::TeamKind;
use wardline_model::{EscalationId, RoleSlug, TeamId};
use wardline_store::{Append, NewGroup, StoreError, StoredEscalation, Team};

use crate::support::{NOW, admit, found, message, new_group, store_test};

fn stat(mut append: Append) -> Append {
    append.priority = Priority::Stat;
    append
}

store_test! {
    async fn a_stat_message_begins_its_page_in_the_same_transaction(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna, bo]).await;
        store.append(message(&store, group, anna, 0)).await.unwrap();
        let append = stat(message(&store, group, anna, 0));
        store.append(append.clone()).await.unwrap();
        assert!(store.append(append).await.unwrap().duplicate);
        let late = stat(message(&store, group, anna, 5));
        assert!(store.append(late).await.is_err());
        store.close().await;
        // Whoever comes after a crash finds it.
        let store = db.store();
        let mut tx = store.read().await.unwrap();
        let due = tx.escalations_due(NOW, 0, 10).await.unwrap();
        assert_eq!(due.len(), 1, "one for the message, none for its repetition or for others");
        assert_eq!((due[0].id(), due[0].sender), (EscalationId { group, seq: 2, line: 0 }, anna.user));
        assert_eq!((due[0].started_at, due[0].revision), (NOW, 0));
        assert_eq!(due[0].state, None);
        assert_eq!(tx.next_escalation_at().await.unwrap(), Some(NOW));
        let open = tx.open_escalations_of(group, 1).await.unwrap();
        assert!(open.is_empty(), "its place is beyond");
        assert_eq!(tx.open_escalations_of(group, 2).await.unwrap(), due);
    }
}

store_test! {
    async fn of_two_who_write_a_page_one_does_and_no_alert_is_entered_twice(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna, bo]).await;
        store.append(stat(message(&store, group, anna, 0))).await.unwrap();
        let id = EscalationId { group, seq: 1, line: 0 };
        let mut tx = store.write().await.unwrap();
        let wake = Some((NOW, NOW + 30));
        assert!(tx.put_escalation(id, 0, 1, "{}", wake, NOW).await.unwrap());
        assert!(!tx.put_escalation(id, 0, 1, "{}", wake, NOW).await.unwrap());
        tx.put_escalation_alert(id, bo.user, 1, NOW).await.unwrap();
        for user in [anna.user, bo.user, bo.user] {
            tx.put_escalation_person(id, user).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut tx = store.write().await.unwrap();
        let again = tx.put_escalation_alert(id, bo.user, 1, NOW + 1).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
        drop(tx);

        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.count_escalation_alerts(id).await.unwrap(), 1);
        assert_eq!(tx.people_of_escalation(id).await.unwrap().len(), 2);
        assert!(tx.escalations_due(NOW + 29, 0, 9).await.unwrap().is_empty());
        assert_eq!(tx.escalations_due(NOW + 30, 0, 9).await.unwrap().len(), 1);
        // By a clock that was put back, and by one that is behind by no more than clocks may be.
        assert_eq!(tx.escalations_due(NOW - 100, 99, 9).await.unwrap().len(), 1);
        assert!(tx.escalations_due(NOW - 100, 100, 9).await.unwrap().is_empty());
        let marks = tx.escalation_marks(u64::MAX).await.unwrap();
        assert_eq!((marks.len(), marks[0].id(), marks[0].revision), (1, id, 1));
        assert_eq!(marks[0].ended_at, None);
        assert_eq!(tx.open_escalations_with(bo.user).await.unwrap()[0].id(), id);
        assert!(tx.escalations_of_message(group, 1).await.unwrap().len() == 1);
        assert_eq!(tx.escalations_of(bo.user, 9).await.unwrap()[0].id(), id);
    }
}

store_test! {
    async fn a_page_that_is_over_stays_over_and_is_forgotten_in_time(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna, bo]).await;
        store.append(stat(message(&store, group, anna, 0))).await.unwrap();
        let id = EscalationId { group, seq: 1, line: 0 };
        let mut tx = store.write().await.unwrap();
        tx.put_escalation_alert(id, bo.user, 1, NOW).await.unwrap();
        tx.put_escalation_person(id, bo.user).await.unwrap();
        assert!(tx.put_escalation(id, 0, 1, "{}", None, NOW + 5).await.unwrap());
        assert!(!tx.put_escalation(id, 1, 2, "{}", None, NOW + 6).await.unwrap());
        assert!(tx.open_escalations_with(bo.user).await.unwrap().is_empty());
        let marks = tx.escalation_marks(NOW + 5).await.unwrap();
        assert_eq!((marks[0].id(), marks[0].ended_at), (id, Some(NOW + 5)));
        assert!(tx.escalation_marks(NOW + 6).await.unwrap().is_empty());
        assert!(tx.escalations_due(NOW + 9, 0, 9).await.unwrap().is_empty());
        assert_eq!(tx.next_escalation_at().await.unwrap(), None);
        assert_eq!(tx.forget_escalations(NOW + 5).await.unwrap(), 0);
        assert_eq!(tx.forget_escalations(NOW + 6).await.unwrap(), 1);
        assert_eq!(tx.escalation(id).await.unwrap(), None);
        assert_eq!(tx.count_escalation_alerts(id).await.unwrap(), 0);
        assert!(tx.escalations_of(bo.user, 9).await.unwrap().is_empty());
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn a_page_that_nobody_can_read_is_closed_as_it_is_and_once(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna, bo]).await;
        store.append(stat(message(&store, group, anna, 0))).await.unwrap();
        let id = EscalationId { group, seq: 1, line: 0 };
        let mut tx = store.write().await.unwrap();
        assert!(tx.put_escalation(id, 0, 1, "torn", Some((NOW, NOW)), NOW).await.unwrap());
        assert!(!tx.close_escalation(id, 0, NOW + 1).await.unwrap(), "it moved on");
        assert!(tx.close_escalation(id, 1, NOW + 1).await.unwrap());
        assert!(!tx.close_escalation(id, 2, NOW + 2).await.unwrap(), "it is over");
        let closed = tx.escalation(id).await.unwrap().unwrap();
        assert_eq!((closed.revision, closed.ended_at), (2, Some(NOW + 1)));
        assert_eq!(closed.lost_at, Some(NOW + 1));
        assert_eq!(closed.state.as_deref(), Some("torn"));
        assert!(tx.escalations_due(NOW + 9, 0, 9).await.unwrap().is_empty());
    }
}

store_test! {
    async fn a_code_teams_stat_message_has_a_page_for_each_role(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let slug = |text: &str| -> RoleSlug { text.parse().unwrap() };
        let (fellow, lab) = (slug("fellow"), slug("lab"));
        let mut tx = store.write().await.unwrap();
        for role in [&fellow, &lab] {
            tx.put_oncall_role(role, "Somebody", "Cardiology").await.unwrap();
        }
        tx.put_oncall_turn(&fellow, bo.user, NOW - 1, NOW + 1).await.unwrap();
        let team = Team {
            team_id: TeamId::from_bytes([1; 16]),
            kind: TeamKind::Code,
            title: "STEMI".to_owned(),
        };
        let roles = [fellow.clone(), lab.clone()];
        tx.put_team(&team, &[anna.user, bo.user], &roles).await.unwrap();
        let group = NewGroup {
            kind: GroupKind::Code,
            team_id: Some(team.team_id),
            ..new_group(&[anna, bo])
        };
        tx.create_group(&group, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let group = group.group_id;
        // Anna sends it, and Bo, who is named, too, has a role of it: nobody else is named.
        store.append(stat(message(&store, group, anna, 0))).await.unwrap();
        // Bo has one of the roles and sends it, so Anna is the one who is named.
        store.append(stat(message(&store, group, bo, 0))).await.unwrap();
        let mut tx = store.write().await.unwrap();
        let lines = |found: &[StoredEscalation]| -> Vec<(u32, Option<RoleSlug>)> {
            found.iter().map(|page| (page.line, page.role.clone())).collect()
        };
        let first = tx.escalations_of_message(group, 1).await.unwrap();
        assert_eq!(lines(&first), [(0, Some(fellow)), (1, Some(lab.clone()))]);
        let second = tx.escalations_of_message(group, 2).await.unwrap();
        assert_eq!(lines(&second), [(0, Some(lab)), (1, None)]);
        assert_eq!(tx.teams_called(&[group]).await.unwrap()[0].title, "STEMI");
        assert_eq!(tx.stat_counts(NOW, NOW + 1).await.unwrap()[0].sent, 2, "by message");

        // One person may be alerted for two roles, and each ends by itself.
        for page in &first {
            tx.put_escalation_alert(page.id(), bo.user, 1, NOW).await.unwrap();
            tx.put_escalation_person(page.id(), bo.user).await.unwrap();
        }
        assert!(tx.put_escalation(first[1].id(), 0, 1, "{}", None, NOW).await.unwrap());
        let open = tx.open_escalations_with(bo.user).await.unwrap();
        assert_eq!(lines(&open), lines(&first[..1]));
        assert_eq!(tx.count_escalation_alerts(first[0].id()).await.unwrap(), 1);
        assert_eq!(tx.escalations_of(bo.user, 9).await.unwrap().len(), 2);
        assert_eq!(tx.forget_escalations(NOW + 1).await.unwrap(), 1);
        assert_eq!(tx.escalations_of_message(group, 1).await.unwrap().len(), 1);
    }
}

store_test! {
    async fn a_stat_message_is_acknowledged_by_its_own_name_and_version(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let cleo = admit(&store, "cleo").await;
        let group = found(&store, &[anna, bo]).await;
        for _ in 0..2 {
            store.append(stat(message(&store, group, anna, 0))).await.unwrap();
        }
        store.append(message(&store, group, anna, 0)).await.unwrap();
        let (first, second) = (EscalationId { group, seq: 1, line: 0 }, EscalationId { group, seq: 2, line: 0 });
        let mut tx = store.write().await.unwrap();
        // What is acknowledged up to a place is none of them.
        for state in [ReceiptState::Read, ReceiptState::Acknowledged] {
            tx.advance_receipt(group, bo.user, state, 3, NOW).await.unwrap();
        }
        assert!(!tx.has_acknowledged(first, bo.user).await.unwrap());
        let before = tx.group_marks(&[group]).await.unwrap();
        assert!(tx.acknowledge_stat(second, bo.user, 2, NOW).await.unwrap());
        assert!(!tx.acknowledge_stat(second, bo.user, 2, NOW + 1).await.unwrap());
        assert!(!tx.has_acknowledged(first, bo.user).await.unwrap());
        assert!(tx.has_acknowledged(second, bo.user).await.unwrap());
        assert_ne!(tx.group_marks(&[group]).await.unwrap(), before);
        // A newer version anew; beyond the end there is none.
        assert!(tx.acknowledge_stat(second, bo.user, 99, NOW + 2).await.unwrap());
        assert!(!tx.acknowledge_stat(second, cleo.user, 2, NOW).await.unwrap());
        let other = EscalationId { group, seq: 3, line: 0 };
        assert!(!tx.acknowledge_stat(other, bo.user, 3, NOW).await.unwrap());
        let named = |seq, version, at| Acknowledgement { seq, version, at };
        let receipts = tx.receipts(group).await.unwrap();
        assert_eq!(receipts[0].named, [named(2, 3, NOW + 2)]);
        assert_eq!(tx.count_escalation_alerts(second).await.unwrap(), 0);
        let counts = tx.own_stat_count(anna.user, 0).await.unwrap();
        assert_eq!((counts.sent, counts.acknowledged), (2, 1));
    }
}

store_test! {
    async fn who_is_at_work_and_who_can_be_alerted_is_known(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let mut tx = store.write().await.unwrap();
        let roles = tx.roles_of(anna.user).await.unwrap();
        tx.put_shift(anna.user, NOW - 10, NOW + 10).await.unwrap();
        tx.put_shift(bo.user, NOW + 10, NOW + 20).await.unwrap();
        let role = roles.first().unwrap();
        let at_work = tx.people_on_shift(role, NOW).await.unwrap();
        let department = tx.person(anna.user).await.unwrap().unwrap().department;
        assert_eq!(at_work, [(anna.user, department)]);
        assert!(tx.people_on_shift("nobody", NOW).await.unwrap().is_empty());
        let mut reached = tx.people_with_devices(&[anna.user, bo.user]).await.unwrap();
        reached.sort_unstable();
        let mut both = [anna.user, bo.user];
        both.sort_unstable();
        assert_eq!(reached, both);
        assert!(tx.people_with_devices(&[]).await.unwrap().is_empty());
        tx.set_quiet(bo.user, Some(NOW + 5)).await.unwrap();
        assert_eq!(tx.quiet_among(&both, NOW).await.unwrap(), [bo.user]);
        assert!(tx.quiet_among(&both, NOW + 5).await.unwrap().is_empty());
    }
}
