//! Who is in a conversation: starting one, adding, removing, and admitting devices.

use std::collections::BTreeSet;

use wardline_credential::NotAdmitted;
use wardline_model::wire::devices::{CredentialsAnswer, CredentialsRequest};
use wardline_model::wire::groups::{CommitAccepted, CommitUpload, GroupCreate, GroupKind};
use wardline_model::wire::keys::{ClaimAnswer, ClaimRequest};
use wardline_model::{B64, DeviceId, GroupId, PatientId, RoleSlug, UserId};

use crate::client::Client;
use crate::conversation;
use crate::error::ClientError;
use crate::mls::{CIPHERSUITE, Claim, PendingCommit, key_package_claim};
use crate::platform::{Event, Platform, random_bytes};

/// How often a commit is made anew because another came first.
const REBASES: usize = 8;
/// The vault's names of devices that were verified.
const ADMITTED: &str = "c/";

impl<P: Platform> Client<P> {
    /// Starts a conversation with people, or with whoever holds a role, about a patient or not. An
    /// existing conversation of the same two people about the same patient is used again.
    pub async fn start(
        &mut self,
        users: &[UserId],
        role: Option<RoleSlug>,
        patient_id: Option<PatientId>,
    ) -> Result<GroupId, ClientError> {
        let me = self.profile()?.user.id;
        let mut people: BTreeSet<UserId> = users.iter().copied().filter(|u| *u != me).collect();
        if let Some(slug) = &role {
            let holder = self
                .roles()
                .await?
                .into_iter()
                .find(|r| r.slug == *slug)
                .ok_or(ClientError::Invalid("there is no such role"))?
                .holder
                .ok_or(ClientError::Invalid("nobody holds this role now"))?;
            people.insert(holder.id);
            people.remove(&me);
        }
        if people.is_empty() {
            return Err(ClientError::Invalid("choose at least one other person"));
        }
        if let Some(existing) = self.existing(&people, role.as_ref(), patient_id.as_ref())? {
            return Ok(existing);
        }
        let kind = match (&role, people.len()) {
            (Some(_), _) => GroupKind::Role,
            (None, 1) => GroupKind::Direct,
            (None, _) => GroupKind::Group,
        };
        let group_id = GroupId::from_random(random_bytes(&self.platform));
        let mut everyone: Vec<UserId> = people.iter().copied().collect();
        everyone.push(me);
        let add = self.claim(&everyone, &[]).await?;
        let delivery_key = self
            .profile()?
            .delivery_key
            .array()
            .ok_or(ClientError::Untrusted("the delivery service's key"))?;
        let open = self.open.as_mut().ok_or(ClientError::Locked)?;
        let identity = open.identity.as_ref().ok_or(ClientError::NotEnrolled)?;
        let group_info = open.groups.create(
            &mut open.vault,
            identity,
            group_id,
            CIPHERSUITE,
            &delivery_key,
        )?;
        let commit = open
            .groups
            .commit(&mut open.vault, identity, group_id, &add, &[])?;
        let create = GroupCreate {
            group_id,
            kind,
            role,
            patient_id,
            group_info,
            first_commit: Some(upload(commit)),
        };
        self.flush().await?;
        let key = group_id.to_string();
        let taken: Result<CommitAccepted, _> = self
            .api
            .post_once(&self.platform, "/v1/groups", &key, &create)
            .await;
        let open = self.opened()?;
        match taken {
            Ok(_) => open.groups.merge_own(&mut open.vault, group_id)?,
            // Perhaps it was taken and the answer lost: then the next sync finds it.
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                open.groups.forget(&mut open.vault, group_id);
                self.flush().await?;
                return Err(error);
            }
        }
        self.flush().await?;
        self.refresh().await?;
        self.catch_up(group_id).await?;
        self.platform.emit(Event::Conversations);
        Ok(group_id)
    }

    /// Adds people with all their devices.
    pub async fn add_people(
        &mut self,
        group: GroupId,
        users: &[UserId],
    ) -> Result<(), ClientError> {
        self.catch_up(group).await?;
        let present = self.devices_in(group)?;
        let add = self.claim(users, &present).await?;
        if add.is_empty() {
            return Ok(());
        }
        self.change_members(group, &add, &[]).await
    }

    /// Removes a person with all their devices.
    pub async fn remove_person(&mut self, group: GroupId, user: UserId) -> Result<(), ClientError> {
        self.catch_up(group).await?;
        let open = self.opened()?;
        let devices: Vec<DeviceId> = open
            .groups
            .members(&open.vault, group)?
            .into_iter()
            .filter(|c| c.user == user)
            .map(|c| c.device)
            .collect();
        self.change_members(group, &[], &devices).await
    }

    /// Makes a commit and brings it to the delivery service; when another came first, catches up
    /// and makes it anew. Carries out pending removals in any case.
    pub(crate) async fn change_members(
        &mut self,
        group: GroupId,
        add: &[B64],
        remove: &[DeviceId],
    ) -> Result<(), ClientError> {
        let path = format!("/v1/groups/{group}/commits");
        for _ in 0..REBASES {
            let open = self.open.as_mut().ok_or(ClientError::Locked)?;
            let identity = open.identity.as_ref().ok_or(ClientError::NotEnrolled)?;
            let present: BTreeSet<DeviceId> = open
                .groups
                .members(&open.vault, group)?
                .into_iter()
                .map(|c| c.device)
                .collect();
            let mut still = Vec::new();
            for package in add {
                if !present.contains(&key_package_claim(package)?.device) {
                    still.push(package.clone());
                }
            }
            let remove: Vec<DeviceId> = remove
                .iter()
                .copied()
                .filter(|d| present.contains(d))
                .collect();
            let commit = open
                .groups
                .commit(&mut open.vault, identity, group, &still, &remove)?;
            self.flush().await?;
            let taken: Result<CommitAccepted, _> =
                self.api.post(&self.platform, &path, &upload(commit)).await;
            match taken {
                Ok(_) => {
                    // The commit comes back in the log and is merged there, in its place.
                    return self.catch_up(group).await;
                }
                Err(error)
                    if error.is_problem("epoch-conflict")
                        || error.is_problem("commit-required") =>
                {
                    let open = self.opened()?;
                    open.groups.discard_own(&mut open.vault, group)?;
                    self.flush().await?;
                    self.catch_up(group).await?;
                }
                Err(error) => {
                    let open = self.opened()?;
                    open.groups.discard_own(&mut open.vault, group)?;
                    self.flush().await?;
                    return Err(error);
                }
            }
        }
        Err(ClientError::Mls(
            "the conversation changes too fast; try again",
        ))
    }

    /// Verifies devices by their certificates, endorsements and the log, and remembers those that
    /// pass. The claims must be what was verified, to the byte.
    pub(crate) async fn admit(&mut self, claims: &[Claim]) -> Result<(), ClientError> {
        let own = self.profile()?.device_id;
        let unknown: Vec<DeviceId> = claims
            .iter()
            .filter(|claim| claim.device != own && !self.is_admitted(claim))
            .map(|claim| claim.device)
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let verifier = self.verifier()?;
        let request = CredentialsRequest {
            device_ids: unknown.clone(),
        };
        let answer: CredentialsAnswer = self
            .api
            .post(&self.platform, "/v1/credentials", &request)
            .await?;
        let now = self.platform.now_ms();
        for device in unknown {
            let credential = answer
                .credentials
                .iter()
                .find(|c| c.device_id == device)
                .ok_or(NotAdmitted::Unknown)?;
            let admitted = verifier.admit(device, credential, now)?;
            for claim in claims.iter().filter(|claim| claim.device == device) {
                if claim.user != admitted.user
                    || claim.credential != admitted.credential
                    || claim.signature_key != admitted.keys.mls_key
                {
                    return Err(NotAdmitted::Mismatch.into());
                }
            }
            let person = credential.user.clone();
            let vault = &mut self.opened()?.vault;
            vault.put(
                format!("{ADMITTED}{device}"),
                &(admitted.credential, person),
            );
        }
        Ok(())
    }

    /// Claims key packages of people's devices, verified, except of devices that are in already.
    async fn claim(
        &mut self,
        users: &[UserId],
        present: &[DeviceId],
    ) -> Result<Vec<B64>, ClientError> {
        let own = self.profile()?.device_id;
        let me = self.profile()?.user.id;
        let request = ClaimRequest {
            user_ids: users.to_vec(),
            ciphersuite: CIPHERSUITE.into(),
        };
        let answer: ClaimAnswer = self
            .api
            .post(&self.platform, "/v1/key-packages/claim", &request)
            .await?;
        if let Some(missing) = answer.unreachable.iter().find(|u| **u != me) {
            let name = self
                .person_name(*missing)
                .unwrap_or_else(|| "One of the people".to_owned());
            return Err(ClientError::Unreachable(name));
        }
        let mut packages = Vec::new();
        let mut claims = Vec::new();
        for claimed in answer.packages {
            if claimed.device_id == own || present.contains(&claimed.device_id) {
                continue;
            }
            let claim = key_package_claim(&claimed.key_package)?;
            if claim.device != claimed.device_id || claim.user != claimed.user_id {
                return Err(NotAdmitted::Mismatch.into());
            }
            claims.push(claim);
            packages.push(claimed.key_package);
        }
        self.admit(&claims).await?;
        Ok(packages)
    }

    pub(crate) fn is_admitted(&self, claim: &Claim) -> bool {
        let name = format!("{ADMITTED}{}", claim.device);
        let admitted: Option<(Vec<u8>, serde_json::Value)> =
            self.vault().ok().and_then(|vault| vault.get(&name));
        // The certificate holds the signature key, which MLS compared with the leaf's.
        admitted.is_some_and(|(credential, _)| credential == claim.credential)
    }

    fn devices_in(&mut self, group: GroupId) -> Result<Vec<DeviceId>, ClientError> {
        let open = self.opened()?;
        Ok(open
            .groups
            .members(&open.vault, group)?
            .into_iter()
            .map(|c| c.device)
            .collect())
    }

    fn existing(
        &self,
        people: &BTreeSet<UserId>,
        role: Option<&RoleSlug>,
        patient: Option<&PatientId>,
    ) -> Result<Option<GroupId>, ClientError> {
        let me = self.profile()?.user.id;
        Ok(conversation::records(self.vault()?)
            .into_iter()
            .filter(|record| record.joined)
            .find(|record| {
                let members: BTreeSet<UserId> = record
                    .summary
                    .members
                    .iter()
                    .map(|m| m.user.id)
                    .filter(|u| *u != me)
                    .collect();
                members == *people
                    && record.summary.role.as_ref() == role
                    && record.summary.patient_id.as_ref() == patient
            })
            .map(|record| record.summary.id))
    }
}

fn upload(commit: PendingCommit) -> CommitUpload {
    CommitUpload {
        commit: commit.commit,
        welcome: commit.welcome,
        group_info: commit.group_info,
    }
}
