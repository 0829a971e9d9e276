//! Devices to be registered before they are enrolled: a CSV file with a line for each.
//!
//! The columns are `serial`, `program`, `model`, `owner` and `note`; the first two must be there.
//! A file is taken whole or refused whole, as an export is ([`csv`](crate::csv)).

use std::collections::HashMap;

use crate::managed::serial_key;
use crate::refusal::{Limits, Problem, Refusals, Refused};
use crate::table::{self, Cell, Schema};
use crate::values::{self, Expected, LONGEST_NAME, LONGEST_OWNER};

/// A device to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The maker's serial number, as it is written in the file.
    pub serial: String,
    /// The slug of the program that it is for; one of those handed in.
    pub program: String,
    /// Its model.
    pub model: Option<String>,
    /// The username of the person that it is for; absent where anybody may enrol it.
    pub owner: Option<String>,
    /// What officers want to know of it.
    pub note: Option<String>,
}

/// Reads a file. `programs` are the slugs of those that take registered devices.
///
/// # Errors
/// Every reason to refuse the file, up to [`Limits::reasons`].
pub fn read(bytes: &[u8], programs: &[&str], limits: Limits) -> Result<Vec<Registration>, Refused> {
    let mut registrations = Vec::new();
    let mut seen = HashMap::new();
    let refusals = Refusals::new(limits.reasons);
    let refusals = table::csv(
        bytes,
        &SCHEMA,
        limits,
        refusals,
        |place, cells, refusals| match registration(cells, programs) {
            Ok(registration) => {
                let key = serial_key(&registration.serial);
                if let Some(earlier) = seen.insert(key, place) {
                    let column = SCHEMA.name(Column::Serial);
                    refusals.add(place, Problem::Repeated { column, earlier });
                }
                registrations.push(registration);
            }
            Err(problems) => problems
                .into_iter()
                .for_each(|problem| refusals.add(place, problem)),
        },
    )?;
    refusals.or(registrations)
}

fn registration(
    cells: &[(Column, Cell<'_>)],
    programs: &[&str],
) -> Result<Registration, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut take = |column: Column, read: &dyn Fn(&str) -> Result<Option<String>, Expected>| {
        let cell = cells.iter().find(|(named, _)| *named == column);
        let Some((_, Cell::Text(text))) = cell else {
            return None;
        };
        let column = SCHEMA.name(column);
        read(text).unwrap_or_else(|expected| {
            problems.push(Problem::Value { column, expected });
            None
        })
    };
    let text = |text: &str| values::text(text, LONGEST_NAME).map(|text| Some(text.to_owned()));
    let owner = |text: &str| values::text(text, LONGEST_OWNER).map(|text| Some(text.to_owned()));
    let serial = take(Column::Serial, &|text| {
        let serial = values::serial(text)?;
        serial
            .map(|serial| Some(serial.to_owned()))
            .ok_or("a serial number that no other device has")
    });
    let program = take(Column::Program, &|text| {
        let known = programs.contains(&text);
        known
            .then(|| Some(text.to_owned()))
            .ok_or("a program that takes registered devices")
    });
    let model = take(Column::Model, &text);
    let owner = take(Column::Owner, &owner);
    let note = take(Column::Note, &text);
    let nothing = |column: Column| {
        !cells
            .iter()
            .any(|(named, cell)| *named == column && matches!(cell, Cell::Text(_)))
    };
    for (column, expected) in [
        (Column::Serial, "the maker's serial number"),
        (Column::Program, "the program that the device is for"),
    ] {
        if nothing(column) {
            let column = SCHEMA.name(column);
            problems.push(Problem::Missing { column, expected });
        }
    }
    match (serial, program) {
        (Some(serial), Some(program)) if problems.is_empty() => Ok(Registration {
            serial,
            program,
            model,
            owner,
            note,
        }),
        _ => Err(problems),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Serial,
    Program,
    Model,
    Owner,
    Note,
}

const SCHEMA: Schema<Column> = Schema {
    names: &[
        ("serial", Column::Serial),
        ("serial_number", Column::Serial),
        ("program", Column::Program),
        ("model", Column::Model),
        ("owner", Column::Owner),
        ("username", Column::Owner),
        ("note", Column::Note),
    ],
    required: &[Column::Serial, Column::Program],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Place;

    const PROGRAMS: [&str; 2] = ["issued", "shared"];

    fn take(text: &str) -> Result<Vec<Registration>, Refused> {
        read(text.as_bytes(), &PROGRAMS, Limits::default())
    }

    #[test]
    fn a_list_of_devices_is_read() {
        let registrations = take(
            "serial,program,model,owner,note\n\
             R58M123ABC,issued,Pixel 9,okafor,\"Ward 7, spare\"\n\
             R58M123ABD,shared,,,\n",
        )
        .unwrap();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            registrations[0],
            Registration {
                serial: "R58M123ABC".to_owned(),
                program: "issued".to_owned(),
                model: text("Pixel 9"),
                owner: text("okafor"),
                note: text("Ward 7, spare"),
            }
        );
        assert_eq!(registrations[1].owner, None);
        assert_eq!(take("program,serial\nissued,A1\n").unwrap().len(), 1);
    }

    #[test]
    fn one_wrong_line_registers_nothing() {
        let refused = take(
            "serial,program,note\n\
             A1,issued,\n\
             a 1,issued,\n\
             0,byod,\n\
             ,,x\n",
        )
        .unwrap_err();
        let reasons: Vec<String> = refused.reasons.iter().map(ToString::to_string).collect();
        assert_eq!(
            reasons,
            [
                "line 3: serial is that of line 2",
                "line 4: serial must be a serial number that no other device has",
                "line 4: program must be a program that takes registered devices",
                "line 5: serial is missing: the maker's serial number",
                "line 5: program is missing: the program that the device is for",
            ]
        );
        let refused = take("serial,owner\nA1,okafor\n").unwrap_err();
        assert_eq!(refused.reasons[0].place, Place::Line(1));
        assert_eq!(
            refused.reasons[0].problem,
            Problem::NoColumn { name: "program" }
        );
    }
}
