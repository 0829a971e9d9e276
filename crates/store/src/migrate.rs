//! Bringing a database to the schema of this program.
//!
//! The two folders under `migrations/` hold the same numbers and names; a test migrates both
//! engines and compares what comes out.

use sqlx::Executor as _;

use crate::StoreError;
use crate::dialect::AdvisoryLock;
use crate::rows::{execute, fetch_one, on_engine};
use crate::store::{Conn, Store};

pub(crate) struct Migration {
    version: u64,
    name: &'static str,
    pub(crate) sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }
    };
}

pub(crate) const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_init"),
    migration!(2, "0002_devices"),
    migration!(3, "0003_assessments"),
    migration!(4, "0004_orders"),
    migration!(5, "0005_attested_serials"),
    migration!(6, "0006_factors"),
    migration!(7, "0007_risk"),
    migration!(8, "0008_policies"),
    migration!(9, "0009_cards"),
    migration!(10, "0010_openings"),
    migration!(11, "0011_device_order"),
    migration!(12, "0012_managers"),
    migration!(13, "0013_position"),
    migration!(14, "0014_escalations"),
    migration!(15, "0015_schedules"),
    migration!(16, "0016_push"),
    migration!(17, "0017_attachments"),
    migration!(19, "0019_teams"),
    migration!(20, "0020_quiet"),
    migration!(22, "0022_integrations"),
    migration!(23, "0023_glass"),
    migration!(24, "0024_records"),
    migration!(25, "0025_lines"),
    migration!(26, "0026_asked"),
    migration!(28, "0028_disowned"),
    migration!(29, "0029_owner_notices"),
    migration!(30, "0030_heard"),
    migration!(31, "0031_hl7"),
    migration!(33, "0033_versions"),
    migration!(34, "0034_resource_terms"),
    migration!(35, "0035_critical"),
    migration!(36, "0036_ties"),
    migration!(37, "0037_canaries"),
    migration!(38, "0038_snooping"),
    migration!(39, "0039_ehr"),
];

impl Store {
    /// Brings the database to this program's schema, each step in a transaction of its own;
    /// gives the names of the steps that were run. Nodes that start together wait for each other.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] when a newer program has been here.
    pub async fn migrate(&self) -> Result<Vec<&'static str>, StoreError> {
        let mut run = Vec::new();
        let mut tx = self.write().await?;
        tx.lock_whole(AdvisoryLock::Migration).await?;
        execute!(tx, CREATE)?;
        let (at,) = fetch_one!(tx, (i64,), VERSION)?;
        tx.commit().await?;
        check_not_newer(at)?;
        for step in MIGRATIONS {
            let mut tx = self.write().await?;
            tx.lock_whole(AdvisoryLock::Migration).await?;
            let (at,) = fetch_one!(tx, (i64,), VERSION)?;
            if at.unsigned_abs() >= step.version {
                continue;
            }
            let sql = match tx.conn {
                Conn::Sqlite(_) => step.sqlite,
                Conn::Postgres(_) => step.postgres,
            };
            on_engine!(tx, |_Db, conn| conn
                .execute(sqlx::raw_sql(sql))
                .await
                .map(drop))?;
            execute!(
                tx,
                "INSERT INTO schema_migrations (version, name) VALUES ($1, $2)",
                step.version,
                step.name
            )?;
            tx.commit().await?;
            run.push(step.name);
        }
        Ok(run)
    }

    /// Checks that the schema is the one of this program, before anything else is asked of it.
    ///
    /// # Errors
    /// [`StoreError::Outdated`] and [`StoreError::TooNew`] say what to do.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let needed = MIGRATIONS.last().map_or(0, |step| step.version);
        let mut tx = self.read().await?;
        // Without the table the database is empty; every other error is told as it is.
        let found = match fetch_one!(tx, (i64,), VERSION) {
            Ok((at,)) => at.unsigned_abs(),
            Err(error) if error.is_missing_table() => 0,
            Err(other) => return Err(other),
        };
        if found < needed {
            return Err(StoreError::Outdated { found, needed });
        }
        check_not_newer(i64::try_from(found).unwrap_or(i64::MAX))
    }
}

fn check_not_newer(at: i64) -> Result<(), StoreError> {
    let needed = MIGRATIONS.last().map_or(0, |step| step.version);
    if at.unsigned_abs() > needed {
        return Err(StoreError::TooNew {
            found: at.unsigned_abs(),
            needed,
        });
    }
    Ok(())
}

const CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations \
    (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)";
const VERSION: &str = "SELECT COALESCE(MAX(version), 0) AS version FROM schema_migrations";
