//! Single values as managers and people write them. Each reader answers with what would have been
//! right.

use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};
use wardline_model::wire::posture::PLATFORMS;

/// What would have been right, for a person.
pub(crate) type Expected = &'static str;

/// The most characters of a fact's text.
pub(crate) const LONGEST_FACT: usize = 120;

/// The most characters of a name, an id or a serial number.
pub(crate) const LONGEST_NAME: usize = 120;

/// The most characters of a person's address: a local part of 64, an `@`, a domain of 255
/// (RFC 5321 §4.5.3.1), less what RFC 3696's erratum takes off.
pub(crate) const LONGEST_OWNER: usize = 254;

/// Text of so many characters at most, without what does not show.
pub(crate) fn text(text: &str, longest: usize) -> Result<&str, Expected> {
    let good = text.chars().count() <= longest && !text.chars().any(char::is_control);
    let expected = match longest {
        LONGEST_OWNER => "text of at most 254 characters on one line",
        _ => "text of at most 120 characters on one line",
    };
    good.then_some(text).ok_or(expected)
}

/// Yes or no; `unknown` is neither.
pub(crate) fn truth(text: &str) -> Result<Option<bool>, Expected> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(Some(true)),
        "false" | "no" | "0" => Ok(Some(false)),
        "unknown" => Ok(None),
        _ => Err("true, false or unknown (yes, no, 1 and 0 are read too)"),
    }
}

/// As [`truth`], and the words that managers have for it.
pub(crate) fn compliance(text: &str) -> Result<Option<bool>, Expected> {
    match text.to_ascii_lowercase().as_str() {
        "compliant" => Ok(Some(true)),
        "noncompliant" | "non-compliant" | "not compliant" | "not-compliant" => Ok(Some(false)),
        _ => truth(text).map_err(|_| "compliant, noncompliant, true, false or unknown"),
    }
}

/// A count, or seconds.
pub(crate) fn number(text: &str) -> Result<u64, Expected> {
    // `parse` alone would take a sign.
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number| *number <= MOST)
        .ok_or("a whole number of at most 1000000000")
}

const MOST: u64 = 1_000_000_000;

/// A platform, as the fact `platform` names it.
pub(crate) fn platform(text: &str) -> Result<&'static str, Expected> {
    PLATFORMS
        .into_iter()
        .find(|platform| platform.eq_ignore_ascii_case(text))
        .ok_or("android, ios, ipados, macos, windows, linux or chromeos")
}

/// How far Android Verified Boot came.
pub(crate) fn verified_boot(text: &str) -> Result<&'static str, Expected> {
    ["verified", "self_signed", "unverified", "failed"]
        .into_iter()
        .find(|state| state.eq_ignore_ascii_case(text))
        .ok_or("verified, self_signed, unverified or failed")
}

/// The month or day of security patches: `YYYY-MM` or `YYYY-MM-DD`.
pub(crate) fn patch_level(text: &str) -> Result<&str, Expected> {
    let expected = "a month or a day as YYYY-MM or YYYY-MM-DD";
    let digits = |range: std::ops::Range<usize>| -> Option<i32> {
        let digits = text.get(range)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| digits.parse().ok()).flatten()
    };
    let read = || -> Option<Date> {
        let month = Month::try_from(u8::try_from(digits(5..7)?).ok()?).ok()?;
        let day = match text.len() {
            7 => 1,
            10 => u8::try_from(digits(8..10)?).ok()?,
            _ => return None,
        };
        let hyphens = text.bytes().enumerate();
        let hyphens = hyphens.filter(|(at, _)| [4, 7].contains(at));
        hyphens
            .map(|(_, byte)| byte)
            .all(|byte| byte == b'-')
            .then_some(())?;
        Date::from_calendar_date(digits(0..4)?, month, day).ok()
    };
    read().map(|_| text).ok_or(expected)
}

/// A moment, as unix milliseconds: RFC 3339, or the same with a space for the `T` and without an
/// offset, which then is UTC.
pub(crate) fn moment(text: &str) -> Result<u64, Expected> {
    let expected =
        "a time as 2026-05-04T13:37:00Z; one without an offset, as 2026-05-04 13:37:00, is UTC";
    let mut text = text.to_owned();
    if text.as_bytes().get(10) == Some(&b' ') {
        text.replace_range(10..11, "T");
    }
    // The offset's sign, or the letter, stands behind the date, the `T` and the time of day.
    let tail = text.get(11..).ok_or(expected)?;
    if !tail.contains(['Z', 'z', '+', '-']) {
        text.push('Z');
    }
    let moment = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| expected)?;
    u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).map_err(|_| expected)
}

/// A serial number, unless it is what makers leave in the place of one: two such devices would be
/// taken for the same.
pub(crate) fn serial(text: &str) -> Result<Option<&str>, Expected> {
    let text = self::text(text.trim(), LONGEST_NAME)?;
    let lower = text.to_ascii_lowercase();
    let placeholder = PLACEHOLDERS.contains(&lower.as_str())
        || text
            .chars()
            .all(|character| matches!(character, '0' | '-' | '.' | ' '));
    Ok((!placeholder).then_some(text))
}

/// In small letters.
const PLACEHOLDERS: [&str; 11] = [
    "default string",
    "n/a",
    "na",
    "none",
    "not applicable",
    "not available",
    "not specified",
    "null",
    "system serial number",
    "to be filled by o.e.m.",
    "unknown",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_managers_write_them() {
        let at = 1_777_901_820_000;
        for text in [
            "2026-05-04T13:37:00Z",
            "2026-05-04T15:37:00+02:00",
            "2026-05-04 13:37:00",
            "2026-05-04 13:37:00.0000000",
            "2026-05-04t13:37:00z",
        ] {
            assert_eq!(moment(text), Ok(at), "{text}");
        }
        for text in [
            "",
            "2026-05-04",
            "04.05.2026 13:37",
            "2026-02-30T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-05-04 13:37",
            "1777901820000",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn patch_levels_are_months_or_days_that_there_are() {
        for text in ["2026-05", "2026-05-01", "2024-02-29"] {
            assert_eq!(patch_level(text), Ok(text));
        }
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2025-02-29",
            "2026/05",
            "2026-5-1",
            "+026-05",
            "2026-05-1x",
            "2026-05x01",
            "é026-05",
        ] {
            assert!(patch_level(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_makers_leave_in_place_of_a_serial_number_is_none() {
        for text in [
            "0",
            "00000000",
            "To Be Filled By O.E.M.",
            "System Serial Number",
            "",
            "-",
        ] {
            assert_eq!(serial(text), Ok(None), "{text}");
        }
        assert_eq!(serial(" C02XG2JHJG5H "), Ok(Some("C02XG2JHJG5H")));
        assert!(serial("a\u{0}b").is_err());
    }

    #[test]
    fn numbers_have_digits_only() {
        assert_eq!(number("300"), Ok(300));
        for text in ["", "-1", "+1", "1.5", "1000000001", "99999999999999999999"] {
            assert!(number(text).is_err(), "{text}");
        }
    }
}
