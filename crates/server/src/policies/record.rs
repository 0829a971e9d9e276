//! Decisions with all that they depended on, kept for replay.
//!
//! They are written in batches behind the requests, compressed and sealed; the audit event of each
//! has the digest of its question. A crash loses those of the last seconds, and a full queue those
//! that do not fit: the next batch says how many.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use wardline_policy::Recorded;
use wardline_store::StoreError;

use crate::app::App;
use crate::listen::stopped;
use crate::problem::Refusal;
use crate::rim::random;

/// A decision as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// A keyed digest of the question, as the event has it.
    pub(crate) inputs: String,
    /// [`wardline_policy::Engine::hash`] of what answered.
    pub(crate) policy: Arc<str>,
    /// Question and answer.
    #[serde(flatten)]
    pub(crate) recorded: Recorded,
}

/// Where decisions are handed in.
#[derive(Debug)]
pub(crate) struct Recorder {
    queue: mpsc::Sender<Kept>,
    dropped: AtomicU32,
}

/// Where they come out.
pub(crate) type Queue = mpsc::Receiver<Kept>;

impl Recorder {
    pub(crate) fn new() -> (Self, Queue) {
        let (queue, out) = mpsc::channel(LONGEST_QUEUE);
        let dropped = AtomicU32::new(0);
        (Self { queue, dropped }, out)
    }

    /// Keeps a decision. Never waits.
    pub(crate) fn record(&self, kept: Kept) {
        if self.queue.try_send(kept).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes what is handed in, until told to stop; then what is left.
pub(crate) async fn run(app: App, mut queue: Queue, mut stop: watch::Receiver<bool>) {
    let mut forgotten_at = 0;
    loop {
        let over = tokio::select! {
            () = tokio::time::sleep(EVERY) => false,
            () = stopped(&mut stop) => true,
        };
        loop {
            let mut batch = Vec::new();
            while batch.len() < LARGEST_BATCH
                && let Ok(kept) = queue.try_recv()
            {
                batch.push(kept);
            }
            if batch.is_empty() {
                break;
            }
            let lost = u32::try_from(batch.len()).unwrap_or(u32::MAX);
            if let Err(error) = write(&app, batch).await {
                app.gate
                    .recorder()
                    .dropped
                    .fetch_add(lost, Ordering::Relaxed);
                tracing::warn!(%error, "decisions were not kept for replay");
            }
        }
        if over {
            return;
        }
        let now_ms = app.clock.now_ms();
        if now_ms >= forgotten_at + HOUR_MS {
            forgotten_at = now_ms;
            if let Err(error) = forget(&app, now_ms).await {
                tracing::warn!(%error, "old decisions were not forgotten");
            }
        }
    }
}

async fn write(app: &App, batch: Vec<Kept>) -> Result<(), Refusal> {
    let times = batch
        .iter()
        .map(|kept| kept.recorded.question.context.now_ms);
    let span = times.fold((u64::MAX, 0), |(from, until), at| {
        (from.min(at), until.max(at))
    });
    let count = u32::try_from(batch.len()).unwrap_or(u32::MAX);
    // A thousand of them take tens of milliseconds, for which no request should wait.
    let packed = tokio::task::spawn_blocking(move || pack(&batch)).await;
    let body = packed.map_err(Refusal::internal)?;
    let dropped = app.gate.recorder().dropped.load(Ordering::Relaxed);
    let mut tx = app.gate.machinery().write().await?;
    tx.put_decisions(random(), span, count, dropped, &body)
        .await?;
    tx.commit().await?;
    // What was dropped meanwhile is told by the next batch.
    app.gate
        .recorder()
        .dropped
        .fetch_sub(dropped, Ordering::Relaxed);
    Ok(())
}

fn pack(batch: &[Kept]) -> Vec<u8> {
    let mut lines = Vec::new();
    for kept in batch {
        // Invariant: writing to memory does not fail, and a decision is JSON.
        let _ = serde_json::to_writer(&mut lines, kept);
        lines.push(b'\n');
    }
    // In one piece: the encoder zeroes its whole buffer for each piece that it is handed.
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let _ = packed.write_all(&lines);
    packed.finish().unwrap_or_default()
}

async fn forget(app: &App, now_ms: u64) -> Result<(), StoreError> {
    let before = now_ms.saturating_sub(app.config.policy.keep_days * 24 * HOUR_MS);
    let mut tx = app.gate.machinery().write().await?;
    tx.forget_decisions(before).await?;
    tx.commit().await
}

/// Decisions that wait; some seconds of a busy hospital.
const LONGEST_QUEUE: usize = 8192;
const LARGEST_BATCH: usize = 1024;
const EVERY: Duration = Duration::from_secs(2);
const HOUR_MS: u64 = 60 * 60 * 1000;
