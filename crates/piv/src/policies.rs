//! Certificate policies along a path (RFC 5280 §6.1, without policy mappings).
//!
//! With no mappings, the tree of valid policies has one branch for each policy: what is left of the
//! policies that count is what every certificate from the top down asserts.

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::{CertificatePolicies, InhibitAnyPolicy};

use crate::certificate::Certificate;
use crate::refused::Refused;

/// The first policy that counts and holds for the whole path. The card stands first, and the anchor
/// not at all; `accepted` is in order of preference.
pub(crate) fn hold(
    path: &[Certificate],
    accepted: &[ObjectIdentifier],
) -> Result<Option<ObjectIdentifier>, Refused> {
    if accepted.is_empty() {
        return Ok(None);
    }
    let mut left = accepted.to_vec();
    // How many more certificates may say anyPolicy; without a limit until one is set.
    let mut any_allowed = usize::MAX;
    for (index, certificate) in path.iter().enumerate().rev() {
        let number = index + 1;
        let self_issued = certificate.tbs().subject == certificate.tbs().issuer;
        let policies: Option<CertificatePolicies> = certificate.extension()?;
        let policies = policies.ok_or(Refused::NoPolicy {
            certificate: number,
        })?;
        let asserts =
            |policy: &ObjectIdentifier| policies.0.iter().any(|it| it.policy_identifier == *policy);
        // §6.1.3 (d) (2). A card says which policy it is under: with anyPolicy it is mis-issued.
        let any = index > 0 && asserts(&ANY_POLICY) && (any_allowed > 0 || self_issued);
        if !any {
            left.retain(asserts);
        }
        if left.is_empty() {
            return Err(Refused::Policy {
                certificate: number,
            });
        }
        // §6.1.4 (h) and (j).
        if !self_issued {
            any_allowed = any_allowed.saturating_sub(1);
        }
        let inhibit: Option<InhibitAnyPolicy> = certificate.extension()?;
        if let Some(inhibit) = inhibit {
            any_allowed = any_allowed.min(usize::try_from(inhibit.0).unwrap_or(usize::MAX));
        }
    }
    Ok(left.into_iter().next())
}

const ANY_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32.0");
