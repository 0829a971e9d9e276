//! `apple` (§8.8): Apple's servers certify the passkey itself, for this ceremony.

use aws_lc_rs::digest::{SHA256, digest};
use der::asn1::{ContextSpecific, OctetString};
use der::oid::ObjectIdentifier;
use der::{Reader as _, SliceReader, TagNumber};

use super::certificate::{Chain, certificates};
use super::{Ceremony, Proven, Unproven};

/// The extension that holds the hash of the ceremony.
const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.8.2");

/// The verification procedure.
pub(super) fn verify(ceremony: &Ceremony<'_>) -> Result<Proven, Unproven> {
    let certificates = certificates(ceremony)?;
    let chain = Chain::read(&certificates)?;
    let leaf = chain.leaf();
    let extension = leaf
        .extension_bytes(NONCE)
        .ok_or(Unproven::Certificate("it names no ceremony"))?;
    let nonce = nonce(extension).map_err(|_| Unproven::Malformed("the certificate's nonce"))?;
    if nonce != digest(&SHA256, &ceremony.signed()).as_ref() {
        return Err(Unproven::Ceremony);
    }
    if !ceremony.object.key().is(leaf.key()) {
        return Err(Unproven::Key);
    }
    chain.validate(ceremony.trust, ceremony.aaguid, ceremony.at_ms)?;
    Ok(Proven::bound(&chain))
}

/// `SEQUENCE { [1] EXPLICIT OCTET STRING }`.
fn nonce(extension: &[u8]) -> der::Result<Vec<u8>> {
    let mut reader = SliceReader::new(extension)?;
    let nonce = reader.sequence(|reader| {
        let field: Option<ContextSpecific<OctetString>> =
            ContextSpecific::decode_explicit(reader, TagNumber(1))?;
        Ok::<_, der::Error>(field.map(|field| field.value))
    })?;
    reader.finish()?;
    Ok(nonce.map_or_else(Vec::new, |octets| octets.as_bytes().to_vec()))
}
