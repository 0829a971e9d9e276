//! Pages in a ward where everything goes wrong that may, over many drawn runs.
//!
//! Two nodes look at one page over a store that compares and sets. Looks are lost and doubled, nodes
//! die with what they have read, their clocks differ and are set, people answer or do not, the roster
//! changes. After a while the faults stop, as they do; then every page has to have ended.
//!
//! With `WARDLINE_SOAK` in the environment there are a million runs.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::collections::{BTreeMap, BTreeSet};

use wardline_escalation::{Chain, End, Input, Level, Output, Page, Refused, Terms};
use wardline_model::UserId;

const RUNS: u64 = 4_000;
const SOAK_RUNS: u64 = 1_000_000;

#[test]
fn no_page_is_lost_whatever_goes_wrong() {
    let soak = std::env::var_os("WARDLINE_SOAK").is_some();
    let runs = if soak { SOAK_RUNS } else { RUNS };
    let mut counts = Counts::default();
    for seed in 0..runs {
        let run = Run::new(seed).play();
        counts.add(&run);
    }
    println!("{runs} runs: {counts:?}");
    let ended = counts.acknowledged + counts.unanswered + counts.withdrawn;
    assert_eq!(ended, runs, "none is lost");
    // The faults that are drawn do happen.
    assert!(counts.acknowledged > runs / 10 && counts.unanswered > runs / 10);
    assert!(counts.withdrawn > 0 && counts.lost_races > runs / 10);
    assert!(counts.roused > runs / 50);
    assert!(counts.died > runs / 10 && counts.twice_escalated > runs / 10);
}

#[derive(Debug, Default)]
struct Counts {
    acknowledged: u64,
    unanswered: u64,
    withdrawn: u64,
    twice_escalated: u64,
    roused: u64,
    alerts: u64,
    lost_races: u64,
    died: u64,
}

impl Counts {
    fn add(&mut self, run: &Run) {
        match run.stored.end() {
            Some(End::Acknowledged { .. }) => self.acknowledged += 1,
            Some(End::Unanswered { .. }) => self.unanswered += 1,
            Some(End::Withdrawn { .. }) => self.withdrawn += 1,
            None => {}
        }
        self.twice_escalated += u64::from(run.stored.reached().len() > 2);
        self.roused += u64::from(run.stored.roused_at().is_some());
        self.alerts += run.alerts.len() as u64;
        self.lost_races += run.lost_races;
        self.died += run.died;
    }
}

/// One page's life.
struct Run {
    seed: u64,
    rng: Rng,
    terms: Terms,
    /// True time, milliseconds.
    time: u64,
    /// What is added to it by each node's clock.
    offsets: [i64; 2],
    /// Whether any clock was set further than clocks may be apart.
    clock_set: bool,
    /// As the database has it: written down with each write, and read back.
    stored: Page,
    held: [Option<Page>; 2],
    alerts: BTreeSet<(UserId, u32)>,
    last_alert: BTreeMap<UserId, u64>,
    ends: u32,
    told: u32,
    lost_races: u64,
    died: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let terms = if rng.one_in(2) {
            Terms::default()
        } else {
            let re_alert = 1_000 * (1 + rng.below(60));
            let level = re_alert * (1 + rng.below(6));
            Terms::new(re_alert, level, level * (1 + rng.below(6))).unwrap()
        };
        let skew = i64::try_from(terms.skew_ms()).unwrap();
        let mut offset = || rng.below(skew.unsigned_abs()).cast_signed() - skew / 2;
        let offsets = [offset(), offset()];
        let time: u64 = 1_700_000_000_000;
        let chain = roster(&mut rng);
        let began = time.wrapping_add_signed(offsets[0]);
        let (page, out) = Page::start(terms, SENDER, chain, began, began);
        let mut run = Self {
            seed,
            rng,
            terms,
            time,
            offsets,
            clock_set: false,
            stored: read_back(&page),
            held: [None, None],
            alerts: BTreeSet::new(),
            last_alert: BTreeMap::new(),
            ends: 0,
            told: 0,
            lost_races: 0,
            died: 0,
        };
        run.carry_out(&out);
        run
    }

    fn clock(&self, node: usize) -> u64 {
        self.time.wrapping_add_signed(self.offsets[node])
    }

    fn play(mut self) -> Self {
        let faulty_until = self.time + self.rng.below(2 * self.terms.whole_ms());
        // How eager these people are to answer.
        let slow = if self.rng.one_in(2) { 16 } else { 2_000 };
        let silence = 16 + self.rng.below(slow);
        while self.time < faulty_until && self.stored.end().is_none() {
            self.time += self.rng.below(self.terms.re_alert_ms()) / 2 + 1;
            self.something_happens(silence);
        }
        self.held = [None, None];
        let calm = self.time;
        let node = usize::from(self.rng.one_in(2));
        while self.stored.end().is_none() {
            if self.stored.is_due(self.clock(node)) {
                let page = self.stored.clone();
                let now = self.clock(node);
                self.write(page, Input::Tick { now });
            }
            self.time += self.terms.re_alert_ms() / 4;
            let took = self.time - calm;
            let within =
                self.terms.whole_ms() + self.terms.skew_ms() + 2 * self.terms.re_alert_ms();
            assert!(took <= 2 * within, "seed {}: still open", self.seed);
        }
        let unanswered = matches!(self.stored.end(), Some(End::Unanswered { .. }));
        assert_eq!(self.ends, 1, "seed {}", self.seed);
        assert_eq!(self.told, u32::from(unanswered), "seed {}", self.seed);
        self
    }

    fn something_happens(&mut self, silence: u64) {
        let node = usize::from(self.rng.one_in(2));
        let at = self.clock(node);
        match self.rng.below(100) {
            // A look that never came.
            0..=14 => {}
            15..=34 => {
                let page = self.stored.clone();
                if page.is_due(at) {
                    self.held[node] = Some(page);
                }
            }
            35..=44 => self.held[node] = Some(self.stored.clone()),
            45..=74 => {
                if let Some(page) = self.held[node].take() {
                    self.write(page, Input::Tick { now: at });
                    if self.rng.one_in(4) {
                        let page = self.stored.clone();
                        self.write(page, Input::Tick { now: at });
                    }
                }
            }
            75..=79 => {
                self.died += u64::from(self.held[node].take().is_some());
            }
            80..=84 => {
                let chain = roster(&mut self.rng);
                let page = self.stored.clone();
                self.write(page, Input::RosterChanged { chain, at });
            }
            85 if self.rng.one_in(4) => {
                let far = 2 * self.terms.whole_ms();
                let by = self.rng.below(far).cast_signed() - (far / 2).cast_signed();
                self.offsets[node] += by;
                self.clock_set = true;
            }
            86 if self.rng.one_in(40) => {
                let page = self.stored.clone();
                self.write(page, Input::Withdrawn { at });
            }
            _ => {
                let user = PEOPLE[usize::try_from(self.rng.below(5)).unwrap()];
                let input = match self.rng.below(silence) {
                    0..=4 => Input::Acknowledged { user, at },
                    5..=9 => Input::Declined { user, at },
                    10..=14 => Input::Read { user, at },
                    _ => Input::Delivered { user, at },
                };
                let page = self.stored.clone();
                self.write(page, input);
            }
        }
    }

    /// One transaction: the page if nobody else wrote it meanwhile, and what goes out.
    fn write(&mut self, mut page: Page, input: Input) {
        let read = page.revision();
        let before = page.clone();
        let out = match page.step(input) {
            Ok(out) => out,
            Err(Refused::NotAsked | Refused::Over) => {
                assert_eq!(
                    page, before,
                    "seed {}: a refusal changes nothing",
                    self.seed
                );
                return;
            }
        };
        if page.revision() == read {
            assert!(out.is_empty(), "seed {}", self.seed);
            return;
        }
        if self.stored.revision() != read {
            self.lost_races += 1;
            return;
        }
        self.stored = read_back(&page);
        assert_eq!(self.stored, page, "seed {}", self.seed);
        let quiet = &page.chain().quiet;
        let disturbs =
            |out: &Output| matches!(out, Output::Alert { user, .. } if quiet.contains(user));
        assert!(
            page.roused_at().is_some() || !out.iter().any(disturbs),
            "seed {}: somebody is disturbed while there are others",
            self.seed
        );
        self.carry_out(&out);
    }

    fn carry_out(&mut self, out: &[Output]) {
        for output in out {
            match output {
                Output::Alert { user, attempt } => {
                    let new = self.alerts.insert((*user, *attempt));
                    assert!(new, "seed {}: {user} is paged twice", self.seed);
                    assert_ne!(*user, SENDER, "seed {}", self.seed);
                    let before = self.last_alert.insert(*user, self.time);
                    let left_alone = self.terms.re_alert_ms() - self.terms.skew_ms();
                    let rest = before.map_or(u64::MAX, |before| self.time - before);
                    assert!(
                        self.clock_set || rest >= left_alone,
                        "seed {}: {user} again after {rest} ms",
                        self.seed
                    );
                }
                Output::Escalate { users, .. } | Output::Rouse { users } => {
                    assert!(!users.is_empty());
                }
                Output::NobodyAnswered { tell } => {
                    assert!(tell.contains(&SENDER));
                    let chain = self.stored.chain();
                    let reaches =
                        |user: &UserId| *user != SENDER && !chain.unavailable.contains(user);
                    let mut people = chain.levels.iter().flat_map(|level| &level.users);
                    assert!(
                        !people.any(reaches) || tell.iter().any(reaches),
                        "seed {}: nobody but the sender hears of it",
                        self.seed
                    );
                    self.told += 1;
                }
                Output::Ended(_) => self.ends += 1,
            }
        }
    }
}

/// The page as another process has it.
fn read_back(page: &Page) -> Page {
    Page::decode(&page.encode().unwrap()).unwrap()
}

const SENDER: UserId = user(1);
const PEOPLE: [UserId; 5] = [user(1), user(2), user(3), user(4), user(5)];

const fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

/// Up to five levels of anybody; some cannot be alerted, some are not to be disturbed.
fn roster(rng: &mut Rng) -> Chain {
    let mut some = |one_in: u64| -> BTreeSet<UserId> {
        let people = PEOPLE.into_iter();
        people.filter(|_| rng.one_in(one_in)).collect()
    };
    let levels = (0..5).map(|n| Level {
        name: format!("level {n}"),
        users: some(3),
    });
    Chain {
        levels: levels.collect(),
        unavailable: some(6),
        quiet: some(4),
    }
}

/// xorshift64*: the same runs everywhere, by seed.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}
