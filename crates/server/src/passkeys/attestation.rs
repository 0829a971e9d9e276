//! What a device program demands of the authenticator that holds a passkey, and how it is met.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use std::{fs, io};

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use uuid::Uuid;
use wardline_posture::attest::{self, Roots, RootsError, StatusList, StatusListError};
use wardline_posture::webauthn::{Format, Object, Trust, TrustError, Unproven};
use webauthn_rs::prelude::RegisterPublicKeyCredential;

use super::Vouchers;
use crate::config;
use crate::problem::Refusal;

/// What a device program demands of an authenticator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// Whether it has to attest itself.
    pub(crate) attestation: bool,
    /// The models (AAGUIDs) that are taken; empty for any. A list is a demand for attestation too,
    /// since a model that is not proven is whatever the client says.
    pub(crate) authenticators: Vec<Uuid>,
}

impl Demand {
    /// Nothing is demanded.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Whether anything is.
    pub(crate) fn is_made(&self) -> bool {
        self.attestation || !self.authenticators.is_empty()
    }
}

/// What is proven of an authenticator. The key was made in its hardware and cannot leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttestedAuthenticator {
    /// Its model; all zeros with `fido-u2f`, which does not say.
    pub(crate) aaguid: Uuid,
    /// In which form it attested itself.
    pub(crate) format: Format,
    /// Who vouches: the attestation certificate's subject, or its issuer's where that is empty.
    pub(crate) chain_subject: String,
    /// What `android-key` proves of the phone: how it started, its patches.
    pub(crate) phone: Option<attest::Attested>,
}

/// Why an authenticator does not meet the demand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Unattested {
    /// Its attestation proves nothing.
    #[error(transparent)]
    Unproven(#[from] Unproven),
    /// It is proven that the key is in software, or would be handed out.
    #[error("the passkey is not bound to the authenticator's hardware")]
    Unbound,
}

impl Unattested {
    /// The reason in one word that stays the same.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Unproven(unproven) => unproven.code(),
            Self::Unbound => "unbound",
        }
    }
}

/// A statement that a client handed in, while the rest of its registration is judged.
pub(super) struct Attempt {
    object: Object,
    client_data_hash: [u8; 32],
}

impl Attempt {
    /// Takes the statement out of a credential, which is then one without attestation.
    pub(super) fn take(credential: &mut RegisterPublicKeyCredential) -> Result<Self, Refusal> {
        let response = &mut credential.response;
        let object = Object::read(response.attestation_object.as_ref()).map_err(refused)?;
        response.attestation_object = object.without_statement();
        Ok(Self {
            object,
            client_data_hash: Sha256::digest(&response.client_data_json).into(),
        })
    }

    /// Verifies it against the demand.
    pub(super) fn verify(
        &self,
        vouchers: Vouchers<'_>,
        demand: &Demand,
    ) -> Result<AttestedAuthenticator, Refusal> {
        let attested = self
            .object
            .verify(
                &self.client_data_hash,
                vouchers.trust,
                &demand.authenticators,
                vouchers.at_ms,
            )
            .map_err(refused)?;
        if !attested.bound {
            return Err(refused(Unattested::Unbound));
        }
        Ok(AttestedAuthenticator {
            aaguid: attested.aaguid,
            format: attested.format,
            chain_subject: attested.subject,
            phone: attested.phone,
        })
    }
}

fn refused(why: impl Into<Unattested>) -> Refusal {
    Refusal::AuthenticatorRefused(why.into())
}

/// Why the configured trust cannot be loaded.
#[derive(Debug, Error)]
pub enum TrustFileError {
    /// A file cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of authenticators' roots is not taken.
    #[error("{path}: {source}", path = .path.display())]
    Roots {
        /// Which.
        path: PathBuf,
        /// Why.
        source: TrustError,
    },
    /// The file of Android's roots is not taken.
    #[error("{path}: {source}", path = .path.display())]
    AndroidRoots {
        /// Which.
        path: PathBuf,
        /// Why.
        source: RootsError,
    },
    /// Android's status list is not taken.
    #[error("{path}: {source}", path = .path.display())]
    AndroidStatus {
        /// Which.
        path: PathBuf,
        /// Why.
        source: StatusListError,
    },
}

/// Loads whom the hospital trusts to vouch for authenticators.
pub(crate) fn trust(config: &config::Attestation) -> Result<Trust, TrustFileError> {
    let mut trust = Trust::new();
    for maker in &config.authenticators {
        trust = trust
            .with_roots(&read(&maker.roots)?, &maker.aaguids)
            .map_err(|source| TrustFileError::Roots {
                path: maker.roots.clone(),
                source,
            })?;
    }
    if !config.android_roots.as_os_str().is_empty() {
        let path = &config.android_roots;
        let roots =
            Roots::from_file(&read(path)?).map_err(|source| TrustFileError::AndroidRoots {
                path: path.clone(),
                source,
            })?;
        trust = trust.with_android_roots(roots);
    }
    if !config.android_status.as_os_str().is_empty() {
        let path = &config.android_status;
        let status = StatusList::from_json(&read(path)?).map_err(|source| {
            TrustFileError::AndroidStatus {
                path: path.clone(),
                source,
            }
        })?;
        // The list has no date of its own; its file has one.
        let written = fs::metadata(path).and_then(|file| file.modified());
        let written = written
            .ok()
            .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let written = written.and_then(|since| u64::try_from(since.as_millis()).ok());
        trust = trust.with_android_status(status.fetched(written.unwrap_or_default()));
    }
    Ok(trust)
}

fn read(path: &Path) -> Result<Vec<u8>, TrustFileError> {
    fs::read(path).map_err(|source| TrustFileError::Read {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
