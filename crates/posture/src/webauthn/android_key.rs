//! `android-key` (§8.4): Android Key Attestation of the passkey, with the hash of the client data
//! as its challenge. The chain and the description are read as every phone's are
//! ([`attest::verify`]).

use crate::attest;

use super::certificate::{Certificate, certificates};
use super::unproven::NO_ROOT;
use super::{Ceremony, Proven, Unproven, signature};

/// The verification procedure.
pub(super) fn verify(ceremony: &Ceremony<'_>) -> Result<Proven, Unproven> {
    let object = ceremony.object;
    let trust = ceremony.trust;
    let algorithm = object.algorithm()?;
    let signed = object.bytes("sig")?;
    let certificates = certificates(ceremony)?;
    // Not empty, which is looked at there.
    let leaf = Certificate::read(&certificates[0])?;
    signature::verify(&leaf, algorithm, &ceremony.signed(), signed)?;
    if !object.key().is(leaf.key()) || object.key().algorithm != algorithm {
        return Err(Unproven::Key);
    }
    // Any application may have a key attested for authenticator data that it made up, so these
    // roots vouch for Android's own authenticator and no other model.
    if !trust.android_models.contains(&ceremony.aaguid) {
        return Err(Unproven::Untrusted(NO_ROOT));
    }
    let phone = attest::verify(
        &certificates,
        ceremony.client_data_hash,
        &trust.android_roots,
        trust.android_status.as_ref(),
        ceremony.at_ms,
    )?;
    let description = &phone.description;
    let lists = [
        &description.software_enforced,
        &description.hardware_enforced,
    ];
    if lists.iter().any(|list| list.all_applications) {
        return Err(Unproven::Certificate("any application may use the key"));
    }
    let bound = phone.is_bound();
    Ok(Proven {
        bound,
        subject: leaf.name(),
        phone: Some(phone),
    })
}
