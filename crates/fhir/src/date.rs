//! FHIR's `date` and `dateTime` (R4 §2.24.0.1): as precise as the writer knew, and no more.

use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};

/// Whether a text is a FHIR `date`: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, and exists in the calendar.
pub fn is_date(text: &str) -> bool {
    if !text.is_ascii() {
        return false;
    }
    match text.len() {
        4 => number(text).is_some(),
        7 => day(&format!("{text}-01")).is_some(),
        10 => day(text).is_some(),
        _ => false,
    }
}

/// Whether a text is a FHIR `dateTime`: a `date`, or a day with a time and an offset from UTC.
///
/// Seconds may be 60 (leap second), as R4 allows; `24:00` may not be used, as R4 says.
pub fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else {
        return is_date(text);
    };
    day(date).is_some() && is_time_with_offset(time)
}

/// The calendar day that a `date` or `dateTime` is written with; `None` when it is less precise.
///
/// It is the writer's local day, unshifted: that is the day a clinician would look for.
pub fn day_of(text: &str) -> Option<Date> {
    let date = text.split_once('T').map_or(text, |(date, _)| date);
    day(date)
}

/// The day, in UTC, of a moment in unix milliseconds; `None` beyond the calendar's range.
pub fn utc_day(now_ms: u64) -> Option<Date> {
    let seconds = i64::try_from(now_ms / 1000).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .map(OffsetDateTime::date)
}

/// The moment that a `dateTime` or `instant` names, unix milliseconds; for a day alone, its first
/// moment in UTC. `None` when it is less precise than a day, no date, or before 1970.
pub fn unix_ms(text: &str) -> Option<u64> {
    let at = match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(at) => at,
        Err(_) => day_of(text)?.midnight().assume_utc(),
    };
    u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Whole years from a birth day to another day; `None` before birth.
///
/// A child born on 29 February has its birthday on 1 March in other years.
pub fn whole_years(birth: Date, on: Date) -> Option<u32> {
    let before_birthday = (u8::from(on.month()), on.day()) < (u8::from(birth.month()), birth.day());
    u32::try_from(on.year() - birth.year() - i32::from(before_birthday)).ok()
}

fn day(text: &str) -> Option<Date> {
    if text.len() != 10 || !text.is_ascii() {
        return None;
    }
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || month.len() != 2 {
        return None;
    }
    let month = Month::try_from(u8::try_from(number(month)?).ok()?).ok()?;
    let day = u8::try_from(number(day)?).ok()?;
    Date::from_calendar_date(i32::from(number(year)?), month, day).ok()
}

fn is_time_with_offset(text: &str) -> bool {
    let (clock, offset) = if let Some(clock) = text.strip_suffix('Z') {
        (clock, None)
    } else {
        let Some(at) = text.rfind(['+', '-']) else {
            return false;
        };
        let (clock, offset) = text.split_at(at);
        (clock, Some(&offset[1..]))
    };
    let (clock, fraction) = clock
        .split_once('.')
        .map_or((clock, None), |(c, f)| (c, Some(f)));
    let fraction_ok =
        fraction.is_none_or(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()));
    let offset_ok = offset.is_none_or(|o| {
        fields(o).is_some_and(|f| match f[..] {
            [hours, minutes] => hours < 14 && minutes < 60 || hours == 14 && minutes == 0,
            _ => false,
        })
    });
    let clock_ok = fields(clock).is_some_and(|f| match f[..] {
        [hours, minutes, seconds] => hours < 24 && minutes < 60 && seconds <= 60,
        _ => false,
    });
    clock_ok && fraction_ok && offset_ok
}

/// Two-digit numbers between colons.
fn fields(text: &str) -> Option<Vec<u16>> {
    text.split(':')
        .map(|part| if part.len() == 2 { number(part) } else { None })
        .collect()
}

fn number(text: &str) -> Option<u16> {
    // `parse` alone would take a sign.
    if text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_as_precise_as_written() {
        for good in ["1971", "1971-02", "1971-02-28", "2024-02-29"] {
            assert!(is_date(good), "{good}");
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "",
            "71",
            "1971-13",
            "2023-02-29",
            "1971-2-28",
            "+971",
            "1971-02-28T",
            "१९७१",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
        assert_eq!(day_of("1971-02"), None);
        assert_eq!(
            day_of("2024-02-29T23:30:00-05:00").unwrap().to_string(),
            "2024-02-29"
        );
    }

    #[test]
    fn a_time_needs_seconds_and_an_offset() {
        for good in [
            "2015-02-07T13:28:17-05:00",
            "2015-02-07T13:28:17Z",
            "2015-02-07T13:28:17.239+14:00",
        ] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "2015-02-07T13:28:17",
            "2015-02-07T13:28Z",
            "2015-02-07T24:00:00Z",
            "2015-02T10:00:00Z",
            "2015-02-07T13:28:17+15:00",
            "2015-02-07T13:28:17.Z",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }

    #[test]
    fn a_moment_is_counted_from_1970_wherever_it_was_written() {
        assert_eq!(unix_ms("1970-01-01T00:00:01.5Z"), Some(1_500));
        assert_eq!(unix_ms("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(unix_ms("1970-01-02"), Some(86_400_000));
        for less in ["1970-01", "1970", "yesterday", "1969-12-31T23:59:59Z"] {
            assert_eq!(unix_ms(less), None, "{less}");
        }
    }

    #[test]
    fn a_birthday_counts_from_its_own_day() {
        let day = |text| day_of(text).unwrap();
        assert_eq!(whole_years(day("1950-06-15"), day("2024-06-14")), Some(73));
        assert_eq!(whole_years(day("1950-06-15"), day("2024-06-15")), Some(74));
        assert_eq!(whole_years(day("2000-02-29"), day("2001-02-28")), Some(0));
        assert_eq!(whole_years(day("2024-06-15"), day("2024-06-14")), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (is_date(&text), is_date_time(&text), day_of(&text));
        }

        #[test]
        fn whatever_has_a_day_is_a_date_time_up_to_there(text in "[0-9T:Z.+-]{0,24}") {
            if is_date_time(&text) && text.contains('T') {
                prop_assert!(day_of(&text).is_some());
            }
        }
    }
}
