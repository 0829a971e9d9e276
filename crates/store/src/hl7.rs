//! Messages of HL7 feeds: kept sealed before they are acknowledged, applied in order, set aside where they
//! cannot be.
//!
//! They come in by the group commit ([`Store::arrive`]), many in one durable transaction. Whoever applies
//! them holds [`Tx::lock_hl7`], so that one node does it at a time and in the order of arrival. A message's
//! body goes when it is applied; that it came stays, so that a repetition is known as one.

use std::collections::HashMap;
use std::sync::LazyLock;

use wardline_audit::{Event, Salt};
use wardline_model::Phi;
use wardline_seal::Token;

use crate::StoreError;
use crate::audit::Prepared;
use crate::dialect::ManyRows;
use crate::rows::{
    Bind as _, bind_all, execute, fetch_all, fetch_one, fetch_optional, on_engine, row,
};
use crate::store::{Shared, Store, Tx};

/// A message that came.
#[derive(Clone)]
pub struct Arrival<'a> {
    /// Who sent it and under which control id: the same again is the same message.
    pub identity: &'a [u8],
    /// What makes it another message under the same id.
    pub content: &'a [u8],
    /// MSH-9.
    pub kind: &'a str,
    /// What an operator is told of it.
    pub about: &'a [u8],
    /// The message.
    pub body: &'a [u8],
    /// When it came, unix milliseconds.
    pub now_ms: u64,
    /// What the audit log is to say, if it is new.
    pub event: &'a Event,
    /// 32 random bytes, fresh for this event.
    pub salt: Salt,
}

/// What became of a message that came. It is durable, or was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// It is new, and kept.
    Kept,
    /// It came before, and was kept then.
    Repeated,
    /// Another message came under this id; this one is not kept.
    Reused,
}

/// A message made ready for the group commit.
pub(crate) struct Ready {
    id: Token,
    digest: Token,
    kind: String,
    about_sealed: Vec<u8>,
    body_sealed: Vec<u8>,
    received_at: u64,
}

/// A message that waits to be applied.
#[derive(Clone)]
pub struct WaitingMessage {
    /// Its place in the order of arrival.
    pub seq: u64,
    /// The message.
    pub body: Phi<Vec<u8>>,
    /// When it came, unix milliseconds.
    pub received_at: u64,
}

/// A message that could not be applied.
#[derive(Clone)]
pub struct DeadLetter {
    /// Its place in the order of arrival, which names it.
    pub seq: u64,
    /// MSH-9.
    pub kind: String,
    /// What an operator is told of it.
    pub about: Vec<u8>,
    /// When it came, unix milliseconds.
    pub received_at: u64,
    /// Why it could not be applied.
    pub reason: String,
    /// Where in it.
    pub place: Option<String>,
    /// When that was found, unix milliseconds.
    pub decided_at: u64,
}

/// How many messages there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hl7Counts {
    /// That wait to be applied.
    pub waiting: u64,
    /// That could not be.
    pub dead: u64,
}

row! {
    struct Known {
        id_token: Token,
        digest: Token,
    }
}

row! {
    struct RawWaiting {
        seq: u64,
        id_token: Token,
        body_sealed: Vec<u8>,
        received_at: u64,
    }
}

row! {
    struct Waits {
        seq: u64,
    }
}

row! {
    struct RawDead {
        seq: u64,
        id_token: Token,
        kind: String,
        about_sealed: Vec<u8>,
        received_at: u64,
        reason: Option<String>,
        place: Option<String>,
        decided_at: Option<u64>,
    }
}

row! {
    struct At {
        at: u64,
    }
}

row! {
    struct Counted {
        state: String,
        number: u64,
    }
}

impl Store {
    /// Keeps a message with its audit event. When this returns `Ok`, both survive power loss.
    pub async fn arrive(&self, arrival: &Arrival<'_>) -> Result<Arrived, StoreError> {
        let event = Prepared::new(&self.shared, arrival.event, arrival.salt)?;
        let ready = Ready::new(&self.shared, arrival)?;
        self.queue_arrival(event, ready).await
    }
}

impl Ready {
    fn new(shared: &Shared, arrival: &Arrival<'_>) -> Result<Self, StoreError> {
        let id = shared.index.token("hl7 message", arrival.identity);
        let digest = shared.index.token("hl7 content", arrival.content);
        let seal = |column: &str, plain: &[u8]| shared.sealer.seal(column, id.as_bytes(), plain);
        Ok(Self {
            kind: arrival.kind.to_owned(),
            about_sealed: seal("hl7_messages.about", arrival.about)?,
            body_sealed: seal("hl7_messages.body", arrival.body)?,
            received_at: arrival.now_ms,
            id,
            digest,
        })
    }
}

/// What is known of the messages of a batch.
pub(crate) type KnownMessages = HashMap<Token, Token>;

/// Judges a message, and notes it for those behind it in the batch.
pub(crate) fn judge(ready: &Ready, known: &mut KnownMessages) -> Arrived {
    match known.get(&ready.id) {
        Some(digest) if *digest == ready.digest => Arrived::Repeated,
        Some(_) => Arrived::Reused,
        None => {
            known.insert(ready.id, ready.digest);
            Arrived::Kept
        }
    }
}

impl Tx {
    /// Which of these messages came before.
    pub(crate) async fn known_messages(
        &mut self,
        ready: &[&Ready],
    ) -> Result<KnownMessages, StoreError> {
        let mut known = KnownMessages::new();
        for (sql, run) in KNOWN.cut(self, ready) {
            let rows: Vec<Known> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, Known>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, run, |q, ready| q.bind(ready.id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            known.extend(rows.into_iter().map(|row| (row.id_token, row.digest)));
        }
        Ok(known)
    }

    /// Writes new messages behind all others.
    pub(crate) async fn insert_messages(&mut self, ready: &[&Ready]) -> Result<(), StoreError> {
        if ready.is_empty() {
            return Ok(());
        }
        let count = u64::try_from(ready.len()).unwrap_or(u64::MAX);
        let last: At = fetch_one!(
            self,
            At,
            "UPDATE hl7_cursor SET at = at + $1 WHERE name = 1 RETURNING at",
            count
        )?;
        let first = last.at.saturating_sub(count) + 1;
        let numbered: Vec<(&Ready, u64)> = ready.iter().copied().zip(first..).collect();
        for (sql, run) in MESSAGES.cut(self, &numbered) {
            on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, run, |q, (ready, seq)| {
                    q.bind(seq.raw())
                        .bind(ready.id.raw())
                        .bind(ready.digest.raw())
                        .bind(ready.kind.raw())
                        .bind(ready.about_sealed.as_slice())
                        .bind(ready.body_sealed.as_slice())
                        .bind(ready.received_at.raw())
                })
                .execute(conn)
                .await
                .map(drop)
            })?;
        }
        Ok(())
    }

    /// Keeps everybody else from applying messages until this transaction ends.
    pub async fn lock_hl7(&mut self) -> Result<(), StoreError> {
        execute!(self, "UPDATE hl7_cursor SET at = at + 1 WHERE name = 2")?;
        Ok(())
    }

    /// The messages that wait, in the order of arrival.
    pub async fn waiting_messages(
        &mut self,
        limit: u32,
    ) -> Result<Vec<WaitingMessage>, StoreError> {
        let rows: Vec<RawWaiting> = fetch_all!(
            self,
            RawWaiting,
            "SELECT seq, id_token, body_sealed, received_at FROM hl7_messages
             WHERE state = 'waiting' ORDER BY seq LIMIT $1",
            limit
        )?;
        rows.into_iter()
            .map(|raw| {
                let row = raw.id_token.as_bytes();
                let body = self.open("hl7_messages.body", row, &raw.body_sealed)?;
                Ok(WaitingMessage {
                    seq: raw.seq,
                    body: Phi::new(body.to_vec()),
                    received_at: raw.received_at,
                })
            })
            .collect()
    }

    /// Which message waits before all others, whether it can be opened or not.
    pub async fn first_waiting_message(&mut self) -> Result<Option<u64>, StoreError> {
        let rows: Vec<Waits> = fetch_all!(
            self,
            Waits,
            "SELECT seq FROM hl7_messages WHERE state = 'waiting' ORDER BY seq LIMIT 1"
        )?;
        Ok(rows.first().map(|row| row.seq))
    }

    /// Notes that a message is applied; what it said goes.
    pub async fn message_applied(&mut self, seq: u64, now_ms: u64) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE hl7_messages SET state = 'applied', body_sealed = NULL, reason = NULL,
                 place = NULL, decided_at = $2 WHERE seq = $1 AND state = 'waiting'",
            seq,
            now_ms
        )?;
        Ok(())
    }

    /// Sets a message aside that could not be applied.
    pub async fn message_dead(
        &mut self,
        seq: u64,
        reason: &str,
        place: Option<&str>,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE hl7_messages SET state = 'dead', reason = $2, place = $3, decided_at = $4
             WHERE seq = $1 AND state = 'waiting'",
            seq,
            reason,
            place,
            now_ms
        )?;
        Ok(())
    }

    /// Messages that could not be applied, the oldest first, after a place.
    pub async fn dead_letters(
        &mut self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let rows: Vec<RawDead> = fetch_all!(
            self,
            RawDead,
            "SELECT seq, id_token, kind, about_sealed, received_at, reason, place, decided_at
             FROM hl7_messages WHERE state = 'dead' AND seq > $1 ORDER BY seq LIMIT $2",
            after,
            limit
        )?;
        rows.into_iter()
            .map(|raw| {
                let row = raw.id_token.as_bytes();
                let about = self.open("hl7_messages.about", row, &raw.about_sealed)?;
                Ok(DeadLetter {
                    seq: raw.seq,
                    kind: raw.kind,
                    about: about.to_vec(),
                    received_at: raw.received_at,
                    reason: raw.reason.unwrap_or_default(),
                    place: raw.place,
                    decided_at: raw.decided_at.unwrap_or(raw.received_at),
                })
            })
            .collect()
    }

    /// Has a message tried again that could not be applied; false when there is no such.
    pub async fn replay_letter(&mut self, seq: u64) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE hl7_messages SET state = 'waiting', decided_at = NULL
             WHERE seq = $1 AND state = 'dead'",
            seq
        )?;
        Ok(changed == 1)
    }

    /// Gives a message up that could not be applied; what it said goes. False when there is no such.
    pub async fn dismiss_letter(&mut self, seq: u64, now_ms: u64) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE hl7_messages SET state = 'dismissed', body_sealed = NULL, decided_at = $2
             WHERE seq = $1 AND state = 'dead'",
            seq,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// Whether any message waits to be applied.
    pub async fn any_message_waits(&mut self) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = fetch_optional!(
            self,
            (i64,),
            "SELECT seq FROM hl7_messages WHERE state = 'waiting' LIMIT 1"
        )?;
        Ok(row.is_some())
    }

    /// How many wait, and how many could not be applied.
    pub async fn hl7_counts(&mut self) -> Result<Hl7Counts, StoreError> {
        let rows: Vec<Counted> = fetch_all!(
            self,
            Counted,
            "SELECT state, COUNT(*) AS number FROM hl7_messages
             WHERE state IN ('waiting', 'dead') GROUP BY state"
        )?;
        let of = |state: &str| {
            let row = rows.iter().find(|row| row.state == state);
            row.map_or(0, |row| row.number)
        };
        Ok(Hl7Counts {
            waiting: of("waiting"),
            dead: of("dead"),
        })
    }

    /// Forgets messages that were applied or given up before a time, some at once; gives how many. Their
    /// ids may be used again then.
    pub async fn forget_messages(&mut self, before_ms: u64, limit: u32) -> Result<u64, StoreError> {
        execute!(
            self,
            "DELETE FROM hl7_messages WHERE seq IN
                 (SELECT seq FROM hl7_messages WHERE state IN ('applied', 'dismissed')
                      AND decided_at < $1 LIMIT $2)",
            before_ms,
            limit
        )
    }

    /// How new the newest news of something is that was applied, unix milliseconds.
    pub async fn newest_news(&mut self, subject: &str) -> Result<Option<u64>, StoreError> {
        let token = self.shared.index.token("hl7 news", subject.as_bytes());
        let row: Option<At> = fetch_optional!(
            self,
            At,
            "SELECT at FROM hl7_newest WHERE subject_token = $1",
            token
        )?;
        Ok(row.map(|row| row.at))
    }

    /// Notes how new the news is that is being applied.
    pub async fn note_news(&mut self, subject: &str, at_ms: u64) -> Result<(), StoreError> {
        let token = self.shared.index.token("hl7 news", subject.as_bytes());
        execute!(
            self,
            "INSERT INTO hl7_newest (subject_token, at) VALUES ($1, $2)
             ON CONFLICT (subject_token) DO UPDATE SET at = excluded.at
                 WHERE hl7_newest.at < excluded.at",
            token,
            at_ms
        )?;
        Ok(())
    }
}

pub(crate) static KNOWN: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "WITH asked (id_token) AS (VALUES ",
        &["$"],
        ") SELECT m.id_token, m.digest FROM asked CROSS JOIN hl7_messages m
         WHERE m.id_token = asked.id_token",
    )
});

static MESSAGES: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO hl7_messages (seq, id_token, digest, kind, about_sealed, body_sealed,
             received_at, state) VALUES ",
        &["$", "$", "$", "$", "$", "$", "$", "'waiting'"],
        "",
    )
});
