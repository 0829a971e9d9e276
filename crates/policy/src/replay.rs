//! [`Replay`]: what recorded decisions would have been by other policies.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wardline_model::UserId;

use crate::action::Action;
use crate::engine::{Answer, Decision, Engine};
use crate::question::Question;

/// How many examples a change has at most.
pub const MOST_EXAMPLES: usize = 5;

/// Up to how many people a change counts them. More would keep the ids of a whole region in
/// memory for a number that nobody reads to the last digit.
pub const MOST_PEOPLE: usize = 10_000;

/// A decision as the audit log has it. When it was made stands in the question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// What was asked.
    pub question: Question,
    /// What was answered.
    pub decided: Decision,
}

/// A replay under way. It keeps what changes, not the decisions: its memory grows with the kinds
/// of changes, whatever is fed to it.
#[derive(Debug)]
pub struct Replay<'a> {
    draft: &'a Engine,
    from: Option<u64>,
    to: Option<u64>,
    decisions: u64,
    same: u64,
    changes: BTreeMap<Kind, Group>,
}

impl<'a> Replay<'a> {
    /// A replay by the policies of `draft`.
    pub fn new(draft: &'a Engine) -> Self {
        Self {
            draft,
            from: None,
            to: None,
            decisions: 0,
            same: 0,
            changes: BTreeMap::new(),
        }
    }

    /// Asks the question of a recorded decision again. Only the outcome is compared: a refusal for
    /// another reason is the same, a step-up to other proofs, or for something else, is not.
    pub fn feed(&mut self, recorded: &Recorded) {
        let Recorded { question, decided } = recorded;
        let at = question.context.now_ms;
        self.from = Some(self.from.map_or(at, |from| from.min(at)));
        self.to = Some(self.to.map_or(at, |to| to.max(at)));
        self.decisions += 1;
        let now = self.draft.decide(question);
        if same(decided, &now.decision) {
            self.same += 1;
            return;
        }
        let kind = Kind {
            action: question.action,
            was: decided.answer(),
            now: now.decision.answer(),
            policies: now.policies,
        };
        let group = self.changes.entry(kind).or_default();
        group.add(question, &now.decision);
    }

    /// What came of it.
    pub fn finish(self) -> Report {
        let changes = self.changes.into_iter();
        let mut changes: Vec<_> = changes.map(|(kind, group)| group.change(kind)).collect();
        // Stable: what is as frequent stays in the order of the actions.
        changes.sort_by_key(|change| std::cmp::Reverse(change.count));
        Report {
            from: self.from,
            to: self.to,
            decisions: self.decisions,
            same: self.same,
            changes,
        }
    }
}

/// What other policies would have made of recorded decisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When the earliest was made, unix milliseconds; absent when there was none.
    pub from: Option<u64>,
    /// When the latest was made.
    pub to: Option<u64>,
    /// How many there were.
    pub decisions: u64,
    /// How many come out the same.
    pub same: u64,
    /// The others, the most frequent first.
    pub changes: Vec<ReplayChange>,
}

/// Decisions that come out otherwise, all in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayChange {
    /// What was asked.
    pub action: Action,
    /// The answer as recorded.
    pub was: Answer,
    /// The answer by the other policies.
    pub now: Answer,
    /// How many decisions.
    pub count: u64,
    /// Of how many people, counted up to [`MOST_PEOPLE`]; who is unknown does not count.
    pub people: u64,
    /// The policies that give the new answer; empty when none allows it.
    pub policies: Vec<String>,
    /// What people would be told, of the first example.
    pub advice: Vec<String>,
    /// The first of them, at most [`MOST_EXAMPLES`].
    pub examples: Vec<Example>,
}

/// One decision that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// When it was made, unix milliseconds.
    pub at: u64,
    /// Who asked, if known.
    pub user: Option<UserId>,
    /// What for.
    pub action: Action,
    /// About what ([`crate::Resource::name`]).
    pub resource: String,
}

/// In which way a decision comes out otherwise.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    action: Action,
    was: Answer,
    now: Answer,
    policies: Vec<String>,
}

#[derive(Debug, Default)]
struct Group {
    count: u64,
    people: BTreeSet<UserId>,
    advice: Vec<String>,
    examples: Vec<Example>,
}

impl Group {
    fn add(&mut self, question: &Question, now: &Decision) {
        let user = question.principal.as_ref().map(|person| person.id);
        if self.count == 0 {
            self.advice = now.advice().to_vec();
        }
        self.count += 1;
        if self.people.len() < MOST_PEOPLE {
            self.people.extend(user);
        }
        if self.examples.len() < MOST_EXAMPLES {
            self.examples.push(Example {
                at: question.context.now_ms,
                user,
                action: question.action,
                resource: question.resource.name(),
            });
        }
    }

    fn change(self, kind: Kind) -> ReplayChange {
        ReplayChange {
            action: kind.action,
            was: kind.was,
            now: kind.now,
            count: self.count,
            people: self.people.len() as u64,
            policies: kind.policies,
            advice: self.advice,
            examples: self.examples,
        }
    }
}

fn same(was: &Decision, now: &Decision) -> bool {
    match (was, now) {
        (
            Decision::StepUp {
                methods: was,
                scopes: was_for,
                ..
            },
            Decision::StepUp {
                methods: now,
                scopes: now_for,
                ..
            },
        ) => was == now && was_for == now_for,
        _ => was.answer() == now.answer(),
    }
}
