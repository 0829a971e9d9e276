//! The parts of an iCalendar file (RFC 5545 §3.4), each with the line where it begins.

use icalendar::parser::{Component, read_calendar_simple, unfold};

use crate::file::{Refusals, Refused};

/// A component: a calendar, an event, a time zone.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its name, in capitals.
    pub(crate) name: String,
    /// Where it begins.
    pub(crate) line: u64,
    /// Its properties, in the order of the file.
    pub(crate) fields: Vec<Field>,
    /// The components within.
    pub(crate) parts: Vec<Part>,
}

/// A property.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name, in capitals.
    pub(crate) name: String,
    /// Its value: text without its escapes, except in lists.
    pub(crate) value: String,
    params: Vec<(String, String)>,
}

impl Part {
    /// The properties of a name.
    pub(crate) fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p Field> {
        self.fields.iter().filter(move |field| field.name == name)
    }

    /// The first property of a name.
    pub(crate) fn first(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Field {
    /// A parameter's value.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        let named = self.params.iter().find(|(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Whether a parameter has a value, without regard to case.
    pub(crate) fn says(&self, name: &str, value: &str) -> bool {
        self.param(name)
            .is_some_and(|found| found.eq_ignore_ascii_case(value))
    }

    /// The values of a list of texts.
    pub(crate) fn list(&self) -> Vec<String> {
        let mut values = vec![String::new()];
        let mut escaped = false;
        for character in self.value.chars() {
            match (character, values.last_mut()) {
                ('\\', _) if !escaped => {
                    escaped = true;
                    continue;
                }
                (',', _) if !escaped => values.push(String::new()),
                (character, Some(value)) => value.push(character),
                (_, None) => {}
            }
            escaped = false;
        }
        values.retain(|value| !value.trim().is_empty());
        values
    }
}

/// Reads the calendar of a file.
pub(crate) fn read(text: &str) -> Result<Part, Refused> {
    let lines = Lines::of(text)?;
    let unfolded = unfold(text);
    let components = read_calendar_simple(&unfolded).map_err(|error| {
        let good = unfolded.len() - error.input.len().min(unfolded.len());
        let read = unfolded.as_bytes().get(..good).unwrap_or_default();
        let logical = read.split(|byte| *byte == b'\n').count() - 1;
        Refusals::refuse(lines.logical.get(logical).copied(), "it is not iCalendar")
    })?;
    let mut begins = lines.begins.into_iter();
    let mut parts = components
        .iter()
        .map(|component| part(component, &mut begins));
    match (parts.next(), parts.next()) {
        (Some(calendar), None) if calendar.name == "VCALENDAR" => Ok(calendar),
        _ => Err(Refusals::refuse(None, "it is not one iCalendar calendar")),
    }
}

fn part(component: &Component<'_>, begins: &mut impl Iterator<Item = u64>) -> Part {
    let line = begins.next().unwrap_or(1);
    let fields = component.properties.iter().map(|property| Field {
        name: property.name.as_str().to_ascii_uppercase(),
        value: property.val.as_str().trim().to_owned(),
        params: property
            .params
            .iter()
            .map(|param| {
                let value = param.val.as_ref().map_or("", |value| value.as_str());
                (param.key.as_str().to_ascii_uppercase(), value.to_owned())
            })
            .collect(),
    });
    Part {
        name: component.name.as_str().to_ascii_uppercase(),
        line,
        fields: fields.collect(),
        parts: component
            .components
            .iter()
            .map(|component| part(component, begins))
            .collect(),
    }
}

/// Where things stand in a file, since the parser only knows it unfolded.
struct Lines {
    /// The line where each unfolded line begins.
    logical: Vec<u64>,
    /// The line of each `BEGIN`.
    begins: Vec<u64>,
}

impl Lines {
    /// Refuses components that are nested deeper than any calendar, since the parser calls itself
    /// for each.
    fn of(text: &str) -> Result<Self, Refused> {
        let mut lines = Self {
            logical: Vec::new(),
            begins: Vec::new(),
        };
        let mut depth = 0_usize;
        for (line, content) in (1_u64..).zip(text.split('\n')) {
            if content.starts_with([' ', '\t']) {
                continue;
            }
            lines.logical.push(line);
            if begins_with(content, "BEGIN:") {
                lines.begins.push(line);
                depth += 1;
            } else if begins_with(content, "END:") {
                depth = depth.saturating_sub(1);
            }
            if depth > DEEPEST {
                return Err(Refusals::refuse(Some(line), "it is nested too deep"));
            }
        }
        Ok(lines)
    }
}

fn begins_with(content: &str, word: &str) -> bool {
    content
        .get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

const DEEPEST: usize = 8;
