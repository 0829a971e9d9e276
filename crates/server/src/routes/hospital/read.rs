//! `GET /v1/hospital`: what anyone may know before signing in.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use wardline_model::B64;
use wardline_model::wire::hospital::Hospital;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::{App, Peer};
use crate::gate::Asker;
use crate::problem::Refusal;

/// The hospital's name and the keys to pin.
#[utoipa::path(
    get, path = "/v1/hospital", tag = "hospital",
    responses((status = 200, body = Hospital), (status = 429, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    parts: Parts,
) -> Result<Json<Hospital>, Refusal> {
    app.limit_unauthenticated(&parts)?;
    let asker = Asker::anyone(&app, Peer::of(&parts));
    let permit = app
        .decide(&asker, Action::HospitalRead, Resource::Hospital)
        .await?;

    let genesis = app.facts().await?.genesis().await?;
    let log = app.keys.log.public();
    let hospital = Hospital {
        name: app.config.hospital.name.clone(),
        rp_id: app.config.server.rp_id.clone(),
        ca_sha256: app.keys.tls_ca_sha256().into(),
        log_origin: log.name().to_owned(),
        log_key: B64::from(log.verifying_key().to_bytes()),
        genesis: genesis.map(|genesis| genesis.signed.endorsement.hash().into()),
        delivery_key: app.keys.delivery.public().into(),
        device_ca: B64::from(app.keys.device_ca.der()),
        server_time: asker.now_ms,
    };
    permit.record_public(Peer::of(&parts)).await?;
    Ok(Json(hospital))
}
