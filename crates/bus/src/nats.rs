//! Hints between nodes over one NATS subject.
//!
//! # A parcel's way
//! [`Others::tell`] puts hints into a queue. One task takes all that wait and sends them as one
//! message, a *parcel*. What arrives is told to this process's subscribers, except this node's own
//! parcels, which NATS brings back like any other.
//!
//! # When hints were lost
//! While NATS is away hints are dropped: keeping them would only delay the look that follows
//! anyway. On each new connection this node sends a parcel that says `missed`, upon which the
//! *others* look at everything. When that parcel comes *back*, publishing and listening are known
//! to work: from then on hints are carried ([`Others::is_carried`]), and only now do this node's
//! own subscribers hear that they missed some, so that nothing falls between their look and the
//! subscription.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::future::ready;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, Subscriber};
use futures::StreamExt as _;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::{Notify, broadcast, mpsc};

use crate::{Heard, Hint};

/// Where NATS is, and as whom to use it.
#[derive(Clone)]
pub struct NatsConfig {
    /// `nats://host:4222`, or `tls://host:4222`, which insists on TLS.
    pub url: String,
    /// The subject that the nodes of one hospital share, and nobody else uses.
    pub subject: String,
    /// This process's name, different from that of every other one on the subject.
    pub node: String,
    /// How to sign in.
    pub sign_in: SignIn,
    /// The CA to trust for the server's certificate, PEM; without, those of the operating system.
    pub ca: Option<PathBuf>,
}

/// How to sign in at NATS.
#[derive(Clone)]
pub enum SignIn {
    /// The server asks for nothing.
    None,
    /// User and password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token.
    Token(String),
    /// A `.creds` file: the user's JWT and key.
    Credentials(PathBuf),
}

/// Why NATS cannot be used with a configuration.
#[derive(Debug, Error)]
pub enum NatsError {
    /// A file that is named cannot be used.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address or the subject.
    #[error("{0}")]
    Connect(Box<dyn std::error::Error + Send + Sync>),
}

/// The other nodes. Dropping it ends the connection.
#[derive(Debug)]
pub(crate) struct Others {
    queue: mpsc::Sender<Hint>,
    link: Arc<Link>,
}

/// What one task tells the others of the connection. What comes again and again is logged at its
/// first, second, fourth … time, so that nobody can fill the logs.
#[derive(Debug, Default)]
struct Link {
    connected: AtomicBool,
    carried: AtomicBool,
    /// Hints were dropped, so the next parcel says so.
    owes: AtomicBool,
    wake: Notify,
    /// Troubles since the connection was last there.
    troubles: AtomicU64,
    malformed: AtomicU64,
}

/// What travels: one message on the subject.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parcel {
    /// The sender's [`NatsConfig::node`]; a name to leave out one's own parcels by, and no proof.
    from: String,
    /// Earlier hints of the sender were lost.
    missed: bool,
    hints: Vec<Hint>,
}

impl Others {
    /// Begins to connect, and keeps at it.
    pub(crate) async fn connect(
        config: &NatsConfig,
        local: broadcast::Sender<Heard>,
    ) -> Result<Self, NatsError> {
        let link = Arc::new(Link::default());
        metrics::gauge!(CARRIED).set(0.0);
        let options = config.options().await?.event_callback({
            let (link, local) = (Arc::clone(&link), local.clone());
            move |event| {
                link.happened(&event, &local);
                ready(())
            }
        });
        let client = options
            .connect(config.url.as_str())
            .await
            .map_err(|error| NatsError::Connect(error.into()))?;
        let subscriber = client
            .subscribe(config.subject.clone())
            .await
            .map_err(|error| NatsError::Connect(error.into()))?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let sending = send(client, config.clone(), waiting, Arc::clone(&link));
        let receiving = receive(subscriber, config.node.clone(), local, Arc::clone(&link));
        tokio::spawn({
            let link = Arc::clone(&link);
            async move {
                // The first ends with the last end of the bus; the second never does before.
                tokio::select! {
                    () = sending => {}
                    () = receiving => {}
                }
                link.carried.store(false, Ordering::Release);
            }
        });
        Ok(Self { queue, link })
    }

    /// Tells the other nodes, if they can be reached.
    pub(crate) fn tell(&self, hint: Hint) {
        if self.queue.try_send(hint).is_err() {
            self.link.owes.store(true, Ordering::Release);
        }
    }

    pub(crate) fn is_carried(&self) -> bool {
        self.link.carried.load(Ordering::Acquire)
    }
}

impl NatsConfig {
    async fn options(&self) -> Result<ConnectOptions, NatsError> {
        let mut options = match &self.sign_in {
            SignIn::None => ConnectOptions::new(),
            SignIn::Password { user, password } => {
                ConnectOptions::with_user_and_password(user.clone(), password.clone())
            }
            SignIn::Token(token) => ConnectOptions::with_token(token.clone()),
            SignIn::Credentials(path) => ConnectOptions::with_credentials_file(path)
                .await
                .map_err(|source| NatsError::File {
                    path: path.clone(),
                    source,
                })?,
        };
        if let Some(ca) = &self.ca {
            options = options.tls_client_config(trusting(ca)?);
        }
        Ok(options
            .name(&self.node)
            .require_tls(self.url.starts_with("tls:"))
            .retry_on_initial_connect()
            .max_reconnects(None)
            .connection_timeout(CONNECT_TIMEOUT)
            .ping_interval(PING)
            .reconnect_delay_callback(|attempts| {
                let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(10);
                (FIRST_DELAY * 2_u32.pow(doublings)).min(LONGEST_DELAY)
            }))
    }
}

impl fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsConfig")
            .field("url", &self.url)
            .field("subject", &self.subject)
            .field("node", &self.node)
            .field("sign_in", &self.sign_in)
            .field("ca", &self.ca)
            .finish()
    }
}

/// Secrets do not show.
impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Password { user, .. } => write!(f, "Password({user}, …)"),
            Self::Token(_) => f.write_str("Token(…)"),
            Self::Credentials(path) => write!(f, "Credentials({})", path.display()),
        }
    }
}

impl Link {
    fn happened(&self, event: &Event, local: &broadcast::Sender<Heard>) {
        match event {
            Event::Connected => {
                self.troubles.store(0, Ordering::Relaxed);
                self.connected.store(true, Ordering::Release);
                self.owes.store(true, Ordering::Release);
                self.wake.notify_one();
            }
            Event::Disconnected | Event::Closed => {
                tracing::warn!("NATS is away; nodes find each other's news by polling");
                self.connected.store(false, Ordering::Release);
                self.carried.store(false, Ordering::Release);
                metrics::gauge!(CARRIED).set(0.0);
                // Whoever relied on hints has to look by itself from now on.
                let _ = local.send(Heard::Missed);
            }
            other => {
                let count = self.troubles.fetch_add(1, Ordering::Relaxed) + 1;
                if count.is_power_of_two() {
                    tracing::warn!(count, trouble = %other, "NATS");
                }
            }
        }
    }

    /// One of this node's own parcels came back.
    fn came_back(&self, local: &broadcast::Sender<Heard>) {
        if self.connected.load(Ordering::Acquire) && !self.carried.swap(true, Ordering::AcqRel) {
            metrics::gauge!(CARRIED).set(1.0);
            let _ = local.send(Heard::Missed);
        }
    }

    /// Someone wrote what no node writes.
    fn is_malformed(&self) {
        metrics::counter!(MALFORMED).increment(1);
        let count = self.malformed.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_power_of_two() {
            tracing::warn!(count, "malformed messages on the NATS subject were ignored");
        }
    }
}

/// Sends what waits, until the last end of the bus is gone.
async fn send(
    client: Client,
    config: NatsConfig,
    mut waiting: mpsc::Receiver<Hint>,
    link: Arc<Link>,
) {
    let mut hints = Vec::with_capacity(MOST_HINTS);
    loop {
        tokio::select! {
            taken = waiting.recv_many(&mut hints, MOST_HINTS) => {
                if taken == 0 {
                    return;
                }
            }
            () = link.wake.notified() => {}
        }
        if !link.connected.load(Ordering::Acquire) {
            // The next connection begins by saying so.
            hints.clear();
            continue;
        }
        // A hundred messages in a burst record a hundred audit events: one hint of it is enough.
        let mut seen = HashSet::with_capacity(hints.len());
        hints.retain(|hint| seen.insert(*hint));
        let parcel = Parcel {
            from: config.node.clone(),
            missed: link.owes.swap(false, Ordering::AcqRel),
            hints: std::mem::take(&mut hints),
        };
        if parcel.hints.is_empty() && !parcel.missed {
            continue;
        }
        let sent = match serde_json::to_vec(&parcel) {
            Ok(bytes) => client
                .publish(config.subject.clone(), bytes.into())
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = sent {
            tracing::warn!(error, "hints were not sent");
            link.owes.store(true, Ordering::Release);
        }
    }
}

/// Tells this process's subscribers what comes.
async fn receive(
    mut subscriber: Subscriber,
    node: String,
    local: broadcast::Sender<Heard>,
    link: Arc<Link>,
) {
    while let Some(message) = subscriber.next().await {
        let payload = &message.payload;
        let parcel = (payload.len() <= MOST_BYTES)
            .then(|| serde_json::from_slice::<Parcel>(payload).ok())
            .flatten()
            .filter(|parcel| parcel.hints.len() <= MOST_HINTS);
        let Some(parcel) = parcel else {
            link.is_malformed();
            continue;
        };
        if parcel.from == node {
            link.came_back(&local);
            continue;
        }
        // An error means that nobody listens here.
        if parcel.missed {
            let _ = local.send(Heard::Missed);
        }
        for hint in parcel.hints {
            let _ = local.send(Heard::Hint(hint));
        }
    }
}

/// A TLS configuration that trusts the CAs of a file, and no others.
fn trusting(ca: &Path) -> Result<ClientConfig, NatsError> {
    let bad = |source| NatsError::File {
        path: ca.to_owned(),
        source,
    };
    let wrong = |error: rustls::Error| bad(io::Error::other(error));
    let mut roots = RootCertStore::empty();
    for certificate in rustls_pemfile::certs(&mut BufReader::new(File::open(ca).map_err(bad)?)) {
        roots.add(certificate.map_err(bad)?).map_err(wrong)?;
    }
    if roots.is_empty() {
        return Err(bad(io::Error::other("it holds no certificate")));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

const CARRIED: &str = "wardline_bus_carried";
const MALFORMED: &str = "wardline_bus_malformed_total";
/// Hints that wait to be sent; beyond that the others are told that some were lost.
const QUEUE: usize = 8192;
/// The most hints of one parcel.
const MOST_HINTS: usize = 256;
/// The most bytes of one parcel: a hint takes about a hundred.
const MOST_BYTES: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How soon a connection that died silently is noticed: two of these.
const PING: Duration = Duration::from_secs(5);
const FIRST_DELAY: Duration = Duration::from_millis(20);
const LONGEST_DELAY: Duration = Duration::from_secs(2);
