//! Owners are rung when a device of theirs has to be mended: as its grace begins, a day before it ends,
//! and when it is shut out; once a day at most. Whoever does not open the app learns it so.
//!
//! That they are to be is written with the move itself, so that it is not lost. It rings as a message
//! does that is as urgent: what they and the hospital chose holds ([`crate::push::when`]). A wake-up says
//! nothing; what is to be done stands in the app.

use wardline_model::DeviceId;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::posture::{Assessment, Standing};
use wardline_store::{Device, OwnerNotice, Tx};

use super::Swept;
use crate::app::App;
use crate::gate::patiently;
use crate::problem::Refusal;
use crate::push::when::{Now, later};

/// Has the owners of devices rung that were moved.
pub(super) async fn moved(
    tx: &mut Tx,
    devices: &[(DeviceId, DeviceState)],
    now_ms: u64,
) -> Result<(), Refusal> {
    for (state, priority) in [
        (DeviceState::Grace, Priority::Routine),
        (DeviceState::Quarantined, LAST),
    ] {
        let these = devices.iter().filter(|(_, to)| *to == state);
        let these: Vec<DeviceId> = these.map(|(device, _)| *device).collect();
        if !these.is_empty() && tx.has_push_subscriptions().await? {
            tx.want_notices(&these, priority, APART_MS, now_ms).await?;
        }
    }
    Ok(())
}

/// Has the owners of devices rung whose grace ends within a day, and who were not rung within the last.
pub(super) async fn remind(app: &App, swept: &Swept) -> Result<(), Refusal> {
    let now_ms = app.clock.now_ms();
    let all = swept.everyone.iter().zip(&swept.stands);
    let soon = all.filter(|((device, _), stand)| ends_soon(device, stand.as_ref(), now_ms));
    let soon: Vec<DeviceId> = soon.map(|((device, _), _)| device.device_id).collect();
    if soon.is_empty() {
        return Ok(());
    }
    let told_ms = now_ms.saturating_sub(APART_MS);
    let mut facts = app.look().await?;
    let untold = facts.owners_untold(&soon, LAST, told_ms).await?;
    drop(facts);
    for some in untold.chunks(CHUNK) {
        patiently!(app, |tx| {
            Ok(tx.want_notices(some, LAST, APART_MS, now_ms).await?)
        })?;
    }
    Ok(())
}

fn ends_soon(device: &Device, stand: Option<&Assessment>, now_ms: u64) -> bool {
    let is_used = matches!(device.state, DeviceState::Active | DeviceState::Grace);
    let grace = stand.filter(|stand| is_used && stand.standing == Standing::Grace);
    let deadline = grace.and_then(|stand| stand.deadline);
    deadline.is_some_and(|deadline| deadline <= now_ms + APART_MS)
}

/// Rings those whose time has come.
pub(crate) async fn ring(app: &App) -> Result<(), Refusal> {
    let now_ms = app.clock.now_ms();
    let due = app.look().await?.due_notices(now_ms, MOST).await?;
    for notice in due {
        patiently!(app, |tx| { ring_one(app, tx, &notice, now_ms).await })?;
    }
    Ok(())
}

async fn ring_one(
    app: &App,
    tx: &mut Tx,
    notice: &OwnerNotice,
    now_ms: u64,
) -> Result<(), Refusal> {
    let owner = notice.user_id;
    let lacks =
        |device: &Device| matches!(device.state, DeviceState::Grace | DeviceState::Quarantined);
    if !tx.devices_of(owner).await?.iter().any(lacks) {
        // It was mended meanwhile.
        tx.put_off_notice(notice, None).await?;
        return Ok(());
    }
    let now = Now::of(tx, app, owner, now_ms).await?;
    if let Some((at_ms, _)) = later(now.ring(notice.priority, notice.wanted_at)) {
        // A shift may begin earlier than was known, so it is asked again soon.
        let soon_ms = now_ms + SOON_MS;
        let at_ms = at_ms.map_or(soon_ms, |at_ms| at_ms.clamp(now_ms + 1, soon_ms));
        tx.put_off_notice(notice, Some(at_ms)).await?;
        return Ok(());
    }
    if !tx.take_notice(notice, now_ms).await? {
        return Ok(());
    }
    let together_ms = app.push.together_ms();
    for device in tx.bells_of_owner(owner).await? {
        tx.ask_push(device, notice.priority, together_ms, now_ms)
            .await?;
    }
    Ok(())
}

/// How urgent it is that a device is about to be shut out, or was: whoever comes on duty with it then
/// has no phone to work with.
const LAST: Priority = Priority::Urgent;
/// Between two rings of an owner, and before the end of grace.
const APART_MS: u64 = 24 * 60 * 60 * 1000;
/// After what time it is asked again whether it rings.
const SOON_MS: u64 = 5 * 60 * 1000;
/// How many owners are looked at in a round.
const MOST: usize = 64;
const CHUNK: usize = 256;
