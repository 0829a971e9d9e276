//! [`Rule`]: one policy as it is written, with what its annotations say.

use std::collections::BTreeSet;
use std::ops::Range;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet};

use crate::engine::Proof;
use crate::question::Scope;
use crate::source::{Problem, Source};

/// One policy with what its annotations say.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) policy: Policy,
    /// Its place among all policies.
    pub(crate) rank: usize,
    /// Index of its text.
    pub(crate) source: usize,
    /// From the first annotation to the semicolon, as bytes of its text.
    pub(crate) place: Range<usize>,
    /// `@reason` of a forbid.
    pub(crate) reason: String,
    /// `@advice` of a forbid.
    pub(crate) advice: String,
    /// `@step_up` of a forbid; empty when it stands whatever is proven.
    pub(crate) step_up: BTreeSet<Proof>,
    /// `@scope` of a forbid: the proof has to be given for this.
    pub(crate) scope: Option<Scope>,
    /// `@who` of a permit.
    pub(crate) who: String,
}

impl Rule {
    pub(crate) fn problem(&self, sources: &[Source<'_>], message: String) -> Problem {
        sources[self.source].problem_at(self.place.start, message)
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
        for (place, policy) in placed(source.text, &set) {
            let start = place.start;
            let Some(policy) = policy else {
                let message = "templates are not supported; write the policy out".to_owned();
                problems.push(source.problem_at(start, message));
                continue;
            };
            match rule(source, policy, rules.len(), index, place) {
                Ok(rule)
                    if rules
                        .iter()
                        .any(|other| other.policy.id() == rule.policy.id()) =>
                {
                    let message = format!("the id `{}` is used twice", rule.policy.id());
                    problems.push(source.problem_at(start, message));
                }
                Ok(rule) => rules.push(rule),
                Err(message) => problems.push(source.problem_at(start, message)),
            }
        }
    }
    (rules, problems)
}

/// The statements of a text in its order, each with its place; `None` for a template.
///
/// Cedar keeps a set without order, yet it numbers what it reads (`policy0`, `policy1` …), and only
/// white space and comments stand between two statements. Looking for a statement's text instead
/// would find a copy of it in a comment.
fn placed<'a>(text: &str, set: &'a PolicySet) -> Vec<(Range<usize>, Option<&'a Policy>)> {
    let number = |id: &PolicyId| -> Option<usize> {
        let id: &str = id.as_ref();
        id.strip_prefix("policy")?.parse().ok()
    };
    let policies = set.policies().map(|policy| {
        let own = policy.to_cedar().unwrap_or_default();
        (number(policy.id()), own, Some(policy))
    });
    let templates = set
        .templates()
        .map(|template| (number(template.id()), template.to_cedar(), None));
    let mut statements: Vec<_> = policies.chain(templates).collect();
    statements.sort_by_key(|(number, ..)| *number);
    let mut end = 0;
    statements
        .into_iter()
        .map(|(_, own, policy)| {
            let start = after_comments(text, end);
            end = start;
            if text[start..].starts_with(&own) {
                end += own.len();
            }
            (start..end, policy)
        })
        .collect()
}

/// Where white space and comments that begin at `at` end.
fn after_comments(text: &str, mut at: usize) -> usize {
    loop {
        let rest = text[at..].trim_start();
        at = text.len() - rest.len();
        if !rest.starts_with("//") {
            return at;
        }
        at += rest.find(['\n', '\r']).unwrap_or(rest.len());
    }
}

/// Reads the annotations of one policy; the error says what to mend.
fn rule(
    source: &Source<'_>,
    policy: &Policy,
    rank: usize,
    index: usize,
    place: Range<usize>,
) -> Result<Rule, String> {
    const KNOWN: [&str; 6] = ["id", "reason", "advice", "step_up", "scope", "who"];
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
    let mut scope = None;
    let (mut reason, mut advice, mut who) = (String::new(), String::new(), String::new());
    match policy.effect() {
        Effect::Permit => {
            who = wanted("who", "whom it allows this, to tell the others")?;
            for key in ["reason", "advice", "step_up", "scope"] {
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
    if let Some(name) = policy.annotation("scope") {
        let known: Scope = name.parse().map_err(|error: crate::UnknownName| {
            let known = Scope::ALL.iter().map(ToString::to_string);
            format!("{error} (known: {})", known.collect::<Vec<_>>().join(", "))
        })?;
        // Only verifications are kept by scope; a rule that nothing satisfies asks for ever.
        if !step_up.contains(&Proof::UserVerification) {
            return Err("`@scope` belongs beside `@step_up(\"user_verification\")`".to_owned());
        }
        scope = Some(known);
    }
    let policy = policy.new_id(PolicyId::new(format!("{}.{id}", source.stem())));
    Ok(Rule {
        policy,
        rank,
        source: index,
        place,
        reason,
        advice,
        step_up,
        scope,
        who,
    })
}
