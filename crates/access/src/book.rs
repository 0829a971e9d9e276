//! What a hospital's files say of people, patients, who treats whom, and who works where and when:
//! all that explains an access to a chart. Each file is optional, and so are most of its columns; rows
//! that cannot be read are counted and left out.

use std::collections::HashMap;
use std::io::Read;

use csv::ByteRecord;
use wardline_risk::parts::{EARLY_MS, LATE_MS, Row, Rows, mark, moment, text, truth};
use wardline_risk::{Duty, Roster};

use crate::columns::Columns;
use crate::evidence::{Asker, Basis, Party, Relation, Ward, explain};
use crate::look::{Alike, Look, Near, Ties, Via};
use crate::replay::ReplayError;

/// What a hospital's files say.
#[derive(Debug, Default)]
pub struct Book {
    names: Names,
    people: HashMap<u32, Person>,
    patients: HashMap<u32, Patient>,
    /// Who has a name and an area, where that is one person alone.
    staff: HashMap<Called, Option<u32>>,
    /// How many patients have a surname, and how many an area.
    surnames: HashMap<u32, u32>,
    areas: HashMap<u32, u32>,
    /// By patient, each by when it began.
    relations: HashMap<u32, Vec<Relation<u32>>>,
    roster: Roster,
    /// By person, each by when it began.
    shifts: HashMap<u32, Vec<Shift>>,
    longest_ms: i64,
}

/// Names as numbers, so that none is kept twice.
#[derive(Debug, Default)]
struct Names(HashMap<String, u32>);

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Person {
    called: Called,
    /// Of the same role in the same department.
    peers: u64,
    home: Ward<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Patient {
    called: Called,
    works_here: bool,
    is_public: bool,
}

/// What tells people apart, folded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Called {
    first: Option<u32>,
    last: Option<u32>,
    area: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Shift {
    from_ms: i64,
    until_ms: i64,
    ward: Ward<u32>,
}

/// A row of a log of accesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access<'a> {
    /// When, unix milliseconds.
    pub at_ms: i64,
    /// Who.
    pub user: &'a str,
    /// Whose chart.
    pub patient: &'a str,
    /// The department that the patient is with; empty where it is not known.
    pub department: &'a str,
    /// The facility that the patient is in; empty where it is not known.
    pub facility: &'a str,
    /// How they came to it.
    pub via: Via,
}

impl Book {
    /// Reads `people.csv`: `user_id`, and `first_name`, `last_name`, `area`, `role`, `department` and
    /// `facility` where there are such columns. Of several rows of one person the last counts. Gives
    /// how many rows could not be read.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn read_people(&mut self, file: impl Read) -> Result<u64, ReplayError> {
        let (mut rows, columns) = open(file)?;
        let user = columns.must("user_id")?;
        let names = [
            "first_name",
            "last_name",
            "area",
            "role",
            "department",
            "facility",
        ];
        let others = names.map(|name| columns.find(name));
        let malformed = each(&mut rows, |row| {
            let user = some(row, user)?;
            let [first, last, area, role, department, facility] = fields(row, others)?;
            let person = Person {
                called: self.names.called(first, last, area),
                peers: mark(mark(0, role), department),
                home: Ward {
                    department: self.names.of(department),
                    facility: self.names.of(facility),
                },
            };
            let user = self.names.number(user);
            self.people.insert(user, person);
            Some(())
        })?;
        self.staff.clear();
        for (user, person) in &self.people {
            if person.called.is_whole() {
                let several = self.staff.contains_key(&person.called);
                let one = (!several).then_some(*user);
                self.staff.insert(person.called, one);
            }
        }
        Ok(malformed)
    }

    /// Reads `patients.csv`: `patient_id`, and `first_name`, `last_name`, `area`, `is_employee` and
    /// `is_vip` where there are such columns. Of several rows of one patient the last counts. Gives how
    /// many rows could not be read.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn read_patients(&mut self, file: impl Read) -> Result<u64, ReplayError> {
        let (mut rows, columns) = open(file)?;
        let patient = columns.must("patient_id")?;
        let names = ["first_name", "last_name", "area", "is_employee", "is_vip"];
        let others = names.map(|name| columns.find(name));
        let malformed = each(&mut rows, |row| {
            let patient = some(row, patient)?;
            let [first, last, area, works_here, is_public] = fields(row, others)?;
            let flag = |said: &str| match said {
                "" => Some(false),
                said => truth(said),
            };
            let read = Patient {
                works_here: flag(works_here)?,
                is_public: flag(is_public)?,
                called: self.names.called(first, last, area),
            };
            let patient = self.names.number(patient);
            self.patients.insert(patient, read);
            Some(())
        })?;
        (self.surnames, self.areas) = Default::default();
        for patient in self.patients.values() {
            for (counts, name) in [
                (&mut self.surnames, patient.called.last),
                (&mut self.areas, patient.called.area),
            ] {
                if let Some(name) = name {
                    *counts.entry(name).or_default() += 1;
                }
            }
        }
        Ok(malformed)
    }

    /// Reads `relations.csv`: `patient_id`, `user_id` or `department`, `from`, `to` and `basis`. One
    /// without an end goes on. Gives how many rows could not be read.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn read_relations(&mut self, file: impl Read) -> Result<u64, ReplayError> {
        let (mut rows, columns) = open(file)?;
        let (patient, basis) = (columns.must("patient_id")?, columns.must("basis")?);
        let from = columns.must("from")?;
        let others = ["user_id", "department", "to"].map(|name| columns.find(name));
        let malformed = each(&mut rows, |row| {
            let patient = some(row, patient)?;
            let [user, department, until] = fields(row, others)?;
            let basis = match text(row, basis)? {
                "care_team" => Basis::CareTeam,
                "consult" => Basis::Consult,
                "conversation" => Basis::Conversation,
                "order" => Basis::Order,
                "encounter" => Basis::Encounter,
                _ => return None,
            };
            let from_ms = moment(text(row, from)?)?;
            let until_ms = match until {
                "" => i64::MAX,
                until => moment(until)?,
            };
            let of = match (self.names.of(user), self.names.of(department)) {
                (Some(user), _) => Party::Person(user),
                (None, Some(department)) => Party::Department(department),
                (None, None) => return None,
            };
            let patient = self.names.number(patient);
            let relation = Relation {
                basis,
                of,
                from_ms,
                until_ms,
            };
            self.relations.entry(patient).or_default().push(relation);
            Some(())
        })?;
        for relations in self.relations.values_mut() {
            relations.sort_by_key(|it| it.from_ms);
        }
        Ok(malformed)
    }

    /// Takes who is planned when, as the roster's own reader has it ([`wardline_risk::replay::roster`]).
    pub fn plan(&mut self, roster: Roster) {
        self.roster = roster;
    }

    /// Reads where shifts are of `roster.csv`: `user_id`, `shift_start`, `shift_end`, and `department`
    /// and `facility` where there are such columns; else, and where they are empty, a shift is where
    /// the person belongs. Gives how many rows could not be read.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn read_shifts(&mut self, file: impl Read) -> Result<u64, ReplayError> {
        let (mut rows, columns) = open(file)?;
        let user = columns.must("user_id")?;
        let (from, until) = (columns.must("shift_start")?, columns.must("shift_end")?);
        let others = ["department", "facility"].map(|name| columns.find(name));
        let malformed = each(&mut rows, |row| {
            let user = some(row, user)?;
            let [department, facility] = fields(row, others)?;
            let shift = Shift {
                from_ms: moment(text(row, from)?)?,
                until_ms: moment(text(row, until)?)?,
                ward: Ward {
                    department: self.names.of(department),
                    facility: self.names.of(facility),
                },
            };
            let long_ms = shift.until_ms.checked_sub(shift.from_ms)?;
            if long_ms < 0 {
                return None;
            }
            self.longest_ms = self.longest_ms.max(long_ms);
            let user = self.names.number(user);
            self.shifts.entry(user).or_default().push(shift);
            Some(())
        })?;
        for shifts in self.shifts.values_mut() {
            shifts.sort_by_key(|it| it.from_ms);
        }
        Ok(malformed)
    }

    /// An access as it is weighed, with what explains it. Its conversation counts as one that the
    /// person takes part in.
    pub fn look(&self, access: &Access<'_>) -> Look {
        let Access { at_ms, .. } = *access;
        let who = self.names.known(access.user);
        let whose = self.names.known(access.patient);
        let person = who.and_then(|who| self.people.get(&who)).copied();
        let person = person.unwrap_or_default();
        let patient = whose.and_then(|whose| self.patients.get(&whose)).copied();
        let patient_is_at = Ward {
            department: self.names.named(access.department),
            facility: self.names.named(access.facility),
        };
        let asker = Asker {
            // Whoever stands in no file has no relation, and no other name is so high.
            who: who.unwrap_or(u32::MAX),
            at_ms,
            home: person.home,
            shift: who.and_then(|who| self.shift(who, person.home, at_ms)),
            patient_is_at,
            from_conversation: access.via == Via::Conversation,
            from_worklist: access.via == Via::Worklist,
        };
        let relations = whose.and_then(|whose| self.relations.get(&whose));
        let relations = relations.map_or(&[][..], Vec::as_slice);
        let begun = relations.partition_point(|it| it.from_ms <= at_ms);
        let explained = explain(&asker, relations.iter().take(begun).copied(), |who| {
            self.people.get(&who).map(|person| person.home)
        });
        let duty = match who {
            Some(_) => self.roster.duty(access.user, at_ms),
            None => Duty::Unknown,
        };
        let department = mark_of(0, access.department);
        Look {
            at_ms,
            patient: mark(0, access.patient),
            peers: person.peers,
            department,
            ward: mark_of(department, access.facility),
            is_here: person.home.may_be_beside(patient_is_at),
            via: access.via,
            duty,
            explained,
            ties: patient.map_or_else(Ties::default, |patient| self.ties(&person, &patient)),
        }
    }

    /// Where somebody is on a shift, comes to one, or leaves one.
    fn shift(&self, who: u32, home: Ward<u32>, at_ms: i64) -> Option<Ward<u32>> {
        let shifts = self.shifts.get(&who)?;
        let first = at_ms.saturating_sub(self.longest_ms.saturating_add(LATE_MS));
        let begin = shifts.partition_point(|it| it.from_ms < first);
        let near = shifts.iter().skip(begin);
        let near = near.take_while(|it| it.from_ms <= at_ms.saturating_add(EARLY_MS));
        let near = near.filter(|it| at_ms <= it.until_ms.saturating_add(LATE_MS));
        // The one that they are on, else the one that they come to, else the one that they leave.
        let shift =
            near.max_by_key(|it| ((it.from_ms..=it.until_ms).contains(&at_ms), it.from_ms))?;
        Some(Ward {
            department: shift.ward.department.or(home.department),
            facility: shift.ward.facility.or(home.facility),
        })
    }

    /// How near to a person somebody works who is called so.
    fn near(&self, person: &Person, called: Called) -> Option<Near> {
        let colleague = self.staff.get(&called).copied().flatten()?;
        let theirs = self.people.get(&colleague)?.home;
        Some(if theirs.facility != person.home.facility {
            Near::Elsewhere
        } else if theirs.is_department_of(person.home) {
            Near::Ward
        } else {
            Near::Facility
        })
    }

    fn ties(&self, person: &Person, patient: &Patient) -> Ties {
        let all = self.patients.len();
        let alike = |counts: &HashMap<u32, u32>, mine: Option<u32>, theirs: Option<u32>| {
            let (mine, theirs) = (mine?, theirs?);
            let count = counts.get(&theirs).copied().unwrap_or(1);
            #[expect(
                clippy::cast_precision_loss,
                reason = "there are fewer than 2^52 patients"
            )]
            let share = f64::from(count) / all.max(1) as f64;
            Some(Alike {
                same: mine == theirs,
                share,
            })
        };
        let (mine, theirs) = (person.called, patient.called);
        Ties {
            surname: alike(&self.surnames, mine.last, theirs.last),
            area: alike(&self.areas, mine.area, theirs.area),
            own: mine.is_whole() && mine == theirs,
            works_here: patient.works_here,
            near: if patient.works_here {
                self.near(person, theirs)
            } else {
                None
            },
            is_public: patient.is_public,
        }
    }
}

impl Called {
    fn is_whole(self) -> bool {
        self.first.is_some() && self.last.is_some() && self.area.is_some()
    }
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(known) = self.0.get(name) {
            return *known;
        }
        // No memory holds more; the last number is nobody's.
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX - 1);
        self.0.insert(name.to_owned(), next);
        next
    }

    fn of(&mut self, name: &str) -> Option<u32> {
        (!name.is_empty()).then(|| self.number(name))
    }

    fn known(&self, name: &str) -> Option<u32> {
        self.0.get(name).copied()
    }

    /// A name that may stand in no file: it is one, and nobody else's.
    fn named(&self, name: &str) -> Option<u32> {
        (!name.is_empty()).then(|| self.known(name).unwrap_or(u32::MAX))
    }

    fn called(&mut self, first: &str, last: &str, area: &str) -> Called {
        let [first, last, area] = [first, last, area].map(|name| self.of(&folded(name)));
        Called { first, last, area }
    }
}

/// A name as it is compared: letters and digits alone, whatever their case.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|it| it.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn mark_of(above: u64, name: &str) -> u64 {
    if name.is_empty() {
        above
    } else {
        mark(above, name)
    }
}

fn open<R: Read>(file: R) -> Result<(Rows<R>, Columns), ReplayError> {
    let mut rows = Rows::of(file);
    let columns = Columns::of(rows.header()?);
    Ok((rows, columns))
}

/// Reads each row; gives how many could not be read.
fn each<R: Read>(
    rows: &mut Rows<R>,
    mut read: impl FnMut(&ByteRecord) -> Option<()>,
) -> Result<u64, ReplayError> {
    let mut row = ByteRecord::new();
    let mut malformed = 0;
    while let Some(found) = rows.next(&mut row)? {
        if found == Row::Torn || read(&row).is_none() {
            malformed += 1;
        }
    }
    Ok(malformed)
}

fn some(row: &ByteRecord, column: usize) -> Option<&str> {
    text(row, column).filter(|text| !text.is_empty())
}

/// Fields, empty where there is no such column; absent where one cannot be read.
fn fields<const N: usize>(row: &ByteRecord, columns: [Option<usize>; N]) -> Option<[&str; N]> {
    let mut fields = [""; N];
    for (field, column) in fields.iter_mut().zip(columns) {
        if let Some(column) = column {
            *field = text(row, column)?;
        }
    }
    Some(fields)
}
