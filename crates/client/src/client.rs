//! [`Client`]: a device and its server.

use std::collections::BTreeMap;

use wardline_credential::{DeviceCa, Verifier};
use wardline_model::wire::hospital::Hospital;
use wardline_model::{AttachmentId, ChallengeId, SessionId};
use zeroize::Zeroizing;

use crate::conversation::Known;
use crate::error::ClientError;
use crate::http::Api;
use crate::mls::{Groups, Identity};
use crate::platform::{Change, Platform, random_bytes};
use crate::profile::{PROFILE, Profile, SEALED_PREFIX, Stage};
use crate::vault::{StoreKey, Vault};
use crate::views::{Status, StatusStage};

/// The two PRF outputs of the passkey (WebAuthn Level 3 §10.1.4): the first opens the store with
/// the server's share, the second the share that is cached for dead spots.
#[derive(Clone, Default)]
pub struct Prf {
    /// Under the first salt, 32 bytes; absent when the passkey lacks PRF.
    pub first: Option<Zeroizing<Vec<u8>>>,
    /// Under the second salt.
    pub second: Option<Zeroizing<Vec<u8>>>,
}

/// The PRF salts, the same on every device: what they yield differs by passkey.
pub const PRF_SALTS: (&[u8; 32], &[u8; 32]) = (
    b"wardline local store: first half",
    b"wardline local store: dead spots",
);

/// The open store and what lives on it.
pub(crate) struct Open {
    pub(crate) vault: Vault,
    pub(crate) identity: Option<Identity>,
    pub(crate) groups: Groups,
    /// Messages that are here, by conversation, read from the vault on first use.
    pub(crate) known: Known,
    /// Seals the cached share; the second PRF output.
    pub(crate) offline_key: Option<StoreKey>,
    /// Chunks that the hospital still lacks, by what is being uploaded; asked for when it begins.
    pub(crate) uploads: BTreeMap<AttachmentId, Vec<u32>>,
    /// Whether a session stands behind it, or only the dead-spot window.
    pub(crate) online: bool,
}

/// A device and its server. One for each local store; calls are made one after another.
pub struct Client<P> {
    pub(crate) platform: P,
    pub(crate) api: Api,
    pub(crate) hospital: Option<Hospital>,
    pub(crate) profile: Option<Profile>,
    /// What the platform keeps, sealed, by the names inside the vault.
    pub(crate) sealed: BTreeMap<String, Vec<u8>>,
    /// The cached share, sealed under the second PRF output.
    pub(crate) cached_share: Option<Vec<u8>>,
    pub(crate) open: Option<Open>,
    /// The MLS secret key before the store exists, during enrolment.
    pub(crate) fresh_key: Option<Zeroizing<[u8; 32]>>,
    /// Stands in for the passkey's PRF where it has none; then nothing is kept beyond memory.
    pub(crate) memory_secret: Option<Zeroizing<[u8; 32]>>,
    /// The session behind the token.
    pub(crate) session: Option<SessionId>,
    /// The passkey challenge that was given out last.
    pub(crate) challenge: Option<ChallengeId>,
    /// Whether this device keeps the records: see [`crate::records`].
    pub(crate) keeps_records: bool,
    /// Whether what was kept here was erased since the client started.
    pub(crate) wiped: bool,
    /// The record keeper's data keys, as the platform keeps them.
    pub(crate) sealed_ring: Option<Vec<u8>>,
    /// The server's time at the last sign-in, and this device's at that moment.
    pub(crate) clock: Option<(u64, u64)>,
}

impl<P: Platform> Client<P> {
    /// Opens a client over everything that the platform has kept.
    pub fn open(platform: P, server: &str, entries: Vec<(String, Vec<u8>)>) -> Self {
        let mut client = Self {
            platform,
            api: Api::new(server),
            hospital: None,
            profile: None,
            sealed: BTreeMap::new(),
            cached_share: None,
            open: None,
            fresh_key: None,
            memory_secret: None,
            session: None,
            challenge: None,
            keeps_records: false,
            wiped: false,
            sealed_ring: None,
            clock: None,
        };
        for (name, value) in entries {
            if name == PROFILE {
                client.profile = serde_json::from_slice(&value).ok();
            } else if name == crate::profile::CACHED_SHARE {
                client.cached_share = Some(value);
            } else if name == crate::profile::KEYRING {
                client.sealed_ring = Some(value);
            } else if let Some(inner) = name.strip_prefix(SEALED_PREFIX) {
                client.sealed.insert(inner.to_owned(), value);
            }
        }
        client
    }

    /// The platform.
    pub fn platform(&self) -> &P {
        &self.platform
    }

    /// Where the device stands.
    pub fn status(&self) -> Status {
        let profile = self.profile.as_ref();
        let stage = match (profile.map(|p| p.stage), &self.open) {
            (Some(Stage::Wiped), _) => StatusStage::Wiped,
            (None, _) if self.wiped => StatusStage::Wiped,
            (None, _) => StatusStage::New,
            (Some(Stage::Enrolling), _) => StatusStage::Enrolling,
            (Some(Stage::Pending), _) => StatusStage::Pending,
            (Some(Stage::Ready), Some(open)) if open.identity.is_some() && self.is_usable(open) => {
                StatusStage::Open
            }
            (Some(Stage::Ready), _) => StatusStage::Locked,
        };
        Status {
            stage,
            hospital: profile.map(|p| p.hospital.clone()),
            user: profile.map(|p| p.user.clone()),
            device_id: profile.map(|p| p.device_id),
            confirmation: profile.and_then(|p| p.confirmation.clone()),
            credential_id: profile.and_then(|p| p.credential_id.clone()),
            online: self.api.token.is_some(),
            online_required: self.cached_share.is_none(),
            lock_ms: profile.and_then(|p| p.lock_ms),
            position: profile.is_some_and(|p| p.position),
            attachments: profile.and_then(|p| p.attachments.clone()),
            call: profile.and_then(|p| p.call.clone()),
        }
    }

    /// What anyone may know of the hospital.
    pub async fn hospital(&mut self) -> Result<Hospital, ClientError> {
        let hospital: Hospital = self.api.get(&self.platform, "/v1/hospital").await?;
        self.hospital = Some(hospital.clone());
        Ok(hospital)
    }

    /// One signed request; the body as it came.
    pub async fn raw(
        &mut self,
        method: &'static str,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, ClientError> {
        self.api.call(&self.platform, method, path, body).await
    }

    pub(crate) fn profile(&self) -> Result<&Profile, ClientError> {
        self.profile.as_ref().ok_or(ClientError::NotEnrolled)
    }

    pub(crate) fn opened(&mut self) -> Result<&mut Open, ClientError> {
        self.open.as_mut().ok_or(ClientError::Locked)
    }

    pub(crate) fn vault(&self) -> Result<&Vault, ClientError> {
        self.open
            .as_ref()
            .map(|open| &open.vault)
            .ok_or(ClientError::Locked)
    }

    pub(crate) fn verifier(&self) -> Result<Verifier, ClientError> {
        let profile = self.profile()?;
        let pins = profile
            .pins
            .pins()
            .ok_or(ClientError::Untrusted("the pins"))?;
        let ca = DeviceCa::from_der(&profile.device_ca.0)
            .map_err(|_| ClientError::Untrusted("the device CA"))?;
        Verifier::new(&profile.log_origin, &pins, ca).ok_or(ClientError::Untrusted("the log's key"))
    }

    /// Writes the profile, which is not sealed.
    pub(crate) async fn save_profile(&mut self) -> Result<(), ClientError> {
        let profile = self
            .profile
            .as_ref()
            .and_then(|p| serde_json::to_vec(p).ok());
        self.platform
            .commit(vec![(PROFILE.to_owned(), profile)])
            .await?;
        Ok(())
    }

    /// Makes the vault's changes durable.
    ///
    /// # Errors
    /// When the store is locked, or the platform does not take the changes: they stay, and go with
    /// the next attempt.
    pub async fn flush(&mut self) -> Result<(), ClientError> {
        let open = self.open.as_mut().ok_or(ClientError::Locked)?;
        // A value never lies under a key that a crash could take with it, and a key that is
        // destroyed is so before anything else is written.
        let random = || random_bytes::<32>(&self.platform);
        if let Some(ring) = open.vault.ring_changes(random) {
            let kept = (crate::profile::KEYRING.to_owned(), Some(ring.clone()));
            self.platform.commit(vec![kept]).await?;
            open.vault.settle_ring();
            self.sealed_ring = Some(ring);
        }
        let changes = open.vault.changes(|| random_bytes(&self.platform));
        if changes.is_empty() {
            return Ok(());
        }
        if self.memory_secret.is_none() {
            let named: Vec<Change> = changes
                .iter()
                .map(|(name, value)| (format!("{SEALED_PREFIX}{name}"), value.clone()))
                .collect();
            self.platform.commit(named).await?;
        }
        open.vault.settle();
        for (name, value) in changes {
            match value {
                Some(value) => self.sealed.insert(name, value),
                None => self.sealed.remove(&name),
            };
        }
        Ok(())
    }

    fn is_usable(&self, open: &Open) -> bool {
        self.api.token.is_some() || !open.online
    }
}
