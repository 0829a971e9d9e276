//! Smart cards: who issues them, how they are judged, and where they are presented.
//!
//! A card proves itself in TLS, on a listener of its own: browsers ask for a certificate when a
//! connection begins, not for a single request. What it is presented with there is a challenge that a
//! device asked for in its session, and what comes back is an answer that only this device can hand
//! in. So card and device are in one hand.
//!
//! - `tls`: the handshake, in which the card proves that it holds its key.
//! - `door`: the router of that listener.
//! - `revocation`: what authorities say of revoked cards, fetched and kept.
//! - `fault`: why a card is not taken, in a sentence for its person.

pub(crate) mod door;
mod fault;
mod revocation;
mod tls;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::Url;
use wardline_piv::{Card, ConfigError, Evidence, Refused, Verifier};

pub(crate) use self::fault::CardFault;
use self::revocation::Revocation;
use crate::ca::Authority;
use crate::config::{self, Config};
use crate::outgoing::FetchError;
use crate::problem::Refusal;
use crate::rim::Clock;
use crate::tls::TlsError;

/// Why cards cannot be taken as configured.
#[derive(Debug, Error)]
pub enum CardsError {
    /// A file holds no certificates.
    #[error("{0} does not hold PEM certificates")]
    File(PathBuf),
    /// The configuration means nothing.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No client for what authorities publish can be made.
    #[error("the client for revocation lists: {0}")]
    Client(String),
    /// The address of the listener for browsers is no URL.
    #[error("the listener's address is no URL")]
    Url,
}

/// The certificates that a client presented in TLS with proof of the first one's key. Empty where it
/// presented none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Presented(Arc<[CertificateDer<'static>]>);

impl Presented {
    pub(crate) fn new(chain: &[CertificateDer<'_>]) -> Self {
        Self(chain.iter().map(|der| der.clone().into_owned()).collect())
    }

    /// SHA-256 of the card's certificate in hexadecimal digits, by which it is found in the log.
    pub(crate) fn fingerprint(&self) -> Option<String> {
        self.0.first().map(|der| hex::encode(Sha256::digest(der)))
    }
}

/// The cards that the hospital takes, if it takes any.
#[derive(Debug)]
pub(crate) struct Cards(Option<Taken>);

/// How cards are taken.
#[derive(Debug)]
pub(crate) struct Taken {
    verifier: Verifier,
    revocation: Revocation,
    url: Url,
}

impl Cards {
    /// Reads whom the hospital trusts. `port` is the listener's, where there is one.
    pub(crate) fn open(config: &Config, port: Option<u16>) -> Result<Self, CardsError> {
        let Some(port) = port else {
            return Ok(Self(None));
        };
        let cards = &config.cards;
        let (anchors, intermediates) = authorities(cards)?;
        let origin = if cards.url.is_empty() {
            format!("https://{}:{port}", config.server.rp_id)
        } else {
            cards.url.clone()
        };
        let url = Url::parse(&origin).and_then(|origin| origin.join(door::PATH));
        Ok(Self(Some(Taken {
            verifier: Verifier::new(&cards.piv(), &anchors, &intermediates)?,
            revocation: Revocation::new()
                .map_err(|error: FetchError| CardsError::Client(error.to_string()))?,
            url: url.map_err(|_| CardsError::Url)?,
        })))
    }

    /// How cards are taken.
    ///
    /// # Errors
    /// When none are.
    pub(crate) fn taken(&self) -> Result<&Taken, Refusal> {
        self.0
            .as_ref()
            .ok_or(Refusal::CardRefused(CardFault::NoneTaken))
    }

    /// Where cards are presented; `None` when none are taken.
    pub(crate) fn url(&self) -> Option<&Url> {
        self.0.as_ref().map(|taken| &taken.url)
    }
}

impl Taken {
    /// Where cards are presented.
    pub(crate) const fn url(&self) -> &Url {
        &self.url
    }

    /// Whose a presented card is, after its authorities were asked about it.
    pub(crate) async fn judge(&self, card: &Presented, clock: &Clock) -> Result<Card, Refused> {
        // Only a chain that holds makes the server call anybody.
        let question = self.verifier.question(&card.0, clock.now_ms())?;
        let known = self.revocation.ask(&question, clock).await;
        let crls: Vec<_> = known.lists.iter().map(Arc::as_ref).collect();
        let evidence = Evidence {
            crls: &crls,
            ocsp: known.ocsp.as_deref(),
        };
        self.verifier.card(&card.0, &evidence, clock.now_ms())
    }
}

/// TLS for the listener for cards.
pub(crate) fn server_config(
    config: &Config,
    authority: &Authority,
    now_ms: u64,
) -> Result<Arc<ServerConfig>, TlsError> {
    // A file that is not readable is told by `Cards::open`.
    let (anchors, intermediates) = authorities(&config.cards).unwrap_or_default();
    let known = anchors.iter().chain(&intermediates);
    tls::server_config(config, authority, known, now_ms)
}

type Certificates = Vec<CertificateDer<'static>>;

/// The authorities that are trusted, and those between them and cards.
fn authorities(cards: &config::Cards) -> Result<(Certificates, Certificates), CardsError> {
    let anchors = certificates(&cards.anchors)?;
    let intermediates = if cards.intermediates.as_os_str().is_empty() {
        Vec::new()
    } else {
        certificates(&cards.intermediates)?
    };
    Ok((anchors, intermediates))
}

fn certificates(path: &Path) -> Result<Certificates, CardsError> {
    let wrong = || CardsError::File(path.to_owned());
    let read = CertificateDer::pem_file_iter(path).map_err(|_| wrong())?;
    let read: Certificates = read.collect::<Result<_, _>>().map_err(|_| wrong())?;
    if read.is_empty() {
        return Err(wrong());
    }
    Ok(read)
}
