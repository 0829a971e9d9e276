//! Invitations to enrol a device: single use, few attempts, fifteen minutes.

use wardline_model::{InviteId, UserId};
use wardline_seal::BlindIndex;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

row! {
    /// An invitation. Its secrets are keyed hashes, see [`BlindIndex::hash`].
    pub struct Invite {
        /// The invitation.
        pub invite_id: InviteId,
        /// Who is invited.
        pub user_id: UserId,
        /// The slug of the device program, such as `byod`.
        pub program: String,
        /// The serial number of the registered device that is handed out.
        pub serial: Option<String>,
        /// Whether it is the console's first one, whose device may endorse itself.
        pub genesis: bool,
        /// Whether the device needs no confirmation by another one (the demo's pre-confirmed).
        pub confirmed: bool,
        /// Keyed hash of the link's secret.
        pub link_hash: [u8; 32],
        /// Keyed hash of the secret to type.
        pub typed_hash: [u8; 32],
        /// The officer who invited; absent for the console.
        pub invited_by: Option<UserId>,
        /// When it ends, unix milliseconds.
        pub expires_at: u64,
        /// Wrong guesses left.
        pub attempts_left: u32,
        /// Thumbprint of the device key that used it.
        pub consumed_jkt: Option<[u8; 32]>,
    }
}

row! {
    /// An invitation from which no device has come yet.
    pub struct OpenInvite {
        /// The invitation.
        pub invite_id: InviteId,
        /// Who is invited.
        pub user_id: UserId,
        /// The slug of the device program.
        pub program: String,
        /// The serial number of the registered device that is handed out.
        pub serial: Option<String>,
        /// When it was made, unix milliseconds.
        pub created_at: u64,
        /// When it ends, unix milliseconds.
        pub expires_at: u64,
        /// When a device presented its code, unix milliseconds.
        pub consumed_at: Option<u64>,
    }
}

row! {
    struct InviteRow {
        invite_id: InviteId,
    }
}

impl Invite {
    /// Whether a presented secret, hashed under the same key, is one of the two; in constant time.
    pub fn opens_with(&self, hash: &[u8; 32]) -> bool {
        BlindIndex::same(&self.link_hash, hash) | BlindIndex::same(&self.typed_hash, hash)
    }
}

/// An invitation to be written.
#[derive(Debug, Clone)]
pub struct NewInvite {
    /// The invitation.
    pub invite_id: InviteId,
    /// The public handle that both forms of the code begin with.
    pub handle: String,
    /// Who is invited.
    pub user_id: UserId,
    /// The device program.
    pub program: String,
    /// The serial number of the registered device that is handed out.
    pub serial: Option<String>,
    /// Whether it is the console's first one, whose device may endorse itself.
    pub genesis: bool,
    /// Whether the device needs no confirmation by another one.
    pub confirmed: bool,
    /// Keyed hash of the link's secret.
    pub link_hash: [u8; 32],
    /// Keyed hash of the secret to type.
    pub typed_hash: [u8; 32],
    /// The officer who invites; absent for the console.
    pub invited_by: Option<UserId>,
    /// When it ends, unix milliseconds.
    pub expires_at: u64,
    /// How many wrong guesses it bears.
    pub attempts: u32,
}

/// What became of using an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumed {
    /// It is this key's now.
    First,
    /// This key used it before; a repeated request may go on.
    Again,
    /// Another key used it, it has ended, or too many guesses were made.
    No,
}

impl Tx {
    /// Writes an invitation. A dead one that has the same handle gives it up; false when a live one
    /// has it: draw another.
    pub async fn create_invite(
        &mut self,
        new: &NewInvite,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        execute!(
            self,
            "UPDATE invites SET handle = NULL WHERE handle = $1 AND expires_at <= $2",
            new.handle,
            now_ms
        )?;
        let made = execute!(
            self,
            "INSERT INTO invites (invite_id, handle, user_id, program, genesis, confirmed,
                 link_hash, typed_hash, invited_by, created_at, expires_at, attempts_left, serial)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (handle) DO NOTHING",
            new.invite_id,
            new.handle,
            new.user_id,
            new.program,
            new.genesis,
            new.confirmed,
            new.link_hash,
            new.typed_hash,
            new.invited_by,
            now_ms,
            new.expires_at,
            new.attempts,
            new.serial
        )?;
        Ok(made == 1)
    }

    /// Finds the invitation of a handle, dead or alive, and makes other guesses at it wait until
    /// this transaction ends: so no two are judged by the same count of attempts.
    pub async fn invite_for_attempt(&mut self, handle: &str) -> Result<Option<Invite>, StoreError> {
        self.lock_invite(handle).await?;
        fetch_optional!(
            self,
            Invite,
            "SELECT invite_id, user_id, program, serial, genesis, confirmed, link_hash, typed_hash,
                 invited_by, expires_at, attempts_left, consumed_jkt
             FROM invites WHERE handle = $1",
            handle
        )
    }

    /// Looks an invitation up by its id.
    pub async fn invite(&mut self, id: InviteId) -> Result<Option<Invite>, StoreError> {
        fetch_optional!(
            self,
            Invite,
            "SELECT invite_id, user_id, program, serial, genesis, confirmed, link_hash, typed_hash,
                 invited_by, expires_at, attempts_left, consumed_jkt
             FROM invites WHERE invite_id = $1",
            id
        )
    }

    /// Counts a wrong guess; gives how many are left.
    pub async fn count_attempt(&mut self, id: InviteId) -> Result<u32, StoreError> {
        let left: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "UPDATE invites SET attempts_left = attempts_left - 1
             WHERE invite_id = $1 AND attempts_left > 0 RETURNING attempts_left",
            id
        )?;
        left.map_or(Ok(0), |(left,)| {
            left.try_into()
                .map_err(|_| StoreError::Corrupt("invites.attempts_left"))
        })
    }

    /// Uses an invitation for a device key, once.
    pub async fn consume_invite(
        &mut self,
        id: InviteId,
        jkt: &[u8; 32],
        now_ms: u64,
    ) -> Result<Consumed, StoreError> {
        let first = execute!(
            self,
            "UPDATE invites SET consumed_at = $3, consumed_jkt = $2
             WHERE invite_id = $1 AND consumed_at IS NULL AND attempts_left > 0
                 AND expires_at > $3",
            id,
            jkt,
            now_ms
        )?;
        if first == 1 {
            return Ok(Consumed::First);
        }
        let again: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT consumed_at FROM invites WHERE invite_id = $1 AND consumed_jkt = $2
                 AND attempts_left > 0 AND expires_at > $3",
            id,
            jkt,
            now_ms
        )?;
        Ok(if again.is_some() {
            Consumed::Again
        } else {
            Consumed::No
        })
    }

    /// Invitations from which a device may still come after a time (unix milliseconds), the newest
    /// first.
    pub async fn open_invites(&mut self, now_ms: u64) -> Result<Vec<OpenInvite>, StoreError> {
        fetch_all!(
            self,
            OpenInvite,
            "SELECT invite_id, user_id, program, serial, created_at, expires_at, consumed_at
             FROM invites
             WHERE attempts_left > 0 AND expires_at > $1 AND NOT EXISTS (
                 SELECT 1 FROM enrollments e
                 WHERE e.invite_id = invites.invite_id AND e.finished_at IS NOT NULL)
             ORDER BY created_at DESC, invite_id",
            now_ms
        )
    }

    /// Ends an invitation, and the enrolment that was begun with it; false where it had ended, or a
    /// device has come from it.
    pub async fn cancel_invite(&mut self, id: InviteId, now_ms: u64) -> Result<bool, StoreError> {
        // Whoever begins waits for the first of these, whoever finishes for the second, and so the
        // third sees either the device, or an end that nobody can pass.
        self.lock_invite_by_id(id).await?;
        execute!(
            self,
            "UPDATE enrollments SET expires_at = $2
             WHERE invite_id = $1 AND finished_at IS NULL AND expires_at > $2",
            id,
            now_ms
        )?;
        let ended = execute!(
            self,
            "UPDATE invites SET expires_at = $2, handle = NULL
             WHERE invite_id = $1 AND expires_at > $2 AND NOT EXISTS (
                 SELECT 1 FROM enrollments e
                 WHERE e.invite_id = invites.invite_id AND e.finished_at IS NOT NULL)",
            id,
            now_ms
        )?;
        Ok(ended == 1)
    }

    /// Ends a person's open invitations as [`Self::cancel_invite`] does, so that only a new one
    /// counts; gives how many.
    pub async fn cancel_invites(&mut self, user: UserId, now_ms: u64) -> Result<u64, StoreError> {
        // In one order everywhere, so that two nodes never wait for each other.
        let open: Vec<InviteRow> = fetch_all!(
            self,
            InviteRow,
            "SELECT invite_id FROM invites WHERE user_id = $1 AND expires_at > $2
             ORDER BY invite_id",
            user,
            now_ms
        )?;
        let mut ended = 0;
        for InviteRow { invite_id } in open {
            ended += u64::from(self.cancel_invite(invite_id, now_ms).await?);
        }
        Ok(ended)
    }
}
