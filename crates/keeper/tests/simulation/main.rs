//! Whole lives of conversations, with everything that goes wrong on wards: lost phones, new ones,
//! long absences, commits at the same time, lost keys, processes that die between any two steps,
//! requests and answers that do not arrive. Client core, delivery rules and record keeper are the
//! real ones, in memory.
//!
//! However it went, in the end every device of a member reads every message from the times of its
//! person's membership, and none from other times.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]
#![expect(
    clippy::result_large_err,
    clippy::unnecessary_wraps,
    reason = "every route of the hospital has one shape, and a problem is its refusal"
)]
#![expect(clippy::print_stdout, reason = "a trace is for whoever asks for it")]

mod hospital;
mod phone;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use p256::ecdsa::SigningKey;
use wardline_client::client::Prf;
use wardline_client::content::Expiry;
use wardline_client::enroll::Shown;
use wardline_client::views::StatusStage;
use wardline_client::{Client, ClientError};
use wardline_keeper::custody::{self, Custodians, SealKey};
use wardline_keeper::retention::Retention;
use wardline_keeper::{Keeper, Records, Rules, Tended, Terms, mailbox};
use wardline_model::endorsement::Duty;
use wardline_model::statement::{Came, Refused, Scope, SignedStatement, Statement};
use wardline_model::wire::enroll::{DeviceState, Platform as DevicePlatform};
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::sessions::SignIn;
use wardline_model::{B64, ChallengeId, DeviceId, GroupId, MessageId, UserId};
use zeroize::Zeroizing;

use crate::hospital::{Hospital, code_for, keeper};
use crate::phone::{Phone, Rng, World};

/// Lives in `make test`, and in `make soak`.
const LIVES: u64 = 12;
const SOAK_LIVES: u64 = 1_500;
/// Things that happen in a life, and in a soaked one.
const EVENTS: usize = 70;
const SOAK_EVENTS: usize = 160;
/// People, beside the record keeper.
const PEOPLE: u8 = 5;
const HOUR_MS: u64 = 60 * 60 * 1000;
/// 21 September 2026.
const BEGIN: u64 = 1_790_000_000_000;
/// So many rounds without faults are enough to mend everything.
const CALM_ROUNDS: usize = 40;

#[test]
fn no_message_is_kept_from_a_member_and_none_is_given_to_anyone_else() {
    let soak = std::env::var_os("WARDLINE_SOAK").is_some();
    let (lives, events) = if soak {
        (SOAK_LIVES, SOAK_EVENTS)
    } else {
        (LIVES, EVENTS)
    };
    let only: Option<u64> =
        std::env::var_os("WARDLINE_SEED").and_then(|seed| seed.into_string().ok()?.parse().ok());
    let mut counts = Counts::default();
    for seed in only.map_or(0..lives, |seed| seed..seed + 1) {
        Life::new(seed).play(events, &mut counts);
    }
    println!("{lives} lives: {counts:?}");
    if only.is_none() {
        // What is drawn does happen.
        assert!(counts.read > 50 * lives && counts.handed_over > lives);
        assert!(counts.crashes > lives && counts.lost_requests > lives);
        assert!(counts.lost_phones > lives / 2 && counts.lost_keys > lives / 2);
    }
}

#[test]
fn what_retention_ends_is_gone_for_good_and_what_is_held_stays() {
    let mut life = Life::new(1);
    life.run(&[(2, Task::Start(vec![user(2)]))], None);
    life.run(&[(2, Task::Start(vec![user(3)]))], None);
    let groups: Vec<GroupId> = life.conversations();
    let [one, other] = groups[..] else {
        panic!("{groups:?}")
    };
    for group in [one, other] {
        life.run(&[(2, Task::Send(group, "K 6.8".to_owned()))], None);
    }
    for _ in 0..3 {
        life.run(&[(1, Task::Keep)], None);
    }
    let terms = Terms {
        retention: Some(Retention {
            days: 30,
            ..Retention::default()
        }),
        officers: BTreeSet::from([user(2), user(3)]),
        custodians: None,
    };
    let records = Records::new(terms);
    // An officer orders a hold, which is none until another one agrees.
    let hold = life.state(
        3,
        Statement::Hold {
            case: "2026-17".to_owned(),
            reason: "Notice of claim".to_owned(),
            scope: Scope {
                groups: vec![other],
                ..Scope::default()
            },
        },
    );
    let agree = |life: &mut Life, index: usize| {
        life.state(
            index,
            Statement::Approval {
                order: B64(hold.hash().to_vec()),
                reason: "Seen the notice".to_owned(),
                share: None,
            },
        )
    };
    let (own, forged) = (agree(&mut life, 3), agree(&mut life, 2));
    let forged = SignedStatement {
        user_id: user(3),
        ..forged
    };
    let tended = life.tend(&records, &[hold.clone(), own, forged]);
    assert!(tended.done.is_empty(), "{tended:?}");
    let agreement = agree(&mut life, 4);
    let stated = [hold.clone(), agreement];
    assert_eq!(life.tend(&records, &stated).done.len(), 1);
    assert!(life.tend(&records, &stated).done.is_empty(), "once");

    assert_eq!(life.kept(one).len(), 1);
    life.world.hospital.borrow_mut().now += 40 * 24 * HOUR_MS;
    let tended = life.tend(&records, &stated);
    let [destroyed] = &tended.destroyed[..] else {
        panic!("{tended:?}")
    };
    let Statement::Destruction { group, count, .. } = &destroyed.statement else {
        panic!("{destroyed:?}")
    };
    assert_eq!((*group, *count), (one, 1));
    let key = life.world.hospital.borrow().key_of(life.handsets[1].id());
    assert!(wardline_credential::chain::is_signed_by(destroyed, &key));
    for _ in 0..2 {
        assert!(life.kept(one).is_empty());
        assert_eq!(life.kept(other), ["K 6.8"]);
        // The same after a restart.
        life.handsets[1].client = None;
        life.run(&[(1, Task::Keep)], None);
    }

    let end = life.state(
        4,
        Statement::EndHold {
            hold: B64(hold.hash().to_vec()),
            reason: "Settled".to_owned(),
        },
    );
    let agreement = life.state(
        3,
        Statement::Approval {
            order: B64(end.hash().to_vec()),
            reason: "Settled".to_owned(),
            share: None,
        },
    );
    // Phones drop what was destroyed, and nothing that is held.
    let on_phone = |life: &Life, group: GroupId| -> Vec<String> {
        let client = life.handsets[2].client.as_ref().unwrap();
        let messages = client.messages(group, None, usize::MAX).unwrap();
        let said = messages.into_iter().filter(|m| m.notice.is_none());
        said.map(|m| m.text).collect()
    };
    let keep = |life: &mut Life| {
        for _ in 0..3 {
            life.run(&[(1, Task::Keep)], None);
            life.run(&[(2, Task::Sync)], None);
        }
    };
    keep(&mut life);
    assert!(on_phone(&life, one).is_empty());
    assert_eq!(on_phone(&life, other), ["K 6.8"]);
    let tended = life.tend(&records, &[end, agreement]);
    assert_eq!(tended.destroyed.len(), 1);
    assert!(life.kept(other).is_empty());
    keep(&mut life);
    assert!(on_phone(&life, other).is_empty());
    let client = life.handsets[2].client.as_ref().unwrap();
    let messages = client.messages(other, None, usize::MAX).unwrap();
    let told = messages.into_iter().filter_map(|m| m.notice_text);
    let removed = told.filter(|text| text.ends_with("were removed under the retention rule."));
    assert_eq!(removed.count(), 1);
}

#[test]
fn what_the_server_says_is_old_is_kept_as_long_as_it_has_been_here() {
    let mut life = Life::new(3);
    life.run(&[(2, Task::Start(vec![user(2)]))], None);
    let [group] = life.conversations()[..] else {
        panic!("one conversation")
    };
    life.run(&[(1, Task::Keep)], None);
    life.world.hospital.borrow_mut().says = Some(BEGIN - 7 * 365 * 24 * HOUR_MS);
    life.run(&[(2, Task::Send(group, "K 6.8".to_owned()))], None);
    life.world.hospital.borrow_mut().says = None;
    let records = Records::new(Terms {
        retention: Some(Retention {
            days: 30,
            ..Retention::default()
        }),
        ..Terms::default()
    });
    for _ in 0..2 {
        life.keep(&[2, 3]);
        assert!(life.tend(&records, &[]).destroyed.is_empty());
        assert_eq!(life.kept(group), ["K 6.8"]);
        assert_eq!(life.said(3, group), ["K 6.8"]);
        life.world.hospital.borrow_mut().now += 20 * 24 * HOUR_MS;
    }
    // Its time is over by the record keeper's clock, and the phones know which message is meant.
    let destroyed = life.tend(&records, &[]).destroyed;
    assert_eq!(destroyed.len(), 1);
    life.keep(&[2, 3]);
    assert!(life.kept(group).is_empty());
    assert!(life.said(2, group).is_empty() && life.said(3, group).is_empty());
}

#[test]
fn what_is_said_to_be_of_a_week_that_ended_stays_on_the_phones_as_long_as_it_is_kept() {
    let mut life = Life::new(4);
    life.run(&[(2, Task::Start(vec![user(2)]))], None);
    let [group] = life.conversations()[..] else {
        panic!("one conversation")
    };
    life.run(&[(2, Task::Send(group, "K 6.8".to_owned()))], None);
    life.keep(&[2, 3]);
    life.world.hospital.borrow_mut().now += 30 * 24 * HOUR_MS;
    life.world.hospital.borrow_mut().says = Some(BEGIN);
    life.run(&[(2, Task::Send(group, "K 4.1".to_owned()))], None);
    life.world.hospital.borrow_mut().says = None;
    life.keep(&[2, 3]);
    let records = Records::new(Terms {
        retention: Some(Retention {
            days: 60,
            ..Retention::default()
        }),
        ..Terms::default()
    });
    life.world.hospital.borrow_mut().now += 40 * 24 * HOUR_MS;
    assert_eq!(life.tend(&records, &[]).destroyed.len(), 1);
    life.keep(&[2, 3]);
    assert_eq!(life.kept(group), ["K 4.1"]);
    assert_eq!(life.said(3, group), ["K 4.1"]);
}

#[test]
fn a_phone_that_was_away_keeps_what_it_just_got_until_it_is_old_enough() {
    let mut life = Life::new(5);
    life.run(&[(2, Task::Start(vec![user(2)]))], None);
    let [group] = life.conversations()[..] else {
        panic!("one conversation")
    };
    life.keep(&[2, 3]);
    life.run(&[(2, Task::Send(group, "K 6.8".to_owned()))], None);
    life.keep(&[2]);
    life.world.hospital.borrow_mut().now += 35 * 24 * HOUR_MS;
    life.keep(&[3]);
    let records = Records::new(Terms {
        retention: Some(Retention {
            days: 30,
            ..Retention::default()
        }),
        ..Terms::default()
    });
    life.world.hospital.borrow_mut().now += 5 * 24 * HOUR_MS;
    assert_eq!(life.tend(&records, &[]).destroyed.len(), 1);
    life.keep(&[2, 3]);
    assert!(life.said(2, group).is_empty());
    assert_eq!(life.said(3, group), ["K 6.8"], "it came five days ago");
    life.world.hospital.borrow_mut().now += 25 * 24 * HOUR_MS;
    life.keep(&[3]);
    assert!(life.said(3, group).is_empty());
}

#[test]
fn what_the_server_held_back_until_it_was_refused_does_not_end_a_hold_later() {
    let mut life = Life::new(6);
    let records = Records::new(Terms {
        officers: BTreeSet::from([user(2), user(3)]),
        ..Terms::default()
    });
    let hold = life.state(
        3,
        Statement::Hold {
            case: "2026-17".to_owned(),
            reason: "Notice of claim".to_owned(),
            scope: Scope::default(),
        },
    );
    let agreed = life.agree(4, &hold);
    life.tend(&records, &[hold.clone(), agreed]);
    let end = life.state(
        3,
        Statement::EndHold {
            hold: B64(hold.hash().to_vec()),
            reason: "Settled".to_owned(),
        },
    );
    let agreed = life.agree(4, &end);
    let came = |life: &Life| -> Vec<Came> {
        let hospital = life.world.hospital.borrow();
        let of_end = hospital.results.iter().filter_map(|s| match &s.statement {
            Statement::Outcome { order, came } if order.0 == end.hash() => Some(came.clone()),
            _ => None,
        });
        of_end.collect()
    };
    let too_old = Came::Refused {
        why: Refused::TooOld,
    };
    let stands = |life: &Life| {
        let client = life.handsets[1].client.as_ref().unwrap();
        Records::holds(client).unwrap().scopes().count() == 1
    };
    life.hand(&records, std::slice::from_ref(&end));
    assert!(came(&life).is_empty());
    life.world.hospital.borrow_mut().now += 32 * 24 * HOUR_MS;
    life.hand(&records, &[]);
    assert_eq!(came(&life), std::slice::from_ref(&too_old));
    for days in [0, 30, 31, 5] {
        life.world.hospital.borrow_mut().now += days * 24 * HOUR_MS;
        life.hand(&records, &[]);
        life.hand(&records, &[end.clone(), agreed.clone()]);
        assert!(stands(&life));
        assert!(came(&life).iter().all(|came| *came == too_old));
    }

    // Nor where it comes late for the first time; a file on the host is not the server's to hold back.
    let late = life.state(
        3,
        Statement::EndHold {
            hold: B64(hold.hash().to_vec()),
            reason: "Settled at last".to_owned(),
        },
    );
    let agreed = life.agree(4, &late);
    life.world.hospital.borrow_mut().now += 40 * 24 * HOUR_MS;
    life.tend(&records, std::slice::from_ref(&late));
    life.world.hospital.borrow_mut().handed_in = vec![agreed.clone()];
    let client = life.handsets[1].client.as_mut().unwrap();
    alone(records.fetch(client)).unwrap();
    life.tend(&records, std::slice::from_ref(&late));
    assert!(stands(&life));
    life.tend(&records, &[late, agreed]);
    assert!(!stands(&life));
}

#[test]
fn what_the_server_makes_up_is_neither_kept_nor_answered() {
    let mut life = Life::new(7);
    let rule = Custodians {
        needed: 2,
        people: BTreeSet::from([user(2), user(3), user(4)]),
    };
    let records = Records::new(Terms {
        officers: BTreeSet::from([user(2), user(3)]),
        custodians: Some(rule),
        ..Terms::default()
    });
    let hold = |case: &str, reason: &str| Statement::Hold {
        case: case.to_owned(),
        reason: reason.to_owned(),
        scope: Scope::default(),
    };
    let genuine = life.state(3, hold("2026-17", "Notice of claim"));
    let outsiders = life.state(2, hold("2026-18", "Notice of claim"));
    let forged = SignedStatement {
        statement: hold("2026-19", "Made up"),
        ..genuine.clone()
    };
    let strangers = SignedStatement {
        user_id: user(1),
        ..forged.clone()
    };
    let key = Statement::CustodianKey {
        key: B64(vec![7; 32]),
    };
    let others_key = life.state(2, key);
    let large = Statement::Hold {
        case: "2026-20".to_owned(),
        reason: "Notice of claim".to_owned(),
        scope: Scope {
            people: vec![user(1); 3_000],
            ..Scope::default()
        },
    };
    let large = life.state(3, large);
    life.world.hospital.borrow_mut().now += HOUR_MS;
    let ahead = life.state(3, hold("2026-21", "Notice of claim"));
    life.world.hospital.borrow_mut().now -= HOUR_MS / 2;
    let all = [
        forged,
        strangers,
        others_key,
        large,
        ahead.clone(),
        outsiders.clone(),
        genuine.clone(),
    ];
    life.hand(&records, &all);
    let heard = |life: &Life| {
        let client = life.handsets[1].client.as_ref().unwrap();
        mailbox::heard(client).unwrap()
    };
    assert_eq!(heard(&life), std::slice::from_ref(&genuine));
    let answered = |life: &Life| -> Vec<B64> {
        let hospital = life.world.hospital.borrow();
        let about = hospital.results.iter().filter_map(SignedStatement::about);
        about.cloned().collect()
    };
    // Who signed and is no officer is told so; nobody else is told anything.
    assert_eq!(answered(&life), [B64(outsiders.hash().to_vec())]);
    // What is not due is taken when it is; what nobody signed is not asked for for ever.
    life.world.hospital.borrow_mut().now += HOUR_MS;
    life.hand(&records, &all);
    assert_eq!(heard(&life).len(), 2);
    assert!(heard(&life).contains(&ahead));
    assert!(life.world.hospital.borrow().handed_in.is_empty());
}

#[test]
fn a_phone_that_was_out_of_use_as_its_messages_ended_drops_them_when_it_is_back() {
    let mut life = Life::new(8);
    life.run(&[(2, Task::Start(vec![user(2)]))], None);
    let [group] = life.conversations()[..] else {
        panic!("one conversation")
    };
    life.run(&[(2, Task::Send(group, "K 6.8".to_owned()))], None);
    life.keep(&[2, 3]);
    let phone = life.handsets[3].id();
    life.world.hospital.borrow_mut().lose(phone);
    life.keep(&[2]);
    let records = Records::new(Terms {
        retention: Some(Retention {
            days: 30,
            ..Retention::default()
        }),
        ..Terms::default()
    });
    life.world.hospital.borrow_mut().now += 40 * 24 * HOUR_MS;
    assert_eq!(life.tend(&records, &[]).destroyed.len(), 1);
    life.keep(&[2]);
    assert!(life.said(2, group).is_empty());
    life.world.hospital.borrow_mut().now += 20 * 24 * HOUR_MS;
    life.keep(&[2]);
    assert_eq!(life.said(3, group), ["K 6.8"]);

    life.world.hospital.borrow_mut().restore(phone);
    life.run(&[(3, Task::Sync)], None);
    life.keep(&[2, 3]);
    assert!(life.said(3, group).is_empty());
}

#[test]
fn two_of_three_custodians_read_what_was_asked_for_and_fewer_do_not() {
    let mut life = Life::new(2);
    life.run(&[(2, Task::Start(vec![user(2)]))], None);
    let [group] = life.conversations()[..] else {
        panic!("one conversation")
    };
    life.run(&[(2, Task::Send(group, "K 6.8".to_owned()))], None);
    life.run(&[(1, Task::Keep)], None);
    let people = [user(2), user(3), user(4)];
    let rule = Custodians {
        needed: 2,
        people: BTreeSet::from(people),
    };
    let records = Records::new(Terms {
        retention: None,
        officers: BTreeSet::from([user(1)]),
        custodians: Some(rule),
    });
    let keys: Vec<SealKey> = (1..=3)
        .map(|n| SealKey::new(&Zeroizing::new([n; 32])).unwrap())
        .collect();
    let told: Vec<SignedStatement> = keys
        .iter()
        .enumerate()
        .map(|(n, key)| {
            let key = key.public.clone();
            life.state(n + 3, Statement::CustodianKey { key })
        })
        .collect();
    assert!(life.tend(&records, &told[..2]).shares.is_empty());
    let shares = life.tend(&records, &told).shares;
    assert_eq!(shares.len(), 3);
    assert!(life.tend(&records, &told).shares.is_empty(), "once");

    let order = |life: &mut Life, case: &str| {
        life.state(
            2,
            Statement::Export {
                case: case.to_owned(),
                reason: "Court order".to_owned(),
                scope: Scope {
                    people: vec![user(2)],
                    ..Scope::default()
                },
            },
        )
    };
    let (first, second) = (order(&mut life, "2026-17"), order(&mut life, "2026-18"));
    let agree = |life: &mut Life, n: usize, order: &SignedStatement| {
        let share = shares.iter().find_map(|share| match &share.statement {
            Statement::Share {
                custodian,
                keeper_key,
                sealed,
                ..
            } if *custodian == people[n] => {
                let share = keys[n].open(sealed, custodian.as_bytes()).unwrap();
                Some(custody::seal(keeper_key, &share, &order.hash()).unwrap())
            }
            _ => None,
        });
        life.state(
            n + 3,
            Statement::Approval {
                order: B64(order.hash().to_vec()),
                reason: "Seen the order".to_owned(),
                share,
            },
        )
    };
    // A share that is none, of one of three, keeps nobody from it and is named.
    let third = order(&mut life, "2026-19");
    let none = |life: &mut Life, n: usize, order: &SignedStatement| {
        let Statement::Share { keeper_key, .. } = &shares[0].statement else {
            panic!("no share")
        };
        let share = custody::seal(keeper_key, &[7; 33], &order.hash()).unwrap();
        life.state(
            n + 3,
            Statement::Approval {
                order: B64(order.hash().to_vec()),
                reason: "Seen the order".to_owned(),
                share: Some(share),
            },
        )
    };
    let of_none = none(&mut life, 2, &third);
    let named = |tended: &Tended, agreement: &SignedStatement| {
        let mut refused = tended.refused.iter();
        refused.any(|(_, why)| why.contains(&agreement.user_id.to_string()))
    };
    let three = [
        third.clone(),
        of_none.clone(),
        agree(&mut life, 0, &third),
        agree(&mut life, 1, &third),
    ];
    let tended = life.tend(&records, &three);
    assert!(named(&tended, &of_none), "{tended:?}");
    let [export] = &tended.exports[..] else {
        panic!("{tended:?}")
    };
    let Statement::Exported { approvals, .. } = &export.manifest.statement else {
        panic!("{export:?}")
    };
    let of = |agreement: &SignedStatement| B64(agreement.hash().to_vec());
    assert_eq!(approvals.len(), 2, "who took part");
    assert!(!approvals.contains(&of(&of_none)));

    let mut stated = vec![first.clone(), second.clone(), agree(&mut life, 0, &first)];
    // Another order's agreement, one's own twice, and one whose share is of another order.
    stated.push(agree(&mut life, 1, &second));
    stated.push(agree(&mut life, 0, &first));
    let other_share = match agree(&mut life, 1, &second).statement {
        Statement::Approval { share, reason, .. } => Statement::Approval {
            order: B64(first.hash().to_vec()),
            reason,
            share,
        },
        other => panic!("{other:?}"),
    };
    let replayed = life.state(4, other_share);
    assert!(life.tend(&records, &stated).exports.is_empty());
    stated.push(replayed);
    assert!(life.tend(&records, &stated).exports.is_empty());
    stated.pop();
    // A custodian whose device is lost does not count.
    let of_lost = agree(&mut life, 2, &first);
    let lost = life.handsets[5].id();
    life.world.hospital.borrow_mut().lose(lost);
    stated.push(of_lost);
    assert!(life.tend(&records, &stated).exports.is_empty());

    // Nor does one whose share is none, until they agree anew with the right one.
    stated.push(none(&mut life, 1, &first));
    assert!(life.tend(&records, &stated).exports.is_empty());
    life.world.hospital.borrow_mut().now += 60_000;
    let anew = agree(&mut life, 1, &first);
    // In whatever order they come.
    stated.insert(0, anew);
    let tended = life.tend(&records, &stated);
    let [export] = &tended.exports[..] else {
        panic!("{tended:?}")
    };
    assert_eq!(export.files.len(), 1);
    assert!(String::from_utf8_lossy(&export.files[0].1).contains("K 6.8"));
    let Statement::Share { export_key, .. } = &shares[0].statement else {
        panic!("no share")
    };
    let (signed, signature) = (export.manifest.signed_bytes(), export.signature.array());
    assert!(custody::is_signed(
        &signed,
        &export_key.array().unwrap(),
        &signature.unwrap()
    ));
    assert!(life.tend(&records, &stated).exports.is_empty(), "once");
}

#[test]
fn what_a_hold_covers_is_exported_though_it_went_from_the_phones_and_its_time_is_over() {
    let mut life = Life::new(3);
    life.run(&[(2, Task::Start(vec![user(2)]))], None);
    let [group] = life.conversations()[..] else {
        panic!("one conversation")
    };
    life.run(&[(2, Task::Sync), (3, Task::Sync)], None);
    life.say_expiring(2, group, "Door code 4711", Expiry::After(3600));
    life.say_expiring(2, group, "She asked for nobody to know", Expiry::Read);
    life.keep(&[2, 3]);
    assert_eq!(life.said(3, group).len(), 2);
    let reader = life.handsets[3].client.as_mut().unwrap();
    alone(reader.mark_read(group, u64::MAX, &[])).unwrap();
    let people = [user(2), user(3), user(4)];
    let records = Records::new(Terms {
        retention: Some(Retention {
            days: 30,
            ..Retention::default()
        }),
        officers: BTreeSet::from([user(1), user(2)]),
        custodians: Some(Custodians {
            needed: 2,
            people: BTreeSet::from(people),
        }),
    });
    let keys: Vec<SealKey> = (1..=3)
        .map(|n| SealKey::new(&Zeroizing::new([n; 32])).unwrap())
        .collect();
    let told: Vec<SignedStatement> = (0..3)
        .map(|n| {
            let key = keys[n].public.clone();
            life.state(n + 3, Statement::CustodianKey { key })
        })
        .collect();
    let shares = life.tend(&records, &told).shares;
    let hold = life.state(
        3,
        Statement::Hold {
            case: "2026-17".to_owned(),
            reason: "Notice of claim".to_owned(),
            scope: Scope {
                groups: vec![group],
                ..Scope::default()
            },
        },
    );
    let agreed = life.agree(2, &hold);
    assert_eq!(life.tend(&records, &[hold.clone(), agreed]).done.len(), 1);

    // Held or not, it goes from every phone, and is handed to none.
    life.world.hospital.borrow_mut().now += 25 * HOUR_MS;
    life.keep(&[2, 3]);
    for phone in [2, 3] {
        assert_eq!(life.said(phone, group), ["", ""]);
    }
    assert_eq!(life.kept(group), ["", ""]);
    // Nor is it destroyed when its time is over.
    life.world.hospital.borrow_mut().now += 45 * 24 * HOUR_MS;
    life.keep(&[2, 3]);
    assert!(life.tend(&records, &[]).destroyed.is_empty());

    // Two custodians read what was said.
    let export = |life: &mut Life, case: &str| -> Vec<String> {
        let order = life.state(
            2,
            Statement::Export {
                case: case.to_owned(),
                reason: "Court order".to_owned(),
                scope: Scope {
                    groups: vec![group],
                    ..Scope::default()
                },
            },
        );
        let mut stated = vec![order.clone()];
        for n in 0..2 {
            let of = |share: &SignedStatement| match &share.statement {
                Statement::Share {
                    custodian,
                    keeper_key,
                    sealed,
                    ..
                } if *custodian == people[n] => {
                    let share = keys[n].open(sealed, custodian.as_bytes()).unwrap();
                    Some(custody::seal(keeper_key, &share, &order.hash()).unwrap())
                }
                _ => None,
            };
            let agreement = Statement::Approval {
                order: B64(order.hash().to_vec()),
                reason: "Seen the order".to_owned(),
                share: shares.iter().find_map(of),
            };
            stated.push(life.state(n + 3, agreement));
        }
        let tended = life.tend(&records, &stated);
        let [export] = &tended.exports[..] else {
            panic!("{tended:?}")
        };
        let lines = export.files.iter().flat_map(|(_, file)| {
            let file = String::from_utf8_lossy(file);
            file.lines().map(str::to_owned).collect::<Vec<_>>()
        });
        let read = |line: String| {
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            line["text"].as_str().unwrap().to_owned()
        };
        lines.map(read).collect()
    };
    assert_eq!(
        export(&mut life, "2026-17"),
        ["Door code 4711", "She asked for nobody to know"]
    );
    // Once the hold is over, so is the message.
    let end = life.state(
        3,
        Statement::EndHold {
            hold: B64(hold.hash().to_vec()),
            reason: "Settled".to_owned(),
        },
    );
    let agreed = life.agree(2, &end);
    assert_eq!(life.tend(&records, &[end, agreed]).destroyed.len(), 1);
    assert!(export(&mut life, "2026-18").is_empty());
}

#[derive(Debug, Default)]
struct Counts {
    read: u64,
    handed_over: u64,
    crashes: u64,
    lost_requests: u64,
    lost_phones: u64,
    lost_keys: u64,
    messages: u64,
}

/// A device with its process, which may be dead.
struct Handset {
    user: UserId,
    number: u8,
    disk: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
    device: Rc<Cell<Option<DeviceId>>>,
    client: Option<Client<Phone>>,
}

impl Handset {
    fn id(&self) -> DeviceId {
        self.device.get().unwrap()
    }
}

/// What a process does, from when it is started until it is done.
#[derive(Debug, Clone)]
enum Task {
    Sync,
    Keep,
    Send(GroupId, String),
    Start(Vec<UserId>),
    Add(GroupId, UserId),
    Remove(GroupId, UserId),
    Confirm(DeviceId),
}

struct Life {
    seed: u64,
    world: Rc<World>,
    handsets: Vec<Handset>,
    texts: Rc<RefCell<BTreeMap<MessageId, String>>>,
    said: usize,
    crashes: u64,
    lost_phones: u64,
    lost_keys: u64,
}

impl Life {
    fn new(seed: u64) -> Self {
        let world = Rc::new(World {
            hospital: RefCell::new(Hospital::open(BEGIN)),
            rng: Rng::new(seed),
            losses: Cell::new(0),
            lost: Cell::new(0),
        });
        let mut life = Self {
            seed,
            world,
            handsets: Vec::new(),
            texts: Rc::default(),
            said: 0,
            crashes: 0,
            lost_phones: 0,
            lost_keys: 0,
        };
        // The first person's first device is the officer's, which confirms all others.
        life.enroll(user(0), None);
        life.enroll(keeper(), Some(0));
        for number in 1..PEOPLE {
            life.enroll(user(number), Some(0));
        }
        for index in 0..life.handsets.len() {
            let task = if index == 1 { Task::Keep } else { Task::Sync };
            life.run(&[(index, task)], None);
        }
        life
    }

    fn play(mut self, events: usize, counts: &mut Counts) {
        let world = Rc::clone(&self.world);
        let rng = &world.rng;
        for _ in 0..events {
            let losses = [0, 0, 40, 12][rng.below(4)];
            self.world.losses.set(losses);
            let long = rng.one_in(12);
            let passes = if long { 100 * HOUR_MS } else { 60_000 };
            let passed = rng.next() % passes;
            self.world.hospital.borrow_mut().now += passed;
            self.something_happens(rng);
        }
        self.world.losses.set(0);
        for _ in 0..CALM_ROUNDS {
            self.world.hospital.borrow_mut().now += 2 * HOUR_MS;
            for index in 0..self.handsets.len() {
                if self.is_in_use(index) {
                    let task = if index == 1 { Task::Keep } else { Task::Sync };
                    self.run(&[(index, task)], None);
                }
            }
        }
        self.judge(counts);
        counts.crashes += self.crashes;
        counts.lost_requests += self.world.lost.get();
        counts.lost_phones += self.lost_phones;
        counts.lost_keys += self.lost_keys;
    }

    fn conversations(&self) -> Vec<GroupId> {
        let hospital = self.world.hospital.borrow();
        let groups = hospital.groups.iter();
        groups
            .filter(|(_, group)| group.kind != GroupKind::Keeper)
            .map(|(id, _)| *id)
            .collect()
    }

    /// A statement by a device.
    fn state(&mut self, index: usize, statement: Statement) -> SignedStatement {
        self.run(&[(index, Task::Sync)], None);
        let client = self.handsets[index].client.as_ref().unwrap();
        client.sign_statement(statement).unwrap()
    }

    fn tend(&mut self, records: &Records, statements: &[SignedStatement]) -> Tended {
        let client = self.handsets[1].client.as_mut().unwrap();
        let tended = alone(records.tend(client, statements)).unwrap();
        for export in &tended.exports {
            alone(records.written(client, export)).unwrap();
        }
        tended
    }

    /// The texts that the record keeper has.
    fn kept(&self, group: GroupId) -> Vec<String> {
        let client = self.handsets[1].client.as_ref().unwrap();
        let kept = client.history(group, 0, u64::MAX).unwrap();
        kept.into_iter().map(|kept| kept.text).collect()
    }

    /// A device's agreement to an order.
    fn agree(&mut self, index: usize, order: &SignedStatement) -> SignedStatement {
        self.state(
            index,
            Statement::Approval {
                order: B64(order.hash().to_vec()),
                reason: "Seen the notice".to_owned(),
                share: None,
            },
        )
    }

    /// The server hands statements to the record keeper, which does what comes of them and tells it.
    fn hand(&mut self, records: &Records, statements: &[SignedStatement]) -> Tended {
        self.world.hospital.borrow_mut().handed_in = statements.to_vec();
        let client = self.handsets[1].client.as_mut().unwrap();
        alone(records.fetch(client)).unwrap();
        let tended = alone(records.tend(client, &[])).unwrap();
        assert!(alone(mailbox::tell(client, |_| true)).unwrap().is_empty());
        tended
    }

    /// The record keeper and some phones bring themselves up to date, until nothing is under way.
    fn keep(&mut self, phones: &[usize]) {
        for _ in 0..3 {
            self.run(&[(1, Task::Keep)], None);
            for phone in phones {
                self.run(&[(*phone, Task::Sync)], None);
            }
        }
    }

    /// Somebody says what goes by itself.
    fn say_expiring(&mut self, index: usize, group: GroupId, text: &str, expires: Expiry) {
        let client = self.handsets[index].client.as_mut().unwrap();
        let sent = client.send_expiring(group, text, Priority::Routine, None, Some(expires));
        alone(sent).unwrap();
        assert_eq!(alone(client.deliver()).unwrap().len(), 1);
    }

    /// The texts that a phone has.
    fn said(&self, index: usize, group: GroupId) -> Vec<String> {
        let client = self.handsets[index].client.as_ref().unwrap();
        let messages = client.messages(group, None, usize::MAX).unwrap();
        let said = messages.into_iter().filter(|m| m.notice.is_none());
        said.map(|m| m.text).collect()
    }

    fn something_happens(&mut self, rng: &Rng) {
        match rng.below(40) {
            0..=24 => {
                // One to three processes at once, in any order, each of which may die.
                let mut tasks: Vec<(usize, Task)> = Vec::new();
                for _ in 0..=rng.below(3) {
                    let index = self.someone(rng);
                    if tasks.iter().all(|(other, _)| *other != index) {
                        tasks.push((index, self.task(rng, index)));
                    }
                }
                let dies = rng.one_in(5).then(|| rng.below(60));
                self.run(&tasks, dies);
            }
            25..=29 => self.run(&[(1, Task::Keep)], rng.one_in(4).then(|| rng.below(80))),
            30 => {
                // Every process ends, as over a restart of the phones.
                for handset in &mut self.handsets {
                    handset.client = None;
                }
            }
            31 | 32 => {
                // What the record keeper cannot read is not retained: its disk is backed up.
                let index = 2 + rng.below(self.handsets.len() - 2);
                if self.is_in_use(index) {
                    self.lose_keys(rng, index);
                }
            }
            33 => {
                // Phones are lost, the officer's and the record keeper's are looked after.
                let index = self.someone(rng);
                if index > 1 {
                    let id = self.handsets[index].id();
                    self.world.hospital.borrow_mut().lose(id);
                    self.handsets[index].client = None;
                    self.lost_phones += 1;
                }
            }
            34 | 35 => {
                let person = user(u8::try_from(rng.below(PEOPLE.into())).unwrap());
                let own = (0..self.handsets.len())
                    .find(|index| self.handsets[*index].user == person && self.is_in_use(*index));
                let many = self.handsets.iter().filter(|h| h.user == person).count() > 4;
                if !many {
                    let by = own.filter(|_| rng.one_in(2)).unwrap_or(0);
                    self.world.losses.set(0);
                    self.enroll(person, Some(by));
                }
            }
            _ => {
                let index = self.someone(rng);
                let task = if index == 1 { Task::Keep } else { Task::Sync };
                self.run(&[(index, task)], None);
            }
        }
    }

    fn task(&mut self, rng: &Rng, index: usize) -> Task {
        if index == 1 {
            return Task::Keep;
        }
        let groups: Vec<GroupId> = {
            let hospital = self.world.hospital.borrow();
            let id = self.handsets[index].id();
            let groups = hospital.groups.iter();
            groups
                .filter(|(_, g)| g.kind != GroupKind::Keeper && g.joined.contains_key(&id))
                .map(|(id, _)| *id)
                .collect()
        };
        let someone = user(u8::try_from(rng.below(PEOPLE.into())).unwrap());
        if groups.is_empty() || rng.one_in(14) {
            let others = [
                someone,
                user(u8::try_from(rng.below(PEOPLE.into())).unwrap()),
            ];
            return Task::Start(others.to_vec());
        }
        let group = groups[rng.below(groups.len())];
        match rng.below(16) {
            0 => Task::Add(group, someone),
            1 => Task::Remove(group, someone),
            2 | 3 => Task::Sync,
            _ => {
                self.said += 1;
                Task::Send(group, format!("what was said {}", self.said))
            }
        }
    }

    fn someone(&self, rng: &Rng) -> usize {
        let in_use: Vec<usize> = (0..self.handsets.len())
            .filter(|index| self.is_in_use(*index))
            .collect();
        in_use[rng.below(in_use.len())]
    }

    fn is_in_use(&self, index: usize) -> bool {
        let hospital = self.world.hospital.borrow();
        hospital.devices[&self.handsets[index].id()]
            .state
            .is_in_use()
    }

    /// The keys of a conversation are gone from a device's disk.
    fn lose_keys(&mut self, rng: &Rng, index: usize) {
        let handset = &mut self.handsets[index];
        handset.client = None;
        let mut disk = handset.disk.borrow_mut();
        let groups: BTreeSet<String> = disk
            .keys()
            .filter_map(|name| Some(name.strip_prefix("v/m/")?.split_once('/')?.0.to_owned()))
            .collect();
        if let Some(group) = groups.iter().nth(rng.below(groups.len())) {
            let gone = format!("v/m/{group}/");
            disk.retain(|name, _| !name.starts_with(&gone));
            self.lost_keys += 1;
        }
    }

    /// A new device for a person, confirmed by another one (`None` for the very first).
    fn enroll(&mut self, person: UserId, by: Option<usize>) {
        let number = u8::try_from(self.handsets.len() + 1).unwrap();
        let mut handset = Handset {
            user: person,
            number,
            disk: Rc::default(),
            device: Rc::default(),
            client: None,
        };
        let mut client = self.process(&handset);
        let enrolling = async {
            let code = code_for(person);
            let started = client
                .enroll_start(&code, "Phone", DevicePlatform::Native, None)
                .await?;
            let credential = serde_json::json!({"id": "passkey"});
            client
                .enroll_finish(credential, prf(number), Shown::default())
                .await?;
            Ok::<_, ClientError>(started.device_id)
        };
        let device = alone(enrolling).unwrap();
        handset.device.set(Some(device));
        handset.client = Some(client);
        self.handsets.push(handset);
        let index = self.handsets.len() - 1;
        if let Some(by) = by {
            self.run(&[(by, Task::Confirm(device))], None);
        }
        let mut client = self.handsets[index].client.take().unwrap();
        let state = alone(client.enroll_poll()).unwrap();
        assert_eq!(state, DeviceState::Active, "seed {}", self.seed);
        self.handsets[index].client = Some(client);
    }

    /// A process of a device, over what its disk has.
    fn process(&self, handset: &Handset) -> Client<Phone> {
        let phone = Phone {
            world: Rc::clone(&self.world),
            disk: Rc::clone(&handset.disk),
            device: Rc::clone(&handset.device),
            key: SigningKey::from_slice(&[handset.number; 32]).unwrap(),
        };
        let kept = handset.disk.borrow();
        let kept = kept.iter().map(|(n, v)| (n.clone(), v.clone())).collect();
        Client::open(phone, "https://hospital.example", kept)
    }

    /// Runs processes side by side. One of them dies after so many steps, where that is given.
    fn run(&mut self, tasks: &[(usize, Task)], dies: Option<usize>) {
        let mut running = Vec::new();
        for (index, task) in tasks {
            let client = match self.handsets[*index].client.take() {
                Some(client) => client,
                None => self.process(&self.handsets[*index]),
            };
            let number = self.handsets[*index].number;
            let texts = Rc::clone(&self.texts);
            let process = Box::pin(perform(client, number, task.clone(), texts));
            running.push((
                *index,
                process as Pin<Box<dyn Future<Output = Client<Phone>>>>,
            ));
        }
        let mut steps = 0;
        let mut cx = Context::from_waker(Waker::noop());
        while !running.is_empty() {
            let next = self.world.rng.below(running.len());
            if dies == Some(steps) {
                drop(running.swap_remove(next));
                self.crashes += 1;
            } else if let Poll::Ready(client) = running[next].1.as_mut().poll(&mut cx) {
                let (index, _) = running.swap_remove(next);
                self.handsets[index].client = Some(client);
            }
            steps += 1;
            assert!(steps < 200_000, "seed {}: it does not end", self.seed);
        }
    }

    /// Every member's device has what it is entitled to, and nothing else.
    fn judge(&mut self, counts: &mut Counts) {
        let seed = self.seed;
        let hospital = self.world.hospital.borrow();
        for handset in &self.handsets {
            let in_use = hospital.devices[&handset.id()].state.is_in_use();
            if handset.user == keeper() || !in_use {
                continue;
            }
            let client = handset.client.as_ref().unwrap();
            for (id, group) in &hospital.groups {
                if group.kind == GroupKind::Keeper {
                    continue;
                }
                let whose = format!(
                    "seed {seed}: device {} of {:?} in {id}",
                    handset.number, handset.user
                );
                let (may, may_not) = group.of(handset.user);
                let shown = client.messages(*id, None, usize::MAX).unwrap();
                let handed = shown
                    .iter()
                    .filter(|m| m.notice == Some(wardline_client::views::Notice::HandedOver));
                counts.handed_over += u64::try_from(handed.count()).unwrap();
                let there: BTreeMap<MessageId, &str> = shown
                    .iter()
                    .filter(|m| m.notice.is_none() && m.seq.is_some())
                    .map(|m| (m.id, m.text.as_str()))
                    .collect();
                for id in may_not {
                    assert!(!there.contains_key(&id), "{whose} reads what is not theirs");
                }
                if !group.members().contains(&handset.user) {
                    continue;
                }
                if group.unknown.contains(&handset.user) {
                    continue;
                }
                assert!(
                    group.joined.contains_key(&handset.id()),
                    "{whose} is not let in"
                );
                counts.messages += 1;
                let missing: Vec<u64> = may
                    .iter()
                    .filter(|id| !there.contains_key(id))
                    .map(|id| {
                        group
                            .entries
                            .iter()
                            .find(|e| e.id == Some(*id))
                            .unwrap()
                            .seq
                    })
                    .collect();
                assert!(
                    missing.is_empty(),
                    "{whose} cannot read {missing:?} of {:?}, sees {:?}",
                    group.tenures,
                    shown
                        .iter()
                        .map(|m| (m.seq, m.notice_text.clone()))
                        .collect::<Vec<_>>()
                );
                for id in may {
                    if let Some(text) = self.texts.borrow().get(&id) {
                        assert_eq!(there[&id], text, "{whose}");
                    }
                    counts.read += 1;
                }
            }
        }
    }
}

/// What a process does. Whatever it is refused, it is as good as done: the person sees why.
async fn perform(
    mut client: Client<Phone>,
    number: u8,
    task: Task,
    texts: Rc<RefCell<BTreeMap<MessageId, String>>>,
) -> Client<Phone> {
    let is_keeper = matches!(task, Task::Keep);
    if is_keeper {
        client.keep_records();
    }
    let done = async {
        if client.status().stage != StatusStage::Open {
            let answer = SignIn {
                challenge_id: ChallengeId::from_bytes([1; 16]),
                credential: serde_json::Value::Null,
                position: None,
            };
            client.sign_in(answer, prf(number)).await?;
        }
        match task {
            Task::Sync => client.sync().await,
            Task::Keep => {
                client.sync().await?;
                let rules = Rules {
                    recovery_wait_ms: 24 * HOUR_MS,
                    ..Rules::default()
                };
                Keeper::new(rules).look(&mut client, None).await.map(|_| ())
            }
            Task::Send(group, text) => {
                let queued = client.send(group, &text, Priority::Routine, None).await?;
                texts.borrow_mut().insert(queued.id, text);
                client.deliver().await.map(|_| ())
            }
            Task::Start(users) => client.start(&users, None, None).await.map(|_| ()),
            Task::Add(group, user) => client.add_people(group, &[user]).await,
            Task::Remove(group, user) => client.remove_person(group, user).await,
            Task::Confirm(device) => {
                let duty = if client.pending_devices().await?.iter().any(|pending| {
                    pending.device.id == device && pending.device.user.id == keeper()
                }) {
                    Duty::KeepsRecords
                } else {
                    Duty::None
                };
                client.confirm_device(device, duty).await.map(|_| ())
            }
        }
    };
    let done: Result<(), ClientError> = done.await;
    if std::env::var_os("WARDLINE_TRACE").is_some()
        && let Err(error) = done
    {
        println!("device {number}: {error:?}");
    }
    client
}

/// Drives what nothing disturbs.
fn alone<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut cx) {
            return done;
        }
    }
}

fn prf(number: u8) -> Prf {
    Prf {
        first: Some(Zeroizing::new(vec![number; 32])),
        second: None,
    }
}

fn user(number: u8) -> UserId {
    UserId::from_bytes([number + 1; 16])
}
