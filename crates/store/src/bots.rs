//! Programs that are members of conversations: who answers for each, and what it may do.
//!
//! A bot has an account among the people, with the role `bot`; what is here comes on top.

use wardline_model::UserId;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

/// A bot to be registered; its account is there.
#[derive(Debug, Clone)]
pub struct NewBot {
    /// Its account.
    pub user_id: UserId,
    /// Who answers for it.
    pub owner: UserId,
    /// Where it may write and what, JSON.
    pub scope: String,
    /// Messages that it may send in a minute.
    pub per_minute: u32,
    /// The officer.
    pub created_by: UserId,
}

row! {
    /// A bot.
    pub struct Bot {
        /// Its account.
        pub user_id: UserId,
        /// Who answers for it.
        pub owner: UserId,
        /// Where it may write and what, JSON.
        pub scope: String,
        /// Messages that it may send in a minute.
        pub per_minute: u32,
        /// The officer who registered it.
        pub created_by: UserId,
        /// When, unix milliseconds.
        pub created_at: u64,
        /// When it was disabled, unix milliseconds.
        pub disabled_at: Option<u64>,
    }
}

row! {
    struct Counted {
        window_count: u64,
    }
}

macro_rules! select_bots {
    ($rest:literal) => {
        concat!(
            "SELECT user_id, owner, scope, per_minute, created_by, created_at, disabled_at
             FROM bots ",
            $rest
        )
    };
}

impl Tx {
    /// Registers a bot.
    pub async fn create_bot(&mut self, bot: &NewBot, now_ms: u64) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO bots (user_id, owner, scope, per_minute, window_at, window_count,
                 created_by, created_at)
             VALUES ($1, $2, $3, $4, 0, 0, $5, $6)",
            bot.user_id,
            bot.owner,
            bot.scope,
            bot.per_minute,
            bot.created_by,
            now_ms
        )?;
        Ok(())
    }

    /// Every bot, those in use first.
    pub async fn bots(&mut self) -> Result<Vec<Bot>, StoreError> {
        fetch_all!(
            self,
            Bot,
            select_bots!(
                "ORDER BY CASE WHEN disabled_at IS NULL THEN 0 ELSE 1 END, created_at, user_id"
            )
        )
    }

    /// Looks a bot up.
    pub async fn bot(&mut self, id: UserId) -> Result<Option<Bot>, StoreError> {
        fetch_optional!(self, Bot, select_bots!("WHERE user_id = $1"), id)
    }

    /// Changes what a bot in use may do; false where there is none.
    pub async fn set_bot_scope(
        &mut self,
        id: UserId,
        scope: &str,
        per_minute: u32,
    ) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE bots SET scope = $2, per_minute = $3
             WHERE user_id = $1 AND disabled_at IS NULL",
            id,
            scope,
            per_minute
        )?;
        Ok(changed == 1)
    }

    /// Takes a bot out of use, for good: neither it nor its account is active any more. False where it
    /// was not.
    pub async fn disable_bot(
        &mut self,
        id: UserId,
        by: UserId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let disabled = execute!(
            self,
            "UPDATE bots SET disabled_at = $3, disabled_by = $2
             WHERE user_id = $1 AND disabled_at IS NULL",
            id,
            by,
            now_ms
        )?;
        if disabled == 1 {
            execute!(self, "UPDATE users SET active = 0 WHERE user_id = $1", id)?;
        }
        Ok(disabled == 1)
    }

    /// Counts a message that a bot is about to send, on whichever node; false where it has sent as many
    /// as it may in a minute, or is no bot in use.
    pub async fn count_bot_message(&mut self, id: UserId, now_ms: u64) -> Result<bool, StoreError> {
        let counted = fetch_optional!(
            self,
            Counted,
            "UPDATE bots SET
                 window_count = CASE WHEN window_at + $3 <= $2 OR window_at > $2 THEN 1
                     ELSE window_count + 1 END,
                 window_at = CASE WHEN window_at + $3 <= $2 OR window_at > $2 THEN $2
                     ELSE window_at END
             WHERE user_id = $1 AND disabled_at IS NULL
                 AND (window_at + $3 <= $2 OR window_at > $2 OR window_count < per_minute)
             RETURNING window_count",
            id,
            now_ms,
            MINUTE_MS
        )?;
        Ok(counted.is_some_and(|row| row.window_count > 0))
    }
}

const MINUTE_MS: u64 = 60_000;
