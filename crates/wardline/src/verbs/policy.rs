//! `wardline policy …`: read, check and try access policies.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};
use wardline_client_native::clock;
use wardline_policy::replay::{ReplayChange, Report};
use wardline_policy::{Engine, LoadError, PolicyFile, PolicyTexts, Problem};
use wardline_server::Config;
use wardline_server::log;
use wardline_server::policies::console::{self, ConsoleError};
use wardline_server::rim::Clock;

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::serve::read;

/// `wardline policy …`.
#[derive(Subcommand)]
pub(crate) enum Policy {
    /// Print the policies in force, or of a version.
    Show {
        #[command(flatten)]
        hospital: Hospital,
        /// The version; 0 is the one that ships.
        #[arg(long)]
        version: Option<u64>,
        /// Write the files into this directory instead, to edit them.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Check edited policies. Exit 3 when they cannot be used, with every problem by line and column.
    Check {
        /// A directory of .cedar files, or one such file, which replaces the baseline's of its name.
        draft: PathBuf,
    },
    /// Say who would have been refused or asked by edited policies.
    Replay {
        /// A directory of .cedar files, or one such file, which replaces the one of its name in
        /// force.
        draft: PathBuf,
        #[command(flatten)]
        hospital: Hospital,
        /// From when on: a date, a time (RFC 3339), or how long ago, such as 7d or 36h.
        #[arg(long)]
        since: String,
    },
    /// Go back to the policies that ship with Wardline, at once and without approval.
    UseBaseline {
        #[command(flatten)]
        hospital: Hospital,
    },
}

/// Which hospital.
#[derive(Args)]
#[command(group = ArgGroup::new("hospital").required(true))]
pub(crate) struct Hospital {
    /// The data directory, with the embedded database.
    #[arg(long, group = "hospital")]
    data: Option<PathBuf>,
    /// The configuration file, which names data directory and database.
    #[arg(long, group = "hospital")]
    config: Option<PathBuf>,
}

impl Hospital {
    fn config(&self) -> Result<Config, Failure> {
        match (&self.config, &self.data) {
            (Some(file), _) => read(file),
            // The group asks for one of the two.
            (None, data) => Ok(log::embedded(data.as_deref().unwrap_or(Path::new("")))),
        }
    }
}

impl Policy {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        let clock = Clock::default();
        match self {
            Self::Show {
                hospital,
                version,
                out: directory,
            } => {
                let config = hospital.config()?;
                let (number, texts) = console::version(&config, version, &clock)
                    .await
                    .map_err(failed)?;
                show(number, &texts, directory.as_deref(), out)
            }
            Self::Check { draft } => {
                let texts = drafted(&draft, &PolicyTexts::baseline())?;
                let engine = texts.engine().map_err(|error| invalid(&error))?;
                let warnings = engine.warnings();
                let document = json!({
                    "hash": engine.hash(), "problems": [], "warnings": problems(warnings),
                });
                out.result(&document, || {
                    let mut lines: Vec<String> =
                        warnings.iter().map(|w| format!("odd: {w}")).collect();
                    lines.push(format!("The policies can be used ({}).", engine.hash()));
                    lines.join("\n")
                });
                Ok(())
            }
            Self::Replay {
                draft,
                hospital,
                since,
            } => {
                let config = hospital.config()?;
                let since_ms = moment(&since, clock::now_ms()).ok_or_else(|| {
                    Failure::usage("--since takes 2026-01-31, 2026-01-31T08:00:00Z, 7d or 36h")
                })?;
                let (_, in_force) = console::version(&config, None, &clock)
                    .await
                    .map_err(failed)?;
                let texts = drafted(&draft, &in_force)?;
                let engine = texts.engine().map_err(|error| invalid(&error))?;
                replay(&config, &engine, since_ms, out).await
            }
            Self::UseBaseline { hospital } => {
                let version = console::use_baseline(&hospital.config()?, &clock)
                    .await
                    .map_err(failed)?;
                out.result(&json!({ "version": version }), || {
                    format!(
                        "Version {version}, the policies that ship with Wardline, is in force. A server \
                         that runs follows within a second."
                    )
                });
                Ok(())
            }
        }
    }
}

fn show(
    number: u64,
    texts: &PolicyTexts,
    directory: Option<&Path>,
    out: Output,
) -> Result<(), Failure> {
    if let Some(directory) = directory {
        fs::create_dir_all(directory).map_err(|error| unusable(directory, &error))?;
        for file in texts.files() {
            let path = directory.join(&file.name);
            fs::write(&path, &file.text).map_err(|error| unusable(&path, &error))?;
        }
    }
    let document = json!({ "version": number, "hash": texts.hash(), "files": texts.files() });
    out.result(&document, || {
        if let Some(directory) = directory {
            let (files, directory) = (texts.files().len(), directory.display());
            return format!("{files} files of version {number} are in {directory}.");
        }
        let files = texts.files().iter();
        let texts: Vec<_> = files
            .map(|file| format!("// {}\n{}", file.name, file.text))
            .collect();
        texts.join("\n")
    });
    Ok(())
}

async fn replay(
    config: &Config,
    engine: &Engine,
    since_ms: u64,
    out: Output,
) -> Result<(), Failure> {
    let (report, without_inputs) = console::replayed(config, engine, since_ms)
        .await
        .map_err(failed)?;
    let document = json!({
        "from": report.from, "to": report.to, "decisions": report.decisions,
        "without_inputs": without_inputs, "same": report.same, "changes": report.changes,
    });
    out.result(&document, || told(&report, without_inputs));
    Ok(())
}

/// A replay in lines for a person.
fn told(report: &Report, without_inputs: u64) -> String {
    let mut lines = vec![format!(
        "{} decisions, {} of them as before.",
        report.decisions, report.same
    )];
    if without_inputs > 0 {
        lines.push(format!(
            "{without_inputs} more were made of which not all that they depended on was kept."
        ));
    }
    for change in &report.changes {
        lines.push(told_change(change));
        lines.extend(change.advice.iter().map(|advice| format!("    {advice}")));
    }
    lines.join("\n")
}

fn told_change(change: &ReplayChange) -> String {
    let ReplayChange {
        action,
        was,
        now,
        count,
        people,
        policies,
        ..
    } = change;
    let by = if policies.is_empty() {
        String::new()
    } else {
        format!(", by {}", policies.join(", "))
    };
    format!("{action}: {was} → {now}, {count} times, {people} people{by}")
}

/// The draft, with the files of `base` that it does not have where it is a single file.
fn drafted(draft: &Path, base: &PolicyTexts) -> Result<PolicyTexts, Failure> {
    let file = |path: &Path| -> Result<PolicyFile, Failure> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| Failure::usage("a file's name is no text"))?;
        let text = fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
        Ok(PolicyFile {
            name: name.to_owned(),
            text,
        })
    };
    let files = if draft.is_dir() {
        let mut files = Vec::new();
        for entry in fs::read_dir(draft).map_err(|error| unusable(draft, &error))? {
            let path = entry.map_err(|error| unusable(draft, &error))?.path();
            let kind = path.extension().and_then(|kind| kind.to_str());
            if matches!(kind, Some("cedar" | "cedarschema")) {
                files.push(file(&path)?);
            }
        }
        if files.is_empty() {
            let message = format!("{}: there is no .cedar file in it", draft.display());
            return Err(Failure::usage(message));
        }
        files
    } else {
        let edited = file(draft)?;
        let kept = base.files()[1..].iter().filter(|f| f.name != edited.name);
        let mut files: Vec<PolicyFile> = kept.cloned().collect();
        files.push(edited);
        files
    };
    PolicyTexts::edited(files).map_err(|error| {
        let problem = error.problem();
        Failure::refused(problem.to_string())
            .with_document(json!({ "problems": problems(&[problem]) }))
    })
}

fn invalid(error: &LoadError) -> Failure {
    Failure::refused(error.to_string())
        .with_document(json!({ "problems": problems(&error.problems) }))
}

fn problems(problems: &[Problem]) -> Vec<serde_json::Value> {
    let problems = problems.iter().map(|problem| {
        json!({
            "file": problem.file, "line": problem.line, "column": problem.column,
            "message": problem.message,
        })
    });
    problems.collect()
}

/// A date, a time or how long ago, as unix milliseconds.
fn moment(text: &str, now_ms: u64) -> Option<u64> {
    let ago = |number: &str, hours: u64| {
        let number: u64 = number.parse().ok()?;
        now_ms.checked_sub(number.checked_mul(hours * 60 * 60 * 1000)?)
    };
    match (text.strip_suffix('d'), text.strip_suffix('h')) {
        (Some(days), _) => ago(days, 24),
        (None, Some(hours)) => ago(hours, 1),
        (None, None) => {
            let at = OffsetDateTime::parse(text, &Rfc3339).or_else(|_| {
                Date::parse(text, &Iso8601::DATE).map(|day| day.midnight().assume_utc())
            });
            u64::try_from(at.ok()?.unix_timestamp())
                .ok()?
                .checked_mul(1000)
        }
    }
}

fn failed(error: ConsoleError) -> Failure {
    match error {
        ConsoleError::NoVersion(_) => Failure::usage(error.to_string()),
        other => Failure::unavailable(other.to_string()),
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}
