//! The one place that reads clocks: a measuring program is all rim.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Now, to measure from.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring time is what it is for"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What a call gives, and how long it took.
pub(crate) fn timed<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let start = now();
    let value = call();
    (value, start.elapsed())
}

/// Now, for a server's database: unix milliseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "what a server is given is seen to be as old as it says"
)]
pub(crate) fn unix_ms() -> u64 {
    let ms = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    // No clock of today stands before 1970.
    u64::try_from(ms).unwrap_or_default()
}

/// Now, for people: RFC 3339, UTC, whole seconds.
#[expect(clippy::disallowed_methods, reason = "a result carries its date")]
pub(crate) fn date() -> String {
    let now = OffsetDateTime::now_utc();
    let whole = now.replace_nanosecond(0).unwrap_or(now);
    // Every date from now on until the year 9999 can be written.
    whole.format(&Rfc3339).unwrap_or_default()
}
