//! Receiving: the logs of conversations, receipts, frames of the socket.

use std::collections::BTreeSet;

use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::groups::{GroupKind, GroupList, GroupSummary};
use wardline_model::wire::messages::{Entry, EntryKind, EntryList, Priority, ReceiptState};
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{DeviceId, GroupId, MessageId, UserId};

use crate::client::Client;
use crate::content::{Change, Content};
use crate::conversation::{
    self, Record, StoredMessage, message_at, outbox, put_message, put_record,
};
use crate::error::ClientError;
use crate::membership::keepers;
use crate::mls::{Claim, Groups, Incoming};
use crate::platform::{Event, Platform, random_bytes};
use crate::records::Committed;
use crate::views::Notice;

/// Something of the log did not come to this device.
pub(crate) const OUT_OF_STEP: ClientError =
    ClientError::Mls("a part of the conversation is missing");
/// Entries fetched at a time.
const PAGE: usize = 200;

impl<P: Platform> Client<P> {
    /// Brings this device up to date: joins, reads, sends what waits, and keeps key packages ready.
    pub async fn sync(&mut self) -> Result<(), ClientError> {
        // Other refusals wait: the certificate is good for months yet, and the next sync asks again.
        if let Err(error @ (ClientError::Offline | ClientError::Locked)) = self.renew().await {
            return Err(error);
        }
        self.expire()?;
        self.remove_later()?;
        self.replenish().await?;
        self.fetch_inbox().await?;
        let mut held_up = None;
        for standing in self.refresh().await? {
            // One conversation that is out of step must not hold up the others.
            match self.bring_up(&standing).await {
                Err(error @ (ClientError::Offline | ClientError::Locked)) => return Err(error),
                Err(error) if error.is_transient() => held_up = held_up.or(Some(error)),
                Ok(()) | Err(_) => {}
            }
        }
        self.flush().await?;
        if let Some(error) = held_up {
            return Err(error);
        }
        self.bring_own_devices().await?;
        self.bring_keeper().await?;
        self.deliver().await?;
        self.tend_search().await?;
        self.platform.emit(Event::Conversations);
        Ok(())
    }

    /// Reads what is new in a conversation, and carries out a removal that waits there.
    async fn bring_up(&mut self, standing: &Standing) -> Result<(), ClientError> {
        let group = standing.group;
        self.find_the_way_in(group).await?;
        let record = conversation::record(self.vault()?, group);
        let is_new = |r: &Record| r.applied < standing.last_seq || r.rejoining;
        if record.as_ref().is_some_and(is_new) {
            self.catch_up(group).await?;
        }
        if standing.removal_pending {
            self.commit_removals(group).await?;
        }
        self.tell_read(group).await
    }

    /// The hospital has this device in a conversation that it knows nothing of: it died between making
    /// it, or a Welcome, and writing that down. Where no Welcome is on its way it joins from outside.
    async fn find_the_way_in(&mut self, group: GroupId) -> Result<(), ClientError> {
        let is_outside = |client: &Self| {
            let own = client.profile()?.device_id;
            let record = conversation::record(client.vault()?, group);
            let is_outside = record.is_some_and(|record| {
                let mut members = record.summary.members.iter();
                let is_there = members.any(|member| member.devices.contains(&own));
                is_there && !record.joined && !record.rejoining
            });
            Ok::<_, ClientError>(is_outside)
        };
        if !is_outside(self)? {
            return Ok(());
        }
        // It may have come since the inbox was read.
        self.fetch_inbox().await?;
        if is_outside(self)? && !self.awaits_welcome(group)? {
            self.rejoin(group).await?;
        }
        Ok(())
    }

    /// Takes a frame of the real-time socket.
    pub async fn frame(&mut self, frame: ServerFrame) -> Result<(), ClientError> {
        // A device with a busy line syncs seldom.
        self.expire()?;
        match frame {
            // What waits for an answer, who is on a care team and how orders about records stand is asked
            // of the server, which alone knows it.
            ServerFrame::Ready
            | ServerFrame::Records
            | ServerFrame::Risk
            | ServerFrame::Looks
            | ServerFrame::CriticalCalls
            | ServerFrame::CareTeam { .. }
            | ServerFrame::Sent { .. }
            | ServerFrame::Problem { .. }
            | ServerFrame::Escalation { .. } => Ok(()),
            ServerFrame::Devices | ServerFrame::Statements => {
                self.platform.emit(Event::Devices);
                Ok(())
            }
            ServerFrame::Roles => {
                self.platform.emit(Event::Roles);
                Ok(())
            }
            ServerFrame::Entry { group, entry } => {
                self.on_entry(group, entry).await?;
                self.tend_search().await?;
                self.keep_out(group).await
            }
            ServerFrame::Reached { group, seq } => {
                let applied = conversation::record(self.vault()?, group).map(|r| r.applied);
                match applied {
                    Some(applied) if applied >= seq => Ok(()),
                    Some(_) => {
                        self.catch_up(group).await?;
                        self.keep_out(group).await
                    }
                    None => self.sync().await,
                }
            }
            ServerFrame::Inbox => self.sync().await,
            ServerFrame::Receipt { group, receipt } => self.on_receipt(group, receipt).await,
            ServerFrame::Ended { problem } => {
                self.lock();
                self.platform.emit(Event::Ended { problem });
                Ok(())
            }
        }
    }

    /// Reads a conversation's log from where this device stands.
    pub(crate) async fn catch_up(&mut self, group: GroupId) -> Result<(), ClientError> {
        let mut rejoined = false;
        loop {
            let Some(record) = conversation::record(self.vault()?, group) else {
                return Ok(());
            };
            if record.rejoining {
                if rejoined {
                    return Err(OUT_OF_STEP);
                }
                rejoined = true;
                self.rejoin(group).await?;
                continue;
            }
            if !record.joined {
                return Ok(());
            }
            let path = format!(
                "/v1/groups/{group}/log?after={}&limit={PAGE}",
                record.applied
            );
            let page: EntryList = match self.api.get(&self.platform, &path).await {
                Ok(page) => page,
                Err(error) if error.is_problem("not-found") => {
                    return self.leave(group).await;
                }
                // Refused for now, or no longer a member: the list of conversations tells which.
                Err(error) if error.is_problem("denied") => {
                    let mine = self.refresh().await?;
                    if mine.iter().all(|standing| standing.group != group) {
                        return self.leave(group).await;
                    }
                    return Err(error);
                }
                Err(error) => return Err(error),
            };
            let newest = page.last_seq;
            let any = !page.entries.is_empty();
            if !any && newest > record.applied {
                // The log goes on, but not for this device: it was removed, and is back or not.
                if rejoined {
                    return Err(OUT_OF_STEP);
                }
                rejoined = true;
                self.rejoin(group).await?;
                continue;
            }
            let members_changed = page.entries.iter().any(|e| e.kind == EntryKind::Commit);
            for entry in page.entries {
                match self.apply(group, entry).await {
                    Ok(()) => {}
                    Err(ClientError::Mls(_)) if !rejoined => {
                        rejoined = true;
                        self.rejoin(group).await?;
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            self.flush().await?;
            if members_changed && self.is_joined(group) {
                // Who is in it, with names, comes with the summary.
                self.refresh().await?;
            }
            if any {
                self.post_receipt(group, ReceiptState::Delivered).await?;
                self.platform.emit(Event::Messages { group });
                self.platform.emit(Event::Conversations);
            }
            let applied = conversation::record(self.vault()?, group).map(|r| r.applied);
            if !any || applied >= Some(newest) {
                return Ok(());
            }
        }
    }

    pub(crate) fn person_name(&self, user: UserId) -> Option<String> {
        conversation::records(self.vault().ok()?)
            .into_iter()
            .flat_map(|record| record.summary.members)
            .find(|member| member.user.id == user)
            .map(|member| member.user.name)
    }

    async fn on_entry(&mut self, group: GroupId, entry: Entry) -> Result<(), ClientError> {
        let Some(record) = conversation::record(self.vault()?, group) else {
            return self.sync().await;
        };
        if entry.seq <= record.applied {
            return Ok(());
        }
        if !record.joined || entry.seq != record.applied + 1 || entry.kind != EntryKind::Message {
            return self.catch_up(group).await;
        }
        if self.apply(group, entry).await.is_err() {
            return self.catch_up(group).await;
        }
        // The person need not wait for the disk: after a crash the log brings it again, in the same
        // place. The others hear that it was delivered once the disk has it.
        self.platform.emit(Event::Messages { group });
        self.platform.emit(Event::Conversations);
        self.flush().await?;
        self.post_receipt(group, ReceiptState::Delivered).await
    }

    /// Takes one entry of the log. What it changed is durable with the next flush, all together.
    async fn apply(&mut self, group: GroupId, entry: Entry) -> Result<(), ClientError> {
        let open = self.open.as_mut().ok_or(ClientError::Locked)?;
        let Some(record) = conversation::record(&open.vault, group) else {
            return Ok(());
        };
        if entry.seq <= record.applied {
            return Ok(());
        }
        if entry.seq != record.applied + 1 {
            return Err(OUT_OF_STEP);
        }
        // A message can be kept from this device, as it is from a program that only writes.
        let is_withheld = entry.kind == EntryKind::Message && entry.body.0.is_empty();
        let incoming = if is_withheld {
            Incoming::Unreadable
        } else {
            open.groups.process(&mut open.vault, group, &entry.body.0)?
        };
        match incoming {
            Incoming::Message { from, id, content } => {
                self.take_message(group, &entry, &from, id, &content)?;
            }
            Incoming::OwnMessage => self.take_own(&entry)?,
            Incoming::Commit {
                by,
                staged,
                rejoined,
                dismissed,
            } => {
                let by_keeper = by.is_some_and(|by| self.is_keeper(&by));
                let open = self.open.as_mut().ok_or(ClientError::Locked)?;
                let before = open.groups.members(&open.vault, group)?;
                let out_of_use = open.groups.pending_removals(&open.vault, group)?;
                let newcomers = open.groups.newcomers(&open.vault, group, &staged)?;
                self.recognize(&newcomers).await?;
                let open = self.opened()?;
                if !open.groups.merge(&mut open.vault, group, *staged)? {
                    return self.leave(group).await;
                }
                let after = open.groups.members(&open.vault, group)?;
                let committed = Committed {
                    before,
                    after,
                    out_of_use,
                    dismissed,
                    rejoined,
                    by_keeper,
                };
                self.note_change(group, &entry, &committed)?;
            }
            Incoming::OwnCommit { dismissed } => {
                let before = open.groups.members(&open.vault, group)?;
                let out_of_use = open.groups.pending_removals(&open.vault, group)?;
                open.groups.merge_own(&mut open.vault, group)?;
                let after = open.groups.members(&open.vault, group)?;
                let committed = Committed {
                    before,
                    after,
                    out_of_use,
                    dismissed,
                    rejoined: None,
                    by_keeper: self.keeps_records,
                };
                self.note_change(group, &entry, &committed)?;
            }
            Incoming::Past if entry.kind == EntryKind::Message => {
                if message_at(&open.vault, group, entry.seq).is_none() {
                    self.notice(
                        group,
                        entry.seq,
                        entry.sent_at,
                        Notice::Gap,
                        "A message from before this device joined is not on it.",
                    )?;
                }
            }
            Incoming::Unreadable => self.notice(
                group,
                entry.seq,
                entry.sent_at,
                Notice::Gap,
                "A message could not be read on this device. Ask who wrote it to send it again.",
            )?,
            Incoming::Proposal | Incoming::Past => {}
        }
        let vault = &mut self.opened()?.vault;
        if let Some(mut record) = conversation::record(vault, group) {
            record.applied = entry.seq;
            if entry.kind == EntryKind::Message {
                record.summary.last_message_at = Some(entry.sent_at);
            }
            record.summary.last_seq = record.summary.last_seq.max(entry.seq);
            put_record(vault, &record);
        }
        Ok(())
    }

    fn take_message(
        &mut self,
        group: GroupId,
        entry: &Entry,
        from: &Claim,
        id: MessageId,
        content: &[u8],
    ) -> Result<(), ClientError> {
        let content = Content::decode(content);
        let bound = entry.id == Some(id) && content.as_ref().is_ok_and(|c| c.id() == id);
        if !bound || !(self.is_admitted(from) || self.is_own(from)) {
            return self.notice(
                group,
                entry.seq,
                entry.sent_at,
                Notice::Gap,
                "A message was left out because it could not be verified.",
            );
        }
        let mut message = StoredMessage {
            id,
            seq: entry.seq,
            from: self.brief(group, from.user),
            text: String::new(),
            priority: entry.priority,
            sent_at: entry.sent_at,
            reply_to: None,
            notice: None,
            mentions: Vec::new(),
            change: None,
            form: None,
            forwarded: None,
            attachment: None,
            reference: None,
            expires: None,
            expired: false,
            read_by: Vec::new(),
            arrived_at: Some(self.platform.now_ms()),
        };
        match content? {
            Content::Text(text) => {
                message.text = text.text;
                message.reply_to = text.in_reply_to;
                message.mentions = text.mentions;
                message.form = text.form;
                message.forwarded = text.forwarded;
                message.attachment = text.attachment;
                message.reference = text.reference;
                message.expires = text.expires;
            }
            Content::Change { change, .. } => {
                if self.is_of_another(group, from.user, &change)? {
                    let name = message
                        .from
                        .map_or_else(|| "Someone".to_owned(), |p| p.name);
                    let told = format!(
                        "{name} tried to change a message that is not theirs. It was left out."
                    );
                    return self.notice(group, entry.seq, entry.sent_at, Notice::LeftOut, &told);
                }
                message.change = Some(change);
            }
            Content::History(history) if self.is_keeper(from) => {
                return self.take_history(&history.page);
            }
            // Nobody else hands over anything.
            Content::History(_) => return Ok(()),
        }
        let open = self.opened()?;
        if open.known.has(&open.vault, group, id) {
            return Ok(());
        }
        self.note_readers(group, &mut message)?;
        self.put(group, &message)
    }

    /// Whether somebody edits or recalls what they did not write, as far as this device can tell.
    fn is_of_another(
        &mut self,
        group: GroupId,
        user: UserId,
        change: &Change,
    ) -> Result<bool, ClientError> {
        if matches!(change, Change::React { .. } | Change::Unreact { .. }) {
            return Ok(false);
        }
        let open = self.opened()?;
        let place = open.known.place(&open.vault, group, change.target());
        let target = place.and_then(|place| message_at(&open.vault, group, place));
        Ok(target.is_some_and(|target| {
            target.change.is_some() || target.from.is_none_or(|author| author.id != user)
        }))
    }

    /// Our own message came back: if a crash kept its answer from us, this is the answer.
    fn take_own(&mut self, entry: &Entry) -> Result<(), ClientError> {
        let waiting = outbox(self.vault()?)
            .into_iter()
            .find(|m| Some(m.id) == entry.id);
        if let Some(waiting) = waiting {
            self.take_sent(&waiting, entry.seq, entry.sent_at)?;
        }
        Ok(())
    }

    pub(crate) fn notice(
        &mut self,
        group: GroupId,
        seq: u64,
        at: u64,
        notice: Notice,
        text: &str,
    ) -> Result<(), ClientError> {
        let message = StoredMessage {
            id: MessageId::from_random(random_bytes(&self.platform)),
            seq,
            from: None,
            text: text.to_owned(),
            priority: Priority::Routine,
            sent_at: at,
            reply_to: None,
            notice: Some(notice),
            mentions: Vec::new(),
            change: None,
            form: None,
            forwarded: None,
            attachment: None,
            reference: None,
            expires: None,
            expired: false,
            read_by: Vec::new(),
            arrived_at: Some(self.platform.now_ms()),
        };
        put_message(self.opened()?, group, &message);
        Ok(())
    }

    /// Fetches the newest summaries; gives where each conversation stands.
    pub(crate) async fn refresh(&mut self) -> Result<Vec<Standing>, ClientError> {
        let list: GroupList = self.api.get(&self.platform, "/v1/groups").await?;
        self.note_keepers(&list.record_keepers)?;
        let mut groups = Vec::with_capacity(list.groups.len());
        for summary in list.groups {
            groups.push(Standing {
                group: summary.id,
                last_seq: summary.last_seq,
                removal_pending: summary.removal_pending,
            });
            self.note_summary(summary)?;
        }
        Ok(groups)
    }

    /// Takes the server's newest summary of a conversation.
    fn note_summary(&mut self, summary: GroupSummary) -> Result<(), ClientError> {
        let group = summary.id;
        let known = conversation::record(self.vault()?, group);
        for told in &summary.receipts {
            self.note_steps(group, known.as_ref(), told)?;
            self.note_read_elsewhere(group, known.as_ref(), told)?;
        }
        let record = match known {
            Some(mut record) => {
                record.note_summary(summary);
                record
            }
            None => Record {
                joined: Groups::has(self.vault()?, group),
                rejoining: false,
                strangers: Vec::new(),
                missed: Some(Vec::new()),
                summary,
                applied: 0,
                read: 0,
                seen: 0,
                shown: Vec::new(),
                devices: Vec::new(),
                stays: Vec::new(),
            },
        };
        put_record(&mut self.opened()?.vault, &record);
        Ok(())
    }

    pub(crate) async fn leave(&mut self, group: GroupId) -> Result<(), ClientError> {
        let open = self.opened()?;
        open.groups.forget(&mut open.vault, group);
        if let Some(record) = conversation::record(&open.vault, group) {
            put_record(
                &mut open.vault,
                &Record {
                    joined: false,
                    ..record
                },
            );
        }
        self.flush().await?;
        self.platform.emit(Event::Conversations);
        Ok(())
    }

    /// Adds devices of this person, confirmed since, to the conversations that this device is in.
    async fn bring_own_devices(&mut self) -> Result<(), ClientError> {
        let me = self.profile()?.user.id;
        let own: BTreeSet<DeviceId> = self
            .devices()
            .await?
            .into_iter()
            .filter(|d| d.user.id == me && d.state.is_in_use())
            .map(|d| d.id)
            .collect();
        if own.len() < 2 {
            return Ok(());
        }
        let own: Vec<DeviceId> = own.into_iter().collect();
        let missing: Vec<GroupId> = conversation::records(self.vault()?)
            .into_iter()
            .filter(|r| r.joined && r.summary.kind != GroupKind::Keeper)
            .filter(|r| {
                own.iter()
                    .any(|d| !r.devices.iter().any(|(known, _)| known == d))
            })
            .map(|r| r.summary.id)
            .collect();
        for group in missing {
            // A device without key packages yet is brought in at the next occasion.
            let _ = self.add_devices(group, me, &own).await;
        }
        Ok(())
    }

    /// The record keeper commits removals at once; phones do before they send.
    async fn keep_out(&mut self, group: GroupId) -> Result<(), ClientError> {
        if self.keeps_records {
            self.commit_removals(group).await?;
        }
        Ok(())
    }

    /// Carries out removals that wait in the log, whatever the list of conversations says.
    async fn commit_removals(&mut self, group: GroupId) -> Result<(), ClientError> {
        if !self.is_joined(group) {
            return Ok(());
        }
        let open = self.opened()?;
        if open.groups.pending_removals(&open.vault, group)?.is_empty() {
            return Ok(());
        }
        match self.change_members(group, &[], &[]).await {
            Err(error) if error.is_transient() => Err(error),
            // Another member came first, or the next sync tries again.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Brings the record keeper into conversations that began without one.
    async fn bring_keeper(&mut self) -> Result<(), ClientError> {
        if self.keeps_records {
            return Ok(());
        }
        let keepers = keepers(self.vault()?);
        let without: Vec<GroupId> = conversation::records(self.vault()?)
            .into_iter()
            .filter(|r| r.joined && !r.devices.iter().any(|(_, user)| keepers.contains(user)))
            .map(|r| r.summary.id)
            .collect();
        for group in without {
            // One that is out of step is tried again with the next look.
            match self.add_keeper(group).await {
                Err(error) if error.is_transient() => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn is_joined(&self, group: GroupId) -> bool {
        self.vault()
            .ok()
            .and_then(|vault| conversation::record(vault, group))
            .is_some_and(|record| record.joined)
    }

    pub(crate) fn brief(&self, group: GroupId, user: UserId) -> Option<PersonBrief> {
        let own = self
            .profile
            .as_ref()
            .map(|p| &p.user)
            .filter(|own| own.id == user);
        if let Some(own) = own {
            return Some(own.clone());
        }
        self.admitted_person(user).or_else(|| {
            let members = conversation::record(self.vault().ok()?, group)?
                .summary
                .members;
            members.into_iter().map(|m| m.user).find(|p| p.id == user)
        })
    }
}

/// Where a conversation stands by the server's word.
pub(crate) struct Standing {
    /// Which.
    pub(crate) group: GroupId,
    /// The newest place of its log.
    pub(crate) last_seq: u64,
    /// Whether a removal waits for a commit.
    pub(crate) removal_pending: bool,
}
