//! A log of sign-ins, read row by row, weighed and then learned, as it would have been at the time;
//! and what the weights were worth, where the log says which sign-ins were takeovers.
//!
//! Labels are read for measuring alone: the hospital's model never sees them, so a takeover that it
//! does not notice is learned like everything else. The baseline does not learn labelled takeovers,
//! as in its literature.

use std::collections::HashMap;
use std::io::Read;
use std::time::Duration;

use serde::Serialize;

use crate::columns::{Columns, moment, position, text};
use crate::engine::Engine;
use crate::freeman::Freeman;
use crate::hospital::{Roster, Shift};
pub use crate::measure::{Rates, Worth};

/// So long at the begin of a log sign-ins are learned and not measured, milliseconds.
const WARM_UP_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// A file that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is no CSV, or could not be read to its end.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// A column without which nothing can be said.
    #[error("the column `{0}` is missing")]
    Column(&'static str),
}

/// What a replay came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Successful sign-ins.
    pub logins: u64,
    /// Rows that could not be read, and were left out.
    pub malformed: u64,
    /// Rows that are earlier than one before them. They are weighed and learned where they stand, so
    /// a log that is not in order is worth less.
    pub out_of_order: u64,
    /// What the model was worth.
    #[serde(flatten)]
    pub worth: Worth,
    /// What the baseline was worth.
    pub freeman: Worth,
    /// How long it took to weigh one.
    pub decision_us: Times,
}

/// Percentiles, microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Times {
    /// The median.
    pub p50: f64,
    /// The 99th.
    pub p99: f64,
}

/// What a row was weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The row's own index, else its place from zero.
    pub index: u64,
    /// Higher is riskier.
    pub score: f64,
}

/// Runs a log through the model and the baseline. Only successful sign-ins are measured, after the
/// first two weeks, and not each person's first. `clock` tells a time that goes on.
///
/// # Errors
/// [`ReplayError`]; single rows that cannot be read are counted and left out.
pub fn run(
    log: impl Read,
    mut engine: Engine,
    clock: &mut dyn FnMut() -> Duration,
) -> Result<(Report, Vec<Score>), ReplayError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(log);
    let columns = Columns::of(reader.byte_headers()?)?;
    let mut freeman = Freeman::default();
    let mut report = Report::default();
    let mut scores = Vec::new();
    // Each person's number, and whether they were let in before.
    let mut persons: HashMap<String, (u32, bool)> = HashMap::new();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut took: Vec<Duration> = Vec::new();
    let mut begin = None;
    let mut newest = i64::MIN;
    let mut row = csv::ByteRecord::new();
    let mut place = 0_u64;
    while reader.read_byte_record(&mut row)? {
        let index = columns.index(&row, place);
        place += 1;
        let (Some(index), Some(login)) = (index, columns.login(&row)) else {
            report.malformed += 1;
            continue;
        };
        report.out_of_order += u64::from(login.at_ms < newest);
        newest = newest.max(login.at_ms);
        let next = u32::try_from(persons.len()).unwrap_or(u32::MAX);
        let known = persons.entry(login.user.clone()).or_insert((next, false));
        let (person, welcomed) = *known;
        let before = clock();
        let weights = engine.weigh(person, &login);
        took.push(clock().saturating_sub(before));
        let score = weights.score();
        scores.push(Score { index, score });
        if !login.successful {
            engine.fail(person, &login);
            continue;
        }
        known.1 = true;
        report.logins += 1;
        let begin = *begin.get_or_insert(login.at_ms);
        let takeover = columns.takeover(&row);
        if welcomed
            && login.at_ms >= begin.saturating_add(WARM_UP_MS)
            && let Some(takeover) = takeover
        {
            ours.push((score, takeover));
            theirs.push((freeman.score(person, &login), takeover));
        }
        engine.learn(person, &login, &weights);
        if takeover != Some(true) {
            freeman.learn(person, &login);
        }
    }
    report.worth = Worth::of(ours);
    report.freeman = Worth::of(theirs);
    report.decision_us = Times::of(took);
    Ok((report, scores))
}

impl Times {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |percent: usize| {
            let index = (took.len() * percent / 100).min(took.len().saturating_sub(1));
            took.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e6)
        };
        Self {
            p50: at(50),
            p99: at(99),
        }
    }
}

/// Reads `roster.csv`: `user_id`, `shift_start`, `shift_end`, `kind` (`on_site` or `on_call`). Gives
/// how many rows could not be read; they are left out.
///
/// # Errors
/// [`ReplayError`].
pub fn roster(file: impl Read) -> Result<(Roster, u64), ReplayError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let header = reader.byte_headers()?.clone();
    let must = |name: &'static str| position(&header, name).ok_or(ReplayError::Column(name));
    let (user, kind) = (must("user_id")?, must("kind")?);
    let (from, until) = (must("shift_start")?, must("shift_end")?);
    let mut turns = Vec::new();
    let mut malformed = 0;
    for row in reader.byte_records() {
        let row = row?;
        let turn = || {
            let on_site = match text(&row, kind)? {
                "on_site" => true,
                "on_call" => false,
                _ => return None,
            };
            let shift = Shift {
                from_ms: moment(text(&row, from)?)?,
                until_ms: moment(text(&row, until)?)?,
                on_site,
            };
            let user = text(&row, user).filter(|user| !user.is_empty())?;
            (shift.from_ms <= shift.until_ms).then(|| (user.to_owned(), shift))
        };
        match turn() {
            Some(turn) => turns.push(turn),
            None => malformed += 1,
        }
    }
    Ok((Roster::new(turns), malformed))
}
