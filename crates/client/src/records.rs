//! What the record keeper needs of the core: who came and went, and the messages in between.
//!
//! A device that keeps the records ([`Client::keep_records`]) writes down each change of a
//! conversation's members together with the commit that made it. The keeper takes these changes in
//! ([`Client::changes`]), decides who is owed which part of the history, and queues it
//! ([`Client::queue_history`]); what it decides is durable with the next [`Client::flush`].

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wardline_credential::chain::is_signed_by;
use wardline_model::endorsement::Duty;
use wardline_model::purpose::is_role_group;
use wardline_model::statement::{SignedStatement, Statement};
use wardline_model::turns::SignedTurns;
use wardline_model::wire::devices::{MemberDevice, MemberDevices, MemberDevicesRequest};
use wardline_model::wire::groups::{GroupKind, GroupSummary};
use wardline_model::wire::messages::Priority;
use wardline_model::wire::records::{
    HandIn, RecordsList, RecordsOrder, RecordsResult, StatementsLeft, StatementsTaken,
};
use wardline_model::wire::schedules::TurnOrders;
use wardline_model::{
    AttachmentId, B64, DeviceId, GroupId, MessageId, PatientId, RoleSlug, UserId,
};

use crate::attachments;
use crate::changes::recalls;
use crate::client::Client;
use crate::content::{Change, Expiry, History, Kept, Page, PageEnd};
use crate::conversation::{
    self, Outgoing, StoredMessage, append_outgoing, delete_outgoing, message_at, outbox,
};
use crate::error::ClientError;
use crate::membership::New;
use crate::mls::{Claim, Groups};
use crate::platform::{Event, Platform, random_bytes};
use crate::removed::Removal;
use crate::vault::Vault;
use crate::views::Notice;

/// The vault's names of changes that the keeper has not taken in yet.
const CHANGES: &str = "j/";
/// The vault's names of what the keeper keeps of its own.
const OWN: &str = "keeper/";

/// How a conversation's members changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberChange {
    /// Which conversation.
    pub group: GroupId,
    /// The place of the commit.
    pub seq: u64,
    /// Devices that are in it now and were not; in a snapshot, everyone in it.
    pub joined: Vec<(DeviceId, UserId)>,
    /// Devices that were in it and are not.
    pub left: Vec<(DeviceId, UserId)>,
    /// Those of them that the delivery service had removed, because they went out of use; a member
    /// removed the others.
    pub out_of_use: Vec<DeviceId>,
    /// People whom the commit's member removed, whatever happened to their devices.
    pub dismissed: Vec<UserId>,
    /// A device that lost its state and joined anew.
    pub rejoined: Option<DeviceId>,
    /// The change is an arrival of this device: a snapshot, taken after a time in which it saw
    /// nothing. The last place that it had seen before; 0 when it had seen none.
    pub snapshot_after: Option<u64>,
}

/// What a commit did, as this device saw it.
pub(crate) struct Committed {
    /// Members before.
    pub(crate) before: Vec<Claim>,
    /// Members after.
    pub(crate) after: Vec<Claim>,
    /// Devices whose removal the delivery service had proposed.
    pub(crate) out_of_use: Vec<DeviceId>,
    /// People whom the commit's member removed.
    pub(crate) dismissed: Vec<UserId>,
    /// The device that joined anew by it.
    pub(crate) rejoined: Option<DeviceId>,
    /// Whether the record keeper made it.
    pub(crate) by_keeper: bool,
}

/// A conversation that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptGroup {
    /// Which.
    pub id: GroupId,
    /// The devices in it, with their people.
    pub devices: Vec<(DeviceId, UserId)>,
    /// The role whose conversation it is, by its id and not by the server's word.
    pub role: Option<RoleSlug>,
    /// When something was last said in it, unix milliseconds.
    pub last_at: Option<u64>,
}

impl<P: Platform> Client<P> {
    /// From now on this device keeps the records. To be called before it is unlocked: what it kept lies
    /// under data keys.
    pub fn keep_records(&mut self) {
        self.keeps_records = true;
    }

    /// Puts messages under data keys, by conversation and period.
    pub(crate) fn keep_ring(&mut self) -> Result<(), ClientError> {
        let sealed = self.sealed_ring.clone();
        self.opened()?
            .vault
            .keep_ring(sealed.as_deref(), conversation::MESSAGES, class_of)
    }

    /// What is kept, by conversation and period.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn batches(&self) -> Result<Vec<Batch>, ClientError> {
        let vault = self.vault()?;
        Ok(vault
            .classes()
            .into_iter()
            .filter_map(|(class, names)| {
                let (group, period) = class.split_once('/')?;
                let group: GroupId = group.parse().ok()?;
                let period = u64::from_str_radix(period, 16).ok()?;
                let mut batch = Batch {
                    group,
                    from: period.saturating_mul(PERIOD_MS),
                    until: period.saturating_add(1).saturating_mul(PERIOD_MS),
                    kind: conversation::record(vault, group).map(|r| r.summary.kind),
                    patient: conversation::record(vault, group).and_then(|r| r.summary.patient_id),
                    ids: Vec::new(),
                    elsewhere: Vec::new(),
                    people: BTreeSet::new(),
                };
                for name in &names {
                    let entry: StoredMessage = vault.get(name)?;
                    batch.people.extend(entry.from.map(|from| from.id));
                    if entry.notice.is_none() {
                        batch.ids.push(entry.id);
                        if !(batch.from..batch.until).contains(&entry.sent_at) {
                            batch.elsewhere.push((entry.id, entry.sent_at));
                        }
                    }
                }
                Some(batch)
            })
            .collect())
    }

    /// Destroys the data key of a conversation's period, and with it what was said then; durable
    /// with the next [`Client::flush`]. Pages that wait to be handed over go as well: they are made
    /// anew of what is left. Files of it that were taken back are deleted at the hospital by
    /// [`Client::tend_files`].
    ///
    /// # Errors
    /// When the store is locked.
    pub fn shred(&mut self, group: GroupId, from: u64) -> Result<(), ClientError> {
        let open = self.opened()?;
        let class = class_name(group, from / PERIOD_MS);
        for message in outbox(&open.vault) {
            if message.history.is_some() {
                delete_outgoing(&mut open.vault, &message);
            }
        }
        // What was taken back of files lies at the hospital as long as it is kept here.
        let names = open.vault.classes().remove(&class).unwrap_or_default();
        for id in files_of(&open.vault, &names) {
            attachments::end_at_hospital(&mut open.vault, id, group);
        }
        open.vault.shred(&class);
        open.known = conversation::Known::default();
        Ok(())
    }

    /// Everything that is kept of a conversation and was sent, or came, between two times (unix
    /// milliseconds), recalled and expired texts included: for an export that custodians agreed to, and for nothing else.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn kept(&self, group: GroupId, from: u64, until: u64) -> Result<Vec<Kept>, ClientError> {
        Ok(conversation::messages(self.vault()?, group)
            .filter(|entry| entry.notice.is_none())
            .filter(|entry| {
                let times = [entry.sent_at, entry.kept_from()];
                times.iter().any(|at| (from..until).contains(at))
            })
            .filter_map(kept)
            .collect())
    }

    /// Signs a statement about records with this device's key.
    ///
    /// # Errors
    /// When the store is locked, or the device is not enrolled.
    pub fn sign_statement(&self, statement: Statement) -> Result<SignedStatement, ClientError> {
        let profile = self.profile()?;
        let open = self.open.as_ref().ok_or(ClientError::Locked)?;
        let identity = open.identity.as_ref().ok_or(ClientError::NotEnrolled)?;
        let mut signed = SignedStatement {
            v: 1,
            statement,
            user_id: profile.user.id,
            device_id: profile.device_id,
            issued_at: self.platform.now_ms(),
            signature: B64(Vec::new()),
        };
        signed.signature = B64::from(identity.sign(&signed.signed_bytes()));
        Ok(signed)
    }

    /// Whether the device that a statement names signed it, is its person's by endorsements up to
    /// the genesis, and is in use.
    ///
    /// # Errors
    /// What does not fit; and when the server cannot be reached.
    pub async fn verify_statement(&mut self, signed: &SignedStatement) -> Result<(), ClientError> {
        if signed.device_id == self.profile()?.device_id {
            return Err(ClientError::Untrusted("a statement of one's own"));
        }
        let (user, key) = self.look_up(signed.device_id).await?;
        if user != signed.user_id || !is_signed_by(signed, &key) {
            return Err(ClientError::Untrusted("the statement's signature"));
        }
        Ok(())
    }

    /// Whether the device that a statement names signed it and is its person's, by endorsements up to the
    /// genesis; it may have gone out of use since.
    ///
    /// # Errors
    /// What does not fit; and when the server cannot be reached.
    pub async fn was_signed(&mut self, signed: &SignedStatement) -> Result<(), ClientError> {
        self.verify_some(&[], &[signed.device_id], None).await?;
        let known = self.admitted(signed.device_id);
        let fits = known.is_some_and(|known| {
            let is_its = |key| is_signed_by(signed, &key);
            known.person.id == signed.user_id && known.mls_key.array().is_some_and(is_its)
        });
        if fits {
            Ok(())
        } else {
            Err(ClientError::Untrusted("the statement's signature"))
        }
    }

    /// Changes of members that were not taken in yet, by conversation, in order.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn changes(&self) -> Result<Vec<MemberChange>, ClientError> {
        Ok(self
            .vault()?
            .range(CHANGES)
            .filter_map(|(_, value)| serde_json::from_slice(value).ok())
            .collect())
    }

    /// A change was taken in.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn forget_change(&mut self, change: &MemberChange) -> Result<(), ClientError> {
        let name = change_name(change.group, change.seq);
        self.opened()?.vault.delete(&name);
        Ok(())
    }

    /// What the keeper put under a name.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn own<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClientError> {
        Ok(self.vault()?.get(&format!("{OWN}{name}")))
    }

    /// Puts something under a name, sealed like everything else.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn put_own<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), ClientError> {
        self.opened()?.vault.put(format!("{OWN}{name}"), value);
        Ok(())
    }

    /// Forgets what the keeper put under a name.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn forget_own(&mut self, name: &str) -> Result<(), ClientError> {
        self.opened()?.vault.delete(&format!("{OWN}{name}"));
        Ok(())
    }

    /// Everything that the keeper put under names with this beginning.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn all_own<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<T>, ClientError> {
        let all = self.vault()?.range(&format!("{OWN}{prefix}"));
        Ok(all
            .filter_map(|(_, value)| serde_json::from_slice(value).ok())
            .collect())
    }

    /// Every conversation that this device is in.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn kept_groups(&self) -> Result<Vec<KeptGroup>, ClientError> {
        Ok(conversation::records(self.vault()?)
            .into_iter()
            .filter(|record| record.joined)
            .map(|record| KeptGroup {
                id: record.summary.id,
                devices: record.devices,
                role: followed_role(&record.summary).cloned(),
                last_at: record.summary.last_message_at,
            })
            .collect())
    }

    /// Active devices of people, by the server's word.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn member_devices(
        &mut self,
        users: &[UserId],
    ) -> Result<Vec<MemberDevice>, ClientError> {
        let body = MemberDevicesRequest {
            user_ids: users.to_vec(),
        };
        let answer: MemberDevices = self
            .api
            .post(&self.platform, "/v1/keeper/devices", &body)
            .await?;
        Ok(answer.devices)
    }

    /// Statements that were handed in for the record keeper and that it has not taken, as the server
    /// hands them out; not verified.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn statements_left(&mut self) -> Result<Vec<SignedStatement>, ClientError> {
        let answer: StatementsLeft = self
            .api
            .get(&self.platform, "/v1/keeper/statements")
            .await?;
        Ok(answer.statements)
    }

    /// Tells the server that these need not be given again.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn statements_taken(&mut self, hashes: Vec<B64>) -> Result<(), ClientError> {
        let body = StatementsTaken { hashes };
        self.api
            .post(&self.platform, "/v1/keeper/statements/taken", &body)
            .await
    }

    /// Hands the server what this record keeper signed.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn tell_result(&mut self, signed: &SignedStatement) -> Result<(), ClientError> {
        let signed = signed.clone();
        let body = RecordsResult { signed };
        self.api
            .post(&self.platform, "/v1/keeper/results", &body)
            .await
    }

    /// Hands a statement of this device in for the record keeper.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn hand_in(&mut self, signed: &SignedStatement) -> Result<RecordsOrder, ClientError> {
        let signed = signed.clone();
        self.api
            .post(&self.platform, "/v1/records/statements", &HandIn { signed })
            .await
    }

    /// What is ordered, held, destroyed and exported, as the server has it; not verified.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn records(&mut self) -> Result<RecordsList, ClientError> {
        self.api.get(&self.platform, "/v1/records").await
    }

    /// What devices signed about who is on call, as the server hands it out; not verified.
    ///
    /// # Errors
    /// When the server refuses or cannot be reached.
    pub async fn turn_orders(&mut self) -> Result<Vec<SignedTurns>, ClientError> {
        let answer: TurnOrders = self.api.get(&self.platform, "/v1/keeper/turns").await?;
        Ok(answer.orders)
    }

    /// Who signed turns, and with which duty: their device is verified up to the genesis, and is in
    /// use.
    ///
    /// # Errors
    /// When it cannot be verified, or the signature is not its own.
    pub async fn turns_signer(
        &mut self,
        signed: &SignedTurns,
    ) -> Result<(UserId, Duty), ClientError> {
        const WRONG: ClientError = ClientError::Untrusted("signed turns");
        if !signed.order.is_sound() {
            return Err(WRONG);
        }
        let device = signed.order.signer;
        let now = self.platform.now_ms();
        // Asked anew, also of one that was verified before: it may have gone out of use.
        self.verify_some(&[], &[device], Some(now)).await?;
        let known = self.admitted(device).ok_or(WRONG)?;
        let key = known.mls_key.array().ok_or(WRONG)?;
        if !wardline_credential::verify_turns(signed, &key) {
            return Err(WRONG);
        }
        Ok((known.person.id, known.duty))
    }

    /// Whether all that was queued for a group has been taken by the hospital.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn is_delivered(&self, group: GroupId) -> Result<bool, ClientError> {
        Ok(outbox(self.vault()?).iter().all(|m| m.group != group))
    }

    /// Whether the hospital refused some of what is queued for a group.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn is_refused(&self, group: GroupId) -> Result<bool, ClientError> {
        let refused = |m: &Outgoing| m.group == group && m.problem.is_some();
        Ok(outbox(self.vault()?).iter().any(refused))
    }

    /// Drops what is queued for a group; durable with the next [`Client::flush`].
    ///
    /// # Errors
    /// When the store is locked.
    pub fn drop_queued(&mut self, group: GroupId) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        for message in outbox(vault).iter().filter(|m| m.group == group) {
            delete_outgoing(vault, message);
        }
        Ok(())
    }

    /// Adds devices of a person to a conversation, each verified up to the genesis.
    ///
    /// # Errors
    /// When one cannot be verified, or the commit is refused; then nothing was added.
    pub async fn bring(
        &mut self,
        group: GroupId,
        user: UserId,
        devices: &[DeviceId],
    ) -> Result<(), ClientError> {
        self.add_devices(group, user, devices).await
    }

    /// Whether a device was verified as a record keeper's.
    pub fn keeps_records_of(&self, device: DeviceId) -> bool {
        self.admitted(device)
            .is_some_and(|admitted| admitted.duty == Duty::KeepsRecords)
    }

    /// Which device vouched for a device that was verified.
    pub fn endorser(&self, device: DeviceId) -> Option<DeviceId> {
        self.admitted(device).map(|admitted| admitted.endorser)
    }

    /// Makes a group of this device and another one, through which history goes.
    ///
    /// # Errors
    /// When the device cannot be verified or has no key package, or the server refuses.
    pub async fn open_channel(
        &mut self,
        user: UserId,
        device: DeviceId,
    ) -> Result<GroupId, ClientError> {
        let add = self.claim(&[user], Some(&[device]), &[]).await?;
        if add.len() != 1 {
            return Err(ClientError::Unreachable(device.to_string()));
        }
        let new = New {
            kind: GroupKind::Keeper,
            role: None,
            patient_id: None,
            team: None,
        };
        self.create(new, &add).await
    }

    /// Whether a group is one of this device and another one, by its own MLS state and not by what
    /// the server calls it.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn is_channel(
        &mut self,
        group: GroupId,
        device: DeviceId,
        user: UserId,
    ) -> Result<bool, ClientError> {
        let open = self.opened()?;
        if !Groups::has(&open.vault, group) {
            return Ok(false);
        }
        let members = open.groups.members(&open.vault, group)?;
        Ok(members.len() == 2
            && members.iter().any(|c| self.is_own(c))
            && members
                .iter()
                .any(|c| c.device == device && c.user == user && self.is_admitted(c)))
    }

    /// Entries of a conversation after a place and up to another, oldest first: messages, and what
    /// was done to earlier ones. Of what was recalled, whenever it was, or went by itself, nothing
    /// but that is handed over.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn history(
        &self,
        group: GroupId,
        after: u64,
        up_to: u64,
    ) -> Result<Vec<Kept>, ClientError> {
        let vault = self.vault()?;
        let recalls = recalls(vault, group);
        let is_within = |seq: u64| seq > after && seq <= up_to;
        let now = self.platform.now_ms();
        // A legal hold keeps it here, and brings it back to nobody's phone.
        let is_due = |entry: &StoredMessage| is_due(entry, now);
        let due: BTreeSet<MessageId> = conversation::messages(vault, group)
            .filter(is_due)
            .map(|entry| entry.id)
            .collect();
        let mut history = Vec::new();
        for mut entry in conversation::messages(vault, group) {
            if entry.notice.is_some() || !is_within(entry.seq) {
                continue;
            }
            let target = entry.change.as_ref().map_or(entry.id, Change::target);
            if let Some(recall) = recalls.get(&target) {
                match entry.change {
                    None => {
                        entry.text.clear();
                        entry.mentions.clear();
                        entry.form = None;
                        entry.reference = None;
                        entry.forwarded = None;
                        entry.attachment = None;
                        if !is_within(recall.seq) {
                            history.extend(handed(recall.clone()));
                        }
                    }
                    Some(Change::Recall { .. }) => {}
                    Some(_) => continue,
                }
            }
            if due.contains(&target) {
                if entry.change.is_some() {
                    continue;
                }
                entry.text.clear();
                entry.mentions.clear();
                entry.form = None;
                entry.reference = None;
                entry.forwarded = None;
                entry.attachment = None;
            }
            history.extend(handed(entry));
        }
        history.sort_by_key(|entry| entry.seq);
        Ok(history)
    }

    /// Queues a page for a device of a person; it leaves with [`Client::deliver`], once it is
    /// durable, and is sealed for that device or not at all.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn queue_history(
        &mut self,
        channel: GroupId,
        only_for: (DeviceId, UserId),
        page: Page,
    ) -> Result<(), ClientError> {
        let id = MessageId::from_random(random_bytes(&self.platform));
        let mut message = Outgoing {
            id,
            group: channel,
            text: String::new(),
            priority: Priority::Routine,
            reply_to: None,
            written_at: self.platform.now_ms(),
            sealed: None,
            problem: None,
            history: Some(B64(History { id, page }.encode())),
            only_for: Some(only_for),
            mentions: Vec::new(),
            change: None,
            form: None,
            forwarded: None,
            attachment: None,
            reference: None,
            expires: None,
        };
        append_outgoing(&mut self.opened()?.vault, &mut message);
        Ok(())
    }

    /// Takes a page that the record keeper handed over. What is here already stays as it is: the
    /// keeper fills gaps. What this device followed itself it knows better, so that a keeper that was
    /// taken over cannot put an edit or a recall there that nobody made.
    pub(crate) fn take_history(&mut self, page: &Page) -> Result<(), ClientError> {
        let group = page.group;
        if let PageEnd::Removed { from, until } = page.end {
            return self.take_removal(&Removal {
                group,
                from,
                until,
                all: true,
                also: page.also.clone(),
                spared: page.spared.clone(),
            });
        }
        let record = conversation::record(self.vault()?, group);
        let now = self.server_now().unwrap_or_else(|| self.platform.now_ms());
        for kept in &page.messages {
            let open = self.opened()?;
            if open.known.has(&open.vault, group, kept.id) {
                continue;
            }
            let there = message_at(&open.vault, group, kept.seq);
            let free = match there {
                Some(there) => there.notice == Some(Notice::Gap),
                None => record
                    .as_ref()
                    .is_none_or(|record| record.may_have_missed(kept.seq)),
            };
            if free {
                let mut entry = arrived(kept, now);
                if let Some(Change::Recall { .. }) = entry.change {
                    entry.read_by = self.briefs(group, std::mem::take(&mut entry.mentions));
                }
                if self.keeps_records {
                    entry.arrived_at = Some(self.platform.now_ms());
                }
                self.put(group, &entry)?;
            }
        }
        if let Some((notice, told)) = told_by(&page.end) {
            let vault = self.vault()?;
            let at = message_at(vault, group, page.joined_seq).map(|notice| notice.sent_at);
            let at = at.unwrap_or_else(|| self.platform.now_ms());
            let is_free = message_at(self.vault()?, group, page.joined_seq)
                .is_none_or(|there| there.notice.is_some());
            if is_free {
                self.notice(group, page.joined_seq, at, notice, &told)?;
            }
        }
        self.platform.emit(Event::Messages { group });
        self.platform.emit(Event::Conversations);
        Ok(())
    }

    /// Writes down who is there as this device arrives, and the last place it had seen before.
    pub(crate) fn keep_arrival(
        &mut self,
        group: GroupId,
        seq: u64,
        seen: u64,
        members: &[Claim],
    ) -> Result<(), ClientError> {
        self.keep(&MemberChange {
            group,
            seq,
            joined: members.iter().map(|c| (c.device, c.user)).collect(),
            left: Vec::new(),
            out_of_use: Vec::new(),
            dismissed: Vec::new(),
            rejoined: None,
            snapshot_after: Some(seen),
        })
    }

    /// Writes down what a commit changed.
    pub(crate) fn keep_change(
        &mut self,
        group: GroupId,
        seq: u64,
        change: &Committed,
    ) -> Result<(), ClientError> {
        let new = |among: &[Claim], of: &[Claim]| {
            of.iter()
                .filter(|c| {
                    let same = |other: &Claim| other.device == c.device && other.user == c.user;
                    !among.iter().any(same)
                })
                .map(|c| (c.device, c.user))
                .collect::<Vec<_>>()
        };
        self.keep(&MemberChange {
            group,
            seq,
            joined: new(&change.before, &change.after),
            left: new(&change.after, &change.before),
            out_of_use: change.out_of_use.clone(),
            dismissed: change.dismissed.clone(),
            rejoined: change.rejoined,
            snapshot_after: None,
        })
    }

    fn keep(&mut self, change: &MemberChange) -> Result<(), ClientError> {
        if self.keeps_records {
            let name = change_name(change.group, change.seq);
            self.opened()?.vault.put(name, change);
        }
        Ok(())
    }
}

/// The role that a conversation is of by its id, so that it follows whoever has it. One that was begun
/// before ids said so does not, and cannot be made to.
pub(crate) fn followed_role(summary: &GroupSummary) -> Option<&RoleSlug> {
    let (role, nonce) = summary.role.as_ref().zip(summary.purpose.as_ref())?;
    is_role_group(summary.id, role, &nonce.0).then_some(role)
}

/// What a page tells the person, beside its messages.
fn told_by(end: &PageEnd) -> Option<(Notice, String)> {
    match end {
        PageEnd::More | PageEnd::Removed { .. } => None,
        PageEnd::Waits { hours } => Some((
            Notice::Joined,
            format!(
                "Earlier messages come after the hospital's waiting time for devices that no other \
                 device of yours confirmed, in about {hours} h."
            ),
        )),
        PageEnd::Last { handed, whole } => {
            let mut told = match handed {
                0 => "The record keeper has no earlier messages for this device.".to_owned(),
                1 => "The record keeper handed this device an earlier message.".to_owned(),
                n => format!("The record keeper handed this device {n} earlier messages."),
            };
            if !whole {
                told.push_str(" It was away for a time, so some may be missing.");
            }
            Some((Notice::HandedOver, told))
        }
    }
}

/// Whether nobody is handed a message any more: it went by itself, or goes once it is read, which
/// the keeper cannot know and another device of the reader may have done.
fn is_due(entry: &StoredMessage, now: u64) -> bool {
    match entry.expires {
        Some(Expiry::Read) => true,
        Some(Expiry::After(seconds)) => {
            entry.sent_at.saturating_add(u64::from(seconds) * 1000) <= now
        }
        None => false,
    }
}

/// As it is put here. Whatever the keeper hands over: what went by itself does not come back.
fn arrived(kept: &Kept, now: u64) -> StoredMessage {
    let mut entry = stored(kept);
    if is_due(&entry, now) {
        entry.text.clear();
        entry.mentions.clear();
        entry.form = None;
        entry.reference = None;
        entry.forwarded = None;
        entry.attachment = None;
        entry.expired = true;
    }
    entry
}

fn stored(kept: &Kept) -> StoredMessage {
    StoredMessage {
        id: kept.id,
        seq: kept.seq,
        from: Some(kept.from.clone()),
        text: kept.text.clone(),
        priority: kept.priority,
        sent_at: kept.sent_at,
        reply_to: kept.reply_to,
        notice: None,
        mentions: kept.mentions.clone(),
        change: kept.change.clone(),
        form: kept.form.clone(),
        forwarded: kept.forwarded.clone(),
        attachment: kept.attachment.clone(),
        reference: kept.reference.clone(),
        expires: kept.expires,
        expired: kept.expires.is_some()
            && kept.text.is_empty()
            && kept.attachment.is_none()
            && kept.reference.is_none(),
        read_by: Vec::new(),
        // The record keeper goes by its own clock, and tells what has ended.
        arrived_at: None,
    }
}

/// An entry for a member's device: a recall names who had read the message.
fn handed(mut entry: StoredMessage) -> Option<Kept> {
    if let Some(Change::Recall { .. }) = entry.change {
        entry.mentions = entry.read_by.iter().map(|person| person.id).collect();
    }
    kept(entry)
}

/// An entry as it is kept; nothing where nobody knows who made it.
fn kept(entry: StoredMessage) -> Option<Kept> {
    Some(Kept {
        id: entry.id,
        seq: entry.seq,
        from: entry.from?,
        text: entry.text,
        priority: entry.priority,
        sent_at: entry.sent_at,
        reply_to: entry.reply_to,
        mentions: entry.mentions,
        change: entry.change,
        form: entry.form,
        reference: entry.reference,
        forwarded: entry.forwarded,
        attachment: entry.attachment,
        expires: entry.expires,
    })
}

/// What came into a conversation within a period, all of it under one data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Which conversation.
    pub group: GroupId,
    /// When the period began, unix milliseconds.
    pub from: u64,
    /// When it ended.
    pub until: u64,
    /// What the server calls the conversation.
    pub kind: Option<GroupKind>,
    /// The patient whom the server says it is about.
    pub patient: Option<PatientId>,
    /// Messages and what was done to them.
    pub ids: Vec<MessageId>,
    /// Those of them of which the server says that they were sent at another time than the period's:
    /// they came later, by this device's clock.
    pub elsewhere: Vec<(MessageId, u64)>,
    /// Who wrote.
    pub people: BTreeSet<UserId>,
}

/// The length of a period whose messages share a data key, milliseconds: a week.
pub const PERIOD_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// The class of a value: a message's conversation and period.
fn class_of(name: &str, value: &[u8]) -> Option<String> {
    let group = name
        .strip_prefix(conversation::MESSAGES)?
        .split('/')
        .next()?;
    let entry: StoredMessage = serde_json::from_slice(value).ok()?;
    Some(class_name(
        group.parse().ok()?,
        entry.kept_from() / PERIOD_MS,
    ))
}

/// The files that these entries name and no other one does: a message names what it likes, also a file
/// that is kept with another one.
fn files_of(vault: &Vault, names: &[String]) -> BTreeSet<AttachmentId> {
    let of = |name: &str| -> Option<AttachmentId> {
        let entry: StoredMessage = vault.get(name)?;
        Some(entry.attachment?.id)
    };
    let mut files: BTreeSet<AttachmentId> = names.iter().filter_map(|name| of(name)).collect();
    if !files.is_empty() {
        let going: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let others = vault.range(conversation::MESSAGES).map(|(name, _)| name);
        for kept in others.filter(|name| !going.contains(name)).filter_map(of) {
            files.remove(&kept);
        }
    }
    files
}

fn class_name(group: GroupId, period: u64) -> String {
    format!("{group}/{period:08x}")
}

fn change_name(group: GroupId, seq: u64) -> String {
    format!("{CHANGES}{group}/{seq:016x}")
}

#[cfg(test)]
mod tests {
    use wardline_model::wire::enroll::PersonBrief;

    use std::collections::BTreeMap;

    use super::*;
    use crate::vault::StoreKey;

    const SENT_AT: u64 = 1_790_000_000_000;

    fn handed(expires: Option<Expiry>) -> Kept {
        Kept {
            id: MessageId::from_bytes([1; 16]),
            seq: 3,
            from: PersonBrief {
                id: UserId::from_bytes([1; 16]),
                username: "amara".to_owned(),
                name: "Amara Eze".to_owned(),
                role: "Nurse".to_owned(),
                department: "Cardiology".to_owned(),
            },
            text: "K 6.8".to_owned(),
            priority: Priority::Routine,
            sent_at: SENT_AT,
            reply_to: None,
            mentions: vec![UserId::from_bytes([2; 16])],
            change: None,
            form: None,
            forwarded: None,
            attachment: Some(attachments::tests::photo()),
            reference: None,
            expires,
        }
    }

    #[test]
    fn a_recall_is_handed_over_with_those_who_had_read_the_message() {
        let message = stored(&handed(None));
        let of = message.id;
        let recall = StoredMessage {
            change: Some(Change::Recall { of }),
            read_by: message.from.iter().cloned().collect(),
            ..message.clone()
        };
        let readers = super::handed(recall.clone()).unwrap().mentions;
        assert_eq!(readers, [recall.read_by[0].id]);
        let named = super::handed(message.clone()).unwrap().mentions;
        assert_eq!(named, message.mentions, "of a message, those whom it names");
    }

    #[test]
    fn a_file_that_another_kept_message_names_is_not_ended_with_this_one() {
        let key = StoreKey::derive(b"passkey", b"share", "store");
        let mut vault = Vault::open(key, &BTreeMap::new()).unwrap();
        let (one, other) = ("t/a/1".to_owned(), "t/b/1".to_owned());
        let file = attachments::tests::photo().id;
        vault.put(one.clone(), &stored(&handed(None)));
        let going = [one];
        assert_eq!(files_of(&vault, &going), BTreeSet::from([file]));
        vault.put(other.clone(), &stored(&handed(None)));
        assert!(files_of(&vault, &going).is_empty());
        let [one] = going;
        assert_eq!(files_of(&vault, &[one, other]), BTreeSet::from([file]));
    }

    #[test]
    fn what_went_by_itself_comes_back_as_a_trace_whatever_the_keeper_hands_over() {
        for (expires, now) in [
            (Expiry::Read, 0),
            (Expiry::Read, u64::MAX),
            (Expiry::After(60), SENT_AT + 60_000),
        ] {
            let entry = arrived(&handed(Some(expires)), now);
            assert!(entry.expired && entry.text.is_empty() && entry.mentions.is_empty());
            assert!(entry.attachment.is_none());
            assert_eq!((entry.seq, entry.expires), (3, Some(expires)));
        }
        for (expires, now) in [
            (None, u64::MAX),
            (Some(Expiry::After(60)), SENT_AT + 59_999),
        ] {
            let entry = arrived(&handed(expires), now);
            assert!(!entry.expired && entry.attachment.is_some());
            assert_eq!(entry.text, "K 6.8");
        }
    }
}
