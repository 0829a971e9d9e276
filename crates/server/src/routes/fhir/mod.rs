//! The FHIR R4 façade (`/fhir/R4`): read and search over the built-in store. One file for each
//! operation.

pub(crate) mod metadata;
pub(crate) mod read;
pub(crate) mod search;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use wardline_fhir::bundle::{PROBLEMS, outcome};
use wardline_fhir::search::SearchError;
use wardline_fhir::search::params::Type;
use wardline_model::wire::problem::Problem;

use crate::app::App;
use crate::problem::Refusal;

/// The `{kind}` of the path: a type that is served.
pub(crate) struct Kind(pub(crate) &'static Type);

impl FromRequestParts<App> for Kind {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::InvalidParameter("kind"))?;
        let kind = params.iter().find(|(name, _)| *name == "kind");
        kind.and_then(|(_, text)| Type::named(text))
            .map(Self)
            .ok_or(Refusal::NotFound)
    }
}

impl From<SearchError> for Refusal {
    fn from(error: SearchError) -> Self {
        Self::SearchRefused(error.to_string())
    }
}

/// A resource as an answer.
fn answer(status: StatusCode, json: &Value) -> Response {
    let mut response = (status, json.to_string()).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}

/// The address of the façade.
fn base(app: &App) -> String {
    let origin = app.secure_url.as_deref().unwrap_or(&app.public_url);
    format!("{}/fhir/R4", origin.trim_end_matches('/'))
}

/// Turns problems into OperationOutcomes: what a FHIR client reads. Status and headers stay.
pub(crate) async fn outcomes(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value == "application/problem+json");
    if !is_problem {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // A problem is ours and short.
    let bytes = to_bytes(body, LONGEST_PROBLEM).await.unwrap_or_default();
    let Ok(problem) = serde_json::from_slice::<Problem>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    let json = told(&problem);
    parts.headers.remove(header::CONTENT_LENGTH);
    parts
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    Response::from_parts(parts, Body::from(json.to_string()))
}

/// A problem as FHIR words it (R4 §2.42, IssueType).
fn told(problem: &Problem) -> Value {
    let code = match problem.name() {
        "not-found" => "not-found",
        "denied" => "forbidden",
        "step-up-required" | "no-session" | "session-ended" | "wrong-device" => "login",
        "use-dpop-nonce" | "invalid-proof" | "replayed-proof" => "security",
        "search-refused" | "invalid-parameter" | "invalid-body" => "invalid",
        "search-too-costly" => "too-costly",
        "payload-too-large" => "too-long",
        "method-not-allowed" | "unsupported-media-type" => "not-supported",
        "too-many-requests" => "throttled",
        "unavailable" | "record-system-away" => "transient",
        _ => "exception",
    };
    let detail = problem.detail.as_deref();
    let mut json = outcome("error", code, problem.name(), &problem.title, detail);
    let extensions: Vec<Value> = problem
        .extensions
        .iter()
        .map(|(name, value)| json!({"url": format!("{PROBLEMS}:{name}"), "valueString": value.to_string()}))
        .collect();
    if !extensions.is_empty() {
        json["issue"][0]["extension"] = extensions.into();
    }
    json
}

/// FHIR's JSON (R4 §3.1.0.1.9).
pub(crate) const MEDIA_TYPE: &str = "application/fhir+json";
const LONGEST_PROBLEM: usize = 256 * 1024;
