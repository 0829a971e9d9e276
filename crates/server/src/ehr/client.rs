//! The client of the record system: SMART Backend Services over HTTP (SMART App Launch 2.2), reading alone.
//!
//! **Token.** One for all requests, renewed before it ends, and once more when the server says 401. The
//! assertion is signed anew each time and lasts four minutes; where the server does not know the first key
//! yet, or does no longer, the next one signs.
//!
//! **Bounds.** An answer has a largest size and a time, a search a number of pages and of entries. Reads are
//! tried again, after as long as the server says or after a growing and uneven pause; not for longer than
//! [`PATIENCE`]. Some requests are made at once, and none while the server does not answer ([`Breaker`]).
//!
//! **Trust.** Only the origin and path that the operator named are read, and redirects are not followed: a
//! page on another server ends the search. What an answer says of its reason is not repeated: nobody knows
//! what stands in it. Tokens and assertions stand in no error and in no `Debug`.

use std::collections::HashSet;
use std::error::Error as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client as Http, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::{Mutex as Held, Semaphore};
use url::Url;
use wardline_fhir::foreign::{self, PageError};
use zeroize::Zeroizing;

use super::breaker::Breaker;
use super::key::{ClientKey, KeyError};
use crate::config::{self, ehr::is_endpoint};
use crate::outgoing::{self, FetchError};
use crate::rim::{Clock, random};

/// Why the record system was not read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum EhrError {
    /// There was no answer. The text has no address in it.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// It did not answer for a while, so it is not asked.
    #[error("it did not answer before and is left alone for a while")]
    LeftAlone,
    /// It asks for more patience than there is.
    #[error("it is busy and asks to wait (status {0})")]
    Busy(u16),
    /// It gives no token.
    #[error("no token was given (status {status}{})", said(.code.unwrap_or_default()))]
    Login {
        /// The HTTP status.
        status: u16,
        /// The error of RFC 6749 §5.2.
        code: Option<&'static str>,
    },
    /// It does not say where tokens are given, or somewhere that nobody configured.
    #[error("{0}")]
    Discovery(&'static str),
    /// A key.
    #[error("{0}")]
    Key(String),
    /// A token that it gave itself is refused.
    #[error("the token that it gave is refused")]
    TokenRefused,
    /// The token does not allow this.
    #[error("the scopes that were granted do not allow this")]
    Forbidden,
    /// There is no such thing.
    #[error("there is no such record")]
    NotFound,
    /// Any other refusal.
    #[error("refused with status {0}")]
    Refused(u16),
    /// It sends requests elsewhere.
    #[error("it sends requests elsewhere, which is not followed")]
    Elsewhere,
    /// An answer beyond all measure.
    #[error("an answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Pages without an end.
    #[error("the pages do not come to an end")]
    Endless,
    /// Another record than the one that was asked for.
    #[error("it gives another record than was asked for")]
    OtherRecord,
    /// An answer that cannot be read.
    #[error("{0}")]
    Answer(#[from] PageError),
}

impl From<KeyError> for EhrError {
    fn from(error: KeyError) -> Self {
        Self::Key(error.to_string())
    }
}

/// The client. It is shared by all requests of a process, with its token.
pub(crate) struct Client {
    http: Http,
    base: Url,
    /// [`Client::base`] as it stands before ids, without a slash at its end.
    base_text: String,
    config: config::Ehr,
    keys: Vec<PathBuf>,
    clock: Clock,
    token: Held<Option<Token>>,
    endpoint: Held<Option<(Url, u64)>>,
    breaker: Mutex<Breaker>,
    slots: Semaphore,
}

/// Nothing of the token shows.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base_text)
            .finish_non_exhaustive()
    }
}

/// A token, and until when it is used.
#[derive(Clone)]
struct Token {
    secret: Arc<Zeroizing<String>>,
    renew_at_ms: u64,
}

/// An answer, whatever it says.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Client {
    /// Checks the configuration and its keys; nothing is sent yet.
    pub(crate) fn new(config: &config::Ehr, clock: &Clock) -> Result<Self, String> {
        let base_text = config.url.trim_end_matches('/').to_owned();
        let base = Url::parse(&base_text).map_err(|_| "url: is none".to_owned())?;
        for path in &config.key_files {
            ClientKey::read(path).map_err(|error| format!("key_files: {error}"))?;
        }
        let ca = if config.ca.as_os_str().is_empty() {
            None
        } else {
            Some(std::fs::read(&config.ca).map_err(|error| format!("ca: {error}"))?)
        };
        let limit = Duration::from_secs(config.timeout_seconds);
        let http = outgoing::house_client(limit, ca.as_deref())
            .map_err(|error: FetchError| format!("ca: {error}"))?;
        Ok(Self {
            http,
            base_text: base.as_str().trim_end_matches('/').to_owned(),
            base,
            keys: config.key_files.clone(),
            slots: Semaphore::new(config.max_requests),
            config: config.clone(),
            clock: clock.clone(),
            token: Held::new(None),
            endpoint: Held::new(None),
            breaker: Mutex::new(Breaker::default()),
        })
    }

    /// The server's address, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base_text
    }

    /// Whether it does not answer and is not asked at the moment.
    pub(crate) fn is_left_alone(&self) -> bool {
        let breaker = self.breaker.lock();
        let breaker = breaker.unwrap_or_else(PoisonError::into_inner);
        breaker.is_open(self.clock.now_ms())
    }

    /// Reads one resource.
    pub(crate) async fn read(&self, kind: &str, id: &str) -> Result<Value, EhrError> {
        let url = self.address(&[kind, id], &[]);
        let body = self.ask(|http| http.get(url.clone())).await?;
        serde_json::from_slice(&body).map_err(|_| EhrError::Answer(PageError::NotJson))
    }

    /// Reads the pages of a search, of so many entries at most.
    pub(crate) async fn search(
        &self,
        kind: &str,
        with: &[(String, String)],
        most: usize,
    ) -> Result<Searched, EhrError> {
        let mut all = Searched::default();
        let mut seen = HashSet::new();
        let mut next = Some(self.address(&[kind], with));
        while let Some(url) = next {
            if seen.len() >= MOST_PAGES || !seen.insert(url.to_string()) {
                return Err(EhrError::Endless);
            }
            let body = self.ask(|http| http.get(url.clone())).await?;
            let page = foreign::page(&body, LARGEST_PAGE)?;
            all.entries.extend(page.entries);
            all.included.extend(page.included);
            next = page.next.map(|next| self.beneath(&next)).transpose()?;
            if all.entries.len() >= most && (next.is_some() || all.entries.len() > most) {
                all.entries.truncate(most);
                all.is_cut = true;
                return Ok(all);
            }
        }
        Ok(all)
    }

    /// The first page of a search whose values are patient data: they travel in the body, since addresses
    /// end up in logs (R4 §3.1.1.1.2).
    pub(crate) async fn search_by_post(
        &self,
        kind: &str,
        with: &[(&str, String)],
    ) -> Result<Vec<Value>, EhrError> {
        let url = self.address(&[kind, "_search"], &[]);
        let form = form(with.iter().map(|(name, value)| (*name, value.as_str())));
        let request = |http: &Http| {
            http.post(url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.as_bytes().to_vec())
        };
        let body = self.ask(request).await?;
        Ok(foreign::page(&body, MOST_FOUND)?.entries)
    }

    /// What the server says that it is, without a token.
    pub(crate) async fn metadata(&self) -> Result<Value, EhrError> {
        let url = self.address(&["metadata"], &[]);
        let request = self.http.get(url).header(ACCEPT, FHIR_JSON);
        let answer = self.send(request, self.config.max_answer_bytes).await?;
        if answer.status != StatusCode::OK {
            return Err(refused(answer.status));
        }
        serde_json::from_slice(&answer.body).map_err(|_| EhrError::Answer(PageError::NotJson))
    }

    /// A new token, whatever is held.
    pub(crate) async fn log_in(&self) -> Result<(), EhrError> {
        let mut held = self.token.lock().await;
        *held = Some(self.new_token().await?);
        Ok(())
    }

    /// Sends a read with a token, again where that may help, and gives the body of a good answer.
    async fn ask(&self, request: impl Fn(&Http) -> RequestBuilder) -> Result<Vec<u8>, EhrError> {
        let mut patience = PATIENCE;
        let mut is_renewed = false;
        loop {
            let token = self.token().await?;
            let request = request(&self.http)
                .header(ACCEPT, FHIR_JSON)
                .bearer_auth(token.as_str());
            let (why, wait) = match self.send(request, self.config.max_answer_bytes).await {
                Ok(answer) if answer.status == StatusCode::OK => return Ok(answer.body),
                Ok(answer) if answer.status == StatusCode::UNAUTHORIZED => {
                    if is_renewed {
                        return Err(EhrError::TokenRefused);
                    }
                    is_renewed = true;
                    self.forget(&token).await;
                    continue;
                }
                Ok(answer) if is_passing(answer.status) => {
                    (refused(answer.status), retry_after(&answer.headers))
                }
                Ok(answer) => return Err(refused(answer.status)),
                Err(error @ EhrError::Unreachable(_)) => (error, None),
                Err(error) => return Err(error),
            };
            if !patience.wait(wait).await {
                return Err(why);
            }
        }
    }

    /// The token that is held, unless it ends soon; else a new one.
    async fn token(&self) -> Result<Arc<Zeroizing<String>>, EhrError> {
        // Held while a new one is fetched, so that those who wait for it get the same.
        let mut held = self.token.lock().await;
        if let Some(token) = held.as_ref()
            && self.clock.now_ms() < token.renew_at_ms
        {
            return Ok(Arc::clone(&token.secret));
        }
        let token = self.new_token().await?;
        let secret = Arc::clone(&token.secret);
        *held = Some(token);
        Ok(secret)
    }

    /// Drops a token that is refused, unless another came in its place.
    async fn forget(&self, refused: &Arc<Zeroizing<String>>) {
        let mut held = self.token.lock().await;
        if held
            .as_ref()
            .is_some_and(|it| Arc::ptr_eq(&it.secret, refused))
        {
            *held = None;
        }
    }

    async fn new_token(&self) -> Result<Token, EhrError> {
        let endpoint = self.token_endpoint().await?;
        let mut why = EhrError::Key("key_files: none".to_owned());
        // Read anew, so that a file that was replaced counts from now on.
        for path in &self.keys {
            let key = ClientKey::read(path)?;
            match self.token_by(&key, &endpoint).await {
                Err(error @ EhrError::Login { .. }) => why = error,
                other => return other,
            }
        }
        // Perhaps it moved.
        *self.endpoint.lock().await = None;
        Err(why)
    }

    async fn token_by(&self, key: &ClientKey, endpoint: &Url) -> Result<Token, EhrError> {
        let asked_at_ms = self.clock.now_ms();
        let at_s = asked_at_ms / 1000;
        let claims = json!({
            "iss": self.config.client_id,
            "sub": self.config.client_id,
            "aud": endpoint.as_str(),
            "iat": at_s,
            "exp": at_s + ASSERTION_S,
            "jti": URL_SAFE_NO_PAD.encode(random::<24>()),
        });
        let assertion = key
            .sign(&claims)
            .map(Zeroizing::new)
            .ok_or_else(|| EhrError::Key("a key does not sign".to_owned()))?;
        let form = form([
            ("grant_type", "client_credentials"),
            ("scope", self.config.scopes.as_str()),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ]);
        let request = self
            .http
            .post(endpoint.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(form.as_bytes().to_vec());
        let mut answer = self.send(request, LARGEST_TOKEN).await?;
        if answer.status != StatusCode::OK {
            return Err(match answer.status.as_u16() {
                status @ (400 | 401 | 403) => EhrError::Login {
                    status,
                    code: oauth_error(&answer.body),
                },
                _ => refused(answer.status),
            });
        }
        let given: Result<Given, _> = serde_json::from_slice(&answer.body);
        zeroize::Zeroize::zeroize(&mut answer.body);
        let login = EhrError::Login {
            status: 200,
            code: None,
        };
        let given = given.map_err(|_| login.clone())?;
        let is_token = given.access_token.len() <= LONGEST_TOKEN
            && given
                .access_token
                .bytes()
                .all(|byte| byte.is_ascii_graphic());
        if !is_token || !given.token_type.eq_ignore_ascii_case("bearer") {
            return Err(login);
        }
        // SMART recommends five minutes at most; one that says nothing gets one.
        let lasts_ms = given.expires_in.unwrap_or(60).min(LONGEST_LIFE_S) * 1000;
        Ok(Token {
            secret: Arc::new(Zeroizing::new(given.access_token)),
            renew_at_ms: asked_at_ms + lasts_ms - RENEW_MS.min(lasts_ms / 4),
        })
    }

    /// Where tokens are given. Where the server says it, that is at the server itself: an assertion for
    /// anywhere else needs the operator's word.
    pub(crate) async fn token_endpoint(&self) -> Result<Url, EhrError> {
        let not = EhrError::Discovery("token_url: is no address that can be used");
        if !self.config.token_url.is_empty() {
            return Url::parse(&self.config.token_url).map_err(|_| not);
        }
        let now_ms = self.clock.now_ms();
        let mut held = self.endpoint.lock().await;
        if let Some((url, until_ms)) = held.as_ref()
            && now_ms < *until_ms
        {
            return Ok(url.clone());
        }
        let url = self.address(&[".well-known", "smart-configuration"], &[]);
        let request = self.http.get(url).header(ACCEPT, "application/json");
        let answer = self.send(request, LARGEST_TOKEN).await?;
        if answer.status != StatusCode::OK {
            return Err(if is_passing(answer.status) {
                refused(answer.status)
            } else {
                EhrError::Discovery(
                    "it has no .well-known/smart-configuration; write `token_url` into [ehr]",
                )
            });
        }
        let told: Result<Told, _> = serde_json::from_slice(&answer.body);
        let told = told.map_err(|_| {
            EhrError::Discovery(
                "its .well-known/smart-configuration names no token_endpoint; write `token_url` into [ehr]",
            )
        })?;
        let url = Url::parse(&told.token_endpoint).map_err(|_| not.clone())?;
        if !is_endpoint(url.as_str()) {
            return Err(not);
        }
        if url.origin() != self.base.origin() {
            return Err(EhrError::Discovery(
                "it says that tokens are given on another server; if that is so, write `token_url` into [ehr]",
            ));
        }
        *held = Some((url.clone(), now_ms + DISCOVERED_MS));
        Ok(url)
    }

    /// Sends once.
    async fn send(&self, request: RequestBuilder, most: usize) -> Result<Answer, EhrError> {
        // Nobody closes it.
        let _slot = self.slots.acquire().await;
        let now_ms = self.clock.now_ms();
        if !self.with_breaker(|breaker| breaker.admits(now_ms)) {
            return Err(EhrError::LeftAlone);
        }
        let answer = answered(request, most).await;
        let is_good = match &answer {
            Ok(answer) => !answer.status.is_server_error(),
            Err(_) => false,
        };
        metrics::counter!("wardline_ehr_requests_total", "outcome" => if is_good { "good" } else { "bad" })
            .increment(1);
        if is_good {
            self.with_breaker(Breaker::good);
        } else if self.with_breaker(|breaker| breaker.bad(self.clock.now_ms())) {
            tracing::warn!("the record system does not answer; it is left alone for a while");
        }
        answer
    }

    fn with_breaker<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        // What a panic left of it still counts failures.
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut breaker)
    }

    fn address(&self, parts: &[&str], with: &[(String, String)]) -> Url {
        let mut url = self.base.clone();
        // An https URL has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        if !with.is_empty() {
            url.query_pairs_mut().extend_pairs(with);
        }
        url
    }

    /// A next page, which has to be at the same server and beneath its address.
    fn beneath(&self, next: &str) -> Result<Url, EhrError> {
        let url = self.base.join(next).map_err(|_| EhrError::Elsewhere)?;
        let path = self.base.path().trim_end_matches('/');
        let rest = url.path().strip_prefix(path);
        let is_beneath = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let is_same = url.origin() == self.base.origin()
            && url.username().is_empty()
            && url.password().is_none();
        if is_same && is_beneath {
            Ok(url)
        } else {
            Err(EhrError::Elsewhere)
        }
    }
}

/// A form that holds patient data, or a secret.
fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Zeroizing<String> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    Zeroizing::new(form.finish())
}

/// What a search found.
#[derive(Default)]
pub(crate) struct Searched {
    /// What was searched for.
    pub(crate) entries: Vec<Value>,
    /// What was asked for beside it.
    pub(crate) included: Vec<Value>,
    /// Whether there is more.
    pub(crate) is_cut: bool,
}

/// What a token endpoint gives (RFC 6749 §5.1).
#[derive(Deserialize)]
struct Given {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

/// What is read of `.well-known/smart-configuration`.
#[derive(Deserialize)]
struct Told {
    token_endpoint: String,
}

/// How long one read goes on when it is asked to wait.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// Waiting that is left.
    left: Duration,
    /// Further attempts that are left.
    attempts: u32,
    /// How long to wait where nothing is said; doubled each time.
    pause: Duration,
}

impl Patience {
    /// Waits before another attempt; `false` when there is none.
    async fn wait(&mut self, asked: Option<Duration>) -> bool {
        let [jitter] = random::<1>();
        let uneven = self.pause.mul_f64(0.5 + f64::from(jitter) / 256.0);
        let pause = asked.map_or(uneven, |asked| asked.max(uneven));
        let (Some(attempts), Some(left)) =
            (self.attempts.checked_sub(1), self.left.checked_sub(pause))
        else {
            return false;
        };
        (self.attempts, self.left) = (attempts, left);
        self.pause = self.pause.saturating_mul(2);
        tokio::time::sleep(pause).await;
        true
    }
}

const PATIENCE: Patience = Patience {
    left: Duration::from_secs(20),
    attempts: 3,
    pause: Duration::from_millis(200),
};

/// Whether the same may go well a little later.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

fn refused(status: StatusCode) -> EhrError {
    match status.as_u16() {
        status @ (429 | 503) => EhrError::Busy(status),
        300..=399 => EhrError::Elsewhere,
        403 => EhrError::Forbidden,
        404 | 410 => EhrError::NotFound,
        status => EhrError::Refused(status),
    }
}

/// The seconds of `Retry-After`. A date (RFC 9110 §10.2.3) is not read, and the pause then is the client's
/// own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds.parse().ok().map(Duration::from_secs)
}

/// Of what a refusal says only the codes that RFC 6749 §5.2 and RFC 7523 §3.2 have: anything may stand in it.
fn oauth_error(body: &[u8]) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct Fault {
        error: String,
    }
    let fault: Fault = serde_json::from_slice(body).ok()?;
    OAUTH_ERRORS
        .iter()
        .find(|code| **code == fault.error)
        .copied()
}

fn said(code: &str) -> String {
    if code.is_empty() {
        String::new()
    } else {
        format!(": {code}")
    }
}

/// One answer, of `most` bytes at most.
async fn answered(request: RequestBuilder, most: usize) -> Result<Answer, EhrError> {
    let mut response = request.send().await.map_err(unreachable)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let most_bytes = most as u64;
    // What says that it is too large need not be read; what does not say so is cut off.
    if response.content_length().unwrap_or_default() > most_bytes {
        return Err(EhrError::TooLarge(most));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > most {
            return Err(EhrError::TooLarge(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        headers,
        body,
    })
}

/// The innermost cause, such as `Connection refused`; what stands around it names addresses.
fn unreachable(error: reqwest::Error) -> EhrError {
    if error.is_timeout() {
        return EhrError::Unreachable("it takes too long".to_owned());
    }
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    EhrError::Unreachable(text)
}

const FHIR_JSON: &str = "application/fhir+json";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// SMART allows five minutes; clocks differ.
const ASSERTION_S: u64 = 240;
const OAUTH_ERRORS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];
const LARGEST_TOKEN: usize = 64 << 10;
const LONGEST_TOKEN: usize = 16 << 10;
const LONGEST_LIFE_S: u64 = 24 * 60 * 60;
/// How long before its end a token is renewed; of short ones, a quarter of their time.
const RENEW_MS: u64 = 30_000;
const DISCOVERED_MS: u64 = 60 * 60 * 1000;
/// Entries of a page, whatever was asked for.
const LARGEST_PAGE: usize = 20_000;
/// Of one search.
const MOST_PAGES: usize = 200;
/// Patients of a page that are looked at.
const MOST_FOUND: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        super::super::key::make(&path).unwrap();
        let config = config::Ehr {
            url: "https://ehr.example:8443/fhir/R4/".to_owned(),
            client_id: "wardline".to_owned(),
            key_files: vec![path],
            ..config::Ehr::default()
        };
        Client::new(&config, &Clock::default()).unwrap()
    }

    #[test]
    fn a_next_page_is_at_the_same_server_or_ends_the_search() {
        let client = client();
        for good in [
            "https://ehr.example:8443/fhir/R4/Observation?page=2",
            "https://ehr.example:8443/fhir/R4?_getpages=7",
            "/fhir/R4/Observation?page=2",
        ] {
            assert!(client.beneath(good).is_ok(), "{good}");
        }
        for bad in [
            "https://ehr.example/fhir/R4/Observation",
            "http://ehr.example:8443/fhir/R4/Observation",
            "https://evil.example:8443/fhir/R4/Observation",
            "https://ehr.example:8443@evil.example/fhir/R4/Observation",
            "https://u:p@ehr.example:8443/fhir/R4/Observation",
            "//evil.example/fhir/R4",
            "/admin",
            "/fhir/R4/../../admin",
            "/fhir/R4evil",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
            "https://[",
        ] {
            assert_eq!(
                client.beneath(bad).unwrap_err(),
                EhrError::Elsewhere,
                "{bad}"
            );
        }
    }

    #[test]
    fn an_address_is_beneath_the_base_whatever_the_id_is() {
        let client = client();
        let with = [("patient".to_owned(), "a&b=c".to_owned())];
        let url = client.address(&["Observation"], &with);
        assert_eq!(
            url.as_str(),
            "https://ehr.example:8443/fhir/R4/Observation?patient=a%26b%3Dc"
        );
        let url = client.address(&["Patient", "a/../../x?y"], &[]);
        assert!(
            url.as_str()
                .starts_with("https://ehr.example:8443/fhir/R4/Patient/a%2F"),
            "{url}"
        );
    }

    #[test]
    fn of_a_refusal_nothing_but_a_known_code_is_repeated() {
        let code = |body: &str| oauth_error(body.as_bytes());
        assert_eq!(
            code(r#"{"error":"invalid_client","error_description":"x"}"#),
            Some("invalid_client")
        );
        assert_eq!(code(r#"{"error":"Nora Quigley"}"#), None);
        assert_eq!(code("<html>"), None);
        let error = EhrError::Login {
            status: 401,
            code: Some("invalid_client"),
        };
        assert_eq!(
            error.to_string(),
            "no token was given (status 401: invalid_client)"
        );
    }
}
