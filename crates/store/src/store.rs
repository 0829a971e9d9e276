//! [`Store`] and [`Tx`]: one database, one transaction.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, PgPool, Postgres, Sqlite, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};
use wardline_audit::event::NodeName;
use wardline_audit::tree::Appender;
use wardline_audit::{LogKey, LogSigner};
use wardline_seal::{BlindIndex, Sealer};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::append::{self, Job};
use crate::audit::ChainEnd;
use crate::cache::Cache;
use crate::dialect::{self, SqlitePools};
use crate::wal::Written;

/// Where the database is.
#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite:PATH` or `postgres://…`. It may hold a password and is never shown.
    pub url: String,
    /// Connections that read (SQLite), or connections in all (PostgreSQL).
    pub connections: u32,
}

impl StoreConfig {
    /// The usual number of connections.
    pub const CONNECTIONS: u32 = 8;

    /// A database with the usual number of connections.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: Self::CONNECTIONS,
        }
    }

    fn sqlite_path(&self) -> Option<PathBuf> {
        let path = self.url.strip_prefix("sqlite:")?;
        Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

/// Who writes events here, and the key that signs them.
#[derive(Debug, Clone)]
pub struct NodeKeys {
    /// This node's name; every event it records carries it. Two running nodes never share one.
    pub node: NodeName,
    /// The audit log's key. Its name is the log's origin.
    pub log: LogSigner,
}

/// The database: SQLite or PostgreSQL behind one set of functions.
///
/// Cloning is cheap and gives the same store. When the last clone is gone the store closes;
/// [`Store::close`] does so and waits.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    pub(crate) jobs: mpsc::Sender<Job>,
    pub(crate) sequencer: Arc<Mutex<Option<Appender>>>,
}

/// What every transaction needs.
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    pub(crate) sealer: Sealer,
    pub(crate) index: BlindIndex,
    pub(crate) keys: NodeKeys,
    /// What is known of the database without asking it. On SQLite whoever writes holds this
    /// lock, and so it is right; on PostgreSQL only the group commit uses it.
    pub(crate) writer: Arc<Mutex<Cache>>,
    /// Told of commits, on SQLite.
    written: Option<Written>,
}

#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePools),
    Postgres(PgPool),
}

impl Store {
    /// Opens an existing database. Nothing is created and nothing migrated.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such SQLite file, [`StoreError::Url`]. A server
    /// that is down shows at the first transaction.
    ///
    /// # Panics
    /// Outside a Tokio runtime: the group commit is a task.
    pub fn open(
        config: &StoreConfig,
        sealer: Sealer,
        index: BlindIndex,
        keys: NodeKeys,
    ) -> Result<Self, StoreError> {
        let pool = match config.sqlite_path() {
            Some(path) => Pool::Sqlite(dialect::sqlite(&path, config.connections, false)?),
            None => Pool::Postgres(postgres(config)?),
        };
        Ok(Self::start(pool, sealer, index, keys))
    }

    /// Creates a SQLite file, or takes an empty PostgreSQL database, and migrates it.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is such a SQLite file already.
    ///
    /// # Panics
    /// As [`Store::open`].
    pub async fn create(
        config: &StoreConfig,
        sealer: Sealer,
        index: BlindIndex,
        keys: NodeKeys,
    ) -> Result<Self, StoreError> {
        let pool = match config.sqlite_path() {
            Some(path) => Pool::Sqlite(dialect::sqlite(&path, config.connections, true)?),
            None => Pool::Postgres(postgres(config)?),
        };
        let store = Self::start(pool, sealer, index, keys);
        store.migrate().await?;
        Ok(store)
    }

    fn start(pool: Pool, sealer: Sealer, index: BlindIndex, keys: NodeKeys) -> Self {
        let writer = Arc::new(Mutex::new(Cache::default()));
        let written = match &pool {
            Pool::Sqlite(pools) => Some(Written::start(pools.copier.clone())),
            Pool::Postgres(_) => None,
        };
        let shared = Arc::new(Shared {
            pool,
            sealer,
            index,
            keys,
            writer,
            written,
        });
        let jobs = append::start(Arc::clone(&shared));
        Self {
            shared,
            jobs,
            sequencer: Arc::default(),
        }
    }

    /// Begins a transaction that only reads and sees one state of the database throughout.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let conn = match &self.shared.pool {
            Pool::Sqlite(pools) => Conn::Sqlite(Held::Whole(
                pools.readers.begin_with(dialect::SQLITE_READ).await?,
            )),
            Pool::Postgres(pool) => {
                Conn::Postgres(Held::Whole(pool.begin_with(dialect::POSTGRES_READ).await?))
            }
        };
        Ok(self.over(conn))
    }

    /// Takes a connection for a statement that reads, or several of which each may see another
    /// state of the database. It saves what a transaction costs: two waits for the thread of the
    /// SQLite connection, or two round trips to PostgreSQL.
    pub async fn look(&self) -> Result<Tx, StoreError> {
        let conn = match &self.shared.pool {
            Pool::Sqlite(pools) => Conn::Sqlite(Held::Single(pools.readers.acquire().await?)),
            Pool::Postgres(pool) => Conn::Postgres(Held::Single(pool.acquire().await?)),
        };
        Ok(self.over(conn))
    }

    fn over(&self, conn: Conn) -> Tx {
        Tx {
            conn,
            shared: Arc::clone(&self.shared),
            writer: None,
            chain: None,
        }
    }

    /// Begins a transaction that writes. On SQLite it is the only one until it ends, so keep it
    /// short and await nothing else inside.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        Tx::write(Arc::clone(&self.shared)).await
    }

    /// Runs a whole transaction, again when another one was in its way, [`RETRIES`] times at
    /// most. It commits when `work` succeeds; a refusal that is to be recorded is a success.
    ///
    /// `work` must have no effect outside of the transaction.
    ///
    /// # Errors
    /// What `work` or the commit failed with last.
    pub async fn retrying<T, F>(&self, mut work: F) -> Result<T, StoreError>
    where
        F: for<'t> FnMut(&'t mut Tx) -> TxFuture<'t, T>,
    {
        let mut attempt = 0;
        loop {
            let mut tx = self.write().await?;
            let result = match work(&mut tx).await {
                Ok(value) => tx.commit().await.map(|()| value),
                Err(error) => Err(error),
            };
            match result {
                Err(error) if error.is_busy() && attempt < RETRIES => {
                    tokio::time::sleep(Duration::from_millis(2 << attempt)).await;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    /// Makes blind tokens under this hospital's key.
    pub fn index(&self) -> &BlindIndex {
        &self.shared.index
    }

    /// The audit log's public key; its name is the log's origin.
    pub fn log_key(&self) -> &LogKey {
        self.shared.keys.log.public()
    }

    /// This node's name.
    pub fn node(&self) -> &NodeName {
        &self.shared.keys.node
    }

    /// Closes every connection, after what is under way is done.
    pub async fn close(self) {
        let Self { shared, jobs, .. } = self;
        drop(jobs);
        match &shared.pool {
            Pool::Sqlite(pools) => {
                pools.readers.close().await;
                pools.copier.close().await;
                pools.writer.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine = match self.shared.pool {
            Pool::Sqlite(_) => "sqlite",
            Pool::Postgres(_) => "postgres",
        };
        write!(f, "Store({engine}, node {})", self.shared.keys.node)
    }
}

/// The work of [`Store::retrying`].
pub type TxFuture<'t, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 't>>;

/// How often [`Store::retrying`] tries again.
pub const RETRIES: u32 = 6;

/// A transaction, or a connection for single statements ([`Store::look`]). Dropped without
/// [`Tx::commit`], it leaves nothing behind.
pub struct Tx {
    pub(crate) conn: Conn,
    pub(crate) shared: Arc<Shared>,
    /// SQLite's write lock and what is known under it. Declared after `conn`, so that the
    /// connection is given back first.
    pub(crate) writer: Option<OwnedMutexGuard<Cache>>,
    /// The end of this node's chain of events, once this transaction recorded one.
    pub(crate) chain: Option<ChainEnd>,
}

pub(crate) enum Conn {
    Sqlite(Held<Sqlite>),
    Postgres(Held<Postgres>),
}

/// A connection with a transaction on it, or without.
pub(crate) enum Held<DB: Database> {
    Whole(Transaction<'static, DB>),
    Single(PoolConnection<DB>),
}

impl<DB: Database> Held<DB> {
    async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Whole(transaction) => transaction.commit().await,
            Self::Single(_) => Ok(()),
        }
    }

    async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Whole(transaction) => transaction.rollback().await,
            Self::Single(_) => Ok(()),
        }
    }
}

impl<DB: Database> Deref for Held<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        match self {
            Self::Whole(transaction) => transaction,
            Self::Single(connection) => connection,
        }
    }
}

impl<DB: Database> DerefMut for Held<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match self {
            Self::Whole(transaction) => transaction,
            Self::Single(connection) => connection,
        }
    }
}

impl Tx {
    pub(crate) async fn write(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let (conn, writer) = match &shared.pool {
            Pool::Sqlite(pools) => {
                let writer = Arc::clone(&shared.writer).lock_owned().await;
                let transaction = pools.writer.begin_with(dialect::SQLITE_WRITE).await?;
                (Conn::Sqlite(Held::Whole(transaction)), Some(writer))
            }
            Pool::Postgres(pool) => (
                Conn::Postgres(Held::Whole(pool.begin_with(dialect::POSTGRES_WRITE).await?)),
                None,
            ),
        };
        let mut tx = Self {
            conn,
            shared,
            writer,
            chain: None,
        };
        if tx.writer.is_some() {
            let version = tx.data_version().await?;
            if let Some(cache) = &mut tx.writer {
                if cache.version != version {
                    cache.clear();
                }
                cache.version = version;
            }
        }
        Ok(tx)
    }

    /// Makes everything in this transaction durable, the signed head of this node's chain of
    /// events included. When this returns `Ok`, it survives power loss.
    ///
    /// # Errors
    /// [`StoreError::Busy`] and others; nothing was changed then, unless the connection broke
    /// while the answer was under way.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let signed = self.sign_chain().await;
        let Self {
            conn,
            mut writer,
            chain,
            shared,
        } = self;
        // Forgotten before and remembered after: whoever drops this future half-way does not know
        // what became of the commit.
        let before = writer.as_mut().and_then(|cache| cache.chain.take());
        signed?;
        let done = match conn {
            Conn::Sqlite(transaction) => transaction.commit().await,
            Conn::Postgres(transaction) => transaction.commit().await,
        };
        if let Some(mut cache) = writer {
            match &done {
                Ok(()) => cache.chain = chain.or(before),
                Err(_) => cache.clear(),
            }
        }
        done?;
        if let Some(written) = &shared.written {
            written.tell();
        }
        Ok(())
    }

    /// Takes everything back.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.conn {
            Conn::Sqlite(transaction) => transaction.rollback().await?,
            Conn::Postgres(transaction) => transaction.rollback().await?,
        }
        Ok(())
    }

    /// Seals a value for its column and row.
    pub(crate) fn seal(
        &self,
        column: &str,
        row: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        Ok(self.shared.sealer.seal(column, row, plain)?)
    }

    /// Opens a value of a column and row.
    pub(crate) fn open(
        &self,
        column: &str,
        row: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        Ok(self.shared.sealer.open(column, row, sealed)?)
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx(…)")
    }
}

fn postgres(config: &StoreConfig) -> Result<PgPool, StoreError> {
    if config.url.starts_with("postgres://") || config.url.starts_with("postgresql://") {
        dialect::postgres(&config.url, config.connections)
    } else {
        Err(StoreError::Url)
    }
}
