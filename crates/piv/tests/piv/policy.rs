//! Certificate policies.

use wardline_piv::config::COMMON_AUTHENTICATION;
use wardline_piv::{Evidence, Refused, Verifier};
use x509_cert::der::Encode as _;

use crate::made::{ANY_POLICY, NOW, OTHER_POLICY, blank, extension, hospital, policies};

#[test]
fn a_card_without_a_policy_is_refused() {
    let refused = hospital().tries(blank().policies(&[]));
    assert_eq!(refused, Err(Refused::NoPolicy { certificate: 1 }));
}

#[test]
fn a_card_under_another_policy_is_refused() {
    let hospital = hospital();
    for other in [OTHER_POLICY, ANY_POLICY] {
        let refused = hospital.tries(blank().policies(&[other]));
        assert_eq!(refused, Err(Refused::Policy { certificate: 1 }));
    }
    let both = hospital.tries(blank().policies(&[OTHER_POLICY, COMMON_AUTHENTICATION]));
    assert!(both.is_ok());
}

#[test]
fn a_policy_holds_from_the_top_down() {
    let hospital = hospital();
    let through = |ids: &[&str]| {
        let middle = hospital.root.below_with("Middle", |it| {
            it.custom_extensions.clear();
            if !ids.is_empty() {
                it.custom_extensions.push(policies(ids));
            }
        });
        hospital.takes(&[blank().issued_by(&middle), middle.der.clone()], NOW)
    };
    assert!(through(&[COMMON_AUTHENTICATION]).is_ok());
    assert!(through(&[ANY_POLICY]).is_ok());
    assert_eq!(
        through(&[OTHER_POLICY]),
        Err(Refused::Policy { certificate: 2 })
    );
    assert_eq!(through(&[]), Err(Refused::NoPolicy { certificate: 2 }));
}

#[test]
fn what_is_left_of_the_policies_that_count_is_told() {
    let mut hospital = hospital();
    hospital.config.policies = vec![COMMON_AUTHENTICATION.to_owned(), OTHER_POLICY.to_owned()];
    let card = hospital.tries(blank().policies(&[OTHER_POLICY])).unwrap();
    assert_eq!(card.policy.as_deref(), Some(OTHER_POLICY));
    let card = hospital.tries(blank().policies(&[OTHER_POLICY, COMMON_AUTHENTICATION]));
    assert_eq!(card.unwrap().policy.as_deref(), Some(COMMON_AUTHENTICATION));
}

#[test]
fn any_policy_counts_no_more_once_it_is_inhibited() {
    let hospital = hospital();
    let under = |skip: u8| {
        let upper = hospital.root.below_with("Upper", |it| {
            let skip = extension("2.5.29.54", skip.to_der().unwrap());
            it.custom_extensions.push(skip);
        });
        let lower = upper.below("Lower");
        let chain = [
            blank().issued_by(&lower),
            lower.der.clone(),
            upper.der.clone(),
        ];
        hospital.takes(&chain, NOW)
    };
    assert_eq!(under(0), Err(Refused::Policy { certificate: 2 }));
    assert!(under(1).is_ok());
}

#[test]
fn another_path_is_looked_for_when_one_is_under_no_policy_that_counts() {
    let hospital = hospital();
    let crossed = crate::made::Authority::root("Crossed");
    let mut params = crossed.params.clone();
    params.custom_extensions = vec![policies(&[OTHER_POLICY])];
    let by = |params: &rcgen::CertificateParams| {
        let certificate = params.signed_by(&crossed.key, &hospital.root.issuer());
        certificate.unwrap().der().clone()
    };
    let (wrong, right) = (by(&params), by(&crossed.params));
    let card = blank().issued_by(&crossed);
    let both = [card.clone(), wrong.clone(), right];
    assert!(hospital.takes(&both, NOW).is_ok());
    let refused = hospital.takes(&[card, wrong], NOW);
    assert_eq!(refused, Err(Refused::Policy { certificate: 2 }));
}

#[test]
fn a_critical_constraint_of_policies_is_refused_because_webpki_does_not_read_it() {
    let hospital = hospital();
    let strict = hospital.root.below_with("Strict", |it| {
        // requireExplicitPolicy 0.
        let mut constraints = extension("2.5.29.36", vec![0x30, 3, 0x80, 1, 0]);
        constraints.set_criticality(true);
        it.custom_extensions.push(constraints);
    });
    let refused = hospital.takes(&[blank().issued_by(&strict), strict.der.clone()], NOW);
    assert_eq!(refused, Err(Refused::CriticalExtension));
    let anchors = std::slice::from_ref(&strict.der);
    let verifier = Verifier::new(&hospital.config, anchors, &[]).unwrap();
    let card = [blank().issued_by(&strict)];
    assert!(verifier.card(&card, &Evidence::default(), NOW).is_ok());
}

#[test]
fn any_policy_will_do_where_the_hospital_says_so() {
    let mut hospital = hospital();
    hospital.config.policies.clear();
    hospital.config.any_policy = true;
    let card = hospital.tries(blank().policies(&[])).unwrap();
    assert_eq!(card.policy, None);
}
