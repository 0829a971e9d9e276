//! Files of messages: photos, documents, voice notes.
//!
//! A file is sealed before it leaves the device: under a random key of its own, in chunks of one size,
//! by the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015; the `aead` crate's
//! `StreamBE32` over AES-256-GCM), whose nonces hold a chunk's number and whether it is the last. A
//! chunk that is missing, changed, moved, or cut off with all behind it does not open, nor does one of
//! another file. The key, the file's digest and all that it is called travel in the message, as MLS
//! ciphertext; the hospital has the chunks and cannot read them.
//!
//! Here a file stays in its chunks, sealed once more by the vault like everything else: those that are
//! still to be uploaded, so that neither a dead spot nor a killed app loses one, and those that were
//! sent or fetched, bounded in bytes.
//!
//! Uploads and fetches go chunk by chunk ([`Client::tend_files`], [`Client::fetch_file`]), so that whoever
//! drives them can show how far they are and let other calls in between.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::KeyInit as _;
use aes_gcm::aead::stream::{NewStream as _, Nonce, StreamBE32, StreamPrimitive as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wardline_model::wire::attachments::{
    AttachmentChunk, AttachmentCreate, AttachmentInfo, CHUNK_BYTES, MOST_BYTES, SEAL_BYTES,
};
use wardline_model::wire::messages::Priority;
use wardline_model::{AttachmentId, B64, GroupId, MessageId};
use zeroize::Zeroizing;

use crate::client::Client;
use crate::content::{Expiry, MAX_TEXT};
use crate::conversation::{self, Outgoing, message_at, outbox, put_outgoing};
use crate::error::ClientError;
use crate::expiry::is_gone;
use crate::pictures;
use crate::platform::{Event, Platform, random_bytes};
use crate::vault::Vault;
use crate::views::{AttachmentView, Queued};

/// The vault's names of files: of each a record, and behind it its chunks.
const FILES: &str = "f/";
/// The vault's names of what is to be deleted at the hospital.
const DELETIONS: &str = "fx/";
/// Bytes that files which were sent or fetched take in the vault, all together. What is open is in
/// memory as well, and unlocking reads it all.
const MOST_KEPT: u64 = 16 * 1024 * 1024;
/// Largest thumbnail within a message, bytes.
pub const MAX_THUMBNAIL: usize = 12 * 1024;
/// Longest name, bytes.
const MAX_NAME: usize = 120;
const MISSING: ClientError = ClientError::Invalid("there is no such file in this conversation");
/// What arrived is not what was sent.
const FORGED: ClientError = ClientError::Untrusted("a file that was changed on its way");

/// A file that a message carries: where its chunks are, and what opens them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Which one.
    pub id: AttachmentId,
    /// The key, 32 bytes, of this file alone.
    pub key: B64,
    /// SHA-256 of the file.
    pub digest: B64,
    /// Bytes of the file.
    pub bytes: u64,
    /// What it is.
    pub kind: AttachmentKind,
    /// Its MIME type, without parameters.
    pub mime: String,
    /// What its sender calls it.
    pub name: String,
    /// Pixels across and down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<(u32, u32)>,
    /// How long it plays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// A small JPEG of it, to be shown until it is fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<B64>,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither its key nor its name, which may say of whom it is.
        f.debug_struct("Attachment")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What a file is. Others are not sent: what a phone opens in a program of its own leaves the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A picture.
    Photo,
    /// A PDF.
    Document,
    /// Something said.
    Voice,
}

/// A file to be sent.
#[derive(Clone, Deserialize)]
pub struct NewFile {
    /// What it is called.
    pub name: String,
    /// Its MIME type.
    pub mime: String,
    /// The file.
    pub bytes: B64,
    /// Pixels across and down.
    #[serde(default)]
    pub pixels: Option<(u32, u32)>,
    /// How long it plays.
    #[serde(default)]
    pub seconds: Option<u32>,
    /// A small JPEG of it.
    #[serde(default)]
    pub thumbnail: Option<B64>,
}

/// How far a file was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// How many chunks are here.
    pub done: u32,
    /// How many it has.
    pub chunks: u32,
}

/// A file in the vault.
#[derive(Clone, Serialize, Deserialize)]
struct Local {
    /// Its conversation, for as long as it is still to be uploaded into it.
    upload: Option<GroupId>,
    /// How many chunks of it were uploaded or fetched.
    done: u32,
    /// Bytes of those that are here.
    bytes: u64,
    /// When it was put here or looked at, unix milliseconds.
    used_at: u64,
}

impl AttachmentKind {
    /// What a MIME type is, where it is one of those that are sent.
    pub fn of(mime: &str) -> Option<Self> {
        Some(match mime {
            "image/jpeg" | "image/png" | "image/webp" => Self::Photo,
            "application/pdf" => Self::Document,
            "audio/webm" | "audio/ogg" | "audio/mp4" | "audio/mpeg" | "audio/wav" => Self::Voice,
            _ => return None,
        })
    }

    /// In a word, for whoever cannot show it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Photo => "Photo",
            Self::Document => "Document",
            Self::Voice => "Voice note",
        }
    }
}

impl Attachment {
    /// Whether it can be what it says: nobody is shown one type as another, and no name leads out
    /// of a folder or hides how it ends.
    pub fn is_valid(&self) -> bool {
        let thumbnail = self.thumbnail.as_ref().map_or(0, |t| t.0.len());
        self.key.0.len() == 32
            && self.digest.0.len() == 32
            && (1..=MOST_BYTES).contains(&self.bytes)
            && AttachmentKind::of(&self.mime) == Some(self.kind)
            && is_name(&self.name)
            && thumbnail <= MAX_THUMBNAIL
    }

    /// How many chunks it has.
    pub fn chunks(&self) -> u32 {
        // A valid one has a few hundred at most.
        u32::try_from(self.bytes.div_ceil(CHUNK_BYTES)).unwrap_or(u32::MAX)
    }

    /// Bytes that it takes in a message, about.
    pub(crate) fn encoded_len(&self) -> usize {
        let thumbnail = self.thumbnail.as_ref().map_or(0, |t| t.0.len());
        400 + self.name.len() + thumbnail * 4 / 3
    }

    /// Bytes of all chunks.
    fn sealed_bytes(&self) -> u64 {
        self.bytes + u64::from(self.chunks()) * SEAL_BYTES
    }

    /// Whether a chunk is the last.
    fn is_last(&self, n: u32) -> bool {
        n.saturating_add(1) == self.chunks()
    }

    fn stream(&self) -> Option<StreamBE32<Aes256Gcm>> {
        let key: Zeroizing<[u8; 32]> = Zeroizing::new(self.key.array()?);
        // What STREAM leaves of the nonce may be the same for all: no key seals two files.
        let prefix = Nonce::<Aes256Gcm, StreamBE32<Aes256Gcm>>::default();
        let aead = Aes256Gcm::new((&*key).into());
        Some(StreamBE32::from_aead(aead, &prefix))
    }

    /// Seals a file in chunks.
    fn seal(&self, file: &[u8]) -> Option<Vec<Vec<u8>>> {
        let stream = self.stream()?;
        let size = usize::try_from(CHUNK_BYTES).ok()?;
        (0..self.chunks())
            .zip(file.chunks(size))
            .map(|(n, chunk)| stream.encrypt(n, self.is_last(n), chunk).ok())
            .collect()
    }

    /// Opens a chunk; nothing where it is not the one that was sealed in this place.
    pub fn open_chunk(&self, n: u32, sealed: &[u8]) -> Option<Vec<u8>> {
        if n >= self.chunks() {
            return None;
        }
        self.stream()?.decrypt(n, self.is_last(n), sealed).ok()
    }

    /// The file, where the chunks are its own, whole and in order.
    pub fn open<'c>(&self, chunks: impl Iterator<Item = &'c [u8]>) -> Option<Vec<u8>> {
        let mut file = Vec::new();
        let mut next = 0;
        for sealed in chunks {
            file.append(&mut self.open_chunk(next, sealed)?);
            next += 1;
        }
        let is_whole = next == self.chunks() && u64::try_from(file.len()) == Ok(self.bytes);
        (is_whole && Sha256::digest(&file).as_slice() == self.digest.0).then_some(file)
    }
}

impl<P: Platform> Client<P> {
    /// Takes a message with a file: once this returns, a crash of the app does not lose it. The file
    /// is uploaded by [`Client::tend_files`], and the message leaves behind it.
    ///
    /// A STAT message does not wait for a file: its words leave at once as a message of their own, which
    /// is the one that is given, and the file follows as an answer to it.
    ///
    /// # Errors
    /// When the file is none that is sent, or the conversation is not on this device.
    pub async fn attach(
        &mut self,
        group: GroupId,
        file: NewFile,
        text: &str,
        priority: Priority,
        reply_to: Option<MessageId>,
        expires: Option<Expiry>,
    ) -> Result<Queued, ClientError> {
        if text.len() > MAX_TEXT {
            return Err(ClientError::Invalid("the text is too long for one message"));
        }
        if conversation::record(self.vault()?, group).is_none() {
            return Err(ClientError::Invalid(
                "there is no such conversation on this device",
            ));
        }
        let Some(kind) = AttachmentKind::of(&file.mime) else {
            return Err(ClientError::Invalid(
                "only photos, PDF documents and voice notes can be sent",
            ));
        };
        // Whichever client takes the picture, where it was taken stays here.
        let bytes = pictures::bare(&file.mime, &file.bytes.0).map(Zeroizing::new);
        let bytes = bytes.ok_or(ClientError::Invalid("the picture cannot be read"))?;
        let thumbnail = file
            .thumbnail
            .map(|small| pictures::bare("image/jpeg", &small.0).map(B64))
            .map(|small| small.ok_or(ClientError::Invalid("the picture cannot be read")))
            .transpose()?;
        let attachment = Attachment {
            id: AttachmentId::from_random(random_bytes(&self.platform)),
            key: random_bytes::<32>(&self.platform).into(),
            digest: Sha256::digest(&*bytes).as_slice().into(),
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            kind,
            mime: file.mime,
            name: file.name,
            pixels: file.pixels,
            seconds: file.seconds,
            thumbnail,
        };
        if !attachment.is_valid() {
            return Err(ClientError::Invalid(
                "the file is empty or too large, or its name cannot be used",
            ));
        }
        let chunks = attachment
            .seal(&bytes)
            .ok_or(ClientError::Invalid("the file could not be sealed"))?;
        let mentions = self.named_in(group, text)?;
        let now = self.platform.now_ms();
        let local = Local {
            upload: Some(group),
            done: 0,
            bytes: attachment.sealed_bytes(),
            used_at: now,
        };
        let vault = &mut self.opened()?.vault;
        put_local(vault, attachment.id, &local);
        for (n, chunk) in (0..).zip(chunks) {
            vault.put_bytes(chunk_name(attachment.id, n), chunk);
        }
        let mut message = Outgoing {
            id: MessageId::from_random(random_bytes(&self.platform)),
            group,
            text: text.to_owned(),
            priority,
            reply_to,
            written_at: now,
            sealed: None,
            problem: None,
            history: None,
            only_for: None,
            mentions,
            change: None,
            form: None,
            forwarded: None,
            attachment: Some(attachment),
            reference: None,
            expires,
        };
        // The file and its message are one durable write.
        if priority != Priority::Stat {
            return self.queue(message).await;
        }
        let id = MessageId::from_random(random_bytes(&self.platform));
        let mut words = std::mem::take(&mut message.text);
        if words.trim().is_empty() {
            words = [kind.label(), " follows."].concat();
        }
        let page = Outgoing {
            reply_to,
            expires,
            ..self.outgoing(id, group, words, None, priority)?
        };
        message.mentions.clear();
        message.priority = Priority::Routine;
        message.reply_to = Some(id);
        self.queue_all(vec![page, message]).await?;
        Ok(Queued {
            id,
            group,
            seq: None,
        })
    }

    /// Takes one step of what is to be done with files: deletes what was recalled or gone, else uploads
    /// a chunk. Gives whether there may be more to be done; once there is not, [`Client::deliver`] sends
    /// the messages whose files are all there.
    ///
    /// # Errors
    /// When the hospital cannot be reached, or the store is locked; the same step is taken again.
    pub async fn tend_files(&mut self) -> Result<bool, ClientError> {
        if self.delete_one().await? {
            return Ok(true);
        }
        let vault = self.vault()?;
        let waiting = outbox(vault).into_iter().find(|message| {
            let file = message.attachment.as_ref();
            message.problem.is_none() && file.is_some_and(|file| is_uploading(vault, file.id))
        });
        let Some(message) = waiting else {
            return Ok(false);
        };
        let Some(file) = message.attachment.clone() else {
            return Ok(false);
        };
        match self.upload_chunk(message.group, &file).await {
            Ok(()) => {}
            Err(ClientError::Problem(problem))
                if problem.status < 500 && !matches!(problem.status, 401 | 429) =>
            {
                self.opened()?.uploads.remove(&file.id);
                // It took a day to come back, and the upload is gone: it begins anew.
                if problem.name() != "not-found" || !has_begun(self.vault()?, file.id) {
                    let failed = Outgoing {
                        problem: Some(*problem),
                        ..message
                    };
                    put_outgoing(&mut self.opened()?.vault, &failed);
                } else {
                    set_done(&mut self.opened()?.vault, file.id, 0);
                }
                self.flush().await?;
            }
            Err(error) => {
                self.opened()?.uploads.remove(&file.id);
                return Err(error);
            }
        }
        self.platform.emit(Event::Messages {
            group: message.group,
        });
        Ok(true)
    }

    /// Fetches one more chunk of a message's file; gives how far it is. Nothing is stored that its
    /// sender did not seal in that place.
    ///
    /// # Errors
    /// When the message has no file, or a chunk is refused or was changed.
    pub async fn fetch_file(
        &mut self,
        group: GroupId,
        id: MessageId,
    ) -> Result<Fetched, ClientError> {
        let file = self.file_of(group, id)?;
        let chunks = file.chunks();
        let vault = self.vault()?;
        let is_here = |n: &u32| vault.bytes(&chunk_name(file.id, *n)).is_some();
        let Some(next) = (0..chunks).find(|n| !is_here(n)) else {
            return Ok(Fetched {
                done: chunks,
                chunks,
            });
        };
        let path = chunk_path(file.id, next);
        let chunk: AttachmentChunk = self.api.get(&self.platform, &path).await?;
        file.open_chunk(next, &chunk.body.0).ok_or(FORGED)?;
        let now = self.platform.now_ms();
        let vault = &mut self.opened()?.vault;
        let mut local = local(vault, file.id).unwrap_or(Local {
            upload: None,
            done: 0,
            bytes: 0,
            used_at: now,
        });
        local.bytes += u64::try_from(chunk.body.0.len()).unwrap_or(0);
        local.done += 1;
        local.used_at = now;
        put_local(vault, file.id, &local);
        vault.put_bytes(chunk_name(file.id, next), chunk.body.0);
        make_room(vault, file.id);
        self.flush().await?;
        Ok(Fetched {
            done: local.done.min(chunks),
            chunks,
        })
    }

    /// The file of a message, once all of it is here.
    ///
    /// # Errors
    /// When it is not here yet, or is not what its sender sent.
    pub fn file(&mut self, group: GroupId, id: MessageId) -> Result<Vec<u8>, ClientError> {
        let file = self.file_of(group, id)?;
        let vault = self.vault()?;
        let chunks: Option<Vec<&[u8]>> = (0..file.chunks())
            .map(|n| vault.bytes(&chunk_name(file.id, n)))
            .collect();
        let chunks = chunks.ok_or(ClientError::Invalid("the file is not on this device yet"))?;
        file.open(chunks.into_iter()).ok_or(FORGED)
    }

    /// What a message says of its file.
    ///
    /// # Errors
    /// When there is no such message here, or it has no file any more.
    pub fn file_of(&mut self, group: GroupId, id: MessageId) -> Result<Attachment, ClientError> {
        let on_its_way = outbox(self.vault()?).into_iter().find(|m| m.id == id);
        if let Some(message) = on_its_way {
            return message.attachment.ok_or(MISSING);
        }
        let me = self.profile()?.user.id;
        let now = self.server_now();
        let open = self.opened()?;
        let place = open.known.place(&open.vault, group, id).ok_or(MISSING)?;
        message_at(&open.vault, group, place)
            .filter(|message| !is_gone(message, me, now))
            .and_then(|message| message.attachment)
            .ok_or(MISSING)
    }

    /// Drops every file that is not still to be sent: this device may keep none.
    pub(crate) async fn drop_files(&mut self) -> Result<(), ClientError> {
        let Ok(open) = self.opened() else {
            return Ok(());
        };
        for (id, local) in locals(&open.vault) {
            if local.upload.is_none() {
                drop_local(&mut open.vault, id);
            }
        }
        self.flush().await
    }

    /// Asks the hospital to delete what is to be; gives whether there was anything.
    async fn delete_one(&mut self) -> Result<bool, ClientError> {
        let vault = self.vault()?;
        let next = vault.range(DELETIONS).next();
        let Some(name) = next.map(|(name, _)| name.to_owned()) else {
            return Ok(false);
        };
        let id = name.strip_prefix(DELETIONS).unwrap_or_default();
        let mut path = ["/v1/attachments/", id].concat();
        if let Some(Some(group)) = vault.get::<Option<GroupId>>(&name) {
            path = [&path, "?group=", &group.to_string()].concat();
        }
        match self.api.call(&self.platform, "DELETE", &path, None).await {
            Err(error) if error.is_transient() => return Err(error),
            // What is not there, or not this person's any more, needs no second word.
            Ok(_) | Err(_) => {}
        }
        self.opened()?.vault.delete(&name);
        self.flush().await?;
        Ok(true)
    }

    /// Uploads a chunk that the hospital lacks.
    async fn upload_chunk(&mut self, group: GroupId, file: &Attachment) -> Result<(), ClientError> {
        let known = self.opened()?.uploads.get(&file.id).cloned();
        let mut missing = if let Some(missing) = known {
            missing
        } else {
            let create = AttachmentCreate {
                id: file.id,
                bytes: file.sealed_bytes(),
            };
            let path = ["/v1/groups/", &group.to_string(), "/attachments"].concat();
            let begun: AttachmentInfo = self.api.post(&self.platform, &path, &create).await?;
            begun.missing
        };
        if let Some(next) = missing.first().copied() {
            let vault = self.vault()?;
            let body = vault.bytes(&chunk_name(file.id, next)).ok_or(MISSING)?;
            let body =
                serde_json::to_vec(&AttachmentChunk { body: body.into() }).map_err(|_| MISSING)?;
            let path = chunk_path(file.id, next);
            self.api
                .call(&self.platform, "PUT", &path, Some(body))
                .await?;
            missing.remove(0);
        }
        let left = u32::try_from(missing.len()).unwrap_or(u32::MAX);
        let open = self.opened()?;
        set_done(&mut open.vault, file.id, file.chunks().saturating_sub(left));
        if left == 0 {
            open.uploads.remove(&file.id);
            if let Some(mut local) = local(&open.vault, file.id) {
                local.upload = None;
                put_local(&mut open.vault, file.id, &local);
            }
            make_room(&mut open.vault, file.id);
        } else {
            open.uploads.insert(file.id, missing);
        }
        self.flush().await
    }
}

/// A message lost its file: what is here of it goes, and where this person sent it, the hospital is
/// asked to delete it, which keeps the ciphertext for as long as the record keeper keeps the message.
pub(crate) fn forget(vault: &mut Vault, file: &Attachment, mine: bool) {
    drop_local(vault, file.id);
    if mine {
        delete_at_hospital(vault, file.id);
    }
}

/// The hospital is asked to delete a file, with one of the next steps.
pub(crate) fn delete_at_hospital(vault: &mut Vault, id: AttachmentId) {
    vault.put([DELETIONS, &id.to_string()].concat(), &());
}

/// The same of what retention ended, by a record keeper: of this conversation or not at all.
pub(crate) fn end_at_hospital(vault: &mut Vault, id: AttachmentId, group: GroupId) {
    vault.put([DELETIONS, &id.to_string()].concat(), &Some(group));
}

/// Whether a file is still to be uploaded from here.
pub(crate) fn is_uploading(vault: &Vault, id: AttachmentId) -> bool {
    local(vault, id).is_some_and(|local| local.upload.is_some())
}

/// A file as it is drawn.
pub(crate) fn view(vault: &Vault, file: &Attachment) -> AttachmentView {
    let local = local(vault, file.id);
    AttachmentView {
        id: file.id,
        kind: file.kind,
        mime: file.mime.clone(),
        name: file.name.clone(),
        bytes: file.bytes,
        pixels: file.pixels,
        seconds: file.seconds,
        thumbnail: file.thumbnail.clone(),
        chunks: file.chunks(),
        done: local.as_ref().map_or(0, |local| local.done),
        uploading: local.is_some_and(|local| local.upload.is_some()),
    }
}

/// Whether any chunk of an upload has arrived.
fn has_begun(vault: &Vault, id: AttachmentId) -> bool {
    local(vault, id).is_some_and(|local| local.done > 0)
}

fn set_done(vault: &mut Vault, id: AttachmentId, done: u32) {
    if let Some(mut local) = local(vault, id) {
        local.done = done;
        put_local(vault, id, &local);
    }
}

/// Drops files, those that were looked at longest ago first, until the rest has room; what is still to
/// be uploaded stays, and the one at hand.
fn make_room(vault: &mut Vault, at_hand: AttachmentId) {
    let mut all = locals(vault);
    all.retain(|(_, local)| local.upload.is_none());
    let mut bytes: u64 = all.iter().map(|(_, local)| local.bytes).sum();
    all.sort_by_key(|(_, local)| local.used_at);
    for (id, local) in all {
        if bytes <= MOST_KEPT {
            return;
        }
        if id != at_hand {
            drop_local(vault, id);
            bytes -= local.bytes;
        }
    }
}

fn local(vault: &Vault, id: AttachmentId) -> Option<Local> {
    vault.get(&local_name(id))
}

fn locals(vault: &Vault) -> Vec<(AttachmentId, Local)> {
    vault
        .range(FILES)
        .filter_map(|(name, value)| {
            // The names of chunks go on behind the id, and are none.
            let id = name.strip_prefix(FILES)?.parse().ok()?;
            Some((id, serde_json::from_slice(value).ok()?))
        })
        .collect()
}

fn put_local(vault: &mut Vault, id: AttachmentId, local: &Local) {
    vault.put(local_name(id), local);
}

pub(crate) fn drop_local(vault: &mut Vault, id: AttachmentId) {
    let name = local_name(id);
    let names: Vec<String> = vault
        .range(&name)
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in names {
        vault.delete(&name);
    }
}

fn local_name(id: AttachmentId) -> String {
    [FILES, &id.to_string()].concat()
}

fn chunk_name(id: AttachmentId, n: u32) -> String {
    [local_name(id).as_str(), "/", &n.to_string()].concat()
}

fn chunk_path(id: AttachmentId, n: u32) -> String {
    [
        "/v1/attachments/",
        &id.to_string(),
        "/chunks/",
        &n.to_string(),
    ]
    .concat()
}

/// A name that can be shown, and be a file's in a folder.
fn is_name(name: &str) -> bool {
    let misleads = |c: char| {
        c.is_control()
            || matches!(c, '/' | '\\' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    !name.is_empty() && name.len() <= MAX_NAME && !name.starts_with('.') && !name.contains(misleads)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A photo as a message has it.
    pub(crate) fn photo() -> Attachment {
        of(&[7; 1000])
    }

    fn of(file: &[u8]) -> Attachment {
        Attachment {
            id: AttachmentId::from_bytes([5; 16]),
            key: [6; 32].into(),
            digest: Sha256::digest(file).as_slice().into(),
            bytes: u64::try_from(file.len()).unwrap(),
            kind: AttachmentKind::Photo,
            mime: "image/jpeg".to_owned(),
            name: "Photo.jpg".to_owned(),
            pixels: Some((1600, 1200)),
            seconds: None,
            thumbnail: Some(vec![0xFF, 0xD8].into()),
        }
    }

    fn opened(attachment: &Attachment, chunks: &[Vec<u8>]) -> Option<Vec<u8>> {
        attachment.open(chunks.iter().map(Vec::as_slice))
    }

    /// Two whole chunks and a bit.
    fn three() -> (Vec<u8>, Attachment, Vec<Vec<u8>>) {
        let size = usize::try_from(CHUNK_BYTES).unwrap();
        let file: Vec<u8> = (0..2 * size + 9)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        let attachment = of(&file);
        let chunks = attachment.seal(&file).unwrap();
        assert_eq!(chunks.len(), 3);
        (file, attachment, chunks)
    }

    #[test]
    fn a_file_arrives_as_it_was_sent_and_no_chunk_shows_it() {
        let (file, attachment, chunks) = three();
        assert_eq!(opened(&attachment, &chunks).unwrap(), file);
        let sealed: usize = chunks.iter().map(Vec::len).sum();
        assert_eq!(u64::try_from(sealed).unwrap(), attachment.sealed_bytes());
        assert!(!chunks[0].windows(16).any(|w| w == &file[..16]));
        let size = usize::try_from(CHUNK_BYTES).unwrap();
        for length in [1, size - 1, size, size + 1] {
            let file = vec![3; length];
            let attachment = of(&file);
            let chunks = attachment.seal(&file).unwrap();
            assert_eq!(opened(&attachment, &chunks).unwrap(), file);
        }
    }

    #[test]
    fn no_chunk_can_be_left_out_swapped_repeated_changed_or_cut() {
        let (_, attachment, chunks) = three();
        let refused = |chunks: &[Vec<u8>]| assert!(opened(&attachment, chunks).is_none());
        refused(&[]);
        refused(&chunks[..2]);
        refused(&chunks[1..]);
        refused(&[chunks[0].clone(), chunks[2].clone()]);
        refused(&[chunks[1].clone(), chunks[0].clone(), chunks[2].clone()]);
        refused(&[chunks[0].clone(), chunks[0].clone(), chunks[2].clone()]);
        let mut more = chunks.clone();
        more.push(chunks[2].clone());
        refused(&more);
        for at in 0..3 {
            let mut changed = chunks.clone();
            changed[at][100 % chunks[at].len()] ^= 1;
            refused(&changed);
            let mut cut = chunks.clone();
            cut[at].pop();
            refused(&cut);
        }
    }

    #[test]
    fn a_shorter_file_cannot_be_made_of_a_longer_one() {
        let (file, attachment, chunks) = three();
        let size = usize::try_from(CHUNK_BYTES).unwrap();
        // Whoever says that it ends sooner, by the very digest of that, has no last chunk for it.
        let shorter = Attachment {
            bytes: 2 * CHUNK_BYTES,
            digest: Sha256::digest(&file[..2 * size]).as_slice().into(),
            ..attachment.clone()
        };
        assert!(opened(&shorter, &chunks[..2]).is_none());
        let digest = Attachment {
            digest: [0; 32].into(),
            ..attachment
        };
        assert!(opened(&digest, &chunks).is_none(), "another file's digest");
    }

    #[test]
    fn another_files_key_opens_nothing() {
        let (_, attachment, chunks) = three();
        let other = Attachment {
            key: [9; 32].into(),
            ..attachment
        };
        assert!(other.open_chunk(0, &chunks[0]).is_none());
    }

    #[test]
    fn neither_key_nor_name_is_written_into_a_log() {
        let written = format!("{:?}", photo());
        assert!(
            !written.contains("Photo.jpg") && !written.contains("key"),
            "{written}"
        );
    }

    proptest! {
        #[test]
        fn foreign_chunks_never_open(n: u32, bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(photo().open_chunk(n, &bytes).is_none());
        }
    }
}
