//! What a call says: who is to be called, and a constant.

use serde::Serialize;
use wardline_store::ClaimedCall;

use crate::webhook::{Hook, Outcome};

/// All that a pager says. Nothing is ever put into it.
pub(crate) const TEXT: &str = "Wardline: you have a STAT message. Open the app.";
/// The same for a test.
pub(crate) const TEST_TEXT: &str = "Wardline: this is a test of your pager. Nothing waits.";

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

/// Makes it.
pub(super) async fn post(hook: &Hook, call: &ClaimedCall, now_ms: u64) -> Outcome {
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
    hook.post(&id, now_ms, body).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pager_says_is_the_same_for_everybody() {
        for text in [TEXT, TEST_TEXT] {
            assert!(!text.contains(['{', '%', '$']), "nothing is put into it");
        }
    }
}
