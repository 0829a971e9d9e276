//! Chains as text: PEM (RFC 7468), one certificate after the other.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{Error, PemObject as _};

use super::{MAX_TEXT, Rejected};

/// The certificates of a PEM text, DER, in its order.
///
/// # Errors
/// [`Rejected::Pem`], or [`Rejected::Text`] for a text longer than any chain.
pub fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, Rejected> {
    if text.len() > MAX_TEXT {
        return Err(Rejected::Text);
    }
    sections(text).map_err(|_| Rejected::Pem)
}

/// All certificates of a PEM text, DER.
pub(crate) fn sections(text: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    CertificateDer::pem_slice_iter(text)
        .map(|certificate| certificate.map(|der| der.to_vec()))
        .collect()
}
