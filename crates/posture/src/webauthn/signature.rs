//! Signatures of statements, verified by webpki and aws-lc-rs.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use der::oid::db::rfc5912::RSA_ENCRYPTION;
use rustls_pki_types::SignatureVerificationAlgorithm;
use webpki::aws_lc_rs as webpki_algs;

use super::Unproven;
use super::certificate::Certificate;

/// `RS1`: RSA PKCS#1 1.5 with SHA-1, as TPMs of Windows sign (RFC 8812 §2).
pub(super) const RS1: i64 = -65535;

/// Verifies a signature over a message by a certificate's key, with a COSE algorithm.
pub(super) fn verify(
    certificate: &Certificate,
    algorithm: i64,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Unproven> {
    let candidates = candidates(algorithm)?;
    let signer = certificate.end_entity()?;
    let mut fits = false;
    for candidate in candidates {
        match signer.verify_signature(candidate, message, signature) {
            Ok(()) => return Ok(()),
            // Another curve's.
            Err(webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
            Err(_) => fits = true,
        }
    }
    Err(if fits {
        Unproven::Signature
    } else {
        Unproven::Algorithm
    })
}

/// Verifies `RS1`, in `tpm` statements alone. What is signed there holds the hash of the message
/// in 20 of its bytes and the name of the key by SHA-256; a collision of SHA-1 needs several
/// hundred chosen bytes, for which the structure has no room.
pub(super) fn verify_rs1(
    certificate: &Certificate,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Unproven> {
    let key = certificate.key();
    let bits = key.subject_public_key.as_bytes();
    let (RSA_ENCRYPTION, Some(bits)) = (key.algorithm.oid, bits) else {
        return Err(Unproven::Algorithm);
    };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, bits)
        .verify(message, signature)
        .map_err(|_| Unproven::Signature)
}

/// What a COSE algorithm (RFC 9053 §2, RFC 8812 §2) may mean. ECDSA's names the hash alone.
fn candidates(
    algorithm: i64,
) -> Result<Vec<&'static dyn SignatureVerificationAlgorithm>, Unproven> {
    Ok(match algorithm {
        -7 => vec![
            webpki_algs::ECDSA_P256_SHA256,
            webpki_algs::ECDSA_P384_SHA256,
            webpki_algs::ECDSA_P521_SHA256,
        ],
        -8 => vec![webpki_algs::ED25519],
        -35 => vec![
            webpki_algs::ECDSA_P384_SHA384,
            webpki_algs::ECDSA_P256_SHA384,
            webpki_algs::ECDSA_P521_SHA384,
        ],
        -36 => vec![webpki_algs::ECDSA_P521_SHA512],
        -37 => vec![webpki_algs::RSA_PSS_2048_8192_SHA256_LEGACY_KEY],
        -38 => vec![webpki_algs::RSA_PSS_2048_8192_SHA384_LEGACY_KEY],
        -39 => vec![webpki_algs::RSA_PSS_2048_8192_SHA512_LEGACY_KEY],
        -257 => vec![webpki_algs::RSA_PKCS1_2048_8192_SHA256],
        -258 => vec![webpki_algs::RSA_PKCS1_2048_8192_SHA384],
        -259 => vec![webpki_algs::RSA_PKCS1_2048_8192_SHA512],
        _ => return Err(Unproven::Algorithm),
    })
}
