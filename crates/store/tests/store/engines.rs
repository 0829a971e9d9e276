//! Opening, migrating, transactions.

use std::time::Duration;

use wardline_store::{Store, StoreConfig, StoreError};

use crate::support::{
    Db, NOW, admit, event, found, keys, message, node, runtime, salt, store_test,
};

#[test]
fn a_wrong_path_never_starts_an_empty_hospital() {
    runtime().block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.db");
        let config = StoreConfig::new(format!("sqlite:{}", path.display()));
        let open = || Store::open(&config, keys().sealer, keys().index, node("n"));
        assert!(matches!(open(), Err(StoreError::Missing(at)) if at == path));
        assert!(!path.exists());
        let create = || Store::create(&config, keys().sealer, keys().index, node("n"));
        create().await.unwrap().close().await;
        assert!(matches!(create().await, Err(StoreError::Exists(_))));
        open().unwrap().check_schema().await.unwrap();
        let other = StoreConfig::new("mysql://root:secret@localhost/x");
        let other = Store::open(&other, keys().sealer, keys().index, node("n"));
        assert!(matches!(other, Err(StoreError::Url)));
    });
}

#[test]
fn what_was_committed_goes_from_the_wal_into_the_database_while_it_is_open() {
    let db = Db::sqlite();
    runtime().block_on(async {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let group = found(&store, &[anna]).await;
        for _ in 0..50 {
            store.append(message(&store, group, anna, 0)).await.unwrap();
        }
        let dir = db.dir.as_ref().unwrap();
        // The file alone, without its WAL. Copied in the middle of a pass it may be no database.
        let copy = dir.path().join("copy.db");
        let mut kept = 0;
        for _ in 0..300 {
            std::fs::copy(dir.path().join("w.db"), &copy).unwrap();
            let url = format!("sqlite:{}", copy.display());
            let pool = sqlx::SqlitePool::connect_lazy(&url).unwrap();
            (kept,) =
                sqlx::query_as::<_, (i64,)>("SELECT count(*) FROM entries WHERE kind = 'message'")
                    .fetch_one(&pool)
                    .await
                    .unwrap_or_default();
            pool.close().await;
            if kept == 50 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(kept, 50);
        store.close().await;
    });
}

#[test]
fn a_database_that_does_not_answer_is_told_apart_from_an_old_one() {
    runtime().block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.db");
        std::fs::write(&path, [b'x'; 8192]).unwrap();
        // It takes the call and hangs up.
        let peer = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = peer.local_addr().unwrap();
        std::thread::spawn(move || peer.incoming().for_each(drop));
        for (url, expected) in [
            (
                format!("sqlite:{}", path.display()),
                "the database failed (the file is no database; SQLite result code 26)",
            ),
            (
                format!("postgres://user:secret@{address}/x"),
                // How a closed connection is noticed is a matter of moments.
                "the database failed (connection: ",
            ),
        ] {
            let config = StoreConfig::new(url);
            let store = Store::open(&config, keys().sealer, keys().index, node("n")).unwrap();
            let error = store.check_schema().await.unwrap_err();
            let said = error.to_string();
            assert!(said.starts_with(expected), "{said}");
        }
    });
}

#[test]
fn nothing_outside_the_store_names_sqlx() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap();
    let mut read = 0;
    for folder in std::fs::read_dir(crates).unwrap() {
        let folder = folder.unwrap();
        let Ok(manifest) = std::fs::read_to_string(folder.path().join("Cargo.toml")) else {
            continue;
        };
        read += 1;
        let depends = manifest.lines().any(|line| line.starts_with("sqlx"));
        assert_eq!(
            depends,
            folder.file_name() == "store",
            "{}",
            folder.path().display()
        );
    }
    assert!(read > 10, "the crates were found");
}

#[test]
fn a_database_url_is_never_shown() {
    let config = StoreConfig::new("postgres://user:secret@localhost/x");
    assert!(!format!("{config:?}").contains("secret"));
}

store_test! {
    async fn migrating_twice_does_nothing(db) {
        let store = db.store();
        assert!(store.migrate().await.unwrap().is_empty());
        store.check_schema().await.unwrap();
    }
}

store_test! {
    async fn an_unmigrated_database_is_refused_with_advice(db) {
        let store = db.store();
        let database;
        let empty = if db.is_sqlite() {
            let path = db.dir.as_ref().unwrap().path().join("empty.db");
            std::fs::write(&path, b"").unwrap();
            StoreConfig::new(format!("sqlite:{}", path.display()))
        } else {
            database = crate::postgres::Server::shared().database("template0");
            StoreConfig::new(database.url())
        };
        store.close().await;
        let store = Store::open(&empty, keys().sealer, keys().index, node("n")).unwrap();
        let error = store.check_schema().await.unwrap_err();
        assert!(matches!(error, StoreError::Outdated { found: 0, needed: 39 }), "{error}");
        let steps = ["0001_init", "0002_devices", "0003_assessments", "0004_orders", "0005_attested_serials", "0006_factors", "0007_risk", "0008_policies", "0009_cards", "0010_openings", "0011_device_order", "0012_managers", "0013_position", "0014_escalations", "0015_schedules", "0016_push", "0017_attachments", "0019_teams", "0020_quiet", "0022_integrations", "0023_glass", "0024_records", "0025_lines", "0026_asked", "0028_disowned", "0029_owner_notices", "0030_heard", "0031_hl7", "0033_versions", "0034_resource_terms", "0035_critical", "0036_ties", "0037_canaries", "0038_snooping", "0039_ehr"];
        assert_eq!(store.migrate().await.unwrap(), steps);
        store.check_schema().await.unwrap();
    }
}

store_test! {
    async fn what_is_not_committed_never_was(db) {
        let store = db.store();
        let mut tx = store.write().await.unwrap();
        tx.put_setting("a", b"1").await.unwrap();
        tx.audit(&event(&store, "setting.changed"), salt()).await.unwrap();
        drop(tx);
        let mut tx = store.write().await.unwrap();
        tx.put_setting("b", b"1").await.unwrap();
        tx.rollback().await.unwrap();
        let mut tx = store.read().await.unwrap();
        assert!(tx.setting("a").await.unwrap().is_none());
        assert!(tx.setting("b").await.unwrap().is_none());
        let refused = tx.put_setting("c", b"1").await;
        assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
        drop(tx);
        let mut tx = store.write().await.unwrap();
        let reference = tx.audit(&event(&store, "setting.changed"), salt()).await.unwrap();
        assert_eq!(reference.seq, 1);
        tx.commit().await.unwrap();
    }
}

store_test! {
    async fn a_request_given_up_at_any_moment_leaves_the_store_in_order(db) {
        let store = db.store();
        for moment in 0..150 {
            let work = async {
                let mut tx = store.write().await.unwrap();
                tx.put_setting("a", b"1").await.unwrap();
                tx.audit(&event(&store, "setting.changed"), salt()).await.unwrap();
                tx.commit().await.unwrap();
            };
            // The client hangs up, and the server drops the request's future.
            let _ = tokio::time::timeout(Duration::from_micros(moment * 20), work).await;
            if moment % 10 == 0 {
                store.record(&event(&store, "chart.read"), salt()).await.unwrap();
            }
        }
        let mut tx = store.write().await.unwrap();
        tx.audit(&event(&store, "setting.changed"), salt()).await.unwrap();
        tx.commit().await.unwrap();
        store.sequence_once(NOW, "me").await.unwrap();
        let report = store.verify_log(store.log_key()).await.unwrap();
        assert!(report.opened >= 16, "{}", report.opened);
    }
}

#[test]
fn the_database_file_is_for_its_own_user() {
    use std::os::unix::fs::PermissionsExt as _;
    let db = Db::sqlite();
    runtime().block_on(async {
        let store = db.store();
        admit(&store, "anna").await;
        for file in std::fs::read_dir(db.dir.as_ref().unwrap().path()).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", file.path().display());
        }
    });
}

store_test! {
    async fn a_reader_sees_one_state_throughout(db) {
        let store = db.store();
        let mut reader = store.read().await.unwrap();
        assert!(reader.setting("a").await.unwrap().is_none());
        let mut writer = store.write().await.unwrap();
        writer.put_setting("a", b"1").await.unwrap();
        writer.commit().await.unwrap();
        assert!(reader.setting("a").await.unwrap().is_none());
        drop(reader);
        assert!(store.read().await.unwrap().setting("a").await.unwrap().is_some());
    }
}

/// Another process on the same SQLite file, as `wardline` verbs beside a running server are: what
/// the server knows by heart must not outlive what the other one writes.
#[test]
fn another_process_on_the_same_file_is_noticed() {
    let db = Db::sqlite();
    runtime().block_on(async {
        let (server, verb) = (db.store(), db.store());
        let anna = admit(&server, "anna").await;
        let group = found(&server, &[anna]).await;
        for round in 0..3 {
            let seq = server
                .append(message(&server, group, anna, 0))
                .await
                .unwrap()
                .seq;
            assert_eq!(seq, 2 * round + 1);
            let seq = verb
                .append(message(&verb, group, anna, 0))
                .await
                .unwrap()
                .seq;
            assert_eq!(seq, 2 * round + 2);
        }
        server.sequence_once(NOW, "me").await.unwrap();
        assert_eq!(server.verify_log(server.log_key()).await.unwrap().size, 6);
    });
}
