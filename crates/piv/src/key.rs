//! Which keys and signatures count (NIST SP 800-78-5 §3.1), verified by aws-lc-rs through webpki.

use rustls_pki_types::SignatureVerificationAlgorithm;
use webpki::aws_lc_rs as algorithms;
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};

use crate::element;

/// Signatures that count. SHA-1 is not among them, and neither are curves that cards do not have.
pub(crate) static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    algorithms::ECDSA_P256_SHA256,
    algorithms::ECDSA_P256_SHA384,
    algorithms::ECDSA_P384_SHA256,
    algorithms::ECDSA_P384_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA256,
    algorithms::RSA_PKCS1_2048_8192_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA512,
    algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

/// Whether a key is long enough and of a kind that counts: RSA of 2048 to 8192 bits, P-256, P-384.
pub(crate) fn is_strong(key: &SubjectPublicKeyInfoRef<'_>) -> bool {
    match key.algorithm.oid {
        RSA => rsa(key).is_some_and(|(bits, _)| (2048..=8192).contains(&bits)),
        EC => matches!(key.algorithm.parameters_oid(), Ok(P_256 | P_384)),
        _ => false,
    }
}

/// Whether a card may have the key. More is asked of it than of an authority's: the exponent of an
/// RSA key is odd and 65537 at least.
pub(crate) fn is_for_cards(key: &SubjectPublicKeyInfoRef<'_>) -> bool {
    is_strong(key)
        && (key.algorithm.oid != RSA
            || rsa(key).is_some_and(|(_, exponent)| exponent_is_good(exponent)))
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadSignature {
    /// Its algorithm, or the algorithm with this key.
    Algorithm,
    /// It is wrong.
    Signature,
}

/// Verifies a signature with the key of a SubjectPublicKeyInfo (DER).
pub(crate) fn verify(
    key: &[u8],
    algorithm: &AlgorithmIdentifierOwned,
    message: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    let key = SubjectPublicKeyInfoRef::from_der(key).map_err(|_| BadSignature::Algorithm)?;
    let bits = key
        .subject_public_key
        .as_bytes()
        .ok_or(BadSignature::Algorithm)?;
    let of_key = key
        .algorithm
        .to_der()
        .map_err(|_| BadSignature::Algorithm)?;
    let of_signature = algorithm.to_der().map_err(|_| BadSignature::Algorithm)?;
    let verifier = ALGORITHMS
        .iter()
        .find(|it| {
            Ok(it.public_key_alg_id().as_ref()) == element::contents(&of_key)
                && Ok(it.signature_alg_id().as_ref()) == element::contents(&of_signature)
        })
        .ok_or(BadSignature::Algorithm)?;
    verifier
        .verify_signature(bits, message, signature)
        .map_err(|_| BadSignature::Signature)
}

/// Bits of the modulus, and the exponent (RFC 8017 §A.1.1).
fn rsa<'k>(key: &SubjectPublicKeyInfoRef<'k>) -> Option<(usize, &'k [u8])> {
    let mut reader = SliceReader::new(key.subject_public_key.as_bytes()?).ok()?;
    let (modulus, exponent) = reader
        .sequence(|numbers| Ok((UintRef::decode(numbers)?, UintRef::decode(numbers)?)))
        .ok()?;
    let modulus = modulus.as_bytes();
    let first = modulus.first()?;
    let bits = (modulus.len() * 8).checked_sub(usize::try_from(first.leading_zeros()).ok()?)?;
    Some((bits, exponent.as_bytes()))
}

fn exponent_is_good(exponent: &[u8]) -> bool {
    let odd = exponent.last().is_some_and(|last| last % 2 == 1);
    // Below 2^256, and 65537 or more.
    odd && (3..=32).contains(&exponent.len())
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
