//! `wardline schedule …`: on-call schedules from files.

use std::fs;
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use wardline_model::RoleSlug;
use wardline_model::wire::schedules::{ScheduleChange, ScheduleChangeKind, ScheduleImported};
use wardline_server::rim::Clock;
use wardline_server::schedules::{self, ScheduleError};

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::serve::hospital;

/// `wardline schedule …`.
#[derive(Subcommand)]
pub(crate) enum Schedule {
    /// Import turns or shifts from CSV (.csv) or iCalendar (.ics). Exit 3 when the file cannot be used,
    /// with every reason by line; nothing of it is imported then.
    Import {
        /// The file.
        file: PathBuf,
        /// The configuration file of the hospital.
        #[arg(long, conflicts_with = "data")]
        config: Option<PathBuf>,
        /// The data directory of a demo.
        #[arg(long)]
        data: Option<PathBuf>,
        /// Only say what would change.
        #[arg(long)]
        dry_run: bool,
    },
}

impl Schedule {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        let Self::Import {
            file,
            config,
            data,
            dry_run,
        } = self;
        let settings = hospital(config.as_deref(), data)?;
        let format = schedules::format_of(&file)
            .ok_or_else(|| Failure::usage("the file's name ends with .csv or .ics"))?;
        let bytes = fs::read(&file)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        let imported = schedules::at_console(&settings, format, &bytes, dry_run, &Clock::default())
            .await
            .map_err(|error| match error {
                ScheduleError::Refused(reasons) => Failure::refused(reasons.join("\n")),
                ScheduleError::Unavailable(error) => Failure::unavailable(error.to_string()),
            })?;
        if imported.stopped {
            return Err(Failure::refused(told(&imported)).with_document(json!(imported)));
        }
        out.result(&imported, || told(&imported));
        Ok(())
    }
}

/// What an import found and changed, in lines for a person.
fn told(imported: &ScheduleImported) -> String {
    let mut lines: Vec<String> = imported
        .findings
        .iter()
        .map(|finding| {
            let weight = if finding.stops { "wrong" } else { "note" };
            format!("{weight}: {}", finding.words)
        })
        .collect();
    lines.extend(imported.changes.iter().map(told_change));
    let does = if imported.applied { "are" } else { "would be" };
    lines.push(format!(
        "{} {does} added, {} removed, {} changed.",
        imported.added, imported.removed, imported.changed
    ));
    lines.join("\n")
}

fn told_change(change: &ScheduleChange) -> String {
    let sign = match change.kind {
        ScheduleChangeKind::Added => '+',
        ScheduleChangeKind::Removed => '-',
        ScheduleChangeKind::Changed => '~',
    };
    let role = change.role.as_ref().map_or("at work", RoleSlug::as_str);
    let (from, until) = (utc(change.from), utc(change.until));
    let before = change
        .before
        .as_deref()
        .map_or_else(String::new, |before| format!(", before {before}"));
    format!("{sign} {role} {from} to {until}: {}{before}", change.person)
}

/// A time in UTC, to the minute.
fn utc(at_ms: u64) -> String {
    let nanos = i128::from(at_ms) * 1_000_000;
    time::OffsetDateTime::from_unix_timestamp_nanos(nanos).map_or_else(
        |_| String::new(),
        |at| {
            let (hour, minute, _) = at.to_hms();
            format!("{}T{hour:02}:{minute:02}Z", at.date())
        },
    )
}
