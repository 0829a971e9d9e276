//! Both engines have the same tables, columns and unique keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Db, runtime};

/// Columns by table: type and whether NULL is refused. Unique keys by table, as sets of columns.
#[derive(Debug, PartialEq, Default)]
struct Schema {
    columns: BTreeMap<String, BTreeMap<String, (String, bool)>>,
    unique: BTreeMap<String, BTreeSet<Vec<String>>>,
}

#[test]
fn the_engines_agree_on_tables_columns_and_unique_keys() {
    let (sqlite, postgres) = (Db::sqlite(), Db::postgres());
    runtime().block_on(async {
        let (left, right) = (of_sqlite(&sqlite).await, of_postgres(&postgres).await);
        assert!(left.columns.len() > 25, "{:?}", left.columns.keys());
        assert_eq!(left.columns, right.columns);
        assert_eq!(left.unique, right.unique);
    });
}

#[test]
fn a_device_that_was_revoked_before_states_had_more_names_is_retired() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("old.db");
    std::fs::write(&file, b"").unwrap();
    let url = format!("sqlite:{}", file.display());
    runtime().block_on(async {
        let old = sqlx::SqlitePool::connect(&url).await.unwrap();
        let first = include_str!("../../migrations/sqlite/0001_init.sql");
        let made = "CREATE TABLE schema_migrations
                (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);
            INSERT INTO schema_migrations VALUES (1, '0001_init');
            INSERT INTO facilities VALUES (x'01', 'f');
            INSERT INTO users VALUES (x'02', 'a', 'a', 'A', 'a', 't', 'd', x'01', 1, 1, 1);
            INSERT INTO devices (device_id, user_id, name, platform, program, state, jkt, device_jwk,
                mls_key, binding, passkey_kind, passkey_sealed, share_sealed, inbox_last, created_at)
            VALUES (x'00112233445566778899aabbccddeeff', x'02', 'n', 'browser', 'byod', 'revoked',
                x'03', '{}', x'04', '', 'platform', x'', x'', 0, 1);";
        for sql in [first, made] {
            sqlx::raw_sql(sql).execute(&old).await.unwrap();
        }
        old.close().await;
        let keys = crate::support::keys();
        let config = wardline_store::StoreConfig::new(url.clone());
        let node = crate::support::node("n");
        let store = wardline_store::Store::open(&config, keys.sealer, keys.index, node).unwrap();
        let steps = ["0002_devices", "0003_assessments", "0004_orders", "0005_attested_serials", "0006_factors", "0007_risk", "0008_policies", "0009_cards", "0010_openings", "0011_device_order", "0012_managers", "0013_position", "0014_escalations", "0015_schedules", "0016_push", "0017_attachments", "0019_teams", "0020_quiet", "0022_integrations", "0023_glass", "0024_records", "0025_lines", "0026_asked", "0028_disowned", "0029_owner_notices", "0030_heard", "0031_hl7", "0033_versions", "0034_resource_terms", "0035_critical", "0036_ties", "0037_canaries", "0038_snooping", "0039_ehr"];
        assert_eq!(store.migrate().await.unwrap(), steps);
        let old = sqlx::SqlitePool::connect(&url).await.unwrap();
        let (state,): (String,) = sqlx::query_as("SELECT state FROM devices")
            .fetch_one(&old)
            .await
            .unwrap();
        assert_eq!(state, "retired");
    });
}

async fn of_sqlite(db: &Db) -> Schema {
    let pool = sqlx::SqlitePool::connect(&db.config.url).await.unwrap();
    let columns: Vec<(String, String, String, i64)> = sqlx::query_as(
        "SELECT m.name, c.name, c.type, c.\"notnull\" FROM sqlite_schema m
         JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut schema = Schema::default();
    for (table, column, kind, not_null) in columns {
        let kind = match kind.as_str() {
            "BLOB" => "bytea",
            "INTEGER" | "BIGINT" => "bigint",
            "TEXT" => "text",
            other => panic!("{table}.{column} has the type {other}"),
        };
        schema
            .columns
            .entry(table)
            .or_default()
            .insert(column, (kind.into(), not_null == 1));
    }
    let unique: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT m.name, i.name, c.name FROM sqlite_schema m JOIN pragma_index_list(m.name) i
         JOIN pragma_index_info(i.name) c WHERE m.type = 'table' AND i.\"unique\" = 1
         ORDER BY m.name, i.name, c.seqno",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    // A WITHOUT ROWID table or one with an integer key shows its key only here.
    let keys: Vec<(String, String)> = sqlx::query_as(
        "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND c.pk > 0 ORDER BY m.name, c.pk",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    add_keys(&mut schema, unique);
    add_keys(
        &mut schema,
        keys.into_iter()
            .map(|(table, c)| (table, "pk".into(), c))
            .collect(),
    );
    pool.close().await;
    schema
}

async fn of_postgres(db: &Db) -> Schema {
    let pool = sqlx::PgPool::connect(&db.config.url).await.unwrap();
    let columns: Vec<(String, String, String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text
         FROM information_schema.columns WHERE table_schema = 'public'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut schema = Schema::default();
    for (table, column, kind, nullable) in columns {
        schema
            .columns
            .entry(table)
            .or_default()
            .insert(column, (kind, nullable == "NO"));
    }
    let unique: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT t.relname::text, i.relname::text, a.attname::text
         FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
         JOIN pg_namespace n ON n.oid = t.relnamespace
         JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k(attnum, place) ON true
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
         WHERE x.indisunique AND n.nspname = 'public' ORDER BY 1, 2, k.place",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    add_keys(&mut schema, unique);
    pool.close().await;
    schema
}

fn add_keys(schema: &mut Schema, rows: Vec<(String, String, String)>) {
    let mut keys: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (table, index, column) in rows {
        keys.entry((table, index)).or_default().push(column);
    }
    for ((table, _), columns) in keys {
        schema.unique.entry(table).or_default().insert(columns);
    }
}

#[test]
fn how_devices_stood_is_kept_when_it_moves_to_a_table_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("old.db");
    std::fs::write(&file, b"").unwrap();
    let url = format!("sqlite:{}", file.display());
    runtime().block_on(async {
        let old = sqlx::SqlitePool::connect(&url).await.unwrap();
        let first = include_str!("../../migrations/sqlite/0001_init.sql");
        let second = include_str!("../../migrations/sqlite/0002_devices.sql");
        let made = "CREATE TABLE schema_migrations
                (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);
            INSERT INTO schema_migrations VALUES (1, '0001_init'), (2, '0002_devices');
            INSERT INTO facilities VALUES (x'00000000000000000000000000000001', 'f');
            INSERT INTO users VALUES
                (x'00000000000000000000000000000002', 'a', 'a', 'A', 'a', 't', 'd', x'00000000000000000000000000000001', 1, 1, 1);
            INSERT INTO devices (device_id, user_id, name, platform, program, state, jkt, device_jwk,
                mls_key, binding, passkey_kind, passkey_sealed, share_sealed, inbox_last, created_at,
                assessment)
            VALUES (x'00112233445566778899aabbccddeeff',
                x'00000000000000000000000000000002', 'n', 'browser', 'byod', 'active',
                zeroblob(32), '{}', zeroblob(32), '', 'platform', x'', x'', 0, 1, 'stood so');";
        for sql in [first, second, made] {
            sqlx::raw_sql(sql).execute(&old).await.unwrap();
        }
        old.close().await;
        let keys = crate::support::keys();
        let config = wardline_store::StoreConfig::new(url.clone());
        let node = crate::support::node("n");
        let store = wardline_store::Store::open(&config, keys.sealer, keys.index, node).unwrap();
        let steps = ["0003_assessments", "0004_orders", "0005_attested_serials", "0006_factors", "0007_risk", "0008_policies", "0009_cards", "0010_openings", "0011_device_order", "0012_managers", "0013_position", "0014_escalations", "0015_schedules", "0016_push", "0017_attachments", "0019_teams", "0020_quiet", "0022_integrations", "0023_glass", "0024_records", "0025_lines", "0026_asked", "0028_disowned", "0029_owner_notices", "0030_heard", "0031_hl7", "0033_versions", "0034_resource_terms", "0035_critical", "0036_ties", "0037_canaries", "0038_snooping", "0039_ehr"];
        assert_eq!(store.migrate().await.unwrap(), steps);
        let devices = store.read().await.unwrap().all_devices().await.unwrap();
        assert_eq!(devices[0].assessment.as_deref(), Some("stood so"));
    });
}
