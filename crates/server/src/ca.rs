//! The hospital's certificate authorities (X.509, RFC 5280), by rcgen.

use std::fmt::Write as _;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData, RevocationReason, RevokedCertParams,
    SanType, SerialNumber, SignatureAlgorithm,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use thiserror::Error;
use time::OffsetDateTime;
use wardline_credential::{CertificateError, x509};
use wardline_model::{DeviceId, UserId};
use zeroize::Zeroizing;

use crate::rim::random;

/// A certificate authority could not be made, read or used.
#[derive(Debug, Error)]
pub enum CaError {
    /// Making or reading a certificate failed.
    #[error("certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// Not a PEM certificate.
    #[error("not a PEM certificate")]
    Pem,
    /// A time that no certificate can hold.
    #[error("the time is out of range")]
    Time,
}

/// A CA: a P-256 key and its self-signed certificate.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
    /// The address that devices' certificates name for what was revoked; `None` while they name
    /// none.
    revocation_list: Option<String>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// The two certificates of a device, DER.
#[derive(Debug, Clone)]
pub(crate) struct DeviceCertificates {
    /// For the P-256 key that proves requests; for TLS client authentication too.
    pub(crate) device: Vec<u8>,
    /// For the Ed25519 key; the MLS credential (RFC 9420 §5.3).
    pub(crate) mls: Vec<u8>,
}

/// Whose device is certified, and with which keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The person.
    pub(crate) user: UserId,
    /// The device.
    pub(crate) device: DeviceId,
    /// Uncompressed SEC 1 point of the P-256 key.
    pub(crate) point: &'a [u8],
    /// The Ed25519 key.
    pub(crate) mls_key: &'a [u8; 32],
}

impl Authority {
    /// Makes a CA valid for 20 years, and hands back its private key (PKCS #8).
    pub(crate) fn create(name: &str, now_ms: u64) -> Result<(Self, Zeroizing<Vec<u8>>), CaError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let secret = Zeroizing::new(key.serialize_der());
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(serial());
        (params.not_before, params.not_after) = validity(now_ms, 20 * YEAR_DAYS)?;
        let certificate = params.self_signed(&key)?;
        let authority = Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
            revocation_list: None,
        };
        Ok((authority, secret))
    }

    /// Opens a CA from its certificate (PEM) and key.
    pub(crate) fn open(pem: &str, key: KeyPair) -> Result<Self, CaError> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| CaError::Pem)?;
        let issuer = Issuer::from_ca_cert_der(&der, key)?;
        Ok(Self {
            issuer,
            der,
            pem: pem.to_owned(),
            revocation_list: None,
        })
    }

    /// Has devices' certificates say from now on where to ask whether they were revoked
    /// (RFC 5280 §4.2.1.13): at the hospital's https origin.
    ///
    /// RFC 5280 §8 warns of https here, because that server's certificate may have to be looked up
    /// in the same list first. It never has: this CA certifies devices and no server.
    pub fn list_revoked_at(&mut self, origin: &str) {
        self.revocation_list = Some(format!("{origin}{REVOCATION_LIST}"));
    }

    /// The CA's certificate, DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The CA's certificate, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Issues the two certificates of a device for a year.
    pub(crate) fn certify(
        &self,
        subject: &Subject<'_>,
        now_ms: u64,
    ) -> Result<DeviceCertificates, CaError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, subject.device.to_string());
        params.subject_alt_names = vec![
            SanType::URI(Ia5String::try_from(format!(
                "urn:wardline:user:{}",
                subject.user
            ))?),
            SanType::URI(Ia5String::try_from(format!(
                "urn:wardline:device:{}",
                subject.device
            ))?),
        ];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let list = self.revocation_list.iter();
        params.crl_distribution_points = list
            .map(|address| CrlDistributionPoint {
                uris: vec![address.clone()],
            })
            .collect();
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = validity(now_ms, YEAR_DAYS)?;
        let mut issue = |key: RawKey<'_>| {
            params.serial_number = Some(serial());
            Ok::<_, CaError>(params.signed_by(&key, &self.issuer)?.der().to_vec())
        };
        Ok(DeviceCertificates {
            device: issue(RawKey {
                algorithm: &PKCS_ECDSA_P256_SHA256,
                bytes: subject.point,
            })?,
            mls: issue(RawKey {
                algorithm: &PKCS_ED25519,
                bytes: subject.mls_key,
            })?,
        })
    }

    /// Issues a server certificate for a year, for these DNS names and addresses, and its key.
    pub(crate) fn certify_server(
        &self,
        names: &[String],
        now_ms: u64,
    ) -> Result<(CertificateDer<'static>, KeyPair), CaError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        let common = names.first().map_or("wardline", String::as_str);
        params.distinguished_name.push(DnType::CommonName, common);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial());
        (params.not_before, params.not_after) = validity(now_ms, YEAR_DAYS)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((certificate.der().clone(), key))
    }
}

/// A certificate that is not to be believed.
#[derive(Debug, Clone)]
pub(crate) struct Revoked {
    /// Its serial number, big-endian.
    pub(crate) serial: Vec<u8>,
    /// Since when, unix milliseconds.
    pub(crate) at_ms: u64,
    /// Why not.
    pub(crate) why: Why,
}

/// Why a certificate is not to be believed (RFC 5280 §5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// For now: `certificateHold`.
    Hold,
    /// Its key may be in other hands: `keyCompromise`.
    Compromise,
    /// Its device is out of use: `cessationOfOperation`.
    Cessation,
}

impl Authority {
    /// The list of revoked certificates at a time (RFC 5280 §5), DER. Good for an hour.
    pub(crate) fn revocation_list(
        &self,
        revoked: Vec<Revoked>,
        now_ms: u64,
    ) -> Result<Vec<u8>, CaError> {
        let moment = |ms: u64| {
            i64::try_from(ms / 1000)
                .ok()
                .and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok())
                .ok_or(CaError::Time)
        };
        let mut revoked_certs = Vec::with_capacity(revoked.len());
        for certificate in revoked {
            revoked_certs.push(RevokedCertParams {
                serial_number: SerialNumber::from_slice(&certificate.serial),
                revocation_time: moment(certificate.at_ms.min(now_ms))?,
                reason_code: Some(match certificate.why {
                    Why::Hold => RevocationReason::CertificateHold,
                    Why::Compromise => RevocationReason::KeyCompromise,
                    Why::Cessation => RevocationReason::CessationOfOperation,
                }),
                invalidity_date: None,
            });
        }
        let params = CertificateRevocationListParams {
            this_update: moment(now_ms)?,
            next_update: moment(now_ms + 60 * 60 * 1000)?,
            // Ever higher, as the time is (RFC 5280 §5.2.3).
            crl_number: SerialNumber::from_slice(&now_ms.to_be_bytes()),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer)?.der().to_vec())
    }
}

/// The serial number of one of our certificates, big-endian.
pub(crate) fn serial_of(der: &[u8]) -> Result<Vec<u8>, CertificateError> {
    x509::summary(der).map(|summary| summary.serial)
}

/// Serial number (hex) and last moment (unix milliseconds) of one of our certificates.
pub(crate) fn summary(der: &[u8]) -> Result<(String, u64), CertificateError> {
    let summary = x509::summary(der)?;
    let mut serial = String::with_capacity(2 * summary.serial.len());
    for byte in &summary.serial {
        // Writing to a String has no way to fail.
        let _ = write!(serial, "{byte:02x}");
    }
    Ok((serial, summary.not_after_ms))
}

/// A public key by its raw bytes.
struct RawKey<'a> {
    algorithm: &'static SignatureAlgorithm,
    bytes: &'a [u8],
}

impl PublicKeyData for RawKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.bytes
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// From an hour ago, for clocks that run behind, for so many days.
fn validity(now_ms: u64, days: i64) -> Result<(OffsetDateTime, OffsetDateTime), CaError> {
    let now = i64::try_from(now_ms / 1000)
        .ok()
        .and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok())
        .ok_or(CaError::Time)?;
    Ok((
        now - time::Duration::hours(1),
        now + time::Duration::days(days),
    ))
}

/// 128 random bits with the top bit clear: positive, and 16 bytes at most (RFC 5280 §4.1.2.2).
fn serial() -> SerialNumber {
    let mut bytes: [u8; 16] = random();
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

/// Where the server has the list, see `routes::pki::crl`.
const REVOCATION_LIST: &str = "/pki/devices.crl";

const YEAR_DAYS: i64 = 365;

/// How long a device's certificates are good, milliseconds.
pub(crate) const LIFETIME_MS: u64 = YEAR_DAYS.unsigned_abs() * 24 * 60 * 60 * 1000;
