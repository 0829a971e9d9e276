//! A hospital in memory: the delivery service's real rules over maps, and what it takes to admit
//! devices. What it orders is the truth against which devices are held.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519, PublicKeyData, SanType, SignatureAlgorithm,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use wardline_audit::event::{Actor, Kind, NodeName, Outcome, V1};
use wardline_audit::tree::{Appender, TileId, Tiles};
use wardline_audit::{Checkpoint, Event, LogSigner, Opening, Salt};
use wardline_client::platform::{Request, Response};
use wardline_credential::DeviceCa;
use wardline_credential::chain::{DETAIL, ENDORSED};
use wardline_credential::x509::{DEVICE_URN, USER_URN};
use wardline_delivery::{CommitEffect, DeliveryKey, Refusal, Tracked};
use wardline_model::endorsement::{Duty, Endorsement, SignedEndorsement};
use wardline_model::statement::SignedStatement;
use wardline_model::wire::devices::{
    CredentialsAnswer, CredentialsRequest, DeviceCredential, DeviceInfo, DeviceList,
    EndorseRequest, LoggedEndorsement, MemberDevice, MemberDevices, MemberDevicesRequest,
};
use wardline_model::wire::enroll::{
    BindingClaims, Certificates, DeviceState, EnrollFinish, EnrollFinished, EnrollStart,
    EnrollStarted, EnrollStatus, PersonBrief, Platform as DevicePlatform,
};
use wardline_model::wire::groups::{
    CommitAccepted, CommitUpload, GroupCreate, GroupInfoAnswer, GroupKind, GroupList, GroupSummary,
    Member,
};
use wardline_model::wire::hospital::Hospital as Public;
use wardline_model::wire::keys::{
    ClaimAnswer, ClaimRequest, ClaimedKeyPackage, KeyPackageCount, KeyPackageUpload,
};
use wardline_model::wire::messages::{
    Entry, EntryKind, EntryList, Inbox, InboxItem, MessageAccepted, MessageSend, Priority,
};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::records::{RecordsResult, StatementsLeft, StatementsTaken};
use wardline_model::wire::sessions::SignedIn;
use wardline_model::{B64, DeviceId, EnrollmentId, GroupId, MessageId, SessionId, UserId};

const ORIGIN: &str = "hospital.example/log";

/// A person's times in a conversation, in places of its log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tenure {
    pub(crate) user: UserId,
    pub(crate) from: u64,
    pub(crate) until: Option<u64>,
}

pub(crate) struct Group {
    pub(crate) kind: GroupKind,
    tracked: Tracked,
    info: B64,
    pub(crate) entries: Vec<Entry>,
    /// Devices in it and the place at which each came.
    pub(crate) joined: BTreeMap<DeviceId, u64>,
    pub(crate) tenures: Vec<Tenure>,
    /// Members none of whose devices was here any more as the record keeper came: nobody has signed for
    /// it that they are members, so that people have to let them in.
    pub(crate) unknown: BTreeSet<UserId>,
}

pub(crate) struct Device {
    pub(crate) user: UserId,
    pub(crate) state: DeviceState,
    jkt: B64,
    mls_key: B64,
    binding: Option<String>,
    duty: Duty,
    endorser: Option<DeviceId>,
    certificate: Option<B64>,
    share: [u8; 32],
    packages: Vec<B64>,
    last_resort: Option<B64>,
    inbox: Vec<InboxItem>,
}

struct Logged {
    signed: SignedEndorsement,
    opening: Opening,
    index: u64,
}

pub(crate) struct Hospital {
    issuer: CertifiedIssuer<'static, KeyPair>,
    ca: DeviceCa,
    delivery: DeliveryKey,
    log: LogSigner,
    appender: Appender,
    tiles: BTreeMap<TileId, Vec<u8>>,
    endorsements: BTreeMap<DeviceId, Logged>,
    genesis: Option<B64>,
    pub(crate) devices: BTreeMap<DeviceId, Device>,
    pub(crate) groups: BTreeMap<GroupId, Group>,
    pub(crate) now: u64,
    /// When it says that messages were sent, where it lies.
    pub(crate) says: Option<u64>,
    /// Statements that it hands to the record keeper, and what that says came of them.
    pub(crate) handed_in: Vec<SignedStatement>,
    pub(crate) results: Vec<SignedStatement>,
    numbers: u64,
}

/// Whom an invitation is for stands in its code.
pub(crate) fn code_for(user: UserId) -> String {
    user.to_string()
}

/// The person who keeps the records.
pub(crate) fn keeper() -> UserId {
    UserId::from_bytes([0xee; 16])
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

type Answer = Result<Value, Problem>;

impl Hospital {
    pub(crate) fn open(now: u64) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let ca = DeviceCa::from_der(issuer.der()).unwrap();
        Self {
            issuer,
            ca,
            delivery: DeliveryKey::from_bytes(&[9; 32]),
            log: LogSigner::new(ORIGIN, SigningKey::from_bytes(&[8; 32])).unwrap(),
            appender: Appender::new(),
            tiles: BTreeMap::new(),
            endorsements: BTreeMap::new(),
            genesis: None,
            devices: BTreeMap::new(),
            groups: BTreeMap::new(),
            now,
            says: None,
            handed_in: Vec::new(),
            results: Vec::new(),
            numbers: 0,
        }
    }

    /// Answers a request of a device, which is known by its line and not by its proof.
    pub(crate) fn answer(&mut self, who: Option<DeviceId>, request: &Request) -> Response {
        let path = request.url.split_once("//").unwrap().1;
        let path = path.split_once('/').unwrap().1;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.split('/').collect();
        let body = request.body.as_deref().unwrap_or(b"null");
        match self.route(who, request.method, &parts, query, body) {
            Ok(value) => Response {
                status: 200,
                headers: Vec::new(),
                body: serde_json::to_vec(&value).unwrap(),
            },
            Err(problem) => Response {
                status: problem.status,
                headers: Vec::new(),
                body: serde_json::to_vec(&problem).unwrap(),
            },
        }
    }

    fn route(
        &mut self,
        who: Option<DeviceId>,
        method: &str,
        parts: &[&str],
        query: &str,
        body: &[u8],
    ) -> Answer {
        match (method, parts) {
            ("GET", ["v1", "hospital"]) => Ok(self.public()),
            ("POST", ["v1", "enroll", "start"]) => Ok(self.start(&read(body))),
            ("POST", ["v1", "enroll", "finish"]) => Ok(self.finish(&read(body))),
            ("GET", ["v1", "enroll", id]) => Ok(self.enrolled(id.parse::<DeviceId>().unwrap())),
            ("POST", ["v1", "devices", id, "endorsement"]) => {
                let request: EndorseRequest = read(body);
                self.endorse(id.parse().unwrap(), request.signed)
            }
            _ => {
                let who = who.ok_or_else(|| problem("denied", 403))?;
                if !self.devices[&who].state.is_in_use() {
                    return Err(problem("device-revoked", 403));
                }
                self.route_signed(who, method, parts, query, body)
            }
        }
    }

    fn route_signed(
        &mut self,
        who: DeviceId,
        method: &str,
        parts: &[&str],
        query: &str,
        body: &[u8],
    ) -> Answer {
        match (method, parts) {
            ("POST", ["v1", "sessions"]) => Ok(self.signed_in(who)),
            ("GET", ["v1", "devices"]) => Ok(self.list_devices(who, query)),
            ("POST", ["v1", "credentials"]) => Ok(self.credentials(&read(body))),
            ("GET", ["v1", "key-packages", "count"]) => Ok(self.count(who)),
            ("POST", ["v1", "key-packages"]) => Ok(self.upload(who, read(body))),
            ("POST", ["v1", "key-packages", "claim"]) => Ok(self.claim(&read(body))),
            ("POST", ["v1", "keeper", "devices"]) => Ok(self.member_devices(&read(body))),
            ("GET", ["v1", "keeper", "statements"]) => value(StatementsLeft {
                statements: self.handed_in.clone(),
            }),
            ("POST", ["v1", "keeper", "statements", "taken"]) => {
                let StatementsTaken { hashes } = read(body);
                self.handed_in
                    .retain(|signed| !hashes.contains(&B64(signed.hash().to_vec())));
                Ok(Value::Null)
            }
            ("POST", ["v1", "keeper", "results"]) => {
                let RecordsResult { signed } = read(body);
                self.results.push(signed);
                Ok(Value::Null)
            }
            ("GET", ["v1", "inbox"]) => Ok(self.inbox(who, number(query, "after"))),
            ("GET", ["v1", "groups"]) => Ok(self.list_groups(who)),
            ("POST", ["v1", "groups"]) => self.create(who, read(body)),
            ("GET", ["v1", "groups", id, "info"]) => {
                let group = self.group(who, id)?;
                value(GroupInfoAnswer {
                    group_info: group.info.clone(),
                    epoch: group.tracked.epoch(),
                    last_seq: group.last_seq(),
                })
            }
            ("GET", ["v1", "groups", id, "log"]) => {
                let group = self.group(who, id)?;
                let entries = match group.joined.get(&who) {
                    Some(joined) => {
                        let after = number(query, "after").max(*joined);
                        let limit = usize::try_from(number(query, "limit")).unwrap();
                        let behind = group.entries.iter().filter(|entry| entry.seq > after);
                        behind.take(limit).cloned().collect()
                    }
                    None => Vec::new(),
                };
                value(EntryList {
                    entries,
                    last_seq: group.last_seq(),
                })
            }
            ("POST", ["v1", "groups", id, "commits"]) => {
                self.group(who, id)?;
                self.commit(who, id.parse().unwrap(), read(body))
            }
            ("POST", ["v1", "groups", id, "messages"]) => self.send(who, id, read(body)),
            ("POST", ["v1", "groups", id, "receipts"]) => {
                self.group(who, id)?;
                Ok(Value::Null)
            }
            _ => panic!("the simulated hospital has no {method} {parts:?}"),
        }
    }

    fn public(&self) -> Value {
        json!(Public {
            name: "Simulated hospital".to_owned(),
            rp_id: "hospital.example".to_owned(),
            ca_sha256: B64(vec![0; 32]),
            log_origin: ORIGIN.to_owned(),
            log_key: B64::from(self.log.public().verifying_key().to_bytes()),
            genesis: self.genesis.clone(),
            delivery_key: B64::from(self.delivery.public()),
            device_ca: B64(self.issuer.der().to_vec()),
            server_time: self.now,
        })
    }

    fn number(&mut self) -> [u8; 16] {
        self.numbers += 1;
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&self.numbers.to_be_bytes());
        bytes
    }

    fn start(&mut self, start: &EnrollStart) -> Value {
        let user: UserId = start.code.parse().unwrap();
        let device = DeviceId::from_bytes(self.number());
        self.devices.insert(
            device,
            Device {
                user,
                state: DeviceState::Pending,
                jkt: B64(Vec::new()),
                mls_key: B64(Vec::new()),
                binding: None,
                duty: Duty::None,
                endorser: None,
                certificate: None,
                share: [7; 32],
                packages: Vec::new(),
                last_resort: None,
                inbox: Vec::new(),
            },
        );
        json!(EnrollStarted {
            // An enrolment is known by its device.
            enrollment_id: EnrollmentId::from_bytes(*device.as_bytes()),
            device_id: device,
            user: person(user),
            program: "byod".to_owned(),
            creation: Value::Null,
            attestation_challenge: None,
            privacy_notice: None,
            expires_at: self.now + 900_000,
        })
    }

    fn finish(&mut self, finish: &EnrollFinish) -> Value {
        let id = DeviceId::from_bytes(*finish.enrollment_id.as_bytes());
        let mut binding = finish.binding.split('.');
        let header: Value = read(&B64::decode(binding.next().unwrap()).unwrap().0);
        let claims: BindingClaims = read(&B64::decode(binding.next().unwrap()).unwrap().0);
        let jwk = format!(
            r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
            header["jwk"]["x"], header["jwk"]["y"]
        );
        let device = self.devices.get_mut(&id).unwrap();
        device.jkt = B64(Sha256::digest(jwk).to_vec());
        device.mls_key = claims.mls_key;
        device.binding = Some(finish.binding.clone());
        json!(EnrollFinished {
            device_id: id,
            state: device.state,
            share: B64::from(device.share),
        })
    }

    fn enrolled(&self, id: DeviceId) -> Value {
        let device = &self.devices[&id];
        json!(EnrollStatus {
            device_id: id,
            state: device.state,
            certificates: device.certificate.clone().map(certificates),
        })
    }

    fn endorse(&mut self, id: DeviceId, signed: SignedEndorsement) -> Answer {
        let now = self.now;
        let own: &Endorsement = &signed.endorsement;
        let key = self.devices[&id].mls_key.array().unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = [
            format!("{USER_URN}{}", own.user_id),
            format!("{DEVICE_URN}{id}"),
        ]
        .map(|name| SanType::URI(name.as_str().try_into().unwrap()))
        .to_vec();
        let certificate = params.signed_by(&Ed25519Key(key), &self.issuer).unwrap();
        if own.is_genesis() {
            self.genesis = Some(B64::from(own.hash()));
        }
        let event = Event {
            v: V1,
            at: now,
            node: "north".parse::<NodeName>().unwrap(),
            kind: Kind::named(ENDORSED),
            actor: Actor::default(),
            action: "device.endorse".to_owned(),
            resource: format!("device/{id}"),
            outcome: Outcome::Allow,
            reasons: Vec::new(),
            policy: None,
            detail: Map::from_iter([(DETAIL.to_owned(), json!(signed))]),
        };
        let salt = self.number().repeat(2).try_into().unwrap();
        let opening = Opening::new(Salt(salt), &event).unwrap();
        let index = self.appender.size();
        for write in self.appender.append(&[opening.commitment()]) {
            self.tiles.insert(write.id, write.bytes);
        }
        let device = self.devices.get_mut(&id).unwrap();
        device.state = DeviceState::Active;
        device.duty = own.duty;
        device.endorser = Some(own.endorser);
        device.certificate = Some(B64(certificate.der().to_vec()));
        self.endorsements.insert(
            id,
            Logged {
                signed,
                opening,
                index,
            },
        );
        value(self.info(id, id))
    }

    fn signed_in(&self, who: DeviceId) -> Value {
        json!(SignedIn {
            token: "token".to_owned(),
            session_id: SessionId::from_bytes([1; 16]),
            expires_at: self.now + 86_400_000,
            idle_ms: 86_400_000,
            user: person(self.devices[&who].user),
            device_id: who,
            share: B64::from(self.devices[&who].share),
            offline_window_ms: 0,
            lock_ms: None,
            server_time: self.now,
        })
    }

    fn info(&self, id: DeviceId, asker: DeviceId) -> DeviceInfo {
        let device = &self.devices[&id];
        DeviceInfo {
            id,
            user: person(device.user),
            name: "Phone".to_owned(),
            platform: DevicePlatform::Native,
            program: "byod".to_owned(),
            state: device.state,
            standing: None,
            deadline: None,
            problem: None,
            step: None,
            system: None,
            model: None,
            serial: None,
            duty: device.duty,
            endorser: device.endorser,
            passkey: String::new(),
            created_at: self.now,
            last_seen_at: None,
            jkt: device.jkt.clone(),
            mls_key: device.mls_key.clone(),
            binding: device.binding.clone(),
            current: id == asker,
        }
    }

    fn list_devices(&self, who: DeviceId, query: &str) -> Value {
        let asker = &self.devices[&who];
        let seen = |device: &Device| {
            (device.user == asker.user || asker.duty == Duty::Endorses)
                && (query != "state=pending" || device.state == DeviceState::Pending)
        };
        let devices = self.devices.iter().filter(|(_, device)| seen(device));
        json!(DeviceList {
            devices: devices.map(|(id, _)| self.info(*id, who)).collect(),
            next: None,
        })
    }

    fn credentials(&self, request: &CredentialsRequest) -> Value {
        let size = self.appender.size();
        let checkpoint = Checkpoint::sign(size, self.appender.root(), &self.log);
        let link = |id: DeviceId| {
            let logged = &self.endorsements[&id];
            let mut tiles = Tiles::new(size, |id| self.tiles.get(&id).cloned());
            let path = tiles.inclusion(logged.index, size).unwrap();
            LoggedEndorsement {
                signed: logged.signed.clone(),
                event: B64(logged.opening.event().unwrap().canonical().unwrap()),
                salt: B64(logged.opening.salt.0.to_vec()),
                index: logged.index,
                path: path.into_iter().map(|hash| B64(hash.to_vec())).collect(),
                checkpoint: checkpoint.clone(),
            }
        };
        let credential = |id: &DeviceId| {
            let device = self.devices.get(id)?;
            let mut chain = Vec::new();
            let mut next = *id;
            while self.endorsements.contains_key(&next) {
                chain.push(link(next));
                let endorser = self.endorsements[&next].signed.endorsement.endorser;
                if endorser == next {
                    break;
                }
                next = endorser;
            }
            Some(DeviceCredential {
                device_id: *id,
                user: person(device.user),
                certificates: certificates(device.certificate.clone()?),
                chain,
                revoked: device.state.is_out(),
            })
        };
        json!(CredentialsAnswer {
            credentials: request.device_ids.iter().filter_map(credential).collect(),
        })
    }

    fn count(&self, who: DeviceId) -> Value {
        let device = &self.devices[&who];
        json!(KeyPackageCount {
            available: device.packages.len().try_into().unwrap(),
            last_resort: device.last_resort.is_some(),
        })
    }

    fn upload(&mut self, who: DeviceId, upload: KeyPackageUpload) -> Value {
        let device = self.devices.get_mut(&who).unwrap();
        if upload.last_resort.is_some() {
            device.last_resort = upload.last_resort;
            device.packages.clear();
        }
        device.packages.extend(upload.packages);
        self.count(who)
    }

    fn claim(&mut self, request: &ClaimRequest) -> Value {
        let mut packages = Vec::new();
        let mut reached = BTreeSet::new();
        for (id, device) in &mut self.devices {
            let named = |only: &Vec<DeviceId>| only.contains(id);
            let wanted = request.user_ids.contains(&device.user)
                && device.state.is_in_use()
                && request.device_ids.as_ref().is_none_or(named);
            if !wanted {
                continue;
            }
            let package = if device.packages.is_empty() {
                device.last_resort.clone()
            } else {
                Some(device.packages.remove(0))
            };
            let Some(key_package) = package else { continue };
            reached.insert(device.user);
            packages.push(ClaimedKeyPackage {
                user_id: device.user,
                device_id: *id,
                key_package,
            });
        }
        let missing = request.user_ids.iter().filter(|u| !reached.contains(u));
        json!(ClaimAnswer {
            packages,
            unreachable: missing.copied().collect(),
        })
    }

    fn member_devices(&self, request: &MemberDevicesRequest) -> Value {
        let wanted =
            |device: &Device| device.state.is_in_use() && request.user_ids.contains(&device.user);
        let devices = self.devices.iter().filter(|(_, device)| wanted(device));
        json!(MemberDevices {
            devices: devices
                .map(|(id, device)| MemberDevice {
                    user_id: device.user,
                    device_id: *id,
                })
                .collect(),
        })
    }

    fn inbox(&self, who: DeviceId, after: u64) -> Value {
        let items = self.devices[&who].inbox.iter().filter(|i| i.n > after);
        json!(Inbox {
            items: items.cloned().collect(),
        })
    }

    fn list_groups(&self, who: DeviceId) -> Value {
        let user = self.devices[&who].user;
        let groups = self
            .groups
            .iter()
            .filter(|(_, group)| group.has(user))
            .map(|(id, group)| {
                let mut members: BTreeMap<UserId, Vec<DeviceId>> = BTreeMap::new();
                for member in group.tracked.members().unwrap() {
                    members.entry(member.user).or_default().push(member.device);
                }
                let member = |(user, devices)| Member {
                    user: person(user),
                    devices,
                };
                GroupSummary {
                    id: *id,
                    kind: group.kind,
                    role: None,
                    role_title: None,
                    purpose: None,
                    team: None,
                    team_title: None,
                    created_by: None,
                    patient: None,
                    patient_id: None,
                    members: members.into_iter().map(member).collect(),
                    epoch: group.tracked.epoch(),
                    last_seq: group.last_seq(),
                    last_message_at: None,
                    removal_pending: group.tracked.removal_pending(),
                    receipts: Vec::new(),
                }
            })
            .collect();
        json!(GroupList {
            groups,
            record_keepers: vec![keeper()],
        })
    }

    fn group(&self, who: DeviceId, id: &str) -> Result<&Group, Problem> {
        let group = self.groups.get(&id.parse().unwrap());
        let group = group.ok_or_else(|| problem("not-found", 404))?;
        if group.has(self.devices[&who].user) {
            Ok(group)
        } else {
            Err(problem("denied", 403))
        }
    }

    fn create(&mut self, who: DeviceId, create: GroupCreate) -> Answer {
        if self.groups.contains_key(&create.group_id) {
            return Err(problem("group-exists", 409));
        }
        let tracked = Tracked::create(
            create.group_id,
            &create.group_info.0,
            who,
            &self.delivery.public(),
            &self.ca,
            self.now,
        )
        .map_err(|_| problem("mls", 422))?;
        let group = Group {
            kind: create.kind,
            tracked,
            info: create.group_info,
            entries: Vec::new(),
            joined: BTreeMap::from([(who, 0)]),
            tenures: vec![Tenure {
                user: self.devices[&who].user,
                from: 0,
                until: None,
            }],
            unknown: BTreeSet::new(),
        };
        self.groups.insert(create.group_id, group);
        let taken = self.commit(who, create.group_id, create.first_commit.unwrap());
        if taken.is_err() {
            self.groups.remove(&create.group_id);
        }
        taken
    }

    fn commit(&mut self, who: DeviceId, id: GroupId, upload: CommitUpload) -> Answer {
        let (ca, key) = (&self.ca, self.delivery.public());
        let group = self.groups.get_mut(&id).unwrap();
        let mut next = Tracked::from_bytes(&group.tracked.to_bytes()).unwrap();
        let (commit, info) = (&upload.commit.0, &upload.group_info.0);
        let effect = next
            .apply_commit(commit, info, who, &key, ca, self.now)
            .map_err(|refusal| match refusal {
                Refusal::EpochConflict { .. } => problem("epoch-conflict", 409),
                Refusal::CommitRequired => problem("commit-required", 409),
                _ => problem("mls", 422),
            })?;
        let in_use = |device: &DeviceId| self.devices[device].state.is_in_use();
        let keeper_left = |device: &DeviceId| self.devices[device].user == keeper();
        if !effect.joined.iter().all(|j| in_use(&j.member.device))
            || effect.left.iter().any(|m| keeper_left(&m.device))
        {
            return Err(problem("mls", 422));
        }
        let out_of_use: BTreeSet<DeviceId> = effect
            .left
            .iter()
            .map(|member| member.device)
            .filter(|device| !in_use(device))
            .collect();
        group.tracked = next;
        group.info = upload.group_info;
        let user = self.devices[&who].user;
        let epoch = group.tracked.epoch();
        let seq = group.append(EntryKind::Commit, epoch - 1, upload.commit, self.now);
        let last = group.entries.last_mut().unwrap();
        (last.sender_device, last.sender) = (Some(who), Some(user));
        group.note(seq, &effect, &out_of_use);
        for joined in effect.joined.iter().filter(|joined| !joined.by_itself) {
            let device = self.devices.get_mut(&joined.member.device).unwrap();
            let n = device.inbox.len() as u64 + 1;
            device.inbox.push(InboxItem {
                n,
                group_id: id,
                seq,
                welcome: upload.welcome.clone().unwrap(),
            });
        }
        value(CommitAccepted { seq, epoch })
    }

    fn send(&mut self, who: DeviceId, id: &str, send: MessageSend) -> Answer {
        self.group(who, id)?;
        let group = self.groups.get_mut(&id.parse().unwrap()).unwrap();
        let taken = |entry: &&Entry| entry.id == Some(send.id);
        if let Some(entry) = group.entries.iter().find(taken) {
            return value(MessageAccepted {
                seq: entry.seq,
                sent_at: entry.sent_at,
            });
        }
        if !group.joined.contains_key(&who) {
            return Err(problem("mls", 422));
        }
        let epoch = wardline_delivery::header(&send.message.0).unwrap().epoch;
        if epoch != group.tracked.epoch() {
            return Err(problem("epoch-conflict", 409));
        }
        if group.tracked.removal_pending() {
            return Err(problem("commit-required", 409));
        }
        let sent_at = self.says.unwrap_or(self.now);
        let seq = group.append(EntryKind::Message, epoch, send.message, sent_at);
        let last = group.entries.last_mut().unwrap();
        last.id = Some(send.id);
        last.priority = send.priority;
        (last.sender_device, last.sender) = (Some(who), Some(self.devices[&who].user));
        value(MessageAccepted { seq, sent_at })
    }

    /// A device's MLS key.
    pub(crate) fn key_of(&self, device: DeviceId) -> [u8; 32] {
        self.devices[&device].mls_key.array().unwrap()
    }

    /// A device is lost: it is out of use, and its removal is proposed in each of its groups.
    pub(crate) fn lose(&mut self, lost: DeviceId) {
        let device = self.devices.get_mut(&lost).unwrap();
        device.state = DeviceState::Lost;
        device.packages.clear();
        device.last_resort = None;
        for group in self.groups.values_mut() {
            let epoch = group.tracked.epoch();
            let proposals = group.tracked.propose_removals(&[lost], &self.delivery);
            for proposal in proposals.unwrap() {
                group.append(EntryKind::Proposal, epoch, B64(proposal), self.now);
            }
        }
    }

    /// A device is in use again, as after a quarantine.
    pub(crate) fn restore(&mut self, device: DeviceId) {
        let device = self.devices.get_mut(&device).unwrap();
        device.state = DeviceState::Active;
    }
}

impl Group {
    pub(crate) fn last_seq(&self) -> u64 {
        self.entries.len() as u64
    }

    fn has(&self, user: UserId) -> bool {
        let members = self.tracked.members().unwrap();
        members.iter().any(|member| member.user == user)
    }

    fn append(&mut self, kind: EntryKind, epoch: u64, body: B64, now: u64) -> u64 {
        let seq = self.last_seq() + 1;
        self.entries.push(Entry {
            seq,
            kind,
            id: None,
            sender_device: None,
            sender: None,
            epoch,
            priority: Priority::Routine,
            sent_at: now,
            body,
        });
        seq
    }

    /// Who is a member from now on, by what the delivery service knows.
    fn note(&mut self, seq: u64, effect: &CommitEffect, out_of_use: &BTreeSet<DeviceId>) {
        for left in &effect.left {
            self.joined.remove(&left.device);
        }
        for joined in &effect.joined {
            self.joined.insert(joined.member.device, seq);
            let user = joined.member.user;
            if !self
                .tenures
                .iter()
                .any(|t| t.user == user && t.until.is_none())
            {
                self.tenures.push(Tenure {
                    user,
                    from: seq,
                    until: None,
                });
            }
        }
        let present: BTreeSet<UserId> = {
            let members = self.tracked.members().unwrap();
            members.iter().map(|member| member.user).collect()
        };
        let dismissed = effect.dismissed.iter().copied();
        let left = effect.left.iter();
        let gone: BTreeSet<UserId> = left
            .filter(|member| !out_of_use.contains(&member.device))
            .map(|member| member.user)
            .chain(dismissed)
            .filter(|user| !present.contains(user))
            .collect();
        for tenure in self.tenures.iter_mut().filter(|t| t.until.is_none()) {
            if gone.contains(&tenure.user) {
                tenure.until = Some(seq);
            }
        }
        self.unknown.retain(|user| !present.contains(user));
        let is_first = |tenure: &Tenure| tenure.user == keeper() && tenure.from == seq;
        if self.tenures.iter().any(is_first) {
            let members = self.members();
            self.unknown.extend(members.difference(&present).copied());
        }
    }

    /// The messages that a person is entitled to, and those that they are not.
    pub(crate) fn of(&self, user: UserId) -> (BTreeSet<MessageId>, BTreeSet<MessageId>) {
        let entitled = |user: UserId, seq: u64| {
            self.tenures.iter().any(|tenure| {
                tenure.user == user
                    && tenure.from < seq
                    && tenure.until.is_none_or(|until| seq < until)
            })
        };
        let (mut may, mut may_not) = (BTreeSet::new(), BTreeSet::new());
        for entry in &self.entries {
            if let Some(id) = entry.id {
                if entitled(user, entry.seq) {
                    // What was said before the record keeper came is with those who were there.
                    if entitled(keeper(), entry.seq) {
                        may.insert(id);
                    }
                } else {
                    may_not.insert(id);
                }
            }
        }
        (may, may_not)
    }

    pub(crate) fn members(&self) -> BTreeSet<UserId> {
        let there = self.tenures.iter().filter(|t| t.until.is_none());
        there.map(|tenure| tenure.user).collect()
    }
}

fn person(id: UserId) -> PersonBrief {
    let name = format!("Person {}", id.as_bytes()[0]);
    PersonBrief {
        id,
        username: format!("p{}", id.as_bytes()[0]),
        name,
        role: "nurse".to_owned(),
        department: "Ward".to_owned(),
    }
}

fn certificates(mls: B64) -> Certificates {
    Certificates {
        device: mls.clone(),
        mls,
        ca: B64(Vec::new()),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).unwrap()
}

fn value(answer: impl Serialize) -> Answer {
    Ok(serde_json::to_value(answer).unwrap())
}

fn number(query: &str, name: &str) -> u64 {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .map_or(0, |text| text.parse().unwrap())
}

fn problem(name: &str, status: u16) -> Problem {
    Problem {
        kind: format!("{}{name}", Problem::PREFIX),
        title: name.to_owned(),
        status,
        detail: None,
        extensions: Map::new(),
    }
}
