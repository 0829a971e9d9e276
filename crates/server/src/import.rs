//! `wardline import fhir`: records from files into the built-in store, sealed.

use std::path::PathBuf;

use serde::Serialize;
use wardline_audit::event::Kind;
use wardline_fhir::import::{Limits, import};

use crate::canaries;
use crate::charts;
use crate::config::Config;
use crate::init::{self, InitError};
use crate::keys::HospitalKeys;
use crate::rim::Clock;
use crate::server::open_store;

/// What was imported. File names and places only: never what stands in a record.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Files read.
    pub files: usize,
    /// Resources stored.
    pub resources: usize,
    /// Patients among them.
    pub patients: usize,
    /// Entries that were left out, each with its file and place.
    pub errors: Vec<String>,
}

/// Imports files; a file that cannot be read leaves the others as they are. Repeating an import
/// changes nothing.
///
/// # Errors
/// When the keys or the database fail.
pub async fn fhir(config: &Config, files: &[PathBuf], clock: &Clock) -> Result<Report, InitError> {
    let keys = HospitalKeys::open(&config.data.dir)?;
    let store = open_store(config, &keys)?;
    let mut report = Report::default();
    for file in files {
        let name = file
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                report.errors.push(format!("{name}: {error}"));
                continue;
            }
        };
        report.files += 1;
        let imported = match import(&bytes, Limits::default()) {
            Ok(imported) => imported,
            Err(error) => {
                report.errors.push(format!("{name}: {error}"));
                continue;
            }
        };
        let mut tx = store.write().await?;
        let mut resources = Vec::with_capacity(imported.resources.len());
        for (place, resource) in imported.resources.into_iter().enumerate() {
            // A file brings nobody's record, and changes none that was made up.
            match resource.patient() {
                Some(patient) if canaries::is_one(&mut tx, &patient).await? => {
                    let why = "is of a record that no file may change; ask the privacy office";
                    report
                        .errors
                        .push(format!("{name}: resource {place} {why}"));
                }
                _ => resources.push(resource),
            }
        }
        charts::put(&mut tx, &resources, clock.now_ms()).await?;
        tx.commit().await?;
        report.resources += resources.len();
        report.patients += resources
            .iter()
            .filter(|r| r.resource_type() == "Patient")
            .count();
        report.errors.extend(
            imported
                .errors
                .iter()
                .map(|error| format!("{name}: {error}")),
        );
    }
    init::record(&store, IMPORTED, "hospital", clock.now_ms()).await?;
    store.close().await;
    Ok(report)
}

const IMPORTED: Kind = Kind::named("chart.imported");
