//! The router of the listener for cards: one route, for pages of the hospital's app only.
//!
//! The app is another origin than this listener. Its request is a simple one (Fetch §2.2.2), so there
//! is no preflight, and any page could send it; a page that is not the app is refused, and gets to read
//! nothing.

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware, routing};

use super::CardFault;
use crate::app::App;
use crate::pipeline;
use crate::problem::Refusal;
use crate::routes::cards::present;

/// Where a card is presented.
pub(super) const PATH: &str = "/v1/card";
/// Bytes of a request: an id is much shorter.
pub(crate) const MAX_BODY: usize = 128;

/// The whole listener.
pub(crate) fn router(app: &App) -> Router {
    Router::new()
        .route(PATH, routing::post(present::handler))
        .fallback(|| async { Refusal::NotFound.into_response() })
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed.into_response() })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), from_the_app))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            pipeline::around,
        ))
        .with_state(app.clone())
}

/// Lets requests of the app's pages through, as many as an address may make, and lets those pages read
/// the answer.
async fn from_the_app(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let origin = origin(&app, &parts.headers).cloned();
    let mut response = match (app.limit_unauthenticated(&parts), &origin) {
        (Err(refusal), _) => refusal.into_response(),
        (Ok(()), None) => Refusal::CardRefused(CardFault::Origin).into_response(),
        (Ok(()), Some(_)) => next.run(Request::from_parts(parts, body)).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        // Browsers use a certificate for requests with credentials only.
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
    }
    response
}

/// The origin of a request, where it is one of the app's.
fn origin<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return None;
    };
    let text = origin.to_str().ok()?;
    app.proofs.is_of(text).then_some(origin)
}
