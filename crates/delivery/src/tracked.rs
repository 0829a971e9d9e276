//! A group's public state, as the delivery service follows it.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;

use ed25519_dalek::{Signer as _, SigningKey};
use openmls::messages::group_info::VerifiableGroupInfo;
use openmls::prelude::{
    BasicCredential, Credential, CredentialType, ExternalProposal, ExternalSender, GroupContext,
    GroupId as MlsGroupId, LeafNodeIndex, MlsMessageBodyIn, OpenMlsSignaturePublicKey,
    ProcessedMessageContent, ProposalStore, PublicGroup, RatchetTreeIn, Sender,
    SenderExtensionIndex, SignaturePublicKey, Verifiable as _,
};
use openmls_rust_crypto::{MemoryStorage, OpenMlsRustCrypto, RustCrypto};
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use sha2::{Digest as _, Sha256};
use tls_codec::{DeserializeBytes as _, Serialize as _, VLBytes};
use wardline_credential::DeviceCa;
use wardline_credential::x509::claimed_names;
use wardline_model::{DeviceId, GroupId, UserId};

use crate::Refusal;
use crate::message::{CIPHERSUITES, mls_message, protocol_message};

/// The name by which groups know the delivery service (RFC 9420 §12.1.8.1).
pub const DELIVERY_SERVICE: &[u8] = b"wardline delivery service";

/// The delivery service's signing key: an external sender in every group, for Remove only.
pub struct DeliveryKey(SigningKey);

impl DeliveryKey {
    /// Takes the 32 secret bytes of an Ed25519 key.
    pub fn from_bytes(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The public key, which every group context names.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
}

impl Signer for DeliveryKey {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.0.sign(payload).to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// The external sender that every group context must hold, and nothing beside it.
pub fn external_sender(delivery_key: &[u8; 32]) -> ExternalSender {
    ExternalSender::new(
        SignaturePublicKey::from(delivery_key.as_slice()),
        Credential::from(BasicCredential::new(DELIVERY_SERVICE.to_vec())),
    )
}

/// A device on a leaf of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its leaf.
    pub leaf: u32,
    /// The person.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
}

/// How a device came to be in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// Where it sits.
    pub member: Member,
    /// Whether it joined by itself, by an external commit: then no Welcome is for it.
    pub by_itself: bool,
}

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitEffect {
    /// The epoch it made.
    pub epoch: u64,
    /// Devices that joined.
    pub joined: Vec<Joined>,
    /// Devices that left.
    pub left: Vec<Member>,
    /// People whom its member removed, as the commit's authenticated data names them: also those
    /// who had no device there any more.
    pub dismissed: Vec<UserId>,
}

/// A group's public state, with the proposals that wait for a commit.
#[derive(Debug)]
pub struct Tracked {
    group: PublicGroup,
    storage: MemoryStorage,
}

struct Stored {
    id: Vec<u8>,
    values: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Stored {
    /// A digest over a list of byte strings (RFC 9420 §2.1.2): the id, then keys and values in turn.
    fn write(self) -> Vec<u8> {
        let mut list = vec![VLBytes::new(self.id)];
        for (key, value) in self.values {
            list.push(VLBytes::new(key));
            list.push(VLBytes::new(value));
        }
        // A list of byte strings into a Vec: there is no way for this to fail below 1 GiB.
        let list = list.tls_serialize_detached().unwrap_or_default();
        [Sha256::digest(&list).as_slice(), &list].concat()
    }

    /// What is damaged is noticed here: openmls panics over values that it cannot read.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (digest, list) = bytes.split_first_chunk::<32>()?;
        if Sha256::digest(list).as_slice() != digest {
            return None;
        }
        let mut list = Vec::<VLBytes>::tls_deserialize_exact_bytes(list)
            .ok()?
            .into_iter();
        let id = list.next()?.as_slice().to_vec();
        let mut values = Vec::new();
        while let Some(key) = list.next() {
            values.push((key.as_slice().to_vec(), list.next()?.as_slice().to_vec()));
        }
        Some(Self { id, values })
    }
}

impl Tracked {
    /// Starts to follow a new group from its GroupInfo of epoch 0, whose only member is `creator`.
    pub fn create(
        id: GroupId,
        group_info: &[u8],
        creator: DeviceId,
        delivery_key: &[u8; 32],
        ca: &DeviceCa,
        now_ms: u64,
    ) -> Result<Self, Refusal> {
        let info = group_info_of(group_info)?;
        let tree = tree_of(&info)?;
        if info.group_id().as_slice() != id.as_bytes() {
            return Err(Refusal::WrongGroup);
        }
        if !CIPHERSUITES.contains(&info.ciphersuite()) {
            return Err(Refusal::Ciphersuite);
        }
        let storage = MemoryStorage::default();
        let (group, _) = PublicGroup::from_external(
            &RustCrypto::default(),
            &storage,
            tree,
            info,
            ProposalStore::new(),
        )
        .map_err(|_| Refusal::Invalid)?;
        let tracked = Self { group, storage };
        tracked.check_context(delivery_key)?;
        let members = tracked.members()?;
        if members.len() != 1 || members.iter().any(|member| member.device != creator) {
            return Err(Refusal::WrongSender);
        }
        tracked.check_leaves(&[0], ca, now_ms)?;
        Ok(tracked)
    }

    /// Reads a state written by [`Tracked::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let stored: Stored = Stored::read(bytes).ok_or(Refusal::State)?;
        let storage = MemoryStorage::default();
        *storage
            .values
            .write()
            .unwrap_or_else(PoisonError::into_inner) =
            stored.values.into_iter().collect::<HashMap<_, _>>();
        let id = MlsGroupId::from_slice(&stored.id);
        let group = PublicGroup::load(&storage, &id)
            .map_err(|_| Refusal::State)?
            .ok_or(Refusal::State)?;
        Ok(Self { group, storage })
    }

    /// The state for storage.
    pub fn to_bytes(&self) -> Vec<u8> {
        let values = self
            .storage
            .values
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let mut values: Vec<_> = values
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        values.sort_unstable();
        Stored {
            id: self.group.group_id().to_vec(),
            values,
        }
        .write()
    }

    /// The current epoch.
    pub fn epoch(&self) -> u64 {
        self.group.group_context().epoch().as_u64()
    }

    /// The ciphersuite's number.
    pub fn ciphersuite(&self) -> u16 {
        self.group.ciphersuite().into()
    }

    /// Every device in the group.
    pub fn members(&self) -> Result<Vec<Member>, Refusal> {
        self.group
            .members()
            .map(|member| {
                let (user, device) = claimed_names(member.credential.serialized_content())
                    .map_err(|_| Refusal::Credential)?;
                Ok(Member {
                    leaf: member.index.u32(),
                    user,
                    device,
                })
            })
            .collect()
    }

    /// Takes a commit: of the current epoch, valid, by `sender`, bringing in certified devices
    /// only, and carrying out what is pending. `group_info` must describe the epoch that it makes.
    pub fn apply_commit(
        &mut self,
        commit: &[u8],
        group_info: &[u8],
        sender: DeviceId,
        delivery_key: &[u8; 32],
        ca: &DeviceCa,
        now_ms: u64,
    ) -> Result<CommitEffect, Refusal> {
        let message = protocol_message(commit)?;
        if message.group_id() != self.group.group_id() {
            return Err(Refusal::WrongGroup);
        }
        if message.epoch() != self.group.group_context().epoch() {
            return Err(Refusal::EpochConflict {
                current: self.epoch(),
            });
        }
        let before: BTreeSet<Member> = self.members()?.into_iter().collect();
        let known: Vec<(u32, Credential, Vec<u8>)> = self.identities();
        let pending = self.pending_leaves();

        let processed = self
            .group
            .process_message(&RustCrypto::default(), message)
            .map_err(|_| Refusal::Invalid)?;
        let external = match processed.sender() {
            Sender::Member(leaf) => {
                let by_sender = before
                    .iter()
                    .any(|m| m.leaf == leaf.u32() && m.device == sender);
                if !by_sender {
                    return Err(Refusal::WrongSender);
                }
                false
            }
            Sender::NewMemberCommit => true,
            Sender::External(_) | Sender::NewMemberProposal => return Err(Refusal::WrongSender),
        };
        let dismissed: Vec<UserId> = processed
            .aad()
            .chunks(16)
            .map(|id| UserId::from_slice(id).ok_or(Refusal::Malformed))
            .collect::<Result<_, _>>()?;
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err(Refusal::Malformed);
        };
        let removed: BTreeSet<u32> = staged
            .remove_proposals()
            .map(|p| p.remove_proposal().removed().u32())
            .collect();
        if !pending.is_subset(&removed) {
            return Err(Refusal::CommitRequired);
        }
        if external {
            // RFC 9420 §12.4.3.2 lets anyone in who holds the GroupInfo; we let a device replace
            // its own leaf, and do nothing else.
            let own: BTreeSet<u32> = before
                .iter()
                .filter(|m| m.device == sender)
                .map(|m| m.leaf)
                .collect();
            if own.is_empty() || removed != own || !dismissed.is_empty() {
                return Err(Refusal::ExternalJoin);
            }
        }

        let mut next = Self::from_bytes(&self.to_bytes())?;
        next.group
            .merge_commit(&next.storage, *staged)
            .map_err(|_| Refusal::State)?;
        next.check_context(delivery_key)?;
        let after: BTreeSet<Member> = next.members()?.into_iter().collect();
        let joined: Vec<Joined> = after
            .iter()
            .filter(|m| !before.contains(m) || removed.contains(&m.leaf))
            .map(|m| Joined {
                member: *m,
                by_itself: external && m.device == sender,
            })
            .collect();
        if external && joined.iter().any(|j| j.member.device != sender) {
            return Err(Refusal::ExternalJoin);
        }
        // Every certificate that is not as it was is checked: an update may change a credential.
        // One that has run out since it was let in holds up nobody.
        let leaves: Vec<u32> = next
            .identities()
            .into_iter()
            .filter(|identity| !known.contains(identity))
            .map(|(leaf, ..)| leaf)
            .collect();
        next.check_leaves(&leaves, ca, now_ms)?;
        let devices: BTreeSet<DeviceId> = after.iter().map(|m| m.device).collect();
        if devices.len() != after.len() {
            return Err(Refusal::Credential);
        }
        next.check_info(&group_info_of(group_info)?, sender)?;

        let left = before
            .iter()
            .filter(|m| removed.contains(&m.leaf) && !devices.contains(&m.device))
            .copied()
            .collect();
        let effect = CommitEffect {
            epoch: next.epoch(),
            joined,
            left,
            dismissed,
        };
        *self = next;
        Ok(effect)
    }

    /// Proposes to remove devices, as the groups' external sender. Returns the proposals to put in
    /// the log; until a commit carries them out, [`Tracked::removal_pending`] is true.
    pub fn propose_removals(
        &mut self,
        devices: &[DeviceId],
        key: &DeliveryKey,
    ) -> Result<Vec<Vec<u8>>, Refusal> {
        let already = self.pending_leaves();
        let leaves: Vec<u32> = self
            .members()?
            .into_iter()
            .filter(|m| devices.contains(&m.device) && !already.contains(&m.leaf))
            .map(|m| m.leaf)
            .collect();
        let mut proposals = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            let proposal = ExternalProposal::new_remove::<OpenMlsRustCrypto>(
                LeafNodeIndex::new(leaf),
                self.group.group_id().clone(),
                self.group.group_context().epoch(),
                key,
                SenderExtensionIndex::new(0),
            )
            .map_err(|_| Refusal::Invalid)?;
            let bytes = proposal.to_bytes().map_err(|_| Refusal::Invalid)?;
            let processed = self
                .group
                .process_message(&RustCrypto::default(), protocol_message(&bytes)?)
                .map_err(|_| Refusal::Invalid)?;
            let ProcessedMessageContent::ProposalMessage(queued) = processed.into_content() else {
                return Err(Refusal::Malformed);
            };
            self.group
                .add_proposal(&self.storage, *queued)
                .map_err(|_| Refusal::State)?;
            proposals.push(bytes);
        }
        Ok(proposals)
    }

    /// Whether a removal waits for a commit; application messages are refused meanwhile.
    pub fn removal_pending(&self) -> bool {
        !self.pending_leaves().is_empty()
    }

    fn pending_leaves(&self) -> BTreeSet<u32> {
        let Ok(queued) = self.group.queued_proposals(&self.storage) else {
            return BTreeSet::new();
        };
        queued
            .iter()
            .filter_map(|(_, proposal)| match proposal.proposal() {
                openmls::prelude::Proposal::Remove(remove) => Some(remove.removed().u32()),
                _ => None,
            })
            .collect()
    }

    fn check_context(&self, delivery_key: &[u8; 32]) -> Result<(), Refusal> {
        let context: &GroupContext = self.group.group_context();
        let senders = context
            .extensions()
            .external_senders()
            .ok_or(Refusal::Context)?;
        if senders.as_slice() == [external_sender(delivery_key)] {
            Ok(())
        } else {
            Err(Refusal::Context)
        }
    }

    /// A device that lost its state comes back by the stored GroupInfo alone (RFC 9420 §12.4.3.2),
    /// so it must hold this epoch's context and tree, under the committer's signature.
    fn check_info(&self, info: &VerifiableGroupInfo, committer: DeviceId) -> Result<(), Refusal> {
        let leaf = self.members()?.into_iter().find(|m| m.device == committer);
        let key = leaf
            .and_then(|member| self.group.leaf(LeafNodeIndex::new(member.leaf)))
            .ok_or(Refusal::GroupInfo)?
            .signature_key()
            .clone();
        let key = OpenMlsSignaturePublicKey::from_signature_key(key, SignatureScheme::ED25519);
        let tree = RatchetTreeIn::from(self.group.export_ratchet_tree());
        let fits = info.group_context() == self.group.group_context()
            && tree_of(info)? == tree
            && info.verify_no_out(&RustCrypto::default(), &key).is_ok();
        if fits {
            Ok(())
        } else {
            Err(Refusal::GroupInfo)
        }
    }

    /// What stands on each leaf.
    fn identities(&self) -> Vec<(u32, Credential, Vec<u8>)> {
        self.group
            .members()
            .map(|m| (m.index.u32(), m.credential, m.signature_key))
            .collect()
    }

    fn check_leaves(&self, leaves: &[u32], ca: &DeviceCa, now_ms: u64) -> Result<(), Refusal> {
        for leaf in leaves {
            let node = self
                .group
                .leaf(LeafNodeIndex::new(*leaf))
                .ok_or(Refusal::Credential)?;
            if node.credential().credential_type() != CredentialType::X509 {
                return Err(Refusal::Credential);
            }
            ca.verify_mls(
                node.credential().serialized_content(),
                node.signature_key().as_slice(),
                now_ms,
            )
            .map_err(|_| Refusal::Credential)?;
        }
        Ok(())
    }
}

fn group_info_of(bytes: &[u8]) -> Result<VerifiableGroupInfo, Refusal> {
    match mls_message(bytes)?.extract() {
        MlsMessageBodyIn::GroupInfo(info) => Ok(info),
        _ => Err(Refusal::Malformed),
    }
}

fn tree_of(info: &VerifiableGroupInfo) -> Result<RatchetTreeIn, Refusal> {
    info.extensions()
        .ratchet_tree()
        .map(|extension| extension.ratchet_tree().clone())
        .ok_or(Refusal::GroupInfo)
}
