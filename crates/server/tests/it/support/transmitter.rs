//! An identity provider that pushes security event tokens (RFC 8935).

use std::path::PathBuf;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use tempfile::TempDir;
use wardline_model::B64;
use wardline_server::config::{Config, Signals};
use wardline_server::rim::{Clock, random};

use super::device::new_key;
use super::{Answer, Device};

pub(crate) const AUDIENCE: &str = "https://hospital.example/signals";
pub(crate) const COMPLIANCE: &str =
    "https://schemas.openid.net/secevent/caep/event-type/device-compliance-change";
pub(crate) const REVOKED: &str =
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked";

/// One with an ES256 key.
pub(crate) struct Transmitter {
    pub(crate) issuer: &'static str,
    pub(crate) key: SigningKey,
    kid: &'static str,
    jwks: PathBuf,
    _dir: TempDir,
}

impl Transmitter {
    pub(crate) fn new(issuer: &'static str, kid: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let one = Self {
            issuer,
            key: new_key(),
            kid,
            jwks: dir.path().join("jwks.json"),
            _dir: dir,
        };
        one.publish();
        one
    }

    /// It signs with another key from now on, which its file has.
    pub(crate) fn rotate(&mut self) {
        self.key = new_key();
        self.publish();
    }

    fn publish(&self) {
        let point = self.key.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| B64::from(bytes.unwrap().as_slice());
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid,
            "x": coordinate(point.x()), "y": coordinate(point.y()),
        });
        std::fs::write(&self.jwks, json!({ "keys": [jwk] }).to_string()).unwrap();
    }

    /// Its file cannot be read from now on.
    pub(crate) fn spoil(&self) {
        std::fs::write(&self.jwks, "{").unwrap();
    }

    /// Names it in a hospital's configuration.
    pub(crate) fn configure(&self, config: &mut Config) {
        config.signals.push(Signals {
            issuer: self.issuer.to_owned(),
            audience: AUDIENCE.to_owned(),
            jwks: self.jwks.clone(),
            domains: vec!["hospital.example".to_owned()],
        });
    }

    /// The claims of a token about a subject.
    pub(crate) fn claims(&self, clock: &Clock, subject: &Value, uri: &str, event: &Value) -> Value {
        json!({
            "iss": self.issuer, "aud": AUDIENCE, "jti": B64::from(random::<16>()),
            "iat": clock.now_ms() / 1000, "sub_id": subject, "events": { uri: event },
        })
    }

    pub(crate) fn header(&self) -> Value {
        json!({ "typ": "secevent+jwt", "alg": "ES256", "kid": self.kid })
    }

    /// A compact JWS over these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        signed(&self.key, &self.header(), claims)
    }
}

/// A compact JWS, whatever its header says.
pub(crate) fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| B64(value.to_string().into_bytes()).encode();
    let input = format!("{}.{}", part(header), part(claims));
    let signature: Signature = key.sign(input.as_bytes());
    let signature = B64::from(signature.to_bytes().as_slice());
    format!("{input}.{}", signature.encode())
}

/// Pushes a token, as anyone can.
pub(crate) async fn push(from: &mut Device, token: &str) -> Answer {
    let body = ("application/secevent+jwt", token.as_bytes().to_vec());
    from.raw("POST", "/v1/signals", None, None, Some(body))
        .await
}
