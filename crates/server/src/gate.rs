//! The gate: authenticate → **decide → do → record** → answer.
//!
//! Only [`Gate`] has the store. A handler reads the facts of its question with [`App::facts`],
//! which cannot write, and asks with [`App::decide`]. What it gets for an `Allow` is a [`Permit`],
//! the only way to write: its event is in the same transaction as the change
//! ([`change!`](crate::gate::change)), or recorded before the answer leaves ([`Permit::record`]). A refusal is
//! recorded by `decide` itself. A permit that is dropped unused is a bug that the type reports.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use wardline_audit::event::{Actor, Kind, NodeName, Outcome, V1};
use wardline_audit::{Event, Salt};
use wardline_bus::Hint;
use wardline_model::wire::integrations::BotScope;
use wardline_model::wire::messages::Priority;
use wardline_model::{DeviceId, UserId};
use wardline_policy::{
    Action, BotFacts, Circumstances, Decided, Decision, DeviceFacts, Limits, Person, Question,
    Recorded, Resource, SessionFacts,
};
use wardline_store::{
    self as store, Accepted, Append, AppendError, Device, EventRef, Store, StoreError, Tx,
};

use crate::app::{App, Peer};
use crate::config::Config;
use crate::policies::Policies;
use crate::policies::record::{Kept, Recorder};
use crate::problem::Refusal;
use crate::rim::random;
use crate::risk;
use crate::snooping;

/// The store and the policies, which only this module brings together.
#[derive(Debug)]
pub(crate) struct Gate {
    store: Store,
    policies: Policies,
    recorder: Recorder,
    node: NodeName,
    limits: Limits,
}

impl Gate {
    pub(crate) fn new(
        store: Store,
        policies: Policies,
        recorder: Recorder,
        config: &Config,
    ) -> Self {
        const MINUTE: u64 = 60_000;
        let sessions = &config.sessions;
        Self {
            node: store.node().clone(),
            limits: Limits {
                idle_ms: sessions.idle_minutes * MINUTE,
                absolute_ms: sessions.absolute_hours * 60 * MINUTE,
                fresh_ms: sessions.fresh_minutes * MINUTE,
                risk_step_up: config.risk.step_up,
                risk_second: config.risk.second,
                risk_deny: config.risk.deny,
            },
            store,
            policies,
            recorder,
        }
    }

    /// What is in force.
    pub(crate) const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Where decisions are kept for replay.
    pub(crate) const fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The session limits in force.
    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The event of what the house does by itself, on nobody's behalf: a program's own rules
    /// decided, or a schedule. No policy is asked, since nobody asks; the event says why.
    pub(crate) fn house_event(&self, kind: Kind, action: &str, at_ms: u64) -> Event {
        Event {
            v: V1,
            at: at_ms,
            node: self.node.clone(),
            kind,
            actor: Actor::default(),
            action: action.to_owned(),
            resource: "hospital".to_owned(),
            outcome: Outcome::Allow,
            reasons: Vec::new(),
            policy: None,
            detail: Map::new(),
        }
    }

    /// The store, for the server's own machinery: authentication, sequencer, sockets. It asks no
    /// policy because it acts on nobody's behalf.
    pub(crate) const fn machinery(&self) -> &Store {
        &self.store
    }
}

/// Who asks, and under which circumstances.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    /// For the audit event.
    pub(crate) actor: Actor,
    /// The person, where one is known.
    pub(crate) person: Option<Person>,
    /// The device, where one is proven.
    pub(crate) device: Option<DeviceFacts>,
    /// The session, where there is one.
    pub(crate) session: Option<SessionFacts>,
    /// On a network of the hospital.
    pub(crate) on_premises: bool,
    /// On the roster now.
    pub(crate) on_shift: bool,
    /// Holds an on-call role now.
    pub(crate) on_call: bool,
    /// How unusual the session is, 0 to 100.
    pub(crate) risk: u8,
    /// What is unusual, in sentences for the person.
    pub(crate) unusual: Vec<String>,
    /// When the question is asked, unix milliseconds.
    pub(crate) now_ms: u64,
}

impl Asker {
    /// A device that has proven itself, and its owner, before there is a session.
    pub(crate) fn device(
        app: &App,
        peer: Peer,
        device: &Device,
        owner: &store::Person,
        roles: Vec<String>,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            actor: actor(owner.user_id, device.device_id, None),
            person: Some(person_of(owner, roles)),
            device: Some(device_facts(device)?),
            ..Self::anyone(app, peer)
        })
    }

    /// The same, with a person known to be behind the request.
    pub(crate) fn with_person(&self, owner: &store::Person, roles: Vec<String>) -> Self {
        Self {
            person: Some(person_of(owner, roles)),
            ..self.clone()
        }
    }

    /// Someone of whom nothing is known but the address.
    pub(crate) fn anyone(app: &App, peer: Peer) -> Self {
        Self {
            actor: Actor::default(),
            person: None,
            device: None,
            session: None,
            on_premises: app.config.on_premises(peer.address.ip()),
            on_shift: false,
            on_call: false,
            risk: 0,
            unusual: Vec::new(),
            now_ms: app.clock.now_ms(),
        }
    }
}

/// A question with its answer, and the event that tells of it.
struct Asked {
    question: Question,
    decided: Decided,
    event: Event,
    /// The rules about risk that asked for more, or refused.
    by_risk: Vec<String>,
}

/// What an audit event says beyond the decision.
#[derive(Debug)]
pub(crate) struct Note {
    template: Event,
    detail: Map<String, Value>,
    refused: Option<&'static str>,
    written: bool,
}

impl Note {
    /// Adds a member to the event's detail. Identifiers and counts only, never patient data.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }

    /// Names what has happened, where that is known within the change only.
    pub(crate) fn kind(&mut self, kind: Kind) -> &mut Self {
        self.template.kind = kind;
        self
    }

    /// Writes the event now, in the middle of the change, for what has to point at it.
    ///
    /// Nothing may be put into the note afterwards.
    pub(crate) async fn write(&mut self, tx: &mut Tx) -> Result<EventRef, Refusal> {
        let event = self.event();
        self.written = true;
        Ok(tx.audit(&event, Salt(random())).await?)
    }

    /// One more event of the same change, about one of several things that it changes.
    pub(crate) fn one_more(&self, kind: Kind) -> Event {
        let mut event = self.template.clone();
        event.kind = kind;
        event
    }

    /// The event with what was noted.
    pub(crate) fn into_event(self) -> Event {
        self.event()
    }

    fn event(&self) -> Event {
        let mut event = self.template.clone();
        event.detail.clone_from(&self.detail);
        if let Some(why) = self.refused {
            event.outcome = Outcome::Deny;
            event.reasons = vec![why.to_owned()];
        }
        event
    }

    /// The change is the record of a refusal, such as a counted wrong attempt.
    pub(crate) const fn refused(&mut self, why: &'static str) -> &mut Self {
        self.refused = Some(why);
        self
    }
}

/// The decision's witness: an action on a resource was allowed, and nothing else was.
#[must_use = "an allowed action must be recorded: use `change!`, `append` or `record`"]
#[derive(Debug)]
pub(crate) struct Permit {
    app: App,
    event: Event,
    now_ms: u64,
}

impl App {
    /// Reads one state of the store, to establish the facts of a question. It cannot write.
    pub(crate) async fn facts(&self) -> Result<Tx, Refusal> {
        self.gate.store.read().await.map_err(Refusal::from)
    }

    /// The same for facts of which each stands alone: quicker, since it takes no transaction.
    pub(crate) async fn look(&self) -> Result<Tx, Refusal> {
        self.gate.store.look().await.map_err(Refusal::from)
    }

    /// Asks the policies. Refusals and step-ups are recorded here; an `Allow` is recorded by what
    /// is done with the permit.
    pub(crate) async fn decide(
        &self,
        asker: &Asker,
        action: Action,
        resource: Resource,
    ) -> Result<Permit, Refusal> {
        let Asked {
            question,
            decided,
            mut event,
            by_risk,
        } = self.ask(asker, action, resource);
        // What anyone may ask is nothing to try policies over, and anyone could flood it.
        if !action.is_public() {
            // Keyed: labels of a record could be guessed from a bare digest.
            let digest = question.digest();
            let inputs = hex::encode(self.keys.index.hash("decision", digest.as_bytes()));
            event
                .detail
                .insert("inputs".to_owned(), inputs.clone().into());
            self.gate.recorder.record(Kept {
                inputs,
                policy: Arc::clone(&decided.policy_hash),
                recorded: Recorded {
                    question,
                    decided: decided.decision.clone(),
                },
            });
        }
        if let Some(session) = asker.session.as_ref().filter(|_| !by_risk.is_empty()) {
            let refused = matches!(decided.decision, Decision::Deny { .. });
            risk::note_asked(self, session.id, &by_risk, refused, asker.now_ms).await?;
        }
        match decided.decision {
            Decision::Allow => Ok(Permit {
                app: self.clone(),
                event,
                now_ms: asker.now_ms,
            }),
            Decision::StepUp {
                methods,
                scopes,
                advice,
            } => {
                let advice = explained(advice, &decided.policies, asker);
                event
                    .reasons
                    .extend(methods.iter().map(|method| method.as_str().to_owned()));
                self.record(event).await?;
                Err(Refusal::StepUp {
                    methods,
                    scopes,
                    advice,
                })
            }
            Decision::Deny { code, advice } => {
                let advice = explained(advice, &decided.policies, asker);
                event.reasons.insert(0, code.clone());
                let of = event.resource.clone();
                self.record(event).await?;
                snooping::refused(self, asker, &of);
                Err(denied(code, advice))
            }
        }
    }

    /// Asks the policies anew within a change, when more is known of who asks. The change's event
    /// records the outcome: on an error, note it as refused and commit, or roll back.
    pub(crate) fn judge(
        &self,
        asker: &Asker,
        action: Action,
        resource: Resource,
    ) -> Result<(), Refusal> {
        let decided = self.ask(asker, action, resource).decided;
        match decided.decision {
            Decision::Allow => Ok(()),
            Decision::StepUp {
                methods,
                scopes,
                advice,
            } => Err(Refusal::StepUp {
                methods,
                scopes,
                advice: explained(advice, &decided.policies, asker),
            }),
            Decision::Deny { code, advice } => {
                let advice = explained(advice, &decided.policies, asker);
                Err(denied(code, advice))
            }
        }
    }

    /// The rules about risk by which a session is asked for more before it is trusted.
    pub(crate) fn asked_by_risk(&self, asker: &Asker) -> Vec<String> {
        let asked = self.ask(asker, Action::SessionTrust, Resource::Hospital);
        if matches!(asked.decided.decision, Decision::StepUp { .. }) {
            asked.by_risk
        } else {
            Vec::new()
        }
    }

    /// Asks the policies about part of an answer that was allowed as a whole, such as the banner
    /// of each conversation's patient. Recorded with the whole.
    pub(crate) fn may(&self, asker: &Asker, action: Action, resource: Resource) -> bool {
        self.ask(asker, action, resource).decided.decision == Decision::Allow
    }

    fn ask(&self, asker: &Asker, action: Action, resource: Resource) -> Asked {
        let name = resource.name();
        let question = Question {
            principal: asker.person.clone(),
            device: asker.device.clone(),
            session: asker.session.clone(),
            action,
            resource,
            context: Circumstances {
                now_ms: asker.now_ms,
                on_premises: asker.on_premises,
                on_shift: asker.on_shift,
                on_call: asker.on_call,
                risk: asker.risk,
                limits: self.gate.limits,
            },
        };
        let in_force = self.gate.policies.get();
        let decided = in_force.engine.decide(&question);
        let of_risk = decided.policies.iter().filter(|it| it.starts_with(RISK));
        let by_risk = match &decided.decision {
            Decision::Allow => Vec::new(),
            Decision::StepUp { .. } => of_risk.cloned().collect(),
            // What asks for a proof refuses nobody: something else did.
            Decision::Deny { .. } => of_risk
                .filter(|it| in_force.engine.is_final(it))
                .cloned()
                .collect(),
        };
        let (kind, outcome) = match &decided.decision {
            Decision::Allow => (ALLOWED, Outcome::Allow),
            Decision::StepUp { .. } => (REFUSED, Outcome::StepUp),
            Decision::Deny { .. } => (REFUSED, Outcome::Deny),
        };
        let event = Event {
            v: V1,
            at: asker.now_ms,
            node: self.gate.node.clone(),
            kind,
            actor: asker.actor,
            action: action.as_str().to_owned(),
            resource: name,
            outcome,
            reasons: decided.policies.clone(),
            policy: in_force.hash,
            detail: Map::new(),
        };
        Asked {
            question,
            decided,
            event,
            by_risk,
        }
    }

    /// Records a refusal before anyone was known; the caller limits how often.
    pub(crate) async fn record_refusal(&self, peer: Peer, problem: &'static str) {
        let mut detail = Map::new();
        detail.insert(
            "source".to_owned(),
            peer.address.ip().to_canonical().to_string().into(),
        );
        let event = Event {
            v: V1,
            at: self.clock.now_ms(),
            node: self.gate.node.clone(),
            kind: REFUSED,
            actor: Actor::default(),
            action: "authenticate".to_owned(),
            resource: "hospital".to_owned(),
            outcome: Outcome::Deny,
            reasons: vec![problem.to_owned()],
            policy: None,
            detail,
        };
        if let Err(error) = self.record(event).await {
            tracing::error!(%error, "a refusal was not recorded");
        }
    }

    async fn record(&self, event: Event) -> Result<(), Refusal> {
        self.gate.store.record(&event, Salt(random())).await?;
        self.bus.publish(Hint::Audit);
        Ok(())
    }
}

impl Permit {
    /// When the question was asked, unix milliseconds; the time of everything that is done.
    pub(crate) const fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Names what is going to happen.
    pub(crate) fn kind(mut self, kind: Kind) -> Self {
        self.event.kind = kind;
        self
    }

    /// Begins a change; see [`change!`](crate::gate::change).
    pub(crate) const fn begin(self) -> Change {
        Change {
            permit: self,
            attempt: 0,
        }
    }

    /// Records that something was read, before it is answered.
    pub(crate) async fn record(self) -> Result<(), Refusal> {
        let note = self.note();
        self.record_with(note).await
    }

    /// Records that something was read, with what belongs to it.
    pub(crate) async fn record_with(self, note: Note) -> Result<(), Refusal> {
        self.app.record(note.event()).await
    }

    /// Records a public read, once for each source and minute: a flood cannot fill the log.
    pub(crate) async fn record_public(self, peer: Peer) -> Result<(), Refusal> {
        if self.app.public_reads.first(peer.address.ip(), self.now_ms) {
            self.record().await
        } else {
            Ok(())
        }
    }

    /// An empty note for this permit's event.
    pub(crate) fn note(&self) -> Note {
        Note {
            detail: self.event.detail.clone(),
            template: self.event.clone(),
            refused: None,
            written: false,
        }
    }

    /// Appends a message by the group commit, which makes it durable together with its event. A
    /// refusal is recorded here.
    pub(crate) async fn append(self, append: Append) -> Result<Accepted, AppendError> {
        let mut event = append.event.clone();
        let outcome = self.app.gate.store.append(append).await;
        let why = match &outcome {
            Ok(_) => {
                self.app.bus.publish(Hint::Audit);
                return outcome;
            }
            Err(AppendError::UnknownGroup) => "not-found",
            Err(AppendError::NotMember) => "not-member",
            Err(AppendError::EpochConflict { .. }) => "epoch-conflict",
            Err(AppendError::CommitRequired) => "commit-required",
            Err(AppendError::IdTaken) => "idempotency-mismatch",
            Err(AppendError::Store(_)) => return outcome,
        };
        event.outcome = Outcome::Deny;
        event.reasons = vec![why.to_owned()];
        self.app.gate.store.record(&event, Salt(random())).await?;
        outcome
    }
}

/// A change of the store in one transaction with its event, tried again while other transactions
/// are in the way. Used through [`change!`](crate::gate::change).
#[derive(Debug)]
pub(crate) struct Change {
    permit: Permit,
    attempt: u32,
}

/// One attempt at a change.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// The transaction.
    pub(crate) tx: Tx,
    /// What the event is to say.
    pub(crate) note: Note,
}

impl Change {
    /// Opens a transaction.
    pub(crate) async fn open(&self) -> Result<Attempt, Refusal> {
        let tx = self.permit.app.gate.store.write().await?;
        Ok(Attempt {
            tx,
            note: self.permit.note(),
        })
    }

    /// Writes the event and commits, or takes everything back. `Continue` asks for another try.
    pub(crate) async fn close<T>(
        &mut self,
        attempt: Attempt,
        outcome: Result<T, Refusal>,
    ) -> ControlFlow<Result<T, Refusal>> {
        match self.try_close(attempt, outcome).await {
            Err(refusal) if self.attempt < RETRIES && refusal.is_busy() => {
                tokio::time::sleep(Duration::from_millis(2 << self.attempt)).await;
                self.attempt += 1;
                ControlFlow::Continue(())
            }
            Err(refusal) if !refusal.is_fault() => {
                // Allowed, but it could not be done: nothing changed, and the log says so.
                let mut event = self.permit.event.clone();
                event.outcome = Outcome::Deny;
                event.reasons = vec![refusal.name().to_owned()];
                let recorded = self.permit.app.record(event).await;
                ControlFlow::Break(recorded.and(Err(refusal)))
            }
            other => ControlFlow::Break(other),
        }
    }

    async fn try_close<T>(
        &self,
        attempt: Attempt,
        outcome: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let Attempt { mut tx, mut note } = attempt;
        let value = outcome?;
        if !note.written {
            note.write(&mut tx).await?;
        }
        tx.commit().await?;
        self.permit.app.bus.publish(Hint::Audit);
        Ok(value)
    }
}

/// Changes the store in one transaction with the permit's event:
/// `change!(permit, |tx, note| { … Ok(value) })?`.
///
/// The block may run again when another transaction was in the way, so it must have no other
/// effect. It is a macro because a generic function over async closures cannot promise that their
/// futures are `Send`.
macro_rules! change {
    ($permit:expr, |$tx:ident, $note:ident| $body:block) => {{
        let mut change = $permit.begin();
        loop {
            let mut attempt = change.open().await?;
            let outcome: Result<_, $crate::problem::Refusal> = async {
                let ($tx, $note) = (&mut attempt.tx, &mut attempt.note);
                $body
            }
            .await;
            if let std::ops::ControlFlow::Break(done) = change.close(attempt, outcome).await {
                break done;
            }
        }
    }};
}
pub(crate) use change;

/// A change that the house makes by itself in one transaction, again while other transactions are in
/// its way. `$tx` is the transaction within the block.
macro_rules! patiently {
    ($app:expr, |$tx:ident| $body:block) => {{
        let mut attempt = 0;
        loop {
            let mut whole = $app.gate.machinery().write().await?;
            let outcome: Result<_, $crate::problem::Refusal> = async {
                let $tx = &mut whole;
                $body
            }
            .await;
            let settled = $crate::gate::settle(whole, outcome, &mut attempt).await;
            if let std::ops::ControlFlow::Break(done) = settled {
                break done;
            }
        }
    }};
}
pub(crate) use patiently;

/// Commits what went well, or takes it back; see [`patiently!`](crate::gate::patiently). `Continue`
/// asks for another try.
pub(crate) async fn settle<T>(
    tx: Tx,
    outcome: Result<T, Refusal>,
    attempt: &mut u32,
) -> ControlFlow<Result<T, Refusal>> {
    let outcome = match outcome {
        Ok(value) => tx.commit().await.map(|()| value).map_err(Refusal::from),
        Err(refusal) => {
            // The connection is given back before the next try.
            drop(tx);
            Err(refusal)
        }
    };
    match outcome {
        Err(refusal) if refusal.is_busy() && *attempt < RETRIES => {
            tokio::time::sleep(Duration::from_millis(2 << *attempt)).await;
            *attempt += 1;
            ControlFlow::Continue(())
        }
        other => ControlFlow::Break(other),
    }
}

/// Advice with what is unusual before it, where a rule about risk gave it.
fn explained(advice: Vec<String>, policies: &[String], asker: &Asker) -> Vec<String> {
    if policies.iter().any(|policy| policy.starts_with(RISK)) {
        asker.unusual.iter().cloned().chain(advice).collect()
    } else {
        advice
    }
}

/// Refusals by session rules are about the session: signing in again mends them, so they are 401.
fn denied(code: String, advice: Vec<String>) -> Refusal {
    match code.as_str() {
        "session_expired" => Refusal::SessionEnded("its time was over"),
        "session_idle" => Refusal::SessionEnded("it was not used for a while"),
        "no_session" | "not_signed_in" => Refusal::NoSession,
        _ => Refusal::Denied { code, advice },
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        if error.is_busy() {
            Self::Unavailable(Box::new(error))
        } else {
            Self::internal(error)
        }
    }
}

/// The person as the policies see them.
pub(crate) fn person(
    id: UserId,
    roles: impl IntoIterator<Item = String>,
    department: &str,
    facility: Option<wardline_model::FacilityId>,
    active: bool,
    onboarded: bool,
    bot: Option<BotFacts>,
) -> Person {
    Person {
        id,
        roles: roles.into_iter().collect(),
        departments: BTreeSet::from([department.to_owned()]),
        facility,
        active,
        onboarded,
        bot,
    }
}

/// What a bot may do as it is stored; whatever cannot be read is nothing.
pub(crate) fn bot_facts(scope: &str) -> Option<BotFacts> {
    let scope: BotScope = serde_json::from_str(scope).ok()?;
    Some(BotFacts {
        reads: scope.reads,
        urgent: scope.highest >= Priority::Urgent,
        stat: scope.highest >= Priority::Stat,
        anywhere: scope.anywhere,
        groups: scope.groups.into_iter().collect(),
        roles: scope.roles.iter().map(ToString::to_string).collect(),
        care_teams: scope.care_teams,
        results: scope.results,
    })
}

/// A device as the policies see it.
pub(crate) fn device_facts(device: &Device) -> Result<DeviceFacts, Refusal> {
    Ok(DeviceFacts {
        id: device.device_id,
        owner: device.user_id,
        program: device.program.parse().map_err(Refusal::internal)?,
        state: device.state,
        endorsed: device.state.is_in_use(),
        passkey: device.passkey_kind.parse().map_err(Refusal::internal)?,
    })
}

/// The same by what the store has of them.
pub(crate) fn person_of(person: &store::Person, roles: Vec<String>) -> Person {
    self::person(
        person.user_id,
        roles,
        &person.department,
        Some(person.facility_id),
        person.active,
        person.onboarded,
        None,
    )
}

/// The actor of an event.
pub(crate) const fn actor(
    user: UserId,
    device: DeviceId,
    session: Option<wardline_model::SessionId>,
) -> Actor {
    Actor {
        user: Some(user),
        device: Some(device),
        session,
    }
}

const ALLOWED: Kind = Kind::named("request.allowed");
const REFUSED: Kind = Kind::named("request.refused");
const RETRIES: u32 = 6;
/// Rules about risk are those of this file.
const RISK: &str = "risk.";
