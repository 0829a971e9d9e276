//! A log of accesses to charts, read row by row, explained, weighed and then learned, as it would have
//! been at the time; and what that was worth, where the log says which accesses were snooping.
//!
//! Labels are read for measuring alone: what was snooping and is not noticed is learned like
//! everything else. Nothing is kept of a row once it was read.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};
use std::time::Duration;

use csv::ByteRecord;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use wardline_risk::parts::{Row, Rows, Scores, Times, Took, Worth, mark, moment, number, text};
pub use wardline_risk::replay::ReplayError;

use crate::book::{Access, Book};
use crate::columns::Columns;
use crate::evidence::Reason;
use crate::house::House;
use crate::look::Via;
use crate::person::PersonState;
use crate::sign::Sign;

/// What a replay came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Accesses that could be read.
    pub accesses: u64,
    /// Rows that could not be read, and were left out.
    pub malformed: u64,
    /// Rows that are earlier than one before them. They are weighed and learned where they stand, so
    /// a log that is not in order is worth less.
    pub out_of_order: u64,
    /// Whether the file was cut off or damaged: what is told is told of the rows before that.
    pub broke_off: bool,
    /// How many were explained, so that no purpose would have been asked.
    pub explained: Share,
    /// By what, each reason by its name.
    pub reasons: BTreeMap<&'static str, u64>,
    /// What scores were worth, over all labels.
    #[serde(flatten)]
    pub worth: Worth,
    /// By label; nothing without labels.
    pub labels: BTreeMap<String, Label>,
    /// Those that look most like snooping, the first first; [`Report::HIGHEST`] at most.
    pub highest: Vec<Found>,
    /// How long it took to explain and weigh one.
    pub decision_us: Times,
}

impl Report {
    /// So many accesses are told one by one.
    pub const HIGHEST: usize = 20;

    fn note(&mut self, found: Found) {
        let place = self.highest.partition_point(|it| it.score >= found.score);
        if place < Self::HIGHEST {
            self.highest.insert(place, found);
            self.highest.truncate(Self::HIGHEST);
        }
    }
}

/// Shares of accesses, 0 to 1; absent where there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Share {
    /// Of all.
    pub all: Option<f64>,
    /// Of those that the log calls legitimate.
    pub legitimate: Option<f64>,
    /// Of those that the log calls otherwise.
    pub snooping: Option<f64>,
}

/// What became of the accesses of one label.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Label {
    /// How many there are.
    pub accesses: u64,
    /// How many of them were explained.
    pub explained: u64,
    /// What scores were worth, beside legitimate accesses.
    #[serde(flatten)]
    pub worth: Worth,
}

/// What was found of a row; written out, reasons and signs are sentences.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The row's own index, else its place from zero.
    pub index: u64,
    /// Higher looks more like snooping.
    pub score: f64,
    /// Why they may look; absent where a purpose is asked.
    pub reason: Option<Reason>,
    /// What speaks for snooping most, the strongest first.
    pub signs: Vec<Sign>,
}

impl Serialize for Found {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let signs: Vec<&str> = self.signs.iter().map(|it| it.sentence()).collect();
        let mut found = to.serialize_struct("Found", 4)?;
        found.serialize_field("index", &self.index)?;
        found.serialize_field("score", &self.score)?;
        found.serialize_field("reason", &self.reason.map(Reason::sentence))?;
        found.serialize_field("signs", &signs)?;
        found.end()
    }
}

/// Runs a log: `timestamp`, `user_id`, `patient_id`, and `index`, `patient_department`, `facility`,
/// `via` (`conversation`, `worklist`, `search`) and `label` where there are such columns. Hands out what
/// was found of each row. `clock` tells a time that goes on.
///
/// # Errors
/// [`ReplayError`]; single rows that cannot be read are counted and left out.
pub fn run(
    log: impl Read,
    book: &Book,
    clock: &mut dyn FnMut() -> Duration,
    found: &mut dyn FnMut(&Found) -> io::Result<()>,
) -> Result<Report, ReplayError> {
    let mut rows = Rows::of(log);
    let columns = LogColumns::of(&Columns::of(rows.header()?))?;
    let mut house = House::default();
    let mut persons: HashMap<u64, PersonState> = HashMap::new();
    let mut report = Report::default();
    let mut measured = Measured::default();
    let mut took = Took::default();
    let mut newest = i64::MIN;
    let mut row = ByteRecord::new();
    let mut place = 0;
    while let Some(kind) = rows.next(&mut row)? {
        let read = columns.index(&row, place).zip(columns.access(&row));
        place += 1;
        let (Row::Whole, Some((index, access))) = (kind, read) else {
            report.malformed += 1;
            continue;
        };
        report.accesses += 1;
        report.out_of_order += u64::from(access.at_ms < newest);
        newest = newest.max(access.at_ms);
        let person = persons.entry(mark(0, access.user)).or_default();
        let before = clock();
        let look = book.look(&access);
        let weighed = house.weigh(person, &look);
        took.add(clock().saturating_sub(before));
        let reason = look.explained.reason;
        if let Some(reason) = reason {
            *report.reasons.entry(reason.name()).or_default() += 1;
        }
        house.learn(person, &look, &weighed);
        measured.add(weighed.score, reason.is_some(), columns.label(&row));
        let told = Found {
            index,
            score: weighed.score,
            reason,
            signs: weighed.signs,
        };
        found(&told).map_err(ReplayError::Score)?;
        report.note(told);
    }
    report.broke_off = rows.broke_off();
    measured.report(&mut report);
    report.decision_us = took.times();
    Ok(report)
}

/// Where the columns of a log are.
#[derive(Debug)]
struct LogColumns {
    index: Option<usize>,
    at: usize,
    user: usize,
    patient: usize,
    department: Option<usize>,
    facility: Option<usize>,
    via: Option<usize>,
    label: Option<usize>,
}

impl LogColumns {
    fn of(columns: &Columns) -> Result<Self, ReplayError> {
        Ok(Self {
            index: columns.find("index"),
            at: columns.must("timestamp")?,
            user: columns.must("user_id")?,
            patient: columns.must("patient_id")?,
            department: columns.find("patient_department"),
            facility: columns.find("facility"),
            via: columns.find("via"),
            label: columns.find("label"),
        })
    }

    /// The row's own index, else its place; absent where it has one that cannot be read.
    fn index(&self, row: &ByteRecord, place: u64) -> Option<u64> {
        match self.index {
            Some(column) => text(row, column)?.parse().ok(),
            None => Some(place),
        }
    }

    fn access<'r>(&self, row: &'r ByteRecord) -> Option<Access<'r>> {
        let some = |column: usize| text(row, column).filter(|text| !text.is_empty());
        let field = |column: Option<usize>| column.map_or(Some(""), |column| text(row, column));
        Some(Access {
            at_ms: moment(text(row, self.at)?)?,
            user: some(self.user)?,
            patient: some(self.patient)?,
            department: field(self.department)?,
            facility: field(self.facility)?,
            via: match field(self.via)? {
                "conversation" => Via::Conversation,
                "worklist" => Via::Worklist,
                "search" => Via::Search,
                _ => Via::Unknown,
            },
        })
    }

    /// What the log says of it; absent where it says nothing.
    fn label<'r>(&self, row: &'r ByteRecord) -> Option<&'r str> {
        text(row, self.label?).filter(|text| !text.is_empty())
    }
}

/// Scores and explanations, counted by label.
#[derive(Debug, Default)]
struct Measured {
    all: Tally,
    legitimate: Tally,
    snooping: Tally,
    labels: BTreeMap<String, Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    explained: u64,
    scores: Scores,
}

impl Tally {
    fn add(&mut self, score: f64, is_explained: bool) {
        self.explained += u64::from(is_explained);
        self.scores.add(score);
    }

    fn share(&self) -> Option<f64> {
        let all = self.scores.all();
        (all > 0).then(|| number(self.explained) / number(all))
    }
}

impl Measured {
    fn add(&mut self, score: f64, is_explained: bool, label: Option<&str>) {
        self.all.add(score, is_explained);
        let Some(label) = label else {
            return;
        };
        if label == LEGITIMATE {
            self.legitimate.add(score, is_explained);
            return;
        }
        self.snooping.add(score, is_explained);
        if self.labels.contains_key(label) || self.labels.len() < LABELS {
            let label = self.labels.entry(label.to_owned()).or_default();
            label.add(score, is_explained);
        }
    }

    fn report(&self, report: &mut Report) {
        let legitimate = &self.legitimate.scores;
        report.explained = Share {
            all: self.all.share(),
            legitimate: self.legitimate.share(),
            snooping: self.snooping.share(),
        };
        report.worth = Worth::of(&self.snooping.scores, legitimate);
        let labels = self.labels.iter().map(|(name, tally)| {
            let label = Label {
                accesses: tally.scores.all(),
                explained: tally.explained,
                worth: Worth::of(&tally.scores, legitimate),
            };
            (name.clone(), label)
        });
        report.labels = labels.collect();
    }
}

/// What a log calls an access that was work.
const LEGITIMATE: &str = "legit";
/// So many labels are told apart.
const LABELS: usize = 32;
