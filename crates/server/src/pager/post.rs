//! One call: a signed POST in the form of Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`,
//! `webhook-signature`), so that receivers need no code of ours to check it.

use std::path::Path;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use wardline_store::ClaimedCall;
use zeroize::Zeroizing;

use super::{Line, PagerError};

/// All that a pager says. Nothing is ever put into it.
pub(crate) const TEXT: &str = "Wardline: you have a STAT message. Open the app.";
/// The same for a test.
pub(crate) const TEST_TEXT: &str = "Wardline: this is a test of your pager. Nothing waits.";

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The pager system has it.
    Taken,
    /// It was not taken.
    Refused {
        /// Whether it would not be the next time, either.
        for_good: bool,
    },
}

/// What signs calls.
pub(crate) struct Secret(hmac::Key);

/// The secret does not show.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Reads a file: `whsec_` and base64, or any text, of which the white space around does not count.
    pub(crate) fn read(path: &Path) -> Result<Self, PagerError> {
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|_| PagerError::Secret("cannot be read"))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, PagerError> {
        let text = text.trim();
        let bytes = match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD
                .decode(encoded)
                .map(Zeroizing::new)
                .map_err(|_| PagerError::Secret("what follows whsec_ is not base64"))?,
            None => Zeroizing::new(text.as_bytes().to_vec()),
        };
        if bytes.len() < SHORTEST_SECRET {
            return Err(PagerError::Secret(
                "at least 24 bytes, from a random source",
            ));
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

/// The body: who is to be called, and a constant.
#[derive(Serialize)]
struct Body<'a> {
    v: u8,
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    number: &'a str,
    text: &'static str,
}

/// Makes it. Errors have no URL and no number in what they log.
pub(super) async fn post(line: &Line, call: &ClaimedCall, now_ms: u64) -> Outcome {
    let id = call.call_id.to_string();
    let (kind, text) = match call.escalation {
        Some(_) => ("page", TEXT),
        None => ("test", TEST_TEXT),
    };
    let Ok(number) = std::str::from_utf8(&call.number) else {
        return Outcome::Refused { for_good: true };
    };
    let body = Body {
        v: 1,
        id: &id,
        kind,
        number,
        text,
    };
    // Strings and a number have a JSON form.
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let at_s = now_ms / 1000;
    let request = line
        .client
        .post(&line.url)
        .header(CONTENT_TYPE, "application/json")
        .header("idempotency-key", &id)
        .header("webhook-id", &id)
        .header("webhook-timestamp", at_s)
        .header("webhook-signature", line.secret.sign(&id, at_s, &body))
        .body(body);
    match request.send().await {
        // Nothing is read of the answer's body.
        Ok(answer) => judge(answer.status().as_u16()),
        Err(error) => {
            tracing::warn!(error = %error.without_url(), "the pager system did not answer");
            Outcome::Refused { for_good: false }
        }
    }
}

/// 409 is the answer of some to an id that they have. What says that the call itself is wrong is not tried
/// again; that the server, its address or its secret is wrong may be mended within the time.
fn judge(status: u16) -> Outcome {
    match status {
        200..=299 | 409 => Outcome::Taken,
        400 | 413 | 415 | 422 => {
            tracing::warn!(status, "the pager system refuses a call");
            Outcome::Refused { for_good: true }
        }
        _ => {
            tracing::warn!(status, "the pager system did not take a call");
            Outcome::Refused { for_good: false }
        }
    }
}

const SHORTEST_SECRET: usize = 24;

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

    #[test]
    fn what_a_pager_says_is_the_same_for_everybody() {
        for text in [TEXT, TEST_TEXT] {
            assert!(!text.contains(['{', '%', '$']), "nothing is put into it");
        }
    }
}
