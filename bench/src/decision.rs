//! A decision whole, beside Cedar's bare `is_authorized`.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request, Schema};
use ipnet::{IpNet, Ipv4Net};
use serde_json::{Map, json};
use wardline_audit::event::{Actor, Kind, Outcome as Answer, V1};
use wardline_audit::{Event, Hash};
use wardline_model::wire::enroll::DeviceState;
use wardline_model::{DeviceId, PatientId, SessionId, UserId};
use wardline_policy::{
    Action, Circumstances, DeviceFacts, Engine, Limits, Network, PasskeyKind, Person, Place,
    Program, Question, Resource, Scope, SessionFacts, baseline,
};
use wardline_risk::{
    Hospital, House, Login, Outcome as Learned, PersonState, Premises, Roster, Shift,
};

use crate::bench::{Bench, Outcome};
use crate::clock::timed;
use crate::report::{Figure, Row, Section, Target};
use crate::stats::Sample;

/// Longest that a decision may take, in microseconds.
const LIMIT: f64 = 100.0;
/// Most bytes that are kept of a person.
const MOST_KEPT: f64 = 4096.0;
/// How often each way is taken.
const ROUNDS: usize = 20_000;
/// 2026-01-01 00:00 UTC.
const NOW: u64 = 1_767_225_600_000;
/// The first sign-in.
const FIRST_MS: i64 = 1_740_000_000_000;
const EIGHT_HOURS_MS: i64 = 8 * 60 * 60 * 1000;
const USER: UserId = UserId::from_bytes([0xA1; 16]);
const DEVICE: DeviceId = DeviceId::from_bytes([0xA2; 16]);
const SESSION: SessionId = SessionId::from_bytes([0xA3; 16]);
const PATIENT: &str = "cfda32ac-8382-4a7c-92a2-1b072b2a70de";

/// Weighs a session, asks the policies and builds the audit event, one after another on one core.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let engine = Engine::baseline()?;
    let policy: Hash = engine.hash().parse()?;
    let question = question()?;
    let bare = Bare::new()?;
    let (roster, premises) = (roster(), premises());
    let hospital = Hospital {
        roster: &roster,
        premises: &premises,
    };
    let (house, person) = learned(hospital);
    let login = login(255);
    let weigh = || house.weigh(&person, hospital, &login).risk();
    let whole = || -> Outcome<usize> {
        let mut question = question.clone();
        question.context.risk = weigh();
        let decided = engine.decide(&question);
        let mut detail = Map::new();
        detail.insert("inputs".to_owned(), question.digest().into());
        let event = Event {
            v: V1,
            at: NOW,
            node: "bench".parse()?,
            kind: Kind::named("request.allowed"),
            actor: Actor {
                user: Some(USER),
                device: Some(DEVICE),
                session: Some(SESSION),
            },
            action: question.action.as_str().to_owned(),
            resource: question.resource.name(),
            outcome: Answer::Allow,
            reasons: decided.policies,
            policy: Some(policy),
            detail,
        };
        Ok(event.canonical()?.len())
    };
    let rounds = bench.rounds(ROUNDS);
    let (mut all, mut asked, mut theirs, mut weighed) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        let (event, took) = timed(whole);
        black_box(event?);
        all.push(took);
        let (decided, took) = timed(|| engine.decide(&question));
        black_box(decided);
        asked.push(took);
        let (allowed, took) = timed(|| bare.is_authorized());
        if !allowed {
            return Err("bare Cedar answers otherwise".into());
        }
        theirs.push(took);
        let (risk, took) = timed(weigh);
        black_box(risk);
        weighed.push(took);
    }
    let (all, asked) = (Sample::new(all), Sample::new(asked));
    let (theirs, weighed) = (Sample::new(theirs), Sample::new(weighed));
    let kept = u32::try_from(person.to_bytes()?.len())?;
    Ok(Section {
        title: "Decision: risk, policy and audit event on one core",
        rows: vec![
            Row::new(
                "risk weighed, policies asked, event built and written out, p99",
                at(&all, 99),
                "limit",
                Figure::new(LIMIT, "µs"),
            )
            .target(Target::AtMost(1.0)),
            Row::new(
                "the same, median",
                at(&all, 50),
                "Cedar's bare `is_authorized`, median",
                at(&theirs, 50),
            ),
            Row::new(
                "`Engine::decide` alone, median",
                at(&asked, 50),
                "Cedar's bare `is_authorized`, median",
                at(&theirs, 50),
            ),
            Row::new(
                "a sign-in weighed, median",
                at(&weighed, 50),
                "the whole decision, median",
                at(&all, 50),
            ),
            Row::new(
                "kept of a person after 256 sign-ins",
                Figure::new(f64::from(kept), "bytes"),
                "limit",
                Figure::new(MOST_KEPT, "bytes"),
            )
            .target(Target::AtMost(1.0)),
        ],
        notes: vec![
            "A nurse opens the chart of a patient she cares for; her sign-in is weighed with three months \
             of turns on the roster and the hospital's own network. Bare Cedar is asked the same \
             question over all policies of the baseline, with request and entities made \
             beforehand; ours makes them each time, and asks only the policies that can bear on the \
             action. The event is in its canonical form with the digest of all that the decision \
             depended on; what is left out is the database."
                .to_owned(),
        ],
    })
}

fn at(sample: &Sample, percent: usize) -> Figure {
    let time: Duration = sample.percentile(percent);
    Figure::new(time.as_secs_f64() * 1e6, "µs")
}

fn question() -> Outcome<Question> {
    let patient: PatientId = PATIENT.parse()?;
    Ok(Question {
        principal: Some(Person {
            id: USER,
            roles: BTreeSet::from(["nurse".to_owned()]),
            departments: BTreeSet::from(["Cardiology".to_owned()]),
            facility: None,
            active: true,
            onboarded: true,
            bot: None,
        }),
        device: Some(DeviceFacts {
            id: DEVICE,
            owner: USER,
            program: Program::Byod,
            state: DeviceState::Active,
            endorsed: true,
            passkey: PasskeyKind::Platform,
        }),
        session: Some(SessionFacts {
            id: SESSION,
            aal: 2,
            proof_age_ms: 60_000,
            idle_ms: 1_000,
            age_ms: 3_600_000,
            network: Network::Premises,
            code_age_ms: None,
            card_age_ms: None,
            place: Place::House,
            codes: 1,
            scopes: BTreeMap::from([(Scope::SensitiveNotes, 60_000)]),
        }),
        action: Action::ChartRead,
        resource: Resource::Patient {
            id: patient,
            care_team: true,
            conversation: true,
            glass: None,
            explained: None,
            labels: BTreeSet::from(["N".to_owned()]),
        },
        context: Circumstances {
            on_premises: true,
            on_shift: true,
            ..Circumstances::at(NOW)
        },
    })
}

/// Three months of turns of eight hours, one a day.
fn roster() -> Roster {
    Roster::new((0..90).map(|day| {
        let from_ms = FIRST_MS + i64::from(day) * 3 * EIGHT_HOURS_MS;
        let shift = Shift {
            from_ms,
            until_ms: from_ms + EIGHT_HOURS_MS,
            on_site: true,
        };
        (USER.to_string(), shift)
    }))
}

/// The hospital's own network, from which two in seven sign-ins come.
fn premises() -> Premises {
    let net = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(198, 51, 100, 0), 31));
    Premises::new([(net, "premises".to_owned())])
}

/// A model that has seen the person sign in 256 times, three times a day.
fn learned(hospital: Hospital<'_>) -> (House, PersonState) {
    let (mut house, mut person) = (House::default(), PersonState::default());
    for nth in 0..=255 {
        let login = login(nth);
        let weights = house.weigh(&person, hospital, &login);
        house.learn(&mut person, hospital, &login, &weights, Learned::Passed);
    }
    (house, person)
}

fn login(nth: u8) -> Login {
    Login {
        at_ms: FIRST_MS + i64::from(nth) * EIGHT_HOURS_MS,
        user: USER.to_string(),
        address: Some(IpAddr::V4(Ipv4Addr::new(198, 51, 100, nth % 7))),
        agent: "Mozilla/5.0 (Linux; Android 15) Chrome/142.0 Mobile".to_owned(),
        browser: "Chrome".to_owned(),
        system: "Android".to_owned(),
        device_kind: "mobile".to_owned(),
        device: DEVICE.to_string(),
        successful: true,
        ..Login::default()
    }
}

/// The same question to Cedar, with all that it is asked with made beforehand.
struct Bare {
    authorizer: Authorizer,
    policies: PolicySet,
    request: Request,
    entities: Entities,
}

impl Bare {
    fn new() -> Outcome<Self> {
        let (schema, _) = Schema::from_cedarschema_str(baseline::SCHEMA.text)?;
        let texts: Vec<&str> = baseline::POLICIES.iter().map(|file| file.text).collect();
        let policies: PolicySet = texts.join("\n").parse()?;
        let uid = |kind: &str, id: &str| -> Outcome<EntityUid> {
            Ok(format!("Wardline::{kind}::\"{id}\"").parse()?)
        };
        let of = |kind: &str, id: &str| json!({ "type": format!("Wardline::{kind}"), "id": id });
        let (user, device) = (USER.to_string(), DEVICE.to_string());
        let limits = Limits::default();
        let context = json!({
            "device": {
                "id": of("Device", &device), "owner": of("Person", &user),
                "program": of("Program", "byod"), "state": of("DeviceState", "active"),
                "endorsed": true, "passkey": of("Passkey", "platform"),
            },
            "session": {
                "id": of("Session", &SESSION.to_string()), "aal": 2, "proof_age_ms": 60_000,
                "idle_ms": 1_000, "age_ms": 3_600_000, "network": of("Network", "premises"),
                "place": of("Place", "house"), "codes": 1, "scopes": { "sensitive_notes": 60_000 },
            },
            "limits": {
                "idle_ms": limits.idle_ms, "absolute_ms": limits.absolute_ms,
                "fresh_ms": limits.fresh_ms, "risk_step_up": limits.risk_step_up,
                "risk_second": limits.risk_second, "risk_deny": limits.risk_deny,
            },
            "now_ms": NOW, "on_premises": true, "on_shift": true, "on_call": false,
            "risk": 0,
        });
        let action = uid("Action", Action::ChartRead.as_str())?;
        let context = Context::from_json_value(context, Some((&schema, &action)))?;
        let entities = json!([
            {
                "uid": of("Person", &user), "parents": [],
                "attrs": {
                    "roles": [of("Role", "nurse")], "departments": ["Cardiology"],
                    "active": true, "onboarded": true,
                },
            },
            {
                "uid": of("Patient", PATIENT), "parents": [],
                "attrs": { "care_team": true, "conversation": true, "labels": ["N"] },
            },
        ]);
        Ok(Self {
            authorizer: Authorizer::new(),
            policies,
            request: Request::new(
                uid("Person", &user)?,
                action,
                uid("Patient", PATIENT)?,
                context,
                Some(&schema),
            )?,
            entities: Entities::from_json_value(entities, Some(&schema))?,
        })
    }

    fn is_authorized(&self) -> bool {
        let answer = self
            .authorizer
            .is_authorized(&self.request, &self.policies, &self.entities);
        answer.decision() == cedar_policy::Decision::Allow
    }
}
