//! `GET /metrics`: for Prometheus, from loopback or the premises.

use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::PrometheusHandle;
use wardline_model::wire::problem::Problem;

use crate::app::{App, Peer};
use crate::problem::Refusal;
use crate::telemetry;

/// Counters and gauges in the Prometheus text format. Elsewhere it does not exist.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = Problem)),
)]
pub(crate) async fn handler(State(app): State<App>, parts: Parts) -> Result<Response, Refusal> {
    if !app.config.on_premises(Peer::of(&parts).address.ip()) {
        return Err(Refusal::NotFound);
    }
    let text = telemetry::recorder()
        .map(PrometheusHandle::render)
        .unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((kind, text).into_response())
}
