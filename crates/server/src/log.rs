//! The audit log of a hospital's database, verified and exported beside or without running nodes.

use std::io::{self, Write};
use std::path::Path;

use thiserror::Error;
use wardline_audit::export::{ExportError, Leaf, Writer};
use wardline_audit::verify::{Failure, Report};
use wardline_audit::{Checkpoint, LogKey, LogSigner, SigningKey};
use wardline_seal::{KeyFile, Keyring};
use wardline_store::{NodeKeys, Store, StoreConfig, StoreError, VerifyError};

use crate::balp::{self, Site};
use crate::config::Config;
use crate::keys::{self, HospitalKeys, KeysError};
use crate::rim::random;
use crate::server::{StartError, open_store, store_url};

/// Why a log could not be verified or exported.
#[derive(Debug, Error)]
pub enum LogError {
    /// It does not verify.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The stored payload of an event was altered.
    #[error("the payload of the event at {index} does not open")]
    Payload {
        /// Its index.
        index: u64,
    },
    /// The hospital's keys.
    #[error("keys: {0}")]
    Keys(#[from] KeysError),
    /// Opening the database.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Reading the database.
    #[error("database: {0}")]
    Store(#[from] StoreError),
    /// The export.
    #[error("export: {0}")]
    Export(#[from] ExportError),
    /// Writing the export.
    #[error("export: {0}")]
    Io(#[from] io::Error),
    /// There is no checkpoint yet.
    #[error("the log has no checkpoint yet; start the server once")]
    Empty,
}

impl From<VerifyError> for LogError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Failure(failure) => Self::Failure(failure),
            VerifyError::Payload { index } => Self::Payload { index },
            VerifyError::Store(error) => Self::Store(error),
        }
    }
}

/// The configuration of a data directory with the embedded database.
pub fn embedded(data: &Path) -> Config {
    let mut config = Config::default();
    data.clone_into(&mut config.data.dir);
    config
}

/// Verifies the log of a configuration's database, against a key or the one in the data directory.
/// Payloads are opened where the directory has its key file.
///
/// # Errors
/// The first thing that is wrong.
pub async fn verify(config: &Config, pinned: Option<&LogKey>) -> Result<Report, LogError> {
    let report = if keys::exist(&config.data.dir) {
        let (store, own) = open(config)?;
        let report = store.verify_log(pinned.unwrap_or(&own)).await;
        store.close().await;
        report
    } else {
        let (store, own) = open_sealed(config)?;
        let report = store.verify_sealed_log(pinned.unwrap_or(&own)).await;
        store.close().await;
        report
    };
    Ok(report?)
}

/// Exports the log under its newest checkpoint as NDJSON that verifies by itself.
///
/// # Errors
/// When the database or the writer fails.
pub async fn export(config: &Config, out: impl Write) -> Result<(), LogError> {
    let (store, key) = open(config)?;
    let mut tx = store.read().await?;
    let note = tx.checkpoint().await?.ok_or(LogError::Empty)?;
    let size = Checkpoint::parse_unverified(&note)
        .map_err(|_| LogError::Empty)?
        .size;
    let mut writer = Writer::begin(out, &note, &key)?;
    let mut index = 0;
    while index < size {
        let events = tx.logged_events(index, PAGE).await?;
        if events.is_empty() {
            break;
        }
        for event in events
            .into_iter()
            .take_while(|event| event.index < Some(size))
        {
            writer.leaf(&Leaf::Open(event.opening))?;
            index += 1;
        }
    }
    writer.finish()?.flush()?;
    drop(tx);
    store.close().await;
    Ok(())
}

/// Exports the looks into records as FHIR AuditEvents (IHE BALP), a line each.
///
/// # Errors
/// When the database or the writer fails.
pub async fn export_fhir(config: &Config, mut out: impl Write) -> Result<(), LogError> {
    let (store, key) = open(config)?;
    let site = Site {
        name: key.name().to_owned(),
        address: format!("{}/fhir/R4", address(config)),
    };
    let mut tx = store.read().await?;
    let mut index = 0;
    loop {
        let events = tx.logged_events(index, PAGE).await?;
        if events.is_empty() {
            break;
        }
        for logged in events {
            let event = logged.opening.event().map_err(ExportError::from)?;
            for json in balp::audit_events(&event, index, &site) {
                writeln!(out, "{json}")?;
            }
            index += 1;
        }
    }
    out.flush()?;
    drop(tx);
    store.close().await;
    Ok(())
}

/// Where the hospital's server is, as its configuration names it.
fn address(config: &Config) -> String {
    let said = config
        .server
        .origins
        .iter()
        .find(|it| it.starts_with("https:"));
    said.map_or_else(
        || format!("https://{}", config.server.rp_id),
        |it| it.trim_end_matches('/').to_owned(),
    )
}

const PAGE: u32 = 1000;

/// Opens the database without the hospital's keys. The store wants keys to seal and sign with;
/// these are made up on the spot, and nothing is written.
fn open_sealed(config: &Config) -> Result<(Store, LogKey), LogError> {
    let key = keys::log_key(&config.data.dir)?;
    let file = KeyFile::new("none", random());
    let opened = Keyring::create(&file, random(), random())
        .and_then(|keyring| keyring.open(&file))
        .map_err(KeysError::from)?;
    let node = NodeKeys {
        node: config
            .server
            .node
            .parse()
            .map_err(|_| StartError::Config("the node's name"))?,
        log: LogSigner::new(key.name(), SigningKey::from_bytes(&random()))
            .map_err(|_| StartError::Config("the log's name"))?,
    };
    let url = StoreConfig::new(store_url(config));
    let store = Store::open(&url, opened.sealer, opened.index, node)?;
    Ok((store, key))
}

fn open(config: &Config) -> Result<(Store, LogKey), LogError> {
    let keys = HospitalKeys::open(&config.data.dir)?;
    let key = keys.log.public().clone();
    Ok((open_store(config, &keys)?, key))
}
