//! What makes an access look like snooping, in words.

/// One thing that speaks for snooping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Nothing that the hospital knows explains it, or less than is usual for the person.
    Unexplained,
    /// It was searched for, where the person's work comes to them.
    Searched,
    /// The patient is in another facility.
    OtherFacility,
    /// At such a time of the roster the person hardly works.
    OffShift,
    /// Nobody has anything to do with the patient now.
    NobodyTreats,
    /// Their role hardly opens charts of that department.
    OtherDepartment,
    /// The same surname, which is not a common one.
    SameSurname,
    /// The same area of the address.
    SameArea,
    /// The patient works here.
    WorksHere,
    /// The public knows the patient.
    IsPublic,
    /// The person's own chart.
    OwnChart,
    /// Many charts without an explanation within an hour, on many wards.
    Many,
    /// Earlier looks of the person were like snooping.
    DoubtedBefore,
}

impl Sign {
    /// A sentence for whoever reviews it.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Unexplained => "Nothing that the hospital knows explains the access.",
            Self::Searched => "The patient was searched for, and came from no list of work.",
            Self::OtherFacility => "The patient is in another facility than the person.",
            Self::OffShift => "By the roster the person hardly works at such a time.",
            Self::NobodyTreats => "Nobody treats the patient at present.",
            Self::OtherDepartment => "The person's role hardly opens charts of that department.",
            Self::SameSurname => "Person and patient have the same surname.",
            Self::SameArea => "Person and patient live in the same area.",
            Self::WorksHere => "The patient works here.",
            Self::IsPublic => "The public knows the patient.",
            Self::OwnChart => "It is the person's own chart.",
            Self::Many => {
                "The person opened many charts within an hour, and nothing explains them."
            }
            Self::DoubtedBefore => "Earlier accesses of the person could not be explained either.",
        }
    }
}
