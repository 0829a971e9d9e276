//! Responders whom an authority certified to answer for it (RFC 6960 §4.2.2.2).

use std::slice::from_ref;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PublicKeyData as _};
use wardline_piv::config::Depth;
use wardline_piv::{Evidence, OcspError, Refused, Verifier};
use x509_cert::der::Encode as _;
use x509_cert::der::asn1::{Null, OctetString};
use x509_ocsp::ResponderId;

use crate::answers::{SHA_1, answer, by_name, response};
use crate::made::{Authority, Blank, DAY, Hospital, NOW, blank, extension, named, time};
use crate::responders::{refused, strict, with};

/// A responder's certificate.
fn responder(nocheck: bool) -> Blank {
    let mut params = named("Responder");
    params.serial_number = Some(rcgen::SerialNumber::from(77));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    params.not_before = time(NOW - DAY);
    params.not_after = time(NOW + DAY);
    if nocheck {
        let nocheck = extension("1.3.6.1.5.5.7.48.1.5", Null.to_der().unwrap());
        params.custom_extensions.push(nocheck);
    }
    Blank {
        params,
        ..blank().names([]).policies(&[])
    }
}

/// What comes of a good answer that a responder signs whom an authority certified.
fn through(hospital: &Hospital, by: &Authority, responder: Blank) -> Result<(), Refused> {
    let key = KeyPair::try_from(responder.key.serialize_der()).unwrap();
    let certificate = responder.issued_by(by);
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, key.der_bytes());
    let by_key = ResponderId::ByKey(OctetString::new(hash.as_ref()).unwrap());
    let mut outcomes = [by_name(&certificate), by_key].map(|by| {
        let answers = vec![answer(&hospital.issuing, SHA_1)];
        with(
            hospital,
            &response(by, &key, &[&hospital.root.der, &certificate], answers),
        )
    });
    assert_eq!(outcomes[0], outcomes[1]);
    std::mem::replace(&mut outcomes[0], Ok(()))
}

#[test]
fn a_responder_whom_the_issuer_entrusted_is_believed() {
    let hospital = strict();
    assert_eq!(
        through(&hospital, &hospital.issuing, responder(true)),
        Ok(())
    );
}

#[test]
fn a_responder_whom_nobody_entrusted_is_not_believed() {
    let hospital = strict();
    let no = refused(OcspError::Responder);
    let without_usage = responder(true).with(|it| it.extended_key_usages.clear());
    assert_eq!(through(&hospital, &hospital.issuing, without_usage), no);
    let client = responder(true)
        .with(|it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    assert_eq!(through(&hospital, &hospital.issuing, client), no);
    let usage = responder(true).with(|it| it.key_usages = vec![KeyUsagePurpose::KeyEncipherment]);
    assert_eq!(through(&hospital, &hospital.issuing, usage), no);
    // RFC 6960 §4.2.2.2: by the card's issuer itself, not by one above it or beside it.
    assert_eq!(through(&hospital, &hospital.root, responder(true)), no);
    let namesake = hospital.root.below("Issuing");
    assert_eq!(through(&hospital, &namesake, responder(true)), no);
    let expired = responder(true).with(|it| it.not_after = time(NOW - 1000));
    assert_eq!(
        through(&hospital, &hospital.issuing, expired),
        refused(OcspError::Stale)
    );
}

#[test]
fn nobody_signs_for_an_entrusted_responder() {
    let hospital = strict();
    let certificate = responder(true).issued_by(&hospital.issuing);
    let answers = vec![answer(&hospital.issuing, SHA_1)];
    let key = KeyPair::generate().unwrap();
    let forged = response(by_name(&certificate), &key, &[&certificate], answers);
    assert_eq!(with(&hospital, &forged), refused(OcspError::Signature));
}

#[test]
fn a_responder_is_looked_for_among_its_certificates() {
    let hospital = strict();
    let old = responder(true).with(|it| it.not_after = time(NOW - 1000));
    let new = responder(true);
    let key = KeyPair::try_from(new.key.serialize_der()).unwrap();
    let [old, new] = [old, new].map(|it| it.issued_by(&hospital.issuing));
    let answers = vec![answer(&hospital.issuing, SHA_1)];
    let good = response(by_name(&new), &key, &[&old, &new], answers);
    assert_eq!(with(&hospital, &good), Ok(()));
}

#[test]
fn a_responder_that_can_be_revoked_is_looked_up() {
    let hospital = strict();
    let unchecked = refused(OcspError::ResponderUnchecked);
    assert_eq!(
        through(&hospital, &hospital.issuing, responder(false)),
        unchecked
    );
    let blank_responder = responder(false);
    let key = KeyPair::try_from(blank_responder.key.serialize_der()).unwrap();
    let certificate = blank_responder.issued_by(&hospital.issuing);
    let answers = vec![answer(&hospital.issuing, SHA_1)];
    let good = response(by_name(&certificate), &key, &[&certificate], answers);
    let upper = hospital.root.crl(&[], NOW - DAY, NOW + DAY);
    let listed = |serials: &[u64]| {
        let lower = hospital.issuing.crl(serials, NOW - DAY, NOW + DAY);
        let evidence = Evidence {
            crls: &[&upper, &lower],
            ocsp: Some(&good),
        };
        let chain = hospital.chain(blank());
        hospital.verifier().card(&chain, &evidence, NOW).map(|_| ())
    };
    let mut lax = strict();
    lax.config.revocation.depth = Depth::Card;
    let verifier = Verifier::new(&lax.config, from_ref(&hospital.root.der), &[]).unwrap();
    let evidence = Evidence {
        crls: &[],
        ocsp: Some(&good),
    };
    let without = verifier.card(&hospital.chain(blank()), &evidence, NOW);
    assert_eq!(without.map(|_| ()), unchecked);
    assert_eq!(listed(&[]), Ok(()));
    assert_eq!(listed(&[77]), refused(OcspError::Responder));
}
