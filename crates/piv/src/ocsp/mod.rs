//! OCSP (RFC 6960): what a responder says of one certificate, and how it is asked.
//!
//! An answer is believed by its signature and its times. Questions carry no nonce, because
//! responders for cards answer from what they signed ahead (RFC 5019 §3.1).

mod response;

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use rustls_pki_types::TrustAnchor;
use thiserror::Error;
use webpki::RevocationOptions;
use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::der::{self, Any, Decode as _, Encode as _};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};
use x509_ocsp::{CertId, CertStatus, OcspRequest, Request, SingleResponse, TbsRequest};

use self::response::Response;
use crate::certificate::Certificate;
use crate::config::{OcspHash, Revocation};
use crate::element;

/// The largest response that is read, in bytes.
pub const MAX_RESPONSE: usize = 64 * 1024;

/// Why an OCSP response does not say that a card is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OcspError {
    /// It is larger than [`MAX_RESPONSE`].
    #[error("the OCSP response is too large")]
    Size,
    /// It is no basic OCSP response, or has a critical extension that is not known.
    #[error("the OCSP response is malformed")]
    Malformed,
    /// The responder did not answer: busy, or not in charge (RFC 6960 §4.2.1).
    #[error("the OCSP responder gave no answer")]
    NoAnswer,
    /// It is about other certificates.
    #[error("the OCSP response is about another certificate")]
    OtherCertificate,
    /// It is signed by nobody whom the issuer entrusted with it, or by a key that says so no more.
    #[error("the OCSP responder is not the issuer's")]
    Responder,
    /// The issuer's responder can be revoked (no id-pkix-ocsp-nocheck, RFC 6960 §4.2.2.2.1), and no
    /// list tells whether it is.
    #[error("it is not known whether the OCSP responder is revoked")]
    ResponderUnchecked,
    /// The signature is wrong.
    #[error("the signature of the OCSP response is wrong")]
    Signature,
    /// The signature is of a kind that is not accepted.
    #[error("the signature of the OCSP response is of a kind that is not accepted")]
    Algorithm,
    /// It is out of date, or from the future.
    #[error("the OCSP response is out of date")]
    Stale,
    /// The responder does not know the certificate.
    #[error("the OCSP responder does not know the certificate")]
    Unknown,
    /// The certificate is revoked.
    #[error("the certificate is revoked")]
    Revoked,
}

impl OcspError {
    /// The stable short name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Size => "ocsp-size",
            Self::Malformed => "ocsp-malformed",
            Self::NoAnswer => "ocsp-no-answer",
            Self::OtherCertificate => "ocsp-other-certificate",
            Self::Responder => "ocsp-responder",
            Self::ResponderUnchecked => "ocsp-responder-unchecked",
            Self::Signature => "ocsp-signature",
            Self::Algorithm => "ocsp-algorithm",
            Self::Stale => "ocsp-stale",
            Self::Unknown => "ocsp-unknown",
            Self::Revoked => "revoked",
        }
    }

    /// Whether it leaves open if the certificate is revoked, as no response would. The others say
    /// that something is wrong.
    pub const fn is_silence(self) -> bool {
        matches!(self, Self::NoAnswer | Self::Stale | Self::Unknown)
    }
}

/// A question about a certificate (DER), to be sent as `application/ocsp-request`
/// (RFC 6960 Appendix A.1).
pub(crate) fn request(
    card: &Certificate,
    issuer: &TrustAnchor<'_>,
    hash: OcspHash,
) -> der::Result<Vec<u8>> {
    let names = Names::of(issuer)?;
    let (oid, algorithm) = match hash {
        OcspHash::Sha1 => (SHA_1, &SHA1_FOR_LEGACY_USE_ONLY),
        OcspHash::Sha256 => (SHA_256, &SHA256),
    };
    let (name_hash, key_hash) = names.hashed(algorithm);
    let certificate = CertId {
        hash_algorithm: AlgorithmIdentifierOwned {
            oid,
            parameters: Some(Any::null()),
        },
        issuer_name_hash: OctetString::new(name_hash)?,
        issuer_key_hash: OctetString::new(key_hash)?,
        serial_number: card.tbs().serial_number.clone(),
    };
    let request = OcspRequest {
        tbs_request: TbsRequest {
            request_list: vec![Request {
                req_cert: certificate,
                single_request_extensions: None,
            }],
            ..TbsRequest::default()
        },
        optional_signature: None,
    };
    request.to_der()
}

/// Verifies that a response says now that a certificate is good.
pub(crate) fn check(
    response: &[u8],
    card: &Certificate,
    issuer: &TrustAnchor<'_>,
    lists: Option<RevocationOptions<'_>>,
    revocation: &Revocation,
    at_ms: u64,
) -> Result<(), OcspError> {
    let response = Response::read(response)?;
    let names = Names::of(issuer).map_err(|_| OcspError::Malformed)?;
    let serial = &card.tbs().serial_number;
    let answers: Vec<_> = response
        .answers()
        .iter()
        .filter(|answer| names.are_meant(&answer.cert_id, serial))
        .collect();
    if answers.is_empty() {
        return Err(OcspError::OtherCertificate);
    }
    response.verify(issuer, &names, lists, at_ms)?;
    // What was revoked stays so, however old the answer is.
    if answers
        .iter()
        .any(|it| matches!(it.cert_status, CertStatus::Revoked(_)))
    {
        return Err(OcspError::Revoked);
    }
    if !answers.iter().all(|it| is_fresh(it, revocation, at_ms)) {
        return Err(OcspError::Stale);
    }
    if answers
        .iter()
        .any(|it| matches!(it.cert_status, CertStatus::Unknown(_)))
    {
        return Err(OcspError::Unknown);
    }
    Ok(())
}

/// Whether bytes are a response, whoever it is by.
pub(crate) fn is_response(bytes: &[u8]) -> bool {
    Response::read(bytes).is_ok()
}

/// An issuer as OCSP names it.
struct Names {
    /// Its distinguished name, DER.
    name: Vec<u8>,
    /// Its SubjectPublicKeyInfo, DER.
    key: Vec<u8>,
    /// The key alone.
    bits: Vec<u8>,
}

impl Names {
    fn of(issuer: &TrustAnchor<'_>) -> der::Result<Self> {
        let key = webpki::spki_for_anchor(issuer).to_vec();
        let bits = key_bits(&key)?.to_vec();
        Ok(Self {
            name: element::sequence(&issuer.subject)?,
            key,
            bits,
        })
    }

    /// Hashes of the name and of the key (RFC 6960 §4.1.1).
    fn hashed(&self, algorithm: &'static digest::Algorithm) -> (Vec<u8>, Vec<u8>) {
        let hash = |bytes: &[u8]| digest::digest(algorithm, bytes).as_ref().to_vec();
        (hash(&self.name), hash(&self.bits))
    }

    /// Whether it is this issuer's certificate with this number that is meant.
    fn are_meant(&self, certificate: &CertId, serial: &SerialNumber) -> bool {
        let (name_hash, key_hash) = match certificate.hash_algorithm.oid {
            SHA_1 => self.hashed(&SHA1_FOR_LEGACY_USE_ONLY),
            SHA_256 => self.hashed(&SHA256),
            _ => return false,
        };
        certificate.serial_number == *serial
            && certificate.issuer_name_hash.as_bytes() == name_hash
            && certificate.issuer_key_hash.as_bytes() == key_hash
    }
}

/// RFC 6960 §3.2 (5) and (6).
fn is_fresh(answer: &SingleResponse, revocation: &Revocation, at_ms: u64) -> bool {
    let ms = |time: x509_ocsp::OcspGeneralizedTime| {
        u64::try_from(time.0.to_unix_duration().as_millis()).unwrap_or(u64::MAX)
    };
    let skew = u64::from(revocation.skew_seconds) * 1000;
    let this_update = ms(answer.this_update);
    let until = answer.next_update.map_or_else(
        || this_update.saturating_add(u64::from(revocation.ocsp_max_age_minutes) * 60_000),
        ms,
    );
    this_update <= at_ms.saturating_add(skew) && at_ms < until
}

/// The key of a SubjectPublicKeyInfo, alone.
fn key_bits(key: &[u8]) -> der::Result<&[u8]> {
    let key = SubjectPublicKeyInfoRef::from_der(key)?;
    Ok(key.subject_public_key.raw_bytes())
}

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
