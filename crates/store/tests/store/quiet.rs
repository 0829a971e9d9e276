//! What waits before it rings, and what is counted of rings.

use wardline_model::wire::messages::{Priority, ReceiptState};
use wardline_model::{EscalationId, GroupId};
use wardline_store::{HeldRing, NewPushSubscription, QuietChoice};

use crate::support::{HOUR, LASTS, MINUTE, NOW, admit, found, message, store_test};

const fn waits(group_id: GroupId, priority: Priority, seq: u64, due_at: Option<u64>) -> HeldRing {
    HeldRing {
        group_id,
        priority,
        seq,
        held_at: NOW,
        due_at,
        is_delivered: false,
    }
}

store_test! {
    async fn a_choice_is_kept_and_the_next_one_takes_its_place(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await.user;
        let mut tx = store.write().await.unwrap();
        assert_eq!(tx.quiet_choice(anna).await.unwrap(), None);
        let mut choice = QuietChoice {
            batch: "breaks".to_owned(),
            minutes: 0,
            breaks: "600,750".to_owned(),
            zone: "Europe/Paris".to_owned(),
            off_duty: None,
        };
        tx.put_quiet_choice(anna, &choice, NOW).await.unwrap();
        assert_eq!(tx.quiet_choice(anna).await.unwrap().as_ref(), Some(&choice));
        choice.off_duty = Some("urgent".to_owned());
        tx.put_quiet_choice(anna, &choice, NOW + 1).await.unwrap();
        assert_eq!(tx.quiet_choice(anna).await.unwrap(), Some(choice));
    }
}

store_test! {
    async fn what_waits_is_due_once_for_all_messages_and_gone_when_it_is_read(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna, bo]).await;
        for _ in 0..4 {
            store.append(message(&store, group, anna, 0)).await.unwrap();
        }
        let mut tx = store.write().await.unwrap();
        let due = Some(NOW + HOUR);
        let first = waits(group, Priority::Routine, 3, due);
        tx.hold_ring(bo.user, &first, false).await.unwrap();
        let later = HeldRing {
            held_at: NOW + MINUTE,
            ..waits(group, Priority::Routine, 4, Some(NOW + 2 * HOUR))
        };
        tx.hold_ring(bo.user, &later, false).await.unwrap();
        let found = tx.held_rings(bo.user).await.unwrap();
        assert_eq!(found, [HeldRing { seq: 4, ..first.clone() }], "one, since the first");
        assert!(tx.people_with_due_rings(NOW + HOUR - 1, 10).await.unwrap().is_empty());
        assert_eq!(tx.people_with_due_rings(NOW + HOUR, 10).await.unwrap(), [bo.user]);
        tx.put_off_ring(bo.user, &first, Some(NOW + 3 * HOUR), false).await.unwrap();
        assert!(tx.people_with_due_rings(NOW + HOUR, 10).await.unwrap().is_empty());
        tx.advance_receipt(group, bo.user, ReceiptState::Delivered, 4, NOW).await.unwrap();
        assert!(tx.held_rings(bo.user).await.unwrap()[0].is_delivered);
        tx.advance_receipt(group, bo.user, ReceiptState::Read, 4, NOW).await.unwrap();
        assert!(tx.waiting_rings(bo.user).await.unwrap().is_empty());
        assert!(tx.held_rings(bo.user).await.unwrap().is_empty());
        assert!(tx.people_with_due_rings(NOW + 9 * HOUR, 10).await.unwrap().is_empty());
    }
}

store_test! {
    async fn what_waits_for_a_shift_is_found_when_the_shift_is_there_however_it_came(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna, bo]).await;
        let mut tx = store.write().await.unwrap();
        let manner = tx.manner(bo.user, NOW).await.unwrap().unwrap();
        assert!(!manner.in_roster && !manner.on_duty && manner.next_duty().is_none());
        tx.put_shift(bo.user, NOW - 9 * HOUR, NOW - HOUR).await.unwrap();
        let manner = tx.manner(bo.user, NOW).await.unwrap().unwrap();
        assert!(manner.in_roster && !manner.on_duty && manner.next_duty().is_none());
        let urgent = waits(group, Priority::Urgent, 3, None);
        tx.hold_ring(bo.user, &urgent, true).await.unwrap();
        assert!(tx.people_back_on_duty(NOW, 10).await.unwrap().is_empty());
        assert!(tx.people_with_due_rings(NOW + 99 * HOUR, 10).await.unwrap().is_empty());
        tx.put_shift(bo.user, NOW + HOUR, NOW + 2 * HOUR).await.unwrap();
        let manner = tx.manner(bo.user, NOW).await.unwrap().unwrap();
        assert_eq!(manner.next_duty(), Some(NOW + HOUR));
        assert!(tx.people_back_on_duty(NOW, 10).await.unwrap().is_empty());
        assert_eq!(tx.people_back_on_duty(NOW + HOUR, 10).await.unwrap(), [bo.user]);
        assert!(tx.manner(bo.user, NOW + HOUR).await.unwrap().unwrap().on_duty);
        tx.release_ring(bo.user, &urgent).await.unwrap();
        assert!(tx.people_back_on_duty(NOW + HOUR, 10).await.unwrap().is_empty());
    }
}

store_test! {
    async fn rings_are_counted_by_unit_and_hour_and_answered_once(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let mut tx = store.write().await.unwrap();
        tx.count_ring(anna.device, Priority::Routine, NOW).await.unwrap();
        // Another device of hers, for the same.
        tx.count_ring(anna.device, Priority::Routine, NOW + 1000).await.unwrap();
        tx.answer_ring(anna.user, NOW + 3 * MINUTE).await.unwrap();
        tx.answer_ring(anna.user, NOW + 4 * MINUTE).await.unwrap();
        tx.count_ring(anna.device, Priority::Routine, NOW + 5 * MINUTE).await.unwrap();
        let counts = tx.ring_counts(NOW - HOUR, NOW + HOUR).await.unwrap();
        let sum = |field: fn(&wardline_store::RingCount) -> u64| counts.iter().map(field).sum::<u64>();
        assert_eq!(sum(|of| of.rings), 2);
        assert_eq!(
            (sum(|of| of.answered_1), sum(|of| of.answered_5), sum(|of| of.answered)),
            (0, 1, 1)
        );
        let units = tx.units().await.unwrap();
        assert!(units.iter().any(|unit| unit.unit == counts[0].unit && unit.people == 1));
        tx.forget_rings(NOW + HOUR).await.unwrap();
        assert!(tx.ring_counts(0, NOW + HOUR).await.unwrap().is_empty());
    }
}

store_test! {
    async fn a_mark_counts_once_and_stat_is_counted_by_the_unit_of_who_sent(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna, bo]).await;
        let seq = store.append(message(&store, group, anna, 0)).await.unwrap().seq;
        let mut tx = store.write().await.unwrap();
        let id = EscalationId { group, seq, line: 0 };
        assert!(tx.put_stat_mark(id, &[1; 32], NOW).await.unwrap());
        assert!(!tx.put_stat_mark(id, &[1; 32], NOW).await.unwrap());
        tx.advance_receipt(group, bo.user, ReceiptState::Acknowledged, seq, NOW).await.unwrap();
        assert!(!tx.has_acknowledged(id, bo.user).await.unwrap());
        assert!(!tx.acknowledge_stat(id, bo.user, seq, NOW).await.unwrap(), "it is no STAT message");
        assert!(tx.stat_counts(0, NOW + HOUR).await.unwrap().is_empty());
        let own = tx.own_stat_count(anna.user, 0).await.unwrap();
        assert_eq!((own.sent, own.unneeded), (0, 0));
        assert!(tx.unit_shifts(0, NOW).await.unwrap().is_empty());
    }
}

store_test! {
    async fn a_push_service_with_a_long_queue_leaves_room_for_the_others(db) {
        let store = db.store();
        let mut devices = Vec::new();
        for name in ["anna", "bo", "cleo", "dan"] {
            devices.push(admit(&store, name).await.device);
        }
        let mut tx = store.write().await.unwrap();
        for (place, device) in devices.iter().enumerate() {
            let host = if place < 3 { "slow.example" } else { "fast.example" };
            let subscription = NewPushSubscription {
                device_id: *device,
                host: host.to_owned(),
                endpoint: b"https://push.example/1".to_vec().into(),
                keys: vec![4; 81].into(),
            };
            tx.put_push_subscription(&subscription, NOW).await.unwrap();
            let at = NOW + u64::try_from(place).unwrap();
            assert!(tx.ask_push(*device, Priority::Stat, MINUTE, at).await.unwrap());
        }
        let due = tx.due_pushes(NOW + MINUTE, 2, 10).await.unwrap();
        let hosts: Vec<&str> = due.iter().map(|due| due.host.as_str()).collect();
        assert_eq!(hosts, ["slow.example", "slow.example", "fast.example"]);
        assert!(!tx.expects_push_receipt(&[1; 32]).await.unwrap());
        tx.claim_push(devices[0], &[1; 32], LASTS, MINUTE, NOW + MINUTE).await.unwrap().unwrap();
        assert!(tx.expects_push_receipt(&[1; 32]).await.unwrap());
    }
}

store_test! {
    async fn a_message_that_no_wake_up_told_of_is_found_until_one_does(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let group = found(&store, &[anna, bo]).await;
        let subscription = NewPushSubscription {
            device_id: bo.device,
            host: "push.example".to_owned(),
            endpoint: b"https://push.example/1".to_vec().into(),
            keys: vec![4; 81].into(),
        };
        let mut tx = store.write().await.unwrap();
        tx.put_push_subscription(&subscription, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let seq = store.append(message(&store, group, anna, 0)).await.unwrap().seq;
        let mut urgent = message(&store, group, anna, 0);
        (urgent.priority, urgent.now_ms) = (Priority::Urgent, NOW + 1);
        let last = store.append(urgent).await.unwrap().seq;
        let mut tx = store.write().await.unwrap();
        let unheard = tx.unheard(NOW - 1, NOW + 1).await.unwrap();
        assert_eq!(unheard.len(), 1);
        assert_eq!((unheard[0].device_id, unheard[0].user_id), (bo.device, bo.user));
        assert_eq!((unheard[0].seq, unheard[0].priority), (last, Priority::Urgent));
        assert!(tx.unheard(NOW + 1, NOW + HOUR).await.unwrap().is_empty(), "too old");
        assert!(tx.unheard(NOW - HOUR, NOW - 1).await.unwrap().is_empty(), "too new");

        let sockets = tx.push_devices_and_sockets(bo.user, NOW).await.unwrap();
        assert_eq!(sockets, [(bo.device, false)]);

        // Had by a device, it need not ring.
        tx.advance_receipt(group, bo.user, ReceiptState::Delivered, seq, NOW).await.unwrap();
        assert_eq!(tx.unheard(NOW - 1, NOW + 1).await.unwrap()[0].sent_at, NOW + 1);
        // What waits is known of.
        let held = waits(group, Priority::Urgent, last, None);
        tx.hold_ring(bo.user, &held, true).await.unwrap();
        assert!(tx.unheard(NOW - 1, NOW + 1).await.unwrap().is_empty());
        tx.release_ring(bo.user, &held).await.unwrap();
        assert_eq!(tx.unheard(NOW - 1, NOW + 1).await.unwrap().len(), 1);
        // So is what is due, and what was sent.
        assert!(tx.ask_push(bo.device, Priority::Urgent, MINUTE, NOW + 2).await.unwrap());
        assert!(tx.unheard(NOW - 1, NOW + 1).await.unwrap().is_empty());
        let push = tx.claim_push(bo.device, &[1; 32], LASTS, MINUTE, NOW + 2).await.unwrap().unwrap();
        tx.push_sent(&push).await.unwrap();
        assert!(tx.unheard(NOW - 1, NOW + 1).await.unwrap().is_empty());
    }
}
