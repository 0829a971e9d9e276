//! The decoders as plain functions over bytes, for tests and fuzzers: none of them may panic.

use crate::check::{self, Known};
use crate::file::{Limits, Read, Refused};
use crate::slot::Window;
use crate::{csv, ics};

/// A schedule as CSV; whether it was read.
pub fn csv(bytes: &[u8]) -> bool {
    read(csv::read(bytes, SMALL))
}

/// A schedule as iCalendar, in 2026; whether it was read.
pub fn ics(bytes: &[u8]) -> bool {
    Window::new(1_767_225_600_000, 1_798_761_600_000)
        .is_some_and(|window| read(ics::read(bytes, window, SMALL)))
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
