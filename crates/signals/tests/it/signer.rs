//! A transmitter that signs, by other code than that which verifies.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wardline_signals::fuzz::NOW_MS;
use wardline_signals::set::{Keys, Transmitter, Window};

pub(crate) const ISSUER: &str = "https://idp.example/123456789/";
pub(crate) const AUDIENCE: &str = "https://hospital.example/signals";

/// A key pair.
pub(crate) enum Signer {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Signer {
    pub(crate) fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn ed_dsa() -> Self {
        Self::EdDsa(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// The public key as a JWK.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Es256(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig",
                    "x": text(&point[1..33]), "y": text(&point[33..])})
            }
            Self::EdDsa(pair) => json!({"kty": "OKP", "crv": "Ed25519", "kid": kid,
                "x": text(pair.public_key().as_ref())}),
            Self::Rsa(pair) => {
                let public = pair.public_key();
                json!({"kty": "RSA", "kid": kid,
                    "n": text(public.modulus().big_endian_without_leading_zero()),
                    "e": text(public.exponent().big_endian_without_leading_zero())})
            }
        }
    }

    /// A compact JWS over header and claims, whatever they say.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Es256(pair) => {
                let signature = pair.sign(&random, message.as_bytes()).unwrap();
                signature.as_ref().to_vec()
            }
            Self::EdDsa(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let encoding = match header["alg"].as_str() {
                    Some("PS256") => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message.as_bytes(), &mut signature)
                    .unwrap();
                signature
            }
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A transmitter with these keys.
pub(crate) fn transmitter(jwks: &[Value]) -> Transmitter {
    let set = json!({ "keys": jwks }).to_string();
    Transmitter {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        keys: Keys::from_jwks(set.as_bytes()).unwrap(),
        window: Window::default(),
    }
}

pub(crate) fn header(alg: &str, kid: &str) -> Value {
    json!({"typ": "secevent+jwt", "alg": alg, "kid": kid})
}

/// A phone that no longer meets its manager's policies.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "jti": "24c63fb56e5a2d77a6b512616ca9fa24",
        "iat": NOW_MS / 1000,
        "aud": AUDIENCE,
        "txn": "8675309",
        "sub_id": {
            "format": "complex",
            "user": {"format": "email", "email": "okafor@hospital.example"},
            "device": {"format": "iss_sub", "iss": ISSUER,
                "sub": "e9297990-14d2-42ec-a4a9-4036db86509a"},
            "tenant": {"format": "opaque", "id": "123456789"}
        },
        "events": {
            "https://schemas.openid.net/secevent/caep/event-type/device-compliance-change": {
                "current_status": "not-compliant",
                "previous_status": "compliant",
                "initiating_entity": "policy",
                "reason_admin": {"de": "Anlass", "en": "Zq7secretXv"},
                "event_timestamp": NOW_MS / 1000 - 60
            }
        }
    })
}
