//! Time zones of a calendar: names of the IANA database, or what the file defines itself
//! (`VTIMEZONE`, RFC 5545 §3.6.5).

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::content::{Field, Part};
use crate::recur::{self, RuleError};

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Zone {
    /// One of the IANA database.
    Named(Tz),
    /// One that the file defines: when which offset began, in seconds east of Greenwich.
    Defined {
        /// Before the first change.
        first_s: i32,
        /// The offset from each moment on, in seconds of unix time.
        changes: BTreeMap<i64, i32>,
    },
}

impl Zone {
    pub(crate) const UTC: Self = Self::Named(Tz::UTC);

    /// The moment of a local time. Of one that occurs twice the first; one that is skipped counts
    /// by the offset before (RFC 5545 §3.3.5).
    pub(crate) fn moment(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let at = |offset_s: i32| (local - TimeDelta::seconds(offset_s.into())).and_utc();
        let day = TimeDelta::days(1);
        let before = self.offset_s(local.and_utc() - day);
        let after = self.offset_s(local.and_utc() + day);
        let mut fitting: Vec<DateTime<Utc>> = [before, after]
            .into_iter()
            .filter(|offset_s| self.offset_s(at(*offset_s)) == *offset_s)
            .map(at)
            .collect();
        fitting.sort_unstable();
        fitting.first().copied().unwrap_or_else(|| at(before))
    }

    /// The local time of a moment.
    pub(crate) fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.naive_utc() + TimeDelta::seconds(self.offset_s(at).into())
    }

    fn offset_s(&self, at: DateTime<Utc>) -> i32 {
        match self {
            Self::Named(zone) => zone
                .offset_from_utc_datetime(&at.naive_utc())
                .fix()
                .local_minus_utc(),
            Self::Defined { first_s, changes } => changes
                .range(..=at.timestamp())
                .next_back()
                .map_or(*first_s, |(_, offset_s)| *offset_s),
        }
    }
}

/// The zones that a file names.
#[derive(Debug, Default)]
pub(crate) struct Zones {
    defined: BTreeMap<String, Zone>,
    /// For times that name none.
    floating: Option<Zone>,
}

impl Zones {
    /// Reads the definitions of a calendar; each wrong one with its line.
    pub(crate) fn read(calendar: &Part) -> Result<Self, (u64, &'static str)> {
        let mut zones = Self::default();
        for part in calendar
            .parts
            .iter()
            .filter(|part| part.name == "VTIMEZONE")
        {
            let Some(id) = part.first("TZID") else {
                return Err((part.line, "the time zone has no TZID"));
            };
            // Programs define what the database knows better: they write one year's rule.
            let zone = match named(&id.value) {
                Some(zone) => zone,
                None => defined(part).map_err(|wrong| (part.line, wrong))?,
            };
            zones.defined.insert(id.value.clone(), zone);
            if zones.defined.len() > MOST_ZONES {
                return Err((part.line, "there are too many time zones"));
            }
        }
        zones.floating = calendar
            .first("X-WR-TIMEZONE")
            .and_then(|field| zones.find(&field.value));
        Ok(zones)
    }

    /// The zone of a property: by its TZID, else the calendar's.
    pub(crate) fn of(&self, field: &Field) -> Result<Zone, &'static str> {
        match field.param("TZID") {
            Some(id) => self
                .find(id)
                .ok_or("its time zone is neither one of the IANA database nor defined in the file"),
            None => self.floating.clone().ok_or(
                "it names no time zone: TZID, a Z behind the time, or X-WR-TIMEZONE of the calendar",
            ),
        }
    }

    fn find(&self, id: &str) -> Option<Zone> {
        self.defined.get(id).cloned().or_else(|| named(id))
    }
}

/// A zone of the IANA database.
pub(crate) fn named(id: &str) -> Option<Zone> {
    id.trim().parse().ok().map(Zone::Named)
}

/// A zone by its definition: the changes of all its observances.
fn defined(part: &Part) -> Result<Zone, &'static str> {
    let mut changes: BTreeMap<i64, i32> = BTreeMap::new();
    let mut first: Option<(i64, i32)> = None;
    for observance in &part.parts {
        if observance.name != "STANDARD" && observance.name != "DAYLIGHT" {
            continue;
        }
        let offset = |name| {
            observance
                .first(name)
                .and_then(|field| offset_s(&field.value))
        };
        let (Some(before_s), Some(after_s)) = (offset("TZOFFSETFROM"), offset("TZOFFSETTO")) else {
            return Err("the time zone has an offset that cannot be read");
        };
        let start = observance.first("DTSTART");
        let start = start
            .and_then(|field| local_time(&field.value))
            .ok_or(NO_BEGINNING)?;
        let mut begins = vec![start];
        for field in observance.all("RDATE") {
            for value in field.value.split(',') {
                begins.push(local_time(value).ok_or(NO_BEGINNING)?);
            }
        }
        if let Some(rule) = observance.first("RRULE") {
            // RFC 5545 §3.6.5 leaves it open; any other would only take long.
            if !rule.value.to_ascii_uppercase().contains("FREQ=YEARLY") {
                return Err("the time zone changes otherwise than once a year");
            }
            let end = start
                .with_year(start.year().max(LAST_YEAR))
                .unwrap_or(start);
            let expanded = recur::expand(&rule.value, start, (start, end), MOST_CHANGES)
                .map_err(RuleError::words)?;
            let until = expanded.until.as_deref().and_then(local_time);
            begins.extend(
                expanded
                    .starts
                    .into_iter()
                    .filter(|at| until.is_none_or(|until| *at <= until + TimeDelta::days(1))),
            );
        }
        for begin in begins {
            let at = begin.and_utc().timestamp() - i64::from(before_s);
            changes.insert(at, after_s);
            if changes.len() > MOST_OF_A_ZONE {
                return Err("the time zone changes too often");
            }
            if first.is_none_or(|(earliest, _)| at < earliest) {
                first = Some((at, before_s));
            }
        }
    }
    let (_, first_s) = first.ok_or("the time zone has no offset")?;
    Ok(Zone::Defined { first_s, changes })
}

/// A UTC offset (RFC 5545 §3.3.14) in seconds; less than a day.
fn offset_s(text: &str) -> Option<i32> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text.get(1..)?;
    if !matches!(digits.len(), 4 | 6) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| {
        digits
            .get(at..at + 2)
            .map_or(Some(0), |two| two.parse::<i32>().ok())
    };
    let (hours, minutes, seconds) = (part(0)?, part(2)?, part(4)?);
    (hours < 24 && minutes < 60 && seconds < 60)
        .then_some(sign * (hours * 3600 + minutes * 60 + seconds))
}

/// A local date and time (RFC 5545 §3.3.5) within the years that calendars speak of.
pub(crate) fn local_time(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().trim_end_matches(['Z', 'z']);
    let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok()?;
    (FIRST_YEAR..=LAST_YEAR)
        .contains(&time.year())
        .then_some(time)
}

const NO_BEGINNING: &str = "the time zone has a beginning that cannot be read";
/// Outlook has its rules begin then.
const FIRST_YEAR: i32 = 1601;
const LAST_YEAR: i32 = 2200;
/// Zones that one file defines.
const MOST_ZONES: usize = 50;
/// Of one zone: summer and winter, with room for changes of the law.
const MOST_OF_A_ZONE: usize = 4000;
/// Of one observance: one a year.
const MOST_CHANGES: u16 = 1000;
