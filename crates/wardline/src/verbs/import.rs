//! `wardline import`: records from files.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use wardline_server::rim::Clock;
use wardline_server::staff::{self, StaffError};

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::serve::hospital;

/// `wardline import …`.
#[derive(Subcommand)]
pub(crate) enum Import {
    /// FHIR R4 resources: bundles, single resources or NDJSON, plain or gzip.
    Fhir {
        /// A folder of files, or one file.
        path: PathBuf,
        /// The configuration file of the hospital.
        #[arg(long, conflicts_with = "data")]
        config: Option<PathBuf>,
        /// The data directory of a demo.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// People who work here, to compare with patients whose charts they open: CSV with the columns `username`,
    /// `area` (the postal code of their home) and `mrn` (their number as a patient), each where it is known. Only
    /// keyed tokens of it are stored.
    Staff {
        /// The file.
        file: PathBuf,
        /// The configuration file of the hospital.
        #[arg(long, conflicts_with = "data")]
        config: Option<PathBuf>,
        /// The data directory of a demo.
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

impl Import {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        let (path, config, data) = match self {
            Self::Fhir { path, config, data } => (path, config, data),
            Self::Staff { file, config, data } => {
                return staff(&file, config.as_deref(), data, out).await;
            }
        };
        let settings = hospital(config.as_deref(), data)?;
        let mut files: Vec<PathBuf> = if path.is_dir() {
            std::fs::read_dir(&path)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?
                .filter_map(|entry| entry.ok().map(|e| e.path()))
                .filter(|p| {
                    let name = p.to_string_lossy();
                    [".json", ".json.gz", ".ndjson", ".ndjson.gz"]
                        .iter()
                        .any(|end| name.ends_with(end))
                })
                .collect()
        } else {
            vec![path]
        };
        files.sort();
        let report = wardline_server::import::fhir(&settings, &files, &Clock::default())
            .await
            .map_err(|error| Failure::unavailable(error.to_string()))?;
        out.result(&report, || {
            format!(
                "{} resources of {} patients from {} files; {} entries left out.",
                report.resources,
                report.patients,
                report.files,
                report.errors.len()
            )
        });
        if report.resources == 0 {
            return Err(Failure::refused("nothing could be imported"));
        }
        Ok(())
    }
}

async fn staff(
    file: &Path,
    config: Option<&Path>,
    data: Option<PathBuf>,
    out: Output,
) -> Result<(), Failure> {
    let settings = hospital(config, data)?;
    let report = staff::import(&settings, file, &Clock::default())
        .await
        .map_err(|error| match error {
            StaffError::Hospital(error) => Failure::unavailable(error.to_string()),
            error => Failure::usage(format!("{}: {error}", file.display())),
        })?;
    out.result(&report, || {
        format!(
            "{} people; {} rows of people whom nobody knows here, {} that could not be read.",
            report.people, report.unknown, report.malformed
        )
    });
    if report.people == 0 {
        return Err(Failure::refused("nothing could be imported"));
    }
    Ok(())
}
