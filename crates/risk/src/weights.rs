//! What weighing a sign-in gives: a score, a probability, a risk, and the sides that they come from.

use crate::hospital::Duty;
use crate::sides::{Key, Place};

/// How much a sign-in looks like an attacker's, in natural logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Duty, place, key, user agent, hour, failed attempts and lists together.
    pub unusual: f64,
    /// How fast one place followed another. Weak evidence: carriers and tunnels move people.
    pub travel: f64,
    /// An address from which sign-ins of several people failed.
    pub spray: f64,
    /// Likeness to a sign-in of the last days that looked like an attack, or was one.
    pub company: f64,
    /// Where the device says that it is, against what its network says. It never speaks for anybody.
    pub claim: f64,
    /// What each side adds, in the order of [`Side`].
    pub(crate) parts: [f64; SIDES],
    pub(crate) facts: Facts,
}

/// What a device says of where it is. Anybody can make it say anything, so it is named as a claim
/// wherever it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Claimed {
    /// On the hospital's grounds.
    OnPremises,
    /// Elsewhere, or nobody knows where the grounds are.
    Elsewhere,
}

/// A side of a sign-in, as its place among the parts of the weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Place,
    Duty,
    Key,
    Agent,
    Hour,
    Network,
    Failures,
    Listed,
}

pub(crate) const SIDES: usize = 8;

/// What was found of the sides that have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) place: Place,
    /// Whether the country is said, and the city.
    pub(crate) located: (bool, bool),
    pub(crate) duty: Duty,
    pub(crate) key: Key,
    /// Whether the sign-in before was not half a day ago.
    pub(crate) hasty: bool,
    pub(crate) claimed: Option<Claimed>,
}

impl Weights {
    /// All together: higher is riskier.
    pub fn score(&self) -> f64 {
        self.unusual + self.travel + self.spray + self.company + self.claim
    }

    /// What the place is to the person.
    pub fn place(&self) -> Place {
        self.facts.place
    }

    /// What the roster says of the moment.
    pub fn duty(&self) -> Duty {
        self.facts.duty
    }

    /// What is known of the key that signed.
    pub fn key(&self) -> Key {
        self.facts.key
    }

    /// What the device says of where it is; absent where it says nothing.
    pub fn claimed(&self) -> Option<Claimed> {
        self.facts.claimed
    }

    /// How likely the sign-in is an attacker's, 0 to 1, if as many are attacks as in the log that it
    /// was fitted on: one in some hundred and forty of a *synthetic* hospital's. Nobody knows how
    /// many are in yours, surely fewer; the order is right all the same, and the ratio of the odds of
    /// two sign-ins, too.
    pub fn probability(&self) -> f64 {
        1.0 / (1.0 + (-self.log_odds()).exp())
    }

    /// The same for people who choose thresholds, 0 to 100: 50 where both are equally likely, and ten
    /// more or less for each four times in the odds.
    pub fn risk(&self) -> u8 {
        let risk = 50.0 + 10.0 * self.log_odds() / 4.0_f64.ln();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 0 and 100"
        )]
        let risk = risk.round().clamp(0.0, 100.0) as u8;
        risk
    }

    fn log_odds(&self) -> f64 {
        SLOPE * self.score() + BASE
    }
}

/// So many levels of risk there are.
pub(crate) const LEVELS: usize = 101;

/// Fitted by logistic regression of the labels on the score, on the first half of the synthetic log,
/// and measured on the second.
const SLOPE: f64 = 0.67;
const BASE: f64 = -6.74;
