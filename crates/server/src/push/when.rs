//! When a message rings for whom: what people chose and how they stand, as `wardline_roster` is asked.

use wardline_model::wire::messages::Priority;
use wardline_model::wire::quiet::{
    Batching, OffDutyQuiet, QuietChoice, QuietReason, QuietUntil, Quietly,
};
use wardline_model::{GroupId, UserId};
use wardline_roster::ring::{
    Batch, Breaks, Duty, Interval, OffDuty, Ring, Standing, Why, Wishes, ring,
};
use wardline_store::{self as store, HeldRing, Manner, Tx};

use crate::app::App;
use crate::config;
use crate::problem::Refusal;

/// A person as they stand now, with what holds for them.
#[derive(Debug, Clone)]
pub(crate) struct Now {
    standing: Standing,
    wishes: Wishes,
}

impl Now {
    pub(crate) async fn of(
        tx: &mut Tx,
        app: &App,
        user: UserId,
        now_ms: u64,
    ) -> Result<Self, Refusal> {
        let manner = tx.manner(user, now_ms).await?;
        let choice = tx.quiet_choice(user).await?;
        Ok(Self::with(app, manner.as_ref(), choice.as_ref(), now_ms))
    }

    /// The same of what is known already.
    pub(super) fn with(
        app: &App,
        manner: Option<&Manner>,
        choice: Option<&store::QuietChoice>,
        now_ms: u64,
    ) -> Self {
        Self {
            standing: standing(manner, now_ms),
            wishes: wishes(&app.config.quiet, choice),
        }
    }

    /// When a message rings that waits since a moment, unix milliseconds.
    pub(crate) fn ring(&self, priority: Priority, since_ms: u64) -> Ring {
        ring(priority, since_ms, self.standing, &self.wishes)
    }

    /// What would not ring now.
    pub(crate) fn quietly(&self) -> Quietly {
        let of = |priority| match self.ring(priority, self.standing.now_ms) {
            Ring::Now => None,
            Ring::Later { at_ms, why } => Some(QuietUntil {
                reason: match why {
                    Why::Batched => QuietReason::Batched,
                    Why::OffDuty => QuietReason::OffDuty,
                    Why::Undisturbed => QuietReason::Undisturbed,
                },
                until: at_ms,
            }),
        };
        Quietly {
            routine: of(Priority::Routine),
            urgent: of(Priority::Urgent),
        }
    }
}

/// When something that waits is judged anew, and whether it waits for a shift; `None` where it rings.
pub(crate) fn later(ring: Ring) -> Option<(Option<u64>, bool)> {
    match ring {
        Ring::Now => None,
        Ring::Later { at_ms, why } => Some((at_ms, why == Why::OffDuty)),
    }
}

/// A message that waits since a moment, unix milliseconds.
pub(super) const fn held(
    group_id: GroupId,
    priority: Priority,
    seq: u64,
    held_at: u64,
    due_at: Option<u64>,
) -> HeldRing {
    HeldRing {
        group_id,
        priority,
        seq,
        held_at,
        due_at,
        is_delivered: false,
    }
}

/// Judges anew what waits for a person: what has its time rings, all of it as one wake-up, and the rest
/// goes on waiting.
pub(crate) async fn rejudge(
    tx: &mut Tx,
    app: &App,
    user: UserId,
    now_ms: u64,
) -> Result<(), Refusal> {
    let waiting = tx.held_rings(user).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let now = Now::of(tx, app, user, now_ms).await?;
    let mut rings: Option<Priority> = None;
    let mut is_delivered = true;
    for held in &waiting {
        if let Some((at_ms, for_duty)) = later(now.ring(held.priority, held.held_at)) {
            tx.put_off_ring(user, held, at_ms, for_duty).await?;
        } else {
            tx.release_ring(user, held).await?;
            rings = rings.max(Some(held.priority));
            is_delivered &= held.is_delivered;
        }
    }
    let Some(priority) = rings else {
        return Ok(());
    };
    let together_ms = app.push.together_ms();
    for (device, is_open) in tx.push_devices_and_sockets(user, now_ms).await? {
        // An open app sounds by itself, unless it only looks open.
        if !(is_open && is_delivered) {
            tx.ask_push(device, priority, together_ms, now_ms).await?;
        }
    }
    Ok(())
}

fn standing(manner: Option<&Manner>, now_ms: u64) -> Standing {
    Standing {
        now_ms,
        duty: match manner {
            Some(manner) if manner.on_duty => Duty::On,
            Some(manner) if manner.in_roster => Duty::Off {
                next_ms: manner.next_duty(),
            },
            _ => Duty::Unknown,
        },
        quiet_until: manner.and_then(|manner| manner.quiet_until),
    }
}

/// What holds for somebody: their choice within the hospital's bounds. A choice that this program would
/// not write counts for none.
fn wishes(quiet: &config::Quiet, choice: Option<&store::QuietChoice>) -> Wishes {
    let choice = choice.and_then(|stored| read(stored).ok());
    let of_hospital = || Interval::minutes(quiet.batch_minutes).map_or(Batch::AtOnce, Batch::Every);
    let batch = choice.as_ref().map_or(Ok(None), batch_of).ok().flatten();
    let off_duty = choice.and_then(|choice| choice.off_duty);
    let off_duty = off_duty.unwrap_or(quiet.off_duty);
    Wishes {
        batch: batch.unwrap_or_else(of_hospital),
        off_duty: match off_duty.clamp(quiet.off_duty_least, quiet.off_duty_most) {
            OffDutyQuiet::Nothing => OffDuty::Rings,
            OffDutyQuiet::Routine => OffDuty::RoutineWaits,
            OffDutyQuiet::Urgent => OffDuty::UrgentWaits,
        },
        longest_ms: quiet.longest_minutes * MINUTE_MS,
    }
}

/// The batch that a person chose; `None` for the hospital's.
///
/// # Errors
/// Names the field that is wrong, and what it has to be.
fn batch_of(choice: &QuietChoice) -> Result<Option<Batch>, (&'static str, String)> {
    Ok(match choice.batch {
        Batching::Hospital => None,
        Batching::AtOnce => Some(Batch::AtOnce),
        Batching::Every => {
            let interval = choice.minutes.and_then(Interval::minutes);
            let interval = interval.ok_or(("minutes", "15, 30 or 60".to_owned()))?;
            Some(Batch::Every(interval))
        }
        Batching::Breaks => {
            let zone = choice.zone.as_deref().unwrap_or_default();
            let breaks = Breaks::new(&choice.breaks, zone);
            Some(Batch::Breaks(
                breaks.map_err(|wrong| ("breaks", wrong.to_string()))?,
            ))
        }
    })
}

/// A choice as it is kept.
///
/// # Errors
/// Names the field that is wrong, and what it has to be.
pub(crate) fn kept(
    choice: &QuietChoice,
    quiet: &config::Quiet,
) -> Result<store::QuietChoice, (&'static str, String)> {
    batch_of(choice)?;
    let bounds = quiet.off_duty_least..=quiet.off_duty_most;
    if choice.off_duty.is_some_and(|off| !bounds.contains(&off)) {
        return Err(("off_duty", "what the hospital allows".to_owned()));
    }
    let is = |batch| choice.batch == batch;
    let breaks = choice.breaks.iter().filter(|_| is(Batching::Breaks));
    let breaks: Vec<String> = breaks.map(u16::to_string).collect();
    Ok(store::QuietChoice {
        batch: batch_name(choice.batch).to_owned(),
        minutes: choice.minutes.filter(|_| is(Batching::Every)).unwrap_or(0),
        breaks: breaks.join(","),
        zone: choice
            .zone
            .clone()
            .filter(|_| is(Batching::Breaks))
            .unwrap_or_default(),
        off_duty: choice.off_duty.map(|off| off_duty_name(off).to_owned()),
    })
}

/// A choice from how it is kept.
pub(crate) fn read(stored: &store::QuietChoice) -> Result<QuietChoice, Refusal> {
    let unknown = || Refusal::internal("a choice that this program does not write");
    let batch = BATCHES
        .into_iter()
        .find(|batch| batch_name(*batch) == stored.batch)
        .ok_or_else(unknown)?;
    let off_duty = stored.off_duty.as_deref().map(|name| {
        OFF_DUTY
            .into_iter()
            .find(|off| off_duty_name(*off) == name)
            .ok_or_else(unknown)
    });
    let breaks = stored.breaks.split(',').filter(|text| !text.is_empty());
    Ok(QuietChoice {
        batch,
        minutes: Some(stored.minutes).filter(|minutes| *minutes > 0),
        breaks: breaks
            .map(|text| text.parse().map_err(|_| unknown()))
            .collect::<Result<_, _>>()?,
        zone: Some(stored.zone.clone()).filter(|zone| !zone.is_empty()),
        off_duty: off_duty.transpose()?,
    })
}

const fn batch_name(batch: Batching) -> &'static str {
    match batch {
        Batching::Hospital => "hospital",
        Batching::AtOnce => "at_once",
        Batching::Every => "every",
        Batching::Breaks => "breaks",
    }
}

const fn off_duty_name(off: OffDutyQuiet) -> &'static str {
    match off {
        OffDutyQuiet::Nothing => "nothing",
        OffDutyQuiet::Routine => "routine",
        OffDutyQuiet::Urgent => "urgent",
    }
}

const BATCHES: [Batching; 4] = [
    Batching::Hospital,
    Batching::AtOnce,
    Batching::Every,
    Batching::Breaks,
];
const OFF_DUTY: [OffDutyQuiet; 3] = [
    OffDutyQuiet::Nothing,
    OffDutyQuiet::Routine,
    OffDutyQuiet::Urgent,
];
const MINUTE_MS: u64 = 60_000;
