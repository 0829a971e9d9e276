//! Wake-ups by Web Push, and how people can be reached.

use wardline_model::DeviceId;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::messages::Priority;
use wardline_store::{ClaimedPush, NewPushSubscription, Store, Tx};

use crate::support::{HOUR, LASTS, MINUTE, NOW, admit, found, store_test};

fn subscription(device: DeviceId) -> NewPushSubscription {
    NewPushSubscription {
        device_id: device,
        host: "push.example".to_owned(),
        endpoint: b"https://push.example/1".to_vec().into(),
        keys: vec![4; 81].into(),
    }
}

async fn subscribed(store: &Store, device: DeviceId) -> Tx {
    let mut tx = store.write().await.unwrap();
    assert!(
        tx.put_push_subscription(&subscription(device), NOW)
            .await
            .unwrap()
    );
    tx
}

async fn ask(tx: &mut Tx, device: DeviceId, priority: Priority, now_ms: u64) {
    assert!(tx.ask_push(device, priority, MINUTE, now_ms).await.unwrap());
}

async fn due(tx: &mut Tx, now_ms: u64) -> Vec<DeviceId> {
    let due = tx.due_pushes(now_ms, 10, 10).await.unwrap();
    due.into_iter().map(|due| due.device_id).collect()
}

async fn claim(tx: &mut Tx, device: DeviceId, id: u8, now_ms: u64) -> Option<ClaimedPush> {
    tx.claim_push(device, &[id; 32], LASTS, MINUTE, now_ms)
        .await
        .unwrap()
}

store_test! {
    async fn a_wake_up_is_sent_by_one_node_and_the_next_waits_for_its_receipt(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await.device;
        let mut tx = subscribed(&store, anna).await;
        assert!(!tx.put_push_subscription(&subscription(anna), NOW + 1).await.unwrap());
        assert!(due(&mut tx, NOW).await.is_empty());
        ask(&mut tx, anna, Priority::Routine, NOW).await;
        ask(&mut tx, anna, Priority::Urgent, NOW).await;
        assert_eq!(due(&mut tx, NOW).await, [anna]);
        let push = claim(&mut tx, anna, 1, NOW).await.unwrap();
        assert_eq!((push.priority, push.wanted, push.sent_at), (Priority::Urgent, 2, NOW));
        assert_eq!(*push.endpoint, b"https://push.example/1");
        assert_eq!(*push.keys, [4; 81]);
        assert!(claim(&mut tx, anna, 2, NOW).await.is_none(), "another node has it");
        tx.push_sent(&push).await.unwrap();
        assert!(due(&mut tx, NOW + HOUR).await.is_empty());

        // What is asked for meanwhile waits, but for what is more urgent.
        ask(&mut tx, anna, Priority::Routine, NOW + 1).await;
        assert!(due(&mut tx, NOW + MINUTE - 1).await.is_empty());
        assert_eq!(due(&mut tx, NOW + MINUTE).await, [anna]);
        ask(&mut tx, anna, Priority::Stat, NOW + 2).await;
        let push = claim(&mut tx, anna, 2, NOW + 2).await.unwrap();
        assert_eq!(push.priority, Priority::Stat);
        tx.push_sent(&push).await.unwrap();

        // A receipt is taken once, and tells of what was asked for before it.
        ask(&mut tx, anna, Priority::Routine, NOW + 3).await;
        assert_eq!(tx.take_push_receipt(&[1; 32], NOW + 4).await.unwrap(), None);
        assert_eq!(tx.take_push_receipt(&[2; 32], NOW + 4).await.unwrap(), Some(anna));
        assert_eq!(tx.take_push_receipt(&[2; 32], NOW + 5).await.unwrap(), None);
        assert!(due(&mut tx, NOW + HOUR).await.is_empty());
        let standing = tx.push_standing(anna).await.unwrap().unwrap();
        assert_eq!((standing.created_at, standing.last_sent_at), (NOW, Some(NOW + 2)));
        assert_eq!(standing.last_receipt_at, Some(NOW + 4));
        ask(&mut tx, anna, Priority::Routine, NOW + 6).await;
        assert_eq!(due(&mut tx, NOW + 6).await, [anna]);
    }
}

store_test! {
    async fn what_is_asked_for_while_a_wake_up_is_under_way_and_what_a_dead_node_left_stays_due(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await.device;
        let mut tx = subscribed(&store, anna).await;
        ask(&mut tx, anna, Priority::Routine, NOW).await;
        let push = claim(&mut tx, anna, 1, NOW).await.unwrap();
        assert!(claim(&mut tx, anna, 2, NOW + MINUTE - 1).await.is_none());
        let again = claim(&mut tx, anna, 2, NOW + MINUTE).await.unwrap();
        tx.push_sent(&push).await.unwrap();
        ask(&mut tx, anna, Priority::Routine, NOW + MINUTE + 1).await;
        tx.push_sent(&again).await.unwrap();
        assert_eq!(due(&mut tx, NOW + 2 * MINUTE).await, [anna]);
        // A test does not wait.
        assert!(tx.ask_test_push(anna, NOW + MINUTE + 2).await.unwrap());
        assert!(claim(&mut tx, anna, 3, NOW + MINUTE + 2).await.is_some());
    }
}

store_test! {
    async fn a_push_service_that_takes_nothing_is_tried_again_when_it_said_and_one_that_forgot_is_not(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await.device;
        let mut tx = subscribed(&store, anna).await;
        ask(&mut tx, anna, Priority::Routine, NOW).await;
        let push = claim(&mut tx, anna, 1, NOW).await.unwrap();
        tx.push_failed(&push, Some(NOW + 5 * MINUTE)).await.unwrap();
        ask(&mut tx, anna, Priority::Urgent, NOW + 1).await;
        assert!(tx.ask_test_push(anna, NOW + 1).await.unwrap());
        assert!(due(&mut tx, NOW + 5 * MINUTE - 1).await.is_empty());
        // The first STAT message tries anew, and the next one waits with it.
        ask(&mut tx, anna, Priority::Stat, NOW + 2).await;
        let push = claim(&mut tx, anna, 2, NOW + 2).await.unwrap();
        assert_eq!((push.failed_since, push.priority), (Some(NOW), Priority::Stat));
        tx.push_failed(&push, Some(NOW + 5 * MINUTE)).await.unwrap();
        ask(&mut tx, anna, Priority::Stat, NOW + 3).await;
        assert!(due(&mut tx, NOW + 5 * MINUTE - 1).await.is_empty());
        let push = claim(&mut tx, anna, 3, NOW + 5 * MINUTE).await.unwrap();
        tx.push_failed(&push, None).await.unwrap();
        assert!(due(&mut tx, NOW + HOUR).await.is_empty());
        ask(&mut tx, anna, Priority::Routine, NOW + HOUR).await;
        let push = claim(&mut tx, anna, 4, NOW + HOUR).await.unwrap();
        tx.push_sent(&push).await.unwrap();
        assert_eq!(tx.push_standing(anna).await.unwrap().unwrap().failed_since, None);

        ask(&mut tx, anna, Priority::Stat, NOW + 2 * HOUR).await;
        let push = claim(&mut tx, anna, 5, NOW + 2 * HOUR).await.unwrap();
        assert!(tx.push_gone(&push, NOW + 2 * HOUR).await.unwrap());
        assert!(!tx.push_gone(&push, NOW + 2 * HOUR).await.unwrap());
        assert!(!tx.ask_push(anna, Priority::Stat, MINUTE, NOW + 3 * HOUR).await.unwrap());
        assert!(!tx.ask_test_push(anna, NOW + 3 * HOUR).await.unwrap());
        assert_eq!(tx.take_push_receipt(&[5; 32], NOW + 3 * HOUR).await.unwrap(), None);
        // The same place again is a new beginning.
        assert!(tx.put_push_subscription(&subscription(anna), NOW + 3 * HOUR).await.unwrap());
        ask(&mut tx, anna, Priority::Routine, NOW + 3 * HOUR).await;
        assert!(tx.remove_push_subscription(anna).await.unwrap());
        assert!(!tx.remove_push_subscription(anna).await.unwrap());
        assert_eq!(tx.push_standing(anna).await.unwrap(), None);
    }
}

store_test! {
    async fn a_wake_up_that_takes_the_place_of_another_is_no_less_urgent_and_kept_no_shorter(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await.device;
        let mut tx = subscribed(&store, anna).await;
        // Nothing came of the urgent one, and a routine one would take its place at the push service.
        ask(&mut tx, anna, Priority::Stat, NOW).await;
        let stat = claim(&mut tx, anna, 1, NOW).await.unwrap();
        assert_eq!((stat.priority, stat.urgency, stat.keep_ms), (Priority::Stat, Priority::Stat, 5 * MINUTE));
        tx.push_sent(&stat).await.unwrap();
        ask(&mut tx, anna, Priority::Routine, NOW + 2 * MINUTE).await;
        let calm = claim(&mut tx, anna, 2, NOW + 2 * MINUTE).await.unwrap();
        assert_eq!((calm.priority, calm.urgency), (Priority::Routine, Priority::Stat));
        assert_eq!(calm.keep_ms, 12 * HOUR);
        tx.push_sent(&calm).await.unwrap();
        // The other way round: it is to be kept as long as the routine one was.
        ask(&mut tx, anna, Priority::Urgent, NOW + 4 * MINUTE).await;
        let urgent = claim(&mut tx, anna, 3, NOW + 4 * MINUTE).await.unwrap();
        assert_eq!((urgent.priority, urgent.urgency), (Priority::Urgent, Priority::Stat));
        assert_eq!(urgent.keep_ms, 12 * HOUR - 2 * MINUTE);
        tx.push_sent(&urgent).await.unwrap();
        // Once the urgent one would not be delivered any more, what comes is what it is.
        ask(&mut tx, anna, Priority::Routine, NOW + 9 * MINUTE).await;
        let late = claim(&mut tx, anna, 4, NOW + 9 * MINUTE).await.unwrap();
        assert_eq!((late.urgency, late.keep_ms), (Priority::Routine, 12 * HOUR));
        tx.push_sent(&late).await.unwrap();

        // What was delivered has no place that another one takes.
        ask(&mut tx, anna, Priority::Urgent, NOW + HOUR).await;
        let urgent = claim(&mut tx, anna, 5, NOW + HOUR).await.unwrap();
        tx.push_sent(&urgent).await.unwrap();
        assert_eq!(tx.take_push_receipt(&[5; 32], NOW + HOUR + 1).await.unwrap(), Some(anna));
        ask(&mut tx, anna, Priority::Routine, NOW + HOUR + 2).await;
        let calm = claim(&mut tx, anna, 6, NOW + HOUR + 2).await.unwrap();
        assert_eq!((calm.urgency, calm.keep_ms), (Priority::Routine, 12 * HOUR));
        assert_eq!(tx.take_push_receipt(&[6; 32], NOW + HOUR + 3).await.unwrap(), Some(anna));
        ask(&mut tx, anna, Priority::Stat, NOW + HOUR + 4).await;
        let stat = claim(&mut tx, anna, 7, NOW + HOUR + 4).await.unwrap();
        assert_eq!((stat.urgency, stat.keep_ms), (Priority::Stat, 5 * MINUTE));
    }
}

store_test! {
    async fn which_devices_a_message_rings_by_itself_is_known_of_whoever_is_alerted(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let (cy, eve) = (admit(&store, "cy").await, admit(&store, "eve").await);
        let group = found(&store, &[anna, bo, cy]).await;
        for one in [bo, eve] {
            subscribed(&store, one.device).await.commit().await.unwrap();
        }
        let mut tx = store.write().await.unwrap();
        let seen = async |tx: &mut Tx, user, now_ms| {
            let found = tx.alerted_devices(user, group, 5, NOW, now_ms).await.unwrap();
            let flags = |device: &wardline_store::AlertedDevice| {
                (device.device_id, device.has_message, device.is_open, device.is_rung)
            };
            found.iter().map(flags).collect::<Vec<_>>()
        };
        assert!(seen(&mut tx, cy.user, NOW).await.is_empty(), "it cannot be rung");
        assert_eq!(seen(&mut tx, eve.user, NOW).await, [(eve.device, false, false, false)]);
        assert_eq!(seen(&mut tx, bo.user, NOW).await, [(bo.device, true, false, false)]);
        // Who came with the message, or after it, has not got it.
        let early = tx.alerted_devices(bo.user, group, 0, NOW, NOW).await.unwrap();
        assert!(!early[0].has_message);
        // An urgent message rang, and that is no STAT message; nor is one of before.
        ask(&mut tx, bo.device, Priority::Urgent, NOW).await;
        claim(&mut tx, bo.device, 1, NOW).await.unwrap();
        assert_eq!(seen(&mut tx, bo.user, NOW).await, [(bo.device, true, false, false)]);
        ask(&mut tx, bo.device, Priority::Stat, NOW + 1).await;
        claim(&mut tx, bo.device, 2, NOW + 1).await.unwrap();
        assert_eq!(seen(&mut tx, bo.user, NOW + 1).await, [(bo.device, true, false, true)]);
        let later = tx.alerted_devices(bo.user, group, 5, NOW + 2, NOW + 2).await.unwrap();
        assert!(!later[0].is_rung);
        tx.note_open_sockets("node-2", &[bo.device], NOW + MINUTE, NOW).await.unwrap();
        assert_eq!(seen(&mut tx, bo.user, NOW + 1).await, [(bo.device, true, true, true)]);
        assert_eq!(seen(&mut tx, bo.user, NOW + MINUTE).await, [(bo.device, true, false, true)]);
    }
}

store_test! {
    async fn a_message_is_for_the_phones_of_the_others_that_can_be_rung(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let (cy, eve) = (admit(&store, "cy").await, admit(&store, "eve").await);
        let group = found(&store, &[anna, bo, cy]).await;
        for one in [anna, bo, eve] {
            subscribed(&store, one.device).await.commit().await.unwrap();
        }
        let mut tx = store.write().await.unwrap();
        let targets = tx.push_targets(group, anna.user, NOW).await.unwrap();
        assert_eq!(targets.len(), 1);
        assert_eq!((targets[0].device_id, targets[0].user_id), (bo.device, bo.user));
        assert!(!targets[0].is_open);

        ask(&mut tx, bo.device, Priority::Routine, NOW).await;
        let push = claim(&mut tx, bo.device, 1, NOW).await.unwrap();
        tx.push_sent(&push).await.unwrap();
        ask(&mut tx, bo.device, Priority::Routine, NOW).await;
        let (opened, until_ms) = ([bo.device], NOW + MINUTE);
        tx.note_open_sockets("node-2", &opened, until_ms, NOW).await.unwrap();
        assert!(due(&mut tx, NOW + HOUR).await.is_empty(), "the app is open");
        tx.set_quiet(bo.user, Some(NOW + HOUR)).await.unwrap();
        let target = tx.push_targets(group, anna.user, NOW).await.unwrap().remove(0);
        assert!(target.is_open);
        let target = tx.push_targets(group, anna.user, NOW + HOUR).await.unwrap().remove(0);
        assert!(!target.is_open);
        tx.keep_open_sockets("node-1", NOW + 2 * HOUR).await.unwrap();
        assert!(!tx.push_targets(group, anna.user, NOW + HOUR).await.unwrap()[0].is_open);
        tx.keep_open_sockets("node-2", NOW + 2 * HOUR).await.unwrap();
        assert!(tx.push_targets(group, anna.user, NOW + HOUR).await.unwrap()[0].is_open);
        tx.note_closed_sockets("node-2", &[bo.device]).await.unwrap();
        assert!(!tx.push_targets(group, anna.user, NOW).await.unwrap()[0].is_open);

        assert!(tx.end_device(bo.device, DeviceState::Lost, "lost", NOW).await.unwrap());
        assert!(tx.push_targets(group, anna.user, NOW).await.unwrap().is_empty());
        assert_eq!(tx.push_standing(bo.device).await.unwrap(), None);
    }
}

store_test! {
    async fn how_a_person_can_be_reached_is_what_their_devices_in_use_show(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let mut tx = subscribed(&store, anna.device).await;
        let reach = tx.reach(anna.user, NOW).await.unwrap().unwrap();
        assert!(!reach.on_shift && !reach.is_open);
        assert_eq!((reach.quiet_until, reach.receipt_at, reach.last_seen_at), (None, None, None));
        ask(&mut tx, anna.device, Priority::Routine, NOW).await;
        claim(&mut tx, anna.device, 1, NOW).await.unwrap();
        tx.take_push_receipt(&[1; 32], NOW + 1).await.unwrap();
        let (opened, until_ms) = ([anna.device], NOW + MINUTE);
        tx.note_open_sockets("node-1", &opened, until_ms, NOW).await.unwrap();
        tx.set_quiet(anna.user, Some(NOW + HOUR)).await.unwrap();
        tx.touch_device(anna.device, NOW).await.unwrap();
        tx.put_shift(anna.user, NOW - HOUR, NOW + HOUR).await.unwrap();
        let reach = tx.reach(anna.user, NOW).await.unwrap().unwrap();
        assert!(reach.on_shift && reach.is_open);
        assert_eq!(reach.quiet_until, Some(NOW + HOUR));
        assert_eq!(tx.quiet_until(anna.user, NOW).await.unwrap(), Some(NOW + HOUR));
        assert_eq!((reach.receipt_at, reach.last_seen_at), (Some(NOW + 1), Some(NOW)));

        // A colleague is on duty in the same role and department.
        let others = tx.reach_of_colleagues(bo.user, NOW).await.unwrap();
        assert_eq!(others, [reach]);
        assert!(tx.reach_of_colleagues(anna.user, NOW).await.unwrap().is_empty());
        assert!(tx.reach_of_colleagues(bo.user, NOW + HOUR).await.unwrap().is_empty());
        // A node that vanished is forgotten some time after, and no other one.
        tx.note_open_sockets("node-3", &opened, NOW - MINUTE, NOW).await.unwrap();
        assert_eq!(tx.forget_lost_sockets(NOW - MINUTE).await.unwrap(), 0);
        assert_eq!(tx.forget_lost_sockets(NOW).await.unwrap(), 1);
        assert!(tx.reach(anna.user, NOW).await.unwrap().unwrap().is_open);
        tx.forget_open_sockets("node-1").await.unwrap();
        tx.set_quiet(anna.user, None).await.unwrap();
        let reach = tx.reach(anna.user, NOW).await.unwrap().unwrap();
        assert!(!reach.is_open);
        assert_eq!(tx.quiet_until(anna.user, NOW).await.unwrap(), None);
    }
}

store_test! {
    async fn an_owner_is_rung_once_a_day_on_whatever_rings(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let mut tx = subscribed(&store, anna.device).await;
        let both = [anna.device, bo.device];
        tx.want_notices(&both, Priority::Routine, 24 * HOUR, NOW).await.unwrap();
        // Nothing of Bo's rings.
        let due = tx.due_notices(NOW, 10).await.unwrap();
        let [notice] = &due[..] else { panic!("{due:?}") };
        assert_eq!((notice.user_id, notice.priority), (anna.user, Priority::Routine));
        assert_eq!((notice.wanted_at, notice.due_at), (NOW, NOW));
        assert_eq!(tx.bells_of_owner(anna.user).await.unwrap(), [anna.device]);

        // It does not ring yet; something more urgent has it judged anew, and it waits since then.
        tx.put_off_notice(notice, Some(NOW + HOUR)).await.unwrap();
        assert!(tx.due_notices(NOW + HOUR - 1, 10).await.unwrap().is_empty());
        let untold = tx.owners_untold(&both, Priority::Routine, NOW).await.unwrap();
        assert!(untold.is_empty(), "she is about to be rung");
        let untold = tx.owners_untold(&both, Priority::Urgent, NOW).await.unwrap();
        assert_eq!(untold, [anna.device]);
        tx.want_notices(&both, Priority::Urgent, 24 * HOUR, NOW + 1).await.unwrap();
        let [urgent] = &tx.due_notices(NOW + 1, 10).await.unwrap()[..] else { panic!() };
        assert_eq!((urgent.priority, urgent.wanted_at), (Priority::Urgent, NOW));
        assert!(!tx.take_notice(notice, NOW + 1).await.unwrap(), "it is another by now");
        assert!(tx.take_notice(urgent, NOW + 1).await.unwrap());
        assert!(!tx.take_notice(urgent, NOW + 1).await.unwrap(), "of two nodes one");

        // A day lies between two.
        tx.want_notices(&both, Priority::Routine, 24 * HOUR, NOW + HOUR).await.unwrap();
        let next = NOW + 1 + 24 * HOUR;
        assert!(tx.due_notices(next - 1, 10).await.unwrap().is_empty());
        let [again] = &tx.due_notices(next, 10).await.unwrap()[..] else { panic!() };
        assert_eq!((again.priority, again.wanted_at), (Priority::Routine, NOW + HOUR));
        tx.put_off_notice(again, None).await.unwrap();
        assert!(tx.due_notices(next, 10).await.unwrap().is_empty());
        let told = async |tx: &mut Tx, before| {
            let untold = tx.owners_untold(&both, Priority::Urgent, before).await.unwrap();
            untold.is_empty()
        };
        assert!(told(&mut tx, NOW).await);
        assert!(!told(&mut tx, NOW + 1).await);
        tx.want_notices(&[], Priority::Urgent, 24 * HOUR, NOW).await.unwrap();

        // A phone that is shut out rings for it, one that is out of use does not.
        for (state, rings) in [(DeviceState::Quarantined, true), (DeviceState::Retired, false)] {
            if state == DeviceState::Retired {
                tx.end_device(anna.device, state, "handed in", NOW).await.unwrap();
            } else {
                let from = DeviceState::Active;
                tx.move_devices(&[anna.device], from, state, NOW).await.unwrap();
            }
            let bells = tx.bells_of_owner(anna.user).await.unwrap();
            assert_eq!(!bells.is_empty(), rings, "{state:?}");
        }
    }
}
