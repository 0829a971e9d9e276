//! What one node does for the hospital at a time: reading a device manager, fetching the public lists.
//!
//! A node takes the turn in the database before it begins, and keeps it while it is at it. Where it
//! dies another one begins [`HELD_MS`] later. How it went stands there too, so that every node can
//! tell.

use std::time::Duration;

use wardline_store::Tx;

use crate::app::App;
use crate::gate::patiently;
use crate::problem::Refusal;

/// The turn of this node. It is given back by [`Turn::finish`].
#[derive(Debug)]
pub(crate) struct Turn {
    source: &'static str,
    taken_ms: u64,
}

impl Turn {
    /// Takes the turn where it is due and no other node has it.
    pub(crate) async fn take(
        tx: &mut Tx,
        source: &'static str,
        taken_ms: u64,
    ) -> Result<Option<Self>, Refusal> {
        let is_taken = tx.take_pull(source, taken_ms, taken_ms + HELD_MS).await?;
        Ok(is_taken.then_some(Self { source, taken_ms }))
    }

    /// Gives the turn back within the transaction that took it: there is nothing to do.
    pub(crate) async fn give_back(self, tx: &mut Tx, now_ms: u64) -> Result<(), Refusal> {
        tx.hold_pull(self.source, self.taken_ms, now_ms).await?;
        Ok(())
    }

    /// When it was taken, unix milliseconds.
    pub(crate) const fn taken_ms(&self) -> u64 {
        self.taken_ms
    }

    /// Does something for as long as this node has the turn. `None` when another node took it: one
    /// that stood still for long does not go on beside its successor.
    pub(crate) async fn during<T>(
        &self,
        app: &App,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, Refusal> {
        tokio::select! {
            done = work => Ok(Some(done)),
            lost = self.hold(app) => lost.map(|()| None),
        }
    }

    /// Keeps the turn for as long as it is polled. It ends when another node has it.
    async fn hold(&self, app: &App) -> Result<(), Refusal> {
        loop {
            tokio::time::sleep(Duration::from_millis(HELD_MS / 3)).await;
            let until_ms = app.clock.now_ms() + HELD_MS;
            let is_held = patiently!(app, |tx| {
                Ok(tx.hold_pull(self.source, self.taken_ms, until_ms).await?)
            })?;
            if !is_held {
                tracing::warn!(source = self.source, "another node has begun with it");
                return Ok(());
            }
        }
    }

    /// Notes how it went, and when it is due again. Without a time at which all was well, the one
    /// before stays.
    pub(crate) async fn finish(
        self,
        app: &App,
        done_at: Option<u64>,
        problem: Option<&str>,
        due_ms: u64,
    ) -> Result<(), Refusal> {
        patiently!(app, |tx| {
            tx.finish_pull(self.source, self.taken_ms, done_at, problem, due_ms)
                .await?;
            Ok(())
        })
    }
}

const MINUTE_MS: u64 = 60_000;
/// For how long a turn is kept from other nodes without a word of the one that has it.
const HELD_MS: u64 = 3 * MINUTE_MS;
/// After what time something that failed is due again, where it is not due sooner anyway: whoever
/// mended what stood in the way sees soon whether that helped.
pub(crate) const AGAIN_MS: u64 = 10 * MINUTE_MS;
