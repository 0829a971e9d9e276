//! Nothing that is altered is believed, and no input makes a decoder panic.

use std::slice::from_ref;

use wardline_fuzz::corpus;
use wardline_piv::{Crl, Evidence, Refused, fuzz};

use crate::answers::{SHA_1, answer, own, revoked};
use crate::made::{DAY, NOW, blank, hospital};

#[test]
fn a_card_is_believed_unaltered_or_not_at_all() {
    let hospital = hospital();
    let verifier = wardline_piv::Verifier::new(
        &hospital.config,
        from_ref(&hospital.root.der),
        from_ref(&hospital.issuing.der),
    )
    .unwrap();
    let card = blank().issued_by(&hospital.issuing);
    let evidence = Evidence::default();
    let real = fuzz::card(&card, &verifier, &evidence, NOW).unwrap();
    corpus!("card")
        .seeds([card.to_vec()])
        .cases(4_000)
        .run(|bytes| {
            let taken = fuzz::card(bytes, &verifier, &evidence, NOW);
            if let Some(taken) = &taken {
                assert_eq!(taken, &real);
            }
            taken.is_some()
        });
}

#[test]
fn lists_are_read_or_refused() {
    let list = hospital().issuing.crl_der(&[7, 8, 1 << 40], NOW, NOW + DAY);
    corpus!("crl").seeds([list]).cases(4_000).run(fuzz::crl);
}

#[test]
fn responses_are_read_or_refused() {
    let hospital = hospital();
    let good = own(&hospital, vec![answer(&hospital.issuing, SHA_1)]);
    corpus!("response")
        .seeds([good])
        .cases(4_000)
        .run(fuzz::response);
}

#[test]
fn no_altered_response_brings_a_revoked_card_back() {
    let mut hospital = hospital();
    hospital.config.revocation.accept_unknown = false;
    let upper = hospital.root.crl(&[], NOW - DAY, NOW + DAY);
    let chain = hospital.chain(blank());
    let verifier = hospital.verifier();
    let revoked = own(&hospital, vec![revoked(&hospital.issuing, SHA_1)]);
    corpus!("revoked")
        .seeds([revoked])
        .cases(4_000)
        .run(|bytes| {
            let evidence = Evidence {
                crls: &[&upper],
                ocsp: Some(bytes),
            };
            verifier.card(&chain, &evidence, NOW).unwrap_err() == Refused::Revoked
        });
}

#[test]
fn no_altered_list_brings_a_revoked_card_back() {
    let mut hospital = hospital();
    hospital.config.revocation.accept_unknown = false;
    let upper = hospital.root.crl(&[], NOW - DAY, NOW + DAY);
    let chain = hospital.chain(blank());
    let verifier = hospital.verifier();
    let list = hospital.issuing.crl_der(&[7], NOW - DAY, NOW + DAY);
    corpus!("listed").seeds([list]).cases(4_000).run(|bytes| {
        let Ok(list) = Crl::read(bytes) else {
            return false;
        };
        let evidence = Evidence {
            crls: &[&upper, &list],
            ocsp: None,
        };
        verifier.card(&chain, &evidence, NOW).unwrap_err() == Refused::Revoked
    });
}
