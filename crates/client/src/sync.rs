//! Receiving: the logs of conversations, receipts, frames of the socket.

use std::collections::BTreeSet;

use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::groups::{GroupKind, GroupList, GroupSummary, Member};
use wardline_model::wire::messages::{
    Entry, EntryKind, EntryList, Priority, Receipt, ReceiptPost, ReceiptState,
};
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{DeviceId, GroupId, MessageId, UserId};

use crate::attachments;
use crate::changes::{Current, newest_first};
use crate::client::Client;
use crate::content::{Change, Content};
use crate::conversation::{
    self, Outgoing, Record, StoredMessage, message_at, outbox, put_message, put_record,
};
use crate::error::ClientError;
use crate::expiry::{due_at, is_gone};
use crate::membership::{bots, keepers};
use crate::mls::{Claim, Groups, Incoming};
use crate::own::{forget_unread_mark, own};
use crate::platform::{Event, Platform, random_bytes};
use crate::records::{Committed, followed_role};
use crate::vault::Vault;
use crate::views::{
    ChangeKind, Conversation, LastMessage, MemberView, Message, MessageState, Notice, ReactionView,
    WaitingChange,
};

/// Something of the log did not come to this device.
pub(crate) const OUT_OF_STEP: ClientError =
    ClientError::Mls("a part of the conversation is missing");
/// Entries fetched at a time.
const PAGE: usize = 200;
/// Messages looked through for who wrote in a conversation.
const LATEST: usize = 50;

impl<P: Platform> Client<P> {
    /// Brings this device up to date: joins, reads, sends what waits, and keeps key packages ready.
    pub async fn sync(&mut self) -> Result<(), ClientError> {
        // Other refusals wait: the certificate is good for months yet, and the next sync asks again.
        if let Err(error @ (ClientError::Offline | ClientError::Locked)) = self.renew().await {
            return Err(error);
        }
        self.expire()?;
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

    /// Says what was read in a dead spot, where nobody could be told.
    async fn tell_read(&mut self, group: GroupId) -> Result<(), ClientError> {
        let me = self.profile()?.user.id;
        let untold = conversation::record(self.vault()?, group)
            .filter(|record| record.joined)
            .is_some_and(|record| record.receipt(me).map_or(0, |r| r.read) < record.seen);
        if untold {
            self.post_receipt(group, ReceiptState::Read).await?;
        }
        Ok(())
    }

    /// Takes a frame of the real-time socket.
    pub async fn frame(&mut self, frame: ServerFrame) -> Result<(), ClientError> {
        // A device with a busy line syncs seldom.
        self.expire()?;
        match frame {
            // What waits for an answer, and who is on a care team, is asked of the server, which alone
            // knows it.
            ServerFrame::Ready
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

    /// This person has a conversation on the screen, read up to a place.
    pub async fn mark_read(&mut self, group: GroupId, up_to: u64) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        let Some(mut record) = conversation::record(vault, group) else {
            return Ok(());
        };
        let was_marked = forget_unread_mark(vault, group);
        let up_to = up_to.min(record.applied);
        if up_to <= record.read {
            if was_marked {
                self.flush().await?;
                self.platform.emit(Event::Conversations);
            }
            return Ok(());
        }
        let before = record.read;
        record.read = up_to;
        record.seen = up_to;
        put_record(vault, &record);
        self.note_read(group, before, up_to)?;
        self.flush().await?;
        self.platform.emit(Event::Conversations);
        match self.post_receipt(group, ReceiptState::Read).await {
            Ok(()) | Err(ClientError::Offline) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// This person acknowledges what was said, up to a place.
    pub async fn acknowledge(&mut self, group: GroupId, up_to: u64) -> Result<(), ClientError> {
        let path = format!("/v1/groups/{group}/receipts");
        let post = ReceiptPost {
            state: ReceiptState::Acknowledged,
            up_to,
        };
        let (): () = self.api.post(&self.platform, &path, &post).await?;
        self.note_own_receipt(group, &post)?;
        self.flush().await?;
        self.platform.emit(Event::Messages { group });
        self.mark_read(group, up_to).await
    }

    /// Conversations, the most urgent unread first, then those that are pinned, then by time;
    /// archived ones last.
    pub fn conversations(&self) -> Result<Vec<Conversation>, ClientError> {
        let me = self.profile()?.user.id;
        let vault = self.vault()?;
        let mut list: Vec<Conversation> = conversation::records(vault)
            .into_iter()
            .filter(|record| record.joined && record.summary.kind != GroupKind::Keeper)
            .map(|record| self.view(&record, me))
            .collect::<Result<_, _>>()?;
        list.sort_by_key(|c| {
            let urgent = c.priority_unread.filter(|p| *p != Priority::Routine);
            std::cmp::Reverse((!c.archived, urgent, c.pinned, c.priority_unread, c.at))
        });
        Ok(list)
    }

    /// Messages of a conversation, oldest first: the last `limit` before `before`, and what waits.
    pub fn messages(
        &self,
        group: GroupId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>, ClientError> {
        let me = self.profile()?.user.clone();
        let vault = self.vault()?;
        let Some(record) = conversation::record(vault, group) else {
            return Ok(Vec::new());
        };
        let others = others(&record, me.id, vault);
        let (changes, waiting): (Vec<Outgoing>, Vec<Outgoing>) = outbox(vault)
            .into_iter()
            .filter(|m| m.group == group)
            .partition(|m| m.change.is_some());
        let mut messages: Vec<Message> = newest_first(vault, group, self.waiting_changes(group)?)
            .filter(|current| before.is_none_or(|before| current.message.seq < before))
            .take(limit)
            .map(|current| {
                let waiting = of_message(&changes, current.message.id);
                Message {
                    waiting,
                    ..self.shown(current, &record, me.id, &others)
                }
            })
            .collect();
        messages.reverse();
        if before.is_none() {
            messages.extend(waiting.into_iter().map(|m| self.on_its_way(m, &me)));
        }
        Ok(messages)
    }

    /// A message that the hospital has not taken yet.
    fn on_its_way(&self, message: Outgoing, me: &PersonBrief) -> Message {
        Message {
            id: message.id,
            group: message.group,
            seq: None,
            from: Some(me.clone()),
            mine: true,
            text: message.text,
            priority: message.priority,
            sent_at: message.written_at,
            state: if message.problem.is_some() {
                MessageState::Failed
            } else {
                MessageState::Sending
            },
            problem: message.problem,
            reply_to: message.reply_to,
            notice: None,
            notice_text: None,
            newest_seq: None,
            edited_at: None,
            earlier: Vec::new(),
            late_edit: false,
            recalled: false,
            recalled_at: None,
            recalled_after: Vec::new(),
            reactions: Vec::new(),
            mentions_me: message.mentions.contains(&me.id),
            mentions: self.briefs(message.group, &message.mentions),
            form: message.form,
            forwarded: message.forwarded,
            attachment: message
                .attachment
                .and_then(|file| Some(attachments::view(self.vault().ok()?, &file))),
            expires: message.expires,
            expires_at: None,
            expired: false,
            waiting: Vec::new(),
        }
    }

    pub(crate) fn person_name(&self, user: UserId) -> Option<String> {
        conversation::records(self.vault().ok()?)
            .into_iter()
            .flat_map(|record| record.summary.members)
            .find(|member| member.user.id == user)
            .map(|member| member.user.name)
    }

    fn view(&self, record: &Record, me: UserId) -> Result<Conversation, ClientError> {
        let vault = self.vault()?;
        let summary = &record.summary;
        let group = summary.id;
        let keepers = keepers(vault);
        let bots = bots(vault);
        let others = others(record, me, vault);
        let is_line = |m: &Outgoing| m.group == group && m.change.is_none();
        let waiting = outbox(vault).into_iter().rev().find(is_line);
        let mut unread = 0;
        let mut urgent = None;
        let mut mentions = 0;
        let mut last = None;
        let mut at = 0;
        for current in newest_first(vault, group, Vec::new()) {
            let message = &current.message;
            if message.seq <= record.read && last.is_some() {
                break;
            }
            let mine = message.from.as_ref().is_some_and(|from| from.id == me);
            let is_gone = current.recalled.is_some() || self.is_gone(message, record, me);
            let is_line = message.notice.is_none() && !is_gone;
            if is_line && !mine && message.seq > record.read {
                unread += 1;
                urgent = urgent.max(Some(message.priority));
                mentions += u64::from(message.mentions.contains(&me));
            }
            if last.is_none() && message.notice.is_none() {
                let view = self.shown(current, record, me, &others);
                at = view.sent_at;
                last = Some(LastMessage {
                    attachment: view.attachment.map(|file| file.kind),
                    text: view.text,
                    recalled: view.recalled,
                    expired: view.expired,
                    from: view.from.map(|from| from.name).unwrap_or_default(),
                    sent_at: view.sent_at,
                    mine: view.mine,
                    state: view.state,
                });
            }
        }
        // A reaction is no reason to move a conversation up; without messages the server's word
        // has to do.
        if last.is_none() {
            at = summary.last_message_at.unwrap_or(0);
        }
        if let Some(waiting) = waiting {
            at = at.max(waiting.written_at);
            last = Some(LastMessage {
                attachment: waiting.attachment.map(|file| file.kind),
                text: waiting.text,
                recalled: false,
                expired: false,
                from: self.profile()?.user.name.clone(),
                sent_at: waiting.written_at,
                mine: true,
                state: if waiting.problem.is_some() {
                    MessageState::Failed
                } else {
                    MessageState::Sending
                },
            });
        }
        let verified: BTreeSet<UserId> = record.devices.iter().map(|(_, user)| *user).collect();
        let member = |member: &Member| MemberView {
            user: member.user.clone(),
            verified: verified.contains(&member.user.id),
            devices: record
                .devices
                .iter()
                .filter(|(_, u)| *u == member.user.id)
                .count(),
            bot: bots.contains(&member.user.id),
        };
        // Whoever has the keys is shown, though the server may not name them.
        let mut listed = summary.members.clone();
        for user in &verified {
            if !listed.iter().any(|member| member.user.id == *user)
                && let Some(user) = self.brief(group, *user)
            {
                listed.push(Member {
                    user,
                    devices: Vec::new(),
                });
            }
        }
        let (keeping, people): (Vec<&Member>, Vec<&Member>) = listed
            .iter()
            .partition(|member| keepers.contains(&member.user.id));
        let own = own(vault, group);
        let strangers = record.strangers.iter();
        let strangers = strangers.filter_map(|user| self.brief(group, *user));
        Ok(Conversation {
            id: group,
            kind: summary.kind,
            title: title(summary, &others, || {
                conversation::messages(vault, group)
                    .rev()
                    .filter_map(|message| message.from)
                    .take(LATEST)
                    .filter(|from| from.id != me)
                    .map(|from| from.name)
                    .collect()
            }),
            members: people.into_iter().map(member).collect(),
            keepers: keeping.into_iter().map(member).collect(),
            patient: summary.patient.clone(),
            patient_id: summary.patient_id.clone(),
            role: summary.role.clone(),
            role_title: summary.role_title.clone(),
            follows: followed_role(summary).is_some(),
            team: summary.team,
            team_title: summary.team_title.clone(),
            created_by: summary.created_by,
            unread,
            priority_unread: urgent,
            mentions_unread: mentions,
            last,
            removal_pending: summary.removal_pending,
            strangers: strangers.collect(),
            pinned: own.pinned,
            // Whoever writes brings it back.
            archived: own.archived && unread == 0,
            muted: own.muted,
            marked_unread: own.marked_unread,
            draft: own.draft,
            at,
        })
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

    async fn on_receipt(&mut self, group: GroupId, receipt: Receipt) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        let Some(mut record) = conversation::record(vault, group) else {
            return Ok(());
        };
        record.note_receipt(&receipt);
        put_record(vault, &record);
        self.flush().await?;
        self.platform.emit(Event::Messages { group });
        self.platform.emit(Event::Conversations);
        Ok(())
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
            expires: None,
            expired: false,
            read_by: Vec::new(),
        };
        match content? {
            Content::Text(text) => {
                message.text = text.text;
                message.reply_to = text.in_reply_to;
                message.mentions = text.mentions;
                message.form = text.form;
                message.forwarded = text.forwarded;
                message.attachment = text.attachment;
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

    /// Tells in the conversation who came and went with a commit, and refreshes the record.
    fn note_change(
        &mut self,
        group: GroupId,
        entry: &Entry,
        committed: &Committed,
    ) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        if let Some(mut record) = conversation::record(vault, group) {
            record.devices = pairs(&committed.after);
            put_record(vault, &record);
        }
        let told = self.sentences(
            group,
            &Passage {
                before: &pairs(&committed.before),
                after: &committed.after,
                out_of_use: &committed.out_of_use,
                dismissed: &committed.dismissed,
                by_keeper: committed.by_keeper,
            },
        );
        if let Some((kind, sentences)) = told {
            self.notice(group, entry.seq, entry.sent_at, kind, &sentences)?;
        }
        self.keep_change(group, entry.seq, committed)
    }

    /// Who came and went, in sentences; nothing when nobody did.
    pub(crate) fn sentences(
        &self,
        group: GroupId,
        passage: &Passage<'_>,
    ) -> Option<(Notice, String)> {
        let told: Vec<(Notice, UserId, &str)> = passage.told(|device| {
            let admitted = self.admitted(device)?;
            Some((admitted.endorser, admitted.endorsed_by))
        });
        let (kind, ..) = told.first()?;
        let role = self.vault().ok().and_then(|vault| {
            let summary = conversation::record(vault, group)?.summary;
            (passage.by_keeper && summary.kind == GroupKind::Role).then_some(summary.role_title?)
        });
        let sentences: Vec<String> = told
            .iter()
            .map(|(kind, user, what)| {
                let name = self
                    .brief(group, *user)
                    .map_or_else(|| "Someone".to_owned(), |p| p.name);
                match (&role, kind) {
                    (Some(role), Notice::PersonAdded) => {
                        [name.as_str(), " took over ", role, "."].concat()
                    }
                    (Some(role), Notice::PersonRemoved) => {
                        [name.as_str(), " handed over ", role, "."].concat()
                    }
                    _ => [name.as_str(), " ", what, "."].concat(),
                }
            })
            .collect();
        Some((*kind, sentences.join(" ")))
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
            expires: None,
            expired: false,
            read_by: Vec::new(),
        };
        put_message(self.opened()?, group, &message);
        Ok(())
    }

    fn briefs(&self, group: GroupId, users: &[UserId]) -> Vec<PersonBrief> {
        let briefs = users.iter().filter_map(|user| self.brief(group, *user));
        briefs.collect()
    }

    /// Whether a message went by itself, or is due to.
    fn is_gone(&self, message: &StoredMessage, record: &Record, me: UserId) -> bool {
        is_gone(message, record.hold, me, self.server_now())
    }

    /// A message as it is drawn.
    fn shown(
        &self,
        current: Current,
        record: &Record,
        me: UserId,
        others: &BTreeSet<UserId>,
    ) -> Message {
        let expired = self.is_gone(&current.message, record, me);
        let expires_at = due_at(&current.message, me);
        let Current {
            mut message,
            newest,
            edited_at,
            mut earlier,
            late_edit,
            recalled,
            reactions,
        } = current;
        if expired {
            message.text.clear();
            message.mentions.clear();
            message.form = None;
            message.forwarded = None;
            message.attachment = None;
            earlier.clear();
        }
        let group = record.summary.id;
        let mine = message.from.as_ref().is_some_and(|from| from.id == me);
        let (text, notice_text) = match message.notice {
            Some(_) => (String::new(), Some(message.text)),
            None => (message.text, None),
        };
        let mut drawn: Vec<ReactionView> = Vec::new();
        for reacted in reactions {
            let is_mine = reacted.from.id == me;
            match drawn.iter_mut().find(|view| view.emoji == reacted.emoji) {
                Some(view) => {
                    view.mine |= is_mine;
                    view.people.push(reacted.from.name);
                }
                None => drawn.push(ReactionView {
                    emoji: reacted.emoji,
                    people: vec![reacted.from.name],
                    mine: is_mine,
                }),
            }
        }
        let read_by = recalled.as_ref().filter(|_| mine).map(|r| &r.read_by);
        Message {
            id: message.id,
            group,
            seq: Some(message.seq),
            from: message.from,
            mine,
            text,
            priority: message.priority,
            sent_at: message.sent_at,
            state: if mine {
                state_of(record, others, newest)
            } else {
                own_state(record, me, newest)
            },
            problem: None,
            reply_to: message.reply_to,
            notice: message.notice,
            notice_text,
            newest_seq: Some(newest),
            edited_at,
            earlier,
            late_edit,
            recalled: recalled.is_some(),
            recalled_at: recalled.as_ref().map(|recalled| recalled.at),
            recalled_after: read_by
                .into_iter()
                .flatten()
                .map(|person| person.name.clone())
                .collect(),
            reactions: drawn,
            mentions_me: message.mentions.contains(&me),
            mentions: self.briefs(group, &message.mentions),
            form: message.form,
            forwarded: message.forwarded,
            attachment: message
                .attachment
                .and_then(|file| Some(attachments::view(self.vault().ok()?, &file))),
            expires: message.expires,
            expires_at,
            expired,
            waiting: Vec::new(),
        }
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
        let vault = &mut self.opened()?.vault;
        let record = match conversation::record(vault, group) {
            Some(mut record) => {
                record.note_summary(summary);
                record
            }
            None => Record {
                joined: Groups::has(vault, group),
                rejoining: false,
                strangers: Vec::new(),
                hold: false,
                missed: Some(Vec::new()),
                summary,
                applied: 0,
                read: 0,
                seen: 0,
                devices: Vec::new(),
            },
        };
        put_record(vault, &record);
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

    async fn post_receipt(
        &mut self,
        group: GroupId,
        state: ReceiptState,
    ) -> Result<(), ClientError> {
        // The record keeper reads nothing, so it says nothing of it.
        if self.keeps_records {
            return Ok(());
        }
        let Some(record) = conversation::record(self.vault()?, group) else {
            return Ok(());
        };
        let up_to = if state == ReceiptState::Read {
            record.seen
        } else {
            record.applied
        };
        let path = format!("/v1/groups/{group}/receipts");
        let post = ReceiptPost { state, up_to };
        let (): () = self.api.post(&self.platform, &path, &post).await?;
        self.note_own_receipt(group, &post)
    }

    /// What this person said of a conversation, as the others will see it.
    fn note_own_receipt(&mut self, group: GroupId, post: &ReceiptPost) -> Result<(), ClientError> {
        let me = self.profile()?.user.id;
        let vault = &mut self.opened()?.vault;
        let Some(mut record) = conversation::record(vault, group) else {
            return Ok(());
        };
        let up_to = |state| if post.state == state { post.up_to } else { 0 };
        record.note_receipt(&Receipt {
            user_id: me,
            delivered: up_to(ReceiptState::Delivered),
            read: up_to(ReceiptState::Read),
            acknowledged: up_to(ReceiptState::Acknowledged),
        });
        put_record(vault, &record);
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

/// A change of members, to be told.
pub(crate) struct Passage<'a> {
    pub(crate) before: &'a [(DeviceId, UserId)],
    pub(crate) after: &'a [Claim],
    /// Devices that the delivery service took out.
    pub(crate) out_of_use: &'a [DeviceId],
    /// People whom a member took out.
    pub(crate) dismissed: &'a [UserId],
    /// Whether the record keeper did it, which follows who is on call.
    pub(crate) by_keeper: bool,
}

impl Passage<'_> {
    /// What happened to whom. `endorser` gives the device that vouched for another one, and whose it
    /// is.
    fn told(
        &self,
        endorser: impl Fn(DeviceId) -> Option<(DeviceId, UserId)>,
    ) -> Vec<(Notice, UserId, &'static str)> {
        let was = |device: DeviceId| self.before.iter().any(|(d, _)| *d == device);
        let is = |device: DeviceId| self.after.iter().any(|c| c.device == device);
        let old: BTreeSet<UserId> = self.before.iter().map(|(_, user)| *user).collect();
        let new: BTreeSet<UserId> = self.after.iter().map(|c| c.user).collect();
        let mut told = Vec::new();
        for user in new.difference(&old) {
            told.push((Notice::PersonAdded, *user, "was added"));
        }
        for user in old.difference(&new) {
            let lost = self
                .before
                .iter()
                .filter(|(_, of)| of == user)
                .all(|(device, _)| self.out_of_use.contains(device));
            if lost && !self.dismissed.contains(user) {
                let what = "has no device in use at the moment and stays a member";
                told.push((Notice::DeviceRemoved, *user, what));
            } else {
                told.push((Notice::PersonRemoved, *user, "was removed"));
            }
        }
        for claim in self.after {
            if !was(claim.device) && old.contains(&claim.user) {
                let what = match endorser(claim.device) {
                    Some((_, of)) if of != claim.user => {
                        "uses a new device, confirmed by an officer"
                    }
                    Some((device, _)) if !was(device) && !is(device) => {
                        "uses a new device, confirmed on one that is not in this conversation"
                    }
                    Some(_) | None => "uses a new device",
                };
                told.push((Notice::DeviceAdded, claim.user, what));
            }
        }
        for user in self.dismissed {
            if !old.contains(user) && !new.contains(user) {
                told.push((Notice::PersonRemoved, *user, "was removed"));
            }
        }
        for (device, user) in self.before {
            if !is(*device) && new.contains(user) {
                told.push((Notice::DeviceRemoved, *user, "no longer uses a device"));
            }
        }
        told
    }
}

pub(crate) fn pairs(members: &[Claim]) -> Vec<(DeviceId, UserId)> {
    members.iter().map(|c| (c.device, c.user)).collect()
}

/// The other people of a conversation, without the record keeper.
pub(crate) fn others(record: &Record, me: UserId, vault: &Vault) -> BTreeSet<UserId> {
    let keepers = keepers(vault);
    record
        .summary
        .members
        .iter()
        .map(|member| member.user.id)
        .filter(|user| *user != me && !keepers.contains(user))
        .collect()
}

/// What a conversation is called. Where nobody else has a device in it now, such as after a
/// revocation, it is still known by those who wrote in it.
fn title(
    summary: &GroupSummary,
    others: &BTreeSet<UserId>,
    wrote: impl FnOnce() -> BTreeSet<String>,
) -> String {
    if summary.kind == GroupKind::Role
        && let Some(title) = &summary.role_title
    {
        return title.clone();
    }
    if let Some(title) = &summary.team_title {
        return title.clone();
    }
    let mut names: Vec<String> = summary
        .members
        .iter()
        .filter(|m| others.contains(&m.user.id))
        .map(|m| m.user.name.clone())
        .collect();
    if names.is_empty() {
        names.extend(wrote());
    }
    if names.is_empty() {
        return "Only you".to_owned();
    }
    names.join(", ")
}

/// This person's changes of a message that the hospital has not taken.
fn of_message(changes: &[Outgoing], id: MessageId) -> Vec<WaitingChange> {
    changes
        .iter()
        .filter_map(|outgoing| {
            let change = outgoing.change.as_ref().filter(|c| c.target() == id)?;
            Some(WaitingChange {
                id: outgoing.id,
                kind: match change {
                    Change::Edit { .. } => ChangeKind::Edit,
                    Change::Recall { .. } => ChangeKind::Recall,
                    Change::React { .. } | Change::Unreact { .. } => ChangeKind::Reaction,
                },
                problem: outgoing.problem.clone(),
            })
        })
        .collect()
}

/// How far a message of this person came with the others: as far as the last of them, save that
/// one acknowledgement is enough.
fn state_of(record: &Record, others: &BTreeSet<UserId>, seq: u64) -> MessageState {
    let receipts: Vec<&Receipt> = record
        .summary
        .receipts
        .iter()
        .filter(|r| others.contains(&r.user_id))
        .collect();
    let all = |reached: fn(&Receipt) -> u64| {
        let count = receipts.iter().filter(|r| reached(r) >= seq).count();
        !others.is_empty() && count >= others.len()
    };
    if receipts.iter().any(|r| r.acknowledged >= seq) {
        MessageState::Acknowledged
    } else if all(|r| r.read) {
        MessageState::Read
    } else if all(|r| r.delivered) {
        MessageState::Delivered
    } else {
        MessageState::Sent
    }
}

/// What this person did with a message of another.
fn own_state(record: &Record, me: UserId, seq: u64) -> MessageState {
    let acknowledged = record
        .summary
        .receipts
        .iter()
        .any(|r| r.user_id == me && r.acknowledged >= seq);
    if acknowledged {
        MessageState::Acknowledged
    } else if record.read >= seq {
        MessageState::Read
    } else {
        MessageState::Delivered
    }
}
