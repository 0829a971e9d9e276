//! Signatures of certificates, verified by aws-lc-rs. Only what real chains are signed with.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use der::oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ID_EC_PUBLIC_KEY, RSA_ENCRYPTION, SECP_256_R_1,
    SECP_384_R_1, SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION,
    SHA_512_WITH_RSA_ENCRYPTION,
};
use der::referenced::OwnedToRef;
use der::{Reader as _, SliceReader};
use x509_cert_03::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};

/// Why a signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Its algorithm, or the key's kind or size.
    Algorithm,
    /// It is wrong.
    Signature,
}

/// Which keys of RSA are long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    /// 2048 to 4096 bits.
    Full,
    /// From 1024 bits on: Android's software root has no more, and proves nothing anyway.
    Any,
}

/// Verifies a signature over a message.
pub(crate) fn verify(
    key: &SubjectPublicKeyInfoRef<'_>,
    algorithm: &AlgorithmIdentifierOwned,
    message: &[u8],
    signature: &[u8],
    strength: Strength,
) -> Result<(), Refused> {
    let bytes = key
        .subject_public_key
        .as_bytes()
        .ok_or(Refused::Algorithm)?;
    let parameters = algorithm.parameters.as_ref().map(OwnedToRef::owned_to_ref);
    let verifier: &'static dyn VerificationAlgorithm = match key.algorithm.oid {
        RSA_ENCRYPTION => {
            // RFC 3279 §2.3.1 and RFC 4055 §5: the parameters are NULL in both places.
            if !is_null(key.algorithm.parameters) || !is_null(parameters) {
                return Err(Refused::Algorithm);
            }
            rsa(bytes, algorithm.oid, strength).ok_or(Refused::Algorithm)?
        }
        ID_EC_PUBLIC_KEY => {
            // RFC 5758 §3.2: without parameters.
            let curve = key
                .algorithm
                .parameters_oid()
                .ok()
                .filter(|_| parameters.is_none());
            match (curve, algorithm.oid) {
                (Some(SECP_256_R_1), ECDSA_WITH_SHA_256) => &ECDSA_P256_SHA256_ASN1,
                (Some(SECP_256_R_1), ECDSA_WITH_SHA_384) => &ECDSA_P256_SHA384_ASN1,
                (Some(SECP_384_R_1), ECDSA_WITH_SHA_256) => &ECDSA_P384_SHA256_ASN1,
                (Some(SECP_384_R_1), ECDSA_WITH_SHA_384) => &ECDSA_P384_SHA384_ASN1,
                _ => return Err(Refused::Algorithm),
            }
        }
        _ => return Err(Refused::Algorithm),
    };
    UnparsedPublicKey::new(verifier, bytes)
        .verify(message, signature)
        .map_err(|_| Refused::Signature)
}

fn is_null(parameters: Option<AnyRef<'_>>) -> bool {
    parameters.is_some_and(AnyRef::is_null)
}

fn rsa(
    key: &[u8],
    algorithm: ObjectIdentifier,
    strength: Strength,
) -> Option<&'static dyn VerificationAlgorithm> {
    let bits = modulus_bits(key).ok()?;
    match (algorithm, bits) {
        (SHA_256_WITH_RSA_ENCRYPTION, 2048..=4096) => Some(&RSA_PKCS1_2048_8192_SHA256),
        (SHA_384_WITH_RSA_ENCRYPTION, 2048..=4096) => Some(&RSA_PKCS1_2048_8192_SHA384),
        (SHA_512_WITH_RSA_ENCRYPTION, 2048..=4096) => Some(&RSA_PKCS1_2048_8192_SHA512),
        (SHA_256_WITH_RSA_ENCRYPTION, 1024..2048) if strength == Strength::Any => {
            Some(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY)
        }
        _ => None,
    }
}

/// Length of the modulus of an `RSAPublicKey` (RFC 8017 §A.1.1), rounded up to whole octets.
fn modulus_bits(key: &[u8]) -> der::Result<usize> {
    let mut reader = SliceReader::new(key)?;
    let bits = reader.sequence(|reader| {
        let modulus: UintRef<'_> = reader.decode()?;
        let _exponent: UintRef<'_> = reader.decode()?;
        Ok::<_, der::Error>(modulus.as_bytes().len() * 8)
    })?;
    reader.finish()?;
    Ok(bits)
}
