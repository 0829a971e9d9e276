//! When a message rings for somebody: at once, at their next break, or when they are at work again.
//!
//! A question of values: how urgent it is, since when it waits, how the person stands and what they and
//! the hospital chose. It is asked anew whenever one of these changes and when what it said before has
//! come, so nothing that was put off depends on an answer of before.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike as _};
use thiserror::Error;
use wardline_model::wire::messages::Priority;

use crate::zone::{Zone, named};

/// When routine messages ring for somebody at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batch {
    /// As they come.
    AtOnce,
    /// At the full quarters, half hours or hours of the clock.
    Every(Interval),
    /// At times of the day.
    Breaks(Breaks),
}

/// Between two times at which routine messages ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(u16);

impl Interval {
    /// One that people may choose; `None` for any other.
    pub fn minutes(minutes: u16) -> Option<Self> {
        INTERVALS.contains(&minutes).then_some(Self(minutes))
    }

    /// In minutes.
    pub const fn in_minutes(self) -> u16 {
        self.0
    }

    fn in_ms(self) -> u64 {
        u64::from(self.0) * MINUTE_MS
    }
}

/// Times of the day at which somebody looks, where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaks {
    /// Minutes since midnight, in order.
    times: Vec<u16>,
    zone: Zone,
}

/// Why these are no breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BreaksError {
    /// None, too many, twice the same, or no time of a day.
    #[error("1 to 12 different times of the day, as minutes since midnight")]
    Times,
    /// No such time zone.
    #[error("a time zone of the IANA database, such as \"Europe/Paris\"")]
    Zone,
}

impl Breaks {
    /// At `times`, minutes since midnight, by the clock of a time zone of the IANA database.
    ///
    /// # Errors
    /// Says which of the two is wrong.
    pub fn new(times: &[u16], zone: &str) -> Result<Self, BreaksError> {
        let mut times = times.to_vec();
        times.sort_unstable();
        let given = times.len();
        times.dedup();
        let is_fine = times.len() == given
            && (1..=MOST_BREAKS).contains(&given)
            && times.iter().all(|minutes| *minutes < DAY_MIN);
        if !is_fine {
            return Err(BreaksError::Times);
        }
        let zone = named(zone).ok_or(BreaksError::Zone)?;
        Ok(Self { times, zone })
    }

    /// The first break from a moment on, unix milliseconds.
    fn from(&self, since_ms: u64) -> u64 {
        let Some(since) = moment(since_ms) else {
            return since_ms;
        };
        let today = self.zone.local(since).date();
        // A time that the clock skips comes by the offset before; so the day after next is far enough.
        (-1..=2)
            .filter_map(|days| today.checked_add_signed(TimeDelta::days(days)))
            .flat_map(|day| self.times.iter().map(move |minutes| (day, *minutes)))
            .filter_map(|(day, minutes)| {
                let (hour, minute) = (u32::from(minutes / 60), u32::from(minutes % 60));
                let local: NaiveDateTime = day.and_hms_opt(hour, minute, 0)?;
                u64::try_from(self.zone.moment(local).timestamp_millis()).ok()
            })
            .filter(|at_ms| *at_ms >= since_ms)
            .min()
            .unwrap_or(since_ms)
    }
}

/// What does not ring while somebody is off duty; each keeps what the ones before keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OffDuty {
    /// Everything rings.
    Rings,
    /// Routine messages wait.
    RoutineWaits,
    /// Urgent ones, too. STAT never waits.
    UrgentWaits,
}

impl OffDuty {
    const fn keeps(self, priority: Priority) -> bool {
        match priority {
            Priority::Stat => false,
            Priority::Urgent => matches!(self, Self::UrgentWaits),
            Priority::Routine => !matches!(self, Self::Rings),
        }
    }
}

/// What holds for a person: their choice within what the hospital allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    /// At work.
    pub batch: Batch,
    /// Off duty.
    pub off_duty: OffDuty,
    /// How long a batch may put off a message at most, milliseconds.
    pub longest_ms: u64,
}

/// What the roster says of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Nothing: they are in no roster, and no roster keeps them from being rung.
    Unknown,
    /// At work or on call.
    On,
    /// Neither.
    Off {
        /// When their next shift or turn begins, unix milliseconds; `None` where none is known.
        next_ms: Option<u64>,
    },
}

/// How a person stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The moment, unix milliseconds.
    pub now_ms: u64,
    /// By the roster.
    pub duty: Duty,
    /// Until when they are not to be disturbed, unix milliseconds.
    pub quiet_until: Option<u64>,
}

/// Why something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// For the person's next break.
    Batched,
    /// For their next shift or turn.
    OffDuty,
    /// Until they may be disturbed again.
    Undisturbed,
}

/// When a message rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    /// Now.
    Now,
    /// Later.
    Later {
        /// When, unix milliseconds; `None` until the roster says when the person is back.
        at_ms: Option<u64>,
        /// What keeps it longest.
        why: Why,
    },
}

/// When a message rings that waits since a moment (unix milliseconds; its own time, where none waited
/// before it).
pub fn ring(priority: Priority, since_ms: u64, standing: Standing, wishes: &Wishes) -> Ring {
    if priority == Priority::Stat {
        return Ring::Now;
    }
    let now_ms = standing.now_ms;
    let mut later: Option<(Option<u64>, Why)> = None;
    let mut wait = |at_ms: Option<u64>, why: Why| {
        // What has no end is longest.
        let is_longer = later.is_none_or(|(before, _)| {
            before.is_some_and(|before| at_ms.is_none_or(|at| at > before))
        });
        if is_longer {
            later = Some((at_ms, why));
        }
    };
    if let Duty::Off { next_ms } = standing.duty
        && wishes.off_duty.keeps(priority)
    {
        // A shift that should have begun and did not is not known.
        wait(next_ms.filter(|next| *next > now_ms), Why::OffDuty);
    }
    if let Some(until) = standing.quiet_until.filter(|until| *until > now_ms) {
        wait(Some(until), Why::Undisturbed);
    }
    if priority == Priority::Routine {
        let due = wishes.batch.due(since_ms, wishes.longest_ms);
        if due > now_ms {
            wait(Some(due), Why::Batched);
        }
    }
    later.map_or(Ring::Now, |(at_ms, why)| Ring::Later { at_ms, why })
}

impl Batch {
    fn due(&self, since_ms: u64, longest_ms: u64) -> u64 {
        let due = match self {
            Self::AtOnce => since_ms,
            Self::Every(interval) => since_ms.div_ceil(interval.in_ms()) * interval.in_ms(),
            Self::Breaks(breaks) => breaks.from(since_ms),
        };
        due.min(since_ms.saturating_add(longest_ms))
    }
}

/// The hour of the day, 0 to 23, that a moment is in, by the clock of a time zone of the IANA database;
/// `None` where there is no such zone or time.
pub fn hour_of_day(zone: &str, at_ms: u64) -> Option<u8> {
    let local = named(zone)?.local(moment(at_ms)?);
    u8::try_from(local.hour()).ok()
}

fn moment(at_ms: u64) -> Option<DateTime<chrono::Utc>> {
    DateTime::from_timestamp_millis(i64::try_from(at_ms).ok()?)
}

/// What people may choose between, in minutes.
pub const INTERVALS: [u16; 3] = [15, 30, 60];
const MOST_BREAKS: usize = 12;
const DAY_MIN: u16 = 24 * 60;
const MINUTE_MS: u64 = 60_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR_MS: u64 = 60 * MINUTE_MS;
    const DAY_MS: u64 = 24 * HOUR_MS;
    /// 2026-01-05T00:00:00Z, a Monday.
    const MONDAY: u64 = 1_767_571_200_000;

    fn wishes(batch: Batch) -> Wishes {
        Wishes {
            batch,
            off_duty: OffDuty::RoutineWaits,
            longest_ms: 8 * HOUR_MS,
        }
    }

    fn at_work(now_ms: u64) -> Standing {
        Standing {
            now_ms,
            duty: Duty::On,
            quiet_until: None,
        }
    }

    fn later(at_ms: u64, why: Why) -> Ring {
        Ring::Later {
            at_ms: Some(at_ms),
            why,
        }
    }

    fn every(minutes: u16) -> Batch {
        Batch::Every(Interval::minutes(minutes).unwrap())
    }

    fn breaks(times: &[u16], zone: &str) -> Batch {
        Batch::Breaks(Breaks::new(times, zone).unwrap())
    }

    #[test]
    fn routine_messages_wait_for_the_full_half_hour_and_then_ring() {
        let wishes = wishes(every(30));
        let came = MONDAY + 14 * HOUR_MS + 7 * MINUTE_MS;
        let due = MONDAY + 14 * HOUR_MS + 30 * MINUTE_MS;
        let routine = |now_ms| ring(Priority::Routine, came, at_work(now_ms), &wishes);
        assert_eq!(routine(came), later(due, Why::Batched));
        assert_eq!(routine(due - 1), later(due, Why::Batched));
        assert_eq!(routine(due), Ring::Now);
        assert_eq!(
            ring(Priority::Urgent, came, at_work(came), &wishes),
            Ring::Now
        );
    }

    #[test]
    fn breaks_are_where_the_person_is_also_as_the_clock_changes() {
        // 12:30 in Paris is 11:30 UTC in winter and 10:30 in summer; the clock moves on 29 March 2026.
        let batch = breaks(&[750, 1080], "Europe/Paris");
        let saturday = MONDAY + 82 * DAY_MS;
        for (came, due) in [
            (MONDAY + 8 * HOUR_MS, MONDAY + 11 * HOUR_MS + 30 * MINUTE_MS),
            (MONDAY + 12 * HOUR_MS, MONDAY + 17 * HOUR_MS),
            (
                saturday + 20 * HOUR_MS,
                saturday + DAY_MS + 10 * HOUR_MS + 30 * MINUTE_MS,
            ),
        ] {
            let wishes = Wishes {
                longest_ms: DAY_MS,
                ..wishes(batch.clone())
            };
            let found = ring(Priority::Routine, came, at_work(came), &wishes);
            assert_eq!(found, later(due, Why::Batched));
        }
        // A break that the clock skips still comes.
        let skipped = breaks(&[150], "Europe/Paris");
        let night = saturday + DAY_MS;
        assert_eq!(skipped.due(night, DAY_MS), night + HOUR_MS + 30 * MINUTE_MS);
    }

    #[test]
    fn a_break_that_is_too_far_off_is_not_waited_for() {
        let wishes = wishes(breaks(&[0], "UTC"));
        let came = MONDAY + HOUR_MS;
        let found = ring(Priority::Routine, came, at_work(came), &wishes);
        assert_eq!(found, later(came + 8 * HOUR_MS, Why::Batched));
    }

    #[test]
    fn off_duty_waits_for_the_next_shift_and_a_roster_without_the_person_keeps_nothing() {
        let wishes = wishes(Batch::AtOnce);
        let off = |duty| Standing {
            duty,
            ..at_work(MONDAY)
        };
        let next = Duty::Off {
            next_ms: Some(MONDAY + HOUR_MS),
        };
        let found = ring(Priority::Routine, MONDAY, off(next), &wishes);
        assert_eq!(found, later(MONDAY + HOUR_MS, Why::OffDuty));
        assert_eq!(
            ring(Priority::Urgent, MONDAY, off(next), &wishes),
            Ring::Now
        );
        let never = Duty::Off { next_ms: None };
        assert_eq!(
            ring(Priority::Routine, MONDAY, off(never), &wishes),
            Ring::Later {
                at_ms: None,
                why: Why::OffDuty
            }
        );
        assert_eq!(
            ring(Priority::Routine, MONDAY, off(Duty::Unknown), &wishes),
            Ring::Now
        );
        let strict = Wishes {
            off_duty: OffDuty::UrgentWaits,
            ..wishes
        };
        assert_eq!(
            ring(Priority::Urgent, MONDAY, off(next), &strict),
            later(MONDAY + HOUR_MS, Why::OffDuty)
        );
    }

    #[test]
    fn what_is_no_break_is_refused() {
        for times in [&[][..], &[1440], &[60, 60], &[0; 13]] {
            assert_eq!(Breaks::new(times, "UTC"), Err(BreaksError::Times));
        }
        assert_eq!(Breaks::new(&[60], "Moon/Base"), Err(BreaksError::Zone));
        assert_eq!(Interval::minutes(0), None);
        assert_eq!(Interval::minutes(45), None);
        assert_eq!(hour_of_day("Asia/Kolkata", MONDAY), Some(5));
        assert_eq!(hour_of_day("nowhere", MONDAY), None);
    }

    fn a_batch() -> impl Strategy<Value = Batch> {
        let zones = prop::sample::select(vec!["UTC", "Europe/Paris", "Asia/Kathmandu"]);
        prop_oneof![
            Just(Batch::AtOnce),
            prop::sample::select(INTERVALS.to_vec()).prop_map(every),
            (prop::collection::btree_set(0..DAY_MIN, 1..=12), zones)
                .prop_map(|(times, zone)| { breaks(&times.into_iter().collect::<Vec<_>>(), zone) }),
        ]
    }

    fn some_wishes() -> impl Strategy<Value = Wishes> {
        let off_duty = prop::sample::select(vec![
            OffDuty::Rings,
            OffDuty::RoutineWaits,
            OffDuty::UrgentWaits,
        ]);
        (a_batch(), off_duty, 1..=48_u64).prop_map(|(batch, off_duty, hours)| Wishes {
            batch,
            off_duty,
            longest_ms: hours * HOUR_MS,
        })
    }

    fn a_duty() -> impl Strategy<Value = Duty> {
        prop_oneof![
            Just(Duty::Unknown),
            Just(Duty::On),
            prop::option::of(MONDAY..MONDAY + 9 * DAY_MS).prop_map(|next_ms| Duty::Off { next_ms }),
        ]
    }

    fn a_standing() -> impl Strategy<Value = Standing> {
        let quiet = prop::option::of(MONDAY..MONDAY + 9 * DAY_MS);
        (MONDAY..MONDAY + 8 * DAY_MS, a_duty(), quiet).prop_map(|(now_ms, duty, quiet_until)| {
            Standing {
                now_ms,
                duty,
                quiet_until,
            }
        })
    }

    fn not_stat() -> impl Strategy<Value = Priority> {
        prop_oneof![Just(Priority::Routine), Just(Priority::Urgent)]
    }

    proptest! {
        #[test]
        fn stat_never_waits(standing in a_standing(), wishes in some_wishes(), age in 0..DAY_MS) {
            let since = standing.now_ms - age;
            prop_assert_eq!(ring(Priority::Stat, since, standing, &wishes), Ring::Now);
        }

        #[test]
        fn nothing_waits_longer_than_was_chosen(
            came in MONDAY..MONDAY + 400 * DAY_MS, wishes in some_wishes()
        ) {
            let longest = match &wishes.batch {
                Batch::AtOnce => 0,
                Batch::Every(interval) => interval.in_ms(),
                // A day and the hour that a clock may be put back.
                Batch::Breaks(_) => DAY_MS + HOUR_MS,
            }
            .min(wishes.longest_ms);
            match ring(Priority::Routine, came, at_work(came), &wishes) {
                Ring::Now => {}
                Ring::Later { at_ms, why } => {
                    prop_assert_eq!(why, Why::Batched);
                    prop_assert!(at_ms.is_some_and(|at| at <= came + longest));
                }
            }
            prop_assert_eq!(
                ring(Priority::Routine, came, at_work(came + longest), &wishes),
                Ring::Now
            );
        }

        #[test]
        fn what_waits_waits_into_the_future_and_rings_when_it_said(
            priority in not_stat(), standing in a_standing(), wishes in some_wishes(),
            age in 0..DAY_MS
        ) {
            let since = standing.now_ms - age;
            if let Ring::Later { at_ms: Some(at), why } = ring(priority, since, standing, &wishes) {
                prop_assert!(at > standing.now_ms);
                // The shift begins; nothing else changed.
                let duty = match standing.duty {
                    Duty::Off { next_ms: Some(next) } if next <= at => Duty::On,
                    other => other,
                };
                let then = Standing { now_ms: at, duty, ..standing };
                let found = ring(priority, since, then, &wishes);
                prop_assert!(found == Ring::Now, "{:?}: {:?}", why, found);
            }
        }

        /// Whatever was chosen meanwhile, who is at work and may be disturbed has what came by then.
        #[test]
        fn nothing_is_lost_when_choices_change(
            priority in not_stat(), came in MONDAY..MONDAY + DAY_MS,
            turns in prop::collection::vec((some_wishes(), a_duty(), 0..DAY_MS), 1..8)
        ) {
            let mut now = came;
            for (wishes, duty, pause) in &turns {
                let standing = Standing { now_ms: now, duty: *duty, quiet_until: None };
                if ring(priority, came, standing, wishes) == Ring::Now {
                    return Ok(());
                }
                now += pause;
            }
            let (last, _, _) = &turns[turns.len() - 1];
            let end = now.max(came + last.longest_ms);
            prop_assert_eq!(ring(priority, came, at_work(end), last), Ring::Now);
        }

        #[test]
        fn asking_for_less_never_rings_earlier(
            priority in not_stat(), standing in a_standing(), wishes in some_wishes(),
            age in 0..DAY_MS
        ) {
            let since = standing.now_ms - age;
            let loud = Wishes { off_duty: OffDuty::Rings, ..wishes.clone() };
            if ring(priority, since, standing, &wishes) == Ring::Now {
                prop_assert_eq!(ring(priority, since, standing, &loud), Ring::Now);
            }
        }
    }
}
