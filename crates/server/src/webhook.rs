//! A signed `POST` in the form of [Standard Webhooks](https://www.standardwebhooks.com) 1.0 (`webhook-id`,
//! `webhook-timestamp`, `webhook-signature`), so that receivers need no code of ours to check it: calls to
//! pagers, and what a bot hears.

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::CONTENT_TYPE;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::outgoing::{self, FetchError};

/// Why nobody can be turned to.
#[derive(Debug, Error)]
pub enum HookError {
    /// The file with the secret.
    #[error("secret_file: {0}")]
    Secret(&'static str),
    /// The file with the CA.
    #[error("ca: {0}")]
    Ca(String),
    /// No client for requests.
    #[error("{0}")]
    Client(String),
}

impl From<FetchError> for HookError {
    fn from(error: FetchError) -> Self {
        Self::Client(error.to_string())
    }
}

/// What became of a `POST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The other side has it.
    Taken,
    /// It was not taken.
    Refused {
        /// Whether it would not be the next time, either.
        for_good: bool,
    },
}

/// Where to, and by which secret. The host is the operator's, so it may be on whatever network, other than
/// those that devices name; no redirect is followed.
#[derive(Debug)]
pub struct Hook {
    url: String,
    secret: Secret,
    client: reqwest::Client,
}

impl Hook {
    /// With a CA in PEM only what that one vouches for is trusted; with an empty path what the system trusts.
    ///
    /// # Errors
    /// When the CA's file cannot be used.
    pub fn new(url: String, secret: Secret, ca: &Path) -> Result<Self, HookError> {
        Ok(Self {
            url,
            secret,
            client: outgoing::house_client(PATIENCE, read_ca(ca)?.as_deref())?,
        })
    }

    /// Posts JSON once; the same id for each try of the same. Nothing that is logged has the URL or the body in
    /// it.
    pub async fn post(&self, id: &str, now_ms: u64, body: Vec<u8>) -> Outcome {
        let at_s = now_ms / 1000;
        let request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", id)
            .header("webhook-id", id)
            .header("webhook-timestamp", at_s)
            .header("webhook-signature", self.secret.sign(id, at_s, &body))
            .body(body);
        match request.send().await {
            // Nothing is read of the answer's body.
            Ok(answer) => judge(answer.status().as_u16()),
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "a webhook's receiver did not answer");
                Outcome::Refused { for_good: false }
            }
        }
    }
}

/// What signs.
pub struct Secret(hmac::Key);

/// The secret does not show.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Reads a file, as [`Secret::parse`] does its text.
    ///
    /// # Errors
    /// When it cannot be read, or holds no such secret.
    pub fn read(path: &Path) -> Result<Self, HookError> {
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|_| HookError::Secret("cannot be read"))?;
        Self::parse(&text)
    }

    /// `whsec_` and base64, or any text, of which the white space around does not count.
    ///
    /// # Errors
    /// When it is no base64, or so short that it could be guessed.
    pub fn parse(text: &str) -> Result<Self, HookError> {
        let text = text.trim();
        let bytes = match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD
                .decode(encoded)
                .map(Zeroizing::new)
                .map_err(|_| HookError::Secret("what follows whsec_ is not base64"))?,
            None => Zeroizing::new(text.as_bytes().to_vec()),
        };
        if bytes.len() < SHORTEST_SECRET {
            return Err(HookError::Secret("at least 24 bytes, from a random source"));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// Of the version, so that another one may stand beside it later.
    fn sign(&self, id: &str, at_s: u64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{at_s}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

fn read_ca(path: &Path) -> Result<Option<Vec<u8>>, HookError> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let pem = std::fs::read(path).map_err(|error| HookError::Ca(error.to_string()))?;
    // A file without any would be no trust in anybody, found out with the first call.
    if !pem
        .windows(CERTIFICATE.len())
        .any(|bytes| bytes == CERTIFICATE)
    {
        return Err(HookError::Ca(
            "the file holds no PEM certificate".to_owned(),
        ));
    }
    Ok(Some(pem))
}

/// 409 is the answer of some to an id that they have. What says that the request itself is wrong is not tried
/// again; that the server, its address or its secret is wrong may be mended within the time.
fn judge(status: u16) -> Outcome {
    match status {
        200..=299 | 409 => Outcome::Taken,
        400 | 413 | 415 | 422 => {
            tracing::warn!(status, "a webhook's receiver refuses what it is sent");
            Outcome::Refused { for_good: true }
        }
        _ => {
            tracing::warn!(status, "a webhook's receiver did not take what it was sent");
            Outcome::Refused { for_good: false }
        }
    }
}

const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";
const SHORTEST_SECRET: usize = 24;
/// For one request.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification (standard-webhooks, "Signature scheme").
    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_none() {
        assert!(Secret::parse("hunter2").is_err());
        assert!(Secret::parse("whsec_AAAA").is_err());
        assert!(Secret::parse("whsec_!").is_err());
        assert!(Secret::parse(&"x".repeat(24)).is_ok());
    }

    #[test]
    fn an_answer_says_whether_to_try_again() {
        let refused = |for_good| Outcome::Refused { for_good };
        for (status, outcome) in [
            (200, Outcome::Taken),
            (202, Outcome::Taken),
            (409, Outcome::Taken),
            (400, refused(true)),
            (422, refused(true)),
            (301, refused(false)),
            (401, refused(false)),
            (404, refused(false)),
            (429, refused(false)),
            (503, refused(false)),
        ] {
            assert_eq!(judge(status), outcome, "{status}");
        }
    }
}
