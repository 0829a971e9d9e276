//! Turns, shifts and swaps.

use wardline_model::{RoleSlug, SwapId};
use wardline_store::{NewSwap, OnCallTurn};

use crate::support::{HOUR, NOW, admit, store_test};

store_test! {
    async fn turns_and_shifts_are_found_by_the_time_that_they_meet(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await, admit(&store, "ben").await);
        let role: RoleSlug = "cardiology-on-call".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        tx.lock_schedules().await.unwrap();
        tx.put_oncall_role(&role, "Cardiology on call", "Cardiology").await.unwrap();
        tx.put_oncall_turn(&role, ada.user, NOW, NOW + HOUR).await.unwrap();
        tx.put_oncall_turn(&role, ben.user, NOW + HOUR, NOW + 2 * HOUR).await.unwrap();
        tx.put_shift(ada.user, NOW, NOW + HOUR).await.unwrap();
        tx.put_shift(ben.user, NOW + HOUR, NOW + 2 * HOUR).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = store.write().await.unwrap();
        let turn = |user_id, from_ms| OnCallTurn {
            slug: role.clone(),
            from_ms,
            until_ms: from_ms + HOUR,
            user_id,
        };
        let (first, second) = (turn(ada.user, NOW), turn(ben.user, NOW + HOUR));
        // What ends as a time begins, or begins as it ends, does not meet it.
        let found = tx.turns_between(NOW + HOUR, NOW + 2 * HOUR).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&second));
        let both = [first.clone(), second.clone()];
        assert_eq!(tx.turns_between(NOW, NOW + HOUR + 1).await.unwrap(), both);
        let bens = tx.turns_of(ben.user, NOW, NOW + 2 * HOUR).await.unwrap();
        assert_eq!(bens, std::slice::from_ref(&second));
        assert_eq!(tx.turn(&role, NOW).await.unwrap(), Some(first));
        assert!(tx.has_held(ada.user, &role, NOW + 1).await.unwrap());
        assert!(!tx.has_held(ben.user, &role, NOW + 1).await.unwrap());
        assert_eq!(tx.shifts_between(NOW, NOW + 2 * HOUR).await.unwrap().len(), 2);
        assert_eq!(tx.shifts_of(ada.user, NOW, NOW + 2 * HOUR).await.unwrap().len(), 1);

        assert!(tx.remove_turn(&role, NOW).await.unwrap());
        assert!(!tx.remove_turn(&role, NOW).await.unwrap());
        assert!(tx.remove_shift(ada.user, NOW).await.unwrap());
        assert!(!tx.remove_shift(ada.user, NOW).await.unwrap());
        assert_eq!(tx.turns_between(NOW, NOW + 2 * HOUR).await.unwrap(), [second]);
    }
}

store_test! {
    async fn a_swap_is_asked_for_once_and_decided_once(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await, admit(&store, "ben").await);
        let role: RoleSlug = "cardiology-on-call".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        tx.put_oncall_role(&role, "Cardiology on call", "Cardiology").await.unwrap();
        let new = |id| NewSwap {
            swap_id: SwapId::from_bytes([id; 16]),
            turn: OnCallTurn {
                slug: role.clone(),
                from_ms: NOW + HOUR,
                until_ms: NOW + 2 * HOUR,
                user_id: ada.user,
            },
            asked_of: ben.user,
        };
        let (first, second) = (new(1), new(2));
        assert!(tx.create_swap(&first, NOW).await.unwrap());
        assert!(!tx.create_swap(&second, NOW).await.unwrap());
        assert!(tx.decide_swap(first.swap_id, "declined", NOW + 1).await.unwrap());
        assert!(!tx.decide_swap(first.swap_id, "agreed", NOW + 2).await.unwrap());
        // Who said no can be asked again.
        assert!(tx.create_swap(&second, NOW + 3).await.unwrap());
        let ids = |swaps: Vec<wardline_store::Swap>| -> Vec<SwapId> {
            swaps.into_iter().map(|swap| swap.swap_id).collect()
        };
        let newest_first = [second.swap_id, first.swap_id];
        assert_eq!(ids(tx.swaps_of(ada.user, NOW).await.unwrap()), newest_first);
        assert_eq!(ids(tx.swaps_of(ben.user, NOW).await.unwrap()), newest_first);
        // What was decided long ago is left out; what waits is not before the turn is over.
        assert_eq!(ids(tx.swaps_of(ben.user, NOW + HOUR).await.unwrap()), [second.swap_id]);
        assert!(tx.swaps_of(ben.user, NOW + 3 * HOUR).await.unwrap().is_empty());
        assert_eq!(tx.withdraw_swaps(&role, NOW + HOUR, NOW + 4).await.unwrap(), 1);
        let swap = tx.swap(second.swap_id).await.unwrap().unwrap();
        assert_eq!((swap.state.as_str(), swap.decided_at), ("withdrawn", Some(NOW + 4)));
    }
}
