//! [`Engine`]: validated policies, and the decision.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::{
    ActionConstraint, Authorizer, Effect, Entities, Entity, EntityId, EntityUid, Policy, PolicyId,
    PolicySet, Response, Schema, ValidationMode, Validator,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::action::Action;
use crate::baseline;
use crate::bridge::{Asked, Names};
use crate::dates::{self, Reckons};
use crate::named::named;
use crate::question::{Person, Question, Scope};
use crate::rules::{self, Rule};
use crate::source::{LoadError, Problem, Source};

named! {
    /// A proof that a person can be asked for.
    pub enum Proof ("proof") {
        /// The passkey with user verification: fingerprint, face or PIN (WebAuthn Level 3 §6.2.3).
        UserVerification = "user_verification",
        /// A one-time code of an app or a token card (RFC 6238, RFC 4226).
        OneTimeCode = "one_time_code",
        /// A smart card with its PIN (FIPS 201-3).
        SmartCard = "smart_card",
    }
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Go ahead.
    Allow,
    /// Go ahead once all of these are proven.
    StepUp {
        /// The proofs to ask for; never empty.
        methods: BTreeSet<Proof>,
        /// What they are for, where a proof given for something else does not count.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        scopes: BTreeSet<Scope>,
        /// Sentences to show with them; never empty.
        advice: Vec<String>,
    },
    /// No.
    Deny {
        /// A stable code: the `@reason` of the first policy that refuses, or one of the engine's:
        /// [`MISSING_PERMISSION`], [`WRONG_RESOURCE`], [`PEOPLE_ONLY`], [`BOT_CARE_TEAMS`], [`BOT_RESULTS`],
        /// [`POLICY_ERROR`].
        code: String,
        /// Sentences that a person can act on; never empty.
        advice: Vec<String>,
    },
}

named! {
    /// A [`Decision`] in one word.
    pub enum Answer ("answer") {
        /// Go ahead.
        Allow = "allow",
        /// Go ahead once something is proven.
        StepUp = "step_up",
        /// No.
        Deny = "deny",
    }
}

impl Decision {
    /// The decision in one word.
    pub const fn answer(&self) -> Answer {
        match self {
            Self::Allow => Answer::Allow,
            Self::StepUp { .. } => Answer::StepUp,
            Self::Deny { .. } => Answer::Deny,
        }
    }

    /// Sentences to show with it; none when there is nothing to say.
    pub fn advice(&self) -> &[String] {
        match self {
            Self::Allow => &[],
            Self::StepUp { advice, .. } | Self::Deny { advice, .. } => advice,
        }
    }
}

/// Code of a refusal because no policy allows it.
pub const MISSING_PERMISSION: &str = "missing_permission";
/// Code of a refusal because the action does not apply to such a resource: a fault of the caller.
pub const WRONG_RESOURCE: &str = "wrong_resource";
/// Code of a refusal because only people do such a thing, whatever the policies say.
pub const PEOPLE_ONLY: &str = "people_only";
/// Code of a refusal because no officer lets this bot bring care teams, whatever the policies say.
pub const BOT_CARE_TEAMS: &str = "bot_care_teams";
/// Code of a refusal because no officer lets this bot tell of critical results, whatever the policies say.
pub const BOT_RESULTS: &str = "bot_results";
/// Code of a refusal because a policy could not be evaluated. Cedar skips such policies; a
/// skipped `forbid` would open a door, so the engine refuses instead.
pub const POLICY_ERROR: &str = "policy_error";

/// A decision with what led to it, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The answer.
    #[serde(flatten)]
    pub decision: Decision,
    /// The ids of the policies that determined it, in the order of the texts; empty when none did.
    pub policies: Vec<String>,
    /// [`Engine::hash`] of the policies that were asked.
    pub policy_hash: Arc<str>,
}

/// Validated policies. Cheap to share behind an `Arc`; decisions need no lock.
#[derive(Debug)]
pub struct Engine {
    authorizer: Authorizer,
    names: Names,
    /// By `Action as usize`.
    slices: Vec<Slice>,
    rules: HashMap<PolicyId, Rule>,
    hash: Arc<str>,
    warnings: Vec<Problem>,
    #[cfg(test)]
    schema: Schema,
}

impl Engine {
    /// The engine with the policies that ship with Wardline.
    ///
    /// # Errors
    /// None in a build that passed its tests: the texts are part of the binary.
    pub fn baseline() -> Result<Self, LoadError> {
        Self::from_texts(baseline::SCHEMA, baseline::POLICIES)
    }

    /// The engine with the given schema and policies. The order of the texts matters for which
    /// reason comes first, and for the hash.
    ///
    /// # Errors
    /// Everything that is wrong, by file, line and column: texts that do not parse, policies that
    /// do not validate against the schema (strictly), policies without the annotations that
    /// answers are made from (see `policies/people.cedar`), templates, ids used twice.
    pub fn from_texts(schema: Source<'_>, policies: &[Source<'_>]) -> Result<Self, LoadError> {
        let hash = hash(schema, policies);
        let parsed_schema = match Schema::from_cedarschema_str(schema.text) {
            Ok((parsed, _)) => parsed,
            Err(error) => {
                return Err(LoadError {
                    problems: vec![schema.problem_from(&error)],
                });
            }
        };
        let (rules, mut problems) = rules::read(policies);
        if !problems.is_empty() {
            return Err(LoadError { problems });
        }

        let mut all = PolicySet::new();
        for rule in &rules {
            if let Err(error) = all.add(rule.policy.clone()) {
                problems.push(rule.problem(policies, error.to_string()));
            }
        }
        let verdict = Validator::new(parsed_schema.clone()).validate(&all, ValidationMode::Strict);
        let place = |id: &PolicyId, found: &dyn miette::Diagnostic| {
            let source = rules
                .iter()
                .find(|r| r.policy.id() == id)
                .map(|r| policies[r.source]);
            source.unwrap_or(schema).problem_from(found)
        };
        problems.extend(verdict.validation_errors().map(|e| place(e.policy_id(), e)));
        let warnings = verdict
            .validation_warnings()
            .map(|w| place(w.policy_id(), w))
            .collect();

        let actions = match parsed_schema.action_entities() {
            Ok(actions) => actions,
            Err(error) => {
                problems.push(schema.problem_at(0, error.to_string()));
                Entities::empty()
            }
        };
        let mut stripped = Vec::with_capacity(rules.len());
        for rule in &rules {
            match Stripped::of(rule) {
                Some(one) => stripped.push(one),
                None => problems
                    .push(rule.problem(policies, "its scope cannot be taken apart".to_owned())),
            }
        }
        let mut slices = Vec::with_capacity(Action::ALL.len());
        for action in Action::ALL {
            match Slice::new(*action, &actions, &stripped) {
                Some(slice) => slices.push(slice),
                None => problems
                    .push(schema.problem_at(0, format!("the action `{action}` is not declared"))),
            }
        }
        if !problems.is_empty() {
            return Err(LoadError { problems });
        }

        Ok(Self {
            authorizer: Authorizer::new(),
            names: Names::new(),
            slices,
            rules: rules
                .into_iter()
                .map(|rule| (rule.policy.id().clone(), rule))
                .collect(),
            hash: hash.into(),
            warnings,
            #[cfg(test)]
            schema: parsed_schema,
        })
    }

    /// SHA-256, in hex, over the names and texts of schema and policies in order. It stands in
    /// every recorded decision and names the policies that were in force.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Whether a policy refuses whatever is proven.
    pub fn is_final(&self, policy: &str) -> bool {
        let rule = self.rules.get(&PolicyId::new(policy));
        rule.is_some_and(|rule| rule.policy.effect() == Effect::Forbid && rule.step_up.is_empty())
    }

    /// What the validator found odd in the policies, such as a rule that never holds.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// The times at which the answer about some actions could change by the clock alone.
    pub(crate) fn dates(&self, actions: &[Action]) -> Result<BTreeSet<u64>, Reckons> {
        let mut found = BTreeSet::new();
        for action in actions {
            for policy in self.slices[*action as usize].policies.policies() {
                let policy = policy.to_json().map_err(|_| Reckons)?;
                found.extend(dates::compared(&policy["conditions"])?);
            }
        }
        Ok(found)
    }

    /// Answers a question.
    ///
    /// `Allow` when a permit and no forbid holds. When forbids hold that all carry `@step_up`, and
    /// a permit holds beneath them, the answer is `StepUp` with the union of their proofs: proving
    /// them leads to `Allow`. Everything else is `Deny`.
    pub fn decide(&self, question: &Question) -> Decided {
        let slice = &self.slices[question.action as usize];
        if question.resource.kind() != question.action.resource_kind() {
            let advice = "This is a fault in the app. Report it to the service desk.";
            return self.deny(WRONG_RESOURCE, vec![advice.to_owned()], Vec::new());
        }
        let is_bot = question.principal.as_ref().is_some_and(Person::is_bot);
        if is_bot && !question.action.is_open_to_bots() {
            let advice = "A bot cannot do this. A person has to.";
            return self.deny(PEOPLE_ONLY, vec![advice.to_owned()], Vec::new());
        }
        let bot = question.principal.as_ref().and_then(|p| p.bot.as_ref());
        if question.action == Action::CareTeamManage && bot.is_some_and(|bot| !bot.care_teams) {
            let advice = "This bot may not say who is on care teams. A security officer can let it, under \
                Integrations.";
            return self.deny(BOT_CARE_TEAMS, vec![advice.to_owned()], Vec::new());
        }
        if question.action == Action::CriticalCallTake && bot.is_some_and(|bot| !bot.results) {
            let advice = "This bot may not tell of critical results. A security officer can let it, under \
                Integrations.";
            return self.deny(BOT_RESULTS, vec![advice.to_owned()], Vec::new());
        }
        let Ok((request, entities)) = self.names.ask(question, slice.asked(), None) else {
            return self.policy_error();
        };
        let response = self
            .authorizer
            .is_authorized(&request, &slice.policies, &entities);
        if response.diagnostics().errors().next().is_some() {
            return self.policy_error();
        }
        let determining = self.determining(&response);
        let policies = determining
            .iter()
            .map(|rule| rule.policy.id().to_string())
            .collect();
        if response.decision() == cedar_policy::Decision::Allow {
            return self.decided(Decision::Allow, policies);
        }

        let hard: Vec<_> = determining
            .iter()
            .filter(|rule| rule.step_up.is_empty())
            .collect();
        if let Some(first) = hard.first() {
            let advice = hard.iter().map(|rule| rule.advice.clone()).collect();
            return self.deny(&first.reason, advice, policies);
        }
        // Only step-ups stand in the way, or nothing does. Is there a permit to step up to?
        let beneath = self
            .authorizer
            .is_authorized(&request, &slice.permits, &entities);
        if determining.is_empty() || beneath.decision() == cedar_policy::Decision::Deny {
            return self.deny(MISSING_PERMISSION, vec![slice.missing.clone()], Vec::new());
        }
        let methods = determining
            .iter()
            .flat_map(|rule| rule.step_up.iter().copied())
            .collect();
        let scopes = determining.iter().filter_map(|rule| rule.scope).collect();
        let mut advice: Vec<String> = Vec::new();
        for rule in determining {
            if !advice.contains(&rule.advice) {
                advice.push(rule.advice.clone());
            }
        }
        let decision = Decision::StepUp {
            methods,
            scopes,
            advice,
        };
        self.decided(decision, policies)
    }

    /// The policies that determined a response, in the order of the texts.
    fn determining(&self, response: &Response) -> Vec<&Rule> {
        let ids = response.diagnostics().reason();
        let mut rules: Vec<&Rule> = ids.filter_map(|id| self.rules.get(id)).collect();
        rules.sort_unstable_by_key(|rule| rule.rank);
        rules
    }

    fn policy_error(&self) -> Decided {
        let advice = "A policy could not be evaluated. Tell the security officer.";
        self.deny(POLICY_ERROR, vec![advice.to_owned()], Vec::new())
    }

    fn deny(&self, code: &str, advice: Vec<String>, policies: Vec<String>) -> Decided {
        self.decided(
            Decision::Deny {
                code: code.to_owned(),
                advice,
            },
            policies,
        )
    }

    fn decided(&self, decision: Decision, policies: Vec<String>) -> Decided {
        Decided {
            decision,
            policies,
            policy_hash: Arc::clone(&self.hash),
        }
    }
}

#[cfg(test)]
impl Engine {
    /// Whether the Cedar form of a question conforms to the schema.
    pub(crate) fn conforms(&self, question: &Question) -> bool {
        let slice = &self.slices[question.action as usize];
        self.names
            .ask(question, slice.asked(), Some(&self.schema))
            .is_ok()
    }

    /// The schema, to compare it with the code.
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }
}

/// The policies that can bear on one action. Cedar evaluates every policy of a set; those whose
/// scope names other actions can never hold, so leaving them out changes no answer.
#[derive(Debug)]
struct Slice {
    /// With the groups of actions that it belongs to.
    action: Entity,
    /// Whether a policy's condition looks at the action; most leave that to their scopes.
    looks_at_action: bool,
    policies: PolicySet,
    permits: PolicySet,
    /// What to tell those whom no permit allows it.
    missing: String,
}

impl Slice {
    /// `None` when the schema does not declare the action, or an id occurs twice.
    fn new(action: Action, actions: &Entities, rules: &[Stripped<'_>]) -> Option<Self> {
        let uid = action_uid(action);
        let entity = actions.get(&uid)?.clone();
        let concerns = |group: &EntityUid| *group == uid || actions.is_ancestor_of(group, &uid);
        let concerned: Vec<&Stripped<'_>> = rules
            .iter()
            .filter(|one| match one.rule.policy.action_constraint() {
                ActionConstraint::Any => true,
                ActionConstraint::Eq(only) => only == uid,
                ActionConstraint::In(groups) => groups.iter().any(concerns),
            })
            .collect();
        let permits = concerned
            .iter()
            .filter(|one| one.rule.policy.effect() == Effect::Permit);
        let mut looks_at_action = false;
        let mut set = |rules: &mut dyn Iterator<Item = &&Stripped<'_>>| {
            let mut policies = PolicySet::new();
            for one in rules {
                looks_at_action |= one.looks;
                policies.add(one.policy.clone()).ok()?;
            }
            Some(policies)
        };
        let policies = set(&mut concerned.iter())?;
        let of_permits = set(&mut permits.clone())?;
        Some(Self {
            action: entity,
            looks_at_action,
            missing: missing(action, permits.clone().map(|one| one.rule.who.as_str())),
            permits: of_permits,
            policies,
        })
    }

    /// The action as it is asked about.
    fn asked(&self) -> Asked<'_> {
        Asked {
            action: &self.action,
            with_groups: self.looks_at_action,
        }
    }
}

/// A policy without its scope's condition on the action, which every question of its slice fulfils:
/// Cedar would make the set of actions anew, and look for the action in it, at each question.
struct Stripped<'a> {
    rule: &'a Rule,
    policy: Policy,
    /// Whether what is left looks at the action.
    looks: bool,
}

impl<'a> Stripped<'a> {
    fn of(rule: &'a Rule) -> Option<Self> {
        let mut json = rule.policy.to_json().ok()?;
        *json.get_mut("action")? = json!({ "op": "All" });
        let looks = json.get("conditions").is_none_or(names_action);
        let policy = Policy::from_json(Some(rule.policy.id().clone()), json).ok()?;
        Some(Self {
            rule,
            policy,
            looks,
        })
    }
}

/// Whether an expression in Cedar's JSON form has the variable `action` in it.
fn names_action(expression: &Json) -> bool {
    match expression {
        Json::Object(fields) => fields
            .iter()
            .any(|(key, value)| (key == "Var" && value == "action") || names_action(value)),
        Json::Array(items) => items.iter().any(names_action),
        _ => false,
    }
}

/// The sentence for those whom no permit allows an action.
fn missing<'a>(action: Action, who: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in who {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let phrase = action.phrase();
    match names.as_slice() {
        [] => format!("The hospital's policies let nobody {phrase}."),
        [only] => format!("Only {only} can {phrase}."),
        [first @ .., last] => format!("Only {} or {last} can {phrase}.", first.join(", ")),
    }
}

fn action_uid(action: Action) -> EntityUid {
    // Invariant: `Wardline::Action` is an identifier path.
    #[expect(clippy::expect_used, reason = "the name is a literal")]
    let kind = "Wardline::Action".parse().expect("an entity type name");
    EntityUid::from_type_name_and_id(kind, EntityId::new(action.as_str()))
}

/// Names and texts with their lengths in front, so that no two sets of texts hash alike.
pub(crate) fn hash(schema: Source<'_>, policies: &[Source<'_>]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"wardline policies v1\0");
    for source in std::iter::once(&schema).chain(policies) {
        for part in [source.name, source.text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    hex::encode(hash.finalize())
}
