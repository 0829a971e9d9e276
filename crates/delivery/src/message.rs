//! Headers of MLS messages, and key packages.

use openmls::framing::ContentType;
use openmls::prelude::{
    Ciphersuite, CredentialType, MlsMessageBodyIn, MlsMessageIn, ProtocolMessage, ProtocolVersion,
};
use openmls_rust_crypto::RustCrypto;
use tls_codec::DeserializeBytes as _;
use wardline_credential::{DeviceCa, DeviceCertificate};
use wardline_model::GroupId;

use crate::Refusal;

/// The ciphersuites in use: the post-quantum hybrid (draft-ietf-mls-pq-ciphersuites, 0x004E) and
/// the classical mandatory one (RFC 9420 §17.1, 0x0001).
pub const CIPHERSUITES: [Ciphersuite; 2] = [
    Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519,
    Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519,
];

/// What a message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Application data, always encrypted.
    Application,
    /// A proposal.
    Proposal,
    /// A commit.
    Commit,
}

/// The public header of an MLS message (RFC 9420 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The conversation.
    pub group: GroupId,
    /// The epoch that it was made in.
    pub epoch: u64,
    /// What it carries.
    pub content: Content,
    /// Whether it is encrypted.
    pub private: bool,
}

/// Reads the header of a message.
pub fn header(bytes: &[u8]) -> Result<Header, Refusal> {
    let message = protocol_message(bytes)?;
    let content = match message.content_type() {
        ContentType::Application => Content::Application,
        ContentType::Proposal => Content::Proposal,
        ContentType::Commit => Content::Commit,
    };
    let private = matches!(message, ProtocolMessage::PrivateMessage(_));
    // RFC 9420 §6.2: application data is never sent as a PublicMessage. openmls reads it all the
    // same, and its content would lie open.
    if content == Content::Application && !private {
        return Err(Refusal::Malformed);
    }
    Ok(Header {
        group: GroupId::from_slice(message.group_id().as_slice()).ok_or(Refusal::WrongGroup)?,
        epoch: message.epoch().as_u64(),
        content,
        private,
    })
}

/// What a verified key package says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPackageInfo {
    /// The ciphersuite's number.
    pub ciphersuite: u16,
    /// Whose it is, and its MLS key.
    pub certificate: DeviceCertificate,
    /// Whether it may be used again when no other is left (RFC 9420 §16.6).
    pub last_resort: bool,
}

/// Verifies a key package: its signatures, lifetime, ciphersuite, and its certificate at a time.
pub fn key_package(bytes: &[u8], ca: &DeviceCa, now_ms: u64) -> Result<KeyPackageInfo, Refusal> {
    let MlsMessageBodyIn::KeyPackage(package) = mls_message(bytes)?.extract() else {
        return Err(Refusal::Malformed);
    };
    let package = package
        .validate(&RustCrypto::default(), ProtocolVersion::Mls10)
        .map_err(|_| Refusal::Invalid)?;
    if !CIPHERSUITES.contains(&package.ciphersuite()) {
        return Err(Refusal::Ciphersuite);
    }
    let leaf = package.leaf_node();
    if leaf.credential().credential_type() != CredentialType::X509 {
        return Err(Refusal::Credential);
    }
    let certificate = ca
        .verify_mls(
            leaf.credential().serialized_content(),
            leaf.signature_key().as_slice(),
            now_ms,
        )
        .map_err(|_| Refusal::Credential)?;
    Ok(KeyPackageInfo {
        ciphersuite: package.ciphersuite().into(),
        certificate,
        last_resort: package.last_resort(),
    })
}

pub(crate) fn mls_message(bytes: &[u8]) -> Result<MlsMessageIn, Refusal> {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| Refusal::Malformed)
}

pub(crate) fn protocol_message(bytes: &[u8]) -> Result<ProtocolMessage, Refusal> {
    mls_message(bytes)?
        .try_into_protocol_message()
        .map_err(|_| Refusal::Malformed)
}
