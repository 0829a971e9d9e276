//! Numbers out of times: percentiles and rates. No clock here.

use std::time::Duration;

/// Times of one operation, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    /// Of times in any order.
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that this many of a hundred do not exceed (nearest rank); zero of an empty sample.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent.min(100)).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    /// The time in the middle.
    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// How many in a second; zero when no time passed.
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 {
        number(count) / seconds
    } else {
        0.0
    }
}

/// A count as a number to calculate with: exact up to four thousand millions.
pub(crate) fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(millis: impl IntoIterator<Item = u64>) -> Sample {
        Sample::new(millis.into_iter().map(Duration::from_millis).collect())
    }

    #[test]
    fn percentiles_are_times_that_occurred() {
        let hundred = sample((1..=100).rev());
        for percent in [1, 50, 99, 100] {
            let expected = u64::try_from(percent).unwrap();
            assert_eq!(
                hundred.percentile(percent),
                Duration::from_millis(expected),
                "{percent}"
            );
        }
        assert_eq!(hundred.median(), Duration::from_millis(50));
        assert_eq!(hundred.len(), 100);
    }

    #[test]
    fn one_slow_answer_in_ten_is_the_ninety_ninth_percentile_and_not_the_median() {
        let ten = sample([9, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(ten.percentile(99), Duration::from_millis(9));
        assert_eq!(ten.median(), Duration::from_millis(1));
        assert_eq!(sample([7]).percentile(1), Duration::from_millis(7));
    }

    #[test]
    fn nothing_measured_is_nothing_claimed() {
        assert_eq!(sample([]).percentile(99), Duration::ZERO);
        assert!(rate(10, Duration::ZERO) < f64::EPSILON);
        assert!((rate(10, Duration::from_secs(4)) - 2.5).abs() < 1e-9);
        assert!((ms(Duration::from_micros(1_500)) - 1.5).abs() < 1e-9);
    }
}
