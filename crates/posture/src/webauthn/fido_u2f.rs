//! `fido-u2f` (§8.6): security keys of before FIDO2. They sign neither their model nor whether they
//! verified their user.

use super::certificate::{Chain, certificates};
use super::cose::{Curve, ES256, Material, point};
use super::{Ceremony, Proven, Unproven, signature};

/// The verification procedure.
pub(super) fn verify(ceremony: &Ceremony<'_>) -> Result<Proven, Unproven> {
    let object = ceremony.object;
    let signed = object.bytes("sig")?;
    let certificates = certificates(ceremony)?;
    if certificates.len() != 1 {
        return Err(Unproven::Malformed("x5c"));
    }
    let chain = Chain::read(&certificates)?;
    // U2F knows P-256 alone, for both keys.
    let Material::Ec2 {
        curve: Curve::P256,
        x,
        y,
    } = &object.key().material
    else {
        return Err(Unproven::Algorithm);
    };
    let message = [
        &[0],
        object.rp_id_hash(),
        ceremony.client_data_hash,
        object.credential_id(),
        &point(x, y),
    ]
    .concat();
    signature::verify(chain.leaf(), ES256, &message, signed)?;
    chain.validate(ceremony.trust, ceremony.aaguid, ceremony.at_ms)?;
    Ok(Proven::bound(&chain))
}
