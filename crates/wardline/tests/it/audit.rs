//! An auditor with the binary, a directory and a key.

use std::fs;
use std::path::Path;

use serde_json::Value;
use wardline_model::B64;

use crate::cluster::Cluster;
use crate::support::{Demo, Run, copy, wardline};

#[test]
fn a_hospital_on_postgresql_is_verified_and_exported_by_its_configuration() {
    let mut cluster = Cluster::start(1);
    let [ada, ben] = cluster.enroll([0, 0]);
    ada.client(["send", "--to", &ben.user, "hello"]).json(0);
    let live = cluster.verify().json(0);
    assert_eq!(
        (&live["payloads"], &live["key"]),
        (&"opened".into(), &"unpinned".into())
    );
    cluster.until_sequenced();
    assert!(cluster.stop(0).success());
    let key = cluster.data().join("keys/log.vkey");
    let stopped = verify(cluster.config(0), &[&key]).json(0);
    assert_eq!(
        (&stopped["payloads"], &stopped["key"], &stopped["tail"]),
        (&"opened".into(), &"pinned".into(), &0.into())
    );
    assert!(stopped["size"].as_u64() >= live["size"].as_u64());

    // What auditors take away verifies by itself.
    let export = cluster.beside("export.ndjson");
    let mut command = wardline();
    command
        .args(["audit", "export", "--config"])
        .arg(cluster.config(0))
        .arg("--out")
        .arg(&export);
    let exported = Run::of(&mut command);
    assert_eq!(exported.code, 0, "{exported:?}");
    let report = verify(&export, &[&key]).json(0);
    assert_eq!(
        (&report["payloads"], &report["key"], &report["root"]),
        (&"opened".into(), &"pinned".into(), &stopped["root"])
    );
}

fn verify(path: &Path, more: &[&Path]) -> Run {
    let mut command = wardline();
    command.args(["--json", "audit", "verify"]).arg(path);
    if let [key] = more {
        command.arg("--key").arg(key);
    }
    Run::of(&mut command)
}

#[test]
fn the_log_verifies_live_stopped_sealed_exported_and_over_the_network() {
    let mut demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    ada.client(["send", "--to", &ben.user, "hello"]).json(0);
    let key = demo.data().join("keys/log.vkey");

    let live = demo.verify().json(0);
    assert_eq!(
        (&live["payloads"], &live["key"]),
        (&"opened".into(), &"unpinned".into())
    );
    for (address, ca) in [
        (demo.url(), None),
        (demo.https(), demo.ready["ca"].as_str()),
    ] {
        let mut command = wardline();
        command
            .args(["--json", "audit", "verify", address, "--key"])
            .arg(&key);
        if let Some(ca) = ca {
            command.args(["--ca", ca]);
        }
        let public = Run::of(&mut command).json(0);
        assert_eq!(
            (&public["payloads"], &public["key"]),
            (&"sealed".into(), &"pinned".into())
        );
        assert_eq!(public["fingerprint"], live["fingerprint"]);
    }
    let public = Run::of(wardline().args(["--json", "audit", "verify", demo.url()])).json(0);
    assert_eq!(public["key"], "unpinned");

    assert!(demo.stop().success());
    let stopped = verify(&demo.data(), &[&key]).json(0);
    assert_eq!(
        (&stopped["key"], &stopped["tail"]),
        (&"pinned".into(), &0.into())
    );
    assert!(stopped["size"].as_u64() >= live["size"].as_u64());

    let sealed = demo.beside("sealed");
    copy(&demo.data(), &sealed);
    fs::remove_file(sealed.join("keys/kek.json")).unwrap();
    let report = verify(&sealed, &[]).json(0);
    assert_eq!(
        (&report["payloads"], &report["root"]),
        (&"sealed".into(), &stopped["root"])
    );

    let export = export(&demo);
    let report = verify(&export, &[&key]).json(0);
    assert_eq!(
        (&report["payloads"], &report["root"]),
        (&"opened".into(), &stopped["root"])
    );

    // What of it is looks into records, as FHIR has it: of the demo's start there is none.
    let mut command = wardline();
    command.args(["audit", "export", "--format", "fhir", "--data"]);
    let looks = Run::of(command.arg(demo.data()));
    assert_eq!(looks.code, 0, "{looks:?}");

    // The key of another hospital.
    let other = Demo::start();
    let foreign = other.data().join("keys/log.vkey");
    for path in [demo.data(), sealed, export] {
        let refused = verify(&path, &[&foreign]).json(4);
        assert_eq!(refused["ok"], false, "{refused}");
    }
    let out_of_reach = demo.url().to_owned();
    assert_eq!(
        Run::of(wardline().args(["audit", "verify", &out_of_reach])).code,
        5
    );
    assert_eq!(verify(&demo.beside("nothing"), &[]).code, 2);
}

#[test]
fn no_byte_of_an_export_can_be_changed_unnoticed() {
    let mut demo = Demo::start();
    demo.stop();
    let path = export(&demo);
    let good = fs::read(&path).unwrap();
    let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
    let leaves = lines.len() - 2;
    // Every 101st byte, and so every member of some leaf.
    let (mut begin, mut next) = (0, 0);
    for (number, line) in lines.iter().enumerate() {
        let end = begin + line.len();
        while next < end {
            let mut bad = good.clone();
            bad[next] ^= 1;
            fs::write(&path, &bad).unwrap();
            let refused = verify(&path, &[]).json(4);
            // A line whose end is damaged takes the next one with it.
            if (1..=leaves).contains(&number) && next + 1 < end {
                assert_eq!(
                    refused["first_bad_index"],
                    number - 1,
                    "byte {next}: {refused}"
                );
            }
            next += 101;
        }
        begin = end;
    }
    for bad in [
        [&good[..], b"\n"].concat(),
        [&good[..], b" "].concat(),
        good[..good.len() - 1].to_vec(),
        [lines[0], lines[2], &lines[3..].concat()].concat(),
        Vec::new(),
    ] {
        fs::write(&path, &bad).unwrap();
        verify(&path, &[]).json(4);
    }
}

#[test]
fn a_changed_byte_in_the_database_is_found_at_its_event() {
    let mut demo = Demo::start();
    let [first, _] = demo.users();
    demo.enroll(&first);
    assert!(demo.stop().success());
    let export = fs::read_to_string(export(&demo)).unwrap();
    let leaf = |index: usize| -> Value {
        serde_json::from_str(export.lines().nth(index + 1).unwrap()).unwrap()
    };
    let database = demo.data().join("wardline.db");
    let good = fs::read(&database).unwrap();
    let size = demo.verify().json(0)["size"].as_u64().unwrap();

    for index in [
        0,
        usize::try_from(size / 2).unwrap(),
        usize::try_from(size - 1).unwrap(),
    ] {
        let salt = salt_of(&leaf(index));
        // SQLite leaves old copies of rows behind in its pages: the row is one of these places.
        let copies: Vec<usize> = (0..good.len() - 32)
            .filter(|place| good[*place..].starts_with(&salt))
            .collect();
        // The salt itself, and the sealed payload behind it in the row.
        for offset in [0, 31, 32 + 40] {
            let mut bad = good.clone();
            for place in &copies {
                bad[place + offset] ^= 0x10;
            }
            fs::write(&database, &bad).unwrap();
            let refused = demo.verify().json(4);
            assert_eq!(refused["first_bad_index"], index, "{refused}");
        }
    }
    fs::write(&database, &good).unwrap();
    demo.verify().json(0);
}

fn export(demo: &Demo) -> std::path::PathBuf {
    let path = demo.beside("export.ndjson");
    let run = Run::of(
        wardline()
            .args(["audit", "export", "--data"])
            .arg(demo.data())
            .arg("--out")
            .arg(&path),
    );
    assert_eq!(run.code, 0, "{run:?}");
    path
}

/// An exported leaf's salt.
fn salt_of(leaf: &Value) -> Vec<u8> {
    B64::decode(leaf["salt"].as_str().unwrap()).unwrap().0
}
