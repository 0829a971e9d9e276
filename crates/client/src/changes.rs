//! What became of a message: edits, a recall, reactions, and who may make them.
//!
//! A change is an entry of the conversation's log like any other, and stays at its own place. What
//! is shown follows from a message and the changes behind it, in the log's order and by the
//! server's times, so that all devices that have the same entries show the same. A change may reach
//! a device before its message does, from the record keeper; it counts once both are there.
//!
//! These rules are kept by the clients. The server cannot read a change, and whoever alters their
//! client can send any; the others leave out what nobody may do:
//!
//! - Only the author edits or recalls, and edits only within [`EDIT_WINDOW_MS`].
//! - What was forwarded is recalled by whoever forwarded it, and edited by nobody.
//! - A change refers to the first version of a message; one of another change is nothing.
//! - A recalled text goes from the stores of the people's devices; that it was recalled stays, and
//!   what anybody has seen or copied before cannot be taken back. The record keeper keeps the text
//!   under the hospital's retention and hands it to nobody.
//! - A reaction is no acknowledgement. An edit takes back what was acknowledged or read of the
//!   version before it, since nobody has seen the new one yet.

use std::collections::BTreeMap;

use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::messages::{Priority, Receipt};
use wardline_model::{GroupId, MessageId, UserId};

use crate::attachments;
use crate::client::{Client, Open};
use crate::content::{Change, MAX_MENTIONS, MAX_TEXT, is_single_character};
use crate::conversation::{
    self, Known, Outgoing, StoredMessage, delete_outgoing, message_at, message_name, messages,
    put_message, put_outgoing,
};
use crate::error::ClientError;
use crate::listing::apart;
use crate::platform::{Platform, random_bytes};
use crate::vault::Vault;
use crate::views::{Queued, Version};

/// How long after a message was taken its author can edit it, milliseconds: long enough for a slip
/// of the thumb, too short to rewrite what others have acted on.
pub const EDIT_WINDOW_MS: u64 = 15 * 60 * 1000;
/// Most edits of a message; what is beyond is left out like one that comes too late.
const MAX_EDITS: usize = 50;
/// Most different reactions of one person to one message.
const MAX_REACTIONS: usize = 6;

/// A message as it stands, with what became of it.
#[derive(Debug)]
pub(crate) struct Current {
    /// The message; its text is the newest version's, and empty once it was recalled.
    pub(crate) message: StoredMessage,
    /// The place of the newest version.
    pub(crate) newest: u64,
    /// When it was edited last, unix milliseconds.
    pub(crate) edited_at: Option<u64>,
    /// Versions before the newest, oldest first.
    pub(crate) earlier: Vec<Version>,
    /// Whether an edit was left out because it came too late, or there were too many.
    pub(crate) late_edit: bool,
    /// Set once its author recalled it.
    pub(crate) recalled: Option<Recalled>,
    /// Reactions, in the order in which they came.
    pub(crate) reactions: Vec<Reacted>,
}

/// That a message was recalled.
#[derive(Debug)]
pub(crate) struct Recalled {
    /// When, unix milliseconds.
    pub(crate) at: u64,
    /// Who had read it by then; known on the author's devices.
    pub(crate) read_by: Vec<PersonBrief>,
}

/// A person's reaction.
#[derive(Debug)]
pub(crate) struct Reacted {
    /// The entry that carried it.
    pub(crate) id: MessageId,
    pub(crate) from: PersonBrief,
    pub(crate) emoji: String,
}

impl Current {
    /// A message with the entries that change it, in the log's order.
    fn new(message: StoredMessage, changes: &[StoredMessage]) -> Self {
        let mut current = Self {
            newest: message.seq,
            message,
            edited_at: None,
            earlier: Vec::new(),
            late_edit: false,
            recalled: None,
            reactions: Vec::new(),
        };
        for entry in changes {
            current.take(entry);
        }
        current
    }

    fn take(&mut self, entry: &StoredMessage) {
        let (Some(change), Some(from)) = (&entry.change, &entry.from) else {
            return;
        };
        let is_recall = matches!(change, Change::Recall { .. });
        if self.recalled.is_some() || (self.message.expired && !is_recall) {
            return;
        }
        match change {
            // What somebody else wrote is not theirs to write anew.
            Change::Edit { text, mentions, .. }
                if self.is_by(from.id) && self.message.forwarded.is_none() =>
            {
                let late = is_late(self.message.sent_at, entry.sent_at);
                if late || self.earlier.len() >= MAX_EDITS {
                    self.late_edit = true;
                    return;
                }
                self.earlier.push(Version {
                    text: std::mem::replace(&mut self.message.text, text.clone()),
                    at: self.edited_at.unwrap_or(self.message.sent_at),
                });
                self.message.mentions.clone_from(mentions);
                self.message.form = None;
                self.edited_at = Some(entry.sent_at);
                self.newest = self.newest.max(entry.seq);
            }
            Change::Recall { .. } if self.is_by(from.id) => {
                self.message.text.clear();
                self.message.mentions.clear();
                self.message.form = None;
                self.message.reference = None;
                self.message.forwarded = None;
                self.message.attachment = None;
                self.earlier.clear();
                self.reactions.clear();
                self.edited_at = None;
                self.late_edit = false;
                self.recalled = Some(Recalled {
                    at: entry.sent_at,
                    read_by: entry.read_by.clone(),
                });
            }
            Change::Edit { .. } | Change::Recall { .. } => {}
            Change::React { emoji, .. } => {
                let user = from.id;
                let own = || self.reactions.iter().filter(move |r| r.from.id == user);
                let is_new = own().all(|reacted| reacted.emoji != *emoji);
                if is_new && own().count() < MAX_REACTIONS && is_single_character(emoji) {
                    self.reactions.push(Reacted {
                        id: entry.id,
                        from: from.clone(),
                        emoji: emoji.clone(),
                    });
                }
            }
            Change::Unreact { reaction, .. } => self
                .reactions
                .retain(|reacted| reacted.id != *reaction || reacted.from.id != from.id),
        }
    }

    /// Whether a person wrote it.
    fn is_by(&self, user: UserId) -> bool {
        self.message
            .from
            .as_ref()
            .is_some_and(|author| author.id == user)
    }
}

/// A conversation's messages and notices as they stand, the newest first. `waiting` are this
/// person's own changes that are still on their way, in the order in which they were made.
pub(crate) fn newest_first(
    vault: &Vault,
    group: GroupId,
    waiting: Vec<StoredMessage>,
) -> impl Iterator<Item = Current> + use<'_> {
    // Changes whose message comes further on, the newest first.
    let mut changes: BTreeMap<MessageId, Vec<StoredMessage>> = BTreeMap::new();
    waiting
        .into_iter()
        .rev()
        .chain(messages(vault, group).rev())
        .filter_map(move |entry| {
            if let Some(target) = entry.change.as_ref().map(Change::target) {
                changes.entry(target).or_default().push(entry);
                return None;
            }
            let mut of_it = changes.remove(&entry.id).unwrap_or_default();
            of_it.reverse();
            Some(Current::new(entry, &of_it))
        })
}

/// The message at a place as the log has it, with its newest text; nothing where none stands, or
/// where nothing is left of it.
pub(crate) fn newest_text(
    vault: &Vault,
    known: &mut Known,
    group: GroupId,
    place: u64,
) -> Option<StoredMessage> {
    standing_at(vault, known, group, place).map(|current| current.message)
}

/// The same with what became of it, but for reactions.
pub(crate) fn standing_at(
    vault: &Vault,
    known: &mut Known,
    group: GroupId,
    place: u64,
) -> Option<Current> {
    let message = message_at(vault, group, place)?;
    if message.notice.is_some() || message.change.is_some() {
        return None;
    }
    if known.recall(vault, group, &message).is_some() {
        return None;
    }
    let author = message.from.as_ref().map(|from| from.id);
    // Whatever is beyond those counts for nothing, however many there are.
    let changes: Vec<StoredMessage> = author
        .into_iter()
        .flat_map(|author| {
            let edits = known.edits(vault, group, (message.id, author));
            let behind: Vec<u64> = edits.filter(|at| *at > place).take(MAX_EDITS + 1).collect();
            behind
        })
        .filter_map(|behind| message_at(vault, group, behind))
        .collect();
    let current = Current::new(message, &changes);
    (current.recalled.is_none() && !current.message.expired).then_some(current)
}

/// The recalls of a conversation that count, by the message that each takes back.
pub(crate) fn recalls(vault: &Vault, group: GroupId) -> BTreeMap<MessageId, StoredMessage> {
    let entries: Vec<StoredMessage> = messages(vault, group).collect();
    let messages: BTreeMap<MessageId, (UserId, u64)> = entries
        .iter()
        .filter(|entry| entry.change.is_none())
        .filter_map(|entry| Some((entry.id, (entry.from.as_ref()?.id, entry.seq))))
        .collect();
    entries
        .into_iter()
        .filter_map(|entry| {
            let Some(Change::Recall { of }) = entry.change else {
                return None;
            };
            let (author, place) = *messages.get(&of)?;
            let counts = entry.from.as_ref()?.id == author && entry.seq > place;
            counts.then_some((of, entry))
        })
        .collect()
}

impl<P: Platform> Client<P> {
    /// Gives a message of this person another text. Like [`Client::send`]: durable here when this
    /// returns, on its way with [`Client::deliver`].
    ///
    /// # Errors
    /// When the message is not theirs, is a form, was recalled, or is older than
    /// [`EDIT_WINDOW_MS`].
    pub async fn edit(
        &mut self,
        group: GroupId,
        id: MessageId,
        text: &str,
    ) -> Result<Queued, ClientError> {
        if text.trim().is_empty() {
            return Err(ClientError::Invalid("there is no text to send"));
        }
        if text.len() > MAX_TEXT {
            return Err(ClientError::Invalid("the text is too long for one message"));
        }
        let current = self.own_message(group, id)?;
        if current.message.form.is_some() {
            return Err(ClientError::Invalid("a form is recalled and sent anew"));
        }
        if current.message.forwarded.is_some() {
            return Err(ClientError::Invalid(
                "what was forwarded is somebody else's text; recall it instead",
            ));
        }
        if is_late(current.message.sent_at, self.platform.now_ms()) {
            return Err(ClientError::Invalid(
                "a message can be edited for 15 minutes; write another one",
            ));
        }
        let mentions = self.named_in(group, text)?;
        self.change(
            group,
            Change::Edit {
                of: id,
                text: text.to_owned(),
                mentions,
            },
        )
        .await
    }

    /// Takes a message of this person back.
    ///
    /// # Errors
    /// When the message is not theirs, or was recalled already.
    pub async fn recall(&mut self, group: GroupId, id: MessageId) -> Result<Queued, ClientError> {
        self.own_message(group, id)?;
        // A text that waits must not go out after it was taken back.
        let vault = &mut self.opened()?.vault;
        let mut edits = conversation::outbox(vault);
        edits.retain(
            |waiting| matches!(&waiting.change, Some(Change::Edit { of, .. }) if *of == id),
        );
        for edit in &edits {
            delete_outgoing(vault, edit);
        }
        let recalled = self.change(group, Change::Recall { of: id }).await;
        if recalled.is_err() {
            let vault = &mut self.opened()?.vault;
            for edit in &edits {
                put_outgoing(vault, edit);
            }
        }
        recalled
    }

    /// Reacts to a message; `None` when this person has reacted so already.
    ///
    /// # Errors
    /// When the reaction is more than one character, the message is not here or was recalled, or
    /// the person has reacted in many other ways.
    pub async fn react(
        &mut self,
        group: GroupId,
        id: MessageId,
        emoji: &str,
    ) -> Result<Option<Queued>, ClientError> {
        if !is_single_character(emoji) {
            return Err(ClientError::Invalid("a reaction is a single character"));
        }
        let me = self.profile()?.user.id;
        let current = self.standing_message(group, id)?;
        let own = || current.reactions.iter().filter(move |r| r.from.id == me);
        if own().any(|reacted| reacted.emoji == emoji) {
            return Ok(None);
        }
        if own().count() >= MAX_REACTIONS {
            return Err(ClientError::Invalid("there are many reactions of yours"));
        }
        let change = Change::React {
            to: id,
            emoji: emoji.to_owned(),
        };
        self.change(group, change).await.map(Some)
    }

    /// Takes a reaction of this person back; `None` when there is none.
    ///
    /// # Errors
    /// When the message is not here or was recalled.
    pub async fn unreact(
        &mut self,
        group: GroupId,
        id: MessageId,
        emoji: &str,
    ) -> Result<Option<Queued>, ClientError> {
        let me = self.profile()?.user.id;
        let current = self.standing_message(group, id)?;
        let reacted = current
            .reactions
            .iter()
            .find(|r| r.from.id == me && r.emoji == emoji);
        let Some(reaction) = reacted.map(|reacted| reacted.id) else {
            return Ok(None);
        };
        let change = Change::Unreact { to: id, reaction };
        self.change(group, change).await.map(Some)
    }

    /// Members of a conversation whom a text names as `@username`.
    pub(crate) fn named_in(&self, group: GroupId, text: &str) -> Result<Vec<UserId>, ClientError> {
        let Some(record) = conversation::record(self.vault()?, group) else {
            return Ok(Vec::new());
        };
        let members = record.summary.members.iter();
        Ok(members
            .map(|member| &member.user)
            .filter(|user| names(text, &user.username))
            .map(|user| user.id)
            .take(MAX_MENTIONS)
            .collect())
    }

    /// Puts an entry at its place. Where it is a recall, or what was recalled before it came, the
    /// text goes from this store, save the record keeper's.
    pub(crate) fn put(&mut self, group: GroupId, entry: &StoredMessage) -> Result<(), ClientError> {
        let keeps_records = self.keeps_records;
        let me = self.profile()?.user.id;
        let open = self.opened()?;
        put_message(open, group, entry);
        if !keeps_records {
            keep_gone(open, group, entry, me);
            self.note_unneeded(group, entry)?;
        }
        self.note_due(group, entry)
    }

    /// Of a recall that was taken just now: who had read the message.
    pub(crate) fn note_readers(
        &mut self,
        group: GroupId,
        entry: &mut StoredMessage,
    ) -> Result<(), ClientError> {
        let Some(Change::Recall { of }) = entry.change else {
            return Ok(());
        };
        let me = self.profile()?.user.id;
        let open = self.opened()?;
        let Some(place) = open.known.place(&open.vault, group, of) else {
            return Ok(());
        };
        let vault = self.vault()?;
        let Some(record) = conversation::record(vault, group) else {
            return Ok(());
        };
        let Some(target) = message_at(vault, group, place) else {
            return Ok(());
        };
        let mut except = apart(me, vault);
        except.extend(entry.from.as_ref().map(|author| author.id));
        // Whoever heard of the receipts later than of the recall says nothing of those that moved since.
        let recalled_at = entry.sent_at;
        let in_time = |at: Option<u64>| at.is_none_or(|at| at <= recalled_at);
        let had_read = |receipt: &Receipt| {
            let read = receipt.read >= place && in_time(receipt.read_at);
            read || match target.priority {
                Priority::Stat => {
                    let mut named = receipt.named.iter();
                    named.any(|named| named.version == place && in_time(Some(named.at)))
                }
                Priority::Routine | Priority::Urgent => {
                    receipt.acknowledged >= place && in_time(receipt.acknowledged_at)
                }
            }
        };
        let read = record
            .recipients(&except, place, place)
            .into_iter()
            .filter(|user| record.receipt(*user).is_some_and(had_read));
        entry.read_by = self.briefs(group, read);
        Ok(())
    }

    /// This person's own changes that are on their way, as if they had been taken.
    pub(crate) fn waiting_changes(
        &self,
        group: GroupId,
    ) -> Result<Vec<StoredMessage>, ClientError> {
        let me = &self.profile()?.user;
        Ok(conversation::outbox(self.vault()?)
            .into_iter()
            .filter(|m| m.group == group && m.change.is_some() && m.problem.is_none())
            // They have no place yet.
            .filter_map(|m| m.taken(me, 0, m.written_at))
            .collect())
    }

    /// A message that can still be changed.
    pub(crate) fn standing_message(
        &self,
        group: GroupId,
        id: MessageId,
    ) -> Result<Current, ClientError> {
        let waiting = self.waiting_changes(group)?;
        newest_first(self.vault()?, group, waiting)
            .find(|current| current.message.id == id && current.message.notice.is_none())
            .filter(|current| current.recalled.is_none() && !current.message.expired)
            .ok_or(ClientError::Invalid(
                "there is no such message on this device, or it was recalled",
            ))
    }

    fn own_message(&self, group: GroupId, id: MessageId) -> Result<Current, ClientError> {
        let me = self.profile()?.user.id;
        let current = self.standing_message(group, id)?;
        if current.is_by(me) {
            Ok(current)
        } else {
            Err(ClientError::Invalid("only its author changes a message"))
        }
    }

    async fn change(&mut self, group: GroupId, change: Change) -> Result<Queued, ClientError> {
        let message = Outgoing {
            id: MessageId::from_random(random_bytes(&self.platform)),
            group,
            text: String::new(),
            priority: Priority::Routine,
            reply_to: None,
            written_at: self.platform.now_ms(),
            sealed: None,
            problem: None,
            history: None,
            only_for: None,
            mentions: Vec::new(),
            change: Some(change),
            form: None,
            forwarded: None,
            attachment: None,
            reference: None,
            expires: None,
        };
        self.queue(message).await
    }
}

fn is_late(sent_at: u64, edited_at: u64) -> bool {
    edited_at.saturating_sub(sent_at) > EDIT_WINDOW_MS
}

/// Whether a text has `@username`, and not only as a part of a longer name.
fn names(text: &str, username: &str) -> bool {
    let name = format!("@{username}");
    text.match_indices(&name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + name.len()..].chars();
        let goes_on = match after.next() {
            Some('.' | '-' | '_') => after.next().is_some_and(char::is_alphanumeric),
            Some(next) => next.is_alphanumeric(),
            None => false,
        };
        !goes_on && !before.is_some_and(char::is_alphanumeric)
    })
}

/// An entry was put at its place: where the message that it is or changes was recalled, or went by
/// itself, no text of it is left. All of it is looked through when the message comes, and when its first
/// recall does; whatever comes later is only its own.
fn keep_gone(open: &mut Open, group: GroupId, entry: &StoredMessage, me: UserId) {
    let touched = entry.change.as_ref().map_or(entry.id, Change::target);
    let place = open.known.place(&open.vault, group, touched);
    let Some(message) = place.and_then(|place| message_at(&open.vault, group, place)) else {
        return;
    };
    let recall = open.known.recall(&open.vault, group, &message);
    if message.change.is_some() || (recall.is_none() && !message.expired) {
        return;
    }
    match &entry.change {
        None => forget_text(open, group, message, me),
        Some(Change::Recall { .. }) if recall == Some((entry.seq, false)) => {
            forget_text(open, group, message, me);
        }
        Some(Change::Edit { .. }) => forget_edit(open, group, entry.seq),
        Some(Change::Recall { .. } | Change::React { .. } | Change::Unreact { .. }) => {}
    }
}

/// Takes the text of a message out of the store, with the texts that it got later and its file.
pub(crate) fn forget_text(open: &mut Open, group: GroupId, mut message: StoredMessage, me: UserId) {
    for place in open.known.all_edits(&open.vault, group, message.id) {
        forget_edit(open, group, place);
    }
    message.text.clear();
    message.mentions.clear();
    message.form = None;
    message.reference = None;
    message.forwarded = None;
    if let Some(file) = message.attachment.take() {
        let mine = message.from.as_ref().is_some_and(|from| from.id == me);
        attachments::forget(&mut open.vault, &file, mine);
    }
    put_message(open, group, &message);
}

fn forget_edit(open: &mut Open, group: GroupId, place: u64) {
    let Some(mut entry) = message_at(&open.vault, group, place) else {
        return;
    };
    if let Some(Change::Edit { text, mentions, .. }) = &mut entry.change
        && !(text.is_empty() && mentions.is_empty())
    {
        text.clear();
        mentions.clear();
        // Nothing that it changes can be found any more.
        open.vault.put(message_name(group, place), &entry);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mls::Groups;
    use crate::vault::StoreKey;

    const SENT_AT: u64 = 1_790_000_000_000;
    const MESSAGE: MessageId = MessageId::from_bytes([0xAA; 16]);

    fn person(number: u8) -> PersonBrief {
        PersonBrief {
            id: UserId::from_bytes([number; 16]),
            username: format!("person.{number}"),
            name: format!("Person {number}"),
            role: "Nurse".to_owned(),
            department: "Cardiology".to_owned(),
        }
    }

    fn entry(seq: u64, from: u8, at: u64, change: Option<Change>) -> StoredMessage {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&seq.to_be_bytes());
        StoredMessage {
            id: MessageId::from_bytes(id),
            seq,
            from: Some(person(from)),
            text: String::new(),
            priority: Priority::Routine,
            sent_at: at,
            reply_to: None,
            notice: None,
            mentions: Vec::new(),
            change,
            form: None,
            forwarded: None,
            attachment: None,
            reference: None,
            expires: None,
            expired: false,
            read_by: Vec::new(),
            arrived_at: None,
        }
    }

    fn message() -> StoredMessage {
        StoredMessage {
            id: MESSAGE,
            text: "K 3.2".to_owned(),
            ..entry(1, 1, SENT_AT, None)
        }
    }

    fn edit(text: &str) -> Change {
        Change::Edit {
            of: MESSAGE,
            text: text.to_owned(),
            mentions: Vec::new(),
        }
    }

    fn react(emoji: &str) -> Change {
        Change::React {
            to: MESSAGE,
            emoji: emoji.to_owned(),
        }
    }

    fn store() -> Open {
        let key = StoreKey::derive(b"prf", b"share", "store");
        Open {
            vault: Vault::open(key, &BTreeMap::new()).unwrap(),
            identity: None,
            groups: Groups::default(),
            known: Known::default(),
            uploads: BTreeMap::new(),
            offline_key: None,
            online: false,
        }
    }

    /// How many values are read while entries come, one after the other, to a store that can be
    /// searched.
    fn work(entries: impl Iterator<Item = StoredMessage>) -> u64 {
        let group = GroupId::from_bytes([7; 16]);
        let mut open = store();
        open.vault.put(
            "search".to_owned(),
            &serde_json::json!({ "form": 1, "up_to": null }),
        );
        let before = open.vault.reads();
        for entry in entries {
            put_message(&mut open, group, &entry);
            keep_gone(&mut open, group, &entry, UserId::from_bytes([9; 16]));
        }
        open.vault.reads() - before
    }

    #[test]
    fn a_long_chain_of_changes_is_taken_in_with_work_that_grows_as_it_does() {
        let mixed = |seq: u64| match seq % 4 {
            0 => edit(&format!("K {seq}")),
            1 => Change::Recall { of: MESSAGE },
            2 => react("👍"),
            _ => Change::Unreact {
                to: MESSAGE,
                reaction: entry(seq - 1, 1, SENT_AT, None).id,
            },
        };
        let of = |change: &dyn Fn(u64) -> Change, expired: bool, count: u64| {
            let first = StoredMessage {
                expired,
                ..message()
            };
            let changes = (2..count + 2).map(|seq| entry(seq, 1, SENT_AT, Some(change(seq))));
            work(std::iter::once(first).chain(changes))
        };
        let recalled = |seq: u64| match seq {
            2 => Change::Recall { of: MESSAGE },
            _ => edit(&format!("K {seq}")),
        };
        let edited = |seq: u64| edit(&format!("K {seq}"));
        for (change, expired) in [
            (&mixed as &dyn Fn(u64) -> Change, false),
            (&recalled, false),
            (&edited, false),
            (&edited, true),
        ] {
            let (some, many) = (of(change, expired, 500), of(change, expired, 4000));
            // Eight times as many; n log n would be eleven times as much.
            assert!(many <= 11 * some, "{some} reads, then {many}");
            assert!(many <= 80 * 4000, "{many} reads");
        }
        // The other way about: the message comes last.
        let backwards = |count: u64| {
            let changes = (2..count + 2).map(|seq| entry(seq, 1, SENT_AT, Some(mixed(seq))));
            work(changes.chain([message()]))
        };
        assert!(backwards(4000) <= 11 * backwards(500));
    }

    #[test]
    fn an_edit_of_what_went_by_itself_leaves_no_text_whichever_came_first() {
        let group = GroupId::from_bytes([7; 16]);
        let trace = StoredMessage {
            text: String::new(),
            expired: true,
            ..message()
        };
        let edited = entry(2, 1, SENT_AT + 1, Some(edit("K 6.2")));
        for entries in [[&trace, &edited], [&edited, &trace]] {
            let mut open = store();
            for entry in entries {
                put_message(&mut open, group, entry);
                keep_gone(&mut open, group, entry, UserId::from_bytes([9; 16]));
            }
            let text = |entry: StoredMessage| entry.change.map(|c| c.text().to_owned());
            let left: Vec<String> = messages(&open.vault, group).filter_map(text).collect();
            assert_eq!(left, [""]);
        }
    }

    #[test]
    fn an_edit_keeps_what_was_said_before() {
        let changes = [
            entry(2, 1, SENT_AT + 1000, Some(edit("K 6.2"))),
            entry(3, 1, SENT_AT + 2000, Some(edit("K 6.8"))),
        ];
        let current = Current::new(message(), &changes);
        assert_eq!(current.message.text, "K 6.8");
        let earlier: Vec<(&str, u64)> = current
            .earlier
            .iter()
            .map(|version| (version.text.as_str(), version.at))
            .collect();
        assert_eq!(earlier, [("K 3.2", SENT_AT), ("K 6.2", SENT_AT + 1000)]);
        assert_eq!(current.edited_at, Some(SENT_AT + 2000));
        assert_eq!(current.newest, 3, "what was acknowledged is not this");
    }

    #[test]
    fn an_edit_that_comes_too_late_is_left_out_and_that_is_said() {
        let last = SENT_AT + EDIT_WINDOW_MS;
        let in_time = Current::new(message(), &[entry(2, 1, last, Some(edit("K 6.2")))]);
        assert_eq!(in_time.message.text, "K 6.2");
        assert!(!in_time.late_edit);
        let late = Current::new(message(), &[entry(2, 1, last + 1, Some(edit("K 6.2")))]);
        assert_eq!(late.message.text, "K 3.2");
        assert!(late.late_edit && late.edited_at.is_none());
    }

    #[test]
    fn an_author_who_edits_without_an_end_is_stopped() {
        let changes: Vec<StoredMessage> = (2..1000)
            .map(|seq| entry(seq, 1, SENT_AT + seq, Some(edit(&format!("{seq}")))))
            .collect();
        let current = Current::new(message(), &changes);
        assert_eq!(current.earlier.len(), MAX_EDITS);
        assert!(current.late_edit);
    }

    #[test]
    fn a_recall_leaves_its_trace_and_nothing_else() {
        let changes = [
            entry(2, 1, SENT_AT + 1, Some(edit("K 6.2"))),
            entry(3, 2, SENT_AT + 2, Some(react("👍"))),
            entry(4, 1, SENT_AT + 3, Some(Change::Recall { of: MESSAGE })),
            entry(5, 1, SENT_AT + 4, Some(edit("Forget it"))),
            entry(6, 2, SENT_AT + 5, Some(react("👍"))),
        ];
        let current = Current::new(message(), &changes);
        assert_eq!(current.recalled.as_ref().map(|r| r.at), Some(SENT_AT + 3));
        assert!(current.message.text.is_empty() && current.earlier.is_empty());
        assert!(current.reactions.is_empty());
    }

    #[test]
    fn what_was_recalled_is_in_the_store_no_more_whichever_came_first() {
        let recall = entry(4, 1, SENT_AT + 3, Some(Change::Recall { of: MESSAGE }));
        let edited = entry(3, 1, SENT_AT + 2, Some(edit("K 6.2")));
        let forged = entry(5, 2, SENT_AT + 4, Some(Change::Recall { of: MESSAGE }));
        let group = GroupId::from_bytes([7; 16]);
        let texts = |entries: &[&StoredMessage]| {
            let mut open = store();
            for entry in entries {
                put_message(&mut open, group, entry);
                keep_gone(&mut open, group, entry, UserId::from_bytes([9; 16]));
            }
            messages(&open.vault, group)
                .map(|entry| entry.text + entry.change.as_ref().map_or("", Change::text))
                .collect::<String>()
        };
        let message = message();
        assert_eq!(texts(&[&message, &edited, &recall]), "");
        assert_eq!(texts(&[&recall, &edited, &message]), "");
        assert_eq!(texts(&[&message, &edited, &forged]), "K 3.2K 6.2");
    }

    #[test]
    fn a_person_takes_back_their_own_reaction_only() {
        let first = entry(2, 2, SENT_AT, Some(react("👍")));
        let of = |from, seq| {
            let reaction = first.id;
            let change = Change::Unreact {
                to: MESSAGE,
                reaction,
            };
            entry(seq, from, SENT_AT, Some(change))
        };
        let still = Current::new(message(), &[first.clone(), of(3, 3)]);
        assert_eq!(still.reactions.len(), 1);
        let gone = Current::new(message(), &[first.clone(), of(3, 3), of(2, 4)]);
        assert!(gone.reactions.is_empty());
    }

    #[test]
    fn a_name_is_found_where_it_is_whole() {
        for text in [
            "@amara.osei",
            "Ask @amara.osei.",
            "(@amara.osei)",
            "@amara.osei, please",
        ] {
            assert!(names(text, "amara.osei"), "{text}");
        }
        for text in [
            "amara.osei",
            "x@amara.osei",
            "@amara.osei.b",
            "@amara.oseie",
            "@amara",
        ] {
            assert!(!names(text, "amara.osei"), "{text}");
        }
    }

    fn any_change() -> impl Strategy<Value = Change> {
        let id = prop_oneof![
            Just(MESSAGE),
            (0_u64..12).prop_map(|seq| entry(seq, 1, 0, None).id),
        ];
        let text = prop_oneof![Just("👍".to_owned()), Just(String::new()), "\\PC{0,60}"];
        (id.clone(), id, text, 0..4).prop_map(|(of, other, text, which)| match which {
            0 => Change::Edit {
                of,
                text,
                mentions: Vec::new(),
            },
            1 => Change::Recall { of },
            2 => Change::React {
                to: of,
                emoji: text,
            },
            _ => Change::Unreact {
                to: of,
                reaction: other,
            },
        })
    }

    proptest! {
        /// Whatever members send, and in whatever order: nobody but the author changes the text,
        /// nobody's reaction is anybody else's, and no reaction is longer than a character.
        #[test]
        fn nobody_changes_what_is_not_theirs(
            changes in proptest::collection::vec((1_u8..4, 0..2 * EDIT_WINDOW_MS, any_change()), 0..30)
        ) {
            let entries: Vec<StoredMessage> = changes
                .iter()
                .zip(2..)
                .map(|((from, after, change), seq)| {
                    entry(seq, *from, SENT_AT + after, Some(change.clone()))
                })
                .collect();
            let current = Current::new(message(), &entries);
            let by_author = entries.iter().filter(|e| e.from.as_ref().is_some_and(|f| f.id == person(1).id));
            let mut own = by_author.filter_map(|e| e.change.as_ref());
            let expected_recall = own.clone().any(|c| matches!(c, Change::Recall { .. }));
            prop_assert_eq!(current.recalled.is_some(), expected_recall);
            if current.recalled.is_some() {
                prop_assert!(current.message.text.is_empty());
            } else {
                let text = &current.message.text;
                let is_edit = own.any(|c| matches!(c, Change::Edit { text: new, .. } if new == text));
                prop_assert!(text == "K 3.2" || is_edit);
            }
            prop_assert!(current.earlier.len() <= MAX_EDITS);
            for reacted in &current.reactions {
                prop_assert!(is_single_character(&reacted.emoji));
                let source = entries.iter().find(|e| e.id == reacted.id).unwrap();
                prop_assert_eq!(source.from.as_ref().map(|f| f.id), Some(reacted.from.id));
            }
            for number in 1..4 {
                let of = current.reactions.iter().filter(|r| r.from.id == person(number).id);
                prop_assert!(of.count() <= MAX_REACTIONS);
            }
        }
    }
}
