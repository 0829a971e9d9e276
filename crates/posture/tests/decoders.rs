//! Nothing that is altered is believed, and no input makes a decoder panic.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use uuid::Uuid;
use wardline_fuzz::corpus;
use wardline_posture::attest::{Attested, BootState, Roots, SecurityLevel};
use wardline_posture::fuzz;
use wardline_posture::made::authenticator::{
    FIXED, Passkey, attestation, certified, tpm_attestation,
};
use wardline_posture::made::{self, AT, Authority, Description, octets};
use wardline_posture::webauthn::Trust;

const MODEL: Uuid = Uuid::from_bytes([7; 16]);
const CHALLENGE: &[u8] = b"challenge";

fn authorities() -> (Vec<Authority>, Roots) {
    let authorities = made::authorities(made::key().unwrap()).unwrap();
    let roots = Roots::from_file(authorities[0].pem().as_bytes()).unwrap();
    (authorities, roots)
}

#[test]
fn a_chain_is_believed_unaltered_or_not_at_all() {
    let (authorities, roots) = authorities();
    let leaf = made::attested(&Description::new(CHALLENGE)).unwrap();
    let chain = made::chain(&authorities, &leaf).unwrap();
    let rootless = made::pem(&chain[..chain.len() - 1]).unwrap();
    let chain = made::pem(&chain).unwrap();
    let real = fuzz::chain(chain.as_bytes(), CHALLENGE, &roots, AT).unwrap();
    corpus!("chain")
        .seeds([chain.into_bytes(), rootless.into_bytes()])
        .words([
            "-----BEGIN CERTIFICATE-----\n",
            "-----END CERTIFICATE-----\n",
        ])
        .cases(6_000)
        .run(|bytes| match fuzz::chain(bytes, CHALLENGE, &roots, AT) {
            Some(attested) => {
                // A chain that leaves its root out names one certificate less.
                assert!(real.serials.starts_with(&attested.serials));
                let serials = real.serials.clone();
                assert_eq!(
                    Attested {
                        serials,
                        ..attested
                    },
                    real
                );
                true
            }
            None => false,
        });
}

#[test]
fn a_leaf_that_is_signed_as_it_is_survives_its_reader() {
    let (authorities, roots) = authorities();
    let issuer = authorities.last().unwrap();
    let leaf = made::attested(&Description::new(CHALLENGE)).unwrap();
    let chain = made::chain(&authorities, &leaf).unwrap();
    // What is signed stands behind two headers of four bytes each, up to the algorithm.
    let length = usize::from(u16::from_be_bytes([chain[0][6], chain[0][7]]));
    let signed = chain[0][4..8 + length].to_vec();
    corpus!("tbs-certificate")
        .seeds([signed])
        .cases(6_000)
        .run(|tbs| {
            let Ok(leaf) = made::certificate(tbs, issuer) else {
                return false;
            };
            let mut chain = chain.clone();
            chain[0] = leaf;
            let chain = made::pem(&chain).unwrap();
            fuzz::chain(chain.as_bytes(), CHALLENGE, &roots, AT).is_some()
        });
}

#[test]
fn a_description_is_read_or_refused() {
    let mut rich = Description::new(CHALLENGE);
    rich.attestation = SecurityLevel::StrongBox;
    rich.state = BootState::SelfSigned;
    rich.hardware = vec![
        (503, vec![5, 0]),
        (710, octets(b"brand").unwrap()),
        (9_999, octets(b"later").unwrap()),
    ];
    let seeds = [Description::new(CHALLENGE), rich];
    corpus!("description")
        .seeds(seeds.map(|description| description.to_der().unwrap()))
        .cases(12_000)
        .run(fuzz::description);
}

#[test]
fn roots_are_read_or_refused() {
    let (authorities, _) = authorities();
    let pem = authorities[0].pem();
    let json = serde_json::to_vec(&[&pem]).unwrap();
    corpus!("roots")
        .seeds([pem.into_bytes(), json])
        .cases(4_000)
        .run(fuzz::roots);
}

#[test]
fn a_status_list_is_read_or_refused() {
    let list = r#"{"entries":{"abcde":{"status":"REVOKED","reason":"KEY_COMPROMISE"},"1":{"status":"SUSPENDED"}}}"#;
    corpus!("status")
        .seeds([list.as_bytes().to_vec()])
        .words(["REVOKED", "SUSPENDED", "entries"])
        .cases(8_000)
        .run(fuzz::status);
}

#[test]
fn an_authenticator_is_believed_unaltered_or_not_at_all() {
    let (issuers, roots) = authorities();
    let trust = Trust::new()
        .with_roots(issuers[0].pem().as_bytes(), &[])
        .unwrap()
        .with_android_roots(roots)
        .with_android_models(&[MODEL]);
    let passkey = Passkey::new("hospital.example", MODEL, b"client data").unwrap();
    let key = made::key().unwrap();
    let packed = attestation(Some(MODEL)).unwrap();
    let packed = certified(&packed, &key, &issuers).unwrap();
    let tpm = certified(&tpm_attestation().unwrap(), &key, &issuers).unwrap();
    let seeds = [
        passkey.packed(&key, &packed),
        passkey.tpm(FIXED, &key, &tpm),
        passkey.apple(&issuers),
        passkey.android_key(Description::new(b""), &issuers),
    ]
    .map(Result::unwrap);
    let hash = passkey.client_data_hash;
    let judge = |bytes: &[u8]| fuzz::authenticator(bytes, &hash, &trust, AT);
    let real = seeds.clone().map(|seed| judge(&seed).unwrap());
    corpus!("authenticator")
        .seeds(seeds)
        .words(["packed", "tpm", "apple", "x5c", "sig"])
        .cases(6_000)
        .run(|bytes| match judge(bytes) {
            Some(attested) => {
                assert!(real.contains(&attested), "{attested:?}");
                true
            }
            None => false,
        });
}

#[test]
fn makers_are_read_or_refused() {
    let (authorities, _) = authorities();
    corpus!("makers")
        .seeds([authorities[0].pem().into_bytes()])
        .cases(4_000)
        .run(fuzz::makers);
}

#[test]
fn a_product_is_read_or_refused() {
    let at = time::macros::date!(2026 - 06 - 20);
    corpus!("product")
        .seeds([PRODUCT.as_bytes().to_vec()])
        .words([
            "---\n",
            "releaseCycle: ",
            "eol: true",
            "&a ",
            "*a",
            "\"26.6\"",
            "null",
        ])
        .cases(6_000)
        .run(|bytes| fuzz::feeds(bytes, CATALOGUE.as_bytes(), "26.6", at));
}

#[test]
fn a_catalogue_is_read_or_refused() {
    let at = time::macros::date!(2026 - 06 - 20);
    corpus!("catalogue")
        .seeds([CATALOGUE.as_bytes().to_vec()])
        .words([
            "CVE-2026-0002",
            "2026-06-19",
            "Multiple Products",
            "Windows",
        ])
        .cases(6_000)
        .run(|bytes| fuzz::feeds(PRODUCT.as_bytes(), bytes, "26.6", at));
}

#[test]
fn bulletins_are_read_or_refused() {
    let at = time::macros::date!(2026 - 06 - 20);
    let table = "level,published\n2026-04-05,2026-04-06\n2026-06-01,2026-06-08\n";
    corpus!("bulletins")
        .seeds([table.as_bytes().to_vec()])
        .words(["2026-06-05", "level", "published", ",", "\r\n", "\u{feff}"])
        .cases(6_000)
        .run(|bytes| fuzz::bulletins(bytes, PRODUCT.as_bytes(), CATALOGUE.as_bytes(), at));
}

const PRODUCT: &str = r#"---
title: Apple iOS
permalink: /ios
releases:
  - releaseCycle: "26"
    codename: Luck
    releaseDate: 2025-09-15
    eoas: false
    eol: 2027-09-15 # expected
    latest: "26.6.1"
    latestReleaseDate: 2026-06-10
  - releaseCycle: "18"
    releaseDate: 2024-09-16
    eol: false
    link: null
---

> A system for phones.
"#;

const CATALOGUE: &str = r#"{"catalogVersion":"1","dateReleased":"2026-06-12T10:00:00.123Z","count":1,
"vulnerabilities":[{"cveID":"CVE-2026-0001","vendorProject":"Apple","product":"Multiple Products",
"vulnerabilityName":"Apple","dateAdded":"2026-06-11","shortDescription":"Apple iOS and iPadOS","requiredAction":"",
"dueDate":"2026-06-18","cwes":["CWE-1"]}]}"#;
