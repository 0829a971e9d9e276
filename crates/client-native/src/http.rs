//! HTTP for the core: TLS by rustls; plain HTTP to loopback only.

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use url::{Host, Url};
use wardline_client::platform::{PlatformError, Request, Response};

use crate::NativeError;

/// The way to one server. Redirects are not followed and proxies not used: a hospital's server is
/// reached directly, or not at all.
#[derive(Debug)]
pub struct Transport {
    client: reqwest::Client,
    tls: Arc<ClientConfig>,
    /// Why the last request had no answer.
    trouble: Mutex<Option<String>>,
}

impl Transport {
    /// The way to a server, by its origin. With a CA (PEM) that one is trusted and no other;
    /// without, those of the operating system.
    ///
    /// # Errors
    /// [`NativeError::Ca`] when `ca` holds no certificate.
    pub fn new(origin: &str, ca: Option<&[u8]>) -> Result<Self, NativeError> {
        let tls = Arc::new(tls_config(origin, ca)?);
        // RFC 6761 §6.3: localhost is this machine, whatever a name server says.
        let loopback = [
            IpAddr::from(Ipv4Addr::LOCALHOST),
            IpAddr::from(Ipv6Addr::LOCALHOST),
        ]
        .map(|address| SocketAddr::new(address, 0));
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(&tls))
            .resolve_to_addrs("localhost", &loopback)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_idle_timeout(IDLE)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|_| NativeError::Server("no connection can be made from this machine"))?;
        Ok(Self {
            client,
            tls,
            trouble: Mutex::new(None),
        })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`PlatformError::Offline`] when there was no answer; [`Transport::trouble`] says why.
    pub async fn carry_out(&self, request: Request) -> Result<Response, PlatformError> {
        let outcome = self.attempt(request).await;
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(response) => {
                *trouble = None;
                Ok(response)
            }
            Err(error) => {
                *trouble = Some(error.to_string());
                Err(PlatformError::Offline)
            }
        }
    }

    /// Why the last request had no answer; `None` when it had one.
    pub fn trouble(&self) -> Option<String> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The same trust for the real-time socket.
    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    async fn attempt(&self, request: Request) -> Result<Response, NoAnswer> {
        let method = match request.method {
            "POST" => reqwest::Method::POST,
            "PUT" => reqwest::Method::PUT,
            "DELETE" => reqwest::Method::DELETE,
            _ => reqwest::Method::GET,
        };
        let mut builder = self.client.request(method, &request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let mut response = builder.send().await?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(NoAnswer::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status,
            headers,
            body,
        })
    }
}

/// The origin of a server's address: https anywhere, http to loopback only.
///
/// # Errors
/// [`NativeError::Server`] for any other address.
pub fn origin(text: &str) -> Result<String, NativeError> {
    let url = Url::parse(text).map_err(|_| {
        NativeError::Server("the server's address is not a URL; it looks like https://HOST:PORT")
    })?;
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
        _ => {
            return Err(NativeError::Server(
                "the server's address must begin with https://",
            ));
        }
    }
    Ok(url.origin().ascii_serialization())
}

/// The certificates of a PEM text, DER; there is at least one.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NativeError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| NativeError::Ca)?;
    if certificates.is_empty() {
        Err(NativeError::Ca)
    } else {
        Ok(certificates)
    }
}

fn tls_config(origin: &str, ca: Option<&[u8]>) -> Result<ClientConfig, NativeError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| NativeError::Server("TLS 1.3 is not available"))?;
    // Reading the system's certificates takes a while, and plain HTTP has no use for them.
    let config = if ca.is_some() || origin.starts_with("http:") {
        let mut roots = RootCertStore::empty();
        for certificate in ca.map(certificates).transpose()?.unwrap_or_default() {
            roots.add(certificate).map_err(|_| NativeError::Ca)?;
        }
        builder.with_root_certificates(roots).with_no_client_auth()
    } else {
        builder
            .with_platform_verifier()
            .map_err(|_| NativeError::Server("this machine has no trusted certificates; use --ca"))?
            .with_no_client_auth()
    };
    Ok(config)
}

/// Why a request had no answer.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("{}", innermost(.0))]
    Http(#[from] reqwest::Error),
    #[error("the answer is longer than {} MiB", LONGEST_ANSWER >> 20)]
    TooLong,
}

/// The innermost cause: `invalid peer certificate: UnknownIssuer`, `Connection refused`.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}

/// Bytes of an answer, far above the longest (a page of messages at their largest): a server that never ends must
/// not take a device's memory.
const LONGEST_ANSWER: usize = 64 << 20;
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_mins(1);
/// A connection is given up before the server ends it, which it does after fifteen seconds: what is
/// sent just then would get no answer.
const IDLE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_never_leaves_the_machine() {
        for good in [
            "https://chat.example/x",
            "http://localhost:8080",
            "http://127.0.0.1",
            "http://[::1]:80/",
        ] {
            origin(good).unwrap();
        }
        for bad in [
            "http://chat.example",
            "http://10.0.0.1:8080",
            "http://localhost.example",
            "ftp://localhost",
            "localhost:8080",
            "",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
        assert_eq!(
            origin("https://chat.example:443/#/enroll").unwrap(),
            "https://chat.example"
        );
    }

    #[test]
    fn a_ca_file_without_a_certificate_is_refused() {
        assert!(matches!(
            Transport::new("https://localhost", Some(b"no certificate")),
            Err(NativeError::Ca)
        ));
    }
}
