//! What an error answer says.

use std::fmt;

use serde::Deserialize;

/// What an error answer of Graph or of the identity platform says, as far as it can be logged:
/// codes and the id under which Microsoft finds the request. The message is left out. It may hold
/// names of people, and a server that is not Microsoft's could repeat a secret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Graph's `error.code`, such as `Forbidden`, or OAuth's `error`, such as `invalid_client`.
    pub code: String,
    /// The identity platform's number: 7000215 for `AADSTS7000215`.
    pub number: Option<u64>,
    /// Graph's `request-id`, or the identity platform's `trace_id`.
    pub request_id: Option<String>,
}

impl Fault {
    /// Reads the body of an error answer; `None` when it is neither's.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let body: Body = serde_json::from_slice(bytes).ok()?;
        let (code, request_id) = match body.error {
            Error::Graph { code, inner } => (code, inner.and_then(|inner| inner.request_id)),
            Error::OAuth(code) => (code, body.trace_id),
        };
        Some(Self {
            code: word(code)?,
            number: body.error_codes.first().copied(),
            request_id: request_id.and_then(word),
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if let Some(number) = self.number {
            write!(f, " (AADSTS{number})")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request {id}")?;
        }
        Ok(())
    }
}

/// A code or an id, and nothing longer or stranger.
fn word(text: String) -> Option<String> {
    let good = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    good.then_some(text)
}

#[derive(Deserialize)]
struct Body {
    error: Error,
    #[serde(default)]
    error_codes: Vec<u64>,
    trace_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Error {
    Graph {
        code: String,
        #[serde(rename = "innerError", alias = "innererror")]
        inner: Option<Inner>,
    },
    OAuth(String),
}

#[derive(Deserialize)]
struct Inner {
    #[serde(rename = "request-id")]
    request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kept_and_messages_are_not() {
        let graph = r#"{"error":{"code":"Forbidden","message":"Okafor may not Zq7secret",
            "innerError":{"date":"2026-05-20T08:00:00","request-id":"94fb3b52-452a-4535-a601-69e0a90e3aa2",
            "client-request-id":"x"}}}"#;
        let fault = Fault::read(graph.as_bytes()).unwrap();
        assert_eq!(
            fault.to_string(),
            "Forbidden, request 94fb3b52-452a-4535-a601-69e0a90e3aa2"
        );
        let login = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Zq7secret",
            "error_codes":[7000215],"timestamp":"2026-05-20 08:00:00Z",
            "trace_id":"0663b49d-1f87-42f4-b2f4-68c2aa5a2c00","correlation_id":"x"}"#;
        let fault = Fault::read(login.as_bytes()).unwrap();
        assert_eq!(
            fault.to_string(),
            "invalid_client (AADSTS7000215), request 0663b49d-1f87-42f4-b2f4-68c2aa5a2c00"
        );
        for other in ["", "{}", "<html>", r#"{"error":""}"#, r#"{"error":"a b"}"#] {
            assert_eq!(Fault::read(other.as_bytes()), None, "{other}");
        }
    }
}
