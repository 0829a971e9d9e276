//! Whose a card is.

use proptest::prelude::*;
use rcgen::{DnType, DnValue};
use wardline_piv::config::{Attribute, Gives, Rule};
use wardline_piv::{Config, ConfigError, Kind, MAX_VALUE, Mapped, Refused, Verifier};
use x509_cert::der::asn1::{Ia5StringRef, Null};
use x509_cert::der::{Any, Tag};
use x509_cert::ext::pkix::name::GeneralName;

use crate::made::{Blank, UPN, blank, by_upn, email, fasc_n, hospital, other, upn, uri};

fn maps(rules: &[Rule], card: Blank) -> Result<Mapped, Refused> {
    let mut hospital = hospital();
    hospital.config.mapping = rules.to_vec();
    hospital.config.weak_mapping = true;
    hospital.tries(card).map(|card| card.mapped)
}

fn named(names: impl IntoIterator<Item = GeneralName>) -> Blank {
    blank().names(names)
}

#[expect(clippy::unnecessary_wraps, reason = "it is held against an outcome")]
fn username(name: &str) -> Result<Mapped, Refused> {
    Ok(Mapped::Username(name.to_owned()))
}

#[expect(clippy::unnecessary_wraps, reason = "it is held against an outcome")]
fn identifier(kind: Kind, value: &str) -> Result<Mapped, Refused> {
    let value = value.to_owned();
    Ok(Mapped::Identifier { kind, value })
}

#[test]
fn a_principal_name_is_a_username_in_its_domain() {
    let card = || named([upn("Amara.Osei@Hospital.Example")]);
    assert_eq!(maps(&[by_upn()], card()), username("Amara.Osei"));
    let whole = Rule::Upn {
        domain: None,
        strip: false,
    };
    assert_eq!(
        maps(&[whole], card()),
        username("Amara.Osei@Hospital.Example")
    );
}

#[test]
fn a_name_of_another_domain_is_nobody() {
    for name in [
        "amara.osei@elsewhere.example",
        "amara.osei@nothospital.example",
        "amara.osei@hospital.example.elsewhere.example",
    ] {
        assert_eq!(
            maps(&[by_upn()], named([upn(name)])),
            Err(Refused::NoMapping)
        );
    }
    assert_eq!(maps(&[by_upn()], named([])), Err(Refused::NoMapping));
}

#[test]
fn several_principal_names_are_ambiguous() {
    let several = named([
        upn("amara.osei@hospital.example"),
        upn("ben@elsewhere.example"),
    ]);
    assert_eq!(
        maps(&[by_upn()], several),
        Err(Refused::Ambiguous(Kind::Upn))
    );
    let twice = named([upn("amara@hospital.example"), upn("amara@hospital.example")]);
    assert_eq!(maps(&[by_upn()], twice), username("amara"));
}

#[test]
fn hostile_principal_names_are_refused() {
    let long = format!("{}@hospital.example", "a".repeat(MAX_VALUE));
    for name in [
        "amara\0@hospital.example",
        "amara\n@hospital.example",
        "amara\u{7f}@hospital.example",
        "amara\u{202e}@hospital.example",
        "amara\u{200b}@hospital.example",
        " amara@hospital.example",
        "@hospital.example",
        "amara",
        "amara@",
        "root@elsewhere@hospital.example",
        "",
        long.as_str(),
    ] {
        let refused = maps(&[by_upn()], named([upn(name)]));
        assert_eq!(refused, Err(Refused::Value(Kind::Upn)), "{name:?}");
    }
    let text = Ia5StringRef::new("amara@hospital.example").unwrap();
    let spellings = [
        Any::encode_from(&text).unwrap(),
        Any::encode_from(&Null).unwrap(),
        Any::new(Tag::Utf8String, &b"\xff@hospital.example"[..]).unwrap(),
    ];
    for value in spellings {
        let refused = maps(&[by_upn()], named([other(UPN, value)]));
        assert_eq!(refused, Err(Refused::Value(Kind::Upn)));
    }
}

#[test]
fn a_huge_name_makes_the_certificate_too_large() {
    let refused = maps(&[by_upn()], named([upn(&"a".repeat(20_000))]));
    assert_eq!(refused, Err(Refused::Size { certificate: 1 }));
}

#[test]
fn mail_addresses_map_only_where_weak_mapping_is_allowed() {
    let rule = Rule::Email {
        domain: Some("hospital.example".to_owned()),
        strip: true,
    };
    let rules = std::slice::from_ref(&rule);
    let mails = || {
        named([
            email("a.osei@elsewhere.example"),
            email("a.osei@hospital.example"),
        ])
    };
    assert_eq!(maps(rules, mails()), username("a.osei"));
    let two = named([email("a@hospital.example"), email("b@hospital.example")]);
    assert_eq!(maps(rules, two), Err(Refused::Ambiguous(Kind::Email)));
    let hostile = named([email("a\0@hospital.example")]);
    assert_eq!(maps(rules, hostile), Err(Refused::Value(Kind::Email)));
    let config = Config {
        mapping: vec![by_upn(), rule],
        ..Config::default()
    };
    let refused = Verifier::new(&config, &[hospital().root.der], &[]);
    assert_eq!(refused.unwrap_err(), ConfigError::WeakMapping(2));
}

#[test]
fn a_fasc_n_is_an_identifier_of_25_bytes() {
    let rules = [Rule::FascN {}];
    let mapped = maps(&rules, named([fasc_n(&[0xd6; 25])]));
    assert_eq!(mapped, identifier(Kind::FascN, &"d6".repeat(25)));
    let short = maps(&rules, named([fasc_n(&[0xd6; 24])]));
    assert_eq!(short, Err(Refused::Value(Kind::FascN)));
    let two = maps(&rules, named([fasc_n(&[1; 25]), fasc_n(&[2; 25])]));
    assert_eq!(two, Err(Refused::Ambiguous(Kind::FascN)));
}

#[test]
fn the_uuid_of_a_card_is_an_identifier() {
    let rules = [Rule::CardUuid {}];
    let uuid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    let card = named([
        uri("https://hospital.example/"),
        uri(&format!("URN:UUID:{}", uuid.to_uppercase())),
    ]);
    assert_eq!(maps(&rules, card), identifier(Kind::CardUuid, uuid));
    for wrong in [
        "urn:uuid:",
        "urn:uuid:f81d4fae7dec11d0a76500a0c91e6bf6",
        "urn:uuid:x",
    ] {
        let refused = maps(&rules, named([uri(wrong)]));
        assert_eq!(refused, Err(Refused::Value(Kind::CardUuid)), "{wrong}");
    }
    assert_eq!(maps(&rules, named([uri("urn")])), Err(Refused::NoMapping));
}

#[test]
fn an_attribute_of_the_subject_maps_with_its_end() {
    let with = |value: DnValue| {
        blank().with(|it| {
            let name = &mut it.distinguished_name;
            name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), value);
        })
    };
    let rule = |suffix: Option<&str>, strip, gives| Rule::Subject {
        attribute: Attribute::SerialNumber,
        suffix: suffix.map(str::to_owned),
        strip,
        gives,
    };
    let number = || with(DnValue::Utf8String("4711.STAFF".to_owned()));
    let plain = rule(None, false, Gives::Identifier);
    assert_eq!(
        maps(&[plain], number()),
        identifier(Kind::SerialNumber, "4711.STAFF")
    );
    let stripped = rule(Some(".STAFF"), true, Gives::Username);
    assert_eq!(
        maps(std::slice::from_ref(&stripped), number()),
        username("4711")
    );
    let nobody = with(DnValue::Utf8String(".STAFF".to_owned()));
    assert_eq!(
        maps(std::slice::from_ref(&stripped), nobody),
        Err(Refused::NoMapping)
    );
    let hostile = with(DnValue::Utf8String("47\u{1b}11.STAFF".to_owned()));
    let refused = Err(Refused::Value(Kind::SerialNumber));
    assert_eq!(maps(&[stripped], hostile), refused);
}

#[test]
fn a_bound_key_maps_whatever_the_names_are() {
    let card = named([]);
    let mut hospital = hospital();
    hospital.config.mapping = vec![Rule::Key {}];
    let chain = hospital.chain(card);
    let taken = hospital.takes(&chain, crate::made::NOW).unwrap();
    let digest = hex::encode(taken.key_sha256);
    assert_eq!(Ok(taken.mapped), identifier(Kind::Key, &digest));
    let bound = |sha256: String| Rule::Bound {
        sha256,
        username: "amara.osei".to_owned(),
    };
    hospital.config.mapping = vec![bound("00".repeat(32)), bound(digest.to_uppercase())];
    let taken = hospital.takes(&chain, crate::made::NOW).unwrap();
    assert_eq!(Ok(taken.mapped), username("amara.osei"));
}

#[test]
fn the_first_rule_that_matches_counts() {
    let rules = [Rule::FascN {}, by_upn(), Rule::Key {}];
    let both = named([upn("amara@hospital.example"), fasc_n(&[7; 25])]);
    assert_eq!(
        maps(&rules, both),
        identifier(Kind::FascN, &"07".repeat(25))
    );
    assert_eq!(
        maps(&rules, named([upn("amara@hospital.example")])),
        username("amara")
    );
    assert!(matches!(
        maps(&rules, named([])),
        Ok(Mapped::Identifier {
            kind: Kind::Key,
            ..
        })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is mapped is short, visible and within the domain that was asked for.
    #[test]
    fn no_principal_name_escapes(name in "\\PC{0,12}@?(hospital\\.example|[a-z.@]{0,12})|.{0,20}") {
        if let Ok(Mapped::Username(mapped)) = maps(&[by_upn()], named([upn(&name)])) {
            prop_assert!(name.len() <= MAX_VALUE);
            prop_assert!(!mapped.is_empty() && !mapped.contains('@'));
            prop_assert!(!mapped.chars().any(char::is_control));
            let whole = format!("{mapped}@hospital.example");
            prop_assert!(whole.eq_ignore_ascii_case(&name));
        }
    }
}
