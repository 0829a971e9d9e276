//! `GET /fhir/R4/metadata`: what is served here (R4 §3.1.0.12).

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use wardline_fhir::bundle::capabilities;
use wardline_policy::{Action, Resource};

use crate::app::{App, Peer};
use crate::gate::Asker;
use crate::problem::Refusal;

/// The CapabilityStatement. Anyone may know it; there is nobody's record in it.
#[utoipa::path(
    get, path = "/fhir/R4/metadata", tag = "fhir",
    responses(
        (status = 200, body = String, description = "A FHIR CapabilityStatement.", content_type = "application/fhir+json"),
        (status = 429, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
    ),
)]
pub(crate) async fn handler(State(app): State<App>, parts: Parts) -> Result<Response, Refusal> {
    app.limit_unauthenticated(&parts)?;
    let asker = Asker::anyone(&app, Peer::of(&parts));
    let permit = app
        .decide(&asker, Action::HospitalRead, Resource::Hospital)
        .await?;
    let stated = capabilities(
        &super::base(&app),
        &app.config.hospital.name,
        env!("CARGO_PKG_VERSION"),
        SINCE,
    );
    permit.record_public(Peer::of(&parts)).await?;
    Ok(super::answer(StatusCode::OK, &stated))
}

/// When the statement changed last.
const SINCE: &str = "2026-11-30";
