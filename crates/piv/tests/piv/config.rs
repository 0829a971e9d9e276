//! The configuration, as the file spells it.

use rustls_pki_types::CertificateDer;
use wardline_piv::config::{Attribute, Depth, Gives, OcspHash, Rule};
use wardline_piv::{Config, ConfigError, Verifier};

use crate::made::{blank, by_upn, hospital};

const FILE: &str = r#"
policies = ["2.16.840.1.101.3.2.1.3.13"]
ekus = ["1.3.6.1.5.5.7.3.2", "1.3.6.1.4.1.311.20.2.2"]
weak_mapping = true

[revocation]
depth = "card"
ocsp_hash = "sha256"

[[mapping]]
by = "upn"
domain = "hospital.example"
strip = true

[[mapping]]
by = "email"

[[mapping]]
by = "fasc_n"

[[mapping]]
by = "card_uuid"

[[mapping]]
by = "subject"
attribute = "serial_number"
suffix = ".STAFF"
gives = "username"

[[mapping]]
by = "bound"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
username = "amara.osei"

[[mapping]]
by = "key"
"#;

fn with(change: impl FnOnce(&mut Config)) -> Result<Verifier, ConfigError> {
    let mut hospital = hospital();
    change(&mut hospital.config);
    Verifier::new(&hospital.config, &[hospital.root.der], &[])
}

#[test]
fn every_key_is_read() {
    let config: Config = toml::from_str(FILE).unwrap();
    assert_eq!(config.revocation.depth, Depth::Card);
    assert_eq!(config.revocation.ocsp_hash, OcspHash::Sha256);
    assert!(!config.revocation.accept_unknown);
    assert_eq!(config.mapping.len(), 7);
    assert_eq!(config.mapping[0], by_upn());
    let subject = Rule::Subject {
        attribute: Attribute::SerialNumber,
        suffix: Some(".STAFF".to_owned()),
        strip: false,
        gives: Gives::Username,
    };
    assert_eq!(config.mapping[4], subject);
    assert!(with(|it| *it = config).is_ok());
}

#[test]
fn unknown_keys_are_errors() {
    for wrong in [
        "policy = []",
        "[revocation]\nhard = true",
        "[[mapping]]\nby = \"upn\"\nsuffix = \"x\"",
        "[[mapping]]\nby = \"key\"\nusername = \"x\"",
        "[[mapping]]\nby = \"name\"",
        "[[mapping]]\nby = \"subject\"",
    ] {
        assert!(toml::from_str::<Config>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_would_take_too_much_has_to_be_said() {
    let error = |change: fn(&mut Config)| with(change).unwrap_err();
    assert_eq!(error(|it| it.policies.clear()), ConfigError::NoPolicies);
    assert_eq!(error(|it| it.any_policy = true), ConfigError::AnyPolicy);
    assert_eq!(error(|it| it.ekus.clear()), ConfigError::NoEkus);
    assert_eq!(error(|it| it.mapping.clear()), ConfigError::NoMapping);
    let oid = error(|it| it.policies = vec!["2.16.840.".to_owned()]);
    assert_eq!(oid, ConfigError::Oid("2.16.840.".to_owned()));
}

#[test]
fn a_rule_that_strips_what_it_does_not_require_is_refused() {
    let upn = |domain: Option<&str>, strip| Rule::Upn {
        domain: domain.map(str::to_owned),
        strip,
    };
    let subject = |suffix: Option<&str>, strip| Rule::Subject {
        attribute: Attribute::Uid,
        suffix: suffix.map(str::to_owned),
        strip,
        gives: Gives::Username,
    };
    let bound = |sha256: &str, username: &str| Rule::Bound {
        sha256: sha256.to_owned(),
        username: username.to_owned(),
    };
    for rule in [
        upn(None, true),
        upn(Some(""), false),
        upn(Some("@hospital.example"), true),
        subject(None, true),
        subject(Some(""), true),
        bound("00", "amara"),
        bound(&"00".repeat(32), ""),
    ] {
        let refused = with(|it| it.mapping = vec![by_upn(), rule.clone()]);
        assert_eq!(refused.unwrap_err(), ConfigError::Rule(2), "{rule:?}");
    }
}

#[test]
fn only_authorities_with_good_keys_are_anchors() {
    let hospital = hospital();
    let junk = CertificateDer::from(&b"root"[..]);
    let anchors = |anchors: &[CertificateDer<'_>], more: &[CertificateDer<'_>]| {
        Verifier::new(&hospital.config, anchors, more).unwrap_err()
    };
    let root = || hospital.root.der.clone();
    assert_eq!(anchors(&[], &[]), ConfigError::NoAnchor);
    assert_eq!(
        anchors(&[root(), junk.clone()], &[]),
        ConfigError::Anchor(2)
    );
    assert_eq!(anchors(&[root()], &[junk]), ConfigError::Intermediate(1));
    let card = blank().issued_by(&hospital.root);
    assert_eq!(anchors(&[card], &[]), ConfigError::Anchor(1));
}
