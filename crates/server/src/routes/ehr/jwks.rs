//! `GET /ehr/jwks.json`: by which keys the hospital's record system knows this server.

use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::{App, Peer};
use crate::ehr;
use crate::gate::Asker;
use crate::problem::Refusal;

/// The public keys with which this server signs in to the hospital's record system, as a JWK set (RFC 7517
/// §5): where it is registered, this address is what it gives. Read from their files for this very request.
#[utoipa::path(
    get, path = "/ehr/jwks.json", tag = "operations",
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/jwk-set+json"),
        (status = 404, body = Problem), (status = 503, body = Problem),
    ),
)]
pub(crate) async fn handler(State(app): State<App>, parts: Parts) -> Result<Response, Refusal> {
    app.limit_unauthenticated(&parts)?;
    let peer = Peer::of(&parts);
    let permit = app
        .decide(
            &Asker::anyone(&app, peer),
            Action::HospitalRead,
            Resource::Hospital,
        )
        .await?;
    permit.record_public(peer).await?;
    if !app.ehr.is_on() {
        return Err(Refusal::NotFound);
    }
    let keys = ehr::public_keys(&app.config.ehr).map_err(Refusal::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    Ok((headers, keys.to_string()).into_response())
}
