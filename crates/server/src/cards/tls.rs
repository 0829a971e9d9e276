//! The handshake of the listener for cards: TLS 1.3, in which a card proves that it holds its key.
//!
//! Any certificate gets through the handshake, and none at all does too: a refused handshake shows
//! people nothing but a browser's error. What a certificate is worth is judged afterwards.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, RootCertStore, ServerConfig,
    SignatureScheme,
};

use crate::ca::Authority;
use crate::config::Config;
use crate::tls::{TlsError, identity};

/// The listener's configuration. Browsers are told the authorities' names, so that they offer
/// cards only.
pub(super) fn server_config<'a>(
    config: &Config,
    authority: &Authority,
    authorities: impl Iterator<Item = &'a CertificateDer<'static>>,
    now_ms: u64,
) -> Result<Arc<ServerConfig>, TlsError> {
    let (chain, key) = identity(config, authority, now_ms)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut known = RootCertStore::empty();
    known.add_parsable_certificates(authorities.cloned());
    let verifier = Arc::new(AnyCard {
        authorities: known.subjects(),
        provider: Arc::clone(&provider),
    });
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // A session that is resumed keeps its certificates: a card that was pulled, or revoked, would
    // stay good.
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;
    Ok(Arc::new(server))
}

/// Asks for a certificate and for proof of its key.
#[derive(Debug)]
struct AnyCard {
    authorities: Vec<DistinguishedName>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for AnyCard {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.authorities
    }

    /// Nothing is verified of the certificate here; see the module.
    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    /// Never asked: the listener speaks TLS 1.3.
    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::ServerDoesNotSupportTls12Or13.into())
    }

    /// The proof of possession (RFC 8446 §4.4.3).
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
