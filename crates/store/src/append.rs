//! The group commit: many messages and events in one durable transaction.
//!
//! # Order, and what a crash leaves
//! 1. The caller's task makes its event ready (canonical form, commitment, sealed payload) and
//!    queues a job. A crash leaves nothing; nothing was promised.
//! 2. The writer begins a transaction and takes every job that waits, [`MAX_BATCH`] at most. While
//!    one batch is being synced the next one gathers, so batches grow with the load by themselves.
//! 3. Each job is judged against its group's head: membership, repetition, epoch, pending removal.
//!    A job that is refused takes no part in what follows, and so never fails its neighbours. A
//!    repetition is nearly always of a message whose answer got lost a moment ago: when the unique
//!    key on message ids refuses a batch, it is run again with every id looked up.
//! 4. Entries, the pages of STAT messages, events, heads of groups and the signed head of the chain
//!    are written, then committed. A crash before the commit returned leaves either nothing or all of it; a client
//!    that got no answer sends the same message id again and gets the answer of the first time.
//! 5. Only then is each caller answered.
//!
//! When the database refuses a batch as a whole, each job is tried alone, so that the one at
//! fault fails by itself.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use wardline_audit::{Event, Salt};
use wardline_model::wire::messages::Priority;
use wardline_model::{DeviceId, GroupId, MessageId, UserId};

use crate::StoreError;
use crate::audit::{EventRef, Prepared};
use crate::cache::{Cache, Group};
use crate::dialect::{ManyRows, placeholders};
use crate::hl7::{self, Arrived, Ready};
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, fetch_all, on_engine, row};
use crate::store::{Pool, RETRIES, Shared, Store, Tx};

/// A message to be taken.
#[derive(Debug, Clone)]
pub struct Append {
    /// The conversation.
    pub group: GroupId,
    /// Chosen by the sender; the same id again is the same message.
    pub message_id: MessageId,
    /// The device that sends; must be in the group.
    pub sender_device: DeviceId,
    /// Its person.
    pub sender_user: UserId,
    /// The epoch that it was encrypted in; must be the current one.
    pub epoch: u64,
    /// How urgent it is.
    pub priority: Priority,
    /// The `MLSMessage`.
    pub body: Vec<u8>,
    /// Now, unix milliseconds: when the message counts as sent.
    pub now_ms: u64,
    /// What the audit log is to say, if the message is taken. Of a refusal or a repetition
    /// nothing is recorded here; see [`Store::record`].
    pub event: Event,
    /// 32 random bytes, fresh for this event.
    pub salt: Salt,
}

/// The message is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its place in the conversation's log.
    pub seq: u64,
    /// When it was taken, unix milliseconds: the first time, if it came before.
    pub sent_at: u64,
    /// Whether it had been taken before.
    pub duplicate: bool,
}

/// Why a message was not taken; nothing was changed then.
#[derive(Debug, Error)]
pub enum AppendError {
    /// There is no such conversation.
    #[error("there is no such conversation")]
    UnknownGroup,
    /// The device is not in the group.
    #[error("the device is not in this conversation")]
    NotMember,
    /// Encrypted in another epoch than the current one: catch up and encrypt again.
    #[error("the conversation is at epoch {current}")]
    EpochConflict {
        /// The current epoch.
        current: u64,
    },
    /// A removal is pending: commit it and encrypt again.
    #[error("a removal waits for a commit")]
    CommitRequired,
    /// Another device used this message id in this conversation: draw another.
    #[error("the message id is taken")]
    IdTaken,
    /// Below.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Takes a message with its audit event. When this returns `Ok`, both survive power loss.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub async fn append(&self, append: Append) -> Result<Accepted, AppendError> {
        let event = Prepared::new(&self.shared, &append.event, append.salt)?;
        let (reply, answer) = oneshot::channel();
        self.queue(Job {
            event,
            work: Work::Append(Box::new(append), reply),
        })
        .await?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Records an audit event that has no effect beside it: a read, a refusal.
    ///
    /// # Errors
    /// As [`Tx::audit`].
    pub async fn record(&self, event: &Event, salt: Salt) -> Result<EventRef, StoreError> {
        let event = Prepared::new(&self.shared, event, salt)?;
        let (reply, answer) = oneshot::channel();
        self.queue(Job {
            event,
            work: Work::Record(reply),
        })
        .await?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Queues a message of a feed, and waits until it is durable.
    pub(crate) async fn queue_arrival(
        &self,
        event: Prepared,
        ready: Ready,
    ) -> Result<Arrived, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue(Job {
            event,
            work: Work::Arrive(Box::new(ready), reply),
        })
        .await?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn queue(&self, job: Job) -> Result<(), StoreError> {
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)
    }
}

/// One caller's wish and where to answer.
pub(crate) struct Job {
    event: Prepared,
    work: Work,
}

enum Work {
    Append(Box<Append>, oneshot::Sender<Result<Accepted, AppendError>>),
    Record(oneshot::Sender<Result<EventRef, StoreError>>),
    Arrive(Box<Ready>, oneshot::Sender<Result<Arrived, StoreError>>),
}

/// What becomes of a job once the batch is committed.
#[derive(Debug, Clone)]
enum Verdict {
    Accepted(Accepted),
    Recorded(EventRef),
    Arrived(Arrived),
    UnknownGroup,
    NotMember,
    EpochConflict { current: u64 },
    CommitRequired,
    IdTaken,
}

/// Whether messages that look new are looked up before they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeated {
    /// Nearly all are new; the unique key refuses the batch if one is not.
    Trust,
    /// After such a refusal.
    LookUp,
}

/// Starts the writer; it ends when the last sender is gone.
pub(crate) fn start(shared: Arc<Shared>) -> mpsc::Sender<Job> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::spawn(write_batches(shared, receiver));
    sender
}

async fn write_batches(shared: Arc<Shared>, mut waiting: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(MAX_BATCH);
    while let Some(first) = waiting.recv().await {
        jobs.push(first);
        // Those who were just answered get to queue what they send next.
        tokio::task::yield_now().await;
        let begun = Tx::write(Arc::clone(&shared)).await;
        gather(&mut waiting, &mut jobs).await;
        let mut outcome = match begun {
            Ok(tx) => run(tx, &jobs, Repeated::Trust).await,
            Err(error) => Err(error),
        };
        if matches!(&outcome, Err(error) if error.is_conflict()) {
            shared.writer.lock().await.clear();
            outcome = match Tx::write(Arc::clone(&shared)).await {
                Ok(tx) => run(tx, &jobs, Repeated::LookUp).await,
                Err(error) => Err(error),
            };
        }
        if let Ok(verdicts) = outcome {
            for (job, verdict) in jobs.drain(..).zip(verdicts) {
                job.work.answer(verdict);
            }
        } else {
            shared.writer.lock().await.clear();
            for job in jobs.drain(..) {
                run_alone(&shared, job).await;
            }
        }
    }
}

/// Takes what waits. While giving way brings in more it gives way again: a commit costs as much for
/// few as for many, and whoever misses this one waits for two.
async fn gather(waiting: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>) {
    loop {
        let before = jobs.len();
        while jobs.len() < MAX_BATCH {
            let Ok(job) = waiting.try_recv() else { break };
            jobs.push(job);
        }
        if jobs.len() == before || jobs.len() == MAX_BATCH {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Tries one job by itself, again while others are in the way.
async fn run_alone(shared: &Arc<Shared>, job: Job) {
    let jobs = [job];
    let mut attempt = 0;
    let outcome = loop {
        let outcome = match Tx::write(Arc::clone(shared)).await {
            Ok(tx) => run(tx, &jobs, Repeated::LookUp).await,
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) if error.is_busy() && attempt < RETRIES => {
                tokio::time::sleep(Duration::from_millis(2 << attempt)).await;
                attempt += 1;
            }
            other => break other,
        }
    };
    let [job] = jobs;
    match outcome {
        Ok(verdicts) => {
            if let Some(verdict) = verdicts.into_iter().next() {
                job.work.answer(verdict);
            }
        }
        Err(error) => job.work.fail(error),
    }
}

/// Judges and writes a batch in one transaction; the verdicts are in the order of the jobs.
async fn run(mut tx: Tx, jobs: &[Job], repeated: Repeated) -> Result<Vec<Verdict>, StoreError> {
    let appends: Vec<&Append> = jobs.iter().filter_map(|job| job.work.append()).collect();
    let mut groups = tx.heads(&appends).await?;
    let suspects: Vec<&Append> = match repeated {
        Repeated::LookUp => appends.clone(),
        Repeated::Trust => appends
            .iter()
            .copied()
            .filter(|a| is_suspect(a, &groups))
            .collect(),
    };
    let mut taken = tx.taken(&suspects).await?;
    let arrivals: Vec<&Ready> = jobs.iter().filter_map(|job| job.work.arrival()).collect();
    let mut known = tx.known_messages(&arrivals).await?;
    let mut kept: Vec<&Ready> = Vec::with_capacity(arrivals.len());
    let mut end = tx.chain_end().await?;
    let mut verdicts = Vec::with_capacity(jobs.len());
    let mut entries: Vec<(&Append, u64)> = Vec::with_capacity(appends.len());
    let mut events: Vec<(&Prepared, u64, [u8; 32])> = Vec::with_capacity(jobs.len());
    for job in jobs {
        let verdict = match &job.work {
            Work::Append(append, _) => judge(append, &mut groups, &mut taken),
            Work::Arrive(ready, _) => Verdict::Arrived(hl7::judge(ready, &mut known)),
            Work::Record(_) => Verdict::Recorded(EventRef {
                node: tx.shared.keys.node.clone(),
                seq: end.seq + 1,
            }),
        };
        let has_effect = match (&verdict, job.work.append()) {
            (Verdict::Accepted(accepted), Some(append)) if !accepted.duplicate => {
                entries.push((append, accepted.seq));
                true
            }
            (Verdict::Recorded(_), _) => true,
            (Verdict::Arrived(Arrived::Kept), _) => {
                kept.extend(job.work.arrival());
                true
            }
            _ => false,
        };
        if has_effect {
            end = end.after(&job.event.commitment);
            events.push((&job.event, end.seq, end.link.0));
        }
        verdicts.push(verdict);
    }
    if events.is_empty() {
        tx.rollback().await?;
        return Ok(verdicts);
    }
    tx.insert_entries(&entries).await?;
    tx.insert_messages(&kept).await?;
    // Few messages are STAT, so one statement for each; the others pay nothing.
    for (append, seq) in &entries {
        if append.priority == Priority::Stat {
            tx.begin_escalation(append, *seq).await?;
        }
    }
    tx.insert_events(&events).await?;
    tx.move_heads(&entries).await?;
    tx.chain = Some(end);
    tx.commit_batch(groups).await?;
    Ok(verdicts)
}

/// Whether a message would be refused if it were new, and so may be the repetition of one that was
/// taken before the group moved on.
fn is_suspect(append: &Append, groups: &HashMap<GroupId, Group>) -> bool {
    groups
        .get(&append.group)
        .is_some_and(|group| group.removal_pending || group.epoch != append.epoch)
}

/// Judges one message and, if it is taken, moves its group's head for the next one.
fn judge(
    append: &Append,
    groups: &mut HashMap<GroupId, Group>,
    taken: &mut HashMap<(GroupId, MessageId), Taken>,
) -> Verdict {
    let Some(group) = groups.get_mut(&append.group) else {
        return Verdict::UnknownGroup;
    };
    if !group.members.contains(&append.sender_device) {
        return Verdict::NotMember;
    }
    // Before the epoch is asked for: who repeats a message that was taken gets that answer, even
    // if the group has moved on meanwhile.
    if let Some(before) = taken.get(&(append.group, append.message_id)) {
        return if before.sender_device == Some(append.sender_device) {
            Verdict::Accepted(Accepted {
                seq: before.seq,
                sent_at: before.sent_at,
                duplicate: true,
            })
        } else {
            Verdict::IdTaken
        };
    }
    if group.removal_pending {
        return Verdict::CommitRequired;
    }
    if group.epoch != append.epoch {
        return Verdict::EpochConflict {
            current: group.epoch,
        };
    }
    group.last_seq += 1;
    let seq = group.last_seq;
    taken.insert(
        (append.group, append.message_id),
        Taken {
            group_id: append.group,
            message_id: append.message_id,
            seq,
            sent_at: append.now_ms,
            sender_device: Some(append.sender_device),
        },
    );
    Verdict::Accepted(Accepted {
        seq,
        sent_at: append.now_ms,
        duplicate: false,
    })
}

row! {
    struct Head {
        group_id: GroupId,
        epoch: u64,
        last_seq: u64,
        removal_pending: bool,
    }
}

row! {
    struct MemberDevice {
        group_id: GroupId,
        device_id: DeviceId,
    }
}

row! {
    struct Taken {
        group_id: GroupId,
        message_id: MessageId,
        seq: u64,
        sent_at: u64,
        sender_device: Option<DeviceId>,
    }
}

impl Tx {
    /// The heads and members of the groups that messages go to; on PostgreSQL locked.
    async fn heads(&mut self, appends: &[&Append]) -> Result<HashMap<GroupId, Group>, StoreError> {
        let mut ids: Vec<GroupId> = appends.iter().map(|append| append.group).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut known = HashMap::with_capacity(ids.len());
        if let Some(cache) = &self.writer {
            for id in &ids {
                if let Some(group) = cache.groups.get(id) {
                    known.insert(*id, group.clone());
                }
            }
            ids.retain(|id| !known.contains_key(id));
        }
        if ids.is_empty() {
            return Ok(known);
        }
        // On PostgreSQL members that were read in this epoch are still right.
        let believed: HashMap<GroupId, Group> = match (&self.writer, &self.shared.pool) {
            (None, Pool::Postgres(_)) => {
                let cache = self.shared.writer.lock().await;
                let pick = |id: &GroupId| Some((*id, cache.groups.get(id)?.clone()));
                ids.iter().filter_map(pick).collect()
            }
            _ => HashMap::new(),
        };
        let mut heads: Vec<Head> = Vec::with_capacity(ids.len());
        for ids in ids.chunks(MAX_IN) {
            let sql = format!(
                "SELECT group_id, epoch, last_seq, removal_pending FROM groups
                 WHERE group_id IN ({}){}",
                placeholders(1, ids.len()),
                self.lock_heads()
            );
            let found: Vec<Head> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, Head>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            heads.extend(found);
        }
        for head in heads {
            let members = match believed.get(&head.group_id) {
                Some(group) if group.epoch == head.epoch => Arc::clone(&group.members),
                _ => Arc::new(self.member_devices(head.group_id).await?),
            };
            let group = Group {
                epoch: head.epoch,
                last_seq: head.last_seq,
                removal_pending: head.removal_pending,
                members,
            };
            known.insert(head.group_id, group);
        }
        Ok(known)
    }

    async fn member_devices(&mut self, group: GroupId) -> Result<HashSet<DeviceId>, StoreError> {
        let rows: Vec<MemberDevice> = fetch_all!(
            self,
            MemberDevice,
            "SELECT group_id, device_id FROM group_devices WHERE group_id = $1",
            group
        )?;
        Ok(rows.into_iter().map(|row| row.device_id).collect())
    }

    /// Which of these messages were taken before.
    async fn taken(
        &mut self,
        appends: &[&Append],
    ) -> Result<HashMap<(GroupId, MessageId), Taken>, StoreError> {
        let mut taken = HashMap::new();
        for (sql, run) in TAKEN.cut(self, appends) {
            let rows: Vec<Taken> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, Taken>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, run, |q, append| {
                    q.bind(append.group.raw()).bind(append.message_id.raw())
                })
                .fetch_all(conn)
                .await
            })?;
            taken.extend(
                rows.into_iter()
                    .map(|row| ((row.group_id, row.message_id), row)),
            );
        }
        Ok(taken)
    }

    async fn insert_entries(&mut self, entries: &[(&Append, u64)]) -> Result<(), StoreError> {
        for (sql, run) in ENTRIES.cut(self, entries) {
            on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, run, |q, (append, seq)| {
                    q.bind(append.group.raw())
                        .bind(seq.raw())
                        .bind(append.message_id.raw())
                        .bind(append.sender_device.raw())
                        .bind(append.sender_user.raw())
                        .bind(append.epoch.raw())
                        .bind(append.priority.raw())
                        .bind(append.now_ms.raw())
                        .bind(append.body.as_slice())
                })
                .execute(conn)
                .await
                .map(drop)
            })?;
        }
        Ok(())
    }

    pub(crate) async fn insert_events(
        &mut self,
        events: &[(&Prepared, u64, [u8; 32])],
    ) -> Result<(), StoreError> {
        let node = self.shared.keys.node.clone();
        for (sql, run) in EVENTS.cut(self, events) {
            on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, run, |q, (event, seq, link)| {
                    q.bind(node.as_str())
                        .bind(seq.raw())
                        .bind(event.salt.0.as_slice())
                        .bind(event.payload_sealed.as_slice())
                        .bind(event.commitment.0.as_slice())
                        .bind(link.as_slice())
                })
                .execute(conn)
                .await
                .map(drop)
            })?;
        }
        Ok(())
    }

    /// Moves the heads of groups to the newest of these entries.
    async fn move_heads(&mut self, entries: &[(&Append, u64)]) -> Result<(), StoreError> {
        let mut newest: HashMap<GroupId, (u64, u64)> = HashMap::new();
        for (append, seq) in entries {
            let head = newest.entry(append.group).or_default();
            *head = (head.0.max(*seq), head.1.max(append.now_ms));
        }
        let heads: Vec<(GroupId, (u64, u64))> = newest.into_iter().collect();
        for (sql, run) in HEADS.cut(self, &heads) {
            on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, run, |q, (group, (seq, at))| {
                    q.bind(group.raw()).bind(seq.raw()).bind(at.raw())
                })
                .execute(conn)
                .await
                .map(drop)
            })?;
        }
        Ok(())
    }

    /// Commits, and keeps what is known of the groups for the next batch.
    async fn commit_batch(mut self, groups: HashMap<GroupId, Group>) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        if let Some(cache) = &mut self.writer {
            // Under the lock still; a commit that fails clears all of it.
            keep(cache, groups);
            return self.commit().await;
        }
        self.commit().await?;
        keep(&mut *shared.writer.lock().await, groups);
        Ok(())
    }
}

fn keep(cache: &mut Cache, groups: HashMap<GroupId, Group>) {
    cache.make_room();
    cache.groups.extend(groups);
}

impl Work {
    fn append(&self) -> Option<&Append> {
        match self {
            Self::Append(append, _) => Some(append),
            Self::Record(_) | Self::Arrive(..) => None,
        }
    }

    fn arrival(&self) -> Option<&Ready> {
        match self {
            Self::Arrive(ready, _) => Some(ready),
            Self::Append(..) | Self::Record(_) => None,
        }
    }

    /// Answers the caller; one who went away loses nothing but the answer.
    fn answer(self, verdict: Verdict) {
        match self {
            Self::Append(_, reply) => drop(reply.send(verdict.into())),
            Self::Record(reply) => drop(reply.send(match verdict {
                Verdict::Recorded(event) => Ok(event),
                _ => Err(StoreError::Closed),
            })),
            Self::Arrive(_, reply) => drop(reply.send(match verdict {
                Verdict::Arrived(arrived) => Ok(arrived),
                _ => Err(StoreError::Closed),
            })),
        }
    }

    fn fail(self, error: StoreError) {
        match self {
            Self::Append(_, reply) => drop(reply.send(Err(error.into()))),
            Self::Record(reply) => drop(reply.send(Err(error))),
            Self::Arrive(_, reply) => drop(reply.send(Err(error))),
        }
    }
}

impl From<Verdict> for Result<Accepted, AppendError> {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accepted(accepted) => Ok(accepted),
            Verdict::UnknownGroup => Err(AppendError::UnknownGroup),
            Verdict::NotMember => Err(AppendError::NotMember),
            Verdict::EpochConflict { current } => Err(AppendError::EpochConflict { current }),
            Verdict::CommitRequired => Err(AppendError::CommitRequired),
            Verdict::IdTaken => Err(AppendError::IdTaken),
            Verdict::Recorded(_) | Verdict::Arrived(_) => {
                Err(AppendError::Store(StoreError::Closed))
            }
        }
    }
}

pub(crate) static TAKEN: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "WITH asked (group_id, message_id) AS (VALUES ",
        &["$", "$"],
        ") SELECT e.group_id, e.message_id, e.seq, e.sent_at, e.sender_device
         FROM asked CROSS JOIN entries e
         WHERE e.group_id = asked.group_id AND e.message_id = asked.message_id",
    )
});

static ENTRIES: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO entries (group_id, seq, kind, message_id, sender_device, sender_user, epoch,
             priority, sent_at, body) VALUES ",
        &["$", "$", "'message'", "$", "$", "$", "$", "$", "$", "$"],
        "",
    )
});

static EVENTS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO audit_events (node, seq, salt, payload_sealed, commitment, chain) VALUES ",
        &["$", "$", "$", "$", "$", "$"],
        "",
    )
});

pub(crate) static HEADS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "WITH moved (group_id, last_seq, at_ms) AS (VALUES ",
        &["$", "$", "$"],
        ") UPDATE groups SET last_seq = moved.last_seq, last_message_at = moved.at_ms
         FROM moved WHERE groups.group_id = COALESCE(moved.group_id, moved.group_id)",
    )
});

/// The most jobs of one transaction.
const MAX_BATCH: usize = 256;
/// How many jobs may wait; whoever comes then waits to be let into the queue.
const QUEUE: usize = 1024;
