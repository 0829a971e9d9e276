//! Dates as spans of time: how they are compared (R4 §3.1.1.4.7), and by which days, months, years
//! and decades a store finds them.

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// From a moment on to another, which is not in it; unix milliseconds.
///
/// What is written without an offset, as a day or a month is, is of the writer's own calendar: that is
/// the day that a clinician looks for. So a span keeps both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// By the writer's calendar, as if it were UTC.
    local: Range,
    /// In UTC; absent where no offset was written.
    utc: Option<Range>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    from: i64,
    to: i64,
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

impl Prefix {
    /// Takes the prefix off a value.
    pub(super) fn split(text: &str) -> (Self, &str) {
        let prefix = match text.get(..2) {
            Some("eq") => Self::Eq,
            Some("ne") => Self::Ne,
            Some("gt") => Self::Gt,
            Some("lt") => Self::Lt,
            Some("ge") => Self::Ge,
            Some("le") => Self::Le,
            Some("sa") => Self::Sa,
            Some("eb") => Self::Eb,
            Some("ap") => Self::Ap,
            _ => return (Self::Eq, text),
        };
        (prefix, &text[2..])
    }
}

impl Span {
    /// Reads a `date`, `dateTime` or `instant`, as it stands in a resource or in a search; a search may
    /// leave the seconds and the offset out.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if !text.is_ascii() || text.len() > 40 {
            return None;
        }
        let Some((_, clock)) = text.split_once('T') else {
            return whole(text);
        };
        // In a query string that is not encoded, the plus of an offset has become a space.
        let text = text.replace(' ', "+");
        let offset = clock.ends_with('Z') || clock.contains(['+', '-', ' ']);
        let whole = if offset { text } else { format!("{text}Z") };
        let (whole, length) = with_seconds(&whole)?;
        let at = OffsetDateTime::parse(&whole, &Rfc3339).ok()?;
        let from = unix_ms(at)?;
        let local = from.checked_add(i64::from(at.offset().whole_seconds()) * 1000)?;
        let range = |from: i64| {
            Some(Range {
                from,
                to: from.checked_add(length)?,
            })
        };
        Some(Self {
            local: range(local)?,
            utc: if offset { Some(range(from)?) } else { None },
        })
    }

    /// Reads an element: a date, or a Period, which may be open.
    pub(super) fn of(element: &Value) -> Option<Self> {
        if let Some(text) = element.as_str() {
            return Self::parse(text);
        }
        let end = |name: &str| element.get(name).and_then(Value::as_str);
        let start = end("start").map(Self::parse);
        let stop = end("end").map(Self::parse);
        let (start, stop) = match (start, stop) {
            (None, None) | (Some(None), _) | (_, Some(None)) => return None,
            (start, stop) => (start.flatten(), stop.flatten()),
        };
        let local = Range {
            from: start.map_or(i64::MIN, |span| span.local.from),
            to: stop.map_or(i64::MAX, |span| span.local.to),
        };
        let is_known = [start, stop]
            .iter()
            .flatten()
            .all(|span| span.utc.is_some());
        let utc = |span: Option<Self>| span.and_then(|span| span.utc);
        Some(Self {
            local,
            utc: is_known.then(|| Range {
                from: utc(start).map_or(i64::MIN, |range| range.from),
                to: utc(stop).map_or(i64::MAX, |range| range.to),
            }),
        })
    }

    /// One moment, unix milliseconds.
    pub(super) fn moment(at_ms: u64) -> Self {
        let from = i64::try_from(at_ms).unwrap_or(i64::MAX - 1);
        let range = Range { from, to: from + 1 };
        Self {
            local: range,
            utc: Some(range),
        }
    }

    /// When it begins, for sorting.
    pub(super) fn begins(&self) -> i64 {
        self.utc.unwrap_or(self.local).from
    }

    /// Whether a span in a resource is what a search asks for with this one.
    pub(super) fn is_met_by(&self, prefix: Prefix, found: &Self) -> bool {
        let (asked, found) = match (self.utc, found.utc) {
            (Some(asked), Some(found)) => (asked, found),
            _ => (self.local, found.local),
        };
        let within = asked.from <= found.from && found.to <= asked.to;
        match prefix {
            Prefix::Eq => within,
            Prefix::Ne => !within,
            Prefix::Gt => found.to > asked.to,
            Prefix::Lt => found.from < asked.from,
            Prefix::Ge => found.to > asked.to || within,
            Prefix::Le => found.from < asked.from || within,
            Prefix::Sa => found.from >= asked.to,
            Prefix::Eb => found.to <= asked.from,
            Prefix::Ap => {
                let slack = asked.slack();
                found.from < asked.to.saturating_add(slack)
                    && found.to > asked.from.saturating_sub(slack)
            }
        }
    }

    /// The days on which whatever meets this has some part, where it can be told: the first and the
    /// last, either of them absent where there is no end.
    pub(super) fn days(&self, prefix: Prefix) -> Option<(Option<Date>, Option<Date>)> {
        let slack = match prefix {
            Prefix::Ap => self.local.slack(),
            _ => 0,
        };
        // Offsets go from -12 to +14 hours, so two writers' calendars may be two days apart.
        let apart = if self.utc.is_some() { 2 * DAY_MS } else { 0 };
        let from = day(self.local.from.saturating_sub(slack + apart));
        let to = day(self
            .local
            .to
            .saturating_sub(1)
            .saturating_add(slack + apart));
        match prefix {
            Prefix::Ne => None,
            Prefix::Eq | Prefix::Ap => Some((from, to)),
            Prefix::Gt | Prefix::Ge | Prefix::Sa => Some((from, None)),
            Prefix::Lt | Prefix::Le | Prefix::Eb => Some((None, to)),
        }
    }

    /// The terms by which a store finds a resource with this span: each day, month, year and decade of
    /// it, or that it is too long to be told by days.
    pub(super) fn terms(&self) -> Vec<String> {
        let (Some(first), Some(last)) =
            (day(self.local.from), day(self.local.to.saturating_sub(1)))
        else {
            return vec![LONG.to_owned()];
        };
        let is_long = (last - first).whole_days() >= LONGEST_DAYS;
        if is_long || first < FIRST || last > LAST {
            return vec![LONG.to_owned()];
        }
        let mut out = days(first, last);
        out.extend(months(first, last));
        out.extend(years(first, last));
        out.extend(decades(first, last));
        out
    }
}

/// The terms of which a resource has one at least if it has some part between these days.
pub(super) fn cover(from: Option<Date>, to: Option<Date>) -> Vec<String> {
    let first = from.unwrap_or(FIRST).clamp(FIRST, LAST);
    let last = to.unwrap_or(LAST).clamp(FIRST, LAST);
    let mut out = if (last - first).whole_days() < MOST {
        days(first, last)
    } else if (last - first).whole_days() < MOST * 28 {
        months(first, last)
    } else if i64::from(last.year() - first.year()) < MOST {
        years(first, last)
    } else {
        decades(first, last)
    };
    out.push(LONG.to_owned());
    out
}

impl Range {
    fn slack(&self) -> i64 {
        self.to.saturating_sub(self.from).max(DAY_MS)
    }
}

/// A year, a month or a day.
fn whole(text: &str) -> Option<Span> {
    let (from, to) = match text.len() {
        4 => {
            let year: i32 = digits(text)?;
            (first_of(year, 1)?, first_of(year + 1, 1)?)
        }
        7 => {
            let day = crate::date::day_of(&format!("{text}-01"))?;
            let next = match day.month() {
                Month::December => first_of(day.year() + 1, 1)?,
                month => first_of(day.year(), u8::from(month) + 1)?,
            };
            (day, next)
        }
        _ => {
            let day = crate::date::day_of(text)?;
            (day, day.next_day()?)
        }
    };
    let at = |day: Date| unix_ms(PrimitiveDateTime::new(day, Time::MIDNIGHT).assume_utc());
    let local = Range {
        from: at(from)?,
        to: at(to)?,
    };
    Some(Span { local, utc: None })
}

/// A time to the second, and how long what was written lasts, in milliseconds.
fn with_seconds(text: &str) -> Option<(String, i64)> {
    let (date, clock) = text.split_once('T')?;
    let at = clock.find(['Z', '+', '-'])?;
    let (time, offset) = clock.split_at(at);
    match time.len() {
        5 => Some((format!("{date}T{time}:00{offset}"), 60_000)),
        8 => Some((text.to_owned(), 1000)),
        _ if time.contains('.') => Some((text.to_owned(), 1)),
        _ => None,
    }
}

fn first_of(year: i32, month: u8) -> Option<Date> {
    Date::from_calendar_date(year, Month::try_from(month).ok()?, 1).ok()
}

fn digits(text: &str) -> Option<i32> {
    let all = text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

fn unix_ms(at: OffsetDateTime) -> Option<i64> {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

fn day(ms: i64) -> Option<Date> {
    let at = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).ok()?;
    Some(at.date())
}

fn days(first: Date, last: Date) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = first;
    while at <= last {
        out.push(format!("d{at}"));
        let Some(next) = at.checked_add(Duration::DAY) else {
            break;
        };
        at = next;
    }
    out
}

fn months(first: Date, last: Date) -> Vec<String> {
    let number = |day: Date| day.year() * 12 + i32::from(u8::from(day.month())) - 1;
    (number(first)..=number(last))
        .map(|month| format!("m{}-{}", month.div_euclid(12), month.rem_euclid(12) + 1))
        .collect()
}

fn years(first: Date, last: Date) -> Vec<String> {
    (first.year()..=last.year())
        .map(|year| format!("y{year}"))
        .collect()
}

fn decades(first: Date, last: Date) -> Vec<String> {
    (first.year() / 10..=last.year() / 10)
        .map(|decade| format!("x{decade}"))
        .collect()
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Spans from so many days on are not told by days.
const LONGEST_DAYS: i64 = 40;
/// The most terms of one kind that a search is put into.
const MOST: i64 = 45;
/// What is before or after is not told by days.
const FIRST: Date = time::macros::date!(1800 - 01 - 01);
const LAST: Date = time::macros::date!(2199 - 12 - 31);
/// The term of a span that is not told by days.
const LONG: &str = "long";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn span(text: &str) -> Span {
        Span::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn a_day_is_the_writers_day_and_a_moment_is_everybodys() {
        let late = span("2026-03-02T23:55:00-05:00");
        assert!(span("2026-03-02").is_met_by(Prefix::Eq, &late));
        assert!(!span("2026-03-03").is_met_by(Prefix::Eq, &late));
        assert!(span("2026-03").is_met_by(Prefix::Eq, &late));
        assert!(span("2026-03-03T04:55Z").is_met_by(Prefix::Eq, &late));
        assert!(span("2026-03-03T04:54:59Z").is_met_by(Prefix::Gt, &late));
        assert_eq!(
            span("2026-03-02T23:55:00 02:00"),
            span("2026-03-02T23:55:00+02:00")
        );
    }

    #[test]
    fn prefixes_compare_as_fhir_says() {
        let stay = Span::of(&json!({"start": "2026-01-10", "end": "2026-01-20"})).unwrap();
        let yes = |prefix, text: &str| span(text).is_met_by(prefix, &stay);
        assert!(!yes(Prefix::Eq, "2026-01-15") && yes(Prefix::Ne, "2026-01-15"));
        assert!(yes(Prefix::Eq, "2026-01"));
        assert!(yes(Prefix::Gt, "2026-01-15") && !yes(Prefix::Gt, "2026-01-20"));
        assert!(yes(Prefix::Lt, "2026-01-11") && !yes(Prefix::Lt, "2026-01-10"));
        assert!(yes(Prefix::Sa, "2026-01-09") && !yes(Prefix::Sa, "2026-01-10"));
        assert!(yes(Prefix::Eb, "2026-01-21") && !yes(Prefix::Eb, "2026-01-20"));
        let open = Span::of(&json!({"start": "2026-01-10"})).unwrap();
        assert!(span("2040").is_met_by(Prefix::Gt, &open));
        assert!(!span("2040").is_met_by(Prefix::Eb, &open));
        assert_eq!(open.terms(), [LONG]);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for bad in [
            "",
            "T",
            "2026-13",
            "26",
            "2026-01-01T",
            "2026-01-01T1:00Z",
            "2026-01-01T25:00:00Z",
            "é",
            "+026",
        ] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
        for bad in [
            json!({}),
            json!({"start": "x"}),
            json!(7),
            json!({"start": "2026", "end": 7}),
        ] {
            let _ = Span::of(&bad);
        }
    }

    fn a_time() -> impl Strategy<Value = String> {
        (
            1790..2210_i32,
            1..=12_u8,
            1..=28_u8,
            0..24_u8,
            prop::sample::select(&["Z", "+14:00", "-12:00", "-05:00"][..]),
            0..4_u8,
        )
            .prop_map(
                |(year, month, day, hour, offset, precision)| match precision {
                    0 => format!("{year}"),
                    1 => format!("{year}-{month:02}"),
                    2 => format!("{year}-{month:02}-{day:02}"),
                    _ => format!("{year}-{month:02}-{day:02}T{hour:02}:30:00{offset}"),
                },
            )
    }

    const PREFIXES: [Prefix; 9] = [
        Prefix::Eq,
        Prefix::Ne,
        Prefix::Gt,
        Prefix::Lt,
        Prefix::Ge,
        Prefix::Le,
        Prefix::Sa,
        Prefix::Eb,
        Prefix::Ap,
    ];

    proptest! {
        #[test]
        fn whatever_is_met_is_found_by_its_terms(
            asked in a_time(), start in a_time(), end in prop::option::of(a_time()),
            prefix in prop::sample::select(&PREFIXES[..]),
        ) {
            let asked = span(&asked);
            let found = match end {
                Some(end) => Span::of(&json!({"start": start, "end": end})),
                None => Some(span(&start)),
            };
            let Some(found) = found.filter(|found| found.local.from < found.local.to) else { return Ok(()) };
            if let (true, Some((from, to))) = (asked.is_met_by(prefix, &found), asked.days(prefix)) {
                let (cover, terms) = (cover(from, to), found.terms());
                prop_assert!(cover.len() <= 64);
                prop_assert!(terms.iter().any(|term| cover.contains(term)), "{cover:?} {terms:?}");
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}", more in "[0-9T:Z.+ -]{0,30}") {
            let _ = (Span::parse(&text), Span::parse(&more), Prefix::split(&text));
        }
    }
}
