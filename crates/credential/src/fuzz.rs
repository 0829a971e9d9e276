//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use wardline_model::DeviceId;
use wardline_model::wire::devices::DeviceCredential;

use crate::chain::{Admitted, NotAdmitted, Verifier};
use crate::x509::{
    CertificateError, DeviceCa, DeviceCertificate, certificate_of, claimed_names, mls_credential,
};

/// A device's certificate (DER), at a time.
///
/// # Panics
/// When a certificate is accepted that names somebody else than it is said to name unverified.
pub fn certificate(bytes: &[u8], ca: &DeviceCa, at_ms: u64) -> Option<DeviceCertificate> {
    let claimed = claimed_names(&mls_credential(bytes));
    let verified = ca.verify(bytes, at_ms);
    let Ok(certificate) = verified else {
        return None;
    };
    assert_eq!(claimed, Ok((certificate.user, certificate.device)));
    Some(certificate)
}

/// The content of an MLS X.509 credential (RFC 9420 §5.3).
///
/// # Panics
/// When a credential has a second spelling, or is read in one place and not in another.
pub fn credential(bytes: &[u8], ca: &DeviceCa, key: &[u8], at_ms: u64) -> bool {
    let verified = ca.verify_mls(bytes, key, at_ms);
    let Ok(certificate) = certificate_of(bytes) else {
        assert_eq!(verified, Err(CertificateError::Malformed));
        assert!(claimed_names(bytes).is_err());
        return false;
    };
    assert_eq!(
        mls_credential(&certificate),
        bytes,
        "a second spelling of a credential"
    );
    verified.is_ok()
}

/// The certificate of a device CA (DER).
pub fn authority(bytes: &[u8]) -> bool {
    DeviceCa::from_der(bytes).is_ok()
}

/// What a server says of a device: JSON of a [`DeviceCredential`].
///
/// # Panics
/// When a device is admitted that was revoked, or is not the one that was asked for.
pub fn admission(
    bytes: &[u8],
    verifier: &Verifier,
    device: DeviceId,
    now_ms: u64,
) -> Option<Admitted> {
    let said: DeviceCredential = serde_json::from_slice(bytes).ok()?;
    let admitted = verifier.admit(device, &said, now_ms);
    assert_eq!(admitted, verifier.admit(device, &said, now_ms));
    let stranger = DeviceId::from_bytes([0xee; 16]);
    assert!(stranger == device || verifier.admit(stranger, &said, now_ms).is_err());
    if said.revoked {
        assert!(matches!(
            admitted,
            Err(NotAdmitted::Revoked | NotAdmitted::Mismatch)
        ));
    } else {
        assert!(admitted.is_err() || admitted == verifier.recognize(device, &said));
    }
    let admitted = admitted.ok()?;
    assert_eq!(admitted.device, device);
    Some(admitted)
}
