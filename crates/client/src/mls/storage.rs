//! The values of openmls in the vault.
//!
//! openmls keeps its state value by value through a storage provider. The one here lives for a
//! single operation: it reads what the vault has and notes what is written and deleted beside it.
//! When the operation has succeeded, [`Changes::apply`] moves what was noted into the vault; when it
//! has failed, nothing is there to be undone. No value is in memory twice.
//!
//! Values are written in postcard's format, whose byte strings take as many bytes as they have; in
//! JSON they take three to four times that, and all of it is sealed and written for each message.
//! The format names no fields. A release of openmls that stores a type in another way cannot read
//! what stands in the vault, and must not be taken without reading it by the old one first.

use std::cell::RefCell;
use std::collections::BTreeMap;

use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider;
use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use wardline_model::{B64, GroupId};
use zeroize::Zeroizing;

use crate::vault::Vault;

const GROUP_PREFIX: &str = "m/";
const ACCOUNT_PREFIX: &str = "k/";

/// How the names of a group's values begin.
pub(super) fn group_prefix(group: GroupId) -> String {
    format!("{GROUP_PREFIX}{group}/")
}

/// Deletes a group's values.
pub(super) fn forget_group(vault: &mut Vault, group: GroupId) {
    forget(vault, &group_prefix(group));
}

/// Whether the private parts of any key package are here; of those that were handed in the last resort
/// stays until others take its place.
pub(super) fn has_key_packages(vault: &Vault) -> bool {
    vault.range(ACCOUNT_PREFIX).next().is_some()
}

fn forget(vault: &mut Vault, prefix: &str) {
    let names: Vec<String> = vault
        .range(prefix)
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in names {
        vault.delete(&name);
    }
}

/// Why a value could not be stored or read.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum StorageError {
    /// It has no form in bytes.
    #[error("a value cannot be written")]
    Unwritable,
    /// What is stored is not what was written.
    #[error("a stored value cannot be read")]
    Damaged,
}

/// What an operation changed, by the values' names in the vault.
pub(super) struct Changes {
    /// How the names of the operation's values begin, except those of key packages.
    prefix: String,
    /// Whether earlier values with this prefix are over: they are not read, and go.
    afresh: bool,
    /// What was written, and `None` for what was deleted.
    values: BTreeMap<String, Option<Zeroizing<Vec<u8>>>>,
}

impl Changes {
    /// To a group's state as it stands.
    pub(super) fn of(group: GroupId) -> Self {
        Self {
            prefix: group_prefix(group),
            afresh: false,
            values: BTreeMap::new(),
        }
    }

    /// To a group that starts from nothing, whatever is stored.
    pub(super) fn afresh(group: GroupId) -> Self {
        Self {
            afresh: true,
            ..Self::of(group)
        }
    }

    /// To what belongs to no group.
    pub(super) fn of_account() -> Self {
        Self {
            prefix: ACCOUNT_PREFIX.to_owned(),
            afresh: false,
            values: BTreeMap::new(),
        }
    }

    /// Puts what was written into the vault and deletes what was deleted.
    pub(super) fn apply(self, vault: &mut Vault) {
        if self.afresh {
            forget(vault, &self.prefix);
        }
        for (name, value) in self.values {
            match value {
                Some(mut value) => vault.put_bytes(name, std::mem::take(&mut *value)),
                None => vault.delete(&name),
            }
        }
    }
}

/// What openmls needs for one operation: cryptography, randomness and storage.
pub(super) struct Provider<'a> {
    crypto: &'a RustCrypto,
    storage: Storage<'a>,
}

impl<'a> Provider<'a> {
    /// Over what the vault has and what is already changed.
    pub(super) fn new(crypto: &'a RustCrypto, vault: &'a Vault, changes: Changes) -> Self {
        Self {
            crypto,
            storage: Storage::new(vault, changes),
        }
    }

    /// What was changed.
    pub(super) fn into_changes(self) -> Changes {
        self.storage.changes.into_inner()
    }
}

impl<'a> OpenMlsProvider for Provider<'a> {
    type CryptoProvider = RustCrypto;
    type RandProvider = RustCrypto;
    type StorageProvider = Storage<'a>;

    fn storage(&self) -> &Storage<'a> {
        &self.storage
    }

    fn crypto(&self) -> &RustCrypto {
        self.crypto
    }

    fn rand(&self) -> &RustCrypto {
        self.crypto
    }
}

/// The vault's values as openmls sees them during one operation.
pub(super) struct Storage<'a> {
    vault: &'a Vault,
    // The trait's methods write through a shared reference. Only the first few functions below
    // borrow it, and none of them calls another while it does so to write.
    changes: RefCell<Changes>,
}

impl<'a> Storage<'a> {
    /// Over what the vault has and what is already changed.
    pub(super) fn new(vault: &'a Vault, changes: Changes) -> Self {
        Self {
            vault,
            changes: RefCell::new(changes),
        }
    }

    /// A value's name in the vault. The digest keeps names short and all of one length.
    fn name(&self, label: &str, key: &impl Serialize) -> Result<String, StorageError> {
        let digest = Sha256::digest(encode(&(CURRENT_VERSION, label, key))?);
        let changes = self.changes.borrow();
        // A key package is the device's, also when it is used up by joining a group.
        let prefix = match label {
            KEY_PACKAGE => ACCOUNT_PREFIX,
            _ => &changes.prefix,
        };
        Ok(format!("{prefix}{}", B64::from(&digest[..16]).encode()))
    }

    /// What the vault has under a name, without the changes.
    fn before(&self, name: &str) -> Option<&[u8]> {
        let changes = self.changes.borrow();
        let over = changes.afresh && name.starts_with(&changes.prefix);
        if over { None } else { self.vault.bytes(name) }
    }

    fn put_bytes(&self, name: String, value: Vec<u8>) {
        // openmls writes values that are as they were, too; these need not be sealed again.
        let same = self.before(&name) == Some(value.as_slice());
        let values = &mut self.changes.borrow_mut().values;
        if same {
            values.remove(&name);
        } else {
            values.insert(name, Some(Zeroizing::new(value)));
        }
    }

    fn decoded<V>(
        &self,
        name: &str,
        decode: impl FnOnce(&[u8]) -> Result<V, StorageError>,
    ) -> Result<Option<V>, StorageError> {
        if let Some(changed) = self.changes.borrow().values.get(name) {
            return changed.as_ref().map(|value| decode(value)).transpose();
        }
        self.before(name).map(decode).transpose()
    }

    fn write(
        &self,
        label: &str,
        key: &impl Serialize,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), StorageError> {
        self.put_bytes(self.name(label, key)?, encode(value)?);
        Ok(())
    }

    fn read<V: DeserializeOwned>(
        &self,
        label: &str,
        key: &impl Serialize,
    ) -> Result<Option<V>, StorageError> {
        self.decoded(&self.name(label, key)?, decode)
    }

    fn delete(&self, label: &str, key: &impl Serialize) -> Result<(), StorageError> {
        let name = self.name(label, key)?;
        self.changes.borrow_mut().values.insert(name, None);
        Ok(())
    }

    /// The items of a list, each in its own bytes: so that they can be compared without their types.
    fn items(&self, label: &str, key: &impl Serialize) -> Result<Vec<Vec<u8>>, StorageError> {
        Ok(self.read(label, key)?.unwrap_or_default())
    }

    fn list<V: DeserializeOwned>(
        &self,
        label: &str,
        key: &impl Serialize,
    ) -> Result<Vec<V>, StorageError> {
        self.items(label, key)?
            .iter()
            .map(|item| decode(item))
            .collect()
    }

    fn append(
        &self,
        label: &str,
        key: &impl Serialize,
        item: &impl Serialize,
    ) -> Result<(), StorageError> {
        let mut items = self.items(label, key)?;
        items.push(encode(item)?);
        self.write(label, key, &items)
    }

    fn remove(
        &self,
        label: &str,
        key: &impl Serialize,
        item: &impl Serialize,
    ) -> Result<(), StorageError> {
        let mut items = self.items(label, key)?;
        let item = encode(item)?;
        items.retain(|other| *other != item);
        self.write(label, key, &items)
    }
}

fn encode(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, StorageError> {
    postcard::to_extend(value, Vec::new()).map_err(|_| StorageError::Unwritable)
}

fn decode<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, StorageError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        _ => Err(StorageError::Damaged),
    }
}

/// The methods that write, read and delete a value that has one key.
macro_rules! value {
    (
        $label:expr;
        $write:ident<$($w:ident: $write_bound:ident),*>,
        $read:ident<$($r:ident: $read_bound:ident),*>,
        $delete:ident<$($d:ident: $delete_bound:ident),*>
    ) => {
        fn $write<$($w: traits::$write_bound<CURRENT_VERSION>),*>(
            &self,
            key: &K,
            value: &V,
        ) -> Result<(), StorageError> {
            self.write($label, key, value)
        }

        fn $read<$($r: traits::$read_bound<CURRENT_VERSION>),*>(
            &self,
            key: &K,
        ) -> Result<Option<V>, StorageError> {
            self.read($label, key)
        }

        fn $delete<$($d: traits::$delete_bound<CURRENT_VERSION>),*>(
            &self,
            key: &K,
        ) -> Result<(), StorageError> {
            self.delete($label, key)
        }
    };
}

// `K` is a value's key and `V` the value, in the order in which the trait names them.
impl StorageProvider<CURRENT_VERSION> for Storage<'_> {
    type Error = StorageError;

    value!(
        "Tree";
        write_tree<K: GroupId, V: TreeSync>,
        tree<K: GroupId, V: TreeSync>,
        delete_tree<K: GroupId>
    );
    value!(
        "GroupContext";
        write_context<K: GroupId, V: GroupContext>,
        group_context<K: GroupId, V: GroupContext>,
        delete_context<K: GroupId>
    );
    value!(
        "InterimTranscriptHash";
        write_interim_transcript_hash<K: GroupId, V: InterimTranscriptHash>,
        interim_transcript_hash<K: GroupId, V: InterimTranscriptHash>,
        delete_interim_transcript_hash<K: GroupId>
    );
    value!(
        "ConfirmationTag";
        write_confirmation_tag<K: GroupId, V: ConfirmationTag>,
        confirmation_tag<K: GroupId, V: ConfirmationTag>,
        delete_confirmation_tag<K: GroupId>
    );
    value!(
        "GroupState";
        write_group_state<V: GroupState, K: GroupId>,
        group_state<V: GroupState, K: GroupId>,
        delete_group_state<K: GroupId>
    );
    value!(
        "MessageSecrets";
        write_message_secrets<K: GroupId, V: MessageSecrets>,
        message_secrets<K: GroupId, V: MessageSecrets>,
        delete_message_secrets<K: GroupId>
    );
    value!(
        "ResumptionPsk";
        write_resumption_psk_store<K: GroupId, V: ResumptionPskStore>,
        resumption_psk_store<K: GroupId, V: ResumptionPskStore>,
        delete_all_resumption_psk_secrets<K: GroupId>
    );
    value!(
        "OwnLeafNodeIndex";
        write_own_leaf_index<K: GroupId, V: LeafNodeIndex>,
        own_leaf_index<K: GroupId, V: LeafNodeIndex>,
        delete_own_leaf_index<K: GroupId>
    );
    value!(
        "EpochSecrets";
        write_group_epoch_secrets<K: GroupId, V: GroupEpochSecrets>,
        group_epoch_secrets<K: GroupId, V: GroupEpochSecrets>,
        delete_group_epoch_secrets<K: GroupId>
    );
    value!(
        "SignatureKeyPair";
        write_signature_key_pair<K: SignaturePublicKey, V: SignatureKeyPair>,
        signature_key_pair<K: SignaturePublicKey, V: SignatureKeyPair>,
        delete_signature_key_pair<K: SignaturePublicKey>
    );
    value!(
        "EncryptionKeyPair";
        write_encryption_key_pair<K: EncryptionKey, V: HpkeKeyPair>,
        encryption_key_pair<V: HpkeKeyPair, K: EncryptionKey>,
        delete_encryption_key_pair<K: EncryptionKey>
    );
    value!(
        KEY_PACKAGE;
        write_key_package<K: HashReference, V: KeyPackage>,
        key_package<K: HashReference, V: KeyPackage>,
        delete_key_package<K: HashReference>
    );
    value!(
        "Psk";
        write_psk<K: PskId, V: PskBundle>,
        psk<V: PskBundle, K: PskId>,
        delete_psk<K: PskId>
    );

    // The configuration's reader tries two forms of one field, which takes a format that tells what
    // stands where. It is small, and written only when a group is new.
    fn write_mls_join_config<
        K: traits::GroupId<CURRENT_VERSION>,
        V: traits::MlsGroupJoinConfig<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
        config: &V,
    ) -> Result<(), StorageError> {
        let config = serde_json::to_vec(config).map_err(|_| StorageError::Unwritable)?;
        self.put_bytes(self.name(JOIN_CONFIG, group)?, config);
        Ok(())
    }

    fn mls_group_join_config<
        K: traits::GroupId<CURRENT_VERSION>,
        V: traits::MlsGroupJoinConfig<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
    ) -> Result<Option<V>, StorageError> {
        self.decoded(&self.name(JOIN_CONFIG, group)?, |bytes| {
            serde_json::from_slice(bytes).map_err(|_| StorageError::Damaged)
        })
    }

    fn delete_group_config<K: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &K,
    ) -> Result<(), StorageError> {
        self.delete(JOIN_CONFIG, group)
    }

    fn append_own_leaf_node<
        K: traits::GroupId<CURRENT_VERSION>,
        V: traits::LeafNode<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
        leaf: &V,
    ) -> Result<(), StorageError> {
        self.append(OWN_LEAF_NODES, group, leaf)
    }

    fn own_leaf_nodes<K: traits::GroupId<CURRENT_VERSION>, V: traits::LeafNode<CURRENT_VERSION>>(
        &self,
        group: &K,
    ) -> Result<Vec<V>, StorageError> {
        self.list(OWN_LEAF_NODES, group)
    }

    fn delete_own_leaf_nodes<K: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &K,
    ) -> Result<(), StorageError> {
        self.delete(OWN_LEAF_NODES, group)
    }

    fn write_encryption_epoch_key_pairs<
        K: traits::GroupId<CURRENT_VERSION>,
        E: traits::EpochKey<CURRENT_VERSION>,
        V: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
        epoch: &E,
        leaf: u32,
        pairs: &[V],
    ) -> Result<(), StorageError> {
        self.write(EPOCH_KEY_PAIRS, &(group, epoch, leaf), pairs)
    }

    fn encryption_epoch_key_pairs<
        K: traits::GroupId<CURRENT_VERSION>,
        E: traits::EpochKey<CURRENT_VERSION>,
        V: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
        epoch: &E,
        leaf: u32,
    ) -> Result<Vec<V>, StorageError> {
        let pairs = self.read(EPOCH_KEY_PAIRS, &(group, epoch, leaf))?;
        Ok(pairs.unwrap_or_default())
    }

    fn delete_encryption_epoch_key_pairs<
        K: traits::GroupId<CURRENT_VERSION>,
        E: traits::EpochKey<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
        epoch: &E,
        leaf: u32,
    ) -> Result<(), StorageError> {
        self.delete(EPOCH_KEY_PAIRS, &(group, epoch, leaf))
    }

    fn queue_proposal<
        K: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
        V: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
        reference: &R,
        proposal: &V,
    ) -> Result<(), StorageError> {
        self.write(QUEUED_PROPOSAL, &(group, reference), proposal)?;
        self.append(PROPOSAL_QUEUE, group, reference)
    }

    fn queued_proposal_refs<
        K: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
    ) -> Result<Vec<R>, StorageError> {
        self.list(PROPOSAL_QUEUE, group)
    }

    fn queued_proposals<
        K: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
        V: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
    ) -> Result<Vec<(R, V)>, StorageError> {
        let references: Vec<R> = self.list(PROPOSAL_QUEUE, group)?;
        references
            .into_iter()
            .map(|reference| {
                let proposal = self.read(QUEUED_PROPOSAL, &(group, &reference))?;
                Ok((reference, proposal.ok_or(StorageError::Damaged)?))
            })
            .collect()
    }

    fn remove_proposal<
        K: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
        reference: &R,
    ) -> Result<(), StorageError> {
        self.remove(PROPOSAL_QUEUE, group, reference)?;
        self.delete(QUEUED_PROPOSAL, &(group, reference))
    }

    fn clear_proposal_queue<
        K: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
    >(
        &self,
        group: &K,
    ) -> Result<(), StorageError> {
        for reference in self.list::<R>(PROPOSAL_QUEUE, group)? {
            self.delete(QUEUED_PROPOSAL, &(group, reference))?;
        }
        self.delete(PROPOSAL_QUEUE, group)
    }
}

// The labels that more than one function names.
const KEY_PACKAGE: &str = "KeyPackage";
const JOIN_CONFIG: &str = "MlsGroupJoinConfig";
const OWN_LEAF_NODES: &str = "OwnLeafNodes";
const EPOCH_KEY_PAIRS: &str = "EpochKeyPairs";
const QUEUED_PROPOSAL: &str = "QueuedProposal";
const PROPOSAL_QUEUE: &str = "ProposalQueueRefs";

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use openmls::prelude::KeyPackageBundle;
    use openmls_traits::storage::{Entity, Key};
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::mls::{CIPHERSUITE, Groups, Identity, load, make_key_packages};
    use crate::vault::StoreKey;

    const GROUP: GroupId = GroupId::from_bytes([7; 16]);

    /// Stands for every key and value.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Text(String);

    impl Key<CURRENT_VERSION> for Text {}
    impl Entity<CURRENT_VERSION> for Text {}
    impl traits::GroupId<CURRENT_VERSION> for Text {}
    impl traits::EpochKey<CURRENT_VERSION> for Text {}
    impl traits::HashReference<CURRENT_VERSION> for Text {}
    impl traits::ProposalRef<CURRENT_VERSION> for Text {}
    impl traits::GroupContext<CURRENT_VERSION> for Text {}
    impl traits::MlsGroupJoinConfig<CURRENT_VERSION> for Text {}
    impl traits::HpkeKeyPair<CURRENT_VERSION> for Text {}
    impl traits::KeyPackage<CURRENT_VERSION> for Text {}
    impl traits::LeafNode<CURRENT_VERSION> for Text {}
    impl traits::QueuedProposal<CURRENT_VERSION> for Text {}

    fn text(text: &str) -> Text {
        Text(text.to_owned())
    }

    fn key() -> StoreKey {
        StoreKey::derive(b"passkey", b"share", "store")
    }

    fn empty() -> Vault {
        Vault::open(key(), &BTreeMap::new()).unwrap()
    }

    /// Does something with the storage, keeps what changed, and opens the vault from what is sealed.
    fn reopened(vault: &mut Vault, changes: Changes, does: impl FnOnce(&Storage<'_>)) {
        let storage = Storage::new(vault, changes);
        does(&storage);
        storage.changes.into_inner().apply(vault);
        let sealed: BTreeMap<String, Vec<u8>> = vault
            .range("")
            .map(|(name, value)| (name.to_owned(), key().seal(name, value, [1; 12])))
            .collect();
        *vault = Vault::open(key(), &sealed).unwrap();
    }

    fn context(storage: &Storage<'_>) -> Option<Text> {
        storage.group_context(&text("group")).unwrap()
    }

    fn queue(storage: &Storage<'_>) -> Vec<(Text, Text)> {
        storage.queued_proposals(&text("group")).unwrap()
    }

    fn leaves(storage: &Storage<'_>) -> Vec<Text> {
        storage.own_leaf_nodes(&text("group")).unwrap()
    }

    fn pairs(storage: &Storage<'_>) -> Vec<Text> {
        let (group, epoch) = (text("group"), text("epoch"));
        storage
            .encryption_epoch_key_pairs(&group, &epoch, 3)
            .unwrap()
    }

    fn config(storage: &Storage<'_>) -> Option<Text> {
        storage.mls_group_join_config(&text("group")).unwrap()
    }

    #[test]
    fn what_is_written_replaced_and_deleted_is_so_at_once_and_after_a_restart() {
        let (mut vault, group) = (empty(), text("group"));
        reopened(&mut vault, Changes::of(GROUP), |storage| {
            assert_eq!(context(storage), None);
            storage.write_context(&group, &text("first")).unwrap();
            assert_eq!(context(storage), Some(text("first")));
            storage.write_context(&group, &text("second")).unwrap();
            assert_eq!(context(storage), Some(text("second")));
            storage
                .write_mls_join_config(&group, &text("config"))
                .unwrap();
            storage
                .write_encryption_epoch_key_pairs(
                    &group,
                    &text("epoch"),
                    3,
                    &[text("a"), text("b")],
                )
                .unwrap();
        });
        reopened(&mut vault, Changes::of(GROUP), |storage| {
            assert_eq!(context(storage), Some(text("second")));
            assert_eq!(config(storage), Some(text("config")));
            assert_eq!(pairs(storage), [text("a"), text("b")]);
            storage.delete_context(&group).unwrap();
            storage.delete_group_config(&group).unwrap();
            storage
                .delete_encryption_epoch_key_pairs(&group, &text("epoch"), 3)
                .unwrap();
            assert_eq!(context(storage), None);
            assert_eq!(config(storage), None);
            assert_eq!(pairs(storage), []);
        });
        reopened(&mut vault, Changes::of(GROUP), |storage| {
            assert_eq!(context(storage), None);
            assert_eq!(config(storage), None);
            assert_eq!(pairs(storage), []);
        });
        assert!(!Groups::has(&vault, GROUP));
    }

    #[test]
    fn the_queue_of_proposals_and_the_own_leaves_keep_their_order() {
        let (mut vault, group) = (empty(), text("group"));
        let pair = |n: &str| (text(n), text(&format!("removal {n}")));
        reopened(&mut vault, Changes::of(GROUP), |storage| {
            for (reference, proposal) in ["1", "2", "3"].map(pair) {
                storage
                    .queue_proposal(&group, &reference, &proposal)
                    .unwrap();
            }
            storage.append_own_leaf_node(&group, &text("leaf")).unwrap();
        });
        reopened(&mut vault, Changes::of(GROUP), |storage| {
            assert_eq!(queue(storage), ["1", "2", "3"].map(pair));
            storage.remove_proposal(&group, &text("2")).unwrap();
            assert_eq!(queue(storage), ["1", "3"].map(pair));
            storage.append_own_leaf_node(&group, &text("next")).unwrap();
        });
        reopened(&mut vault, Changes::of(GROUP), |storage| {
            assert_eq!(queue(storage), ["1", "3"].map(pair));
            let references: Vec<Text> = storage.queued_proposal_refs(&group).unwrap();
            assert_eq!(references, [text("1"), text("3")]);
            assert_eq!(leaves(storage), [text("leaf"), text("next")]);
            storage.clear_proposal_queue::<_, Text>(&group).unwrap();
            storage.delete_own_leaf_nodes(&group).unwrap();
            assert_eq!(queue(storage), []);
        });
        assert!(!Groups::has(&vault, GROUP), "nothing of the queue is left");
    }

    #[test]
    fn a_listed_proposal_that_is_missing_is_an_error() {
        let (vault, group) = (empty(), text("group"));
        let storage = Storage::new(&vault, Changes::of(GROUP));
        storage
            .queue_proposal(&group, &text("1"), &text("removal"))
            .unwrap();
        storage
            .delete(QUEUED_PROPOSAL, &(&group, text("1")))
            .unwrap();
        let queue = storage.queued_proposals::<_, Text, Text>(&group);
        assert_eq!(queue, Err(StorageError::Damaged));
    }

    #[test]
    fn only_what_is_not_as_it_was_is_sealed_and_written() {
        let (mut vault, group) = (empty(), text("group"));
        reopened(&mut vault, Changes::of(GROUP), |storage| {
            storage.write_context(&group, &text("as it was")).unwrap();
        });
        let storage = Storage::new(&vault, Changes::of(GROUP));
        storage.write_context(&group, &text("other")).unwrap();
        storage.write_context(&group, &text("as it was")).unwrap();
        assert_eq!(context(&storage), Some(text("as it was")));
        storage.changes.into_inner().apply(&mut vault);
        assert!(vault.changes(|| [1; 12]).is_empty());
    }

    #[test]
    fn a_group_that_starts_afresh_sees_and_keeps_nothing_of_the_old_but_the_devices_key_packages() {
        let (mut vault, group) = (empty(), text("group"));
        reopened(&mut vault, Changes::of(GROUP), |storage| {
            storage.write_context(&group, &text("old")).unwrap();
            storage.append_own_leaf_node(&group, &text("old")).unwrap();
        });
        reopened(&mut vault, Changes::of_account(), |storage| {
            for package in ["used", "last resort"].map(text) {
                storage.write_key_package(&package, &package).unwrap();
            }
        });
        let package = |storage: &Storage<'_>, key| -> Option<Text> {
            storage.key_package(&text(key)).unwrap()
        };
        reopened(&mut vault, Changes::afresh(GROUP), |storage| {
            assert_eq!((context(storage), leaves(storage)), (None, Vec::new()));
            assert_eq!(package(storage, "used"), Some(text("used")));
            storage.delete_key_package(&text("used")).unwrap();
            storage.write_context(&group, &text("old")).unwrap();
        });
        reopened(&mut vault, Changes::of(GROUP), |storage| {
            assert_eq!(context(storage), Some(text("old")));
            assert_eq!(leaves(storage), []);
            assert_eq!(package(storage, "used"), None);
        });
        forget_group(&mut vault, GROUP);
        let storage = Storage::new(&vault, Changes::of_account());
        assert_eq!(package(&storage, "last resort"), Some(text("last resort")));
    }

    /// A vault with a group that has a commit underway, and a key package.
    fn used() -> Vault {
        let identity = Identity::new(&Zeroizing::new([1; 32]), b"certificate".to_vec());
        let (mut vault, mut groups) = (empty(), Groups::default());
        groups
            .create(&mut vault, &identity, GROUP, CIPHERSUITE, &[9; 32])
            .unwrap();
        groups
            .commit(&mut vault, &identity, GROUP, &[], &[])
            .unwrap();
        make_key_packages(&mut vault, &identity, CIPHERSUITE, 1, true).unwrap();
        vault
    }

    fn values(vault: &Vault, prefix: &str) -> Vec<(String, Vec<u8>)> {
        vault
            .range(prefix)
            .map(|(name, value)| (name.to_owned(), value.to_vec()))
            .collect()
    }

    #[test]
    fn a_group_whose_value_is_cut_short_or_has_more_does_not_load() {
        let mut vault = used();
        let mut whole = BTreeSet::new();
        for (name, value) in values(&vault, &group_prefix(GROUP)) {
            let longer = [value.as_slice(), b"\0"].concat();
            let cut = [0, 1, value.len() / 2, value.len() - 1].map(|n| value[..n].to_vec());
            for damaged in cut.into_iter().chain([longer]) {
                if damaged == value {
                    continue;
                }
                vault.put_bytes(name.clone(), damaged);
                if load(&vault, GROUP).is_ok() {
                    whole.insert(name.clone());
                }
            }
            vault.put_bytes(name, value);
        }
        // The secret keys of an epoch are read by the next commit only.
        assert_eq!(whole.len(), 1, "{whole:?}");
        assert!(load(&vault, GROUP).is_ok());
    }

    #[test]
    fn values_are_about_as_long_as_what_they_hold() {
        let vault = used();
        let bytes: usize = values(&vault, ACCOUNT_PREFIX)
            .iter()
            .map(|(_, value)| value.len())
            .sum();
        let package = values(&vault, ACCOUNT_PREFIX)
            .pop()
            .and_then(|(_, value)| decode::<KeyPackageBundle>(&value).ok())
            .unwrap();
        let json = serde_json::to_vec(&package).unwrap().len();
        assert!(bytes * 3 < json, "{bytes} of {json}");
    }

    proptest! {
        #[test]
        fn damaged_values_never_panic(
            place in any::<prop::sample::Index>(),
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut vault = used();
            let all = values(&vault, &group_prefix(GROUP));
            vault.put_bytes(all[place.index(all.len())].0.clone(), bytes.clone());
            let _ = load(&vault, GROUP);
            prop_assert!(decode::<KeyPackageBundle>(&bytes).is_err());
        }

        #[test]
        fn values_with_a_changed_byte_never_panic(
            place in any::<prop::sample::Index>(),
            byte in any::<prop::sample::Index>(),
            bits in 1u8..,
        ) {
            let mut vault = used();
            let all = values(&vault, "");
            let (name, mut value) = all[place.index(all.len())].clone();
            let byte = byte.index(value.len());
            value[byte] ^= bits;
            let _ = decode::<KeyPackageBundle>(&value);
            vault.put_bytes(name, value);
            let _ = load(&vault, GROUP);
        }
    }
}
