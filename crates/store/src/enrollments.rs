//! Enrolments under way: between the code and the passkey.

use wardline_model::wire::enroll::Platform;
use wardline_model::{DeviceId, EnrollmentId, InviteId, UserId};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_optional, row};
use crate::store::Tx;

row! {
    /// An enrolment.
    pub struct Enrollment {
        /// The enrolment.
        pub enrollment_id: EnrollmentId,
        /// The id that the device will have, or has.
        pub device_id: DeviceId,
        /// The invitation that it uses.
        pub invite_id: InviteId,
        /// Whose device it becomes.
        pub user_id: UserId,
        /// The device program.
        pub program: String,
        /// Thumbprint of the device key (RFC 7638).
        pub jkt: [u8; 32],
        /// What the person calls the device.
        pub device_name: String,
        /// What runs on it.
        pub platform: Platform,
        /// What an attestation of the device key has to carry.
        pub challenge: Option<[u8; 32]>,
        /// Start, unix milliseconds.
        pub created_at: u64,
        /// When it ends unfinished, unix milliseconds.
        pub expires_at: u64,
        /// When the device came to be, unix milliseconds.
        pub finished_at: Option<u64>,
    }
}

impl Tx {
    /// Writes an enrolment; `state` is the WebAuthn registration under way, sealed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the ids are taken.
    pub async fn create_enrollment(
        &mut self,
        new: &Enrollment,
        state: &[u8],
    ) -> Result<(), StoreError> {
        let sealed = self.seal("enrollments.state", new.enrollment_id.as_bytes(), state)?;
        execute!(
            self,
            "INSERT INTO enrollments (enrollment_id, device_id, invite_id, user_id, program, jkt,
                 device_name, platform, state_sealed, created_at, expires_at, finished_at, challenge)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            new.enrollment_id,
            new.device_id,
            new.invite_id,
            new.user_id,
            new.program,
            new.jkt,
            new.device_name,
            new.platform,
            sealed,
            new.created_at,
            new.expires_at,
            new.finished_at,
            new.challenge
        )?;
        Ok(())
    }

    /// Looks an enrolment up.
    pub async fn enrollment(&mut self, id: EnrollmentId) -> Result<Option<Enrollment>, StoreError> {
        fetch_optional!(
            self,
            Enrollment,
            "SELECT enrollment_id, device_id, invite_id, user_id, program, jkt, device_name,
                 platform, challenge, created_at, expires_at, finished_at
             FROM enrollments WHERE enrollment_id = $1",
            id
        )
    }

    /// The unfinished enrolment that a device key began with an invitation, the newest first: a
    /// repeated start goes on with it.
    pub async fn enrollment_of_key(
        &mut self,
        invite: InviteId,
        jkt: &[u8; 32],
        now_ms: u64,
    ) -> Result<Option<Enrollment>, StoreError> {
        fetch_optional!(
            self,
            Enrollment,
            "SELECT enrollment_id, device_id, invite_id, user_id, program, jkt, device_name,
                 platform, challenge, created_at, expires_at, finished_at
             FROM enrollments
             WHERE invite_id = $1 AND jkt = $2 AND finished_at IS NULL AND expires_at > $3
             ORDER BY created_at DESC LIMIT 1",
            invite,
            jkt,
            now_ms
        )
    }

    /// The enrolment that a device came from.
    pub async fn enrollment_of_device(
        &mut self,
        device: DeviceId,
    ) -> Result<Option<Enrollment>, StoreError> {
        fetch_optional!(
            self,
            Enrollment,
            "SELECT enrollment_id, device_id, invite_id, user_id, program, jkt, device_name,
                 platform, challenge, created_at, expires_at, finished_at
             FROM enrollments WHERE device_id = $1",
            device
        )
    }

    /// The WebAuthn registration under way.
    pub async fn enrollment_state(
        &mut self,
        id: EnrollmentId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed: Option<(Vec<u8>,)> = fetch_optional!(
            self,
            (Vec<u8>,),
            "SELECT state_sealed FROM enrollments WHERE enrollment_id = $1",
            id
        )?;
        sealed
            .map(|(sealed,)| self.open("enrollments.state", id.as_bytes(), &sealed))
            .transpose()
    }

    /// Replaces the WebAuthn registration under way, when a start is repeated.
    pub async fn set_enrollment_state(
        &mut self,
        id: EnrollmentId,
        state: &[u8],
    ) -> Result<bool, StoreError> {
        let sealed = self.seal("enrollments.state", id.as_bytes(), state)?;
        let changed = execute!(
            self,
            "UPDATE enrollments SET state_sealed = $2
             WHERE enrollment_id = $1 AND finished_at IS NULL",
            id,
            sealed
        )?;
        Ok(changed == 1)
    }

    /// Ends an enrolment with its device; false when it was finished or has run out before.
    pub async fn finish_enrollment(
        &mut self,
        id: EnrollmentId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE enrollments SET finished_at = $2
             WHERE enrollment_id = $1 AND finished_at IS NULL AND expires_at > $2",
            id,
            now_ms
        )?;
        Ok(changed == 1)
    }
}
