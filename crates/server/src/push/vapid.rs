//! Who wakes devices: the server's key towards push services, and what it signs (RFC 8292).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use url::Url;
use wardline_model::B64;
use wardline_store::Store;
use zeroize::Zeroizing;

use super::PushError;

/// The key, and whom a push service may turn to.
#[derive(Debug)]
pub(crate) struct Vapid {
    key: EncodingKey,
    public: B64,
    contact: Option<String>,
}

/// RFC 8292 §2.
#[derive(Debug, Serialize)]
struct Claims<'a> {
    aud: String,
    /// Unix seconds.
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
}

impl Vapid {
    /// The hospital's key; made when the first node starts for the first time. Devices subscribe with
    /// it, so another one would leave all of them unreachable.
    pub(crate) async fn open(store: &Store, contact: Option<String>) -> Result<Self, PushError> {
        let kept = store.read().await?.setting(SETTING).await?;
        let pkcs8 = match kept {
            Some(pkcs8) => pkcs8,
            None => make(store).await?,
        };
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)
            .map_err(|_| PushError::Key)?;
        let point: &[u8] = pair.public_key().as_ref();
        Ok(Self {
            key: EncodingKey::from_ec_der(&pkcs8),
            public: B64::from(point),
            contact,
        })
    }

    /// The public key, uncompressed, as devices subscribe with it (RFC 8292 §4).
    pub(crate) const fn public(&self) -> &B64 {
        &self.public
    }

    /// The value of `Authorization` for a request to an endpoint (RFC 8292 §3).
    pub(crate) fn authorization(&self, endpoint: &Url, now_ms: u64) -> Result<String, PushError> {
        let claims = Claims {
            aud: endpoint.origin().ascii_serialization(),
            exp: now_ms / 1000 + LIFETIME_S,
            sub: self.contact.as_deref(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.key)
            .map_err(|_| PushError::Key)?;
        Ok(format!("vapid t={token}, k={}", self.public.encode()))
    }
}

/// Makes a key. Of two nodes that do so at once one wins, and both use that one's.
async fn make(store: &Store) -> Result<Zeroizing<Vec<u8>>, PushError> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(|_| PushError::Key)?;
    let mut tx = store.write().await?;
    tx.put_setting_once(SETTING, made.as_ref()).await?;
    let kept = tx.setting(SETTING).await?;
    tx.commit().await?;
    kept.ok_or(PushError::Key)
}

const SETTING: &str = "push.vapid";
/// Half of the day that a push service takes at most: clocks differ.
const LIFETIME_S: u64 = 12 * 60 * 60;
