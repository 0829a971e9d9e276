//! `wardline attest …`: what a device's attestation proves.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wardline_client_native::clock::now_ms;
use wardline_posture::attest::{
    self, Attested, Rejected, RootOfTrust, Roots, StatusList, Verdict, verify,
};

use crate::failure::Failure;
use crate::output::Output;

/// `wardline attest …`.
#[derive(Subcommand)]
pub(crate) enum Attest {
    /// Verify an Android phone's key attestation, and say what it proves. Whether that is good
    /// enough is for policy to say: an unlocked phone with a good chain is no failure. Exit 3 if
    /// the chain is rejected.
    Android(Android),
}

/// `wardline attest android`.
#[derive(Args)]
pub(crate) struct Android {
    /// The chain as the phone's key store gives it, in PEM, the attested key first. The root may
    /// be left out.
    chain: PathBuf,
    /// The challenge that the key was made for, in base64url.
    // Its alphabet has the hyphen, at the beginning too.
    #[arg(long, value_name = "B64URL", value_parser = challenge, allow_hyphen_values = true)]
    challenge: Challenge,
    /// Judge the certificates' dates at this time (RFC 3339); without it, now.
    #[arg(long, value_name = "RFC3339", value_parser = time)]
    at: Option<u64>,
    /// Google's certificate status list (JSON). Without it nothing is known to be revoked.
    #[arg(long, value_name = "FILE")]
    status: Option<PathBuf>,
    /// Trust these roots instead of Google's: certificates in PEM, or a JSON array of them as
    /// Google publishes its roots.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
}

/// Bytes, as one value of the command line.
#[derive(Debug, Clone)]
struct Challenge(Vec<u8>);

impl Attest {
    pub(crate) fn run(self, out: Output) -> Result<(), Failure> {
        let Self::Android(android) = self;
        android.run(out)
    }
}

impl Android {
    fn run(self, out: Output) -> Result<(), Failure> {
        let roots = match &self.roots {
            Some(file) => Roots::from_file(&read(file)?).map_err(|error| unusable(file, &error))?,
            None => Roots::google(),
        };
        let status = match &self.status {
            Some(file) => {
                Some(StatusList::from_json(&read(file)?).map_err(|error| unusable(file, &error))?)
            }
            None => None,
        };
        let text = read(&self.chain)?;
        let at = self.at.unwrap_or_else(now_ms);
        let attested = attest::certificates(&text)
            .and_then(|chain| verify(&chain, &self.challenge.0, &roots, status.as_ref(), at))
            .map_err(|rejected| refused(&rejected))?;
        out.result(&document(&attested), || sentences(&attested));
        Ok(())
    }
}

/// What is printed for a program.
fn document(attested: &Attested) -> Value {
    let reasons: &[&str] = match attested.verdict {
        Verdict::Software => &[SOFTWARE],
        Verdict::Strongbox | Verdict::Hardware => &[],
    };
    let properties = attested.properties();
    let root = attested.root_of_trust();
    json!({
        "verdict": attested.verdict.as_str(),
        "reasons": reasons,
        "os_version": properties.os_version,
        "os_patch_level": properties.os_patch_level.map(attest::PatchLevel::to_month),
        "verified_boot": root.map(|root| root.state.as_str()),
        "bootloader_locked": root.map(|root| root.locked),
    })
}

/// What is printed for a person.
fn sentences(attested: &Attested) -> String {
    let properties = attested.properties();
    let said = |said: Option<String>| said.unwrap_or_else(|| "not said".to_owned());
    let boot = |root: &RootOfTrust| {
        let lock = if root.locked { "locked" } else { "unlocked" };
        format!("{}, bootloader {lock}", root.state.as_str())
    };
    let holder = match attested.verdict {
        Verdict::Strongbox => "strongbox: a secure element holds the key",
        Verdict::Hardware => "hardware: a trusted execution environment holds the key",
        Verdict::Software => SOFTWARE,
    };
    format!(
        "{holder}\nAndroid version: {}\nSecurity patches: {}\nVerified boot: {}",
        said(properties.os_version.map(|version| version.to_string())),
        said(properties.os_patch_level.map(attest::PatchLevel::to_month)),
        said(attested.root_of_trust().map(boot)),
    )
}

fn refused(rejected: &Rejected) -> Failure {
    let reason = rejected.reason();
    // A chain that is not believed proves nothing, whatever stands in it.
    let document = json!({
        "verdict": "rejected",
        "reasons": [reason],
        "os_version": null,
        "os_patch_level": null,
        "verified_boot": null,
        "bootloader_locked": null,
    });
    Failure::refused(format!("rejected: {reason}")).with_document(document)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(LARGEST).read_to_end(&mut bytes))
        .map_err(|error| unusable(file, &error))?;
    Ok(bytes)
}

fn unusable(file: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::usage(format!("{}: {error}", file.display()))
}

fn challenge(text: &str) -> Result<Challenge, String> {
    // With and without padding: both are in use (RFC 4648 §3.2).
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    match GeneralPurpose::new(&URL_SAFE, config).decode(text) {
        Ok(bytes) if bytes.is_empty() => Err("it is empty".to_owned()),
        Ok(bytes) => Ok(Challenge(bytes)),
        Err(error) => Err(error.to_string()),
    }
}

fn time(text: &str) -> Result<u64, String> {
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| error.to_string())?;
    u64::try_from(time.unix_timestamp_nanos() / 1_000_000)
        .map_err(|_| "it lies before 1970".to_owned())
}

/// Why a verdict is no better than *software*.
const SOFTWARE: &str =
    "software: the key, or what is said of it, is the operating system's own word";

/// The most bytes that are read of a file. Google's status list has some hundred thousand; a chain
/// that is cut here is longer than any that is accepted.
const LARGEST: u64 = 16 * 1024 * 1024;
