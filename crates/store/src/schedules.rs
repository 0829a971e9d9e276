//! Who is on call when, who is at work when, and who is asked to take over whose turn.
//!
//! Whoever changes turns or swaps holds [`Tx::lock_schedules`] from before they read what the change
//! is made from. What an import or a swap makes of the turns is for `wardline_roster` to say.

use wardline_model::turns::SignedTurns;
use wardline_model::{RoleSlug, SwapId, UserId};

use crate::StoreError;
use crate::dialect::AdvisoryLock;
use crate::rows::{execute, fetch_all, fetch_one, fetch_optional, row};
use crate::store::Tx;

row! {
    /// A turn of an on-call role.
    pub struct OnCallTurn {
        /// The role.
        pub slug: RoleSlug,
        /// Its beginning, unix milliseconds.
        pub from_ms: u64,
        /// Its end, unix milliseconds.
        pub until_ms: u64,
        /// Who has it.
        pub user_id: UserId,
    }
}

row! {
    /// A time at which a person is at work.
    pub struct PersonalShift {
        /// Who.
        pub user_id: UserId,
        /// Its beginning, unix milliseconds.
        pub from_ms: u64,
        /// Its end, unix milliseconds.
        pub until_ms: u64,
    }
}

row! {
    /// A wish that somebody takes over a turn.
    pub struct Swap {
        /// The swap.
        pub swap_id: SwapId,
        /// The role.
        pub slug: RoleSlug,
        /// The beginning of the turn, unix milliseconds.
        pub from_ms: u64,
        /// The end of the turn as it was asked about, unix milliseconds.
        pub until_ms: u64,
        /// Who asked, and had the turn.
        pub asked_by: UserId,
        /// Who is asked.
        pub asked_of: UserId,
        /// `asked`, `agreed`, `declined` or `withdrawn`.
        pub state: String,
        /// When it was asked, unix milliseconds.
        pub asked_at: u64,
        /// When it was decided, unix milliseconds.
        pub decided_at: Option<u64>,
    }
}

row! {
    struct TurnOrderRow {
        signed: String,
        asked_by: Option<UserId>,
    }
}

/// A swap to be written.
#[derive(Debug, Clone)]
pub struct NewSwap {
    /// The swap.
    pub swap_id: SwapId,
    /// The turn, whose person asks.
    pub turn: OnCallTurn,
    /// Who is asked.
    pub asked_of: UserId,
}

macro_rules! select_turns {
    ($rest:literal) => {
        concat!(
            "SELECT slug, from_ms, until_ms, user_id FROM oncall_turns ",
            $rest
        )
    };
}

macro_rules! select_swaps {
    ($rest:literal) => {
        concat!(
            "SELECT swap_id, slug, from_ms, until_ms, asked_by, asked_of, state, asked_at,
                 decided_at
             FROM swaps ",
            $rest
        )
    };
}

impl Tx {
    /// Makes changes of the schedules wait for each other until this transaction ends; on SQLite they
    /// always do.
    pub async fn lock_schedules(&mut self) -> Result<(), StoreError> {
        self.lock_whole(AdvisoryLock::Schedules).await?;
        execute!(self, "UPDATE schedule_state SET version = version + 1")?;
        Ok(())
    }

    /// How often schedules changed.
    pub async fn schedules_version(&mut self) -> Result<u64, StoreError> {
        let (version,) = fetch_one!(
            self,
            (i64,),
            "SELECT version FROM schedule_state WHERE id = 1"
        )?;
        Ok(version.unsigned_abs())
    }

    /// Takes in what a device signed; nothing happens where it is here already. What belongs to a swap
    /// counts once that is agreed.
    pub async fn put_turn_order(
        &mut self,
        signed: &SignedTurns,
        swap: Option<SwapId>,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(signed).map_err(|_| StoreError::Corrupt("turn_orders"))?;
        execute!(
            self,
            "INSERT INTO turn_orders (order_hash, slug, from_ms, until_ms, issued_at, signed, swap_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            signed.order.hash().to_vec(),
            signed.order.role,
            signed.order.from,
            signed.order.until,
            signed.order.issued_at,
            text,
            swap
        )?;
        Ok(())
    }

    /// What devices signed about a time and later, in the order in which they did; with it who asked
    /// for the swap that it belongs to.
    pub async fn turn_orders(
        &mut self,
        after_ms: u64,
    ) -> Result<Vec<(SignedTurns, Option<UserId>)>, StoreError> {
        let rows: Vec<TurnOrderRow> = fetch_all!(
            self,
            TurnOrderRow,
            "SELECT o.signed, s.asked_by FROM turn_orders o LEFT JOIN swaps s ON s.swap_id = o.swap_id
             WHERE o.until_ms > $1 AND (o.swap_id IS NULL OR s.state = 'agreed')
             ORDER BY o.issued_at, o.order_hash",
            after_ms
        )?;
        rows.into_iter()
            .map(|row| {
                let signed = serde_json::from_str(&row.signed);
                let signed = signed.map_err(|_| StoreError::Corrupt("turn_orders.signed"))?;
                Ok((signed, row.asked_by))
            })
            .collect()
    }

    /// Swaps that were agreed about turns that meet a time, by when they were decided.
    pub async fn agreed_swaps(
        &mut self,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<Vec<Swap>, StoreError> {
        fetch_all!(
            self,
            Swap,
            select_swaps!(
                "WHERE state = 'agreed' AND until_ms > $1 AND from_ms < $2 ORDER BY decided_at, swap_id"
            ),
            from_ms,
            until_ms
        )
    }

    /// The turns that meet a time, by role and beginning.
    pub async fn turns_between(
        &mut self,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<Vec<OnCallTurn>, StoreError> {
        fetch_all!(
            self,
            OnCallTurn,
            select_turns!("WHERE until_ms > $1 AND from_ms < $2 ORDER BY slug, from_ms"),
            from_ms,
            until_ms
        )
    }

    /// The turns of a person that meet a time, by their beginning.
    pub async fn turns_of(
        &mut self,
        user: UserId,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<Vec<OnCallTurn>, StoreError> {
        fetch_all!(
            self,
            OnCallTurn,
            select_turns!(
                "WHERE user_id = $1 AND until_ms > $2 AND from_ms < $3 ORDER BY from_ms, slug"
            ),
            user,
            from_ms,
            until_ms
        )
    }

    /// The turn of a role that begins at a time.
    pub async fn turn(
        &mut self,
        slug: &RoleSlug,
        from_ms: u64,
    ) -> Result<Option<OnCallTurn>, StoreError> {
        fetch_optional!(
            self,
            OnCallTurn,
            select_turns!("WHERE slug = $1 AND from_ms = $2"),
            slug,
            from_ms
        )
    }

    /// Whether a person has had a turn of the role that began before a time.
    pub async fn has_held(
        &mut self,
        user: UserId,
        slug: &RoleSlug,
        before_ms: u64,
    ) -> Result<bool, StoreError> {
        let turn: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT from_ms FROM oncall_turns
             WHERE user_id = $1 AND slug = $2 AND from_ms < $3 LIMIT 1",
            user,
            slug,
            before_ms
        )?;
        Ok(turn.is_some())
    }

    /// Takes a turn away; false where there is none.
    pub async fn remove_turn(&mut self, slug: &RoleSlug, from_ms: u64) -> Result<bool, StoreError> {
        let removed = execute!(
            self,
            "DELETE FROM oncall_turns WHERE slug = $1 AND from_ms = $2",
            slug,
            from_ms
        )?;
        Ok(removed == 1)
    }

    /// The shifts that meet a time, by person and beginning.
    pub async fn shifts_between(
        &mut self,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<Vec<PersonalShift>, StoreError> {
        fetch_all!(
            self,
            PersonalShift,
            "SELECT user_id, from_ms, until_ms FROM shifts
             WHERE until_ms > $1 AND from_ms < $2 ORDER BY user_id, from_ms",
            from_ms,
            until_ms
        )
    }

    /// The shifts of a person that meet a time, by their beginning.
    pub async fn shifts_of(
        &mut self,
        user: UserId,
        from_ms: u64,
        until_ms: u64,
    ) -> Result<Vec<PersonalShift>, StoreError> {
        fetch_all!(
            self,
            PersonalShift,
            "SELECT user_id, from_ms, until_ms FROM shifts
             WHERE user_id = $1 AND until_ms > $2 AND from_ms < $3 ORDER BY from_ms",
            user,
            from_ms,
            until_ms
        )
    }

    /// Takes a shift away; false where there is none.
    pub async fn remove_shift(&mut self, user: UserId, from_ms: u64) -> Result<bool, StoreError> {
        let removed = execute!(
            self,
            "DELETE FROM shifts WHERE user_id = $1 AND from_ms = $2",
            user,
            from_ms
        )?;
        Ok(removed == 1)
    }

    /// Writes a swap; false where the same person is asked about the same turn already. Questions
    /// about what the turn was before somebody changed it are over.
    pub async fn create_swap(&mut self, new: &NewSwap, now_ms: u64) -> Result<bool, StoreError> {
        execute!(
            self,
            "UPDATE swaps SET state = 'withdrawn', decided_at = $5
             WHERE slug = $1 AND from_ms = $2 AND state = 'asked'
                 AND (until_ms <> $3 OR asked_by <> $4)",
            new.turn.slug,
            new.turn.from_ms,
            new.turn.until_ms,
            new.turn.user_id,
            now_ms
        )?;
        let made = execute!(
            self,
            "INSERT INTO swaps (swap_id, slug, from_ms, until_ms, asked_by, asked_of, state, asked_at)
             VALUES ($1, $2, $3, $4, $5, $6, 'asked', $7) ON CONFLICT DO NOTHING",
            new.swap_id,
            new.turn.slug,
            new.turn.from_ms,
            new.turn.until_ms,
            new.turn.user_id,
            new.asked_of,
            now_ms
        )?;
        Ok(made == 1)
    }

    /// Looks a swap up.
    pub async fn swap(&mut self, id: SwapId) -> Result<Option<Swap>, StoreError> {
        fetch_optional!(self, Swap, select_swaps!("WHERE swap_id = $1"), id)
    }

    /// The swaps that a person asked for or is asked about and that were asked or decided since a
    /// time, or whose turn ends after it; the newest first, a hundred at most.
    pub async fn swaps_of(&mut self, user: UserId, since_ms: u64) -> Result<Vec<Swap>, StoreError> {
        fetch_all!(
            self,
            Swap,
            select_swaps!(
                "WHERE (asked_by = $1 OR asked_of = $1)
                     AND (asked_at >= $2 OR decided_at >= $2 OR (state = 'asked' AND until_ms >= $2))
                 ORDER BY asked_at DESC, swap_id LIMIT 100"
            ),
            user,
            since_ms
        )
    }

    /// Ends a swap that waits, as `agreed`, `declined` or `withdrawn`; false where it does not wait.
    pub async fn decide_swap(
        &mut self,
        id: SwapId,
        state: &str,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let decided = execute!(
            self,
            "UPDATE swaps SET state = $2, decided_at = $3 WHERE swap_id = $1 AND state = 'asked'",
            id,
            state,
            now_ms
        )?;
        Ok(decided == 1)
    }

    /// Takes back every swap about a turn that still waits, since the turn is somebody else's now.
    pub async fn withdraw_swaps(
        &mut self,
        slug: &RoleSlug,
        from_ms: u64,
        now_ms: u64,
    ) -> Result<u64, StoreError> {
        execute!(
            self,
            "UPDATE swaps SET state = 'withdrawn', decided_at = $3
             WHERE slug = $1 AND from_ms = $2 AND state = 'asked'",
            slug,
            from_ms,
            now_ms
        )
    }
}
