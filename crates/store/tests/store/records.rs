//! Statements about records on their way to the record keeper, and what it signed.

use wardline_model::B64;
use wardline_model::statement::{Came, Scope, SignedStatement, Statement};
use wardline_store::NewStatement;

use crate::support::{Member, NOW, admit, store_test};

fn by(who: &Member, statement: Statement) -> SignedStatement {
    SignedStatement {
        v: 1,
        statement,
        user_id: who.user,
        device_id: who.device,
        issued_at: NOW,
        signature: B64(vec![7; 64]),
    }
}

store_test! {
    async fn statements_wait_are_taken_and_settled_once(db) {
        let store = db.store();
        let (ada, ben) = (admit(&store, "ada").await, admit(&store, "ben").await);
        let hold = by(&ada, Statement::Hold {
            case: "2026-17".into(),
            reason: "Notice of claim".into(),
            scope: Scope::default(),
        });
        let hash = hold.hash();
        let order = B64(hash.to_vec());
        let agreed = by(&ben, Statement::Approval {
            order: order.clone(),
            reason: "Seen".into(),
            share: None,
        });
        let mut tx = store.write().await.unwrap();
        for (signed, kind) in [(&hold, "hold"), (&agreed, "approval")] {
            tx.put_statement(NewStatement { signed, kind }, NOW).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut tx = store.write().await.unwrap();
        let again = NewStatement { signed: &hold, kind: "hold" };
        assert!(tx.put_statement(again, NOW).await.unwrap_err().is_conflict());
        drop(tx);

        let mut tx = store.write().await.unwrap();
        assert_eq!(tx.orders_waiting(ada.user).await.unwrap(), (1, 1));
        assert_eq!(tx.orders_waiting(ben.user).await.unwrap(), (1, 0));
        assert_eq!(tx.statements_about(&hash, "approval").await.unwrap().len(), 1);
        assert_eq!(tx.statements_left().await.unwrap().len(), 2);
        assert!(tx.take_statement(&hash, NOW).await.unwrap());
        assert!(!tx.take_statement(&hash, NOW).await.unwrap());
        assert_eq!(tx.statements_left().await.unwrap(), [agreed]);

        let outcome = by(&ben, Statement::Outcome { order, came: Came::Held });
        assert!(tx.settle_statement(&hash, "held", &outcome, NOW).await.unwrap());
        assert!(!tx.settle_statement(&hash, "refused", &outcome, NOW).await.unwrap());
        assert!(!tx.settle_statement(&[0; 32], "held", &outcome, NOW).await.unwrap());
        let orders = tx.record_orders().await.unwrap();
        assert_eq!(orders.len(), 1);
        assert_eq!(orders[0].state, "held");
        assert_eq!(orders[0].outcome.as_ref(), Some(&outcome));
        let came = Came::Ended { hold: B64(hash.to_vec()) };
        let ended = by(&ben, Statement::Outcome { order: B64(vec![7; 32]), came });
        assert!(tx.end_hold(&hash, &ended, NOW).await.unwrap());
        assert!(!tx.end_hold(&hash, &outcome, NOW).await.unwrap());
        assert!(!tx.end_hold(&[0; 32], &ended, NOW).await.unwrap());
        let over = &tx.record_orders().await.unwrap()[0];
        assert_eq!(over.state, "ended");
        assert_eq!((over.outcome.as_ref(), over.ended.as_ref()), (Some(&outcome), Some(&ended)));

        let key = by(&ben, Statement::CustodianKey { key: B64(vec![1]) });
        let new = NewStatement { signed: &key, kind: "custodian_key" };
        tx.put_statement(new, NOW).await.unwrap();
        assert_eq!(tx.custodian_keys().await.unwrap().len(), 1);
        tx.forget_custodian_key(ben.user).await.unwrap();
        assert!(tx.custodian_keys().await.unwrap().is_empty());

        for (kind, user) in [("destruction", None), ("share", Some(ben.user))] {
            let signed = by(&ada, Statement::CustodianKey { key: B64(kind.into()) });
            assert!(tx.put_record_result(&signed, kind, user).await.unwrap());
            assert!(!tx.put_record_result(&signed, kind, user).await.unwrap());
            assert_eq!(tx.record_results(kind).await.unwrap(), [signed]);
            assert_eq!(tx.record_results_count(kind).await.unwrap(), 1);
            tx.forget_record_results(kind, user).await.unwrap();
            assert_eq!(tx.record_results_count(kind).await.unwrap(), 0);
        }
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn a_custodians_key_is_found_without_looking_at_every_statement(db) {
        if !db.is_sqlite() {
            return;
        }
        let pool = sqlx::SqlitePool::connect(&db.config.url).await.unwrap();
        for sql in [
            "EXPLAIN QUERY PLAN SELECT body_sealed FROM record_statements
             WHERE kind = 'custodian_key' ORDER BY handed_at, statement_id LIMIT 300",
            "EXPLAIN QUERY PLAN DELETE FROM record_statements
             WHERE kind = 'custodian_key' AND user_id = x'02'",
        ] {
            let plan: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(sql).fetch_all(&pool).await.unwrap();
            let uses = |(.., step): &(i64, i64, i64, String)| {
                step.contains("INDEX record_statements_by_kind")
            };
            assert!(plan.iter().any(uses), "{plan:?}");
        }
    }
}

store_test! {
    async fn the_mark_of_records_moves_with_each_step_and_with_nothing_else(db) {
        let store = db.store();
        let ada = admit(&store, "ada").await;
        let hold = by(&ada, Statement::Hold {
            case: "2026-17".into(),
            reason: "Notice of claim".into(),
            scope: Scope::default(),
        });
        let hash = hold.hash();
        let order = B64(hash.to_vec());
        let held = by(&ada, Statement::Outcome { order: order.clone(), came: Came::Held });
        let ended = by(&ada, Statement::Outcome {
            order: B64(vec![7; 32]),
            came: Came::Ended { hold: order },
        });
        let mut tx = store.write().await.unwrap();
        let mut marks = vec![tx.records_mark().await.unwrap()];
        macro_rules! moves {
            () => {
                let mark = tx.records_mark().await.unwrap();
                assert!(!marks.contains(&mark), "after {} steps", marks.len());
                assert_eq!(mark, tx.records_mark().await.unwrap());
                marks.push(mark);
            };
        }
        tx.put_statement(NewStatement { signed: &hold, kind: "hold" }, NOW).await.unwrap();
        moves!();
        assert!(tx.take_statement(&hash, NOW).await.unwrap());
        moves!();
        assert!(tx.settle_statement(&hash, "held", &held, NOW).await.unwrap());
        moves!();
        assert!(tx.end_hold(&hash, &ended, NOW).await.unwrap());
        moves!();
        // The next of everything: of destruction many at a moment, and what takes another one's place.
        for (kind, count) in [("destruction", 3), ("outcome", 1), ("share", 1), ("in_force", 1)] {
            for number in 0..count {
                let key = B64(format!("{kind} {number}").into());
                let signed = by(&ada, Statement::CustodianKey { key });
                assert!(tx.put_record_result(&signed, kind, None).await.unwrap());
                moves!();
                assert!(!tx.put_record_result(&signed, kind, None).await.unwrap());
                assert_eq!(Some(&tx.records_mark().await.unwrap()), marks.last());
            }
        }
        let mut signed = by(&ada, Statement::CustodianKey { key: B64(vec![1]) });
        signed.issued_at = NOW + 1;
        tx.forget_record_results("in_force", None).await.unwrap();
        assert!(tx.put_record_result(&signed, "in_force", None).await.unwrap());
        moves!();
        let key = by(&ada, Statement::CustodianKey { key: B64(vec![2]) });
        let new = NewStatement { signed: &key, kind: "custodian_key" };
        tx.put_statement(new, NOW).await.unwrap();
        moves!();
        tx.forget_custodian_key(ada.user).await.unwrap();
        let key = by(&ada, Statement::CustodianKey { key: B64(vec![3]) });
        let new = NewStatement { signed: &key, kind: "custodian_key" };
        tx.put_statement(new, NOW + 1).await.unwrap();
        moves!();
        tx.commit().await.unwrap();
    }
}
