//! The decoders as plain functions over bytes, for tests and fuzzers: none of them may panic.

use crate::check::{self, Known};
use crate::file::{Limits, Read, Refused};
use crate::slot::Window;
use crate::{care, csv, ics};

/// A schedule as CSV; whether it was read.
pub fn csv(bytes: &[u8]) -> bool {
    read(csv::read(bytes, SMALL))
}

/// A schedule as iCalendar, in 2026; whether it was read.
pub fn ics(bytes: &[u8]) -> bool {
    Window::new(1_767_225_600_000, 1_798_761_600_000)
        .is_some_and(|window| read(ics::read(bytes, window, SMALL)))
}

/// Care teams as CSV; whether they were read.
///
/// # Panics
/// When a patient has two teams, somebody is on one twice, or there are more than may be.
pub fn care(bytes: &[u8]) -> bool {
    match care::read(bytes, SMALL) {
        Ok(teams) => {
            assert!(!teams.is_empty());
            let members: usize = teams.iter().map(|team| team.members.len()).sum();
            assert!(teams.len().max(members) <= SMALL.slots);
            assert!(teams.is_sorted_by(|a, b| a.patient < b.patient));
            for team in &teams {
                let mut names: Vec<String> = team
                    .members
                    .iter()
                    .map(|member| member.person.to_lowercase())
                    .collect();
                names.sort_unstable();
                assert!(names.is_sorted_by(|a, b| a < b));
                assert!(names.first().is_none_or(|name| !name.is_empty()));
            }
            true
        }
        Err(refused) => {
            assert!((1..=SMALL.reasons).contains(&refused.reasons.len()));
            false
        }
    }
}

/// Few reasons and turns, so that what lies beyond is met too.
const SMALL: Limits = Limits {
    bytes: 1 << 20,
    slots: 500,
    rules: 20,
    reasons: 3,
};

fn read(outcome: Result<Read, Refused>) -> bool {
    let known = Known::default();
    match outcome {
        Ok(Read::Turns(turns)) => {
            assert!(!turns.is_empty() && turns.len() <= SMALL.slots);
            for turn in &turns {
                assert!(turn.from_ms < turn.until_ms && !turn.people.is_empty());
            }
            if let Some(window) = Window::new(0, u64::MAX) {
                check::turns(&turns, &known, window);
            }
            true
        }
        Ok(Read::Shifts(shifts)) => {
            assert!(!shifts.is_empty() && shifts.len() <= SMALL.slots);
            for shift in &shifts {
                assert!(shift.from_ms < shift.until_ms);
            }
            check::shifts(&shifts, &known);
            true
        }
        Err(refused) => {
            assert!((1..=SMALL.reasons.max(6)).contains(&refused.reasons.len()));
            false
        }
    }
}
