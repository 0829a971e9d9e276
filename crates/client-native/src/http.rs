//! HTTP for the core: TLS by rustls; plain HTTP to loopback only.

use std::time::Duration;

use url::{Host, Url};
use wardline_client::platform::{PlatformError, Request, Response};

use crate::NativeError;

const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) fn client(ca: Option<&[u8]>) -> Result<reqwest::Client, NativeError> {
    // A second call finds a provider installed; then that one serves.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    if let Some(pem) = ca {
        let certificates =
            reqwest::Certificate::from_pem_bundle(pem).map_err(|_| NativeError::Ca)?;
        if certificates.is_empty() {
            return Err(NativeError::Ca);
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|_| NativeError::Ca)
}

/// The server's address as given: https anywhere, http to loopback only.
pub(crate) fn server(text: &str) -> Result<String, NativeError> {
    let url = Url::parse(text)
        .map_err(|_| NativeError::Server("the server's address is not a URL"))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return Err(NativeError::Server(
                "plain http is for this machine only; use the https address and --ca",
            ));
        }
        _ => return Err(NativeError::Server("the server's address must begin with https://")),
    }
    Ok(url.origin().ascii_serialization())
}

pub(crate) async fn carry_out(
    client: &reqwest::Client,
    request: Request,
) -> Result<Response, PlatformError> {
    let offline = |_| PlatformError::Offline;
    let method = match request.method {
        "POST" => reqwest::Method::POST,
        "DELETE" => reqwest::Method::DELETE,
        _ => reqwest::Method::GET,
    };
    let mut builder = client.request(method, &request.url);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    if let Some(body) = request.body {
        builder = builder.body(body);
    }
    let response = builder.send().await.map_err(offline)?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    let body = response.bytes().await.map_err(offline)?.to_vec();
    Ok(Response { status, headers, body })
}
