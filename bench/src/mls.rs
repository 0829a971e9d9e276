//! MLS by the client core, with its sealed journal, beside bare openmls with the storage that comes
//! with it: the same suite, cryptography and configuration.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use openmls::prelude::{
    BasicCredential, Capabilities, Credential, CredentialType, CredentialWithKey, Extension,
    ExtensionType, Extensions, ExternalSender, GroupId as MlsGroupId, KeyPackage, LeafNodeIndex,
    MIXED_PLAINTEXT_WIRE_FORMAT_POLICY, MlsGroup, MlsGroupCreateConfig, MlsGroupJoinConfig,
    MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, ProcessedMessageContent, ProtocolVersion,
    SenderRatchetConfiguration, SignaturePublicKey, StagedWelcome,
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519, PublicKeyData, SanType, SignatureAlgorithm,
};
use tls_codec::DeserializeBytes as _;
use wardline_client::mls::{
    CIPHERSUITE, CLASSICAL, Groups, Identity, Incoming, MAX_GAP, OUT_OF_ORDER, PADDING,
    PAST_EPOCHS, make_key_packages, public_key,
};
use wardline_client::vault::{StoreKey, Vault};
use wardline_client_native::home::random;
use wardline_credential::x509::{self, DEVICE_URN, USER_URN};
use wardline_model::{B64, DeviceId, GroupId, MessageId, UserId};
use zeroize::Zeroizing;

use crate::bench::{Bench, Outcome};
use crate::clock::timed;
use crate::disk::spread;
use crate::report::{Figure, Row, Section, Target};
use crate::stats::Sample;

/// Ours may take this many times as long.
const ALLOWED: f64 = 1.25;
/// Members of a group; how often groups are made and changed; how many messages are sent.
const SIZES: [(u64, usize, usize); 3] = [(2, 100, 1_000), (50, 30, 1_000), (500, 10, 300)];
const TEXT: &[u8] = b"K 6.8 on the repeat, calcium gluconate is in, please come to bed 4.";
/// The delivery service's key; only its public half stands in a group.
const DELIVERY_KEY: [u8; 32] = [
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
];

/// Makes, changes and uses groups of three sizes in both ways, in turns.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let hospital = Hospital::open()?;
    let mut rows = Vec::new();
    for (members, changes, messages) in SIZES {
        let pairs = hospital.compare(members, bench.rounds(changes), bench.rounds(messages))?;
        for (what, ours, bare) in pairs {
            rows.push(
                Row::new(
                    format!("{what}, {members} members, median"),
                    microseconds(&ours),
                    "bare openmls",
                    microseconds(&bare),
                )
                .target(Target::AtMost(ALLOWED)),
            );
        }
    }
    Ok(Section {
        title: "MLS: the client core beside bare openmls",
        rows,
        notes: vec![
            "Suite 0x004E (ML-KEM-768 with X25519, AES-256-GCM, Ed25519), RustCrypto and X.509 \
             credentials on both sides. Bare openmls keeps its state in its own `MemoryStorage`, \
             as JSON; the core keeps it in its vault, in a binary form. The core's times include \
             its journal: what an operation changed is collected and sealed with AES-256-GCM, \
             ready to be written before the ciphertext leaves. The write itself is the disk's and \
             is not included. *Create* makes a group and one commit that adds everyone; *add* \
             commits one more member; both include the GroupInfo for the delivery service and the \
             merge."
                .to_owned(),
        ],
    })
}

/// How long one encryption takes in a conversation of two, journal included but for the disk.
pub(crate) fn encryption(rounds: usize) -> Outcome<Sample> {
    let hospital = Hospital::open()?;
    let mut ours = Ours::new(&hospital.person(1)?)?;
    let group = GroupId::from_bytes([7; 16]);
    let other = Ours::new(&hospital.person(2)?)?.key_package()?;
    ours.create(group, &[other])?;
    let mut took = Vec::new();
    for n in 0..rounds {
        let (sent, time) = timed(|| ours.send(group, n));
        sent?;
        took.push(time);
    }
    Ok(Sample::new(took))
}

fn microseconds(sample: &Sample) -> Figure {
    Figure::new(sample.median().as_secs_f64() * 1e6, "µs")
}

/// Who issues the members' certificates.
struct Hospital {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A member to be.
struct Person {
    user: UserId,
    secret: Zeroizing<[u8; 32]>,
    certificate: Vec<u8>,
}

struct Ed25519Key([u8; 32]);

impl PublicKeyData for Ed25519Key {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

/// What was done, by the core and by bare openmls.
type Pair = (&'static str, Sample, Sample);

impl Hospital {
    fn open() -> Outcome<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        Ok(Self {
            issuer: CertifiedIssuer::self_signed(params, key)?,
        })
    }

    fn person(&self, number: u64) -> Outcome<Person> {
        let id = spread(number);
        let (user, device) = (UserId::from_bytes(id), DeviceId::from_bytes(id));
        let mut secret = Zeroizing::new([0; 32]);
        random(secret.as_mut());
        let mut params = CertificateParams::default();
        for name in [format!("{USER_URN}{user}"), format!("{DEVICE_URN}{device}")] {
            params
                .subject_alt_names
                .push(SanType::URI(name.as_str().try_into()?));
        }
        let certificate = params.signed_by(&Ed25519Key(public_key(&secret)), &self.issuer)?;
        Ok(Person {
            user,
            secret,
            certificate: certificate.der().to_vec(),
        })
    }

    /// Groups of this size: so many made and changed, so many messages sent.
    fn compare(&self, members: u64, changes: usize, messages: usize) -> Outcome<Vec<Pair>> {
        let (first, second) = (self.person(1)?, self.person(2)?);
        let (mut ours, mut ours_other) = (Ours::new(&first)?, Ours::new(&second)?);
        let (mut bare, mut bare_other) = (Bare::new(&first), Bare::new(&second));
        let (mut for_ours, mut for_bare) = (
            vec![ours_other.key_package()?],
            vec![bare_other.key_package()?],
        );
        for number in 3..=members {
            let package = Ours::new(&self.person(number)?)?.key_package()?;
            for_ours.push(package.clone());
            for_bare.push(package);
        }
        let newcomer = self.person(members + 1)?;
        let newcomer_package = [Ours::new(&newcomer)?.key_package()?];

        let mut create = Times::default();
        let mut last = None;
        for n in 0..changes {
            if let Some((group, _, _)) = last {
                ours.forget(group);
            }
            let group = GroupId::from_bytes(spread(u64::try_from(n)?));
            let ours_welcome = create.ours(|| ours.create(group, &for_ours))?;
            let bare_welcome = create.bare(|| bare.create(group, &for_bare))?;
            last = Some((group, ours_welcome, bare_welcome));
        }
        let (group, ours_welcome, bare_welcome) = last.ok_or("no round")?;
        ours_other.join(group, &ours_welcome)?;
        bare_other.join(&bare_welcome)?;

        let (mut send, mut process) = (Times::default(), Times::default());
        for n in 0..messages {
            let ours_message = send.ours(|| ours.send(group, n))?;
            let bare_message = send.bare(|| bare.send(n))?;
            process.ours(|| ours_other.process(group, &ours_message))?;
            process.bare(|| bare_other.process(&bare_message))?;
        }

        let mut add = Times::default();
        for _ in 0..changes {
            add.ours(|| ours.commit(group, &newcomer_package, &[]))?;
            add.bare(|| bare.commit(&newcomer_package, &[]))?;
            // So that the group is of the same size each time.
            ours.commit(group, &[], &[newcomer.user])?;
            let leaf = bare.last_leaf()?;
            bare.commit(&[], &[leaf])?;
        }
        Ok(vec![
            create.named("create"),
            add.named("add"),
            send.named("send"),
            process.named("process"),
        ])
    }
}

/// Times of one operation in both ways.
#[derive(Default)]
struct Times {
    ours: Vec<Duration>,
    bare: Vec<Duration>,
}

impl Times {
    fn ours<T>(&mut self, call: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let (value, time) = timed(call);
        self.ours.push(time);
        value
    }

    fn bare<T>(&mut self, call: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let (value, time) = timed(call);
        self.bare.push(time);
        value
    }

    fn named(self, what: &'static str) -> Pair {
        (what, Sample::new(self.ours), Sample::new(self.bare))
    }
}

/// A device on the client core.
struct Ours {
    identity: Identity,
    vault: Vault,
    groups: Groups,
}

impl Ours {
    fn new(person: &Person) -> Outcome<Self> {
        let key = StoreKey::derive(&*person.secret, b"share", "store");
        Ok(Self {
            identity: Identity::new(&person.secret, person.certificate.clone()),
            vault: Vault::open(key, &BTreeMap::new())?,
            groups: Groups::default(),
        })
    }

    fn key_package(&mut self) -> Outcome<B64> {
        let made = make_key_packages(&mut self.vault, &self.identity, CIPHERSUITE, 1, false)?;
        self.seal();
        Ok(made.into_iter().next().ok_or("no key package")?)
    }

    fn create(&mut self, group: GroupId, packages: &[B64]) -> Outcome<B64> {
        let info = self.groups.create(
            &mut self.vault,
            &self.identity,
            group,
            CIPHERSUITE,
            &DELIVERY_KEY,
        )?;
        black_box(info);
        let welcome = self.commit(group, packages, &[])?;
        Ok(welcome.ok_or("no Welcome")?)
    }

    fn commit(&mut self, group: GroupId, add: &[B64], remove: &[UserId]) -> Outcome<Option<B64>> {
        let commit = self
            .groups
            .commit(&mut self.vault, &self.identity, group, add, remove)?;
        self.seal();
        self.groups.merge_own(&mut self.vault, group)?;
        self.seal();
        let commit = black_box(commit);
        Ok(commit.welcome)
    }

    fn send(&mut self, group: GroupId, n: usize) -> Outcome<Vec<u8>> {
        let id = MessageId::from_bytes(spread(u64::try_from(n)?));
        let (message, _) = self
            .groups
            .encrypt(&mut self.vault, &self.identity, group, id, TEXT)?;
        self.seal();
        Ok(message.0)
    }

    fn join(&mut self, group: GroupId, welcome: &B64) -> Outcome<()> {
        let welcomed = self.groups.stage_welcome(&self.vault, group, &welcome.0)?;
        self.groups.join(&mut self.vault, group, welcomed)?;
        self.seal();
        Ok(())
    }

    fn process(&mut self, group: GroupId, message: &[u8]) -> Outcome<()> {
        let incoming = self.groups.process(&mut self.vault, group, message)?;
        self.seal();
        match incoming {
            Incoming::Message { content, .. } if content == TEXT => Ok(()),
            _ => Err("not the message that was sent".into()),
        }
    }

    fn forget(&mut self, group: GroupId) {
        self.groups.forget(&mut self.vault, group);
        self.seal();
    }

    /// Seals what changed, as the core does before it writes.
    fn seal(&mut self) {
        black_box(self.vault.changes(|| {
            let mut nonce = [0; 12];
            random(&mut nonce);
            nonce
        }));
        self.vault.settle();
    }
}

/// A device on openmls alone.
struct Bare {
    provider: OpenMlsRustCrypto,
    signer: Identity,
    credential: CredentialWithKey,
    group: Option<MlsGroup>,
}

impl Bare {
    fn new(person: &Person) -> Self {
        let credential = x509::mls_credential(&person.certificate);
        let key = public_key(&person.secret);
        Self {
            provider: OpenMlsRustCrypto::default(),
            signer: Identity::new(&person.secret, person.certificate.clone()),
            credential: CredentialWithKey {
                credential: Credential::new(CredentialType::X509, credential),
                signature_key: SignaturePublicKey::from(key.as_slice()),
            },
            group: None,
        }
    }

    fn key_package(&self) -> Outcome<B64> {
        let bundle = KeyPackage::builder()
            .leaf_node_capabilities(capabilities())
            .build(
                CIPHERSUITE,
                &self.provider,
                &self.signer,
                self.credential.clone(),
            )?;
        bytes(&bundle.key_package().clone().into())
    }

    fn create(&mut self, group: GroupId, packages: &[B64]) -> Outcome<B64> {
        let sender = ExternalSender::new(
            SignaturePublicKey::from(DELIVERY_KEY.as_slice()),
            Credential::from(BasicCredential::new(b"wardline delivery service".to_vec())),
        );
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(CIPHERSUITE)
            .wire_format_policy(MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .with_group_context_extensions(Extensions::single(Extension::ExternalSenders(vec![
                sender,
            ]))?)
            .capabilities(capabilities())
            .padding_size(PADDING)
            .max_past_epochs(PAST_EPOCHS)
            .sender_ratchet_configuration(ratchet())
            .build();
        // A group of an earlier round goes, as the core forgets it.
        self.provider = OpenMlsRustCrypto::default();
        let made = MlsGroup::new_with_group_id(
            &self.provider,
            &self.signer,
            &config,
            MlsGroupId::from_slice(group.as_bytes()),
            self.credential.clone(),
        )?;
        let info = made.export_group_info(self.provider.crypto(), &self.signer, true)?;
        black_box(bytes(&info)?);
        self.group = Some(made);
        let welcome = self.commit(packages, &[])?;
        Ok(welcome.ok_or("no Welcome")?)
    }

    fn commit(&mut self, add: &[B64], remove: &[LeafNodeIndex]) -> Outcome<Option<B64>> {
        let provider = &self.provider;
        let group = self.group.as_mut().ok_or(NO_GROUP)?;
        let mut packages = Vec::with_capacity(add.len());
        for package in add {
            let message = MlsMessageIn::tls_deserialize_exact_bytes(&package.0)?;
            let MlsMessageBodyIn::KeyPackage(package) = message.extract() else {
                return Err("not a key package".into());
            };
            packages.push(package.validate(provider.crypto(), ProtocolVersion::Mls10)?);
        }
        let bundle = group
            .commit_builder()
            .propose_adds(packages)
            .propose_removals(remove.iter().copied())
            .load_psks(provider.storage())?
            .create_group_info(true)
            .use_ratchet_tree_extension(true)
            .build(provider.rand(), provider.crypto(), &self.signer, |_| true)?
            .stage_commit(provider)?;
        let (commit, welcome, info) = bundle.into_messages();
        black_box((bytes(&commit)?, info.as_ref().map(bytes).transpose()?));
        let welcome = welcome.as_ref().map(bytes).transpose()?;
        group.merge_pending_commit(provider)?;
        Ok(welcome)
    }

    fn last_leaf(&self) -> Outcome<LeafNodeIndex> {
        let group = self.group.as_ref().ok_or(NO_GROUP)?;
        Ok(group.members().last().ok_or(NO_GROUP)?.index)
    }

    fn send(&mut self, n: usize) -> Outcome<Vec<u8>> {
        let group = self.group.as_mut().ok_or(NO_GROUP)?;
        group.set_aad(spread(u64::try_from(n)?).to_vec());
        let message = group.create_message(&self.provider, &self.signer, TEXT)?;
        Ok(message.to_bytes()?)
    }

    fn join(&mut self, welcome: &B64) -> Outcome<()> {
        let message = MlsMessageIn::tls_deserialize_exact_bytes(&welcome.0)?;
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else {
            return Err("not a Welcome".into());
        };
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .padding_size(PADDING)
            .max_past_epochs(PAST_EPOCHS)
            .sender_ratchet_configuration(ratchet())
            .build();
        let staged = StagedWelcome::new_from_welcome(&self.provider, &config, welcome, None)?;
        self.group = Some(staged.into_group(&self.provider)?);
        Ok(())
    }

    fn process(&mut self, message: &[u8]) -> Outcome<()> {
        let group = self.group.as_mut().ok_or(NO_GROUP)?;
        let message =
            MlsMessageIn::tls_deserialize_exact_bytes(message)?.try_into_protocol_message()?;
        let processed = group.process_message(&self.provider, message)?;
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(message) => {
                if message.into_bytes() == TEXT {
                    Ok(())
                } else {
                    Err("not the text that was sent".into())
                }
            }
            _ => Err("not the message that was sent".into()),
        }
    }
}

fn bytes(message: &MlsMessageOut) -> Outcome<B64> {
    Ok(B64(message.to_bytes()?))
}

fn capabilities() -> Capabilities {
    Capabilities::new(
        None,
        Some(&[CIPHERSUITE, CLASSICAL]),
        Some(&[ExtensionType::LastResort]),
        None,
        Some(&[CredentialType::X509, CredentialType::Basic]),
    )
}

fn ratchet() -> SenderRatchetConfiguration {
    SenderRatchetConfiguration::new(OUT_OF_ORDER, MAX_GAP)
}

const NO_GROUP: &str = "there is no group yet";
