//! The passkey's public key as it stands in the authenticator data: a COSE_Key (RFC 9052 §7),
//! compared with the keys of certificates and of TPMs.

use ciborium::Value;
use der::asn1::UintRef;
use der::oid::ObjectIdentifier;
use der::oid::db::rfc5912::{
    ID_EC_PUBLIC_KEY, RSA_ENCRYPTION, SECP_256_R_1, SECP_384_R_1, SECP_521_R_1,
};
use der::oid::db::rfc8410::{ID_ED_448, ID_ED_25519};
use der::{Reader as _, SliceReader};
use x509_cert_03::spki::SubjectPublicKeyInfoOwned;

use super::Unproven;
use super::object::refuse_twice;

/// `ES256`: ECDSA with SHA-256.
pub(super) const ES256: i64 = -7;

/// A public key, as far as certificates are compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Its COSEAlgorithmIdentifier.
    pub(super) algorithm: i64,
    pub(super) material: Material,
}

/// The numbers of a public key, by key type (RFC 9053 §7, RFC 8230 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Material {
    /// A curve with two coordinates.
    Ec2 {
        curve: Curve,
        x: Vec<u8>,
        y: Vec<u8>,
    },
    /// RSA, both numbers without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A curve with one coordinate.
    Okp { curve: Curve, x: Vec<u8> },
}

/// Curves that WebAuthn names (§5.8.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
    Ed25519,
    Ed448,
}

impl Curve {
    const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::P256 => SECP_256_R_1,
            Self::P384 => SECP_384_R_1,
            Self::P521 => SECP_521_R_1,
            Self::Ed25519 => ID_ED_25519,
            Self::Ed448 => ID_ED_448,
        }
    }

    /// Bytes of a coordinate.
    const fn width(self) -> usize {
        match self {
            Self::P256 | Self::Ed25519 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
            Self::Ed448 => 57,
        }
    }
}

impl Key {
    /// Reads a COSE_Key.
    pub(super) fn from_cbor(value: &Value) -> Result<Self, Unproven> {
        let malformed = || Unproven::Malformed("the passkey's public key");
        let map = value.as_map().ok_or_else(malformed)?;
        refuse_twice(map)?;
        let field = |label: i64| {
            map.iter()
                .find_map(|(key, value)| (*key == Value::from(label)).then_some(value))
        };
        let integer = |label| {
            let value = field(label)?.as_integer()?;
            i64::try_from(value).ok()
        };
        let bytes = |label| field(label)?.as_bytes().cloned();
        let coordinate = |label, curve: Curve| {
            bytes(label).filter(|coordinate| coordinate.len() == curve.width())
        };
        let read = || {
            let algorithm = integer(3)?;
            let material = match integer(1)? {
                1 => {
                    let curve = match integer(-1)? {
                        6 => Curve::Ed25519,
                        7 => Curve::Ed448,
                        _ => return None,
                    };
                    Material::Okp {
                        curve,
                        x: coordinate(-2, curve)?,
                    }
                }
                2 => {
                    let curve = match integer(-1)? {
                        1 => Curve::P256,
                        2 => Curve::P384,
                        3 => Curve::P521,
                        _ => return None,
                    };
                    Material::Ec2 {
                        curve,
                        x: coordinate(-2, curve)?,
                        y: coordinate(-3, curve)?,
                    }
                }
                3 => Material::Rsa {
                    n: number(&bytes(-1)?),
                    e: number(&bytes(-2)?),
                },
                _ => return None,
            };
            Some(Self {
                algorithm,
                material,
            })
        };
        read().ok_or_else(malformed)
    }

    /// Whether a certificate is for this key.
    pub(super) fn is(&self, other: &SubjectPublicKeyInfoOwned) -> bool {
        let Some(bits) = other.subject_public_key.as_bytes() else {
            return false;
        };
        match &self.material {
            Material::Ec2 { curve, x, y } => {
                let named = other.algorithm.parameters.as_ref();
                let named = named.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
                other.algorithm.oid == ID_EC_PUBLIC_KEY
                    && named == Some(curve.oid())
                    && bits == point(x, y)
            }
            Material::Rsa { n, e } => {
                other.algorithm.oid == RSA_ENCRYPTION
                    && rsa(bits).is_ok_and(|(other_n, other_e)| other_n == *n && other_e == *e)
            }
            Material::Okp { curve, x } => other.algorithm.oid == curve.oid() && bits == x,
        }
    }
}

/// A point without compression (SEC 1 §2.3.3).
pub(super) fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

/// A number in one spelling: big-endian without leading zeros.
pub(super) fn number(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros..].to_vec()
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 §A.1.1).
fn rsa(bits: &[u8]) -> der::Result<(Vec<u8>, Vec<u8>)> {
    let mut reader = SliceReader::new(bits)?;
    let numbers = reader.sequence(|reader| {
        let n: UintRef<'_> = reader.decode()?;
        let e: UintRef<'_> = reader.decode()?;
        Ok::<_, der::Error>((n.as_bytes().to_vec(), e.as_bytes().to_vec()))
    })?;
    reader.finish()?;
    Ok(numbers)
}
