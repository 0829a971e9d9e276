//! Code teams, lists, and what devices signed about turns.

use wardline_model::turns::{SignedTurn, SignedTurns, TurnOrder};
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::teams::TeamKind;
use wardline_model::{DeviceId, PatientId, RoleSlug, SwapId, TeamId};
use wardline_store::{CareTeamChange, NewGroup, NewSwap, OnCallTurn, Team};

use crate::support::{HOUR, NOW, admit, new_group, store_test};

store_test! {
    async fn a_team_is_written_whole(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await, admit(&store, "ben").await);
        let role: RoleSlug = "stroke-on-call".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        tx.put_oncall_role(&role, "Stroke on call", "Neurology").await.unwrap();
        let team = |id, title: &str| Team {
            team_id: TeamId::from_bytes([id; 16]),
            kind: TeamKind::Code,
            title: title.to_owned(),
        };
        let stroke = team(1, "Stroke");
        let people = [ada.user, ben.user, ada.user];
        tx.put_team(&stroke, &people, std::slice::from_ref(&role)).await.unwrap();
        let list = Team { kind: TeamKind::List, ..team(2, "Everyone") };
        tx.put_team(&list, &[ben.user], &[]).await.unwrap();
        assert_eq!(tx.teams().await.unwrap(), [list.clone(), stroke.clone()]);
        assert_eq!(tx.team(stroke.team_id).await.unwrap(), Some(stroke.clone()));
        assert_eq!(tx.team_people().await.unwrap().len(), 3);
        let roles = tx.team_roles().await.unwrap();
        assert_eq!((roles.len(), &roles[0].slug), (1, &role));

        let renamed = Team { title: "Stroke and TIA".to_owned(), ..stroke.clone() };
        tx.put_team(&renamed, &[ben.user], &[]).await.unwrap();
        assert_eq!(tx.team(stroke.team_id).await.unwrap(), Some(renamed));
        assert_eq!(tx.team_people().await.unwrap().len(), 2);
        assert!(tx.team_roles().await.unwrap().is_empty());
        assert!(tx.remove_team(stroke.team_id).await.unwrap());
        assert!(!tx.remove_team(stroke.team_id).await.unwrap());
        tx.commit().await.unwrap();

        let mut tx = store.write().await.unwrap();
        let taken = tx.put_team(&team(3, "EVERYONE"), &[], &[]).await;
        assert!(taken.unwrap_err().is_conflict());
    }
}

store_test! {
    async fn a_change_of_a_care_team_is_marked_once(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await, admit(&store, "ben").await);
        let patient = |id: &str| -> PatientId { id.parse().unwrap() };
        let about = |kind, of: &str| NewGroup {
            kind,
            patient_id: Some(patient(of)),
            ..new_group(&[ada])
        };
        let team = about(GroupKind::Team, "p1");
        let mut tx = store.write().await.unwrap();
        tx.create_group(&team, NOW).await.unwrap();
        tx.create_group(&about(GroupKind::Group, "p1"), NOW).await.unwrap();
        tx.create_group(&about(GroupKind::Team, "p2"), NOW).await.unwrap();
        let before = tx.care_teams_version().await.unwrap();
        tx.put_care_team(&patient("p1"), ada.user).await.unwrap();
        let first = tx.care_teams_version().await.unwrap();
        assert_eq!(first, before + 1);
        assert_eq!(tx.care_team_groups_after(before).await.unwrap(), [team.group_id]);
        // Nothing changed.
        tx.put_care_team(&patient("p1"), ada.user).await.unwrap();
        assert_eq!(tx.care_teams_version().await.unwrap(), first);
        assert!(tx.care_team_groups_after(first).await.unwrap().is_empty());
        tx.put_care_team(&patient("p3"), ben.user).await.unwrap();
        tx.put_care_team(&patient("p1"), ben.user).await.unwrap();
        assert_eq!(tx.care_teams_version().await.unwrap(), first + 2);
        assert_eq!(tx.care_team_groups_after(first).await.unwrap(), [team.group_id]);
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn whoever_leaves_a_care_team_is_off_it_and_that_is_marked(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await, admit(&store, "ben").await);
        let patient = |id: &str| -> PatientId { id.parse().unwrap() };
        let team = NewGroup {
            kind: GroupKind::Team,
            patient_id: Some(patient("p1")),
            ..new_group(&[ada])
        };
        let mut tx = store.write().await.unwrap();
        tx.create_group(&team, NOW).await.unwrap();
        for id in ["p1", "p2"] {
            tx.put_care_team(&patient(id), ada.user).await.unwrap();
        }
        tx.commit().await.unwrap();

        let mut tx = store.write().await.unwrap();
        tx.lock_care_teams().await.unwrap();
        let before = tx.care_teams_version().await.unwrap();
        let change = |id, added: &[_], removed: &[_]| CareTeamChange {
            patient: patient(id),
            added: added.to_vec(),
            removed: removed.to_vec(),
        };
        tx.change_care_team(&change("p1", &[ben.user], &[ada.user]), NOW).await.unwrap();
        assert_eq!(tx.care_team(&patient("p1")).await.unwrap(), [ben.user]);
        assert!(!tx.cares_for(ada.user, &patient("p1")).await.unwrap());
        // Read back out of its seal, and of this patient only.
        assert_eq!(tx.patients_of(ben.user).await.unwrap(), [patient("p1")]);
        assert_eq!(tx.patients_of(ada.user).await.unwrap(), [patient("p2")]);
        assert_eq!(tx.care_teams_version().await.unwrap(), before + 1);
        assert_eq!(tx.care_team_groups_after(before).await.unwrap(), [team.group_id]);

        // Nobody is left, which is heard of as well.
        tx.change_care_team(&change("p1", &[], &[ben.user]), NOW).await.unwrap();
        assert!(tx.care_team(&patient("p1")).await.unwrap().is_empty());
        assert_eq!(tx.care_team_groups_after(before + 1).await.unwrap(), [team.group_id]);
        tx.change_care_team(&change("p2", &[], &[ada.user]), NOW).await.unwrap();
        assert_eq!(tx.care_teams_version().await.unwrap(), before + 3);
        assert!(tx.care_team_groups_after(before + 2).await.unwrap().is_empty());
        // Taken back, nothing of it was.
        drop(tx);
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.care_team(&patient("p1")).await.unwrap(), [ada.user]);
        assert_eq!(tx.care_teams_version().await.unwrap(), before);
    }
}

store_test! {
    async fn signed_turns_of_a_swap_count_once_it_is_agreed(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await, admit(&store, "ben").await);
        let role: RoleSlug = "cardiology-on-call".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        let before = tx.schedules_version().await.unwrap();
        tx.lock_schedules().await.unwrap();
        assert_eq!(tx.schedules_version().await.unwrap(), before + 1);
        tx.put_oncall_role(&role, "Cardiology on call", "Cardiology").await.unwrap();
        let signed = |issued_at, until| SignedTurns {
            order: TurnOrder {
                v: 1,
                kind: TurnOrder::TYPE.to_owned(),
                role: role.clone(),
                from: NOW,
                until,
                turns: vec![SignedTurn { user_id: ben.user, from: NOW, until }],
                signer: DeviceId::from_bytes([1; 16]),
                issued_at,
            },
            signature: [7; 64].into(),
        };
        let (week, swapped) = (signed(2, NOW + 2 * HOUR), signed(1, NOW + HOUR));
        for _ in 0..2 {
            tx.put_turn_order(&week, None).await.unwrap();
        }
        let new = NewSwap {
            swap_id: SwapId::from_bytes([1; 16]),
            turn: OnCallTurn {
                slug: role.clone(),
                from_ms: NOW,
                until_ms: NOW + HOUR,
                user_id: ada.user,
            },
            asked_of: ben.user,
        };
        tx.create_swap(&new, NOW).await.unwrap();
        tx.put_turn_order(&swapped, Some(new.swap_id)).await.unwrap();
        assert_eq!(tx.turn_orders(NOW).await.unwrap(), [(week.clone(), None)]);
        assert!(tx.agreed_swaps(NOW, NOW + HOUR).await.unwrap().is_empty());
        tx.decide_swap(new.swap_id, "agreed", NOW + 1).await.unwrap();
        let both = [(swapped, Some(ada.user)), (week.clone(), None)];
        assert_eq!(tx.turn_orders(NOW).await.unwrap(), both);
        assert_eq!(tx.turn_orders(NOW + HOUR).await.unwrap(), [(week, None)]);
        assert_eq!(tx.agreed_swaps(NOW, NOW + HOUR).await.unwrap().len(), 1);
        assert!(tx.agreed_swaps(NOW + HOUR, NOW + 2 * HOUR).await.unwrap().is_empty());
    }
}
