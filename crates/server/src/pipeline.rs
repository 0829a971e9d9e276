//! What happens around every request: nonce, security headers, the log line, metrics, and the
//! record of refusals that no decision has recorded.

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::{App, Peer};
use crate::problem::Unrecorded;

/// The outermost layer.
pub(crate) async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = app.clock.now_ms();
    // The route's pattern, never the address: ids and queries stay out of logs and metrics.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let peer = request.extensions().get::<Peer>().copied();
    let peer = peer.map(|peer| peer.behind(&app.config, request.headers()));
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }

    let mut response = next.run(request).await;

    if let Some(Unrecorded(problem)) = response.extensions().get().copied()
        && let Some(peer) = peer
        && app.refusals.first(peer.address.ip(), app.clock.now_ms())
    {
        app.record_refusal(peer, problem).await;
    }
    let headers = response.headers_mut();
    if let Ok(nonce) = HeaderValue::from_str(&app.proofs.nonce(app.clock.now_ms())) {
        headers.insert(DPOP_NONCE, nonce);
    }
    headers
        .entry(header::X_CONTENT_TYPE_OPTIONS)
        .or_insert(HeaderValue::from_static("nosniff"));
    headers
        .entry(header::REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));

    // For localhost it would bind every server on this machine, whatever its port.
    if app.config.server.rp_id != "localhost" {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(HSTS),
        );
    }

    let ms = app.clock.now_ms().saturating_sub(started);
    let status = response.status().as_u16();
    tracing::debug!(%method, route, status, ms, "request");
    let labels = [
        ("method", method.to_string()),
        ("route", route),
        ("status", status.to_string()),
    ];
    metrics::counter!("wardline_http_requests_total", &labels).increment(1);
    metrics::histogram!("wardline_http_request_seconds", &labels[1..2])
        .record(Duration::from_millis(ms));
    response
}

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// RFC 6797: two years.
const HSTS: &str = "max-age=63072000";
