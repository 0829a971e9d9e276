//! What is known of devices, the programs that judge it, and the lists that they judge by.

use std::collections::HashMap;
use std::time::Duration;

use wardline_model::DeviceId;
use wardline_model::wire::posture::{Fact, FactName, FactValue, Provenance};
use wardline_store::{
    Assessed, FeedFile, ManagedLink, ManagerOrder, ManagerPull, RegisteredDevice,
};

use crate::support::{NOW, admit, store_test};

fn fact(name: FactName, value: impl Into<FactValue>, provenance: Provenance, at: u64) -> Fact {
    Fact {
        name,
        value: value.into(),
        provenance,
        observed_at: at,
        evidence: "a test".into(),
    }
}

store_test! {
    async fn of_each_name_and_provenance_the_newest_fact_is_known(db) {
        use FactName::{OsVersion, ScreenLockSeconds, StorageEncrypted};
        use Provenance::{Agent, Claimed};
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let mut tx = store.write().await.unwrap();
        let first = [
            fact(OsVersion, "16", Claimed, NOW),
            fact(OsVersion, "16.1", Agent, NOW),
            fact(StorageEncrypted, true, Agent, NOW),
            fact(ScreenLockSeconds, 300_u64, Agent, NOW),
        ];
        assert_eq!(tx.put_facts(anna.device, &first, NOW).await.unwrap(), 4);
        let older = [fact(StorageEncrypted, false, Agent, NOW - 1)];
        assert_eq!(tx.put_facts(anna.device, &older, NOW).await.unwrap(), 0);
        let newer = [fact(StorageEncrypted, false, Agent, NOW + 1)];
        assert_eq!(tx.put_facts(anna.device, &newer, NOW + 1).await.unwrap(), 1);
        let known = tx.facts_of(anna.device).await.unwrap();
        assert_eq!(known.len(), 4);
        assert!(known.contains(&newer[0]) && known.contains(&first[3]));
        // What the agent tells no longer is no longer known; what others told stays.
        tx.keep_facts(anna.device, Agent, "another", &[], NOW + 1).await.unwrap();
        tx.keep_facts(anna.device, Agent, "a test", &[], NOW - 1).await.unwrap();
        assert_eq!(tx.facts_of(anna.device).await.unwrap().len(), 4);
        tx.keep_facts(anna.device, Agent, "a test", &[StorageEncrypted], NOW + 1).await.unwrap();
        let known = tx.facts_of(anna.device).await.unwrap();
        assert_eq!(known.len(), 2);
        assert_eq!(tx.fleet_facts().await.unwrap(), HashMap::from([(anna.device, known)]));
    }
}

store_test! {
    async fn how_a_device_stands_is_written_where_nobody_wrote_meanwhile(db) {
        let store = db.store();
        let mut devices = Vec::new();
        for n in 0..20 {
            devices.push(admit(&store, &format!("person{n}")).await.device);
        }
        let mut tx = store.write().await.unwrap();
        let note = |device: DeviceId, before, after| Assessed { device, before, after };
        let first: Vec<Assessed<'_>> =
            devices.iter().map(|device| note(*device, None, "first")).collect();
        assert_eq!(tx.put_assessments(&first).await.unwrap(), 20);
        let again: Vec<Assessed<'_>> =
            devices.iter().map(|device| note(*device, Some("first"), "first again")).collect();
        assert_eq!(tx.put_assessments(&again).await.unwrap(), 20);
        let back: Vec<Assessed<'_>> =
            devices.iter().map(|device| note(*device, Some("first again"), "first")).collect();
        assert_eq!(tx.put_assessments(&back).await.unwrap(), 20);
        let second = [
            note(devices[0], Some("first"), "second"),
            note(devices[1], None, "second"),
            note(devices[2], Some("another"), "second"),
        ];
        assert_eq!(tx.put_assessments(&second).await.unwrap(), 1);
        let known = tx.devices(&devices).await.unwrap();
        for device in known {
            let stands = if device.device_id == devices[0] { "second" } else { "first" };
            assert_eq!(device.assessment.as_deref(), Some(stands));
        }
    }
}

store_test! {
    async fn of_two_who_change_a_device_one_waits_and_sees_what_the_other_wrote(db) {
        let store = db.store();
        let device = admit(&store, "anna").await.device;
        let mut first = store.write().await.unwrap();
        first.lock_devices(&[device]).await.unwrap();
        let other = store.clone();
        let second = tokio::spawn(async move {
            let mut second = other.write().await.unwrap();
            second.lock_devices(&[device]).await.unwrap();
            second.device(device).await.unwrap().unwrap().assessment
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        let note = Assessed { device, before: None, after: "first" };
        assert_eq!(first.put_assessments(&[note]).await.unwrap(), 1);
        first.commit().await.unwrap();
        assert_eq!(second.await.unwrap().as_deref(), Some("first"));
    }
}

store_test! {
    async fn a_device_whose_assessment_is_forgotten_is_as_one_nobody_looked_at(db) {
        let store = db.store();
        let (anna, bert) = (admit(&store, "anna").await, admit(&store, "bert").await);
        let mut tx = store.write().await.unwrap();
        for device in [anna.device, bert.device] {
            let note = Assessed { device, before: None, after: "stands" };
            assert_eq!(tx.put_assessments(&[note]).await.unwrap(), 1);
        }
        tx.forget_assessment(anna.device).await.unwrap();
        let stands = async |tx: &mut wardline_store::Tx, id| tx.device(id).await.unwrap().unwrap().assessment;
        assert_eq!(stands(&mut tx, anna.device).await, None);
        assert_eq!(stands(&mut tx, bert.device).await.as_deref(), Some("stands"));
        let note = Assessed { device: anna.device, before: None, after: "again" };
        assert_eq!(tx.put_assessments(&[note]).await.unwrap(), 1);
    }
}

store_test! {
    async fn the_owner_sees_who_looked_and_how_often(db) {
        let store = db.store();
        let (anna, officer) = (admit(&store, "anna").await, admit(&store, "officer").await);
        let mut tx = store.write().await.unwrap();
        tx.note_view(anna.device, officer.user, NOW).await.unwrap();
        tx.note_view(anna.device, officer.user, NOW + 5).await.unwrap();
        let views = tx.views_of(anna.device).await.unwrap();
        assert_eq!(views.len(), 1);
        assert_eq!((views[0].first_at, views[0].last_at, views[0].times), (NOW, NOW + 5, 2));
    }
}

store_test! {
    async fn whoever_sees_many_devices_together_looked_once_an_hour(db) {
        const HOUR: u64 = 60 * 60 * 1000;
        let store = db.store();
        let (anna, bert) = (admit(&store, "anna").await, admit(&store, "bert").await);
        let officer = admit(&store, "officer").await;
        let mut tx = store.write().await.unwrap();
        tx.note_view(anna.device, officer.user, NOW).await.unwrap();
        let both = [anna.device, bert.device, anna.device];
        for (at, annas, berts) in [
            (NOW + 5, 1, 1),
            (NOW + HOUR - 1, 1, 1),
            (NOW + HOUR, 2, 1),
            (NOW + HOUR + 5, 2, 2),
        ] {
            tx.note_views(&both, officer.user, at).await.unwrap();
            for (device, times) in [(anna.device, annas), (bert.device, berts)] {
                let views = tx.views_of(device).await.unwrap();
                assert_eq!((views.len(), views[0].times), (1, times), "{at}");
            }
        }
        let last = tx.views_of(anna.device).await.unwrap()[0].last_at;
        assert_eq!(last, NOW + HOUR);
        tx.note_views(&[], officer.user, NOW).await.unwrap();
    }
}

store_test! {
    async fn a_program_is_changed_from_the_version_that_was_seen(db) {
        let store = db.store();
        let officer = admit(&store, "officer").await;
        let by = Some(officer.user);
        let mut tx = store.write().await.unwrap();
        assert!(tx.put_program("byod", "{}", 0, by, NOW).await.unwrap());
        assert!(!tx.put_program("byod", "{1}", 0, by, NOW).await.unwrap());
        assert!(tx.put_program("byod", "{2}", 1, by, NOW + 1).await.unwrap());
        assert!(!tx.put_program("byod", "{3}", 1, by, NOW + 2).await.unwrap());
        let stored = tx.programs().await.unwrap();
        assert_eq!((stored.len(), stored[0].version, stored[0].terms.as_str()), (1, 2, "{2}"));
    }
}

store_test! {
    async fn a_registered_device_waits_until_one_with_its_serial_is_enrolled(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let registered = RegisteredDevice {
            serial: "R58M-1".into(),
            program: "issued".into(),
            model: "Galaxy A54".into(),
            note: "ward 3".into(),
            user_id: Some(anna.user),
            registered_at: NOW,
            registered_by: None,
        };
        let mut tx = store.write().await.unwrap();
        tx.register_device(&registered).await.unwrap();
        assert_eq!(tx.registered_device("R58M-1").await.unwrap(), Some(registered.clone()));
        assert_eq!(tx.registered_devices().await.unwrap(), [registered]);
        assert!(tx.set_serial(anna.device, Some("R58M-1")).await.unwrap());
        assert!(tx.registered_devices().await.unwrap().is_empty());
    }
}

store_test! {
    async fn lists_are_put_in_the_place_of_the_ones_before(db) {
        let store = db.store();
        let file = |name: &str, at| FeedFile {
            file: name.into(),
            sha256: [1; 32],
            bytes: name.as_bytes().to_vec(),
            fetched_at: at,
        };
        let mut tx = store.write().await.unwrap();
        assert_eq!(tx.feeds_fetched_at().await.unwrap(), None);
        tx.put_feeds(&[file("a", NOW), file("b", NOW)]).await.unwrap();
        tx.put_feeds(&[file("c", NOW + 1)]).await.unwrap();
        assert_eq!(tx.feeds().await.unwrap(), [file("c", NOW + 1)]);
        assert_eq!(tx.feeds_fetched_at().await.unwrap(), Some(NOW + 1));
    }
}

store_test! {
    async fn a_security_event_is_taken_once_for_each_issuer(db) {
        let store = db.store();
        let mut tx = store.write().await.unwrap();
        assert!(tx.take_signal("https://a", "1", NOW).await.unwrap());
        assert!(!tx.take_signal("https://a", "1", NOW + 1).await.unwrap());
        assert!(tx.take_signal("https://b", "1", NOW).await.unwrap());
        tx.forget_signals(NOW + 1).await.unwrap();
        assert!(tx.take_signal("https://a", "1", NOW + 2).await.unwrap());
    }
}

store_test! {
    async fn what_a_manager_calls_a_device_follows_its_last_word(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let link = ManagedLink {
            source: "intune".into(),
            manager_id: "m-1".into(),
            serial: Some("R58M-1".into()),
            owner: None,
            name: "Anna's phone".into(),
            device_id: None,
            observed_at: NOW,
        };
        let mut tx = store.write().await.unwrap();
        tx.put_managed(&link, NOW).await.unwrap();
        let found = ManagedLink { device_id: Some(anna.device), ..link };
        tx.put_managed(&found, NOW + 1).await.unwrap();
        assert_eq!(tx.managed().await.unwrap(), [found]);
    }
}

store_test! {
    async fn of_two_nodes_one_reads_a_manager_until_it_is_done_or_gone(db) {
        let store = db.store();
        let mut tx = store.write().await.unwrap();
        assert_eq!(tx.manager_pull("intune").await.unwrap(), None);
        assert!(tx.take_pull("intune", NOW, NOW + 3).await.unwrap());
        assert!(tx.take_pull("another", NOW, NOW + 3).await.unwrap());
        assert!(!tx.take_pull("intune", NOW + 2, NOW + 5).await.unwrap());
        assert!(tx.hold_pull("intune", NOW, NOW + 5).await.unwrap());
        assert!(!tx.take_pull("intune", NOW + 4, NOW + 7).await.unwrap());
        // The one that was at it is not heard of any more, and comes back too late.
        assert!(tx.take_pull("intune", NOW + 5, NOW + 8).await.unwrap());
        assert!(!tx.hold_pull("intune", NOW, NOW + 9).await.unwrap());
        tx.finish_pull("intune", NOW, Some(NOW + 6), None, NOW + 6).await.unwrap();
        assert_eq!(tx.manager_pull("intune").await.unwrap(), Some(ManagerPull::default()));

        tx.finish_pull("intune", NOW + 5, Some(NOW + 7), None, NOW + 20).await.unwrap();
        let went = ManagerPull {
            tried_at: Some(NOW + 5),
            pulled_at: Some(NOW + 7),
            problem: None,
        };
        assert_eq!(tx.manager_pull("intune").await.unwrap(), Some(went.clone()));
        assert!(!tx.take_pull("intune", NOW + 19, NOW + 22).await.unwrap());
        assert!(tx.take_pull("intune", NOW + 20, NOW + 23).await.unwrap());
        let problem = Some("no answer");
        tx.finish_pull("intune", NOW + 20, None, problem, NOW + 30).await.unwrap();
        let failed = ManagerPull {
            tried_at: Some(NOW + 20),
            problem: problem.map(str::to_owned),
            ..went
        };
        assert_eq!(tx.manager_pull("intune").await.unwrap(), Some(failed));
    }
}

store_test! {
    async fn what_is_asked_at_once_is_followed_and_displaces_no_wipe(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let link = ManagedLink {
            source: "intune".into(),
            manager_id: "m-1".into(),
            serial: Some("R58M-1".into()),
            owner: None,
            name: "Anna's phone".into(),
            device_id: Some(anna.device),
            observed_at: NOW,
        };
        let mut tx = store.write().await.unwrap();
        tx.set_serial(anna.device, Some("R58M-1")).await.unwrap();
        tx.put_managed(&link, NOW).await.unwrap();
        for action in ["wipe", "sync"] {
            tx.order(&[anna.device], "intune", action, NOW).await.unwrap();
        }
        let given = ManagerOrder {
            device_id: anna.device,
            action: "sync".into(),
            source: "intune".into(),
            manager_id: "m-1".into(),
            ordered_at: NOW + 1,
            tries: 0,
            tried_at: Some(NOW + 2),
            problem: None,
            done_at: Some(NOW + 2),
            outcome: None,
        };
        tx.put_given_order(&given, NOW + 10).await.unwrap();
        let waiting = tx.waiting_orders().await.unwrap();
        assert_eq!((waiting.len(), waiting[0].action.as_str()), (1, "wipe"));
        assert_eq!(tx.orders_of(anna.device).await.unwrap(), [given.clone(), waiting[0].clone()]);
        let due = tx.take_given_orders("intune", NOW + 10, NOW + 20, 5).await.unwrap();
        assert_eq!(due, std::slice::from_ref(&given));
        assert!(tx.end_order(&given, "done").await.unwrap());
        assert!(!tx.end_order(&given, "failed").await.unwrap());
        let known = tx.orders_of(anna.device).await.unwrap();
        assert_eq!(known[0].outcome.as_deref(), Some("done"));

        // Asked again, its end is not that of the first.
        let again = ManagerOrder { ordered_at: NOW + 30, ..given.clone() };
        tx.put_given_order(&again, NOW + 40).await.unwrap();
        assert!(!tx.end_order(&given, "failed").await.unwrap());
        assert_eq!(tx.orders_of(anna.device).await.unwrap()[0], again);

        let wipe = tx.take_order("intune", NOW + 30, NOW + 50).await.unwrap().unwrap();
        assert_eq!(wipe.action, "wipe");
        tx.give_up_order(&wipe, "refused", NOW + 31).await.unwrap();
        assert!(tx.waiting_orders().await.unwrap().is_empty());
        let known = tx.orders_of(anna.device).await.unwrap();
        assert_eq!(known[1].outcome.as_deref(), Some("refused"));
    }
}
