//! [`Server`]: from a configuration to listeners, and back down.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use url::Url;
use wardline_audit::event::NodeName;
use wardline_bus::{Bus, Heard, Hint, NatsConfig, NatsError, SignIn};
use wardline_credential::{CertificateError, DeviceCa};
use wardline_store::{NodeKeys, Store, StoreConfig, StoreError};
use webauthn_rs::prelude::WebauthnError;

use crate::app::{App, Shared};
use crate::cards::{self, Cards, CardsError};
use crate::config::Config;
use crate::ehr::{self, Ehr, EhrConfigError};
use crate::fleet::managers::{Managers, ManagersError};
use crate::fleet::{self, feeds};
use crate::gate::Gate;
use crate::hub::{self, Hub};
use crate::keys::{HospitalKeys, KeysError};
use crate::limiter::{Limiter, OncePerMinute};
use crate::listen::Door;
use crate::pager::{self, Pager};
use crate::passkeys::Passkeys;
use crate::passkeys::attestation::{self, TrustFileError};
use crate::policies::record::{self, Recorder};
use crate::policies::{self, Policies, PoliciesError};
use crate::proof::Proofs;
use crate::push::{self, Push, PushError};
use crate::rim::{Clock, random};
use crate::risk::{self, Risk, RiskError};
use crate::snooping::{self, Snooping};
use crate::tls::TlsError;
use crate::transmitters::{TransmitterError, Transmitters};
use crate::webhook::HookError;
use crate::{attachments, care, charts, escalations, hl7, listen, oncall, routes, telemetry, tls};

/// Why the server could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The hospital's keys.
    #[error("keys: {0}")]
    Keys(#[from] KeysError),
    /// The database.
    #[error("database: {0}")]
    Store(#[from] StoreError),
    /// What the model of risk is to know.
    #[error("risk: {0}")]
    Risk(#[from] RiskError),
    /// The policies.
    #[error("policies: {0}")]
    Policies(#[from] PoliciesError),
    /// The HTTPS certificate.
    #[error("tls: {0}")]
    Tls(#[from] TlsError),
    /// The relying party id and the origins do not fit together.
    #[error("passkeys: every origin must be at the rp_id or below it ({0:?})")]
    Passkeys(WebauthnError),
    /// Who vouches for authenticators.
    #[error("attestation: {0}")]
    Attestation(#[from] TrustFileError),
    /// What is configured for NATS cannot work. A NATS that is away is no reason not to start.
    #[error("bus: {0}")]
    Bus(#[from] NatsError),
    /// The device CA's certificate.
    #[error("device CA: {0}")]
    DeviceCa(#[from] CertificateError),
    /// Microsoft Intune.
    #[error("intune: {0}")]
    Managers(#[from] ManagersError),
    /// Smart cards.
    #[error("cards: {0}")]
    Cards(#[from] CardsError),
    /// The keys of a transmitter of security events.
    #[error("signals: {0}")]
    Transmitter(#[from] TransmitterError),
    /// Wake-ups.
    #[error("push: {0}")]
    Push(#[from] PushError),
    /// The pager system.
    #[error("pager: {0}")]
    Pager(#[from] HookError),
    /// The record system.
    #[error("ehr: {0}")]
    Ehr(#[from] EhrConfigError),
    /// A listener.
    #[error("{address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A value that passed the configuration's checks and still does not work.
    #[error("configuration: {0}")]
    Config(&'static str),
}

/// A server that runs. Dropping it stops it at once; [`Running::shutdown`] lets requests finish.
#[derive(Debug)]
pub struct Running {
    /// Where plain HTTP listens.
    pub http_addr: Option<SocketAddr>,
    /// Where HTTPS listens.
    pub https_addr: Option<SocketAddr>,
    /// Where MLLP listens.
    pub hl7_addr: Option<SocketAddr>,
    /// Where MLLP over TLS listens.
    pub hl7_tls_addr: Option<SocketAddr>,
    /// Where smart cards are presented, as browsers are told; `None` when none are taken.
    pub cards_url: Option<String>,
    /// `http://localhost:PORT`, where plain HTTP is on.
    pub http_url: Option<String>,
    /// `https://RP_ID:PORT`, where HTTPS is on.
    pub https_url: Option<String>,
    /// The server's clock; tests move it.
    pub clock: Clock,
    pub(crate) app: App,
    holder: String,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// The server.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Opens keys and database of the data directory, and serves. Nothing is created.
    ///
    /// # Errors
    /// See [`StartError`]; nothing listens then.
    pub async fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
        let keys = HospitalKeys::open(&config.data.dir)?;
        let store = open_store(&config, &keys)?;
        // Large, and awaited by others that are.
        Box::pin(Self::start_on(config, clock, keys, store)).await
    }

    /// Serves on keys and a database that are open.
    pub(crate) async fn start_on(
        config: Config,
        clock: Clock,
        mut keys: HospitalKeys,
        store: Store,
    ) -> Result<Running, StartError> {
        telemetry::recorder();
        let holder = format!(
            "{}-{:016x}",
            config.server.node,
            u64::from_be_bytes(random())
        );
        // The first step of a new database stores the checkpoint of the empty log.
        store.sequence_once(clock.now_ms(), &holder).await?;

        let bus = match nats_config(&config, &holder) {
            Some(nats) => Bus::nats(&nats).await?,
            None => Bus::local(),
        };
        let http = bind(config.http_address()).await?;
        let https = bind(config.https_address()).await?;
        let tls = match &https {
            Some(_) => Some(tls::server_config(&config, &keys.tls_ca, clock.now_ms())?),
            None => None,
        };
        let for_cards = bind(config.cards.address()).await?;
        let cards = Cards::open(&config, for_cards.as_ref().map(|(_, at)| at.port()))?;
        let cards_tls = match &for_cards {
            Some(_) => Some(cards::server_config(&config, &keys.tls_ca, clock.now_ms())?),
            None => None,
        };
        let for_hl7 = bind(config.hl7.address()).await?;
        let for_hl7_tls = bind(config.hl7.tls_address()).await?;
        let hl7_tls = match &for_hl7_tls {
            Some(_) => Some(hl7::server_config(&config, &keys.tls_ca, clock.now_ms())?),
            None => None,
        };
        let hl7_addr = for_hl7.as_ref().map(|(_, address)| *address);
        let hl7_tls_addr = for_hl7_tls.as_ref().map(|(_, address)| *address);
        let cards_url = cards.url().map(ToString::to_string);
        let http_addr = http.as_ref().map(|(_, address)| *address);
        let https_addr = https.as_ref().map(|(_, address)| *address);
        let http_url = http_addr.map(|address| format!("http://localhost:{}", address.port()));
        let https_url =
            https_addr.map(|address| https_origin(&config.server.rp_id, address.port()));
        let origins = origins(&config, http_url.as_deref(), https_url.as_deref())?;
        let public_url = config
            .server
            .origins
            .first()
            .cloned()
            .or_else(|| http_url.clone())
            .or_else(|| https_url.clone())
            .ok_or(StartError::Config("both listeners are off"))?;
        let origins_said = config.server.origins.iter();
        let secure_url = origins_said
            .chain(&https_url)
            .find(|url| url.starts_with("https:"))
            .cloned();
        if let Some(origin) = &secure_url {
            keys.device_ca.list_revoked_at(origin);
        }
        let trust = attestation::trust(&config.attestation)?;
        let passkeys = Passkeys::new(&config.server.rp_id, &config.hospital.name, &origins)
            .map_err(StartError::Passkeys)?;
        let proof_origins = origins
            .iter()
            .map(|origin| origin.origin().ascii_serialization())
            .collect();
        let mut facts = store.read().await?;
        let risk = Risk::load(&mut facts, &config, clock.now_ms()).await?;
        let snooping = Snooping::load(&mut facts, &config).await?;
        let policies = Policies::load(&mut facts, clock.now_ms()).await?;
        let (recorder, decisions) = Recorder::new();
        drop(facts);
        let app_url = secure_url.as_deref().unwrap_or(&public_url);
        let (push, news) = Push::open(&store, &config.push, app_url).await?;
        let app = App::new(Shared {
            device_ca: DeviceCa::from_der(keys.device_ca.der())?,
            proofs: Proofs::new(&random(), proof_origins),
            passkeys,
            gate: Gate::new(store.clone(), policies, recorder, &config),
            risk,
            snooping,
            bus,
            feeds: feeds::Held::new(trust),
            told: fleet::LastTold::default(),
            managers: Managers::open(&config.intune, &clock)?,
            cards,
            transmitters: Transmitters::open(&config.signals, clock.now_ms())?,
            hub: Hub::default(),
            feed: hl7::Feed::default(),
            ehr: Ehr::open(&config.ehr, &clock)?,
            push,
            pager: Pager::open(&config.pager)?,
            replays: Semaphore::new(1),
            tries: Semaphore::new(2),
            limiter: Limiter::new(config.server.unauthenticated_per_minute),
            refusals: OncePerMinute::default(),
            public_reads: OncePerMinute::default(),
            shares_its_store: config.store.url != "sqlite",
            public_url,
            secure_url,
            clock: clock.clone(),
            keys,
            config,
        });
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let router = routes::router(&app);
        if let Some((listener, _)) = http {
            tasks.spawn(listen::serve(
                listener,
                Door::Plain,
                router.clone(),
                stopped.clone(),
            ));
        }
        if let (Some((listener, _)), Some(tls)) = (https, tls) {
            let door = Door::Tls(tls);
            tasks.spawn(listen::serve(listener, door, router, stopped.clone()));
        }
        if let (Some((listener, _)), Some(tls)) = (for_cards, cards_tls) {
            let (door, router) = (Door::Cards(tls), cards::door::router(&app));
            tasks.spawn(listen::serve(listener, door, router, stopped.clone()));
        }
        if let Some((listener, _)) = for_hl7 {
            tasks.spawn(hl7::serve(app.clone(), listener, None, stopped.clone()));
        }
        if let (Some((listener, _)), Some(tls)) = (for_hl7_tls, hl7_tls) {
            tasks.spawn(hl7::serve(
                app.clone(),
                listener,
                Some(tls),
                stopped.clone(),
            ));
        }
        tasks.spawn(hl7::run(app.clone(), stopped.clone()));
        tasks.spawn(ehr::run(app.clone(), stopped.clone()));
        tasks.spawn(hub::run(app.clone(), stopped.clone()));
        tasks.spawn(oncall::run(app.clone(), stopped.clone()));
        tasks.spawn(care::run(app.clone(), stopped.clone()));
        tasks.spawn(charts::index(app.clone(), stopped.clone()));
        tasks.spawn(fleet::run(app.clone(), stopped.clone()));
        tasks.spawn(fleet::follow(app.clone(), stopped.clone()));
        tasks.spawn(risk::run(app.clone(), stopped.clone()));
        tasks.spawn(snooping::run(app.clone(), stopped.clone()));
        tasks.spawn(policies::run(app.clone(), stopped.clone()));
        tasks.spawn(escalations::run(app.clone(), stopped.clone()));
        tasks.spawn(attachments::run(app.clone(), stopped.clone()));
        tasks.spawn(record::run(app.clone(), decisions, stopped.clone()));
        tasks.spawn(push::run(app.clone(), news, stopped.clone()));
        tasks.spawn(pager::run(app.clone(), stopped.clone()));
        tasks.spawn(sequence(app.clone(), holder.clone(), stopped));
        Ok(Running {
            http_addr,
            https_addr,
            hl7_addr,
            hl7_tls_addr,
            cards_url,
            http_url,
            https_url,
            clock,
            app,
            holder,
            stop,
            tasks,
        })
    }
}

impl Running {
    /// Whether hints travel between this node and others at this moment.
    pub fn hints_are_carried(&self) -> bool {
        self.app.bus.is_carried()
    }

    /// Fetches the public lists where they are due, and looks at all devices by them, as the server does
    /// by itself every minute; gives whether it did.
    ///
    /// # Errors
    /// Why there are no newer lists, in a sentence.
    pub async fn follow_lists(&self) -> Result<bool, String> {
        let fetched = Box::pin(fleet::lists(&self.app)).await;
        fetched.map_err(|error| error.to_string())
    }

    /// Stops: no new connections, requests under way finish, sockets close, the last events are
    /// sequenced, and the log is left to whoever comes next.
    pub async fn shutdown(mut self) {
        // An error means that every task has ended already.
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
        // Requests that finished last may have recorded events after the sequencer's last step.
        let store = self.app.gate.machinery();
        while matches!(
            store.sequence_once(self.clock.now_ms(), &self.holder).await,
            Ok(done) if done.more
        ) {}
        // The process that follows, or the other node, need not wait for the lease to run out.
        if let Err(error) = store.give_back_lease(&self.holder).await {
            tracing::warn!(%error, "the sequencer's lease was not given back; it runs out by itself");
        }
        store.clone().close().await;
    }
}

#[cfg(test)]
impl Running {
    /// What handlers share, with nothing that works by itself any more: a test does what a task would.
    pub(crate) async fn at_rest(mut self) -> App {
        self.tasks.shutdown().await;
        self.app
    }
}

/// Brings the schema of a configuration's database up to date.
///
/// # Errors
/// When the keys or the database fail.
pub async fn migrate(config: &Config) -> Result<(), StartError> {
    let keys = HospitalKeys::open(&config.data.dir)?;
    let store = open_store(config, &keys)?;
    store.migrate().await?;
    store.close().await;
    Ok(())
}

/// The database of a configuration.
pub(crate) fn open_store(config: &Config, keys: &HospitalKeys) -> Result<Store, StartError> {
    let store = StoreConfig::new(store_url(config));
    let node = node_keys(config, keys)?;
    Ok(Store::open(
        &store,
        keys.sealer.clone(),
        keys.index.clone(),
        node,
    )?)
}

/// Where the database is, as the store takes it.
pub(crate) fn store_url(config: &Config) -> String {
    if config.store.url == "sqlite" {
        format!("sqlite:{}", database_path(config).display())
    } else {
        config.store.url.clone()
    }
}

/// The embedded database's file.
pub(crate) fn database_path(config: &Config) -> PathBuf {
    config.data.dir.join("wardline.db")
}

/// How to reach NATS, where it is configured. `process` is this process's own name.
fn nats_config(config: &Config, process: &str) -> Option<NatsConfig> {
    let bus = &config.bus;
    if bus.nats.is_empty() {
        return None;
    }
    let sign_in = if !bus.credentials.as_os_str().is_empty() {
        SignIn::Credentials(bus.credentials.clone())
    } else if !bus.token.is_empty() {
        SignIn::Token(bus.token.clone())
    } else if !bus.user.is_empty() {
        SignIn::Password {
            user: bus.user.clone(),
            password: bus.password.clone(),
        }
    } else {
        SignIn::None
    };
    Some(NatsConfig {
        url: bus.nats.clone(),
        subject: bus.subject.clone(),
        node: process.to_owned(),
        sign_in,
        ca: Some(bus.ca.clone()).filter(|ca| !ca.as_os_str().is_empty()),
    })
}

pub(crate) fn node_keys(config: &Config, keys: &HospitalKeys) -> Result<NodeKeys, StartError> {
    let node: NodeName = config
        .server
        .node
        .parse()
        .map_err(|_| StartError::Config("the node's name"))?;
    Ok(NodeKeys {
        node,
        log: keys.log.clone(),
    })
}

type Bound = (tokio::net::TcpListener, SocketAddr);

async fn bind(address: Option<SocketAddr>) -> Result<Option<Bound>, StartError> {
    match address {
        Some(address) => listen::bind(address)
            .await
            .map(Some)
            .map_err(|source| StartError::Listen { address, source }),
        None => Ok(None),
    }
}

fn https_origin(rp_id: &str, port: u16) -> String {
    if port == 443 {
        format!("https://{rp_id}")
    } else {
        format!("https://{rp_id}:{port}")
    }
}

/// The origins for which proofs and passkeys are taken.
fn origins(
    config: &Config,
    http: Option<&str>,
    https: Option<&str>,
) -> Result<Vec<Url>, StartError> {
    let mut origins: Vec<String> = config.server.origins.clone();
    if origins.is_empty() {
        // Plain HTTP is for loopback, which is a secure context under the name localhost only.
        origins.extend(
            http.filter(|_| config.server.rp_id == "localhost")
                .map(str::to_owned),
        );
        origins.extend(https.map(str::to_owned));
    }
    origins
        .iter()
        .map(|origin| Url::parse(origin).map_err(|_| StartError::Config("origins")))
        .collect()
}

/// Puts audit events into the Merkle log soon after they appear, until told to stop.
async fn sequence(app: App, holder: String, mut stop: watch::Receiver<bool>) {
    let every = Duration::from_millis(app.config.log.sequence_every_ms);
    let mut hints = app.bus.subscribe();
    loop {
        match app
            .gate
            .machinery()
            .sequence_once(app.clock.now_ms(), &holder)
            .await
        {
            Ok(done) if done.more => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the log was not sequenced"),
        }
        if *stop.borrow() {
            return;
        }
        // Events of one burst are sequenced together; without any, other nodes' events and this
        // one's missed hints are looked for now and then.
        let wait = async {
            tokio::select! {
                () = tokio::time::sleep(every * IDLE_ROUNDS) => {}
                () = audited(&mut hints) => tokio::time::sleep(every).await,
            }
        };
        tokio::select! {
            () = wait => {}
            () = listen::stopped(&mut stop) => {}
        }
    }
}

/// Returns once an event was recorded here.
async fn audited(hints: &mut wardline_bus::Subscription) {
    loop {
        match hints.next().await {
            Some(Heard::Hint(Hint::Audit) | Heard::Missed) | None => return,
            Some(Heard::Hint(_)) => {}
        }
    }
}

const IDLE_ROUNDS: u32 = 4;
