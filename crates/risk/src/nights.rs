//! Who works at night, and when somebody does, by the roster alone: a log says nothing of where on
//! earth its hospital is.

use std::collections::HashMap;

use crate::hospital::{Roster, Shift};
use crate::report::Turn;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// When somebody works in the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Most shifts lie mostly at night.
    Night,
    /// Any other shifts.
    Day,
}

/// When it is night, and the work of all who have shifts in the house.
#[derive(Debug, Default)]
pub struct Nights {
    /// The first hour, UTC.
    begin: usize,
    work: HashMap<String, Work>,
}

impl Nights {
    /// By a roster. Night are the eight hours in a row during which the fewest are on shift.
    pub fn of(roster: &Roster) -> Self {
        let mut on_shift = [0_u64; 24];
        for shift in roster.turns().flat_map(|(_, shifts)| shifts) {
            hours(shift).for_each(|hour| on_shift[hour] += 1);
        }
        let during = |from: usize| {
            (from..from + LONG)
                .map(|hour| on_shift[hour % 24])
                .sum::<u64>()
        };
        let begin = (0..24).min_by_key(|from| during(*from)).unwrap_or(0);
        let work = roster.turns().filter_map(|(user, shifts)| {
            let all = shifts.iter().filter(|shift| shift.on_site);
            let nights = all.clone().filter(|shift| at_night(begin, shift)).count();
            match all.count() {
                0 => None,
                all if 2 * nights > all => Some((user.to_owned(), Work::Night)),
                _ => Some((user.to_owned(), Work::Day)),
            }
        });
        let work = work.collect();
        Self { begin, work }
    }

    /// The turn of work that a moment belongs to; absent where the roster does not have the person,
    /// or not the moment.
    pub fn turn(&self, roster: &Roster, user: &str, at_ms: i64) -> Option<Turn> {
        if !roster.duty(user, at_ms).is_planned() {
            return None;
        }
        Some(match roster.shift(user, at_ms) {
            Some(shift) if at_night(self.begin, shift) => Turn::Night,
            Some(_) => Turn::Day,
            None => Turn::Off,
        })
    }

    /// The work of a person; absent where the roster has no shift of theirs in the house.
    pub(crate) fn work(&self, user: &str) -> Option<Work> {
        self.work.get(user).copied()
    }
}

/// Whether a shift lies mostly at night.
fn at_night(begin: usize, shift: &Shift) -> bool {
    let at_night = hours(shift).filter(|hour| (hour + 24 - begin) % 24 < LONG);
    2 * at_night.count() > hours(shift).count()
}

/// The hours of the day, UTC, that a shift in the house touches, a day's at most.
fn hours(shift: &Shift) -> impl Iterator<Item = usize> {
    let (from, until) = (
        shift.from_ms.div_euclid(HOUR_MS),
        shift.until_ms.saturating_sub(1).div_euclid(HOUR_MS),
    );
    let until = if shift.on_site {
        until.min(from.saturating_add(23))
    } else {
        from - 1
    };
    (from..=until).map(|hour| usize::try_from(hour.rem_euclid(24)).unwrap_or(0))
}

/// So many hours a night has.
const LONG: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_works_when_few_do_works_at_night_wherever_the_hospital_is() {
        for zone in [0, 5, 13, 22] {
            let shift = |day: i64, from: i64| Shift {
                from_ms: (24 * day + from + zone) * HOUR_MS,
                until_ms: (24 * day + from + zone + 9) * HOUR_MS,
                on_site: true,
            };
            let turns = (0..30).flat_map(|day| {
                [("early", 7), ("late", 13), ("clerk", 8), ("night", 21)]
                    .map(|(user, from)| (user.to_owned(), shift(day, from)))
            });
            let nights = Nights::of(&Roster::new(turns));
            assert_eq!(nights.work("night"), Some(Work::Night), "{zone}");
            for user in ["early", "late", "clerk"] {
                assert_eq!(nights.work(user), Some(Work::Day), "{user} {zone}");
            }
            assert_eq!(nights.work("nobody"), None);
        }
    }
}
