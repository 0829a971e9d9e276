//! The person's account: people, patients, devices, sessions, key packages.

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::json;
use wardline_credential::x509::mls_credential;
use wardline_model::code::confirmation_string;
use wardline_model::endorsement::{DeviceKeys, Duty, Endorsement, SignedEndorsement};
use wardline_model::wire::devices::{DeviceInfo, DeviceList, EndorseRequest};
use wardline_model::wire::directory::{
    Me, OnCallRole, PatientBanner, PatientList, PatientSearch, PeopleList, PersonHit, RoleList,
};
use wardline_model::wire::enroll::{BindingClaims, Certificates, Invite, InviteRequest};
use wardline_model::wire::keys::{KeyPackageCount, KeyPackageUpload};
use wardline_model::wire::sessions::{PositionUse, SessionInfo, SessionList};
use wardline_model::wire::socket::SocketTicket;
use wardline_model::{B64, DeviceId, PatientId, SessionId};

use crate::client::Client;
use crate::enroll::{IDENTITY, StoredIdentity, thumbprint};
use crate::error::ClientError;
use crate::http::query;
use crate::mls::{CIPHERSUITE, has_key_packages, make_key_packages};
use crate::platform::{DevicePublicKey, Event, Platform};
use crate::views::PendingDevice;

/// Single-use key packages kept at the server; replenished when fewer than half are left.
const KEY_PACKAGES: u64 = 20;
/// So long before a certificate's end it is renewed: a third of its year.
const RENEWS_MS: u64 = 122 * 24 * 60 * 60 * 1000;

impl<P: Platform> Client<P> {
    /// Who asks, on what. Whether this device claims a position is kept for the next sign-in, and
    /// whether it may have files and whom to call for dead spots.
    pub async fn me(&mut self) -> Result<Me, ClientError> {
        let me: Me = self.api.get(&self.platform, "/v1/me").await?;
        let position = me.position == PositionUse::On;
        if let Some(profile) = self.profile.as_mut()
            && (profile.position, &profile.attachments, &profile.call)
                != (position, &me.attachments, &me.call)
        {
            profile.position = position;
            profile.attachments.clone_from(&me.attachments);
            profile.call.clone_from(&me.call);
            self.save_profile().await?;
            self.platform.emit(Event::Status);
        }
        if me.attachments.as_ref().is_some_and(|files| !files.allowed) {
            self.drop_files().await?;
        }
        Ok(me)
    }

    /// People whose name begins so.
    pub async fn people(&mut self, text: &str) -> Result<Vec<PersonHit>, ClientError> {
        let path = format!("/v1/people?q={}", query(text));
        let list: PeopleList = self.api.get(&self.platform, &path).await?;
        Ok(list.people)
    }

    /// Roles that people take in turns, and who holds them.
    pub async fn roles(&mut self) -> Result<Vec<OnCallRole>, ClientError> {
        let list: RoleList = self.api.get(&self.platform, "/v1/roles").await?;
        Ok(list.roles)
    }

    /// Patients by name or record number. What is searched for is patient data: it travels in the
    /// body, never in the URL.
    pub async fn patients(&mut self, text: &str) -> Result<Vec<PatientBanner>, ClientError> {
        let body = PatientSearch { q: text.to_owned() };
        let list: PatientList = self
            .api
            .post(&self.platform, "/v1/patients/search", &body)
            .await?;
        Ok(list.patients)
    }

    /// One patient's banner.
    pub async fn patient(&mut self, id: &PatientId) -> Result<PatientBanner, ClientError> {
        self.api
            .get(&self.platform, &format!("/v1/patients/{id}"))
            .await
    }

    /// This person's devices; for officers, everyone's.
    pub async fn devices(&mut self) -> Result<Vec<DeviceInfo>, ClientError> {
        let list: DeviceList = self.api.get(&self.platform, "/v1/devices").await?;
        Ok(list.devices)
    }

    /// Devices that wait to be confirmed by this person, each with the string to compare. Those
    /// whose statement does not verify are left out.
    pub async fn pending_devices(&mut self) -> Result<Vec<PendingDevice>, ClientError> {
        let list: DeviceList = self
            .api
            .get(&self.platform, "/v1/devices?state=pending")
            .await?;
        let profile = self.profile()?;
        let pins = profile
            .pins
            .pins()
            .ok_or(ClientError::Untrusted("the pins"))?;
        let own = profile.device_id;
        Ok(list
            .devices
            .into_iter()
            .filter(|device| device.id != own)
            .filter_map(|device| {
                let keys = bound_keys(&device, &profile.log_origin)?;
                let confirmation = confirmation_string(device.user.id, device.id, &keys, &pins);
                Some(PendingDevice {
                    device,
                    confirmation,
                })
            })
            .collect())
    }

    /// Vouches for a device whose string was compared, with the duty that the person agreed to. A
    /// device that endorses nobody else has no duty to give.
    pub async fn confirm_device(
        &mut self,
        id: DeviceId,
        duty: Duty,
    ) -> Result<DeviceInfo, ClientError> {
        let pending = self
            .pending_devices()
            .await?
            .into_iter()
            .find(|pending| pending.device.id == id)
            .ok_or(ClientError::Invalid(
                "this device does not wait to be confirmed",
            ))?;
        let profile = self.profile()?;
        let keys = bound_keys(&pending.device, &profile.log_origin)
            .ok_or(ClientError::Untrusted("the device's statement"))?;
        let own = profile.device_id;
        let devices = self.devices().await?;
        let officer = devices
            .iter()
            .any(|d| d.id == own && d.duty == Duty::Endorses);
        let endorsement = Endorsement::new(
            pending.device.user.id,
            id,
            &keys,
            if officer { duty } else { Duty::None },
            own,
            self.platform.now_ms(),
        );
        let identity = self
            .opened()?
            .identity
            .as_ref()
            .ok_or(ClientError::NotEnrolled)?;
        let signature = B64::from(identity.sign(&endorsement.signed_bytes()));
        let request = EndorseRequest {
            signed: SignedEndorsement {
                endorsement,
                signature,
            },
        };
        let path = format!("/v1/devices/{id}/endorsement");
        let device = self.api.post(&self.platform, &path, &request).await?;
        self.platform.emit(Event::Devices);
        Ok(device)
    }

    /// Takes a device out of use for good.
    pub async fn revoke_device(&mut self, id: DeviceId) -> Result<(), ClientError> {
        self.raw(
            "POST",
            &format!("/v1/devices/{id}/revoke"),
            Some(b"{}".to_vec()),
        )
        .await?;
        self.platform.emit(Event::Devices);
        Ok(())
    }

    /// Invites a person to enrol a device; for enrolling officers.
    pub async fn invite(&mut self, request: &InviteRequest) -> Result<Invite, ClientError> {
        self.api.post(&self.platform, "/v1/invites", request).await
    }

    /// Live sessions of this person.
    pub async fn sessions(&mut self) -> Result<Vec<SessionInfo>, ClientError> {
        let list: SessionList = self.api.get(&self.platform, "/v1/sessions").await?;
        Ok(list.sessions)
    }

    /// Ends a session.
    pub async fn end_session(&mut self, id: SessionId) -> Result<(), ClientError> {
        self.raw("DELETE", &format!("/v1/sessions/{id}"), None)
            .await
            .map(|_| ())
    }

    /// Ends every session of this person, this one included.
    pub async fn end_all_sessions(&mut self) -> Result<(), ClientError> {
        self.raw("DELETE", "/v1/sessions", None).await?;
        self.lock();
        Ok(())
    }

    /// A ticket for the real-time socket.
    pub async fn socket_ticket(&mut self) -> Result<SocketTicket, ClientError> {
        self.api
            .post(&self.platform, "/v1/socket-tickets", &json!({}))
            .await
    }

    /// The address of the real-time socket.
    pub fn socket_url(&self) -> String {
        format!("{}/v1/socket", self.api.server.replacen("http", "ws", 1))
    }

    /// Has this device's certificates renewed when a third of their year is left: time enough for
    /// one that is away for months. Conversations keep the former one on its leaf, and are no worse
    /// for it.
    pub(crate) async fn renew(&mut self) -> Result<(), ClientError> {
        let now = self.platform.now_ms();
        let open = self.open.as_ref().ok_or(ClientError::Locked)?;
        let identity = open.identity.as_ref().ok_or(ClientError::NotEnrolled)?;
        let key = identity.public_key();
        let end = identity.not_after_ms();
        if end.is_none_or(|end| now.saturating_add(RENEWS_MS) < end) {
            return Ok(());
        }
        let renewed: Certificates = self
            .api
            .post(&self.platform, "/v1/device/certificates", &json!({}))
            .await?;
        let (device, user) = (self.profile()?.device_id, self.profile()?.user.id);
        let credential = mls_credential(&renewed.mls.0);
        let verifier = self.verifier()?;
        if !verifier.is_of(&credential, device, user, &key, Some(now)) {
            return Err(ClientError::Untrusted("the renewed certificate"));
        }
        self.keep_certificate(&renewed.mls).await
    }

    /// Keeps enough key packages at the server, secrets durable here before the packages leave.
    pub(crate) async fn replenish(&mut self) -> Result<(), ClientError> {
        let count: KeyPackageCount = self
            .api
            .get(&self.platform, "/v1/key-packages/count")
            .await?;
        let mut stored: StoredIdentity =
            self.vault()?.get(IDENTITY).ok_or(ClientError::Unsealing)?;
        let is_bare = !has_key_packages(self.vault()?);
        let anew = stored.stale_packages || !count.last_resort || is_bare;
        if count.available * 2 >= KEY_PACKAGES && !anew {
            return Ok(());
        }
        let kept = if anew { 0 } else { count.available };
        let missing = usize::try_from(KEY_PACKAGES.saturating_sub(kept)).unwrap_or(0);
        let open = self.open.as_mut().ok_or(ClientError::Locked)?;
        let identity = open.identity.as_ref().ok_or(ClientError::NotEnrolled)?;
        let packages = make_key_packages(&mut open.vault, identity, CIPHERSUITE, missing, false)?;
        let last_resort = if anew {
            make_key_packages(&mut open.vault, identity, CIPHERSUITE, 1, true)?.pop()
        } else {
            None
        };
        self.flush().await?;
        let upload = KeyPackageUpload {
            packages,
            last_resort,
        };
        let _: KeyPackageCount = self
            .api
            .post(&self.platform, "/v1/key-packages", &upload)
            .await?;
        if stored.stale_packages {
            stored.stale_packages = false;
            self.opened()?.vault.put(IDENTITY.to_owned(), &stored);
            self.flush().await?;
        }
        Ok(())
    }
}

/// The keys of a waiting device, when its own statement binds them (a JWS with the P-256 key in
/// its header).
fn bound_keys(device: &DeviceInfo, audience: &str) -> Option<DeviceKeys> {
    let binding = device.binding.as_deref()?;
    let (input, signature) = binding.rsplit_once('.')?;
    let (header, claims) = input.split_once('.')?;
    let header: serde_json::Value = serde_json::from_slice(&B64::decode(header)?.0).ok()?;
    let coordinate = |name: &str| {
        header
            .get("jwk")?
            .get(name)?
            .as_str()
            .and_then(B64::decode)?
            .array::<32>()
    };
    let key = DevicePublicKey {
        x: coordinate("x")?,
        y: coordinate("y")?,
    };
    let point = p256::EncodedPoint::from_affine_coordinates(&key.x.into(), &key.y.into(), false);
    let verifying = VerifyingKey::from_encoded_point(&point).ok()?;
    let signature = Signature::from_slice(&B64::decode(signature)?.0).ok()?;
    verifying.verify(input.as_bytes(), &signature).ok()?;
    let claims: BindingClaims = serde_json::from_slice(&B64::decode(claims)?.0).ok()?;
    let keys = DeviceKeys {
        jkt: thumbprint(&key),
        mls_key: claims.mls_key.array()?,
    };
    let fits = claims.aud == audience
        && claims.device_id == device.id
        && claims.user_id == device.user.id
        && device.jkt.0 == keys.jkt
        && device.mls_key.0 == keys.mls_key;
    fits.then_some(keys)
}
