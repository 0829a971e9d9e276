//! The decoders as plain functions over bytes, for tests and fuzzers: none of them may panic.

use rustls_pki_types::CertificateDer;

use crate::{Card, Crl, CrlError, Evidence, Signer, Verifier, ocsp};

/// A card's certificate alone, held against a verifier.
///
/// # Panics
/// When it is taken, and is not taken again or is still taken long after it expired.
pub fn card(der: &[u8], verifier: &Verifier, evidence: &Evidence<'_>, at_ms: u64) -> Option<Card> {
    let chain = [CertificateDer::from(der)];
    let card = verifier.card(&chain, evidence, at_ms).ok()?;
    assert_eq!(verifier.card(&chain, evidence, at_ms).as_ref(), Ok(&card));
    assert!(card.not_after_ms.saturating_add(999) >= at_ms);
    let late = card.not_after_ms.saturating_add(1000);
    assert!(verifier.card(&chain, evidence, late).is_err());
    Some(card)
}

/// A revocation list.
///
/// # Panics
/// When it counts as signed without a key.
pub fn crl(der: &[u8]) -> bool {
    let Ok(list) = Crl::read(der) else {
        return false;
    };
    let keyless = Signer {
        name: list.list().issuer().to_vec(),
        key: Vec::new(),
    };
    assert!(matches!(Crl::read_of(&keyless, der), Err(CrlError::Signer)));
    true
}

/// An OCSP response, whoever it is by.
pub fn response(der: &[u8]) -> bool {
    ocsp::is_response(der)
}
