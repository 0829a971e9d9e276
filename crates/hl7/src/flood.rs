//! Which critical results and alarms page somebody at once, and which are told together.
//!
//! The first one about a subject pages at once. What follows about the same subject is counted, and told
//! together when a while is over; something more urgent than what was told is told at once. Whoever is
//! paged gets no more pages than a bucket of tokens gives, whatever comes in: past it, everything that
//! waits is told with the next token, in one page. Nothing is dropped: each signal is in a page, waits,
//! or was withdrawn because it was over before anybody was told.
//!
//! A function of values: who calls it hands in the time, and asks [`Flood::due`] at
//! [`Flood::next_due`]. Whoever keeps it between two signals keeps it as what `serde` makes of it.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How much a role is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// For how long what follows about a subject is gathered, in milliseconds.
    pub gather_ms: u64,
    /// Pages that may go out at once.
    pub burst: u32,
    /// Milliseconds after which another page may go out.
    pub refill_ms: u64,
}

impl Default for Terms {
    /// Two minutes; six at once; one more every twenty seconds.
    fn default() -> Self {
        Self {
            gather_ms: 120_000,
            burst: 6,
            refill_ms: 20_000,
        }
    }
}

/// How urgent a signal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// An alarm of medium priority.
    Alarm,
    /// An alarm of high priority.
    HighAlarm,
    /// A critical result.
    Critical,
}

/// A page that is to go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, S> {
    /// Who is paged.
    pub target: T,
    /// About whom or what, with how many signals each.
    pub about: Vec<(S, u64)>,
    /// Signals about more subjects than are told apart.
    pub others: u64,
    /// The most urgent of them.
    pub urgency: Urgency,
}

impl<T, S> Page<T, S> {
    /// How many signals it tells of.
    pub fn signals(&self) -> u64 {
        self.about.iter().map(|(_, count)| count).sum::<u64>() + self.others
    }
}

/// The state: for each role, what was told and what waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound(
    serialize = "T: Ord + Serialize, S: Ord + Serialize",
    deserialize = "T: Ord + DeserializeOwned, S: Ord + DeserializeOwned"
))]
pub struct Flood<T, S> {
    terms: Terms,
    targets: BTreeMap<T, Target<S>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound(
    serialize = "S: Ord + Serialize",
    deserialize = "S: Ord + DeserializeOwned"
))]
struct Target<S> {
    tokens: u32,
    refilled_at: u64,
    groups: BTreeMap<S, Group>,
    others: u64,
    others_urgency: Option<Urgency>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Group {
    /// Until when what follows is gathered.
    until: u64,
    /// The most urgent that was told in this while; `None` when nothing was.
    told: Option<Urgency>,
    waiting: u64,
    waiting_urgency: Option<Urgency>,
}

impl<T: Ord + Clone, S: Ord + Clone> Flood<T, S> {
    /// Nothing was told yet.
    pub const fn new(terms: Terms) -> Self {
        Self {
            terms,
            targets: BTreeMap::new(),
        }
    }

    /// Takes a signal, and gives the page that is to go out at once for it, if one is.
    pub fn observe(
        &mut self,
        target: &T,
        subject: &S,
        urgency: Urgency,
        now_ms: u64,
    ) -> Option<Page<T, S>> {
        let terms = self.terms;
        self.put(target, subject, urgency, now_ms);
        let state = self.targets.get_mut(target)?;
        let group = state.groups.get_mut(subject)?;
        if !group.is_due(now_ms) || state.tokens == 0 {
            return None;
        }
        state.tokens -= 1;
        let told = group.tell(&terms, now_ms);
        Some(Page {
            target: target.clone(),
            about: vec![(subject.clone(), told.0)],
            others: 0,
            urgency: told.1,
        })
    }

    /// Takes a signal without a page: [`Flood::due`] gives it, at once where it may.
    pub fn put(&mut self, target: &T, subject: &S, urgency: Urgency, now_ms: u64) {
        let terms = self.terms;
        let state = self
            .targets
            .entry(target.clone())
            .or_insert_with(|| Target::new(&terms, now_ms));
        state.refill(&terms, now_ms);
        if !state.groups.contains_key(subject) && state.groups.len() >= MAX_GROUPS {
            state.others += 1;
            state.others_urgency = state.others_urgency.max(Some(urgency));
            return;
        }
        let group = state.groups.entry(subject.clone()).or_insert(Group {
            until: 0,
            told: None,
            waiting: 0,
            waiting_urgency: None,
        });
        if group.until <= now_ms && group.waiting == 0 {
            group.told = None;
        }
        group.waiting += 1;
        group.waiting_urgency = group.waiting_urgency.max(Some(urgency));
    }

    /// What a subject's signals were about is over: gives how many of them nobody was told of, and will
    /// not be.
    pub fn over(&mut self, target: &T, subject: &S) -> u64 {
        let Some(group) = self
            .targets
            .get_mut(target)
            .and_then(|state| state.groups.get_mut(subject))
        else {
            return 0;
        };
        group.waiting_urgency = None;
        std::mem::take(&mut group.waiting)
    }

    /// The pages that are to go out now: at most one for each role.
    pub fn due(&mut self, now_ms: u64) -> Vec<Page<T, S>> {
        let terms = self.terms;
        let mut pages = Vec::new();
        for (target, state) in &mut self.targets {
            state.refill(&terms, now_ms);
            let any_due = state.groups.values().any(|group| group.is_due(now_ms));
            if state.tokens > 0 && (any_due || state.others > 0) {
                let mut page = Page {
                    target: target.clone(),
                    about: Vec::new(),
                    others: std::mem::take(&mut state.others),
                    urgency: state.others_urgency.take().unwrap_or(Urgency::Alarm),
                };
                for (subject, group) in &mut state.groups {
                    if group.is_due(now_ms) {
                        let (count, urgency) = group.tell(&terms, now_ms);
                        page.about.push((subject.clone(), count));
                        page.urgency = page.urgency.max(urgency);
                    }
                }
                state.tokens -= 1;
                pages.push(page);
            }
            state
                .groups
                .retain(|_, group| group.waiting > 0 || group.until > now_ms);
        }
        self.targets.retain(|_, state| {
            !state.groups.is_empty() || state.others > 0 || state.tokens < terms.burst
        });
        pages
    }

    /// When [`Flood::due`] is to be asked next; `None` while nothing waits.
    pub fn next_due(&self) -> Option<u64> {
        self.targets
            .values()
            .filter_map(|state| {
                let others = (state.others > 0).then_some(0);
                let groups = state.groups.values().filter_map(Group::due_at);
                let due = groups.chain(others).min()?;
                let token = if state.tokens > 0 {
                    0
                } else {
                    state.refilled_at.saturating_add(self.terms.refill_ms)
                };
                Some(due.max(token))
            })
            .min()
    }

    /// Signals that nobody was told of yet.
    pub fn waiting(&self) -> u64 {
        self.targets
            .values()
            .map(|state| {
                state.others
                    + state
                        .groups
                        .values()
                        .map(|group| group.waiting)
                        .sum::<u64>()
            })
            .sum()
    }
}

impl<S> Target<S> {
    fn new(terms: &Terms, now_ms: u64) -> Self {
        Self {
            tokens: terms.burst.max(1),
            refilled_at: now_ms,
            groups: BTreeMap::new(),
            others: 0,
            others_urgency: None,
        }
    }

    /// A clock that goes back gives nothing and takes nothing.
    fn refill(&mut self, terms: &Terms, now_ms: u64) {
        let every = terms.refill_ms.max(1);
        let gained = now_ms.saturating_sub(self.refilled_at) / every;
        let full = terms.burst.max(1);
        let tokens = u64::from(self.tokens).saturating_add(gained);
        if tokens >= u64::from(full) {
            self.tokens = full;
            self.refilled_at = self.refilled_at.max(now_ms);
        } else {
            self.tokens = u32::try_from(tokens).unwrap_or(full);
            self.refilled_at += gained * every;
        }
    }
}

impl Group {
    fn is_due(&self, now_ms: u64) -> bool {
        self.due_at().is_some_and(|at| at <= now_ms)
    }

    fn due_at(&self) -> Option<u64> {
        let waits = self.waiting_urgency.filter(|_| self.waiting > 0)?;
        Some(match self.told {
            Some(told) if waits <= told => self.until,
            _ => 0,
        })
    }

    fn tell(&mut self, terms: &Terms, now_ms: u64) -> (u64, Urgency) {
        let urgency = self.waiting_urgency.take().unwrap_or(Urgency::Alarm);
        self.told = self.told.max(Some(urgency));
        self.until = now_ms.saturating_add(terms.gather_ms);
        (std::mem::take(&mut self.waiting), urgency)
    }
}

/// Subjects of a role that are told apart at once: more than a hospital has beds.
const MAX_GROUPS: usize = 4096;
