//! Critical results and alarms: gathered, waiting, handed to one, posted.

use wardline_model::{CriticalId, DeviceId, GroupId, RoleSlug};
use wardline_store::{NewSignal, Posted, Tx};

use crate::support::{HOUR, NOW, store_test};

fn id(n: u8) -> CriticalId {
    CriticalId::from_bytes([n; 16])
}

async fn gather(tx: &mut Tx, n: u8, subject: &str, thing: &str) {
    let role: RoleSlug = "medicine-on-call".parse().unwrap();
    let signal = NewSignal {
        call_id: id(n),
        role: &role,
        target: "results medicine-on-call",
        subject,
        thing,
        body: &[n],
    };
    tx.gather_critical(&signal, NOW + u64::from(n))
        .await
        .unwrap();
}

store_test! {
    async fn what_is_gathered_becomes_a_call_that_one_device_has_at_a_time(db) {
        let store = db.store();
        let target = "results medicine-on-call";
        let mut tx = store.write().await.unwrap();
        tx.lock_hl7().await.unwrap();
        assert!(tx.say_critical("k", "6.8", NOW).await.unwrap());
        assert!(!tx.say_critical("k", "6.8", NOW).await.unwrap(), "the same again");
        assert!(tx.say_critical("k", "7.1", NOW).await.unwrap());
        assert_eq!(tx.critical_said("k").await.unwrap().as_deref(), Some("7.1"));
        gather(&mut tx, 1, "report", "k").await;
        gather(&mut tx, 2, "report", "na").await;
        gather(&mut tx, 3, "other", "glc").await;
        assert!(tx.is_anything_gathered().await.unwrap());
        let subjects = tx.gathered_subjects().await.unwrap();
        assert_eq!(subjects.iter().map(|it| it.1.as_str()).collect::<Vec<_>>(), ["other", "report"]);
        let over = tx.withdraw_gathered("glc").await.unwrap();
        assert_eq!(over, [(target.to_owned(), "other".to_owned())]);
        assert_eq!(tx.count_gathered(target, "other").await.unwrap(), 0);
        let rows = tx.gathered(target, "report", 10).await.unwrap();
        let bodies: Vec<u8> = rows.iter().map(|row| row.body.expose()[0]).collect();
        assert_eq!((rows[0].call_id, bodies), (id(2), vec![2, 1]), "the newest first");
        assert_eq!(tx.drop_gathered(target, "report", id(2)).await.unwrap(), 1);
        tx.call_critical(id(2), b"both", 2, NOW).await.unwrap();
        assert!(!tx.is_anything_gathered().await.unwrap());
        assert!(tx.critical_flood().await.unwrap().is_none());
        tx.keep_critical_flood("{}").await.unwrap();
        tx.keep_critical_flood("[]").await.unwrap();
        assert_eq!(tx.critical_flood().await.unwrap().as_deref(), Some("[]"));
        tx.commit().await.unwrap();

        let (one, two) = (DeviceId::from_bytes([8; 16]), DeviceId::from_bytes([9; 16]));
        let mut tx = store.write().await.unwrap();
        let waits = tx.critical_for(one, None, 10, NOW).await.unwrap();
        assert_eq!((waits.len(), waits[0].body.expose().as_slice()), (1, b"both".as_slice()));
        let role = waits[0].role.clone();
        let of = tx.critical_for(one, Some(role.as_str()), 10, NOW).await.unwrap();
        assert_eq!(of.len(), 1);
        assert!(tx.critical_for(one, Some("another-role"), 10, NOW).await.unwrap().is_empty());
        assert!(tx.hand_critical(id(2), one, NOW + 30, NOW).await.unwrap());
        assert!(!tx.hand_critical(id(2), two, NOW + 30, NOW + 29).await.unwrap());
        assert!(tx.critical_for(two, None, 10, NOW + 29).await.unwrap().is_empty());
        assert_eq!(tx.critical_for(one, None, 10, NOW + 29).await.unwrap().len(), 1);
        assert_eq!(tx.critical_handed_to(one, NOW + 29).await.unwrap().len(), 1);
        assert!(tx.critical_handed_to(one, NOW + 30).await.unwrap().is_empty());
        assert!(tx.hand_critical(id(2), two, NOW + 60, NOW + 30).await.unwrap());

        let standing = tx.critical_standing(NOW).await.unwrap();
        assert_eq!((standing.waiting, standing.late, standing.oldest_at), (1, 1, Some(NOW)));
        assert_eq!(tx.critical_standing(NOW - 1).await.unwrap().late, 0);
        assert_eq!(tx.late_critical_roles(NOW).await.unwrap().len(), 1);
        assert_eq!(tx.note_late_critical(NOW, NOW + HOUR).await.unwrap().len(), 1);
        assert!(tx.note_late_critical(NOW, NOW + HOUR).await.unwrap().is_empty(), "once");

        let group = GroupId::from_bytes([7; 16]);
        let posted = tx.critical_posted(id(2), group, 4, NOW + 40).await.unwrap();
        assert_eq!(posted, Some(Posted::Now));
        let posted = tx.critical_posted(id(2), group, 4, NOW + 41).await.unwrap();
        assert_eq!(posted, Some(Posted::Before));
        assert!(tx.critical_posted(id(5), group, 4, NOW).await.unwrap().is_none());
        assert!(tx.critical_call(id(2)).await.unwrap().is_none());
        assert!(!tx.hand_critical(id(2), one, NOW + 90, NOW + 70).await.unwrap());
        assert_eq!(tx.critical_posted_at().await.unwrap(), Some(NOW + 40));
        let standing = tx.critical_standing(NOW).await.unwrap();
        assert_eq!((standing.waiting, standing.oldest_at), (0, None));
        assert_eq!(tx.forget_critical(NOW + 40, NOW, 10).await.unwrap(), 0);
        assert_eq!(tx.forget_critical(NOW + 41, NOW + 1, 10).await.unwrap(), 2);
        assert!(!tx.unsay_critical("k").await.unwrap());
    }
}
