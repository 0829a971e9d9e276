//! IHE PCD-04, Report Alert (ORU^R40): an alarm of a device, and how it goes on.
//!
//! The facets of one alarm are OBX segments, told apart by OBX-3 (IHE DEV TF-2 §3.4): the event, its
//! source, phase, state and priority.

use chrono_tz::Tz;

use super::result::{self, order_number};
use super::{Coded, Location, Measured, Patient, missing_segment, part, stamp, visit};
use crate::ack::{Fault, FaultCode, Place};
use crate::message::{Message, Segment, Value};
use crate::time::Stamp;

/// How urgent a device thinks its alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmPriority {
    /// PN: no alarm.
    None,
    /// PL
    Low,
    /// PM
    Medium,
    /// PH
    High,
}

/// Where an alarm is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It began, or is told as a moment (`start`, `tpoint`, `present`).
    Start,
    /// It goes on (`continue`, `update`, `deescalate`).
    Continue,
    /// It became more urgent.
    Escalate,
    /// It is over (`end`, `reset`).
    End,
}

/// An alarm.
#[derive(Clone)]
pub struct Alarm {
    /// PID; alarms of devices at nobody's bed have none.
    pub patient: Option<Patient>,
    /// PV1-3: where.
    pub place: Option<Location>,
    /// OBR-3: the alarm's own number, the same through its life.
    pub id: String,
    /// OBR-29: the alarm that this one is a part of.
    pub parent: Option<String>,
    /// What it is about: MDC code and words of the event.
    pub event: Coded,
    /// Which part of the device or patient: words of the source.
    pub source: Option<Coded>,
    /// What was measured, where it was told: value, unit.
    pub measured: Option<(Measured, Option<Coded>)>,
    /// OBX-18 or OBR-10: the device.
    pub device: Option<String>,
    /// How urgent.
    pub priority: AlarmPriority,
    /// Where in its life.
    pub phase: Phase,
    /// When: OBR-7, OBX-14 or MSH-7.
    pub at: Option<Stamp>,
}

/// The alarm of a message.
pub(super) fn read(
    message: &Message<'_>,
    made_at: Option<Stamp>,
    zone: Tz,
) -> Result<Alarm, Fault> {
    // Devices at nobody's bed send PID without an identifier, or none at all.
    let patient = match message.segment("PID") {
        Some(segment) if !segment.field(3).is_empty() => Some(Patient::read(segment, 1, zone)?),
        _ => None,
    };
    let place = message
        .segment("PV1")
        .and_then(|segment| visit::place(segment.field(3)));
    let Some(request) = message.segment("OBR") else {
        return Err(missing_segment("OBR"));
    };
    let facets: Vec<Segment<'_>> = message
        .segments()
        .filter(|segment| segment.name() == "OBX")
        .collect();
    let facet = |wanted: Facet| {
        facets
            .iter()
            .find(|it| Facet::of(it.field(3)) == Some(wanted))
    };
    let Some(event) = facet(Facet::Event) else {
        return Err(if facets.is_empty() {
            missing_segment("OBX")
        } else {
            Fault::at(
                FaultCode::RequiredField,
                Place::field("OBX", 3),
                "an OBX must identify the event (MDC_EVT_ALARM)",
            )
        });
    };
    let Some(about) = Coded::read(event.field(5)) else {
        let occurrence = facets.iter().position(|it| it.index() == event.index());
        return Err(Fault {
            code: FaultCode::RequiredField,
            place: Some(Place {
                segment: "OBX",
                occurrence: occurrence.unwrap_or(0) + 1,
                field: 5,
            }),
            words: "OBX-5 must say which alarm it is".to_owned(),
        });
    };
    let words = |wanted: Facet| {
        let field = facet(wanted)?.field(5);
        // Sent as a text, or as a code whose words come second.
        let (first, second) = (part(field, 1)?, part(field, 2));
        Some((
            first.to_ascii_lowercase(),
            second.unwrap_or_default().to_ascii_lowercase(),
        ))
    };
    let phase = match words(Facet::Phase) {
        Some((first, second)) => Phase::of(&first)
            .or_else(|| Phase::of(&second))
            .ok_or_else(|| {
                Fault::at(
                    FaultCode::TableValue,
                    Place::field("OBX", 5),
                    "the event's phase is none of IHE PCD-04's",
                )
            })?,
        None => Phase::Start,
    };
    // A state of `inactive` ends whatever the phase says.
    let is_over = words(Facet::State).is_some_and(|(first, _)| first == "inactive");
    let flags = event.field(8).repetitions().filter_map(|flag| {
        let flag = flag.read()?;
        AlarmPriority::of(&flag)
    });
    let said = words(Facet::Priority).and_then(|(first, _)| AlarmPriority::of(&first));
    let id = order_number(request.field(3)).ok_or_else(|| {
        Fault::at(
            FaultCode::RequiredField,
            Place::field("OBR", 3),
            "OBR-3 must hold the alarm's number",
        )
    })?;
    let measured = facets
        .iter()
        .enumerate()
        .filter(|(_, it)| Facet::of(it.field(3)).is_none())
        .filter(|(_, it)| !it.field(5).is_empty())
        .find_map(|(index, it)| {
            let observation = result::observation(*it, index + 1, zone).ok()?;
            Some((observation.value?, observation.unit))
        });
    Ok(Alarm {
        patient,
        place,
        id,
        parent: order_number(request.field(29)),
        event: about,
        source: facet(Facet::Source).and_then(|it| Coded::read(it.field(5))),
        measured,
        device: part(event.field(18), 1).or_else(|| part(request.field(10), 1)),
        priority: flags.chain(said).max().unwrap_or(AlarmPriority::Medium),
        phase: if is_over { Phase::End } else { phase },
        at: stamp(event.field(14), zone)
            .or_else(|| stamp(request.field(7), zone))
            .or(made_at),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Facet {
    Event,
    Source,
    Phase,
    State,
    Priority,
    Other,
}

impl Facet {
    /// By code or reference id of ISO/IEEE 11073-10101 as IHE uses them; `None` for a measurement.
    fn of(field: Value<'_>) -> Option<Self> {
        let code = part(field, 1).unwrap_or_default();
        let name = part(field, 2).unwrap_or_default();
        Some(match (code.as_str(), name.as_str()) {
            ("196616", _) | (_, "MDC_EVT_ALARM") => Self::Event,
            ("68480", _) | (_, "MDC_ATTR_ALERT_SOURCE") => Self::Source,
            ("68481", _) | (_, "MDC_ATTR_EVENT_PHASE") => Self::Phase,
            ("68482", _) | (_, "MDC_ATTR_ALARM_STATE") => Self::State,
            ("68484", _) | (_, "MDC_ATTR_ALARM_PRIORITY") => Self::Priority,
            ("68483" | "68485", _) => Self::Other,
            (_, name)
                if name.starts_with("MDC_ATTR_ALARM") || name.starts_with("MDC_ATTR_ALERT") =>
            {
                Self::Other
            }
            _ => return None,
        })
    }
}

impl Phase {
    fn of(text: &str) -> Option<Self> {
        match text {
            "start" | "tpoint" | "present" => Some(Self::Start),
            "continue" | "update" | "deescalate" | "de-escalate" | "de_escalate" => {
                Some(Self::Continue)
            }
            "escalate" => Some(Self::Escalate),
            "end" | "reset" => Some(Self::End),
            _ => None,
        }
    }
}

impl AlarmPriority {
    fn of(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "PN" => Some(Self::None),
            "PL" | "LOW" => Some(Self::Low),
            "PM" | "MEDIUM" => Some(Self::Medium),
            "PH" | "HIGH" => Some(Self::High),
            _ => None,
        }
    }
}
