//! How many records people open, as logarithms: what is usual is a factor and no difference, and a
//! few busy hours are no habit.

use serde::{Deserialize, Serialize};

use crate::tree::is_count;

/// What is counted: records in an hour, patients in an hour, patients in a turn of work.
pub(crate) const COUNTED: usize = 3;

/// How many of each kind somebody opens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pace([Habit; COUNTED]);

/// How many somebody opens: sums over hours, or over turns of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Habit {
    times: f32,
    sum: f32,
    squares: f32,
}

/// What is expected of somebody: how many they open, as the logarithm of one more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Expected {
    mean: f64,
    variance: f64,
}

impl Pace {
    pub(crate) fn learn(&mut self, kind: usize, opened: f32, weight: f32) {
        if let Some(habit) = self.0.get_mut(kind) {
            let height = opened.clamp(0.0, MOST).ln_1p();
            habit.times += weight;
            habit.sum += weight * height;
            habit.squares += weight * height * height;
        }
    }

    pub(crate) fn fade(&mut self, left: f32) {
        for habit in &mut self.0 {
            habit.times *= left;
            habit.sum *= left;
            habit.squares *= left;
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (habit, more) in self.0.iter_mut().zip(other.0) {
            habit.times += more.times;
            habit.sum += more.sum;
            habit.squares += more.squares;
        }
    }

    /// What is expected of somebody of whom so much was expected before this was seen of them.
    pub(crate) fn expects(&self, kind: usize, before: Expected, weight: f64) -> Expected {
        let habit = self.0.get(kind).copied().unwrap_or_default();
        let [times, sum, squares] = [habit.times, habit.sum, habit.squares].map(f64::from);
        let mean = (sum + weight * before.mean) / (times + weight);
        let spread = squares - 2.0 * mean * sum + times * mean * mean;
        let before = before.variance + (before.mean - mean).powi(2);
        Expected {
            mean,
            variance: (spread.max(0.0) + weight * before) / (times + weight),
        }
    }

    pub(crate) fn is_sound(&self) -> bool {
        let sound = |habit: &Habit| {
            [habit.times, habit.sum, habit.squares]
                .into_iter()
                .all(|count| is_count(f64::from(count)))
        };
        self.0.iter().all(sound)
    }
}

impl Expected {
    /// What is assumed of somebody in a hospital that knows nothing yet.
    pub(crate) const ANYBODY: [Self; COUNTED] = [
        // Logarithms of nine, five and thirteen: eight records and four patients in an hour, twelve
        // patients in a turn.
        Self::about(2.197),
        Self::about(1.609),
        Self::about(2.565),
    ];

    const fn about(mean: f64) -> Self {
        let variance = 0.36;
        Self { mean, variance }
    }

    /// So many are no surprise.
    pub(crate) fn at_most(self) -> f64 {
        let spread = self.variance.sqrt().clamp(LEAST_SPREAD, MOST_SPREAD);
        (self.mean + SPREADS * spread).exp_m1()
    }
}

/// More than this nobody opens.
const MOST: f32 = 1e5;
/// However alike somebody's hours are, others may be this much unlike them.
const LEAST_SPREAD: f64 = 0.45;
/// However unlike they are, others may be no more unlike them: one wild hour is no licence.
const MOST_SPREAD: f64 = 0.8;
/// So many spreads above what is usual is no surprise.
const SPREADS: f64 = 2.5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_moves_from_the_peers_to_the_person() {
        let [_, before, _] = Expected::ANYBODY;
        let mut pace = Pace::default();
        assert_eq!(pace.expects(1, before, 5.0), before);
        let mut expected = before;
        for _ in 0..200 {
            pace.learn(1, 40.0, 1.0);
            let next = pace.expects(1, before, 5.0);
            assert!(next.mean > expected.mean);
            expected = next;
        }
        assert!((expected.mean - 41.0_f64.ln()).abs() < 0.1);
        assert!(expected.at_most() > 80.0 && expected.at_most() < 200.0);
        pace.fade(0.0);
        assert_eq!(pace.expects(1, before, 5.0), before);
    }
}
