//! The decoders as plain functions over bytes, for tests and fuzzers: none of them may panic.

use std::time::Duration;

use crate::book::Book;
use crate::house::House;
use crate::person::PersonState;
use crate::replay;
use crate::staff;

/// A log of accesses beside an empty book; whether any of it could be read.
///
/// # Panics
/// When a score is no number, or rows are neither read nor counted as malformed.
pub fn log(bytes: &[u8]) -> bool {
    weighs(&Book::default(), bytes)
}

/// Files of people, patients, relations and shifts, and a log, each behind a line `%`; whether any
/// access could be read.
///
/// # Panics
/// As [`log`].
pub fn book(bytes: &[u8]) -> bool {
    let mut files = files(bytes);
    let mut book = Book::default();
    let mut next = || files.next().unwrap_or_default();
    // What cannot be read at all leaves the book without it.
    let _ = book.read_people(next());
    let _ = book.read_patients(next());
    let _ = book.read_relations(next());
    let shifts = next();
    let _ = book.read_shifts(shifts);
    if let Ok((roster, _)) = wardline_risk::replay::roster(shifts) {
        book.plan(roster);
    }
    weighs(&book, next())
}

/// A file of people who work here; whether it has any.
///
/// # Panics
/// When somebody has no name.
pub fn staff(bytes: &[u8]) -> bool {
    staff::read(bytes).is_ok_and(|(staff, _)| {
        assert!(staff.iter().all(|it| !it.username.is_empty()));
        !staff.is_empty()
    })
}

/// A person's state; whether it is one.
///
/// # Panics
/// When it is one whose bytes are others.
pub fn person(bytes: &[u8]) -> bool {
    PersonState::from_bytes(bytes).is_ok_and(|state| {
        let again = state
            .to_bytes()
            .map(|bytes| PersonState::from_bytes(&bytes));
        assert_eq!(again, Ok(Ok(state)));
        true
    })
}

/// A hospital's state; whether it is one.
///
/// # Panics
/// When it is one whose bytes are others.
pub fn house(bytes: &[u8]) -> bool {
    House::from_bytes(bytes).is_ok_and(|state| {
        let again = state.to_bytes().map(|bytes| House::from_bytes(&bytes));
        assert_eq!(again, Ok(Ok(state)));
        true
    })
}

fn weighs(book: &Book, log: &[u8]) -> bool {
    let mut rows = 0;
    let report = replay::run(log, book, &mut || Duration::ZERO, &mut |found| {
        assert!(found.score.is_finite(), "{found:?}");
        rows += 1;
        Ok(())
    });
    report.is_ok_and(|report| {
        assert_eq!(report.accesses, rows);
        assert!(report.reasons.values().sum::<u64>() <= rows);
        rows > 0
    })
}

/// The parts between lines of a single `%`.
fn files(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let whole = rest?;
        let mark = b"\n%\n";
        let found = whole.windows(mark.len()).position(|it| it == mark);
        let (file, after) = match found {
            Some(at) => (whole.get(..=at)?, whole.get(at + mark.len()..)),
            None => (whole, None),
        };
        rest = after;
        Some(file)
    })
}
