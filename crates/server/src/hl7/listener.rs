//! Connections of senders: frames in, acknowledgements out, in the order of the messages.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use wardline_hl7::mllp::{Decoder, Item, frame};

use super::intake;
use crate::app::{App, Peer};
use crate::ca::Authority;
use crate::config::Config;
use crate::listen::stopped;
use crate::tls::{TlsError, identity};

/// TLS for senders: the server's certificate, and where the hospital names authorities, one of theirs.
pub(crate) fn server_config(
    config: &Config,
    authority: &Authority,
    now_ms: u64,
) -> Result<Arc<ServerConfig>, TlsError> {
    let (chain, key) = identity(config, authority, now_ms)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    // Interface engines live long: TLS 1.2 with forward secrecy is what many of them have.
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let path = &config.hl7.client_ca;
    let builder = if path.as_os_str().is_empty() {
        builder.with_no_client_auth()
    } else {
        let wrong = || TlsError::File(path.clone());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots(path)?, provider);
        builder.with_client_cert_verifier(verifier.build().map_err(|_| wrong())?)
    };
    Ok(Arc::new(builder.with_single_cert(chain, key)?))
}

fn roots(path: &Path) -> Result<Arc<RootCertStore>, TlsError> {
    let wrong = || TlsError::File(path.to_owned());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|_| wrong())? {
        roots
            .add(certificate.map_err(|_| wrong())?)
            .map_err(|_| wrong())?;
    }
    if roots.is_empty() {
        return Err(wrong());
    }
    Ok(Arc::new(roots))
}

/// Serves senders until told to stop. What was read by then is answered.
pub(crate) async fn serve(
    app: App,
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(app.config.hl7.max_connections));
    let acceptor = tls.map(TlsAcceptor::from);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let is_open = app.config.hl7.is_open_to(address.ip());
        let place = Arc::clone(&places).try_acquire_owned();
        let (true, Ok(place)) = (is_open, place) else {
            let why = if is_open { "hl7-busy" } else { "hl7-network" };
            refused(&app, address, why).await;
            continue;
        };
        // A lost TCP_NODELAY costs latency only.
        let _ = stream.set_nodelay(true);
        let (app, stop, acceptor) = (app.clone(), stop.clone(), acceptor.clone());
        connections.spawn(async move {
            let _place = place;
            match acceptor {
                None => converse(&app, stream, address, stop).await,
                Some(acceptor) => match timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => converse(&app, stream, address, stop).await,
                    Ok(Err(_)) | Err(_) => refused(&app, address, "hl7-certificate").await,
                },
            }
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if timeout(DRAIN, drained).await.is_err() {
        connections.abort_all();
    }
}

/// Speaks with one sender until either has enough.
async fn converse<S>(app: &App, stream: S, address: SocketAddr, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let patience = Duration::from_secs(app.config.hl7.timeout_seconds);
    let mut decoder = Decoder::new(app.config.hl7.max_message_bytes);
    let mut buffer = vec![0; READ];
    let (mut from, mut to) = tokio::io::split(stream);
    // By when the message that has begun has to end.
    let mut deadline: Option<Instant> = None;
    loop {
        let reading = async {
            match deadline {
                Some(deadline) => timeout_at(deadline, from.read(&mut buffer)).await,
                None => Ok(from.read(&mut buffer).await),
            }
        };
        let read = tokio::select! {
            read = reading => read,
            () = stopped(&mut stop) => return,
        };
        let count = match read {
            Ok(Ok(0)) => {
                if decoder.is_inside() {
                    // Nobody is there to be told; the sender sends it again.
                    intake::count("truncated");
                }
                return;
            }
            Ok(Ok(count)) => count,
            Ok(Err(_)) => return,
            Err(_) => {
                let answer = intake::unfinished(app, decoder.head());
                send(&mut to, &[answer], patience).await;
                return;
            }
        };
        let mut items = Vec::new();
        decoder.push(&buffer[..count], &mut items);
        let is_over = items.iter().any(|item| matches!(item, Item::TooLong(_)));
        // What came together becomes durable together; answers keep the order.
        let answers: Vec<Vec<Vec<u8>>> = stream::iter(items)
            .map(|item| intake::answer(app, address, item))
            .buffered(AT_ONCE)
            .collect()
            .await;
        let answers: Vec<Vec<u8>> = answers.into_iter().flatten().collect();
        if !send(&mut to, &answers, patience).await || is_over {
            // Reset in the middle of its sending, the sender might never read the answer.
            let _ = to.shutdown().await;
            return;
        }
        if decoder.noise() > MAX_NOISE {
            refused(app, address, "hl7-no-mllp").await;
            return;
        }
        deadline = match (decoder.is_inside(), deadline, answers.is_empty()) {
            (false, ..) => None,
            (true, Some(deadline), true) => Some(deadline),
            (true, ..) => Some(Instant::now() + patience),
        };
    }
}

/// Whether the sender took the answers.
async fn send<W: AsyncWrite + Unpin>(to: &mut W, answers: &[Vec<u8>], patience: Duration) -> bool {
    if answers.is_empty() {
        return true;
    }
    let bytes: Vec<u8> = answers.iter().flat_map(|answer| frame(answer)).collect();
    let sending = async {
        to.write_all(&bytes).await?;
        to.flush().await
    };
    matches!(timeout(patience, sending).await, Ok(Ok(())))
}

/// Notes that somebody was turned away, once for each source and minute.
async fn refused(app: &App, address: SocketAddr, why: &'static str) {
    intake::count("turned_away");
    if app.refusals.first(address.ip(), app.clock.now_ms()) {
        app.record_refusal(Peer { address }, why).await;
    }
}

const READ: usize = 64 << 10;
/// Messages of one connection that are judged and kept at once.
const AT_ONCE: usize = 64;
/// Bytes outside of frames after which this is no MLLP: a web browser, a port scan.
const MAX_NOISE: usize = 4096;
const HANDSHAKE: Duration = Duration::from_secs(10);
const DRAIN: Duration = Duration::from_secs(5);
