//! Attachments of messages, as the server has them: ciphertext in chunks, for the devices of one
//! conversation. What a file is called, of which type it is and the key to it stand in the message
//! alone. The server is given no digest: that of a file would tell which file it is, and that of the
//! ciphertext says nothing that its receivers do not check themselves.

use super::wire;
use crate::{AttachmentId, B64, GroupId, UserId};

/// Bytes of a file in each chunk but the last: what a bad line carries within the time that an app waits
/// for an answer.
pub const CHUNK_BYTES: u64 = 128 * 1024;
/// Bytes by which sealing makes a chunk longer: the tag of AES-GCM.
pub const SEAL_BYTES: u64 = 16;
/// Bytes of each chunk but the last, as it is uploaded.
pub const SEALED_CHUNK_BYTES: u64 = CHUNK_BYTES + SEAL_BYTES;
/// The largest attachment that any hospital can allow, bytes of the file.
pub const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// How many chunks an attachment of so many bytes, as uploaded, has; `None` where no file becomes
/// that long by being sealed.
pub fn chunks_of(sealed_bytes: u64) -> Option<u32> {
    let last = sealed_bytes % SEALED_CHUNK_BYTES;
    let is_whole = last == 0 || last > SEAL_BYTES;
    let chunks = sealed_bytes.div_ceil(SEALED_CHUNK_BYTES);
    (sealed_bytes > 0 && is_whole).then(|| u32::try_from(chunks).ok())?
}

/// How many bytes a chunk of an attachment has, as uploaded; `None` behind the last.
pub fn chunk_bytes(sealed_bytes: u64, n: u32) -> Option<u64> {
    let before = u64::from(n).checked_mul(SEALED_CHUNK_BYTES)?;
    let rest = sealed_bytes.checked_sub(before)?;
    (rest > 0).then(|| rest.min(SEALED_CHUNK_BYTES))
}

/// How many bytes the file has.
pub fn file_bytes(sealed_bytes: u64) -> u64 {
    let seals = sealed_bytes.div_ceil(SEALED_CHUNK_BYTES) * SEAL_BYTES;
    sealed_bytes.saturating_sub(seals)
}

wire! {
    /// `POST /v1/groups/{id}/attachments`.
    pub struct AttachmentCreate {
        /// Chosen by the device; the same again is answered as it was the first time.
        pub id: AttachmentId,
        /// Bytes of all chunks together, as they are going to be uploaded.
        pub bytes: u64,
    }
}
wire! {
    /// `GET /v1/attachments/{id}`: how far an upload has come.
    pub struct AttachmentInfo {
        /// Which one.
        pub id: AttachmentId,
        /// Its conversation.
        pub group: GroupId,
        /// Who uploads it.
        pub sender: UserId,
        /// Bytes of all chunks together, as uploaded.
        pub bytes: u64,
        /// How many chunks it has.
        pub chunks: u32,
        /// Those that are not there yet, counted from 0; empty once it is whole.
        pub missing: Vec<u32>,
    }
}
wire! {
    /// `PUT /v1/attachments/{id}/chunks/{n}`, and the answer to its GET.
    pub struct AttachmentChunk {
        /// The ciphertext.
        pub body: B64,
    }
}
wire! {
    /// What a device may do with attachments.
    pub struct AttachmentUse {
        /// Whether its program lets files be kept on it.
        pub allowed: bool,
        /// The largest file, bytes.
        pub max_bytes: u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_one_division_into_chunks() {
        assert_eq!(chunks_of(0), None);
        assert_eq!(chunks_of(SEAL_BYTES), None, "a chunk without a file in it");
        assert_eq!(chunks_of(SEAL_BYTES + 1), Some(1));
        assert_eq!(chunks_of(SEALED_CHUNK_BYTES), Some(1));
        assert_eq!(chunks_of(SEALED_CHUNK_BYTES + SEAL_BYTES), None);
        assert_eq!(chunks_of(SEALED_CHUNK_BYTES + 17), Some(2));
        assert_eq!(chunks_of(u64::MAX), None);
        let sealed = 2 * SEALED_CHUNK_BYTES + 20;
        let lengths: Vec<_> = (0..4).map(|n| chunk_bytes(sealed, n)).collect();
        let full = Some(SEALED_CHUNK_BYTES);
        assert_eq!(lengths, [full, full, Some(20), None]);
        assert_eq!(file_bytes(sealed), 2 * CHUNK_BYTES + 4);
        assert_eq!(chunk_bytes(SEALED_CHUNK_BYTES, 1), None);
        assert_eq!(chunk_bytes(u64::MAX, u32::MAX), Some(SEALED_CHUNK_BYTES));
    }
}
