//! The listeners: plain HTTP on loopback, HTTPS, and HTTPS for smart cards, on hyper.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::app::Peer;
use crate::cards::Presented;
use crate::drain::{Left, Watched};

/// How a listener is spoken to.
#[derive(Debug)]
pub(crate) enum Door {
    /// Plain HTTP.
    Plain,
    /// HTTPS.
    Tls(Arc<ServerConfig>),
    /// HTTPS that asks for a smart card. A connection is for one request, which the card is presented
    /// with: it cannot be pulled, and go on to count.
    Cards(Arc<ServerConfig>),
}

/// Serves until told to stop, then lets requests under way finish, for a while.
pub(crate) async fn serve(
    listener: TcpListener,
    door: Door,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let for_cards = matches!(door, Door::Cards(_));
    let patience = if for_cards { PIN } else { HANDSHAKE };
    let acceptor = match door {
        Door::Plain => None,
        Door::Tls(config) | Door::Cards(config) => Some(TlsAcceptor::from(config)),
    };
    let places = for_cards.then(|| Arc::new(Semaphore::new(CARDS_AT_ONCE)));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, for one: pause instead of spinning.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // A lost TCP_NODELAY costs latency only.
        let _ = stream.set_nodelay(true);
        let (router, stop, acceptor) = (router.clone(), stop.clone(), acceptor.clone());
        // Handshakes with cards are long: past so many at once the next ones are turned away.
        let place = match &places {
            Some(places) => match Arc::clone(places).try_acquire_owned() {
                Ok(place) => Some(place),
                Err(_) => continue,
            },
            None => None,
        };
        connections.spawn(async move {
            let _place = place;
            let peer = Peer { address };
            match acceptor {
                None => connection(stream, peer, None, router, stop).await,
                Some(acceptor) => {
                    let handshake = tokio::time::timeout(patience, acceptor.accept(stream));
                    if let Ok(Ok(stream)) = handshake.await {
                        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
                        let card = for_cards.then(|| Presented::new(chain));
                        let serving = connection(stream, peer, card, router, stop);
                        if for_cards {
                            // One request, with what authorities say of the card.
                            let _ = tokio::time::timeout(PIN, serving).await;
                        } else {
                            serving.await;
                        }
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        connections.abort_all();
    }
}

/// Returns once the server is to stop.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which is as good.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Binds a listener, and says where it is.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// Serves one connection; with a card, one request of it.
async fn connection<S>(
    stream: S,
    peer: Peer,
    card: Option<Presented>,
    router: Router,
    mut stop: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let is_for_one = card.is_some();
    let card = Mutex::new(card);
    let (presented, mut over) = watch::channel(false);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        // The value is taken whole, so a poisoned lock holds no half state.
        let card = card.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(card) = card {
            request.extensions_mut().insert(card);
            // What is under way is answered, and then the connection ends.
            presented.send_replace(true);
        }
        let router = router.clone();
        async move {
            let left = Left::default();
            let request = request.map(|body| Body::new(Watched::new(body, left.clone())));
            let response = router.oneshot(request).await;
            left.read().await;
            Ok::<_, Infallible>(response.unwrap_or_else(|never| match never {}))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .keep_alive(!is_for_one)
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS);
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut serving = pin!(serving);
    let outcome = tokio::select! {
        outcome = serving.as_mut() => Some(outcome),
        () = stopped(&mut stop) => None,
        () = presented_once(&mut over) => None,
    };
    let outcome = if let Some(outcome) = outcome {
        outcome
    } else {
        serving.as_mut().graceful_shutdown();
        serving.await
    };
    if let Err(error) = outcome {
        // Clients go away all the time; nothing of the request is in the error.
        tracing::debug!(%error, "connection ended");
    }
}

/// Returns once a card was presented with a request.
async fn presented_once(over: &mut watch::Receiver<bool>) {
    if over.wait_for(|over| *over).await.is_err() {
        // The connection is gone, and says so itself.
        std::future::pending::<()>().await;
    }
}

const HANDSHAKE: Duration = Duration::from_secs(10);
/// In the middle of a handshake people type their card's PIN.
const PIN: Duration = Duration::from_mins(1);
/// Connections to the listener for cards.
const CARDS_AT_ONCE: usize = 256;
const HEADERS: Duration = Duration::from_secs(15);
const DRAIN: Duration = Duration::from_secs(5);
const MAX_STREAMS: u32 = 256;
