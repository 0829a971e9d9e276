//! Chains as text: PEM (RFC 7468), one certificate after the other.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{Error, PemObject as _};

use super::{MAX_CERTIFICATE, MAX_CERTIFICATES, Rejected};

/// The most bytes of a PEM text: base64 takes four for three, and lines and comments some more.
const MAX_TEXT: usize = 2 * MAX_CERTIFICATES * MAX_CERTIFICATE;

/// The certificates of a PEM text, DER, in its order.
///
/// # Errors
/// [`Rejected::Pem`], or [`Rejected::Length`] for a text longer than any chain.
pub fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, Rejected> {
    if text.len() > MAX_TEXT {
        return Err(Rejected::Length);
    }
    sections(text).map_err(|_| Rejected::Pem)
}

/// All certificates of a PEM text, DER.
pub(crate) fn sections(text: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    CertificateDer::pem_slice_iter(text)
        .map(|certificate| certificate.map(|der| der.to_vec()))
        .collect()
}
