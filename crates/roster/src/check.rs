//! What a file says, held against the people and roles that the hospital has.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use chrono::DateTime;
use wardline_model::{RoleSlug, UserId};

use crate::file::{ReadShift, ReadTurn};
use crate::slot::{Shift, Slot, Turn, Window, gaps, grouped};

/// The people and roles that there are.
#[derive(Debug, Clone, Default)]
pub struct Known {
    people: HashMap<String, UserId>,
    roles: BTreeMap<RoleSlug, Role>,
}

/// A role that people take in turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its slug.
    pub slug: RoleSlug,
    /// As shown.
    pub title: String,
    /// Its department.
    pub department: String,
}

impl Known {
    /// These people, by sign-in name without regard to case, and these roles.
    pub fn new(
        people: impl IntoIterator<Item = (String, UserId)>,
        roles: impl IntoIterator<Item = Role>,
    ) -> Self {
        let people = people.into_iter();
        let roles = roles.into_iter();
        Self {
            people: people.map(|(name, id)| (folded(&name), id)).collect(),
            roles: roles.map(|role| (role.slug.clone(), role)).collect(),
        }
    }

    fn person(&self, name: &str) -> Option<UserId> {
        self.people.get(&folded(name)).copied()
    }

    /// A role by its slug, or by its title where just one has it.
    fn role(&self, named: &str) -> Option<&Role> {
        let by_slug = named
            .parse()
            .ok()
            .and_then(|slug: RoleSlug| self.roles.get(&slug));
        by_slug.or_else(|| {
            let wanted = folded(named);
            let mut titled = self
                .roles
                .values()
                .filter(|role| folded(&role.title) == wanted);
            titled.next().filter(|_| titled.next().is_none())
        })
    }
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A file that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<S> {
    /// What it says, without what stops it.
    pub slots: Vec<S>,
    /// Roles that it makes, or names anew.
    pub roles: Vec<Role>,
    /// What people should see before it is applied, in the order of the file where they have a
    /// place in it.
    pub findings: Vec<Finding>,
}

impl<S> Checked<S> {
    /// Whether it must not be applied as it is.
    pub fn is_stopped(&self) -> bool {
        self.findings.iter().any(Finding::stops)
    }
}

/// Something about a schedule that people should see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Nobody has this sign-in name.
    UnknownPerson {
        /// The line.
        line: u64,
        /// As it is written, cut.
        name: String,
    },
    /// There is no such role, and the file does not say its title and department.
    UnknownRole {
        /// The line.
        line: u64,
        /// As it is written, cut.
        name: String,
    },
    /// The file has two titles or departments for one role.
    RoleTwice {
        /// The line of the second.
        line: u64,
        /// Which role.
        role: RoleSlug,
    },
    /// Two that begin together: who has it would not be known.
    BeginsTwice {
        /// The line of the second.
        line: u64,
        /// The line of the first.
        earlier: u64,
    },
    /// Two that overlap: who began last holds.
    Overlap {
        /// The line of the later one.
        line: u64,
        /// The line of the earlier one.
        earlier: u64,
    },
    /// One person has two roles at a time.
    TwoRoles {
        /// The line of the later one.
        line: u64,
        /// The line of the earlier one.
        earlier: u64,
    },
    /// The role is new.
    NewRole {
        /// The line that has it first.
        line: u64,
        /// Which role.
        role: RoleSlug,
    },
    /// The role gets another title or department.
    RoleChanges {
        /// The line that has it first.
        line: u64,
        /// Which role.
        role: RoleSlug,
    },
    /// Nobody has the role.
    Gap {
        /// Which role.
        role: RoleSlug,
        /// From when, unix milliseconds.
        from_ms: u64,
        /// Until when, unix milliseconds.
        until_ms: u64,
    },
}

impl Finding {
    /// Whether a file with it must not be applied.
    pub const fn stops(&self) -> bool {
        matches!(
            self,
            Self::UnknownPerson { .. }
                | Self::UnknownRole { .. }
                | Self::RoleTwice { .. }
                | Self::BeginsTwice { .. }
        )
    }

    /// The line that it is about.
    pub const fn line(&self) -> Option<u64> {
        match self {
            Self::UnknownPerson { line, .. }
            | Self::UnknownRole { line, .. }
            | Self::RoleTwice { line, .. }
            | Self::BeginsTwice { line, .. }
            | Self::Overlap { line, .. }
            | Self::TwoRoles { line, .. }
            | Self::NewRole { line, .. }
            | Self::RoleChanges { line, .. } => Some(*line),
            Self::Gap { .. } => None,
        }
    }

    /// What kind it is, for programs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::UnknownPerson { .. } => "unknown_person",
            Self::UnknownRole { .. } => "unknown_role",
            Self::RoleTwice { .. } => "role_twice",
            Self::BeginsTwice { .. } => "begins_twice",
            Self::Overlap { .. } => "overlap",
            Self::TwoRoles { .. } => "two_roles",
            Self::NewRole { .. } => "new_role",
            Self::RoleChanges { .. } => "role_changes",
            Self::Gap { .. } => "gap",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line() {
            write!(f, "line {line}: ")?;
        }
        match self {
            Self::UnknownPerson { name, .. } => write!(f, "nobody signs in as {name:?}"),
            Self::UnknownRole { name, .. } => write!(f, "there is no role {name:?}"),
            Self::RoleTwice { role, .. } => {
                write!(f, "{role} has another title or department than further up")
            }
            Self::BeginsTwice { earlier, .. } => {
                write!(f, "it begins together with the one of line {earlier}")
            }
            Self::Overlap { earlier, .. } => write!(
                f,
                "it overlaps the one of line {earlier}; while both last, this one counts"
            ),
            Self::TwoRoles { earlier, .. } => write!(
                f,
                "the same person has another role at that time, by line {earlier}"
            ),
            Self::NewRole { role, .. } => write!(f, "{role} is a new role"),
            Self::RoleChanges { role, .. } => {
                write!(f, "{role} gets another title or department")
            }
            Self::Gap {
                role,
                from_ms,
                until_ms,
            } => write!(
                f,
                "nobody has {role} from {} until {}",
                utc(*from_ms),
                utc(*until_ms)
            ),
        }
    }
}

fn utc(at_ms: u64) -> String {
    i64::try_from(at_ms)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .map_or_else(String::new, |at| at.format("%Y-%m-%dT%H:%MZ").to_string())
}

/// Checks the turns of a file. Gaps are looked for within the window.
pub fn turns(read: &[ReadTurn], known: &Known, window: Window) -> Checked<Turn> {
    let mut findings = Vec::new();
    let mut roles: BTreeMap<RoleSlug, Role> = BTreeMap::new();
    let mut placed: Vec<(u64, Turn)> = Vec::new();
    for turn in read {
        let role = role_of(turn, known, &mut roles, &mut findings);
        let by = turn.people.iter().find_map(|name| known.person(name));
        if by.is_none() {
            findings.push(Finding::UnknownPerson {
                line: turn.line,
                name: cut(turn.people.first().map_or("", String::as_str)),
            });
        }
        if let (Some(of), Some(by)) = (role, by) {
            let slot = Slot {
                of,
                from_ms: turn.from_ms,
                until_ms: turn.until_ms,
                by,
            };
            placed.push((turn.line, slot));
        }
    }
    clashes(&placed, |turn| turn.of.clone(), Clash::Role, &mut findings);
    clashes(&placed, |turn| turn.by, Clash::Person, &mut findings);
    findings.sort_by_key(Finding::line);
    let slots: Vec<Turn> = placed.into_iter().map(|(_, turn)| turn).collect();
    findings.extend(gaps(&slots, window).into_iter().map(|gap| Finding::Gap {
        role: gap.of,
        from_ms: gap.from_ms,
        until_ms: gap.until_ms,
    }));
    Checked {
        slots,
        roles: roles
            .into_values()
            .filter(|role| known.roles.get(&role.slug) != Some(role))
            .collect(),
        findings,
    }
}

/// Checks the shifts of a file.
pub fn shifts(read: &[ReadShift], known: &Known) -> Checked<Shift> {
    let mut findings = Vec::new();
    let mut placed: Vec<(u64, Shift)> = Vec::new();
    for shift in read {
        match known.person(&shift.person) {
            Some(of) => placed.push((
                shift.line,
                Slot {
                    of,
                    from_ms: shift.from_ms,
                    until_ms: shift.until_ms,
                    by: (),
                },
            )),
            None => findings.push(Finding::UnknownPerson {
                line: shift.line,
                name: cut(&shift.person),
            }),
        }
    }
    clashes(&placed, |shift| shift.of, Clash::Role, &mut findings);
    findings.sort_by_key(Finding::line);
    Checked {
        slots: placed.into_iter().map(|(_, shift)| shift).collect(),
        roles: Vec::new(),
        findings,
    }
}

/// The role of a turn, and what the file says of it, noted where it is said first.
fn role_of(
    turn: &ReadTurn,
    known: &Known,
    roles: &mut BTreeMap<RoleSlug, Role>,
    findings: &mut Vec<Finding>,
) -> Option<RoleSlug> {
    let line = turn.line;
    let unknown = || Finding::UnknownRole {
        line,
        name: cut(&turn.role),
    };
    let (Some(title), Some(department)) = (&turn.title, &turn.department) else {
        let found = known.role(&turn.role).map(|role| role.slug.clone());
        if found.is_none() {
            findings.push(unknown());
        }
        return found;
    };
    let Ok(slug) = turn.role.parse::<RoleSlug>() else {
        findings.push(unknown());
        return None;
    };
    let role = Role {
        slug: slug.clone(),
        title: title.clone(),
        department: department.clone(),
    };
    match roles.get(&slug) {
        Some(earlier) if *earlier != role => findings.push(Finding::RoleTwice {
            line,
            role: slug.clone(),
        }),
        Some(_) => {}
        None => {
            match known.roles.get(&slug) {
                None => findings.push(Finding::NewRole {
                    line,
                    role: slug.clone(),
                }),
                Some(now) if *now != role => findings.push(Finding::RoleChanges {
                    line,
                    role: slug.clone(),
                }),
                Some(_) => {}
            }
            roles.insert(slug.clone(), role);
        }
    }
    Some(slug)
}

/// What two slots that meet are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clash {
    /// Both are of one thing.
    Role,
    /// Both are of one person.
    Person,
}

/// Finds slots that meet among those of one kind.
fn clashes<Of: Clone + Ord, By: Clone, K: Clone + Ord>(
    placed: &[(u64, Slot<Of, By>)],
    kind: impl Fn(&Slot<Of, By>) -> K,
    clash: Clash,
    findings: &mut Vec<Finding>,
) {
    let by_kind: Vec<Slot<K, (u64, Of)>> = placed
        .iter()
        .map(|(line, slot)| Slot {
            of: kind(slot),
            from_ms: slot.from_ms,
            until_ms: slot.until_ms,
            by: (*line, slot.of.clone()),
        })
        .collect();
    let mut told: BTreeSet<(u64, u64)> = BTreeSet::new();
    for slots in grouped(&by_kind).into_values() {
        // The one that lasts longest of those before: whatever meets any of them meets it.
        let mut longest: Option<&Slot<K, (u64, Of)>> = None;
        for slot in &slots {
            if let Some(before) = longest.filter(|before| slot.from_ms < before.until_ms) {
                let ((line, of), (earlier, other)) = (&slot.by, &before.by);
                let (line, earlier) = (*line, *earlier);
                let finding = match clash {
                    Clash::Person if of == other => None,
                    Clash::Person => Some(Finding::TwoRoles { line, earlier }),
                    Clash::Role => Some(Finding::Overlap { line, earlier }),
                };
                // Events that recur would tell the same each time.
                findings.extend(finding.filter(|_| told.insert((line, earlier))));
            }
            if longest.is_none_or(|before| before.until_ms < slot.until_ms) {
                longest = Some(slot);
            }
        }
        if clash == Clash::Role {
            for pair in slots.windows(2) {
                if let [first, second] = pair
                    && first.from_ms == second.from_ms
                {
                    let (earlier, line) = (first.by.0, second.by.0);
                    findings.push(Finding::BeginsTwice { line, earlier });
                }
            }
        }
    }
}

fn cut(name: &str) -> String {
    name.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::from_bytes([1; 16]);
    const BEN: UserId = UserId::from_bytes([2; 16]);

    fn known() -> Known {
        Known::new(
            [("Ada".to_owned(), ADA), ("ben".to_owned(), BEN)],
            [Role {
                slug: "cardiology".parse().unwrap(),
                title: "Cardiology on call".to_owned(),
                department: "Cardiology".to_owned(),
            }],
        )
    }

    fn turn(line: u64, role: &str, from_ms: u64, until_ms: u64, who: &str) -> ReadTurn {
        ReadTurn {
            line,
            role: role.to_owned(),
            title: None,
            department: None,
            from_ms,
            until_ms,
            people: vec![who.to_owned()],
        }
    }

    fn words(read: &[ReadTurn]) -> (bool, Vec<String>) {
        let window = Window::new(0, 200).unwrap();
        let checked = turns(read, &known(), window);
        let words = checked.findings.iter().map(ToString::to_string).collect();
        (checked.is_stopped(), words)
    }

    #[test]
    fn a_role_is_known_by_its_slug_or_title_and_a_person_without_regard_to_case() {
        let read = [
            turn(2, "cardiology", 0, 100, "ADA"),
            turn(3, "Cardiology On Call", 100, 200, "ben"),
        ];
        assert_eq!(words(&read), (false, vec![]));
    }

    #[test]
    fn whom_and_what_nobody_knows_is_told_by_line() {
        let read = [
            turn(2, "cardiology", 0, 200, "zoe"),
            turn(3, "surgery", 0, 200, "ada"),
        ];
        assert_eq!(
            words(&read),
            (
                true,
                vec![
                    "line 2: nobody signs in as \"zoe\"".to_owned(),
                    "line 3: there is no role \"surgery\"".to_owned(),
                ]
            )
        );
    }

    #[test]
    fn overlaps_and_gaps_are_told_and_stop_nothing() {
        let read = [
            turn(2, "cardiology", 0, 100, "ada"),
            turn(3, "cardiology", 90, 150, "ben"),
        ];
        assert_eq!(
            words(&read),
            (
                false,
                vec![
                    "line 3: it overlaps the one of line 2; while both last, this one counts"
                        .to_owned(),
                    "nobody has cardiology from 1970-01-01T00:00Z until 1970-01-01T00:00Z"
                        .to_owned(),
                ]
            )
        );
    }

    #[test]
    fn two_that_begin_together_stop_a_file() {
        let read = [
            turn(2, "cardiology", 0, 200, "ada"),
            turn(3, "cardiology", 0, 100, "ben"),
        ];
        assert!(words(&read).0);
    }

    #[test]
    fn a_file_that_says_title_and_department_makes_a_role() {
        let mut read = turn(2, "surgery", 0, 200, "ada");
        read.title = Some("Surgeon on call".to_owned());
        read.department = Some("Surgery".to_owned());
        let checked = turns(
            std::slice::from_ref(&read),
            &known(),
            Window::new(0, 200).unwrap(),
        );
        assert!(!checked.is_stopped());
        assert_eq!(checked.roles.len(), 1);
        let mut other = read.clone();
        (other.line, other.from_ms, other.until_ms) = (3, 200, 300);
        other.title = Some("Surgery".to_owned());
        assert!(words(&[read, other]).0);
    }
}
