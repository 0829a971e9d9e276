//! Care teams as CSV (RFC 4180): a line of column names in any order, then a line for each member.
//! `docs/teams.md` has the columns.

use std::collections::BTreeMap;

use ::csv::{ReaderBuilder, StringRecord};
use wardline_model::PatientId;
use wardline_model::lines::Lines;

use crate::csv::LONGEST_NAME;
use crate::file::{self, Limits, Refusals, Refused};

/// A patient's care team as a file has it, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadTeam {
    /// Whose team it is.
    pub patient: PatientId,
    /// The line that names the patient first.
    pub line: u64,
    /// Who is on it, each once; nobody where the file says so.
    pub members: Vec<ReadMember>,
}

/// A member as a file has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMember {
    /// Where they stand.
    pub line: u64,
    /// The sign-in name.
    pub person: String,
}

/// How much a file of care teams may hold: as a schedule, with 5 000 lines. Each is a change of its own in
/// the log.
pub fn limits() -> Limits {
    Limits {
        slots: 5_000,
        ..Limits::default()
    }
}

/// Reads care teams, by patient.
///
/// # Errors
/// Every reason to refuse the file, up to [`Limits::reasons`].
pub fn read(bytes: &[u8], limits: Limits) -> Result<Vec<ReadTeam>, Refused> {
    let text = file::text(bytes, limits)?;
    let mut lines = Lines::new(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut refusals = Refusals::new(limits.reasons);
    let mut record = StringRecord::new();
    let mut columns: Option<Columns> = None;
    let mut teams: BTreeMap<PatientId, Team> = BTreeMap::new();
    let mut rows = 0_usize;
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
        if record.len() != COLUMNS.len() {
            let (expected, found) = (COLUMNS.len(), record.len());
            let problem = format!("there are {found} values for {expected} columns");
            refusals.add(line, problem);
            continue;
        }
        let patient = value(&record, columns.patient).parse::<PatientId>();
        let person = value(&record, columns.person);
        let fits = person.chars().count() <= LONGEST_NAME && !person.chars().any(char::is_control);
        if patient.is_err() {
            refusals.add(line, PATIENT);
        }
        if !fits {
            let problem = format!("username is at most {LONGEST_NAME} characters on one line");
            refusals.add(line, problem);
        }
        if let Some(patient) = patient.ok().filter(|_| fits) {
            let team = teams.entry(patient).or_insert_with(|| Team::new(line));
            if let Err(problem) = team.take(line, person) {
                refusals.add(line, problem);
            }
        }
    }
    if rows == 0 {
        return Err(Refusals::refuse(None, "there is nothing in it"));
    }
    let teams = teams.into_iter().map(|(patient, team)| ReadTeam {
        patient,
        line: team.line,
        members: team.into_members(),
    });
    refusals.unless_any(teams.collect())
}

/// A team while its lines are read.
struct Team {
    line: u64,
    /// The line that says that nobody is on it.
    nobody: Option<u64>,
    /// By sign-in name without regard to case.
    members: BTreeMap<String, ReadMember>,
}

impl Team {
    const fn new(line: u64) -> Self {
        Self {
            line,
            nobody: None,
            members: BTreeMap::new(),
        }
    }

    fn take(&mut self, line: u64, person: &str) -> Result<(), String> {
        let said = if person.is_empty() {
            self.nobody
                .or_else(|| self.members.values().map(|member| member.line).min())
        } else {
            self.nobody
        };
        if let Some(earlier) = said {
            return Err(format!(
                "an empty username says that nobody is on the team, and line {earlier} has the same patient"
            ));
        }
        if person.is_empty() {
            self.nobody = Some(line);
            return Ok(());
        }
        let member = ReadMember {
            line,
            person: person.to_owned(),
        };
        if let Some(earlier) = self.members.get(&person.to_lowercase()) {
            return Err(format!("it says the same as line {}", earlier.line));
        }
        self.members.insert(person.to_lowercase(), member);
        Ok(())
    }

    fn into_members(self) -> Vec<ReadMember> {
        let mut members: Vec<ReadMember> = self.members.into_values().collect();
        members.sort_by_key(|member| member.line);
        members
    }
}

/// Where the two columns stand.
struct Columns {
    patient: usize,
    person: usize,
}

/// Both columns, each once, and no other: one that is passed over could be what somebody relies on.
fn header(record: &StringRecord, line: u64, limits: Limits) -> Result<Columns, Refused> {
    let mut refusals = Refusals::new(limits.reasons);
    let mut places = [None; COLUMNS.len()];
    for (place, header) in record.iter().enumerate() {
        let named = COLUMNS
            .iter()
            .position(|name| header.trim().eq_ignore_ascii_case(name));
        let Some(column) = named else {
            let hint = if header.contains([';', '\t']) {
                "; columns are divided by commas"
            } else {
                ""
            };
            // A file without names of columns has a patient here: it is not repeated.
            let number = place + 1;
            refusals.add(
                line,
                format!("column {number} has no name that is known{hint}"),
            );
            continue;
        };
        match &mut places[column] {
            Some(_) => refusals.add(line, format!("two columns are the {}", COLUMNS[column])),
            empty => *empty = Some(place),
        }
    }
    for (name, place) in COLUMNS.iter().zip(places) {
        if place.is_none() {
            refusals.add(line, format!("the column {name} is missing"));
        }
    }
    let [patient, person] = places.map(Option::unwrap_or_default);
    refusals.unless_any(Columns { patient, person })
}

fn value(record: &StringRecord, place: usize) -> &str {
    record.get(place).unwrap_or("").trim()
}

const COLUMNS: [&str; 2] = ["patient_id", "username"];
const PATIENT: &str =
    "patient_id is 1 to 64 letters, digits, dashes and dots, as the patient has it in the records";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reasons(text: &str) -> Vec<String> {
        let refused = read(text.as_bytes(), limits()).unwrap_err();
        refused.reasons.iter().map(ToString::to_string).collect()
    }

    fn teams(text: &str) -> Vec<(String, Vec<String>)> {
        let read = read(text.as_bytes(), limits()).unwrap();
        let teams = read.into_iter().map(|team| {
            let members = team.members.into_iter().map(|member| member.person);
            (team.patient.to_string(), members.collect())
        });
        teams.collect()
    }

    #[test]
    fn teams_are_read_by_the_names_of_their_columns() {
        let text = "\u{feff}Username,patient_id\r\namara.osei,p2\r\n\r\n\"Ben, Chen\",p1\r\n,p3\r\nben.chen,p2\r\n";
        let members = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        assert_eq!(
            teams(text),
            [
                ("p1".to_owned(), members(&["Ben, Chen"])),
                ("p2".to_owned(), members(&["amara.osei", "ben.chen"])),
                ("p3".to_owned(), members(&[])),
            ]
        );
        let read = read(text.as_bytes(), limits()).unwrap();
        assert_eq!((read[0].line, read[1].line, read[2].line), (4, 2, 5));
        assert_eq!(read[1].members[1].line, 6);
    }

    #[test]
    fn every_wrong_line_is_told_nothing_of_it_is_repeated_and_nothing_is_read() {
        let text = "patient_id,username\n\
            Jane Doe,amara.osei\n\
            p1,amara.osei\n\
            p1,AMARA.OSEI\n\
            p1,\n\
            p2,\n\
            p2,ben.chen\n\
            p3\n\
            p2,\n";
        let nobody = "an empty username says that nobody is on the team";
        assert_eq!(
            reasons(text),
            [
                format!("line 2: {PATIENT}"),
                "line 4: it says the same as line 3".to_owned(),
                format!("line 5: {nobody}, and line 3 has the same patient"),
                format!("line 7: {nobody}, and line 6 has the same patient"),
                "line 8: there are 1 values for 2 columns".to_owned(),
                format!("line 9: {nobody}, and line 6 has the same patient"),
            ]
        );
    }

    #[test]
    fn columns_are_known_there_and_there_once() {
        assert_eq!(
            reasons("Jane Doe,username,username\n"),
            [
                "line 1: column 1 has no name that is known",
                "line 1: two columns are the username",
                "line 1: the column patient_id is missing",
            ]
        );
        assert!(reasons("patient_id;username\n")[0].ends_with("divided by commas"));
        let nothing = ["the file: there is nothing in it"];
        assert_eq!(reasons("patient_id,username\n"), nothing);
        assert_eq!(reasons(""), nothing);
    }

    #[test]
    fn a_file_with_too_many_lines_is_refused() {
        let limits = Limits {
            slots: 2,
            ..limits()
        };
        let refused = read(b"patient_id,username\na,x\nb,x\nc,x\n", limits).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the file: it has more than 2 entries; split it"
        );
    }

    proptest! {
        /// What is written comes back, each patient once, whatever the order of the lines.
        #[test]
        fn what_is_written_is_read(
            teams in proptest::collection::btree_map(
                "[A-Za-z0-9.-]{1,12}",
                proptest::collection::btree_set("[a-z]{1,6}(\\.[a-z]{1,6})?", 0..5),
                1..8,
            ),
            reversed in any::<bool>(),
        ) {
            let mut rows: Vec<String> = Vec::new();
            for (patient, members) in &teams {
                if members.is_empty() {
                    rows.push(format!("{patient},\n"));
                }
                rows.extend(members.iter().map(|member| format!("{patient},\"{member}\"\n")));
            }
            if reversed {
                rows.reverse();
            }
            let text = format!("patient_id,username\n{}", rows.concat());
            let read = read(text.as_bytes(), limits()).unwrap();
            prop_assert_eq!(read.len(), teams.len());
            for team in read {
                let mut found: Vec<String> =
                    team.members.into_iter().map(|member| member.person).collect();
                found.sort();
                let wanted: Vec<String> =
                    teams[team.patient.as_str()].iter().cloned().collect();
                prop_assert_eq!(found, wanted);
            }
        }

        /// No byte of a wrong value stands in a reason.
        #[test]
        fn no_reason_repeats_a_value(secret in "Zq7[a-z ]{3,20}!") {
            let text = format!("patient_id,username\n{secret},x\np1,x\np1,x\n");
            let refused = read(text.as_bytes(), limits()).unwrap_err();
            prop_assert!(!refused.to_string().contains("Zq7"));
            let refused = read(secret.as_bytes(), limits()).unwrap_err();
            prop_assert!(!refused.to_string().contains("Zq7"));
        }
    }
}
