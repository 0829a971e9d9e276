//! A schedule as CSV (RFC 4180): a line of column names in any order, then a line for each turn or
//! shift. `docs/schedules.md` has the columns.

use ::csv::{ReaderBuilder, StringRecord};
use chrono::DateTime;
use wardline_model::lines::Lines;

use crate::file::{self, Limits, Read, ReadShift, ReadTurn, Refusals, Refused};

/// Reads turns, or shifts where there is no column `role`.
///
/// # Errors
/// Every reason to refuse the file, up to [`Limits::reasons`].
pub fn read(bytes: &[u8], limits: Limits) -> Result<Read, Refused> {
    let text = file::text(bytes, limits)?;
    let mut lines = Lines::new(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut refusals = Refusals::new(limits.reasons);
    let mut record = StringRecord::new();
    let mut columns: Option<Vec<Column>> = None;
    let (mut turns, mut shifts, mut rows) = (Vec::new(), Vec::new(), 0_usize);
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            // Invariant: the text is UTF-8 and lies in memory, and rows may differ in length.
            Err(_) => return Err(Refusals::refuse(None, "it is not CSV")),
        }
        let line = lines.of(record.position().map_or(0, ::csv::Position::byte));
        let Some(columns) = &columns else {
            columns = Some(header(&record, line, limits)?);
            continue;
        };
        rows += 1;
        if rows > limits.slots {
            return Err(file::too_many(limits));
        }
        if record.len() != columns.len() {
            let (expected, found) = (columns.len(), record.len());
            refusals.add(
                line,
                format!("there are {found} values for {expected} columns"),
            );
            continue;
        }
        let mut row = Row {
            columns,
            record: &record,
            line,
            refusals: &mut refusals,
        };
        let span = row.span();
        let person = row.text(Column::Username, LONGEST_NAME);
        if !columns.contains(&Column::Role) {
            if let (Some((from_ms, until_ms)), Some(person)) = (span, person) {
                shifts.push(ReadShift {
                    line,
                    person,
                    from_ms,
                    until_ms,
                });
            }
            continue;
        }
        let role = row.text(Column::Role, LONGEST_SLUG);
        let title = row.text(Column::Title, LONGEST_NAME);
        let department = row.text(Column::Department, LONGEST_NAME);
        if let (
            Some((from_ms, until_ms)),
            Some(person),
            Some(role),
            Some(title),
            Some(department),
        ) = (span, person, role, title, department)
        {
            turns.push(ReadTurn {
                line,
                role,
                title: Some(title),
                department: Some(department),
                from_ms,
                until_ms,
                people: vec![person],
            });
        }
    }
    if rows == 0 {
        return Err(Refusals::refuse(None, "there is nothing in it"));
    }
    let of_turns = columns.is_some_and(|columns| columns.contains(&Column::Role));
    refusals.unless_any(if of_turns {
        Read::Turns(turns)
    } else {
        Read::Shifts(shifts)
    })
}

/// A time as ISO 8601 with its offset, unix milliseconds; seconds may be left out.
pub(crate) fn time(text: &str) -> Option<u64> {
    let time = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%#z"))
        .ok()?;
    u64::try_from(time.timestamp_millis()).ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Role,
    Title,
    Department,
    From,
    Until,
    Username,
}

const COLUMNS: [(&str, Column); 6] = [
    ("role", Column::Role),
    ("title", Column::Title),
    ("department", Column::Department),
    ("from", Column::From),
    ("until", Column::Until),
    ("username", Column::Username),
];

impl Column {
    fn name(self) -> &'static str {
        COLUMNS
            .iter()
            .find(|(_, column)| *column == self)
            .map_or("", |(name, _)| name)
    }
}

/// What each column is: all of those of turns, or all of those of shifts, each once.
fn header(record: &StringRecord, line: u64, limits: Limits) -> Result<Vec<Column>, Refused> {
    let mut refusals = Refusals::new(limits.reasons);
    let mut columns = Vec::new();
    for header in record {
        let named = COLUMNS
            .iter()
            .find(|(name, _)| header.trim().eq_ignore_ascii_case(name));
        match named {
            None => {
                let hint = if header.contains([';', '\t']) {
                    "; columns are divided by commas"
                } else {
                    ""
                };
                let name: String = header.chars().take(40).collect();
                refusals.add(line, format!("no column has the name {name:?}{hint}"));
            }
            Some((name, column)) if columns.contains(column) => {
                refusals.add(line, format!("two columns are the {name}"));
            }
            Some((_, column)) => columns.push(*column),
        }
    }
    let of_turns = [Column::Role, Column::Title, Column::Department]
        .iter()
        .any(|column| columns.contains(column));
    let needed = if of_turns {
        &COLUMNS[..]
    } else {
        &COLUMNS[3..]
    };
    for (name, column) in needed {
        if !columns.contains(column) {
            refusals.add(line, format!("the column {name} is missing"));
        }
    }
    refusals.unless_any(columns)
}

/// A row while it is read.
struct Row<'r> {
    columns: &'r [Column],
    record: &'r StringRecord,
    line: u64,
    refusals: &'r mut Refusals,
}

impl Row<'_> {
    fn value(&self, column: Column) -> &str {
        let place = self.columns.iter().position(|other| *other == column);
        place
            .and_then(|place| self.record.get(place))
            .unwrap_or("")
            .trim()
    }

    fn text(&mut self, column: Column, longest: usize) -> Option<String> {
        let value = self.value(column);
        let fits = (1..=longest).contains(&value.chars().count());
        if fits && !value.chars().any(char::is_control) {
            return Some(value.to_owned());
        }
        let problem = format!("{} is 1 to {longest} characters on one line", column.name());
        self.refusals.add(self.line, problem);
        None
    }

    fn span(&mut self) -> Option<(u64, u64)> {
        let mut times = [None, None];
        for (found, column) in times.iter_mut().zip([Column::From, Column::Until]) {
            *found = time(self.value(column));
            if found.is_none() {
                let problem = format!(
                    "{} is a time with its offset, such as 2026-08-01T20:00+02:00",
                    column.name()
                );
                self.refusals.add(self.line, problem);
            }
        }
        let [Some(from_ms), Some(until_ms)] = times else {
            return None;
        };
        if from_ms < until_ms {
            return Some((from_ms, until_ms));
        }
        self.refusals.add(self.line, "until is not after from");
        None
    }
}

/// Of a sign-in name, a title, a department.
pub(crate) const LONGEST_NAME: usize = 100;
/// Of a role's slug.
const LONGEST_SLUG: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(text: &str) -> Vec<String> {
        let refused = read(text.as_bytes(), Limits::default()).unwrap_err();
        refused.reasons.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn turns_are_read_by_the_names_of_their_columns() {
        let text = "\u{feff}username,Role,title,department,until,from\r\n\
            aokafor,cardiology,\"Cardiology, on call\",Cardiology,2026-08-02T08:00+02:00,2026-08-01T20:00:00+02:00\r\n";
        let read = read(text.as_bytes(), Limits::default()).unwrap();
        assert_eq!(
            read,
            Read::Turns(vec![ReadTurn {
                line: 2,
                role: "cardiology".to_owned(),
                title: Some("Cardiology, on call".to_owned()),
                department: Some("Cardiology".to_owned()),
                from_ms: 1_785_607_200_000,
                until_ms: 1_785_650_400_000,
                people: vec!["aokafor".to_owned()],
            }])
        );
    }

    #[test]
    fn shifts_have_no_role() {
        let text = "username,from,until\naokafor,2026-08-01T06:00Z,2026-08-01T18:00Z\n";
        let Read::Shifts(shifts) = read(text.as_bytes(), Limits::default()).unwrap() else {
            panic!("these are shifts");
        };
        assert_eq!(shifts.len(), 1);
        assert_eq!(shifts[0].until_ms - shifts[0].from_ms, 12 * 3_600_000);
    }

    #[test]
    fn every_wrong_line_is_told_and_nothing_is_read() {
        let text = "role,title,department,from,until,username\n\
            \n\
            c,C,D,2026-08-01T08:00,2026-08-02T08:00Z,a\n\
            c,C,D,2026-08-01T08:00Z,2026-08-01T08:00Z,\n\
            c,C,D,2026-08-01T08:00Z\n\
            c,C,D,2026-08-01T08:00Z,2026-08-01T09:00Z,a\n";
        assert_eq!(
            reasons(text),
            [
                "line 3: from is a time with its offset, such as 2026-08-01T20:00+02:00",
                "line 4: until is not after from",
                "line 4: username is 1 to 100 characters on one line",
                "line 5: there are 4 values for 6 columns",
            ]
        );
    }

    #[test]
    fn columns_are_known_there_and_there_once() {
        assert_eq!(
            reasons("role,from,from,colour\n"),
            [
                "line 1: two columns are the from",
                "line 1: no column has the name \"colour\"",
                "line 1: the column title is missing",
                "line 1: the column department is missing",
                "line 1: the column until is missing",
                "line 1: the column username is missing",
            ]
        );
        assert!(reasons("username;from;until\n")[0].ends_with("divided by commas"));
        assert_eq!(
            reasons("username,from,until\n"),
            ["the file: there is nothing in it"]
        );
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_before_it_is_read() {
        let limits = Limits {
            bytes: 30,
            ..Limits::default()
        };
        let refused = read(&[b'a'; 31], limits).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the file: it is larger than 30 bytes; split it"
        );
    }
}
