//! Why somebody may look at a record: the evidence that the hospital's own data has, as the strongest reason.
//!
//! [`gather`] reads it by indexed look-ups; no record is opened for it. What counts, and which reason is the
//! strongest, is [`wardline_access::explain`]'s to say; which of them open a record at once is the policies'
//! (`evidence.cedar`).

use wardline_access::{Asker, BEFORE_MS, Basis, Explained, Party, Reason, Relation, Ward};
use wardline_model::wire::access::AccessReason;
use wardline_model::{FacilityId, PatientId, UserId};
use wardline_policy::Because;
use wardline_risk::parts::{EARLY_MS, LATE_MS};
use wardline_store::{Bond, Person, StoreError, Tie, Tx};

use crate::app::App;
use crate::config::Access;

/// What the hospital's data has of a person and a patient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Why they may look; absent where nothing explains it.
    pub reason: Option<Reason>,
    /// Since when, unix milliseconds, where that is known; of a reason that is over, until when it was.
    pub since_ms: Option<u64>,
    /// Whether they are on the care team.
    pub care_team: bool,
    /// Whether they are in a conversation about the patient.
    pub conversation: bool,
    /// Whether anybody has to do with the patient now, as far as is known.
    pub is_treated: bool,
}

impl Explanation {
    /// The reason, as the policies know it.
    pub(crate) fn because(self) -> Option<Because> {
        self.reason.map(because)
    }

    /// The reason, as the person is told.
    pub(crate) fn told(self) -> Option<AccessReason> {
        self.reason.map(|reason| AccessReason {
            name: reason.name().to_owned(),
            sentence: reason.sentence().to_owned(),
            since: self.since_ms,
        })
    }
}

/// What explains that `user` looks at the record of `patient` at `now_ms`. Merged records are to be resolved
/// before ([`charts::current`](crate::charts::current)); of a patient whom nobody knows there is no evidence.
pub(crate) async fn gather(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    patient: &PatientId,
    now_ms: u64,
) -> Result<Explanation, StoreError> {
    find(&app.config.access, tx, user, patient, now_ms).await
}

/// The patients whose record something explains that a person looks at: by their own ties or the ward of their
/// shift. With `ended`, also such as ended lately. Care teams and conversations are looked up elsewhere.
pub(crate) async fn patients(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    ended: bool,
    now_ms: u64,
) -> Result<Vec<PatientId>, StoreError> {
    let Some(person) = tx.person(user).await? else {
        return Ok(Vec::new());
    };
    let since_ms = if ended { lately(now_ms) } else { now_ms };
    let mut patients = tx.patients_tied_to(user, since_ms, now_ms).await?;
    for department in departments(tx, &person, now_ms).await? {
        let wards = app.config.access.wards_of(&department, &person.facility);
        patients.extend(tx.patients_on(&wards, now_ms).await?);
    }
    Ok(patients)
}

/// The same with what the configuration says of wards.
///
/// # Errors
/// When the database fails.
pub async fn find(
    access: &Access,
    tx: &mut Tx,
    user: UserId,
    patient: &PatientId,
    now_ms: u64,
) -> Result<Explanation, StoreError> {
    let Some(person) = tx.person(user).await? else {
        return Ok(Explanation::default());
    };
    let ties = tx.ties_of(patient, lately(now_ms), now_ms).await?;
    let talks_since = tx.talks_about_since(user, patient).await?;
    let mut shifts: Vec<Shift> = Vec::new();
    for department in departments(tx, &person, now_ms).await? {
        let wards = access.wards_of(&department, &person.facility);
        let since_ms = tx.on_ward_since(patient, &wards, now_ms).await?;
        shifts.push(Shift {
            department,
            since_ms,
        });
    }
    Ok(weigh(&person, &ties, talks_since, &shifts, now_ms))
}

/// A department that somebody is on a shift for, and since when the patient is on a ward of it, if they are.
struct Shift {
    department: String,
    since_ms: Option<u64>,
}

fn weigh(
    person: &Person,
    ties: &[Tie],
    talks_since: Option<u64>,
    shifts: &[Shift],
    now_ms: u64,
) -> Explanation {
    let user = person.user_id;
    let place = |department, facility| Ward {
        department: Some(Name::Department(department)),
        facility: Some(Name::Facility(facility)),
    };
    let asker = Asker {
        who: Name::Person(user),
        at_ms: signed(now_ms),
        home: place(person.department.as_str(), person.facility_id),
        shift: None,
        patient_is_at: Ward::default(),
        from_conversation: false,
        from_worklist: false,
    };
    let relations = || {
        let ties = ties.iter().filter_map(relation);
        ties.chain(talks_since.map(|since_ms| Relation {
            basis: Basis::Conversation,
            of: Party::Person(Name::Person(user)),
            from_ms: signed(since_ms),
            until_ms: i64::MAX,
        }))
    };
    let ward_of = |name| match name {
        Name::Person(user) => {
            let tie = ties.iter().find(|tie| tie.user_id == user)?;
            Some(place(tie.department.as_str(), tie.facility_id))
        }
        _ => None,
    };
    let mut best = (wardline_access::explain(&asker, relations(), ward_of), None);
    for shift in shifts {
        let at = place(shift.department.as_str(), person.facility_id);
        let asker = Asker {
            shift: Some(at),
            patient_is_at: shift.since_ms.map_or_else(Ward::default, |_| at),
            ..asker
        };
        let explained = wardline_access::explain(&asker, relations(), ward_of);
        if is_stronger(explained, best.0) {
            best = (explained, shift.since_ms);
        }
    }
    let (Explained { reason, is_treated }, on_ward_since) = best;
    let own = ties.iter().filter(|tie| tie.user_id == user);
    let is_open = |tie: &Tie| tie.until_ms > now_ms;
    let since = |bond: Bond| {
        let begun = own.clone().filter(|tie| tie.bond == bond && is_open(tie));
        begun.map(|tie| tie.from_ms).filter(|ms| *ms > 0).min()
    };
    Explanation {
        reason,
        since_ms: match reason {
            Some(Reason::CareTeam) => since(Bond::CareTeam),
            Some(Reason::Consult) => since(Bond::Consult),
            Some(Reason::Order) => since(Bond::Order),
            Some(Reason::Encounter) => since(Bond::Encounter),
            Some(Reason::Conversation) => talks_since,
            Some(Reason::Ward) => on_ward_since.filter(|ms| *ms > 0),
            Some(Reason::Before) => own.clone().map(|tie| tie.until_ms).max(),
            _ => None,
        },
        care_team: own
            .clone()
            .any(|tie| tie.bond == Bond::CareTeam && is_open(tie)),
        conversation: talks_since.is_some(),
        is_treated,
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name<'a> {
    Person(UserId),
    Department(&'a str),
    Facility(FacilityId),
}

fn relation(tie: &Tie) -> Option<Relation<Name<'_>>> {
    Some(Relation {
        basis: match tie.bond {
            Bond::CareTeam => Basis::CareTeam,
            Bond::Consult => Basis::Consult,
            Bond::Order => Basis::Order,
            Bond::Encounter => Basis::Encounter,
            Bond::Ward => return None,
        },
        of: Party::Person(Name::Person(tie.user_id)),
        from_ms: signed(tie.from_ms),
        until_ms: signed(tie.until_ms),
    })
}

fn is_stronger(one: Explained, other: Explained) -> bool {
    match (one.reason, other.reason) {
        (Some(one), Some(other)) => one < other,
        (one, other) => one.is_some() && other.is_none(),
    }
}

/// The departments that a person is on a shift for, comes to one for, or leaves one of: their own by the roster,
/// an on-call role's by its turns. Shifts have no department of their own.
async fn departments(tx: &mut Tx, person: &Person, now_ms: u64) -> Result<Vec<String>, StoreError> {
    let from_ms = now_ms.saturating_sub(LATE_MS.unsigned_abs());
    let until_ms = now_ms.saturating_add(EARLY_MS.unsigned_abs());
    let mut departments = Vec::new();
    let shifts = tx.shifts_of(person.user_id, from_ms, until_ms).await?;
    if !shifts.is_empty() {
        departments.push(person.department.clone());
    }
    for turn in tx.turns_of(person.user_id, from_ms, until_ms).await? {
        let role = tx.oncall_role(&turn.slug, now_ms).await?;
        departments.extend(role.map(|role| role.department));
    }
    departments.sort_unstable();
    departments.dedup();
    Ok(departments)
}

/// A reason, as the policies know it.
pub(crate) const fn because(reason: Reason) -> Because {
    match reason {
        Reason::CareTeam => Because::CareTeam,
        Reason::Consult => Because::Consult,
        Reason::Conversation => Because::Conversation,
        Reason::Order => Because::Order,
        Reason::Encounter => Because::Encounter,
        Reason::DepartmentCareTeam => Because::DepartmentCareTeam,
        Reason::DepartmentConsult => Because::DepartmentConsult,
        Reason::DepartmentConversation => Because::DepartmentConversation,
        Reason::DepartmentOrder => Because::DepartmentOrder,
        Reason::DepartmentEncounter => Because::DepartmentEncounter,
        Reason::FromConversation => Because::FromConversation,
        Reason::Ward => Because::Ward,
        Reason::Before => Because::Before,
        Reason::Colleague => Because::Colleague,
        Reason::DepartmentBefore => Because::DepartmentBefore,
        Reason::Worklist => Because::Worklist,
    }
}

const fn lately(now_ms: u64) -> u64 {
    now_ms.saturating_sub(BEFORE_MS.unsigned_abs())
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use wardline_store::FOREVER;

    use super::*;

    const NOW: u64 = 1_772_409_600_000;
    const DAY: u64 = 24 * 60 * 60 * 1000;

    fn person(n: u8, department: &str, facility: u8) -> Person {
        Person {
            user_id: UserId::from_bytes([n; 16]),
            username: String::new(),
            name: String::new(),
            role_title: String::new(),
            department: department.to_owned(),
            facility_id: FacilityId::from_bytes([facility; 16]),
            facility: String::new(),
            active: true,
            onboarded: true,
        }
    }

    fn tie(of: &Person, bond: Bond, until_ms: u64) -> Tie {
        Tie {
            bond,
            user_id: of.user_id,
            department: of.department.clone(),
            facility_id: of.facility_id,
            from_ms: NOW - 30 * DAY,
            until_ms,
        }
    }

    fn on_shift(department: &str, since_ms: Option<u64>) -> [Shift; 1] {
        [Shift {
            department: department.to_owned(),
            since_ms,
        }]
    }

    #[test]
    fn each_reason_has_the_same_name_for_the_policies() {
        for reason in Reason::ALL {
            assert_eq!(because(reason).as_str(), reason.name());
            assert_eq!(because(reason).strength() > 1, reason.is_written());
        }
    }

    #[test]
    fn the_strongest_of_what_is_known_is_told_with_its_time() {
        let ada = person(1, "Cardiology", 1);
        let reason = |ties: &[Tie], talks, shifts: &[Shift]| {
            let told = weigh(&ada, ties, talks, shifts, NOW);
            (told.reason, told.since_ms)
        };
        let since = Some(NOW - 30 * DAY);
        assert_eq!(reason(&[], None, &[]), (None, None));
        let order = tie(&ada, Bond::Order, NOW + DAY);
        assert_eq!(
            reason(std::slice::from_ref(&order), None, &[]),
            (Some(Reason::Order), since)
        );
        let both = reason(
            &[order, tie(&ada, Bond::CareTeam, FOREVER)],
            Some(NOW - DAY),
            &[],
        );
        assert_eq!(both, (Some(Reason::CareTeam), since));
        assert_eq!(
            reason(
                &[],
                Some(NOW - DAY),
                &on_shift("Cardiology", Some(NOW - 2 * DAY))
            ),
            (Some(Reason::Conversation), Some(NOW - DAY))
        );
        assert_eq!(
            reason(&[], None, &on_shift("Cardiology", Some(NOW - 2 * DAY))),
            (Some(Reason::Ward), Some(NOW - 2 * DAY))
        );
        assert_eq!(
            reason(&[], None, &on_shift("Cardiology", None)),
            (None, None)
        );
        let ended = tie(&ada, Bond::CareTeam, NOW - 13 * DAY);
        assert_eq!(
            reason(&[ended], None, &[]),
            (Some(Reason::Before), Some(NOW - 13 * DAY))
        );
        let ended = tie(&ada, Bond::CareTeam, NOW - 15 * DAY);
        assert_eq!(reason(&[ended], None, &[]), (None, None));
    }

    #[test]
    fn a_colleague_of_the_same_ward_hands_over_and_one_of_another_house_does_not() {
        let ada = person(1, "Cardiology", 1);
        let reason = |of: &Person, shifts: &[Shift]| {
            weigh(
                &ada,
                &[tie(of, Bond::Encounter, FOREVER)],
                None,
                shifts,
                NOW,
            )
            .reason
        };
        let shift = on_shift("Cardiology", None);
        assert_eq!(
            reason(&person(2, "Cardiology", 1), &shift),
            Some(Reason::Colleague)
        );
        assert_eq!(reason(&person(2, "Cardiology", 1), &[]), None);
        assert_eq!(reason(&person(2, "Cardiology", 2), &shift), None);
        assert_eq!(reason(&person(2, "Nephrology", 1), &shift), None);
    }
}
