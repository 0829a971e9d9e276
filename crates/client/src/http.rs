//! Requests with device proof (DPoP, RFC 9449).

use std::fmt::Write as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use wardline_model::B64;
use wardline_model::wire::problem::Problem;

use crate::error::ClientError;
use crate::platform::{Platform, Request, Response, random_bytes};

/// How the device speaks to its server.
pub(crate) struct Api {
    /// `https://host` without a slash at the end.
    pub(crate) server: String,
    /// The access token of the session, while there is one.
    pub(crate) token: Option<String>,
    nonce: Option<String>,
}

impl Api {
    pub(crate) fn new(server: &str) -> Self {
        Self {
            server: server.trim_end_matches('/').to_owned(),
            token: None,
            nonce: None,
        }
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &mut self,
        platform: &impl Platform,
        path: &str,
    ) -> Result<T, ClientError> {
        parse(&self.send(platform, "GET", path, None, None).await?)
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &mut self,
        platform: &impl Platform,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = encode(body)?;
        parse(&self.send(platform, "POST", path, Some(body), None).await?)
    }

    /// A POST that may be repeated: the server answers a repetition as it did the first.
    pub(crate) async fn post_once<T: DeserializeOwned>(
        &mut self,
        platform: &impl Platform,
        path: &str,
        key: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = encode(body)?;
        parse(
            &self
                .send(platform, "POST", path, Some(body), Some(key))
                .await?,
        )
    }

    /// A request whose answer has no body of interest.
    pub(crate) async fn call(
        &mut self,
        platform: &impl Platform,
        method: &'static str,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, ClientError> {
        Ok(self.send(platform, method, path, body, None).await?.body)
    }

    async fn send(
        &mut self,
        platform: &impl Platform,
        method: &'static str,
        path: &str,
        body: Option<Vec<u8>>,
        idempotency: Option<&str>,
    ) -> Result<Response, ClientError> {
        let url = format!("{}{path}", self.server);
        // Once with the nonce at hand, and once more with the one that the server then gives.
        for attempt in 0..2 {
            let mut headers = vec![("DPoP".to_owned(), self.proof(platform, method, &url).await?)];
            if let Some(token) = &self.token {
                headers.push(("Authorization".to_owned(), format!("DPoP {token}")));
            }
            if body.is_some() {
                headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
            }
            if let Some(key) = idempotency {
                headers.push(("Idempotency-Key".to_owned(), key.to_owned()));
            }
            let request = Request {
                method,
                url: url.clone(),
                headers,
                body: body.clone(),
            };
            let response = platform.request(request).await?;
            if let Some(nonce) = response.header("dpop-nonce") {
                self.nonce = Some(nonce.to_owned());
            }
            if response.status < 400 {
                return Ok(response);
            }
            let problem = problem(&response);
            if attempt == 0 && problem.name() == "use-dpop-nonce" {
                continue;
            }
            return Err(ClientError::Problem(Box::new(problem)));
        }
        Err(ClientError::Offline)
    }

    async fn proof(
        &self,
        platform: &impl Platform,
        method: &str,
        url: &str,
    ) -> Result<String, ClientError> {
        let mut claims = serde_json::json!({
            "jti": B64::from(random_bytes::<16>(platform)),
            "htm": method,
            "htu": url.split(['?', '#']).next().unwrap_or(url),
            "iat": platform.now_ms() / 1000,
        });
        if let Some(nonce) = &self.nonce {
            claims["nonce"] = nonce.clone().into();
        }
        if let Some(token) = &self.token {
            claims["ath"] = B64::from(Sha256::digest(token).as_slice()).encode().into();
        }
        sign_jws(platform, "dpop+jwt", &claims).await
    }
}

/// A compact JWS (RFC 7515) by the device key, which stands in its header.
pub(crate) async fn sign_jws(
    platform: &impl Platform,
    kind: &str,
    claims: &impl Serialize,
) -> Result<String, ClientError> {
    let key = platform.device_key();
    let header = serde_json::json!({
        "typ": kind,
        "alg": "ES256",
        "jwk": {
            "kty": "EC",
            "crv": "P-256",
            "x": B64::from(key.x),
            "y": B64::from(key.y),
        },
    });
    let header = B64(encode(&header)?).encode();
    let claims = B64(encode(claims)?).encode();
    let input = format!("{header}.{claims}");
    let signature = B64::from(platform.sign(input.as_bytes()).await?).encode();
    Ok(format!("{input}.{signature}"))
}

/// Percent-encodes a value for a query.
pub(crate) fn query(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String has no way to fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn encode(body: &impl Serialize) -> Result<Vec<u8>, ClientError> {
    serde_json::to_vec(body).map_err(|_| ClientError::Invalid("a value that is no JSON"))
}

fn parse<T: DeserializeOwned>(response: &Response) -> Result<T, ClientError> {
    let body: &[u8] = if response.body.is_empty() {
        b"null"
    } else {
        &response.body
    };
    serde_json::from_slice(body).map_err(|_| ClientError::Untrusted("not the expected answer"))
}

fn problem(response: &Response) -> Problem {
    serde_json::from_slice(&response.body).unwrap_or_else(|_| Problem {
        kind: format!("{}http-{}", Problem::PREFIX, response.status),
        title: "The server could not do this.".to_owned(),
        status: response.status,
        detail: None,
        extensions: serde_json::Map::new(),
    })
}
