//! One wake-up to one push service (RFC 8030 §5): encrypted for the device (RFC 8291), and saying
//! nothing but a random id.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use wardline_model::B64;
use wardline_model::wire::messages::Priority;
use wardline_store::ClaimedPush;
use web_push_native::p256::PublicKey;
use web_push_native::{Auth, encrypt};

use super::Push;

/// The id of a wake-up, which its receipt gives back.
pub(crate) type WakeId = [u8; 32];

/// What became of a wake-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The push service has it.
    Taken,
    /// There is no such subscription any more.
    Gone,
    /// It was not taken now.
    Refused {
        /// How long the push service wants to be left alone.
        retry_after: Option<Duration>,
    },
}

/// Length of a device's public key, uncompressed; what follows is its authentication secret.
pub(crate) const PUBLIC_KEY: usize = 65;

/// The keys of a device as they are kept; `None` where they are no keys (RFC 8291 §3).
pub(crate) fn keys(p256dh: &[u8], auth: &[u8]) -> Option<Vec<u8>> {
    let joined = [p256dh, auth].concat();
    let is_point = p256dh.len() == PUBLIC_KEY;
    (is_point && read_keys(&joined).is_some()).then_some(joined)
}

fn read_keys(joined: &[u8]) -> Option<(PublicKey, Auth)> {
    let (point, auth) = joined.split_at_checked(PUBLIC_KEY)?;
    let auth: [u8; 16] = auth.try_into().ok()?;
    Some((PublicKey::from_sec1_bytes(point).ok()?, Auth::from(auth)))
}

/// Sends it. Errors have no URL in what they log: whoever has it may ring the device.
pub(crate) async fn post(push: &Push, wake: &ClaimedPush, id: &WakeId, now_ms: u64) -> Outcome {
    let endpoint = std::str::from_utf8(&wake.endpoint).unwrap_or_default();
    // The configuration may have become stricter since the device named it.
    let (Some(endpoint), Some((point, auth))) =
        (push.allowed.endpoint(endpoint), read_keys(&wake.keys))
    else {
        return Outcome::Gone;
    };
    let later = Outcome::Refused { retry_after: None };
    let text = B64::from(*id).encode();
    let (Ok(body), Ok(authorization)) = (
        encrypt(text.into_bytes(), &point, &auth),
        push.vapid.authorization(&endpoint, now_ms),
    ) else {
        tracing::error!("a wake-up could not be made");
        return later;
    };
    let request = push
        .client
        .post(endpoint)
        .header(AUTHORIZATION, authorization)
        .header(CONTENT_ENCODING, "aes128gcm")
        .header(CONTENT_TYPE, "application/octet-stream")
        .header("ttl", wake.keep_ms.div_ceil(1000))
        .header("urgency", urgency(wake.urgency))
        // A newer one takes the place of one that was not delivered yet (RFC 8030 §5.4), and is as urgent and
        // kept as long as both.
        .header("topic", TOPIC)
        .body(body);
    match request.send().await {
        // Nothing is read of the answer's body.
        Ok(answer) => judge(answer.status().as_u16(), answer.headers()),
        Err(error) => {
            tracing::warn!(error = %error.without_url(), "a push service did not answer");
            later
        }
    }
}

fn judge(status: u16, headers: &HeaderMap) -> Outcome {
    match status {
        200..=299 => Outcome::Taken,
        404 | 410 => Outcome::Gone,
        _ => {
            tracing::warn!(status, "a push service did not take a wake-up");
            let after = headers
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok());
            let seconds = after.and_then(|text| text.trim().parse().ok());
            Outcome::Refused {
                retry_after: seconds.map(Duration::from_secs),
            }
        }
    }
}

/// RFC 8030 §5.3.
const fn urgency(priority: Priority) -> &'static str {
    match priority {
        Priority::Stat | Priority::Urgent => "high",
        Priority::Routine => "normal",
    }
}

/// The same for all, so that it tells nothing.
const TOPIC: &str = "wardline";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_whether_to_go_on_with_a_subscription() {
        let none = HeaderMap::new();
        let refused = |seconds: Option<u64>| Outcome::Refused {
            retry_after: seconds.map(Duration::from_secs),
        };
        for (status, outcome) in [
            (200, Outcome::Taken),
            (201, Outcome::Taken),
            (404, Outcome::Gone),
            (410, Outcome::Gone),
            (403, refused(None)),
            (429, refused(None)),
            (503, refused(None)),
            (301, refused(None)),
        ] {
            assert_eq!(judge(status, &none), outcome, "{status}");
        }
        let with = |text: &str| HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
        assert_eq!(judge(429, &with("120")), refused(Some(120)));
        assert_eq!(
            judge(429, &with("Fri, 31 Dec 1999 23:59:59 GMT")),
            refused(None)
        );
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        assert!(keys(&[4; 65], &[0; 16]).is_none(), "no point of the curve");
        assert!(keys(&[], &[]).is_none());
    }
}
