//! How long what takes.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The times of a page, milliseconds. Checked when made, so that every page ends.
///
/// A page keeps the terms that it began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Terms {
    re_alert: u64,
    level: u64,
    whole: u64,
    skew: u64,
}

/// Times with which a page would not do what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadTerms {
    /// People would be alerted all the time, or never again.
    #[error("people are alerted again after 100 ms to 10 minutes")]
    ReAlert,
    /// A level would be over before anybody there was alerted a second time.
    #[error("a level lasts at least as long as people are left alone between two alerts")]
    Level,
    /// The whole would be over before the first level, or never.
    #[error("the whole lasts at least as long as a level, and a day at most")]
    Whole,
}

impl Terms {
    /// Terms with these times: between two alerts of one person, for a level, and for the whole.
    ///
    /// # Errors
    /// Names the time that does not fit the others.
    pub const fn new(re_alert_ms: u64, level_ms: u64, whole_ms: u64) -> Result<Self, BadTerms> {
        if re_alert_ms < 100 || re_alert_ms > 10 * MINUTE_MS {
            return Err(BadTerms::ReAlert);
        }
        if level_ms < re_alert_ms {
            return Err(BadTerms::Level);
        }
        if whole_ms < level_ms || whole_ms > DAY_MS {
            return Err(BadTerms::Whole);
        }
        Ok(Self {
            re_alert: re_alert_ms,
            level: level_ms,
            whole: whole_ms,
            skew: if re_alert_ms < SKEW_MS {
                re_alert_ms
            } else {
                SKEW_MS
            },
        })
    }

    /// After how long a person is alerted again.
    pub const fn re_alert_ms(&self) -> u64 {
        self.re_alert
    }

    /// How long a level has before the next one is asked, too. Where the levels that are left would
    /// not all be asked within the whole time so, they share what is left of it.
    pub const fn level_ms(&self) -> u64 {
        self.level
    }

    /// When the page has ended at the latest. Time in which nobody looked does not count: nobody
    /// could have been alerted.
    pub const fn whole_ms(&self) -> u64 {
        self.whole
    }

    /// So far may the clocks of nodes be apart, or a clock be put back, without any effect but a wait
    /// of as long. Beyond it the clock is taken to have been set, and the page goes on from there:
    /// rather an alert too early than none.
    pub const fn skew_ms(&self) -> u64 {
        self.skew
    }

    /// The most that one look can let pass. A clock that jumps ahead by hours costs nobody their
    /// turn, and after an outage the page goes on where it was.
    pub(crate) const fn most_ms(&self) -> u64 {
        2 * self.re_alert
    }
}

impl Default for Terms {
    /// 30 seconds, 2 minutes, 15 minutes.
    ///
    /// Chosen, not measured; a hospital sets its own. In 30 seconds somebody with free hands has
    /// taken a phone out of a pocket. Four alerts without an answer are no coincidence any more. Four
    /// levels take 8 minutes so, and a chain twice as long still ends before a quarter of an hour is
    /// over, after which the sender has long needed another way.
    fn default() -> Self {
        Self {
            re_alert: 30_000,
            level: 2 * MINUTE_MS,
            whole: 15 * MINUTE_MS,
            skew: SKEW_MS,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Raw {
    #[serde(rename = "re_alert_ms")]
    re_alert: u64,
    #[serde(rename = "level_ms")]
    level: u64,
    #[serde(rename = "whole_ms")]
    whole: u64,
}

impl TryFrom<Raw> for Terms {
    type Error = BadTerms;

    fn try_from(raw: Raw) -> Result<Self, BadTerms> {
        Self::new(raw.re_alert, raw.level, raw.whole)
    }
}

impl From<Terms> for Raw {
    fn from(terms: Terms) -> Self {
        Self {
            re_alert: terms.re_alert,
            level: terms.level,
            whole: terms.whole,
        }
    }
}

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
/// Clocks that are kept by NTP are apart by far less.
const SKEW_MS: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_that_do_not_fit_together_are_named() {
        assert_eq!(
            Terms::new(30_000, 120_000, 900_000),
            Ok(Terms::default()),
            "the defaults are terms like any others"
        );
        assert_eq!(Terms::new(99, 120_000, 900_000), Err(BadTerms::ReAlert));
        assert_eq!(
            Terms::new(600_001, 700_000, 900_000),
            Err(BadTerms::ReAlert)
        );
        assert_eq!(Terms::new(30_000, 29_999, 900_000), Err(BadTerms::Level));
        assert_eq!(Terms::new(30_000, 120_000, 119_999), Err(BadTerms::Whole));
        assert_eq!(
            Terms::new(30_000, 120_000, DAY_MS + 1),
            Err(BadTerms::Whole)
        );
        let stored = serde_json::to_string(&Terms::default()).unwrap();
        assert_eq!(
            serde_json::from_str::<Terms>(&stored).unwrap(),
            Terms::default()
        );
        let bad = stored.replace("30000", "1");
        assert!(serde_json::from_str::<Terms>(&bad).is_err());
    }
}
