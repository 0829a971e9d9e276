//! `wardline pager import`: numbers from a file, at the console.

use thiserror::Error;
use wardline_audit::event::Kind;
use wardline_model::wire::integrations::PagerNumbersTaken;
use wardline_store::StoreError;

use crate::config::Config;
use crate::init::{self, InitError};
use crate::keys::HospitalKeys;
use crate::pager::numbers;
use crate::rim::{Clock, random};
use crate::server::open_store;

/// Why a list was not imported; nothing of it was.
#[derive(Debug, Error)]
pub enum PagerImportError {
    /// It cannot be used; every reason.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// Keys or database.
    #[error(transparent)]
    Unavailable(#[from] InitError),
}

impl From<StoreError> for PagerImportError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Imports a list, whole or not at all.
///
/// # Errors
/// See [`PagerImportError`].
pub async fn at_console(
    config: &Config,
    text: &str,
    clock: &Clock,
) -> Result<PagerNumbersTaken, PagerImportError> {
    let read = numbers::read(text).map_err(PagerImportError::Refused)?;
    let keys = HospitalKeys::open(&config.data.dir).map_err(InitError::from)?;
    let store = open_store(config, &keys).map_err(InitError::from)?;
    let mut tx = store.write().await?;
    let (set, removed) = numbers::write(&mut tx, &read, clock.now_ms())
        .await?
        .map_err(PagerImportError::Refused)?;
    let event = init::by_console(store.node(), CHANGED, "hospital", clock.now_ms());
    tx.audit(&event, wardline_audit::Salt(random())).await?;
    tx.commit().await?;
    store.close().await;
    Ok(PagerNumbersTaken { set, removed })
}

const CHANGED: Kind = Kind::named("pager.numbers_changed");
