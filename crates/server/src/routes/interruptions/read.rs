//! `GET /v1/interruptions`: how often phones ring, and how STAT is used, by unit.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::UserId;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::quiet::{
    HourFigures, Interruptions, RingFigures, StatFigures, UnitFigures,
};
use wardline_policy::{Action, Resource};
use wardline_roster::ring::hour_of_day;
use wardline_store::{RingCount, StatCount, Unit, UnitShift};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Params;
use crate::problem::Refusal;

/// What of it.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The last so many whole days: 7, 28 or 84.
    days: u64,
    /// The time zone whose hours are counted, by its name in the IANA database.
    zone: String,
}

/// Counts by unit. A unit of fewer people than the hospital says is named and not shown, and so is an hour
/// at which fewer were on duty: nobody is watched by this. It ends with the last whole day, so that asking
/// again and again shows no single ring.
#[utoipa::path(
    get, path = "/v1/interruptions", tag = "people", params(Wanted),
    responses(
        (status = 200, body = Interruptions), (status = 400, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Interruptions>, Refusal> {
    if !SPANS.contains(&wanted.days) {
        return Err(Refusal::InvalidParameter("days"));
    }
    if hour_of_day(&wanted.zone, 0).is_none() {
        return Err(Refusal::InvalidParameter("zone"));
    }
    let permit = app
        .decide(
            caller.asker(),
            Action::InterruptionsRead,
            Resource::Hospital,
        )
        .await?;
    let until = permit.now_ms() - permit.now_ms() % DAY_MS;
    let from = until.saturating_sub(wanted.days * DAY_MS);
    let mut facts = app.facts().await?;
    let counted = Counted {
        units: facts.units().await?,
        rings: facts.ring_counts(from, until).await?,
        shifts: facts.unit_shifts(from, until).await?,
        stats: facts.stat_counts(from, until).await?,
    };
    drop(facts);
    let mut note = permit.note();
    note.put("days", wanted.days);
    permit.record_with(note).await?;
    let smallest = app.config.quiet.smallest_group;
    Ok(Json(Interruptions {
        from,
        until,
        smallest_group: smallest,
        units: counted.figures(smallest, &wanted.zone, from, until),
    }))
}

/// What the store has of a stretch of time.
struct Counted {
    units: Vec<Unit>,
    rings: Vec<RingCount>,
    shifts: Vec<UnitShift>,
    stats: Vec<StatCount>,
}

impl Counted {
    fn figures(&self, smallest: u64, zone: &str, from: u64, until: u64) -> Vec<UnitFigures> {
        let figures = |unit: &Unit| {
            let rings: Vec<_> = self
                .rings
                .iter()
                .filter(|of| of.unit == unit.unit)
                .collect();
            let shifts = self.shifts.iter().filter(|of| of.unit == unit.unit);
            let duty = on_duty(shifts, zone, from, until);
            let people: BTreeSet<UserId> = duty.values().flatten().map(|(user, _)| *user).collect();
            // Who had no shift was hardly rung: those who had count, where there is a roster.
            let present = if people.is_empty() {
                unit.people
            } else {
                count(people.len()).min(unit.people)
            };
            if present < smallest {
                return UnitFigures {
                    unit: unit.unit.clone(),
                    suppressed: true,
                    rings: Vec::new(),
                    hours: Vec::new(),
                    duty_hours: 0,
                    stat: None,
                };
            }
            let hours = hours(&rings, &duty, smallest, zone);
            // What an hour that is left out had must not follow from the sums.
            let shown: BTreeSet<u8> = hours.iter().map(|of| of.hour).collect();
            let is_shown = |ring: &&&RingCount| {
                hour_of_day(zone, ring.hour_ms).is_some_and(|hour| shown.contains(&hour))
            };
            let rings: Vec<_> = rings.iter().filter(is_shown).copied().collect();
            let duty = duty.iter().filter(|(hour, _)| shown.contains(*hour));
            let duty_ms: u64 = duty.flat_map(|(_, people)| people.values()).sum();
            let stat = self.stats.iter().find(|of| of.unit == unit.unit);
            let stat = stat.filter(|stat| stat.senders >= smallest);
            UnitFigures {
                unit: unit.unit.clone(),
                suppressed: false,
                rings: PRIORITIES.map(|priority| sum(&rings, priority)).into(),
                hours,
                duty_hours: duty_ms / HOUR_MS,
                stat: stat.map(|stat| StatFigures {
                    sent: stat.sent,
                    acknowledged: stat.acknowledged,
                    unneeded: stat.unneeded,
                }),
            }
        };
        self.units.iter().map(figures).collect()
    }
}

/// Who was on duty for how long (milliseconds) in which hour of the day.
type OnDuty = BTreeMap<u8, BTreeMap<UserId, u64>>;

fn on_duty<'a>(
    shifts: impl Iterator<Item = &'a UnitShift>,
    zone: &str,
    from: u64,
    until: u64,
) -> OnDuty {
    let mut duty = OnDuty::new();
    for shift in shifts {
        let (mut at, end) = (shift.from_ms.max(from), shift.until_ms.min(until));
        while at < end {
            let next = (at - at % QUARTER_MS + QUARTER_MS).min(end);
            if let Some(hour) = hour_of_day(zone, at) {
                let of_hour = duty.entry(hour).or_default();
                *of_hour.entry(shift.user_id).or_default() += next - at;
            }
            at = next;
        }
    }
    duty
}

fn sum(rings: &[&RingCount], priority: Priority) -> RingFigures {
    let of = |field: fn(&RingCount) -> u64| {
        let rings = rings.iter().filter(|ring| ring.priority == priority);
        rings.map(|ring| field(ring)).sum()
    };
    RingFigures {
        priority,
        rings: of(|ring| ring.rings),
        answered_1: of(|ring| ring.answered_1),
        answered_5: of(|ring| ring.answered_5),
        answered_15: of(|ring| ring.answered_15),
        answered: of(|ring| ring.answered),
    }
}

fn hours(rings: &[&RingCount], duty: &OnDuty, smallest: u64, zone: &str) -> Vec<HourFigures> {
    let mut by_hour: BTreeMap<u8, [u64; 3]> = (0..24).map(|hour| (hour, [0; 3])).collect();
    for ring in rings {
        let counts = hour_of_day(zone, ring.hour_ms).and_then(|hour| by_hour.get_mut(&hour));
        if let Some(counts) = counts {
            let place = PRIORITIES.iter().position(|of| *of == ring.priority);
            if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                *count += ring.rings;
            }
        }
    }
    let figures = |(hour, rings): (u8, [u64; 3])| {
        let present = duty.get(&hour);
        let people = present.map_or(0, |people| count(people.len()));
        if !duty.is_empty() && people < smallest {
            return None;
        }
        let ms: u64 = present.into_iter().flat_map(BTreeMap::values).sum();
        let all: u64 = rings.iter().sum();
        Some(HourFigures {
            hour,
            rings,
            per_person_milli: (all * 1000 * HOUR_MS).checked_div(ms),
        })
    };
    by_hour.into_iter().filter_map(figures).collect()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

const SPANS: [u64; 3] = [7, 28, 84];
const PRIORITIES: [Priority; 3] = [Priority::Routine, Priority::Urgent, Priority::Stat];
const QUARTER_MS: u64 = 15 * 60 * 1000;
const HOUR_MS: u64 = 4 * QUARTER_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 20_000 * DAY_MS;

    fn person(n: u8) -> UserId {
        UserId::from_bytes([n; 16])
    }

    fn shift(n: u8, from_hour: u64, until_hour: u64) -> UnitShift {
        UnitShift {
            unit: "ICU".to_owned(),
            user_id: person(n),
            from_ms: DAY + from_hour * HOUR_MS,
            until_ms: DAY + until_hour * HOUR_MS,
        }
    }

    fn rings(hour: u64, rings: u64) -> RingCount {
        RingCount {
            unit: "ICU".to_owned(),
            hour_ms: DAY + hour * HOUR_MS,
            priority: Priority::Routine,
            rings,
            answered_1: 0,
            answered_5: 1,
            answered_15: 1,
            answered: 1,
        }
    }

    fn counted(people: u8) -> Counted {
        let mut shifts: Vec<_> = (1..=people).map(|n| shift(n, 8, 16)).collect();
        shifts.push(shift(1, 20, 24));
        Counted {
            units: vec![Unit {
                unit: "ICU".to_owned(),
                people: people.into(),
            }],
            rings: vec![rings(9, 10), rings(21, 3)],
            shifts,
            stats: vec![StatCount {
                unit: "ICU".to_owned(),
                senders: 4,
                sent: 9,
                acknowledged: 9,
                unneeded: 2,
            }],
        }
    }

    fn figures(people: u8) -> UnitFigures {
        counted(people)
            .figures(5, "UTC", DAY, DAY + DAY_MS)
            .remove(0)
    }

    #[test]
    fn a_unit_of_few_people_is_not_shown() {
        let few = figures(4);
        assert!(few.suppressed);
        assert!(few.rings.is_empty() && few.hours.is_empty() && few.stat.is_none());
        assert_eq!(few.duty_hours, 0);
    }

    #[test]
    fn an_hour_with_few_people_on_duty_is_left_out_and_so_is_stat_of_few() {
        let icu = figures(5);
        let hours: Vec<u8> = icu.hours.iter().map(|of| of.hour).collect();
        assert_eq!(hours, (8..16).collect::<Vec<u8>>());
        let nine = &icu.hours[1];
        assert_eq!(nine.rings, [10, 0, 0]);
        assert_eq!(nine.per_person_milli, Some(2000));
        // Nor do they follow from the sums.
        assert_eq!(icu.duty_hours, 40);
        assert_eq!(icu.rings[0].rings, 10);
        assert_eq!(icu.rings[0].answered_5, 1);
        assert!(icu.stat.is_none(), "four people sent them");
    }
}
