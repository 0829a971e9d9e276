//! Sending: durable first, what was typed and its ciphertext, then to the hospital.

use wardline_model::wire::messages::{MessageAccepted, MessageSend, Priority};
use wardline_model::{B64, DeviceId, GroupId, MessageId, UserId};

use crate::attachments;
use crate::client::Client;
use crate::content::{Content, Expiry, Form, MAX_TEXT, Reference, Text};
use crate::conversation::{self, Outgoing, append_outgoing, delete_outgoing, outbox, put_outgoing};
use crate::error::ClientError;
use crate::platform::{Event, Platform, random_bytes};
use crate::views::{Queued, Unsent};

/// How old a STAT message may be that still leaves by itself, milliseconds. Whoever wrote it has called
/// somebody by then, and hours later it would page a whole chain as if it were new.
const STAT_FRESH_MS: u64 = 5 * 60 * 1000;
/// How often a message is encrypted anew because the epoch moved on, before it waits.
const REBASES: usize = 5;

impl<P: Platform> Client<P> {
    /// Takes a message: once this returns, a crash of the app does not lose it. It leaves with
    /// [`Client::deliver`]. Where nothing stands in the way it is encrypted here, so that what was
    /// typed, its ciphertext and the ratchet's move are one durable write and not two.
    pub async fn send(
        &mut self,
        group: GroupId,
        text: &str,
        priority: Priority,
        reply_to: Option<MessageId>,
    ) -> Result<Queued, ClientError> {
        self.send_expiring(group, text, priority, reply_to, None)
            .await
    }

    /// The same for a message that goes by itself.
    pub async fn send_expiring(
        &mut self,
        group: GroupId,
        text: &str,
        priority: Priority,
        reply_to: Option<MessageId>,
        expires: Option<Expiry>,
    ) -> Result<Queued, ClientError> {
        if text.trim().is_empty() {
            return Err(ClientError::Invalid("there is no text to send"));
        }
        self.write(group, text.to_owned(), None, priority, reply_to, expires)
            .await
    }

    /// The same for a form.
    pub async fn send_form(
        &mut self,
        group: GroupId,
        form: Form,
        priority: Priority,
        reply_to: Option<MessageId>,
    ) -> Result<Queued, ClientError> {
        if form.is_empty() {
            return Err(ClientError::Invalid("the form is empty"));
        }
        self.write(group, form.text(), Some(form), priority, reply_to, None)
            .await
    }

    /// The same for an entry of a patient's chart, with what its sender says of it, or nothing.
    pub async fn send_reference(
        &mut self,
        group: GroupId,
        reference: Reference,
        text: String,
        priority: Priority,
        reply_to: Option<MessageId>,
    ) -> Result<Queued, ClientError> {
        let id = MessageId::from_random(random_bytes(&self.platform));
        let message = Outgoing {
            reply_to,
            reference: Some(reference),
            ..self.outgoing(id, group, text, None, priority)?
        };
        self.queue(message).await
    }

    /// The same under an id that the caller chose, so that it happens once however often it is asked for:
    /// what is known under it is not written again. The text of a form is the form's. A STAT message that
    /// waited for too long to leave by itself leaves when it is asked for again.
    pub async fn send_once(
        &mut self,
        id: MessageId,
        group: GroupId,
        text: String,
        form: Option<Form>,
        priority: Priority,
    ) -> Result<Queued, ClientError> {
        let open = self.opened()?;
        if let Some(waiting) = outbox(&open.vault).into_iter().find(|m| m.id == id) {
            let group = waiting.group;
            if is_late(&waiting, self.platform.now_ms()) {
                self.renew_outgoing(waiting)?;
                self.flush().await?;
            }
            return Ok(Queued {
                id,
                group,
                seq: None,
            });
        }
        if let Some(seq) = open.known.place(&open.vault, group, id) {
            return Ok(Queued {
                id,
                group,
                seq: Some(seq),
            });
        }
        let is_empty = match &form {
            Some(form) => form.is_empty(),
            None => text.trim().is_empty(),
        };
        let text = form.as_ref().map_or(text, Form::text);
        if is_empty {
            return Err(ClientError::Invalid("there is no text to send"));
        }
        let message = self.outgoing(id, group, text, form, priority)?;
        self.queue(message).await
    }

    async fn write(
        &mut self,
        group: GroupId,
        text: String,
        form: Option<Form>,
        priority: Priority,
        reply_to: Option<MessageId>,
        expires: Option<Expiry>,
    ) -> Result<Queued, ClientError> {
        let id = MessageId::from_random(random_bytes(&self.platform));
        let message = Outgoing {
            reply_to,
            expires,
            ..self.outgoing(id, group, text, form, priority)?
        };
        self.queue(message).await
    }

    pub(crate) fn outgoing(
        &self,
        id: MessageId,
        group: GroupId,
        text: String,
        form: Option<Form>,
        priority: Priority,
    ) -> Result<Outgoing, ClientError> {
        if text.len() > MAX_TEXT {
            return Err(ClientError::Invalid("the text is too long for one message"));
        }
        if conversation::record(self.vault()?, group).is_none() {
            return Err(ClientError::Invalid(
                "there is no such conversation on this device",
            ));
        }
        let mentions = self.named_in(group, &text)?;
        Ok(Outgoing {
            id,
            group,
            text,
            priority,
            reply_to: None,
            written_at: self.platform.now_ms(),
            sealed: None,
            problem: None,
            history: None,
            only_for: None,
            mentions,
            change: None,
            form,
            expires: None,
            forwarded: None,
            attachment: None,
            reference: None,
        })
    }

    /// Makes a message durable, encrypted where nothing stands in the way.
    pub(crate) async fn queue(&mut self, message: Outgoing) -> Result<Queued, ClientError> {
        let (id, group) = (message.id, message.group);
        self.queue_all(vec![message]).await?;
        Ok(Queued {
            id,
            group,
            seq: None,
        })
    }

    /// The same for several of one conversation: all of them or none.
    pub(crate) async fn queue_all(
        &mut self,
        mut messages: Vec<Outgoing>,
    ) -> Result<(), ClientError> {
        for message in &mut messages {
            // A removal that waits to be committed is the business of `deliver`. What has a file to be
            // uploaded first is sealed when it leaves: it may be overtaken by more messages than a
            // receiver's ratchet keeps keys for.
            if message.attachment.is_none() {
                let content = message.content();
                let sealed = self.seal_bytes(message.group, message.id, &content, None);
                message.sealed = sealed.ok();
            }
            append_outgoing(&mut self.opened()?.vault, message);
        }
        let kept = self.flush().await;
        if kept.is_err() {
            // Whoever is told that it was not kept writes it again: this one must not leave as well. A
            // ratchet that moved stays where it is, and a file gives its room back.
            let vault = &mut self.opened()?.vault;
            for message in &messages {
                delete_outgoing(vault, message);
                if let Some(file) = &message.attachment {
                    attachments::drop_local(vault, file.id);
                }
            }
        }
        if let Some(message) = messages.first() {
            let group = message.group;
            self.platform.emit(Event::Messages { group });
        }
        kept
    }

    /// Sends what waits, in order; a conversation whose message fails keeps the order by waiting.
    pub async fn deliver(&mut self) -> Result<Vec<Queued>, ClientError> {
        let mut sent = Vec::new();
        let mut stuck = Vec::new();
        let mut held = Vec::new();
        for message in outbox(self.vault()?) {
            // The writer of what is late is asked first, see `retry`; a file waits for its STAT message.
            let of_held = message.attachment.is_some()
                && message.reply_to.is_some_and(|of| held.contains(&of));
            if message.problem.is_some() || is_late(&message, self.platform.now_ms()) || of_held {
                held.push(message.id);
                continue;
            }
            if stuck.contains(&message.group) {
                continue;
            }
            // Words do not wait for a picture: what is written after it overtakes it.
            if let Some(file) = &message.attachment
                && attachments::is_uploading(self.vault()?, file.id)
            {
                continue;
            }
            let group = message.group;
            match self.deliver_one(message.clone()).await {
                Ok(queued) => sent.push(queued),
                Err(ClientError::Offline) => return Ok(sent),
                Err(ClientError::Problem(problem))
                    if problem.status == 401 && problem.name() != STEP_UP =>
                {
                    return Err(ClientError::Problem(problem));
                }
                Err(ClientError::Problem(problem))
                    if problem.status < 500 && problem.status != 429 =>
                {
                    let failed = Outgoing {
                        problem: Some(*problem),
                        ..message
                    };
                    put_outgoing(&mut self.opened()?.vault, &failed);
                    self.flush().await?;
                    stuck.push(group);
                }
                Err(_) => stuck.push(group),
            }
            self.platform.emit(Event::Messages { group });
            self.platform.emit(Event::Conversations);
        }
        self.withdraw_pages().await;
        Ok(sent)
    }

    /// STAT messages of this person that have not reached the hospital, so that nobody is asked: those
    /// that wait and those that were refused, the oldest first.
    pub fn unsent_stat(&self) -> Result<Vec<Unsent>, ClientError> {
        let now = self.platform.now_ms();
        Ok(outbox(self.vault()?)
            .into_iter()
            .filter(|message| message.priority == Priority::Stat)
            .map(|message| Unsent {
                late: is_late(&message, now),
                id: message.id,
                group: message.group,
                written_at: message.written_at,
                problem: message.problem,
            })
            .collect())
    }

    /// Encrypts texts for whoever brings them to the hospital by another way than
    /// [`Client::deliver`], such as the socket's `send` frames. The ratchet's moves are durable when
    /// this returns, all of them by one write; what was written is not kept on this device.
    pub async fn encrypt(
        &mut self,
        group: GroupId,
        texts: &[String],
        priority: Priority,
    ) -> Result<Vec<MessageSend>, ClientError> {
        let mut sealed = Vec::with_capacity(texts.len());
        for text in texts {
            let content = Content::Text(Text {
                id: MessageId::from_random(random_bytes(&self.platform)),
                in_reply_to: None,
                text: text.clone(),
                mentions: Vec::new(),
                form: None,
                forwarded: None,
                attachment: None,
                reference: None,
                expires: None,
            });
            sealed.push(self.seal_content(group, &content, priority)?);
        }
        self.flush().await?;
        Ok(sealed)
    }

    /// The same for content of any kind. Nothing of what it says is judged here: that is for those
    /// who receive it, since an altered client would not ask.
    pub async fn encrypt_content(
        &mut self,
        group: GroupId,
        content: &Content,
        priority: Priority,
    ) -> Result<MessageSend, ClientError> {
        let sealed = self.seal_content(group, content, priority)?;
        self.flush().await?;
        Ok(sealed)
    }

    fn seal_content(
        &mut self,
        group: GroupId,
        content: &Content,
        priority: Priority,
    ) -> Result<MessageSend, ClientError> {
        let id = content.id();
        let (message, _) = self.seal_bytes(group, id, &content.encode(), None)?;
        Ok(MessageSend {
            id,
            message,
            priority,
        })
    }

    /// Tries a refused message again, or a STAT message that waited for too long to leave by itself.
    pub async fn retry(&mut self, id: MessageId) -> Result<Vec<Queued>, ClientError> {
        let waiting = outbox(self.vault()?).into_iter().find(|m| m.id == id);
        if let Some(message) = waiting {
            self.renew_outgoing(message)?;
        }
        self.flush().await?;
        self.deliver().await
    }

    /// Its writer wants a message to leave now: a refusal is forgotten, and one that was too late is
    /// written now, with its file behind it. What it overtook may have cost its ciphertext the keys, so that
    /// it gets another one.
    fn renew_outgoing(&mut self, mut message: Outgoing) -> Result<(), ClientError> {
        let now = self.platform.now_ms();
        let vault = &mut self.opened()?.vault;
        message.problem = None;
        if !is_late(&message, now) {
            put_outgoing(vault, &message);
            return Ok(());
        }
        let mut again = outbox(vault);
        again.retain(|file| file.attachment.is_some() && file.reply_to == Some(message.id));
        again.insert(0, message);
        for message in &mut again {
            delete_outgoing(vault, message);
            message.written_at = now;
            message.sealed = None;
            append_outgoing(vault, message);
        }
        Ok(())
    }

    /// Gives up a message that was refused or still waits, with the file of a STAT message.
    pub async fn discard(&mut self, id: MessageId) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        let mut given_up = outbox(vault);
        given_up.retain(|m| m.id == id || (m.attachment.is_some() && m.reply_to == Some(id)));
        for message in &given_up {
            delete_outgoing(vault, message);
            if let Some(file) = &message.attachment {
                attachments::forget(vault, file, true);
            }
        }
        if let Some(message) = given_up.first() {
            let group = message.group;
            self.platform.emit(Event::Messages { group });
        }
        self.flush().await
    }

    async fn deliver_one(&mut self, mut message: Outgoing) -> Result<Queued, ClientError> {
        let group = message.group;
        let path = format!("/v1/groups/{group}/messages");
        for _ in 0..REBASES {
            self.seal(&mut message).await?;
            let Some((body, _)) = message.sealed.clone() else {
                return Err(ClientError::Mls("the message could not be encrypted"));
            };
            let send = MessageSend {
                id: message.id,
                message: body,
                priority: message.priority,
            };
            let key = message.id.to_string();
            match self.api.post_once(&self.platform, &path, &key, &send).await {
                Ok(MessageAccepted { seq, sent_at }) => {
                    self.take_sent(&message, seq, sent_at)?;
                    self.flush().await?;
                    return Ok(Queued {
                        id: message.id,
                        group,
                        seq: Some(seq),
                    });
                }
                Err(error) if error.is_problem("epoch-conflict") => {
                    message.sealed = None;
                    self.catch_up(group).await?;
                }
                Err(error) if error.is_problem("commit-required") => {
                    message.sealed = None;
                    self.catch_up(group).await?;
                    self.change_members(group, &[], &[]).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(ClientError::Mls(
            "the conversation changes too fast; it will be tried again",
        ))
    }

    /// What this person sent was taken: it stands in the conversation now, and waits no more.
    pub(crate) fn take_sent(
        &mut self,
        message: &Outgoing,
        seq: u64,
        sent_at: u64,
    ) -> Result<(), ClientError> {
        if let Some(mut stored) = message.taken(&self.profile()?.user, seq, sent_at) {
            stored.arrived_at = Some(self.platform.now_ms());
            self.note_readers(message.group, &mut stored)?;
            self.put(message.group, &stored)?;
        }
        delete_outgoing(&mut self.opened()?.vault, message);
        Ok(())
    }

    /// Encrypts in the current epoch, unless that was done already. Durable before it leaves.
    async fn seal(&mut self, message: &mut Outgoing) -> Result<(), ClientError> {
        let unsure = |r: conversation::Record| r.rejoining;
        if conversation::record(self.vault()?, message.group).is_some_and(unsure) {
            self.catch_up(message.group).await?;
        }
        let open = self.opened()?;
        let now = open.groups.epoch(&open.vault, message.group)?;
        if message
            .sealed
            .as_ref()
            .is_some_and(|(_, epoch)| *epoch == now)
        {
            return Ok(());
        }
        let (group, id, content) = (message.group, message.id, message.content());
        let only_for = message.only_for;
        let sealed = match self.seal_bytes(group, id, &content, only_for) {
            // openmls refuses while a proposal is pending: commit it, then encrypt.
            Err(ClientError::Mls(_)) => {
                self.change_members(group, &[], &[]).await?;
                self.seal_bytes(group, id, &content, only_for)?
            }
            sealed => sealed?,
        };
        message.sealed = Some(sealed);
        put_outgoing(&mut self.opened()?.vault, message);
        self.flush().await
    }

    /// The ciphertext and its epoch; nothing is durable yet. Nothing is sealed for keys of which
    /// this device is not sure, for people whom its person has not seen come, or for anyone beside
    /// the one device for which it is.
    fn seal_bytes(
        &mut self,
        group: GroupId,
        id: MessageId,
        content: &[u8],
        only_for: Option<(DeviceId, UserId)>,
    ) -> Result<(B64, u64), ClientError> {
        if let Some(record) = conversation::record(self.vault()?, group) {
            if record.rejoining {
                return Err(ClientError::Untrusted("keys that nobody confirmed"));
            }
            if !record.strangers.is_empty() {
                return Err(ClientError::Invalid(
                    "look first who is in the conversation now",
                ));
            }
        }
        if let Some((device, user)) = only_for
            && !self.is_channel(group, device, user)?
        {
            return Err(ClientError::Untrusted("someone else in the keeper's group"));
        }
        let open = self.open.as_mut().ok_or(ClientError::Locked)?;
        let identity = open.identity.as_ref().ok_or(ClientError::NotEnrolled)?;
        open.groups
            .encrypt(&mut open.vault, identity, group, id, content)
    }
}

/// Whether a STAT message waits for too long to leave by itself. One that was refused says so itself, and
/// a clock that was set back makes none late.
fn is_late(message: &Outgoing, now: u64) -> bool {
    message.priority == Priority::Stat && now.saturating_sub(message.written_at) > STAT_FRESH_MS
}

/// Signing in again does not mend this one: the message waits for its writer.
const STEP_UP: &str = "step-up-required";
