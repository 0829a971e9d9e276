//! The client of Microsoft Intune: what [`wardline_signals::graph`] says of Microsoft Graph, done
//! over HTTP.
//!
//! [`Intune::pull`] reads every device, [`Intune::act`] asks something of one, [`Intune::results`]
//! says what became of it. All get their token with the client's secret, renew it before it ends, and
//! once more when Graph says 401.
//!
//! **Bounds.** Every answer has a largest size and a time. Where Graph asks for patience (429, and
//! 503 or 504 for what is only read) the client waits as long as it says, or twice as long each
//! time where it says nothing, and gives up when that comes to more than two minutes: the caller
//! tries again later. A pull ends after 2000 pages.
//!
//! **Secrets.** The client's secret and its tokens stand in no error and in no `Debug`. They are
//! sent over https, or to this machine; redirects are not followed, and a next page on another
//! server ends the pull.

use std::collections::{BTreeMap, HashSet};
use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::time::sleep;
use url::Url;
use wardline_signals::graph::{
    Action, ActionResult, AddressError, Fault, GRAPH, Graph, LOGIN, LeftOut, Login, PageError,
    Token,
};
use wardline_signals::managed::ManagedDevice;
use zeroize::Zeroizing;

use crate::rim::Clock;

/// How to reach a hospital's Intune.
#[derive(Clone)]
pub struct IntuneConfig {
    /// The origin of Microsoft Graph.
    pub graph: String,
    /// The origin of the Microsoft identity platform.
    pub login: String,
    /// The directory: its id, or one of its domains.
    pub tenant: String,
    /// The application's id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: Zeroizing<String>,
}

impl IntuneConfig {
    /// An application at Microsoft's worldwide services.
    pub fn new(tenant: String, client_id: String, client_secret: Zeroizing<String>) -> Self {
        Self {
            graph: GRAPH.to_owned(),
            login: LOGIN.to_owned(),
            tenant,
            client_id,
            client_secret,
        }
    }
}

impl fmt::Debug for IntuneConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntuneConfig")
            .field("graph", &self.graph)
            .field("login", &self.login)
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// What a pull brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Pulled {
    /// Every device of which something is told, once each, by their ids.
    pub devices: Vec<ManagedDevice>,
    /// The others.
    pub left_out: Vec<LeftOut>,
}

/// Why Intune was not read, or not asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IntuneError {
    /// A value of the configuration cannot be used.
    #[error("{field} {source}")]
    Config {
        /// Which one.
        field: &'static str,
        /// Why.
        source: AddressError,
    },
    /// No client can be made on this machine; mostly for want of trusted certificates.
    #[error("no connection can be made from this machine: {0}")]
    Client(String),
    /// There was no answer.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The identity platform gives no token: the tenant, the application or its secret is wrong, or
    /// the secret has ended.
    #[error("no token was given (status {status}{})", said(.fault.as_ref()))]
    Login {
        /// The HTTP status.
        status: u16,
        /// What the answer says.
        fault: Option<Fault>,
    },
    /// The application lacks a permission, or its consent.
    #[error(
        "not permitted{}: reading needs DeviceManagementManagedDevices.Read.All, actions need \
         DeviceManagementManagedDevices.PrivilegedOperations.All, both with admin consent",
        said(.0.as_ref())
    )]
    Forbidden(Option<Fault>),
    /// Intune does not know the device any more.
    #[error("Intune does not know this device")]
    UnknownDevice,
    /// The id is none of Intune's.
    #[error("the device's id {0}")]
    DeviceId(AddressError),
    /// Graph asked for more patience than there is.
    #[error("too many requests; Graph asks to wait")]
    Throttled {
        /// For how many seconds; absent where it does not say.
        retry_after_s: Option<u64>,
    },
    /// Any other refusal.
    #[error("refused with status {status}{}", said(.fault.as_ref()))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the answer says.
        fault: Option<Fault>,
    },
    /// An answer beyond all measure.
    #[error("an answer is larger than {limit} bytes")]
    TooLarge {
        /// The measure.
        limit: usize,
    },
    /// An answer that cannot be read.
    #[error("{0}")]
    Answer(String),
    /// The pages do not come to an end.
    #[error("the pages do not come to an end")]
    Endless,
}

impl IntuneError {
    /// Whether what was asked of a device can never be done, whoever mends whatever. Everything else
    /// passes: a network, an overload, a secret that has ended, a consent that is missing.
    pub fn is_final(&self) -> bool {
        match self {
            Self::UnknownDevice | Self::DeviceId(_) => true,
            Self::Refused { status, .. } => {
                (400..500).contains(status) && !matches!(status, 401 | 403 | 408 | 409 | 429)
            }
            _ => false,
        }
    }

    /// Whether it would have been the answer to anything that is asked now, of whichever device.
    pub fn is_for_all(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Login { .. } | Self::Forbidden(_) | Self::Throttled { .. }
        )
    }
}

/// A hospital's Intune. It may be shared; all who share it use one token.
#[derive(Debug)]
pub struct Intune {
    config: IntuneConfig,
    graph: Graph,
    login: Login,
    client: Client,
    clock: Clock,
    patience: Patience,
    held: Mutex<Option<Held>>,
}

impl Intune {
    /// Checks the configuration; nothing is sent yet.
    ///
    /// # Errors
    /// [`IntuneError::Config`] and [`IntuneError::Client`].
    pub fn new(config: IntuneConfig, clock: Clock) -> Result<Self, IntuneError> {
        let fault = |field| move |source| IntuneError::Config { field, source };
        let graph = Graph::new(&config.graph).map_err(fault("graph"))?;
        let login = Login::new(&config.login, &config.tenant).map_err(|source| {
            let field = match source {
                AddressError::Tenant => "tenant",
                _ => "login",
            };
            IntuneError::Config { field, source }
        })?;
        Ok(Self {
            client: client(&graph, &login)?,
            config,
            graph,
            login,
            clock,
            patience: PATIENCE,
            held: Mutex::new(None),
        })
    }

    /// Reads every device. All or nothing: an error half way leaves nothing behind.
    ///
    /// # Errors
    /// [`IntuneError`].
    pub async fn pull(&self) -> Result<Pulled, IntuneError> {
        let mut patience = self.patience;
        let mut devices = BTreeMap::new();
        let mut left_out = Vec::new();
        let mut seen = HashSet::new();
        let mut next = Some(self.graph.devices());
        while let Some(url) = next {
            if seen.len() >= MOST_PAGES || !seen.insert(url.to_string()) {
                return Err(IntuneError::Endless);
            }
            let answer = self.ask(&url, &mut patience).await?;
            let page = self.graph.page(&answer.body, self.clock.now_ms());
            let page = page.map_err(|error: PageError| IntuneError::Answer(error.to_string()))?;
            // Devices that come and go while pages are read can be on two of them.
            let by_id = page.devices.into_iter();
            devices.extend(by_id.map(|device| (device.manager_id.clone(), device)));
            left_out.extend(page.left_out);
            next = page.next;
        }
        Ok(Pulled {
            devices: devices.into_values().collect(),
            left_out,
        })
    }

    /// Asks something of a device, by [`ManagedDevice::manager_id`]. That Intune takes the request
    /// is all that is known afterwards; see [`Action`].
    ///
    /// # Errors
    /// [`IntuneError`]. After [`IntuneError::Unreachable`] nobody can say whether Intune took it.
    pub async fn act(&self, manager_id: &str, action: Action) -> Result<(), IntuneError> {
        let url = self.graph.action(manager_id, action);
        let url = url.map_err(IntuneError::DeviceId)?;
        let mut patience = Patience {
            // What is not sure to have been refused must not be asked twice.
            only_throttled: true,
            ..self.patience
        };
        let request = || {
            let request = self.client.post(url.clone());
            match action.body() {
                Some(body) => request.header(CONTENT_TYPE, "application/json").body(body),
                None => request.header(CONTENT_LENGTH, "0"),
            }
        };
        let answer = self.authorized(request, &mut patience).await?;
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::NOT_FOUND => Err(IntuneError::UnknownDevice),
            _ => Err(answer.refused()),
        }
    }

    /// What Intune knows of what was asked of a device.
    ///
    /// # Errors
    /// [`IntuneError`].
    pub async fn results(&self, manager_id: &str) -> Result<Vec<ActionResult>, IntuneError> {
        let url = self.graph.results(manager_id);
        let url = url.map_err(IntuneError::DeviceId)?;
        let mut patience = self.patience;
        let answer = match self.ask(&url, &mut patience).await {
            Err(IntuneError::Refused { status: 404, .. }) => Err(IntuneError::UnknownDevice),
            other => other,
        }?;
        let results = ActionResult::read(&answer.body, manager_id);
        results.map_err(|error| IntuneError::Answer(error.to_string()))
    }

    async fn ask(&self, url: &Url, patience: &mut Patience) -> Result<Answer, IntuneError> {
        let request = || self.client.get(url.clone());
        let answer = self.authorized(request, patience).await?;
        match answer.status {
            StatusCode::OK => Ok(answer),
            _ => Err(answer.refused()),
        }
    }

    /// Sends with a token, and once more with a new one when the first is refused.
    async fn authorized(
        &self,
        request: impl Fn() -> RequestBuilder,
        patience: &mut Patience,
    ) -> Result<Answer, IntuneError> {
        let token = self.token(None, patience).await?;
        let with = |token: &Token| request().bearer_auth(token.secret());
        let answer = send(|| with(&token), LARGEST_PAGE, patience).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let token = self.token(Some(&token), patience).await?;
        send(|| with(&token), LARGEST_PAGE, patience).await
    }

    /// The token that is held, unless it ends soon or is the one that was refused; else a new one.
    async fn token(
        &self,
        refused: Option<&Arc<Token>>,
        patience: &mut Patience,
    ) -> Result<Arc<Token>, IntuneError> {
        // Held while a new one is fetched, so that those who wait for it get the same.
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref()
            && self.clock.now_ms() < held.renew_at_ms
            && refused.is_none_or(|refused| !Arc::ptr_eq(refused, &held.token))
        {
            return Ok(Arc::clone(&held.token));
        }
        let asked_at_ms = self.clock.now_ms();
        let request = || {
            let config = &self.config;
            let form = Login::form(&config.client_id, &config.client_secret, &self.graph);
            self.client
                .post(self.login.url().clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.as_bytes().to_vec())
        };
        let answer = send(request, LARGEST_TOKEN, patience).await?;
        if answer.status != StatusCode::OK {
            return Err(IntuneError::Login {
                status: answer.status.as_u16(),
                fault: Fault::read(&answer.body),
            });
        }
        let token = Token::read(&answer.body);
        let token = token.map_err(|error| IntuneError::Answer(error.to_string()))?;
        let lasts_ms = token.expires_in_s() * 1000;
        let token = Arc::new(token);
        *held = Some(Held {
            renew_at_ms: asked_at_ms + lasts_ms - RENEW_MS.min(lasts_ms / 4),
            token: Arc::clone(&token),
        });
        Ok(token)
    }
}

/// A token, and until when it is used.
#[derive(Debug)]
struct Held {
    token: Arc<Token>,
    renew_at_ms: u64,
}

/// An answer, whatever it says.
struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    fn refused(&self) -> IntuneError {
        let fault = Fault::read(&self.body);
        match self.status {
            StatusCode::FORBIDDEN => IntuneError::Forbidden(fault),
            status => IntuneError::Refused {
                status: status.as_u16(),
                fault,
            },
        }
    }
}

/// How long one call goes on when it is asked to wait.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// Waiting that is left.
    left: Duration,
    /// Further attempts that are left.
    attempts: u32,
    /// How long to wait where nothing is said; doubled each time.
    pause: Duration,
    /// Only 429 says for sure that nothing was done.
    only_throttled: bool,
}

impl Patience {
    /// Waits before another attempt.
    async fn wait(&mut self, headers: &HeaderMap) -> Result<(), IntuneError> {
        let asked = retry_after(headers);
        let pause = asked.unwrap_or(self.pause);
        let gives_up = IntuneError::Throttled {
            retry_after_s: asked.map(|asked| asked.as_secs()),
        };
        self.attempts = self.attempts.checked_sub(1).ok_or(gives_up.clone())?;
        self.left = self.left.checked_sub(pause).ok_or(gives_up)?;
        self.pause = self.pause.saturating_mul(2);
        sleep(pause).await;
        Ok(())
    }

    fn is_for(&self, status: StatusCode) -> bool {
        match status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => !self.only_throttled,
            _ => false,
        }
    }
}

const PATIENCE: Patience = Patience {
    left: Duration::from_mins(2),
    attempts: 12,
    pause: Duration::from_secs(1),
    only_throttled: false,
};

/// The seconds of `Retry-After`, rounded up: Graph is seen to send fractions (`2.128`). A date
/// (RFC 9110 §10.2.3) is not read, and the pause then is the client's own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(fraction)).then_some(())?;
    let more = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    let seconds: u64 = whole.parse().ok()?;
    Some(Duration::from_secs(seconds.checked_add(more)?))
}

/// Sends until there is an answer that does not ask for patience.
async fn send(
    request: impl Fn() -> RequestBuilder,
    limit: usize,
    patience: &mut Patience,
) -> Result<Answer, IntuneError> {
    loop {
        let mut response = request().send().await.map_err(unreachable)?;
        let status = response.status();
        if patience.is_for(status) {
            patience.wait(response.headers()).await?;
            continue;
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > limit {
                return Err(IntuneError::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        return Ok(Answer { status, body });
    }
}

/// The innermost cause, such as `Connection refused`; what stands around it names addresses.
fn unreachable(error: reqwest::Error) -> IntuneError {
    if error.is_timeout() {
        return IntuneError::Unreachable("it takes too long".to_owned());
    }
    IntuneError::Unreachable(innermost(error))
}

fn innermost(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}

fn client(graph: &Graph, login: &Login) -> Result<Client, IntuneError> {
    let builder = Client::builder()
        .user_agent(concat!("wardline/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .redirect(Policy::none())
        .no_proxy();
    // Plain HTTP, which goes to this machine only, has no use for the system's certificates.
    let plain = [&graph.devices(), login.url()]
        .into_iter()
        .all(|url| url.scheme() == "http");
    let builder = if plain {
        builder.tls_certs_only([])
    } else {
        builder
    };
    builder
        .build()
        .map_err(|error| IntuneError::Client(innermost(error)))
}

/// What an answer says of its reason, to stand behind a sentence.
fn said(fault: Option<&Fault>) -> String {
    fault.map_or_else(String::new, |fault| format!(": {fault}"))
}

const CONNECT: Duration = Duration::from_secs(10);

/// For the whole of an answer.
const ANSWER: Duration = Duration::from_mins(1);

/// A page of 500 devices has some 500 kB.
const LARGEST_PAGE: usize = 16 << 20;
const LARGEST_TOKEN: usize = 64 << 10;

/// A million devices.
const MOST_PAGES: usize = 2000;

/// How long before its end a token is renewed; of short ones, a quarter of their time.
const RENEW_MS: u64 = 5 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    use std::collections::VecDeque;
    use std::sync::Mutex as StdMutex;

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::{Path, RawQuery, State};
    use axum::http::header::AUTHORIZATION;
    use axum::response::{IntoResponse, Response};
    use axum::routing::{get, post};
    use serde_json::{Value, json};
    use tokio::net::TcpListener;
    use tokio::time::Instant;
    use wardline_signals::graph::Ending;

    const SECRET: &str = "Zq7~secret&Xv";
    const ID: &str = "705c034c-034c-705c-4c03-5c704c035c70";

    /// What the made-up Microsoft does, and what it has seen.
    #[derive(Default)]
    struct Microsoft {
        /// Tokens that were given; the last one is good.
        tokens: u32,
        /// For how many seconds tokens are good.
        expires_in: u64,
        /// Devices.
        devices: usize,
        /// Answers to give before the right one.
        first: VecDeque<Response>,
        /// Where the next page is said to be, instead of here.
        elsewhere: Option<String>,
        /// Every token is refused.
        refuses: bool,
        /// What was asked, one line each.
        seen: Vec<String>,
    }

    type Shared = Arc<StdMutex<Microsoft>>;

    async fn login(
        State(shared): State<Shared>,
        Path(tenant): Path<String>,
        form: String,
    ) -> Response {
        let mut microsoft = shared.lock().unwrap();
        microsoft.seen.push("token".to_owned());
        assert_eq!(tenant, "hospital.example");
        let form: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes())
            .into_owned()
            .collect();
        let value = |name: &str| {
            form.iter()
                .find(|(named, _)| named == name)
                .unwrap()
                .1
                .clone()
        };
        assert_eq!(value("grant_type"), "client_credentials");
        assert!(value("scope").ends_with("/.default"));
        if value("client_secret") != SECRET {
            let body = json!({"error": "invalid_client", "error_codes": [7_000_215],
                "error_description": format!("AADSTS7000215: not {}", value("client_secret"))});
            return (StatusCode::UNAUTHORIZED, body.to_string()).into_response();
        }
        microsoft.tokens += 1;
        let body = json!({"token_type": "Bearer", "expires_in": microsoft.expires_in,
            "access_token": format!("token-{}", microsoft.tokens)});
        body.to_string().into_response()
    }

    impl Microsoft {
        /// The answer that comes before the right one, if any: to a wrong token, or as planned.
        fn before(&mut self, what: String, headers: &HeaderMap) -> Option<Response> {
            self.seen.push(what);
            if let Some(first) = self.first.pop_front() {
                return Some(first);
            }
            let right = format!("Bearer token-{}", self.tokens);
            let given = headers
                .get(AUTHORIZATION)
                .and_then(|value| value.to_str().ok());
            if given == Some(&right) && !self.refuses {
                return None;
            }
            let body = json!({"error": {"code": "InvalidAuthenticationToken",
                "message": format!("no {given:?}"), "innerError": {"request-id": "r-1"}}});
            Some((StatusCode::UNAUTHORIZED, body.to_string()).into_response())
        }
    }

    async fn devices(
        State(shared): State<Shared>,
        RawQuery(query): RawQuery,
        headers: HeaderMap,
    ) -> Response {
        let mut microsoft = shared.lock().unwrap();
        let query = query.unwrap_or_default();
        if let Some(before) = microsoft.before("devices".to_owned(), &headers) {
            return before;
        }
        let skip = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("$skiptoken="));
        if skip.is_none() {
            assert!(query.starts_with("$select=id,"), "{query}");
            assert!(query.ends_with("&$top=500"), "{query}");
        }
        let skip: usize = skip.map_or(0, |skip| skip.parse().unwrap());
        let upto = (skip + 2).min(microsoft.devices);
        let value: Vec<Value> = (skip..upto)
            .map(|number| {
                json!({"id": format!("device-{number}"), "serialNumber": format!("S{number}"),
                    "operatingSystem": "Android", "osVersion": "16", "isEncrypted": true,
                    "complianceState": "compliant", "lastSyncDateTime": "2026-05-20T08:00:00Z"})
            })
            .collect();
        let mut page = json!({ "value": value });
        if upto < microsoft.devices {
            let host = headers["host"].to_str().unwrap();
            let here = format!("http://{host}/v1.0/deviceManagement/managedDevices");
            let next = microsoft.elsewhere.clone().unwrap_or(here);
            page["@odata.nextLink"] = json!(format!("{next}?$skiptoken={upto}"));
        }
        page.to_string().into_response()
    }

    async fn act(
        State(shared): State<Shared>,
        Path((id, action)): Path<(String, String)>,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        let mut microsoft = shared.lock().unwrap();
        let what = format!("{action} {}", String::from_utf8_lossy(&body));
        if let Some(before) = microsoft.before(what, &headers) {
            return before;
        }
        if id == ID {
            return StatusCode::NO_CONTENT.into_response();
        }
        let body = json!({"error": {"code": "ResourceNotFound", "message": ""}});
        (StatusCode::NOT_FOUND, body.to_string()).into_response()
    }

    async fn results(
        State(shared): State<Shared>,
        Path(id): Path<String>,
        RawQuery(query): RawQuery,
        headers: HeaderMap,
    ) -> Response {
        let mut microsoft = shared.lock().unwrap();
        assert_eq!(query.as_deref(), Some("$select=id,deviceActionResults"));
        if let Some(before) = microsoft.before("results".to_owned(), &headers) {
            return before;
        }
        if id != ID {
            let body = json!({"error": {"code": "ResourceNotFound", "message": ""}});
            return (StatusCode::NOT_FOUND, body.to_string()).into_response();
        }
        let body = json!({"id": ID, "deviceActionResults": [{"actionName": "wipe",
            "actionState": "done", "startDateTime": "2026-05-20T08:00:00Z",
            "lastUpdatedDateTime": "2026-05-20T08:10:00Z"}]});
        body.to_string().into_response()
    }

    /// Intune with five devices, and its client.
    async fn set_up() -> (Shared, Intune, Clock) {
        let shared = Shared::default();
        {
            let mut microsoft = shared.lock().unwrap();
            microsoft.expires_in = 3599;
            microsoft.devices = 5;
        }
        let managed = "/v1.0/deviceManagement/managedDevices";
        let router = Router::new()
            .route("/{tenant}/oauth2/v2.0/token", post(login))
            .route(managed, get(devices))
            .route(&format!("{managed}/{{id}}"), get(results))
            .route(&format!("{managed}/{{id}}/{{action}}"), post(act))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = Clock::default();
        let intune = Intune::new(config(&origin, SECRET), clock.clone()).unwrap();
        (shared, intune, clock)
    }

    fn config(origin: &str, secret: &str) -> IntuneConfig {
        IntuneConfig {
            graph: origin.to_owned(),
            login: origin.to_owned(),
            ..IntuneConfig::new(
                "hospital.example".to_owned(),
                "app".to_owned(),
                Zeroizing::new(secret.to_owned()),
            )
        }
    }

    fn seen(shared: &Shared) -> Vec<String> {
        std::mem::take(&mut shared.lock().unwrap().seen)
    }

    fn first(shared: &Shared, responses: impl IntoIterator<Item = Response>) {
        shared.lock().unwrap().first.extend(responses);
    }

    fn throttled(status: StatusCode, retry_after: &'static str) -> Response {
        let body = json!({"error": {"code": "TooManyRequests", "message": "Please retry later."}});
        (status, [("retry-after", retry_after)], body.to_string()).into_response()
    }

    #[tokio::test]
    async fn every_page_is_read_with_one_token() {
        let (shared, intune, _) = set_up().await;
        let pulled = intune.pull().await.unwrap();
        let ids: Vec<&str> = pulled
            .devices
            .iter()
            .map(|device| &*device.manager_id)
            .collect();
        assert_eq!(
            ids,
            ["device-0", "device-1", "device-2", "device-3", "device-4"]
        );
        assert_eq!(pulled.left_out, []);
        assert_eq!(seen(&shared), ["token", "devices", "devices", "devices"]);
        intune.pull().await.unwrap();
        assert_eq!(seen(&shared), ["devices", "devices", "devices"]);
    }

    #[tokio::test]
    async fn those_who_share_a_client_share_its_token() {
        let (shared, intune, _) = set_up().await;
        let intune = Arc::new(intune);
        let pulls = [(); 4].map(|()| {
            let intune = Arc::clone(&intune);
            tokio::spawn(async move { intune.pull().await })
        });
        for pull in pulls {
            assert_eq!(pull.await.unwrap().unwrap().devices.len(), 5);
        }
        let tokens = seen(&shared).into_iter().filter(|what| what == "token");
        assert_eq!(tokens.count(), 1);
    }

    #[tokio::test]
    async fn a_token_is_renewed_before_it_ends() {
        let (shared, intune, clock) = set_up().await;
        shared.lock().unwrap().devices = 1;
        intune.pull().await.unwrap();
        clock.advance(3_200_000);
        intune.pull().await.unwrap();
        assert_eq!(seen(&shared), ["token", "devices", "devices"]);
        clock.advance(100_000);
        intune.pull().await.unwrap();
        assert_eq!(seen(&shared), ["token", "devices"]);
    }

    #[tokio::test]
    async fn a_token_that_is_refused_is_renewed_once() {
        let (shared, intune, _) = set_up().await;
        shared.lock().unwrap().devices = 1;
        intune.pull().await.unwrap();
        seen(&shared);
        // Revoked before its end.
        shared.lock().unwrap().tokens += 1;
        intune.pull().await.unwrap();
        assert_eq!(seen(&shared), ["devices", "token", "devices"]);
        shared.lock().unwrap().refuses = true;
        let refused = intune.pull().await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "refused with status 401: InvalidAuthenticationToken, request r-1"
        );
        assert_eq!(seen(&shared), ["devices", "token", "devices"]);
    }

    #[tokio::test]
    async fn graph_is_waited_for_as_long_as_it_asks() {
        let (shared, intune, _) = set_up().await;
        first(
            &shared,
            [
                throttled(StatusCode::TOO_MANY_REQUESTS, "0.2"),
                throttled(StatusCode::SERVICE_UNAVAILABLE, "1"),
            ],
        );
        let began = Instant::now();
        intune.pull().await.unwrap();
        assert!(began.elapsed() >= Duration::from_secs(2));
        assert_eq!(seen(&shared).len(), 6);
    }

    #[tokio::test]
    async fn patience_has_an_end() {
        let (shared, mut intune, _) = set_up().await;
        first(&shared, [throttled(StatusCode::TOO_MANY_REQUESTS, "121")]);
        let gave_up = intune.pull().await.unwrap_err();
        let retry_after_s = Some(121);
        assert_eq!(gave_up, IntuneError::Throttled { retry_after_s });
        assert_eq!(seen(&shared), ["token", "devices"]);
        // Nothing said, or nothing that is understood: twice as long each time.
        intune.patience.pause = Duration::from_millis(10);
        intune.patience.left = Duration::from_millis(75);
        let date = "Wed, 20 May 2026 08:00:00 GMT";
        let forever = (0..9).map(|_| throttled(StatusCode::TOO_MANY_REQUESTS, date));
        first(&shared, forever);
        let retry_after_s = None;
        let gave_up = intune.pull().await.unwrap_err();
        assert_eq!(gave_up, IntuneError::Throttled { retry_after_s });
        assert_eq!(seen(&shared).len(), 4);
        // No waiting at all has an end too.
        shared.lock().unwrap().first.clear();
        intune.patience.attempts = 3;
        let forever = (0..9).map(|_| throttled(StatusCode::SERVICE_UNAVAILABLE, "0"));
        first(&shared, forever);
        intune.pull().await.unwrap_err();
        assert_eq!(seen(&shared).len(), 4);
    }

    #[tokio::test]
    async fn a_next_page_on_another_server_ends_the_pull() {
        let (shared, intune, _) = set_up().await;
        let (other, ..) = set_up().await;
        for elsewhere in ["http://127.0.0.1:9/v1.0/x", "https://evil.example/v1.0/x"] {
            shared.lock().unwrap().elsewhere = Some(elsewhere.to_owned());
            let refused = intune.pull().await.unwrap_err();
            assert_eq!(
                refused.to_string(),
                "the next page is said to be on another server"
            );
        }
        assert_eq!(seen(&other), Vec::<String>::new());
    }

    #[tokio::test]
    async fn pages_that_lead_in_a_circle_end_the_pull() {
        let (shared, intune, _) = set_up().await;
        let page = json!({"value": [], "@odata.nextLink": intune.graph.devices().as_str()});
        first(&shared, [page.to_string().into_response()]);
        assert_eq!(intune.pull().await, Err(IntuneError::Endless));
    }

    #[tokio::test]
    async fn redirects_are_not_followed() {
        let (shared, intune, _) = set_up().await;
        let redirect = (
            StatusCode::FOUND,
            [("location", "/hospital.example/oauth2/v2.0/token")],
        );
        first(&shared, [redirect.into_response()]);
        let refused = intune.pull().await.unwrap_err();
        let (status, fault) = (302, None);
        assert_eq!(refused, IntuneError::Refused { status, fault });
    }

    #[tokio::test]
    async fn an_answer_beyond_measure_is_not_taken_in() {
        let (shared, intune, _) = set_up().await;
        let long = format!("{{\"value\":[],\"x\":\"{}\"}}", "x".repeat(LARGEST_PAGE));
        first(&shared, [long.into_response()]);
        let limit = LARGEST_PAGE;
        assert_eq!(intune.pull().await, Err(IntuneError::TooLarge { limit }));
        first(&shared, ["<html>".into_response()]);
        let refused = intune.pull().await.unwrap_err();
        assert_eq!(refused.to_string(), "the answer is not a page of devices");
    }

    #[tokio::test]
    async fn an_action_is_asked_for_in_graphs_words() {
        let (shared, intune, _) = set_up().await;
        for action in Action::ALL {
            intune.act(ID, action).await.unwrap();
        }
        assert_eq!(
            seen(&shared),
            [
                "token",
                "syncDevice ",
                "rebootNow ",
                "remoteLock ",
                "retire ",
                r#"wipe {"keepEnrollmentData":false,"keepUserData":false}"#,
            ]
        );
        let gone = intune.act("device-9", Action::Lock).await;
        assert_eq!(gone, Err(IntuneError::UnknownDevice));
        let id = intune.act("../users", Action::Wipe).await;
        assert_eq!(id, Err(IntuneError::DeviceId(AddressError::Device)));
    }

    #[tokio::test]
    async fn what_became_of_an_action_is_asked_of_the_device_alone() {
        let (shared, intune, _) = set_up().await;
        let results = intune.results(ID).await.unwrap();
        let [wipe] = results[..] else {
            panic!("{results:?}");
        };
        assert_eq!(
            (wipe.action, wipe.ending),
            (Action::Wipe, Some(Ending::Done))
        );
        assert_eq!(seen(&shared), ["token", "results"]);
        let gone = intune.results("device-9").await;
        assert_eq!(gone, Err(IntuneError::UnknownDevice));
        let id = intune.results("../users").await;
        assert_eq!(id, Err(IntuneError::DeviceId(AddressError::Device)));
        let other = json!({"id": "device-9", "deviceActionResults": []});
        first(&shared, [other.to_string().into_response()]);
        let refused = intune.results(ID).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the answer does not tell what became of the device's actions"
        );
    }

    #[test]
    fn only_what_can_never_be_done_is_final() {
        let refused = |status| IntuneError::Refused {
            status,
            fault: None,
        };
        for status in [400, 404, 405, 410, 422, 499] {
            assert!(refused(status).is_final(), "{status}");
        }
        for status in [302, 401, 403, 408, 409, 429, 500, 502, 503, 504] {
            assert!(!refused(status).is_final(), "{status}");
        }
        assert!(IntuneError::UnknownDevice.is_final());
        assert!(IntuneError::DeviceId(AddressError::Device).is_final());
        let login = IntuneError::Login {
            status: 401,
            fault: None,
        };
        for passing in [
            login,
            IntuneError::Forbidden(None),
            IntuneError::Unreachable(String::new()),
            IntuneError::Throttled {
                retry_after_s: None,
            },
        ] {
            assert!(!passing.is_final() && passing.is_for_all(), "{passing}");
        }
    }

    #[tokio::test]
    async fn an_action_is_asked_for_again_only_where_nothing_was_done() {
        let (shared, intune, _) = set_up().await;
        first(&shared, [throttled(StatusCode::TOO_MANY_REQUESTS, "0")]);
        intune.act(ID, Action::Restart).await.unwrap();
        assert_eq!(seen(&shared), ["token", "rebootNow ", "rebootNow "]);
        first(&shared, [throttled(StatusCode::SERVICE_UNAVAILABLE, "0")]);
        let refused = intune.act(ID, Action::Restart).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "refused with status 503: TooManyRequests"
        );
        assert_eq!(seen(&shared), ["rebootNow "]);
        let body = json!({"error": {"code": "Forbidden", "message": "no"}});
        let forbidden = (StatusCode::FORBIDDEN, body.to_string());
        first(&shared, [forbidden.into_response()]);
        let refused = intune.act(ID, Action::Wipe).await.unwrap_err();
        assert!(matches!(refused, IntuneError::Forbidden(_)));
        let text = refused.to_string();
        assert!(
            text.starts_with("not permitted: Forbidden: reading needs"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn secrets_stand_in_no_error_and_no_debug() {
        let (shared, intune, clock) = set_up().await;
        intune.pull().await.unwrap();
        let shown = format!("{intune:?}");
        assert!(
            !shown.contains("Zq7") && !shown.contains("token-1"),
            "{shown}"
        );
        // Graph repeats the token in its message, and the identity platform the secret.
        shared.lock().unwrap().refuses = true;
        let refused = intune.pull().await.unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("token-"));
        let wrong = Intune::new(config(&intune.config.graph, "Zq7wrong"), clock.clone()).unwrap();
        let refused = wrong.pull().await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "no token was given (status 401: invalid_client (AADSTS7000215))"
        );
        assert!(!format!("{refused:?}").contains("Zq7"));
        // Nobody listens there.
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", nobody.local_addr().unwrap());
        drop(nobody);
        let absent = Intune::new(config(&origin, SECRET), clock).unwrap();
        let refused = absent.pull().await.unwrap_err();
        assert!(matches!(refused, IntuneError::Unreachable(_)));
        let shown = format!("{refused} {refused:?}");
        assert!(
            !shown.contains("Zq7") && !shown.contains("127.0.0.1"),
            "{shown}"
        );
    }

    #[test]
    fn a_configuration_that_would_send_the_secret_in_the_clear_is_refused() {
        let refused = |change: &dyn Fn(&mut IntuneConfig)| {
            let mut config = config("https://graph.example", SECRET);
            change(&mut config);
            match Intune::new(config, Clock::default()) {
                Err(IntuneError::Config { field, .. }) => field,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            refused(&|it| it.graph = "http://graph.example".to_owned()),
            "graph"
        );
        assert_eq!(
            refused(&|it| it.login = "http://login.example".to_owned()),
            "login"
        );
        assert_eq!(refused(&|it| it.tenant = "a/b".to_owned()), "tenant");
    }
}
