//! `wardline patch …`: how well a device is patched.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime};
use wardline_client_native::clock::now_ms;
use wardline_posture::attest::PatchLevel;
use wardline_posture::patch::{BULLETINS, Feeds, Finding, Installed, KEV, PRODUCTS, Platform};

use crate::failure::Failure;
use crate::output::Output;

/// `wardline patch …`.
#[derive(Subcommand)]
pub(crate) enum Patch {
    /// Say from public feeds whether a device's system is maintained and patched. Exit 0 with any
    /// verdict: what follows from it is for policy to say.
    Check(Check),
}

/// `wardline patch check`.
#[derive(Args)]
pub(crate) struct Check {
    /// The folder of the feeds: endoflife.date's products as endoflife/products/*.md, CISA's
    /// catalogue as kev/known_exploited_vulnerabilities.json and, where there is one, a list of
    /// Android's security bulletins as android/bulletins.csv (columns level,published).
    #[arg(long, value_name = "DIR")]
    feeds: PathBuf,
    /// The family of the operating system; an iPad's is ios.
    #[arg(long)]
    platform: Family,
    /// The version as the system shows it, such as 26.6.1, "11 24H2 Enterprise", 10.0.26100, or
    /// "debian 12".
    #[arg(long, value_name = "V", value_parser = version)]
    os_version: String,
    /// The month of the security patches, of Android or Windows.
    #[arg(long, value_name = "YYYY-MM", value_parser = patch_level)]
    patch_level: Option<PatchLevel>,
    /// The model by the name it is sold under, such as "Pixel 9".
    #[arg(long, value_name = "M")]
    model: Option<String>,
    /// Judge on this day (YYYY-MM-DD); without it, today.
    #[arg(long, value_name = "DATE", value_parser = date)]
    at: Option<Date>,
}

/// The platforms by the names of the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Family {
    Android,
    Ios,
    Macos,
    Windows,
    Linux,
}

impl Patch {
    pub(crate) fn run(self, out: Output) -> Result<(), Failure> {
        let Self::Check(check) = self;
        check.run(out)
    }
}

impl Check {
    fn run(self, out: Output) -> Result<(), Failure> {
        let feeds = Feeds::parse(read(&self.feeds)?).map_err(|error| {
            // Its message begins with the file's path below the folder.
            Failure::usage(format!("{}/{error}", self.feeds.display()))
        })?;
        let installed = Installed {
            platform: self.platform.into(),
            os_version: &self.os_version,
            patch_level: self.patch_level,
            model: self.model.as_deref(),
        };
        let at = match self.at {
            Some(at) => at,
            None => today()?,
        };
        let finding = feeds.verdict(&installed, at);
        out.result(&document(&finding), || sentences(&finding));
        Ok(())
    }
}

impl From<Family> for Platform {
    fn from(family: Family) -> Self {
        match family {
            Family::Android => Self::Android,
            Family::Ios => Self::Ios,
            Family::Macos => Self::MacOs,
            Family::Windows => Self::Windows,
            Family::Linux => Self::Linux,
        }
    }
}

/// What is printed for a program.
fn document(finding: &Finding) -> Value {
    let reasons = finding.reasons.iter().map(ToString::to_string);
    json!({
        "verdict": finding.verdict.as_str(),
        "supported_until": finding.supported_until.map(|last| last.to_string()),
        "latest": finding.latest,
        "known_exploited": finding.known_exploited,
        "reasons": reasons.collect::<Vec<_>>(),
    })
}

/// What is printed for a person.
fn sentences(finding: &Finding) -> String {
    let mut lines = vec![finding.verdict.as_str().to_owned()];
    lines.extend(finding.reasons.iter().map(ToString::to_string));
    if let Some(last) = finding.supported_until {
        lines.push(format!("Supported until: {last}"));
    }
    if let Some(latest) = &finding.latest {
        lines.push(format!("Latest: {latest}"));
    }
    if !finding.known_exploited.is_empty() {
        let ids = finding.known_exploited.join(", ");
        lines.push(format!("Exploited, and perhaps open: {ids}"));
    }
    lines.join("\n")
}

/// The feeds' files by their paths below the folder.
fn read(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let products = folder.join(PRODUCTS);
    let unlisted = |error: std::io::Error| unusable(&products, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(&products).map_err(unlisted)? {
        let name = entry.map_err(unlisted)?.file_name();
        // Names that are no text are no product's.
        if Path::new(&name).extension().is_some_and(|it| it == "md") {
            names.extend(name.into_string());
        }
    }
    names.sort_unstable();
    let mut files = vec![KEV.to_owned()];
    let bulletins = folder.join(BULLETINS);
    let listed = bulletins.try_exists();
    if listed.map_err(|error| unusable(&bulletins, &error))? {
        files.push(BULLETINS.to_owned());
    }
    files.extend(names.into_iter().map(|name| format!("{PRODUCTS}/{name}")));
    files
        .into_iter()
        .map(|file| {
            let path = folder.join(&file);
            let mut bytes = Vec::new();
            let size = File::open(&path)
                .and_then(|opened| opened.take(LARGEST).read_to_end(&mut bytes))
                .map_err(|error| unusable(&path, &error))?;
            if u64::try_from(size).is_ok_and(|size| size < LARGEST) {
                Ok((file, bytes))
            } else {
                let path = path.display();
                Err(Failure::usage(format!(
                    "{path}: it has more than {LARGEST} bytes"
                )))
            }
        })
        .collect()
}

fn unusable(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

fn today() -> Result<Date, Failure> {
    let now = i128::from(now_ms()) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(now)
        .map(OffsetDateTime::date)
        .map_err(|error| Failure::unavailable(format!("the clock: {error}")))
}

fn version(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(text.to_owned())
}

fn date(text: &str) -> Result<Date, String> {
    Date::parse(text, &Iso8601::DATE).map_err(|error| error.to_string())
}

fn patch_level(text: &str) -> Result<PatchLevel, String> {
    PatchLevel::from_text(text)
        .ok_or_else(|| "it is no month as YYYY-MM, or day as YYYY-MM-DD".to_owned())
}

/// The most bytes that are read of a file. The catalogue has some millions.
const LARGEST: u64 = 64 * 1024 * 1024;
