//! The roots that chains may end in, compared by public key: Google issued the same key's
//! certificate more than once, and phones carry any of them.

use thiserror::Error;

use super::chain::Link;
use super::pem;

/// Google's RSA root of 4096 bits, in certificates from 2016, 2019 and 2022. DER; SHA-256
/// `feb2ea75 51ee316e d4bb443c 8293b884 dbfdea40 b603ee3e 4f4a897e 4580fbae`.
/// Source: <https://android.googleapis.com/attestation/root>.
const GOOGLE_RSA_4096: &[u8] = include_bytes!("../../roots/google-rsa-4096.spki");

/// Google's P-384 root "Key Attestation CA1", in use since 2026. DER; SHA-256
/// `3ee44512 a1af2beb 39c88949 0c60ea3f 82e43f5d 5a5532f5 ab9419f6 76cd07ec`.
/// Source: <https://android.googleapis.com/attestation/root>.
const GOOGLE_P384: &[u8] = include_bytes!("../../roots/google-p384.spki");

/// The roots of Android's software attestation. Their private keys, and those of the certificates
/// below, are published. DER; SHA-256
/// `d5100c79 42ef2e83 10dc30ef 82729680 cf48d690 735c3f68 179a33c7 c370f286` (P-256) and
/// `f2c4746f 545946c1 00e72297 f8f94634 4d7052f0 3a2f6942 21f9c893 b0e6f711` (RSA of 1024 bits).
/// Source: AOSP, system/core/trusty/keymaster/set_attestation_key/keymaster_soft_attestation_keys.xml.
const AOSP_SOFTWARE: [&[u8]; 2] = [
    include_bytes!("../../roots/aosp-software-p256.spki"),
    include_bytes!("../../roots/aosp-software-rsa-1024.spki"),
];

/// Why a file of roots is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RootsError {
    /// Neither PEM nor a JSON array of PEM texts.
    #[error("the roots are neither PEM certificates nor a JSON array of them")]
    Format,
    /// It would trust nothing.
    #[error("the file of roots holds no certificate")]
    Empty,
    /// One is no certificate. Counted from 1.
    #[error("root {0} is not an X.509 certificate")]
    Certificate(usize),
}

/// Trusted public keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// SubjectPublicKeyInfo, DER.
    keys: Vec<Vec<u8>>,
}

impl Roots {
    /// Google's roots for hardware attestation.
    pub fn google() -> Self {
        Self {
            keys: vec![GOOGLE_RSA_4096.to_vec(), GOOGLE_P384.to_vec()],
        }
    }

    /// Roots of one's own: certificates in PEM, or a JSON array of PEM texts as Google publishes
    /// its roots. They are trusted because they are named here, so only their keys are kept.
    ///
    /// # Errors
    /// When the bytes are no such file, or hold no certificate.
    pub fn from_file(bytes: &[u8]) -> Result<Self, RootsError> {
        let pem = if bytes.trim_ascii_start().starts_with(b"[") {
            let texts: Vec<String> =
                serde_json::from_slice(bytes).map_err(|_| RootsError::Format)?;
            texts.join("\n").into_bytes()
        } else {
            bytes.to_vec()
        };
        let certificates = pem::sections(&pem).map_err(|_| RootsError::Format)?;
        if certificates.is_empty() {
            return Err(RootsError::Empty);
        }
        let keys = certificates
            .iter()
            .zip(1..)
            .map(|(der, number)| {
                Link::read(der, number)
                    .map(|link| link.public_key().to_vec())
                    .map_err(|_| RootsError::Certificate(number))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// The keys, DER.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(Vec::as_slice)
    }
}

/// The keys of Android's software attestation, DER.
pub(crate) fn software() -> impl Iterator<Item = &'static [u8]> {
    AOSP_SOFTWARE.into_iter()
}
