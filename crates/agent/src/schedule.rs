//! When to measure and when to report: a function of times, which are unix milliseconds.
//!
//! The agent looks each minute at what is cheap to see. It reports when something changed, and at
//! least once in each interval, then with everything measured anew. While reports fail it waits
//! ever longer between them.

use wardline_model::wire::posture::Told;

use crate::Scope;

/// When the next report is due.
#[derive(Debug, Clone)]
pub struct Schedule {
    every_ms: u64,
    /// When the last report was taken, and what it told.
    reported: Option<(u64, Vec<Told>)>,
    /// When the last report failed, and how long to wait since.
    failed: Option<(u64, u64)>,
}

impl Schedule {
    /// At least one report in each interval.
    pub const fn new(every_ms: u64) -> Self {
        Self {
            every_ms,
            reported: None,
            failed: None,
        }
    }

    /// How much to look at now.
    pub fn scope(&self, now_ms: u64) -> Scope {
        if self.is_over(now_ms) && !self.waits(now_ms) {
            Scope::All
        } else {
            Scope::Quick
        }
    }

    /// Whether to report now, with these facts at hand.
    pub fn is_due(&self, now_ms: u64, facts: &[Told]) -> bool {
        let told = self.reported.as_ref();
        let changed = told.is_none_or(|(_, told)| told != facts);
        !self.waits(now_ms) && (changed || self.is_over(now_ms))
    }

    /// A report was taken.
    pub fn reported(&mut self, now_ms: u64, facts: &[Told]) {
        self.reported = Some((now_ms, facts.to_vec()));
        self.failed = None;
    }

    /// A report was not taken.
    pub fn failed(&mut self, now_ms: u64) {
        let before = self.failed.map(|(_, pause)| pause);
        let pause = before.map_or(FIRST_PAUSE_MS, |pause| (pause * 2).min(LONGEST_PAUSE_MS));
        self.failed = Some((now_ms, pause.min(self.every_ms)));
    }

    /// Milliseconds until the next look.
    pub fn pause_ms(&self) -> u64 {
        LOOK_MS.min(self.every_ms)
    }

    /// Whether the interval since the last report is over. A clock that was turned back ends it.
    fn is_over(&self, now_ms: u64) -> bool {
        let since = self
            .reported
            .as_ref()
            .and_then(|(at, _)| now_ms.checked_sub(*at));
        since.is_none_or(|since| since >= self.every_ms)
    }

    /// Whether it is too soon after a failure.
    fn waits(&self, now_ms: u64) -> bool {
        self.failed.is_some_and(|(at, pause)| {
            let since = now_ms.checked_sub(at);
            since.is_some_and(|since| since < pause)
        })
    }
}

/// Between two looks.
const LOOK_MS: u64 = 60_000;
/// After the first failure.
const FIRST_PAUSE_MS: u64 = 60_000;
/// After many.
const LONGEST_PAUSE_MS: u64 = 60 * 60_000;

#[cfg(test)]
mod tests {
    use wardline_model::wire::posture::FactName;

    use super::*;

    const HOUR: u64 = 60 * 60_000;
    const T0: u64 = 1_781_956_800_000;

    fn firewall(on: bool) -> Vec<Told> {
        vec![Told {
            name: FactName::Firewall,
            value: on.into(),
        }]
    }

    #[test]
    fn it_reports_at_once_then_on_change_and_once_in_each_interval() {
        let mut schedule = Schedule::new(6 * HOUR);
        assert_eq!(schedule.scope(T0), Scope::All);
        assert!(schedule.is_due(T0, &firewall(true)));
        schedule.reported(T0, &firewall(true));

        let soon = T0 + schedule.pause_ms();
        assert_eq!(schedule.scope(soon), Scope::Quick);
        assert!(!schedule.is_due(soon, &firewall(true)));
        assert!(schedule.is_due(soon, &firewall(false)));
        let later = T0 + 6 * HOUR;
        assert!(!schedule.is_due(later - 1, &firewall(true)));
        assert!(schedule.is_due(later, &firewall(true)));
        assert_eq!(schedule.scope(later), Scope::All);
    }

    #[test]
    fn while_reports_fail_it_waits_ever_longer_but_not_beyond_the_interval() {
        let mut schedule = Schedule::new(6 * HOUR);
        let mut now = T0;
        let mut pauses = Vec::new();
        for _ in 0..9 {
            schedule.failed(now);
            let pause = (1..=600)
                .find(|m| schedule.is_due(now + m * 60_000, &[]))
                .unwrap();
            pauses.push(pause);
            now += pause * 60_000;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        schedule.reported(now, &[]);
        schedule.failed(now + 1);
        assert!(
            schedule.is_due(now + 60_001, &firewall(true)),
            "it starts anew after success"
        );

        let mut short = Schedule::new(5_000);
        short.failed(T0);
        assert!(!short.is_due(T0 + 4_999, &[]) && short.is_due(T0 + 5_000, &[]));
        assert_eq!(short.pause_ms(), 5_000);
    }

    #[test]
    fn a_clock_that_is_turned_back_stops_nothing() {
        let mut schedule = Schedule::new(6 * HOUR);
        schedule.reported(T0, &[]);
        assert!(schedule.is_due(T0 - HOUR, &[]));
        schedule.failed(T0);
        assert!(schedule.is_due(T0 - HOUR, &[]));
    }
}
