//! Recurrence rules (RFC 5545 §3.3.10), in the local time of what recurs.
//!
//! A rule is expanded as if local time had no summer time; each occurrence is then put into its
//! zone by itself. So a turn from eight to eight is one from eight to eight in every week.

use chrono::{NaiveDateTime, TimeZone as _};
use rrule::{RRule, RRuleSet, Tz, Unvalidated};

/// What a rule gives.
#[derive(Debug)]
pub(crate) struct Expanded {
    /// The beginnings within the bounds, in their order.
    pub(crate) starts: Vec<NaiveDateTime>,
    /// The rule's own last time, as it is written there.
    pub(crate) until: Option<String>,
}

/// Why a rule is not expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleError {
    /// It is wrong, in words.
    Wrong(&'static str),
    /// It gives more than it may, or nothing for a long time: to find that out took long.
    Endless,
}

impl RuleError {
    /// In words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Wrong(words) => words,
            Self::Endless => "its RRULE gives too many turns, or none for a long time",
        }
    }
}

/// Expands a rule from its first beginning. Only beginnings within `from..=until` are given, and at
/// most `most`.
///
/// # Errors
/// What is wrong with the rule.
pub(crate) fn expand(
    rule: &str,
    start: NaiveDateTime,
    (from, until): (NaiveDateTime, NaiveDateTime),
    most: u16,
) -> Result<Expanded, RuleError> {
    let (rule, last) = screened(rule).map_err(RuleError::Wrong)?;
    let local = |at: NaiveDateTime| Tz::UTC.from_utc_datetime(&at);
    let rule: RRule<Unvalidated> = rule.parse().map_err(|_| RuleError::Wrong(WRONG))?;
    let rule = rule
        .validate(local(start))
        .map_err(|_| RuleError::Wrong(WRONG))?;
    // Exclusive bounds, so a second is added on either side.
    let second = chrono::TimeDelta::seconds(1);
    let set = RRuleSet::new(local(start))
        .rrule(rule)
        .after(local(from - second))
        .before(local(until + second));
    let found = set.all(most);
    if found.limited {
        return Err(RuleError::Endless);
    }
    Ok(Expanded {
        starts: found.dates.into_iter().map(|at| at.naive_utc()).collect(),
        until: last,
    })
}

/// The rule without its `UNTIL`, which is a time of the zone and not of this module. Rules that
/// recur within a day are no on-call schedule, and would take long to expand.
fn screened(rule: &str) -> Result<(String, Option<String>), &'static str> {
    // The parser cuts weekdays out by bytes.
    if !rule.is_ascii() || rule.len() > LONGEST {
        return Err(WRONG);
    }
    let (mut kept, mut until) = (Vec::new(), None);
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or(WRONG)?;
        match name.trim().to_ascii_uppercase().as_str() {
            "UNTIL" => until = Some(value.trim().to_owned()),
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => return Err(WITHIN_A_DAY),
            "FREQ" => {
                if !["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
                    .iter()
                    .any(|known| value.trim().eq_ignore_ascii_case(known))
                {
                    return Err(WITHIN_A_DAY);
                }
                kept.push(part);
            }
            "INTERVAL" | "COUNT" | "BYDAY" | "BYMONTHDAY" | "BYYEARDAY" | "BYWEEKNO"
            | "BYMONTH" | "BYSETPOS" | "WKST" => kept.push(part),
            _ => return Err(WRONG),
        }
    }
    Ok((kept.join(";"), until))
}

const WRONG: &str = "its RRULE cannot be read";
const WITHIN_A_DAY: &str = "its RRULE is not daily, weekly, monthly or yearly";
const LONGEST: usize = 500;
