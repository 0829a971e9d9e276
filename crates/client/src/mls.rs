//! MLS groups (RFC 9420) by openmls, with a journal for each.
//!
//! openmls reads and writes its state through a storage provider, synchronously. Here each operation
//! reads from the vault; what it changed goes into the vault when it has succeeded and leaves with
//! the next flush, so that the caller decides what is durable before a ciphertext leaves the device.

mod storage;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signer as _, SigningKey};
use openmls::prelude::{
    BasicCredential, Capabilities, Ciphersuite, Credential, CredentialType, CredentialWithKey,
    Extension, ExtensionType, Extensions, ExternalSender, GroupId as MlsGroupId, KeyPackage,
    LeafNodeIndex, LeafNodeParameters, MIXED_PLAINTEXT_WIRE_FORMAT_POLICY, Member, MlsGroup,
    MlsGroupCreateConfig, MlsGroupJoinConfig, MlsMessageBodyIn, MlsMessageIn,
    ProcessedMessageContent, ProtocolMessage, ProtocolVersion, Sender, SenderRatchetConfiguration,
    SignaturePublicKey, StagedCommit, StagedWelcome,
};
use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider as _;
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use tls_codec::DeserializeBytes as _;
use wardline_credential::x509;
use wardline_model::{B64, DeviceId, GroupId, MessageId, UserId};
use zeroize::Zeroizing;

use self::storage::{Changes, Provider, Storage, forget_group, group_prefix};
use crate::error::ClientError;
use crate::vault::Vault;

/// The ciphersuite of new groups: post-quantum hybrid (draft-ietf-mls-pq-ciphersuites, 0x004E).
pub const CIPHERSUITE: Ciphersuite = Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519;
/// The suite for groups with clients that lack the hybrid (RFC 9420 §17.1, 0x0001).
pub const CLASSICAL: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

/// Ciphertexts are padded to a multiple of this many bytes, so that their length says little.
pub const PADDING: usize = 128;
/// Epochs whose late messages can still be read. None: the delivery service takes a message in its
/// own epoch only, and one that is held back would be attributed to whoever has its leaf by then.
pub const PAST_EPOCHS: usize = 0;
/// How many messages of one sender may be missing before a message is refused.
pub const MAX_GAP: u32 = 2000;
/// How many keys of skipped messages are kept for late arrival.
pub const OUT_OF_ORDER: u32 = 64;
/// A device has one leaf in a group.
const TWICE: ClientError = ClientError::Untrusted("a device that is in a conversation twice");
/// What an entry is that cannot be opened.
const UNREADABLE: &str = "an entry could not be read";
/// The name by which groups know the delivery service.
const DELIVERY_SERVICE: &[u8] = b"wardline delivery service";

/// The device's MLS identity: its Ed25519 key and its certificate.
pub struct Identity {
    key: SigningKey,
    certificate: Vec<u8>,
}

impl Identity {
    /// From the secret key's 32 bytes and the certificate (DER).
    pub fn new(secret: &Zeroizing<[u8; 32]>, certificate: Vec<u8>) -> Self {
        Self {
            key: SigningKey::from_bytes(secret),
            certificate,
        }
    }

    /// Signs with the MLS key (for endorsements; MLS itself signs with its own labels).
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }

    /// Whether a claim is made with this device's key. A device id alone proves nothing: anyone who
    /// makes a group writes into it what they like.
    pub fn has_key_of(&self, claim: &Claim) -> bool {
        claim.signature_key == self.key.verifying_key().as_bytes()
    }

    /// Whether a claim is made with this device's certificate, to the byte.
    pub fn has_certificate_of(&self, claim: &Claim) -> bool {
        claim.credential == x509::mls_credential(&self.certificate)
    }

    /// Its public key.
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The last moment of its certificate, unix milliseconds; none where it cannot be read.
    pub fn not_after_ms(&self) -> Option<u64> {
        let summary = x509::summary(&self.certificate).ok()?;
        Some(summary.not_after_ms)
    }

    fn credential(&self) -> CredentialWithKey {
        CredentialWithKey {
            credential: Credential::new(
                CredentialType::X509,
                x509::mls_credential(&self.certificate),
            ),
            signature_key: SignaturePublicKey::from(self.key.verifying_key().as_bytes().as_slice()),
        }
    }
}

impl Signer for Identity {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.key.sign(payload).to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// The public key of an MLS secret key.
pub fn public_key(secret: &Zeroizing<[u8; 32]>) -> [u8; 32] {
    SigningKey::from_bytes(secret).verifying_key().to_bytes()
}

/// A device on a leaf, as its credential claims; to be verified before it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its leaf.
    pub leaf: u32,
    /// The person.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The content of the X.509 credential.
    pub credential: Vec<u8>,
    /// The leaf's signature key.
    pub signature_key: Vec<u8>,
}

/// A commit that was made but is not yet taken by the delivery service.
#[derive(Debug)]
pub struct PendingCommit {
    /// The commit.
    pub commit: B64,
    /// The Welcome for those added.
    pub welcome: Option<B64>,
    /// GroupInfo of the epoch that it makes.
    pub group_info: B64,
}

/// What an entry of a conversation's log turned out to be.
pub enum Incoming {
    /// A message of a member.
    Message {
        /// The device that sent it.
        from: Claim,
        /// The id under MLS authentication.
        id: MessageId,
        /// The content.
        content: Vec<u8>,
    },
    /// A commit, not yet merged: first its new members are to be verified.
    Commit {
        /// The member who made it; none where a device joined anew by it.
        by: Option<Claim>,
        /// What it would do.
        staged: Box<StagedCommit>,
        /// The device that joined anew by it, in its own leaf (RFC 9420 §12.4.3.2).
        rejoined: Option<DeviceId>,
        /// People whom its member removes; see [`Groups::commit`].
        dismissed: Vec<UserId>,
    },
    /// Our own commit came back: the pending one can be merged.
    OwnCommit {
        /// People whom it removes.
        dismissed: Vec<UserId>,
    },
    /// A proposal of the delivery service, now pending.
    Proposal,
    /// Our own message came back.
    OwnMessage,
    /// Of an epoch that this device was not in, or replayed.
    Past,
    /// A message that this device cannot open. Any member can send one, so it is no reason to give
    /// the conversation up.
    Unreadable,
}

/// All groups of this device. Loaded on first use; a failed operation drops the copy in memory.
#[derive(Default)]
pub struct Groups {
    crypto: RustCrypto,
    loaded: BTreeMap<GroupId, MlsGroup>,
}

impl Groups {
    /// Whether this device has the group's state.
    pub fn has(vault: &Vault, group: GroupId) -> bool {
        vault.range(&group_prefix(group)).next().is_some()
    }

    /// Makes a group with this device alone and gives its GroupInfo of epoch 0.
    pub fn create(
        &mut self,
        vault: &mut Vault,
        identity: &Identity,
        group: GroupId,
        suite: Ciphersuite,
        delivery_key: &[u8; 32],
    ) -> Result<B64, ClientError> {
        let provider = Provider::new(&self.crypto, vault, Changes::afresh(group));
        let sender = ExternalSender::new(
            SignaturePublicKey::from(delivery_key.as_slice()),
            Credential::from(BasicCredential::new(DELIVERY_SERVICE.to_vec())),
        );
        let extensions = Extensions::single(Extension::ExternalSenders(vec![sender]))
            .map_err(|_| ClientError::Mls("the group's extensions"))?;
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(suite)
            .wire_format_policy(MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .with_group_context_extensions(extensions)
            .capabilities(capabilities())
            .padding_size(PADDING)
            .max_past_epochs(PAST_EPOCHS)
            .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, MAX_GAP))
            .build();
        let id = MlsGroupId::from_slice(group.as_bytes());
        let made =
            MlsGroup::new_with_group_id(&provider, identity, &config, id, identity.credential())
                .map_err(|_| ClientError::Mls("the group could not be made"))?;
        let info = message_bytes(
            &made
                .export_group_info(provider.crypto(), identity, true)
                .map_err(|_| ClientError::Mls("the group's information"))?,
        )?;
        provider.into_changes().apply(vault);
        self.loaded.insert(group, made);
        Ok(info)
    }

    /// Makes a commit that adds devices, removes people with all of theirs, and carries out pending
    /// proposals.
    ///
    /// The people stand in the commit's authenticated data, too, 16 bytes each: a device whose
    /// removal the delivery service has proposed is not removed a second time, and without its
    /// person's name there nobody could tell that the person was meant as well.
    pub fn commit(
        &mut self,
        vault: &mut Vault,
        identity: &Identity,
        group: GroupId,
        add: &[B64],
        remove: &[UserId],
    ) -> Result<PendingCommit, ClientError> {
        let mut packages = Vec::with_capacity(add.len());
        for bytes in add {
            packages.push(read_key_package(&self.crypto, bytes)?);
        }
        self.change(vault, group, |group, provider| {
            let pending = pending_leaves(group);
            let leaves: Vec<LeafNodeIndex> = if remove.is_empty() {
                Vec::new()
            } else {
                claims(group.members())?
                    .into_iter()
                    .filter(|c| remove.contains(&c.user) && !pending.contains(&c.leaf))
                    .map(|c| LeafNodeIndex::new(c.leaf))
                    .collect()
            };
            group
                .clear_pending_commit(provider.storage())
                .map_err(|_| ClientError::Mls("a pending commit"))?;
            let people: Vec<u8> = remove.iter().flat_map(|user| *user.as_bytes()).collect();
            group.set_aad(people);
            let bundle = group
                .commit_builder()
                .propose_adds(packages)
                .propose_removals(leaves)
                .load_psks(provider.storage())
                .map_err(|_| ClientError::Mls("the group's keys"))?
                .create_group_info(true)
                .use_ratchet_tree_extension(true)
                .build(provider.rand(), provider.crypto(), identity, |_| true)
                .map_err(|_| ClientError::Mls("the commit could not be made"))?
                .stage_commit(provider)
                .map_err(|_| ClientError::Mls("the commit could not be kept"))?;
            let (commit, welcome, info) = bundle.into_messages();
            Ok(PendingCommit {
                commit: message_bytes(&commit)?,
                welcome: welcome.as_ref().map(message_bytes).transpose()?,
                group_info: message_bytes(&info.ok_or(ClientError::Mls("no group information"))?)?,
            })
        })
    }

    /// The delivery service took our commit: move to its epoch.
    pub fn merge_own(&mut self, vault: &mut Vault, group: GroupId) -> Result<(), ClientError> {
        self.change(vault, group, |group, provider| {
            group
                .merge_pending_commit(provider)
                .map_err(|_| ClientError::Mls("our commit could not be merged"))
        })
    }

    /// Another commit came first: forget ours.
    pub fn discard_own(&mut self, vault: &mut Vault, group: GroupId) -> Result<(), ClientError> {
        self.change(vault, group, |group, provider| {
            group
                .clear_pending_commit(provider.storage())
                .map_err(|_| ClientError::Mls("a pending commit"))
        })
    }

    /// Encrypts content; the ratchet's move must be durable before the ciphertext leaves.
    pub fn encrypt(
        &mut self,
        vault: &mut Vault,
        identity: &Identity,
        group: GroupId,
        id: MessageId,
        content: &[u8],
    ) -> Result<(B64, u64), ClientError> {
        self.change(vault, group, |group, provider| {
            group.set_aad(id.to_vec());
            let message = group
                .create_message(provider, identity, content)
                .map_err(|_| ClientError::Mls("a removal waits to be committed"))?;
            Ok((message_bytes(&message)?, group.epoch().as_u64()))
        })
    }

    /// Takes an entry of the group's log.
    pub fn process(
        &mut self,
        vault: &mut Vault,
        group: GroupId,
        body: &[u8],
    ) -> Result<Incoming, ClientError> {
        let message: ProtocolMessage = read_message(body)?
            .try_into_protocol_message()
            .map_err(|_| ClientError::Mls("not a group message"))?;
        let is_change = message.is_handshake_message();
        let read = self.change(vault, group, |group, provider| {
            let (of, now) = (message.epoch().as_u64(), group.epoch().as_u64());
            if of < now {
                return Ok(Incoming::Past);
            }
            let processed = group
                .process_message(provider, message)
                .map_err(|_| ClientError::Mls(UNREADABLE))?;
            let sender = processed.sender().clone();
            let credential = processed.credential().serialized_content().to_vec();
            let aad = processed.aad().to_vec();
            Ok(match processed.into_content() {
                ProcessedMessageContent::ApplicationMessage(message) => {
                    let Sender::Member(leaf) = sender else {
                        return Err(ClientError::Mls("a message of no member"));
                    };
                    let id = MessageId::from_slice(&aad).ok_or(ClientError::Mls(UNREADABLE))?;
                    let from = group
                        .member_at(leaf)
                        .ok_or(ClientError::Mls("a message of a former member"))?;
                    let from = member_claim(from)?;
                    if from.credential != credential {
                        return Err(ClientError::Untrusted("a message of another member"));
                    }
                    Incoming::Message {
                        from,
                        id,
                        content: message.into_bytes(),
                    }
                }
                ProcessedMessageContent::StagedCommitMessage(staged) => {
                    let by = match &sender {
                        Sender::Member(leaf) => group
                            .member_at(*leaf)
                            .and_then(|member| member_claim(member).ok()),
                        _ => None,
                    };
                    let rejoined = match (sender, staged.update_path_leaf_node()) {
                        (Sender::NewMemberCommit, Some(leaf)) => {
                            let claim = claim(u32::MAX, leaf)?;
                            let device = claim.device;
                            if !aad.is_empty() || !replaces_own_leaf(group, &staged, &claim)? {
                                return Err(ClientError::Untrusted(
                                    "a device that was no member joined by itself",
                                ));
                            }
                            Some(device)
                        }
                        _ => None,
                    };
                    Incoming::Commit {
                        by,
                        staged,
                        rejoined,
                        dismissed: people_of(&aad),
                    }
                }
                ProcessedMessageContent::OwnPendingCommit => Incoming::OwnCommit {
                    dismissed: people_of(&aad),
                },
                ProcessedMessageContent::OwnPrivateMessage => Incoming::OwnMessage,
                ProcessedMessageContent::ProposalMessage(proposal) => {
                    // openmls takes any proposal of an external sender; ours may only remove.
                    let removes =
                        matches!(proposal.proposal(), openmls::prelude::Proposal::Remove(_));
                    if !removes || !matches!(sender, Sender::External(_)) {
                        return Err(ClientError::Untrusted("a proposal that is no removal"));
                    }
                    group
                        .store_pending_proposal(provider.storage(), *proposal)
                        .map_err(|_| ClientError::Mls("a proposal could not be kept"))?;
                    Incoming::Proposal
                }
                ProcessedMessageContent::ExternalJoinProposalMessage(_) => {
                    return Err(ClientError::Mls("a proposal of a stranger"));
                }
            })
        });
        match read {
            Err(ClientError::Mls(UNREADABLE)) if !is_change => Ok(Incoming::Unreadable),
            read => read,
        }
    }

    /// The devices that a staged commit would bring in or change.
    pub fn newcomers(
        &mut self,
        vault: &Vault,
        group: GroupId,
        staged: &StagedCommit,
    ) -> Result<Vec<Claim>, ClientError> {
        let group = self.load(vault, group)?;
        let mut claims = Vec::new();
        for add in staged.add_proposals() {
            claims.push(claim(
                u32::MAX,
                add.add_proposal().key_package().leaf_node(),
            )?);
        }
        if let Some(leaf) = staged.update_path_leaf_node() {
            claims.push(claim(u32::MAX, leaf)?);
        }
        for update in staged.update_proposals() {
            claims.push(claim(u32::MAX, update.update_proposal().leaf_node())?);
        }
        let known = self::claims(group.members())?;
        claims.retain(|new| {
            !known.iter().any(|old| {
                old.credential == new.credential && old.signature_key == new.signature_key
            })
        });
        let removed: Vec<u32> = staged
            .remove_proposals()
            .map(|p| p.remove_proposal().removed().u32())
            .collect();
        let stay = known.iter().filter(|old| !removed.contains(&old.leaf));
        let devices: Vec<DeviceId> = stay.chain(&claims).map(|claim| claim.device).collect();
        if has_twice(&devices) {
            return Err(TWICE);
        }
        Ok(claims)
    }

    /// Whether a commit of this device waits to be taken.
    pub fn has_pending_commit(
        &mut self,
        vault: &Vault,
        group: GroupId,
    ) -> Result<bool, ClientError> {
        Ok(self.load(vault, group)?.pending_commit().is_some())
    }

    /// Merges a commit whose new members were verified. `false` when it removed this device.
    pub fn merge(
        &mut self,
        vault: &mut Vault,
        group: GroupId,
        staged: StagedCommit,
    ) -> Result<bool, ClientError> {
        let stays = !staged.self_removed();
        self.change(vault, group, |group, provider| {
            group
                .merge_staged_commit(provider, staged)
                .map_err(|_| ClientError::Mls("a commit could not be merged"))
        })?;
        Ok(stays)
    }

    /// Stages a Welcome with the key packages at hand: who is in the group, still to be verified.
    pub fn stage_welcome(
        &mut self,
        vault: &Vault,
        group: GroupId,
        welcome: &[u8],
    ) -> Result<Welcomed, ClientError> {
        let MlsMessageBodyIn::Welcome(welcome) = read_message(welcome)?.extract() else {
            return Err(ClientError::Mls("not a Welcome"));
        };
        let provider = Provider::new(&self.crypto, vault, Changes::afresh(group));
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .padding_size(PADDING)
            .max_past_epochs(PAST_EPOCHS)
            .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, MAX_GAP))
            .build();
        let staged = StagedWelcome::build_from_welcome(&provider, &config, welcome)
            .and_then(|builder| builder.replace_old_group().build())
            .map_err(|_| ClientError::Mls("the Welcome is not for this device"))?;
        if staged.group_context().group_id().as_slice() != group.as_bytes() {
            return Err(ClientError::Mls("the Welcome is for another conversation"));
        }
        let members = everyone(staged.members())?;
        let epoch = staged.group_context().epoch().as_u64();
        Ok(Welcomed {
            changes: provider.into_changes(),
            staged,
            members,
            epoch,
        })
    }

    /// Joins by a Welcome whose members were verified.
    pub fn join(
        &mut self,
        vault: &mut Vault,
        group: GroupId,
        welcomed: Welcomed,
    ) -> Result<(), ClientError> {
        let provider = Provider::new(&self.crypto, vault, welcomed.changes);
        let joined = welcomed
            .staged
            .into_group(&provider)
            .map_err(|_| ClientError::Mls("the conversation could not be joined"))?;
        provider.into_changes().apply(vault);
        self.loaded.insert(group, joined);
        Ok(())
    }

    /// Prepares to rejoin by an external commit that replaces this device's leaf (RFC 9420
    /// §12.4.3.2): who is in the group, still to be verified. Nothing is changed yet.
    pub fn stage_rejoin(
        &self,
        vault: &Vault,
        identity: &Identity,
        group: GroupId,
        group_info: &[u8],
    ) -> Result<Rejoining, ClientError> {
        let MlsMessageBodyIn::GroupInfo(info) = read_message(group_info)?.extract() else {
            return Err(ClientError::Mls("not a GroupInfo"));
        };
        let provider = Provider::new(&self.crypto, vault, Changes::afresh(group));
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .padding_size(PADDING)
            .max_past_epochs(PAST_EPOCHS)
            .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, MAX_GAP))
            .build();
        let failed = ClientError::Mls("the conversation could not be rejoined");
        let Ok(builder) = MlsGroup::external_commit_builder()
            .with_config(config)
            .build_group(&provider, info, identity.credential())
        else {
            return Err(failed);
        };
        let parameters = LeafNodeParameters::builder()
            .with_capabilities(capabilities())
            .build();
        let Ok(ready) = builder
            .leaf_node_parameters(parameters)
            .load_psks(provider.storage())
        else {
            return Err(failed);
        };
        let Ok(complete) = ready
            .create_group_info(true)
            .use_ratchet_tree_extension(true)
            .build(provider.rand(), provider.crypto(), identity, |_| true)
        else {
            return Err(failed);
        };
        let Ok((joined, bundle)) = complete.finalize(&provider) else {
            return Err(failed);
        };
        if joined.group_id().as_slice() != group.as_bytes() {
            return Err(ClientError::Untrusted("the keys of another conversation"));
        }
        let (commit, _, info) = bundle.into_messages();
        let commit = PendingCommit {
            commit: message_bytes(&commit)?,
            welcome: None,
            group_info: message_bytes(&info.ok_or(ClientError::Mls("no group information"))?)?,
        };
        let members = everyone(joined.members())?;
        Ok(Rejoining {
            changes: provider.into_changes(),
            joined,
            commit,
            members,
        })
    }

    /// Rejoins a group whose members were verified; gives the commit, which is still to be taken.
    pub fn rejoin(
        &mut self,
        vault: &mut Vault,
        group: GroupId,
        rejoining: Rejoining,
    ) -> PendingCommit {
        rejoining.changes.apply(vault);
        self.loaded.insert(group, rejoining.joined);
        rejoining.commit
    }

    /// Devices whose removal the delivery service has proposed and nobody has committed yet.
    pub fn pending_removals(
        &mut self,
        vault: &Vault,
        group: GroupId,
    ) -> Result<Vec<DeviceId>, ClientError> {
        let group = self.load(vault, group)?;
        let pending = pending_leaves(group);
        if pending.is_empty() {
            return Ok(Vec::new());
        }
        Ok(claims(group.members())?
            .into_iter()
            .filter(|claim| pending.contains(&claim.leaf))
            .map(|claim| claim.device)
            .collect())
    }

    /// Everyone in the group.
    pub fn members(&mut self, vault: &Vault, group: GroupId) -> Result<Vec<Claim>, ClientError> {
        claims(self.load(vault, group)?.members())
    }

    /// The group's epoch.
    pub fn epoch(&mut self, vault: &Vault, group: GroupId) -> Result<u64, ClientError> {
        Ok(self.load(vault, group)?.epoch().as_u64())
    }

    /// The group's ciphersuite.
    pub fn ciphersuite(
        &mut self,
        vault: &Vault,
        group: GroupId,
    ) -> Result<Ciphersuite, ClientError> {
        Ok(self.load(vault, group)?.ciphersuite())
    }

    /// Forgets a group's keys.
    pub fn forget(&mut self, vault: &mut Vault, group: GroupId) {
        self.loaded.remove(&group);
        forget_group(vault, group);
    }

    /// Does something with a group. What it changed goes into the vault if it succeeds; if it fails,
    /// the group in memory is dropped as well, and the next use starts from what the vault has.
    fn change<T>(
        &mut self,
        vault: &mut Vault,
        id: GroupId,
        operation: impl FnOnce(&mut MlsGroup, &Provider<'_>) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let mut group = match self.loaded.remove(&id) {
            Some(group) => group,
            None => load(vault, id)?,
        };
        let provider = Provider::new(&self.crypto, vault, Changes::of(id));
        let done = operation(&mut group, &provider)?;
        provider.into_changes().apply(vault);
        self.loaded.insert(id, group);
        Ok(done)
    }

    fn load(&mut self, vault: &Vault, group: GroupId) -> Result<&MlsGroup, ClientError> {
        Ok(match self.loaded.entry(group) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(load(vault, group)?),
        })
    }
}

/// A Welcome that was opened but not yet accepted.
pub struct Welcomed {
    changes: Changes,
    staged: StagedWelcome,
    /// Everyone in the group, to be verified.
    pub members: Vec<Claim>,
    /// The epoch that it leads to.
    pub epoch: u64,
}

/// Joining anew, prepared but not yet done.
pub struct Rejoining {
    changes: Changes,
    joined: MlsGroup,
    commit: PendingCommit,
    /// Everyone in the group, to be verified.
    pub members: Vec<Claim>,
}

fn load(vault: &Vault, group: GroupId) -> Result<MlsGroup, ClientError> {
    let id = MlsGroupId::from_slice(group.as_bytes());
    MlsGroup::load(&Storage::new(vault, Changes::of(group)), &id)
        .map_err(|_| ClientError::Mls("its keys on this device cannot be read"))?
        .ok_or(ClientError::Mls("this device has no keys for it"))
}

/// Whether an external commit does nothing but replace a leaf of its own device, with the same key,
/// and carry out what is pending. RFC 9420 §12.4.3.2 lets anyone in who holds the GroupInfo.
fn replaces_own_leaf(
    group: &MlsGroup,
    staged: &StagedCommit,
    new: &Claim,
) -> Result<bool, ClientError> {
    let own = claims(group.members())?
        .into_iter()
        .find(|old| {
            // Its certificate may have been renewed; whoever it is, is verified with the rest.
            (old.user, old.device) == (new.user, new.device)
                && old.signature_key == new.signature_key
        })
        .map(|old| old.leaf);
    let pending = pending_leaves(group);
    let removed: Vec<u32> = staged
        .remove_proposals()
        .map(|p| p.remove_proposal().removed().u32())
        .collect();
    Ok(own.is_some_and(|own| {
        removed.contains(&own)
            && removed
                .iter()
                .all(|leaf| *leaf == own || pending.contains(leaf))
            && staged.add_proposals().next().is_none()
    }))
}

/// Leaves whose removal is proposed; only the delivery service proposes, members commit.
fn pending_leaves(group: &MlsGroup) -> Vec<u32> {
    group
        .pending_proposals()
        .filter_map(|p| match p.proposal() {
            openmls::prelude::Proposal::Remove(r) => Some(r.removed().u32()),
            _ => None,
        })
        .collect()
}

/// Makes key packages and keeps their secrets in the vault. The last may be a last-resort one.
pub fn make_key_packages(
    vault: &mut Vault,
    identity: &Identity,
    suite: Ciphersuite,
    count: usize,
    last_resort: bool,
) -> Result<Vec<B64>, ClientError> {
    let crypto = RustCrypto::default();
    let provider = Provider::new(&crypto, vault, Changes::of_account());
    let mut packages = Vec::with_capacity(count);
    for _ in 0..count {
        let mut builder = KeyPackage::builder().leaf_node_capabilities(capabilities());
        if last_resort {
            builder = builder.mark_as_last_resort();
        }
        let bundle = builder
            .build(suite, &provider, identity, identity.credential())
            .map_err(|_| ClientError::Mls("a key package could not be made"))?;
        packages.push(message_bytes(&bundle.key_package().clone().into())?);
    }
    provider.into_changes().apply(vault);
    Ok(packages)
}

/// Whether this device can open any Welcome: it has private parts of key packages.
pub(crate) fn has_key_packages(vault: &Vault) -> bool {
    storage::has_key_packages(vault)
}

/// The device that a key package is for, as its credential claims.
pub fn key_package_claim(bytes: &B64) -> Result<Claim, ClientError> {
    claim(
        u32::MAX,
        read_key_package(&RustCrypto::default(), bytes)?.leaf_node(),
    )
}

fn capabilities() -> Capabilities {
    Capabilities::new(
        None,
        Some(&[CIPHERSUITE, CLASSICAL]),
        // RFC 9420 §7.2: a leaf lists what its key package uses.
        Some(&[ExtensionType::LastResort]),
        None,
        Some(&[CredentialType::X509, CredentialType::Basic]),
    )
}

fn claims(members: impl Iterator<Item = Member>) -> Result<Vec<Claim>, ClientError> {
    members.map(member_claim).collect()
}

fn member_claim(member: Member) -> Result<Claim, ClientError> {
    let credential = member.credential.serialized_content().to_vec();
    let (user, device) = x509::claimed_names(&credential)
        .map_err(|_| ClientError::Mls("a member without a name"))?;
    Ok(Claim {
        leaf: member.index.u32(),
        user,
        device,
        credential,
        signature_key: member.signature_key,
    })
}

/// Everyone in a group that this device did not see come about.
fn everyone(members: impl Iterator<Item = Member>) -> Result<Vec<Claim>, ClientError> {
    let claims = claims(members)?;
    let devices: Vec<DeviceId> = claims.iter().map(|claim| claim.device).collect();
    if has_twice(&devices) {
        return Err(TWICE);
    }
    Ok(claims)
}

fn has_twice(devices: &[DeviceId]) -> bool {
    let distinct: BTreeSet<&DeviceId> = devices.iter().collect();
    distinct.len() != devices.len()
}

fn claim(leaf: u32, node: &openmls::prelude::LeafNode) -> Result<Claim, ClientError> {
    let credential = node.credential().serialized_content().to_vec();
    let (user, device) = x509::claimed_names(&credential)
        .map_err(|_| ClientError::Mls("a member without a name"))?;
    Ok(Claim {
        leaf,
        user,
        device,
        credential,
        signature_key: node.signature_key().as_slice().to_vec(),
    })
}

/// The people whom a commit's member removes. What is no list of people names nobody.
fn people_of(aad: &[u8]) -> Vec<UserId> {
    let people: Option<Vec<UserId>> = aad.chunks(16).map(UserId::from_slice).collect();
    people.unwrap_or_default()
}

fn read_key_package(crypto: &RustCrypto, bytes: &B64) -> Result<KeyPackage, ClientError> {
    let MlsMessageBodyIn::KeyPackage(package) = read_message(&bytes.0)?.extract() else {
        return Err(ClientError::Mls("not a key package"));
    };
    package
        .validate(crypto, ProtocolVersion::Mls10)
        .map_err(|_| ClientError::Mls("a key package is not valid"))
}

fn read_message(bytes: &[u8]) -> Result<MlsMessageIn, ClientError> {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes)
        .map_err(|_| ClientError::Mls("not an MLS message"))
}

fn message_bytes(message: &openmls::prelude::MlsMessageOut) -> Result<B64, ClientError> {
    message
        .to_bytes()
        .map(B64)
        .map_err(|_| ClientError::Mls("a message could not be written"))
}
