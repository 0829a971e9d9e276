//! Where the engines differ: opening, locks, and statements made for a number of rows.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use wardline_model::{DeviceId, GroupId, InviteId, UserId};

use crate::StoreError;
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all};
use crate::store::{Conn, Tx};
use crate::wal;

/// Begins a transaction that takes SQLite's write lock at once, so that it never fails half-way
/// because another one wrote since its first read.
pub(crate) const SQLITE_WRITE: &str = "BEGIN IMMEDIATE";
/// Begins a transaction that sees one state of the database throughout.
pub(crate) const SQLITE_READ: &str = "BEGIN";
/// As [`SQLITE_WRITE`]; what must not change meanwhile is locked by the functions below.
pub(crate) const POSTGRES_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// As [`SQLITE_READ`].
pub(crate) const POSTGRES_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// SQLite's two pools over one file.
#[derive(Debug, Clone)]
pub(crate) struct SqlitePools {
    /// One connection: SQLite has one writer.
    pub(crate) writer: SqlitePool,
    /// Readers of the WAL, which the writer never blocks.
    pub(crate) readers: SqlitePool,
    /// One connection, which takes the WAL over into the database.
    pub(crate) copier: SqlitePool,
}

/// Opens a SQLite file, or makes a new one where there is none.
pub(crate) fn sqlite(path: &Path, readers: u32, create: bool) -> Result<SqlitePools, StoreError> {
    if create {
        // For the service's own user only; SQLite gives the WAL the same mode.
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
        {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(StoreError::Exists(path.to_owned()));
            }
            Err(error) => return Err(error.into()),
        }
    } else if !path.exists() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .page_size(4096)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: a commit that returned survives power loss, not only a crash of the process.
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", wal::LONGEST)
        .pragma("cache_size", "-8000")
        .pragma("temp_store", "memory")
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    let pool = |size| {
        SqlitePoolOptions::new()
            .max_connections(size)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(ACQUIRE_TIMEOUT)
    };
    Ok(SqlitePools {
        writer: pool(1).connect_lazy_with(options.clone()),
        copier: pool(1).connect_lazy_with(options.clone()),
        readers: pool(readers).connect_lazy_with(options.pragma("query_only", "on")),
    })
}

/// Opens PostgreSQL.
pub(crate) fn postgres(url: &str, connections: u32) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Url)?
        .application_name("wardline")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options))
}

impl Tx {
    /// Keeps others from changing a group until this transaction ends; on SQLite nobody can.
    pub(crate) async fn lock_group(&mut self, group: GroupId) -> Result<(), StoreError> {
        self.lock(
            "SELECT 1 FROM groups WHERE group_id = $1 FOR UPDATE",
            group.raw(),
        )
        .await
    }

    /// Makes changes of these devices wait for each other. A transaction that changes several names
    /// all of them at once, before it writes anything: they are locked in one order everywhere, so
    /// that no two transactions wait for each other in turn.
    pub async fn lock_devices(&mut self, devices: &[DeviceId]) -> Result<(), StoreError> {
        if let Conn::Postgres(transaction) = &mut self.conn {
            let mut devices = devices.to_vec();
            devices.sort_unstable();
            for ids in devices.chunks(MAX_IN) {
                let sql = format!(
                    "SELECT 1 FROM devices WHERE device_id IN ({}) ORDER BY device_id FOR UPDATE",
                    placeholders(1, ids.len())
                );
                bind_all!(sqlx::query(sqlx::AssertSqlSafe(sql)), ids, |q, id| q
                    .bind(id.raw()))
                .execute(&mut **transaction)
                .await?;
            }
        }
        Ok(())
    }

    /// The facts of a group of rows as one JSON text, an array for each: the engines take longer to
    /// hand over a row than to read it.
    pub(crate) const fn collected_facts(&self) -> &'static str {
        match self.conn {
            Conn::Sqlite(_) => {
                "json_group_array(json_array(name, provenance, value, observed_at, evidence))"
            }
            Conn::Postgres(_) => {
                "json_agg(json_build_array(name, provenance, value, observed_at, evidence))::text"
            }
        }
    }

    /// Makes whatever is claimed or counted of these people wait for each other, on whichever of their
    /// devices it is asked for.
    pub async fn lock_devices_of(&mut self, users: &[UserId]) -> Result<(), StoreError> {
        if let Conn::Postgres(transaction) = &mut self.conn {
            let sql = format!(
                "SELECT 1 FROM devices WHERE user_id IN ({}) ORDER BY device_id FOR UPDATE",
                placeholders(1, users.len())
            );
            bind_all!(sqlx::query(sqlx::AssertSqlSafe(sql)), users, |q, user| q
                .bind(user.raw()))
            .execute(&mut **transaction)
            .await?;
        }
        Ok(())
    }

    /// Makes calls of one person's pager wait for each other; who has no number is not called.
    pub(crate) async fn lock_pager_number(&mut self, user: UserId) -> Result<(), StoreError> {
        self.lock(
            "SELECT 1 FROM pager_numbers WHERE user_id = $1 FOR UPDATE",
            user.raw(),
        )
        .await
    }

    /// Makes guesses at one invitation's code wait for each other.
    pub(crate) async fn lock_invite(&mut self, handle: &str) -> Result<(), StoreError> {
        self.lock(
            "SELECT 1 FROM invites WHERE handle = $1 FOR UPDATE",
            handle.raw(),
        )
        .await
    }

    /// Makes whoever uses or ends an invitation wait for each other.
    pub(crate) async fn lock_invite_by_id(&mut self, id: InviteId) -> Result<(), StoreError> {
        self.lock(
            "SELECT 1 FROM invites WHERE invite_id = $1 FOR UPDATE",
            id.raw(),
        )
        .await
    }

    /// The statement that reads the end of a node's chain, and on PostgreSQL makes the node's
    /// transactions append to it one after the other.
    pub(crate) fn select_chain(&self) -> &'static str {
        match self.conn {
            Conn::Sqlite(_) => "SELECT seq, chain FROM audit_heads WHERE node = $1",
            Conn::Postgres(_) => "SELECT seq, chain FROM audit_heads WHERE node = $1 FOR UPDATE",
        }
    }

    /// The end of the statement that reads the heads of groups for the group commit.
    pub(crate) fn lock_heads(&self) -> &'static str {
        match self.conn {
            Conn::Sqlite(_) => "",
            // In one order everywhere, so that two nodes never wait for each other.
            Conn::Postgres(_) => " ORDER BY group_id FOR UPDATE",
        }
    }

    /// A number that changes when another process wrote to the SQLite file.
    pub(crate) async fn data_version(&mut self) -> Result<i64, StoreError> {
        match &mut self.conn {
            Conn::Sqlite(transaction) => {
                let (version,) = sqlx::query_as::<_, (i64,)>("PRAGMA data_version")
                    .fetch_one(&mut **transaction)
                    .await?;
                Ok(version)
            }
            Conn::Postgres(_) => Ok(0),
        }
    }

    /// Makes nodes migrate, sequence the log, change schedules and care teams, and approve policies
    /// one after the other.
    pub(crate) async fn lock_whole(&mut self, what: AdvisoryLock) -> Result<(), StoreError> {
        if let Conn::Postgres(transaction) = &mut self.conn {
            sqlx::query("SELECT pg_advisory_xact_lock($1)")
                .bind(LOCK_SPACE + what as i64)
                .execute(&mut **transaction)
                .await?;
        }
        Ok(())
    }

    async fn lock<T>(&mut self, sql: &'static str, key: T) -> Result<(), StoreError>
    where
        T: for<'q> sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send,
    {
        if let Conn::Postgres(transaction) = &mut self.conn {
            sqlx::query(sql)
                .bind(key)
                .execute(&mut **transaction)
                .await?;
        }
        Ok(())
    }
}

/// What a node may have to itself for the length of a transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AdvisoryLock {
    /// Changing the schema.
    Migration = 1,
    /// Giving events their place in the log.
    Sequencer = 2,
    /// Changing who is on call.
    Schedules = 3,
    /// Changing who cares for a patient.
    CareTeams = 4,
    /// Approving policies.
    Policies = 5,
}

/// `$first, $first+1, …`: `count` placeholders.
pub(crate) fn placeholders(first: usize, count: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(count * 5);
    for n in first..first + count {
        if n > first {
            text.push(',');
        }
        // Writing to a String has no error.
        let _ = write!(text, "${n}");
    }
    text
}

/// A statement for any number of rows, whose texts are built once: a batch is cut into runs of
/// few different lengths, so that the engines' caches of prepared statements stay small and warm.
///
/// One that looks rows up by those it is given has to say in which order: of many rows SQLite reads
/// the whole table rather than seeking each. `CROSS JOIN` settles it; in an `UPDATE`, where there is
/// none, a `COALESCE` around the given key, which SQLite cannot make an index of.
#[derive(Debug)]
pub(crate) struct ManyRows {
    sqlite: HashMap<usize, Arc<str>>,
    postgres: HashMap<usize, Arc<str>>,
}

impl ManyRows {
    /// Prepares `before ‖ rows ‖ after`, where each row has these columns: `$` is a placeholder and
    /// everything else stands as it is. `after` holds no placeholder.
    pub(crate) fn new(before: &str, columns: &[&str], after: &str) -> Self {
        let lengths = || (1..RUN).chain((RUN..=MAX_ROWS).step_by(RUN));
        let texts = |numbered| {
            lengths().map(move |n| {
                let text = format!("{before}{}{after}", rows(columns, n, numbered));
                (n, text.into())
            })
        };
        Self {
            sqlite: texts(false).collect(),
            postgres: texts(true).collect(),
        }
    }

    /// Cuts items into runs, each with the statement that takes it: two for any batch of up to
    /// [`MAX_ROWS`].
    pub(crate) fn cut<'a, T>(
        &'a self,
        tx: &Tx,
        mut items: &'a [T],
    ) -> impl Iterator<Item = (Arc<str>, &'a [T])> + use<'a, T> {
        let texts = match tx.conn {
            Conn::Sqlite(_) => &self.sqlite,
            Conn::Postgres(_) => &self.postgres,
        };
        std::iter::from_fn(move || {
            let most = items.len().min(MAX_ROWS);
            let length = if most < RUN { most } else { most - most % RUN };
            let text = texts.get(&length)?;
            let (run, rest) = items.split_at(length);
            items = rest;
            Some((Arc::clone(text), run))
        })
    }
}

/// `($1,'x',$2),($3,'x',$4),…`. SQLite gets `?` for each placeholder, because sqlx looks up the
/// name of each numbered one, which takes SQLite a walk over all of them.
fn rows(columns: &[&str], rows: usize, numbered: bool) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(rows * columns.len() * 6);
    let mut next = 1;
    for row in 0..rows {
        text.push_str(if row > 0 { ",(" } else { "(" });
        for (n, column) in columns.iter().enumerate() {
            if n > 0 {
                text.push(',');
            }
            match (*column, numbered) {
                ("$", true) => {
                    // Writing to a String has no error.
                    let _ = write!(text, "${next}");
                    next += 1;
                }
                ("$", false) => text.push('?'),
                (literal, _) => text.push_str(literal),
            }
        }
        text.push(')');
    }
    text
}

/// The most rows of one statement.
pub(crate) const MAX_ROWS: usize = 256;
/// Runs are shorter than this, or a multiple of it.
const RUN: usize = 16;

/// Distinguishes our advisory locks from those of others in the same database.
const LOCK_SPACE: i64 = 0x7761_7264_0000;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(15);
const STATEMENTS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::append::{HEADS, TAKEN};
    use crate::hl7::KNOWN;
    use crate::migrate::MIGRATIONS;
    use crate::posture::ASSESSMENTS;

    #[tokio::test]
    async fn however_many_rows_are_asked_for_no_table_is_read_through() {
        let pool = SqlitePool::connect("sqlite::memory:")
            .await
            .expect("SQLite");
        let mut conn = pool.acquire().await.expect("a connection");
        for migration in MIGRATIONS {
            let made = sqlx::raw_sql(migration.sqlite).execute(&mut *conn).await;
            made.expect("the schema");
        }
        for many in [&TAKEN, &HEADS, &ASSESSMENTS, &KNOWN] {
            assert!(many.sqlite.len() > RUN);
            for text in many.sqlite.values() {
                let given = text.split(' ').nth(1).expect("its name");
                let explain = format!("EXPLAIN QUERY PLAN {text}");
                let plan: Vec<(i64, i64, i64, String)> =
                    sqlx::query_as(sqlx::AssertSqlSafe(explain))
                        .fetch_all(&mut *conn)
                        .await
                        .expect("a plan");
                assert!(plan.iter().any(|step| step.3.starts_with("SEARCH ")));
                for (.., step) in plan {
                    let read_through = step.starts_with("SCAN ")
                        && !step.contains("CONSTANT ROW")
                        && step != format!("SCAN {given}");
                    assert!(!read_through, "{step}: {text:.120}");
                }
            }
        }
    }
}
