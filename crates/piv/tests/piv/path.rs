//! From the card up to the anchor.

use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use wardline_piv::config::{CLIENT_AUTH, SMART_CARD_LOGON};
use wardline_piv::{Kind, MAX_CERTIFICATE, MAX_CHAIN, Mapped, OcspError, Refused, Verifier};
use x509_cert::der::Encode as _;

use crate::made::{Authority, DAY, NOW, blank, email, extension, hospital, time, upn};

#[test]
fn a_good_card_is_taken() {
    let hospital = hospital();
    let card = hospital.tries(blank()).unwrap();
    assert_eq!(card.mapped, Mapped::Username("amara.osei".to_owned()));
    assert_eq!(card.serial, "07");
    assert_eq!(card.issuer, "CN=Issuing");
    assert_eq!(card.not_after_ms, NOW + DAY);
    assert_eq!(card.policy.as_deref(), Some("2.16.840.1.101.3.2.1.3.13"));
}

#[test]
fn a_card_with_a_key_on_p_384_is_taken() {
    let mut blank = blank();
    blank.key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    assert!(hospital().tries(blank).is_ok());
}

#[test]
fn a_serial_number_with_its_highest_bit_set_is_told_without_the_zero_before_it() {
    let blank = blank().with(|it| it.serial_number = Some(SerialNumber::from(vec![0xff, 1])));
    assert_eq!(hospital().tries(blank).unwrap().serial, "ff01");
}

#[test]
fn an_expired_card_is_refused() {
    let hospital = hospital();
    let chain = hospital.chain(blank());
    assert!(hospital.takes(&chain, NOW + DAY).is_ok());
    assert_eq!(
        hospital.takes(&chain, NOW + DAY + 1000),
        Err(Refused::Expired)
    );
}

#[test]
fn a_card_that_is_not_valid_yet_is_refused() {
    let hospital = hospital();
    let chain = hospital.chain(blank());
    assert_eq!(
        hospital.takes(&chain, NOW - 2 * DAY),
        Err(Refused::NotYetValid)
    );
}

#[test]
fn an_expired_authority_is_refused_and_a_root_is_trusted_as_it_is_named() {
    let hospital = hospital();
    let old = hospital
        .root
        .below_with("Old", |it| it.not_after = time(NOW - DAY));
    let chain = [blank().issued_by(&old), old.der.clone()];
    assert_eq!(hospital.takes(&chain, NOW), Err(Refused::IssuerExpired));
    let young = hospital
        .root
        .below_with("Young", |it| it.not_before = time(NOW + DAY));
    let chain = [blank().issued_by(&young), young.der.clone()];
    assert_eq!(hospital.takes(&chain, NOW), Err(Refused::IssuerNotYetValid));
    let late = NOW + 2000 * DAY;
    let young = hospital
        .root
        .below_with("Young", |it| it.not_after = time(late));
    let card = blank()
        .with(|it| it.not_after = time(late))
        .issued_by(&young);
    assert!(hospital.takes(&[card, young.der], late).is_ok());
}

#[test]
fn a_card_without_the_usage_to_sign_in_is_refused() {
    let hospital = hospital();
    let server =
        blank().with(|it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]);
    assert_eq!(hospital.tries(server), Err(Refused::ExtendedKeyUsage));
    let none = blank().with(|it| it.extended_key_usages.clear());
    assert_eq!(hospital.tries(none), Err(Refused::ExtendedKeyUsage));
    let any = blank().with(|it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any]);
    assert_eq!(hospital.tries(any), Err(Refused::ExtendedKeyUsage));
}

#[test]
fn every_usage_that_is_asked_for_is_needed() {
    let mut hospital = hospital();
    hospital.config.ekus = vec![CLIENT_AUTH.to_owned(), SMART_CARD_LOGON.to_owned()];
    assert_eq!(hospital.tries(blank()), Err(Refused::ExtendedKeyUsage));
    let logon = vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 2];
    let both = blank().with(|it| {
        it.extended_key_usages
            .push(ExtendedKeyUsagePurpose::Other(logon));
    });
    assert_eq!(hospital.tries(both).map(|_| ()), Ok(()));
}

#[test]
fn an_authority_limits_what_cards_below_it_are_for() {
    let hospital = hospital();
    let with = |usage: ExtendedKeyUsagePurpose| {
        let limited = hospital
            .root
            .below_with("Limited", |it| it.extended_key_usages = vec![usage]);
        hospital.takes(&[blank().issued_by(&limited), limited.der.clone()], NOW)
    };
    let refused = with(ExtendedKeyUsagePurpose::EmailProtection);
    assert_eq!(refused, Err(Refused::ExtendedKeyUsage));
    assert!(with(ExtendedKeyUsagePurpose::ClientAuth).is_ok());
    assert!(with(ExtendedKeyUsagePurpose::Any).is_ok());
}

#[test]
fn a_card_that_is_not_for_signatures_is_refused() {
    let hospital = hospital();
    for usages in [vec![KeyUsagePurpose::KeyEncipherment], vec![]] {
        let card = blank().with(|it| it.key_usages = usages);
        assert_eq!(hospital.tries(card), Err(Refused::KeyUsage));
    }
}

#[test]
fn an_authority_is_no_card() {
    let hospital = hospital();
    let ca = blank().with(|it| it.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(hospital.tries(ca), Err(Refused::Authority));
    let signs = blank().with(|it| it.key_usages.push(KeyUsagePurpose::KeyCertSign));
    assert_eq!(hospital.tries(signs), Err(Refused::Authority));
}

#[test]
fn a_chain_begins_with_the_card_and_goes_on_in_any_order() {
    let hospital = hospital();
    let lower = hospital.issuing.below("Lower");
    let card = blank().issued_by(&lower);
    let (upper, root) = (hospital.issuing.der.clone(), hospital.root.der.clone());
    let good = [card.clone(), lower.der.clone(), upper.clone()];
    let mixed = [card.clone(), root, upper.clone(), lower.der.clone()];
    let reversed = [upper, lower.der.clone(), card];
    assert!(hospital.takes(&good, NOW).is_ok());
    assert!(hospital.takes(&mixed, NOW).is_ok());
    assert_eq!(hospital.takes(&reversed, NOW), Err(Refused::Authority));
}

#[test]
fn a_card_of_an_unknown_authority_is_refused() {
    let hospital = hospital();
    let elsewhere = Authority::root("Elsewhere");
    let chain = [blank().issued_by(&elsewhere), elsewhere.der.clone()];
    assert_eq!(hospital.takes(&chain, NOW), Err(Refused::UnknownIssuer));
    let lonely = [blank().issued_by(&hospital.issuing)];
    assert_eq!(hospital.takes(&lonely, NOW), Err(Refused::UnknownIssuer));
}

#[test]
fn an_authority_that_only_has_the_name_of_a_trusted_one_is_refused() {
    let hospital = hospital();
    let impostor = Authority::root("Root");
    let chain = [blank().issued_by(&impostor)];
    assert_eq!(hospital.takes(&chain, NOW), Err(Refused::Signature));
}

#[test]
fn intermediates_of_the_hospital_help_out() {
    let hospital = hospital();
    let anchors = [hospital.root.der.clone()];
    let intermediates = [hospital.issuing.der.clone()];
    let verifier = Verifier::new(&hospital.config, &anchors, &intermediates).unwrap();
    let lonely = [blank().issued_by(&hospital.issuing)];
    assert!(
        verifier
            .card(&lonely, &wardline_piv::Evidence::default(), NOW)
            .is_ok()
    );
}

#[test]
fn an_issuer_that_is_no_authority_is_refused() {
    let hospital = hospital();
    let chain_of = |change: fn(&mut rcgen::CertificateParams)| {
        let no = hospital.root.below_with("No", change);
        hospital.takes(&[blank().issued_by(&no), no.der.clone()], NOW)
    };
    let no_ca = chain_of(|it| it.is_ca = IsCa::ExplicitNoCa);
    assert_eq!(no_ca, Err(Refused::IssuerNotAuthority));
    // webpki passes over this one.
    let usage = chain_of(|it| it.key_usages = vec![KeyUsagePurpose::CrlSign]);
    assert_eq!(usage, Err(Refused::IssuerNotAuthority));
}

#[test]
fn an_authority_has_no_more_below_it_than_it_allows() {
    let hospital = hospital();
    let last = hospital.root.below_with("Last", |it| {
        it.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let lower = last.below("Lower");
    let chain = [
        blank().issued_by(&lower),
        lower.der.clone(),
        last.der.clone(),
    ];
    assert_eq!(hospital.takes(&chain, NOW), Err(Refused::PathLength));
}

#[test]
fn names_that_an_authority_may_not_give_are_refused() {
    let hospital = hospital();
    let constrained = hospital.root.below_with("Constrained", |it| {
        it.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::Rfc822Name("hospital.example".to_owned())],
            excluded_subtrees: vec![],
        });
    });
    let chain = [
        blank()
            .names([upn("a@hospital.example"), email("a@elsewhere.example")])
            .issued_by(&constrained),
        constrained.der.clone(),
    ];
    assert_eq!(hospital.takes(&chain, NOW), Err(Refused::NameConstraint));
}

#[test]
fn a_principal_name_is_refused_where_an_authority_constrains_such_names() {
    let hospital = hospital();
    let constraints = x509_cert::ext::pkix::NameConstraints {
        permitted_subtrees: Some(vec![
            x509_cert::ext::pkix::constraints::name::GeneralSubtree {
                base: upn("@hospital.example"),
                minimum: 0,
                maximum: None,
            },
        ]),
        excluded_subtrees: None,
    };
    let constrained = hospital.root.below_with("Constrained", |it| {
        let content = constraints.to_der().unwrap();
        it.custom_extensions.push(extension("2.5.29.30", content));
    });
    let chain = [blank().issued_by(&constrained), constrained.der.clone()];
    assert_eq!(hospital.takes(&chain, NOW), Err(Refused::NameConstraint));
}

#[test]
fn a_reason_has_a_short_name_that_stays() {
    assert_eq!(Refused::Expired.name(), "expired");
    assert_eq!(Refused::NoPolicy { certificate: 2 }.name(), "no-policy");
    assert_eq!(Refused::Ocsp(OcspError::Stale).name(), "ocsp-stale");
    assert_eq!(Refused::Ambiguous(Kind::Upn).name(), "ambiguous");
    assert_eq!(
        Refused::Value(Kind::FascN).to_string(),
        "the card's fasc-n is not acceptable"
    );
}

#[test]
fn critical_extensions_that_are_not_known_are_refused() {
    let hospital = hospital();
    let card = blank().with(|it| {
        let mut unknown = extension("1.2.3.4", vec![5, 0]);
        unknown.set_criticality(true);
        it.custom_extensions.push(unknown);
    });
    assert_eq!(hospital.tries(card), Err(Refused::CriticalExtension));
    let harmless = blank().with(|it| it.custom_extensions.push(extension("1.2.3.4", vec![5, 0])));
    assert!(hospital.tries(harmless).is_ok());
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let hospital = hospital();
    let mut card = blank();
    card.key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let weak = |certificate| Err(Refused::WeakKey { certificate });
    assert_eq!(hospital.tries(card), weak(1));
}

#[test]
fn chains_that_are_too_long_and_certificates_that_are_too_large_are_not_read() {
    let hospital = hospital();
    assert_eq!(hospital.takes(&[], NOW), Err(Refused::Empty));
    let mut chain = hospital.chain(blank());
    chain.resize(MAX_CHAIN, hospital.issuing.der.clone());
    assert!(hospital.takes(&chain, NOW).is_ok());
    chain.push(hospital.issuing.der.clone());
    assert_eq!(hospital.takes(&chain, NOW), Err(Refused::TooLong));
    let huge = CertificateDer::from(vec![0x30; MAX_CERTIFICATE + 1]);
    let size = |certificate| Err(Refused::Size { certificate });
    assert_eq!(hospital.takes(std::slice::from_ref(&huge), NOW), size(1));
    let card = blank().issued_by(&hospital.issuing);
    assert_eq!(hospital.takes(&[card, huge], NOW), size(2));
}

#[test]
fn junk_is_refused() {
    let hospital = hospital();
    let card = blank().issued_by(&hospital.issuing);
    for junk in [&b""[..], b"\x30\x80", b"card", &card[..card.len() - 1]] {
        let junk = CertificateDer::from(junk);
        let malformed = |certificate| Err(Refused::Malformed { certificate });
        assert_eq!(
            hospital.takes(std::slice::from_ref(&junk), NOW),
            malformed(1)
        );
        assert_eq!(hospital.takes(&[card.clone(), junk], NOW), malformed(2));
    }
    let mut longer = card.to_vec();
    longer.push(0);
    let malformed = Err(Refused::Malformed { certificate: 1 });
    assert_eq!(
        hospital.takes(&[CertificateDer::from(longer)], NOW),
        malformed
    );
}

#[test]
fn a_negative_serial_number_is_refused() {
    let hospital = hospital();
    let mut chain = hospital.chain(blank());
    let mut card = chain[0].to_vec();
    let at = card.windows(3).position(|it| it == [2, 1, 7]).unwrap();
    card[at + 2] = 0x87;
    chain[0] = CertificateDer::from(card);
    let malformed = Err(Refused::Malformed { certificate: 1 });
    assert_eq!(hospital.takes(&chain, NOW), malformed);
}

#[test]
fn control_characters_in_an_issuers_name_are_told_escaped() {
    let hospital = hospital();
    let odd = hospital.root.below("Iss\u{7}uing");
    let card = hospital.takes(&[blank().issued_by(&odd), odd.der.clone()], NOW);
    assert_eq!(card.unwrap().issuer, r"CN=Iss\07uing");
}

#[test]
fn an_extension_twice_is_refused() {
    let card = blank().with(|it| {
        it.custom_extensions = vec![crate::made::policies(&["1.2.3"])];
    });
    let malformed = Err(Refused::Malformed { certificate: 1 });
    assert_eq!(hospital().tries(card), malformed);
}
