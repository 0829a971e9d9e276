//! `wardline audit …`: verification without trust in the server.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde_json::json;
use wardline_audit::verify::Report;
use wardline_audit::{LogKey, export};
use wardline_server::log::{self, LogError};

use crate::failure::Failure;
use crate::output::Output;

/// `wardline audit …`.
#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Verify a data directory or an export. Exit 4 names the first bad index.
    Verify {
        /// The data directory, or an NDJSON export.
        path: PathBuf,
        /// The log's verification key (a file with the signed-note vkey). Without it the key that
        /// lies beside the log is used, and said to be unpinned.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Export the log so that it verifies by itself.
    Export {
        /// The data directory.
        #[arg(long)]
        data: PathBuf,
        /// The format.
        #[arg(long, value_enum, default_value = "ndjson")]
        format: Format,
        /// Where to write; without it to stdout.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// An export's format.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// Canonical leaves, salts and the signed checkpoint; verifies by itself.
    Ndjson,
}

impl Audit {
    pub(crate) async fn run(self, out: &Output) -> Result<(), Failure> {
        match self {
            Self::Verify { path, key } => {
                let pinned = key.as_deref().map(read_key).transpose()?;
                let report = if path.is_dir() {
                    log::verify(&path, pinned.as_ref()).await.map_err(failed)?
                } else {
                    verify_export(&path, pinned.as_ref())?
                };
                print_report(&report, pinned.is_some(), out);
                Ok(())
            }
            Self::Export {
                data,
                format: Format::Ndjson,
                out: file,
            } => match file {
                Some(file) => {
                    let target = File::create(&file)
                        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
                    log::export(&data, BufWriter::new(target))
                        .await
                        .map_err(failed)
                }
                None => log::export(&data, std::io::stdout()).await.map_err(failed),
            },
        }
    }
}

fn verify_export(path: &Path, pinned: Option<&LogKey>) -> Result<Report, Failure> {
    let file =
        File::open(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    export::verify(BufReader::new(file), pinned).map_err(|error| match error {
        export::VerifyError::Failure(failure) => unverified(failure.first_bad_index, &failure),
        export::VerifyError::Io(error) => Failure::unavailable(error.to_string()),
    })
}

fn print_report(report: &Report, pinned: bool, out: &Output) {
    let fingerprint = report.key.to_string();
    let payloads = if report.opened > 0 || report.size == 0 {
        "opened"
    } else {
        "sealed"
    };
    let value = json!({
        "ok": true,
        "size": report.size,
        "root": report.root,
        "tail": report.tail,
        "payloads": payloads,
        "key": if pinned { "pinned" } else { "unpinned" },
        "fingerprint": fingerprint,
    });
    out.result(&value, || {
        format!(
            "The log verifies: {} events and {} not yet in a checkpoint, payloads {payloads}.\n\
             Key {fingerprint}{}",
            report.size,
            report.tail,
            if pinned {
                ""
            } else {
                " (unpinned: compare it with the one printed at the start)"
            }
        )
    });
}

fn read_key(path: &Path) -> Result<LogKey, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?
        .trim()
        .parse()
        .map_err(|_| Failure::usage(format!("{} holds no log key", path.display())))
}

fn failed(error: LogError) -> Failure {
    match error {
        LogError::Failure(failure) => unverified(failure.first_bad_index, &failure),
        LogError::Payload { index } => unverified(Some(index), &"its payload was altered"),
        other => Failure::unavailable(other.to_string()),
    }
}

fn unverified(index: Option<u64>, failure: &dyn std::fmt::Display) -> Failure {
    match index {
        Some(index) => Failure::unverified(format!(
            "the log does not verify; the first bad index is {index}: {failure}"
        )),
        None => Failure::unverified(format!("the log does not verify: {failure}")),
    }
}
