//! One access, as it is weighed: what was seen of it, without names.

use wardline_risk::Duty;

use crate::evidence::{Explained, Reason};

/// How somebody came to a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// From a conversation about the patient.
    Conversation,
    /// From a list of the patients of their work.
    Worklist,
    /// They searched for the patient.
    Search,
    /// It is not known.
    Unknown,
}

impl Via {
    pub(crate) const COUNT: usize = 4;

    pub(crate) fn place(self) -> usize {
        match self {
            Self::Conversation => 0,
            Self::Worklist => 1,
            Self::Search => 2,
            Self::Unknown => 3,
        }
    }
}

/// What person and patient have in common of one kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alike {
    /// Whether they have the same.
    pub same: bool,
    /// The share of patients who have what the person has if it is the same, else what this patient
    /// has: what everybody has in common says nothing.
    pub share: f64,
}

/// How near to a person somebody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Near {
    /// On the same ward.
    Ward,
    /// In the same facility.
    Facility,
    /// In another.
    Elsewhere,
}

impl Near {
    pub(crate) const COUNT: usize = 3;

    pub(crate) fn place(self) -> usize {
        match self {
            Self::Ward => 0,
            Self::Facility => 1,
            Self::Elsewhere => 2,
        }
    }
}

/// What a patient is to the person, beside their work. What is not known is absent, or false.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ties {
    /// The surname.
    pub surname: Option<Alike>,
    /// The area of the address.
    pub area: Option<Alike>,
    /// The chart is the person's own.
    pub own: bool,
    /// The patient works here.
    pub works_here: bool,
    /// How near to the person they work, where it is known who they are.
    pub near: Option<Near>,
    /// The public knows the patient.
    pub is_public: bool,
}

/// An access to a chart. Names are marks ([`wardline_risk::parts::mark`]).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// When, unix milliseconds.
    pub at_ms: i64,
    /// Whose chart.
    pub patient: u64,
    /// The role of the person and their department: their peers have the same.
    pub peers: u64,
    /// The department that the patient is with; 0 where it is not known.
    pub department: u64,
    /// The same within its facility.
    pub ward: u64,
    /// Whether the patient is in the person's facility; true where it is not known.
    pub is_here: bool,
    /// How the person came to it.
    pub via: Via,
    /// What the roster says of the person.
    pub duty: Duty,
    /// What explains it.
    pub explained: Explained,
    /// What person and patient have in common.
    pub ties: Ties,
}

/// How well an access is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is written down.
    Written,
    /// It is concluded.
    Concluded,
    /// Not at all.
    Unexplained,
}

impl Standing {
    pub(crate) const COUNT: usize = 3;

    pub(crate) fn of(reason: Option<Reason>) -> Self {
        match reason {
            Some(reason) if reason.is_written() => Self::Written,
            Some(_) => Self::Concluded,
            None => Self::Unexplained,
        }
    }

    pub(crate) fn place(self) -> usize {
        match self {
            Self::Written => 0,
            Self::Concluded => 1,
            Self::Unexplained => 2,
        }
    }
}

pub(crate) const DUTIES: usize = Duty::ALL.len();

pub(crate) fn duty_place(duty: Duty) -> usize {
    Duty::ALL.iter().position(|it| *it == duty).unwrap_or(0)
}
