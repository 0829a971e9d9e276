//! `wardline risk …`: how unusual sign-ins are.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use wardline_client_native::clock;
use wardline_risk::replay::{self, People, ReplayError, Report, Worth};
use wardline_risk::report::{GroupReport, RiskReport};
use wardline_risk::{Hospital, Premises, Roster};

use crate::failure::Failure;
use crate::logs::{Scores, not_over, open, packed_or_not, unusable, unwritten};
use crate::output::Output;

/// `wardline risk …`.
#[derive(Subcommand)]
pub(crate) enum Risk {
    /// Weigh a log's sign-ins one after the other, as it would have been at the time, and say what
    /// the weights were worth where the log says which were takeovers.
    Replay(Replay),
}

/// `wardline risk replay`.
#[derive(Args)]
pub(crate) struct Replay {
    /// The log: CSV, gzip or not, with the columns of the public RBA login data set, and "Device ID"
    /// for the enrolled device whose key signed. Beside it roster.csv (user_id, shift_start,
    /// shift_end, kind), premises.json and people.csv (user_id, role, facility; else those columns of
    /// roster.csv) are read where they are, gzip or not.
    logins: PathBuf,
    /// Write each row's weight: index,score, higher is riskier.
    #[arg(long, value_name = "OUT.csv")]
    scores: Option<PathBuf>,
    /// Say whom a threshold asks that asks one in a hundred of the legitimate sign-ins: by role, turn
    /// of work and facility, as far as people.csv and roster.csv say them.
    #[arg(long)]
    report: bool,
}

impl Risk {
    pub(crate) fn run(self, out: Output) -> Result<(), Failure> {
        let Self::Replay(replay) = self;
        replay.run(out)
    }
}

impl Replay {
    fn run(self, out: Output) -> Result<(), Failure> {
        let beside = |name: &str| packed_or_not(&self.logins.with_file_name(name));
        if let Some(scores) = &self.scores {
            not_over(scores, &self.logins)?;
        }
        let (roster, left_out) = match beside("roster.csv")? {
            Some(path) => replay::roster(open(&path)?).map_err(|error| unusable(&path, &error))?,
            None => (Roster::default(), 0),
        };
        if left_out > 0 {
            out.note(&format!(
                "roster.csv: {left_out} rows could not be read, and were left out"
            ));
        }
        let named = match beside("people.csv")? {
            Some(path) => Some(path),
            None => beside("roster.csv")?,
        };
        let (people, left_out) = match named {
            Some(path) => replay::people(open(&path)?).map_err(|error| unusable(&path, &error))?,
            None => (People::default(), 0),
        };
        if left_out > 0 {
            out.note(&format!(
                "{left_out} rows of people could not be read, and were left out"
            ));
        }
        let premises = match beside("premises.json")? {
            Some(path) => premises(&path)?,
            None => Premises::default(),
        };
        let log = open(&self.logins)?;
        let begin = clock::now();
        let mut since = || -> Duration { begin.elapsed() };
        let hospital = Hospital {
            roster: &roster,
            premises: &premises,
        };
        let mut scores = match &self.scores {
            Some(path) => Some(Scores::create(path).map_err(|error| unwritten(path, &error))?),
            None => None,
        };
        let mut taken = |it: replay::Score| {
            let scores = scores.as_mut();
            scores.map_or(Ok(()), |scores| scores.add(it.index, it.score))
        };
        let mut report = match replay::run(log, hospital, &people, &mut since, &mut taken) {
            Ok(report) => report,
            Err(ReplayError::Score(error)) => {
                // Only a file of scores gives this.
                let path = self.scores.as_deref().unwrap_or(&self.logins);
                return Err(unwritten(path, &error));
            }
            Err(error) => return Err(unusable(&self.logins, &error)),
        };
        if report.broke_off {
            out.note(
                "the log is cut off or damaged: what follows is of the rows before that, and there may \
                 have been more",
            );
        }
        if report.logins == 0 && report.malformed > 0 {
            return Err(Failure::usage(format!(
                "{}: none of its {} rows can be read; times are RFC 3339, or UTC without a zone",
                self.logins.display(),
                report.malformed
            )));
        }
        if report.out_of_order > 0 {
            out.note(&format!(
                "{} rows are earlier than one before them: sort the log by time, or the model learns \
                 in the wrong order",
                report.out_of_order
            ));
        }
        if let Some((path, scores)) = self.scores.as_ref().zip(scores) {
            scores.finish().map_err(|error| unwritten(path, &error))?;
        }
        if self.report && report.groups.is_none() {
            out.note(
                "nothing beside the log says roles, turns of work or facilities: no report of them",
            );
        }
        report.groups = report.groups.filter(|_| self.report);
        out.result(&report, || sentences(&report));
        Ok(())
    }
}

fn premises(path: &Path) -> Result<Premises, Failure> {
    let mut text = String::new();
    open(path)?
        .take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| unusable(path, &error))?;
    Premises::from_json(&text).map_err(|error| unusable(path, &error))
}

fn sentences(report: &Report) -> String {
    let figure = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
    let line = |name: &str, worth: &Worth| {
        format!(
            "{name:<10} AUC {}, of takeovers found at 1 % false alarms {}, at 0.1 % {}",
            figure(worth.auc),
            figure(worth.tpr_at_fpr.hundredth),
            figure(worth.tpr_at_fpr.thousandth)
        )
    };
    let sentences = [
        format!(
            "{} sign-ins, {} rows left out",
            report.logins, report.malformed
        ),
        line("this model", &report.worth),
        line("Freeman", &report.freeman),
        format!(
            "probabilities stand {} from what became of them, in the mean",
            figure(report.calibration_error)
        ),
        format!(
            "of legitimate sign-ins, at 1 % false alarms, asked by night {}, by day {}: {} times as \
             often",
            figure(report.asked.night),
            figure(report.asked.day),
            figure(report.asked.ratio)
        ),
        format!(
            "one decision takes {:.1} µs (p50), {:.1} µs (p99)",
            report.decision_us.p50, report.decision_us.p99
        ),
    ];
    let groups = report.groups.iter().flat_map(table);
    sentences
        .into_iter()
        .chain(groups)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A line for each group.
fn table(report: &RiskReport) -> impl Iterator<Item = String> {
    let head =
        "group                      sign-ins    asked  disowned   share  times others (95 %)";
    let line = |group: &GroupReport| {
        let ratio = match (group.ratio, group.ratio_95) {
            (Some(ratio), Some([low, high])) => format!("{ratio:.2} ({low:.2} to {high:.2})"),
            _ => "too few".to_owned(),
        };
        let tally = &group.tally;
        format!(
            "{:<8} {:<16} {:>9} {:>8} {:>9} {:>7.4}  {ratio}",
            group.by.name(),
            group.name,
            tally.sign_ins,
            tally.asked,
            tally.disowned,
            group.asked_share
        )
    };
    std::iter::once(head.to_owned()).chain(report.groups.iter().map(line))
}

/// The most bytes that are read of `premises.json`.
const LARGEST: u64 = 4 * 1024 * 1024;
