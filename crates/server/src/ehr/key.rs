//! The keys by which the record system knows this Wardline: read from files, shown as a JWK set, and what
//! they sign (SMART App Launch 2.2, "Client authentication: asymmetric").

use std::path::{Path, PathBuf};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA384, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Why a key cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// There is no such file, or it holds no private key.
    #[error("{0} holds no private key in PEM that can be read")]
    File(PathBuf),
    /// A key of another kind.
    #[error("{0} is of no kind that SMART takes: use a key on P-384, or RSA of 2048 bits or more")]
    Kind(PathBuf),
    /// A new key could not be written.
    #[error("{path}: {why}")]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// A key that signs.
pub(crate) struct ClientKey {
    pair: Pair,
    /// RFC 7638 thumbprint.
    kid: String,
    jwk: Value,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

/// The private part does not show.
impl std::fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl ClientKey {
    /// Reads a file in PEM: PKCS#8, SEC 1 or PKCS#1.
    pub(crate) fn read(path: &Path) -> Result<Self, KeyError> {
        let der =
            PrivateKeyDer::from_pem_file(path).map_err(|_| KeyError::File(path.to_owned()))?;
        Self::of(&der).ok_or_else(|| KeyError::Kind(path.to_owned()))
    }

    fn of(der: &PrivateKeyDer<'_>) -> Option<Self> {
        let bytes = der.secret_der();
        let ec = match der {
            PrivateKeyDer::Pkcs1(_) => None,
            PrivateKeyDer::Sec1(_) => {
                EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_FIXED_SIGNING, bytes).ok()
            }
            _ => EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, bytes).ok(),
        };
        if let Some(pair) = ec {
            return Some(Self::ec(pair));
        }
        let rsa = match der {
            PrivateKeyDer::Pkcs1(_) => RsaKeyPair::from_der(bytes).ok(),
            PrivateKeyDer::Pkcs8(_) => RsaKeyPair::from_pkcs8(bytes).ok(),
            _ => None,
        };
        rsa.filter(|pair| pair.public_modulus_len() >= SHORTEST_RSA)
            .map(Self::rsa)
    }

    fn ec(pair: EcdsaKeyPair) -> Self {
        // SEC 1 §2.3.3: 0x04, x, y.
        let point = pair.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let kid = thumbprint(&format!(
            r#"{{"crv":"P-384","kty":"EC","x":"{x}","y":"{y}"}}"#
        ));
        let jwk = json!({
            "kty": "EC", "crv": "P-384", "x": x, "y": y, "kid": kid, "alg": "ES384", "use": "sig",
        });
        Self {
            pair: Pair::Ec(pair),
            kid,
            jwk,
        }
    }

    fn rsa(pair: RsaKeyPair) -> Self {
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let (n, e) = (
            URL_SAFE_NO_PAD.encode(public.n),
            URL_SAFE_NO_PAD.encode(public.e),
        );
        let kid = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
        let jwk = json!({
            "kty": "RSA", "n": n, "e": e, "kid": kid, "alg": "RS384", "use": "sig",
        });
        Self {
            pair: Pair::Rsa(Box::new(pair)),
            kid,
            jwk,
        }
    }

    /// The public key (RFC 7517).
    pub(crate) const fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// A compact JWS over claims (RFC 7515); `None` when the library fails.
    pub(crate) fn sign(&self, claims: &Value) -> Option<String> {
        let alg = match self.pair {
            Pair::Ec(_) => "ES384",
            Pair::Rsa(_) => "RS384",
        };
        let header = json!({ "alg": alg, "kid": self.kid, "typ": "JWT" });
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Ec(pair) => pair
                .sign(&random, signed.as_bytes())
                .ok()?
                .as_ref()
                .to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA384,
                    &random,
                    signed.as_bytes(),
                    &mut signature,
                )
                .ok()?;
                signature
            }
        };
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Makes a key on P-384, in a new file that its owner alone reads.
pub(crate) fn make(path: &Path) -> Result<(), KeyError> {
    use std::io::Write as _;

    let failed = |why: String| KeyError::Write {
        path: path.to_owned(),
        why,
    };
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)
        .map_err(|error| failed(error.to_string()))?;
    let pem = zeroize::Zeroizing::new(pair.serialize_pem());
    let mut options = std::fs::OpenOptions::new();
    // A key that is registered somewhere is not to be lost by a slip.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| {
            file.write_all(pem.as_bytes())?;
            file.sync_all()
        })
        .map_err(|error| failed(error.to_string()))
}

fn thumbprint(canonical: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
}

/// Bytes of a modulus.
const SHORTEST_RSA: usize = 256;

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{
        ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA384, UnparsedPublicKey,
    };

    use super::*;

    fn verified(key: &ClientKey, algorithm: &'static str) {
        let token = key.sign(&json!({ "iss": "wardline" })).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let header: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        assert_eq!(header["alg"], algorithm);
        assert_eq!(header["kid"], key.jwk()["kid"]);
        let coordinate = |name: &str| {
            URL_SAFE_NO_PAD
                .decode(key.jwk()[name].as_str().unwrap())
                .unwrap()
        };
        match algorithm {
            "ES384" => {
                let point = [vec![4], coordinate("x"), coordinate("y")].concat();
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point)
                    .verify(signed.as_bytes(), &signature)
                    .unwrap();
            }
            _ => RsaPublicKeyComponents {
                n: coordinate("n"),
                e: coordinate("e"),
            }
            .verify(&RSA_PKCS1_2048_8192_SHA384, signed.as_bytes(), &signature)
            .unwrap(),
        }
    }

    #[test]
    fn a_made_key_signs_what_its_public_half_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ehr.pem");
        make(&path).unwrap();
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &std::fs::metadata(&path).unwrap().permissions(),
            );
            assert_eq!(mode & 0o077, 0);
        }
        let key = ClientKey::read(&path).unwrap();
        verified(&key, "ES384");
        assert!(key.jwk().get("d").is_none());
        assert!(!format!("{key:?}").contains("PRIVATE"));
        assert!(
            matches!(make(&path), Err(KeyError::Write { .. })),
            "never over another"
        );
    }

    #[test]
    fn an_rsa_key_signs_and_one_that_is_no_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rsa.pem");
        let pair =
            rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA384, rcgen::RsaKeySize::_2048);
        std::fs::write(&path, pair.unwrap().serialize_pem()).unwrap();
        verified(&ClientKey::read(&path).unwrap(), "RS384");
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        std::fs::write(&path, other.serialize_pem()).unwrap();
        assert!(matches!(ClientKey::read(&path), Err(KeyError::Kind(_))));
        std::fs::write(&path, "none").unwrap();
        assert!(matches!(ClientKey::read(&path), Err(KeyError::File(_))));
    }
}
