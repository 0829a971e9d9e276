//! Device certificates: X.509 (RFC 5280), issued by the hospital's device CA.

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{DerSignature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;
use thiserror::Error;
use tls_codec::{DeserializeBytes as _, Serialize as _, VLBytes};
use wardline_model::{DeviceId, UserId};
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};

const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Subject alternative name of the person: this and the user id.
pub const USER_URN: &str = "urn:wardline:user:";
/// Subject alternative name of the device: this and the device id.
pub const DEVICE_URN: &str = "urn:wardline:device:";

/// Why a certificate is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Not DER of an X.509 certificate, or not a credential that holds exactly one.
    #[error("the certificate cannot be read")]
    Malformed,
    /// Issued by someone else, or the signature is wrong.
    #[error("the certificate was not issued by this hospital's device CA")]
    NotIssued,
    /// Not valid at the time given.
    #[error("the certificate is not valid at this time")]
    OutOfDate,
    /// It lacks the names of a person and a device, or is a CA itself.
    #[error("the certificate does not name a person and a device")]
    NotADevice,
    /// A key of an algorithm that devices do not use.
    #[error("the certificate's key is of an unexpected kind")]
    UnknownKey,
}

/// The public key in a device's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceKey {
    /// The MLS signature key, 32 bytes.
    Ed25519([u8; 32]),
    /// The key that proves requests, SEC 1 bytes.
    P256(Vec<u8>),
}

/// What a verified device certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCertificate {
    /// The person.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// Its public key.
    pub key: DeviceKey,
}

/// The hospital's device CA: a P-256 key that signs with SHA-256.
#[derive(Debug, Clone)]
pub struct DeviceCa {
    certificate: Certificate,
    key: VerifyingKey,
}

impl DeviceCa {
    /// Reads the CA's certificate (DER). It is trusted because it is pinned, not because of itself.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        let key = certificate
            .tbs_certificate
            .subject_public_key_info
            .to_der()
            .ok()
            .and_then(|spki| VerifyingKey::from_public_key_der(&spki).ok())
            .ok_or(CertificateError::UnknownKey)?;
        Ok(Self { certificate, key })
    }

    /// Verifies a device's certificate at a time (unix milliseconds): issuer, signature, validity,
    /// names, and that it is no CA.
    pub fn verify(&self, der: &[u8], at_ms: u64) -> Result<DeviceCertificate, CertificateError> {
        let issued = self.issued(der)?;
        let certificate = Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        let at = std::time::Duration::from_millis(at_ms);
        let validity = &certificate.tbs_certificate.validity;
        if at < validity.not_before.to_unix_duration() || at > validity.not_after.to_unix_duration()
        {
            return Err(CertificateError::OutOfDate);
        }
        Ok(issued)
    }

    /// The same, whenever: for a device that is in a conversation already, where one whose
    /// certificate has run out holds up nobody.
    pub fn issued(&self, der: &[u8]) -> Result<DeviceCertificate, CertificateError> {
        let certificate = Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        let tbs = &certificate.tbs_certificate;
        if tbs.issuer != self.certificate.tbs_certificate.subject
            || certificate.signature_algorithm.oid != ECDSA_WITH_SHA256
            || tbs.signature.oid != ECDSA_WITH_SHA256
        {
            return Err(CertificateError::NotIssued);
        }
        let signed = tbs.to_der().map_err(|_| CertificateError::Malformed)?;
        let signature = certificate
            .signature
            .as_bytes()
            .and_then(|bytes| DerSignature::from_bytes(bytes).ok())
            .ok_or(CertificateError::NotIssued)?;
        self.key
            .verify(&signed, &signature)
            .map_err(|_| CertificateError::NotIssued)?;

        if let Ok(Some((_, constraints))) = tbs.get::<BasicConstraints>()
            && constraints.ca
        {
            return Err(CertificateError::NotADevice);
        }
        let (user, device) = names(&certificate).ok_or(CertificateError::NotADevice)?;
        Ok(DeviceCertificate {
            user,
            device,
            key: public_key(&certificate)?,
        })
    }

    /// Verifies the certificate of an MLS credential's content and that it holds `signature_key`,
    /// as RFC 9420 §5.3 demands.
    pub fn verify_mls(
        &self,
        credential: &[u8],
        signature_key: &[u8],
        at_ms: u64,
    ) -> Result<DeviceCertificate, CertificateError> {
        let certificate = self.verify(&certificate_of(credential)?, at_ms)?;
        match &certificate.key {
            DeviceKey::Ed25519(key) if key.as_slice() == signature_key => Ok(certificate),
            DeviceKey::Ed25519(_) | DeviceKey::P256(_) => Err(CertificateError::UnknownKey),
        }
    }
}

/// The content of an MLS X.509 credential with one certificate (RFC 9420 §5.3:
/// `Certificate certificates<V>`). Its issuer is pinned, so it is left out.
pub fn mls_credential(certificate: &[u8]) -> Vec<u8> {
    // Two length prefixes in front of bytes; writing them to a Vec has no way to fail.
    vec![VLBytes::new(certificate.to_vec())]
        .tls_serialize_detached()
        .unwrap_or_default()
}

/// The one certificate in the content of an MLS X.509 credential.
pub fn certificate_of(credential: &[u8]) -> Result<Vec<u8>, CertificateError> {
    let (certificates, rest) = Vec::<VLBytes>::tls_deserialize_bytes(credential)
        .map_err(|_| CertificateError::Malformed)?;
    match (certificates.as_slice(), rest) {
        ([certificate], []) => Ok(certificate.as_slice().to_vec()),
        _ => Err(CertificateError::Malformed),
    }
}

/// Reads the person and device that a credential claims, without verifying anything: for finding
/// the record to verify against, never for trusting.
pub fn claimed_names(credential: &[u8]) -> Result<(UserId, DeviceId), CertificateError> {
    let certificate = Certificate::from_der(&certificate_of(credential)?)
        .map_err(|_| CertificateError::Malformed)?;
    names(&certificate).ok_or(CertificateError::NotADevice)
}

/// What a list of revoked certificates names one by, and how long it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The serial number, big-endian, as it stands in the certificate (RFC 5280 §4.1.2.2).
    pub serial: Vec<u8>,
    /// Its last moment, unix milliseconds.
    pub not_after_ms: u64,
}

/// Reads serial number and end of a certificate, without verifying anything.
///
/// # Errors
/// [`CertificateError::Malformed`].
pub fn summary(der: &[u8]) -> Result<Summary, CertificateError> {
    let certificate = Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
    let end = certificate.tbs_certificate.validity.not_after;
    let end = end.to_unix_duration().as_millis();
    Ok(Summary {
        serial: certificate
            .tbs_certificate
            .serial_number
            .as_bytes()
            .to_vec(),
        not_after_ms: u64::try_from(end).unwrap_or(u64::MAX),
    })
}

fn names(certificate: &Certificate) -> Option<(UserId, DeviceId)> {
    let (_, SubjectAltName(alternatives)) = certificate
        .tbs_certificate
        .get::<SubjectAltName>()
        .ok()
        .flatten()?;
    let (mut user, mut device) = (None, None);
    for name in &alternatives {
        let GeneralName::UniformResourceIdentifier(uri) = name else {
            continue;
        };
        if let Some(id) = uri.as_str().strip_prefix(USER_URN) {
            user = id.parse().ok();
        } else if let Some(id) = uri.as_str().strip_prefix(DEVICE_URN) {
            device = id.parse().ok();
        }
    }
    Some((user?, device?))
}

fn public_key(certificate: &Certificate) -> Result<DeviceKey, CertificateError> {
    let info = &certificate.tbs_certificate.subject_public_key_info;
    let bytes = info
        .subject_public_key
        .as_bytes()
        .ok_or(CertificateError::UnknownKey)?;
    match info.algorithm.oid {
        ED25519 => bytes
            .try_into()
            .map(DeviceKey::Ed25519)
            .map_err(|_| CertificateError::UnknownKey),
        EC_PUBLIC_KEY => Ok(DeviceKey::P256(bytes.to_vec())),
        _ => Err(CertificateError::UnknownKey),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::string::Ia5String;
    use rcgen::{
        BasicConstraints as Constraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair,
        PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SanType,
    };

    use super::*;

    const NOW: u64 = 1_790_000_000_000;

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(Constraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        CertifiedIssuer::self_signed(params, key).unwrap()
    }

    fn device(names: &[String], issuer: &CertifiedIssuer<'static, KeyPair>) -> (Vec<u8>, Vec<u8>) {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names
            .iter()
            .map(|name| SanType::URI(Ia5String::try_from(name.as_str()).unwrap()))
            .collect();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2027, 1, 1);
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let certificate = params.signed_by(&key, issuer).unwrap();
        (certificate.der().to_vec(), key.public_key_raw().to_vec())
    }

    fn names() -> Vec<String> {
        vec![
            format!("{USER_URN}{}", UserId::from_bytes([1; 16])),
            format!("{DEVICE_URN}{}", DeviceId::from_bytes([2; 16])),
        ]
    }

    #[test]
    fn a_device_is_known_by_the_certificate_of_its_hospital() {
        let issuer = authority("Device CA");
        let ca = DeviceCa::from_der(issuer.der()).unwrap();
        let (certificate, key) = device(&names(), &issuer);
        let credential = mls_credential(&certificate);
        let verified = ca.verify_mls(&credential, &key, NOW).unwrap();
        assert_eq!(verified.user, UserId::from_bytes([1; 16]));
        assert_eq!(verified.device, DeviceId::from_bytes([2; 16]));
        assert_eq!(
            claimed_names(&credential).unwrap(),
            (verified.user, verified.device)
        );
        assert_eq!(
            ca.verify_mls(&credential, &[0; 32], NOW),
            Err(CertificateError::UnknownKey),
            "another key than the certificate's"
        );
    }

    #[test]
    fn strangers_expired_and_nameless_certificates_are_refused() {
        let issuer = authority("Device CA");
        let ca = DeviceCa::from_der(issuer.der()).unwrap();
        let (forged, _) = device(&names(), &authority("Device CA"));
        assert_eq!(ca.verify(&forged, NOW), Err(CertificateError::NotIssued));
        let (elsewhere, _) = device(&names(), &authority("Other CA"));
        assert_eq!(ca.verify(&elsewhere, NOW), Err(CertificateError::NotIssued));
        let (good, _) = device(&names(), &issuer);
        assert_eq!(
            ca.verify(&good, NOW + (400 << 30)),
            Err(CertificateError::OutOfDate)
        );
        assert_eq!(ca.verify(&good, 0), Err(CertificateError::OutOfDate));
        let (nameless, _) = device(&names()[..1], &issuer);
        assert_eq!(ca.verify(&nameless, NOW), Err(CertificateError::NotADevice));
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let issuer = authority("Device CA");
            let ca = DeviceCa::from_der(issuer.der()).unwrap();
            prop_assert!(ca.verify(&bytes, NOW).is_err());
            prop_assert!(claimed_names(&bytes).is_err());
            prop_assert!(DeviceCa::from_der(&bytes).is_err());
        }
    }
}
