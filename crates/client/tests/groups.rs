//! Three devices, one conversation, and the delivery service that orders it, without a network.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::collections::BTreeMap;

use openmls::prelude::{
    Extensions, ExternalProposal, GroupId as MlsGroupId, MlsMessageBodyIn, MlsMessageIn,
    ProtocolVersion, SenderExtensionIndex,
};
use openmls_rust_crypto::{OpenMlsRustCrypto, RustCrypto};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519, PublicKeyData, SanType, SignatureAlgorithm,
};
use tls_codec::DeserializeBytes as _;
use wardline_client::mls::{
    CIPHERSUITE, Claim, Groups, Identity, Incoming, PendingCommit, make_key_packages, public_key,
};
use wardline_client::vault::{StoreKey, Vault};
use wardline_credential::DeviceCa;
use wardline_credential::x509::{DEVICE_URN, USER_URN};
use wardline_delivery::{DeliveryKey, Refusal, Tracked, header, key_package};
use wardline_model::{B64, DeviceId, GroupId, MessageId, UserId};
use zeroize::Zeroizing;

/// 21 September 2026.
const NOW: u64 = 1_790_000_000_000;
/// The device whose certificate runs out a day later.
const SHORT_LIVED: u8 = 9;

struct Ed25519Key([u8; 32]);

impl PublicKeyData for Ed25519Key {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

struct Hospital {
    issuer: CertifiedIssuer<'static, KeyPair>,
    ca: DeviceCa,
    delivery: DeliveryKey,
}

struct Device {
    id: DeviceId,
    identity: Identity,
    vault: Vault,
    groups: Groups,
}

impl Hospital {
    fn open() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let ca = DeviceCa::from_der(issuer.der()).unwrap();
        Self {
            issuer,
            ca,
            delivery: DeliveryKey::from_bytes(&[9; 32]),
        }
    }

    fn device(&self, number: u8) -> Device {
        self.device_with_key(number, number)
    }

    /// A device with this number and that key.
    fn device_with_key(&self, number: u8, key: u8) -> Device {
        let (user, id) = (user_of(number), DeviceId::from_bytes([number; 16]));
        let secret = Zeroizing::new([key; 32]);
        let mut params = CertificateParams::default();
        params.subject_alt_names = [format!("{USER_URN}{user}"), format!("{DEVICE_URN}{id}")]
            .map(|name| SanType::URI(name.as_str().try_into().unwrap()))
            .to_vec();
        if number == SHORT_LIVED {
            params.not_after = rcgen::date_time_ymd(2026, 9, 22);
        }
        let certificate = params
            .signed_by(&Ed25519Key(public_key(&secret)), &self.issuer)
            .unwrap();
        let key = StoreKey::derive(&[number], b"share", "store");
        Device {
            id,
            identity: Identity::new(&secret, certificate.der().to_vec()),
            vault: Vault::open(key, &BTreeMap::new()).unwrap(),
            groups: Groups::default(),
        }
    }
}

impl Device {
    fn key_package(&mut self) -> B64 {
        make_key_packages(&mut self.vault, &self.identity, CIPHERSUITE, 1, false)
            .unwrap()
            .remove(0)
    }

    fn join(&mut self, group: GroupId, welcome: &B64) {
        let welcomed = self
            .groups
            .stage_welcome(&self.vault, group, &welcome.0)
            .unwrap();
        self.groups.join(&mut self.vault, group, welcomed).unwrap();
    }

    /// The external commit by which it comes back, and who is in the group then.
    fn rejoin(&mut self, group: GroupId, info: &B64) -> Option<(PendingCommit, Vec<Claim>)> {
        let staged = self
            .groups
            .stage_rejoin(&self.vault, &self.identity, group, &info.0)
            .ok()?;
        let members = staged.members.clone();
        let commit = self.groups.rejoin(&mut self.vault, group, staged);
        Some((commit, members))
    }

    fn say(&mut self, group: GroupId, text: &str) -> B64 {
        let id = MessageId::from_bytes([1; 16]);
        self.groups
            .encrypt(&mut self.vault, &self.identity, group, id, text.as_bytes())
            .unwrap()
            .0
    }

    fn hear(&mut self, group: GroupId, body: &B64) -> String {
        match self
            .groups
            .process(&mut self.vault, group, &body.0)
            .unwrap()
        {
            Incoming::Message { content, .. } => String::from_utf8(content).unwrap(),
            _ => panic!("not a message"),
        }
    }

    fn follow(&mut self, group: GroupId, body: &B64) -> bool {
        match self
            .groups
            .process(&mut self.vault, group, &body.0)
            .unwrap()
        {
            Incoming::Commit { staged, .. } => {
                self.groups.merge(&mut self.vault, group, *staged).unwrap()
            }
            Incoming::OwnCommit { .. } => {
                self.groups.merge_own(&mut self.vault, group).unwrap();
                true
            }
            Incoming::Proposal => true,
            _ => panic!("not a change of the group"),
        }
    }

    /// The app is closed and opened again: everything comes from the vault.
    fn restart(&mut self) {
        self.groups = Groups::default();
    }
}

/// Whose device has this number.
fn user_of(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

struct Conversation {
    hospital: Hospital,
    group: GroupId,
    tracked: Tracked,
    amara: Device,
    ben: Device,
}

/// Amara starts a conversation with Ben; the delivery service has taken it.
fn conversation() -> Conversation {
    let hospital = Hospital::open();
    let (mut amara, mut ben) = (hospital.device(1), hospital.device(2));
    let group = GroupId::from_bytes([7; 16]);
    let delivery_key = hospital.delivery.public();
    let package = ben.key_package();
    let info = key_package(&package.0, &hospital.ca, NOW).unwrap();
    assert_eq!(info.certificate.device, ben.id);
    let group_info = amara
        .groups
        .create(
            &mut amara.vault,
            &amara.identity,
            group,
            CIPHERSUITE,
            &delivery_key,
        )
        .unwrap();
    let mut tracked = Tracked::create(
        group,
        &group_info.0,
        amara.id,
        &delivery_key,
        &hospital.ca,
        NOW,
    )
    .unwrap();
    let commit = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[package], &[])
        .unwrap();
    let effect = tracked
        .apply_commit(
            &commit.commit.0,
            &commit.group_info.0,
            amara.id,
            &delivery_key,
            &hospital.ca,
            NOW,
        )
        .unwrap();
    assert_eq!(
        (effect.epoch, effect.joined.len(), effect.left.len()),
        (1, 1, 0)
    );
    amara.groups.merge_own(&mut amara.vault, group).unwrap();
    ben.join(group, &commit.welcome.unwrap());
    Conversation {
        hospital,
        group,
        tracked,
        amara,
        ben,
    }
}

#[test]
fn two_phones_talk_and_remember_after_a_restart() {
    let Conversation {
        group,
        mut amara,
        mut ben,
        ..
    } = conversation();
    let potassium = amara.say(group, "K 6.8, repeat is running");
    assert!(header(&potassium.0).unwrap().private);
    assert_eq!(ben.hear(group, &potassium), "K 6.8, repeat is running");
    amara.restart();
    ben.restart();
    let answer = ben.say(group, "Calcium gluconate given");
    assert_eq!(amara.hear(group, &answer), "Calcium gluconate given");
    assert!(matches!(
        ben.groups
            .process(&mut ben.vault, group, &answer.0)
            .unwrap(),
        Incoming::OwnMessage
    ));
}

#[test]
fn a_replayed_or_altered_message_is_never_shown_again() {
    let Conversation {
        group,
        mut amara,
        mut ben,
        ..
    } = conversation();
    let message = amara.say(group, "Bed 4 is septic");
    ben.hear(group, &message);
    assert!(matches!(
        ben.groups.process(&mut ben.vault, group, &message.0),
        Ok(Incoming::Unreadable)
    ));
    let mut altered = amara.say(group, "Give 10 units");
    let last = altered.0.len() - 1;
    altered.0[last] ^= 1;
    assert!(matches!(
        ben.groups.process(&mut ben.vault, group, &altered.0),
        Ok(Incoming::Unreadable)
    ));
    // Nobody throws a conversation out of step by such a message.
    let next = amara.say(group, "Give 5 units");
    assert_eq!(ben.hear(group, &next), "Give 5 units");
}

#[test]
fn the_first_commit_wins_and_the_other_is_made_again() {
    let Conversation {
        hospital,
        group,
        mut tracked,
        mut amara,
        mut ben,
    } = conversation();
    let key = hospital.delivery.public();
    let (mut cleo, mut dana) = (hospital.device(3), hospital.device(4));
    let (cleo_package, dana_package) = (cleo.key_package(), dana.key_package());
    let first = amara
        .groups
        .commit(
            &mut amara.vault,
            &amara.identity,
            group,
            &[cleo_package],
            &[],
        )
        .unwrap();
    let second = ben
        .groups
        .commit(
            &mut ben.vault,
            &ben.identity,
            group,
            std::slice::from_ref(&dana_package),
            &[],
        )
        .unwrap();
    tracked
        .apply_commit(
            &first.commit.0,
            &first.group_info.0,
            amara.id,
            &key,
            &hospital.ca,
            NOW,
        )
        .unwrap();
    let late = tracked.apply_commit(
        &second.commit.0,
        &second.group_info.0,
        ben.id,
        &key,
        &hospital.ca,
        NOW,
    );
    assert_eq!(late, Err(Refusal::EpochConflict { current: 2 }));
    ben.groups.discard_own(&mut ben.vault, group).unwrap();
    assert!(ben.follow(group, &first.commit));
    assert!(amara.follow(group, &first.commit));
    let again = ben
        .groups
        .commit(&mut ben.vault, &ben.identity, group, &[dana_package], &[])
        .unwrap();
    tracked
        .apply_commit(
            &again.commit.0,
            &again.group_info.0,
            ben.id,
            &key,
            &hospital.ca,
            NOW,
        )
        .unwrap();
    assert!(ben.follow(group, &again.commit));
    assert!(amara.follow(group, &again.commit));
    dana.join(group, &again.welcome.unwrap());
    let hello = dana.say(group, "On my way");
    assert_eq!(amara.hear(group, &hello), "On my way");
    assert_eq!(tracked.members().unwrap().len(), 4);
}

#[test]
fn people_who_came_and_went_are_known_after_every_restart() {
    let Conversation {
        hospital,
        group,
        mut amara,
        mut ben,
        ..
    } = conversation();
    let mut cleo = hospital.device(3);
    let package = cleo.key_package();
    let add = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[package], &[])
        .unwrap();
    // The app dies between the commit and its answer, and again after it.
    amara.restart();
    assert!(amara.follow(group, &add.commit));
    amara.restart();
    ben.restart();
    assert!(ben.follow(group, &add.commit));
    ben.restart();
    cleo.join(group, &add.welcome.unwrap());
    cleo.restart();
    for device in [&mut amara, &mut ben, &mut cleo] {
        assert_eq!(
            device.groups.members(&device.vault, group).unwrap().len(),
            3
        );
    }
    let remove = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[], &[user_of(3)])
        .unwrap();
    assert!(amara.follow(group, &remove.commit));
    assert!(ben.follow(group, &remove.commit));
    assert!(!cleo.follow(group, &remove.commit));
    amara.restart();
    ben.restart();
    let bed = ben.say(group, "Bed 7 is free");
    ben.restart();
    assert_eq!(amara.hear(group, &bed), "Bed 7 is free");
    let thanks = amara.say(group, "Thanks");
    assert_eq!(ben.hear(group, &thanks), "Thanks");
    for device in [&mut amara, &mut ben] {
        device.restart();
        assert_eq!(
            device.groups.members(&device.vault, group).unwrap().len(),
            2
        );
    }
}

#[test]
fn a_lost_phone_is_removed_and_cannot_read_what_comes_after() {
    let Conversation {
        hospital,
        group,
        mut tracked,
        mut amara,
        mut ben,
    } = conversation();
    let key = hospital.delivery.public();
    let proposals = tracked
        .propose_removals(&[ben.id], &hospital.delivery)
        .unwrap();
    assert_eq!(proposals.len(), 1);
    assert!(tracked.removal_pending());
    let mut tracked = Tracked::from_bytes(&tracked.to_bytes()).unwrap();
    assert!(
        tracked.removal_pending(),
        "the pending removal survives a restart of the server"
    );
    let without = {
        let cleo = hospital.device(3).key_package();
        amara
            .groups
            .commit(&mut amara.vault, &amara.identity, group, &[cleo], &[])
            .unwrap()
    };
    assert_eq!(
        tracked.apply_commit(
            &without.commit.0,
            &without.group_info.0,
            amara.id,
            &key,
            &hospital.ca,
            NOW
        ),
        Err(Refusal::CommitRequired)
    );
    amara.groups.discard_own(&mut amara.vault, group).unwrap();
    for proposal in proposals {
        assert!(amara.follow(group, &B64(proposal)));
    }
    amara.restart();
    assert_eq!(
        amara.groups.pending_removals(&amara.vault, group).unwrap(),
        [ben.id]
    );
    let commit = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[], &[])
        .unwrap();
    let effect = tracked
        .apply_commit(
            &commit.commit.0,
            &commit.group_info.0,
            amara.id,
            &key,
            &hospital.ca,
            NOW,
        )
        .unwrap();
    assert_eq!(effect.left.len(), 1);
    assert!(!tracked.removal_pending());
    assert!(amara.follow(group, &commit.commit));
    let secret = amara.say(group, "Moved to bed 7");
    assert!(!matches!(
        ben.groups.process(&mut ben.vault, group, &secret.0),
        Ok(Incoming::Message { .. })
    ));
}

#[test]
fn a_device_that_lost_its_state_rejoins_its_own_leaf_and_no_other() {
    let Conversation {
        hospital,
        group,
        mut tracked,
        mut amara,
        ben,
    } = conversation();
    let key = hospital.delivery.public();
    let info = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[], &[])
        .unwrap();
    tracked
        .apply_commit(
            &info.commit.0,
            &info.group_info.0,
            amara.id,
            &key,
            &hospital.ca,
            NOW,
        )
        .unwrap();
    amara.follow(group, &info.commit);

    let mut stranger = hospital.device(5);
    let (break_in, _) = stranger.rejoin(group, &info.group_info).unwrap();
    assert_eq!(
        tracked.apply_commit(
            &break_in.commit.0,
            &break_in.group_info.0,
            stranger.id,
            &key,
            &hospital.ca,
            NOW
        ),
        Err(Refusal::ExternalJoin)
    );

    let mut again = hospital.device(2);
    let (commit, members) = again.rejoin(group, &info.group_info).unwrap();
    assert_eq!(members.len(), 2);
    let effect = tracked
        .apply_commit(
            &commit.commit.0,
            &commit.group_info.0,
            ben.id,
            &key,
            &hospital.ca,
            NOW,
        )
        .unwrap();
    assert_eq!((effect.joined.len(), effect.left.len()), (1, 0));
    assert!(effect.joined[0].by_itself);
    assert!(amara.follow(group, &commit.commit));
    let hello = again.say(group, "Back on the new phone");
    assert_eq!(amara.hear(group, &hello), "Back on the new phone");
}

#[test]
fn a_server_with_a_key_of_its_own_cannot_bring_a_device_in() {
    let Conversation {
        hospital,
        group,
        mut tracked,
        mut amara,
        ..
    } = conversation();
    let other = Hospital::open();
    let mut forged = other.device(6);
    let package = forged.key_package();
    assert_eq!(
        key_package(&package.0, &hospital.ca, NOW),
        Err(Refusal::Credential)
    );
    let commit = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[package], &[])
        .unwrap();
    assert_eq!(
        tracked.apply_commit(
            &commit.commit.0,
            &commit.group_info.0,
            amara.id,
            &hospital.delivery.public(),
            &hospital.ca,
            NOW
        ),
        Err(Refusal::Credential)
    );
    assert_eq!(tracked.epoch(), 1, "nothing has changed");
}

#[test]
fn whoever_holds_the_delivery_key_can_take_devices_out_and_do_nothing_else() {
    let Conversation {
        hospital,
        group,
        mut amara,
        ..
    } = conversation();
    // A device with a good certificate, which a server with the device CA can make for itself.
    let mut smuggled = hospital.device(6);
    let MlsMessageBodyIn::KeyPackage(package) =
        MlsMessageIn::tls_deserialize_exact_bytes(&smuggled.key_package().0)
            .unwrap()
            .extract()
    else {
        panic!("not a key package")
    };
    let package = package
        .validate(&RustCrypto::default(), ProtocolVersion::Mls10)
        .unwrap();
    let epoch = amara.groups.epoch(&amara.vault, group).unwrap();
    let id = MlsGroupId::from_slice(group.as_bytes());
    let first = SenderExtensionIndex::new(0);
    let add = ExternalProposal::new_add::<OpenMlsRustCrypto>(
        package,
        id.clone(),
        epoch.into(),
        &hospital.delivery,
        first,
    )
    .unwrap();
    let widen = ExternalProposal::new_group_context_extensions::<OpenMlsRustCrypto>(
        Extensions::empty(),
        id,
        epoch.into(),
        &hospital.delivery,
        SenderExtensionIndex::new(0),
    )
    .unwrap();
    for proposal in [add, widen] {
        let taken = amara
            .groups
            .process(&mut amara.vault, group, &proposal.to_bytes().unwrap());
        assert!(taken.is_err());
        amara.restart();
    }
    // Nothing of it waits to be carried out: the next message goes to those who were there.
    let commit = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[], &[])
        .unwrap();
    assert!(commit.welcome.is_none());
    assert!(amara.follow(group, &commit.commit));
    let members = amara.groups.members(&amara.vault, group).unwrap();
    assert!(members.iter().all(|member| member.device != smuggled.id));
    amara.say(group, "Still only us");
}

#[test]
fn members_refuse_an_outsider_who_joins_by_himself_even_when_the_server_does_not() {
    let Conversation {
        hospital,
        group,
        mut amara,
        mut ben,
        ..
    } = conversation();
    let info = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[], &[])
        .unwrap();
    assert!(amara.follow(group, &info.commit));
    assert!(ben.follow(group, &info.commit));
    let mut outsider = hospital.device(5);
    let (join, _) = outsider.rejoin(group, &info.group_info).unwrap();
    for member in [&mut amara, &mut ben] {
        let taken = member
            .groups
            .process(&mut member.vault, group, &join.commit.0);
        assert!(taken.is_err());
        let members = member.groups.members(&member.vault, group).unwrap();
        assert_eq!(members.len(), 2);
    }
}

#[test]
fn who_is_removed_while_their_phone_goes_out_of_use_is_known_to_be_removed() {
    let Conversation {
        hospital,
        group,
        mut tracked,
        mut amara,
        mut ben,
    } = conversation();
    let key = hospital.delivery.public();
    let mut cleo = hospital.device(3);
    let package = cleo.key_package();
    let add = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[package], &[])
        .unwrap();
    let taken = tracked.apply_commit(
        &add.commit.0,
        &add.group_info.0,
        amara.id,
        &key,
        &hospital.ca,
        NOW,
    );
    taken.unwrap();
    assert!(amara.follow(group, &add.commit) && ben.follow(group, &add.commit));
    cleo.join(group, &add.welcome.unwrap());

    let proposals = tracked
        .propose_removals(&[ben.id], &hospital.delivery)
        .unwrap();
    for proposal in proposals {
        let proposal = B64(proposal);
        assert!(amara.follow(group, &proposal) && cleo.follow(group, &proposal));
    }
    let ben = user_of(2);
    let remove = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[], &[ben])
        .unwrap();
    let effect = tracked.apply_commit(
        &remove.commit.0,
        &remove.group_info.0,
        amara.id,
        &key,
        &hospital.ca,
        NOW,
    );
    let effect = effect.unwrap();
    assert_eq!(effect.left.len(), 1, "once, not twice");
    assert_eq!(effect.dismissed, [ben]);
    match cleo
        .groups
        .process(&mut cleo.vault, group, &remove.commit.0)
    {
        Ok(Incoming::Commit { dismissed, .. }) => assert_eq!(dismissed, [ben]),
        _ => panic!("not a commit"),
    }
    match amara
        .groups
        .process(&mut amara.vault, group, &remove.commit.0)
    {
        Ok(Incoming::OwnCommit { dismissed }) => assert_eq!(dismissed, [ben]),
        _ => panic!("not our commit"),
    }
    // The next commit names nobody by mistake.
    amara.groups.merge_own(&mut amara.vault, group).unwrap();
    let next = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[], &[])
        .unwrap();
    match amara
        .groups
        .process(&mut amara.vault, group, &next.commit.0)
    {
        Ok(Incoming::OwnCommit { dismissed }) => assert!(dismissed.is_empty()),
        _ => panic!("not our commit"),
    }
}

#[test]
fn a_message_that_was_held_back_over_a_change_is_attributed_to_nobody() {
    let Conversation {
        hospital,
        group,
        mut amara,
        mut ben,
        ..
    } = conversation();
    let held_back = amara.say(group, "Stop the heparin");
    let mut cleo = hospital.device(3);
    let package = cleo.key_package();
    let add = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[package], &[])
        .unwrap();
    assert!(ben.follow(group, &add.commit));
    assert!(matches!(
        ben.groups.process(&mut ben.vault, group, &held_back.0),
        Ok(Incoming::Past)
    ));
}

#[test]
fn keys_of_another_conversation_are_refused_whoever_offers_them() {
    let Conversation {
        group, mut amara, ..
    } = conversation();
    let other = GroupId::from_bytes([8; 16]);
    let hospital = Hospital::open();
    let info = amara
        .groups
        .create(
            &mut amara.vault,
            &amara.identity,
            other,
            CIPHERSUITE,
            &hospital.delivery.public(),
        )
        .unwrap();
    assert!(amara.rejoin(group, &info).is_none());
    assert_eq!(amara.groups.members(&amara.vault, group).unwrap().len(), 2);
}

#[test]
fn a_device_with_another_key_does_not_come_back_in_ones_place() {
    let Conversation {
        hospital,
        group,
        mut amara,
        mut ben,
        ..
    } = conversation();
    let made = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[], &[])
        .unwrap();
    amara.groups.merge_own(&mut amara.vault, group).unwrap();
    assert!(ben.follow(group, &made.commit));
    let info = made.group_info;
    let mut again = hospital.device_with_key(2, 77);
    // openmls takes out the leaf with the same key only, so this one would stand beside it.
    assert!(again.rejoin(group, &info).is_none());
    let claim = &ben.groups.members(&ben.vault, group).unwrap()[1];
    assert!(ben.identity.has_key_of(claim));
    assert!(!again.identity.has_key_of(claim), "a name is no key");

    // Nor does a member bring it in beside the one that is there.
    let package = again.key_package();
    let twice = amara
        .groups
        .commit(&mut amara.vault, &amara.identity, group, &[package], &[])
        .unwrap();
    match ben.groups.process(&mut ben.vault, group, &twice.commit.0) {
        Ok(Incoming::Commit { staged, .. }) => {
            assert!(ben.groups.newcomers(&ben.vault, group, &staged).is_err());
        }
        _ => panic!("not a commit"),
    }
}

#[test]
fn a_certificate_that_has_run_out_lets_nobody_in_and_holds_nobody_up() {
    let Conversation {
        hospital,
        group,
        mut tracked,
        mut amara,
        ..
    } = conversation();
    let key = hospital.delivery.public();
    let mut commit = |tracked: &mut Tracked, number: u8, now: u64| {
        let package = hospital.device(number).key_package();
        let made = amara
            .groups
            .commit(&mut amara.vault, &amara.identity, group, &[package], &[])
            .unwrap();
        let (commit, info) = (&made.commit.0, &made.group_info.0);
        let taken = tracked.apply_commit(commit, info, amara.id, &key, &hospital.ca, now);
        match &taken {
            Ok(_) => assert!(amara.follow(group, &made.commit)),
            Err(_) => amara.groups.discard_own(&mut amara.vault, group).unwrap(),
        }
        taken.map(|effect| effect.joined.len())
    };
    assert_eq!(commit(&mut tracked, SHORT_LIVED, NOW), Ok(1));
    let later = NOW + 3 * 24 * 60 * 60 * 1000;
    assert_eq!(commit(&mut tracked, 4, later), Ok(1));
    let mut fresh = conversation();
    let late = fresh.hospital.device(SHORT_LIVED).key_package();
    let made = fresh
        .amara
        .groups
        .commit(
            &mut fresh.amara.vault,
            &fresh.amara.identity,
            fresh.group,
            &[late],
            &[],
        )
        .unwrap();
    let refused = fresh.tracked.apply_commit(
        &made.commit.0,
        &made.group_info.0,
        fresh.amara.id,
        &fresh.hospital.delivery.public(),
        &fresh.hospital.ca,
        later,
    );
    assert_eq!(refused, Err(Refusal::Credential));
}
