//! The fleet: what is known of devices is judged by their programs, and what follows from that is
//! carried out everywhere at once.
//!
//! [`Rulebook`] is the programs and the public lists in force. [`assess`] looks at one device within
//! a transaction, moves it between *active*, *grace* and *quarantined*, and shuts it out where that
//! is what its program says; [`assess_all`] does so for every device. Both may run on any node at
//! any time: a move is made once, whoever makes it.

pub(crate) mod census;
pub(crate) mod feeds;
pub(crate) mod managers;
pub(crate) mod notice;
pub(crate) mod owners;
pub(crate) mod proven;
mod rules;
mod turn;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::watch;
use wardline_audit::event::Kind;
use wardline_audit::{Event, Salt};
use wardline_bus::Hint;
use wardline_delivery::Tracked;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::posture::{Assessment, Fact, Standing};
use wardline_model::wire::programs::{Check, Program};
use wardline_model::{DeviceId, GroupId};
use wardline_programs::reach::is_kept;
use wardline_signals::graph::Action;
use wardline_store::{Assessed, Device, Tx};

use crate::app::App;
use crate::gate::patiently;
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::rim::random;
use crate::routes::groups::commit_error;

pub(crate) use rules::{LastTold, Rulebook, before};

/// Devices that were moved to another state, and the places that conversations reached by it.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    devices: Vec<(DeviceId, DeviceState)>,
    reached: Vec<(GroupId, u64)>,
}

impl Moved {
    /// Tells everyone, once the transaction is committed.
    pub(crate) fn publish(self, app: &App) {
        if !self.devices.is_empty() {
            app.bus.publish(Hint::Audit);
        }
        for (device, to) in self.devices {
            metrics::counter!("wardline_device_moves_total", "to" => to.as_str()).increment(1);
            app.bus.publish(Hint::DeviceChanged { device });
        }
        for (group, seq) in self.reached {
            app.bus.publish(Hint::Reached { group, seq });
        }
    }
}

/// Looks at a device by what is known of it now, as [`assess_some`] does.
pub(crate) async fn assess(
    app: &App,
    tx: &mut Tx,
    id: DeviceId,
    now_ms: u64,
) -> Result<(Option<Assessment>, Moved), Refusal> {
    let (mut stands, moved) = assess_some(app, tx, &[id], now_ms).await?;
    Ok((stands.pop(), moved))
}

/// Looks at devices, each named once, by what is known of them and what is in force now, notes what
/// came out, and moves them to the states that follow. One that waits to be confirmed is looked at
/// and not moved; one that is out of use is left alone. Gives how those that were looked at stand.
pub(crate) async fn assess_some(
    app: &App,
    tx: &mut Tx,
    ids: &[DeviceId],
    now_ms: u64,
) -> Result<(Vec<Assessment>, Moved), Refusal> {
    // Nobody changes the devices, or what is known of them, between the look and the move; and by
    // rules that were in force before, a device would be let in that newer ones shut out.
    tx.lock_devices(ids).await?;
    let rules = Rulebook::load(app, tx).await?;
    let mut judge = rules.judge();
    let mut devices = tx.devices(ids).await?;
    if devices.len() != ids.len() {
        return Err(Refusal::NotFound);
    }
    devices.retain(|device| !device.state.is_out());
    let mut known = tx.facts_of_devices(ids).await?;
    let mut stands = Vec::with_capacity(devices.len());
    let mut notes = Vec::with_capacity(devices.len());
    for device in &devices {
        let facts = known.remove(&device.device_id).unwrap_or_default();
        let assessment = rules.look(&mut judge, device, &facts, now_ms)?;
        notes.push(noted(device, &assessment)?);
        stands.push(assessment);
    }
    let changed = notes.iter().flatten().count() as u64;
    if put_notes(tx, devices.iter().zip(&notes)).await? != changed {
        // Under the lock nobody else writes them.
        return Err(Refusal::internal("how a device stands was not written"));
    }
    let moved = move_to(app, tx, &rules, &devices, &stands, now_ms).await?;
    Ok((stands, moved))
}

/// What is kept of what is told of a device: the privacy notice promises that nothing else is.
pub(crate) fn kept(program: &Program, mut told: Vec<Fact>) -> Vec<Fact> {
    told.retain(|fact| is_kept(program, fact.name));
    told
}

/// Forgets what is known of a program's devices and no longer kept by its terms.
pub(crate) async fn forget_facts(tx: &mut Tx, program: &Program) -> Result<(), Refusal> {
    for told in tx.told().await? {
        if told.program == program.slug && !is_kept(program, told.name) {
            tx.forget_facts(&program.slug, told.name).await?;
        }
    }
    Ok(())
}

/// What is to be written of how a device stands; `None` where that is written.
fn noted(device: &Device, assessment: &Assessment) -> Result<Option<String>, Refusal> {
    let text = serde_json::to_string(assessment).map_err(Refusal::internal)?;
    Ok(Some(text).filter(|text| device.assessment.as_ref() != Some(text)))
}

/// Gives how many were written.
async fn put_notes(
    tx: &mut Tx,
    notes: impl Iterator<Item = (&Device, &Option<String>)>,
) -> Result<u64, Refusal> {
    let changed: Vec<Assessed<'_>> = notes
        .filter_map(|(device, note)| {
            Some(Assessed {
                device: device.device_id,
                before: device.assessment.as_deref(),
                after: note.as_deref()?,
            })
        })
        .collect();
    Ok(tx.put_assessments(&changed).await?)
}

/// The state that a standing asks for; `None` where the device is not moved by rules.
const fn due(state: DeviceState, standing: Standing) -> Option<DeviceState> {
    let due = match standing {
        Standing::Compliant => DeviceState::Active,
        Standing::Grace => DeviceState::Grace,
        Standing::Quarantined => DeviceState::Quarantined,
    };
    match state {
        DeviceState::Active | DeviceState::Grace | DeviceState::Quarantined => Some(due),
        DeviceState::Pending | DeviceState::Lost | DeviceState::Wiped | DeviceState::Retired => {
            None
        }
    }
}

/// Whether one of the rules that count against a device is about its system's version or patches.
fn lacks_update(
    rules: &Rulebook,
    device: &Device,
    assessment: &Assessment,
) -> Result<bool, Refusal> {
    let terms = rules.terms(&device.program)?;
    let about_updates = |id: &str| {
        terms.rules.iter().any(|rule| {
            rule.id == id
                && matches!(
                    rule.check,
                    Check::Patched | Check::OsFloor { .. } | Check::UpdatesInstalled
                )
        })
    };
    Ok(assessment
        .findings
        .iter()
        .any(|f| f.standing > Standing::Compliant && about_updates(&f.rule)))
}

/// Moves devices to the states that their standings ask for, with an audit event for each.
async fn move_to(
    app: &App,
    tx: &mut Tx,
    rules: &Rulebook,
    devices: &[Device],
    stands: &[Assessment],
    now_ms: u64,
) -> Result<Moved, Refusal> {
    let mut moves: Vec<(DeviceState, DeviceState, Vec<DeviceId>)> = Vec::new();
    for (device, stand) in devices.iter().zip(stands) {
        let Some(to) = due(device.state, stand.standing).filter(|to| *to != device.state) else {
            continue;
        };
        match moves
            .iter_mut()
            .find(|(from, into, _)| (*from, *into) == (device.state, to))
        {
            Some((_, _, ids)) => ids.push(device.device_id),
            None => moves.push((device.state, to, vec![device.device_id])),
        }
    }
    let mut done: HashMap<DeviceId, DeviceState> = HashMap::new();
    for (from, to, ids) in moves {
        for id in tx.move_devices(&ids, from, to, now_ms).await? {
            done.insert(id, to);
        }
    }
    let mut moved = Moved::default();
    let (mut out, mut behind) = (Vec::new(), Vec::new());
    let mut events = Vec::with_capacity(done.len());
    for (device, stand) in devices.iter().zip(stands) {
        let Some(to) = done.get(&device.device_id).copied() else {
            continue;
        };
        events.push(move_event(app, device, to, stand, now_ms));
        if to == DeviceState::Quarantined {
            out.push(device.device_id);
        }
        if to != DeviceState::Active && lacks_update(rules, device, stand)? {
            behind.push(device.device_id);
        }
        moved.devices.push((device.device_id, to));
    }
    if !out.is_empty() {
        moved.reached = propose_removals(app, tx, &out, now_ms).await?;
    }
    managers::order(tx, &behind, Action::Sync, now_ms).await?;
    owners::moved(tx, &moved.devices, now_ms).await?;
    if !events.is_empty() {
        // Last: on PostgreSQL others wait from here on until the end.
        tx.audit_all(events.iter().map(|event| (event, Salt(random()))))
            .await?;
    }
    Ok(moved)
}

fn move_event(
    app: &App,
    device: &Device,
    to: DeviceState,
    assessment: &Assessment,
    now_ms: u64,
) -> Event {
    let kind = match to {
        DeviceState::Quarantined => QUARANTINED,
        DeviceState::Grace => GRACE,
        _ => RESTORED,
    };
    let broken = assessment
        .findings
        .iter()
        .filter(|finding| finding.standing > Standing::Compliant)
        .map(|finding| finding.rule.clone())
        .collect();
    let mut detail = Map::new();
    detail.insert("user".to_owned(), device.user_id.to_string().into());
    detail.insert("program".to_owned(), device.program.clone().into());
    detail.insert("from".to_owned(), device.state.as_str().into());
    detail.insert("to".to_owned(), to.as_str().into());
    if let Some(deadline) = assessment.deadline {
        detail.insert("deadline".to_owned(), Value::from(deadline));
    }
    let mut event = app.gate.house_event(kind, "device.assess", now_ms);
    event.resource = format!("device/{}", device.device_id);
    event.reasons = broken;
    event.detail = detail;
    event
}

/// Looks at one device in a transaction of its own, and says how it stands.
pub(crate) async fn assess_now(app: &App, id: DeviceId) -> Result<Option<Assessment>, Refusal> {
    let now_ms = app.clock.now_ms();
    let (assessment, moved) = patiently!(app, |tx| { assess(app, tx, id, now_ms).await })?;
    moved.publish(app);
    Ok(assessment)
}

/// Every device that is not out of use, with what is known of it.
pub(crate) async fn everyone(tx: &mut Tx) -> Result<Vec<(Device, Vec<Fact>)>, Refusal> {
    let mut facts = tx.fleet_facts().await?;
    let devices = tx.all_devices().await?;
    Ok(devices
        .into_iter()
        .filter(|device| !device.state.is_out())
        .map(|device| {
            let facts = facts.remove(&device.device_id).unwrap_or_default();
            (device, facts)
        })
        .collect())
}

/// What a look at all devices came to.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    /// Every device that is not out of use, with what is known of it.
    pub(crate) everyone: Vec<(Device, Vec<Fact>)>,
    /// How each of them stands; absent for one that could not be judged.
    pub(crate) stands: Vec<Option<Assessment>>,
    /// How many were moved to another state.
    pub(crate) moved: usize,
}

/// Looks at every device. Only those whose assessment is another now are written, in transactions
/// of some hundred, so that nobody waits long; those that move are judged again within theirs.
pub(crate) async fn assess_all(app: &App) -> Result<Swept, Refusal> {
    let now_ms = app.clock.now_ms();
    let mut tx = app.gate.machinery().read().await?;
    let rules = Rulebook::load(app, &mut tx).await?;
    let everyone = everyone(&mut tx).await?;
    drop(tx);
    let mut judge = rules.judge();
    let mut stands = Vec::with_capacity(everyone.len());
    let (mut others, mut notes) = (Vec::new(), Vec::new());
    for (device, facts) in &everyone {
        let before = before(device);
        let found = rules.look_after(before.as_ref(), &mut judge, device, facts, now_ms);
        let assessment = match found {
            Ok(assessment) => assessment,
            Err(error) => {
                // One that cannot be judged must not keep the others from it.
                tracing::error!(%error, device = %device.device_id, "a device was not looked at");
                stands.push(None);
                continue;
            }
        };
        let stays = due(device.state, assessment.standing).is_none_or(|due| due == device.state);
        if !stays {
            others.push(device.device_id);
        } else if before.as_ref() != Some(&assessment) {
            notes.push((device, noted(device, &assessment)?));
        }
        stands.push(Some(assessment));
    }
    // In the order in which they lie, which costs a database the least.
    others.sort_unstable();
    notes.sort_unstable_by_key(|(device, _)| device.device_id);
    let mut moved = 0;
    for chunk in notes.chunks(CHUNK) {
        let ids: Vec<DeviceId> = chunk.iter().map(|(device, _)| device.device_id).collect();
        let some = patiently!(app, |tx| {
            tx.lock_devices(&ids).await?;
            if !Rulebook::load(app, tx).await?.is_same(&rules) {
                let (_, moved) = assess_some(app, tx, &ids, app.clock.now_ms()).await?;
                return Ok(moved);
            }
            // One that somebody else looked at meanwhile keeps what they wrote.
            put_notes(tx, chunk.iter().map(|(device, note)| (*device, note))).await?;
            Ok(Moved::default())
        })?;
        moved += some.devices.len();
        some.publish(app);
    }
    for chunk in others.chunks(CHUNK) {
        let some = patiently!(app, |tx| {
            let (_, moved) = assess_some(app, tx, chunk, app.clock.now_ms()).await?;
            Ok(moved)
        })?;
        moved += some.devices.len();
        some.publish(app);
    }
    Ok(Swept {
        everyone,
        stands,
        moved,
    })
}

/// Puts Remove proposals by the delivery service (RFC 9420 §12.1.8) into each of the devices'
/// conversations; gives the places of them.
pub(crate) async fn propose_removals(
    app: &App,
    tx: &mut Tx,
    devices: &[DeviceId],
    now_ms: u64,
) -> Result<Vec<(GroupId, u64)>, Refusal> {
    let mut reached = Vec::new();
    for (group, members) in tx.groups_of_devices(devices).await? {
        tx.group_for_update(group).await?;
        let Some(state) = tx.group_state(group).await? else {
            continue;
        };
        let mut tracked = Tracked::from_bytes(&state.public_state).map_err(Refusal::internal)?;
        let proposals = tracked
            .propose_removals(&members, &app.keys.delivery)
            .map_err(Refusal::internal)?;
        let public_state = tracked.to_bytes();
        for proposal in proposals {
            let entry = tx
                .propose_removal(group, state.epoch, &proposal, &public_state, now_ms)
                .await
                .map_err(commit_error)?;
            reached.push((group, entry.seq));
        }
    }
    Ok(reached)
}

/// Keeps the public lists new, follows device managers, and gives them what they are asked for. Apart
/// from [`run`]: deadlines do not wait for other people's networks.
pub(crate) async fn follow(app: App, mut stop: watch::Receiver<bool>) {
    let mut pace = tokio::time::interval(Duration::from_mins(1));
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopped(&mut stop) => return,
            _ = pace.tick() => {}
        }
        let round = async {
            if let Err(error) = lists(&app).await {
                tracing::warn!(%error, "the public lists of patches were not fetched");
            }
            managers::pull(&app).await;
            managers::deliver(&app).await;
        };
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = round => {}
        }
    }
}

/// Fetches the public lists where that is due, and looks at all devices by them then; gives whether it
/// was.
pub(crate) async fn lists(app: &App) -> Result<bool, feeds::ImportError> {
    let fetched = feeds::refresh(app).await?;
    if fetched {
        look(app).await;
    }
    Ok(fetched)
}

/// Looks at all devices now and then, for the sake of deadlines.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let minutes = Duration::from_mins(app.config.fleet.assess_every_minutes);
    let mut pace = tokio::time::interval(minutes);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopped(&mut stop) => return,
            _ = pace.tick() => {}
        }
        look(&app).await;
    }
}

async fn look(app: &App) {
    let swept = match assess_all(app).await {
        Ok(swept) => swept,
        Err(error) => {
            tracing::error!(%error, "devices were not looked at");
            return;
        }
    };
    if swept.moved > 0 {
        tracing::info!(
            devices = swept.everyone.len(),
            moved = swept.moved,
            "devices looked at"
        );
    }
    if let Err(error) = owners::remind(app, &swept).await {
        tracing::warn!(%error, "owners whose devices are about to be shut out were not rung yet");
    }
}

/// How many devices are written in one transaction.
const CHUNK: usize = 256;

const GRACE: Kind = Kind::named("device.grace");
const QUARANTINED: Kind = Kind::named("device.quarantined");
const RESTORED: Kind = Kind::named("device.restored");
