//! Rows with named columns, from CSV and from JSON.

use std::fmt;

use ::csv::{ReaderBuilder, StringRecord};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use wardline_model::lines::Lines;

use crate::refusal::{Limits, Place, Problem, Refusals, Refused};

/// The columns that a file may have.
pub(crate) struct Schema<C: 'static> {
    /// Every name that is read; of several for one column, the first stands in reasons.
    pub(crate) names: &'static [(&'static str, C)],
    /// The columns that must be there.
    pub(crate) required: &'static [C],
}

impl<C: Copy + PartialEq> Schema<C> {
    /// What a reason calls a column.
    pub(crate) fn name(&self, column: C) -> &'static str {
        let named = self.names.iter().find(|(_, named)| *named == column);
        named.map_or("", |(name, _)| name)
    }

    /// The column of a header: capitals do not count, and spaces and hyphens are underscores.
    fn column(&self, header: &str) -> Option<C> {
        let header: String = header
            .trim()
            .chars()
            .map(|character| match character {
                ' ' | '-' => '_',
                other => other.to_ascii_lowercase(),
            })
            .collect();
        let named = self.names.iter().find(|(name, _)| *name == header);
        named.map(|(_, column)| *column)
    }

    /// The columns of all headers, once each.
    fn columns<'h>(
        &self,
        headers: impl Iterator<Item = &'h str>,
        place: Place,
        refusals: &mut Refusals,
    ) -> Vec<Option<C>> {
        let mut columns = Vec::new();
        for header in headers {
            let column = self.column(header);
            match column {
                None => refusals.add(place, unknown(header)),
                Some(known) if columns.contains(&column) => {
                    let name = self.name(known);
                    refusals.add(place, Problem::ColumnTwice { name });
                }
                Some(_) => {}
            }
            columns.push(column);
        }
        columns
    }
}

/// A value before its column says what it must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'t> {
    /// Nothing is said.
    Nothing,
    /// Text without white space around it; not empty.
    Text(&'t str),
    /// A truth of JSON.
    Truth(bool),
    /// A whole number of JSON.
    Number(u64),
    /// Anything else that JSON has: no column takes it.
    Other,
}

impl<'t> Cell<'t> {
    fn text(text: &'t str) -> Self {
        match text.trim() {
            "" => Self::Nothing,
            text => Self::Text(text),
        }
    }

    fn json(value: &'t Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(truth) => Self::Truth(*truth),
            Value::String(text) => Self::text(text),
            Value::Number(number) => number.as_u64().map_or(Self::Other, Self::Number),
            Value::Array(_) | Value::Object(_) => Self::Other,
        }
    }
}

/// Reads CSV (RFC 4180) with a line of headers. `row` gets each row that has as many values as
/// there are columns.
///
/// # Errors
/// What keeps the rows from being read at all. What is wrong with single rows goes to `refusals`.
pub(crate) fn csv<C: Copy + PartialEq>(
    bytes: &[u8],
    schema: &Schema<C>,
    limits: Limits,
    mut refusals: Refusals,
    mut row: impl FnMut(Place, &[(C, Cell<'_>)], &mut Refusals),
) -> Result<Refusals, Refused> {
    let text = utf8(bytes, limits)?;
    let mut lines = Lines::new(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut columns: Option<Vec<C>> = None;
    let mut rows = 0_usize;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            // Invariant: the text is UTF-8 and lies in memory, and rows may differ in length.
            Err(_) => return Err(Refusals::refuse(Place::File, Problem::Encoding)),
        }
        let start = record.position().map_or(0, ::csv::Position::byte);
        let place = Place::Line(lines.of(start));
        let Some(columns) = &columns else {
            let found = schema.columns(record.iter(), place, &mut refusals);
            for column in schema.required {
                if !found.contains(&Some(*column)) {
                    let name = schema.name(*column);
                    refusals.add(place, Problem::NoColumn { name });
                }
            }
            // What a value means is known only where its column is.
            refusals = refusals.or_go_on()?;
            columns = Some(found.into_iter().flatten().collect());
            continue;
        };
        rows += 1;
        if rows > limits.rows {
            let limit = limits.rows;
            return Err(Refusals::refuse(Place::File, Problem::TooMany { limit }));
        }
        if record.len() != columns.len() {
            let (expected, found) = (columns.len(), record.len());
            refusals.add(place, Problem::Ragged { expected, found });
            continue;
        }
        let values = record.iter().map(Cell::text);
        let cells: Vec<(C, Cell<'_>)> = columns.iter().copied().zip(values).collect();
        row(place, &cells, &mut refusals);
    }
    if rows == 0 {
        refusals.add(Place::File, Problem::Empty);
    }
    Ok(refusals)
}

/// Reads an array of objects whose members are the columns.
///
/// # Errors
/// As [`csv`].
pub(crate) fn json<C: Copy + PartialEq>(
    bytes: &[u8],
    schema: &Schema<C>,
    limits: Limits,
    mut refusals: Refusals,
    mut row: impl FnMut(Place, &[(C, Cell<'_>)], &mut Refusals),
) -> Result<Refusals, Refused> {
    let text = utf8(bytes, limits)?;
    let Entries(entries) = serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            return Refusals::refuse(Place::File, Problem::Shape);
        }
        let place = Place::Line(u64::try_from(error.line()).unwrap_or(u64::MAX));
        let column = error.column();
        Refusals::refuse(place, Problem::Syntax { column })
    })?;
    if entries.len() > limits.rows {
        let limit = limits.rows;
        return Err(Refusals::refuse(Place::File, Problem::TooMany { limit }));
    }
    if entries.is_empty() {
        refusals.add(Place::File, Problem::Empty);
    }
    for (number, Entry(members)) in entries.iter().enumerate() {
        let place = Place::Entry(number + 1);
        let headers = members.iter().map(|(name, _)| name.as_str());
        let columns = schema.columns(headers, place, &mut refusals);
        let cells: Vec<(C, Cell<'_>)> = columns
            .into_iter()
            .zip(members)
            .filter_map(|(column, (_, value))| Some((column?, Cell::json(value))))
            .collect();
        row(place, &cells, &mut refusals);
    }
    Ok(refusals)
}

fn utf8(bytes: &[u8], limits: Limits) -> Result<&str, Refused> {
    if bytes.len() > limits.bytes {
        let limit = limits.bytes;
        return Err(Refusals::refuse(Place::File, Problem::TooLarge { limit }));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        let line = u64::try_from(line).unwrap_or(u64::MAX);
        Refusals::refuse(Place::Line(line), Problem::Encoding)
    })?;
    // Excel begins its files with a byte order mark.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn unknown(header: &str) -> Problem {
    let hint = if header.contains([';', '\t']) {
        "; columns are divided by commas"
    } else if header.trim().is_empty() {
        "; every column has one"
    } else {
        ""
    };
    Problem::UnknownColumn {
        name: header.chars().take(40).collect(),
        hint,
    }
}

/// An array of objects.
#[derive(Deserialize)]
#[serde(transparent)]
struct Entries(Vec<Entry>);

/// An object whose members are all kept, in their order: a map would forget the first of two that
/// have one name.
struct Entry(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Entry(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
