//! Proof of the device key for each request: DPoP (RFC 9449).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;

use crate::app::App;
use crate::jws::{self, DeviceKey};
use crate::nonce::Nonces;
use crate::problem::Refusal;
use crate::replay::{NotFresh, ReplayCache};

/// A request proven by a device key. It says which key, not whose.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    key: Arc<DeviceKey>,
    jkt: [u8; 32],
}

impl Proof {
    /// The key.
    pub(crate) fn key(&self) -> &DeviceKey {
        &self.key
    }

    /// The key's RFC 7638 thumbprint.
    pub(crate) const fn jkt(&self) -> [u8; 32] {
        self.jkt
    }
}

/// Verifies proofs of this process.
#[derive(Debug)]
pub(crate) struct Proofs {
    nonces: Nonces,
    seen: ReplayCache,
    origins: Vec<String>,
}

/// What a proof is checked against.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// The request's method.
    pub(crate) method: &'a Method,
    /// The request's target.
    pub(crate) uri: &'a Uri,
    /// Its headers.
    pub(crate) headers: &'a HeaderMap,
    /// The access token, where one is sent.
    pub(crate) token: Option<&'a str>,
}

impl Proofs {
    /// Takes proofs made for these origins (`scheme://host[:port]`).
    pub(crate) fn new(nonce_key: &[u8; 32], origins: Vec<String>) -> Self {
        Self {
            nonces: Nonces::new(nonce_key),
            seen: ReplayCache::default(),
            origins,
        }
    }

    /// Whether an origin is one of the app's.
    pub(crate) fn is_of(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known == origin)
    }

    /// The nonce to hand out.
    pub(crate) fn nonce(&self, now_ms: u64) -> String {
        self.nonces.current(now_ms)
    }

    /// Verifies the `DPoP` header of a request: RFC 9449 §4.3, in its order.
    pub(crate) fn verify(&self, request: &Request<'_>, now_ms: u64) -> Result<Proof, Refusal> {
        let mut headers = request.headers.get_all("dpop").iter();
        let (Some(header), None) = (headers.next(), headers.next()) else {
            return Err(Refusal::InvalidProof("exactly one DPoP header is needed"));
        };
        let token = header
            .to_str()
            .map_err(|_| Refusal::InvalidProof("not a compact JWS"))?;
        let jws::Verified { key, claims } =
            jws::verify::<Claims>(token, "dpop+jwt").map_err(Refusal::InvalidProof)?;
        if claims.htm != request.method.as_str() {
            return Err(Refusal::InvalidProof("`htm` is not the request's method"));
        }
        if !self.names_target(&claims.htu, request) {
            return Err(Refusal::InvalidProof("`htu` is not the request's address"));
        }
        if !claims
            .nonce
            .as_deref()
            .is_some_and(|nonce| self.nonces.accepts(nonce, now_ms))
        {
            return Err(Refusal::UseDpopNonce);
        }
        let issued_ms = claims.iat.saturating_mul(1000);
        if now_ms.abs_diff(issued_ms) > WINDOW_MS {
            return Err(Refusal::InvalidProof("`iat` is more than 60 seconds away"));
        }
        let expected = request
            .token
            .map(|t| URL_SAFE_NO_PAD.encode(Sha256::digest(t)));
        if claims.ath != expected {
            return Err(Refusal::InvalidProof("`ath` does not fit the access token"));
        }
        if claims.jti.is_empty() || claims.jti.len() > 128 {
            return Err(Refusal::InvalidProof("`jti` must have 1 to 128 characters"));
        }
        let jkt = key.thumbprint();
        match self.seen.note(&jkt, &claims.jti, now_ms) {
            Ok(()) => Ok(Proof {
                key: Arc::new(key),
                jkt,
            }),
            Err(NotFresh::Seen) => Err(Refusal::ReplayedProof),
            Err(NotFresh::Full) => Err(Refusal::Unavailable("the replay cache is full".into())),
        }
    }

    /// Whether `htu` is an origin of this server and the request's path, without a query.
    fn names_target(&self, htu: &str, request: &Request<'_>) -> bool {
        let Ok(url) = Url::parse(htu) else {
            return false;
        };
        let origin = url.origin().ascii_serialization();
        url.query().is_none()
            && url.fragment().is_none()
            && url.path() == request.uri.path()
            && self.origins.contains(&origin)
    }
}

/// RFC 9449 §4.2.
#[derive(Debug, Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    /// Unix seconds.
    iat: u64,
    ath: Option<String>,
    nonce: Option<String>,
}

impl FromRequestParts<App> for Proof {
    type Rejection = Refusal;

    /// For operations that need no session. A token may come along; then the proof covers it.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        app.limit_unauthenticated(parts)?;
        let request = Request {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            token: access_token(&parts.headers),
        };
        app.proofs.verify(&request, app.clock.now_ms())
    }
}

/// The access token of an `Authorization: DPoP …` header (RFC 9449 §7.1).
pub(crate) fn access_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("dpop").then(|| token.trim())
}

/// How far `iat` may be from the server's clock, either way.
const WINDOW_MS: u64 = 60_000;
