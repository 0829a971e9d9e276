//! PV1: a stay, and where it is.

use chrono_tz::Tz;

use super::{Identifier, part, patient, stamp, text};
use crate::ack::{Fault, FaultCode, Place as At};
use crate::message::{Segment, Value};
use crate::time::Stamp;

/// What kind of a stay, as FHIR's `Encounter.class` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitClass {
    /// I, B
    Inpatient,
    /// O, R
    Outpatient,
    /// E
    Emergency,
    /// P
    PreAdmission,
    /// H and whatever else a hospital calls it.
    Other,
}

impl VisitClass {
    /// The code of v3's ActCode.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Inpatient => "IMP",
            Self::Outpatient | Self::Other => "AMB",
            Self::Emergency => "EMER",
            Self::PreAdmission => "PRENC",
        }
    }
}

/// A location (PL).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// PL-1: ward or clinic.
    pub ward: Option<String>,
    /// PL-2
    pub room: Option<String>,
    /// PL-3
    pub bed: Option<String>,
    /// PL-4
    pub facility: Option<String>,
}

/// A clinician (XCN).
#[derive(Clone, PartialEq, Eq)]
pub struct Clinician {
    /// XCN-1, with its authority (XCN-9).
    pub id: Option<Identifier>,
    /// `Family, Given`
    pub name: Option<String>,
}

/// PV1.
#[derive(Clone)]
pub struct Visit {
    /// PV1-2
    pub class: VisitClass,
    /// PV1-3
    pub place: Option<Place>,
    /// PV1-6: where the patient was before.
    pub prior: Option<Place>,
    /// PV1-7
    pub attending: Vec<Clinician>,
    /// PV1-9
    pub consulting: Vec<Clinician>,
    /// PV1-17
    pub admitting: Vec<Clinician>,
    /// PV1-19, without its authority.
    pub number: Option<String>,
    /// PV1-44
    pub admitted_at: Option<Stamp>,
    /// PV1-45
    pub discharged_at: Option<Stamp>,
}

impl Visit {
    pub(super) fn read(segment: Segment<'_>, zone: Tz) -> Result<Self, Fault> {
        let Some(class) = text(segment.field(2)) else {
            return Err(Fault::at(
                FaultCode::RequiredField,
                At::field("PV1", 2),
                "PV1-2 must say what kind of a stay it is",
            ));
        };
        Ok(Self {
            class: match class.as_str() {
                "I" | "B" => VisitClass::Inpatient,
                "O" | "R" => VisitClass::Outpatient,
                "E" => VisitClass::Emergency,
                "P" => VisitClass::PreAdmission,
                _ => VisitClass::Other,
            },
            place: place(segment.field(3)),
            prior: place(segment.field(6)),
            attending: clinicians(segment.field(7)),
            consulting: clinicians(segment.field(9)),
            admitting: clinicians(segment.field(17)),
            number: part(segment.field(19), 1),
            admitted_at: stamp(segment.field(44), zone),
            discharged_at: stamp(segment.field(45), zone),
        })
    }
}

pub(super) fn place(field: Value<'_>) -> Option<Place> {
    let place = Place {
        ward: part(field, 1),
        room: part(field, 2),
        bed: part(field, 3),
        facility: part(field, 4),
    };
    (place != Place::default()).then_some(place)
}

fn clinicians(field: Value<'_>) -> Vec<Clinician> {
    let all = field.repetitions().filter_map(clinician);
    all.take(MAX_CLINICIANS).collect()
}

pub(super) fn clinician(it: Value<'_>) -> Option<Clinician> {
    let (family, given) = (part(it, 2), part(it, 3));
    let clinician = Clinician {
        id: patient::identifier(it, 9, 13),
        name: match (family, given) {
            (Some(family), Some(given)) => Some(format!("{family}, {given}")),
            (family, given) => family.or(given),
        },
    };
    (clinician.id.is_some() || clinician.name.is_some()).then_some(clinician)
}

const MAX_CLINICIANS: usize = 16;
