//! The sequencer: gives events of all nodes their places in the Merkle log.
//!
//! # A step, and what a crash leaves
//! 1. Read what no checkpoint covers yet, and compute tiles and root. A crash leaves nothing.
//! 2. In one transaction: take the lease, move the log's size by compare-and-swap, store ranges,
//!    tiles and the signed checkpoint. A crash before the commit leaves nothing; after it, all.
//!
//! So at no time is there a tile, a range or a checkpoint without the others, and of two
//! sequencers that computed the same step only one commits.

use std::collections::HashMap;

use tokio::sync::MutexGuard;
use wardline_audit::event::NodeName;
use wardline_audit::tree::{Appender, Level, TileId, TileWrite};
use wardline_audit::{Checkpoint, Hash};

use crate::StoreError;
use crate::audit::{EventRef, Range};
use crate::dialect::AdvisoryLock;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::{Store, Tx};

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequenced {
    /// The size of the log before.
    pub from: u64,
    /// The size of the log now.
    pub to: u64,
    /// Whether this holder has the lease. Without it nothing was done, and need not be: another
    /// node does it.
    pub leader: bool,
    /// Whether events were left for the next step, which should follow at once.
    pub more: bool,
}

row! {
    struct Lease {
        holder: String,
        until_ms: u64,
        size: u64,
    }
}

/// Commitments of one node that follow each other.
struct Run {
    first: EventRef,
    commitments: Vec<Hash>,
}

impl Store {
    /// Sequences what waits, up to [`STEP`] events. To be called at start and every few hundred
    /// milliseconds, by every node: `holder` is the caller's name, unique among running processes,
    /// and the lease lasts [`LEASE_MS`] from `now_ms`. The first step of a new database stores the
    /// checkpoint of the empty log.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the stored tiles do not lead to the signed root: then nothing
    /// is signed on top of them.
    pub async fn sequence_once(&self, now_ms: u64, holder: &str) -> Result<Sequenced, StoreError> {
        // One step at a time in this process; across nodes the lease and the size decide.
        let mut kept = self.sequencer.lock().await;
        let result = self.step(&mut kept, now_ms, holder).await;
        if !matches!(result, Ok(Sequenced { leader: true, .. })) {
            *kept = None;
        }
        result
    }

    /// Gives back the lease where `holder` has it, so that the next process sequences at once. To
    /// be called at the end of an orderly shutdown, after the last [`Store::sequence_once`]; without
    /// it the log pauses until the lease has run out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_back_lease(&self, holder: &str) -> Result<(), StoreError> {
        let mut kept = self.sequencer.lock().await;
        *kept = None;
        let mut tx = self.write().await?;
        tx.lock_whole(AdvisoryLock::Sequencer).await?;
        // The size stays: the next holder goes on from it.
        execute!(
            tx,
            "UPDATE log_lease SET until_ms = 0 WHERE name = 'sequencer' AND holder = $1",
            holder
        )?;
        tx.commit().await
    }

    async fn step(
        &self,
        kept: &mut MutexGuard<'_, Option<Appender>>,
        now_ms: u64,
        holder: &str,
    ) -> Result<Sequenced, StoreError> {
        let mut tx = self.read().await?;
        let lease = tx.lease().await?;
        let from = lease.as_ref().map_or(0, |lease| lease.size);
        if lease
            .as_ref()
            .is_some_and(|lease| lease.is_other(holder, now_ms))
        {
            return Ok(Sequenced {
                from,
                to: from,
                leader: false,
                more: false,
            });
        }
        let mut tree = match kept.take().filter(|tree| tree.size() == from) {
            Some(tree) => tree,
            None => tx.restore_tree(from, self).await?,
        };
        let runs = tx.unsequenced().await?;
        drop(tx);
        let commitments: Vec<Hash> = runs
            .iter()
            .flat_map(|run| &run.commitments)
            .copied()
            .collect();
        let due = lease
            .as_ref()
            .is_none_or(|lease| lease.holder != holder || lease.until_ms < now_ms + LEASE_MS / 2);
        if commitments.is_empty() && !due {
            **kept = Some(tree);
            return Ok(Sequenced {
                from,
                to: from,
                leader: true,
                more: false,
            });
        }
        let tiles = tree.append(&commitments);
        let to = tree.size();
        let note = (to != from || lease.is_none())
            .then(|| Checkpoint::sign(to, tree.root(), &self.shared.keys.log));
        let mut tx = self.write().await?;
        tx.lock_whole(AdvisoryLock::Sequencer).await?;
        if !tx.take_lease(holder, from, to, now_ms).await? {
            return Ok(Sequenced {
                from,
                to: from,
                leader: false,
                more: false,
            });
        }
        tx.store_runs(from, &runs).await?;
        tx.store_tiles(&tiles).await?;
        if let Some(note) = note {
            execute!(
                tx,
                "INSERT INTO log_checkpoints (size, note, created_at) VALUES ($1, $2, $3)",
                to,
                note,
                now_ms
            )?;
        }
        tx.commit().await?;
        **kept = Some(tree);
        Ok(Sequenced {
            from,
            to,
            leader: true,
            more: commitments.len() >= STEP,
        })
    }
}

impl Lease {
    fn is_other(&self, holder: &str, now_ms: u64) -> bool {
        self.holder != holder && self.until_ms > now_ms
    }
}

impl Tx {
    async fn lease(&mut self) -> Result<Option<Lease>, StoreError> {
        fetch_optional!(
            self,
            Lease,
            "SELECT holder, until_ms, size FROM log_lease WHERE name = 'sequencer'"
        )
    }

    /// Takes or renews the lease and moves the log's size; false when another one was faster.
    async fn take_lease(
        &mut self,
        holder: &str,
        from: u64,
        to: u64,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "INSERT INTO log_lease (name, holder, until_ms, size) VALUES ('sequencer', $1, $2, $4)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,
                 until_ms = excluded.until_ms, size = excluded.size
             WHERE log_lease.size = $3
                 AND (log_lease.holder = excluded.holder OR log_lease.until_ms <= $5)",
            holder,
            now_ms + LEASE_MS,
            from,
            to,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// The tree as it is stored, once its root is the signed one.
    async fn restore_tree(&mut self, size: u64, store: &Store) -> Result<Appender, StoreError> {
        if size == 0 {
            return Ok(Appender::new());
        }
        let mut tiles = HashMap::new();
        let levels = std::iter::once(Level::Entries).chain((0..8).map(Level::Hashes));
        for level in levels {
            let span = match level {
                Level::Entries => 8,
                Level::Hashes(n) => 8 * (u32::from(n) + 1),
            };
            let last = size.checked_shr(span).unwrap_or(0);
            if let Some(id) = TileId::in_tree(level, last, size)
                && let Some(bytes) = self.tile(id).await?
            {
                tiles.insert(id, bytes);
            }
        }
        let tree = Appender::restore(size, |id| tiles.get(&id).cloned())
            .map_err(|_| StoreError::Corrupt("log_tiles"))?;
        let note = self
            .checkpoint()
            .await?
            .ok_or(StoreError::Corrupt("log_checkpoints"))?;
        let signed = Checkpoint::verify(&note, store.log_key())
            .map_err(|_| StoreError::Corrupt("log_checkpoints"))?;
        if signed.size != size || signed.root != tree.root() {
            return Err(StoreError::Corrupt("log_tiles"));
        }
        Ok(tree)
    }

    /// What the log does not hold yet: a run of each node, [`STEP`] events in all at most.
    async fn unsequenced(&mut self) -> Result<Vec<Run>, StoreError> {
        let mut room = STEP;
        let mut runs = Vec::new();
        for first in self.log_tails().await? {
            let rows: Vec<(Vec<u8>,)> = fetch_all!(
                self,
                (Vec<u8>,),
                "SELECT commitment FROM audit_events WHERE node = $1 AND seq >= $2
                 ORDER BY seq LIMIT $3",
                first.node,
                first.seq,
                room
            )?;
            let commitments: Vec<Hash> = rows
                .iter()
                .map(|(bytes,)| {
                    Hash::from_slice(bytes).ok_or(StoreError::Corrupt("audit_events.commitment"))
                })
                .collect::<Result<_, _>>()?;
            room -= commitments.len().min(room);
            if !commitments.is_empty() {
                runs.push(Run { first, commitments });
            }
            if room == 0 {
                break;
            }
        }
        Ok(runs)
    }

    async fn store_runs(&mut self, from: u64, runs: &[Run]) -> Result<(), StoreError> {
        let mut index = from;
        for run in runs {
            let events = u64::try_from(run.commitments.len()).unwrap_or(0);
            let next = run.first.seq + events;
            execute!(
                self,
                "INSERT INTO log_nodes (node, next_seq) VALUES ($1, $2)
                 ON CONFLICT (node) DO UPDATE SET next_seq = excluded.next_seq",
                run.first.node,
                next
            )?;
            if !self
                .extend_last_range(&run.first.node, run.first.seq, index, events)
                .await?
            {
                execute!(
                    self,
                    "INSERT INTO log_ranges (first_index, node, first_seq, events)
                     VALUES ($1, $2, $3, $4)",
                    index,
                    run.first.node,
                    run.first.seq,
                    events
                )?;
            }
            index += events;
        }
        Ok(())
    }

    /// With one node at work, all of the log is a single range that grows.
    async fn extend_last_range(
        &mut self,
        node: &NodeName,
        seq: u64,
        index: u64,
        events: u64,
    ) -> Result<bool, StoreError> {
        let last = fetch_optional!(
            self,
            Range,
            "SELECT first_index, node, first_seq, events FROM log_ranges
             ORDER BY first_index DESC LIMIT 1"
        )?;
        let Some(last) = last.filter(|last| {
            last.node == *node
                && last.first_seq + last.events == seq
                && last.first_index + last.events == index
        }) else {
            return Ok(false);
        };
        execute!(
            self,
            "UPDATE log_ranges SET events = events + $2 WHERE first_index = $1",
            last.first_index,
            events
        )?;
        Ok(true)
    }

    async fn store_tiles(&mut self, tiles: &[TileWrite]) -> Result<(), StoreError> {
        for tile in tiles {
            execute!(
                self,
                "INSERT INTO log_tiles (level, tile_index, width, bytes) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (level, tile_index) DO UPDATE SET width = excluded.width,
                     bytes = excluded.bytes",
                tile.id.level().number(),
                tile.id.index(),
                tile.id.width(),
                tile.bytes
            )?;
        }
        Ok(())
    }
}

/// The most events of one step: a few milliseconds of work, so that writers hardly wait.
pub const STEP: usize = 8192;
/// How long a lease lasts, milliseconds: the longest pause of the log when its leader dies. One
/// that stops in order gives it back.
pub const LEASE_MS: u64 = 3_000;
