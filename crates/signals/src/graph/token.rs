//! Tokens by client credentials (RFC 6749 §4.4).

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use super::{AddressError, Graph, origin};

/// The Microsoft identity platform, for one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    token: Url,
}

impl Login {
    /// The identity platform at an origin, such as [`LOGIN`](super::LOGIN), for the directory
    /// `tenant`: its id, or one of its domains.
    ///
    /// # Errors
    /// What is wrong with either.
    pub fn new(origin: &str, tenant: &str) -> Result<Self, AddressError> {
        let mut token = self::origin(origin)?;
        let good = (1..=253).contains(&tenant.len())
            && tenant.starts_with(|first: char| first.is_ascii_alphanumeric())
            && tenant
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        if !good {
            return Err(AddressError::Tenant);
        }
        token.set_path(&format!("{tenant}/oauth2/v2.0/token"));
        Ok(Self { token })
    }

    /// Where tokens are asked for, by `POST` of [`Login::form`].
    pub const fn url(&self) -> &Url {
        &self.token
    }

    /// The form to send, `application/x-www-form-urlencoded`: it holds the secret.
    pub fn form(client_id: &str, secret: &str, graph: &Graph) -> Zeroizing<String> {
        let form = Serializer::new(String::new())
            .append_pair("client_id", client_id)
            .append_pair("scope", &graph.scope())
            .append_pair("client_secret", secret)
            .append_pair("grant_type", "client_credentials")
            .finish();
        Zeroizing::new(form)
    }
}

/// An access token. It cannot be shown.
pub struct Token {
    secret: Zeroizing<String>,
    expires_in_s: u64,
}

/// An answer without a token that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the answer holds no bearer token with an end")]
pub struct TokenError;

impl Token {
    /// Reads the answer to [`Login::form`].
    ///
    /// # Errors
    /// [`TokenError`] for anything but a bearer token with an end.
    pub fn read(bytes: &[u8]) -> Result<Self, TokenError> {
        let answer: Answer = serde_json::from_slice(bytes).map_err(|_| TokenError)?;
        let secret = Zeroizing::new(answer.access_token);
        let good = (1..=LONGEST).contains(&secret.len())
            // RFC 6750 §2.1: what may stand in the header, and what cannot break out of it.
            && secret.bytes().all(|byte| byte.is_ascii_graphic())
            && answer.token_type.eq_ignore_ascii_case("Bearer");
        // The first version of the platform writes the number as text.
        let expires_in_s = match &answer.expires_in {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let expires_in_s = expires_in_s.filter(|seconds| (1..=DAY_S).contains(seconds));
        match expires_in_s {
            Some(expires_in_s) if good => Ok(Self {
                secret,
                expires_in_s,
            }),
            _ => Err(TokenError),
        }
    }

    /// The token itself, for the header `Authorization: Bearer …`.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Seconds until it ends, from when it was asked for; 1 to a day.
    pub const fn expires_in_s(&self) -> u64 {
        self.expires_in_s
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_in_s", &self.expires_in_s)
            .finish_non_exhaustive()
    }
}

/// Microsoft's have some 2 kB.
const LONGEST: usize = 16 << 10;

/// Microsoft's end after an hour or so.
const DAY_S: u64 = 24 * 60 * 60;

/// RFC 6749 §5.1.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    expires_in: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_sent_as_a_form_to_the_directory() {
        let login = Login::new(super::super::LOGIN, "hospital.example").unwrap();
        assert_eq!(
            login.url().as_str(),
            "https://login.microsoftonline.com/hospital.example/oauth2/v2.0/token"
        );
        let graph = Graph::new(super::super::GRAPH).unwrap();
        assert_eq!(
            Login::form("id", "a~b&c=d", &graph).as_str(),
            "client_id=id&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default\
             &client_secret=a%7Eb%26c%3Dd&grant_type=client_credentials"
        );
        for tenant in ["", "../common", "a/b", "a?b", "a b", ".."] {
            let outcome = Login::new(super::super::LOGIN, tenant);
            assert_eq!(outcome, Err(AddressError::Tenant), "{tenant}");
        }
    }

    #[test]
    fn a_token_has_an_end_and_does_not_show() {
        let answer = r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,
            "access_token":"Zq7.secret.Xv"}"#;
        let token = Token::read(answer.as_bytes()).unwrap();
        assert_eq!(token.secret(), "Zq7.secret.Xv");
        assert_eq!(token.expires_in_s(), 3599);
        assert!(!format!("{token:?}").contains("Zq7"));
        let text = answer.replace("3599,\"ext", "\"3599\",\"ext");
        assert_eq!(Token::read(text.as_bytes()).unwrap().expires_in_s(), 3599);
        for (good, bad) in [
            ("Bearer", "MAC"),
            (":3599,", ":0,"),
            (":3599,", ":-1,"),
            (":3599,", ":99999999,"),
            ("Zq7.secret.Xv", ""),
            ("Zq7.secret.Xv", r"a\r\nX-Header: b"),
            ("access_token", "id_token"),
        ] {
            let answer = answer.replacen(good, bad, 1);
            assert!(Token::read(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
