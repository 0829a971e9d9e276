//! [`Rule`]: one policy as it is written, with what its annotations say.

use std::collections::BTreeSet;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet};

use crate::engine::Proof;
use crate::source::{Problem, Source};

/// One policy with what its annotations say.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) policy: Policy,
    /// Its place among all policies.
    pub(crate) rank: usize,
    /// Index of its text.
    pub(crate) source: usize,
    /// Byte offset in its text.
    pub(crate) offset: usize,
    /// `@reason` of a forbid.
    pub(crate) reason: String,
    /// `@advice` of a forbid.
    pub(crate) advice: String,
    /// `@step_up` of a forbid; empty when it stands whatever is proven.
    pub(crate) step_up: BTreeSet<Proof>,
    /// `@who` of a permit.
    pub(crate) who: String,
}

impl Rule {
    pub(crate) fn problem(&self, sources: &[Source<'_>], message: String) -> Problem {
        sources[self.source].problem_at(self.offset, message)
    }
}

/// Reads all texts; the problems are those that can be seen without the schema.
pub(crate) fn read(sources: &[Source<'_>]) -> (Vec<Rule>, Vec<Problem>) {
    let mut rules: Vec<Rule> = Vec::new();
    let mut problems = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let set: PolicySet = match source.text.parse() {
            Ok(set) => set,
            Err(errors) => {
                let errors: cedar_policy::ParseErrors = errors;
                problems.extend(errors.iter().map(|error| source.problem_from(error)));
                continue;
            }
        };
        for template in set.templates() {
            let offset = source.text.find(&template.to_cedar()).unwrap_or(0);
            let message = "templates are not supported; write the policy out".to_owned();
            problems.push(source.problem_at(offset, message));
        }
        // Cedar keeps a set without order; the places in the text give it back.
        let mut placed: Vec<(usize, &Policy)> = set
            .policies()
            .map(|policy| {
                let text = policy.to_cedar().unwrap_or_default();
                (source.text.find(&text).unwrap_or(0), policy)
            })
            .collect();
        placed.sort_by_key(|(offset, _)| *offset);
        for (offset, policy) in placed {
            match rule(source, policy, rules.len(), index, offset) {
                Ok(rule)
                    if rules
                        .iter()
                        .any(|other| other.policy.id() == rule.policy.id()) =>
                {
                    let message = format!("the id `{}` is used twice", rule.policy.id());
                    problems.push(source.problem_at(offset, message));
                }
                Ok(rule) => rules.push(rule),
                Err(message) => problems.push(source.problem_at(offset, message)),
            }
        }
    }
    (rules, problems)
}

/// Reads the annotations of one policy; the error says what to mend.
fn rule(
    source: &Source<'_>,
    policy: &Policy,
    rank: usize,
    index: usize,
    offset: usize,
) -> Result<Rule, String> {
    const KNOWN: [&str; 5] = ["id", "reason", "advice", "step_up", "who"];
    if let Some((key, _)) = policy.annotations().find(|(key, _)| !KNOWN.contains(key)) {
        return Err(format!(
            "`@{key}` is not an annotation of Wardline ({})",
            KNOWN.join(", ")
        ));
    }
    let wanted = |key: &str, use_: &str| match policy.annotation(key) {
        Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
        _ => Err(format!("the policy needs `@{key}(\"…\")`: {use_}")),
    };
    let id = wanted("id", "a name that is unique in its file")?;
    let mut step_up = BTreeSet::new();
    let (mut reason, mut advice, mut who) = (String::new(), String::new(), String::new());
    match policy.effect() {
        Effect::Permit => {
            who = wanted("who", "whom it allows this, to tell the others")?;
            for key in ["reason", "advice", "step_up"] {
                if policy.annotation(key).is_some() {
                    return Err(format!(
                        "`@{key}` belongs to a forbid, and this is a permit"
                    ));
                }
            }
        }
        Effect::Forbid => {
            reason = wanted("reason", "a stable code for why this is refused")?;
            advice = wanted("advice", "a sentence on what the person can do")?;
            if policy.annotation("step_up").is_some() {
                let methods = wanted("step_up", "the proofs that it gives way to")?;
                for method in methods.split(',') {
                    let proof: Proof =
                        method.trim().parse().map_err(|error: crate::UnknownName| {
                            let known = Proof::ALL.iter().map(ToString::to_string);
                            format!("{error} (known: {})", known.collect::<Vec<_>>().join(", "))
                        })?;
                    step_up.insert(proof);
                }
            }
        }
    }
    let policy = policy.new_id(PolicyId::new(format!("{}.{id}", source.stem())));
    Ok(Rule {
        policy,
        rank,
        source: index,
        offset,
        reason,
        advice,
        step_up,
        who,
    })
}
