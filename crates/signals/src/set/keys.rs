//! A transmitter's public keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

/// The public keys of a transmitter, as its `jwks_uri` publishes them.
#[derive(Clone)]
pub struct Keys(Vec<Key>);

/// A key set that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeysError {
    /// Not a JWK set, or larger than 1 MiB, or with more than 100 keys.
    #[error("is not a set of at most 100 keys (RFC 7517)")]
    Malformed,
    /// A private or shared key stands in it: whoever can read the set could sign.
    #[error("holds a private or shared key")]
    Private,
    /// No key in it can sign security event tokens.
    #[error("holds no key for ES256, RS256, PS256 or EdDSA")]
    None,
}

impl Keys {
    /// Reads a JWK set (RFC 7517 §5). Keys for other purposes and of unknown kinds are passed over,
    /// as §5 wants it.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn from_jwks(bytes: &[u8]) -> Result<Self, KeysError> {
        if bytes.len() > MOST_BYTES {
            return Err(KeysError::Malformed);
        }
        let set: Set = serde_json::from_slice(bytes).map_err(|_| KeysError::Malformed)?;
        if set.keys.len() > MOST_KEYS {
            return Err(KeysError::Malformed);
        }
        // RFC 7518 §6.2.2, §6.3.2 and §6.4.1: what only private and shared keys have.
        let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
        let is_private = |key: &Value| private.iter().any(|member| key.get(*member).is_some());
        if set.keys.iter().any(is_private) {
            return Err(KeysError::Private);
        }
        let keys: Vec<Key> = set.keys.into_iter().filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err(KeysError::None);
        }
        Ok(Self(keys))
    }

    /// The keys that may have signed a token: those with its key id. A token without one may come
    /// from a set with a single key for its algorithm only.
    pub(super) fn candidates(&self, id: Option<&str>, algorithm: Algorithm) -> Vec<&DecodingKey> {
        let fitting = self.0.iter().filter(|key| {
            key.algorithms.contains(&algorithm) && (id.is_none() || key.id.as_deref() == id)
        });
        let fitting: Vec<&DecodingKey> = fitting.map(|key| &key.public).collect();
        if id.is_none() && fitting.len() > 1 {
            return Vec::new();
        }
        fitting
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids = self.0.iter().map(|key| key.id.as_deref());
        f.debug_list().entries(ids).finish()
    }
}

#[derive(Clone)]
struct Key {
    id: Option<String>,
    /// What it may sign with.
    algorithms: &'static [Algorithm],
    public: DecodingKey,
}

impl Key {
    /// A key that can sign security event tokens; `None` for any other.
    fn read(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let signs = matches!(
            jwk.common.public_key_use,
            None | Some(PublicKeyUse::Signature)
        );
        let able: &'static [Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                let point = is_bytes(&key.x, 32..=32) && is_bytes(&key.y, 32..=32);
                point.then_some(&[Algorithm::ES256])?
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                is_bytes(&key.x, 32..=32).then_some(&[Algorithm::EdDSA])?
            }
            // RFC 7518 §3.3: 2048 bits or more; more than 8192 only cost time.
            AlgorithmParameters::RSA(key) if is_bytes(&key.n, 256..=1024) => {
                &[Algorithm::RS256, Algorithm::PS256]
            }
            _ => return None,
        };
        let algorithms: &'static [Algorithm] = match jwk.common.key_algorithm {
            None => able,
            Some(KeyAlgorithm::ES256) => &[Algorithm::ES256],
            Some(KeyAlgorithm::RS256) => &[Algorithm::RS256],
            Some(KeyAlgorithm::PS256) => &[Algorithm::PS256],
            Some(KeyAlgorithm::EdDSA) => &[Algorithm::EdDSA],
            Some(_) => return None,
        };
        let fits = signs && algorithms.iter().all(|one| able.contains(one));
        fits.then_some(())?;
        Some(Self {
            public: DecodingKey::from_jwk(&jwk).ok()?,
            id: jwk.common.key_id,
            algorithms,
        })
    }
}

/// Whether text is so many bytes in base64url.
fn is_bytes(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    let bytes = URL_SAFE_NO_PAD.decode(text);
    bytes.is_ok_and(|bytes| length.contains(&bytes.len()))
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

const MOST_BYTES: usize = 1 << 20;
const MOST_KEYS: usize = 100;
