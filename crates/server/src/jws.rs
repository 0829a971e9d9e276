//! Compact JWS by a device's P-256 key (RFC 7515, RFC 7518 §3.4), as DPoP proofs and key
//! bindings use it: ES256 only, the key embedded, so there is nothing to negotiate.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// A P-256 public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceKey {
    /// SEC 1 uncompressed point, 65 bytes.
    point: [u8; 65],
}

impl DeviceKey {
    /// The uncompressed point (SEC 1 §2.3.3).
    pub(crate) const fn point(&self) -> &[u8; 65] {
        &self.point
    }

    /// The JWK (RFC 7517) with its required members only, in the order of RFC 7638 §3.2 and
    /// without white space.
    pub(crate) fn jwk(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(&self.point[1..33]);
        let y = URL_SAFE_NO_PAD.encode(&self.point[33..]);
        format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
    }

    /// RFC 7638 SHA-256 thumbprint.
    pub(crate) fn thumbprint(&self) -> [u8; 32] {
        Sha256::digest(self.jwk()).into()
    }

    /// Reads what [`DeviceKey::jwk`] wrote.
    pub(crate) fn parse(jwk: &str) -> Option<Self> {
        Self::from_jwk(&serde_json::from_str(jwk).ok()?).ok()
    }

    fn from_jwk(jwk: &Jwk) -> Result<Self, &'static str> {
        if jwk.kty != "EC" || jwk.crv != "P-256" {
            return Err("the key must be on P-256");
        }
        if jwk.has_private_members() {
            return Err("the key must be public only");
        }
        let coordinate = |text: &str| {
            URL_SAFE_NO_PAD
                .decode(text)
                .ok()
                .and_then(|b| <[u8; 32]>::try_from(b).ok())
        };
        let (Some(x), Some(y)) = (coordinate(&jwk.x), coordinate(&jwk.y)) else {
            return Err("the key's coordinates must be 32 bytes each");
        };
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&x);
        point[33..].copy_from_slice(&y);
        Ok(Self { point })
    }
}

/// A verified JWS: who signed, and what.
#[derive(Debug)]
pub(crate) struct Verified<C> {
    /// The embedded key, whose signature was good.
    pub(crate) key: DeviceKey,
    /// The claims.
    pub(crate) claims: C,
}

/// Verifies a compact JWS with an embedded key and a given `typ`.
///
/// # Errors
/// What is wrong, in words that hold nothing of the token.
pub(crate) fn verify<C: DeserializeOwned>(
    token: &str,
    typ: &str,
) -> Result<Verified<C>, &'static str> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err("too long");
    }
    let (signed, signature) = token.rsplit_once('.').ok_or("not a compact JWS")?;
    let (header, payload) = signed.split_once('.').ok_or("not a compact JWS")?;
    let header: Header = decode(header).ok_or("the header is not valid")?;
    if header.typ != typ {
        return Err("the type is not the expected one");
    }
    if header.alg != "ES256" {
        return Err("the algorithm must be ES256");
    }
    let key = DeviceKey::from_jwk(&header.jwk)?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| "the signature is not base64url")?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key.point)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| "the signature is wrong")?;
    let claims = decode(payload).ok_or("the claims are not valid")?;
    Ok(Verified { key, claims })
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// RFC 9449 §4.2. `crit` must be understood or refused (RFC 7515 §4.1.11); none is understood.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    jwk: Jwk,
}

/// RFC 7517 §4, RFC 7518 §6.2.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
    #[serde(flatten)]
    other: serde_json::Map<String, serde_json::Value>,
}

impl Jwk {
    /// RFC 7518 §6.2.2, §6.3.2 and §6.4.1: the members that only private and symmetric keys have.
    fn has_private_members(&self) -> bool {
        ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
            .iter()
            .any(|m| self.other.contains_key(*m))
    }
}

const MAX_TOKEN_BYTES: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        // RFC 9449 §6.1: the `jkt` that belongs to the key of its examples.
        let jwk: Jwk = serde_json::from_str(
            r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
                "y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#,
        )
        .unwrap();
        let key = DeviceKey::from_jwk(&jwk).unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(key.thumbprint()),
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
        );
    }

    #[test]
    fn a_published_proof_verifies_and_its_neighbours_do_not() {
        // RFC 9449 §4.1, Figure 2.
        let proof = concat!(
            "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMz",
            "R0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFq",
            "SG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwia",
            "HRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY",
            "yNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV3",
            "7xRZT3Lg"
        );
        let verified = verify::<serde_json::Value>(proof, "dpop+jwt").unwrap();
        assert_eq!(verified.claims["htm"], "POST");
        assert_eq!(
            verify::<serde_json::Value>(proof, "wardline-binding+jwt").unwrap_err(),
            "the type is not the expected one"
        );
        let mut flipped = proof.to_owned();
        flipped.replace_range(proof.len() - 2.., "Lw");
        assert_eq!(
            verify::<serde_json::Value>(&flipped, "dpop+jwt").unwrap_err(),
            "the signature is wrong"
        );
        assert!(verify::<serde_json::Value>("a.b", "dpop+jwt").is_err());
        assert!(verify::<serde_json::Value>("", "dpop+jwt").is_err());
    }

    #[test]
    fn a_private_key_is_refused() {
        let jwk: Jwk = serde_json::from_str(
            r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
                "y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256","d":"AA"}"#,
        )
        .unwrap();
        assert_eq!(
            DeviceKey::from_jwk(&jwk),
            Err("the key must be public only")
        );
    }
}
