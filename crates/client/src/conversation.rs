//! What the vault holds of conversations: records, message records, the outbox.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::groups::GroupSummary;
use wardline_model::wire::messages::{Acknowledgement, Priority, Receipt};
use wardline_model::wire::problem::Problem;
use wardline_model::{B64, DeviceId, GroupId, MessageId, UserId};

use crate::attachments::Attachment;
use crate::client::Open;
use crate::content::{Change, Expiry, Form, Forwarded, Reference, Text};
use crate::search;
use crate::vault::Vault;
use crate::views::Notice;

/// A conversation's record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The server's newest summary.
    pub(crate) summary: GroupSummary,
    /// The log was processed up to here.
    pub(crate) applied: u64,
    /// Nothing up to here counts as unread: what this person read, and what was before this device
    /// arrived.
    pub(crate) read: u64,
    /// This person read up to here on this device; others are told of this.
    #[serde(default)]
    pub(crate) seen: u64,
    /// STAT messages beyond that were on this device's screen, by the places of their versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shown: Vec<u64>,
    /// Whether this device is a member.
    pub(crate) joined: bool,
    /// Joining anew was begun, and nothing is known of its end: it is begun again.
    #[serde(default)]
    pub(crate) rejoining: bool,
    /// Devices in the group that were verified, with their people.
    pub(crate) devices: Vec<(DeviceId, UserId)>,
    /// When people came and went while this device looked on. Whoever is in it without any was in it
    /// before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stays: Vec<Stay>,
    /// People in it whom this person has not accepted yet; nothing is sent meanwhile.
    #[serde(default)]
    pub(crate) strangers: Vec<UserId>,
    /// Stretches that this device did not see itself, each after one place and before another: what
    /// the record keeper may fill. Absent in records from before this was written down.
    #[serde(default)]
    pub(crate) missed: Option<Vec<(u64, u64)>>,
}

/// A time in which a person had a device in a conversation, in places of its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stay {
    pub(crate) user: UserId,
    /// They came with this; what was said later was for them.
    pub(crate) from: u64,
    /// They went with this; what was said later was not. Absent while they are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<u64>,
}

impl Stay {
    fn covers(&self, place: u64) -> bool {
        self.from < place && self.until.is_none_or(|until| place < until)
    }
}

impl Record {
    /// Takes who is there now. Who is new came at one place, who is gone went at another.
    pub(crate) fn note_devices(
        &mut self,
        devices: Vec<(DeviceId, UserId)>,
        (came, went): (u64, u64),
    ) {
        let (before, after) = (people(&self.devices), people(&devices));
        // What a device finds as it arrives was there before it.
        if !before.is_empty() {
            for user in before.difference(&after) {
                let is_theirs = |stay: &Stay| stay.user == *user && stay.until.is_none();
                let open = self.stays.iter().position(is_theirs);
                let from = open.map_or(0, |open| self.stays.remove(open).from);
                // In the order in which they end.
                self.stays.push(Stay {
                    user: *user,
                    from,
                    until: Some(went),
                });
            }
            self.stays
                .extend(after.difference(&before).map(|user| Stay {
                    user: *user,
                    from: came,
                    until: None,
                }));
            let over = self.stays.iter().filter(|stay| stay.until.is_some());
            let mut beyond = over.count().saturating_sub(MOST_STAYS);
            self.stays.retain(|stay| {
                let goes = beyond > 0 && stay.until.is_some();
                beyond -= usize::from(goes);
                !goes
            });
        }
        self.devices = devices;
    }

    /// For whom a message at a place was, except of those named: whoever was there then. Whoever left
    /// before its version at `newest` reached them is not waited for.
    pub(crate) fn recipients(
        &self,
        except: &BTreeSet<UserId>,
        place: u64,
        newest: u64,
    ) -> BTreeSet<UserId> {
        let here = people(&self.devices);
        let known: BTreeSet<UserId> = self.stays.iter().map(|stay| stay.user).collect();
        let covering = self.stays.iter().filter(|stay| stay.covers(place));
        let mut then: BTreeSet<UserId> = covering.map(|stay| stay.user).collect();
        then.retain(|user| {
            let reached = |receipt: &Receipt| receipt.delivered >= newest;
            here.contains(user) || self.receipt(*user).is_some_and(reached)
        });
        then.extend(here.difference(&known));
        then.retain(|user| !except.contains(user));
        then
    }

    /// Takes how far a person has come, in whatever order word of it arrives: nobody unreads.
    pub(crate) fn note_receipt(&mut self, told: &Receipt) {
        match self.receipt_mut(told.user_id) {
            Some(known) => advance(known, told),
            None => self.summary.receipts.push(told.clone()),
        }
    }

    /// Takes the server's newest summary; of whom it names, nobody falls back in it.
    pub(crate) fn note_summary(&mut self, summary: GroupSummary) {
        let before = std::mem::replace(&mut self.summary, summary).receipts;
        for known in &before {
            if let Some(told) = self.receipt_mut(known.user_id) {
                advance(told, known);
            }
        }
    }

    /// STAT messages were on the screen; whether this is news.
    pub(crate) fn note_shown(&mut self, shown: &[u64]) -> bool {
        let known = |place: &u64| *place <= self.seen || self.shown.contains(place);
        let new: BTreeSet<u64> = shown.iter().copied().filter(|p| !known(p)).collect();
        self.shown.extend(&new);
        !new.is_empty()
    }

    /// Whether what stood at a place may have passed this device by.
    pub(crate) fn may_have_missed(&self, place: u64) -> bool {
        let within = |(after, before): &(u64, u64)| place > *after && place < *before;
        // A page may be here before the device is let in, again or at all.
        let is_out = !self.joined || self.rejoining;
        (is_out && place > self.applied)
            || self
                .missed
                .as_ref()
                .is_none_or(|missed| missed.iter().any(within))
    }

    /// How far a person has come, by all that was heard of it.
    pub(crate) fn receipt(&self, user: UserId) -> Option<&Receipt> {
        self.summary.receipts.iter().find(|r| r.user_id == user)
    }

    fn receipt_mut(&mut self, user: UserId) -> Option<&mut Receipt> {
        self.summary.receipts.iter_mut().find(|r| r.user_id == user)
    }
}

fn people(devices: &[(DeviceId, UserId)]) -> BTreeSet<UserId> {
    devices.iter().map(|(_, user)| *user).collect()
}

fn advance(known: &mut Receipt, told: &Receipt) {
    if told.delivered > known.delivered {
        (known.delivered, known.delivered_at) = (told.delivered, told.delivered_at);
    }
    if told.read > known.read {
        (known.read, known.read_at) = (told.read, told.read_at);
    }
    if told.acknowledged > known.acknowledged {
        (known.acknowledged, known.acknowledged_at) = (told.acknowledged, told.acknowledged_at);
    }
    // The hospital forgets which in time; what was acknowledged stays so here.
    for named in &told.named {
        let is_it = |it: &Acknowledgement| (it.seq, it.version) == (named.seq, named.version);
        if !known.named.iter().any(is_it) {
            known.named.push(named.clone());
        }
    }
    let beyond = known.named.len().saturating_sub(MOST_NAMED);
    if beyond > 0 {
        known.named.sort_by_key(|named| named.seq);
        known.named.drain(..beyond);
    }
}

/// An entry of a conversation, as it was read: a message, what is done to an earlier one, or a
/// notice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredMessage {
    pub(crate) id: MessageId,
    pub(crate) seq: u64,
    pub(crate) from: Option<PersonBrief>,
    pub(crate) text: String,
    pub(crate) priority: Priority,
    pub(crate) sent_at: u64,
    pub(crate) reply_to: Option<MessageId>,
    pub(crate) notice: Option<Notice>,
    /// Whom the text names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) mentions: Vec<UserId>,
    /// What is done to an earlier message; then it is no line of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) change: Option<Change>,
    /// The form that the text is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<Form>,
    /// Where it comes from, when it was forwarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) forwarded: Option<Forwarded>,
    /// The file that it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attachment: Option<Attachment>,
    /// The entry of a chart that it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<Reference>,
    /// When it goes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Expiry>,
    /// It went, and this is its trace.
    #[serde(default)]
    pub(crate) expired: bool,
    /// Of a recall by this person: who had read the message when it was taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) read_by: Vec<PersonBrief>,
    /// When it came here, by this device's own clock; `sent_at` is the server's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arrived_at: Option<u64>,
}

impl StoredMessage {
    /// When the time for which it is kept begins: no server makes a message older than it is here.
    pub(crate) fn kept_from(&self) -> u64 {
        self.arrived_at.unwrap_or_default().max(self.sent_at)
    }
}

/// A message on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    pub(crate) id: MessageId,
    pub(crate) group: GroupId,
    pub(crate) text: String,
    pub(crate) priority: Priority,
    pub(crate) reply_to: Option<MessageId>,
    pub(crate) written_at: u64,
    /// The ciphertext and its epoch, once made: the same bytes go again after a crash.
    pub(crate) sealed: Option<(B64, u64)>,
    /// Set when the server refused for good.
    pub(crate) problem: Option<Problem>,
    /// Encoded content that is no text of a person: history that is handed over.
    pub(crate) history: Option<B64>,
    /// The one device, and its person, for which it is; whoever else is in the group, it is sealed
    /// for nobody.
    #[serde(default)]
    pub(crate) only_for: Option<(DeviceId, UserId)>,
    /// Whom the text names.
    #[serde(default)]
    pub(crate) mentions: Vec<UserId>,
    /// What is done to an earlier message; then there is no text.
    #[serde(default)]
    pub(crate) change: Option<Change>,
    /// The form that the text is of.
    #[serde(default)]
    pub(crate) form: Option<Form>,
    /// Where it comes from, when it is forwarded.
    #[serde(default)]
    pub(crate) forwarded: Option<Forwarded>,
    /// The file that it carries; it waits until that is uploaded.
    #[serde(default)]
    pub(crate) attachment: Option<Attachment>,
    /// The entry of a chart that it leads to.
    #[serde(default)]
    pub(crate) reference: Option<Reference>,
    /// When it goes by itself.
    #[serde(default)]
    pub(crate) expires: Option<Expiry>,
}

impl Outgoing {
    /// What is encrypted.
    pub(crate) fn content(&self) -> Vec<u8> {
        if let Some(history) = &self.history {
            return history.0.clone();
        }
        if let Some(change) = &self.change {
            return change.encode(self.id);
        }
        let text = Text {
            id: self.id,
            in_reply_to: self.reply_to,
            text: self.text.clone(),
            mentions: self.mentions.clone(),
            form: self.form.clone(),
            forwarded: self.forwarded.clone(),
            attachment: self.attachment.clone(),
            reference: self.reference.clone(),
            expires: self.expires,
        };
        text.encode()
    }

    /// As it stands in the conversation once it was taken; nothing for what nobody reads there.
    pub(crate) fn taken(
        &self,
        from: &PersonBrief,
        seq: u64,
        sent_at: u64,
    ) -> Option<StoredMessage> {
        self.history.is_none().then(|| StoredMessage {
            id: self.id,
            seq,
            from: Some(from.clone()),
            text: self.text.clone(),
            priority: self.priority,
            sent_at,
            reply_to: self.reply_to,
            notice: None,
            mentions: self.mentions.clone(),
            change: self.change.clone(),
            form: self.form.clone(),
            forwarded: self.forwarded.clone(),
            attachment: self.attachment.clone(),
            reference: self.reference.clone(),
            expires: self.expires,
            expired: false,
            read_by: Vec::new(),
            arrived_at: None,
        })
    }
}

/// Acknowledgements of STAT messages that are remembered of one person in one conversation.
const MOST_NAMED: usize = 256;
/// Stays that are over and are remembered in one conversation. Of what is older than those, whoever left
/// says nothing any more.
const MOST_STAYS: usize = 128;
const RECORDS: &str = "g/";
/// The vault's names of messages and notices.
pub(crate) const MESSAGES: &str = "t/";
const OUTBOX: &str = "o/";

pub(crate) fn record(vault: &Vault, group: GroupId) -> Option<Record> {
    vault.get(&format!("{RECORDS}{group}"))
}

pub(crate) fn put_record(vault: &mut Vault, record: &Record) {
    vault.put(format!("{RECORDS}{}", record.summary.id), record);
}

pub(crate) fn records(vault: &Vault) -> Vec<Record> {
    vault
        .range(RECORDS)
        .filter_map(|(_, value)| serde_json::from_slice(value).ok())
        .collect()
}

/// What stands at a place of a conversation.
pub(crate) fn message_at(vault: &Vault, group: GroupId, seq: u64) -> Option<StoredMessage> {
    vault.get(&message_name(group, seq))
}

/// The last place of a conversation at which anything stands; 0 when nothing does.
pub(crate) fn last_place(vault: &Vault, group: GroupId) -> u64 {
    messages(vault, group)
        .next_back()
        .map_or(0, |message| message.seq)
}

/// What is on this device, so that nothing is taken twice and a message is found by its id.
#[derive(Default)]
pub(crate) struct Known(BTreeMap<GroupId, Index>);

/// A conversation's entries by id.
#[derive(Default)]
struct Index {
    places: BTreeMap<MessageId, u64>,
    /// Where edits of a message stand, and where recalls of it do, by who made them; rightly or not,
    /// whether the message is here or not.
    edits: BTreeMap<(MessageId, UserId), BTreeSet<u64>>,
    recalls: BTreeMap<(MessageId, UserId), BTreeSet<u64>>,
    /// Where STAT messages stand.
    stat: BTreeSet<u64>,
}

impl Index {
    fn note(&mut self, message: &StoredMessage) {
        if message.notice.is_none() {
            self.places.insert(message.id, message.seq);
            if message.change.is_none() && message.priority == Priority::Stat {
                self.stat.insert(message.seq);
            }
        }
        let Some(from) = message.from.as_ref().map(|from| from.id) else {
            return;
        };
        let of_it = match message.change {
            Some(Change::Edit { of, .. }) => self.edits.entry((of, from)),
            Some(Change::Recall { of }) => self.recalls.entry((of, from)),
            Some(Change::React { .. } | Change::Unreact { .. }) | None => return,
        };
        of_it.or_default().insert(message.seq);
    }
}

impl Known {
    /// Whether an entry is here.
    pub(crate) fn has(&mut self, vault: &Vault, group: GroupId, id: MessageId) -> bool {
        self.of(vault, group).places.contains_key(&id)
    }

    /// Where an entry stands.
    pub(crate) fn place(&mut self, vault: &Vault, group: GroupId, id: MessageId) -> Option<u64> {
        self.of(vault, group).places.get(&id).copied()
    }

    /// Where a person's edits of a message stand, in the log's order.
    pub(crate) fn edits(
        &mut self,
        vault: &Vault,
        group: GroupId,
        of: (MessageId, UserId),
    ) -> impl Iterator<Item = u64> + use<'_> {
        self.of(vault, group)
            .edits
            .get(&of)
            .into_iter()
            .flatten()
            .copied()
    }

    /// Where everybody's do.
    pub(crate) fn all_edits(&mut self, vault: &Vault, group: GroupId, id: MessageId) -> Vec<u64> {
        let (first, last) = (UserId::from_bytes([0; 16]), UserId::from_bytes([0xFF; 16]));
        let edits = self.of(vault, group).edits.range((id, first)..=(id, last));
        edits.flat_map(|(_, places)| places).copied().collect()
    }

    /// Where a message's author recalls it, the first time behind it, and whether there is another.
    pub(crate) fn recall(
        &mut self,
        vault: &Vault,
        group: GroupId,
        message: &StoredMessage,
    ) -> Option<(u64, bool)> {
        let of = (message.id, message.from.as_ref()?.id);
        let places = self.of(vault, group).recalls.get(&of)?;
        let mut behind = places.range(message.seq.saturating_add(1)..);
        Some((*behind.next()?, behind.next().is_some()))
    }

    /// Where STAT messages stand, in the log's order.
    pub(crate) fn stat(&mut self, vault: &Vault, group: GroupId) -> Vec<u64> {
        self.of(vault, group).stat.iter().copied().collect()
    }

    fn of(&mut self, vault: &Vault, group: GroupId) -> &mut Index {
        self.0.entry(group).or_insert_with(|| {
            let mut index = Index::default();
            for message in messages(vault, group) {
                index.note(&message);
            }
            index
        })
    }
}

/// Puts an entry or a notice at its place; durable with the next transaction, and so is by what the
/// message that it is or changes can be found.
pub(crate) fn put_message(open: &mut Open, group: GroupId, message: &StoredMessage) {
    let Open { vault, known, .. } = open;
    if message.notice.is_none() {
        known.of(vault, group).note(message);
    }
    let place = message.seq;
    let touched = match &message.change {
        None => Some(place),
        Some(Change::Edit { of, .. } | Change::Recall { of }) => known.place(vault, group, *of),
        Some(Change::React { .. } | Change::Unreact { .. }) => None,
    };
    search::forget(vault, group, place);
    if let Some(other) = touched.filter(|touched| *touched != place) {
        search::forget(vault, group, other);
    }
    vault.put(message_name(group, place), message);
    if let Some(touched) = touched {
        search::note(vault, known, group, touched);
    }
}

/// Entries of a conversation, oldest first.
pub(crate) fn messages(
    vault: &Vault,
    group: GroupId,
) -> impl DoubleEndedIterator<Item = StoredMessage> + use<'_> {
    vault
        .range(&format!("{MESSAGES}{group}/"))
        .filter_map(|(_, value)| serde_json::from_slice(value).ok())
}

/// Messages on their way, in the order in which they were written.
pub(crate) fn outbox(vault: &Vault) -> Vec<Outgoing> {
    vault
        .range(OUTBOX)
        .filter_map(|(_, value)| serde_json::from_slice(value).ok())
        .collect()
}

/// Puts a message behind everything that waits, whatever the clock says: several may be written in
/// one millisecond, and a clock may be set back between two of them.
pub(crate) fn append_outgoing(vault: &mut Vault, message: &mut Outgoing) {
    let last = vault
        .range(OUTBOX)
        .last()
        .and_then(|(_, value)| serde_json::from_slice::<Outgoing>(value).ok());
    if let Some(last) = last {
        message.written_at = message.written_at.max(last.written_at.saturating_add(1));
    }
    put_outgoing(vault, message);
}

/// Keeps what changed of a message that waits, at its place.
pub(crate) fn put_outgoing(vault: &mut Vault, message: &Outgoing) {
    vault.put(outgoing_name(message), message);
}

pub(crate) fn delete_outgoing(vault: &mut Vault, message: &Outgoing) {
    vault.delete(&outgoing_name(message));
}

/// The vault's name of a place in a conversation.
pub(crate) fn message_name(group: GroupId, seq: u64) -> String {
    format!("{MESSAGES}{group}/{seq:016x}")
}

fn outgoing_name(message: &Outgoing) -> String {
    format!("{OUTBOX}{:016x}-{}", message.written_at, message.id)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn receipt(user_id: UserId, delivered: u64, read: u64) -> Receipt {
        Receipt {
            user_id,
            delivered,
            read,
            acknowledged: 0,
            delivered_at: None,
            read_at: None,
            acknowledged_at: None,
            named: Vec::new(),
        }
    }

    fn summary(receipts: &[Receipt]) -> GroupSummary {
        serde_json::from_value(serde_json::json!({
            "id": GroupId::from_bytes([7; 16]),
            "kind": "direct",
            "epoch": 1,
            "last_seq": 9,
            "members": [],
            "receipts": receipts,
            "removal_pending": false,
        }))
        .unwrap()
    }

    pub(crate) fn record(receipts: &[Receipt]) -> Record {
        Record {
            summary: summary(receipts),
            applied: 9,
            read: 9,
            seen: 9,
            shown: Vec::new(),
            joined: true,
            rejoining: false,
            devices: Vec::new(),
            stays: Vec::new(),
            strangers: Vec::new(),
            missed: None,
        }
    }

    #[test]
    fn word_that_comes_late_takes_no_receipt_back() {
        let ben = UserId::from_bytes([1; 16]);
        let mut record = record(&[]);
        record.note_receipt(&receipt(ben, 5, 5));
        record.note_receipt(&receipt(ben, 5, 4));
        assert_eq!(record.receipt(ben), Some(&receipt(ben, 5, 5)));
        record.note_receipt(&receipt(ben, 6, 4));
        assert_eq!(record.receipt(ben), Some(&receipt(ben, 6, 5)));
        // Each time is that of the step to where it is.
        for (delivered, read, at) in [(7, 5, 70), (8, 7, 80), (8, 6, 90)] {
            record.note_receipt(&Receipt {
                delivered_at: Some(at),
                read_at: Some(at),
                ..receipt(ben, delivered, read)
            });
        }
        let known = record.receipt(ben).unwrap();
        assert_eq!((known.delivered_at, known.read_at), (Some(80), Some(80)));
    }

    #[test]
    fn a_summary_made_earlier_takes_no_receipt_back_and_names_who_is_there() {
        let (ben, gone) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        let mut record = record(&[receipt(ben, 5, 5), receipt(gone, 9, 9)]);
        record.note_summary(summary(&[receipt(ben, 6, 4)]));
        assert_eq!(record.summary.receipts, [receipt(ben, 6, 5)]);
    }

    fn user(number: u8) -> UserId {
        UserId::from_bytes([number; 16])
    }

    fn devices(of: &[u8]) -> Vec<(DeviceId, UserId)> {
        let device = |number: &u8| (DeviceId::from_bytes([*number; 16]), user(*number));
        of.iter().map(device).collect()
    }

    #[test]
    fn a_message_is_for_those_who_were_there() {
        let mut record = record(&[receipt(user(2), 7, 7)]);
        record.note_devices(devices(&[1, 2]), (1, 1));
        assert!(record.stays.is_empty(), "they were there before");
        let me = BTreeSet::from([user(1)]);
        let at = |record: &Record, place| record.recipients(&me, place, place);
        record.note_devices(devices(&[1, 2, 3]), (5, 5));
        assert_eq!(at(&record, 4), [user(2)].into(), "Cy came later");
        assert_eq!(at(&record, 6), [user(2), user(3)].into());
        record.note_devices(devices(&[1, 3]), (9, 9));
        assert_eq!(at(&record, 4), [user(2)].into(), "he had it before he left");
        assert_eq!(at(&record, 7), [user(2), user(3)].into());
        assert_eq!(at(&record, 8), [user(3)].into(), "it never came to him");
        assert_eq!(at(&record, 10), [user(3)].into());
        // Whoever is back is waited for, save for what was said without them.
        record.note_devices(devices(&[1, 2, 3]), (12, 12));
        assert_eq!(at(&record, 8), [user(2), user(3)].into());
        assert_eq!(at(&record, 10), [user(3)].into());
        assert_eq!(at(&record, 13), [user(2), user(3)].into());
    }

    #[test]
    fn the_stays_of_the_last_who_left_are_remembered() {
        let mut record = record(&[]);
        record.note_devices(devices(&[1, 2]), (1, 1));
        for place in 2..400 {
            let of: &[u8] = if place % 2 == 0 { &[1, 3] } else { &[1, 2] };
            record.note_devices(devices(of), (place, place));
        }
        assert_eq!(record.stays.len(), MOST_STAYS + 1, "and who is there");
        assert_eq!(record.stays.iter().filter(|s| s.until.is_none()).count(), 1);
        assert!(record.stays.iter().all(|stay| stay.from > 200));
    }

    #[test]
    fn a_record_from_before_stays_were_written_down_is_read() {
        let mut old = serde_json::to_value(record(&[])).unwrap();
        assert!(old.as_object_mut().unwrap().remove("stays").is_none());
        let old: Record = serde_json::from_value(old).unwrap();
        assert!(old.stays.is_empty());
    }
}
