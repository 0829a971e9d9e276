//! Every state that a small ward can come into, looked at with stateright.
//!
//! Two nodes with different clocks run one page over a store that compares and sets. In any order:
//! time passes, a node reads the page, writes what it made of it or loses against the other, dies
//! between the two, does its last write again, has its clock put back; people answer, the roster
//! changes, the sender takes it back. The page is written down and read back whenever a node reads it.
//!
//! That nothing ends silently is checked as a property of each single state and not as an
//! "eventually" of paths, which stateright does not follow through cycles: from wherever the page is,
//! it ends within a bounded time once one node looks when it is due.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::collections::{BTreeMap, BTreeSet};

use stateright::{Checker, Model, Property};
use wardline_escalation::{Chain, End, Input, Level, Output, Page, Refused, Terms};
use wardline_model::UserId;

/// One step of time, milliseconds.
const STEP: u64 = 100;
const BEGAN: u64 = 1_000_000;

const SENDER: UserId = user(1);
const NURSE: UserId = user(2);
const BACKUP: UserId = user(3);
const HEAD: UserId = user(4);

const fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn chain(levels: [&[UserId]; 3], unavailable: &[UserId]) -> Chain {
    let level = |(name, users): (&str, &[UserId])| Level {
        name: name.to_owned(),
        users: users.iter().copied().collect(),
    };
    let names = ["recipients", "backup", "charge_nurse"];
    Chain {
        levels: names.into_iter().zip(levels).map(level).collect(),
        unavailable: unavailable.iter().copied().collect(),
        quiet: BTreeSet::new(),
    }
}

/// The same with people who are not to be disturbed.
fn quiet(mut chain: Chain, users: &[UserId]) -> Chain {
    chain.quiet = users.iter().copied().collect();
    chain
}

/// As the roster may be: with a gap, with somebody twice, with the sender on it, with people who
/// cannot be alerted or are not to be disturbed, with nobody at all, with nobody at its end whom news reach.
fn rosters() -> [Chain; 7] {
    [
        chain([&[NURSE], &[BACKUP], &[HEAD]], &[]),
        chain([&[NURSE], &[NURSE, SENDER], &[HEAD]], &[NURSE]),
        chain([&[HEAD], &[], &[BACKUP]], &[]),
        chain([&[], &[], &[]], &[]),
        chain([&[NURSE], &[HEAD], &[SENDER, BACKUP]], &[BACKUP]),
        quiet(chain([&[NURSE], &[BACKUP], &[HEAD]], &[]), &[NURSE, HEAD]),
        quiet(chain([&[NURSE], &[], &[HEAD]], &[]), &[NURSE, HEAD]),
    ]
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Ward {
    /// Steps of true time.
    time: u8,
    /// What is stored.
    stored: Page,
    /// What each node has read and not written back.
    held: [Option<Page>; 2],
    /// Whether the first node's clock was put back.
    put_back: bool,
    /// What was written last, which may come again.
    last: Option<(usize, Act)>,
    sent: Sent,
}

/// What went out, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Sent {
    alerts: BTreeSet<(UserId, u32)>,
    /// In true time.
    last: BTreeMap<UserId, u8>,
    ends: u8,
    told: u8,
    twice: bool,
    too_soon: bool,
    to_sender: bool,
    /// Somebody was alerted who was to be left alone.
    disturbed: bool,
    roused: u8,
    /// It was given up, and nobody but the sender heard so although it would have reached somebody.
    unheard: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Act {
    Tick,
    Acknowledge(UserId),
    Decline(UserId),
    Roster(usize),
    Withdraw,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Happens {
    Time,
    PutBack,
    Read(usize),
    Dies(usize),
    Write(usize, Act),
    Again,
}

impl Ward {
    fn clock(&self, node: usize) -> u64 {
        let now = BEGAN + STEP * u64::from(self.time);
        match node {
            0 if self.put_back => now - 5 * STEP,
            0 => now,
            _ => now + STEP,
        }
    }

    /// What a node makes of the page that it has read; false when that changes nothing.
    fn write(&mut self, node: usize, mut page: Page, act: Act) -> bool {
        let at = self.clock(node);
        let read = page.revision();
        let input = match act {
            Act::Tick => Input::Tick { now: at },
            Act::Acknowledge(user) => Input::Acknowledged { user, at },
            Act::Decline(user) => Input::Declined { user, at },
            Act::Roster(n) => Input::RosterChanged {
                chain: rosters()[n].clone(),
                at,
            },
            Act::Withdraw => Input::Withdrawn { at },
        };
        let Ok(out) = page.step(input) else {
            return false;
        };
        if page.revision() == read {
            assert!(out.is_empty(), "what changes nothing has no effect");
            return false;
        }
        if self.stored.revision() != read {
            return false;
        }
        self.sent.disturbed |= disturbs(&page, &out);
        self.sent.unheard |= unheard(&page, &out);
        self.stored = page;
        self.sent.take(&out, self.time, self.put_back);
        true
    }
}

impl Sent {
    fn take(&mut self, out: &[Output], time: u8, put_back: bool) {
        for output in out {
            match output {
                Output::Alert { user, attempt } => {
                    self.twice |= !self.alerts.insert((*user, *attempt));
                    // The second clock is ahead by a step, which may bring one alert forward by it, of
                    // the two that people are left alone; a clock that is put back is more than
                    // clocks may be apart.
                    let soon = self
                        .last
                        .insert(*user, time)
                        .is_some_and(|before| time - before < 1);
                    self.too_soon |= soon && !put_back;
                    self.to_sender |= *user == SENDER;
                }
                Output::NobodyAnswered { tell } => {
                    self.told += 1;
                    assert!(tell.contains(&SENDER));
                }
                Output::Ended(_) => self.ends += 1,
                Output::Escalate { users, .. } => assert!(!users.is_empty()),
                Output::Rouse { users } => {
                    assert!(!users.is_empty());
                    self.roused += 1;
                }
            }
        }
    }
}

/// Whether somebody is alerted who is not to be disturbed, although it was not said that nobody else is
/// left.
fn disturbs(page: &Page, out: &[Output]) -> bool {
    page.roused_at().is_none()
        && out.iter().any(|output| {
            matches!(output, Output::Alert { user, .. } if page.chain().quiet.contains(user))
        })
}

/// Whether nobody but the sender hears that nobody answered, although somebody could.
fn unheard(page: &Page, out: &[Output]) -> bool {
    let chain = page.chain();
    let reaches = |user: &UserId| *user != SENDER && !chain.unavailable.contains(user);
    let mut people = chain.levels.iter().flat_map(|level| &level.users);
    people.any(reaches)
        && out.iter().any(
            |output| matches!(output, Output::NobodyAnswered { tell } if !tell.iter().any(reaches)),
        )
}

/// The page as another process has it.
fn again(page: &Page) -> Page {
    let read = Page::decode(&page.encode().unwrap()).unwrap();
    assert_eq!(read, *page);
    read
}

/// What may happen in it.
struct House {
    terms: Terms,
    /// Steps of time.
    horizon: u8,
    /// Whether the roster changes and a clock is put back, besides all that always may happen.
    unsettled: bool,
}

impl Model for House {
    type State = Ward;
    type Action = Happens;

    fn init_states(&self) -> Vec<Ward> {
        let start = |chain: Chain| {
            let (page, out) = Page::start(self.terms, SENDER, chain, BEGAN, BEGAN);
            let mut sent = Sent::default();
            sent.take(&out, 0, false);
            sent.disturbed = disturbs(&page, &out);
            sent.unheard = unheard(&page, &out);
            Ward {
                time: 0,
                stored: page,
                held: [None, None],
                put_back: false,
                last: None,
                sent,
            }
        };
        rosters().into_iter().map(start).collect()
    }

    fn actions(&self, ward: &Ward, actions: &mut Vec<Happens>) {
        if ward.time < self.horizon {
            actions.push(Happens::Time);
        }
        if self.unsettled && !ward.put_back {
            actions.push(Happens::PutBack);
        }
        if ward.last.is_some() {
            actions.push(Happens::Again);
        }
        for (node, held) in ward.held.iter().enumerate() {
            if held.is_none() {
                actions.push(Happens::Read(node));
                continue;
            }
            actions.push(Happens::Dies(node));
            actions.push(Happens::Write(node, Act::Tick));
            // The first node takes answers, the second one hears of the roster: each can race with
            // the other's, and there are fewer states in which the same happens.
            if node == 0 {
                for user in [NURSE, HEAD] {
                    actions.push(Happens::Write(node, Act::Acknowledge(user)));
                }
                actions.push(Happens::Write(node, Act::Decline(NURSE)));
                actions.push(Happens::Write(node, Act::Withdraw));
            } else if self.unsettled {
                for roster in 0..rosters().len() {
                    actions.push(Happens::Write(node, Act::Roster(roster)));
                }
            }
        }
    }

    fn next_state(&self, ward: &Ward, action: Happens) -> Option<Ward> {
        let mut next = ward.clone();
        match action {
            Happens::Time => next.time += 1,
            Happens::PutBack => next.put_back = true,
            Happens::Read(node) => next.held[node] = Some(again(&ward.stored)),
            Happens::Dies(node) => next.held[node] = None,
            Happens::Write(node, act) => {
                let page = next.held[node].take()?;
                if next.write(node, page, act) {
                    next.last = Some((node, act));
                }
            }
            // The answer got lost, and whoever asked asks again, of a node that reads anew.
            Happens::Again => {
                let (node, act) = next.last.take()?;
                let page = again(&ward.stored);
                next.write(node, page, act);
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no double page", |_, ward: &Ward| !ward.sent.twice),
            Property::always("left alone between two alerts", |_, ward: &Ward| {
                !ward.sent.too_soon
            }),
            Property::always("the sender is not paged", |_, ward: &Ward| {
                !ward.sent.to_sender
            }),
            Property::always(
                "who is quiet is left alone while others are there",
                |_, ward: &Ward| !ward.sent.disturbed && ward.sent.roused <= 1,
            ),
            Property::always(
                "somebody else hears that nobody answered",
                |_, ward: &Ward| !ward.sent.unheard,
            ),
            Property::sometimes("roused", |_, ward: &Ward| {
                ward.sent.roused == 1 && ward.stored.end().is_none()
            }),
            Property::always("one end, and it is told", |_, ward: &Ward| {
                let over = ward.stored.end().is_some();
                let unanswered = matches!(ward.stored.end(), Some(End::Unanswered { .. }));
                ward.sent.ends == u8::from(over)
                    && ward.sent.told == u8::from(unanswered)
                    && ward.stored.next_wake_at().is_none() == over
            }),
            Property::always("no silent end", |_, ward: &Ward| ends(ward)),
            Property::sometimes("acknowledged", |_, ward: &Ward| {
                matches!(ward.stored.end(), Some(End::Acknowledged { .. }))
            }),
            Property::sometimes("unanswered", |_, ward: &Ward| {
                matches!(ward.stored.end(), Some(End::Unanswered { .. }))
            }),
            Property::sometimes("escalated twice", |_, ward: &Ward| {
                ward.stored.level() == 2 && ward.stored.end().is_none()
            }),
            Property::sometimes("lost against the other node", |_, ward: &Ward| {
                let held = ward.held.iter().flatten();
                held.into_iter()
                    .any(|page| page.revision() < ward.stored.revision())
            }),
        ]
    }
}

/// Whether the page ends, whichever node is left to look at it when it is due.
fn ends(ward: &Ward) -> bool {
    (0..2).all(|node| {
        let mut ward = ward.clone();
        let within = ward.stored.terms().whole_ms() / STEP + 2;
        for _ in 0..=within {
            if ward.stored.end().is_some() {
                break;
            }
            if ward.stored.is_due(ward.clock(node)) {
                let page = ward.stored.clone();
                ward.write(node, page, Act::Tick);
            }
            ward.time += 1;
        }
        ward.stored.end().is_some() && ward.sent.ends == 1
    })
}

fn terms() -> Terms {
    Terms::new(2 * STEP, 3 * STEP, 6 * STEP).unwrap()
}

/// A ward where nobody's duty changes and clocks go on: every state there is.
#[test]
fn no_state_of_a_settled_ward_loses_a_page_or_pages_twice() {
    let house = House {
        terms: terms(),
        horizon: if soak() { 7 } else { 5 },
        unsettled: false,
    };
    let checker = house.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    println!("all {} states", checker.unique_state_count());
}

/// One where they do: breadth first, so that these are all states up to some depth.
#[test]
fn no_state_of_an_unsettled_ward_loses_a_page_or_pages_twice() {
    let house = House {
        terms: terms(),
        horizon: 7,
        unsettled: true,
    };
    let steps = if soak() { SOAK_STEPS } else { STEPS };
    let house = house.checker().threads(2).target_state_count(steps);
    let checker = house.spawn_bfs().join();
    checker.assert_properties();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    println!("{states} states, {depth} steps deep");
}

fn soak() -> bool {
    std::env::var_os("WARDLINE_SOAK").is_some()
}

const STEPS: usize = 150_000;
const SOAK_STEPS: usize = 3_000_000;

#[test]
fn what_stood_before_answers_counts_once() {
    let terms = terms();
    let roster = rosters()[0].clone();
    let (mut page, _) = Page::start(terms, SENDER, roster, BEGAN, BEGAN);
    let at = BEGAN + 1;
    let take = |user| Input::Acknowledged { user, at };
    assert_eq!(page.step(take(HEAD)), Err(Refused::NotAsked));
    assert_eq!(page.step(take(SENDER)), Err(Refused::NotAsked));
    let end = End::Acknowledged { by: NURSE, at };
    assert_eq!(page.step(take(NURSE)), Ok(vec![Output::Ended(end)]));
    assert_eq!(page.step(take(NURSE)), Ok(vec![]));
    assert_eq!(
        page.step(Input::Declined { user: NURSE, at }),
        Ok(vec![]),
        "whoever took it has"
    );
    assert_eq!(page.step(Input::Withdrawn { at }), Ok(vec![]));
    assert_eq!(page.end(), Some(end));
}
