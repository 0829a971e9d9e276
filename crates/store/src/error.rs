//! [`StoreError`]: what can go wrong below every query, named by what the caller can do.

use std::path::PathBuf;

use sqlx::error::ErrorKind;
use sqlx::sqlite::SqliteError;
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
    #[error("the database failed ({cause})")]
    Database {
        /// What an operator can look up: a code or a kind, never the database's own sentence, which
        /// may quote a value.
        cause: String,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
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

    fn unforeseen(error: sqlx::Error) -> Self {
        Self::Database {
            cause: cause(&error),
            source: Box::new(error),
        }
    }

    /// Whether the statement named a table that is not there.
    pub(crate) fn is_missing_table(&self) -> bool {
        let Self::Database { source, .. } = self else {
            return false;
        };
        source
            .downcast_ref::<sqlx::Error>()
            .and_then(|error| error.as_database_error()?.code())
            // PostgreSQL: undefined_table. SQLite has no code of its own for it.
            .is_some_and(|code| matches!(&*code, "42P01" | "1"))
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Database {
            cause: error.kind().to_string(),
            source: Box::new(error),
        }
    }
}

/// What became of a statement, in words that hold no value.
fn cause(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(said) => {
            let code = said.code().unwrap_or_default();
            let engine = if said.try_downcast_ref::<SqliteError>().is_some() {
                "SQLite result code"
            } else {
                "SQLSTATE"
            };
            match meaning(&code) {
                Some(meaning) => format!("{meaning}; {engine} {code}"),
                None => format!("{engine} {code}"),
            }
        }
        sqlx::Error::Io(io) => format!("connection: {}", io.kind()),
        sqlx::Error::Tls(_) => "connection: TLS".to_owned(),
        sqlx::Error::Protocol(_) => "connection: protocol".to_owned(),
        sqlx::Error::ColumnDecode { index, .. } => format!("column {index} does not decode"),
        sqlx::Error::ColumnNotFound(name) => format!("no column {name}"),
        sqlx::Error::RowNotFound => "no row".to_owned(),
        sqlx::Error::WorkerCrashed => "its thread ended".to_owned(),
        _ => "unexpected answer".to_owned(),
    }
}

/// The codes that an operator meets: SQLite's (<https://sqlite.org/rescode.html>) and PostgreSQL's
/// (appendix A of its manual).
fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "13" | "53100" => "the disk is full",
        "11" | "XX001" | "XX002" => "the file is damaged",
        "26" => "the file is no database",
        "14" => "the file cannot be opened",
        "53300" => "too many connections",
        "57P01" | "57P02" | "57P03" => "the server is shutting down or starting",
        "42P01" => "a table is missing",
        "42501" => "the database user may not do this",
        // The low byte is the kind, the rest says where.
        _ if code.parse::<u32>().is_ok_and(|code| code & 0xff == 10) => "the disk does not answer",
        _ => return None,
    })
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = &error else {
            return match error {
                sqlx::Error::PoolClosed => Self::Closed,
                sqlx::Error::PoolTimedOut => Self::Busy,
                other => Self::unforeseen(other),
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
            _ => Self::unforeseen(error),
        }
    }
}
