//! Signing in, unlocking in a dead spot, locking.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wardline_model::B64;
use wardline_model::wire::enroll::EnrollStatus;
use wardline_model::wire::sessions::{
    Challenge, ChallengeRequest, SignIn, SignedIn, StepUpRequest, SteppedUp,
};
use zeroize::Zeroizing;

use crate::client::{Client, Open, Prf};
use crate::conversation::Known;
use crate::enroll::{IDENTITY, StoredIdentity};
use crate::error::ClientError;
use crate::mls::{Groups, Identity};
use crate::platform::{Event, Platform, random_bytes};
use crate::profile::{CACHED_SHARE, Stage};
use crate::vault::{StoreKey, Vault};

/// A clock may be this much behind the latest server time before it counts as turned back.
const CLOCK_SLACK_MS: u64 = 5 * 60 * 1000;

/// The server's share, cached for dead spots.
#[derive(Serialize, Deserialize)]
struct CachedShare {
    share: B64,
    /// When the dead-spot window ends, unix milliseconds.
    until: u64,
    /// The latest server time seen: time before it means a clock that was turned back.
    seen: u64,
}

impl<P: Platform> Client<P> {
    /// A challenge for the passkey.
    pub async fn challenge(&mut self) -> Result<Challenge, ClientError> {
        let profile = self.profile()?;
        if profile.stage != Stage::Ready {
            return Err(ClientError::NotEnrolled);
        }
        let request = ChallengeRequest {
            device_id: profile.device_id,
        };
        // A challenge is asked for without the session that may have ended.
        self.api.token = None;
        match self.ask_challenge("/v1/sessions/challenge", &request).await {
            Err(error) => Err(self.obey(error).await),
            asked => asked,
        }
    }

    /// Signs in and opens the store.
    pub async fn sign_in(&mut self, answer: SignIn, prf: Prf) -> Result<SignedIn, ClientError> {
        self.api.token = None;
        let signed: SignedIn = self
            .api
            .post(&self.platform, "/v1/sessions", &answer)
            .await?;
        self.api.token = Some(signed.token.clone());
        self.session = Some(signed.session_id);
        self.clock = Some((signed.server_time, self.platform.now_ms()));
        let offline_key = offline_key(&prf);
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.identity.is_some())
        {
            if let Some(open) = self.open.as_mut() {
                open.online = true;
                open.offline_key = offline_key.or(open.offline_key.take());
            }
        } else {
            let key = self.store_key(&prf, &signed.share)?;
            let vault = Vault::open(key, &self.sealed)?;
            self.open = Some(Open {
                vault,
                identity: None,
                groups: Groups::default(),
                known: Known::default(),
                uploads: BTreeMap::new(),
                offline_key,
                online: true,
            });
            // Without its identity it could do nothing, and would not be asked to sign in again.
            if let Err(error) = self.load_identity().await {
                self.lock();
                return Err(error);
            }
        }
        if self.keeps_records {
            self.keep_ring()?;
        }
        self.cache_share(&signed).await?;
        if let Some(profile) = self.profile.as_mut()
            && profile.lock_ms != signed.lock_ms
        {
            profile.lock_ms = signed.lock_ms;
            self.save_profile().await?;
        }
        self.platform.emit(Event::Status);
        Ok(signed)
    }

    /// Opens the store in a dead spot, within the window that the policy allows.
    pub async fn unlock_offline(&mut self, prf: Prf) -> Result<(), ClientError> {
        const CLOSED: ClientError = ClientError::OfflineWindowClosed;
        let (Some(key), Some(sealed)) = (offline_key(&prf), self.cached_share.clone()) else {
            return Err(CLOSED);
        };
        let cached: CachedShare = serde_json::from_slice(&key.open(CACHED_SHARE, &sealed)?)
            .map_err(|_| ClientError::Unsealing)?;
        let now = self.platform.now_ms();
        if now >= cached.until || now + CLOCK_SLACK_MS < cached.seen {
            self.drop_cached_share().await?;
            return Err(CLOSED);
        }
        let store_key = self.store_key(&prf, &cached.share)?;
        let vault = Vault::open(store_key, &self.sealed)?;
        self.open = Some(Open {
            vault,
            identity: None,
            groups: Groups::default(),
            known: Known::default(),
            uploads: BTreeMap::new(),
            offline_key: Some(key),
            online: false,
        });
        self.load_identity().await?;
        self.platform.emit(Event::Status);
        Ok(())
    }

    /// Closes the store; the keys leave memory.
    pub fn lock(&mut self) {
        self.open = None;
        self.api.token = None;
        self.platform.emit(Event::Status);
    }

    /// Ends the session at the server, then locks and drops the cached share.
    pub async fn sign_out(&mut self) -> Result<(), ClientError> {
        let ended = match self.session.take() {
            Some(session) => self.end_session(session).await,
            None => Ok(()),
        };
        self.drop_cached_share().await?;
        self.lock();
        match ended {
            Ok(()) | Err(ClientError::Offline) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A challenge for a step-up within the session, for the `scopes` that a refusal names.
    pub async fn step_up_challenge(
        &mut self,
        scopes: Vec<String>,
    ) -> Result<Challenge, ClientError> {
        let request = StepUpRequest { scopes };
        self.ask_challenge("/v1/sessions/step-up/challenge", &request)
            .await
    }

    /// Proves the person again.
    pub async fn step_up(&mut self, answer: SignIn) -> Result<SteppedUp, ClientError> {
        self.api
            .post(&self.platform, "/v1/sessions/step-up", &answer)
            .await
    }

    async fn ask_challenge(
        &mut self,
        path: &str,
        request: &impl Serialize,
    ) -> Result<Challenge, ClientError> {
        let challenge: Challenge = self.api.post(&self.platform, path, request).await?;
        self.challenge = Some(challenge.challenge_id);
        Ok(challenge)
    }

    async fn load_identity(&mut self) -> Result<(), ClientError> {
        let stored: StoredIdentity = self.vault()?.get(IDENTITY).ok_or(ClientError::Unsealing)?;
        let secret = Zeroizing::new(stored.secret.array().ok_or(ClientError::Unsealing)?);
        if let Some(certificate) = stored.certificate {
            self.opened()?.identity = Some(Identity::new(&secret, certificate.0));
            return Ok(());
        }
        // Confirmed while this app was closed: the certificate is still to be fetched.
        let path = format!("/v1/enroll/{}", self.profile()?.enrollment_id);
        let status: EnrollStatus = self.api.get(&self.platform, &path).await?;
        let certificates = status.certificates.ok_or(ClientError::NotEnrolled)?;
        self.keep_certificate(&certificates.mls).await
    }

    async fn cache_share(&mut self, signed: &SignedIn) -> Result<(), ClientError> {
        let profile_has_prf = self.profile()?.prf;
        let nonce = random_bytes(&self.platform);
        let key = self
            .open
            .as_ref()
            .and_then(|open| open.offline_key.as_ref());
        let (Some(key), true, true) = (key, profile_has_prf, signed.offline_window_ms > 0) else {
            return self.drop_cached_share().await;
        };
        let cached = CachedShare {
            share: signed.share.clone(),
            until: signed.server_time + signed.offline_window_ms,
            seen: signed.server_time,
        };
        let plain = Zeroizing::new(serde_json::to_vec(&cached).unwrap_or_default());
        let sealed = key.seal(CACHED_SHARE, &plain, nonce);
        self.platform
            .commit(vec![(CACHED_SHARE.to_owned(), Some(sealed.clone()))])
            .await?;
        self.cached_share = Some(sealed);
        Ok(())
    }

    pub(crate) async fn drop_cached_share(&mut self) -> Result<(), ClientError> {
        if self.cached_share.take().is_some() {
            self.platform
                .commit(vec![(CACHED_SHARE.to_owned(), None)])
                .await?;
        }
        Ok(())
    }
}

fn offline_key(prf: &Prf) -> Option<StoreKey> {
    let second = prf.second.as_ref().filter(|second| second.len() >= 32)?;
    Some(StoreKey::derive(second, b"", "wardline dead spots v1"))
}
