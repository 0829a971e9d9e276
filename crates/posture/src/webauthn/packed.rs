//! `packed` (§8.2): the authenticator signs with an attestation key of its model.

use der::oid::ObjectIdentifier;
use der::oid::db::rfc4519;

use super::certificate::{Certificate, Chain, certificates};
use super::{Ceremony, Proven, Unproven, signature};

/// The organizational unit of every attestation certificate (§8.2.1).
const UNIT: &[u8] = b"Authenticator Attestation";

/// The verification procedure.
pub(super) fn verify(ceremony: &Ceremony<'_>) -> Result<Proven, Unproven> {
    let object = ceremony.object;
    let algorithm = object.algorithm()?;
    let signed = object.bytes("sig")?;
    if !object.has("x5c") {
        // ECDAA left the standard with Level 2.
        return Err(if object.has("ecdaaKeyId") {
            Unproven::Format
        } else {
            Unproven::SelfAttested
        });
    }
    let certificates = certificates(ceremony)?;
    let chain = Chain::read(&certificates)?;
    signature::verify(chain.leaf(), algorithm, &ceremony.signed(), signed)?;
    require(chain.leaf())?;
    let model = chain.leaf().require_model(ceremony.aaguid)?;
    let vouching = chain.validate(ceremony.trust, ceremony.aaguid, ceremony.at_ms)?;
    // §8.2.1: where a root vouches for more than one model, the certificate says which it is for.
    // Whoever breaks into one model would otherwise have broken into all of them.
    if model.is_none() && !vouching.iter().any(|anchor| anchor.models.len() == 1) {
        return Err(Unproven::Certificate(
            "it does not say for which model it is, and its root may vouch for several",
        ));
    }
    Ok(Proven::bound(&chain))
}

/// §8.2.1, certificate requirements.
fn require(leaf: &Certificate<'_>) -> Result<(), Unproven> {
    leaf.require_end_entity()?;
    let subject = leaf.tbs().subject();
    let values = |oid: ObjectIdentifier| {
        let attributes = subject.iter().filter(move |attribute| attribute.oid == oid);
        attributes.map(|attribute| attribute.value.value())
    };
    if [rfc4519::C, rfc4519::O, rfc4519::CN]
        .into_iter()
        .any(|oid| values(oid).next().is_none())
    {
        return Err(Unproven::Certificate(
            "country, organization or common name is missing",
        ));
    }
    let mut units = values(rfc4519::OU);
    if units.next() != Some(UNIT) || units.next().is_some() {
        return Err(Unproven::Certificate(
            "its unit is not \"Authenticator Attestation\"",
        ));
    }
    Ok(())
}
