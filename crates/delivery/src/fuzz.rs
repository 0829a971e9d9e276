//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not. Their seeds are what members send, so `crates/client/tests/decoders.rs` feeds them.

use std::collections::BTreeSet;

use wardline_credential::DeviceCa;
use wardline_model::{DeviceId, GroupId};

use crate::message::{Content, header, key_package};
use crate::tracked::{DeliveryKey, Tracked};

/// The hospital that the other functions stand in.
#[derive(Debug)]
pub struct Place<'a> {
    /// The conversation.
    pub group: GroupId,
    /// The device that brings the bytes.
    pub sender: DeviceId,
    /// The delivery service's public key.
    pub delivery_key: [u8; 32],
    /// The device CA.
    pub ca: &'a DeviceCa,
    /// The time, unix milliseconds.
    pub now_ms: u64,
}

/// Any MLS message.
///
/// # Panics
/// When an application message is accepted that is not encrypted.
pub fn message(bytes: &[u8]) -> bool {
    header(bytes).is_ok_and(|header| {
        // RFC 9420 §6.2: application data is never a PublicMessage.
        assert!(header.private || header.content != Content::Application);
        true
    })
}

/// A key package that a device hands in.
///
/// # Panics
/// When one is accepted of a device that is not the hospital's.
pub fn package(bytes: &[u8], place: &Place<'_>) -> bool {
    key_package(bytes, place.ca, place.now_ms).is_ok_and(|info| {
        assert_eq!(info.certificate.device, place.sender);
        true
    })
}

/// The GroupInfo with which a conversation begins.
///
/// # Panics
/// When a conversation begins in another state than its first.
pub fn group_info(bytes: &[u8], place: &Place<'_>) -> bool {
    let Place { group, sender, .. } = *place;
    let made = Tracked::create(
        group,
        bytes,
        sender,
        &place.delivery_key,
        place.ca,
        place.now_ms,
    );
    made.is_ok_and(|tracked| {
        let members = tracked.members().unwrap_or_default();
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].device, sender);
        assert!(!tracked.removal_pending());
        stored(&tracked);
        true
    })
}

/// A stored state.
///
/// # Panics
/// When an accepted state is another one after it was written.
pub fn state(bytes: &[u8], key: &DeliveryKey) -> bool {
    let Ok(mut tracked) = Tracked::from_bytes(bytes) else {
        return false;
    };
    stored(&tracked);
    let Ok(members) = tracked.members() else {
        return true;
    };
    if let Some(member) = members.last()
        && tracked.propose_removals(&[member.device], key).is_ok()
    {
        stored(&tracked);
    }
    true
}

/// A commit to a stored state, and the GroupInfo that comes with it.
///
/// # Panics
/// When a refusal changes the state, or a commit makes more than the next epoch of certified,
/// single devices.
pub fn commit(before: &[u8], commit: &[u8], group_info: &[u8], place: &Place<'_>) -> bool {
    let Ok(mut tracked) = Tracked::from_bytes(before) else {
        return false;
    };
    let untouched = tracked.to_bytes();
    let epoch = tracked.epoch();
    let effect = tracked.apply_commit(
        commit,
        group_info,
        place.sender,
        &place.delivery_key,
        place.ca,
        place.now_ms,
    );
    let Ok(effect) = effect else {
        assert_eq!(tracked.to_bytes(), untouched, "a refusal changed the state");
        return false;
    };
    assert_eq!(effect.epoch, epoch + 1);
    assert_eq!(tracked.epoch(), effect.epoch);
    assert!(!tracked.removal_pending());
    let members = tracked.members().unwrap_or_default();
    let devices: BTreeSet<DeviceId> = members.iter().map(|member| member.device).collect();
    assert_eq!(devices.len(), members.len(), "a device sits on two leaves");
    for joined in &effect.joined {
        assert!(members.contains(&joined.member));
    }
    for left in &effect.left {
        assert!(!devices.contains(&left.device));
    }
    stored(&tracked);
    true
}

/// What is stored is read as it was.
fn stored(tracked: &Tracked) {
    let bytes = tracked.to_bytes();
    let again = Tracked::from_bytes(&bytes).map(|again| again.to_bytes());
    assert_eq!(
        again.as_ref(),
        Ok(&bytes),
        "another state after it was stored"
    );
}
