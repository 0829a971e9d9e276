//! What changes from one set of policies to another, for whoever has to approve it: policy by
//! policy, then the order of a file and the comments in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use similar::{ChangeTag, TextDiff};

use crate::named::named;
use crate::rules::{self, Rule};
use crate::source::{LoadError, Source};
use crate::texts::{self, Place, PolicyTexts};

named! {
    /// What of a file changes.
    pub enum Part ("part of a file") {
        /// One policy.
        Policy = "policy",
        /// The order of its policies, which decides which reason comes first.
        Order = "order",
        /// What stands between its policies.
        Comments = "comments",
    }
}

named! {
    /// How something changes.
    pub enum ChangeKind ("kind of change") {
        /// It was not there before.
        Added = "added",
        /// It is not there any more.
        Removed = "removed",
        /// It is there before and after, and not the same.
        Changed = "changed",
    }
}

/// One change. At least one of `before` and `after` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// The policy's id, such as `officers.audit`; of order and comments the file's name.
    pub id: String,
    /// The file's name.
    pub file: String,
    /// What changes.
    pub part: Part,
    /// How.
    pub kind: ChangeKind,
    /// The policy as it was written, with its annotations; of an order the ids, one to a line.
    pub before: Option<String>,
    /// As it is written now.
    pub after: Option<String>,
    /// The same line by line.
    pub lines: Vec<DiffLine>,
}

/// A line of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Whether it goes, comes or stays.
    pub sign: Sign,
    /// The line, without its end.
    pub text: String,
}

named! {
    /// What becomes of a line.
    pub enum Sign ("sign") {
        /// It stays.
        Same = " ",
        /// It comes.
        Added = "+",
        /// It goes.
        Removed = "-",
    }
}

impl PolicyTexts {
    /// What changes from `before` to these texts, in the order of the files. Of a file: its
    /// policies in their order, those that go, the order, the comments. Empty lines do not count,
    /// nor does the schema, which is the product's.
    ///
    /// # Errors
    /// What keeps either from being read as policies. Whether they fit the schema does not matter
    /// here.
    pub fn changes_since(&self, before: &Self) -> Result<Vec<PolicyChange>, LoadError> {
        let (before, after) = (read(before)?, read(self)?);
        let places: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let absent = Written::default();
        let changes = places.into_iter().flat_map(|place| {
            let before = before.get(place).unwrap_or(&absent);
            let after = after.get(place).unwrap_or(&absent);
            changes(place.1, before, after)
        });
        Ok(changes.collect())
    }
}

/// A file, taken apart.
#[derive(Default)]
struct Written<'a> {
    /// Ids and texts, in order.
    policies: Vec<(String, &'a str)>,
    /// What stands between them, without empty lines.
    comments: String,
}

impl Written<'_> {
    fn policy(&self, id: &str) -> Option<&str> {
        let found = self.policies.iter().find(|(other, _)| other == id);
        found.map(|(_, text)| *text)
    }

    /// The ids that `other` has too, in the order of this file, one to a line.
    fn order(&self, other: &Self) -> String {
        let ids = self.policies.iter().map(|(id, _)| id.as_str());
        let shared = ids.filter(|id| other.policy(id).is_some());
        shared.fold(String::new(), |ids, id| ids + id + "\n")
    }
}

/// The files by their place in a set.
fn read(texts: &PolicyTexts) -> Result<BTreeMap<Place<'_>, Written<'_>>, LoadError> {
    let sources = texts.policies();
    let (rules, problems) = rules::read(&sources);
    if !problems.is_empty() {
        return Err(LoadError { problems });
    }
    let files = sources.iter().enumerate().map(|(index, source)| {
        let rules = rules.iter().filter(|rule| rule.source == index);
        (texts::place(source.name), written(*source, rules))
    });
    Ok(files.collect())
}

fn written<'a, 'r>(source: Source<'a>, rules: impl Iterator<Item = &'r Rule>) -> Written<'a> {
    let mut policies = Vec::new();
    let mut between = String::new();
    let mut end = 0;
    for rule in rules {
        between.push_str(&source.text[end..rule.place.start]);
        between.push('\n');
        end = rule.place.end;
        let text = &source.text[rule.place.clone()];
        policies.push((rule.policy.id().to_string(), text));
    }
    between.push_str(&source.text[end..]);
    let lines = between.lines().map(str::trim_end);
    let comments = lines
        .filter(|line| !line.is_empty())
        .fold(String::new(), |lines, line| lines + line + "\n");
    Written { policies, comments }
}

fn changes(file: &str, before: &Written<'_>, after: &Written<'_>) -> Vec<PolicyChange> {
    let gone = before
        .policies
        .iter()
        .filter(|(id, _)| after.policy(id).is_none());
    let mut changes: Vec<PolicyChange> = after
        .policies
        .iter()
        .chain(gone)
        .filter_map(|(id, _)| change(id, file, Part::Policy, before.policy(id), after.policy(id)))
        .collect();
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let order = (some(&before.order(after)), some(&after.order(before)));
    let comments = (some(&before.comments), some(&after.comments));
    for (part, (before, after)) in [(Part::Order, order), (Part::Comments, comments)] {
        changes.extend(change(
            file,
            file,
            part,
            before.as_deref(),
            after.as_deref(),
        ));
    }
    changes
}

/// `None` where nothing changes.
fn change(
    id: &str,
    file: &str,
    part: Part,
    before: Option<&str>,
    after: Option<&str>,
) -> Option<PolicyChange> {
    let kind = match (before, after) {
        _ if before == after => return None,
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        (Some(_), Some(_)) => ChangeKind::Changed,
    };
    Some(PolicyChange {
        id: id.to_owned(),
        file: file.to_owned(),
        part,
        kind,
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
        lines: lines(before.unwrap_or_default(), after.unwrap_or_default()),
    })
}

fn lines(before: &str, after: &str) -> Vec<DiffLine> {
    TextDiff::from_lines(before, after)
        .iter_all_changes()
        .map(|line| DiffLine {
            sign: match line.tag() {
                ChangeTag::Equal => Sign::Same,
                ChangeTag::Insert => Sign::Added,
                ChangeTag::Delete => Sign::Removed,
            },
            text: line.value().trim_end_matches(['\r', '\n']).to_owned(),
        })
        .collect()
}
