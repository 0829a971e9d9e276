//! What responders answer, made up.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rcgen::{KeyPair, SigningKey as _};
use rustls_pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::asn1::{BitString, GeneralizedTime, OctetString};
use x509_cert::der::{Any, Decode as _, Encode as _};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspGeneralizedTime, OcspResponse, ResponderId,
    ResponseData, RevokedInfo, SingleResponse, Version,
};

use crate::made::{Authority, DAY, Hospital, NOW, oid};

pub(crate) const SHA_1: &str = "1.3.14.3.2.26";
pub(crate) const SHA_256: &str = "2.16.840.1.101.3.4.2.1";

pub(crate) fn at(ms: u64) -> OcspGeneralizedTime {
    let since = std::time::Duration::from_millis(ms);
    OcspGeneralizedTime(GeneralizedTime::from_unix_duration(since).unwrap())
}

pub(crate) fn parsed(der: &CertificateDer<'_>) -> Certificate {
    Certificate::from_der(der).unwrap()
}

/// A responder's answer about card 7, good and fresh.
pub(crate) fn answer(authority: &Authority, hash: &str) -> SingleResponse {
    let authority = parsed(&authority.der).tbs_certificate;
    let algorithm = match hash {
        SHA_1 => &SHA1_FOR_LEGACY_USE_ONLY,
        _ => &SHA256,
    };
    let hashed = |bytes: &[u8]| OctetString::new(digest(algorithm, bytes).as_ref()).unwrap();
    let key = authority.subject_public_key_info.subject_public_key;
    SingleResponse {
        cert_id: CertId {
            hash_algorithm: AlgorithmIdentifierOwned {
                oid: oid(hash),
                parameters: Some(Any::null()),
            },
            issuer_name_hash: hashed(&authority.subject.to_der().unwrap()),
            issuer_key_hash: hashed(key.raw_bytes()),
            serial_number: SerialNumber::new(&[7]).unwrap(),
        },
        cert_status: CertStatus::good(),
        this_update: at(NOW - DAY),
        next_update: Some(at(NOW + DAY)),
        single_extensions: None,
    }
}

pub(crate) fn by_name(of: &CertificateDer<'_>) -> ResponderId {
    ResponderId::ByName(parsed(of).tbs_certificate.subject)
}

pub(crate) fn response(
    by: ResponderId,
    key: &KeyPair,
    certificates: &[&CertificateDer<'_>],
    answers: Vec<SingleResponse>,
) -> Vec<u8> {
    let data = ResponseData {
        version: Version::V1,
        responder_id: by,
        produced_at: at(NOW),
        responses: answers,
        response_extensions: None,
    };
    let signature = key.sign(&data.to_der().unwrap()).unwrap();
    let basic = BasicOcspResponse {
        tbs_response_data: data,
        signature_algorithm: AlgorithmIdentifierOwned {
            oid: oid("1.2.840.10045.4.3.2"),
            parameters: None,
        },
        signature: BitString::from_bytes(&signature).unwrap(),
        certs: Some(certificates.iter().map(|der| parsed(der)).collect()),
    };
    OcspResponse::successful(basic).unwrap().to_der().unwrap()
}

/// The issuing authority's own response.
pub(crate) fn own(hospital: &Hospital, answers: Vec<SingleResponse>) -> Vec<u8> {
    let issuing = &hospital.issuing;
    response(by_name(&issuing.der), &issuing.key, &[], answers)
}

/// That card 7 was revoked a day ago.
pub(crate) fn revoked(authority: &Authority, hash: &str) -> SingleResponse {
    SingleResponse {
        cert_status: CertStatus::revoked(RevokedInfo {
            revocation_time: at(NOW - DAY),
            revocation_reason: None,
        }),
        ..answer(authority, hash)
    }
}
