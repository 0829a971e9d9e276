//! A device that takes part in conversations, by the client core's MLS.

use std::collections::BTreeMap;

use serde_json::json;
use wardline_client::mls::{CIPHERSUITE, Groups, Identity, Incoming, make_key_packages};
use wardline_client::vault::{StoreKey, Vault};
use wardline_model::wire::groups::{CommitAccepted, CommitUpload, GroupCreate, GroupKind};
use wardline_model::wire::keys::{ClaimAnswer, KeyPackageCount};
use wardline_model::wire::messages::{EntryList, Inbox, MessageSend, Priority};
use wardline_model::{B64, GroupId, MessageId, PatientId, TeamId, UserId};
use wardline_server::rim::random;
use zeroize::Zeroizing;

use super::{Answer, Device};

/// A phone in use.
pub(crate) struct Phone {
    pub(crate) device: Device,
    pub(crate) groups: Groups,
    pub(crate) vault: Vault,
    identity: Identity,
    delivery_key: [u8; 32],
}

impl Phone {
    /// Takes the device's certificate and hands in ten key packages and a last resort.
    pub(crate) async fn new(mut device: Device) -> Self {
        let certificate = device.status().await.certificates.unwrap().mls.0;
        let secret = Zeroizing::new(device.mls_key.to_bytes());
        let delivery_key = device.hospital().await.delivery_key.array().unwrap();
        let key = StoreKey::derive(b"test", b"share", "store");
        let mut phone = Self {
            device,
            groups: Groups::default(),
            vault: Vault::open(key, &BTreeMap::new()).unwrap(),
            identity: Identity::new(&secret, certificate),
            delivery_key,
        };
        let packages = phone.key_packages(10, false);
        let last_resort = phone.key_packages(1, true).remove(0);
        let body = json!({ "packages": packages, "last_resort": last_resort });
        let count: KeyPackageCount = phone
            .device
            .post("/v1/key-packages", &body)
            .await
            .expect(200)
            .json();
        assert_eq!((count.available, count.last_resort), (10, true));
        phone
    }

    pub(crate) fn user(&self) -> UserId {
        self.device.user()
    }

    pub(crate) fn key_packages(&mut self, count: usize, last_resort: bool) -> Vec<B64> {
        make_key_packages(
            &mut self.vault,
            &self.identity,
            CIPHERSUITE,
            count,
            last_resort,
        )
        .unwrap()
    }

    pub(crate) async fn claim(&mut self, users: &[UserId]) -> ClaimAnswer {
        let body = json!({ "user_ids": users, "ciphersuite": u16::from(CIPHERSUITE) });
        self.device
            .post("/v1/key-packages/claim", &body)
            .await
            .expect(200)
            .json()
    }

    /// What starts a conversation with people, not yet sent.
    pub(crate) async fn prepare(
        &mut self,
        users: &[UserId],
        patient: Option<&PatientId>,
    ) -> GroupCreate {
        let group_id = GroupId::from_random(random());
        let group_info = self
            .groups
            .create(
                &mut self.vault,
                &self.identity,
                group_id,
                CIPHERSUITE,
                &self.delivery_key,
            )
            .unwrap();
        let packages: Vec<B64> = self
            .claim(users)
            .await
            .packages
            .into_iter()
            .map(|p| p.key_package)
            .collect();
        let first = self.commit_of(group_id, &packages);
        GroupCreate {
            group_id,
            kind: GroupKind::Group,
            role: None,
            purpose: None,
            team: None,
            patient_id: patient.cloned(),
            group_info,
            first_commit: Some(first),
        }
    }

    /// Starts a conversation with people.
    pub(crate) async fn start(&mut self, users: &[UserId]) -> GroupId {
        let create = self.prepare(users, None).await;
        self.found(create).await
    }

    /// Starts one with the people of a code team.
    pub(crate) async fn start_code(&mut self, users: &[UserId], team: TeamId) -> GroupId {
        let mut create = self.prepare(users, None).await;
        create.kind = GroupKind::Code;
        create.team = Some(team);
        self.found(create).await
    }

    async fn found(&mut self, create: GroupCreate) -> GroupId {
        let accepted: CommitAccepted = self
            .device
            .post("/v1/groups", &create)
            .await
            .expect(201)
            .json();
        assert_eq!((accepted.seq, accepted.epoch), (1, 1));
        self.groups
            .merge_own(&mut self.vault, create.group_id)
            .unwrap();
        create.group_id
    }

    /// A commit that adds these and carries out what is pending, not yet sent.
    pub(crate) fn commit_of(&mut self, group: GroupId, add: &[B64]) -> CommitUpload {
        let made = self
            .groups
            .commit(&mut self.vault, &self.identity, group, add, &[])
            .unwrap();
        CommitUpload {
            commit: made.commit,
            welcome: made.welcome,
            group_info: made.group_info,
        }
    }

    pub(crate) async fn upload(&mut self, group: GroupId, commit: &CommitUpload) -> Answer {
        self.device
            .post(&format!("/v1/groups/{group}/commits"), commit)
            .await
    }

    /// Rejoins by an external commit.
    pub(crate) fn rejoin(&mut self, group: GroupId, info: &B64) -> CommitUpload {
        let staged = self
            .groups
            .stage_rejoin(&self.vault, &self.identity, group, info.as_ref())
            .unwrap();
        let made = self.groups.rejoin(&mut self.vault, group, staged);
        CommitUpload {
            commit: made.commit,
            welcome: made.welcome,
            group_info: made.group_info,
        }
    }

    /// Joins the newest conversation of the inbox.
    pub(crate) async fn join(&mut self) -> GroupId {
        let inbox: Inbox = self
            .device
            .get("/v1/inbox?after=0")
            .await
            .expect(200)
            .json();
        let item = inbox.items.last().unwrap();
        let welcomed = self
            .groups
            .stage_welcome(&self.vault, item.group_id, item.welcome.as_ref())
            .unwrap();
        self.groups
            .join(&mut self.vault, item.group_id, welcomed)
            .unwrap();
        item.group_id
    }

    /// An encrypted message, not yet sent.
    pub(crate) fn write(&mut self, group: GroupId, text: &str) -> MessageSend {
        let id = MessageId::from_random(random());
        let (message, _) = self
            .groups
            .encrypt(&mut self.vault, &self.identity, group, id, text.as_bytes())
            .unwrap();
        MessageSend {
            id,
            message,
            priority: Priority::Routine,
        }
    }

    pub(crate) async fn post(&mut self, group: GroupId, message: &MessageSend) -> Answer {
        self.device
            .post(&format!("/v1/groups/{group}/messages"), message)
            .await
    }

    pub(crate) async fn say(&mut self, group: GroupId, text: &str) -> Answer {
        let message = self.write(group, text);
        self.post(group, &message).await
    }

    pub(crate) async fn log(&mut self, group: GroupId, after: u64) -> EntryList {
        let path = format!("/v1/groups/{group}/log?after={after}");
        self.device.get(&path).await.expect(200).json()
    }

    /// Takes the entries after a place; gives the texts of others' messages.
    pub(crate) async fn catch_up(&mut self, group: GroupId, after: u64) -> Vec<String> {
        let entries = self.log(group, after).await.entries;
        let mut texts = Vec::new();
        for entry in entries {
            match self
                .groups
                .process(&mut self.vault, group, entry.body.as_ref())
                .unwrap()
            {
                Incoming::Message { content, .. } => {
                    texts.push(String::from_utf8(content).unwrap());
                }
                Incoming::Commit { staged, .. } => {
                    self.groups.merge(&mut self.vault, group, *staged).unwrap();
                }
                Incoming::OwnCommit { .. } => {
                    self.groups.merge_own(&mut self.vault, group).unwrap();
                }
                _ => {}
            }
        }
        texts
    }
}
