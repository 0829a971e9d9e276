//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use wardline_model::{B64, GroupId};

use crate::content::Content;
use crate::mls::{Groups, Identity, Incoming, key_package_claim};
use crate::profile::Profile;
use crate::vault::{StoreKey, Vault};

/// What is inside a message, after it was decrypted.
///
/// # Panics
/// When accepted content is not the same after it was written.
pub fn content(bytes: &[u8]) -> bool {
    Content::decode(bytes).is_ok_and(|content| {
        let again = Content::decode(&content.encode());
        assert_eq!(again.ok().as_ref(), Some(&content));
        true
    })
}

/// A picture whose metadata is left out before it is sent.
///
/// # Panics
/// When something was left for a second time.
pub fn picture(mime: &str, bytes: &[u8]) -> bool {
    crate::pictures::bare(mime, bytes).is_some_and(|once| {
        let again = crate::pictures::bare(mime, &once);
        assert!(
            again.as_ref() == Some(&once),
            "not bare after the first time"
        );
        true
    })
}

/// A sealed value of the local store; gives what it opens to.
///
/// # Panics
/// When it opens under another name too.
pub fn sealed(bytes: &[u8], key: &StoreKey, name: &str) -> Option<Vec<u8>> {
    let value = key.open(name, bytes).ok()?;
    assert!(key.open(&format!("{name}."), bytes).is_err());
    Some(value)
}

/// A device's own record, which is kept unsealed.
///
/// # Panics
/// When an accepted record is not the same after it was written.
pub fn profile(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Profile>(bytes).is_ok_and(|profile| {
        let written = serde_json::to_vec(&profile).unwrap_or_default();
        assert_eq!(
            serde_json::from_slice::<Profile>(&written).ok(),
            Some(profile.clone())
        );
        profile.pins.pins().is_some()
    })
}

/// Another device's key package, as the server hands it out.
pub fn package(bytes: &[u8]) -> bool {
    key_package_claim(&B64::from(bytes)).is_ok()
}

/// A Welcome from the inbox.
///
/// # Panics
/// When it leads into a conversation of nobody.
pub fn welcome(bytes: &[u8], vault: &Vault, group: GroupId) -> bool {
    let staged = Groups::default().stage_welcome(vault, group, bytes);
    staged.is_ok_and(|welcomed| {
        assert!(!welcomed.members.is_empty());
        true
    })
}

/// An entry of a conversation's log.
///
/// # Panics
/// When a refused entry changes what is stored.
pub fn entry(
    bytes: &[u8],
    groups: &mut Groups,
    vault: &mut Vault,
    group: GroupId,
) -> Option<Incoming> {
    let before = everything(vault);
    let incoming = groups.process(vault, group, bytes);
    if incoming.is_err() {
        assert!(everything(vault) == before, "a refusal left something");
    }
    incoming.ok()
}

/// The GroupInfo by which a device comes back.
pub fn rejoining(bytes: &[u8], vault: &Vault, identity: &Identity, group: GroupId) -> bool {
    Groups::default()
        .stage_rejoin(vault, identity, group, bytes)
        .is_ok()
}

fn everything(vault: &Vault) -> Vec<(String, Vec<u8>)> {
    vault
        .range("")
        .map(|(name, value)| (name.to_owned(), value.to_vec()))
        .collect()
}
