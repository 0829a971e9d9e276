//! What the messages that are taken tell: [`read`] makes an [`Event`] of a message, or says exactly
//! what is wrong with it.
//!
//! Values here are close to FHIR's, since that is where they go; how they become resources is not known
//! here. All of it is PHI, so nothing here has a `Debug` that shows more than what kind it is.

mod alarm;
mod order;
mod patient;
mod result;
mod visit;

use std::borrow::Cow;
use std::fmt;

use chrono_tz::Tz;

pub use self::alarm::{Alarm, AlarmPriority, Phase};
pub use self::order::{Order, OrderStatus};
pub use self::patient::{Identifier, Name, Patient, Sex, Update, record_numbers};
pub use self::result::{Coded, Interpretation, Measured, Observation, Report, ResultStatus};
pub use self::visit::{Clinician, Place as Location, Visit, VisitClass};
use crate::ack::{Fault, FaultCode, Place};
use crate::header::Header;
use crate::message::{Message, Segment, Value};
use crate::time::Stamp;

/// What a message tells.
#[derive(Clone)]
pub enum Event {
    /// ADT: who a patient is, and where.
    Admission(Box<Admission>),
    /// ADT^A40: two records are one patient's.
    Merge(Box<Merge>),
    /// ORU^R01.
    Results(Box<Results>),
    /// ORM^O01, OML^O21.
    Orders(Box<Orders>),
    /// ORU^R40, IHE PCD-04.
    Alarm(Box<Alarm>),
}

/// Which ADT event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A01
    Admit,
    /// A02
    Transfer,
    /// A03
    Discharge,
    /// A04
    Register,
    /// A05
    PreAdmit,
    /// A06
    ToInpatient,
    /// A07
    ToOutpatient,
    /// A08
    Update,
    /// A11
    CancelAdmit,
    /// A12
    CancelTransfer,
    /// A13
    CancelDischarge,
    /// A28
    AddPerson,
    /// A31
    UpdatePerson,
}

impl Trigger {
    fn of(code: &str) -> Option<Self> {
        Some(match code {
            "A01" => Self::Admit,
            "A02" => Self::Transfer,
            "A03" => Self::Discharge,
            "A04" => Self::Register,
            "A05" => Self::PreAdmit,
            "A06" => Self::ToInpatient,
            "A07" => Self::ToOutpatient,
            "A08" => Self::Update,
            "A11" => Self::CancelAdmit,
            "A12" => Self::CancelTransfer,
            "A13" => Self::CancelDischarge,
            "A28" => Self::AddPerson,
            "A31" => Self::UpdatePerson,
            _ => return None,
        })
    }

    /// Whether it is about a stay, and not the person alone.
    pub const fn is_about_a_stay(self) -> bool {
        !matches!(self, Self::AddPerson | Self::UpdatePerson)
    }
}

/// An ADT message about one patient.
#[derive(Clone)]
pub struct Admission {
    /// What happened.
    pub trigger: Trigger,
    /// When it happened: EVN-6, else EVN-2, else MSH-7; `None` where none of them is a time.
    pub at: Option<Stamp>,
    /// PID.
    pub patient: Patient,
    /// PV1; always there where the trigger is about a stay.
    pub visit: Option<Visit>,
}

/// ADT^A40.
#[derive(Clone)]
pub struct Merge {
    /// When: as [`Admission::at`].
    pub at: Option<Stamp>,
    /// Each pair of the message.
    pub pairs: Vec<MergePair>,
}

/// Who survives and who does not.
#[derive(Clone)]
pub struct MergePair {
    /// PID: the patient that stays.
    pub survivor: Patient,
    /// MRG-1: identifiers of the one that becomes part of it.
    pub prior: Vec<Identifier>,
}

/// ORU^R01.
#[derive(Clone)]
pub struct Results {
    /// PID.
    pub patient: Patient,
    /// PV1, where sent.
    pub visit: Option<Visit>,
    /// When the message was made (MSH-7).
    pub at: Option<Stamp>,
    /// Each OBR with its OBX.
    pub reports: Vec<Report>,
}

/// ORM^O01, OML^O21.
#[derive(Clone)]
pub struct Orders {
    /// PID.
    pub patient: Patient,
    /// When the message was made (MSH-7).
    pub at: Option<Stamp>,
    /// Each ORC, with its OBR where there is one.
    pub orders: Vec<Order>,
}

impl Event {
    /// Who the message is about; for a merge, the patient that stays, of the first pair.
    pub fn patient(&self) -> Option<&Patient> {
        match self {
            Self::Admission(it) => Some(&it.patient),
            Self::Merge(it) => it.pairs.first().map(|pair| &pair.survivor),
            Self::Results(it) => Some(&it.patient),
            Self::Orders(it) => Some(&it.patient),
            Self::Alarm(it) => it.patient.as_ref(),
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Admission(_) => "Admission",
            Self::Merge(_) => "Merge",
            Self::Results(_) => "Results",
            Self::Orders(_) => "Orders",
            Self::Alarm(_) => "Alarm",
        })
    }
}

/// Whether messages of this type are taken at all.
///
/// # Errors
/// 200 or 201 of table 0357.
pub fn is_taken(header: &Header) -> Result<(), Fault> {
    let place = Place::field("MSH", 9);
    let words = "Wardline takes ADT A01-A08, A11-A13, A28, A31 and A40, ORU R01 and R40, ORM O01 and \
        OML O21";
    match (header.code.as_str(), header.trigger.as_str()) {
        ("ADT", "A40") | ("ORU", "R01" | "R40") | ("ORM", "O01") | ("OML", "O21") => Ok(()),
        ("ADT", trigger) if Trigger::of(trigger).is_some() => Ok(()),
        ("ADT" | "ORU" | "ORM" | "OML", _) => Err(Fault::at(FaultCode::EventCode, place, words)),
        _ => Err(Fault::at(FaultCode::MessageType, place, words)),
    }
}

/// Reads a message whose type is taken.
///
/// # Errors
/// The first thing that keeps it from being applied, with its place.
pub fn read(message: &Message<'_>, header: &Header, zone: Tz) -> Result<Event, Fault> {
    is_taken(header)?;
    let made_at = Stamp::parse(&header.at, zone);
    match (header.code.as_str(), header.trigger.as_str()) {
        ("ADT", "A40") => merge(message, made_at, zone).map(|it| Event::Merge(Box::new(it))),
        ("ADT", trigger) => {
            let Some(trigger) = Trigger::of(trigger) else {
                return Err(Fault::at(
                    FaultCode::EventCode,
                    Place::field("MSH", 9),
                    "the event is not taken",
                ));
            };
            admission(message, trigger, made_at, zone).map(|it| Event::Admission(Box::new(it)))
        }
        ("ORU", "R40") => alarm::read(message, made_at, zone).map(|it| Event::Alarm(Box::new(it))),
        ("ORU", _) => results(message, made_at, zone).map(|it| Event::Results(Box::new(it))),
        _ => orders(message, made_at, zone).map(|it| Event::Orders(Box::new(it))),
    }
}

fn admission(
    message: &Message<'_>,
    trigger: Trigger,
    made_at: Option<Stamp>,
    zone: Tz,
) -> Result<Admission, Fault> {
    let patient = Patient::read(need(message, "PID")?, 1, zone)?;
    let visit = match message.segment("PV1") {
        Some(segment) => Some(Visit::read(segment, zone)?),
        None if trigger.is_about_a_stay() && trigger != Trigger::Update => {
            return Err(missing_segment("PV1"));
        }
        None => None,
    };
    Ok(Admission {
        trigger,
        at: happened_at(message, zone).or(made_at),
        patient,
        visit,
    })
}

fn merge(message: &Message<'_>, made_at: Option<Stamp>, zone: Tz) -> Result<Merge, Fault> {
    let mut pairs: Vec<MergePair> = Vec::new();
    let mut survivor: Option<Patient> = None;
    for segment in message.segments() {
        match segment.name() {
            "PID" => survivor = Some(Patient::read(segment, pairs.len() + 1, zone)?),
            "MRG" => {
                let Some(survivor) = survivor.take() else {
                    return Err(missing_segment("PID"));
                };
                let occurrence = pairs.len() + 1;
                let prior = patient::identifiers(segment.field(1));
                if prior.is_empty() {
                    return Err(Fault {
                        code: FaultCode::RequiredField,
                        place: Some(Place {
                            segment: "MRG",
                            occurrence,
                            field: 1,
                        }),
                        words: "MRG-1 must name the record that becomes part of the other"
                            .to_owned(),
                    });
                }
                pairs.push(MergePair { survivor, prior });
            }
            _ => {}
        }
    }
    if pairs.is_empty() || survivor.is_some() {
        return Err(missing_segment(if pairs.is_empty() && survivor.is_none() {
            "PID"
        } else {
            "MRG"
        }));
    }
    Ok(Merge {
        at: happened_at(message, zone).or(made_at),
        pairs,
    })
}

fn results(message: &Message<'_>, made_at: Option<Stamp>, zone: Tz) -> Result<Results, Fault> {
    one_patient(message)?;
    let patient = Patient::read(need(message, "PID")?, 1, zone)?;
    let visit = message
        .segment("PV1")
        .map(|segment| Visit::read(segment, zone))
        .transpose()?;
    let reports = result::read(message, zone)?;
    if reports.is_empty() {
        return Err(missing_segment("OBR"));
    }
    Ok(Results {
        patient,
        visit,
        at: made_at,
        reports,
    })
}

fn orders(message: &Message<'_>, made_at: Option<Stamp>, zone: Tz) -> Result<Orders, Fault> {
    one_patient(message)?;
    let patient = Patient::read(need(message, "PID")?, 1, zone)?;
    let orders = order::read(message, zone)?;
    if orders.is_empty() {
        return Err(missing_segment("ORC"));
    }
    Ok(Orders {
        patient,
        at: made_at,
        orders,
    })
}

/// Results of several patients in one message would be filed under the first one's name.
fn one_patient(message: &Message<'_>) -> Result<(), Fault> {
    let patients = message.segments().filter(|s| s.name() == "PID").take(2);
    if patients.count() > 1 {
        return Err(Fault {
            code: FaultCode::SegmentSequence,
            place: Some(Place {
                segment: "PID",
                occurrence: 2,
                field: 0,
            }),
            words: "send each patient's message by itself".to_owned(),
        });
    }
    Ok(())
}

fn happened_at(message: &Message<'_>, zone: Tz) -> Option<Stamp> {
    let event = message.segment("EVN")?;
    stamp(event.field(6), zone).or_else(|| stamp(event.field(2), zone))
}

fn need<'a>(message: &Message<'a>, name: &'static str) -> Result<Segment<'a>, Fault> {
    message.segment(name).ok_or_else(|| missing_segment(name))
}

fn missing_segment(name: &'static str) -> Fault {
    Fault {
        code: FaultCode::SegmentSequence,
        place: Some(Place {
            segment: name,
            occurrence: 1,
            field: 0,
        }),
        words: format!("{name} is missing"),
    }
}

fn stamp(value: Value<'_>, zone: Tz) -> Option<Stamp> {
    Stamp::parse(&value.read()?, zone)
}

fn text(value: Value<'_>) -> Option<String> {
    value.read().map(Cow::into_owned)
}

fn part(value: Value<'_>, component: usize) -> Option<String> {
    text(value.component(component))
}
