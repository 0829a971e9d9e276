//! [`App`]: what every handler shares.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use tokio::sync::Semaphore;
use wardline_bus::Bus;
use wardline_credential::DeviceCa;

use crate::cards::Cards;
use crate::config::Config;
use crate::ehr::Ehr;
use crate::fleet::managers::Managers;
use crate::fleet::{LastTold, feeds};
use crate::gate::Gate;
use crate::hl7::Feed;
use crate::hub::Hub;
use crate::keys::HospitalKeys;
use crate::limiter::{Limiter, OncePerMinute};
use crate::pager::Pager;
use crate::passkeys::Passkeys;
use crate::problem::Refusal;
use crate::proof::Proofs;
use crate::push::Push;
use crate::rim::Clock;
use crate::risk::Risk;
use crate::snooping::Snooping;
use crate::transmitters::Transmitters;

/// The server's shared state. Cheap to clone.
///
/// The store is not in it: only [`Gate`] has it, and hands it out for a decision.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Shared>);

/// The parts of [`App`].
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) keys: HospitalKeys,
    /// The device CA as a verifier, for the delivery service's checks.
    pub(crate) device_ca: DeviceCa,
    pub(crate) proofs: Proofs,
    pub(crate) passkeys: Passkeys,
    pub(crate) gate: Gate,
    /// How unusual sign-ins are.
    pub(crate) risk: Risk,
    /// How much looks at charts are like snooping.
    pub(crate) snooping: Snooping,
    pub(crate) bus: Bus,
    /// The public lists of patches, as this process read them last.
    pub(crate) feeds: feeds::Held,
    /// What is known of any device of each program.
    pub(crate) told: LastTold,
    /// Device managers that are asked on a schedule.
    pub(crate) managers: Managers,
    /// Smart cards.
    pub(crate) cards: Cards,
    /// Whose security events are taken.
    pub(crate) transmitters: Transmitters,
    pub(crate) hub: Hub,
    /// Messages of the hospital's other systems.
    pub(crate) feed: Feed,
    /// The hospital's record system.
    pub(crate) ehr: Ehr,
    /// Wakes devices.
    pub(crate) push: Push,
    /// Calls pagers.
    pub(crate) pager: Pager,
    pub(crate) limiter: Limiter,
    /// One replay of decisions at a time: it reads all that is kept.
    pub(crate) replays: Semaphore,
    /// Few policies that somebody wrote are read and asked at a time: it takes a processor and a large
    /// stack for as long as they are long.
    pub(crate) tries: Semaphore,
    pub(crate) refusals: OncePerMinute,
    pub(crate) public_reads: OncePerMinute,
    /// Whether other nodes work on the same database.
    pub(crate) shares_its_store: bool,
    /// The origin in links for people, such as `http://localhost:8080`.
    pub(crate) public_url: String,
    /// The https origin that devices are set up with; `None` where nothing is served over TLS and
    /// no such origin is configured.
    pub(crate) secure_url: Option<String>,
}

impl App {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Counts a request without a session against its source.
    pub(crate) fn limit_unauthenticated(&self, parts: &Parts) -> Result<(), Refusal> {
        self.limiter
            .take(Peer::of(parts).address.ip(), self.clock.now_ms())
            .map_err(|retry_after_s| Refusal::TooManyRequests { retry_after_s })
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The other end of a connection; the listener puts it into each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    /// Its address.
    pub(crate) address: SocketAddr,
}

impl Peer {
    /// The peer of a request.
    pub(crate) fn of(parts: &Parts) -> Self {
        // Invariant: `listen` puts a Peer into every request. The unspecified address, which no
        // request comes from, is neither loopback nor premises.
        parts.extensions.get().copied().unwrap_or(Self {
            address: ([0, 0, 0, 0], 0).into(),
        })
    }

    /// The one for whom proxies speak: going back through `X-Forwarded-For`, the first that is no
    /// proxy of the hospital's. What a client wrote there itself stands further left, and counts for
    /// nothing. Where what is said cannot be read, nothing is known: the unspecified address, which is
    /// no place of the hospital's.
    pub(crate) fn behind(self, config: &Config, headers: &HeaderMap) -> Self {
        let is_proxy = |address: IpAddr| {
            let proxies = &config.network.proxies;
            proxies.iter().any(|proxy| proxy.contains(address))
        };
        let mut address = self.address.ip();
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let mut hops = lines
            .map(|line| line.to_str().unwrap_or("?"))
            .flat_map(|line| line.rsplit(','));
        while is_proxy(address) {
            match hops.next().map(|hop| hop.trim().parse::<IpAddr>()) {
                Some(Ok(hop)) => address = hop.to_canonical(),
                Some(Err(_)) => address = Ipv4Addr::UNSPECIFIED.into(),
                None => break,
            }
        }
        Self {
            address: SocketAddr::new(address, self.address.port()),
        }
    }
}
