//! HL7's times (DTM): `YYYY[MM[DD[HH[MM[SS[.SSSS]]]]]][+ZZZZ]`, as precise as they were written.

use chrono::{
    DateTime, Datelike as _, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, Offset as _,
    TimeZone as _,
};
use chrono_tz::Tz;

/// A time out of a message. It is a part of what a message says of a patient, so it has no `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    precision: Precision,
    /// The writer's local time.
    local: NaiveDateTime,
    offset: FixedOffset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Year,
    Month,
    Day,
    Minute,
    Second,
}

impl Stamp {
    /// Reads a time; one without an offset is the hospital's local time. `None` where it is none that
    /// the calendar has.
    pub fn parse(text: &str, zone: Tz) -> Option<Self> {
        let text = text.trim();
        if !text.is_ascii() {
            return None;
        }
        let (digits, offset) = match text.find(['+', '-']) {
            Some(at) => (&text[..at], Some(offset(&text[at..])?)),
            None => (
                text.strip_suffix('Z').unwrap_or(text),
                text.ends_with('Z').then(utc),
            ),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > 9 {
            return None;
        }
        let number = |from: usize, to: usize| whole.get(from..to)?.parse::<u32>().ok();
        let year = i32::try_from(number(0, 4)?).ok()?;
        let precision = match whole.len() {
            4 => Precision::Year,
            6 => Precision::Month,
            8 => Precision::Day,
            // An hour alone is a time whose minutes are unknown; FHIR has no such.
            10 | 12 => Precision::Minute,
            14 => Precision::Second,
            _ => return None,
        };
        let day =
            NaiveDate::from_ymd_opt(year, number(4, 6).unwrap_or(1), number(6, 8).unwrap_or(1))?;
        if year < 1 {
            return None;
        }
        let millis = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        let local = day.and_hms_milli_opt(
            number(8, 10).unwrap_or(0),
            number(10, 12).unwrap_or(0),
            number(12, 14).unwrap_or(0).min(59),
            millis,
        )?;
        let offset = offset.unwrap_or_else(|| offset_at(zone, &local));
        Some(Self {
            precision,
            local,
            offset,
        })
    }

    /// Unix milliseconds of its first moment, 0 before 1970.
    pub fn unix_ms(&self) -> u64 {
        let at = self.local.and_utc().timestamp_millis()
            - i64::from(self.offset.local_minus_utc()) * 1000;
        u64::try_from(at).unwrap_or(0)
    }

    /// As FHIR's `dateTime`.
    pub fn date_time(&self) -> String {
        match self.precision {
            Precision::Year => format!("{:04}", self.local.year()),
            Precision::Month => self.local.format("%Y-%m").to_string(),
            Precision::Day => self.date(),
            Precision::Minute | Precision::Second => {
                let millis = self.local.and_utc().timestamp_subsec_millis();
                let fraction = if millis == 0 {
                    String::new()
                } else {
                    format!(".{millis:03}")
                };
                let minutes = self.offset.local_minus_utc() / 60;
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.abs();
                format!(
                    "{}{fraction}{sign}{:02}:{:02}",
                    self.local.format("%Y-%m-%dT%H:%M:%S"),
                    minutes / 60,
                    minutes % 60
                )
            }
        }
    }

    /// As FHIR's `date`.
    pub fn date(&self) -> String {
        match self.precision {
            Precision::Year | Precision::Month => self.date_time(),
            _ => self.local.format("%Y-%m-%d").to_string(),
        }
    }

    /// As FHIR's `instant`, which has no less than seconds; `None` where only the day is known.
    pub fn instant(&self) -> Option<String> {
        (self.precision >= Precision::Minute).then(|| self.date_time())
    }
}

/// A moment as HL7 writes it, in a time zone.
pub fn write(now_ms: u64, zone: Tz) -> String {
    let millis = i64::try_from(now_ms).unwrap_or(0);
    let at: DateTime<Tz> = zone
        .timestamp_millis_opt(millis)
        .single()
        .unwrap_or_else(|| zone.from_utc_datetime(&NaiveDateTime::default()));
    let minutes = at.offset().fix().local_minus_utc() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    format!(
        "{}{sign}{:02}{:02}",
        at.format("%Y%m%d%H%M%S"),
        minutes / 60,
        minutes % 60
    )
}

fn offset(text: &str) -> Option<FixedOffset> {
    let (sign, digits) = (text.get(..1)?, text.get(1..)?);
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let seconds = (number / 100 * 60 + number % 100) * 60;
    // No place on Earth is further away.
    if number % 100 > 59 || seconds > 14 * 3600 {
        return None;
    }
    FixedOffset::east_opt(if sign == "-" { -seconds } else { seconds })
}

/// In the hour that happens twice, the first; in the one that does not happen, the offset before it.
fn offset_at(zone: Tz, local: &NaiveDateTime) -> FixedOffset {
    match zone.offset_from_local_datetime(local) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix(),
        LocalResult::None => zone.offset_from_utc_datetime(local).fix(),
    }
}

fn utc() -> FixedOffset {
    chrono::Utc.fix()
}
