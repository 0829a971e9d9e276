//! Recorded decisions, put to other policies.

use std::io::{BufRead as _, BufReader};

use flate2::bufread::GzDecoder;
use wardline_policy::Engine;
use wardline_policy::replay::{Replay, Report};
use wardline_store::{DecisionBatch, StoreError, Tx};

use crate::policies::record::Kept;

/// What policies make of the decisions since a time, and how many there are of which not all that
/// they depended on was kept, or can be read.
pub(crate) async fn run(
    tx: &mut Tx,
    engine: &Engine,
    since_ms: u64,
) -> Result<(Report, u64), StoreError> {
    let mut replay = Replay::new(engine);
    let mut missing = 0;
    let mut last: Option<DecisionBatch> = None;
    loop {
        let batches = tx.decisions_since(since_ms, last.as_ref(), BATCHES).await?;
        for batch in &batches {
            missing += u64::from(batch.dropped);
            let body = tx.open_decisions(batch)?;
            for line in BufReader::new(GzDecoder::new(body.as_slice())).lines() {
                let kept: Option<Kept> =
                    line.ok().and_then(|line| serde_json::from_str(&line).ok());
                match kept.map(|kept| kept.recorded) {
                    Some(recorded) if recorded.question.context.now_ms >= since_ms => {
                        replay.feed(&recorded);
                    }
                    Some(_) => {}
                    // Of a release that asked otherwise.
                    None => missing += 1,
                }
            }
            // Nothing else runs on this thread meanwhile.
            tokio::task::yield_now().await;
        }
        match batches.into_iter().last() {
            Some(batch) => last = Some(batch),
            None => return Ok((replay.finish(), missing)),
        }
    }
}

const BATCHES: u32 = 16;
