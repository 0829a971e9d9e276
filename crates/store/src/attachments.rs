//! Attachments of messages, in chunks.
//!
//! What the chunks hold is ciphertext under a key that no server has, so it is stored as it comes. A row
//! outlives its chunks for a while: what somebody uploads and deletes counts against their day. The
//! other way about, what was taken back in a conversation that a record keeper keeps is over for
//! everybody, and its chunks stay until the keeper has destroyed the message.

use wardline_model::{AttachmentId, DeviceId, GroupId, UserId};

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_one, fetch_optional, row};
use crate::store::Tx;

row! {
    /// An attachment, without its chunks.
    pub struct Attachment {
        /// Which one.
        pub attachment_id: AttachmentId,
        /// Its conversation.
        pub group_id: GroupId,
        /// Who uploads it.
        pub user_id: UserId,
        /// The device that does.
        pub device_id: DeviceId,
        /// Bytes of all chunks.
        pub bytes: u64,
        /// How many chunks it has.
        pub chunks: u32,
        /// How many of them are there.
        pub stored: u32,
        /// When it began, unix milliseconds.
        pub created_at: u64,
        /// When its chunks were deleted, unix milliseconds.
        pub ended_at: Option<u64>,
    }
}

/// An attachment that is going to be uploaded.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// Which one.
    pub attachment_id: AttachmentId,
    /// Its conversation.
    pub group_id: GroupId,
    /// Who uploads it.
    pub user_id: UserId,
    /// The device that does.
    pub device_id: DeviceId,
    /// Bytes of all chunks.
    pub bytes: u64,
    /// How many chunks it has.
    pub chunks: u32,
}

/// What became of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkPut {
    /// It is there now.
    Stored,
    /// It was there already.
    Same,
    /// Another one is there in its place.
    Other,
}

row! {
    struct Chunk {
        body: Vec<u8>,
    }
}

row! {
    struct Number {
        n: u32,
    }
}

impl Tx {
    /// Begins an attachment. False when there is one with the id, which then stays as it is.
    pub async fn create_attachment(
        &mut self,
        new: &NewAttachment,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "INSERT INTO attachments (attachment_id, group_id, user_id, device_id, bytes, chunks,
                 stored, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7) ON CONFLICT (attachment_id) DO NOTHING",
            new.attachment_id,
            new.group_id,
            new.user_id,
            new.device_id,
            new.bytes,
            new.chunks,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// Looks one up, deleted or not.
    pub async fn attachment(&mut self, id: AttachmentId) -> Result<Option<Attachment>, StoreError> {
        fetch_optional!(
            self,
            Attachment,
            "SELECT attachment_id, group_id, user_id, device_id, bytes, chunks, stored, created_at,
                 ended_at
             FROM attachments WHERE attachment_id = $1",
            id
        )
    }

    /// How many bytes a person has begun to upload since a time.
    pub async fn attachment_bytes_since(
        &mut self,
        user: UserId,
        since_ms: u64,
    ) -> Result<u64, StoreError> {
        // SUM of BIGINT is NUMERIC on PostgreSQL.
        let (sum,): (i64,) = fetch_one!(
            self,
            (i64,),
            "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS n FROM attachments
             WHERE user_id = $1 AND created_at >= $2",
            user,
            since_ms
        )?;
        Ok(sum.unsigned_abs())
    }

    /// Stores a chunk of an attachment that was not deleted; `None` when there is no such attachment.
    pub async fn put_attachment_chunk(
        &mut self,
        id: AttachmentId,
        n: u32,
        body: &[u8],
    ) -> Result<Option<ChunkPut>, StoreError> {
        // The row first: whoever deletes the attachment meanwhile waits, or has been before.
        let live = execute!(
            self,
            "UPDATE attachments SET stored = stored
             WHERE attachment_id = $1 AND ended_at IS NULL",
            id
        )?;
        if live == 0 {
            return Ok(None);
        }
        let new = execute!(
            self,
            "INSERT INTO attachment_chunks (attachment_id, n, body) VALUES ($1, $2, $3)
             ON CONFLICT (attachment_id, n) DO NOTHING",
            id,
            n,
            body
        )?;
        if new == 1 {
            execute!(
                self,
                "UPDATE attachments SET stored = stored + 1 WHERE attachment_id = $1",
                id
            )?;
            return Ok(Some(ChunkPut::Stored));
        }
        let there = self.attachment_chunk(id, n).await?;
        Ok(Some(if there.as_deref() == Some(body) {
            ChunkPut::Same
        } else {
            ChunkPut::Other
        }))
    }

    /// A chunk.
    pub async fn attachment_chunk(
        &mut self,
        id: AttachmentId,
        n: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let chunk: Option<Chunk> = fetch_optional!(
            self,
            Chunk,
            "SELECT body FROM attachment_chunks WHERE attachment_id = $1 AND n = $2",
            id,
            n
        )?;
        Ok(chunk.map(|chunk| chunk.body))
    }

    /// The numbers of the chunks that are there, in order.
    pub async fn attachment_chunks(&mut self, id: AttachmentId) -> Result<Vec<u32>, StoreError> {
        let rows: Vec<Number> = fetch_all!(
            self,
            Number,
            "SELECT n FROM attachment_chunks WHERE attachment_id = $1 ORDER BY n",
            id
        )?;
        Ok(rows.into_iter().map(|row| row.n).collect())
    }

    /// Deletes the chunks of an attachment; false when that was done before, or there is none.
    pub async fn end_attachment(
        &mut self,
        id: AttachmentId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let ended = execute!(
            self,
            "UPDATE attachments SET ended_at = $2 WHERE attachment_id = $1 AND ended_at IS NULL",
            id,
            now_ms
        )?;
        if ended == 1 {
            execute!(
                self,
                "DELETE FROM attachment_chunks WHERE attachment_id = $1",
                id
            )?;
        }
        Ok(ended == 1)
    }

    /// Takes a whole attachment back and keeps its chunks, where a record keeper is in its conversation;
    /// false, and nothing has happened, where none is, or where it is not whole or was taken back before.
    pub async fn withdraw_attachment(
        &mut self,
        id: AttachmentId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let ended = execute!(
            self,
            "UPDATE attachments SET ended_at = $2
             WHERE attachment_id = $1 AND ended_at IS NULL AND stored = chunks
                 AND EXISTS (SELECT 1 FROM group_devices m
                     JOIN user_roles r ON r.user_id = m.user_id
                     WHERE m.group_id = attachments.group_id AND r.role = 'record_keeper')",
            id,
            now_ms
        )?;
        Ok(ended == 1)
    }

    /// Ends a conversation's attachment, taken back or not, and deletes its chunks; false where nothing
    /// is left of it.
    pub async fn shred_attachment(
        &mut self,
        id: AttachmentId,
        group: GroupId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let ended = execute!(
            self,
            "UPDATE attachments SET ended_at = $3
             WHERE attachment_id = $1 AND group_id = $2 AND ended_at IS NULL",
            id,
            group,
            now_ms
        )?;
        let deleted = execute!(
            self,
            "DELETE FROM attachment_chunks WHERE attachment_id = $1
                 AND EXISTS (SELECT 1 FROM attachments a
                     WHERE a.attachment_id = $1 AND a.group_id = $2)",
            id,
            group
        )?;
        Ok(ended + deleted > 0)
    }

    /// Attachments that began before a time and are not whole yet, the oldest first.
    pub async fn unfinished_attachments(
        &mut self,
        before_ms: u64,
        limit: u32,
    ) -> Result<Vec<Attachment>, StoreError> {
        fetch_all!(
            self,
            Attachment,
            "SELECT attachment_id, group_id, user_id, device_id, bytes, chunks, stored, created_at,
                 ended_at
             FROM attachments
             WHERE created_at < $1 AND ended_at IS NULL AND stored < chunks
             ORDER BY created_at LIMIT $2",
            before_ms,
            limit
        )
    }

    /// Removes an upload that is not whole, as if it had never begun, so that a device which comes back
    /// begins it anew; false when it is whole by now, or gone.
    pub async fn drop_unfinished_attachment(
        &mut self,
        id: AttachmentId,
    ) -> Result<bool, StoreError> {
        // The row first: whoever uploads meanwhile waits, and finds nothing.
        let ended = execute!(
            self,
            "UPDATE attachments SET ended_at = created_at
             WHERE attachment_id = $1 AND ended_at IS NULL AND stored < chunks",
            id
        )?;
        if ended == 1 {
            for sql in [
                "DELETE FROM attachment_chunks WHERE attachment_id = $1",
                "DELETE FROM attachments WHERE attachment_id = $1",
            ] {
                execute!(self, sql, id)?;
            }
        }
        Ok(ended == 1)
    }

    /// Forgets attachments of which no chunk is left, and that began before a time; gives how many.
    pub async fn forget_attachments(&mut self, before_ms: u64) -> Result<u64, StoreError> {
        execute!(
            self,
            "DELETE FROM attachments WHERE ended_at IS NOT NULL AND created_at < $1
                 AND NOT EXISTS (SELECT 1 FROM attachment_chunks c
                     WHERE c.attachment_id = attachments.attachment_id)",
            before_ms
        )
    }
}
