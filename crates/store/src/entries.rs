//! The log of a conversation: what was said, and how the group changed, in one order.

use wardline_model::wire::messages::{Entry, EntryKind, Priority};
use wardline_model::{B64, DeviceId, GroupId, MessageId, UserId};

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

row! {
    struct Raw {
        seq: u64,
        kind: EntryKind,
        message_id: Option<MessageId>,
        sender_device: Option<DeviceId>,
        sender_user: Option<UserId>,
        epoch: u64,
        priority: Priority,
        sent_at: u64,
        body: Vec<u8>,
    }
}

impl From<Raw> for Entry {
    fn from(raw: Raw) -> Self {
        Self {
            seq: raw.seq,
            kind: raw.kind,
            id: raw.message_id,
            sender_device: raw.sender_device,
            sender: raw.sender_user,
            epoch: raw.epoch,
            priority: raw.priority,
            sent_at: raw.sent_at,
            body: B64(raw.body),
        }
    }
}

impl Tx {
    /// Entries after a place, in order: at most `limit`, and no more of them than [`PAGE_BYTES`]
    /// hold, though always one where there is one.
    pub async fn entries_after(
        &mut self,
        group: GroupId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let up_to = if limit <= FEW {
            i64::MAX
        } else {
            self.page_end(group, after, limit).await?
        };
        let rows: Vec<Raw> = fetch_all!(
            self,
            Raw,
            "SELECT seq, kind, message_id, sender_device, sender_user, epoch, priority, sent_at,
                 body
             FROM entries WHERE group_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
            group,
            after,
            up_to,
            limit
        )?;
        Ok(rows.into_iter().map(Entry::from).collect())
    }

    /// The place of the last entry that fits into a page.
    async fn page_end(
        &mut self,
        group: GroupId,
        after: u64,
        limit: u32,
    ) -> Result<i64, StoreError> {
        let sizes: Vec<(i64, i64)> = fetch_all!(
            self,
            (i64, i64),
            "SELECT seq, CAST(LENGTH(body) AS BIGINT) FROM entries
             WHERE group_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            group,
            after,
            limit
        )?;
        let mut bytes = 0;
        let fits = sizes.iter().take_while(|(_, size)| {
            let first = bytes == 0;
            bytes += size;
            first || bytes <= PAGE_BYTES
        });
        Ok(fits.last().map_or(i64::MAX, |(seq, _)| *seq))
    }

    /// One message by its id.
    pub async fn entry_of_message(
        &mut self,
        group: GroupId,
        message: MessageId,
    ) -> Result<Option<Entry>, StoreError> {
        let row = fetch_optional!(
            self,
            Raw,
            "SELECT seq, kind, message_id, sender_device, sender_user, epoch, priority, sent_at,
                 body
             FROM entries WHERE group_id = $1 AND message_id = $2",
            group,
            message
        )?;
        Ok(row.map(Entry::from))
    }

    /// Writes an entry that is no message; its place must be the next one.
    pub(crate) async fn put_entry(
        &mut self,
        group: GroupId,
        entry: &Entry,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO entries (group_id, seq, kind, message_id, sender_device, sender_user,
                 epoch, priority, sent_at, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            group,
            entry.seq,
            entry.kind,
            entry.id,
            entry.sender_device,
            entry.sender,
            entry.epoch,
            entry.priority,
            entry.sent_at,
            entry.body.as_ref()
        )?;
        Ok(())
    }
}

/// The bodies of one answer, bytes: a page of history from the record keeper takes up to 256 KiB.
const PAGE_BYTES: i64 = 4 * 1024 * 1024;
/// So few entries are read without asking for their sizes first.
const FEW: u32 = 4;
