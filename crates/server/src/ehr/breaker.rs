//! When a record system that does not answer is left alone: after some failures in a row for a while, which
//! doubles while it stays so; then one request tries.

/// Whether requests are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Breaker {
    failures: u32,
    /// How long it was closed last, in milliseconds.
    pause_ms: u64,
    /// Until when nothing is let through.
    until_ms: u64,
    /// Whether one is trying.
    tried: bool,
}

impl Breaker {
    /// Whether a request may go; the first after a pause goes alone.
    pub(crate) const fn admits(&mut self, now_ms: u64) -> bool {
        if self.failures < MOST_FAILURES {
            return true;
        }
        if now_ms < self.until_ms {
            return false;
        }
        // Whoever comes meanwhile waits for what becomes of this one.
        self.until_ms = now_ms + self.pause_ms;
        self.tried = true;
        true
    }

    /// It answered.
    pub(crate) const fn good(&mut self) {
        *self = Self {
            failures: 0,
            pause_ms: 0,
            until_ms: 0,
            tried: false,
        };
    }

    /// It did not answer, or not sensibly; whether it is left alone from now on, and was not before.
    pub(crate) fn bad(&mut self, now_ms: u64) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures < MOST_FAILURES {
            return false;
        }
        let is_new = self.pause_ms == 0;
        // Others that were under way when it was left alone say nothing new.
        if !is_new && !self.tried {
            return false;
        }
        self.tried = false;
        self.pause_ms = (self.pause_ms * 2).clamp(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
        self.until_ms = now_ms + self.pause_ms;
        is_new
    }

    /// Whether nothing is let through at the moment.
    pub(crate) const fn is_open(&self, now_ms: u64) -> bool {
        self.failures >= MOST_FAILURES && now_ms < self.until_ms
    }
}

const MOST_FAILURES: u32 = 5;
const FIRST_PAUSE_MS: u64 = 10_000;
const LONGEST_PAUSE_MS: u64 = 120_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_does_not_answer_is_left_alone_and_tried_by_one() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            assert!(breaker.admits(0));
            assert!(!breaker.bad(0));
        }
        assert!(breaker.admits(0) && breaker.bad(0), "the fifth");
        assert!(!breaker.bad(1), "one that was under way");
        assert!(!breaker.admits(9_999) && breaker.is_open(9_999));
        assert!(breaker.admits(10_000), "one tries");
        assert!(!breaker.admits(10_001), "and one alone");
        assert!(!breaker.bad(10_500), "it is known");
        assert!(!breaker.admits(30_499));
        assert!(breaker.admits(30_500), "twice as long");
        breaker.good();
        assert!(breaker.admits(30_501) && breaker.admits(30_501));
    }

    #[test]
    fn the_pause_has_an_end() {
        let mut breaker = Breaker::default();
        let mut now_ms = 0;
        for _ in 0..100 {
            now_ms += LONGEST_PAUSE_MS;
            assert!(breaker.admits(now_ms));
            breaker.bad(now_ms);
        }
    }
}
