//! Who is in a conversation: starting one, adding, removing, and admitting devices.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wardline_credential::NotAdmitted;
use wardline_model::endorsement::Duty;
use wardline_model::purpose::role_group;
use wardline_model::turns::{SignedTurn, SignedTurns, TurnOrder};
use wardline_model::wire::devices::{CredentialsAnswer, CredentialsRequest};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::groups::{
    CommitAccepted, CommitUpload, GroupCreate, GroupKind, GroupSummary,
};
use wardline_model::wire::keys::{ClaimAnswer, ClaimRequest, MAX_PEOPLE};
use wardline_model::{B64, DeviceId, GroupId, PatientId, RoleSlug, TeamId, UserId};

use crate::client::Client;
use crate::conversation;
use crate::error::ClientError;
use crate::listing::others;
use crate::mls::{CIPHERSUITE, Claim, PendingCommit, key_package_claim};
use crate::platform::{Event, Platform, random_bytes};
use crate::vault::Vault;

/// Devices asked about at a time.
const CREDENTIALS: usize = 200;
/// How often a commit is made anew because another came first.
const REBASES: usize = 8;
/// How long a person who adds people waits for endorsements that the log does not have yet,
/// milliseconds, attempt by attempt. The log takes part of a second; all of this is more than
/// another node needs to go on for a sequencer that died (the store's `LEASE_MS`, and its next look).
const LOG_WAITS_MS: [u32; 6] = [250, 500, 750, 1_000, 1_250, 1_500];
/// The vault's names of devices that were verified.
const ADMITTED: &str = "c/";
/// The vault's name for record keepers that were verified.
const KEEPERS: &str = "keepers";
/// The vault's name for programs that were verified.
const BOTS: &str = "bots";
/// The vault's name for those whom the server calls record keepers.
const NAMED_KEEPERS: &str = "named-keepers";

/// A conversation to be made.
pub(crate) struct New {
    pub(crate) kind: GroupKind,
    pub(crate) role: Option<RoleSlug>,
    pub(crate) patient_id: Option<PatientId>,
    pub(crate) team: Option<TeamId>,
}

/// A device that was verified up to the genesis.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AdmittedDevice {
    /// The content of its MLS credential.
    pub(crate) credential: B64,
    /// Its Ed25519 MLS key.
    pub(crate) mls_key: B64,
    /// Its person.
    pub(crate) person: PersonBrief,
    /// What it may do beyond its person's own business.
    pub(crate) duty: Duty,
    /// The device that vouched for it.
    pub(crate) endorser: DeviceId,
    /// Whose device that is.
    pub(crate) endorsed_by: UserId,
}

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
        if let Some(slug) = &role
            && let Some((group, present)) = self.of_role(slug, patient_id.as_ref())?
        {
            // The record keeper follows the role; where it has not yet, this person lets in whom
            // they see to be on call.
            let missing: Vec<UserId> = people.difference(&present).copied().collect();
            if !missing.is_empty() {
                self.add_people(group, &missing).await?;
            }
            return Ok(group);
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
        self.begin(
            people,
            New {
                kind,
                role,
                patient_id,
                team: None,
            },
        )
        .await
    }

    /// Starts a conversation with a code team, with a broadcast list, or with a patient's care team.
    /// The people are those whom the hospital names at this moment. A care team has one conversation,
    /// into which those who are not in it yet are let; a list is written to again where this person
    /// has written to the same people before; a code team comes together anew each time.
    pub async fn start_team(
        &mut self,
        kind: GroupKind,
        users: &[UserId],
        team: Option<TeamId>,
        patient_id: Option<PatientId>,
    ) -> Result<GroupId, ClientError> {
        let me = self.profile()?.user.id;
        let people: BTreeSet<UserId> = users.iter().copied().filter(|u| *u != me).collect();
        if people.is_empty() {
            return Err(ClientError::Invalid("nobody else is in this team now"));
        }
        let known = self.conversations_of(|summary| {
            let whose = kind != GroupKind::Broadcast || summary.created_by == Some(me);
            kind != GroupKind::Code
                && summary.kind == kind
                && summary.team == team
                && summary.patient_id == patient_id
                && whose
        })?;
        if kind == GroupKind::Team
            && let Some((group, present)) = known.first()
        {
            let missing: Vec<UserId> = people.difference(present).copied().collect();
            let group = *group;
            if !missing.is_empty() {
                self.add_people(group, &missing).await?;
            }
            return Ok(group);
        }
        if let Some((group, _)) = known.iter().find(|(_, present)| *present == people) {
            return Ok(*group);
        }
        self.begin(
            people,
            New {
                kind,
                role: None,
                patient_id,
                team,
            },
        )
        .await
    }

    async fn begin(&mut self, people: BTreeSet<UserId>, new: New) -> Result<GroupId, ClientError> {
        let me = self.profile()?.user.id;
        let mut everyone: Vec<UserId> = people.into_iter().collect();
        everyone.push(me);
        let mut add = self
            .claim_within(&LOG_WAITS_MS, &everyone, None, &[])
            .await?;
        add.extend(self.claim_keepers(&[]).await?);
        self.create(new, &add).await
    }

    /// Makes a group with these devices and registers it, in one request.
    pub(crate) async fn create(&mut self, new: New, add: &[B64]) -> Result<GroupId, ClientError> {
        let random = random_bytes(&self.platform);
        let group_id = match &new.role {
            Some(role) => role_group(role, &random),
            None => GroupId::from_random(random),
        };
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
            .commit(&mut open.vault, identity, group_id, add, &[])?;
        let create = GroupCreate {
            group_id,
            kind: new.kind,
            purpose: new.role.as_ref().map(|_| B64(random.to_vec())),
            role: new.role,
            patient_id: new.patient_id,
            team: new.team,
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
        let open = self.opened()?;
        let members = open.groups.members(&open.vault, group_id)?;
        if let Some(mut record) = conversation::record(&open.vault, group_id) {
            record.devices = members.iter().map(|c| (c.device, c.user)).collect();
            conversation::put_record(&mut open.vault, &record);
        }
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
        let add = self
            .claim_within(&LOG_WAITS_MS, users, None, &present)
            .await?;
        if add.is_empty() {
            return Ok(());
        }
        self.change_members(group, &add, &[]).await
    }

    /// Adds devices of a person who is in the conversation, or was until their device was lost.
    pub(crate) async fn add_devices(
        &mut self,
        group: GroupId,
        user: UserId,
        devices: &[DeviceId],
    ) -> Result<(), ClientError> {
        self.catch_up(group).await?;
        let present = self.devices_in(group)?;
        // Each claim takes a key package, for good.
        let missing: Vec<DeviceId> = devices
            .iter()
            .copied()
            .filter(|device| !present.contains(device))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let add = self.claim(&[user], Some(&missing), &present).await?;
        if add.is_empty() {
            return Ok(());
        }
        self.change_members(group, &add, &[]).await
    }

    /// Brings the record keeper into a conversation that began without one.
    pub(crate) async fn add_keeper(&mut self, group: GroupId) -> Result<(), ClientError> {
        let present = self.devices_in(group)?;
        let add = self.claim_keepers(&present).await?;
        if add.is_empty() {
            return Ok(());
        }
        self.change_members(group, &add, &[]).await
    }

    /// Removes a person with all their devices.
    pub async fn remove_person(&mut self, group: GroupId, user: UserId) -> Result<(), ClientError> {
        self.catch_up(group).await?;
        self.change_members(group, &[], &[user]).await
    }

    /// Makes a commit and brings it to the delivery service; when another came first, catches up
    /// and makes it anew. Carries out pending removals in any case.
    pub(crate) async fn change_members(
        &mut self,
        group: GroupId,
        add: &[B64],
        remove: &[UserId],
    ) -> Result<(), ClientError> {
        let path = format!("/v1/groups/{group}/commits");
        let open = self.opened()?;
        if open.groups.has_pending_commit(&open.vault, group)? {
            // It may have been taken, and only its answer lost: then it stands in the log.
            self.catch_up(group).await?;
        }
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
            let commit = open
                .groups
                .commit(&mut open.vault, identity, group, &still, remove)?;
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
                // Whether it was taken is not known: it is kept until the log tells.
                Err(error) if error.is_transient() => return Err(error),
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

    /// Verifies devices that are to be let in.
    pub(crate) async fn admit(&mut self, claims: &[Claim]) -> Result<(), ClientError> {
        let now = self.platform.now_ms();
        self.verify(claims, Some(now)).await
    }

    /// Verifies devices that are in a conversation already, as it was found.
    pub(crate) async fn recognize(&mut self, claims: &[Claim]) -> Result<(), ClientError> {
        self.verify(claims, None).await
    }

    /// Verifies devices by their certificates, endorsements and the log, and remembers those that
    /// pass. The claims must be of what was verified; `at_ms` where their certificates must be good
    /// then.
    async fn verify(&mut self, claims: &[Claim], at_ms: Option<u64>) -> Result<(), ClientError> {
        let own = self.profile()?.device_id;
        let mut unknown: Vec<DeviceId> = Vec::new();
        for claim in claims {
            if self.is_own(claim) || self.is_admitted(claim) {
                continue;
            }
            if claim.device == own {
                return Err(NotAdmitted::Mismatch.into());
            }
            unknown.push(claim.device);
        }
        for unknown in unknown.chunks(CREDENTIALS) {
            self.verify_some(claims, unknown, at_ms).await?;
        }
        Ok(())
    }

    pub(crate) async fn verify_some(
        &mut self,
        claims: &[Claim],
        unknown: &[DeviceId],
        at_ms: Option<u64>,
    ) -> Result<(), ClientError> {
        let verifier = self.verifier()?;
        let request = CredentialsRequest {
            device_ids: unknown.to_vec(),
        };
        let answer: CredentialsAnswer = self
            .api
            .post(&self.platform, "/v1/credentials", &request)
            .await?;
        for device in unknown.iter().copied() {
            let credential = answer
                .credentials
                .iter()
                .find(|c| c.device_id == device)
                .ok_or(NotAdmitted::Unknown)?;
            let admitted = match at_ms {
                Some(now) => verifier.admit(device, credential, now)?,
                None => verifier.recognize(device, credential)?,
            };
            let (user, key) = (admitted.user, admitted.keys.mls_key);
            for claim in claims.iter().filter(|claim| claim.device == device) {
                if claim.signature_key != key
                    || !verifier.is_of(&claim.credential, device, user, &key, at_ms)
                {
                    return Err(NotAdmitted::Mismatch.into());
                }
            }
            // A device keeps its person and its key: another statement about the same device does
            // not make it another one's.
            let before = self.admitted(device);
            if before.is_some_and(|before| {
                before.person.id != admitted.user || before.mls_key.0 != admitted.keys.mls_key
            }) {
                return Err(NotAdmitted::Mismatch.into());
            }
            let record = AdmittedDevice {
                credential: B64(admitted.credential),
                mls_key: B64(admitted.keys.mls_key.to_vec()),
                person: credential.user.clone(),
                duty: admitted.duty,
                endorser: admitted.endorser,
                endorsed_by: admitted.endorsed_by,
            };
            let vault = &mut self.opened()?.vault;
            vault.put(format!("{ADMITTED}{device}"), &record);
            if record.duty == Duty::KeepsRecords {
                let mut keepers = keepers(vault);
                keepers.insert(admitted.user);
                vault.put(KEEPERS.to_owned(), &keepers);
            }
            if record.duty == Duty::Bot {
                let mut bots = bots(vault);
                bots.insert(admitted.user);
                vault.put(BOTS.to_owned(), &bots);
            }
        }
        Ok(())
    }

    /// A device in use, looked up anew: its person and its MLS key.
    pub(crate) async fn look_up(
        &mut self,
        device: DeviceId,
    ) -> Result<(UserId, [u8; 32]), ClientError> {
        let now = self.platform.now_ms();
        self.verify_some(&[], &[device], Some(now)).await?;
        let known = self.admitted(device).ok_or(NotAdmitted::Unknown)?;
        let key = known.mls_key.array().ok_or(NotAdmitted::Mismatch)?;
        Ok((known.person.id, key))
    }

    /// [`Client::admit`], again after each of these waits (milliseconds) as long as a device is not
    /// known: its endorsement may be so new that the log does not have it yet.
    async fn admit_within(&mut self, waits: &[u32], claims: &[Claim]) -> Result<(), ClientError> {
        for wait in waits {
            match self.admit(claims).await {
                Err(ClientError::NotAdmitted(NotAdmitted::Unknown)) => {
                    self.platform.sleep(*wait).await;
                }
                verdict => return verdict,
            }
        }
        self.admit(claims).await
    }

    /// Key packages of the record keepers' devices, except of those that are in already. The
    /// server says who they are; a device counts when an officer's endorsement says so, too.
    async fn claim_keepers(&mut self, present: &[DeviceId]) -> Result<Vec<B64>, ClientError> {
        let named: Vec<UserId> = self.vault()?.get(NAMED_KEEPERS).unwrap_or_default();
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let packages = match self.claim(&named, None, present).await {
            Ok(packages) => packages,
            Err(error) if error.is_transient() => return Err(error),
            // A keeper that cannot be verified is not let in, and holds nobody up.
            Err(_) => return Ok(Vec::new()),
        };
        let mut keepers = Vec::with_capacity(packages.len());
        for package in packages {
            let device = key_package_claim(&package)?.device;
            if self
                .admitted(device)
                .is_some_and(|d| d.duty == Duty::KeepsRecords)
            {
                keepers.push(package);
            }
        }
        Ok(keepers)
    }

    /// Claims key packages of people's devices, or of those named among them, verified, except of
    /// devices that are in already.
    pub(crate) async fn claim(
        &mut self,
        users: &[UserId],
        only: Option<&[DeviceId]>,
        present: &[DeviceId],
    ) -> Result<Vec<B64>, ClientError> {
        self.claim_within(&[], users, only, present).await
    }

    /// [`Client::claim`], which gives the log some time for endorsements of a moment ago, see
    /// [`Client::admit_within`].
    async fn claim_within(
        &mut self,
        waits: &[u32],
        users: &[UserId],
        only: Option<&[DeviceId]>,
        present: &[DeviceId],
    ) -> Result<Vec<B64>, ClientError> {
        let own = self.profile()?.device_id;
        let me = self.profile()?.user.id;
        if users.iter().filter(|user| **user != me).count() > MAX_PEOPLE {
            return Err(ClientError::Invalid(
                "at most 500 other people at once; choose fewer, and add the others afterwards",
            ));
        }
        let request = ClaimRequest {
            user_ids: users.to_vec(),
            device_ids: only.map(<[DeviceId]>::to_vec),
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
            if !answers(&claim, users, only, &claims)
                || claim.device != claimed.device_id
                || claim.user != claimed.user_id
            {
                return Err(NotAdmitted::Mismatch.into());
            }
            claims.push(claim);
            packages.push(claimed.key_package);
        }
        let kept = self.admissible(waits, &claims).await?;
        packages.retain({
            let mut kept = kept.into_iter();
            move |_| kept.next().unwrap_or(false)
        });
        Ok(packages)
    }

    /// Which of these devices can be verified. One that cannot, such as a server's own, is left out
    /// and keeps nobody from writing to its person's others; another person of whom no device is
    /// left is an error.
    async fn admissible(
        &mut self,
        waits: &[u32],
        claims: &[Claim],
    ) -> Result<Vec<bool>, ClientError> {
        let failed = match self.admit_within(waits, claims).await {
            Ok(()) => return Ok(vec![true; claims.len()]),
            Err(failed @ ClientError::NotAdmitted(_)) => failed,
            Err(error) => return Err(error),
        };
        let mut kept = Vec::with_capacity(claims.len());
        for claim in claims {
            match self.admit(std::slice::from_ref(claim)).await {
                Ok(()) => kept.push(true),
                Err(ClientError::NotAdmitted(_)) => kept.push(false),
                Err(error) => return Err(error),
            }
        }
        let me = self.profile()?.user.id;
        let mut reached: BTreeSet<UserId> = claims
            .iter()
            .zip(&kept)
            .filter(|(_, kept)| **kept)
            .map(|(claim, _)| claim.user)
            .collect();
        reached.insert(me);
        if claims.iter().all(|claim| reached.contains(&claim.user)) {
            Ok(kept)
        } else {
            Err(failed)
        }
    }

    /// Whether a device was verified, with this credential and this key on its leaf: MLS does not
    /// compare the two.
    pub(crate) fn is_admitted(&self, claim: &Claim) -> bool {
        self.admitted(claim.device).is_some_and(|known| {
            known.mls_key.0 == claim.signature_key
                && (known.credential.0 == claim.credential
                    || self.is_certified(claim, claim.device, known.person.id))
        })
    }

    /// Whether a leaf is this device's.
    pub(crate) fn is_own(&self, claim: &Claim) -> bool {
        let identity = self.open.as_ref().and_then(|open| open.identity.as_ref());
        let (Some(identity), Ok(profile)) = (identity, self.profile()) else {
            return false;
        };
        identity.has_key_of(claim)
            && (identity.has_certificate_of(claim)
                || self.is_certified(claim, profile.device_id, profile.user.id))
    }

    /// Whether a claim's own certificate, which may be a former one, says that its key is that of a
    /// device of a person.
    fn is_certified(&self, claim: &Claim, device: DeviceId, user: UserId) -> bool {
        let (Ok(verifier), Ok(key)) = (
            self.verifier(),
            <[u8; 32]>::try_from(claim.signature_key.as_slice()),
        ) else {
            return false;
        };
        verifier.is_of(&claim.credential, device, user, &key, None)
    }

    /// What was verified of a device.
    pub(crate) fn admitted(&self, device: DeviceId) -> Option<AdmittedDevice> {
        self.vault().ok()?.get(&format!("{ADMITTED}{device}"))
    }

    /// Who a person is, as the server said it when a device of theirs was verified.
    pub(crate) fn admitted_person(&self, user: UserId) -> Option<PersonBrief> {
        self.vault()
            .ok()?
            .range(ADMITTED)
            .filter_map(|(_, value)| serde_json::from_slice::<AdmittedDevice>(value).ok())
            .map(|device| device.person)
            .find(|person| person.id == user)
    }

    /// Whether a device was verified, and as a record keeper's.
    pub(crate) fn is_keeper(&self, claim: &Claim) -> bool {
        self.is_admitted(claim)
            && self
                .admitted(claim.device)
                .is_some_and(|device| device.duty == Duty::KeepsRecords)
    }

    /// Takes the server's word for who the record keepers are; see [`Client::claim_keepers`].
    pub(crate) fn note_keepers(&mut self, named: &[UserId]) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        let before: Vec<UserId> = vault.get(NAMED_KEEPERS).unwrap_or_default();
        if before != named {
            vault.put(NAMED_KEEPERS.to_owned(), &named);
        }
        Ok(())
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
        let known = self.conversations_of(|summary| {
            summary.kind != GroupKind::Keeper
                && summary.team.is_none()
                && summary.role.as_ref() == role
                && summary.patient_id.as_ref() == patient
        })?;
        let same = known.into_iter().find(|(_, present)| present == people);
        Ok(same.map(|(group, _)| group))
    }

    /// A conversation of this person with a role about a patient or none, and who else is in it.
    /// Whoever holds the role changes, and the conversation stays.
    fn of_role(
        &self,
        role: &RoleSlug,
        patient: Option<&PatientId>,
    ) -> Result<Option<(GroupId, BTreeSet<UserId>)>, ClientError> {
        let known = self.conversations_of(|summary| {
            summary.kind == GroupKind::Role
                && summary.role.as_ref() == Some(role)
                && summary.patient_id.as_ref() == patient
                && summary.purpose.is_some()
        })?;
        Ok(known.into_iter().next())
    }

    /// The conversations that this device is in and that are so, and who else is in each.
    fn conversations_of(
        &self,
        is_so: impl Fn(&GroupSummary) -> bool,
    ) -> Result<Vec<(GroupId, BTreeSet<UserId>)>, ClientError> {
        let me = self.profile()?.user.id;
        let vault = self.vault()?;
        Ok(conversation::records(vault)
            .into_iter()
            .filter(|record| record.joined && is_so(&record.summary))
            .map(|record| (record.summary.id, others(&record, me, vault)))
            .collect())
    }

    /// Signs who has a role for a time, with this device's MLS key. What the signature is worth is for
    /// the record keeper to say, by the duty of this device.
    pub fn sign_turns(
        &mut self,
        role: RoleSlug,
        (from, until): (u64, u64),
        turns: Vec<SignedTurn>,
    ) -> Result<SignedTurns, ClientError> {
        let order = TurnOrder {
            v: 1,
            kind: TurnOrder::TYPE.to_owned(),
            role,
            from,
            until,
            turns,
            signer: self.profile()?.device_id,
            issued_at: self.platform.now_ms(),
        };
        if !order.is_sound() {
            return Err(ClientError::Invalid("these are no turns of that time"));
        }
        let open = self.opened()?;
        let identity = open.identity.as_ref().ok_or(ClientError::NotEnrolled)?;
        let signature = identity.sign(&order.signed_bytes()).into();
        Ok(SignedTurns { order, signature })
    }
}

/// Record keepers whose devices were verified as such.
pub(crate) fn keepers(vault: &Vault) -> BTreeSet<UserId> {
    vault.get(KEEPERS).unwrap_or_default()
}

/// Programs whose devices were verified as such.
pub(crate) fn bots(vault: &Vault) -> BTreeSet<UserId> {
    vault.get(BOTS).unwrap_or_default()
}

/// Whether a key package answers what was asked, and for the first time: nobody else comes in with
/// those who were asked for.
fn answers(claim: &Claim, users: &[UserId], only: Option<&[DeviceId]>, before: &[Claim]) -> bool {
    users.contains(&claim.user)
        && only.is_none_or(|only| only.contains(&claim.device))
        && before.iter().all(|other| other.device != claim.device)
}

fn upload(commit: PendingCommit) -> CommitUpload {
    CommitUpload {
        commit: commit.commit,
        welcome: commit.welcome,
        group_info: commit.group_info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_held_to_the_question() {
        let claim = |user: u8, device: u8| Claim {
            leaf: 0,
            user: UserId::from_bytes([user; 16]),
            device: DeviceId::from_bytes([device; 16]),
            credential: Vec::new(),
            signature_key: Vec::new(),
        };
        let (ben, phone) = (claim(1, 1), DeviceId::from_bytes([1; 16]));
        let users = [ben.user];
        assert!(answers(&ben, &users, None, &[]));
        assert!(answers(&ben, &users, Some(&[phone]), &[]));
        assert!(!answers(&claim(2, 2), &users, None, &[]), "someone else");
        let other_phone = claim(1, 3);
        assert!(answers(&other_phone, &users, None, &[]));
        assert!(
            !answers(&other_phone, &users, Some(&[phone]), &[]),
            "another device of theirs"
        );
        let seen = [ben.clone()];
        assert!(!answers(&ben, &users, None, &seen), "twice");
    }
}
