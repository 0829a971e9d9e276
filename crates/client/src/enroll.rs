//! Enrolment: a code becomes a device.

use std::collections::BTreeMap;

use wardline_model::B64;
use wardline_model::code::confirmation_string;
use wardline_model::endorsement::{DeviceKeys, Duty, Endorsement, SignedEndorsement};
use wardline_model::wire::devices::{DeviceInfo, EndorseRequest};
use wardline_model::wire::enroll::{
    BindingClaims, DeviceState, EnrollFinish, EnrollFinished, EnrollStart, EnrollStarted,
    EnrollStatus, Platform as DevicePlatform,
};
use zeroize::Zeroizing;

use crate::client::{Client, Open, Prf};
use crate::conversation::Known;
use crate::error::ClientError;
use crate::http::sign_jws;
use crate::mls::{Groups, Identity, public_key};
use crate::platform::{DevicePublicKey, Event, Platform, random_bytes};
use crate::profile::{PROFILE, Profile, SEALED_PREFIX, Stage, StoredPins};
use crate::vault::{StoreKey, Vault};

/// The `typ` of the statement that binds a device's two keys.
const BINDING_TYPE: &str = "wardline-binding+jwt";
/// The vault's name for the device's own record.
pub(crate) const IDENTITY: &str = "identity";

/// The pins in an invitation's link.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LinkPins {
    /// SHA-256 of the server's TLS CA; the platform's business.
    pub ca: Option<B64>,
    /// The audit log's key.
    pub log: B64,
    /// The genesis endorsement's hash; absent for the first officer.
    #[serde(rename = "gen")]
    pub genesis: Option<B64>,
}

/// The device's own record in the vault.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct StoredIdentity {
    pub(crate) secret: B64,
    pub(crate) certificate: Option<B64>,
    /// Whether the key packages at the server have a former certificate, or one of them was used whose
    /// private parts are not here: others take the place of all.
    #[serde(default)]
    pub(crate) stale_packages: bool,
    /// When key packages were last doubted for a Welcome that did not open, unix milliseconds.
    #[serde(default)]
    pub(crate) doubted_at: u64,
}

/// What a new device shows beside its keys and its passkey.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// What attests the device key: certificates (DER), the leaf first.
    pub attestation: Option<Vec<B64>>,
    /// The hash of the privacy notice that the person accepted.
    pub accepted_notice: Option<B64>,
}

impl<P: Platform> Client<P> {
    /// Takes a code; the answer has the options for making a passkey.
    pub async fn enroll_start(
        &mut self,
        code: &str,
        device_name: &str,
        platform: DevicePlatform,
        pins: Option<LinkPins>,
    ) -> Result<EnrollStarted, ClientError> {
        if self
            .profile
            .as_ref()
            .is_some_and(|p| p.stage != Stage::Enrolling)
        {
            return Err(ClientError::Invalid("this device is enrolled already"));
        }
        let hospital = self.hospital().await?;
        if let Some(pins) = &pins {
            // The link came from the officer's screen, not from the server: it is what counts.
            if pins.log != hospital.log_key
                || (pins.genesis.is_some() && pins.genesis != hospital.genesis)
            {
                return Err(ClientError::Untrusted(
                    "this is not the hospital that the invitation is from",
                ));
            }
        }
        let start = EnrollStart {
            code: code.to_owned(),
            device_name: device_name.to_owned(),
            platform,
        };
        let started: EnrollStarted = self
            .api
            .post(&self.platform, "/v1/enroll/start", &start)
            .await?;
        self.profile = Some(Profile {
            stage: Stage::Enrolling,
            hospital: hospital.name,
            log_origin: hospital.log_origin,
            pins: StoredPins {
                log_key: hospital.log_key,
                genesis: hospital.genesis,
            },
            device_ca: hospital.device_ca,
            delivery_key: hospital.delivery_key,
            enrollment_id: started.enrollment_id,
            device_id: started.device_id,
            user: started.user.clone(),
            credential_id: None,
            prf: false,
            confirmation: None,
            lock_ms: None,
            position: false,
            attachments: None,
            call: None,
        });
        self.save_profile().await?;
        self.platform.emit(Event::Status);
        Ok(started)
    }

    /// Binds the two keys and the passkey; the answer is the string to compare.
    pub async fn enroll_finish(
        &mut self,
        credential: serde_json::Value,
        prf: Prf,
        more: Shown,
    ) -> Result<String, ClientError> {
        let profile = self.profile()?.clone();
        let secret = match self.fresh_key.take() {
            Some(secret) => secret,
            None => Zeroizing::new(random_bytes(&self.platform)),
        };
        self.fresh_key = Some(secret.clone());
        let mls_key = public_key(&secret);
        let claims = BindingClaims {
            aud: profile.log_origin.clone(),
            device_id: profile.device_id,
            user_id: profile.user.id,
            mls_key: mls_key.into(),
            iat: self.platform.now_ms() / 1000,
        };
        let binding = sign_jws(&self.platform, BINDING_TYPE, &claims).await?;
        let credential_id = credential
            .get("id")
            .and_then(|id| id.as_str())
            .map(str::to_owned);
        let finish = EnrollFinish {
            enrollment_id: profile.enrollment_id,
            binding,
            credential,
            attestation: more.attestation,
            accepted_notice: more.accepted_notice,
        };
        let finished: EnrollFinished = self
            .api
            .post(&self.platform, "/v1/enroll/finish", &finish)
            .await?;

        let keys = DeviceKeys {
            jkt: thumbprint(&self.platform.device_key()),
            mls_key,
        };
        let pins = profile
            .pins
            .pins()
            .ok_or(ClientError::Untrusted("the pins"))?;
        let confirmation = confirmation_string(profile.user.id, profile.device_id, &keys, &pins);

        let has_prf = prf.first.is_some();
        let key = self.store_key(&prf, &finished.share)?;
        let mut vault = Vault::open(key, &BTreeMap::new())?;
        vault.put(
            IDENTITY.to_owned(),
            &StoredIdentity {
                secret: B64::from(secret.as_slice()),
                certificate: None,
                stale_packages: false,
                doubted_at: 0,
            },
        );
        self.open = Some(Open {
            vault,
            identity: None,
            groups: Groups::default(),
            known: Known::default(),
            uploads: BTreeMap::new(),
            offline_key: None,
            online: true,
        });
        let profile = Profile {
            stage: Stage::Pending,
            credential_id,
            prf: has_prf,
            confirmation: Some(confirmation.clone()),
            ..profile
        };
        self.profile = Some(profile);
        self.flush().await?;
        self.save_profile().await?;
        self.fresh_key = None;
        if self.profile()?.pins.genesis.is_none() {
            self.admit_itself(&secret, &keys).await?;
        }
        self.platform.emit(Event::Status);
        Ok(confirmation)
    }

    /// Asks whether the device was confirmed.
    pub async fn enroll_poll(&mut self) -> Result<DeviceState, ClientError> {
        let path = format!("/v1/enroll/{}", self.profile()?.enrollment_id);
        let status: EnrollStatus = self.api.get(&self.platform, &path).await?;
        // A device that its program shuts out as soon as it was confirmed is enrolled all the same.
        if (status.state.is_in_use() || status.state == DeviceState::Quarantined)
            && let Some(certificates) = status.certificates
        {
            if let Some(profile) = self.profile.as_mut() {
                profile.stage = Stage::Ready;
                profile.confirmation = None;
            }
            if self.open.is_some() {
                self.keep_certificate(&certificates.mls).await?;
            }
            self.save_profile().await?;
            self.platform.emit(Event::Status);
        }
        Ok(status.state)
    }

    /// The first officer's device vouches for itself: the genesis, which the server takes once and
    /// only with the code that `wardline init` printed on the console.
    async fn admit_itself(
        &mut self,
        secret: &Zeroizing<[u8; 32]>,
        keys: &DeviceKeys,
    ) -> Result<(), ClientError> {
        let profile = self.profile()?;
        let device = profile.device_id;
        let now = self.platform.now_ms();
        let endorsement =
            Endorsement::new(profile.user.id, device, keys, Duty::Endorses, device, now);
        let signature = Identity::new(secret, Vec::new()).sign(&endorsement.signed_bytes());
        let genesis = endorsement.hash();
        let request = EndorseRequest {
            signed: SignedEndorsement {
                endorsement,
                signature: signature.into(),
            },
        };
        let path = format!("/v1/devices/{device}/endorsement");
        let _: DeviceInfo = self.api.post(&self.platform, &path, &request).await?;
        if let Some(profile) = self.profile.as_mut() {
            profile.pins.genesis = Some(genesis.into());
        }
        self.save_profile().await
    }

    /// Keeps the MLS certificate beside the key, and makes the identity usable.
    pub(crate) async fn keep_certificate(&mut self, certificate: &B64) -> Result<(), ClientError> {
        let open = self.opened()?;
        let mut stored: StoredIdentity = open.vault.get(IDENTITY).ok_or(ClientError::Unsealing)?;
        let secret = Zeroizing::new(stored.secret.array().ok_or(ClientError::Unsealing)?);
        let former = stored.certificate.as_ref();
        stored.stale_packages |= former.is_some_and(|former| former != certificate);
        stored.certificate = Some(certificate.clone());
        open.vault.put(IDENTITY.to_owned(), &stored);
        open.identity = Some(Identity::new(&secret, certificate.0.clone()));
        self.flush().await
    }

    /// The store's key. Without PRF a random secret of this process stands in, and nothing lasts.
    pub(crate) fn store_key(&mut self, prf: &Prf, share: &B64) -> Result<StoreKey, ClientError> {
        if share.0.len() != 32 {
            return Err(ClientError::Untrusted("the server's share"));
        }
        let first = match &prf.first {
            Some(first) if first.len() >= 32 => first.to_vec(),
            Some(_) => return Err(ClientError::Invalid("the passkey's output is too short")),
            None => {
                let platform = &self.platform;
                self.memory_secret
                    .get_or_insert_with(|| Zeroizing::new(random_bytes(platform)))
                    .to_vec()
            }
        };
        Ok(StoreKey::derive(
            &Zeroizing::new(first),
            &share.0,
            "wardline store v1",
        ))
    }

    /// Forgets everything on this device: for an enrolment that is given up, or a revoked device.
    pub async fn forget_device(&mut self) -> Result<(), ClientError> {
        self.forget_all(None).await
    }

    /// The same, with the profile that stands in the place of the one before, in one write.
    pub(crate) async fn forget_all(&mut self, profile: Option<Profile>) -> Result<(), ClientError> {
        let kept = profile.as_ref().map(serde_json::to_vec).transpose();
        let kept = kept.map_err(|_| ClientError::Invalid("a profile that is no JSON"))?;
        let mut changes = vec![
            (PROFILE.to_owned(), kept),
            (crate::profile::CACHED_SHARE.to_owned(), None),
            (crate::profile::KEYRING.to_owned(), None),
        ];
        changes.extend(
            self.sealed
                .keys()
                .map(|name| (format!("{SEALED_PREFIX}{name}"), None)),
        );
        self.platform.commit(changes).await?;
        self.sealed.clear();
        self.cached_share = None;
        self.sealed_ring = None;
        self.profile = profile;
        self.open = None;
        self.fresh_key = None;
        self.api.token = None;
        self.platform.emit(Event::Status);
        Ok(())
    }
}

/// The RFC 7638 thumbprint of the device's P-256 key.
pub(crate) fn thumbprint(key: &DevicePublicKey) -> [u8; 32] {
    use sha2::Digest as _;
    let (x, y) = (B64::from(key.x).encode(), B64::from(key.y).encode());
    let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    sha2::Sha256::digest(jwk).into()
}
