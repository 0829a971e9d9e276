//! What members and the server send: nothing that is altered is taken, nothing that is refused
//! leaves a trace, and no input makes a decoder panic. The delivery service's decoders are fed
//! here too, since members make what it reads.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::collections::BTreeMap;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519, PublicKeyData, SanType, SignatureAlgorithm,
};
use wardline_client::attachments::{Attachment, AttachmentKind};
use wardline_client::content::{Change, Expiry, Form, FormKind, Reference, Text};
use wardline_client::fuzz;
use wardline_client::mls::{
    CIPHERSUITE, Groups, Identity, Incoming, make_key_packages, public_key,
};
use wardline_client::vault::{StoreKey, Vault};
use wardline_credential::DeviceCa;
use wardline_credential::x509::{DEVICE_URN, USER_URN};
use wardline_delivery::fuzz::{self as delivery, Place};
use wardline_delivery::{DeliveryKey, Refusal, Tracked, header};
use wardline_fuzz::corpus;
use wardline_model::{AttachmentId, B64, DeviceId, GroupId, MessageId, UserId};
use zeroize::Zeroizing;

const NOW: u64 = 1_790_000_000_000;
/// A tag of HMAC-SHA-384 with its length in front.
const TAG: usize = 1 + 48;
const GROUP: GroupId = GroupId::from_bytes([7; 16]);

struct PublicKey([u8; 32]);

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

struct Device {
    id: DeviceId,
    identity: Identity,
    vault: Vault,
    groups: Groups,
}

/// Amara made a conversation and a commit that adds Ben; nobody has taken it yet.
struct Scene {
    ca: DeviceCa,
    delivery: DeliveryKey,
    amara: Device,
    ben: Device,
    /// Ben's key package.
    package: B64,
    /// GroupInfo of epoch 0.
    first: B64,
    commit: B64,
    welcome: B64,
    /// GroupInfo of epoch 1.
    second: B64,
    /// What the delivery service knows of epoch 0.
    state: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let ca = DeviceCa::from_der(issuer.der()).unwrap();
        let delivery = DeliveryKey::from_bytes(&[9; 32]);
        let (mut amara, mut ben) = (device(1, &issuer), device(2, &issuer));
        let package = make_key_packages(&mut ben.vault, &ben.identity, CIPHERSUITE, 1, false)
            .unwrap()
            .remove(0);
        let first = amara
            .groups
            .create(
                &mut amara.vault,
                &amara.identity,
                GROUP,
                CIPHERSUITE,
                &delivery.public(),
            )
            .unwrap();
        let state = Tracked::create(GROUP, &first.0, amara.id, &delivery.public(), &ca, NOW)
            .unwrap()
            .to_bytes();
        let made = amara
            .groups
            .commit(
                &mut amara.vault,
                &amara.identity,
                GROUP,
                std::slice::from_ref(&package),
                &[],
            )
            .unwrap();
        Self {
            ca,
            delivery,
            amara,
            ben,
            package,
            first,
            commit: made.commit,
            welcome: made.welcome.unwrap(),
            second: made.group_info,
            state,
        }
    }

    /// Both are in the conversation.
    fn joined() -> Self {
        let mut scene = Self::new();
        let Self {
            amara,
            ben,
            welcome,
            ..
        } = &mut scene;
        amara.groups.merge_own(&mut amara.vault, GROUP).unwrap();
        let welcomed = ben
            .groups
            .stage_welcome(&ben.vault, GROUP, &welcome.0)
            .unwrap();
        ben.groups.join(&mut ben.vault, GROUP, welcomed).unwrap();
        scene
    }

    fn place(&self, sender: DeviceId) -> Place<'_> {
        Place {
            group: GROUP,
            sender,
            delivery_key: self.delivery.public(),
            ca: &self.ca,
            now_ms: NOW,
        }
    }
}

fn device(number: u8, issuer: &CertifiedIssuer<'static, KeyPair>) -> Device {
    let (user, id) = (
        UserId::from_bytes([number; 16]),
        DeviceId::from_bytes([number; 16]),
    );
    let secret = Zeroizing::new([number; 32]);
    let mut params = CertificateParams::default();
    params.subject_alt_names = [format!("{USER_URN}{user}"), format!("{DEVICE_URN}{id}")]
        .map(|name| SanType::URI(name.as_str().try_into().unwrap()))
        .to_vec();
    let certificate = params
        .signed_by(&PublicKey(public_key(&secret)), issuer)
        .unwrap();
    Device {
        id,
        identity: Identity::new(&secret, certificate.der().to_vec()),
        vault: empty(),
        groups: Groups::default(),
    }
}

fn empty() -> Vault {
    Vault::open(
        StoreKey::derive(b"prf", b"share", "store"),
        &BTreeMap::new(),
    )
    .unwrap()
}

fn say(device: &mut Device, id: u8, text: &str) -> B64 {
    let id = MessageId::from_bytes([id; 16]);
    let Device {
        groups,
        vault,
        identity,
        ..
    } = device;
    groups
        .encrypt(vault, identity, GROUP, id, text.as_bytes())
        .unwrap()
        .0
}

#[test]
fn content_is_read_as_it_is_written() {
    let text = |in_reply_to| Text {
        id: MessageId::from_bytes([1; 16]),
        in_reply_to,
        text: "K 6.8, repeat is running — ⚠".to_owned(),
        mentions: vec![UserId::from_bytes([5; 16])],
        form: None,
        attachment: None,
        reference: None,
        expires: None,
        forwarded: None,
    };
    let passing = |expires| Text {
        expires: Some(expires),
        ..text(None)
    };
    let form = Form {
        kind: FormKind::Ipass,
        fields: [
            "Watcher",
            "Sepsis, day 2",
            "Lactate at 18:00",
            "Call me if MAP < 65",
        ]
        .map(str::to_owned),
    };
    let handed_over = Text {
        form: Some(form),
        ..text(None)
    };
    let with_file = Text {
        attachment: Some(Attachment {
            id: AttachmentId::from_bytes([4; 16]),
            key: [5; 32].into(),
            digest: [6; 32].into(),
            bytes: 40_000,
            kind: AttachmentKind::Photo,
            mime: "image/jpeg".to_owned(),
            name: "Photo.jpg".to_owned(),
            pixels: Some((1600, 1200)),
            seconds: None,
            thumbnail: Some([0xFF, 0xD8, 0xFF].into()),
        }),
        ..text(None)
    };
    let reference = "p1/Observation/k1/trend".to_owned();
    let of_chart = Text {
        reference: Some(Reference::try_from(reference).unwrap()),
        ..text(None)
    };
    let (id, of) = (
        MessageId::from_bytes([3; 16]),
        MessageId::from_bytes([2; 16]),
    );
    let changes = [
        Change::Edit {
            of,
            text: "K 6.2".to_owned(),
            mentions: vec![UserId::from_bytes([5; 16])],
        },
        Change::Recall { of },
        Change::React {
            to: of,
            emoji: "👩🏽‍⚕️".to_owned(),
        },
        Change::Unreact {
            to: of,
            reaction: id,
        },
    ];
    corpus!("content")
        .seeds([
            text(None).encode(),
            text(Some(of)).encode(),
            handed_over.encode(),
            with_file.encode(),
            of_chart.encode(),
            passing(Expiry::After(3600)).encode(),
            passing(Expiry::Read).encode(),
        ])
        .seeds(changes.map(|change| change.encode(id)))
        .words([
            "text/plain",
            "ipass",
            "sbar",
            "👍",
            "\u{200d}",
            "\u{9f}",
            "\u{ff}",
        ])
        .cases(40_000)
        .run(fuzz::content);
}

#[test]
fn a_picture_is_bare_after_the_first_time() {
    let jpeg = b"\xFF\xD8\xFF\xE1\0\x08Exif\0\0\xFF\xDB\0\x03a\xFF\xDA\0\x03b1\xFF\0\xFF\xD92";
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\0IHDRcrc1\0\0\0\x01eXIfacrc2\0\0\0\0IENDcrc3";
    let webp = b"RIFF\x18\0\0\0WEBPVP8 \x02\0\0\0abEXIF\x02\0\0\0cd";
    corpus!("picture")
        .seeds([jpeg.to_vec(), png.to_vec(), webp.to_vec()])
        .words(["\u{ff}", "ICC_PROFILE", "JFIF", "Adobe", "VP8X", "IDAT"])
        .cases(40_000)
        .run(|bytes| {
            ["image/jpeg", "image/png", "image/webp"]
                .into_iter()
                .any(|mime| fuzz::picture(mime, bytes))
        });
}

#[test]
fn no_sealed_value_opens_after_it_was_altered() {
    let key = StoreKey::derive(b"prf", b"share", "store");
    let value = b"Potassium 6.8".to_vec();
    let sealed = key.seal("v/message", &value, [3; 12]);
    corpus!("sealed")
        .seeds([sealed.clone()])
        .cases(20_000)
        .run(|bytes| {
            let opened = fuzz::sealed(bytes, &key, "v/message");
            assert_eq!(opened.is_some(), bytes == sealed);
            opened.is_some_and(|opened| opened == value)
        });
}

#[test]
fn a_profile_is_read_as_it_is_written() {
    corpus!("profile").cases(20_000).run(fuzz::profile);
}

#[test]
fn an_altered_key_package_is_refused_by_members_and_by_the_delivery_service() {
    let scene = Scene::new();
    let (package, place) = (scene.package.0.clone(), scene.place(scene.ben.id));
    corpus!("key-package")
        .seeds([package.clone()])
        .cases(6000)
        .run(|bytes| {
            let taken = fuzz::package(bytes);
            assert_eq!(delivery::package(bytes, &place), taken);
            assert_eq!(taken, bytes == package);
            taken
        });
}

#[test]
fn a_welcome_leads_into_its_conversation_or_nowhere() {
    let scene = Scene::new();
    corpus!("welcome")
        .seeds([scene.welcome.0.clone()])
        .cases(4000)
        .run(|bytes| fuzz::welcome(bytes, &scene.ben.vault, GROUP));
}

#[test]
fn an_altered_entry_is_refused_and_the_conversation_goes_on() {
    let mut scene = Scene::joined();
    let texts = ["Bed 4 is septic", "Antibiotics are in"];
    let messages = [
        say(&mut scene.amara, 1, texts[0]),
        say(&mut scene.amara, 2, texts[1]),
    ];
    let Device { groups, vault, .. } = &mut scene.ben;
    let commit = scene
        .amara
        .groups
        .commit(
            &mut scene.amara.vault,
            &scene.amara.identity,
            GROUP,
            &[],
            &[],
        )
        .unwrap()
        .commit;
    let seeds = [
        messages[0].0.clone(),
        messages[1].0.clone(),
        commit.0.clone(),
    ];
    let reader = std::cell::RefCell::new((std::mem::take(groups), vault));
    corpus!("entry")
        .seeds(seeds.clone())
        .cases(4000)
        .run(|bytes| {
            let (groups, vault) = &mut *reader.borrow_mut();
            match fuzz::entry(bytes, groups, vault, GROUP) {
                Some(Incoming::Message { content, .. }) => {
                    let real = texts
                        .iter()
                        .zip(&seeds)
                        .any(|(text, seed)| content == text.as_bytes() && bytes == seed);
                    assert!(real, "an altered message was shown");
                    true
                }
                Some(Incoming::Commit { .. }) => {
                    assert_eq!(bytes, seeds[2], "an altered commit was taken");
                    true
                }
                Some(Incoming::Past | Incoming::Unreadable) | None => false,
                Some(_) => panic!("neither a message nor a commit"),
            }
        });
    let (groups, vault) = &mut *reader.borrow_mut();
    let third = say(&mut scene.amara, 3, "Lactate 1.8");
    match groups.process(vault, GROUP, &third.0).unwrap() {
        Incoming::Message { content, .. } => assert_eq!(content, b"Lactate 1.8"),
        _ => panic!("not a message"),
    }
}

#[test]
fn a_device_comes_back_by_real_group_information_only() {
    let scene = Scene::joined();
    let vault = empty();
    corpus!("rejoin")
        .seeds([scene.second.0.clone()])
        .cases(1600)
        .run(|bytes| fuzz::rejoining(bytes, &vault, &scene.ben.identity, GROUP));
}

#[test]
fn the_header_of_any_message_is_read_or_refused() {
    let mut scene = Scene::joined();
    let message = say(&mut scene.amara, 1, "Bed 4 is septic");
    let proposal = Tracked::from_bytes(&scene.state)
        .unwrap()
        .propose_removals(&[scene.amara.id], &scene.delivery)
        .unwrap()
        .remove(0);
    corpus!("message")
        .seeds([message.0, scene.commit.0, proposal])
        .cases(20_000)
        .run(delivery::message);
}

#[test]
fn application_data_that_is_not_encrypted_is_refused() {
    let scene = Scene::joined();
    let mut message = scene.commit.0;
    assert!(!header(&message).unwrap().private);
    // RFC 9420 §6: version, wire format, group id, epoch, sender, authenticated data, content type.
    let kind = 2 + 2 + (1 + 16) + 8 + (1 + 4) + 1;
    assert_eq!(message[kind], 3, "a commit");
    message[kind] = 1;
    message.truncate(kind + 1);
    // Four bytes of content, a signature, a membership tag.
    message.extend([4, b'o', b'p', b'e', b'n']);
    message.extend([[0x40, 64].as_slice(), &[0; 64]].concat());
    message.extend([[48].as_slice(), &[0; 48]].concat());
    assert_eq!(header(&message), Err(Refusal::Malformed));
}

#[test]
fn a_conversation_begins_with_real_group_information_only() {
    let scene = Scene::new();
    let place = scene.place(scene.amara.id);
    corpus!("group-info")
        .seeds([scene.first.0.clone()])
        .cases(6000)
        .run(|bytes| delivery::group_info(bytes, &place));
}

#[test]
fn a_refused_commit_changes_nothing() {
    let scene = Scene::new();
    let place = scene.place(scene.amara.id);
    corpus!("commit")
        .seeds([scene.commit.0.clone()])
        .cases(1500)
        .run(|bytes| {
            let taken = delivery::commit(&scene.state, bytes, &scene.second.0, &place);
            if taken {
                // Without the group's secrets nobody can check the two tags at the end (RFC 9420
                // §6.1, §6.2); everything before them is signed.
                let signed = scene.commit.0.len() - 2 * TAG;
                assert_eq!(bytes[..signed], scene.commit.0[..signed]);
            }
            taken
        });
    corpus!("commit-info")
        .seeds([scene.second.0.clone()])
        .cases(300)
        .run(|bytes| {
            let taken = delivery::commit(&scene.state, &scene.commit.0, bytes, &place);
            assert_eq!(taken, bytes == scene.second.0, "nobody can come back by it");
            taken
        });
}

#[test]
fn a_commit_with_group_information_that_nobody_can_come_back_by_is_refused() {
    let scene = Scene::new();
    let place = scene.place(scene.amara.id);
    let take = |commit: &B64, info: &[u8]| {
        let mut tracked = Tracked::from_bytes(&scene.state).unwrap();
        let (sender, key) = (place.sender, &place.delivery_key);
        tracked.apply_commit(&commit.0, info, sender, key, place.ca, NOW)
    };
    assert_eq!(take(&scene.commit, &scene.first.0), Err(Refusal::GroupInfo));
    // The signature stands at the end (RFC 9420 §12.4.3).
    let mut unsigned = scene.second.0.clone();
    *unsigned.last_mut().unwrap() ^= 1;
    assert_eq!(take(&scene.commit, &unsigned), Err(Refusal::GroupInfo));
    assert!(take(&scene.commit, &scene.second.0).is_ok());
}

#[test]
fn a_damaged_state_is_refused() {
    let scene = Scene::new();
    let mut pending = Tracked::from_bytes(&scene.state).unwrap();
    pending
        .propose_removals(&[scene.amara.id], &scene.delivery)
        .unwrap();
    let seeds = [scene.state.clone(), pending.to_bytes()];
    corpus!("state")
        .seeds(seeds.clone())
        .cases(12_000)
        .run(|bytes| {
            let taken = delivery::state(bytes, &scene.delivery);
            assert_eq!(taken, seeds.iter().any(|seed| bytes == seed));
            taken
        });
}
