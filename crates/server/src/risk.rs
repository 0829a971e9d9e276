//! How unusual sessions are: the model of `wardline_risk` between the store and the sessions.
//!
//! What the model knows of a person is in the store, sealed; what it knows of the hospital is in
//! memory and goes to the store once a minute, by node. A sign-in is weighed within its transaction
//! and learned after it, so that a transaction that is tried again teaches nothing twice.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, io, mem};

use axum::http::header;
use axum::http::request::Parts;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::sync::watch;
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::wire::enroll::Platform;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::sessions::{Position, PositionUse};
use wardline_model::{DeviceId, PatientId, SessionId, UserId};
use wardline_policy::Place;
use wardline_risk::report::{RiskReport, SignIn, Turn};
use wardline_risk::{
    Access, Area, Claimed, Duty, Hospital, House, Locations, LocationsError, Login, Nights,
    Openings, Outcome, PersonState, Premises, Reason, Roster, Shift, Weights, client,
};
use wardline_store::{Device, NewRiskEvent, PlannedShift, RiskAsked, StoreError, Tx};
use zeroize::Zeroizing;

use crate::app::{App, Peer};
use crate::caller::Caller;
use crate::config::{Cidr, Config, LOOPBACK};
use crate::gate::{Note, patiently};
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::rim::random;
use crate::snooping::{self, Noticed};

/// What the model knows of the hospital.
#[derive(Debug)]
pub(crate) struct Risk {
    premises: Premises,
    locations: Locations,
    house: Mutex<Held>,
    judged: Mutex<Judged>,
}

/// The addresses at which sessions were weighed, or are where they were weighed: what a session does from
/// anywhere else is weighed first. Those of sessions that were not used for long are forgotten, and looked
/// up again.
#[derive(Debug, Default)]
struct Judged {
    young: HashMap<TokenHash, Vec<IpAddr>>,
    old: HashMap<TokenHash, Vec<IpAddr>>,
}

/// What a session is found by.
type TokenHash = [u8; 32];

impl Judged {
    fn knows(&self, session: &TokenHash, address: IpAddr) -> bool {
        let of = |known: &HashMap<TokenHash, Vec<IpAddr>>| {
            known.get(session).is_some_and(|all| all.contains(&address))
        };
        of(&self.young) || of(&self.old)
    }

    fn note(&mut self, session: TokenHash, address: IpAddr) {
        if self.young.len() >= MOST_JUDGED {
            self.old = mem::take(&mut self.young);
        }
        let old = &mut self.old;
        let known = self
            .young
            .entry(session)
            .or_insert_with(|| old.remove(&session).unwrap_or_default());
        if !known.contains(&address) {
            if known.len() >= MOST_PLACES {
                known.remove(0);
            }
            known.push(address);
        }
    }
}

/// Why the model cannot be used.
#[derive(Debug, Error)]
pub enum RiskError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A configured file cannot be read.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// A configured file is no database of addresses.
    #[error("{0}: {1}")]
    Locations(PathBuf, LocationsError),
}

#[derive(Debug)]
struct Held {
    house: House,
    /// Whether it is other than the stored one.
    changed: bool,
}

impl Risk {
    /// As this node left it, and as it last heard from others.
    pub(crate) async fn load(tx: &mut Tx, config: &Config, now_ms: u64) -> Result<Self, RiskError> {
        let locations = locations(config)?;
        let stored = tx.setting(&setting(&config.server.node)).await?;
        let house = stored.and_then(|bytes| {
            House::from_bytes(&bytes)
                .inspect_err(|error| tracing::warn!(%error, "the model of risk begins anew"))
                .ok()
        });
        let now_ms = i64::try_from(now_ms).unwrap_or(i64::MAX);
        let mut house = house.unwrap_or_else(|| House::begun(&config.server.node, now_ms));
        for other in others(tx, config).await? {
            house.hear(&other);
        }
        Ok(Self {
            premises: premises(config),
            locations,
            house: Mutex::new(Held {
                house,
                changed: false,
            }),
            judged: Mutex::default(),
        })
    }

    /// Whether a session was weighed where it is now. Who asks before the session is read finds there
    /// what came of it.
    pub(crate) fn is_judged(&self, session: &TokenHash, address: IpAddr) -> bool {
        self.judged().knows(session, address)
    }

    /// A session was weighed there.
    pub(crate) fn note_judged(&self, session: TokenHash, address: IpAddr) {
        self.judged().note(session, address);
    }

    fn judged(&self) -> MutexGuard<'_, Judged> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.house.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The share of legitimate sign-ins that have at least such a risk; absent as long as few were
    /// seen.
    pub(crate) fn share_asked(&self, threshold: u8) -> Option<f64> {
        self.lock().house.share_asked(threshold)
    }
}

/// What is seen of a request that matters for how unusual it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    at_ms: u64,
    user: UserId,
    device: DeviceId,
    address: IpAddr,
    agent: String,
    platform: Platform,
}

impl Seen {
    /// A request by a person on a device.
    pub(crate) fn of(
        parts: &Parts,
        user: UserId,
        device: DeviceId,
        platform: Platform,
        at_ms: u64,
    ) -> Self {
        let agent = parts.headers.get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok()).unwrap_or("");
        Self {
            at_ms,
            user,
            device,
            address: Peer::of(parts).address.ip().to_canonical(),
            agent: agent.chars().take(400).collect(),
            platform,
        }
    }

    fn login(&self, successful: bool) -> Login {
        let (system, browser) = client(&self.agent);
        let kind = match (self.platform, system) {
            (Platform::Browser, "Android" | "iOS") => "mobile",
            (Platform::Browser, "iPadOS") => "tablet",
            _ => "desktop",
        };
        Login {
            at_ms: i64::try_from(self.at_ms).unwrap_or(i64::MAX),
            user: self.user.to_string(),
            address: Some(self.address),
            agent: self.agent.clone(),
            browser: browser.to_owned(),
            system: system.to_owned(),
            device_kind: kind.to_owned(),
            device: self.device.to_string(),
            successful,
            ..Login::default()
        }
    }
}

/// What becomes of the position that a device may claim when its person signs in.
pub(crate) fn position_use(app: &App, device: &Device) -> PositionUse {
    if app.config.risk.grounds.is_empty() {
        PositionUse::Unused
    } else if device.position_consent_at.is_some() {
        PositionUse::On
    } else {
        PositionUse::Off
    }
}

/// Where a device says that it is, as far as the hospital has a use for that and the person agreed.
/// It is no part of [`Seen`], which is kept.
pub(crate) fn claimed(app: &App, device: &Device, position: Option<Position>) -> Option<Area> {
    let position = position.filter(|_| position_use(app, device) == PositionUse::On)?;
    Area::new(
        position.latitude(),
        position.longitude(),
        position.accuracy_m(),
    )
}

/// How unusual something is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Weighed {
    /// 0 to 100.
    risk: u8,
    /// The same, without what was opened.
    base: u8,
    reasons: Vec<Reason>,
    sentences: Vec<&'static str>,
    place: Place,
    /// What the device says of where it is, as one word.
    claimed: Option<Claimed>,
}

impl Weighed {
    /// For the audit log.
    fn detail(&self) -> Result<Map<String, Value>, Refusal> {
        let mut detail = Map::new();
        detail.insert("risk".to_owned(), self.risk.into());
        detail.insert("place".to_owned(), self.place.as_str().into());
        let reasons = serde_json::to_value(&self.reasons).map_err(Refusal::internal)?;
        detail.insert("unusual".to_owned(), reasons);
        if let Some(claimed) = self.claimed {
            let claimed = serde_json::to_value(claimed).map_err(Refusal::internal)?;
            detail.insert("claimed".to_owned(), claimed);
        }
        Ok(detail)
    }

    fn of(weights: &Weights) -> Self {
        Self {
            risk: weights.risk(),
            base: weights.risk(),
            reasons: weights.reasons(),
            sentences: weights.sentences(),
            claimed: weights.claimed(),
            place: match weights.place() {
                wardline_risk::Place::House => Place::House,
                wardline_risk::Place::Known => Place::Known,
                wardline_risk::Place::Near => Place::Near,
                wardline_risk::Place::Town
                | wardline_risk::Place::Country
                | wardline_risk::Place::Abroad => Place::New,
            },
        }
    }
}

/// Weighs a session anew that goes on elsewhere than where it was weighed last. It only ever becomes
/// more unusual by that: what was asked for is not forgotten by going home. The address teaches
/// nothing, since nobody signed in there. Gives whether it became so.
pub(crate) async fn follow(
    app: &App,
    tx: &mut Tx,
    parts: &Parts,
    caller: &Caller,
) -> Result<bool, Refusal> {
    let principal = caller.principal();
    let now = Seen::of(
        parts,
        principal.user_id,
        principal.device_id,
        principal.platform,
        app.clock.now_ms(),
    );
    let before = seen_of(tx, principal.session_id).await?;
    if before.is_none_or(|before| before.address == now.address) {
        return Ok(false);
    }
    let mut weighed = weighed(app, tx, &now, None).await?;
    let was_new = principal.place == Place::New.as_str();
    let is_new = weighed.place == Place::New;
    if u32::from(weighed.risk) <= principal.risk && (was_new || !is_new) {
        return Ok(false);
    }
    if was_new {
        weighed.place = Place::New;
    }
    // What a claimed position added at the sign-in, and what was opened since, is not known to the model.
    let before = u8::try_from(principal.risk).unwrap_or(100);
    weighed.risk = weighed.risk.max(before);
    if let Some(event) = tx.risk_event(principal.session_id).await? {
        weighed.base = weighed.base.max(u8::try_from(event.base).unwrap_or(100));
        let reasons: Vec<Reason> =
            serde_json::from_str(&event.reasons).map_err(Refusal::internal)?;
        for opened in [Reason::OpensMany, Reason::UnexplainedChart] {
            if before > 0 && reasons.contains(&opened) {
                weighed.reasons.push(opened);
                weighed.sentences.push(opened.sentence());
            }
        }
    }
    put(app, tx, principal.session_id, &now, &weighed).await?;
    let mut event = app.gate.house_event(MOVED, "session.weigh", now.at_ms);
    event.actor = caller.asker().actor;
    event.resource = format!("session/{}", principal.session_id);
    event.detail = weighed.detail()?;
    tx.audit(&event, Salt(random())).await?;
    Ok(true)
}

/// Whether a session is where it was weighed last.
pub(crate) async fn is_there(
    app: &App,
    session: SessionId,
    address: IpAddr,
) -> Result<bool, Refusal> {
    let mut facts = app.look().await?;
    let before = seen_of(&mut facts, session).await?;
    Ok(before.is_none_or(|before| before.address == address))
}

/// Weighs a sign-in, and notes it for the session. Of where the device claims to be, one word is
/// noted. Gives whether security officers are to hear of it.
pub(crate) async fn weigh(
    app: &App,
    tx: &mut Tx,
    note: &mut Note,
    session: SessionId,
    seen: &Seen,
    claimed: Option<Area>,
) -> Result<bool, Refusal> {
    let weighed = weighed(app, tx, seen, claimed).await?;
    let is_called = put(app, tx, session, seen, &weighed).await?;
    for (name, value) in weighed.detail()? {
        note.put(&name, value);
    }
    Ok(is_called)
}

/// A sign-in with the person's role and with what is known of its address.
async fn located(
    app: &App,
    tx: &mut Tx,
    seen: &Seen,
    successful: bool,
) -> Result<Login, StoreError> {
    let mut login = seen.login(successful);
    let person = tx.person(seen.user).await?;
    login.role = person.map_or_else(String::new, |person| person.role_title);
    app.risk.locations.locate(&mut login);
    Ok(login)
}

async fn weighed(
    app: &App,
    tx: &mut Tx,
    seen: &Seen,
    claimed: Option<Area>,
) -> Result<Weighed, Refusal> {
    let (person, roster) = known(tx, seen).await?;
    let login = Login {
        claimed,
        ..located(app, tx, seen, true).await?
    };
    let weights = {
        let hospital = Hospital {
            roster: &roster,
            premises: &app.risk.premises,
        };
        app.risk.lock().house.weigh(&person, hospital, &login)
    };
    Ok(Weighed::of(&weights))
}

/// Notes for the session how unusual it is. Gives whether that calls security officers.
async fn put(
    app: &App,
    tx: &mut Tx,
    session: SessionId,
    seen: &Seen,
    weighed: &Weighed,
) -> Result<bool, Refusal> {
    let is_called = is_called(app, tx, session, weighed.risk).await?;
    let reasons = serde_json::to_string(&weighed.reasons).map_err(Refusal::internal)?;
    let sentences = serde_json::to_string(&weighed.sentences).map_err(Refusal::internal)?;
    tx.set_session_risk(
        session,
        weighed.risk.into(),
        weighed.place.as_str(),
        &sentences,
    )
    .await?;
    let event = NewRiskEvent {
        session_id: session,
        user_id: seen.user,
        device_id: seen.device,
        at: seen.at_ms,
        risk: weighed.risk.into(),
        base: weighed.base.into(),
        reasons,
        seen: Zeroizing::new(serde_json::to_vec(seen).map_err(Refusal::internal)?),
    };
    tx.create_risk_event(&event).await?;
    if is_called {
        call_officers(app, tx, seen.at_ms).await?;
    }
    Ok(is_called)
}

/// Whether a session becomes so unusual that only a security officer clears it, and none was called yet.
async fn is_called(
    app: &App,
    tx: &mut Tx,
    session: SessionId,
    risk: u8,
) -> Result<bool, StoreError> {
    let deny = app.gate.limits().risk_deny;
    if risk < deny {
        return Ok(false);
    }
    let before = tx.risk_event(session).await?;
    Ok(before.is_none_or(|event| {
        event.risk < deny.into() || event.confirmed_at.is_some() || event.was_me.is_some()
    }))
}

/// Rings the devices of security officers: somebody is shut out, or somebody is in who must not be.
async fn call_officers(app: &App, tx: &mut Tx, now_ms: u64) -> Result<(), StoreError> {
    let officers = tx.people_with_role(OFFICER).await?;
    ring(app, tx, &officers, now_ms).await
}

/// Rings people's devices; what it is about they read in the app.
pub(crate) async fn ring(
    app: &App,
    tx: &mut Tx,
    people: &[UserId],
    now_ms: u64,
) -> Result<(), StoreError> {
    for officer in people.iter().copied() {
        for device in tx.push_devices_of(officer).await? {
            tx.ask_push(device, Priority::Urgent, app.push.together_ms(), now_ms)
                .await?;
        }
    }
    Ok(())
}

/// Other sessions wait for security officers than before: their open apps are told, and what was asked
/// for is rung.
pub(crate) fn tell_officers(app: &App) {
    app.push.due();
    app.bus.publish(Hint::Risk);
}

/// Notes which rules about risk asked a session for more, or refused. It is written once for each rule,
/// however often that asks.
pub(crate) async fn note_asked(
    app: &App,
    session: SessionId,
    rules: &[String],
    refused: bool,
    now_ms: u64,
) -> Result<(), Refusal> {
    let known = app.look().await?.risk_asked(session).await?;
    if with_asked(known, rules, refused, now_ms)?.is_none() {
        return Ok(());
    }
    patiently!(app, |tx| {
        put_asked(tx, session, rules, refused, now_ms).await
    })
}

async fn put_asked(
    tx: &mut Tx,
    session: SessionId,
    rules: &[String],
    refused: bool,
    now_ms: u64,
) -> Result<(), Refusal> {
    let known = tx.risk_asked(session).await?;
    if let Some(asked) = with_asked(known, rules, refused, now_ms)? {
        tx.note_risk_asked(session, &asked).await?;
    }
    Ok(())
}

/// What is known of what was asked in a session, with these rules; `None` where that is nothing new.
fn with_asked(
    known: Option<RiskAsked>,
    rules: &[String],
    refused: bool,
    now_ms: u64,
) -> Result<Option<RiskAsked>, Refusal> {
    let Some(mut asked) = known else {
        return Ok(None);
    };
    let mut by: Vec<String> = serde_json::from_str(&asked.asked_by).map_err(Refusal::internal)?;
    let new = rules.iter().filter(|rule| !by.contains(rule));
    let new: Vec<String> = new.cloned().collect();
    let first = if refused {
        &mut asked.refused_at
    } else {
        &mut asked.asked_at
    };
    if new.is_empty() && first.is_some() {
        return Ok(None);
    }
    first.get_or_insert(now_ms);
    by.extend(new);
    asked.asked_by = serde_json::to_string(&by).map_err(Refusal::internal)?;
    Ok(Some(asked))
}

/// A proof of the person is given in a session: where a rule about risk asks for one, it asked for this.
pub(crate) async fn note_answered(app: &App, tx: &mut Tx, caller: &Caller) -> Result<(), Refusal> {
    let rules = app.asked_by_risk(caller.asker());
    if rules.is_empty() {
        return Ok(());
    }
    let now_ms = caller.asker().now_ms;
    put_asked(tx, caller.session(), &rules, false, now_ms).await
}

/// Learns what came of a sign-in. What cannot be learned is lost, and nothing else. Where the device
/// claimed to be is not learned; it only bears on how much is.
pub(crate) async fn learn(app: &App, seen: &Seen, claimed: Option<Area>, outcome: Outcome) {
    if let Err(error) = try_learn(app, seen, claimed, outcome).await {
        tracing::warn!(%error, "a sign-in was not learned");
    }
}

async fn try_learn(
    app: &App,
    seen: &Seen,
    claimed: Option<Area>,
    outcome: Outcome,
) -> Result<(), Refusal> {
    let mut tx = app.gate.machinery().write().await?;
    let (mut person, roster) = known(&mut tx, seen).await?;
    let login = Login {
        claimed,
        ..located(app, &mut tx, seen, outcome != Outcome::Failed).await?
    };
    {
        let hospital = Hospital {
            roster: &roster,
            premises: &app.risk.premises,
        };
        let mut held = app.risk.lock();
        let weights = held.house.weigh(&person, hospital, &login);
        held.house
            .learn(&mut person, hospital, &login, &weights, outcome);
        held.changed = true;
    }
    if person.is_new() {
        // Nobody gets a state by guessing at their passkey.
        return Ok(());
    }
    let state = person.to_bytes().map_err(Refusal::internal)?;
    tx.put_risk_of(seen.user, &state, seen.at_ms).await?;
    tx.commit().await?;
    Ok(())
}

/// What was unusual about the session was the person all the same: they have just proven it by
/// something besides the passkey. Gives what is to be learned from that. What is refused whatever is
/// proven stays so until an officer has cleared it.
pub(crate) async fn confirm(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    now_ms: u64,
) -> Result<Option<Seen>, Refusal> {
    let session = caller.session();
    note_answered(app, tx, caller).await?;
    if caller.asker().risk >= app.gate.limits().risk_deny {
        return Ok(None);
    }
    confirm_openings(tx, caller.user(), now_ms).await?;
    let confirmed = tx.confirm_risk_event(session, now_ms).await?;
    // What became unusual after its sign-in was confirmed is confirmed by this, too.
    if confirmed || caller.asker().risk > 0 {
        tx.set_session_risk(session, 0, Place::Known.as_str(), "[]")
            .await?;
    }
    if confirmed {
        seen_of(tx, session).await
    } else {
        Ok(None)
    }
}

/// What a person opened was them: so much is free for the rest of the turn. Else the next record would
/// raise anew what has just been cleared.
async fn confirm_openings(tx: &mut Tx, user: UserId, now_ms: u64) -> Result<(), Refusal> {
    let mut openings = openings_of(tx, user).await?;
    openings.confirm(signed(now_ms));
    let state = openings.to_bytes().map_err(Refusal::internal)?;
    tx.put_openings_of(user, &state, now_ms).await?;
    Ok(())
}

/// An officer, or the person on another device, says that a session was the person's: nothing about it is
/// unusual any more, what was opened in it neither.
pub(crate) async fn clear(
    tx: &mut Tx,
    session: SessionId,
    owner: UserId,
    now_ms: u64,
) -> Result<(), Refusal> {
    confirm_openings(tx, owner, now_ms).await?;
    tx.set_session_risk(session, 0, Place::Known.as_str(), "[]")
        .await?;
    Ok(())
}

/// Counts a patient's record that somebody opens, and weighs that look at it. Where it is more than they, or people like them,
/// ever open, the session becomes more unusual by it, and the next thing may ask for a proof.
pub(crate) async fn opened(app: &App, caller: &Caller, patient: &PatientId) -> Result<(), Refusal> {
    count(app, caller, Some(patient), std::slice::from_ref(patient)).await
}

/// The same of a search within records, each of which is opened as far as it shows something of it.
pub(crate) async fn searched_within(
    app: &App,
    caller: &Caller,
    shown: &[PatientId],
) -> Result<(), Refusal> {
    match shown {
        [] => Ok(()),
        [one] => count(app, caller, Some(one), shown).await,
        _ => count(app, caller, None, shown).await,
    }
}

/// Counts a search that shows patients as one record. Once it has come down to one patient, that is as if
/// their record were opened; of long lists nobody is known to be meant.
pub(crate) async fn searched(
    app: &App,
    caller: &Caller,
    shown: &[PatientId],
) -> Result<(), Refusal> {
    match shown {
        [] => Ok(()),
        [one] => count(app, caller, Some(one), &[]).await,
        _ => count(app, caller, None, &[]).await,
    }
}

async fn count(
    app: &App,
    caller: &Caller,
    patient: Option<&PatientId>,
    looked_at: &[PatientId],
) -> Result<(), Refusal> {
    let (user, session) = (caller.user(), caller.session());
    let now_ms = caller.asker().now_ms;
    let (raised, noticed) = patiently!(app, |tx| {
        let roster = roster_of(tx, user, now_ms).await?;
        let duty = roster.duty(&user.to_string(), signed(now_ms));
        let looks = snooping::looked(app, tx, caller, looked_at, duty).await?;
        let mut raised = raise_by_looks(app, tx, caller, looks).await?;
        let mut openings = openings_of(tx, user).await?;
        let access = Access {
            at_ms: signed(now_ms),
            user: user.to_string(),
            role: caller.principal().role_title.clone(),
            patient: patient.map(ToString::to_string),
        };
        let opened = {
            let hospital = Hospital {
                roster: &roster,
                premises: &app.risk.premises,
            };
            app.risk.lock().house.open(&mut openings, hospital, &access)
        };
        let state = openings.to_bytes().map_err(Refusal::internal)?;
        tx.put_openings_of(user, &state, now_ms).await?;
        // From what its sign-in weighed: each record tells of the whole hour anew.
        let weighed = tx.risk_event(session).await?;
        let base = weighed.as_ref().map_or(0, |event| event.base);
        let by_many = opened.raises(u8::try_from(base).unwrap_or(100));
        // However usual the sign-in was, so much is worth a look at who holds the device.
        let risk = by_many.max(app.gate.limits().risk_step_up);
        let Some(reason) = opened.reason() else {
            return Ok((raised, looks));
        };
        if !raise(app, tx, caller, risk, reason).await? {
            return Ok((raised, looks));
        }
        raised = true;
        let mut event = app.gate.house_event(OPENS_MANY, "risk.weigh", now_ms);
        event.actor = caller.asker().actor;
        event.resource = format!("session/{session}");
        event.detail.insert("risk".to_owned(), risk.into());
        let hour = opened.patients_of_hour.round();
        event
            .detail
            .insert("patients_of_hour".to_owned(), hour.into());
        event
            .detail
            .insert("records_of_hour".to_owned(), opened.records_of_hour.into());
        tx.audit(&event, Salt(random())).await?;
        Ok((raised, looks))
    })?;
    if raised {
        app.bus.publish(Hint::Audit);
        tell_officers(app);
    }
    snooping::tell(app, noticed);
    Ok(())
}

/// Makes a session as unusual as the looks at charts in it are, where they are. It asks for the passkey, and
/// whoever holds it goes on: what is to be said of a person's curiosity, people say.
pub(crate) async fn raise_by_looks(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    looks: Noticed,
) -> Result<bool, Refusal> {
    let Some(risk) = looks.risk() else {
        return Ok(false);
    };
    let limits = app.gate.limits();
    let highest = limits.risk_second.min(limits.risk_deny).saturating_sub(1);
    raise(app, tx, caller, risk.min(highest), Reason::UnexplainedChart).await
}

/// Makes a session so unusual, for a reason that comes of what is done in it. False where it is already.
async fn raise(
    app: &App,
    tx: &mut Tx,
    caller: &Caller,
    risk: u8,
    reason: Reason,
) -> Result<bool, Refusal> {
    let session = caller.session();
    let weighed = tx.risk_event(session).await?;
    let mut reasons: Vec<Reason> = match &weighed {
        Some(event) => serde_json::from_str(&event.reasons).map_err(Refusal::internal)?,
        None => Vec::new(),
    };
    if !reasons.contains(&reason) {
        reasons.insert(0, reason);
    }
    let mut sentences = caller.asker().unusual.clone();
    for opened in [Reason::OpensMany, Reason::UnexplainedChart] {
        let sentence = opened.sentence().to_owned();
        if reasons.contains(&opened) && !sentences.contains(&sentence) {
            sentences.insert(0, sentence);
        }
    }
    let sentences = serde_json::to_string(&sentences).map_err(Refusal::internal)?;
    if !tx
        .raise_session_risk(session, risk.into(), &sentences)
        .await?
    {
        return Ok(false);
    }
    // Whoever is called to clear it has to find it, and why.
    let is_called = is_called(app, tx, session, risk).await?;
    let now_ms = caller.asker().now_ms;
    if weighed.is_some() {
        let reasons = serde_json::to_string(&reasons).map_err(Refusal::internal)?;
        tx.raise_risk_event(session, risk.into(), &reasons, now_ms)
            .await?;
    }
    if is_called {
        call_officers(app, tx, now_ms).await?;
    }
    Ok(true)
}

/// What is known of what somebody opens.
async fn openings_of(tx: &mut Tx, user: UserId) -> Result<Openings, StoreError> {
    let stored = tx.openings_of(user).await?;
    let openings = stored.and_then(|bytes| {
        Openings::from_bytes(&bytes)
            .inspect_err(|error| tracing::warn!(%error, "what a person opens is counted anew"))
            .ok()
    });
    Ok(openings.unwrap_or_default())
}

/// Whom the thresholds asked how often in the last ninety days.
pub(crate) async fn report(app: &App, now_ms: u64) -> Result<RiskReport, Refusal> {
    let from = now_ms.saturating_sub(REPORT_MS);
    let mut facts = app.look().await?;
    let weighed = facts.weighed_since(from).await?;
    let turns = facts.turns_since(from).await?;
    drop(facts);
    // Schedules say who is on call and not who is off, and may be planned further than shifts are.
    let on_site = || turns.iter().filter(|turn| turn.on_site);
    let has_shifts: HashSet<UserId> = on_site().map(|turn| turn.user_id).collect();
    let end = on_site().map(|turn| turn.until_ms).max().unwrap_or(0);
    let planned = turns
        .iter()
        .filter(|turn| turn.on_site || turn.until_ms <= end);
    let roster = Roster::new(planned.map(|turn| {
        let shift = Shift {
            from_ms: signed(turn.from_ms),
            until_ms: signed(turn.until_ms),
            on_site: turn.on_site,
        };
        (turn.user_id.to_string(), shift)
    }));
    let nights = Nights::of(&roster);
    let sign_ins = weighed.into_iter().map(|sign_in| {
        let (user, at) = (sign_in.user_id.to_string(), signed(sign_in.at));
        let turn = match nights.turn(&roster, &user, at) {
            Some(Turn::Off) if roster.duty(&user, at) == Duty::OnCall => Some(Turn::OnCall),
            Some(Turn::Off) if !has_shifts.contains(&sign_in.user_id) => None,
            turn => turn,
        };
        SignIn {
            turn,
            role: sign_in.role,
            facility: sign_in.facility,
            asked: sign_in.asked_at.is_some(),
            refused: sign_in.refused_at.is_some(),
            confirmed: sign_in.proven_at.is_some() && sign_in.was_me != Some(0),
            disowned: sign_in.was_me == Some(0),
        }
    });
    Ok(RiskReport::of_sign_ins(
        signed(from),
        signed(now_ms),
        FEW,
        sign_ins,
    ))
}

/// How many sessions of the last ninety days each rule about risk asked for more, or refused, by its name;
/// and how many there were.
pub(crate) async fn asked_by_rule(
    app: &App,
    now_ms: u64,
) -> Result<(BTreeMap<String, u64>, u64), Refusal> {
    let mut facts = app.look().await?;
    let counts = facts
        .risk_asked_since(now_ms.saturating_sub(REPORT_MS))
        .await?;
    drop(facts);
    let mut asked = BTreeMap::new();
    let mut all = 0;
    for count in counts {
        all += count.sessions;
        let rules: Vec<String> =
            serde_json::from_str(&count.asked_by).map_err(Refusal::internal)?;
        for rule in rules {
            *asked.entry(rule).or_default() += count.sessions;
        }
    }
    Ok((asked, all))
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// What was seen of a session when it was weighed last.
pub(crate) async fn seen_of(tx: &mut Tx, session: SessionId) -> Result<Option<Seen>, Refusal> {
    let seen = tx.seen_of(session).await?;
    seen.map(|seen| serde_json::from_slice(&seen).map_err(Refusal::internal))
        .transpose()
}

/// What is known of a person, and when they are to work.
async fn known(tx: &mut Tx, seen: &Seen) -> Result<(PersonState, Roster), Refusal> {
    let stored = tx.risk_of(seen.user).await?;
    let person = stored.and_then(|bytes| {
        PersonState::from_bytes(&bytes)
            .inspect_err(|error| tracing::warn!(%error, "what was known of a person is lost"))
            .ok()
    });
    let roster = roster_of(tx, seen.user, seen.at_ms).await?;
    Ok((person.unwrap_or_default(), roster))
}

/// When somebody is to work around a time.
async fn roster_of(tx: &mut Tx, user: UserId, at_ms: u64) -> Result<Roster, StoreError> {
    let name = user.to_string();
    let turns = tx.shifts_around(user, at_ms).await?;
    let end = tx.roster_ends_at().await?;
    let has_shifts = turns.iter().any(|turn| turn.on_site);
    // Schedules say who is on call and not who is off. So of somebody whose shifts are not planned here a
    // turn says nothing of the time between; nor does one that is planned further than shifts are.
    let counts = |turn: &PlannedShift| {
        turn.on_site
            || (turn.from_ms..turn.until_ms).contains(&at_ms)
            || has_shifts && turn.until_ms <= end
    };
    let planned = turns.into_iter().filter(counts).map(|turn| {
        let shift = Shift {
            from_ms: signed(turn.from_ms),
            until_ms: signed(turn.until_ms),
            on_site: turn.on_site,
        };
        (name.clone(), shift)
    });
    // How far the plan goes, by a turn of nobody.
    let end = signed(end);
    let horizon = Shift {
        from_ms: end,
        until_ms: end,
        on_site: true,
    };
    Ok(Roster::new(planned.chain([(String::new(), horizon)])))
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
            tracing::warn!(%error, "the model of risk was not stored");
        }
        let now_ms = app.clock.now_ms();
        if now_ms >= forgotten_at + HOUR_MS {
            forgotten_at = now_ms;
            if let Err(error) = forget(&app, now_ms).await {
                tracing::warn!(%error, "old sign-ins were not forgotten");
            }
        }
        if last {
            return;
        }
    }
}

async fn forget(app: &App, now_ms: u64) -> Result<(), StoreError> {
    let mut tx = app.gate.machinery().write().await?;
    tx.forget_risk_events(now_ms.saturating_sub(KEPT_MS))
        .await?;
    tx.commit().await
}

/// Stores what this node has learned, and hears what others have.
async fn save(app: &App) -> Result<(), Refusal> {
    let bytes = {
        let held = app.risk.lock();
        held.changed
            .then(|| held.house.to_bytes().map_err(Refusal::internal))
            .transpose()?
    };
    if let Some(bytes) = bytes {
        let mut tx = app.gate.machinery().write().await?;
        tx.put_setting(&setting(&app.config.server.node), &bytes)
            .await?;
        tx.commit().await?;
        let mut held = app.risk.lock();
        // What was learned meanwhile is stored the next time.
        held.changed = held.house.to_bytes().map_err(Refusal::internal)? != bytes;
    }
    if app.shares_its_store {
        let mut tx = app.gate.machinery().look().await?;
        let others = others(&mut tx, &app.config).await?;
        drop(tx);
        let mut held = app.risk.lock();
        for other in others {
            held.house.hear(&other);
        }
    }
    Ok(())
}

/// What other nodes on this database have learned.
async fn others(tx: &mut Tx, config: &Config) -> Result<Vec<House>, StoreError> {
    let own = setting(&config.server.node);
    let all = tx.settings_below(SETTINGS).await?;
    let others = all.into_iter().filter(|(name, _)| *name != own);
    // Of another release: it is heard once it speaks this one's language.
    Ok(others
        .filter_map(|(_, bytes)| House::from_bytes(&bytes).ok())
        .collect())
}

/// Databases of where addresses are.
fn locations(config: &Config) -> Result<Locations, RiskError> {
    let mut locations = Locations::default();
    for path in &config.risk.locations {
        let file = fs::read(path).map_err(|error| RiskError::File(path.clone(), error))?;
        locations = locations
            .with(file)
            .map_err(|error| RiskError::Locations(path.clone(), error))?;
    }
    Ok(locations.with_shared(config.risk.shared_networks.iter().copied()))
}

fn setting(node: &str) -> String {
    format!("{SETTINGS}{node}")
}

/// The hospital's networks and grounds; the machine itself is one of the networks, as everywhere.
fn premises(config: &Config) -> Premises {
    let nets = config.network.premises.iter().map(Cidr::net);
    let nets = nets.chain(LOOPBACK.map(IpNet::from));
    let grounds = config.risk.grounds.iter();
    let grounds =
        grounds.filter_map(|ground| Area::new(ground.latitude, ground.longitude, ground.radius_m));
    Premises::new(nets.map(|net| (net, "premises".to_owned()))).with_grounds(grounds)
}

/// Who clears sessions that nothing else clears.
pub(crate) const OFFICER: &str = "security_officer";
/// So many sessions are known by where they are, twice at most.
const MOST_JUDGED: usize = 50_000;
/// So many addresses of a session are: more than one that moves between two networks has.
const MOST_PLACES: usize = 4;
/// Groups of fewer sign-ins say nothing.
const FEW: u64 = 30;
const HOUR_MS: u64 = 60 * 60 * 1000;
const DAY_MS: u64 = 24 * HOUR_MS;
const REPORT_MS: u64 = 90 * DAY_MS;
/// How long it is kept how unusual sign-ins were: two reports, one after the other.
const KEPT_MS: u64 = 2 * REPORT_MS;
const OPENS_MANY: Kind = Kind::named("risk.opens_many");
const SETTINGS: &str = "risk.house.";
const MOVED: Kind = Kind::named("session.moved");

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, last])
    }

    #[test]
    fn a_session_is_known_where_it_was_weighed_and_nowhere_else() {
        let mut judged = Judged::default();
        judged.note([1; 32], address(1));
        assert!(judged.knows(&[1; 32], address(1)));
        assert!(!judged.knows(&[1; 32], address(2)));
        assert!(!judged.knows(&[2; 32], address(1)));
        // Who moves on and on is weighed anew where they were long ago.
        for last in 2..=5 {
            judged.note([1; 32], address(last));
        }
        assert!(!judged.knows(&[1; 32], address(1)));
        assert!((2..=5).all(|last| judged.knows(&[1; 32], address(last))));
    }

    #[test]
    fn sessions_that_are_not_used_are_forgotten_before_those_that_are() {
        let session = |n: usize| {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            hash
        };
        let mut judged = Judged::default();
        for n in 0..=2 * MOST_JUDGED {
            judged.note(session(n), address(1));
            if n % 1_000 == 0 {
                judged.note(session(0), address(2));
            }
        }
        assert!(judged.young.len() + judged.old.len() <= 2 * MOST_JUDGED);
        assert!(judged.knows(&session(0), address(1)));
        assert!(!judged.knows(&session(1), address(1)));
        assert!(judged.knows(&session(2 * MOST_JUDGED), address(1)));
    }
}
