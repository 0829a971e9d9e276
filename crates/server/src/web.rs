//! The embedded web app, with a strict content security policy.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use wardline_model::B64;

use crate::app::App as Server;
use crate::problem::Refusal;

/// The built app. A checkout without one serves a page that says how to build it.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct App;

/// Serves a file of the app, or its index for the app's own routes, which live in the fragment.
pub(crate) async fn serve(
    State(server): State<Server>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Refusal::NotFound.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { INDEX } else { path };
    let mut response = match App::get(path) {
        Some(file) => found(path, file, &headers),
        None if path == INDEX => absent(),
        None => return Refusal::NotFound.into_response(),
    };
    if response.status() != StatusCode::NOT_MODIFIED {
        protect(&server, response.headers_mut());
    }
    response
}

fn found(path: &str, plain: EmbeddedFile, request: &HeaderMap) -> Response {
    let etag = HeaderValue::from_str(&format!(
        "\"{}\"",
        B64::from(plain.metadata.sha256_hash()).encode()
    ));
    if let Ok(etag) = &etag
        && request.get(header::IF_NONE_MATCH) == Some(etag)
    {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag.clone())]).into_response();
    }
    let (file, encoding) = encoded(path, plain, request);
    let mut response = Response::new(Body::from(file.data));
    let headers = response.headers_mut();
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Ok(etag) = etag {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    // Vite puts a content hash into the names under assets/; everything else is asked for anew.
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

/// The file as the build compressed it (`FILE.br`, `FILE.gz`), where the client takes that.
fn encoded(
    path: &str,
    plain: EmbeddedFile,
    request: &HeaderMap,
) -> (EmbeddedFile, Option<&'static str>) {
    let accepted = request
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    for (name, suffix) in [("br", ".br"), ("gzip", ".gz")] {
        let takes = accepted.split(',').any(|part| {
            let mut part = part.split(';');
            part.next().is_some_and(|coding| coding.trim() == name)
                && !part.any(|weight| weight.trim() == "q=0")
        });
        if takes && let Some(file) = App::get(&format!("{path}{suffix}")) {
            return (file, Some(name));
        }
    }
    (plain, None)
}

fn protect(server: &Server, headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(server));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers.insert("permissions-policy", HeaderValue::from_static(PERMISSIONS));
}

/// The content security policy; the app presents smart cards at another origin.
fn policy(server: &Server) -> HeaderValue {
    let Some(cards) = server.cards.url() else {
        return HeaderValue::from_static(CSP);
    };
    let origin = cards.origin().ascii_serialization();
    let csp = CSP.replace("ws: wss:", &format!("ws: wss: {origin}"));
    HeaderValue::from_str(&csp).unwrap_or_else(|_| HeaderValue::from_static(CSP))
}

fn absent() -> Response {
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, ABSENT).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}

const INDEX: &str = "index.html";
/// Scripts come from here only and compile wasm; styles may be set by script (the component
/// library does); nothing can frame the app, and DOM sinks take Trusted Types only. What people attach
/// to messages is opened on the device and shown from its memory (`blob:`).
const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src blob:; \
    frame-src blob:; font-src 'self'; connect-src 'self' ws: wss:; manifest-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";
const PERMISSIONS: &str = "camera=(self), microphone=(self), geolocation=(self), payment=(), \
    usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)";
const ABSENT: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
    <title>Wardline</title><h1>The web app is not built</h1>\
    <p>This server was built without it. Run <code>make run</code> in the checkout.</p></html>";
