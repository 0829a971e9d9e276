//! PID: who somebody is.

use chrono_tz::Tz;

use super::{part, stamp, text};
use crate::ack::{Fault, FaultCode, Place};
use crate::message::{Segment, Value};
use crate::time::Stamp;

/// What a field says of what is known: nothing, that it is to be deleted (`""`), or a value.
#[derive(Clone, PartialEq, Eq)]
pub enum Update<T> {
    /// The field is empty: what is known stays.
    Keep,
    /// The field is null: what is known is to be deleted.
    Clear,
    /// The field's value.
    Set(T),
}

impl<T> Update<T> {
    /// The value, where there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    fn of(field: Value<'_>, read: impl FnOnce(Value<'_>) -> Option<T>) -> Self {
        if field.is_null() {
            return Self::Clear;
        }
        read(field).map_or(Self::Keep, Self::Set)
    }
}

/// An identifier with who gave it (CX).
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    /// The number.
    pub value: String,
    /// CX-4.1: the authority's name.
    pub namespace: Option<String>,
    /// CX-4.2, where CX-4.3 says that it is an OID or URI: the authority in the world.
    pub universal: Option<String>,
    /// CX-5: `MR`, `AN`, `SS` … (table 0203).
    pub kind: Option<String>,
}

impl Identifier {
    /// Who gave it, as FHIR's `system`: the OID or URI where there is one, else a name of this hospital.
    pub fn system(&self) -> Option<String> {
        if let Some(universal) = &self.universal {
            let is_oid = universal.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            return Some(if is_oid {
                format!("urn:oid:{universal}")
            } else {
                universal.clone()
            });
        }
        self.namespace.as_ref().map(|name| {
            let name: String = name
                .chars()
                .map(|c| if c.is_alphanumeric() { c } else { '-' })
                .collect();
            format!("urn:wardline:authority:{}", name.to_lowercase())
        })
    }
}

/// A name (XPN).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// The family name.
    pub family: Option<String>,
    /// Given names in order.
    pub given: Vec<String>,
    /// `Dr.`
    pub prefix: Option<String>,
    /// `III`
    pub suffix: Option<String>,
    /// XPN-7: `L` legal, `N` nickname, `M` maiden (table 0200).
    pub kind: Option<String>,
}

/// Administrative sex, as FHIR has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// M
    Male,
    /// F
    Female,
    /// O, A
    Other,
    /// U, N
    Unknown,
}

/// PID.
#[derive(Clone)]
pub struct Patient {
    /// PID-3, with what version 2.2 wrote into PID-2 and PID-4 left out.
    pub identifiers: Vec<Identifier>,
    /// PID-5.
    pub names: Update<Vec<Name>>,
    /// PID-7.
    pub birth_date: Update<String>,
    /// PID-8.
    pub sex: Update<Sex>,
    /// PID-29 and PID-30: when the person died, where known, or that they did.
    pub death: Update<Option<Stamp>>,
    /// PID-18: the account.
    pub account: Option<String>,
}

impl Patient {
    /// Reads PID; `occurrence` counts them.
    pub(super) fn read(segment: Segment<'_>, occurrence: usize, zone: Tz) -> Result<Self, Fault> {
        let identifiers = identifiers(segment.field(3));
        if identifiers.is_empty() {
            return Err(Fault {
                code: FaultCode::RequiredField,
                place: Some(Place {
                    segment: "PID",
                    occurrence,
                    field: 3,
                }),
                words: "PID-3 must hold an identifier of the patient".to_owned(),
            });
        }
        let birth = segment.field(7);
        let birth_date = Update::of(birth, |field| stamp(field, zone).map(|at| at.date()));
        if birth.read().is_some() && birth_date == Update::Keep {
            return Err(Fault {
                code: FaultCode::DataType,
                place: Some(Place {
                    segment: "PID",
                    occurrence,
                    field: 7,
                }),
                words: "PID-7 is no date".to_owned(),
            });
        }
        let death = match (segment.field(29), text(segment.field(30)).as_deref()) {
            (at, _) if at.is_null() => Update::Clear,
            (_, Some("N")) => Update::Clear,
            (at, Some("Y")) => Update::Set(stamp(at, zone)),
            (at, _) => stamp(at, zone).map_or(Update::Keep, |at| Update::Set(Some(at))),
        };
        Ok(Self {
            identifiers,
            names: Update::of(segment.field(5), |field| {
                let names: Vec<Name> = field.repetitions().filter_map(name).collect();
                (!names.is_empty()).then_some(names)
            }),
            birth_date,
            sex: Update::of(segment.field(8), |field| {
                Some(match text(field)?.to_uppercase().as_str() {
                    "M" => Sex::Male,
                    "F" => Sex::Female,
                    "O" | "A" => Sex::Other,
                    _ => Sex::Unknown,
                })
            }),
            death,
            account: part(segment.field(18), 1),
        })
    }

    /// The identifiers that a record is found by: those that senders say are medical record numbers,
    /// else the ones of no said kind, else the first.
    pub fn record_numbers(&self) -> Vec<&Identifier> {
        record_numbers(&self.identifiers)
    }
}

/// Those of some identifiers that name a record.
pub fn record_numbers(all: &[Identifier]) -> Vec<&Identifier> {
    let of = |wanted: &dyn Fn(&Identifier) -> bool| -> Vec<&Identifier> {
        all.iter().filter(|it| wanted(it)).collect()
    };
    let is_record =
        |it: &Identifier| matches!(it.kind.as_deref(), Some("MR" | "PI" | "PT" | "MRN"));
    let found = of(&is_record);
    if !found.is_empty() {
        return found;
    }
    let found = of(&|it: &Identifier| it.kind.is_none());
    if found.is_empty() {
        all.iter().take(1).collect()
    } else {
        found
    }
}

/// All identifiers of a field. Social security numbers are left out: nothing here needs them (45 CFR
/// 164.502(b)).
pub(super) fn identifiers(field: Value<'_>) -> Vec<Identifier> {
    field
        .repetitions()
        .filter_map(|it| identifier(it, 4, 5))
        .take(MAX_IDENTIFIERS)
        .collect()
}

/// The number in a component 1, whose authority and kind stand in others.
pub(super) fn identifier(it: Value<'_>, authority: usize, kind: usize) -> Option<Identifier> {
    let authority = it.component(authority);
    let kind = part(it, kind);
    if kind.as_deref() == Some("SS") {
        return None;
    }
    let universal = text(authority.subcomponent(2)).filter(|id| {
        let is_oid = id.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let says = text(authority.subcomponent(3));
        matches!(says.as_deref(), Some("ISO" | "URI")) && (is_oid || id.contains(':'))
    });
    Some(Identifier {
        value: part(it, 1)?,
        namespace: text(authority.subcomponent(1)),
        universal,
        kind,
    })
}

fn name(it: Value<'_>) -> Option<Name> {
    let given = [part(it, 2), part(it, 3)];
    let name = Name {
        family: part(it, 1),
        given: given.into_iter().flatten().collect(),
        suffix: part(it, 4),
        prefix: part(it, 5),
        kind: part(it, 7),
    };
    (name.family.is_some() || !name.given.is_empty()).then_some(name)
}

/// Nobody has more.
const MAX_IDENTIFIERS: usize = 32;
