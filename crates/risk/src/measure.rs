//! What scores are worth, where it is known which sign-ins were takeovers.

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

impl Worth {
    /// Of scores, each with whether it is a takeover's.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "numbers of sign-ins are far below 2^52, and shares of them are positive"
    )]
    pub(crate) fn of(mut scores: Vec<(f64, bool)>) -> Self {
        scores.sort_by(|a, b| a.0.total_cmp(&b.0));
        let others: Vec<f64> = scores.iter().rev().filter(|s| !s.1).map(|s| s.0).collect();
        let takeovers: Vec<f64> = scores.iter().filter(|s| s.1).map(|s| s.0).collect();
        if others.is_empty() || takeovers.is_empty() {
            return Self::default();
        }
        // The rank sum, with the mean rank for equal scores (Mann and Whitney).
        let (mut ranks, mut from) = (0.0, 0);
        for equal in scores.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            let takeovers = equal.iter().filter(|score| score.1).count();
            let mean = (2 * from + equal.len() + 1) as f64 / 2.0;
            ranks += takeovers as f64 * mean;
            from += equal.len();
        }
        let (n, m) = (others.len() as f64, takeovers.len() as f64);
        let rate = |allowed: f64| {
            let limit = others[((allowed * n) as usize).min(others.len() - 1)];
            takeovers.iter().filter(|score| **score > limit).count() as f64 / m
        };
        Self {
            auc: Some((ranks - m * (m + 1.0) / 2.0) / (n * m)),
            tpr_at_fpr: Rates {
                hundredth: Some(rate(0.01)),
                thousandth: Some(rate(0.001)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_score_a_useless_one_and_none() {
        let scores = |takeover: f64| {
            let others = (0..1000).map(|n| (f64::from(n), false));
            others.chain([(takeover, true)]).collect::<Vec<_>>()
        };
        let worth = Worth::of(scores(2000.0));
        assert_eq!(worth.auc, Some(1.0));
        assert_eq!(worth.tpr_at_fpr.thousandth, Some(1.0));
        let worth = Worth::of(scores(995.5));
        assert_eq!(worth.tpr_at_fpr.hundredth, Some(1.0));
        assert_eq!(worth.tpr_at_fpr.thousandth, Some(0.0));
        let alike = vec![(1.0, false), (1.0, true), (1.0, false)];
        assert_eq!(Worth::of(alike).auc, Some(0.5));
        assert_eq!(Worth::of(vec![(1.0, false)]), Worth::default());
    }
}
