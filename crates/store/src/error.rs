//! [`StoreError`]: what can go wrong below every query, named by what the caller can do.

use std::path::PathBuf;

use sqlx::error::ErrorKind;
use thiserror::Error;
use wardline_audit::event::EventError;
use wardline_seal::SealError;

/// Why the store did not do it. No message quotes a stored value.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Opening never creates, so that a wrong path cannot start an empty hospital.
    #[error("there is no database at {0}; check the path, or create one with `wardline init`")]
    Missing(PathBuf),
    /// Creating never overwrites.
    #[error("there is a database at {0} already")]
    Exists(PathBuf),
    /// Neither `sqlite:PATH` nor `postgres://…`.
    #[error("the database URL must be sqlite:PATH or postgres://HOST/NAME")]
    Url,
    /// The schema is older than the program: run `wardline migrate`.
    #[error(
        "the database is at schema {found}, this program needs {needed}; run `wardline migrate`"
    )]
    Outdated {
        /// What the database has.
        found: u64,
        /// What this program needs.
        needed: u64,
    },
    /// The schema is newer than the program.
    #[error("the database is at schema {found}, newer than this program's {needed}; upgrade it")]
    TooNew {
        /// What the database has.
        found: u64,
        /// What this program knows.
        needed: u64,
    },
    /// Something unique is there already, or something referred to is not.
    #[error("the change contradicts what is stored ({0})")]
    Conflict(String),
    /// Another transaction was in the way; nothing was changed and a retry may succeed.
    #[error("the database is busy; try again")]
    Busy,
    /// A write was asked of a transaction that only reads.
    #[error("a write in a transaction that only reads")]
    ReadOnly,
    /// A stored value does not open: altered, moved, or sealed under unknown keys.
    #[error("a sealed value does not open")]
    Seal(#[from] SealError),
    /// A stored value is not of the form that this program writes.
    #[error("the database holds something unexpected in {0}")]
    Corrupt(&'static str),
    /// The audit event has no canonical form, or names another node.
    #[error("the audit event cannot be recorded")]
    Event(#[from] EventError),
    /// The audit event names another node than the one that records it.
    #[error("the audit event names another node")]
    ForeignEvent,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// Anything else the database said: disk full, connection lost.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Whether the same transaction may succeed when run again.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }

    /// Whether something unique was there already.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = &error else {
            return match error {
                sqlx::Error::PoolClosed => Self::Closed,
                sqlx::Error::PoolTimedOut => Self::Busy,
                other => Self::Database(Box::new(other)),
            };
        };
        match database.kind() {
            ErrorKind::UniqueViolation | ErrorKind::ForeignKeyViolation => {
                // The names of columns or of the constraint; PostgreSQL's message has no values
                // (those stand in its detail).
                return Self::Conflict(database.message().to_owned());
            }
            _ => {}
        }
        match database.code().as_deref() {
            // PostgreSQL: read_only_sql_transaction. SQLite: READONLY.
            Some("25006" | "8") => Self::ReadOnly,
            // PostgreSQL: serialization failure, deadlock. SQLite: BUSY and its extended codes.
            Some("40001" | "40P01" | "5" | "261" | "517" | "773") => Self::Busy,
            _ => Self::Database(Box::new(error)),
        }
    }
}
