//! A response, and whether it is by whom it should be.

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY};
use rustls_pki_types::{CertificateDer, TrustAnchor};
use webpki::{EndEntityCert, KeyUsage as Purpose, RevocationOptions};
use x509_cert::Certificate as Inner;
use x509_cert::der::asn1::{Null, ObjectIdentifier};
use x509_cert::der::{self, Decode as _, Encode as _};
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::KeyUsage;
use x509_ocsp::{BasicOcspResponse, OcspResponse, OcspResponseStatus, ResponderId, SingleResponse};

use super::{MAX_RESPONSE, Names, OcspError, key_bits};
use crate::certificate::Certificate;
use crate::element;
use crate::key::{self, ALGORITHMS, BadSignature};
use crate::path::at;

/// A response, read and not yet believed.
pub(super) struct Response {
    basic: BasicOcspResponse,
    /// What is signed, as it came.
    signed: Vec<u8>,
}

impl Response {
    /// Reads a response, if it answers at all.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, OcspError> {
        if bytes.len() > MAX_RESPONSE {
            return Err(OcspError::Size);
        }
        let malformed = |_| OcspError::Malformed;
        let outer = OcspResponse::from_der(bytes).map_err(malformed)?;
        if outer.response_status != OcspResponseStatus::Successful {
            return Err(OcspError::NoAnswer);
        }
        let inner = outer
            .response_bytes
            .filter(|inner| inner.response_type == BASIC)
            .ok_or(OcspError::Malformed)?;
        let inner = inner.response.as_bytes();
        let basic = BasicOcspResponse::from_der(inner).map_err(malformed)?;
        let data = &basic.tbs_response_data;
        let critical = |extensions: &Option<Extensions>| {
            extensions
                .iter()
                .flatten()
                .any(|extension| extension.critical)
        };
        if critical(&data.response_extensions)
            || data
                .responses
                .iter()
                .any(|it| critical(&it.single_extensions))
        {
            return Err(OcspError::Malformed);
        }
        let signed = element::contents(inner)
            .and_then(element::first)
            .map_err(malformed)?
            .to_vec();
        Ok(Self { basic, signed })
    }

    /// What it says.
    pub(super) fn answers(&self) -> &[SingleResponse] {
        &self.basic.tbs_response_data.responses
    }

    /// Verifies that the issuer signed it, or somebody whom the issuer entrusted with it
    /// (RFC 6960 §4.2.2.2).
    pub(super) fn verify(
        &self,
        issuer: &TrustAnchor<'_>,
        names: &Names,
        lists: Option<RevocationOptions<'_>>,
        at_ms: u64,
    ) -> Result<(), OcspError> {
        let responder = &self.basic.tbs_response_data.responder_id;
        if is(responder, &names.name, &names.bits) {
            return self.is_signed_with(&names.key);
        }
        // Of those that come along only the one that is named is looked at; it may have several
        // certificates, old and new.
        let mut outcome = Err(OcspError::Responder);
        for certificate in self.basic.certs.iter().flatten().take(MAX_CERTIFICATES) {
            let malformed = |_| OcspError::Malformed;
            let tbs = &certificate.tbs_certificate;
            let name = tbs.subject.to_der().map_err(malformed)?;
            let key = tbs.subject_public_key_info.to_der().map_err(malformed)?;
            if is(responder, &name, key_bits(&key).map_err(malformed)?) {
                outcome = is_entrusted(certificate, issuer, lists, at_ms)
                    .and_then(|()| self.is_signed_with(&key));
                if outcome.is_ok() {
                    break;
                }
            }
        }
        outcome
    }

    fn is_signed_with(&self, key: &[u8]) -> Result<(), OcspError> {
        let signature = self
            .basic
            .signature
            .as_bytes()
            .ok_or(OcspError::Malformed)?;
        let algorithm = &self.basic.signature_algorithm;
        key::verify(key, algorithm, &self.signed, signature).map_err(|bad| match bad {
            BadSignature::Algorithm => OcspError::Algorithm,
            BadSignature::Signature => OcspError::Signature,
        })
    }
}

/// Whether a responder is the one with this name and key.
fn is(responder: &ResponderId, name: &[u8], key_bits: &[u8]) -> bool {
    match responder {
        ResponderId::ByName(by_name) => by_name.to_der().is_ok_and(|by_name| by_name == name),
        ResponderId::ByKey(hash) => {
            hash.as_bytes() == digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, key_bits).as_ref()
        }
    }
}

/// Verifies that the issuer itself certified a responder to sign answers.
fn is_entrusted(
    responder: &Inner,
    issuer: &TrustAnchor<'_>,
    lists: Option<RevocationOptions<'_>>,
    at_ms: u64,
) -> Result<(), OcspError> {
    let der = responder.to_der().map_err(|_| OcspError::Malformed)?;
    let read = Certificate::read(&der, 1).map_err(|_| OcspError::Malformed)?;
    let usage: Option<KeyUsage> = read.extension().map_err(|_| OcspError::Malformed)?;
    let unchecked: Option<NoCheck> = read.extension().map_err(|_| OcspError::Malformed)?;
    if usage.is_some_and(|usage| !usage.digital_signature()) {
        return Err(OcspError::Responder);
    }
    let lists = match (unchecked, lists) {
        (Some(_), _) => None,
        (None, Some(lists)) => Some(lists),
        (None, None) => return Err(OcspError::ResponderUnchecked),
    };
    let der = CertificateDer::from(der);
    let end_entity = EndEntityCert::try_from(&der).map_err(|_| OcspError::Malformed)?;
    let verified = end_entity.verify_for_usage(
        ALGORITHMS,
        std::slice::from_ref(issuer),
        &[],
        at(at_ms),
        Purpose::required(OCSP_SIGNING),
        lists,
        None,
    );
    match verified {
        Ok(_) => Ok(()),
        // An answer from its days: out of date, like the answer.
        Err(webpki::Error::CertExpired { .. }) => Err(OcspError::Stale),
        Err(webpki::Error::UnknownRevocationStatus) => Err(OcspError::ResponderUnchecked),
        Err(_) => Err(OcspError::Responder),
    }
}

/// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).
struct NoCheck;

impl der::oid::AssociatedOid for NoCheck {
    const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");
}

impl<'a> der::Decode<'a> for NoCheck {
    fn decode<R: der::Reader<'a>>(reader: &mut R) -> der::Result<Self> {
        Null::decode(reader).map(|_| Self)
    }
}

/// id-kp-OCSPSigning (RFC 6960 §4.2.2.2), as contents of the OID: 1.3.6.1.5.5.7.3.9.
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
/// Certificates that come along with a response; the rest is not looked at.
const MAX_CERTIFICATES: usize = 8;
