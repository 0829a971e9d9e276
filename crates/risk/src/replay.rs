//! A log of sign-ins, read row by row, weighed and then learned, as it would have been at the time;
//! and what the weights were worth, where the log says which sign-ins were takeovers.
//!
//! Labels are read for measuring alone: the hospital's model never sees them, so a takeover that it
//! does not notice is learned like everything else, and nothing is ever confirmed. The baseline does
//! not learn labelled takeovers, as in its literature. Nothing is kept of a row once it was read.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{self, Read};
use std::time::Duration;

use serde::Serialize;

use crate::columns::{Columns, moment, position, text};
use crate::freeman::Freeman;
use crate::hospital::{Hospital, Roster, Shift};
use crate::house::House;
use crate::learn::Outcome;
use crate::login::Login;
use crate::measure::{Calibration, Scores};
pub use crate::measure::{Rates, Worth};
use crate::nights::{Nights, Work};
use crate::person::PersonState;
use crate::report::{By, RiskReport, Tally, Turn};
use crate::rows::{Row, Rows};
pub use crate::took::Times;
use crate::took::Took;

/// So long at the begin of a log sign-ins are learned and not measured, milliseconds.
const WARM_UP_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// A file that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It could not be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// A column without which nothing can be said.
    #[error("the column `{0}` is missing")]
    Column(&'static str),
    /// Whoever takes the scores could not.
    #[error("{0}")]
    Score(io::Error),
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
    /// Whether the file was cut off or damaged: what is told is told of the rows before that.
    pub broke_off: bool,
    /// What the model was worth.
    #[serde(flatten)]
    pub worth: Worth,
    /// What the baseline was worth.
    pub freeman: Worth,
    /// How far probabilities stood from what became of them: expected calibration error, 0 to 1.
    pub calibration_error: Option<f64>,
    /// Whom the threshold asks that asks one in a hundred of the legitimate sign-ins.
    pub asked: Asked,
    /// How long it took to weigh one.
    pub decision_us: Times,
    /// Whom the same threshold asks, by role, turn of work and facility, as far as they are said.
    /// Whoever is not the attacker is taken to confirm, and whoever is, to be disowned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<RiskReport>,
}

/// Shares of legitimate sign-ins, 0 to 1, by the work of the person; absent where there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Asked {
    /// Of people most of whose shifts in the house are at night.
    pub night: Option<f64>,
    /// Of all others who have such shifts.
    pub day: Option<f64>,
    /// How many times as often those who work at night are asked.
    pub ratio: Option<f64>,
}

/// What a row was weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The row's own index, else its place from zero.
    pub index: u64,
    /// Higher is riskier.
    pub score: f64,
    /// How likely it is an attack, as [`Weights::probability`](crate::Weights::probability) has it.
    pub probability: f64,
}

/// What a log's people are.
#[derive(Debug, Clone, Default)]
pub struct People(HashMap<String, Kind>);

#[derive(Debug, Clone, Default)]
struct Kind {
    role: String,
    facility: String,
}

/// Runs a log through the model and the baseline, and hands out the score of each row. Only successful
/// sign-ins are measured, after the first two weeks, and not each person's first. `clock` tells a time
/// that goes on.
///
/// # Errors
/// [`ReplayError`]; single rows that cannot be read are counted and left out.
pub fn run(
    log: impl Read,
    hospital: Hospital<'_>,
    people: &People,
    clock: &mut dyn FnMut() -> Duration,
    scores: &mut dyn FnMut(Score) -> io::Result<()>,
) -> Result<Report, ReplayError> {
    let mut rows = Rows::of(log);
    let columns = Columns::of(&rows.header()?)?;
    let mut ahead = Ahead::of(rows, columns);
    let nights = Nights::of(hospital.roster);
    let mut house = House::default();
    let mut freeman = Freeman::default();
    let mut report = Report::default();
    let mut measured = Measured::default();
    // Each person's state, and whether they were let in before.
    let mut persons: HashMap<String, (PersonState, bool)> = HashMap::new();
    let mut took = Took::default();
    let mut begin = None;
    let mut newest = i64::MIN;
    while let Some(entry) = ahead.next()? {
        let Entry {
            index,
            mut login,
            takeover,
        } = entry;
        let kind = people.0.get(&login.user);
        if let Some(kind) = kind {
            login.role.clone_from(&kind.role);
        }
        report.out_of_order += u64::from(login.at_ms < newest);
        newest = newest.max(login.at_ms);
        let mut unknown = (PersonState::default(), false);
        let (person, welcomed) = persons.get_mut(&login.user).unwrap_or(&mut unknown);
        let before = clock();
        let weights = house.weigh(person, hospital, &login);
        took.add(clock().saturating_sub(before));
        let score = weights.score();
        let probability = weights.probability();
        let told = Score {
            index,
            score,
            probability,
        };
        scores(told).map_err(ReplayError::Score)?;
        if !login.successful {
            house.learn(person, hospital, &login, &weights, Outcome::Failed);
            continue;
        }
        report.logins += 1;
        let begin = *begin.get_or_insert(login.at_ms);
        if *welcomed
            && login.at_ms >= begin.saturating_add(WARM_UP_MS)
            && let Some(takeover) = takeover
        {
            let theirs = freeman.score(&login);
            measured.add(score, theirs, takeover, nights.work(&login.user));
            let turn = nights.turn(hospital.roster, &login.user, login.at_ms);
            measured.add_of_group(score, takeover, kind, turn);
            measured.until_ms = login.at_ms;
            measured.calibration.add(probability, takeover);
        }
        house.learn(person, hospital, &login, &weights, Outcome::Passed);
        if takeover != Some(true) {
            freeman.learn(&login);
        }
        if *welcomed {
            continue;
        }
        *welcomed = true;
        // Whoever only fails is nobody yet, so that names that nobody has fill no memory.
        persons.entry(login.user).or_insert(unknown);
    }
    report.malformed = ahead.malformed;
    report.broke_off = ahead.rows.broke_off();
    measured.from_ms = begin.unwrap_or(0).saturating_add(WARM_UP_MS);
    measured.report(&mut report);
    report.decision_us = took.times();
    Ok(report)
}

/// A row that was read.
#[derive(Debug)]
struct Entry {
    index: u64,
    login: Login,
    takeover: Option<bool>,
}

/// The rows of a log, read a little ahead: what is wrong with a row's time is seen by those after it.
#[derive(Debug)]
struct Ahead<R> {
    rows: Rows<R>,
    columns: Columns,
    /// Rows that were read and not handed out.
    held: VecDeque<Entry>,
    place: u64,
    newest_ms: Option<i64>,
    malformed: u64,
}

impl<R: Read> Ahead<R> {
    fn of(rows: Rows<R>, columns: Columns) -> Self {
        Self {
            rows,
            columns,
            held: VecDeque::new(),
            place: 0,
            newest_ms: None,
            malformed: 0,
        }
    }

    /// The next row that can be read; others are counted.
    fn next(&mut self) -> Result<Option<Entry>, ReplayError> {
        loop {
            let held = self.held.pop_front();
            let Some(entry) = held.map_or_else(|| self.read(), |held| Ok(Some(held)))? else {
                return Ok(None);
            };
            if self.is_astray(entry.login.at_ms)? {
                self.malformed += 1;
                continue;
            }
            let newest = self.newest_ms.unwrap_or(entry.login.at_ms);
            self.newest_ms = Some(newest.max(entry.login.at_ms));
            return Ok(Some(entry));
        }
    }

    /// Whether a row's time lies years ahead of its neighbours': of the newest before it, and of one
    /// of the few after it. Where all of those lie as far ahead, the log has a gap.
    fn is_astray(&mut self, at_ms: i64) -> Result<bool, ReplayError> {
        let leaps = |from_ms: i64| at_ms.saturating_sub(from_ms) > LEAP_MS;
        if self.newest_ms.is_some_and(|newest| !leaps(newest)) {
            return Ok(false);
        }
        while self.held.len() < AHEAD
            && let Some(entry) = self.read()?
        {
            self.held.push_back(entry);
        }
        let comes_back = self.held.iter().any(|after| leaps(after.login.at_ms));
        // The last one has no neighbour behind it, and a log of one row none at all.
        Ok(comes_back || self.held.is_empty() && self.newest_ms.is_some())
    }

    fn read(&mut self) -> Result<Option<Entry>, ReplayError> {
        let mut row = csv::ByteRecord::new();
        while let Some(found) = self.rows.next(&mut row)? {
            let place = self.place;
            self.place += 1;
            let index = self.columns.index(&row, place);
            let login = self.columns.login(&row);
            if let (Row::Whole, Some(index), Some(login)) = (found, index, login) {
                let takeover = self.columns.takeover(&row);
                return Ok(Some(Entry {
                    index,
                    login,
                    takeover,
                }));
            }
            self.malformed += 1;
        }
        Ok(None)
    }
}

/// Scores of measured sign-ins, counted.
#[derive(Debug, Default)]
struct Measured {
    takeovers: Scores,
    others: Scores,
    night: Scores,
    day: Scores,
    by_freeman: (Scores, Scores),
    calibration: Calibration,
    /// Of takeovers and of all others, by group.
    groups: BTreeMap<(By, String), (Scores, Scores)>,
    from_ms: i64,
    until_ms: i64,
}

impl Measured {
    fn add_of_group(
        &mut self,
        score: f64,
        takeover: bool,
        kind: Option<&Kind>,
        turn: Option<Turn>,
    ) {
        let (role, facility) = kind.map_or(("", ""), |kind| (&kind.role, &kind.facility));
        let turn = turn.map_or("", Turn::name);
        for (by, name) in [
            (By::Role, role),
            (By::Shift, turn),
            (By::Facility, facility),
        ] {
            let group = (by, name.to_owned());
            let is_known = self.groups.contains_key(&group);
            if name.is_empty() || (!is_known && self.groups.len() >= GROUPS) {
                continue;
            }
            let (takeovers, others) = self.groups.entry(group).or_default();
            if takeover { takeovers } else { others }.add(score);
        }
    }

    fn add(&mut self, ours: f64, theirs: f64, takeover: bool, work: Option<Work>) {
        if takeover {
            self.takeovers.add(ours);
            self.by_freeman.0.add(theirs);
            return;
        }
        self.others.add(ours);
        self.by_freeman.1.add(theirs);
        match work {
            Some(Work::Night) => self.night.add(ours),
            Some(Work::Day) => self.day.add(ours),
            None => {}
        }
    }

    fn report(&self, report: &mut Report) {
        report.worth = Worth::of(&self.takeovers, &self.others);
        report.freeman = Worth::of(&self.by_freeman.0, &self.by_freeman.1);
        report.calibration_error = self.calibration.error();
        let limit = self.others.step_above_which(0.01);
        let tallies = self.groups.iter().map(|(group, (takeovers, others))| {
            let (disowned, confirmed) = (takeovers.above(limit), others.above(limit));
            let tally = Tally {
                sign_ins: takeovers.all() + others.all(),
                asked: disowned + confirmed,
                refused: 0,
                confirmed,
                disowned,
            };
            (group.clone(), tally)
        });
        let groups = RiskReport::of(self.from_ms, self.until_ms, FEW, tallies);
        report.groups = (!groups.groups.is_empty()).then_some(groups);
        let (night, day) = (self.night.share_above(limit), self.day.share_above(limit));
        report.asked = Asked {
            night,
            day,
            ratio: night
                .zip(day)
                .map(|(night, day)| night / day)
                .filter(|it| it.is_finite()),
        };
    }
}

/// Reads what people are of `people.csv` or `roster.csv`: `user_id`, and `role` and `facility` where
/// there are such columns. Of several rows of one person the last counts. Gives how many rows could
/// not be read; they are left out.
///
/// # Errors
/// [`ReplayError`].
pub fn people(file: impl Read) -> Result<(People, u64), ReplayError> {
    let mut rows = Rows::of(file);
    let header = rows.header()?;
    let user = position(&header, "user_id").ok_or(ReplayError::Column("user_id"))?;
    let (role, facility) = (position(&header, "role"), position(&header, "facility"));
    let mut people = People::default();
    let mut malformed = 0;
    let mut row = csv::ByteRecord::new();
    while let Some(found) = rows.next(&mut row)? {
        if found == Row::Torn {
            malformed += 1;
            continue;
        }
        let field = |column: Option<usize>| match column {
            Some(column) => text(&row, column),
            None => Some(""),
        };
        let user = text(&row, user).filter(|user| !user.is_empty());
        let (Some(user), Some(role), Some(facility)) = (user, field(role), field(facility)) else {
            malformed += 1;
            continue;
        };
        let kind = people.0.entry(user.to_owned()).or_default();
        role.clone_into(&mut kind.role);
        facility.clone_into(&mut kind.facility);
    }
    Ok((people, malformed))
}

/// Reads `roster.csv`: `user_id`, `shift_start`, `shift_end`, `kind` (`on_site` or `on_call`). Gives
/// how many rows could not be read; they are left out.
///
/// # Errors
/// [`ReplayError`].
pub fn roster(file: impl Read) -> Result<(Roster, u64), ReplayError> {
    let mut rows = Rows::of(file);
    let header = rows.header()?;
    let must = |name: &'static str| position(&header, name).ok_or(ReplayError::Column(name));
    let (user, kind) = (must("user_id")?, must("kind")?);
    let (from, until) = (must("shift_start")?, must("shift_end")?);
    let mut turns = Vec::new();
    let mut malformed = 0;
    let mut row = csv::ByteRecord::new();
    while let Some(found) = rows.next(&mut row)? {
        let turn = || {
            if found == Row::Torn {
                return None;
            }
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

/// A row this far ahead of those around it has a wrong date.
const LEAP_MS: i64 = 2 * 365 * 24 * 60 * 60 * 1000;
/// So many rows are read ahead where one leaps.
const AHEAD: usize = 8;
/// So many groups are told apart.
const GROUPS: usize = 64;
/// Of groups with fewer sign-ins no ratio is told.
const FEW: u64 = 100;
