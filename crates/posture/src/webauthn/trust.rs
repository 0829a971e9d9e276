//! Whom the hospital trusts to vouch for authenticators.

use rustls_pki_types::CertificateDer;
use thiserror::Error;
use uuid::{Uuid, uuid};

use crate::attest::{Roots, StatusList};

use super::certificate::Certificate;

/// The model that Android's own authenticator says to be.
pub const ANDROID_MODEL: Uuid = uuid!("b93fd961-f2e6-462f-b122-82002247de78");

/// Why a file of roots is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TrustError {
    /// It is not PEM.
    #[error("the roots are not PEM certificates")]
    Pem,
    /// It would trust nothing.
    #[error("the file of roots holds no certificate")]
    Empty,
    /// One is no certificate of an authority. Counted from 1.
    #[error("root {0} is not an X.509 certificate of version 3")]
    Certificate(usize),
}

/// Whom the hospital trusts to vouch for authenticators, and for which models.
///
/// Roots for `android-key` stand apart. Any application on a phone gets certificates below Google's
/// roots for keys, challenges and subjects of its choice, so they must vouch in no other format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    anchors: Vec<Anchor>,
    pub(super) android_roots: Roots,
    pub(super) android_status: Option<StatusList>,
    pub(super) android_models: Vec<Uuid>,
}

/// A certificate that ends chains, and the models that it vouches for; empty for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) models: Vec<Uuid>,
}

impl Trust {
    /// Nobody but Google, for Android's own authenticator.
    pub fn new() -> Self {
        Self {
            anchors: Vec::new(),
            android_roots: Roots::google(),
            android_status: None,
            android_models: vec![ANDROID_MODEL],
        }
    }

    /// Trusts the certificates of a PEM text to vouch for the given models; empty for any. They
    /// are trusted because they are named here: roots, intermediates or a model's own certificate.
    ///
    /// Naming the models is what keeps one maker's roots from vouching for another's: with `tpm`
    /// the model is what the operating system says, and not the TPM.
    ///
    /// # Errors
    /// When it is no such text, or holds no certificate.
    pub fn with_roots(mut self, pem: &[u8], models: &[Uuid]) -> Result<Self, TrustError> {
        let certificates = crate::attest::sections(pem).map_err(|_| TrustError::Pem)?;
        if certificates.is_empty() {
            return Err(TrustError::Empty);
        }
        for (der, number) in certificates.into_iter().zip(1..) {
            let certificate = CertificateDer::from(der);
            let read = Certificate::read(&certificate);
            if read.is_err() || webpki::anchor_from_trusted_cert(&certificate).is_err() {
                return Err(TrustError::Certificate(number));
            }
            self.anchors.push(Anchor {
                certificate,
                models: models.to_vec(),
            });
        }
        Ok(self)
    }

    /// What Android's attestations are held against: the roots, and the list of revoked keys where
    /// there is one.
    pub const fn android(&self) -> (&Roots, Option<&StatusList>) {
        (&self.android_roots, self.android_status.as_ref())
    }

    /// Trusts these roots for `android-key` in place of Google's.
    #[must_use]
    pub fn with_android_roots(mut self, roots: Roots) -> Self {
        self.android_roots = roots;
        self
    }

    /// Takes these models with `android-key` in place of [`ANDROID_MODEL`].
    #[must_use]
    pub fn with_android_models(mut self, models: &[Uuid]) -> Self {
        self.android_models = models.to_vec();
        self
    }

    /// Refuses keys on this list in `android-key`. Without it nothing is known to be revoked.
    #[must_use]
    pub fn with_android_status(mut self, status: StatusList) -> Self {
        self.android_status = Some(status);
        self
    }

    /// The anchors that vouch for a model.
    pub(super) fn anchors_for(&self, aaguid: Uuid) -> Vec<&Anchor> {
        self.anchors
            .iter()
            .filter(|anchor| anchor.models.is_empty() || anchor.models.contains(&aaguid))
            .collect()
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self::new()
    }
}
