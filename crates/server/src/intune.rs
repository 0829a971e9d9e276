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
mod tests;
