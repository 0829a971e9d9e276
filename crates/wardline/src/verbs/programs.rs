//! `wardline programs …`: device programs, compared, shown and made ready for a device manager.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use wardline_model::wire::programs::{Rule, Unknown, Wipe};
use wardline_programs::planner::Assumptions;
use wardline_programs::provision::{self, ProvisionError, Site};
use wardline_programs::reach::{Client, Met, can_be_met, warnings};
use wardline_programs::{Fleet, Terms, compare};

use crate::failure::Failure;
use crate::output::{Output, print};

/// `wardline programs …`.
#[derive(Subcommand)]
pub(crate) enum Programs {
    /// List the programs.
    List(Source),
    /// Show a program's terms, and which of its rules each kind of client can meet.
    Show(Show),
    /// Compare programs: cost, configurations, what people carry, what risk remains.
    Compare(Compare),
    /// Write what a device manager loads for a program's devices.
    Export(Export),
}

/// Where the programs come from.
#[derive(Args)]
pub(crate) struct Source {
    /// A folder of programs as .toml files; without it, those that ship with Wardline.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

/// `wardline programs show`.
#[derive(Args)]
pub(crate) struct Show {
    /// The program.
    slug: String,
    /// What is known of the devices in use, as JSON.
    #[arg(long, value_name = "FILE.json")]
    fleet: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

/// `wardline programs compare`.
#[derive(Args)]
pub(crate) struct Compare {
    /// How many people need a device.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    staff: Option<u32>,
    /// The hospital's own numbers, as TOML or JSON; what is left out is as it ships.
    #[arg(long, value_name = "FILE")]
    assumptions: Option<PathBuf>,
    /// What is known of the devices in use, as JSON.
    #[arg(long, value_name = "FILE.json")]
    fleet: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
    /// Programs beside own and issued phones: shared, workstation.
    #[arg(long, value_name = "SLUG", value_delimiter = ',')]
    with: Vec<String>,
    /// Print a spreadsheet's rows (CSV).
    #[arg(long)]
    csv: bool,
}

/// `wardline programs export`.
#[derive(Args)]
pub(crate) struct Export {
    /// The program.
    slug: String,
    /// For whom.
    #[arg(long)]
    format: Format,
    /// The address of the hospital's server, such as https://wardline.example.org.
    #[arg(long)]
    url: String,
    /// The hospital's name; without it, the address' host.
    #[arg(long, value_name = "NAME")]
    hospital: Option<String>,
    /// The authorities that the server's certificate leads to, if they are the hospital's own (PEM).
    #[arg(long, value_name = "FILE.pem")]
    ca: Option<PathBuf>,
    /// The code of one invitation, for the QR code of one device.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Write to this file instead of printing.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A configuration profile for iPhones and iPads.
    Mobileconfig,
    /// Web app and browser settings for an Android EMM, as JSON.
    Android,
    /// The extras of an Android EMM's QR code, as JSON.
    Qr,
}

impl Programs {
    pub(crate) fn run(self, out: Output) -> Result<(), Failure> {
        match self {
            Self::List(source) => list(&source, out),
            Self::Show(show) => show.run(out),
            Self::Compare(compare) => compare.run(out),
            Self::Export(export) => export.run(out),
        }
    }
}

fn list(source: &Source, out: Output) -> Result<(), Failure> {
    let programs = source.read()?;
    let document: Vec<Value> = programs
        .iter()
        .map(|terms| {
            json!({
                "slug": terms.slug,
                "title": terms.title,
                "summary": terms.summary,
                "ownership": terms.ownership,
                "rules": terms.rules.len(),
            })
        })
        .collect();
    out.result(&json!({ "programs": document }), || {
        let line = |terms: &Terms| format!("{:<12} {}: {}", terms.slug, terms.title, terms.summary);
        programs.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

impl Show {
    fn run(self, out: Output) -> Result<(), Failure> {
        let terms = self.source.one(&self.slug)?;
        let fleet = fleet(self.fleet.as_deref())?;
        let warned = warnings(&terms, &fleet);
        let reach: Vec<Value> = terms.rules.iter().map(|rule| reach(&terms, rule)).collect();
        let document = json!({ "program": *terms, "reach": reach, "warnings": warned });
        out.result(&document, || {
            let mut lines = sentences(&terms);
            lines.extend(
                warned
                    .iter()
                    .map(|warning| format!("Rule {}: {}", warning.rule, warning.text)),
            );
            lines.join("\n")
        });
        Ok(())
    }
}

/// Which of the program's kinds of client can meet a rule, for a program that reads.
fn reach(terms: &Terms, rule: &Rule) -> Value {
    let clients = Client::of(terms).into_iter().map(|client| {
        let (met, reason) = match can_be_met(rule, client) {
            Met::Yes => (true, None),
            Met::No(reason) => (false, Some(reason)),
        };
        json!({ "client": client, "met": met, "reason": reason })
    });
    json!({ "rule": rule.id, "clients": clients.collect::<Vec<_>>() })
}

/// A program's terms for a person.
fn sentences(terms: &Terms) -> Vec<String> {
    let limits = &terms.limits;
    let files = if limits.attachments {
        "keeps files"
    } else {
        "keeps no files"
    };
    let wipe = match limits.wipe {
        Wipe::App => "what the app keeps",
        Wipe::Device => "the whole device",
    };
    let mut lines = vec![
        format!("{} ({})", terms.title, terms.slug),
        terms.summary.clone(),
        format!(
            "Locks after {} seconds; opens for {} hours without the hospital; {files}; a wipe takes {wipe}.",
            limits.lock_seconds, limits.offline_hours,
        ),
    ];
    for rule in &terms.rules {
        let accept: Vec<&str> = rule.accept.iter().map(|p| p.as_str()).collect();
        let accept = if accept.is_empty() {
            String::new()
        } else {
            format!(", told by {}", accept.join(", "))
        };
        let unknown = match rule.unknown {
            Unknown::Allow => "does not count",
            Unknown::Count => "counts",
        };
        lines.push(format!(
            "{}: {}{accept}; {} days of grace; what is not known {unknown}",
            rule.id,
            rule.check.as_str().replace('_', " "),
            rule.grace_days,
        ));
        for client in Client::of(terms) {
            if let Met::No(reason) = can_be_met(rule, client) {
                lines.push(format!("  not by {}: {reason}", client.title()));
            }
        }
    }
    lines
}

impl Compare {
    fn run(self, out: Output) -> Result<(), Failure> {
        if self.csv && out.is_json() {
            return Err(Failure::usage("--json or --csv, not both"));
        }
        let mut assumptions = match &self.assumptions {
            None => Assumptions::baseline(),
            Some(path) => {
                let text = text(path)?;
                let read = if path.extension().is_some_and(|it| it == "json") {
                    Assumptions::from_json(&text)
                } else {
                    Assumptions::from_toml(&text)
                };
                read.map_err(|error| unusable(path, &error))?
            }
        };
        if let Some(staff) = self.staff {
            assumptions = assumptions
                .with_staff(staff)
                .map_err(|error| Failure::usage(format!("--staff: {error}")))?;
        }
        let fleet = fleet(self.fleet.as_deref())?;
        let all = self.source.read()?;
        let mut asked = vec!["byod".to_owned(), "issued".to_owned()];
        asked.extend(
            self.with
                .iter()
                .filter(|slug| !["byod", "issued"].contains(&slug.as_str()))
                .cloned(),
        );
        let programs = asked
            .iter()
            .map(|slug| find(&all, slug))
            .collect::<Result<Vec<_>, _>>()?;
        let comparison = compare(&assumptions, &programs, &fleet);
        if self.csv {
            let csv = comparison
                .to_csv()
                .map_err(|error| Failure::unavailable(error.to_string()))?;
            print(String::from_utf8_lossy(&csv).trim_end());
        } else {
            out.result(&comparison, || comparison.to_text());
        }
        Ok(())
    }
}

impl Export {
    fn run(self, out: Output) -> Result<(), Failure> {
        let terms = self.source.one(&self.slug)?;
        let site = self.site()?;
        let refused = |error: ProvisionError| match error {
            ProvisionError::Personal | ProvisionError::Platform(_) => {
                Failure::refused(error.to_string())
            }
            _ => Failure::usage(error.to_string()),
        };
        let text = match self.format {
            Format::Mobileconfig => {
                let profile = provision::apple(&site, &terms).map_err(refused)?;
                String::from_utf8_lossy(&profile).into_owned()
            }
            Format::Android => pretty(&provision::android(&site, &terms).map_err(refused)?),
            Format::Qr => {
                let extras = provision::qr(&site, &terms, self.code.as_deref()).map_err(refused)?;
                extras.to_string()
            }
        };
        match &self.out {
            // The payload is the result: with --json it stands in the document as text.
            None => out.result(&json!({ "format": self.format(), "payload": text }), || {
                text.trim_end().to_owned()
            }),
            Some(path) => {
                write(path, &text)?;
                let document = json!({ "format": self.format(), "file": path });
                out.result(&document, || format!("Written: {}", path.display()));
            }
        }
        Ok(())
    }

    fn site(&self) -> Result<Site, Failure> {
        let host = self
            .url
            .trim()
            .trim_start_matches("https://")
            .trim_end_matches('/');
        let hospital = self.hospital.as_deref().unwrap_or(host);
        let site =
            Site::new(hospital, &self.url).map_err(|error| Failure::usage(error.to_string()))?;
        if self.code.is_some() && self.format != Format::Qr {
            return Err(Failure::usage(
                "--code goes with --format qr: other exports are for many devices",
            ));
        }
        let Some(path) = &self.ca else {
            return Ok(site);
        };
        if self.format != Format::Mobileconfig {
            return Err(Failure::usage(
                "--ca goes with --format mobileconfig: on Android the EMM installs authorities",
            ));
        }
        site.with_authorities(&bytes(path)?)
            .map_err(|error| unusable(path, &error))
    }

    const fn format(&self) -> &'static str {
        match self.format {
            Format::Mobileconfig => "mobileconfig",
            Format::Android => "android",
            Format::Qr => "qr",
        }
    }
}

impl Source {
    /// The programs of the folder, or those that ship.
    fn read(&self) -> Result<Vec<Terms>, Failure> {
        let Some(folder) = &self.programs else {
            return Ok(Terms::baseline());
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| unusable(folder, &error))? {
            let path = entry.map_err(|error| unusable(folder, &error))?.path();
            if path.extension().is_some_and(|it| it == "toml") {
                paths.push(path);
            }
        }
        paths.sort_unstable();
        let read =
            |path: &PathBuf| Terms::from_toml(&text(path)?).map_err(|error| unusable(path, &error));
        let programs = paths.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        for (at, terms) in programs.iter().enumerate() {
            if programs[..at].iter().any(|other| other.slug == terms.slug) {
                let folder = folder.display();
                return Err(Failure::usage(format!(
                    "{folder}: two programs are {}",
                    terms.slug
                )));
            }
        }
        Ok(programs)
    }

    fn one(&self, slug: &str) -> Result<Terms, Failure> {
        find(&self.read()?, slug)
    }
}

fn find(programs: &[Terms], slug: &str) -> Result<Terms, Failure> {
    let found = programs.iter().find(|terms| terms.slug == slug).cloned();
    found.ok_or_else(|| {
        let all: Vec<&str> = programs.iter().map(|terms| terms.slug.as_str()).collect();
        Failure::usage(format!(
            "there is no program {slug}, only: {}",
            all.join(", ")
        ))
    })
}

fn fleet(path: Option<&Path>) -> Result<Fleet, Failure> {
    match path {
        None => Ok(Fleet::default()),
        Some(path) => Fleet::from_json(&bytes(path)?).map_err(|error| unusable(path, &error)),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes(path)?).map_err(|_| {
        let path = path.display();
        Failure::usage(format!("{path}: it is no text in UTF-8"))
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
        .map_err(|error| unusable(path, &error))?;
    if u64::try_from(read).is_ok_and(|read| read < LARGEST) {
        return Ok(bytes);
    }
    let path = path.display();
    Err(Failure::usage(format!(
        "{path}: it has more than {LARGEST} bytes"
    )))
}

/// Writes a new file, for its owner alone: with an invitation's code in it, it is a secret.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

/// The most bytes that are read of a file.
const LARGEST: u64 = 16 * 1024 * 1024;
