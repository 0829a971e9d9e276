//! `wardline access …`: why charts may be opened.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use wardline_access::replay::{self, Found, Label, ReplayError, Report};
use wardline_access::{Book, Reason};
use wardline_client_native::clock;

use crate::failure::Failure;
use crate::logs::{Scores, not_over, open, packed_or_not, unusable, unwritten};
use crate::output::Output;

/// `wardline access …`.
#[derive(Subcommand)]
pub(crate) enum Access {
    /// Explain and weigh a log's accesses one after the other, as it would have been at the time, and
    /// say what that was worth where the log says which were snooping.
    Replay(Replay),
}

/// `wardline access replay`.
#[derive(Args)]
pub(crate) struct Replay {
    /// The folder of the log, each file CSV, gzip (with .gz behind its name) or not: chart_access.csv
    /// (timestamp, user_id, patient_id, and index, patient_department, facility, via, label), and
    /// where they are people.csv, patients.csv, relations.csv and roster.csv.
    dir: PathBuf,
    /// Write each row's weight: index,score, higher looks more like snooping.
    #[arg(long, value_name = "OUT.csv")]
    scores: Option<PathBuf>,
}

impl Access {
    pub(crate) fn run(self, out: Output) -> Result<(), Failure> {
        let Self::Replay(replay) = self;
        replay.run(out)
    }
}

type Reader<'b> = &'b mut dyn FnMut(Box<dyn Read>) -> Result<u64, ReplayError>;

impl Replay {
    fn run(self, out: Output) -> Result<(), Failure> {
        let log = packed_or_not(&self.dir.join(LOG))?;
        let log = log
            .ok_or_else(|| Failure::usage(format!("{}: there is no {LOG}", self.dir.display())))?;
        if let Some(scores) = &self.scores {
            for name in [
                LOG,
                "people.csv",
                "patients.csv",
                "relations.csv",
                "roster.csv",
            ] {
                if let Some(path) = packed_or_not(&self.dir.join(name))? {
                    not_over(scores, &path)?;
                }
            }
        }
        let mut book = Book::default();
        beside(&self.dir, "people.csv", out, &mut |file| {
            book.read_people(file)
        })?;
        beside(&self.dir, "patients.csv", out, &mut |file| {
            book.read_patients(file)
        })?;
        beside(&self.dir, "relations.csv", out, &mut |file| {
            book.read_relations(file)
        })?;
        beside(&self.dir, "roster.csv", out, &mut |file| {
            book.read_shifts(file)
        })?;
        // It is read once for where shifts are, and once for who is on duty.
        if packed_or_not(&self.dir.join("roster.csv"))?.is_some() {
            beside(&self.dir, "roster.csv", out, &mut |file| {
                let (roster, _) = wardline_risk::replay::roster(file)?;
                book.plan(roster);
                Ok(0)
            })?;
        }
        let file = open(&log)?;
        let begin = clock::now();
        let mut since = || -> Duration { begin.elapsed() };
        let mut scores = match &self.scores {
            Some(path) => Some(Scores::create(path).map_err(|error| unwritten(path, &error))?),
            None => None,
        };
        let mut taken = |it: &Found| -> io::Result<()> {
            let scores = scores.as_mut();
            scores.map_or(Ok(()), |scores| scores.add(it.index, it.score))
        };
        let report = match replay::run(file, &book, &mut since, &mut taken) {
            Ok(report) => report,
            Err(ReplayError::Score(error)) => {
                // Only a file of scores gives this.
                let path = self.scores.as_deref().unwrap_or(&log);
                return Err(unwritten(path, &error));
            }
            Err(error) => return Err(unusable(&log, &error)),
        };
        if report.broke_off {
            out.note(
                "the log is cut off or damaged: what follows is of the rows before that, and there may \
                 have been more",
            );
        }
        if report.accesses == 0 && report.malformed > 0 {
            return Err(Failure::usage(format!(
                "{}: none of its {} rows can be read; times are RFC 3339, or UTC without a zone",
                log.display(),
                report.malformed
            )));
        }
        if report.out_of_order > 0 {
            out.note(&format!(
                "{} rows are earlier than one before them: sort the log by time, or it is learned in \
                 the wrong order",
                report.out_of_order
            ));
        }
        if let Some((path, scores)) = self.scores.as_ref().zip(scores) {
            scores.finish().map_err(|error| unwritten(path, &error))?;
        }
        out.result(&report, || sentences(&report));
        Ok(())
    }
}

/// Reads a file of the folder where it is, and says how much of it could not be read.
fn beside(dir: &Path, name: &str, out: Output, read: Reader<'_>) -> Result<(), Failure> {
    let Some(path) = packed_or_not(&dir.join(name))? else {
        out.note(&format!(
            "{name} is not there: accesses are explained without it"
        ));
        return Ok(());
    };
    let left_out = match read(open(&path)?) {
        Ok(left_out) => left_out,
        Err(error @ ReplayError::Column(_)) => {
            out.note(&format!(
                "{name}: {error}; accesses are explained without what it would say"
            ));
            return Ok(());
        }
        Err(error) => return Err(unusable(&path, &error)),
    };
    if left_out > 0 {
        out.note(&format!(
            "{name}: {left_out} rows could not be read, and were left out"
        ));
    }
    Ok(())
}

fn sentences(report: &Report) -> String {
    let figure = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
    let line = |name: &str, Label { worth, .. }: &Label| {
        format!(
            "{name:<16} AUC {}, found at 1 % false alerts {}, at 0.1 % {}",
            figure(worth.auc),
            figure(worth.tpr_at_fpr.hundredth),
            figure(worth.tpr_at_fpr.thousandth)
        )
    };
    let all = Label {
        worth: report.worth,
        ..Label::default()
    };
    let mut sentences = vec![
        format!(
            "{} accesses, {} rows left out",
            report.accesses, report.malformed
        ),
        format!(
            "explained: {} of all, {} of legitimate, {} of snooping",
            figure(report.explained.all),
            figure(report.explained.legitimate),
            figure(report.explained.snooping)
        ),
    ];
    let reasons = report.reasons.iter();
    sentences.extend(reasons.map(|(reason, count)| format!("  {reason:<24} {count}")));
    sentences.push(line("all", &all));
    sentences.extend(report.labels.iter().map(|(name, label)| line(name, label)));
    for top in &report.highest {
        let reason = top.reason.map_or("Unexplained.", Reason::sentence);
        let signs: Vec<&str> = top.signs.iter().map(|it| it.sentence()).collect();
        sentences.push(format!(
            "row {}, {:.1}: {reason} {}",
            top.index,
            top.score,
            signs.join(" ")
        ));
    }
    sentences.push(format!(
        "one decision takes {:.1} µs (p50), {:.1} µs (p99)",
        report.decision_us.p50, report.decision_us.p99
    ));
    sentences.join("\n")
}

const LOG: &str = "chart_access.csv";
