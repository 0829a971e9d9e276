//! A token bucket for each source address, for requests without a session.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Limits what an address may do in a minute; memory is bounded.
#[derive(Debug)]
pub(crate) struct Limiter {
    per_minute: u32,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Thousandths of a request.
    tokens: u64,
    at_ms: u64,
}

impl Limiter {
    /// Allows this many requests a minute, and as many at once.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            buckets: Mutex::new(HashMap::new()),
        }
    }

    /// Takes one request.
    ///
    /// # Errors
    /// The seconds to wait, when the address has none left.
    pub(crate) fn take(&self, address: IpAddr, now_ms: u64) -> Result<(), u64> {
        let full = u64::from(self.per_minute) * UNIT;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_ADDRESSES {
            // Those that are full again carry no information.
            let refilled = |b: &Bucket| now_ms.saturating_sub(b.at_ms) < MINUTE_MS;
            buckets.retain(|_, bucket| refilled(bucket));
            if buckets.len() >= MAX_ADDRESSES {
                return Err(60);
            }
        }
        let bucket = buckets.entry(network(address)).or_insert(Bucket {
            tokens: full,
            at_ms: now_ms,
        });
        let gained = now_ms.saturating_sub(bucket.at_ms).saturating_mul(full) / MINUTE_MS;
        bucket.tokens = full.min(bucket.tokens.saturating_add(gained));
        bucket.at_ms = now_ms;
        match bucket.tokens.checked_sub(UNIT) {
            Some(left) => {
                bucket.tokens = left;
                Ok(())
            }
            None => Err((60 / u64::from(self.per_minute.max(1))).max(1)),
        }
    }
}

/// One site of IPv6 is one source: a /64 is handed to single customers.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Lets the first of each minute through for each source; for audit events about refusals.
#[derive(Debug, Default)]
pub(crate) struct OncePerMinute {
    seen: Mutex<(u64, std::collections::HashSet<IpAddr>)>,
}

impl OncePerMinute {
    /// Whether this is the source's first in this minute. When more sources come in one minute
    /// than memory holds, the rest count as seen.
    pub(crate) fn first(&self, address: IpAddr, now_ms: u64) -> bool {
        let minute = now_ms / MINUTE_MS;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0 != minute {
            *seen = (minute, std::collections::HashSet::new());
        }
        seen.1.len() < MAX_ADDRESSES && seen.1.insert(network(address))
    }
}

const UNIT: u64 = 1000;
const MINUTE_MS: u64 = 60_000;
const MAX_ADDRESSES: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_gets_its_share_and_no_more() {
        let limiter = Limiter::new(60);
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..60 {
            limiter.take(one, 1000).unwrap();
        }
        assert_eq!(limiter.take(one, 1000), Err(1));
        assert!(limiter.take("192.0.2.2".parse().unwrap(), 1000).is_ok());
        assert!(limiter.take(one, 2000).is_ok());
        assert!(limiter.take(one, 2000).is_err());
    }

    #[test]
    fn refusals_are_recorded_once_a_minute_and_source() {
        let once = OncePerMinute::default();
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        assert!(once.first(one, 0));
        assert!(
            !once.first("2001:db8::2".parse().unwrap(), 59_999),
            "the same /64"
        );
        assert!(once.first(one, 60_000));
    }
}
