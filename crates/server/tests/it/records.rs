//! Legal holds, their end and what retention ends, through the API: officers hand in what their devices
//! signed, the record keeper does it, and the server has no say.

use std::collections::BTreeSet;

use serde_json::json;
use wardline_audit::event::Outcome;
use wardline_client::platform::Platform;
use wardline_client::{Client, ClientError};
use wardline_client_native::NativeClient;
use wardline_keeper::custody::{self, Custodians, SealKey};
use wardline_keeper::retention::Retention;
use wardline_keeper::{Records, Rules, Terms, mailbox};
use wardline_model::statement::{Came, Refused, Scope, SignedStatement, Statement};
use wardline_model::wire::messages::{EntryKind, Priority};
use wardline_model::wire::records::{OrderState, RecordsOrder};
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{B64, GroupId};
use wardline_store::NewStatement;
use zeroize::Zeroizing;

use crate::support::socket::Socket;
use crate::support::ward::{Odd, Ward, me, say, socket};
use crate::support::{Engine, story};

const REASON: &str = "Notice of claim of the Haddad family";
const MINUTE: u64 = 60 * 1000;

/// Hands in with a proof that is given for it.
async fn hand_in(
    signed: &SignedStatement,
    client: &mut NativeClient,
) -> Result<RecordsOrder, ClientError> {
    client.prove_again(&["records"]).await.unwrap();
    client.hand_in(signed).await
}

fn sign<P: Platform>(client: &Client<P>, statement: Statement) -> SignedStatement {
    client.sign_statement(statement).unwrap()
}

fn hold_of(group: GroupId) -> Statement {
    Statement::Hold {
        case: "2026-17".to_owned(),
        reason: REASON.to_owned(),
        scope: Scope {
            groups: vec![group],
            ..Scope::default()
        },
    }
}

/// One of many holds.
fn hold_number(number: u32) -> Statement {
    Statement::Hold {
        case: format!("2026-{number}"),
        reason: REASON.to_owned(),
        scope: Scope::default(),
    }
}

fn agree(client: &NativeClient, order: &SignedStatement) -> SignedStatement {
    sign(
        client,
        Statement::Approval {
            order: B64(order.hash().to_vec()),
            reason: "Seen the notice".to_owned(),
            share: None,
        },
    )
}

#[track_caller]
fn refused<T>(answer: Result<T, ClientError>, problem: &str) {
    let error = answer.err().unwrap();
    assert!(error.is_problem(problem), "{error:?}");
}

/// The record keeper's look, whole.
async fn look<P: Platform>(keeper: &mut Client<P>, records: &Records) {
    records.fetch(keeper).await.unwrap();
    let tended = records.tend(keeper, &[]).await.unwrap();
    for export in &tended.exports {
        records.written(keeper, export).await.unwrap();
    }
    assert!(mailbox::tell(keeper, |_| true).await.unwrap().is_empty());
}

async fn order(client: &mut NativeClient, signed: &SignedStatement) -> RecordsOrder {
    let list = client.records().await.unwrap();
    let mut orders = list.orders.into_iter();
    orders.find(|order| order.signed == *signed).unwrap()
}

story!(a_hold_that_two_officers_agreed_on_stops_destruction_until_they_end_it);
async fn a_hold_that_two_officers_agreed_on_stops_destruction_until_they_end_it(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let tomas = ward.person("tomas.herrera").await;
    let mut margaret = ward.person("margaret.sloane").await;
    let mut jonas = ward.person("jonas.brandt").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "K 6.8, repeat is running").await;
    ward.keep(Rules::default()).await;
    let records = Records::new(Terms {
        retention: Some(Retention {
            days: 30,
            ..Retention::default()
        }),
        officers: BTreeSet::from([me(&margaret), me(&jonas)]),
        custodians: None,
    });
    let home = ward.home("keeper");
    drop(ward.keeper);
    let hospital = ward.hospital;
    let mut keeper = Odd::keeper(&home, &hospital.url).await;
    keeper.sync().await.unwrap();
    look(&mut keeper, &records).await;
    assert_eq!(hospital.events("records.in_force").await.len(), 1);

    // Not without a proof for it, not by anybody else, and nothing that was changed on the way.
    let hold = sign(&margaret, hold_of(group));
    refused(margaret.hand_in(&hold).await, "step-up-required");
    refused(
        hand_in(&sign(&amara, hold_of(group)), &mut amara).await,
        "denied",
    );
    refused(hand_in(&hold, &mut jonas).await, "statement-refused");
    let mut changed = hold.clone();
    if let Statement::Hold { scope, .. } = &mut changed.statement {
        *scope = Scope::default();
    }
    refused(hand_in(&changed, &mut margaret).await, "statement-refused");
    refused(amara.records().await, "denied");
    hand_in(&hold, &mut margaret).await.unwrap();
    // Again changes nothing.
    hand_in(&hold, &mut margaret).await.unwrap();
    assert_eq!(margaret.records().await.unwrap().orders.len(), 1);

    // One alone is not enough, not twice either.
    refused(
        hand_in(&agree(&margaret, &hold), &mut margaret).await,
        "statement-refused",
    );
    look(&mut keeper, &records).await;
    let waiting = order(&mut jonas, &hold).await;
    assert_eq!(waiting.state, OrderState::Waiting);
    assert!(waiting.taken_at.is_some());
    assert!(hospital.events("records.held").await.is_empty());

    jonas.verify_statement(&hold).await.unwrap();
    let agreed = agree(&jonas, &hold);
    hand_in(&agreed, &mut jonas).await.unwrap();
    hand_in(&agreed, &mut jonas).await.unwrap();
    let once_more = agree(&jonas, &hold);
    if once_more != agreed {
        refused(hand_in(&once_more, &mut jonas).await, "statement-refused");
    }
    // It is in force; the record keeper dies before it could say so, and says it then.
    records.fetch(&mut keeper).await.unwrap();
    let tended = records.tend(&mut keeper, &[]).await.unwrap();
    assert_eq!(tended.done.len(), 1, "{tended:?}");
    drop(keeper);
    let mut keeper = Odd::keeper(&home, &hospital.url).await;
    keeper.sync().await.unwrap();
    look(&mut keeper, &records).await;
    let held = order(&mut jonas, &hold).await;
    assert_eq!(held.state, OrderState::Held);
    let outcome = held.outcome.unwrap();
    jonas.verify_statement(&outcome).await.unwrap();
    assert!(jonas.keeps_records_of(outcome.device_id));
    assert_eq!(outcome.about(), Some(&held.hash));
    // Told again, it happened once.
    keeper.tell_result(&outcome).await.unwrap();
    assert_eq!(hospital.events("records.held").await.len(), 1);
    assert_eq!(hospital.events("records.told_again").await.len(), 1);

    // Forty days on, nothing of it is destroyed.
    let ahead = 40 * 24 * 60 * 60 * 1000;
    keeper.platform().ahead_ms.set(ahead);
    let tended = records.tend(&mut keeper, &[]).await.unwrap();
    assert!(tended.destroyed.is_empty());
    keeper.platform().ahead_ms.set(0);

    let end = sign(
        &jonas,
        Statement::EndHold {
            hold: B64(hold.hash().to_vec()),
            reason: "Settled".to_owned(),
        },
    );
    hand_in(&end, &mut jonas).await.unwrap();
    hand_in(&agree(&margaret, &end), &mut margaret)
        .await
        .unwrap();
    look(&mut keeper, &records).await;
    assert_eq!(order(&mut jonas, &hold).await.state, OrderState::Ended);
    assert_eq!(order(&mut jonas, &end).await.state, OrderState::Done);
    keeper.platform().ahead_ms.set(ahead);
    let tended = records.tend(&mut keeper, &[]).await.unwrap();
    assert_eq!(tended.destroyed.len(), 1);
    keeper.platform().ahead_ms.set(0);
    assert!(keeper.kept(group, 0, u64::MAX).unwrap().is_empty());
    assert!(
        mailbox::tell(&mut keeper, |_| true)
            .await
            .unwrap()
            .is_empty()
    );

    let list = jonas.records().await.unwrap();
    assert_eq!(list.destroyed_count, 1);
    let [destroyed] = &list.destroyed[..] else {
        panic!("one record of destruction")
    };
    jonas.verify_statement(destroyed).await.unwrap();
    let events = hospital.events("records.destroyed").await;
    let [event] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(event.detail["group"], group.to_string());
    assert_eq!(event.detail["count"], 1);
    assert_eq!(event.detail["rule"], "direct: 30 days");
    // A server that changes an order on its way finds nobody who believes it.
    let (store, _) = hospital.seize();
    let mut tx = store.write().await.unwrap();
    let new = NewStatement {
        signed: &changed,
        kind: "hold",
    };
    tx.put_statement(new, changed.issued_at).await.unwrap();
    tx.commit().await.unwrap();
    drop(store);
    assert!(jonas.verify_statement(&changed).await.is_err());
    look(&mut keeper, &records).await;
    assert_eq!(hospital.events("records.held").await.len(), 1);

    // The log has all of it, and no word of why.
    for (kind, count) in [
        ("records.ordered", 2 + 1 + 2),
        ("records.agreed", 2 + 1 + 2),
        ("records.held", 1),
        ("records.hold_ended", 1),
    ] {
        let events = hospital.events(kind).await;
        assert!(
            !events.is_empty() && events.len() <= count,
            "{kind}: {}",
            events.len()
        );
        for event in events {
            let told = serde_json::to_string(&event).unwrap();
            assert!(
                !told.contains("Haddad") && !told.contains("2026-17"),
                "{told}"
            );
        }
    }
}

story!(a_hold_that_was_ended_by_files_is_shown_as_over);
async fn a_hold_that_was_ended_by_files_is_shown_as_over(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut margaret = ward.person("margaret.sloane").await;
    let mut jonas = ward.person("jonas.brandt").await;
    let records = Records::new(Terms {
        officers: BTreeSet::from([me(&margaret), me(&jonas)]),
        ..Terms::default()
    });
    let hold = sign(&margaret, hold_of(GroupId::from_bytes([7; 16])));
    hand_in(&hold, &mut margaret).await.unwrap();
    hand_in(&agree(&jonas, &hold), &mut jonas).await.unwrap();
    look(&mut ward.keeper, &records).await;
    assert_eq!(order(&mut jonas, &hold).await.state, OrderState::Held);

    // The server sees neither the order nor who agreed.
    let end = sign(
        &jonas,
        Statement::EndHold {
            hold: B64(hold.hash().to_vec()),
            reason: "Settled".to_owned(),
        },
    );
    let files = [end.clone(), agree(&margaret, &end)];
    let tended = records.tend(&mut ward.keeper, &files).await.unwrap();
    assert_eq!(tended.done.len(), 1, "{tended:?}");
    let told = mailbox::tell(&mut ward.keeper, |_| true).await;
    assert!(told.unwrap().is_empty());
    let over = order(&mut jonas, &hold).await;
    assert_eq!(over.state, OrderState::Ended);
    let ended = over.ended.unwrap();
    jonas.verify_statement(&ended).await.unwrap();
    assert!(jonas.keeps_records_of(ended.device_id));
    let events = ward.hospital.events("records.hold_ended").await;
    let [event] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(event.detail["by"], "folder");
    assert!(event.detail["hold"].is_string());
    // Nobody ends it again.
    let again = hand_in(&end, &mut jonas).await;
    refused(again, "statement-refused");
}

story!(who_agreed_too_late_or_orders_without_being_an_officer_is_told_so);
async fn who_agreed_too_late_or_orders_without_being_an_officer_is_told_so(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut margaret = ward.person("margaret.sloane").await;
    let mut jonas = ward.person("jonas.brandt").await;
    // The record keeper's host names Margaret alone.
    let records = Records::new(Terms {
        officers: BTreeSet::from([me(&margaret)]),
        ..Terms::default()
    });
    let order_by = |client: &NativeClient| {
        sign(
            client,
            Statement::Release {
                device: client.status().device_id.unwrap(),
                reason: "She is here".to_owned(),
            },
        )
    };
    let (of_margaret, of_jonas) = (order_by(&margaret), order_by(&jonas));
    hand_in(&of_margaret, &mut margaret).await.unwrap();
    hand_in(&of_jonas, &mut jonas).await.unwrap();
    look(&mut ward.keeper, &records).await;
    let told = order(&mut jonas, &of_jonas).await;
    assert_eq!(told.state, OrderState::Refused);
    let outcome = told.outcome.unwrap().statement;
    let Statement::Outcome {
        came: Came::Refused { .. },
        ..
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        order(&mut margaret, &of_margaret).await.state,
        OrderState::Waiting
    );
    refused(
        hand_in(&agree(&jonas, &of_jonas), &mut jonas).await,
        "statement-refused",
    );
    let refusals = ward.hospital.events("records.refused").await;
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].detail["why"], "not_an_officer");

    // As a browser signs and verifies it: the same bytes, and the same hash.
    let statement = json!({
        "type": "hold", "case": "2026-19", "reason": "Preserve", "scope": { "until": 5 },
    });
    let call = json!({ "statement": statement });
    let signed = margaret.call("sign_statement", call).await.unwrap();
    let hold: SignedStatement = serde_json::from_value(signed.clone()).unwrap();
    jonas.verify_statement(&hold).await.unwrap();
    let checked = jonas.call("verify_statement", json!({ "signed": signed }));
    let checked = checked.await.unwrap();
    assert_eq!(checked["hash"], B64(hold.hash().to_vec()).encode());
    assert_eq!(checked["keeper"], false);
    let hashed = jonas.call("hash_statement", json!({ "signed": signed }));
    assert_eq!(hashed.await.unwrap()["hash"], checked["hash"]);
    let mut changed = signed;
    changed["statement"]["scope"]["until"] = json!(6);
    let call = json!({ "signed": changed });
    assert!(jonas.call("verify_statement", call).await.is_err());

    // Nobody but the record keeper says what came of an order, and it says nothing for others.
    let false_word = sign(
        &margaret,
        Statement::Outcome {
            order: B64(of_margaret.hash().to_vec()),
            came: Came::Released,
        },
    );
    refused(margaret.tell_result(&false_word).await, "denied");
    refused(
        ward.keeper.tell_result(&false_word).await,
        "statement-refused",
    );
    refused(margaret.statements_left().await, "denied");
}

/// Writes to a conversation; gives the message's place.
async fn write(client: &mut NativeClient, group: GroupId) -> u64 {
    let queued = client.send(group, "Rounds at ten", Priority::Routine, None);
    let queued = queued.await.unwrap();
    let sent = client.deliver().await.unwrap();
    let sent = sent.iter().find(|sent| sent.id == queued.id).unwrap();
    sent.seq.unwrap()
}

/// How often each socket was told of records before the message that is written now. What the hospital
/// tells comes in order.
async fn told<const N: usize>(
    sockets: &mut [Socket; N],
    client: &mut NativeClient,
    group: GroupId,
) -> [usize; N] {
    let place = write(client, group).await;
    let mut told = [0; N];
    for (socket, told) in sockets.iter_mut().zip(&mut told) {
        loop {
            match socket.next().await.unwrap() {
                ServerFrame::Records => *told += 1,
                ServerFrame::Entry { group: of, entry }
                    if of == group && entry.kind == EntryKind::Message && entry.seq == place =>
                {
                    break;
                }
                _ => {}
            }
        }
    }
    told
}

story!(officers_and_custodians_are_told_at_once_when_an_order_moves_and_nobody_else_is);
async fn officers_and_custodians_are_told_at_once_when_an_order_moves_and_nobody_else_is(
    engine: Engine,
) {
    Box::pin(orders_move(engine)).await;
}

async fn orders_move(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut margaret = ward.person("margaret.sloane").await;
    let mut jonas = ward.person("jonas.brandt").await;
    let mut clara = ward.person("clara.whitfield").await;
    let mut amara = ward.person("amara.osei").await;
    let records = Records::new(Terms {
        officers: BTreeSet::from([me(&margaret), me(&jonas)]),
        custodians: Some(Custodians {
            needed: 2,
            people: BTreeSet::from([me(&clara), me(&jonas)]),
        }),
        ..Terms::default()
    });
    look(&mut ward.keeper, &records).await;
    let everyone = [me(&margaret), me(&clara), me(&amara)];
    let group = jonas.start(&everyone, None, None).await.unwrap();
    for each in [&mut margaret, &mut clara, &mut amara] {
        each.sync().await.unwrap();
    }
    let mut sockets = [
        socket(&ward, &mut margaret).await,
        socket(&ward, &mut jonas).await,
        socket(&ward, &mut clara).await,
        socket(&ward, &mut amara).await,
    ];
    // What was before is over.
    told(&mut sockets, &mut amara, group).await;

    let hold = sign(&margaret, hold_of(group));
    hand_in(&hold, &mut margaret).await.unwrap();
    let now = told(&mut sockets, &mut amara, group).await;
    assert_eq!(now, [1, 1, 1, 0], "handed in");
    // Nothing moves by what is known, or refused.
    hand_in(&hold, &mut margaret).await.unwrap();
    let again = hand_in(&agree(&margaret, &hold), &mut margaret).await;
    refused(again, "statement-refused");
    let now = told(&mut sockets, &mut amara, group).await;
    assert_eq!(now, [0; 4], "nothing new");
    hand_in(&agree(&jonas, &hold), &mut jonas).await.unwrap();
    let now = told(&mut sockets, &mut amara, group).await;
    assert_eq!(now, [1, 1, 1, 0], "agreed to");
    look(&mut ward.keeper, &records).await;
    let now = told(&mut sockets, &mut amara, group).await;
    assert!(
        now[..3].iter().all(|told| *told > 0),
        "carried out: {now:?}"
    );
    assert_eq!(now[3], 0);
    assert_eq!(order(&mut jonas, &hold).await.state, OrderState::Held);
    // Looking moves nothing, so nobody is sent in circles.
    let now = told(&mut sockets, &mut amara, group).await;
    assert_eq!(now, [0; 4], "looked at");
}

story!(a_custodian_whose_share_did_not_fit_agrees_anew_and_an_officer_to_a_hold_does_not);
async fn a_custodian_whose_share_did_not_fit_agrees_anew_and_an_officer_to_a_hold_does_not(
    engine: Engine,
) {
    let mut ward = Ward::open(engine).await;
    let mut margaret = ward.person("margaret.sloane").await;
    let jonas = ward.person("jonas.brandt").await;
    let mut clara = ward.person("clara.whitfield").await;
    let records = Records::new(Terms {
        officers: BTreeSet::from([me(&margaret), me(&jonas)]),
        custodians: Some(Custodians {
            needed: 2,
            people: BTreeSet::from([me(&clara), me(&jonas)]),
        }),
        ..Terms::default()
    });
    look(&mut ward.keeper, &records).await;
    let export = Statement::Export {
        case: "2026-18".to_owned(),
        reason: REASON.to_owned(),
        scope: Scope::default(),
    };
    let export = sign(&margaret, export);
    hand_in(&export, &mut margaret).await.unwrap();
    let key = SealKey::new(&Zeroizing::new([1; 32])).unwrap();
    let agreed = |client: &NativeClient, number: u8| {
        let share = custody::seal(&key.public, &[number; 33], &export.hash()).unwrap();
        let statement = Statement::Approval {
            order: B64(export.hash().to_vec()),
            reason: "Seen the order".to_owned(),
            share: Some(share),
        };
        sign(client, statement)
    };
    for number in 1..=3 {
        let newest = agreed(&clara, number);
        hand_in(&newest, &mut clara).await.unwrap();
        let list = order(&mut margaret, &export).await;
        let [agreement] = &list.agreements[..] else {
            panic!("{} agreements", list.agreements.len())
        };
        assert!(agreement.signed == newest, "the newest counts");
        assert_eq!(agreement.by.id, me(&clara));
    }
    let fourth = agreed(&clara, 4);
    refused(hand_in(&fourth, &mut clara).await, "statement-refused");
}

/// How many orders the log has as taken.
async fn ordered(ward: &Ward) -> usize {
    let events = ward.hospital.events("records.ordered").await;
    let taken = events.iter().filter(|e| e.outcome == Outcome::Allow);
    taken.count()
}

story!(of_orders_that_wait_one_person_has_fifty_and_the_hospital_two_hundred);
async fn of_orders_that_wait_one_person_has_fifty_and_the_hospital_two_hundred(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut margaret = ward.person("margaret.sloane").await;
    let mut jonas = ward.person("jonas.brandt").await;
    let amara = ward.person("amara.osei").await;
    jonas.prove_again(&["records"]).await.unwrap();
    let mut orders = Vec::new();
    for number in 0..50 {
        let order = sign(&jonas, hold_number(number));
        jonas.hand_in(&order).await.unwrap();
        orders.push(order);
    }
    let one_more = sign(&jonas, hold_number(50));
    refused(hand_in(&one_more, &mut jonas).await, "statement-refused");
    assert_eq!(jonas.records().await.unwrap().orders.len(), 50);
    assert_eq!(ordered(&ward).await, 50);
    // Another officer has room, and agreements need none.
    let first = sign(&margaret, hold_number(51));
    hand_in(&first, &mut margaret).await.unwrap();
    let agreed = agree(&margaret, &orders[0]);
    hand_in(&agreed, &mut margaret).await.unwrap();

    // Those of others, as they lie in the store.
    let (store, _) = ward.hospital.seize();
    let mut tx = store.write().await.unwrap();
    for number in 52..201 {
        let signed = sign(&amara, hold_number(number));
        let new = NewStatement {
            signed: &signed,
            kind: "hold",
        };
        tx.put_statement(new, signed.issued_at).await.unwrap();
    }
    tx.commit().await.unwrap();
    drop(store);
    let waits = sign(&margaret, hold_number(201));
    refused(hand_in(&waits, &mut margaret).await, "statement-refused");
    assert_eq!(margaret.records().await.unwrap().orders.len(), 200);
    assert_eq!(ordered(&ward).await, 51);
    // What is there may be handed in again, and agreed to.
    hand_in(&orders[1], &mut jonas).await.unwrap();
    let agreed = agree(&margaret, &orders[1]);
    hand_in(&agreed, &mut margaret).await.unwrap();

    // Where one is settled there is room for one: the very statement that was refused is taken.
    let settled = sign(
        &ward.keeper,
        Statement::Outcome {
            order: B64(orders[2].hash().to_vec()),
            came: Came::Refused {
                why: Refused::NotAnOfficer,
            },
        },
    );
    ward.keeper.tell_result(&settled).await.unwrap();
    let taken = hand_in(&waits, &mut margaret).await.unwrap();
    assert_eq!(taken.state, OrderState::Waiting);
    refused(hand_in(&one_more, &mut jonas).await, "statement-refused");
    let next = sign(&margaret, hold_number(202));
    refused(hand_in(&next, &mut margaret).await, "statement-refused");
    assert_eq!(ordered(&ward).await, 52);
}

story!(a_statement_is_handed_in_within_a_quarter_of_an_hour_of_its_signature);
async fn a_statement_is_handed_in_within_a_quarter_of_an_hour_of_its_signature(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    drop(ward.person("margaret.sloane").await);
    let home = ward.home("margaret.sloane");
    let url = ward.hospital.url.clone();
    let mut margaret = Odd::sign_in(&home, &url, 0).await;
    // Signed by a clock that is ahead, and handed in by one that is right.
    let signed_ahead = |client: &Client<Odd>, number, ms| {
        client.platform().ahead_ms.set(ms);
        let signed = sign(client, hold_number(number));
        client.platform().ahead_ms.set(0);
        signed
    };
    Odd::prove_again(&mut margaret, &url, "records").await;
    let ahead = signed_ahead(&margaret, 1, 15 * MINUTE + MINUTE / 2);
    refused(margaret.hand_in(&ahead).await, "statement-refused");
    let soon = signed_ahead(&margaret, 2, 15 * MINUTE - MINUTE / 2);
    margaret.hand_in(&soon).await.unwrap();

    let (in_time, late) = (
        sign(&margaret, hold_number(3)),
        sign(&margaret, hold_number(4)),
    );
    let wait = async |margaret: &mut Client<Odd>, ms: u64| {
        ward.hospital.clock.advance(ms);
        let ahead = &margaret.platform().ahead_ms;
        ahead.set(ahead.get() + ms);
        Odd::prove_again(margaret, &url, "records").await;
    };
    wait(&mut margaret, 15 * MINUTE - MINUTE / 2).await;
    margaret.hand_in(&in_time).await.unwrap();
    wait(&mut margaret, MINUTE).await;
    refused(margaret.hand_in(&late).await, "statement-refused");
    // What was taken in time stays taken, however late it is said again.
    margaret.hand_in(&in_time).await.unwrap();

    let list = margaret.records().await.unwrap();
    let mut orders: Vec<SignedStatement> = list.orders.into_iter().map(|o| o.signed).collect();
    orders.sort_by_key(|signed| signed.issued_at);
    assert_eq!(orders, [in_time, soon]);
    assert_eq!(ordered(&ward).await, 2);
}
