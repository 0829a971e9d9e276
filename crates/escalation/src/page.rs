//! One STAT message that waits for somebody.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wardline_model::UserId;

use crate::{Chain, Terms};

/// A STAT message that waits for an answer, or how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Page {
    terms: Terms,
    sender: UserId,
    started_at: u64,
    chain: Chain,
    /// Everyone up to this level is asked.
    level: usize,
    /// When the next one is, in the page's own time.
    level_until: u64,
    reached: Vec<Reached>,
    asked: BTreeMap<UserId, Asked>,
    /// The latest time that was told, unix milliseconds.
    seen: u64,
    /// The page's own time: what passed since it began, as far as somebody looked. It only grows.
    elapsed: u64,
    revision: u64,
    end: Option<End>,
    /// Since when those are asked, too, who are not to be disturbed, unix milliseconds.
    #[serde(default)]
    roused_at: Option<u64>,
}

/// A person who was alerted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Asked {
    /// On which level they were when they were asked first.
    pub level: usize,
    /// When that was, unix milliseconds.
    pub first_at: u64,
    /// When they were alerted last, unix milliseconds.
    pub last_at: u64,
    /// How often.
    pub attempts: u32,
    /// When a device of theirs had the message or the alert, unix milliseconds.
    pub delivered_at: Option<u64>,
    /// When they looked at it, unix milliseconds.
    pub read_at: Option<u64>,
    /// When they said that they cannot take it, unix milliseconds.
    pub declined_at: Option<u64>,
    /// When they are alerted again, in the page's own time.
    next: u64,
}

/// A level that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reached {
    /// Which one, from 0.
    pub level: usize,
    /// When, unix milliseconds.
    pub at: u64,
}

/// What comes next if nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A further level is asked.
    Level(usize),
    /// Those are asked, too, who are not to be disturbed.
    Roused,
    /// It is given up.
    Ends,
}

/// How a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum End {
    /// Somebody took it.
    Acknowledged {
        /// Who.
        by: UserId,
        /// When, unix milliseconds.
        at: u64,
    },
    /// Nobody did, and the sender and the last of the chain are told so.
    Unanswered {
        /// When, unix milliseconds.
        at: u64,
    },
    /// The sender took it back.
    Withdrawn {
        /// When, unix milliseconds.
        at: u64,
    },
}

impl End {
    /// When it was, unix milliseconds.
    pub const fn at(&self) -> u64 {
        match self {
            Self::Acknowledged { at, .. } | Self::Unanswered { at } | Self::Withdrawn { at } => *at,
        }
    }
}

/// What happened. Times are unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Input {
    /// Somebody looked at the page.
    Tick {
        /// Their clock.
        now: u64,
    },
    /// A device of an asked person has it.
    Delivered {
        /// Whose.
        user: UserId,
        /// When.
        at: u64,
    },
    /// An asked person looked at it. Reading is no answer.
    Read {
        /// Who.
        user: UserId,
        /// When.
        at: u64,
    },
    /// A person takes it.
    Acknowledged {
        /// Who.
        user: UserId,
        /// When.
        at: u64,
    },
    /// A person cannot take it.
    Declined {
        /// Who.
        user: UserId,
        /// When.
        at: u64,
    },
    /// Other people are on duty, can be alerted, or may be disturbed.
    RosterChanged {
        /// As it is now.
        chain: Chain,
        /// When.
        at: u64,
    },
    /// The sender takes the message back.
    Withdrawn {
        /// When.
        at: u64,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Output {
    /// Alert a person.
    Alert {
        /// Whom.
        user: UserId,
        /// From 1, counted for each person; never the same one again.
        attempt: u32,
    },
    /// Further people are asked.
    Escalate {
        /// Which level of the chain.
        level: usize,
        /// Who is asked besides. Their alerts follow.
        users: BTreeSet<UserId>,
    },
    /// Nobody else is left, so that those are asked, too, who are not to be disturbed.
    Rouse {
        /// Who. Their alerts follow.
        users: BTreeSet<UserId>,
    },
    /// Tell these people that nobody answered.
    NobodyAnswered {
        /// The sender, and the last of the chain whom it reaches.
        tell: BTreeSet<UserId>,
    },
    /// The page is over.
    Ended(End),
}

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// The person is not asked.
    #[error("this person is not asked")]
    NotAsked,
    /// The page had ended before.
    #[error("the page is over")]
    Over,
}

/// A stored page that this program did not write, or a later one did.
#[derive(Debug, Error)]
pub enum UnreadablePage {
    /// No page at all.
    #[error("not a page: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another form.
    #[error("a page of form {0}, which this program does not know")]
    Form(u32),
}

impl Page {
    /// A page begins, and the first people are alerted. `started_at` is when the message was sent,
    /// `now` is when this is; unix milliseconds.
    pub fn start(
        terms: Terms,
        sender: UserId,
        chain: Chain,
        started_at: u64,
        now: u64,
    ) -> (Self, Vec<Output>) {
        let mut page = Self {
            terms,
            sender,
            started_at,
            chain,
            level: 0,
            level_until: 0,
            reached: Vec::new(),
            asked: BTreeMap::new(),
            seen: now,
            elapsed: 0,
            revision: 1,
            end: None,
            roused_at: None,
        };
        let mut out = Vec::new();
        page.enter(0, now);
        page.settle(now, &mut out);
        (page, out)
    }

    /// Takes in what happened; gives what is to be done. The same input again does nothing more.
    ///
    /// # Errors
    /// When it is an answer that does not count; nothing changed then.
    pub fn step(&mut self, input: Input) -> Result<Vec<Output>, Refused> {
        let mut next = self.clone();
        let out = next.apply(input)?;
        if next != *self {
            next.revision += 1;
            *self = next;
        }
        Ok(out)
    }

    fn apply(&mut self, input: Input) -> Result<Vec<Output>, Refused> {
        let mut out = Vec::new();
        match input {
            Input::Tick { now } => {
                if self.end.is_none() {
                    self.pass(now);
                    self.settle(now, &mut out);
                }
            }
            Input::Delivered { user, at } => {
                if let Some(asked) = self.asked.get_mut(&user) {
                    asked.delivered_at.get_or_insert(at);
                }
            }
            Input::Read { user, at } => {
                if let Some(asked) = self.asked.get_mut(&user) {
                    asked.delivered_at.get_or_insert(at);
                    asked.read_at.get_or_insert(at);
                }
            }
            Input::Acknowledged { user, at } => {
                if self.answerable(user)? {
                    self.finish(End::Acknowledged { by: user, at }, &mut out);
                }
            }
            Input::Declined { user, at } => {
                if self.answerable(user)? {
                    let asked = self.asked_at(user, at);
                    asked.declined_at.get_or_insert(at);
                    self.pass(at);
                    self.settle(at, &mut out);
                }
            }
            Input::RosterChanged { chain, at } => {
                if self.end.is_none() {
                    self.chain = chain;
                    // Whoever is alerted now is left alone from now on, not from the last look.
                    self.pass(at);
                    self.settle(at, &mut out);
                }
            }
            Input::Withdrawn { at } => {
                if self.end.is_none() {
                    self.finish(End::Withdrawn { at }, &mut out);
                }
            }
        }
        Ok(out)
    }

    /// Whether an answer of this person is the page's to take; false where it is a repetition.
    fn answerable(&self, user: UserId) -> Result<bool, Refused> {
        if !self.concerns(user) {
            return Err(Refused::NotAsked);
        }
        match self.end {
            None => Ok(true),
            Some(End::Acknowledged { by, .. }) if by == user => Ok(false),
            Some(_) => Err(Refused::Over),
        }
    }

    /// Lets time pass.
    fn pass(&mut self, now: u64) {
        if let Some(passed) = now.checked_sub(self.seen) {
            self.elapsed = self
                .elapsed
                .saturating_add(passed.min(self.terms.most_ms()));
            self.seen = now;
        } else if self.seen - now > self.terms.skew_ms() {
            self.seen = now;
        }
    }

    /// Does what is to be done now.
    fn settle(&mut self, at: u64, out: &mut Vec<Output>) {
        if self.end.is_some() {
            return;
        }
        if self.elapsed >= self.terms.whole_ms() {
            self.give_up(at, out);
            return;
        }
        if (self.elapsed >= self.level_until || self.active().is_empty()) && !self.go_on(at, out) {
            self.give_up(at, out);
            return;
        }
        let (elapsed, again) = (self.elapsed, self.terms.re_alert_ms());
        for user in self.active() {
            let asked = self.asked_at(user, at);
            if elapsed >= asked.next {
                asked.attempts += 1;
                asked.last_at = at;
                asked.next = elapsed.saturating_add(again);
                out.push(Output::Alert {
                    user,
                    attempt: asked.attempts,
                });
            }
        }
    }

    /// Asks further people; false where nobody is left.
    fn go_on(&mut self, at: u64, out: &mut Vec<Output>) -> bool {
        if let Some(level) = self.next_level() {
            let users = self.new_on(level);
            self.enter(level, at);
            out.push(Output::Escalate { level, users });
            return true;
        }
        let users = self.left_alone();
        if users.is_empty() {
            return false;
        }
        self.roused_at = Some(at);
        let mut levels = self.chain.levels.iter();
        let last = levels.rposition(|level| !level.users.is_disjoint(&users));
        self.level = self.level.max(last.unwrap_or(0));
        self.allot();
        out.push(Output::Rouse { users });
        true
    }

    fn enter(&mut self, level: usize, at: u64) {
        self.level = level;
        self.reached.push(Reached { level, at });
        self.allot();
    }

    /// Gives those who are asked now their time.
    fn allot(&mut self) {
        let levels = (self.level + 1..self.chain.levels.len())
            .filter(|level| !self.new_on(*level).is_empty())
            .count();
        let after = levels + usize::from(!self.left_alone().is_empty());
        let left = self.terms.whole_ms().saturating_sub(self.elapsed);
        // Everyone who can be asked is asked before the whole is over.
        let share = left / (1 + after as u64);
        let time = self.terms.level_ms().min(share).max(1);
        self.level_until = self.elapsed.saturating_add(time);
    }

    fn give_up(&mut self, at: u64, out: &mut Vec<Output>) {
        let tell = self.told_of_silence();
        out.push(Output::NobodyAnswered { tell });
        self.finish(End::Unanswered { at }, out);
    }

    fn finish(&mut self, end: End, out: &mut Vec<Output>) {
        self.end = Some(end);
        out.push(Output::Ended(end));
    }

    /// What is known of a person who is asked, from now on if they were not before.
    fn asked_at(&mut self, user: UserId, at: u64) -> &mut Asked {
        let level = self.level_of(user);
        self.asked.entry(user).or_insert(Asked {
            level,
            first_at: at,
            last_at: at,
            attempts: 0,
            delivered_at: None,
            read_at: None,
            declined_at: None,
            next: 0,
        })
    }

    fn level_of(&self, user: UserId) -> usize {
        let levels = self.chain.levels.iter();
        levels
            .take(self.level + 1)
            .position(|level| level.users.contains(&user))
            .unwrap_or(self.level)
    }

    /// Whether this person is not to be disturbed, and is not needed yet.
    fn is_left_alone(&self, user: UserId) -> bool {
        self.roused_at.is_none() && self.chain.quiet.contains(&user)
    }

    /// Who could be asked, and is left alone so far.
    fn left_alone(&self) -> BTreeSet<UserId> {
        let users = self.chain.levels.iter().flat_map(|level| &level.users);
        users
            .copied()
            .filter(|user| self.can_be_asked(*user) && self.is_left_alone(*user))
            .collect()
    }

    fn can_be_asked(&self, user: UserId) -> bool {
        let declined = |asked: &Asked| asked.declined_at.is_some();
        user != self.sender
            && !self.chain.unavailable.contains(&user)
            && !self.asked.get(&user).is_some_and(declined)
    }

    /// Who is alerted until somebody answers.
    fn active(&self) -> BTreeSet<UserId> {
        let levels = self.chain.levels.iter().take(self.level + 1);
        levels
            .flat_map(|level| &level.users)
            .copied()
            .filter(|user| self.can_be_asked(*user) && !self.is_left_alone(*user))
            .collect()
    }

    /// Who would be asked on a level that is not asked yet.
    fn new_on(&self, level: usize) -> BTreeSet<UserId> {
        let active = self.active();
        let users = self.chain.levels.get(level).map(|level| &level.users);
        let users = users.into_iter().flatten().copied();
        users
            .filter(|user| self.can_be_asked(*user) && !self.is_left_alone(*user))
            .filter(|user| !active.contains(user))
            .collect()
    }

    /// The next level that brings anybody.
    fn next_level(&self) -> Option<usize> {
        (self.level + 1..self.chain.levels.len()).find(|level| !self.new_on(*level).is_empty())
    }

    /// When somebody has to look again, unix milliseconds; `None` when it is over. See
    /// [`Page::is_due`].
    pub fn next_wake_at(&self) -> Option<u64> {
        if self.end.is_some() {
            return None;
        }
        let again = self.active().into_iter().filter_map(|user| {
            let asked = self.asked.get(&user)?;
            Some(asked.next)
        });
        let due = again
            .chain([self.level_until, self.terms.whole_ms()])
            .min()
            .unwrap_or(0);
        // No later than time counts in full.
        let wait = due
            .saturating_sub(self.elapsed)
            .clamp(1, self.terms.re_alert_ms());
        Some(self.seen.saturating_add(wait))
    }

    /// When it goes on by itself if nobody answers, unix milliseconds, and with whom: with the people of a
    /// level, with those who are not to be disturbed, or with nobody. `None` when it is over.
    pub fn next_step(&self) -> Option<(u64, Next)> {
        if self.end.is_some() {
            return None;
        }
        let due = self.level_until.min(self.terms.whole_ms());
        let at = self.seen.saturating_add(due.saturating_sub(self.elapsed));
        let next = if self.level_until >= self.terms.whole_ms() {
            Next::Ends
        } else if let Some(level) = self.next_level() {
            Next::Level(level)
        } else if self.left_alone().is_empty() {
            Next::Ends
        } else {
            Next::Roused
        };
        Some((at, next))
    }

    /// Since when those are asked, too, who are not to be disturbed, unix milliseconds.
    pub const fn roused_at(&self) -> Option<u64> {
        self.roused_at
    }

    /// Whether somebody has to look at it: its time has come, or the clock by which it was written ran
    /// ahead of this one by more than clocks may.
    pub fn is_due(&self, now: u64) -> bool {
        let set_back = self.seen > now.saturating_add(self.terms.skew_ms());
        self.next_wake_at()
            .is_some_and(|wake| wake <= now || set_back)
    }

    /// The latest time that it was told, unix milliseconds.
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// Who is told when nobody answers: the sender, and the last of the chain.
    pub fn told_of_silence(&self) -> BTreeSet<UserId> {
        let mut told = self.chain.last(self.sender);
        told.insert(self.sender);
        told
    }

    /// Whether a person is, or was, asked to answer, or could have been: a recipient who must not be
    /// disturbed may answer, too.
    pub fn concerns(&self, user: UserId) -> bool {
        let levels = self.chain.levels.iter().take(self.level + 1);
        let mut on_them = levels.filter(|level| level.users.contains(&user));
        user != self.sender && (self.asked.contains_key(&user) || on_them.next().is_some())
    }

    /// Who sent the message.
    pub const fn sender(&self) -> UserId {
        self.sender
    }

    /// When it was sent, unix milliseconds.
    pub const fn started_at(&self) -> u64 {
        self.started_at
    }

    /// The terms that hold for it.
    pub const fn terms(&self) -> Terms {
        self.terms
    }

    /// The roster as it was told last.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Up to which level people are asked.
    pub const fn level(&self) -> usize {
        self.level
    }

    /// The levels that were asked, in order.
    pub fn reached(&self) -> &[Reached] {
        &self.reached
    }

    /// Everyone who was alerted or answered.
    pub const fn asked(&self) -> &BTreeMap<UserId, Asked> {
        &self.asked
    }

    /// How it ended.
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    /// Grows with every change; what a write is guarded by.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The page as it is stored, JSON.
    ///
    /// # Errors
    /// Not for any page that this crate made.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Stored {
            form: FORM,
            page: self,
        })
    }

    /// Reads a stored page.
    ///
    /// # Errors
    /// When it is none, or of a form that this program does not know.
    pub fn decode(text: &str) -> Result<Self, UnreadablePage> {
        let Form { form } = serde_json::from_str(text)?;
        if form != FORM {
            return Err(UnreadablePage::Form(form));
        }
        let stored: Stored<Self> = serde_json::from_str(text)?;
        Ok(stored.page)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored<P> {
    form: u32,
    page: P,
}

#[derive(Deserialize)]
struct Form {
    form: u32,
}

/// What [`Page::encode`] writes.
const FORM: u32 = 1;
