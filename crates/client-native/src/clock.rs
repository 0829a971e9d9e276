//! The workstation's clock: the one place that reads it.

use std::time::Instant;

/// Unix milliseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the rim: the clock of the workstation"
)]
pub fn now_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| {
            u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
        })
}

/// A moment to measure from.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the rim: the clock of the workstation"
)]
pub fn now() -> Instant {
    Instant::now()
}
