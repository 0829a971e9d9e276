//! Why somebody may look: what a hospital knows of a person and a patient, as the reason that explains
//! an access best.
//!
//! Published work explains more than nine in ten accesses so (Fabbri and LeFevre, PVLDB 2011): nearly
//! everybody who opens a chart was asked to by something that the hospital wrote down. What counts is
//! what was known at the moment; a relation that begins later explains nothing.

use serde::Serialize;

/// What a relation between a patient and somebody rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// They are on the patient's care team.
    CareTeam,
    /// They were asked for advice.
    Consult,
    /// They take part in a conversation about the patient.
    Conversation,
    /// There is an order that they carry out, or gave.
    Order,
    /// The patient is with them.
    Encounter,
}

/// Whose relation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party<I> {
    /// A person's.
    Person(I),
    /// A whole department's.
    Department(I),
}

/// What a hospital wrote down of a patient and somebody. Names are of any kind that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation<I> {
    /// What it rests on.
    pub basis: Basis,
    /// Whose it is.
    pub of: Party<I>,
    /// When it began, unix milliseconds.
    pub from_ms: i64,
    /// When it ended or will, unix milliseconds.
    pub until_ms: i64,
}

/// A department of a facility, each where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ward<I> {
    /// The department.
    pub department: Option<I>,
    /// The facility.
    pub facility: Option<I>,
}

impl<I> Default for Ward<I> {
    fn default() -> Self {
        Self {
            department: None,
            facility: None,
        }
    }
}

impl<I: Copy + Eq> Ward<I> {
    /// Whether both are the same department; one that is not known is none.
    pub fn is_department_of(self, other: Self) -> bool {
        self.department.is_some() && self.department == other.department
    }

    /// Whether both may be in one facility: where one is not known, nothing speaks against it.
    pub fn may_be_beside(self, other: Self) -> bool {
        self.facility
            .zip(other.facility)
            .is_none_or(|(one, other)| one == other)
    }

    fn is(self, other: Self) -> bool {
        self.is_department_of(other) && self.may_be_beside(other)
    }
}

/// Who asks, and what is known of them at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker<I> {
    /// Who.
    pub who: I,
    /// When, unix milliseconds.
    pub at_ms: i64,
    /// Where they belong.
    pub home: Ward<I>,
    /// Where they are on a shift, come to one or leave one; absent off shift.
    pub shift: Option<Ward<I>>,
    /// Where the patient is, or was last.
    pub patient_is_at: Ward<I>,
    /// Whether they come from a conversation about the patient that they take part in.
    pub from_conversation: bool,
    /// Whether they come from a list of the patients of their work that the hospital made.
    pub from_worklist: bool,
}

/// Why somebody may look. The strongest stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// On the care team.
    CareTeam,
    /// Asked for advice.
    Consult,
    /// Writes with others about the patient.
    Conversation,
    /// Has an order.
    Order,
    /// The patient is with them.
    Encounter,
    /// Their department is responsible, in their facility.
    DepartmentCareTeam,
    /// Their department was asked for advice, in their facility.
    DepartmentConsult,
    /// Their department takes part in a conversation, in their facility.
    DepartmentConversation,
    /// Their department has an order, in their facility.
    DepartmentOrder,
    /// The patient is with their department, in their facility.
    DepartmentEncounter,
    /// Comes from a conversation about the patient, who is in their facility.
    FromConversation,
    /// The patient is on the ward of their shift.
    Ward,
    /// Had a reason of their own until some days ago.
    Before,
    /// A colleague of the same ward has a reason of their own, and they are on shift: hand-over.
    Colleague,
    /// Their department had a reason until a few days ago, and they are on shift.
    DepartmentBefore,
    /// The patient, whom somebody treats, is on their list of work in the facility of their shift.
    Worklist,
}

impl Reason {
    /// All of them, the strongest first.
    pub const ALL: [Self; 16] = [
        Self::CareTeam,
        Self::Consult,
        Self::Conversation,
        Self::Order,
        Self::Encounter,
        Self::DepartmentCareTeam,
        Self::DepartmentConsult,
        Self::DepartmentConversation,
        Self::DepartmentOrder,
        Self::DepartmentEncounter,
        Self::FromConversation,
        Self::Ward,
        Self::Before,
        Self::Colleague,
        Self::DepartmentBefore,
        Self::Worklist,
    ];

    /// A sentence for the person.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::CareTeam => "You are on the care team.",
            Self::Consult => "You were asked for advice on this patient.",
            Self::Conversation => "You are in a conversation about this patient.",
            Self::Order => "You have an order for this patient.",
            Self::Encounter => "The patient is in your care.",
            Self::DepartmentCareTeam => "Your department is on the care team.",
            Self::DepartmentConsult => "Your department was asked for advice on this patient.",
            Self::DepartmentConversation => {
                "Your department is in a conversation about this patient."
            }
            Self::DepartmentOrder => "Your department has an order for this patient.",
            Self::DepartmentEncounter => "The patient is in your department's care.",
            Self::FromConversation => "You come from a conversation about this patient.",
            Self::Ward => "The patient is on your ward this shift.",
            Self::Before => "You treated this patient until a few days ago.",
            Self::Colleague => {
                "A colleague of your ward treats this patient, and you are on shift."
            }
            Self::DepartmentBefore => "The patient was in your department's care until lately.",
            Self::Worklist => "The patient is on your list of work this shift.",
        }
    }

    /// The word that programs know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::CareTeam => "care_team",
            Self::Consult => "consult",
            Self::Conversation => "conversation",
            Self::Order => "order",
            Self::Encounter => "encounter",
            Self::DepartmentCareTeam => "department_care_team",
            Self::DepartmentConsult => "department_consult",
            Self::DepartmentConversation => "department_conversation",
            Self::DepartmentOrder => "department_order",
            Self::DepartmentEncounter => "department_encounter",
            Self::FromConversation => "from_conversation",
            Self::Ward => "ward",
            Self::Before => "before",
            Self::Colleague => "colleague",
            Self::DepartmentBefore => "department_before",
            Self::Worklist => "worklist",
        }
    }

    /// Whether somebody wrote down that this person, or their department, has to do with the patient
    /// now. The others are concluded.
    pub fn is_written(self) -> bool {
        self < Self::FromConversation
    }

    fn of(basis: Basis, own: bool) -> Self {
        match (basis, own) {
            (Basis::CareTeam, true) => Self::CareTeam,
            (Basis::Consult, true) => Self::Consult,
            (Basis::Conversation, true) => Self::Conversation,
            (Basis::Order, true) => Self::Order,
            (Basis::Encounter, true) => Self::Encounter,
            (Basis::CareTeam, false) => Self::DepartmentCareTeam,
            (Basis::Consult, false) => Self::DepartmentConsult,
            (Basis::Conversation, false) => Self::DepartmentConversation,
            (Basis::Order, false) => Self::DepartmentOrder,
            (Basis::Encounter, false) => Self::DepartmentEncounter,
        }
    }
}

/// What is known of an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explained {
    /// Why they may look; absent where nothing explains it, and a purpose has to be asked.
    pub reason: Option<Reason>,
    /// Whether anybody, person or department, has a relation with the patient at that moment. Whoever
    /// went home long ago has none.
    pub is_treated: bool,
}

/// Explains an access by the patient's relations; `ward_of` says where another person belongs.
pub fn explain<I: Copy + Eq>(
    asker: &Asker<I>,
    relations: impl IntoIterator<Item = Relation<I>>,
    ward_of: impl Fn(I) -> Option<Ward<I>>,
) -> Explained {
    let Asker { at_ms, shift, .. } = *asker;
    let mut best: Option<Reason> = None;
    let mut is_treated = false;
    let mut found = |reason: Reason| {
        if best.is_none_or(|best| reason < best) {
            best = Some(reason);
        }
    };
    if shift.is_some_and(|shift| shift.is(asker.patient_is_at)) {
        found(Reason::Ward);
    }
    // Those of a department are of all its facilities: they count in the one where the patient is.
    let here = [Some(asker.home), shift].map(|ward| {
        let ward = ward?;
        ward.may_be_beside(asker.patient_is_at)
            .then_some(ward.department)?
    });
    let is_here = |ward: Ward<I>| ward.may_be_beside(asker.patient_is_at);
    if asker.from_conversation && (is_here(asker.home) || shift.is_some_and(is_here)) {
        found(Reason::FromConversation);
    }
    for relation in relations {
        if relation.from_ms > at_ms {
            continue;
        }
        let ago_ms = at_ms.saturating_sub(relation.until_ms);
        let is_open = ago_ms <= 0;
        is_treated |= is_open;
        match relation.of {
            Party::Person(person) if person == asker.who => {
                if is_open {
                    found(Reason::of(relation.basis, true));
                } else if ago_ms <= BEFORE_MS {
                    found(Reason::Before);
                }
            }
            Party::Person(person) => {
                let is_colleague = |ward: Ward<I>| ward_of(person).is_some_and(|it| it.is(ward));
                if is_open && shift.is_some_and(is_colleague) {
                    found(Reason::Colleague);
                }
            }
            Party::Department(department) if here.contains(&Some(department)) => {
                if is_open {
                    found(Reason::of(relation.basis, false));
                } else if ago_ms <= DEPARTMENT_BEFORE_MS && shift.is_some() {
                    found(Reason::DepartmentBefore);
                }
            }
            Party::Department(_) => {}
        }
    }
    if asker.from_worklist && shift.is_some_and(is_here) && is_treated {
        found(Reason::Worklist);
    }
    Explained {
        reason: best,
        is_treated,
    }
}

/// So long after a relation of their own a person still writes reports and reads results.
pub const BEFORE_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// The same of a department, whose people are many.
const DEPARTMENT_BEFORE_MS: i64 = 3 * 24 * 60 * 60 * 1000;
