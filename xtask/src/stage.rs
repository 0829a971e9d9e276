//! Lists of stages: run in order, timed, ended by the first failure, closed by a table.

use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::process::Tally;

/// What a stage has to say for the table.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// A few words: sizes, "unchanged" and the like.
    pub(crate) note: String,
    /// Tests executed, where the stage runs any.
    pub(crate) tally: Option<Tally>,
}

impl Report {
    /// A stage that has something to say.
    pub(crate) fn note(note: impl Into<String>) -> Self {
        Self {
            note: note.into(),
            tally: None,
        }
    }

    /// A stage that ran tests.
    pub(crate) fn tests(tally: Tally) -> Self {
        Self {
            note: format!("{} tests", tally.passed),
            tally: Some(tally),
        }
    }
}

impl From<()> for Report {
    fn from((): ()) -> Self {
        Self::default()
    }
}

/// What a stage gives back.
pub(crate) type Outcome = Result<Report, Failure>;

/// One named step of a plan.
pub(crate) struct Stage<'a> {
    name: &'static str,
    step: Box<dyn FnOnce() -> Outcome + 'a>,
}

impl<'a> Stage<'a> {
    /// A stage called `name` in headings and in the table.
    pub(crate) fn new(name: &'static str, step: impl FnOnce() -> Outcome + 'a) -> Self {
        Self {
            name,
            step: Box::new(step),
        }
    }
}

struct Done {
    name: &'static str,
    took: Duration,
    note: String,
}

/// Runs all stages; the sum of their tests is given back. The table is printed in either case.
pub(crate) fn all(title: &str, stages: Vec<Stage<'_>>) -> Result<Tally, Failure> {
    let total = stages.len();
    let begun = Instant::now();
    let mut done = Vec::with_capacity(total);
    let mut sum = Tally::default();
    for (index, stage) in stages.into_iter().enumerate() {
        println!("\n== {title} {}/{total}: {}", index + 1, stage.name);
        let started = Instant::now();
        let outcome = (stage.step)();
        let took = started.elapsed();
        match outcome {
            Ok(report) => {
                sum = report.tally.map_or(sum, |tally| sum.plus(tally));
                done.push(Done {
                    name: stage.name,
                    took,
                    note: report.note,
                });
            }
            Err(failure) => {
                done.push(Done {
                    name: stage.name,
                    took,
                    note: "FAILED".to_owned(),
                });
                println!("{}", table(&done, begun.elapsed()));
                println!(
                    "{title} stopped at stage {}/{total}, {}",
                    index + 1,
                    stage.name
                );
                return Err(failure);
            }
        }
    }
    println!("{}", table(&done, begun.elapsed()));
    Ok(sum)
}

/// Runs one stage by itself and prints what it has to say.
pub(crate) fn single(outcome: Outcome) -> Result<(), Failure> {
    let report = outcome?;
    if !report.note.is_empty() {
        println!("{}", report.note);
    }
    Ok(())
}

fn table(done: &[Done], total: Duration) -> String {
    let width = done
        .iter()
        .map(|row| row.name.len())
        .max()
        .unwrap_or(0)
        .max("total".len());
    let rows = done
        .iter()
        .map(|row| {
            format!(
                "{:width$}  {:>8}  {}",
                row.name,
                seconds(row.took),
                row.note
            )
            .trim_end()
            .to_owned()
        })
        .chain([format!("{:width$}  {:>8}", "total", seconds(total))]);
    format!("\n{}", rows.collect::<Vec<_>>().join("\n"))
}

fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole >= 60 {
        format!("{}m {:02}s", whole / 60, whole % 60)
    } else {
        format!("{:.1}s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn the_first_failure_ends_the_plan() {
        let reached = Cell::new(0);
        let stages = vec![
            Stage::new("good", || {
                reached.set(1);
                Ok(Report::tests(Tally {
                    passed: 3,
                    failed: 0,
                }))
            }),
            Stage::new("bad", || Err(Failure::Unfit("no".to_owned()))),
            Stage::new("never", || {
                reached.set(2);
                Ok(Report::default())
            }),
        ];
        assert!(matches!(all("plan", stages), Err(Failure::Unfit(_))));
        assert_eq!(reached.get(), 1);
    }

    #[test]
    fn tests_are_summed_over_stages() {
        let stages = vec![
            Stage::new("one", || {
                Ok(Report::tests(Tally {
                    passed: 3,
                    failed: 0,
                }))
            }),
            Stage::new("two", || Ok(().into())),
            Stage::new("three", || {
                Ok(Report::tests(Tally {
                    passed: 4,
                    failed: 0,
                }))
            }),
        ];
        assert_eq!(all("plan", stages).map(|tally| tally.passed).ok(), Some(7));
    }

    #[test]
    fn times_read_like_a_clock() {
        assert_eq!(seconds(Duration::from_millis(1_240)), "1.2s");
        assert_eq!(seconds(Duration::from_secs(61)), "1m 01s");
    }
}
