//! What officers and custodians hand in for the record keeper, and what it says came of it.

use wardline_model::UserId;
use wardline_model::statement::SignedStatement;
use wardline_seal::Token;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_one, fetch_optional, row};
use crate::store::Tx;

row! {
    struct RawStatement {
        statement_id: Vec<u8>,
        kind: String,
        user_id: UserId,
        handed_at: u64,
        taken_at: Option<u64>,
        state: String,
        body_sealed: Vec<u8>,
        outcome_sealed: Option<Vec<u8>>,
        ended_sealed: Option<Vec<u8>>,
    }
}

row! {
    struct RawResult {
        result_id: Vec<u8>,
        body_sealed: Vec<u8>,
    }
}

/// A statement that was handed in.
#[derive(Clone)]
pub struct KeptStatement {
    /// The statement.
    pub signed: SignedStatement,
    /// What it is: `hold`, `end_hold`, `export`, `release`, `approval` or `custodian_key`.
    pub kind: String,
    /// Who handed it in.
    pub user_id: UserId,
    /// When, unix milliseconds.
    pub handed_at: u64,
    /// When the record keeper took it, unix milliseconds.
    pub taken_at: Option<u64>,
    /// `waiting`, `held`, `ended`, `done` or `refused`.
    pub state: String,
    /// What came of it.
    pub outcome: Option<SignedStatement>,
    /// Of a hold: what ended it.
    pub ended: Option<SignedStatement>,
}

/// A statement to be kept.
#[derive(Clone, Copy)]
pub struct NewStatement<'a> {
    /// The statement.
    pub signed: &'a SignedStatement,
    /// What it is.
    pub kind: &'a str,
}

/// How everything about records stands, to be compared with how it stood: another one after each statement
/// that is handed in, taken or settled, and after each thing that the record keeper signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordsMark([i64; 9]);

macro_rules! select_statements {
    ($rest:literal) => {
        concat!(
            "SELECT statement_id, kind, user_id, handed_at, taken_at, state, body_sealed, outcome_sealed,
                 ended_sealed
             FROM record_statements ",
            $rest
        )
    };
}

impl Tx {
    /// Keeps a statement.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is kept already.
    pub async fn put_statement(
        &mut self,
        new: NewStatement<'_>,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let id = new.signed.mark();
        let token = self.statement_token(&new.signed.hash());
        let about = new.signed.about().map(|hash| self.statement_token(&hash.0));
        let body = self.seal_statement(BODY, &id, new.signed)?;
        execute!(
            self,
            "INSERT INTO record_statements (statement_id, token, about, kind, user_id, handed_at, state,
                 body_sealed)
             VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7)",
            id.as_slice(),
            token,
            about,
            new.kind,
            new.signed.user_id,
            now_ms,
            body
        )?;
        Ok(())
    }

    /// Looks a statement up by its hash.
    pub async fn statement(&mut self, hash: &[u8]) -> Result<Option<KeptStatement>, StoreError> {
        let token = self.statement_token(hash);
        let raw = fetch_optional!(
            self,
            RawStatement,
            select_statements!("WHERE token = $1"),
            token
        )?;
        raw.map(|raw| self.open_kept(raw)).transpose()
    }

    /// Agreements to an order, and orders that end a hold, the oldest first.
    pub async fn statements_about(
        &mut self,
        hash: &[u8],
        kind: &str,
    ) -> Result<Vec<KeptStatement>, StoreError> {
        let about = self.statement_token(hash);
        let raw = fetch_all!(
            self,
            RawStatement,
            select_statements!(
                "WHERE about = $1 AND kind = $2 ORDER BY handed_at, statement_id LIMIT 300"
            ),
            about,
            kind
        )?;
        raw.into_iter().map(|raw| self.open_kept(raw)).collect()
    }

    /// Orders that wait and holds in force, the oldest first, and then the newest that are settled.
    pub async fn record_orders(&mut self) -> Result<Vec<KeptStatement>, StoreError> {
        let mut raw = fetch_all!(
            self,
            RawStatement,
            select_statements!(
                "WHERE state IN ('waiting', 'held')
                     AND kind IN ('hold', 'end_hold', 'export', 'release')
                 ORDER BY handed_at, statement_id LIMIT 500"
            )
        )?;
        raw.extend(fetch_all!(
            self,
            RawStatement,
            select_statements!(
                "WHERE state IN ('ended', 'done', 'refused')
                     AND kind IN ('hold', 'end_hold', 'export', 'release')
                 ORDER BY handed_at DESC, statement_id LIMIT 100"
            )
        )?);
        raw.into_iter().map(|raw| self.open_kept(raw)).collect()
    }

    /// How many orders wait, by whomever, and by one person.
    pub async fn orders_waiting(&mut self, user: UserId) -> Result<(u64, u64), StoreError> {
        let (all, own) = fetch_one!(
            self,
            (i64, i64),
            "SELECT COUNT(*), COUNT(CASE WHEN user_id = $1 THEN 1 END) FROM record_statements
             WHERE state = 'waiting' AND kind IN ('hold', 'end_hold', 'export', 'release')",
            user
        )?;
        Ok((all.unsigned_abs(), own.unsigned_abs()))
    }

    /// How everything about records stands. It is cheap, however much was destroyed: of that, only what the
    /// record keeper signed on its latest day is counted.
    pub async fn records_mark(&mut self) -> Result<RecordsMark, StoreError> {
        type Counts = (i64, i64, i64, i64, i64, i64, i64, i64, i64);
        let counts: Counts = fetch_one!(
            self,
            Counts,
            "SELECT COUNT(*), COUNT(CASE WHEN state = 'waiting' THEN 1 END),
                 COUNT(CASE WHEN state = 'held' THEN 1 END), COALESCE(MAX(handed_at), 0),
                 (SELECT COUNT(*) FROM record_statements WHERE taken_at IS NULL),
                 (SELECT COUNT(*) FROM record_results WHERE kind IN ('in_force', 'outcome', 'share')),
                 (SELECT COALESCE(MAX(at), 0) FROM record_results
                     WHERE kind IN ('in_force', 'outcome', 'share')),
                 (SELECT COUNT(*) FROM record_results WHERE kind = 'destruction' AND at >
                     (SELECT MAX(at) FROM record_results WHERE kind = 'destruction') - 86400000),
                 (SELECT COALESCE(MAX(at), 0) FROM record_results WHERE kind = 'destruction')
             FROM record_statements"
        )?;
        Ok(RecordsMark(counts.into()))
    }

    /// Custodians' keys that were handed in.
    pub async fn custodian_keys(&mut self) -> Result<Vec<KeptStatement>, StoreError> {
        let raw = fetch_all!(
            self,
            RawStatement,
            select_statements!(
                "WHERE kind = 'custodian_key' ORDER BY handed_at, statement_id LIMIT 300"
            )
        )?;
        raw.into_iter().map(|raw| self.open_kept(raw)).collect()
    }

    /// Forgets a person's custodian's key, for another one.
    pub async fn forget_custodian_key(&mut self, user: UserId) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM record_statements WHERE kind = 'custodian_key' AND user_id = $1",
            user
        )?;
        Ok(())
    }

    /// What the record keeper has not taken yet, the oldest first, a hundred at most.
    pub async fn statements_left(&mut self) -> Result<Vec<SignedStatement>, StoreError> {
        let raw = fetch_all!(
            self,
            RawStatement,
            select_statements!("WHERE taken_at IS NULL ORDER BY handed_at, statement_id LIMIT 100")
        )?;
        let opened = raw.into_iter().map(|raw| self.open_kept(raw));
        opened.map(|kept| kept.map(|kept| kept.signed)).collect()
    }

    /// The record keeper has a statement; false where there is none, or it had it before.
    pub async fn take_statement(&mut self, hash: &[u8], now_ms: u64) -> Result<bool, StoreError> {
        let token = self.statement_token(hash);
        let taken = execute!(
            self,
            "UPDATE record_statements SET taken_at = $2 WHERE token = $1 AND taken_at IS NULL",
            token,
            now_ms
        )?;
        Ok(taken == 1)
    }

    /// Notes what came of an order; false where there is none, or something came of it before.
    pub async fn settle_statement(
        &mut self,
        hash: &[u8],
        state: &str,
        outcome: &SignedStatement,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let Some(kept) = self.statement(hash).await? else {
            return Ok(false);
        };
        let id = kept.signed.mark();
        let outcome = self.seal_statement(OUTCOME, &id, outcome)?;
        let settled = execute!(
            self,
            "UPDATE record_statements SET state = $2, outcome_sealed = $3, settled_at = $4
             WHERE statement_id = $1 AND state = 'waiting'",
            id.as_slice(),
            state,
            outcome,
            now_ms
        )?;
        Ok(settled == 1)
    }

    /// A hold is over by what the record keeper signed; what came of its order stays, and may still be to
    /// be told.
    pub async fn end_hold(
        &mut self,
        hash: &[u8],
        ended: &SignedStatement,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let Some(kept) = self.statement(hash).await? else {
            return Ok(false);
        };
        let id = kept.signed.mark();
        let ended = self.seal_statement(ENDED, &id, ended)?;
        let ended = execute!(
            self,
            "UPDATE record_statements SET ended_sealed = $2, settled_at = $3,
                 state = CASE WHEN state = 'held' THEN 'ended' ELSE state END
             WHERE statement_id = $1 AND kind = 'hold' AND state IN ('waiting', 'held')
                 AND ended_sealed IS NULL",
            id.as_slice(),
            ended,
            now_ms
        )?;
        Ok(ended == 1)
    }

    /// Keeps something that the record keeper signed; false where it is kept already.
    pub async fn put_record_result(
        &mut self,
        signed: &SignedStatement,
        kind: &str,
        user: Option<UserId>,
    ) -> Result<bool, StoreError> {
        let id = signed.mark();
        let body = self.seal_statement(RESULT, &id, signed)?;
        let put = execute!(
            self,
            "INSERT INTO record_results (result_id, kind, user_id, at, body_sealed)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            id.as_slice(),
            kind,
            user,
            signed.issued_at,
            body
        )?;
        Ok(put == 1)
    }

    /// Forgets what the record keeper said before of a kind, to a person where it was to one: what it
    /// says now takes its place.
    pub async fn forget_record_results(
        &mut self,
        kind: &str,
        user: Option<UserId>,
    ) -> Result<(), StoreError> {
        match user {
            Some(user) => execute!(
                self,
                "DELETE FROM record_results WHERE kind = $1 AND user_id = $2",
                kind,
                user
            )?,
            None => execute!(self, "DELETE FROM record_results WHERE kind = $1", kind)?,
        };
        Ok(())
    }

    /// What the record keeper signed of a kind: the newest hundred, the newest first.
    pub async fn record_results(&mut self, kind: &str) -> Result<Vec<SignedStatement>, StoreError> {
        let raw = fetch_all!(
            self,
            RawResult,
            "SELECT result_id, body_sealed FROM record_results WHERE kind = $1
             ORDER BY at DESC, result_id LIMIT 100",
            kind
        )?;
        raw.into_iter()
            .map(|raw| self.open_statement(RESULT, &raw.result_id, &raw.body_sealed))
            .collect()
    }

    /// How many things the record keeper signed of a kind.
    pub async fn record_results_count(&mut self, kind: &str) -> Result<u64, StoreError> {
        let (count,) = fetch_one!(
            self,
            (i64,),
            "SELECT COUNT(*) FROM record_results WHERE kind = $1",
            kind
        )?;
        Ok(count.unsigned_abs())
    }

    fn statement_token(&self, hash: &[u8]) -> Token {
        self.shared.index.token("statement", hash)
    }

    fn seal_statement(
        &self,
        what: &str,
        id: &[u8],
        signed: &SignedStatement,
    ) -> Result<Vec<u8>, StoreError> {
        let body = serde_json::to_vec(signed).map_err(|_| StoreError::Corrupt("statement"))?;
        self.seal(what, id, &body)
    }

    fn open_statement(
        &self,
        what: &'static str,
        id: &[u8],
        sealed: &[u8],
    ) -> Result<SignedStatement, StoreError> {
        let body = self.open(what, id, sealed)?;
        serde_json::from_slice(&body).map_err(|_| StoreError::Corrupt(what))
    }

    fn open_kept(&self, raw: RawStatement) -> Result<KeptStatement, StoreError> {
        let id = &raw.statement_id;
        let outcome = raw.outcome_sealed.as_ref();
        let ended = raw.ended_sealed.as_ref();
        Ok(KeptStatement {
            signed: self.open_statement(BODY, id, &raw.body_sealed)?,
            outcome: outcome
                .map(|outcome| self.open_statement(OUTCOME, id, outcome))
                .transpose()?,
            ended: ended
                .map(|ended| self.open_statement(ENDED, id, ended))
                .transpose()?,
            kind: raw.kind,
            user_id: raw.user_id,
            handed_at: raw.handed_at,
            taken_at: raw.taken_at,
            state: raw.state,
        })
    }
}

const BODY: &str = "record_statements.body";
const OUTCOME: &str = "record_statements.outcome";
const ENDED: &str = "record_statements.ended";
const RESULT: &str = "record_results.body";
