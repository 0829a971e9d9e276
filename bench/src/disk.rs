//! What this disk allows: durable commits of plain rows, by SQLite as the store sets it up.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::bench::Outcome;
use crate::clock;
use crate::stats::{Sample, number, rate};

/// A short message as MLS encrypts it with the hybrid suite's AES-256-GCM, in bytes.
pub(crate) const BODY: usize = 400;

/// Commits of one row, and of a hundred.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    /// Single-row commits a second.
    pub(crate) single: f64,
    /// How long each took.
    pub(crate) commit: Sample,
    /// Rows a second in commits of a hundred.
    pub(crate) hundred: f64,
}

impl Disk {
    /// Measures both, each for this long, in a new folder below `scratch`.
    pub(crate) async fn measure(scratch: &Path, time: Duration) -> Outcome<Self> {
        let dir = tempfile::tempdir_in(scratch)?;
        let (single, commit) = commits(&dir.path().join("single.db"), 1, time).await?;
        let (hundred, _) = commits(&dir.path().join("hundred.db"), 100, time).await?;
        Ok(Self {
            single,
            commit,
            hundred,
        })
    }
}

/// Rows a second of a plain table, `rows` to a commit, and the time of each commit.
async fn commits(path: &Path, rows: usize, time: Duration) -> Outcome<(f64, Sample)> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(8192)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "2000")
        .disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::query("CREATE TABLE t (id BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT")
        .execute(&mut connection)
        .await?;
    let body = vec![7_u8; BODY];
    let values: Vec<String> = (0..rows)
        .map(|n| format!("(${},${})", 2 * n + 1, 2 * n + 2))
        .collect();
    let sql: Arc<str> = format!("INSERT INTO t (id, body) VALUES {}", values.join(",")).into();
    let mut written = 0_u64;
    let mut took = Vec::new();
    let start = clock::now();
    while start.elapsed() < time {
        let begun = clock::now();
        // One statement is one transaction: the fastest way to write so many rows durably.
        let mut query = sqlx::query(sqlx::AssertSqlSafe(Arc::clone(&sql)));
        for _ in 0..rows {
            written += 1;
            query = query.bind(spread(written).to_vec()).bind(body.as_slice());
        }
        query.execute(&mut connection).await?;
        took.push(begun.elapsed());
    }
    let elapsed = start.elapsed();
    connection.close().await?;
    Ok((rate(took.len(), elapsed) * number(rows), Sample::new(took)))
}

/// 16 bytes, spread like random ids, so that indexes are filled as in life.
pub(crate) fn spread(n: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id[8..].copy_from_slice(&n.to_be_bytes());
    id
}
