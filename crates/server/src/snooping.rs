//! Looks at charts that a privacy officer should look at: every one at a canary, and those that are like
//! snooping.
//!
//! A look is noted in the transaction that counts the chart as opened, before the answer leaves. The
//! event of it names the look and nothing else, so that whoever reads the log cannot tell which charts
//! are canaries. What the person is told is the same, whatever was noticed.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use wardline_access::{Alike, Explained, House, Look, Near, PersonState, Reason, Sign, Ties, Via};
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_fhir::{Resource as Record, document, index};
use wardline_model::wire::looks::LookWay;
use wardline_model::{CanaryId, LookId, PatientId, UserId};
use wardline_risk::Duty;
use wardline_risk::parts::mark;
use wardline_store::{NewLook, Person, StoreError, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::canaries;
use crate::charts;
use crate::config::Config;
use crate::explain;
use crate::gate::{Asker, patiently};
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::rim::random;
use crate::risk;

/// What is kept of a look, sealed: whose chart, and what speaks for it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) patient: PatientId,
    /// How likely it is snooping, in percent.
    pub(crate) percent: u8,
    /// The word for what explains it.
    pub(crate) explained: Option<String>,
    pub(crate) signs: Vec<Sign>,
    pub(crate) ways: BTreeSet<LookWay>,
}

impl Said {
    /// Of a chart that is opened, and of which nothing else is known.
    fn of(patient: &PatientId) -> Self {
        Self {
            patient: patient.clone(),
            percent: 0,
            explained: None,
            signs: Vec::new(),
            ways: BTreeSet::from([LookWay::Opened]),
        }
    }

    /// What explains the look, as a sentence.
    pub(crate) fn sentence(&self) -> Option<&'static str> {
        let name = self.explained.as_deref()?;
        let reason = Reason::ALL.iter().find(|reason| reason.name() == name)?;
        Some(reason.sentence())
    }
}

/// What the model knows of the hospital, and how many patients there are.
#[derive(Debug)]
pub(crate) struct Snooping {
    house: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    house: House,
    /// Whether it is other than the stored one.
    changed: bool,
    /// How many patients there were, and when they were counted, unix milliseconds.
    patients: Option<(u64, u64)>,
}

impl Snooping {
    /// As this node left it.
    pub(crate) async fn load(tx: &mut Tx, config: &Config) -> Result<Self, StoreError> {
        let stored = tx.setting(&setting(config)).await?;
        let house = stored.and_then(|bytes| {
            House::from_bytes(&bytes)
                .inspect_err(|error| tracing::warn!(%error, "the model of snooping begins anew"))
                .ok()
        });
        Ok(Self {
            house: Mutex::new(Held {
                house: house.unwrap_or_default(),
                changed: false,
                patients: None,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.house.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of looks at charts in one request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Noticed {
    risk: Option<u8>,
    any: bool,
    rings: bool,
}

impl Noticed {
    /// Both.
    pub(crate) fn add(&mut self, other: Self) {
        self.risk = self.risk.max(other.risk);
        self.any |= other.any;
        self.rings |= other.rings;
    }

    /// How unusual they make the session; absent where they are not.
    pub(crate) const fn risk(self) -> Option<u8> {
        self.risk
    }
}

/// Somebody looks at charts, and the roster says what of them. Gives what came of it, for [`tell`] once it is
/// committed. At a canary the same is done as at any other chart, so that it takes as long.
pub(crate) async fn looked(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    patients: &[PatientId],
    duty: Duty,
) -> Result<Noticed, Refusal> {
    let (asker, user) = (caller.asker(), caller.user());
    let mut noticed = Noticed::default();
    for (place, patient) in patients.iter().enumerate() {
        let canary = tx.canary_of(patient).await?;
        let weighed = if place < MOST_WEIGHED {
            weighed(app, tx, caller, patient, duty, canary.is_none()).await?
        } else {
            None
        };
        noticed.add(match (canary, weighed) {
            (Some(canary), weighed) => {
                let said = weighed.map_or_else(|| Said::of(patient), |(said, _)| said);
                touched(app, tx, asker, user, said, canary).await?
            }
            (None, Some((said, probability))) => {
                like_snooping(app, tx, asker, user, said, probability).await?
            }
            (None, None) => Noticed::default(),
        });
    }
    Ok(noticed)
}

/// Weighs a look at a chart and learns it, but for one at a canary, which teaches nothing of how it is at work.
///
/// A transaction that is tried again teaches the hospital's model the look once more, which is no matter.
async fn weighed(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    patient: &PatientId,
    duty: Duty,
    teaches: bool,
) -> Result<Option<(Said, f64)>, Refusal> {
    let (user, now_ms) = (caller.user(), caller.asker().now_ms);
    let Some(look) = look(app, tx, caller, patient, duty).await? else {
        return Ok(None);
    };
    let stored = tx.access_state_of(user).await?;
    let person = stored.and_then(|bytes| {
        PersonState::from_bytes(&bytes)
            .inspect_err(|error| tracing::warn!(%error, "how a person looks is counted anew"))
            .ok()
    });
    let mut person = person.unwrap_or_default();
    let weighed = {
        let mut held = app.snooping.lock();
        let weighed = held.house.weigh(&person, &look);
        if teaches {
            held.house.learn(&mut person, &look, &weighed);
            held.changed = true;
        }
        weighed
    };
    let state = person.to_bytes().map_err(Refusal::internal)?;
    tx.put_access_state_of(user, &state, now_ms).await?;
    let said = Said {
        percent: u8::try_from(share(weighed.probability, 100.0)).unwrap_or(100),
        explained: look.explained.reason.map(|it| it.name().to_owned()),
        signs: weighed.signs,
        ..Said::of(patient)
    };
    Ok(Some((said, weighed.probability)))
}

/// Notes a look where it is so like snooping that somebody should look at it.
async fn like_snooping(
    app: &App,
    tx: &mut Tx,
    asker: &Asker,
    user: UserId,
    said: Said,
    probability: f64,
) -> Result<Noticed, Refusal> {
    let percent = said.percent;
    if percent < app.config.looks.percent {
        return Ok(Noticed::default());
    }
    let rank = share(probability, LIKELIEST);
    let noted = note(app, tx, asker, user, said, rank, None).await?;
    // Once for each look, and again where more speaks for it than did.
    let step_up = app.gate.limits().risk_step_up;
    Ok(Noticed {
        risk: (noted.grew && percent >= step_up).then_some(percent),
        any: noted.grew,
        rings: false,
    })
}

/// A look as the model weighs it; `None` where there is no such record.
async fn look(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    patient: &PatientId,
    duty: Duty,
) -> Result<Option<Look>, Refusal> {
    let (user, now_ms) = (caller.user(), caller.asker().now_ms);
    let Some(body) = tx.resource("Patient", patient.as_str()).await? else {
        return Ok(None);
    };
    let record = charts::parse(&body)?;
    let Some(person) = tx.person(user).await? else {
        return Ok(None);
    };
    let mut stay = None;
    for body in tx.resources_of(patient, "Encounter", STAYS).await? {
        let encounter = charts::parse(&body)?;
        if encounter.status() == Some("in-progress") || stay.is_none() {
            stay = Some(encounter);
        }
    }
    let ward = stay.as_ref().and_then(canaries::ward).unwrap_or_default();
    let site = stay.as_ref().and_then(|stay| {
        let provider = stay.get("serviceProvider")?;
        provider["display"].as_str().map(str::to_owned)
    });
    let department = if ward.is_empty() { 0 } else { mark(0, &ward) };
    let known = explain::gather(app, tx, user, patient, now_ms).await?;
    let explained = Explained {
        reason: known.reason,
        is_treated: known.is_treated,
    };
    Ok(Some(Look {
        at_ms: i64::try_from(now_ms).unwrap_or(i64::MAX),
        patient: mark(0, patient.as_str()),
        peers: mark(mark(0, &person.role_title), &person.department),
        department,
        ward: site
            .as_ref()
            .map_or(department, |site| mark(department, site)),
        is_here: site.is_none_or(|site| site == person.facility),
        via: match explained.reason {
            Some(Reason::Conversation) => Via::Conversation,
            _ => Via::Unknown,
        },
        duty,
        explained,
        ties: ties(app, tx, &person, &record, now_ms).await?,
    }))
}

/// What person and patient have in common beside work. Names are compared here and kept nowhere; how rare one is
/// among patients the index tells, which has only tokens of it.
async fn ties(
    app: &App,
    tx: &mut Tx,
    person: &Person,
    record: &Record,
    now_ms: u64,
) -> Result<Ties, Refusal> {
    let all = patients_of_house(app, tx, now_ms).await?;
    let share_of = |count: u64| share_of(count, all);
    let labels = document::labels(record);
    let marks = tx.staff_marks(person.user_id).await?;
    let mut ties = Ties {
        works_here: labels.contains("EMP"),
        is_public: labels.contains("CEL") || labels.contains("VIP"),
        ..Ties::default()
    };
    let family = surname(record);
    if let Some(family) = &family {
        // By its last word, as that of the person is.
        let word = family.split_whitespace().next_back().unwrap_or_default();
        let count = tx.count_by_name("Patient", word).await?;
        let own = index::fold(&person.name);
        ties.surname = Some(Alike {
            same: own == *family || own.ends_with(&format!(" {family}")),
            share: share_of(count),
        });
    }
    if let Some(area) = charts::area(record)
        && let Some(marks) = &marks
        && let Some(same) = marks.lives_in(tx.staff_area(&area))
    {
        let count = tx.count_exact("Patient", charts::AREA, &area).await?;
        ties.area = Some(Alike {
            same,
            share: share_of(count),
        });
    }
    let is_same = |alike: Option<Alike>| alike.is_some_and(|it| it.same);
    let is_called = record.display_name().is_some_and(|name| {
        let name = index::fold(&name);
        name == index::fold(&person.name)
    });
    ties.own = is_called && is_same(ties.area);
    for number in numbers(record) {
        let number = tx.staff_number(&number);
        ties.own |= marks.as_ref().is_some_and(|marks| marks.is_number(number));
        let Some(colleague) = tx.staff_with(number).await? else {
            continue;
        };
        ties.works_here = true;
        if colleague != person.user_id
            && let Some(colleague) = tx.person(colleague).await?
        {
            ties.near = Some(near(person, &colleague));
        }
    }
    Ok(ties)
}

fn near(person: &Person, colleague: &Person) -> Near {
    if colleague.facility_id != person.facility_id {
        Near::Elsewhere
    } else if colleague.department == person.department {
        Near::Ward
    } else {
        Near::Facility
    }
}

fn surname(record: &Record) -> Option<String> {
    let names = record.get("name")?.as_array()?;
    let family = names.iter().find_map(|name| name["family"].as_str())?;
    let family = index::fold(family);
    let family = family.trim();
    (!family.is_empty()).then(|| family.to_owned())
}

fn numbers(record: &Record) -> Vec<String> {
    let all = record.get("identifier").and_then(Value::as_array);
    let all = all.into_iter().flatten().take(MOST_NUMBERS);
    all.filter_map(|it| it["value"].as_str().map(str::to_owned))
        .collect()
}

/// How many patients there are; counted now and then.
async fn patients_of_house(app: &App, tx: &mut Tx, now_ms: u64) -> Result<u64, StoreError> {
    let known = app.snooping.lock().patients;
    if let Some((count, at)) = known
        && now_ms < at.saturating_add(COUNTED_MS)
    {
        return Ok(count);
    }
    let count = tx.count_resources("Patient").await?;
    app.snooping.lock().patients = Some((count, now_ms));
    Ok(count)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "there are fewer than 2^52 patients"
)]
fn share_of(count: u64, all: u64) -> f64 {
    count.max(1) as f64 / all.max(1) as f64
}

/// So much of a whole, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is between nothing and the whole"
)]
fn share(of: f64, whole: f64) -> u64 {
    (of.clamp(0.0, 1.0) * whole).round() as u64
}

/// Somebody breaks the glass: a look of itself only where it is a canary's.
pub(crate) async fn broke_glass(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    patient: &PatientId,
) -> Result<Noticed, Refusal> {
    let Some(canary) = tx.canary_of(patient).await? else {
        return Ok(Noticed::default());
    };
    let said = Said {
        ways: BTreeSet::from([LookWay::BrokeTheGlass]),
        ..Said::of(patient)
    };
    touched(app, tx, caller.asker(), caller.user(), said, canary).await
}

/// Somebody touches a canary.
async fn touched(
    app: &App,
    tx: &mut Tx,
    asker: &Asker,
    user: UserId,
    said: Said,
    canary: CanaryId,
) -> Result<Noticed, Refusal> {
    // Of a chart that something explains, being asked would say what it is.
    let opens = !said.ways.contains(&LookWay::Refused) && said.explained.is_none();
    let noted = note(app, tx, asker, user, said, CANARIES_FIRST, Some(canary)).await?;
    if noted.is_new {
        let officers = tx.people_with_role(OFFICER).await?;
        // Whoever looked is not rung for it: others are.
        let others: Vec<UserId> = officers.into_iter().filter(|it| *it != user).collect();
        risk::ring(app, tx, &others, asker.now_ms).await?;
    }
    Ok(Noticed {
        // Who holds the device is worth asking as soon as more than a question was refused.
        risk: (noted.is_news && opens).then_some(app.gate.limits().risk_step_up),
        any: true,
        rings: noted.is_new,
    })
}

/// What became of a look that was noted.
struct Noted {
    /// It began with this.
    is_new: bool,
    /// It did, or something was done that was not done in it before.
    is_news: bool,
    /// It did, or more speaks for it than did before.
    grew: bool,
}

/// Notes a look with its event.
async fn note(
    app: &App,
    tx: &mut Tx,
    asker: &Asker,
    user: UserId,
    mut said: Said,
    rank: u64,
    canary: Option<CanaryId>,
) -> Result<Noted, Refusal> {
    let now_ms = asker.now_ms;
    let (mut is_known, mut grew) = (false, true);
    if let Some(known) = tx.look_under_way(user, &said.patient, now_ms).await? {
        // What another release wrote is no reason to refuse a chart.
        let before: Said = serde_json::from_slice(&known.said).unwrap_or_else(|error| {
            tracing::warn!(%error, "a look cannot be read; it is told anew");
            Said::of(&said.patient)
        });
        is_known = said.ways.is_subset(&before.ways);
        grew = said.percent > before.percent;
        said.ways.extend(&before.ways);
        // What spoke for it most is told, whatever it is a moment later.
        if before.percent > said.percent {
            said = Said {
                ways: said.ways,
                ..before
            };
        }
    }
    let new = NewLook {
        look_id: LookId::from_random(random()),
        user_id: user,
        patient: said.patient.clone(),
        canary_id: canary,
        rank,
        said: serde_json::to_vec(&said).map_err(Refusal::internal)?.into(),
    };
    let noted = tx.note_look(&new, now_ms).await?;
    // What goes on as it began is in the log as what was opened.
    let is_news = noted.is_new || !is_known;
    if is_news {
        let mut event = app.gate.house_event(NOTICED, "look.note", now_ms);
        event.actor = asker.actor;
        event.resource = format!("look/{}", noted.look_id);
        tx.audit(&event, Salt(random())).await?;
    }
    Ok(Noted {
        is_new: noted.is_new,
        is_news,
        grew,
    })
}

/// Somebody asked for a chart and was refused. Of a canary that is noted, off the way of the answer: how
/// long that takes tells nothing.
pub(crate) fn refused(app: &App, asker: &Asker, resource: &str) {
    let Some(user) = asker.actor.user.filter(|_| asker.session.is_some()) else {
        return;
    };
    let patient = resource.strip_prefix("patient/");
    let patient = patient.and_then(|rest| rest.split('/').next()?.parse::<PatientId>().ok());
    let Some(patient) = patient else {
        return;
    };
    let (app, asker) = (app.clone(), asker.clone());
    tokio::spawn(async move {
        if let Err(error) = note_refused(&app, &asker, user, &patient).await {
            tracing::error!(%error, "a look was not noted");
        }
    });
}

async fn note_refused(
    app: &App,
    asker: &Asker,
    user: UserId,
    patient: &PatientId,
) -> Result<(), Refusal> {
    let Some(canary) = app.look().await?.canary_of(patient).await? else {
        return Ok(());
    };
    let said = Said {
        ways: BTreeSet::from([LookWay::Refused]),
        ..Said::of(patient)
    };
    let noticed = patiently!(app, |tx| {
        touched(app, tx, asker, user, said.clone(), canary).await
    })?;
    tell(app, noticed);
    Ok(())
}

/// What was noticed is committed: privacy officers' open apps are told, and what was asked for is rung.
pub(crate) fn tell(app: &App, noticed: Noticed) {
    if !noticed.any {
        return;
    }
    if noticed.rings {
        app.push.due();
    }
    app.bus.publish(Hint::Audit);
    app.bus.publish(Hint::Looks);
}

/// Writes what is known of the hospital, now and then, and at the end.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut forgotten_at = 0;
    let mut pace = tokio::time::interval(Duration::from_mins(1));
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let last = tokio::select! {
            () = stopped(&mut stop) => true,
            _ = pace.tick() => false,
        };
        if let Err(error) = save(&app).await {
            tracing::warn!(%error, "the model of snooping was not stored");
        }
        let now_ms = app.clock.now_ms();
        if now_ms >= forgotten_at + HOUR_MS {
            forgotten_at = now_ms;
            if let Err(error) = forget(&app, now_ms).await {
                tracing::warn!(%error, "old looks were not forgotten");
            }
        }
        if last {
            return;
        }
    }
}

async fn forget(app: &App, now_ms: u64) -> Result<(), StoreError> {
    let mut tx = app.gate.machinery().write().await?;
    tx.forget_looks(listed_since(now_ms)).await?;
    tx.commit().await
}

/// Stores what this node has learned. Each node learns of what passes through it.
async fn save(app: &App) -> Result<(), Refusal> {
    let bytes = {
        let mut held = app.snooping.lock();
        let bytes = held
            .changed
            .then(|| held.house.to_bytes().map_err(Refusal::internal))
            .transpose()?;
        held.changed = false;
        bytes
    };
    let Some(bytes) = bytes else {
        return Ok(());
    };
    let stored = put(app, &bytes).await;
    if stored.is_err() {
        app.snooping.lock().changed = true;
    }
    Ok(stored?)
}

async fn put(app: &App, house: &[u8]) -> Result<(), StoreError> {
    let mut tx = app.gate.machinery().write().await?;
    tx.put_setting(&setting(&app.config), house).await?;
    tx.commit().await
}

fn setting(config: &Config) -> String {
    format!("access.house.{}", config.server.node)
}

/// Looks that began before are not listed any more.
pub(crate) const fn listed_since(now_ms: u64) -> u64 {
    now_ms.saturating_sub(LISTED_MS)
}

/// Who looks at looks.
pub(crate) const OFFICER: &str = "privacy_officer";
/// Looks at canaries come before all others.
const CANARIES_FIRST: u64 = 10_000;
/// The rank of a look that is snooping for certain.
const LIKELIEST: f64 = 1_000.0;
/// Of a search that shows something of more records, so many are weighed.
const MOST_WEIGHED: usize = 50;
const MOST_NUMBERS: usize = 8;
const STAYS: u32 = 20;
const COUNTED_MS: u64 = 10 * 60 * 1000;
const HOUR_MS: u64 = 60 * 60 * 1000;
const LISTED_MS: u64 = 180 * 24 * 60 * 60 * 1000;
const NOTICED: Kind = Kind::named("look.noticed");
