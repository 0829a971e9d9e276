//! OCSP.

use rcgen::KeyPair;
use wardline_piv::config::OcspHash;
use wardline_piv::{Evidence, OcspError, Refused};
use x509_cert::der::asn1::{Ia5String, OctetString};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AccessDescription, AuthorityInfoAccessSyntax};
use x509_cert::serial_number::SerialNumber;
use x509_ocsp::{CertId, CertStatus, OcspRequest, OcspResponse, SingleResponse};

use crate::answers::{SHA_1, SHA_256, answer, at, by_name, own, response, revoked};
use crate::made::{Authority, DAY, Hospital, NOW, blank, extension, hospital, oid, uri};

pub(crate) fn strict() -> Hospital {
    let mut hospital = hospital();
    hospital.config.revocation.accept_unknown = false;
    hospital
}

pub(crate) fn with(hospital: &Hospital, response: &[u8]) -> Result<(), Refused> {
    let list = hospital.root.crl(&[], NOW - DAY, NOW + DAY);
    let evidence = Evidence {
        crls: &[&list],
        ocsp: Some(response),
    };
    let chain = hospital.chain(blank());
    hospital.verifier().card(&chain, &evidence, NOW).map(|_| ())
}

pub(crate) fn refused(error: OcspError) -> Result<(), Refused> {
    Err(Refused::Ocsp(error))
}

#[test]
fn a_card_that_the_issuer_calls_good_is_taken() {
    let hospital = strict();
    for hash in [SHA_1, SHA_256] {
        let good = own(&hospital, vec![answer(&hospital.issuing, hash)]);
        assert_eq!(with(&hospital, &good), Ok(()));
    }
    let other = SingleResponse {
        cert_id: CertId {
            serial_number: SerialNumber::new(&[8]).unwrap(),
            ..answer(&hospital.issuing, SHA_1).cert_id
        },
        ..answer(&hospital.issuing, SHA_1)
    };
    let among = own(&hospital, vec![other, answer(&hospital.issuing, SHA_1)]);
    assert_eq!(with(&hospital, &among), Ok(()));
}

#[test]
fn what_is_good_says_nothing_of_the_authority() {
    let hospital = strict();
    let good = own(&hospital, vec![answer(&hospital.issuing, SHA_1)]);
    let evidence = Evidence {
        crls: &[],
        ocsp: Some(&good),
    };
    let chain = hospital.chain(blank());
    let refused = hospital.verifier().card(&chain, &evidence, NOW);
    assert_eq!(refused, Err(Refused::RevocationUnknown));
}

#[test]
fn a_revoked_card_is_refused_however_old_the_answer_is() {
    for accept_unknown in [false, true] {
        let mut hospital = strict();
        hospital.config.revocation.accept_unknown = accept_unknown;
        let mut revoked = revoked(&hospital.issuing, SHA_1);
        revoked.next_update = Some(at(NOW - 1000));
        let good = answer(&hospital.issuing, SHA_256);
        let response = own(&hospital, vec![good, revoked]);
        assert_eq!(with(&hospital, &response), Err(Refused::Revoked));
    }
}

#[test]
fn silence_is_accepted_only_where_nothing_needs_to_be_known() {
    let mut hospital = strict();
    let mut unknown = answer(&hospital.issuing, SHA_1);
    unknown.cert_status = CertStatus::unknown();
    let mut stale = answer(&hospital.issuing, SHA_1);
    stale.next_update = Some(at(NOW));
    let mut future = answer(&hospital.issuing, SHA_1);
    future.this_update = at(NOW + 301_000);
    let mut ageless = answer(&hospital.issuing, SHA_1);
    ageless.next_update = None;
    let busy = OcspResponse::try_later().to_der().unwrap();
    for (response, error) in [
        (own(&hospital, vec![unknown]), OcspError::Unknown),
        (own(&hospital, vec![stale]), OcspError::Stale),
        (own(&hospital, vec![future]), OcspError::Stale),
        (own(&hospital, vec![ageless]), OcspError::Stale),
        (busy, OcspError::NoAnswer),
    ] {
        hospital.config.revocation.accept_unknown = false;
        assert_eq!(with(&hospital, &response), refused(error));
        hospital.config.revocation.accept_unknown = true;
        assert_eq!(with(&hospital, &response), Ok(()));
    }
}

#[test]
fn an_answer_without_an_end_counts_for_the_hospitals_time() {
    let hospital = strict();
    let mut ageless = answer(&hospital.issuing, SHA_1);
    ageless.next_update = None;
    ageless.this_update = at(NOW - 59 * 60_000);
    assert_eq!(with(&hospital, &own(&hospital, vec![ageless])), Ok(()));
}

#[test]
fn a_list_makes_up_for_a_silent_responder() {
    let hospital = strict();
    let lists = [&hospital.root, &hospital.issuing].map(|it| it.crl(&[], NOW - DAY, NOW + DAY));
    let busy = OcspResponse::try_later().to_der().unwrap();
    let evidence = Evidence {
        crls: &[&lists[0], &lists[1]],
        ocsp: Some(&busy),
    };
    let chain = hospital.chain(blank());
    assert!(hospital.verifier().card(&chain, &evidence, NOW).is_ok());
}

#[test]
fn an_answer_about_another_certificate_is_refused() {
    for accept_unknown in [false, true] {
        let mut hospital = strict();
        hospital.config.revocation.accept_unknown = accept_unknown;
        let mut number = answer(&hospital.issuing, SHA_1);
        number.cert_id.serial_number = SerialNumber::new(&[8]).unwrap();
        let issuer = answer(&hospital.root, SHA_1);
        let mut hash = answer(&hospital.issuing, SHA_1);
        hash.cert_id.hash_algorithm.oid = oid("2.16.840.1.101.3.4.2.3");
        let mut name = answer(&hospital.issuing, SHA_1);
        name.cert_id.issuer_name_hash = answer(&hospital.root, SHA_1).cert_id.issuer_name_hash;
        let mut key = answer(&hospital.issuing, SHA_1);
        key.cert_id.issuer_key_hash = answer(&hospital.root, SHA_1).cert_id.issuer_key_hash;
        let others = [
            vec![number],
            vec![issuer],
            vec![hash],
            vec![name],
            vec![key],
            vec![],
        ];
        for other in others {
            let response = own(&hospital, other);
            assert_eq!(
                with(&hospital, &response),
                refused(OcspError::OtherCertificate)
            );
        }
    }
}

#[test]
fn a_forged_answer_is_refused_even_where_nothing_needs_to_be_known() {
    let mut hospital = strict();
    hospital.config.revocation.accept_unknown = true;
    let answers = || vec![answer(&hospital.issuing, SHA_1)];
    let good = own(&hospital, answers());
    let key = KeyPair::generate().unwrap();
    let forged = response(by_name(&hospital.issuing.der), &key, &[], answers());
    assert_eq!(with(&hospital, &forged), refused(OcspError::Signature));
    let stranger = Authority::root("Stranger");
    let strange = response(
        by_name(&stranger.der),
        &stranger.key,
        &[&stranger.der],
        answers(),
    );
    assert_eq!(with(&hospital, &strange), refused(OcspError::Responder));
    let absent = response(by_name(&stranger.der), &stranger.key, &[], answers());
    assert_eq!(with(&hospital, &absent), refused(OcspError::Responder));
    for junk in [&b""[..], b"answer", &good[..good.len() - 1]] {
        assert_eq!(with(&hospital, junk), refused(OcspError::Malformed));
    }
    let huge = vec![0x30; wardline_piv::ocsp::MAX_RESPONSE + 1];
    assert_eq!(with(&hospital, &huge), refused(OcspError::Size));
}

#[test]
fn critical_extensions_are_not_passed_over() {
    let hospital = strict();
    let mut critical = answer(&hospital.issuing, SHA_1);
    critical.single_extensions = Some(vec![Extension {
        extn_id: oid("1.2.3.4"),
        critical: true,
        extn_value: OctetString::new(&[5, 0][..]).unwrap(),
    }]);
    let response = own(&hospital, vec![critical]);
    assert_eq!(with(&hospital, &response), refused(OcspError::Malformed));
}

#[test]
fn a_list_for_cards_says_nothing_of_the_authority() {
    let hospital = strict();
    let good = own(&hospital, vec![answer(&hospital.issuing, SHA_1)]);
    let list = hospital.root.crl_of_cards(NOW - DAY, NOW + DAY);
    let evidence = Evidence {
        crls: &[&list],
        ocsp: Some(&good),
    };
    let chain = hospital.chain(blank());
    let refused = hospital.verifier().card(&chain, &evidence, NOW);
    assert_eq!(refused, Err(Refused::RevocationUnknown));
}

#[test]
fn the_question_names_the_card_and_where_to_ask() {
    let mut hospital = hospital();
    let access = |method, address| AccessDescription {
        access_method: oid(method),
        access_location: address,
    };
    let ocsp = "1.3.6.1.5.5.7.48.1";
    let syntax = AuthorityInfoAccessSyntax(vec![
        access("1.3.6.1.5.5.7.48.2", uri("http://ca.example/ca.cer")),
        access(ocsp, uri("http://ocsp.example/")),
        access(ocsp, uri("file:///etc/passwd")),
        access(ocsp, GeneralName::DnsName(Ia5String::new("x").unwrap())),
    ]);
    let card = blank().with(|it| {
        let access = extension("1.3.6.1.5.5.7.1.1", syntax.to_der().unwrap());
        it.custom_extensions.push(access);
    });
    let chain = hospital.chain(card);
    for (hash, id) in [(OcspHash::Sha1, SHA_1), (OcspHash::Sha256, SHA_256)] {
        hospital.config.revocation.ocsp_hash = hash;
        let question = hospital.verifier().question(&chain, NOW).unwrap();
        assert_eq!(question.responders, ["http://ocsp.example/"]);
        let request = OcspRequest::from_der(&question.request).unwrap();
        let [asked] = &request.tbs_request.request_list[..] else {
            panic!("one certificate is asked about");
        };
        assert_eq!(asked.req_cert, answer(&hospital.issuing, id).cert_id);
    }
}

#[test]
fn nothing_is_asked_for_a_card_of_nobody() {
    let hospital = hospital();
    let elsewhere = Authority::root("Elsewhere");
    let chain = [blank().issued_by(&elsewhere), elsewhere.der.clone()];
    let refused = hospital.verifier().question(&chain, NOW);
    assert_eq!(refused, Err(Refused::UnknownIssuer));
}
