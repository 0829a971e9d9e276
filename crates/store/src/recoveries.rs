//! People who lost every device: one officer asks that they have a new one, another agrees.

use wardline_model::{RecoveryId, UserId};

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

row! {
    /// A recovery.
    pub struct Recovery {
        /// The recovery.
        pub recovery_id: RecoveryId,
        /// Who lost every device.
        pub user_id: UserId,
        /// The program of the device to come.
        pub program: String,
        /// How the officer made sure that it is them.
        pub reason: String,
        /// The officer who asked.
        pub asked_by: UserId,
        /// When, unix milliseconds.
        pub asked_at: u64,
        /// When it ends by itself, unix milliseconds.
        pub expires_at: u64,
        /// `waiting`, `approved` or `withdrawn`; what waits beyond its end has expired.
        pub state: String,
        /// The officer who agreed or took it back.
        pub decided_by: Option<UserId>,
        /// When, unix milliseconds.
        pub decided_at: Option<u64>,
    }
}

/// A recovery to be written.
#[derive(Debug, Clone)]
pub struct NewRecovery {
    /// The recovery.
    pub recovery_id: RecoveryId,
    /// Who lost every device.
    pub user_id: UserId,
    /// The program of the device to come.
    pub program: String,
    /// How the officer made sure that it is them.
    pub reason: String,
    /// The officer who asks.
    pub asked_by: UserId,
    /// When it ends by itself, unix milliseconds.
    pub expires_at: u64,
}

macro_rules! select_recoveries {
    ($rest:literal) => {
        concat!(
            "SELECT recovery_id, user_id, program, reason, asked_by, asked_at, expires_at, state,
                 decided_by, decided_at
             FROM recoveries ",
            $rest
        )
    };
}

impl Tx {
    /// Writes a recovery; false where one waits for the person already.
    pub async fn create_recovery(
        &mut self,
        new: &NewRecovery,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        execute!(
            self,
            "UPDATE recoveries SET state = 'expired'
             WHERE user_id = $1 AND state = 'waiting' AND expires_at <= $2",
            new.user_id,
            now_ms
        )?;
        let made = execute!(
            self,
            "INSERT INTO recoveries (recovery_id, user_id, program, reason, asked_by, asked_at,
                 expires_at, state)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting') ON CONFLICT DO NOTHING",
            new.recovery_id,
            new.user_id,
            new.program,
            new.reason,
            new.asked_by,
            now_ms,
            new.expires_at
        )?;
        Ok(made == 1)
    }

    /// Looks a recovery up.
    pub async fn recovery(&mut self, id: RecoveryId) -> Result<Option<Recovery>, StoreError> {
        fetch_optional!(
            self,
            Recovery,
            select_recoveries!("WHERE recovery_id = $1"),
            id
        )
    }

    /// The newest recoveries.
    pub async fn recoveries(&mut self) -> Result<Vec<Recovery>, StoreError> {
        fetch_all!(
            self,
            Recovery,
            select_recoveries!("ORDER BY asked_at DESC, recovery_id LIMIT 100")
        )
    }

    /// Ends a recovery that waits, as `approved` or `withdrawn`; false where it does not wait,
    /// and for an approval by who asked or by the person.
    pub async fn decide_recovery(
        &mut self,
        id: RecoveryId,
        state: &str,
        by: UserId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let decided = execute!(
            self,
            "UPDATE recoveries SET state = $2, decided_by = $3, decided_at = $4
             WHERE recovery_id = $1 AND state = 'waiting' AND expires_at > $4
                 AND ($2 <> 'approved' OR (asked_by <> $3 AND user_id <> $3))",
            id,
            state,
            by,
            now_ms
        )?;
        Ok(decided == 1)
    }
}
