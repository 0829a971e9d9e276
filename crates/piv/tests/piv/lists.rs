//! Revocation lists.

use rcgen::{CrlDistributionPoint, KeyUsagePurpose};
use rustls_pki_types::CertificateDer;
use wardline_piv::config::Depth;
use wardline_piv::{Crl, CrlError, Evidence, Refused, Signer};
use x509_cert::der::Encode as _;
use x509_cert::ext::pkix::CrlDistributionPoints;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::name::Name;

use crate::made::{Authority, DAY, Hospital, NOW, blank, extension, hospital, uri};

/// A hospital that wants to know.
fn strict() -> Hospital {
    let mut hospital = hospital();
    hospital.config.revocation.accept_unknown = false;
    hospital
}

fn with(hospital: &Hospital, chain: &[CertificateDer<'_>], crls: &[&Crl]) -> Result<(), Refused> {
    let evidence = Evidence { crls, ocsp: None };
    hospital.verifier().card(chain, &evidence, NOW).map(|_| ())
}

fn fresh(authority: &Authority, serials: &[u64]) -> Crl {
    authority.crl(serials, NOW - DAY, NOW + DAY)
}

#[test]
fn a_card_that_no_list_names_is_taken() {
    let hospital = strict();
    let (upper, lower) = (
        fresh(&hospital.root, &[]),
        fresh(&hospital.issuing, &[8, 9]),
    );
    let chain = hospital.chain(blank());
    assert_eq!(with(&hospital, &chain, &[&upper, &lower]), Ok(()));
    assert_eq!(with(&hospital, &chain, &[&lower, &upper]), Ok(()));
}

#[test]
fn a_card_on_the_list_is_refused_even_where_nothing_needs_to_be_known() {
    let strict = strict();
    let (upper, lower) = (fresh(&strict.root, &[]), fresh(&strict.issuing, &[6, 7]));
    let chain = strict.chain(blank());
    assert_eq!(
        with(&strict, &chain, &[&upper, &lower]),
        Err(Refused::Revoked)
    );
    let hospital = hospital();
    let chain = hospital.chain(blank());
    let lower = fresh(&hospital.issuing, &[7]);
    assert_eq!(with(&hospital, &chain, &[&lower]), Err(Refused::Revoked));
    let stale = hospital.issuing.crl(&[7], NOW - 3 * DAY, NOW - 2 * DAY);
    assert_eq!(with(&hospital, &chain, &[&stale]), Err(Refused::Revoked));
}

#[test]
fn a_revoked_authority_takes_its_cards_with_it() {
    let mut hospital = strict();
    let issuing = hospital.root.below_with("Gone", |it| {
        it.serial_number = Some(rcgen::SerialNumber::from(99));
    });
    let chain = [blank().issued_by(&issuing), issuing.der.clone()];
    let (upper, lower) = (fresh(&hospital.root, &[99]), fresh(&issuing, &[]));
    assert_eq!(
        with(&hospital, &chain, &[&upper, &lower]),
        Err(Refused::Revoked)
    );
    hospital.config.revocation.depth = Depth::Card;
    assert_eq!(with(&hospital, &chain, &[&upper, &lower]), Ok(()));
}

#[test]
fn what_no_list_is_about_is_unknown() {
    let mut hospital = strict();
    let chain = hospital.chain(blank());
    let (upper, lower) = (fresh(&hospital.root, &[]), fresh(&hospital.issuing, &[]));
    let unknown = Err(Refused::RevocationUnknown);
    assert_eq!(with(&hospital, &chain, &[]), unknown);
    assert_eq!(with(&hospital, &chain, &[&upper]), unknown);
    assert_eq!(with(&hospital, &chain, &[&lower]), unknown);
    let elsewhere = fresh(&Authority::root("Elsewhere"), &[7]);
    assert_eq!(with(&hospital, &chain, &[&upper, &elsewhere]), unknown);
    hospital.config.revocation.depth = Depth::Card;
    assert_eq!(with(&hospital, &chain, &[&lower]), Ok(()));
    hospital.config.revocation.accept_unknown = true;
    assert_eq!(with(&hospital, &chain, &[]), Ok(()));
}

#[test]
fn a_stale_list_is_no_news() {
    let mut hospital = strict();
    hospital.config.revocation.depth = Depth::Card;
    let chain = hospital.chain(blank());
    let stale = hospital.issuing.crl(&[], NOW - DAY, NOW);
    assert_eq!(with(&hospital, &chain, &[&stale]), Err(Refused::CrlStale));
    let lower = fresh(&hospital.issuing, &[]);
    let older = hospital.issuing.crl(&[], NOW - 2 * DAY, NOW - DAY);
    assert_eq!(with(&hospital, &chain, &[&older, &lower]), Ok(()));
    assert_eq!(with(&hospital, &chain, &[&lower, &older]), Ok(()));
    let future = hospital.issuing.crl(&[], NOW + DAY, NOW + 2 * DAY);
    assert_eq!(
        with(&hospital, &chain, &[&future]),
        Err(Refused::RevocationUnknown)
    );
    hospital.config.revocation.accept_unknown = true;
    assert_eq!(with(&hospital, &chain, &[&stale]), Ok(()));
}

#[test]
fn a_list_that_somebody_else_signed_is_refused() {
    let mut hospital = strict();
    hospital.config.revocation.depth = Depth::Card;
    let chain = hospital.chain(blank());
    let forged = fresh(&hospital.root.below("Issuing"), &[]);
    assert_eq!(
        with(&hospital, &chain, &[&forged]),
        Err(Refused::CrlSignature)
    );
    hospital.config.revocation.accept_unknown = true;
    assert_eq!(
        with(&hospital, &chain, &[&forged]),
        Err(Refused::CrlSignature)
    );
}

#[test]
fn an_authority_that_signs_no_lists_has_none() {
    let mut hospital = strict();
    hospital.config.revocation.depth = Depth::Card;
    let mut mute = hospital.root.below_with("Mute", |it| {
        it.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    let chain = [blank().issued_by(&mute), mute.der.clone()];
    mute.params.key_usages.push(KeyUsagePurpose::CrlSign);
    let list = fresh(&mute, &[]);
    assert_eq!(
        with(&hospital, &chain, &[&list]),
        Err(Refused::CrlSignature)
    );
}

#[test]
fn bytes_that_are_no_list_are_refused() {
    for junk in [&b""[..], b"\x30\x00", b"list"] {
        assert_eq!(Crl::read(junk).unwrap_err(), CrlError::Malformed);
    }
    let der = hospital().root.crl_der(&[1], NOW, NOW + DAY);
    assert_eq!(
        Crl::read(&der[..der.len() - 1]).unwrap_err(),
        CrlError::Malformed
    );
    let list = Crl::read(&der).unwrap();
    assert_eq!(
        (list.this_update_ms(), list.next_update_ms()),
        (NOW, NOW + DAY)
    );
    assert_eq!(
        Crl::read(&vec![0; wardline_piv::MAX_CRL + 1]).unwrap_err(),
        CrlError::Size
    );
}

#[test]
fn a_list_of_somebody_else_is_not_fetched() {
    let elsewhere = |it: &mut rcgen::CertificateParams| {
        let points = CrlDistributionPoints(vec![DistributionPoint {
            distribution_point: Some(DistributionPointName::FullName(vec![uri("http://x/")])),
            reasons: None,
            crl_issuer: Some(vec![GeneralName::DirectoryName(Name::default())]),
        }]);
        let points = extension("2.5.29.31", points.to_der().unwrap());
        it.custom_extensions.push(points);
    };
    let hospital = hospital();
    let chain = hospital.chain(blank().with(elsewhere));
    let question = hospital.verifier().question(&chain, NOW).unwrap();
    assert!(question.lists.is_empty());
}

#[test]
fn a_card_says_where_its_lists_are() {
    let hospital = hospital();
    let at = |uris: &[&str]| CrlDistributionPoint {
        uris: uris.iter().map(|&uri| uri.to_owned()).collect(),
    };
    let card = blank().with(|it| {
        it.crl_distribution_points = vec![
            at(&["http://crl.example/1.crl", "ldap://crl.example/"]),
            at(&["https://crl.example/2.crl", "http://crl.example/ x"]),
        ];
    });
    let question = hospital
        .verifier()
        .question(&hospital.chain(card), NOW)
        .unwrap();
    let urls: Vec<_> = question
        .lists
        .iter()
        .map(|list| list.url.as_str())
        .collect();
    assert_eq!(
        urls,
        ["http://crl.example/1.crl", "https://crl.example/2.crl"]
    );
}

#[test]
fn a_list_is_its_authoritys_by_name_and_by_key() {
    let at = |url: &str| {
        vec![CrlDistributionPoint {
            uris: vec![url.to_owned()],
        }]
    };
    let hospital = hospital();
    let issuing = hospital.root.below_with("Below", |it| {
        it.crl_distribution_points = at("http://root.example/");
    });
    let card = blank().with(|it| it.crl_distribution_points = at("http://below.example/"));
    let chain = [card.issued_by(&issuing), issuing.der.clone()];
    let question = hospital.verifier().question(&chain, NOW).unwrap();
    let [of_card, of_authority] = question.lists.as_slice() else {
        panic!("{:?}", question.lists);
    };
    assert_eq!(of_card.url, "http://below.example/");
    assert_eq!(of_authority.url, "http://root.example/");

    let made = |authority: &Authority| authority.crl_der(&[7], NOW - DAY, NOW + DAY);
    let signed = |by: &Signer, der: &[u8]| Crl::read_of(by, der).map(|_| ()).unwrap_err();
    assert!(Crl::read_of(&of_card.signer, &made(&issuing)).is_ok());
    assert!(Crl::read_of(&of_authority.signer, &made(&hospital.root)).is_ok());
    for (by, der) in [
        // Another authority's, one that only calls itself the same, and one that was changed.
        (&of_card.signer, made(&hospital.root)),
        (&of_authority.signer, made(&issuing)),
        (&of_card.signer, made(&hospital.root.below("Below"))),
        (&of_authority.signer, made(&Authority::root("Root"))),
        (&of_card.signer, changed(made(&issuing))),
    ] {
        assert_eq!(signed(by, &der), CrlError::Signer);
    }
    assert_eq!(signed(&of_card.signer, b"list"), CrlError::Malformed);
}

/// The number of the one card on a list, 7, as another.
fn changed(mut list: Vec<u8>) -> Vec<u8> {
    let number = [2, 1, 7];
    let at = list.windows(3).position(|it| it == number).unwrap();
    list[at + 2] = 9;
    list
}
