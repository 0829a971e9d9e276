//! What a phone's attestation proves, asked from the command line.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;
use wardline_posture::attest::BootState;
use wardline_posture::made::{self, Description};

use crate::support::{Run, wardline};

/// In base64url it begins with a hyphen.
const CHALLENGE: &[u8] = b"\xf8 is a nonce";
const AT: &str = "2026-03-01T12:00:00+01:00";

/// Files of a phone: its chain, and the root to trust.
struct Phone {
    scratch: TempDir,
}

impl Phone {
    fn describing(description: &Description) -> Self {
        let authorities = made::authorities(made::key().unwrap()).unwrap();
        let leaf = made::attested(description).unwrap();
        let chain = made::chain(&authorities, &leaf).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let phone = Self { scratch };
        fs::write(phone.file("chain.pem"), made::pem(&chain).unwrap()).unwrap();
        fs::write(phone.file("root.pem"), authorities[0].pem()).unwrap();
        phone
    }

    fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn attest(&self, more: &[&str]) -> Run {
        let mut command = wardline();
        command
            .args(["--json", "attest", "android"])
            .arg(self.file("chain.pem"))
            .args(["--challenge", &URL_SAFE_NO_PAD.encode(CHALLENGE)])
            .args(more);
        Run::of(&mut command)
    }

    fn trusting_its_root(&self, more: &[&str]) -> Run {
        let root = self.file("root.pem");
        self.attest(&[&["--roots", root.to_str().unwrap()], more].concat())
    }
}

#[test]
fn a_phone_is_told_as_its_chain_proves() {
    let mut description = Description::new(CHALLENGE);
    let locked = Phone::describing(&description);
    let told = locked.trusting_its_root(&["--at", AT]).json(0);
    let expected = json!({
        "verdict": "hardware",
        "reasons": [],
        "os_version": 160_000,
        "os_patch_level": "2026-02",
        "verified_boot": "verified",
        "bootloader_locked": true,
    });
    assert_eq!(told, expected);
    (description.locked, description.state) = (false, BootState::Unverified);
    let unlocked = Phone::describing(&description);
    let told = unlocked.trusting_its_root(&["--at", AT]).json(0);
    assert_eq!(told["verified_boot"], "unverified");
    assert_eq!(told["bootloader_locked"], false);
}

#[test]
fn a_chain_that_is_not_believed_proves_nothing() {
    let phone = Phone::describing(&Description::new(CHALLENGE));
    let rejected = |run: &Run, code: &str| {
        let told = run.json(3);
        assert_eq!(told["verdict"], "rejected");
        assert_eq!(told["verified_boot"], Value::Null);
        let reason = told["reasons"][0].as_str().unwrap();
        assert!(reason.starts_with(&format!("{code}: ")), "{reason}");
    };
    rejected(&phone.attest(&["--at", AT]), "untrusted-root");
    let late = phone.trusting_its_root(&["--at", "2027-03-01T00:00:00Z"]);
    rejected(&late, "expired");
    let other = Phone::describing(&Description::new(b"another"));
    rejected(&other.trusting_its_root(&["--at", AT]), "challenge");
    fs::write(phone.file("chain.pem"), "nothing").unwrap();
    rejected(&phone.trusting_its_root(&["--at", AT]), "empty");
}

#[test]
fn a_file_or_argument_that_cannot_be_used_is_no_verdict() {
    let phone = Phone::describing(&Description::new(CHALLENGE));
    for wrong in [
        ["--at", "yesterday"],
        ["--at", "1969-12-31T23:59:59Z"],
        ["--status", "no-such-file"],
    ] {
        assert_eq!(phone.trusting_its_root(&wrong).code, 2, "{wrong:?}");
    }
    let list = phone.file("status.json");
    fs::write(&list, "{}").unwrap();
    let list = list.to_str().unwrap();
    assert_eq!(phone.trusting_its_root(&["--status", list]).code, 2);
    assert_eq!(phone.attest(&["--roots", list]).code, 2);
    fs::remove_file(phone.file("chain.pem")).unwrap();
    assert_eq!(phone.attest(&["--at", AT]).code, 2);
    let empty = ["attest", "android", "chain.pem", "--challenge", ""];
    assert_eq!(Run::of(wardline().args(empty)).code, 2);
}
