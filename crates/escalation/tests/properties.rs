//! What holds of every chain and every order of answers.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use wardline_escalation::{Chain, End, Input, Level, Next, Output, Page, Terms};
use wardline_model::UserId;

const SENDER: UserId = user(0);
const BEGAN: u64 = 1_700_000_000_000;

const fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn users() -> impl Strategy<Value = BTreeSet<UserId>> {
    proptest::collection::btree_set((0..8_u8).prop_map(user), 0..4)
}

fn chains() -> impl Strategy<Value = Chain> {
    let level = users().prop_map(|users| Level {
        name: "some".to_owned(),
        users,
    });
    let chain = (proptest::collection::vec(level, 0..8), users(), users());
    chain.prop_map(|(levels, unavailable, quiet)| Chain {
        levels,
        unavailable,
        quiet,
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    (100..60_000_u64, 1..8_u64, 1..12_u64).prop_map(|(again, level, whole)| {
        Terms::new(again, again * level, again * level * whole).unwrap()
    })
}

/// Whoever can be asked at all.
fn askable(chain: &Chain) -> BTreeSet<UserId> {
    let users = chain.levels.iter().flat_map(|level| &level.users).copied();
    users
        .filter(|user| *user != SENDER && !chain.unavailable.contains(user))
        .collect()
}

/// Looks at a page whenever it wants to be looked at, until it is over; gives everything that went
/// out with its time.
fn run(page: &mut Page, first: Vec<Output>) -> Vec<(u64, Output)> {
    let mut all: Vec<(u64, Output)> = first.into_iter().map(|out| (BEGAN, out)).collect();
    while let Some(now) = page.next_wake_at() {
        let out = page.step(Input::Tick { now }).unwrap();
        all.extend(out.into_iter().map(|out| (now, out)));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn everyone_who_can_be_asked_is_before_a_page_is_given_up(chain in chains(), terms in terms()) {
        let askable = askable(&chain);
        let last = chain.levels.iter().rev()
            .find(|level| !level.users.is_disjoint(&askable))
            .map(|level| level.users.clone());
        let (mut page, first) = Page::start(terms, SENDER, chain, BEGAN, BEGAN);
        let all = run(&mut page, first);
        let mut alerted: BTreeMap<UserId, Vec<u64>> = BTreeMap::new();
        for (at, out) in &all {
            if let Output::Alert { user, attempt } = out {
                let times = alerted.entry(*user).or_default();
                times.push(*at);
                prop_assert_eq!(times.len(), *attempt as usize);
            }
        }
        prop_assert_eq!(alerted.keys().copied().collect::<BTreeSet<_>>(), askable.clone());
        for times in alerted.values() {
            prop_assert!(times.windows(2).all(|two| two[1] - two[0] >= terms.re_alert_ms()));
        }
        let Some(End::Unanswered { at }) = page.end() else { panic!("{:?}", page.end()) };
        prop_assert!(at - BEGAN <= terms.whole_ms());
        let told = all.iter().find_map(|(_, out)| match out {
            Output::NobodyAnswered { tell } => Some(tell.clone()),
            _ => None,
        });
        let told = told.unwrap();
        prop_assert!(told.contains(&SENDER));
        prop_assert_eq!(told.is_disjoint(&askable), askable.is_empty(), "somebody else hears it");
        if let Some(mut expected) = last {
            expected.insert(SENDER);
            prop_assert_eq!(told, expected);
        }
    }

    #[test]
    fn the_first_who_takes_it_ends_it_for_all(
        chain in chains(), terms in terms(), after in 0..100_u64, who in (1..8_u8).prop_map(user),
    ) {
        let (mut page, _) = Page::start(terms, SENDER, chain, BEGAN, BEGAN);
        for _ in 0..after {
            let Some(now) = page.next_wake_at() else { break };
            page.step(Input::Tick { now }).unwrap();
        }
        let at = BEGAN + 1;
        let open = page.end().is_none();
        let may = open && page.concerns(who);
        let answer = page.step(Input::Acknowledged { user: who, at });
        prop_assert_eq!(answer.is_ok(), may);
        if may {
            prop_assert_eq!(page.end(), Some(End::Acknowledged { by: who, at }));
            prop_assert_eq!(page.next_wake_at(), None);
            prop_assert_eq!(page.step(Input::Tick { now: at + 1_000_000 }), Ok(vec![]));
        }
    }

    #[test]
    fn when_all_say_no_the_sender_hears_it_at_once(chain in chains(), terms in terms()) {
        let askable = askable(&chain);
        let (mut page, _) = Page::start(terms, SENDER, chain, BEGAN, BEGAN);
        // Each no brings the next level's people, so as many rounds as there are people suffice.
        for _ in 0..=askable.len() {
            let waiting: Vec<UserId> = page.asked().iter()
                .filter(|(_, asked)| asked.declined_at.is_none())
                .map(|(user, _)| *user)
                .collect();
            for user in waiting {
                let _ = page.step(Input::Declined { user, at: BEGAN });
            }
        }
        prop_assert_eq!(page.end(), Some(End::Unanswered { at: BEGAN }));
    }

    #[test]
    fn whoever_may_be_disturbed_again_is_asked_at_once(terms in terms()) {
        let level = |name: &str, n: u8| Level {
            name: name.to_owned(),
            users: BTreeSet::from([user(n)]),
        };
        let mut chain = Chain {
            levels: vec![level("recipients", 1), level("backup", 2)],
            unavailable: BTreeSet::from([user(1)]),
            quiet: BTreeSet::new(),
        };
        let (mut page, out) = Page::start(terms, SENDER, chain.clone(), BEGAN, BEGAN);
        let alert = |n| Output::Alert { user: user(n), attempt: 1 };
        let escalate = Output::Escalate { level: 1, users: BTreeSet::from([user(2)]) };
        prop_assert_eq!(out, vec![escalate, alert(2)]);
        chain.unavailable.clear();
        let changed = Input::RosterChanged { chain, at: BEGAN };
        prop_assert_eq!(page.step(changed.clone()), Ok(vec![alert(1)]));
        prop_assert_eq!(page.step(changed), Ok(vec![]));
    }

    #[test]
    fn who_is_not_to_be_disturbed_is_passed_over_at_once_and_asked_before_it_is_given_up(
        chain in chains(), terms in terms(),
    ) {
        let askable = askable(&chain);
        let quiet: BTreeSet<UserId> = askable.intersection(&chain.quiet).copied().collect();
        let (mut page, first) = Page::start(terms, SENDER, chain, BEGAN, BEGAN);
        let all = run(&mut page, first);
        let roused = all.iter().position(|(_, out)| matches!(out, Output::Rouse { .. }));
        prop_assert_eq!(roused.is_some(), !quiet.is_empty());
        let of = |part: &[(u64, Output)]| -> BTreeSet<UserId> {
            part.iter().filter_map(|(_, out)| match out {
                Output::Alert { user, .. } => Some(*user),
                _ => None,
            }).collect()
        };
        let before = of(&all[..roused.unwrap_or(all.len())]);
        let others: BTreeSet<UserId> = askable.difference(&quiet).copied().collect();
        prop_assert_eq!(&before, &others);
        if before.is_empty() && !quiet.is_empty() {
            prop_assert_eq!(page.roused_at(), Some(BEGAN), "there is nobody else");
        }
    }

    #[test]
    fn who_falls_quiet_while_they_are_asked_gives_their_turn_on_at_once(terms in terms()) {
        let level = |name: &str, n: u8| Level {
            name: name.to_owned(),
            users: BTreeSet::from([user(n)]),
        };
        let mut chain = Chain {
            levels: vec![level("recipients", 1), level("backup", 2)],
            ..Chain::default()
        };
        let (mut page, _) = Page::start(terms, SENDER, chain.clone(), BEGAN, BEGAN);
        chain.quiet.insert(user(1));
        let out = page.step(Input::RosterChanged { chain: chain.clone(), at: BEGAN }).unwrap();
        let escalate = Output::Escalate { level: 1, users: BTreeSet::from([user(2)]) };
        let alert = Output::Alert { user: user(2), attempt: 1 };
        prop_assert_eq!(out, vec![escalate, alert]);
        let (at, next) = page.next_step().unwrap();
        prop_assert!(at > BEGAN && at <= BEGAN + terms.level_ms());
        prop_assert_eq!(next, Next::Roused);
        // They may take it all the same.
        let end = End::Acknowledged { by: user(1), at: BEGAN };
        let took = page.step(Input::Acknowledged { user: user(1), at: BEGAN });
        prop_assert_eq!(took, Ok(vec![Output::Ended(end)]));
        prop_assert_eq!(page.next_step(), None);
    }
}

#[test]
fn after_an_outage_the_page_goes_on_where_it_was() {
    let level = |name: &str, n: u8| Level {
        name: name.to_owned(),
        users: BTreeSet::from([user(n)]),
    };
    let chain = Chain {
        levels: vec![level("recipients", 1), level("supervisor", 2)],
        unavailable: BTreeSet::new(),
        quiet: BTreeSet::new(),
    };
    let (mut page, _) = Page::start(Terms::default(), SENDER, chain, BEGAN, BEGAN);
    let hours = BEGAN + 5 * 3_600_000;
    let out = page.step(Input::Tick { now: hours }).unwrap();
    let alert = Output::Alert {
        user: user(1),
        attempt: 2,
    };
    assert_eq!(
        out,
        [alert],
        "nobody was asked meanwhile, so nobody failed to answer"
    );
    assert_eq!(page.end(), None);
}

#[test]
fn nobody_answered_reaches_the_last_level_that_somebody_else_than_the_sender_is_on() {
    let level = |name: &str, users: &[u8]| Level {
        name: name.to_owned(),
        users: users.iter().copied().map(user).collect(),
    };
    let of = |levels: Vec<Level>, unavailable: &[u8]| Chain {
        levels,
        unavailable: unavailable.iter().copied().map(user).collect(),
        quiet: BTreeSet::new(),
    };
    let people = |users: &[u8]| -> BTreeSet<UserId> { users.iter().copied().map(user).collect() };
    let whole = || {
        vec![
            level("recipients", &[1]),
            level("charge_nurse", &[2, 3]),
            level("supervisor", &[4]),
        ]
    };
    assert_eq!(of(whole(), &[]).last(SENDER), people(&[4]));
    // The supervisor's phone is off, and so is one of the two before.
    assert_eq!(of(whole(), &[4, 3]).last(SENDER), people(&[2, 3]));
    // The supervisor writes.
    assert_eq!(of(whole(), &[]).last(user(4)), people(&[2, 3]));
    assert_eq!(of(whole(), &[2, 3]).last(user(4)), people(&[1]));
    // It reaches nobody now: whoever stands last finds it later.
    assert_eq!(of(whole(), &[1, 2, 3, 4]).last(SENDER), people(&[4]));
    assert_eq!(of(Vec::new(), &[]).last(SENDER), people(&[]));
}

#[test]
fn a_page_from_before_anybody_was_left_alone_is_read() {
    let (page, _) = Page::start(Terms::default(), SENDER, Chain::default(), BEGAN, BEGAN);
    let text = page.encode().unwrap();
    let before = text
        .replace(",\"quiet\":[]", "")
        .replace(",\"roused_at\":null", "");
    assert_ne!(before, text);
    assert_eq!(Page::decode(&before).unwrap(), page);
}

#[test]
fn a_page_of_another_form_is_refused_by_its_number() {
    let (page, _) = Page::start(Terms::default(), SENDER, Chain::default(), BEGAN, BEGAN);
    let text = page.encode().unwrap();
    assert_eq!(Page::decode(&text).unwrap(), page);
    let later = text.replace("\"form\":1", "\"form\":2");
    let error = Page::decode(&later).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a page of form 2, which this program does not know"
    );
    assert!(Page::decode("{}").is_err());
}
