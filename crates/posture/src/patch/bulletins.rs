//! Android's security bulletins: which there were, and when each was published.
//!
//! Source: <https://source.android.com/docs/security/bulletin>, as a table of two columns that a
//! hospital keeps or gets from somebody who does.

use std::collections::BTreeMap;

use time::Date;

use super::FeedError;
use super::day::Day;
use crate::attest::PatchLevel;

/// The bulletins by their month. A month has several levels, and phones differ in which of them they
/// show, so a month is what counts.
#[derive(Debug, Clone)]
pub(super) struct Bulletins {
    /// When the first level of the month was published.
    months: BTreeMap<(i32, u8), Date>,
}

impl Bulletins {
    /// Reads the table: the line `level,published`, then a line for each level with the level and
    /// the day on which it was published, both `YYYY-MM-DD`, in any order.
    ///
    /// # Errors
    /// The first line that is wrong, and what is wrong with it. A table without a level is refused
    /// too: it would say that no phone ever lacks a patch.
    pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Self, FeedError> {
        let malformed = |reason: String| FeedError::Malformed {
            file: file.to_owned(),
            reason,
        };
        let text = std::str::from_utf8(bytes).map_err(|error| malformed(error.to_string()))?;
        let mut lines = (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines());
        if lines.next().is_none_or(|(_, line)| line.trim() != COLUMNS) {
            return Err(malformed(format!("line 1: the columns are not {COLUMNS}")));
        }
        let mut levels: BTreeMap<Date, Date> = BTreeMap::new();
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let (level, published) =
                row(line).map_err(|reason| malformed(format!("line {number}: {reason}")))?;
            if levels.insert(level, published).is_some() {
                return Err(malformed(format!(
                    "line {number}: the level {level} is in another line too"
                )));
            }
        }
        if levels.is_empty() {
            return Err(malformed("line 2: there is no level".to_owned()));
        }
        let mut months: BTreeMap<(i32, u8), Date> = BTreeMap::new();
        for (level, published) in levels {
            let month = (level.year(), u8::from(level.month()));
            let first = months.entry(month).or_insert(published);
            *first = published.min(*first);
        }
        Ok(Self { months })
    }

    /// The newest month that is published on a day.
    pub(super) fn newest(&self, at: Date) -> Option<(i32, u8)> {
        let published = self.months.iter().rev().find(|(_, day)| **day <= at);
        published.map(|(month, _)| *month)
    }

    /// When the first of the months after a level's was published; `None` where the table has no
    /// later one.
    pub(super) fn after(&self, level: PatchLevel) -> Option<Date> {
        let month = (i32::from(level.year), level.month);
        let later = self.months.iter().filter(|(other, _)| **other > month);
        later.map(|(_, published)| *published).min()
    }

    /// The newest publication up to a day.
    pub(super) fn last_published(&self, at: Date) -> Option<Date> {
        self.months.values().copied().filter(|day| *day <= at).max()
    }
}

/// A level, and when it was published.
fn row(line: &str) -> Result<(Date, Date), String> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [level, published] = fields[..] else {
        return Err(format!(
            "2 fields are expected, and it has {}",
            fields.len()
        ));
    };
    let day = |column: &str, text: &str| {
        Day::parse(text)
            .map(|day| day.0)
            .ok_or_else(|| format!("{column}: {text:?} is no date as YYYY-MM-DD"))
    };
    Ok((day("level", level)?, day("published", published)?))
}

const COLUMNS: &str = "level,published";

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const TABLE: &str = "level,published\n2026-09-05,2026-09-08\n2026-09-01,2026-09-07\n\
        2026-11-05,2026-11-02\n";

    fn parse(text: &str) -> Result<Bulletins, String> {
        Bulletins::parse("android/bulletins.csv", text.as_bytes())
            .map_err(|error| error.to_string())
    }

    fn level(text: &str) -> PatchLevel {
        PatchLevel::from_text(text).unwrap()
    }

    #[test]
    fn a_level_is_followed_by_the_next_month_that_there_was() {
        let table = parse(TABLE).unwrap();
        for (shown, next) in [
            ("2026-08", Some(date!(2026 - 09 - 07))),
            ("2026-08-05", Some(date!(2026 - 09 - 07))),
            // There was none in October.
            ("2026-09-01", Some(date!(2026 - 11 - 02))),
            ("2026-10", Some(date!(2026 - 11 - 02))),
            ("2026-11-01", None),
            ("2027-01", None),
        ] {
            assert_eq!(table.after(level(shown)), next, "{shown}");
        }
        for (at, newest, last) in [
            (date!(2026 - 09 - 06), None, None),
            (
                date!(2026 - 11 - 01),
                Some((2026, 9)),
                Some(date!(2026 - 09 - 07)),
            ),
            (
                date!(2026 - 12 - 31),
                Some((2026, 11)),
                Some(date!(2026 - 11 - 02)),
            ),
        ] {
            assert_eq!(table.newest(at), newest, "{at}");
            assert_eq!(table.last_published(at), last, "{at}");
        }
        let windows = format!("\u{feff}{}\r\n\r\n", TABLE.trim_end().replace('\n', "\r\n"));
        assert_eq!(parse(&windows).unwrap().months, table.months);
    }

    #[test]
    fn a_table_is_read_whole_or_refused_with_the_line() {
        for (wrong, told) in [
            ("", "line 1: the columns"),
            ("published,level\n", "line 1: the columns"),
            ("2026-09-05,2026-09-08\n", "line 1: the columns"),
            ("level,published\n", "line 2: there is no level"),
            ("level,published\n\n", "line 2: there is no level"),
            (
                "level,published\n2026-09-05\n",
                "line 2: 2 fields are expected, and it has 1",
            ),
            (
                "level,published\n2026-09-05,2026-09-08,x\n",
                "line 2: 2 fields are expected, and it has 3",
            ),
            (
                "level,published\n\n2026-09,2026-09-08\n",
                "line 3: level: \"2026-09\"",
            ),
            (
                "level,published\n2026-09-05,2026-09-0",
                "line 2: published: \"2026-09-0\"",
            ),
            (
                "level,published\n2026-09-05,2026-02-30\n",
                "line 2: published: ",
            ),
            (
                "level,published\n2026-09-05,2026-09-08\n2026-09-05,2026-09-09\n",
                "line 3: the level 2026-09-05 is in another line too",
            ),
        ] {
            let reason = parse(wrong).unwrap_err();
            let reason = reason.strip_prefix("android/bulletins.csv: ").unwrap();
            assert!(reason.starts_with(told), "{reason}");
        }
        assert!(Bulletins::parse("f", b"level,published\n\xff").is_err());
    }
}
