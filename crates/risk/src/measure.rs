//! What scores are worth, where it is known which sign-ins were takeovers. Nothing is kept of a single
//! one: scores are counted, in steps of less than a hundredth.

use serde::Serialize;

/// Area under the ROC curve, and rates; all absent without labels of both kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Worth {
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// True-positive rates by false-positive rate.
    pub tpr_at_fpr: Rates,
}

/// The share of takeovers that stand above all but so many of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Rates {
    /// All but one in a hundred.
    #[serde(rename = "0.01")]
    pub hundredth: Option<f64>,
    /// All but one in a thousand.
    #[serde(rename = "0.001")]
    pub thousandth: Option<f64>,
}

/// How often each score was given.
#[derive(Debug, Clone)]
pub struct Scores {
    /// By step, from the lowest.
    steps: Vec<u32>,
    all: u64,
}

impl Default for Scores {
    fn default() -> Self {
        Self {
            steps: vec![0; STEPS],
            all: 0,
        }
    }
}

impl Scores {
    /// Counts a score.
    pub fn add(&mut self, score: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float that is out of range becomes the nearest number, or zero"
        )]
        let step = ((score + FARTHEST) * PER_UNIT) as usize;
        // It was brought into the range of the steps.
        let step = &mut self.steps[step.min(STEPS - 1)];
        *step = step.saturating_add(1);
        self.all += 1;
    }

    /// The highest step above which stands no more than a share of all.
    pub fn step_above_which(&self, share: f64) -> usize {
        let allowed = share * number(self.all);
        let mut above = 0;
        for (step, count) in self.steps.iter().enumerate().rev() {
            above += u64::from(*count);
            if number(above) > allowed {
                return step;
            }
        }
        0
    }

    /// How many there are.
    pub fn all(&self) -> u64 {
        self.all
    }

    /// How many stand above a step.
    pub fn above(&self, step: usize) -> u64 {
        let above = self.steps.iter().skip(step + 1);
        above.map(|count| u64::from(*count)).sum()
    }

    /// The share that stands above a step; absent where there are none.
    pub fn share_above(&self, step: usize) -> Option<f64> {
        (self.all > 0).then(|| number(self.above(step)) / number(self.all))
    }
}

impl Worth {
    /// Of the scores of takeovers and of all others.
    pub fn of(takeovers: &Scores, others: &Scores) -> Self {
        if takeovers.all == 0 || others.all == 0 {
            return Self::default();
        }
        // The share of pairs that stand in the right order; half of those that stand alike.
        let (mut right, mut below) = (0.0, 0_u64);
        for (takeovers, others) in takeovers.steps.iter().zip(&others.steps) {
            let alike = number(below) + f64::from(*others) / 2.0;
            right += f64::from(*takeovers) * alike;
            below += u64::from(*others);
        }
        let rate = |share| takeovers.share_above(others.step_above_which(share));
        Self {
            auc: Some(right / number(takeovers.all) / number(others.all)),
            tpr_at_fpr: Rates {
                hundredth: rate(0.01),
                thousandth: rate(0.001),
            },
        }
    }
}

/// Probabilities beside what became of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calibration {
    /// By tenth of the log odds from a part in a million on: how many, their probabilities and how
    /// many were takeovers.
    bins: [(f64, f64, f64); BINS],
}

impl Calibration {
    pub(crate) fn add(&mut self, probability: f64, takeover: bool) {
        let odds = (probability / (1.0 - probability)).ln();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float that is out of range becomes the nearest number, or zero"
        )]
        let bin = (odds + FIRST_BIN) as usize;
        let (all, sum, takeovers) = &mut self.bins[bin.min(BINS - 1)];
        *all += 1.0;
        *sum += probability;
        *takeovers += f64::from(u8::from(takeover));
    }

    /// The expected calibration error: how far probabilities stand from what became of them, the mean
    /// over all sign-ins. Absent where there are none.
    pub(crate) fn error(&self) -> Option<f64> {
        let all: f64 = self.bins.iter().map(|(all, ..)| all).sum();
        let apart: f64 = self
            .bins
            .iter()
            .map(|(_, sum, takeovers)| (sum - takeovers).abs())
            .sum();
        (all > 0.0).then(|| apart / all)
    }
}

/// A count as a number to reckon with.
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of sign-ins are far below 2^52"
)]
pub fn number(count: u64) -> f64 {
    count as f64
}

/// Scores are counted from minus this to this.
const FARTHEST: f64 = 64.0;
const PER_UNIT: f64 = 256.0;
const STEPS: usize = 32_768;
/// One for each unit of the log odds.
const BINS: usize = 24;
const FIRST_BIN: f64 = 14.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(of: impl IntoIterator<Item = f64>) -> Scores {
        let mut scores = Scores::default();
        of.into_iter().for_each(|score| scores.add(score));
        scores
    }

    #[test]
    fn a_perfect_score_a_useless_one_and_none() {
        let others = scores((0..1000).map(|n| f64::from(n) / 50.0));
        let worth = Worth::of(&scores([40.0]), &others);
        assert_eq!(worth.auc, Some(1.0));
        assert_eq!(worth.tpr_at_fpr.thousandth, Some(1.0));
        let worth = Worth::of(&scores([995.5 / 50.0]), &others);
        assert_eq!(worth.tpr_at_fpr.hundredth, Some(1.0));
        assert_eq!(worth.tpr_at_fpr.thousandth, Some(0.0));
        let alike = Worth::of(&scores([1.0]), &scores([1.0, 1.0]));
        assert_eq!(alike.auc, Some(0.5));
        assert_eq!(Worth::of(&scores([]), &others), Worth::default());
    }

    #[test]
    fn scores_beyond_all_bounds_are_counted_at_the_ends() {
        let scores = scores([f64::MIN, f64::MAX, f64::NAN]);
        assert_eq!(scores.all, 3);
        assert_eq!(scores.share_above(STEPS - 2), Some(1.0 / 3.0));
    }

    #[test]
    fn probabilities_that_come_true_have_no_error() {
        let mut right = Calibration::default();
        let mut wrong = Calibration::default();
        for n in 0..10 {
            right.add(0.2, n < 2);
            wrong.add(0.2, n < 6);
        }
        assert!(right.error().is_some_and(|error| error < 1e-9));
        assert!(
            wrong
                .error()
                .is_some_and(|error| (error - 0.4).abs() < 1e-9)
        );
        assert_eq!(Calibration::default().error(), None);
    }
}
