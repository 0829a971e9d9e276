//! What a person sees: the list of conversations, and the messages of one as they are drawn.

use std::collections::BTreeSet;

use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::groups::{GroupKind, GroupSummary, Member};
use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, MessageId, UserId};

use crate::attachments;
use crate::changes::{Current, newest_first};
use crate::client::Client;
use crate::content::Change;
use crate::conversation::{self, Outgoing, Record, outbox};
use crate::error::ClientError;
use crate::expiry::{burns, due_at, is_gone};
use crate::membership::{bots, keepers};
use crate::own::own;
use crate::platform::Platform;
use crate::reading::{has_acknowledged, own_state, reached, state_of};
use crate::records::followed_role;
use crate::steps::{reached_by, steps};
use crate::vault::Vault;
use crate::views::{
    ChangeKind, Conversation, LastMessage, MemberView, Message, MessageState, Reached,
    ReactionView, WaitingChange,
};

/// Messages looked through for who wrote in a conversation.
const LATEST: usize = 50;

impl<P: Platform> Client<P> {
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
        let except = apart(me.id, vault);
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
                    ..self.shown(current, &record, me.id, &except)
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
            mentions: self.briefs(message.group, message.mentions.iter().copied()),
            form: message.form,
            reference: message.reference,
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

    fn view(&self, record: &Record, me: UserId) -> Result<Conversation, ClientError> {
        let vault = self.vault()?;
        let summary = &record.summary;
        let group = summary.id;
        let keepers = keepers(vault);
        let bots = bots(vault);
        let others = others(record, me, vault);
        let except = apart(me, vault);
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
            let is_gone = current.recalled.is_some() || is_gone(message, me, self.server_now());
            let is_line = message.notice.is_none() && !is_gone;
            let is_unread = message.seq > record.read
                && !has_acknowledged(record, me, message.priority, (message.seq, current.newest));
            if is_line && !mine && is_unread {
                unread += 1;
                urgent = urgent.max(Some(message.priority));
                mentions += u64::from(message.mentions.contains(&me));
            }
            if last.is_none() && message.notice.is_none() {
                let view = self.shown(current, record, me, &except);
                at = view.sent_at;
                let burns = burns(view.expires);
                last = Some(LastMessage {
                    attachment: view.attachment.map(|file| file.kind),
                    reference: view.reference.is_some(),
                    text: preview(view.text, burns),
                    burns,
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
            let burns = burns(waiting.expires);
            last = Some(LastMessage {
                attachment: waiting.attachment.map(|file| file.kind),
                reference: waiting.reference.is_some(),
                text: preview(waiting.text, burns),
                burns,
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

    /// How far a message of this person came with each of those whom it was for; nothing for others'
    /// messages.
    pub fn who_has(&self, group: GroupId, id: MessageId) -> Result<Vec<Reached>, ClientError> {
        let me = self.profile()?.user.id;
        let vault = self.vault()?;
        let is_it = |current: &Current| {
            let message = &current.message;
            let mine = message.from.as_ref().is_some_and(|from| from.id == me);
            message.id == id && mine && message.notice.is_none()
        };
        let current = newest_first(vault, group, Vec::new()).find(is_it);
        let (Some(record), Some(current)) = (conversation::record(vault, group), current) else {
            return Ok(Vec::new());
        };
        let (message, newest) = (current.message, current.newest);
        let places = (message.seq, newest);
        let with = |(user, state): (UserId, MessageState)| {
            let mut members = record.summary.members.iter();
            let listed = members.find(|member| member.user.id == user);
            let listed = listed.map(|member| member.user.clone());
            let [delivered, read, acknowledged] = steps(vault, group, user);
            let acknowledged_at = match message.priority {
                Priority::Stat => record.receipt(user).and_then(|receipt| {
                    let mut named = receipt.named.iter();
                    Some(named.find(|named| named.version == newest)?.at)
                }),
                Priority::Routine | Priority::Urgent => reached_by(&acknowledged, newest),
            };
            Some(Reached {
                person: listed.or_else(|| self.brief(group, user))?,
                state,
                delivered_at: reached_by(&delivered, newest),
                read_at: reached_by(&read, newest),
                acknowledged_at,
            })
        };
        let reached = reached(&record, &apart(me, vault), message.priority, places);
        Ok(reached.into_iter().filter_map(with).collect())
    }

    pub(crate) fn briefs(
        &self,
        group: GroupId,
        users: impl IntoIterator<Item = UserId>,
    ) -> Vec<PersonBrief> {
        let briefs = users.into_iter().filter_map(|user| self.brief(group, user));
        briefs.collect()
    }

    /// A message as it is drawn.
    fn shown(
        &self,
        current: Current,
        record: &Record,
        me: UserId,
        except: &BTreeSet<UserId>,
    ) -> Message {
        let expired = is_gone(&current.message, me, self.server_now());
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
            message.reference = None;
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
                state_of(&reached(
                    record,
                    except,
                    message.priority,
                    (message.seq, newest),
                ))
            } else {
                own_state(record, me, message.priority, (message.seq, newest))
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
            mentions: self.briefs(group, message.mentions.iter().copied()),
            form: message.form,
            reference: message.reference,
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
}

/// The other people of a conversation, without the record keeper.
pub(crate) fn others(record: &Record, me: UserId, vault: &Vault) -> BTreeSet<UserId> {
    let except = apart(me, vault);
    record
        .summary
        .members
        .iter()
        .map(|member| member.user.id)
        .filter(|user| !except.contains(user))
        .collect()
}

/// Those whom nothing that this person writes is for: themselves, and record keepers.
pub(crate) fn apart(me: UserId, vault: &Vault) -> BTreeSet<UserId> {
    let mut apart = keepers(vault);
    apart.insert(me);
    apart
}

/// What of a text the list shows: whoever reads what goes once it is read opens the conversation.
fn preview(text: String, burns: bool) -> String {
    if burns { String::new() } else { text }
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
