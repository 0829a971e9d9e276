//! `wardline import staff`: where people who work here live, and their own records, to be compared with patients.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::Serialize;
use thiserror::Error;
use wardline_access::replay::ReplayError;
use wardline_access::staff::read;
use wardline_audit::event::Kind;
use wardline_store::StoreError;

use crate::config::Config;
use crate::init::{self, InitError};
use crate::keys::HospitalKeys;
use crate::rim::Clock;
use crate::server::open_store;

/// What was imported: counts, and no names.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// People who were found.
    pub people: usize,
    /// Rows that could not be read.
    pub malformed: u64,
    /// Rows of people whom nobody knows here.
    pub unknown: usize,
}

/// Why nothing was imported.
#[derive(Debug, Error)]
pub enum StaffError {
    /// There is no such file, or it cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
    /// It is no file of people.
    #[error(transparent)]
    Malformed(#[from] ReplayError),
    /// The keys or the database.
    #[error(transparent)]
    Hospital(#[from] InitError),
}

impl From<StoreError> for StaffError {
    fn from(error: StoreError) -> Self {
        Self::Hospital(error.into())
    }
}

/// Imports a file: of each person it names, what it says replaces what was known. Only tokens are stored.
///
/// # Errors
/// [`StaffError`]; nothing is imported then.
pub async fn import(config: &Config, file: &Path, clock: &Clock) -> Result<Report, StaffError> {
    let (staff, malformed) = read(File::open(file)?)?;
    let keys = HospitalKeys::open(&config.data.dir).map_err(InitError::from)?;
    let store = open_store(config, &keys).map_err(InitError::from)?;
    let mut report = Report {
        malformed,
        ..Report::default()
    };
    let mut tx = store.write().await?;
    for one in &staff {
        let Some(person) = tx.person_by_username(&one.username).await? else {
            report.unknown += 1;
            continue;
        };
        let (area, number) = (one.area.as_deref(), one.mrn.as_deref());
        tx.put_staff_marks(person.user_id, area, number).await?;
        report.people += 1;
    }
    tx.commit().await?;
    init::record(&store, IMPORTED, "hospital", clock.now_ms()).await?;
    store.close().await;
    Ok(report)
}

const IMPORTED: Kind = Kind::named("staff.imported");
