//! Calls to the hospital's pager system: by what it reaches people, which calls wait, and how they went.
//!
//! A call is entered in the transaction that alerts a person ([`Tx::put_pager_call`]), so no crash loses
//! it; it is taken by one node ([`Tx::claim_pager_call`]) and settled by it. A node that dies in between
//! leaves it due again, so a call may be made twice: the pager system knows it by its id.

use wardline_model::{CallId, EscalationId, GroupId, UserId};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_one, fetch_optional, row};
use crate::store::Tx;

/// A call to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewCall {
    /// What the pager system knows it by.
    pub call_id: CallId,
    /// Who is called.
    pub user_id: UserId,
    /// The alert that it goes with; `None` for a test.
    pub alert: Option<Alerted>,
}

/// An alert of a person for a STAT message.
#[derive(Debug, Clone, Copy)]
pub struct Alerted {
    /// For which page.
    pub page: EscalationId,
    /// Which one, from 1.
    pub attempt: u32,
    /// For how long a call for another page of the same message counts for this one, milliseconds.
    pub apart_ms: u64,
}

/// A call that is this node's to make.
#[derive(Clone)]
pub struct ClaimedCall {
    /// What the pager system knows it by.
    pub call_id: CallId,
    /// Who is called.
    pub user_id: UserId,
    /// For which STAT message; `None` for a test.
    pub escalation: Option<EscalationId>,
    /// By what the pager system reaches the person.
    pub number: Zeroizing<Vec<u8>>,
    /// How often it was tried, this time included.
    pub tries: u32,
    /// When it was asked for, unix milliseconds.
    pub created_at: u64,
    /// When it was taken, unix milliseconds: by it the node names it as it settles it.
    pub tried_at: u64,
}

/// The number does not show.
impl std::fmt::Debug for ClaimedCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClaimedCall")
            .field("call_id", &self.call_id)
            .field("user_id", &self.user_id)
            .field("tries", &self.tries)
            .finish_non_exhaustive()
    }
}

row! {
    /// How a call for a STAT message stands.
    pub struct PagedCall {
        /// Who is called.
        pub user_id: UserId,
        /// `waiting`, `taken`, `failed` or `needless`.
        pub state: String,
        /// How often it was tried.
        pub tries: u32,
        /// When a try of it failed last, unix milliseconds.
        pub failed_at: Option<u64>,
    }
}

row! {
    /// How the pager system does.
    pub struct PagerStanding {
        /// People whose number is known.
        pub numbers: u64,
        /// Calls that wait, or are tried again.
        pub waiting: u64,
        /// When it took a call last, unix milliseconds.
        pub taken_at: Option<u64>,
        /// When a try failed last, unix milliseconds.
        pub failed_at: Option<u64>,
        /// Calls that were given up since a time.
        pub given_up: u64,
    }
}

row! {
    struct Named {
        call_id: CallId,
    }
}

row! {
    struct Whose {
        user_id: UserId,
    }
}

row! {
    struct Taken {
        user_id: UserId,
        group_id: Option<GroupId>,
        seq: Option<u64>,
        line: Option<u32>,
        tries: u32,
        created_at: u64,
    }
}

row! {
    struct Sealed {
        number_sealed: Vec<u8>,
    }
}

impl Tx {
    /// Enters by what the pager system reaches a person, or that it does not.
    pub async fn set_pager_number(
        &mut self,
        user: UserId,
        number: Option<&[u8]>,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let Some(number) = number else {
            execute!(self, "DELETE FROM pager_numbers WHERE user_id = $1", user)?;
            return Ok(());
        };
        let sealed = self.seal(NUMBER, user.as_bytes(), number)?;
        execute!(
            self,
            "INSERT INTO pager_numbers (user_id, number_sealed, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET number_sealed = excluded.number_sealed,
                 changed_at = excluded.changed_at",
            user,
            sealed,
            now_ms
        )?;
        Ok(())
    }

    /// Who has a number.
    pub async fn people_with_pager_number(&mut self) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<Whose> = fetch_all!(
            self,
            Whose,
            "SELECT user_id FROM pager_numbers ORDER BY user_id"
        )?;
        Ok(rows.into_iter().map(|row| row.user_id).collect())
    }

    /// Enters a call, due at once; false where the person has no number, where it was entered before, or where
    /// they are called for another page of the same message: whoever has two roles of a code team is one
    /// person with one pager.
    pub async fn put_pager_call(
        &mut self,
        call: &NewCall,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let escalation = call.alert.map(|alert| alert.page);
        let apart_ms = call.alert.map_or(0, |alert| alert.apart_ms);
        // Another node may be about to call them for the other page.
        self.lock_pager_number(call.user_id).await?;
        let entered = execute!(
            self,
            "INSERT INTO pager_calls (call_id, user_id, group_id, seq, line, attempt, created_at,
                 due_at, tries, state)
             SELECT $1, n.user_id, $3, $4, $5, $6, $7, $7, 0, 'waiting' FROM pager_numbers n
             WHERE n.user_id = $2 AND NOT EXISTS (SELECT 1 FROM pager_calls c
                 WHERE c.group_id = $3 AND c.seq = $4 AND c.line <> $5 AND c.user_id = $2
                     AND c.state IN ('waiting', 'taken') AND c.created_at > $8)
             ON CONFLICT DO NOTHING",
            call.call_id,
            call.user_id,
            escalation.map(|id| id.group),
            escalation.map(|id| id.seq),
            escalation.map(|id| id.line),
            call.alert.map(|alert| alert.attempt),
            now_ms,
            now_ms.saturating_sub(apart_ms)
        )?;
        Ok(entered == 1)
    }

    /// A page is over: what was not called yet for its message need not be, but for people whom another page of
    /// it waits for.
    pub async fn end_pager_calls(
        &mut self,
        id: EscalationId,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE pager_calls SET state = 'needless', due_at = NULL, ended_at = $4
             WHERE group_id = $1 AND seq = $2 AND state = 'waiting'
                 AND NOT EXISTS (SELECT 1 FROM escalation_alerts a JOIN escalations e
                     ON e.group_id = a.group_id AND e.seq = a.seq AND e.line = a.line
                     WHERE a.group_id = $1 AND a.seq = $2 AND e.line <> $3
                         AND a.user_id = pager_calls.user_id AND e.ended_at IS NULL)",
            id.group,
            id.seq,
            id.line,
            now_ms
        )?;
        Ok(())
    }

    /// Calls that are due, the longest due first.
    pub async fn due_pager_calls(
        &mut self,
        now_ms: u64,
        limit: usize,
    ) -> Result<Vec<CallId>, StoreError> {
        let due: Vec<Named> = fetch_all!(
            self,
            Named,
            "SELECT call_id FROM pager_calls WHERE due_at <= $1 ORDER BY due_at, call_id LIMIT $2",
            now_ms,
            limit
        )?;
        Ok(due.into_iter().map(|row| row.call_id).collect())
    }

    /// Takes a call that is due, for one node to make; `None` when another one did, or the person's
    /// number is gone. It is due again after `lease_ms`, for the case that this node does not come to
    /// settle it.
    pub async fn claim_pager_call(
        &mut self,
        id: CallId,
        lease_ms: u64,
        now_ms: u64,
    ) -> Result<Option<ClaimedCall>, StoreError> {
        let taken = fetch_optional!(
            self,
            Taken,
            "UPDATE pager_calls SET due_at = $2 + $3, tries = tries + 1, tried_at = $2
             WHERE call_id = $1 AND due_at <= $2
             RETURNING user_id, group_id, seq, line, tries, created_at",
            id,
            now_ms,
            lease_ms
        )?;
        let Some(taken) = taken else {
            return Ok(None);
        };
        let sealed = fetch_optional!(
            self,
            Sealed,
            "SELECT number_sealed FROM pager_numbers WHERE user_id = $1",
            taken.user_id
        )?;
        let Some(sealed) = sealed else {
            self.settle_pager_call(id, now_ms, "needless", now_ms)
                .await?;
            return Ok(None);
        };
        Ok(Some(ClaimedCall {
            call_id: id,
            user_id: taken.user_id,
            escalation: taken
                .group_id
                .zip(taken.seq)
                .zip(taken.line)
                .map(|((group, seq), line)| EscalationId { group, seq, line }),
            number: self.open(NUMBER, taken.user_id.as_bytes(), &sealed.number_sealed)?,
            tries: taken.tries,
            created_at: taken.created_at,
            tried_at: now_ms,
        }))
    }

    /// The pager system took a call.
    pub async fn pager_call_taken(
        &mut self,
        call: &ClaimedCall,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        self.settle_pager_call(call.call_id, call.tried_at, "taken", now_ms)
            .await
    }

    /// A try failed. It is tried again at a time (unix milliseconds), or given up.
    pub async fn pager_call_failed(
        &mut self,
        call: &ClaimedCall,
        again_at: Option<u64>,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE pager_calls SET failed_at = $3,
                 due_at = CASE WHEN state = 'waiting' THEN $4 ELSE NULL END
             WHERE call_id = $1 AND tried_at = $2",
            call.call_id,
            call.tried_at,
            now_ms,
            again_at
        )?;
        if again_at.is_none() {
            execute!(
                self,
                "UPDATE pager_calls SET state = 'failed', ended_at = $3
                 WHERE call_id = $1 AND tried_at = $2 AND state = 'waiting'",
                call.call_id,
                call.tried_at,
                now_ms
            )?;
        }
        Ok(())
    }

    async fn settle_pager_call(
        &mut self,
        id: CallId,
        tried_at: u64,
        state: &str,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE pager_calls SET state = $3, due_at = NULL, ended_at = $4
             WHERE call_id = $1 AND tried_at = $2",
            id,
            tried_at,
            state,
            now_ms
        )?;
        Ok(())
    }

    /// The calls for a page, in the order in which they were asked for; among them those of whom it alerted
    /// that were made for another page of its message, and count for both.
    pub async fn pager_calls_of(&mut self, id: EscalationId) -> Result<Vec<PagedCall>, StoreError> {
        fetch_all!(
            self,
            PagedCall,
            "SELECT user_id, state, tries, failed_at FROM pager_calls
             WHERE group_id = $1 AND seq = $2 AND (line = $3
                 OR EXISTS (SELECT 1 FROM escalation_alerts a
                     WHERE a.group_id = $1 AND a.seq = $2 AND a.line = $3
                         AND a.user_id = pager_calls.user_id))
             ORDER BY created_at, user_id, attempt",
            id.group,
            id.seq,
            id.line
        )
    }

    /// When a test was asked for last, unix milliseconds.
    pub async fn last_pager_test(&mut self) -> Result<Option<u64>, StoreError> {
        let (last,): (Option<i64>,) = fetch_one!(
            self,
            (Option<i64>,),
            "SELECT MAX(created_at) AS last FROM pager_calls WHERE group_id IS NULL"
        )?;
        Ok(last.map(i64::unsigned_abs))
    }

    /// How the pager system does, and how many calls were given up since a time (unix milliseconds).
    pub async fn pager_standing(&mut self, since_ms: u64) -> Result<PagerStanding, StoreError> {
        fetch_one!(
            self,
            PagerStanding,
            "SELECT (SELECT COUNT(*) FROM pager_numbers) AS numbers,
                 (SELECT COUNT(*) FROM pager_calls WHERE state = 'waiting') AS waiting,
                 (SELECT MAX(ended_at) FROM pager_calls WHERE state = 'taken') AS taken_at,
                 (SELECT MAX(failed_at) FROM pager_calls) AS failed_at,
                 (SELECT COUNT(*) FROM pager_calls WHERE state = 'failed' AND ended_at >= $1)
                     AS given_up",
            since_ms
        )
    }

    /// Forgets calls that were over before a time (unix milliseconds).
    pub async fn forget_pager_calls(&mut self, before_ms: u64) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM pager_calls WHERE due_at IS NULL AND ended_at < $1",
            before_ms
        )?;
        Ok(())
    }
}

const NUMBER: &str = "pager_numbers.number";
