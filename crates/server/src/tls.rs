//! The HTTPS listener's TLS: 1.3 only, X25519MLKEM768 preferred, aws-lc-rs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use thiserror::Error;
use url::Url;

use crate::ca::{Authority, CaError};
use crate::config::Config;

/// Why TLS could not be set up.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A configured file could not be read.
    #[error("{0} does not hold a PEM certificate chain or key")]
    File(PathBuf),
    /// The built-in CA could not issue.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// Certificate and key do not work together.
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
}

/// The server's TLS configuration: configured files, or a certificate of the built-in CA.
pub(crate) fn server_config(
    config: &Config,
    authority: &Authority,
    now_ms: u64,
) -> Result<Arc<ServerConfig>, TlsError> {
    let (chain, key) = identity(config, authority, now_ms)?;
    // The workspace's `prefer-post-quantum` puts X25519MLKEM768 first in this provider.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}

/// The chain and the key by which this server is known: configured files, or issued.
pub(crate) fn identity(
    config: &Config,
    authority: &Authority,
    now_ms: u64,
) -> Result<Identity, TlsError> {
    if config.tls.certificate.as_os_str().is_empty() {
        issued(config, authority, now_ms)
    } else {
        Ok((
            read_chain(&config.tls.certificate)?,
            read_key(&config.tls.key)?,
        ))
    }
}

pub(crate) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn issued(config: &Config, authority: &Authority, now_ms: u64) -> Result<Identity, TlsError> {
    let mut names = vec![config.server.rp_id.clone()];
    if config.server.rp_id == "localhost" {
        names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
    }
    let cards = Url::parse(&config.cards.url).ok();
    if let Some(host) = cards.as_ref().and_then(Url::host_str)
        && !names.iter().any(|name| name == host)
    {
        names.push(host.to_owned());
    }
    let (certificate, key) = authority.certify_server(&names, now_ms)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((
        vec![certificate, CertificateDer::from(authority.der().to_vec())],
        key,
    ))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = || TlsError::File(path.to_owned());
    let pem = fs::read(path).map_err(|_| wrong())?;
    CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| wrong())
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|_| TlsError::File(path.to_owned()))
}
