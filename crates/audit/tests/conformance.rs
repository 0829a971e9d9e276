//! Public test vectors for RFC 6962 proofs (transparency-dev/merkle), valid and invalid.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wardline_audit::Hash;
use wardline_audit::tree::{verify_consistency, verify_inclusion};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    leaf_idx: u64,
    tree_size: u64,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    desc: String,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistency {
    size1: u64,
    size2: u64,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    desc: String,
    want_err: bool,
}

impl Inclusion {
    fn accepted(&self) -> Option<()> {
        let (leaf, root) = (hash(&self.leaf_hash)?, hash(&self.root)?);
        verify_inclusion(
            &leaf,
            self.leaf_idx,
            self.tree_size,
            &path(self.proof.as_deref())?,
            &root,
        )
        .ok()
    }
}

impl Consistency {
    fn accepted(&self) -> Option<()> {
        let (first, second) = (hash(&self.root1)?, hash(&self.root2)?);
        verify_consistency(
            self.size1,
            self.size2,
            &first,
            &second,
            &path(self.proof.as_deref())?,
        )
        .ok()
    }
}

#[test]
fn conformance_merkle_proofs() {
    let merkle = data().join("merkle");
    let mut valid = 0;
    let inclusion: Vec<(PathBuf, Inclusion)> = cases(&merkle.join("inclusion"));
    for (file, case) in &inclusion {
        let context = format!("{}: {}", file.display(), case.desc);
        assert_eq!(case.accepted().is_none(), case.want_err, "{context}");
        valid += u32::from(!case.want_err);
    }
    let consistency: Vec<(PathBuf, Consistency)> = cases(&merkle.join("consistency"));
    for (file, case) in &consistency {
        let context = format!("{}: {}", file.display(), case.desc);
        assert_eq!(case.accepted().is_none(), case.want_err, "{context}");
        valid += u32::from(!case.want_err);
    }
    println!(
        "{} inclusion and {} consistency cases",
        inclusion.len(),
        consistency.len()
    );
    assert!(!inclusion.is_empty() && !consistency.is_empty() && valid > 0);
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the public data lies is the caller's choice"
)]
fn data() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var("WARDLINE_DATA").map_or_else(|_| default(), PathBuf::from)
}

/// Every JSON file below a folder.
fn cases<T: DeserializeOwned>(folder: &Path) -> Vec<(PathBuf, T)> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            cases.extend(self::cases(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let case = serde_json::from_slice(&std::fs::read(&path).unwrap());
            cases.push((
                path.clone(),
                case.unwrap_or_else(|e| panic!("{}: {e}", path.display())),
            ));
        }
    }
    cases
}

/// Some invalid cases carry hashes of other lengths, which have no place in a [`Hash`].
fn hash(text: &str) -> Option<Hash> {
    Hash::from_slice(&STANDARD.decode(text).ok()?)
}

fn path(proof: Option<&[String]>) -> Option<Vec<Hash>> {
    proof
        .unwrap_or_default()
        .iter()
        .map(|text| hash(text))
        .collect()
}
